// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cilium_values.c - see cilium_values.h
 */
#include "cluster/cilium_values.h"

#include <stdarg.h>
#include <string.h>

#include "base/inaddr.h"
#include "cluster/jsonutil.h"

/* What the keys say, checked; strings are borrowed from the values. */
struct values {
	const char *ipam, *tunnel, *routing_mode, *tunnel_protocol, *native4, *native6, *native, *engine;
	bool ipv4, ipv6, masquerade4, masquerade6, bgp, direct_routes, ttl_quirk;
	json_int_t mtu, replicas, mask4, mask6;
	const json_t *pools4, *pools6;
};

enum key_type { KEY_STRING, KEY_BOOL, KEY_INT, KEY_LIST, KEY_ANY };

/* Every key that is looked at. KEY_ANY: accepted without a word, because it changes nothing that is to be seen. */
static const struct key {
	const char *path;
	enum key_type type;
	size_t offset;
} keys[] = {
	{ "ipam.mode", KEY_STRING, offsetof(struct values, ipam) },
	{ "ipam.operator.clusterPoolIPv4PodCIDRList", KEY_LIST, offsetof(struct values, pools4) },
	{ "ipam.operator.clusterPoolIPv4PodCIDR", KEY_LIST, offsetof(struct values, pools4) },
	{ "ipam.operator.clusterPoolIPv4MaskSize", KEY_INT, offsetof(struct values, mask4) },
	{ "ipam.operator.clusterPoolIPv6PodCIDRList", KEY_LIST, offsetof(struct values, pools6) },
	{ "ipam.operator.clusterPoolIPv6PodCIDR", KEY_LIST, offsetof(struct values, pools6) },
	{ "ipam.operator.clusterPoolIPv6MaskSize", KEY_INT, offsetof(struct values, mask6) },
	{ "tunnel", KEY_STRING, offsetof(struct values, tunnel) },
	{ "routingMode", KEY_STRING, offsetof(struct values, routing_mode) },
	{ "tunnelProtocol", KEY_STRING, offsetof(struct values, tunnel_protocol) },
	{ "ipv4NativeRoutingCIDR", KEY_STRING, offsetof(struct values, native4) },
	{ "ipv6NativeRoutingCIDR", KEY_STRING, offsetof(struct values, native6) },
	{ "nativeRoutingCIDR", KEY_STRING, offsetof(struct values, native) },
	{ "ipv4.enabled", KEY_BOOL, offsetof(struct values, ipv4) },
	{ "ipv6.enabled", KEY_BOOL, offsetof(struct values, ipv6) },
	{ "enableIPv4Masquerade", KEY_BOOL, offsetof(struct values, masquerade4) },
	{ "enableIPv6Masquerade", KEY_BOOL, offsetof(struct values, masquerade6) },
	{ "autoDirectNodeRoutes", KEY_BOOL, offsetof(struct values, direct_routes) },
	{ "bgpControlPlane.enabled", KEY_BOOL, offsetof(struct values, bgp) },
	{ "MTU", KEY_INT, offsetof(struct values, mtu) },
	{ "operator.replicas", KEY_INT, offsetof(struct values, replicas) },
	{ "netemu.bgpEngine", KEY_STRING, offsetof(struct values, engine) },
	{ "netemu.ttlQuirk", KEY_BOOL, offsetof(struct values, ttl_quirk) },
	{ "image", KEY_ANY, 0 },
	{ "k8s", KEY_ANY, 0 },
	{ "endpointRoutes", KEY_ANY, 0 },
	{ "cluster", KEY_ANY, 0 },
	{ "rollOutCiliumPods", KEY_ANY, 0 },
	{ "k8sServiceHost", KEY_ANY, 0 },
	{ "k8sServicePort", KEY_ANY, 0 },
	{ "debug", KEY_ANY, 0 },
};

static const char *const type_names[] = {
	[KEY_STRING] = "a string", [KEY_BOOL] = "a boolean", [KEY_INT] = "a number", [KEY_LIST] = "a list of CIDRs"
};

