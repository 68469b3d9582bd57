// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * speaker_gobgpd.c - gobgpd, the engine that Cilium has inside, as an instance of a speaker
 *
 * Owns: its command line, and what `gobgp` is asked over the socket of its API. Seen on 3.10. It reads its
 * configuration again on SIGHUP; paths are not part of it. GoBGP waits 5 to 10 s before its first connect, as
 * Cilium's does.
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "cluster/jsonutil.h"
#include "cluster/speaker_gobgp.h"
#include "kubelet/speaker_internal.h"

enum { ASK_TIMEOUT_MS = 3000, ASK_ARGS_MAX = 16 };

static int write_config(struct instance *i, const json_t *model, struct error *e)
{
	_cleanup_json_ json_t *config = speaker_gobgp_config(model);
	_cleanup_free_ char *text = json_dumps(config, JSON_INDENT(1));

	return text ? instance_write(i, "conf", text, strlen(text), e) : error_oom(e);
}

static int gobgpd_prepare(struct instance *i, const json_t *model, char *argv[32], struct strbuf *text _unused_,
			  struct error *e)
{
	static char program[PATH_MAX], config[PATH_MAX + 8], hosts[PATH_MAX + 32], socket[PATH_MAX + 16];
	const char *path = instance_find_program("gobgpd");
	char *const args[] = { program, (char *)"-t",	       (char *)"json", (char *)"-f",
			       config,	(char *)"--api-hosts", hosts,	       (char *)"--pprof-disable",
			       NULL };

	if (!path || !instance_find_program("gobgp"))
		return error_set(e, ENOENT, "gobgpd and gobgp are not installed: no BGP session is made");
	(void)snprintf(program, sizeof(program), "%s", instance_find_program("gobgpd"));
	(void)snprintf(config, sizeof(config), "%s/conf", i->dir);
	(void)snprintf(socket, sizeof(socket), "%s/api.sock", i->dir);
	(void)snprintf(hosts, sizeof(hosts), "unix://%s", socket);
	(void)unlink(socket);
	memcpy(argv, args, sizeof(args));
	return write_config(i, model, e);
}

/* ---- gobgp ---- */

_Noreturn static void gobgp_exec(const char *path, char *const argv[], int out)
{
	const int null = open("/dev/null", O_RDWR);
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0)
		_exit(126);
	execv(path, argv);
	_exit(127);
}

/* Its output, until it ends or the time is over. */
static int read_all(int fd, struct strbuf *out)
{
	const uint64_t end = loop_now() + ASK_TIMEOUT_MS * 1000ULL;
	char buf[4096];
	ssize_t n;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		const uint64_t now = loop_now();

		if (now >= end || poll(&p, 1, (int)((end - now) / 1000) + 1) <= 0)
			return -ETIMEDOUT;
		n = read(fd, buf, sizeof(buf));
		if (n <= 0)
			return n < 0 ? -errno : 0;
		strbuf_add(out, buf, (size_t)n);
	}
}

