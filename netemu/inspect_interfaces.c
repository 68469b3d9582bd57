// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inspect_interfaces.c - netemu inspect interfaces: what each node's network namespace holds now
 *
 * The JSON is containerlab's, with the addresses added. A node whose namespace cannot be looked into is left out,
 * with a line on stderr, and the exit code says so.
 */
#include <linux/if.h>
#include <linux/netlink.h>
#include <string.h>

#include "base/strbuf.h"
#include "inspect.h"
#include "kernel/link.h"
#include "kernel/netns.h"
#include "linkctl.h"

enum { COL_NODE, COL_NAME, COL_ALIAS, COL_MAC, COL_IFINDEX, COL_MTU, COL_TYPE, COL_STATE, COL_ADDRESSES, _COL_MAX };

static const struct column columns[] = {
	[COL_NODE] = { "node", "NODE", COLUMN_NO_JSON },
	[COL_NAME] = { "name", "INTERFACE", 0 },
	[COL_ALIAS] = { "alias", "ALIAS", COLUMN_WIDE },
	[COL_MAC] = { "mac", "MAC", 0 },
	[COL_IFINDEX] = { "ifindex", "INDEX", COLUMN_RAW | COLUMN_RIGHT | COLUMN_WIDE },
	[COL_MTU] = { "mtu", "MTU", COLUMN_RAW | COLUMN_RIGHT },
	[COL_TYPE] = { "type", "TYPE", 0 },
	[COL_STATE] = { "state", "STATE", 0 },
	[COL_ADDRESSES] = { "addresses", "ADDRESSES", COLUMN_RAW | COLUMN_ELASTIC | COLUMN_NO_CSV },
};

static_assert(ARRAY_SIZE(columns) == _COL_MAX, "one column each");

/* An address list is JSON in JSON, and words in a table. */
static const char *addresses_text(struct arena *a, const struct addr_info *addrs, size_t n, int ifindex, bool json)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };
	char buf[INPREFIX_STRLEN];
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		const char *text = inprefix_str(&addrs[i].addr, buf);

		if (addrs[i].ifindex != ifindex)
			continue;
		strbuf_puts(&s, !any ? "" : json ? ", " : " ");
		if (json)
			strbuf_json_string(&s, text);
		else
			strbuf_puts(&s, text);
		any = true;
	}
	return json ? arena_printf(a, "[%s]", strbuf_str(&s)) : arena_strdup(a, strbuf_str(&s));
}

static const char *type_text(const struct link_info *l)
{
	if (*l->kind)
		return l->kind;
	return l->flags & IFF_LOOPBACK ? "loopback" : "device";
}

static const char *const operstates[] = {
	[IF_OPER_UNKNOWN] = "unknown", [IF_OPER_NOTPRESENT] = "notpresent",
	[IF_OPER_DOWN] = "down",       [IF_OPER_LOWERLAYERDOWN] = "lowerlayerdown",
	[IF_OPER_TESTING] = "testing", [IF_OPER_DORMANT] = "dormant",
	[IF_OPER_UP] = "up",
};

/* lo never has an operational state: what counts is whether it was set up. */
static const char *state_text(const struct link_info *l)
{
	if (l->operstate == IF_OPER_UNKNOWN)
		return l->flags & IFF_UP ? "up" : "down";
	return l->operstate < ARRAY_SIZE(operstates) ? operstates[l->operstate] : "unknown";
}

