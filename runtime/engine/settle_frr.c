// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * settle_frr.c - what one node's FRR says of itself, for settle.c
 *
 * Owns the names of FRR's commands and JSON keys: seen on 8.4.4, with the forms that later ones (up to 10.x) give
 * them where those differ. Draws no conclusion that needs a second router.
 *
 * How it is told that a BGP session has exchanged its initial updates: bgpd sends End-of-RIB (RFC 4724) for each
 * address family once its first updates are out, by default on every session, since it advertises the graceful
 * restart capability as a helper. `show bgp neighbors json` has the markers sent and received under
 * gracefulRestartInfo. Where the capability or the markers are switched off there is nothing to see but silence: the
 * session must then be some seconds old and its output queue empty.
 */
#include <jansson.h> /* brings json_decrefp() */
#include <string.h>

#include "engine/settle_internal.h"

enum {
	NO_EOR_UP_MS = 2000, /* graceful restart off: bgpd holds back first updates for 1 s (coalesce-time) */
	EOR_MISSING_UP_MS = 5000, /* markers expected but perhaps switched off (disable-eor) */
};

struct asker {
	const struct settle_input *in;
	size_t node;
	struct router *router;
};

#define _cleanup_json_ _cleanup_(json_decrefp)

void router_done(struct router *router)
{
	bool unsettled = router->unsettled;

	arena_done(&router->arena);
	*router = (struct router){ .unsettled = unsettled };
}

/* Fingerprint: FNV-1a, one number at a time */
static void mix(struct router *router, uint64_t value)
{
	if (!router->fingerprint)
		router->fingerprint = 14695981039346656037ULL;
	for (int i = 0; i < 8; i++, value >>= 8)
		router->fingerprint = (router->fingerprint ^ (value & 0xff)) * 1099511628211ULL;
}

static void mix_key(struct router *router, const json_t *obj, const char *key)
{
	mix(router, (uint64_t)json_integer_value(json_object_get(obj, key)));
}

/* Questions */

static bool daemon_expected(const struct asker *a, const char *daemon)
{
	const char *const *d = a->in->nodes[a->node].daemons;

	while (d && *d && strcmp(*d, daemon) != 0)
		d++;
	return d && *d;
}

static bool ask_text(struct asker *a, const char *daemon, const char *command, struct strbuf *out)
{
	struct error e = { 0 };
	struct arena *arena = &a->router->arena;
	int r;

	strbuf_reset(out);
	r = a->in->ask(a->in->ask_arg, a->node, daemon, command, out, &e);
	if (r >= 0)
		return !out->oom;
	if (r == -EPROTO)
		return false; /* it does not know the command, or has nothing to show */
	if (r == -ENOENT || r == -ECONNREFUSED || r == -ESRCH) {
		if (daemon_expected(a, daemon))
			strv_add(arena, &a->router->problems, arena_printf(arena, "%s does not run yet", daemon));
		return false;
	}
	strv_add(arena, &a->router->problems, arena_strdup(arena, e.msg));
	return false;
}

/* Return: an object to be released, or NULL when there is none. */
static json_t *ask_json(struct asker *a, const char *daemon, const char *command)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	json_t *obj;

	if (!ask_text(a, daemon, command, &text))
		return NULL;
	/* Not every empty answer is JSON ("% No BGP neighbors found"). */
	obj = json_loadb(strbuf_str(&text), text.len, JSON_DISABLE_EOF_CHECK, NULL);
	if (obj && !json_is_object(obj)) {
		json_decref(obj);
		return NULL;
	}
	return obj;
}

static bool json_has(const json_t *obj, const char *key, const char *value)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s && strcmp(s, value) == 0;
}

static const char *keep_string(struct router *router, const json_t *obj, const char *key, const char *otherwise)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return arena_strdup(&router->arena, s ? s : otherwise);
}

/* zebra: addresses, routes */

static void add_address(struct router *router, const char *ifname, const char *text)
{
	struct inprefix p;
	struct iface_addr *addr;

	if (!text || inprefix_parse(text, &p) < 0)
		return;
	addr = ARENA_PUSH(&router->arena, router->addrs, router->n_addrs);
	*addr = (struct iface_addr){ .ifname = ifname, .prefix = p };
}

static bool iface_has(const json_t *iface, const struct inprefix *wanted)
{
	struct inprefix p;
	json_t *addr;
	size_t i;

	json_array_foreach(json_object_get(iface, "ipAddresses"), i, addr) {
		const char *text = json_string_value(json_object_get(addr, "address"));

		if (text && inprefix_parse(text, &p) == 0 && inprefix_same_addr(&p, wanted))
			return true;
	}
	return false;
}

