// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl_owners.c - who owns whom: an index of dependents by their owners' uid
 *
 * Owns the index, which follows the store's events, and adoption: a pod or ReplicaSet without a controller that a selector
 * matches gets one, one that is not matched any more loses it (controller_ref_manager.go).
 */
#include <string.h>

#include "apiserver/control.h"
#include "cluster/selector.h"

static const char *index_key(enum resource_id res, const json_t *object, char buf[600])
{
	(void)snprintf(buf, 600, "%d %s/%s", (int)res, kube_namespace(object), kube_name(object));
	return buf;
}

static void index_set(struct controllers *c, const char *uid, const char *key, json_t *object)
{
	(void)json_object_set(json_object_make(c->dependents, uid), key, object);
}

static void index_del(struct controllers *c, const char *uid, const char *key)
{
	json_t *set = json_object_get(c->dependents, uid);

	(void)json_object_del(set, key);
	if (set && json_object_size(set) == 0)
		(void)json_object_del(c->dependents, uid);
}

const json_t *owner_of(const json_t *object)
{
	json_t *ref;
	size_t i;

	json_array_foreach(json_at(object, "metadata", "ownerReferences", NULL), i, ref)
		if (json_bool(ref, "controller", NULL))
			return ref;
	return NULL;
}

static void index_object(struct controllers *c, enum resource_id res, json_t *object, bool add)
{
	char key[600];
	json_t *ref;
	size_t i;

	(void)index_key(res, object, key);
	json_array_foreach(json_at(object, "metadata", "ownerReferences", NULL), i, ref) {
		if (add)
			index_set(c, json_text(ref, "uid", NULL), key, object);
		else
			index_del(c, json_text(ref, "uid", NULL), key);
	}
	if ((res == RES_PODS || res == RES_REPLICASETS) && !owner_of(object)) {
		if (add)
			index_set(c, "", key, object);
		else
			index_del(c, "", key);
	}
}

/* A dependent whose owner is not there (any more) is garbage. */
static void check_owners(struct controllers *c, const json_t *object)
{
	json_t *ref;
	size_t i;

	json_array_foreach(json_at(object, "metadata", "ownerReferences", NULL), i, ref)
		if (!owner_exists(c, kube_namespace(object), ref))
			ctl_dirty(c, CTL_GC, kube_namespace(object), json_text(ref, "uid", NULL));
}

void owners_event(struct controllers *c, const struct store_event *ev)
{
	const bool same = ev->old && json_equal(json_at(ev->old, "metadata", "ownerReferences", NULL),
						json_at(ev->object, "metadata", "ownerReferences", NULL));

	if (ev->old && !same)
		index_object(c, ev->res->id, ev->old, false);
	if (ev->type == STORE_DELETED)
		index_object(c, ev->res->id, ev->object, false);
	else
		index_object(c, ev->res->id, ev->object, true);
	if (ev->type != STORE_DELETED && !same)
		check_owners(c, ev->object);
	if (ev->type == STORE_DELETED && json_object_get(c->dependents, kube_uid(ev->object)))
		ctl_dirty(c, CTL_GC, kube_namespace(ev->object), kube_uid(ev->object));
}

bool owner_exists(struct controllers *c, const char *ns, const json_t *reference)
{
	const struct resource *res =
		resource_of_kind(json_text(reference, "apiVersion", NULL), json_text(reference, "kind", NULL));
	const json_t *owner;

	if (!res)
		return false;
	owner = store_get(c->api->store, res->id, res->namespaced ? ns : "", json_text(reference, "name", NULL));
	return owner && strcmp(kube_uid(owner), json_text(reference, "uid", NULL)) == 0;
}

json_t *owned_by(struct controllers *c, const json_t *owner, enum resource_id res)
{
	json_t *list = json_array(), *object;
	const char *key, *uid = kube_uid(owner);

	json_object_foreach(json_object_get(c->dependents, uid), key, object)
		if (strtol(key, NULL, 10) == (long)res && strcmp(json_text(owner_of(object), "uid", NULL), uid) == 0)
			(void)json_array_append(list, object);
	return list;
}

json_t *owner_reference(const struct resource *res, const json_t *owner)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:b,s:b}", "apiVersion", resource_api_version(res), "kind", res->kind,
			 "name", kube_name(owner), "uid", kube_uid(owner), "controller", 1, "blockOwnerDeletion", 1);
}

/* ---- adoption ---- */

static void set_references(struct controllers *c, enum resource_id res, const json_t *object, json_t *references)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)object), *meta = json_copy(json_object_get(object, "metadata"));

	if (json_array_size(references))
		(void)json_object_set(meta, "ownerReferences", references);
	else
		(void)json_object_del(meta, "ownerReferences");
	json_decref(references);
	(void)json_object_set_new(copy, "metadata", meta);
	(void)store_update(c->api->store, res, copy, NULL, NULL);
}

void owner_release(struct controllers *c, enum resource_id res, const json_t *object, const char *uid)
{
	json_t *references = json_array(), *ref;
	size_t i;

	json_array_foreach(json_at(object, "metadata", "ownerReferences", NULL), i, ref)
		if (strcmp(json_text(ref, "uid", NULL), uid) != 0)
			(void)json_array_append(references, ref);
	set_references(c, res, object, references);
}

static void adopt(struct controllers *c, enum resource_id res, const json_t *object, json_t *reference)
{
	json_t *references = json_copy(json_at(object, "metadata", "ownerReferences", NULL));

	if (!references)
		references = json_array();
	(void)json_array_append_new(references, reference);
	set_references(c, res, object, references);
}

/* Whether an orphan is one that @owner would have made */
static bool is_like_ours(enum resource_id owner_res, const json_t *owner, const json_t *object)
{
	const char *name = kube_name(owner);
	const size_t len = strlen(name);

	if (strcmp(kube_namespace(object), kube_namespace(owner)) != 0 || !pod_is_active(object) ||
	    !selector_match_object(json_at(owner, "spec", "selector", NULL), json_at(object, "metadata", "labels", NULL)))
		return false;
	return owner_res != RES_STATEFULSETS || (strncmp(kube_name(object), name, len) == 0 && kube_name(object)[len] == '-');
}

void owners_adopt(struct controllers *c, enum resource_id owner_res, const json_t *owner, enum resource_id res)
{
	const json_t *selector = json_at(owner, "spec", "selector", NULL);
	_cleanup_json_ json_t *mine = NULL, *orphans = NULL;
	const char *key;
	json_t *object;
	size_t i;

	if (json_object_size(selector) == 0 || json_at(owner, "metadata", "deletionTimestamp", NULL))
		return;
	mine = owned_by(c, owner, res);
	json_array_foreach(mine, i, object)
		if (!selector_match_object(selector, json_at(object, "metadata", "labels", NULL)) &&
		    !json_at(object, "metadata", "deletionTimestamp", NULL))
			owner_release(c, res, object, kube_uid(owner));
	orphans = json_copy(json_object_get(c->dependents, ""));
	json_object_foreach(orphans, key, object)
		if (strtol(key, NULL, 10) == (long)res && is_like_ours(owner_res, owner, object))
			adopt(c, res, object, owner_reference(&resources[owner_res], owner));
}
