// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * schema_validate.c - schema_validate(): metadata, the small kinds, and which function checks which kind
 *
 * Source: pkg/apis/core/validation and apimachinery's pkg/api/validation of Kubernetes 1.30. Custom resources: types by the tables
 * (as the OpenAPI validator says them), the rest in schema_cilium.c.
 */
#include "cluster/schema_check.h"

#include <ctype.h>

enum { ANNOTATIONS_MAX = 256 * 1024, DATA_MAX = 1024 * 1024 };

static const struct schema_path *const spec_path = &(const struct schema_path){ .key = "spec" };

/* ---- metadata ---- */

static enum name_kind name_kind_of(const struct resource *r)
{
	static const enum resource_id labels[] = { RES_NAMESPACES, RES_STATEFULSETS };

	for (size_t i = 0; i < ARRAY_SIZE(labels); i++)
		if (labels[i] == r->id)
			return NAME_LABEL;
	return r->id == RES_SERVICES ? NAME_1035 : NAME_SUBDOMAIN;
}

static void check_annotations(struct checker *c, const struct schema_path *at, const json_t *annotations)
{
	const char *key;
	size_t size = 0;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)annotations, key, v) {
		_cleanup_free_ char *lower = strdup(key);

		for (char *p = lower; p && *p; p++) /* the prefix may have capitals here */
			*p = (char)tolower((unsigned char)*p);
		check_name(c, at, NAME_QUALIFIED, lower ? lower : key);
		size += strlen(key) + json_string_length(v);
	}
	if (size > ANNOTATIONS_MAX)
		say_too_long(c, at, "must have at most 262144 bytes");
}

static void check_owners(struct checker *c, const struct schema_path *at, const json_t *owners)
{
	static const char *const keys[] = { "apiVersion", "kind", "name", "uid" };
	json_t *o;
	size_t i;

	json_array_foreach(owners, i, o)
		for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
			if (!*json_text(o, keys[k], NULL))
				say_invalid(c, AT(AT_ITEM(at, i), keys[k]), json_object_get(o, keys[k]), "must not be empty");
}

static void check_prefix(struct checker *c, const struct schema_path *at, enum name_kind kind, const char *prefix)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	strbuf_puts(&s, prefix); /* what is generated begins with a letter or digit */
	if (s.len && s.buf[s.len - 1] == '-')
		strbuf_putc(&s, 'x');
	check_name(c, at, kind, strbuf_str(&s));
}

static void check_metadata(struct checker *c, const struct resource *r, const json_t *meta)
{
	const struct schema_path *at = AT(NULL, "metadata");
	const char *name = json_text(meta, "name", NULL), *prefix = json_text(meta, "generateName", NULL);
	const enum name_kind kind = name_kind_of(r);

	if (*prefix)
		check_prefix(c, AT(at, "generateName"), kind, prefix);
	if (*name)
		check_name(c, AT(at, "name"), kind, name);
	else if (!*prefix)
		say_required(c, AT(at, "name"), "name or generateName is required");
	if (r->namespaced)
		(void)check_name_in(c, at, meta, "namespace", NAME_LABEL);
	else if (*json_text(meta, "namespace", NULL))
		say_forbidden(c, AT(at, "namespace"), "not allowed on this type");
	check_labels(c, AT(at, "labels"), json_object_get(meta, "labels"));
	check_annotations(c, AT(at, "annotations"), json_object_get(meta, "annotations"));
	check_owners(c, AT(at, "ownerReferences"), json_object_get(meta, "ownerReferences"));
}

/* ---- small kinds ---- */

static void check_pod(struct checker *c, const json_t *o, const json_t *old)
{
	const struct schema_path *at = spec_path;

	check_pod_spec(c, at, json_object_get(o, "spec"));
	if (old)
		check_pod_update(c, json_object_get(o, "spec"), json_object_get(old, "spec"));
}

static size_t check_keys(struct checker *c, const json_t *o, const char *field)
{
	const char *key;
	size_t size = 0;
	json_t *v;

	json_object_foreach(json_object_get(o, field), key, v) {
		_cleanup_strbuf_ struct strbuf s = { 0 };

		strbuf_printf(&s, "%s[%s]", field, key);
		check_name(c, AT(NULL, strbuf_str(&s)), NAME_CONFIG_KEY, key);
		size += json_string_length(v);
	}
	return size;
}

