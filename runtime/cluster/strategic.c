// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * strategic.c - strategic merge patch
 *
 * Theory of operation. As apimachinery's mergeMap(): a copy of the target is changed by a copy of the patch, whose directives are
 * taken out as they are obeyed. Maps merge; a list is replaced, unless the schema names a merge key: then elements are found by
 * their key (or, scalars, by their value), merged, and put in order: what $setElementOrder (or else the patch) names in its
 * order, the rest where the server had it. Source: apimachinery's pkg/util/strategicpatch/patch.go and pkg/util/mergepatch.
 */
#include "cluster/jsonpatch.h"

#include "cluster/schema_internal.h"

static const char directive[] = "$patch", retain_keys[] = "$retainKeys", order_prefix[] = "$setElementOrder",
		  delete_prefix[] = "$deleteFromPrimitiveList";

/* Finding elements takes quadratic time; no object of a cluster comes near this. */
enum { LIST_MAX = 4000 };

static int merge_map(json_t *original, json_t *patch, const struct kube_field *fields, json_t **ret, struct error *e);

/* Behind "PREFIX/", or NULL when @key has no such prefix; "" when it is malformed. */
static const char *suffix_of(const char *key, const char *prefix)
{
	const size_t len = strlen(prefix);

	if (strncmp(key, prefix, len) != 0)
		return NULL;
	return key[len] == '/' ? key + len + 1 : "";
}

/* ---- what a patch brings that the target does not have ---- */

static bool is_directive(const char *key)
{
	return strcmp(key, directive) == 0 || strcmp(key, retain_keys) == 0 || suffix_of(key, order_prefix) ||
	       suffix_of(key, delete_prefix);
}

/* Takes directives out, and nulls, which delete nothing there. */
static void clean(json_t *v)
{
	const char *key;
	json_t *item;
	void *next;

	json_object_foreach_safe(v, next, key, item) {
		if (json_is_null(item) || is_directive(key))
			(void)json_object_del(v, key);
		else
			clean(item);
	}
	for (size_t i = json_array_size(v); i-- > 0;) {
		item = json_array_get(v, i);
		if (json_object_get(item, directive))
			(void)json_array_remove(v, i);
		else
			clean(item);
	}
}

/* ---- lists ---- */

/* The place in @list of the element that @v is, by key or by value; -1. */
static ssize_t find(const json_t *list, const json_t *v, const char *key)
{
	const json_t *want = key ? json_object_get(v, key) : v;
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (want && json_equal(key ? json_object_get(item, key) : item, want))
			return (ssize_t)i;
	return -1;
}

static int no_merge_key(const json_t *v, const char *key, struct error *e)
{
	_cleanup_free_ char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

	return error_set(e, EINVAL, "map: %.200s does not contain declared merge key: %s", text ? text : "", key);
}

/* Whether both lists hold only objects (@ret true) or only scalars. */
static int list_kind(const json_t *a, const json_t *b, bool *ret, struct error *e)
{
	const json_t *const lists[] = { a, b };
	const size_t n = json_array_size(a) + json_array_size(b);
	size_t objects = 0, i;
	json_t *item;

	for (unsigned k = 0; k < 2; k++)
		json_array_foreach(lists[k], i, item) {
			if (json_is_array(item))
				return error_set(e, EINVAL, "lists of lists are not supported");
			objects += json_is_object(item);
		}
	if (objects && objects != n)
		return error_set(e, EINVAL, "list element types are not identical");
	if (n > LIST_MAX)
		return error_set(e, EINVAL, "lists of more than %d elements are not merged", LIST_MAX);
	*ret = objects > 0;
	return 0;
}

static json_t *unique(const json_t *a, const json_t *b)
{
	const json_t *const lists[] = { a, b };
	json_t *ret = json_array(), *item;
	size_t i;

	for (unsigned k = 0; k < 2; k++)
		json_array_foreach(lists[k], i, item)
			if (find(ret, item, NULL) < 0)
				(void)json_array_append(ret, item);
	return ret;
}

