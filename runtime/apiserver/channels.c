// SPDX-License-Identifier: GPL-2.0-or-later
#include "apiserver/channels.h"

#include <string.h>

#include "apiserver/spdy.h"
#include "apiserver/websocket.h"

enum {
	OPEN_USEC = 30 * 1000000, /* for the client to open its streams, as kubelet's streamCreationTimeout */
	FINISH_USEC = 10 * 1000000, /* for the client to hang up: he has to read the last words first */
	RESIZE_MAX = 256,
	WS_CHANNEL_CLOSE = 255, /* v5: the next byte is the channel */
};

struct channels {
	struct conn *conn;
	struct loop *loop;
	struct loop_handle timer;
	enum stream_protocol protocol;
	struct spdy *spdy;
	struct ws *ws;
	unsigned wanted, open; /* bits of enum channel */
	uint32_t ids[_CHANNEL_MAX]; /* SPDY's streams; 0: none */
	int message; /* WebSocket: the channel of the message that is coming in; -1: its first byte is to come */
	char resize[RESIZE_MAX];
	size_t resize_len;
	bool ready, input_ended, finishing, freed;
	unsigned depth;
	struct channels_handler handler;
};

static void channels_destroy(struct channels *ch)
{
	loop_remove(ch->loop, ch->timer);
	(void)spdy_free(ch->spdy);
	(void)ws_free(ch->ws);
	(void)conn_free(ch->conn);
	free(ch);
}

struct channels *channels_free(struct channels *ch)
{
	if (!ch)
		return NULL;
	ch->freed = true;
	if (!ch->depth)
		channels_destroy(ch);
	return NULL;
}

static void channels_leave(struct channels *ch)
{
	if (--ch->depth == 0 && ch->freed)
		channels_destroy(ch);
}

/* Whoever is behind the channels is asked no more once he has finished or is gone. */
static bool is_served(const struct channels *ch)
{
	return ch->ready && !ch->finishing && !ch->freed;
}

/* ---- input ---- */

/* {"Width":80,"Height":24}, one after the other; SPDY may split them. */
static void take_resize(struct channels *ch, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		json_t *size;

		if (ch->resize_len == RESIZE_MAX)
			ch->resize_len = 0;
		ch->resize[ch->resize_len++] = data[i];
		if (data[i] != '}')
			continue;
		size = json_loadb(ch->resize, ch->resize_len, 0, NULL);
		ch->resize_len = 0;
		if (size && is_served(ch))
			ch->handler.resize(ch->handler.arg, (unsigned)json_integer_value(json_object_get(size, "Height")) & UINT16_MAX,
					   (unsigned)json_integer_value(json_object_get(size, "Width")) & UINT16_MAX);
		json_decref(size);
	}
}

static void take_input(struct channels *ch, int channel, const char *data, size_t len)
{
	if (!len || !is_served(ch))
		return;
	if (channel == CHANNEL_STDIN && ch->wanted & 1U << CHANNEL_STDIN && !ch->input_ended)
		ch->handler.input(ch->handler.arg, data, len);
	else if (channel == CHANNEL_RESIZE && ch->wanted & 1U << CHANNEL_RESIZE)
		take_resize(ch, data, len);
}

static void take_end(struct channels *ch, int channel)
{
	if (channel != CHANNEL_STDIN || ch->input_ended)
		return;
	ch->input_ended = true;
	if (is_served(ch))
		ch->handler.input_end(ch->handler.arg);
}

/* Only now is there somebody to take input: SPDY's clients may send with the stream's opening. */
static void become_ready(struct channels *ch)
{
	loop_remove(ch->loop, ch->timer);
	ch->ready = true;
	ch->handler.ready(ch->handler.arg);
	if (ch->input_ended && is_served(ch))
		ch->handler.input_end(ch->handler.arg);
}

/* ---- SPDY ---- */

static const char *const stream_types[_CHANNEL_MAX] = {
	[CHANNEL_STDIN] = "stdin",   [CHANNEL_STDOUT] = "stdout", [CHANNEL_STDERR] = "stderr",
	[CHANNEL_ERROR] = "error", [CHANNEL_RESIZE] = "resize",
};

static void transport_write(void *arg, const void *data, size_t len)
{
	const struct channels *ch = arg;

	conn_write(ch->conn, data, len);
}

static bool spdy_open(void *arg, uint32_t id, const struct spdy_headers *h)
{
	struct channels *ch = arg;
	const char *type = spdy_header(h, "streamtype");

	for (int c = 0; c < _CHANNEL_MAX; c++) {
		if (strcmp(type, stream_types[c]) != 0)
			continue;
		if (!(ch->wanted & 1U << c) || ch->ids[c])
			return false;
		ch->ids[c] = id;
		ch->open |= 1U << c;
		if (ch->open == ch->wanted)
			become_ready(ch);
		return true;
	}
	return false;
}

static int channel_of(const struct channels *ch, uint32_t id)
{
	for (int c = 0; c < _CHANNEL_MAX; c++)
		if (ch->ids[c] == id)
			return c;
	return -1;
}

static void spdy_data(void *arg, uint32_t id, const char *data, size_t len, bool fin)
{
	struct channels *ch = arg;
	const int c = channel_of(ch, id);

	take_input(ch, c, data, len);
	if (fin)
		take_end(ch, c);
}

