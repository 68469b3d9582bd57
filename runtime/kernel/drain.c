// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/drain.h"

#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

#include "kernel/netns.h"

enum { RECEIVE_BUFFER = 4 << 20, ID_ATTEMPTS = 8 };

/* RTM_NEWNSID: the namespace behind @fd is called @id. */
struct nsid_request {
	struct nlmsghdr nlh;
	struct rtgenmsg gen;
	struct rtattr fd_attr __attribute__((aligned(RTA_ALIGNTO)));
	uint32_t fd;
	struct rtattr id_attr;
	int32_t id;
};

static_assert(sizeof(struct nsid_request) == 16 + 4 + 8 + 8, "as the kernel reads it");

struct drain {
	int sock;
	int64_t deadline; /* CLOCK_MONOTONIC, milliseconds */
};

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int listen_open(struct error *e)
{
	_cleanup_close_ int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	const struct sockaddr_nl sa = { .nl_family = AF_NETLINK };
	int group = RTNLGRP_NSID, size = RECEIVE_BUFFER;

	if (sock < 0 || bind(sock, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
		return error_errno(e, errno, "open a netlink socket");
	(void)setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (setsockopt(sock, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return error_errno(e, errno, "listen for RTM_DELNSID");
	return TAKE_FD(sock);
}

/* The id in an RTM_DELNSID message, or -1. */
static int32_t deleted_id(const struct nlmsghdr *nlh)
{
	const struct rtattr *a = (const void *)((const char *)nlh + NLMSG_SPACE(sizeof(struct rtgenmsg)));
	size_t left = nlh->nlmsg_len - MIN_OF(nlh->nlmsg_len, NLMSG_SPACE(sizeof(struct rtgenmsg)));
	int32_t id;

	if (nlh->nlmsg_type != RTM_DELNSID)
		return -1;
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (a->rta_type != NETNSA_NSID || RTA_PAYLOAD(a) != sizeof(id))
			continue;
		memcpy(&id, RTA_DATA(a), sizeof(id));
		return id;
	}
	return -1;
}

/*
 * Reads messages until one is the answer to the request with the sequence number @seq, or tells that @id is gone.
 * Return: 1 gone, 0 or -errno as answered, -ENOBUFS when messages were lost, -ETIMEDOUT.
 */
static int receive(struct drain *d, uint32_t seq, int32_t id)
{
	char buf[8192] __attribute__((aligned(NLMSG_ALIGNTO)));

	for (;;) {
		struct pollfd p = { .fd = d->sock, .events = POLLIN };
		int64_t left = d->deadline - now_ms();
		int n = poll(&p, 1, left > 0 ? (int)MIN_OF(left, INT32_MAX) : 0);
		const struct nlmsghdr *nlh = (const void *)buf;

		if (n == 0)
			return -ETIMEDOUT;
		n = n < 0 ? n : (int)recv(d->sock, buf, sizeof(buf), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		for (; NLMSG_OK(nlh, (unsigned)n); nlh = NLMSG_NEXT(nlh, n)) {
			if (nlh->nlmsg_type == NLMSG_ERROR && seq && nlh->nlmsg_seq == seq)
				return ((const struct nlmsgerr *)NLMSG_DATA(nlh))->error;
			if (!seq && deleted_id(nlh) == id)
				return 1;
		}
	}
}

static int id_assign(struct drain *d, int netns, int32_t id)
{
	struct nsid_request req = {
		.nlh = { .nlmsg_len = sizeof(req), .nlmsg_type = RTM_NEWNSID,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK, .nlmsg_seq = (uint32_t)id },
		.fd_attr = { RTA_LENGTH(sizeof(req.fd)), NETNSA_FD },
		.fd = (uint32_t)netns,
		.id_attr = { RTA_LENGTH(sizeof(req.id)), NETNSA_NSID },
		.id = id,
	};

	if (send(d->sock, &req, sizeof(req), 0) < 0)
		return -errno;
	return receive(d, req.nlh.nlmsg_seq, id);
}

/* An id that is free: others count theirs from 0. */
static int id_choose(struct drain *d, int netns, int32_t *ret)
{
	int r = -EEXIST;

	for (unsigned i = 0; i < ID_ATTEMPTS && r == -EEXIST; i++) {
		uint32_t random = 0;

		(void)!getrandom(&random, sizeof(random), 0);
		*ret = (int32_t)(0x40000000 | (random & 0x3fffffff));
		r = id_assign(d, netns, *ret);
	}
	return r;
}

/* A new namespace, the calling thread back where it was. */
static int sentinel_open(struct error *e)
{
	_cleanup_close_ int self = netns_self(e);
	_cleanup_close_ int fd = self < 0 ? self : netns_create(e);
	int r;

	if (fd < 0)
		return fd;
	r = netns_enter(self, e);
	return r < 0 ? -ENOTRECOVERABLE : TAKE_FD(fd);
}

/* Makes a namespace, drops it, waits until the kernel begins to clean it up. */
static int sentinel_pass(struct drain *d, struct error *e)
{
	int r;

	do {
		_cleanup_close_ int fd = sentinel_open(e);
		int32_t id = 0;

		if (fd < 0)
			return fd;
		r = id_choose(d, fd, &id);
		if (r < 0 && r != -ENOBUFS)
			return error_errno(e, -r, "name a network namespace");
		fd = fd_close(fd);
		if (r == 0)
			r = receive(d, 0, id);
	} while (r == -ENOBUFS); /* it may have been lost: a new one serves as well */
	return r < 0 ? error_errno(e, -r, "wait for a network namespace to be freed") : 0;
}

int netns_drain(unsigned timeout_ms, struct error *e)
{
	_cleanup_close_ int sock = listen_open(e);
	struct drain d = { .sock = sock, .deadline = now_ms() + timeout_ms };
	int r;

	if (sock < 0)
		return sock;
	r = sentinel_pass(&d, e);
	return r < 0 ? r : sentinel_pass(&d, e);
}
