// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_doc.c - YAML into a tree that knows where its values stand; hostile YAML
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "topology/doc.h"

struct doc {
	struct diag d;
	struct source src;
	struct arena a;
	const struct value *root;
	int r;
};

static void doc_open(struct doc *t, const char *text, size_t len)
{
	*t = (struct doc){ 0 };
	source_init(&t->src, &t->d, diag_add_file(&t->d, "f", text, len), text, len);
	t->r = doc_parse(&t->src, &t->a, &t->root);
}

static void doc_close(struct doc *t)
{
	source_done(&t->src);
	arena_done(&t->a);
	diag_done(&t->d);
}

static void expect_error(const char *text, uint32_t line, uint32_t col, const char *msg)
{
	struct doc t;

	doc_open(&t, text, strlen(text));
	assert_int_equal(t.r, -EINVAL);
	assert_true(t.d.n_errors > 0);
	assert_string_equal(t.d.entries[0].msg, msg);
	assert_int_equal(t.d.entries[0].pos.line, line);
	assert_int_equal(t.d.entries[0].pos.col, col);
	doc_close(&t);
}

static void types(void **state)
{
	static const char text[] =
		"a: text\nb: 'quoted'\nc:\nd: ~\ne: 'null'\nf: [1, x]\ng: {h: i}\nj: !!str 1\nk: |\n  two\n  lines\n";
	const struct value *v;
	struct doc t;

	(void)state;
	doc_open(&t, text, strlen(text));
	assert_int_equal(t.r, 0);
	assert_int_equal(t.root->type, VALUE_MAP);
	assert_int_equal(t.root->n, 9);
	assert_true(value_get(t.root, "a")->plain);
	assert_false(value_get(t.root, "b")->plain);
	assert_int_equal(value_get(t.root, "c")->type, VALUE_NULL);
	assert_int_equal(value_get(t.root, "d")->type, VALUE_NULL);
	assert_int_equal(value_get(t.root, "e")->type, VALUE_SCALAR);
	v = value_get(t.root, "f");
	assert_int_equal(v->type, VALUE_SEQ);
	assert_int_equal(v->n, 2);
	assert_string_equal(v->items[1]->text, "x");
	assert_int_equal(v->items[1]->pos.line, 6);
	assert_int_equal(v->items[1]->pos.col, 8);
	assert_string_equal(value_get(value_get(t.root, "g"), "h")->text, "i");
	assert_false(value_get(t.root, "j")->plain);
	assert_string_equal(value_get(t.root, "k")->text, "two\nlines\n");
	assert_null(value_get(t.root, "z"));
	assert_null(value_get(NULL, "z"));
	assert_null(value_get(value_get(t.root, "f"), "z"));
	assert_int_equal(t.root->pairs[3].key_pos.line, 4);
	doc_close(&t);
}

static void merges(void **state)
{
	static const char text[] =
		"x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y], c: 3, d: 3}\nw: {<<: *x}\n";
	const struct value *z;
	struct doc t;

	(void)state;
	doc_open(&t, text, strlen(text));
	assert_int_equal(t.r, 0);
	z = value_get(t.root, "z");
	assert_int_equal(z->n, 4);
	assert_string_equal(value_get(z, "a")->text, "1");
	assert_string_equal(value_get(z, "b")->text, "1");
	assert_string_equal(value_get(z, "c")->text, "3");
	assert_string_equal(value_get(z, "d")->text, "3");
	assert_int_equal(value_get(t.root, "w")->n, 2);
	doc_close(&t);
}

