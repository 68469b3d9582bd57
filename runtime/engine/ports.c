// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ports.c - see ports.h
 */
#include "engine/ports.h"

#include <signal.h>
#include <sys/wait.h>

#include <netinet/in.h>
#include <string.h>

#include "engine/portproxy.h"

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
			_cleanup_close_ int fd = portproxy_bind(&m->host, m->host_port, m->udp);
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
	int fd = portproxy_bind(&m->host, m->host_port, m->udp);

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

int ports_serve(struct engine *en, struct error *e)
{
	_cleanup_free_ struct portproxy *ports = calloc(en->n_ports + 1, sizeof(*ports));
	pid_t pid;

	if (!en->n_ports)
		return 0;
	if (!ports)
		return error_oom(e);
	for (size_t i = 0; i < en->n_ports; i++) {
		const struct engine_port *p = &en->ports[i];
		const struct plan_node *pn = &en->plan->nodes[p->node];

		ports[i] = (struct portproxy){ .fd = p->fd, .udp = p->map->udp };
		ports[i].to_len =
			portproxy_address(pn->ipv4.family ? &pn->ipv4 : &pn->ipv6, p->map->node_port, &ports[i].to);
	}
	pid = portproxy_start(ports, en->n_ports, e);
	for (size_t i = 0; i < en->n_ports; i++)
		en->ports[i].fd = fd_close(en->ports[i].fd);
	en->ports_pid = MAX_OF(pid, 0);
	return pid < 0 ? pid : 0;
}

void ports_end(struct engine *en)
{
	if (en->ports_pid > 0 && kill(en->ports_pid, SIGKILL) == 0)
		(void)waitpid(en->ports_pid, NULL, 0);
	en->ports_pid = 0;
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
