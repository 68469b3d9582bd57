/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ipam.h - which address a pod gets out of its node's pod CIDR
 *
 * Owns: what is taken. Refuses to know pods; nothing is written anywhere: a kubelet that takes over says which
 * addresses the pods it found have.
 */
#ifndef NETEMU_KUBELET_IPAM_H
#define NETEMU_KUBELET_IPAM_H

#include "base/error.h"
#include "base/inaddr.h"

enum ipam_order {
	IPAM_RANDOM, /* as Cilium does */
	IPAM_LOWEST, /* as host-local does: the lowest free one, from .2 on */
};

struct ipam {
	struct inprefix cidr; /* family 0: no such family on this node */
	enum ipam_order order;
	struct inprefix *taken;
	size_t n_taken;
};

/** ipam_init() - the network itself and, of IPv4, the broadcast address are never given away */
void ipam_init(struct ipam *a, const struct inprefix *cidr, enum ipam_order order);
void ipam_done(struct ipam *a);

/** ipam_is_free() - inside of the CIDR, not special, not taken */
bool ipam_is_free(const struct ipam *a, const struct inprefix *addr);

/** ipam_take() - this very address. Return: 0, -EEXIST, -EINVAL outside of the CIDR, -ENOMEM. */
int ipam_take(struct ipam *a, const struct inprefix *addr);

/** ipam_new() - a free address (full length), taken from now on. Return: 0, -ENOSPC or -ENOMEM. */
int ipam_new(struct ipam *a, struct inprefix *ret, struct error *e);
void ipam_release(struct ipam *a, const struct inprefix *addr);

/** ipam_pick() - the same free address for the same @seed, full length, not taken. Return: 0 or -ENOSPC. */
int ipam_pick(const struct ipam *a, const char *seed, struct inprefix *ret);

#endif
