// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_cni.c - the pod network of both kinds, between two nodes with a router in between
 *
 *	pod a 10.1.2.185          node a                  router                 node b          pod b 10.1.3.56
 *	eth0 ------- lxc, cilium_host 10.1.2.187  net0 -- net1  net2 -- net0  cilium_host 10.1.3.9, lxc ------- eth0
 *	                                      10.0.2.2   .1     10.0.4.1  10.0.4.2
 *	                                   fd00:2::2     ::1    fd00:4::1  fd00:4::2
 */
#include "scratch.h"

#include <linux/netlink.h>

#include "cluster/jsonutil.h"
#include "kernel/link.h"
#include "kubelet/cni.h"
#include "supervisor/loop.h"

struct node {
	int netns;
	struct cni *cni;
	json_t *cluster, *entry;
};

struct world {
	struct loop *loop;
	int home;
	struct node a, b;
};

/* Its stdout, without the last newline. */
static char *output(const char *cmd)
{
	FILE *f = popen(cmd, "r");
	char *text = calloc(1, 4096);
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, 4095, f);
	text[n && text[n - 1] == '\n' ? n - 1 : n] = '\0';
	(void)pclose(f);
	return text;
}

static void assert_output(const char *cmd, const char *want)
{
	_cleanup_free_ char *got = output(cmd);

	assert_string_equal(got, want);
}

/* Enters @netns. Before its links are there: no address waits to be found unique. */
static void no_dad(int netns)
{
	netns_enter(netns);
	assert_int_equal(
		shell("sysctl -w net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0; ip link set lo up"),
		0);
}

static void cable(int netns, const char *outer)
{
	_cleanup_close_ int self = netns_self();
	_cleanup_nlconn_ struct nlconn *c = NULL;
	const struct link_veth veth = { .a = { .netns_fd = -1, .ifname = outer, .mtu = 9500 },
					.b = { .netns_fd = netns, .ifname = "net0", .mtu = 9500 } };
	struct error e = { 0 };

	assert_ok(nlconn_open(NETLINK_ROUTE, &c, &e), &e);
	assert_ok(link_create_veth(c, &veth, &e), &e);
}

static void node_make(struct world *w, struct node *n, const char *setup, const char *entry)
{
	struct error e = { 0 };

	netns_enter(n->netns);
	assert_int_equal(shell(setup), 0);
	n->cluster = json_loads("{\"podSubnets\": [\"10.1.0.0/16\", \"fd00:10:1::/56\"]}", 0, NULL);
	n->entry = json_loads(entry, 0, NULL);
	assert_non_null(n->entry);
	assert_ok(cni_new(w->loop, n->cluster, n->entry, &n->cni, &e), &e);
	netns_enter(w->home);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct error e = { 0 };

	assert_int_equal(unshare(CLONE_NEWNET), 0);
	assert_ok(loop_new(&w->loop, &e), &e);
	w->home = netns_self();
	w->a.netns = netns_fresh();
	w->b.netns = netns_fresh();
	no_dad(w->a.netns);
	no_dad(w->b.netns);
	no_dad(w->home);
	cable(w->a.netns, "net1");
	cable(w->b.netns, "net2");
	assert_int_equal(
		shell("sysctl -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1; ip link set net1 up; ip link "
		      "set net2 up; "
		      "ip addr add 10.0.2.1/24 dev net1; ip addr add 10.0.4.1/24 dev net2; "
		      "ip addr add fd00:2::1/64 dev net1 nodad; ip addr add fd00:4::1/64 dev net2 nodad; "
		      "ip route add 10.1.2.0/24 via 10.0.2.2; ip route add 10.1.3.0/24 via 10.0.4.2; "
		      "ip route add fd00:10:1:2::/64 via fd00:2::2; ip route add fd00:10:1:3::/64 via fd00:4::2"),
		0);
	node_make(w, &w->a,
		  "ip link set net0 up; ip addr add 10.0.2.2/24 dev net0; ip addr add fd00:2::2/64 dev net0 nodad; "
		  "ip route add default via 10.0.2.1; ip route add default via fd00:2::1",
		  "{\"hostname\": \"a\", \"addresses\": [\"10.0.2.2\"], \"podCIDRs\": [\"10.1.2.0/24\", "
		  "\"fd00:10:1:2::/64\"]}");
	node_make(w, &w->b,
		  "ip link set net0 up; ip addr add 10.0.4.2/24 dev net0; ip addr add fd00:4::2/64 dev net0 nodad; "
		  "ip route add default via 10.0.4.1; ip route add default via fd00:4::1",
		  "{\"hostname\": \"b\", \"addresses\": [\"10.0.4.2\"], \"podCIDRs\": [\"10.1.3.0/24\", "
		  "\"fd00:10:1:3::/64\"]}");
	*state = w;
	return 0;
}

static void node_done(struct node *n)
{
	(void)cni_free(n->cni);
	json_decref(n->cluster);
	json_decref(n->entry);
	(void)fd_close(n->netns);
}

static int teardown(void **state)
{
	struct world *w = *state;

	node_done(&w->a);
	node_done(&w->b);
	(void)loop_free(w->loop);
	(void)fd_close(w->home);
	free(w);
	return 0;
}

