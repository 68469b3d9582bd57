// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packets.c - conditions about packets: ping, traceroute, flows over several links
 *
 * Theory of Operation. Nothing is started for it: a socket made in a node's network namespace keeps it, so that the worker sends
 * and receives for the node. Echo requests carry an id of their own and are told apart by it; errors come by the socket's error
 * queue (IP_RECVERR), with the address of the router that sent them, which is all that traceroute needs.
 */
#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/inaddr.h"
#include "cli.h"
#include "kernel/link.h"
#include "kernel/netns.h"
#include "kernel/rtjson.h"
#include "test_run.h"

enum {
	PING_SIZE = 56, PING_SIZE_MAX = 65000, PING_MS = 1000, HOPS_MAX = 30, TTL = 64,
	FLOWS = 1000, FLOWS_MAX = 20000, FLOW_PORT = 20000, STILL_MS = 20, STILL_TURNS = 50,
};

static int64_t now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* ---- sockets of a node ---- */

/* Return: a socket or -errno. */
static int node_socket(struct run *r, const struct test_node *n, int family, int type, int protocol)
{
	int fd;

	if (netns_enter(n->netns, NULL) < 0)
		return -errno;
	fd = socket(family, type | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		fd = -errno;
	if (netns_enter(r->self_ns, NULL) < 0)
		_exit(CLI_EXEC_FAILED); /* it is in a node, and no longer of any use */
	return fd;
}

static socklen_t to_sockaddr(const struct inprefix *a, int scope, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *in = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;

	*ret = (struct sockaddr_storage){ .ss_family = (sa_family_t)a->family };
	if (a->family == AF_INET) {
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, a->addr, 4);
		return sizeof(*in);
	}
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, a->addr, 16);
	if (IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr))
		in6->sin6_scope_id = (uint32_t)scope;
	return sizeof(*in6);
}

static struct inprefix from_sockaddr(const struct sockaddr *sa)
{
	struct inprefix p = { .family = sa->sa_family };

