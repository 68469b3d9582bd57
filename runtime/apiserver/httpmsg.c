// SPDX-License-Identifier: GPL-2.0-or-later
#include "apiserver/httpmsg.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { CHUNK_LINE_MAX = 256 };
enum chunk_state { CHUNK_SIZE, CHUNK_DATA, CHUNK_DATA_END, CHUNK_TRAILER };

/* ---- the head ---- */

/* RFC 9110 5.6.2 */
static bool is_token(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) && (!s[i] || !strchr("!#$%&'*+-.^_`|~", s[i])))
			return false;
	return len > 0;
}

static bool is_text(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' && *s != '\t')
			return false;
	return true;
}

static bool is_target(const char *s)
{
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return false;
	return *s == '/' || strcmp(s, "*") == 0;
}

/* "GET /path HTTP/1.1" */
static int request_line(struct http_head *h, char *line)
{
	char *target = strchr(line, ' ');
	char *version = target ? strchr(target + 1, ' ') : NULL;

	if (!version)
		return -400;
	*target++ = '\0';
	*version++ = '\0';
	if (strncmp(version, "HTTP/", 5) != 0 || !is_token(line, strlen(line)) || !is_target(target))
		return -400;
	if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0)
		return -505;
	h->method = line;
	h->target = target;
	h->minor0 = version[7] == '0';
	return 0;
}

static int header_line(struct http_head *h, char *line)
{
	char *colon = strchr(line, ':');
	char *value;
	size_t len;

	if (!colon || !is_token(line, (size_t)(colon - line)) || !is_text(line))
		return -400;
	if (h->n == HTTP_HEADERS_MAX)
		return -431;
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	len = strlen(value);
	while (len && (value[len - 1] == ' ' || value[len - 1] == '\t'))
		value[--len] = '\0';
	h->headers[h->n].name = line;
	h->headers[h->n++].value = value;
	return 0;
}

/* Lines end with CR LF, or with LF alone (RFC 9112 2.2). The last one is empty. */
static int head_lines(struct http_head *h, char *text)
{
	bool first = true;
	int r = 0;

	for (char *line = text; r == 0;) {
		char *end = strchr(line, '\n');

		if (!end)
			return -400;
		*end = '\0';
		if (end > line && end[-1] == '\r')
			end[-1] = '\0';
		if (!*line)
			break;
		r = first ? request_line(h, line) : header_line(h, line);
		first = false;
		line = end + 1;
	}
	return r;
}

/* How long the head is, its empty line included; 0: not all there. */
static size_t head_length(const char *buf, size_t len)
{
	const char *p = buf, *end = buf + len;

	while ((p = memchr(p, '\n', (size_t)(end - p)))) {
		p++;
		if (p < end && *p == '\n')
			return (size_t)(p - buf) + 1;
		if (end - p >= 2 && p[0] == '\r' && p[1] == '\n')
			return (size_t)(p - buf) + 2;
	}
	return 0;
}

ssize_t http_head_parse(const char *buf, size_t len, struct http_head *ret)
{
	size_t skip = 0, n;
	int r;

	/* RFC 9112 2.2: empty lines before a request are to be overlooked. */
	while (skip < len && (buf[skip] == '\r' || buf[skip] == '\n'))
		skip++;
	n = head_length(buf + skip, len - skip);
	if (!n)
		return len > HTTP_HEAD_MAX ? -431 : 0;
	if (n > HTTP_HEAD_MAX)
		return -431;
	if (memchr(buf + skip, '\0', n))
		return -400;
	*ret = (struct http_head){ .text = strndup(buf + skip, n) };
	if (!ret->text)
		return -503;
	r = head_lines(ret, ret->text);
	if (r < 0) {
		http_head_done(ret);
		return r;
	}
	return (ssize_t)(skip + n);
}

void http_head_done(struct http_head *h)
{
	free(h->text);
	*h = (struct http_head){ 0 };
}

const char *http_header(const struct http_head *h, const char *name)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcasecmp(h->headers[i].name, name) == 0)
			return h->headers[i].value;
	return NULL;
}

static bool list_has(const char *list, const char *word)
{
	const size_t len = strlen(word);

	while (*list) {
		size_t n;

		list += strspn(list, ", \t");
		n = strcspn(list, ", \t");
		if (n == len && strncasecmp(list, word, n) == 0)
			return true;
		list += n;
	}
	return false;
}

bool http_header_has(const struct http_head *h, const char *name, const char *word)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcasecmp(h->headers[i].name, name) == 0 && list_has(h->headers[i].value, word))
			return true;
	return false;
}

/* ---- the body ---- */

static size_t header_count(const struct http_head *h, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++)
		n += strcasecmp(h->headers[i].name, name) == 0;
	return n;
}

