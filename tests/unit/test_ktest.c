// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_ktest.c - test files as they are read, JSON as it is compared, results as they are written
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

/* cmocka.h needs the three above */
#include <cmocka.h>

#include "ktest/jsoncmp.h"
#include "ktest/report.h"
#include "ktest/spec.h"

/* ---- files ---- */

static struct test *load(struct diag *d, const char *text)
{
	return test_load(d, "dir/ecmp.yaml", text, strlen(text));
}

static void test_file(void **state)
{
	static const char text[] = "topology: [a.clab.yml, /b]\n"
				   "timeout: 2s\n"
				   "requires: {programs: [bgpd], features: [netem], kernel: \">=6.1\"}\n"
				   "steps:\n"
				   "  - fib: {node: r1, route: 10.0.0.0/24, nexthops: [{dev: eth1}]}\n"
				   "  - name: \"down # it goes\"\n"
				   "    link: r1:eth1 down\n"
				   "  - ping: {from: [r1, r2], to: 10.0.0.1}\n"
				   "    within: 500ms\n"
				   "    of: down   it goes\n"
				   "  - fib: {node: r1, route: 10.0.0.0/24}\n"
				   "    never: 1m\n"
				   "  - fib: {node: r1, route: 10.0.0.0/24}\n"
				   "    xfail: not yet\n";
	_cleanup_diag_ struct diag d = { 0 };
	_cleanup_(test_unloadp) struct test *t = load(&d, text);

	(void)state;
	assert_non_null(t);
	assert_int_equal(d.n_errors, 0);
	assert_string_equal(t->name, "ecmp");
	assert_string_equal(t->topologies.v[0], "dir/a.clab.yml");
	assert_string_equal(t->topologies.v[1], "/b");
	assert_int_equal(t->n_steps, 5);
	assert_int_equal(t->steps[0].mode, TEST_WITHIN);
	assert_int_equal(t->steps[0].ms, 2000);
	assert_string_equal(t->steps[0].name, "fib r1 10.0.0.0/24");
	assert_string_equal(t->steps[1].name, "down   it goes");
	assert_int_equal(t->steps[2].of, 1);
	assert_int_equal(t->steps[2].ms, 500);
	assert_string_equal(test_node(&t->steps[2], 1), "r2");
	assert_null(test_node(&t->steps[2], 2));
	assert_int_equal(t->steps[3].mode, TEST_NEVER);
	assert_int_equal(t->steps[3].ms, 60000);
	assert_string_equal(t->steps[3].name, "fib r1 10.0.0.0/24 (2)");
	assert_string_equal(t->steps[4].name, "fib r1 10.0.0.0/24 (3)");
	assert_string_equal(t->steps[4].xfail, "not yet");
}

static void test_name_of_directory(void **state)
{
	static const char text[] = "topology: .\nsteps: [{pause: 1}]\n";
	_cleanup_diag_ struct diag d = { 0 };
	_cleanup_(test_unloadp) struct test *t = test_load(&d, "labs/fabric/test.yaml", text, strlen(text));

	(void)state;
	assert_non_null(t);
	assert_string_equal(t->name, "fabric");
}

