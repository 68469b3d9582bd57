/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * httpmsg.h - HTTP/1.1 messages as bytes (RFC 9112): a request's head, its body, a reply's head
 *
 * Pure functions on memory. What is ambiguous is refused: a request that two programs may read differently is none
 * (RFC 9112 11.2: both Content-Length and Transfer-Encoding, a bare CR, blanks before a colon, folded lines, ...).
 */
#ifndef NETEMU_APISERVER_HTTPMSG_H
#define NETEMU_APISERVER_HTTPMSG_H

#include "base/strbuf.h"

enum { HTTP_HEADERS_MAX = 100, HTTP_HEAD_MAX = 1024 * 1024, HTTP_HEAD_MAX_STRANGER = 16 * 1024 };

struct http_head {
	char *text; /* owns all of the following */
	const char *method, *target;
	bool minor0; /* HTTP/1.0 */
	size_t n;
	struct {
		const char *name, *value;
	} headers[HTTP_HEADERS_MAX];
};

/**
 * http_head_parse() - read a request's head from the beginning of @buf
 * @ret: to be given to http_head_done() after a positive result
 *
 * Return: bytes of the head; 0 when it is not complete; the negative HTTP status of what is wrong (-400, -431, -505).
 */
ssize_t http_head_parse(const char *buf, size_t len, struct http_head *ret);
void http_head_done(struct http_head *h);

/** http_header() - the first value of a header, name in any case; NULL when there is none */
const char *http_header(const struct http_head *h, const char *name);
/** http_header_has() - whether a comma-separated header, which may be there several times, has a word (in any case) */
bool http_header_has(const struct http_head *h, const char *name, const char *word);

/** struct http_body - how far a request's body has come */
struct http_body {
	bool chunked;
	size_t left; /* of Content-Length, or of the chunk */
	int state; /* of chunks */
	struct strbuf data;
};

/** http_body_begin() - what the head says of the body. Return: 0, or a negative HTTP status (-400, -501). */
int http_body_begin(const struct http_head *h, struct http_body *b);
/**
 * http_body_take() - take as much of @buf as belongs to the body
 * @max: of the body
 * @ret_used: how much it was
 *
 * Return: 1 it is complete, 0 not yet, or a negative HTTP status (-400, -413).
 */
int http_body_take(struct http_body *b, const char *buf, size_t len, size_t max, size_t *ret_used);
void http_body_done(struct http_body *b);

/**
 * http_path_decode() - percent-decode a path by segments: %2F stays as it is, so that it does not split one
 *
 * Return: what the caller frees; NULL for a bad escape, a NUL or when out of memory.
 */
char *http_path_decode(const char *path, size_t len);

/** http_reason() - "Not Found" */
const char *http_reason(int code);

#endif
