// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stream_forward.c - port-forward: connections that a client makes to a pod's loopback
 *
 * For each one the client opens two SPDY streams with the same request id: `error`, on which he hears why it failed,
 * and `data`. The socket is made by the runtime inside the pod's network namespace (cri.h, pod.socket) and connected
 * here: to 127.0.0.1, then to ::1. All are on one connection, without flow control of their own: while one of them
 * takes nothing, none of them does (as with kubelet).
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "apiserver/pump.h"
#include "apiserver/spdy.h"
#include "apiserver/stream.h"
#include "apiserver/websocket.h"
#include "cluster/jsonutil.h"

enum { REQUEST_ID_MAX = 32, CONNECT_USEC = 30 * 1000000 };

struct forward;

/* One connection to a port. */
struct forwarded {
	struct forward *f; /* NULL: the client has gone, an answer of the runtime's is to come */
	struct forwarded *next;
	char request[REQUEST_ID_MAX];
	unsigned port;
	uint32_t error_id, data_id; /* streams; 0: not open yet */
	int family; /* that is being tried: 4, then 6; 0: not begun */
	bool calling, connected, client_done;
	int fd;
	struct loop_handle id, timer;
	struct sink in;
	struct source out;
	struct byte_queue early;
	char why[2][64]; /* 127.0.0.1 and ::1 did not do */
};

struct forward {
	struct api *api;
	struct conn *conn;
	struct spdy *spdy;
	struct ws *ws; /* SPDY inside of WebSocket, or NULL */
	char uid[64];
	struct forwarded *list;
	unsigned depth;
	bool freed;
};

/* ---- life ---- */

static void forwarded_close(struct forwarded *c)
{
	loop_remove(c->f->api->loop, c->id);
	loop_remove(c->f->api->loop, c->timer);
	sink_done(&c->in);
	pump_source_done(&c->out);
	byte_queue_done(&c->early);
	c->fd = fd_close(c->fd);
}

/* What is on no list any more. */
static void forwarded_drop(struct forwarded *c)
{
	forwarded_close(c);
	c->f = NULL;
	if (!c->calling)
		free(c);
}

static void forwarded_free(struct forwarded *c)
{
	struct forwarded **p = &c->f->list;

	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
	forwarded_drop(c);
}

static void forward_destroy(struct forward *f)
{
	for (struct forwarded *c = f->list, *next; c; c = next) {
		next = c->next;
		forwarded_drop(c);
	}
	(void)spdy_free(f->spdy);
	(void)ws_free(f->ws);
	(void)conn_free(f->conn);
	free(f);
}

static void forward_leave(struct forward *f)
{
	if (--f->depth == 0 && f->freed)
		forward_destroy(f);
}

/* ---- flow ---- */

/* The whole connection stands still while any of them has too much. */
static void forward_throttle(struct forward *f)
{
	bool full = false;

	for (const struct forwarded *c = f->list; c && !full; c = c->next)
		full = c->in.queue.len > PUMP_HIGH || c->early.len > PUMP_HIGH;
	conn_pause(f->conn, full);
}

static void forward_pause_outputs(struct forward *f, bool paused)
{
	for (struct forwarded *c = f->list; c; c = c->next)
		pump_source_pause(&c->out, paused);
}

/* ---- one that has failed ---- */

static void forwarded_fail(struct forwarded *c)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };
	struct forward *f = c->f;

	strbuf_printf(&s,
		      "error forwarding port %u to pod %s, uid : failed to execute portforward in network namespace \"%s\": failed to connect to "
		      "localhost:%u inside namespace \"%s\", IPv4: dial tcp4 127.0.0.1:%u: %s IPv6: dial tcp6 [::1]:%u: %s ",
		      c->port, f->uid, f->uid, c->port, f->uid, c->port, c->why[0], c->port, c->why[1]);
	spdy_send(f->spdy, c->error_id, strbuf_str(&s), s.len, true);
	spdy_send(f->spdy, c->data_id, NULL, 0, true);
	spdy_reset(f->spdy, c->data_id);
	forwarded_free(c);
	forward_throttle(f);
}

static void ask_socket(struct forwarded *c, int family);

static void not_this_family(struct forwarded *c, const char *why)
{
	(void)snprintf(c->why[c->family == 6], sizeof(c->why[0]), "%s", why);
	loop_remove(c->f->api->loop, c->id);
	loop_remove(c->f->api->loop, c->timer);
	c->fd = fd_close(c->fd);
	if (c->family == 4)
		ask_socket(c, 6);
	else
		forwarded_fail(c);
}

