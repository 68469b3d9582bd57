// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cri_stream.c - what containers print and read
 *
 * Everything goes to the log, and what comes from now on also to those who are attached. Nobody is waited for: an
 * attached client that lets SEND_BUFFER bytes lie is dropped. stdin needs no relay: who attaches to it gets the
 * writing end itself.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "cluster/jsonutil.h"
#include "kernel/fault.h"
#include "supervisor/cri_internal.h"

enum { READ_SIZE = 16384, READS_A_TURN = 8, SEND_BUFFER = 4 * 1024 * 1024, TERMINAL_MS = 1000 };

/* ---- attached clients ---- */

static void attached_free(struct attached *a)
{
	loop_remove(a->loop, a->handle);
	(void)close(a->fd);
	*a->prev = a->next;
	if (a->next)
		a->next->prev = a->prev;
	free(a);
}

static void attached_gone(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	(void)loop;
	(void)id;
	(void)revents;
	attached_free(arg);
}

static void attached_send(struct stream *s, const char *data, size_t n)
{
	struct attached *next;

	for (struct attached *a = s->attached; a; a = next) {
		next = a->next;
		if (send(a->fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)n)
			attached_free(a);
	}
}

static int attached_add(struct stream *s, int fd, struct error *e)
{
	struct attached *a = calloc(1, sizeof(*a));
	const int size = SEND_BUFFER;
	int r;

	if (!a)
		return error_oom(e);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	*a = (struct attached){ .loop = s->container->pod->node->cri->run->loop, .fd = fd };
	r = loop_add_fd(a->loop, fd, POLLRDHUP, attached_gone, a, &a->handle, e);
	if (r < 0) {
		free(a);
		return r;
	}
	a->next = s->attached;
	a->prev = &s->attached;
	if (a->next)
		a->next->prev = &a->next;
	s->attached = a;
	return 0;
}

/* ---- what is printed ---- */

static void stream_end(struct stream *s)
{
	struct container *c = s->container;

	if (s->fd < 0)
		return;
	loop_remove(c->pod->node->cri->run->loop, s->handle);
	if (c->in == s->fd) /* a tty is read and written */
		c->in = -EBADF;
	s->fd = fd_close(s->fd);
	crilog_end(&c->log, s->name, &s->partial);
	while (s->attached)
		attached_free(s->attached);
}

/* Return: false when nothing more is there at present, or ever. */
static bool stream_read(struct stream *s)
{
	char buf[READ_SIZE];
	const ssize_t n = s->fd < 0 ? -1 : read(s->fd, buf, sizeof(buf));

	if (n > 0) {
		crilog_write(&s->container->log, s->name, &s->partial, buf, (size_t)n);
		attached_send(s, buf, (size_t)n);
	} else if (s->fd >= 0 && (n == 0 || (errno != EAGAIN && errno != EINTR))) {
		stream_end(s);
	}
	return n > 0;
}

static void stream_readable(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	(void)loop;
	(void)id;
	(void)revents;
	for (unsigned i = 0; i < READS_A_TURN && stream_read(arg); i++)
		;
}

/* A pipe holds 64 KiB: there is no need to read more than that, and who prints for ever must not hold us. */
void stream_drain(struct stream *s)
{
	for (unsigned i = 0; i < READS_A_TURN && stream_read(s); i++)
		;
}

int stream_open(struct container *c, enum stream_index i, int fd, struct error *e)
{
	static const char *const names[] = { [STREAM_OUT] = "stdout", [STREAM_ERR] = "stderr" };
	struct stream *s = &c->streams[i];
	int r;

	static_assert(ARRAY_SIZE(names) == _STREAM_MAX, "a name for each stream");
	s->name = names[i];
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	r = loop_add_fd(c->pod->node->cri->run->loop, fd, POLLIN, stream_readable, s, &s->handle, e);
	if (r < 0)
		(void)close(fd);
	else
		s->fd = fd;
	return r;
}

void streams_close(struct container *c)
{
	for (size_t i = 0; i < _STREAM_MAX; i++)
		stream_end(&c->streams[i]);
	c->in = fd_close(c->in);
}

/* ---- attach ---- */

static int attach_output(struct cri_call *call, struct stream *s, struct error *e)
{
	int pair[2], r;

	if (fault_fails("attach to a container") || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(e, errno, "make a socket pair");
	r = attached_add(s, pair[0], e);
	if (r < 0) {
		(void)close(pair[0]);
		(void)close(pair[1]);
		return r;
	}
	cri_give(call, pair[1]);
	return 0;
}

/* The last writer's end is the process's end of input, unless others shall be able to attach later. */
static int attach_input(struct cri_call *call, struct container *c, struct error *e)
{
	const bool once = !c->tty && !json_is_false(json_object_get(c->spec, "stdinOnce"));
	const int fd = once ? TAKE_FD(c->in) : fcntl(c->in, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return error_errno(e, errno, "attach to stdin");
	cri_give(call, fd);
	return 0;
}

/* The terminal comes with the word that the process has started, which may still be under way. */
static void terminal_await(struct container *c)
{
	struct pollfd p = { .fd = c->events, .events = POLLIN };

	while (c->tty && c->has_main && c->running && c->events >= 0 && c->streams[STREAM_OUT].fd < 0 && poll(&p, 1, TERMINAL_MS) > 0)
		container_events(c);
}

int op_container_attach(struct cri_call *call, struct error *e)
{
	static const char *const names[] = { "stdout", "stderr" };
	json_t *given = json_array();
	struct container *c;
	int r = cri_container_find(call, &c, e);

	if (r == 0)
		terminal_await(c);
	for (size_t i = 0; r == 0 && i < _STREAM_MAX; i++) {
		if (!json_bool(call->m->body, names[i], NULL) || c->streams[i].fd < 0)
			continue;
		r = attach_output(call, &c->streams[i], e);
		(void)json_array_append_new(given, json_string(names[i]));
	}
	if (r == 0 && json_bool(call->m->body, "stdin", NULL) && c->in >= 0) {
		r = attach_input(call, c, e);
		(void)json_array_append_new(given, json_string("stdin"));
	}
	call->reply = json_pack("{s:o, s:b}", "fds", given, "tty", (int)(r == 0 && c->tty));
	return r;
}

int op_container_resize(struct cri_call *call, struct error *e)
{
	const struct winsize ws = { .ws_row = (unsigned short)json_int(call->m->body, 0, "rows", NULL),
				    .ws_col = (unsigned short)json_int(call->m->body, 0, "cols", NULL) };
	struct container *c;
	const int r = cri_container_find(call, &c, e);

	if (r < 0)
		return r;
	if (!c->tty || c->streams[STREAM_OUT].fd < 0)
		return error_set(e, ENOTTY, "container %s has no terminal", c->id);
	return ioctl(c->streams[STREAM_OUT].fd, TIOCSWINSZ, &ws) < 0 ? error_errno(e, errno, "resize") : 0;
}
