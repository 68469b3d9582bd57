// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * linkcheck.c - which interface may be used where
 *
 * Owns what ties links together: one use of a name in a network namespace, one use of a tunnel's number, and which ends
 * would outlive the lab. Refuses to know how a link is written or made.
 */
#include <string.h>

#include "topology/topology.h"

/* Chains of container:X are one or two long; a longer one than this is cut. */
enum { OWNER_HOPS_MAX = 64 };

/* The node whose network namespace @node lives in. */
static const struct node *owner_of(const struct lab *lab, int32_t node)
{
	const struct node *n = &lab->nodes[node];

	for (size_t hops = 0; n->net_node != LAB_INDEX_NONE && hops < OWNER_HOPS_MAX; hops++)
		n = &lab->nodes[n->net_node];
	return n;
}

/* A name for the network namespace that an end is in. Bridges' ports share one: that of the lab's bridges. */
static const char *namespace_of(struct loader *l, const struct endpoint *e)
{
	const struct node *n;

	if (e->node == LAB_INDEX_NONE)
		return "bridge"; /* a port of the management network's */
	n = owner_of(l->lab, e->node);
	if (n->kind == NODE_BRIDGE)
		return "bridge";
	if (n->net_mode == NET_HOST)
		return "host";
	if (n->net_mode == NET_CONTAINER)
		return arena_printf(&l->scratch, "container %s", n->net_target);
	return arena_printf(&l->scratch, "node %s", n->name);
}

static const char *end_node(const struct loader *l, const struct endpoint *e)
{
	return e->node == LAB_INDEX_NONE ? link_type_names[LINK_MGMT_NET] : l->lab->nodes[e->node].name;
}

static void check_end(struct loader *l, const struct endpoint *e, struct strmap *used, const struct endpoint **ends,
		      size_t i)
{
	const char *name = e->altname ? e->altname : e->ifname;
	const char *key = arena_printf(&l->scratch, "%s:%s", namespace_of(l, e), name);
	const struct node *owner = e->node == LAB_INDEX_NONE ? NULL : owner_of(l->lab, e->node);

	ends[i] = e;
	if (!strmap_put(used, key, i)) {
		const struct endpoint *first = ends[strmap_get(used, key)];

		diag_error(l->d, e->pos, NULL, "interface '%s:%s' is used already, by '%s:%s' on line %u, column %u",
			   end_node(l, e), e->name, end_node(l, first), first->name, first->pos.line, first->pos.col);
	}
	if (owner && owner->kind == NODE_LINUX && owner->net_mode != NET_NONE &&
	    l->lab->nodes[e->node].kind != NODE_HOST && strcmp(e->ifname, "eth0") == 0)
		diag_error(l->d, e->pos, "use another name, or set 'network-mode: none'",
			   "eth0 of node '%s' is the management network's", l->lab->nodes[e->node].name);
}

/* Whether the interface itself is made in a namespace that is not the lab's, where nothing would take it away. */
static void check_lasting(struct loader *l, const struct link *k)
{
	const struct node *n = owner_of(l->lab, k->end[0].node);

	if (k->type != LINK_MACVLAN && k->type != LINK_DUMMY && k->type != LINK_VXLAN)
		return;
	if (n->net_mode == NET_HOST || n->net_mode == NET_CONTAINER)
		diag_error(
			l->d, k->end[0].pos, "use a veth (to the host: type: host), which goes when its other end does",
			"a %s cannot be made in node '%s': its network namespace is not the lab's, and would keep it",
			link_type_names[k->type], l->lab->nodes[k->end[0].node].name);
}

/* The host has one tunnel of a number and port. */
static void check_tunnel(struct loader *l, const struct link *k, struct strmap *used)
{
	const char *key = arena_printf(&l->scratch, "%u %u", k->vni, k->dst_port);

	if (!k->remote.family || strmap_put(used, key, k->pos.line))
		return;
	diag_error(l->d, k->pos, "give it another vni or dst-port",
		   "a tunnel with VNI %u and port %u is there already, on line %zd", k->vni, k->dst_port,
		   strmap_get(used, key));
}

/* A bridge inside of a node: that must be one whose namespace goes with the lab. */
static void check_bridges(struct loader *l)
{
	for (size_t i = 0; i < l->lab->n_nodes; i++) {
		const struct node *n = &l->lab->nodes[i], *owner;

		if (n->kind != NODE_BRIDGE || n->net_node == LAB_INDEX_NONE)
			continue;
		owner = owner_of(l->lab, (int32_t)i);
		if (owner->net_mode == NET_HOST || owner->net_mode == NET_CONTAINER)
			diag_error(l->d, n->net_pos, NULL,
				   "bridge '%s' is to be made inside of '%s', whose network namespace is not the lab's",
				   n->name, n->net_target);
	}
}

void links_check(struct loader *l)
{
	const struct endpoint **ends =
		arena_alloc(&l->scratch, (l->lab->n_links * 2 + 1) * sizeof(const struct endpoint *));
	_cleanup_strmap_ struct strmap used = { 0 }, tunnels = { 0 };

	check_bridges(l);
	for (size_t i = 0; i < l->lab->n_links; i++) {
		const struct link *k = &l->lab->links[i];

		check_end(l, &k->end[0], &used, ends, i * 2);
		if (k->end[1].node != LAB_INDEX_NONE || k->type == LINK_MGMT_NET)
			check_end(l, &k->end[1], &used, ends, i * 2 + 1);
		check_lasting(l, k);
		check_tunnel(l, k, &tunnels);
	}
}
