/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan_internal.h - what the files of plan/ build a plan with; nobody else includes this
 */
#ifndef NETEMU_PLAN_PLAN_INTERNAL_H
#define NETEMU_PLAN_PLAN_INTERNAL_H

#include "plan/plan.h"

enum { LINK_MTU = 9500, MGMT_MTU = 1500 };

/* ---- plan.c ---- */

uint32_t hash32(const char *s, uint32_t seed);
/** op_add() - another operation, about nothing yet; the next one moves it */
struct op *op_add(struct plan *p, enum op_type type);
/** ns_is_ours() - whether only this plan makes interfaces there, so that it can choose their indices */
bool ns_is_ours(const struct plan_ns *ns);
/** if_add() - an interface, with the next index where the plan chooses them */
int32_t if_add(struct plan *p, int32_t ns, const char *name);
struct op *veth_add(struct plan *p, int32_t a, int32_t b, uint32_t mtu);
void bridge_add(struct plan *p, int32_t ifc, uint32_t mtu);
struct op *addr_add_op(struct plan *p, int32_t ifc, const struct inprefix *addr);
struct op *up_add(struct plan *p, int32_t ifc);

/* ---- links.c ---- */

/** links_plan() - the operations that make the lab's links, after bridges and the management network */
void links_plan(struct plan *p, const struct plan_env *env, struct diag *d);
/** links_addresses() - addresses of their ends */
void links_addresses(struct plan *p);
/** links_impair() - what is wrong with them from the start */
void links_impair(struct plan *p, const struct plan_env *env, struct diag *d);

/* ---- steps.c ---- */

/** steps_prepare() - which nodes and links come late; reports waits that cannot end */
void steps_prepare(struct plan *p, struct diag *d);
/** steps_node() - the operation that makes @node's init */
void steps_node(struct plan *p, size_t node);
/** steps_plan() - what each node does by itself: its stages, its command, its exec lines */
void steps_plan(struct plan *p);
/** steps_mark_links() - the operations on links that come late */
void steps_mark_links(struct plan *p);

#endif
