/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cni.h - how the pods of a node are connected
 *
 * Owns: the node's side of the pod network (cilium_host, routes, masquerading), each pod's network namespace and
 * addresses. Refuses to know pods beyond that. Works in the calling process's network namespace, which is the node's.
 *
 * Theory of Operation
 *
 * Two shapes of the same plain L3 (kubernetes.md 3):
 *
 *   cilium     pod 10.1.2.185/32 eth0 --- lxc1a2b3c4d5e6f   10.1.2.185 dev lxc... proto kernel scope link src ROUTER
 *              default via ROUTER                            ROUTER/32 on cilium_host (--- cilium_net)
 *   default    pod 10.244.1.2/24 eth0 --- veth1a2b3c4d (10.244.1.1/32)    10.244.1.2 dev veth... scope host
 *              default via 10.244.1.1                        10.244.2.0/24 via the other node
 *
 * A pod costs one namespace, one veth pair whose ends are made where they belong, and two batches of netlink, one on
 * each side. Nothing is remembered on disk: addresses come back from the runtime's list (cni_adopt()), the router's
 * from cilium_host itself.
 */
#ifndef NETEMU_KUBELET_CNI_H
#define NETEMU_KUBELET_CNI_H

#include <jansson.h>

#include "base/error.h"
#include "base/inaddr.h"
#include "supervisor/loop.h"

struct cni;

enum { CNI_ADDRS = 2, CNI_IFNAME_SIZE = 16 };

/* What a pod has of the network. */
struct cni_pod {
	char ifname[CNI_IFNAME_SIZE]; /* the node's end of its veth pair; "": none (hostNetwork) */
	struct inprefix addrs[CNI_ADDRS]; /* full length, the family of the first pod CIDR first */
	size_t n_addrs;
};

/**
 * cni_new() - nothing is made yet
 * @cluster, @entry: of CRI's node.info, borrowed for as long as the cni lives
 */
int cni_new(struct loop *loop, const json_t *cluster, const json_t *entry, struct cni **ret, struct error *e);
struct cni *cni_free(struct cni *c);

/** cni_set_cidrs() - the node's pod CIDRs, array of texts. Return: whether they are others than before. */
bool cni_set_cidrs(struct cni *c, const json_t *cidrs);

/**
 * cni_set() - connect pods this way from now on
 * @network: Network of nodeproto.h, borrowed; NULL or null: in no way (what there is of the node's side is removed,
 *           pods keep their links)
 *
 * Return: 0; -EAGAIN when the node has no pod CIDR yet (call again after cni_set_cidrs()); another -errno.
 */
int cni_set(struct cni *c, const json_t *network, struct error *e);

/** cni_ready() - whether pods can be connected now */
bool cni_ready(const struct cni *c);

/**
 * cni_add() - make the network namespace of a pod and connect it
 * @uid: of the pod; the interface's name comes from it
 * @pinned: array of addresses that it shall have, or NULL
 * @ret_netns: to be closed by the caller
 *
 * Return: 0 or -errno, with nothing left behind; -ENOTRECOVERABLE: the process is in the wrong namespace and must end.
 */
int cni_add(struct cni *c, const char *uid, const json_t *pinned, struct cni_pod *ret, int *ret_netns, struct error *e);

/** cni_adopt() - a pod of an earlier kubelet's is there and has this; the array of pods stays the caller's */
void cni_adopt(struct cni *c, const struct cni_pod *pod);

/** cni_del() - the addresses are free again. The link goes with the pod's namespace. */
void cni_del(struct cni *c, const struct cni_pod *pod);

/** cni_pod_json(), cni_pod_parse() - for what the runtime keeps for the kubelet ("opaque") */
json_t *cni_pod_json(const struct cni_pod *pod);
void cni_pod_parse(const json_t *j, struct cni_pod *ret);

#endif
