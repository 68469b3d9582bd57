// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_spdy.c - SPDY/3.1 frames, against a client of the test's own
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "apiserver/spdy.h"
#include "base/strbuf.h"

enum { SYN_STREAM = 1, SYN_REPLY, RST_STREAM, SETTINGS, PING = 6, GOAWAY, HEADERS, WINDOW_UPDATE };

struct world {
	struct spdy *s;
	z_stream deflate;
	struct strbuf sent; /* by the server */
	struct strbuf told; /* callbacks, as text */
	bool refuse;
};

static void on_write(void *arg, const void *data, size_t len)
{
	struct world *w = arg;

	strbuf_add(&w->sent, data, len);
}

static bool on_open(void *arg, uint32_t id, const struct spdy_headers *h)
{
	struct world *w = arg;

	strbuf_printf(&w->told, "open %u", id);
	for (size_t i = 0; i < h->n; i++)
		strbuf_printf(&w->told, " %s=%s", h->h[i].name, h->h[i].value);
	strbuf_puts(&w->told, "\n");
	return !w->refuse;
}

static void on_data(void *arg, uint32_t id, const char *data, size_t len, bool fin)
{
	struct world *w = arg;

	strbuf_printf(&w->told, "data %u %.*s%s\n", id, (int)len, len ? data : "", fin ? " FIN" : "");
}

static void on_reset(void *arg, uint32_t id)
{
	struct world *w = arg;

	strbuf_printf(&w->told, "reset %u\n", id);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	const struct spdy_handler h = { .write = on_write, .open = on_open, .data = on_data, .reset = on_reset, .arg = w };
	unsigned char dict[1423];

	assert_non_null(w);
	w->s = spdy_new(&h);
	assert_non_null(w->s);
	assert_int_equal(deflateInit(&w->deflate, 9), Z_OK);
	assert_int_equal(deflateSetDictionary(&w->deflate, dict, (uInt)spdy_dictionary(dict)), Z_OK);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	(void)spdy_free(w->s);
	(void)deflateEnd(&w->deflate);
	strbuf_done(&w->sent);
	strbuf_done(&w->told);
	free(w);
	return 0;
}

static void add32(struct strbuf *b, uint32_t v)
{
	const uint32_t be = htonl(v);

	strbuf_add(b, &be, sizeof(be));
}

static void add_frame(struct strbuf *out, uint32_t type, unsigned flags, const struct strbuf *content)
{
	add32(out, 0x80030000U | type);
	add32(out, (uint32_t)flags << 24 | (uint32_t)content->len);
	strbuf_add(out, content->buf, content->len);
}

static void add_data(struct strbuf *out, uint32_t id, unsigned flags, const char *text)
{
	add32(out, id);
	add32(out, (uint32_t)flags << 24 | (uint32_t)strlen(text));
	strbuf_puts(out, text);
}

/* A header block of "name=value" words, packed. */
static void add_block(struct world *w, struct strbuf *out, const char *const *words)
{
	_cleanup_strbuf_ struct strbuf plain = { 0 };
	unsigned char packed[4096];
	uint32_t n = 0;

	while (words[n])
		n++;
	add32(&plain, n);
	for (uint32_t i = 0; i < n; i++) {
		const size_t name = strcspn(words[i], "=");

		add32(&plain, (uint32_t)name);
		strbuf_add(&plain, words[i], name);
		add32(&plain, (uint32_t)strlen(words[i] + name + 1));
		strbuf_puts(&plain, words[i] + name + 1);
	}
	w->deflate.next_in = (unsigned char *)plain.buf;
	w->deflate.avail_in = (uInt)plain.len;
	w->deflate.next_out = packed;
	w->deflate.avail_out = sizeof(packed);
	assert_int_equal(deflate(&w->deflate, Z_SYNC_FLUSH), Z_OK);
	strbuf_add(out, packed, sizeof(packed) - w->deflate.avail_out);
}

static void add_syn(struct world *w, struct strbuf *out, uint32_t id, unsigned flags, const char *const *words)
{
	_cleanup_strbuf_ struct strbuf c = { 0 };

	add32(&c, id);
	add32(&c, 0);
	strbuf_add(&c, "\0\0", 2);
	add_block(w, &c, words);
	add_frame(out, SYN_STREAM, flags, &c);
}

/* The same, whole and byte by byte, must be understood the same. */
static int feed(struct world *w, const struct strbuf *in, bool bytewise)
{
	int r = 0;

	if (!bytewise)
		return spdy_input(w->s, in->buf, in->len);
	for (size_t i = 0; r == 0 && i < in->len; i++)
		r = spdy_input(w->s, in->buf + i, 1);
	return r;
}

static void test_dictionary(void **state)
{
	unsigned char dict[1423];

	(void)state;
	assert_int_equal(spdy_dictionary(dict), sizeof(dict));
	/* The check sum that is in every SPDY/3 connection's first header block. */
	assert_int_equal(adler32(adler32(0, NULL, 0), dict, sizeof(dict)), 0xe3c6a7c2);
}

