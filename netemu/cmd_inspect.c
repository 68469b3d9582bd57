// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_inspect.c - netemu inspect: the nodes of labs
 *
 * The fields that containerlab has carry its names and come first; scripts written for it go on working.
 */
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/strbuf.h"
#include "cmd_inspect.h"
#include "files.h"
#include "inspect.h"
#include "topology/lab.h"
#include "when.h"

enum { COL_LAB, COL_LAB_PATH, COL_ABS_PATH, COL_NODE, COL_NAME, COL_ID, COL_IMAGE, COL_KIND, COL_STATE, COL_STATUS, COL_IPV4,
       COL_IPV6, COL_OWNER, COL_SHORT_STATUS, COL_PID, COL_NETNS, COL_NET_MODE, COL_ROOT, COL_GROUP, COL_DAEMONS, COL_HEALTH, _COL_MAX };

enum { OURS = COLUMN_NO_CSV, /* a field that containerlab has not */
       HIDDEN = COLUMN_NO_TABLE };

static const struct column all_columns[] = {
	[COL_LAB] = { "lab_name", "LAB", 0 },
	[COL_LAB_PATH] = { "labPath", "", HIDDEN },
	[COL_ABS_PATH] = { "absLabPath", "", HIDDEN },
	[COL_NODE] = { "node", "NODE", COLUMN_NO_JSON | COLUMN_NO_CSV },
	[COL_NAME] = { "name", "NAME", COLUMN_WIDE },
	[COL_ID] = { "container_id", "", HIDDEN },
	[COL_IMAGE] = { "image", "IMAGE", COLUMN_ELASTIC },
	[COL_KIND] = { "kind", "KIND", 0 },
	[COL_STATE] = { "state", "", HIDDEN },
	[COL_STATUS] = { "status", "", HIDDEN },
	[COL_SHORT_STATUS] = { "", "STATUS", COLUMN_ELASTIC | COLUMN_NO_JSON | COLUMN_NO_CSV },
	[COL_IPV4] = { "ipv4_address", "IPV4", 0 },
	[COL_IPV6] = { "ipv6_address", "IPV6", 0 },
	[COL_OWNER] = { "owner", "OWNER", COLUMN_WIDE },
	[COL_PID] = { "pid", "PID", COLUMN_RAW | COLUMN_RIGHT | COLUMN_WIDE | OURS },
	[COL_NETNS] = { "netns", "", HIDDEN | OURS },
	[COL_NET_MODE] = { "network_mode", "NETWORK", COLUMN_WIDE | OURS },
	[COL_ROOT] = { "root", "ROOT", COLUMN_WIDE | OURS },
	[COL_GROUP] = { "group", "", HIDDEN | OURS },
	[COL_DAEMONS] = { "daemons", "", HIDDEN | COLUMN_RAW | OURS },
	[COL_HEALTH] = { "health", "", HIDDEN | OURS },
};

static_assert(ARRAY_SIZE(all_columns) == _COL_MAX, "one column each");

/* ---- status ---- */

/* "signal 9", "exit status 1" */
static const char *death_text(struct arena *a, int status)
{
	if (WIFSIGNALED(status))
		return arena_printf(a, "signal %d", WTERMSIG(status));
	return arena_printf(a, "exit status %d", WEXITSTATUS(status));
}

/* One that runs again after it was ended, or ended itself, is one that somebody restarted. */
static bool daemon_is_well(const struct daemon_state *d)
{
	if (!d->running)
		return false;
	return d->deaths == 0 || !WIFSIGNALED(d->last_status) || WTERMSIG(d->last_status) == SIGTERM;
}

static const char *daemon_text(struct arena *a, const struct daemon_state *d)
{
	const char *death = death_text(a, d->last_status);

	if (!d->running)
		return arena_printf(a, "%s died (%s)", d->name, death);
	return arena_printf(a, "%s runs again (died %u time%s, last by %s)", d->name, d->deaths, d->deaths == 1 ? "" : "s",
			    death);
}

