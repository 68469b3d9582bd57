/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control.h - what the controllers and the scheduler share: a queue of names to look at, and small things about pods
 *
 * Theory of operation: a change in the store puts the names of the objects that may have to react into queues
 * (ctl_dirty(); the same name only once). A timer on the loop takes them out again and calls the controller's sync(), which
 * reads the store, compares what is with what shall be, and changes the store. So all is level-triggered: nothing is kept
 * that the objects themselves do not say, and when nothing is to be done nothing is changed, and nothing is queued.
 */
#ifndef NETEMU_APISERVER_CONTROL_H
#define NETEMU_APISERVER_CONTROL_H

#include "apiserver/api.h"
#include "cluster/jsonutil.h"

enum ctl {
	CTL_GC,		/* of dependents: ns = the namespace or "", name = the owner's uid */
	CTL_FINALIZERS, /* orphan and foregroundDeletion: name = "RESOURCE NUMBER:name" */
	CTL_NAMESPACE,
	CTL_DEPLOYMENT,
	CTL_REPLICASET,
	CTL_DAEMONSET,
	CTL_STATEFULSET,
	CTL_JOB,
	CTL_SCHEDULER,
	CTL_ENDPOINTS,
	CTL_TAINTS,
	_CTL_MAX,
};

struct controllers {
	struct api *api;
	struct store_watch *watch;
	struct loop_handle drain, alarm; /* timers: queues are worked through; something is due */
	uint64_t drained;		 /* loop_now() when the queues were empty last */
	enum ctl turn;			 /* whose it is in this round */
	json_t *now;			 /* what it still has to look at, as dirty */
	bool syncing;			 /* it is at it */
	uint64_t worked, pause;		 /* microseconds: since they were empty; until they are worked through again */
	json_t *dirty[_CTL_MAX];	 /* {"namespace/name": true}: ordered sets */
	json_t *later;			 /* {"CTL namespace/name": when, by time(2)} */
	json_t *dependents; /* {owner's uid: {"RESOURCE NUMBER namespace/name": object}}; "" has pods and ReplicaSets without a controller */
	struct scheduler *scheduler;
};

/** ctl_dirty() - let a controller look at an object soon */
void ctl_dirty(struct controllers *c, enum ctl ctl, const char *ns, const char *name);
/** ctl_arm() - something is queued */
void ctl_arm(struct controllers *c);
/** ctl_dirty_all() - all objects of a resource (in @ns, NULL: everywhere) */
void ctl_dirty_all(struct controllers *c, enum ctl ctl, enum resource_id res, const char *ns);
/** ctl_later() - in @seconds; the nearest time counts */
void ctl_later(struct controllers *c, enum ctl ctl, const char *ns, const char *name, time_t seconds);

/* ---- owners: ctl_owners.c ---- */

/** owners_event() - keep the index of dependents */
void owners_event(struct controllers *c, const struct store_event *ev);
/** owner_of() - the ownerReference with controller: true. Borrowed; NULL. */
const json_t *owner_of(const json_t *object);
/** owner_exists() - whether what an ownerReference of an object in @ns names is there */
bool owner_exists(struct controllers *c, const char *ns, const json_t *reference);
/** owned_by() - new array of a resource's objects that an owner controls */
json_t *owned_by(struct controllers *c, const json_t *owner, enum resource_id res);
/** owner_reference() - new: a reference to @owner with controller and blockOwnerDeletion */
json_t *owner_reference(const struct resource *res, const json_t *owner);
/** owner_release() - @object is no longer a dependent of @uid */
void owner_release(struct controllers *c, enum resource_id res, const json_t *object, const char *uid);
/**
 * owners_adopt() - take those without a controller that the owner's selector matches, let go of those that it does not any more
 * @res: of the dependents: RES_PODS or RES_REPLICASETS
 */
void owners_adopt(struct controllers *c, enum resource_id owner_res, const json_t *owner, enum resource_id res);

/* ---- pods of controllers: ctl_pods.c ---- */

