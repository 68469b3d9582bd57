/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * schema_internal.h - how the tables of schema_*.c are written, and what the walkers share
 *
 * TYPE(PodSpec) is the table of Go's v1.PodSpec; a field says the type of its objects by the same word, which is where the words
 * in "Go struct field PodSpec.spec.hostNetwork" come from. Source of the tables: k8s.io/api and k8s.io/apimachinery v0.30.
 */
#ifndef NETEMU_CLUSTER_SCHEMA_INTERNAL_H
#define NETEMU_CLUSTER_SCHEMA_INTERNAL_H

#include <string.h>

#include "cluster/jsonutil.h"
#include "cluster/schema.h"
#include "cluster/schema_cilium.h"

/* clang-format off */
#define TYPE(T) const struct kube_field type_##T[]
#define END { .name = NULL }

#define STR(n)		{ .name = n, .type = FIELD_STRING }
#define STRD(n, def)	{ .name = n, .type = FIELD_STRING, .fallback = "\"" def "\"" }
/* A string type of its own. */
#define ENUM(n, T)	{ .name = n, .type = FIELD_STRING, .go_type = "v1." #T }
#define ENUMD(n, T, def) { .name = n, .type = FIELD_STRING, .go_type = "v1." #T, .fallback = "\"" def "\"" }
#define UID(n)		{ .name = n, .type = FIELD_STRING, .go_type = "types.UID" }
#define BOOL(n)		{ .name = n, .type = FIELD_BOOL }
#define BOOLD(n, def)	{ .name = n, .type = FIELD_BOOL, .fallback = def }
#define INT(n)		{ .name = n, .type = FIELD_INT }
#define INTD(n, def)	{ .name = n, .type = FIELD_INT, .fallback = def }
#define INTZ(n, def)	{ .name = n, .type = FIELD_INT, .fallback = def, .flags = KUBE_ZERO_UNSET }
#define LONG(n)		{ .name = n, .type = FIELD_INT, .go_type = "int64" }
#define LONGD(n, def)	{ .name = n, .type = FIELD_INT, .go_type = "int64", .fallback = def }
#define QUANTITY(n)	{ .name = n, .type = FIELD_QUANTITY }
#define INT_OR_STR(n)	{ .name = n, .type = FIELD_INT_OR_STRING }
#define TIME(n)		{ .name = n, .type = FIELD_TIME }
#define BYTES(n)	{ .name = n, .type = FIELD_BYTES }
#define ANY(n)		{ .name = n, .type = FIELD_ANY }
#define OBJ(n, T)	{ .name = n, .type = FIELD_OBJECT, .fields = type_##T, .go_type = "v1." #T }
#define OBJD(n, T)	{ .name = n, .type = FIELD_OBJECT, .fields = type_##T, .go_type = "v1." #T, .fallback = "{}" }
/* ATOM: for server-side apply one value. */
#define ATOM(n, T)	{ .name = n, .type = FIELD_OBJECT, .fields = type_##T, .go_type = "v1." #T, .flags = KUBE_ATOMIC }
#define STRS(n)		{ .name = n, .type = FIELD_LIST, .element = FIELD_STRING }
#define ENUMS(n, T)	{ .name = n, .type = FIELD_LIST, .element = FIELD_STRING, .go_type = "v1." #T }
/* SET: of scalars, merged. */
#define SET(n)		{ .name = n, .type = FIELD_LIST, .element = FIELD_STRING, .merge_key = "" }
#define LONGS(n)	{ .name = n, .type = FIELD_LIST, .element = FIELD_INT, .go_type = "int64" }
#define LIST(n, T)	{ .name = n, .type = FIELD_LIST, .element = FIELD_OBJECT, .fields = type_##T, .go_type = "v1." #T }
/* KEYED: of objects, merged by a key, or for server-side apply by two. */
#define KEYED(n, T, key) { .name = n, .type = FIELD_LIST, .element = FIELD_OBJECT, .fields = type_##T, .go_type = "v1." #T, .merge_key = key }
#define KEYED2(n, T, key, key2) \
	{ .name = n, .type = FIELD_LIST, .element = FIELD_OBJECT, .fields = type_##T, .go_type = "v1." #T, .merge_key = key, .merge_key2 = key2 }
#define STRMAP(n)	{ .name = n, .type = FIELD_STRING_MAP }
#define ATOMMAP(n)	{ .name = n, .type = FIELD_STRING_MAP, .flags = KUBE_ATOMIC }
#define BYTESMAP(n)	{ .name = n, .type = FIELD_MAP, .element = FIELD_BYTES }
#define RESOURCES(n)	{ .name = n, .type = FIELD_MAP, .element = FIELD_QUANTITY, .go_type = "v1.ResourceList" }
/* What each object begins with. */
#define HEAD		STR("kind"), STR("apiVersion")
#define META		HEAD, OBJ("metadata", ObjectMeta)
/* clang-format on */

/* Tables that more than one file needs. */
extern TYPE(ObjectMeta);
extern TYPE(LabelSelector);
extern TYPE(Condition);
extern TYPE(ListMeta);
extern TYPE(PodTemplateSpec);
extern TYPE(PersistentVolumeClaim);
extern TYPE(PersistentVolumeClaimSpec);
extern TYPE(Pod);

/* A kind and its fields; tables of them end with a NULL kind. */
struct schema_kind {
	const char *kind;
	const struct kube_field *fields;
};
extern const struct schema_kind schema_core_kinds[], schema_apps_kinds[], schema_meta_kinds[];

/* Where a value stands: a chain of keys and indices, on the stack of the walker. */
struct schema_path {
	const struct schema_path *up; /* NULL: the object itself */
	const char *key;	      /* NULL: an index */
	size_t index;
	bool of_map; /* @key is data, not a field */
};
/** schema_path_text() - append `spec.containers[0].name` */
void schema_path_text(const struct schema_path *p, struct strbuf *out);

enum schema_mistake { SCHEMA_UNKNOWN_FIELD, SCHEMA_WRONG_TYPE };

struct schema_walk {
	/* @fields: what the object at @at may have; @text: for a wrong type, Go's words */
	void (*fn)(struct schema_walk *w, enum schema_mistake what, const struct schema_path *at, const struct kube_field *fields,
		   const char *text);
	void *arg;
};
/** schema_walk() - tell @w of each mistake in @object, in its order */
void schema_walk(const struct resource *r, const json_t *object, struct schema_walk *w);

/** schema_is_crds() - whether a value is typed by a CRD's schema: what is wrong with it is schema_validate()'s to say, not Go's */
bool schema_is_crds(const struct resource *r, const struct schema_path *at);

/** schema_field() - the row of @name in a table that ends with a NULL name; NULL */
const struct kube_field *schema_field(const struct kube_field *fields, const char *name);
/** schema_top_field() - the same for the top level of a kind, where a table may leave out apiVersion, kind and metadata */
const struct kube_field *schema_top_field(const struct kube_field *fields, const char *name);
/** quantity_check() - what Go says of a text that is no quantity; NULL: it is one */
const char *quantity_check(const char *text);

#endif