/* ", bgpd died (signal 9)" for each daemon that is not well. */
static const char *daemons_text(struct arena *a, const struct node_state *n, enum style *style)
{
	const char *text = "";

	for (size_t i = 0; i < n->n_daemons; i++) {
		const struct daemon_state *d = &n->daemons[i];

		if (daemon_is_well(d))
			continue;
		text = arena_printf(a, "%s, %s", text, daemon_text(a, d));
		*style = d->running ? MAX_OF(*style, STYLE_WARN) : STYLE_BAD;
	}
	return text;
}

static bool state_is(const struct node_state *n, const char *word)
{
	return strcmp(n->state, word) == 0;
}

static enum style state_style(const struct node_state *n)
{
	if (state_is(n, "running"))
		return STYLE_GOOD;
	return state_is(n, "exited") || state_is(n, "dead") ? STYLE_BAD : STYLE_WARN;
}

static const char *exit_text(struct arena *a, const struct node_state *n)
{
	return state_is(n, "exited") ? arena_printf(a, " (%s)", death_text(a, n->exit_status)) : "";
}

static void status_fill(struct arena *a, struct cell *row, const struct lab_state *st, const struct node_state *n)
{
	enum style style = state_style(n);
	const char *daemons = daemons_text(a, n, &style);
	const char *state = arena_strdup(a, n->state);
	const char *health = *n->health && state_is(n, "running") ? arena_printf(a, " (%s)", n->health) : "";

	if (*health && strcmp(n->health, "healthy") != 0)
		style = MAX_OF(style, STYLE_WARN);

	row[COL_STATE].text = state;
	row[COL_SHORT_STATUS].text = arena_printf(a, "%s%s%s%s", state, health, exit_text(a, n), daemons);
	row[COL_SHORT_STATUS].style = style;
	if (state_is(n, "running"))
		row[COL_STATUS].text = arena_printf(a, "Up %s%s%s", when_since(a, st->created), health, daemons);
	else
		row[COL_STATUS].text = arena_printf(a, "%s%s%s", state, exit_text(a, n), daemons);
}

/* ---- rows ---- */

/* Relative to the working directory when the file is below it, as containerlab shows it. */
const char *inspect_lab_path(struct arena *a, const char *path)
{
	char cwd[PATH_MAX];
	size_t n;

	if (!getcwd(cwd, sizeof(cwd)))
		return arena_strdup(a, path);
	n = strlen(cwd);
	if (strncmp(path, cwd, n) == 0 && path[n] == '/')
		return arena_strdup(a, path + n + 1);
	return arena_strdup(a, path);
}

/* Twelve hexadecimal digits that stay the same as long as the node lives, and no longer (FNV-1a). */
static const char *node_id(struct arena *a, const struct node_state *n)
{
	uint64_t h = 1469598103934665603ULL ^ n->starttime;

	for (const char *p = n->longname; *p; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211ULL;
	return arena_printf(a, "%012" PRIx64, (uint64_t)(h & 0xffffffffffffULL));
}

static const char *or_na(struct arena *a, const char *s)
{
	return *s ? arena_strdup(a, s) : "N/A";
}

static const char *daemons_json(struct arena *a, const struct node_state *n)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	strbuf_putc(&s, '[');
	for (size_t i = 0; i < n->n_daemons; i++) {
		const struct daemon_state *d = &n->daemons[i];

		strbuf_puts(&s, i ? ", {\"name\": " : "{\"name\": ");
		strbuf_json_string(&s, d->name);
		strbuf_printf(&s, ", \"pid\": %d, \"running\": %s, \"deaths\": %u, \"last_status\": %d}", d->pid,
			      d->running ? "true" : "false", d->deaths, d->last_status);
	}
	strbuf_putc(&s, ']');
	return arena_strdup(a, strbuf_str(&s));
}

