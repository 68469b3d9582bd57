// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nodelife.c - whether nodes are alive: leases, the conditions of a node that is silent, taints
 *
 * What the node lifecycle controller does. A timer a node runs from its last heart-beat; there is no polling. Eviction
 * of pods by NoExecute taints is the controllers'.
 */
#include <string.h>

#include "apiserver/nodes.h"
#include "cluster/jsonutil.h"
#include "cluster/nodeproto.h"

struct alive {
	struct nodelife *nl;
	char *name;
	struct loop_handle timer;
	json_t *conditions; /* as they were before the node fell silent; NULL: it did not */
	struct alive *next;
};

struct nodelife {
	struct api *api;
	uint64_t lease; /* microseconds */
	struct alive *nodes;
	json_t *dirty; /* names of nodes whose taints are to be looked at */
	struct loop_handle work;
};

/* ---- conditions ---- */

static void set_condition(json_t *conditions, const json_t *condition)
{
	json_t *own = json_deep_copy(condition), *old;
	char now[KUBE_TIME_LEN];
	size_t i;

	json_array_foreach(conditions, i, old)
	{
		if (strcmp(json_text(old, "type", NULL), json_text(own, "type", NULL)) != 0)
			continue;
		if (strcmp(json_text(old, "status", NULL), json_text(own, "status", NULL)) == 0)
			(void)json_object_set(own, "lastTransitionTime", json_object_get(old, "lastTransitionTime"));
		else if (!*json_text(own, "lastTransitionTime", NULL))
			(void)json_object_set_new(own, "lastTransitionTime", json_string(kube_time(time(NULL), now)));
		(void)json_array_set_new(conditions, i, own);
		return;
	}
	if (!*json_text(own, "lastTransitionTime", NULL))
		(void)json_object_set_new(own, "lastTransitionTime", json_string(kube_time(time(NULL), now)));
	(void)json_array_append_new(conditions, own);
}

void node_merge_status(json_t *node, const json_t *status)
{
	json_t *own = json_object_make(node, "status"), *v, *condition;
	const char *key;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)status, key, v)
	{
		if (strcmp(key, "conditions") != 0) {
			(void)json_object_set_new(own, key, json_deep_copy(v));
			continue;
		}
		json_array_foreach(v, i, condition) set_condition(json_array_make(own, "conditions"), condition);
	}
}

static void set_unknown(json_t *node, const char *type)
{
	json_t *condition = kube_condition(node, type), *unknown;
	char now[KUBE_TIME_LEN];

	if (!condition && strcmp(type, "Ready") != 0)
		return;
	(void)kube_time(time(NULL), now);
	unknown = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "type", type, "status", "Unknown", "lastHeartbeatTime",
	                    condition ? json_text(condition, "lastHeartbeatTime", NULL) : now, "lastTransitionTime",
	                    now, "reason", "NodeStatusUnknown", "message", "Kubelet stopped posting node status.");
	set_condition(json_array_make(json_object_make(node, "status"), "conditions"), unknown);
	json_decref(unknown);
}

/* ---- pods of a silent node ---- */

struct of_node {
	const char *node;
	bool silent;
	json_t *pods;
};

static bool has_condition(const json_t *pod, const char *type, const char *status)
{
	return strcmp(json_text(kube_condition(pod, type), "status", NULL), status) == 0;
}

/* Whose Ready is to change: those that are, or those of which only we have said that they are not. */
static void collect(json_t *pod, void *arg)
{
	struct of_node *of = arg;

	if (strcmp(json_text(pod, "spec", "nodeName", NULL), of->node) == 0 &&
	    (of->silent ? has_condition(pod, "Ready", "True")
	                : has_condition(pod, "Ready", "False") && has_condition(pod, "ContainersReady", "True") &&
	                          json_array_size(json_at(pod, "spec", "readinessGates", NULL)) == 0))
		(void)json_array_append(of->pods, pod);
}

