// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * links.c - how each type of link is made
 *
 * Theory of Operation
 *
 * Nothing of a link is in the host's network namespace but what the file asks for by its name, and that is always the end
 * of a veth, which goes with its peer. A macvlan and a tunnel are born in the node's namespace, though what they send goes
 * through the host's: the request is made there. The ends that containerlab has on the host for stitched links and
 * management ports are in the lab's own namespace. So all of it dies with the lab's namespaces.
 *
 * A request made in the host's namespace may name neither an interface nor an index that the host has itself: older kernels
 * look for both there (link_create_veth() tells more). So those links have a name that nobody has until they are renamed,
 * and the kernel's index, for which they come last.
 */
#include <string.h>

#include "plan/plan_internal.h"

enum { TUNNEL_MTU4 = 1450, TUNNEL_MTU6 = 1430, NAME_MAX_15 = 15 };

/* ---- what is there ---- */

static bool in_words(const char *s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], s) == 0)
			return true;
	return false;
}

static bool kernel_lacks(const struct plan_env *env, const char *kind)
{
	return in_words(kind, env->missing, env->n_missing);
}

/* ifb is to its own node what dummy is: up, without ARP, and what it is given is gone. */
static const char *dummy_kind(const struct plan_env *env)
{
	if (!kernel_lacks(env, "dummy"))
		return "dummy";
	return kernel_lacks(env, "ifb") ? NULL : "ifb";
}

static void check_kind(const struct plan_env *env, const struct link *l, struct diag *d)
{
	const bool tunnel = l->type == LINK_VXLAN || l->type == LINK_VXLAN_STITCH;
	const char *kind = l->type == LINK_MACVLAN ? "macvlan" : tunnel ? "vxlan" : NULL;

	if ((l->type == LINK_VXLAN_STITCH || l->type == LINK_VETH_STITCH) && kernel_lacks(env, "mirred"))
		diag_error(d, l->pos, "see netemu probe",
			   "this kernel's tc cannot redirect packets (u32, mirred), which a link of type %s needs",
			   link_type_names[l->type]);
	if (l->type == LINK_DUMMY && !dummy_kind(env))
		diag_error(d, l->pos, "see netemu probe",
			   "this kernel has no dummy interfaces, and no ifb to stand for them");
	if (kind && kernel_lacks(env, kind))
		diag_error(d, l->pos, "see netemu probe", "this kernel has no %s, which a link of type %s needs", kind,
			   link_type_names[l->type]);
}

/* An interface of the host that the file names, which must be there. */
static int32_t host_if(struct plan *p, const struct plan_env *env, const struct endpoint *e, struct diag *d)
{
	if (env->host_links && !in_words(e->ifname, env->host_links, env->n_host_links))
		diag_error(d, e->pos, "ip -brief link lists those that it has", "the host has no interface '%s'",
			   e->ifname);
	return if_add(p, PLAN_NS_INDEX_HOST, e->ifname);
}

/* ---- ends ---- */

static int32_t endpoint_ns(const struct plan *p, const struct endpoint *e)
{
	const struct plan_node *n = &p->nodes[e->node];

	return n->bridge != PLAN_NONE ? (int32_t)p->ifs[n->bridge].ns : n->ns;
}

/* A MAC with containerlab's OUI: one a lab's endpoint, counted, so that no two in a lab are the same. */
static struct macaddr mac_of(const struct plan *p, size_t link, size_t end)
{
	const struct endpoint *e = &p->lab->links[link].end[end];
	const uint32_t v = hash32(p->lab->name, 0) + (uint32_t)(link * 2 + end);

