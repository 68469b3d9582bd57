// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * speaker_frr.c - see speaker_frr.h
 *
 * A configuration is a list of settings: where it belongs, the command up to its value, and the value. Two lists are
 * compared setting by setting. A route map's name depends on what is in it, so that another map is another setting.
 */
#include "cluster/speaker_frr.h"

#include <string.h>

#include "cluster/jsonutil.h"

enum { MAP_NAME_MAX = 128 }; /* bytes of a route-map's name */

enum context { CTX_ROUTER, CTX_IPV4, CTX_IPV6, _CTX_MAX };

/* What a change of a setting asks for beyond itself. */
enum effect { EFFECT_NONE, EFFECT_RESET };

struct setting {
	enum context ctx;
	enum effect effect;
	char *key, *value; /* "neighbor 10.0.0.1 timers", "30 90" */
	const char *peer;  /* address, "" for the instance's own; of the model */
};

struct settings {
	struct setting *v;
	size_t n, cap;
};

static const char *const enter[_CTX_MAX] = {
	[CTX_IPV4] = "address-family ipv4 unicast",
	[CTX_IPV6] = "address-family ipv6 unicast",
};

static void settings_done(struct settings *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].key);
		free(s->v[i].value);
	}
	free(s->v);
}
#define _cleanup_settings_ _cleanup_(settings_done)

static const struct setting *find(const struct settings *s, enum context ctx, const char *key)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].ctx == ctx && strcmp(s->v[i].key, key) == 0)
			return &s->v[i];
	return NULL;
}

static void add(struct settings *s, enum context ctx, enum effect effect, const char *peer, const char *key,
		const char *fmt, ...) _printf_(6, 7);
static void add(struct settings *s, enum context ctx, enum effect effect, const char *peer, const char *key,
		const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf k = { 0 }, v = { 0 };
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(&v, fmt, ap);
	va_end(ap);
	if (*peer)
		strbuf_printf(&k, "neighbor %s ", peer);
	strbuf_puts(&k, key);
	if (find(s, ctx, strbuf_str(&k)))
		return; /* several peers are told of one network */
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 32;
		s->v = reallocarray(s->v, s->cap, sizeof(s->v[0]));
		if (!s->v)
			abort();
	}
	s->v[s->n++] = (struct setting){
		.ctx = ctx, .effect = effect, .key = strbuf_steal(&k), .value = strbuf_steal(&v), .peer = peer
	};
}

/* ---- route maps ---- */

static bool same_attributes(const json_t *a, const json_t *b)
{
	return json_equal(json_object_get(a, "communities"), json_object_get(b, "communities")) &&
	       json_equal(json_object_get(a, "largeCommunities"), json_object_get(b, "largeCommunities")) &&
	       json_equal(json_object_get(a, "localPref"), json_object_get(b, "localPref"));
}

static void put_words(struct strbuf *out, const char *command, const json_t *words)
{
	const json_t *w;
	size_t i;

	if (json_array_size(words) == 0)
		return;
	strbuf_puts(out, command);
	json_array_foreach(words, i, w)
		strbuf_printf(out, " %s", json_string_value(w));
	strbuf_putc(out, '\n');
}

/* The paths with the attributes of @first, which is the first one with them: a prefix list, and a route-map entry for it. */
static void put_entry(struct strbuf *out, const char *map, const char *ip, const json_t *paths, size_t first)
{
	const json_t *with = json_array_get(paths, first), *p;
	size_t i;

	json_array_foreach(paths, i, p)
		if (i >= first && same_attributes(p, with))
			strbuf_printf(out, "%s prefix-list %s-%zu seq %zu permit %s\n", ip, map, first, i + 1,
				      json_text(p, "prefix", NULL));
	strbuf_printf(out, "route-map %s permit %zu\n", map, first + 1);
	strbuf_printf(out, "match %s address prefix-list %s-%zu\n", ip, map, first);
	put_words(out, "set community", json_object_get(with, "communities"));
	put_words(out, "set large-community", json_object_get(with, "largeCommunities"));
	if (json_int(with, 0, "localPref", NULL))
		strbuf_printf(out, "set local-preference %lld\n", (long long)json_int(with, 0, "localPref", NULL));
	strbuf_puts(out, "exit\n");
}