static void pods_follow(struct api *api, const char *node, bool silent)
{
	struct of_node of = { node, silent, json_array() };
	json_t *pod, *ready = json_pack("{s:s, s:s}", "type", "Ready", "status", silent ? "False" : "True");
	size_t i;

	store_each(api->store, RES_PODS, NULL, collect, &of);
	json_array_foreach(of.pods, i, pod)
	{
		json_t *own = json_deep_copy(pod);

		set_condition(json_at(own, "status", "conditions", NULL), ready);
		(void)store_update(api->store, RES_PODS, own, NULL, NULL);
		if (silent)
			api_event(api, pod, "Warning", "NodeNotReady", "node-controller", "", "Node is not ready");
	}
	json_decref(ready);
	json_decref(of.pods);
}

/* ---- leases ---- */

static void on_silence(struct loop *loop _unused_, struct loop_handle id _unused_, void *arg)
{
	static const char *const types[] = { "Ready", "MemoryPressure", "DiskPressure", "PIDPressure" };
	struct alive *a = arg;
	struct api *api = a->nl->api;
	const json_t *node = store_get(api->store, RES_NODES, "", a->name);
	json_t *own;

	if (!node || a->conditions)
		return;
	own = json_deep_copy(node);
	a->conditions = json_incref(json_at(node, "status", "conditions", NULL));
	if (!a->conditions)
		a->conditions = json_array();
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		set_unknown(own, types[i]);
	api_event(api, node, "Normal", "NodeNotReady", "node-controller", "", "Node %s status is now: NodeNotReady",
	          a->name);
	(void)store_update(api->store, RES_NODES, own, NULL, NULL);
	pods_follow(api, a->name, true);
}

static struct alive *alive_get(struct nodelife *nl, const char *name)
{
	struct alive *a = nl->nodes;

	while (a && strcmp(a->name, name) != 0)
		a = a->next;
	if (a)
		return a;
	a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	*a = (struct alive){ .nl = nl, .name = strdup(name), .next = nl->nodes };
	nl->nodes = a;
	return a;
}

/* A node that only paused says nothing new, nor of its pods: what it said last is true again. */
static void speak_again(struct alive *a)
{
	struct api *api = a->nl->api;
	const json_t *node = store_get(api->store, RES_NODES, "", a->name);
	json_t *own, *status;

	if (node && strcmp(json_text(kube_condition(node, "Ready"), "reason", NULL), "NodeStatusUnknown") == 0) {
		own = json_deep_copy(node);
		status = json_pack("{s:O}", "conditions", a->conditions);
		node_merge_status(own, status);
		json_decref(status);
		(void)store_update(api->store, RES_NODES, own, NULL, NULL);
	}
	pods_follow(api, a->name, false);
	json_decref(a->conditions);
	a->conditions = NULL;
}

void nodelife_beat(struct nodelife *nl, const char *node)
{
	struct alive *a = alive_get(nl, node);

	if (!a || !nl->api->loop)
		return;
	if (loop_set_timer(nl->api->loop, a->timer, nl->lease) < 0)
		(void)loop_add_timer(nl->api->loop, nl->lease, on_silence, a, &a->timer, NULL);
	if (a->conditions)
		speak_again(a);
}

/* ---- taints ---- */

#define NOT_READY     "node.kubernetes.io/not-ready"
#define UNREACHABLE   "node.kubernetes.io/unreachable"
#define UNSCHEDULABLE "node.kubernetes.io/unschedulable"

static const struct {
	const char *key, *effect;
} managed[] = {
	{ UNSCHEDULABLE, "NoSchedule" }, { NOT_READY, "NoSchedule" },  { NOT_READY, "NoExecute" },
	{ UNREACHABLE, "NoSchedule" },   { UNREACHABLE, "NoExecute" },
};

static bool wants_taint(const json_t *node, const char *key)
{
	const char *ready = json_text(kube_condition(node, "Ready"), "status", NULL);

	if (strcmp(key, UNSCHEDULABLE) == 0)
		return json_bool(node, "spec", "unschedulable", NULL);
	if (strcmp(key, UNREACHABLE) == 0)
		return strcmp(ready, "Unknown") == 0;
	return strcmp(ready, "True") != 0 && strcmp(ready, "Unknown") != 0;
}

