// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mgmt.c - which subnet, which gateway, which address
 *
 * Owns the arithmetic of the management network; refuses to know how it is built.
 */
#include "plan/mgmt.h"

#include <arpa/inet.h>
#include <string.h>

struct family {
	const struct mgmt_family *wish;
	struct inprefix *subnet, *gw; /* of the plan */
	const char *name; /* "IPv4" */
	const char *def[_LAB_TYPE_MAX];
};

bool mgmt_wants_eth0(const struct node *n)
{
	return n->kind == NODE_LINUX && n->net_mode == NET_MGMT;
}

static const struct inprefix *node_static(const struct node *n, int family)
{
	return family == AF_INET ? &n->mgmt_ipv4 : &n->mgmt_ipv6;
}

static struct inprefix *node_addr(struct plan_node *n, int family)
{
	return family == AF_INET ? &n->ipv4 : &n->ipv6;
}

static size_t count_eth0(const struct lab *lab, int family, bool *ret_any_static)
{
	size_t n = 0;

	*ret_any_static = false;
	for (size_t i = 0; i < lab->n_nodes; i++) {
		if (!mgmt_wants_eth0(&lab->nodes[i]))
			continue;
		n++;
		if (node_static(&lab->nodes[i], family)->family)
			*ret_any_static = true;
	}
	/* A port of the bridge is a reason for it, too, and may get an address by hand. */
	for (size_t i = 0; i < lab->n_links; i++)
		n += lab->links[i].type == LINK_MGMT_NET;
	return n;
}

/* Who holds a prefix which overlaps @net, or NULL. The bridge that the lab is to use does not count. */
static const char *subnet_holder(const struct plan_env *env, const struct inprefix *net, const char *own)
{
	for (size_t i = 0; i < env->n_taken; i++)
		if (env->taken[i].prefix.len && inprefix_overlap(&env->taken[i].prefix, net) &&
		    !(own && strcmp(env->taken[i].dev, own) == 0))
			return env->taken[i].holder;
	for (size_t i = 0; i < env->n_leave; i++)
		if (inprefix_overlap(&env->leave[i], net))
			return "another lab of this run";
	return NULL;
}

/* Makes @net large enough for @n nodes, gateway, network and broadcast address. */
static void subnet_widen(struct inprefix *net, size_t n)
{
	while (inprefix_bits(net) - net->len < 32 && (1ULL << (inprefix_bits(net) - net->len)) < n + 4 && net->len > 8)
		net->len--;
	*net = inprefix_network(net);
}

static void notice(struct plan *p, const char *text)
{
	p->notice = p->notice ? arena_printf(&p->arena, "%s; %s", p->notice, text) : text;
}

static struct inprefix subnet_default(struct plan *p, const struct plan_env *env, const struct family *f, size_t n)
{
	char was[INPREFIX_STRLEN], now[INPREFIX_STRLEN];
	struct inprefix net = { 0 }, first;
	const char *holder;

	(void)inprefix_parse(f->def[p->lab->type], &net);
	first = net;
	subnet_widen(&net, n);
	holder = subnet_holder(env, &net, NULL);
	for (int tries = 0; tries < 65536 && subnet_holder(env, &net, NULL); tries++)
		net = inprefix_next_net(&net);
	if (holder)
		notice(p, arena_printf(&p->arena, "management subnet %s is taken by %s, using %s", inprefix_str(&first, was),
				       holder, inprefix_str(&net, now)));
	else if (net.len != first.len)
		notice(p, arena_printf(&p->arena, "management subnet %s is too small for the nodes, using %s",
				       inprefix_str(&first, was), inprefix_str(&net, now)));
	return net;
}

/* The address of a bridge of the host that the lab is to use, when it has one in @family. */
static const struct inprefix *bridge_addr(const struct plan_env *env, const char *bridge, int family)
{
	for (size_t i = 0; bridge && i < env->n_taken; i++)
		if (env->taken[i].prefix.family == family && strcmp(env->taken[i].dev, bridge) == 0 &&
		    env->taken[i].prefix.len < inprefix_bits(&env->taken[i].prefix))
			return &env->taken[i].prefix;
	return NULL;
}

static bool bridge_exists(const struct plan_env *env, const char *bridge)
{
	for (size_t i = 0; bridge && i < env->n_bridges; i++)
		if (strcmp(env->bridges[i], bridge) == 0)
			return true;
	return false;
}

static void subnet_given(struct plan *p, const struct plan_env *env, const struct family *f, size_t n, struct diag *d)
{
	const struct mgmt *m = &p->lab->mgmt;
	const char *own = bridge_exists(env, m->bridge) ? m->bridge : NULL;
	char buf[INPREFIX_STRLEN];
	const char *holder;

	*f->subnet = inprefix_network(&f->wish->subnet);
	holder = subnet_holder(env, f->subnet, own);
	if (holder)
		diag_error(d, f->wish->pos, "choose another subnet, or leave it out to get the next free one",
			   "management subnet %s is taken by %s", inprefix_str(f->subnet, buf), holder);
	if (inprefix_bits(f->subnet) - f->subnet->len < 32 &&
	    (1ULL << (inprefix_bits(f->subnet) - f->subnet->len)) < n + 2)
		diag_error(d, f->wish->pos, "give a shorter prefix length", "management subnet %s has no room for %zu nodes",
			   inprefix_str(f->subnet, buf), n);
}

