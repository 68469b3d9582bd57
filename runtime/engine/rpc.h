/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rpc.h - JSON messages between the programs of a lab: supervisor, API server, kubelets, command line
 *
 * One JSON object a datagram on a SOCK_SEQPACKET Unix socket; descriptors travel along. An object of more than
 * RPC_INLINE_MAX bytes is in a memfd, which is then the first descriptor.
 *
 *   request        {"op": "pod.create", "id": 7, ...}     wants a reply
 *   reply          {"re": 7, ...}                         done
 *                  {"re": 7, "code": 17, "error": "..."}  failed: errno and text
 *   notification   {"op": "exit", ...}                    no id, no reply
 *
 * Owns: the wire. Refuses to know any op: cri.h and nodeproto.h in cluster/ say what there is.
 */
#ifndef NETEMU_ENGINE_RPC_H
#define NETEMU_ENGINE_RPC_H

#include <jansson.h>

#include "base/error.h"

enum {
	RPC_INLINE_MAX = 60000, /* bytes */
	RPC_BODY_MAX = 64 * 1024 * 1024, /* bytes, in a memfd */
	RPC_FDS_MAX = 3, /* descriptors a message, besides the memfd */
};

struct rpc_message {
	json_t *body;
	int fds[RPC_FDS_MAX]; /* close-on-exec; -EBADF where there is none or it was taken */
	size_t n_fds;
};

void rpc_message_done(struct rpc_message *m);
#define _cleanup_rpc_message_ _cleanup_(rpc_message_done)

/**
 * rpc_send() - send one message
 * @body: stays the caller's
 * @fds: stay the caller's
 *
 * Return: 0; -EAGAIN on a non-blocking socket whose peer does not read; another -errno.
 */
int rpc_send(int sock, const json_t *body, const int *fds, size_t n_fds, struct error *e);

/** rpc_text() - a message's body as it is sent, to be freed; NULL when out of memory */
char *rpc_text(const json_t *body, size_t *ret_len);

/** rpc_send_text() - rpc_send() of what rpc_text() gave */
int rpc_send_text(int sock, const char *text, size_t len, const int *fds, size_t n_fds, struct error *e);

/** rpc_error() - what a reply's "code" and "error" say. Return: 0, or -errno with the text in @e. */
int rpc_error(const json_t *body, struct error *e);

/**
 * rpc_recv() - receive one message
 * @ret: to be given to rpc_message_done() after 1
 *
 * Return: 1; 0 when the peer has gone; -EAGAIN on a non-blocking socket; -EBADMSG for what is no JSON object;
 * another -errno.
 */
int rpc_recv(int sock, struct rpc_message *ret, struct error *e);

/**
 * rpc_connect() - connect to a listening socket
 * @path: of any length; the last component is looked up in its directory
 *
 * Return: a blocking socket (close-on-exec), or -errno.
 */
int rpc_connect(const char *path, struct error *e);

/** rpc_listen() - the other side: mode 0600, what was there before is replaced. Return: a non-blocking socket, or -errno. */
int rpc_listen(const char *path, struct error *e);

/**
 * rpc_call() - send a request and wait for its reply; for blocking sockets
 * @request: reference is taken; "id" is set here
 * @ret: the reply, to be given to rpc_message_done() after 0; may be NULL
 *
 * Notifications that come in between are dropped.
 *
 * Return: 0; -errno of the reply's "code" with its text in @e; another -errno.
 */
int rpc_call(int sock, json_t *request, struct rpc_message *ret, struct error *e);

#endif
