/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kubelet.h - the kubelet stub: one small process in each cluster node, and the borders of its parts
 *
 * Theory of Operation
 *
 *   supervisor (CRI)  <-- rpc -->  kubelet.c  <-- rpc -->  API server
 *                                     |
 *        objects.c (configMaps)    pods.c -- a list of struct pod, each a small state machine (pod.c)
 *        volumes.c, podenv.c          |        container.c: its containers; probe.c: their probes
 *        cni.c (networks)          status.c: struct pod -> PodStatus (pure)
 *        speaker.c (BGP)
 *
 * All is level-triggered: whatever happens to a pod (its object changes, a container ends, a reply comes, a timer is
 * due), pod_sync() looks at what there is and does the next step. A status is sent at most once a turn of the loop,
 * when it differs from the last. Nothing is on disk: what a restarted kubelet must know is in the runtime's list
 * ("opaque") or in the pod's status.
 */
#ifndef NETEMU_KUBELET_KUBELET_H
#define NETEMU_KUBELET_KUBELET_H

#include <jansson.h>
#include <time.h>

#include "base/error.h"
#include "cluster/jsonutil.h"
#include "supervisor/loop.h"
#include "supervisor/rpcpeer.h"

#define KUBELET_LOCK "/run/kubelet.pid"

struct cni;
struct pod;
struct speaker;

struct kubelet {
	struct loop *loop;
	struct rpc_peer *cri; /* engine/rpc.h, cluster/cri.h */
	struct rpc_peer *api; /* cluster/nodeproto.h; NULL while there is none */
	json_t *cluster, *entry; /* of node.info */
	json_t *node; /* the Node object as the API server has it; NULL before the first hello */
	json_t *network; /* Network of nodeproto.h, or NULL */
	json_t *found; /* {uid: pod of the runtime's list}, those that no pod has claimed yet */
	json_t *pulled; /* {image: true}: "pulled" on this node */
	json_t *objects; /* objects.c */
	struct pod *pods;
	struct cni *cni;
	struct speaker *speaker;
	struct loop_handle lease, flush;
	unsigned sync_round; /* one more with each hello */
	bool cni_failed; /* the network was given, but could not be made: cni_error says why */
	struct error cni_error;
};

/* ---- kubelet.c ---- */

/**
 * kubelet_run() - until SIGTERM, or until the supervisor's connection ends
 *
 * Return: 0 after SIGTERM; 1: it may be called again, and takes over what runs; -errno when it could not begin.
 */
int kubelet_run(struct error *e);

/** kubelet_event() - an Event about @about (a Pod or the Node), nothing while there is no API server */
void kubelet_event(struct kubelet *k, const json_t *about, const char *type, const char *reason, const char *fmt, ...)
	_printf_(5, 6);

/** kubelet_send() - a notification to the API server; @body's reference is taken */
void kubelet_send(struct kubelet *k, json_t *body);

/** kubelet_host_ips() - array of the node's own addresses, borrowed */
const json_t *kubelet_host_ips(const struct kubelet *k);

/** kubelet_hostname() - the node's name */
const char *kubelet_hostname(const struct kubelet *k);

/* ---- node.c ---- */

/** node_object() - what `hello` says of the node; new reference */
json_t *node_object(const struct kubelet *k);
/** node_status() - the part of it that changes with the network: {"conditions": [...]}; new reference */
json_t *node_status(const struct kubelet *k);

/* ---- objects.c: ConfigMaps and Secrets that pods need ---- */

/**
 * objects_get() - a ConfigMap or Secret
 * @resource: "configmaps" or "secrets"
 *
 * The first call for an object asks the API server, which also tells of every change from then on;
 * pods_objects_changed() is called when it is known.
 *
 * Return: borrowed; NULL: see @ret_known.
 */
json_t *objects_get(struct kubelet *k, const char *resource, const char *ns, const char *name, bool *ret_known);

/** objects_set() - the API server says that one is now so; NULL: gone. Borrowed. */
void objects_set(struct kubelet *k, const char *resource, const char *ns, const char *name, json_t *object);

/** objects_refresh() - ask for all of them again: the API server is a new one */
void objects_refresh(struct kubelet *k);

/* ---- pods.c ---- */

/** pods_notify() - the notification `pod`; all references are borrowed */
void pods_notify(struct kubelet *k, const char *type, json_t *object, json_t *ips);
/** pods_synced() - all pods that there are have been told: what is here beyond that goes */
void pods_synced(struct kubelet *k);
/** pods_network_changed() - pods can be connected now, or no longer */
void pods_network_changed(struct kubelet *k);
/** pods_objects_changed() - a ConfigMap or Secret of @ns is there, or another */
void pods_objects_changed(struct kubelet *k, const char *ns);
/** pods_exit() - the runtime's notification `exit` */
void pods_exit(struct kubelet *k, json_t *message);
/** pods_resend() - the API server is a new one: all statuses are told again */
void pods_resend(struct kubelet *k);
void pods_free(struct kubelet *k);

/* ---- lock.c ---- */

/**
 * kubelet_lock() - be the only kubelet of this node
 * @ret_pid: of the other one
 *
 * Return: fd; -EALREADY when there is one; another -errno.
 */
int kubelet_lock(pid_t *ret_pid, struct error *e);

/** kubelet_pid() - of the kubelet that runs in this node, 0 when there is none */
pid_t kubelet_pid(void);

#endif
