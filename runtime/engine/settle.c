// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * settle.c - decides, from what all routers say, whether routing has settled
 *
 * Owns the matching of neighbors over links and addresses, and the waiting. Knows no FRR command and no JSON.
 *
 * Theory of Operation
 * -------------------
 * FRR has no event for any of this, so routers are asked again and again: all of them at first, then only those that
 * something is waited for (both ends of it). A pause is PAUSE_MIN_MS; or three times what the last round took, so that
 * asking never takes more than a quarter of one CPU from the daemons that are to get on; or a twentieth of the time
 * waited so far, for OSPF's 40 s election is not to be watched 20 times a second. When nothing is left, all are asked
 * once more; the lab has settled when that finds nothing either and every counter of updates,
 * databases, calculations and routes stands where it stood the last time. That second look is what covers
 * routes that still travel through sessions which were done long ago.
 *
 * A BGP neighbor counts only if its other end is configured, too: an interface's other end is found through the links,
 * an address's through the addresses that zebra reports. On the other end there must be a neighbor statement for
 * an address of ours, or a listen range that covers one; when ours and theirs share a subnet, one in that subnet.
 */
#include "engine/settle.h"

#include <poll.h>
#include <string.h>
#include <time.h>

#include "engine/settle_internal.h"

enum { PAUSE_MIN_MS = 50, PAUSE_MAX_MS = 1000, PAUSE_FACTOR = 3, PAUSE_SHARE = 20 };

/* One end of a link, sorted by node and name. */
struct link_end {
	size_t node;
	const char *ifname;
	size_t segment; /* ends with the same number hear each other */
	size_t peer_node; /* the other end, SIZE_MAX when the segment is a bridge's */
	const char *peer_ifname;
};

struct owner {
	const struct iface_addr *addr;
	size_t node;
};

struct settle {
	const struct settle_input *in;
	struct router *routers; /* one for each node */
	struct link_end *ends; /* sorted by node, ifname */
	size_t n_ends;
	unsigned (*members)[_OSPF_VERSION_MAX]; /* of each segment: interfaces that seek neighbors */
	struct owner *owners; /* all addresses, sorted */
	size_t n_owners;
	struct settle_report *report;
};

void settle_report_done(struct settle_report *report)
{
	arena_done(&report->arena);
	*report = (struct settle_report){ 0 };
}

static void settle_done(struct settle *s)
{
	for (size_t i = 0; s->routers && i < s->in->n_nodes; i++)
		router_done(&s->routers[i]);
	free(s->routers);
	free(s->ends);
	free(s->members);
	free(s->owners);
}

/* Links */

static int compare_ends(const void *pa, const void *pb)
{
	const struct link_end *a = pa, *b = pb;

	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	return strcmp(a->ifname, b->ifname);
}

static void add_link(struct settle *s, size_t index)
{
	const struct settle_link *link = &s->in->links[index];
	const struct settle_node *nodes = s->in->nodes;

	for (int i = 0; i < 2; i++) {
		size_t node = link->node[i], other = link->node[!i];
		struct link_end *end;

		if (nodes[node].bridge)
			continue;
		end = &s->ends[s->n_ends++];
		*end = (struct link_end){ .node = node, .ifname = link->ifname[i], .segment = index,
					  .peer_node = other, .peer_ifname = link->ifname[!i] };
		if (nodes[other].bridge) {
			end->segment = s->in->n_links + other;
			end->peer_node = SIZE_MAX;
		}
	}
}

static int settle_init(struct settle *s, const struct settle_input *in, struct error *e)
{
	s->in = in;
	s->routers = calloc(in->n_nodes + 1, sizeof(*s->routers));
	s->ends = calloc(2 * in->n_links + 1, sizeof(*s->ends));
	s->members = calloc(in->n_links + in->n_nodes + 1, sizeof(*s->members));
	if (!s->routers || !s->ends || !s->members)
		return error_oom(e);
	for (size_t i = 0; i < in->n_links; i++) {
		if (in->links[i].node[0] >= in->n_nodes || in->links[i].node[1] >= in->n_nodes)
			return error_set(e, EINVAL, "link %zu names no node", i);
		add_link(s, i);
	}
	qsort(s->ends, s->n_ends, sizeof(*s->ends), compare_ends);
	return 0;
}

