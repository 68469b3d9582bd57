// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_health.c - what a series of results makes of a node
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "supervisor/health.h"

#define SEC 1000000ULL

static const struct healthcheck plain = { .interval = 30, .timeout = 5, .retries = 3 },
				patient = { .interval = 30, .timeout = 5, .retries = 2, .start_period = 60 },
				quick = { .interval = 2, .timeout = 1, .retries = 1, .start_period = 60 };

/* Each letter is a check: '.' success, 'x' failure, '!' one that was killed; every 10 s, the first after 10 s. */
static void test_status(void **state)
{
	static const struct {
		const struct healthcheck *check;
		const char *results;
		enum health_status want;
		unsigned streak;
	} cases[] = {
		{ &plain, "", HEALTH_STARTING, 0 },
		{ &plain, ".", HEALTH_HEALTHY, 0 },
		{ &plain, "x", HEALTH_STARTING, 1 },
		{ &plain, "xx", HEALTH_STARTING, 2 },
		{ &plain, "xxx", HEALTH_UNHEALTHY, 3 },
		{ &plain, "xx!", HEALTH_UNHEALTHY, 3 },
		{ &plain, "xx.xx", HEALTH_HEALTHY, 2 },
		{ &plain, ".xxx", HEALTH_UNHEALTHY, 3 },
		{ &plain, "xxxx.", HEALTH_HEALTHY, 0 },
		{ &patient, "xxxxx", HEALTH_STARTING, 0 },  /* 10 to 50 s: within the start period */
		{ &patient, "xxxxxx", HEALTH_STARTING, 1 }, /* it ends at 60 s */
		{ &patient, "xxxxxxx", HEALTH_UNHEALTHY, 2 },
		{ &patient, ".xx", HEALTH_UNHEALTHY, 2 }, /* one that was healthy is not starting any more */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		static struct health h;
		static struct health_result r;
		uint64_t age = 0;

		health_begin(&h);
		for (const char *p = cases[i].results; *p; p++) {
			const enum health_status before = h.status;
			bool changed;

			r.exit_code = *p == '.' ? 0 : *p == 'x' ? 1 : HEALTH_TIMED_OUT;
			age += 10 * SEC;
			changed = health_add(&h, cases[i].check, age, &r);
			assert_int_equal(changed, h.status != before);
		}
		if (h.status != cases[i].want || h.streak != cases[i].streak)
			fail_msg("'%s': %s, streak %u", cases[i].results, health_status_names[h.status], h.streak);
	}
}

static void test_delay(void **state)
{
	static const struct {
		const struct healthcheck *check;
		bool was_healthy;
		uint64_t age_s, want_s;
	} cases[] = {
		{ &plain, false, 0, 30 },    { &patient, false, 0, 5 },	 { &patient, false, 59, 5 },
		{ &patient, false, 60, 30 }, { &patient, true, 10, 30 }, { &quick, false, 0, 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		static struct health h;
		static const struct health_result good;

		health_begin(&h);
		if (cases[i].was_healthy)
			(void)health_add(&h, cases[i].check, 0, &good);
		assert_int_equal(health_delay(&h, cases[i].check, cases[i].age_s * SEC), cases[i].want_s * SEC);
	}
}

static void test_log(void **state)
{
	static struct health h;
	static struct health_result r;

	(void)state;
	health_begin(&h);
	assert_null(health_logged(&h, 0));
	for (int i = 1; i <= 7; i++) {
		r.exit_code = i;
		(void)health_add(&h, &plain, 0, &r);
		assert_int_equal(health_logged(&h, 0)->exit_code, i <= 5 ? 1 : i - 4);
	}
	assert_int_equal(health_logged(&h, 4)->exit_code, 7);
	assert_null(health_logged(&h, 5));
	health_begin(&h);
	assert_null(health_logged(&h, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_delay),
		cmocka_unit_test(test_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
