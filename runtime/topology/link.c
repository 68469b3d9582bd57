// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * link.c - `links:`: brief ones, and those with a type
 *
 * Owns the forms of links and endpoints: which keys a type needs and takes, and what their values are. Which interface may
 * be used where is linkcheck.c's. Refuses to know how a link is made.
 */
#include <string.h>

#include "base/strbuf.h"
#include "topology/names.h"
#include "topology/topology.h"

enum {
	VNI_MAX = (1 << 24) - 1,
	VXLAN_PORT = 14789 /* containerlab's: 4789 is often taken by an overlay of the host's */
};

enum link_key {
	LK_DST_PORT,
	LK_ENDPOINT,
	LK_ENDPOINTS,
	LK_HOST_INTERFACE,
	LK_IMPAIRMENTS,
	LK_IPV4,
	LK_IPV6,
	LK_LABELS,
	LK_MODE,
	LK_MTU,
	LK_PARENT_INTERFACE,
	LK_REMOTE,
	LK_SRC_PORT,
	LK_TYPE,
	LK_UDP_PORT,
	LK_VARS,
	LK_VNI,
	_LK_MAX
};

static void check_mtu(struct loader *l, const struct value *v)
{
	const int64_t mtu = value_int(v, 0);

	if (mtu && (mtu < 68 || mtu > 65535))
		diag_error(l->d, v->pos, NULL, "the MTU of a link is a number from 68 to 65535, not %lld",
			   (long long)mtu);
}

static void check_port(struct loader *l, const struct value *v)
{
	const int64_t port = value_int(v, 0);

	if (port < 1 || port > 65535)
		diag_error(l->d, v->pos, NULL, "a UDP port is a number from 1 to 65535, not %lld", (long long)port);
}

static void check_vni(struct loader *l, const struct value *v)
{
	const int64_t vni = value_int(v, 0);

	if (vni < 1 || vni > VNI_MAX)
		diag_error(l->d, v->pos, NULL, "a VNI is a number from 1 to %d, not %lld", VNI_MAX, (long long)vni);
}

static void check_host_interface(struct loader *l, const struct value *v)
{
	const char *wrong = name_check_end(v->text);

	if (wrong)
		diag_error(l->d, v->pos, NULL, "interface name '%s' %s", v->text, wrong);
}

static void check_mode(struct loader *l, const struct value *v)
{
	for (size_t i = 0; i < _MACVLAN_MAX; i++)
		if (strcmp(v->text, macvlan_mode_names[i]) == 0)
			return;
	diag_error(l->d, v->pos, suggest_of(l, v->text, macvlan_mode_names, _MACVLAN_MAX),
		   "mode '%s' of a macvlan is none of: bridge, private, vepa, passthru, source", v->text);
}

static const struct schema_key link_keys[] = {
	[LK_DST_PORT] = { "dst-port", SHAPE_UINT, 0, check_port, "of a tunnel, default 14789" },
	[LK_ENDPOINT] = { "endpoint", SHAPE_MAP, 0, NULL, "the one end of a type that has no two" },
	[LK_ENDPOINTS] = { "endpoints", SHAPE_LIST, 0, NULL,
			   "two of `node:interface`, or maps; one may be `host:`, `mgmt-net:` or `macvlan:`" },
	[LK_HOST_INTERFACE] = { "host-interface", SHAPE_STRING, 0, check_host_interface,
				"host, mgmt-net: the other end; macvlan: what it is on" },
	[LK_IMPAIRMENTS] = { "impairments", SHAPE_MAP, KEY_OWN, NULL,
			     "of both directions: delay, jitter, loss, rate, corruption" },
	[LK_IPV4] = { "ipv4", SHAPE_STRINGS, 0, NULL,
		      "addresses, set on the interfaces (containerlab: vendor nodes only)" },
	[LK_IPV6] = { "ipv6", SHAPE_STRINGS, 0, NULL,
		      "addresses, set on the interfaces (containerlab: vendor nodes only)" },
	[LK_LABELS] = { "labels", SHAPE_MAP, KEY_SILENT, NULL, "stored nowhere" },
	[LK_MODE] = { "mode", SHAPE_STRING, 0, check_mode, "macvlan: bridge, private, vepa, passthru, source" },
	[LK_MTU] = { "mtu", SHAPE_UINT, 0, check_mtu, "default 9500; a tunnel's: 1450, or 1430 over IPv6" },
	[LK_PARENT_INTERFACE] = { "parent-interface", SHAPE_STRING, 0, check_host_interface,
				  "what a tunnel leaves the host by; default: as the host's routes say" },
	[LK_REMOTE] = { "remote", SHAPE_STRING, 0, NULL, "address of a tunnel's other end" },
	[LK_SRC_PORT] = { "src-port", SHAPE_UINT, 0, check_port, "of a tunnel, default: one that tells flows apart" },
	[LK_TYPE] = { "type", SHAPE_STRING, 0, NULL,
		      "brief, veth, host, mgmt-net, macvlan, dummy, vxlan, vxlan-stitch, veth-stitch" },
	[LK_UDP_PORT] = { "udp-port", SHAPE_UINT, KEY_LEGACY, check_port, "old spelling of dst-port" },
	[LK_VARS] = { "vars", SHAPE_ANY, KEY_SILENT, NULL, "variables for `containerlab config`" },
	[LK_VNI] = { "vni", SHAPE_UINT, 0, check_vni, "of a tunnel" },
};
static_assert(ARRAY_SIZE(link_keys) == _LK_MAX, "one a key");
const struct schema link_schema = { link_keys, ARRAY_SIZE(link_keys) };

