// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_rpc.c - engine/rpc.h on blocking sockets, supervisor/rpcpeer.h on a loop
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/fdpass.h"
#include "engine/rpc.h"
#include "supervisor/rpcpeer.h"

static void pair(int s[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s), 0);
}

static json_t *filled(size_t len)
{
	_cleanup_free_ char *text = malloc(len + 1);

	assert_non_null(text);
	memset(text, 'x', len);
	text[len] = '\0';
	return json_pack("{s:s, s:s}", "op", "fill", "text", text);
}

static size_t open_fds(void)
{
	_cleanup_closedir_ DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(d))
		n++;
	return n;
}

/* ---- the wire ---- */

static void round_trip(size_t len)
{
	int s[2];
	json_t *out = filled(len);
	_cleanup_rpc_message_ struct rpc_message m = { 0 };

	pair(s);
	assert_int_equal(rpc_send(s[0], out, NULL, 0, NULL), 0);
	assert_int_equal(rpc_recv(s[1], &m, NULL), 1);
	assert_true(json_equal(out, m.body));
	assert_int_equal(m.n_fds, 0);
	json_decref(out);
	(void)close(s[0]);
	(void)close(s[1]);
}

static void test_inline(void **state)
{
	(void)state;
	round_trip(0);
	round_trip(1000);
	round_trip(RPC_INLINE_MAX - 22);
	round_trip(RPC_INLINE_MAX - 21);
}

static void test_memfd(void **state)
{
	(void)state;
	round_trip(RPC_INLINE_MAX + 1);
	round_trip(3000000);
}

