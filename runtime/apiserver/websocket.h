/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * websocket.h - a server's side of WebSocket framing (RFC 6455)
 *
 * Bytes in, callbacks and bytes out; knows no socket, no HTTP. Messages are handed on as they come, never gathered.
 */
#ifndef NETEMU_APISERVER_WEBSOCKET_H
#define NETEMU_APISERVER_WEBSOCKET_H

#include "base/error.h"

struct ws;

enum { WS_FRAME_MAX = 64 * 1024 * 1024 }; /* bytes; a longer one closes with 1009 */

enum { WS_NORMAL = 1000, WS_PROTOCOL_ERROR = 1002, WS_TOO_BIG = 1009 };

/* No callback may call ws_free(). */
struct ws_handler {
	void (*write)(void *arg, const void *data, size_t len); /* to the client */
	/* A piece of a data message; @first, @last: of the message. Pieces other than the last are not empty. */
	void (*data)(void *arg, const char *data, size_t len, bool first, bool last);
	void (*close)(void *arg); /* the client closes (the answer is sent already) */
	void *arg;
};

/** ws_new() - Return: NULL when out of memory */
struct ws *ws_new(const struct ws_handler *handler);
struct ws *ws_free(struct ws *w);

/** ws_input() - bytes from the client, in pieces of any size. Return: 0, or -EPROTO: a close is sent, hang up. */
int ws_input(struct ws *w, const char *data, size_t len);

/** ws_send() - a binary message; @channel: its first byte, or -1 */
void ws_send(struct ws *w, int channel, const char *data, size_t len);
/** ws_close() - say that this was all */
void ws_close(struct ws *w, unsigned code);

enum { WS_ACCEPT_LEN = 29 };
/** ws_accept() - Sec-WebSocket-Accept for a Sec-WebSocket-Key. Return: 0, or -EINVAL for a key that is none. */
int ws_accept(const char *key, char ret[WS_ACCEPT_LEN]);

#endif
