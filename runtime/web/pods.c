// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pods.c - which pods run on the nodes of a cluster, and on nodes of a topology that share the network of one
 *
 * Asks as a user would, `netemu get pods`, every few seconds and one question at a time. Refuses to know the API.
 */
#include <string.h>

#include "web/web.h"

enum { AGAIN_USEC = 2000000 };

static const char container[] = "container:";

struct pods {
	struct web *web;
	struct run *run;  /* NULL: nothing is being asked */
	uint64_t asked;	  /* loop_now() */
	char *cluster;	  /* its lab, NULL: none is seen from here */
	json_t *machines; /* name of a node here -> name of the cluster's node that it is or shares the network of */
	json_t *on;	  /* name of a cluster's node -> [{namespace, name, phase, ip}] */
};

/* ---- whose pods ---- */

/* The cluster's node that a node of the lab is or sits in. Return: false when it is none. */
static bool machine_find(const struct lab_state *st, const struct node_state *n, struct lab_state **ret,
			 size_t *ret_index)
{
	if (strncmp(n->net_mode, container, sizeof(container) - 1) != 0)
		return false;
	if (state_find_node(NULL, n->net_mode + sizeof(container) - 1, ret, ret_index, NULL) < 0)
		return false;
	if (strcmp((*ret)->type, "cluster") == 0 && strcmp((*ret)->name, st->name) != 0)
		return true;
	state_free(*ret);
	*ret = NULL;
	return false;
}

static void cluster_is(struct pods *p, const char *name)
{
	if (p->cluster)
		return;
	p->cluster = strdup(name);
}

static void machines_find(struct pods *p, const struct lab_state *st)
{
	p->cluster = (free(p->cluster), NULL);
	(void)json_object_clear(p->machines);
	for (size_t i = 0; i < st->n_nodes; i++) {
		const struct node_state *n = &st->nodes[i];
		struct lab_state *other = NULL;
		size_t at;

		if (strcmp(st->type, "cluster") == 0) {
			cluster_is(p, st->name);
			(void)json_object_set_new(p->machines, n->name, json_string(n->longname));
		} else if (machine_find(st, n, &other, &at)) {
			cluster_is(p, other->name);
			(void)json_object_set_new(p->machines, n->name, json_string(other->nodes[at].longname));
			state_free(other);
		}
	}
}

/* ---- asking ---- */

static const char *text_at(const json_t *object, const char *member, const char *key)
{
	const char *s = json_string_value(json_object_get(json_object_get(object, member), key));

	return s ? s : "";
}

static void pod_add(struct pods *p, const json_t *pod)
{
	const char *machine = text_at(pod, "spec", "nodeName");
	json_t *list = json_object_get(p->on, machine);

	if (!*machine)
		return;
	if (!list) {
		list = json_array();
		(void)json_object_set_new(p->on, machine, list);
	}
	(void)json_array_append_new(
		list, json_pack("{s:s, s:s, s:s, s:s}", "namespace", text_at(pod, "metadata", "namespace"), "name",
				text_at(pod, "metadata", "name"), "phase", text_at(pod, "status", "phase"), "ip",
				text_at(pod, "status", "podIP")));
}

/* What is no list of pods, a complaint, leaves what was known. */
static void answered(void *arg, const char *text, size_t len)
{
	struct pods *p = arg;
	json_t *all = json_loadb(text, len, 0, NULL), *items = json_object_get(all, "items"), *pod;
	size_t i;

	p->run = NULL;
	if (json_is_array(items))
		(void)json_object_clear(p->on);
	json_array_foreach(items, i, pod)
		pod_add(p, pod);
	json_decref(all);
}

void pods_look(struct pods *p, const struct lab_state *st)
{
	const uint64_t now = loop_now();

	if (p->run || (p->asked && now - p->asked < AGAIN_USEC))
		return;
	p->asked = now;
	machines_find(p, st);
	if (!p->cluster) {
		(void)json_object_clear(p->on);
		return;
	}
	p->run = run_start(p->web,
			   (char *const[]){ (char *)"netemu", (char *)"get", (char *)"pods", (char *)"-A", (char *)"-o",
					    (char *)"json", (char *)"--lab", p->cluster, NULL },
			   answered, p);
}

/* ---- answers ---- */

json_t *pods_of(const struct pods *p, const char *node)
{
	const char *machine = json_string_value(json_object_get(p->machines, node));
	json_t *list = machine ? json_object_get(p->on, machine) : NULL;

	if (!machine)
		return NULL;
	return list ? json_incref(list) : json_array();
}

void pods_forget(struct pods *p)
{
	run_cancel(p->run);
	p->run = NULL;
	p->asked = 0;
	(void)json_object_clear(p->machines);
	(void)json_object_clear(p->on);
}

struct pods *pods_new(struct web *w)
{
	struct pods *p = calloc(1, sizeof(*p));

	if (p)
		*p = (struct pods){ .web = w, .machines = json_object(), .on = json_object() };
	return p;
}
