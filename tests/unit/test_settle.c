// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_settle.c - has routing settled? Told from answers written down here, in the words of FRR 8.4.4
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "engine/settle.h"

struct answer {
	size_t node;
	const char *daemon, *command, *text;
};

enum { MAX_ANSWERS = 64 };

/* What the daemons of all nodes answer. A daemon without any answer does not run. */
struct fake {
	struct answer answers[MAX_ANSWERS];
	size_t n;
	unsigned asked; /* questions about BGP */
	void (*on_bgp)(struct fake *f); /* called before such a question is answered */
};

static int fake_ask(void *arg, size_t node, const char *daemon, const char *command, struct strbuf *out,
		    struct error *e)
{
	struct fake *f = arg;
	bool runs = false;

	if (strcmp(command, "show bgp neighbors json") == 0) {
		f->asked++;
		if (f->on_bgp)
			f->on_bgp(f);
	}
	for (size_t i = 0; i < f->n; i++) {
		const struct answer *a = &f->answers[i];

		if (a->node != node || strcmp(a->daemon, daemon) != 0)
			continue;
		runs = true;
		if (strcmp(a->command, command) == 0) {
			strbuf_puts(out, a->text);
			return 0;
		}
	}
	return runs ? error_set(e, EPROTO, "%% Unknown command") : error_set(e, ENOENT, "no such file");
}

static void say(struct fake *f, size_t node, const char *daemon, const char *command, const char *text)
{
	for (size_t i = 0; i < f->n; i++) {
		struct answer *a = &f->answers[i];

		if (a->node == node && strcmp(a->daemon, daemon) == 0 && strcmp(a->command, command) == 0) {
			a->text = text;
			return;
		}
	}
	assert_true(f->n < MAX_ANSWERS);
	f->answers[f->n++] = (struct answer){ node, daemon, command, text };
}

/* a --eth1--eth2-- b --eth1--eth2-- c, and all three on bridge br by eth9 */
enum { A, B, C, BR };
static const struct settle_node nodes[] = {
	[A] = { .name = "a", .pid = 1 },
	[B] = { .name = "b", .pid = 2 },
	[C] = { .name = "c", .pid = 3 },
	[BR] = { .name = "br", .bridge = true },
};
static const struct settle_link links[] = {
	{ .node = { A, B }, .ifname = { "eth1", "eth2" } },
	{ .node = { B, C }, .ifname = { "eth1", "eth2" } },
	{ .node = { A, BR }, .ifname = { "eth9", "p1" } },
	{ .node = { BR, B }, .ifname = { "p2", "eth9" } },
	{ .node = { BR, C }, .ifname = { "p3", "eth9" } },
};

static struct settle_input input(struct fake *f)
{
	return (struct settle_input){ .nodes = nodes, .n_nodes = ARRAY_SIZE(nodes), .links = links,
				      .n_links = ARRAY_SIZE(links), .ask = fake_ask, .ask_arg = f };
}

/* What is waited for, one line after the other. */
static void expect_input(const struct settle_input *in, const char *lines)
{
	struct settle_report report;
	struct error e = { 0 };
	_cleanup_strbuf_ struct strbuf all = { 0 };
	int r;

	r = settle_check(in, &report, &e);
	for (size_t i = 0; i < report.lines.n; i++)
		strbuf_printf(&all, "%s\n", report.lines.v[i]);
	assert_string_equal(strbuf_str(&all), lines);
	assert_int_equal(r, *lines == '\0');
	settle_report_done(&report);
}

static void expect(struct fake *f, const char *lines)
{
	struct settle_input in = input(f);

	expect_input(&in, lines);
}

#define BGP "show bgp neighbors json"
#define AF "\"addressFamilyInfo\":{\"ipv4Unicast\":{\"acceptedPrefixCounter\":2}}"
#define CAPS \
	"\"neighborCapabilities\":{\"multiprotocolExtensions\":{\"ipv4Unicast\":{\"advertisedAndReceived\":true}}," \
	"\"gracefulRestart\":\"advertisedAndReceived\"}"
#define ACTIVE "{\"bgpState\":\"Active\"," AF "}"
#define UP_SINCE(ms, gr) \
	"{\"bgpState\":\"Established\",\"bgpTimerUpMsec\":" ms ",\"messageStats\":{\"depthOutq\":0}," gr AF "}"
