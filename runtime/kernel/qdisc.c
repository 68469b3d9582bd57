// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * qdisc.c - see qdisc.h. Messages are built as link.c does it.
 */
#include "kernel/qdisc.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <string.h>

enum {
	PACKETS_MAX = 10000, /* containerlab's limit */
	PACKET_SIZE = 1514,  /* what tbf, which counts bytes, takes for one */
	TBF_BURST_MIN = 16384,
	PSCHED_SHIFT = 6, /* include/net/pkt_sched.h: a tick is 64 ns */
	FRAME_EXTRA = ETH_HLEN + 4,
};

static inline void msg_freep(struct nl_msg **m)
{
	if (*m)
		nlmsg_free(*m);
}
#define _cleanup_msg_ _cleanup_(msg_freep)

static struct nl_msg *tc_msg(int type, int flags, const struct tcmsg *tc)
{
	_cleanup_msg_ struct nl_msg *m = nlmsg_alloc_size(1024);

	if (!m || !nlmsg_put(m, 0, 0, type, 0, flags) ||
	    nlmsg_append(m, (void *)(uintptr_t)tc, sizeof(*tc), NLMSG_ALIGNTO) < 0)
		return NULL;
	return TAKE_PTR(m);
}

/* ---- impairments ---- */

/* A share of all packets as the kernel has it, of 2^32 - 1. */
static uint32_t share(double percent)
{
	return (uint32_t)(percent / 100 * UINT32_MAX + 0.5);
}

/* A number that a rate's 32 bits hold; more goes into an attribute of its own. */
static uint32_t rate32(uint64_t bytes)
{
	return (uint32_t)MIN_OF(bytes, (uint64_t)UINT32_MAX);
}

static uint64_t rate_bytes(const struct impair *im)
{
	return im->rate_kbit * 1000 / 8;
}

static int put_netem(struct nl_msg *m, const struct impair *im)
{
	const uint64_t delay = im->delay_us * 1000, jitter = im->jitter_us * 1000, bytes = rate_bytes(im);
	const struct tc_netem_qopt opt = {
		.latency = (uint32_t)MIN_OF(delay >> PSCHED_SHIFT, (uint64_t)UINT32_MAX),
		.jitter = (uint32_t)MIN_OF(jitter >> PSCHED_SHIFT, (uint64_t)UINT32_MAX),
		.limit = PACKETS_MAX,
		.loss = share(im->loss),
	};
	const struct tc_netem_corrupt corrupt = { .probability = share(im->corruption) };
	const struct tc_netem_rate rate = { .rate = rate32(bytes) };
	/* The fixed part stands before the attributes, inside of one. */
	struct nlattr *options = nla_nest_start(m, TCA_OPTIONS);
	int r = options ? nlmsg_append(m, (void *)(uintptr_t)&opt, sizeof(opt), NLMSG_ALIGNTO) : -EMSGSIZE;

	r |= nla_put(m, TCA_NETEM_LATENCY64, sizeof(delay), &delay);
	r |= nla_put(m, TCA_NETEM_JITTER64, sizeof(jitter), &jitter);
	if (corrupt.probability)
		r |= nla_put(m, TCA_NETEM_CORRUPT, sizeof(corrupt), &corrupt);
	if (bytes)
		r |= nla_put(m, TCA_NETEM_RATE, sizeof(rate), &rate);
	if (bytes > UINT32_MAX)
		r |= nla_put_u64(m, TCA_NETEM_RATE64, bytes);
	return r < 0 ? r : nla_nest_end(m, options);
}

static int put_tbf(struct nl_msg *m, uint32_t mtu, const struct impair *im)
{
	const uint64_t bytes = rate_bytes(im);
	/* What a hundredth of a second lets through: the kernel's timer cannot do it in smaller pieces everywhere. */
	const uint64_t burst = MAX_OF(bytes / 100, MAX_OF((uint64_t)mtu + FRAME_EXTRA, (uint64_t)TBF_BURST_MIN));
	const struct tc_tbf_qopt opt = {
		.rate = { .rate = rate32(bytes), .linklayer = TC_LINKLAYER_ETHERNET },
		.limit = PACKETS_MAX * PACKET_SIZE,
	};
	struct nlattr *options = nla_nest_start(m, TCA_OPTIONS);
	int r = options ? nla_put(m, TCA_TBF_PARMS, sizeof(opt), &opt) : -EMSGSIZE;

	r |= nla_put_u32(m, TCA_TBF_BURST, (uint32_t)MIN_OF(burst, (uint64_t)INT32_MAX));
	if (bytes > UINT32_MAX)
		r |= nla_put_u64(m, TCA_TBF_RATE64, bytes);
	return r < 0 ? r : nla_nest_end(m, options);
}

