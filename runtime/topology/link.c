// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * link.c - `links:`: brief ones, and those with `type: veth`
 *
 * Owns the forms of links and endpoints, and which interface may be used where. Refuses to know how a link is made.
 */
#include <string.h>

#include "topology/names.h"
#include "topology/topology.h"

/* Chains of container:X are one or two long; a longer one than this is cut. */
enum { OWNER_HOPS_MAX = 64 };

enum link_key { LK_ENDPOINTS, LK_IPV4, LK_IPV6, LK_LABELS, LK_MTU, LK_TYPE, LK_VARS, _LK_MAX };

static void check_mtu(struct loader *l, const struct value *v)
{
	const int64_t mtu = value_int(v, 0);

	if (mtu && (mtu < 68 || mtu > 65535))
		diag_error(l->d, v->pos, NULL, "the MTU of a link is a number from 68 to 65535, not %lld",
			   (long long)mtu);
}

static const struct schema_key link_keys[] = {
	[LK_ENDPOINTS] = { "endpoints", SHAPE_LIST, 0, NULL, "two of `node:interface`, or maps" },
	[LK_IPV4] = { "ipv4", SHAPE_STRINGS, 0, NULL,
		"addresses, set on the interfaces (containerlab: vendor nodes only)" },
	[LK_IPV6] = { "ipv6", SHAPE_STRINGS, 0, NULL,
		"addresses, set on the interfaces (containerlab: vendor nodes only)" },
	[LK_LABELS] = { "labels", SHAPE_MAP, KEY_SILENT, NULL, "stored nowhere" },
	[LK_MTU] = { "mtu", SHAPE_UINT, 0, check_mtu, "default 9500" },
	[LK_TYPE] = { "type", SHAPE_STRING, 0, NULL, "brief, veth" },
	[LK_VARS] = { "vars", SHAPE_ANY, KEY_SILENT, NULL, "variables for `containerlab config`" },
};
static_assert(ARRAY_SIZE(link_keys) == _LK_MAX, "one a key");
const struct schema link_schema = { link_keys, ARRAY_SIZE(link_keys) };

enum end_key { EK_INTERFACE, EK_IPV4, EK_IPV6, EK_MAC, EK_NODE, EK_VARS, _EK_MAX };

static const struct schema_key end_keys[] = {
	[EK_INTERFACE] = { "interface", SHAPE_STRING, 0, NULL, "its name in the node" },
	[EK_IPV4] = { "ipv4", SHAPE_ANY, 0, NULL, "one address, or a list" },
	[EK_IPV6] = { "ipv6", SHAPE_ANY, 0, NULL, "one address, or a list" },
	[EK_MAC] = { "mac", SHAPE_STRING, 0, NULL, "default: random, aa:c1:ab:..." },
	[EK_NODE] = { "node", SHAPE_STRING, 0, NULL, "its name; `host` is the host itself" },
	[EK_VARS] = { "vars", SHAPE_ANY, KEY_SILENT, NULL, "variables for `containerlab config`" },
};
static_assert(ARRAY_SIZE(end_keys) == _EK_MAX, "one a key");
const struct schema end_schema = { end_keys, ARRAY_SIZE(end_keys) };

/* What containerlab has besides; "brief" is not written, it is the absence of a type. */
static const char *const other_types[] = {
	"dummy", "host", "macvlan", "mgmt-net", "veth-stitch", "vxlan", "vxlan-stitch",
};

/* Names that a brief link gives a meaning of their own. */
static const char *const other_ends[] = { "macvlan", "mgmt-net" };

static bool in_table(const char *s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s, words[i]) == 0)
			return true;
	return false;
}

/* The node "host": the host itself, which need not be listed. */
static int32_t host_node(struct loader *l, struct pos pos)
{
	int32_t at = lab_find_node(l->lab, "host");
	struct node *n;

	if (at != LAB_INDEX_NONE && l->lab->nodes[at].kind != NODE_HOST)
		diag_error(l->d, pos, "give the node another name",
			   "'host' in a link is the host itself, but node 'host' is of kind %s",
			   node_kind_names[l->lab->nodes[at].kind]);
	if (at != LAB_INDEX_NONE)
		return at;
	at = (int32_t)l->lab->n_nodes;
	n = ARENA_PUSH(l->a, l->lab->nodes, l->lab->n_nodes);
	n->name = n->longname = n->hostname = "host";
	n->kind = NODE_HOST;
	n->net_mode = NET_HOST;
	n->net_node = LAB_INDEX_NONE;
	n->pos = n->net_pos = pos;
	(void)strmap_put(&l->lab->node_index, n->name, (size_t)at);
	return at;
}

