// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_helm_values.c - values as helm collects them: files, then --set-json, --set, --set-string, --set-file, --set-literal
 *
 * Owns the language of --set: a.b=c,d[0]=e,f={g,h}, with \ before what is meant as it stands.
 */
#include <ctype.h>
#include <string.h>

#include "cluster/jsonutil.h"
#include "cluster/manifest.h"
#include "shim_helm.h"
#include "topology/load.h"

enum { INDEX_MAX = 65535 };

void values_merge(json_t *into, const json_t *from)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)from, key, value) {
		json_t *old = json_object_get(into, key);

		if (json_is_null(value))
			(void)json_object_del(into, key);
		else if (json_is_object(old) && json_is_object(value))
			values_merge(old, value);
		else
			(void)json_object_set_new(into, key, json_deep_copy(value));
	}
}

static int values_file(json_t *into, const char *path, struct error *e)
{
	_cleanup_free_ char *text = NULL;
	json_t *j;
	size_t len;
	int r = file_read(path, &text, &len, e);

	if (r < 0)
		return r;
	j = yaml_to_json(text, len, e);
	if (json_is_object(j))
		values_merge(into, j);
	else if (!e->code && !json_is_null(j))
		(void)error_set(e, EINVAL, "%s: values are a map", path);
	json_decref(j);
	return e->code ? -e->code : 0;
}

/* ---- --set ---- */

enum set_type { SET_TYPED, SET_STRING, SET_FILE, SET_JSON, SET_LITERAL };

struct setter {
	const char *text, *p;
	enum set_type type;
	struct strbuf word; /* the last one that was read */
};

static int set_error(const struct setter *s, struct error *e, const char *why)
{
	return error_set(e, EINVAL, "failed parsing --set data: %s: '%s'", why, s->text);
}

/* Reads up to one of @ends, which is not taken; \ takes the next character as it stands. */
static void read_word(struct setter *s, const char *ends)
{
	strbuf_reset(&s->word);
	for (; *s->p && !strchr(ends, *s->p); s->p++) {
		if (*s->p == '\\' && s->p[1])
			s->p++;
		strbuf_putc(&s->word, *s->p);
	}
}

/* As helm types a word: true, false, null, whole numbers without a leading zero; else text. */
static json_t *typed(const char *word)
{
	char *end;
	long long n;

	if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
		return json_boolean(*word == 't');
	if (strcmp(word, "null") == 0)
		return json_null();
	errno = 0;
	n = strtoll(word, &end, 10);
	if (*word && !*end && !errno && (strcmp(word, "0") == 0 || *word != '0') && !isspace((unsigned char)*word))
		return json_integer(n);
	return json_string(word);
}

static json_t *file_value(const char *path, struct error *e)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	return file_read(path, &text, &len, e) < 0 ? NULL : json_string_lossy(text, len);
}

static json_t *word_value(const struct setter *s, struct error *e)
{
	const char *word = strbuf_str(&s->word);

	return s->type == SET_FILE ? file_value(word, e) : s->type == SET_TYPED ? typed(word) : json_string(word);
}

/* {a,b} */
static json_t *read_list(struct setter *s, struct error *e)
{
	json_t *list = json_array();

	s->p++;
	while (*s->p && *s->p != '}') {
		json_t *one;

		read_word(s, ",}");
		one = word_value(s, e);
		if (!one) {
			json_decref(list);
			return NULL;
		}
		(void)json_array_append_new(list, one);
		s->p += *s->p == ',';
	}
	if (*s->p != '}') {
		json_decref(list);
		(void)set_error(s, e, "a list must end with '}'");
		return NULL;
	}
	s->p++;
	return list;
}

static json_t *read_json(struct setter *s, struct error *e)
{
	json_error_t why;
	json_t *value = json_loads(s->p, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &why);

	if (value)
		s->p += why.position;
	else
		(void)set_error(s, e, why.text);
	return value;
}

static json_t *read_value(struct setter *s, struct error *e)
{
	if (s->type == SET_JSON)
		return read_json(s, e);
	if (s->type == SET_LITERAL) {
		strbuf_reset(&s->word);
		strbuf_puts(&s->word, s->p);
		s->p += strlen(s->p);
		return json_string(strbuf_str(&s->word));
	}
	if (*s->p == '{')
		return read_list(s, e);
	read_word(s, ",");
	return word_value(s, e);
}

/* Where a value goes: a key of a map, or a place in a list. */
struct slot {
	json_t *map, *list;
	const char *key;
	size_t index;
};

static json_t *slot_get(const struct slot *at)
{
	return at->map ? json_object_get(at->map, at->key) : json_array_get(at->list, at->index);
}

static void slot_set(const struct slot *at, json_t *value)
{
	if (at->map) {
		(void)json_object_set_new(at->map, at->key, value);
		return;
	}
	while (json_array_size(at->list) <= at->index)
		(void)json_array_append_new(at->list, json_null());
	(void)json_array_set_new(at->list, at->index, value);
}

/* a.b[0].c up to its '='. Return: 0 or -EINVAL. */
static int read_path(struct setter *s, struct arena *a, json_t *into, struct slot *at, struct error *e)
{
	for (;;) {
		read_word(s, ".[=,");
		if (s->word.len == 0)
			return set_error(s, e, "a key is missing");
		*at = (struct slot){ .map = into, .key = arena_strdup(a, strbuf_str(&s->word)) };
		while (*s->p == '[') {
			char *end;
			const unsigned long index = strtoul(s->p + 1, &end, 10);

			if (end == s->p + 1 || *end != ']' || index > INDEX_MAX)
				return set_error(s, e, "an index is a number in brackets");
			s->p = end + 1;
			if (!json_is_array(slot_get(at)))
				slot_set(at, json_array());
			*at = (struct slot){ .list = slot_get(at), .index = index };
		}
		if (*s->p == '=')
			return s->p++, 0;
		if (*s->p != '.')
			return set_error(s, e, "a key has no value");
		s->p++;
		if (!json_is_object(slot_get(at)))
			slot_set(at, json_object());
		into = slot_get(at);
	}
}

static int values_set(json_t *into, const char *text, enum set_type type, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct setter s = { .text = text, .p = text, .type = type };
	int r = 0;

	while (r == 0 && *s.p) {
		struct slot at = { 0 };
		json_t *value = NULL;

		r = read_path(&s, &a, into, &at, e);
		value = r == 0 ? read_value(&s, e) : NULL;
		if (r == 0 && !value)
			r = e->code ? -e->code : -EINVAL;
		if (r == 0)
			slot_set(&at, value);
		s.p += *s.p == ',';
	}
	strbuf_done(&s.word);
	return r;
}

int values_collect(const struct cli *cli, json_t *into, struct error *e)
{
	static const struct {
		const char *option;
		enum set_type type;
	} sets[] = { { "set-json", SET_JSON },
		     { "set", SET_TYPED },
		     { "set-string", SET_STRING },
		     { "set-file", SET_FILE },
		     { "set-literal", SET_LITERAL } };
	const struct strv files = cli_list(cli, "values");
	int r = 0;

	for (size_t i = 0; r == 0 && i < files.n; i++)
		r = values_file(into, files.v[i], e);
	for (size_t k = 0; r == 0 && k < ARRAY_SIZE(sets); k++) {
		const struct strv words = cli_list(cli, sets[k].option);

		for (size_t i = 0; r == 0 && i < words.n; i++)
			r = values_set(into, words.v[i], sets[k].type, e);
	}
	return r;
}
