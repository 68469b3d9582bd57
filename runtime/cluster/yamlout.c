// SPDX-License-Identifier: GPL-2.0-or-later
#include "cluster/yamlout.h"

#include <string.h>
#include <yaml.h>

#include "cluster/manifest.h"

static int write_text(void *arg, unsigned char *data, size_t n)
{
	struct strbuf *out = arg;

	strbuf_add(out, data, n);
	return !out->oom;
}

static bool emit(yaml_emitter_t *em, yaml_event_t *ev)
{
	return yaml_emitter_emit(em, ev) != 0;
}

static bool digits(const char **s, size_t min, size_t max)
{
	const size_t n = strspn(*s, "0123456789");

	*s += n;
	return n >= min && n <= max;
}

/* 2006-01-02, perhaps with a time behind it (go-yaml's parseTimestamp()) */
static bool is_timestamp(const char *s)
{
	if (!digits(&s, 4, 4) || *s++ != '-' || !digits(&s, 1, 2) || *s++ != '-' || !digits(&s, 1, 2))
		return false;
	return !*s || *s == 'T' || *s == 't' || *s == ' ';
}

/* 190:20:30, a number of base 60 in YAML 1.1 */
static bool is_sexagesimal(const char *s)
{
	bool colon = false;

	s += *s == '-' || *s == '+';
	if (!digits(&s, 1, SIZE_MAX))
		return false;
	for (; *s == ':'; colon = true)
		if (s++, !digits(&s, 1, 2))
			return false;
	return colon && (!*s || *s == '.');
}

/* Whether a plain scalar with that text is no string. */
static bool is_typed(const char *text)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL", "=", "<<" };
	const struct value v = { .type = VALUE_SCALAR, .plain = true, .text = text, .n = strlen(text) };
	json_t *j = value_to_json(&v);
	const bool typed = !json_is_string(j);

	json_decref(j);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return typed || is_timestamp(text) || is_sexagesimal(text);
}

static bool emit_scalar(yaml_emitter_t *em, const char *text, yaml_scalar_style_t style)
{
	yaml_event_t ev;

	return yaml_scalar_event_initialize(&ev, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), 1, 1, style) &&
	       emit(em, &ev);
}

static bool emit_string(yaml_emitter_t *em, const char *text)
{
	return emit_scalar(em, text,
			   strchr(text, '\n') ? YAML_LITERAL_SCALAR_STYLE :
			   is_typed(text)     ? YAML_DOUBLE_QUOTED_SCALAR_STYLE :
						YAML_PLAIN_SCALAR_STYLE);
}

static bool emit_value(yaml_emitter_t *em, const json_t *j);

static bool emit_list(yaml_emitter_t *em, const json_t *j)
{
	const bool flow = json_array_size(j) == 0;
	yaml_event_t ev;
	json_t *item;
	size_t i;

	if (!yaml_sequence_start_event_initialize(&ev, NULL, NULL, 1, flow ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE) ||
	    !emit(em, &ev))
		return false;
	json_array_foreach(j, i, item)
		if (!emit_value(em, item))
			return false;
	return yaml_sequence_end_event_initialize(&ev) && emit(em, &ev);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool emit_map(yaml_emitter_t *em, const json_t *j)
{
	const size_t n = json_object_size(j);
	_cleanup_free_ const char **keys = calloc(n + 1, sizeof(*keys));
	yaml_event_t ev;
	const char *key;
	json_t *value;
	size_t k = 0;

	if (!keys)
		return false;
	json_object_foreach((json_t *)(uintptr_t)j, key, value)
		keys[k++] = key;
	qsort(keys, n, sizeof(*keys), compare);
	if (!yaml_mapping_start_event_initialize(&ev, NULL, NULL, 1, n ? YAML_BLOCK_MAPPING_STYLE : YAML_FLOW_MAPPING_STYLE) ||
	    !emit(em, &ev))
		return false;
	for (k = 0; k < n; k++)
		if (!emit_string(em, keys[k]) || !emit_value(em, json_object_get(j, keys[k])))
			return false;
	return yaml_mapping_end_event_initialize(&ev) && emit(em, &ev);
}

static bool emit_value(yaml_emitter_t *em, const json_t *j)
{
	char *text;
	bool ok;

	if (json_is_object(j))
		return emit_map(em, j);
	if (json_is_array(j))
		return emit_list(em, j);
	if (json_is_string(j))
		return emit_string(em, json_string_value(j));
	text = json_dumps(j, JSON_ENCODE_ANY);
	ok = text && emit_scalar(em, text, YAML_PLAIN_SCALAR_STYLE);
	free(text);
	return ok;
}

static bool emit_document(yaml_emitter_t *em, const json_t *j)
{
	yaml_event_t ev;

	return yaml_stream_start_event_initialize(&ev, YAML_UTF8_ENCODING) && emit(em, &ev) &&
	       yaml_document_start_event_initialize(&ev, NULL, NULL, NULL, 1) && emit(em, &ev) && emit_value(em, j) &&
	       yaml_document_end_event_initialize(&ev, 1) && emit(em, &ev) && yaml_stream_end_event_initialize(&ev) &&
	       emit(em, &ev);
}

int json_to_yaml(const json_t *j, struct strbuf *out, struct error *e)
{
	yaml_emitter_t em;
	bool ok;

	if (!yaml_emitter_initialize(&em))
		return error_oom(e);
	yaml_emitter_set_output(&em, write_text, out);
	yaml_emitter_set_unicode(&em, 1);
	yaml_emitter_set_width(&em, -1);
	ok = emit_document(&em, j);
	yaml_emitter_delete(&em);
	return ok ? 0 : error_set(e, EINVAL, "cannot be written as YAML");
}
