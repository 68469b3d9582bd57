// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * frr.c - nodes of kind frr: Linux nodes with an FRR whose files the topology's keys make
 *
 * Owns: which configuration such a node starts with, and which daemons. Refuses to know what /etc/frr/daemons looks like
 * (kernel/rootfs.c).
 */
#include <string.h>

#include "topology/load.h"
#include "topology/nodekeys.h"

#define SAVED "config/frr.conf" /* what `netemu save` keeps in the node's directory */

/* What may be listed in extras.frr.daemons, and then runs; FRR starts those behind NULL anyway. */
static const char *const daemons[] = {
	"bgpd",	 "ospfd", "ospf6d", "ripd",   "ripngd",	 "isisd", "pimd",     "pim6d",
	"ldpd",	 "nhrpd", "eigrpd", "babeld", "sharpd",	 "pbrd",  "bfdd",     "fabricd",
	"vrrpd", "pathd", NULL,	    "zebra",  "staticd", "mgmtd", "watchfrr",
};

static const char no_config[] = "frr defaults traditional\nlog syslog informational\n";

/* Return: whether @name may be listed; @ret_starts: whether the list decides that it runs. */
static bool is_daemon(const char *name, bool *ret_starts)
{
	*ret_starts = true;
	for (size_t i = 0; i < ARRAY_SIZE(daemons); i++) {
		if (!daemons[i])
			*ret_starts = false;
		else if (strcmp(daemons[i], name) == 0)
			return true;
	}
	return false;
}

static const char *nearest(struct loader *l, const char *name)
{
	return suggest_of(l, name, daemons, ARRAY_SIZE(daemons));
}

static void add_listed(struct node_ctx *c, const struct value *list)
{
	bool starts;

	for (size_t i = 0; i < list->n; i++) {
		const struct value *v = list->items[i];

		if (v->type != VALUE_SCALAR || !is_daemon(v->text, &starts))
			diag_error(c->l->d, v->pos, nearest(c->l, value_string(v)), "'%s' is no daemon of FRR's",
				   value_string(v));
		else if (starts)
			strv_add(c->l->a, &c->node->frr->daemons, v->text);
	}
}

/* Without a list all of them run: a lab may configure any by hand. */
static void apply_daemons(struct node_ctx *c)
{
	const struct value *list = value_get(value_get(levels_value(c->levels, NK_EXTRAS), "frr"), "daemons");

	if (list && list->type == VALUE_SEQ && list->n)
		add_listed(c, list);
	else if (list && list->type != VALUE_SEQ)
		diag_error(c->l->d, list->pos, NULL, "'daemons' must be a list");
	else
		for (size_t i = 0; daemons[i]; i++)
			strv_add(c->l->a, &c->node->frr->daemons, daemons[i]);
}

/* The text of a file, or NULL: it is not there, or cannot be read, which is said when it @must be. */
static const char *file_text(struct node_ctx *c, const char *path, const struct value *must)
{
	_cleanup_free_ char *text = NULL;
	struct error e = { 0 };
	size_t len;

	if (!c->l->opt->check_files)
		return NULL;
	if (file_read(path, &text, &len, &e) == 0)
		return loader_charge(c->l, len, c->node->pos) ? arena_strdup(c->l->a, text) : NULL;
	if (must)
		diag_error(c->l->d, must->pos, NULL, "startup-config %s", e.msg);
	return NULL;
}

static const char *startup_text(struct node_ctx *c, const struct value *v)
{
	const char *text = magic_expand(c, value_string(v));

	if (strchr(text, '\n'))
		return arena_strdup(c->l->a, text);
	if (strstr(text, "://")) {
		diag_error(c->l->d, v->pos, "get the file first, and name it here", "netemu fetches no startup-config");
		return NULL;
	}
	return file_text(c, path_clean(c->l->a, c->l->lab->dir, text), v);
}

/* What was saved is what the node goes on with, unless the file's own is enforced. */
static void apply_config(struct node_ctx *c)
{
	const struct value *v = levels_value(c->levels, NK_STARTUP_CONFIG);
	const char *saved = arena_printf(&c->l->scratch, "%s/%s/" SAVED, c->lab_dir, c->node->name), *text = NULL;

	if (!value_bool(levels_value(c->levels, NK_ENFORCE_STARTUP_CONFIG), false))
		text = file_text(c, saved, NULL);
	if (!text && v && value_is_set(v) && !value_bool(levels_value(c->levels, NK_SUPPRESS_STARTUP_CONFIG), false))
		text = startup_text(c, v);
	c->node->frr->conf = text ? text : no_config;
}

static void forward_ipv6(struct node_ctx *c)
{
	static const char key[] = "net.ipv6.conf.all.forwarding";

	for (size_t i = 0; i < c->node->n_sysctls; i++)
		if (strcmp(c->node->sysctls[i].key, key) == 0)
			return;
	if (c->node->net_mode != NET_HOST)
		*ARENA_PUSH(c->l->a, c->node->sysctls, c->node->n_sysctls) = (struct kv){ key, "1" };
}

void node_apply_frr(struct node_ctx *c)
{
	c->node->frr = arena_alloc(c->l->a, sizeof(*c->node->frr));
	c->node->kind_name = "frr";
	if (!c->node->image)
		c->node->image = "frrouting/frr";
	forward_ipv6(c);
	apply_daemons(c);
	apply_config(c);
}
