// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_help.c - netemu help
 */
#include "help.h"

int cmd_help(const struct cli *cli)
{
	const struct strv *args = cli_args(cli);
	const struct verb *verb;
	const char *near;

	if (cli_flag(cli, "man"))
		return help_man(stdout);
	if (cli_flag(cli, "completion"))
		return help_completion(stdout);
	if (cli_flag(cli, "schema"))
		return help_schema(stdout);
	if (args->n == 0)
		return help_overview(stdout);
	verb = verb_find(args->v[0]);
	if (verb)
		return help_verb(verb, stdout);
	near = verb_suggest(args->v[0]);
	if (near)
		return cli_usage(cli, "unknown verb '%s': did you mean '%s'?", args->v[0], near);
	return cli_usage(cli, "unknown verb '%s'", args->v[0]);
}
