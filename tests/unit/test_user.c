// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_user.c - `exec -u`: who a name or number is, and that nothing else becomes somebody (CVE-2026-30892)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The agent is no part of the library. */
#include "agent/user.c"

static char passwd[64], group[64];

static void file_make(char *path, size_t size, const char *name, const char *text, size_t n)
{
	FILE *f;

	(void)snprintf(path, size, "/tmp/netemu-test-%d-%s", (int)getpid(), name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	(void)fclose(f);
}

static void files(const char *p, const char *g)
{
	file_make(passwd, sizeof(passwd), "passwd", p, strlen(p));
	file_make(group, sizeof(group), "group", g, strlen(g));
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(passwd);
	(void)unlink(group);
	return 0;
}

/* Resolves @spec. Return: "uid:gid[+group...] name home", or the negative errno as text. */
static const char *who(const char *spec)
{
	static char out[1024];
	struct user_ids u;
	const int r = user_resolve_in(spec, passwd, group, &u);
	int n;

	if (r < 0) {
		(void)snprintf(out, sizeof(out), "%d", r);
		return out;
	}
	n = snprintf(out, sizeof(out), "%u:%u", u.uid, u.gid);
	for (size_t i = 0; i < u.n_groups; i++)
		n += snprintf(out + n, sizeof(out) - (size_t)n, "+%u", u.groups[i]);
	(void)snprintf(out + n, sizeof(out) - (size_t)n, " %s %s", u.name, u.home);
	return out;
}

static const char usual_passwd[] = "root:x:0:0:root:/root:/bin/bash\n"
				   "frr:x:104:105::/nonexistent:/usr/sbin/nologin\n"
				   "7777:x:12:13:a name of digits:/home/7777:/bin/sh\n"
				   "a-b_c.d$:x:500:501::/h:/bin/sh\n";
static const char usual_group[] = "root:x:0:\nfrr:x:105:\nfrrvty:x:106:frr,root\nadm:x:4:other,frr\n";

static void test_names_and_numbers(void **state)
{
	(void)state;
	files(usual_passwd, usual_group);
	assert_string_equal(who("root"), "0:0+106 root /root");
	assert_string_equal(who("frr"), "104:105+106+4 frr /nonexistent");
	assert_string_equal(who("104"), "104:105+106+4 frr /nonexistent");
	assert_string_equal(who("frr:adm"), "104:4+106+4 frr /nonexistent");
	assert_string_equal(who("frr:99"), "104:99+106+4 frr /nonexistent");
	assert_string_equal(who("a-b_c.d$"), "500:501 a-b_c.d$ /h");
	/* A name that is there wins over a number, as in docker. */
	assert_string_equal(who("7777"), "12:13 7777 /home/7777");
	assert_string_equal(who("4294967294"), "4294967294:0 4294967294 ");
}

static void test_refused(void **state)
{
	static const char *const bad[] = { "", ":", ":0", "root:", "-1", "+0", " 0", "0 ", "0x0", "0\n", "1e1", "4294967295",
					   "4294967296", "18446744073709551616", "99999999999999999999", "nobody-here", "Root",
					   "roo", "root ", "root\n", "root:x", "root:-1", "root:4294967295", "root:0:0", "*", "root,frr",
					   "root:x:0:0", "x" };

	(void)state;
	files(usual_passwd, usual_group);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct user_ids u;

		if (user_resolve_in(bad[i], passwd, group, &u) == 0)
			fail_msg("'%s' is somebody: %s", bad[i], who(bad[i]));
	}
}

static void test_odd_files(void **state)
{
	(void)state;
	files("", "");
	assert_string_equal(who("0"), "0:0 0 ");
	assert_string_equal(who("root"), "-2");
	files("root\nroot:x\nroot:x:0\nroot:x::0::/:\nroot:x:-1:0::/:\nroot:x:0x0:0::/:\nroot:x:5:6:g:/last", "");
	assert_string_equal(who("root"), "5:6 root /last"); /* the first line that parses, though it ends without \n */
	(void)unlink(passwd);
	(void)unlink(group);
	assert_string_equal(who("root"), "-2");
	assert_string_equal(who("3:4"), "3:4 3 ");
}

/* The tail of a line that does not fit is not a line. */
static void test_long_lines(void **state)
{
	enum { LONG = 3 * LINE_SIZE };
	char *text = malloc(LONG + 256);

	(void)state;
	assert_non_null(text);
	for (size_t pad = LINE_SIZE - 40; pad < LINE_SIZE + 8; pad++) {
		const int head = snprintf(text, LONG, "victim:x:7:7:");

		memset(text + head, 'g', pad);
		(void)snprintf(text + head + pad, 200, "evil:x:0:0:e:/:\nafter:x:8:9::/after:\n");
		files(text, "");
		assert_string_equal(who("evil"), "-2");
		assert_string_equal(who("after"), "8:9 after /after");
	}
	free(text);
}

static uint32_t rnd(uint32_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	*s ^= *s << 5;
	return *s;
}

/* Whatever the word: a result has an id that the word or the file says, and uid 0 only for root and zeros. */
static void test_random_words(void **state)
{
	static const char letters[] = "root0frr1234567890:-+ x\n\t.$/_\\*";
	uint32_t seed = 20261123;

	(void)state;
	files(usual_passwd, usual_group);
	for (int i = 0; i < 20000; i++) {
		char word[24];
		const size_t n = rnd(&seed) % (sizeof(word) - 1);
		struct user_ids u;

		for (size_t k = 0; k < n; k++)
			word[k] = letters[rnd(&seed) % (sizeof(letters) - 1)];
		word[n] = '\0';
		if (user_resolve_in(word, passwd, group, &u) < 0)
			continue;
		if (u.uid == 0 && strncmp(word, "root", 4) != 0 && strspn(word, "0") != strcspn(word, ":"))
			fail_msg("'%s' is root", word);
		assert_true(u.uid != (uid_t)-1 && u.gid != (gid_t)-1);
		assert_true(u.n_groups <= USER_MAX_GROUPS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_names_and_numbers, teardown), cmocka_unit_test_teardown(test_refused, teardown),
		cmocka_unit_test_teardown(test_odd_files, teardown),	     cmocka_unit_test_teardown(test_long_lines, teardown),
		cmocka_unit_test_teardown(test_random_words, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
