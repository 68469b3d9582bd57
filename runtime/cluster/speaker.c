// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * speaker.c - which BGP resource is a node's, and what both generations have in common
 *
 * Owns: selection, precedence, passwords, path attributes. Refuses to know any daemon (speaker_frr.c, speaker_gobgp.c).
 *
 * One CiliumBGPPeeringPolicy may select a node; with more, Cilium withdraws everything until exactly one does. Where
 * both generations select a node the policy takes precedence (Cilium's documentation of CiliumBGPClusterConfig).
 */
#include "cluster/speaker.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <string.h>

#include "base/base64.h"
#include "cluster/jsonutil.h"
#include "cluster/selector.h"
#include "cluster/speaker_internal.h"

static bool has_text(const json_t *array, const char *text)
{
	const json_t *t;
	size_t i;

	json_array_foreach(array, i, t)
		if (strcmp(json_string_value(t), text) == 0)
			return true;
	return false;
}

void speaker_note(struct speaker_build *b, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!has_text(b->notes, text))
		json_array_append_new(b->notes, json_string(text));
}

/* ---- selection ---- */

static int by_age(const void *x, const void *y)
{
	const json_t *a = *(const json_t *const *)x, *b = *(const json_t *const *)y;
	int r = strcmp(json_text(a, "metadata", "creationTimestamp", NULL),
		       json_text(b, "metadata", "creationTimestamp", NULL));

	return r ? r : strcmp(kube_name(a), kube_name(b));
}

json_t *speaker_select(const struct speaker_build *b, const json_t *objects)
{
	_cleanup_free_ json_t **found = calloc(json_array_size(objects) + 1, sizeof(*found));
	json_t *o, *ret = json_array();
	size_t i, n = 0;

	json_array_foreach(objects, i, o)
		if (found && selector_match_object(json_at(o, "spec", "nodeSelector", NULL), b->labels))
			found[n++] = o;
	if (n)
		qsort(found, n, sizeof(found[0]), by_age);
	for (i = 0; i < n; i++)
		json_array_append(ret, found[i]);
	return ret;
}

const char *speaker_router_id(const struct speaker_build *b)
{
	const json_t *addresses = json_at(b->in->node, "status", "addresses", NULL), *a;
	struct in_addr in;
	size_t i;

	json_array_foreach(addresses, i, a)
		if (strcmp(json_text(a, "type", NULL), "InternalIP") == 0 &&
		    inet_pton(AF_INET, json_text(a, "address", NULL), &in) == 1)
			return json_text(a, "address", NULL);
	return "";
}

/* ---- passwords ---- */

static json_t *decode(const char *text)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };

	return base64_decode(&out, text, strlen(text)) < 0 ? NULL : json_stringn(strbuf_str(&out), out.len);
}

static const json_t *find_named(const json_t *objects, const char *name)
{
	const json_t *o;
	size_t i;

	json_array_foreach(objects, i, o)
		if (strcmp(kube_name(o), name) == 0)
			return o;
	return NULL;
}

/* bgpd takes a line: a password with a line break or blanks around it cannot be told to it. */
static bool password_usable(const char *p)
{
	return *p && !strpbrk(p, " \t\r\n") && strlen(p) <= 80;
}

void speaker_password(struct speaker_build *b, const char *secret, json_t *peer)
{
	const json_t *s = *secret ? find_named(b->in->secrets, secret) : NULL;
	const char *data = json_text(s, "data", "password", NULL);
	_cleanup_json_ json_t *plain = decode(data);

	json_object_set_new(peer, "password", json_string(""));
	if (!*secret)
		return;
	if (!s)
		speaker_note(b, "secret %s: not found in kube-system, no password is used", secret);
	else if (!*data)
		speaker_note(b, "secret %s: has no key password, no password is used", secret);
	else if (!plain || !password_usable(json_string_value(plain)))
		speaker_note(b,
			     "secret %s: its password is longer than 80 characters or has blanks, no password is used",
			     secret);
	else
		json_object_set(peer, "password", plain);
}

