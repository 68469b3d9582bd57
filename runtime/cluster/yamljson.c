// SPDX-License-Identifier: GPL-2.0-or-later
#include "cluster/yamljson.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "cluster/manifest.h"
#include "topology/loader.h"

/* yaml.v2's yamlStyleFloat, and what begins with a dot. */
static bool is_float(const char *s)
{
	const char *p = s + (*s == '-' || *s == '+');
	size_t digits = strspn(p, "0123456789");

	p += digits;
	if (*p == '.') {
		digits += strspn(p + 1, "0123456789");
		p += 1 + strspn(p + 1, "0123456789");
	}
	if (!digits)
		return false;
	if (*p == 'e' || *p == 'E') {
		p += 1 + (p[1] == '-' || p[1] == '+');
		if (!*p)
			return false;
		p += strspn(p, "0123456789");
	}
	return *p == '\0';
}

static bool is_special_float(const char *s)
{
	static const char *const words[] = { ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF" };

	if (*s == '-' || *s == '+')
		s++;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(s, words[i]) == 0)
			return true;
	return false;
}

/* Go writes a float that is whole without a point, so that it is an integer for whoever reads the JSON. */
static json_t *float_json(double d)
{
	const json_int_t whole = d > -9e15 && d < 9e15 ? (json_int_t)d : 0;

	return (double)whole - d == 0 ? json_integer(whole) : json_real(d);
}

/* NULL: plain text */
static json_t *resolve(const char *text)
{
	char digits[512];
	size_t n = 0;
	int64_t i;
	bool b;

	if (value_parse_bool(text, &b) == 0)
		return json_boolean(b);
	if (!strchr("+-.0123456789", *text) || !*text)
		return NULL;
	if (value_parse_int(text, &i) == 0)
		return json_integer(i);
	for (const char *p = text; *p && n < sizeof(digits) - 1; p++)
		if (*p != '_')
			digits[n++] = *p;
	digits[n] = '\0';
	return is_float(digits) && isfinite(strtod(digits, NULL)) ? float_json(strtod(digits, NULL)) : NULL;
}

static json_t *scalar_json(struct diag *d, const struct value *v)
{
	json_t *j = NULL;

	if (v->plain && is_special_float(v->text)) {
		diag_error(d, v->pos, NULL, "%s has no place in JSON", v->text);
		return NULL;
	}
	if (v->plain)
		j = resolve(v->text);
	return j ? j : json_stringn(v->text, v->n);
}

/* The text of a key that is no string. */
static json_t *key_json(struct diag *d, const struct pair *p)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };
	json_t *j = p->key_plain ? resolve(p->key) : NULL;

	for (size_t i = 0; p->key_plain && i < ARRAY_SIZE(nulls); i++)
		if (strcmp(p->key, nulls[i]) == 0) {
			diag_error(d, p->key_pos, "put it in quotes", "a key must not be null");
			return NULL;
		}
	if (json_is_boolean(j))
		return json_string(json_is_true(j) ? "true" : "false");
	if (json_is_number(j)) {
		_cleanup_free_ char *text = json_dumps(j, JSON_ENCODE_ANY);

		json_decref(j);
		return json_string(text ? text : p->key);
	}
	return json_string(p->key);
}

static json_t *seq_json(struct diag *d, const struct value *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->n; i++) {
		json_t *item = value_json(d, v->items[i]);

		if (!item || json_array_append_new(list, item) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *map_json(struct diag *d, const struct value *v)
{
	json_t *map = json_object();

	for (size_t i = 0; i < v->n; i++) {
		json_t *key = key_json(d, &v->pairs[i]);
		json_t *item = key ? value_json(d, v->pairs[i].value) : NULL;
		const bool ok = item && json_object_set_new(map, json_string_value(key), item) == 0;

		json_decref(key);
		if (!ok) {
			json_decref(map);
			return NULL;
		}
	}
	return map;
}

json_t *value_json(struct diag *d, const struct value *v)
{
	switch (v->type) {
	case VALUE_SCALAR:
		return scalar_json(d, v);
	case VALUE_SEQ:
		return seq_json(d, v);
	case VALUE_MAP:
		return map_json(d, v);
	default:
		return json_null();
	}
}

json_t *value_to_json(const struct value *v)
{
	_cleanup_diag_ struct diag d = { 0 };
	json_t *j = v ? value_json(&d, v) : NULL;

	return j ? j : json_null();
}

json_t *yaml_to_json(const char *text, size_t len, struct error *e)
{
	_cleanup_diag_ struct diag d = { 0 };
	_cleanup_source_ struct source src = { 0 };
	_cleanup_arena_ struct arena a = { 0 };
	const struct value *root;
	json_t *j = NULL;

	if (len > SOURCE_MAX) {
		(void)error_set(e, EINVAL, "larger than 16 MiB");
		return NULL;
	}
	source_init(&src, &d, diag_add_file(&d, "", NULL, 0), text, len);
	if (doc_parse(&src, &a, &root) == 0)
		j = value_json(&d, root);
	if (!j && d.n_entries && d.entries[0].pos.line)
		(void)error_set(e, EINVAL, "line %u: %s", d.entries[0].pos.line, d.entries[0].msg);
	else if (!j)
		(void)error_set(e, EINVAL, "%s", d.n_entries ? d.entries[0].msg : "out of memory");
	return j;
}
