// SPDX-License-Identifier: GPL-2.0-or-later
#include "apiserver/pump.h"

#include <string.h>
#include <sys/socket.h>

enum { QUEUE_KEEP = 64 * 1024 }; /* an empty queue keeps no more memory than this */

bool byte_queue_add(struct byte_queue *q, const void *data, size_t len)
{
	/* Moved only when that makes as much room as it costs: a long queue is not moved each time it is added to. */
	if (q->start && q->start >= q->len && q->start + q->len + len > q->cap) {
		memmove(q->buf, q->buf + q->start, q->len);
		q->start = 0;
	}
	if (q->start + q->len + len > q->cap) {
		const size_t cap = MAX_OF(q->cap * 2, q->start + q->len + len);
		char *buf = realloc(q->buf, cap);

		if (!buf)
			return false;
		q->buf = buf;
		q->cap = cap;
	}
	if (len)
		memcpy(q->buf + q->start + q->len, data, len);
	q->len += len;
	return true;
}

void byte_queue_drop(struct byte_queue *q, size_t len)
{
	q->start += len;
	q->len -= len;
	if (q->len)
		return;
	q->start = 0;
	if (q->cap > QUEUE_KEEP)
		byte_queue_done(q);
}

void byte_queue_done(struct byte_queue *q)
{
	free(q->buf);
	*q = (struct byte_queue){ 0 };
}

/* ---- sinks ---- */

static ssize_t fd_write(int fd, const void *data, size_t len)
{
	/* No SIGPIPE from a socket; for a pipe the process ignores it. */
	const ssize_t n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	return n < 0 && errno == ENOTSOCK ? write(fd, data, len) : n;
}

static void sink_flush(struct sink *s)
{
	while (s->queue.len) {
		const ssize_t n = fd_write(s->fd, s->queue.buf + s->queue.start, s->queue.len);

		if (n >= 0) {
			byte_queue_drop(&s->queue, (size_t)n);
		} else if (errno == EINTR) {
			continue;
		} else {
			if (errno != EAGAIN) { /* nobody reads it */
				byte_queue_done(&s->queue);
				s->ending = true;
			}
			break;
		}
	}
}

static void sink_ready(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct sink *s = arg;

	(void)revents;
	sink_flush(s);
	if (s->queue.len)
		return;
	(void)loop_modify(loop, id, 0);
	if (s->ending)
		s->on_end(s->arg);
	else
		s->on_drained(s->arg);
}

int sink_open(struct sink *s, struct error *e)
{
	s->queue = (struct byte_queue){ 0 };
	s->ending = false;
	return loop_add_fd(s->loop, s->fd, 0, sink_ready, s, &s->id, e);
}

void sink_write(struct sink *s, const void *data, size_t len)
{
	if (s->fd < 0 || s->ending)
		return;
	if (!byte_queue_add(&s->queue, data, len)) {
		byte_queue_done(&s->queue);
		s->ending = true;
	}
	sink_flush(s);
	if (s->queue.len || s->ending)
		(void)loop_modify(s->loop, s->id, POLLOUT);
}

void sink_end(struct sink *s)
{
	if (s->fd < 0)
		return;
	s->ending = true;
	(void)loop_modify(s->loop, s->id, POLLOUT);
}

void sink_done(struct sink *s)
{
	if (s->loop)
		loop_remove(s->loop, s->id);
	byte_queue_done(&s->queue);
	s->id = (struct loop_handle){ 0 };
	s->fd = -EBADF;
}

/* ---- sources ---- */

/* Return: whether there may be more at once. Callbacks come last: they may free the source. */
static bool source_read(struct source *s)
{
	char buf[PUMP_CHUNK];
	ssize_t n;

	do
		n = read(s->fd, buf, sizeof(buf));
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		s->on_data(s->arg, buf, (size_t)n);
		return true;
	}
	if (n < 0 && errno == EAGAIN && !s->finishing)
		return false;
	loop_remove(s->loop, s->id);
	s->on_end(s->arg);
	return false;
}

static void source_ready(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	(void)loop;
	(void)id;
	(void)revents;
	(void)source_read(arg);
}

int pump_source_open(struct source *s, struct error *e)
{
	s->paused = s->finishing = false;
	return loop_add_fd(s->loop, s->fd, POLLIN, source_ready, s, &s->id, e);
}

/* With nothing to wait for an end would never be reported: a timer stands for "look again". */
static void source_look(struct loop *loop, struct loop_handle id, void *arg)
{
	struct source *s = arg;

	if (s->paused)
		return;
	(void)loop_set_timer(loop, id, 0);
	(void)source_read(s);
}

void pump_source_pause(struct source *s, bool paused)
{
	if (s->fd < 0 || s->paused == paused)
		return;
	s->paused = paused;
	if (!s->finishing)
		(void)loop_modify(s->loop, s->id, paused ? 0 : POLLIN);
	else if (!paused && !loop_exists(s->loop, s->id))
		(void)loop_add_timer(s->loop, 0, source_look, s, &s->id, NULL);
}

void pump_source_finish(struct source *s)
{
	if (s->fd < 0 || s->finishing)
		return;
	s->finishing = true;
	loop_remove(s->loop, s->id);
	s->id = (struct loop_handle){ 0 };
	if (!s->paused)
		(void)loop_add_timer(s->loop, 0, source_look, s, &s->id, NULL);
}

void pump_source_done(struct source *s)
{
	if (s->loop)
		loop_remove(s->loop, s->id);
	s->id = (struct loop_handle){ 0 };
	s->fd = -EBADF;
}