static bool is_rate_only(const struct impair *im)
{
	return im->rate_kbit && !im->delay_us && im->loss <= 0 && im->corruption <= 0;
}

const char *qdisc_impair_kind(const struct impair *im)
{
	return is_rate_only(im) ? "tbf" : "netem";
}

static struct nl_msg *impair_msg(int ifindex, uint32_t mtu, const struct impair *im)
{
	const struct tcmsg tc = { .tcm_ifindex = ifindex, .tcm_parent = TC_H_ROOT };
	/* Without a handle it changes a qdisc of its kind, and takes the place of another one. */
	_cleanup_msg_ struct nl_msg *m = tc_msg(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, &tc);

	if (!m || nla_put_string(m, TCA_KIND, qdisc_impair_kind(im)) < 0)
		return NULL;
	if ((is_rate_only(im) ? put_tbf(m, mtu, im) : put_netem(m, im)) < 0)
		return NULL;
	return TAKE_PTR(m);
}

int qdisc_impair_queue(struct nlconn *c, int ifindex, uint32_t mtu, const struct impair *im, struct error *e)
{
	_cleanup_msg_ struct nl_msg *m = impair_msg(ifindex, mtu, im);

	if (!m)
		return error_oom(e);
	return nlconn_submit(c, m, e, "set %s on interface %d", qdisc_impair_kind(im), ifindex);
}

/* The qdisc that @ifindex starts with comes back by itself. */
static int root_delete(struct nlconn *c, int ifindex, struct error *e)
{
	const struct tcmsg tc = { .tcm_ifindex = ifindex, .tcm_parent = TC_H_ROOT };
	_cleanup_msg_ struct nl_msg *m = tc_msg(RTM_DELQDISC, 0, &tc);

	if (!m)
		return error_oom(e);
	return nlconn_call(c, m, NULL, NULL, e, "reset the queue of interface %d", ifindex);
}

/* Ours are told by their kinds: what else may be there, such as a user's own htb, is not taken away. */
static int reset(struct nlconn *c, int ifindex, struct error *e)
{
	_cleanup_free_ struct qdisc_info *v = NULL;
	size_t n = 0;
	int r = qdisc_dump(c, &v, &n, e);

	for (size_t i = 0; r == 0 && i < n; i++)
		if (v[i].ifindex == ifindex && (strcmp(v[i].kind, "netem") == 0 || strcmp(v[i].kind, "tbf") == 0))
			r = root_delete(c, ifindex, e);
	return r;
}

int qdisc_impair(struct nlconn *c, int ifindex, uint32_t mtu, const struct impair *im, struct error *e)
{
	struct error why = { 0 };
	int r;

	if (impair_is_none(im))
		return reset(c, ifindex, e);
	r = qdisc_impair_queue(c, ifindex, mtu, im, &why);
	if (r == -ENOENT)
		return error_set(e, ENOENT, "this kernel has no %s, which %s (see netemu probe)", qdisc_impair_kind(im),
				 is_rate_only(im) ? "a rate needs" : "delay, jitter, loss and corruption need");
	return r < 0 ? error_set(e, why.code, "%s", why.msg) : 0;
}

/* ---- looking ---- */

static double percent_of(uint32_t share_)
{
	return (double)share_ * 100 / UINT32_MAX;
}

static uint64_t attr_u64(const struct nlattr *a)
{
	uint64_t v = 0;

	if (a)
		memcpy(&v, nla_data(a), MIN_OF((size_t)nla_len(a), sizeof(v)));
	return v;
}

static void attr_copy(const struct nlattr *a, void *to, size_t size)
{
	if (a)
		memcpy(to, nla_data(a), MIN_OF((size_t)nla_len(a), size));
}

