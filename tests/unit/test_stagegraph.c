// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_stagegraph.c - which waits of nodes for each other are refused
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "topology/load.h"

/* "a:create>b:exit ...": a waits in its stage create for b's stage exit. */
static void file_make(struct strbuf *s, const char *nodes, const char *waits)
{
	char *save = NULL;

	strbuf_puts(s, "name: x\ntopology:\n  defaults: {kind: linux, image: alpine}\n  nodes:\n");
	for (const char *n = nodes; *n; n++) {
		strbuf_printf(s, "    %c:\n      stages:\n", *n);
		for (const char *const *st = stage_names; st < stage_names + _STAGE_MAX; st++) {
			_cleanup_free_ char *list = strdup(waits);

			strbuf_printf(s, "        %s:\n          wait-for: [", *st);
			for (char *w = strtok_r(list, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
				char *to = strchr(w, '>');

				if (w[0] == *n && strlen(*st) == (size_t)(to - w - 2) && strncmp(w + 2, *st, (size_t)(to - w - 2)) == 0)
					strbuf_printf(s, "{node: %c, stage: %s}, ", to[1], to + 3);
			}
			strbuf_puts(s, "]\n");
		}
	}
}

static const char *first_error(const struct diag *d)
{
	for (size_t i = 0; i < d->n_entries; i++)
		if (d->entries[i].level == DIAG_ERROR)
			return d->entries[i].msg;
	return "";
}

#define CIRCLE "nodes wait for each other in a circle: "

/* A thousand nodes in a row, each with all its stages: no circle, and no time to speak of. */
static void test_chain(void **state)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };
	_cleanup_diag_ struct diag d = { 0 };
	struct load_options opt = { 0 };
	struct lab *lab;

	(void)state;
	strbuf_puts(&s, "name: x\ntopology:\n  defaults: {kind: linux, image: alpine}\n  nodes:\n    n0: {}\n");
	for (int i = 1; i < 1000; i++)
		strbuf_printf(&s, "    n%d: {stages: {create: {wait-for: [{node: n%d, stage: configure}]}}}\n", i, i - 1);
	lab = lab_load(&d, "t.clab.yml", strbuf_str(&s), s.len, &opt);
	assert_non_null(lab);
	assert_int_equal(d.n_errors, 0);
	assert_int_equal(lab->nodes[999].stages->stage[STAGE_CREATE].waits[0].node, 998);
	lab_free(lab);
}

static void test_circles(void **state)
{
	static const struct {
		const char *waits, *want;
	} cases[] = {
		{ "", "" },
		{ "a:create>b:create b:create>c:create c:create>d:exit", "" },
		{ "a:create>b:create b:create-links>a:create", "" }, /* two nodes may wait for each other's earlier stages */
		{ "a:exit>b:exit b:exit>c:healthy c:healthy>a:healthy", "" },
		{ "a:configure>b:configure a:configure>c:configure b:create>c:exit", "" },
		{ "a:create>b:create b:create>a:create", CIRCLE "a (create) waits for b (create), b (create) waits for a (create)" },
		{ "a:create-links>b:create b:create>a:exit", CIRCLE "a (create-links) waits for b (create), b (create) waits for a (exit)" },
		{ "a:configure>b:configure b:create>a:exit", CIRCLE "a (configure) waits for b (configure), b (create) waits for a (exit)" },
		/* What leads to a circle, or comes after it, is not named. */
		{ "c:create>a:create a:create>b:create b:create>a:create a:exit>d:exit",
		  CIRCLE "a (create) waits for b (create), b (create) waits for a (create)" },
		{ "a:create>b:exit b:exit>c:create c:create>d:healthy d:configure>a:configure",
		  CIRCLE "a (create) waits for b (exit), b (exit) waits for c (create), c (create) waits for d (healthy), "
			 "d (configure) waits for a (configure)" },
		{ "a:create>a:configure", "node 'a' waits for itself" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strbuf_ struct strbuf s = { 0 };
		_cleanup_diag_ struct diag d = { 0 };
		struct load_options opt = { 0 };
		struct lab *lab;

		file_make(&s, "abcd", cases[i].waits);
		lab = lab_load(&d, "t.clab.yml", strbuf_str(&s), s.len, &opt);
		assert_non_null(lab);
		if (strcmp(first_error(&d), cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].waits, first_error(&d));
		lab_free(lab);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_circles), cmocka_unit_test(test_chain) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
