// SPDX-License-Identifier: GPL-2.0-or-later
#include "ktest/jsoncmp.h"

#include <string.h>

enum {
	SHOWN_MAX = 12,	    /* differences in words */
	VALUE_SHOWN = 160,  /* bytes of a value */
	PATH_SIZE = 512,
	BUDGET = 20000000,  /* values looked at: two long lists of long lists could take for ever */
};

struct compare {
	bool exact;
	struct strbuf *why; /* NULL while candidates are only counted */
	unsigned shown;
	char path[PATH_SIZE];
	size_t len;
	long budget;
};

static unsigned differ(struct compare *c, const json_t *want, const json_t *got);

static size_t path_enter(struct compare *c, const char *fmt, ...) _printf_(2, 3);
static size_t path_enter(struct compare *c, const char *fmt, ...)
{
	const size_t before = c->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(c->path + c->len, sizeof(c->path) - c->len, fmt, ap);
	va_end(ap);
	c->len = n < 0 ? c->len : MIN_OF(c->len + (size_t)n, sizeof(c->path) - 1);
	return before;
}

static void path_leave(struct compare *c, size_t before)
{
	c->len = before;
	c->path[before] = '\0';
}

static void put_value(struct strbuf *out, const json_t *v)
{
	char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);

	if (text && strlen(text) > VALUE_SHOWN)
		strcpy(text + VALUE_SHOWN - 3, "...");
	strbuf_puts(out, text ? text : "?");
	free(text);
}

/* One difference. @got NULL: it is not there; @want NULL: it should not be. */
static unsigned say(struct compare *c, const json_t *want, const json_t *got)
{
	if (!c->why || c->shown++ > SHOWN_MAX)
		return 1;
	if (c->shown > SHOWN_MAX) {
		strbuf_puts(c->why, "... and more\n");
		return 1;
	}
	strbuf_printf(c->why, "%s: ", c->len ? c->path + (c->path[0] == '.') : "(the whole)");
	if (want) {
		strbuf_puts(c->why, "want ");
		put_value(c->why, want);
	} else {
		strbuf_puts(c->why, "must not be there");
	}
	strbuf_puts(c->why, got ? ", is " : ", is not there");
	if (got)
		put_value(c->why, got);
	strbuf_putc(c->why, '\n');
	return 1;
}

static bool is_text(const json_t *v, const char *text)
{
	return json_is_string(v) && strcmp(json_string_value(v), text) == 0;
}

/* ---- maps ---- */

static unsigned differ_maps(struct compare *c, const json_t *want, const json_t *got)
{
	const char *key;
	const json_t *value;
	unsigned n = 0;

	json_object_foreach((json_t *)(uintptr_t)want, key, value) {
		const json_t *have = json_object_get(got, key);
		const size_t before = path_enter(c, ".%s", key);

		if (json_is_null(value))
			n += have ? say(c, NULL, have) : 0;
		else
			n += have ? differ(c, value, have) : say(c, value, NULL);
		path_leave(c, before);
	}
	if (!c->exact)
		return n;
	json_object_foreach((json_t *)(uintptr_t)got, key, value) {
		const size_t before = path_enter(c, ".%s", key);

		n += json_object_get(want, key) ? 0 : say(c, NULL, value);
		path_leave(c, before);
	}
	return n;
}

/* ---- lists ---- */

/* How many differences there are, without words. */
static unsigned count(struct compare *c, const json_t *want, const json_t *got)
{
	struct strbuf *why = c->why;
	unsigned n;

	c->why = NULL;
	n = differ(c, want, got);
	c->why = why;
	return n;
}

static unsigned differ_ordered(struct compare *c, const json_t *want, size_t from, const json_t *got)
{
	const size_t n_want = json_array_size(want) - from, n_got = json_array_size(got);
	unsigned n = 0;

	for (size_t i = 0; i < MAX_OF(n_want, n_got); i++) {
		const size_t before = path_enter(c, "[%zu]", i);

		if (i < n_want && i < n_got)
			n += differ(c, json_array_get(want, from + i), json_array_get(got, i));
		else
			n += i < n_want ? say(c, json_array_get(want, from + i), NULL) : say(c, NULL, json_array_get(got, i));
		path_leave(c, before);
	}
	return n;
}

