// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_diag.c - how mistakes are shown
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "topology/diag.h"

/* What diag_print() says, to be freed. */
static char *printed(const struct diag *d, bool colour)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	diag_print(d, f, colour);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void expect(const struct diag *d, const char *want)
{
	char *got = printed(d, false);

	assert_string_equal(got, want);
	free(got);
}

static struct pos at(uint32_t file, uint32_t line, uint32_t col)
{
	return (struct pos){ .file = file, .line = line, .col = col };
}

static void nothing_to_say(void **state)
{
	struct diag d = { 0 };

	(void)state;
	expect(&d, "");
	diag_done(&d);
}

static void in_order_of_the_file(void **state)
{
	static const char text[] = "one\n\ttwo\nthree";
	struct diag d = { 0 };
	const uint32_t a = diag_add_file(&d, "a.yaml", text, strlen(text)), b = diag_add_file(&d, "b.yaml", NULL, 0);

	(void)state;
	diag_error(&d, at(b, 1, 1), NULL, "in b");
	diag_error(&d, at(a, 3, 6), "a hint", "late");
	diag_warning(&d, at(a, 2, 2), NULL, "early");
	diag_error(&d, at(a, 0, 0), NULL, "the whole");
	assert_int_equal(d.n_errors, 3);
	expect(&d, "a.yaml: error: the whole\n"
		   "a.yaml:2:2: warning: early\n"
		   "   2 |  two\n"
		   "     |  ^\n"
		   "a.yaml:3:6: error: late\n"
		   "   3 | three\n"
		   "     |      ^\n"
		   "  a hint\n"
		   "b.yaml:1:1: error: in b\n");
	diag_done(&d);
}

static void the_same_is_said_once(void **state)
{
	struct diag d = { 0 };
	const uint32_t f = diag_add_file(&d, "f", "x", 1);

	(void)state;
	for (int i = 0; i < 3; i++) {
		diag_error(&d, at(f, 1, 1), NULL, "inherited");
		diag_error(&d, at(f, 1, 1), NULL, "other");
	}
	expect(&d, "f:1:1: error: inherited\n   1 | x\n     | ^\nf:1:1: error: other\n   1 | x\n     | ^\n");
	diag_done(&d);
}

static void a_terminal_is_not_driven(void **state)
{
	static const char text[] = "a\033[2J\001\xff\302\233z\r\nx";
	struct diag d = { 0 };
	const uint32_t f = diag_add_file(&d, "n\033", text, strlen(text));
	char *got;

	(void)state;
	diag_error(&d, at(f, 1, 2), "h\x7f", "m\033%s", "\a");
	expect(&d, "n?:1:2: error: m??\n   1 | a?[2J???z\n     |  ^\n  h?\n");
	got = printed(&d, true);
	assert_non_null(strstr(got, "\033[1;31merror:\033[0m"));
	free(got);
	diag_done(&d);
}

static void positions_outside_the_text(void **state)
{
	struct diag d = { 0 };
	const uint32_t f = diag_add_file(&d, "f", "ab\n", 3);

	(void)state;
	diag_error(&d, at(f, 1, 9), NULL, "behind the line");
	diag_error(&d, at(f, 9, 1), NULL, "behind the file");
	diag_error(&d, at(f + 5, 1, 1), NULL, "no such file");
	expect(&d, "f:1:9: error: behind the line\n   1 | ab\n     |   ^\n"
		   "f:9:1: error: behind the file\n"
		   "error: no such file\n");
	diag_done(&d);
}

static void a_million_mistakes(void **state)
{
	struct diag d = { 0 };
	const uint32_t f = diag_add_file(&d, "f", NULL, 0);
	char *got;

	(void)state;
	for (uint32_t i = 1; i <= 1000000; i++)
		diag_error(&d, at(f, i, 1), NULL, "mistake");
	assert_int_equal(d.n_errors, 1000000);
	assert_true(d.n_entries < 10000);
	assert_false(diag_wants_hints(&d));
	got = printed(&d, false);
	assert_non_null(strstr(got, "not shown"));
	free(got);
	diag_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_to_say),
		cmocka_unit_test(in_order_of_the_file),
		cmocka_unit_test(the_same_is_said_once),
		cmocka_unit_test(a_terminal_is_not_driven),
		cmocka_unit_test(positions_outside_the_text),
		cmocka_unit_test(a_million_mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
