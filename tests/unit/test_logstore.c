// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_logstore.c - bounded logs: lines, rotation, full disks, readers that follow
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "supervisor/logstore.h"
#include "supervisor/logtimes.h"

struct dir {
	char path[64];
	int fd;
};

static int setup(void **state)
{
	struct dir *d = calloc(1, sizeof(*d));

	strcpy(d->path, "/tmp/netemu-logstore-XXXXXX");
	assert_non_null(mkdtemp(d->path));
	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(d->fd >= 0);
	*state = d;
	return 0;
}

static void remove_files(const struct dir *d)
{
	_cleanup_closedir_ DIR *dir = opendir(d->path);
	struct dirent *ent;

	while (dir && (ent = readdir(dir)))
		(void)unlinkat(d->fd, ent->d_name, 0);
}

static int teardown(void **state)
{
	struct dir *d = *state;

	remove_files(d);
	(void)rmdir(d->path);
	close(d->fd);
	free(d);
	return 0;
}

static struct logstore *new_store(const struct dir *d, size_t max)
{
	struct logstore *s = NULL;

	assert_int_equal(logstore_open(d->fd, max, &s, NULL), 0);
	return s;
}

static void put(struct logstore *s, const char *stream, const char *text)
{
	logstore_append(s, "n1", stream, text, strlen(text));
}

static char *slurp_fd(int fd)
{
	struct strbuf b = { 0 };
	char buf[4096];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		strbuf_add(&b, buf, (size_t)n);
	return strbuf_steal(&b);
}

