// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_link.c - netemu link: an interface of a running node up, down, impaired, reset, shown
 */
#include <inttypes.h>
#include <net/if.h>
#include <string.h>

#include "cli.h"
#include "linkctl.h"
#include "output.h"

enum action { ACTION_UP, ACTION_DOWN, ACTION_SET, ACTION_RESET, ACTION_SHOW, _ACTION_MAX };

static const char *const actions[] = {
	[ACTION_UP] = "up",	  [ACTION_DOWN] = "down", [ACTION_SET] = "set",
	[ACTION_RESET] = "reset", [ACTION_SHOW] = "show", NULL,
};
static_assert(ARRAY_SIZE(actions) == _ACTION_MAX + 1, "one an action, and the end");

enum { COL_NODE, COL_NAME, COL_STATE, COL_DELAY, COL_JITTER, COL_LOSS, COL_RATE, COL_CORRUPTION, _COL_MAX };

/* The keys, and the numbers in JSON, are those of `containerlab tools netem show`. */
static const struct column columns[] = {
	[COL_NODE] = { "node", "NODE", COLUMN_NO_JSON }, [COL_NAME] = { "interface", "INTERFACE", 0 },
	[COL_STATE] = { "state", "STATE", 0 },		 [COL_DELAY] = { "delay", "DELAY", 0 },
	[COL_JITTER] = { "jitter", "JITTER", 0 },	 [COL_LOSS] = { "packet_loss", "LOSS", COLUMN_RAW },
	[COL_RATE] = { "rate", "RATE", COLUMN_RAW },	 [COL_CORRUPTION] = { "corruption", "CORRUPTION", COLUMN_RAW },
};
static_assert(ARRAY_SIZE(columns) == _COL_MAX, "one column each");

/* An impairment in a table has its unit; for programs it is a plain number, 0 for none. */
static void row_impair(struct table *t, struct cell *row, const struct impair *im, bool plain)
{
	static const int cells[] = { [IMPAIR_DELAY] = COL_DELAY,
				     [IMPAIR_JITTER] = COL_JITTER,
				     [IMPAIR_LOSS] = COL_LOSS,
				     [IMPAIR_RATE] = COL_RATE,
				     [IMPAIR_CORRUPTION] = COL_CORRUPTION };
	const struct impair none = { 0 };
	char buf[IMPAIR_STRLEN];

	im = im ? im : &none;
	for (int k = 0; k < _IMPAIR_KEY_MAX; k++)
		row[cells[k]].text = arena_strdup(&t->arena, impair_format(im, (enum impair_key)k, buf));
	for (int k = 0; k < _IMPAIR_KEY_MAX && !plain; k++)
		if (!*row[cells[k]].text)
			row[cells[k]].text = "-";
	if (!plain)
		return;
	row[COL_LOSS].text = arena_printf(&t->arena, "%.6g", im->loss);
	row[COL_CORRUPTION].text = arena_printf(&t->arena, "%.6g", im->corruption);
	row[COL_RATE].text = arena_printf(&t->arena, "%" PRIu64, im->rate_kbit);
}

/* Not set up, set up but without a signal from the other end, or up. */
static struct cell state_cell(const struct link_info *l)
{
	if (!(l->flags & IFF_UP))
		return (struct cell){ "down", STYLE_BAD };
	return l->flags & IFF_RUNNING ? (struct cell){ "up", STYLE_GOOD } : (struct cell){ "no-carrier", STYLE_WARN };
}

static void show_one(const struct linkctl *lc, const struct link_info *l, struct table *t, bool plain)
{
	struct cell *row = table_add_row(t);

	row[COL_NODE].text = lc->node;
	row[COL_NAME].text = arena_strdup(&t->arena, linkctl_name(l));
	row[COL_STATE] = state_cell(l);
	row_impair(t, row, linkctl_impaired(lc, l), plain);
}