/* The line of a configuration that sets an address: that, or NULL. */
static const char *line_address(const char *line)
{
	if (strncmp(line, " ip address ", 12) == 0)
		return line + 12;
	return strncmp(line, " ipv6 address ", 14) == 0 ? line + 14 : NULL;
}

/*
 * From FRR 10 on mgmtd reads the configuration, and zebra gets its addresses when all have answered already; without
 * them a neighbor's other end is not seen to be in the lab.
 */
static void ask_configured(struct asker *a, const json_t *ifaces)
{
	_cleanup_strbuf_ struct strbuf config = { 0 };
	const json_t *iface = NULL;
	char *save = NULL;

	if (!daemon_expected(a, "watchfrr") || !ask_text(a, "mgmtd", "enable", &config) ||
	    !ask_text(a, "mgmtd", "show running-config", &config) || !config.buf)
		return;
	for (char *line = strtok_r(config.buf, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save)) {
		const char *text = line_address(line);
		struct inprefix wanted;

		if (strncmp(line, "interface ", 10) == 0)
			iface = json_object_get(ifaces, line + 10);
		else if (*line != ' ')
			iface = NULL;
		/* One that is not there, or down, may never have it. */
		if (text && iface && json_has(iface, "operationalStatus", "up") && inprefix_parse(text, &wanted) == 0 &&
		    !iface_has(iface, &wanted))
			strv_add(&a->router->arena, &a->router->problems,
				 arena_printf(&a->router->arena, "zebra has not set the address %s yet", text));
	}
}

static void ask_addresses(struct asker *a)
{
	_cleanup_json_ json_t *ifaces = ask_json(a, "zebra", "show interface json");
	const char *name;
	json_t *iface, *addr;
	size_t i;

	json_object_foreach(ifaces, name, iface) {
		const char *ifname = arena_strdup(&a->router->arena, name);

		json_array_foreach(json_object_get(iface, "ipAddresses"), i, addr)
			add_address(a->router, ifname, json_string_value(json_object_get(addr, "address")));
	}
	ask_configured(a, ifaces);
}

/*
 * The summary costs next to nothing. Only when it has routes that are not in the kernel (which may be for good:
 * OSPF's own prefixes lose to connected ones) are the routes themselves looked at, as text, which is ten times shorter
 * than their JSON: ">q" is selected and queued.
 */
static void ask_routes(struct asker *a, const char *summary, const char *routes, const char *what)
{
	_cleanup_json_ json_t *obj = ask_json(a, "zebra", summary);
	_cleanup_strbuf_ struct strbuf text = { 0 };
	json_int_t rib = json_integer_value(json_object_get(obj, "routesTotal"));
	json_int_t fib = json_integer_value(json_object_get(obj, "routesTotalFib"));
	struct arena *arena = &a->router->arena;

	mix(a->router, (uint64_t)rib);
	mix(a->router, (uint64_t)fib);
	if (rib == fib || !ask_text(a, "zebra", routes, &text))
		return;
	if (strstr(strbuf_str(&text), ">q "))
		strv_add(arena, &a->router->problems, arena_printf(arena, "%s routes not yet in the kernel", what));
}

/* bgpd */

static bool has_marker(const json_t *info, const char *key, const char *family)
{
	return json_is_true(json_object_get(json_object_get(info, key), family));
}

static bool markers_exchanged(const json_t *peer, const json_t *caps)
{
	const json_t *info = json_object_get(peer, "gracefulRestartInfo");
	json_t *families = json_object_get(caps, "multiprotocolExtensions"), *family;
	const char *name;
	size_t n = 0;

	json_object_foreach(families, name, family) {
		if (!json_is_true(json_object_get(family, "advertisedAndReceived")))
			continue;
		n++;
		if (!has_marker(info, "endOfRibSend", name) || !has_marker(info, "endOfRibRecv", name))
			return false;
	}
	return n > 0 || (has_marker(info, "endOfRibSend", "ipv4Unicast") &&
			 has_marker(info, "endOfRibRecv", "ipv4Unicast"));
}

