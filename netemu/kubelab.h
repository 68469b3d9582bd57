/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kubelab.h - what a running cluster was made as
 */
#ifndef NETEMU_KUBELAB_H
#define NETEMU_KUBELAB_H

#include <jansson.h>

#include "kubeclient.h"
#include "topology/lab.h"

/**
 * kube_lab() - the nodes of a running cluster and their pod CIDRs, as far as pins need them
 *
 * Return: a lab to be freed with lab_free(), or NULL.
 */
struct lab *kube_lab(const struct kube *k, struct error *e);

#endif
