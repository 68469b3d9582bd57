// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_qdisc.c - impairments set and seen again, and packets that are redirected, in namespaces of the test's own
 */
#include "scratch.h"

#include <linux/netlink.h>
#include <math.h>
#include <unistd.h>

#include "kernel/link.h"
#include "kernel/qdisc.h"

/* A veth pair "a" (index 11) and "b" (12), both up. */
static struct nlconn *pair_conn(void)
{
	const struct link_veth spec = { .a = { .netns_fd = -1, .ifname = "a", .ifindex = 11, .mtu = 9500 },
					.b = { .netns_fd = -1, .ifname = "b", .ifindex = 12, .mtu = 9500 } };
	struct nlconn *c = NULL;
	struct error e = { 0 };

	assert_ok(nlconn_open(NETLINK_ROUTE, &c, &e), &e);
	assert_ok(link_create_veth(c, &spec, &e), &e);
	assert_ok(link_set_up(c, 11, &e), &e);
	assert_ok(link_set_up(c, 12, &e), &e);
	return c;
}

/* The root qdisc of an interface. */
static struct qdisc_info queue_of(struct nlconn *c, int ifindex)
{
	_cleanup_free_ struct qdisc_info *v = NULL;
	struct error e = { 0 };
	size_t n = 0;

	assert_ok(qdisc_dump(c, &v, &n, &e), &e);
	for (size_t i = 0; i < n; i++)
		if (v[i].ifindex == ifindex)
			return v[i];
	fail_msg("interface %d has no queue", ifindex);
	return (struct qdisc_info){ 0 };
}

static void test_rate(void **state)
{
	_cleanup_nlconn_ struct nlconn *c = pair_conn();
	const uint64_t rates[] = { 64, 100000, 100000000 /* beyond 32 bits of bytes a second */ };
	struct error e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		assert_ok(qdisc_impair(c, 11, 9500, &(struct impair){ .rate_kbit = rates[i] }, &e), &e);
		assert_string_equal(queue_of(c, 11).kind, "tbf");
		assert_int_equal(queue_of(c, 11).impair.rate_kbit, rates[i]);
	}
	assert_string_equal(queue_of(c, 12).kind, "noqueue");
	assert_ok(qdisc_impair(c, 11, 9500, &(struct impair){ 0 }, &e), &e);
	assert_string_equal(queue_of(c, 11).kind, "noqueue");
	/* A reset of what is not impaired does nothing. */
	assert_ok(qdisc_impair(c, 11, 9500, &(struct impair){ 0 }, &e), &e);
}

static void test_netem(void **state)
{
	_cleanup_nlconn_ struct nlconn *c = pair_conn();
	const struct impair im = {
		.delay_us = 10000000, .jitter_us = 2500, .loss = 1, .corruption = 0.5, .rate_kbit = 100000000
	};
	const struct impair rate = { .rate_kbit = 5000 };
	struct error e = { 0 };
	struct qdisc_info q;
	int r;

	(void)state;
	assert_ok(qdisc_impair(c, 11, 9500, &rate, &e), &e);
	r = qdisc_impair(c, 11, 9500, &im, &e);
	if (r == -ENOENT) { /* what was set before is still there */
		assert_int_equal(queue_of(c, 11).impair.rate_kbit, 5000);
		assert_string_equal(
			e.msg,
			"this kernel has no netem, which delay, jitter, loss and corruption need (see netemu probe)");
		print_message("SKIP: this kernel has no netem\n");
		c = nlconn_close(c); /* skip() does not return */
		skip();
	}
	assert_ok(r, &e);
	q = queue_of(c, 11);
	assert_string_equal(q.kind, "netem");
	assert_int_equal(q.impair.delay_us, im.delay_us);
	assert_int_equal(q.impair.jitter_us, im.jitter_us);
	assert_int_equal(q.impair.rate_kbit, im.rate_kbit);
	assert_true(fabs(q.impair.loss - im.loss) < 1e-6 && fabs(q.impair.corruption - im.corruption) < 1e-6);
	/* Set replaces all values. */
	assert_ok(qdisc_impair(c, 11, 9500, &(struct impair){ .loss = 100 }, &e), &e);
	q = queue_of(c, 11);
	assert_true(q.impair.loss > 99.9 && !q.impair.delay_us && !q.impair.rate_kbit && q.impair.corruption <= 0);
	assert_ok(qdisc_impair(c, 11, 9500, &rate, &e), &e);
	assert_string_equal(queue_of(c, 11).kind, "tbf");
}

