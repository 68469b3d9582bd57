// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_fault.c - the seam where the Nth kernel operation fails: counting over forks, errno, kill
 *
 * The seam is compiled in here whatever the library was built with. The environment is read before main(), so
 * each case runs in a child made by exec of this program.
 */
#ifndef NETEMU_FAULT
#define NETEMU_FAULT
#endif
#include "kernel/fault.c"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>

#include <cmocka.h>

static char count_file[] = "/tmp/netemu-test-fault.XXXXXX";

/* The program under test: operations in a parent, a child and the parent again; says which failed, and how. */
static int subject(void)
{
	int status;
	pid_t pid;

	if (fault_point("one") < 0)
		return 1;
	pid = fork();
	if (pid == 0)
		_exit(fault_point("two") < 0 ? 2 : 0);
	if (waitpid(pid, &status, 0) != pid)
		return 99;
	if (WIFSIGNALED(status))
		return 50;
	if (WEXITSTATUS(status))
		return WEXITSTATUS(status);
	return -fault_point("three") == ENOSPC ? 3 : 0;
}

/* Its wait status, with NETEMU_FAULT_AT=@at and so on. */
static int run_subject(const char *at, const char *error, const char *action)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)setenv("NETEMU_FAULT_AT", at, 1);
		(void)setenv("NETEMU_FAULT_ERRNO", error, 1);
		(void)setenv("NETEMU_FAULT_ACTION", action, 1);
		(void)setenv("NETEMU_FAULT_COUNT", count_file, 1);
		(void)execl("/proc/self/exe", "test_fault", "subject", (char *)NULL);
		_exit(98);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static uint64_t counted(void)
{
	_cleanup_close_ int fd = open(count_file, O_RDWR | O_CLOEXEC);
	uint64_t n = 0, zero = 0;

	assert_int_equal(read(fd, &n, sizeof(n)), sizeof(n));
	assert_int_equal(pwrite(fd, &zero, sizeof(zero), 0), sizeof(zero));
	return n;
}

static void test_counts_all(void **state)
{
	(void)state;
	assert_int_equal(run_subject("0", "", ""), 0);
	assert_int_equal(counted(), 3);
	assert_int_equal(run_subject("99", "", ""), 0);
	assert_int_equal(counted(), 3);
}

static void test_fails_each(void **state)
{
	(void)state;
	assert_int_equal(WEXITSTATUS(run_subject("1", "", "")), 1);
	assert_int_equal(counted(), 1);
	assert_int_equal(WEXITSTATUS(run_subject("2", "", "")), 2);
	assert_int_equal(counted(), 2);
	assert_int_equal(WEXITSTATUS(run_subject("3", "28", "")), 3); /* ENOSPC */
	assert_int_equal(counted(), 3);
	assert_int_equal(WEXITSTATUS(run_subject("3", "", "")), 0); /* ENOMEM is the default */
	assert_int_equal(counted(), 3);
}

static void test_kills(void **state)
{
	int status = run_subject("1", "", "kill");

	(void)state;
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	(void)counted();
	assert_int_equal(WEXITSTATUS(run_subject("2", "", "kill")), 50); /* the child only */
	(void)counted();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_all),
		cmocka_unit_test(test_fails_each),
		cmocka_unit_test(test_kills),
	};
	int fd, r;

	if (argc == 2 && strcmp(argv[1], "subject") == 0)
		return subject();
	fd = mkstemp(count_file);
	if (fd < 0)
		return 1;
	(void)close(fd);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(count_file);
	return r;
}
