// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hostports.c - hostPort of a pod's containers: ports of the node that lead to the pod
 *
 * A process beside the kubelet listens on them in the node's network namespace (engine/portproxy.h), one for each pod that
 * has some. So 127.0.0.1 of the node works as well, and what `ss` shows on the node is what there is. The scheduler has
 * seen to it that no two pods of a node want the same one.
 */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "engine/portproxy.h"
#include "kubelet/pod.h"

/* One that cannot be listened on is said, and does not keep the pod from running. */
static int port_open(const struct pod *p, const json_t *port, struct portproxy *ret)
{
	const json_int_t number = json_int(port, 0, "hostPort", NULL), to = json_int(port, 0, "containerPort", NULL);
	const char *protocol = json_text(port, "protocol", NULL), *ip = json_text(port, "hostIP", NULL);
	struct inprefix host = { 0 };

	if (strcmp(protocol, "SCTP") == 0) {
		kubelet_event(p->k, p->object, "Warning", "HostPortNotSupported", "hostPort %d: netemu forwards TCP and UDP, not SCTP",
			      (int)number);
		return -EPROTONOSUPPORT;
	}
	if (*ip && strcmp(ip, "0.0.0.0") != 0 && strcmp(ip, "::") != 0)
		(void)inprefix_parse(ip, &host);
	*ret = (struct portproxy){ .udp = strcmp(protocol, "UDP") == 0 };
	ret->to_len = portproxy_address(&p->net.addrs[0], (uint16_t)to, &ret->to);
	ret->fd = portproxy_bind(&host, (uint16_t)number, ret->udp);
	if (ret->fd < 0)
		kubelet_event(p->k, p->object, "Warning", "HostPortConflict", "cannot listen on hostPort %d of the node: %s", (int)number,
			      strerror(-ret->fd));
	return ret->fd;
}

static void ports_open(const struct pod *p, const json_t *containers, struct portproxy *ports, size_t max, size_t *n)
{
	const json_t *c, *port;
	size_t i, k;

	json_array_foreach (containers, i, c)
		json_array_foreach (json_object_get(c, "ports"), k, port)
			if (*n < max && json_int(port, 0, "hostPort", NULL) > 0 && port_open(p, port, &ports[*n]) >= 0)
				++*n;
}

void hostports_start(struct pod *p)
{
	struct portproxy ports[HOSTPORTS_MAX];
	struct error e = { 0 };
	size_t n = 0;

	if (p->host_network || p->net.n_addrs == 0 || p->proxy > 0)
		return;
	ports_open(p, json_at(p->object, "spec", "initContainers", NULL), ports, HOSTPORTS_MAX, &n);
	ports_open(p, json_at(p->object, "spec", "containers", NULL), ports, HOSTPORTS_MAX, &n);
	if (n == 0)
		return;
	p->proxy = portproxy_start(ports, n, &e);
	if (p->proxy < 0)
		kubelet_event(p->k, p->object, "Warning", "HostPortConflict", "%s", e.msg);
	for (size_t i = 0; i < n; i++)
		(void)close(ports[i].fd);
}

void hostports_stop(struct pod *p)
{
	if (p->proxy <= 0)
		return;
	(void)kill(p->proxy, SIGKILL);
	while (waitpid(p->proxy, NULL, 0) < 0 && errno == EINTR)
		;
	p->proxy = 0;
}
