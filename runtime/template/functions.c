// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * functions.c - the functions that a template can call
 *
 * text/template's own, docker's few, and gomplate's as containerlab has them, with and without their name space
 * (strings.ToUpper, toUpper). and, or are the interpreter's: they do not look at all of their arguments.
 */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "template/internal.h"

struct call {
	struct pool *pool;
	const char *name;
	json_t *const *args;
	size_t n;
	json_t **ret;
	struct error *e;
};

static int give(const struct call *c, json_t *value)
{
	*c->ret = pool_keep(c->pool, value);
	return *c->ret ? 0 : error_oom(c->e);
}

static int give_buf(const struct call *c, const struct strbuf *s)
{
	json_t *v = json_stringn(strbuf_str(s), s->len);

	return give(c, v ? v : json_stringn_nocheck(strbuf_str(s), s->len));
}

static int give_bool(const struct call *c, bool b)
{
	return give(c, json_boolean(b));
}

static const char *text_of(const struct call *c, size_t i)
{
	return json_is_string(c->args[i]) ? json_string_value(c->args[i]) : NULL;
}

/* Any value as text, as gomplate's conv.ToString(). */
static int strings_of(const struct call *c, struct strbuf bufs[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!c->args[i])
			return error_set(c->e, EINVAL, "%s: argument %zu has no value", c->name, i + 1);
		value_print(c->args[i], &bufs[i]);
	}
	return 0;
}

static int wrong_type(const struct call *c, const char *want)
{
	return error_set(c->e, EINVAL, "%s wants %s", c->name, want);
}

/* ---- comparing ---- */

static bool numbers(const json_t *a, const json_t *b)
{
	return json_is_number(a) && json_is_number(b);
}

static bool equal(const json_t *a, const json_t *b)
{
	if (numbers(a, b) && json_typeof(a) != json_typeof(b))
		return json_number_value(a) == json_number_value(b);
	return (!a && !b) || (a && b && json_equal((json_t *)(uintptr_t)a, (json_t *)(uintptr_t)b));
}

static bool comparable(const json_t *a, const json_t *b)
{
	if (!a || !b || json_is_null(a) || json_is_null(b))
		return true;
	return numbers(a, b) || json_typeof(a) == json_typeof(b) || (json_is_boolean(a) && json_is_boolean(b));
}

static int fn_eq(const struct call *c)
{
	for (size_t i = 1; i < c->n; i++) {
		if (!comparable(c->args[0], c->args[i]))
			return error_set(c->e, EINVAL, "incompatible types for comparison");
		if (equal(c->args[0], c->args[i]))
			return give_bool(c, true);
	}
	return give_bool(c, false);
}

static int fn_ne(const struct call *c)
{
	if (!comparable(c->args[0], c->args[1]))
		return error_set(c->e, EINVAL, "incompatible types for comparison");
	return give_bool(c, !equal(c->args[0], c->args[1]));
}

static int order(const struct call *c, int *ret)
{
	const json_t *a = c->args[0], *b = c->args[1];

	if (json_is_string(a) && json_is_string(b))
		*ret = strcmp(json_string_value(a), json_string_value(b));
	else if (json_is_integer(a) && json_is_integer(b))
		*ret = (json_integer_value(a) > json_integer_value(b)) -
		       (json_integer_value(a) < json_integer_value(b));
	else if (numbers(a, b))
		*ret = (json_number_value(a) > json_number_value(b)) - (json_number_value(a) < json_number_value(b));
	else
		return error_set(c->e, EINVAL, "incompatible types for comparison");
	return 0;
}

static int fn_lt(const struct call *c)
{
	int o, r = order(c, &o);

	return r < 0 ? r : give_bool(c, o < 0);
}

static int fn_le(const struct call *c)
{
	int o, r = order(c, &o);

	return r < 0 ? r : give_bool(c, o <= 0);
}

static int fn_gt(const struct call *c)
{
	int o, r = order(c, &o);

	return r < 0 ? r : give_bool(c, o > 0);
}

static int fn_ge(const struct call *c)
{
	int o, r = order(c, &o);

	return r < 0 ? r : give_bool(c, o >= 0);
}