static ssize_t find_taint(const json_t *taints, const char *key, const char *effect)
{
	json_t *t;
	size_t i;

	json_array_foreach(taints, i, t) if (strcmp(json_text(t, "key", NULL), key) == 0 &&
	                                     strcmp(json_text(t, "effect", NULL), effect) == 0) return (ssize_t)i;
	return -1;
}

static bool fix_taint(const json_t *node, json_t *taints, const char *key, const char *effect)
{
	const ssize_t at = find_taint(taints, key, effect);
	char now[KUBE_TIME_LEN];
	json_t *taint;

	if (wants_taint(node, key) == (at >= 0))
		return false;
	if (at >= 0) {
		(void)json_array_remove(taints, (size_t)at);
		return true;
	}
	taint = json_pack("{s:s, s:s}", "key", key, "effect", effect);
	if (strcmp(effect, "NoExecute") == 0 || strcmp(key, UNREACHABLE) == 0)
		(void)json_object_set_new(taint, "timeAdded", json_string(kube_time(time(NULL), now)));
	(void)json_array_append_new(taints, taint);
	return true;
}

static void fix_taints(struct api *api, const char *name)
{
	const json_t *node = store_get(api->store, RES_NODES, "", name);
	json_t *own, *spec, *taints;
	bool changed = false;

	if (!node)
		return;
	own = json_deep_copy(node);
	spec = json_object_make(own, "spec");
	taints = json_array_make(spec, "taints");
	for (size_t i = 0; i < ARRAY_SIZE(managed); i++)
		changed |= fix_taint(node, taints, managed[i].key, managed[i].effect);
	if (json_array_size(taints) == 0)
		(void)json_object_del(spec, "taints");
	if (changed)
		(void)store_update(api->store, RES_NODES, own, NULL, NULL);
	else
		json_decref(own);
}

static void on_work(struct loop *loop _unused_, struct loop_handle id _unused_, void *arg)
{
	struct nodelife *nl = arg;
	json_t *dirty = nl->dirty, *v;
	const char *name;

	nl->dirty = json_object();
	json_object_foreach(dirty, name, v) fix_taints(nl->api, name);
	json_decref(dirty);
}

void nodelife_changed(struct nodelife *nl, const char *node)
{
	(void)json_object_set_new(nl->dirty, node, json_true());
	if (nl->api->loop && !loop_exists(nl->api->loop, nl->work))
		(void)loop_add_timer(nl->api->loop, 0, on_work, nl, &nl->work, NULL);
}

/* ---- begin and end ---- */

static void begin_node(json_t *node, void *arg)
{
	nodelife_beat(arg, kube_name(node));
	nodelife_changed(arg, kube_name(node));
}

int nodelife_start(struct api *api, struct nodelife **ret, struct error *e)
{
	const char *seconds = getenv("NETEMU_NODE_LEASE_DURATION");
	struct nodelife *nl = calloc(1, sizeof(*nl));

	if (!nl)
		return error_oom(e);
	nl->api = api;
	nl->dirty = json_object();
	nl->lease = (seconds && atoi(seconds) > 0 ? (uint64_t)atoi(seconds) : NODE_LEASE_DURATION) * 1000000;
	store_each(api->store, RES_NODES, NULL, begin_node, nl);
	*ret = nl;
	return 0;
}

struct nodelife *nodelife_free(struct nodelife *nl)
{
	if (!nl)
		return NULL;
	while (nl->nodes) {
		struct alive *a = nl->nodes;

		nl->nodes = a->next;
		if (nl->api->loop)
			loop_remove(nl->api->loop, a->timer);
		json_decref(a->conditions);
		free(a->name);
		free(a);
	}
	if (nl->api->loop)
		loop_remove(nl->api->loop, nl->work);
	json_decref(nl->dirty);
	free(nl);
	return NULL;
}
