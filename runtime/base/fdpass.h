/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fdpass.h - one datagram with file descriptors on a Unix socket (unix(7), SCM_RIGHTS)
 *
 * Inline, because netemu-init has it too and links nothing else.
 */
#ifndef NETEMU_BASE_FDPASS_H
#define NETEMU_BASE_FDPASS_H

#include <string.h>
#include <sys/socket.h>

#include "base/macros.h"

enum { FDPASS_MAX = 4 }; /* descriptors a datagram */

union fdpass_control {
	struct cmsghdr align;
	char buf[CMSG_SPACE(FDPASS_MAX * sizeof(int))];
};

/**
 * fdpass_send() - send @data with @n_fds descriptors, which stay the caller's
 * @flags: of sendmsg(2); MSG_NOSIGNAL is added
 *
 * Return: as sendmsg(2).
 */
static inline ssize_t fdpass_send(int sock, const void *data, size_t size, const int *fds, size_t n_fds, int flags)
{
	union fdpass_control u = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = size };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n_fds > FDPASS_MAX) {
		errno = EINVAL;
		return -1;
	}
	if (n_fds) {
		struct cmsghdr *c;

		mh.msg_control = u.buf;
		mh.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
	}
	return sendmsg(sock, &mh, flags | MSG_NOSIGNAL);
}

/**
 * fdpass_recv() - receive a datagram and up to @max descriptors (close-on-exec); what comes beyond that is closed
 * @max: at most FDPASS_MAX
 * @flags: of recvmsg(2)
 *
 * Return: as recvmsg(2); *@ret_n is the number of descriptors in any case.
 */
static inline ssize_t fdpass_recv(int sock, void *data, size_t size, int *fds, size_t max, size_t *ret_n, int flags)
{
	union fdpass_control u;
	struct iovec iov = { .iov_base = data, .iov_len = size };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = u.buf, .msg_controllen = sizeof(u.buf) };
	const ssize_t n = recvmsg(sock, &mh, flags | MSG_CMSG_CLOEXEC);
	size_t got = 0;

	for (struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&mh); c; c = CMSG_NXTHDR(&mh, c)) {
		const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (got < max)
				fds[got++] = fd;
			else
				(void)close(fd);
		}
	}
	*ret_n = got;
	return n;
}

#endif
