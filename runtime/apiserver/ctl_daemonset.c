// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl_daemonset.c - a pod on each node that a DaemonSet wants one on (pkg/controller/daemon)
 *
 * Its pods are placed by the scheduler: each has a required node affinity for the one node. Which template a pod was
 * made of says its label controller-revision-hash.
 */
#include <string.h>

#include "apiserver/control.h"

#define COMPONENT "daemonset-controller"
#define HASH_LABEL "controller-revision-hash"

/* What is known of one node, and its pods */
struct place {
	json_t *node; /* borrowed */
	json_t *pod;  /* borrowed: the one that counts, NULL: none */
	bool wanted, may_stay;
};

struct daemons {
	struct controllers *c;
	json_t *ds, *nodes, *pods; /* own references */
	struct place *places;
	size_t n;
	char hash[11];
};

/* As AddOrUpdateDaemonPodTolerations(): a node's troubles are no reason to leave it. */
static void add_tolerations(json_t *spec)
{
	static const struct {
		const char *key, *effect;
	} table[] = {
		{ "node.kubernetes.io/not-ready", "NoExecute" },
		{ "node.kubernetes.io/unreachable", "NoExecute" },
		{ "node.kubernetes.io/disk-pressure", "NoSchedule" },
		{ "node.kubernetes.io/memory-pressure", "NoSchedule" },
		{ "node.kubernetes.io/pid-pressure", "NoSchedule" },
		{ "node.kubernetes.io/unschedulable", "NoSchedule" },
		{ "node.kubernetes.io/network-unavailable", "NoSchedule" }, /* hostNetwork only */
	};
	const size_t n = ARRAY_SIZE(table) - !json_bool(spec, "hostNetwork", NULL);
	json_t *list = json_array_make(spec, "tolerations");

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, json_pack("{s:s,s:s,s:s}", "key", table[i].key, "operator", "Exists",
							    "effect", table[i].effect));
}

static json_t *tolerant_spec(const json_t *ds)
{
	json_t *spec = json_deep_copy(json_at(ds, "spec", "template", "spec", NULL));

	if (!spec)
		spec = json_object();
	add_tolerations(spec);
	return spec;
}

static void set_affinity(json_t *spec, const char *node)
{
	json_t *affinity = json_object_make(json_object_make(spec, "affinity"), "nodeAffinity");

	(void)json_object_set_new(affinity, "requiredDuringSchedulingIgnoredDuringExecution",
				  json_pack("{s:[{s:[{s:s,s:s,s:[s]}]}]}", "nodeSelectorTerms", "matchFields", "key",
					    "metadata.name", "operator", "In", "values", node));
}

static void judge(struct place *p, const json_t *spec)
{
	static const char *const all[] = { "NoSchedule", "NoExecute", NULL }, *const evicting[] = { "NoExecute", NULL };
	const char *name = json_text(spec, "nodeName", NULL);
	const json_t *tolerations = json_object_get(spec, "tolerations");
	const bool fits = affinity_matches(spec, p->node) && (!*name || strcmp(name, kube_name(p->node)) == 0);

	p->wanted = fits && !untolerated(p->node, tolerations, all);
	p->may_stay = fits && !untolerated(p->node, tolerations, evicting);
}

/* The node that a pod is on, or will be on */
static const char *target_node(const json_t *pod)
{
	const char *node = json_text(pod, "spec", "nodeName", NULL);
	const json_t *terms = json_at(pod, "spec", "affinity", "nodeAffinity",
				      "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms", NULL);
	const json_t *field = json_array_get(json_object_get(json_array_get(terms, 0), "matchFields"), 0);
	const char *wanted = json_string_value(json_array_get(json_object_get(field, "values"), 0));

	return *node || !wanted ? node : wanted;
}

static struct place *find_place(struct daemons *d, const char *node)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(kube_name(d->places[i].node), node) == 0)
			return &d->places[i];
	return NULL;
}

static bool load(struct daemons *d)
{
	_cleanup_json_ json_t *spec = tolerant_spec(d->ds);
	json_t *node, *pod;
	size_t i;

	json_decref(d->nodes);
	json_decref(d->pods);
	free(d->places);
	d->nodes = store_list(d->c->api->store, RES_NODES, NULL);
	d->pods = owned_by(d->c, d->ds, RES_PODS);
	d->n = json_array_size(d->nodes);
	d->places = calloc(d->n + 1, sizeof(*d->places));
	if (!d->places)
		return false;
	json_array_foreach(d->nodes, i, node) {
		d->places[i].node = node;
		judge(&d->places[i], spec);
	}
	json_array_foreach(d->pods, i, pod) {
		struct place *p = find_place(d, target_node(pod));

		/* One that is going counts only while there is no other. */
		if (p && (!p->pod || !pod_is_active(p->pod)))
			p->pod = pod;
	}
	return true;
}

static void make_pod(struct daemons *d, const char *node)
{
	json_t *pod = pod_of_template(&resources[RES_DAEMONSETS], d->ds),
	       *labels = json_object_make(json_object_get(pod, "metadata"), "labels");
	const char *generation =
		json_text(d->ds, "metadata", "annotations", "deprecated.daemonset.template.generation", NULL);

	(void)json_object_set_new(labels, HASH_LABEL, json_string(d->hash));
	(void)json_object_set_new(labels, "pod-template-generation", json_string(*generation ? generation : "1"));
	add_tolerations(json_object_get(pod, "spec"));
	set_affinity(json_object_get(pod, "spec"), node);
	if (!pod_make(d->c, &resources[RES_DAEMONSETS], d->ds, pod, COMPONENT))
		ctl_later(d->c, CTL_DAEMONSET, kube_namespace(d->ds), kube_name(d->ds), 5);
}