#define MARKERS \
	"\"gracefulRestartInfo\":{\"endOfRibSend\":{\"ipv4Unicast\":true}," \
	"\"endOfRibRecv\":{\"ipv4Unicast\":true}}"
#define DONE UP_SINCE("1000", CAPS "," MARKERS ",")
#define ADDR(ifname, addr) "\"" ifname "\":{\"ipAddresses\":[{\"address\":\"" addr "\"}]}"

static void bgp(struct fake *f, size_t node, const char *peers)
{
	say(f, node, "bgpd", BGP, peers);
}

static void addrs(struct fake *f, size_t node, const char *ifaces)
{
	say(f, node, "zebra", "show interface json", ifaces);
}

static void test_nothing_to_wait_for(void **state)
{
	struct fake f = { 0 };
	const struct settle_input empty = { .ask = fake_ask, .ask_arg = &f };

	(void)state;
	expect(&f, "");
	expect_input(&empty, "");
}

static void test_expected_daemon(void **state)
{
	const char *const daemons[] = { "zebra", "bgpd", NULL };
	const struct settle_node node = { .name = "a", .pid = 1, .daemons = daemons };
	struct fake f = { 0 };
	const struct settle_input in = { .nodes = &node, .n_nodes = 1, .ask = fake_ask, .ask_arg = &f };

	(void)state;
	addrs(&f, A, "{}");
	expect_input(&in, "a: bgpd does not run yet\n");
	bgp(&f, A, "{}");
	expect_input(&in, "");
}

static void test_unnumbered(void **state)
{
	struct fake f = { 0 };

	(void)state;
	bgp(&f, A, "{\"eth1\":" ACTIVE "}");
	expect(&f, ""); /* the other end is not configured */
	bgp(&f, B, "{\"eth1\":" ACTIVE "}");
	expect(&f, ""); /* on another link */
	bgp(&f, B, "{\"eth2\":{\"bgpState\":\"Connect\"," AF "}}");
	expect(&f, "a: BGP neighbor eth1 (b): Active\nb: BGP neighbor eth2 (a): Connect\n");
	bgp(&f, A, "{\"eth1\":" UP_SINCE("0", CAPS ",") "}");
	bgp(&f, B, "{\"eth2\":" DONE "}");
	expect(&f, "a: BGP neighbor eth1 (b): Established, initial updates not yet exchanged\n");
	bgp(&f, A, "{\"eth1\":" DONE "}");
	expect(&f, "");
}

static void test_addresses(void **state)
{
	struct fake f = { 0 };

	(void)state;
	addrs(&f, A, "{" ADDR("eth1", "10.0.1.1/24") "," ADDR("eth2", "10.0.2.1/24") "," ADDR("lo", "1.1.1.1/32") "}");
	addrs(&f, B, "{" ADDR("eth1", "10.0.1.2/24") "," ADDR("eth2", "10.0.2.2/24") "," ADDR("lo", "2.2.2.2/32") "}");
	bgp(&f, A, "{\"10.0.1.2\":" ACTIVE ",\"10.0.9.9\":" ACTIVE "}");
	expect(&f, ""); /* no bgpd there */
	bgp(&f, B, "{\"10.0.2.1\":" ACTIVE "}");
	expect(&f, ""); /* a bgpd that talks to another address of a */
	bgp(&f, B, "{\"10.0.1.1\":" ACTIVE "}");
	expect(&f, "a: BGP neighbor 10.0.1.2 (b): Active\nb: BGP neighbor 10.0.1.1 (a): Active\n");
	bgp(&f, A, "{\"2.2.2.2\":" ACTIVE "}");
	bgp(&f, B, "{\"1.1.1.1\":" DONE "}");
	expect(&f, "a: BGP neighbor 2.2.2.2 (b): Active\n");
}

