// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sched_affinity.c - required podAffinity and podAntiAffinity: pods that want each other near, or far
 *
 * Before a pod's nodes are asked, the pods that are on nodes are looked at once, and what they mean is kept as sets of
 * "KEY=VALUE" of nodes' labels (topologyKey): where the pod's own affinity terms are satisfied (how many of them), where
 * its anti-affinity terms forbid it, and where other pods' anti-affinity does. Only done for pods that have such terms, or
 * while pods with anti-affinity are there. Preferred terms are not looked at.
 */
#include "apiserver/sched.h"

#include <string.h>

#include "cluster/selector.h"

/* indices of struct filter's domains */
enum { NEAR, FAR, OTHERS };

#define REQUIRED "requiredDuringSchedulingIgnoredDuringExecution"

static const json_t *terms_of(const json_t *pod, const char *kind)
{
	return json_at(pod, "spec", "affinity", kind, REQUIRED, NULL);
}

bool pod_has_anti_affinity(const json_t *pod)
{
	return json_array_size(terms_of(pod, "podAntiAffinity")) > 0;
}

static bool has_text(const json_t *list, const char *text)
{
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (json_is_string(v) && strcmp(json_string_value(v), text) == 0)
			return true;
	return false;
}

/* Whether @pod is one that a term of @owner means */
static bool term_means(const struct filter *f, const json_t *term, const json_t *owner, const json_t *pod)
{
	const json_t *namespaces = json_object_get(term, "namespaces"),
		     *by_label = json_object_get(term, "namespaceSelector");
	const json_t *selector = json_object_get(term, "labelSelector");
	bool in = false;

	if (!json_is_object(selector))
		return false;
	if (json_array_size(namespaces))
		in = has_text(namespaces, kube_namespace(pod));
	else if (!json_is_object(by_label))
		in = strcmp(kube_namespace(owner), kube_namespace(pod)) == 0;
	if (!in && json_is_object(by_label)) {
		const json_t *ns = store_get(f->c->api->store, RES_NAMESPACES, "", kube_namespace(pod));

		in = selector_match_object(by_label, json_at(ns, "metadata", "labels", NULL));
	}
	return in && selector_match_object(selector, json_at(pod, "metadata", "labels", NULL));
}

/* "KEY=VALUE" of the domain that a node is in; "" when it is in none */
static const char *domain(const json_t *term, const json_t *node, char buf[600])
{
	const char *key = json_text(term, "topologyKey", NULL);
	const char *value = json_string_value(json_at(node, "metadata", "labels", key, NULL));

	(void)snprintf(buf, 600, "%s=%s", key, value ? value : "");
	return value ? buf : "";
}

/* The same for the Nth term: each of a pod's own terms has to be satisfied by itself. */
static const char *numbered(size_t i, const json_t *term, const json_t *node, char buf[620])
{
	char text[600];
	const char *d = domain(term, node, text);

	(void)snprintf(buf, 620, "%zu %s", i, d);
	return *d ? buf : "";
}

static void mark(json_t *set, const char *key)
{
	if (*key)
		(void)json_object_set_new(set, key, json_true());
}

static void look_at_pod(json_t *other, void *arg)
{
	struct filter *f = arg;
	const struct sched_node *n =
		pod_occupies(other) ? sched_node(f->c->scheduler, json_text(other, "spec", "nodeName", NULL)) : NULL;
	char buf[620];
	json_t *term;
	size_t i;

	if (!n)
		return;
	json_array_foreach(terms_of(f->pod, "podAffinity"), i, term)
		if (term_means(f, term, f->pod, other))
			mark(f->domains[NEAR], numbered(i, term, n->object, buf));
	json_array_foreach(terms_of(f->pod, "podAntiAffinity"), i, term)
		if (term_means(f, term, f->pod, other))
			mark(f->domains[FAR], domain(term, n->object, buf));
	json_array_foreach(terms_of(other, "podAntiAffinity"), i, term)
		if (term_means(f, term, other, f->pod))
			mark(f->domains[OTHERS], domain(term, n->object, buf));
}

void pod_affinity_begin(struct filter *f)
{
	f->affinity = f->c->scheduler->n_anti || json_array_size(terms_of(f->pod, "podAffinity")) ||
		      pod_has_anti_affinity(f->pod);
	if (!f->affinity)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(f->domains); i++)
		f->domains[i] = json_object();
	store_each(f->c->api->store, RES_PODS, NULL, look_at_pod, f);
}

/* The first of a group of pods that want each other may go anywhere. */
static bool is_first_of_group(const struct filter *f)
{
	json_t *term;
	size_t i;

	if (json_object_size(f->domains[NEAR]))
		return false;
	json_array_foreach(terms_of(f->pod, "podAffinity"), i, term)
		if (!term_means(f, term, f->pod, f->pod))
			return false;
	return true;
}

static bool affinity_satisfied(const struct filter *f, const json_t *node)
{
	const bool first = is_first_of_group(f);
	char buf[620];
	json_t *term;
	size_t i;

	json_array_foreach(terms_of(f->pod, "podAffinity"), i, term) {
		const char *key = numbered(i, term, node, buf);

		if (!*key || (!first && !json_object_get(f->domains[NEAR], key)))
			return false;
	}
	return true;
}

/* Whether a node is in a domain that is forbidden to the pod by other pods' terms */
static bool others_object(const struct filter *f, const json_t *node)
{
	const char *key;
	json_t *v;

	json_object_foreach(f->domains[OTHERS], key, v) {
		const char *equals = strchr(key, '=');
		char label[600];
		const char *value;

		(void)snprintf(label, sizeof(label), "%.*s", (int)(equals - key), key);
		value = json_string_value(json_at(node, "metadata", "labels", label, NULL));
		if (value && strcmp(value, equals + 1) == 0)
			return true;
	}
	return false;
}

bool pod_affinity_allows(const struct filter *f, const json_t *node, struct verdict *v)
{
	char buf[600];
	json_t *term;
	size_t i;

	if (!affinity_satisfied(f, node)) {
		verdict_add(v, false, "node(s) didn't match pod affinity rules");
		return false;
	}
	json_array_foreach(terms_of(f->pod, "podAntiAffinity"), i, term)
		if (json_object_get(f->domains[FAR], domain(term, node, buf))) {
			verdict_add(v, true, "node(s) didn't match pod anti-affinity rules");
			return false;
		}
	if (others_object(f, node)) {
		verdict_add(v, true, "node(s) didn't satisfy existing pods anti-affinity rules");
		return false;
	}
	return true;
}
