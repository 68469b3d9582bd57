/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nl.h - a netlink socket that tells which request failed, and in the kernel's own words
 *
 * Owns: opening, sequence numbers, batching, acknowledgements, dumps. Refuses to know what the messages mean:
 * link.c and nft.c build them with libnl's nlmsg_*() and nla_*(). Messages stay the caller's; a conn copies.
 * A conn belongs to one thread at a time.
 */
#ifndef NETEMU_KERNEL_NL_H
#define NETEMU_KERNEL_NL_H

#include "base/error.h"

struct nlmsghdr; /* linux/netlink.h */
struct nl_msg; /* libnl */
struct nlconn;

enum {
	NLCONN_BATCH_MAX = 64, /* requests a sendmsg: that many acks fit the default receive buffer (212992 bytes) */
	NLCONN_LABEL_SIZE = 128,
};

/**
 * nlconn_open() - a netlink socket in the current network namespace; close-on-exec
 * @protocol: NETLINK_ROUTE, NETLINK_NETFILTER
 *
 * The socket keeps the namespace it was made in, wherever the caller goes afterwards, and keeps it alive.
 * Source: netlink(7).
 *
 * Return: 0 or -errno.
 */
int nlconn_open(int protocol, struct nlconn **ret, struct error *e);

/**
 * nlconn_open_in() - the same in another network namespace
 * @netns_fd: that namespace
 * @self_fd: the namespace that the calling thread is in, and returns to
 *
 * Return: 0 or -errno; -ENOTRECOVERABLE when the way back failed: the thread is then in the wrong namespace and
 * the process must end.
 */
int nlconn_open_in(int protocol, int netns_fd, int self_fd, struct nlconn **ret, struct error *e);

/** nlconn_close() - close, forgetting what was queued; takes NULL. Return: NULL. */
struct nlconn *nlconn_close(struct nlconn *c);
DEFINE_CLEANUP(struct nlconn *, nlconn_close);
#define _cleanup_nlconn_ _cleanup_(nlconn_closep)

/** nlconn_fd() - the socket, e.g. to hand it to an event loop or (nft.c) to a longer life */
int nlconn_fd(const struct nlconn *c);

/**
 * nlconn_label() - who the requests from now on are for ("node tor0"); NULL: nobody
 *
 * An error then reads `node tor0: create veth net1: File exists`, also when it comes from a batch long after.
 * Cut at NLCONN_LABEL_SIZE.
 */
void nlconn_label(struct nlconn *c, const char *fmt, ...) _printf_(2, 3);

/**
 * nlconn_batch() - whether nlconn_submit() queues (true) or sends at once and waits for the answer (false, as
 * after open). Turning it off does not flush.
 */
void nlconn_batch(struct nlconn *c, bool on);

/**
 * nlconn_queue() - remember a request; NLM_F_REQUEST | NLM_F_ACK and the sequence number are set here
 * @msg: stays the caller's
 * @fmt: what it does, for the error: "create veth net0"
 *
 * Sends the batch first when it is full, so the error may be that of an earlier request.
 *
 * Return: 0 or -errno.
 */
int nlconn_queue(struct nlconn *c, struct nl_msg *msg, struct error *e, const char *fmt, ...) _printf_(4, 5);

/** nlconn_queue_noack() - the same for a message that is answered only when it fails (NFNL_MSG_BATCH_BEGIN) */
int nlconn_queue_noack(struct nlconn *c, struct nl_msg *msg, struct error *e, const char *fmt, ...) _printf_(4, 5);

/**
 * nlconn_flush() - send what is queued in one sendmsg and read all answers
 *
 * rtnetlink does every request of a batch even when one of them fails (nf_tables does all or none); the error is
 * that of the first that failed. Afterwards the queue is empty in any case.
 *
 * Return: 0; -errno of the first failed request; -ENOBUFS when answers were lost, so that what happened is
 * unknown and the caller must look (dump) or revert; -EBADMSG for answers that make no sense; -ETIMEDOUT.
 */
int nlconn_flush(struct nlconn *c, struct error *e);

/** nlconn_submit() - nlconn_queue() while batching, else send now and wait: for operations that can do both */
int nlconn_submit(struct nlconn *c, struct nl_msg *msg, struct error *e, const char *fmt, ...) _printf_(4, 5);

/**
 * nlconn_data_fn - called for each data message of an answer
 * @nlh: its length is checked, its contents are not; NULL: the dump starts anew, forget what came so far
 *
 * Return: 0, or -errno (with @e set) to stop.
 */
typedef int (*nlconn_data_fn)(const struct nlmsghdr *nlh, void *arg, struct error *e);

/**
 * nlconn_call() - flush, send one request, wait for its acknowledgement
 * @fn: for requests that also return data, e.g. RTM_GETLINK of one link; or NULL
 *
 * Return: as nlconn_flush().
 */
int nlconn_call(struct nlconn *c, struct nl_msg *msg, nlconn_data_fn fn, void *arg, struct error *e,
		const char *fmt, ...) _printf_(6, 7);

/**
 * nlconn_dump() - flush, send one NLM_F_DUMP request, hand each message of the answer to @fn
 *
 * Done again from the start (@fn gets NULL) while the kernel reports that the table changed meanwhile
 * (NLM_F_DUMP_INTR), that messages were lost, or that one did not fit.
 *
 * Return: 0 or -errno; -EAGAIN when the table never held still.
 */
int nlconn_dump(struct nlconn *c, struct nl_msg *msg, nlconn_data_fn fn, void *arg, struct error *e,
		const char *fmt, ...) _printf_(6, 7);

#endif
