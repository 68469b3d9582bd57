// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl_namespace.c - the end of a namespace: all that is in it goes first
 */
#include <string.h>

#include "apiserver/control.h"

/* Delete what is in a namespace. Return: how much is still there. */
static size_t empty(struct controllers *c, const char *name)
{
	size_t left = 0, i;
	json_t *object;

	for (size_t r = 0; r < _RES_MAX; r++) {
		_cleanup_json_ json_t *list = NULL;

		if (!resources[r].namespaced)
			continue;
		list = store_list(c->api->store, (enum resource_id)r, name);
		json_array_foreach(list, i, object)
			if (!json_at(object, "metadata", "deletionTimestamp", NULL))
				(void)api_remove(c->api, (enum resource_id)r, name, kube_name(object), NULL);
		json_decref(list);
		list = store_list(c->api->store, (enum resource_id)r, name);
		left += json_array_size(list);
	}
	return left;
}

void namespace_sync(struct controllers *c, const char *ns _unused_, const char *name)
{
	_cleanup_json_ json_t *object = json_incref(store_get(c->api->store, RES_NAMESPACES, "", name));
	json_t *copy, *spec;

	if (!json_at(object, "metadata", "deletionTimestamp", NULL) || empty(c, name))
		return;
	if (json_array_size(json_at(object, "spec", "finalizers", NULL)) == 0) {
		if (json_array_size(json_at(object, "metadata", "finalizers", NULL)) == 0)
			(void)store_delete(c->api->store, RES_NAMESPACES, "", name);
		return;
	}
	copy = json_copy(object);
	spec = json_copy(json_object_get(object, "spec"));
	(void)json_object_del(spec, "finalizers");
	(void)json_object_set_new(copy, "spec", spec);
	(void)store_update(c->api->store, RES_NAMESPACES, copy, NULL, NULL);
}
