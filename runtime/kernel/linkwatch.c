// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/linkwatch.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "kernel/netns.h"

int linkwatch_open(int netns_fd, struct error *e)
{
	const struct sockaddr_nl sa = { .nl_family = AF_NETLINK,
					.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR };
	int fd = netns_socket(netns_fd, AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, e);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0) {
		const int r = error_errno(e, errno, "listen to links");

		(void)fd_close(fd);
		return r;
	}
	return fd;
}

bool linkwatch_drain(int fd)
{
	char buf[8192];
	bool any = false;
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0 || (n < 0 && (errno == ENOBUFS || errno == EINTR)))
		any = true;
	return any;
}
