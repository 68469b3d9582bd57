// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/inaddr.h"

#include <arpa/inet.h>
#include <string.h>

static int parse_len(const char *s, unsigned max, uint8_t *ret)
{
	unsigned long v;
	char *end;

	if (*s < '0' || *s > '9')
		return -EINVAL;
	v = strtoul(s, &end, 10);
	if (*end || v > max)
		return -EINVAL;
	*ret = (uint8_t)v;
	return 0;
}

int inprefix_parse(const char *s, struct inprefix *ret)
{
	const char *slash = strchr(s, '/');
	const size_t n = slash ? (size_t)(slash - s) : strlen(s);
	struct inprefix p = { 0 };
	char host[INET6_ADDRSTRLEN];

	if (n >= sizeof(host))
		return -EINVAL;
	memcpy(host, s, n);
	host[n] = '\0';
	p.family = strchr(host, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(p.family, host, p.addr) != 1)
		return -EINVAL;
	p.len = (uint8_t)inprefix_bits(&p);
	if (slash && parse_len(slash + 1, inprefix_bits(&p), &p.len) < 0)
		return -EINVAL;
	*ret = p;
	return 0;
}

const char *inprefix_addr_str(const struct inprefix *p, char buf[INPREFIX_STRLEN])
{
	if (!p->family || !inet_ntop(p->family, p->addr, buf, INPREFIX_STRLEN))
		buf[0] = '\0';
	return buf;
}

const char *inprefix_str(const struct inprefix *p, char buf[INPREFIX_STRLEN])
{
	size_t n;

	(void)inprefix_addr_str(p, buf);
	n = strlen(buf);
	if (n)
		(void)snprintf(buf + n, INPREFIX_STRLEN - n, "/%u", p->len);
	return buf;
}

struct inprefix inprefix_network(const struct inprefix *p)
{
	struct inprefix out = *p;

	for (unsigned i = 0; i < 16; i++) {
		unsigned from = i * 8;

		if (p->len <= from)
			out.addr[i] = 0;
		else if (p->len < from + 8)
			out.addr[i] &= (uint8_t)(0xff << (8 - (p->len - from)));
	}
	return out;
}

bool inprefix_contains(const struct inprefix *net, const struct inprefix *addr)
{
	struct inprefix a = *addr, n;

	if (!net->family || net->family != addr->family)
		return false;
	a.len = net->len;
	a = inprefix_network(&a);
	n = inprefix_network(net);
	return memcmp(a.addr, n.addr, sizeof(a.addr)) == 0;
}

bool inprefix_overlap(const struct inprefix *a, const struct inprefix *b)
{
	return a->len <= b->len ? inprefix_contains(a, b) : inprefix_contains(b, a);
}

bool inprefix_same_addr(const struct inprefix *a, const struct inprefix *b)
{
	return a->family == b->family && memcmp(a->addr, b->addr, sizeof(a->addr)) == 0;
}

/* Adds @n shifted left by @shift bits to the big-endian number of @p. */
static void add_shifted(struct inprefix *p, uint64_t n, unsigned shift)
{
	int i = (int)(inprefix_bits(p) / 8) - 1 - (int)(shift / 8);
	unsigned carry = 0;

	n <<= shift % 8;
	for (; i >= 0 && (n || carry); i--) {
		unsigned sum = p->addr[i] + (unsigned)(n & 0xff) + carry;

		p->addr[i] = (uint8_t)sum;
		carry = sum >> 8;
		n >>= 8;
	}
}

struct inprefix inprefix_host(const struct inprefix *net, uint64_t n)
{
	struct inprefix out = inprefix_network(net);

	add_shifted(&out, n, 0);
	return out;
}

struct inprefix inprefix_next_net(const struct inprefix *net)
{
	struct inprefix out = inprefix_network(net);

	add_shifted(&out, 1, inprefix_bits(net) - net->len);
	return out;
}

int macaddr_parse(const char *s, struct macaddr *ret)
{
	struct macaddr m = { 0 };
	unsigned any = 0;

	for (int i = 0; i < 6; i++) {
		char *end;
		unsigned long v = strtoul(s, &end, 16);

		if (end == s || end - s > 2 || v > 0xff || (i < 5 ? *end != ':' : *end != '\0'))
			return -EINVAL;
		m.b[i] = (uint8_t)v;
		any |= m.b[i];
		s = end + 1;
	}
	if (!any || (m.b[0] & 1))
		return -EINVAL;
	*ret = m;
	return 0;
}
