// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ports.c - ports of a node that are published on the host
 *
 * Owns Docker's syntax: [[host-ip:][host-port]:]node-port[/tcp|/udp], where a port may be a range. Refuses to know
 * what else listens on the host.
 */
#include <ctype.h>
#include <string.h>

#include "topology/nodekeys.h"

enum { PORT_MAX = 65535 };

struct port_spec {
	struct inprefix host;
	uint32_t host_from, host_to, from, to; /* host_from 0: any port */
	bool udp;
};

static const char *number(const char *p, const char *end, uint32_t *ret)
{
	uint32_t n = 0;
	const char *start = p;

	for (; p < end && isdigit((unsigned char)*p) && n <= PORT_MAX; p++)
		n = n * 10 + (uint32_t)(*p - '0');
	*ret = n;
	return p == start || n == 0 || n > PORT_MAX ? NULL : p;
}

/* "80" or "80-90". Return: whether it is one. */
static bool range(const char *p, const char *end, uint32_t *from, uint32_t *to)
{
	p = number(p, end, from);
	*to = *from;
	if (p && p < end && *p == '-')
		p = number(p + 1, end, to);
	return p == end && *to >= *from;
}

/* What stands before the node's port: "8080", "127.0.0.1:8080", "[::1]:8080", "127.0.0.1:". */
static bool host_parse(struct arena *a, const char *text, const char *end, struct port_spec *s)
{
	const char *colon = end, *addr_end;

	while (colon > text && colon[-1] != ':')
		colon--;
	if (colon < end && !range(colon, end, &s->host_from, &s->host_to))
		return false;
	if (colon == text)
		return colon < end;
	addr_end = colon - 1;
	if (*text == '[' && addr_end > text && addr_end[-1] == ']') {
		text++;
		addr_end--;
	}
	return !memchr(text, '/', (size_t)(addr_end - text)) &&
	       inprefix_parse(arena_printf(a, "%.*s", (int)(addr_end - text), text), &s->host) == 0;
}

static bool port_parse(struct arena *a, const char *text, struct port_spec *s)
{
	const char *end = text + strcspn(text, "/"), *colon = end;

	*s = (struct port_spec){ .udp = strcasecmp(end, "/udp") == 0 };
	if (*end && !s->udp && strcasecmp(end, "/tcp") != 0)
		return false;
	while (colon > text && colon[-1] != ':')
		colon--;
	if (!range(colon, end, &s->from, &s->to))
		return false;
	if (colon > text && !host_parse(a, text, colon - 1, s))
		return false;
	return !s->host_from || s->host_to - s->host_from == s->to - s->from;
}

void ports_check(struct loader *l, const struct value *v)
{
	struct port_spec s;

	for (size_t i = 0; i < v->n; i++)
		if (!port_parse(&l->scratch, value_string(v->items[i]), &s))
			diag_error(l->d, v->items[i]->pos,
				   "[[host-ip:]host-port:]node-port[/tcp|/udp]; two ranges are equally long",
				   "'%s' is no port to publish", value_string(v->items[i]));
}

void node_apply_ports(struct node_ctx *c)
{
	const struct value *v = levels_value(c->levels, NK_PORTS);
	struct port_spec s;

	if (!v || c->node->kind != NODE_LINUX)
		return;
	if (v->n && c->node->net_mode != NET_MGMT) {
		diag_warning(c->l->d, v->pos, NULL,
			     "node '%s' is not on the management network: its ports are not published", c->node->name);
		return;
	}
	for (size_t i = 0; i < v->n; i++)
		for (uint32_t k = 0; port_parse(&c->l->scratch, value_string(v->items[i]), &s) && s.from + k <= s.to;
		     k++)
			*ARENA_PUSH(c->l->a, c->node->ports, c->node->n_ports) = (struct port_map){
				.host = s.host,
				.host_port = (uint16_t)(s.host_from ? s.host_from + k : 0),
				.node_port = (uint16_t)(s.from + k),
				.udp = s.udp,
				.pos = v->items[i]->pos,
			};
}
