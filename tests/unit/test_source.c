// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_source.c - environment substitution, and positions in the text that the user wrote
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "topology/source.h"

static char *env[] = { "BAR=bar", "FOO=foo", "EMPTY=", "ALSO_EMPTY=", "BAD", "L_1=x", NULL };

static void expect(const char *in, const char *out)
{
	struct diag d = { 0 };
	struct source s;

	source_init(&s, &d, diag_add_file(&d, "f", in, strlen(in)), in, strlen(in));
	assert_int_equal(source_substitute(&s, env), 0);
	assert_int_equal(s.len, strlen(out));
	assert_memory_equal(s.text, out, s.len);
	assert_int_equal(d.n_errors, 0);
	source_done(&s);
	diag_done(&d);
}

/* The cases of containerlab's library (hellt/envsubst, parse/parse_test.go), with its "no replace" mode. */
static void forms_of_the_library(void **state)
{
	(void)state;
	expect("", "");
	expect("$BAR", "bar");
	expect("$BAR baz", "bar baz");
	expect("$BAR$FOO", "barfoo");
	expect("$_ bar", "$_ bar");
	expect("${_} bar", "${_} bar");
	expect("${BAR}baz", "barbaz");
	expect("${NOTSET-$BAR}", "bar");
	expect("${NOTSET=$BAR}", "bar");
	expect("${EMPTY-$BAR}", "");
	expect("${EMPTY=$BAR}", "");
	expect("${EMPTY:-$BAR}", "bar");
	expect("${EMPTY:=$BAR}", "bar");
	expect("${EMPTY+hello}", "hello");
	expect("${EMPTY:+hello}", "hello");
	expect("${NOTSET+hello}", "");
	expect("${NOTSET:+hello}", "");
	expect("hello $BAR\nhello ${EMPTY:=$FOO}", "hello bar\nhello foo");
	expect("${hello:=wo_rld} ${foo:=bar_baz}", "wo_rld bar_baz");
	expect("prop=${HOME_URL-http://localhost:8080}", "prop=http://localhost:8080");
	expect("${NOTSET+$ALSO_NOTSET}", "");
	expect("${EMPTY:-$ALSO_EMPTY}", "");
	expect("FOO $$BAR BAZ", "FOO $BAR BAZ");
	expect("FOO $${BAR} BAZ", "FOO ${BAR} BAZ");
	expect("$$$BAR", "$bar");
	expect("$$${BAZ:-baz}", "$baz");
	expect("Stuff$ToIgnore!d ${ToIgnore}", "Stuff$ToIgnore!d ${ToIgnore}");
	expect("$1 ${1} $12 ${1x}", "$1 ${1} $12 ${1x}");
}

static void odd_forms(void **state)
{
	(void)state;
	expect("$", "$");
	expect("a$", "a$");
	expect("$$", "$");
	expect("${", "${");
	expect("${}", "${}");
	expect("$(x) $'y' ${#BAR} ${!BAR}", "$(x) $'y' ${#BAR} ${!BAR}");
	expect("${BAR%r} ${BAR/a/b} ${BAR[0]} ${BAR:1}", "${BAR%r} ${BAR/a/b} ${BAR[0]} ${BAR:1}");
	expect("$L_1_ ${L_1}", "$L_1_ x");
	expect("${NOTSET:-${NOTSET:-${BAR}}}", "bar");
	expect("${NOTSET:-a}b}", "ab}");
	expect("${NOTSET-}", "");
	expect("${NOTSET:-:-}", ":-");
	expect("$BAD", "$BAD");
	expect("${BAR:}", "${BAR:}");
}

static void an_open_brace(void **state)
{
	static const char text[] = "a: b\nc: é ${BAR\n}";
	struct diag d = { 0 };
	struct source s;

	(void)state;
	source_init(&s, &d, diag_add_file(&d, "f", text, strlen(text)), text, strlen(text));
	assert_int_equal(source_substitute(&s, env), -EINVAL);
	assert_int_equal(d.n_errors, 1);
	assert_int_equal(d.entries[0].pos.line, 2);
	assert_int_equal(d.entries[0].pos.col, 6);
	source_done(&s);
	diag_done(&d);
}