static bool peer_exchanged(const json_t *peer)
{
	const json_t *caps = json_object_get(peer, "neighborCapabilities");
	const json_t *stats = json_object_get(peer, "messageStats");
	json_int_t up = json_integer_value(json_object_get(peer, "bgpTimerUpMsec"));
	bool markers = json_has(caps, "gracefulRestart", "advertisedAndReceived");

	if (json_integer_value(json_object_get(stats, "depthOutq")) > 0)
		return false;
	return markers_exchanged(peer, caps) || up >= (markers ? EOR_MISSING_UP_MS : NO_EOR_UP_MS);
}

static void add_peer(struct router *router, const char *name, const json_t *obj)
{
	struct bgp_peer *peer = ARENA_PUSH(&router->arena, router->peers, router->n_peers);
	const json_t *stats = json_object_get(obj, "messageStats");
	json_t *families = json_object_get(obj, "addressFamilyInfo"), *family;
	const char *key;

	peer->name = arena_strdup(&router->arena, name);
	if (inprefix_parse(name, &peer->addr) < 0)
		peer->addr.family = 0;
	peer->state = keep_string(router, obj, "bgpState", "unknown");
	peer->established = strcmp(peer->state, "Established") == 0;
	peer->exchanged = peer->established && peer_exchanged(obj);
	peer->dynamic = json_object_get(obj, "peerSubnetRangeGroup") != NULL;
	peer->wanted = !json_is_true(json_object_get(obj, "adminShutDown")) && json_object_size(families) > 0;
	mix(router, peer->established);
	mix_key(router, stats, "updatesSent");
	mix_key(router, stats, "updatesRecv");
	json_object_foreach(families, key, family)
		mix_key(router, family, "acceptedPrefixCounter");
}

static void ask_listen_ranges(struct asker *a)
{
	_cleanup_json_ json_t *groups = ask_json(a, "bgpd", "show bgp peer-group json");
	json_t *group, *family, *range;
	const char *name, *key;
	struct inprefix p;
	size_t i;

	json_object_foreach(groups, name, group) {
		json_object_foreach(json_object_get(group, "dynamicRanges"), key, family) {
			json_array_foreach(json_object_get(family, "ranges"), i, range) {
				if (json_is_string(range) && inprefix_parse(json_string_value(range), &p) >= 0)
					*ARENA_PUSH(&a->router->arena, a->router->listen, a->router->n_listen) = p;
			}
		}
	}
}

static bool ask_bgp(struct asker *a)
{
	_cleanup_json_ json_t *peers = ask_json(a, "bgpd", "show bgp neighbors json");
	const char *name;
	json_t *peer;

	if (!peers)
		return false;
	json_object_foreach(peers, name, peer) {
		if (json_is_object(peer)) /* not "vrfId", "bgpNoSuchInstance" and the like */
			add_peer(a->router, name, peer);
	}
	ask_listen_ranges(a);
	return true;
}

/* OSPF, both versions */

static struct ospf_iface *find_iface(struct router *router, enum ospf_version version, const char *ifname, size_t len)
{
	for (size_t i = 0; i < router->n_ifaces; i++) {
		struct ospf_iface *f = &router->ifaces[i];

		if (f->version == version && strlen(f->ifname) == len && memcmp(f->ifname, ifname, len) == 0)
			return f;
	}
	return NULL;
}

enum nbr_stage { NBR_EARLY, NBR_TWOWAY, NBR_EXCHANGING, NBR_FULL };

/* "Full/DR", "2-Way/DROther", "ExStart/Backup" (OSPF); "Full", "Twoway" (OSPFv3) */
static enum nbr_stage nbr_stage(const char *state)
{
	static const struct {
		const char *prefix;
		enum nbr_stage stage;
	} stages[] = {
		{ "Full", NBR_FULL },	      { "2-Way", NBR_TWOWAY },	    { "Twoway", NBR_TWOWAY },
		{ "ExStart", NBR_EXCHANGING }, { "Exchange", NBR_EXCHANGING }, { "ExChange", NBR_EXCHANGING },
		{ "Loading", NBR_EXCHANGING },
	};

	for (size_t i = 0; i < ARRAY_SIZE(stages); i++)
		if (strncmp(state, stages[i].prefix, strlen(stages[i].prefix)) == 0)
			return stages[i].stage;
	return NBR_EARLY;
}

static void add_neighbor(struct router *router, struct ospf_iface *f, const char *state)
{
	enum nbr_stage stage = nbr_stage(state);

	f->n_neighbors++;
	f->n_full += stage == NBR_FULL;
	f->n_twoway += stage == NBR_TWOWAY;
	f->n_exchanging += stage == NBR_EXCHANGING;
	if (!f->worst || stage < nbr_stage(f->worst))
		f->worst = arena_strdup(&router->arena, state);
	mix(router, stage);
}

