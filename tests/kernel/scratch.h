/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scratch.h - what the tests of kernel/ share: each test case runs in a network namespace of its own, which the
 * test program itself enters, so that cmocka's assertions work and the host is never touched.
 */
#ifndef NETEMU_TESTS_KERNEL_SCRATCH_H
#define NETEMU_TESTS_KERNEL_SCRATCH_H

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

/* cmocka.h needs the three above */
#include <cmocka.h>

#include "base/error.h"

/* The errors of a function that returns 0 or -errno, with its text. */
#define assert_ok(r, e)                                                          \
	do {                                                                     \
		int _r = (r);                                                    \
		if (_r < 0)                                                      \
			fail_msg("%s = %d: %s", #r, _r, (e)->msg);               \
	} while (0)

/* First line of main(): whether namespaces can be made here, tried in a child; a test that skips exits with 77. */
static inline bool scratch_possible(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWNET) < 0 ? errno : 0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		status = EIO << 8;
	if (status == 0)
		return true;
	print_message("SKIP: no network namespace: %s\n", strerror(WEXITSTATUS(status)));
	return false;
}

/* cmocka setup of a test case: a fresh network namespace. */
static inline int scratch_setup(void **state)
{
	(void)state;
	return unshare(CLONE_NEWNET);
}

static inline int netns_self(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* A new network namespace, without staying in it. */
static inline int netns_fresh(void)
{
	_cleanup_close_ int self = netns_self();
	int fd;

	assert_int_equal(unshare(CLONE_NEWNET), 0);
	fd = netns_self();
	assert_int_equal(setns(self, CLONE_NEWNET), 0);
	return fd;
}

static inline void netns_enter(int fd)
{
	assert_int_equal(setns(fd, CLONE_NEWNET), 0);
}

/* Exit code of a shell command, its output thrown away; 127 when there is no such program. */
static inline int shell(const char *cmd)
{
	_cleanup_free_ char *line = NULL;
	int status;

	assert_true(asprintf(&line, "{ %s ; } >/dev/null 2>&1", cmd) > 0);
	status = system(line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif
