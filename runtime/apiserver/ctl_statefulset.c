// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl_statefulset.c - pods with a number and a name that stays (pkg/controller/statefulset)
 *
 * NAME-0 first; the next one only when those before are Ready, the last one is the first to go (podManagementPolicy
 * OrderedReady), or all at once (Parallel). Updates go from the last pod to the first, down to spec.updateStrategy's
 * partition. A pod below the partition that has to be made anew gets the new template.
 */
#include <string.h>

#include "apiserver/control.h"

#define COMPONENT "statefulset-controller"
#define HASH_LABEL "controller-revision-hash"

struct stateful {
	struct controllers *c;
	json_t *set, *pods; /* own references */
	json_int_t start, replicas, partition;
	bool parallel;
	char hash[11], revision[300]; /* of the template; NAME-HASH */
};

/* The number of a pod; -1 when it is none of ours */
static json_int_t ordinal(const struct stateful *s, const json_t *pod)
{
	const char *name = kube_name(pod), *prefix = kube_name(s->set);
	const size_t len = strlen(prefix);
	char *end;
	long n;

	if (strncmp(name, prefix, len) != 0 || name[len] != '-' || name[len + 1] < '0' || name[len + 1] > '9')
		return -1;
	n = strtol(name + len + 1, &end, 10);
	return *end ? -1 : n;
}

static json_t *find_pod(const struct stateful *s, json_int_t n)
{
	json_t *pod;
	size_t i;

	json_array_foreach(s->pods, i, pod)
		if (ordinal(s, pod) == n)
			return pod;
	return NULL;
}

static void load(struct stateful *s)
{
	json_decref(s->pods);
	s->pods = owned_by(s->c, s->set, RES_PODS);
}

/* ---- a pod ---- */

static void claim(struct stateful *s, json_t *spec, const json_t *template, const char *pod)
{
	const char *name = kube_name(template);
	char full[600];
	json_t *pvc;

	(void)snprintf(full, sizeof(full), "%s-%s", name, pod);
	(void)json_array_append_new(
		json_array_make(spec, "volumes"),
		json_pack("{s:s,s:{s:s}}", "name", name, "persistentVolumeClaim", "claimName", full));
	if (store_get(s->c->api->store, RES_PERSISTENTVOLUMECLAIMS, kube_namespace(s->set), full))
		return;
	pvc = json_pack("{s:s,s:s,s:{s:s,s:s},s:{s:s}}", "kind", "PersistentVolumeClaim", "apiVersion", "v1",
			"metadata", "name", full, "namespace", kube_namespace(s->set), "status", "phase", "Pending");
	if (json_object_get(template, "spec"))
		(void)json_object_set_new(pvc, "spec", json_deep_copy(json_object_get(template, "spec")));
	if (json_at(s->set, "spec", "selector", "matchLabels", NULL))
		(void)json_object_set(json_object_get(pvc, "metadata"), "labels",
				      json_at(s->set, "spec", "selector", "matchLabels", NULL));
	(void)api_create(s->c->api, RES_PERSISTENTVOLUMECLAIMS, pvc, NULL, NULL);
}

static bool make_pod(struct stateful *s, json_int_t n)
{
	json_t *pod = pod_of_template(&resources[RES_STATEFULSETS], s->set), *meta = json_object_get(pod, "metadata"),
	       *template;
	json_t *labels = json_object_make(meta, "labels"), *spec = json_object_get(pod, "spec");
	const char *service = json_text(s->set, "spec", "serviceName", NULL);
	char name[400];
	size_t i;

	(void)snprintf(name, sizeof(name), "%s-%lld", kube_name(s->set), (long long)n);
	(void)json_object_del(meta, "generateName");
	(void)json_object_set_new(meta, "generateName", json_sprintf("%s-", kube_name(s->set)));
	(void)json_object_set_new(meta, "name", json_string(name));
	(void)json_object_set_new(labels, HASH_LABEL, json_string(s->revision));
	(void)json_object_set_new(labels, "statefulset.kubernetes.io/pod-name", json_string(name));
	(void)json_object_set_new(spec, "hostname", json_string(name));
	if (*service)
		(void)json_object_set_new(spec, "subdomain", json_string(service));
	json_array_foreach(json_at(s->set, "spec", "volumeClaimTemplates", NULL), i, template)
		claim(s, spec, template, name);
	if (pod_make(s->c, &resources[RES_STATEFULSETS], s->set, pod, COMPONENT))
		return true;
	ctl_later(s->c, CTL_STATEFULSET, kube_namespace(s->set), kube_name(s->set), 5);
	return false;
}

static bool is_terminating(const json_t *pod)
{
	return json_at(pod, "metadata", "deletionTimestamp", NULL);
}

static bool is_available(const struct stateful *s, const json_t *pod)
{
	return pod && pod_has_phase(pod, "Running") && !is_terminating(pod) &&
	       pod_available_in(pod, json_int(s->set, 0, "spec", "minReadySeconds", NULL)) == 0;
}

static bool is_updated(const struct stateful *s, const json_t *pod)
{
	return strcmp(json_text(pod, "metadata", "labels", HASH_LABEL, NULL), s->revision) == 0;
}