static const json_t *value_at(const json_t *j, const char *path)
{
	const char *end;
	char key[64];

	for (; *path && j; path = *end ? end + 1 : end) {
		end = strchrnul(path, '.');
		(void)snprintf(key, sizeof(key), "%.*s", (int)(end - path), path);
		j = json_object_get(j, key);
	}
	return j;
}

/* One mistake more: which key, and what is wrong with it. */
static void wrong(json_t *causes, const char *key, const char *fmt, ...) _printf_(3, 4);
static void wrong(json_t *causes, const char *key, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_append_new(causes, json_pack("{s:s, s:s}", "field", key, "message", text));
}

static void read_key(const struct key *key, const json_t *v, struct values *to, json_t *causes)
{
	char *at = (char *)to + key->offset;

	if (key->type == KEY_STRING && json_is_string(v))
		*(const char **)(void *)at = json_string_value(v);
	else if (key->type == KEY_BOOL && json_is_boolean(v))
		*(bool *)(void *)at = json_is_true(v);
	else if (key->type == KEY_INT && json_is_integer(v))
		*(json_int_t *)(void *)at = json_integer_value(v);
	else if (key->type == KEY_LIST && (json_is_array(v) || json_is_string(v)))
		*(const json_t **)(void *)at = v;
	else
		wrong(causes, key->path, "must be %s", type_names[key->type]);
}

static void read_keys(const json_t *values, struct values *to, json_t *causes)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const json_t *v = keys[i].type == KEY_ANY ? NULL : value_at(values, keys[i].path);

		if (v && !json_is_null(v))
			read_key(&keys[i], v, to, causes);
	}
}

static bool known_top(const char *name)
{
	const size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strncmp(keys[i].path, name, len) == 0 && (keys[i].path[len] == '\0' || keys[i].path[len] == '.'))
			return true;
	return false;
}

static void note(json_t *notes, const char *fmt, ...) _printf_(2, 3);
static void note(json_t *notes, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_append_new(notes, json_string(text));
}

/* ---- what cannot be, and what is not quite as it says ---- */

static void check_words(const struct values *v, json_t *causes)
{
	const struct {
		const char *key, *value, *allowed[5];
	} words[] = {
		{ "ipam.mode", v->ipam, { "kubernetes", "cluster-pool", "cluster-pool-v2beta" } },
		{ "tunnel", v->tunnel, { "", "disabled", "vxlan", "geneve" } },
		{ "routingMode", v->routing_mode, { "", "native", "tunnel" } },
		{ "tunnelProtocol", v->tunnel_protocol, { "", "vxlan", "geneve" } },
		{ "netemu.bgpEngine", v->engine, { "frr", "gobgp" } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		_cleanup_strbuf_ struct strbuf list = { 0 };
		bool found = false;

		for (size_t k = 0; k < ARRAY_SIZE(words[i].allowed) && words[i].allowed[k]; k++) {
			found |= strcmp(words[i].allowed[k], words[i].value) == 0;
			if (*words[i].allowed[k])
				strbuf_printf(&list, "%s%s", list.len ? ", " : "", words[i].allowed[k]);
		}
		if (!found)
			wrong(causes, words[i].key, "\"%s\" is not supported here: it can be %s", words[i].value,
			      strbuf_str(&list));
	}
}

static void check_cidr(const char *key, const char *text, int family, json_t *causes)
{
	struct inprefix p;

	if (*text && (!strchr(text, '/') || inprefix_parse(text, &p) < 0 || (family && p.family != family)))
		wrong(causes, key, "\"%s\" is no %sCIDR", text,
		      family == AF_INET	   ? "IPv4 "
		      : family == AF_INET6 ? "IPv6 "
					   : "");
}

static void check(const struct values *v, json_t *causes)
{
	check_words(v, causes);
	check_cidr("ipv4NativeRoutingCIDR", v->native4, AF_INET, causes);
	check_cidr("ipv6NativeRoutingCIDR", v->native6, AF_INET6, causes);
	check_cidr("nativeRoutingCIDR", v->native, 0, causes);
	if (v->mtu < 0 || v->mtu > 65535)
		wrong(causes, "MTU", "%lld is not between 0 and 65535", (long long)v->mtu);
	if (!v->ipv4 && !v->ipv6)
		wrong(causes, "ipv4.enabled", "it or ipv6.enabled must be true");
}

/* Tunnelling is the chart's default: 1.14 says `tunnel`, later ones `routingMode`. */
static bool tunnelled(const struct values *v)
{
	if (*v->routing_mode)
		return strcmp(v->routing_mode, "tunnel") == 0;
	return strcmp(v->tunnel, "disabled") != 0;
}

static bool has_family(const json_t *cluster, const char *family)
{
	const char *f = json_text(cluster, "ipFamily", NULL);

	return strcmp(f, "dual") == 0 || strcmp(*f ? f : "ipv4", family) == 0;
}

static void add_notes(const struct values *v, const json_t *values, const json_t *cluster, json_t *notes)
{
	const json_t *value;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)values, key, value)
		if (!known_top(key) && strcmp(key, "operator") != 0)
			note(notes, "values: %s: accepted, changes nothing here", key);
	if (tunnelled(v))
		note(notes,
		     "values: tunnel %s: there are no tunnels here: pods of other nodes are reached by routes to these "
		     "nodes",
		     *v->tunnel && strcmp(v->tunnel, "disabled") != 0 ? v->tunnel
		     : *v->tunnel_protocol			      ? v->tunnel_protocol
								      : "vxlan");
	else if (v->masquerade4 && v->ipv4 && !*v->native4 && !*v->native)
		note(notes, "values: ipv4NativeRoutingCIDR is not set: only pod CIDRs are reached without masquerading "
			    "(Cilium's agent would not start)");
	if (v->ipv6 && !has_family(cluster, "ipv6"))
		note(notes, "values: ipv6.enabled: the cluster is IPv4 only (ipFamily), pods get no IPv6 addresses");
	if (!v->ipv6 && has_family(cluster, "ipv6"))
		note(notes, "values: ipv6.enabled is not set, but the cluster has IPv6: pods get IPv6 addresses");
}