static const char *const error_stream[] = { "streamtype=error", NULL };
static const char *const stdin_stream[] = { "streamtype=stdin", "port=8080", "empty=", NULL };

static void talk(struct world *w, bool bytewise)
{
	_cleanup_strbuf_ struct strbuf in = { 0 };

	add_syn(w, &in, 1, 1, error_stream);
	add_syn(w, &in, 3, 0, stdin_stream);
	add_data(&in, 3, 0, "hello");
	add_data(&in, 3, 0, "");
	add_data(&in, 3, 1, "bye");
	assert_int_equal(feed(w, &in, bytewise), 0);
}

static void test_streams(void **state)
{
	struct world *w = *state;

	talk(w, false);
	assert_string_equal(strbuf_str(&w->told), "open 1 streamtype=error\ndata 1  FIN\nopen 3 streamtype=stdin port=8080 empty=\n"
						  "data 3 hello\ndata 3 bye FIN\n");
	/* two SYN_REPLYs, for 1 and 3 */
	assert_memory_equal(w->sent.buf, "\x80\x03\0\2", 4);
	assert_memory_equal(w->sent.buf + 8, "\0\0\0\1", 4);
}

static void test_bytewise(void **state)
{
	struct world *w = *state;
	_cleanup_free_ char *all = NULL;

	talk(w, true);
	all = strdup(strbuf_str(&w->told));
	/* Data comes in smaller pieces; together it is the same. */
	assert_non_null(strstr(all, "open 3 streamtype=stdin port=8080 empty=\ndata 3 h\ndata 3 e\n"));
	assert_non_null(strstr(all, "data 3 e FIN\n"));
}

/* What the server sends can be unpacked, and its data comes in frames. */
static void test_output(void **state)
{
	struct world *w = *state;
	_cleanup_strbuf_ struct strbuf in = { 0 };
	_cleanup_free_ char *big = calloc(1, 100000);
	unsigned char dict[1423], plain[64];
	z_stream z = { 0 };
	uint32_t len;

	add_syn(w, &in, 1, 0, error_stream);
	assert_int_equal(feed(w, &in, false), 0);
	memcpy(&len, w->sent.buf + 4, sizeof(len));
	assert_int_equal(w->sent.len, 8 + ntohl(len));
	assert_int_equal(inflateInit(&z), Z_OK);
	z.next_in = (unsigned char *)w->sent.buf + 12;
	z.avail_in = (uInt)w->sent.len - 12;
	z.next_out = plain;
	z.avail_out = sizeof(plain);
	assert_int_equal(inflate(&z, Z_SYNC_FLUSH), Z_NEED_DICT);
	assert_int_equal(inflateSetDictionary(&z, dict, (uInt)spdy_dictionary(dict)), Z_OK);
	assert_int_equal(inflate(&z, Z_SYNC_FLUSH), Z_OK);
	assert_int_equal(z.avail_out, sizeof(plain) - 4);
	assert_memory_equal(plain, "\0\0\0\0", 4);
	(void)inflateEnd(&z);

	strbuf_reset(&w->sent);
	spdy_send(w->s, 1, big, 100000, true);
	assert_int_equal(w->sent.len, 100000 + 4 * 8);
	assert_int_equal(w->sent.buf[4], 0);
	strbuf_reset(&w->sent);
	spdy_send(w->s, 1, "late", 4, false); /* after our FIN */
	spdy_send(w->s, 9, "nobody", 6, false);
	assert_int_equal(w->sent.len, 0);
}

static void test_ping(void **state)
{
	struct world *w = *state;
	_cleanup_strbuf_ struct strbuf in = { 0 }, id = { 0 };

	add32(&id, 7);
	add_frame(&in, PING, 0, &id);
	assert_int_equal(feed(w, &in, false), 0);
	assert_int_equal(w->sent.len, in.len);
	assert_memory_equal(w->sent.buf, in.buf, in.len);
}

/* Nothing happens, but header blocks must be unpacked all the same: the next stream's needs what was before. */
static void test_ignored(void **state)
{
	struct world *w = *state;
	_cleanup_strbuf_ struct strbuf in = { 0 }, c = { 0 };

	add_frame(&in, SETTINGS, 0, &c);
	add32(&c, 1);
	add_block(w, &c, stdin_stream);
	add_frame(&in, HEADERS, 0, &c);
	strbuf_reset(&c);
	add32(&c, 1);
	add32(&c, 65536);
	add_frame(&in, WINDOW_UPDATE, 0, &c);
	add_frame(&in, GOAWAY, 0, &c);
	add_syn(w, &in, 1, 0, stdin_stream);
	assert_int_equal(feed(w, &in, false), 0);
	assert_string_equal(strbuf_str(&w->told), "open 1 streamtype=stdin port=8080 empty=\n");
}

