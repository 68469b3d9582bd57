// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * value.c - truth, printing and fmt.Sprintf() of JSON values
 */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "template/internal.h"

json_t *pool_keep(struct pool *p, json_t *value)
{
	if (!value)
		return NULL;
	p->bytes += 64 + (json_is_string(value) ? json_string_length(value) : 0) + 8 * json_array_size(value);
	(void)json_array_append_new(p->values, value);
	return value;
}

bool value_is_true(const json_t *v)
{
	switch (v ? json_typeof(v) : JSON_NULL) {
	case JSON_OBJECT:
		return json_object_size(v) > 0;
	case JSON_ARRAY:
		return json_array_size(v) > 0;
	case JSON_STRING:
		return json_string_length(v) > 0;
	case JSON_INTEGER:
		return json_integer_value(v) != 0;
	case JSON_REAL:
		return json_real_value(v) != 0;
	case JSON_TRUE:
		return true;
	case JSON_FALSE:
	case JSON_NULL:
		break;
	}
	return false;
}

/* ---- %v ---- */

/* As strconv.FormatFloat(f, 'g', -1, 64) with Go's limits for an exponent: the fewest digits that give the number again. */
static void print_real(double d, struct strbuf *out)
{
	char buf[40];

	for (int digits = 1; digits <= 17; digits++) {
		(void)snprintf(buf, sizeof(buf), "%.*g", digits, d);
		if (strtod(buf, NULL) == d)
			break;
	}
	if (strchr(buf, 'e') && fabs(d) < 1e21 && fabs(d) >= 1e-4)
		(void)snprintf(buf, sizeof(buf), "%.0f", d);
	strbuf_puts(out, buf);
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* map[a:1 b:2], sorted. */
static void print_map(json_t *map, struct strbuf *out)
{
	const char **keys = calloc(json_object_size(map) + 1, sizeof(*keys)), *key;
	json_t *value;
	size_t n = 0;

	if (!keys) {
		out->oom = true;
		return;
	}
	json_object_foreach(map, key, value)
		keys[n++] = key;
	qsort(keys, n, sizeof(*keys), compare_keys);
	strbuf_puts(out, "map[");
	for (size_t i = 0; i < n; i++) {
		strbuf_printf(out, "%s%s:", i ? " " : "", keys[i]);
		value_print(json_object_get(map, keys[i]), out);
	}
	strbuf_putc(out, ']');
	free(keys);
}

static void print_list(json_t *list, struct strbuf *out)
{
	strbuf_putc(out, '[');
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (i)
			strbuf_putc(out, ' ');
		value_print(json_array_get(list, i), out);
	}
	strbuf_putc(out, ']');
}

void value_print(const json_t *v, struct strbuf *out)
{
	if (!v) {
		strbuf_puts(out, "<no value>");
		return;
	}
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		print_map((json_t *)(uintptr_t)v, out);
		break;
	case JSON_ARRAY:
		print_list((json_t *)(uintptr_t)v, out);
		break;
	case JSON_STRING:
		strbuf_add(out, json_string_value(v), json_string_length(v));
		break;
	case JSON_INTEGER:
		strbuf_printf(out, "%lld", (long long)json_integer_value(v));
		break;
	case JSON_REAL:
		print_real(json_real_value(v), out);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		strbuf_puts(out, json_is_true(v) ? "true" : "false");
		break;
	case JSON_NULL:
		strbuf_puts(out, "<nil>");
		break;
	}
}

/* ---- fmt.Sprintf ---- */

struct directive {
	char flags[8];
	int width, precision; /* -1: none */
	char verb;
};

/* Return: where it ends. */
static const char *directive_read(const char *p, struct directive *d)
{
	size_t n = 0;

	*d = (struct directive){ .width = -1, .precision = -1 };
	for (; *p && strchr("+-# 0", *p); p++)
		if (n < sizeof(d->flags) - 1)
			d->flags[n++] = *p;
	for (; isdigit((unsigned char)*p); p++)
		d->width = MIN_OF(MAX_OF(d->width, 0) * 10 + (*p - '0'), 1000);
	if (*p == '.')
		for (d->precision = 0, p++; isdigit((unsigned char)*p); p++)
			d->precision = MIN_OF(d->precision * 10 + (*p - '0'), 1000);
	d->verb = *p;
	return *p ? p + 1 : p;
}

static void format_spec(const struct directive *d, const char *conversion, char *spec, size_t size)
{
	char width[16] = "", precision[16] = "";

	if (d->width >= 0)
		(void)snprintf(width, sizeof(width), "%d", d->width);
	if (d->precision >= 0)
		(void)snprintf(precision, sizeof(precision), ".%d", d->precision);
	(void)snprintf(spec, size, "%%%s%s%s%s", d->flags, width, precision, conversion);
}