/* Return: whether it is a number; a huge one becomes SIZE_MAX. */
static bool parse_size(const char *s, size_t len, int base, size_t *ret)
{
	size_t v = 0;

	for (size_t i = 0; i < len; i++) {
		const int c = tolower((unsigned char)s[i]);
		const size_t digit = isdigit(c) ? (size_t)(c - '0') : base == 16 && c >= 'a' && c <= 'f' ? (size_t)(c - 'a' + 10) : SIZE_MAX;

		if (digit == SIZE_MAX)
			return false;
		v = v > (SIZE_MAX - digit) / (size_t)base ? SIZE_MAX : v * (size_t)base + digit;
	}
	*ret = v;
	return len > 0;
}

int http_body_begin(const struct http_head *h, struct http_body *b)
{
	const char *length = http_header(h, "Content-Length");
	const char *encoding = http_header(h, "Transfer-Encoding");

	*b = (struct http_body){ 0 };
	if (header_count(h, "Content-Length") > 1 || header_count(h, "Transfer-Encoding") > 1 || (length && encoding))
		return -400;
	if (encoding) {
		if (h->minor0)
			return -400;
		if (strcasecmp(encoding, "chunked") != 0)
			return -501;
		b->chunked = true;
	}
	return length && !parse_size(length, strlen(length), 10, &b->left) ? -400 : 0;
}

/* A line without its end. Return: bytes with its end, 0 not all there, -400. */
static ssize_t chunk_line(const char *buf, size_t len, size_t *ret_len)
{
	const char *nl = memchr(buf, '\n', MIN_OF(len, (size_t)CHUNK_LINE_MAX));

	if (!nl)
		return len >= CHUNK_LINE_MAX ? -400 : 0;
	*ret_len = (size_t)(nl - buf);
	if (*ret_len && nl[-1] == '\r')
		--*ret_len;
	return nl - buf + 1;
}

static ssize_t chunk_begin(struct http_body *b, const char *buf, size_t len)
{
	size_t line = 0, digits;
	const ssize_t n = chunk_line(buf, len, &line);

	if (n <= 0)
		return n;
	for (digits = 0; digits < line && isxdigit((unsigned char)buf[digits]);)
		digits++;
	if (!parse_size(buf, digits, 16, &b->left) || (digits < line && !strchr("; \t", buf[digits])))
		return -400;
	b->state = b->left ? CHUNK_DATA : CHUNK_TRAILER;
	return n;
}

static ssize_t body_data(struct http_body *b, const char *buf, size_t len)
{
	const size_t n = MIN_OF(len, b->left);

	strbuf_add(&b->data, buf, n);
	b->left -= n;
	if (!b->left)
		b->state = CHUNK_DATA_END;
	return (ssize_t)n;
}

/* @ret_done: the last line is read. Return: bytes used, 0 more is needed, -400. */
static ssize_t chunk_step(struct http_body *b, const char *buf, size_t len, bool *ret_done)
{
	size_t line = 0;
	ssize_t n;

	if (b->state == CHUNK_SIZE)
		return chunk_begin(b, buf, len);
	if (b->state == CHUNK_DATA)
		return body_data(b, buf, len);
	n = chunk_line(buf, len, &line);
	if (n <= 0)
		return n;
	if (b->state == CHUNK_DATA_END) {
		b->state = CHUNK_SIZE;
		return line ? -400 : n;
	}
	*ret_done = line == 0;
	return n;
}

int http_body_take(struct http_body *b, const char *buf, size_t len, size_t max, size_t *ret_used)
{
	bool done = false;
	size_t used = 0;

	if (!b->chunked) {
		if (b->left > max)
			return -413;
		*ret_used = (size_t)body_data(b, buf, len);
		return b->data.oom ? -503 : b->left == 0;
	}
	while (!done && used < len) {
		const ssize_t n = chunk_step(b, buf + used, len - used, &done);

		if (n < 0)
			return (int)n;
		if (b->left > max || b->data.len > max - b->left)
			return -413;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	*ret_used = used;
	return b->data.oom ? -503 : done;
}

void http_body_done(struct http_body *b)
{
	strbuf_done(&b->data);
	*b = (struct http_body){ 0 };
}

/* ---- the rest ---- */

static int hex_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

char *http_path_decode(const char *path, size_t len)
{
	char *out = malloc(len + 1);
	size_t n = 0;

	for (size_t i = 0; out && i < len; i++) {
		int c = (unsigned char)path[i];

		if (c == '%') {
			const int hi = i + 2 < len ? hex_digit(path[i + 1]) : -1;
			const int lo = i + 2 < len ? hex_digit(path[i + 2]) : -1;

			c = hi < 0 || lo < 0 ? 0 : hi * 16 + lo;
			if (!c) {
				free(out);
				return NULL;
			}
			if (c == '/')
				c = '%';
			else
				i += 2;
		}
		out[n++] = (char)c;
	}
	if (out)
		out[n] = '\0';
	return out;
}

const char *http_reason(int code)
{
	static const struct {
		int code;
		const char *text;
	} reasons[] = {
		{ 100, "Continue" },
		{ 101, "Switching Protocols" },
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 301, "Moved Permanently" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 406, "Not Acceptable" },
		{ 409, "Conflict" },
		{ 410, "Gone" },
		{ 413, "Request Entity Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 422, "Unprocessable Entity" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].code == code)
			return reasons[i].text;
	return "Unknown";
}