static int32_t find_node(struct loader *l, const char *name, struct pos pos)
{
	const int32_t at = lab_find_node(l->lab, name);
	struct suggest sg = { .word = name };

	if (strcmp(name, "host") == 0)
		return host_node(l, pos);
	if (at != LAB_INDEX_NONE)
		return at;
	if (in_table(name, other_ends, ARRAY_SIZE(other_ends))) {
		diag_error(l->d, pos, NULL, "links to '%s:' are not supported yet", name);
		return LAB_INDEX_NONE;
	}
	for (size_t i = 0; i < l->lab->n_nodes && diag_wants_hints(l->d); i++)
		suggest_try(&sg, l->lab->nodes[i].name);
	diag_error(l->d, pos, suggest_hint(l, &sg), "there is no node '%s'", name);
	return LAB_INDEX_NONE;
}

/* @node and @ifname into @ret. Return: whether both are good. */
static bool set_end(struct loader *l, const char *node, const char *ifname, struct pos pos, struct endpoint *ret)
{
	const char *wrong = name_check_if(ifname);

	if (wrong)
		diag_error(l->d, pos, NULL, "interface name '%s' %s", ifname, wrong);
	ret->node = find_node(l, node, pos);
	ret->ifname = arena_strdup(l->a, ifname);
	ret->pos = pos;
	return !wrong && ret->node != LAB_INDEX_NONE;
}

static void add_address(struct loader *l, const struct value *v, int family, struct endpoint *end)
{
	struct inprefix p;

	if (!value_is_set(v))
		return;
	if (inprefix_parse(v->text, &p) < 0 || p.family != family)
		diag_error(l->d, v->pos, NULL, "'%s' is not an %s address (ADDRESS/LENGTH)", v->text,
			   family == AF_INET ? "IPv4" : "IPv6");
	else
		*ARENA_PUSH(l->a, end->addrs, end->n_addrs) = p;
}

/* An endpoint's own `ipv4`: one address, or a list of them. */
static void add_addresses(struct loader *l, const struct value *v, int family, struct endpoint *end)
{
	if (!v)
		return;
	if (v->type == VALUE_SCALAR)
		add_address(l, v, family, end);
	else if (shape_check(l, v, SHAPE_STRINGS, family == AF_INET ? "ipv4" : "ipv6"))
		for (size_t i = 0; i < v->n; i++)
			add_address(l, v->items[i], family, end);
}

static bool read_end_map(struct loader *l, const struct value *v, struct endpoint *ret)
{
	const struct value *keys[_EK_MAX];

	schema_read(l, v, SCHEMA(end_keys), "an endpoint", keys);
	if (!value_is_set(keys[EK_NODE]) || !value_is_set(keys[EK_INTERFACE])) {
		diag_error(l->d, v->pos, NULL, "an endpoint needs '%s'",
			   value_is_set(keys[EK_NODE]) ? "interface" : "node");
		return false;
	}
	if (value_is_set(keys[EK_MAC])) {
		const char *mac = keys[EK_MAC]->text;

		ret->has_mac = !mac[strspn(mac, "0123456789abcdefABCDEF:")] && macaddr_parse(mac, &ret->mac) == 0;
		if (!ret->has_mac)
			diag_error(l->d, keys[EK_MAC]->pos, NULL, "'%s' is not a unicast MAC address",
				   keys[EK_MAC]->text);
	}
	add_addresses(l, keys[EK_IPV4], AF_INET, ret);
	add_addresses(l, keys[EK_IPV6], AF_INET6, ret);
	return set_end(l, keys[EK_NODE]->text, keys[EK_INTERFACE]->text, v->pos, ret);
}

static bool read_end(struct loader *l, const struct value *v, struct endpoint *ret)
{
	const char *colon;

	if (v->type == VALUE_MAP)
		return read_end_map(l, v, ret);
	colon = strchr(value_string(v), ':');
	if (!colon || colon == v->text || !colon[1]) {
		diag_error(l->d, v->pos, NULL, "an endpoint is written node:interface%s%s%s",
			   value_is_set(v) ? ", not '" : "", value_string(v), value_is_set(v) ? "'" : "");
		return false;
	}
	return set_end(l, arena_strndup(&l->scratch, v->text, (size_t)(colon - v->text)), colon + 1, v->pos, ret);
}

/* A brief link's `ipv4: [a, b]`: one for each end, "" for none. */
static void read_link_addresses(struct loader *l, const struct value *v, int family, struct link *link)
{
	for (size_t i = 0; v && i < v->n; i++) {
		if (i < ARRAY_SIZE(link->end))
			add_address(l, v->items[i], family, &link->end[i]);
		else
			diag_error(l->d, v->items[i]->pos, NULL, "a third address, but a link has two ends");
	}
}