	if (sa->sa_family == AF_INET)
		memcpy(p.addr, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
	else if (sa->sa_family == AF_INET6)
		memcpy(p.addr, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16);
	p.len = (uint8_t)inprefix_bits(&p);
	return p;
}

/* ---- one echo request ---- */

struct pinger {
	struct run *r;
	int fd;
	struct inprefix to;
	int scope;
	uint16_t id, seq;
	size_t size;
	unsigned wait_ms;
};

struct answer {
	int64_t us;	    /* 0: none came */
	struct inprefix hop; /* of the router that sent an error; family 0: none */
	int code;	    /* errno of it, or of sending; 0 */
};

static bool pinger_options(struct pinger *p, const struct test_step *s, const struct test_node *n, struct strbuf *why)
{
	const int on = 1, df = p->to.family == AF_INET ? IP_PMTUDISC_PROBE : IPV6_PMTUDISC_PROBE;
	const char *source = step_string(s, "source"), *ifname = step_string(s, "interface");
	struct inprefix from;
	struct sockaddr_storage sa;
	struct error e = { 0 };
	int r = 0;

	if (ifname && link_get_index(n->conn, ifname, &p->scope, &e) < 0) {
		strbuf_printf(why, "%s\n", e.msg);
		return false;
	}
	if (ifname)
		r = setsockopt(p->fd, SOL_SOCKET, SO_BINDTODEVICE, ifname, (socklen_t)strlen(ifname));
	if (r == 0 && source && inprefix_parse(source, &from) == 0)
		r = bind(p->fd, (struct sockaddr *)&sa, to_sockaddr(&from, p->scope, 0, &sa));
	if (r == 0 && step_true(s, "df"))
		r = p->to.family == AF_INET ? setsockopt(p->fd, IPPROTO_IP, IP_MTU_DISCOVER, &df, sizeof(df))
					    : setsockopt(p->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &df, sizeof(df));
	if (r == 0 && step_true(s, "df") && p->to.family == AF_INET6)
		r = setsockopt(p->fd, IPPROTO_IPV6, IPV6_DONTFRAG, &on, sizeof(on));
	if (r == 0)
		r = p->to.family == AF_INET ? setsockopt(p->fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on))
					    : setsockopt(p->fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
	if (r < 0)
		strbuf_printf(why, "ping: %s\n", strerror(errno));
	return r == 0;
}

static bool pinger_open(struct pinger *p, struct run *r, const struct test_step *s, const char *node, const char *to, struct strbuf *why)
{
	static uint16_t last_id;
	const struct test_node *n = run_node(r, node, why);

	*p = (struct pinger){ .r = r, .fd = -EBADF, .size = PING_SIZE, .wait_ms = PING_MS };
	if (!n || inprefix_parse(to, &p->to) < 0)
		return false;
	p->id = (uint16_t)(getpid() + 7919 * ++last_id);
	p->size = (size_t)MIN_OF(step_int(s, "size", PING_SIZE), (json_int_t)PING_SIZE_MAX);
	if (step_string(s, "wait"))
		(void)test_duration(step_string(s, "wait"), &p->wait_ms);
	p->fd = node_socket(r, n, p->to.family, SOCK_RAW | SOCK_NONBLOCK, p->to.family == AF_INET ? IPPROTO_ICMP : (int)IPPROTO_ICMPV6);
	if (p->fd < 0)
		strbuf_printf(why, "%s: a socket for ping: %s\n", node, strerror(-p->fd));
	return p->fd >= 0 && pinger_options(p, s, n, why);
}

static uint16_t checksum(const uint8_t *data, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)data[i] << 8 | data[i + 1];
	if (n % 2)
		sum += (uint32_t)data[n - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* RFC 792 and RFC 4443 have the same layout: type, code, checksum, id, sequence number. The checksum of ICMPv6 is the kernel's. */
static void build_echo(const struct pinger *p, uint8_t *buf)
{
	uint16_t sum;

	memset(buf, 0, 8 + p->size);
	buf[0] = p->to.family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
	buf[4] = (uint8_t)(p->id >> 8);
	buf[5] = (uint8_t)p->id;
	buf[6] = (uint8_t)(p->seq >> 8);
	buf[7] = (uint8_t)p->seq;
	for (size_t i = 0; i < p->size; i++)
		buf[8 + i] = (uint8_t)i;
	sum = p->to.family == AF_INET ? checksum(buf, 8 + p->size) : 0;
	buf[2] = (uint8_t)(sum >> 8);
	buf[3] = (uint8_t)sum;
}

static bool is_mine(const struct pinger *p, const uint8_t *icmp, ssize_t n, uint8_t type)
{
	return n >= 8 && icmp[0] == type && (icmp[4] << 8 | icmp[5]) == p->id && (icmp[6] << 8 | icmp[7]) == p->seq;
}

/* Return: whether the answer to this very request was there. */
static bool take_reply(const struct pinger *p)
{
	uint8_t buf[65536];
	ssize_t n;

	while ((n = recv(p->fd, buf, sizeof(buf), MSG_DONTWAIT)) != 0) {
		const size_t head = p->to.family == AF_INET ? (size_t)(buf[0] & 15) * 4 : 0;

		if (n < 0 && errno == EAGAIN)
			return false;
		if (n < 0)
			continue; /* an error that waits in the queue, told once */
		if (n >= (ssize_t)head && is_mine(p, buf + head, n - (ssize_t)head, p->to.family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY))
			return true;
	}
	return false;
}

/* An error queue holds what was sent, and who complains. Return: whether one was about this request. */
static bool take_error(const struct pinger *p, struct answer *ret)
{
	uint8_t data[2048], control[512];
	struct iovec iov = { data, sizeof(data) };
	bool found = false;

	for (;;) {
		struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
		const ssize_t n = recvmsg(p->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT);

		if (n < 0)
			return found;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
			const struct sock_extended_err *ee = (const void *)CMSG_DATA(c);

			if ((c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_RECVERR) &&
			    (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_RECVERR))
				continue;
			if (!is_mine(p, data, n, p->to.family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST))
				continue;
			ret->code = (int)ee->ee_errno;
			if (ee->ee_origin != SO_EE_ORIGIN_LOCAL)
				ret->hop = from_sockaddr(SO_EE_OFFENDER((struct sock_extended_err *)(uintptr_t)ee));
			found = true;
		}
	}
}

/* Return: 0 or -EINTR. */
static int ping_once(struct pinger *p, int ttl, struct answer *ret)
{
	_cleanup_free_ uint8_t *buf = malloc(8 + p->size);
	const int64_t start = now_us(), until = run_now() + p->wait_ms;
	struct sockaddr_storage sa;
	int w = 1;

	*ret = (struct answer){ 0 };
	p->seq++;
	if (!buf)
		return 0;
	build_echo(p, buf);
	(void)(p->to.family == AF_INET ? setsockopt(p->fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl))
				       : setsockopt(p->fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, sizeof(ttl)));
	if (sendto(p->fd, buf, 8 + p->size, 0, (struct sockaddr *)&sa, to_sockaddr(&p->to, p->scope, 0, &sa)) < 0) {
		ret->code = errno;
		(void)take_error(p, ret);
		return 0;
	}
	while (w > 0 && ret->us == 0 && !ret->code) {
		if (take_reply(p))
			ret->us = MAX_OF(now_us() - start, (int64_t)1);
		else if (!take_error(p, ret))
			w = run_wait(p->r, &p->fd, 1, until);
	}
	return MIN_OF(w, 0);
}