/* @detail holds the keys that newer versions moved into one object for each address; otherwise it is @iface. */
static void add_iface_v2(struct router *router, const char *name, const json_t *iface, const json_t *detail)
{
	struct ospf_iface *f;

	if (!json_is_true(json_object_get(iface, "ifUp")) || !json_is_true(json_object_get(iface, "ospfEnabled")) ||
	    json_is_true(json_object_get(detail, "timerPassiveIface")) || json_has(detail, "state", "Loopback") ||
	    find_iface(router, OSPF_V2, name, strlen(name)))
		return;
	f = ARENA_PUSH(&router->arena, router->ifaces, router->n_ifaces);
	f->version = OSPF_V2;
	f->ifname = arena_strdup(&router->arena, name);
	f->area = keep_string(router, detail, "area", "");
	f->multiaccess = json_has(detail, "networkType", "BROADCAST") || json_has(detail, "networkType", "NBMA");
	f->waiting = json_has(detail, "state", "Waiting");
	f->drother = json_has(detail, "state", "DROther");
}

static void ask_ifaces_v2(struct asker *a)
{
	_cleanup_json_ json_t *answer = ask_json(a, "ospfd", "show ip ospf interface json");
	json_t *iface, *per_address, *detail;
	const char *name, *key;

	json_object_foreach(json_object_get(answer, "interfaces"), name, iface) {
		per_address = json_object_get(iface, "interfaceIp");
		if (!per_address)
			add_iface_v2(a->router, name, iface, iface);
		json_object_foreach(per_address, key, detail)
			add_iface_v2(a->router, name, iface, detail);
	}
}

static void ask_neighbors_v2(struct asker *a)
{
	_cleanup_json_ json_t *answer = ask_json(a, "ospfd", "show ip ospf neighbor json");
	json_t *entries, *nbr;
	const char *id;
	size_t i;

	json_object_foreach(json_object_get(answer, "neighbors"), id, entries) {
		json_array_foreach(entries, i, nbr) {
			const char *where = json_string_value(json_object_get(nbr, "ifaceName"));
			const char *state = json_string_value(json_object_get(nbr, "nbrState"));
			const char *colon = where ? strrchr(where, ':') : NULL; /* "eth1:10.0.0.1" */
			struct ospf_iface *f;

			if (!state)
				state = json_string_value(json_object_get(nbr, "state"));
			if (!where || !state)
				continue;
			f = find_iface(a->router, OSPF_V2, where, colon ? (size_t)(colon - where) : strlen(where));
			if (f)
				add_neighbor(a->router, f, state);
		}
	}
}

/* Numbers and checksums of an area's database, but for opaque LSAs, which may be of one link only. */
static void add_area_v2(struct router *router, const char *name, const json_t *obj)
{
	static const char *const keys[] = {
		"lsaRouterNumber",  "lsaRouterChecksum", "lsaNetworkNumber", "lsaNetworkChecksum", "lsaSummaryNumber",
		"lsaSummaryChecksum", "lsaAsbrNumber",	 "lsaAsbrChecksum",  "lsaNssaNumber",	   "lsaNssaChecksum",
	};
	_cleanup_strbuf_ struct strbuf digest = { 0 };
	struct ospf_area *area = ARENA_PUSH(&router->arena, router->areas, router->n_areas);

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		json_int_t value = json_integer_value(json_object_get(obj, keys[i]));

		strbuf_printf(&digest, "%llx ", (unsigned long long)value);
		mix(router, (uint64_t)value);
	}
	mix_key(router, obj, "spfExecutedCounter");
	*area = (struct ospf_area){ .version = OSPF_V2, .name = arena_strdup(&router->arena, name),
				    .digest = arena_strdup(&router->arena, strbuf_str(&digest)) };
}

static void ask_process_v2(struct asker *a)
{
	_cleanup_json_ json_t *answer = ask_json(a, "ospfd", "show ip ospf json");
	json_t *area;
	const char *name;

	json_object_foreach(json_object_get(answer, "areas"), name, area)
		add_area_v2(a->router, name, area);
	mix_key(a->router, answer, "lsaExternalCounter");
	mix_key(a->router, answer, "lsaExternalChecksum");
	if (json_object_get(answer, "spfTimerDueInMsecs"))
		strv_add(&a->router->arena, &a->router->problems, "OSPF: shortest paths are about to be calculated");
}