static bool first_of_its_kind(const json_t *paths, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (same_attributes(json_array_get(paths, i), json_array_get(paths, n)))
			return false;
	return true;
}

static const char *family_ip(const json_t *family)
{
	return strcmp(json_text(family, "afi", NULL), "ipv6") == 0 ? "ipv6" : "ip";
}

static void put_entries(struct strbuf *out, const char *map, const json_t *family)
{
	const json_t *paths = json_object_get(family, "paths");

	for (size_t i = 0; i < json_array_size(paths); i++)
		if (first_of_its_kind(paths, i))
			put_entry(out, map, family_ip(family), paths, i);
	if (json_array_size(paths) == 0)
		strbuf_printf(out, "route-map %s deny 1\nexit\n", map);
}

/* The name says what is in it: FNV-1a of the entries. */
static void map_name(char buf[MAP_NAME_MAX], const json_t *peer, const json_t *family)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	uint32_t h = 2166136261U;

	put_entries(&text, "", family);
	for (const char *c = strbuf_str(&text); *c; c++)
		h = (h ^ (uint8_t)*c) * 16777619U;
	(void)snprintf(buf, MAP_NAME_MAX, "to-%s-%s-%08x", json_text(peer, "address", NULL),
		       json_text(family, "afi", NULL), h);
}

/*
 * What a peer is told in a family; nothing is told by an empty map. bgpd's index of prefixes (the optimization) keeps
 * pointers to prefix lists that have gone: seen on 8.4.4, it crashes.
 */
static void put_map(struct strbuf *out, const json_t *peer, const json_t *family)
{
	char map[MAP_NAME_MAX];

	map_name(map, peer, family);
	put_entries(out, map, family);
	strbuf_printf(out, "no route-map %s optimization\n", map);
}

static void put_no_map(struct strbuf *out, const json_t *peer, const json_t *family)
{
	const json_t *paths = json_object_get(family, "paths");
	char map[MAP_NAME_MAX];

	map_name(map, peer, family);
	strbuf_printf(out, "no route-map %s\n", map);
	for (size_t i = 0; i < json_array_size(paths); i++)
		if (first_of_its_kind(paths, i))
			strbuf_printf(out, "no %s prefix-list %s-%zu\n", family_ip(family), map, i);
}

/* ---- the model as settings ---- */

static json_int_t restart_time(const json_t *instance)
{
	const json_t *peers = json_object_get(instance, "peers"), *p;
	json_int_t longest = 0;
	size_t i;

	json_array_foreach(peers, i, p)
		longest = MAX_OF(longest, json_int(p, 0, "gracefulRestart", NULL));
	return longest;
}

static void add_router(struct settings *s, const json_t *instance)
{
	const json_int_t restart = restart_time(instance);

	add(s, CTX_ROUTER, EFFECT_NONE, "", "bgp router-id", "%s", json_text(instance, "routerID", NULL));
	add(s, CTX_ROUTER, EFFECT_NONE, "", "bgp log-neighbor-changes", "%s", "");
	add(s, CTX_ROUTER, EFFECT_NONE, "", "no bgp ebgp-requires-policy", "%s", "");
	add(s, CTX_ROUTER, EFFECT_NONE, "", "no bgp default ipv4-unicast", "%s", "");
	add(s, CTX_ROUTER, EFFECT_NONE, "", "no bgp network import-check", "%s", "");
	/* bgpd holds back its first updates for a second, for others that come up at the same time. */
	add(s, CTX_ROUTER, EFFECT_NONE, "", "coalesce-time", "%s", "0");
	if (restart)
		add(s, CTX_ROUTER, EFFECT_NONE, "", "bgp graceful-restart restart-time", "%lld", (long long)restart);
}

