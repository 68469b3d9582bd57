/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * speaker.h - Cilium's BGP resources, both generations, compiled into one model of what a node's speaker does
 *
 * Pure. The API server compiles for each node and sends the model as JSON; the kubelet stub turns it into the
 * configuration of bgpd or gobgpd.
 *
 * Speaker: {"engine": "frr"|"gobgp", "instances": [{
 *     "name", "localASN", "routerID", "localPort": -1 = does not listen,
 *     "peers": [{"name", "address", "port", "peerASN" (0: any), "multihopTTL", "connectRetry", "hold", "keepAlive" (seconds),
 *                "gracefulRestart": 0 = off or seconds, "password": "" = none, "sourceAddress": "" = any, "sourceInterface": "",
 *                "families": [{"afi", "safi", "paths": [{"prefix", "communities": [], "largeCommunities": [], "localPref": 0 = default}]}]}]}],
 *   "notes": [text], "conditions": {...}}
 * PeerState: what `cilium bgp peers -o json` has (kubernetes.md 2.4): local-asn, peer-asn, peer-address, peer-port, session-state,
 *   uptime-nanoseconds, families [{afi, safi, received, accepted, advertised}], timers, ...
 */
#ifndef NETEMU_CLUSTER_SPEAKER_H
#define NETEMU_CLUSTER_SPEAKER_H

#include <jansson.h>

#include "base/error.h"
#include "base/strbuf.h"

struct speaker_input {
	const json_t *node; /* Node object */
	const json_t *policies; /* arrays of objects */
	const json_t *cluster_configs, *peer_configs, *advertisements, *overrides;
	const json_t *secrets; /* of the namespace of Cilium (kube-system) */
	const json_t *pod_cidrs; /* of the node; also for ipam cluster-pool */
	const char *engine; /* "frr" or "gobgp" */
};

/** speaker_compile() - what the node's speaker shall do; new reference. Never fails: what is wrong is in "notes". */
json_t *speaker_compile(const struct speaker_input *in);

#endif
