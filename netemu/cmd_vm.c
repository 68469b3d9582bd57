// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_vm.c - netemu vm: a command on another kernel
 */
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/strbuf.h"
#include "cli.h"
#include "vm/vm.h"

/* One kernel; what it writes is told apart by its name when there are several. */
struct machine {
	const struct cli *cli;
	struct vm_kernel kernel;
	const char *prefix; /* "" for the only one */
	char *artefacts;
	struct strbuf line[_VM_STREAM_MAX]; /* with a prefix: what has come of a line */
};

static bool is_healthy(const struct vm_result *r)
{
	return r->end == VM_EXITED && r->fault == VM_FAULT_NONE;
}

static void lines_put(struct machine *m, enum vm_stream stream, const char *data, size_t n)
{
	FILE *f = stream == VM_STDOUT ? stdout : stderr;
	struct strbuf *line = &m->line[stream];

	for (size_t i = 0; i < n; i++) {
		strbuf_putc(line, data[i]);
		if (data[i] != '\n')
			continue;
		(void)fprintf(f, "%s: ", m->prefix);
		(void)fwrite(strbuf_str(line), 1, line->len, f);
		strbuf_reset(line);
	}
}

static void on_output(void *arg, enum vm_stream stream, const char *data, size_t n)
{
	struct machine *m = arg;
	FILE *f = stream == VM_STDOUT ? stdout : stderr;

	if (stream == VM_CONSOLE && !cli_flag(m->cli, "verbose"))
		return;
	if (*m->prefix)
		lines_put(m, stream, data, n);
	else
		(void)fwrite(data, 1, n, f);
	(void)fflush(f);
}

static void on_end(void *arg, const struct vm_result *r)
{
	struct machine *m = arg;
	const bool says_more = r->fault != VM_FAULT_NONE && r->fault != VM_FAULT_PANIC;

	for (size_t i = 0; i < ARRAY_SIZE(m->line); i++)
		if (m->line[i].len)
			lines_put(m, i, "\n", 1);
	if (!is_healthy(r))
		(void)cli_error(m->cli, "kernel %s: %s%s%s: %s", m->kernel.name, vm_end_name(r->end), says_more ? ", " : "",
				says_more ? vm_fault_name(r->fault) : "", r->words);
}

static int artefacts_make(struct machine *m, const char *dir)
{
	if (asprintf(&m->artefacts, "%s/%s", dir, m->kernel.name) < 0)
		return cli_error(m->cli, "out of memory");
	if (mkdir(m->artefacts, 0755) < 0 && errno != EEXIST)
		return cli_error(m->cli, "make %s: %s", m->artefacts, strerror(errno));
	return CLI_OK;
}

static int machine_open(struct machine *m, const struct cli *cli, const char *name, bool alone, const char *dir)
{
	struct error e = { 0 };

	m->cli = cli;
	if (vm_kernel_open(name, &m->kernel, &e) < 0) {
		(void)cli_fail(cli, &e);
		return CLI_EXEC_FAILED;
	}
	m->prefix = alone ? "" : m->kernel.name;
	return artefacts_make(m, dir) == CLI_OK ? CLI_OK : CLI_EXEC_FAILED;
}

static void machine_done(struct machine *m)
{
	vm_kernel_done(&m->kernel);
	free(m->artefacts);
	for (size_t i = 0; i < ARRAY_SIZE(m->line); i++)
		strbuf_done(&m->line[i]);
}

/* What was kept only in case of a failure. */
static void artefacts_remove(const struct machine *m)
{
	char path[PATH_MAX];

	if (!m->artefacts)
		return;
	(void)snprintf(path, sizeof(path), "%s/console.log", m->artefacts);
	(void)unlink(path);
	(void)rmdir(m->artefacts);
}

static void spec_fill(struct vm_spec *s, struct machine *m, const struct strv *env, const struct strv *shares, const char *cwd)
{
	*s = (struct vm_spec){
		.kernel = &m->kernel,
		.argv = cli_args(m->cli)->v,
		.env = env->v,
		.cwd = cwd,
		.shares = shares->n ? shares->v : NULL,
		.artefacts = m->artefacts,
		.memory_mib = cli_number(m->cli, "memory", 0),
		.cpus = cli_number(m->cli, "cpus", 0),
		.boot_limit_s = cli_number(m->cli, "boot-timeout", 0),
		.limit_s = cli_number(m->cli, "timeout", 0),
		.verbose = cli_flag(m->cli, "verbose"),
		.output = on_output,
		.ended = on_end,
		.arg = m,
	};
}

