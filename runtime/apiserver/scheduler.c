// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * scheduler.c - which node a pod runs on
 *
 * Owns the decision: of the nodes that no filter refuses the one with the highest score, which is the one with the fewest
 * pods; of equal ones the first in the cluster file, so that the same files give the same cluster. A pod for which there is
 * none is parked until a node changes or a pod ends. Pins (pins.h) leave one node only. Preemption is not done: the
 * messages say what a real scheduler says when it does not help.
 */
#include <string.h>

#include "apiserver/sched.h"
#include "base/arena.h"

#define COMPONENT "default-scheduler"

/* ---- why not ---- */

struct reasons {
	json_t *count; /* {reason: how many nodes} */
	size_t hopeless, victimless;
};

static void reasons_add(struct reasons *r, const struct verdict *v)
{
	for (size_t i = 0; i < v->n; i++) {
		const json_int_t n = json_integer_value(json_object_get(r->count, v->reasons[i]));

		(void)json_object_set_new(r->count, v->reasons[i], json_integer(n + 1));
	}
	if (v->resolvable)
		r->victimless++;
	else
		r->hopeless++;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "1 a, 3 b", sorted as texts */
static void write_sorted(struct strbuf *out, json_t *count)
{
	_cleanup_arena_ struct arena arena = { 0 };
	char **lines = arena_alloc(&arena, (json_object_size(count) + 1) * sizeof(*lines));
	const char *reason;
	size_t n = 0;
	json_t *v;

	json_object_foreach(count, reason, v)
		lines[n++] = arena_printf(&arena, "%lld %s", (long long)json_integer_value(v), reason);
	qsort(lines, n, sizeof(*lines), by_text);
	for (size_t i = 0; i < n; i++)
		strbuf_printf(out, "%s%s", i ? ", " : " ", lines[i]);
}

/* "0/4 nodes are available: 1 ..., 3 .... preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling." */
static void write_reasons(struct strbuf *out, const struct reasons *r, size_t n_nodes)
{
	_cleanup_json_ json_t *preemption = json_object();

	if (n_nodes == 0) {
		strbuf_puts(out, "no nodes available to schedule pods");
		return;
	}
	if (r->hopeless)
		(void)json_object_set_new(preemption, "Preemption is not helpful for scheduling",
					  json_integer((json_int_t)r->hopeless));
	if (r->victimless)
		(void)json_object_set_new(preemption, "No preemption victims found for incoming pod",
					  json_integer((json_int_t)r->victimless));
	strbuf_printf(out, "0/%zu nodes are available:", n_nodes);
	write_sorted(out, r->count);
	strbuf_printf(out, ". preemption: 0/%zu nodes are available:", n_nodes);
	write_sorted(out, preemption);
	strbuf_puts(out, ".");
}

/* ---- what comes of it ---- */

static void set_scheduled(json_t *status, const char *value, const char *reason, const char *message)
{
	json_t *c;
	size_t i;

	status_condition(status, "PodScheduled", value, reason, message, false);
	json_array_foreach(json_object_get(status, "conditions"), i, c)
		if (strcmp(json_text(c, "type", NULL), "PodScheduled") == 0 && !json_object_get(c, "lastProbeTime"))
			(void)json_object_set_new(c, "lastProbeTime", json_null());
}

static json_t *status_copy(const json_t *pod)
{
	json_t *status = json_deep_copy(json_object_get(pod, "status"));

	return status ? status : json_object();
}

static void bind(struct controllers *c, json_t *pod, const char *node)
{
	json_t *bound = json_copy(pod), *spec = json_copy(json_object_get(pod, "spec")), *status = status_copy(pod),
	       *stored = NULL;
	struct error e = { 0 };

	(void)json_object_set_new(spec, "nodeName", json_string(node));
	set_scheduled(status, "True", NULL, NULL);
	(void)json_object_set_new(bound, "spec", spec);
	(void)json_object_set_new(bound, "status", status);
	if (store_update(c->api->store, RES_PODS, bound, &stored, &e) < 0 || !stored)
		return;
	api_event(c->api, stored, "Normal", "Scheduled", COMPONENT, NULL, "Successfully assigned %s/%s to %s",
		  kube_namespace(stored), kube_name(stored), node);
}

static void park(struct controllers *c, json_t *pod, const char *message)
{
	const json_t *known = kube_condition(pod, "PodScheduled");
	const bool same = strcmp(json_text(known, "message", NULL), message) == 0;
	json_t *status = status_copy(pod);
	char key[600];

	(void)snprintf(key, sizeof(key), "%s/%s", kube_namespace(pod), kube_name(pod));
	(void)json_object_set_new(c->scheduler->parked, key, json_true());
	if (json_at(pod, "spec", "affinity", "podAffinity", NULL))
		c->scheduler->parked_affinity = true;
	if (same) {
		json_decref(status);
		return;
	}
	set_scheduled(status, "False", "Unschedulable", message);
	status_store(c, RES_PODS, pod, status);
	api_event(c->api, pod, "Warning", "FailedScheduling", COMPONENT, NULL, "%s", message);
}

static void place(struct controllers *c, json_t *pod)
{
	struct scheduler *s = c->scheduler;
	struct reasons reasons = { .count = json_object() };
	const struct sched_node *best = NULL;
	_cleanup_strbuf_ struct strbuf message = { 0 };
	int64_t best_score = 0;
	struct filter f;

	filter_begin(&f, c, pod);
	for (size_t i = 0; i < s->n_nodes; i++) {
		const struct sched_node *n = &s->nodes[i];
		struct verdict v;

		if (!filter_node(&f, n, &v)) {
			reasons_add(&reasons, &v);
			continue;
		}
		if (!best || filter_score(&f, n) > best_score) {
			best = n;
			best_score = filter_score(&f, n);
		}
	}
	filter_done(&f);
	if (best) {
		bind(c, pod, best->name);
	} else {
		write_reasons(&message, &reasons, s->n_nodes);
		park(c, pod, strbuf_str(&message));
	}
	json_decref(reasons.count);
}

static bool is_ours(const json_t *pod)
{
	const char *name = json_text(pod, "spec", "schedulerName", NULL);

	return !*json_text(pod, "spec", "nodeName", NULL) && (!*name || strcmp(name, COMPONENT) == 0) &&
	       !json_at(pod, "metadata", "deletionTimestamp", NULL) &&
	       json_array_size(json_at(pod, "spec", "schedulingGates", NULL)) == 0 &&
	       !pod_has_phase(pod, "Succeeded") && !pod_has_phase(pod, "Failed");
}

void scheduler_sync(struct controllers *c, const char *ns, const char *name)
{
	json_t *pod = store_get(c->api->store, RES_PODS, ns, name);

	if (!pod || !is_ours(pod))
		return;
	sched_refresh(c);
	(void)json_incref(pod);
	place(c, pod);
	json_decref(pod);
}

/* ---- what changes the view, or makes a parked pod worth another try ---- */

static void unpark(struct controllers *c)
{
	struct scheduler *s = c->scheduler;
	const char *key;
	json_t *v;

	json_object_foreach(s->parked, key, v)
		(void)json_object_set(c->dirty[CTL_SCHEDULER], key, v);
	if (json_object_size(s->parked))
		ctl_arm(c);
	(void)json_object_clear(s->parked);
	s->parked_affinity = false;
}

bool node_changed(const struct store_event *ev)
{
	const json_t *a = ev->object, *b = ev->old;

	return ev->type != STORE_MODIFIED ||
	       !json_equal(json_at(a, "metadata", "labels", NULL), json_at(b, "metadata", "labels", NULL)) ||
	       !json_equal(json_object_get(a, "spec"), json_object_get(b, "spec")) ||
	       !json_equal(json_at(a, "status", "allocatable", NULL), json_at(b, "status", "allocatable", NULL));
}

static void on_node(struct controllers *c, const struct store_event *ev)
{
	if (ev->type == STORE_MODIFIED)
		sched_set_node(c->scheduler, ev->object);
	else
		c->scheduler->stale = true;
	if (node_changed(ev))
		unpark(c);
}

static bool moved(const struct store_event *ev, bool was, bool is)
{
	return was != is || (is && strcmp(json_text(ev->old, "spec", "nodeName", NULL),
					  json_text(ev->object, "spec", "nodeName", NULL)) != 0);
}

static void on_pod(struct controllers *c, const struct store_event *ev)
{
	struct scheduler *s = c->scheduler;
	const json_t *before = ev->type == STORE_DELETED ? ev->object : ev->old;
	const bool was = before && pod_occupies(before), is = ev->type != STORE_DELETED && pod_occupies(ev->object);
	char key[600];

	if (moved(ev, was, is)) {
		if (was && !s->stale)
			sched_account(s, before, -1);
		if (is && !s->stale)
			sched_account(s, ev->object, 1);
		if (was || s->parked_affinity)
			unpark(c);
	}
	(void)snprintf(key, sizeof(key), "%s/%s", kube_namespace(ev->object), kube_name(ev->object));
	if (ev->type == STORE_DELETED || is) {
		(void)json_object_del(s->parked, key);
		return;
	}
	if (is_ours(ev->object) &&
	    (!ev->old || !json_equal(json_object_get(ev->old, "spec"), json_object_get(ev->object, "spec"))))
		ctl_dirty(c, CTL_SCHEDULER, kube_namespace(ev->object), kube_name(ev->object));
}

void scheduler_event(struct controllers *c, const struct store_event *ev)
{
	if (ev->res->id == RES_NODES)
		on_node(c, ev);
	else if (ev->res->id == RES_PODS)
		on_pod(c, ev);
}

struct scheduler *scheduler_new(void)
{
	struct scheduler *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->stale = true;
	s->parked = json_object();
	return s;
}

struct scheduler *scheduler_free(struct scheduler *s)
{
	if (s) {
		sched_nodes_done(s);
		json_decref(s->parked);
	}
	free(s);
	return NULL;
}