static void check_frozen(struct checker *c, const json_t *o, const json_t *old)
{
	static const char *const fields[] = { "data", "binaryData" };

	if (!old || !json_bool(old, "immutable", NULL))
		return;
	if (!json_bool(o, "immutable", NULL))
		say_forbidden(c, AT(NULL, "immutable"), "field is immutable when `immutable` is set");
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (!same_to_go(json_object_get(o, fields[i]), json_object_get(old, fields[i])))
			say_forbidden(c, AT(NULL, fields[i]), "field is immutable when `immutable` is set");
}

static void check_config_map(struct checker *c, const json_t *o, const json_t *old)
{
	const size_t text = check_keys(c, o, "data"), binary = check_keys(c, o, "binaryData") / 4 * 3;
	const char *key;
	json_t *v;

	json_object_foreach(json_object_get(o, "binaryData"), key, v)
		if (json_object_get(json_object_get(o, "data"), key)) {
			_cleanup_strbuf_ struct strbuf s = { 0 };

			strbuf_printf(&s, "data[%s]", key);
			say_invalid_text(c, AT(NULL, strbuf_str(&s)), key, "duplicate of key present in binaryData");
		}
	if (text + binary > DATA_MAX)
		say_too_long(c, NULL, "must have at most 1048576 bytes");
	check_frozen(c, o, old);
}

static void check_secret(struct checker *c, const json_t *o, const json_t *old)
{
	static const struct {
		const char *type, *keys[2];
	} types[] = {
		{ "kubernetes.io/tls", { "tls.crt", "tls.key" } },
		{ "kubernetes.io/dockerconfigjson", { ".dockerconfigjson", NULL } },
		{ "kubernetes.io/ssh-auth", { "ssh-privatekey", NULL } },
	};

	if (check_keys(c, o, "data") / 4 * 3 > DATA_MAX)
		say_too_long(c, AT(NULL, "data"), "must have at most 1048576 bytes");
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		for (size_t k = 0; k < 2 && types[i].keys[k] && strcmp(json_text(o, "type", NULL), types[i].type) == 0; k++) {
			char field[64];

			(void)snprintf(field, sizeof(field), "data[%s]", types[i].keys[k]);
			if (!json_object_get(json_object_get(o, "data"), types[i].keys[k]))
				say_required(c, AT(NULL, field), NULL);
		}
	if (old)
		check_immutable(c, AT(NULL, "type"), json_object_get(o, "type"), json_object_get(old, "type"));
	check_frozen(c, o, old);
}

static void check_taint(struct checker *c, const struct schema_path *at, const json_t *t)
{
	check_name(c, AT(at, "key"), NAME_QUALIFIED, json_text(t, "key", NULL));
	check_name(c, AT(at, "value"), NAME_LABEL_VALUE, json_text(t, "value", NULL));
	if (check_required(c, at, t, "effect", NULL))
		(void)check_words(c, at, t, "effect", words_taint_effect);
}

static void check_node(struct checker *c, const json_t *o, const json_t *old)
{
	const json_t *taints = json_at(o, "spec", "taints", NULL);
	const struct schema_path *list = AT(spec_path, "taints");
	json_t *t;
	size_t i;

	if (!check_size(c, list, taints))
		return;
	json_array_foreach(taints, i, t) {
		check_taint(c, AT_ITEM(list, i), t);
		for (size_t k = 0; k < i; k++)
			if (strcmp(json_text(t, "key", NULL), json_text(json_array_get(taints, k), "key", NULL)) == 0 &&
			    strcmp(json_text(t, "effect", NULL), json_text(json_array_get(taints, k), "effect", NULL)) == 0)
				say_duplicate(c, AT_ITEM(list, i), t);
	}
	if (old && *json_text(old, "spec", "podCIDR", NULL) &&
	    !same_to_go(json_at(o, "spec", "podCIDRs", NULL), json_at(old, "spec", "podCIDRs", NULL)))
		say_forbidden(c, AT(spec_path, "podCIDRs"), "node updates may not change podCIDR except from \"\" to valid");
}

