// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pending.c - what a user still waits for
 *
 * Nodes that have not registered, or are not Ready although there is a network; pods that run or will, and are not
 * ready; workloads whose pods are not all there. Without a network (Cilium is not installed yet) no pod can be waited for.
 */
#include <string.h>

#include "apiserver/api.h"
#include "cluster/jsonutil.h"

struct pending {
	struct api *api;
	json_t *list;
};

static bool is_true(const json_t *object, const char *condition)
{
	return strcmp(json_text(kube_condition(object, condition), "status", NULL), "True") == 0;
}

/* @ready: those that have registered, but are not Ready, too */
static void add_nodes(struct pending *p, bool ready)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(p->api->cluster, "nodes"), i, entry)
	{
		const char *name = json_text(entry, "hostname", NULL);
		const json_t *node = store_get(p->api->store, RES_NODES, "", name);

		if (!node || !nodes_find(p->api, name))
			(void)json_array_append_new(p->list, json_sprintf("node %s: not registered", name));
		else if (ready && !is_true(node, "Ready"))
			(void)json_array_append_new(
				p->list, json_sprintf("node %s: NotReady (%s)", name,
			                              json_text(kube_condition(node, "Ready"), "message", NULL)));
	}
}

/* Why a pod does not run: what a container waits for, else why it was not scheduled. */
static const char *pod_reason(const json_t *pod)
{
	static const char *const lists[] = { "initContainerStatuses", "containerStatuses" };
	json_t *status;
	size_t i;

	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		json_array_foreach(json_at(pod, "status", lists[l], NULL), i, status)
		{
			const char *reason = json_text(status, "state", "waiting", "reason", NULL);

			if (*reason && strcmp(reason, "PodInitializing") != 0)
				return reason;
		}
	if (!*json_text(pod, "spec", "nodeName", NULL)) {
		const char *message = json_text(kube_condition(pod, "PodScheduled"), "message", NULL);

		return *message ? message : "not scheduled yet";
	}
	return strcmp(json_text(pod, "status", "phase", NULL), "Running") == 0 ? "not ready" : "ContainerCreating";
}

static void add_pod(json_t *pod, void *arg)
{
	struct pending *p = arg;
	const char *phase = json_text(pod, "status", "phase", NULL);

	if (strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0 || is_true(pod, "Ready"))
		return;
	if (!p->api->network && !json_bool(pod, "spec", "hostNetwork", NULL))
		return;
	(void)json_array_append_new(p->list, json_sprintf("pod %s/%s: %s (%s)", kube_namespace(pod), kube_name(pod),
	                                                  *phase ? phase : "Pending", pod_reason(pod)));
}

static void add_replicas(struct pending *p, const json_t *object, json_int_t wanted, json_int_t ready)
{
	if (ready < wanted)
		(void)json_array_append_new(p->list,
		                            json_sprintf("%s %s/%s: %lld of %lld ready",
		                                         json_text(object, "kind", NULL), kube_namespace(object),
		                                         kube_name(object), (long long)ready, (long long)wanted));
}

static bool observed(const json_t *object)
{
	return json_int(object, 0, "status", "observedGeneration", NULL) >=
	       json_int(object, 0, "metadata", "generation", NULL);
}

static void add_set(json_t *object, void *arg)
{
	const json_int_t wanted = json_int(object, 1, "spec", "replicas", NULL);

	add_replicas(arg, object, wanted, observed(object) ? json_int(object, 0, "status", "readyReplicas", NULL) : 0);
}

static void add_daemonset(json_t *object, void *arg)
{
	if (observed(object))
		add_replicas(arg, object, json_int(object, 0, "status", "desiredNumberScheduled", NULL),
		             json_int(object, 0, "status", "numberReady", NULL));
	else
		add_replicas(arg, object, 1, 0);
}

json_t *pending_list(struct api *api)
{
	struct pending p = { api, json_array() };

	add_nodes(&p, api->network != NULL);
	store_each(api->store, RES_PODS, NULL, add_pod, &p);
	if (api->network) {
		store_each(api->store, RES_DEPLOYMENTS, NULL, add_set, &p);
		store_each(api->store, RES_STATEFULSETS, NULL, add_set, &p);
		store_each(api->store, RES_DAEMONSETS, NULL, add_daemonset, &p);
	}
	return p.list;
}

json_t *pending_nodes(struct api *api)
{
	struct pending p = { api, json_array() };

	add_nodes(&p, false);
	return p.list;
}