static int fn_not(const struct call *c)
{
	return give_bool(c, !value_is_true(c->args[0]));
}

/* ---- lists and maps ---- */

static int fn_len(const struct call *c)
{
	const json_t *v = c->args[0];

	if (json_is_string(v))
		return give(c, json_integer((json_int_t)json_string_length(v)));
	if (!json_is_array(v) && !json_is_object(v))
		return wrong_type(c, "a list, a map or text");
	return give(c, json_integer((json_int_t)(json_is_array(v) ? json_array_size(v) : json_object_size(v))));
}

static int index_one(const struct call *c, json_t *of, const json_t *key, json_t **ret)
{
	if (json_is_object(of)) {
		if (!json_is_string(key))
			return error_set(c->e, EINVAL, "index of a map wants text");
		*ret = json_object_get(of, json_string_value(key));
		return 0;
	}
	if (!json_is_array(of))
		return error_set(c->e, EINVAL, "can't index this value");
	if (!json_is_integer(key) || json_integer_value(key) < 0 ||
	    (size_t)json_integer_value(key) >= json_array_size(of))
		return error_set(c->e, EINVAL, "index out of range");
	*ret = json_array_get(of, (size_t)json_integer_value(key));
	return 0;
}

static int fn_index(const struct call *c)
{
	json_t *v = c->args[0];

	for (size_t i = 1; i < c->n; i++) {
		int r = index_one(c, v, c->args[i], &v);

		if (r < 0)
			return r;
	}
	*c->ret = v;
	return 0;
}

static int list_of(const struct call *c)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < c->n; i++)
		(void)json_array_append_new(list, c->args[i] ? json_incref(c->args[i]) : json_null());
	return give(c, list);
}

/* Go's own (slice x 1 2) for a list or text and numbers; otherwise gomplate's: a new list of the arguments. */
static int fn_slice(const struct call *c)
{
	const json_t *v = c->n ? c->args[0] : NULL;
	const size_t len = json_is_array(v) ? json_array_size(v) : json_string_length(v);
	size_t bounds[2] = { 0, len };
	json_t *list;

	if ((!json_is_array(v) && !json_is_string(v)) || c->n < 2 || c->n > 3)
		return list_of(c);
	for (size_t i = 1; i < c->n; i++) {
		if (!json_is_integer(c->args[i]))
			return list_of(c);
		bounds[i - 1] = (size_t)json_integer_value(c->args[i]);
	}
	if (bounds[0] > bounds[1] || bounds[1] > len)
		return error_set(c->e, EINVAL, "slice: index out of range");
	if (json_is_string(v))
		return give(c, json_stringn_nocheck(json_string_value(v) + bounds[0], bounds[1] - bounds[0]));
	list = json_array();
	for (size_t i = bounds[0]; i < bounds[1]; i++)
		(void)json_array_append(list, json_array_get(v, i));
	return give(c, list);
}

static int fn_dict(const struct call *c)
{
	json_t *map = json_object();

	for (size_t i = 0; i < c->n; i += 2) {
		if (!json_is_string(c->args[i])) {
			json_decref(map);
			return wrong_type(c, "text for its keys");
		}
		(void)json_object_set_new_nocheck(map, json_string_value(c->args[i]),
						  i + 1 < c->n && c->args[i + 1] ? json_incref(c->args[i + 1])
										 : json_string(""));
	}
	return give(c, map);
}

static int fn_has(const struct call *c)
{
	const json_t *in = c->args[0];

	if (json_is_object(in))
		return give_bool(c, json_is_string(c->args[1]) && json_object_get(in, json_string_value(c->args[1])));
	for (size_t i = 0; i < json_array_size(in); i++)
		if (equal(json_array_get(in, i), c->args[1]))
			return give_bool(c, true);
	return give_bool(c, false);
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int fn_keys(const struct call *c)
{
	const size_t count = json_object_size(c->args[0]);
	const char **keys = calloc(count + 1, sizeof(*keys)), *key;
	json_t *list = json_array(), *value;
	size_t n = 0;

	if (!keys)
		return error_oom(c->e);
	json_object_foreach(c->args[0], key, value)
		keys[n++] = key;
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, json_string(keys[i]));
	free(keys);
	return give(c, list);
}

