/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cilium_values.h - the values.yaml that helm would take for Cilium's chart, as far as it says how pods are connected
 *
 * Pure. Keys of the chart 1.11 to 1.18 are read; what changes nothing here is accepted, with a note for each
 * top-level key. Keys of netemu's own, in the same file (they mean nothing to helm):
 *
 *   netemu:
 *     bgpEngine: frr      # or gobgp: Cilium's own engine, with its 5 to 10 s before the first connect
 *     ttlQuirk: false     # true: as Cilium's BPF, which drops what has TTL 1 without an answer (two rows of traceroute are "*")
 *
 * A node's annotation `netemu.io/bgp-engine: gobgp` chooses for that node alone.
 */
#ifndef NETEMU_CLUSTER_CILIUM_VALUES_H
#define NETEMU_CLUSTER_CILIUM_VALUES_H

#include <jansson.h>

#include "base/error.h"

/**
 * cilium_values_check() - what is wrong with values, whatever the cluster: types, words, CIDRs
 * @values: an object
 * @causes: appended to, for each mistake {"field": "ipam.mode", "message": text}
 */
void cilium_values_check(const json_t *values, json_t *causes);

/**
 * cilium_values_read() - what values say
 * @values: an object; NULL: all defaults
 * @cluster: cluster.json (apiserver/api.h): pod subnets, families, names of the nodes for ipam cluster-pool
 * @ret: new reference {"network": Network of nodeproto.h, "bgp": whether bgpControlPlane.enabled, "bgpEngine": "frr"|"gobgp",
 *       "replicas": of the operator, "config": {of ConfigMap cilium-config}, "notes": [text]}
 *
 * Return: 0, or -EINVAL for the first thing that cannot be had here, or has the wrong type.
 */
int cilium_values_read(const json_t *values, const json_t *cluster, json_t **ret, struct error *e);

#endif
