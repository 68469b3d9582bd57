// SPDX-License-Identifier: GPL-2.0-or-later
#include "apiserver/websocket.h"

#include <arpa/inet.h>
#include <endian.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "apiserver/pump.h"

enum opcode { OP_CONTINUATION = 0, OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };
enum { BIT_FIN = 0x80, BITS_RESERVED = 0x70, BIT_MASK = 0x80, CONTROL_MAX = 125, HEADER_MAX = 14, KEY_LEN = 24 };

struct ws {
	struct ws_handler handler;
	bool in_message; /* a fragmented one has begun */
	bool first; /* nothing of this message was handed on */
	bool closed; /* we have sent a close */
	bool over; /* nothing more is read */
	/* the frame that is coming in */
	unsigned char header[HEADER_MAX];
	size_t have, need; /* of the header */
	uint64_t left;
	unsigned mask_at;
	char control[CONTROL_MAX];
	size_t control_len;
};

struct ws *ws_new(const struct ws_handler *handler)
{
	struct ws *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->handler = *handler;
	w->need = 2;
	return w;
}

struct ws *ws_free(struct ws *w)
{
	free(w);
	return NULL;
}

/* ---- sending ---- */

/* @frame has room for HEADER_MAX bytes before its content. A server does not mask. */
static void send_frame(struct ws *w, enum opcode op, char *content, size_t len)
{
	unsigned char *h = (unsigned char *)content - (len < 126 ? 2 : len <= UINT16_MAX ? 4 : 10);
	const uint16_t be16 = htons((uint16_t)len);
	const uint64_t be64 = htobe64(len);

	h[0] = (unsigned char)(BIT_FIN | op);
	h[1] = (unsigned char)(len < 126 ? len : len <= UINT16_MAX ? 126 : 127);
	if (h[1] == 126)
		memcpy(h + 2, &be16, sizeof(be16));
	else if (h[1] == 127)
		memcpy(h + 2, &be64, sizeof(be64));
	w->handler.write(w->handler.arg, h, (size_t)((unsigned char *)content + len - h));
}

void ws_send(struct ws *w, int channel, const char *data, size_t len)
{
	char frame[HEADER_MAX + 1 + PUMP_CHUNK];
	const size_t prefix = channel >= 0;

	if (w->closed)
		return;
	if (prefix)
		frame[HEADER_MAX] = (char)channel;
	do {
		const size_t n = MIN_OF(len, (size_t)PUMP_CHUNK);

		if (n)
			memcpy(frame + HEADER_MAX + prefix, data, n);
		send_frame(w, OP_BINARY, frame + HEADER_MAX, prefix + n);
		data += n;
		len -= n;
	} while (len);
}

void ws_close(struct ws *w, unsigned code)
{
	char frame[HEADER_MAX + 2];
	const uint16_t be = htons((uint16_t)code);

	if (w->closed)
		return;
	w->closed = true;
	memcpy(frame + HEADER_MAX, &be, sizeof(be));
	send_frame(w, OP_CLOSE, frame + HEADER_MAX, sizeof(be));
}

/* ---- receiving ---- */

static int ws_fail(struct ws *w, unsigned code)
{
	ws_close(w, code);
	w->over = true;
	return -EPROTO;
}

static enum opcode frame_opcode(const struct ws *w)
{
	return w->header[0] & 0x0f;
}

static bool frame_is_control(const struct ws *w)
{
	return w->header[0] & 0x08;
}

/* RFC 6455 5.2, 5.4, 5.5: what a frame of a client may begin with */
static bool frame_is_good(const struct ws *w)
{
	const enum opcode op = frame_opcode(w);

	if (w->header[0] & BITS_RESERVED || !(w->header[1] & BIT_MASK))
		return false;
	if (frame_is_control(w))
		return op <= OP_PONG && w->header[0] & BIT_FIN && (w->header[1] & 0x7f) <= CONTROL_MAX;
	return op <= OP_BINARY && (op == OP_CONTINUATION) == w->in_message;
}

static uint64_t frame_length(const struct ws *w)
{
	uint16_t be16;
	uint64_t be64;

	switch (w->header[1] & 0x7f) {
	case 126:
		memcpy(&be16, w->header + 2, sizeof(be16));
		return ntohs(be16);
	case 127:
		memcpy(&be64, w->header + 2, sizeof(be64));
		return be64toh(be64);
	default:
		return w->header[1] & 0x7f;
	}
}

