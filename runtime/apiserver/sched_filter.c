// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sched_filter.c - whether a pod may run on a node, and if not why, in kube-scheduler's words
 *
 * Owns the filters, in the order in which the default profile asks them; the first one that refuses says why. Refuses to
 * know other pods' labels: sched_affinity.c.
 */
#include "apiserver/sched.h"

#include <stdarg.h>
#include <string.h>

#include "cluster/selector.h"

/* ---- taints, node affinity: the DaemonSet controller asks, too ---- */

bool tolerates(const json_t *toleration, const json_t *taint)
{
	const char *effect = json_text(toleration, "effect", NULL), *key = json_text(toleration, "key", NULL);
	const char *op = json_text(toleration, "operator", NULL);

	if (*effect && strcmp(effect, json_text(taint, "effect", NULL)) != 0)
		return false;
	if (*key && strcmp(key, json_text(taint, "key", NULL)) != 0)
		return false;
	if (strcmp(op, "Exists") == 0)
		return true;
	return *key && (!*op || strcmp(op, "Equal") == 0) &&
	       strcmp(json_text(toleration, "value", NULL), json_text(taint, "value", NULL)) == 0;
}

static bool is_tolerated(const json_t *taint, const json_t *tolerations)
{
	json_t *t;
	size_t i;

	json_array_foreach(tolerations, i, t)
		if (tolerates(t, taint))
			return true;
	return false;
}

const json_t *untolerated(const json_t *node, const json_t *tolerations, const char *const *effects)
{
	json_t *taint;
	size_t i;

	json_array_foreach(json_at(node, "spec", "taints", NULL), i, taint)
		for (const char *const *e = effects; *e; e++)
			if (strcmp(json_text(taint, "effect", NULL), *e) == 0 && !is_tolerated(taint, tolerations))
				return taint;
	return NULL;
}

/* A term without anything in it matches nothing. */
static bool term_matches(const json_t *term, const json_t *node)
{
	const json_t *expressions = json_object_get(term, "matchExpressions"),
		     *on_fields = json_object_get(term, "matchFields");
	_cleanup_json_ json_t *fields = NULL;

	if (json_array_size(expressions) == 0 && json_array_size(on_fields) == 0)
		return false;
	fields = json_pack("{s:s}", "metadata.name", kube_name(node));
	return selector_match_expressions(expressions, json_at(node, "metadata", "labels", NULL)) &&
	       selector_match_expressions(on_fields, fields);
}

bool affinity_matches(const json_t *pod_spec, const json_t *node)
{
	const json_t *labels = json_at(node, "metadata", "labels", NULL),
		     *selector = json_object_get(pod_spec, "nodeSelector");
	const json_t *required =
		json_at(pod_spec, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", NULL);
	const char *key;
	json_t *v, *term;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)selector, key, v)
		if (!json_equal(v, json_object_get(labels, key)))
			return false;
	if (!json_is_object(required))
		return true;
	json_array_foreach(json_object_get(required, "nodeSelectorTerms"), i, term)
		if (term_matches(term, node))
			return true;
	return false;
}

/* ---- filters ---- */

void verdict_add(struct verdict *v, bool resolvable, const char *fmt, ...)
{
	va_list ap;

	if (v->n == REASONS_MAX)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(v->reasons[v->n], sizeof(v->reasons[0]), fmt, ap);
	va_end(ap);
	v->n++;
	v->resolvable = resolvable;
}

static const char *const hard_effects[] = { "NoSchedule", "NoExecute", NULL };
static const char *const soft_effects[] = { "PreferNoSchedule", NULL };

static void check_unschedulable(struct filter *f, const struct sched_node *n, struct verdict *v)
{
	_cleanup_json_ json_t *taint = NULL;

	if (!json_bool(n->object, "spec", "unschedulable", NULL))
		return;
	taint = json_pack("{s:s,s:s}", "key", "node.kubernetes.io/unschedulable", "effect", "NoSchedule");
	if (!is_tolerated(taint, json_object_get(f->spec, "tolerations")))
		verdict_add(v, false, "node(s) were unschedulable");
}

static void check_pin(struct filter *f, const struct sched_node *n, struct verdict *v)
{
	if (f->pinned && strcmp(f->pinned, n->name) != 0)
		verdict_add(v, false, "node(s) didn't match the requested node name");
}