static int fn_append(const struct call *c)
{
	json_t *list = json_is_array(c->args[1]) ? json_copy(c->args[1]) : json_array();

	(void)json_array_append_new(list, c->args[0] ? json_incref(c->args[0]) : json_null());
	return give(c, list);
}

enum { SEQ_MAX = 100000, SEQ_NUMBER_MAX = 1000000000 };

static int number_of(const struct call *c, size_t i, double *ret, bool *whole);

/* seq END, seq START END, seq START END STEP: both ends are part of it; a step of 0 is an empty one. */
static int fn_seq(const struct call *c)
{
	json_int_t n[3] = { 1, 0, 1 };
	json_t *list;

	for (size_t i = 0; i < c->n; i++) {
		bool whole = true;
		double d;
		int r = number_of(c, i, &d, &whole);

		if (r < 0)
			return r;
		if (!whole || !(fabs(d) <= SEQ_NUMBER_MAX)) /* nor NaN */
			return wrong_type(c, "whole numbers");
		n[c->n == 1 ? 1 : i] = (json_int_t)d;
	}
	if (n[2] == 0)
		return give(c, json_array());
	n[2] = n[1] < n[0] ? -llabs(n[2]) : llabs(n[2]);
	if (llabs(n[1] - n[0]) / llabs(n[2]) > SEQ_MAX)
		return error_set(c->e, E2BIG, "seq: more than %d numbers", SEQ_MAX);
	list = json_array();
	for (json_int_t i = n[0]; n[2] > 0 ? i <= n[1] : i >= n[1]; i += n[2])
		(void)json_array_append_new(list, json_integer(i));
	return give(c, list);
}

/* until END: 0 to END-1, of the sprig functions that older templates use. */
static int fn_until(const struct call *c)
{
	json_t *list;

	if (!json_is_integer(c->args[0]))
		return wrong_type(c, "a whole number");
	if (json_integer_value(c->args[0]) > SEQ_MAX)
		return error_set(c->e, E2BIG, "until: more than %d numbers", SEQ_MAX);
	list = json_array();
	for (json_int_t i = 0; i < json_integer_value(c->args[0]); i++)
		(void)json_array_append_new(list, json_integer(i));
	return give(c, list);
}

/* ---- arithmetic ---- */

static int number_of(const struct call *c, size_t i, double *ret, bool *whole)
{
	const json_t *v = c->args[i];
	char *end;

	if (json_is_number(v)) {
		*ret = json_number_value(v);
		*whole &= json_is_integer(v);
		return 0;
	}
	if (!json_is_string(v) || !*json_string_value(v))
		return wrong_type(c, "numbers");
	*ret = strtod(json_string_value(v), &end);
	*whole &= !strpbrk(json_string_value(v), ".eE");
	return *end ? wrong_type(c, "numbers") : 0;
}

static int give_number(const struct call *c, double d, bool whole)
{
	return give(c, whole && fabs(d) < 9e15 ? json_integer((json_int_t)d) : json_real(d));
}

static int fold(const struct call *c, double (*op)(double a, double b))
{
	bool whole = true;
	double sum = 0, d;

	for (size_t i = 0; i < c->n; i++) {
		int r = number_of(c, i, &d, &whole);

		if (r < 0)
			return r;
		sum = i ? op(sum, d) : d;
	}
	return give_number(c, sum, whole);
}

static double op_add(double a, double b)
{
	return a + b;
}

static double op_subtract(double a, double b)
{
	return a - b;
}

static double op_multiply(double a, double b)
{
	return a * b;
}

static int fn_add(const struct call *c)
{
	return fold(c, op_add);
}

static int fn_add1(const struct call *c)
{
	bool whole = true;
	double d;
	int r = number_of(c, 0, &d, &whole);

	return r < 0 ? r : give_number(c, d + 1, whole);
}

