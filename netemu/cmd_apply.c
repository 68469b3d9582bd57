// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_apply.c - netemu apply: manifests and Cilium values into a running cluster
 */
#include "cli.h"
#include "files.h"
#include "kubeapply.h"
#include "kubelab.h"

static int files_read(const struct cli *cli, struct files *ret)
{
	_cleanup_arena_ struct arena a = { 0 };
	const struct strv given = cli_list(cli, "filename");
	struct strv paths = { 0 };
	struct error e = { 0 };
	int r;

	for (size_t i = 0; i < given.n; i++)
		strv_add(&a, &paths, given.v[i]);
	for (size_t i = 0; i < cli_args(cli)->n; i++)
		strv_add(&a, &paths, cli_args(cli)->v[i]);
	if (paths.n == 0)
		return cli_usage(cli, "say what to apply: -f FILE");
	r = files_load_manifests(&paths, ret, &e);
	diag_print(&ret->diag, stderr, cli_colour(stderr));
	if (r == 0)
		return CLI_OK;
	return e.code ? cli_fail(cli, &e) : CLI_INVALID;
}

int files_send_pins(const struct cli *cli, struct files *files, struct kube *k, const char *path)
{
	_cleanup_(lab_freep) struct lab *running = NULL;
	struct error e = { 0 };
	int r;

	if (!path || !*path)
		return CLI_OK;
	running = kube_lab(k, &e);
	if (!running)
		return cli_fail(cli, &e);
	r = files_pin(files, path, running, true, &e);
	if (r < 0 && !e.code) {
		diag_print(&files->diag, stderr, cli_colour(stderr));
		return CLI_INVALID;
	}
	if (r == 0 && !cli_flag(cli, "dry-run"))
		r = kube_call(k, "pins", json_pack("{s:O}", "pins", files->pins), NULL, &e);
	return r < 0 ? cli_fail(cli, &e) : CLI_OK;
}

int cmd_apply(const struct cli *cli)
{
	_cleanup_files_ struct files files = { 0 };
	_cleanup_diag_ struct diag d = { 0 };
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	struct kube_apply apply = { .cli = cli, .k = &k, .manifests = &files.manifests, .diag = &d,
				    .ns = cli_value(cli, "namespace"), .dry_run = cli_flag(cli, "dry-run") };
	struct error e = { 0 };
	int code = files_read(cli, &files);

	if (code != CLI_OK)
		return code;
	if (kube_open(cli_value(cli, "lab"), 0, &k, &e) < 0)
		return cli_fail(cli, &e);
	code = files_send_pins(cli, &files, &k, cli_value(cli, "pin") ? cli_value(cli, "pin") : getenv("NETEMU_PIN"));
	if (code != CLI_OK)
		return code;
	for (size_t i = 0; i < files.diag.n_files; i++)
		(void)diag_add_file(&d, files.diag.files[i].path, files.diag.files[i].text, files.diag.files[i].len);
	return kube_apply(&apply);
}
