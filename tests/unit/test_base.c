// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_base.c - arena, strbuf, strmap, strv and error
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/strmap.h"
#include "base/strv.h"

static void arena_memory_is_zeroed_and_aligned(void **state)
{
	struct arena a = { 0 };

	(void)state;
	for (size_t n = 1; n < 100000; n = n * 3 + 1) {
		unsigned char *p = arena_alloc(&a, n);

		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, n);
	}
	arena_done(&a);
	assert_null(a.head);
}

static void arena_strings(void **state)
{
	struct arena a = { 0 };
	char big[70000];

	(void)state;
	assert_null(arena_strdup(&a, NULL));
	assert_string_equal(arena_strdup(&a, ""), "");
	assert_string_equal(arena_strndup(&a, "abcdef", 3), "abc");
	assert_string_equal(arena_printf(&a, "%s-%d", "x", 42), "x-42");
	memset(big, 'b', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_string_equal(arena_printf(&a, "%s", big), big);
	arena_done(&a);
}

static void arena_push_keeps_what_is_there(void **state)
{
	struct arena a = { 0 };
	size_t *v = NULL, n = 0;

	(void)state;
	while (n < 10000) {
		size_t *slot = ARENA_PUSH(&a, v, n);

		assert_int_equal(*slot, 0);
		*slot = n;
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(v[i], i + 1);
	arena_done(&a);
}

static void strbuf_grows(void **state)
{
	struct strbuf s = { 0 };
	char *taken;

	(void)state;
	assert_string_equal(strbuf_str(&s), "");
	for (int i = 0; i < 1000; i++)
		strbuf_printf(&s, "%d,", i);
	assert_int_equal(s.len, strlen(s.buf));
	assert_memory_equal(s.buf, "0,1,2,3,", 8);
	strbuf_reset(&s);
	assert_string_equal(strbuf_str(&s), "");
	strbuf_putc(&s, 'x');
	taken = strbuf_steal(&s);
	assert_string_equal(taken, "x");
	free(taken);
	assert_null(s.buf);
	taken = strbuf_steal(&s); /* empty, but a string */
	assert_string_equal(taken, "");
	free(taken);
}

static void strbuf_json(void **state)
{
	struct strbuf s = { 0 };

	(void)state;
	strbuf_json_string(&s, NULL);
	strbuf_json_string(&s, "a\"b\\c\n\t\x01 é");
	assert_string_equal(strbuf_str(&s), "null\"a\\\"b\\\\c\\n\\t\\u0001 é\"");
	strbuf_done(&s);
}

static void strmap_first_value_stays(void **state)
{
	struct strmap m = { 0 };
	struct arena a = { 0 };

	(void)state;
	assert_int_equal(strmap_get(&m, "x"), STRMAP_NONE);
	for (size_t i = 0; i < 5000; i++)
		assert_true(strmap_put(&m, arena_printf(&a, "key%zu", i), i));
	for (size_t i = 0; i < 5000; i++) {
		const char *key = arena_printf(&a, "key%zu", i);

		assert_false(strmap_put(&m, key, 0));
		assert_int_equal(strmap_get(&m, key), i);
	}
	assert_int_equal(strmap_get(&m, "key5000"), STRMAP_NONE);
	assert_int_equal(strmap_get(&m, ""), STRMAP_NONE);
	strmap_done(&m);
	arena_done(&a);
}

static void strv_is_fit_for_execve(void **state)
{
	struct arena a = { 0 };
	struct strv v = { 0 };

	(void)state;
	assert_false(strv_contains(&v, "x"));
	for (int i = 0; i < 100; i++) {
		strv_add(&a, &v, arena_printf(&a, "%d", i));
		assert_null(v.v[v.n]);
	}
	assert_int_equal(v.n, 100);
	assert_string_equal(v.v[99], "99");
	assert_true(strv_contains(&v, "50"));
	assert_false(strv_contains(&v, "100"));
	arena_done(&a);
}

static void errors_are_wrapped_once_a_layer(void **state)
{
	struct error e = { 0 };

	(void)state;
	assert_int_equal(error_errno(&e, ENOENT, "open %s", "x"), -ENOENT);
	assert_int_equal(error_wrap(&e, "node %s", "tor0"), -ENOENT);
	assert_string_equal(e.msg, "node tor0: open x: No such file or directory");
	assert_int_equal(error_set(NULL, EINVAL, "x"), -EINVAL);
	assert_int_equal(error_wrap(NULL, "x"), -EIO);
}

static void long_errors_are_cut(void **state)
{
	struct error e = { 0 };
	char big[1000];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	(void)error_set(&e, EINVAL, "%s", big);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	(void)error_wrap(&e, "head");
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	assert_memory_equal(e.msg, "head: xxx", 9);
	(void)error_errno(&e, ENOENT, "%s", big);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_memory_is_zeroed_and_aligned),
		cmocka_unit_test(arena_strings),
		cmocka_unit_test(arena_push_keeps_what_is_there),
		cmocka_unit_test(strbuf_grows),
		cmocka_unit_test(strbuf_json),
		cmocka_unit_test(strmap_first_value_stays),
		cmocka_unit_test(strv_is_fit_for_execve),
		cmocka_unit_test(errors_are_wrapped_once_a_layer),
		cmocka_unit_test(long_errors_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
