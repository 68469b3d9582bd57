// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_kubelet_pure.c - the parts of the kubelet that are only arithmetic: expansion, quantities, back-off, addresses
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cluster/jsonutil.h"
#include "kubelet/backoff.h"
#include "kubelet/expand.h"
#include "kubelet/ipam.h"

static void variables_are_expanded(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "$(A)", "1" },      { "x$(A)y$(B)z", "x1y2z" },
		{ "$$(A)", "$(A)" },  { "$(NONE)", "$(NONE)" },
		{ "$(A", "$(A" },     { "$A", "$A" },
		{ "$", "$" },         { "", "" },
		{ "$$$(A)", "$1" },   { "100%$", "100%$" },
		{ "$(A)$(A)", "11" }, { "$()", "$()" },
		{ "$(L)", "last" },
	};
	json_t *env = json_pack("[s, s, s, s, s]", "A=1", "B=2", "L=first", "L=last", "AA=3");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *got = expand(cases[i].in, env);

		assert_string_equal(got, cases[i].out);
	}
	assert_null(env_value(env, "C"));
	json_decref(env);
}

static void argv_is(const char *spec, const char *want)
{
	json_t *c = json_loads(spec, 0, NULL), *w = json_loads(want, 0, NULL), *env = json_pack("[s]", "X=1");
	json_t *got = container_argv(c, env);

	assert_non_null(c);
	assert_true(json_equal(got, w));
	json_decref(c);
	json_decref(w);
	json_decref(env);
	json_decref(got);
}

static void commands_and_arguments(void **state)
{
	(void)state;
	argv_is("{\"command\": [\"a\"], \"args\": [\"-x\", \"$(X)\"]}", "[\"a\", \"-x\", \"1\"]");
	argv_is("{\"args\": [\"b\"]}", "[\"b\"]");
	argv_is("{\"stdin\": true}", "[\"sh\"]");
	argv_is("{\"stdin\": true, \"args\": [\"c\"]}", "[\"c\"]");
	argv_is("{}", "[]");
}

static void quantities(void **state)
{
	(void)state;
	assert_int_equal(quantity_value("250m", "1"), 1);
	assert_int_equal(quantity_value("250m", "1m"), 250);
	assert_int_equal(quantity_value("2", "1m"), 2000);
	assert_int_equal(quantity_value("64Mi", "1Mi"), 64);
	assert_int_equal(quantity_value("1.5Gi", "1Mi"), 1536);
	assert_int_equal(quantity_value("128974848", ""), 128974848);
	assert_int_equal(quantity_value("1e3", "1"), 1000);
	assert_int_equal(quantity_value("1Ki", "0"), 1024);
	assert_int_equal(quantity_value("", "1"), -1);
	assert_int_equal(quantity_value("-1", "1"), -1);
	assert_int_equal(quantity_value("5Xi", "1"), -1);
}

/* As a container that ends at once is restarted: at once, then after 10 s, 20 s, ... */
static void backoff_doubles(void **state)
{
	static const int waits[] = { 0, 10, 20, 40, 80, 160, 300, 300 };
	struct backoff b = { 0 };
	int64_t now = 1000000;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		assert_int_equal(backoff_left(&b, now, now), waits[i]);
		assert_int_equal(backoff_left(&b, now, now + waits[i] - 1 + (waits[i] == 0)), waits[i] ? 1 : 0);
		now += waits[i];
		assert_int_equal(backoff_left(&b, now - waits[i], now), 0);
		backoff_next(&b, now - waits[i], now);
	}
	/* It ran for more than ten minutes: as if it had never failed. */
	assert_int_equal(backoff_left(&b, now + 601, now + 601), 0);
	backoff_next(&b, now + 601, now + 601);
	assert_int_equal(b.seconds, 10);
	/* The clock was set back. */
	assert_int_equal(backoff_left(&b, now + 601, now), 10);
}

