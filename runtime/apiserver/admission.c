// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * admission.c - what a real API server's admission plugins and strategies add to an object, or refuse
 *
 * Owns what is particular to a kind besides its schema: a table of functions by kind.
 */
#include <string.h>

#include "apiserver/serve.h"
#include "apiserver/services.h"
#include "base/base64.h"
#include "cluster/jsonutil.h"

static void set_missing(json_t *object, const char *key, json_t *value)
{
	if (json_object_get(object, key))
		json_decref(value);
	else
		(void)json_object_set_new(object, key, value);
}

/* ---- pods ---- */

static bool limits_equal(const json_t *wants)
{
	const json_t *limits = json_object_get(wants, "limits"), *requests = json_object_get(wants, "requests");
	static const char *const names[] = { "cpu", "memory" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const json_t *limit = json_object_get(limits, names[i]), *request = json_object_get(requests, names[i]);

		if (!limit || (request && !json_equal(limit, request)))
			return false;
	}
	return true;
}

const char *qos_class(const json_t *pod)
{
	static const char *const lists[] = { "initContainers", "containers" };
	bool any = false, all_equal = true;
	json_t *container;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		json_array_foreach(json_at(pod, "spec", lists[i], NULL), n, container)
		{
			const json_t *wants = json_object_get(container, "resources");

			any = any || json_object_size(json_object_get(wants, "limits")) > 0 ||
			      json_object_size(json_object_get(wants, "requests")) > 0;
			all_equal = all_equal && limits_equal(wants);
		}
	return !any ? "BestEffort" : all_equal ? "Guaranteed" : "Burstable";
}

/* DefaultTolerationSeconds: five minutes for nodes that are not ready or cannot be reached. */
static void tolerate(json_t *spec, const char *key)
{
	json_t *tolerations = json_array_make(spec, "tolerations"), *t;
	size_t i;

	json_array_foreach(tolerations, i, t)
	{
		const char *has = json_text(t, "key", NULL), *effect = json_text(t, "effect", NULL);

		if ((strcmp(has, key) == 0 || (!*has && strcmp(json_text(t, "operator", NULL), "Exists") == 0)) &&
		    (!*effect || strcmp(effect, "NoExecute") == 0))
			return;
	}
	(void)json_array_append_new(tolerations, json_pack("{s:s, s:s, s:s, s:i}", "key", key, "operator", "Exists",
	                                                   "effect", "NoExecute", "tolerationSeconds", 300));
}

static int service_account(struct call *c, json_t *pod)
{
	json_t *spec = json_object_make(pod, "spec");
	const char *name = json_text(spec, "serviceAccountName", NULL);

	if (!*name)
		name = json_text(spec, "serviceAccount", NULL);
	if (!*name)
		name = "default";
	/* The default one is made with its namespace. */
	if (!store_get(c->api->store, RES_SERVICEACCOUNTS, c->t.ns, name) && strcmp(name, "default") != 0) {
		api_fail(c->reply, 403, "Forbidden", json_pack("{s:s, s:s}", "name", kube_name(pod), "kind", "pods"),
		         "pods \"%s\" is forbidden: error looking up service account %s/%s: serviceaccount \"%s\" not "
		         "found",
		         kube_name(pod), c->t.ns, name, name);
		return -EPERM;
	}
	(void)json_object_set_new(spec, "serviceAccountName", json_string(name));
	(void)json_object_set(spec, "serviceAccount", json_object_get(spec, "serviceAccountName"));
	return 0;
}

static int admit_pod(struct call *c, json_t *pod)
{
	json_t *spec = json_object_make(pod, "spec"), *status;

	if (service_account(c, pod) < 0)
		return -EPERM;
	set_missing(spec, "priority", json_integer(0));
	set_missing(spec, "preemptionPolicy", json_string("PreemptLowerPriority"));
	set_missing(spec, "enableServiceLinks", json_true());
	tolerate(spec, "node.kubernetes.io/not-ready");
	tolerate(spec, "node.kubernetes.io/unreachable");
	status = json_pack("{s:s, s:s}", "phase", "Pending", "qosClass", qos_class(pod));
	(void)json_object_set_new(pod, "status", status);
	return 0;
}

static int admit_pod_update(struct call *c, json_t *pod, const json_t *old)
{
	json_t *status = json_object_get(pod, "status");

	/* a status that comes from outside may leave out what it does not know */
	if (strcmp(c->t.sub, "status") == 0 && json_is_object(status)) {
		json_t *qos = json_at(old, "status", "qosClass", NULL);

		if (qos && !json_object_get(status, "qosClass"))
			(void)json_object_set(status, "qosClass", qos);
	}
	return 0;
}

/* ---- other kinds ---- */

static int admit_namespace(struct call *c _unused_, json_t *ns)
{
	json_t *labels = json_object_make(json_object_make(ns, "metadata"), "labels");

	(void)json_object_set_new(labels, "kubernetes.io/metadata.name", json_string(kube_name(ns)));
	(void)json_object_set_new(ns, "spec", json_pack("{s:[s]}", "finalizers", "kubernetes"));
	(void)json_object_set_new(ns, "status", json_pack("{s:s}", "phase", "Active"));
	return 0;
}

static int admit_namespace_update(struct call *c _unused_, json_t *ns, const json_t *old)
{
	json_t *labels = json_object_make(json_object_make(ns, "metadata"), "labels");

	(void)json_object_set_new(labels, "kubernetes.io/metadata.name", json_string(kube_name(ns)));
	/* finalizers are changed by /finalize only */
	(void)json_object_set(ns, "spec", json_object_get(old, "spec"));
	return 0;
}

static int admit_secret(struct call *c _unused_, json_t *secret)
{
	const json_t *plain = json_object_get(secret, "stringData");
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)plain, key, v)
	{
		_cleanup_strbuf_ struct strbuf coded = { 0 };

		base64_encode(&coded, json_string_value(v), json_string_length(v));
		(void)json_object_set_new(json_object_make(secret, "data"), key, json_string(strbuf_str(&coded)));
	}
	(void)json_object_del(secret, "stringData");
	set_missing(secret, "type", json_string("Opaque"));
	return 0;
}

static int admit_secret_update(struct call *c, json_t *secret, const json_t *old _unused_)
{
	return admit_secret(c, secret);
}

static int admit_service(struct call *c, json_t *service)
{
	return service_admit(c, service, NULL);
}

static int admit_node(struct call *c _unused_, json_t *node)
{
	set_missing(json_object_make(node, "metadata"), "labels", json_object());
	return 0;
}

static const struct {
	enum resource_id res;
	int (*create)(struct call *c, json_t *object);
	int (*update)(struct call *c, json_t *object, const json_t *old);
} plugins[] = {
	{ RES_PODS, admit_pod, admit_pod_update },
	{ RES_NAMESPACES, admit_namespace, admit_namespace_update },
	{ RES_SECRETS, admit_secret, admit_secret_update },
	{ RES_SERVICES, admit_service, service_admit },
	{ RES_NODES, admit_node, NULL },
};

int admit_create(struct call *c, json_t *object)
{
	for (size_t i = 0; i < ARRAY_SIZE(plugins); i++)
		if (plugins[i].res == c->t.res->id)
			return plugins[i].create(c, object);
	return 0;
}

int admit_update(struct call *c, json_t *object, const json_t *old)
{
	for (size_t i = 0; i < ARRAY_SIZE(plugins); i++)
		if (plugins[i].res == c->t.res->id && plugins[i].update)
			return plugins[i].update(c, object, old);
	return 0;
}