/* Each mistake, and where the message stands. */
static void test_mistakes(void **state)
{
	static const struct {
		const char *step;
		unsigned col;
		const char *msg;
	} cases[] = {
		{ "fibb: {node: r1, route: 10.0.0.0/24}", 5, "a step knows no 'fibb'" },
		{ "fib: {node: r1}", 5, "the step 'fib' needs 'route'" },
		{ "fib: {node: r1, route: 10.0.0.0/33}", 28, "'10.0.0.0/33' is not a prefix" },
		{ "fib: {node: r1, route: default, nexthop: []}", 37, "unknown key 'nexthop' in the step 'fib'" },
		{ "fib: {node: r1, route: default, count: two}", 44, "'count' must be a number from 0 to 4294967295, not 'two'" },
		{ "fib: {node: [], route: default}", 17, "a name or a list of them is wanted, not an empty list" },
		{ "fib: [1]", 10, "the step 'fib' must be a map, not a list" },
		{ "link: r1:eth1 sideways", 11, "'r1:eth1 sideways' is nothing that a link does" },
		{ "link: r1 down", 11, "'r1 down' is nothing that a link does" },
		{ "ping: {from: r1, to: r2}", 26, "'r2' is not an address" },
		{ "ping: {from: r1, to: 10.0.0.1, rtt: fast}", 41, "'fast' is no bound on a time" },
		{ "pause: soon", 12, "'soon' is not a time" },
		{ "log: {node: r1, match: \"(\"}", 28, "'(': Unmatched ( or \\(" },
		{ "daemon: {node: r1, name: bgpd, action: explode}", 44, "'explode' is not known here" },
		{ "impair: {link: r1:eth1, delay: long}", 36, NULL },
		{ "sysctl: {node: r1, set: {kernel.hostname: x}}", 30, "'kernel.hostname' is not a setting of a node's network" },
		{ "{}", 5, "a step that says nothing to do or to be so" },
		{ "x", 5, "a step must be a map, not a scalar" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_diag_ struct diag d = { 0 };
		_cleanup_arena_ struct arena a = { 0 };
		const char *text = arena_printf(&a, "topology: x\nsteps:\n  - %s\n", cases[i].step);
		_cleanup_(test_unloadp) struct test *t = load(&d, text);

		if (d.n_entries == 0)
			fail_msg("no mistake was seen: %s", cases[i].step);
		if (cases[i].msg)
			assert_string_equal(d.entries[0].msg, cases[i].msg);
		assert_int_equal(d.entries[0].pos.line, 3);
		assert_int_equal(d.entries[0].pos.col, cases[i].col);
	}
}

/* Mistakes that lie in how two keys go together. */
static void test_keys_together(void **state)
{
	static const char *const cases[][2] = {
		{ "{link: r1:e down, within: 1s}", "'link' happens: there is nothing to be 'within'" },
		{ "{pause: 1, ping: {from: r1, to: 10.0.0.1}}", "a step is 'pause' or 'ping', not both" },
		{ "{ping: {from: r1, to: 10.0.0.1}, within: 1s, never: 1s}", "a step is either 'within' or 'never'" },
		{ "{ping: {from: r1, to: 10.0.0.1}, within: 1s, of: nothing}", "no step before is called 'nothing'" },
		{ "{ping: {from: r1, to: 10.0.0.1}, within: 1y}", "'within' wants a time" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_diag_ struct diag d = { 0 };
		_cleanup_arena_ struct arena a = { 0 };
		_cleanup_(test_unloadp) struct test *t = load(&d, arena_printf(&a, "topology: x\nsteps: [%s]\n", cases[i][0]));

		assert_int_equal(d.n_errors, 1);
		assert_string_equal(d.entries[0].msg, cases[i][1]);
	}
}

static void test_nodes(void **state)
{
	static const char text[] = "topology: x\nsteps:\n  - link: [r1:e up, r9:e up]\n  - flows: {from: r1, to: 10.0.0.1, shares: {tor:e: 50%}}\n";
	_cleanup_diag_ struct diag d = { 0 };
	_cleanup_(test_unloadp) struct test *t = load(&d, text);
	const struct strv names = { (char *[]){ "r1", "tor0", NULL }, 2 };

	(void)state;
	assert_int_equal(d.n_errors, 0);
	test_check_nodes(t, &names, &d);
	assert_int_equal(d.n_errors, 2);
	assert_string_equal(d.entries[0].msg, "the topology has no node 'r9'");
	assert_string_equal(d.entries[1].msg, "the topology has no node 'tor'");
	assert_string_equal(d.entries[1].hint, "did you mean 'tor0'?");
}

static void test_values(void **state)
{
	static const struct {
		const char *want, *have;
		int r;
	} versions[] = {
		{ ">=6.1", "6.1.192-1", 1 }, { ">=6.1.193", "6.1.192-1", 0 }, { "<6.12", "6.9", 1 }, { "6.1", "6.1.5", 1 },
		{ ">6.1", "6.1.5", 0 },	     { "<= 8.4", "8.4.4", 1 },	      { ">8", "10", 1 },     { "new", "1", -EINVAL },
	};
	unsigned ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		assert_int_equal(test_version(versions[i].want, versions[i].have), versions[i].r);
	assert_int_equal(test_duration("1.5s", &ms), 0);
	assert_int_equal(ms, 1500);
	assert_int_equal(test_duration("-1s", &ms), -EINVAL);
	assert_int_equal(test_duration("1e9h", &ms), -EINVAL);
	assert_int_equal(test_duration("0x10", &ms), -EINVAL);
}

/* ---- JSON ---- */

static void test_jsoncmp(void **state)
{
	static const struct {
		const char *want, *got;
		bool exact;
		unsigned n;
		const char *why;
	} cases[] = {
		{ "{\"a\": 1}", "{\"a\": 1, \"b\": 2}", false, 0, "" },
		{ "{\"a\": 1}", "{\"a\": 1, \"b\": 2}", true, 1, "b: must not be there, is 2\n" },
		{ "{\"a\": {\"b\": \"x\"}}", "{\"a\": {\"b\": \"y\"}}", false, 1, "a.b: want \"x\", is \"y\"\n" },
		{ "{\"a\": null}", "{\"b\": 1}", false, 0, "" },
		{ "{\"a\": null}", "{\"a\": 1}", false, 1, "a: must not be there, is 1\n" },
		{ "{\"a\": \"*\"}", "{\"a\": [1]}", false, 0, "" },
		{ "{\"a\": \"*\"}", "{}", false, 1, "a: want \"*\", is not there\n" },
		{ "{\"a\": 1}", "{\"a\": 1.0}", false, 0, "" },
		{ "{\"a\": \"1\"}", "{\"a\": 1}", false, 1, "a: want \"1\", is 1\n" },
		{ "[2, 1]", "[1, 2, 3]", false, 0, "" },
		{ "[1, 1]", "[1, 2]", false, 1, "[]: want 1, is not there\n" },
		{ "[\"__ordered__\", 1, 2]", "[1, 2]", false, 0, "" },
		{ "[\"__ordered__\", 2, 1]", "[1, 2]", false, 2, "[0]: want 2, is 1\n[1]: want 1, is 2\n" },
		{ "[\"__ordered__\", 1]", "[1, 2]", false, 1, "[1]: must not be there, is 2\n" },
		{ "[1, 2]", "[2, 1]", true, 2, "[0]: want 1, is 2\n[1]: want 2, is 1\n" },
		/* a greedy match would give {a} to the first and leave nothing for the second */
		{ "[{\"a\": 1}, {\"a\": 1, \"b\": 2}]", "[{\"a\": 1, \"b\": 2}, {\"a\": 1}]", false, 0, "" },
		/* the nearest is told */
		{ "[{\"a\": 1, \"b\": 2}]", "[{\"a\": 5, \"b\": 5}, {\"a\": 1, \"b\": 3}]", false, 1,
		  "[1, the nearest to {\"a\":1,\"b\":2}].b: want 2, is 3\n" },
		{ "{\"a\": []}", "{\"a\": {}}", false, 1, "a: want [], is {}\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strbuf_ struct strbuf why = { 0 };
		json_t *want = json_loads(cases[i].want, JSON_DECODE_ANY, NULL), *got = json_loads(cases[i].got, JSON_DECODE_ANY, NULL);

		assert_int_equal(jsoncmp(want, got, cases[i].exact, &why), cases[i].n);
		assert_string_equal(strbuf_str(&why), cases[i].why);
		assert_int_equal(jsoncmp(want, got, cases[i].exact, NULL), cases[i].n);
		json_decref(want);
		json_decref(got);
	}
}

/* ---- reports ---- */

static struct point good[] = { { "set-up", RESULT_PASS, 80, "" }, { "two paths", RESULT_PASS, 3, "" } };
static struct point bad[] = { { "set-up", RESULT_PASS, 80, "" },
			      { "two paths", RESULT_FAIL, 1000, "leaf1: 1 < 2 & so on\nnot so after 1000 ms\n" },
			      { "later", RESULT_XFAIL, 5, "known\n" },
			      { "ping", RESULT_SKIP, 0, "not reached" } };
static struct attempt passes[] = { { good, 2, 2, RESULT_PASS, "", 90, 80, 7, NULL } };
static struct attempt fails[] = { { bad, 4, 4, RESULT_FAIL, "1 of its points failed", 1090, 80, 7, "/tmp/x" } };
static struct attempt flakes[] = { { bad, 4, 4, RESULT_FAIL, "1 of its points failed", 1090, 80, 7, "/tmp/x" },
				   { good, 2, 2, RESULT_PASS, "", 90, 80, 7, NULL } };
static struct attempt skips[] = { { NULL, 0, 0, RESULT_SKIP, "this machine has no netem (qdiscs)", 0, 0, 0, NULL } };
static const struct case_report reports[] = { { "ok", "ok.yaml", NULL, passes, 1 },
					      { "bad", "bad.yaml", NULL, fails, 1 },
					      { "flaky", "flaky.yaml", NULL, flakes, 2 },
					      { "skipped", "skipped.yaml", NULL, skips, 1 } };

static void whole(enum report_format f, struct strbuf *out)
{
	const struct report_head head = { .kernel = "6.1", .frr = "8.4", .version = "0", .seed = 1, .started = 2 };

	report_begin(f, ARRAY_SIZE(reports), out);
	for (size_t i = 0; i < ARRAY_SIZE(reports); i++)
		report_case(f, &reports[i], i + 1, out);
	report_end(f, &head, reports, ARRAY_SIZE(reports), out);
}

static void test_ktap(void **state)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };

	(void)state;
	whole(FORMAT_KTAP, &out);
	assert_string_equal(strbuf_str(&out), "KTAP version 1\n"
					      "1..4\n"
					      "  KTAP version 1\n"
					      "  # Subtest: ok\n"
					      "  1..2\n"
					      "  ok 1 set-up # time=80ms\n"
					      "  ok 2 two paths # time=3ms\n"
					      "  # set-up 80 ms, tear-down 7 ms\n"
					      "ok 1 ok # time=90ms\n"
					      "  KTAP version 1\n"
					      "  # Subtest: bad\n"
					      "  1..4\n"
					      "  ok 1 set-up # time=80ms\n"
					      "  # leaf1: 1 < 2 & so on\n"
					      "  # not so after 1000 ms\n"
					      "  not ok 2 two paths # time=1000ms\n"
					      "  # known\n"
					      "  ok 3 later # XFAIL time=5ms\n"
					      "  ok 4 ping # SKIP not reached\n"
					      "  # set-up 80 ms, tear-down 7 ms\n"
					      "# artefacts: /tmp/x\n"
					      "not ok 2 bad # time=1090ms\n"
					      "  KTAP version 1\n"
					      "  # Subtest: flaky\n"
					      "  1..2\n"
					      "  ok 1 set-up # time=80ms\n"
					      "  ok 2 two paths # time=3ms\n"
					      "  # set-up 80 ms, tear-down 7 ms\n"
					      "# flaky: passed at attempt 2\n"
					      "# attempt 1 failed: 1 of its points failed\n"
					      "ok 3 flaky # time=90ms\n"
					      "ok 4 skipped # SKIP this machine has no netem (qdiscs)\n"
					      "# Totals: pass:2 fail:1 xfail:0 skip:1 error:0\n");
}

static void test_tap13(void **state)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };

	(void)state;
	whole(FORMAT_TAP13, &out);
	assert_string_equal(strbuf_str(&out), "TAP version 13\n"
					      "ok 1 ok: set-up # time=80ms\n"
					      "ok 2 ok: two paths # time=3ms\n"
					      "ok 3 bad: set-up # time=80ms\n"
					      "# leaf1: 1 < 2 & so on\n"
					      "# not so after 1000 ms\n"
					      "not ok 4 bad: two paths # time=1000ms\n"
					      "# known\n"
					      "ok 5 bad: later # XFAIL time=5ms\n"
					      "ok 6 bad: ping # SKIP not reached\n"
					      "# artefacts: /tmp/x\n"
					      "# flaky: passed at attempt 2\n"
					      "# attempt 1 failed: 1 of its points failed\n"
					      "ok 7 flaky: set-up # time=80ms\n"
					      "ok 8 flaky: two paths # time=3ms\n"
					      "ok 9 skipped: all # SKIP this machine has no netem (qdiscs)\n"
					      "1..9\n"
					      "# Totals: pass:2 fail:1 xfail:0 skip:1 error:0\n");
}

