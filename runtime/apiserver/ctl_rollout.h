/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ctl_rollout.h - a Deployment with its ReplicaSets: ctl_deployment.c decides, ctl_rollout.c counts and writes
 */
#ifndef NETEMU_APISERVER_CTL_ROLLOUT_H
#define NETEMU_APISERVER_CTL_ROLLOUT_H

#include "apiserver/control.h"

#define ROLLOUT_COMPONENT "deployment-controller"
#define ROLLOUT_REVISION "deployment.kubernetes.io/revision"
#define ROLLOUT_DESIRED "deployment.kubernetes.io/desired-replicas"
#define ROLLOUT_MAX "deployment.kubernetes.io/max-replicas"

struct rollout {
	struct controllers *c;
	json_t *d;				 /* own reference */
	json_t *all;				 /* its ReplicaSets, oldest first; own reference */
	json_t *latest;				 /* the one with the Deployment's template, or NULL; in all */
	json_int_t replicas, surge, unavailable; /* wanted, more, fewer */
	bool recreate;
	char created[300]; /* the ReplicaSet that was made just now, or "" */
};

/** rollout_load() - read what the store has now. Return: false when there is no such Deployment any more. */
bool rollout_load(struct rollout *r, const char *ns, const char *name);
void rollout_done(struct rollout *r);
/** rollout_reload() - the same after changes */
void rollout_reload(struct rollout *r);
json_int_t rs_replicas(const json_t *rs);
json_int_t rs_status(const json_t *rs, const char *key);
/** rollout_sum() - replicas wanted by all ReplicaSets, or (@key not NULL) a number of their status */
json_int_t rollout_sum(const struct rollout *r, const char *key);
json_int_t rs_annotation(const json_t *rs, const char *key);
/** rollout_scale() - let a ReplicaSet have @n replicas, and record it. Return: whether that was a change. */
bool rollout_scale(struct rollout *r, const json_t *rs, json_int_t n);
/** rollout_revisions() - revision numbers of the latest ReplicaSet and of the Deployment; makes that ReplicaSet with @create */
void rollout_revisions(struct rollout *r, bool create);
/** rollout_allowed() - how many replicas the latest ReplicaSet may have now */
json_int_t rollout_allowed(const struct rollout *r);
/** rollout_status() - write the Deployment's status */
void rollout_status(struct rollout *r);

#endif
