// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl_revisions.c - the templates that a DaemonSet or a StatefulSet had (pkg/controller/history)
 *
 * A ControllerRevision NAME-HASH for each template, which kubectl rollout history and undo read. One that is in use
 * again gets the next number; of those that no pod is of any more, spec.revisionHistoryLimit are kept.
 */
#include <string.h>

#include "apiserver/control.h"
#include "cluster/selector.h"

#define HASH_LABEL "controller-revision-hash"

struct revisions {
	struct controllers *c;
	const struct resource *res; /* of the owner */
	const json_t *owner;
	json_t *list; /* own reference */
	char name[300];
};

static json_int_t number(const json_t *revision)
{
	return json_int(revision, 0, "revision", NULL);
}

static void adopt(const struct revisions *r, const json_t *one)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)one), *meta = json_copy(json_object_get(one, "metadata"));

	(void)json_object_set_new(meta, "ownerReferences", json_pack("[o]", owner_reference(r->res, r->owner)));
	(void)json_object_set_new(copy, "metadata", meta);
	(void)store_update(r->c->api->store, RES_CONTROLLERREVISIONS, copy, NULL, NULL);
}

/* The owner's; those that an owner of the same name has left (kubectl delete --cascade=orphan) become it. */
static void load(struct revisions *r)
{
	_cleanup_json_ json_t *all = store_list(r->c->api->store, RES_CONTROLLERREVISIONS, kube_namespace(r->owner));
	const size_t len = strlen(kube_name(r->owner));
	const json_t *owner, *selector = json_at(r->owner, "spec", "selector", NULL);
	json_t *one;
	size_t i;

	r->list = json_array();
	json_array_foreach(all, i, one) {
		owner = owner_of(one);
		if (strncmp(kube_name(one), r->name, len + 1) != 0 ||
		    (owner && strcmp(json_text(owner, "uid", NULL), kube_uid(r->owner)) != 0) ||
		    !selector_match_object(selector, json_at(one, "metadata", "labels", NULL)))
			continue;
		if (!owner)
			adopt(r, one);
		(void)json_array_append_new(r->list, json_incref(store_get(r->c->api->store, RES_CONTROLLERREVISIONS,
									    kube_namespace(one), kube_name(one))));
	}
}

static json_int_t next_number(const struct revisions *r)
{
	json_int_t n = 0;
	json_t *one;
	size_t i;

	json_array_foreach(r->list, i, one)
		n = MAX_OF(n, number(one));
	return n + 1;
}

/* What makes the owner what it was, as a strategic merge patch; keys are sorted, as Go has them */
static json_t *patch_of(const json_t *owner)
{
	json_t *template = json_deep_copy(json_at(owner, "spec", "template", NULL));
	_cleanup_json_ json_t *patch = NULL;

	if (!template)
		template = json_object();
	(void)json_object_set_new(template, "$patch", json_string("replace"));
	patch = json_pack("{s:{s:o}}", "spec", "template", template);
	return json_sorted(patch);
}

/* The template's labels: by these clients look for revisions */
static json_t *labels_of(const struct revisions *r, const char *hash)
{
	json_t *labels = json_copy(json_at(r->owner, "spec", "template", "metadata", "labels", NULL));

	if (!labels)
		labels = json_object();
	(void)json_object_set_new(labels, r->res->id == RES_STATEFULSETS ? "controller.kubernetes.io/hash" : HASH_LABEL,
				  json_string(hash));
	return labels;
}

static void create(struct revisions *r, const char *hash)
{
	json_t *annotations = json_copy(json_at(r->owner, "metadata", "annotations", NULL)), *one;

	if (!annotations)
		annotations = json_object();
	(void)json_object_del(annotations, "kubectl.kubernetes.io/last-applied-configuration");
	one = json_pack("{s:s,s:s,s:{s:s,s:s,s:o,s:o,s:[o]},s:o,s:I}", "kind", "ControllerRevision", "apiVersion",
			"apps/v1", "metadata", "name", r->name, "namespace", kube_namespace(r->owner), "labels",
			labels_of(r, hash), "annotations", annotations, "ownerReferences",
			owner_reference(r->res, r->owner), "data", patch_of(r->owner), "revision", next_number(r));
	(void)api_create(r->c->api, RES_CONTROLLERREVISIONS, one, NULL, NULL);
}

/* It is the latest again. */
static void renew(struct revisions *r, const json_t *one)
{
	const json_int_t next = next_number(r);
	json_t *copy;

	if (number(one) == next - 1)
		return;
	copy = json_copy((json_t *)(uintptr_t)one);
	(void)json_object_set_new(copy, "revision", json_integer(next));
	(void)store_update(r->c->api->store, RES_CONTROLLERREVISIONS, copy, NULL, NULL);
}

/* Whether a pod is of it: pods of DaemonSets have the hash alone as a label, those of StatefulSets the whole name. */
static bool in_use(const struct revisions *r, const json_t *pods, const json_t *one)
{
	const char *name = kube_name(one), *label;
	json_t *pod;
	size_t i;

	if (strcmp(name, r->name) == 0)
		return true;
	if (r->res->id != RES_STATEFULSETS)
		name = json_text(one, "metadata", "labels", HASH_LABEL, NULL);
	json_array_foreach(pods, i, pod) {
		label = json_text(pod, "metadata", "labels", HASH_LABEL, NULL);
		if (strcmp(label, name) == 0)
			return true;
	}
	return false;
}

static void forget(struct revisions *r)
{
	_cleanup_json_ json_t *pods = owned_by(r->c, r->owner, RES_PODS);
	const json_t *oldest, *one;
	json_int_t unused;
	size_t i;

	do {
		oldest = NULL;
		unused = 0;
		json_array_foreach(r->list, i, one) {
			if (in_use(r, pods, one) || !store_get(r->c->api->store, RES_CONTROLLERREVISIONS,
							       kube_namespace(one), kube_name(one)))
				continue;
			unused++;
			if (!oldest || number(one) < number(oldest))
				oldest = one;
		}
		if (unused <= json_int(r->owner, 10, "spec", "revisionHistoryLimit", NULL))
			return;
	} while (api_remove(r->c->api, RES_CONTROLLERREVISIONS, kube_namespace(oldest), kube_name(oldest), NULL) == 0);
}

void revisions_sync(struct controllers *c, const struct resource *res, const json_t *owner, const char *hash)
{
	struct revisions r = { .c = c, .res = res, .owner = owner };
	const json_t *one;

	(void)snprintf(r.name, sizeof(r.name), "%s-%s", kube_name(owner), hash);
	load(&r);
	one = store_get(c->api->store, RES_CONTROLLERREVISIONS, kube_namespace(owner), r.name);
	if (one)
		renew(&r, one);
	else
		create(&r, hash);
	forget(&r);
	json_decref(r.list);
}