/*
 * A match by augmenting paths would be right where a greedy one is not: {a} and {a, b} of [{a, b}, {a}]. So an item that
 * finds nothing asks who has taken a fitting one to take another.
 */
struct pairing {
	struct compare *c;
	const json_t *want, *got;
	size_t *taken_by; /* one an item of got: index in want + 1, 0: free */
	bool *asked;
};

static bool pair_up(struct pairing *p, size_t i)
{
	for (size_t k = 0; k < json_array_size(p->got); k++) {
		if (p->asked[k] || count(p->c, json_array_get(p->want, i), json_array_get(p->got, k)))
			continue;
		p->asked[k] = true;
		if (p->taken_by[k] == 0 || pair_up(p, p->taken_by[k] - 1)) {
			p->taken_by[k] = i + 1;
			return true;
		}
	}
	return false;
}

/* The free item that is nearest to @want is shown with what is different, or that there is none. */
static unsigned say_nearest(struct compare *c, const struct pairing *p, size_t i)
{
	const json_t *want = json_array_get(p->want, i);
	unsigned best = 0;
	size_t at = 0, before;

	for (size_t k = 0; k < json_array_size(p->got); k++) {
		const unsigned n = p->taken_by[k] ? 0 : count(c, want, json_array_get(p->got, k));

		if (n && (best == 0 || n < best)) {
			best = n;
			at = k;
		}
	}
	if (best == 0 || !c->why || json_typeof(want) != json_typeof(json_array_get(p->got, at)) || !json_is_object(want)) {
		before = path_enter(c, "[]");
		(void)say(c, want, NULL);
		path_leave(c, before);
		return 1;
	}
	before = path_enter(c, "[%zu, the nearest to ", at);
	if (c->len < PATH_SIZE / 2) {
		_cleanup_strbuf_ struct strbuf text = { 0 };

		put_value(&text, want);
		(void)path_enter(c, "%.60s%s]", strbuf_str(&text), text.len > 60 ? "..." : "");
	}
	(void)differ(c, want, json_array_get(p->got, at));
	path_leave(c, before);
	return 1;
}

static unsigned differ_lists(struct compare *c, const json_t *want, const json_t *got)
{
	const size_t n_got = json_array_size(got);
	struct pairing p = { c, want, got, calloc(n_got + 1, sizeof(size_t)), calloc(n_got + 1, sizeof(bool)) };
	_cleanup_free_ void *free_taken = p.taken_by, *free_asked = p.asked;
	unsigned n = 0;

	if (is_text(json_array_get(want, 0), "__ordered__"))
		return differ_ordered(c, want, 1, got);
	if (c->exact)
		return differ_ordered(c, want, 0, got);
	if (!p.taken_by || !p.asked)
		return say(c, want, got);
	for (size_t i = 0; i < json_array_size(want) && c->budget > 0; i++) {
		memset(p.asked, 0, n_got * sizeof(bool));
		n += pair_up(&p, i) ? 0 : say_nearest(c, &p, i);
	}
	return n;
}

/* ---- any value ---- */

static unsigned differ(struct compare *c, const json_t *want, const json_t *got)
{
	if (c->budget-- <= 0)
		return say(c, want, got);
	if (is_text(want, "*"))
		return 0;
	if (json_is_object(want) && json_is_object(got))
		return differ_maps(c, want, got);
	if (json_is_array(want) && json_is_array(got))
		return differ_lists(c, want, got);
	if (json_is_number(want) && json_is_number(got))
		return json_number_value(want) == json_number_value(got) ? 0 : say(c, want, got);
	return json_equal(want, got) ? 0 : say(c, want, got);
}

unsigned jsoncmp(const json_t *want, const json_t *got, bool exact, struct strbuf *why)
{
	struct compare c = { .exact = exact, .why = why, .budget = BUDGET };

	return differ(&c, want, got);
}
