/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * portproxy.h - hands on what comes to sockets of the host
 *
 * Owns connections and clients. Refuses to know labs and nodes.
 */
#ifndef NETEMU_ENGINE_PORTPROXY_H
#define NETEMU_ENGINE_PORTPROXY_H

#include <sys/socket.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/inaddr.h"

struct portproxy {
	int fd; /* listens (TCP) or is bound (UDP); nonblocking */
	bool udp;
	struct sockaddr_storage to;
	socklen_t to_len;
};

/** portproxy_address() - @p with @port as a socket address. Return: its length. */
socklen_t portproxy_address(const struct inprefix *p, uint16_t port, struct sockaddr_storage *ret);

/**
 * portproxy_bind() - a socket that listens (TCP) or is bound (UDP), in the calling process's network namespace
 * @host: family 0: all addresses of both families, or of IPv4 where there is no other
 * @port: 0: any that is free
 *
 * Return: fd (close-on-exec, nonblocking), or -errno.
 */
int portproxy_bind(const struct inprefix *host, uint16_t port, bool udp);

/**
 * portproxy_start() - a child that does nothing else, with no descriptors but these, until it is killed or the caller dies
 * @ports: fds stay the caller's
 *
 * Return: its pid, or -errno.
 */
pid_t portproxy_start(const struct portproxy *ports, size_t n, struct error *e);

#endif
