// SPDX-License-Identifier: GPL-2.0-or-later
#include "apiserver/conn.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "apiserver/pump.h"

enum {
	HANDSHAKE_USEC = 10 * 1000000,
	LINGER_USEC = 5 * 1000000, /* for the peer to close after us */
	FLUSH_USEC = 60 * 1000000, /* for the peer to read the last bytes */
	RECORD = 16384, /* RFC 8446 5.1: a record's plain text */
	READS = 8, /* records a turn */
};

enum conn_state { CONN_HANDSHAKE, CONN_OPEN, CONN_FLUSHING, CONN_LINGERING, CONN_OVER };

struct conn {
	struct loop *loop;
	struct loop_handle id, timer;
	struct conn_list *list;
	struct conn *next, *prev;
	int fd;
	gnutls_session_t tls;
	enum conn_state state;
	bool admin, paused, high, freed;
	unsigned depth; /* of callbacks */
	struct byte_queue out; /* records */
	struct conn_handler handler;
};

static void conn_timer(struct loop *loop, struct loop_handle id, void *arg);

static void conn_destroy(struct conn *c)
{
	c->list->queued -= c->out.len;
	c->list->n--;
	if (c->prev)
		c->prev->next = c->next;
	else
		c->list->head = c->next;
	if (c->next)
		c->next->prev = c->prev;
	loop_remove(c->loop, c->id);
	loop_remove(c->loop, c->timer);
	if (c->tls)
		gnutls_deinit(c->tls);
	byte_queue_done(&c->out);
	(void)fd_close(c->fd);
	free(c);
}

struct conn *conn_free(struct conn *c)
{
	if (!c)
		return NULL;
	c->freed = true;
	c->state = CONN_OVER;
	if (!c->depth)
		conn_destroy(c);
	return NULL;
}

static void conn_set_timer(struct conn *c, uint64_t usec)
{
	if (loop_set_timer(c->loop, c->timer, usec) < 0)
		(void)loop_add_timer(c->loop, usec, conn_timer, c, &c->timer, NULL);
}

/* The end is told from the loop, not from inside of whoever writes. */
void conn_fail(struct conn *c)
{
	if (c->state == CONN_OVER)
		return;
	c->state = CONN_OVER;
	c->list->queued -= c->out.len;
	byte_queue_done(&c->out);
	loop_remove(c->loop, c->id);
	conn_set_timer(c, 0);
}

static void conn_arm(struct conn *c)
{
	const bool reads = !c->paused || c->state != CONN_OPEN;
	/* Who waits for `drained` hears it from the loop, even when all has just been sent from somewhere else. */
	const bool writes = c->out.len || (c->high && c->state == CONN_OPEN);

	if (c->state != CONN_OVER)
		(void)loop_modify(c->loop, c->id, (reads ? POLLIN : 0U) | (writes ? POLLOUT : 0U));
}

/* ---- sending ---- */

static void conn_close_sending(struct conn *c)
{
	(void)shutdown(c->fd, SHUT_WR);
	c->state = CONN_LINGERING;
	conn_set_timer(c, LINGER_USEC);
}

static void conn_flush(struct conn *c)
{
	while (c->out.len && c->state != CONN_OVER) {
		const ssize_t n = send(c->fd, c->out.buf + c->out.start, c->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0) {
			c->list->queued -= (size_t)n;
			byte_queue_drop(&c->out, (size_t)n);
		} else if (errno == EAGAIN) {
			break;
		} else if (errno != EINTR) {
			conn_fail(c);
		}
	}
	if (c->state == CONN_FLUSHING && !c->out.len)
		conn_close_sending(c);
	conn_arm(c);
}

static bool conn_queue(struct conn *c, const void *data, size_t len)
{
	if (!byte_queue_add(&c->out, data, len))
		return false;
	c->list->queued += len;
	return true;
}

/* GnuTLS has a record. */
static ssize_t conn_push(gnutls_transport_ptr_t arg, const void *data, size_t len)
{
	struct conn *c = arg;

	if (conn_queue(c, data, len))
		return (ssize_t)len;
	gnutls_transport_set_errno(c->tls, ENOMEM);
	return -1;
}

static ssize_t conn_pull(gnutls_transport_ptr_t arg, void *data, size_t len)
{
	struct conn *c = arg;
	const ssize_t n = recv(c->fd, data, len, MSG_DONTWAIT);

	if (n < 0)
		gnutls_transport_set_errno(c->tls, errno);
	return n;
}

