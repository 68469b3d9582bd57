// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_graph.c - netemu graph: a lab as a picture or as text; the live page is a program of its own, netemu-graph
 */
#include <limits.h>
#include <string.h>

#include "files.h"
#include "graph/graph.h"
#include "launch.h"

static const char default_listen[] = "127.0.0.1:50080";

/* The first topology or cluster among the files. */
static struct graph *graph_of_files(const struct cli *cli, int *code)
{
	_cleanup_files_ struct files files = { 0 };
	_cleanup_(state_freep) struct lab_state *st = NULL;

	*code = files_load_cli(cli, &files);
	if (*code != CLI_OK)
		return NULL;
	if (files.n == 0) {
		*code = cli_error(cli, "there is no topology in what was given");
		return NULL;
	}
	return state_load(files.labs[0]->name, &st, NULL) == 0 ? graph_of_state(st) : graph_of_lab(files.labs[0]);
}

/* @ret_lab: of a running lab that was named, else NULL. */
static struct graph *graph_find(const struct cli *cli, const char **ret_lab, int *code)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;
	const struct strv *args = cli_args(cli);
	struct graph *g;

	*ret_lab = NULL;
	if (args->n == 1 && state_name_valid(args->v[0]) && access(args->v[0], F_OK) < 0) {
		struct error e = { 0 };

		if (state_load(args->v[0], &st, &e) < 0) {
			*code = cli_error(cli, "%s is neither a running lab nor a file", args->v[0]);
			return NULL;
		}
		*ret_lab = args->v[0];
		g = graph_of_state(st);
	} else {
		g = graph_of_files(cli, code);
	}
	if (g && cli_flag(cli, "node-filter")) {
		const struct strv names = cli_list(cli, "node-filter");

		graph_filter(g, &names);
	}
	return g;
}

static int print_text(const struct cli *cli, struct graph *g)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };
	json_t *j;

	if (cli_flag(cli, "json")) {
		j = graph_json(g);
		(void)json_dumpf(j, stdout, JSON_INDENT(2));
		(void)putchar('\n');
		json_decref(j);
		return CLI_OK;
	}
	if (cli_flag(cli, "dot")) {
		graph_dot(g, &s);
	} else if (cli_flag(cli, "mermaid")) {
		graph_mermaid(g, cli_value(cli, "mermaid-direction") ? cli_value(cli, "mermaid-direction") : "TB", &s);
	} else {
		graph_layout(g);
		graph_svg(g, &s);
	}
	if (s.oom)
		return cli_error(cli, "out of memory");
	(void)fputs(strbuf_str(&s), stdout);
	return CLI_OK;
}

/* The page is told the file as an absolute path: it goes on when the lab is made, or made anew. */
static int serve(const struct cli *cli, const struct graph *g, const char *lab)
{
	char self[PATH_MAX], program[PATH_MAX];
	const char *listen = cli_value(cli, "listen") ? cli_value(cli, "listen") : default_listen;
	struct error e = { 0 };
	char *json;
	json_t *j;
	char *argv[] = { (char *)"netemu-graph",
			 self,
			 (char *)(uintptr_t)listen,
			 (char *)(uintptr_t)(lab ? lab : g->name),
			 NULL,
			 NULL };

	if (launch_program_path("netemu-graph", program, sizeof(program), &e) < 0)
		return cli_fail(cli, &e);
	if (!realpath("/proc/self/exe", self))
		return cli_error(cli, "find netemu itself: %s", strerror(errno));
	j = graph_json(g);
	json = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	argv[4] = json;
	(void)execv(program, argv);
	return cli_error(cli, "start %s: %s", program, strerror(errno));
}

int cmd_graph(const struct cli *cli)
{
	_cleanup_graph_ struct graph *g = NULL;
	const char *lab;
	int code = CLI_FAILED;

	g = graph_find(cli, &lab, &code);
	if (!g)
		return code;
	if (cli_flag(cli, "json") || cli_flag(cli, "dot") || cli_flag(cli, "mermaid") || cli_flag(cli, "svg"))
		return print_text(cli, g);
	return serve(cli, g, lab);
}