json_int_t speaker_restart_time(const json_t *graceful)
{
	return json_bool(graceful, "enabled", NULL) ? json_int(graceful, 120, "restartTimeSeconds", NULL) : 0;
}

/* ---- attributes of paths ---- */

void speaker_attributes_done(struct speaker_attributes *a)
{
	json_decref(a->communities);
	json_decref(a->large);
	*a = (struct speaker_attributes){ 0 };
}

static int by_text(const void *x, const void *y)
{
	return strcmp(json_string_value(*(json_t *const *)x), json_string_value(*(json_t *const *)y));
}

static void array_sort(json_t *array)
{
	const size_t n = json_array_size(array);
	_cleanup_free_ json_t **v = calloc(n + 1, sizeof(*v));

	if (!v)
		return;
	for (size_t i = 0; i < n; i++)
		v[i] = json_incref(json_array_get(array, i));
	qsort(v, n, sizeof(v[0]), by_text);
	json_array_clear(array);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, v[i]);
}

static void merge_texts(json_t **to, const json_t *from,
			const char *(*convert)(const char *text, char *buf, size_t size))
{
	const json_t *t;
	char buf[64];
	size_t i;

	if (json_array_size(from) == 0)
		return;
	if (!*to)
		*to = json_array();
	json_array_foreach(from, i, t) {
		const char *text = json_is_string(t) ? convert(json_string_value(t), buf, sizeof(buf)) : "";

		if (*text && !has_text(*to, text))
			json_array_append_new(*to, json_string(text));
	}
	array_sort(*to);
}

/* "4259840100" and "65000:100" are the same standard community. */
static const char *standard_community(const char *text, char *buf, size_t size)
{
	unsigned long v;

	if (strchr(text, ':'))
		return text;
	v = strtoul(text, NULL, 10);
	(void)snprintf(buf, size, "%lu:%lu", v >> 16 & 0xffff, v & 0xffff);
	return buf;
}

static const char *well_known_community(const char *text, char *buf _unused_, size_t size _unused_)
{
	static const struct {
		const char *name, *value;
	} known[] = {
		{ "internet", "0:0" },
		{ "planned-shut", "65535:0" },
		{ "accept-own", "65535:1" },
		{ "route-filter-translated-v4", "65535:2" },
		{ "route-filter-v4", "65535:3" },
		{ "route-filter-translated-v6", "65535:4" },
		{ "route-filter-v6", "65535:5" },
		{ "llgr-stale", "65535:6" },
		{ "no-llgr", "65535:7" },
		{ "blackhole", "65535:666" },
		{ "no-export", "65535:65281" },
		{ "no-advertise", "65535:65282" },
		{ "no-export-subconfed", "65535:65283" },
		{ "no-peer", "65535:65284" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i].name, text) == 0)
			return known[i].value;
	return "";
}

static const char *as_is(const char *text, char *buf _unused_, size_t size _unused_)
{
	return text;
}

void speaker_attributes_merge(struct speaker_attributes *a, const json_t *from)
{
	json_int_t pref = json_int(from, 0, "localPreference", NULL);

	merge_texts(&a->communities, json_at(from, "communities", "standard", NULL), standard_community);
	merge_texts(&a->communities, json_at(from, "communities", "wellKnown", NULL), well_known_community);
	merge_texts(&a->large, json_at(from, "communities", "large", NULL), as_is);
	a->local_pref = MAX_OF(a->local_pref, pref);
}

/* ---- families and paths ---- */

json_t *speaker_family(struct speaker_build *b, const char *afi, const char *safi)
{
	if ((strcmp(afi, "ipv4") != 0 && strcmp(afi, "ipv6") != 0) || strcmp(safi, "unicast") != 0) {
		speaker_note(b, "family %s/%s is not spoken: only ipv4/unicast and ipv6/unicast are", afi, safi);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:[]}", "afi", afi, "safi", safi, "paths");
}

json_t *speaker_default_families(void)
{
	return json_pack("[{s:s, s:s}, {s:s, s:s}]", "afi", "ipv4", "safi", "unicast", "afi", "ipv6", "safi",
			 "unicast");
}