/* ---- ping ---- */

struct pings {
	unsigned sent, lost;
	int64_t us; /* of all answers */
	struct answer last_lost;
};

static void say_lost(const struct pings *p, const char *from, const char *to, struct strbuf *why)
{
	char hop[INPREFIX_STRLEN];

	strbuf_printf(why, "%s does not reach %s: %u of %u lost", from, to, p->lost, p->sent);
	if (p->last_lost.code)
		strbuf_printf(why, " (%s%s%s)", strerror(p->last_lost.code), p->last_lost.hop.family ? ", from " : "",
			      p->last_lost.hop.family ? inprefix_addr_str(&p->last_lost.hop, hop) : "");
	strbuf_putc(why, '\n');
}

static bool judge_pings(const struct test_step *s, const struct pings *p, const char *from, const char *to, struct strbuf *why)
{
	const char *loss = step_string(s, "loss"), *rtt = step_string(s, "rtt");
	const double lost = 100.0 * p->lost / p->sent;
	unsigned ms = 0;
	int64_t mean;

	if (step_true(s, "unreachable")) {
		if (p->lost < p->sent)
			strbuf_printf(why, "%s reaches %s: %u of %u answered\n", from, to, p->sent - p->lost, p->sent);
		return p->lost == p->sent;
	}
	if (lost > (loss ? strtod(loss, NULL) : 0) || p->lost == p->sent) {
		say_lost(p, from, to, why);
		return false;
	}
	if (!rtt || test_duration(rtt + 1, &ms) < 0)
		return true;
	mean = p->us / (p->sent - p->lost);
	if (*rtt == '<' ? mean < (int64_t)ms * 1000 : mean > (int64_t)ms * 1000)
		return true;
	strbuf_printf(why, "%s to %s and back takes %lld us, want %s\n", from, to, (long long)mean, rtt);
	return false;
}

