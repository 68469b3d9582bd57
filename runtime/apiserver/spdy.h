/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spdy.h - a server's side of SPDY/3.1 framing (draft-mbelshe-httpbis-spdy-00), as kubectl speaks it after an upgrade
 *
 * Bytes in, callbacks and bytes out; knows no socket. Clients open streams, we never do. Flow control is not used,
 * as Kubernetes' own two ends do not use it: who cannot take more stops reading the connection.
 */
#ifndef NETEMU_APISERVER_SPDY_H
#define NETEMU_APISERVER_SPDY_H

#include "base/error.h"

struct spdy;

enum {
	SPDY_HEADERS_MAX = 32,
	SPDY_BLOCK_MAX = 64 * 1024, /* bytes of a control frame, and of a header block unpacked */
	SPDY_STREAMS_MAX = 2048, /* open at a time */
};

struct spdy_headers {
	size_t n;
	struct {
		const char *name, *value;
	} h[SPDY_HEADERS_MAX];
};

/** spdy_header() - a header's value, name in any case; "" when it is missing */
const char *spdy_header(const struct spdy_headers *h, const char *name);

/* No callback may call spdy_free(). */
struct spdy_handler {
	void (*write)(void *arg, const void *data, size_t len); /* to the client */
	/* The client opens a stream. Return: whether it is wanted. */
	bool (*open)(void *arg, uint32_t id, const struct spdy_headers *h);
	/* Data of a stream as it comes; @fin: the client says no more on it. Without @fin, @len is not 0. */
	void (*data)(void *arg, uint32_t id, const char *data, size_t len, bool fin);
	void (*reset)(void *arg, uint32_t id); /* the client gives the stream up */
	void *arg;
};

/** spdy_new() - Return: NULL when out of memory */
struct spdy *spdy_new(const struct spdy_handler *handler);
struct spdy *spdy_free(struct spdy *s);

/** spdy_input() - bytes from the client, in pieces of any size. Return: 0, or -EPROTO: the connection is to be closed. */
int spdy_input(struct spdy *s, const char *data, size_t len);

/** spdy_send() - data on a stream; @fin: the last. Nothing happens on a stream that is not open to us any more. */
void spdy_send(struct spdy *s, uint32_t id, const char *data, size_t len, bool fin);
/** spdy_reset() - give a stream up */
void spdy_reset(struct spdy *s, uint32_t id);

/** spdy_dictionary() - what header blocks are compressed with, 1423 bytes. Return: their number. */
size_t spdy_dictionary(unsigned char buf[static 1423]);

#endif
