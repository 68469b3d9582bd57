// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nft.c - see nft.h
 *
 * A rule is a list of expressions that pass values through register 1, as `nft --debug=netlink` shows them. Each
 * message begins with a struct nfgenmsg; all numbers in attributes are big endian. Sources:
 * linux/netfilter/nf_tables.h, net/netfilter/nfnetlink.c nfnetlink_rcv_batch().
 */
#include "kernel/nft.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netlink/msg.h>
#include <string.h>

#include "kernel/nl.h"

#ifndef NFT_TABLE_F_OWNER
#define NFT_TABLE_F_OWNER 0x2
#endif

enum {
	MSG_SIZE = 4096,
	SRCNAT_PRIORITY = 100, /* NF_IP_PRI_NAT_SRC of linux/netfilter_ipv4.h */
	NAME_SIZE = 128,
	IFNAME_SIZE = 16, /* IFNAMSIZ: interface names are compared with their padding */
	TRIES = 3,
};

#define CHAIN "postrouting"

struct nft_table {
	struct nlconn *c;
};

static inline void msg_freep(struct nl_msg **m)
{
	if (*m)
		nlmsg_free(*m);
}
#define _cleanup_msg_ _cleanup_(msg_freep)

static int put_be32(struct nl_msg *m, int attr, uint32_t v)
{
	return nla_put_u32(m, attr, htonl(v));
}

/* A message that begins with its struct nfgenmsg, or NULL. */
static struct nl_msg *msg_new(int type, int flags, uint8_t family, uint16_t res_id)
{
	const struct nfgenmsg g = { .nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(res_id) };
	_cleanup_msg_ struct nl_msg *m = nlmsg_alloc_size(MSG_SIZE);

	if (!m || !nlmsg_put(m, 0, 0, type, 0, flags) || nlmsg_append(m, (void *)(uintptr_t)&g, sizeof(g), 4) < 0)
		return NULL;
	return TAKE_PTR(m);
}

static struct nl_msg *nft_msg(int type, int flags)
{
	return msg_new(NFNL_SUBSYS_NFTABLES << 8 | type, flags, NFPROTO_INET, 0);
}

/* ---- expressions ---- */

/* Open one element of a rule's list: LIST_ELEM { NAME, DATA { ... . Return: 0 or negative. */
static int expr_begin(struct nl_msg *m, const char *name, struct nlattr **ret_elem, struct nlattr **ret_data)
{
	*ret_data = NULL;
	*ret_elem = nla_nest_start(m, NFTA_LIST_ELEM);
	if (!*ret_elem || nla_put_string(m, NFTA_EXPR_NAME, name) < 0)
		return -EMSGSIZE;
	*ret_data = nla_nest_start(m, NFTA_EXPR_DATA);
	return *ret_data ? 0 : -EMSGSIZE;
}

static int expr_end(struct nl_msg *m, struct nlattr *elem, struct nlattr *data)
{
	/* Not nla_nest_end(): it would drop the empty data of masquerade, which the kernel wants. */
	return nla_nest_end_keep_empty(m, data) < 0 || nla_nest_end_keep_empty(m, elem) < 0 ? -EMSGSIZE : 0;
}

static int put_value(struct nl_msg *m, int attr, const void *value, size_t len)
{
	struct nlattr *nest = nla_nest_start(m, attr);

	if (!nest || nla_put(m, NFTA_DATA_VALUE, (int)len, value) < 0)
		return -EMSGSIZE;
	return nla_nest_end(m, nest);
}

/* reg 1 = meta @key */
static int expr_meta(struct nl_msg *m, uint32_t key)
{
	struct nlattr *elem, *data;
	int r = expr_begin(m, "meta", &elem, &data);

	r |= put_be32(m, NFTA_META_KEY, key);
	r |= put_be32(m, NFTA_META_DREG, NFT_REG_1);
	return r < 0 ? r : expr_end(m, elem, data);
}