static int parse_netem(struct nlattr *options, struct impair *im)
{
	struct tc_netem_qopt opt;
	struct tc_netem_corrupt corrupt = { 0 };
	struct tc_netem_rate rate = { 0 };
	struct nlattr *tb[TCA_NETEM_MAX + 1];
	const int fixed = NLA_ALIGN(sizeof(opt)), len = nla_len(options);

	if (len < fixed ||
	    nla_parse(tb, TCA_NETEM_MAX, (struct nlattr *)((uintptr_t)nla_data(options) + (unsigned)fixed), len - fixed,
		      NULL) < 0)
		return -EBADMSG;
	memcpy(&opt, nla_data(options), sizeof(opt));
	attr_copy(tb[TCA_NETEM_CORRUPT], &corrupt, sizeof(corrupt));
	attr_copy(tb[TCA_NETEM_RATE], &rate, sizeof(rate));
	im->delay_us = tb[TCA_NETEM_LATENCY64] ? attr_u64(tb[TCA_NETEM_LATENCY64]) / 1000
					       : ((uint64_t)opt.latency << PSCHED_SHIFT) / 1000;
	im->jitter_us = tb[TCA_NETEM_JITTER64] ? attr_u64(tb[TCA_NETEM_JITTER64]) / 1000
					       : ((uint64_t)opt.jitter << PSCHED_SHIFT) / 1000;
	im->loss = percent_of(opt.loss);
	im->corruption = percent_of(corrupt.probability);
	im->rate_kbit = (tb[TCA_NETEM_RATE64] ? attr_u64(tb[TCA_NETEM_RATE64]) : rate.rate) / 125;
	return 0;
}

static int parse_tbf(struct nlattr *options, struct impair *im)
{
	struct nlattr *tb[TCA_TBF_MAX + 1];
	struct tc_tbf_qopt opt = { 0 };

	if (nla_parse_nested(tb, TCA_TBF_MAX, options, NULL) < 0)
		return -EBADMSG;
	attr_copy(tb[TCA_TBF_PARMS], &opt, sizeof(opt));
	im->rate_kbit = (tb[TCA_TBF_RATE64] ? attr_u64(tb[TCA_TBF_RATE64]) : opt.rate.rate) / 125;
	return 0;
}

int qdisc_parse(const struct nlmsghdr *nlh, struct qdisc_info *ret)
{
	const size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct tcmsg));
	const struct tcmsg *tc = NLMSG_DATA(nlh);
	struct nlattr *tb[TCA_MAX + 1];

	if (nlh->nlmsg_type != RTM_NEWQDISC)
		return 0;
	if (nlh->nlmsg_len < head ||
	    nla_parse(tb, TCA_MAX, (struct nlattr *)((uintptr_t)nlh + head), (int)(nlh->nlmsg_len - head), NULL) < 0)
		return -EBADMSG;
	if (tc->tcm_parent != TC_H_ROOT || !tb[TCA_KIND])
		return 0;
	*ret = (struct qdisc_info){ .ifindex = tc->tcm_ifindex };
	(void)nla_strlcpy(ret->kind, tb[TCA_KIND], sizeof(ret->kind));
	if (!tb[TCA_OPTIONS])
		return 1;
	if (strcmp(ret->kind, "netem") == 0 && parse_netem(tb[TCA_OPTIONS], &ret->impair) < 0)
		return -EBADMSG;
	if (strcmp(ret->kind, "tbf") == 0 && parse_tbf(tb[TCA_OPTIONS], &ret->impair) < 0)
		return -EBADMSG;
	return 1;
}

struct collection {
	struct qdisc_info *v;
	size_t n, cap;
};

static int collect(const struct nlmsghdr *nlh, void *arg, struct error *e)
{
	struct collection *col = arg;
	int r;

	if (!nlh) {
		col->n = 0;
		return 0;
	}
	if (col->n == col->cap) {
		struct qdisc_info *v = reallocarray(col->v, col->cap ? col->cap * 2 : 8, sizeof(*v));

		if (!v)
			return error_oom(e);
		col->v = v;
		col->cap = col->cap ? col->cap * 2 : 8;
	}
	r = qdisc_parse(nlh, &col->v[col->n]);
	if (r < 0)
		return error_errno(e, -r, "read netlink dump");
	col->n += (size_t)r;
	return 0;
}

