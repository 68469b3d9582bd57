// SPDX-License-Identifier: GPL-2.0-or-later
#include "apiserver/spdy.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "apiserver/pump.h"

enum { VERSION = 3, HEADER_LEN = 8, DICTIONARY_LEN = 1423 };
enum frame_type { SYN_STREAM = 1, SYN_REPLY = 2, RST_STREAM = 3, PING = 6, HEADERS = 8 };
enum { FLAG_FIN = 1 };
enum { RST_PROTOCOL_ERROR = 1, RST_INVALID_STREAM = 2, RST_REFUSED = 3, RST_CANCEL = 5 };

struct spdy_stream {
	struct spdy_stream *next;
	uint32_t id;
	bool in_done, out_done;
};

struct spdy {
	struct spdy_handler handler;
	z_stream inflate, deflate;
	bool inflating, deflating;
	struct spdy_stream *streams;
	size_t n_streams;
	uint32_t last_id;
	/* the frame that is coming in */
	unsigned char header[HEADER_LEN];
	size_t have; /* of the header */
	uint32_t left; /* of what follows it */
	unsigned char *control; /* content of a control frame */
	uint32_t control_len;
};

/* ---- the dictionary: draft 3, 2.6.10.1 ---- */

static const char dictionary_words[] =
	"options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow "
	"authorization cache-control connection content-base content-encoding content-language content-length "
	"content-location content-md5 content-range content-type date etag expect expires from host if-match "
	"if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma "
	"proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade "
	"user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie "
	"keep-alive origin ";
static const char dictionary_rest[] =
	"100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative "
	"Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal "
	"Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 "
	"Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,"
	"application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset="
	"iso-8859-1,utf-,*,enq=0.";

/* Each word with its length before it, as in a header block; then texts as they are. */
size_t spdy_dictionary(unsigned char buf[static 1423])
{
	size_t n = 0;

	for (const char *w = dictionary_words; *w;) {
		const size_t len = strcspn(w, " ");
		const uint32_t be = htonl((uint32_t)len);

		memcpy(buf + n, &be, sizeof(be));
		for (size_t i = 0; i < len; i++)
			buf[n + 4 + i] = (unsigned char)(w[i] == '_' ? ' ' : w[i]);
		n += 4 + len;
		w += len + 1;
	}
	memcpy(buf + n, dictionary_rest, sizeof(dictionary_rest) - 1);
	return n + sizeof(dictionary_rest) - 1;
}

/* ---- life ---- */

struct spdy *spdy_new(const struct spdy_handler *handler)
{
	struct spdy *s = calloc(1, sizeof(*s));
	unsigned char dict[DICTIONARY_LEN];
	const size_t n = spdy_dictionary(dict);

	if (!s)
		return NULL;
	s->handler = *handler;
	s->inflating = inflateInit(&s->inflate) == Z_OK;
	/* All that we ever pack is an empty block: the smallest window will do. */
	s->deflating = deflateInit2(&s->deflate, 1, Z_DEFLATED, 9, 1, Z_DEFAULT_STRATEGY) == Z_OK;
	if (!s->inflating || !s->deflating || deflateSetDictionary(&s->deflate, dict, (uInt)n) != Z_OK)
		return spdy_free(s);
	return s;
}

struct spdy *spdy_free(struct spdy *s)
{
	if (!s)
		return NULL;
	for (struct spdy_stream *st = s->streams, *next; st; st = next) {
		next = st->next;
		free(st);
	}
	if (s->inflating)
		(void)inflateEnd(&s->inflate);
	if (s->deflating)
		(void)deflateEnd(&s->deflate);
	free(s->control);
	free(s);
	return NULL;
}

/* ---- streams ---- */

static struct spdy_stream *stream_find(struct spdy *s, uint32_t id)
{
	struct spdy_stream *st = s->streams;

	while (st && st->id != id)
		st = st->next;
	return st;
}

static bool stream_add(struct spdy *s, uint32_t id, bool fin)
{
	struct spdy_stream *st = s->n_streams < SPDY_STREAMS_MAX ? malloc(sizeof(*st)) : NULL;

	if (!st)
		return false;
	*st = (struct spdy_stream){ .next = s->streams, .id = id, .in_done = fin };
	s->streams = st;
	s->n_streams++;
	return true;
}

static void stream_drop(struct spdy *s, uint32_t id)
{
	struct spdy_stream **p = &s->streams;

	while (*p && (*p)->id != id)
		p = &(*p)->next;
	if (*p) {
		struct spdy_stream *st = *p;

		*p = st->next;
		s->n_streams--;
		free(st);
	}
}

static void stream_drop_if_done(struct spdy *s, const struct spdy_stream *st)
{
	if (st->in_done && st->out_done)
		stream_drop(s, st->id);
}

/* ---- sending ---- */

static void put32(unsigned char *p, uint32_t v)
{
	const uint32_t be = htonl(v);

	memcpy(p, &be, sizeof(be));
}

