// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_vm.c - netemu test --kernel: each test on each kernel, in a virtual machine of its own
 *
 * In the guest the same `netemu test` runs, and writes its results as JSON into a directory that is shared with it. Owns: what
 * a guest's end means for a test. What kernels say goes into files (console.log), not where results go.
 */
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/labdir.h"
#include "test_cmd.h"
#include "test_run.h"
#include "vm/vm.h"

enum { GUEST_MIB = 1024, MATRIX_NAME = 28 };

/* One test on one kernel. */
struct guest {
	struct machines *all;
	size_t at; /* in cases */
	const char *dir; /* shared; results and artefacts */
	struct strbuf line;
};

struct machines {
	struct test_jobs *j;
	struct vm_kernel *kernels;
	size_t n_kernels;
	struct guest *guests;
	bool *done;
};

static const struct vm_kernel *kernel_of(const struct machines *m, size_t at)
{
	return &m->kernels[at / m->j->repeat % m->n_kernels];
}

static const struct test_file *file_of(const struct machines *m, size_t at)
{
	return &m->j->set->files[at / m->j->repeat / m->n_kernels];
}

/* ---- what guests tell ---- */

static const char *text_of(struct arena *a, const json_t *v, const char *key)
{
	const char *text = json_string_value(json_object_get(v, key));

	return arena_strdup(a, text ? text : "");
}

static unsigned number_of(const json_t *v, const char *key)
{
	return (unsigned)MIN_OF(MAX_OF(json_integer_value(json_object_get(v, key)), (json_int_t)0), (json_int_t)INT_MAX);
}

static enum test_result result_of(const json_t *v)
{
	static const char *const names[] = { "pass", "fail", "xfail", "skip" };
	const char *name = json_string_value(json_object_get(v, "result"));

	static_assert(ARRAY_SIZE(names) == _RESULT_MAX, "one a result");
	for (size_t i = 0; name && i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], name) == 0)
			return (enum test_result)i;
	return RESULT_FAIL;
}

static void take_attempt(struct arena *a, const json_t *v, struct case_report *c)
{
	struct attempt *at = ARENA_PUSH(a, c->attempts, c->n_attempts);
	const json_t *p;
	size_t i;

	*at = (struct attempt){ .result = result_of(v), .reason = text_of(a, v, "reason"), .ms = number_of(v, "ms"),
				.setup_ms = number_of(v, "setup_ms"), .teardown_ms = number_of(v, "teardown_ms") };
	if (json_object_get(v, "artefacts"))
		at->artefacts = text_of(a, v, "artefacts");
	json_array_foreach(json_object_get(v, "points"), i, p)
		*ARENA_PUSH(a, at->points, at->n_points) = (struct point){ .name = text_of(a, p, "name"), .result = result_of(p),
									   .ms = number_of(p, "ms"), .why = text_of(a, p, "why") };
}

/* Return: whether there were results. */
static bool take_results(struct guest *g, struct case_report *c)
{
	struct arena *a = &g->all->j->set->arena;
	json_t *all = json_load_file(arena_printf(a, "%s/result.json", g->dir), 0, NULL);
	const json_t *test = json_array_get(json_object_get(all, "tests"), 0), *v;
	size_t i;

	json_array_foreach(json_object_get(test, "attempts"), i, v)
		take_attempt(a, v, c);
	if (test)
		c->kernel = text_of(a, test, "kernel");
	json_decref(all);
	return c->n_attempts > 0;
}

static void ended_badly(struct guest *g, struct case_report *c, enum test_result result, const char *reason)
{
	struct attempt *at = ARENA_PUSH(&g->all->j->set->arena, c->attempts, c->n_attempts);

	*at = (struct attempt){ .result = result, .reason = reason, .artefacts = g->dir };
}

static void show_done(struct machines *m)
{
	struct test_jobs *j = m->j;

	while (j->shown < j->n_cases && m->done[j->shown]) {
		_cleanup_strbuf_ struct strbuf text = { 0 };

		report_case(j->format, &j->cases[j->shown], j->shown + 1, &text);
		(void)fwrite(strbuf_str(&text), 1, text.len, j->out);
		(void)fflush(j->out);
		j->shown++;
	}
}