/* @text in the directive's width. */
static void put_text(const struct directive *d, const char *text, struct strbuf *out)
{
	const size_t all = strlen(text), len = d->precision >= 0 ? MIN_OF(all, (size_t)d->precision) : all;
	const size_t pad = d->width > 0 && (size_t)d->width > len ? (size_t)d->width - len : 0;
	const bool left = strchr(d->flags, '-');

	for (size_t i = 0; !left && i < pad; i++)
		strbuf_putc(out, strchr(d->flags, '0') ? '0' : ' ');
	strbuf_add(out, text, len);
	for (size_t i = 0; left && i < pad; i++)
		strbuf_putc(out, ' ');
}

static void put_value(const struct directive *d, const json_t *v, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	if (d->verb == 'q' && json_is_string(v))
		strbuf_json_string(&s, json_string_value(v));
	else if (v)
		value_print(v, &s);
	else
		strbuf_puts(&s, "<nil>");
	put_text(d, strbuf_str(&s), out);
}

/* Go's fmt says so when verb and value do not go together. */
static void put_mismatch(const struct directive *d, const json_t *v, struct strbuf *out)
{
	static const char *const types[] = {
		[JSON_OBJECT] = "map[string]interface {}",
		[JSON_ARRAY] = "[]interface {}",
		[JSON_STRING] = "string",
		[JSON_INTEGER] = "int",
		[JSON_REAL] = "float64",
		[JSON_TRUE] = "bool",
		[JSON_FALSE] = "bool",
		[JSON_NULL] = "<nil>",
	};

	strbuf_printf(out, "%%!%c(%s=", d->verb, v ? types[json_typeof(v)] : "<nil>");
	value_print(v, out);
	strbuf_putc(out, ')');
}

static void put_integer(const struct directive *d, const json_t *v, struct strbuf *out)
{
	char spec[64], conversion[4] = "llX";

	conversion[2] = d->verb == 'd' ? 'd' : d->verb;
	if (d->verb == 'c') {
		char c[2] = { (char)json_integer_value(v), '\0' };

		put_text(d, c, out);
		return;
	}
	format_spec(d, conversion, spec, sizeof(spec));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	strbuf_printf(out, spec, (long long)json_integer_value(v));
#pragma GCC diagnostic pop
}

static void put_binary(const struct directive *d, json_int_t n, struct strbuf *out)
{
	char bits[66];
	size_t at = sizeof(bits) - 1;
	unsigned long long u = (unsigned long long)(n < 0 ? -n : n);

	bits[at] = '\0';
	do
		bits[--at] = (char)('0' + (u & 1));
	while (u >>= 1);
	if (n < 0)
		bits[--at] = '-';
	put_text(d, bits + at, out);
}

static void put_real(const struct directive *d, const json_t *v, struct strbuf *out)
{
	char spec[64], conversion[2] = { d->verb, '\0' };

	format_spec(d, conversion, spec, sizeof(spec));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	strbuf_printf(out, spec, json_real_value(v));
#pragma GCC diagnostic pop
}

static void put_hex(const json_t *v, char verb, struct strbuf *out)
{
	for (size_t i = 0; i < json_string_length(v); i++)
		strbuf_printf(out, verb == 'x' ? "%02x" : "%02X", (unsigned char)json_string_value(v)[i]);
}

static void put_directive(const struct directive *d, const json_t *v, struct strbuf *out)
{
	if (strchr("vsq", d->verb) && (d->verb != 's' || !json_is_number(v)))
		put_value(d, v, out);
	else if (json_is_integer(v) && d->verb == 'b')
		put_binary(d, json_integer_value(v), out);
	else if (json_is_integer(v) && strchr("doxXc", d->verb))
		put_integer(d, v, out);
	else if (json_is_real(v) && strchr("eEfFgG", d->verb))
		put_real(d, v, out);
	else if (json_is_string(v) && strchr("xX", d->verb))
		put_hex(v, d->verb, out);
	else if (json_is_boolean(v) && d->verb == 't')
		put_value(d, v, out);
	else
		put_mismatch(d, v, out);
}

int value_printf(json_t *const *args, size_t n, struct strbuf *out, struct error *e)
{
	const char *p = n && json_is_string(args[0]) ? json_string_value(args[0]) : NULL;
	size_t next = 1;

	if (!p)
		return error_set(e, EINVAL, "printf wants a format first");
	while (*p) {
		struct directive d;

		if (*p != '%') {
			strbuf_putc(out, *p++);
			continue;
		}
		p = directive_read(p + 1, &d);
		if (d.verb == '%')
			strbuf_putc(out, '%');
		else if (!d.verb)
			strbuf_puts(out, "%!(NOVERB)");
		else if (next >= n)
			strbuf_printf(out, "%%!%c(MISSING)", d.verb);
		else
			put_directive(&d, args[next++], out);
	}
	if (next < n)
		strbuf_puts(out, "%!(EXTRA)");
	return 0;
}