static uint32_t get32(const unsigned char *p)
{
	uint32_t be;

	memcpy(&be, p, sizeof(be));
	return ntohl(be);
}

/* A control frame with one or two words first. */
static void send_control(struct spdy *s, enum frame_type type, const void *data, size_t len)
{
	unsigned char frame[HEADER_LEN + 128];

	put32(frame, 0x80000000U | VERSION << 16 | type);
	put32(frame + 4, (uint32_t)len);
	memcpy(frame + HEADER_LEN, data, len);
	s->handler.write(s->handler.arg, frame, HEADER_LEN + len);
}

static void send_rst(struct spdy *s, uint32_t id, uint32_t status)
{
	unsigned char words[8];

	put32(words, id);
	put32(words + 4, status);
	send_control(s, RST_STREAM, words, sizeof(words));
}

/* The stream's id, then a header block without headers. */
static void send_syn_reply(struct spdy *s, uint32_t id)
{
	unsigned char out[64], none[4] = { 0 };

	put32(out, id);
	s->deflate.next_in = none;
	s->deflate.avail_in = sizeof(none);
	s->deflate.next_out = out + 4;
	s->deflate.avail_out = sizeof(out) - 4;
	(void)deflate(&s->deflate, Z_SYNC_FLUSH);
	send_control(s, SYN_REPLY, out, sizeof(out) - s->deflate.avail_out);
}

void spdy_send(struct spdy *s, uint32_t id, const char *data, size_t len, bool fin)
{
	struct spdy_stream *st = stream_find(s, id);
	unsigned char frame[HEADER_LEN + PUMP_CHUNK];

	if (!st || st->out_done || (!len && !fin))
		return;
	do {
		const size_t n = MIN_OF(len, (size_t)PUMP_CHUNK);

		put32(frame, id);
		put32(frame + 4, (uint32_t)n | (fin && n == len ? (uint32_t)FLAG_FIN << 24 : 0));
		if (n)
			memcpy(frame + HEADER_LEN, data, n);
		s->handler.write(s->handler.arg, frame, HEADER_LEN + n);
		data += n;
		len -= n;
	} while (len);
	if (fin) {
		st->out_done = true;
		stream_drop_if_done(s, st);
	}
}

void spdy_reset(struct spdy *s, uint32_t id)
{
	if (!stream_find(s, id))
		return;
	send_rst(s, id, RST_CANCEL);
	stream_drop(s, id);
}

/* ---- header blocks ---- */

const char *spdy_header(const struct spdy_headers *h, const char *name)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcasecmp(h->h[i].name, name) == 0)
			return h->h[i].value;
	return "";
}

/* Return: bytes unpacked to @out, or -EPROTO. */
static ssize_t block_unpack(struct spdy *s, const unsigned char *in, size_t len, unsigned char *out, size_t size)
{
	unsigned char dict[DICTIONARY_LEN];
	int r;

	s->inflate.next_in = (unsigned char *)(uintptr_t)in;
	s->inflate.avail_in = (uInt)len;
	s->inflate.next_out = out;
	s->inflate.avail_out = (uInt)size;
	do {
		r = inflate(&s->inflate, Z_SYNC_FLUSH);
		if (r == Z_NEED_DICT)
			r = inflateSetDictionary(&s->inflate, dict, (uInt)spdy_dictionary(dict));
	} while (r == Z_OK && s->inflate.avail_in && s->inflate.avail_out);
	if ((r != Z_OK && r != Z_BUF_ERROR) || s->inflate.avail_in || !s->inflate.avail_out)
		return -EPROTO;
	return (ssize_t)(size - s->inflate.avail_out);
}

/* A string with its length before it. What follows is read before its first byte becomes the NUL. */
static const char *block_string(unsigned char *block, size_t len, size_t *pos, uint32_t *n)
{
	const size_t at = *pos;

	if (*n > len - at)
		return NULL;
	*pos = at + *n;
	if (len - *pos >= 4) {
		*n = get32(block + *pos);
		block[*pos] = '\0';
		*pos += 4;
	} else {
		block[*pos] = '\0'; /* the caller's buffer is one longer */
		*n = UINT32_MAX;
	}
	return (const char *)block + at;
}

static int block_parse(unsigned char *block, size_t len, struct spdy_headers *ret)
{
	size_t pos = 8;
	uint32_t count, n;

	*ret = (struct spdy_headers){ 0 };
	if (len < 4)
		return -EPROTO;
	count = get32(block);
	if (count == 0)
		return len == 4 ? 0 : -EPROTO;
	if (count > SPDY_HEADERS_MAX || len < 8)
		return -EPROTO;
	n = get32(block + 4);
	for (ret->n = 0; ret->n < count; ret->n++) {
		ret->h[ret->n].name = block_string(block, len, &pos, &n);
		if (!ret->h[ret->n].name)
			return -EPROTO;
		ret->h[ret->n].value = block_string(block, len, &pos, &n);
		if (!ret->h[ret->n].value)
			return -EPROTO;
	}
	return pos == len && n == UINT32_MAX ? 0 : -EPROTO;
}

