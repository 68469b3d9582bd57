// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_link.c - links, addresses and routes made and seen again, in namespaces of the test's own
 */
#include "scratch.h"

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>

#include "kernel/link.h"

static struct nlconn *open_conn(void)
{
	struct nlconn *c = NULL;
	struct error e = { 0 };

	assert_ok(nlconn_open(NETLINK_ROUTE, &c, &e), &e);
	return c;
}

static struct nlconn *open_conn_in(int netns)
{
	_cleanup_close_ int self = netns_self();
	struct nlconn *c = NULL;
	struct error e = { 0 };

	assert_ok(nlconn_open_in(NETLINK_ROUTE, netns, self, &c, &e), &e);
	return c;
}

/* The link of that name in the namespace of @c; the test fails when there is none. */
static struct link_info link_named(struct nlconn *c, const char *name)
{
	_cleanup_free_ struct link_info *v = NULL;
	struct error e = { 0 };
	size_t n = 0;

	assert_ok(link_dump(c, &v, &n, &e), &e);
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].ifname, name) == 0)
			return v[i];
	fail_msg("no link %s", name);
	return (struct link_info){ 0 };
}

/*
 *	namespace a            namespace b
 *	[ net1 (7) ]-----------[ net2 (9) ]
 */
static void test_veth_in_two_namespaces(void **state)
{
	const struct macaddr mac1 = { { 0xaa, 0xc1, 0xab, 0, 0, 1 } }, mac2 = { { 0xaa, 0xc1, 0xab, 0, 0, 2 } };
	struct error e = { 0 };

	(void)state;
	_cleanup_close_ int a = netns_fresh();
	_cleanup_close_ int b = netns_fresh();
	_cleanup_nlconn_ struct nlconn *c = open_conn();
	_cleanup_nlconn_ struct nlconn *ca = open_conn_in(a);
	_cleanup_nlconn_ struct nlconn *cb = open_conn_in(b);
	const struct link_veth spec = {
		.a = { .netns_fd = a, .ifname = "net1", .mac = &mac1, .mtu = 9000, .ifindex = 7 },
		.b = { .netns_fd = b, .ifname = "net2", .mac = &mac2, .mtu = 9000, .ifindex = 9 },
	};

	assert_ok(link_create_veth(c, &spec, &e), &e);
	assert_ok(link_set_up(ca, 7, &e), &e);
	assert_ok(link_set_up(cb, 9, &e), &e);
	struct link_info l1 = link_named(ca, "net1"), l2 = link_named(cb, "net2");

	assert_int_equal(l1.ifindex, 7);
	assert_int_equal(l2.ifindex, 9);
	assert_int_equal(l1.peer, 9);
	assert_int_equal(l2.peer, 7);
	assert_int_equal(l1.mtu, 9000);
	assert_int_equal(l2.mtu, 9000);
	assert_string_equal(l1.kind, "veth");
	assert_memory_equal(l1.mac.b, mac1.b, 6);
	assert_memory_equal(l2.mac.b, mac2.b, 6);
	assert_true(l1.flags & IFF_UP);
	assert_true(l1.flags & l2.flags & 0x10000); /* IFF_LOWER_UP; operstate follows up to a second later */
}

static void test_predictable_index(void **state)
{
	struct error e = { 0 };
	int index = 0;

	(void)state;
	_cleanup_close_ int b = netns_fresh();
	_cleanup_nlconn_ struct nlconn *c = open_conn();
	const struct link_veth spec = {
		.a = { .netns_fd = -1, .ifname = "eth1" },
		.b = { .netns_fd = b, .ifname = "eth1" },
	};

	assert_ok(link_create_veth(c, &spec, &e), &e);
	assert_ok(link_get_index(c, "eth1", &index, &e), &e);
	assert_true(index > 1);
	assert_int_equal(link_get_index(c, "eth7", &index, &e), -ENODEV);
	assert_non_null(strstr(e.msg, "find interface eth7: No such device"));
}

/*
 *	[ veth0 ]---[ port | br0 ]
 */