/*
 * A guest that panicked or hung has failed whatever its test had said until then. One that has not booted says nothing about
 * the test: that is red, too, but for bisecting it cannot be told.
 */
static void on_end(void *arg, const struct vm_result *r)
{
	struct guest *g = arg;
	struct test_jobs *j = g->all->j;
	struct case_report *c = &j->cases[g->at];
	const bool told = r->end == VM_EXITED && take_results(g, c);

	if (r->end == VM_NOT_BOOTED)
		j->cannot_tell = true;
	if (!told)
		ended_badly(g, c, RESULT_FAIL,
			    arena_printf(&j->set->arena, "the virtual machine has %s%s%s; its console is in console.log",
					 r->end == VM_EXITED ? "ended without results" : vm_end_name(r->end), *r->words ? ": " : "", r->words));
	(void)unlink(arena_printf(&j->set->arena, "%s/result.json", g->dir));
	if (case_result(c) != RESULT_FAIL)
		(void)labdir_clean(g->dir, NULL);
	strbuf_done(&g->line);
	g->all->done[g->at] = true;
	show_done(g->all);
}

/* Signs of life are handed on. */
static void on_output(void *arg, enum vm_stream stream, const char *data, size_t n)
{
	struct guest *g = arg;
	const struct test_jobs *j = g->all->j;

	for (size_t i = 0; i < n && stream == VM_STDOUT; i++) {
		strbuf_putc(&g->line, data[i]);
		if (data[i] != '\n')
			continue;
		if (strncmp(strbuf_str(&g->line), "# waiting: ", 11) == 0 && j->format <= FORMAT_TAP13) {
			(void)fprintf(j->out, "# waiting: %s: %s", kernel_of(g->all, g->at)->name, strbuf_str(&g->line) + 11);
			(void)fflush(j->out);
		}
		strbuf_reset(&g->line);
	}
	if (stream == VM_STDERR)
		(void)fwrite(data, 1, n, stderr);
}

/* ---- starting them ---- */

static char *const *guest_argv(struct guest *g, const char *path)
{
	struct test_jobs *j = g->all->j;
	struct arena *a = &j->set->arena;
	struct strv argv = { 0 };

	strv_add(a, &argv, "netemu");
	strv_add(a, &argv, "test");
	strv_add(a, &argv, "--json");
	strv_add(a, &argv, arena_printf(a, "%s/result.json", g->dir));
	strv_add(a, &argv, "--artefacts");
	strv_add(a, &argv, g->dir);
	strv_add(a, &argv, arena_printf(a, "--seed=%u", j->seed));
	if (j->retry)
		strv_add(a, &argv, arena_printf(a, "--retry=%u", j->retry));
	if (j->keep_going)
		strv_add(a, &argv, "--keep-going");
	strv_add(a, &argv, "--");
	strv_add(a, &argv, path);
	return argv.v;
}

static const char *absolute(struct arena *a, const char *path)
{
	char full[PATH_MAX];

	return realpath(path, full) ? arena_strdup(a, full) : path;
}

static int guest_spec(struct machines *m, size_t at, struct vm_spec *ret)
{
	/* Emulated processors need their time; and what a test waits for comes by event, so that it costs nothing. */
	static char *const slow[] = { "KSFT_MACHINE_SLOW=yes", NULL };
	struct arena *a = &m->j->set->arena;
	struct guest *g = &m->guests[at];
	char **shares = arena_alloc(a, 2 * sizeof(*shares));

	*g = (struct guest){ .all = m, .at = at, .dir = arena_printf(a, "%s/%zu-%s", m->j->dir, at + 1, kernel_of(m, at)->name) };
	if (mkdir(g->dir, 0755) < 0)
		return cli_error(m->j->cli, "%s: %s", g->dir, strerror(errno));
	shares[0] = (char *)g->dir;
	*ret = (struct vm_spec){ .kernel = kernel_of(m, at), .argv = guest_argv(g, absolute(a, file_of(m, at)->path)), .env = vm_uses_kvm() ? NULL : slow,
				 .cwd = absolute(a, "."), .shares = shares, .artefacts = g->dir, .memory_mib = GUEST_MIB,
				 .output = on_output, .ended = on_end, .arg = g };
	return CLI_OK;
}

