/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.h - what becomes of a connection that was upgraded: exec, attach, port-forward
 *
 *   conn.h  ->  [websocket.h]  ->  spdy.h  ->  channels.h  ->  stream_exec.c
 *                                          ->  stream_forward.c
 */
#ifndef NETEMU_APISERVER_STREAM_H
#define NETEMU_APISERVER_STREAM_H

#include "apiserver/api.h"
#include "apiserver/conn.h"
#include "apiserver/httpmsg.h"

enum stream_protocol {
	STREAM_SPDY_V4, /* v4.channel.k8s.io over SPDY/3.1 */
	STREAM_WS_V4, /* v4.channel.k8s.io over WebSocket */
	STREAM_WS_V5, /* v5: a channel can be closed */
	STREAM_SPDY_FORWARD, /* portforward.k8s.io over SPDY/3.1 */
	STREAM_WS_FORWARD, /* the same SPDY/3.1 inside of WebSocket messages */
	_STREAM_PROTOCOL_MAX,
};

struct stream_start {
	struct api *api;
	struct conn *conn; /* taken */
	enum stream_protocol protocol;
	const json_t *pod, *query; /* borrowed */
	const char *container, *container_id;
};

/**
 * stream_negotiate() - choose a protocol for an upgrade request
 * @ret_head: the whole head of the answer, when that is 101
 *
 * Return: 101, 400 (no upgrade, or to what we do not speak) or 403 (no version in common).
 */
int stream_negotiate(const struct http_head *h, enum api_stream what, enum stream_protocol *ret, struct strbuf *ret_head);

/* They own the connection from then on. */
void exec_start(const struct stream_start *s);
void attach_start(const struct stream_start *s);
void forward_start(const struct stream_start *s);

#endif
