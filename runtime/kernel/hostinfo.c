// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hostinfo.c - see hostinfo.h: address space and bridges. The probing is in hostprobe.c.
 */
#include "kernel/hostinfo.h"

#include <linux/rtnetlink.h>
#include <string.h>

enum { COMPARE_MAX = 64 };

/* Networks of no interest: everybody has them. */
static bool is_everywhere(const struct inprefix *p)
{
	const uint8_t *b = p->addr;

	if (p->len == 0)
		return true;
	if (p->family == AF_INET)
		return b[0] == 127 || b[0] >= 224 || (b[0] == 169 && b[1] == 254);
	if (b[0] == 0xff || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80))
		return true;
	for (size_t i = 0; i < 15; i++)
		if (b[i])
			return false;
	return b[15] <= 1; /* :: and ::1 */
}

static const struct link_info *link_of(const struct link_info *links, size_t n, int ifindex)
{
	static const struct link_info none = { .ifname = "a route" };

	for (size_t i = 0; i < n; i++)
		if (links[i].ifindex == ifindex)
			return &links[i];
	return &none;
}

static bool is_covered(const struct taken_prefix *v, size_t n, const struct inprefix *p)
{
	for (size_t i = 0; i < MIN_OF(n, (size_t)COMPARE_MAX); i++)
		if (v[i].prefix.family == p->family && v[i].prefix.len <= p->len && inprefix_overlap(&v[i].prefix, p))
			return true;
	return false;
}

/* What is read from the kernel to know what is taken. */
struct address_space {
	struct link_info *links;
	struct addr_info *addrs;
	struct route_info *routes;
	size_t n_links, n_addrs, n_routes;
};

static void address_space_done(struct address_space *s)
{
	free(s->links);
	free(s->addrs);
	free(s->routes);
}

static int address_space_read(struct address_space *s, struct error *e)
{
	_cleanup_nlconn_ struct nlconn *c = NULL;
	int r = nlconn_open(NETLINK_ROUTE, &c, e);

	if (r == 0)
		r = link_dump(c, &s->links, &s->n_links, e);
	if (r == 0)
		r = addr_dump(c, &s->addrs, &s->n_addrs, e);
	return r < 0 ? r : route_dump(c, &s->routes, &s->n_routes, e);
}

static void taken_add(const struct address_space *s, struct taken_prefix *v, size_t *n, const struct inprefix *p, int ifindex)
{
	const struct link_info *link = link_of(s->links, s->n_links, ifindex);

	v[*n].prefix = *p;
	(void)snprintf(v[*n].ifname, sizeof(v[*n].ifname), "%s", link->ifname);
	(void)snprintf(v[*n].alias, sizeof(v[*n].alias), "%.95s", link->alias);
	(*n)++;
}

int hostinfo_taken_prefixes(struct taken_prefix **ret, size_t *ret_n, struct error *e)
{
	_cleanup_(address_space_done) struct address_space s = { 0 };
	_cleanup_free_ struct taken_prefix *v = NULL;
	size_t n = 0;
	int r = address_space_read(&s, e);

	if (r < 0)
		return r;
	v = calloc(s.n_addrs + s.n_routes + 1, sizeof(*v));
	if (!v)
		return error_oom(e);
	for (size_t i = 0; i < s.n_addrs; i++)
		if (!is_everywhere(&s.addrs[i].addr))
			taken_add(&s, v, &n, &s.addrs[i].addr, s.addrs[i].ifindex);
	/* A route to an address's own network adds nothing; a host may have a million others. */
	for (size_t i = 0; i < s.n_routes; i++)
		if (s.routes[i].table != RT_TABLE_LOCAL && s.routes[i].dst.family && !is_everywhere(&s.routes[i].dst) &&
		    !is_covered(v, n, &s.routes[i].dst))
			taken_add(&s, v, &n, &s.routes[i].dst, s.routes[i].ifindex);
	*ret_n = n;
	*ret = n ? TAKE_PTR(v) : NULL;
	return 0;
}

int hostinfo_links(struct link_info **ret, size_t *ret_n, struct error *e)
{
	_cleanup_nlconn_ struct nlconn *c = NULL;
	int r = nlconn_open(NETLINK_ROUTE, &c, e);

	return r < 0 ? r : link_dump(c, ret, ret_n, e);
}
