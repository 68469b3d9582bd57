// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_inaddr.c - addresses, prefixes and MAC addresses: text and arithmetic
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/inaddr.h"

static struct inprefix parse(const char *s)
{
	struct inprefix p;

	assert_int_equal(inprefix_parse(s, &p), 0);
	return p;
}

static void expect(struct inprefix p, const char *text)
{
	char buf[INPREFIX_STRLEN];

	assert_string_equal(inprefix_str(&p, buf), text);
}

static void texts(void **state)
{
	static const char *const bad[] = {
		"",
		"/",
		"10.0.0.1/",
		"10.0.0.1/33",
		"10.0.0.1/-1",
		"10.0.0.1/+1",
		"10.0.0.1/ 1",
		"10.0.0.1/1x",
		"10.0.0",
		"10.0.0.256",
		"2001:db8::1/129",
		":::",
		"x",
		"10.0.0.1/24/24",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc",
	};
	struct inprefix p = { .len = 7 };
	char buf[INPREFIX_STRLEN];

	(void)state;
	expect(parse("10.0.0.1/24"), "10.0.0.1/24");
	expect(parse("10.0.0.1"), "10.0.0.1/32");
	expect(parse("0.0.0.0/0"), "0.0.0.0/0");
	expect(parse("2001:DB8:0::1/64"), "2001:db8::1/64");
	expect(parse("::"), "::/128");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(inprefix_parse(bad[i], &p), -EINVAL);
	assert_int_equal(p.len, 7);
	p = (struct inprefix){ 0 };
	assert_string_equal(inprefix_str(&p, buf), "");
}

static void networks(void **state)
{
	struct inprefix a = parse("10.1.2.3/20"), b = parse("2001:db8::ffff/126"), c = parse("10.1.15.255");
	struct inprefix d = parse("10.1.16.0"), all = parse("0.0.0.0/0");

	(void)state;
	expect(inprefix_network(&a), "10.1.0.0/20");
	expect(inprefix_network(&b), "2001:db8::fffc/126");
	expect(inprefix_network(&all), "0.0.0.0/0");
	assert_true(inprefix_contains(&a, &c));
	assert_false(inprefix_contains(&a, &d));
	assert_false(inprefix_contains(&a, &b));
	assert_true(inprefix_contains(&all, &d));
	assert_true(inprefix_overlap(&a, &all));
	assert_true(inprefix_overlap(&all, &a));
	assert_false(inprefix_overlap(&a, &d));
	assert_true(inprefix_same_addr(&a, &(struct inprefix){ AF_INET, 8, { 10, 1, 2, 3 } }));
}

static void hosts(void **state)
{
	struct inprefix a = parse("10.0.0.77/16"), b = parse("2001:db8::/64"), c = parse("255.255.255.0/24");
	struct inprefix d = parse("172.20.0.0/15"), e = parse("3fff:172:20:20::/63");

	(void)state;
	expect(inprefix_host(&a, 0), "10.0.0.0/16");
	expect(inprefix_host(&a, 300), "10.0.1.44/16");
	expect(inprefix_host(&b, 0xffffffffffULL), "2001:db8::ff:ffff:ffff/64");
	expect(inprefix_next_net(&a), "10.1.0.0/16");
	expect(inprefix_next_net(&b), "2001:db8:0:1::/64");
	expect(inprefix_next_net(&c), "0.0.0.0/24"); /* behind the last there is the first */
	expect(inprefix_next_net(&d), "172.22.0.0/15");
	expect(inprefix_next_net(&e), "3fff:172:20:22::/63");
}

static void macs(void **state)
{
	static const char *const bad[] = {
		"",
		"aa:c1:ab:00:00",
		"aa:c1:ab:00:00:01:02",
		"aa:c1:ab:00:00:1g",
		"01:00:00:00:00:00",
		"00:00:00:00:00:00",
		"ff:ff:ff:ff:ff:ff",
		"aac1:ab:00:00:01",
		"aa-c1-ab-00-00-01",
		"aa:c1:ab:00:00:001",
		"-1:c1:ab:00:00:01",
		"0x:c1:ab:00:00:01",
	};
	struct macaddr m;

	(void)state;
	assert_int_equal(macaddr_parse("aa:C1:ab:0:00:01", &m), 0);
	assert_memory_equal(m.b, "\xaa\xc1\xab\x00\x00\x01", 6);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (macaddr_parse(bad[i], &m) != -EINVAL)
			fail_msg("'%s' was taken", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(networks),
		cmocka_unit_test(hosts),
		cmocka_unit_test(macs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
