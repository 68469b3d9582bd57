// SPDX-License-Identifier: GPL-2.0-or-later
#include "cluster/threeway.h"

#include <string.h>

#include "cluster/jsonutil.h"

static const struct kube_field *field_find(const struct kube_field *fields, const char *name)
{
	for (; fields && fields->name; fields++)
		if (strcmp(fields->name, name) == 0)
			return fields;
	return NULL;
}

/* ---- lists that merge ---- */

static json_t *item_find(const json_t *list, const char *key, const json_t *value)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (value && json_is_object(item) && json_equal(json_object_get(item, key), value))
			return item;
	return NULL;
}

static bool has_value(const json_t *list, const json_t *value)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (json_equal(item, value))
			return true;
	return false;
}

/* Lists of objects that have a key. */
static json_t *diff_items(const struct kube_field *f, const json_t *original, const json_t *modified, const json_t *current)
{
	json_t *patch = json_array(), *item;
	size_t i;

	json_array_foreach(modified, i, item) {
		json_t *id = json_object_get(item, f->merge_key), *there = item_find(current, f->merge_key, id), *change;

		if (!there) {
			(void)json_array_append(patch, item);
			continue;
		}
		change = kube_three_way(f->fields, item_find(original, f->merge_key, id), item, there);
		if (json_object_size(change)) {
			(void)json_object_set(change, f->merge_key, id);
			(void)json_array_append(patch, change);
		}
		json_decref(change);
	}
	json_array_foreach(original, i, item) {
		json_t *id = json_object_get(item, f->merge_key);

		if (!item_find(modified, f->merge_key, id) && item_find(current, f->merge_key, id))
			(void)json_array_append_new(patch, json_pack("{s:s, s:O}", "$patch", "delete", f->merge_key, id));
	}
	return patch;
}

/* Lists of words: what is new is added, what is gone is named in a directive beside the list. */
static void diff_words(json_t *patch, const char *key, const json_t *original, const json_t *modified, const json_t *current)
{
	json_t *added = json_array(), *gone = json_array(), *item;
	char name[256];
	size_t i;

	json_array_foreach(modified, i, item)
		if (!has_value(current, item))
			(void)json_array_append(added, item);
	json_array_foreach(original, i, item)
		if (!has_value(modified, item) && has_value(current, item))
			(void)json_array_append(gone, item);
	(void)snprintf(name, sizeof(name), "$deleteFromPrimitiveList/%s", key);
	if (json_array_size(added))
		(void)json_object_set(patch, key, added);
	if (json_array_size(gone))
		(void)json_object_set(patch, name, gone);
	json_decref(added);
	json_decref(gone);
}

/* ---- maps ---- */

static void diff_value(json_t *patch, const char *key, const struct kube_field *f, const json_t *original, json_t *modified,
		       const json_t *current)
{
	json_t *change = NULL;

	if (json_is_array(modified) && json_is_array(current) && f && f->merge_key && !*f->merge_key) {
		diff_words(patch, key, original, modified, current);
		return;
	}
	if (json_is_object(modified) && json_is_object(current))
		change = kube_three_way(f && f->type == FIELD_OBJECT ? f->fields : NULL, original, modified, current);
	else if (json_is_array(modified) && json_is_array(current) && f && f->merge_key)
		change = diff_items(f, original, modified, current);
	else if (!json_equal(modified, current))
		(void)json_object_set(patch, key, modified);
	if (json_object_size(change) || json_array_size(change))
		(void)json_object_set(patch, key, change);
	json_decref(change);
}

json_t *kube_three_way(const struct kube_field *fields, const json_t *original, const json_t *modified, const json_t *current)
{
	json_t *patch = json_object(), *value;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)modified, key, value) {
		if (json_is_null(value)) /* a file's `creationTimestamp: null` says nothing */
			continue;
		diff_value(patch, key, field_find(fields, key), json_object_get(original, key), value,
			   json_object_get(current, key));
	}
	json_object_foreach((json_t *)(uintptr_t)original, key, value) {
		if (!json_object_get(modified, key) && json_object_get(current, key))
			(void)json_object_set_new(patch, key, json_null());
	}
	return patch;
}

/* Go's encoder escapes what HTML would take for its own. */
static void html_escape(struct strbuf *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("<>&", *text))
			strbuf_printf(out, "\\u%04x", *text);
		else
			strbuf_putc(out, *text);
	}
}

char *kube_last_applied(const json_t *object)
{
	_cleanup_json_ json_t *copy = json_deep_copy(object);
	_cleanup_strbuf_ struct strbuf out = { 0 };
	_cleanup_free_ char *text = NULL;

	(void)json_object_del(json_object_make(json_object_make(copy, "metadata"), "annotations"), KUBE_LAST_APPLIED);
	text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
	html_escape(&out, text ? text : "");
	strbuf_putc(&out, '\n');
	return strbuf_steal(&out);
}
