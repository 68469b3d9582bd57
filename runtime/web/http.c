// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * http.c - the page, its data, its events
 *
 * Who may ask: anybody who reaches the address may look, but only by an address or as localhost (a page of somebody else's whose
 * name is made to point here, DNS rebinding, comes with that name). Only who has the token, which is in the address that
 * `netemu graph` prints, gets routes and logs, for which a node is asked; and a terminal, that only from this very page (Origin).
 */
#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "apiserver/websocket.h"
#include "topology/load.h"
#include "web/web.h"

enum { BACKLOG = 32, LISTENERS_MAX = 64 };

struct listener {
	struct listener *next;
	struct client *client;
};

struct client {
	struct web *web;
	struct conn *conn;
	struct strbuf in;
	struct run *run;
	bool listens, answered;
};

/* ---- replies ---- */

static const char security[] =
	"X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCache-Control: no-store\r\n"
	"Content-Security-Policy: default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
	"frame-ancestors 'none'\r\n";

static void reply(struct client *c, int code, const char *type, const void *body, size_t len)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	c->answered = true;
	strbuf_printf(&s, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n",
		      code, http_reason(code), type, len, security);
	strbuf_add(&s, body, len);
	conn_write(c->conn, strbuf_str(&s), s.len);
	conn_shutdown(c->conn);
}

static void reply_text(struct client *c, int code, const char *text)
{
	reply(c, code, "text/plain; charset=utf-8", text, strlen(text));
}

static void reply_json(struct client *c, const json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT);

	reply(c, text ? 200 : 500, "application/json", text ? text : "", text ? strlen(text) : 0);
	free(text);
}

/* ---- the page ---- */

/* What there is without npm: the same lab as a picture. */
static void reply_plain_page(struct client *c)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	strbuf_printf(&s,
		      "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>%s</title>\n<body>\n"
		      "<p>netemu was built without npm, so that this is all of the page.</p>\n<img src=\"/graph.svg\" "
		      "alt=\"the lab\">\n</body></html>\n",
		      c->web->lab);
	reply(c, 200, "text/html; charset=utf-8", strbuf_str(&s), s.len);
}

static void get_file(struct client *c, const char *name, const char *type)
{
	_cleanup_free_ char *text = NULL;
	char path[sizeof(c->web->dir) + 64];
	size_t len = 0;

	(void)snprintf(path, sizeof(path), "%s/%s", c->web->dir, name);
	if (file_read(path, &text, &len, NULL) == 0)
		reply(c, 200, type, text, len);
	else if (strcmp(name, "index.html") == 0)
		reply_plain_page(c);
	else
		reply_text(c, 404, "not found\n");
}

static void get_index(struct client *c, const char *query)
{
	(void)query;
	get_file(c, "index.html", "text/html; charset=utf-8");
}

static void get_script(struct client *c, const char *query)
{
	(void)query;
	get_file(c, "app.js", "text/javascript; charset=utf-8");
}

static void get_style(struct client *c, const char *query)
{
	(void)query;
	get_file(c, "app.css", "text/css; charset=utf-8");
}

static void get_graph(struct client *c, const char *query)
{
	(void)query;
	reply_json(c, c->web->graph);
}

static void run_done(void *arg, const char *text, size_t len)
{
	struct client *c = arg;

	c->run = NULL;
	reply(c, 200, strncmp(text, "<svg", 4) == 0 ? "image/svg+xml" : "text/plain; charset=utf-8", text, len);
}

static void run(struct client *c, char *const argv[])
{
	c->run = run_start(c->web, argv, run_done, c);
	if (!c->run)
		reply_text(c, 500, "netemu cannot be started\n");
}

static void get_svg(struct client *c, const char *query)
{
	char *const argv[] = { (char *)"netemu", (char *)"graph", (char *)"--svg", (char *)(uintptr_t)c->web->lab,
			       NULL };

	(void)query;
	run(c, argv);
}

/* ---- events ---- */

static void get_events(struct client *c, const char *query)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n";
	_cleanup_strbuf_ struct strbuf s = { 0 };
	struct listener *l = malloc(sizeof(*l));
	size_t n = 0;

	(void)query;
	for (const struct listener *o = c->web->listeners; o; o = o->next)
		n++;
	if (!l || n >= LISTENERS_MAX) {
		free(l);
		reply_text(c, 503, "too many pages are open\n");
		return;
	}
	*l = (struct listener){ c->web->listeners, c };
	c->web->listeners = l;
	c->listens = c->answered = true;
	strbuf_printf(&s, "%s%s\r\nevent: live\ndata: %s\n\n", head, security, live_text(c->web));
	conn_write(c->conn, strbuf_str(&s), s.len);
	live_wake(c->web);
}

void web_tell(struct web *w, const char *event, const char *json)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	strbuf_printf(&s, "event: %s\ndata: %s\n\n", event, json);
	for (struct listener *l = w->listeners; l; l = l->next)
		conn_write(l->client->conn, strbuf_str(&s), s.len);
}