/* The same address on two nodes: the one that answers is meant. */
static void test_anycast_address(void **state)
{
	struct fake f = { 0 };

	(void)state;
	addrs(&f, A, "{" ADDR("eth1", "10.0.1.1/24") "}");
	addrs(&f, B, "{" ADDR("eth1", "10.0.1.2/24") "}");
	addrs(&f, C, "{" ADDR("eth1", "10.0.1.2/24") "}");
	bgp(&f, A, "{\"10.0.1.2\":" ACTIVE "}");
	bgp(&f, B, "{}");
	bgp(&f, C, "{\"10.0.1.1\":" DONE "}");
	expect(&f, "a: BGP neighbor 10.0.1.2 (c): Active\n");
}

static void test_neighbors_that_do_not_count(void **state)
{
	struct fake f = { 0 };

	(void)state;
	bgp(&f, A, "{\"eth1\":{\"bgpState\":\"Idle\",\"adminShutDown\":true," AF "}}");
	bgp(&f, B, "{\"eth2\":" ACTIVE "}");
	expect(&f, ""); /* shut down on one side */
	bgp(&f, A, "{\"eth1\":{\"bgpState\":\"Active\",\"addressFamilyInfo\":{}},\"vrfId\":0}");
	expect(&f, ""); /* no address family is activated */
}

static void test_listen_range(void **state)
{
	struct fake f = { 0 };

	(void)state;
	addrs(&f, A, "{" ADDR("eth1", "10.0.1.1/24") "}");
	addrs(&f, B, "{" ADDR("eth1", "10.0.1.2/24") "}");
	bgp(&f, A, "{\"10.0.1.2\":" ACTIVE "}");
	bgp(&f, B, "{}");
	say(&f, B, "bgpd", "show bgp peer-group json",
	    "{\"DYN\":{\"dynamicRanges\":{\"IPv4\":{\"count\":1,\"ranges\":[\"10.0.1.0/24\"]}}}}");
	expect(&f, "a: BGP neighbor 10.0.1.2 (b): Active\n");
	bgp(&f, A, "{\"10.0.1.2\":" DONE "}");
	bgp(&f, B, "{\"10.0.1.1\":{\"peerSubnetRangeGroup\":\"10.0.1.0/24\",\"bgpState\":\"Active\"," AF "}}");
	expect(&f, "");
}

/* Without graceful restart there are no markers: age and an empty queue must do. */
static void test_without_markers(void **state)
{
	struct fake f = { 0 };

	(void)state;
	bgp(&f, B, "{\"eth2\":" DONE "}");
	bgp(&f, A, "{\"eth1\":" UP_SINCE("1000", "") "}");
	expect(&f, "a: BGP neighbor eth1 (b): Established, initial updates not yet exchanged\n");
	bgp(&f, A, "{\"eth1\":" UP_SINCE("2000", "") "}");
	expect(&f, "");
	bgp(&f, A, "{\"eth1\":" UP_SINCE("4000", CAPS ",") "}");
	expect(&f, "a: BGP neighbor eth1 (b): Established, initial updates not yet exchanged\n");
	bgp(&f, A, "{\"eth1\":" UP_SINCE("5000", CAPS ",") "}");
	expect(&f, "");
	bgp(&f, A, "{\"eth1\":{\"bgpState\":\"Established\",\"bgpTimerUpMsec\":9000,"
		   "\"messageStats\":{\"depthOutq\":3}," AF "}}");
	expect(&f, "a: BGP neighbor eth1 (b): Established, initial updates not yet exchanged\n");
}

static void test_queued_routes(void **state)
{
	struct fake f = { 0 };

	(void)state;
	bgp(&f, A, "{}");
	say(&f, A, "zebra", "show ip route summary json", "{\"routesTotal\":3,\"routesTotalFib\":2}");
	say(&f, A, "zebra", "show ip route", "B>q 10.0.0.0/24 [20/0] via 10.0.1.2, eth1\n");
	expect(&f, "a: IPv4 routes not yet in the kernel\n");
	say(&f, A, "zebra", "show ip route", "O   10.0.0.0/24 [110/10]\nC>* 10.0.0.0/24\nB>r 10.0.7.0/24\n");
	expect(&f, "");
	say(&f, A, "zebra", "show ipv6 route summary json", "{\"routesTotal\":1,\"routesTotalFib\":0}");
	say(&f, A, "zebra", "show ipv6 route", "O[1]>q fd00::/64 via fe80::1, eth1\n");
	expect(&f, "a: IPv6 routes not yet in the kernel\n");
}

