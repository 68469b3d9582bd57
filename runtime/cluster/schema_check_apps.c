// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * schema_check_apps.c - validation of the kinds that make pods
 *
 * Source: pkg/apis/apps/validation and pkg/apis/batch/validation of Kubernetes 1.30.
 */
#include "cluster/schema_check.h"

static const char *const always[] = { "Always", NULL };

static const struct schema_path *const spec_path = &(const struct schema_path){ .key = "spec" };
static const struct schema_path *const template_path = &(const struct schema_path){ .up = &(const struct schema_path){ .key = "spec" },
										     .key = "template" };

/* ---- what they share ---- */

static bool has_label(const json_t *labels, const char *key, const char *value)
{
	const char *text = json_string_value(json_object_get(labels, key));

	return text && (!value || strcmp(text, value) == 0);
}

static bool requirement_matches(const json_t *labels, const json_t *q)
{
	const char *key = json_text(q, "key", NULL), *op = json_text(q, "operator", NULL);
	const bool in = strcmp(op, "In") == 0, exists = strcmp(op, "Exists") == 0;
	bool found = false;
	json_t *v;
	size_t i;

	if (exists || strcmp(op, "DoesNotExist") == 0)
		return has_label(labels, key, NULL) == exists;
	json_array_foreach(json_object_get(q, "values"), i, v)
		found = found || has_label(labels, key, json_string_value(v) ? json_string_value(v) : "");
	return found == in;
}

static bool selects(const json_t *selector, const json_t *labels)
{
	const char *key;
	json_t *v;
	size_t i;

	json_object_foreach(json_object_get(selector, "matchLabels"), key, v)
		if (!json_is_string(v) || !has_label(labels, key, json_string_value(v)))
			return false;
	json_array_foreach(json_object_get(selector, "matchExpressions"), i, v)
		if (!requirement_matches(labels, v))
			return false;
	return true;
}

/* @kind: "deployment", for the text about a selector that selects everything */
static void check_selecting(struct checker *c, const json_t *spec, const char *kind)
{
	const json_t *selector = json_object_get(spec, "selector"), *labels = json_at(spec, "template", "metadata", "labels", NULL);
	const struct schema_path *at = AT(spec_path, "selector");
	_cleanup_json_ json_t *none = json_object();
	char detail[96];

	if (!json_is_object(selector)) {
		say_required(c, at, NULL);
		return;
	}
	check_selector(c, at, selector);
	(void)snprintf(detail, sizeof(detail), "empty selector is invalid for %s", kind);
	if (!json_object_size(json_object_get(selector, "matchLabels")) &&
	    !json_array_size(json_object_get(selector, "matchExpressions")))
		say_invalid(c, at, selector, detail);
	else if (!selects(selector, labels))
		say_invalid(c, AT(AT(template_path, "metadata"), "labels"), labels ? labels : none,
			    "`selector` does not match template `labels`");
}

static void check_template(struct checker *c, const json_t *spec)
{
	const json_t *pod = json_at(spec, "template", "spec", NULL);
	const struct schema_path *at = AT(template_path, "spec");

	check_pod_template(c, template_path, json_object_get(spec, "template"));
	(void)check_words(c, at, pod, "restartPolicy", always);
	if (json_is_integer(json_object_get(pod, "activeDeadlineSeconds")))
		say_forbidden(c, AT(at, "activeDeadlineSeconds"), "activeDeadlineSeconds in ReplicaSet is not Supported");
}

static void check_naturals(struct checker *c, const json_t *spec, const char *const *keys)
{
	for (; *keys; keys++)
		check_natural(c, spec_path, spec, *keys);
}

static bool is_zero(const json_t *v)
{
	return (json_is_integer(v) && json_integer_value(v) == 0) ||
	       (json_is_string(v) && (strcmp(json_string_value(v), "0%") == 0 || strcmp(json_string_value(v), "0") == 0));
}