enum end_key { EK_IMPAIRMENTS, EK_INTERFACE, EK_IPV4, EK_IPV6, EK_MAC, EK_NODE, EK_VARS, _EK_MAX };

static const struct schema_key end_keys[] = {
	[EK_IMPAIRMENTS] = { "impairments", SHAPE_MAP, KEY_OWN, NULL,
			     "of what leaves this end, instead of the link's" },
	[EK_INTERFACE] = { "interface", SHAPE_STRING, 0, NULL,
			   "its name in the node; one that the kernel cannot have becomes an altname" },
	[EK_IPV4] = { "ipv4", SHAPE_ANY, 0, NULL, "one address, or a list" },
	[EK_IPV6] = { "ipv6", SHAPE_ANY, 0, NULL, "one address, or a list" },
	[EK_MAC] = { "mac", SHAPE_STRING, 0, NULL, "default: random, aa:c1:ab:..." },
	[EK_NODE] = { "node", SHAPE_STRING, 0, NULL, "its name; `host` is the host itself" },
	[EK_VARS] = { "vars", SHAPE_ANY, KEY_SILENT, NULL, "variables for `containerlab config`" },
};
static_assert(ARRAY_SIZE(end_keys) == _EK_MAX, "one a key");
const struct schema end_schema = { end_keys, ARRAY_SIZE(end_keys) };

static const struct schema_key impair_keys[] = {
	[IMPAIR_DELAY] = { "delay", SHAPE_STRING, KEY_OWN, NULL, "10ms" },
	[IMPAIR_JITTER] = { "jitter", SHAPE_STRING, KEY_OWN, NULL, "2ms" },
	[IMPAIR_LOSS] = { "loss", SHAPE_STRING, KEY_OWN, NULL, "percent of the packets" },
	[IMPAIR_RATE] = { "rate", SHAPE_STRING, KEY_OWN, NULL, "kbit/s, or 100mbit" },
	[IMPAIR_CORRUPTION] = { "corruption", SHAPE_STRING, KEY_OWN, NULL, "percent of the packets" },
};
static_assert(ARRAY_SIZE(impair_keys) == _IMPAIR_KEY_MAX, "one a key");
const struct schema impair_schema = { impair_keys, ARRAY_SIZE(impair_keys) };

/* What `type:` may say. A brief link, which has none, is a veth's whose ends may be of another type. */
#define K(key)	     (1U << LK_##key)
#define COMMON	     (K(IMPAIRMENTS) | K(LABELS) | K(MTU) | K(TYPE) | K(VARS))
#define TUNNEL_NEEDS (K(ENDPOINT) | K(REMOTE) | K(VNI))
#define TUNNEL_TAKES (K(DST_PORT) | K(SRC_PORT) | K(UDP_PORT) | K(PARENT_INTERFACE))

