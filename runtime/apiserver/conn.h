/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conn.h - one TLS connection on the loop, as a stream of bytes both ways
 *
 * Owns: the socket, the TLS session, what waits to be sent. Refuses to know what is said on it.
 *
 * Theory of Operation
 * -------------------
 * GnuTLS writes its records into a queue of ours, which the socket takes when it can: so it never has to be called
 * again for a record that was half sent. Reading gives one whole record at a time; nothing is left inside GnuTLS for
 * which the socket would not be readable. A writer looks at conn_queued() and waits for `drained`; one who cannot wait
 * (a watch) is dropped with the connection when CONN_QUEUE_MAX is exceeded.
 *
 * Callbacks may call everything, conn_free() included. No function calls a callback before it returns.
 */
#ifndef NETEMU_APISERVER_CONN_H
#define NETEMU_APISERVER_CONN_H

#include "apiserver/tls.h"
#include "base/error.h"
#include "supervisor/loop.h"

struct conn;

enum {
	CONN_QUEUE_LOW = 64 * 1024, /* bytes: `drained` when no more than this wait */
	CONN_QUEUE_MAX = 64 * 1024 * 1024, /* for one who does not read, unless it is one single reply */
	CONN_QUEUE_ALL = 256 * 1024 * 1024, /* for all connections together */
};

struct conn_handler {
	void (*input)(void *arg, const char *data, size_t len);
	void (*drained)(void *arg);
	void (*end)(void *arg); /* it is over, either side: once; conn_free() is to be called then or later */
	void *arg;
};

/** struct conn_list - all connections of a server; zeroed is empty */
struct conn_list {
	struct conn *head;
	size_t n, queued;
};

/**
 * conn_new() - serve an accepted socket
 * @fd: becomes the connection's, closed on failure, too
 * @tls: NULL: no TLS, and the peer is trusted (tests)
 */
int conn_new(struct loop *loop, int fd, struct tls *tls, struct conn_list *list, const struct conn_handler *handler,
	     struct conn **ret, struct error *e);
/** conn_free() - close at once. Takes NULL. Return: NULL. */
struct conn *conn_free(struct conn *c);

/** conn_set_handler() - hand the connection to another protocol */
void conn_set_handler(struct conn *c, const struct conn_handler *handler);
/** conn_hold() - it stays in memory, whoever frees it, until conn_release(); callbacks of the connection are held as it is */
void conn_hold(struct conn *c);
void conn_release(struct conn *c);
/** conn_feed() - give the handler bytes that its predecessor has read too many; only while it is held */
void conn_feed(struct conn *c, const char *data, size_t len);
/** conn_end() - tell the handler that it is over, now; for who closes all of a list */
void conn_end(struct conn *c);
struct loop *conn_loop(struct conn *c);
/** conn_is_admin() - whether the peer has shown the administrator's certificate */
bool conn_is_admin(const struct conn *c);

void conn_write(struct conn *c, const void *data, size_t len);
/** conn_queued() - bytes that wait to be sent */
size_t conn_queued(const struct conn *c);
/** conn_pause() - read nothing for a while; an end is not seen meanwhile */
void conn_pause(struct conn *c, bool paused);
/** conn_shutdown() - send all that waits, then end; what still comes in is thrown away */
void conn_shutdown(struct conn *c);
/** conn_fail() - end without sending what waits */
void conn_fail(struct conn *c);

#endif
