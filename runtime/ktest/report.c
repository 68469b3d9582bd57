// SPDX-License-Identifier: GPL-2.0-or-later
#include "ktest/report.h"

#include <string.h>

#include "ktest/report_internal.h"

enum { STATUS_PASS = 0, STATUS_FAIL = 1, STATUS_XFAIL = 2, STATUS_SKIP = 4, STATUS_CANNOT_TELL = 125 };

static const struct attempt nothing = { .result = RESULT_FAIL, .reason = "it has not run" };

const struct attempt *case_last(const struct case_report *c)
{
	return c->n_attempts ? &c->attempts[c->n_attempts - 1] : &nothing;
}

enum test_result case_result(const struct case_report *c)
{
	return case_last(c)->result;
}

bool attempt_unexplained(const struct attempt *a)
{
	for (size_t i = 0; i < a->n_points; i++)
		if (a->points[i].result == RESULT_FAIL)
			return false;
	return a->result == RESULT_FAIL || a->n_points == 0;
}

bool case_flaky(const struct case_report *c)
{
	for (size_t i = 0; i + 1 < c->n_attempts; i++)
		if (c->attempts[i].result == RESULT_FAIL && case_result(c) == RESULT_PASS)
			return true;
	return false;
}

int report_status(const struct case_report *cases, size_t n, bool bisect)
{
	size_t of[_RESULT_MAX] = { 0 };

	for (size_t i = 0; i < n; i++)
		of[case_result(&cases[i])]++;
	if (of[RESULT_FAIL])
		return STATUS_FAIL;
	if (of[RESULT_SKIP] == n)
		return bisect ? STATUS_CANNOT_TELL : STATUS_SKIP;
	return of[RESULT_XFAIL] && !bisect ? STATUS_XFAIL : STATUS_PASS;
}

int report_format(const char *name)
{
	static const char *const names[] = { "ktap", "tap13", "junit", "json" };

	static_assert(ARRAY_SIZE(names) == _FORMAT_MAX, "one a format");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return (int)i;
	return strcmp(name, "tap") == 0 ? FORMAT_TAP13 : -1;
}

/* ---- KTAP and TAP ---- */

/* "# a line" for each line of @text. */
static void put_comment(struct strbuf *out, const char *indent, const char *text)
{
	while (*text) {
		const size_t n = strcspn(text, "\n");

		if (n)
			strbuf_printf(out, "%s# %.*s\n", indent, (int)n, text);
		text += n + (text[n] == '\n');
	}
}

/* A reason on the line of a result ends with the line. */
static void put_reason(struct strbuf *out, const char *text)
{
	strbuf_printf(out, " %.*s", (int)strcspn(text, "\n"), text);
}

static void put_point(struct strbuf *out, const char *indent, size_t number, const char *prefix, const struct point *p)
{
	put_comment(out, indent, p->result == RESULT_FAIL || p->result == RESULT_XFAIL ? p->why : "");
	strbuf_printf(out, "%s%s %zu %s%s%s", indent, p->result == RESULT_FAIL ? "not ok" : "ok", number, prefix, *prefix ? ": " : "", p->name);
	if (p->result == RESULT_SKIP) {
		strbuf_puts(out, " # SKIP");
		put_reason(out, p->why);
	} else {
		strbuf_printf(out, " #%s time=%ums", p->result == RESULT_XFAIL ? " XFAIL" : "", p->ms);
	}
	strbuf_putc(out, '\n');
}

/* What has been said of the earlier ones. */
static void put_attempts(struct strbuf *out, const char *indent, const struct case_report *c)
{
	if (case_flaky(c))
		strbuf_printf(out, "%s# flaky: passed at attempt %zu\n", indent, c->n_attempts);
	for (size_t i = 0; i + 1 < c->n_attempts; i++) {
		if (c->attempts[i].result != RESULT_FAIL)
			continue;
		strbuf_printf(out, "%s# attempt %zu failed: %.*s\n", indent, i + 1, (int)strcspn(c->attempts[i].reason, "\n"),
			      c->attempts[i].reason);
	}
}