static json_t *without(const json_t *list, const json_t *gone)
{
	json_t *ret = json_array(), *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (find(gone, item, NULL) < 0)
			(void)json_array_append(ret, item);
	return ret;
}

/* Appends to @out all that are @v. */
static void pick(json_t *out, const json_t *list, const json_t *v, const char *key)
{
	const json_t *want = key ? json_object_get(v, key) : v;
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (json_equal(key ? json_object_get(item, key) : item, want))
			(void)json_array_append(out, item);
}

/*
 * The elements of @merged that @order names, in its order, among the others, which keep theirs of @server: where both were in
 * @server, that decides; else the named come first (mergeSortedSlice()). @key NULL: scalars.
 */
static json_t *in_order(const json_t *merged, const json_t *order, const json_t *server, const char *key)
{
	json_t *ret = json_array(), *item;
	_cleanup_json_ json_t *named = json_array(), *others = json_array();
	size_t i, k = 0;

	json_array_foreach(order, i, item)
		if (find(order, item, key) == (ssize_t)i)
			pick(named, merged, item, key);
	json_array_foreach(merged, i, item)
		if (find(order, item, key) < 0)
			(void)json_array_append(others, item);
	json_array_foreach(named, i, item) {
		const ssize_t mine = find(server, item, key);

		for (; k < json_array_size(others); k++) {
			const ssize_t other = find(server, json_array_get(others, k), key);

			if (mine < 0 || other < 0 || other >= mine)
				break;
			(void)json_array_append(ret, json_array_get(others, k));
		}
		(void)json_array_append(ret, item);
	}
	for (; k < json_array_size(others); k++)
		(void)json_array_append(ret, json_array_get(others, k));
	return ret;
}

/* Obeys $patch of one element of a list. *@replace: the patch's other elements are the list. */
static int obey_element(json_t *original, const json_t *v, const char *what, const char *key, bool *replace, struct error *e)
{
	ssize_t at;

	if (strcmp(what, "replace") == 0) {
		*replace = true;
		return 0;
	}
	if (strcmp(what, "delete") != 0)
		return error_set(e, EINVAL, strcmp(what, "merge") == 0 ? "merging lists cannot yet be specified in the patch" :
									 "unknown patch type: %s in map",
				 what);
	if (!json_object_get(v, key))
		return no_merge_key(v, key, e);
	while ((at = find(original, v, key)) >= 0)
		(void)json_array_remove(original, (size_t)at);
	return 0;
}

/* Takes the elements with $patch out of @patch. */
static int obey_elements(json_t *original, json_t *patch, const char *key, bool *replace, struct error *e)
{
	for (size_t i = 0; i < json_array_size(patch);) {
		json_t *v = json_array_get(patch, i);
		const json_t *what = json_object_get(v, directive);
		int r;

		if (!what) {
			i++;
			continue;
		}
		r = obey_element(original, v, json_is_string(what) ? json_string_value(what) : "", key, replace, e);
		if (r < 0)
			return r;
		(void)json_array_remove(patch, i);
	}
	return 0;
}

static int merge_elements(json_t *merged, const json_t *patch, const char *key, const struct kube_field *fields, struct error *e)
{
	json_t *v;
	size_t i;

	json_array_foreach(patch, i, v) {
		const ssize_t at = find(merged, v, key);
		json_t *one = NULL;
		int r = 0;

		if (!json_object_get(v, key))
			return no_merge_key(v, key, e);
		if (at < 0) {
			clean(v);
			(void)json_array_append(merged, v);
			continue;
		}
		r = merge_map(json_array_get(merged, (size_t)at), v, fields, &one, e);
		if (r < 0)
			return r;
		(void)json_array_set_new(merged, (size_t)at, one);
	}
	return 0;
}