static void add_peer(struct settings *s, const json_t *peer)
{
	const char *a = json_text(peer, "address", NULL), *source = json_text(peer, "sourceAddress", NULL);
	const json_int_t asn = json_int(peer, 0, "peerASN", NULL), ttl = json_int(peer, 1, "multihopTTL", NULL);

	if (asn)
		add(s, CTX_ROUTER, EFFECT_NONE, a, "remote-as", "%lld", (long long)asn);
	else
		add(s, CTX_ROUTER, EFFECT_NONE, a, "remote-as", "external");
	if (json_int(peer, 179, "port", NULL) != 179)
		add(s, CTX_ROUTER, EFFECT_RESET, a, "port", "%lld", (long long)json_int(peer, 179, "port", NULL));
	if (ttl > 1)
		add(s, CTX_ROUTER, EFFECT_RESET, a, "ebgp-multihop", "%lld", (long long)ttl);
	if (*json_text(peer, "password", NULL))
		add(s, CTX_ROUTER, EFFECT_RESET, a, "password", "%s", json_text(peer, "password", NULL));
	if (*source)
		add(s, CTX_ROUTER, EFFECT_RESET, a, "update-source", "%s", source);
	add(s, CTX_ROUTER, EFFECT_RESET, a, "timers", "%lld %lld", (long long)json_int(peer, 30, "keepAlive", NULL),
	    (long long)json_int(peer, 90, "hold", NULL));
	if (json_int(peer, 0, "gracefulRestart", NULL))
		add(s, CTX_ROUTER, EFFECT_RESET, a, "graceful-restart", "%s", "");
}

static void add_family(struct settings *s, const json_t *peer, const json_t *family)
{
	const char *a = json_text(peer, "address", NULL), *afi = json_text(family, "afi", NULL);
	const enum context ctx = strcmp(afi, "ipv6") == 0 ? CTX_IPV6 : CTX_IPV4;
	const json_t *paths = json_object_get(family, "paths"), *p;
	char map[MAP_NAME_MAX], key[MAP_NAME_MAX];
	size_t i;

	map_name(map, peer, family);
	add(s, ctx, EFFECT_RESET, a, "activate", "%s", "");
	add(s, ctx, EFFECT_NONE, a, "route-map", "%s out", map);
	json_array_foreach(paths, i, p) {
		(void)snprintf(key, sizeof(key), "network %s", json_text(p, "prefix", NULL));
		add(s, ctx, EFFECT_NONE, "", key, "%s", "");
	}
}

static void settings_make(struct settings *s, const json_t *instance)
{
	const json_t *peers = json_object_get(instance, "peers"), *p, *f;
	size_t i, j;

	add_router(s, instance);
	json_array_foreach(peers, i, p) {
		add_peer(s, p);
		json_array_foreach(json_object_get(p, "families"), j, f)
			add_family(s, p, f);
	}
}

/* ---- the whole ---- */

static void put_settings(struct strbuf *out, const struct settings *s, enum context ctx)
{
	if (enter[ctx])
		strbuf_printf(out, "%s\n", enter[ctx]);
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].ctx == ctx)
			strbuf_printf(out, "%s%s%s\n", s->v[i].key, *s->v[i].value ? " " : "", s->v[i].value);
	if (enter[ctx])
		strbuf_puts(out, "exit-address-family\n");
}

static void put_connect(struct strbuf *out, const json_t *instance, unsigned connect)
{
	const json_t *peers = json_object_get(instance, "peers"), *p;
	json_int_t seconds;
	size_t i;

	json_array_foreach(peers, i, p) {
		seconds = connect ? connect : MIN_OF(json_int(p, 120, "connectRetry", NULL), 65535);
		strbuf_printf(out, "neighbor %s timers connect %lld\n", json_text(p, "address", NULL),
			      (long long)seconds);
	}
}

static void put_router(struct strbuf *out, const json_t *instance)
{
	strbuf_printf(out, "router bgp %lld\n", (long long)json_int(instance, 0, "localASN", NULL));
}

void speaker_frr_config(const json_t *instance, unsigned connect, struct strbuf *out)
{
	const json_t *peers = json_object_get(instance, "peers"), *p, *f;
	_cleanup_settings_ struct settings s = { 0 };
	size_t i, j;

	settings_make(&s, instance);
	json_array_foreach(peers, i, p)
		json_array_foreach(json_object_get(p, "families"), j, f)
			put_map(out, p, f);
	put_router(out, instance);
	put_settings(out, &s, CTX_ROUTER);
	put_connect(out, instance, connect);
	put_settings(out, &s, CTX_IPV4);
	put_settings(out, &s, CTX_IPV6);
	strbuf_puts(out, "exit\n");
}

