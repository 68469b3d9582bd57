// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_nft.c - the masquerading table: what `nft` sees of it, that it works, and that it goes with its socket
 */
#include "scratch.h"

#include <signal.h>
#include <linux/netlink.h>

#include "kernel/link.h"
#include "kernel/nft.h"
#include "kernel/sysctl.h"

/* 0: this kernel has what is needed. Else the test program skips. */
static int supported(void)
{
	struct error e = { 0 };
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWNET) < 0 || nft_owner_supported(&e) < 0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

static bool have_nft(void)
{
	return shell("nft --version") == 0;
}

static struct nft_table *open_table(void)
{
	struct nft_table *t = NULL;
	struct inprefix nets[2];
	struct error e = { 0 };

	assert_int_equal(inprefix_parse("172.20.20.1/24", &nets[0]), 0);
	assert_int_equal(inprefix_parse("3fff:172:20:20::1/64", &nets[1]), 0);
	assert_ok(nft_masquerade_open("lab1", nets, 2, "clab0", &t, &e), &e);
	return t;
}

static void test_ruleset(void **state)
{
	_cleanup_nft_table_ struct nft_table *t = open_table();

	(void)state;
	if (!have_nft())
		skip();
	assert_int_equal(shell("nft list table inet netemu-lab1"), 0);
	assert_int_equal(shell("nft list ruleset | grep -q "
			       "'ip saddr 172.20.20.0/24 oifname != \"clab0\" masquerade'"),
			 0);
	assert_int_equal(shell("nft list ruleset | grep -q "
			       "'ip6 saddr 3fff:172:20:20::/64 oifname != \"clab0\" masquerade'"),
			 0);
	assert_int_equal(shell("nft list ruleset | grep -q "
			       "'type nat hook postrouting priority srcnat; policy accept;'"),
			 0);
	assert_int_not_equal(shell("nft delete table inet netemu-lab1"), 0); /* it has an owner */
}

