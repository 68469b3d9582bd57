// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * patch.c - PATCH: merge, JSON and strategic merge patches, and server-side apply
 */
#include <string.h>

#include "apiserver/serve.h"
#include "cluster/jsonpatch.h"
#include "cluster/jsonutil.h"

typedef int (*patch_fn)(struct call *c, const json_t *old, const json_t *patch, json_t **ret);

static int patch_merge(struct call *c _unused_, const json_t *old, const json_t *patch, json_t **ret)
{
	*ret = json_merge_patch(old, patch);
	return 0;
}

static int patch_json(struct call *c, const json_t *old, const json_t *patch, json_t **ret)
{
	struct error e = { 0 };
	int r = json_patch_apply(old, patch, ret, &e);

	if (r == -EINVAL)
		api_fail(c->reply, 400, "BadRequest", NULL, "error decoding patch: %s", e.msg);
	else if (r < 0)
		api_fail(c->reply, 422, "Invalid", json_object(),
		         "the server rejected our request due to an error in our request: %s", e.msg);
	return r;
}

static int patch_strategic(struct call *c, const json_t *old, const json_t *patch, json_t **ret)
{
	struct error e = { 0 };
	int r = json_strategic_patch(c->t.res->kind, old, patch, ret, &e);

	if (r < 0)
		api_fail(c->reply, 400, "BadRequest", NULL, "%s", e.msg);
	return r;
}

static const struct {
	const char *type;
	patch_fn patch; /* NULL: server-side apply */
	bool custom;    /* also for CRDs' */
} types[] = {
	{ "application/merge-patch+json", patch_merge, true },
	{ "application/json-patch+json", patch_json, true },
	{ "application/strategic-merge-patch+json", patch_strategic, false },
	{ "application/apply-patch+yaml", NULL, true },
};

static void fail_type(struct call *c)
{
	api_fail(c->reply, 415, "UnsupportedMediaType", NULL,
	         "the body of the request was in an unknown format - accepted media types include: "
	         "application/json-patch+json, application/merge-patch+json, %sapplication/apply-patch+yaml",
	         c->t.res->custom ? "" : "application/strategic-merge-patch+json, ");
}

/* As Go's fmt.Sprintf("%+v"), of what is sorted */
static void go_text(const json_t *j, struct strbuf *out)
{
	const char *key, *gap = "";
	json_t *v;
	size_t i;

	if (json_is_object(j)) {
		strbuf_puts(out, "map[");
		json_object_foreach((json_t *)(uintptr_t)j, key, v) {
			strbuf_printf(out, "%s%s:", gap, key);
			go_text(v, out);
			gap = " ";
		}
		strbuf_putc(out, ']');
	} else if (json_is_array(j)) {
		strbuf_putc(out, '[');
		json_array_foreach(j, i, v) {
			strbuf_puts(out, gap);
			go_text(v, out);
			gap = " ";
		}
		strbuf_putc(out, ']');
	} else if (json_is_string(j)) {
		strbuf_puts(out, json_string_value(j));
	} else {
		_cleanup_free_ char *text = json_dumps(j, JSON_ENCODE_ANY);

		strbuf_puts(out, json_is_null(j) ? "<nil>" : text ? text : "");
	}
}

/* What a patch makes is no such object: the value that is shown is the strategic patch, or what came of another. */
static void fail_patched(struct call *c, const json_t *value, bool strategic, const char *why)
{
	_cleanup_strbuf_ struct strbuf text = { 0 }, quoted = { 0 };
	_cleanup_json_ json_t *sorted = json_sorted(value);
	json_t *cause;

	if (strategic) {
		go_text(sorted, &text);
	} else {
		_cleanup_free_ char *dump = json_dumps(sorted, JSON_COMPACT);

		strbuf_puts(&text, dump ? dump : "");
	}
	strbuf_json_string(&quoted, strbuf_str(&text));
	cause = json_pack("{s:s, s:o, s:s}", "reason", "FieldValueInvalid", "message",
	                  json_sprintf("Invalid value: %s: %s", strbuf_str(&quoted), why), "field", "patch");
	api_fail(c->reply, 422, "Invalid", json_pack("{s:[o]}", "causes", cause),
	         " \"\" is invalid: patch: Invalid value: %s: %s", strbuf_str(&quoted), why);
}