/* ---- what is done, in this order; each returns whether the next may be ---- */

static bool scale_up(struct stateful *s)
{
	bool all = true;

	for (json_int_t n = s->start; n < s->start + s->replicas; n++) {
		json_t *pod = find_pod(s, n);

		if (pod && !is_terminating(pod) && (pod_has_phase(pod, "Failed") || pod_has_phase(pod, "Succeeded"))) {
			pod_kill(s->c, s->set, pod, COMPONENT);
			return false;
		}
		if (!pod && !make_pod(s, n))
			return false;
		if (is_available(s, pod))
			continue;
		all = false;
		if (!s->parallel)
			return false;
	}
	return all || s->parallel;
}

static bool scale_down(struct stateful *s)
{
	json_int_t last = -1;
	json_t *pod;
	size_t i;

	json_array_foreach(s->pods, i, pod) {
		const json_int_t n = ordinal(s, pod);

		if (n >= s->start && n < s->start + s->replicas)
			continue;
		if (s->parallel)
			pod_kill(s->c, s->set, pod, COMPONENT);
		last = MAX_OF(last, n);
	}
	if (last < 0)
		return true;
	pod = find_pod(s, last);
	if (!s->parallel && !is_terminating(pod))
		pod_kill(s->c, s->set, pod, COMPONENT);
	return s->parallel;
}

static void roll(struct stateful *s)
{
	if (strcmp(json_text(s->set, "spec", "updateStrategy", "type", NULL), "OnDelete") == 0)
		return;
	for (json_int_t n = s->start + s->replicas - 1; n >= s->start + s->partition; n--) {
		json_t *pod = find_pod(s, n);

		if (!pod)
			return;
		if (!is_updated(s, pod) && !is_terminating(pod)) {
			pod_kill(s->c, s->set, pod, COMPONENT);
			return;
		}
		if (!is_available(s, pod))
			return;
	}
}

static void write_status(struct stateful *s)
{
	json_int_t replicas = 0, ready = 0, available = 0, updated = 0;
	json_t *status = json_deep_copy(json_object_get(s->set, "status")), *pod;
	const char *current;
	size_t i;

	json_array_foreach(s->pods, i, pod) {
		const time_t left = pod_available_in(pod, json_int(s->set, 0, "spec", "minReadySeconds", NULL));

		replicas++;
		ready += left >= 0 && pod_has_phase(pod, "Running");
		available += is_available(s, pod);
		updated += is_updated(s, pod) && !is_terminating(pod);
		if (left > 0)
			ctl_later(s->c, CTL_STATEFULSET, kube_namespace(s->set), kube_name(s->set), left);
	}
	if (!status)
		status = json_object();
	current = json_text(status, "currentRevision", NULL);
	if (!*current || (updated == replicas && ready == replicas && replicas == s->replicas))
		(void)json_object_set_new(status, "currentRevision", json_string(s->revision));
	current = json_text(status, "currentRevision", NULL);
	status_count(status, "observedGeneration", json_int(s->set, 0, "metadata", "generation", NULL));
	(void)json_object_set_new(status, "replicas", json_integer(replicas));
	status_count(status, "readyReplicas", ready);
	status_count(status, "currentReplicas", strcmp(current, s->revision) == 0 ? updated : replicas - updated);
	status_count(status, "updatedReplicas", updated);
	(void)json_object_set_new(status, "availableReplicas", json_integer(available));
	(void)json_object_set_new(status, "updateRevision", json_string(s->revision));
	(void)json_object_set_new(status, "collisionCount", json_integer(0));
	status_store(s->c, RES_STATEFULSETS, s->set, status);
}

static void read_spec(struct stateful *s)
{
	template_hash(json_at(s->set, "spec", "template", NULL), s->hash);
	(void)snprintf(s->revision, sizeof(s->revision), "%s-%s", kube_name(s->set), s->hash);
	s->start = json_int(s->set, 0, "spec", "ordinals", "start", NULL);
	s->replicas = json_int(s->set, 1, "spec", "replicas", NULL);
	s->partition = json_int(s->set, 0, "spec", "updateStrategy", "rollingUpdate", "partition", NULL);
	s->parallel = strcmp(json_text(s->set, "spec", "podManagementPolicy", NULL), "Parallel") == 0;
}

void statefulset_sync(struct controllers *c, const char *ns, const char *name)
{
	struct stateful s = { .c = c, .set = json_incref(store_get(c->api->store, RES_STATEFULSETS, ns, name)) };

	if (s.set && json_object_size(json_at(s.set, "spec", "selector", NULL))) {
		read_spec(&s);
		owners_adopt(c, RES_STATEFULSETS, s.set, RES_PODS);
		load(&s);
		if (!json_at(s.set, "metadata", "deletionTimestamp", NULL)) {
			revisions_sync(c, &resources[RES_STATEFULSETS], s.set, s.hash);
			if (scale_up(&s) && scale_down(&s))
				roll(&s);
		}
		load(&s);
		write_status(&s);
	}
	json_decref(s.set);
	json_decref(s.pods);
}