static void test_table_goes_with_its_socket(void **state)
{
	_cleanup_free_ struct nft_chain_info *v = NULL;
	struct nft_table *t = open_table();
	struct error e = { 0 };
	size_t n = 99;

	(void)state;
	assert_ok(nft_chain_dump(&v, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_string_equal(v[0].table, "netemu-lab1");
	assert_int_equal(v[0].hook, 4); /* NF_INET_POST_ROUTING */
	assert_false(v[0].drops);
	assert_null(nft_table_close(t));
	free(v);
	v = NULL;
	assert_ok(nft_chain_dump(&v, &n, &e), &e);
	assert_int_equal(n, 0);
}

/* The process that owns the table dies without a word. */
static void test_table_goes_with_its_process(void **state)
{
	_cleanup_free_ struct nft_chain_info *v = NULL;
	struct error e = { 0 };
	size_t n = 99;
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		(void)open_table();
		(void)raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_ok(nft_chain_dump(&v, &n, &e), &e);
	assert_int_equal(n, 0);
}

static void test_second_of_the_same_name(void **state)
{
	_cleanup_nft_table_ struct nft_table *t = open_table();
	struct nft_table *t2 = NULL;
	struct inprefix net;
	struct error e = { 0 };
	int r;

	(void)state;
	assert_int_equal(inprefix_parse("10.0.0.0/8", &net), 0);
	r = nft_masquerade_open("lab1", &net, 1, NULL, &t2, &e);
	assert_true(r == -EPERM || r == -EEXIST);
	assert_non_null(strstr(e.msg, "netemu-lab1"));
	assert_null(t2);
	assert_ok(nft_masquerade_open("lab2", &net, 1, NULL, &t2, &e), &e);
	(void)nft_table_close(t2);
	assert_int_equal(nft_masquerade_open("lab3", &net, 0, NULL, &t2, &e), -EINVAL);
	assert_int_equal(nft_masquerade_open("lab3", &net, 1, "sixteen-bytes-xx", &t2, &e), -EINVAL);
}

/* One without an owner outlives its maker, and is replaced in one go. */
static void test_put_and_drop(void **state)
{
	struct inprefix src[2], to[3];
	struct nft_masquerade spec = {
		.table = "netemu-cni", .src = src, .n_src = 2, .not_dst = to, .n_not_dst = 3, .not_oif = "cilium_"
	};
	struct error e = { 0 };

	(void)state;
	if (!have_nft())
		skip();
	assert_int_equal(inprefix_parse("10.1.2.0/24", &src[0]), 0);
	assert_int_equal(inprefix_parse("fd00:1::/64", &src[1]), 0);
	assert_int_equal(inprefix_parse("10.0.0.0/8", &to[0]), 0);
	assert_int_equal(inprefix_parse("172.16.0.0/12", &to[1]), 0);
	assert_int_equal(inprefix_parse("fd00::/16", &to[2]), 0);
	assert_ok(nft_table_drop("netemu-cni", &e), &e); /* there is none: no error */
	assert_ok(nft_masquerade_put(&spec, &e), &e);
	assert_ok(nft_masquerade_put(&spec, &e), &e);
	assert_int_equal(shell("nft list ruleset | grep -q 'ip saddr 10.1.2.0/24 ip daddr != 10.0.0.0/8 ip daddr != "
			       "172.16.0.0/12 "
			       "oifname != \"cilium_\\*\" masquerade'"),
			 0);
	assert_int_equal(shell("nft list ruleset | grep -q 'ip6 saddr fd00:1::/64 ip6 daddr != fd00::/16 "
			       "oifname != \"cilium_\\*\" masquerade'"),
			 0);
	assert_int_equal(shell("test $(nft list ruleset | grep -c masquerade) = 2"), 0);
	assert_ok(nft_table_drop("netemu-cni", &e), &e);
	assert_int_equal(shell("test -z \"$(nft list ruleset)\""), 0);
}

/* A drop policy in the forward chain of another's table is seen. */
static void test_sees_forward_drop(void **state)
{
	_cleanup_free_ struct nft_chain_info *v = NULL;
	struct error e = { 0 };
	size_t n = 0;

	(void)state;
	if (!have_nft())
		skip();
	assert_int_equal(shell("nft add table ip filter && nft 'add chain ip filter FORWARD "
			       "{ type filter hook forward priority 0; policy drop; }' && nft add chain ip filter x"),
			 0);
	assert_ok(nft_chain_dump(&v, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_string_equal(v[0].name, "FORWARD");
	assert_int_equal(v[0].hook, 2); /* NF_INET_FORWARD */
	assert_true(v[0].drops);
}

static void add(struct nlconn *c, int ifindex, const char *addr)
{
	struct inprefix p;
	struct error e = { 0 };

	assert_int_equal(inprefix_parse(addr, &p), 0);
	assert_ok(addr_add(c, ifindex, &p, 0, &e), &e);
	assert_ok(link_set_up(c, ifindex, &e), &e);
}

static struct nlconn *conn_in(int netns)
{
	_cleanup_close_ int self = netns_self();
	struct nlconn *c = NULL;
	struct error e = { 0 };

	assert_ok(nlconn_open_in(NETLINK_ROUTE, netns, self, &c, &e), &e);
	return c;
}

/*
 *	node                     router (this namespace)                    outside
 *	eth0 172.20.20.2 ------- in 172.20.20.1   out 192.0.2.1 ----------- eth0 192.0.2.2
 *	                         masquerade                                  (no route to 172.20.20.0/24)
 */
static void test_masquerades(void **state)
{
	_cleanup_close_ int node = netns_fresh(), outside = netns_fresh(), self = netns_self(), procfd = -EBADF;
	_cleanup_nlconn_ struct nlconn *cn = conn_in(node), *co = conn_in(outside), *c = conn_in(self);
	const struct link_veth in = { .a = { .netns_fd = -1, .ifname = "in", .ifindex = 10 },
				      .b = { .netns_fd = node, .ifname = "eth0", .ifindex = 10 } };
	const struct link_veth out = { .a = { .netns_fd = -1, .ifname = "out", .ifindex = 11 },
				       .b = { .netns_fd = outside, .ifname = "eth0", .ifindex = 11 } };
	struct nft_table *t = NULL;
	struct error e = { 0 };
	struct inprefix gw;

	(void)state;
	if (shell("ping -V") != 0)
		skip();
	assert_ok(link_create_veth(c, &in, &e), &e);
	assert_ok(link_create_veth(c, &out, &e), &e);
	add(c, 10, "172.20.20.1/24");
	add(c, 11, "192.0.2.1/24");
	add(cn, 10, "172.20.20.2/24");
	add(co, 11, "192.0.2.2/24");
	assert_int_equal(inprefix_parse("172.20.20.1", &gw), 0);
	assert_ok(route_add(cn, NULL, &gw, 0, &e), &e);
	assert_ok(sysctl_open(&procfd, &e), &e);
	assert_ok(sysctl_write(procfd, "net.ipv4.ip_forward", "1", &e), &e);

	netns_enter(node);
	assert_int_not_equal(shell("ping -c 1 -W 1 192.0.2.2"), 0);
	netns_enter(self);
	t = open_table();
	netns_enter(node);
	assert_int_equal(shell("ping -c 1 -W 2 192.0.2.2"), 0);
	netns_enter(self);
	(void)nft_table_close(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_put_and_drop, scratch_setup),
		cmocka_unit_test_setup(test_ruleset, scratch_setup),
		cmocka_unit_test_setup(test_table_goes_with_its_socket, scratch_setup),
		cmocka_unit_test_setup(test_table_goes_with_its_process, scratch_setup),
		cmocka_unit_test_setup(test_second_of_the_same_name, scratch_setup),
		cmocka_unit_test_setup(test_sees_forward_drop, scratch_setup),
		cmocka_unit_test_setup(test_masquerades, scratch_setup),
	};

	if (!scratch_possible())
		return 77;
	if (supported() != 0) {
		print_message("SKIP: no nf_tables with owner flag (Linux 5.12)\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
