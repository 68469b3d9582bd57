// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_nl.c - conns against the real kernel: where they live, who may talk to them, what full buffers do
 */
#include "scratch.h"

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "kernel/link.h"

static struct nlconn *open_conn(void)
{
	struct nlconn *c = NULL;
	struct error e = { 0 };

	assert_ok(nlconn_open(NETLINK_ROUTE, &c, &e), &e);
	return c;
}

static ino_t netns_inode(void)
{
	struct stat st;

	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	return st.st_ino;
}

static size_t count_links(struct nlconn *c)
{
	_cleanup_free_ struct link_info *v = NULL;
	struct error e = { 0 };
	size_t n = 0;

	assert_ok(link_dump(c, &v, &n, &e), &e);
	return n;
}

static void test_stays_in_its_namespace(void **state)
{
	_cleanup_close_ int self = netns_self(), other = netns_fresh();
	const struct link_veth spec = { .a = { .netns_fd = -1, .ifname = "a" },
					.b = { .netns_fd = -1, .ifname = "b" } };
	_cleanup_nlconn_ struct nlconn *c = NULL, *here = open_conn();
	const ino_t before = netns_inode();
	struct error e = { 0 };

	(void)state;
	assert_ok(nlconn_open_in(NETLINK_ROUTE, other, self, &c, &e), &e);
	assert_true(netns_inode() == before);
	assert_true(fcntl(nlconn_fd(c), F_GETFD) & FD_CLOEXEC);
	assert_ok(link_create_veth(c, &spec, &e), &e);
	assert_int_equal(count_links(c), 3);
	assert_int_equal(count_links(here), 1);
}

static void test_open_in_nowhere(void **state)
{
	_cleanup_close_ int self = netns_self(), file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const ino_t before = netns_inode();
	struct nlconn *c = NULL;
	struct error e = { 0 };

	(void)state;
	assert_int_equal(nlconn_open_in(NETLINK_ROUTE, file, self, &c, &e), -EINVAL);
	assert_string_equal(e.msg, "enter network namespace: Invalid argument");
	assert_null(c);
	assert_true(netns_inode() == before);
	assert_true(nlconn_open(99, &c, &e) < 0);
	assert_non_null(strstr(e.msg, "netlink socket: "));
}

/* Another socket of this namespace sends an ack that says EPERM; it is not believed. */
static void test_does_not_believe_others(void **state)
{
	struct {
		struct nlmsghdr h;
		struct nlmsgerr err;
	} lie = {
		.h = { .nlmsg_len = sizeof(lie), .nlmsg_type = NLMSG_ERROR, .nlmsg_seq = 1 },
		.err = { .error = -EPERM },
	};
	struct sockaddr_nl to;
	socklen_t len = sizeof(to);
	_cleanup_nlconn_ struct nlconn *c = open_conn();
	_cleanup_close_ int liar = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct error e = { 0 };

	(void)state;
	assert_int_equal(getsockname(nlconn_fd(c), (struct sockaddr *)&to, &len), 0);
	assert_int_equal(sendto(liar, &lie, sizeof(lie), 0, (struct sockaddr *)&to, sizeof(to)), sizeof(lie));
	assert_ok(link_set_up(c, 1, &e), &e);
	assert_int_equal(count_links(c), 1);
}

/* So small a buffer that acks are lost: the outcome is unknown, and said to be. The conn is usable afterwards. */
static void test_lost_acks(void **state)
{
	_cleanup_nlconn_ struct nlconn *c = open_conn();
	const int tiny = 1;
	struct inprefix p;
	struct error e = { 0 };
	char s[32];

	(void)state;
	assert_int_equal(setsockopt(nlconn_fd(c), SOL_SOCKET, SO_RCVBUF, &tiny, sizeof(tiny)), 0);
	nlconn_batch(c, true);
	for (int i = 1; i <= NLCONN_BATCH_MAX; i++) {
		(void)snprintf(s, sizeof(s), "10.0.0.%d/32", i);
		assert_int_equal(inprefix_parse(s, &p), 0);
		assert_ok(addr_add(c, 1, &p, 0, &e), &e);
	}
	assert_int_equal(nlconn_flush(c, &e), -ENOBUFS);
	assert_non_null(strstr(e.msg, "add address 10.0.0.1/32"));
	assert_int_equal(nlconn_flush(c, &e), 0); /* nothing is queued any more */
	nlconn_batch(c, false);
	assert_ok(link_set_up(c, 1, &e), &e);
}

static void test_many_conns(void **state)
{
	struct nlconn *v[2000] = { 0 };
	struct error e = { 0 };
	int r = 0;
	size_t n;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(v) && r == 0; n++)
		r = nlconn_open(NETLINK_ROUTE, &v[n], &e);
	assert_true(r == 0 || r == -EMFILE);
	if (r == 0)
		assert_ok(link_set_up(v[1999], 1, &e), &e);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		(void)nlconn_close(v[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_stays_in_its_namespace, scratch_setup),
		cmocka_unit_test_setup(test_open_in_nowhere, scratch_setup),
		cmocka_unit_test_setup(test_does_not_believe_others, scratch_setup),
		cmocka_unit_test_setup(test_lost_acks, scratch_setup),
		cmocka_unit_test_setup(test_many_conns, scratch_setup),
	};

	if (!scratch_possible())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
