// SPDX-License-Identifier: GPL-2.0-or-later
#include "kubelet/ipam.h"

#include <string.h>
#include <sys/random.h>

void ipam_init(struct ipam *a, const struct inprefix *cidr, enum ipam_order order)
{
	*a = (struct ipam){ .cidr = inprefix_network(cidr), .order = order };
}

void ipam_done(struct ipam *a)
{
	free(a->taken);
	*a = (struct ipam){ 0 };
}

/* How many addresses the CIDR has, cut where more would make no difference. */
static uint64_t ipam_size(const struct ipam *a)
{
	const unsigned host = a->cidr.family ? inprefix_bits(&a->cidr) - a->cidr.len : 0;

	return 1ULL << MIN_OF(host, 32U);
}

static bool is_special(const struct ipam *a, const struct inprefix *addr)
{
	const unsigned host = inprefix_bits(&a->cidr) - a->cidr.len;
	struct inprefix edge;

	if (host < 2)
		return false;
	if (inprefix_same_addr(&a->cidr, addr))
		return true;
	edge = inprefix_host(&a->cidr, ipam_size(a) - 1);
	return addr->family == AF_INET && inprefix_same_addr(&edge, addr);
}

static ssize_t taken_index(const struct ipam *a, const struct inprefix *addr)
{
	for (size_t i = 0; i < a->n_taken; i++)
		if (inprefix_same_addr(&a->taken[i], addr))
			return (ssize_t)i;
	return -1;
}

bool ipam_is_free(const struct ipam *a, const struct inprefix *addr)
{
	return inprefix_contains(&a->cidr, addr) && !is_special(a, addr) && taken_index(a, addr) < 0;
}

int ipam_take(struct ipam *a, const struct inprefix *addr)
{
	struct inprefix *v;

	if (!inprefix_contains(&a->cidr, addr))
		return -EINVAL;
	if (taken_index(a, addr) >= 0)
		return -EEXIST;
	v = reallocarray(a->taken, a->n_taken + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	a->taken = v;
	v[a->n_taken++] = *addr;
	return 0;
}

void ipam_release(struct ipam *a, const struct inprefix *addr)
{
	const ssize_t i = taken_index(a, addr);

	if (i >= 0)
		a->taken[i] = a->taken[--a->n_taken];
}

/* The first free one at or after the @n-th, going round. */
static int scan(const struct ipam *a, uint64_t n, struct inprefix *ret)
{
	const uint64_t size = ipam_size(a);

	for (uint64_t i = 0; i < MIN_OF(size, a->n_taken + 4); i++) {
		struct inprefix addr = inprefix_host(&a->cidr, (n + i) % size);

		addr.len = (uint8_t)inprefix_bits(&addr);
		if (!ipam_is_free(a, &addr))
			continue;
		*ret = addr;
		return 0;
	}
	return -ENOSPC;
}

int ipam_new(struct ipam *a, struct inprefix *ret, struct error *e)
{
	uint64_t n = 2;
	char cidr[INPREFIX_STRLEN];
	int r = -ENOSPC;

	if (a->order == IPAM_RANDOM && getrandom(&n, sizeof(n), GRND_NONBLOCK) != sizeof(n))
		n = 2;
	if (a->cidr.family)
		r = scan(a, n % ipam_size(a), ret);
	if (r < 0)
		return error_set(e, ENOSPC, "range is full: no address left in %s", inprefix_str(&a->cidr, cidr));
	r = ipam_take(a, ret);
	return r < 0 ? error_oom(e) : 0;
}

int ipam_pick(const struct ipam *a, const char *seed, struct inprefix *ret)
{
	uint64_t h = 0xcbf29ce484222325; /* FNV-1a */

	for (; *seed; seed++)
		h = (h ^ (unsigned char)*seed) * 0x100000001b3;
	return a->cidr.family ? scan(a, (h >> 16) % ipam_size(a), ret) : -ENOSPC;
}