static int ping_pair(struct run *r, const struct test_step *s, const char *from, const char *to, struct strbuf *why)
{
	struct pinger p = { .fd = -EBADF };
	struct pings all = { 0 };
	const json_int_t count = MAX_OF(step_int(s, "count", 1), (json_int_t)1);
	int w = pinger_open(&p, r, s, from, to, why) ? 0 : -ENOENT;

	for (json_int_t i = 0; w == 0 && i < count; i++) {
		struct answer a;

		w = ping_once(&p, TTL, &a);
		all.sent++;
		all.us += a.us;
		if (a.us == 0) {
			all.lost++;
			all.last_lost = a;
		}
	}
	(void)fd_close(p.fd);
	if (w < 0)
		return w == -EINTR ? w : 0;
	return judge_pings(s, &all, from, to, why);
}

int check_ping(struct run *r, const struct test_step *s, struct strbuf *why)
{
	const char *from, *to;
	bool holds = true;

	for (size_t i = 0; (from = test_node(s, i)); i++)
		for (size_t k = 0; (to = step_item(s, "to", k)); k++) {
			const int one = ping_pair(r, s, from, to, why);

			if (one < 0)
				return one;
			holds = one && holds;
		}
	return holds;
}

/* ---- traceroute ---- */

static bool judge_hops(const struct test_step *s, const struct strv *hops, struct strbuf *why)
{
	bool same = true;
	const char *want;
	size_t n = 0;

	for (; (want = step_item(s, "hops", n)); n++)
		same = same && n < hops->n && (strcmp(want, "*") == 0 || strcmp(want, hops->v[n]) == 0);
	if (same && n == hops->n)
		return true;
	strbuf_printf(why, "the way from %s to %s is:", step_string(s, "from"), step_string(s, "to"));
	for (size_t i = 0; i < hops->n; i++)
		strbuf_printf(why, " %s", hops->v[i]);
	strbuf_puts(why, ", want:");
	for (size_t i = 0; (want = step_item(s, "hops", i)); i++)
		strbuf_printf(why, " %s", want);
	strbuf_putc(why, '\n');
	return false;
}

int check_traceroute(struct run *r, const struct test_step *s, struct strbuf *why)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *from = step_string(s, "from"), *to = step_string(s, "to");
	struct pinger p = { .fd = -EBADF };
	struct strv hops = { 0 };
	bool there = false;
	int w = pinger_open(&p, r, s, from, to, why) ? 0 : -ENOENT;

	for (int ttl = 1; w == 0 && !there && ttl <= HOPS_MAX && !(hops.n >= 3 && strcmp(hops.v[hops.n - 1], "*") == 0 &&
								    strcmp(hops.v[hops.n - 3], "*") == 0); ttl++) {
		char text[INPREFIX_STRLEN];
		struct answer one;

		w = ping_once(&p, ttl, &one);
		there = one.us > 0;
		if (there || one.hop.family)
			strv_add(&a, &hops, inprefix_addr_str(there ? &p.to : &one.hop, text));
		else
			strv_add(&a, &hops, one.code ? "!" : "*");
		there = there || (one.code && one.code != EHOSTUNREACH);
	}
	(void)fd_close(p.fd);
	if (w < 0)
		return w == -EINTR ? w : 0;
	return judge_hops(s, &hops, why);
}

/* ---- flows ---- */

/* Sends @count datagrams, each of a port of its own, to the port that throws away. */
static unsigned send_flows(const struct run *r, const struct inprefix *net, unsigned count)
{
	const bool many = net->len < inprefix_bits(net);
	unsigned sent = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct inprefix to = many ? inprefix_host(net, i + 1) : *net, any = { .family = net->family };
		const uint16_t port = (uint16_t)(FLOW_PORT + (r->seed + i) % FLOWS_MAX);
		_cleanup_close_ int fd = socket(net->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		struct sockaddr_storage sa;

		if (fd < 0 || bind(fd, (struct sockaddr *)&sa, to_sockaddr(&any, 0, port, &sa)) < 0)
			continue;
		sent += sendto(fd, "netemu", 6, 0, (struct sockaddr *)&sa, to_sockaddr(&to, 0, 9, &sa)) == 6;
	}
	return sent;
}