static int fn_subtract(const struct call *c)
{
	return fold(c, op_subtract);
}

static int fn_multiply(const struct call *c)
{
	return fold(c, op_multiply);
}

static int fn_min(const struct call *c)
{
	return fold(c, fmin);
}

static int fn_max(const struct call *c)
{
	return fold(c, fmax);
}

static int divide(const struct call *c, bool whole_result, bool remainder)
{
	bool whole = true;
	double a = 0, b = 0;
	int r = number_of(c, 0, &a, &whole);

	if (r == 0)
		r = number_of(c, 1, &b, &whole);
	if (r < 0)
		return r;
	if (b == 0)
		return error_set(c->e, EINVAL, "division by zero");
	if (remainder)
		return give_number(c, fmod(a, b), true);
	return whole_result ? give_number(c, trunc(a / b), true) : give(c, json_real(a / b));
}

static int fn_div(const struct call *c)
{
	return divide(c, false, false);
}

static int fn_idiv(const struct call *c)
{
	return divide(c, true, false);
}

static int fn_rem(const struct call *c)
{
	return divide(c, true, true);
}

static int fn_pow(const struct call *c)
{
	return fold(c, pow);
}

/* ---- printing ---- */

/* fmt.Sprint(): a blank between two that are no text. */
static int fn_print(const struct call *c)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	for (size_t i = 0; i < c->n; i++) {
		if (i && !json_is_string(c->args[i]) && !json_is_string(c->args[i - 1]))
			strbuf_putc(&s, ' ');
		value_print(c->args[i], &s);
	}
	return give_buf(c, &s);
}

static int fn_println(const struct call *c)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	for (size_t i = 0; i < c->n; i++) {
		if (i)
			strbuf_putc(&s, ' ');
		value_print(c->args[i], &s);
	}
	strbuf_putc(&s, '\n');
	return give_buf(c, &s);
}

static int fn_printf(const struct call *c)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };
	int r = value_printf(c->args, c->n, &s, c->e);

	return r < 0 ? r : give_buf(c, &s);
}

static int give_json(const struct call *c, size_t flags)
{
	char *text = json_dumps(c->args[0] ? c->args[0] : json_null(), flags | JSON_ENCODE_ANY | JSON_SORT_KEYS);
	json_t *v = text ? json_string_nocheck(text) : NULL;

	free(text);
	return give(c, v);
}

static int fn_json(const struct call *c)
{
	return give_json(c, JSON_COMPACT);
}

/* (ToJSONPretty VALUE PREFIX INDENT) is containerlab's, (ToJSONPretty INDENT VALUE) gomplate's; the value alone is taken, too. */
static int fn_json_pretty(const struct call *c)
{
	const char *indent = c->n == 1 ? "  " : text_of(c, c->n == 2 ? 0 : 2);
	const struct call inner = { c->pool, c->name, c->n == 2 ? c->args + 1 : c->args, 1, c->ret, c->e };

	if (c->n == 3 && (!text_of(c, 1) || *text_of(c, 1)))
		return error_set(c->e, EINVAL, "%s: a prefix of lines is not supported", c->name);

	return give_json(&inner, JSON_INDENT(indent ? MIN_OF(strlen(indent), 31U) : 2U));
}

/* ---- text ---- */

static int fn_string(const struct call *c)
{
	return fn_print(c);
}

static int mapped(const struct call *c, int (*map)(int ch))
{
	_cleanup_strbuf_ struct strbuf s = { 0 };
	int r = strings_of(c, &s, 1);

	for (size_t i = 0; r == 0 && i < s.len; i++)
		s.buf[i] = (char)((unsigned char)s.buf[i] < 0x80 ? map((unsigned char)s.buf[i]) : s.buf[i]);
	return r < 0 ? r : give_buf(c, &s);
}

static int fn_upper(const struct call *c)
{
	return mapped(c, toupper);
}

static int fn_lower(const struct call *c)
{
	return mapped(c, tolower);
}

