// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mgmt.c - `mgmt:`, the management network, and the static addresses that nodes have on it
 *
 * Owns the keys, and what can be said of addresses before a subnet is chosen. Which subnet is free is for those
 * who can see the host.
 */
#include <arpa/inet.h>
#include <string.h>

#include "topology/names.h"
#include "topology/topology.h"

#define DEFAULT_V4 "172.20.20.0/24"
#define DEFAULT_V6 "3fff:172:20:20::/64"

enum mgmt_key {
	MK_NETWORK,
	MK_BRIDGE,
	MK_IPV4_SUBNET,
	MK_IPV6_SUBNET,
	MK_IPV4_GW,
	MK_IPV6_GW,
	MK_IPV4_RANGE,
	MK_IPV6_RANGE,
	MK_MTU,
	MK_EXTERNAL_ACCESS,
	MK_SKIP_WHEN_UNUSED,
	MK_DRIVER_OPTS,
	MK_OLD_IPV4_SUBNET,
	MK_OLD_IPV6_SUBNET,
	_MK_MAX,
};

static void check_network(struct loader *l, const struct value *v)
{
	const char *wrong = *v->text ? name_check_lab(v->text) : NULL;

	if (wrong)
		diag_error(l->d, v->pos, NULL, "the management network's name '%s' %s", v->text, wrong);
}

static void check_bridge(struct loader *l, const struct value *v)
{
	const char *wrong = *v->text ? name_check_if(v->text) : NULL;

	if (wrong)
		diag_error(l->d, v->pos, NULL, "the management bridge's name '%s' %s", v->text, wrong);
}

static void check_mtu(struct loader *l, const struct value *v)
{
	const int64_t mtu = value_int(v, 0);

	if (mtu && (mtu < 68 || mtu > 65535))
		diag_error(l->d, v->pos, NULL, "an MTU is a number from 68 to 65535, not %lld", (long long)mtu);
}

static const struct schema_key mgmt_keys[] = {
	[MK_NETWORK] = { "network", SHAPE_STRING, 0, check_network, "its name" },
	[MK_BRIDGE] = { "bridge", SHAPE_STRING, 0, check_bridge,
		"name of the bridge; one that is there already is used as it is" },
	[MK_IPV4_SUBNET] = { "ipv4-subnet", SHAPE_STRING, 0, NULL, "default 172.20.20.0/24; `auto`; \"\" for none" },
	[MK_IPV6_SUBNET] = { "ipv6-subnet", SHAPE_STRING, 0, NULL,
		"default 3fff:172:20:20::/64; `auto`; \"\" for none" },
	[MK_IPV4_GW] = { "ipv4-gw", SHAPE_STRING, 0, NULL, "the bridge's address; default: the first one" },
	[MK_IPV6_GW] = { "ipv6-gw", SHAPE_STRING, 0, NULL, "the bridge's address; default: the first one" },
	[MK_IPV4_RANGE] = { "ipv4-range", SHAPE_STRING, 0, NULL, "where dynamic addresses come from" },
	[MK_IPV6_RANGE] = { "ipv6-range", SHAPE_STRING, 0, NULL, "where dynamic addresses come from" },
	[MK_MTU] = { "mtu", SHAPE_UINT, 0, check_mtu, "of bridge and eth0, default 1500" },
	[MK_EXTERNAL_ACCESS] = { "external-access", SHAPE_BOOL, 0, NULL,
		"masquerading towards the outside, default true" },
	[MK_SKIP_WHEN_UNUSED] = { "skip-when-unused", SHAPE_BOOL, 0, NULL, "no network when no node is on it" },
	[MK_DRIVER_OPTS] = { "driver-opts", SHAPE_ANY, KEY_IGNORED, NULL, "Docker's" },
	[MK_OLD_IPV4_SUBNET] = { "ipv4_subnet", SHAPE_STRING, KEY_LEGACY, NULL, "old spelling of ipv4-subnet" },
	[MK_OLD_IPV6_SUBNET] = { "ipv6_subnet", SHAPE_STRING, KEY_LEGACY, NULL, "old spelling of ipv6-subnet" },
};
static_assert(ARRAY_SIZE(mgmt_keys) == _MK_MAX, "one a key");
const struct schema mgmt_schema = { mgmt_keys, ARRAY_SIZE(mgmt_keys) };

