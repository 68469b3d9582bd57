// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_httpmsg.c - HTTP/1.1 messages: heads, bodies, paths
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "apiserver/httpmsg.h"

static ssize_t parse(const char *text, struct http_head *h)
{
	return http_head_parse(text, strlen(text), h);
}

static void test_head(void **state)
{
	static const char text[] = "\r\nGET /api/v1/pods?watch=1 HTTP/1.1\r\nHost: x\r\nAccept:  a, b \t\r\nEmpty:\r\nConnection: Keep-Alive, Upgrade\r\n\r\nrest";
	struct http_head h;

	(void)state;
	assert_int_equal(parse(text, &h), sizeof(text) - 1 - 4);
	assert_string_equal(h.method, "GET");
	assert_string_equal(h.target, "/api/v1/pods?watch=1");
	assert_false(h.minor0);
	assert_int_equal(h.n, 4);
	assert_string_equal(http_header(&h, "ACCEPT"), "a, b");
	assert_string_equal(http_header(&h, "empty"), "");
	assert_null(http_header(&h, "none"));
	assert_true(http_header_has(&h, "connection", "upgrade"));
	assert_false(http_header_has(&h, "connection", "up"));
	http_head_done(&h);
}

static void test_incomplete(void **state)
{
	static const char text[] = "GET / HTTP/1.0\nA: b\n\n";
	struct http_head h;

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		assert_int_equal(http_head_parse(text, i, &h), 0);
	assert_int_equal(parse(text, &h), sizeof(text) - 1);
	assert_true(h.minor0);
	http_head_done(&h);
}

static void test_bad_heads(void **state)
{
	static const struct {
		const char *text;
		int status;
	} bad[] = {
		{ "GET / HTTP/2.0\r\n\r\n", -505 },	  { "GET / HTTP/1.10\r\n\r\n", -505 },
		{ "GET /\r\n\r\n", -400 },		  { "GET  / HTTP/1.1\r\n\r\n", -400 },
		{ "GET / FTP/1.1\r\n\r\n", -400 },	  { "G(T / HTTP/1.1\r\n\r\n", -400 },
		{ "GET pods HTTP/1.1\r\n\r\n", -400 },	  { "GET http://x/ HTTP/1.1\r\n\r\n", -400 },
		{ "GET / HTTP/1.1\r\nA : b\r\n\r\n", -400 }, { "GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", -400 },
		{ "GET / HTTP/1.1\r\n: b\r\n\r\n", -400 }, { "GET / HTTP/1.1\r\nno colon\r\n\r\n", -400 },
		{ "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", -400 },
	};
	struct http_head h;
	_cleanup_strbuf_ struct strbuf s = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (parse(bad[i].text, &h) != bad[i].status)
			fail_msg("not refused: %s", bad[i].text);
	assert_int_equal(http_head_parse("GET /\0 HTTP/1.1\r\n\r\n", 19, &h), -400);
	strbuf_puts(&s, "GET / HTTP/1.1\r\n");
	for (int i = 0; i <= HTTP_HEADERS_MAX; i++)
		strbuf_puts(&s, "A: b\r\n");
	strbuf_puts(&s, "\r\n");
	assert_int_equal(parse(s.buf, &h), -431);
	strbuf_reset(&s);
	for (int i = 0; i <= HTTP_HEAD_MAX; i++)
		strbuf_putc(&s, 'x');
	assert_int_equal(parse(s.buf, &h), -431);
}

static int body(const char *headers, const char *text, struct http_body *b, size_t *used)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };
	struct http_head h;
	int r;

	strbuf_printf(&s, "POST / HTTP/1.1\r\n%s\r\n", headers);
	assert_true(parse(s.buf, &h) > 0);
	r = http_body_begin(&h, b);
	http_head_done(&h);
	return r < 0 ? r : http_body_take(b, text, strlen(text), 20, used);
}