bool web_has_listeners(const struct web *w)
{
	return w->listeners;
}

/* ---- nodes ---- */

/* The value of a key in "a=b&c=d"; names of nodes need no escapes but %2D and the like. */
static bool query_value(const char *query, const char *key, char *ret, size_t size)
{
	const size_t n = strlen(key);

	for (const char *p = query; p && *p; p = strchr(p, '&') ? strchr(p, '&') + 1 : NULL) {
		char *decoded;

		if (strncmp(p, key, n) != 0 || p[n] != '=')
			continue;
		decoded = http_path_decode(p + n + 1, strcspn(p + n + 1, "&"));
		(void)snprintf(ret, size, "%s", decoded ? decoded : "");
		free(decoded);
		return true;
	}
	return false;
}

/* What a node can be asked for; nothing that changes it. */
static const struct {
	const char *what;
	const char *const words[6]; /* after netemu exec --lab LAB NODE --; NULL: its log */
} questions[] = {
	{ "interfaces", { "ip", "-s", "addr", NULL } },
	{ "routes", { "sh", "-c", "ip route; ip -6 route", NULL } },
	{ "bgp", { "vtysh", "-c", "show bgp summary", NULL } },
	{ "ospf", { "vtysh", "-c", "show ip ospf neighbor", NULL } },
	{ "processes", { "ps", "ax", NULL } },
	{ "log", { NULL } },
};

static void ask(struct client *c, const char *node, size_t question)
{
	char *const log[] = { (char *)"netemu",	       (char *)"logs",
			      (char *)"--tail",	       (char *)"200",
			      (char *)"--lab",	       (char *)(uintptr_t)c->web->lab,
			      (char *)(uintptr_t)node, NULL };
	char *argv[16] = { (char *)"netemu",	    (char *)"exec", (char *)"--lab", (char *)(uintptr_t)c->web->lab,
			   (char *)(uintptr_t)node, (char *)"--" };
	size_t n = 6;

	for (const char *const *w = questions[question].words; *w; w++)
		argv[n++] = (char *)(uintptr_t)*w;
	run(c, questions[question].words[0] ? argv : log);
}

/* In constant time. */
static bool token_is_right(const struct web *w, const char *given)
{
	unsigned char differs = strlen(given) != TOKEN_LEN;

	for (size_t i = 0; i < TOKEN_LEN && given[i]; i++)
		differs |= (unsigned char)(given[i] ^ w->token[i]);
	return !differs;
}