/* In the namespace of @n from now on. */
static void network(struct node *n, const char *text)
{
	_cleanup_json_ json_t *config = text ? json_loads(text, 0, NULL) : NULL;
	struct error e = { 0 };

	netns_enter(n->netns);
	assert_ok(cni_set(n->cni, config, &e), &e);
	assert_int_equal(cni_ready(n->cni), text != NULL);
}

static int pod(struct node *n, const char *uid, const char *pins, struct cni_pod *ret)
{
	_cleanup_json_ json_t *ips = json_loads(pins, 0, NULL);
	struct error e = { 0 };
	int netns = -1;

	netns_enter(n->netns);
	assert_ok(cni_add(n->cni, uid, ips, ret, &netns, &e), &e);
	return netns;
}

#define CILIUM(router)                                                                                             \
	"{\"kind\": \"cilium\", \"nativeCIDRs\": [\"10.0.0.0/8\"], \"masquerade4\": true, \"masquerade6\": true, " \
	"\"mtu\": 0, "                                                                                             \
	"\"routerIPs\": [\"" router "\"]}"

static void test_cilium(void **state)
{
	struct world *w = *state;
	struct cni_pod pa, pb;
	char cmd[256];

	network(&w->a, CILIUM("10.1.2.187"));
	network(&w->b, CILIUM("10.1.3.9"));
	_cleanup_close_ int a = pod(&w->a, "aaaa", "[\"10.1.2.185\", \"fd00:10:1:2::a\"]", &pa);
	_cleanup_close_ int b = pod(&w->b, "bbbb", "[\"10.1.3.56\", \"fd00:10:1:3::b\"]", &pb);

	assert_int_equal(pa.n_addrs, 2);
	netns_enter(w->a.netns);
	assert_int_equal(strlen(pa.ifname), 15);
	(void)snprintf(cmd, sizeof(cmd), "ip route show table main | sed 's/ *$//' | sed 's/%s/LXC/'", pa.ifname);
	assert_output(cmd, "default via 10.0.2.1 dev net0\n"
			   "10.0.2.0/24 dev net0 proto kernel scope link src 10.0.2.2\n"
			   "10.1.2.0/24 via 10.1.2.187 dev cilium_host proto kernel src 10.1.2.187\n"
			   "10.1.2.185 dev LXC proto kernel scope link src 10.1.2.187\n"
			   "10.1.2.187 dev cilium_host proto kernel scope link");
	assert_int_equal(shell("ip -o link show cilium_host | grep -q 'cilium_host@cilium_net: .*NOARP.* mtu 9500'"),
			 0);
	netns_enter(a);
	assert_output("ip route show | sed 's/ *$//'", "default via 10.1.2.187 dev eth0 mtu 9500\n"
						      "10.1.2.187 dev eth0 scope link");
	assert_output("ip -o -4 addr show eth0 | awk '{print $4, $6}'", "10.1.2.185/32 global");
	assert_output("traceroute -n -q 1 -w 2 10.1.3.56 | sed 1d | awk '{print $2}' | xargs",
		      "10.1.2.187 10.0.2.1 10.0.4.2 10.1.3.56");
	assert_int_equal(shell("ping -c 1 -W 2 -M do -s 9472 10.1.3.56"), 0);
	assert_int_equal(shell("ping -c 1 -W 2 fd00:10:1:3::b"), 0);
	assert_output("traceroute -6 -n -q 1 -w 2 fd00:10:1:3::b | sed 1d | awk '{print $2}' | tail -n 1",
		      "fd00:10:1:3::b");
	netns_enter(w->home);
}

static void test_cilium_masquerades_what_leaves(void **state)
{
	struct world *w = *state;
	struct cni_pod pa;

	network(&w->a, CILIUM("10.1.2.187"));
	_cleanup_close_ int a = pod(&w->a, "aaaa", "[\"10.1.2.185\"]", &pa);

	netns_enter(w->home);
	assert_int_equal(shell("ip addr add 192.0.2.1/32 dev lo; ip route del 10.1.2.0/24"), 0);
	netns_enter(a);
	assert_int_equal(shell("ping -c 1 -W 2 192.0.2.1"), 0); /* as 10.0.2.2: the router has no route to the pod */
	assert_int_not_equal(shell("ping -c 1 -W 1 10.0.4.1"), 0); /* inside of the native CIDR: as itself */
	netns_enter(w->home);
}