/* ---- ipam cluster-pool ---- */

static const json_t *first_pool(const json_t *pools)
{
	return json_is_array(pools) ? json_array_get(pools, 0) : pools;
}

/* Blocks of one pool, in the order of the nodes; appended to each node's list. */
static int deal_pool(const char *key, const json_t *pool, int family, json_int_t mask, const json_t *cluster,
		     json_t *cidrs, struct error *e)
{
	const json_t *nodes = json_object_get(cluster, "nodes"), *node;
	const char *text = json_string_value(pool);
	struct inprefix net;
	char buf[INPREFIX_STRLEN];
	size_t i;

	if (!text || inprefix_parse(text, &net) < 0 || net.family != family)
		return error_set(e, EINVAL, "values: %s: must be a list of CIDRs", key);
	if (mask < net.len || mask > (json_int_t)inprefix_bits(&net))
		return error_set(e, EINVAL, "values: %s: %s cannot be cut into blocks of /%lld", key, text,
				 (long long)mask);
	if (mask - net.len < 20 && json_array_size(nodes) > (size_t)1 << (mask - net.len))
		return error_set(e, EINVAL, "values: %s: %s has fewer blocks of /%lld than there are nodes", key, text,
				 (long long)mask);
	net = inprefix_network(&net);
	net.len = (uint8_t)mask;
	json_array_foreach(nodes, i, node) {
		json_t *list = json_array_make(cidrs, json_text(node, "hostname", NULL));

		json_array_append_new(list, json_string(inprefix_str(&net, buf)));
		net = inprefix_next_net(&net);
	}
	return 0;
}

static int deal_pools(const struct values *v, const json_t *cluster, json_t *network, struct error *e)
{
	_cleanup_json_ json_t *default4 = json_string("10.0.0.0/8"), *default6 = json_string("fd00::/104");
	json_t *cidrs;
	int r = 0;

	if (strcmp(v->ipam, "kubernetes") == 0)
		return 0;
	cidrs = json_object();
	json_object_set_new(network, "podCIDRs", cidrs);
	if (v->ipv4)
		r = deal_pool("ipam.operator.clusterPoolIPv4PodCIDRList", v->pools4 ? first_pool(v->pools4) : default4,
			      AF_INET, v->mask4, cluster, cidrs, e);
	if (r == 0 && v->ipv6)
		r = deal_pool("ipam.operator.clusterPoolIPv6PodCIDRList", v->pools6 ? first_pool(v->pools6) : default6,
			      AF_INET6, v->mask6, cluster, cidrs, e);
	return r;
}

