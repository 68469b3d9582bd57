// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * http.c - one HTTP/1.1 connection: whose turn it is, and what is sent
 *
 * One request at a time: the next one is read when the last reply is out, as far as a reader takes it. Who has no
 * certificate of the administrator's hears 401 to whatever was asked, before a body is read.
 */
#include "apiserver/http.h"

#include <string.h>
#include <strings.h>

#include "apiserver/httpmsg.h"
#include "apiserver/logstream.h"
#include "apiserver/pump.h"
#include "apiserver/stream.h"
#include "cluster/jsonutil.h"

enum {
	IDLE_USEC = 120 * 1000000, /* for a whole next request */
	STRANGER_USEC = 10 * 1000000,
	INPUT_MAX = 64 * 1024, /* bytes of further requests while one is answered */
};

enum http_state { HTTP_HEAD, HTTP_BODY, HTTP_STREAM, HTTP_STREAM_ENDED, HTTP_CLOSED };

struct http_conn {
	struct api *api;
	struct conn *conn;
	struct loop_handle timer;
	enum http_state state;
	struct byte_queue in;
	struct http_head head;
	struct http_body body;
	bool close; /* after this reply */
	bool patient; /* has waited once */
	size_t queued; /* then */
	struct api_watch *watch;
	struct log_stream *log;
};

static void http_timer(struct loop *loop, struct loop_handle id, void *arg);
static void http_run(struct http_conn *h);

static void http_set_timer(struct http_conn *h, uint64_t usec)
{
	if (loop_set_timer(h->api->loop, h->timer, usec) < 0)
		(void)loop_add_timer(h->api->loop, usec, http_timer, h, &h->timer, NULL);
}

static void http_conn_free(struct http_conn *h)
{
	loop_remove(h->api->loop, h->timer);
	(void)api_watch_free(h->watch);
	(void)log_stream_free(h->log);
	http_head_done(&h->head);
	http_body_done(&h->body);
	byte_queue_done(&h->in);
	(void)conn_free(h->conn);
	free(h);
}

/* ---- replies ---- */

static void http_close(struct http_conn *h)
{
	h->state = HTTP_CLOSED;
	loop_remove(h->api->loop, h->timer);
	conn_shutdown(h->conn);
}

/* RFC 7234 5.5, as kube-apiserver does: Warning: 299 - "text" */
static void reply_warnings(const struct strbuf *lines, struct strbuf *s)
{
	for (const char *line = strbuf_str(lines); *line;) {
		const size_t len = strcspn(line, "\n");

		strbuf_puts(s, "Warning: 299 - \"");
		for (size_t i = 0; i < len; i++) {
			if (line[i] == '"' || line[i] == '\\')
				strbuf_putc(s, '\\');
			strbuf_putc(s, (unsigned char)line[i] < ' ' ? ' ' : line[i]);
		}
		strbuf_puts(s, "\"\r\n");
		line += len + (line[len] == '\n');
	}
}

static void reply_head(struct http_conn *h, const struct api_reply *reply, struct strbuf *s)
{
	strbuf_printf(s, "HTTP/1.1 %d %s\r\nCache-Control: no-cache, private\r\nContent-Type: %s\r\n", reply->code, http_reason(reply->code),
		      reply->content_type && *reply->content_type ? reply->content_type : "application/json");
	reply_warnings(&reply->warning, s);
	if (h->close)
		strbuf_puts(s, "Connection: close\r\n");
}

/* This request is answered: the next one. */
static void http_next(struct http_conn *h)
{
	http_head_done(&h->head);
	http_body_done(&h->body);
	if (h->close) {
		http_close(h);
		return;
	}
	h->state = HTTP_HEAD;
	h->queued = conn_queued(h->conn);
	h->patient = true;
	http_set_timer(h, IDLE_USEC);
}

static void http_send(struct http_conn *h, const struct api_reply *reply)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	reply_head(h, reply, &s);
	strbuf_printf(&s, "Content-Length: %zu\r\n\r\n", reply->body.len);
	if (s.oom || reply->body.oom) {
		conn_fail(h->conn);
		return;
	}
	conn_write(h->conn, s.buf, s.len);
	if (!h->head.method || strcmp(h->head.method, "HEAD") != 0)
		conn_write(h->conn, reply->body.buf, reply->body.len);
	http_next(h);
}

/* What is wrong with a request before the API sees it. */
static void http_refuse(struct http_conn *h, int code, const char *reason, const char *text)
{
	struct api_reply reply = { 0 };

	h->close = true;
	api_fail(&reply, code, reason, NULL, "%s", text);
	http_send(h, &reply);
	api_reply_done(&reply);
}

