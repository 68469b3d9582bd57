// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl_replicaset.c - as many pods as a ReplicaSet wants (kube-controller-manager's pkg/controller/replicaset)
 */
#include <string.h>

#include "apiserver/control.h"

#define COMPONENT "replicaset-controller"

enum { BURST = 100 }; /* pods that are made or ended before others get a turn */

/* ---- which pod goes first: controller_utils.go's ActivePodsWithRanks ---- */

struct rank {
	json_t *pod;	/* borrowed */
	unsigned phase; /* 0 without a node, 1 pending, 2 unknown, 3 running */
	bool ready;
	json_int_t cost;   /* annotation pod-deletion-cost */
	size_t neighbours; /* pods of the same owner on its node */
	json_int_t restarts;
	const char *created;
};

static void rank_pod(struct rank *r, const json_t *active)
{
	const char *node = json_text(r->pod, "spec", "nodeName", NULL);
	json_t *other, *status;
	size_t i;

	r->phase = !*node ? 0 : pod_has_phase(r->pod, "Pending") ? 1 : pod_has_phase(r->pod, "Running") ? 3 : 2;
	r->ready = pod_is_ready(r->pod);
	r->cost = strtoll(
		json_text(r->pod, "metadata", "annotations", "controller.kubernetes.io/pod-deletion-cost", NULL), NULL,
		10);
	r->created = json_text(r->pod, "metadata", "creationTimestamp", NULL);
	json_array_foreach(active, i, other)
		r->neighbours += *node && strcmp(json_text(other, "spec", "nodeName", NULL), node) == 0;
	json_array_foreach(json_at(r->pod, "status", "containerStatuses", NULL), i, status)
		r->restarts += json_int(status, 0, "restartCount", NULL);
}

static int compare_numbers(json_int_t a, json_int_t b)
{
	return (a > b) - (a < b);
}

static int by_rank(const void *pa, const void *pb)
{
	const struct rank *a = pa, *b = pb;
	int r = compare_numbers(a->phase, b->phase);

	if (r == 0)
		r = compare_numbers(a->ready, b->ready);
	if (r == 0)
		r = compare_numbers(a->cost, b->cost);
	if (r == 0)
		r = compare_numbers((json_int_t)b->neighbours, (json_int_t)a->neighbours);
	if (r == 0)
		r = compare_numbers(b->restarts, a->restarts);
	if (r == 0)
		r = strcmp(b->created, a->created);
	return r ? r : strcmp(kube_name(b->pod), kube_name(a->pod));
}

static void end_pods(struct controllers *c, const json_t *rs, const json_t *active, size_t n)
{
	const size_t all = json_array_size(active);
	_cleanup_free_ struct rank *ranks = calloc(all + 1, sizeof(*ranks));
	json_t *pod;
	size_t i;

	if (!ranks)
		return;
	json_array_foreach(active, i, pod) {
		ranks[i].pod = pod;
		rank_pod(&ranks[i], n < all ? active : NULL);
	}
	qsort(ranks, all, sizeof(*ranks), by_rank);
	for (i = 0; i < n && i < all; i++)
		pod_kill(c, rs, ranks[i].pod, COMPONENT);
}

/* ---- sync ---- */

/* Return: whether pods were made or ended. */
static bool manage(struct controllers *c, const json_t *rs, const json_t *active)
{
	const json_int_t want = json_int(rs, 1, "spec", "replicas", NULL), have = (json_int_t)json_array_size(active);
	const json_int_t diff = want - have, n = MIN_OF(diff < 0 ? -diff : diff, (json_int_t)BURST);

	if (diff > BURST || diff < -BURST)
		ctl_dirty(c, CTL_REPLICASET, kube_namespace(rs), kube_name(rs));
	if (diff < 0) {
		end_pods(c, rs, active, (size_t)n);
		return true;
	}
	for (json_int_t i = 0; i < n; i++)
		if (!pod_make(c, &resources[RES_REPLICASETS], rs, pod_of_template(&resources[RES_REPLICASETS], rs),
			      COMPONENT)) {
			ctl_later(c, CTL_REPLICASET, kube_namespace(rs), kube_name(rs), 5);
			break;
		}
	return n > 0;
}

static bool has_labels(const json_t *pod, const json_t *labels)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)labels, key, v)
		if (!json_equal(json_at(pod, "metadata", "labels", key, NULL), v))
			return false;
	return true;
}

static json_t *active_pods(struct controllers *c, const json_t *rs)
{
	_cleanup_json_ json_t *all = owned_by(c, rs, RES_PODS);
	json_t *active = json_array(), *pod;
	size_t i;

	json_array_foreach(all, i, pod)
		if (pod_is_active(pod))
			(void)json_array_append(active, pod);
	return active;
}

static json_t *count(struct controllers *c, const json_t *rs, const json_t *active)
{
	const json_int_t min_ready = json_int(rs, 0, "spec", "minReadySeconds", NULL);
	const json_t *labels = json_at(rs, "spec", "template", "metadata", "labels", NULL);
	json_int_t labeled = 0, ready = 0, available = 0;
	json_t *status, *pod;
	size_t i;

	json_array_foreach(active, i, pod) {
		const time_t left = pod_available_in(pod, min_ready);

		labeled += has_labels(pod, labels);
		ready += left >= 0;
		available += left == 0;
		if (left > 0)
			ctl_later(c, CTL_REPLICASET, kube_namespace(rs), kube_name(rs), left);
	}
	status = json_deep_copy(json_object_get(rs, "status"));
	if (!status)
		status = json_object();
	(void)json_object_set_new(status, "replicas", json_integer((json_int_t)json_array_size(active)));
	status_count(status, "fullyLabeledReplicas", labeled);
	status_count(status, "readyReplicas", ready);
	status_count(status, "availableReplicas", available);
	status_count(status, "observedGeneration", json_int(rs, 0, "metadata", "generation", NULL));
	return status;
}

void replicaset_sync(struct controllers *c, const char *ns, const char *name)
{
	_cleanup_json_ json_t *rs = json_incref(store_get(c->api->store, RES_REPLICASETS, ns, name)), *active = NULL;

	if (!rs)
		return;
	owners_adopt(c, RES_REPLICASETS, rs, RES_PODS);
	active = active_pods(c, rs);
	if (!json_at(rs, "metadata", "deletionTimestamp", NULL) && manage(c, rs, active)) {
		json_decref(active);
		active = active_pods(c, rs);
	}
	status_store(c, RES_REPLICASETS, rs, count(c, rs, active));
}