static void test_bridge_port(void **state)
{
	const struct macaddr mac = { { 0xaa, 0xc1, 0xab, 0, 0, 3 } };
	const struct link_bridge br = { .ifname = "br0",
					.mac = &mac,
					.mtu = 1400,
					.ifindex = 20,
					.group_fwd_mask = LINK_FWD_MASK_LLDP,
					.up = true };
	struct error e = { 0 };

	(void)state;
	_cleanup_close_ int b = netns_fresh();
	_cleanup_nlconn_ struct nlconn *c = open_conn();
	const struct link_veth spec = {
		.a = { .netns_fd = b, .ifname = "veth0", .mtu = 1400 },
		.b = { .netns_fd = -1, .ifname = "port", .mtu = 1400, .ifindex = 21, .master = 20 },
	};
	const struct link_veth both = {
		.a = { .netns_fd = -1, .ifname = "x", .master = 20 },
		.b = { .netns_fd = -1, .ifname = "y", .master = 20 },
	};

	assert_ok(link_create_bridge(c, &br, &e), &e);
	assert_ok(link_create_veth(c, &spec, &e), &e);
	struct link_info lb = link_named(c, "br0"), lp = link_named(c, "port");

	assert_int_equal(lb.ifindex, 20);
	assert_int_equal(lb.mtu, 1400);
	assert_memory_equal(lb.mac.b, mac.b, 6);
	assert_true(lb.flags & IFF_UP);
	assert_int_equal(lp.master, 20);
	assert_int_equal(shell("grep -qx 0x4000 /sys/class/net/br0/bridge/group_fwd_mask || "
			       "ip -d link show br0 | grep -q 'group_fwd_mask 0x4000'"),
			 0);
	assert_ok(link_set_master(c, 21, 0, &e), &e);
	assert_int_equal(link_named(c, "port").master, 0);
	assert_ok(link_delete(c, 21, &e), &e);
	assert_int_equal(link_create_veth(c, &both, &e), -EINVAL);
}

static void test_extack_text(void **state)
{
	const struct link_end end = { .netns_fd = -1, .ifname = "x0" };
	struct error e = { 0 };

	(void)state;
	_cleanup_nlconn_ struct nlconn *c = open_conn();

	nlconn_label(c, "node %s", "tor0");
	assert_int_equal(link_create_kind(c, "nosuchkind", &end, &e), -EOPNOTSUPP);
	assert_string_equal(e.msg, "node tor0: create nosuchkind x0: Operation not supported (Unknown device type)");
	assert_int_equal(e.code, EOPNOTSUPP);
}

/* 200 requests, more than a batch; the 150th is wrong, and the ones behind it are done all the same. */
static void test_batch_error_names_its_request(void **state)
{
	struct inprefix p;
	struct error e = { 0 };
	struct addr_info *v = NULL;
	size_t n = 0;
	char s[32];
	int r = 0;

	(void)state;
	_cleanup_nlconn_ struct nlconn *c = open_conn();

	nlconn_batch(c, true);
	for (int i = 1; i <= 200 && r == 0; i++) {
		(void)snprintf(s, sizeof(s), "10.0.0.%d/32", i);
		assert_int_equal(inprefix_parse(s, &p), 0);
		r = addr_add(c, i == 150 ? 99 : 1, &p, 0, &e);
	}
	assert_int_equal(r, -ENODEV);
	assert_ptr_equal(strstr(e.msg, "add address 10.0.0.150/32 on interface 99: No such device"), e.msg);
	assert_ok(nlconn_flush(c, &e), &e);
	assert_ok(addr_dump(c, &v, &n, &e), &e);
	free(v);
	assert_int_equal(n, 191); /* three batches of 64 but one; the rest was never asked for */
}

