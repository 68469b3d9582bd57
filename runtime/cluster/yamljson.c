// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * yamljson.c - YAML as JSON, scalars typed as sigs.k8s.io/yaml (go-yaml v2, YAML 1.1) types them
 *
 * Refuses to know what the documents mean.
 */
#include <string.h>

#include "cluster/jsonutil.h"
#include "cluster/manifest.h"
#include "topology/loader.h"

static bool is_null(const char *s)
{
	return !*s || strcmp(s, "~") == 0 || strcmp(s, "null") == 0 || strcmp(s, "Null") == 0 || strcmp(s, "NULL") == 0;
}

static bool digits_skip(const char **s)
{
	const char *start = *s;

	*s += strspn(*s, "0123456789");
	return *s > start;
}

/* go-yaml: ^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$ */
static bool is_float(const char *s)
{
	bool before, after = false;

	s += *s == '-' || *s == '+';
	before = digits_skip(&s);
	if (*s == '.') {
		s++;
		after = digits_skip(&s);
	}
	if (!before && !after)
		return false;
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '-' || *s == '+';
		if (!digits_skip(&s))
			return false;
	}
	return !*s;
}

/* Go writes 1.0 as 1. */
static json_t *number(double d)
{
	const json_int_t whole = d > -1e15 && d < 1e15 ? (json_int_t)d : 0;

	return (double)whole - d == 0 ? json_integer(whole) : json_real(d);
}

static json_t *scalar(const struct value *v)
{
	int64_t i;
	bool b;

	if (!v->plain)
		return json_string(v->text);
	if (is_null(v->text))
		return json_null();
	if (value_parse_bool(v->text, &b) == 0)
		return json_boolean(b);
	if (value_parse_int(v->text, &i) == 0)
		return json_integer(i);
	return is_float(v->text) ? number(strtod(v->text, NULL)) : json_string(v->text);
}

json_t *value_to_json(const struct value *v)
{
	json_t *j;

	if (!v || v->type == VALUE_NULL)
		return json_null();
	if (v->type == VALUE_SCALAR)
		return scalar(v);
	j = v->type == VALUE_SEQ ? json_array() : json_object();
	for (size_t i = 0; i < v->n; i++) {
		if (v->type == VALUE_SEQ)
			(void)json_array_append_new(j, value_to_json(v->items[i]));
		else
			(void)json_object_set_new(j, v->pairs[i].key, value_to_json(v->pairs[i].value));
	}
	return j;
}

json_t *yaml_to_json(const char *text, size_t len, struct error *e)
{
	_cleanup_diag_ struct diag d = { 0 };
	_cleanup_source_ struct source src = { 0 };
	_cleanup_arena_ struct arena a = { 0 };
	const struct value *root = NULL;

	source_init(&src, &d, diag_add_file(&d, "", NULL, 0), text, len);
	if (len > SOURCE_MAX || doc_parse(&src, &a, &root) < 0) {
		(void)error_set(e, EINVAL, "line %u: %s", d.n_entries ? d.entries[0].pos.line : 1,
				d.n_entries ? d.entries[0].msg : "larger than 16 MiB");
		return NULL;
	}
	return value_to_json(root);
}
