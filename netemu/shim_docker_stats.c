// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_docker_stats.c - docker stats: what nodes use, once or over and over
 */
#include <string.h>
#include <time.h>

#include "shim_docker.h"
#include "shim_docker_usage.h"

enum { ID_LEN = 12, NS_PER_S = 1000000000 };

/* One node that is looked at, and how much it had used the time before. */
struct watched {
	struct shim_node node;
	const char *given; /* the name that was asked for, or NULL */
};

struct stats {
	struct arena arena;
	struct watched *v;
	struct node_usage *now, *before;
	size_t n;
	int64_t at, at_before; /* nanoseconds */
};

static void stats_done(struct stats *s)
{
	for (size_t i = 0; i < s->n; i++)
		shim_node_done(&s->v[i].node);
	arena_done(&s->arena);
}
#define _cleanup_stats_ _cleanup_(stats_done)

static int64_t monotonic(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* ---- which ---- */

static bool named_find(const struct cli *cli, struct stats *s)
{
	for (size_t i = 0; i < cli_args(cli)->n; i++) {
		struct shim_node n = { 0 };

		if (!docker_find(cli_args(cli)->v[i], &n))
			return false;
		*ARENA_PUSH(&s->arena, s->v, s->n) = (struct watched){ n, cli_args(cli)->v[i] };
	}
	return true;
}

static bool all_find(const struct cli *cli, struct stats *s)
{
	struct strv labs = { 0 };
	struct error e = { 0 };

	if (state_names(&s->arena, &labs, &e) < 0) {
		(void)fprintf(stderr, "Error response from daemon: %s\n", e.msg);
		return false;
	}
	for (size_t i = 0; i < labs.n; i++) {
		_cleanup_(state_freep) struct lab_state *st = NULL;

		if (state_load(labs.v[i], &st, NULL) < 0)
			continue;
		(void)state_refresh(st, NULL);
		for (size_t k = 0; k < st->n_nodes; k++) {
			struct shim_node n = { 0 };

			if (docker_is_container(&st->nodes[k]) && (docker_is_up(&st->nodes[k]) || cli_flag(cli, "all")) &&
			    shim_node_find(st->nodes[k].longname, &n, &e) == 0)
				*ARENA_PUSH(&s->arena, s->v, s->n) = (struct watched){ n, NULL };
		}
	}
	return true;
}

static void sample(struct stats *s)
{
	struct node_usage *spare = s->before;

	s->before = s->now;
	s->at_before = s->at;
	s->now = spare ? spare : arena_alloc(&s->arena, (s->n + 1) * sizeof(*s->now));
	for (size_t i = 0; i < s->n; i++) {
		const struct node_state *n = s->v[i].node.node;
		uint64_t since;
		const bool runs = docker_is_up(n) && state_pid_starttime(n->pid, &since) == 0 && since == n->starttime;

		s->now[i] = (struct node_usage){ .lab = s->v[i].node.lab, .pid = runs ? n->pid : 0 };
	}
	usage_read(s->now, s->n);
	s->at = monotonic();
}

/* ---- how ---- */

/* As Go's units package writes sizes: 12.3kB, or 12.34KiB. */
static const char *size_text(struct arena *a, uint64_t bytes, bool binary)
{
	static const char *const decimal[] = { "B", "kB", "MB", "GB", "TB", "PB" },
				*const binaries[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	const double base = binary ? 1024 : 1000;
	double n = (double)bytes;
	size_t unit = 0;

	for (; n >= base && unit + 1 < ARRAY_SIZE(decimal); unit++)
		n /= base;
	return arena_printf(a, binary ? "%.4g%s" : "%.3g%s", n, binary ? binaries[unit] : decimal[unit]);
}

static double cpu_percent(const struct stats *s, size_t i)
{
	const double seconds = (double)(s->at - s->at_before) / NS_PER_S,
		     ticks = (double)s->now[i].cpu_ticks - (double)s->before[i].cpu_ticks;

	return seconds > 0 && ticks > 0 ? 100 * ticks / (double)sysconf(_SC_CLK_TCK) / seconds : 0;
}

static json_t *row(const struct cli *cli, struct arena *a, const struct stats *s, size_t i)
{
	const struct node_usage *u = &s->now[i];
	const char *id = shim_node_id(a, s->v[i].node.node), *shown = cli_flag(cli, "no-trunc") ? id : arena_strndup(a, id, ID_LEN);

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "Container", s->v[i].given ? s->v[i].given : shown, "ID",
			 shown, "Name", s->v[i].node.node->longname, "CPUPerc", arena_printf(a, "%.2f%%", cpu_percent(s, i)),
			 "MemUsage", arena_printf(a, "%s / %s", size_text(a, u->memory, true), size_text(a, u->memory_limit, true)),
			 "MemPerc",
			 arena_printf(a, "%.2f%%", u->memory_limit ? 100 * (double)u->memory / (double)u->memory_limit : 0.0),
			 "NetIO", arena_printf(a, "%s / %s", size_text(a, u->received, false), size_text(a, u->sent, false)),
			 "BlockIO", arena_printf(a, "%s / %s", size_text(a, u->read, false), size_text(a, u->written, false)), "PIDs",
			 arena_printf(a, "%u", u->tasks));
}

static const struct docker_column columns[] = {
	{ "CONTAINER ID", "ID", true },	     { "NAME", "Name", true },		   { "CPU %", "CPUPerc", true },
	{ "MEM USAGE / LIMIT", "MemUsage", true }, { "MEM %", "MemPerc", true },   { "NET I/O", "NetIO", true },
	{ "BLOCK I/O", "BlockIO", true },    { "PIDS", "PIDs", true },		   { "CONTAINER", "Container", false },
};

static int print(const struct cli *cli, const struct stats *s)
{
	_cleanup_arena_ struct arena a = { 0 };
	json_t *rows = json_array();
	struct error e = { 0 };
	int r;

	for (size_t i = 0; i < s->n; i++)
		(void)json_array_append_new(rows, row(cli, &a, s, i));
	r = docker_rows(cli_value(cli, "format"), false, rows, columns, ARRAY_SIZE(columns), &e);
	json_decref(rows);
	if (r < 0)
		(void)fprintf(stderr, "%s\n", e.msg);
	return r < 0 || fflush(stdout) != 0 ? CLI_FAILED : CLI_OK;
}

/* Who is looked at: those that were named stay; else whoever runs now. */
static bool look(const struct cli *cli, struct stats *s)
{
	return cli_args(cli)->n ? named_find(cli, s) : all_find(cli, s);
}

int docker_stats(const struct cli *cli)
{
	_cleanup_stats_ struct stats s = { 0 };
	const struct timespec second = { .tv_sec = 1 };
	int code = CLI_OK;

	if (!look(cli, &s))
		return CLI_FAILED;
	sample(&s);
	/* What a processor does is known after a while only. */
	do {
		(void)nanosleep(&second, NULL);
		sample(&s);
		if (!cli_flag(cli, "no-stream"))
			(void)fputs("\033[2J\033[H", stdout);
		code = print(cli, &s);
	} while (code == CLI_OK && !cli_flag(cli, "no-stream"));
	return code;
}
