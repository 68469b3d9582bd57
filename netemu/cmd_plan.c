// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_plan.c - netemu plan: the operations of a run, in order, and nothing done
 */
#include "files.h"
#include "kubeapply.h"
#include "launch.h"

/* Mistakes that only show on this machine are listed apart: those of the files have been shown already. */
static void diag_begin(struct diag *d, const struct diag *files)
{
	for (size_t i = 0; i < files->n_files; i++)
		(void)diag_add_file(d, files->files[i].path, files->files[i].text, files->files[i].len);
}

static int diag_end(const struct diag *d)
{
	diag_print(d, stderr, cli_colour(stderr));
	return d->n_errors ? CLI_INVALID : CLI_OK;
}

static int lab_print(const struct cli *cli, const struct lab *lab, struct diag *d)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_(plan_freep) struct plan *p = NULL;
	struct error e = { 0 };

	p = launch_plan(lab, &a, 0, d, &e);
	if (!p)
		return e.code ? cli_fail(cli, &e) : CLI_INVALID;
	plan_print(p, stdout);
	return CLI_OK;
}

int cmd_plan(const struct cli *cli)
{
	_cleanup_files_ struct files files = { 0 };
	_cleanup_diag_ struct diag d = { 0 };
	int code = files_load_cli(cli, &files), r = CLI_OK;

	if (code != CLI_OK)
		return code;
	diag_begin(&d, &files.diag);
	launch_check(files.labs, files.n, cli_flag(cli, "stub-missing"), &d);
	for (size_t i = 0; d.n_errors == 0 && r == CLI_OK && i < files.n; i++)
		r = lab_print(cli, files.labs[i], &d);
	if (d.n_errors == 0 && r == CLI_OK)
		kube_apply_print_plan(&files.manifests);
	code = diag_end(&d);
	return code == CLI_OK ? r : code;
}