	if (e->has_mac)
		return e->mac;
	return (struct macaddr){ { 0xaa, 0xc1, 0xab, (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v } };
}

/* The interface of an end that is a node's, with what is remembered of it. */
static int32_t end_add(struct plan *p, size_t link, size_t end)
{
	const struct endpoint *e = &p->lab->links[link].end[end];
	const int32_t ifc = if_add(p, endpoint_ns(p, e), e->ifname);

	p->links[link].end[end] = ifc;
	p->links[link].mac[end] = mac_of(p, link, end);
	return ifc;
}

/* The same in a request of the host's: the kernel chooses its index. */
static int32_t end_add_late(struct plan *p, size_t link)
{
	const int32_t ifc = end_add(p, link, 0);

	p->ifs[ifc].ifindex = 0;
	return ifc;
}

static void master_add(struct plan *p, size_t link, int32_t ifc, int32_t bridge)
{
	struct op *op;

	if (bridge == PLAN_NONE)
		return;
	op = op_add(p, OP_MASTER);
	op->a = ifc;
	op->b = bridge;
	op->link = (int32_t)link;
}

/* "ve-NODE_IF", or something as short as an interface's name must be. */
static const char *stitch_name(struct plan *p, const char *prefix, const struct endpoint *e)
{
	const char *name = arena_printf(&p->arena, "%s-%s_%s", prefix, p->lab->nodes[e->node].name, e->ifname);

	return strlen(name) <= NAME_MAX_15 ? name
					   : arena_printf(&p->arena, "%s-%08x", prefix, (unsigned)hash32(name, 0));
}

/* ---- veth ---- */

/*
 * Which end is the outer one of the message. The kernel honours the peer's ifindex only when the outer end has one
 * as well (veth_newlink() in drivers/net/veth.c), so that one is in a namespace whose indices we choose, if any is.
 * Else a bridge's: only the outer end can become a port at once.
 */
static size_t link_outer(const struct plan *p, const struct link *l)
{
	bool chosen[2], port[2];

	for (size_t k = 0; k < 2; k++) {
		chosen[k] = ns_is_ours(&p->ns[endpoint_ns(p, &l->end[k])]);
		port[k] = p->nodes[l->end[k].node].bridge != PLAN_NONE;
	}
	return chosen[0] != chosen[1] ? chosen[1] : port[1] && !port[0];
}

static void veth_link(struct plan *p, size_t i)
{
	const struct link *l = &p->lab->links[i];
	const size_t x = link_outer(p, l), y = !x;
	const int32_t a = end_add(p, i, x), b = end_add(p, i, y);
	struct op *op = veth_add(p, a, b, l->mtu ? l->mtu : LINK_MTU);

	op->link = (int32_t)i;
	op->mac_a = p->links[i].mac[x];
	op->mac_b = p->links[i].mac[y];
	op->c = p->nodes[l->end[x].node].bridge;
	master_add(p, i, b, p->nodes[l->end[y].node].bridge);
}

/* A pair whose far end is in the lab's own namespace. Return: that end. */
static int32_t lab_pair(struct plan *p, size_t i, size_t end, const char *far, int32_t bridge, uint32_t mtu)
{
	const int32_t a = if_add(p, PLAN_NS_INDEX_LAB, far), b = end_add(p, i, end);
	struct op *op = veth_add(p, a, b, mtu);

	op->link = (int32_t)i;
	op->mac_b = p->links[i].mac[end];
	op->mac_a = op->mac_b;
	op->mac_a.b[0] = 0xae; /* another one, as locally administered */
	op->c = bridge;
	master_add(p, i, b, p->nodes[p->lab->links[i].end[end].node].bridge);
	return a;
}

static void stitch_add(struct plan *p, size_t i, int32_t a, int32_t b)
{
	struct op *op = op_add(p, OP_STITCH);

	op->a = a;
	op->b = b;
	op->ns = PLAN_NS_INDEX_LAB;
	op->link = (int32_t)i;
}

static void veth_stitch(struct plan *p, size_t i)
{
	const struct link *l = &p->lab->links[i];
	int32_t far[2];

	for (size_t k = 0; k < 2; k++)
		far[k] = lab_pair(p, i, k, stitch_name(p, "ve", &l->end[k]), PLAN_NONE, l->mtu ? l->mtu : LINK_MTU);
	stitch_add(p, i, far[0], far[1]);
}

static void mgmt_link(struct plan *p, size_t i, struct diag *d)
{
	const struct link *l = &p->lab->links[i];
	/* A bridge has the MTU of its smallest port. */
	const uint32_t mtu = l->mtu ? l->mtu : p->lab->mgmt.mtu ? p->lab->mgmt.mtu : MGMT_MTU;

	if (p->mgmt_bridge == PLAN_NONE) {
		diag_error(d, l->end[1].pos, "give 'mgmt' a subnet",
			   "the lab has no management network for '%s' to be on", l->end[1].name);
		return;
	}
	p->links[i].end[1] = lab_pair(p, i, 0, l->end[1].ifname, p->mgmt_bridge, mtu);
}

/* ---- what comes last ---- */

static void rename_add(struct plan *p, size_t link, int32_t ifc, const char *from)
{
	struct op *op = op_add(p, OP_RENAME);

	op->link = (int32_t)link;
	op->a = ifc;
	op->ns = (int32_t)p->ifs[ifc].ns;
	op->value = from;
}

static const char *name_until(struct plan *p, const struct plan_env *env, size_t i)
{
	return arena_printf(&p->arena, "ne-%08x",
			    (unsigned)hash32(arena_printf(&p->arena, "%s link %zu", p->lab->name, i), env->seed));
}

static void macvlan_link(struct plan *p, const struct plan_env *env, size_t i, struct diag *d)
{
	const struct link *l = &p->lab->links[i];
	const char *until = name_until(p, env, i);
	const int32_t parent = host_if(p, env, &l->end[1], d), a = end_add_late(p, i);
	struct op *op = op_add(p, OP_MACVLAN);

	op->a = a;
	op->b = parent;
	op->link = (int32_t)i;
	op->mtu = l->mtu;
	op->mac_a = p->links[i].mac[0];
	op->key = macvlan_mode_names[l->macvlan];
	op->value = until;
	rename_add(p, i, a, until);
	master_add(p, i, a, p->nodes[l->end[0].node].bridge);
}

static uint32_t tunnel_mtu(const struct link *l)
{
	return l->mtu ? l->mtu : l->remote.family == AF_INET ? TUNNEL_MTU4 : TUNNEL_MTU6;
}

/* @ifc: the tunnel's interface, wherever that is */
static void tunnel_add(struct plan *p, const struct plan_env *env, size_t i, int32_t ifc, struct diag *d)
{
	const struct link *l = &p->lab->links[i];
	const int32_t parent = *l->end[1].ifname ? host_if(p, env, &l->end[1], d) : PLAN_NONE;
	const char *until = name_until(p, env, i);
	struct op *op = op_add(p, OP_VXLAN);

	op->a = ifc;
	op->b = parent;
	op->link = (int32_t)i;
	op->mtu = tunnel_mtu(l);
	op->mac_a = mac_of(p, i, l->type == LINK_VXLAN ? 0 : 1);
	op->value = until;
	rename_add(p, i, ifc, until);
}

static void vxlan_stitch(struct plan *p, const struct plan_env *env, size_t i, int32_t far, struct diag *d)
{
	const int32_t ifc = if_add(p, PLAN_NS_INDEX_LAB, stitch_name(p, "vx", &p->lab->links[i].end[0]));

	p->ifs[ifc].ifindex = 0;
	tunnel_add(p, env, i, ifc, d);
	stitch_add(p, i, far, ifc);
}

static void dummy_link(struct plan *p, size_t i)
{
	const struct link *l = &p->lab->links[i];
	const int32_t a = end_add(p, i, 0);
	struct op *op = op_add(p, OP_DUMMY);

	op->a = a;
	op->link = (int32_t)i;
	op->mtu = l->mtu ? l->mtu : LINK_MTU;
	op->mac_a = p->links[i].mac[0];
	op->key = p->dummy_kind;
	master_add(p, i, a, p->nodes[l->end[0].node].bridge);
}

static void link_first(struct plan *p, size_t i, int32_t *far, struct diag *d)
{
	const struct link *l = &p->lab->links[i];

	switch (l->type) {
	case LINK_VETH:
		veth_link(p, i);
		break;
	case LINK_VETH_STITCH:
		veth_stitch(p, i);
		break;
	case LINK_MGMT_NET:
		mgmt_link(p, i, d);
		break;
	case LINK_VXLAN_STITCH:
		*far = lab_pair(p, i, 0, stitch_name(p, "ve", &l->end[0]), PLAN_NONE, tunnel_mtu(l));
		break;
	case LINK_DUMMY:
		dummy_link(p, i);
		break;
	default:
		break;
	}
}

static void link_last(struct plan *p, const struct plan_env *env, size_t i, int32_t far, struct diag *d)
{
	const struct link *l = &p->lab->links[i];

	if (l->type == LINK_MACVLAN)
		macvlan_link(p, env, i, d);
	if (l->type == LINK_VXLAN_STITCH)
		vxlan_stitch(p, env, i, far, d);
	if (l->type != LINK_VXLAN)
		return;
	tunnel_add(p, env, i, end_add_late(p, i), d);
	master_add(p, i, p->links[i].end[0], p->nodes[l->end[0].node].bridge);
}

static void names_add(struct plan *p, size_t i)
{
	const struct link *l = &p->lab->links[i];
	const struct plan_link *pl = &p->links[i];

	for (size_t k = 0; k < 2; k++) {
		struct op *op;

		if (!l->end[k].altname || pl->end[k] == PLAN_NONE)
			continue;
		op = op_add(p, OP_ALTNAME);
		op->a = pl->end[k];
		op->ns = (int32_t)p->ifs[op->a].ns;
		op->link = (int32_t)i;
		op->key = l->end[k].altname;
		op->value = l->end[k].name;
	}
}

void links_plan(struct plan *p, const struct plan_env *env, struct diag *d)
{
	const struct lab *lab = p->lab;
	int32_t *far = arena_alloc(&p->arena, (lab->n_links + 1) * sizeof(*far));

	p->links = arena_alloc(&p->arena, (lab->n_links + 1) * sizeof(*p->links));
	for (size_t i = 0; i < lab->n_links; i++) {
		p->links[i] = (struct plan_link){ .end = { PLAN_NONE, PLAN_NONE } };
		check_kind(env, &lab->links[i], d);
		if (lab->links[i].type == LINK_DUMMY)
			p->dummy_kind = dummy_kind(env);
	}
	for (size_t i = 0; i < lab->n_links; i++)
		link_first(p, i, &far[i], d);
	for (size_t i = 0; i < lab->n_links; i++)
		link_last(p, env, i, far[i], d);
	for (size_t i = 0; i < lab->n_links; i++)
		names_add(p, i);
}

void links_addresses(struct plan *p)
{
	for (size_t i = 0; i < p->lab->n_links; i++)
		for (size_t k = 0; k < 2; k++) {
			const struct endpoint *e = &p->lab->links[i].end[k];

			for (size_t j = 0; j < e->n_addrs && p->links[i].end[k] != PLAN_NONE; j++)
				addr_add_op(p, p->links[i].end[k], &e->addrs[j])->link = (int32_t)i;
		}
}

static void impair_end(struct plan *p, const struct plan_env *env, size_t i, size_t end, struct diag *d)
{
	const struct link *l = &p->lab->links[i];
	const struct impair *im = &l->end[end].impair;
	const char *kind = im->delay_us || im->loss > 0 || im->corruption > 0 ? "netem" : "tbf";
	struct op *op;

	if (kernel_lacks(env, kind))
		diag_error(d, l->end[end].pos,
			   "leave out the impairments, or use a kernel that has it (see netemu probe)",
			   "this kernel has no %s, which the link's impairments need", kind);
	op = op_add(p, OP_IMPAIR);
	op->a = p->links[i].end[end];
	op->ns = (int32_t)p->ifs[op->a].ns;
	op->link = (int32_t)i;
	op->mtu = l->mtu ? l->mtu : LINK_MTU;
	op->impair = im;
}

void links_impair(struct plan *p, const struct plan_env *env, struct diag *d)
{
	for (size_t i = 0; i < p->lab->n_links; i++)
		for (size_t k = 0; k < 2; k++)
			if (p->links[i].end[k] != PLAN_NONE && !impair_is_none(&p->lab->links[i].end[k].impair))
				impair_end(p, env, i, k, d);
}
