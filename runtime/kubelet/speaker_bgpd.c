// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * speaker_bgpd.c - FRR's bgpd, without zebra, as an instance of a speaker
 *
 * Owns: its command line, its vty, and what its JSON means. Seen on 8.4.4.
 */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "cluster/jsonutil.h"
#include "cluster/speaker_frr.h"
#include "engine/vty.h"
#include "kubelet/speaker_internal.h"

enum { VTY_TIMEOUT_MS = 2000 };

static int bgpd_prepare(struct instance *i, const json_t *model, char *argv[32], struct strbuf *text, struct error *e)
{
	static char program[PATH_MAX], config[PATH_MAX + 8], pid[PATH_MAX + 16], port[24];
	const char *path = instance_find_program("bgpd");
	const json_int_t listen = json_int(model, -1, "localPort", NULL);
	char *const args[] = { program,
			       (char *)"-S",
			       (char *)"-Z",
			       (char *)"-n",
			       (char *)"-P",
			       (char *)"0",
			       (char *)"-f",
			       config,
			       (char *)"-i",
			       pid,
			       (char *)"--vty_socket",
			       i->dir,
			       (char *)"--log",
			       (char *)"stdout",
			       (char *)"--log-level",
			       (char *)"informational",
			       (char *)"-p",
			       port,
			       NULL };
	char vty[PATH_MAX + 16];

	if (!path)
		return error_set(e, ENOENT, "FRR's bgpd is not installed: no BGP session is made");
	(void)snprintf(program, sizeof(program), "%s", path);
	(void)snprintf(config, sizeof(config), "%s/conf", i->dir);
	(void)snprintf(pid, sizeof(pid), "%s/bgpd.pid", i->dir);
	(void)snprintf(vty, sizeof(vty), "%s/bgpd.vty", i->dir);
	(void)snprintf(port, sizeof(port), "%lld", listen > 0 ? (long long)listen : 0LL);
	(void)unlink(vty); /* of one that was killed */
	memcpy(argv, args, sizeof(args));
	speaker_frr_config(model, SPEAKER_QUICK_CONNECT, text);
	return instance_write(i, "conf", strbuf_str(text), text->len, e);
}

/* ---- vty ---- */