#define OSPF_IF(ifname, type, st) \
	"\"" ifname "\":{\"ifUp\":true,\"ospfEnabled\":true,\"area\":\"0.0.0.0\",\"networkType\":\"" type \
	"\",\"state\":\"" st "\"}"
#define OSPF_NBR(ifname, st) "{\"nbrState\":\"" st "\",\"ifaceName\":\"" ifname ":10.0.1.1\"}"

static void ospf(struct fake *f, size_t node, const char *ifaces, const char *neighbors)
{
	say(f, node, "ospfd", "show ip ospf interface json", ifaces);
	say(f, node, "ospfd", "show ip ospf neighbor json", neighbors);
}

#define P2P(ifname) "{\"interfaces\":{" OSPF_IF(ifname, "POINTOPOINT", "Point-To-Point") "}}"
#define LAN(ifname, st) "{\"interfaces\":{" OSPF_IF(ifname, "BROADCAST", st) "}}"
#define NBRS(list) "{\"neighbors\":{\"2.2.2.2\":[" list "]}}"

static void test_ospf_point_to_point(void **state)
{
	struct fake f = { 0 };

	(void)state;
	ospf(&f, A, P2P("eth1"), "{\"neighbors\":{}}");
	expect(&f, ""); /* no OSPF at the other end */
	ospf(&f, B, P2P("eth2"), NBRS(OSPF_NBR("eth2", "Init/-")));
	expect(&f, "a: OSPF neighbor on eth1 (b): none yet\nb: OSPF neighbor on eth2 (a): Init/-\n");
	ospf(&f, A, P2P("eth1"), NBRS(OSPF_NBR("eth1", "ExStart/-")));
	ospf(&f, B, P2P("eth2"), NBRS(OSPF_NBR("eth2", "Full/-")));
	expect(&f, "a: OSPF neighbor on eth1 (b): ExStart/-\n");
	ospf(&f, A, P2P("eth1"), NBRS(OSPF_NBR("eth1", "Full/-")));
	expect(&f, "");
}

static void test_ospf_passive(void **state)
{
	struct fake f = { 0 };

	(void)state;
	ospf(&f, B, P2P("eth2"), "{}");
	ospf(&f, A, "{\"interfaces\":{\"eth1\":{\"ifUp\":true,\"ospfEnabled\":true,\"timerPassiveIface\":true}}}",
	     "{}");
	expect(&f, "");
	/* newer FRR: one object for each address */
	ospf(&f, A, "{\"interfaces\":{\"eth1\":{\"ifUp\":true,\"ospfEnabled\":true,"
		    "\"interfaceIp\":{\"10.0.0.1\":{\"timerPassiveIface\":true}}}}}", "{}");
	expect(&f, "");
	ospf(&f, A, "{\"interfaces\":{\"eth1\":{\"ifUp\":true,\"ospfEnabled\":true,"
		    "\"interfaceIp\":{\"10.0.0.1\":{\"area\":\"0.0.0.0\"},\"10.0.1.1\":{\"area\":\"0.0.0.0\"}}}}}",
	     "{}");
	expect(&f, "a: OSPF neighbor on eth1 (b): none yet\nb: OSPF neighbor on eth2 (a): none yet\n");
}

/* Three routers on a bridge: two of them have been elected, or all wait. */
static void test_ospf_bridge(void **state)
{
	struct fake f = { 0 };

	(void)state;
	for (size_t i = A; i <= C; i++)
		ospf(&f, i, LAN("eth9", "Waiting"),
		     NBRS(OSPF_NBR("eth9", "2-Way/DROther") "," OSPF_NBR("eth9", "Init/DROther")));
	expect(&f, "a: OSPF neighbor on eth9: waiting for the election\nb: OSPF neighbor on eth9: waiting for the "
		   "election\nc: OSPF neighbor on eth9: waiting for the election\n");
	ospf(&f, A, LAN("eth9", "DR"), NBRS(OSPF_NBR("eth9", "Full/Backup") "," OSPF_NBR("eth9", "Full/DROther")));
	ospf(&f, B, LAN("eth9", "Backup"), NBRS(OSPF_NBR("eth9", "Full/DR") "," OSPF_NBR("eth9", "Loading/DROther")));
	ospf(&f, C, LAN("eth9", "DROther"), NBRS(OSPF_NBR("eth9", "Full/DR")));
	expect(&f, "b: OSPF neighbor on eth9: Loading/DROther\nc: OSPF neighbor on eth9: not all of them yet\n");
	ospf(&f, B, LAN("eth9", "DROther"), NBRS(OSPF_NBR("eth9", "Full/DR") "," OSPF_NBR("eth9", "2-Way/DROther")));
	ospf(&f, C, LAN("eth9", "DROther"), NBRS(OSPF_NBR("eth9", "Full/DR") "," OSPF_NBR("eth9", "2-Way/DROther")));
	expect(&f, "");
}

