// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_generate.c - netemu generate: a Clos fabric as a topology file
 */
#include <string.h>

#include "cli.h"
#include "topology/clos.h"

static int write_file(const struct cli *cli, const char *path, const struct strbuf *text)
{
	FILE *f = fopen(path, "we");
	bool ok = f && fwrite(strbuf_str(text), 1, text->len, f) == text->len;

	if (f)
		ok &= fclose(f) == 0;
	return ok ? CLI_OK : cli_error(cli, "%s: %s", path, strerror(errno));
}

int cmd_generate(const struct cli *cli)
{
	const struct strv tiers = cli_list(cli, "nodes"), images = cli_list(cli, "image"), licenses = cli_list(cli, "license");
	const struct clos_options opt = {
		.name = cli_value(cli, "name"),
		.tiers = &tiers,
		.kind = cli_value(cli, "kind"),
		.images = &images,
		.licenses = &licenses,
		.node_prefix = cli_value(cli, "node-prefix"),
		.group_prefix = cli_value(cli, "group-prefix"),
	};
	const char *file = cli_value(cli, "file");
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct error e = { 0 };

	if (!opt.name)
		return cli_usage(cli, "--name is missing: the lab's name");
	if (!tiers.n)
		return cli_usage(cli, "--nodes is missing: how many nodes each tier has, as in --nodes 8,4,2");
	if (clos_generate(&opt, &text, &e) < 0)
		return cli_usage(cli, "%s", e.msg);
	if (file && strcmp(file, "-") != 0)
		return write_file(cli, file, &text);
	return fputs(strbuf_str(&text), stdout) < 0 ? cli_error(cli, "standard output: %s", strerror(errno)) : CLI_OK;
}
