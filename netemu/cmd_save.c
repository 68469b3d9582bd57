// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_save.c - netemu save: keep what was configured in the routers of a lab
 *
 * In each node that runs FRR: vtysh writes the running configuration to /etc/frr, in one file or one a daemon as the node has
 * it; that is the node's own layer, and goes with the lab. So what runs is also put beside the topology, as one frr.conf,
 * where containerlab puts what its kinds save.
 */
#include <string.h>

#include "engine/labdir.h"
#include "files.h"
#include "nodeexec.h"
#include "plan/profile.h"

#define SAVED "frr.conf"

static bool runs_frr(const struct node_state *n)
{
	const struct profile *p = *n->image ? profile_find(n->image) : NULL;

	if (!n->pid)
		return false;
	for (size_t i = 0; i < n->n_daemons; i++)
		if (strcmp(n->daemons[i].name, "zebra") == 0)
			return n->daemons[i].running;
	return p && p->layer == LAYER_FRR;
}

static bool is_wanted(const struct cli *cli, const struct node_state *n)
{
	const struct strv filter = cli_list(cli, "node-filter");

	return runs_frr(n) && (filter.n == 0 || strv_contains(&filter, n->name));
}

/* What went wrong in a node, in its own words: the last of them, after notes and headlines. */
static const char *last_line(struct arena *a, const struct exec_result *r)
{
	const char *said = r->err.len ? strbuf_str(&r->err) : strbuf_str(&r->out);
	char *text = arena_strdup(a, said), *nl;

	while (*text && text[strlen(text) - 1] == '\n')
		text[strlen(text) - 1] = '\0';
	nl = strrchr(text, '\n');
	return nl ? nl + 1 : text;
}

/* What is bound read-only from the host cannot be written; what runs can be kept all the same. */
static void note_unwritten(const struct cli *cli, const struct node_state *n, const struct exec_result *r)
{
	_cleanup_arena_ struct arena a = { 0 };

	if (r->code)
		cli_note(cli, "node %s: its /etc/frr stays as it was: %s", n->name, last_line(&a, r));
}

/* A node of kind frr starts with it the next time: topology/frr.c. */
static int config_put(const struct cli *cli, const char *dir, bool copy, const struct node_state *n, const struct exec_result *r)
{
	_cleanup_arena_ struct arena a = { 0 };
	const bool kept = !copy && strcmp(n->kind, "frr") == 0;
	const char *parent = kept ? arena_printf(&a, "%s/%s", dir, n->name) : dir, *sub = kept ? "config" : n->name;
	struct error e = { 0 };

	if (r->code)
		return cli_error(cli, "node %s: %s", n->name, last_line(&a, r));
	if (labdir_put(parent, sub, SAVED, strbuf_str(&r->out), r->out.len, &e) < 0)
		return cli_fail(cli, &e);
	(void)printf("saved %s/%s/" SAVED "\n", parent, sub);
	return CLI_OK;
}

/* Writes in all nodes at once, then fetches what runs. */
static int lab_save(const struct cli *cli, const struct lab_state *st, const char *copy, size_t *ret_found)
{
	static char *const write_words[] = { "vtysh", "-c", "write memory", NULL };
	static char *const read_words[] = { "vtysh", "-c", "show running-config no-header", NULL };
	const struct strv write_argv = { (char **)write_words, 3 }, read_argv = { (char **)read_words, 3 };
	_cleanup_arena_ struct arena a = { 0 };
	struct exec_target *targets = NULL;
	struct exec_result *wrote, *read;
	size_t n = 0;
	int code = CLI_OK;

	for (size_t i = 0; i < st->n_nodes; i++)
		if (is_wanted(cli, &st->nodes[i]))
			*ARENA_PUSH(&a, targets, n) = (struct exec_target){ st, i };
	*ret_found += n;
	wrote = arena_alloc(&a, (n + 1) * sizeof(*wrote));
	read = arena_alloc(&a, (n + 1) * sizeof(*read));
	nodeexec_run(targets, n, &write_argv, wrote);
	nodeexec_run(targets, n, &read_argv, read);
	for (size_t i = 0; i < n; i++) {
		const struct node_state *node = &st->nodes[targets[i].node];
		int r;

		note_unwritten(cli, node, &wrote[i]);
		r = config_put(cli, copy ? copy : st->lab_dir, copy != NULL, node, &read[i]);
		code = code == CLI_OK ? r : code;
		exec_result_done(&wrote[i]);
		exec_result_done(&read[i]);
	}
	return code;
}

static int labs_find(const struct cli *cli, struct arena *a, struct strv *labs, struct error *e)
{
	const struct strv *args = cli_args(cli), topo = cli_list(cli, "topo");
	const char *here;
	int r = 0;

	for (size_t i = 0; r == 0 && i < args->n; i++)
		r = files_find_labs(a, args->v[i], labs, e);
	for (size_t i = 0; r == 0 && i < topo.n; i++)
		r = files_find_labs(a, topo.v[i], labs, e);
	if (r == -ENOENT && !e->code)
		return error_set(e, ENOENT, "no such file, and no lab that was made from it");
	if (r < 0 || args->n || topo.n)
		return r;
	if (files_lookup(a, ".", &here, NULL) < 0)
		return error_set(e, EINVAL, "say which lab to save (netemu list shows them), or a file");
	return files_find_labs(a, here, labs, e);
}

int cmd_save(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strv labs = { 0 };
	struct error e = { 0 };
	size_t found = 0;
	int code = CLI_OK;

	if (labs_find(cli, &a, &labs, &e) < 0)
		return cli_fail(cli, &e);
	for (size_t i = 0; i < labs.n; i++) {
		_cleanup_(state_freep) struct lab_state *st = NULL;
		int r = state_load(labs.v[i], &st, &e);

		if (r == 0)
			r = state_refresh(st, &e);
		if (r < 0)
			return cli_fail(cli, &e);
		r = lab_save(cli, st, cli_value(cli, "copy"), &found);
		code = code == CLI_OK ? r : code;
	}
	if (found == 0)
		cli_note(cli, "no node runs FRR: nothing to save");
	return code;
}
