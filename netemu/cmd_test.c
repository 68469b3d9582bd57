// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_test.c - netemu test: whether routing does what it should, told to whoever asks: a person, a CI, git bisect
 */
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli.h"
#include "test_cmd.h"

enum { STATUS_CANNOT_TELL = 125, STATUS_SIGNAL = 128 };

static int list(const struct test_set *set)
{
	int width = 0;

	for (size_t i = 0; i < set->n; i++)
		width = MAX_OF(width, (int)strlen(set->files[i].test->name));
	for (size_t i = 0; i < set->n; i++) {
		const struct test *t = set->files[i].test;

		(void)printf("%-*s  %s  %zu steps%s%.*s\n", width, t->name, t->path, t->n_steps, *t->description ? "  " : "",
			     (int)strcspn(t->description, "\n"), t->description);
	}
	return CLI_OK;
}

/* A case for each time that a test runs, and the names that tell them apart. */
static void make_cases(struct test_jobs *j)
{
	struct arena *a = &j->set->arena;

	j->n_cases = j->set->n * j->repeat;
	j->cases = arena_alloc(a, (j->n_cases + 1) * sizeof(*j->cases));
	for (size_t i = 0; i < j->n_cases; i++) {
		const struct test *t = j->set->files[i / j->repeat].test;

		j->cases[i].file = t->path;
		j->cases[i].name = j->repeat == 1 ? t->name : arena_printf(a, "%s (%zu of %u)", t->name, i % j->repeat + 1, j->repeat);
	}
}

static int make_dir(const struct cli *cli, struct test_jobs *j)
{
	const char *tmp = getenv("TMPDIR"), *given = cli_value(cli, "artefacts");
	char cwd[4096];
	char *dir;

	if (given && given[0] != '/' && getcwd(cwd, sizeof(cwd)))
		given = arena_printf(&j->set->arena, "%s/%s", cwd, given);
	if (given && mkdir(given, 0755) < 0 && errno != EEXIST)
		return cli_error(cli, "%s: %s", given, strerror(errno));
	dir = arena_printf(&j->set->arena, "%s/netemu-test.XXXXXX", given ? given : tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		return cli_error(cli, "%s: %s", dir, strerror(errno));
	j->dir = dir;
	return CLI_OK;
}

static int write_file(const struct cli *cli, const char *path, const struct strbuf *text)
{
	_cleanup_fclose_ FILE *f = fopen(path, "we");

	if (!f || fwrite(strbuf_str(text), 1, text->len, f) != text->len || fflush(f) != 0)
		return cli_error(cli, "%s: %s", path, strerror(errno));
	return CLI_OK;
}

/* The whole once more, for those that want a file. */
static int write_files(const struct cli *cli, const struct test_jobs *j, const struct report_head *head)
{
	static const struct {
		const char *option;
		enum report_format format;
	} files[] = { { "junit", FORMAT_JUNIT }, { "json", FORMAT_JSON } };
	int code = CLI_OK;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_strbuf_ struct strbuf text = { 0 };

		if (!cli_value(cli, files[i].option))
			continue;
		report_end(files[i].format, head, j->cases, j->shown, &text);
		if (write_file(cli, cli_value(cli, files[i].option), &text) != CLI_OK)
			code = CLI_FAILED;
	}
	return code;
}

static int finish(const struct cli *cli, struct test_jobs *j, const struct report_head *head)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	const bool bisect = cli_flag(cli, "bisect");
	int code;

	report_end(j->format, head, j->cases, j->shown, &text);
	if (j->interrupted && j->format <= FORMAT_TAP13)
		strbuf_puts(&text, "Bail out! interrupted\n");
	(void)fwrite(strbuf_str(&text), 1, text.len, j->out);
	(void)fflush(j->out);
	(void)rmdir(j->dir); /* when nothing has failed it is empty */
	code = write_files(cli, j, head);
	if (j->cannot_tell && bisect)
		return STATUS_CANNOT_TELL;
	if (j->interrupted)
		return bisect ? STATUS_CANNOT_TELL : STATUS_SIGNAL + j->interrupted;
	if (code != CLI_OK)
		return bisect ? STATUS_CANNOT_TELL : code;
	return report_status(j->cases, j->shown, bisect);
}

static void run_here(struct test_jobs *j, const struct report_head *head)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };

	testset_requirements(j->set);
	make_cases(j);
	report_begin(j->format, j->n_cases, &text);
	if (j->format <= FORMAT_TAP13)
		strbuf_printf(&text, "# netemu %s, kernel %s, FRR %s, seed %u\n", NETEMU_VERSION, head->kernel, *head->frr ? head->frr : "none",
			      j->seed);
	(void)fwrite(strbuf_str(&text), 1, text.len, j->out);
	(void)fflush(j->out);
	testjobs_run(j);
}

static int run_all(const struct cli *cli, struct test_set *set)
{
	const char *format = cli_value(cli, "format");
	struct report_head head = testset_head(set);
	struct test_jobs j = {
		.cli = cli,
		.set = set,
		.repeat = cli_number(cli, "repeat", 1),
		.retry = cli_number(cli, "retry", 0),
		.jobs = cli_number(cli, "jobs", 1),
		.until_fail = cli_flag(cli, "until-fail"),
		.keep_going = cli_flag(cli, "keep-going"),
		.keep = cli_flag(cli, "keep"),
		.pause = cli_flag(cli, "pause-on-fail"),
		.shell = cli_value(cli, "shell-on-fail"),
		.format = format ? (enum report_format)report_format(format) : FORMAT_KTAP,
		.out = stdout,
	};
	const struct strv kernels = cli_list(cli, "kernel");
	int code = CLI_OK;

	j.seed = cli_number(cli, "seed", (unsigned)time(NULL) % 100000 + 1);
	head.seed = j.seed;
	head.started = (int64_t)time(NULL);
	if (make_dir(cli, &j) != CLI_OK)
		return CLI_USAGE;
	if (kernels.n)
		code = testvm_run(&j, &kernels);
	else
		run_here(&j, &head);
	if (code != CLI_OK) {
		(void)rmdir(j.dir);
		return cli_flag(cli, "bisect") ? STATUS_CANNOT_TELL : CLI_USAGE;
	}
	return finish(cli, &j, &head);
}

int cmd_test(const struct cli *cli)
{
	struct test_set set = { 0 };
	int code = testset_load(cli, cli_args(cli), cli_value(cli, "filter"), &set);

	if (code == CLI_OK && cli_flag(cli, "list")) {
		code = list(&set);
	} else if (code == CLI_OK) {
		code = run_all(cli, &set);
	} else if (cli_flag(cli, "bisect")) {
		code = STATUS_CANNOT_TELL;
	}
	testset_done(&set);
	return code;
}
