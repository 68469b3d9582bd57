// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl_gc.c - what becomes of dependents when their owner goes: background, orphan, foreground
 *
 * Background: the owner is gone, its dependents are deleted, or, when another owner of theirs is there, lose one reference.
 * The other two are finalizers of an owner that is being deleted: "orphan" waits until no dependent names it any more,
 * "foregroundDeletion" until those that block it are gone.
 */
#include <string.h>

#include "apiserver/control.h"

static const char orphan[] = "orphan", foreground[] = "foregroundDeletion";

/* The resource of a key of the index, and with @ns its namespace and name */
static enum resource_id key_resource(const char *key)
{
	const long id = strtol(key, NULL, 10);

	return id >= 0 && id < _RES_MAX ? (enum resource_id)id : RES_PODS;
}

static void drop_reference(struct controllers *c, enum resource_id res, const json_t *object, const char *uid)
{
	const json_t *now = store_get(c->api->store, res, kube_namespace(object), kube_name(object));

	if (now)
		owner_release(c, res, now, uid);
}

static bool has_other_owner(struct controllers *c, const json_t *object)
{
	json_t *ref;
	size_t i;

	json_array_foreach(json_at(object, "metadata", "ownerReferences", NULL), i, ref)
		if (owner_exists(c, kube_namespace(object), ref))
			return true;
	return false;
}

/* @object's owner @uid is gone, or has never been. */
static void collect(struct controllers *c, enum resource_id res, const json_t *object, const char *uid)
{
	json_t *ref;
	size_t i;

	json_array_foreach(json_at(object, "metadata", "ownerReferences", NULL), i, ref)
		if (strcmp(json_text(ref, "uid", NULL), uid) == 0 && owner_exists(c, kube_namespace(object), ref))
			return;
	if (has_other_owner(c, object))
		drop_reference(c, res, object, uid);
	else if (!json_at(object, "metadata", "deletionTimestamp", NULL))
		(void)api_remove(c->api, res, kube_namespace(object), kube_name(object), NULL);
}

void gc_sync(struct controllers *c, const char *ns _unused_, const char *uid)
{
	_cleanup_json_ json_t *set = json_copy(json_object_get(c->dependents, uid));
	const char *key;
	json_t *object;

	json_object_foreach(set, key, object)
		collect(c, key_resource(key), object, uid);
}

/* ---- finalizers ---- */

static void remove_finalizer(struct controllers *c, enum resource_id res, const json_t *object, const char *name)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)object), *meta = json_copy(json_object_get(object, "metadata"));
	json_t *left = json_array(), *f;
	size_t i;

	json_array_foreach(json_object_get(meta, "finalizers"), i, f)
		if (!json_is_string(f) || strcmp(json_string_value(f), name) != 0)
			(void)json_array_append(left, f);
	if (json_array_size(left))
		(void)json_object_set(meta, "finalizers", left);
	else
		(void)json_object_del(meta, "finalizers");
	json_decref(left);
	(void)json_object_set_new(copy, "metadata", meta);
	(void)store_update(c->api->store, res, copy, NULL, NULL);
}

/* Whether a dependent still holds its owner back */
static bool blocks(const json_t *object, const char *uid)
{
	json_t *ref;
	size_t i;

	json_array_foreach(json_at(object, "metadata", "ownerReferences", NULL), i, ref)
		if (strcmp(json_text(ref, "uid", NULL), uid) == 0)
			return json_bool(ref, "blockOwnerDeletion", NULL);
	return false;
}

/* One that has dependents itself waits for them, too. */
static void remove_dependent(struct controllers *c, enum resource_id res, const json_t *object)
{
	if (json_object_size(json_object_get(c->dependents, kube_uid(object))) > 0)
		(void)api_remove_foreground(c->api, res, kube_namespace(object), kube_name(object), NULL);
	else
		(void)api_remove(c->api, res, kube_namespace(object), kube_name(object), NULL);
}

static void finalize_foreground(struct controllers *c, enum resource_id res, const json_t *owner)
{
	_cleanup_json_ json_t *set = json_copy(json_object_get(c->dependents, kube_uid(owner)));
	const char *key;
	json_t *object;
	bool blocked = false;

	json_object_foreach(set, key, object)
		if (!json_at(object, "metadata", "deletionTimestamp", NULL))
			remove_dependent(c, key_resource(key), object);
	json_object_foreach(json_object_get(c->dependents, kube_uid(owner)), key, object)
		blocked = blocked || blocks(object, kube_uid(owner));
	if (!blocked)
		remove_finalizer(c, res, owner, foreground);
}

static void finalize_orphan(struct controllers *c, enum resource_id res, const json_t *owner)
{
	_cleanup_json_ json_t *set = json_copy(json_object_get(c->dependents, kube_uid(owner)));
	const char *key;
	json_t *object;

	json_object_foreach(set, key, object)
		drop_reference(c, key_resource(key), object, kube_uid(owner));
	remove_finalizer(c, res, owner, orphan);
}

void finalizers_sync(struct controllers *c, const char *ns, const char *key)
{
	const enum resource_id res = key_resource(key);
	const char *name = strchr(key, ':') ? strchr(key, ':') + 1 : key;
	_cleanup_json_ json_t *object = json_incref(store_get(c->api->store, res, ns, name));

	if (!json_at(object, "metadata", "deletionTimestamp", NULL))
		return;
	if (kube_has_finalizer(object, orphan))
		finalize_orphan(c, res, object);
	else if (kube_has_finalizer(object, foreground))
		finalize_foreground(c, res, object);
}

static void dirty_finalizers(struct controllers *c, enum resource_id res, const char *ns, const char *name)
{
	char key[300];

	(void)snprintf(key, sizeof(key), "%d:%s", (int)res, name);
	ctl_dirty(c, CTL_FINALIZERS, ns, key);
}

/* Also the end of a dependent may be what its owner waits for. */
void finalizers_event(struct controllers *c, const struct store_event *ev)
{
	json_t *ref;
	size_t i;

	if (ev->type != STORE_DELETED) {
		if (json_at(ev->object, "metadata", "deletionTimestamp", NULL) &&
		    (kube_has_finalizer(ev->object, orphan) || kube_has_finalizer(ev->object, foreground)))
			dirty_finalizers(c, ev->res->id, kube_namespace(ev->object), kube_name(ev->object));
		return;
	}
	json_array_foreach(json_at(ev->object, "metadata", "ownerReferences", NULL), i, ref) {
		const struct resource *r =
			resource_of_kind(json_text(ref, "apiVersion", NULL), json_text(ref, "kind", NULL));

		if (r)
			dirty_finalizers(c, r->id, r->namespaced ? kube_namespace(ev->object) : "",
					 json_text(ref, "name", NULL));
	}
}