static void http_refuse_message(struct http_conn *h, int code)
{
	static const struct {
		int code;
		const char *reason, *text;
	} texts[] = {
		{ 401, "Unauthorized", "Unauthorized" },
		{ 413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728" },
		{ 431, "BadRequest", "the request's headers are too large" },
		{ 501, "BadRequest", "unsupported transfer encoding" },
		{ 505, "BadRequest", "HTTP/1.1 is spoken here" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].code == code) {
			http_refuse(h, code, texts[i].reason, texts[i].text);
			return;
		}
	http_refuse(h, code, "BadRequest", "malformed request");
}

/* ---- replies that go on ---- */

static void stream_chunk(struct http_conn *h, const char *data, size_t len)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	if (h->head.minor0) {
		conn_write(h->conn, data, len);
		return;
	}
	strbuf_printf(&s, "%zx\r\n", len);
	strbuf_add(&s, data, len);
	strbuf_puts(&s, "\r\n");
	if (s.oom)
		conn_fail(h->conn);
	else
		conn_write(h->conn, s.buf, s.len);
}

/* The timer does the rest: we are inside of the one that has ended. */
static void stream_ended(struct http_conn *h)
{
	if (h->state != HTTP_STREAM)
		return;
	h->state = HTTP_STREAM_ENDED;
	http_set_timer(h, 0);
}

static void watch_text(void *arg, const char *text, size_t len)
{
	struct http_conn *h = arg;

	if (!text)
		stream_ended(h);
	else if (len)
		stream_chunk(h, text, len);
}

static bool log_text(void *arg, const char *data, size_t len)
{
	struct http_conn *h = arg;

	stream_chunk(h, data, len);
	return conn_queued(h->conn) < PUMP_HIGH;
}

static void log_ended(void *arg)
{
	stream_ended(arg);
}

static void stream_begin(struct http_conn *h, const struct api_reply *reply)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	h->close |= h->head.minor0;
	reply_head(h, reply, &s);
	strbuf_puts(&s, h->head.minor0 ? "\r\n" : "Transfer-Encoding: chunked\r\n\r\n");
	if (s.oom)
		conn_fail(h->conn);
	else
		conn_write(h->conn, s.buf, s.len);
	loop_remove(h->api->loop, h->timer);
	h->state = HTTP_STREAM;
}

static void serve_watch(struct http_conn *h, struct api_reply *reply)
{
	h->watch = TAKE_PTR(reply->watch);
	stream_begin(h, reply);
	api_watch_start(h->watch, watch_text, h);
}

static void serve_log(struct http_conn *h, const struct api_request *rq, struct api_reply *reply)
{
	struct error e = { 0 };
	int r = log_options_check(rq->query, &e);

	if (r == 0)
		r = log_stream_start(h->api, reply->pod, reply->container, reply->container_id, rq->query, log_text, log_ended, h, &h->log, &e);
	if (r < 0) {
		struct api_reply failed = { 0 };

		api_fail(&failed, r == -EINVAL ? 400 : 500, r == -EINVAL ? "BadRequest" : "InternalError", NULL, "%s", e.msg);
		http_send(h, &failed);
		api_reply_done(&failed);
		return;
	}
	reply->content_type = "text/plain";
	stream_begin(h, reply);
}

static void stream_finish(struct http_conn *h)
{
	h->watch = api_watch_free(h->watch);
	h->log = log_stream_free(h->log);
	if (!h->head.minor0)
		conn_write(h->conn, "0\r\n\r\n", 5);
	http_next(h);
}

/* ---- upgrades: the connection leaves us ---- */

static void (*const upgrades[])(const struct stream_start *) = {
	[API_STREAM_EXEC] = exec_start,
	[API_STREAM_ATTACH] = attach_start,
	[API_STREAM_PORTFORWARD] = forward_start,
};

static void serve_upgrade(struct http_conn *h, const struct api_request *rq, struct api_reply *reply)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };
	struct stream_start st = {
		.api = h->api,
		.pod = reply->pod,
		.query = rq->query,
		.container = reply->container,
		.container_id = reply->container_id,
	};
	struct byte_queue in;
	const int code = stream_negotiate(&h->head, reply->stream, &st.protocol, &s);

	if (code != 101) {
		http_refuse(h, code, code == 403 ? "Forbidden" : "BadRequest",
			    code == 403 ? "unable to upgrade: no protocol version in common" : "Upgrade request required");
		return;
	}
	conn_write(h->conn, s.buf, s.len);
	st.conn = TAKE_PTR(h->conn);
	in = h->in;
	h->in = (struct byte_queue){ 0 };
	upgrades[reply->stream](&st);
	conn_feed(st.conn, in.buf + in.start, in.len);
	byte_queue_done(&in);
}

/* ---- requests ---- */

static const char *header_or_empty(const struct http_head *h, const char *name)
{
	const char *v = http_header(h, name);

	return v ? v : "";
}

static void serve_request(struct http_conn *h, const struct api_request *rq)
{
	struct api_reply reply = { 0 };

	api_serve(h->api, rq, &reply);
	switch (reply.stream) {
	case API_STREAM_NONE:
		http_send(h, &reply);
		break;
	case API_STREAM_WATCH:
		serve_watch(h, &reply);
		break;
	case API_STREAM_LOG:
		serve_log(h, rq, &reply);
		break;
	default:
		serve_upgrade(h, rq, &reply);
		break;
	}
	api_reply_done(&reply);
}

