// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * objects.c - the ConfigMaps and Secrets that this node's pods need
 *
 * A cache in front of the API server. Refuses to know what they are for. One object {"configmaps/NS/NAME": object, true
 * while it is being asked for, or null when there is none} in kubelet.objects.
 */
#include <string.h>

#include "base/strbuf.h"
#include "kubelet/kubelet.h"

/* A question that is on its way. */
struct question {
	struct kubelet *k;
	char *resource, *ns, *name;
};

static struct question *question_free(struct question *q)
{
	if (q) {
		free(q->resource);
		free(q->ns);
		free(q->name);
	}
	free(q);
	return NULL;
}

static struct question *question_new(struct kubelet *k, const char *resource, const char *ns, const char *name)
{
	struct question *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	*q = (struct question){ .k = k, .resource = strdup(resource), .ns = strdup(ns), .name = strdup(name) };
	return q->resource && q->ns && q->name ? q : question_free(q);
}

static char *key_of(const char *resource, const char *ns, const char *name)
{
	struct strbuf s = { 0 };

	strbuf_printf(&s, "%s/%s/%s", resource, ns, name);
	return strbuf_steal(&s);
}

static void answered(struct rpc_message *m, const struct error *e, void *arg)
{
	struct question *q = arg;
	json_t *object = m && !e ? json_object_get(m->body, "object") : NULL;

	if (m)
		objects_set(q->k, q->resource, q->ns, q->name, json_is_object(object) ? object : NULL);
	(void)question_free(q);
}

static void ask(struct kubelet *k, const char *resource, const char *ns, const char *name)
{
	struct question *q = k->api ? question_new(k, resource, ns, name) : NULL;

	if (q)
		rpc_peer_call(k->api,
			      json_pack("{s:s, s:s, s:s, s:s}", "op", "get", "resource", resource, "namespace", ns,
					"name", name),
			      NULL, 0, answered, q);
}

json_t *objects_get(struct kubelet *k, const char *resource, const char *ns, const char *name, bool *ret_known)
{
	_cleanup_free_ char *key = key_of(resource, ns, name);
	json_t *o = key ? json_object_get(k->objects, key) : NULL;

	if (key && !o) {
		(void)json_object_set_new(k->objects, key, json_true());
		ask(k, resource, ns, name);
	}
	*ret_known = o && !json_is_true(o);
	return json_is_object(o) ? o : NULL;
}

void objects_set(struct kubelet *k, const char *resource, const char *ns, const char *name, json_t *object)
{
	_cleanup_free_ char *key = key_of(resource, ns, name);

	/* Another node's, or one that nobody here has asked for. */
	if (!key || !json_object_get(k->objects, key))
		return;
	(void)json_object_set_new(k->objects, key, object ? json_incref(object) : json_null());
	pods_objects_changed(k, ns);
}

void objects_refresh(struct kubelet *k)
{
	const char *key;
	json_t *o;

	json_object_foreach (k->objects, key, o) {
		_cleanup_free_ char *copy = strdup(key);
		char *ns = copy ? strchr(copy, '/') : NULL, *name = ns ? strchr(ns + 1, '/') : NULL;

		if (!name)
			continue;
		*ns++ = '\0';
		*name++ = '\0';
		ask(k, copy, ns, name);
	}
}
