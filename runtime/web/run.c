// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * run.c - ask a node something by netemu itself: `netemu exec`, `netemu logs`
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "web/web.h"

enum { OUTPUT_MAX = 512 * 1024, TIMEOUT_USEC = 10 * 1000000 };

struct run {
	struct web *web;
	struct loop_handle id, timer;
	int fd;
	pid_t pid;
	struct strbuf out;
	run_done_fn fn; /* NULL: cancelled */
	void *arg;
};

static void run_end(struct run *r)
{
	loop_remove(r->web->loop, r->id);
	loop_remove(r->web->loop, r->timer);
	(void)fd_close(r->fd);
	(void)kill(r->pid, SIGKILL);
	(void)waitpid(r->pid, NULL, 0);
	if (r->fn)
		r->fn(r->arg, strbuf_str(&r->out), r->out.len);
	strbuf_done(&r->out);
	free(r);
}

static void readable(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct run *r = arg;
	char buf[16384];
	const ssize_t n = read(r->fd, buf, sizeof(buf));

	(void)loop;
	(void)id;
	(void)revents;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		strbuf_add(&r->out, buf, (size_t)n);
	if (n <= 0 || r->out.len > OUTPUT_MAX)
		run_end(r);
}

static void timed_out(struct loop *loop, struct loop_handle id, void *arg)
{
	(void)loop;
	(void)id;
	run_end(arg);
}

static int spawn(struct run *r, char *const argv[])
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none;
	int p[2], e;

	if (pipe2(p, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	(void)fcntl(p[1], F_SETFL, 0);
	(void)sigemptyset(&none);
	(void)posix_spawn_file_actions_init(&fa);
	(void)posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_adddup2(&fa, p[1], 1);
	(void)posix_spawn_file_actions_adddup2(&fa, p[1], 2);
	(void)posix_spawnattr_init(&attr);
	(void)posix_spawnattr_setsigmask(&attr, &none);
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	e = posix_spawn(&r->pid, r->web->netemu, &fa, &attr, argv, environ);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&fa);
	(void)close(p[1]);
	if (e) {
		(void)close(p[0]);
		return -e;
	}
	r->fd = p[0];
	return 0;
}

struct run *run_start(struct web *w, char *const argv[], run_done_fn fn, void *arg)
{
	struct run *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	*r = (struct run){ .web = w, .fd = -EBADF, .fn = fn, .arg = arg };
	if (spawn(r, argv) < 0) {
		free(r);
		return NULL;
	}
	if (loop_add_fd(w->loop, r->fd, POLLIN, readable, r, &r->id, NULL) < 0 ||
	    loop_add_timer(w->loop, TIMEOUT_USEC, timed_out, r, &r->timer, NULL) < 0) {
		r->fn = NULL;
		run_end(r);
		return NULL;
	}
	return r;
}

void run_cancel(struct run *r)
{
	if (!r)
		return;
	r->fn = NULL;
	run_end(r);
}
