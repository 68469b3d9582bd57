// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_crilog.c - a container's log, and base64
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/base64.h"
#include "supervisor/crilog.h"

static char dir[64];
static int dirfd_;

static int setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/test_crilog.XXXXXX");
	assert_non_null(mkdtemp(dir));
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dirfd_ < 0;
}

static int teardown(void **state)
{
	(void)state;
	crilog_remove(dirfd_, "x.log");
	(void)close(dirfd_);
	return rmdir(dir); /* nothing else is there */
}

static char *slurp(const char *name)
{
	struct stat st;
	const int fd = openat(dirfd_, name, O_RDONLY | O_CLOEXEC);
	char *buf;

	if (fd < 0)
		return strdup("");
	assert_int_equal(fstat(fd, &st), 0);
	buf = calloc(1, (size_t)st.st_size + 1);
	assert_int_equal(read(fd, buf, (size_t)st.st_size), st.st_size);
	(void)close(fd);
	return buf;
}

/* Every time is 30 bytes. */
static void expect(const char *want)
{
	_cleanup_free_ char *got = slurp("x.log"), *out = calloc(1, strlen(got) + 1);

	for (char *save = NULL, *line = strtok_r(got, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		assert_true(strlen(line) > 31 && line[10] == 'T' && line[29] == 'Z' && line[30] == ' ');
		(void)strcat(out, line + 31);
		(void)strcat(out, "\n");
	}
	assert_string_equal(out, want);
}

static void test_time(void **state)
{
	const struct timespec t = { .tv_sec = 1475713029, .tv_nsec = 69794202 };
	char buf[CRILOG_TIME_LEN];

	(void)state;
	assert_string_equal(crilog_time(&t, buf), "2016-10-06T00:17:09.069794202Z");
}

static void test_lines(void **state)
{
	struct crilog log = { .dirfd = dirfd_, .name = "x.log" };
	struct strbuf out = { 0 }, err = { 0 };

	(void)state;
	crilog_write(&log, "stdout", &out, "a\nb\n\nc", 6);
	crilog_write(&log, "stderr", &err, "oops\n", 5);
	crilog_write(&log, "stdout", &out, "d", 1);
	expect("stdout F a\nstdout F b\nstdout F \nstderr F oops\n");
	crilog_write(&log, "stdout", &out, "\nend", 4);
	crilog_end(&log, "stdout", &out);
	crilog_end(&log, "stderr", &err);
	expect("stdout F a\nstdout F b\nstdout F \nstderr F oops\nstdout F cd\nstdout F end\n");
}

static void test_long_line(void **state)
{
	static char text[2 * CRILOG_LINE_MAX + 10], want[2 * CRILOG_LINE_MAX + 200];
	struct crilog log = { .dirfd = dirfd_, .name = "x.log" };
	struct strbuf out = { 0 };

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\n';
	for (size_t i = 0; i < sizeof(text); i += 1000) /* as pipes do: in pieces */
		crilog_write(&log, "stdout", &out, text + i, MIN_OF(sizeof(text) - i, (size_t)1000));
	(void)snprintf(want, sizeof(want), "stdout P %.*s\nstdout P %.*s\nstdout F xxxxxxxxx\n", CRILOG_LINE_MAX, text, CRILOG_LINE_MAX, text);
	expect(want);
	crilog_write(&log, "stdout", &out, text + sizeof(text) - CRILOG_LINE_MAX - 1, CRILOG_LINE_MAX + 1); /* fits exactly */
	assert_int_equal(out.len, 0);
	crilog_end(&log, "stdout", &out);
}

static void test_rotation(void **state)
{
	struct crilog log = { .dirfd = dirfd_, .name = "x.log" };
	struct strbuf out = { 0 };
	_cleanup_free_ char *old = NULL, *new = NULL;
	char line[128];

	(void)state;
	for (int i = 0; i < 30000; i++) {
		(void)snprintf(line, sizeof(line), "line %d of some length, so that the file is soon full\n", i);
		crilog_write(&log, "stdout", &out, line, strlen(line));
	}
	old = slurp("x.log.1");
	new = slurp("x.log");
	assert_true(strlen(old) <= CRILOG_BYTES_MAX && strlen(old) > CRILOG_BYTES_MAX - 200);
	assert_true(strlen(new) <= CRILOG_BYTES_MAX);
	assert_non_null(strstr(new, "line 29999 "));
	crilog_end(&log, "stdout", &out);
}

static void check_base64(const char *plain, const char *coded)
{
	struct strbuf a = { 0 }, b = { 0 };

	base64_encode(&a, plain, strlen(plain));
	assert_string_equal(strbuf_str(&a), coded);
	assert_int_equal(base64_decode(&b, coded, strlen(coded)), 0);
	assert_string_equal(strbuf_str(&b), plain);
	strbuf_done(&a);
	strbuf_done(&b);
}

/* RFC 4648, section 10 */
static void test_base64(void **state)
{
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zg=v", "Z!==", "Zg==A" };
	struct strbuf s = { 0 };

	(void)state;
	check_base64("", "");
	check_base64("f", "Zg==");
	check_base64("fo", "Zm8=");
	check_base64("foo", "Zm9v");
	check_base64("foob", "Zm9vYg==");
	check_base64("fooba", "Zm9vYmE=");
	check_base64("foobar", "Zm9vYmFy");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (base64_decode(&s, bad[i], strlen(bad[i])) != -EINVAL)
			fail_msg("'%s' was taken", bad[i]);
	strbuf_reset(&s);
	assert_int_equal(base64_decode(&s, "Zm9v\nYmFy\n", 10), 0);
	assert_string_equal(strbuf_str(&s), "foobar");
	strbuf_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time),
		cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rotation, setup, teardown),
		cmocka_unit_test(test_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
