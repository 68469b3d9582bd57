/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nodeproto.h - what is said to the API server on KUBE_SOCKET: by kubelets, and by the command line
 *
 * The protocol is engine/rpc.h's; objects are Kubernetes objects.
 *
 * The supervisor says whose connection it is before it gives one to a node: {"op": "kubelet", "node": NAME}. From then on
 * only that node's kubelet can be heard on it. A kubelet says `hello` first; from then on it gets notifications.
 *   kubelet -> API server
 *     hello        {"object": Node}         registers (created, or labels/addresses/status updated); reply {"object": Node as stored}
 *     lease        {}                       heart-beat, every NODE_LEASE_RENEW seconds
 *     node.status  {"status": {...}}        merged into the Node's status (conditions, addresses, capacity, ...)
 *     pod.status   {"namespace", "name", "uid", "status": PodStatus}   replaces it; ignored when the uid is another's
 *     pod.gone     {"namespace", "name", "uid"}                      a pod with deletionTimestamp has ended: remove the object
 *     event        {"object": pod or node, "type": "Normal"|"Warning", "reason", "message", "component"}
 *     get          {"resource": "configmaps"|"secrets"|..., "namespace", "name"}   reply {"object": it, or null}
 *     bgp.status   {"peers": [PeerState, see speaker.h]}             whenever a session's state changes
 *   API server -> kubelet (notifications; after hello all that exists, then "synced", then changes)
 *     node         {"object": Node}
 *     pod          {"type": "ADDED"|"MODIFIED"|"DELETED", "object": Pod, "ips": [pinned addresses, may be missing]}
 *     object       {"type", "resource": "configmaps"|"secrets", "object"}   of those that the node has asked for by get
 *     network      {"config": Network or null}  how pods are connected, see below; null: none yet, the node is not ready
 *     bgp          {"config": Speaker}          see cluster/speaker.h
 *     synced       {}
 *   API server -> kubelet (requests)
 *     bgp.peers    {}                       reply {"peers": [PeerState]} asked of the speaker now
 *     bgp.routes   {"table": "available"|"advertised", "afi": "ipv4"|"ipv6"}   reply {"routes": [...]}
 *
 * Network: {"kind": "cilium"|"default",
 *           "nativeCIDRs": ["10.0.0.0/8"],  cilium: not masqueraded when going there ([] = the pod CIDRs)
 *           "masquerade4": bool, "masquerade6": bool, "mtu": 0 = of the device that has the node's address,
 *           "routerIPs": [pinned addresses of cilium_host, may be missing],
 *           "ipv4": false, "ipv6": false,   cilium: pods get no address of that family (missing: they do)
 *           "ttlQuirk": bool,               cilium: the two missing hops of the real datapath (kubernetes.md 3.5)
 *           "routes": [{"dst": "10.244.1.0/24", "via": "172.18.0.3"}],   to the other nodes' pods; cilium: with autoDirectNodeRoutes or a tunnel
 *           "podCIDRs": ["10.0.1.0/24"]}    cilium with ipam cluster-pool: instead of the Node's own; missing else
 *
 * The command line:
 *     http         {"method", "path" with its query, "accept", "contentType", "body": text}
 *                  reply {"code", "contentType", "body": text}; a watch or a followed log is sent as notifications
 *                  {"op": "chunk", "for": id of the request, "body": text} and ends with the reply
 *     exec.connect {"namespace", "pod", "container"}   reply {"container": name}, fd: connection to its netemu-init
 *     cilium.install   {"values": {...}, "version": "1.14.3"}         as `helm upgrade --install`; reply {"notes": [text]}
 *                      "reuse": true: over the values that are there
 *     cilium.uninstall {}
 *     bgp.peers    {"node": name, or missing}         reply {"nodes": [{"node", "peers": [...]}]}
 *     bgp.routes   {"node", "table", "afi"}           reply {"nodes": [{"node", "routes": [...]}]}
 *     pins         {"pins": see cluster/pins.h}       merged into those that there are
 *     settled      {}     reply {"pending": ["pod default/x: Pending (...)", ...]}: what a user still waits for;
 *     wait         {"timeout": seconds}  the same reply, when nothing is pending or the time is over
 */
#ifndef NETEMU_CLUSTER_NODEPROTO_H
#define NETEMU_CLUSTER_NODEPROTO_H

enum {
	NODE_LEASE_RENEW = 10, /* seconds: a quarter of the lease, as kubelet does */
	NODE_LEASE_DURATION = 40, /* seconds without a heart-beat until a node is NotReady (node-monitor-grace-period) */
};

#endif