static int fn_title(const struct call *c)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };
	int r = strings_of(c, &s, 1);

	for (size_t i = 0; r == 0 && i < s.len; i++)
		if (i == 0 || isspace((unsigned char)s.buf[i - 1]))
			s.buf[i] = (char)toupper((unsigned char)s.buf[i]);
	return r < 0 ? r : give_buf(c, &s);
}

/* A function of two texts. */
static int two(const struct call *c, int (*fn)(const struct call *c, const struct strbuf *a, const struct strbuf *b))
{
	struct strbuf s[2] = { { 0 }, { 0 } };
	int r = strings_of(c, s, 2);

	if (r == 0)
		r = fn(c, &s[0], &s[1]);
	strbuf_done(&s[0]);
	strbuf_done(&s[1]);
	return r;
}

static int do_contains(const struct call *c, const struct strbuf *a, const struct strbuf *b)
{
	return give_bool(c, strstr(strbuf_str(b), strbuf_str(a)));
}

static int do_prefix(const struct call *c, const struct strbuf *a, const struct strbuf *b)
{
	return give_bool(c, b->len >= a->len && memcmp(strbuf_str(b), strbuf_str(a), a->len) == 0);
}

static int do_suffix(const struct call *c, const struct strbuf *a, const struct strbuf *b)
{
	return give_bool(c, b->len >= a->len && memcmp(strbuf_str(b) + b->len - a->len, strbuf_str(a), a->len) == 0);
}

static json_t *split(const char *sep, const char *text, long limit)
{
	const size_t n = strlen(sep);
	json_t *list = json_array();

	for (const char *at; n && limit != 1 && (at = strstr(text, sep)) != NULL; text = at + n, limit--)
		(void)json_array_append_new(list, json_stringn_nocheck(text, (size_t)(at - text)));
	(void)json_array_append_new(list, json_string_nocheck(text));
	return list;
}

static int do_split(const struct call *c, const struct strbuf *a, const struct strbuf *b)
{
	return give(c, split(strbuf_str(a), strbuf_str(b), -1));
}

static int trim_set(const struct call *c, const char *set, struct strbuf *s, bool left, bool right)
{
	size_t from = 0, to = s->len;

	while (left && from < to && strchr(set, s->buf[from]))
		from++;
	while (right && to > from && strchr(set, s->buf[to - 1]))
		to--;
	return give(c, json_stringn_nocheck(strbuf_str(s) + from, to - from));
}

static int do_trim(const struct call *c, const struct strbuf *a, const struct strbuf *b)
{
	return trim_set(c, strbuf_str(a), (struct strbuf *)(uintptr_t)b, true, true);
}

static int do_trim_left(const struct call *c, const struct strbuf *a, const struct strbuf *b)
{
	return trim_set(c, strbuf_str(a), (struct strbuf *)(uintptr_t)b, true, false);
}

static int do_trim_right(const struct call *c, const struct strbuf *a, const struct strbuf *b)
{
	return trim_set(c, strbuf_str(a), (struct strbuf *)(uintptr_t)b, false, true);
}

static int do_trim_prefix(const struct call *c, const struct strbuf *a, const struct strbuf *b)
{
	const bool has = b->len >= a->len && memcmp(strbuf_str(b), strbuf_str(a), a->len) == 0;

	return give(c, json_string_nocheck(strbuf_str(b) + (has ? a->len : 0)));
}

static int do_trim_suffix(const struct call *c, const struct strbuf *a, const struct strbuf *b)
{
	const bool has = b->len >= a->len && memcmp(strbuf_str(b) + b->len - a->len, strbuf_str(a), a->len) == 0;

	return give(c, json_stringn_nocheck(strbuf_str(b), b->len - (has ? a->len : 0)));
}

static int fn_contains(const struct call *c)
{
	return two(c, do_contains);
}

static int fn_has_prefix(const struct call *c)
{
	return two(c, do_prefix);
}

static int fn_has_suffix(const struct call *c)
{
	return two(c, do_suffix);
}

static int fn_split(const struct call *c)
{
	return two(c, do_split);
}

static int fn_trim(const struct call *c)
{
	return two(c, do_trim);
}

static int fn_trim_left(const struct call *c)
{
	return two(c, do_trim_left);
}