/* One pod a node: the oldest stays, ended ones are made again, those on wrong nodes go. */
static void manage(struct daemons *d)
{
	json_t *pod;
	size_t i;

	json_array_foreach(d->pods, i, pod) {
		const struct place *p = find_place(d, target_node(pod));
		const bool failed = pod_has_phase(pod, "Failed");

		if (failed && !json_at(pod, "metadata", "deletionTimestamp", NULL))
			api_event(d->c->api, d->ds, "Warning", "FailedDaemonPod", COMPONENT, NULL,
				  "Found failed daemon pod %s/%s on node %s, will try to kill it", kube_namespace(pod),
				  kube_name(pod), target_node(pod));
		if (!p || !p->may_stay || failed || pod_has_phase(pod, "Succeeded") ||
		    (p->pod != pod && pod_is_active(pod)))
			pod_kill(d->c, d->ds, pod, COMPONENT);
	}
	for (i = 0; i < d->n; i++)
		if (d->places[i].wanted && !d->places[i].pod)
			make_pod(d, kube_name(d->places[i].node));
}

static bool is_updated(const struct daemons *d, const json_t *pod)
{
	return strcmp(json_text(pod, "metadata", "labels", HASH_LABEL, NULL), d->hash) == 0;
}

static bool is_available(const struct daemons *d, const json_t *pod)
{
	return pod && pod_is_active(pod) &&
	       pod_available_in(pod, json_int(d->ds, 0, "spec", "minReadySeconds", NULL)) == 0;
}

static size_t wanted(const struct daemons *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += d->places[i].wanted;
	return n;
}

/* RollingUpdate: pods of older templates go, as many at a time as may be unavailable. */
static void roll(struct daemons *d)
{
	const json_t *strategy = json_at(d->ds, "spec", "updateStrategy", NULL);
	json_int_t budget = int_or_percent(json_at(strategy, "rollingUpdate", "maxUnavailable", NULL), "1",
					   (json_int_t)wanted(d), true);

	if (strcmp(json_text(strategy, "type", NULL), "OnDelete") == 0)
		return;
	for (size_t i = 0; i < d->n; i++)
		budget -= d->places[i].wanted && !is_available(d, d->places[i].pod);
	for (size_t i = 0; i < d->n; i++) {
		json_t *pod = d->places[i].pod;

		if (!pod || !pod_is_active(pod) || is_updated(d, pod))
			continue;
		/* One that is not there for anybody costs nothing. */
		if (is_available(d, pod) && budget-- <= 0)
			continue;
		pod_kill(d->c, d->ds, pod, COMPONENT);
	}
}

static void write_status(struct daemons *d)
{
	const json_int_t min_ready = json_int(d->ds, 0, "spec", "minReadySeconds", NULL);
	json_int_t desired = 0, current = 0, misplaced = 0, ready = 0, available = 0, updated = 0;
	json_t *status = json_deep_copy(json_object_get(d->ds, "status"));

	for (size_t i = 0; i < d->n; i++) {
		const struct place *p = &d->places[i];
		const time_t left = p->pod ? pod_available_in(p->pod, min_ready) : -1;

		desired += p->wanted;
		current += p->wanted && p->pod;
		misplaced += !p->wanted && p->pod;
		ready += p->wanted && left >= 0;
		available += p->wanted && left == 0;
		updated += p->wanted && p->pod && is_updated(d, p->pod);
		if (left > 0)
			ctl_later(d->c, CTL_DAEMONSET, kube_namespace(d->ds), kube_name(d->ds), left);
	}
	if (!status)
		status = json_object();
	(void)json_object_set_new(status, "currentNumberScheduled", json_integer(current));
	(void)json_object_set_new(status, "numberMisscheduled", json_integer(misplaced));
	(void)json_object_set_new(status, "desiredNumberScheduled", json_integer(desired));
	(void)json_object_set_new(status, "numberReady", json_integer(ready));
	status_count(status, "observedGeneration", json_int(d->ds, 0, "metadata", "generation", NULL));
	status_count(status, "updatedNumberScheduled", updated);
	status_count(status, "numberAvailable", available);
	status_count(status, "numberUnavailable", desired - available);
	status_store(d->c, RES_DAEMONSETS, d->ds, status);
}

void daemonset_sync(struct controllers *c, const char *ns, const char *name)
{
	struct daemons d = { .c = c, .ds = json_incref(store_get(c->api->store, RES_DAEMONSETS, ns, name)) };

	if (d.ds && json_object_size(json_at(d.ds, "spec", "selector", NULL))) {
		template_hash(json_at(d.ds, "spec", "template", NULL), d.hash);
		owners_adopt(c, RES_DAEMONSETS, d.ds, RES_PODS);
		if (!json_at(d.ds, "metadata", "deletionTimestamp", NULL) && load(&d)) {
			revisions_sync(c, &resources[RES_DAEMONSETS], d.ds, d.hash);
			manage(&d);
			if (load(&d))
				roll(&d);
		}
		if (load(&d))
			write_status(&d);
	}
	json_decref(d.ds);
	json_decref(d.nodes);
	json_decref(d.pods);
	free(d.places);
}
