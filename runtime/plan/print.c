// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * print.c - a plan as text: one operation a line, stable, for `netemu plan` and the golden tests
 */
#include <string.h>

#include "base/strbuf.h"
#include "plan/plan.h"

const char *const op_names[] = {
	[OP_NETNS] = "netns",     [OP_SYSCTL] = "sysctl", [OP_BRIDGE] = "bridge",   [OP_VETH] = "veth",
	[OP_ALIAS] = "alias",	  [OP_MASTER] = "port", [OP_MACVLAN] = "macvlan", [OP_VXLAN] = "vxlan", [OP_DUMMY] = "dummy",
	[OP_RENAME] = "rename", [OP_STITCH] = "stitch", [OP_ALTNAME] = "altname", [OP_IMPAIR] = "impair",     [OP_ADDR] = "addr",     [OP_UP] = "up",           [OP_ROUTE] = "route",
	[OP_MASQUERADE] = "masquerade", [OP_NAME] = "name", [OP_NODE] = "node", [OP_COMMAND] = "command",
	[OP_EXEC] = "exec",	  [OP_HOST_EXEC] = "exec-host", [OP_DELAY] = "delay", [OP_WAIT] = "wait", [OP_LINKS] = "links",
	[OP_HEALTHY] = "healthy", [OP_ENDED] = "ended", [OP_REACH] = "reach",
};
static_assert(ARRAY_SIZE(op_names) == _OP_TYPE_MAX, "a name for each operation");

static void print_if(const struct plan *p, int32_t i, FILE *out)
{
	const struct plan_if *f = &p->ifs[i];

	(void)fprintf(out, "%s:%s", p->ns[f->ns].name, f->name);
	if (f->ifindex)
		(void)fprintf(out, "#%u", f->ifindex);
}

static void print_mac(const struct macaddr *m, FILE *out)
{
	(void)fprintf(out, " %02x:%02x:%02x:%02x:%02x:%02x", m->b[0], m->b[1], m->b[2], m->b[3], m->b[4], m->b[5]);
}

static void print_argv(const struct strv *argv, FILE *out)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	for (size_t i = 0; i < argv->n; i++) {
		strbuf_putc(&s, i ? ' ' : '[');
		strbuf_json_string(&s, argv->v[i]);
	}
	(void)fprintf(out, " %s]", s.len ? strbuf_str(&s) : "[");
}

static void print_veth(const struct plan *p, const struct op *op, FILE *out)
{
	print_if(p, op->a, out);
	print_mac(&op->mac_a, out);
	(void)fputs(" -- ", out);
	print_if(p, op->b, out);
	print_mac(&op->mac_b, out);
	(void)fprintf(out, " mtu %u", op->mtu);
	if (op->c != PLAN_NONE)
		(void)fprintf(out, " bridge %s", p->ifs[op->c].name);
}

/* An interface that is made alone: where it comes from is for each kind to say. */
static void print_single(const struct plan *p, const struct op *op, FILE *out)
{
	print_if(p, op->a, out);
	print_mac(&op->mac_a, out);
	if (op->mtu)
		(void)fprintf(out, " mtu %u", op->mtu);
}

static void print_vxlan(const struct plan *p, const struct op *op, FILE *out)
{
	const struct link *l = &p->lab->links[op->link];
	char buf[INPREFIX_STRLEN];

	print_single(p, op, out);
	(void)fprintf(out, " remote %s vni %u dst-port %u", inprefix_addr_str(&l->remote, buf), l->vni, l->dst_port);
	if (l->src_port)
		(void)fprintf(out, " src-port %u", l->src_port);
	if (op->b != PLAN_NONE)
		(void)fprintf(out, " through host:%s", p->ifs[op->b].name);
	if (op->value)
		(void)fprintf(out, " as %s", op->value);
}

static void print_impair(const struct plan *p, const struct op *op, FILE *out)
{
	char buf[IMPAIR_STRLEN];

	print_if(p, op->a, out);
	for (int k = 0; k < _IMPAIR_KEY_MAX; k++)
		if (*impair_format(op->impair, (enum impair_key)k, buf))
			(void)fprintf(out, " %s %s", impair_key_names[k], buf);
}

/* Operations on links that are not those of every lab. Return: whether it was one. */
static bool print_link_op(const struct plan *p, const struct op *op, FILE *out)
{
	switch (op->type) {
	case OP_MACVLAN:
		print_single(p, op, out);
		(void)fprintf(out, " on host:%s mode %s as %s", p->ifs[op->b].name, op->key, op->value);
		return true;
	case OP_VXLAN:
		print_vxlan(p, op, out);
		return true;
	case OP_DUMMY:
		print_single(p, op, out);
		(void)fprintf(out, " kind %s", op->key);
		return true;
	case OP_RENAME:
		print_if(p, op->a, out);
		(void)fprintf(out, " from %s", op->value);
		return true;
	case OP_STITCH:
		print_if(p, op->a, out);
		(void)fputs(" -- ", out);
		print_if(p, op->b, out);
		return true;
	case OP_ALTNAME:
		print_if(p, op->a, out);
		(void)fprintf(out, " %s alias %s", op->key, op->value);
		return true;
	case OP_IMPAIR:
		print_impair(p, op, out);
		return true;
	default:
		return false;
	}
}

