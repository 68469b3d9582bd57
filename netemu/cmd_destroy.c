// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_destroy.c - netemu destroy: end labs, and wait for as much as was asked for
 */
#include <string.h>

#include "files.h"
#include "engine/labdir.h"
#include "engine/state.h"
#include "holders.h"
#include "kernel/drain.h"

enum { KILL_AFTER_MS = 5000, WAIT_SECONDS = 60 };

/* What an argument means; what means nothing is said, and is no error. */
static int arg_find(const struct cli *cli, struct arena *a, const char *arg, struct strv *labs, struct error *e)
{
	int r = files_find_labs(a, arg, labs, e);

	if (r != -ENOENT)
		return r;
	cli_note(cli, "%s: no such file, and no lab that was made from it", arg);
	return 0;
}

static int named_find(const struct cli *cli, struct arena *a, struct strv *labs, struct error *e)
{
	const struct strv *args = cli_args(cli), topo = cli_list(cli, "topo");
	const char *name = cli_value(cli, "name");
	int r = 0;

	if (name)
		strv_add(a, labs, name); /* it is what the file's lab was called, whatever the file says */
	for (size_t i = 0; !name && r == 0 && i < args->n; i++)
		r = arg_find(cli, a, args->v[i], labs, e);
	for (size_t i = 0; !name && r == 0 && i < topo.n; i++)
		r = arg_find(cli, a, topo.v[i], labs, e);
	return r;
}

static int here_find(struct arena *a, struct strv *labs, struct error *e)
{
	const char *file;

	if (files_lookup(a, ".", &file, NULL) < 0)
		return error_set(e, EINVAL, "say what to destroy: a lab (netemu list shows them), a file, or --all");
	return files_find_labs(a, file, labs, e);
}

static int labs_find(const struct cli *cli, struct arena *a, struct strv *labs, struct error *e)
{
	if (cli_flag(cli, "all"))
		return state_names(a, labs, e);
	if (cli_args(cli)->n == 0 && !cli_flag(cli, "topo") && !cli_flag(cli, "name"))
		return here_find(a, labs, e);
	return named_find(cli, a, labs, e);
}

/* With a topology go the clusters that its file asked for (k8s-kind): those that have its path. */
static void add_started_clusters(struct arena *a, const char *lab, struct strv *labs)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;
	struct strv running = { 0 };

	if (state_names(a, &running, NULL) < 0 || running.n < 2 || state_load(lab, &st, NULL) < 0 || !*st->path ||
	    strcmp(st->type, "topology") != 0)
		return;
	for (size_t i = 0; i < running.n; i++) {
		_cleanup_(state_freep) struct lab_state *other = NULL;

		if (state_load(running.v[i], &other, NULL) == 0 && strcmp(other->type, "cluster") == 0 &&
		    strcmp(other->path, st->path) == 0 && !strv_contains(labs, other->name))
			strv_add(a, labs, arena_strdup(a, other->name));
	}
}

/* Return: 1 destroyed, 0 it was not there, -errno. */
static int lab_destroy(const struct cli *cli, const char *lab, struct holders *h, struct error *e)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;
	int r = state_load(lab, &st, NULL), q;

	if (r == 0)
		holders_add(h, st);
	q = state_destroy(lab, KILL_AFTER_MS, cli_flag(cli, "wait"), e);
	if (q == 0 && r == 0 && cli_flag(cli, "cleanup") && *st->lab_dir)
		q = labdir_clean(st->lab_dir, e);
	return q < 0 ? q : r != -ENOENT;
}

static int labs_destroy(const struct cli *cli, const struct strv *labs, struct holders *h)
{
	int code = CLI_OK;

	for (size_t i = 0; i < labs->n; i++) {
		struct error e = { 0 };
		int r = lab_destroy(cli, labs->v[i], h, &e);

		if (r < 0)
			code = cli_fail(cli, &e);
		else if (r == 0)
			cli_note(cli, "lab '%s' is not running", labs->v[i]);
		else
			(void)printf("destroyed %s\n", labs->v[i]);
		(void)fflush(stdout);
	}
	return code;
}

static int freed_wait(const struct cli *cli, const struct holders *h)
{
	struct error e = { 0 };

	if (netns_drain(cli_number(cli, "wait", WAIT_SECONDS) * 1000U, &e) < 0 || holders_check(h, &e) < 0)
		return cli_fail(cli, &e);
	return CLI_OK;
}

int cmd_destroy(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_(holders_done) struct holders h = { 0 };
	struct strv labs = { 0 };
	struct error e = { 0 };
	int code, r;

	r = labs_find(cli, &a, &labs, &e);
	if (r < 0)
		return cli_fail(cli, &e);
	for (size_t i = 0, n = labs.n; i < n; i++)
		add_started_clusters(&a, labs.v[i], &labs);
	code = labs_destroy(cli, &labs, &h);
	holders_note(&h, cli);
	if (cli_flag(cli, "all") && state_sweep(&e) < 0)
		code = cli_fail(cli, &e);
	return code == CLI_OK && cli_flag(cli, "wait") ? freed_wait(cli, &h) : code;
}
