// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * labtls.c - see labtls.h
 */
#include "engine/labtls.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "engine/labdir_internal.h"
#include "kernel/fault.h"

enum { AT_ONCE_MAX = 64 };

/* A netemu-cert that runs. */
struct job {
	pid_t pid;
	int err; /* what it says */
	const char *name;
};

struct jobs {
	struct job v[AT_ONCE_MAX];
	size_t n, max;
};

bool labtls_wanted(const struct lab *lab)
{
	for (size_t i = 0; i < lab->n_nodes; i++)
		if (lab->nodes[i].cert.issue)
			return true;
	return false;
}

/* ---- the program ---- */

static _Noreturn void job_exec(int dir, int err, const char *program, const struct strv *argv)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (fchdir(dir) == 0 && dup2(err, STDERR_FILENO) >= 0)
		(void)execv(program, argv->v);
	_exit(127);
}

static int job_start(struct jobs *jobs, int dir, const char *name, const char *program, const struct strv *argv, struct error *e)
{
	int p[2];
	pid_t pid;

	if (fault_fails("start netemu-cert") || pipe2(p, O_CLOEXEC) < 0)
		return error_errno(e, errno, "certificate of %s", name);
	pid = fork();
	if (pid == 0)
		job_exec(dir, p[1], program, argv);
	(void)close(p[1]);
	if (pid < 0) {
		(void)close(p[0]);
		return error_errno(e, errno, "start %s", program);
	}
	jobs->v[jobs->n++] = (struct job){ pid, p[0], name };
	return 0;
}

/* Waits for the oldest. The first failure is told; its last line says why. */
static void job_finish(struct jobs *jobs, int *r, struct error *e)
{
	const struct job j = jobs->v[0];
	char text[400];
	size_t n = 0;
	ssize_t got;
	int status = 0;

	while (n < sizeof(text) - 1 && ((got = read(j.err, text + n, sizeof(text) - 1 - n)) > 0 || (got < 0 && errno == EINTR)))
		n += (size_t)MAX_OF(got, (ssize_t)0);
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	(void)close(j.err);
	while (waitpid(j.pid, &status, 0) < 0 && errno == EINTR)
		;
	memmove(jobs->v, jobs->v + 1, --jobs->n * sizeof(j));
	if (*r < 0 || status == 0)
		return;
	*r = -EIO;
	(void)error_set(e, EIO, "certificate of %s: %s", j.name, *text ? text : "netemu-cert was ended");
}

/* ---- files ---- */

/* The files of @name in .tls, of which those that are not there yet will be ours. */
static void record_pair(struct arena *a, const struct lab *lab, const char *name, struct strbuf *record)
{
	const char *dir = arena_printf(a, "%s/.tls/%s", lab->lab_dir, name);
	static const char *const suffixes[] = { "pem", "key", "pem.new", "key.new" };

	labdir_record_add(record, "above", dir);
	labdir_record_add(record, "in", dir);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		const char *file = arena_printf(a, "%s.%s", name, suffixes[i]);

		if (access(arena_printf(a, "%s/%s", dir, file), F_OK) < 0)
			labdir_record_add(record, "file", file);
	}
}

static int record_all(const struct lab *lab, int statefd, struct error *e)
{
	_cleanup_strbuf_ struct strbuf record = { 0 };
	_cleanup_arena_ struct arena a = { 0 };

	labdir_record_add(&record, "above", lab->lab_dir);
	labdir_record_add(&record, "above", arena_printf(&a, "%s/.tls", lab->lab_dir));
	if (!lab->ca.cert)
		record_pair(&a, lab, "ca", &record);
	for (size_t i = 0; i < lab->n_nodes; i++)
		if (lab->nodes[i].cert.issue)
			record_pair(&a, lab, lab->nodes[i].name, &record);
	return labdir_record_write(statefd, &record, e);
}

/* Return: fd of a directory in @dir, which is made when it is not there. */
static int subdir_open(int dir, const char *name, struct error *e)
{
	const bool made = mkdirat(dir, name, LABDIR_MODE) == 0;
	const int fd = fault_fails("open a directory of certificates") ? -1 : openat(dir, name, LABDIR_FLAGS);

	if (fd < 0)
		return error_errno(e, errno, "certificates: open %s", name);
	if (made)
		labdir_give(fd);
	return fd;
}

/* ---- what is asked of the program ---- */