static void test_ospf_databases(void **state)
{
	struct fake f = { 0 };

	(void)state;
	ospf(&f, A, P2P("eth1"), NBRS(OSPF_NBR("eth1", "Full/-")));
	ospf(&f, B, P2P("eth2"), NBRS(OSPF_NBR("eth2", "Full/-")));
	say(&f, A, "ospfd", "show ip ospf json", "{\"areas\":{\"0.0.0.0\":{\"lsaRouterChecksum\":1}}}");
	say(&f, B, "ospfd", "show ip ospf json", "{\"areas\":{\"0.0.0.0\":{\"lsaRouterChecksum\":2}}}");
	expect(&f, "a: OSPF area 0.0.0.0: not yet the same database as b\n");
	say(&f, B, "ospfd", "show ip ospf json",
	    "{\"areas\":{\"0.0.0.0\":{\"lsaRouterChecksum\":1}},\"spfTimerDueInMsecs\":40}");
	expect(&f, "b: OSPF: shortest paths are about to be calculated\n");
	say(&f, B, "ospfd", "show ip ospf json", "{\"areas\":{\"0.0.0.0\":{\"lsaRouterChecksum\":1}}}");
	say(&f, A, "ospfd", "show ip ospf database router self-originate json", "{\"numOfLinks\":0}");
	expect(&f, "a: OSPF: its own LSA lacks a neighbor\n");
	say(&f, A, "ospfd", "show ip ospf database router self-originate json",
	    "{\"linkType\": \"another Router (point-to-point)\"}");
	expect(&f, "");
}

#define OSPF6_IF(ifname, st) \
	"{\"" ifname "\":{\"status\":\"up\",\"attachedToArea\":true,\"areaId\":\"0\"," \
	"\"ospf6InterfaceState\":\"" st "\"}}"
#define OSPF6_NBR(ifname, st) "{\"neighbors\":[{\"state\":\"" st "\",\"interfaceName\":\"" ifname "\"}]}"

static void test_ospf6(void **state)
{
	struct fake f = { 0 };

	(void)state;
	say(&f, A, "ospf6d", "show ipv6 ospf6 interface json", OSPF6_IF("eth1", "PointToPoint"));
	say(&f, B, "ospf6d", "show ipv6 ospf6 interface json", OSPF6_IF("eth2", "PointToPoint"));
	say(&f, A, "ospf6d", "show ipv6 ospf6 neighbor json", OSPF6_NBR("eth1", "Full"));
	say(&f, B, "ospf6d", "show ipv6 ospf6 neighbor json", OSPF6_NBR("eth2", "ExChange"));
	say(&f, A, "ospf6d", "show ipv6 ospf6 database router self-originated json", "{\"payload\":\"1\"}");
	expect(&f, "b: OSPFv3 neighbor on eth2 (a): ExChange\n");
	say(&f, A, "ospf6d", "show ipv6 ospf6 json", "{\"spfTimerActive\":true}");
	say(&f, B, "ospf6d", "show ipv6 ospf6 neighbor json", OSPF6_NBR("eth2", "Full"));
	expect(&f, "a: OSPFv3: shortest paths are about to be calculated\n");
	say(&f, A, "ospf6d", "show ipv6 ospf6 json", "{}");
	say(&f, A, "ospf6d", "show ipv6 ospf6 neighbor json", "{}");
	say(&f, B, "ospf6d", "enable", "");
	say(&f, B, "ospf6d", "show running-config",
	    "!\ninterface eth1\n ipv6 ospf6 passive\nexit\n!\ninterface eth2\n ipv6 ospf6 area 0\nexit\n!\n");
	expect(&f, "a: OSPFv3 neighbor on eth1 (b): none yet\n");
	say(&f, B, "ospf6d", "show running-config", "!\ninterface eth2\n ipv6 ospf6 passive\nexit\n!\n");
	expect(&f, "");
}

