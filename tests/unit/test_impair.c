// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_impair.c - the values of impairments: what is taken, what is refused, how they are written again
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

/* cmocka.h needs the three above */
#include <cmocka.h>

#include "base/impair.h"

static void test_written_again(void **state)
{
	static const struct {
		enum impair_key key;
		const char *text, *again;
	} cases[] = {
		{ IMPAIR_DELAY, "10ms", "10ms" },      { IMPAIR_DELAY, "1.5s", "1.5s" },
		{ IMPAIR_DELAY, "1m30s", "90s" },      { IMPAIR_DELAY, "250us", "250us" },
		{ IMPAIR_JITTER, "1500us", "1.5ms" },  { IMPAIR_JITTER, "0", "" },
		{ IMPAIR_JITTER, "1h", "3600s" },      { IMPAIR_LOSS, "1", "1%" },
		{ IMPAIR_LOSS, "0.25%", "0.25%" },     { IMPAIR_LOSS, "100", "100%" },
		{ IMPAIR_CORRUPTION, "0", "" },	       { IMPAIR_RATE, "100", "100kbit" },
		{ IMPAIR_RATE, "100mbit", "100mbit" }, { IMPAIR_RATE, "1.5Mbit", "1500kbit" },
		{ IMPAIR_RATE, "8000bit", "8kbit" },   { IMPAIR_RATE, "10gbit", "10gbit" },
	};
	char buf[IMPAIR_STRLEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct impair im = { 0 };
		struct error e = { 0 };

		if (impair_parse(&im, cases[i].key, cases[i].text, &e) < 0)
			fail_msg("%s: %s", cases[i].text, e.msg);
		assert_string_equal(impair_format(&im, cases[i].key, buf), cases[i].again);
		assert_int_equal(impair_is_none(&im), !*cases[i].again);
	}
}

static void test_refused(void **state)
{
	static const struct {
		enum impair_key key;
		const char *text;
	} cases[] = {
		{ IMPAIR_DELAY, "" },	    { IMPAIR_DELAY, "10" },	     { IMPAIR_DELAY, "-1ms" },
		{ IMPAIR_DELAY, "61m" },    { IMPAIR_DELAY, "1e3ms" },	     { IMPAIR_DELAY, "10 ms" },
		{ IMPAIR_DELAY, "ms" },	    { IMPAIR_JITTER, "1ms2" },	     { IMPAIR_LOSS, "101" },
		{ IMPAIR_LOSS, "-1" },	    { IMPAIR_LOSS, "1%%" },	     { IMPAIR_LOSS, "nan" },
		{ IMPAIR_LOSS, "." },	    { IMPAIR_CORRUPTION, "100.1%" }, { IMPAIR_RATE, "100mbps" },
		{ IMPAIR_RATE, "inf" },	    { IMPAIR_RATE, "1bit" },	     { IMPAIR_RATE, "9999999tbit" },
		{ IMPAIR_RATE, "1mbit x" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct impair im = { 0 };
		struct error e = { 0 };

		if (impair_parse(&im, cases[i].key, cases[i].text, &e) == 0)
			fail_msg("%s '%s' was taken", impair_key_names[cases[i].key], cases[i].text);
		assert_int_equal(e.code, EINVAL);
		assert_non_null(strstr(e.msg, impair_key_names[cases[i].key]));
		assert_true(impair_is_none(&im));
	}
}

static void test_jitter_needs_a_delay(void **state)
{
	struct impair im = { .jitter_us = 1 };
	struct error e = { 0 };

	(void)state;
	assert_int_equal(impair_check(&im, &e), -EINVAL);
	assert_string_equal(e.msg, "jitter cannot be set without a delay");
	im.delay_us = 1;
	assert_int_equal(impair_check(&im, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written_again),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_jitter_needs_a_delay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
