/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - results of tests, and the formats that machines read
 *
 *   ktap   KTAP 1, each test a nested one (Documentation/dev-tools/ktap.rst)
 *   tap13  TAP 13, flat, "TEST: STEP": what NIPA's parser and kselftest's runner read
 *   junit  XML, one <testsuite> a test
 *   json   everything
 *
 * Owns: the model and its text. Nothing here is read from a kernel or a lab, and diagnostics never hold a kernel's log
 * (NIPA would take it for a crash of its own). Pure.
 */
#ifndef NETEMU_KTEST_REPORT_H
#define NETEMU_KTEST_REPORT_H

#include "base/arena.h"
#include "base/strbuf.h"

enum test_result { RESULT_PASS, RESULT_FAIL, RESULT_XFAIL, RESULT_SKIP, _RESULT_MAX };

struct point {
	const char *name;
	enum test_result result;
	unsigned ms;
	const char *why; /* lines, or "" */
};

struct attempt {
	struct point *points;
	size_t n_points, planned;
	enum test_result result;
	const char *reason; /* of a skip, or of what failed before the first step */
	unsigned ms, setup_ms, teardown_ms;
	const char *artefacts; /* where what failed has left its files, or NULL */
};

struct case_report {
	const char *name, *file, *kernel; /* kernel: of the machine that it ran on */
	struct attempt *attempts; /* the last one counts */
	size_t n_attempts;
};

/* What all of them have in common. */
struct report_head {
	const char *kernel, *frr, *version; /* "", when it is not known */
	uint32_t seed;
	int64_t started; /* seconds since the epoch */
};

enum report_format { FORMAT_KTAP, FORMAT_TAP13, FORMAT_JUNIT, FORMAT_JSON, _FORMAT_MAX };

/** report_format() - by name ("tap" is tap13). Return: it, or -1. */
int report_format(const char *name);

/** report_begin() - what comes before the first case; @planned: how many there are */
void report_begin(enum report_format f, size_t planned, struct strbuf *out);
/** report_case() - one that has ended, the @number-th (from 1). Nothing for junit and json, which come as a whole. */
void report_case(enum report_format f, const struct case_report *c, size_t number, struct strbuf *out);
/** report_end() - what comes after the last, or for junit and json: all */
void report_end(enum report_format f, const struct report_head *head, const struct case_report *cases, size_t n, struct strbuf *out);

/** case_result() - a flaky one passes, and says so in a comment */
enum test_result case_result(const struct case_report *c);
/** case_flaky() - whether it has failed first and then passed */
bool case_flaky(const struct case_report *c);

/**
 * report_status() - exit status of all: 1 one has failed; 4 all were skipped; 2 what failed was expected to; 0
 * @bisect: as git bisect run wants it: 125 in place of 4, 0 in place of 2
 */
int report_status(const struct case_report *cases, size_t n, bool bisect);

#endif