static void not_this_errno(struct forwarded *c, int err)
{
	char text[64];

	/* Go's words: the system call, and lower case. */
	(void)snprintf(text, sizeof(text), "connect: %s", strerror(err));
	if (text[9] >= 'A' && text[9] <= 'Z')
		text[9] = (char)(text[9] - 'A' + 'a');
	not_this_family(c, text);
}

/* ---- one that works ---- */

static void socket_data(void *arg, const char *data, size_t len)
{
	struct forwarded *c = arg;

	spdy_send(c->f->spdy, c->data_id, data, len, false);
	if (conn_queued(c->f->conn) > PUMP_HIGH)
		forward_pause_outputs(c->f, true);
}

/* Both directions are done. */
static void forwarded_finish_if_done(struct forwarded *c)
{
	struct forward *f = c->f;

	if (c->out.fd >= 0 || c->in.fd >= 0)
		return;
	forwarded_free(c);
	forward_throttle(f);
}

static void socket_end(void *arg)
{
	struct forwarded *c = arg;

	pump_source_done(&c->out);
	spdy_send(c->f->spdy, c->error_id, NULL, 0, true);
	spdy_send(c->f->spdy, c->data_id, NULL, 0, true);
	/* As kubelet: the pod's side is over, so is the connection. */
	sink_done(&c->in);
	forwarded_finish_if_done(c);
}

static void socket_drained(void *arg)
{
	const struct forwarded *c = arg;

	forward_throttle(c->f);
}

static void socket_closed(void *arg)
{
	struct forwarded *c = arg;

	(void)shutdown(c->fd, SHUT_WR);
	sink_done(&c->in);
	forward_throttle(c->f);
	forwarded_finish_if_done(c);
}

static void forwarded_open(struct forwarded *c)
{
	struct loop *loop = c->f->api->loop;
	int r;

	loop_remove(loop, c->id);
	loop_remove(loop, c->timer);
	c->connected = true;
	c->in = (struct sink){ .loop = loop, .fd = c->fd, .on_drained = socket_drained, .on_end = socket_closed, .arg = c };
	c->out = (struct source){ .loop = loop, .fd = c->fd, .on_data = socket_data, .on_end = socket_end, .arg = c };
	r = sink_open(&c->in, NULL);
	if (r == 0)
		r = pump_source_open(&c->out, NULL);
	if (r < 0) {
		not_this_errno(c, -r);
		return;
	}
	sink_write(&c->in, c->early.buf + c->early.start, c->early.len);
	byte_queue_done(&c->early);
	if (c->client_done)
		sink_end(&c->in);
	forward_throttle(c->f);
}

/* ---- connecting ---- */

static void connect_done(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct forwarded *c = arg;
	socklen_t len = sizeof(int);
	int err = 0;

	(void)loop;
	(void)id;
	(void)revents;
	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		err = errno;
	if (err)
		not_this_errno(c, err);
	else
		forwarded_open(c);
}

static void connect_timeout(struct loop *loop, struct loop_handle id, void *arg)
{
	(void)loop;
	(void)id;
	not_this_errno(arg, ETIMEDOUT);
}

static int connect_start(const struct forwarded *c)
{
	const struct sockaddr_in in = { .sin_family = AF_INET,
					.sin_port = htons((uint16_t)c->port),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)c->port), .sin6_addr = in6addr_loopback };

	(void)fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) | O_NONBLOCK);
	return c->family == 4 ? connect(c->fd, (const struct sockaddr *)&in, sizeof(in)) :
				connect(c->fd, (const struct sockaddr *)&in6, sizeof(in6));
}

static void socket_made(struct rpc_message *m, const struct error *e, void *arg)
{
	struct forwarded *c = arg;
	struct loop *loop;
	int r;

	c->calling = false;
	if (!c->f) {
		free(c);
		return;
	}
	if (!m || e || !m->n_fds) {
		not_this_family(c, e ? e->msg : "the pod runtime does not answer");
		return;
	}
	loop = c->f->api->loop;
	c->fd = TAKE_FD(m->fds[0]);
	if (connect_start(c) < 0 && errno != EINPROGRESS) {
		not_this_errno(c, errno);
		return;
	}
	r = loop_add_fd(loop, c->fd, POLLOUT, connect_done, c, &c->id, NULL);
	if (r < 0)
		not_this_errno(c, -r);
	else
		(void)loop_add_timer(loop, CONNECT_USEC, connect_timeout, c, &c->timer, NULL);
}

static void ask_socket(struct forwarded *c, int family)
{
	c->family = family;
	c->calling = true;
	rpc_peer_call(c->f->api->runtime, json_pack("{s:s, s:s, s:i}", "op", "pod.socket", "uid", c->f->uid, "family", family), NULL, 0,
		      socket_made, c);
}

/* ---- the client's streams ---- */

