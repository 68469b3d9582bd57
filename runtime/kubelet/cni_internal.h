/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cni_internal.h - what cni.c and the two shapes of pod network share
 */
#ifndef NETEMU_KUBELET_CNI_INTERNAL_H
#define NETEMU_KUBELET_CNI_INTERNAL_H

#include "kernel/link.h"
#include "kernel/nl.h"
#include "kubelet/cni.h"
#include "kubelet/ipam.h"

#define CNI_TABLE "netemu-cni" /* nftables, in the node */

enum { POD_LO = 1, POD_ETH0 = 2 }; /* interface indexes in a pod */

struct cni_family {
	struct ipam ipam;
	struct inprefix router; /* the pods' gateway, full length: cilium_host's address, or the first of the CIDR */
};

/* A shape of network. All return 0 or -errno. */
struct cni_kind {
	const char *name;
	enum ipam_order order;
	const char *ifname; /* how the name of a pod's outer end begins; then come ... */
	int digits; /* ... that many of the pod's number, in hex */
	const char *not_oif; /* what leaves by these is never masqueraded, or NULL */
	/* up() - the node's side as c->network says; called again when that changes; sets each family's router */
	int (*up)(struct cni *c, struct error *e);
	void (*down)(struct cni *c);
	/* host_side() - addresses and routes of a pod on the node; may be there already */
	int (*host_side)(struct cni *c, const struct cni_pod *pod, int ifindex, struct error *e);
	/* pod_side() - those in the pod, by a conn in its namespace. @mac: of the outer end */
	int (*pod_side)(struct cni *c, const struct cni_pod *pod, struct nlconn *nl, const struct macaddr *mac,
			struct error *e);
};

struct cni {
	struct loop *loop;
	const json_t *cluster, *entry;
	struct nlconn *nl; /* in the node's namespace */
	int self, procfd;
	json_t *cidrs; /* array of texts, or NULL */
	json_t *network; /* what is made, or NULL */
	const struct cni_kind *kind; /* of it, or NULL */
	bool ready;
	bool quirk; /* cni_quirk.c's rules are there */
	struct cni_family families[CNI_ADDRS];
	size_t n_families;
	struct cni_pod *pods;
	size_t n_pods;
	json_t *routes; /* to other nodes, as they are in the kernel; NULL: none */
	int monitor; /* of addresses, while some routes are missing */
	struct loop_handle monitor_id;
};

extern const struct cni_kind cni_kind_cilium, cni_kind_default;

/** cni_mtu() - of a pod's links: what the config says, else that of the device with the node's address, else 1500 */
uint32_t cni_mtu(struct cni *c);
/** cni_family_of() - that of an address, NULL when the node has none of it */
struct cni_family *cni_family_of(struct cni *c, const struct inprefix *addr);

/* ---- cni_routes.c ---- */

/** cni_routes_apply() - make the kernel's routes to other nodes those of c->network */
void cni_routes_apply(struct cni *c);
void cni_routes_drop(struct cni *c);

/* ---- cni_quirk.c ---- */

/** cni_quirk_set() - let Cilium's own two hops be missing in a traceroute, or not; needs iptables in the node */
int cni_quirk_set(struct cni *c, bool on, struct error *e);

#endif
