// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * relay.c - one poll(2) loop over: the node's init, signals, and up to three streams
 *
 * A stream copies from one descriptor to another with a buffer of its own, never reads while the buffer is not
 * written, and closes its target at the end of its source; nothing is lost and nobody is waited for who need not
 * be. For a terminal there are two streams (in, out) on the pty's master, for pipes as many as had to be put
 * between.
 */
#include "relay.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>

enum { STREAM_BUFFER = 65536, STREAMS_MAX = 3, CTRL_D = 4 };

struct stream {
	int from, to; /* from < 0: finished */
	bool own_from, own_to; /* close them in the end */
	bool to_tty; /* the end of input becomes Ctrl-D, not a close */
	bool output; /* is drained after the command has ended */
	size_t fill, done;
	char buf[STREAM_BUFFER];
};

struct relay {
	int conn, signals;
	uint32_t id;
	int master; /* of a terminal, or -EBADF */
	struct stream *streams[STREAMS_MAX];
	size_t n_streams;
	bool exited;
	int exit_code;
};

static struct termios saved_termios;
static bool termios_changed;

static void terminal_restore(void)
{
	if (termios_changed)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &saved_termios);
	termios_changed = false;
}

static void terminal_raw(void)
{
	struct termios t;

	/* Once: after SIGCONT the terminal may still be as we made it. */
	if (!termios_changed && tcgetattr(STDIN_FILENO, &saved_termios) < 0)
		return;
	t = saved_termios;
	cfmakeraw(&t);
	termios_changed = tcsetattr(STDIN_FILENO, TCSANOW, &t) == 0;
}

static void window_size(struct winsize *ws)
{
	*ws = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, ws) < 0)
		(void)ioctl(STDIN_FILENO, TIOCGWINSZ, ws);
}

/* Signals are read from a descriptor from now on. */
static int signals_open(struct error *e)
{
	static const int wanted[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT };
	sigset_t mask;
	int fd;

	(void)sigemptyset(&mask);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		(void)sigaddset(&mask, wanted[i]);
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? error_errno(e, errno, "make a signalfd") : fd;
}

static struct stream *stream_add(struct relay *r, int from, int to, bool output)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->from = from;
	s->to = to;
	s->output = output;
	r->streams[r->n_streams++] = s;
	return s;
}

static void stream_end(struct stream *s)
{
	if (s->own_from)
		(void)close(s->from);
	if (s->own_to)
		(void)close(s->to);
	s->from = -EBADF;
}

static void relay_done(struct relay *r)
{
	for (size_t i = 0; i < r->n_streams; i++)
		free(r->streams[i]);
	(void)fd_close(r->master);
	(void)fd_close(r->signals);
	terminal_restore();
}

static void stream_read(struct stream *s)
{
	const ssize_t n = read(s->from, s->buf, sizeof(s->buf));

	if (n > 0) {
		s->fill = (size_t)n;
		s->done = 0;
	} else if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	} else if (s->to_tty && n == 0) {
		/* The end of input on a terminal is a character. */
		s->to_tty = false;
		s->buf[0] = CTRL_D;
		s->fill = 1;
		s->done = 0;
		s->from = -EBADF;
	} else {
		stream_end(s);
	}
}

static void stream_write(struct stream *s)
{
	const ssize_t n = write(s->to, s->buf + s->done, s->fill - s->done);

	if (n > 0) {
		s->done += (size_t)n;
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		s->fill = s->done = 0;
		stream_end(s); /* the reader is gone: the writer will get its SIGPIPE from our closed end */
	}
	if (s->done == s->fill)
		s->done = s->fill = 0;
}

static bool stream_pending(const struct stream *s)
{
	return s->done < s->fill;
}

static void signals_serve(struct relay *r)
{
	struct signalfd_siginfo si;

	while (read(r->signals, &si, sizeof(si)) == sizeof(si)) {
		struct winsize ws;

		if (si.ssi_signo == SIGWINCH || si.ssi_signo == SIGCONT) {
			window_size(&ws);
			if (r->master >= 0)
				(void)ioctl(r->master, TIOCSWINSZ, &ws);
			if (si.ssi_signo == SIGCONT && r->master >= 0 && termios_changed)
				terminal_raw();
			continue;
		}
		(void)agent_signal(r->conn, r->id, (int)si.ssi_signo, NULL);
	}
}

static int conn_serve(struct relay *r, struct error *e)
{
	struct agent_event ev;
	int fd, n = agent_recv(r->conn, &ev, &fd, e);

	if (n == 0)
		return error_set(e, ESRCH, "the node has gone away");
	if (n < 0)
		return n;
	(void)fd_close(fd);
	if (ev.type == AGENT_EXITED) {
		r->exited = true;
		r->exit_code = agent_exit_code(ev.arg);
	}
	return 0;
}

/* What the command wrote before it ended is still in the pipe or pty: show it, but wait for nobody. */
static void relay_drain(struct relay *r)
{
	for (size_t i = 0; i < r->n_streams; i++) {
		struct stream *s = r->streams[i];

		if (!s->output)
			continue;
		for (;;) {
			while (stream_pending(s)) {
				struct pollfd p = { .fd = s->to, .events = POLLOUT }; /* it may be non-blocking */

				(void)poll(&p, 1, -1);
				stream_write(s);
			}
			if (s->from < 0)
				break;
			stream_read(s);
			if (!stream_pending(s))
				break;
		}
	}
}

