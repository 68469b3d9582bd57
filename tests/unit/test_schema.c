// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_schema.c - scalars as yaml.v2 decodes them, suggestions, names, paths
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "topology/loader.h"
#include "topology/names.h"
#include "topology/nodekeys.h"

static void integers(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} good[] = {
		{ "0", 0 },
		{ "42", 42 },
		{ "-1", -1 },
		{ "+7", 7 },
		{ "1_000", 1000 },
		{ "0x1F", 31 },
		{ "0o17", 15 },
		{ "017", 15 },
		{ "0b101", 5 },
		{ "-0x10", -16 },
		{ "4294967296", 4294967296 },
	};
	static const char *const bad[] = {
		"",
		"-",
		"+",
		"x",
		"1x",
		"0x",
		"0b2",
		"08",
		"1.5",
		"1e3",
		" 1",
		"1 ",
		"--1",
		"+-1",
		"0x-1",
		"0o-1",
		"99999999999999999999",
	};
	int64_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(value_parse_int(good[i].text, &n), 0);
		assert_int_equal(n, good[i].value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (value_parse_int(bad[i], &n) != -EINVAL)
			fail_msg("'%s' was taken", bad[i]);
}

static void booleans(void **state)
{
	bool b = false;

	(void)state;
	assert_int_equal(value_parse_bool("yes", &b), 0);
	assert_true(b);
	assert_int_equal(value_parse_bool("Off", &b), 0);
	assert_false(b);
	assert_int_equal(value_parse_bool("tRUE", &b), -EINVAL);
	assert_int_equal(value_parse_bool("1", &b), -EINVAL);
	assert_int_equal(value_parse_bool("", &b), -EINVAL);
}

static const char *nearest(const char *word, const char *const *words, size_t n)
{
	struct suggest s = { .word = word };

	for (size_t i = 0; i < n; i++)
		suggest_try(&s, words[i]);
	return s.best ? s.best : "";
}

static void suggestions(void **state)
{
	static const char *const words[] = { "image", "exec", "env", "env-files", "mtu", "a", "tor0", "tor1" };

	(void)state;
	assert_string_equal(nearest("imgae", words, ARRAY_SIZE(words)), "image");
	assert_string_equal(nearest("envfiles", words, ARRAY_SIZE(words)), "env-files");
	assert_string_equal(nearest("exce", words, ARRAY_SIZE(words)), "exec");
	assert_string_equal(nearest("mtv", words, ARRAY_SIZE(words)), "mtu");
	assert_string_equal(nearest("tro1", words, ARRAY_SIZE(words)), "tor1");
	assert_string_equal(nearest("b", words, ARRAY_SIZE(words)), "");
	assert_string_equal(nearest("", words, ARRAY_SIZE(words)), "");
	assert_string_equal(nearest("something-else-entirely", words, ARRAY_SIZE(words)), "");
	assert_string_equal(nearest("a-word-that-is-too-long-to-be-compared-with-anything", words, ARRAY_SIZE(words)),
			    "");
}

static void names(void **state)
{
	static const char *const bad_if[] = {
		"",	"0123456789abcdef", ".",    "..", "a/b", "a b", "a:b", "all", "default", "lo", "e%d", "a\tb",
		"a\nb", "\xc3\xa9",	    "a\"b",
	};
	static const char *const good_if[] = { "eth0", "0123456789abcde", "eth1.100", "e1-1", "...", "Lo", "a_b", "@x",
					       "allx" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_if); i++)
		if (!name_check_if(bad_if[i]))
			fail_msg("'%s' was taken", bad_if[i]);
	for (size_t i = 0; i < ARRAY_SIZE(good_if); i++)
		assert_null(name_check_if(good_if[i]));
	assert_null(name_check_node("tor0.a-b_c"));
	assert_non_null(name_check_node("a|b"));
	assert_non_null(name_check_node("_a"));
	assert_non_null(name_check_node("a/b"));
	assert_non_null(name_check_node(".."));
	assert_non_null(name_check_lab("a\nb"));
	assert_null(name_check_host("a.b-c"));
	assert_non_null(name_check_host("0123456789012345678901234567890123456789012345678901234567890123x"));
}

static void sysctl_keys(void **state)
{
	static const char *const good[] = {
		"net.ipv4.ip_forward", "net/ipv4/ip_forward",	 "net.ipv4.conf.eth0/100.rp_filter",
		"kernel.shmmax",       "kernel.shm_rmid_forced", "kernel.msgmnb",
		"kernel.sem",	       "fs.mqueue.msg_max",	 "kernel.hostname",
		"kernel.domainname",
	};
	static const char *const bad[] = {
		"",
		".",
		"net",
		"net.",
		"net/",
		".net.x",
		"/net/x",
		"net..x",
		"net/../x",
		"net./x",
		"net/.x",
		"netx.y",
		"kernel.core_pattern",
		"kernel.shm/../x",
		"kernel.shm.x",
		"kernel.seme",
		"fs.file-max",
		"vm.x",
		"net.a b",
		"net.a\n",
		"net.a;b",
		"kernel/core_pattern",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (name_check_sysctl(good[i]))
			fail_msg("'%s' %s", good[i], name_check_sysctl(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!name_check_sysctl(bad[i]))
			fail_msg("'%s' was taken", bad[i]);
}

static void paths(void **state)
{
	struct arena a = { 0 };

	(void)state;
	assert_string_equal(path_clean(&a, "/lab", "x"), "/lab/x");
	assert_string_equal(path_clean(&a, "/lab", "./x//y/./z/"), "/lab/x/y/z");
	assert_string_equal(path_clean(&a, "/lab", "../x"), "/x");
	assert_string_equal(path_clean(&a, "/lab", "../../../x"), "/x");
	assert_string_equal(path_clean(&a, "/lab", "/etc/../x"), "/x");
	assert_string_equal(path_clean(&a, "/lab", ""), "/lab");
	assert_string_equal(path_clean(&a, "/", "."), "/");
	assert_string_equal(path_clean(&a, "", "/.."), "/");
	assert_string_equal(path_clean(&a, "/a", "..x/.y/..."), "/a/..x/.y/...");
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers), cmocka_unit_test(booleans),	   cmocka_unit_test(suggestions),
		cmocka_unit_test(names),    cmocka_unit_test(sysctl_keys), cmocka_unit_test(paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
