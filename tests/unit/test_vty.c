// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_vty.c - the vty client against a server in this process that says what a test tells it to
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cmocka.h>

#include "engine/vty.h"

struct server {
	char dir[200];
	int dirfd, listen_fd;
	pthread_t thread;
	/* what it does with each command */
	const char *answer;
	size_t answer_len, piece; /* piece: bytes sent at a time, 0 = all */
	bool mute, hang_up;
	char got[256]; /* the last command, with its NUL */
	size_t got_len;
};

static void serve_one(struct server *s, int fd)
{
	size_t piece = s->piece ? s->piece : s->answer_len;

	for (size_t at = 0; at < s->answer_len; at += piece) {
		if (send(fd, s->answer + at, MIN_OF(piece, s->answer_len - at), MSG_NOSIGNAL) < 0)
			return;
		if (s->piece)
			(void)poll(NULL, 0, 1); /* lets the client see pieces */
	}
}

static void *server_main(void *arg)
{
	struct server *s = arg;
	int fd;

	while ((fd = accept(s->listen_fd, NULL, NULL)) >= 0) {
		ssize_t n;

		while ((n = recv(fd, s->got, sizeof(s->got), 0)) > 0) {
			s->got_len = (size_t)n;
			if (s->hang_up)
				break;
			if (!s->mute)
				serve_one(s, fd);
		}
		close(fd);
	}
	return NULL;
}

