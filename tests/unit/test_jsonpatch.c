// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_jsonpatch.c - RFC 7386's appendix and RFC 6902's, and what they leave to be thought of
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cluster/jsonpatch.h"
#include "cluster/jsonutil.h"

static json_t *parse(const char *text)
{
	json_error_t je;
	json_t *j = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &je);

	if (!j)
		fail_msg("%s: %s", text, je.text);
	return j;
}

static void is(const json_t *got, const char *want)
{
	_cleanup_json_ json_t *w = parse(want);
	_cleanup_free_ char *text = json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT);

	if (!json_equal(got, w))
		fail_msg("want %s, got %s", want, text);
}

/* RFC 7386, appendix A */
static void test_merge(void **state)
{
	static const char *const cases[][3] = {
		{ "{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
		{ "{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}" },
		{ "{\"a\":\"b\"}", "{\"a\":null}", "{}" },
		{ "{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}" },
		{ "{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
		{ "{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}" },
		{ "{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}" },
		{ "{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}" },
		{ "[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]" },
		{ "{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]" },
		{ "{\"a\":\"foo\"}", "null", "null" },
		{ "{\"a\":\"foo\"}", "\"bar\"", "\"bar\"" },
		{ "{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}" },
		{ "[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}" },
		{ "{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ json_t *target = parse(cases[i][0]);
		_cleanup_json_ json_t *patch = parse(cases[i][1]);
		_cleanup_json_ json_t *got = json_merge_patch(target, patch);

		is(got, cases[i][2]);
		is(target, cases[i][0]); /* unchanged */
	}
}

/* The result shares nothing that a change of it would show in the target. */
static void test_merge_copies(void **state)
{
	_cleanup_json_ json_t *target = parse("{\"a\":{\"b\":{\"c\":1}}}");
	_cleanup_json_ json_t *patch = parse("{\"a\":{\"b\":{\"d\":2}}}");
	_cleanup_json_ json_t *got = json_merge_patch(target, patch);

	(void)state;
	(void)json_object_set_new(json_at(got, "a", "b", NULL), "e", json_integer(3));
	is(target, "{\"a\":{\"b\":{\"c\":1}}}");
	is(patch, "{\"a\":{\"b\":{\"d\":2}}}");
	is(got, "{\"a\":{\"b\":{\"c\":1,\"d\":2,\"e\":3}}}");
}

/* RFC 6902, appendix A; @want NULL: refused with @code */
static const struct patch_case {
	const char *target, *patch, *want;
	int code;
} patch_cases[] = {
	{ "{\"foo\":\"bar\"}", "[{\"op\":\"add\",\"path\":\"/baz\",\"value\":\"qux\"}]", "{\"baz\":\"qux\",\"foo\":\"bar\"}", 0 },
	{ "{\"foo\":[\"bar\",\"baz\"]}", "[{\"op\":\"add\",\"path\":\"/foo/1\",\"value\":\"qux\"}]",
	  "{\"foo\":[\"bar\",\"qux\",\"baz\"]}", 0 },
	{ "{\"baz\":\"qux\",\"foo\":\"bar\"}", "[{\"op\":\"remove\",\"path\":\"/baz\"}]", "{\"foo\":\"bar\"}", 0 },
	{ "{\"foo\":[\"bar\",\"qux\",\"baz\"]}", "[{\"op\":\"remove\",\"path\":\"/foo/1\"}]", "{\"foo\":[\"bar\",\"baz\"]}", 0 },
	{ "{\"baz\":\"qux\",\"foo\":\"bar\"}", "[{\"op\":\"replace\",\"path\":\"/baz\",\"value\":\"boo\"}]",
	  "{\"baz\":\"boo\",\"foo\":\"bar\"}", 0 },
	{ "{\"foo\":{\"bar\":\"baz\",\"waldo\":\"fred\"},\"qux\":{\"corge\":\"grault\"}}",
	  "[{\"op\":\"move\",\"from\":\"/foo/waldo\",\"path\":\"/qux/thud\"}]",
	  "{\"foo\":{\"bar\":\"baz\"},\"qux\":{\"corge\":\"grault\",\"thud\":\"fred\"}}", 0 },
	{ "{\"foo\":[\"all\",\"grass\",\"cows\",\"eat\"]}", "[{\"op\":\"move\",\"from\":\"/foo/1\",\"path\":\"/foo/3\"}]",
	  "{\"foo\":[\"all\",\"cows\",\"eat\",\"grass\"]}", 0 },
	{ "{\"baz\":\"qux\",\"foo\":[\"a\",2,\"c\"]}",
	  "[{\"op\":\"test\",\"path\":\"/baz\",\"value\":\"qux\"},{\"op\":\"test\",\"path\":\"/foo/1\",\"value\":2}]",
	  "{\"baz\":\"qux\",\"foo\":[\"a\",2,\"c\"]}", 0 },
	{ "{\"baz\":\"qux\"}", "[{\"op\":\"test\",\"path\":\"/baz\",\"value\":\"bar\"}]", NULL, -EBADE },
	{ "{\"foo\":\"bar\"}", "[{\"op\":\"add\",\"path\":\"/child\",\"value\":{\"grandchild\":{}}}]",
	  "{\"foo\":\"bar\",\"child\":{\"grandchild\":{}}}", 0 },
	{ "{\"foo\":\"bar\"}", "[{\"op\":\"add\",\"path\":\"/baz\",\"value\":\"qux\",\"xyz\":123}]",
	  "{\"foo\":\"bar\",\"baz\":\"qux\"}", 0 },
	{ "{\"foo\":\"bar\"}", "[{\"op\":\"add\",\"path\":\"/baz/bat\",\"value\":\"qux\"}]", NULL, -ENOENT },
	{ "{\"/\":9,\"~1\":10}", "[{\"op\":\"test\",\"path\":\"/~01\",\"value\":10}]", "{\"/\":9,\"~1\":10}", 0 },
	{ "{\"/\":9,\"~1\":10}", "[{\"op\":\"test\",\"path\":\"/~01\",\"value\":\"10\"}]", NULL, -EBADE },
	{ "{\"foo\":[\"bar\"]}", "[{\"op\":\"add\",\"path\":\"/foo/-\",\"value\":[\"abc\",\"def\"]}]",
	  "{\"foo\":[\"bar\",[\"abc\",\"def\"]]}", 0 },
	/* beyond the appendix */
	{ "{\"a\":1}", "[{\"op\":\"add\",\"path\":\"\",\"value\":[1]}]", "[1]", 0 },
	{ "{\"a\":1}", "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/b\"}]", "{\"a\":1,\"b\":1}", 0 },
	{ "{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":1.0}]", "{\"a\":1}", 0 },
	{ "{\"\":{\"\":1}}", "[{\"op\":\"replace\",\"path\":\"//\",\"value\":2}]", "{\"\":{\"\":2}}", 0 },
	{ "{\"a\":[1]}", "[{\"op\":\"remove\",\"path\":\"/a/-\"}]", NULL, -ENOENT },
	{ "{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/2\",\"value\":0}]", NULL, -ENOENT },
	{ "{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/00\",\"value\":0}]", NULL, -ENOENT },
	{ "{\"a\":{}}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a/b\"}]", NULL, -EINVAL },
	{ "{}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":1}]", NULL, -ENOENT },
	{ "{}", "[{\"op\":\"remove\",\"path\":\"/a\"}]", NULL, -ENOENT },
	{ "{}", "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/b\"}]", NULL, -ENOENT },
	{ "{}", "[{\"op\":\"add\",\"path\":\"a\",\"value\":1}]", NULL, -EINVAL },
	{ "{}", "[{\"op\":\"add\",\"path\":\"/~2\",\"value\":1}]", NULL, -EINVAL },
	{ "{}", "[{\"op\":\"add\",\"path\":\"/a\"}]", NULL, -EINVAL },
	{ "{}", "[{\"op\":\"frob\",\"path\":\"/a\"}]", NULL, -EINVAL },
	{ "{}", "{\"op\":\"remove\"}", NULL, -EINVAL },
	{ "{}", "[1]", NULL, -EINVAL },
};

static void test_patch(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(patch_cases); i++) {
		const struct patch_case *c = &patch_cases[i];
		_cleanup_json_ json_t *target = parse(c->target);
		_cleanup_json_ json_t *patch = parse(c->patch);
		_cleanup_json_ json_t *got = NULL;
		struct error e = { 0 };
		int r = json_patch_apply(target, patch, &got, &e);

		if (r != c->code)
			fail_msg("%s: returned %d (%s), want %d", c->patch, r, e.msg, c->code);
		if (c->want)
			is(got, c->want);
		else
			assert_null(got);
		assert_int_equal(e.code, -c->code);
		is(target, c->target); /* unchanged, also when half of a patch was good */
	}
}

/* 40 copies of the document into itself would be a terabyte. */
static void test_copy_bomb(void **state)
{
	_cleanup_json_ json_t *target = json_pack("{s:{}}", "a"), *patch = json_array(), *got = NULL;
	struct error e = { 0 };

	(void)state;
	for (int i = 0; i < 40; i++)
		(void)json_array_append_new(patch, json_pack("{s:s,s:s,s:o}", "op", "copy", "from", "/a", "path",
							     json_sprintf("/a/x%d", i)));
	assert_int_equal(json_patch_apply(target, patch, &got, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "copies"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_merge_copies),
		cmocka_unit_test(test_patch),
		cmocka_unit_test(test_copy_bomb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