static size_t count_text(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

/* How many adjacencies a router's own LSA has to describe: one for each neighbor, or for the segment as a whole. */
static size_t count_adjacencies(const struct router *router, enum ospf_version version)
{
	size_t n = 0;

	for (size_t i = 0; i < router->n_ifaces; i++) {
		const struct ospf_iface *f = &router->ifaces[i];

		if (f->version == version)
			n += f->multiaccess ? f->n_full > 0 : f->n_full;
	}
	return n;
}

/*
 * A router makes its own LSA anew at most every 5 s (MinLSInterval): an adjacency that comes up right after another
 * is Full long before anybody's routes use it.
 */
static void ask_own_lsa(struct asker *a, enum ospf_version version)
{
	static const struct {
		const char *daemon, *command, *what, *marks[2];
	} lsas[] = {
		[OSPF_V2] = { "ospfd", "show ip ospf database router self-originate json",
			      "OSPF: its own LSA lacks a neighbor",
			      { "another Router (point-to-point)", "a Transit Network" } },
		[OSPF_V3] = { "ospf6d", "show ipv6 ospf6 database router self-originated json",
			      "OSPFv3: its own LSA lacks a neighbor",
			      { "\"payload\"", NULL } },
	};
	_cleanup_strbuf_ struct strbuf text = { 0 };
	size_t n = 0;

	static_assert(ARRAY_SIZE(lsas) == _OSPF_VERSION_MAX, "one for each version");
	if (!ask_text(a, lsas[version].daemon, lsas[version].command, &text))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(lsas[version].marks) && lsas[version].marks[i]; i++)
		n += count_text(strbuf_str(&text), lsas[version].marks[i]);
	if (n < count_adjacencies(a->router, version))
		strv_add(&a->router->arena, &a->router->problems, lsas[version].what);
	mix(a->router, n);
}

static bool has_ospf(const struct router *router, enum ospf_version version)
{
	for (size_t i = 0; i < router->n_ifaces; i++)
		if (router->ifaces[i].version == version)
			return true;
	return false;
}

static bool ask_ospf_v2(struct asker *a)
{
	ask_ifaces_v2(a);
	if (!has_ospf(a->router, OSPF_V2))
		return false;
	ask_neighbors_v2(a);
	ask_process_v2(a);
	ask_own_lsa(a, OSPF_V2);
	return true;
}

/* Whether the configuration has "ipv6 ospf6 passive" under interface @name. FRR 8.4 shows it nowhere else. */
static bool config_passive_v3(const char *config, const char *name)
{
	_cleanup_strbuf_ struct strbuf head = { 0 };
	const char *section, *end, *passive;

	strbuf_printf(&head, "\ninterface %s\n", name);
	section = strstr(config, strbuf_str(&head));
	if (!section)
		return false;
	end = strstr(section, "\nexit\n");
	passive = strstr(section, "\n ipv6 ospf6 passive\n");
	return passive && (!end || passive < end);
}

static bool is_multiaccess_v3(const json_t *iface)
{
	return !json_has(iface, "type", "POINTOPOINT") && !json_has(iface, "operatingAsType", "POINTOPOINT") &&
	       !json_has(iface, "ospf6InterfaceState", "PointToPoint") &&
	       !json_has(iface, "ospf6InterfaceState", "PtMultipoint");
}

static void add_iface_v3(struct router *router, const char *name, const json_t *iface, const char *config)
{
	struct ospf_iface *f;

	if (!json_has(iface, "status", "up") || !json_is_true(json_object_get(iface, "attachedToArea")) ||
	    json_has(iface, "ospf6InterfaceState", "Loopback") ||
	    json_is_true(json_object_get(iface, "timerPassiveIface")) || config_passive_v3(config, name))
		return;
	f = ARENA_PUSH(&router->arena, router->ifaces, router->n_ifaces);
	f->version = OSPF_V3;
	f->ifname = arena_strdup(&router->arena, name);
	f->area = keep_string(router, iface, "areaId", "");
	f->waiting = json_has(iface, "ospf6InterfaceState", "Waiting");
	f->drother = json_has(iface, "ospf6InterfaceState", "DROther");
	f->multiaccess = is_multiaccess_v3(iface);
}

