// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl_pods.c - pods as controllers see them: how they are, and making and ending them
 */
#include <string.h>

#include "apiserver/control.h"

bool pod_has_phase(const json_t *pod, const char *phase)
{
	return strcmp(json_text(pod, "status", "phase", NULL), phase) == 0;
}

bool pod_is_active(const json_t *pod)
{
	return !json_at(pod, "metadata", "deletionTimestamp", NULL) && !pod_has_phase(pod, "Succeeded") &&
	       !pod_has_phase(pod, "Failed");
}

bool pod_is_ready(const json_t *pod)
{
	return strcmp(json_text(kube_condition(pod, "Ready"), "status", NULL), "True") == 0;
}

time_t pod_available_in(const json_t *pod, json_int_t min_ready_seconds)
{
	time_t since, left;

	if (!pod_is_ready(pod))
		return -1;
	since = kube_time_parse(json_text(kube_condition(pod, "Ready"), "lastTransitionTime", NULL));
	left = since < 0 ? 0 : since + (time_t)min_ready_seconds - time(NULL);
	return MAX_OF(left, (time_t)0);
}

static void copy_key(json_t *to, const json_t *from, const char *key)
{
	json_t *v = json_object_get(from, key);

	if (v)
		(void)json_object_set_new(to, key, json_deep_copy(v));
}

json_t *pod_of_template(const struct resource *res, const json_t *owner)
{
	const json_t *template = json_at(owner, "spec", "template", NULL),
		     *from = json_object_get(template, "metadata");
	json_t *pod = json_pack("{s:s,s:s}", "kind", "Pod", "apiVersion", "v1"), *meta = json_object(), *spec;

	(void)json_object_set_new(meta, "generateName", json_sprintf("%s-", kube_name(owner)));
	(void)json_object_set_new(meta, "namespace", json_string(kube_namespace(owner)));
	copy_key(meta, from, "labels");
	copy_key(meta, from, "annotations");
	copy_key(meta, from, "finalizers");
	(void)json_object_set_new(meta, "ownerReferences", json_pack("[o]", owner_reference(res, owner)));
	(void)json_object_set_new(pod, "metadata", meta);
	spec = json_deep_copy(json_object_get(template, "spec"));
	(void)json_object_set_new(pod, "spec", spec ? spec : json_object());
	(void)json_object_set_new(pod, "status", json_pack("{s:s}", "phase", "Pending"));
	return pod;
}

bool pod_make(struct controllers *c, const struct resource *res, const json_t *owner, json_t *pod,
	      const char *component)
{
	const bool stateful = res->id == RES_STATEFULSETS;
	json_t *stored = NULL;
	struct error e = { 0 };

	if (api_create(c->api, RES_PODS, pod, &stored, &e) < 0 || !stored) {
		api_event(c->api, owner, "Warning", "FailedCreate", component, NULL, "Error creating: %s", e.msg);
		return false;
	}
	if (stateful)
		api_event(c->api, owner, "Normal", "SuccessfulCreate", component, NULL,
			  "create Pod %s in StatefulSet %s successful", kube_name(stored), kube_name(owner));
	else
		api_event(c->api, owner, "Normal", "SuccessfulCreate", component, NULL, "Created pod: %s",
			  kube_name(stored));
	return true;
}

void pod_kill(struct controllers *c, const json_t *owner, const json_t *pod, const char *component)
{
	const bool stateful = strcmp(component, "statefulset-controller") == 0;

	if (json_at(pod, "metadata", "deletionTimestamp", NULL) ||
	    api_remove(c->api, RES_PODS, kube_namespace(pod), kube_name(pod), NULL) < 0)
		return;
	if (stateful)
		api_event(c->api, owner, "Normal", "SuccessfulDelete", component, NULL,
			  "delete Pod %s in StatefulSet %s successful", kube_name(pod), kube_name(owner));
	else
		api_event(c->api, owner, "Normal", "SuccessfulDelete", component, NULL, "Deleted pod: %s",
			  kube_name(pod));
}

/* Clients that have types send what is empty, too ("resources": {}, "creationTimestamp": null): it says nothing. */
static void drop_empty(json_t *j)
{
	const char *key;
	json_t *v;
	void *next;
	size_t i;

	json_array_foreach(j, i, v)
		drop_empty(v);
	json_object_foreach_safe(j, next, key, v) {
		drop_empty(v);
		if (json_is_null(v) || (json_is_object(v) && !json_object_size(v)) ||
		    (json_is_array(v) && !json_array_size(v)))
			(void)json_object_del(j, key);
	}
}

json_t *template_normal(const json_t *template)
{
	json_t *copy = json_deep_copy(template);

	if (!copy)
		return json_object();
	(void)json_object_del(json_at(copy, "metadata", "labels", NULL), "pod-template-hash");
	drop_empty(copy);
	return copy;
}

/* As the real hash: 32 bits of FNV-1a, their decimal digits as letters that make no words (rand.SafeEncodeString()). */
void template_hash(const json_t *template, char hash[11])
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
	_cleanup_json_ json_t *normal = template_normal(template);
	_cleanup_free_ char *text = json_dumps(normal, JSON_COMPACT | JSON_SORT_KEYS);
	uint32_t h = 2166136261u;
	char digits[11] = "";

	for (const char *p = text ? text : ""; *p; p++)
		h = (h ^ (uint8_t)*p) * 16777619u;
	(void)snprintf(digits, sizeof(digits), "%u", h);
	for (size_t i = 0; i < sizeof(digits); i++)
		hash[i] = digits[i] ? letters[(unsigned)digits[i] % (sizeof(letters) - 1)] : '\0';
}

json_int_t int_or_percent(const json_t *v, const char *fallback, json_int_t total, bool up)
{
	const char *text = json_is_string(v) ? json_string_value(v) : fallback;
	json_int_t n;

	if (json_is_integer(v))
		return json_integer_value(v);
	n = strtoll(text, NULL, 10);
	if (!strchr(text, '%'))
		return n;
	return (n * total + (up ? 99 : 0)) / 100;
}