static void patch_existing(struct call *c, json_t *old, const json_t *body, patch_fn patch)
{
	json_t *before = target_present(c->t.res, c->t.version, old), *after = NULL, *own;
	_cleanup_strbuf_ struct strbuf why = { 0 };
	int r = patch(c, before, body, &after);

	json_decref(before);
	if (r < 0)
		return;
	own = json_deep_copy(after); /* patches may share with the stored object, which is never changed */
	json_decref(after);
	if (!json_is_object(own) || !json_is_object(json_object_get(own, "metadata"))) {
		json_decref(own);
		api_fail(c->reply, 422, "Invalid", json_object(), "the patch does not leave an object");
		return;
	}
	if (strcmp(kube_name(own), c->t.name) != 0 || strcmp(kube_namespace(own), c->t.ns) != 0) {
		api_fail(c->reply, 400, "BadRequest", NULL,
		         "the name of the object (%s) does not match the name on the URL (%s)", kube_name(own),
		         c->t.name);
		json_decref(own);
		return;
	}
	if (body_check(c, own, &why) < 0)
		fail_patched(c, patch == patch_strategic ? body : own, patch == patch_strategic, strbuf_str(&why));
	else if (body_type(c, own) == 0) {
		write_updated(c, own, old);
		return;
	}
	json_decref(own);
}

static void fail_apply_metadata(struct call *c, const char *what)
{
	api_fail(c->reply, 400, "BadRequest", NULL, "metadata.%s must %s", what,
	         strcmp(what, "managedFields") == 0 ? "be nil" : "match the URL");
}

static int check_applied(struct call *c, json_t *body)
{
	json_t *meta = json_object_make(body, "metadata");
	_cleanup_strbuf_ struct strbuf why = { 0 };

	if (!*api_query(c->rq, "fieldManager")) {
		api_fail(c->reply, 400, "BadRequest", NULL,
		         "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is "
		         "required for apply patch");
		return -EINVAL;
	}
	if (json_array_size(json_object_get(meta, "managedFields")) > 0) {
		fail_apply_metadata(c, "managedFields");
		return -EINVAL;
	}
	if (!*json_text(meta, "name", NULL))
		(void)json_object_set_new(meta, "name", json_string(c->t.name));
	if (c->t.res->namespaced && !*json_text(meta, "namespace", NULL))
		(void)json_object_set_new(meta, "namespace", json_string(c->t.ns));
	if (strcmp(kube_name(body), c->t.name) != 0 || strcmp(kube_namespace(body), c->t.ns) != 0) {
		fail_apply_metadata(c, "name");
		return -EINVAL;
	}
	if (!json_object_get(body, "kind") || !json_object_get(body, "apiVersion")) {
		api_fail(c->reply, 400, "BadRequest", NULL,
		         "apiVersion and kind must be set in an applied configuration");
		return -EINVAL;
	}
	if (body_check(c, body, &why) < 0) {
		api_fail(c->reply, 400, "BadRequest", NULL, "%s", strbuf_str(&why));
		return -EINVAL;
	}
	return body_type(c, body);
}

static void apply(struct call *c, json_t *old, json_t *body)
{
	json_t *merged = NULL;

	if (check_applied(c, body) < 0)
		return;
	if (!old)
		strip_new(c, body);
	if (ssa_apply(c, old, body, &merged) < 0)
		return;
	if (old)
		write_updated(c, merged, old);
	else
		write_created(c, merged);
}

void serve_patch(struct call *c)
{
	const char *type = c->rq->content_type ? c->rq->content_type : "";
	const size_t len = strcspn(type, "; ");
	json_t *body, *old;
	size_t i = 0;

	while (i < ARRAY_SIZE(types) && (strlen(types[i].type) != len || strncmp(types[i].type, type, len) != 0))
		i++;
	if (i == ARRAY_SIZE(types) || (c->t.res->custom && !types[i].custom)) {
		fail_type(c);
		return;
	}
	body = body_parse(c);
	if (!body)
		return;
	old = json_incref(store_get(c->api->store, c->t.res->id, c->t.ns, c->t.name));
	if (!types[i].patch)
		apply(c, old, body);
	else if (old)
		patch_existing(c, old, body, types[i].patch);
	else
		fail_not_found(c);
	json_decref(old);
	json_decref(body);
}
