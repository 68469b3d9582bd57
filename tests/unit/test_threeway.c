// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_threeway.c - what apply sends: additions, changes, and what only the last file had
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cluster/jsonpatch.h"
#include "cluster/jsonutil.h"
#include "cluster/threeway.h"

static json_t *parse(const char *text)
{
	json_error_t je;
	json_t *j = json_loads(text, JSON_DECODE_ANY, &je);

	if (!j)
		fail_msg("%s: %s", text, je.text);
	return j;
}

/* @result: what the patch makes of @current; NULL: not looked at */
static void patch_is(const char *kind, const char *original, const char *modified, const char *current, const char *want,
		     const char *result)
{
	_cleanup_json_ json_t *o = original ? parse(original) : NULL, *m = parse(modified), *c = parse(current), *w = parse(want);
	_cleanup_json_ json_t *got = kube_three_way(kind ? schema_fields(kind) : NULL, o, m, c), *made = NULL, *wanted = NULL;
	_cleanup_free_ char *text = json_dumps(got, JSON_COMPACT);
	struct error e = { 0 };

	if (!json_equal(got, w))
		fail_msg("want %s, got %s", want, text);
	if (!result)
		return;
	if (!kind)
		made = json_merge_patch(c, got);
	else if (json_strategic_patch(kind, c, got, &made, &e) < 0)
		fail_msg("%s: %s", text, e.msg);
	wanted = parse(result);
	if (!json_equal(made, wanted)) {
		_cleanup_free_ char *is = json_dumps(made, JSON_COMPACT);

		fail_msg("want %s, got %s", result, is);
	}
}

static void test_merge(void **state)
{
	(void)state;
	/* nothing to do: what the server filled in is nobody's business */
	patch_is(NULL, "{\"a\":1}", "{\"a\":1}", "{\"a\":1,\"b\":2}", "{}", "{\"a\":1,\"b\":2}");
	patch_is(NULL, NULL, "{\"a\":{\"x\":[1]}}", "{\"a\":{\"x\":[1],\"y\":2}}", "{}", NULL);
	/* changed, added, and gone from the file */
	patch_is(NULL, "{\"a\":1,\"g\":1}", "{\"a\":2,\"n\":{\"x\":1}}", "{\"a\":1,\"g\":1,\"s\":9}", "{\"a\":2,\"n\":{\"x\":1},\"g\":null}",
		 "{\"a\":2,\"n\":{\"x\":1},\"s\":9}");
	/* lists are replaced; what somebody else has deleted already is no deletion */
	patch_is(NULL, "{\"l\":[1,2],\"g\":1}", "{\"l\":[2]}", "{\"l\":[1,2]}", "{\"l\":[2]}", "{\"l\":[2]}");
	/* null in a file says nothing */
	patch_is(NULL, NULL, "{\"metadata\":{\"creationTimestamp\":null}}", "{\"metadata\":{\"creationTimestamp\":\"x\"}}", "{}", NULL);
}

#define POD(containers) "{\"spec\":{\"containers\":[" containers "]}}"

static void test_strategic(void **state)
{
	(void)state;
	/* defaults that the server put into list items stay */
	patch_is("Pod", NULL, POD("{\"name\":\"a\",\"image\":\"i\"}"), POD("{\"name\":\"a\",\"image\":\"i\",\"imagePullPolicy\":\"Always\"}"), "{}",
		 NULL);
	patch_is("Pod", POD("{\"name\":\"a\",\"image\":\"i\"}"), POD("{\"name\":\"a\",\"image\":\"j\"}"),
		 POD("{\"name\":\"a\",\"image\":\"i\",\"tty\":true}"), POD("{\"name\":\"a\",\"image\":\"j\"}"),
		 POD("{\"name\":\"a\",\"image\":\"j\",\"tty\":true}"));
	/* an item that left the file leaves the object, one of somebody else stays */
	patch_is("Pod", POD("{\"name\":\"a\"},{\"name\":\"b\"}"), POD("{\"name\":\"a\"}"), POD("{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"}"),
		 POD("{\"$patch\":\"delete\",\"name\":\"b\"}"), POD("{\"name\":\"a\"},{\"name\":\"c\"}"));
	/* an atomic list inside of an item */
	patch_is("Pod", NULL, POD("{\"name\":\"a\",\"args\":[\"x\"]}"), POD("{\"name\":\"a\",\"args\":[\"x\",\"y\"]}"),
		 POD("{\"name\":\"a\",\"args\":[\"x\"]}"), POD("{\"name\":\"a\",\"args\":[\"x\"]}"));
	/* labels are a map */
	patch_is("Pod", "{\"metadata\":{\"labels\":{\"a\":\"1\",\"b\":\"1\"}}}", "{\"metadata\":{\"labels\":{\"a\":\"2\"}}}",
		 "{\"metadata\":{\"labels\":{\"a\":\"1\",\"b\":\"1\",\"c\":\"1\"}}}", "{\"metadata\":{\"labels\":{\"a\":\"2\",\"b\":null}}}",
		 "{\"metadata\":{\"labels\":{\"a\":\"2\",\"c\":\"1\"}}}");
}

/* A list of words that merges. */
static void test_words(void **state)
{
	(void)state;
	patch_is("Pod", "{\"metadata\":{\"finalizers\":[\"a\",\"b\"]}}", "{\"metadata\":{\"finalizers\":[\"a\",\"n\"]}}",
		 "{\"metadata\":{\"finalizers\":[\"a\",\"b\",\"s\"]}}",
		 "{\"metadata\":{\"finalizers\":[\"n\"],\"$deleteFromPrimitiveList/finalizers\":[\"b\"]}}", NULL);
}

static void test_last_applied(void **state)
{
	_cleanup_json_ json_t *j = parse("{\"metadata\":{\"name\":\"x\",\"annotations\":{\"" KUBE_LAST_APPLIED "\":\"old\",\"b\":\"<&>\"}},\"kind\":\"Pod\"}");
	_cleanup_free_ char *text = kube_last_applied(j);

	(void)state;
	assert_string_equal(text, "{\"kind\":\"Pod\",\"metadata\":{\"annotations\":{\"b\":\"\\u003c\\u0026\\u003e\"},\"name\":\"x\"}}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_strategic),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_last_applied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