/* What a kernel with netem answers to `tc qdisc add dev lo root netem delay 10s 2.5ms loss 1% corrupt 0.5% rate 100gbit`. */
static void test_netem_answer(void **state)
{
	static const uint8_t answer[] = {
		/* nlmsghdr; tcmsg: lo, handle 1:, root */
		140, 0, 0, 0, 36, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /**/
		0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0,
		/* TCA_KIND */
		10, 0, 1, 0, 'n', 'e', 't', 'e', 'm', 0, 0, 0,
		/* TCA_OPTIONS: tc_netem_qopt, then LATENCY64, JITTER64, CORRUPT, RATE64, RATE */
		92, 0, 2, 0, 0x90, 0x2f, 0x50, 0x09, 0x10, 0x27, 0, 0, 0x29, 0x5c, 0x8f, 0x02, 0, 0, 0, 0, 0, 0, 0, 0,
		0x96, 0x98, 0, 0, 12, 0, 10, 0, 0x00, 0xe4, 0x0b, 0x54, 0x02, 0, 0, 0, 12, 0, 11, 0, 0xa0, 0x25, 0x26,
		0, 0, 0, 0, 0, 12, 0, 4, 0, 0x14, 0xae, 0x47, 0x01, 0, 0, 0, 0, 12, 0, 8, 0, 0x00, 0xdd, 0x0e, 0xe9,
		0x02, 0, 0, 0, 16, 0, 6, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0
	};
	struct nlmsghdr *nlh = test_malloc(sizeof(answer));
	struct qdisc_info q;

	(void)state;
	memcpy(nlh, answer, sizeof(answer));
	assert_int_equal(nlh->nlmsg_len, sizeof(answer));
	assert_int_equal(qdisc_parse(nlh, &q), 1);
	assert_int_equal(q.ifindex, 1);
	assert_string_equal(q.kind, "netem");
	assert_int_equal(q.impair.delay_us, 10000000);
	assert_int_equal(q.impair.jitter_us, 2500);
	assert_int_equal(q.impair.rate_kbit, 100000000);
	assert_true(fabs(q.impair.loss - 1) < 1e-6 && fabs(q.impair.corruption - 0.5) < 1e-6);
	/* Cut short anywhere, it is refused or holds less; nothing behind its end is read. */
	for (uint32_t len = NLMSG_HDRLEN; len < sizeof(answer); len++) {
		struct nlmsghdr *cut = test_malloc(len);

		memcpy(cut, answer, len);
		cut->nlmsg_len = len;
		assert_true(qdisc_parse(cut, &q) <= 1);
		test_free(cut);
	}
	test_free(nlh);
}

/* What is not ours stays. */
static void test_foreign_queue(void **state)
{
	_cleanup_nlconn_ struct nlconn *c = pair_conn();
	struct error e = { 0 };

	(void)state;
	if (shell("tc qdisc add dev a root pfifo limit 7") != 0) {
		print_message("SKIP: needs tc and pfifo\n");
		skip();
	}
	assert_ok(qdisc_impair(c, 11, 9500, &(struct impair){ 0 }, &e), &e);
	assert_string_equal(queue_of(c, 11).kind, "pfifo");
}

/*
 *	a ---- b    c ---- d      what enters b leaves by c, what enters c leaves by b: a and d are neighbors
 */
static void test_redirect(void **state)
{
	const struct link_veth spec = { .a = { .netns_fd = -1, .ifname = "c", .ifindex = 13 },
					.b = { .ifname = "d", .ifindex = 14 } };
	_cleanup_close_ int there = netns_fresh(), here = netns_self();
	_cleanup_nlconn_ struct nlconn *c = pair_conn();
	struct link_veth cd = spec;
	struct error e = { 0 };

	(void)state;
	cd.b.netns_fd = there;
	assert_ok(link_create_veth(c, &cd, &e), &e);
	assert_ok(link_set_up(c, 13, &e), &e);
	assert_ok(qdisc_redirect(c, 12, 13, &e), &e);
	assert_ok(qdisc_redirect(c, 13, 12, &e), &e);
	netns_enter(there);
	assert_int_equal(shell("ip link set dev d up && ip addr add 192.0.2.2/24 dev d"), 0);
	netns_enter(here);
	assert_int_equal(shell("ip addr add 192.0.2.1/24 dev a"), 0);
	assert_int_equal(shell("ping -c1 -W2 192.0.2.2"), 0);
	/* Twice is once too often. */
	assert_int_equal(qdisc_redirect(c, 12, 13, &e), -EEXIST);
	assert_ok(qdisc_unredirect(c, 12, &e), &e);
	assert_ok(qdisc_unredirect(c, 12, &e), &e);
	assert_int_not_equal(shell("ping -c1 -W1 192.0.2.2"), 0);
	assert_ok(qdisc_redirect(c, 12, 13, &e), &e);
}

#define TEST(f) cmocka_unit_test_setup(f, scratch_setup)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_rate), TEST(test_netem), TEST(test_netem_answer),
					    TEST(test_foreign_queue), TEST(test_redirect) };

	if (!scratch_possible())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