static void ktap_case(const struct case_report *c, size_t number, struct strbuf *out)
{
	const struct attempt *a = case_last(c);

	if (a->n_points) {
		strbuf_printf(out, "  KTAP version 1\n  # Subtest: %s\n  1..%zu\n", c->name, a->n_points);
		for (size_t i = 0; i < a->n_points; i++)
			put_point(out, "  ", i + 1, "", &a->points[i]);
		strbuf_printf(out, "  # set-up %u ms, tear-down %u ms\n", a->setup_ms, a->teardown_ms);
	}
	put_attempts(out, "", c);
	if (a->result == RESULT_FAIL && attempt_unexplained(a))
		put_comment(out, "", a->reason);
	if (a->artefacts && a->result == RESULT_FAIL)
		strbuf_printf(out, "# artefacts: %s\n", a->artefacts);
	strbuf_printf(out, "%s %zu %s", a->result == RESULT_FAIL ? "not ok" : "ok", number, c->name);
	if (a->result == RESULT_SKIP) {
		strbuf_puts(out, " # SKIP");
		put_reason(out, a->reason);
	} else {
		strbuf_printf(out, " #%s time=%ums", a->result == RESULT_XFAIL ? " XFAIL" : "", a->ms);
	}
	strbuf_putc(out, '\n');
}

/* Flat, one number after the other: *number is the last one given. */
static void tap_case(const struct case_report *c, struct strbuf *out, size_t *number)
{
	const struct attempt *a = case_last(c);
	const struct point whole = { .name = "all", .result = a->result, .ms = a->ms, .why = a->reason };

	put_attempts(out, "", c);
	for (size_t i = 0; i < a->n_points; i++)
		put_point(out, "", ++*number, c->name, &a->points[i]);
	if (attempt_unexplained(a))
		put_point(out, "", ++*number, c->name, &whole);
	if (a->artefacts && a->result == RESULT_FAIL)
		strbuf_printf(out, "# artefacts: %s\n", a->artefacts);
}

void report_begin(enum report_format f, size_t planned, struct strbuf *out)
{
	if (f == FORMAT_KTAP)
		strbuf_printf(out, "KTAP version 1\n1..%zu\n", planned);
	else if (f == FORMAT_TAP13)
		strbuf_puts(out, "TAP version 13\n");
}

void report_case(enum report_format f, const struct case_report *c, size_t number, struct strbuf *out)
{
	if (f == FORMAT_KTAP)
		ktap_case(c, number, out);
}

static void tap_all(const struct case_report *cases, size_t n, struct strbuf *out)
{
	size_t number = 0;

	for (size_t i = 0; i < n; i++)
		tap_case(&cases[i], out, &number);
	strbuf_printf(out, "1..%zu\n", number);
}

static void totals(const struct case_report *cases, size_t n, struct strbuf *out)
{
	size_t of[_RESULT_MAX] = { 0 };

	for (size_t i = 0; i < n; i++)
		of[case_result(&cases[i])]++;
	strbuf_printf(out, "# Totals: pass:%zu fail:%zu xfail:%zu skip:%zu error:0\n", of[RESULT_PASS], of[RESULT_FAIL], of[RESULT_XFAIL],
		      of[RESULT_SKIP]);
}

void report_end(enum report_format f, const struct report_head *head, const struct case_report *cases, size_t n, struct strbuf *out)
{
	switch (f) {
	case FORMAT_KTAP:
		totals(cases, n, out);
		break;
	case FORMAT_TAP13:
		tap_all(cases, n, out);
		totals(cases, n, out);
		break;
	case FORMAT_JUNIT:
		report_junit(head, cases, n, out);
		break;
	case FORMAT_JSON:
		report_json(head, cases, n, out);
		break;
	case _FORMAT_MAX:
		break;
	}
}