static void test_reset(void **state)
{
	struct world *w = *state;
	_cleanup_strbuf_ struct strbuf in = { 0 }, c = { 0 };

	add_syn(w, &in, 1, 0, error_stream);
	add32(&c, 1);
	add32(&c, 5);
	add_frame(&in, RST_STREAM, 0, &c);
	add_frame(&in, RST_STREAM, 0, &c); /* is gone already */
	assert_int_equal(feed(w, &in, false), 0);
	assert_string_equal(strbuf_str(&w->told), "open 1 streamtype=error\nreset 1\n");
	strbuf_reset(&w->sent);
	spdy_send(w->s, 1, "x", 1, false);
	assert_int_equal(w->sent.len, 0);
}

static void test_refused(void **state)
{
	struct world *w = *state;
	_cleanup_strbuf_ struct strbuf in = { 0 };

	w->refuse = true;
	add_syn(w, &in, 1, 0, error_stream);
	assert_int_equal(feed(w, &in, false), 0);
	assert_memory_equal(w->sent.buf + w->sent.len - 16, "\x80\x03\0\3\0\0\0\10\0\0\0\1\0\0\0\3", 16);
	/* Data that was on its way is for a stream that there is not. */
	strbuf_reset(&in);
	add_data(&in, 1, 0, "x");
	strbuf_reset(&w->sent);
	assert_int_equal(feed(w, &in, false), 0);
	assert_memory_equal(w->sent.buf, "\x80\x03\0\3\0\0\0\10\0\0\0\1\0\0\0\2", 16);
}

static void test_too_many(void **state)
{
	struct world *w = *state;
	_cleanup_strbuf_ struct strbuf in = { 0 };

	for (uint32_t i = 0; i <= SPDY_STREAMS_MAX; i++)
		add_syn(w, &in, 2 * i + 1, 0, error_stream);
	assert_int_equal(feed(w, &in, false), 0);
	assert_memory_equal(w->sent.buf + w->sent.len - 4, "\0\0\0\3", 4); /* REFUSED_STREAM */
	assert_null(strstr(strbuf_str(&w->told), "open 4097"));
}

/* Each has to end the connection. */
static void test_bad(void **state)
{
	static const struct {
		const char *what, *bytes;
		size_t len;
	} bad[] = {
		{ "version 2", "\x80\x02\0\6\0\0\0\4\0\0\0\1", 12 },
		{ "short PING", "\x80\x03\0\6\0\0\0\2\0\0", 10 },
		{ "short RST_STREAM", "\x80\x03\0\3\0\0\0\4\0\0\0\1", 12 },
		{ "empty SYN_STREAM", "\x80\x03\0\1\0\0\0\0", 8 },
		{ "SYN_STREAM without a block", "\x80\x03\0\1\0\0\0\12\0\0\0\1\0\0\0\0\0\0", 18 },
		{ "a block that is not zlib", "\x80\x03\0\1\0\0\0\16\0\0\0\1\0\0\0\0\0\0abcd", 22 },
		{ "a frame of 16 MB", "\x80\x03\0\1\0\xff\xff\xff", 8 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct world *w = NULL;

		(void)setup((void **)&w);
		if (spdy_input(w->s, bad[i].bytes, bad[i].len) != -EPROTO)
			fail_msg("accepted: %s", bad[i].what);
		(void)teardown((void **)&w);
	}
}

static void test_bad_ids(void **state)
{
	static const uint32_t ids[][2] = { { 2, 0 }, { 0, 0 }, { 3, 1 }, { 3, 3 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		_cleanup_strbuf_ struct strbuf in = { 0 };
		struct world *w = NULL;

		(void)setup((void **)&w);
		add_syn(w, &in, ids[i][0], 0, error_stream);
		if (ids[i][1])
			add_syn(w, &in, ids[i][1], 0, error_stream);
		assert_int_equal(feed(w, &in, false), -EPROTO);
		(void)teardown((void **)&w);
	}
}

/* A few bytes that unpack to very many. */
static void test_bomb(void **state)
{
	struct world *w = *state;
	_cleanup_strbuf_ struct strbuf in = { 0 }, c = { 0 };
	_cleanup_free_ unsigned char *zeroes = calloc(1, 10 * 1024 * 1024), *packed = malloc(65536);

	add32(&c, 1);
	add32(&c, 0);
	strbuf_add(&c, "\0\0", 2);
	w->deflate.next_in = zeroes;
	w->deflate.avail_in = 10 * 1024 * 1024;
	w->deflate.next_out = packed;
	w->deflate.avail_out = 65536;
	assert_int_equal(deflate(&w->deflate, Z_SYNC_FLUSH), Z_OK);
	strbuf_add(&c, packed, 65536 - w->deflate.avail_out);
	add_frame(&in, SYN_STREAM, 0, &c);
	assert_int_equal(feed(w, &in, false), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dictionary),
		cmocka_unit_test_setup_teardown(test_streams, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bytewise, setup, teardown),
		cmocka_unit_test_setup_teardown(test_output, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ping, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ignored, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_many, setup, teardown),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_bad_ids),
		cmocka_unit_test_setup_teardown(test_bomb, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
