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

/* Add @p unless one of the first contains it: those of addresses; a host may have a million routes. @v has room. */
static void add_prefix(struct inprefix *v, size_t *n, const struct inprefix *p)
{
	struct inprefix net = inprefix_network(p);

	if (is_everywhere(&net))
		return;
	for (size_t i = 0; i < MIN_OF(*n, (size_t)COMPARE_MAX); i++)
		if (v[i].family == net.family && v[i].len <= net.len && inprefix_overlap(&v[i], &net))
			return;
	v[(*n)++] = net;
}

static int collect_taken(const struct addr_info *a, size_t na, const struct route_info *r, size_t nr,
			 struct inprefix **ret, size_t *ret_n, struct error *e)
{
	_cleanup_free_ struct inprefix *v = calloc(na + nr + 1, sizeof(*v));
	size_t n = 0;

	if (!v)
		return error_oom(e);
	for (size_t i = 0; i < na; i++)
		add_prefix(v, &n, &a[i].addr);
	for (size_t i = 0; i < nr; i++)
		if (r[i].table != RT_TABLE_LOCAL && r[i].dst.family)
			add_prefix(v, &n, &r[i].dst);
	*ret_n = n;
	*ret = n ? TAKE_PTR(v) : NULL;
	return 0;
}

int hostinfo_taken_prefixes(struct inprefix **ret, size_t *ret_n, struct error *e)
{
	_cleanup_free_ struct route_info *routes = NULL;
	_cleanup_free_ struct addr_info *addrs = NULL;
	_cleanup_nlconn_ struct nlconn *c = NULL;
	size_t na = 0, nr = 0;
	int r = nlconn_open(NETLINK_ROUTE, &c, e);

	if (r == 0)
		r = addr_dump(c, &addrs, &na, e);
	if (r == 0)
		r = route_dump(c, &routes, &nr, e);
	return r < 0 ? r : collect_taken(addrs, na, routes, nr, ret, ret_n, e);
}

int hostinfo_bridges(struct link_info **ret, size_t *ret_n, struct error *e)
{
	_cleanup_free_ struct link_info *v = NULL;
	_cleanup_nlconn_ struct nlconn *c = NULL;
	size_t all = 0, n = 0;
	int r = nlconn_open(NETLINK_ROUTE, &c, e);

	if (r == 0)
		r = link_dump(c, &v, &all, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < all; i++)
		if (strcmp(v[i].kind, "bridge") == 0)
			v[n++] = v[i];
	*ret_n = n;
	*ret = n ? TAKE_PTR(v) : NULL;
	return 0;
}
