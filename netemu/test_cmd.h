/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_cmd.h - what cmd_test.c, test_files.c and test_jobs.c share: the tests of one command line
 */
#ifndef NETEMU_TEST_CMD_H
#define NETEMU_TEST_CMD_H

#include "cli.h"
#include "files.h"
#include "ktest/report.h"
#include "ktest/spec.h"

struct test_file {
	const char *path;
	char *text;
	struct test *test; /* NULL: it could not be understood */
	const char *skip;  /* why it cannot run here, or NULL */
};

struct test_set {
	struct arena arena;
	struct diag diag;
	struct test_file *files;
	size_t n;
};

/**
 * testset_load() - the tests that files and directories hold
 * @filter: a regular expression, of their names; or NULL
 *
 * In a directory, and those below it, tests are told by their content. All mistakes are shown on stderr.
 *
 * Return: CLI_OK, or CLI_USAGE when there is a mistake, or nothing to run.
 */
int testset_load(const struct cli *cli, const struct strv *paths, const char *filter, struct test_set *ret);
void testset_done(struct test_set *set);

/** testset_requirements() - say in `skip` what this machine lacks for each test */
void testset_requirements(struct test_set *set);

/** testset_head() - what the report says of this machine */
struct report_head testset_head(struct test_set *set);

struct test_jobs {
	const struct cli *cli;
	struct test_set *set;
	struct case_report *cases; /* n_files * repeat */
	size_t n_cases;
	unsigned repeat, retry, jobs;
	bool until_fail, keep_going, keep, pause;
	const char *shell;
	uint32_t seed;
	enum report_format format;
	const char *dir; /* what the artefacts go to */
	FILE *out;
	int interrupted; /* the signal, or 0 */
	bool cannot_tell; /* a kernel has not booted: nothing is known of it */
	size_t shown;	 /* cases that have been written */
};

/** testjobs_run() - all of them, and each result as it comes, in the order of the files */
void testjobs_run(struct test_jobs *j);

/** testvm_run() - each test on each of @kernels (vm/vmkernel.h says what they may be), in virtual machines. Return: CLI_OK, or what went wrong. */
int testvm_run(struct test_jobs *j, const struct strv *kernels);

#endif
