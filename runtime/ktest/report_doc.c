// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report_doc.c - JUnit's XML and our JSON
 */
#include <jansson.h>
#include <string.h>
#include <time.h>

#include "ktest/report_internal.h"
#include "topology/source.h"

/* ---- XML ---- */

/* What XML 1.0 cannot have at all becomes U+FFFD. */
static void put_xml(struct strbuf *out, const char *text)
{
	static const struct {
		char c;
		const char *entity;
	} entities[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\n', "&#10;" } };

	for (size_t left = strlen(text), n; left; text += n, left -= n) {
		const char *entity = NULL;
		uint32_t ch = 0;

		n = utf8_decode(text, left, &ch);
		for (size_t i = 0; i < ARRAY_SIZE(entities); i++)
			if (*text == entities[i].c)
				entity = entities[i].entity;
		if (n == 0 || (ch < ' ' && ch != '\n' && ch != '\t'))
			entity = "\xef\xbf\xbd";
		n = MAX_OF(n, (size_t)1);
		if (entity)
			strbuf_puts(out, entity);
		else
			strbuf_add(out, text, n);
	}
}

static void put_attr(struct strbuf *out, const char *name, const char *value)
{
	strbuf_printf(out, " %s=\"", name);
	put_xml(out, value);
	strbuf_putc(out, '"');
}

static void put_seconds(struct strbuf *out, unsigned ms)
{
	strbuf_printf(out, " time=\"%u.%03u\"", ms / 1000, ms % 1000);
}

static void put_outcome(struct strbuf *out, enum test_result result, const char *why)
{
	static const char *const tags[] = { NULL, "failure", "skipped", "skipped" };
	_cleanup_strbuf_ struct strbuf first = { 0 };

	static_assert(ARRAY_SIZE(tags) == _RESULT_MAX, "one a result");
	if (!tags[result]) {
		strbuf_puts(out, "/>\n");
		return;
	}
	strbuf_add(&first, why, strcspn(why, "\n"));
	strbuf_printf(out, ">\n      <%s", tags[result]);
	put_attr(out, "message", strbuf_str(&first));
	strbuf_puts(out, ">");
	put_xml(out, why);
	strbuf_printf(out, "</%s>\n    </testcase>\n", tags[result]);
}

static void junit_point(struct strbuf *out, const char *class, const char *name, enum test_result result, unsigned ms, const char *why)
{
	strbuf_puts(out, "    <testcase");
	put_attr(out, "classname", class);
	put_attr(out, "name", name);
	put_seconds(out, ms);
	put_outcome(out, result, why);
}

static void junit_suite(struct strbuf *out, const struct report_head *head, const struct case_report *c)
{
	const struct attempt *a = case_last(c);
	const bool all = attempt_unexplained(a);
	const size_t n = a->n_points + all;
	size_t failures = all && a->result == RESULT_FAIL, skipped = all && a->result == RESULT_SKIP;

	for (size_t i = 0; i < a->n_points; i++) {
		failures += a->points[i].result == RESULT_FAIL;
		skipped += a->points[i].result == RESULT_SKIP || a->points[i].result == RESULT_XFAIL;
	}
	strbuf_puts(out, "  <testsuite");
	put_attr(out, "name", c->name);
	put_attr(out, "file", c->file);
	strbuf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\"", n, failures, skipped);
	put_seconds(out, a->ms);
	strbuf_puts(out, ">\n    <properties>\n      <property name=\"kernel\"");
	put_attr(out, "value", c->kernel ? c->kernel : head->kernel);
	strbuf_puts(out, "/>\n      <property name=\"frr\"");
	put_attr(out, "value", head->frr);
	strbuf_printf(out, "/>\n      <property name=\"attempts\" value=\"%zu\"/>\n    </properties>\n", c->n_attempts);
	for (size_t i = 0; i < a->n_points; i++)
		junit_point(out, c->name, a->points[i].name, a->points[i].result, a->points[i].ms, a->points[i].why);
	if (all)
		junit_point(out, c->name, "all", a->result, a->ms, a->reason);
	strbuf_puts(out, "  </testsuite>\n");
}

void report_junit(const struct report_head *head, const struct case_report *cases, size_t n, struct strbuf *out)
{
	strbuf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"netemu\">\n");
	for (size_t i = 0; i < n; i++)
		junit_suite(out, head, &cases[i]);
	strbuf_puts(out, "</testsuites>\n");
}

/* ---- JSON ---- */

static const char *const result_names[] = { "pass", "fail", "xfail", "skip" };
static_assert(ARRAY_SIZE(result_names) == _RESULT_MAX, "one a result");

/* jansson takes UTF-8 only; what is none (of a daemon's log) is left out. */
static json_t *text_json(const char *text)
{
	json_t *v = json_string(text ? text : "");

	return v ? v : json_string("(not UTF-8)");
}

static json_t *attempt_json(const struct attempt *a)
{
	json_t *points = json_array();
	json_t *v = json_pack("{s:s, s:o, s:i, s:i, s:i}", "result", result_names[a->result], "reason", text_json(a->reason), "ms", (int)a->ms,
			      "setup_ms", (int)a->setup_ms, "teardown_ms", (int)a->teardown_ms);

	for (size_t i = 0; i < a->n_points; i++)
		(void)json_array_append_new(points, json_pack("{s:o, s:s, s:i, s:o}", "name", text_json(a->points[i].name), "result",
							       result_names[a->points[i].result], "ms", (int)a->points[i].ms, "why",
							       text_json(a->points[i].why)));
	(void)json_object_set_new(v, "points", points);
	if (a->artefacts)
		(void)json_object_set_new(v, "artefacts", text_json(a->artefacts));
	return v;
}

void report_json(const struct report_head *head, const struct case_report *cases, size_t n, struct strbuf *out)
{
	json_t *list = json_array(), *all;
	char *text;

	for (size_t i = 0; i < n; i++) {
		json_t *attempts = json_array();

		for (size_t k = 0; k < cases[i].n_attempts; k++)
			(void)json_array_append_new(attempts, attempt_json(&cases[i].attempts[k]));
		(void)json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:s, s:b, s:o}", "name", text_json(cases[i].name), "file",
							     text_json(cases[i].file), "kernel",
							     text_json(cases[i].kernel ? cases[i].kernel : head->kernel), "result",
							     result_names[case_result(&cases[i])], "flaky", case_flaky(&cases[i]), "attempts",
							     attempts));
	}
	all = json_pack("{s:o, s:o, s:o, s:I, s:I, s:o}", "netemu", text_json(head->version), "kernel", text_json(head->kernel), "frr",
			text_json(head->frr), "seed", (json_int_t)head->seed, "started", (json_int_t)head->started, "tests", list);
	text = json_dumps(all, JSON_INDENT(2));
	strbuf_puts(out, text ? text : "{}");
	strbuf_putc(out, '\n');
	free(text);
	json_decref(all);
}