static const struct form {
	const char *name;
	enum link_type type;
	bool host; /* the other end is the node "host" */
	unsigned needs, takes;
} forms[] = {
	{ "veth", LINK_VETH, false, K(ENDPOINTS), K(IPV4) | K(IPV6) },
	{ "veth-stitch", LINK_VETH_STITCH, false, K(ENDPOINTS), 0 },
	{ "host", LINK_VETH, true, K(ENDPOINT) | K(HOST_INTERFACE), 0 },
	{ "mgmt-net", LINK_MGMT_NET, false, K(ENDPOINT) | K(HOST_INTERFACE), 0 },
	{ "macvlan", LINK_MACVLAN, false, K(ENDPOINT) | K(HOST_INTERFACE), K(MODE) },
	{ "dummy", LINK_DUMMY, false, K(ENDPOINT), 0 },
	{ "vxlan", LINK_VXLAN, false, TUNNEL_NEEDS, TUNNEL_TAKES },
	{ "vxlan-stitch", LINK_VXLAN_STITCH, false, TUNNEL_NEEDS, TUNNEL_TAKES },
};
static const struct form *const form_veth = &forms[0];

/* ---- endpoints ---- */

/* The type that a name in a brief link stands for, unless a node has it; LINK_VETH: none. */
static enum link_type type_of_end(const struct loader *l, const char *node)
{
	if (lab_find_node(l->lab, node) != LAB_INDEX_NONE)
		return LINK_VETH;
	if (strcmp(node, link_type_names[LINK_MACVLAN]) == 0)
		return LINK_MACVLAN;
	return strcmp(node, link_type_names[LINK_MGMT_NET]) == 0 ? LINK_MGMT_NET : LINK_VETH;
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
	for (size_t i = 0; i < l->lab->n_nodes && diag_wants_hints(l->d); i++)
		suggest_try(&sg, l->lab->nodes[i].name);
	diag_error(l->d, pos, suggest_hint(l, &sg), "there is no node '%s'", name);
	return LAB_INDEX_NONE;
}

/*
 * An interface's name: the kernel's own, and where it cannot have that one, containerlab's way out: a name made up for the
 * kernel, and the real one, with '-' for '/', as an altname.
 */
