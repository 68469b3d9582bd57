/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nlreply.h - what the kernel answers on a netlink socket, taken apart
 *
 * Pure: bytes in, one reply at a time out. Owns the layout of NLMSG_ERROR, NLMSG_DONE and the extended ack
 * (linux/netlink.h). Refuses to know sockets, and what a data message means. It is fuzzed: whatever the bytes
 * are, it reads nothing outside of them.
 */
#ifndef NETEMU_KERNEL_NLREPLY_H
#define NETEMU_KERNEL_NLREPLY_H

#include <linux/netlink.h>

#include "base/macros.h"

enum nlreply_kind {
	NLREPLY_DATA, /* a message for the caller, e.g. RTM_NEWLINK */
	NLREPLY_ACK, /* NLMSG_ERROR: the end of one request, err 0 when it succeeded */
	NLREPLY_DONE, /* NLMSG_DONE: the end of a dump, err as above */
	NLREPLY_OVERRUN, /* NLMSG_OVERRUN: replies were lost */
	NLREPLY_NOOP, /* NLMSG_NOOP: skip */
	_NLREPLY_KIND_MAX
};

struct nlreply {
	enum nlreply_kind kind;
	uint32_t seq; /* of the request that it answers */
	bool interrupted; /* NLM_F_DUMP_INTR: the dump is not consistent */
	int err; /* positive errno of ACK and DONE */
	const char *text; /* the kernel's words (NLMSGERR_ATTR_MSG), inside the buffer, NUL-terminated; or NULL */
	const struct nlmsghdr *nlh; /* the whole message, its length checked against the buffer */
};

struct nlreply_cursor {
	const void *buf; /* aligned to NLMSG_ALIGNTO */
	size_t left;
};

/**
 * nlreply_next() - the next message of a datagram
 * @c: {buffer, length}; moved on
 * @ret: set when 1 is returned; points into the buffer
 *
 * Return: 1, 0 at the end, -EBADMSG when what is left is not a whole message.
 */
int nlreply_next(struct nlreply_cursor *c, struct nlreply *ret);

#endif
