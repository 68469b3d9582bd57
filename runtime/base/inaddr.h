/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inaddr.h - IPv4/IPv6 addresses and prefixes, MAC addresses: text and arithmetic
 */
#ifndef NETEMU_BASE_INADDR_H
#define NETEMU_BASE_INADDR_H

#include <sys/socket.h>

#include "base/macros.h"

/* An address with a prefix length. family 0 = not set. Bytes in network order; IPv4 uses the first four. */
struct inprefix {
	int family; /* AF_INET, AF_INET6, or 0 */
	uint8_t len; /* prefix length in bits */
	uint8_t addr[16];
};

enum { INPREFIX_STRLEN = 64 };

static inline unsigned inprefix_bits(const struct inprefix *p)
{
	return p->family == AF_INET ? 32 : 128;
}

/** inprefix_parse() - "10.0.0.1/24", "10.0.0.1" (full length), "2001:db8::1/64". Return: 0 or -EINVAL. */
int inprefix_parse(const char *s, struct inprefix *ret);
/** inprefix_str() - "10.0.0.1/24" into @buf of INPREFIX_STRLEN bytes. Return: @buf. */
const char *inprefix_str(const struct inprefix *p, char buf[INPREFIX_STRLEN]);
/** inprefix_addr_str() - the address alone */
const char *inprefix_addr_str(const struct inprefix *p, char buf[INPREFIX_STRLEN]);
/** inprefix_network() - the same prefix with its host bits zeroed */
struct inprefix inprefix_network(const struct inprefix *p);
/** inprefix_overlap() - whether one contains the other (same family) */
bool inprefix_overlap(const struct inprefix *a, const struct inprefix *b);
/** inprefix_contains() - whether @addr lies in @net */
bool inprefix_contains(const struct inprefix *net, const struct inprefix *addr);
bool inprefix_same_addr(const struct inprefix *a, const struct inprefix *b);
/** inprefix_host() - the @n-th address of the network of @net, with @net's length (n=0: the network itself) */
struct inprefix inprefix_host(const struct inprefix *net, uint64_t n);
/** inprefix_next_net() - the network after that of @net, same length */
struct inprefix inprefix_next_net(const struct inprefix *net);

struct macaddr {
	uint8_t b[6];
};
/** macaddr_parse() - "aa:c1:ab:00:00:01". Return: 0 or -EINVAL; multicast and all-zero addresses are refused. */
int macaddr_parse(const char *s, struct macaddr *ret);

#endif