static const struct link_end *find_end(const struct settle *s, size_t node, const char *ifname)
{
	struct link_end key = { .node = node, .ifname = ifname };

	return bsearch(&key, s->ends, s->n_ends, sizeof(key), compare_ends);
}

/* Addresses */

static int compare_addrs(const struct inprefix *a, const struct inprefix *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->addr, b->addr, inprefix_bits(a) / 8);
}

static int compare_owners(const void *pa, const void *pb)
{
	const struct owner *a = pa, *b = pb;

	return compare_addrs(&a->addr->prefix, &b->addr->prefix);
}

static int collect_owners(struct settle *s, struct error *e)
{
	size_t n = 0;

	for (size_t i = 0; i < s->in->n_nodes; i++)
		n += s->routers[i].n_addrs;
	free(s->owners);
	s->n_owners = 0;
	s->owners = calloc(n + 1, sizeof(*s->owners));
	if (!s->owners)
		return error_oom(e);
	for (size_t i = 0; i < s->in->n_nodes; i++)
		for (size_t k = 0; k < s->routers[i].n_addrs; k++)
			s->owners[s->n_owners++] = (struct owner){ .addr = &s->routers[i].addrs[k], .node = i };
	qsort(s->owners, s->n_owners, sizeof(*s->owners), compare_owners);
	return 0;
}

