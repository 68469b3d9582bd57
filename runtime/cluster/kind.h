/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kind.h - a Kind cluster config (kind.x-k8s.io/v1alpha4) as a lab
 */
#ifndef NETEMU_CLUSTER_KIND_H
#define NETEMU_CLUSTER_KIND_H

#include "topology/loader.h"

#define KIND_API_GROUP	   "kind.x-k8s.io/"
#define KIND_API_VERSION   "kind.x-k8s.io/v1alpha4"
#define KIND_DEFAULT_IMAGE "kindest/node:v1.27.3"

/**
 * kind_load() - fill l->lab from the root of a Kind config
 *
 * The nodes are named as Kind names them, without the cluster's name: control-plane, worker, worker2, ...; the
 * long names and host names have it. What kubeadm makes of the nodes is filled in, too (cluster/kubeadm.h).
 */
void kind_load(struct loader *l, const struct value *root);

#endif
