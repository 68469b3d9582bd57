// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rpcpeer.c - an rpc connection on an event loop
 *
 * Callbacks may free the peer, so whoever calls one holds the peer with `busy`, and its memory goes when the last of
 * them has returned. A connection that fails while something is sent is only shut down: its end is told from the loop,
 * never from inside rpc_peer_send().
 */
#include "supervisor/rpcpeer.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "cluster/jsonutil.h"

enum { MESSAGES_A_TURN = 64 }; /* then others of the loop get theirs */

/* What waits for a peer that does not read. */
struct packet {
	struct packet *next;
	char *text;
	size_t len;
	int fds[RPC_FDS_MAX];
	size_t n_fds;
};

struct call {
	struct call *next;
	json_int_t id;
	rpc_reply_fn fn;
	void *arg;
};

struct rpc_peer {
	struct loop *loop;
	struct loop_handle handle;
	int fd; /* -EBADF once it is freed */
	rpc_message_fn on_message;
	rpc_end_fn on_end;
	void *arg;
	struct packet *first, **last;
	size_t queued; /* bytes */
	struct call *calls, **last_call;
	json_int_t last_id;
	unsigned busy; /* callbacks that run */
	bool ended; /* on_end was called */
};

/* ---- what waits ---- */

static struct packet *packet_free(struct packet *p)
{
	for (size_t i = 0; i < p->n_fds; i++)
		(void)fd_close(p->fds[i]);
	free(p->text);
	free(p);
	return NULL;
}

static void queue_drop(struct rpc_peer *peer)
{
	while (peer->first) {
		struct packet *p = peer->first;

		peer->first = p->next;
		(void)packet_free(p);
	}
	peer->last = &peer->first;
	peer->queued = 0;
}

/* The loop sees the end of it soon. */
static void give_up(struct rpc_peer *peer)
{
	queue_drop(peer);
	(void)loop_modify(peer->loop, peer->handle, POLLIN);
	(void)shutdown(peer->fd, SHUT_RDWR);
}

/* Takes @text. */
static int queue_add(struct rpc_peer *peer, char *text, size_t len, const int *fds, size_t n_fds)
{
	struct packet *p = calloc(1, sizeof(*p));

	if (!p || n_fds > RPC_FDS_MAX) {
		free(text);
		free(p);
		return -ENOMEM;
	}
	p->text = text;
	p->len = len;
	for (size_t i = 0; i < n_fds; i++) {
		p->fds[p->n_fds] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
		if (p->fds[p->n_fds++] < 0) {
			(void)packet_free(p);
			return -EMFILE;
		}
	}
	peer->queued += len;
	*peer->last = p;
	peer->last = &p->next;
	(void)loop_modify(peer->loop, peer->handle, POLLIN | POLLOUT);
	return peer->queued > RPC_QUEUE_MAX ? -ENOBUFS : 0;
}

static void queue_flush(struct rpc_peer *peer)
{
	int r = 0;

	while (peer->first && r == 0) {
		struct packet *p = peer->first;

		r = rpc_send_text(peer->fd, p->text, p->len, p->fds, p->n_fds, NULL);
		if (r < 0)
			break;
		peer->first = p->next;
		peer->queued -= p->len;
		(void)packet_free(p);
	}
	if (!peer->first) {
		peer->last = &peer->first;
		(void)loop_modify(peer->loop, peer->handle, POLLIN);
	}
	if (r < 0 && r != -EAGAIN)
		give_up(peer);
}

/* Takes @body's reference. */
static void transmit(struct rpc_peer *peer, json_t *body, const int *fds, size_t n_fds)
{
	char *text = NULL;
	size_t len = 0;
	int r = -EAGAIN;

	if (peer->fd >= 0)
		text = rpc_text(body, &len);
	json_decref(body);
	if (peer->fd < 0)
		return;
	if (text && !peer->first)
		r = rpc_send_text(peer->fd, text, len, fds, n_fds, NULL);
	if (text && r == -EAGAIN)
		r = queue_add(peer, TAKE_PTR(text), len, fds, n_fds);
	free(text);
	if (r < 0)
		give_up(peer);
}

/* @body with an integer @key; what others hold too stays as it is. Takes and gives a reference. */
static json_t *with_number(json_t *body, const char *key, json_int_t value)
{
	json_t *own = body;

	if (!body)
		own = json_object();
	else if (body->refcount > 1) {
		own = json_copy(body);
		json_decref(body);
	}
	(void)json_object_set_new(own, key, json_integer(value));
	return own;
}

/* ---- what comes ---- */