static char *slurp(const struct dir *d, const char *name)
{
	_cleanup_close_ int fd = openat(d->fd, name, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? NULL : slurp_fd(fd);
}

static off_t size_of(const struct dir *d, const char *name)
{
	struct stat st;

	return fstatat(d->fd, name, &st, 0) < 0 ? -1 : st.st_size;
}

static char *read_log(const struct dir *d, const struct logstore_read *opt)
{
	_cleanup_close_ int fd = openat(d->fd, "out", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (logstore_read(d->fd, "n1", fd, opt, NULL) < 0)
		return NULL;
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return slurp_fd(fd);
}

static void test_names(void **state)
{
	char longest[LOGSTORE_NAME_MAX + 2];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[LOGSTORE_NAME_MAX + 1] = '\0';
	assert_false(logstore_name_valid(longest));
	longest[LOGSTORE_NAME_MAX] = '\0';
	assert_true(logstore_name_valid(longest));
	assert_true(logstore_name_valid("tor-0_a.b"));
	assert_false(logstore_name_valid(""));
	assert_false(logstore_name_valid("."));
	assert_false(logstore_name_valid(".."));
	assert_false(logstore_name_valid(".hidden"));
	assert_false(logstore_name_valid("-x"));
	assert_false(logstore_name_valid("a/b"));
	assert_false(logstore_name_valid("a b"));
	assert_false(logstore_name_valid("a\n"));
}

static void test_lines_of_streams_are_not_mixed(void **state)
{
	struct dir *d = *state;
	_cleanup_logstore_ struct logstore *s = new_store(d, 0);
	_cleanup_free_ char *before = NULL, *after = NULL;

	put(s, "stdout", "one ");
	put(s, "stderr", "error\nerr");
	put(s, "stdout", "line\n\ntwo");
	before = slurp(d, "n1.log");
	assert_string_equal(before, "error\none line\n\n");
	logstore_end(s, "n1", "stdout");
	logstore_end(s, "n1", "stdout");
	logstore_end(s, "n1", "nobody");
	logstore_end(s, "n2", "stdout");
	s = logstore_close(s);
	after = slurp(d, "n1.log");
	assert_string_equal(after, "error\none line\n\ntwo\nerr\n");
}

static void test_long_lines_are_cut(void **state)
{
	struct dir *d = *state;
	_cleanup_logstore_ struct logstore *s = new_store(d, 0);
	_cleanup_free_ char *text = NULL;
	char line[LOGSTORE_LINE_MAX * 3];

	memset(line, 'x', sizeof(line));
	logstore_append(s, "n1", "o", line, LOGSTORE_LINE_MAX - 1);
	put(s, "o", "\n"); /* exactly as long as may be: not cut, no empty line */
	assert_int_equal(size_of(d, "n1.log"), LOGSTORE_LINE_MAX);
	logstore_append(s, "n1", "o", line, sizeof(line));
	put(s, "o", "\n");
	text = slurp(d, "n1.log");
	assert_int_equal(strlen(text), LOGSTORE_LINE_MAX + sizeof(line) + 4);
	for (char *p = text, *end; (end = strchr(p, '\n')); p = end + 1)
		assert_true(end - p < LOGSTORE_LINE_MAX);
}

static void test_invalid_name_is_counted(void **state)
{
	struct dir *d = *state;
	_cleanup_logstore_ struct logstore *s = new_store(d, 0);

	logstore_append(s, "../etc/x", "o", "evil\n", 5);
	assert_int_equal(logstore_stats(s).dropped, 5);
	assert_int_equal(logstore_read(d->fd, "../x", 1, &(struct logstore_read){ 0 }, NULL), -EINVAL);
}

static void put_numbered(struct logstore *s, unsigned from, unsigned to)
{
	char line[32];

	for (unsigned i = from; i < to; i++) {
		(void)snprintf(line, sizeof(line), "line %08u\n", i);
		put(s, "o", line);
	}
}

/* Lines come one after the other, up to @to, the first one being whichever. Return: how many. */
static unsigned check_numbered(const char *text, unsigned to)
{
	unsigned n = 0, i, first = 0;

	for (const char *p = text; *p; p = strchr(p, '\n') + 1, n++) {
		assert_int_equal(sscanf(p, "line %8u\n", &i), 1);
		if (n == 0)
			first = i;
		assert_int_equal(i, first + n);
	}
	assert_int_equal(first + n, to);
	return n;
}

static void test_rotation_bounds_size(void **state)
{
	struct dir *d = *state;
	_cleanup_logstore_ struct logstore *s = new_store(d, LOGSTORE_BYTES_MIN);
	_cleanup_free_ char *all = NULL, *tail = NULL, *none = NULL, *much = NULL;

	put_numbered(s, 0, 10000);
	assert_in_range(size_of(d, "n1.log"), 1, LOGSTORE_BYTES_MIN);
	assert_in_range(size_of(d, "n1.log.1"), LOGSTORE_BYTES_MIN - 14, LOGSTORE_BYTES_MIN);
	all = read_log(d, &(struct logstore_read){ 0 });
	assert_true(check_numbered(all, 10000) >= LOGSTORE_BYTES_MIN / 14);
	tail = read_log(d, &(struct logstore_read){ .tail = true, .tail_lines = 1500 });
	assert_int_equal(check_numbered(tail, 10000), 1500);
	none = read_log(d, &(struct logstore_read){ .tail = true });
	assert_string_equal(none, "");
	much = read_log(d, &(struct logstore_read){ .tail = true, .tail_lines = SIZE_MAX });
	assert_string_equal(much, all);
}

/* One append larger than a file: split at line ends over files. */
static void test_large_append(void **state)
{
	struct dir *d = *state;
	_cleanup_logstore_ struct logstore *s = new_store(d, LOGSTORE_BYTES_MIN);
	_cleanup_strbuf_ struct strbuf b = { 0 };
	_cleanup_free_ char *all = NULL;

	for (unsigned i = 0; i < 3000; i++)
		strbuf_printf(&b, "line %08u\n", i);
	logstore_append(s, "n1", "o", b.buf, b.len);
	assert_in_range(size_of(d, "n1.log"), 1, LOGSTORE_BYTES_MIN);
	all = read_log(d, &(struct logstore_read){ 0 });
	(void)check_numbered(all, 3000);
	assert_int_equal(logstore_stats(s).dropped, 0);
}

static void test_reopened_store_appends(void **state)
{
	struct dir *d = *state;
	struct logstore *s = new_store(d, 0);
	_cleanup_free_ char *text = NULL;

	put(s, "o", "a\n");
	s = logstore_close(s);
	s = new_store(d, 0);
	put(s, "o", "b\n");
	logstore_close(s);
	text = slurp(d, "n1.log");
	assert_string_equal(text, "a\nb\n");
}

static void test_many_nodes_few_fds(void **state)
{
	struct dir *d = *state;
	_cleanup_logstore_ struct logstore *s = new_store(d, 0);
	_cleanup_free_ char *text = NULL;
	char name[16];

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 500; i++) {
			(void)snprintf(name, sizeof(name), "node%d", i);
			logstore_append(s, name, "o", "x\n", 2);
			assert_in_range(logstore_stats(s).open_files, 1, LOGSTORE_OPEN_MAX);
		}
	text = slurp(d, "node499.log");
	assert_string_equal(text, "x\nx\n");
	assert_int_equal(logstore_stats(s).dropped, 0);
}

/* RLIMIT_FSIZE stands for a full disk: the write that meets it comes back short, the next one fails. */
static void test_full_disk(void **state)
{
	struct dir *d = *state;
	_cleanup_logstore_ struct logstore *s = new_store(d, 0);
	struct rlimit was, small;
	_cleanup_free_ char *text = NULL;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = (struct rlimit){ .rlim_cur = 10, .rlim_max = was.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	put(s, "o", "12345\n");
	put(s, "o", "abcdefgh\n"); /* 4 of 9 bytes fit */
	put(s, "o", "gone\n");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	put(s, "o", "back\n");
	text = slurp(d, "n1.log");
	assert_string_equal(text, "12345\nabcd\n[netemu: 10 bytes of this log could not be stored]\nback\n");
	assert_int_equal(logstore_stats(s).dropped, 10);
}

static void test_not_a_file(void **state)
{
	struct dir *d = *state;
	_cleanup_logstore_ struct logstore *s = new_store(d, 0);

	assert_int_equal(symlinkat("/tmp/netemu-logstore-elsewhere", d->fd, "n1.log"), 0);
	put(s, "o", "x\n");
	assert_int_equal(logstore_stats(s).dropped, 2);
	assert_int_equal(access("/tmp/netemu-logstore-elsewhere", F_OK), -1);
}

static void test_read_nothing(void **state)
{
	struct dir *d = *state;
	struct error e = { 0 };

	assert_int_equal(logstore_read(d->fd, "n1", 1, &(struct logstore_read){ 0 }, &e), -ENOENT);
	assert_string_equal(e.msg, "no log of 'n1'");
}

/* ---- times ---- */

static int64_t now_ns(void)
{
	struct timespec ts;

	assert_int_equal(clock_gettime(CLOCK_REALTIME, &ts), 0);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Until what is stored next has another time. */
static int64_t next_step(void)
{
	const int64_t from = now_ns();
	int64_t now;

	do {
		now = now_ns();
	} while (now - from < 2 * LOGTIMES_STEP_NS);
	return now;
}

static void test_lines_have_times(void **state)
{
	struct dir *d = *state;
	_cleanup_logstore_ struct logstore *s = new_store(d, 0);
	_cleanup_free_ char *since = NULL, *until = NULL, *between = NULL, *stamped = NULL, *none = NULL;
	const int64_t before = now_ns();
	int64_t middle;
	struct tm tm = { 0 };
	const char *p;

	put(s, "o", "one\nand the same\n");
	middle = next_step();
	put(s, "o", "two\n");
	since = read_log(d, &(struct logstore_read){ .since = middle });
	assert_string_equal(since, "two\n");
	until = read_log(d, &(struct logstore_read){ .until = middle });
	assert_string_equal(until, "one\nand the same\n");
	between = read_log(d, &(struct logstore_read){ .since = before, .until = middle, .tail = true, .tail_lines = 2 });
	assert_string_equal(between, "and the same\n");
	none = read_log(d, &(struct logstore_read){ .since = now_ns() + 1 });
	assert_string_equal(none, "");
	stamped = read_log(d, &(struct logstore_read){ .timestamps = true, .until = middle });
	p = strptime(stamped, "%Y-%m-%dT%H:%M:%S", &tm);
	assert_non_null(p);
	assert_in_range((int64_t)timegm(&tm) * 1000000000 + strtoll(p + 1, NULL, 10), before, middle);
	assert_ptr_equal(p + 10, strchr(p, 'Z')); /* nine digits */
	assert_memory_equal(p + 10, "Z one\n", 6);
}

/* The time that each of these lines has, one after the other. */
static void check_times(const char *text, int64_t from, int64_t to)
{
	int64_t last = from;

	for (const char *p = text; *p; p = strchr(p, '\n') + 1) {
		struct tm tm = { 0 };
		const char *frac = strptime(p, "%Y-%m-%dT%H:%M:%S", &tm);
		int64_t ns;

		assert_non_null(frac);
		ns = (int64_t)timegm(&tm) * 1000000000 + strtoll(frac + 1, NULL, 10);
		assert_true(ns >= last && ns <= to);
		last = ns;
	}
}

static void test_times_over_rotations(void **state)
{
	struct dir *d = *state;
	_cleanup_logstore_ struct logstore *s = new_store(d, LOGSTORE_BYTES_MIN);
	_cleanup_free_ char *all = NULL, *late = NULL, *plain = NULL;
	const int64_t before = now_ns();
	int64_t middle;

	put_numbered(s, 0, 9000);
	middle = next_step();
	put_numbered(s, 9000, 10000); /* the last rotation is one of these */
	all = read_log(d, &(struct logstore_read){ .timestamps = true });
	check_times(all, before, now_ns());
	late = read_log(d, &(struct logstore_read){ .since = middle });
	assert_int_equal(check_numbered(late, 10000), 1000);
	assert_in_range(size_of(d, "n1.times"), 16, 1 << 20);
	plain = read_log(d, &(struct logstore_read){ .since = before });
	assert_true(check_numbered(plain, 10000) > 1000);
}

/* A store that is opened again goes on; times of another log, or none, are not taken for its own. */
static void test_times_are_the_logs_own(void **state)
{
	struct dir *d = *state;
	struct logstore *s = new_store(d, 0);
	_cleanup_free_ char *late = NULL, *foreign = NULL;
	struct stat st;
	int64_t middle, ns;

	put(s, "o", "one\n");
	(void)logstore_close(s);
	s = new_store(d, 0);
	middle = next_step();
	put(s, "o", "two\n");
	(void)logstore_close(s);
	late = read_log(d, &(struct logstore_read){ .since = middle });
	assert_string_equal(late, "two\n");

	/* Another file under its name: the time of its last change is all there is. */
	assert_int_equal(renameat(d->fd, "n1.log", d->fd, "moved"), 0);
	s = new_store(d, 0);
	assert_int_equal(mknodat(d->fd, "n1.log", S_IFREG | 0600, 0), 0);
	{
		_cleanup_close_ int fd = openat(d->fd, "n1.log", O_WRONLY | O_CLOEXEC);

		assert_int_equal(write(fd, "alien\n", 6), 6);
	}
	assert_int_equal(fstatat(d->fd, "n1.log", &st, 0), 0);
	ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	foreign = read_log(d, &(struct logstore_read){ .since = ns, .until = ns });
	assert_string_equal(foreign, "alien\n");
	(void)logstore_close(s);
}

struct follower {
	pthread_t thread;
	int dirfd, out_fd, cancel[2], result;
	struct logstore_read opt;
};

static void *follower_main(void *arg)
{
	struct follower *f = arg;

	f->result = logstore_read(f->dirfd, "n1", f->out_fd, &f->opt, NULL);
	(void)close(f->out_fd);
	return NULL;
}

static void follower_start(struct follower *f, const struct dir *d, int out_fd, const struct logstore_read *opt)
{
	*f = (struct follower){ .dirfd = d->fd, .out_fd = out_fd };
	assert_int_equal(pipe2(f->cancel, O_CLOEXEC), 0);
	f->opt = *opt;
	f->opt.follow = true;
	f->opt.cancel_fd = f->cancel[0];
	assert_int_equal(pthread_create(&f->thread, NULL, follower_main, f), 0);
}

static int follower_join(struct follower *f)
{
	assert_int_equal(pthread_join(f->thread, NULL), 0);
	close(f->cancel[0]);
	close(f->cancel[1]);
	return f->result;
}

/* Reads @n numbered lines of a follower, which must come without gap or repetition. */
static void expect_lines(FILE *in, unsigned from, unsigned to)
{
	char line[64];
	unsigned i;

	for (unsigned want = from; want < to; want++) {
		assert_non_null(fgets(line, sizeof(line), in));
		assert_int_equal(sscanf(line, "line %8u\n", &i), 1);
		assert_int_equal(i, want);
	}
}

static FILE *pipe_reader(int *ret_write)
{
	int p[2];

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	*ret_write = p[1];
	return fdopen(p[0], "r");
}

/* Writer and reader in step, over many rotations; the follower starts before there is any file. */
static void test_follow_over_rotations(void **state)
{
	struct dir *d = *state;
	_cleanup_logstore_ struct logstore *s = new_store(d, LOGSTORE_BYTES_MIN);
	_cleanup_fclose_ FILE *in = NULL;
	struct follower f;
	char line[64];
	int out;

	in = pipe_reader(&out);
	follower_start(&f, d, out, &(struct logstore_read){ 0 });
	for (unsigned i = 0; i < 20000; i += 50) {
		put_numbered(s, i, i + 50);
		if (i % 1000 == 950)
			expect_lines(in, i - 950, i + 50);
	}
	assert_int_equal(write(f.cancel[1], "x", 1), 1);
	assert_null(fgets(line, sizeof(line), in));
	assert_int_equal(follower_join(&f), 0);
}

/* The last lines before the cancellation are printed. */
static void test_follow_prints_rest_on_cancel(void **state)
{
	struct dir *d = *state;
	_cleanup_logstore_ struct logstore *s = new_store(d, 0);
	_cleanup_fclose_ FILE *in = NULL;
	struct follower f;
	int out;

	put_numbered(s, 0, 10);
	in = pipe_reader(&out);
	follower_start(&f, d, out, &(struct logstore_read){ 0 });
	expect_lines(in, 0, 10);
	put_numbered(s, 10, 20);
	assert_int_equal(write(f.cancel[1], "x", 1), 1);
	expect_lines(in, 10, 20);
	assert_int_equal(follower_join(&f), 0);
}

static void test_follow_ends_with_the_log(void **state)
{
	struct dir *d = *state;
	_cleanup_logstore_ struct logstore *s = new_store(d, 0);
	_cleanup_fclose_ FILE *in = NULL;
	struct follower f;
	int out;

	put_numbered(s, 0, 10);
	in = pipe_reader(&out);
	follower_start(&f, d, out, &(struct logstore_read){ 0 });
	expect_lines(in, 0, 10);
	remove_files(d);
	assert_int_equal(follower_join(&f), 0);
}

/* With times, too, each line comes once, over rotations. */
static void test_follow_with_times(void **state)
{
	struct dir *d = *state;
	_cleanup_logstore_ struct logstore *s = new_store(d, LOGSTORE_BYTES_MIN);
	_cleanup_fclose_ FILE *in = NULL;
	struct follower f = { .dirfd = d->fd };
	int64_t since;
	int out;

	put_numbered(s, 0, 10);
	since = next_step();
	put_numbered(s, 10, 20);
	in = pipe_reader(&out);
	follower_start(&f, d, out, &(struct logstore_read){ .since = since });
	expect_lines(in, 10, 20);
	for (unsigned i = 20; i < 5000; i += 60) {
		put_numbered(s, i, i + 60);
		expect_lines(in, i, i + 60);
	}
	assert_int_equal(write(f.cancel[1], "x", 1), 1);
	assert_int_equal(follower_join(&f), 0);
}

/* What is stored too late is the end, without anybody saying so. */
static void test_follow_until(void **state)
{
	struct dir *d = *state;
	_cleanup_logstore_ struct logstore *s = new_store(d, 0);
	_cleanup_fclose_ FILE *in = NULL;
	struct follower f;
	char line[64];
	int out;

	put_numbered(s, 0, 10);
	in = pipe_reader(&out);
	follower_start(&f, d, out, &(struct logstore_read){ .until = next_step() });
	expect_lines(in, 0, 10);
	(void)next_step();
	put_numbered(s, 10, 11);
	assert_null(fgets(line, sizeof(line), in));
	assert_int_equal(follower_join(&f), 0);
}

static void test_follow_ends_with_its_reader(void **state)
{
	struct dir *d = *state;
	_cleanup_logstore_ struct logstore *s = new_store(d, 0);
	struct follower f;
	FILE *in;
	int out;

	put_numbered(s, 0, 10);
	in = pipe_reader(&out);
	follower_start(&f, d, out, &(struct logstore_read){ 0 });
	expect_lines(in, 0, 10);
	(void)fclose(in);
	assert_int_equal(follower_join(&f), -EPIPE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		T(test_lines_of_streams_are_not_mixed),
		T(test_long_lines_are_cut),
		T(test_invalid_name_is_counted),
		T(test_rotation_bounds_size),
		T(test_large_append),
		T(test_reopened_store_appends),
		T(test_many_nodes_few_fds),
		T(test_full_disk),
		T(test_not_a_file),
		T(test_read_nothing),
		T(test_lines_have_times),
		T(test_times_over_rotations),
		T(test_times_are_the_logs_own),
		T(test_follow_over_rotations),
		T(test_follow_with_times),
		T(test_follow_until),
		T(test_follow_prints_rest_on_cancel),
		T(test_follow_ends_with_the_log),
		T(test_follow_ends_with_its_reader),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
