// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fieldset.c - fields of objects as sets, and objects merged and cut by them
 *
 * What is one field and what is many comes from the schema's tables: structs and maps by key, lists with merge keys
 * by element, everything else as a whole. Where there is no schema, objects are by key and lists as a whole.
 */
#include "apiserver/fieldset.h"

#include <string.h>

#include "cluster/jsonutil.h"

/* ---- sets ---- */

static bool is_member(const json_t *set)
{
	return set && (json_object_size(set) == 0 || json_object_get(set, "."));
}

bool fieldset_is_empty(const json_t *set)
{
	return json_object_size(set) == 0;
}

/* @out has children only; whether the node itself is in the set is @self. Takes @out. */
static json_t *finish(json_t *out, bool self)
{
	if (json_object_size(out) > 0) {
		if (self)
			(void)json_object_set_new(out, ".", json_object());
		return out;
	}
	if (self)
		return out;
	json_decref(out);
	return NULL;
}

static void put(json_t *out, const char *key, json_t *child)
{
	if (child)
		(void)json_object_set_new(out, key, child);
}

static json_t *unite(const json_t *a, const json_t *b)
{
	json_t *out = json_object(), *v;
	const char *key;

	if (!a || !b) {
		json_decref(out);
		return a || b ? json_deep_copy(a ? a : b) : NULL;
	}
	json_object_foreach((json_t *)(uintptr_t)a, key, v) if (strcmp(key, ".") != 0)
		put(out, key, unite(v, json_object_get(b, key)));
	json_object_foreach((json_t *)(uintptr_t)b, key, v) if (strcmp(key, ".") != 0 && !json_object_get(a, key))
		put(out, key, json_deep_copy(v));
	return finish(out, is_member(a) || is_member(b));
}

static json_t *intersect(const json_t *a, const json_t *b)
{
	json_t *out, *v;
	const char *key;

	if (!a || !b)
		return NULL;
	out = json_object();
	json_object_foreach((json_t *)(uintptr_t)a, key, v) if (strcmp(key, ".") != 0)
		put(out, key, intersect(v, json_object_get(b, key)));
	return finish(out, is_member(a) && is_member(b));
}

static json_t *subtract(const json_t *a, const json_t *b)
{
	json_t *out, *v;
	const char *key;

	if (!a)
		return NULL;
	if (!b)
		return json_deep_copy(a);
	out = json_object();
	json_object_foreach((json_t *)(uintptr_t)a, key, v) if (strcmp(key, ".") != 0)
		put(out, key, subtract(v, json_object_get(b, key)));
	return finish(out, is_member(a) && !is_member(b));
}

/* The root itself is no field. */
static json_t *root(json_t *set)
{
	if (!set)
		return json_object();
	(void)json_object_del(set, ".");
	return set;
}

json_t *fieldset_union(const json_t *a, const json_t *b)
{
	return root(unite(a, b));
}

json_t *fieldset_intersect(const json_t *a, const json_t *b)
{
	return root(intersect(a, b));
}

json_t *fieldset_subtract(const json_t *a, const json_t *b)
{
	return root(subtract(a, b));
}

/* ---- the shape of values ---- */

enum shape { WHOLE, BY_FIELD, BY_KEY, BY_VALUE };

static enum shape shape_of(const struct kube_field *f, const json_t *v)
{
	const bool any = !f || f->type == FIELD_ANY;

	if (f && (f->flags & KUBE_ATOMIC))
		return WHOLE;
	if (json_is_object(v))
		return any || f->type == FIELD_OBJECT || f->type == FIELD_MAP || f->type == FIELD_STRING_MAP ? BY_FIELD
		                                                                                             : WHOLE;
	if (!json_is_array(v) || any || f->type != FIELD_LIST || !f->merge_key)
		return WHOLE;
	return *f->merge_key ? BY_KEY : BY_VALUE;
}

/* The field of a struct or map; *@tmp is room for one that is made up. NULL: nothing is known. */
static const struct kube_field *child_field(const struct kube_field *f, const char *key, struct kube_field *tmp)
{
	if (!f || f->type == FIELD_ANY)
		return NULL;
	if (f->type == FIELD_MAP || f->type == FIELD_LIST) {
		*tmp = (struct kube_field){ .type = f->fields ? FIELD_OBJECT : f->element, .fields = f->fields };
		return tmp;
	}
	for (const struct kube_field *i = f->fields; i && i->name; i++)
		if (strcmp(i->name, key) == 0)
			return i;
	return NULL;
}

static struct kube_field root_field(const char *kind)
{
	const struct kube_field *fields = schema_fields(kind);

	return (struct kube_field){ .type = fields ? FIELD_OBJECT : FIELD_ANY, .fields = fields };
}

static json_t *key_value(const struct kube_field *f, const json_t *item, const char *key)
{
	json_t *v = json_object_get(item, key);

	if (v)
		return json_incref(v);
	for (const struct kube_field *i = f->fields; i && i->name; i++)
		if (strcmp(i->name, key) == 0 && i->fallback)
			return json_loads(i->fallback, JSON_DECODE_ANY, NULL);
	return NULL;
}

