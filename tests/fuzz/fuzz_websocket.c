// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_websocket.c - any bytes as a WebSocket client's
 *
 * The first byte chooses the pieces they come in. However they are cut, the same messages must come out.
 */
#include <string.h>

#include "apiserver/websocket.h"
#include "base/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
	struct ws *ws;
	bool in_message, closed;
	struct strbuf told;
};

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void on_write(void *arg, const void *data, size_t len)
{
	const unsigned char *p = data;

	(void)arg;
	check(len >= 2 && p[0] & 0x80 && !(p[1] & 0x80));
}

static void on_data(void *arg, const char *data, size_t len, bool first, bool last)
{
	struct world *w = arg;

	check(first != w->in_message && !w->closed && (len || last));
	w->in_message = !last;
	strbuf_puts(&w->told, first ? "[" : "");
	strbuf_add(&w->told, data, len);
	strbuf_puts(&w->told, last ? "]" : "");
	if (len)
		ws_send(w->ws, (unsigned char)data[0], data, len);
}

static void on_close(void *arg)
{
	struct world *w = arg;

	check(!w->closed);
	w->closed = true;
}

static int run(struct world *w, const uint8_t *data, size_t size, size_t piece)
{
	const struct ws_handler h = { .write = on_write, .data = on_data, .close = on_close, .arg = w };
	int r = 0;

	w->ws = ws_new(&h);
	check(w->ws);
	for (size_t at = 0, n; r == 0 && at < size; at += n) {
		_cleanup_free_ char *copy = NULL;

		n = MIN_OF(piece, size - at);
		copy = malloc(n); /* of the very size */
		check(copy);
		memcpy(copy, data + at, n);
		r = ws_input(w->ws, copy, n);
	}
	(void)ws_free(w->ws);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world whole = { 0 }, cut = { 0 };
	int a, b;

	if (size < 2)
		return 0;
	a = run(&whole, data + 1, size - 1, SIZE_MAX);
	b = run(&cut, data + 1, size - 1, data[0] ? data[0] : 1);
	check(a == b && whole.closed == cut.closed && whole.told.len == cut.told.len &&
	      (!cut.told.len || memcmp(whole.told.buf, cut.told.buf, cut.told.len) == 0));
	strbuf_done(&whole.told);
	strbuf_done(&cut.told);
	return 0;
}
