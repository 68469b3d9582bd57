// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * child.c - the child's side of a request: words, terminal, user, exec
 *
 * Runs inside the node as a fork of PID 1. Users and groups are looked up by reading the node's own files by
 * hand: NSS would load libraries from the node's writable root (CVE-2019-14271).
 */
#include "agent/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/user.h"

extern char **environ;

struct words {
	const char *user;
	char *cwd;
	char **argv, **env;
};

static struct child_failure *child_failure;

static _Noreturn void fail(int code, const char *step, const char *what, int err)
{
	char line[512];
	const int n = snprintf(line, sizeof(line), "netemu: exec: %s: %s\n", what, strerror(err));

	if (child_failure) {
		(void)snprintf(child_failure->step, sizeof(child_failure->step), "%s", step);
		child_failure->err = err;
	}
	if (n > 0)
		(void)!write(STDERR_FILENO, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
	_exit(code);
}

/* The next string of the blob, or NULL when it ends too early. */
static const char *word_next(const char **p, const char *end)
{
	const char *s = *p;
	const char *nul = memchr(s, '\0', (size_t)(end - s));

	if (!nul)
		return NULL;
	*p = nul + 1;
	return s;
}

static char **words_array(const char **p, const char *end, uint32_t n)
{
	char **v;

	if (n > (size_t)(end - *p))
		return NULL;
	v = calloc((size_t)n + 1, sizeof(*v));
	for (uint32_t i = 0; v && i < n; i++) {
		v[i] = (char *)word_next(p, end);
		if (!v[i])
			return NULL;
	}
	return v;
}

static bool words_read(int fd, const struct agent_request *rq, struct words *w)
{
	struct stat st;
	const char *p, *end;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return false;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return false;
	end = p + st.st_size;
	w->user = word_next(&p, end);
	w->cwd = w->user ? (char *)word_next(&p, end) : NULL;
	w->argv = w->cwd ? words_array(&p, end, rq->nargs) : NULL;
	w->env = w->argv ? words_array(&p, end, rq->nenv) : NULL;
	return w->env && rq->nargs > 0;
}

/*
 * The caller's /dev/null is a file of the host's, whose mode root of the node could change: the node has its own.
 * Everything else that a caller hands over is nameless.
 */
static int fd_of_node(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode))
		return fd;
	return open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static void stdio_setup(const int fds[4], int master)
{
	int in[3] = { fds[1], fds[2], fds[3] };

	(void)setsid();
	if (master >= 0) {
		const int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

		if (slave < 0)
			_exit(125);
		(void)ioctl(slave, TIOCSCTTY, 0);
		in[0] = in[1] = in[2] = slave;
	}
	/* The received fds are all above 4: dup2 cannot hit one that is still needed. */
	for (int i = 0; i < 3; i++)
		if (dup2(master >= 0 ? in[i] : fd_of_node(in[i]), i) < 0)
			_exit(125);
	if (syscall(SYS_close_range, 3, ~0U, 0) < 0)
		for (int fd = 3; fd < 1024; fd++)
			(void)close(fd);
}

static void signals_reset(void)
{
	sigset_t none;

	for (int s = 1; s < _NSIG; s++)
		(void)signal(s, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A user may open /dev/stdout and its terminal, as under docker exec. */
static void stdio_give(uid_t uid)
{
	struct stat st;

	for (int i = 0; i < 3; i++)
		if (fstat(i, &st) == 0 && (isatty(i) || S_ISFIFO(st.st_mode)))
			(void)!fchown(i, uid, (gid_t)-1);
}

static void user_become(const char *spec)
{
	static struct user_ids ids;
	int r;

	if (!*spec)
		return;
	r = user_resolve(spec, &ids);
	if (r < 0)
		fail(125, AGENT_STEP_USER, spec, -r);
	stdio_give(ids.uid);
	if (setgroups(ids.n_groups, ids.groups) < 0 || setresgid(ids.gid, ids.gid, ids.gid) < 0 ||
	    setresuid(ids.uid, ids.uid, ids.uid) < 0)
		fail(125, AGENT_STEP_USER, spec, errno);
	if (ids.home[0])
		(void)setenv("HOME", ids.home, 1);
	(void)setenv("USER", ids.name, 1);
}

static void dir_make(char *path)
{
	for (char *s = strchr(path + 1, '/'); s; s = strchr(s + 1, '/')) {
		*s = '\0';
		(void)mkdir(path, 0755);
		*s = '/';
	}
	(void)mkdir(path, 0755);
}

_Noreturn void child_run(const struct agent_request *rq, const int fds[4], int master, struct child_failure *failure)
{
	struct words w;
	int err;

	child_failure = failure;
	if (!words_read(fds[0], rq, &w))
		_exit(125);
	stdio_setup(fds, master);
	signals_reset();
	(void)umask(022);
	if (rq->flags & AGENT_MAKE_CWD && *w.cwd)
		dir_make(w.cwd);
	user_become(w.user);
	for (char **e = w.env; *e; e++)
		(void)putenv(*e);
	if (chdir(*w.cwd ? w.cwd : "/") < 0)
		fail(*w.cwd ? 126 : 125, AGENT_STEP_CWD, w.cwd, errno);
	(void)execvp(w.argv[0], w.argv);
	err = errno;
	fail(err == ENOENT || err == ENOTDIR ? 127 : 126, AGENT_STEP_EXEC, w.argv[0], err);
}
