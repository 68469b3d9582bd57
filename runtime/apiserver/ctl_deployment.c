// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl_deployment.c - how a Deployment goes from one ReplicaSet to the next (pkg/controller/deployment)
 *
 * Owns the strategies: RollingUpdate within maxSurge and maxUnavailable, Recreate; what happens when replicas change in
 * the middle of a rollout; which old ReplicaSets are kept.
 */
#include <string.h>

#include "apiserver/ctl_rollout.h"

/* ---- RollingUpdate ---- */

/* Return: whether something was done: then the rest waits for what becomes of it. */
static bool scale_latest(struct rollout *r)
{
	if (rs_replicas(r->latest) == r->replicas)
		return false;
	if (rs_replicas(r->latest) > r->replicas)
		return rollout_scale(r, r->latest, r->replicas);
	return rollout_scale(r, r->latest, rollout_allowed(r));
}

/* Take down to @budget pods of old ReplicaSets: the ones that do not work anyway (@unhealthy), or any. Return: how many. */
static json_int_t scale_down_old(struct rollout *r, json_int_t budget, bool unhealthy)
{
	json_int_t done = 0;
	json_t *rs;
	size_t i;

	json_array_foreach(r->all, i, rs) {
		const json_int_t have = rs_replicas(rs),
				 can = unhealthy ? have - rs_status(rs, "availableReplicas") : have;
		const json_int_t n = MIN_OF(budget - done, can);

		if (rs == r->latest || n <= 0)
			continue;
		(void)rollout_scale(r, rs, have - n);
		done += n;
	}
	return done;
}

static bool scale_old(struct rollout *r)
{
	const json_int_t minimum = r->replicas - r->unavailable;
	const json_int_t starting = rs_replicas(r->latest) - rs_status(r->latest, "availableReplicas");
	const json_int_t budget = rollout_sum(r, NULL) - minimum - starting;
	json_int_t done;

	if (budget <= 0 || rollout_sum(r, NULL) == rs_replicas(r->latest))
		return false;
	done = scale_down_old(r, budget, true);
	if (done)
		rollout_reload(r);
	done += scale_down_old(r, rollout_sum(r, "availableReplicas") - minimum, false);
	return done > 0;
}

static void roll(struct rollout *r)
{
	rollout_revisions(r, true);
	if (r->latest && !scale_latest(r))
		(void)scale_old(r);
}

/* ---- Recreate ---- */

static bool has_old_pods(struct rollout *r)
{
	json_t *rs, *pod;
	size_t i, j;

	json_array_foreach(r->all, i, rs) {
		_cleanup_json_ json_t *pods = rs == r->latest ? NULL : owned_by(r->c, rs, RES_PODS);

		json_array_foreach(pods, j, pod)
			if (!pod_has_phase(pod, "Succeeded") && !pod_has_phase(pod, "Failed"))
				return true;
	}
	return false;
}

static void recreate(struct rollout *r)
{
	bool scaled = false;
	json_t *rs;
	size_t i;

	rollout_revisions(r, false);
	json_array_foreach(r->all, i, rs)
		if (rs != r->latest && rs_replicas(rs) > 0)
			scaled = rollout_scale(r, rs, 0) || scaled;
	if (scaled || has_old_pods(r))
		return;
	rollout_revisions(r, true);
	if (r->latest)
		(void)rollout_scale(r, r->latest, r->replicas);
}

/* ---- other numbers of replicas while a rollout goes on, or is paused ---- */

static json_t *only_active(const struct rollout *r)
{
	json_t *found = NULL, *rs;
	size_t i, n = 0;

	json_array_foreach(r->all, i, rs)
		if (rs_replicas(rs) > 0) {
			found = rs;
			n++;
		}
	return n == 1 ? found : n == 0 ? r->latest : NULL;
}

