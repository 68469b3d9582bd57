// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_http.c - any bytes as an HTTP/1.1 client's: requests parsed, bodies gathered, upgrades negotiated
 *
 * The first byte chooses the pieces they come in. However they are cut, the same requests must come out.
 */
#include <string.h>

#include "apiserver/httpmsg.h"
#include "apiserver/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BODY_MAX = 4096 };

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_head(const struct http_head *h, struct strbuf *told)
{
	static const enum api_stream what[] = { API_STREAM_EXEC, API_STREAM_PORTFORWARD };
	const char *mark = strchrnul(h->target, '?');
	_cleanup_free_ char *path = http_path_decode(h->target, (size_t)(mark - h->target));

	check(*h->method && *h->target && h->n <= HTTP_HEADERS_MAX);
	check(!path || strlen(path) <= strlen(h->target));
	strbuf_printf(told, "%s %s %zu\n", h->method, h->target, h->n);
	for (size_t i = 0; i < h->n; i++)
		check(strpbrk(h->headers[i].value, "\r\n") == NULL && http_header(h, h->headers[i].name));
	for (size_t i = 0; i < ARRAY_SIZE(what); i++) {
		_cleanup_strbuf_ struct strbuf answer = { 0 };
		enum stream_protocol p;
		const int code = stream_negotiate(h, what[i], &p, &answer);

		check(code == 101 ? answer.len > 0 && p < _STREAM_PROTOCOL_MAX : code == 400 || code == 403);
		strbuf_printf(told, "%d ", code);
	}
}

struct reader {
	struct http_head head;
	struct http_body body;
	bool in_body;
	struct strbuf in;
	struct strbuf told;
};

static void drop(struct strbuf *s, size_t n)
{
	if (!n)
		return;
	memmove(s->buf, s->buf + n, s->len - n);
	s->len -= n;
}

/* Return: > 0 go on, 0 more is needed, < 0 refused. */
static ssize_t step(struct reader *rd)
{
	size_t used = 0;
	ssize_t n;

	if (!rd->in_body) {
		n = rd->in.len ? http_head_parse(rd->in.buf, rd->in.len, &rd->head) : 0;
		if (n <= 0)
			return n;
		check((size_t)n <= rd->in.len);
		check_head(&rd->head, &rd->told);
		drop(&rd->in, (size_t)n);
		rd->in_body = true;
		n = http_body_begin(&rd->head, &rd->body);
		return n < 0 ? n : 1;
	}
	n = http_body_take(&rd->body, rd->in.buf ? rd->in.buf : "", rd->in.len, BODY_MAX, &used);
	if (n < 0)
		return n;
	check(used <= rd->in.len && rd->body.data.len <= BODY_MAX);
	drop(&rd->in, used);
	if (n == 0)
		return 0;
	strbuf_add(&rd->told, rd->body.data.buf, rd->body.data.len);
	http_head_done(&rd->head);
	http_body_done(&rd->body);
	rd->in_body = false;
	return 1;
}

static ssize_t run(struct reader *rd, const uint8_t *data, size_t size, size_t piece)
{
	ssize_t r = 0;

	for (size_t at = 0, n; r >= 0 && at < size; at += n) {
		n = MIN_OF(piece, size - at);
		strbuf_add(&rd->in, data + at, n);
		do
			r = step(rd);
		while (r > 0);
	}
	http_head_done(&rd->head);
	http_body_done(&rd->body);
	strbuf_done(&rd->in);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader whole = { 0 }, cut = { 0 };
	ssize_t a, b;

	if (size < 2)
		return 0;
	a = run(&whole, data + 1, size - 1, SIZE_MAX);
	b = run(&cut, data + 1, size - 1, data[0] ? data[0] : 1);
	check(a == b && whole.told.len == cut.told.len && (!cut.told.len || memcmp(whole.told.buf, cut.told.buf, cut.told.len) == 0));
	strbuf_done(&whole.told);
	strbuf_done(&cut.told);
	return 0;
}