static void test_addresses_and_routes(void **state)
{
	struct inprefix a4, a6, gw, gw6, dst;
	struct error e = { 0 };

	(void)state;
	_cleanup_nlconn_ struct nlconn *c = open_conn();
	_cleanup_free_ struct addr_info *av = NULL;
	_cleanup_free_ struct route_info *rv = NULL;
	const struct link_veth spec = {
		.a = { .netns_fd = -1, .ifname = "e0", .ifindex = 5 },
		.b = { .netns_fd = -1, .ifname = "e1", .ifindex = 6 },
	};
	size_t n = 0;
	int seen = 0;

	assert_int_equal(inprefix_parse("10.1.0.1/24", &a4), 0);
	assert_int_equal(inprefix_parse("2001:db8::1/64", &a6), 0);
	assert_int_equal(inprefix_parse("10.1.0.254", &gw), 0);
	assert_int_equal(inprefix_parse("fe80::1", &gw6), 0);
	assert_int_equal(inprefix_parse("192.0.2.77/24", &dst), 0);
	assert_ok(link_create_veth(c, &spec, &e), &e);
	nlconn_batch(c, true);
	assert_ok(link_set_up(c, 5, &e), &e);
	assert_ok(link_set_up(c, 6, &e), &e);
	assert_ok(addr_add(c, 5, &a4, 0, &e), &e);
	assert_ok(addr_add(c, 5, &a6, IFA_F_NODAD, &e), &e);
	assert_ok(route_add(c, NULL, &gw, 0, &e), &e);
	assert_ok(route_add(c, &dst, &gw6, 5, &e), &e);
	assert_ok(nlconn_flush(c, &e), &e);

	assert_ok(addr_dump(c, &av, &n, &e), &e);
	for (size_t i = 0; i < n; i++) {
		seen += av[i].ifindex == 5 && inprefix_same_addr(&av[i].addr, &a4) && av[i].addr.len == 24;
		seen += av[i].ifindex == 5 && inprefix_same_addr(&av[i].addr, &a6) && (av[i].flags & IFA_F_NODAD);
	}
	assert_int_equal(seen, 2);
	assert_ok(route_dump(c, &rv, &n, &e), &e);
	for (size_t i = 0; i < n; i++) {
		seen += rv[i].table == RT_TABLE_MAIN && rv[i].dst.family == AF_INET && rv[i].dst.len == 0 &&
			inprefix_same_addr(&rv[i].gw, &gw) && rv[i].ifindex == 5;
		seen += rv[i].dst.family == AF_INET && rv[i].dst.len == 24 && rv[i].gw.family == AF_INET6;
	}
	assert_int_equal(seen, 4);
	nlconn_batch(c, false);
	assert_int_equal(addr_add(c, 5, &a4, 0, &e), -EEXIST);
	assert_int_equal(route_add(c, NULL, NULL, 5, &e), -EAFNOSUPPORT);
}

/* A dump of more than one datagram, and a filter of names that are too long. */
static void test_many_links(void **state)
{
	_cleanup_free_ struct link_info *v = NULL;
	struct error e = { 0 };
	size_t n = 0;
	char a[16], b[16];

	(void)state;
	_cleanup_nlconn_ struct nlconn *c = open_conn();

	nlconn_batch(c, true);
	for (int i = 0; i < 100; i++) {
		(void)snprintf(a, sizeof(a), "a%d", i);
		(void)snprintf(b, sizeof(b), "b%d", i);
		const struct link_veth spec = { .a = { .netns_fd = -1, .ifname = a },
						.b = { .netns_fd = -1, .ifname = b } };

		assert_ok(link_create_veth(c, &spec, &e), &e);
	}
	assert_ok(link_dump(c, &v, &n, &e), &e);
	assert_int_equal(n, 201);
	const struct link_veth bad = { .a = { .netns_fd = -1, .ifname = "sixteen-bytes-xx" },
				       .b = { .netns_fd = -1, .ifname = "ok" } };

	assert_int_equal(link_create_veth(c, &bad, &e), -EINVAL);
}

/*
 *	[ eth0 ]--[ mv0 macvlan ]   vx0 over eth0
 */
static void test_other_kinds(void **state)
{
	struct error e = { 0 };

	(void)state;
	_cleanup_close_ int b = netns_fresh();
	_cleanup_nlconn_ struct nlconn *c = open_conn();
	_cleanup_nlconn_ struct nlconn *cb = open_conn_in(b);
	const struct link_veth spec = { .a = { .netns_fd = -1, .ifname = "eth0", .ifindex = 3 },
					.b = { .netns_fd = -1, .ifname = "peer", .ifindex = 4 } };
	const struct link_end mv = { .netns_fd = b, .ifname = "mv0", .ifindex = 30 };
	const struct link_end vx = { .netns_fd = b, .ifname = "vx0", .ifindex = 31 };
	struct link_vxlan vxlan = { .vni = 42, .parent = 3, .port = 14789 };

	assert_int_equal(inprefix_parse("192.0.2.9", &vxlan.remote), 0);
	assert_ok(link_create_veth(c, &spec, &e), &e);
	assert_ok(link_create_macvlan(c, &mv, 3, LINK_MACVLAN_BRIDGE, &e), &e);
	assert_ok(link_create_vxlan(c, &vx, &vxlan, &e), &e);
	assert_string_equal(link_named(cb, "mv0").kind, "macvlan");
	assert_string_equal(link_named(cb, "vx0").kind, "vxlan");
	assert_ok(link_set_alias(cb, 30, "of the host", &e), &e);
	assert_string_equal(link_named(cb, "mv0").alias, "of the host");
	assert_ok(link_set_mtu(c, 4, 1300, &e), &e);
	assert_ok(link_move(c, 4, b, "moved", &e), &e);
	assert_int_equal(link_named(cb, "moved").mtu, 1300);
}

