// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_output.c - tables, JSON and CSV, byte by byte
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../netemu/output.c" // NOLINT(bugprone-suspicious-include): the program is no library

bool cli_colour(FILE *out)
{
	(void)out;
	return false;
}

static const struct column columns[] = {
	{ "lab", "LAB", 0 },
	{ "name", "NAME", COLUMN_ELASTIC },
	{ "pid", "PID", COLUMN_RAW | COLUMN_RIGHT },
	{ "extra", "EXTRA", COLUMN_WIDE | COLUMN_NO_CSV },
	{ "secret", "SECRET", COLUMN_NO_TABLE },
};

static void add(struct table *t, const char *lab, const char *name, const char *pid)
{
	struct cell *row = table_add_row(t);

	row[0].text = lab;
	row[1] = (struct cell){ name, STYLE_BAD };
	row[2].text = pid;
	row[4].text = "s";
}

static void fill(struct table *t)
{
	table_init(t, columns, ARRAY_SIZE(columns));
	add(t, "a", "router0", "7");
	add(t, "a", "r\xc3\xa4", "1234");
	add(t, "b", "", NULL);
}

static void writes(struct output o, const struct table *t, const char *want, size_t group)
{
	char *text = NULL;
	size_t len;

	o.out = open_memstream(&text, &len);
	if (group != SIZE_MAX)
		output_json_grouped(&o, t, group);
	else
		output_write(&o, t);
	(void)fclose(o.out);
	assert_string_equal(text, want);
	free(text);
}

static void test_table(void **state)
{
	_cleanup_table_ struct table t;

	(void)state;
	fill(&t);
	writes((struct output){ 0 }, &t,
	       "LAB  NAME      PID\n"
	       "a    router0     7\n"
	       "a    r\xc3\xa4       1234\n"
	       "b\n", SIZE_MAX);
	writes((struct output){ .colour = true, .wide = true }, &t,
	       "LAB  NAME      PID  EXTRA\n"
	       "a    \033[31mrouter0\033[0m     7\n"
	       "a    \033[31mr\xc3\xa4\033[0m       1234\n"
	       "b\n", SIZE_MAX);
}

static void test_narrow(void **state)
{
	_cleanup_table_ struct table t;

	(void)state;
	fill(&t);
	add(&t, "c", "a-name-that-is-long", "1");
	writes((struct output){ .width = 21 }, &t,
	       "LAB  NAME         PID\n"
	       "a    router0        7\n"
	       "a    r\xc3\xa4          1234\n"
	       "b\n"
	       "c    a-name-th\xe2\x80\xa6     1\n", SIZE_MAX);
	writes((struct output){ .width = 1 }, &t,
	       "LAB  NAME       PID\n"
	       "a    router0      7\n"
	       "a    r\xc3\xa4        1234\n"
	       "b\n"
	       "c    a-name-\xe2\x80\xa6     1\n", SIZE_MAX);
}

static void test_json(void **state)
{
	_cleanup_table_ struct table t;

	(void)state;
	fill(&t);
	writes((struct output){ .format = OUTPUT_JSON }, &t,
	       "[\n"
	       "  {\"lab\": \"a\", \"name\": \"router0\", \"pid\": 7, \"extra\": null, \"secret\": \"s\"},\n"
	       "  {\"lab\": \"a\", \"name\": \"r\xc3\xa4\", \"pid\": 1234, \"extra\": null, \"secret\": \"s\"},\n"
	       "  {\"lab\": \"b\", \"name\": \"\", \"pid\": null, \"extra\": null, \"secret\": \"s\"}\n"
	       "]\n", SIZE_MAX);
	t.n_rows = 1;
	writes((struct output){ .format = OUTPUT_JSON }, &t,
	       "{\n"
	       "  \"a\": [\n"
	       "    {\"lab\": \"a\", \"name\": \"router0\", \"pid\": 7, \"extra\": null, \"secret\": \"s\"}\n"
	       "  ]\n"
	       "}\n", 0);
	t.n_rows = 0;
	writes((struct output){ .format = OUTPUT_JSON }, &t, "[]\n", SIZE_MAX);
	writes((struct output){ .format = OUTPUT_JSON }, &t, "{}\n", 0);
}

static void test_csv(void **state)
{
	_cleanup_table_ struct table t;

	(void)state;
	fill(&t);
	add(&t, "x,\"y\"\n", "z", NULL);
	writes((struct output){ .format = OUTPUT_CSV }, &t,
	       "lab,name,pid,secret\n"
	       "a,router0,7,s\n"
	       "a,r\xc3\xa4,1234,s\n"
	       "b,,,s\n"
	       "\"x,\"\"y\"\"\n\",z,,s\n", SIZE_MAX);
}

static void test_no_escapes(void **state)
{
	_cleanup_arena_ struct arena a = { 0 };

	(void)state;
	assert_string_equal(output_text(&a, "a\033[31mb\n\tc\x7f\xc2\x9b" "1m\xc3\xa4"), "a?[31mb  c???1m\xc3\xa4");
	assert_string_equal(output_text(&a, NULL), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table), cmocka_unit_test(test_narrow), cmocka_unit_test(test_json),
		cmocka_unit_test(test_csv), cmocka_unit_test(test_no_escapes),
	};

	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
