/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qdisc.h - what happens to packets that leave an interface, or enter it
 *
 * Owns: tc(8)'s part of rtnetlink. Like link.h it works in the namespace of its conn, at once or queued.
 */
#ifndef NETEMU_KERNEL_QDISC_H
#define NETEMU_KERNEL_QDISC_H

#include "base/impair.h"
#include "kernel/nl.h"

/**
 * qdisc_impair() - impair what leaves an interface; replaces everything that was set before
 * @mtu: of the interface: a rate must let one packet of that size through
 *
 * netem with room for 10000 packets, as containerlab's; a rate alone is tbf's with the same room, which more kernels
 * have. @im without any value takes the qdisc away.
 *
 * Return: 0 or -errno; -ENOENT when the kernel has no netem: the error says so.
 */
int qdisc_impair(struct nlconn *c, int ifindex, uint32_t mtu, const struct impair *im, struct error *e);

/** qdisc_impair_queue() - the same for a new interface, in a batch; @im must hold a value */
int qdisc_impair_queue(struct nlconn *c, int ifindex, uint32_t mtu, const struct impair *im, struct error *e);

/** qdisc_impair_kind() - the qdisc that does it: "netem" or "tbf" */
const char *qdisc_impair_kind(const struct impair *im);

struct qdisc_info {
	int ifindex;
	char kind[16];
	struct impair impair; /* of netem and tbf */
};

/** qdisc_dump() - the root qdiscs of all interfaces; @ret for free(3) */
int qdisc_dump(struct nlconn *c, struct qdisc_info **ret, size_t *ret_n, struct error *e);

/** qdisc_parse() - one message of a dump. Return: 1; 0 for another kind of message or qdisc; -EBADMSG. */
int qdisc_parse(const struct nlmsghdr *nlh, struct qdisc_info *ret);

/**
 * qdisc_redirect() - all that enters @ifindex leaves by @to, unseen by this namespace's own stack
 *
 * As `tc qdisc add dev X ingress` and a u32 filter that matches everything, with mirred's redirect: the classifier that
 * every kernel with tc has (matchall is younger and often left out).
 */
int qdisc_redirect(struct nlconn *c, int ifindex, int to, struct error *e);

/** qdisc_unredirect() - undo it on one side. Return: 0 (also when nothing was redirected) or -errno. */
int qdisc_unredirect(struct nlconn *c, int ifindex, struct error *e);

#endif