static struct forwarded *forwarded_get(struct forward *f, const char *request)
{
	struct forwarded *c = f->list;

	while (c && strcmp(c->request, request) != 0)
		c = c->next;
	if (c || strlen(request) >= REQUEST_ID_MAX)
		return c;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	*c = (struct forwarded){ .f = f, .next = f->list, .fd = -EBADF };
	c->in.fd = c->out.fd = -EBADF;
	(void)snprintf(c->request, sizeof(c->request), "%s", request);
	f->list = c;
	return c;
}

static bool stream_open(void *arg, uint32_t id, const struct spdy_headers *h)
{
	struct forward *f = arg;
	const char *type = spdy_header(h, "streamtype");
	const unsigned long port = strtoul(spdy_header(h, "port"), NULL, 10);
	struct forwarded *c;
	uint32_t *slot;

	if ((strcmp(type, "error") != 0 && strcmp(type, "data") != 0) || port < 1 || port > UINT16_MAX)
		return false;
	c = forwarded_get(f, spdy_header(h, "requestid"));
	if (!c)
		return false;
	slot = type[0] == 'e' ? &c->error_id : &c->data_id;
	if (*slot)
		return false;
	*slot = id;
	c->port = (unsigned)port;
	if (c->error_id && c->data_id && f->api->runtime)
		ask_socket(c, 4);
	return true;
}

static struct forwarded *forwarded_of(struct forward *f, uint32_t id)
{
	struct forwarded *c = f->list;

	while (c && c->data_id != id)
		c = c->next;
	return c;
}

static void stream_data(void *arg, uint32_t id, const char *data, size_t len, bool fin)
{
	struct forwarded *c = forwarded_of(arg, id);

	if (!c)
		return;
	if (c->connected)
		sink_write(&c->in, data, len);
	else if (len)
		(void)byte_queue_add(&c->early, data, len);
	if (fin) {
		c->client_done = true;
		if (c->connected)
			sink_end(&c->in);
	}
	forward_throttle(arg);
}

static void stream_reset(void *arg, uint32_t id)
{
	struct forward *f = arg;
	struct forwarded *c = forwarded_of(f, id);

	if (!c)
		return;
	spdy_send(f->spdy, c->error_id, NULL, 0, true);
	forwarded_free(c);
	forward_throttle(f);
}

/* ---- the connection ---- */

static void spdy_write(void *arg, const void *data, size_t len)
{
	struct forward *f = arg;

	if (f->ws)
		ws_send(f->ws, -1, data, len);
	else
		conn_write(f->conn, data, len);
}

static void ws_write(void *arg, const void *data, size_t len)
{
	const struct forward *f = arg;

	conn_write(f->conn, data, len);
}

static void ws_message(void *arg, const char *data, size_t len, bool first, bool last)
{
	struct forward *f = arg;

	(void)first;
	(void)last;
	if (len && spdy_input(f->spdy, data, len) < 0)
		conn_shutdown(f->conn);
}

static void ws_gone(void *arg)
{
	const struct forward *f = arg;

	conn_shutdown(f->conn);
}

static void forward_input(void *arg, const char *data, size_t len)
{
	struct forward *f = arg;
	int r;

	f->depth++;
	r = f->ws ? ws_input(f->ws, data, len) : spdy_input(f->spdy, data, len);
	if (r < 0)
		conn_shutdown(f->conn);
	forward_leave(f);
}

static void forward_drained(void *arg)
{
	forward_pause_outputs(arg, false);
}

static void forward_end(void *arg)
{
	struct forward *f = arg;

	f->freed = true;
	f->depth++;
	forward_leave(f);
}

void forward_start(const struct stream_start *st)
{
	struct forward *f = calloc(1, sizeof(*f));
	const struct spdy_handler spdy = { .write = spdy_write, .open = stream_open, .data = stream_data, .reset = stream_reset, .arg = f };
	const struct ws_handler ws = { .write = ws_write, .data = ws_message, .close = ws_gone, .arg = f };
	const struct conn_handler conn = { .input = forward_input, .drained = forward_drained, .end = forward_end, .arg = f };

	if (!f) {
		(void)conn_free(st->conn);
		return;
	}
	*f = (struct forward){ .api = st->api, .conn = st->conn, .spdy = spdy_new(&spdy) };
	(void)snprintf(f->uid, sizeof(f->uid), "%s", kube_uid(st->pod));
	if (st->protocol == STREAM_WS_FORWARD)
		f->ws = ws_new(&ws);
	if (!f->spdy || (st->protocol == STREAM_WS_FORWARD && !f->ws)) {
		forward_destroy(f);
		return;
	}
	conn_set_handler(f->conn, &conn);
}
