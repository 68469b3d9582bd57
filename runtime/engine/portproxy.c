// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * portproxy.c - see portproxy.h
 *
 * Theory of Operation
 *
 * One epoll instance. A TCP connection is two flows, each a buffer from one socket to the other: a flow reads while its
 * buffer is empty and writes while it is not, so a slow end holds back the other one. Its end is passed on by
 * shutdown(2). A socket from which nothing is wanted for now is not watched at all: epoll tells a hang-up whether asked
 * for or not, and would tell it again and again of an end that is dead while the other one still takes what it had sent.
 * A UDP client gets a socket of its own towards the node, so that answers find the way back; the one that was silent
 * longest gives way to a new one.
 */
#include "engine/portproxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "kernel/fault.h"

enum {
	BACKLOG = 128,
	FLOW_BYTES = 32768,
	FLOW_ROUNDS = 16, /* before others have their turn */
	DATAGRAM_MAX = 65536,
	CLIENTS_MAX = 256,
	EVENTS = 64,
};

enum thing_type { THING_PORT, THING_SOCKET, THING_CLIENT };

/* What an event of epoll points to: the first member of everything that waits. */
struct thing {
	enum thing_type type;
	int fd;
};

struct port {
	struct thing thing;
	const struct portproxy *spec;
};

struct flow {
	size_t at, len;
	bool ended, passed_on; /* read to its end; and the other side knows */
	char buf[FLOW_BYTES];
};

struct side {
	struct thing thing;
	struct conn *conn;
	uint32_t watched; /* 0: not at all */
};

struct conn {
	struct side side[2]; /* client, node */
	struct flow flow[2]; /* from side i to the other */
	bool connected, dead;
	struct conn *next_dead;
};

struct client {
	struct thing thing;
	struct port *port;
	struct sockaddr_storage from;
	socklen_t from_len;
	uint64_t last; /* when it was used, in events */
};

static int epfd, spare_fd;
static struct client clients[CLIENTS_MAX];
static uint64_t now;
static struct conn *dead;

static int watch(int op, struct thing *t, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = t };

	return epoll_ctl(epfd, op, t->fd, &ev);
}

/* ---- TCP ---- */

/* Freed after the events of this round, which may name it again. */
static void conn_end(struct conn *c)
{
	if (c->dead)
		return;
	c->dead = true;
	for (int i = 0; i < 2; i++)
		if (c->side[i].thing.fd >= 0)
			(void)close(c->side[i].thing.fd);
	c->next_dead = dead;
	dead = c;
}

static void conns_free(void)
{
	while (dead) {
		struct conn *c = dead;

		dead = c->next_dead;
		free(c);
	}
}

/* Return: 0, or -1: the connection is over. */
static int flow_move(struct conn *c, int from)
{
	struct flow *f = &c->flow[from];
	const int in = c->side[from].thing.fd, out = c->side[!from].thing.fd;

	for (int i = 0; i < FLOW_ROUNDS && (f->len || !f->ended); i++) {
		ssize_t n;

		if (f->len) {
			n = send(out, f->buf + f->at, f->len, MSG_NOSIGNAL);
			if (n < 0)
				return errno == EAGAIN ? 0 : -1;
			f->at += (size_t)n;
			f->len -= (size_t)n;
			continue;
		}
		n = recv(in, f->buf, sizeof(f->buf), 0);
		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		f->ended = n == 0;
		f->at = 0;
		f->len = (size_t)n;
	}
	if (f->len || !f->ended)
		return 0;
	if (!f->passed_on)
		(void)shutdown(out, SHUT_WR);
	f->passed_on = true;
	return c->flow[!from].passed_on ? -1 : 0;
}

static uint32_t side_wants(const struct conn *c, int i)
{
	const struct flow *in = &c->flow[i], *out = &c->flow[!i];

	if (!c->connected)
		return i ? (uint32_t)EPOLLOUT : 0;
	return (!in->ended && !in->len ? (uint32_t)EPOLLIN : 0) | (out->len ? (uint32_t)EPOLLOUT : 0);
}

