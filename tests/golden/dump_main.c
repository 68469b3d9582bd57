// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dump_main.c - load one file and show what it was understood to be: the tool behind tests/golden/run.sh
 *
 *     dump [--check-files] [--name N] [--filter NODE] [--map-kind K=V] [--env K=V] [--quiet] FILE
 *
 * The model goes to stdout, diagnostics to stderr; the exit status is 1 when there is an error among them.
 */
#include <getopt.h>
#include <string.h>

#include "topology/dump.h"
#include "topology/load.h"

enum { OPT_CHECK = 1, OPT_NAME, OPT_FILTER, OPT_MAP_KIND, OPT_ENV, OPT_QUIET };

static const struct option options[] = {
	{ "check-files", no_argument, NULL, OPT_CHECK },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "filter", required_argument, NULL, OPT_FILTER },
	{ "map-kind", required_argument, NULL, OPT_MAP_KIND },
	{ "env", required_argument, NULL, OPT_ENV },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ 0 },
};

struct args {
	struct arena arena;
	struct strv filter, map_kinds, env;
	struct load_options opt;
	bool quiet;
};

static int parse_args(int argc, char **argv, struct args *a)
{
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case OPT_CHECK:
			a->opt.check_files = true;
			break;
		case OPT_NAME:
			a->opt.name = optarg;
			break;
		case OPT_FILTER:
			strv_add(&a->arena, &a->filter, optarg);
			break;
		case OPT_MAP_KIND:
			strv_add(&a->arena, &a->map_kinds, optarg);
			break;
		case OPT_ENV:
			strv_add(&a->arena, &a->env, optarg);
			break;
		case OPT_QUIET:
			a->quiet = true;
			break;
		default:
			return -EINVAL;
		}
	}
	return optind == argc - 1 ? 0 : -EINVAL;
}

static int load(const struct args *a, const char *path)
{
	_cleanup_(lab_freep) struct lab *lab = NULL;
	_cleanup_diag_ struct diag d = { 0 };
	_cleanup_free_ char *text = NULL;
	struct error e = { 0 };
	size_t len;

	if (file_read(path, &text, &len, &e) < 0) {
		(void)fprintf(stderr, "%s\n", e.msg);
		return 2;
	}
	lab = lab_load(&d, path, text, len, &a->opt);
	if (lab && !d.n_errors && !a->quiet)
		lab_dump(lab, stdout);
	diag_print(&d, stderr, false);
	return d.n_errors || !lab;
}

int main(int argc, char **argv)
{
	struct args a = { 0 };
	int r;

	if (parse_args(argc, argv, &a) < 0) {
		(void)fprintf(stderr, "usage: %s [OPTIONS] FILE\n", argv[0]);
		return 64;
	}
	a.opt.node_filter = &a.filter;
	a.opt.map_kinds = &a.map_kinds;
	a.opt.environ_ = a.env.v;
	r = load(&a, argv[optind]);
	arena_done(&a.arena);
	return r;
}