static void check_fd_is(int fd, int other)
{
	struct stat a, b;

	assert_int_equal(fstat(fd, &a), 0);
	assert_int_equal(fstat(other, &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void fds_trip(size_t len)
{
	const size_t before = open_fds();
	int s[2], fds[4];
	json_t *out = filled(len);
	struct rpc_message m = { 0 };

	pair(s);
	pair(fds);
	pair(fds + 2);
	assert_int_equal(rpc_send(s[0], out, fds, 4, NULL), -EMSGSIZE);
	assert_int_equal(rpc_send(s[0], out, fds, 3, NULL), 0);
	assert_int_equal(rpc_recv(s[1], &m, NULL), 1);
	assert_true(json_equal(out, m.body));
	assert_int_equal(m.n_fds, 3);
	for (size_t i = 0; i < 3; i++)
		check_fd_is(m.fds[i], fds[i]);
	rpc_message_done(&m);
	json_decref(out);
	for (size_t i = 0; i < 4; i++)
		(void)close(fds[i]);
	(void)close(s[0]);
	(void)close(s[1]);
	assert_int_equal(open_fds(), before);
}

static void test_fds(void **state)
{
	(void)state;
	fds_trip(10);
	fds_trip(100000);
}

static void bad_recv(int from, int to, const char *data, size_t n, const int *fds, size_t n_fds)
{
	struct rpc_message m = { 0 };
	struct error e = { 0 };

	assert_int_equal(fdpass_send(from, data, n, fds, n_fds, 0), n);
	assert_int_equal(rpc_recv(to, &m, &e), -EBADMSG);
	assert_null(m.body);
}

static void test_malformed(void **state)
{
	const size_t before = open_fds();
	static char big[RPC_INLINE_MAX + 100];
	int s[2], p[2], fd;

	(void)state;
	pair(s);
	bad_recv(s[0], s[1], "[]", 2, NULL, 0);
	bad_recv(s[0], s[1], "{", 1, NULL, 0);
	bad_recv(s[0], s[1], "@", 1, NULL, 0);
	memset(big, ' ', sizeof(big));
	big[0] = '{';
	big[sizeof(big) - 1] = '}';
	bad_recv(s[0], s[1], big, sizeof(big), NULL, 0);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0); /* would block for ever if it was read */
	bad_recv(s[0], s[1], "@", 1, p, 1);
	fd = memfd_create("unsealed", MFD_CLOEXEC); /* could shrink while it is read */
	assert_int_equal(write(fd, "{}", 2), 2);
	bad_recv(s[0], s[1], "@", 1, &fd, 1);
	(void)close(fd);
	(void)close(p[0]);
	(void)close(p[1]);
	(void)close(s[0]);
	(void)close(s[1]);
	assert_int_equal(open_fds(), before);
}

static void test_not_waiting(void **state)
{
	int s[2], sent = 0, r;
	json_t *out = filled(1000);
	struct rpc_message m;

	(void)state;
	pair(s);
	assert_int_equal(fcntl(s[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fcntl(s[1], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(rpc_recv(s[1], &m, NULL), -EAGAIN);
	while ((r = rpc_send(s[0], out, NULL, 0, NULL)) == 0 && sent < 100000)
		sent++;
	assert_int_equal(r, -EAGAIN);
	assert_true(sent > 10);
	(void)close(s[0]);
	for (int i = 0; i < sent; i++) {
		assert_int_equal(rpc_recv(s[1], &m, NULL), 1);
		rpc_message_done(&m);
	}
	assert_int_equal(rpc_recv(s[1], &m, NULL), 0);
	assert_int_equal(rpc_send(s[1], out, NULL, 0, NULL), -EPIPE);
	json_decref(out);
	(void)close(s[1]);
}

static void test_listen(void **state)
{
	char dir[300], path[400];
	struct stat st;
	int l, l2, c;
	struct error e = { 0 };

	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/test_rpc.%0200d.%d", 0, (int)getpid());
	(void)snprintf(path, sizeof(path), "%s/sock", dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(rpc_connect(path, &e), -ENOENT);
	l = rpc_listen(path, NULL);
	assert_true(l >= 0);
	l2 = rpc_listen(path, NULL);
	assert_true(l2 >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(accept(l2, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	c = rpc_connect(path, NULL);
	assert_true(c >= 0);
	assert_false(fcntl(c, F_GETFL) & O_NONBLOCK);
	(void)close(l);
	l = accept(l2, NULL, NULL);
	assert_true(l >= 0);
	(void)close(c);
	(void)close(l);
	(void)close(l2);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* ---- calls ---- */

static json_int_t id_of(const struct rpc_message *m)
{
	return json_integer_value(json_object_get(m->body, "id"));
}

/* Answers in a child: a notification first, then what was asked, by its op. */
static void serve(int sock)
{
	struct rpc_message m;

	while (rpc_recv(sock, &m, NULL) > 0) {
		json_t *notice = json_pack("{s:s}", "op", "noise");
		const bool fails = strcmp(json_string_value(json_object_get(m.body, "op")), "fail") == 0;
		json_t *re = fails ? json_pack("{s:I, s:i, s:s}", "re", id_of(&m), "code", EEXIST, "error", "pod x is there") :
				     json_pack("{s:I, s:O}", "re", id_of(&m), "was", m.body);

		(void)rpc_send(sock, notice, NULL, 0, NULL);
		(void)rpc_send(sock, re, &sock, 1, NULL);
		json_decref(notice);
		json_decref(re);
		rpc_message_done(&m);
	}
}

static void test_call(void **state)
{
	struct rpc_message m = { 0 };
	struct error e = { 0 };
	int s[2], status;
	pid_t pid;

	(void)state;
	pair(s);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(s[0]);
		serve(s[1]);
		_exit(0);
	}
	(void)close(s[1]);
	assert_int_equal(rpc_call(s[0], json_pack("{s:s}", "op", "echo"), &m, &e), 0);
	assert_string_equal(json_string_value(json_object_get(json_object_get(m.body, "was"), "op")), "echo");
	assert_int_equal(m.n_fds, 1);
	rpc_message_done(&m);
	assert_int_equal(rpc_call(s[0], json_pack("{s:s}", "op", "fail"), &m, &e), -EEXIST);
	assert_string_equal(e.msg, "pod x is there");
	assert_int_equal(rpc_call(s[0], json_pack("{s:s}", "op", "echo"), NULL, &e), 0);
	(void)shutdown(s[0], SHUT_WR);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(rpc_call(s[0], json_pack("{s:s}", "op", "echo"), NULL, &e) < 0);
	(void)close(s[0]);
}

/* ---- on a loop ---- */

struct end {
	struct loop *loop;
	struct rpc_peer *peer;
	size_t n_messages, n_replies, n_ends, bytes;
	const char *fail; /* answer requests with this error */
	bool free_in_message, silent;
	int got_fd;
	struct error error;
	bool lost;
};

static void on_message(struct rpc_peer *peer, struct rpc_message *m, void *arg)
{
	struct end *x = arg;
	const struct error e = { .code = ENOENT, .msg = "no such pod" };

	x->n_messages++;
	x->bytes += json_string_length(json_object_get(m->body, "text"));
	if (m->n_fds)
		x->got_fd = TAKE_FD(m->fds[0]);
	if (x->free_in_message)
		x->peer = rpc_peer_free(peer);
	else if (x->fail)
		rpc_peer_fail(peer, id_of(m), &e);
	else if (!x->silent)
		rpc_peer_reply(peer, id_of(m), json_pack("{s:O}", "was", m->body), &x->got_fd, x->got_fd >= 0 ? 1 : 0);
}

static void on_end(struct rpc_peer *peer, void *arg)
{
	struct end *x = arg;

	x->n_ends++;
	x->peer = rpc_peer_free(peer);
}

static void on_reply(struct rpc_message *m, const struct error *e, void *arg)
{
	struct end *x = arg;

	x->n_replies++;
	x->lost = !m;
	x->error = e ? *e : (struct error){ 0 };
	if (m && m->n_fds)
		x->got_fd = TAKE_FD(m->fds[0]);
}

static void peers(struct end x[2])
{
	int s[2];

	pair(s);
	assert_int_equal(loop_new(&x[0].loop, NULL), 0);
	x[1].loop = x[0].loop;
	for (size_t i = 0; i < 2; i++) {
		x[i].got_fd = -EBADF;
		assert_int_equal(rpc_peer_new(x[i].loop, s[i], on_message, on_end, &x[i], &x[i].peer, NULL), 0);
	}
}

static void peers_done(struct end x[2])
{
	for (size_t i = 0; i < 2; i++) {
		(void)rpc_peer_free(x[i].peer);
		(void)fd_close(x[i].got_fd);
	}
	(void)loop_free(x[0].loop);
}

static void turn(struct loop *loop)
{
	assert_true(loop_run_once(loop, 2000000) > 0);
}

static void test_peer_call(void **state)
{
	struct end x[2] = { 0 };
	json_t *shared = json_pack("{s:s}", "op", "echo");
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	peers(x);
	rpc_peer_call(x[0].peer, json_incref(shared), &null, 1, on_reply, &x[0]);
	while (!x[0].n_replies)
		turn(x[0].loop);
	assert_int_equal(x[0].error.code, 0);
	check_fd_is(x[0].got_fd, null);
	check_fd_is(x[1].got_fd, null);
	assert_null(json_object_get(shared, "id")); /* others hold it: it stays as it was */
	x[1].fail = "yes";
	rpc_peer_call(x[0].peer, shared, NULL, 0, on_reply, &x[0]);
	while (x[0].n_replies < 2)
		turn(x[0].loop);
	assert_int_equal(x[0].error.code, ENOENT);
	assert_string_equal(x[0].error.msg, "no such pod");
	rpc_peer_send(x[0].peer, json_pack("{s:s}", "op", "notice"), NULL, 0);
	while (x[1].n_messages < 3)
		turn(x[0].loop);
	assert_int_equal(loop_run_once(x[0].loop, 0), 0); /* no answer to a notification */
	assert_int_equal(x[0].n_replies, 2);
	(void)close(null);
	peers_done(x);
}

/* More than the socket takes: in order and whole once the other side reads, descriptors included. */
static void test_peer_does_not_read(void **state)
{
	enum { N = 200, LEN = 50000 };
	struct end x[2] = { 0 };
	const size_t before = open_fds();
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	peers(x);
	x[1].silent = true;
	for (int i = 0; i < N; i++)
		rpc_peer_send(x[0].peer, filled(LEN), NULL, 0);
	rpc_peer_send(x[0].peer, filled(LEN), &null, 1);
	(void)close(null);
	while (x[1].n_messages <= N)
		turn(x[0].loop);
	assert_int_equal(x[1].bytes, (size_t)(N + 1) * LEN);
	assert_true(x[1].got_fd >= 0);
	assert_int_equal(loop_run_once(x[0].loop, 0), 0); /* nothing waits, nothing wakes */
	peers_done(x);
	assert_int_equal(open_fds(), before);
}

static void test_peer_gone(void **state)
{
	struct end x[2] = { 0 };

	(void)state;
	peers(x);
	x[1].free_in_message = true;
	for (int i = 0; i < 3; i++)
		rpc_peer_call(x[0].peer, json_pack("{s:s}", "op", "never"), NULL, 0, on_reply, &x[0]);
	while (!x[0].n_ends)
		turn(x[0].loop);
	assert_int_equal(x[1].n_messages, 1);
	assert_int_equal(x[1].n_ends, 0);
	assert_int_equal(x[0].n_ends, 1);
	assert_int_equal(x[0].n_replies, 3);
	assert_true(x[0].lost);
	assert_int_equal(x[0].error.code, ECONNRESET);
	assert_null(x[0].peer);
	peers_done(x);
}

static void test_peer_speaks_nonsense(void **state)
{
	struct end x = { .got_fd = -EBADF };
	int s[2];

	(void)state;
	pair(s);
	assert_int_equal(loop_new(&x.loop, NULL), 0);
	assert_int_equal(rpc_peer_new(x.loop, s[0], on_message, on_end, &x, &x.peer, NULL), 0);
	assert_int_equal(send(s[1], "nonsense", 8, 0), 8);
	turn(x.loop);
	assert_int_equal(x.n_ends, 1);
	(void)close(s[1]);
	(void)loop_free(x.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inline),
		cmocka_unit_test(test_memfd),
		cmocka_unit_test(test_fds),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_not_waiting),
		cmocka_unit_test(test_listen),
		cmocka_unit_test(test_call),
		cmocka_unit_test(test_peer_call),
		cmocka_unit_test(test_peer_does_not_read),
		cmocka_unit_test(test_peer_gone),
		cmocka_unit_test(test_peer_speaks_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
