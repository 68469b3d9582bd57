/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * schema.h - the fields of the resources that are served: strict decoding, defaults, validation, merge keys
 *
 * Tables of fields per type, and one walker. Pure: the command line checks manifests with it before anything is made,
 * the API server each object that comes in.
 */
#ifndef NETEMU_CLUSTER_KUBE_SCHEMA_H
#define NETEMU_CLUSTER_KUBE_SCHEMA_H

#include <jansson.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "cluster/resource.h"

enum field_type { FIELD_ANY, FIELD_STRING, FIELD_INT, FIELD_BOOL, FIELD_NUMBER, FIELD_QUANTITY, FIELD_INT_OR_STRING, FIELD_TIME, FIELD_BYTES,
		  FIELD_OBJECT, FIELD_LIST, FIELD_STRING_MAP, FIELD_MAP, _FIELD_TYPE_MAX };

struct kube_field {
	const char *name;
	enum field_type type;
	const struct kube_field *fields; /* FIELD_OBJECT: of it; FIELD_LIST, FIELD_MAP: of an element that is an object, NULL-named last */
	enum field_type element; /* FIELD_LIST, FIELD_MAP: of an element */
	const char *merge_key; /* FIELD_LIST with patchStrategy merge: key of objects; "" for a list of scalars that merges; NULL: atomic */
	const char *merge_key2; /* server-side apply: second key of a map list (containerPort + protocol), or NULL */
	const char *go_type; /* what Go calls the value (of a list or map of objects: an element), for its error texts: "v1.PodSpec"; NULL: by @type */
	const char *fallback; /* JSON text of what schema_default() puts where the field is missing; NULL: nothing */
	unsigned flags; /* KUBE_*, or-ed */
};

enum {
	KUBE_ATOMIC = 1, /* server-side apply: one manager owns the whole value (structType/mapType: atomic) */
	KUBE_ZERO_UNSET = 2, /* 0 counts as missing for @fallback: no pointer in the Go type */
};

/** schema_fields() - the top-level fields of a kind; NULL when it has no schema (then everything goes) */
const struct kube_field *schema_fields(const char *kind);

/**
 * schema_decode() - strict decoding
 * @errors: each mistake as the API server words it, separated by ", ": `unknown field "spec.foo"`, `duplicate field "spec.bar"`
 *
 * A value of the wrong type is not part of that list, but makes the whole request fail: -EBADMSG with the text in @e,
 * worded as Go does: `json: cannot unmarshal string into Go struct field Container.spec.containers.stdin of type bool`.
 *
 * Return: 0 (look at @errors), or -EBADMSG.
 */
int schema_decode(const struct resource *r, const json_t *object, struct strbuf *errors, struct error *e);

/** schema_default() - fill in what the API server fills in (restartPolicy: Always, protocol: TCP, strategy, ...); changes @object */
void schema_default(const struct resource *r, json_t *object);

/**
 * schema_validate() - what is wrong with an object's values
 * @old: the object as it was, for updates (immutable fields); NULL on create
 * @causes: array of {"reason": "FieldValueInvalid", "message": "Invalid value: \"x\": must be ...", "field": "spec.containers[0].name"} is
 *          appended, in the words of the API server's validation
 *
 * Return: how many were added.
 */
size_t schema_validate(const struct resource *r, const json_t *object, const json_t *old, json_t *causes);

/** schema_invalid_text() - `Pod "x" is invalid: [cause, cause]` as the API server joins them */
void schema_invalid_text(const struct resource *r, const char *name, const json_t *causes, struct strbuf *out);

#endif