static void check_claim(struct checker *c, const json_t *o, const json_t *old _unused_)
{
	static const char *const modes[] = { "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod", NULL };
	const json_t *list = json_at(o, "spec", "accessModes", NULL);
	json_t *v;
	size_t i;

	if (!json_array_size(list))
		say_required(c, AT(spec_path, "accessModes"), "at least 1 access mode is required");
	json_array_foreach(list, i, v) {
		_cleanup_json_ json_t *one = json_pack("{s:O}", "accessModes", v);

		(void)check_words(c, spec_path, one, "accessModes", modes);
	}
	if (!json_at(o, "spec", "resources", "requests", "storage", NULL))
		say_required(c, AT(AT(spec_path, "resources"), "requests[storage]"), NULL);
}

static void check_budget(struct checker *c, const json_t *o, const json_t *old _unused_)
{
	const json_t *spec = json_object_get(o, "spec");

	if (json_object_get(spec, "minAvailable") && json_object_get(spec, "maxUnavailable"))
		say_invalid(c, spec_path, spec, "minAvailable and maxUnavailable cannot be both set");
	check_natural(c, spec_path, spec, "minAvailable");
	check_natural(c, spec_path, spec, "maxUnavailable");
	check_selector(c, AT(spec_path, "selector"), json_object_get(spec, "selector"));
}

static const check_kind_fn kinds[_RES_MAX] = {
	[RES_PODS] = check_pod,
	[RES_NODES] = check_node,
	[RES_CONFIGMAPS] = check_config_map,
	[RES_SECRETS] = check_secret,
	[RES_SERVICES] = check_service,
	[RES_PERSISTENTVOLUMECLAIMS] = check_claim,
	[RES_DEPLOYMENTS] = check_deployment,
	[RES_REPLICASETS] = check_replicaset,
	[RES_DAEMONSETS] = check_daemonset,
	[RES_STATEFULSETS] = check_statefulset,
	[RES_JOBS] = check_job,
	[RES_CRONJOBS] = check_cronjob,
	[RES_PDBS] = check_budget,
};

/* ---- custom resources ---- */

struct custom_check {
	struct checker *c;
	const json_t *object;
};

static const json_t *value_at(const json_t *o, const struct schema_path *at)
{
	const json_t *up = at ? value_at(o, at->up) : NULL;

	return !at ? o : at->key ? json_object_get(up, at->key) : json_array_get(up, at->index);
}

static const char *openapi_name(const json_t *v)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "object", [JSON_ARRAY] = "array",  [JSON_STRING] = "string",  [JSON_INTEGER] = "integer",
		[JSON_REAL] = "number",	  [JSON_TRUE] = "boolean", [JSON_FALSE] = "boolean", [JSON_NULL] = "null",
	};

	return v ? names[json_typeof(v)] : "null";
}

/* "json: cannot unmarshal string into Go struct field ... of type int32": OpenAPI has other names for types. */
static void on_mistake(struct schema_walk *w, enum schema_mistake what, const struct schema_path *at,
		       const struct kube_field *fields _unused_, const char *text)
{
	static const struct {
		const char *go, *openapi;
	} names[] = { { "bool", "boolean" }, { "int", "integer" }, { "float", "number" }, { "string", "string" }, { "[]", "array" } };
	const struct custom_check *check = w->arg;
	const char *type = text ? strstr(text, " of type ") : NULL, *want = "object";

	if (what != SCHEMA_WRONG_TYPE || !type)
		return;
	type += strlen(" of type ");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strncmp(type, names[i].go, strlen(names[i].go)) == 0)
			want = names[i].openapi;
	say_type(check->c, at, openapi_name(value_at(check->object, at)), want);
}

static void check_custom(struct checker *c, const struct resource *r, const json_t *o)
{
	struct custom_check check = { .c = c, .object = o };
	struct schema_walk w = { .fn = on_mistake, .arg = &check };

	c->n += schema_cilium_validate(r->kind, o, c->causes);
	schema_walk(r, o, &w);
}

size_t schema_validate(const struct resource *r, const json_t *object, const json_t *old, json_t *causes)
{
	struct checker c = { .causes = causes };

	check_metadata(&c, r, json_object_get(object, "metadata"));
	if (r->custom)
		check_custom(&c, r, object);
	else if (kinds[r->id])
		kinds[r->id](&c, object, old);
	return c.n;
}