/* Relative directories are this process's. */
static int shares_resolve(const struct cli *cli, struct arena *a, struct strv *ret)
{
	const struct strv given = cli_list(cli, "share");

	for (size_t i = 0; i < given.n; i++) {
		char path[PATH_MAX];

		if (!realpath(given.v[i], path))
			return cli_error(cli, "--share %s: %s", given.v[i], strerror(errno));
		strv_add(a, ret, path);
	}
	return CLI_OK;
}

static int machines_run(const struct cli *cli, struct machine *m, size_t n, struct vm_result *results)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct vm_spec *specs = arena_alloc(&a, n * sizeof(*specs));
	const struct strv env = cli_list(cli, "env");
	struct strv shares = { 0 };
	char here[PATH_MAX] = "/", dir[PATH_MAX];
	const char *where = cli_value(cli, "workdir");
	struct error e = { 0 };

	if (!getcwd(here, sizeof(here)) || (where && !realpath(where, dir)))
		return cli_error(cli, "%s: %s", where ? where : ".", strerror(errno));
	if (shares_resolve(cli, &a, &shares) != CLI_OK)
		return CLI_FAILED;
	for (size_t i = 0; i < n; i++)
		spec_fill(&specs[i], &m[i], &env, &shares, where ? dir : here);
	return vm_run(specs, n, cli_number(cli, "jobs", 0), results, &e) < 0 ? cli_fail(cli, &e) : CLI_OK;
}

static int status_of(const struct vm_result *results, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (results[i].status)
			return results[i].status;
	return CLI_OK;
}

/* Removes the logs of those that are well, unless the user said where to; names the others'. */
static void artefacts_settle(const struct cli *cli, struct machine *m, size_t n, const struct vm_result *results, const char *dir)
{
	const bool keep = cli_flag(cli, "artefacts");

	for (size_t i = 0; !keep && i < n; i++) {
		if (results[i].total_ms == 0 || is_healthy(&results[i]))
			artefacts_remove(&m[i]);
		else
			cli_note(cli, "kernel %s: its console is in %s/console.log", m[i].kernel.name, m[i].artefacts);
	}
	if (!keep)
		(void)rmdir(dir);
}

static int artefacts_dir(const struct cli *cli, char *ret, size_t size)
{
	const char *given = cli_value(cli, "artefacts"), *tmp = getenv("TMPDIR");

	if (given) {
		(void)snprintf(ret, size, "%s", given);
		return mkdir(ret, 0755) == 0 || errno == EEXIST ? CLI_OK : cli_error(cli, "make %s: %s", ret, strerror(errno));
	}
	(void)snprintf(ret, size, "%s/netemu-vm.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	return mkdtemp(ret) ? CLI_OK : cli_error(cli, "make %s: %s", ret, strerror(errno));
}

int cmd_vm(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	const struct strv kernels = cli_list(cli, "kernel");
	struct machine *m = arena_alloc(&a, (kernels.n + 1) * sizeof(*m));
	struct vm_result *results = arena_alloc(&a, (kernels.n + 1) * sizeof(*results));
	char dir[PATH_MAX];
	int r = CLI_OK;

	if (kernels.n == 0)
		return cli_usage(cli, "--kernel is missing: which kernel to boot");
	if (artefacts_dir(cli, dir, sizeof(dir)) != CLI_OK)
		return CLI_EXEC_FAILED;
	for (size_t i = 0; r == CLI_OK && i < kernels.n; i++)
		r = machine_open(&m[i], cli, kernels.v[i], kernels.n == 1, dir);
	if (r == CLI_OK)
		r = machines_run(cli, m, kernels.n, results) == CLI_OK ? CLI_OK : CLI_EXEC_FAILED;
	artefacts_settle(cli, m, kernels.n, results, dir);
	for (size_t i = 0; i < kernels.n; i++)
		machine_done(&m[i]);
	return r == CLI_OK ? status_of(results, kernels.n) : r;
}