static struct inprefix prefix(const char *text)
{
	struct inprefix p;

	assert_int_equal(inprefix_parse(text, &p), 0);
	return p;
}

/* Everything a route may have, as ip(8) shows it. */
static void test_routes_with_all(void **state)
{
	const struct link_bridge end = { .ifname = "d0", .ifindex = 5 };
	struct error e = { 0 };

	(void)state;
	_cleanup_nlconn_ struct nlconn *c = open_conn();
	const struct inprefix own = prefix("10.1.2.187"), own6 = prefix("fd00::187"), to = prefix("10.1.2.0/24"),
			      far = prefix("10.9.0.0/16");
	const struct link_route pod = { .dst = prefix("10.1.2.185"),
					.src = own,
					.ifindex = 5,
					.scope = ROUTE_SCOPE_LINK,
					.protocol = ROUTE_PROTO_KERNEL };
	const struct link_route all = {
		.dst = { .family = AF_INET }, .gw = prefix("10.1.2.185"), .ifindex = 5, .mtu = 9500
	};
	const struct link_route six = {
		.dst = prefix("fd00::/64"), .src = own6, .ifindex = 5, .protocol = ROUTE_PROTO_KERNEL
	};
	struct link_route rt = { .dst = to, .ifindex = 5, .scope = ROUTE_SCOPE_HOST };

	if (shell("ip -V") != 0)
		skip();
	assert_ok(link_create_bridge(c, &end, &e), &e);
	assert_ok(link_set_noarp(c, 5, &e), &e);
	assert_ok(link_set_up(c, 5, &e), &e);
	assert_true(link_named(c, "d0").flags & IFF_NOARP);
	assert_ok(addr_add(c, 5, &own, 0, &e), &e);
	assert_ok(addr_add(c, 5, &own6, ADDR_NODAD, &e), &e);
	assert_ok(route_put(c, &pod, &e), &e);
	assert_ok(route_put(c, &pod, &e), &e); /* replaces itself */
	assert_ok(route_put(c, &all, &e), &e);
	assert_ok(route_put(c, &six, &e), &e);
	assert_ok(route_put(c, &rt, &e), &e);
	assert_int_equal(shell("ip route | grep -q '^10.1.2.185 dev d0 proto kernel scope link src 10.1.2.187 *$'"), 0);
	assert_int_equal(shell("ip route | grep -q '^default via 10.1.2.185 dev d0 mtu 9500 *$'"), 0);
	assert_int_equal(shell("ip route | grep -q '^10.1.2.0/24 dev d0 scope host *$'"), 0);
	assert_int_equal(shell("ip -6 route | grep -q '^fd00::/64 dev d0 proto kernel src fd00::187 metric 1024'"), 0);
	assert_ok(route_del(c, &to, NULL, &e), &e);
	assert_int_equal(shell("ip route | grep -q '^10.1.2.0/24'"), 1);
	assert_int_equal(route_del(c, &to, NULL, &e), -ESRCH);
	rt = (struct link_route){ .dst = far, .gw = prefix("10.7.7.7"), .ifindex = 5 };
	assert_int_equal(route_put(c, &rt, &e), -ENETUNREACH); /* the gateway is on no link */
}

static void test_neighbor(void **state)
{
	const struct link_bridge end = { .ifname = "d0", .ifindex = 5 };
	const struct inprefix a = { .family = AF_INET6, .len = 128, .addr = { 0xfd, [15] = 9 } };
	const struct macaddr mac = { { 2, 0, 0, 0, 0, 9 } };
	struct error e = { 0 };

	(void)state;
	_cleanup_nlconn_ struct nlconn *c = open_conn();

	if (shell("ip -V") != 0)
		skip();
	assert_ok(link_create_bridge(c, &end, &e), &e);
	assert_ok(link_set_up(c, 5, &e), &e);
	assert_ok(neigh_add(c, 5, &a, &mac, &e), &e);
	assert_ok(neigh_add(c, 5, &a, &mac, &e), &e);
	assert_int_equal(shell("ip -6 neigh | grep -q '^fd00::9 dev d0 lladdr 02:00:00:00:00:09 PERMANENT'"), 0);
}

