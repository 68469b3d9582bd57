// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * speaker_state.c - sessions and routes as Cilium's agent shows them, whatever daemon has them
 *
 * Source: `cilium bgp peers -o json`, `cilium bgp routes` of Cilium 1.14 to 1.16.
 */
#include <string.h>

#include "cluster/jsonutil.h"
#include "kubelet/speaker_internal.h"

static json_t *silent_families(const json_t *peer)
{
	const json_t *families = json_object_get(peer, "families"), *f;
	json_t *ret = json_array();
	size_t n;

	json_array_foreach(families, n, f)
		json_array_append_new(ret, json_pack("{s:O, s:O, s:i, s:i, s:i}", "afi", json_object_get(f, "afi"),
						     "safi", json_object_get(f, "safi"), "received", 0, "accepted", 0,
						     "advertised", 0));
	return ret;
}

json_t *instance_peer_state(const struct instance *i, const json_t *peer)
{
	const json_int_t restart = json_int(peer, 0, "gracefulRestart", NULL);

	return json_pack(
		"{s:s, s:s, s:O, s:O, s:O, s:O, s:s, s:i, s:O, s:O, s:i, s:O, s:i, s:O, s:{s:b, s:I}, s:o}", "vrouter",
		i->name, "name", json_text(peer, "name", NULL), "local-asn", json_object_get(i->model, "localASN"),
		"peer-asn", json_object_get(peer, "peerASN"), "peer-address", json_object_get(peer, "address"),
		"peer-port", json_object_get(peer, "port"), "session-state", "idle", "uptime-nanoseconds", 0,
		"connect-retry-time-seconds", json_object_get(peer, "connectRetry"), "configured-hold-time-seconds",
		json_object_get(peer, "hold"), "applied-hold-time-seconds", 0, "configured-keep-alive-time-seconds",
		json_object_get(peer, "keepAlive"), "applied-keep-alive-time-seconds", 0, "ebgp-multihop-ttl",
		json_object_get(peer, "multihopTTL"), "graceful-restart", "enabled", restart > 0,
		"restart-time-seconds", restart, "families", silent_families(peer));
}

static void put_words(struct strbuf *out, const char *name, const json_t *words)
{
	const json_t *w;
	size_t n;

	if (json_array_size(words) == 0)
		return;
	strbuf_printf(out, " {%s: ", name);
	json_array_foreach(words, n, w)
		strbuf_printf(out, "%s%s", n ? ", " : "", json_string_value(w));
	strbuf_puts(out, "}");
}

static void put_attributes(struct strbuf *out, const struct instance *i, const json_t *path, const json_t *peer,
			   const char *nexthop)
{
	const json_int_t local = json_int(i->model, 0, "localASN", NULL), pref = json_int(path, 0, "localPref", NULL);

	strbuf_puts(out, "[{Origin: i}");
	if (peer && json_int(peer, 0, "peerASN", NULL) != local)
		strbuf_printf(out, " {AsPath: %lld}", (long long)local);
	strbuf_printf(out, " {Nexthop: %s}", nexthop);
	if (peer && json_int(peer, 0, "peerASN", NULL) == local)
		strbuf_printf(out, " {LocalPref: %lld}", pref ? (long long)pref : 100LL);
	if (peer) {
		put_words(out, "Communities", json_object_get(path, "communities"));
		put_words(out, "LargeCommunity", json_object_get(path, "largeCommunities"));
	}
	strbuf_puts(out, "]");
}

json_t *instance_route(const struct instance *i, const json_t *path, const json_t *peer, const char *nexthop,
		       json_int_t age)
{
	_cleanup_strbuf_ struct strbuf attrs = { 0 };

	put_attributes(&attrs, i, path, peer, nexthop);
	return json_pack("{s:O, s:s, s:O, s:s, s:I, s:s}", "vrouter", json_object_get(i->model, "localASN"), "peer",
			 peer ? json_text(peer, "address", NULL) : "", "prefix", json_object_get(path, "prefix"),
			 "nexthop", nexthop, "age", age, "attrs", strbuf_str(&attrs));
}