static void spdy_gone(void *arg, uint32_t id)
{
	take_end(arg, channel_of(arg, id));
}

/* ---- WebSocket ---- */

static void ws_message(void *arg, const char *data, size_t len, bool first, bool last)
{
	struct channels *ch = arg;

	if (first)
		ch->message = -1;
	if (len && ch->message < 0) {
		ch->message = (unsigned char)*data++;
		len--;
	}
	if (ch->message != WS_CHANNEL_CLOSE)
		take_input(ch, ch->message, data, len);
	else if (len && ch->protocol == STREAM_WS_V5)
		take_end(ch, *data);
	if (last)
		ch->message = -1;
}

static void ws_gone(void *arg)
{
	struct channels *ch = arg;

	conn_shutdown(ch->conn);
}

/* ---- the connection ---- */

static void conn_input(void *arg, const char *data, size_t len)
{
	struct channels *ch = arg;
	int r;

	ch->depth++;
	r = ch->spdy ? spdy_input(ch->spdy, data, len) : ws_input(ch->ws, data, len);
	if (r < 0 && !ch->freed)
		conn_shutdown(ch->conn);
	channels_leave(ch);
}

static void conn_drained(void *arg)
{
	struct channels *ch = arg;

	ch->depth++;
	if (is_served(ch))
		ch->handler.drained(ch->handler.arg);
	channels_leave(ch);
}

static void conn_ended(void *arg)
{
	struct channels *ch = arg;

	ch->depth++;
	if (ch->finishing)
		(void)channels_free(ch);
	else
		ch->handler.end(ch->handler.arg);
	channels_leave(ch);
}

/* Time is up: for the client to open its streams, or to hang up. WebSocket's are open from the beginning. */
static void channels_timer(struct loop *loop, struct loop_handle id, void *arg)
{
	struct channels *ch = arg;

	(void)loop;
	(void)id;
	ch->depth++;
	if (ch->ws && !ch->ready && !ch->finishing)
		become_ready(ch);
	else
		conn_shutdown(ch->conn);
	channels_leave(ch);
}

static bool channels_setup(struct channels *ch)
{
	const struct spdy_handler spdy = {
		.write = transport_write, .open = spdy_open, .data = spdy_data, .reset = spdy_gone, .arg = ch,
	};
	const struct ws_handler ws = { .write = transport_write, .data = ws_message, .close = ws_gone, .arg = ch };

	if (ch->protocol == STREAM_SPDY_V4)
		ch->spdy = spdy_new(&spdy);
	else
		ch->ws = ws_new(&ws);
	return (ch->spdy || ch->ws) &&
	       loop_add_timer(ch->loop, ch->ws ? 0 : OPEN_USEC, channels_timer, ch, &ch->timer, NULL) == 0;
}

struct channels *channels_new(struct conn *conn, enum stream_protocol protocol, unsigned wanted, const struct channels_handler *handler)
{
	struct channels *ch = calloc(1, sizeof(*ch));
	const struct conn_handler mine = { .input = conn_input, .drained = conn_drained, .end = conn_ended, .arg = ch };

	if (!ch)
		return conn_free(conn), NULL;
	*ch = (struct channels){ .conn = conn,	      .loop = conn_loop(conn), .protocol = protocol,
				 .wanted = wanted, .message = -1,	       .handler = *handler };
	conn_set_handler(conn, &mine);
	return channels_setup(ch) ? ch : channels_free(ch);
}

/* ---- output ---- */

void channels_write(struct channels *ch, enum channel c, const char *data, size_t len)
{
	if (!len)
		return;
	if (ch->spdy)
		spdy_send(ch->spdy, ch->ids[c], data, len, false);
	else if (ch->wanted & 1U << c)
		ws_send(ch->ws, (int)c, data, len);
}

size_t channels_queued(const struct channels *ch)
{
	return conn_queued(ch->conn);
}

void channels_pause(struct channels *ch, bool paused)
{
	conn_pause(ch->conn, paused);
}

void channels_finish(struct channels *ch, json_t *status)
{
	static const enum channel outputs[] = { CHANNEL_STDOUT, CHANNEL_STDERR, CHANNEL_STDIN, CHANNEL_RESIZE };
	char *text = json_dumps(status, JSON_COMPACT);

	json_decref(status);
	ch->depth++;
	conn_pause(ch->conn, false);
	if (text)
		channels_write(ch, CHANNEL_ERROR, text, strlen(text));
	free(text);
	if (ch->ws) {
		ws_close(ch->ws, WS_NORMAL);
	} else {
		spdy_send(ch->spdy, ch->ids[CHANNEL_ERROR], NULL, 0, true);
		for (size_t i = 0; i < ARRAY_SIZE(outputs); i++)
			spdy_send(ch->spdy, ch->ids[outputs[i]], NULL, 0, true);
	}
	ch->finishing = true;
	if (loop_set_timer(ch->loop, ch->timer, FINISH_USEC) < 0 &&
	    loop_add_timer(ch->loop, FINISH_USEC, channels_timer, ch, &ch->timer, NULL) < 0)
		conn_shutdown(ch->conn);
	channels_leave(ch);
}