/* ---- the result ---- */

static json_t *make_network(const struct values *v)
{
	const char *const cidrs[] = { v->native4, v->native6, v->native };
	json_t *native = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(cidrs); i++)
		if (*cidrs[i])
			json_array_append_new(native, json_string(cidrs[i]));
	return json_pack("{s:s, s:o, s:b, s:b, s:b, s:b, s:I, s:b, s:b}", "kind", "cilium", "nativeCIDRs", native,
			 "ipv4", v->ipv4, "ipv6", v->ipv6, "masquerade4", v->masquerade4 && v->ipv4, "masquerade6",
			 v->masquerade6 && v->ipv6, "mtu", v->mtu, "ttlQuirk", v->ttl_quirk, "direct",
			 tunnelled(v) || v->direct_routes);
}

static const char *yes_no(bool b)
{
	return b ? "true" : "false";
}

/* The part of ConfigMap cilium-config that says what is true here. */
static json_t *make_config(const struct values *v)
{
	json_t *c =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "ipam", v->ipam, "routing-mode",
			  tunnelled(v) ? "tunnel" : "native", "enable-ipv4", yes_no(v->ipv4), "enable-ipv6",
			  yes_no(v->ipv6), "enable-ipv4-masquerade", yes_no(v->masquerade4), "enable-ipv6-masquerade",
			  yes_no(v->masquerade6), "enable-bgp-control-plane", yes_no(v->bgp), "auto-direct-node-routes",
			  yes_no(v->direct_routes), "cluster-name", "default", "cluster-id", "0");
	char mtu[24];

	if (*v->native4 || *v->native)
		json_object_set_new(c, "ipv4-native-routing-cidr", json_string(*v->native4 ? v->native4 : v->native));
	if (*v->native6)
		json_object_set_new(c, "ipv6-native-routing-cidr", json_string(v->native6));
	(void)snprintf(mtu, sizeof(mtu), "%lld", (long long)v->mtu);
	if (v->mtu)
		json_object_set_new(c, "mtu", json_string(mtu));
	return c;
}

/* The chart's defaults, then what @values say. */
static void read_values(const json_t *values, struct values *v, json_t *causes)
{
	*v = (struct values){ .ipam = "cluster-pool",
			      .tunnel = "",
			      .routing_mode = "",
			      .tunnel_protocol = "",
			      .native4 = "",
			      .native6 = "",
			      .native = "",
			      .engine = "frr",
			      .ipv4 = true,
			      .masquerade4 = true,
			      .masquerade6 = true,
			      .replicas = 2,
			      .mask4 = 24,
			      .mask6 = 120 };
	read_keys(values, v, causes);
	check(v, causes);
}

void cilium_values_check(const json_t *values, json_t *causes)
{
	struct values v;

	read_values(values, &v, causes);
}

int cilium_values_read(const json_t *values, const json_t *cluster, json_t **ret, struct error *e)
{
	_cleanup_json_ json_t *network = NULL, *notes = json_array(), *causes = json_array();
	const json_t *first;
	struct values v;
	int r;

	if (values && !json_is_null(values) && !json_is_object(values))
		return error_set(e, EINVAL, "values: not a mapping");
	read_values(values, &v, causes);
	first = json_array_get(causes, 0);
	if (first)
		return error_set(e, EINVAL, "values: %s: %s", json_text(first, "field", NULL),
				 json_text(first, "message", NULL));
	network = make_network(&v);
	r = deal_pools(&v, cluster, network, e);
	if (r < 0)
		return r;
	add_notes(&v, values, cluster, notes);
	*ret = json_pack("{s:O, s:b, s:s, s:I, s:o, s:O}", "network", network, "bgp", v.bgp, "bgpEngine", v.engine,
			 "replicas", v.replicas, "config", make_config(&v), "notes", notes);
	return *ret ? 0 : error_oom(e);
}