static int bgpd_connect(struct instance *i, struct vty **ret, struct error *e)
{
	_cleanup_close_ int dirfd = open(i->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = dirfd < 0 ? error_errno(e, errno, "open %s", i->dir)
			  : vty_connect(dirfd, "bgpd", VTY_TIMEOUT_MS, ret, e);

	return r == -ENOENT || r == -ECONNREFUSED || r == -ETIMEDOUT ? -EAGAIN : r;
}

/* Of what bgpd answers with a status other than success: what is no failure. "no" of what is not there; a reset is on its way. */
static bool is_harmless(const char *command, const char *answer)
{
	return strncmp(command, "no ", 3) == 0 || strstr(answer, "to take effect");
}

/* A command that is refused is noted, and the others are run nevertheless. */
static int run_commands(struct instance *i, struct vty *vty, const json_t *commands, struct error *e)
{
	const json_t *c;
	size_t n;
	int r;

	json_array_foreach(commands, n, c) {
		_cleanup_strbuf_ struct strbuf answer = { 0 };
		struct error one = { 0 };

		r = vty_ask(vty, json_string_value(c), &answer, &one);
		if (r == -EPROTO && !is_harmless(json_string_value(c), one.msg))
			instance_note(i, "%s", one.msg);
		else if (r < 0 && r != -EPROTO)
			return error_set(e, -r, "bgpd: %s: %s", json_string_value(c), one.msg);
	}
	return 0;
}

static int run(struct instance *i, json_t *commands, struct error *e)
{
	_cleanup_json_ json_t *all = commands;
	_cleanup_strbuf_ struct strbuf answer = { 0 };
	_cleanup_vty_ struct vty *vty = NULL;
	int r;

	if (json_array_size(all) == 0)
		return 0;
	r = bgpd_connect(i, &vty, e);
	if (r < 0)
		return r;
	r = vty_ask(vty, "enable", &answer, e);
	return r < 0 ? r : run_commands(i, vty, all, e);
}

static int bgpd_change(struct instance *i, const json_t *old, const json_t *new, struct error *e)
{
	return run(i, speaker_frr_diff(old, new, SPEAKER_QUICK_CONNECT), e);
}

static void bgpd_calm(struct instance *i)
{
	(void)run(i, speaker_frr_connect(i->model, 0), NULL);
}

static void bgpd_hasten(struct instance *i)
{
	(void)run(i, speaker_frr_connect(i->model, SPEAKER_QUICK_CONNECT), NULL);
}

static bool bgpd_line_is_change(const char *line)
{
	return strstr(line, "%ADJCHANGE") != NULL;
}

static bool bgpd_line_is_loss(const char *line)
{
	const char *at = strstr(line, "%ADJCHANGE");

	return at && strstr(at, " Down") != NULL;
}

static json_t *ask_json(struct instance *i, const char *command)
{
	_cleanup_strbuf_ struct strbuf answer = { 0 };
	_cleanup_vty_ struct vty *vty = NULL;

	if (bgpd_connect(i, &vty, NULL) < 0 || vty_ask(vty, command, &answer, NULL) < 0)
		return NULL;
	return json_loads(strbuf_str(&answer), 0, NULL);
}

/* ---- sessions ---- */

static const char *session_state(const char *frr)
{
	static const struct {
		const char *frr, *cilium;
	} states[] = {
		{ "Idle", "idle" },	     { "Connect", "connect" },		{ "Active", "active" },
		{ "OpenSent", "open_sent" }, { "OpenConfirm", "open_confirm" }, { "Established", "established" },
	};

	for (size_t k = 0; k < ARRAY_SIZE(states); k++)
		if (strcmp(states[k].frr, frr) == 0)
			return states[k].cilium;
	return "idle";
}

static json_t *peer_families(const json_t *peer, const json_t *seen)
{
	const json_t *families = json_object_get(peer, "families"), *f;
	json_t *ret = json_array();
	size_t n;

	json_array_foreach(families, n, f) {
		const char *afi = json_text(f, "afi", NULL);
		const json_t *info = json_at(seen, "addressFamilyInfo",
					     strcmp(afi, "ipv6") == 0 ? "ipv6Unicast" : "ipv4Unicast", NULL);
		const json_int_t received = json_int(info, 0, "acceptedPrefixCounter", NULL);

		json_array_append_new(ret, json_pack("{s:s, s:s, s:I, s:I, s:I}", "afi", afi, "safi", "unicast",
						     "received", received, "accepted", received, "advertised",
						     json_int(info, 0, "sentPrefixCounter", NULL)));
	}
	return ret;
}

static json_int_t seconds(const json_t *seen, const char *key)
{
	return json_int(seen, 0, key, NULL) / 1000;
}

static json_t *peer_state(const struct instance *i, const json_t *peer, const json_t *seen)
{
	const char *state = session_state(json_text(seen, "bgpState", NULL));
	json_t *ret = instance_peer_state(i, peer);

	json_object_set_new(ret, "session-state", json_string(state));
	json_object_set_new(ret, "families", peer_families(peer, seen));
	if (json_int(seen, 0, "remoteAs", NULL))
		json_object_set(ret, "peer-asn", json_object_get(seen, "remoteAs"));
	if (strcmp(state, "established") != 0)
		return ret;
	json_object_set_new(ret, "uptime-nanoseconds",
			    json_integer(json_int(seen, 0, "bgpTimerUpMsec", NULL) * 1000000));
	json_object_set_new(ret, "applied-hold-time-seconds", json_integer(seconds(seen, "bgpTimerHoldTimeMsecs")));
	json_object_set_new(ret, "applied-keep-alive-time-seconds",
			    json_integer(seconds(seen, "bgpTimerKeepAliveIntervalMsecs")));
	return ret;
}

static json_t *bgpd_peers(struct instance *i)
{
	_cleanup_json_ json_t *seen = ask_json(i, "show bgp neighbors json");
	const json_t *peers = json_object_get(i->model, "peers"), *p;
	json_t *ret = json_array();
	size_t n;

	json_array_foreach(peers, n, p)
		json_array_append_new(ret, peer_state(i, p, json_object_get(seen, json_text(p, "address", NULL))));
	return ret;
}

/* ---- routes ---- */

static json_int_t path_age(struct instance *i, const char *afi, const char *prefix)
{
	_cleanup_strbuf_ struct strbuf command = { 0 };
	_cleanup_json_ json_t *seen = NULL;
	const json_t *paths, *p;
	size_t n;

	strbuf_printf(&command, "show bgp %s unicast %s json", afi, prefix);
	seen = ask_json(i, strbuf_str(&command));
	paths = json_object_get(seen, "paths");
	json_array_foreach(paths, n, p)
		if (json_bool(p, "sourced", NULL))
			return MAX_OF(time(NULL) - json_int(p, 0, "lastUpdate", "epoch", NULL), (json_int_t)0);
	return -1;
}

static bool has_route(const json_t *routes, const char *prefix)
{
	const json_t *r;
	size_t n;

	json_array_foreach(routes, n, r)
		if (strcmp(json_text(r, "prefix", NULL), prefix) == 0)
			return true;
	return false;
}

static void add_route(json_t *ret, struct instance *i, const json_t *path, const char *afi, const json_t *peer,
		      const char *nexthop)
{
	const json_int_t age = path_age(i, afi, json_text(path, "prefix", NULL));

	if (age >= 0) /* else not there yet */
		json_array_append_new(ret, instance_route(i, path, peer, nexthop, age));
}

static void family_routes(json_t *ret, struct instance *i, const json_t *peer, const json_t *family, const json_t *seen,
			  bool advertised)
{
	const json_t *paths = json_object_get(family, "paths"), *p;
	const char *afi = json_text(family, "afi", NULL);
	const bool v6 = strcmp(afi, "ipv6") == 0;
	size_t n;

	json_array_foreach(paths, n, p) {
		if (!advertised && !has_route(ret, json_text(p, "prefix", NULL)))
			add_route(ret, i, p, afi, NULL, v6 ? "::" : "0.0.0.0");
		else if (advertised && strcmp(json_text(seen, "bgpState", NULL), "Established") == 0)
			add_route(ret, i, p, afi, peer, json_text(seen, v6 ? "nexthopGlobal" : "nexthop", NULL));
	}
}

static json_t *bgpd_routes(struct instance *i, const char *table, const char *afi)
{
	const bool advertised = strcmp(table, "advertised") == 0;
	_cleanup_json_ json_t *seen = ask_json(i, "show bgp neighbors json");
	const json_t *peers = json_object_get(i->model, "peers"), *p, *f;
	json_t *ret = json_array();
	size_t n, k;

	json_array_foreach(peers, n, p)
		json_array_foreach(json_object_get(p, "families"), k, f)
			if (strcmp(json_text(f, "afi", NULL), afi) == 0)
				family_routes(ret, i, p, f, json_object_get(seen, json_text(p, "address", NULL)),
					      advertised);
	return ret;
}

const struct speaker_backend speaker_bgpd = {
	.engine = "frr",
	.program = "bgpd",
	.prepare = bgpd_prepare,
	.replaces = speaker_frr_replaces,
	.change = bgpd_change,
	.calm = bgpd_calm,
	.hasten = bgpd_hasten,
	.line_is_change = bgpd_line_is_change,
	.line_is_loss = bgpd_line_is_loss,
	.peers = bgpd_peers,
	.routes = bgpd_routes,
};