static int relay_loop(struct relay *r, struct error *e)
{
	while (!r->exited) {
		struct pollfd p[2 + STREAMS_MAX] = { { .fd = r->conn, .events = POLLIN }, { .fd = r->signals, .events = POLLIN } };

		for (size_t i = 0; i < r->n_streams; i++) {
			const struct stream *s = r->streams[i];

			p[2 + i].fd = stream_pending(s) ? s->to : s->from;
			p[2 + i].events = stream_pending(s) ? POLLOUT : POLLIN;
		}
		if (poll(p, 2 + r->n_streams, -1) < 0 && errno != EINTR)
			return error_errno(e, errno, "poll");
		for (size_t i = 0; i < r->n_streams; i++) {
			if (p[2 + i].fd < 0 || !p[2 + i].revents)
				continue;
			if (stream_pending(r->streams[i]))
				stream_write(r->streams[i]);
			else
				stream_read(r->streams[i]);
		}
		if (p[1].revents)
			signals_serve(r);
		if (p[0].revents) {
			const int n = conn_serve(r, e);

			if (n < 0)
				return n;
		}
	}
	relay_drain(r);
	return r->exit_code;
}

/* Waits for AGENT_STARTED. @ret_fd gets the pty's master. */
static int await_start(int conn, int *ret_fd, struct error *e)
{
	struct agent_event ev;
	const int r = agent_recv(conn, &ev, ret_fd, e);

	if (r < 0)
		return r;
	if (r == 0)
		return error_set(e, ESRCH, "the node has gone away");
	if (ev.type == AGENT_REFUSED && ev.arg == AGENT_FROZEN)
		return error_set(e, AGENT_FROZEN, "the node is paused (netemu unpause)");
	if (ev.type == AGENT_REFUSED)
		return error_errno(e, (int)ev.arg, "the node cannot start a process");
	return 0;
}

int relay_tty(int conn, uint32_t id, struct agent_command *cmd, struct error *e)
{
	_cleanup_(relay_done) struct relay r = { .conn = conn, .signals = -EBADF, .id = id, .master = -EBADF };
	struct stream *in, *out;
	struct winsize ws;
	int ret;

	window_size(&ws);
	cmd->rows = ws.ws_row;
	cmd->cols = ws.ws_col;
	r.signals = signals_open(e);
	if (r.signals < 0)
		return r.signals;
	ret = agent_run(conn, id, cmd, e);
	if (ret == 0)
		ret = await_start(conn, &r.master, e);
	if (ret < 0)
		return ret;
	(void)fcntl(r.master, F_SETFL, O_NONBLOCK);
	out = stream_add(&r, r.master, STDOUT_FILENO, true);
	in = stream_add(&r, STDIN_FILENO, r.master, false);
	if (!in || !out)
		return error_oom(e);
	in->to_tty = true;
	terminal_raw();
	return relay_loop(&r, e);
}

/*
 * Whether a node may have this descriptor itself. Not a file's, nor a named pipe's: root of the node would open
 * /proc/self/fd/0 again for writing, and chmod it. For /dev/null the node's init takes the node's own.
 */
static bool fd_may_pass(int fd)
{
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return false;
	return (S_ISFIFO(st.st_mode) && fs.f_type == PIPEFS_MAGIC) || S_ISSOCK(st.st_mode) ||
	       (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
}

/* Puts a pipe between stdio number @i and the command; its end for the command goes to cmd->fds. */
static int pipe_between(struct relay *r, struct agent_command *cmd, int i, int null, struct error *e)
{
	struct stream *s;
	struct stat st;
	int p[2];

	if (fstat(i, &st) < 0 || S_ISDIR(st.st_mode)) {
		cmd->fds[i] = null;
		return 0;
	}
	if (pipe2(p, O_CLOEXEC) < 0)
		return error_errno(e, errno, "make a pipe");
	/* Our end only: a write that waits for a command which waits for its own output to be read would wait forever. */
	(void)fcntl(p[i == 0 ? 1 : 0], F_SETFL, O_NONBLOCK);
	s = i == 0 ? stream_add(r, 0, p[1], false) : stream_add(r, p[0], i, true);
	if (!s)
		return error_oom(e);
	s->own_to = i == 0;
	s->own_from = i != 0;
	cmd->fds[i] = p[i == 0 ? 0 : 1];
	return 0;
}

/* Output and errors to one file share a pipe: their order stays. */
static bool is_same_output(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && !S_ISDIR(x.st_mode) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int relay_pipes(int conn, uint32_t id, struct agent_command *cmd, struct error *e)
{
	_cleanup_(relay_done) struct relay r = { .conn = conn, .signals = -EBADF, .id = id, .master = -EBADF };
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int ret = 0, none;

	if (null < 0)
		return error_errno(e, errno, "open /dev/null");
	r.signals = signals_open(e);
	if (r.signals < 0)
		return r.signals;
	for (int i = 0; ret == 0 && i < 3; i++) {
		if (fd_may_pass(i))
			cmd->fds[i] = i;
		else if (i == 2 && cmd->fds[1] > 2 && is_same_output(1, 2))
			cmd->fds[2] = cmd->fds[1];
		else
			ret = pipe_between(&r, cmd, i, null, e);
	}
	if (ret == 0)
		ret = agent_run(conn, id, cmd, e);
	for (int i = 0; i < 3; i++)
		if (cmd->fds[i] > 2 && cmd->fds[i] != null && (i < 2 || cmd->fds[2] != cmd->fds[1]))
			(void)close(cmd->fds[i]);
	if (ret == 0)
		ret = await_start(conn, &none, e);
	return ret < 0 ? ret : relay_loop(&r, e);
}
