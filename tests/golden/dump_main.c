// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dump_main.c - load one file and show what it was understood to be: the tool behind tests/golden/run.sh
 *
 *     dump [--check-files] [--name N] [--filter NODE] [--map-kind K=V] [--env K=V] [--quiet] [--strict] [--pin FILE]
 *          [--plan [--taken PREFIX=DEV] [--bridge NAME] [--host-link NAME] [--missing KIND]] FILE
 *
 * The model goes to stdout, diagnostics to stderr; the exit status is 1 when there is an error among them. With
 * --plan, the operations go to stdout instead, and so do the mistakes that show only then; --taken,
 * --bridge, --host-link and --missing say what the machine has and lacks, and are ignored without --plan.
 */
#include <getopt.h>
#include <string.h>

#include "cluster/pins.h"
#include "plan/plan.h"
#include "topology/dump.h"
#include "topology/load.h"

enum { OPT_CHECK = 1, OPT_NAME, OPT_FILTER, OPT_MAP_KIND, OPT_ENV, OPT_QUIET, OPT_PLAN, OPT_TAKEN, OPT_BRIDGE, OPT_HOST_LINK, OPT_MISSING, OPT_PIN, OPT_STRICT,
       OPT_CPUS };

static const struct option options[] = {
	{ "check-files", no_argument, NULL, OPT_CHECK },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "filter", required_argument, NULL, OPT_FILTER },
	{ "map-kind", required_argument, NULL, OPT_MAP_KIND },
	{ "env", required_argument, NULL, OPT_ENV },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "plan", no_argument, NULL, OPT_PLAN },
	{ "taken", required_argument, NULL, OPT_TAKEN },
	{ "bridge", required_argument, NULL, OPT_BRIDGE },
	{ "host-link", required_argument, NULL, OPT_HOST_LINK },
	{ "missing", required_argument, NULL, OPT_MISSING },
	{ "pin", required_argument, NULL, OPT_PIN },
	{ "strict", no_argument, NULL, OPT_STRICT },
	{ "cpus", required_argument, NULL, OPT_CPUS },
	{ 0 },
};

struct args {
	struct arena arena;
	struct strv filter, map_kinds, env;
	struct load_options opt;
	struct strv bridges, host_links, missing;
	struct plan_taken *taken;
	size_t n_taken;
	const char *pin;
	uint32_t n_cpus;
	bool quiet, plan;
};

static int taken_add(struct args *a, const char *arg)
{
	char *text = arena_strdup(&a->arena, arg);
	char *dev = strchr(text, '=');
	struct plan_taken t = { 0 };

	if (!dev)
		return -EINVAL;
	*dev++ = '\0';
	t.dev = t.holder = dev;
	if (inprefix_parse(text, &t.prefix) < 0)
		return -EINVAL;
	*ARENA_PUSH(&a->arena, a->taken, a->n_taken) = t;
	return 0;
}

static int parse_args(int argc, char **argv, struct args *a)
{
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case OPT_CHECK:
			a->opt.check_files = true;
			break;
		case OPT_STRICT:
			a->opt.strict = true;
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
		case OPT_PLAN:
			a->plan = true;
			break;
		case OPT_TAKEN:
			if (taken_add(a, optarg) < 0)
				return -EINVAL;
			break;
		case OPT_BRIDGE:
			strv_add(&a->arena, &a->bridges, optarg);
			break;
		case OPT_HOST_LINK:
			strv_add(&a->arena, &a->host_links, optarg);
			break;
		case OPT_MISSING:
			strv_add(&a->arena, &a->missing, optarg);
			break;
		case OPT_CPUS:
			a->n_cpus = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case OPT_PIN:
			a->pin = optarg;
			break;
		default:
			return -EINVAL;
		}
	}
	return optind == argc - 1 ? 0 : -EINVAL;
}

static void show_plan(const struct args *a, const struct lab *lab, const struct diag *files)
{
	const struct plan_env env = { .taken = a->taken, .n_taken = a->n_taken,
				      .bridges = (const char *const *)a->bridges.v, .n_bridges = a->bridges.n,
				      .host_links = (const char *const *)a->host_links.v, .n_host_links = a->host_links.n,
				      .missing = (const char *const *)a->missing.v, .n_missing = a->missing.n,
				      .n_cpus = a->n_cpus };
	_cleanup_(plan_freep) struct plan *p = NULL;
	_cleanup_diag_ struct diag d = { 0 };

	for (size_t i = 0; i < files->n_files; i++)
		(void)diag_add_file(&d, files->files[i].path, files->files[i].text, files->files[i].len);
	p = plan_build(lab, &env, &d);
	if (p && p->notice)
		(void)printf("# %s\n", p->notice);
	if (p)
		plan_print(p, stdout);
	diag_print(&d, stdout, false);
}

/* The text of the pins is in @ret_text as long as @d is in use. */
static void apply_pins(const char *path, struct lab *lab, struct diag *d, char **ret_text)
{
	struct error e = { 0 };
	json_t *pins;
	size_t len;

	if (file_read(path, ret_text, &len, &e) < 0) {
		diag_error(d, (struct pos){ 0 }, NULL, "%s", e.msg);
		return;
	}
	pins = pins_load(d, path, *ret_text, len, lab, false);
	if (pins)
		pins_apply(lab, pins);
	json_decref(pins);
}

static int load(const struct args *a, const char *path)
{
	_cleanup_(lab_freep) struct lab *lab = NULL;
	_cleanup_diag_ struct diag d = { 0 };
	_cleanup_free_ char *text = NULL, *pins = NULL;
	struct error e = { 0 };
	size_t len;

	if (file_read(path, &text, &len, &e) < 0) {
		(void)fprintf(stderr, "%s\n", e.msg);
		return 2;
	}
	lab = lab_load(&d, path, text, len, &a->opt);
	if (lab && !d.n_errors && a->pin)
		apply_pins(a->pin, lab, &d, &pins);
	if (lab && !d.n_errors && a->plan)
		show_plan(a, lab, &d);
	else if (lab && !d.n_errors && !a->quiet)
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
