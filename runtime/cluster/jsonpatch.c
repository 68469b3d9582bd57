// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * jsonpatch.c - JSON merge patch (RFC 7386) and JSON patch (RFC 6902)
 *
 * Owns both algorithms on whole documents. Refuses to know Kubernetes: what merges by keys is strategic.c.
 */
#include "cluster/jsonpatch.h"

#include <stdlib.h>
#include <string.h>

#include "cluster/jsonutil.h"

/* jansson recurses by depth; so does this, no deeper than a parsed document is (JSON_PARSER_MAX_DEPTH, 2048). */
json_t *json_merge_patch(const json_t *target, const json_t *patch)
{
	json_t *merged, *value;
	const char *key;

	if (!json_is_object(patch))
		return json_deep_copy(patch);
	merged = json_is_object(target) ? json_copy((json_t *)(uintptr_t)target) : json_object();
	json_object_foreach((json_t *)(uintptr_t)patch, key, value) {
		if (json_is_null(value))
			(void)json_object_del(merged, key);
		else
			(void)json_object_set_new(merged, key, json_merge_patch(json_object_get(merged, key), value));
	}
	return merged;
}

/* ---- JSON pointer (RFC 6901) ---- */

enum { TOKEN_MAX = 4096 };

/* Where an operation works: the container, and the last word of the path. */
struct place {
	json_t *parent; /* borrowed; NULL: the whole document */
	char token[TOKEN_MAX];
};

/* The next word of the pointer *@p, unescaped. Return: 0 or -EINVAL. */
static int token_next(const char **p, char token[TOKEN_MAX])
{
	size_t n = 0;

	if (*(*p)++ != '/')
		return -EINVAL;
	for (; **p && **p != '/'; (*p)++) {
		char c = **p;

		if (c == '~') {
			(*p)++;
			if (**p != '0' && **p != '1')
				return -EINVAL;
			c = **p == '0' ? '~' : '/';
		}
		if (n + 1 >= TOKEN_MAX)
			return -EINVAL;
		token[n++] = c;
	}
	token[n] = '\0';
	return 0;
}

/* An array index below @limit. Return: it, or -1. */
static ssize_t index_parse(const char *token, size_t limit)
{
	char *end;
	unsigned long long i;

	if (token[0] < '0' || token[0] > '9' || (token[0] == '0' && token[1]))
		return -1;
	errno = 0;
	i = strtoull(token, &end, 10);
	return *end || errno || i >= limit ? -1 : (ssize_t)i;
}

static json_t *child_get(const json_t *parent, const char *token)
{
	if (json_is_object(parent))
		return json_object_get(parent, token);
	if (json_is_array(parent)) {
		const ssize_t i = index_parse(token, json_array_size(parent));

		return i < 0 ? NULL : json_array_get(parent, (size_t)i);
	}
	return NULL;
}

/* Return: 0; -EINVAL for bad grammar; -ENOENT when what shall hold it is not there. */
static int place_find(json_t *doc, const char *path, struct place *ret, struct error *e)
{
	const char *p = path;

	ret->parent = NULL;
	ret->token[0] = '\0';
	while (*p) {
		ret->parent = ret->parent ? child_get(ret->parent, ret->token) : doc;
		if (token_next(&p, ret->token) < 0)
			return error_set(e, EINVAL, "'%s' is no JSON pointer", path);
		if (!json_is_object(ret->parent) && !json_is_array(ret->parent))
			return error_set(e, ENOENT, "path '%s' does not exist", path);
	}
	return 0;
}

static json_t *place_get(json_t *doc, const struct place *at)
{
	return at->parent ? child_get(at->parent, at->token) : doc;
}

/* ---- the operations; each may replace the document itself ---- */

/* As kube-apiserver: what repeated copies would blow up, and what no honest patch has. */
enum { COPIED_MAX = 3 * 1024 * 1024 /* bytes */, OPERATIONS_MAX = 10000 };

struct operation {
	size_t *copied; /* bytes, by all operations so far */
	const char *path, *from;
	const json_t *value;
};

static int missing(const char *path, struct error *e)
{
	return error_set(e, ENOENT, "path '%s' does not exist", path);
}

/* @value's reference is taken. */
static int put_at(json_t **doc, const char *path, json_t *value, struct error *e)
{
	struct place at;
	ssize_t i;
	int r = place_find(*doc, path, &at, e);

	if (r < 0) {
		json_decref(value);
		return r;
	}
	if (!at.parent) {
		json_decref(*doc);
		*doc = value;
		return 0;
	}
	if (json_is_object(at.parent))
		return json_object_set_new(at.parent, at.token, value) < 0 ? error_oom(e) : 0;
	i = strcmp(at.token, "-") == 0 ? (ssize_t)json_array_size(at.parent)
				       : index_parse(at.token, json_array_size(at.parent) + 1);
	if (i < 0) {
		json_decref(value);
		return missing(path, e);
	}
	return json_array_insert_new(at.parent, (size_t)i, value) < 0 ? error_oom(e) : 0;
}

static int do_add(json_t **doc, const struct operation *o, struct error *e)
{
	return put_at(doc, o->path, json_deep_copy(o->value), e);
}

