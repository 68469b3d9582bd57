// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_loop.c - the event loop, each test on both backends
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "supervisor/loop.h"

struct seen {
	struct loop_handle id[4];
	int fd[4];
	int calls, timers;
	uint32_t revents;
	int order[16];
	struct loop_handle other;
};

static int use_poll(void **state)
{
	(void)state;
	return setenv("NETEMU_LOOP", "poll", 1);
}

static int use_default(void **state)
{
	(void)state;
	return unsetenv("NETEMU_LOOP");
}

static struct loop *new_loop(void)
{
	struct error e = { 0 };
	struct loop *loop = NULL;

	if (loop_new(&loop, &e) < 0)
		fail_msg("loop_new: %s", e.msg);
	return loop;
}

static void new_pipe(int p[2])
{
	assert_int_equal(pipe2(p, O_CLOEXEC | O_NONBLOCK), 0);
}

static void poke(int fd)
{
	assert_int_equal(write(fd, "x", 1), 1);
}

static struct loop_handle add(struct loop *loop, int fd, uint32_t events, loop_fd_fn cb, void *arg)
{
	struct loop_handle id;

	assert_int_equal(loop_add_fd(loop, fd, events, cb, arg, &id, NULL), 0);
	return id;
}

static struct loop_handle after(struct loop *loop, uint64_t usec, loop_timer_fn cb, void *arg)
{
	struct loop_handle id;

	assert_int_equal(loop_add_timer(loop, usec, cb, arg, &id, NULL), 0);
	return id;
}

static void on_count(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct seen *s = arg;

	(void)loop;
	(void)id;
	s->calls++;
	s->revents = revents;
}

static void test_level_triggered(void **state)
{
	_cleanup_loop_ struct loop *loop = new_loop();
	struct seen s = { 0 };
	int p[2];
	char c;

	(void)state;
	new_pipe(p);
	add(loop, p[0], POLLIN, on_count, &s);
	assert_int_equal(loop_run_once(loop, 0), 0);
	poke(p[1]);
	assert_int_equal(loop_run_once(loop, -1), 1);
	assert_int_equal(loop_run_once(loop, -1), 1);
	assert_int_equal(s.revents & POLLIN, POLLIN);
	assert_int_equal(read(p[0], &c, 1), 1);
	assert_int_equal(loop_run_once(loop, 0), 0);
	close(p[1]);
	assert_int_equal(loop_run_once(loop, -1), 1);
	assert_int_equal(s.revents & POLLHUP, POLLHUP);
	assert_int_equal(s.calls, 3);
	loop = loop_free(loop);
	close(p[0]);
}

static void test_modify_and_pause(void **state)
{
	_cleanup_loop_ struct loop *loop = new_loop();
	struct loop_handle id;
	struct seen s = { 0 };
	int p[2];

	(void)state;
	new_pipe(p);
	id = add(loop, p[1], POLLOUT, on_count, &s);
	assert_int_equal(loop_run_once(loop, -1), 1);
	assert_int_equal(loop_modify(loop, id, 0), 0);
	assert_int_equal(loop_run_once(loop, 0), 0);
	close(p[0]);
	assert_int_equal(loop_run_once(loop, 1000), 0); /* not even POLLERR */
	assert_int_equal(loop_modify(loop, id, POLLOUT), 0);
	assert_int_equal(loop_run_once(loop, -1), 1);
	assert_int_equal(s.revents & POLLERR, POLLERR);
	loop_remove(loop, id);
	assert_int_equal(loop_modify(loop, id, POLLIN), -ENOENT);
	close(p[1]);
}