static void reply_deliver(struct rpc_peer *peer, json_int_t id, struct rpc_message *m)
{
	struct error e = { 0 };

	for (struct call **at = &peer->calls; *at; at = &(*at)->next) {
		struct call *c = *at;

		if (c->id != id)
			continue;
		*at = c->next;
		if (!c->next)
			peer->last_call = at;
		c->fn(m, rpc_error(m->body, &e) < 0 ? &e : NULL, c->arg);
		free(c);
		return;
	}
}

static void deliver(struct rpc_peer *peer, struct rpc_message *m)
{
	const json_t *re = json_object_get(m->body, "re");

	if (json_is_integer(re))
		reply_deliver(peer, json_integer_value(re), m);
	else
		peer->on_message(peer, m, peer->arg);
}

static void release(struct rpc_peer *peer)
{
	if (--peer->busy == 0 && peer->fd < 0)
		free(peer);
}

static void peer_end(struct rpc_peer *peer)
{
	loop_remove(peer->loop, peer->handle);
	if (!peer->ended) {
		peer->ended = true;
		peer->on_end(peer, peer->arg);
	}
}

static void peer_ready(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct rpc_peer *peer = arg;
	int r = 1;

	(void)loop;
	(void)id;
	peer->busy++;
	if (revents & POLLOUT)
		queue_flush(peer);
	for (unsigned i = 0; r > 0 && i < MESSAGES_A_TURN && peer->fd >= 0; i++) {
		_cleanup_rpc_message_ struct rpc_message m = { 0 };

		r = rpc_recv(peer->fd, &m, NULL);
		if (r > 0)
			deliver(peer, &m);
	}
	if (peer->fd >= 0 && r <= 0 && r != -EAGAIN)
		peer_end(peer);
	release(peer);
}

/* ---- the peer ---- */

int rpc_peer_new(struct loop *loop, int fd, rpc_message_fn on_message, rpc_end_fn on_end, void *arg, struct rpc_peer **ret,
		 struct error *e)
{
	struct rpc_peer *peer = calloc(1, sizeof(*peer));
	int r;

	if (!peer) {
		(void)close(fd);
		return error_oom(e);
	}
	*peer = (struct rpc_peer){ .loop = loop, .fd = fd, .on_message = on_message, .on_end = on_end, .arg = arg };
	peer->last = &peer->first;
	peer->last_call = &peer->calls;
	r = fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 ? error_errno(e, errno, "set a socket up") : 0;
	if (r == 0)
		r = loop_add_fd(loop, fd, POLLIN, peer_ready, peer, &peer->handle, e);
	if (r < 0) {
		(void)close(fd);
		free(peer);
		return r;
	}
	*ret = peer;
	return 0;
}

struct rpc_peer *rpc_peer_free(struct rpc_peer *peer)
{
	static const struct error gone = { .code = ECONNRESET, .msg = "the connection has ended" };

	if (!peer || peer->fd < 0)
		return NULL;
	peer->busy++;
	loop_remove(peer->loop, peer->handle);
	queue_drop(peer);
	peer->fd = fd_close(peer->fd);
	while (peer->calls) {
		struct call *c = peer->calls;

		peer->calls = c->next;
		c->fn(NULL, &gone, c->arg);
		free(c);
	}
	release(peer);
	return NULL;
}

void rpc_peer_send(struct rpc_peer *peer, json_t *body, const int *fds, size_t n_fds)
{
	transmit(peer, body, fds, n_fds);
}

void rpc_peer_call(struct rpc_peer *peer, json_t *body, const int *fds, size_t n_fds, rpc_reply_fn fn, void *arg)
{
	static const struct error lost = { .code = ENOTCONN, .msg = "there is no connection" };
	struct call *c = peer->fd >= 0 ? calloc(1, sizeof(*c)) : NULL;

	if (!c) {
		json_decref(body);
		fn(NULL, &lost, arg);
		return;
	}
	*c = (struct call){ .id = ++peer->last_id, .fn = fn, .arg = arg };
	*peer->last_call = c;
	peer->last_call = &c->next;
	transmit(peer, with_number(body, "id", c->id), fds, n_fds);
}

void rpc_peer_reply(struct rpc_peer *peer, json_int_t id, json_t *body, const int *fds, size_t n_fds)
{
	if (id == 0)
		json_decref(body);
	else
		transmit(peer, with_number(body, "re", id), fds, n_fds);
}

void rpc_peer_fail(struct rpc_peer *peer, json_int_t id, const struct error *e)
{
	json_t *body = json_object();

	(void)json_object_set_new(body, "code", json_integer(e->code > 0 ? e->code : EIO));
	(void)json_object_set_new(body, "error", json_string_lossy(e->msg, strnlen(e->msg, sizeof(e->msg))));
	rpc_peer_reply(peer, id, body, NULL, 0);
}
