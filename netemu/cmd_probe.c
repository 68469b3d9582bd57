// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_probe.c - netemu probe: what this machine can do, and what a lab would miss
 */
#include <string.h>

#include "cli.h"
#include "kernel/hostinfo.h"
#include "output.h"

enum { COL_GROUP, COL_NAME, COL_STATE, COL_DETAIL, COL_REMEDY, _COL_MAX };

static const struct column columns[] = {
	[COL_GROUP] = { "group", "GROUP", 0 },
	[COL_NAME] = { "name", "WHAT", 0 },
	[COL_STATE] = { "state", "THERE", 0 },
	[COL_DETAIL] = { "detail", "DETAIL", COLUMN_ELASTIC },
	[COL_REMEDY] = { "remedy", "", COLUMN_NO_TABLE },
};

static_assert(ARRAY_SIZE(columns) == _COL_MAX, "one column each");

static const enum style state_styles[] = {
	[PROBE_NO] = STYLE_BAD, [PROBE_PARTLY] = STYLE_WARN, [PROBE_YES] = STYLE_GOOD,
};

static_assert(ARRAY_SIZE(state_styles) == _PROBE_STATE_MAX, "one style for each state");

/* Without one of these no lab runs. */
static const struct {
	const char *group, *name;
} essential[] = {
	{ "kernel", "release" }, { "kernel", "overlayfs" }, { "kernel", "capabilities" },
	{ "namespaces", "net" }, { "namespaces", "mnt" }, { "namespaces", "pid" },
	{ "namespaces", "uts" }, { "namespaces", "ipc" }, { "links", "veth" },
};

static bool is_essential(const struct probe_item *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(essential); i++)
		if (strcmp(p->group, essential[i].group) == 0 && strcmp(p->name, essential[i].name) == 0)
			return true;
	return false;
}

static void row_fill(struct table *t, const struct probe_item *p)
{
	struct cell *row = table_add_row(t);

	row[COL_GROUP].text = p->group;
	row[COL_NAME].text = p->name;
	row[COL_STATE] = (struct cell){ probe_state_name(p->state), state_styles[p->state] };
	row[COL_DETAIL].text = p->detail;
	row[COL_REMEDY].text = p->state == PROBE_YES || !p->remedy ? "" : p->remedy;
}

static void remedies_print(const struct probe_report *r)
{
	bool any = false;

	for (size_t i = 0; i < r->n; i++) {
		const struct probe_item *p = &r->items[i];

		if (p->state == PROBE_YES || !p->remedy)
			continue;
		(void)printf("%s  %s %s: %s\n", any ? "" : "\nWhat a lab misses here, and what to do:\n", p->group, p->name,
			     p->remedy);
		any = true;
	}
}

int cmd_probe(const struct cli *cli)
{
	_cleanup_probe_report_ struct probe_report report = { 0 };
	_cleanup_table_ struct table t;
	struct error e = { 0 };
	struct output o;
	int code = CLI_OK;

	table_init(&t, columns, _COL_MAX);
	if (hostinfo_probe(&report, &e) < 0)
		return cli_fail(cli, &e);
	for (size_t i = 0; i < report.n; i++) {
		row_fill(&t, &report.items[i]);
		if (report.items[i].state == PROBE_NO && is_essential(&report.items[i]))
			code = CLI_FAILED;
	}
	output_init(&o, cli_value(cli, "format"));
	output_write(&o, &t);
	if (o.format == OUTPUT_TABLE)
		remedies_print(&report);
	if (code != CLI_OK)
		(void)cli_error(cli, "no lab can run here");
	return code;
}
