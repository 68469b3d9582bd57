// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vty.c - the protocol between vtysh and FRR's daemons
 *
 * Owns the framing and the time limits; does not know what any command means. As in FRR's lib/vty.c
 * (vtysh_read(), vtysh_write()) and vtysh/vtysh.c, seen on 8.4.4: the client sends the command with its NUL; the
 * daemon answers text, then three NUL bytes and one byte of status (CMD_SUCCESS is 0). Text never holds a NUL.
 * An answer has therefore come to its end when the last four bytes received are 0, 0, 0, status.
 */
#include "engine/vty.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

struct vty {
	int fd;
	unsigned timeout_ms;
	char daemon[32];
};

enum { VTY_TRAILER = 4 };

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Waits until the socket is ready for @events. Return: 0, -ETIMEDOUT, -errno. */
static int vty_wait(const struct vty *vty, short events, int64_t deadline)
{
	struct pollfd p = { .fd = vty->fd, .events = events };

	for (;;) {
		int64_t left = deadline - now_ms();
		int r = poll(&p, 1, left > 0 ? (int)MIN_OF(left, (int64_t)INT32_MAX) : 0);

		if (r > 0)
			return 0;
		if (r == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

struct vty *vty_close(struct vty *vty)
{
	if (!vty)
		return NULL;
	vty->fd = fd_close(vty->fd);
	free(vty);
	return NULL;
}

/* The socket itself, whatever happens to its name meanwhile. */
static int vty_open_socket_file(int dirfd, const char *daemon)
{
	_cleanup_close_ int fd = -EBADF;
	char name[48];
	struct stat st;

	(void)snprintf(name, sizeof(name), "%s.vty", daemon);
	fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISSOCK(st.st_mode))
		return S_ISLNK(st.st_mode) ? -ELOOP : -ENOTSOCK;
	return TAKE_FD(fd);
}

/* The path in a sockaddr_un has room for 107 bytes; by way of an fd it always fits. */
static int vty_connect_fd(struct vty *vty, int dirfd)
{
	_cleanup_close_ int file = vty_open_socket_file(dirfd, vty->daemon);
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int64_t deadline = now_ms() + vty->timeout_ms;

	if (file < 0)
		return file;
	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d", file);
	vty->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (vty->fd < 0)
		return -errno;
	while (connect(vty->fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (now_ms() >= deadline)
			return -ETIMEDOUT;
		/* The daemon's backlog is full, and unix sockets have no event for room in it. */
		(void)poll(NULL, 0, 1);
	}
	return 0;
}

int vty_connect(int dirfd_run_frr, const char *daemon, unsigned timeout_ms, struct vty **ret, struct error *e)
{
	_cleanup_vty_ struct vty *vty = NULL;
	int r;

	vty = calloc(1, sizeof(*vty));
	if (!vty)
		return error_oom(e);
	vty->fd = -EBADF;
	vty->timeout_ms = timeout_ms;
	if (strchr(daemon, '/') || strlen(daemon) >= sizeof(vty->daemon))
		return error_set(e, EINVAL, "'%s' is not the name of a daemon", daemon);
	(void)snprintf(vty->daemon, sizeof(vty->daemon), "%s", daemon);
	r = vty_connect_fd(vty, dirfd_run_frr);
	if (r < 0)
		return error_errno(e, -r, "%s: connect to its vty", daemon);
	*ret = TAKE_PTR(vty);
	return 0;
}

static int vty_send(const struct vty *vty, const char *data, size_t len, int64_t deadline)
{
	int r;

	while (len > 0) {
		ssize_t n = send(vty->fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			r = vty_wait(vty, POLLOUT, deadline);
			if (r < 0)
				return r;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EPIPE ? -ECONNRESET : -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static bool vty_complete(const struct strbuf *s)
{
	return s->len >= VTY_TRAILER && memcmp(s->buf + s->len - VTY_TRAILER, "\0\0", 3) == 0;
}

static int vty_receive(const struct vty *vty, struct strbuf *answer, int64_t deadline)
{
	char buf[16384];
	int r;

	while (!vty_complete(answer)) {
		ssize_t n = recv(vty->fd, buf, sizeof(buf), 0);

		if (n < 0 && errno == EAGAIN) {
			r = vty_wait(vty, POLLIN, deadline);
			if (r < 0)
				return r;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? -ECONNRESET : -errno;
		strbuf_add(answer, buf, (size_t)n);
		if (answer->oom)
			return -ENOMEM;
		if (answer->len > VTY_ANSWER_MAX)
			return -EMSGSIZE;
	}
	return 0;
}

/* What the daemon says when it refuses, on one line. */
static int vty_refused(const struct vty *vty, struct strbuf *answer, const char *command, struct error *e)
{
	char *text = answer->buf, *end = text + strcspn(text, "\r\n");

	*end = '\0';
	return error_set(e, EPROTO, "%s: %s: %s", vty->daemon, command, *text ? text : "refused");
}

int vty_ask(struct vty *vty, const char *command, struct strbuf *out, struct error *e)
{
	_cleanup_strbuf_ struct strbuf answer = { 0 };
	int64_t deadline = now_ms() + vty->timeout_ms;
	int r;

	r = vty_send(vty, command, strlen(command) + 1, deadline);
	if (r >= 0)
		r = vty_receive(vty, &answer, deadline);
	if (r >= 0 && !answer.buf)
		r = -EPROTO;
	if (r < 0)
		return error_errno(e, -r, "%s: %s", vty->daemon, command);
	if (answer.buf[answer.len - 1] != 0)
		return vty_refused(vty, &answer, command, e);
	strbuf_add(out, answer.buf, answer.len - VTY_TRAILER);
	return out->oom ? error_oom(e) : 0;
}

int vty_query(int dirfd_run_frr, const char *daemon, const char *command, struct strbuf *out, unsigned timeout_ms,
	      struct error *e)
{
	_cleanup_vty_ struct vty *vty = NULL;
	int r;

	r = vty_connect(dirfd_run_frr, daemon, timeout_ms, &vty, e);
	return r < 0 || !vty ? r : vty_ask(vty, command, out, e);
}