static void a_bomb_of_values(void **state)
{
	static char value[100000 + 3] = "V=";
	char *big[] = { value, NULL };
	struct strbuf text = { 0 };
	struct diag d = { 0 };
	struct source s;

	(void)state;
	memset(value + 2, 'x', 100000);
	for (int i = 0; i < 1000; i++)
		strbuf_puts(&text, "$V ");
	source_init(&s, &d, diag_add_file(&d, "f", text.buf, text.len), text.buf, text.len);
	assert_int_equal(source_substitute(&s, big), -EINVAL);
	assert_int_equal(d.n_errors, 1);
	source_done(&s);
	strbuf_done(&text);
	diag_done(&d);
}

static void expect_pos(struct source *s, const char *what, uint32_t line, uint32_t col)
{
	const char *p = strstr(s->text, what);
	struct pos pos;
	size_t ch = 0;

	assert_non_null(p);
	for (const char *q = s->text; q < p; q++)
		ch += ((unsigned char)*q & 0xc0) != 0x80;
	pos = source_pos(s, ch);
	assert_int_equal(pos.line, line);
	assert_int_equal(pos.col, col);
}

static void positions(void **state)
{
	static const char text[] = "\xef\xbb\xbfone $BAR two\r\n路由 ${NOTSET:-$FOO}x three\n$$four $MORE five\nsix";
	char *more[] = { "BAR=bar", "FOO=foo", "MORE=m1\nm2\nm3", NULL };
	struct diag d = { 0 };
	struct source s;

	(void)state;
	source_init(&s, &d, diag_add_file(&d, "f", text, strlen(text)), text, strlen(text));
	assert_int_equal(source_substitute(&s, more), 0);
	assert_string_equal(s.text, "one bar two\r\n路由 foox three\n$four m1\nm2\nm3 five\nsix");
	for (int i = 0; i < 2; i++) { /* once more, backwards from the end */
		expect_pos(&s, "one", 1, 1);
		expect_pos(&s, "bar", 1, 5);
		expect_pos(&s, "two", 1, 10);
		expect_pos(&s, "由", 2, 2);
		expect_pos(&s, "foo", 2, 4);
		expect_pos(&s, "x three", 2, 19);
		expect_pos(&s, "four", 3, 3);
		expect_pos(&s, "m1", 3, 8);
		expect_pos(&s, "m3", 3, 8);
		expect_pos(&s, "five", 3, 14);
		expect_pos(&s, "six", 4, 1);
	}
	expect_pos(&s, "five", 3, 14);
	assert_int_equal(source_pos(&s, 100000).line, 4);
	source_done(&s);
	diag_done(&d);
}

static void checks(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		uint32_t col; /* 0: good */
	} cases[] = {
		{ "tab\tcr\r\nok\302\205\342\200\250", 15, 0 },
		{ "\xf0\x9f\x98\x80", 4, 0 },
		{ "ab\xff", 3, 3 },
		{ "a\xc0\x80", 3, 2 },
		{ "a\xed\xa0\x80", 4, 2 },
		{ "a\xf4\x90\x80\x80", 5, 2 },
		{ "a\0b", 3, 2 },
		{ "a\033", 2, 2 },
		{ "a\x7f", 2, 2 },
		{ "a\302\233", 3, 2 },
		{ "a\xef\xbf\xbe", 4, 2 },
		{ "a\xe2\x82", 3, 2 },
		{ "a\xef\xbb\xbf", 4, 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct diag d = { 0 };
		struct source s;

		source_init(&s, &d, diag_add_file(&d, "f", cases[i].text, cases[i].len), cases[i].text, cases[i].len);
		assert_int_equal(source_check(&s), cases[i].col ? -EINVAL : 0);
		assert_int_equal(d.n_errors, cases[i].col ? 1 : 0);
		if (cases[i].col)
			assert_int_equal(d.entries[0].pos.col, cases[i].col);
		source_done(&s);
		diag_done(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_of_the_library), cmocka_unit_test(odd_forms), cmocka_unit_test(an_open_brace),
		cmocka_unit_test(a_bomb_of_values),	cmocka_unit_test(positions), cmocka_unit_test(checks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