/* Return: -EPROTO, or 0: more of the header is needed, or all of it is there and the frame begins. */
static int header_more(struct ws *w)
{
	if (w->need == 2) {
		if (!frame_is_good(w))
			return ws_fail(w, WS_PROTOCOL_ERROR);
		w->need = 2 + 4 + ((w->header[1] & 0x7f) == 126 ? 2 : (w->header[1] & 0x7f) == 127 ? 8 : 0);
		return 0;
	}
	w->left = frame_length(w);
	if (w->left > WS_FRAME_MAX)
		return ws_fail(w, WS_TOO_BIG);
	w->mask_at = 0;
	w->control_len = 0;
	if (!frame_is_control(w) && frame_opcode(w) != OP_CONTINUATION) {
		w->in_message = true;
		w->first = true;
	}
	return 0;
}

static void control_end(struct ws *w)
{
	char frame[HEADER_MAX + CONTROL_MAX];
	const enum opcode op = frame_opcode(w);

	memcpy(frame + HEADER_MAX, w->control, w->control_len);
	if (op == OP_PING && !w->closed)
		send_frame(w, OP_PONG, frame + HEADER_MAX, w->control_len);
	if (op != OP_CLOSE)
		return;
	w->over = true;
	ws_close(w, WS_NORMAL);
	w->handler.close(w->handler.arg);
}

static void unmask(struct ws *w, char *buf, const char *data, size_t len)
{
	const unsigned char *mask = w->header + w->need - 4;

	for (size_t i = 0; i < len; i++)
		buf[i] = (char)(data[i] ^ mask[w->mask_at++ & 3]);
}

/* A piece of a frame's content; the last one may be empty. */
static size_t take_content(struct ws *w, const char *data, size_t len)
{
	char buf[16384];
	const size_t n = (size_t)MIN_OF((uint64_t)MIN_OF(len, sizeof(buf)), w->left);
	bool last;

	unmask(w, buf, data, n);
	w->left -= n;
	if (frame_is_control(w)) {
		memcpy(w->control + w->control_len, buf, n);
		w->control_len += n;
	} else {
		last = w->left == 0 && w->header[0] & BIT_FIN;
		if (last)
			w->in_message = false;
		if (n || last)
			w->handler.data(w->handler.arg, buf, n, w->first, last);
		if (n)
			w->first = false;
	}
	if (!w->left) {
		w->have = 0;
		w->need = 2;
		if (frame_is_control(w))
			control_end(w);
	}
	return n;
}

static int take_header(struct ws *w, const char *data, size_t len, size_t *ret_used)
{
	int r = 0;

	*ret_used = MIN_OF(len, w->need - w->have);
	memcpy(w->header + w->have, data, *ret_used);
	w->have += *ret_used;
	if (w->have == w->need)
		r = header_more(w);
	if (r == 0 && w->have == w->need && !w->left)
		(void)take_content(w, data, 0);
	return r;
}

int ws_input(struct ws *w, const char *data, size_t len)
{
	while (len && !w->over) {
		size_t n;

		if (w->have < w->need) {
			if (take_header(w, data, len, &n) < 0)
				return -EPROTO;
		} else {
			n = take_content(w, data, len);
		}
		data += n;
		len -= n;
	}
	return 0;
}

int ws_accept(const char *key, char ret[WS_ACCEPT_LEN])
{
	static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455 1.3 */
	char text[KEY_LEN + sizeof(magic)];
	unsigned char sha1[20];
	const gnutls_datum_t d = { .data = sha1, .size = sizeof(sha1) };
	gnutls_datum_t b64 = { 0 };

	if (strlen(key) != KEY_LEN)
		return -EINVAL;
	memcpy(text, key, KEY_LEN);
	memcpy(text + KEY_LEN, magic, sizeof(magic));
	if (gnutls_hash_fast(GNUTLS_DIG_SHA1, text, strlen(text), sha1) < 0 || gnutls_base64_encode2(&d, &b64) < 0)
		return -EINVAL;
	(void)snprintf(ret, WS_ACCEPT_LEN, "%.*s", (int)b64.size, (const char *)b64.data);
	gnutls_free(b64.data);
	return 0;
}
