/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * jsonutil.h - small things that everything which handles Kubernetes objects needs
 *
 * Objects in the store are shared and never changed: change a json_deep_copy().
 */
#ifndef NETEMU_CLUSTER_JSONUTIL_H
#define NETEMU_CLUSTER_JSONUTIL_H

#include <jansson.h>
#include <time.h>

#include "base/macros.h"
#include "base/strbuf.h"

/* jansson's own json_decrefp() */
#define _cleanup_json_ _cleanup_(json_decrefp)

/** json_at() - the value at a path of keys, NULL-terminated: json_at(pod, "spec", "nodeName", NULL). Borrowed; NULL. */
json_t *json_at(const json_t *j, ...) __attribute__((sentinel));
/** json_text() - the string at a path; "" when it is missing or no string */
const char *json_text(const json_t *j, ...) __attribute__((sentinel));
/** json_int() - the integer at a path, or @fallback */
json_int_t json_int(const json_t *j, json_int_t fallback, ...) __attribute__((sentinel));
/** json_bool() - whether the value at a path is true */
bool json_bool(const json_t *j, ...) __attribute__((sentinel));
/** json_object_make() - the object at @key of @j, made when it is missing. Borrowed. */
json_t *json_object_make(json_t *j, const char *key);
/** json_sorted() - new: a copy with the keys of all objects in order, as Go writes them */
json_t *json_sorted(const json_t *j);
/** json_array_make() - the array at @key of @j, made when it is missing. Borrowed. */
json_t *json_array_make(json_t *j, const char *key);
/** json_string_lossy() - a string of any bytes: what is no UTF-8 in it becomes "?"; new reference */
json_t *json_string_lossy(const char *text, size_t len);
/** json_write() - append as compact JSON */
void json_write(const json_t *j, struct strbuf *out);

/** kube_name(), kube_namespace(), kube_uid() - of an object's metadata; "" when there is none */
static inline const char *kube_name(const json_t *o)
{
	return json_text(o, "metadata", "name", NULL);
}
static inline const char *kube_namespace(const json_t *o)
{
	return json_text(o, "metadata", "namespace", NULL);
}
static inline const char *kube_uid(const json_t *o)
{
	return json_text(o, "metadata", "uid", NULL);
}

enum { KUBE_TIME_LEN = 40 };
/** kube_time() - RFC 3339 in UTC with seconds, "2026-11-25T02:03:04Z", into @buf. Return: @buf. */
const char *kube_time(time_t t, char buf[KUBE_TIME_LEN]);
/** kube_time_parse() - RFC 3339 with or without fraction, UTC or with an offset. Return: seconds, or -1. */
time_t kube_time_parse(const char *text);
/** kube_age() - a duration as kubectl writes it (duration.HumanDuration): "42s", "3m20s", "18h", "4d3h" */
const char *kube_age(time_t seconds, char buf[KUBE_TIME_LEN]);
enum { GO_DURATION_LEN = 32 };
/** go_duration() - whole seconds as Go's time.Duration writes them: "0s", "33m26s", "1h0m5s" */
const char *go_duration(int64_t seconds, char buf[GO_DURATION_LEN]);

/** kube_condition() - the condition of a type in status.conditions. Borrowed; NULL. */
json_t *kube_condition(const json_t *object, const char *type);
/** kube_has_finalizer() - whether metadata.finalizers names it */
bool kube_has_finalizer(const json_t *object, const char *name);

#endif