/* Return: 0, or -1. */
static int side_watch(struct conn *c, int i)
{
	struct side *s = &c->side[i];
	const uint32_t wants = side_wants(c, i);
	int op = wants ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;

	if (wants == s->watched)
		return 0;
	if (!s->watched)
		op = EPOLL_CTL_ADD;
	s->watched = wants;
	return watch(op, &s->thing, wants);
}

static void conn_step(struct conn *c)
{
	int code = 0;
	socklen_t len = sizeof(code);

	if (c->dead)
		return;
	if (!c->connected) {
		if (getsockopt(c->side[1].thing.fd, SOL_SOCKET, SO_ERROR, &code, &len) < 0 || code) {
			conn_end(c);
			return;
		}
		c->connected = true;
	}
	if (flow_move(c, 0) < 0 || flow_move(c, 1) < 0 || side_watch(c, 0) < 0 || side_watch(c, 1) < 0)
		conn_end(c);
}

/* Out of descriptors, nobody could be turned away, and who waits would be reported forever. */
static int accept_any(int listener)
{
	const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0 || (errno != EMFILE && errno != ENFILE))
		return fd;
	(void)close(spare_fd);
	spare_fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (spare_fd >= 0)
		(void)close(spare_fd);
	spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return -1;
}

static void port_accept(struct port *p)
{
	struct conn *c = calloc(1, sizeof(*c));
	const int fd = accept_any(p->thing.fd);

	if (!c || fd < 0) {
		if (fd >= 0)
			(void)close(fd);
		free(c);
		return;
	}
	c->side[0] = (struct side){ { THING_SOCKET, fd }, c, 0 };
	c->side[1] = (struct side){
		{ THING_SOCKET, socket(p->spec->to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) }, c, 0
	};
	if (c->side[1].thing.fd < 0 ||
	    (connect(c->side[1].thing.fd, (const struct sockaddr *)&p->spec->to, p->spec->to_len) < 0 &&
	     errno != EINPROGRESS) ||
	    side_watch(c, 1) < 0)
		conn_end(c);
}

/* ---- UDP ---- */

static struct client *client_find(struct port *p, const struct sockaddr_storage *from, socklen_t len)
{
	struct client *oldest = &clients[0];

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = &clients[i];

		if (c->port == p && c->from_len == len && memcmp(&c->from, from, len) == 0)
			return c;
		if (c->last < oldest->last)
			oldest = c;
	}
	if (oldest->port)
		(void)close(oldest->thing.fd);
	*oldest = (struct client){ .thing = { THING_CLIENT, socket(p->spec->to.ss_family,
								   SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) } };
	if (oldest->thing.fd < 0)
		return NULL;
	if (connect(oldest->thing.fd, (const struct sockaddr *)&p->spec->to, p->spec->to_len) < 0 ||
	    watch(EPOLL_CTL_ADD, &oldest->thing, EPOLLIN) < 0) {
		(void)close(oldest->thing.fd);
		return NULL;
	}
	oldest->port = p;
	oldest->from = *from;
	oldest->from_len = len;
	return oldest;
}

static void port_datagram(struct port *p)
{
	static char buf[DATAGRAM_MAX];
	struct sockaddr_storage from = { 0 };
	socklen_t len = sizeof(from);
	const ssize_t n = recvfrom(p->thing.fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);
	struct client *c = n < 0 ? NULL : client_find(p, &from, len);

	if (!c)
		return;
	c->last = ++now;
	(void)send(c->thing.fd, buf, (size_t)n, MSG_NOSIGNAL);
}

static void client_answer(struct client *c)
{
	static char buf[DATAGRAM_MAX];
	const ssize_t n = c->port ? recv(c->thing.fd, buf, sizeof(buf), 0) : -1;

	if (n < 0)
		return;
	c->last = ++now;
	(void)sendto(c->port->thing.fd, buf, (size_t)n, MSG_NOSIGNAL, (const struct sockaddr *)&c->from, c->from_len);
}

