// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_list.c - netemu list: one line for each running lab
 */
#include <string.h>

#include "cli.h"
#include "engine/state.h"
#include "output.h"
#include "when.h"

enum { COL_NAME, COL_TYPE, COL_STATUS, COL_NODES, COL_LINKS, COL_UP, COL_CREATED, COL_OWNER, COL_IPV4, COL_IPV6, COL_PID,
       COL_PATH, _COL_MAX };

static const struct column columns[] = {
	[COL_NAME] = { "name", "LAB", 0 },
	[COL_TYPE] = { "type", "TYPE", 0 },
	[COL_STATUS] = { "status", "STATUS", 0 },
	[COL_NODES] = { "nodes", "NODES", COLUMN_RAW | COLUMN_RIGHT },
	[COL_LINKS] = { "links", "LINKS", COLUMN_RAW | COLUMN_RIGHT },
	[COL_UP] = { "up", "UP", COLUMN_NO_JSON | COLUMN_NO_CSV },
	[COL_CREATED] = { "created", "CREATED", COLUMN_NO_TABLE },
	[COL_OWNER] = { "owner", "OWNER", 0 },
	[COL_IPV4] = { "ipv4_subnet", "IPV4", 0 },
	[COL_IPV6] = { "ipv6_subnet", "IPV6", COLUMN_NO_TABLE },
	[COL_PID] = { "supervisor", "PID", COLUMN_RAW | COLUMN_NO_TABLE },
	[COL_PATH] = { "path", "FILE", COLUMN_ELASTIC },
};

static_assert(ARRAY_SIZE(columns) == _COL_MAX, "one column each");

static void row_fill(struct table *t, const struct lab_state *st)
{
	struct arena *a = &t->arena;
	struct cell *row = table_add_row(t);

	row[COL_NAME].text = arena_strdup(a, st->name);
	row[COL_TYPE].text = arena_strdup(a, st->type);
	row[COL_STATUS].text = arena_strdup(a, st->status);
	row[COL_STATUS].style = strcmp(st->status, "running") == 0 ? STYLE_GOOD : STYLE_WARN;
	row[COL_NODES].text = arena_printf(a, "%zu", st->n_nodes);
	row[COL_LINKS].text = arena_printf(a, "%zu", st->n_links);
	row[COL_UP].text = when_since(a, st->created);
	row[COL_CREATED].text = when_iso(a, st->created);
	row[COL_OWNER].text = arena_strdup(a, st->owner);
	row[COL_IPV4].text = arena_strdup(a, st->mgmt_ipv4);
	row[COL_IPV6].text = arena_strdup(a, st->mgmt_ipv6);
	row[COL_PID].text = arena_printf(a, "%d", st->supervisor);
	row[COL_PATH].text = arena_strdup(a, st->path);
}

/* A lab that is just being made or destroyed has no more than its name. */
static void row_fill_unknown(struct table *t, const char *name)
{
	struct cell *row = table_add_row(t);

	for (size_t c = 0; c < _COL_MAX; c++)
		row[c].text = columns[c].flags & COLUMN_RAW ? "0" : "";
	row[COL_NAME].text = arena_strdup(&t->arena, name);
	row[COL_STATUS] = (struct cell){ "changing", STYLE_WARN };
}

static void lab_add(const struct cli *cli, struct table *t, const char *name)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;
	struct error e = { 0 };
	int r = state_load(name, &st, &e);

	if (r == 0)
		row_fill(t, st);
	else if (r != -ENOENT)
		cli_note(cli, "%s", e.msg);
	if (r < 0)
		row_fill_unknown(t, name);
}

int cmd_list(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_table_ struct table t;
	struct strv labs = { 0 };
	struct output o;
	struct error e = { 0 };

	table_init(&t, columns, _COL_MAX);
	if (state_names(&a, &labs, &e) < 0)
		return cli_fail(cli, &e);
	for (size_t i = 0; i < labs.n; i++)
		lab_add(cli, &t, labs.v[i]);
	output_init(&o, cli_value(cli, "format"));
	if (t.n_rows == 0 && o.format == OUTPUT_TABLE)
		cli_note(cli, "no lab is running");
	else
		output_write(&o, &t);
	return CLI_OK;
}