static void argv_common(struct arena *a, struct strv *argv, const char *name, uint32_t key_size, int64_t validity)
{
	const char *const words[] = {
		"--quiet", "--keep", "--name", name, "--organization", "containerlab", "--country", "", "--locality", "", "--ou", "",
		"--key-size", arena_printf(a, "%u", key_size), "--expiry", arena_printf(a, "%" PRId64 "s", validity),
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		strv_add(a, argv, words[i]);
}

static void argv_ca(struct arena *a, const struct lab *lab, struct strv *argv)
{
	const char *const words[] = { "netemu-cert", "ca", "create", "--cn", arena_printf(a, "%s lab CA", lab->name) };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		strv_add(a, argv, words[i]);
	argv_common(a, argv, "ca", lab->ca.key_size, lab->ca.validity);
}

/* As containerlab's: its names, its addresses on the management network, and what the file says. */
static const char *hosts_of(struct arena *a, const struct plan *p, size_t i)
{
	const struct node *n = &p->lab->nodes[i];
	const struct inprefix *addr[] = { &p->nodes[i].ipv4, &p->nodes[i].ipv6 };
	const char *list = arena_printf(a, "%s,%s,%s.%s.io", n->name, n->longname, n->name, p->lab->name);
	char buf[INPREFIX_STRLEN];

	for (size_t k = 0; k < ARRAY_SIZE(addr); k++)
		if (addr[k]->family)
			list = arena_printf(a, "%s,%s", list, inprefix_addr_str(addr[k], buf));
	for (size_t k = 0; k < n->cert.sans.n; k++)
		list = arena_printf(a, "%s,%s", list, n->cert.sans.v[k]);
	return list;
}

static void argv_node(struct arena *a, const struct plan *p, size_t i, struct strv *argv)
{
	const struct lab *lab = p->lab;
	const struct node *n = &lab->nodes[i];
	const char *const words[] = {
		"netemu-cert", "sign", "--cn", arena_printf(a, "%s.%s.io", n->name, lab->name), "--hosts", hosts_of(a, p, i),
		"--ca-cert", lab->ca.cert ? lab->ca.cert : "../ca/ca.pem", "--ca-key", lab->ca.key ? lab->ca.key : "../ca/ca.key",
	};

	for (size_t k = 0; k < ARRAY_SIZE(words); k++)
		strv_add(a, argv, words[k]);
	argv_common(a, argv, n->name, n->cert.key_size, n->cert.validity);
}

/* ---- the whole ---- */

static int ca_make(const struct lab *lab, int tls, const char *program, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int dir = subdir_open(tls, "ca", e);
	struct jobs jobs = { 0 };
	struct strv argv = { 0 };
	int r;

	if (dir < 0)
		return dir;
	argv_ca(&a, lab, &argv);
	r = job_start(&jobs, dir, "the lab's authority", program, &argv, e);
	if (r == 0)
		job_finish(&jobs, &r, e);
	return r;
}

static int node_start(struct jobs *jobs, const struct plan *p, size_t i, int tls, const char *program, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int dir = subdir_open(tls, p->lab->nodes[i].name, e);
	struct strv argv = { 0 };

	if (dir < 0)
		return dir;
	argv_node(&a, p, i, &argv);
	return job_start(jobs, dir, p->lab->nodes[i].name, program, &argv, e);
}

static int nodes_make(const struct plan *p, int tls, const char *program, struct error *e)
{
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct jobs jobs = { .max = (size_t)MIN_OF(MAX_OF(cpus, 1L), (long)AT_ONCE_MAX) };
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->lab->n_nodes; i++) {
		if (!p->lab->nodes[i].cert.issue)
			continue;
		if (jobs.n == jobs.max)
			job_finish(&jobs, &r, e);
		if (r == 0)
			r = node_start(&jobs, p, i, tls, program, e);
	}
	while (jobs.n)
		job_finish(&jobs, &r, e);
	return r;
}

int labtls_make(const struct plan *p, int statefd, const char *program, struct error *e)
{
	const struct lab *lab = p->lab;
	_cleanup_close_ int dir = -EBADF, tls = -EBADF;
	int r = record_all(lab, statefd, e);

	if (r < 0)
		return r;
	dir = open(lab->lab_dir, LABDIR_FLAGS);
	if (dir < 0)
		return error_errno(e, errno, "certificates: open %s", lab->lab_dir);
	tls = subdir_open(dir, ".tls", e);
	if (tls < 0)
		return tls;
	if (!lab->ca.cert)
		r = ca_make(lab, tls, program, e);
	return r < 0 ? r : nodes_make(p, tls, program, e);
}