static const char *mac_text(struct arena *a, const struct link_info *l)
{
	const uint8_t *b = l->mac.b;

	if (!l->has_mac)
		return "";
	return arena_printf(a, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
}

/* @plain: for programs, which find the name of the file in "alias" */
static void row_fill(struct table *t, const struct node_state *n, const struct link_info *l, bool plain)
{
	struct arena *a = &t->arena;
	struct cell *row = table_add_row(t);
	const char *state = state_text(l);

	row[COL_NODE].text = n->longname;
	row[COL_NAME].text = !plain && linkctl_name(l) != l->ifname
				     ? arena_printf(a, "%s (%s)", linkctl_name(l), l->ifname)
				     : arena_strdup(a, l->ifname);
	row[COL_ALIAS].text = arena_strdup(a, l->alias);
	row[COL_MAC].text = mac_text(a, l);
	row[COL_IFINDEX].text = arena_printf(a, "%d", l->ifindex);
	row[COL_MTU].text = arena_printf(a, "%u", l->mtu);
	row[COL_TYPE].text = arena_strdup(a, type_text(l));
	row[COL_STATE] = (struct cell){ state, strcmp(state, "up") == 0 ? STYLE_GOOD : STYLE_WARN };
}

static int conn_dump(struct nlconn *c, const struct node_state *n, enum output_format format, struct table *t,
		     struct error *e)
{
	_cleanup_free_ struct link_info *links = NULL;
	_cleanup_free_ struct addr_info *addrs = NULL;
	size_t n_links = 0, n_addrs = 0;
	int r = link_dump(c, &links, &n_links, e);

	if (r == 0)
		r = addr_dump(c, &addrs, &n_addrs, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n_links; i++) {
		row_fill(t, n, &links[i], format != OUTPUT_TABLE);
		t->rows[t->n_rows - 1][COL_ADDRESSES].text =
			addresses_text(&t->arena, addrs, n_addrs, links[i].ifindex, format == OUTPUT_JSON);
	}
	return 0;
}

static int node_add(int self, const struct lab_state *st, const struct node_state *n, enum output_format format,
		    struct table *t, struct error *e)
{
	_cleanup_nlconn_ struct nlconn *c = NULL;
	_cleanup_close_ int fd = linkctl_netns(st, n, e);
	int r = fd < 0 ? fd : nlconn_open_in(NETLINK_ROUTE, fd, self, &c, e);

	if (r == 0)
		r = conn_dump(c, n, format, t, e);
	return r < 0 ? error_wrap(e, "node %s", n->name) : 0;
}

/* [{"name": "clab-demo-tor0", "interfaces": [...]}] */
static void json_write(const struct output *o, const struct table *t)
{
	_cleanup_free_ char *text = NULL;
	size_t len, from = 0;
	struct output inner = *o;

	(void)fputs("[", o->out);
	while (from < t->n_rows) {
		struct table part = *t;
		_cleanup_strbuf_ struct strbuf name = { 0 };

		part.rows += from;
		for (part.n_rows = 1; from + part.n_rows < t->n_rows; part.n_rows++)
			if (part.rows[part.n_rows][COL_NODE].text != part.rows[0][COL_NODE].text)
				break;
		inner.out = open_memstream(&text, &len);
		if (!inner.out)
			return;
		output_write(&inner, &part);
		(void)fclose(inner.out);
		strbuf_json_string(&name, part.rows[0][COL_NODE].text);
		(void)fprintf(o->out, "%s{\"name\": %s, \"interfaces\": %.*s}", from ? ",\n" : "", strbuf_str(&name),
			      (int)len - 1, text);
		free(TAKE_PTR(text));
		from += part.n_rows;
	}
	(void)fputs("]\n", o->out);
}

int inspect_interfaces(const struct cli *cli, const struct inspected *in, const struct output *o)
{
	struct error e = { 0 };
	_cleanup_close_ int self = netns_self(&e);
	_cleanup_table_ struct table t;
	int code = CLI_OK;

	table_init(&t, columns, _COL_MAX);
	if (self < 0)
		return cli_fail(cli, &e);
	for (size_t i = 0; i < in->n; i++) {
		const struct lab_state *st = in->labs[i];

		for (size_t k = 0; k < st->n_nodes; k++) {
			const struct node_state *n = &st->nodes[k];

			if (n->netns_fd < 0 && n->pid == 0)
				continue; /* a bridge: an interface itself */
			if (inspect_style.node && strcmp(inspect_style.node, n->name) != 0 &&
			    strcmp(inspect_style.node, n->longname) != 0)
				continue;
			if (node_add(self, st, n, o->format, &t, &e) < 0)
				code = cli_fail(cli, &e);
		}
	}
	if (o->format == OUTPUT_JSON)
		json_write(o, &t);
	else
		output_write(o, &t);
	return code;
}