static void test_strange_answers(void **state)
{
	static const char *const texts[] = {
		"", "% No BGP neighbors found\n", "[]", "{", "{\"eth1\":[]}", "{\"eth1\":{}}", "{\"eth1\":null}",
		"{\"interfaces\":[],\"neighbors\":{\"x\":{}},\"areas\":[1]}", "{\"neighbors\":{\"x\":[1,{}]}}",
		"{\"interfaces\":{\"eth1\":1}}", "{\"x\":{\"ipAddresses\":[1,{\"address\":\"x\"}]}}",
		"{\"x\":{\"dynamicRanges\":{\"y\":{\"ranges\":[1,\"z\"]}}}}",
	};
	static const struct {
		const char *daemon, *command;
	} asked[] = {
		{ "bgpd", BGP }, { "bgpd", "show bgp peer-group json" }, { "zebra", "show interface json" },
		{ "zebra", "show ip route summary json" }, { "ospfd", "show ip ospf interface json" },
		{ "ospfd", "show ip ospf neighbor json" }, { "ospfd", "show ip ospf json" },
		{ "ospf6d", "show ipv6 ospf6 interface json" }, { "ospf6d", "show ipv6 ospf6 neighbor json" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct fake f = { 0 };

		for (size_t k = 0; k < ARRAY_SIZE(asked); k++)
			say(&f, A, asked[k].daemon, asked[k].command, texts[i]);
		expect(&f, "");
	}
}

/* Waiting */

static void establish_slowly(struct fake *f)
{
	if (f->asked == 6) {
		bgp(f, A, "{\"eth1\":" DONE "}");
		bgp(f, B, "{\"eth2\":" DONE "}");
	}
}

static int count_calls(void *arg, const struct settle_report *report)
{
	assert_int_equal(report->lines.n, 2);
	++*(int *)arg;
	return 0;
}

static void test_wait(void **state)
{
	struct fake f = { .on_bgp = establish_slowly };
	struct settle_input in = input(&f);
	struct settle_report report;
	int calls = 0;

	(void)state;
	bgp(&f, A, "{\"eth1\":" ACTIVE "}");
	bgp(&f, B, "{\"eth2\":" ACTIVE "}");
	assert_int_equal(settle_wait(&in, 60, count_calls, &calls, &report, NULL), 0);
	assert_int_equal(report.lines.n, 0);
	assert_int_equal(report.n_sessions, 2);
	settle_report_done(&report);
	/* all 3 routers; then a and b, twice; then all, twice in the same state */
	assert_int_equal(calls, 2);
	assert_int_equal(f.asked, 3 + 2 + 2 + 3 + 3);
}

#define MOVING(n) \
	"{\"eth1\":{\"bgpState\":\"Established\",\"messageStats\":{\"depthOutq\":0,\"updatesRecv\":" n "}," CAPS \
	"," MARKERS "," AF "}}"

static void keep_moving(struct fake *f)
{
	static const char *const states[] = { MOVING("1"), MOVING("2"), MOVING("3"), MOVING("4") };

	bgp(f, A, states[MIN_OF(f->asked / 3, 3U)]);
}

/* Sessions are done, but updates still travel: not before two looks agree. */
static void test_wait_for_calm(void **state)
{
	struct fake f = { .on_bgp = keep_moving };
	struct settle_input in = input(&f);
	struct settle_report report;

	(void)state;
	bgp(&f, B, "{\"eth2\":" DONE "}");
	assert_int_equal(settle_wait(&in, 60, NULL, NULL, &report, NULL), 0);
	settle_report_done(&report);
	assert_int_equal(f.asked, 5 * 3);
}

static void test_wait_times_out(void **state)
{
	struct fake f = { 0 };
	struct settle_input in = input(&f);
	struct settle_report report;
	struct error e = { 0 };

	(void)state;
	bgp(&f, A, "{\"eth1\":" ACTIVE "}");
	bgp(&f, B, "{\"eth2\":" ACTIVE "}");
	assert_int_equal(settle_wait(&in, 0, NULL, NULL, &report, &e), -ETIMEDOUT);
	assert_int_equal(report.lines.n, 2);
	settle_report_done(&report);
	assert_string_equal(e.msg, "routing has not settled after 0 s: a: BGP neighbor eth1 (b): Active, ...");
}

static int give_up(void *arg, const struct settle_report *report)
{
	(void)arg;
	(void)report;
	return -ECANCELED;
}

static void test_wait_is_given_up(void **state)
{
	struct fake f = { 0 };
	struct settle_input in = input(&f);
	struct settle_report report;

	(void)state;
	bgp(&f, A, "{\"eth1\":" ACTIVE "}");
	bgp(&f, B, "{\"eth2\":" ACTIVE "}");
	assert_int_equal(settle_wait(&in, 60, give_up, NULL, &report, NULL), -ECANCELED);
	settle_report_done(&report);
}

static void test_bad_link(void **state)
{
	struct fake f = { 0 };
	const struct settle_link bad = { .node = { A, 99 }, .ifname = { "x", "y" } };
	struct settle_input in = input(&f);
	struct settle_report report;

	(void)state;
	in.links = &bad;
	in.n_links = 1;
	assert_int_equal(settle_check(&in, &report, NULL), -EINVAL);
	settle_report_done(&report);
}

/* No seam: a node whose process has gone has no daemons. */
/* b's neighbor is a cluster's node, which says nothing itself; it dials b's loopback. */
static void test_speaker(void **state)
{
	char address[] = "10.0.2.2", loopback[] = "10.0.0.1", nobody[] = "10.0.0.77", other[] = "10.0.0.2";
	char *own[] = { address }, *theirs[] = { loopback, nobody };
	const struct strv addrs = { .v = own, .n = 1 }, peers = { .v = theirs, .n = 2 };
	const struct settle_node two[] = { { .name = "b", .pid = 1 }, { .name = "node", .addrs = &addrs, .peers = &peers } };
	struct fake f = { 0 };
	struct settle_input in = { .nodes = two, .n_nodes = 2, .ask = fake_ask, .ask_arg = &f };

	(void)state;
	say(&f, 0, "zebra", "show interface json", "{" ADDR("lo", "10.0.0.1/32") "," ADDR("net2", "10.0.2.1/24") "}");
	bgp(&f, 0, "{\"10.0.2.2\":" ACTIVE ",\"10.0.2.3\":" ACTIVE "}");
	expect_input(&in, "b: BGP neighbor 10.0.2.2 (node): Active\n");
	bgp(&f, 0, "{\"10.0.2.2\":" DONE ",\"10.0.2.3\":" ACTIVE "}");
	expect_input(&in, "");
	/* It dials somebody else. */
	theirs[0] = other;
	bgp(&f, 0, "{\"10.0.2.2\":" ACTIVE "}");
	expect_input(&in, "");
}

static void test_dead_node(void **state)
{
	const struct settle_node node = { .name = "a", .pid = 0x3fffffff };
	const struct settle_input in = { .nodes = &node, .n_nodes = 1 };

	(void)state;
	expect_input(&in, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_to_wait_for),
		cmocka_unit_test(test_expected_daemon),
		cmocka_unit_test(test_unnumbered),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_anycast_address),
		cmocka_unit_test(test_neighbors_that_do_not_count),
		cmocka_unit_test(test_listen_range),
		cmocka_unit_test(test_without_markers),
		cmocka_unit_test(test_queued_routes),
		cmocka_unit_test(test_ospf_point_to_point),
		cmocka_unit_test(test_ospf_passive),
		cmocka_unit_test(test_ospf_bridge),
		cmocka_unit_test(test_ospf_databases),
		cmocka_unit_test(test_ospf6),
		cmocka_unit_test(test_strange_answers),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_wait_for_calm),
		cmocka_unit_test(test_wait_times_out),
		cmocka_unit_test(test_wait_is_given_up),
		cmocka_unit_test(test_bad_link),
		cmocka_unit_test(test_speaker),
		cmocka_unit_test(test_dead_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
