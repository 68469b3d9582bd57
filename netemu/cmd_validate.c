// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_validate.c - netemu validate: are these files right
 */
#include <string.h>

#include "files.h"
#include "images.h"

/* What a file of manifests holds. */
static void print_manifests(const struct files *f, const char *path)
{
	const char *shown = strcmp(path, "-") == 0 ? "<stdin>" : path;
	bool values = false;
	size_t n = 0;

	for (size_t i = 0; i < f->manifests.n; i++) {
		const struct manifest *m = &f->manifests.items[i];

		if (strcmp(f->diag.files[m->pos.file].path, shown) != 0)
			continue;
		values |= m->type == MANIFEST_VALUES;
		n += m->type == MANIFEST_OBJECT;
	}
	(void)printf("%s: ok: %s", path, values ? "Cilium's values" : "");
	if (n || !values)
		(void)printf("%s%zu object%s", values ? ", " : "", n, n == 1 ? "" : "s");
	(void)putchar('\n');
}

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
	if (images_imported(files.labs, files.n))
		images_show(files.labs, files.n, stdout);
	for (size_t i = 0; i < files.manifest_files.n; i++)
		print_manifests(&files, files.manifest_files.v[i]);
	return CLI_OK;
}