static int merge_keyed(json_t *original, json_t *patch, const char *key, const struct kube_field *fields, json_t **ret,
		       struct error *e)
{
	_cleanup_json_ json_t *server = json_copy(original);
	bool replace = false;
	int r = obey_elements(original, patch, key, &replace, e);

	if (r < 0)
		return r;
	if (replace) {
		clean(patch);
		*ret = json_incref(patch);
		return 0;
	}
	r = merge_elements(original, patch, key, fields, e);
	if (r == 0)
		*ret = in_order(original, patch, server, key);
	return r;
}

/* mergeSliceHandler() and mergeSlice(); @deleting: @patch lists the scalars that go. */
static int merge_list(json_t *original, json_t *patch, const struct kube_field *f, bool deleting, json_t **ret, struct error *e)
{
	_cleanup_json_ json_t *all = NULL;
	bool objects;
	int r;

	if (!f || !f->merge_key) {
		if (!deleting)
			clean(patch);
		*ret = json_incref(deleting ? original : patch);
		return 0;
	}
	r = list_kind(original, patch, &objects, e);
	if (r < 0)
		return r;
	if (objects && !*f->merge_key)
		return error_set(e, EINVAL, "cannot merge lists without merge key for %s", f->name);
	if (objects)
		return merge_keyed(original, patch, f->merge_key, f->fields, ret, e);
	if (deleting) {
		*ret = without(original, patch);
		return 0;
	}
	all = unique(original, patch);
	*ret = in_order(all, patch, original, NULL);
	return 0;
}

/* ---- directives of maps ---- */

static int obey_retain_keys(json_t *original, json_t *patch, struct error *e)
{
	_cleanup_json_ json_t *list = json_incref(json_object_get(patch, retain_keys));
	const char *key;
	json_t *v;
	void *next;

	if (!list)
		return 0;
	(void)json_object_del(patch, retain_keys);
	if (!json_is_array(list))
		return error_set(e, EINVAL, "invalid patch format of retainKeys");
	json_object_foreach(patch, key, v) {
		_cleanup_json_ json_t *name = json_string(key);

		if (!json_is_null(v) && !is_directive(key) && find(list, name, NULL) < 0)
			return error_set(e, EINVAL, "patch content doesn't match retainKeys list");
	}
	json_object_foreach_safe(original, next, key, v) {
		_cleanup_json_ json_t *name = json_string(key);

		if (find(list, name, NULL) < 0)
			(void)json_object_del(original, key);
	}
	return 0;
}

/* The elements of a patch must come in the order that goes with it. */
static int check_order(const json_t *patch, const json_t *order, const char *key, struct error *e)
{
	size_t at = 0, i;
	json_t *v;

	json_array_foreach(patch, i, v) {
		if (json_object_get(v, directive))
			continue;
		while (at < json_array_size(order) && !json_equal(key ? json_object_get(json_array_get(order, at), key) :
									json_array_get(order, at),
								  key ? json_object_get(v, key) : v))
			at++;
		if (at++ >= json_array_size(order))
			return error_set(e, EINVAL, "The order in patch list doesn't match $setElementOrder list");
	}
	return 0;
}

static int obey_order(json_t *original, json_t *patch, const struct kube_field *f, const char *name, const json_t *order,
		      struct error *e)
{
	json_t *list = json_object_get(original, name), *change = json_object_get(patch, name);
	const char *key = f && f->merge_key && *f->merge_key ? f->merge_key : NULL;
	_cleanup_json_ json_t *merged = NULL, *server = json_copy(list);
	bool objects;
	int r;

	if ((list && !json_is_array(list)) || (change && !json_is_array(change)) || !json_is_array(order) || !*name)
		return error_set(e, EINVAL, "invalid patch format of setElementOrder list");
	if (!list && !change)
		return 0;
	r = list_kind(list, change, &objects, e);
	if (r == 0)
		r = check_order(change, order, objects ? key : NULL, e);
	if (r < 0)
		return r;
	if (list && change)
		r = merge_list(list, change, f, false, &merged, e);
	else if (change)
		clean(change);
	if (r < 0)
		return r;
	if (!merged)
		merged = json_incref(list ? list : change);
	if (objects && !key)
		(void)json_object_set(original, name, merged);
	else
		(void)json_object_set_new(original, name, in_order(merged, order, server, objects ? key : NULL));
	(void)json_object_del(patch, name);
	return 0;
}