/* Whether links of this type can be made; reported when not. */
static bool check_type(struct loader *l, const struct value *link)
{
	const struct value *type = value_get(link, "type");
	struct suggest sg = { .word = value_string(type) };

	if (!type || type->type == VALUE_NULL)
		return true;
	if (type->type != VALUE_SCALAR)
		return shape_check(l, type, SHAPE_STRING, "type");
	if (!*type->text || strcmp(type->text, "veth") == 0)
		return true;
	if (in_table(type->text, other_types, ARRAY_SIZE(other_types))) {
		diag_error(l->d, type->pos, NULL, "links of type '%s' are not supported yet", type->text);
		return false;
	}
	suggest_try(&sg, "veth");
	for (size_t i = 0; i < ARRAY_SIZE(other_types); i++)
		suggest_try(&sg, other_types[i]);
	diag_error(l->d, type->pos, suggest_hint(l, &sg), "unknown link type '%s'", type->text);
	return false;
}

static void read_link(struct loader *l, const struct value *v)
{
	const struct value *keys[_LK_MAX], *ends;
	struct link link = { .pos = v->pos };
	const size_t errors = l->d->n_errors;
	bool ok = true;

	if (!check_type(l, v))
		return;
	schema_read(l, v, SCHEMA(link_keys), "a link", keys);
	ends = keys[LK_ENDPOINTS];
	if (!ends && l->d->n_errors != errors)
		return;
	if (!ends || ends->n != ARRAY_SIZE(link.end)) {
		diag_error(l->d, ends ? ends->pos : v->pos, NULL, "a link needs two endpoints, not %zu",
			   ends ? ends->n : 0);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(link.end); i++)
		ok &= read_end(l, ends->items[i], &link.end[i]);
	read_link_addresses(l, keys[LK_IPV4], AF_INET, &link);
	read_link_addresses(l, keys[LK_IPV6], AF_INET6, &link);
	link.mtu = (uint32_t)value_int(keys[LK_MTU], 0);
	if (ok)
		*ARENA_PUSH(l->a, l->lab->links, l->lab->n_links) = link;
}

void links_read(struct loader *l, const struct value *v)
{
	for (size_t i = 0; v && i < v->n; i++)
		read_link(l, v->items[i]);
}

/* The node whose network namespace @node lives in. */
static const struct node *owner_of(const struct lab *lab, int32_t node)
{
	const struct node *n = &lab->nodes[node];

	for (size_t hops = 0; n->net_node != LAB_INDEX_NONE && hops < OWNER_HOPS_MAX; hops++)
		n = &lab->nodes[n->net_node];
	return n;
}

/* A name for the network namespace that @node's links end in. Bridges' ports share one: that of the lab's bridges. */
static const char *namespace_of(struct loader *l, int32_t node)
{
	const struct node *n = owner_of(l->lab, node);

	if (n->kind == NODE_BRIDGE)
		return "bridge";
	if (n->net_mode == NET_HOST)
		return "host";
	if (n->net_mode == NET_CONTAINER)
		return arena_printf(&l->scratch, "container %s", n->net_target);
	return arena_printf(&l->scratch, "node %s", n->name);
}

static void check_end(struct loader *l, const struct endpoint *e, struct strmap *used, const struct endpoint **ends,
		      size_t i)
{
	const struct node *n = &l->lab->nodes[e->node];
	const char *key = arena_printf(&l->scratch, "%s:%s", namespace_of(l, e->node), e->ifname);

	ends[i] = e;
	if (!strmap_put(used, key, i)) {
		const struct endpoint *first = ends[strmap_get(used, key)];

		diag_error(l->d, e->pos, NULL, "interface '%s:%s' is used already, by '%s:%s' on line %u, column %u",
			   n->name, e->ifname, l->lab->nodes[first->node].name, first->ifname, first->pos.line,
			   first->pos.col);
	}
	if (n->kind == NODE_LINUX && owner_of(l->lab, e->node)->net_mode != NET_NONE && strcmp(e->ifname, "eth0") == 0)
		diag_error(l->d, e->pos, "use another name, or set 'network-mode: none'",
			   "eth0 of node '%s' is the management network's", n->name);
}

void links_check(struct loader *l)
{
	const struct endpoint **ends =
		arena_alloc(&l->scratch, (l->lab->n_links * 2 + 1) * sizeof(const struct endpoint *));
	_cleanup_strmap_ struct strmap used = { 0 };

	for (size_t i = 0; i < l->lab->n_links * 2; i++)
		check_end(l, &l->lab->links[i / 2].end[i % 2], &used, ends, i);
}
