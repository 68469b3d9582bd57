/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mgmt.h - the management network's subnets and addresses; private to plan/
 */
#ifndef NETEMU_PLAN_MGMT_H
#define NETEMU_PLAN_MGMT_H

#include "plan/plan.h"

/** mgmt_wants_eth0() - whether @n gets an eth0 on the management network */
bool mgmt_wants_eth0(const struct node *n);

/**
 * mgmt_assign() - choose the subnets (plan.v4, v6, gw4, gw6) and the address of each eth0 (plan_node.ipv4, ipv6)
 *
 * Defaults as containerlab: 172.20.20.0/24 and 3fff:172:20:20::/64 when neither is given, 172.18.0.0/16 for a
 * cluster as Kind; the next free subnet when the default is taken. Mistakes go to @d.
 */
void mgmt_assign(struct plan *p, const struct plan_env *env, struct diag *d);

#endif