static void write_key(struct strbuf *out, const struct kube_field *f, const json_t *item, const char *key)
{
	json_t *v = key_value(f, item, key);

	if (!v)
		return;
	strbuf_printf(out, "%s\"%s\":", out->buf[out->len - 1] == '{' ? "" : ",", key);
	json_write(v, out);
	json_decref(v);
}

/* "k:{...}" or "v:..." of an element of a list */
static void item_key(const struct kube_field *f, enum shape shape, const json_t *item, struct strbuf *out)
{
	strbuf_reset(out);
	if (shape == BY_VALUE) {
		strbuf_puts(out, "v:");
		json_write(item, out);
		return;
	}
	strbuf_puts(out, "k:{");
	if (f->merge_key)
		write_key(out, f, item, f->merge_key);
	if (f->merge_key2)
		write_key(out, f, item, f->merge_key2);
	strbuf_putc(out, '}');
}

static json_t *find_item(const struct kube_field *f, enum shape shape, const json_t *list, const char *key,
                         size_t *ret_index)
{
	_cleanup_strbuf_ struct strbuf other = { 0 };
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		item_key(f, shape, item, &other);
		if (strcmp(strbuf_str(&other), key) == 0) {
			if (ret_index)
				*ret_index = i;
			return item;
		}
	}
	return NULL;
}

/* ---- what an object says ---- */

static json_t *set_of(const struct kube_field *f, const json_t *v);

static json_t *set_of_fields(const struct kube_field *f, const json_t *object)
{
	_cleanup_strbuf_ struct strbuf name = { 0 };
	struct kube_field tmp;
	json_t *out = json_object(), *v;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)object, key, v)
	{
		strbuf_reset(&name);
		strbuf_printf(&name, "f:%s", key);
		(void)json_object_set_new(out, strbuf_str(&name), set_of(child_field(f, key, &tmp), v));
	}
	return out;
}

static json_t *set_of_items(const struct kube_field *f, enum shape shape, const json_t *list)
{
	_cleanup_strbuf_ struct strbuf name = { 0 };
	struct kube_field tmp;
	json_t *out = json_object(), *item, *set;
	size_t i;

	json_array_foreach(list, i, item)
	{
		item_key(f, shape, item, &name);
		set = shape == BY_KEY ? set_of(child_field(f, "", &tmp), item) : json_object();
		if (json_object_size(set) > 0)
			(void)json_object_set_new(set, ".", json_object());
		(void)json_object_set_new(out, strbuf_str(&name), set);
	}
	return out;
}

static json_t *set_of(const struct kube_field *f, const json_t *v)
{
	const enum shape shape = shape_of(f, v);

	if (shape == WHOLE)
		return json_object();
	return shape == BY_FIELD ? set_of_fields(f, v) : set_of_items(f, shape, v);
}

json_t *fieldset_of(const char *kind, const json_t *object)
{
	const struct kube_field f = root_field(kind);

	return set_of(&f, object);
}

/* ---- differences ---- */

static json_t *changed(const struct kube_field *f, const json_t *before, const json_t *after);

static json_t *changed_fields(const struct kube_field *f, const json_t *before, const json_t *after)
{
	_cleanup_strbuf_ struct strbuf name = { 0 };
	struct kube_field tmp;
	json_t *out = json_object(), *v;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)after, key, v)
	{
		strbuf_reset(&name);
		strbuf_printf(&name, "f:%s", key);
		put(out, strbuf_str(&name), changed(child_field(f, key, &tmp), json_object_get(before, key), v));
	}
	return finish(out, false);
}

static json_t *changed_items(const struct kube_field *f, enum shape shape, const json_t *before, const json_t *after)
{
	_cleanup_strbuf_ struct strbuf name = { 0 };
	struct kube_field tmp;
	json_t *out = json_object(), *item, *set;
	size_t i;

	json_array_foreach(after, i, item)
	{
		const json_t *old;

		item_key(f, shape, item, &name);
		old = find_item(f, shape, before, strbuf_str(&name), NULL);
		set = shape == BY_KEY || !old ? changed(child_field(f, "", &tmp), old, item) : NULL;
		if (set && !old && json_object_size(set) > 0)
			(void)json_object_set_new(set, ".", json_object());
		put(out, strbuf_str(&name), set);
	}
	return finish(out, false);
}

/* NULL: the same */
static json_t *changed(const struct kube_field *f, const json_t *before, const json_t *after)
{
	const enum shape shape = shape_of(f, after);

	if (!before)
		return set_of(f, after);
	if (json_equal(before, after))
		return NULL;
	if (shape == WHOLE || shape != shape_of(f, before))
		return json_object();
	return shape == BY_FIELD ? changed_fields(f, before, after) : changed_items(f, shape, before, after);
}

