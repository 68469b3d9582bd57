// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ports.c - see ports.h
 */
#include "engine/ports.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "engine/portproxy.h"
#include "kernel/fault.h"

enum { BACKLOG = 128 };

static socklen_t address(const struct inprefix *p, uint16_t port, struct sockaddr_storage *ret)
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

static int bind_to(const struct inprefix *host, const struct port_map *m)
{
	const int type = m->udp ? SOCK_DGRAM : SOCK_STREAM, one = 1, both = host->family != 0;
	struct sockaddr_storage sa;
	const socklen_t len = address(host, m->host_port, &sa);
	_cleanup_close_ int fd =
		fault_fails("socket of a port") ? -1 : socket(sa.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (!m->udp)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (sa.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &both, sizeof(both));
	if (bind(fd, (const struct sockaddr *)&sa, len) < 0 || (!m->udp && listen(fd, BACKLOG) < 0))
		return -errno;
	return TAKE_FD(fd);
}

/* Of no address in particular: both families, or IPv4 where the host has no other. */
static int port_bind(const struct port_map *m)
{
	const struct inprefix any4 = { .family = AF_INET };
	int fd = bind_to(&m->host, m);

	if (!m->host.family && (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL))
		fd = bind_to(&any4, m);
	return fd;
}

static const char *proto(const struct port_map *m)
{
	return m->udp ? "udp" : "tcp";
}

/* Only what the file, or who runs it, can do something about: the rest shows when it is opened. */
void ports_check_host(const struct lab *lab, struct diag *d)
{
	for (size_t i = 0; i < lab->n_nodes; i++)
		for (size_t k = 0; k < lab->nodes[i].n_ports; k++) {
			const struct port_map *m = &lab->nodes[i].ports[k];
			_cleanup_close_ int fd = port_bind(m);
			char buf[INPREFIX_STRLEN] = "";

			if (fd == -EADDRINUSE)
				diag_error(d, m->pos,
					   arena_printf(&d->arena, "`ss -l%snp sport = %u` tells by whom", m->udp ? "u" : "t",
							m->host_port),
					   "node '%s': port %u/%s is in use on this host", lab->nodes[i].name, m->host_port, proto(m));
			else if (fd == -EADDRNOTAVAIL)
				diag_error(d, m->pos, NULL, "node '%s': this host has no address %s to publish port %u/%s at",
					   lab->nodes[i].name, inprefix_addr_str(&m->host, buf), m->node_port, proto(m));
		}
}

static uint16_t port_of(int fd)
{
	struct sockaddr_storage sa = { 0 };
	struct sockaddr_in in;
	socklen_t len = sizeof(sa);

	(void)getsockname(fd, (struct sockaddr *)&sa, &len);
	memcpy(&in, &sa, sizeof(in)); /* the port is at the same place in both */
	return ntohs(in.sin_port);
}

static int port_open(struct engine *en, size_t node, const struct port_map *m, struct error *e)
{
	const struct node *n = &en->plan->lab->nodes[node];
	char buf[INPREFIX_STRLEN] = "";
	int fd = port_bind(m);

	if (fd < 0)
		return error_errno(e, -fd, "node %s: listen on port %u/%s%s%s", n->name, m->host_port, proto(m), m->host.family ? " of " : "",
				   m->host.family ? inprefix_addr_str(&m->host, buf) : "");
	*ARENA_PUSH(&en->arena, en->ports, en->n_ports) =
		(struct engine_port){ .fd = fd, .node = node, .map = m, .host_port = port_of(fd) };
	return 0;
}

int ports_open(struct engine *en, struct error *e)
{
	const struct lab *lab = en->plan->lab;

	for (size_t i = 0; i < lab->n_nodes; i++)
		for (size_t k = 0; k < lab->nodes[i].n_ports; k++) {
			int r = port_open(en, i, &lab->nodes[i].ports[k], e);

			if (r < 0)
				return r;
		}
	return 0;
}

/* Nothing of the lab's but the sockets. */
static _Noreturn void serve(const struct engine *en)
{
	struct portproxy *ports = calloc(en->n_ports, sizeof(*ports));
	unsigned from = 3;

	if (!ports)
		_exit(1);
	(void)prctl(PR_SET_NAME, "netemu-ports");
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; i < en->n_ports; i++) {
		const struct engine_port *p = &en->ports[i];
		const struct plan_node *pn = &en->plan->nodes[p->node];

		ports[i] = (struct portproxy){ .fd = p->fd, .udp = p->map->udp };
		ports[i].to_len = address(pn->ipv4.family ? &pn->ipv4 : &pn->ipv6, p->map->node_port, &ports[i].to);
		if ((unsigned)p->fd > from)
			(void)syscall(SYS_close_range, from, (unsigned)p->fd - 1, 0);
		from = (unsigned)p->fd + 1;
	}
	(void)syscall(SYS_close_range, from, ~0U, 0);
	portproxy_run(ports, en->n_ports);
}

int ports_serve(struct engine *en, struct error *e)
{
	pid_t pid;

	if (!en->n_ports)
		return 0;
	pid = fault_fails("start the process for ports") ? -1 : fork();
	if (pid < 0)
		return error_errno(e, errno, "start the process for ports");
	if (pid == 0)
		serve(en);
	for (size_t i = 0; i < en->n_ports; i++)
		en->ports[i].fd = fd_close(en->ports[i].fd);
	return 0;
}

void ports_state(const struct engine *en, size_t node, struct arena *a, struct strv *ret)
{
	for (size_t i = 0; i < en->n_ports; i++) {
		const struct engine_port *p = &en->ports[i];
		char buf[INPREFIX_STRLEN] = "0.0.0.0";

		if (p->node != node)
			continue;
		if (p->map->host.family)
			(void)inprefix_addr_str(&p->map->host, buf);
		strv_add(a, ret,
			 arena_printf(a, p->map->host.family == AF_INET6 ? "[%s]:%u->%u/%s" : "%s:%u->%u/%s", buf,
				      p->host_port, p->map->node_port, proto(p->map)));
	}
}