static void test_junit(void **state)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };

	(void)state;
	whole(FORMAT_JUNIT, &out);
	assert_non_null(strstr(strbuf_str(&out), "<testsuite name=\"bad\" file=\"bad.yaml\" tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"2\" "
						 "time=\"1.090\">"));
	assert_non_null(strstr(strbuf_str(&out), "<failure message=\"leaf1: 1 &lt; 2 &amp; so on\">leaf1: 1 &lt; 2 &amp; so on&#10;not so after 1000 "
						 "ms&#10;</failure>"));
	assert_non_null(strstr(strbuf_str(&out), "<testcase classname=\"skipped\" name=\"all\" time=\"0.000\">\n      <skipped message=\"this machine "
						 "has no netem (qdiscs)\">"));
}

static void test_json(void **state)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	json_t *all, *tests;

	(void)state;
	whole(FORMAT_JSON, &out);
	all = json_loads(strbuf_str(&out), 0, NULL);
	tests = json_object_get(all, "tests");
	assert_int_equal(json_array_size(tests), 4);
	assert_true(json_is_true(json_object_get(json_array_get(tests, 2), "flaky")));
	assert_string_equal(json_string_value(json_object_get(json_array_get(tests, 1), "result")), "fail");
	json_decref(all);
}

static void test_status(void **state)
{
	struct attempt xfails[] = { { NULL, 0, 0, RESULT_XFAIL, "known", 0, 0, 0, NULL } };
	const struct case_report some[] = { reports[0], reports[3] }, expected[] = { reports[0], { "x", "x", NULL, xfails, 1 } };

	(void)state;
	assert_int_equal(report_status(reports, 4, false), 1);
	assert_int_equal(report_status(reports, 4, true), 1);
	assert_int_equal(report_status(reports, 1, false), 0);
	assert_int_equal(report_status(&reports[3], 1, false), 4);
	assert_int_equal(report_status(&reports[3], 1, true), 125);
	assert_int_equal(report_status(some, 2, false), 0);
	assert_int_equal(report_status(expected, 2, false), 2);
	assert_int_equal(report_status(expected, 2, true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),	  cmocka_unit_test(test_name_of_directory), cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_keys_together), cmocka_unit_test(test_nodes),	    cmocka_unit_test(test_values),
		cmocka_unit_test(test_jsoncmp),	  cmocka_unit_test(test_ktap),		    cmocka_unit_test(test_tap13),
		cmocka_unit_test(test_junit),	  cmocka_unit_test(test_json),		    cmocka_unit_test(test_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