static void refused(void **state)
{
	(void)state;
	expect_error("", 0, 0, "the file is empty");
	expect_error("# only a comment\n", 0, 0, "the file is empty");
	expect_error("a: 1\n---\nb: 2\n", 2, 1, "a second YAML document starts here");
	expect_error("a: &x [*x]\n", 1, 8, "alias '*x' is inside its own anchor");
	expect_error("a: *x\n", 1, 4, "alias '*x' has no anchor");
	expect_error("a: 1\nb: 2\na: 3\n", 3, 1, "key 'a' stands here a second time; the first is on line 1, column 1");
	expect_error("1: 1\n\"1\": 2\n", 2, 1, "key '1' stands here a second time; the first is on line 1, column 1");
	expect_error("? [a]\n: 1\n", 1, 3, "a key must be plain text, not a list");
	expect_error("a: \"x\\0y\"\n", 1, 4, "a NUL character (\\0) inside a value");
	expect_error("a: !!binary aGk=\n", 1, 4, "!!binary values are not supported");
	expect_error("<<: 1\n", 1, 1, "'<<' merges a map or a list of maps, not a scalar");
	expect_error("a: b: c\n", 1, 5, "not YAML: mapping values are not allowed in this context");
	expect_error("a: 'x\n", 2, 1,
		     "not YAML: found unexpected end of stream (while scanning a quoted scalar, line 1)");
}

/* A map of a thousand keys with each key twice: found without comparing each with each. */
static void many_duplicates(void **state)
{
	struct strbuf s = { 0 };
	struct doc t;

	(void)state;
	for (int i = 0; i < 2000; i++)
		strbuf_printf(&s, "k%d: %d\n", i % 1000, i);
	doc_open(&t, strbuf_str(&s), s.len);
	assert_int_equal(t.r, -EINVAL);
	assert_int_equal(t.d.n_errors, 1000);
	doc_close(&t);
	strbuf_done(&s);
}

static double cpu_seconds(void)
{
	struct timespec ts;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts), 0);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* @unit, @n times between @head and @tail. */
static void hostile(const char *head, const char *unit, size_t n, const char *tail, const char *msg)
{
	struct strbuf s = { 0 };
	double start, took;
	struct doc t;

	strbuf_puts(&s, head);
	for (size_t i = 0; i < n; i++)
		strbuf_puts(&s, unit);
	strbuf_puts(&s, tail);
	start = cpu_seconds();
	doc_open(&t, strbuf_str(&s), s.len);
	took = cpu_seconds() - start;
	assert_int_equal(t.r, msg ? -EINVAL : 0);
	if (msg)
		assert_string_equal(t.d.entries[0].msg, msg);
	if (took > 2) /* a hundredth of a second without sanitizers; minutes when it is quadratic */
		fail_msg("%zu times '%.10s' took %.1f s", n, unit, took);
	doc_close(&t);
	strbuf_done(&s);
}

static void hostile_files(void **state)
{
	static const char deep[] = "nested more than 64 levels deep";

	(void)state;
	hostile("", "[", 200000, "", deep);
	hostile("", "{", 200000, "", deep);
	hostile("", "[a, ", 100000, "", deep);
	hostile("", "- ", 100000, "", deep);
	hostile("", "? ", 100000, "", deep);
	hostile("", "%TAG !a! x\n", 100000, "--- a\n", "too many %TAG directives");
	hostile("a: &a x\n", "# *a\n", 100000, "", NULL);
	hostile("- &a x\n", "- *a\n", 100000, "", NULL);
	hostile("- &a x\n", "- *a\n", 300000, "", "aliases expand to more than 16 MiB");
	hostile("", "- &a x\n", 100000, "", NULL);
	hostile("[", "x,", 400000, "]", NULL);
	hostile("", "-\n", 1100000, "", "the file is too large: more than 1048576 YAML values");
	hostile("a: &a {b: 1, c: 2, d: 3}\ne: [", "{<<: *a},", 50000, "]\n",
		"aliases expand to more than 16 MiB");
}

static void bombs(void **state)
{
	struct strbuf s = { 0 };
	struct doc t;

	(void)state;
	strbuf_puts(&s, "a0: &a0 x\n");
	for (int i = 1; i < 60; i++)
		strbuf_printf(&s, "a%d: &a%d [*a%d, *a%d]\n", i, i, i - 1, i - 1);
	doc_open(&t, strbuf_str(&s), s.len);
	assert_int_equal(t.r, -EINVAL);
	assert_string_equal(t.d.entries[0].msg, "aliases expand to more than 16 MiB");
	doc_close(&t);
	strbuf_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types),	   cmocka_unit_test(merges),	    cmocka_unit_test(refused),
		cmocka_unit_test(many_duplicates), cmocka_unit_test(hostile_files), cmocka_unit_test(bombs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
