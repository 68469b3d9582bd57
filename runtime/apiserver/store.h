/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h - the objects of a cluster: in memory, with a journal that a restarted API server reads back
 *
 * What etcd is to a real one. Objects are shared by reference and never changed in place: an update puts a new object.
 * Every change gets the next resource version and is told to all watchers, in order, before the call returns; watchers
 * must not change the store from inside their callback (remember what is to do and do it from the loop).
 */
#ifndef NETEMU_APISERVER_STORE_H
#define NETEMU_APISERVER_STORE_H

#include <jansson.h>

#include "base/error.h"
#include "cluster/resource.h"

struct store;

enum store_event_type { STORE_ADDED, STORE_MODIFIED, STORE_DELETED };

struct store_event {
	enum store_event_type type;
	const struct resource *res;
	json_t *object; /* STORE_DELETED: as it was last, with the resource version of the deletion. Borrowed. */
	json_t *old; /* STORE_MODIFIED: as it was before; NULL else. Borrowed. */
	uint64_t revision;
	const char *text; /* the object as compact JSON, when it was made anyway; else NULL */
	size_t text_len;
};

typedef void (*store_event_fn)(const struct store_event *ev, void *arg);
typedef void (*store_each_fn)(json_t *object, void *arg);

/**
 * store_open() - read the journal in directory @dir (made when missing), or begin empty
 * @dir: NULL: in memory only (tests)
 */
int store_open(const char *dir, struct store **ret, struct error *e);
struct store *store_close(struct store *s);

/** store_get() - @ns "" for cluster-scoped. Return: borrowed, NULL when there is none. */
json_t *store_get(const struct store *s, enum resource_id res, const char *ns, const char *name);

/** store_each() - all objects of a resource, in @ns (NULL or "": all), by namespace and name. @fn may not change the store. */
void store_each(const struct store *s, enum resource_id res, const char *ns, store_each_fn fn, void *arg);

/** store_list() - the same as a new array of references, which may be walked while the store changes */
json_t *store_list(const struct store *s, enum resource_id res, const char *ns);
size_t store_count(const struct store *s, enum resource_id res);

/**
 * store_create() - add an object
 * @object: reference is taken; metadata.uid, creationTimestamp, resourceVersion and generation (1) are set here; a
 *          metadata.generateName without name gets one
 * @ret: the stored object, borrowed; may be NULL
 *
 * Return: 0, -EEXIST, or -ENOMEM.
 */
int store_create(struct store *s, enum resource_id res, json_t *object, json_t **ret, struct error *e);

/**
 * store_update() - replace an object
 * @object: reference is taken. When it has a metadata.resourceVersion, that must be the stored one's. uid, creationTimestamp
 *          are kept from the stored one; generation moves when anything but metadata and status has changed. An object
 *          with a deletionTimestamp and no finalizers left whose grace period is 0 is deleted instead.
 *
 * Nothing happens, and no event is told, when nothing but the resource version would change.
 *
 * Return: 0, -ENOENT, -ESTALE (conflict).
 */
int store_update(struct store *s, enum resource_id res, json_t *object, json_t **ret, struct error *e);

/** store_delete() - at once, whatever finalizers say. Return: 0 or -ENOENT. */
int store_delete(struct store *s, enum resource_id res, const char *ns, const char *name);

/** store_revision() - the resource version of the last change */
uint64_t store_revision(const struct store *s);

/** store_watch() - tell @fn of every change. Return: a handle for store_unwatch(). */
struct store_watch *store_watch(struct store *s, store_event_fn fn, void *arg);
void store_unwatch(struct store *s, struct store_watch *w);

/**
 * store_replay() - what has changed since a resource version
 *
 * Return: 0, or -ERANGE when that is too long ago (410 Gone).
 */
int store_replay(const struct store *s, uint64_t since, store_event_fn fn, void *arg);

#endif