static bool conn_encrypt(struct conn *c, const char *data, size_t len)
{
	if (!c->tls)
		return conn_queue(c, data, len);
	while (len) {
		const ssize_t n = gnutls_record_send(c->tls, data, MIN_OF(len, (size_t)RECORD));

		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

void conn_write(struct conn *c, const void *data, size_t len)
{
	if (c->state != CONN_OPEN || !len)
		return;
	/* One reply may be of any size; it is more and more on top that makes a slow reader. */
	if (c->out.len && (c->out.len + len > CONN_QUEUE_MAX || (c->out.len > CONN_QUEUE_LOW && c->list->queued > CONN_QUEUE_ALL))) {
		conn_fail(c);
		return;
	}
	if (!conn_encrypt(c, data, len)) {
		conn_fail(c);
		return;
	}
	if (c->out.len > CONN_QUEUE_LOW)
		c->high = true;
	/* Inside of a callback it is flushed once, at the end. */
	if (!c->depth || c->out.len > PUMP_HIGH)
		conn_flush(c);
}

size_t conn_queued(const struct conn *c)
{
	return c->out.len;
}

void conn_shutdown(struct conn *c)
{
	if (c->state != CONN_OPEN && c->state != CONN_HANDSHAKE)
		return;
	if (c->tls && c->state == CONN_OPEN)
		(void)gnutls_bye(c->tls, GNUTLS_SHUT_WR);
	c->state = CONN_FLUSHING;
	conn_set_timer(c, FLUSH_USEC);
	if (!c->depth)
		conn_flush(c);
}

/* ---- receiving ---- */

void conn_hold(struct conn *c)
{
	c->depth++;
}

void conn_release(struct conn *c)
{
	if (--c->depth)
		return;
	if (c->freed)
		conn_destroy(c);
	else
		conn_flush(c);
}

static void conn_handshake(struct conn *c)
{
	int r;

	do
		r = gnutls_handshake(c->tls);
	while (r < 0 && r != GNUTLS_E_AGAIN && !gnutls_error_is_fatal(r));
	if (r == 0) {
		c->admin = tls_session_is_admin(c->tls);
		c->state = CONN_OPEN;
		loop_remove(c->loop, c->timer);
	} else if (r != GNUTLS_E_AGAIN) {
		(void)gnutls_alert_send_appropriate(c->tls, r);
		c->state = CONN_FLUSHING;
	}
}

/* Return: bytes; 0 when the peer has ended, or broken the rules; -EAGAIN. */
static ssize_t conn_recv(struct conn *c, char buf[RECORD])
{
	ssize_t n;

	if (!c->tls || c->state != CONN_OPEN) {
		n = recv(c->fd, buf, RECORD, MSG_DONTWAIT);
		return n < 0 && (errno == EAGAIN || errno == EINTR) ? -EAGAIN : MAX_OF(n, 0);
	}
	do
		n = gnutls_record_recv(c->tls, buf, RECORD);
	while (n < 0 && n != GNUTLS_E_AGAIN && n != GNUTLS_E_REHANDSHAKE && !gnutls_error_is_fatal((int)n));
	return n == GNUTLS_E_AGAIN ? -EAGAIN : MAX_OF(n, 0);
}

static void conn_read(struct conn *c)
{
	char buf[RECORD];

	for (int i = 0; i < READS && c->state != CONN_OVER && c->state != CONN_HANDSHAKE; i++) {
		const ssize_t n = c->paused && c->state == CONN_OPEN ? -EAGAIN : conn_recv(c, buf);

		if (n == -EAGAIN)
			return;
		if (n == 0)
			conn_fail(c);
		else if (c->state == CONN_OPEN)
			c->handler.input(c->handler.arg, buf, (size_t)n);
	}
}

static void conn_ready(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct conn *c = arg;

	(void)loop;
	(void)id;
	conn_hold(c);
	conn_flush(c);
	if (c->high && c->state == CONN_OPEN && c->out.len <= CONN_QUEUE_LOW) {
		c->high = false;
		c->handler.drained(c->handler.arg);
	}
	if (c->state == CONN_HANDSHAKE)
		conn_handshake(c);
	conn_read(c);
	if (revents & (POLLERR | POLLHUP) && c->paused)
		conn_fail(c);
	conn_release(c);
}

static void conn_timer(struct loop *loop, struct loop_handle id, void *arg)
{
	struct conn *c = arg;

	(void)loop;
	(void)id;
	if (c->state != CONN_OVER) {
		conn_fail(c);
		return;
	}
	conn_hold(c);
	c->handler.end(c->handler.arg);
	conn_release(c);
}

/* ---- life ---- */

static int conn_setup(struct conn *c, struct tls *tls, struct error *e)
{
	const int on = 1;

	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(c->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (!tls) {
		c->admin = true;
		c->state = CONN_OPEN;
	} else {
		c->tls = tls_session(tls);
		if (!c->tls)
			return error_oom(e);
		gnutls_transport_set_ptr(c->tls, c);
		gnutls_transport_set_push_function(c->tls, conn_push);
		gnutls_transport_set_pull_function(c->tls, conn_pull);
		conn_set_timer(c, HANDSHAKE_USEC);
	}
	return loop_add_fd(c->loop, c->fd, POLLIN, conn_ready, c, &c->id, e);
}

int conn_new(struct loop *loop, int fd, struct tls *tls, struct conn_list *list, const struct conn_handler *handler,
	     struct conn **ret, struct error *e)
{
	struct conn *c = calloc(1, sizeof(*c));
	int r;

	if (!c) {
		(void)fd_close(fd);
		return error_oom(e);
	}
	*c = (struct conn){ .loop = loop, .fd = fd, .list = list, .next = list->head, .handler = *handler };
	if (list->head)
		list->head->prev = c;
	list->head = c;
	list->n++;
	r = conn_setup(c, tls, e);
	if (r < 0) {
		conn_destroy(c);
		return r;
	}
	*ret = c;
	return 0;
}

void conn_set_handler(struct conn *c, const struct conn_handler *handler)
{
	c->handler = *handler;
}

void conn_feed(struct conn *c, const char *data, size_t len)
{
	if (len && c->state == CONN_OPEN)
		c->handler.input(c->handler.arg, data, len);
}

void conn_end(struct conn *c)
{
	conn_fail(c);
	conn_timer(c->loop, c->timer, c);
}

struct loop *conn_loop(struct conn *c)
{
	return c->loop;
}

bool conn_is_admin(const struct conn *c)
{
	return c->admin;
}

void conn_pause(struct conn *c, bool paused)
{
	c->paused = paused;
	if (!c->depth)
		conn_arm(c);
}