/* The monitor can be read once something has changed, and no longer once it was drained. */
static void test_address_monitor(void **state)
{
	struct error e = { 0 };
	struct inprefix a = prefix("127.0.0.5/32");

	(void)state;
	_cleanup_nlconn_ struct nlconn *c = open_conn();
	_cleanup_close_ int fd = addr_monitor_open(&e);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	assert_true(fd >= 0);
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_ok(addr_add(c, 1, &a, 0, &e), &e);
	assert_int_equal(poll(&p, 1, 1000), 1);
	addr_monitor_drain(fd);
	assert_int_equal(poll(&p, 1, 0), 0);
}

/* A link with a long name besides its own, found by either, and renamed. */
static void test_altname(void **state)
{
	const char *const alt = "a-name-of-more-than-fifteen-characters";
	struct link_bridge br = { .ifname = "d0", .ifindex = 5 };
	struct error e = { 0 };
	int index = 0;

	(void)state;
	_cleanup_nlconn_ struct nlconn *c = open_conn();
	assert_ok(link_create_bridge(c, &br, &e), &e);
	assert_int_equal(link_get_index(c, alt, &index, NULL), -ENODEV);
	assert_ok(link_add_altname(c, 5, alt, &e), &e);
	assert_ok(link_set_alias(c, 5, "what people call it", &e), &e);
	assert_ok(link_get_index(c, alt, &index, &e), &e);
	assert_int_equal(index, 5);
	assert_ok(link_set_name(c, 5, "d1", &e), &e);
	assert_int_equal(link_get_index(c, "d0", &index, NULL), -ENODEV);
	assert_string_equal(link_named(c, "d1").altname, alt);
	assert_string_equal(link_named(c, "d1").alias, "what people call it");
	assert_int_equal(link_add_altname(c, 5, alt, &e), -EEXIST);
	assert_int_equal(link_add_altname(c, 5, "", &e), -EINVAL);
	assert_int_equal(link_set_name(c, 5, "a-name-of-sixteen", &e), -EINVAL);
}

/*
 * A macvlan and a tunnel that are born in another namespace than what they are on, where their names and even their
 * indices may be those of something here.
 */
static void test_born_elsewhere(void **state)
{
	struct link_bridge br = { .ifname = "d0", .ifindex = 5, .up = true };
	struct link_vxlan vx = { .vni = 7, .port = 14789, .src_port = 4000 };
	struct error e = { 0 };

	(void)state;
	_cleanup_close_ int there = netns_fresh();
	_cleanup_nlconn_ struct nlconn *c = open_conn();
	_cleanup_nlconn_ struct nlconn *ct = open_conn_in(there);
	const struct link_end mv = { .netns_fd = there, .ifname = "until-0" }, tunnel = { .netns_fd = there, .ifname = "until-1" };
	int index = 0;

	assert_int_equal(inprefix_parse("192.0.2.7", &vx.remote), 0);
	assert_ok(link_create_bridge(c, &br, &e), &e);
	assert_ok(link_create_macvlan(c, &mv, 5, LINK_MACVLAN_SOURCE, &e), &e);
	assert_ok(link_get_index(ct, "until-0", &index, &e), &e);
	assert_ok(link_set_name(ct, index, "d0", &e), &e);
	assert_string_equal(link_named(ct, "d0").kind, "macvlan");
	assert_ok(link_create_vxlan(c, &tunnel, &vx, &e), &e);
	assert_string_equal(link_named(ct, "until-1").kind, "vxlan");
	netns_enter(there);
	assert_int_equal(shell("ip -d link show dev d0 | grep -q 'macvlan mode source'"), 0);
	assert_int_equal(shell("ip -d link show dev until-1 | grep -q 'id 7 remote 192.0.2.7 srcport 4000 4000 dstport 14789'"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_altname, scratch_setup),
		cmocka_unit_test_setup(test_born_elsewhere, scratch_setup),
		cmocka_unit_test_setup(test_routes_with_all, scratch_setup),
		cmocka_unit_test_setup(test_neighbor, scratch_setup),
		cmocka_unit_test_setup(test_address_monitor, scratch_setup),
		cmocka_unit_test_setup(test_veth_in_two_namespaces, scratch_setup),
		cmocka_unit_test_setup(test_predictable_index, scratch_setup),
		cmocka_unit_test_setup(test_bridge_port, scratch_setup),
		cmocka_unit_test_setup(test_extack_text, scratch_setup),
		cmocka_unit_test_setup(test_batch_error_names_its_request, scratch_setup),
		cmocka_unit_test_setup(test_addresses_and_routes, scratch_setup),
		cmocka_unit_test_setup(test_many_links, scratch_setup),
		cmocka_unit_test_setup(test_other_kinds, scratch_setup),
	};

	if (!scratch_possible())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