static void http_serve(struct http_conn *h)
{
	const char *target = h->head.target, *mark = strchrnul(target, '?');
	_cleanup_free_ char *path = http_path_decode(target, (size_t)(mark - target));
	_cleanup_json_ json_t *query = api_query_parse(*mark ? mark + 1 : "");
	const struct api_request rq = {
		.method = strcmp(h->head.method, "HEAD") == 0 ? "GET" : h->head.method,
		.path = path,
		.query = query,
		.accept = header_or_empty(&h->head, "Accept"),
		.content_type = header_or_empty(&h->head, "Content-Type"),
		.user_agent = header_or_empty(&h->head, "User-Agent"),
		.impersonate = header_or_empty(&h->head, "Impersonate-User"),
		.body = strbuf_str(&h->body.data),
		.body_len = h->body.data.len,
	};

	h->close |= h->head.minor0 || http_header_has(&h->head, "Connection", "close");
	if (!path || !query)
		http_refuse_message(h, 400);
	else
		serve_request(h, &rq);
}

static int take_head(struct http_conn *h)
{
	const char *in = h->in.buf + h->in.start;
	ssize_t n;

	n = http_head_parse(in, h->in.len, &h->head);
	if (n == 0 && !conn_is_admin(h->conn) && h->in.len > HTTP_HEAD_MAX_STRANGER)
		return -431;
	if (n <= 0)
		return (int)n;
	byte_queue_drop(&h->in, (size_t)n);
	if (!conn_is_admin(h->conn))
		return -401;
	n = http_body_begin(&h->head, &h->body);
	if (n < 0)
		return (int)n;
	h->state = HTTP_BODY;
	return 1;
}

static int take_body(struct http_conn *h)
{
	size_t used = 0;
	const int r = http_body_take(&h->body, h->in.buf ? h->in.buf + h->in.start : "", h->in.len, HTTP_BODY_MAX, &used);

	if (used)
		byte_queue_drop(&h->in, used);
	return r;
}

static void say_continue(struct http_conn *h)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (!h->head.minor0 && http_header_has(&h->head, "Expect", "100-continue"))
		conn_write(h->conn, text, sizeof(text) - 1);
}

/* Return: whether there may be more to do. */
static bool http_step(struct http_conn *h)
{
	int r = 0;

	if (h->state == HTTP_HEAD) {
		r = h->in.len ? take_head(h) : 0;
		if (r > 0 && (h->body.left || h->body.chunked) && !h->in.len)
			say_continue(h);
	}
	if (h->state == HTTP_BODY && r >= 0) {
		r = take_body(h);
		if (r > 0)
			http_serve(h);
	}
	if (r < 0)
		http_refuse_message(h, -r);
	return r != 0;
}

static void http_run(struct http_conn *h)
{
	while (h->conn && (h->state == HTTP_HEAD || h->state == HTTP_BODY)) {
		/* Who asks faster than he reads is to read first. */
		if (h->state == HTTP_HEAD && conn_queued(h->conn) > CONN_QUEUE_LOW) {
			conn_pause(h->conn, true);
			return;
		}
		if (!http_step(h))
			return;
	}
	if (!h->conn)
		http_conn_free(h);
}

/* Nothing came. Who reads a long reply slowly, and who has connected ahead of his first request, gets more time. */
static void http_timeout(struct http_conn *h)
{
	const size_t queued = conn_queued(h->conn);

	if (!conn_is_admin(h->conn) || (h->patient && !(queued && queued < h->queued))) {
		http_close(h);
		return;
	}
	h->patient = true;
	h->queued = queued;
	http_set_timer(h, IDLE_USEC);
}

static void http_timer(struct loop *loop, struct loop_handle id, void *arg)
{
	struct http_conn *h = arg;
	struct conn *c = h->conn;

	(void)loop;
	(void)id;
	if (h->state != HTTP_STREAM_ENDED) {
		http_timeout(h);
		return;
	}
	conn_hold(c);
	stream_finish(h);
	http_run(h);
	conn_release(c);
}

static void http_input(void *arg, const char *data, size_t len)
{
	struct http_conn *h = arg;

	if (h->state == HTTP_CLOSED)
		return;
	if (!byte_queue_add(&h->in, data, len) || (h->state >= HTTP_STREAM && h->in.len > INPUT_MAX)) {
		conn_fail(h->conn);
		return;
	}
	http_run(h);
}

static void http_drained(void *arg)
{
	struct http_conn *h = arg;

	conn_pause(h->conn, false);
	if (h->log)
		log_stream_continue(h->log);
	http_run(h);
}

static void http_end(void *arg)
{
	http_conn_free(arg);
}

int http_conn_new(struct api *api, int fd, struct tls *tls, struct conn_list *list, struct error *e)
{
	struct http_conn *h = calloc(1, sizeof(*h));
	const struct conn_handler handler = { .input = http_input, .drained = http_drained, .end = http_end, .arg = h };
	int r;

	if (!h) {
		(void)fd_close(fd);
		return error_oom(e);
	}
	h->api = api;
	r = conn_new(api->loop, fd, tls, list, &handler, &h->conn, e);
	if (r < 0) {
		free(h);
		return r;
	}
	http_set_timer(h, tls ? STRANGER_USEC : IDLE_USEC);
	return 0;
}