/* A number of pods, or a percentage. */
static void check_pods(struct checker *c, const struct schema_path *at, const json_t *o, const char *key, bool up_to_100)
{
	const json_t *v = json_object_get(o, key);
	const char *text = json_string_value(v);
	const size_t digits = text ? strspn(text, "0123456789") : 0;

	check_natural(c, at, o, key);
	if (text && (!digits || strcmp(text + digits, "%") != 0))
		say_invalid(c, AT(at, key), v,
			    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex "
			    "used for validation is '[0-9]+%')");
	else if (text && up_to_100 && strtoul(text, NULL, 10) > 100)
		say_invalid(c, AT(at, key), v, "must not be greater than 100%");
}

static void check_rolling(struct checker *c, const struct schema_path *at, const json_t *rolling)
{
	if (!json_is_object(rolling))
		return;
	check_pods(c, at, rolling, "maxUnavailable", true);
	check_pods(c, at, rolling, "maxSurge", false);
	if (is_zero(json_object_get(rolling, "maxUnavailable")) && is_zero(json_object_get(rolling, "maxSurge")))
		say_invalid(c, AT(at, "maxUnavailable"), json_object_get(rolling, "maxUnavailable"),
			    "may not be 0 when `maxSurge` is 0");
}

static void check_strategy(struct checker *c, const struct schema_path *at, const json_t *s, const char *const *types)
{
	const char *type = json_text(s, "type", NULL);

	if (!check_words(c, at, s, "type", types))
		return;
	if (strcmp(type, "Recreate") == 0 && json_is_object(json_object_get(s, "rollingUpdate")))
		say_forbidden(c, AT(at, "rollingUpdate"), "may not be specified when strategy `type` is 'Recreate'");
	else
		check_rolling(c, AT(at, "rollingUpdate"), json_object_get(s, "rollingUpdate"));
}

static void check_same(struct checker *c, const json_t *o, const json_t *old, const char *key)
{
	if (old)
		check_immutable(c, AT(spec_path, key), json_at(o, "spec", key, NULL), json_at(old, "spec", key, NULL));
}

/* ---- kinds ---- */

void check_deployment(struct checker *c, const json_t *o, const json_t *old)
{
	static const char *const types[] = { "Recreate", "RollingUpdate", NULL };
	static const char *const numbers[] = { "replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds", NULL };
	const json_t *spec = json_object_get(o, "spec"), *deadline = json_object_get(spec, "progressDeadlineSeconds");

	check_naturals(c, spec, numbers);
	check_selecting(c, spec, "deployment");
	check_template(c, spec);
	check_strategy(c, AT(spec_path, "strategy"), json_object_get(spec, "strategy"), types);
	if (json_is_integer(deadline) && json_integer_value(deadline) <= json_int(spec, 0, "minReadySeconds", NULL))
		say_invalid(c, AT(spec_path, "progressDeadlineSeconds"), deadline, "must be greater than minReadySeconds");
	check_same(c, o, old, "selector");
}

void check_replicaset(struct checker *c, const json_t *o, const json_t *old)
{
	static const char *const numbers[] = { "replicas", "minReadySeconds", NULL };
	const json_t *spec = json_object_get(o, "spec");

	check_naturals(c, spec, numbers);
	check_selecting(c, spec, "deployment"); /* its very words */
	check_template(c, spec);
	check_same(c, o, old, "selector");
}

void check_daemonset(struct checker *c, const json_t *o, const json_t *old)
{
	static const char *const types[] = { "OnDelete", "RollingUpdate", NULL };
	static const char *const numbers[] = { "minReadySeconds", "revisionHistoryLimit", NULL };
	const json_t *spec = json_object_get(o, "spec");

	check_naturals(c, spec, numbers);
	check_selecting(c, spec, "daemonset");
	check_template(c, spec);
	check_strategy(c, AT(spec_path, "updateStrategy"), json_object_get(spec, "updateStrategy"), types);
	check_same(c, o, old, "selector");
}

static void check_statefulset_update(struct checker *c, const json_t *spec, const json_t *old)
{
	static const char *const mutable[] = { "replicas", "ordinals", "template", "updateStrategy",
					       "persistentVolumeClaimRetentionPolicy", "minReadySeconds" };
	_cleanup_json_ json_t *copy = json_copy((json_t *)(uintptr_t)spec), *before = json_copy((json_t *)(uintptr_t)old);

	for (size_t i = 0; i < ARRAY_SIZE(mutable); i++) {
		(void)json_object_del(copy, mutable[i]);
		(void)json_object_del(before, mutable[i]);
	}
	if (!same_to_go(copy, before))
		say_forbidden(c, spec_path,
			      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
			      "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden");
}