static void durations(void **state)
{
	char buf[GO_DURATION_LEN];

	(void)state;
	assert_string_equal(go_duration(10, buf), "10s");
	assert_string_equal(go_duration(80, buf), "1m20s");
	assert_string_equal(go_duration(300, buf), "5m0s");
	assert_string_equal(go_duration(3600, buf), "1h0m0s");
	assert_string_equal(go_duration(0, buf), "0s");
}

static struct inprefix prefix(const char *text)
{
	struct inprefix p;

	assert_int_equal(inprefix_parse(text, &p), 0);
	return p;
}

static void addresses_run_out(void **state)
{
	const struct inprefix cidr = prefix("10.1.2.0/29");
	struct inprefix seen[8], a;
	struct error e = { 0 };
	struct ipam ipam;

	(void)state;
	for (int order = IPAM_RANDOM; order <= IPAM_LOWEST; order++) {
		ipam_init(&ipam, &cidr, (enum ipam_order)order);
		for (int i = 0; i < 6; i++) { /* all but the network and the broadcast address */
			assert_int_equal(ipam_new(&ipam, &seen[i], &e), 0);
			assert_int_equal(seen[i].len, 32);
			assert_in_range(seen[i].addr[3], 1, 6);
			for (int j = 0; j < i; j++)
				assert_false(inprefix_same_addr(&seen[i], &seen[j]));
		}
		assert_int_equal(ipam_new(&ipam, &a, &e), -ENOSPC);
		assert_string_equal(e.msg, "range is full: no address left in 10.1.2.0/29");
		ipam_release(&ipam, &seen[3]);
		assert_int_equal(ipam_new(&ipam, &a, &e), 0);
		assert_true(inprefix_same_addr(&a, &seen[3]));
		ipam_done(&ipam);
	}
}

static void addresses_in_order_and_pinned(void **state)
{
	const struct inprefix cidr = prefix("10.244.1.0/24"), gw = prefix("10.244.1.1"), two = prefix("10.244.1.3"),
			      out = prefix("10.244.2.3"), net = prefix("10.244.1.0"), last = prefix("10.244.1.255");
	struct error e = { 0 };
	struct inprefix a;
	struct ipam ipam;

	(void)state;
	ipam_init(&ipam, &cidr, IPAM_LOWEST);
	assert_int_equal(ipam_take(&ipam, &gw), 0);
	assert_int_equal(ipam_take(&ipam, &gw), -EEXIST);
	assert_int_equal(ipam_take(&ipam, &two), 0);
	assert_int_equal(ipam_take(&ipam, &out), -EINVAL);
	assert_false(ipam_is_free(&ipam, &net));
	assert_false(ipam_is_free(&ipam, &last));
	assert_int_equal(ipam_new(&ipam, &a, &e), 0);
	assert_int_equal(a.addr[3], 2);
	assert_int_equal(ipam_new(&ipam, &a, &e), 0);
	assert_int_equal(a.addr[3], 4);
	ipam_done(&ipam);
}

static void the_router_is_the_same_each_time(void **state)
{
	const struct inprefix cidr = prefix("fd00:10:1:2::/64");
	struct inprefix a, b, c;
	struct ipam ipam;

	(void)state;
	ipam_init(&ipam, &cidr, IPAM_RANDOM);
	assert_int_equal(ipam_pick(&ipam, "worker", &a), 0);
	assert_int_equal(ipam_pick(&ipam, "worker", &b), 0);
	assert_int_equal(ipam_pick(&ipam, "worker2", &c), 0);
	assert_true(inprefix_same_addr(&a, &b));
	assert_false(inprefix_same_addr(&a, &c));
	assert_true(inprefix_contains(&cidr, &a));
	assert_int_equal(a.len, 128);
	ipam_done(&ipam);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_are_expanded),
		cmocka_unit_test(commands_and_arguments),
		cmocka_unit_test(quantities),
		cmocka_unit_test(backoff_doubles),
		cmocka_unit_test(durations),
		cmocka_unit_test(addresses_run_out),
		cmocka_unit_test(addresses_in_order_and_pinned),
		cmocka_unit_test(the_router_is_the_same_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