/* A row a kernel, a column a test. */
static void matrix(const struct machines *m)
{
	static const char *const words[] = { "ok", "FAIL", "xfail", "skip" };
	const struct test_jobs *j = m->j;

	static_assert(ARRAY_SIZE(words) == _RESULT_MAX, "one a result");
	if (j->format > FORMAT_TAP13 || m->n_kernels < 2 || j->repeat > 1)
		return;
	(void)fprintf(j->out, "# %-*s", MATRIX_NAME, "kernel");
	for (size_t i = 0; i < j->set->n; i++)
		(void)fprintf(j->out, "  %s", j->set->files[i].test->name);
	for (size_t k = 0; k < m->n_kernels; k++) {
		(void)fprintf(j->out, "\n# %-*s", MATRIX_NAME, m->kernels[k].name);
		for (size_t i = 0; i < j->set->n; i++)
			(void)fprintf(j->out, "  %-*s", (int)strlen(j->set->files[i].test->name), words[case_result(&j->cases[i * m->n_kernels + k])]);
	}
	(void)fputs("\n", j->out);
}

static int run_guests(struct machines *m)
{
	struct test_jobs *j = m->j;
	struct arena *a = &j->set->arena;
	struct vm_spec *specs = arena_alloc(a, (j->n_cases + 1) * sizeof(*specs));
	struct vm_result *results = arena_alloc(a, (j->n_cases + 1) * sizeof(*results));
	struct error e = { 0 };
	int r;

	m->guests = arena_alloc(a, (j->n_cases + 1) * sizeof(*m->guests));
	m->done = arena_alloc(a, j->n_cases + 1);
	for (size_t i = 0; i < j->n_cases; i++)
		if (guest_spec(m, i, &specs[i]) != CLI_OK)
			return CLI_USAGE;
	r = vm_run(specs, j->n_cases, cli_number(j->cli, "jobs", 0), results, &e);
	if (r == -EINTR) {
		j->interrupted = SIGINT;
		for (size_t i = 0; i < j->n_cases; i++)
			(void)labdir_clean(m->guests[i].dir, NULL);
		return CLI_OK;
	}
	if (r < 0)
		return cli_fail(j->cli, &e);
	matrix(m);
	return CLI_OK;
}

static void make_cases(struct machines *m)
{
	struct test_jobs *j = m->j;
	struct arena *a = &j->set->arena;

	j->n_cases = j->set->n * m->n_kernels * j->repeat;
	j->cases = arena_alloc(a, (j->n_cases + 1) * sizeof(*j->cases));
	for (size_t i = 0; i < j->n_cases; i++) {
		const struct test *t = file_of(m, i)->test;

		j->cases[i].file = t->path;
		j->cases[i].kernel = kernel_of(m, i)->release;
		j->cases[i].name = arena_printf(a, "%s on %s", t->name, kernel_of(m, i)->name);
		if (j->repeat > 1)
			j->cases[i].name = arena_printf(a, "%s (%zu of %u)", j->cases[i].name, i % j->repeat + 1, j->repeat);
	}
}

int testvm_run(struct test_jobs *j, const struct strv *kernels)
{
	struct machines m = { .j = j };
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct error e = { 0 };
	int code = vm_can_run(&e) < 0 ? cli_fail(j->cli, &e) : CLI_OK;

	m.kernels = arena_alloc(&j->set->arena, (kernels->n + 1) * sizeof(*m.kernels));
	for (size_t i = 0; code == CLI_OK && i < kernels->n; i++) {
		m.n_kernels++;
		if (vm_kernel_open(kernels->v[i], &m.kernels[i], &e) < 0)
			code = cli_fail(j->cli, &e);
	}
	if (code == CLI_OK) {
		make_cases(&m);
		report_begin(j->format, j->n_cases, &text);
		(void)fwrite(strbuf_str(&text), 1, text.len, j->out);
		(void)fflush(j->out);
		code = run_guests(&m);
	}
	for (size_t i = 0; i < m.n_kernels; i++)
		vm_kernel_done(&m.kernels[i]);
	return code;
}
