/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft.h - the one firewall table that a lab has
 *
 * Owns: nf_tables messages for a masquerading table. Refuses to touch any other table, and needs neither the nft
 * program nor libnftnl.
 */
#ifndef NETEMU_KERNEL_NFT_H
#define NETEMU_KERNEL_NFT_H

#include "base/error.h"
#include "base/inaddr.h"

struct nlmsghdr; /* linux/netlink.h */
struct nft_table;

enum { NFT_SUBNETS_MAX = 8 };

/**
 * nft_masquerade_open() - hide subnets behind the host's addresses, as `ip saddr NET oifname != IF masquerade`
 * @lab_tag: the table is `inet netemu-<lab_tag>`
 * @subnets: IPv4 and IPv6; host bits are ignored
 * @n: 1..NFT_SUBNETS_MAX
 * @not_oif: traffic that leaves by this interface is left alone (the bridge of the subnets themselves), or NULL
 *
 * In the current network namespace, in one transaction. The table has the owner flag: nobody else can change it,
 * and the kernel drops it with the socket that made it, which the returned object keeps (close-on-exec). So a
 * killed process leaves nothing.
 * Source: linux/netfilter/nf_tables.h, net/netfilter/nf_tables_api.c; owner since 5.12, NAT in inet since 5.2.
 *
 * Return: 0 or -errno; -EOPNOTSUPP when the kernel lacks nf_tables, NAT or the owner flag: a lab then runs
 * without a way out; -EEXIST or -EPERM when another lab has that table.
 */
int nft_masquerade_open(const char *lab_tag, const struct inprefix *subnets, size_t n, const char *not_oif,
			struct nft_table **ret, struct error *e);

struct nft_masquerade {
	const char *table; /* "inet TABLE" */
	const struct inprefix *src; /* what comes from here ... */
	size_t n_src; /* 1..NFT_SUBNETS_MAX */
	const struct inprefix *not_dst; /* ... and goes to none of these (those of its own family count) ... */
	size_t n_not_dst; /* 0..NFT_SUBNETS_MAX */
	const char *not_oif; /* ... nor leaves by an interface whose name begins so (NULL: by any) is masqueraded */
};

/**
 * nft_masquerade_put() - make or replace a masquerading table that stays as long as the current network namespace
 *
 * In one transaction. The table has no owner: it outlives the process.
 *
 * Return: as nft_masquerade_open().
 */
int nft_masquerade_put(const struct nft_masquerade *spec, struct error *e);

/** nft_table_drop() - delete a table of nft_masquerade_put(). Return: 0, also when there is none, or -errno. */
int nft_table_drop(const char *table, struct error *e);

/** nft_table_close() - the table goes with its socket; takes NULL. Return: NULL. */
struct nft_table *nft_table_close(struct nft_table *t);
DEFINE_CLEANUP(struct nft_table *, nft_table_close);
#define _cleanup_nft_table_ _cleanup_(nft_table_closep)

/** nft_table_fd() - the socket, e.g. to hand the table to another process: it lives while any copy is open */
int nft_table_fd(const struct nft_table *t);

/**
 * nft_owner_supported() - whether this kernel knows tables with an owner; makes one in the current namespace and
 * drops it: call it in a scratch namespace. Return: 0 or -errno.
 */
int nft_owner_supported(struct error *e);

/* A base chain on a hook, of any table, as hostinfo.c wants to know it. */
struct nft_chain_info {
	char table[64], name[64];
	int family; /* NFPROTO_* */
	uint32_t hook; /* NF_INET_* */
	bool drops; /* its policy is drop */
};

/** nft_chain_dump() - the base chains of the current namespace; @ret for free(3) */
int nft_chain_dump(struct nft_chain_info **ret, size_t *ret_n, struct error *e);

/** nft_chain_parse() - one message of that dump. Return: 1; 0 for a chain that is on no hook; -EBADMSG. */
int nft_chain_parse(const struct nlmsghdr *nlh, struct nft_chain_info *ret);

#endif
