// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl_endpoints.c - which pods' addresses are behind a Service with a selector (pkg/controller/endpoint)
 *
 * One subset of addresses for all ports; a named target port is looked up in the first pod that has it. A Service without
 * a selector, `kubernetes` among them, has the Endpoints that somebody else made.
 */
#include <string.h>

#include "apiserver/control.h"
#include "cluster/selector.h"

struct subset {
	struct controllers *c;
	const json_t *service;
	json_t *ready, *not_ready; /* addresses */
	json_t *pod;		   /* borrowed: the first one */
};

static json_t *address_of(const json_t *pod)
{
	return json_pack("{s:s,s:s,s:{s:s,s:s,s:s,s:s}}", "ip", json_text(pod, "status", "podIP", NULL), "nodeName",
			 json_text(pod, "spec", "nodeName", NULL), "targetRef", "kind", "Pod", "namespace",
			 kube_namespace(pod), "name", kube_name(pod), "uid", kube_uid(pod));
}

static bool selects(const json_t *service, const json_t *pod)
{
	const json_t *selector = json_at(service, "spec", "selector", NULL),
		     *labels = json_at(pod, "metadata", "labels", NULL);
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)selector, key, v)
		if (!json_equal(json_object_get(labels, key), v))
			return false;
	return json_object_size(selector) > 0;
}

static void add_pod(json_t *pod, void *arg)
{
	struct subset *s = arg;
	const bool all = json_bool(s->service, "spec", "publishNotReadyAddresses", NULL);

	if (!*json_text(pod, "status", "podIP", NULL) || !selects(s->service, pod) || !pod_is_active(pod))
		return;
	if (!s->pod)
		s->pod = pod;
	(void)json_array_append_new(all || pod_is_ready(pod) ? s->ready : s->not_ready, address_of(pod));
}

static json_int_t container_port(const json_t *pod, const char *name)
{
	json_t *container, *port;
	size_t i, j;

	json_array_foreach(json_at(pod, "spec", "containers", NULL), i, container)
		json_array_foreach(json_object_get(container, "ports"), j, port)
			if (strcmp(json_text(port, "name", NULL), name) == 0)
				return json_int(port, 0, "containerPort", NULL);
	return 0;
}

static json_t *ports_of(const struct subset *s)
{
	json_t *list = json_array(), *port;
	size_t i;

	json_array_foreach(json_at(s->service, "spec", "ports", NULL), i, port) {
		const json_t *target = json_object_get(port, "targetPort");
		const char *name = json_text(port, "name", NULL), *protocol = json_text(port, "protocol", NULL);
		json_int_t number = json_int(port, 0, "port", NULL);
		json_t *out;

		if (json_is_integer(target) && json_integer_value(target))
			number = json_integer_value(target);
		else if (json_is_string(target))
			number = container_port(s->pod, json_string_value(target));
		if (number <= 0)
			continue;
		out = json_pack("{s:I,s:s}", "port", number, "protocol", *protocol ? protocol : "TCP");
		if (*name)
			(void)json_object_set_new(out, "name", json_string(name));
		(void)json_array_append_new(list, out);
	}
	return list;
}

/* References of the lists are taken. */
static json_t *make_subsets(struct subset *s)
{
	json_t *subsets = json_array(), *subset = json_object();

	if (json_array_size(s->ready))
		(void)json_object_set(subset, "addresses", s->ready);
	if (json_array_size(s->not_ready))
		(void)json_object_set(subset, "notReadyAddresses", s->not_ready);
	if (json_object_size(subset)) {
		(void)json_object_set_new(subset, "ports", ports_of(s));
		(void)json_array_append(subsets, subset);
	}
	json_decref(subset);
	json_decref(s->ready);
	json_decref(s->not_ready);
	return subsets;
}

static void write_endpoints(struct controllers *c, const json_t *service, json_t *subsets)
{
	const char *ns = kube_namespace(service), *name = kube_name(service);
	const json_t *old = store_get(c->api->store, RES_ENDPOINTS, ns, name);
	json_t *labels = json_at(service, "metadata", "labels", NULL);
	json_t *copy = old ? object_own(old, NULL, NULL)
			   : json_pack("{s:s,s:s,s:{s:s,s:s}}", "kind", "Endpoints", "apiVersion", "v1", "metadata",
				       "name", name, "namespace", ns);

	if (old && !json_at(old, "metadata", "annotations", NULL))
		(void)json_object_del(json_object_get(copy, "metadata"), "annotations");
	(void)json_object_del(copy, "spec");
	if (labels)
		(void)json_object_set(json_object_get(copy, "metadata"), "labels", labels);
	else
		(void)json_object_del(json_object_get(copy, "metadata"), "labels");
	if (json_array_size(subsets))
		(void)json_object_set(copy, "subsets", subsets);
	else
		(void)json_object_del(copy, "subsets");
	json_decref(subsets);
	if (old)
		(void)store_update(c->api->store, RES_ENDPOINTS, copy, NULL, NULL);
	else
		(void)api_create(c->api, RES_ENDPOINTS, copy, NULL, NULL);
}

void endpoints_sync(struct controllers *c, const char *ns, const char *name)
{
	_cleanup_json_ json_t *service = json_incref(store_get(c->api->store, RES_SERVICES, ns, name));
	struct subset s = { .c = c, .service = service };

	if (!service) {
		(void)store_delete(c->api->store, RES_ENDPOINTS, ns, name);
		return;
	}
	if (!json_object_size(json_at(service, "spec", "selector", NULL)) ||
	    json_at(service, "metadata", "deletionTimestamp", NULL))
		return;
	s.ready = json_array();
	s.not_ready = json_array();
	store_each(c->api->store, RES_PODS, ns, add_pod, &s);
	write_endpoints(c, service, make_subsets(&s));
}

struct concerned {
	struct controllers *c;
	const struct store_event *ev;
};

static void dirty_service(json_t *service, void *arg)
{
	const struct concerned *a = arg;

	if (selects(service, a->ev->object) || (a->ev->old && selects(service, a->ev->old)))
		ctl_dirty(a->c, CTL_ENDPOINTS, kube_namespace(service), kube_name(service));
}

static bool is_same(const struct store_event *ev)
{
	return ev->old && pod_is_ready(ev->old) == pod_is_ready(ev->object) &&
	       pod_is_active(ev->old) == pod_is_active(ev->object) &&
	       strcmp(json_text(ev->old, "status", "podIP", NULL), json_text(ev->object, "status", "podIP", NULL)) ==
		       0 &&
	       json_equal(json_at(ev->old, "metadata", "labels", NULL),
			  json_at(ev->object, "metadata", "labels", NULL));
}

void endpoints_event(struct controllers *c, const struct store_event *ev)
{
	struct concerned a = { c, ev };

	if (ev->res->id == RES_PODS && !is_same(ev))
		store_each(c->api->store, RES_SERVICES, kube_namespace(ev->object), dirty_service, &a);
}