/* @only: one interface, or NULL: all but lo */
static int show(const struct cli *cli, const struct linkctl *lc, const struct link_info *only)
{
	_cleanup_table_ struct table t;
	struct output o;

	table_init(&t, columns, _COL_MAX);
	output_init(&o, cli_value(cli, "format"));
	for (size_t i = 0; i < lc->n_links; i++)
		if (only ? &lc->links[i] == only : !(lc->links[i].flags & IFF_LOOPBACK))
			show_one(lc, &lc->links[i], &t, o.format != OUTPUT_TABLE);
	if (o.format == OUTPUT_JSON)
		output_json_grouped(&o, &t, COL_NODE);
	else
		output_write(&o, &t);
	return CLI_OK;
}

/* What `set` was given. Return: CLI_OK, or a wrong command line's exit code. */
static int impair_read(const struct cli *cli, struct impair *im)
{
	struct error e = { 0 };
	bool any = false;

	for (int k = 0; k < _IMPAIR_KEY_MAX; k++) {
		const char *v = cli_value(cli, impair_key_names[k]);

		any |= v != NULL;
		if (v && impair_parse(im, (enum impair_key)k, v, &e) < 0)
			return cli_usage(cli, "%s", e.msg);
	}
	if (!any)
		return cli_usage(cli, "say what to set: --delay, --jitter, --loss, --rate, --corruption");
	return impair_check(im, &e) < 0 ? cli_usage(cli, "%s", e.msg) : CLI_OK;
}

static int options_check(const struct cli *cli, enum action action)
{
	for (int k = 0; k < _IMPAIR_KEY_MAX && action != ACTION_SET; k++)
		if (cli_value(cli, impair_key_names[k]))
			return cli_usage(cli, "--%s goes with 'set'", impair_key_names[k]);
	if (action != ACTION_SHOW && cli_value(cli, "format"))
		return cli_usage(cli, "--format goes with 'show'");
	return CLI_OK;
}

static int link_do(const struct cli *cli, enum action action, const char *node, const char *ifname)
{
	_cleanup_linkctl_ struct linkctl lc = { .self = -EBADF, .netns = -EBADF };
	const struct link_info *link = NULL;
	struct impair im = { 0 };
	struct error e = { 0 };
	int code = action == ACTION_SET ? impair_read(cli, &im) : CLI_OK, r;

	if (code != CLI_OK)
		return code;
	r = linkctl_open(cli_value(cli, "lab"), node, &lc, &e);
	if (r == 0 && ifname)
		r = linkctl_find(&lc, ifname, &link, &e);
	if (r == 0 && action == ACTION_SHOW)
		return show(cli, &lc, link);
	if (r == 0 && (action == ACTION_UP || action == ACTION_DOWN))
		r = linkctl_set_up(&lc, link, action == ACTION_UP, &e);
	else if (r == 0)
		r = linkctl_impair(&lc, link, &im, &e);
	return r < 0 ? cli_fail(cli, &e) : CLI_OK;
}

/* NODE:IF [ACTION]; the first colon, for names of interfaces may be anything, and those of nodes have none. */
int cmd_link(const struct cli *cli)
{
	const char *target = cli_args(cli)->v[0], *word = cli_args(cli)->n > 1 ? cli_args(cli)->v[1] : "show";
	const char *colon = strchr(target, ':');
	_cleanup_free_ char *node = strndup(target, colon ? (size_t)(colon - target) : strlen(target));
	int action = 0, code;

	while (actions[action] && strcmp(actions[action], word) != 0)
		action++;
	if (!actions[action]) {
		const char *hint = cli_suggest(word, actions);

		return cli_usage(cli, "'%s' is none of up, down, set, reset, show%s%s%s", word,
				 hint ? " (did you mean '" : "", hint ? hint : "", hint ? "'?)" : "");
	}
	if (!node)
		return cli_error(cli, "out of memory");
	if (!*node || (colon && !colon[1]) || (!colon && action != ACTION_SHOW))
		return cli_usage(cli, "'%s' is not NODE:INTERFACE", target);
	code = options_check(cli, (enum action)action);
	return code == CLI_OK ? link_do(cli, (enum action)action, node, colon ? colon + 1 : NULL) : code;
}