static void test_bodies(void **state)
{
	static const struct {
		const char *headers, *text;
		int result;
		const char *want;
		size_t used;
	} cases[] = {
		{ "", "next", 1, "", 0 },
		{ "Content-Length: 0\r\n", "next", 1, "", 0 },
		{ "Content-Length: 3\r\n", "abcnext", 1, "abc", 3 },
		{ "Content-Length: 5\r\n", "abc", 0, "abc", 3 },
		{ "Content-Length: 21\r\n", "", -413, "", 0 },
		{ "Content-Length: 99999999999999999999999\r\n", "", -413, "", 0 },
		{ "Content-Length: -1\r\n", "", -400, "", 0 },
		{ "Content-Length: +1\r\n", "", -400, "", 0 },
		{ "Content-Length: 1, 1\r\n", "", -400, "", 0 },
		{ "Content-Length: 1\r\nContent-Length: 1\r\n", "", -400, "", 0 },
		{ "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "", -400, "", 0 },
		{ "Transfer-Encoding: gzip\r\n", "", -501, "", 0 },
		{ "Transfer-Encoding: gzip, chunked\r\n", "", -501, "", 0 },
		{ "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\nnext", 1, "abcde", 36 },
		{ "Transfer-Encoding: Chunked\r\n", "a\nabcdefghij\n0\n\nnext", 1, "abcdefghij", 16 },
		{ "Transfer-Encoding: chunked\r\n", "3\r\nab", 0, "ab", 5 },
		{ "Transfer-Encoding: chunked\r\n", "15\r\n", -413, "", 0 },
		{ "Transfer-Encoding: chunked\r\n", "ffffffffffffffffff\r\n", -413, "", 0 },
		{ "Transfer-Encoding: chunked\r\n", "\r\n", -400, "", 0 },
		{ "Transfer-Encoding: chunked\r\n", "-1\r\n", -400, "", 0 },
		{ "Transfer-Encoding: chunked\r\n", "1 x\r\na\r\n0\r\n\r\n", 1, "a", 13 },
		{ "Transfer-Encoding: chunked\r\n", "1\r\nab\r\n", -400, "a", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct http_body b = { 0 };
		size_t used = 0;
		const int r = body(cases[i].headers, cases[i].text, &b, &used);

		if (r != cases[i].result || strcmp(strbuf_str(&b.data), cases[i].want) != 0 || (r >= 0 && used != cases[i].used))
			fail_msg("case %zu: %d, %zu used, body %s", i, r, used, strbuf_str(&b.data));
		http_body_done(&b);
	}
}

/* In pieces of every size. */
static void test_chunks_in_pieces(void **state)
{
	static const char text[] = "3\r\nabc\r\n10\r\n0123456789012345\r\n0\r\n\r\n";

	(void)state;
	for (size_t piece = 1; piece < sizeof(text); piece++) {
		struct http_body b = { .chunked = true };
		size_t at = 0, have = 0;
		int r = 0;

		while (r == 0 && have < sizeof(text) - 1) {
			size_t used = 0;

			have = MIN_OF(have + piece, sizeof(text) - 1);
			r = http_body_take(&b, text + at, have - at, 100, &used);
			at += used;
		}
		assert_int_equal(r, 1);
		assert_int_equal(at, sizeof(text) - 1);
		assert_string_equal(strbuf_str(&b.data), "abc0123456789012345");
		http_body_done(&b);
	}
}

static void check_path(const char *in, const char *want)
{
	_cleanup_free_ char *got = http_path_decode(in, strlen(in));

	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
}

static void test_paths(void **state)
{
	(void)state;
	check_path("/api/v1", "/api/v1");
	check_path("/a%20b%3A", "/a b:");
	check_path("/a%2Fb", "/a%2Fb");
	check_path("/%", NULL);
	check_path("/%4", NULL);
	check_path("/%zz", NULL);
	check_path("/%00", NULL);
	check_path("/%41", "/A");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_head),		 cmocka_unit_test(test_incomplete), cmocka_unit_test(test_bad_heads),
		cmocka_unit_test(test_bodies),		 cmocka_unit_test(test_chunks_in_pieces),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
