// SPDX-License-Identifier: GPL-2.0-or-later
#include "supervisor/acceptor.h"

#include <sys/socket.h>

enum { RETRY_USEC = 100000 };

static void again(struct loop *loop, struct loop_handle id, void *arg)
{
	struct acceptor *a = arg;

	(void)id;
	(void)loop_modify(loop, a->id, POLLIN);
}

static void rest(struct acceptor *a)
{
	(void)loop_modify(a->loop, a->id, 0);
	if (loop_add_timer(a->loop, RETRY_USEC, again, a, &a->timer, NULL) < 0)
		(void)loop_modify(a->loop, a->id, POLLIN);
}

static bool may_enter(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && (peer.uid == 0 || peer.uid == geteuid());
}

static void readable(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct acceptor *a = arg;
	const int fd = accept4(a->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)loop;
	(void)id;
	(void)revents;
	if (fd >= 0 && may_enter(fd))
		a->fn(fd, a->arg);
	else if (fd >= 0)
		(void)close(fd);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
		rest(a);
}

int acceptor_start(struct acceptor *a, struct loop *loop, int fd, acceptor_fn fn, void *arg, struct error *e)
{
	*a = (struct acceptor){ .loop = loop, .fd = fd, .fn = fn, .arg = arg };
	return loop_add_fd(loop, fd, POLLIN, readable, a, &a->id, e);
}

void acceptor_stop(struct acceptor *a)
{
	if (!a->loop)
		return;
	loop_remove(a->loop, a->id);
	loop_remove(a->loop, a->timer);
}
