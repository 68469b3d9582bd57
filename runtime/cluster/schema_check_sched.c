// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * schema_check_sched.c - validation of what the scheduler reads: affinity and tolerations
 */
#include "cluster/schema_check.h"

/* ---- node affinity ---- */

static bool one_of(const char *text, const char *a, const char *b)
{
	return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

static void check_requirement(struct checker *c, const struct schema_path *at, const json_t *q)
{
	const char *op = json_text(q, "operator", NULL);
	const size_t n = json_array_size(json_object_get(q, "values"));
	const struct schema_path *values = AT(at, "values");

	if (one_of(op, "In", "NotIn")) {
		if (!n)
			say_required(c, values, "must be specified when `operator` is 'In' or 'NotIn'");
	} else if (one_of(op, "Exists", "DoesNotExist")) {
		if (n)
			say_forbidden(c, values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
	} else if (one_of(op, "Gt", "Lt")) {
		if (n != 1)
			say_required(c, values, "must be specified single value when `operator` is 'Lt' or 'Gt'");
	} else {
		say_invalid_text(c, AT(at, "operator"), op, "not a valid selector operator");
	}
	check_name(c, AT(at, "key"), NAME_QUALIFIED, json_text(q, "key", NULL));
}

static void check_field(struct checker *c, const struct schema_path *at, const json_t *q)
{
	const struct schema_path *values = AT(at, "values");

	if (!one_of(json_text(q, "operator", NULL), "In", "NotIn"))
		say_invalid_text(c, AT(at, "operator"), json_text(q, "operator", NULL), "not a valid selector operator");
	else if (json_array_size(json_object_get(q, "values")) != 1)
		say_required(c, values, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
	if (strcmp(json_text(q, "key", NULL), "metadata.name") != 0)
		say_invalid_text(c, AT(at, "key"), json_text(q, "key", NULL), "not a valid field selector key");
}

static void check_term(struct checker *c, const struct schema_path *at, const json_t *term)
{
	json_t *q;
	size_t i;

	json_array_foreach(json_object_get(term, "matchExpressions"), i, q)
		check_requirement(c, AT_ITEM(AT(at, "matchExpressions"), i), q);
	json_array_foreach(json_object_get(term, "matchFields"), i, q)
		check_field(c, AT_ITEM(AT(at, "matchFields"), i), q);
}

static void check_weight(struct checker *c, const struct schema_path *at, const json_t *o)
{
	const json_int_t weight = json_int(o, 0, "weight", NULL);

	if (weight < 1 || weight > 100)
		say_invalid(c, AT(at, "weight"), json_object_get(o, "weight"), "must be in the range 1-100");
}

static const char required[] = "requiredDuringSchedulingIgnoredDuringExecution";
static const char preferred[] = "preferredDuringSchedulingIgnoredDuringExecution";

static void check_node_affinity(struct checker *c, const struct schema_path *at, const json_t *a)
{
	const json_t *must = json_object_get(a, required), *terms = json_object_get(must, "nodeSelectorTerms");
	const struct schema_path *list = AT(AT(at, required), "nodeSelectorTerms");
	json_t *t;
	size_t i;

	if (json_is_object(must) && !json_array_size(terms))
		say_required(c, list, "must have at least one node selector term");
	json_array_foreach(terms, i, t)
		check_term(c, AT_ITEM(list, i), t);
	json_array_foreach(json_object_get(a, preferred), i, t) {
		check_weight(c, AT_ITEM(AT(at, preferred), i), t);
		check_term(c, AT(AT_ITEM(AT(at, preferred), i), "preference"), json_object_get(t, "preference"));
	}
}

/* ---- pod affinity ---- */

static void check_pod_term(struct checker *c, const struct schema_path *at, const json_t *term)
{
	check_selector(c, AT(at, "labelSelector"), json_object_get(term, "labelSelector"));
	check_selector(c, AT(at, "namespaceSelector"), json_object_get(term, "namespaceSelector"));
	if (check_required(c, at, term, "topologyKey", "can not be empty"))
		check_name(c, AT(at, "topologyKey"), NAME_QUALIFIED, json_text(term, "topologyKey", NULL));
}

static void check_pod_affinity(struct checker *c, const struct schema_path *at, const json_t *a)
{
	json_t *t;
	size_t i;

	json_array_foreach(json_object_get(a, required), i, t)
		check_pod_term(c, AT_ITEM(AT(at, required), i), t);
	json_array_foreach(json_object_get(a, preferred), i, t) {
		check_weight(c, AT_ITEM(AT(at, preferred), i), t);
		check_pod_term(c, AT(AT_ITEM(AT(at, preferred), i), "podAffinityTerm"), json_object_get(t, "podAffinityTerm"));
	}
}

void check_affinity(struct checker *c, const struct schema_path *at, const json_t *affinity)
{
	if (!json_is_object(affinity))
		return;
	check_node_affinity(c, AT(at, "nodeAffinity"), json_object_get(affinity, "nodeAffinity"));
	check_pod_affinity(c, AT(at, "podAffinity"), json_object_get(affinity, "podAffinity"));
	check_pod_affinity(c, AT(at, "podAntiAffinity"), json_object_get(affinity, "podAntiAffinity"));
}

/* ---- tolerations ---- */

static void check_toleration(struct checker *c, const struct schema_path *at, const json_t *t)
{
	static const char *const operators[] = { "Equal", "Exists", NULL };
	const char *op = json_text(t, "operator", NULL), *effect = json_text(t, "effect", NULL);
	const bool has_key = *json_text(t, "key", NULL);

	if (has_key)
		check_name(c, AT(at, "key"), NAME_QUALIFIED, json_text(t, "key", NULL));
	else if (strcmp(op, "Exists") != 0)
		say_invalid_text(c, AT(at, "operator"), op,
				 "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
	if (json_is_integer(json_object_get(t, "tolerationSeconds")) && strcmp(effect, "NoExecute") != 0)
		say_invalid_text(c, AT(at, "effect"), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
	if (!check_words(c, at, t, "operator", operators))
		return;
	if (strcmp(op, "Exists") != 0)
		check_name(c, AT(at, "operator"), NAME_LABEL_VALUE, json_text(t, "value", NULL));
	else if (*json_text(t, "value", NULL))
		say_invalid(c, AT(at, "operator"), t, "value must be empty when `operator` is 'Exists'");
	(void)check_words(c, at, t, "effect", words_taint_effect);
}

void check_tolerations(struct checker *c, const struct schema_path *at, const json_t *list)
{
	json_t *t;
	size_t i;

	json_array_foreach(list, i, t)
		check_toleration(c, AT_ITEM(at, i), t);
}
