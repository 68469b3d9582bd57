// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_websocket.c - WebSocket frames (RFC 6455), with its own examples
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "apiserver/websocket.h"
#include "base/strbuf.h"

enum { FIN = 0x80, CONT = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

struct world {
	struct ws *ws;
	struct strbuf sent, told;
};

static void on_write(void *arg, const void *data, size_t len)
{
	struct world *w = arg;

	strbuf_add(&w->sent, data, len);
}

static void on_data(void *arg, const char *data, size_t len, bool first, bool last)
{
	struct world *w = arg;

	strbuf_printf(&w->told, "%s%.*s%s", first ? "[" : "", (int)len, data, last ? "]" : "|");
}

static void on_close(void *arg)
{
	struct world *w = arg;

	strbuf_puts(&w->told, "close");
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	const struct ws_handler h = { .write = on_write, .data = on_data, .close = on_close, .arg = w };

	assert_non_null(w);
	w->ws = ws_new(&h);
	assert_non_null(w->ws);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	(void)ws_free(w->ws);
	strbuf_done(&w->sent);
	strbuf_done(&w->told);
	free(w);
	return 0;
}

/* A client's frame; @length: how many bytes its length takes (1, 3, 9), whether needed or not. */
static void add_frame(struct strbuf *out, unsigned first, const void *data, uint64_t len, int length)
{
	static const unsigned char mask[4] = { 0x37, 0xfa, 0x21, 0x3d };
	const unsigned char *p = data;

	strbuf_putc(out, (char)first);
	strbuf_putc(out, (char)(0x80 | (length == 9 ? 127 : length == 3 ? 126 : (int)len)));
	for (int shift = (length - 2) * 8; length > 1 && shift >= 0; shift -= 8)
		strbuf_putc(out, (char)(len >> shift));
	strbuf_add(out, mask, sizeof(mask));
	for (uint64_t i = 0; p && i < len; i++)
		strbuf_putc(out, (char)(p[i] ^ mask[i & 3]));
}

static void add_text(struct strbuf *out, unsigned first, const char *text)
{
	add_frame(out, first, text, strlen(text), 1);
}

static int feed(struct world *w, const struct strbuf *in)
{
	return ws_input(w->ws, in->buf, in->len);
}

/* RFC 6455 1.3 */
static void test_accept(void **state)
{
	char buf[WS_ACCEPT_LEN];

	(void)state;
	assert_int_equal(ws_accept("dGhlIHNhbXBsZSBub25jZQ==", buf), 0);
	assert_string_equal(buf, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	assert_int_equal(ws_accept("short", buf), -EINVAL);
}

/* RFC 6455 5.7: the masked "Hello" */
static void test_masked(void **state)
{
	struct world *w = *state;

	assert_int_equal(ws_input(w->ws, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11), 0);
	assert_string_equal(strbuf_str(&w->told), "[Hello]");
}

static void test_bytewise(void **state)
{
	struct world *w = *state;
	_cleanup_strbuf_ struct strbuf in = { 0 };

	add_text(&in, FIN | BINARY, "abc");
	add_frame(&in, FIN | BINARY, "de", 2, 3);
	add_frame(&in, FIN | BINARY, "f", 1, 9);
	for (size_t i = 0; i < in.len; i++)
		assert_int_equal(ws_input(w->ws, in.buf + i, 1), 0);
	assert_string_equal(strbuf_str(&w->told), "[a|b|c][d|e][f]");
}

static void test_fragments(void **state)
{
	struct world *w = *state;
	_cleanup_strbuf_ struct strbuf in = { 0 };

	add_text(&in, BINARY, "one");
	add_text(&in, FIN | PING, "p"); /* may come in between */
	add_text(&in, CONT, "");
	add_text(&in, CONT, "two");
	add_text(&in, FIN | CONT, "");
	add_text(&in, FIN | BINARY, "");
	assert_int_equal(feed(w, &in), 0);
	assert_string_equal(strbuf_str(&w->told), "[one|two|][]");
	assert_memory_equal(w->sent.buf, "\x8a\x01p", 3);
	assert_int_equal(w->sent.len, 3);
}

static void test_empty_first_fragment(void **state)
{
	struct world *w = *state;
	_cleanup_strbuf_ struct strbuf in = { 0 };

	add_text(&in, BINARY, "");
	add_text(&in, FIN | CONT, "x");
	assert_int_equal(feed(w, &in), 0);
	assert_string_equal(strbuf_str(&w->told), "[x]");
}

static void test_long(void **state)
{
	struct world *w = *state;
	_cleanup_strbuf_ struct strbuf in = { 0 };
	_cleanup_free_ char *big = malloc(100000);

	memset(big, 'x', 100000);
	add_frame(&in, FIN | BINARY, big, 100000, 9);
	add_frame(&in, FIN | BINARY, big, 300, 3);
	assert_int_equal(feed(w, &in), 0);
	assert_int_equal(w->told.len, 2 + 100000 + 6 + 2 + 300);
}

static void test_send(void **state)
{
	struct world *w = *state;
	_cleanup_free_ char *big = calloc(1, 70000);

	ws_send(w->ws, 1, "hi", 2);
	assert_int_equal(w->sent.len, 5);
	assert_memory_equal(w->sent.buf, "\x82\x03\x01hi", 5);
	strbuf_reset(&w->sent);
	ws_send(w->ws, 3, big, 200);
	assert_memory_equal(w->sent.buf, "\x82\x7e\x00\xc9\x03", 5);
	strbuf_reset(&w->sent);
	ws_send(w->ws, -1, big, 70000); /* in three messages: a channel's bytes are a stream */
	assert_int_equal(w->sent.len, 70000 + 3 * 4);
	strbuf_reset(&w->sent);
	ws_close(w->ws, WS_NORMAL);
	ws_close(w->ws, WS_NORMAL);
	ws_send(w->ws, 1, "late", 4);
	assert_int_equal(w->sent.len, 4);
	assert_memory_equal(w->sent.buf, "\x88\x02\x03\xe8", 4);
}

static void test_close(void **state)
{
	struct world *w = *state;
	_cleanup_strbuf_ struct strbuf in = { 0 };

	add_frame(&in, FIN | CLOSE, "\x03\xe8", 2, 1);
	add_text(&in, FIN | BINARY, "after");
	assert_int_equal(feed(w, &in), 0);
	assert_string_equal(strbuf_str(&w->told), "close");
	assert_memory_equal(w->sent.buf, "\x88\x02\x03\xe8", 4);
}

static void test_bad(void **state)
{
	static const struct {
		const char *what;
		unsigned first[2]; /* 0xff: none */
		int length;
		uint64_t len;
		unsigned code;
	} bad[] = {
		{ "reserved bit", { FIN | 0x40 | BINARY, 0xff }, 1, 1, WS_PROTOCOL_ERROR },
		{ "opcode 3", { FIN | 3, 0xff }, 1, 1, WS_PROTOCOL_ERROR },
		{ "opcode 11", { FIN | 11, 0xff }, 1, 1, WS_PROTOCOL_ERROR },
		{ "continuation of nothing", { FIN | CONT, 0xff }, 1, 1, WS_PROTOCOL_ERROR },
		{ "message inside a message", { BINARY, FIN | BINARY }, 1, 1, WS_PROTOCOL_ERROR },
		{ "fragmented ping", { PING, 0xff }, 1, 1, WS_PROTOCOL_ERROR },
		{ "long ping", { FIN | PING, 0xff }, 3, 126, WS_PROTOCOL_ERROR },
		{ "too big", { FIN | BINARY, 0xff }, 9, (uint64_t)WS_FRAME_MAX + 1, WS_TOO_BIG },
		{ "far too big", { FIN | BINARY, 0xff }, 9, UINT64_MAX, WS_TOO_BIG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_strbuf_ struct strbuf in = { 0 };
		struct world *w = NULL;

		(void)setup((void **)&w);
		for (int k = 0; k < 2; k++)
			if (bad[i].first[k] != 0xff)
				add_frame(&in, bad[i].first[k], bad[i].length == 1 ? "x" : NULL, bad[i].len, bad[i].length);
		if (feed(w, &in) != -EPROTO)
			fail_msg("accepted: %s", bad[i].what);
		assert_int_equal(w->sent.len, 4);
		assert_int_equal((unsigned char)w->sent.buf[0], FIN | CLOSE);
		assert_int_equal((unsigned char)w->sent.buf[2] << 8 | (unsigned char)w->sent.buf[3], bad[i].code);
		(void)teardown((void **)&w);
	}
}

static void test_unmasked(void **state)
{
	struct world *w = *state;

	assert_int_equal(ws_input(w->ws, "\x82\x01x", 3), -EPROTO);
	assert_null(w->told.buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accept),
		cmocka_unit_test_setup_teardown(test_masked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bytewise, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fragments, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty_first_fragment, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_send, setup, teardown),
		cmocka_unit_test_setup_teardown(test_close, setup, teardown),
		cmocka_unit_test(test_bad),
		cmocka_unit_test_setup_teardown(test_unmasked, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