/* The loop lets go of the file at once: the other end sees it without another turn of the loop. */
static void test_remove_releases_file(void **state)
{
	_cleanup_loop_ struct loop *loop = new_loop();
	struct loop_handle id;
	struct seen s = { 0 };
	int p[2];

	(void)state;
	new_pipe(p);
	id = add(loop, p[0], POLLIN, on_count, &s);
	assert_int_equal(loop_run_once(loop, 0), 0);
	loop_remove(loop, id);
	loop_remove(loop, id);
	assert_false(loop_exists(loop, id));
	close(p[0]);
	assert_int_equal(write(p[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(p[1]);
	assert_int_equal(loop_run_once(loop, 0), 0);
	assert_int_equal(s.calls, 0);
}

static void test_free_releases_files(void **state)
{
	_cleanup_loop_ struct loop *loop = new_loop();
	struct seen s = { 0 };
	int p[2];

	(void)state;
	new_pipe(p);
	add(loop, p[0], POLLIN, on_count, &s);
	assert_int_equal(loop_run_once(loop, 0), 0);
	loop = loop_free(loop);
	close(p[0]);
	assert_int_equal(write(p[1], "x", 1), -1);
	close(p[1]);
}

static void on_remove_all(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct seen *s = arg;

	(void)id;
	(void)revents;
	s->calls++;
	for (int i = 0; i < 3; i++)
		loop_remove(loop, s->id[i]);
}

/* All are ready in one turn; the first one called removes all, itself included. */
static void test_remove_others_in_callback(void **state)
{
	_cleanup_loop_ struct loop *loop = new_loop();
	struct seen s = { 0 }, later = { 0 };
	int p[2];

	(void)state;
	new_pipe(p);
	poke(p[1]);
	for (int i = 0; i < 3; i++)
		s.id[i] = add(loop, p[0], POLLIN, on_remove_all, &s);
	assert_int_equal(loop_run_once(loop, -1), 1);
	assert_int_equal(s.calls, 1);
	assert_int_equal(loop_run_once(loop, 0), 0);
	/* recycled slots answer to new handles only */
	add(loop, p[0], POLLIN, on_count, &later);
	assert_false(loop_exists(loop, s.id[0]) || loop_exists(loop, s.id[1]) || loop_exists(loop, s.id[2]));
	assert_int_equal(loop_run_once(loop, -1), 1);
	assert_int_equal(later.calls, 1);
	loop = loop_free(loop);
	close(p[0]);
	close(p[1]);
}

static void on_replace(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct seen *s = arg;

	(void)revents;
	s->calls++;
	loop_remove(loop, id);
	/* enough of them to move the array of slots */
	for (int i = 0; i < 1000; i++)
		(void)add(loop, s->fd[1], POLLIN, on_count, s);
	s->id[0] = add(loop, s->fd[0], POLLIN, on_count, s);
}

static void test_add_in_callback(void **state)
{
	_cleanup_loop_ struct loop *loop = new_loop();
	struct seen s = { 0 };
	int p[2], q[2];

	(void)state;
	new_pipe(p);
	new_pipe(q);
	poke(p[1]);
	s.fd[0] = p[0];
	s.fd[1] = q[0];
	add(loop, p[0], POLLIN, on_replace, &s);
	assert_int_equal(loop_run_once(loop, -1), 1);
	assert_int_equal(loop_run_once(loop, -1), 1);
	assert_int_equal(s.calls, 2);
	poke(q[1]);
	s.calls = 0;
	while (s.calls < 1001)
		assert_true(loop_run_once(loop, -1) > 0);
	loop = loop_free(loop);
	for (int i = 0; i < 2; i++) {
		close(p[i]);
		close(q[i]);
	}
}

static void on_timer(struct loop *loop, struct loop_handle id, void *arg)
{
	struct seen *s = arg;

	(void)loop;
	for (int i = 0; i < 4; i++)
		if (s->id[i].index == id.index && s->id[i].generation == id.generation)
			s->order[s->timers] = i;
	s->timers++;
}

static void test_timers_in_order(void **state)
{
	_cleanup_loop_ struct loop *loop = new_loop();
	uint64_t start = loop_now();
	struct seen s = { 0 };

	(void)state;
	s.id[0] = after(loop, 30000, on_timer, &s);
	s.id[1] = after(loop, 10000, on_timer, &s);
	s.id[2] = after(loop, 20000, on_timer, &s);
	s.id[3] = after(loop, 15000, on_timer, &s);
	loop_remove(loop, s.id[3]);
	assert_int_equal(loop_set_timer(loop, s.id[3], 1), -ENOENT);
	while (s.timers < 3)
		assert_true(loop_run_once(loop, -1) >= 0);
	assert_true(loop_now() - start >= 30000);
	assert_int_equal(s.order[0], 1);
	assert_int_equal(s.order[1], 2);
	assert_int_equal(s.order[2], 0);
	assert_false(loop_exists(loop, s.id[0]));
}

static void on_periodic(struct loop *loop, struct loop_handle id, void *arg)
{
	struct seen *s = arg;

	if (++s->timers == 5)
		loop_exit(loop, 7);
	else
		assert_int_equal(loop_set_timer(loop, id, 0), 0);
}

static void test_periodic_and_exit_code(void **state)
{
	_cleanup_loop_ struct loop *loop = new_loop();
	struct seen s = { 0 };

	(void)state;
	after(loop, 0, on_periodic, &s);
	assert_int_equal(loop_run(loop), 7);
	assert_int_equal(s.timers, 5);
}

static void on_again(struct loop *loop, struct loop_handle id, void *arg)
{
	struct seen *s = arg;

	s->timers++;
	assert_int_equal(loop_set_timer(loop, id, 0), 0);
}

/* A timer that is always due does not starve file descriptors. */
static void test_timer_does_not_starve_fds(void **state)
{
	_cleanup_loop_ struct loop *loop = new_loop();
	struct seen s = { 0 };
	int p[2];

	(void)state;
	new_pipe(p);
	poke(p[1]);
	add(loop, p[0], POLLIN, on_count, &s);
	after(loop, 0, on_again, &s);
	for (int i = 0; i < 50; i++)
		assert_true(loop_run_once(loop, -1) >= 0);
	assert_true(s.calls >= 25);
	loop = loop_free(loop);
	close(p[0]);
	close(p[1]);
}

static void test_many_timers(void **state)
{
	_cleanup_loop_ struct loop *loop = new_loop();
	struct seen s = { .id = { { UINT32_MAX, 0 } } };
	struct loop_handle ids[1000];
	unsigned seed = 1;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		ids[i] = after(loop, (uint64_t)rand_r(&seed) % 2000, on_timer, &(struct seen){ 0 });
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		loop_remove(loop, ids[i]);
	memset(&s.id, 0xff, sizeof(s.id));
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		ids[i] = after(loop, (uint64_t)rand_r(&seed) % 2000, on_timer, &s);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i += 2)
		loop_remove(loop, ids[i]);
	while (s.timers < 500)
		assert_true(loop_run_once(loop, -1) >= 0);
	assert_int_equal(loop_run_once(loop, 5000), 0);
	assert_int_equal(s.timers, 500);
}

static void on_nested(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	(void)id;
	(void)revents;
	(void)arg;
	assert_int_equal(loop_run_once(loop, 0), -EBUSY);
	loop_exit(loop, 0);
}

static void test_nested_run_refused(void **state)
{
	_cleanup_loop_ struct loop *loop = new_loop();
	int p[2];

	(void)state;
	new_pipe(p);
	poke(p[1]);
	add(loop, p[0], POLLIN, on_nested, NULL);
	assert_int_equal(loop_run(loop), 0);
	loop = loop_free(loop);
	close(p[0]);
	close(p[1]);
}

static void on_pidfd(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct seen *s = arg;

	(void)revents;
	loop_remove(loop, id);
	if (++s->calls == 3)
		loop_exit(loop, 42);
}

static void test_pidfds(void **state)
{
	_cleanup_loop_ struct loop *loop = new_loop();
	struct seen s = { 0 };
	int fds[3], status;
	pid_t pids[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(i);
		fds[i] = (int)syscall(SYS_pidfd_open, pids[i], 0);
		if (fds[i] < 0 && errno == ENOSYS) {
			assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
			loop = loop_free(loop);
			print_message("skipped: no pidfd_open here (valgrind 3.19 does not know it)\n");
			skip();
		}
		assert_true(fds[i] >= 0);
		add(loop, fds[i], POLLIN, on_pidfd, &s);
	}
	assert_int_equal(loop_run(loop), 42);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(WEXITSTATUS(status), i);
		close(fds[i]);
	}
}

static void test_regular_file_and_bad_fd(void **state)
{
	_cleanup_loop_ struct loop *loop = new_loop();
	struct error e = { 0 };
	struct seen s = { 0 };
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	add(loop, fd, POLLIN, on_count, &s);
	assert_int_equal(loop_run_once(loop, -1), 1);
	assert_int_equal(s.revents & POLLIN, POLLIN);
	assert_int_equal(loop_add_fd(loop, 9999, POLLIN, on_count, &s, NULL, &e), -EBADF);
	assert_string_equal(e.msg, "watch file descriptor 9999: Bad file descriptor");
	loop = loop_free(loop);
	close(fd);
}

/* Idle means asleep: the loop turns when the timer is due, and not before. */
static void test_idle_does_not_wake(void **state)
{
	_cleanup_loop_ struct loop *loop = new_loop();
	struct seen s = { 0 };
	int p[2], turns = 0;

	(void)state;
	new_pipe(p);
	for (int i = 0; i < 100; i++)
		add(loop, p[0], POLLIN, on_count, &s);
	loop_remove(loop, add(loop, p[0], POLLIN, on_count, &s));
	after(loop, 200000, on_timer, &s);
	for (; !s.timers; turns++)
		assert_true(loop_run_once(loop, -1) >= 0);
	assert_in_range(turns, 1, 2);
	assert_int_equal(s.calls, 0);
	loop = loop_free(loop);
	close(p[0]);
	close(p[1]);
}

/* More handles than either ring has room for, all ready at once, twice. */
static void test_ten_thousand(void **state)
{
	_cleanup_loop_ struct loop *loop = new_loop();
	static struct loop_handle ids[10000];
	struct seen s = { 0 };
	int p[2];

	(void)state;
	new_pipe(p);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		ids[i] = add(loop, p[0], POLLIN, on_count, &s);
	assert_int_equal(loop_run_once(loop, 0), 0);
	poke(p[1]);
	while (s.calls < 20000)
		assert_true(loop_run_once(loop, -1) > 0);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		loop_remove(loop, ids[i]);
	s.calls = 0;
	assert_int_equal(loop_run_once(loop, 0), 0);
	assert_int_equal(s.calls, 0);
	close(p[0]);
	close(p[1]);
}

static void test_backend_choice(void **state)
{
	struct loop *loop = NULL;
	struct error e = { 0 };

	(void)state;
	(void)setenv("NETEMU_LOOP", "epoll", 1);
	assert_int_equal(loop_new(&loop, &e), -EINVAL);
	assert_string_equal(e.msg, "NETEMU_LOOP=epoll: must be uring or poll");
	(void)setenv("NETEMU_LOOP", "poll", 1);
	loop = new_loop();
	assert_string_equal(loop_backend_name(loop), "poll");
	loop = loop_free(loop);
	(void)unsetenv("NETEMU_LOOP");
	loop = new_loop();
	print_message("default backend here: %s\n", loop_backend_name(loop));
	loop_free(loop);
}

static int deny_io_uring(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = ARRAY_SIZE(code), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0 ? -errno : 0;
}

/* What Docker's default seccomp profile does. Runs in a child, which exits with a digit for what went wrong. */
static int without_io_uring(void)
{
	struct error e = { 0 };
	struct loop *loop = NULL;
	int r;

	if (deny_io_uring() < 0)
		return 1;
	if (loop_new(&loop, &e) < 0)
		return 2;
	r = strcmp(loop_backend_name(loop), "poll");
	loop_free(loop);
	if (r != 0)
		return 3;
	if (setenv("NETEMU_LOOP", "uring", 1) < 0 || loop_new(&loop, &e) != -EPERM)
		return 4;
	return strstr(e.msg, "NETEMU_LOOP=poll") ? 0 : 5;
}

static void test_falls_back_when_refused(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0)
		_exit(without_io_uring());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define BOTH(f)                                                                                                      \
	{ #f "[poll]", f, use_poll, use_default, NULL }, { #f "[default]", f, use_default, use_default, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_level_triggered),
		BOTH(test_modify_and_pause),
		BOTH(test_remove_releases_file),
		BOTH(test_free_releases_files),
		BOTH(test_remove_others_in_callback),
		BOTH(test_add_in_callback),
		BOTH(test_timers_in_order),
		BOTH(test_periodic_and_exit_code),
		BOTH(test_timer_does_not_starve_fds),
		BOTH(test_many_timers),
		BOTH(test_nested_run_refused),
		BOTH(test_pidfds),
		BOTH(test_regular_file_and_bad_fd),
		BOTH(test_idle_does_not_wake),
		BOTH(test_ten_thousand),
		cmocka_unit_test(test_backend_choice),
		cmocka_unit_test(test_falls_back_when_refused),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