static void set_ifname(struct loader *l, const char *owner, const char *name, struct endpoint *ret)
{
	uint32_t hash = 2166136261U;
	char *alt;

	ret->name = ret->ifname = arena_strdup(l->a, name);
	if (name_fits_if(name))
		return;
	for (const char *p = arena_printf(&l->scratch, "%s:%s", owner, name); *p; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619U;
	ret->ifname = arena_printf(l->a, "clab-%08x", hash);
	ret->altname = alt = arena_strdup(l->a, name);
	for (; *alt; alt++)
		if (*alt == '/')
			*alt = '-';
}

/* @node and @ifname into @ret. Return: whether both are good. */
static bool set_end(struct loader *l, const char *node, const char *ifname, struct pos pos, struct endpoint *ret)
{
	const char *wrong = name_check_end(ifname);

	if (wrong)
		diag_error(l->d, pos, NULL, "interface name '%s' %s", ifname, wrong);
	ret->node = find_node(l, node, pos);
	ret->pos = pos;
	set_ifname(l, node, wrong ? "" : ifname, ret);
	return !wrong && ret->node != LAB_INDEX_NONE;
}

/* The other end of a link that has only one: an interface that is no node's. */
static void set_far_end(struct loader *l, const char *ifname, struct pos pos, struct link *link)
{
	link->end[1].node = LAB_INDEX_NONE;
	link->end[1].pos = pos;
	/* What exists already has the name that it has; an altname finds it, too. */
	if (link->type == LINK_MGMT_NET)
		set_ifname(l, "mgmt-net", ifname, &link->end[1]);
	else
		link->end[1].name = link->end[1].ifname = arena_strdup(l->a, ifname);
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

static void read_impairments(struct loader *l, const struct value *v, struct impair *ret)
{
	const struct value *keys[_IMPAIR_KEY_MAX];
	const size_t errors = l->d->n_errors;
	struct error e = { 0 };

	if (!v)
		return;
	*ret = (struct impair){ 0 };
	schema_read(l, v, SCHEMA(impair_keys), "'impairments'", keys);
	for (size_t i = 0; i < _IMPAIR_KEY_MAX; i++)
		if (keys[i] && impair_parse(ret, (enum impair_key)i, keys[i]->text, &e) < 0)
			diag_error(l->d, keys[i]->pos, NULL, "%s", e.msg);
	if (l->d->n_errors == errors && impair_check(ret, &e) < 0)
		diag_error(l->d, v->pos, NULL, "%s", e.msg);
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
	read_impairments(l, keys[EK_IMPAIRMENTS], &ret->impair);
	return set_end(l, keys[EK_NODE]->text, keys[EK_INTERFACE]->text, v->pos, ret);
}

/* "node:interface" into its parts, in the scratch arena; reports what is not that. */
static bool split_end(struct loader *l, const struct value *v, const char **ret_node, const char **ret_ifname)
{
	const char *colon = strchr(value_string(v), ':');

	if (!colon || colon == v->text || !colon[1]) {
		diag_error(l->d, v->pos, NULL, "an endpoint is written node:interface%s%s%s",
			   value_is_set(v) ? ", not '" : "", value_string(v), value_is_set(v) ? "'" : "");
		return false;
	}
	*ret_node = arena_strndup(&l->scratch, v->text, (size_t)(colon - v->text));
	*ret_ifname = colon + 1;
	return true;
}

/* ---- links ---- */

/* One of two endpoints; in a brief link it may also be what makes the link one of another type. */
static bool read_end(struct loader *l, const struct value *v, bool brief, struct link *link, size_t at)
{
	const char *node, *ifname, *wrong;
	enum link_type type;

	if (v->type == VALUE_MAP)
		return read_end_map(l, v, &link->end[at]);
	if (!split_end(l, v, &node, &ifname))
		return false;
	type = brief ? type_of_end(l, node) : LINK_VETH;
	if (type == LINK_VETH)
		return set_end(l, node, ifname, v->pos, &link->end[at]);
	wrong = name_check_end(ifname);
	if (wrong)
		diag_error(l->d, v->pos, NULL, "interface name '%s' %s", ifname, wrong);
	if (link->type != LINK_VETH)
		diag_error(l->d, v->pos, NULL, "one end of a link must be a node's");
	if (wrong || link->type != LINK_VETH)
		return false;
	link->type = type;
	link->end[at].node = LAB_INDEX_NONE;
	link->end[at].ifname = arena_strdup(&l->scratch, ifname);
	link->end[at].pos = v->pos;
	return true;
}

static bool read_ends(struct loader *l, const struct value *v, const struct value *ends, bool brief, struct link *link)
{
	bool ok = true;

	if (!ends || ends->n != ARRAY_SIZE(link->end)) {
		diag_error(l->d, ends ? ends->pos : v->pos, NULL, "a link needs two endpoints, not %zu",
			   ends ? ends->n : 0);
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(link->end); i++)
		ok &= read_end(l, ends->items[i], brief, link, i);
	return ok;
}

/* Puts the node's end first. */
static void order_ends(struct loader *l, struct link *link)
{
	const size_t far = link->end[0].node == LAB_INDEX_NONE ? 0 : 1;
	const struct endpoint other = link->end[far];

	if (link->type != LINK_MGMT_NET && link->type != LINK_MACVLAN)
		return;
	if (other.n_addrs)
		diag_error(l->d, other.pos, NULL, "'%s:%s' has no address: it is no node's",
			   link_type_names[link->type], other.ifname);
	if (far == 0)
		link->end[0] = link->end[1];
	link->end[1] = (struct endpoint){ 0 };
	set_far_end(l, other.ifname, other.pos, link);
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

/* What `type:` says, NULL when that is nothing known, which is reported. */
static const struct form *find_form(struct loader *l, const struct value *link)
{
	const struct value *type = value_get(link, "type");
	struct suggest sg = { .word = value_string(type) };

	if (!type || type->type == VALUE_NULL)
		return form_veth;
	if (type->type != VALUE_SCALAR) {
		(void)shape_check(l, type, SHAPE_STRING, "type");
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (strcmp(type->text, forms[i].name) == 0)
			return &forms[i];
		suggest_try(&sg, forms[i].name);
	}
	if (!*type->text)
		return form_veth;
	diag_error(l->d, type->pos, suggest_hint(l, &sg), "unknown link type '%s'", type->text);
	return NULL;
}

/* Whether the keys are those of the type; reported when not. */
static bool check_form(struct loader *l, const struct value *v, const struct form *form,
		       const struct value *const *keys)
{
	const unsigned allowed = form->needs | form->takes | COMMON;
	bool ok = true;

	for (size_t i = 0; i < _LK_MAX; i++) {
		if (keys[i] && !(allowed & 1U << i)) {
			diag_error(l->d, keys[i]->pos, NULL, "'%s' means nothing in a link of type %s",
				   link_keys[i].name, form->name);
			ok = false;
		}
		if (!keys[i] && (form->needs & 1U << i) && i != LK_ENDPOINTS && !value_get(v, link_keys[i].name)) {
			diag_error(l->d, v->pos, NULL, "a link of type %s needs '%s'", form->name, link_keys[i].name);
			ok = false;
		}
		ok &= keys[i] || !(form->needs & 1U << i) || i == LK_ENDPOINTS;
	}
	return ok;
}

static void read_tunnel(struct loader *l, const struct value *const *keys, struct link *link)
{
	const struct value *port = keys[LK_DST_PORT] ? keys[LK_DST_PORT] : keys[LK_UDP_PORT];
	struct inprefix *remote = &link->remote;

	if (inprefix_parse(keys[LK_REMOTE]->text, remote) < 0 || remote->len != inprefix_bits(remote))
		diag_error(l->d, keys[LK_REMOTE]->pos, NULL, "'%s' is not an IP address", keys[LK_REMOTE]->text);
	link->vni = (uint32_t)value_int(keys[LK_VNI], 0);
	link->dst_port = (uint16_t)value_int(port, VXLAN_PORT);
	link->src_port = (uint16_t)value_int(keys[LK_SRC_PORT], 0);
}

/* What a type with one endpoint has. */
static bool read_single(struct loader *l, const struct form *form, const struct value *const *keys, struct link *link)
{
	const struct value *far = keys[LK_HOST_INTERFACE] ? keys[LK_HOST_INTERFACE] : keys[LK_PARENT_INTERFACE];
	bool ok = read_end_map(l, keys[LK_ENDPOINT], &link->end[0]);

	if (form->host)
		return set_end(l, "host", far->text, far->pos, &link->end[1]) && ok;
	set_far_end(l, value_string(far), far ? far->pos : keys[LK_ENDPOINT]->pos, link);
	for (size_t i = 0; keys[LK_MODE] && i < _MACVLAN_MAX; i++)
		if (strcmp(keys[LK_MODE]->text, macvlan_mode_names[i]) == 0)
			link->macvlan = (enum macvlan_mode)i;
	if (form->needs & K(REMOTE))
		read_tunnel(l, keys, link);
	return ok;
}

static void share_impairments(struct loader *l, const struct value *v, struct link *link)
{
	struct impair im = { 0 };

	read_impairments(l, v, &im);
	for (size_t i = 0; i < ARRAY_SIZE(link->end); i++)
		if (link->end[i].node != LAB_INDEX_NONE && impair_is_none(&link->end[i].impair))
			link->end[i].impair = im;
}

static void read_link(struct loader *l, const struct value *v)
{
	const struct value *keys[_LK_MAX];
	struct link link = { .pos = v->pos };
	const size_t errors = l->d->n_errors;
	const struct form *form = find_form(l, v);
	bool ok;

	if (!form)
		return;
	link.type = form->type;
	schema_read(l, v, SCHEMA(link_keys), "a link", keys);
	if (!keys[LK_ENDPOINTS] && (form->needs & K(ENDPOINTS)) && l->d->n_errors != errors)
		return;
	if (!check_form(l, v, form, keys))
		return;
	if (form->needs & K(ENDPOINTS))
		ok = read_ends(l, v, keys[LK_ENDPOINTS], !keys[LK_TYPE], &link);
	else
		ok = read_single(l, form, keys, &link);
	if (!ok)
		return;
	read_link_addresses(l, keys[LK_IPV4], AF_INET, &link);
	read_link_addresses(l, keys[LK_IPV6], AF_INET6, &link);
	link.mtu = (uint32_t)value_int(keys[LK_MTU], 0);
	if (form == form_veth)
		order_ends(l, &link);
	share_impairments(l, keys[LK_IMPAIRMENTS], &link);
	*ARENA_PUSH(l->a, l->lab->links, l->lab->n_links) = link;
}

void links_read(struct loader *l, const struct value *v)
{
	for (size_t i = 0; v && i < v->n; i++)
		read_link(l, v->items[i]);
}
