/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * podcidr.h - which part of the cluster's pod subnets each node has
 */
#ifndef NETEMU_CLUSTER_PODCIDR_H
#define NETEMU_CLUSTER_PODCIDR_H

#include "base/error.h"
#include "topology/lab.h"

/**
 * podcidr_assign() - what RangeAllocator would do, were the nodes to register in the file's order
 * @cluster: pod_subnets and node_mask4/6 say what is handed out; nodes that are not kube get nothing
 * @pinned: one a node of the cluster: CIDRs that it has whatever the others take; may be NULL
 * @a: memory of the results
 * @ret: one a node, zeroed: CIDRs in the order of pod_subnets
 *
 * A node without a pin of a family gets the first free block that meets no pin.
 *
 * Return: 0; -ERANGE when a subnet cannot be cut into blocks of that size (as kubeadm's validation has it);
 * -ENOSPC when it is too small for the nodes.
 */
int podcidr_assign(const struct lab *cluster, const struct strv *pinned, struct arena *a, struct strv *ret,
		   struct error *e);

#endif
