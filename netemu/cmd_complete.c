// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_complete.c - netemu __complete: names of nodes and labs for the shell's completion
 *
 * Whatever goes wrong, it prints less and succeeds: a person is in the middle of typing.
 */
#include <string.h>

#include "engine/state.h"
#include "verbs.h"

static void nodes_print(const char *lab)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;

	if (state_load(lab, &st, NULL) < 0)
		return;
	for (size_t i = 0; i < st->n_nodes; i++) {
		const struct node_state *n = &st->nodes[i];

		(void)puts(n->name);
		if (strcmp(n->name, n->longname) != 0)
			(void)puts(n->longname);
	}
}

int cmd_complete(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strv labs = { 0 };

	if (state_names(&a, &labs, NULL) < 0)
		return CLI_OK;
	for (size_t i = 0; i < labs.n; i++) {
		if (strcmp(cli_args(cli)->v[0], "nodes") == 0)
			nodes_print(labs.v[i]);
		else
			(void)puts(labs.v[i]);
	}
	return CLI_OK;
}
