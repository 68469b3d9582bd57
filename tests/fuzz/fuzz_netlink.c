// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_netlink.c - any bytes as answers of the kernel
 *
 * The first byte chooses who reads: even, a batch of three requests; odd, a dump. The rest is one datagram. Each
 * data message goes through all parsers. nl.c is included for its inner functions.
 */
#include "kernel/nl.c"

#include "kernel/link.h"
#include "kernel/nft.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was parsed must be strings, and prefixes that fit their family. */
static void check(bool ok)
{
	if (!ok)
		abort();
}

static int parse_all(const struct nlmsghdr *nlh, void *arg, struct error *e)
{
	union {
		struct link_info link;
		struct addr_info addr;
		struct route_info route;
		struct nft_chain_info chain;
	} u;
	char buf[INPREFIX_STRLEN];

	(void)arg;
	(void)e;
	if (!nlh)
		return 0;
	if (link_parse(nlh, &u.link) > 0)
		check(strnlen(u.link.ifname, sizeof(u.link.ifname)) < sizeof(u.link.ifname) &&
		      strnlen(u.link.kind, sizeof(u.link.kind)) < sizeof(u.link.kind) &&
		      strnlen(u.link.alias, sizeof(u.link.alias)) < sizeof(u.link.alias));
	if (addr_parse(nlh, &u.addr) > 0)
		check(u.addr.addr.len <= inprefix_bits(&u.addr.addr) && inprefix_str(&u.addr.addr, buf));
	if (route_parse(nlh, &u.route) > 0)
		check(u.route.dst.len <= inprefix_bits(&u.route.dst) && inprefix_str(&u.route.dst, buf));
	if (nft_chain_parse(nlh, &u.chain) > 0)
		check(strnlen(u.chain.table, sizeof(u.chain.table)) < sizeof(u.chain.table) &&
		      strnlen(u.chain.name, sizeof(u.chain.name)) < sizeof(u.chain.name));
	return 0;
}

/* A conn without a socket that waits for the answers to requests 1 to 3. */
static struct nlconn *waiting_conn(void)
{
	struct nlconn *c = calloc(1, sizeof(*c));
	struct nl_msg *m = nlmsg_alloc();

	check(c && m && nlmsg_put(m, 0, 0, NLMSG_MIN_TYPE, 0, 0));
	c->fd = -1;
	for (int i = 1; i <= 3; i++)
		check(nlconn_queue(c, m, NULL, "request %d", i) == 0);
	nlmsg_free(m);
	return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_nlconn_ struct nlconn *c = NULL;
	struct exchange x = { .fn = parse_all, .pending = 3 };
	_cleanup_free_ void *gram = NULL;
	struct error e = { 0 };

	if (size < 2)
		return 0;
	c = waiting_conn();
	gram = malloc(size - 1); /* of the very size, and aligned */
	check(gram);
	memcpy(gram, data + 1, size - 1);
	if (data[0] & 1)
		(void)take_dump(c, &x, gram, size - 1, &e);
	else
		(void)take_answers(c, &x, gram, size - 1, &e);
	check(x.pending <= 3 && strnlen(e.msg, sizeof(e.msg)) < sizeof(e.msg));
	return 0;
}
