/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pins.h - what a real cluster leaves to chance, fixed by a side file (--pin FILE, NETEMU_PIN)
 *
 *   nodes:                        # by short or long name
 *     worker: { podCIDR: 10.1.2.0/24, routerIP: 10.1.2.187 }     podCIDRs/routerIPs: lists, for dual stack
 *   pods:                         # NAMESPACE/NAME, or NAME in default
 *     nettool-1: { node: worker, ip: 10.1.2.185 }                ips: a list, for dual stack
 *
 * As JSON: {"nodes": {LONG NAME: {"podCIDRs": [], "routerIPs": []}}, "pods": {"default/nettool-1": {"node": LONG NAME, "ips": []}}}
 */
#ifndef NETEMU_CLUSTER_PINS_H
#define NETEMU_CLUSTER_PINS_H

#include <jansson.h>

#include "topology/diag.h"
#include "topology/lab.h"

/**
 * pins_load() - read a pin file for a cluster
 * @running: the nodes have their pod CIDRs, which pins can only confirm
 * @d: collects mistakes: unknown keys, nodes that the cluster does not have, addresses outside of the node's pod CIDR
 *
 * Return: a new reference in the JSON form; NULL with errors in @d.
 */
json_t *pins_load(struct diag *d, const char *path, const char *text, size_t len, const struct lab *cluster, bool running);

/** pins_apply() - put pins from pins_load() into a cluster that is to be made: pins, and pod_cidrs and router_ips of all nodes */
void pins_apply(struct lab *cluster, const json_t *pins);

#endif