int qdisc_dump(struct nlconn *c, struct qdisc_info **ret, size_t *ret_n, struct error *e)
{
	const struct tcmsg tc = { 0 };
	_cleanup_msg_ struct nl_msg *m = tc_msg(RTM_GETQDISC, 0, &tc);
	struct collection col = { 0 };
	int r = m ? nlconn_dump(c, m, collect, &col, e, "list queues") : error_oom(e);

	if (r < 0) {
		free(col.v);
		return r;
	}
	*ret = col.v;
	*ret_n = col.n;
	return 0;
}

/* ---- redirecting ---- */

static int put_mirred(struct nl_msg *m, int to)
{
	const struct tc_mirred parm = { .action = TC_ACT_STOLEN, .eaction = TCA_EGRESS_REDIR, .ifindex = (uint32_t)to };
	struct nlattr *acts = nla_nest_start(m, TCA_U32_ACT), *first = acts ? nla_nest_start(m, 1) : NULL, *opt;
	int r;

	if (!first || nla_put_string(m, TCA_ACT_KIND, "mirred") < 0)
		return -EMSGSIZE;
	opt = nla_nest_start(m, TCA_ACT_OPTIONS);
	r = opt ? nla_put(m, TCA_MIRRED_PARMS, sizeof(parm), &parm) : -EMSGSIZE;
	return r < 0 || nla_nest_end(m, opt) < 0 || nla_nest_end(m, first) < 0 ? -EMSGSIZE : nla_nest_end(m, acts);
}

/* One key whose mask is empty: it matches any packet. */
static int put_u32_all(struct nl_msg *m, int to)
{
	const struct tc_u32_sel sel = { .flags = TC_U32_TERMINAL, .nkeys = 1 };
	uint8_t all[sizeof(sel) + sizeof(struct tc_u32_key)] = { 0 };
	struct nlattr *options = nla_nest_start(m, TCA_OPTIONS);
	int r;

	memcpy(all, &sel, sizeof(sel));
	r = options ? nla_put(m, TCA_U32_SEL, sizeof(all), all) : -EMSGSIZE;

	r |= put_mirred(m, to);
	return r < 0 ? r : nla_nest_end(m, options);
}

int qdisc_redirect(struct nlconn *c, int ifindex, int to, struct error *e)
{
	const struct tcmsg queue = { .tcm_ifindex = ifindex,
				     .tcm_parent = TC_H_INGRESS,
				     .tcm_handle = TC_H_MAKE(TC_H_INGRESS, 0) };
	const struct tcmsg filter = { .tcm_ifindex = ifindex,
				      .tcm_parent = TC_H_MAKE(TC_H_INGRESS, 0),
				      .tcm_info = TC_H_MAKE(1 << 16, htons(ETH_P_ALL)) };
	_cleanup_msg_ struct nl_msg *q = tc_msg(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &queue);
	_cleanup_msg_ struct nl_msg *f = tc_msg(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, &filter);
	int r;

	if (!q || !f || nla_put_string(q, TCA_KIND, "ingress") < 0 || nla_put_string(f, TCA_KIND, "u32") < 0 ||
	    put_u32_all(f, to) < 0)
		return error_oom(e);
	r = nlconn_submit(c, q, e, "watch what enters interface %d", ifindex);
	return r < 0 ? r : nlconn_submit(c, f, e, "redirect interface %d to interface %d", ifindex, to);
}

int qdisc_unredirect(struct nlconn *c, int ifindex, struct error *e)
{
	const struct tcmsg tc = { .tcm_ifindex = ifindex,
				  .tcm_parent = TC_H_INGRESS,
				  .tcm_handle = TC_H_MAKE(TC_H_INGRESS, 0) };
	_cleanup_msg_ struct nl_msg *m = tc_msg(RTM_DELQDISC, 0, &tc);
	struct error why = { 0 };
	int r = m ? nlconn_call(c, m, NULL, NULL, &why, "no longer redirect interface %d", ifindex) : error_oom(&why);

	if (r == 0 || r == -ENOENT || r == -EINVAL) /* there is none */
		return 0;
	return error_set(e, why.code, "%s", why.msg);
}