static void handle(const struct epoll_event *ev)
{
	struct thing *t = ev->data.ptr;

	if (t->type == THING_SOCKET)
		conn_step(((struct side *)t)->conn);
	else if (t->type == THING_CLIENT)
		client_answer((struct client *)t);
	else if (((struct port *)t)->spec->udp)
		port_datagram((struct port *)t);
	else
		port_accept((struct port *)t);
}

static _Noreturn void run(const struct portproxy *ports, size_t n)
{
	struct port *p = calloc(n, sizeof(*p));

	epfd = epoll_create1(EPOLL_CLOEXEC);
	spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (!p || epfd < 0)
		_exit(1);
	for (size_t i = 0; i < n; i++) {
		p[i] = (struct port){ { THING_PORT, ports[i].fd }, &ports[i] };
		if (watch(EPOLL_CTL_ADD, &p[i].thing, EPOLLIN) < 0)
			_exit(1);
	}
	for (;;) {
		struct epoll_event ev[EVENTS];
		const int got = epoll_wait(epfd, ev, EVENTS, -1);

		for (int i = 0; i < got; i++)
			handle(&ev[i]);
		conns_free();
		if (got < 0 && errno != EINTR)
			_exit(1);
	}
}

/* ---- sockets, and the process ---- */

socklen_t portproxy_address(const struct inprefix *p, uint16_t port, struct sockaddr_storage *ret)
{
	*ret = (struct sockaddr_storage){ 0 };
	if (p->family == AF_INET) {
		struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

		memcpy(&in.sin_addr, p->addr, sizeof(in.sin_addr));
		memcpy(ret, &in, sizeof(in));
		return sizeof(in);
	}
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	if (p->family == AF_INET6)
		memcpy(&in6.sin6_addr, p->addr, sizeof(in6.sin6_addr));
	memcpy(ret, &in6, sizeof(in6));
	return sizeof(in6);
}

static int bind_to(const struct inprefix *host, uint16_t port, bool udp)
{
	const int type = udp ? SOCK_DGRAM : SOCK_STREAM, one = 1, only = host->family != 0;
	struct sockaddr_storage sa;
	const socklen_t len = portproxy_address(host, port, &sa);
	_cleanup_close_ int fd =
		fault_fails("socket of a port") ? -1 : socket(sa.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (!udp)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (sa.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	if (bind(fd, (const struct sockaddr *)&sa, len) < 0 || (!udp && listen(fd, BACKLOG) < 0))
		return -errno;
	return TAKE_FD(fd);
}

int portproxy_bind(const struct inprefix *host, uint16_t port, bool udp)
{
	const struct inprefix any4 = { .family = AF_INET };
	int fd = bind_to(host, port, udp);

	if (!host->family && (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL))
		fd = bind_to(&any4, port, udp);
	return fd;
}

/* Nothing of the caller's but the sockets: they move above all that is open, and the rest is closed. */
static _Noreturn void serve(const struct portproxy *from, size_t n)
{
	struct portproxy *ports = calloc(n, sizeof(*ports));
	int last = STDERR_FILENO, top;

	(void)prctl(PR_SET_NAME, "netemu-ports");
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!ports)
		_exit(1);
	for (size_t i = 0; i < n; i++)
		last = MAX_OF(last, from[i].fd);
	top = last;
	for (size_t i = 0; i < n; i++) {
		ports[i] = from[i];
		ports[i].fd = dup3(from[i].fd, ++top, O_CLOEXEC);
		if (ports[i].fd < 0)
			_exit(1);
	}
	(void)syscall(SYS_close_range, STDERR_FILENO + 1, (unsigned)last, 0);
	(void)syscall(SYS_close_range, (unsigned)top + 1, ~0U, 0);
	run(ports, n);
}

pid_t portproxy_start(const struct portproxy *ports, size_t n, struct error *e)
{
	const pid_t pid = fault_fails("start the process for ports") ? -1 : fork();

	if (pid < 0)
		return error_errno(e, errno, "start the process for ports");
	if (pid == 0)
		serve(ports, n);
	return pid;
}
