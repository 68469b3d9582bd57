/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fieldset.h - sets of fields of an object, in the form of managedFields' fieldsV1
 *
 *   {"f:spec": {"f:replicas": {}, "f:containers": {"k:{\"name\":\"c\"}": {".": {}, "f:image": {}}}}}
 *
 * A node that is {} or has "." is itself in the set; "f:" leads to a field, "k:" to the element of a list with that
 * key, "v:" to that value of a list of scalars. Sets are new references; NULL and {} at the root are the empty set.
 * Source: sigs.k8s.io/structured-merge-diff, fieldpath.
 */
#ifndef NETEMU_APISERVER_FIELDSET_H
#define NETEMU_APISERVER_FIELDSET_H

#include "base/strbuf.h"
#include "cluster/schema.h"

json_t *fieldset_union(const json_t *a, const json_t *b);
json_t *fieldset_intersect(const json_t *a, const json_t *b);
json_t *fieldset_subtract(const json_t *a, const json_t *b);
bool fieldset_is_empty(const json_t *set);

/** fieldset_of() - all that @object (of @kind) says */
json_t *fieldset_of(const char *kind, const json_t *object);
/** fieldset_changed() - what @after says that @before does not, or says otherwise */
json_t *fieldset_changed(const char *kind, const json_t *before, const json_t *after);
/** fieldset_merge() - @applied over @live; new reference */
json_t *fieldset_merge(const char *kind, const json_t *live, const json_t *applied);
/** fieldset_remove() - take the fields of @set out of @object, in place */
void fieldset_remove(const char *kind, json_t *object, const json_t *set);

typedef void (*fieldset_fn)(const char *path, void *arg);
/** fieldset_each() - the path of each field, as conflicts are told: `.spec.containers[name="c"].image` */
void fieldset_each(const json_t *set, fieldset_fn fn, void *arg);

#endif
