// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/agentc.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

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
	mode_t mask;
	int r = agent_address(dirfd, node, &sa, e);

	if (r < 0)
		return r;
	if (fd < 0 || fault_fails("make a node's socket"))
		return error_errno(e, errno, "make a socket");
	mask = umask(0177);
	r = fault_fails("bind a node's socket") || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 128) < 0 ? -errno : 0;
	(void)umask(mask);
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
	union {
		char buf[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr align;
	} u = { 0 };
	struct iovec iov = { .iov_base = (void *)rq, .iov_len = sizeof(*rq) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n_fds) {
		struct cmsghdr *c;

		mh.msg_control = u.buf;
		mh.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
	}
	while (fault_fails("send a command") || sendmsg(conn, &mh, MSG_NOSIGNAL) < 0)
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
		.flags = (cmd->tty ? AGENT_TTY : 0U) | (cmd->log ? AGENT_LOG : 0U),
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

static void fds_take(struct msghdr *mh, int *ret_fd)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
}

int agent_recv(int conn, struct agent_event *ret, int *ret_fd, struct error *e)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} u;
	struct iovec iov = { .iov_base = ret, .iov_len = sizeof(*ret) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = u.buf, .msg_controllen = sizeof(u.buf) };
	ssize_t n;

	*ret_fd = -EBADF;
	do
		n = recvmsg(conn, &mh, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return 0;
	if (n < 0)
		return errno == EAGAIN ? -EAGAIN : error_errno(e, errno, "listen to the node's init");
	fds_take(&mh, ret_fd);
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
