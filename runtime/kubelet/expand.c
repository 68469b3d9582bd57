// SPDX-License-Identifier: GPL-2.0-or-later
#include "kubelet/expand.h"

#include <string.h>

#include "base/strbuf.h"
#include "cluster/jsonutil.h"
#include "cluster/quantity.h"

const char *env_value(const json_t *env, const char *name)
{
	const size_t n = strlen(name);

	for (size_t i = json_array_size(env); i-- > 0;) {
		const char *kv = json_string_value(json_array_get(env, i));

		if (kv && strncmp(kv, name, n) == 0 && kv[n] == '=')
			return kv + n + 1;
	}
	return NULL;
}

/* @p is behind a dollar sign. Return: how many bytes were consumed. */
static size_t expand_one(struct strbuf *out, const char *p, const json_t *env)
{
	const char *end, *value;
	_cleanup_free_ char *name = NULL;

	if (*p == '$') {
		strbuf_putc(out, '$');
		return 1;
	}
	end = *p == '(' ? strchr(p, ')') : NULL;
	if (!end) {
		strbuf_putc(out, '$');
		return 0;
	}
	name = strndup(p + 1, (size_t)(end - p - 1));
	value = name ? env_value(env, name) : NULL;
	if (value) {
		strbuf_puts(out, value);
	} else {
		strbuf_putc(out, '$');
		strbuf_add(out, p, (size_t)(end + 1 - p));
	}
	return (size_t)(end + 1 - p);
}

char *expand(const char *text, const json_t *env)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };

	while (*text) {
		const size_t plain = strcspn(text, "$");

		strbuf_add(&out, text, plain);
		text += plain;
		if (*text)
			text += 1 + expand_one(&out, text + 1, env);
	}
	return strbuf_steal(&out);
}

static void add_words(json_t *argv, const json_t *words, const json_t *env)
{
	size_t i;
	json_t *w;

	json_array_foreach (words, i, w) {
		_cleanup_free_ char *text = expand(json_string_value(w) ? json_string_value(w) : "", env);

		(void)json_array_append_new(argv, json_string_nocheck(text ? text : ""));
	}
}

json_t *container_argv(const json_t *spec, const json_t *env)
{
	json_t *argv = json_array();

	if (!argv)
		return NULL;
	add_words(argv, json_object_get(spec, "command"), env);
	add_words(argv, json_object_get(spec, "args"), env);
	if (json_array_size(argv) == 0 && json_bool(spec, "stdin", NULL))
		(void)json_array_append_new(argv, json_string("sh"));
	return argv;
}

/* ---- quantities ---- */

int64_t quantity_value(const char *amount, const char *divisor)
{
	double v, d = 1, whole;
	int64_t n;

	if (!quantity_parse(amount, &v) || (divisor && *divisor && strcmp(divisor, "0") != 0 && !quantity_parse(divisor, &d)))
		return -1;
	if (v < 0 || d <= 0 || v / d > 9e18)
		return -1;
	whole = v / d;
	n = (int64_t)whole;
	/* What floating point leaves over (0.001 * 1000) is no reason to round up. */
	return whole - (double)n > 1e-6 ? n + 1 : n;
}