static void ask_ifaces_v3(struct asker *a)
{
	_cleanup_strbuf_ struct strbuf config = { 0 };
	_cleanup_json_ json_t *answer = ask_json(a, "ospf6d", "show ipv6 ospf6 interface json");
	json_t *ifaces = json_object_get(answer, "interfaces"), *iface;
	const char *name;

	if (json_object_size(answer) == 0)
		return;
	if (ask_text(a, "ospf6d", "enable", &config) && !ask_text(a, "ospf6d", "show running-config", &config))
		strbuf_reset(&config);
	json_object_foreach(ifaces ? ifaces : answer, name, iface)
		add_iface_v3(a->router, name, iface, strbuf_str(&config));
}

static void ask_neighbors_v3(struct asker *a)
{
	_cleanup_json_ json_t *answer = ask_json(a, "ospf6d", "show ipv6 ospf6 neighbor json");
	json_t *nbr;
	size_t i;

	json_array_foreach(json_object_get(answer, "neighbors"), i, nbr) {
		const char *where = json_string_value(json_object_get(nbr, "interfaceName"));
		const char *state = json_string_value(json_object_get(nbr, "state"));
		struct ospf_iface *f = where ? find_iface(a->router, OSPF_V3, where, strlen(where)) : NULL;

		if (f && state)
			add_neighbor(a->router, f, state);
	}
}

static void ask_process_v3(struct asker *a)
{
	_cleanup_json_ json_t *answer = ask_json(a, "ospf6d", "show ipv6 ospf6 json");
	json_t *area;
	const char *name;

	json_object_foreach(json_object_get(answer, "areas"), name, area)
		mix_key(a->router, area, "numberOfAreaScopedLsa");
	mix_key(a->router, answer, "numberOfAsScopedLsa");
	if (json_is_true(json_object_get(answer, "spfTimerActive")))
		strv_add(&a->router->arena, &a->router->problems, "OSPFv3: shortest paths are about to be calculated");
}

static bool ask_ospf_v3(struct asker *a)
{
	ask_ifaces_v3(a);
	if (!has_ospf(a->router, OSPF_V3))
		return false;
	ask_neighbors_v3(a);
	ask_process_v3(a);
	ask_own_lsa(a, OSPF_V3);
	return true;
}

/*
 * Where an image's entrypoint starts FRR, daemons answer before their configuration has been read: watchfrr runs the
 * script that reads it, and says so; FRR 10's also while vtysh reads it. "show watchfrr" has no JSON.
 */
static void ask_watchfrr(struct asker *a)
{
	static const char *const pending[] = { "running, pid", "Reading Configuration: yes", " Down", " Init", " Connecting", " Unresponsive" };
	_cleanup_strbuf_ struct strbuf text = { 0 };
	bool busy;

	if (!daemon_expected(a, "watchfrr") || !ask_text(a, "watchfrr", "show watchfrr", &text))
		return;
	busy = !strstr(strbuf_str(&text), " Up");
	for (size_t i = 0; i < ARRAY_SIZE(pending); i++)
		busy |= strstr(strbuf_str(&text), pending[i]) != NULL;
	if (busy)
		strv_add(&a->router->arena, &a->router->problems, "watchfrr is still starting the daemons");
}

void router_ask(const struct settle_input *in, size_t index, struct router *router)
{
	struct asker a = { .in = in, .node = index, .router = router };
	bool routes;

	router_done(router);
	if (in->nodes[index].pid == 0)
		return;
	ask_watchfrr(&a);
	routes = ask_bgp(&a);
	routes |= ask_ospf_v2(&a);
	routes |= ask_ospf_v3(&a);
	/* Asked last: the connection to zebra is used for all three. */
	ask_addresses(&a);
	if (!routes)
		return;
	ask_routes(&a, "show ip route summary json", "show ip route", "IPv4");
	ask_routes(&a, "show ipv6 route summary json", "show ipv6 route", "IPv6");
}

void router_tell(const struct settle_node *node, struct router *router)
{
	if (router->told)
		return;
	router->told = true;
	for (size_t i = 0; i < node->addrs->n; i++)
		add_address(router, "", node->addrs->v[i]);
	for (size_t i = 0; node->peers && i < node->peers->n; i++) {
		struct bgp_peer *p = ARENA_PUSH(&router->arena, router->peers, router->n_peers);

		*p = (struct bgp_peer){ .name = arena_strdup(&router->arena, node->peers->v[i]), .state = "", .wanted = true };
		p->established = p->exchanged = true; /* that is for the other end to say */
		if (inprefix_parse(p->name, &p->addr) < 0)
			p->wanted = false;
	}
}
