// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * scale.c - the subresource scale: autoscaling/v1 Scale of what has spec.replicas
 */
#include <string.h>

#include "apiserver/serve.h"
#include "cluster/jsonpatch.h"
#include "cluster/jsonutil.h"

static void add_selector(struct strbuf *out, const json_t *selector)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)selector, key, v) strbuf_printf(
		out, "%s%s=%s", out->len ? "," : "", key, json_string_value(v) ? json_string_value(v) : "");
}

static json_t *scale_of(const json_t *object)
{
	static const char *const keys[] = { "name", "namespace", "uid", "resourceVersion", "creationTimestamp" };
	_cleanup_strbuf_ struct strbuf selector = { 0 };
	json_t *meta = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		json_t *v = json_at(object, "metadata", keys[i], NULL);

		if (v)
			(void)json_object_set(meta, keys[i], v);
	}
	add_selector(&selector, json_at(object, "spec", "selector", "matchLabels", NULL));
	return json_pack("{s:s, s:s, s:o, s:{s:I}, s:{s:I, s:s}}", "kind", "Scale", "apiVersion", "autoscaling/v1",
	                 "metadata", meta, "spec", "replicas", json_int(object, 1, "spec", "replicas", NULL), "status",
	                 "replicas", json_int(object, 0, "status", "replicas", NULL), "selector",
	                 strbuf_str(&selector));
}

static json_t *get(struct call *c)
{
	json_t *object = store_get(c->api->store, c->t.res->id, c->t.ns, c->t.name);

	if (!object)
		fail_not_found(c);
	return object;
}

void serve_scale_get(struct call *c)
{
	const json_t *object = get(c);

	if (object)
		api_json(c->reply, 200, scale_of(object));
}

static void fail_replicas(struct call *c, json_int_t replicas)
{
	api_fail(c->reply, 422, "Invalid",
	         json_pack("{s:s, s:s, s:s}", "name", c->t.name, "group", "autoscaling", "kind", "Scale"),
	         "Scale.autoscaling \"%s\" is invalid: spec.replicas: Invalid value: %lld: must be greater than or "
	         "equal to 0",
	         c->t.name, (long long)replicas);
}

static void set_scale(struct call *c, const json_t *old, const json_t *scale)
{
	const json_t *said = json_at(scale, "spec", "replicas", NULL);
	const json_int_t replicas = json_int(scale, 0, "spec", "replicas", NULL);
	const char *revision = json_text(scale, "metadata", "resourceVersion", NULL);
	json_t *own, *stored = NULL;
	struct error e = { 0 };

	if ((said && !json_is_integer(said)) || replicas > INT32_MAX) {
		api_fail(c->reply, 400, "BadRequest", NULL,
		         "Scale in version \"v1\" cannot be handled as a Scale: json: cannot unmarshal %s into Go struct "
		         "field ScaleSpec.spec.replicas of type int32",
		         json_is_string(said) ? "string" : "number");
		return;
	}
	if (replicas < 0) {
		fail_replicas(c, replicas);
		return;
	}
	own = json_deep_copy(old);
	(void)json_object_set_new(json_object_make(own, "spec"), "replicas", json_integer(replicas));
	if (*revision)
		(void)json_object_set_new(json_object_get(own, "metadata"), "resourceVersion", json_string(revision));
	ssa_track(c, own, old);
	if (dry_run(c)) {
		api_json(c->reply, 200, scale_of(own));
		json_decref(own);
	} else if (store_update(c->api->store, c->t.res->id, own, &stored, &e) < 0) {
		fail_store(c, c->t.name, &e);
	} else {
		api_json(c->reply, 200, scale_of(stored));
	}
}

void serve_scale_put(struct call *c)
{
	json_t *old = json_incref(get(c)), *scale = old ? body_parse(c) : NULL;

	if (scale)
		set_scale(c, old, scale);
	json_decref(scale);
	json_decref(old);
}

void serve_scale_patch(struct call *c)
{
	json_t *old = json_incref(get(c)), *patch = old ? body_parse(c) : NULL, *before, *after = NULL;
	struct error e = { 0 };

	if (patch) {
		before = scale_of(old);
		if (json_is_object(patch))
			after = json_merge_patch(before, patch);
		else
			(void)json_patch_apply(before, patch, &after, &e);
		json_decref(before);
		if (after)
			set_scale(c, old, after);
		else
			api_fail(c->reply, 422, "Invalid", NULL, "%s", e.msg);
	}
	json_decref(after);
	json_decref(patch);
	json_decref(old);
}
