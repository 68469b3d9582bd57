// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sched_nodes.c - which nodes there are, in the cluster file's order, and what is still free on them
 *
 * Owns the sums of what the pods of a node ask for, kept up to date with each change of a pod, so that a pod is placed
 * without a look at all the others.
 */
#include "apiserver/sched.h"

#include <string.h>

/* ---- what a pod takes ---- */

static int64_t request_of(const json_t *container, const char *resource)
{
	const json_t *v = json_at(container, "resources", "requests", resource, NULL);
	int64_t milli;

	if (!v)
		v = json_at(container, "resources", "limits", resource, NULL);
	milli = quantity_milli(v);
	return milli < 0 ? 0 : milli;
}

/* Init containers run one after the other, before all others. */
static int64_t request_sum(const json_t *spec, const char *resource)
{
	const int64_t overhead = quantity_milli(json_at(spec, "overhead", resource, NULL));
	int64_t sum = 0, init = 0;
	json_t *c;
	size_t i;

	json_array_foreach(json_object_get(spec, "containers"), i, c)
		sum += request_of(c, resource);
	json_array_foreach(json_object_get(spec, "initContainers"), i, c)
		init = MAX_OF(init, request_of(c, resource));
	return MAX_OF(sum, init) + MAX_OF(overhead, 0);
}

static void add_port(struct demand *d, const json_t *port, bool host_network)
{
	const char *protocol = json_text(port, "protocol", NULL), *ip = json_text(port, "hostIP", NULL);
	json_int_t number = json_int(port, 0, "hostPort", NULL);

	if (!number && host_network)
		number = json_int(port, 0, "containerPort", NULL);
	if (number <= 0)
		return;
	if (!d->ports)
		d->ports = json_array();
	(void)json_array_append_new(d->ports, json_sprintf("%s/%s/%lld", *protocol ? protocol : "TCP",
							   *ip ? ip : "0.0.0.0", (long long)number));
}

void demand_of(const json_t *pod, struct demand *ret)
{
	const json_t *spec = json_object_get(pod, "spec");
	const bool host_network = json_bool(spec, "hostNetwork", NULL);
	json_t *container, *port;
	size_t i, j;

	*ret = (struct demand){ .cpu = request_sum(spec, "cpu"), .memory = request_sum(spec, "memory") / 1000 };
	json_array_foreach(json_object_get(spec, "containers"), i, container)
		json_array_foreach(json_object_get(container, "ports"), j, port)
			add_port(ret, port, host_network);
}

void demand_done(struct demand *d)
{
	json_decref(d->ports);
	d->ports = NULL;
}

bool pod_occupies(const json_t *pod)
{
	return *json_text(pod, "spec", "nodeName", NULL) && !pod_has_phase(pod, "Succeeded") &&
	       !pod_has_phase(pod, "Failed");
}

/* ---- nodes ---- */

struct sched_node *sched_node(struct scheduler *s, const char *name)
{
	const ssize_t i = strmap_get(&s->by_name, name);

	return i == STRMAP_NONE ? NULL : &s->nodes[i];
}

void sched_account(struct scheduler *s, const json_t *pod, int sign)
{
	struct sched_node *n = sched_node(s, json_text(pod, "spec", "nodeName", NULL));
	struct demand d;
	json_t *port;
	size_t i;

	if (!n)
		return;
	demand_of(pod, &d);
	n->used_cpu += sign * d.cpu;
	n->used_memory += sign * d.memory;
	n->used_pods += sign;
	n->load += strcmp(kube_namespace(pod), "kube-system") == 0 ? 0 : sign;
	json_array_foreach(d.ports, i, port) {
		const char *key = json_string_value(port);
		const json_int_t count = json_integer_value(json_object_get(n->ports, key)) + sign;

		if (count > 0)
			(void)json_object_set_new(n->ports, key, json_integer(count));
		else
			(void)json_object_del(n->ports, key);
	}
	if (pod_has_anti_affinity(pod))
		s->n_anti += (size_t)sign;
	demand_done(&d);
}

static void read_allocatable(struct sched_node *n)
{
	const json_t *a = json_at(n->object, "status", "allocatable", NULL);
	const int64_t memory = quantity_milli(json_object_get(a, "memory")),
		      pods = quantity_milli(json_object_get(a, "pods"));

	n->cpu = quantity_milli(json_object_get(a, "cpu"));
	n->memory = memory < 0 ? -1 : memory / 1000;
	n->pods = pods < 0 ? -1 : pods / 1000;
}

void sched_set_node(struct scheduler *s, json_t *node)
{
	struct sched_node *n = sched_node(s, kube_name(node));

	if (!n) {
		s->stale = true;
		return;
	}
	json_decref(n->object);
	n->object = json_incref(node);
	read_allocatable(n);
}

void sched_nodes_done(struct scheduler *s)
{
	for (size_t i = 0; i < s->n_nodes; i++) {
		json_decref(s->nodes[i].object);
		json_decref(s->nodes[i].ports);
		free(s->nodes[i].name);
	}
	free(s->nodes);
	s->nodes = NULL;
	s->n_nodes = 0;
	s->n_anti = 0;
	strmap_done(&s->by_name);
}

static void add_node(struct scheduler *s, json_t *node)
{
	struct sched_node *n = &s->nodes[s->n_nodes];

	if (strmap_get(&s->by_name, kube_name(node)) != STRMAP_NONE)
		return;
	*n = (struct sched_node){ .object = json_incref(node),
				  .ports = json_object(),
				  .name = strdup(kube_name(node)) };
	read_allocatable(n);
	if (n->name)
		(void)strmap_put(&s->by_name, n->name, s->n_nodes);
	s->n_nodes++;
}

static void account_pod(json_t *pod, void *arg)
{
	if (pod_occupies(pod))
		sched_account(arg, pod, 1);
}

void sched_refresh(struct controllers *c)
{
	struct scheduler *s = c->scheduler;
	_cleanup_json_ json_t *all = NULL;
	json_t *known, *node;
	size_t i;

	if (!s->stale)
		return;
	s->stale = false;
	sched_nodes_done(s);
	all = store_list(c->api->store, RES_NODES, NULL);
	s->nodes = calloc(json_array_size(all) + 1, sizeof(*s->nodes));
	if (!s->nodes)
		return;
	json_array_foreach(json_object_get(c->api->cluster, "nodes"), i, known) {
		node = store_get(c->api->store, RES_NODES, "", json_text(known, "hostname", NULL));
		if (node)
			add_node(s, node);
	}
	json_array_foreach(all, i, node)
		add_node(s, node);
	store_each(c->api->store, RES_PODS, NULL, account_pod, s);
}