static int64_t tx_packets(struct run *r, const char *end, struct strbuf *why)
{
	char node[256];
	const char *ifname = test_endpoint(end, node, sizeof(node));
	const struct test_node *n = run_node(r, node, why);
	struct error e = { 0 };
	json_t *list = NULL, *link;
	int64_t packets = -1;
	size_t i;

	if (!n || rtjson_dump(n->conn, RTJSON_LINKS, &list, &e) < 0)
		return -1;
	json_array_foreach(list, i, link)
		if (strcmp(json_string_value(json_object_get(link, "name")), ifname) == 0)
			packets = json_integer_value(json_object_get(link, "tx_packets"));
	json_decref(list);
	if (packets < 0)
		strbuf_printf(why, "%s: no such interface\n", end);
	return packets;
}

/* Counters of all links of `shares`, in its order. Return: their sum, -1. */
static int64_t counters(struct run *r, const json_t *shares, int64_t *ret, struct strbuf *why)
{
	const char *end;
	const json_t *share;
	int64_t sum = 0;
	size_t n = 0;

	json_object_foreach((json_t *)(uintptr_t)shares, end, share) {
		ret[n] = tx_packets(r, end, why);
		if (ret[n] < 0)
			return -1;
		sum += ret[n++];
	}
	return sum;
}

/* Packets that are still on their way to those links: until the counters hold still. Return: 0, -EINTR, -EIO. */
static int await_still(struct run *r, const json_t *shares, int64_t *after, struct strbuf *why)
{
	int64_t sum = counters(r, shares, after, why), before = -1;
	int w = 0;

	for (unsigned i = 0; w == 0 && sum >= 0 && sum != before && i < STILL_TURNS; i++) {
		before = sum;
		w = run_wait(r, NULL, 0, run_now() + STILL_MS);
		sum = counters(r, shares, after, why);
	}
	return w < 0 ? w : sum < 0 ? -EIO : 0;
}

static bool judge_flows(const struct test_step *s, const int64_t *before, const int64_t *after, unsigned sent, struct strbuf *why)
{
	const json_t *share;
	const char *end;
	bool holds = true;
	size_t n = 0;

	json_object_foreach(json_object_get(s->args, "shares"), end, share) {
		const uint64_t part = (uint64_t)(after[n] - before[n]);

		if (!step_share(json_string_value(share), step_string(s, "tolerance"), part, sent)) {
			strbuf_printf(why, "%s: %u of %u flows leave there, want %s\n", end, (unsigned)part, sent, json_string_value(share));
			holds = false;
		}
		n++;
	}
	return holds;
}

int check_flows(struct run *r, const struct test_step *s, struct strbuf *why)
{
	_cleanup_arena_ struct arena a = { 0 };
	const json_t *shares = json_object_get(s->args, "shares");
	const size_t n = json_object_size(shares);
	int64_t *before = arena_alloc(&a, (n + 1) * sizeof(*before)), *after = arena_alloc(&a, (n + 1) * sizeof(*after));
	const unsigned count = (unsigned)MIN_OF(step_int(s, "count", FLOWS), (json_int_t)FLOWS_MAX);
	const struct test_node *node = run_node(r, step_string(s, "from"), why);
	struct inprefix net;
	unsigned sent;
	int w;

	if (!node || inprefix_parse(step_string(s, "to"), &net) < 0 || counters(r, shares, before, why) < 0)
		return 0;
	if (netns_enter(node->netns, NULL) < 0)
		return 0;
	sent = send_flows(r, &net, count);
	if (netns_enter(r->self_ns, NULL) < 0)
		_exit(CLI_EXEC_FAILED); /* it is in a node, and no longer of any use */
	w = await_still(r, shares, after, why);
	if (w < 0)
		return w == -EINTR ? w : 0;
	if (sent == 0)
		strbuf_printf(why, "%s cannot send to %s\n", step_string(s, "from"), step_string(s, "to"));
	return sent && judge_flows(s, before, after, sent, why);
}
