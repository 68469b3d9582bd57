// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * api.c - a request becomes a reply: which handler a path belongs to
 *
 * Owns routing and the shape of replies. Refuses to know transports, and what any handler does.
 */
#include "apiserver/api.h"

#include <string.h>

#include "cluster/jsonutil.h"

void api_reply_done(struct api_reply *reply)
{
	strbuf_done(&reply->body);
	strbuf_done(&reply->warning);
	json_decref(reply->pod);
	*reply = (struct api_reply){ 0 };
}

void api_json(struct api_reply *reply, int code, json_t *j)
{
	reply->code = code;
	reply->content_type = "application/json";
	strbuf_reset(&reply->body);
	json_write(j, &reply->body);
	strbuf_putc(&reply->body, '\n');
	json_decref(j);
}

void api_fail(struct api_reply *reply, int code, const char *reason, json_t *details, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	json_t *status = json_pack("{s:s, s:s, s:{}, s:s}", "kind", "Status", "apiVersion", "v1", "metadata", "status", "Failure");
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(&text, fmt, ap);
	va_end(ap);
	(void)json_object_set_new(status, "message", json_string(strbuf_str(&text)));
	(void)json_object_set_new(status, "reason", json_string(reason));
	if (details)
		(void)json_object_set_new(status, "details", details);
	(void)json_object_set_new(status, "code", json_integer(code));
	api_json(reply, code, status);
}

const char *api_query(const struct api_request *rq, const char *key)
{
	const char *text = json_string_value(json_array_get(json_object_get(rq->query, key), 0));

	return text ? text : "";
}

bool api_query_true(const struct api_request *rq, const char *key)
{
	const char *text = api_query(rq, key);

	return strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
}

static int hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* A piece of a query: + is a blank, %XX a byte. */
static json_t *unescape(const char *text, size_t len)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	json_t *j;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '%' && i + 2 < len && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
			strbuf_putc(&out, (char)(hex(text[i + 1]) * 16 + hex(text[i + 2])));
			i += 2;
		} else {
			strbuf_putc(&out, text[i] == '+' ? ' ' : text[i]);
		}
	}
	j = json_stringn(strbuf_str(&out), strlen(strbuf_str(&out)));
	return j ? j : json_string("");
}

json_t *api_query_parse(const char *text)
{
	json_t *query = json_object();

	while (*text) {
		const size_t len = strcspn(text, "&");
		const char *equals = memchr(text, '=', len);
		const size_t key_len = equals ? (size_t)(equals - text) : len;
		json_t *key = unescape(text, key_len);

		if (len > 0)
			(void)json_array_append_new(json_array_make(query, json_string_value(key)),
						    equals ? unescape(equals + 1, len - key_len - 1) : json_string(""));
		json_decref(key);
		text += len;
		text += *text == '&';
	}
	return query;
}

void api_serve(struct api *api _unused_, const struct api_request *rq _unused_, struct api_reply *reply)
{
	api_fail(reply, 404, "NotFound", NULL, "the server could not find the requested resource");
}
