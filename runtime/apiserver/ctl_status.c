// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl_status.c - counts and conditions of a status, written only when they say something new
 */
#include <string.h>

#include "apiserver/control.h"

void status_count(json_t *status, const char *key, json_int_t n)
{
	if (n)
		(void)json_object_set_new(status, key, json_integer(n));
	else
		(void)json_object_del(status, key);
}

static json_t *find_condition(json_t *list, const char *type)
{
	json_t *c;
	size_t i;

	json_array_foreach(list, i, c)
		if (strcmp(json_text(c, "type", NULL), type) == 0)
			return c;
	return NULL;
}

static void set_text(json_t *j, const char *key, const char *text)
{
	if (text)
		(void)json_object_set_new(j, key, json_string(text));
	else
		(void)json_object_del(j, key);
}

void status_condition(json_t *status, const char *type, const char *value, const char *reason, const char *message,
		      bool update_time)
{
	json_t *list = json_array_make(status, "conditions"), *c = find_condition(list, type);
	char now[KUBE_TIME_LEN];

	(void)kube_time(time(NULL), now);
	if (!c) {
		c = json_pack("{s:s}", "type", type);
		(void)json_array_append_new(list, c);
	}
	if (strcmp(json_text(c, "status", NULL), value) == 0 &&
	    strcmp(json_text(c, "reason", NULL), reason ? reason : "") == 0 &&
	    strcmp(json_text(c, "message", NULL), message ? message : "") == 0)
		return;
	if (update_time)
		set_text(c, "lastUpdateTime", now);
	if (strcmp(json_text(c, "status", NULL), value) != 0)
		set_text(c, "lastTransitionTime", now);
	set_text(c, "status", value);
	set_text(c, "reason", reason);
	set_text(c, "message", message);
}

void status_store(struct controllers *c, enum resource_id res, const json_t *object, json_t *status)
{
	json_t *now = store_get(c->api->store, res, kube_namespace(object), kube_name(object)), *copy;

	if (!now || strcmp(kube_uid(now), kube_uid(object)) != 0 ||
	    json_equal(json_object_get(now, "status"), status)) {
		json_decref(status);
		return;
	}
	copy = json_copy(now);
	(void)json_object_set_new(copy, "status", status);
	(void)store_update(c->api->store, res, copy, NULL, NULL);
}

json_t *object_own(const json_t *object, json_t **ret_annotations, json_t **ret_spec)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)object), *meta = json_copy(json_object_get(object, "metadata"));
	json_t *annotations = json_copy(json_object_get(meta, "annotations")),
	       *spec = json_copy(json_object_get(object, "spec"));

	if (!annotations)
		annotations = json_object();
	(void)json_object_set_new(meta, "annotations", annotations);
	(void)json_object_set_new(copy, "metadata", meta);
	(void)json_object_set_new(copy, "spec", spec);
	if (ret_annotations)
		*ret_annotations = annotations;
	if (ret_spec)
		*ret_spec = spec;
	return copy;
}
