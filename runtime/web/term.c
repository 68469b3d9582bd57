// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * term.c - a terminal in a node: a WebSocket on one side, `netemu exec -t` on a pty on the other
 *
 * What the page sends begins with a letter: d and what was typed, or r and "COLUMNS,ROWS". What it gets is the output.
 */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "apiserver/websocket.h"
#include "web/web.h"

enum { QUEUE_HIGH = 256 * 1024, RESIZE_MAX = 32 };

struct term {
	struct web *web;
	struct conn *conn;
	struct ws *ws;
	int master;
	pid_t pid;
	struct loop_handle id;
	char kind; /* of the message that is coming in */
	char resize[RESIZE_MAX];
	size_t resize_len;
	bool paused;
};

static void term_end(struct term *t)
{
	loop_remove(t->web->loop, t->id);
	t->id = (struct loop_handle){ 0 };
	if (t->master >= 0) {
		t->master = fd_close(t->master);
		(void)kill(
			t->pid,
			SIGKILL); /* the node's init hangs up what it ran; a SIGHUP is only handed on, and may be ignored */
		(void)waitpid(t->pid, NULL, 0);
	}
}

/* ---- from the node ---- */

static void master_readable(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct term *t = arg;
	char buf[16384];
	const ssize_t n = read(t->master, buf, sizeof(buf));

	(void)revents;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		term_end(t);
		ws_close(t->ws, WS_NORMAL);
		conn_shutdown(t->conn);
		return;
	}
	ws_send(t->ws, -1, buf, (size_t)n);
	if (conn_queued(t->conn) > QUEUE_HIGH) {
		t->paused = true;
		(void)loop_modify(loop, id, 0);
	}
}

/* ---- from the page ---- */

static void resize(struct term *t)
{
	struct winsize ws = { 0 };
	unsigned cols, rows;

	t->resize[t->resize_len] = '\0';
	if (sscanf(t->resize, "%u,%u", &cols, &rows) != 2 || cols == 0 || cols > 1000 || rows == 0 || rows > 1000)
		return;
	ws.ws_col = (unsigned short)cols;
	ws.ws_row = (unsigned short)rows;
	(void)ioctl(t->master, TIOCSWINSZ, &ws);
}

/* What a program in the node does not read is thrown away, as a terminal does when its queue is full. */
static void typed(void *arg, const char *data, size_t len, bool first, bool last)
{
	struct term *t = arg;

	if (first) {
		t->kind = len ? *data++ : '\0';
		len -= len != 0;
		t->resize_len = 0;
	}
	if (t->master < 0)
		return;
	if (t->kind == 'd' && len)
		(void)!write(t->master, data, len);
	for (size_t i = 0; t->kind == 'r' && i < len && t->resize_len < RESIZE_MAX - 1; i++)
		t->resize[t->resize_len++] = data[i];
	if (last && t->kind == 'r')
		resize(t);
}

static void put(void *arg, const void *data, size_t len)
{
	const struct term *t = arg;

	conn_write(t->conn, data, len);
}

static void closed(void *arg)
{
	struct term *t = arg;

	conn_shutdown(t->conn);
}

static void conn_input(void *arg, const char *data, size_t len)
{
	struct term *t = arg;

	if (ws_input(t->ws, data, len) < 0)
		conn_shutdown(t->conn);
}

static void conn_drained(void *arg)
{
	struct term *t = arg;

	if (t->paused && t->master >= 0)
		(void)loop_modify(t->web->loop, t->id, POLLIN);
	t->paused = false;
}

static void conn_ended(void *arg)
{
	struct term *t = arg;

	term_end(t);
	(void)conn_free(t->conn);
	(void)ws_free(t->ws);
	free(t);
}

/* ---- the beginning ---- */

static int pty_start(struct term *t, const char *node, struct error *e)
{
	struct winsize ws = { .ws_row = 24, .ws_col = 80 };
	char *const argv[] = { (char *)"netemu",
			       (char *)"exec",
			       (char *)"-t",
			       (char *)"--lab",
			       (char *)(uintptr_t)t->web->lab,
			       (char *)(uintptr_t)node,
			       NULL };
	sigset_t none;

	t->pid = forkpty(&t->master, NULL, NULL, &ws);
	if (t->pid == 0) {
		(void)sigemptyset(&none);
		(void)sigprocmask(SIG_SETMASK, &none, NULL);
		(void)setenv("TERM", "xterm-256color", 1);
		(void)execv(t->web->netemu, argv);
		_exit(127);
	}
	if (t->pid < 0)
		return error_errno(e, errno, "make a terminal");
	(void)fcntl(t->master, F_SETFD, FD_CLOEXEC);
	(void)fcntl(t->master, F_SETFL, O_NONBLOCK);
	return loop_add_fd(t->web->loop, t->master, POLLIN, master_readable, t, &t->id, e);
}

void term_start(struct web *w, struct conn *conn, const char *node)
{
	struct term *t = calloc(1, sizeof(*t));
	const struct ws_handler ws = { .write = put, .data = typed, .close = closed, .arg = t };
	const struct conn_handler handler = {
		.input = conn_input, .drained = conn_drained, .end = conn_ended, .arg = t
	};
	struct error e = { 0 };

	if (!t) {
		(void)conn_free(conn);
		return;
	}
	*t = (struct term){ .web = w, .conn = conn, .ws = ws_new(&ws), .master = -EBADF };
	conn_set_handler(conn, &handler);
	if (!t->ws || pty_start(t, node, &e) < 0) {
		if (t->ws)
			ws_send(t->ws, -1, e.msg, strlen(e.msg));
		conn_shutdown(conn);
	}
}