bool pod_is_active(const json_t *pod);
bool pod_is_ready(const json_t *pod);
bool pod_has_phase(const json_t *pod, const char *phase);
/** pod_available_in() - seconds until a pod counts as available: 0 now, -1 not until it changes */
time_t pod_available_in(const json_t *pod, json_int_t min_ready_seconds);
/** pod_of_template() - new: a pod as an owner's template says, with generateName "NAME-" */
json_t *pod_of_template(const struct resource *res, const json_t *owner);
/** pod_make() - create a pod (reference taken) and record it. Return: whether it was. */
bool pod_make(struct controllers *c, const struct resource *res, const json_t *owner, json_t *pod,
	      const char *component);
/** pod_kill() - delete a pod with its grace period, and record it */
void pod_kill(struct controllers *c, const json_t *owner, const json_t *pod, const char *component);
/** template_normal() - new: a pod template without the label pod-template-hash and without what is empty, to be compared */
json_t *template_normal(const json_t *template);
/** template_hash() - up to ten letters for a pod template */
void template_hash(const json_t *template, char hash[11]);
/** int_or_percent() - maxSurge, maxUnavailable: of @total; @fallback is "25%" or "1" */
json_int_t int_or_percent(const json_t *v, const char *fallback, json_int_t total, bool up);

/* ---- status: ctl_status.c ---- */

/** status_count() - set @key unless @n is 0 */
void status_count(json_t *status, const char *key, json_int_t n);
/** status_condition() - set a condition; lastTransitionTime stays while the status does. @update_time: lastUpdateTime, too */
void status_condition(json_t *status, const char *type, const char *value, const char *reason, const char *message,
		      bool update_time);
/** object_own() - new: @object with a metadata (and annotations) and a spec of its own, which may be changed; outputs are borrowed */
json_t *object_own(const json_t *object, json_t **ret_annotations, json_t **ret_spec);
/** status_store() - give an object another status (reference taken); nothing happens when it is the same */
void status_store(struct controllers *c, enum resource_id res, const json_t *object, json_t *status);

/* ---- the controllers ---- */

void gc_sync(struct controllers *c, const char *ns, const char *uid);
void finalizers_sync(struct controllers *c, const char *ns, const char *key);
void finalizers_event(struct controllers *c, const struct store_event *ev);
void namespace_sync(struct controllers *c, const char *ns, const char *name);
void deployment_sync(struct controllers *c, const char *ns, const char *name);
void replicaset_sync(struct controllers *c, const char *ns, const char *name);
void daemonset_sync(struct controllers *c, const char *ns, const char *name);
void statefulset_sync(struct controllers *c, const char *ns, const char *name);
void job_sync(struct controllers *c, const char *ns, const char *name);
void endpoints_sync(struct controllers *c, const char *ns, const char *name);
void endpoints_event(struct controllers *c, const struct store_event *ev);
void taints_sync(struct controllers *c, const char *ns, const char *name);
void taints_event(struct controllers *c, const struct store_event *ev);

/** revisions_sync() - keep the history of a DaemonSet's or a StatefulSet's templates; the one that it has now is named NAME-@hash */
void revisions_sync(struct controllers *c, const struct resource *res, const json_t *owner, const char *hash);

/* ---- scheduler.c, sched_*.c ---- */

struct scheduler *scheduler_new(void);
struct scheduler *scheduler_free(struct scheduler *s);
void scheduler_event(struct controllers *c, const struct store_event *ev);
void scheduler_sync(struct controllers *c, const char *ns, const char *name);

/** untolerated() - the first of a node's taints with one of @effects ("NoSchedule", ...) that is not tolerated. Borrowed; NULL. */
const json_t *untolerated(const json_t *node, const json_t *tolerations, const char *const *effects);
/** tolerates() - whether a toleration covers a taint */
bool tolerates(const json_t *toleration, const json_t *taint);
/** affinity_matches() - a pod spec's nodeSelector and required node affinity against a node */
bool affinity_matches(const json_t *pod_spec, const json_t *node);
/** node_changed() - whether a change of a node matters to who may run there (heart-beats do not) */
bool node_changed(const struct store_event *ev);

#endif