/* go on if reg 1 @op @value */
static int expr_cmp(struct nl_msg *m, uint32_t op, const void *value, size_t len)
{
	struct nlattr *elem, *data;
	int r = expr_begin(m, "cmp", &elem, &data);

	r |= put_be32(m, NFTA_CMP_SREG, NFT_REG_1);
	r |= put_be32(m, NFTA_CMP_OP, op);
	r |= put_value(m, NFTA_CMP_DATA, value, len);
	return r < 0 ? r : expr_end(m, elem, data);
}

/* reg 1 = @len bytes of the network header */
static int expr_payload(struct nl_msg *m, uint32_t offset, size_t len)
{
	struct nlattr *elem, *data;
	int r = expr_begin(m, "payload", &elem, &data);

	r |= put_be32(m, NFTA_PAYLOAD_DREG, NFT_REG_1);
	r |= put_be32(m, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
	r |= put_be32(m, NFTA_PAYLOAD_OFFSET, offset);
	r |= put_be32(m, NFTA_PAYLOAD_LEN, (uint32_t)len);
	return r < 0 ? r : expr_end(m, elem, data);
}

/* reg 1 &= @mask */
static int expr_mask(struct nl_msg *m, const uint8_t *mask, size_t len)
{
	static const uint8_t zero[16];
	struct nlattr *elem, *data;
	int r = expr_begin(m, "bitwise", &elem, &data);

	r |= put_be32(m, NFTA_BITWISE_SREG, NFT_REG_1);
	r |= put_be32(m, NFTA_BITWISE_DREG, NFT_REG_1);
	r |= put_be32(m, NFTA_BITWISE_LEN, (uint32_t)len);
	r |= put_value(m, NFTA_BITWISE_MASK, mask, len);
	r |= put_value(m, NFTA_BITWISE_XOR, zero, len);
	return r < 0 ? r : expr_end(m, elem, data);
}

static int expr_masquerade(struct nl_msg *m)
{
	struct nlattr *elem, *data;
	int r = expr_begin(m, "masq", &elem, &data);

	return r < 0 ? r : expr_end(m, elem, data);
}

static int put_family_match(struct nl_msg *m, int family)
{
	const uint8_t proto = family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
	int r = expr_meta(m, NFT_META_NFPROTO);

	return r | expr_cmp(m, NFT_CMP_EQ, &proto, sizeof(proto));
}

/* go on if the source (or the destination) address is (NFT_CMP_EQ) or is not (NFT_CMP_NEQ) in @subnet */
static int put_address_match(struct nl_msg *m, const struct inprefix *subnet, bool dst, uint32_t op)
{
	const bool v4 = subnet->family == AF_INET;
	const struct inprefix net = inprefix_network(subnet);
	const size_t len = v4 ? 4 : 16;
	const uint32_t offset = (v4 ? 12 : 8) + (dst ? (uint32_t)len : 0);
	uint8_t mask[16] = { 0 };
	int r;

	for (unsigned int i = 0; i < net.len; i++)
		mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
	r = expr_payload(m, offset, len);
	r |= expr_mask(m, mask, len);
	r |= expr_cmp(m, op, net.addr, len);
	return r;
}

/* ---- the transaction ---- */

static int queue_edge(struct nlconn *c, int type, struct error *e)
{
	_cleanup_msg_ struct nl_msg *m = msg_new(type, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);

	if (!m)
		return error_oom(e);
	return nlconn_queue_noack(c, m, e, "nftables transaction");
}

static int queue_table(struct nlconn *c, int type, const char *table, uint32_t flags, struct error *e)
{
	const bool make = type == NFT_MSG_NEWTABLE;
	_cleanup_msg_ struct nl_msg *m = nft_msg(type, !make ? 0 : flags ? NLM_F_CREATE | NLM_F_EXCL : NLM_F_CREATE);

	if (!m || nla_put_string(m, NFTA_TABLE_NAME, table) < 0 || put_be32(m, NFTA_TABLE_FLAGS, flags) < 0)
		return error_oom(e);
	return nlconn_queue(c, m, e, "%s nftables table inet %s", make ? "create" : "delete", table);
}

static int queue_chain(struct nlconn *c, const char *table, struct error *e)
{
	_cleanup_msg_ struct nl_msg *m = nft_msg(NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *hook;
	int r;

	if (!m)
		return error_oom(e);
	r = nla_put_string(m, NFTA_CHAIN_TABLE, table);
	r |= nla_put_string(m, NFTA_CHAIN_NAME, CHAIN);
	r |= nla_put_string(m, NFTA_CHAIN_TYPE, "nat");
	hook = nla_nest_start(m, NFTA_CHAIN_HOOK);
	r |= put_be32(m, NFTA_HOOK_HOOKNUM, NF_INET_POST_ROUTING);
	r |= put_be32(m, NFTA_HOOK_PRIORITY, SRCNAT_PRIORITY);
	if (r < 0 || !hook || nla_nest_end(m, hook) < 0 || put_be32(m, NFTA_CHAIN_POLICY, NF_ACCEPT) < 0)
		return error_oom(e);
	return nlconn_queue(c, m, e, "create nftables chain %s " CHAIN " (nat)", table);
}

/* @prefix: whether names that only begin so count, too. A full comparison is with the padding. */
static int put_not_oif(struct nl_msg *m, const char *not_oif, bool prefix)
{
	char ifname[IFNAME_SIZE] = "";
	int r = expr_meta(m, NFT_META_OIFNAME);

	memcpy(ifname, not_oif, strlen(not_oif));
	return r | expr_cmp(m, NFT_CMP_NEQ, ifname, prefix ? strlen(not_oif) : sizeof(ifname));
}

/* One rule: the expressions of @spec for its source @subnet. @prefix: see put_not_oif(). */
static int queue_rule(struct nlconn *c, const struct nft_masquerade *spec, const struct inprefix *subnet, bool prefix,
		      struct error *e)
{
	_cleanup_msg_ struct nl_msg *m = nft_msg(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	char text[INPREFIX_STRLEN];
	struct nlattr *list;
	int r;

	if (!m)
		return error_oom(e);
	r = nla_put_string(m, NFTA_RULE_TABLE, spec->table);
	r |= nla_put_string(m, NFTA_RULE_CHAIN, CHAIN);
	list = nla_nest_start(m, NFTA_RULE_EXPRESSIONS);
	r |= put_family_match(m, subnet->family);
	r |= put_address_match(m, subnet, false, NFT_CMP_EQ);
	for (size_t i = 0; i < spec->n_not_dst; i++)
		if (spec->not_dst[i].family == subnet->family)
			r |= put_address_match(m, &spec->not_dst[i], true, NFT_CMP_NEQ);
	if (spec->not_oif)
		r |= put_not_oif(m, spec->not_oif, prefix);
	r |= expr_masquerade(m);
	if (r < 0 || !list || nla_nest_end(m, list) < 0)
		return error_oom(e);
	return nlconn_queue(c, m, e, "masquerade %s", inprefix_str(subnet, text));
}

/* @spec may be without sources: then the table stays empty. @owned: it ends with the socket, and must be new. */
static int make_table(struct nlconn *c, const struct nft_masquerade *spec, bool owned, struct error *e)
{
	int r = queue_edge(c, NFNL_MSG_BATCH_BEGIN, e);

	if (r == 0)
		r = queue_table(c, NFT_MSG_NEWTABLE, spec->table, owned ? NFT_TABLE_F_OWNER : 0, e);
	/* One that was there before is now there in any case, and can be replaced. */
	if (r == 0 && !owned)
		r = queue_table(c, NFT_MSG_DELTABLE, spec->table, 0, e);
	if (r == 0 && !owned)
		r = queue_table(c, NFT_MSG_NEWTABLE, spec->table, 0, e);
	if (r == 0 && spec->n_src > 0)
		r = queue_chain(c, spec->table, e);
	for (size_t i = 0; r == 0 && i < spec->n_src; i++)
		r = queue_rule(c, spec, &spec->src[i], !owned, e);
	if (r == 0)
		r = queue_edge(c, NFNL_MSG_BATCH_END, e);
	return r < 0 ? r : nlconn_flush(c, e);
}

/* What the kernel says when it lacks a part: one code, and what part it may be. */
static int unsupported(int r, struct error *e)
{
	static const int codes[] = { EINVAL, ENOENT, EOPNOTSUPP, EPROTONOSUPPORT, EAFNOSUPPORT, ENOTSUP, ENOSYS };
	size_t n = e ? strlen(e->msg) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		if (-r != codes[i])
			continue;
		if (e) {
			e->code = EOPNOTSUPP;
			(void)snprintf(e->msg + n, sizeof(e->msg) - n,
				       "; needs Linux 5.12 with nf_tables, nft_masq and nft_chain_nat");
		}
		return -EOPNOTSUPP;
	}
	return r;
}

static int open_table(const struct nft_masquerade *spec, bool owned, struct nlconn **ret, struct error *e)
{
	_cleanup_nlconn_ struct nlconn *c = NULL;
	int r = nlconn_open(NETLINK_NETFILTER, &c, e);

	if (r < 0)
		return unsupported(r, e);
	/* A signal that arrives meanwhile makes the kernel abandon the transaction (EINTR). */
	for (int i = 0; i < TRIES; i++) {
		r = make_table(c, spec, owned, e);
		if (r != -EINTR)
			break;
	}
	if (r < 0)
		return unsupported(r, e);
	*ret = TAKE_PTR(c);
	return 0;
}

static int check_subnets(const struct inprefix *subnets, size_t n, const char *table, struct error *e)
{
	if (n > NFT_SUBNETS_MAX)
		return error_errno(e, EINVAL, "create nftables table %s", table);
	for (size_t i = 0; i < n; i++)
		if (subnets[i].family != AF_INET && subnets[i].family != AF_INET6)
			return error_errno(e, EAFNOSUPPORT, "create nftables table %s", table);
	return 0;
}

int nft_masquerade_open(const char *lab_tag, const struct inprefix *subnets, size_t n, const char *not_oif,
			struct nft_table **ret, struct error *e)
{
	_cleanup_free_ struct nft_table *t = calloc(1, sizeof(*t));
	char table[NAME_SIZE];
	const struct nft_masquerade spec = { .table = table, .src = subnets, .n_src = n, .not_oif = not_oif };
	int r;

	if (!t)
		return error_oom(e);
	if (n == 0 || (not_oif && strlen(not_oif) >= IFNAME_SIZE) ||
	    snprintf(table, sizeof(table), "netemu-%s", lab_tag) >= (int)sizeof(table))
		return error_errno(e, EINVAL, "create nftables table");
	r = check_subnets(subnets, n, table, e);
	if (r == 0)
		r = open_table(&spec, true, &t->c, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(t);
	return 0;
}

int nft_masquerade_put(const struct nft_masquerade *spec, struct error *e)
{
	_cleanup_nlconn_ struct nlconn *c = NULL;
	int r;

	if (spec->n_src == 0 || strlen(spec->table) >= NAME_SIZE ||
	    (spec->not_oif && strlen(spec->not_oif) >= IFNAME_SIZE))
		return error_errno(e, EINVAL, "create nftables table");
	r = check_subnets(spec->src, spec->n_src, spec->table, e);
	if (r == 0)
		r = check_subnets(spec->not_dst, spec->n_not_dst, spec->table, e);
	return r < 0 ? r : open_table(spec, false, &c, e);
}

int nft_table_drop(const char *table, struct error *e)
{
	_cleanup_nlconn_ struct nlconn *c = NULL;
	struct error mine = { 0 };
	int r = nlconn_open(NETLINK_NETFILTER, &c, &mine);

	if (r == 0)
		r = queue_edge(c, NFNL_MSG_BATCH_BEGIN, &mine);
	if (r == 0)
		r = queue_table(c, NFT_MSG_DELTABLE, table, 0, &mine);
	if (r == 0)
		r = queue_edge(c, NFNL_MSG_BATCH_END, &mine);
	if (r == 0)
		r = nlconn_flush(c, &mine);
	if (r == 0 || r == -ENOENT)
		return 0;
	if (e)
		*e = mine;
	return r;
}

struct nft_table *nft_table_close(struct nft_table *t)
{
	if (t)
		(void)nlconn_close(t->c);
	free(t);
	return NULL;
}

int nft_table_fd(const struct nft_table *t)
{
	return nlconn_fd(t->c);
}

int nft_owner_supported(struct error *e)
{
	_cleanup_nlconn_ struct nlconn *c = NULL;

	return open_table(&(struct nft_masquerade){ .table = "netemu-probe" }, true, &c, e);
}

/* ---- looking ---- */

struct chains {
	struct nft_chain_info *v;
	size_t n;
};

static uint32_t attr_be32(const struct nlattr *a)
{
	uint32_t v = 0;

	if (a && nla_len(a) >= (int)sizeof(v))
		memcpy(&v, nla_data(a), sizeof(v));
	return ntohl(v);
}

static void attr_name(const struct nlattr *a, char *buf, size_t size)
{
	size_t n = a ? strnlen(nla_data(a), (size_t)nla_len(a)) : 0;

	n = MIN_OF(n, size - 1);
	if (n)
		memcpy(buf, nla_data(a), n);
	buf[n] = '\0';
}

int nft_chain_parse(const struct nlmsghdr *nlh, struct nft_chain_info *ret)
{
	const size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));
	struct nlattr *tb[NFTA_CHAIN_MAX + 1], *hook[NFTA_HOOK_MAX + 1], *attrs;
	const struct nfgenmsg *g = NLMSG_DATA(nlh);

	if (nlh->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN))
		return 0;
	if (nlh->nlmsg_len < head)
		return -EBADMSG;
	attrs = (struct nlattr *)((uintptr_t)nlh + head);
	if (nla_parse(tb, NFTA_CHAIN_MAX, attrs, (int)(nlh->nlmsg_len - head), NULL) < 0)
		return -EBADMSG;
	if (!tb[NFTA_CHAIN_HOOK])
		return 0;
	if (nla_parse_nested(hook, NFTA_HOOK_MAX, tb[NFTA_CHAIN_HOOK], NULL) < 0)
		return -EBADMSG;
	*ret = (struct nft_chain_info){
		.family = g->nfgen_family,
		.hook = attr_be32(hook[NFTA_HOOK_HOOKNUM]),
		.drops = tb[NFTA_CHAIN_POLICY] && attr_be32(tb[NFTA_CHAIN_POLICY]) == NF_DROP,
	};
	attr_name(tb[NFTA_CHAIN_TABLE], ret->table, sizeof(ret->table));
	attr_name(tb[NFTA_CHAIN_NAME], ret->name, sizeof(ret->name));
	return 1;
}

static int take_chain(const struct nlmsghdr *nlh, void *arg, struct error *e)
{
	struct chains *ch = arg;
	struct nft_chain_info *v;
	int r;

	if (!nlh) {
		ch->n = 0;
		return 0;
	}
	v = reallocarray(ch->v, ch->n + 1, sizeof(*v));
	if (!v)
		return error_oom(e);
	ch->v = v;
	r = nft_chain_parse(nlh, &v[ch->n]);
	if (r < 0)
		return error_errno(e, -r, "read nftables chains");
	ch->n += (size_t)r;
	return 0;
}

int nft_chain_dump(struct nft_chain_info **ret, size_t *ret_n, struct error *e)
{
	_cleanup_msg_ struct nl_msg *m = msg_new(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN, 0, NFPROTO_UNSPEC, 0);
	_cleanup_nlconn_ struct nlconn *c = NULL;
	struct chains ch = { 0 };
	int r = m ? nlconn_open(NETLINK_NETFILTER, &c, e) : error_oom(e);

	if (r == 0)
		r = nlconn_dump(c, m, take_chain, &ch, e, "list nftables chains");
	if (r < 0) {
		free(ch.v);
		return r;
	}
	*ret = ch.v;
	*ret_n = ch.n;
	return 0;
}