static void row_fill(struct table *t, const struct lab_state *st, const struct node_state *n)
{
	struct arena *a = &t->arena;
	struct cell *row = table_add_row(t);

	row[COL_LAB].text = st->name;
	row[COL_LAB_PATH].text = inspect_lab_path(a, st->path);
	row[COL_ABS_PATH].text = st->path;
	row[COL_NODE].text = n->name;
	row[COL_NAME].text = n->longname;
	row[COL_ID].text = node_id(a, n);
	row[COL_IMAGE].text = or_na(a, n->image);
	row[COL_KIND].text = n->kind;
	status_fill(a, row, st, n);
	row[COL_IPV4].text = or_na(a, n->ipv4);
	row[COL_IPV6].text = or_na(a, n->ipv6);
	row[COL_OWNER].text = st->owner;
	row[COL_PID].text = arena_printf(a, "%d", n->pid);
	row[COL_NETNS].text = n->netns_fd >= 0 ? arena_printf(a, "%s/%s", state_dir_netns(), n->longname) : "";
	row[COL_NET_MODE].text = n->net_mode;
	row[COL_ROOT].text = *n->image_id ? arena_printf(a, "image %.12s", n->image_id) : n->pid ? "host" : "";
	row[COL_GROUP].text = n->group;
	row[COL_DAEMONS].text = daemons_json(a, n);
	row[COL_HEALTH].text = n->health;
}

bool inspect_is_node(const struct node_state *n)
{
	return strcmp(n->kind, node_kind_names[NODE_HOST]) != 0 || n->pid != 0;
}

struct inspect_style inspect_style;

static int inspect_nodes(const struct inspected *in, const struct output *o)
{
	_cleanup_table_ struct table t;
	struct column columns[_COL_MAX];

	memcpy(columns, all_columns, sizeof(columns));
	if (in->n == 1 && !o->wide)
		columns[COL_LAB].flags |= COLUMN_NO_TABLE;
	table_init(&t, columns, _COL_MAX);
	for (size_t i = 0; i < in->n; i++)
		for (size_t k = 0; k < in->labs[i]->n_nodes; k++)
			if (inspect_is_node(&in->labs[i]->nodes[k]))
				row_fill(&t, in->labs[i], &in->labs[i]->nodes[k]);
	if (o->format == OUTPUT_JSON)
		output_json_grouped(o, &t, COL_LAB);
	else
		output_write(o, &t);
	return CLI_OK;
}

static int inspect_nodes_styled(const struct inspected *in, const struct output *o)
{
	if (!inspect_style.table || o->format != OUTPUT_TABLE)
		return inspect_nodes(in, o);
	inspect_style.table(in, inspect_style.all, o->wide, o->out);
	return CLI_OK;
}

static int inspect_nodes_details(const struct inspected *in, const struct output *o)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct inspect_node *nodes = NULL;
	struct cell row[_COL_MAX];
	size_t n = 0;

	for (size_t i = 0; i < in->n; i++)
		for (size_t k = 0; k < in->labs[i]->n_nodes; k++) {
			if (!inspect_is_node(&in->labs[i]->nodes[k]))
				continue;
			status_fill(&a, row, in->labs[i], &in->labs[i]->nodes[k]);
			*ARENA_PUSH(&a, nodes, n) = (struct inspect_node){ in->labs[i], k, row[COL_STATUS].text };
		}
	inspect_details(nodes, n, o->out);
	return CLI_OK;
}

/* ---- which labs ---- */

static bool is_interfaces(const char *word)
{
	return strcmp(word, "interfaces") == 0 || strcmp(word, "int") == 0;
}

