// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_validate.c - netemu validate: are these files right
 */
#include "files.h"

int cmd_validate(const struct cli *cli)
{
	_cleanup_files_ struct files files = { 0 };
	int code = files_load_cli(cli, &files);

	if (code != CLI_OK)
		return code;
	for (size_t i = 0; i < files.n; i++) {
		const struct lab *lab = files.labs[i];

		(void)printf("%s: ok: %s '%s', %zu node%s, %zu link%s\n", files.diag.files[lab->file].path,
			     lab->type == LAB_CLUSTER ? "cluster" : "topology", lab->name, lab->n_nodes,
			     lab->n_nodes == 1 ? "" : "s", lab->n_links, lab->n_links == 1 ? "" : "s");
	}
	for (size_t i = 0; i < files.manifest_files.n; i++)
		(void)printf("%s: ok: manifests\n", files.manifest_files.v[i]);
	return CLI_OK;
}