/* One of the two address families. */
struct family {
	int af;
	const char *name, *fallback;
	unsigned max_len; /* the smallest subnet has room for a gateway and a node */
	enum mgmt_key subnet, old_subnet, gw, range;
};

static const struct family families[] = {
	{ AF_INET, "IPv4", DEFAULT_V4, 30, MK_IPV4_SUBNET, MK_OLD_IPV4_SUBNET, MK_IPV4_GW, MK_IPV4_RANGE },
	{ AF_INET6, "IPv6", DEFAULT_V6, 126, MK_IPV6_SUBNET, MK_OLD_IPV6_SUBNET, MK_IPV6_GW, MK_IPV6_RANGE },
};

static struct mgmt_family *family_of(struct mgmt *m, const struct family *f)
{
	return f->af == AF_INET ? &m->v4 : &m->v6;
}

void mgmt_defaults(struct mgmt *m)
{
	*m = (struct mgmt){ .network = "clab", .external_access = true };
}

/* The subnet when it can be told now: given, or the default one. */
static bool known_subnet(const struct mgmt_family *m, const struct family *f, struct inprefix *ret)
{
	if (m->mode == SUBNET_GIVEN)
		*ret = m->subnet;
	else if (m->mode == SUBNET_DEFAULT)
		(void)inprefix_parse(f->fallback, ret);
	return m->mode == SUBNET_GIVEN || m->mode == SUBNET_DEFAULT;
}

static void read_subnet(struct loader *l, const struct value *v, const struct family *f, struct mgmt_family *m)
{
	m->pos = v->pos;
	m->mode = SUBNET_DISABLED;
	if (!*v->text)
		return;
	m->mode = SUBNET_AUTO;
	if (strcmp(v->text, "auto") == 0)
		return;
	if (!strchr(v->text, '/') || inprefix_parse(v->text, &m->subnet) < 0 || m->subnet.family != f->af) {
		diag_error(l->d, v->pos, NULL, "'%s' is not an %s subnet (ADDRESS/LENGTH, auto, or \"\" for none)",
			   v->text, f->name);
		return;
	}
	if (m->subnet.len > f->max_len) {
		diag_error(l->d, v->pos, NULL, "the management subnet %s has no room for a gateway and a node",
			   v->text);
		return;
	}
	m->subnet = inprefix_network(&m->subnet);
	m->mode = SUBNET_GIVEN;
}

/* Unset: the default when the other family says nothing either or is switched off, else none (containerlab). */
static void read_family(struct loader *l, const struct value *const *keys, const struct family *f,
			const struct family *other)
{
	struct mgmt_family *m = family_of(&l->lab->mgmt, f);
	const struct value *v = keys[f->subnet] ? keys[f->subnet] : keys[f->old_subnet];
	const struct value *o = keys[other->subnet] ? keys[other->subnet] : keys[other->old_subnet];

	if (v)
		read_subnet(l, v, f, m);
	else
		m->mode = value_is_set(o) ? SUBNET_DISABLED : SUBNET_DEFAULT;
}

/* A gateway or a range: inside the subnet, as far as that is known. */
static void read_inside(struct loader *l, const struct value *v, const struct family *f, bool range,
			struct inprefix *ret)
{
	const struct mgmt_family *m = family_of(&l->lab->mgmt, f);
	const char *what = range ? "range" : "gateway";
	struct inprefix p, subnet;

	if (!value_is_set(v))
		return;
	if (inprefix_parse(v->text, &p) < 0 || p.family != f->af || (strchr(v->text, '/') != NULL) != range) {
		diag_error(l->d, v->pos, NULL, "'%s' is not an %s %s", v->text, f->name,
			   range ? "prefix (ADDRESS/LENGTH)" : "address");
		return;
	}
	if (m->mode == SUBNET_DISABLED)
		diag_error(l->d, v->pos, NULL, "a %s, but the management network has no %s subnet", what, f->name);
	else if (known_subnet(m, f, &subnet) && (!inprefix_contains(&subnet, &p) || (range && p.len < subnet.len)))
		diag_error(l->d, v->pos, NULL, "the management %s %s lies outside its subnet", what, v->text);
	else
		*ret = range ? inprefix_network(&p) : p;
}