static void check_taints(struct filter *f, const struct sched_node *n, struct verdict *v)
{
	const json_t *taint = untolerated(n->object, json_object_get(f->spec, "tolerations"), hard_effects);

	if (taint)
		verdict_add(v, false, "node(s) had untolerated taint {%s: %s}", json_text(taint, "key", NULL),
			    json_text(taint, "value", NULL));
}

static void check_node_affinity(struct filter *f, const struct sched_node *n, struct verdict *v)
{
	if (!affinity_matches(f->spec, n->object))
		verdict_add(v, false, "node(s) didn't match Pod's node affinity/selector");
}

/* "TCP/10.0.0.1/80" and "TCP/0.0.0.0/80" are in each other's way. */
static bool ports_conflict(const char *a, const char *b)
{
	const char *ip_a = strchr(a, '/') + 1, *ip_b = strchr(b, '/') + 1;
	const char *port_a = strchr(ip_a, '/'), *port_b = strchr(ip_b, '/');
	static const char any[] = "0.0.0.0/";

	if (strcmp(port_a, port_b) != 0 || ip_a - a != ip_b - b || strncmp(a, b, (size_t)(ip_a - a)) != 0)
		return false;
	return strncmp(ip_a, any, strlen(any)) == 0 || strncmp(ip_b, any, strlen(any)) == 0 || strcmp(ip_a, ip_b) == 0;
}

static void check_ports(struct filter *f, const struct sched_node *n, struct verdict *v)
{
	const char *taken;
	json_t *port, *count;
	size_t i;

	json_array_foreach(f->demand.ports, i, port)
		json_object_foreach(n->ports, taken, count)
			if (ports_conflict(json_string_value(port), taken)) {
				verdict_add(v, true, "node(s) didn't have free ports for the requested pod ports");
				return;
			}
}

static void check_resources(struct filter *f, const struct sched_node *n, struct verdict *v)
{
	if (n->pods >= 0 && n->used_pods + 1 > n->pods)
		verdict_add(v, true, "Too many pods");
	if (f->demand.cpu && n->cpu >= 0 && n->used_cpu + f->demand.cpu > n->cpu)
		verdict_add(v, true, "Insufficient cpu");
	if (f->demand.memory && n->memory >= 0 && n->used_memory + f->demand.memory > n->memory)
		verdict_add(v, true, "Insufficient memory");
}

static void check_pod_affinity(struct filter *f, const struct sched_node *n, struct verdict *v)
{
	if (f->affinity)
		(void)pod_affinity_allows(f, n->object, v);
}

static void (*const filters[])(struct filter *f, const struct sched_node *n, struct verdict *v) = {
	check_unschedulable, check_pin,	      check_taints,	  check_node_affinity,
	check_ports,	     check_resources, check_pod_affinity,
};

bool filter_node(struct filter *f, const struct sched_node *n, struct verdict *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		filters[i](f, n, ret);
		if (ret->n)
			return false;
	}
	return true;
}

int64_t filter_score(const struct filter *f, const struct sched_node *n)
{
	enum { SOFT_TAINT = 100, WEIGHT = 1000000 };
	const json_t *preferred =
		json_at(f->spec, "affinity", "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution", NULL);
	int64_t score = 0;
	json_t *p;
	size_t i;

	json_array_foreach(preferred, i, p)
		if (term_matches(json_object_get(p, "preference"), n->object))
			score += json_int(p, 0, "weight", NULL);
	if (untolerated(n->object, json_object_get(f->spec, "tolerations"), soft_effects))
		score -= SOFT_TAINT;
	return score * WEIGHT - n->load;
}

void filter_begin(struct filter *f, struct controllers *c, const json_t *pod)
{
	char key[600];

	*f = (struct filter){ .c = c, .pod = pod, .spec = json_object_get(pod, "spec") };
	demand_of(pod, &f->demand);
	(void)snprintf(key, sizeof(key), "%s/%s", kube_namespace(pod), kube_name(pod));
	f->pinned = json_string_value(json_at(c->api->pins, "pods", key, "node", NULL));
	pod_affinity_begin(f);
}

void filter_done(struct filter *f)
{
	demand_done(&f->demand);
	for (size_t i = 0; i < ARRAY_SIZE(f->domains); i++)
		json_decref(f->domains[i]);
}
