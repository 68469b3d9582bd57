// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/agentc.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/fdpass.h"
#include "base/strbuf.h"
#include "kernel/fault.h"

/* sun_path is short: the directory goes in as a descriptor. */
static int agent_address(int dirfd, const char *node, struct sockaddr_un *sa, struct error *e)
{
	const int n = snprintf(sa->sun_path, sizeof(sa->sun_path), "/proc/self/fd/%d/%s.sock", dirfd, node);

	sa->sun_family = AF_UNIX;
	if (n < 0 || n >= (int)sizeof(sa->sun_path))
		return error_set(e, ENAMETOOLONG, "node name %s is too long", node);
	return 0;
}

int agent_connect(int dirfd, const char *node, struct error *e)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un sa;
	int r = agent_address(dirfd, node, &sa, e);

	if (r < 0)
		return r;
	if (fd < 0)
		return error_errno(e, errno, "make a socket");
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return error_errno(e, errno, "node %s: connect to its init", node);
	return TAKE_FD(fd);
}

int agent_listen(int dirfd, const char *node, struct error *e)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un sa;
	int r = agent_address(dirfd, node, &sa, e);

	if (r < 0)
		return r;
	if (fd < 0 || fault_fails("make a node's socket"))
		return error_errno(e, errno, "make a socket");
	/* The file gets the socket's mode (unix_bind()); a umask would be that of all threads, and one of them makes directories. */
	r = fault_fails("bind a node's socket") || fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
			    listen(fd, 128) < 0 ?
		    -errno :
		    0;
	if (r < 0)
		return error_errno(e, -r, "make the socket of node %s", node);
	return TAKE_FD(fd);
}

static void words_add(struct strbuf *s, const char *word)
{
	strbuf_add(s, word, strlen(word) + 1);
}

/* The words of a request, in a memfd. Return: fd or -errno. */
static int words_memfd(const struct agent_command *cmd, struct error *e)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_strbuf_ struct strbuf s = { 0 };

	words_add(&s, cmd->user ? cmd->user : "");
	words_add(&s, cmd->cwd ? cmd->cwd : "");
	for (size_t i = 0; i < cmd->argv->n; i++)
		words_add(&s, cmd->argv->v[i]);
	for (size_t i = 0; cmd->env && i < cmd->env->n; i++)
		words_add(&s, cmd->env->v[i]);
	if (s.oom)
		return error_oom(e);
	fd = fault_fails("memfd of a command") ? -1 : memfd_create("netemu-words", MFD_CLOEXEC);
	if (fd < 0)
		return error_errno(e, errno, "make a memfd");
	if (fault_fails("write a command") || write(fd, s.buf, s.len) != (ssize_t)s.len)
		return error_errno(e, errno ? errno : ENOSPC, "write a memfd");
	return TAKE_FD(fd);
}

static int request_send(int conn, const struct agent_request *rq, const int *fds, size_t n_fds, struct error *e)
{
	while (fault_fails("send a command") || fdpass_send(conn, rq, sizeof(*rq), fds, n_fds, 0) < 0)
		if (errno != EINTR)
			return error_errno(e, errno, "ask the node's init");
	return 0;
}

int agent_run(int conn, uint32_t id, const struct agent_command *cmd, struct error *e)
{
	_cleanup_close_ int words = words_memfd(cmd, e);
	const struct agent_request rq = {
		.magic = AGENT_MAGIC,
		.type = AGENT_RUN,
		.id = id,
		.flags = (cmd->tty ? AGENT_TTY : 0U) | (cmd->log ? AGENT_LOG : 0U) | (cmd->make_cwd ? AGENT_MAKE_CWD : 0U) |
			 (cmd->tell_why ? AGENT_TELL_WHY : 0U),
		.nargs = (uint32_t)cmd->argv->n,
		.nenv = cmd->env ? (uint32_t)cmd->env->n : 0,
		.rows = cmd->rows,
		.cols = cmd->cols,
	};
	const int fds[4] = { words, cmd->fds[0], cmd->fds[1], cmd->fds[2] };

	if (words < 0)
		return words;
	return request_send(conn, &rq, fds, cmd->tty ? 1 : 4, e);
}

int agent_signal(int conn, uint32_t id, int sig, struct error *e)
{
	const struct agent_request rq = { .magic = AGENT_MAGIC, .type = AGENT_SIGNAL, .id = id, .arg = (uint32_t)sig };

	return request_send(conn, &rq, NULL, 0, e);
}

int agent_freeze(int conn, bool freeze, struct error *e)
{
	const struct agent_request rq = { .magic = AGENT_MAGIC, .type = AGENT_FREEZE, .arg = freeze };

	return request_send(conn, &rq, NULL, 0, e);
}

int agent_join(int conn, int client, struct error *e)
{
	const struct agent_request rq = { .magic = AGENT_MAGIC, .type = AGENT_JOIN };

	return request_send(conn, &rq, &client, 1, e);
}

int agent_recv(int conn, struct agent_event *ret, int *ret_fd, struct error *e)
{
	size_t n_fds;
	ssize_t n;

	*ret_fd = -EBADF;
	do
		n = fdpass_recv(conn, ret, sizeof(*ret), ret_fd, 1, &n_fds, 0);
	while (n < 0 && errno == EINTR);
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return 0;
	if (n < 0)
		return errno == EAGAIN ? -EAGAIN : error_errno(e, errno, "listen to the node's init");
	if (n == sizeof(*ret) && ret->magic == AGENT_MAGIC && ret->type < _AGENT_EVENT_MAX)
		return 1;
	*ret_fd = fd_close(*ret_fd);
	return error_set(e, EPROTO, "the node's init speaks another protocol version");
}

int agent_exit_code(uint32_t wait_status)
{
	const int s = (int)wait_status;

	return WIFSIGNALED(s) ? 128 + WTERMSIG(s) : WEXITSTATUS(s);
}