static void get_node(struct client *c, const char *query)
{
	char node[256] = "", what[32] = "", token[TOKEN_LEN * 2] = "";

	(void)query_value(query, "token", token, sizeof(token));
	if (!token_is_right(c->web, token)) {
		reply_text(c, 403, "this needs the token of the address that netemu graph printed\n");
		return;
	}
	if (!query_value(query, "name", node, sizeof(node)) || !query_value(query, "what", what, sizeof(what)) ||
	    !live_knows(c->web, node)) {
		reply_text(c, 404, "no such node runs\n");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
		if (strcmp(questions[i].what, what) == 0) {
			ask(c, node, i);
			return;
		}
	reply_text(c, 404, "no such question\n");
}

/* ---- terminals ---- */

static bool origin_is_ours(const struct http_head *h)
{
	const char *origin = http_header(h, "Origin"), *host = http_header(h, "Host");

	return origin && host && strncmp(origin, "http://", 7) == 0 && strcmp(origin + 7, host) == 0;
}

static void client_free(struct client *c);

static void get_terminal(struct client *c, const struct http_head *h, const char *query)
{
	const char *key = http_header(h, "Sec-WebSocket-Key");
	char node[256] = "", token[TOKEN_LEN * 2] = "", accept[WS_ACCEPT_LEN];
	_cleanup_strbuf_ struct strbuf s = { 0 };
	struct conn *conn = c->conn;
	struct web *w = c->web;

	(void)query_value(query, "token", token, sizeof(token));
	(void)query_value(query, "node", node, sizeof(node));
	if (!token_is_right(w, token) || !origin_is_ours(h)) {
		reply_text(c, 403, "a terminal needs the token of the address that netemu graph printed\n");
		return;
	}
	if (!live_knows(w, node) || !key || !http_header_has(h, "Upgrade", "websocket") || ws_accept(key, accept) < 0) {
		reply_text(c, 400, "not a WebSocket to a node that runs\n");
		return;
	}
	strbuf_printf(&s,
		      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
		      "Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		      accept);
	conn_write(conn, strbuf_str(&s), s.len);
	c->conn = NULL;
	client_free(c);
	term_start(w, conn, node);
}

/* ---- requests ---- */

static const struct {
	const char *path;
	void (*get)(struct client *c, const char *query);
} routes[] = {
	{ "/", get_index },	   { "/index.html", get_index }, { "/app.js", get_script },
	{ "/app.css", get_style }, { "/graph.json", get_graph }, { "/graph.svg", get_svg },
	{ "/events", get_events }, { "/node", get_node },
};

/* An address, or localhost. */
static bool host_is_address(const char *host)
{
	unsigned char addr[16];
	char name[128];
	const char *end;

	if (!host)
		return false;
	if (*host == '[') {
		end = strchr(host, ']');
		(void)snprintf(name, sizeof(name), "%.*s", end ? (int)(end - host - 1) : 0, host + 1);
		return inet_pton(AF_INET6, name, addr) == 1;
	}
	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(host, ":"), host);
	return strcmp(name, "localhost") == 0 || inet_pton(AF_INET, name, addr) == 1;
}

static void serve(struct client *c, const struct http_head *h)
{
	const char *query = strchr(h->target, '?');
	const size_t len = query ? (size_t)(query - h->target) : strlen(h->target);

	query = query ? query + 1 : "";
	if (!host_is_address(http_header(h, "Host"))) {
		reply_text(c, 403, "this page is reached by an address or as localhost only\n");
		return;
	}
	if (strcmp(h->method, "GET") != 0) {
		reply_text(c, 405, "only GET\n");
		return;
	}
	if (len == 9 && memcmp(h->target, "/terminal", 9) == 0) {
		get_terminal(c, h, query);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++)
		if (strlen(routes[i].path) == len && memcmp(routes[i].path, h->target, len) == 0) {
			routes[i].get(c, query);
			return;
		}
	reply_text(c, 404, "not found\n");
}

/* ---- connections ---- */

static void client_free(struct client *c)
{
	struct listener **p = &c->web->listeners;

	while (c->listens && *p) {
		struct listener *l = *p;

		if (l->client == c) {
			*p = l->next;
			free(l);
			break;
		}
		p = &l->next;
	}
	run_cancel(c->run);
	strbuf_done(&c->in);
	(void)conn_free(c->conn);
	free(c);
}

static void client_input(void *arg, const char *data, size_t len)
{
	struct client *c = arg;
	struct http_head h;
	ssize_t n;

	if (c->answered || c->run)
		return;
	strbuf_add(&c->in, data, len);
	n = http_head_parse(strbuf_str(&c->in), c->in.len, &h);
	if (n == 0 && c->in.len < HTTP_HEAD_MAX_STRANGER)
		return;
	if (n <= 0) {
		reply_text(c, n < 0 ? (int)-n : 431, "bad request\n");
		return;
	}
	serve(c, &h);
	http_head_done(&h);
}

static void client_drained(void *arg)
{
	(void)arg;
}

static void client_end(void *arg)
{
	client_free(arg);
}

static void client_came(int fd, void *arg)
{
	struct web *w = arg;
	struct client *c = calloc(1, sizeof(*c));
	const struct conn_handler handler = {
		.input = client_input, .drained = client_drained, .end = client_end, .arg = c
	};

	if (!c) {
		(void)close(fd);
		return;
	}
	c->web = w;
	if (conn_new(w->loop, fd, NULL, &w->conns, &handler, &c->conn, NULL) < 0)
		free(c);
}

/* "ADDRESS:PORT" into its parts. */
static int address_split(const char *text, char *host, size_t size, const char **ret_port)
{
	const char *colon = strrchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : 0;

	if (!colon || !colon[1])
		return -EINVAL;
	if (n && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	(void)snprintf(host, size, "%.*s", (int)n, text);
	*ret_port = colon + 1;
	return 0;
}

struct door {
	struct web *web;
	int fd;
};

static void accepted(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	const struct door *d = arg;
	const int fd = accept4(d->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)loop;
	(void)id;
	(void)revents;
	if (fd >= 0)
		client_came(fd, d->web);
}

/* Addresses only: a name would be looked up by whatever NSS there is. */
static socklen_t address_parse(const char *host, const char *port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
	char *end;
	const unsigned long n = strtoul(port, &end, 10);

	memset(ret, 0, sizeof(*ret));
	if (*end || n == 0 || n > UINT16_MAX)
		return 0;
	if (inet_pton(AF_INET, *host ? host : "0.0.0.0", &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)n);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1)
		return 0;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)n);
	return sizeof(*v6);
}

int web_listen(struct web *w, const char *address, struct error *e)
{
	static struct door door;
	struct sockaddr_storage sa;
	const char *port;
	const int on = 1;
	socklen_t len;
	int fd, r;

	if (address_split(address, w->host, sizeof(w->host), &port) < 0)
		port = "";
	len = address_parse(w->host, port, &sa);
	if (!len)
		return error_set(e, EINVAL, "'%s' is no ADDRESS:PORT", address);
	fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	r = fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
			    bind(fd, (struct sockaddr *)&sa, len) < 0 || listen(fd, BACKLOG) < 0
		    ? -errno
		    : 0;
	if (r == -EADDRINUSE)
		return error_set(e, EADDRINUSE, "%s is in use: choose another port by --listen", address);
	if (r < 0)
		return error_errno(e, -r, "listen on %s", address);
	door = (struct door){ w, fd };
	return loop_add_fd(w->loop, fd, POLLIN, accepted, &door, NULL, e);
}
