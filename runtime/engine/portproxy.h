/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * portproxy.h - hands on what comes to sockets of the host
 *
 * Owns connections and clients. Refuses to know labs and nodes.
 */
#ifndef NETEMU_ENGINE_PORTPROXY_H
#define NETEMU_ENGINE_PORTPROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct portproxy {
	int fd; /* listens (TCP) or is bound (UDP); nonblocking */
	bool udp;
	struct sockaddr_storage to;
	socklen_t to_len;
};

/** portproxy_run() - does nothing else until the process is killed */
_Noreturn void portproxy_run(const struct portproxy *ports, size_t n);

#endif