/* Run `gobgp --target unix://... ARGS` to its end. @out may be NULL. */
static int gobgp(struct instance *i, struct strbuf *out, const char *const args[])
{
	const char *path = instance_find_program("gobgp");
	char target[PATH_MAX + 32], *argv[ASK_ARGS_MAX] = { (char *)"gobgp", (char *)"--target", target };
	_cleanup_strbuf_ struct strbuf text = { 0 };
	int fds[2], status = 0, r;
	pid_t pid;

	(void)snprintf(target, sizeof(target), "unix://%s/api.sock", i->dir);
	for (size_t n = 0; args[n] && n + 4 < ASK_ARGS_MAX; n++)
		argv[n + 3] = (char *)(uintptr_t)args[n];
	if (!path || pipe2(fds, O_CLOEXEC) < 0)
		return -ENOENT;
	pid = fork();
	if (pid == 0)
		gobgp_exec(path, argv, fds[1]);
	(void)close(fds[1]);
	r = pid < 0 ? -errno : read_all(fds[0], &text);
	(void)close(fds[0]);
	if (pid < 0)
		return r;
	if (r < 0)
		(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	if (out)
		strbuf_puts(out, strbuf_str(&text));
	return r < 0 || status != 0 ? -EIO : 0;
}

static bool has_text(const json_t *array, const char *text)
{
	const json_t *t;
	size_t n;

	json_array_foreach(array, n, t)
		if (strcmp(json_string_value(t), text) == 0)
			return true;
	return false;
}

/* Announce what @new has and @old has not, and withdraw the rest. */
static void sync_family(struct instance *i, const json_t *old, const json_t *new, const char *afi)
{
	_cleanup_json_ json_t *before = speaker_gobgp_prefixes(old, afi), *after = speaker_gobgp_prefixes(new, afi);
	const json_t *p;
	size_t n;

	json_array_foreach(after, n, p) {
		const char *const args[] = { "global", "rib", "add", "-a", afi, json_string_value(p),
					     "origin", "igp", NULL };

		if (!has_text(before, json_string_value(p)) && gobgp(i, NULL, args) < 0)
			instance_note(i, "gobgp: %s could not be announced", json_string_value(p));
	}
	json_array_foreach(before, n, p) {
		const char *const args[] = { "global", "rib", "del", "-a", afi, json_string_value(p), NULL };

		if (!has_text(after, json_string_value(p)) && gobgp(i, NULL, args) < 0)
			instance_note(i, "gobgp: %s could not be withdrawn", json_string_value(p));
	}
}

static void sync_paths(struct instance *i, const json_t *old, const json_t *new)
{
	sync_family(i, old, new, "ipv4");
	sync_family(i, old, new, "ipv6");
}

static int gobgpd_change(struct instance *i, const json_t *old, const json_t *new, struct error *e)
{
	char socket[PATH_MAX + 16];
	int r;

	(void)snprintf(socket, sizeof(socket), "%s/api.sock", i->dir);
	if (access(socket, F_OK) < 0)
		return -EAGAIN;
	r = write_config(i, new, e);
	if (r < 0)
		return r;
	if (syscall(SYS_pidfd_send_signal, i->pidfd, SIGHUP, NULL, 0) < 0)
		return error_errno(e, errno, "tell gobgpd to read its configuration");
	sync_paths(i, old, new);
	return 0;
}

/* GoBGP uses other timers from the next session on; Cilium begins a new one. */
static void reset_peer(struct instance *i, const char *line)
{
	_cleanup_json_ json_t *said = json_loads(line, 0, NULL);
	const char *const args[] = { "neighbor", json_text(said, "Key", NULL), "reset", NULL };

	if (*args[1])
		(void)gobgp(i, NULL, args);
}

static void gobgpd_heard(struct instance *i, const char *line)
{
	static const char *const again[] = { "neighbor", "all", "softresetout", NULL };

	if (strstr(line, "Finished reading the config file"))
		sync_paths(i, NULL, i->model);
	else if (strstr(line, "Update timer configuration"))
		reset_peer(i, line);
	else if (strstr(line, "Neighbor soft reset in")) /* after other route policies */
		(void)gobgp(i, NULL, again);
}

static bool gobgpd_line_is_change(const char *line)
{
	return strstr(line, "Peer Up") || strstr(line, "Peer Down");
}

static bool gobgpd_line_is_loss(const char *line _unused_)
{
	return false;
}

/* ---- sessions ---- */

static const char *session_state(json_int_t state)
{
	static const char *const states[] = { "unknown",   "idle",	   "connect",	 "active",
					      "open_sent", "open_confirm", "established" };

	const size_t i = (size_t)state; /* what is negative is none of them, too */

	return i > 0 && i < ARRAY_SIZE(states) ? states[i] : "idle";
}

static json_t *gobgp_json(struct instance *i, const char *const args[])
{
	_cleanup_strbuf_ struct strbuf out = { 0 };

	return gobgp(i, &out, args) < 0 ? NULL : json_loads(strbuf_str(&out), 0, NULL);
}

static void count_families(json_t *state, const json_t *seen)
{
	json_t *families = json_object_get(state, "families"), *f;
	const json_t *all = json_object_get(seen, "afi_safis"), *s;
	static const char *const counts[] = { "received", "accepted", "advertised" };
	size_t n, k;

	json_array_foreach(families, n, f) {
		const json_int_t afi = strcmp(json_text(f, "afi", NULL), "ipv6") == 0 ? 2 : 1;

		json_array_foreach(all, k, s) {
			if (json_int(s, 0, "config", "family", "afi", NULL) != afi)
				continue;
			for (size_t c = 0; c < ARRAY_SIZE(counts); c++)
				json_object_set_new(f, counts[c],
						    json_integer(json_int(s, 0, "state", counts[c], NULL)));
		}
	}
}

static json_t *peer_state(struct instance *i, const json_t *peer, const json_t *seen)
{
	const char *state = session_state(json_int(seen, 1, "state", "session_state", NULL));
	const json_int_t hold = json_int(seen, 0, "timers", "state", "negotiated_hold_time", NULL);
	json_t *ret = instance_peer_state(i, peer);

	json_object_set_new(ret, "session-state", json_string(state));
	count_families(ret, seen);
	if (strcmp(state, "established") != 0)
		return ret;
	json_object_set_new(
		ret, "uptime-nanoseconds",
		json_integer((time(NULL) - json_int(seen, 0, "timers", "state", "uptime", "seconds", NULL)) *
			     1000000000));
	json_object_set_new(ret, "applied-hold-time-seconds", json_integer(hold));
	json_object_set_new(ret, "applied-keep-alive-time-seconds",
			    json_integer(json_int(seen, 0, "timers", "state", "keepalive_interval", NULL)));
	return ret;
}

/* Asked one by one: only then what is advertised is counted. */
static json_t *gobgpd_peers(struct instance *i)
{
	const json_t *peers = json_object_get(i->model, "peers"), *p;
	json_t *ret = json_array();
	size_t n;

	json_array_foreach(peers, n, p) {
		const char *const args[] = { "-j", "neighbor", json_text(p, "address", NULL), NULL };
		_cleanup_json_ json_t *seen = gobgp_json(i, args);

		json_array_append_new(ret, peer_state(i, p, json_is_array(seen) ? json_array_get(seen, 0) : seen));
	}
	return ret;
}

/* ---- routes ---- */

static const char *route_nexthop(const json_t *route)
{
	const json_t *attrs = json_object_get(route, "attrs"), *a;
	size_t n;

	json_array_foreach(attrs, n, a) {
		if (json_int(a, 0, "type", NULL) == 3)
			return json_text(a, "nexthop", NULL);
		if (json_int(a, 0, "type", NULL) == 14)
			return json_text(a, "nexthop", NULL);
	}
	return "";
}

static void add_routes(json_t *ret, struct instance *i, const json_t *peer, const json_t *family, const json_t *seen)
{
	const json_t *paths = json_object_get(family, "paths"), *p;
	size_t n;

	json_array_foreach(paths, n, p) {
		const json_t *route = json_array_get(json_object_get(seen, json_text(p, "prefix", NULL)), 0);

		if (route)
			json_array_append_new(ret, instance_route(i, p, peer, route_nexthop(route),
								  MAX_OF(time(NULL) - json_int(route, 0, "age", NULL),
									 (json_int_t)0)));
	}
}

static json_t *gobgpd_routes(struct instance *i, const char *table, const char *afi)
{
	const bool advertised = strcmp(table, "advertised") == 0;
	const char *const rib[] = { "-j", "global", "rib", "-a", afi, NULL };
	_cleanup_json_ json_t *all = advertised ? NULL : gobgp_json(i, rib);
	const json_t *peers = json_object_get(i->model, "peers"), *p, *f;
	json_t *ret = json_array();
	size_t n, k;

	json_array_foreach(peers, n, p) {
		const char *const out[] = {
			"-j", "neighbor", json_text(p, "address", NULL), "adj-out", "-a", afi, NULL
		};
		_cleanup_json_ json_t *seen = advertised ? gobgp_json(i, out) : json_incref(all);

		json_array_foreach(json_object_get(p, "families"), k, f)
			if (strcmp(json_text(f, "afi", NULL), afi) == 0)
				add_routes(ret, i, advertised ? p : NULL, f, seen);
		if (!advertised)
			break;
	}
	return ret;
}

const struct speaker_backend speaker_gobgpd = {
	.engine = "gobgp",
	.program = "gobgpd",
	.prepare = gobgpd_prepare,
	.replaces = speaker_gobgp_replaces,
	.change = gobgpd_change,
	.heard = gobgpd_heard,
	.line_is_change = gobgpd_line_is_change,
	.line_is_loss = gobgpd_line_is_loss,
	.peers = gobgpd_peers,
	.routes = gobgpd_routes,
};
