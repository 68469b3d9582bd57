// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_acceptor.c - a loop that accepts, also while it has no descriptors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#include "supervisor/acceptor.h"

enum { STEP_USEC = 20000, QUIET_USEC = 350000 };

static struct {
	struct loop *loop;
	struct sockaddr_un sa;
	socklen_t len;
	int listener;
	unsigned came;
} t;

static void count(int fd, void *arg)
{
	assert_ptr_equal(arg, &t);
	t.came++;
	(void)close(fd);
}

static int up(void **state)
{
	struct error e = { 0 };

	(void)state;
	t.sa.sun_family = AF_UNIX; /* an abstract name, which the kernel chooses */
	t.len = sizeof(t.sa.sun_family);
	t.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(t.listener, (struct sockaddr *)&t.sa, t.len), 0);
	t.len = sizeof(t.sa);
	assert_int_equal(getsockname(t.listener, (struct sockaddr *)&t.sa, &t.len), 0);
	assert_int_equal(listen(t.listener, 8), 0);
	return loop_new(&t.loop, &e);
}

static int down(void **state)
{
	(void)state;
	(void)loop_free(t.loop);
	(void)close(t.listener);
	t.came = 0;
	return 0;
}

static int client(void)
{
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&t.sa, t.len), 0);
	return fd;
}

static void await(unsigned n)
{
	for (const uint64_t end = loop_now() + 5000000; t.came < n && loop_now() < end;)
		(void)loop_run_once(t.loop, STEP_USEC);
	assert_int_equal(t.came, n);
}

static void accepts(void **state)
{
	struct acceptor a;
	struct error e = { 0 };
	const int one = client(), two = client();

	(void)state;
	assert_int_equal(acceptor_start(&a, t.loop, t.listener, count, &t, &e), 0);
	await(2);
	acceptor_stop(&a);
	assert_int_equal(loop_run_once(t.loop, STEP_USEC), 0);
	(void)close(one);
	(void)close(two);
}

static void rests_without_descriptors(void **state)
{
	struct rlimit old, none;
	struct acceptor a;
	struct error e = { 0 };
	const int fd = client();
	unsigned calls = 0;
	uint64_t end;

	(void)state;
	assert_int_equal(acceptor_start(&a, t.loop, t.listener, count, &t, &e), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){ .rlim_cur = 3, .rlim_max = old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (end = loop_now() + QUIET_USEC; loop_now() < end;)
		calls += (unsigned)(loop_run_once(t.loop, STEP_USEC) > 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(t.came, 0);
	assert_in_range(calls, 2, 12); /* it tries now and then */
	await(1);
	acceptor_stop(&a);
	(void)close(fd);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, up, down)

int main(void)
{
	static const struct CMUnitTest tests[] = { T(accepts), T(rests_without_descriptors) };

	return cmocka_run_group_tests_name("acceptor", tests, NULL, NULL);
}