bool speaker_frr_replaces(const json_t *old, const json_t *new)
{
	return !json_equal(json_object_get(old, "localASN"), json_object_get(new, "localASN")) ||
	       !json_equal(json_object_get(old, "localPort"), json_object_get(new, "localPort"));
}

/* ---- differences ---- */

static const json_t *peer_find(const json_t *instance, const char *address)
{
	const json_t *peers = json_object_get(instance, "peers"), *p;
	size_t i;

	json_array_foreach(peers, i, p)
		if (strcmp(json_text(p, "address", NULL), address) == 0)
			return p;
	return NULL;
}

/* A peer with another ASN is another peer. */
static bool peer_stays(const json_t *in, const json_t *peer)
{
	const json_t *other = peer_find(in, json_text(peer, "address", NULL));

	return other && json_equal(json_object_get(other, "peerASN"), json_object_get(peer, "peerASN"));
}

static const json_t *family_find(const json_t *peer, const char *afi)
{
	const json_t *families = json_object_get(peer, "families"), *f;
	size_t i;

	json_array_foreach(families, i, f)
		if (strcmp(json_text(f, "afi", NULL), afi) == 0)
			return f;
	return NULL;
}

static bool setting_stays(const json_t *in, const json_t *of, const struct setting *s)
{
	return !*s->peer || (peer_find(of, s->peer) && peer_stays(in, peer_find(of, s->peer)));
}

/* What @old has and @new has not; peers that go as a whole take all of theirs with them. */
static bool put_removed(struct strbuf *out, const json_t *old_model, const struct settings *old,
			const json_t *new_model, const struct settings *new, enum context ctx)
{
	const size_t before = out->len;

	for (size_t i = 0; i < old->n; i++) {
		const struct setting *s = &old->v[i];

		if (s->ctx != ctx || find(new, ctx, s->key) || !setting_stays(new_model, old_model, s))
			continue;
		strbuf_printf(out, "no %s%s%s\n", s->key, *s->value ? " " : "", s->value);
	}
	return out->len > before;
}

static bool put_added(struct strbuf *out, const json_t *old_model, const struct settings *old, const json_t *new_model,
		      const struct settings *new, enum context ctx)
{
	const size_t before = out->len;

	for (size_t i = 0; i < new->n; i++) {
		const struct setting *s = &new->v[i], *o = find(old, ctx, s->key);

		if (s->ctx != ctx || (o && strcmp(o->value, s->value) == 0 && setting_stays(old_model, new_model, s)))
			continue;
		strbuf_printf(out, "%s%s%s\n", s->key, *s->value ? " " : "", s->value);
	}
	return out->len > before;
}

static void put_peers_gone(struct strbuf *out, const json_t *old, const json_t *new)
{
	const json_t *peers = json_object_get(old, "peers"), *p;
	size_t i;

	json_array_foreach(peers, i, p)
		if (!peer_stays(new, p))
			strbuf_printf(out, "no neighbor %s\n", json_text(p, "address", NULL));
}

static void put_context(struct strbuf *out, const json_t *old_model, const struct settings *old,
			const json_t *new_model, const struct settings *new, enum context ctx)
{
	_cleanup_strbuf_ struct strbuf lines = { 0 };

	(void)put_removed(&lines, old_model, old, new_model, new, ctx);
	(void)put_added(&lines, old_model, old, new_model, new, ctx);
	if (!lines.len)
		return;
	if (enter[ctx])
		strbuf_printf(out, "%s\n", enter[ctx]);
	strbuf_add(out, lines.buf, lines.len);
	if (enter[ctx])
		strbuf_puts(out, "exit-address-family\n");
}

/* Whether the two models' maps of a family differ; @old or @new may be missing. */
static bool map_differs(const json_t *peer, const json_t *old, const json_t *new)
{
	_cleanup_strbuf_ struct strbuf a = { 0 }, b = { 0 };

	if (!old || !new)
		return old != new;
	put_map(&a, peer, old);
	put_map(&b, peer, new);
	return strcmp(strbuf_str(&a), strbuf_str(&b)) != 0;
}