/* Uninstalled and installed again, and taken over by another kubelet. */
static void test_cilium_again(void **state)
{
	struct world *w = *state;
	struct cni_pod pa;
	struct error e = { 0 };
	_cleanup_free_ char *router = NULL;
	json_t *opaque;

	network(&w->a, CILIUM(""));
	router = output("ip -o -4 addr show cilium_host | awk '{print $4}'");
	assert_int_equal(strncmp(router, "10.1.2.", 7), 0);
	_cleanup_close_ int a = pod(&w->a, "aaaa", "[\"10.1.2.185\"]", &pa);

	network(&w->a, NULL);
	assert_int_not_equal(shell("ip link show cilium_host"), 0);
	assert_int_equal(cni_add(w->a.cni, "cccc", NULL, &pa, &(int){ 0 }, &e), -ENETDOWN);
	network(&w->a, CILIUM(""));
	assert_output("ip -o -4 addr show cilium_host | awk '{print $4}'", router);
	assert_int_equal(shell("ping -c 1 -W 2 10.1.2.185"), 0);

	/* What a new one knows is what the runtime kept. */
	opaque = cni_pod_json(&pa);
	w->a.cni = cni_free(w->a.cni);
	assert_ok(cni_new(w->loop, w->a.cluster, w->a.entry, &w->a.cni, &e), &e);
	cni_pod_parse(opaque, &pa);
	json_decref(opaque);
	cni_adopt(w->a.cni, &pa);
	network(&w->a, CILIUM(""));
	assert_output("ip -o -4 addr show cilium_host | awk '{print $4}'", router);
	assert_int_equal(cni_add(w->a.cni, "dddd", NULL, &pa, &(int){ 0 }, NULL), 0);
	assert_string_not_equal(pa.ifname, "");
	netns_enter(w->home);
}

static void test_pinned_address(void **state)
{
	_cleanup_json_ json_t *taken = json_pack("[s]", "10.1.2.185"), *outside = json_pack("[s]", "10.1.9.1");
	struct world *w = *state;
	struct cni_pod p;
	struct error e = { 0 };
	int netns = -1;

	network(&w->a, CILIUM("10.1.2.187"));
	_cleanup_close_ int a = pod(&w->a, "aaaa", "[\"10.1.2.185\"]", &p);

	assert_int_equal(cni_add(w->a.cni, "b", taken, &p, &netns, &e), -EADDRINUSE);
	assert_int_equal(cni_add(w->a.cni, "b", outside, &p, &netns, &e), -EINVAL);
	assert_int_equal(netns, -1);
	cni_del(w->a.cni, &p);
	assert_ok(cni_add(w->a.cni, "b", taken, &p, &netns, &e), &e);
	(void)fd_close(netns);
	netns_enter(w->home);
}

#define DEFAULT_A "{\"kind\": \"default\", \"masquerade4\": true, \"masquerade6\": false, \"routes\": [" \
		  "{\"dst\": \"10.1.3.0/24\", \"via\": \"10.0.4.2\"}]}"

/* Without a router: both nodes on one wire. A route whose gateway is not there yet is made when it is. */
static void test_default(void **state)
{
	struct world *w = *state;
	struct cni_pod pa, pb;

	netns_enter(w->home);
	assert_int_equal(shell("ip addr flush dev net1; ip addr flush dev net2; ip link add br0 type bridge; ip link "
			       "set br0 up; "
			       "ip link set net1 master br0; ip link set net2 master br0"),
			 0);
	netns_enter(w->a.netns);
	assert_int_equal(shell("ip route del default; ip -4 addr flush dev net0"), 0);
	network(&w->a, DEFAULT_A);
	assert_int_not_equal(shell("ip route show 10.1.3.0/24 | grep -q ."), 0);
	assert_int_equal(shell("ip addr add 10.0.4.1/24 dev net0"), 0);
	assert_true(loop_run_once(w->loop, 1000000) > 0);
	assert_output("ip route show 10.1.3.0/24 | sed 's/ *$//'", "10.1.3.0/24 via 10.0.4.2 dev net0");
	network(&w->b, "{\"kind\": \"default\", \"masquerade4\": true, \"routes\": [{\"dst\": \"10.1.2.0/24\", "
		       "\"via\": \"10.0.4.1\"}]}");
	_cleanup_close_ int a = pod(&w->a, "aaaa", "[]", &pa);
	_cleanup_close_ int b = pod(&w->b, "bbbb", "[]", &pb);

	netns_enter(a);
	assert_output("ip -o -4 addr show eth0 | awk '{print $4}'", "10.1.2.2/24");
	assert_output("ip route show | sed 's/ *$//'", "default via 10.1.2.1 dev eth0\n"
						      "10.1.2.0/24 via 10.1.2.1 dev eth0 src 10.1.2.2\n"
						      "10.1.2.1 dev eth0 scope link src 10.1.2.2");
	assert_output("traceroute -n -q 1 -w 2 10.1.3.2 | sed 1d | awk '{print $2}' | xargs",
		      "10.1.2.1 10.0.4.2 10.1.3.2");
	assert_int_equal(shell("ping -c 1 -W 2 fd00:10:1:2::1"), 0);
	network(&w->a, "{\"kind\": \"default\", \"masquerade4\": true, \"routes\": []}");
	assert_int_not_equal(shell("ip route show 10.1.3.0/24 | grep -q ."), 0);
	netns_enter(w->home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cilium, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cilium_masquerades_what_leaves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cilium_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pinned_address, setup, teardown),
		cmocka_unit_test_setup_teardown(test_default, setup, teardown),
	};

	if (!scratch_possible())
		return 77;
	if (shell("ip -V && sysctl --version && ping -V && traceroute --version") != 0) {
		print_message("SKIP: needs ip, sysctl, ping and traceroute\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