static void family_subnet(struct plan *p, const struct plan_env *env, const struct family *f, int af, struct diag *d)
{
	const struct mgmt *m = &p->lab->mgmt;
	const bool both_unset = m->v4.mode == SUBNET_DEFAULT && m->v6.mode == SUBNET_DEFAULT;
	const bool join = bridge_exists(env, m->bridge);
	const struct inprefix *have = join ? bridge_addr(env, m->bridge, af) : NULL;
	bool fixed;
	const size_t n = count_eth0(p->lab, af, &fixed);

	if (n == 0 || f->wish->mode == SUBNET_DISABLED || (f->wish->mode == SUBNET_DEFAULT && !both_unset && !fixed && !have))
		return;
	if (join && !have && f->wish->mode != SUBNET_GIVEN && !fixed)
		return; /* the bridge's owner does not use this family */
	if (f->wish->mode == SUBNET_GIVEN) {
		subnet_given(p, env, f, n, d);
	} else if (have) {
		*f->subnet = inprefix_network(have);
	} else if (fixed) {
		const struct mgmt_family pinned = { .mode = SUBNET_GIVEN, .pos = m->pos };
		struct family g = *f;
		struct mgmt_family w = pinned;

		(void)inprefix_parse(f->def[p->lab->type], &w.subnet);
		g.wish = &w;
		subnet_given(p, env, &g, n, d);
	} else {
		*f->subnet = subnet_default(p, env, f, n);
	}
	if (f->wish->gw.family)
		*f->gw = f->wish->gw;
	else if (have && inprefix_contains(f->subnet, have))
		*f->gw = *have;
	else
		*f->gw = inprefix_host(f->subnet, 1);
	f->gw->len = f->subnet->len;
}

static bool addr_used(const struct plan *p, const struct inprefix *addr, const struct inprefix *gw, bool any_static)
{
	if (inprefix_same_addr(addr, gw))
		return true;
	for (size_t i = 0; any_static && i < p->lab->n_nodes; i++) {
		const struct inprefix *s = node_static(&p->lab->nodes[i], addr->family);

		if (s->family && inprefix_same_addr(s, addr))
			return true;
	}
	return false;
}

static void static_addr(struct plan *p, const struct family *f, size_t i, int af, struct diag *d)
{
	const struct node *n = &p->lab->nodes[i];
	const struct inprefix *want = node_static(n, af);
	const struct pos pos = af == AF_INET ? n->mgmt_ipv4_pos : n->mgmt_ipv6_pos;
	struct inprefix *out = node_addr(&p->nodes[i], af);
	char a[INPREFIX_STRLEN], b[INPREFIX_STRLEN];

	if (!inprefix_contains(f->subnet, want)) {
		diag_error(d, pos, "set mgmt's subnet so that it holds the address",
			   "management address %s of node '%s' is outside of %s", inprefix_addr_str(want, a), n->name,
			   inprefix_str(f->subnet, b));
		return;
	}
	if (inprefix_same_addr(want, f->gw))
		diag_error(d, pos, NULL, "management address %s of node '%s' is the gateway's", inprefix_addr_str(want, a),
			   n->name);
	for (size_t k = 0; k < i; k++)
		if (inprefix_same_addr(node_addr(&p->nodes[k], af), want) && node_static(&p->lab->nodes[k], af)->family)
			diag_error(d, pos, NULL, "management address %s of node '%s' is node '%s''s too",
				   inprefix_addr_str(want, a), n->name, p->lab->nodes[k].name);
	*out = *want;
	out->len = f->subnet->len;
}

/* Static addresses first, then the others in file order from the pool, as containerlab orders them. */
static void family_addresses(struct plan *p, const struct family *f, int af, struct diag *d)
{
	const struct inprefix *pool = f->wish->range.family ? &f->wish->range : f->subnet;
	uint64_t next = f->wish->range.family ? 0 : 2;
	bool any_static;

	(void)count_eth0(p->lab, af, &any_static);
	for (size_t i = 0; i < p->lab->n_nodes; i++)
		if (mgmt_wants_eth0(&p->lab->nodes[i]) && node_static(&p->lab->nodes[i], af)->family)
			static_addr(p, f, i, af, d);
	for (size_t i = 0; i < p->lab->n_nodes; i++) {
		struct inprefix addr;

		if (!mgmt_wants_eth0(&p->lab->nodes[i]) || node_static(&p->lab->nodes[i], af)->family)
			continue;
		do
			addr = inprefix_host(pool, next++);
		while (inprefix_contains(pool, &addr) && addr_used(p, &addr, f->gw, any_static));
		if (!inprefix_contains(pool, &addr)) {
			diag_error(d, f->wish->pos, "give a larger range", "no management address left for node '%s'",
				   p->lab->nodes[i].name);
			return;
		}
		addr.len = f->subnet->len;
		*node_addr(&p->nodes[i], af) = addr;
	}
}

void mgmt_assign(struct plan *p, const struct plan_env *env, struct diag *d)
{
	const struct mgmt *m = &p->lab->mgmt;
	const struct family v4 = { &m->v4, &p->v4, &p->gw4, "IPv4", { "172.20.20.0/24", "172.18.0.0/16" } };
	const struct family v6 = { &m->v6, &p->v6, &p->gw6, "IPv6", { "3fff:172:20:20::/64", "fc00:f853:ccd:e793::/64" } };

	family_subnet(p, env, &v4, AF_INET, d);
	if (p->v4.family)
		family_addresses(p, &v4, AF_INET, d);
	family_subnet(p, env, &v6, AF_INET6, d);
	if (p->v6.family)
		family_addresses(p, &v6, AF_INET6, d);
}