/* ---- control frames ---- */

static int take_syn_stream(struct spdy *s, struct spdy_headers *h, uint32_t id, bool fin)
{
	/* Ours would be even. */
	if (!(id & 1) || id <= s->last_id)
		return -EPROTO;
	s->last_id = id;
	if (!stream_add(s, id, fin)) {
		send_rst(s, id, RST_REFUSED);
		return 0;
	}
	send_syn_reply(s, id);
	if (!s->handler.open(s->handler.arg, id, h)) {
		send_rst(s, id, RST_REFUSED);
		stream_drop(s, id);
	} else if (fin) {
		s->handler.data(s->handler.arg, id, NULL, 0, true);
	}
	return 0;
}

/* Every header block has to be unpacked: they are all one zlib stream. */
static int take_headers(struct spdy *s, enum frame_type type, uint32_t skip, bool fin)
{
	unsigned char *block = s->control_len >= skip ? malloc(SPDY_BLOCK_MAX + 1) : NULL;
	struct spdy_headers h;
	ssize_t n;
	int r = 0;

	if (!block)
		return -EPROTO;
	n = block_unpack(s, s->control + skip, s->control_len - skip, block, SPDY_BLOCK_MAX);
	if (n < 0 || block_parse(block, (size_t)n, &h) < 0)
		r = -EPROTO;
	else if (type == SYN_STREAM)
		r = take_syn_stream(s, &h, get32(s->control) & 0x7fffffffU, fin);
	free(block);
	return r;
}

static int take_control(struct spdy *s)
{
	const uint32_t word = get32(s->header);
	const enum frame_type type = word & 0xffff;

	if ((word >> 16 & 0x7fff) != VERSION)
		return -EPROTO;
	switch (type) {
	case SYN_STREAM:
		return take_headers(s, type, 10, s->header[4] & FLAG_FIN);
	case SYN_REPLY:
	case HEADERS:
		return take_headers(s, type, 4, false);
	case RST_STREAM:
		if (s->control_len != 8)
			return -EPROTO;
		if (stream_find(s, get32(s->control))) {
			stream_drop(s, get32(s->control));
			s->handler.reset(s->handler.arg, get32(s->control));
		}
		return 0;
	case PING:
		if (s->control_len != 4)
			return -EPROTO;
		if (get32(s->control) & 1) /* an even one would be the echo of ours */
			send_control(s, PING, s->control, 4);
		return 0;
	default: /* SETTINGS, GOAWAY, WINDOW_UPDATE: nothing to be done */
		return 0;
	}
}

/* ---- receiving ---- */

static bool frame_is_control(const struct spdy *s)
{
	return s->header[0] & 0x80;
}

/* The frame is all there. */
static int frame_end(struct spdy *s)
{
	int r = 0;

	if (frame_is_control(s)) {
		r = take_control(s);
		free(s->control);
		s->control = NULL;
	}
	s->have = 0;
	return r;
}

static int frame_begin(struct spdy *s)
{
	s->left = get32(s->header + 4) & 0xffffff;
	if (!frame_is_control(s))
		return 0;
	if (s->left > SPDY_BLOCK_MAX)
		return -EPROTO;
	s->control = malloc((size_t)s->left + 1);
	s->control_len = 0;
	return s->control ? 0 : -EPROTO;
}

static void take_data(struct spdy *s, const char *data, size_t len)
{
	const uint32_t id = get32(s->header);
	const bool fin = s->header[4] & FLAG_FIN && s->left == len;
	struct spdy_stream *st = stream_find(s, id);

	if (!st || st->in_done) {
		if (s->left == len && !st)
			send_rst(s, id, RST_INVALID_STREAM);
		return;
	}
	if (fin) {
		st->in_done = true;
		stream_drop_if_done(s, st);
	}
	if (len || fin)
		s->handler.data(s->handler.arg, id, data, len, fin);
}

/* Return: bytes taken, or -EPROTO. */
static ssize_t take_content(struct spdy *s, const char *data, size_t len)
{
	const size_t n = MIN_OF(len, (size_t)s->left);

	if (frame_is_control(s)) {
		memcpy(s->control + s->control_len, data, n);
		s->control_len += (uint32_t)n;
	} else {
		take_data(s, data, n);
	}
	s->left -= (uint32_t)n;
	return s->left == 0 && frame_end(s) < 0 ? -EPROTO : (ssize_t)n;
}

int spdy_input(struct spdy *s, const char *data, size_t len)
{
	while (len) {
		ssize_t n;

		if (s->have < HEADER_LEN) {
			n = (ssize_t)MIN_OF(len, HEADER_LEN - s->have);
			memcpy(s->header + s->have, data, (size_t)n);
			s->have += (size_t)n;
			if (s->have == HEADER_LEN && (frame_begin(s) < 0 || (!s->left && take_content(s, data, 0) < 0)))
				return -EPROTO;
		} else {
			n = take_content(s, data, len);
		}
		if (n < 0)
			return -EPROTO;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}
