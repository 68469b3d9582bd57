// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * linkops.c - see linkops.h. Each queues its requests as those of engine.c do.
 */
#include "engine/linkops.h"

#include <string.h>

#include "kernel/link.h"
#include "kernel/qdisc.h"

int engine_if_index(struct engine *en, int32_t ifc, int *ret, struct error *e)
{
	const struct plan_if *f = &en->plan->ifs[ifc];
	int r;

	if (!en->ifindex[ifc]) {
		int index = 0;

		r = link_get_index(en->conn[f->ns], f->name, &index, e);
		if (r < 0)
			return r;
		en->ifindex[ifc] = (uint32_t)index;
	}
	*ret = (int)en->ifindex[ifc];
	return 0;
}

/* The end of a link that is born in the namespace of if a, asked for in the host's. */
static struct link_end end_of(const struct engine *en, const struct op *op, const char *name)
{
	const struct plan_if *f = &en->plan->ifs[op->a];

	return (struct link_end){ .netns_fd = en->ns_fd[f->ns], .ifname = name, .mac = &op->mac_a, .mtu = op->mtu };
}

int op_macvlan(struct engine *en, const struct op *op, struct error *e)
{
	static const enum link_macvlan_mode modes[] = {
		[MACVLAN_BRIDGE] = LINK_MACVLAN_BRIDGE, [MACVLAN_PRIVATE] = LINK_MACVLAN_PRIVATE,
		[MACVLAN_VEPA] = LINK_MACVLAN_VEPA,	[MACVLAN_PASSTHRU] = LINK_MACVLAN_PASSTHRU,
		[MACVLAN_SOURCE] = LINK_MACVLAN_SOURCE,
	};
	const struct link_end end = end_of(en, op, op->value);
	int parent = 0;
	int r = engine_if_index(en, op->b, &parent, e);

	static_assert(ARRAY_SIZE(modes) == _MACVLAN_MAX, "one a mode");
	if (r < 0)
		return r;
	return link_create_macvlan(en->conn[PLAN_NS_INDEX_HOST], &end, parent,
				   modes[en->plan->lab->links[op->link].macvlan], e);
}

int op_vxlan(struct engine *en, const struct op *op, struct error *e)
{
	const struct link *l = &en->plan->lab->links[op->link];
	struct link_vxlan spec = {
		.vni = l->vni, .remote = l->remote, .port = l->dst_port, .src_port = l->src_port, .learning = true
	};
	const struct link_end end = end_of(en, op, op->value);
	int r = op->b == PLAN_NONE ? 0 : engine_if_index(en, op->b, &spec.parent, e);

	return r < 0 ? r : link_create_vxlan(en->conn[PLAN_NS_INDEX_HOST], &end, &spec, e);
}

int op_dummy(struct engine *en, const struct op *op, struct error *e)
{
	const struct plan_if *f = &en->plan->ifs[op->a];
	struct link_end end = end_of(en, op, f->name);

	end.netns_fd = -1;
	end.ifindex = (int)f->ifindex;
	return link_create_kind(en->conn[f->ns], op->key, &end, e);
}

int op_rename(struct engine *en, const struct op *op, struct error *e)
{
	struct nlconn *c = en->conn[op->ns];
	int index = 0;
	int r = link_get_index(c, op->value, &index, e);

	if (r < 0)
		return r;
	en->ifindex[op->a] = (uint32_t)index;
	return link_set_name(c, index, en->plan->ifs[op->a].name, e);
}

int op_stitch(struct engine *en, const struct op *op, struct error *e)
{
	int a = 0, b = 0;
	int r = engine_if_index(en, op->a, &a, e);

	if (r == 0)
		r = engine_if_index(en, op->b, &b, e);
	if (r == 0)
		r = qdisc_redirect(en->conn[op->ns], a, b, e);
	return r < 0 ? r : qdisc_redirect(en->conn[op->ns], b, a, e);
}

int op_altname(struct engine *en, const struct op *op, struct error *e)
{
	int index = 0;
	int r = engine_if_index(en, op->a, &index, e);

	if (r == 0)
		r = link_add_altname(en->conn[op->ns], index, op->key, e);
	return r < 0 ? r : link_set_alias(en->conn[op->ns], index, op->value, e);
}

int op_impair(struct engine *en, const struct op *op, struct error *e)
{
	int index = 0;
	int r = engine_if_index(en, op->a, &index, e);

	return r < 0 ? r : qdisc_impair_queue(en->conn[op->ns], index, op->mtu, op->impair, e);
}