static int obey_orders(json_t *original, json_t *patch, const struct kube_field *fields, struct error *e)
{
	_cleanup_json_ json_t *all = json_copy(patch);
	const char *key;
	json_t *order;

	json_object_foreach(all, key, order) {
		const char *name = suffix_of(key, order_prefix);
		int r;

		if (!name)
			continue;
		(void)json_object_del(patch, key);
		r = obey_order(original, patch, schema_field(fields, name), name, order, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* `$patch` of a map. */
static int obey_map(json_t *patch, json_t **ret, struct error *e)
{
	const char *what = json_text(patch, directive, NULL);

	if (strcmp(what, "delete") == 0) {
		*ret = json_object();
		return 0;
	}
	if (strcmp(what, "replace") != 0)
		return error_set(e, EINVAL, "unknown patch type: %s in map", what);
	(void)json_object_del(patch, directive);
	*ret = json_incref(patch);
	return 0;
}

/* ---- maps ---- */

/* One key of the patch: @old is what the target has. *@ret NULL: leave it as it is. */
static int merge_value(json_t *old, json_t *v, const struct kube_field *f, bool deleting, json_t **ret, struct error *e)
{
	*ret = NULL;
	if (json_is_array(old) && json_is_array(v))
		return merge_list(old, v, f, deleting, ret, e);
	if (deleting)
		return 0;
	if (json_is_object(old) && json_is_object(v))
		return merge_map(old, v, f && f->type == FIELD_OBJECT ? f->fields : NULL, ret, e);
	clean(v);
	*ret = json_incref(v);
	return 0;
}

static int merge_pairs(json_t *original, json_t *patch, const struct kube_field *fields, struct error *e)
{
	const char *key;
	json_t *v;

	json_object_foreach(patch, key, v) {
		const char *gone = suffix_of(key, delete_prefix), *name = gone ? gone : key;
		json_t *merged;
		int r;

		if (gone && (!*gone || !json_is_array(v)))
			return error_set(e, EINVAL, "invalid patch format of primitive list");
		if (json_is_null(v)) {
			(void)json_object_del(original, name);
			continue;
		}
		r = merge_value(json_object_get(original, name), v, schema_field(fields, name), gone != NULL, &merged, e);
		if (r < 0)
			return r;
		if (merged)
			(void)json_object_set_new(original, name, merged);
	}
	return 0;
}

/* Changes both; *@ret is a new reference, of @original or of what takes its place. */
static int merge_map(json_t *original, json_t *patch, const struct kube_field *fields, json_t **ret, struct error *e)
{
	int r;

	if (json_object_get(patch, directive))
		return obey_map(patch, ret, e);
	r = obey_retain_keys(original, patch, e);
	if (r == 0)
		r = obey_orders(original, patch, fields, e);
	if (r == 0)
		r = merge_pairs(original, patch, fields, e);
	if (r == 0)
		*ret = json_incref(original);
	return r;
}

int json_strategic_patch(const char *kind, const json_t *target, const json_t *patch, json_t **ret, struct error *e)
{
	static TYPE(top) = { META, END };
	_cleanup_json_ json_t *original = NULL, *change = NULL;
	const struct kube_field *fields = schema_fields(kind);

	if (!json_is_object(target) || !json_is_object(patch))
		return error_set(e, EINVAL, "a strategic merge patch is an object, and so is what it changes");
	original = json_deep_copy(target);
	change = json_deep_copy(patch);
	if (!original || !change)
		return error_oom(e);
	return merge_map(original, change, fields ? fields : type_top, ret, e);
}