void mgmt_read(struct loader *l, const struct value *v)
{
	const struct value *keys[_MK_MAX];
	struct mgmt *m = &l->lab->mgmt;

	mgmt_defaults(m);
	schema_read(l, v, SCHEMA(mgmt_keys), "'mgmt'", keys);
	m->pos = v ? v->pos : (struct pos){ .file = l->lab->file };
	if (value_is_set(keys[MK_NETWORK]))
		m->network = arena_strdup(l->a, keys[MK_NETWORK]->text);
	if (value_is_set(keys[MK_BRIDGE])) {
		m->bridge = arena_strdup(l->a, keys[MK_BRIDGE]->text);
		m->bridge_pos = keys[MK_BRIDGE]->pos;
	}
	m->mtu = (uint32_t)value_int(keys[MK_MTU], 0);
	m->external_access = value_bool(keys[MK_EXTERNAL_ACCESS], true);
	m->skip_when_unused = value_bool(keys[MK_SKIP_WHEN_UNUSED], false);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		read_family(l, keys, &families[i], &families[1 - i]);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		struct mgmt_family *f = family_of(m, &families[i]);

		read_inside(l, keys[families[i].gw], &families[i], false, &f->gw);
		read_inside(l, keys[families[i].range], &families[i], true, &f->range);
	}
}

/* What is wrong with a static address of a node in this subnet, or NULL. */
static const char *address_wrong(const struct mgmt_family *m, const struct inprefix *subnet,
				 const struct inprefix *addr)
{
	struct inprefix gw = m->gw.family ? m->gw : inprefix_host(subnet, 1);
	struct inprefix last = inprefix_host(subnet, subnet->family == AF_INET ? (1ULL << (32 - subnet->len)) - 1 : 0);

	if (!inprefix_contains(subnet, addr))
		return "lies outside the management subnet";
	if (inprefix_same_addr(&gw, addr))
		return "is the management gateway's";
	if (inprefix_same_addr(subnet, addr) || inprefix_same_addr(&last, addr))
		return "is the management subnet's own";
	return NULL;
}

static void check_address(struct loader *l, const struct family *f, const struct node *n, struct strmap *seen)
{
	const struct inprefix *addr = f->af == AF_INET ? &n->mgmt_ipv4 : &n->mgmt_ipv6;
	const struct pos pos = f->af == AF_INET ? n->mgmt_ipv4_pos : n->mgmt_ipv6_pos;
	const struct mgmt_family *m = family_of(&l->lab->mgmt, f);
	char text[INPREFIX_STRLEN], net[INPREFIX_STRLEN];
	struct inprefix subnet;
	const char *wrong;

	if (!addr->family)
		return;
	(void)inprefix_addr_str(addr, text);
	if (!strmap_put(seen, arena_strdup(&l->scratch, text), (size_t)(n - l->lab->nodes)))
		diag_error(l->d, pos, NULL, "%s is the management address of node '%s' already", text,
			   l->lab->nodes[strmap_get(seen, text)].name);
	if (m->mode == SUBNET_DISABLED)
		diag_error(l->d, pos, NULL, "the management network has no %s subnet", f->name);
	if (!known_subnet(m, f, &subnet))
		return;
	wrong = address_wrong(m, &subnet, addr);
	if (wrong)
		diag_error(l->d, pos, NULL, "%s %s (%s)", text, wrong, inprefix_str(&subnet, net));
}

void mgmt_check_nodes(struct loader *l)
{
	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		_cleanup_strmap_ struct strmap seen = { 0 };

		for (size_t i = 0; i < l->lab->n_nodes; i++)
			check_address(l, &families[f], &l->lab->nodes[i], &seen);
	}
}