/* @ret: the removed value, a new reference; may be NULL */
static int take_at(json_t **doc, const char *path, json_t **ret, struct error *e)
{
	struct place at;
	json_t *old;
	int r = place_find(*doc, path, &at, e);

	if (r < 0)
		return r;
	old = place_get(*doc, &at);
	if (!old)
		return missing(path, e);
	if (ret)
		*ret = json_incref(old);
	if (!at.parent) {
		json_decref(*doc);
		*doc = json_null();
	} else if (json_is_object(at.parent)) {
		(void)json_object_del(at.parent, at.token);
	} else {
		(void)json_array_remove(at.parent, (size_t)index_parse(at.token, json_array_size(at.parent)));
	}
	return 0;
}

static int do_remove(json_t **doc, const struct operation *o, struct error *e)
{
	return take_at(doc, o->path, NULL, e);
}

static int do_replace(json_t **doc, const struct operation *o, struct error *e)
{
	int r = take_at(doc, o->path, NULL, e);

	return r < 0 ? r : do_add(doc, o, e);
}

static int do_move(json_t **doc, const struct operation *o, struct error *e)
{
	const size_t n = strlen(o->from);
	json_t *value = NULL;
	int r;

	if (strncmp(o->path, o->from, n) == 0 && o->path[n] == '/')
		return error_set(e, EINVAL, "'%s' cannot be moved into itself", o->from);
	r = take_at(doc, o->from, &value, e);
	return r < 0 ? r : put_at(doc, o->path, value, e);
}

static int do_copy(json_t **doc, const struct operation *o, struct error *e)
{
	struct place at;
	int r = place_find(*doc, o->from, &at, e);

	if (r < 0)
		return r;
	if (!place_get(*doc, &at))
		return missing(o->from, e);
	*o->copied += json_dumpb(place_get(*doc, &at), NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
	if (*o->copied > COPIED_MAX)
		return error_set(e, EINVAL, "the copies of this patch are larger than %d bytes", COPIED_MAX);
	return put_at(doc, o->path, json_deep_copy(place_get(*doc, &at)), e);
}

/* RFC 6902 4.6: numbers are equal when their values are. */
static bool values_equal(const json_t *a, const json_t *b);

static bool objects_equal(const json_t *a, const json_t *b)
{
	const char *key;
	json_t *value;

	if (json_object_size(a) != json_object_size(b))
		return false;
	json_object_foreach((json_t *)(uintptr_t)a, key, value) {
		if (!json_object_get(b, key) || !values_equal(value, json_object_get(b, key)))
			return false;
	}
	return true;
}

static bool arrays_equal(const json_t *a, const json_t *b)
{
	if (json_array_size(a) != json_array_size(b))
		return false;
	for (size_t i = 0; i < json_array_size(a); i++)
		if (!values_equal(json_array_get(a, i), json_array_get(b, i)))
			return false;
	return true;
}

static bool values_equal(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b) && json_typeof(a) != json_typeof(b))
		return json_number_value(a) >= json_number_value(b) && json_number_value(a) <= json_number_value(b);
	if (json_is_object(a) && json_is_object(b))
		return objects_equal(a, b);
	if (json_is_array(a) && json_is_array(b))
		return arrays_equal(a, b);
	return json_equal(a, b);
}

static int do_test(json_t **doc, const struct operation *o, struct error *e)
{
	struct place at;
	int r = place_find(*doc, o->path, &at, e);

	if (r < 0)
		return r;
	if (!place_get(*doc, &at) || !values_equal(place_get(*doc, &at), o->value))
		return error_set(e, EBADE, "testing value %s failed", o->path);
	return 0;
}

static const struct verb {
	const char *op;
	bool value, from; /* what it needs besides a path */
	int (*fn)(json_t **doc, const struct operation *o, struct error *e);
} verbs[] = {
	{ "add", true, false, do_add },	      { "remove", false, false, do_remove },
	{ "replace", true, false, do_replace }, { "move", false, true, do_move },
	{ "copy", false, true, do_copy },     { "test", true, false, do_test },
};

static int apply_one(json_t **doc, const json_t *item, size_t *copied, struct error *e)
{
	const char *op = json_text(item, "op", NULL);
	const struct operation o = { .copied = copied,
				     .path = json_string_value(json_object_get(item, "path")),
				     .from = json_string_value(json_object_get(item, "from")),
				     .value = json_object_get(item, "value") };

	if (!json_is_object(item))
		return error_set(e, EINVAL, "a JSON patch is a list of operations");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(op, verbs[i].op) != 0)
			continue;
		if (!o.path || (verbs[i].from && !o.from) || (verbs[i].value && !o.value))
			return error_set(e, EINVAL, "operation '%s' needs a %s", op,
					 !o.path	   ? "'path'" :
					 verbs[i].from ? "'from'" :
							 "'value'");
		return verbs[i].fn(doc, &o, e);
	}
	return error_set(e, EINVAL, "unexpected operation '%s' (add, remove, replace, move, copy, test)", op);
}

int json_patch_apply(const json_t *target, const json_t *patch, json_t **ret, struct error *e)
{
	_cleanup_json_ json_t *doc = json_deep_copy(target);
	size_t copied = 0;

	if (!doc)
		return error_oom(e);
	if (!json_is_array(patch))
		return error_set(e, EINVAL, "a JSON patch is a list of operations");
	if (json_array_size(patch) > OPERATIONS_MAX)
		return error_set(e, EINVAL, "more than %d operations in a patch", OPERATIONS_MAX);
	for (size_t i = 0; i < json_array_size(patch); i++) {
		int r = apply_one(&doc, json_array_get(patch, i), &copied, e);

		if (r < 0)
			return r;
	}
	*ret = TAKE_PTR(doc);
	return 0;
}