json_t *fieldset_changed(const char *kind, const json_t *before, const json_t *after)
{
	const struct kube_field f = root_field(kind);

	return root(changed(&f, before, after));
}

/* ---- merging ---- */

static json_t *merge(const struct kube_field *f, const json_t *live, const json_t *applied);

static json_t *merge_fields(const struct kube_field *f, const json_t *live, const json_t *applied)
{
	json_t *out = json_deep_copy(live), *v;
	struct kube_field tmp;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)applied, key, v)(void)
		json_object_set_new(out, key, merge(child_field(f, key, &tmp), json_object_get(live, key), v));
	return out;
}

static json_t *merge_items(const struct kube_field *f, enum shape shape, const json_t *live, const json_t *applied)
{
	_cleanup_strbuf_ struct strbuf name = { 0 };
	json_t *out = json_deep_copy(live), *item;
	struct kube_field tmp;
	size_t i, at;

	json_array_foreach(applied, i, item)
	{
		const json_t *old;

		item_key(f, shape, item, &name);
		old = find_item(f, shape, out, strbuf_str(&name), &at);
		if (!old)
			(void)json_array_append_new(out, json_deep_copy(item));
		else if (shape == BY_KEY)
			(void)json_array_set_new(out, at, merge(child_field(f, "", &tmp), old, item));
	}
	return out;
}

static json_t *merge(const struct kube_field *f, const json_t *live, const json_t *applied)
{
	const enum shape shape = shape_of(f, applied);

	if (!live || shape == WHOLE || shape != shape_of(f, live))
		return json_deep_copy(applied);
	return shape == BY_FIELD ? merge_fields(f, live, applied) : merge_items(f, shape, live, applied);
}

json_t *fieldset_merge(const char *kind, const json_t *live, const json_t *applied)
{
	const struct kube_field f = root_field(kind);

	return merge(&f, live, applied);
}

/* ---- removing ---- */

static void cut(const struct kube_field *f, json_t *v, const json_t *set);

static bool is_container(const json_t *v)
{
	return json_is_object(v) || json_is_array(v);
}

static void cut_field(const struct kube_field *f, json_t *object, const char *key, const json_t *set)
{
	json_t *v = json_object_get(object, key);
	struct kube_field tmp;

	if (!v)
		return;
	if (json_object_size(set) == 0) {
		(void)json_object_del(object, key);
		return;
	}
	cut(child_field(f, key, &tmp), v, set);
	if (is_container(v) && json_object_size(v) == 0 && json_array_size(v) == 0)
		(void)json_object_del(object, key);
}

static void cut_item(const struct kube_field *f, enum shape shape, json_t *list, const char *key, const json_t *set)
{
	struct kube_field tmp;
	size_t at;
	json_t *item = find_item(f, shape, list, key, &at);

	if (!item)
		return;
	if (is_member(set))
		(void)json_array_remove(list, at);
	else
		cut(child_field(f, "", &tmp), item, set);
}

static void cut(const struct kube_field *f, json_t *v, const json_t *set)
{
	const enum shape shape = shape_of(f, v);
	json_t *child;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)set, key, child)
	{
		if (strncmp(key, "f:", 2) == 0 && shape == BY_FIELD)
			cut_field(f, v, key + 2, child);
		else if ((key[0] == 'k' && shape == BY_KEY) || (key[0] == 'v' && shape == BY_VALUE))
			cut_item(f, shape, v, key, child);
	}
}

void fieldset_remove(const char *kind, json_t *object, const json_t *set)
{
	const struct kube_field f = root_field(kind);

	cut(&f, object, set);
}

/* ---- telling ---- */

static void add_keys(struct strbuf *path, const char *text)
{
	json_t *keys = json_loads(text, 0, NULL), *v;
	const char *key, *comma = "";

	strbuf_putc(path, '[');
	json_object_foreach(keys, key, v)
	{
		strbuf_printf(path, "%s%s=", comma, key);
		json_write(v, path);
		comma = ",";
	}
	strbuf_putc(path, ']');
	json_decref(keys);
}

static void each(const json_t *set, struct strbuf *path, fieldset_fn fn, void *arg)
{
	const size_t len = path->len;
	const char *key;
	json_t *child;

	if (len > 0 && is_member(set))
		fn(strbuf_str(path), arg);
	json_object_foreach((json_t *)(uintptr_t)set, key, child)
	{
		if (strcmp(key, ".") == 0)
			continue;
		if (key[0] == 'f')
			strbuf_printf(path, ".%s", key + 2);
		else if (key[0] == 'k')
			add_keys(path, key + 2);
		else
			strbuf_printf(path, "[=%s]", key + 2);
		each(child, path, fn, arg);
		path->len = len;
		path->buf[len] = '\0';
	}
}

void fieldset_each(const json_t *set, fieldset_fn fn, void *arg)
{
	_cleanup_strbuf_ struct strbuf path = { 0 };

	each(set, &path, fn, arg);
}