/*
 * A map is never changed: one with another name is written before the neighbor is told of it, and the old one is removed
 * after.
 */
static void put_maps(struct strbuf *out, const json_t *old, const json_t *new, bool removals)
{
	const json_t *in = removals ? old : new, *not_in = removals ? new : old;
	const json_t *peers = json_object_get(in, "peers"), *p, *f;
	size_t i, j;

	json_array_foreach(peers, i, p) {
		const json_t *other = peer_find(not_in, json_text(p, "address", NULL));

		json_array_foreach(json_object_get(p, "families"), j, f) {
			if (!map_differs(p, family_find(other, json_text(f, "afi", NULL)), f))
				continue;
			if (removals)
				put_no_map(out, p, f);
			else
				put_map(out, p, f);
		}
	}
}

static bool peer_reset(const struct settings *old, const struct settings *new, const char *address)
{
	const struct settings *both[] = { old, new };

	for (size_t k = 0; k < 2; k++) {
		for (size_t i = 0; i < both[k]->n; i++) {
			const struct setting *s = &both[k]->v[i], *o = find(both[!k], s->ctx, s->key);

			if (s->effect == EFFECT_RESET && strcmp(s->peer, address) == 0 &&
			    (!o || strcmp(o->value, s->value) != 0))
				return true;
		}
	}
	return false;
}

static void put_soft_clears(struct strbuf *out, const json_t *old, const json_t *new)
{
	const json_t *families = json_object_get(new, "families"), *f;
	const char *afi;
	size_t i;

	json_array_foreach(families, i, f) {
		afi = json_text(f, "afi", NULL);
		if (map_differs(new, family_find(old, afi), f))
			strbuf_printf(out, "clear bgp %s unicast %s soft out\n", afi, json_text(new, "address", NULL));
	}
}

static void put_clears(struct strbuf *out, const json_t *old, const struct settings *olds, const json_t *new,
		       const struct settings *news)
{
	const json_t *peers = json_object_get(new, "peers"), *p;
	const char *a;
	size_t i;

	json_array_foreach(peers, i, p) {
		a = json_text(p, "address", NULL);
		if (!peer_stays(old, p))
			continue;
		if (peer_reset(olds, news, a) ||
		    !json_equal(json_object_get(peer_find(old, a), "connectRetry"), json_object_get(p, "connectRetry")))
			strbuf_printf(out, "clear bgp %s\n", a);
		else
			put_soft_clears(out, peer_find(old, a), p);
	}
}

static json_t *lines_of(const struct strbuf *text)
{
	json_t *ret = json_array();
	const char *end;

	for (const char *s = strbuf_str(text); *s; s = end + 1) {
		end = strchrnul(s, '\n');
		json_array_append_new(ret, json_stringn(s, (size_t)(end - s)));
		if (!*end)
			break;
	}
	return ret;
}

json_t *speaker_frr_diff(const json_t *old, const json_t *new, unsigned connect)
{
	_cleanup_settings_ struct settings olds = { 0 }, news = { 0 };
	_cleanup_strbuf_ struct strbuf out = { 0 };

	if (json_equal(old, new))
		return json_array();
	settings_make(&olds, old);
	settings_make(&news, new);
	strbuf_puts(&out, "configure terminal\n");
	put_maps(&out, old, new, false);
	put_router(&out, new);
	put_peers_gone(&out, old, new);
	for (enum context ctx = CTX_ROUTER; ctx < _CTX_MAX; ctx++)
		put_context(&out, old, &olds, new, &news, ctx);
	put_connect(&out, new, connect);
	strbuf_puts(&out, "exit\n");
	put_maps(&out, old, new, true);
	strbuf_puts(&out, "end\n");
	put_clears(&out, old, &olds, new, &news);
	return lines_of(&out);
}

json_t *speaker_frr_connect(const json_t *instance, unsigned connect)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };

	strbuf_puts(&out, "configure terminal\n");
	put_router(&out, instance);
	put_connect(&out, instance, connect);
	strbuf_puts(&out, "end\n");
	return lines_of(&out);
}
