// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_shlex.c - lines into words, as github.com/google/shlex splits them
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "base/strv.h"

/* The words of @line, each in brackets. */
static void expect(const char *line, const char *words)
{
	struct arena a = { 0 };
	struct strbuf s = { 0 };
	struct strv v = { 0 };
	struct error e = { 0 };

	assert_int_equal(shlex_split(&a, line, &v, &e), 0);
	for (size_t i = 0; i < v.n; i++)
		strbuf_printf(&s, "[%s]", v.v[i]);
	assert_string_equal(strbuf_str(&s), words);
	strbuf_done(&s);
	arena_done(&a);
}

static void expect_error(const char *line, const char *message)
{
	struct strv v = { .n = 7 };
	struct arena a = { 0 };
	struct error e = { 0 };

	assert_int_equal(shlex_split(&a, line, &v, &e), -EINVAL);
	assert_string_equal(e.msg, message);
	assert_int_equal(v.n, 7); /* untouched */
	arena_done(&a);
}

static void blanks(void **state)
{
	(void)state;
	expect("", "");
	expect("  \t\r\n ", "");
	expect("one", "[one]");
	expect(" ip  addr\tadd\nx ", "[ip][addr][add][x]");
}

static void quotes(void **state)
{
	(void)state;
	expect("'a b' \"c d\"", "[a b][c d]");
	expect("a'b'\"c\"d", "[abcd]");
	expect("'' \"\" ''\"\"", "[][][]");
	expect("'a \"b\" \\ $x'", "[a \"b\" \\ $x]");
	expect("\"a 'b' \\\" \\\\ \\n\"", "[a 'b' \" \\ n]");
	expect("\"two\nlines\"", "[two\nlines]");
	expect("vtysh -c 'conf t' -c ' neighbor net0'", "[vtysh][-c][conf t][-c][ neighbor net0]");
}

static void escapes(void **state)
{
	(void)state;
	expect("a\\ b", "[a b]");
	expect("\\'a\\'", "['a']");
	expect("\\\\", "[\\]");
	expect("s/a\\/b/", "[s/a/b/]");
}

static void comments(void **state)
{
	(void)state;
	expect("a # b c", "[a]");
	expect("# all", "");
	expect("a # b\nc", "[a][c]");
	expect("a#b '#' \\#", "[a#b][#][#]");
}

static void nothing_is_expanded(void **state)
{
	(void)state;
	expect("$HOME *.c ~ `x` $(y) a;b | c > d", "[$HOME][*.c][~][`x`][$(y)][a;b][|][c][>][d]");
}

static void unterminated(void **state)
{
	(void)state;
	expect_error("a 'b", "unterminated single quote");
	expect_error("a \"b", "unterminated double quote");
	expect_error("a \"b\\\"", "unterminated double quote");
	expect_error("a \"b\\", "unterminated double quote");
	expect_error("a \\", "nothing follows the last backslash");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blanks),
		cmocka_unit_test(quotes),
		cmocka_unit_test(escapes),
		cmocka_unit_test(comments),
		cmocka_unit_test(nothing_is_expanded),
		cmocka_unit_test(unterminated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