/* The first of all who have the address; the others follow it. Return: n_owners when nobody has. */
static size_t first_owner(const struct settle *s, const struct inprefix *addr)
{
	size_t low = 0, high = s->n_owners;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (compare_addrs(&s->owners[mid].addr->prefix, addr) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The router's own prefix that @addr lies in, hosts' prefixes (/32) left out; NULL when it is not connected. */
static const struct inprefix *connected_subnet(const struct router *router, const struct inprefix *addr)
{
	for (size_t i = 0; i < router->n_addrs; i++) {
		const struct inprefix *p = &router->addrs[i].prefix;

		if (p->family == addr->family && p->len < inprefix_bits(p) && inprefix_contains(p, addr))
			return p;
	}
	return NULL;
}

/* Reports */

static void wait_for(struct settle *s, size_t node, const char *text)
{
	struct arena *arena = &s->report->arena;
	struct strv *lines = &s->report->lines;
	const char *line = arena_printf(arena, "%s: %s", s->in->nodes[node].name, text);

	s->routers[node].unsettled = true;
	if (lines->n == 0 || strcmp(lines->v[lines->n - 1], line) != 0) /* two links to the same neighbor */
		strv_add(arena, lines, line);
}

/* BGP */

/* An address of @router that the other side would talk to: in @subnet when that is known. */
static bool is_our_address(const struct router *router, const struct inprefix *subnet, const struct inprefix *addr)
{
	if (subnet && !inprefix_contains(subnet, addr))
		return false;
	for (size_t i = 0; i < router->n_addrs; i++)
		if (inprefix_same_addr(&router->addrs[i].prefix, addr))
			return true;
	return false;
}

static bool covers_our_address(const struct router *router, const struct inprefix *subnet, const struct inprefix *range)
{
	for (size_t i = 0; i < router->n_addrs; i++) {
		const struct inprefix *addr = &router->addrs[i].prefix;

		if (addr->family == range->family && inprefix_contains(range, addr) &&
		    (!subnet || inprefix_contains(subnet, addr)))
			return true;
	}
	return false;
}

/* Whether @other has been configured to talk to @router, whose neighbor @addr it is. */
static bool expects_us(const struct router *other, const struct router *router, const struct inprefix *addr)
{
	const struct inprefix *subnet = other->told ? NULL : connected_subnet(router, addr);

	for (size_t i = 0; i < other->n_peers; i++) {
		const struct bgp_peer *p = &other->peers[i];

		if (p->wanted && p->addr.family && !p->dynamic && is_our_address(router, subnet, &p->addr))
			return true;
	}
	for (size_t i = 0; i < other->n_listen; i++)
		if (covers_our_address(router, subnet, &other->listen[i]))
			return true;
	return false;
}

static size_t find_peer_by_address(const struct settle *s, size_t node, const struct bgp_peer *peer)
{
	const struct router *router = &s->routers[node];

	for (size_t i = first_owner(s, &peer->addr); i < s->n_owners; i++) {
		if (!inprefix_same_addr(&s->owners[i].addr->prefix, &peer->addr))
			break;
		if (s->owners[i].node != node && expects_us(&s->routers[s->owners[i].node], router, &peer->addr))
			return s->owners[i].node;
	}
	return SIZE_MAX;
}

static size_t find_peer_by_interface(const struct settle *s, size_t node, const struct bgp_peer *peer)
{
	const struct link_end *end = find_end(s, node, peer->name);
	const struct router *other;

	if (!end || end->peer_node == SIZE_MAX)
		return SIZE_MAX;
	other = &s->routers[end->peer_node];
	for (size_t i = 0; i < other->n_peers; i++)
		if (other->peers[i].wanted && !other->peers[i].addr.family &&
		    strcmp(other->peers[i].name, end->peer_ifname) == 0)
			return end->peer_node;
	return SIZE_MAX;
}

/* The node that the session goes to, or SIZE_MAX when it is not ours to wait for. */
static size_t find_peer(const struct settle *s, size_t node, const struct bgp_peer *peer)
{
	if (peer->dynamic || !peer->wanted)
		return SIZE_MAX;
	return peer->addr.family ? find_peer_by_address(s, node, peer) : find_peer_by_interface(s, node, peer);
}

static void check_bgp_peer(struct settle *s, size_t node, const struct bgp_peer *peer)
{
	size_t other = find_peer(s, node, peer);
	const char *state = peer->established ? "Established, initial updates not yet exchanged" : peer->state;
	char text[256];

	if (other == SIZE_MAX)
		return;
	s->report->n_sessions++;
	if (peer->exchanged)
		return;
	(void)snprintf(text, sizeof(text), "BGP neighbor %s (%s): %s", peer->name, s->in->nodes[other].name, state);
	wait_for(s, node, text);
	s->routers[other].unsettled = true;
}

/* OSPF */

static const char *const ospf_names[] = { [OSPF_V2] = "OSPF", [OSPF_V3] = "OSPFv3" };
static_assert(ARRAY_SIZE(ospf_names) == _OSPF_VERSION_MAX, "one for each version");

static void count_members(struct settle *s)
{
	memset(s->members, 0, (s->in->n_links + s->in->n_nodes) * sizeof(*s->members));
	for (size_t i = 0; i < s->in->n_nodes; i++)
		for (size_t k = 0; k < s->routers[i].n_ifaces; k++) {
			const struct ospf_iface *f = &s->routers[i].ifaces[k];
			const struct link_end *end = find_end(s, i, f->ifname);

			if (end)
				s->members[end->segment][f->version]++;
		}
}

/* How many neighbors an interface has to find, as far as the lab's links tell. */
static unsigned expected_neighbors(const struct settle *s, size_t node, const struct ospf_iface *f)
{
	const struct link_end *end = find_end(s, node, f->ifname);

	return end ? s->members[end->segment][f->version] - 1 : 0;
}

/* Those that are neither the designated router nor its backup stay at 2-Way with each other (RFC 2328, 10.4). */
static bool iface_settled(const struct ospf_iface *f, unsigned expected)
{
	unsigned done = f->n_full + (f->multiaccess && f->drother ? f->n_twoway : 0);

	if (f->n_exchanging || (f->waiting && f->n_neighbors))
		return false;
	return done >= expected;
}

static const char *iface_state(const struct ospf_iface *f, unsigned expected)
{
	if (f->n_neighbors == 0)
		return "none yet";
	if (f->n_neighbors < expected)
		return "not all of them yet";
	return f->waiting ? "waiting for the election" : f->worst;
}

static void mark_segment(struct settle *s, size_t node, const char *ifname)
{
	const struct link_end *end = find_end(s, node, ifname);

	if (end && end->peer_node != SIZE_MAX)
		s->routers[end->peer_node].unsettled = true;
}

static void check_ospf_iface(struct settle *s, size_t node, const struct ospf_iface *f)
{
	unsigned expected = expected_neighbors(s, node, f);
	const struct link_end *end = find_end(s, node, f->ifname);
	const char *peer = end && end->peer_node != SIZE_MAX ? s->in->nodes[end->peer_node].name : NULL;
	char text[256];

	s->report->n_adjacencies += expected;
	if (iface_settled(f, expected))
		return;
	(void)snprintf(text, sizeof(text), "%s neighbor on %s%s%s%s: %s", ospf_names[f->version], f->ifname,
		       peer ? " (" : "", peer ? peer : "", peer ? ")" : "", iface_state(f, expected));
	wait_for(s, node, text);
	mark_segment(s, node, f->ifname);
}

static const struct ospf_area *find_area(const struct router *router, const char *name)
{
	size_t len = strcspn(name, " "); /* "0.0.0.1 [Stub]" */

	for (size_t i = 0; i < router->n_areas; i++)
		if (strlen(router->areas[i].name) == len && memcmp(router->areas[i].name, name, len) == 0)
			return &router->areas[i];
	return NULL;
}

/* Neighbors on a link whose adjacency is Full: what the one has flooded, the other must have. */
static void check_ospf_databases(struct settle *s, size_t node, const struct ospf_iface *f)
{
	const struct link_end *end = find_end(s, node, f->ifname);
	const struct ospf_area *a, *b;
	char text[256];

	if (!end || end->peer_node == SIZE_MAX || end->peer_node <= node || f->version != OSPF_V2 || !f->n_full)
		return;
	a = find_area(&s->routers[node], f->area);
	b = find_area(&s->routers[end->peer_node], f->area);
	if (!a || !b || strcmp(a->digest, b->digest) == 0)
		return;
	(void)snprintf(text, sizeof(text), "OSPF area %s: not yet the same database as %s", a->name,
		       s->in->nodes[end->peer_node].name);
	wait_for(s, node, text);
	s->routers[end->peer_node].unsettled = true;
}

/* One look at what is known */

static void check_router(struct settle *s, size_t node)
{
	struct router *router = &s->routers[node];

	for (size_t i = 0; i < router->problems.n; i++)
		wait_for(s, node, router->problems.v[i]);
	for (size_t i = 0; i < router->n_peers; i++)
		check_bgp_peer(s, node, &router->peers[i]);
	for (size_t i = 0; i < router->n_ifaces; i++) {
		check_ospf_iface(s, node, &router->ifaces[i]);
		check_ospf_databases(s, node, &router->ifaces[i]);
	}
}

static int judge(struct settle *s, struct settle_report *report, struct error *e)
{
	int r;

	settle_report_done(report);
	s->report = report;
	for (size_t i = 0; i < s->in->n_nodes; i++)
		s->routers[i].unsettled = false;
	r = collect_owners(s, e);
	if (r < 0)
		return r;
	count_members(s);
	for (size_t i = 0; i < s->in->n_nodes; i++)
		check_router(s, i);
	return 0;
}

/* Asks all routers, or those that something is waited for, and judges. */
static int look(struct settle *s, bool all, struct settle_report *report, struct error *e)
{
	struct settle_input in = *s->in;
	struct vty_cache cache = { .in = s->in };

	if (!in.ask) {
		in.ask = settle_ask_vty;
		in.ask_arg = &cache;
	}
	for (size_t i = 0; i < in.n_nodes; i++)
		if (in.nodes[i].addrs)
			router_tell(&in.nodes[i], &s->routers[i]);
		else if (all || s->routers[i].unsettled)
			router_ask(&in, i, &s->routers[i]);
	vty_cache_done(&cache);
	return judge(s, report, e);
}

static uint64_t fingerprint(const struct settle *s)
{
	uint64_t f = 0;

	for (size_t i = 0; i < s->in->n_nodes; i++)
		f = f * 31 + s->routers[i].fingerprint;
	return f;
}

int settle_check(const struct settle_input *in, struct settle_report *ret, struct error *e)
{
	_cleanup_(settle_done) struct settle s = { 0 };
	int r;

	*ret = (struct settle_report){ 0 };
	r = settle_init(&s, in, e);
	if (r >= 0)
		r = look(&s, true, ret, e);
	return r < 0 ? r : ret->lines.n == 0;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void pause_ms(int64_t pause, int64_t deadline)
{
	int64_t left = deadline - now_ms();

	/* A sleep, because there is nothing to wait on: neither bgpd nor ospfd tells a vty client what changes. */
	pause = MIN_OF(MAX_OF(pause, (int64_t)PAUSE_MIN_MS), (int64_t)PAUSE_MAX_MS);
	if (left > 0)
		(void)poll(NULL, 0, (int)MIN_OF(pause, left));
}

static int timed_out(const struct settle_report *report, unsigned timeout_s, struct error *e)
{
	if (report->lines.n == 0)
		return error_set(e, ETIMEDOUT, "routing still moves after %u s", timeout_s);
	return error_set(e, ETIMEDOUT, "routing has not settled after %u s: %s%s", timeout_s, report->lines.v[0],
			 report->lines.n > 1 ? ", ..." : "");
}

/* State of settle_wait(): whether the last full look found nothing, and what it found. */
struct calm {
	bool known;
	uint64_t fingerprint;
};

/* One round. Return: 1 settled, 0 not yet, -errno. */
static int settle_round(struct settle *s, bool all, struct calm *calm, struct settle_report *report, struct error *e)
{
	uint64_t now;
	bool still;
	int r;

	r = look(s, all, report, e);
	if (r < 0)
		return r;
	if (report->lines.n > 0) {
		calm->known = false;
		return 0;
	}
	if (!all)
		return 0; /* the caller asks all next */
	now = fingerprint(s);
	still = calm->known && calm->fingerprint == now;
	*calm = (struct calm){ .known = true, .fingerprint = now };
	return still;
}

int settle_wait(const struct settle_input *in, unsigned timeout_s, settle_progress_fn progress, void *arg,
		struct settle_report *ret, struct error *e)
{
	_cleanup_(settle_done) struct settle s = { 0 };
	int64_t start = now_ms(), deadline = start + (int64_t)timeout_s * 1000, began, pause;
	struct calm calm = { 0 };
	bool all = true;
	int r;

	*ret = (struct settle_report){ 0 };
	r = settle_init(&s, in, e);
	while (r >= 0) {
		began = now_ms();
		r = settle_round(&s, all, &calm, ret, e);
		if (r != 0)
			return MIN_OF(r, 0);
		if (progress && ret->lines.n > 0)
			r = progress(arg, ret);
		if (r < 0)
			return error_set(e, -r, "gave up waiting for routing to settle");
		if (now_ms() >= deadline)
			return timed_out(ret, timeout_s, e);
		all = ret->lines.n == 0;
		pause = MAX_OF((now_ms() - began) * PAUSE_FACTOR, (now_ms() - start) / PAUSE_SHARE);
		pause_ms(all ? 0 : pause, deadline);
	}
	return r;
}