static json_t *path_find(const json_t *paths, const char *prefix)
{
	json_t *p;
	size_t i;

	json_array_foreach(paths, i, p)
		if (strcmp(json_text(p, "prefix", NULL), prefix) == 0)
			return p;
	return NULL;
}

static void path_add(json_t *paths, const char *prefix, const struct speaker_attributes *a, bool ibgp)
{
	json_t *p = path_find(paths, prefix);
	struct speaker_attributes all = { 0 };

	if (!p) {
		p = json_pack("{s:s, s:[], s:[], s:i}", "prefix", prefix, "communities", "largeCommunities",
			      "localPref", 0);
		json_array_append_new(paths, p);
	}
	all.communities = json_incref(json_object_get(p, "communities"));
	all.large = json_incref(json_object_get(p, "largeCommunities"));
	merge_texts(&all.communities, a->communities, as_is);
	merge_texts(&all.large, a->large, as_is);
	if (ibgp) /* LOCAL_PREF does not go to other autonomous systems */
		json_object_set_new(p, "localPref",
				    json_integer(MAX_OF(a->local_pref, json_int(p, 0, "localPref", NULL))));
	speaker_attributes_done(&all);
}

void speaker_pod_paths(const struct speaker_build *b, json_t *family, const struct speaker_attributes *a, bool ibgp)
{
	const bool v6 = strcmp(json_text(family, "afi", NULL), "ipv6") == 0;
	json_t *paths = json_object_get(family, "paths");
	const json_t *cidr;
	size_t i;

	json_array_foreach(b->in->pod_cidrs, i, cidr) {
		const char *text = json_string_value(cidr);

		if (text && (strchr(text, ':') != NULL) == v6)
			path_add(paths, text, a, ibgp);
	}
}

/* ---- the whole ---- */

static void compile_policies(struct speaker_build *b, const json_t *policies, const json_t *configs)
{
	_cleanup_strbuf_ struct strbuf names = { 0 };
	const json_t *p;
	size_t i;

	if (json_array_size(configs))
		speaker_note(
			b, "CiliumBGPClusterConfig %s also selects this node: CiliumBGPPeeringPolicy takes precedence",
			kube_name(json_array_get(configs, 0)));
	if (json_array_size(policies) == 1) {
		speaker_policy_compile(b, json_array_get(policies, 0));
		return;
	}
	json_array_foreach(policies, i, p)
		strbuf_printf(&names, "%s%s", i ? ", " : "", kube_name(p));
	speaker_note(b, "more than one CiliumBGPPeeringPolicy selects this node (%s): all BGP sessions are withdrawn",
		     strbuf_str(&names));
}

static void compile_configs(struct speaker_build *b, const json_t *configs)
{
	const json_t *first = json_array_get(configs, 0), *c;
	size_t i;

	if (!first)
		return;
	json_object_set_new(b->conditions, "config", json_string(kube_name(first)));
	json_array_foreach(configs, i, c) {
		if (i == 0)
			continue;
		json_array_append_new(json_array_make(b->conditions, "conflicts"), json_string(kube_name(c)));
		speaker_note(b, "CiliumBGPClusterConfig %s also selects this node, which is %s's", kube_name(c),
			     kube_name(first));
	}
	speaker_config_compile(b, first);
}

json_t *speaker_compile(const struct speaker_input *in)
{
	json_t *ret = json_pack("{s:s, s:[], s:[], s:{}}", "engine", in->engine && *in->engine ? in->engine : "frr",
				"instances", "notes", "conditions");
	struct speaker_build b = {
		.in = in,
		.labels = json_at(in->node, "metadata", "labels", NULL),
		.node = kube_name(in->node),
		.instances = json_object_get(ret, "instances"),
		.notes = json_object_get(ret, "notes"),
		.conditions = json_object_get(ret, "conditions"),
	};
	_cleanup_json_ json_t *policies = speaker_select(&b, in->policies);
	_cleanup_json_ json_t *configs = speaker_select(&b, in->cluster_configs);

	if (json_array_size(policies))
		compile_policies(&b, policies, configs);
	else
		compile_configs(&b, configs);
	return ret;
}
