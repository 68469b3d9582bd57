// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tool.c - small programs of the host, and files as a whole
 */
#include "vm/tool.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static void child(char *const *argv, int out, int err)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)dup2(null, STDIN_FILENO);
	(void)dup2(out >= 0 ? out : null, STDOUT_FILENO);
	(void)dup2(err, STDERR_FILENO);
	(void)execvp(argv[0], argv);
	(void)dprintf(STDERR_FILENO, "%s", strerror(errno));
	_exit(127);
}

static int drain(int fd, struct strbuf *s)
{
	char buf[65536];
	ssize_t n;

	do
		n = read(fd, buf, sizeof(buf));
	while (n < 0 && errno == EINTR);
	if (n > 0)
		strbuf_add(s, buf, (size_t)n);
	return n <= 0 ? -1 : fd;
}

/* Both pipes until both are at their end. */
static void collect(int out, int err, struct strbuf *ret_out, struct strbuf *ret_err)
{
	struct pollfd p[2] = { { out, POLLIN, 0 }, { err, POLLIN, 0 } };

	while (p[0].fd >= 0 || p[1].fd >= 0) {
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[0].fd >= 0 && p[0].revents)
			p[0].fd = drain(p[0].fd, ret_out);
		if (p[1].fd >= 0 && p[1].revents)
			p[1].fd = drain(p[1].fd, ret_err);
	}
}

static int judge(const char *name, int st, struct strbuf *said, struct error *e)
{
	if (WIFEXITED(st) && WEXITSTATUS(st) == 0)
		return 0;
	while (said->len && said->buf[said->len - 1] == '\n')
		said->buf[--said->len] = '\0';
	if (WIFSIGNALED(st))
		return error_set(e, EIO, "%s: killed by signal %d", name, WTERMSIG(st));
	return error_set(e, WEXITSTATUS(st) == 127 ? ENOENT : EIO, "%s: %s", name, said->len ? said->buf : "failed");
}

int tool_run(char *const *argv, struct strbuf *out, struct error *e)
{
	_cleanup_strbuf_ struct strbuf said = { 0 }, unread = { 0 };
	int o[2], r[2], st = 0;
	pid_t pid;

	if (pipe2(o, O_CLOEXEC) < 0)
		return error_errno(e, errno, "make a pipe");
	if (pipe2(r, O_CLOEXEC) < 0) {
		(void)fd_close(o[0]);
		(void)fd_close(o[1]);
		return error_errno(e, errno, "make a pipe");
	}
	pid = fork();
	if (pid == 0)
		child(argv, out ? o[1] : -1, r[1]);
	(void)fd_close(o[1]);
	(void)fd_close(r[1]);
	if (pid > 0)
		collect(o[0], r[0], out ? out : &unread, &said);
	(void)fd_close(o[0]);
	(void)fd_close(r[0]);
	if (pid < 0)
		return error_errno(e, errno, "start %s", argv[0]);
	while (waitpid(pid, &st, 0) < 0 && errno == EINTR)
		;
	return judge(argv[0], st, &said, e);
}

static const struct {
	const char *suffix, *program;
} decompressors[] = { { ".xz", "xz" }, { ".zst", "zstd" }, { ".gz", "gzip" } };

static const char *decompressor_of(const char *path)
{
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot && i < ARRAY_SIZE(decompressors); i++)
		if (strcmp(dot, decompressors[i].suffix) == 0)
			return decompressors[i].program;
	return NULL;
}

int tool_read(const char *path, struct strbuf *out, struct error *e)
{
	const char *program = decompressor_of(path);
	char *argv[] = { (char *)(uintptr_t)program, (char *)"-dc", (char *)(uintptr_t)path, NULL };
	_cleanup_close_ int fd = -EBADF;
	ssize_t n;

	if (program)
		return tool_run(argv, out, e);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(e, errno, "open %s", path);
	do {
		char buf[65536];

		n = read(fd, buf, sizeof(buf));
		strbuf_add(out, buf, n > 0 ? (size_t)n : 0);
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0)
		return error_errno(e, errno, "read %s", path);
	return out->oom ? error_oom(e) : 0;
}