/* Each ReplicaSet's share of what is to be added or taken, the rest goes to the biggest one. */
static void scale_proportionally(struct rollout *r)
{
	const json_int_t total = rollout_sum(r, NULL), want = r->replicas > 0 ? r->replicas + r->surge : 0;
	json_int_t left = want - total;
	json_t *rs, *biggest = NULL;
	size_t i;

	json_array_foreach(r->all, i, rs)
		if (rs_replicas(rs) > 0 && (!biggest || rs_replicas(rs) >= rs_replicas(biggest)))
			biggest = rs;
	json_array_foreach(r->all, i, rs) {
		const json_int_t have = rs_replicas(rs), share = total ? have * (want - total) / total : 0;

		if (have == 0 || rs == biggest)
			continue;
		(void)rollout_scale(r, rs, have + share);
		left -= share;
	}
	if (biggest)
		(void)rollout_scale(r, biggest, MAX_OF(rs_replicas(biggest) + left, (json_int_t)0));
}

static bool is_saturated(const struct rollout *r)
{
	return r->latest && rs_replicas(r->latest) == r->replicas &&
	       rs_annotation(r->latest, ROLLOUT_DESIRED) == r->replicas &&
	       rs_status(r->latest, "availableReplicas") == r->replicas;
}

static void rescale(struct rollout *r)
{
	json_t *only;

	rollout_revisions(r, false);
	only = only_active(r);
	if (only)
		(void)rollout_scale(r, only, r->replicas);
	else if (is_saturated(r))
		(void)scale_down_old(r, rollout_sum(r, NULL), false);
	else if (!r->recreate)
		scale_proportionally(r);
}

static bool is_rescaled(const struct rollout *r)
{
	json_t *rs;
	size_t i;

	json_array_foreach(r->all, i, rs) {
		const json_int_t desired = rs_annotation(rs, ROLLOUT_DESIRED);

		if (rs_replicas(rs) > 0 && desired >= 0 && desired != r->replicas)
			return true;
	}
	return false;
}

/* ---- old ReplicaSets ---- */

static json_t *oldest_unused(const struct rollout *r, json_int_t *ret_n)
{
	json_t *oldest = NULL, *rs;
	size_t i;

	*ret_n = 0;
	json_array_foreach(r->all, i, rs) {
		if (rs == r->latest)
			continue;
		++*ret_n;
		if (rs_replicas(rs) || rs_status(rs, "replicas") ||
		    json_at(rs, "metadata", "deletionTimestamp", NULL) ||
		    rs_status(rs, "observedGeneration") < json_int(rs, 0, "metadata", "generation", NULL))
			continue;
		if (!oldest || rs_annotation(rs, ROLLOUT_REVISION) < rs_annotation(oldest, ROLLOUT_REVISION))
			oldest = rs;
	}
	return oldest;
}

static void clean_up(struct rollout *r)
{
	const json_int_t keep = json_int(r->d, 10, "spec", "revisionHistoryLimit", NULL);
	json_int_t n;
	json_t *rs = oldest_unused(r, &n);

	if (!rs || n <= keep || json_int(r->d, 0, "status", "updatedReplicas", NULL) != r->replicas ||
	    json_int(r->d, 0, "status", "availableReplicas", NULL) != r->replicas)
		return;
	/* The end of one brings the controller here again for the next. */
	(void)api_remove(r->c->api, RES_REPLICASETS, kube_namespace(rs), kube_name(rs), NULL);
}

void deployment_sync(struct controllers *c, const char *ns, const char *name)
{
	struct rollout r = { .c = c };

	if (rollout_load(&r, ns, name) && json_object_size(json_at(r.d, "spec", "selector", NULL))) {
		owners_adopt(c, RES_DEPLOYMENTS, r.d, RES_REPLICASETS);
		if (rollout_load(&r, ns, name) && !json_at(r.d, "metadata", "deletionTimestamp", NULL)) {
			if (json_bool(r.d, "spec", "paused", NULL) || is_rescaled(&r))
				rescale(&r);
			else if (r.recreate)
				recreate(&r);
			else
				roll(&r);
		}
		if (rollout_load(&r, ns, name)) {
			clean_up(&r);
			rollout_status(&r);
		}
	}
	rollout_done(&r);
}
