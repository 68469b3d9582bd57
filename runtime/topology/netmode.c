// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netmode.c - `network-mode`: whose network namespace a node lives in
 *
 * Owns the forms, and following container:X through the lab. A name that no node has is left for the plan: it
 * may be a node of another lab, or a container of somebody else's.
 */
#include <string.h>

#include "topology/names.h"
#include "topology/nodekeys.h"
#include "topology/topology.h"

#define CONTAINER "container:"

static const struct {
	const char *text;
	enum net_mode mode;
} modes[] = {
	{ "default", NET_MGMT },
	{ "bridge", NET_MGMT },
	{ "none", NET_NONE },
	{ "host", NET_HOST },
};

static const char *container_target(const char *s)
{
	return strncmp(s, CONTAINER, strlen(CONTAINER)) == 0 ? s + strlen(CONTAINER) : NULL;
}

void netmode_check(struct loader *l, const struct value *v)
{
	const char *target = container_target(v->text), *wrong;
	struct suggest sg = { .word = v->text };

	if (target) {
		wrong = name_check_lab(target);
		if (wrong)
			diag_error(l->d, v->pos, NULL, "network-mode: the container's name '%s' %s", target, wrong);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (strcmp(v->text, modes[i].text) == 0)
			return;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		suggest_try(&sg, modes[i].text);
	if (*v->text)
		diag_error(l->d, v->pos, suggest_hint(l, &sg),
			   "network-mode '%s' is none of: default, bridge, none, host, container:NAME", v->text);
}

/* A bridge of the lab's own, or, as "bridge|node" or with container:NODE, one inside of a node. */
static void apply_bridge(struct node_ctx *c)
{
	const struct value *v = levels_value(c->levels, NK_NETWORK_MODE);
	const char *target = v ? container_target(v->text) : NULL, *bar = strchr(c->node->name, '|');

	c->node->net_mode = NET_NONE;
	if (!target && !bar)
		return;
	if (v)
		c->node->net_pos = v->pos;
	c->node->net_mode = NET_CONTAINER;
	c->node->net_target = arena_printf(c->l->a, "%.*s", NAME_LAB_MAX, target ? target : bar + 1);
}

static void apply_linux(struct node_ctx *c)
{
	const struct value *v = levels_value(c->levels, NK_NETWORK_MODE);
	const char *target = v ? container_target(v->text) : NULL;

	if (!v)
		return;
	c->node->net_pos = v->pos;
	if (target) {
		c->node->net_mode = NET_CONTAINER;
		c->node->net_target = arena_printf(c->l->a, "%.*s", NAME_LAB_MAX, target);
	}
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (strcmp(v->text, modes[i].text) == 0)
			c->node->net_mode = modes[i].mode;
}

void node_apply_netmode(struct node_ctx *c)
{
	struct node *n = c->node;

	n->net_mode = NET_MGMT;
	n->net_node = LAB_INDEX_NONE;
	n->net_pos = n->pos;
	if (n->kind == NODE_LINUX) {
		apply_linux(c);
	} else if (n->kind == NODE_BRIDGE) {
		apply_bridge(c);
	} else if (n->kind == NODE_HOST) {
		n->net_mode = NET_HOST;
	} else {
		n->net_mode = NET_CONTAINER;
		n->net_target = n->name;
	}
}

/* The node that @n shares a namespace with, when it is one of the lab's. */
static void resolve_target(struct loader *l, struct node *n, const struct strmap *longnames)
{
	const struct node *other;
	ssize_t at;

	if (n->net_mode != NET_CONTAINER || (n->kind != NODE_LINUX && n->kind != NODE_BRIDGE))
		return;
	at = lab_find_node(l->lab, n->net_target);
	if (at < 0)
		at = strmap_get(longnames, n->net_target);
	if (at < 0 && n->kind == NODE_BRIDGE)
		diag_error(l->d, n->net_pos, "a bridge inside of another lab's node would outlive this lab",
			   "bridge '%s' is to be made inside of '%s', which is no node of this lab", n->name, n->net_target);
	if (at < 0)
		return;
	other = &l->lab->nodes[at];
	if (other == n)
		diag_error(l->d, n->net_pos, NULL, "node '%s' cannot share its network namespace with itself", n->name);
	else if (other->kind == NODE_BRIDGE || other->kind == NODE_HOST)
		diag_error(l->d, n->net_pos, NULL, "node '%s' is a %s: it has no network namespace to share",
			   other->name, node_kind_names[other->kind]);
	else
		n->net_node = (int32_t)at;
}

/* Cuts the cycle that @start is on. */
static void report_cycle(struct loader *l, int32_t start)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };
	struct node *nodes = l->lab->nodes;
	int32_t i = start;

	do {
		strbuf_printf(&s, "%s -> ", nodes[i].name);
		i = nodes[i].net_node;
	} while (i != start && s.len < 400);
	diag_error(l->d, nodes[start].net_pos, NULL, "nodes share network namespaces in a circle: %s%s%s",
		   strbuf_str(&s), i == start ? "" : "... -> ", nodes[start].name);
	nodes[start].net_node = LAB_INDEX_NONE;
}

/* Each node is walked over once: a walk ends where an earlier one, or its own beginning, passed. */
static void find_cycles(struct loader *l)
{
	const size_t n = l->lab->n_nodes;
	uint32_t *walk = arena_alloc(&l->scratch, (n + 1) * sizeof(*walk));

	for (size_t start = 0; start < n; start++) {
		int32_t i = (int32_t)start;

		while (i != LAB_INDEX_NONE && walk[i] == 0) {
			walk[i] = (uint32_t)start + 1;
			i = l->lab->nodes[i].net_node;
		}
		if (i != LAB_INDEX_NONE && walk[i] == start + 1)
			report_cycle(l, i);
	}
}

void netmode_resolve(struct loader *l)
{
	_cleanup_strmap_ struct strmap longnames = { 0 };

	for (size_t i = 0; i < l->lab->n_nodes; i++)
		(void)strmap_put(&longnames, l->lab->nodes[i].longname, i);
	for (size_t i = 0; i < l->lab->n_nodes; i++)
		resolve_target(l, &l->lab->nodes[i], &longnames);
	find_cycles(l);
}