void check_statefulset(struct checker *c, const json_t *o, const json_t *old)
{
	static const char *const types[] = { "OnDelete", "RollingUpdate", NULL };
	static const char *const policies[] = { "OrderedReady", "Parallel", NULL };
	static const char *const numbers[] = { "replicas", "minReadySeconds", "revisionHistoryLimit", NULL };
	const json_t *spec = json_object_get(o, "spec");

	check_naturals(c, spec, numbers);
	(void)check_words(c, spec_path, spec, "podManagementPolicy", policies);
	(void)check_words(c, AT(spec_path, "updateStrategy"), json_object_get(spec, "updateStrategy"), "type", types);
	check_natural(c, AT(AT(spec_path, "updateStrategy"), "rollingUpdate"), json_at(spec, "updateStrategy", "rollingUpdate", NULL),
		      "partition");
	check_selecting(c, spec, "statefulset");
	check_template(c, spec);
	if (old)
		check_statefulset_update(c, spec, json_object_get(old, "spec"));
}

static void check_job_spec(struct checker *c, const struct schema_path *at, const json_t *spec)
{
	static const char *const modes[] = { "Indexed", "NonIndexed", NULL };
	static const char *const numbers[] = { "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit",
					       "ttlSecondsAfterFinished", "backoffLimitPerIndex" };
	const char *policy = json_text(spec, "template", "spec", "restartPolicy", NULL);
	const struct schema_path *template = AT(at, "template");

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		check_natural(c, at, spec, numbers[i]);
	if (check_words(c, at, spec, "completionMode", modes) && strcmp(json_text(spec, "completionMode", NULL), "Indexed") == 0 &&
	    !json_is_integer(json_object_get(spec, "completions")))
		say_required(c, AT(at, "completions"), "when completion mode is Indexed");
	check_selector(c, AT(at, "selector"), json_object_get(spec, "selector"));
	check_pod_template(c, template, json_object_get(spec, "template"));
	if (strcmp(policy, "OnFailure") != 0 && strcmp(policy, "Never") != 0)
		say_required(c, AT(AT(template, "spec"), "restartPolicy"), "valid values: \"OnFailure\", \"Never\"");
}

void check_job(struct checker *c, const json_t *o, const json_t *old)
{
	static const char *const fixed[] = { "selector", "completionMode", "podFailurePolicy", "backoffLimitPerIndex" };

	check_job_spec(c, spec_path, json_object_get(o, "spec"));
	for (size_t i = 0; old && i < ARRAY_SIZE(fixed); i++)
		check_same(c, o, old, fixed[i]);
	/* Suspended jobs may be told where to run; what else of a template may change then is not worth the code. */
	if (old && !json_bool(old, "spec", "suspend", NULL))
		check_same(c, o, old, "template");
	if (old && strcmp(json_text(old, "spec", "completionMode", NULL), "Indexed") != 0)
		check_same(c, o, old, "completions");
}

void check_cronjob(struct checker *c, const json_t *o, const json_t *old _unused_)
{
	static const char *const policies[] = { "Allow", "Forbid", "Replace", NULL };
	static const char *const numbers[] = { "startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit", NULL };
	const json_t *spec = json_object_get(o, "spec");

	(void)check_required(c, spec_path, spec, "schedule", NULL);
	(void)check_words(c, spec_path, spec, "concurrencyPolicy", policies);
	check_naturals(c, spec, numbers);
	check_job_spec(c, AT(AT(spec_path, "jobTemplate"), "spec"), json_at(spec, "jobTemplate", "spec", NULL));
	if (strlen(kube_name(o)) > 52)
		say_invalid(c, AT(AT(NULL, "metadata"), "name"), json_at(o, "metadata", "name", NULL),
			    "must be no more than 52 characters");
}