static void print_node(const struct plan *p, const struct op *op, FILE *out)
{
	const struct node *n = &p->lab->nodes[op->node];
	const struct plan_node *pn = &p->nodes[op->node];

	(void)fprintf(out, "%s profile %s netns %s hostname %s%s", n->longname, pn->profile->name, p->ns[op->ns].name,
		      n->hostname, pn->host_root ? " host-root" : "");
	if (n->imported)
		(void)fprintf(out, " root %s", n->imported->root);
	if (n->limits.cpu_milli)
		(void)fprintf(out, " cpu %u.%03u", n->limits.cpu_milli / 1000, n->limits.cpu_milli % 1000);
	if (n->limits.cpus)
		(void)fprintf(out, " cpu-set %s", n->limits.cpus);
	if (n->limits.memory)
		(void)fprintf(out, " memory %llu", (unsigned long long)n->limits.memory);
	for (size_t i = 0; i < n->n_ports; i++)
		(void)fprintf(out, " port %u->%u/%s", n->ports[i].host_port, n->ports[i].node_port, n->ports[i].udp ? "udp" : "tcp");
	for (size_t i = 0; i < n->n_binds; i++)
		(void)fprintf(out, " bind %s:%s%s", n->binds[i].src, n->binds[i].dst, n->binds[i].ro ? ":ro" : "");
	for (size_t i = 0; i < n->n_volumes; i++)
		(void)fprintf(out, " volume %s:%s%s", n->volumes[i].name ? n->volumes[i].name : "", n->volumes[i].dst,
			      n->volumes[i].ro ? ":ro" : "");
}

/* Steps of a node that has stages. Return: whether it was one. */
static bool print_step(const struct plan *p, const struct op *op, FILE *out)
{
	const char *name = op->node != PLAN_NONE ? p->lab->nodes[op->node].longname : "";

	switch (op->type) {
	case OP_DELAY:
		(void)fprintf(out, "%s %u s", name, op->seconds);
		return true;
	case OP_WAIT:
		(void)fprintf(out, "%s (%s) for %s (%s)", name, stage_names[op->stage], p->lab->nodes[op->peer].longname, stage_names[op->peer_stage]);
		return true;
	case OP_REACH:
		(void)fprintf(out, "%s (%s)", name, stage_names[op->stage]);
		return true;
	case OP_LINKS:
	case OP_HEALTHY:
	case OP_ENDED:
		(void)fputs(name, out);
		return true;
	default:
		return false;
	}
}

/* A link that is not made with the others: by the step `links` of one of its nodes. */
static const char *print_end(const struct op *op)
{
	return op->late && op->link != PLAN_NONE ? " late\n" : "\n";
}

static void print_op(const struct plan *p, const struct op *op, FILE *out)
{
	char buf[INPREFIX_STRLEN];

	(void)fprintf(out, "%-10s ", op_names[op->type]);
	if (print_link_op(p, op, out) || print_step(p, op, out)) {
		(void)fputs(print_end(op), out);
		return;
	}
	switch (op->type) {
	case OP_NETNS:
		(void)fputs(p->ns[op->ns].name, out);
		break;
	case OP_SYSCTL:
		(void)fprintf(out, "%s %s=%s", p->ns[op->ns].name, op->key, op->value);
		break;
	case OP_BRIDGE:
		print_if(p, op->a, out);
		(void)fprintf(out, " mtu %u", op->mtu);
		break;
	case OP_VETH:
		print_veth(p, op, out);
		break;
	case OP_MASTER:
		print_if(p, op->a, out);
		(void)fprintf(out, " bridge %s", p->ifs[op->b].name);
		break;
	case OP_ALIAS:
		print_if(p, op->a, out);
		(void)fprintf(out, " \"%s\"", op->value);
		break;
	case OP_ADDR:
		print_if(p, op->a, out);
		(void)fprintf(out, " %s", inprefix_str(&op->addr, buf));
		break;
	case OP_UP:
		if (op->a == PLAN_NONE)
			(void)fprintf(out, "%s:lo#1", p->ns[op->ns].name);
		else
			print_if(p, op->a, out);
		break;
	case OP_ROUTE:
		print_if(p, op->a, out);
		(void)fprintf(out, " default via %s", inprefix_addr_str(&op->addr, buf));
		break;
	case OP_MASQUERADE:
		(void)fprintf(out, "host from %s leaving by another device than %s", inprefix_str(&op->addr, buf), op->value);
		break;
	case OP_NAME:
		(void)fprintf(out, "%s netns %s", op->value, p->ns[op->ns].name);
		break;
	case OP_NODE:
		print_node(p, op, out);
		break;
	case OP_COMMAND:
	case OP_EXEC:
	case OP_HOST_EXEC:
		(void)fputs(p->lab->nodes[op->node].longname, out);
		print_argv(op->argv, out);
		break;
	default:
		break;
	}
	(void)fputs(print_end(op), out);
}

void plan_print(const struct plan *p, FILE *out)
{
	for (size_t i = 0; i < p->n_ops; i++)
		print_op(p, &p->ops[i], out);
}
