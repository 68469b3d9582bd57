/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rpcpeer.h - an rpc connection on an event loop (engine/rpc.h)
 *
 * Owns: the socket, what waits to be sent while the other side does not read, and which request a reply answers.
 */
#ifndef NETEMU_SUPERVISOR_RPCPEER_H
#define NETEMU_SUPERVISOR_RPCPEER_H

#include "engine/rpc.h"
#include "supervisor/loop.h"

struct rpc_peer;

/**
 * rpc_message_fn - a request or notification came
 * @m: borrowed; descriptors that are kept are taken with TAKE_FD(m->fds[i])
 *
 * May call rpc_peer_free().
 */
typedef void (*rpc_message_fn)(struct rpc_peer *peer, struct rpc_message *m, void *arg);

/** rpc_end_fn - the connection is over (read end, error, or more than RPC_QUEUE_MAX unsent); called once, call rpc_peer_free() */
typedef void (*rpc_end_fn)(struct rpc_peer *peer, void *arg);

/**
 * rpc_reply_fn - the reply to rpc_peer_call()
 * @m: NULL when the connection ended before; as of rpc_message_fn else
 * @e: NULL, or what the reply says went wrong
 */
typedef void (*rpc_reply_fn)(struct rpc_message *m, const struct error *e, void *arg);

enum { RPC_QUEUE_MAX = 256 * 1024 * 1024 }; /* bytes that wait for a peer that does not read, then it is given up */

/** rpc_peer_new() - @fd becomes the peer's (closed on failure, too). Return: 0 or -errno. */
int rpc_peer_new(struct loop *loop, int fd, rpc_message_fn on_message, rpc_end_fn on_end, void *arg, struct rpc_peer **ret,
		 struct error *e);

/** rpc_peer_free() - close; pending calls get their reply_fn with NULL. Takes NULL. Return: NULL. */
struct rpc_peer *rpc_peer_free(struct rpc_peer *peer);

/** rpc_peer_send() - a notification; @body's reference is taken, @fds are duplicated when they have to wait. Never blocks. */
void rpc_peer_send(struct rpc_peer *peer, json_t *body, const int *fds, size_t n_fds);

/** rpc_peer_call() - a request; @body's reference is taken */
void rpc_peer_call(struct rpc_peer *peer, json_t *body, const int *fds, size_t n_fds, rpc_reply_fn fn, void *arg);

/**
 * rpc_peer_reply() - answer a request
 * @id: json_integer_value() of its "id"; 0 (a notification): nothing is sent
 * @body: reference is taken; NULL: an empty one
 */
void rpc_peer_reply(struct rpc_peer *peer, json_int_t id, json_t *body, const int *fds, size_t n_fds);

/** rpc_peer_fail() - answer a request with an error */
void rpc_peer_fail(struct rpc_peer *peer, json_int_t id, const struct error *e);

#endif
