// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_hostinfo.c - what is taken and what is there, in a namespace whose contents the test knows; and that
 * looking leaves nothing
 */
#include "scratch.h"

#include <linux/netlink.h>

#include "kernel/hostinfo.h"

static struct nlconn *open_conn(void)
{
	struct nlconn *c = NULL;
	struct error e = { 0 };

	assert_ok(nlconn_open(NETLINK_ROUTE, &c, &e), &e);
	return c;
}

static struct inprefix prefix(const char *s)
{
	struct inprefix p;

	assert_int_equal(inprefix_parse(s, &p), 0);
	return p;
}

static void test_taken_prefixes(void **state)
{
	static const char *const expected[] = { "10.1.0.1/24", "2001:db8::1/64", "10.9.0.0/16" };
	const struct inprefix a4 = prefix("10.1.0.1/24"), a6 = prefix("2001:db8::1/64"), gw = prefix("10.1.0.2");
	const struct inprefix dst = prefix("10.9.0.0/16"), inside = prefix("10.9.3.0/24");
	const struct link_end end = { .netns_fd = -1, .ifname = "br7", .ifindex = 7 };
	_cleanup_nlconn_ struct nlconn *c = open_conn();
	_cleanup_free_ struct taken_prefix *v = NULL;
	struct error e = { 0 };
	char buf[INPREFIX_STRLEN];
	size_t n = 99;

	(void)state;
	assert_ok(hostinfo_taken_prefixes(&v, &n, &e), &e);
	assert_int_equal(n, 0);
	assert_null(v);
	assert_ok(link_set_up(c, 1, &e), &e);
	assert_ok(link_create_kind(c, "bridge", &end, &e), &e);
	assert_ok(link_set_up(c, 7, &e), &e);
	assert_ok(addr_add(c, 7, &a4, 0, &e), &e);
	assert_ok(addr_add(c, 7, &a6, 0, &e), &e);
	assert_ok(route_add(c, NULL, &gw, 0, &e), &e);
	assert_ok(route_add(c, &dst, &gw, 0, &e), &e);
	assert_ok(route_add(c, &inside, &gw, 0, &e), &e);
	assert_ok(hostinfo_taken_prefixes(&v, &n, &e), &e);
	assert_true(n == 3 || n == 4); /* the order of routes is the kernel's: 10.9.3.0/24 may come first */
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		bool found = false;

		for (size_t k = 0; k < n; k++)
			found |= strcmp(inprefix_str(&v[k].prefix, buf), expected[i]) == 0 &&
				 strcmp(v[k].ifname, "br7") == 0;
		assert_true(found);
	}
}

static void test_links(void **state)
{
	const struct link_bridge br = { .ifname = "br9" };
	_cleanup_nlconn_ struct nlconn *c = open_conn();
	_cleanup_free_ struct link_info *v = NULL, *w = NULL;
	struct error e = { 0 };
	size_t n = 99;

	(void)state;
	assert_ok(hostinfo_links(&v, &n, &e), &e);
	assert_int_equal(n, 1); /* lo */
	assert_ok(link_create_bridge(c, &br, &e), &e);
	assert_ok(hostinfo_links(&w, &n, &e), &e);
	assert_int_equal(n, 2);
	assert_string_equal(w[1].ifname, "br9");
	assert_string_equal(w[1].kind, "bridge");
}

static void test_kinds(void **state)
{
	(void)state;
	assert_true(hostinfo_has_kind("veth", true));
	assert_true(hostinfo_has_kind("veth", false));
	assert_false(hostinfo_has_kind("no-such-kind", true));
	assert_false(hostinfo_has_kind("no-such-kind", false));
	assert_false(hostinfo_has_qdisc("no-such-qdisc"));
	assert_true(hostinfo_has_qdisc("pfifo"));
}

static const struct probe_item *item_of(const struct probe_report *r, const char *group, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->items[i].group, group) == 0 && strcmp(r->items[i].name, name) == 0)
			return &r->items[i];
	fail_msg("no item %s %s", group, name);
	return NULL;
}

/* What the probe says of a kind is what an attempt says. */
static void test_kinds_agree(void **state)
{
	static const char *const kinds[] = { "bridge", "dummy", "ifb" };
	_cleanup_probe_report_ struct probe_report r = { 0 };
	_cleanup_nlconn_ struct nlconn *c = open_conn();
	struct error e = { 0 };

	(void)state;
	assert_ok(hostinfo_probe(&r, &e), &e);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct link_end end = { .netns_fd = -1, .ifname = kinds[i] };
		int made = link_create_kind(c, kinds[i], &end, &e);

		assert_int_equal(made == 0, item_of(&r, "links", kinds[i])->state == PROBE_YES);
	}
	assert_int_equal(item_of(&r, "links", "veth")->state, PROBE_YES);
	assert_int_equal(item_of(&r, "namespaces", "net")->state, PROBE_YES);
	assert_int_equal(item_of(&r, "network", "ipv4-forwarding")->state, PROBE_NO);
}

static void test_report_is_complete(void **state)
{
	_cleanup_probe_report_ struct probe_report r = { 0 };
	struct error e = { 0 };

	(void)state;
	assert_ok(hostinfo_probe(&r, &e), &e);
	assert_true(r.n > 40);
	for (size_t i = 0; i < r.n; i++) {
		assert_true(r.items[i].group && r.items[i].name && r.items[i].remedy[0]);
		assert_true(r.items[i].state < _PROBE_STATE_MAX);
		assert_non_null(memchr(r.items[i].detail, '\0', sizeof(r.items[i].detail)));
	}
	assert_string_equal(probe_state_name(PROBE_PARTLY), "partly");
}

static size_t count(const char *cmd)
{
	FILE *p = popen(cmd, "re");
	unsigned long n = 0;

	assert_non_null(p);
	assert_int_equal(fscanf(p, "%lu", &n), 1);
	(void)pclose(p);
	return n;
}

/* No links, mounts, tables, descriptors or children remain. */
static void test_leaves_nothing(void **state)
{
	static const char *const counts[] = { "wc -l </proc/self/mountinfo", "wc -l </proc/net/dev" };
	struct probe_report r = { 0 };
	size_t before[ARRAY_SIZE(counts)];
	struct error e = { 0 };
	int fd, after;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		before[i] = count(counts[i]);
	fd = dup(0);
	(void)close(fd);
	assert_ok(hostinfo_probe(&r, &e), &e);
	probe_report_done(&r);
	after = dup(0);
	(void)close(after);
	assert_int_equal(after, fd);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		assert_int_equal(count(counts[i]), before[i]);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_taken_prefixes, scratch_setup),
		cmocka_unit_test_setup(test_links, scratch_setup),
		cmocka_unit_test_setup(test_kinds, scratch_setup),
		cmocka_unit_test_setup(test_kinds_agree, scratch_setup),
		cmocka_unit_test_setup(test_report_is_complete, scratch_setup),
		cmocka_unit_test_setup(test_leaves_nothing, scratch_setup),
	};

	if (!scratch_possible())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