static int fn_trim_right(const struct call *c)
{
	return two(c, do_trim_right);
}

static int fn_trim_prefix(const struct call *c)
{
	return two(c, do_trim_prefix);
}

static int fn_trim_suffix(const struct call *c)
{
	return two(c, do_trim_suffix);
}

static int fn_split_n(const struct call *c)
{
	const char *sep = text_of(c, 0), *text = text_of(c, 2);

	if (!sep || !text || !json_is_integer(c->args[1]))
		return wrong_type(c, "a separator, a number and text");
	return give(c, split(sep, text, (long)json_integer_value(c->args[1])));
}

static int fn_trim_space(const struct call *c)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };
	int r = strings_of(c, &s, 1);

	return r < 0 ? r : trim_set(c, " \t\r\n\v\f", &s, true, true);
}

static int fn_replace_all(const struct call *c)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct strbuf s[3] = { { 0 }, { 0 }, { 0 } };
	const char *p;
	int r = strings_of(c, s, 3);

	p = strbuf_str(&s[2]);
	for (const char *at; r == 0 && s[0].len && (at = strstr(p, s[0].buf)) != NULL; p = at + s[0].len) {
		strbuf_add(&out, p, (size_t)(at - p));
		strbuf_add(&out, strbuf_str(&s[1]), s[1].len);
	}
	strbuf_puts(&out, p);
	if (r == 0)
		r = give_buf(c, &out);
	for (size_t i = 0; i < 3; i++)
		strbuf_done(&s[i]);
	return r;
}

enum { REPEAT_MAX = 1 << 20 };

static int fn_repeat(const struct call *c)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	const char *text = text_of(c, 1);

	if (!json_is_integer(c->args[0]) || !text || json_integer_value(c->args[0]) < 0 ||
	    (size_t)json_integer_value(c->args[0]) * (strlen(text) + 1) > REPEAT_MAX)
		return wrong_type(c, "a count and text");
	for (json_int_t i = 0; i < json_integer_value(c->args[0]); i++)
		strbuf_puts(&out, text);
	return give_buf(c, &out);
}

static int fn_join(const struct call *c)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	const json_t *list = json_is_array(c->args[0]) ? c->args[0] : c->args[1];
	const char *sep = text_of(c, list == c->args[0] ? 1 : 0);

	if (!json_is_array(list) || !sep)
		return wrong_type(c, "a list and a separator");
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (i)
			strbuf_puts(&out, sep);
		value_print(json_array_get(list, i), &out);
	}
	return give_buf(c, &out);
}

/* indent [WIDTH] [TEXT-OF-INDENT] TEXT */
static int fn_indent(const struct call *c)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	const char *text = text_of(c, c->n - 1), *with = c->n > 1 && text_of(c, c->n - 2) ? text_of(c, c->n - 2) : " ";
	const json_int_t width = c->n > 1 && json_is_integer(c->args[0]) ? json_integer_value(c->args[0]) : 1;

	if (!text || width < 0 || width > 1000)
		return wrong_type(c, "a width and text");
	for (bool begin = true; *text; begin = *text++ == '\n') {
		for (json_int_t i = 0; begin && *text != '\n' && i < width; i++)
			strbuf_puts(&out, with);
		strbuf_putc(&out, *text);
	}
	return give_buf(c, &out);
}

static int quoted(const struct call *c, char quote, const char *inside)
{
	_cleanup_strbuf_ struct strbuf in = { 0 }, out = { 0 };
	int r = strings_of(c, &in, 1);

	strbuf_putc(&out, quote);
	for (size_t i = 0; r == 0 && i < in.len; i++)
		if (in.buf[i] == quote)
			strbuf_puts(&out, inside);
		else
			strbuf_putc(&out, in.buf[i]);
	strbuf_putc(&out, quote);
	return r < 0 ? r : give_buf(c, &out);
}

static int fn_quote(const struct call *c)
{
	return quoted(c, '"', "\\\"");
}

static int fn_squote(const struct call *c)
{
	return quoted(c, '\'', "''");
}

