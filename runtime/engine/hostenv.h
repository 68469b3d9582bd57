/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hostenv.h - what a plan has to know of the machine
 *
 * Owns: reading the host's addresses, routes and bridges, and finding namespaces that other labs or `ip netns`
 * made. Changes nothing.
 */
#ifndef NETEMU_ENGINE_HOSTENV_H
#define NETEMU_ENGINE_HOSTENV_H

#include "plan/plan.h"

/** hostenv_collect() - taken prefixes, links and bridges of the current network namespace; arrays in @a */
int hostenv_collect(struct arena *a, struct plan_env *ret, struct error *e);

/** hostenv_missing() - kinds of links and qdiscs that @lab needs and the kernel lacks; in @a */
void hostenv_missing(const struct lab *lab, struct arena *a, struct plan_env *ret);

/**
 * hostenv_find() - the node that a foreign name means, as seen from @lab
 * @lab: whose file says container:@name
 * @own_prefix: also try the lab's own prefix first (network-mode; not for kind ext-container)
 * @ret: strings in @a
 *
 * Order, as containerlab: the lab's prefix and the name, the name itself, then (netemu) a short name that only one
 * running cluster has, then /run/netns/NAME.
 *
 * Return: 0, -ENOENT, or another -errno.
 */
int hostenv_find(struct arena *a, const struct lab *lab, const char *name, bool own_prefix, struct plan_foreign *ret,
		 struct error *e);

/** hostenv_find_in() - whether a lab that is yet to be made will have that node, by the same rules */
bool hostenv_find_in(const struct lab *lab, const char *name, bool own_prefix, struct lab *const *labs, size_t n_labs);

/** hostenv_has_frr() - whether FRR's start scripts are installed where profile.c looks for them */
bool hostenv_has_frr(void);

/** hostenv_forwards() - whether the host forwards IPv4 (net.ipv4.ip_forward) */
bool hostenv_forwards(void);

#endif
