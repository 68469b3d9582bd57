// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_spdy.c - any bytes as a SPDY/3.1 client's
 *
 * The first byte chooses the pieces they come in. Each stream that is opened is answered, some are reset. Fuzzers do
 * not find zlib's stream by themselves: bytes 0xfe LEN TEXT stand for a SYN_STREAM whose block is TEXT, packed here.
 */
#include <arpa/inet.h>
#include <string.h>
#include <zlib.h>

#include "apiserver/spdy.h"
#include "base/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
	struct spdy *s;
	uint32_t last;
	size_t written;
};

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void on_write(void *arg, const void *data, size_t len)
{
	struct world *w = arg;
	const unsigned char *p = data;

	/* One whole frame. */
	check(len >= 8 && len == 8U + (size_t)(p[5] << 16 | p[6] << 8 | p[7]));
	w->written += len;
}

static bool on_open(void *arg, uint32_t id, const struct spdy_headers *h)
{
	struct world *w = arg;
	size_t n = 0;

	check(id > w->last && id & 1 && h->n <= SPDY_HEADERS_MAX);
	w->last = id;
	for (size_t i = 0; i < h->n; i++)
		n += strlen(h->h[i].name) + strlen(h->h[i].value);
	check(n <= SPDY_BLOCK_MAX);
	(void)spdy_header(h, "streamtype");
	spdy_send(w->s, id, "answer", 6, id % 5 == 0);
	return id % 7 != 0;
}

static void on_data(void *arg, uint32_t id, const char *data, size_t len, bool fin)
{
	struct world *w = arg;

	check(id <= w->last && (len || fin) && (!len || data));
	if (len)
		spdy_send(w->s, id, data, len, fin);
	if (len > 100)
		spdy_reset(w->s, id);
}

static void on_reset(void *arg, uint32_t id)
{
	const struct world *w = arg;

	spdy_send(w->s, id, "x", 1, true);
}

/* A SYN_STREAM whose block is @text packed by the client's zlib stream. */
static void add_packed(z_stream *z, struct strbuf *out, uint32_t id, const uint8_t *text, size_t len)
{
	unsigned char packed[1024];
	const uint32_t head[] = { htonl(0x80030001), 0, htonl(id), 0 };
	uint32_t be;

	z->next_in = (unsigned char *)(uintptr_t)text;
	z->avail_in = (uInt)len;
	z->next_out = packed;
	z->avail_out = sizeof(packed);
	check(deflate(z, Z_SYNC_FLUSH) == Z_OK);
	be = htonl((uint32_t)(10 + sizeof(packed) - z->avail_out));
	strbuf_add(out, head, 4);
	strbuf_add(out, &be, 4);
	strbuf_add(out, head + 2, 8);
	strbuf_add(out, "\0\0", 2);
	strbuf_add(out, packed, sizeof(packed) - z->avail_out);
}

static void expand(const uint8_t *data, size_t size, struct strbuf *out)
{
	unsigned char dict[1423];
	z_stream z = { 0 };
	uint32_t id = 1;

	check(deflateInit(&z, 1) == Z_OK && deflateSetDictionary(&z, dict, (uInt)spdy_dictionary(dict)) == Z_OK);
	while (size) {
		if (data[0] == 0xfe && size >= 2 && data[1] && (size_t)data[1] + 2 <= size) {
			add_packed(&z, out, id, data + 2, data[1]);
			id += 2;
			size -= 2 + (size_t)data[1];
			data += 2 + data[1];
		} else {
			strbuf_putc(out, (char)*data++);
			size--;
		}
	}
	(void)deflateEnd(&z);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w = { 0 };
	const struct spdy_handler h = { .write = on_write, .open = on_open, .data = on_data, .reset = on_reset, .arg = &w };
	_cleanup_strbuf_ struct strbuf in = { 0 };
	size_t piece;

	if (size < 2)
		return 0;
	piece = data[0] ? data[0] : SIZE_MAX;
	expand(data + 1, size - 1, &in);
	w.s = spdy_new(&h);
	check(w.s && !in.oom);
	for (size_t at = 0, n; at < in.len; at += n) {
		_cleanup_free_ char *copy = NULL;

		n = MIN_OF(piece, in.len - at);
		copy = malloc(n); /* of the very size */
		check(copy);
		memcpy(copy, in.buf + at, n);
		if (spdy_input(w.s, copy, n) < 0)
			break;
	}
	(void)spdy_free(w.s);
	return 0;
}
