// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_hostsfile.c - a lab's block in /etc/hosts: what is around it stays as it was, byte for byte, whoever else writes
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "engine/hostsfile.h"

enum { WRITERS = 8, ROUNDS = 10 };

static const char base[] = "127.0.0.1 localhost\n# a comment\n::1 localhost\n";

struct fixture {
	char dir[64], path[96], lock[96];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/netemu-hosts.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->path, sizeof(f->path), "%s/hosts", f->dir);
	(void)snprintf(f->lock, sizeof(f->lock), "%s/lock/hosts.lock", f->dir);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char cmd[128];

	(void)snprintf(cmd, sizeof(cmd), "rm -rf '%s'", f->dir);
	assert_int_equal(system(cmd), 0);
	free(f);
	return 0;
}

static void put(const struct fixture *f, const char *text)
{
	FILE *out = fopen(f->path, "we");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static const char *get(const struct fixture *f)
{
	static char text[65536];
	FILE *in = fopen(f->path, "re");

	assert_non_null(in);
	text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
	assert_int_equal(fclose(in), 0);
	return text;
}

static int set(const struct fixture *f, const char *lab, const char *lines)
{
	struct error e = { 0 };
	const int r = hostsfile_set_in(f->path, f->lock, lab, lines, &e);

	assert_true((r < 0) == (e.code != 0));
	return r;
}

static void a_block_comes_and_goes(void **state)
{
	const struct fixture *f = *state;
	struct stat st;

	put(f, base);
	assert_int_equal(chmod(f->path, 0640), 0);
	assert_int_equal(set(f, "a", "1.2.3.4\tclab-a-x\n"), 0);
	assert_string_equal(get(f), "127.0.0.1 localhost\n# a comment\n::1 localhost\n"
				    "###### CLAB-a-START ######\n1.2.3.4\tclab-a-x\n###### CLAB-a-END ######\n");
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(set(f, "a", ""), 0);
	assert_string_equal(get(f), base);
}

static void others_blocks_stay(void **state)
{
	const struct fixture *f = *state;
	static const char ab[] = "###### CLAB-ab-START ######\n1.1.1.1 x\n###### CLAB-ab-END ######\n10.0.0.1 after\n";

	put(f, ab);
	assert_int_equal(set(f, "a", "2.2.2.2 y\n"), 0);
	assert_int_equal(set(f, "a", "3.3.3.3 z\n"), 0); /* replaces its own */
	assert_null(strstr(get(f), "2.2.2.2"));
	assert_non_null(strstr(get(f), "3.3.3.3"));
	assert_int_equal(set(f, "a", ""), 0);
	assert_string_equal(get(f), ab);
}

static void a_block_in_the_middle_goes(void **state)
{
	const struct fixture *f = *state;

	put(f, "1.1.1.1 a\n ###### CLAB-a-START ###### \r\n2.2.2.2 b\n###### CLAB-a-END ######\n3.3.3.3 c\n");
	assert_int_equal(set(f, "a", ""), 0);
	assert_string_equal(get(f), "1.1.1.1 a\n3.3.3.3 c\n");
}

static void a_block_without_end_is_left_alone(void **state)
{
	const struct fixture *f = *state;
	static const char text[] = "1.1.1.1 a\n###### CLAB-a-START ######\n2.2.2.2 b\n";

	put(f, text);
	assert_int_equal(set(f, "a", ""), -EILSEQ);
	assert_int_equal(set(f, "a", "3.3.3.3 c\n"), -EILSEQ);
	assert_string_equal(get(f), text);
}

static void no_file_is_no_error(void **state)
{
	const struct fixture *f = *state;

	assert_int_equal(set(f, "a", "1.2.3.4 x\n"), 0);
	assert_int_equal(access(f->path, F_OK), -1);
}

static void a_symlink_and_a_second_name_stay(void **state)
{
	const struct fixture *f = *state;
	char other[128];
	struct stat st;

	put(f, base);
	(void)snprintf(other, sizeof(other), "%s/other", f->dir);
	assert_int_equal(rename(f->path, other), 0);
	assert_int_equal(symlink(other, f->path), 0);
	assert_int_equal(set(f, "a", "1.2.3.4 x\n"), 0);
	assert_int_equal(lstat(f->path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(set(f, "a", ""), 0);
	assert_string_equal(get(f), base);
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(link(other, f->path), 0);
	assert_int_equal(set(f, "a", "1.2.3.4 x\n"), 0);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(set(f, "a", ""), 0);
	assert_string_equal(get(f), base);
}

static void who_holds_the_lock_is_not_waited_for_forever(void **state)
{
	const struct fixture *f = *state;
	int fd;

	put(f, base);
	fd = open(f->path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(set(f, "a", "1.2.3.4 x\n"), -ETIMEDOUT);
	assert_int_equal(close(fd), 0);
	assert_string_equal(get(f), base);
}

/* Half of the writers see another lock file, as those in a container do: the lock on the file itself must do. */
static void writer(const struct fixture *f, unsigned i)
{
	struct fixture own = *f;
	char lab[16], lines[64];

	if (i % 2)
		(void)snprintf(own.lock, sizeof(own.lock), "%s/lock%u", f->dir, i);
	(void)snprintf(lab, sizeof(lab), "lab%u", i);
	(void)snprintf(lines, sizeof(lines), "10.0.0.%u\tclab-%s-n\n", i, lab);
	for (unsigned k = 0; k < ROUNDS; k++)
		if (hostsfile_set_in(own.path, own.lock, lab, lines, NULL) < 0 || hostsfile_set_in(own.path, own.lock, lab, "", NULL) < 0)
			_exit(1);
	_exit(hostsfile_set_in(own.path, own.lock, lab, lines, NULL) < 0);
}

static void many_at_a_time(void **state)
{
	const struct fixture *f = *state;
	char lab[16];
	int status;

	put(f, base);
	for (unsigned i = 0; i < WRITERS; i++)
		if (fork() == 0)
			writer(f, i);
	for (unsigned i = 0; i < WRITERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	for (unsigned i = 0; i < WRITERS; i++) {
		char want[64];

		(void)snprintf(want, sizeof(want), "10.0.0.%u\tclab-lab%u-n\n", i, i);
		assert_non_null(strstr(get(f), want));
		(void)snprintf(lab, sizeof(lab), "lab%u", i);
		assert_int_equal(set(f, lab, ""), 0);
	}
	assert_string_equal(get(f), base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_block_comes_and_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(others_blocks_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(a_block_in_the_middle_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_block_without_end_is_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(no_file_is_no_error, setup, teardown),
		cmocka_unit_test_setup_teardown(a_symlink_and_a_second_name_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(who_holds_the_lock_is_not_waited_for_forever, setup, teardown),
		cmocka_unit_test_setup_teardown(many_at_a_time, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