/* The names of the labs that were asked for; all when none was. */
static int names_find(const struct cli *cli, struct arena *a, struct strv *ret, struct error *e)
{
	const struct strv topo = cli_list(cli, "topo");
	const struct strv *args = cli_args(cli);
	const char *name = cli_value(cli, "name");
	int r = 0;

	for (size_t i = 0; r == 0 && i < args->n; i++)
		if (!is_interfaces(args->v[i]))
			r = files_find_labs(a, args->v[i], ret, e);
	for (size_t i = 0; r == 0 && i < topo.n; i++)
		r = files_find_labs(a, topo.v[i], ret, e);
	if (r == 0 && name)
		strv_add(a, ret, name);
	if (r == -ENOENT && !e->code)
		return error_set(e, ENOENT, "no such file, and no lab that was made from it");
	if (r == 0 && (cli_flag(cli, "all") || ret->n == 0)) {
		*ret = (struct strv){ 0 };
		r = state_names(a, ret, e);
	}
	return r;
}

/* Loads a lab; what its supervisor does not answer is marked as not known. */
static int lab_load_fresh(const struct cli *cli, const char *name, struct lab_state **ret, struct error *e)
{
	struct error why = { 0 };
	int r = state_load(name, ret, e);

	if (r < 0)
		return r;
	if (state_refresh(*ret, &why) < 0)
		cli_note(cli, "%s", why.msg);
	for (size_t i = 0; i < (*ret)->n_nodes; i++)
		if (!*(*ret)->nodes[i].state)
			(*ret)->nodes[i].state = why.code ? "unknown" : "running";
	return 0;
}

/* @all: a lab that ended in the meantime is no error. */
static int labs_load(const struct cli *cli, const struct strv *names, bool all, struct inspected *in, struct error *e)
{
	in->labs = calloc(names->n + 1, sizeof(*in->labs));
	if (!in->labs)
		return error_oom(e);
	for (size_t i = 0; i < names->n; i++) {
		int r = lab_load_fresh(cli, names->v[i], &in->labs[in->n], e);

		if (r == 0)
			in->n++;
		else if (!all || r != -ENOENT)
			return r;
	}
	return 0;
}

static void inspected_done(struct inspected *in)
{
	for (size_t i = 0; i < in->n; i++)
		state_free(in->labs[i]);
	free(in->labs);
}

static bool wants_interfaces(const struct cli *cli)
{
	for (size_t i = 0; i < cli_args(cli)->n; i++)
		if (is_interfaces(cli_args(cli)->v[i]))
			return true;
	return false;
}

int cmd_inspect(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_(inspected_done) struct inspected in = { 0 };
	bool interfaces = wants_interfaces(cli);
	bool all = cli_flag(cli, "all") || (cli_args(cli)->n == (size_t)interfaces && !cli_flag(cli, "topo") &&
					    !cli_flag(cli, "name"));
	struct strv names = { 0 };
	struct error e = { 0 };
	struct output o;

	if (cli_args(cli)->n > 1 && !interfaces)
		return cli_usage(cli, "'%s' is not understood here: netemu inspect [LAB] [interfaces]", cli_args(cli)->v[1]);
	if (names_find(cli, &a, &names, &e) < 0 || labs_load(cli, &names, all, &in, &e) < 0)
		return cli_fail(cli, &e);
	output_init(&o, cli_value(cli, "format"));
	o.wide = cli_flag(cli, "wide");
	if (cli_flag(cli, "details"))
		return inspect_nodes_details(&in, &o);
	if (in.n == 0 && o.format == OUTPUT_TABLE) {
		cli_note(cli, "no lab is running");
		return CLI_OK;
	}
	return interfaces ? inspect_interfaces(cli, &in, &o) : inspect_nodes_styled(&in, &o);
}

int inspect_lab(const char *lab, FILE *out)
{
	struct lab_state *st = NULL;
	const struct inspected in = { &st, 1 };
	struct error e = { 0 };
	struct output o;
	int code;

	if (lab_load_fresh(NULL, lab, &st, &e) < 0)
		return cli_fail(NULL, &e);
	output_init(&o, inspect_style.format);
	o.out = out;
	code = inspect_nodes_styled(&in, &o);
	state_free(st);
	return code;
}