static int fn_html(const struct call *c)
{
	static const struct {
		char c;
		const char *text;
	} entities[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&#34;" }, { '\'', "&#39;" } };
	_cleanup_strbuf_ struct strbuf in = { 0 }, out = { 0 };
	int r = strings_of(c, &in, 1);

	for (size_t i = 0; r == 0 && i < in.len; i++) {
		size_t k = 0;

		while (k < ARRAY_SIZE(entities) && entities[k].c != in.buf[i])
			k++;
		if (k < ARRAY_SIZE(entities))
			strbuf_puts(&out, entities[k].text);
		else
			strbuf_putc(&out, in.buf[i]);
	}
	return r < 0 ? r : give_buf(c, &out);
}

/* ---- conversions ---- */

static int fn_int(const struct call *c)
{
	bool whole = true;
	double d = 0;
	int r;

	if (json_is_boolean(c->args[0]))
		return give(c, json_integer(json_is_true(c->args[0])));
	r = number_of(c, 0, &d, &whole);
	return r < 0 ? r : give_number(c, trunc(d), true);
}

static int fn_float(const struct call *c)
{
	bool whole = true;
	double d = 0;
	int r = number_of(c, 0, &d, &whole);

	return r < 0 ? r : give(c, json_real(d));
}

static int fn_bool(const struct call *c)
{
	const char *s = text_of(c, 0);

	if (!s)
		return give_bool(c, value_is_true(c->args[0]));
	return give_bool(c, strcasecmp(s, "true") == 0 || strcmp(s, "1") == 0 || strcasecmp(s, "yes") == 0 ||
				    strcasecmp(s, "t") == 0);
}

static int fn_default(const struct call *c)
{
	*c->ret = value_is_true(c->args[1]) ? c->args[1] : c->args[0];
	return 0;
}

static int fn_required(const struct call *c)
{
	const char *text = c->n == 2 ? text_of(c, 0) : NULL;

	*c->ret = c->args[c->n - 1];
	if (*c->ret && !json_is_null(*c->ret) && (!json_is_string(*c->ret) || json_string_length(*c->ret)))
		return 0;
	return error_set(c->e, EINVAL, "%s", text ? text : "can not render template: a required value was not set");
}

static int fn_fail(const struct call *c)
{
	return error_set(c->e, EINVAL, "%s", c->n && text_of(c, 0) && *text_of(c, 0) ? text_of(c, 0) : "template generation failed");
}

static int fn_ternary(const struct call *c)
{
	*c->ret = value_is_true(c->args[2]) ? c->args[0] : c->args[1];
	return 0;
}

static int fn_logic(const struct call *c)
{
	return error_set(c->e, EINVAL, "wrong number of args for %s: want at least 1 got 0", c->name);
}

/* ---- the table ---- */

static const struct function {
	const char *names; /* separated by blanks */
	unsigned min, max;
	int (*call)(const struct call *c);
} functions[] = {
	{ "and or", 1, TEMPLATE_ARGS, fn_logic },
	{ "not", 1, 1, fn_not },
	{ "eq", 2, TEMPLATE_ARGS, fn_eq },
	{ "ne", 2, 2, fn_ne },
	{ "lt", 2, 2, fn_lt },
	{ "le", 2, 2, fn_le },
	{ "gt", 2, 2, fn_gt },
	{ "ge", 2, 2, fn_ge },
	{ "len", 1, 1, fn_len },
	{ "index", 1, TEMPLATE_ARGS, fn_index },
	{ "slice coll.Slice", 0, TEMPLATE_ARGS, fn_slice },
	{ "dict coll.Dict", 0, TEMPLATE_ARGS, fn_dict },
	{ "has coll.Has", 2, 2, fn_has },
	{ "keys coll.Keys", 1, 1, fn_keys },
	{ "append coll.Append", 2, 2, fn_append },
	{ "seq math.Seq", 1, 3, fn_seq },
	{ "until", 1, 1, fn_until },
	{ "add1", 1, 1, fn_add1 },
	{ "add math.Add", 1, TEMPLATE_ARGS, fn_add },
	{ "subtract sub math.Sub", 2, 2, fn_subtract },
	{ "mul math.Mul", 1, TEMPLATE_ARGS, fn_multiply },
	{ "div math.Div", 2, 2, fn_div },
	{ "idiv", 2, 2, fn_idiv },
	{ "rem mod math.Rem", 2, 2, fn_rem },
	{ "pow math.Pow", 2, 2, fn_pow },
	{ "min math.Min", 1, TEMPLATE_ARGS, fn_min },
	{ "max math.Max", 1, TEMPLATE_ARGS, fn_max },
	{ "print", 0, TEMPLATE_ARGS, fn_print },
	{ "println", 0, TEMPLATE_ARGS, fn_println },
	{ "printf", 1, TEMPLATE_ARGS, fn_printf },
	{ "html", 1, 1, fn_html },
	{ "json ToJSON toJSON data.ToJSON", 1, 1, fn_json },
	{ "ToJSONPretty toJSONPretty data.ToJSONPretty", 1, 3, fn_json_pretty },
	{ "toString conv.ToString", 1, 1, fn_string },
	{ "upper toUpper strings.ToUpper", 1, 1, fn_upper },
	{ "lower toLower strings.ToLower", 1, 1, fn_lower },
	{ "title strings.Title", 1, 1, fn_title },
	{ "contains strings.Contains", 2, 2, fn_contains },
	{ "hasPrefix strings.HasPrefix", 2, 2, fn_has_prefix },
	{ "hasSuffix strings.HasSuffix", 2, 2, fn_has_suffix },
	{ "split strings.Split", 2, 2, fn_split },
	{ "splitN strings.SplitN", 3, 3, fn_split_n },
	{ "trim strings.Trim", 2, 2, fn_trim },
	{ "trimLeft strings.TrimLeft", 2, 2, fn_trim_left },
	{ "trimRight strings.TrimRight", 2, 2, fn_trim_right },
	{ "trimPrefix strings.TrimPrefix", 2, 2, fn_trim_prefix },
	{ "trimSuffix strings.TrimSuffix", 2, 2, fn_trim_suffix },
	{ "trimSpace strings.TrimSpace", 1, 1, fn_trim_space },
	{ "replaceAll strings.ReplaceAll", 3, 3, fn_replace_all },
	{ "strings.Repeat", 2, 2, fn_repeat },
	{ "join conv.Join", 2, 2, fn_join },
	{ "indent strings.Indent", 1, 3, fn_indent },
	{ "quote strings.Quote", 1, 1, fn_quote },
	{ "squote strings.Squote", 1, 1, fn_squote },
	{ "conv.ToInt conv.ToInt64 conv.Atoi conv.ParseInt", 1, 1, fn_int },
	{ "conv.ToFloat64", 1, 1, fn_float },
	{ "bool conv.Bool conv.ToBool", 1, 1, fn_bool },
	{ "default conv.Default", 2, 2, fn_default },
	{ "required test.Required", 1, 2, fn_required },
	{ "fail test.Fail", 0, 1, fn_fail },
	{ "ternary test.Ternary", 3, 3, fn_ternary },
};

static bool has_name(const char *names, const char *name)
{
	const size_t len = strlen(name);

	while (*names) {
		const size_t n = strcspn(names, " ");

		if (n == len && memcmp(names, name, n) == 0)
			return true;
		names += n + (names[n] == ' ');
	}
	return false;
}

static const struct function *function_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (has_name(functions[i].names, name))
			return &functions[i];
	return NULL;
}

bool function_exists(const char *name)
{
	return function_find(name);
}

int function_call(struct pool *pool, const char *name, json_t *const *args, size_t n, json_t **ret, struct error *e)
{
	const struct call c = { pool, name, args, n, ret, e };
	const struct function *f = function_find(name);

	if (n < f->min || n > f->max)
		return error_set(e, EINVAL, "wrong number of args for %s: want %s%u got %zu", name,
				 f->min == f->max ? ""
				 : n < f->min	  ? "at least "
						  : "at most ",
				 n < f->min ? f->min : f->max, n);
	return f->call(&c);
}