/* A deep directory: its path would not fit into a sockaddr_un. */
static int setup(void **state)
{
	struct server *s = calloc(1, sizeof(*s));
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	strcpy(s->dir, "/tmp/netemu-vty-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	memset(strcat(s->dir, "/") + strlen(s->dir), 'd', 120);
	assert_int_equal(mkdir(s->dir, 0700), 0);
	s->dirfd = open(s->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(s->dirfd >= 0);
	s->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d/bgpd.vty", s->dirfd);
	assert_int_equal(bind(s->listen_fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(s->listen_fd, 4), 0);
	*state = s;
	return 0;
}

static void start(struct server *s, const char *answer, size_t len)
{
	s->answer = answer;
	s->answer_len = len;
	assert_int_equal(pthread_create(&s->thread, NULL, server_main, s), 0);
}

static int teardown(void **state)
{
	struct server *s = *state;

	(void)shutdown(s->listen_fd, SHUT_RDWR);
	if (s->thread)
		(void)pthread_join(s->thread, NULL);
	close(s->listen_fd);
	(void)unlinkat(s->dirfd, "bgpd.vty", 0);
	(void)unlinkat(s->dirfd, "zebra.vty", 0);
	close(s->dirfd);
	(void)rmdir(s->dir);
	*strrchr(s->dir, '/') = '\0';
	(void)rmdir(s->dir);
	free(s);
	return 0;
}

#define START(s, text) start(s, text, sizeof(text) - 1)

static void test_answer(void **state)
{
	struct server *s = *state;
	_cleanup_strbuf_ struct strbuf out = { 0 };

	START(s, "hello\nworld\n\0\0\0\0");
	strbuf_puts(&out, "> ");
	assert_int_equal(vty_query(s->dirfd, "bgpd", "show version", &out, 5000, NULL), 0);
	assert_string_equal(out.buf, "> hello\nworld\n");
	assert_int_equal(s->got_len, sizeof("show version"));
	assert_string_equal(s->got, "show version");
}

static void test_answer_in_pieces(void **state)
{
	struct server *s = *state;
	_cleanup_strbuf_ struct strbuf out = { 0 };

	s->piece = 1;
	START(s, "{}\n\0\0\0\0");
	assert_int_equal(vty_query(s->dirfd, "bgpd", "x", &out, 5000, NULL), 0);
	assert_string_equal(out.buf, "{}\n");
}

static void test_two_questions_and_empty_answers(void **state)
{
	struct server *s = *state;
	_cleanup_strbuf_ struct strbuf out = { 0 };
	_cleanup_vty_ struct vty *vty = NULL;

	START(s, "\0\0\0\0");
	assert_int_equal(vty_connect(s->dirfd, "bgpd", 5000, &vty, NULL), 0);
	assert_int_equal(vty_ask(vty, "one", &out, NULL), 0);
	assert_int_equal(vty_ask(vty, "two", &out, NULL), 0);
	assert_string_equal(s->got, "two");
	assert_string_equal(strbuf_str(&out), "");
}

static void test_large_answer(void **state)
{
	struct server *s = *state;
	_cleanup_strbuf_ struct strbuf out = { 0 };
	_cleanup_free_ char *big = NULL;
	size_t len = 3 * 1024 * 1024;

	big = malloc(len);
	memset(big, 'r', len);
	memcpy(big + len - 4, "\0\0\0\0", 4);
	start(s, big, len);
	assert_int_equal(vty_query(s->dirfd, "bgpd", "show ip route", &out, 20000, NULL), 0);
	assert_int_equal(out.len, len - 4);
}

static void test_refused_command(void **state)
{
	struct server *s = *state;
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct error e = { 0 };

	START(s, "% Unknown command: x\nmore\n\0\0\0\2");
	assert_int_equal(vty_query(s->dirfd, "bgpd", "x", &out, 5000, &e), -EPROTO);
	assert_string_equal(e.msg, "bgpd: x: % Unknown command: x");
	assert_int_equal(out.len, 0);
}

static void test_hang_up(void **state)
{
	struct server *s = *state;
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct error e = { 0 };

	s->hang_up = true;
	START(s, "");
	assert_int_equal(vty_query(s->dirfd, "bgpd", "x", &out, 5000, &e), -ECONNRESET);
	assert_string_equal(e.msg, "bgpd: x: Connection reset by peer");
}

static void test_timeout(void **state)
{
	struct server *s = *state;
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct error e = { 0 };

	s->mute = true;
	START(s, "");
	assert_int_equal(vty_query(s->dirfd, "bgpd", "x", &out, 50, &e), -ETIMEDOUT);
	assert_string_equal(e.msg, "bgpd: x: Connection timed out");
}

/* Nobody accepts: the backlog fills up, and connecting itself must come to an end. */
static void test_timeout_of_connect(void **state)
{
	struct server *s = *state;
	struct vty *vty[16] = { 0 };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(vty) && r == 0; i++)
		r = vty_connect(s->dirfd, "bgpd", 20, &vty[i], NULL);
	assert_int_equal(r, -ETIMEDOUT);
	for (size_t i = 0; i < ARRAY_SIZE(vty); i++)
		(void)vty_close(vty[i]);
}

static void test_no_daemon(void **state)
{
	struct server *s = *state;
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct error e = { 0 };

	assert_int_equal(vty_query(s->dirfd, "zebra", "x", &out, 50, &e), -ENOENT);
	assert_string_equal(e.msg, "zebra: connect to its vty: No such file or directory");
	assert_int_equal(vty_query(s->dirfd, "../x", "x", &out, 50, &e), -EINVAL);
	close(s->listen_fd);
	s->listen_fd = -EBADF;
	assert_int_equal(vty_query(s->dirfd, "bgpd", "x", &out, 50, &e), -ECONNREFUSED);
}

static void test_symlink_is_refused(void **state)
{
	struct server *s = *state;
	_cleanup_strbuf_ struct strbuf out = { 0 };

	assert_int_equal(symlinkat("bgpd.vty", s->dirfd, "zebra.vty"), 0);
	assert_int_equal(vty_query(s->dirfd, "zebra", "x", &out, 50, NULL), -ELOOP);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_answer),
		T(test_answer_in_pieces),
		T(test_two_questions_and_empty_answers),
		T(test_large_answer),
		T(test_refused_command),
		T(test_hang_up),
		T(test_timeout),
		T(test_timeout_of_connect),
		T(test_no_daemon),
		T(test_symlink_is_refused),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
