// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_cri.c - the pod runtime of a cluster's supervisor (cluster/cri.h), asked as a kubelet asks it
 *
 * A cluster of two nodes whose kubelet is this program, which then registers its node, and does no more; each test makes
 * pods of its own.
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/strbuf.h"
#include "cluster/cri.h"
#include "cluster/jsonutil.h"
#include "engine/agentc.h"
#include "engine/rpc.h"
#include "engine/state.h"

enum { WAIT_MS = 10000 };

static struct {
	char lab[64], dir[64];
	pid_t supervisor, worker, control_plane;
	int sock; /* of the worker */
	unsigned n_pods;
} t;

/* ---- the lab ---- */

_printf_(1, 2) static int shell(const char *fmt, ...)
{
	char cmd[2048];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	return system(cmd); /* NOLINT(cert-env33-c): a test */
}

static int node_connect(pid_t node)
{
	struct timeval limit = { .tv_sec = WAIT_MS / 1000 };
	struct error e = { 0 };
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/root" CRI_SOCKET, (int)node);
	fd = rpc_connect(path, &e);
	if (fd < 0)
		fail_msg("%s", e.msg);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

static int lab_up(void **state)
{
	const char *netemu = getenv("NETEMU");
	struct lab_state *st;
	struct error e = { 0 };

	(void)state;
	if (!netemu)
		(void)setenv("NETEMU", "build/netemu", 1);
	(void)snprintf(t.lab, sizeof(t.lab), "%s-cri%d", getenv("NETEMU_TEST_RUN") ? getenv("NETEMU_TEST_RUN") : "t", (int)getpid());
	(void)snprintf(t.dir, sizeof(t.dir), "/tmp/test_cri.%d", (int)getpid());
	if (shell("mkdir -p %s && cp /proc/%d/exe %s/netemu-kubelet && printf 'kind: Cluster\\napiVersion: kind.x-k8s.io/v1alpha4\\nname: %s\\n"
		  "nodes: [{role: control-plane}, {role: worker}]\\n' >%s/c.yaml && "
		  "NETEMU_LIBEXEC=%s timeout 60 \"$NETEMU\" run %s/c.yaml >%s/out 2>&1 || { cat %s/out; exit 1; }",
		  t.dir, (int)getpid(), t.dir, t.lab, t.dir, t.dir, t.dir, t.dir, t.dir) != 0)
		return -1;
	if (state_load(t.lab, &st, &e) < 0) {
		print_error("%s\n", e.msg);
		return -1;
	}
	t.supervisor = st->supervisor;
	t.control_plane = st->nodes[0].pid;
	t.worker = st->nodes[1].pid;
	state_free(st);
	t.sock = node_connect(t.worker);
	return 0;
}

static int lab_down(void **state)
{
	(void)state;
	(void)close(t.sock);
	return shell("timeout 30 \"$NETEMU\" destroy %s >/dev/null 2>&1; rm -rf %s", t.lab, t.dir);
}

/* ---- asking ---- */

/* Takes @request. Notifications that come meanwhile are lost: tests that want one wait for it next. */
static struct rpc_message ask_on(int sock, json_t *request)
{
	struct rpc_message m = { 0 };
	struct error e = { 0 };

	if (rpc_call(sock, request, &m, &e) < 0)
		fail_msg("%s", e.msg);
	return m;
}

static struct rpc_message ask_fd(json_t *request, int fd)
{
	static json_int_t id = 1000000;
	struct rpc_message m = { 0 };
	struct error e = { 0 };

	(void)json_object_set_new(request, "id", json_integer(++id));
	assert_int_equal(rpc_send(t.sock, request, &fd, fd >= 0, NULL), 0);
	json_decref(request);
	do {
		rpc_message_done(&m);
		assert_int_equal(rpc_recv(t.sock, &m, &e), 1);
	} while (json_int(m.body, 0, "re", NULL) != id);
	if (rpc_error(m.body, &e) < 0)
		fail_msg("%s", e.msg);
	return m;
}

static void ask(json_t *request)
{
	struct rpc_message m = ask_on(t.sock, request);

	rpc_message_done(&m);
}

static void refuse(json_t *request, int code, const char *part)
{
	struct error e = { 0 };

	assert_int_equal(rpc_call(t.sock, request, NULL, &e), -code);
	if (!strstr(e.msg, part))
		fail_msg("'%s' is not in '%s'", part, e.msg);
}

/* The next exit; its reference. */
static json_t *exit_await(const char *id)
{
	for (;;) {
		struct rpc_message m;
		struct error e = { 0 };
		json_t *body;

		if (rpc_recv(t.sock, &m, &e) != 1)
			fail_msg("no word of the end of container %s: %s", id, e.msg);
		body = json_incref(m.body);
		rpc_message_done(&m);
		if (strcmp(json_text(body, "op", NULL), "exit") == 0 && strcmp(json_text(body, "id", NULL), id) == 0)
			return body;
		json_decref(body);
	}
}

static void pidfd_await(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	assert_true(pidfd >= 0);
	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
	(void)close(pidfd);
}

static int pidfd_of(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static int new_netns(void)
{
	int p[2], fd;
	char path[64], byte = 0;
	pid_t pid;

	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNET) == 0)
			(void)!write(p[1], &byte, 1);
		(void)pause();
		_exit(0);
	}
	assert_int_equal(read(p[0], &byte, 1), 1);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	(void)close(p[0]);
	(void)close(p[1]);
	assert_true(fd >= 0);
	return fd;
}

/* A pod with @volumes (taken, may be NULL) and no network but its own. */
static void pod(char uid[32], json_t *volumes)
{
	const int ns = new_netns();
	struct rpc_message m;

	(void)snprintf(uid, 32, "uid-%u", ++t.n_pods);
	m = ask_fd(json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:s}, s:s, s:s, s:o}", "op", "pod.create", "uid", uid, "name", uid,
			     "namespace", "default", "hostname", "podname", "opaque", "k", "v", "hosts", "127.0.0.1 localhost\n", "resolv",
			     "nameserver 10.96.0.10\n", "volumes", volumes ? volumes : json_array()),
		   ns);
	rpc_message_done(&m);
	(void)close(ns);
}

/* Takes @argv and @more, which is added to the request. */
static json_t *start(const char *uid, json_t *argv, json_t *more, char id[32])
{
	json_t *request = json_pack("{s:s, s:s, s:s, s:i, s:s, s:o}", "op", "container.start", "pod", uid, "name", "main", "attempt", 0,
				    "image", "nicolaka/netshoot", "argv", argv);
	struct rpc_message m;
	json_t *body;

	(void)json_object_update(request, more);
	json_decref(more);
	m = ask_on(t.sock, request);
	body = json_incref(m.body);
	rpc_message_done(&m);
	(void)snprintf(id, 32, "%s", json_text(body, "id", NULL));
	assert_int_equal(strlen(id), 16);
	return body;
}

static pid_t start_sh(const char *uid, const char *script, json_t *more, char id[32])
{
	json_t *body = start(uid, json_pack("[s, s, s]", "sh", "-c", script), more, id);
	const pid_t pid = (pid_t)json_int(body, 0, "pid", NULL);

	json_decref(body);
	return pid;
}

static json_t *by_id(const char *op, const char *id)
{
	return json_pack("{s:s, s:s}", "op", op, "container", id);
}

static void read_file(const char *path, char *buf, size_t size)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	const ssize_t n = fd >= 0 ? read(fd, buf, size - 1) : -1;

	buf[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		(void)close(fd);
}

static void log_path(char path[256], const char *id)
{
	(void)snprintf(path, 256, "%s/%s/" CRI_LOG_DIR "/%s.log", state_dir_root(), t.lab, id);
}

/* The texts of a log without their times, which are looked at. */
static const char *log_of(const char *id)
{
	static char out[65536];
	static char buf[65536];
	char path[256];
	size_t n = 0;

	log_path(path, id);
	read_file(path, buf, sizeof(buf));
	for (char *save = NULL, *line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		int y, mo, d, h, mi, s, ns, end = 0;

		assert_int_equal(sscanf(line, "%4d-%2d-%2dT%2d:%2d:%2d.%9dZ %n", &y, &mo, &d, &h, &mi, &s, &ns, &end), 7);
		assert_int_equal(end, 31);
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s\n", line + end);
	}
	out[n] = '\0';
	return out;
}

/* The streams come by pipes of their own: how they are mixed is chance. */
static const char *stdout_of(const char *id)
{
	static char out[65536];
	const char *log = log_of(id);
	size_t n = 0;

	for (const char *next; *log; log = next) {
		next = strchr(log, '\n') + 1;
		if (strncmp(log, "stdout ", 7) == 0)
			n += (size_t)snprintf(out + n, sizeof(out) - n, "%.*s", (int)(next - log), log);
	}
	out[n] = '\0';
	return out;
}

/* Runs a script as a container to its end. Return: its exit code. */
static int run_sh(const char *uid, const char *script, json_t *more, char id[32])
{
	json_t *ev;
	int status;

	(void)start_sh(uid, script, more, id);
	ev = exit_await(id);
	status = (int)json_int(ev, -1, "status", NULL);
	json_decref(ev);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* ---- tests ---- */

static void test_node_info(void **state)
{
	struct rpc_message m = ask_on(t.sock, json_pack("{s:s}", "op", "node.info"));

	(void)state;
	assert_string_equal(json_text(m.body, "cluster", "name", NULL), t.lab);
	assert_null(json_at(m.body, "cluster", "nodes", NULL));
	assert_string_equal(json_text(m.body, "node", "name", NULL), "worker");
	rpc_message_done(&m);
	refuse(json_pack("{s:s}", "op", "nonsense"), EOPNOTSUPP, "nonsense");
}

static void test_exit_and_log(void **state)
{
	char uid[32], id[32];
	struct rpc_message m;
	json_t *p, *c;

	(void)state;
	pod(uid, NULL);
	assert_int_equal(run_sh(uid, "echo out; echo err >&2; hostname; cat /etc/hosts /etc/resolv.conf; echo $A; pwd; printf part; exit 3",
				json_pack("{s:[s], s:s, s:{s:i}}", "env", "A=b c", "cwd", "/tmp", "opaque", "n", 7), id),
			 3);
	assert_non_null(strstr(log_of(id), "stderr F err\n"));
	assert_string_equal(stdout_of(id), "stdout F out\nstdout F podname\nstdout F 127.0.0.1 localhost\n"
					   "stdout F nameserver 10.96.0.10\nstdout F b c\nstdout F /tmp\nstdout F part\n");
	m = ask_on(t.sock, json_pack("{s:s}", "op", "list"));
	p = json_array_get(json_object_get(m.body, "pods"), 0);
	assert_string_equal(json_text(p, "uid", NULL), uid);
	assert_string_equal(json_text(p, "opaque", "k", NULL), "v");
	c = json_array_get(json_object_get(p, "containers"), 0);
	assert_string_equal(json_text(c, "id", NULL), id);
	assert_string_equal(json_text(c, "state", NULL), "exited");
	assert_int_equal(json_int(c, 0, "status", NULL), 3 << 8);
	assert_int_equal(json_int(c, 0, "opaque", "n", NULL), 7);
	assert_int_equal(strlen(json_text(c, "finishedAt", NULL)), 30);
	rpc_message_done(&m);
	ask(json_pack("{s:s, s:s}", "op", "pod.remove", "uid", uid));
	assert_string_equal(log_of(id), "");
}

static void test_unfinished_line(void **state)
{
	char uid[32], id[32];

	(void)state;
	pod(uid, NULL);
	(void)run_sh(uid, "printf part", NULL, id);
	ask(json_pack("{s:s, s:s, s:b}", "op", "container.remove", "container", id, "keepLog", 1));
	assert_string_equal(log_of(id), "stdout F part\n");
	ask(json_pack("{s:s, s:s}", "op", "pod.remove", "uid", uid));
	assert_string_equal(log_of(id), "");
}

static void test_network(void **state)
{
	char uid[32], id[32], path[64], own[64] = "", host[64] = "";
	struct rpc_message m;
	struct stat st, mine;
	pid_t pid;
	int init;

	(void)state;
	pod(uid, NULL);
	pid = start_sh(uid, "exec sleep 1000", NULL, id);
	init = pidfd_of(pid);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	assert_true(readlink(path, own, sizeof(own) - 1) > 0);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)t.worker);
	assert_true(readlink(path, host, sizeof(host) - 1) > 0);
	assert_string_not_equal(own, host);
	m = ask_on(t.sock, json_pack("{s:s, s:s, s:i}", "op", "pod.socket", "uid", uid, "family", 6));
	assert_int_equal(m.n_fds, 1);
	assert_int_equal(fstat(m.fds[0], &st), 0);
	assert_int_equal(fstat(t.sock, &mine), 0);
	assert_true(S_ISSOCK(st.st_mode));
	rpc_message_done(&m);
	ask(json_pack("{s:s, s:s}", "op", "pod.remove", "uid", uid));
	pidfd_await(init);

	ask(json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "op", "pod.create", "uid", "hostnet", "name", "h", "namespace", "d", "hostname", "n",
		      "hostNetwork", 1));
	pid = start_sh("hostnet", "exec sleep 1000", NULL, id);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	assert_true(readlink(path, own, sizeof(own) - 1) > 0);
	assert_string_equal(own, host);
	refuse(json_pack("{s:s, s:s, s:b}", "op", "pod.create", "uid", "hostnet", "hostNetwork", 1), EEXIST, "hostnet");
	ask(json_pack("{s:s, s:s}", "op", "pod.remove", "uid", "hostnet"));
	refuse(json_pack("{s:s, s:s}", "op", "pod.create", "uid", "x"), EBADF, "network namespace");
	refuse(json_pack("{s:s, s:s, s:b}", "op", "pod.create", "uid", "../x", "hostNetwork", 1), EINVAL, "../x");
}

/* ---- exec, attach ---- */

static void await_text(int fd, const char *want)
{
	char buf[4096];
	size_t n = 0;

	while (n < sizeof(buf) - 1) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t got;

		buf[n] = '\0';
		if (strstr(buf, want))
			return;
		if (poll(&p, 1, WAIT_MS) <= 0)
			break;
		got = read(fd, buf + n, sizeof(buf) - 1 - n);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	buf[n] = '\0';
	fail_msg("'%s' did not come, but '%s'", want, buf);
}

static void test_exec(void **state)
{
	char uid[32], id[32];
	struct arena a = { 0 };
	struct strv argv = { 0 };
	struct agent_command cmd = { .argv = &argv };
	struct agent_event ev;
	struct rpc_message m;
	int p[2], fd;

	(void)state;
	pod(uid, NULL);
	(void)start_sh(uid, "exec sleep 1000", NULL, id);
	m = ask_on(t.sock, by_id("container.connect", id));
	assert_int_equal(m.n_fds, 1);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	strv_add(&a, &argv, "sh");
	strv_add(&a, &argv, "-c");
	strv_add(&a, &argv, "echo I am in $(hostname); exit 5");
	cmd.fds[0] = p[0];
	cmd.fds[1] = cmd.fds[2] = p[1];
	assert_int_equal(agent_run(m.fds[0], 9, &cmd, NULL), 0);
	await_text(p[0], "I am in podname\n");
	do
		assert_int_equal(agent_recv(m.fds[0], &ev, &fd, NULL), 1);
	while (ev.type != AGENT_EXITED);
	assert_int_equal(ev.id, 9);
	assert_int_equal(agent_exit_code(ev.arg), 5);
	rpc_message_done(&m);
	(void)close(p[0]);
	(void)close(p[1]);
	arena_done(&a);
	ask(json_pack("{s:s, s:s}", "op", "pod.remove", "uid", uid));
}

static struct rpc_message attach(const char *id, const char *fds)
{
	struct rpc_message m = ask_on(t.sock, json_pack("{s:s, s:s, s:b, s:b, s:b}", "op", "container.attach", "container", id, "stdin", 1, "stdout", 1,
							"stderr", 1));
	char *got = json_dumps(json_object_get(m.body, "fds"), JSON_COMPACT);

	assert_string_equal(got, fds);
	free(got);
	return m;
}

static void test_attach(void **state)
{
	char uid[32], id[32];
	struct rpc_message m, other;
	json_t *ev;

	(void)state;
	pod(uid, NULL);
	(void)start_sh(uid, "while read -r x; do echo got $x; echo bad $x >&2; done; echo end of input", json_pack("{s:b}", "stdin", 1), id);
	m = attach(id, "[\"stdout\",\"stderr\",\"stdin\"]");
	other = attach(id, "[\"stdout\",\"stderr\"]"); /* its stdin has been given away */
	rpc_message_done(&other); /* who goes does not disturb the others */
	assert_int_equal(write(m.fds[2], "one\n", 4), 4);
	await_text(m.fds[0], "got one\n");
	await_text(m.fds[1], "bad one\n");
	m.fds[2] = (close(m.fds[2]), -EBADF);
	await_text(m.fds[0], "end of input\n");
	ev = exit_await(id);
	json_decref(ev);
	assert_int_equal(read(m.fds[0], &(char){ 0 }, 1), 0);
	rpc_message_done(&m);
	assert_non_null(strstr(log_of(id), "stdout F got one\n"));
	ask(json_pack("{s:s, s:s}", "op", "pod.remove", "uid", uid));
}

static void test_attach_tty(void **state)
{
	char uid[32], id[32];
	struct rpc_message m;
	json_t *ev;

	(void)state;
	pod(uid, NULL);
	(void)start_sh(uid, "read -r x; tty; stty size; echo got $x", json_pack("{s:b, s:b}", "stdin", 1, "tty", 1), id);
	m = attach(id, "[\"stdout\",\"stdin\"]");
	assert_true(json_bool(m.body, "tty", NULL));
	ask(json_pack("{s:s, s:s, s:i, s:i}", "op", "container.resize", "container", id, "rows", 33, "cols", 111));
	assert_int_equal(write(m.fds[1], "line\r", 5), 5);
	await_text(m.fds[0], "line\r\n/dev/pts/0\r\n33 111\r\ngot line\r\n"); /* echoed, as a terminal does */
	ev = exit_await(id);
	json_decref(ev);
	rpc_message_done(&m);
	assert_non_null(strstr(log_of(id), "stdout F line\r\nstdout F /dev/pts/0\r\nstdout F 33 111\r\n"));
	ask(json_pack("{s:s, s:s}", "op", "pod.remove", "uid", uid));
}

/* ---- ends ---- */

static void test_stop(void **state)
{
	char uid[32], id[32], hard[32], idle[32];
	json_t *ev;

	(void)state;
	pod(uid, NULL);
	(void)start_sh(uid, "trap 'echo trapped; exit 7' TERM; echo up; while :; do sleep 0.01; done", json_pack("{s:b, s:b}", "stdin", 1, "tty", 1), id);
	(void)start_sh(uid, "trap '' TERM; sleep 1000; sleep 1000", NULL, hard);
	json_decref(start(uid, json_array(), NULL, idle));
	while (!strstr(log_of(id), "up"))
		(void)poll(NULL, 0, 2);
	ask(json_pack("{s:s, s:s, s:i}", "op", "container.stop", "container", id, "signal", SIGTERM));
	ev = exit_await(id);
	assert_int_equal(json_int(ev, 0, "status", NULL), 7 << 8);
	assert_string_equal(json_text(ev, "pod", NULL), uid);
	json_decref(ev);
	ask(json_pack("{s:s, s:s, s:i}", "op", "container.stop", "container", hard, "signal", SIGKILL));
	ev = exit_await(hard);
	assert_int_equal(json_int(ev, 0, "status", NULL), SIGKILL);
	json_decref(ev);
	(void)rpc_send(t.sock, ev = json_pack("{s:s, s:s}", "op", "container.stop", "container", idle), NULL, 0, NULL);
	json_decref(ev);
	ev = exit_await(idle);
	assert_int_equal(json_int(ev, 0, "status", NULL), SIGTERM);
	json_decref(ev);
	refuse(by_id("container.connect", idle), ESRCH, idle);
	ask(json_pack("{s:s, s:s}", "op", "pod.remove", "uid", uid));
	refuse(by_id("container.connect", idle), ENOENT, idle);
	ask(by_id("container.remove", idle)); /* gone is as good */
	ask(json_pack("{s:s, s:s}", "op", "pod.remove", "uid", uid));
}

static void test_not_found(void **state)
{
	char uid[32], id[32];
	json_t *ev;

	(void)state;
	pod(uid, NULL);
	json_decref(start(uid, json_pack("[s]", "/no/such/program"), NULL, id));
	ev = exit_await(id);
	assert_int_equal(json_int(ev, 0, "status", NULL), 128 << 8);
	assert_string_equal(json_text(ev, "reason", NULL), "StartError");
	assert_non_null(strstr(json_text(ev, "message", NULL), "exec: \"/no/such/program\": stat /no/such/program: no such file or directory"));
	json_decref(ev);
	assert_string_equal(log_of(id), "stderr F netemu: exec: /no/such/program: No such file or directory\n");
	refuse(json_pack("{s:s, s:s, s:s, s:[]}", "op", "container.start", "pod", uid, "image", "no/such/image", "argv"), ENOENT, "no/such/image");
	refuse(json_pack("{s:s, s:s, s:s, s:[]}", "op", "container.start", "pod", "nobody", "image", "alpine", "argv"), ENOENT, "nobody");
	ask(json_pack("{s:s, s:s}", "op", "pod.remove", "uid", uid));
}

static json_t *end_of(const char *uid, json_t *argv, json_t *more)
{
	char id[32];

	json_decref(start(uid, argv, more, id));
	return exit_await(id);
}

/* What cannot be started says why; what can be made for it, is; and what it leaves is read. */
static void test_ends(void **state)
{
	char uid[32], id[32];
	json_t *ev;

	(void)state;
	pod(uid, NULL);
	ev = end_of(uid, json_pack("[s]", "nonesuch"), NULL);
	assert_non_null(strstr(json_text(ev, "message", NULL), "exec: \"nonesuch\": executable file not found in $PATH: unknown"));
	json_decref(ev);
	ev = end_of(uid, json_pack("[s]", "/etc/hosts"), NULL);
	assert_non_null(strstr(json_text(ev, "message", NULL), "exec: \"/etc/hosts\": permission denied: unknown"));
	json_decref(ev);
	ev = end_of(uid, json_pack("[s]", "true"), json_pack("{s:s}", "cwd", "/etc/hosts"));
	assert_non_null(strstr(json_text(ev, "message", NULL), "chdir to cwd (\"/etc/hosts\")"));
	json_decref(ev);
	assert_int_equal(run_sh(uid, "pwd; exit 127", json_pack("{s:s, s:s}", "cwd", "/made/for/it", "user", "1000"), id), 127);
	assert_string_equal(log_of(id), "stdout F /made/for/it\n");
	ev = end_of(uid, json_pack("[s, s, s]", "sh", "-c", "printf 'out of \\377 luck' >/dev/termination-log; exit 3"),
		    json_pack("{s:s, s:s}", "messagePath", "/dev/termination-log", "user", "1000"));
	assert_int_equal(json_int(ev, 0, "status", NULL), 3 << 8);
	assert_null(json_object_get(ev, "reason"));
	assert_string_equal(json_text(ev, "message", NULL), "out of ? luck");
	json_decref(ev);
	ev = end_of(uid, json_pack("[s, s, s]", "sh", "-c", "ln -sf /etc/hostname /var/message"), json_pack("{s:s}", "messagePath", "/var/message"));
	assert_null(json_object_get(ev, "message"));
	json_decref(ev);
	ask(json_pack("{s:s, s:s}", "op", "pod.remove", "uid", uid));
}

/* Another node's kubelet sees nothing of it, and this node's new kubelet all. */
static void test_take_over(void **state)
{
	const int other = node_connect(t.control_plane);
	char uid[32], id[32];
	struct error e = { 0 };
	struct rpc_message m;
	json_t *ev;

	(void)state;
	pod(uid, NULL);
	(void)start_sh(uid, "read -r x; exit 4", json_pack("{s:b}", "stdin", 1), id);
	m = ask_on(other, json_pack("{s:s}", "op", "list"));
	assert_int_equal(json_array_size(json_object_get(m.body, "pods")), 0);
	rpc_message_done(&m);
	assert_int_equal(rpc_call(other, by_id("container.connect", id), NULL, &e), -ENOENT);
	assert_int_equal(rpc_call(other, json_pack("{s:s, s:s}", "op", "pod.remove", "uid", uid), NULL, &e), 0);
	(void)close(other);
	(void)close(t.sock);
	t.sock = node_connect(t.worker);
	m = ask_on(t.sock, json_pack("{s:s}", "op", "list"));
	assert_string_equal(json_text(json_array_get(json_object_get(json_array_get(json_object_get(m.body, "pods"), 0), "containers"), 0),
				      "state", NULL),
			    "running");
	rpc_message_done(&m);
	m = attach(id, "[\"stdout\",\"stderr\",\"stdin\"]");
	rpc_message_done(&m); /* its input ends */
	ev = exit_await(id);
	assert_int_equal(json_int(ev, 0, "status", NULL), 4 << 8);
	json_decref(ev);
	ask(json_pack("{s:s, s:s}", "op", "pod.remove", "uid", uid));
}

/* ---- volumes ---- */

static json_t *file(const char *text, int mode)
{
	struct strbuf s = { 0 };
	json_t *j;

	base64_encode(&s, text, strlen(text));
	j = json_pack("{s:s, s:i}", "data", strbuf_str(&s), "mode", mode);
	strbuf_done(&s);
	return j;
}

static json_t *mount(const char *volume, const char *path, const char *sub, bool ro)
{
	return json_pack("{s:s, s:s, s:s, s:b}", "volume", volume, "path", path, "subPath", sub, "readOnly", (int)ro);
}

static void test_volumes(void **state)
{
	char uid[32], id[32];

	(void)state;
	pod(uid, json_pack("[{s:s, s:s}, {s:s, s:s, s:{s:o, s:o}}]", "name", "scratch", "type", "empty", "name", "conf", "type", "files", "files",
			   "a.conf", file("alpha\n", 0644), "sub/b", file("beta\n", 0400)));
	assert_int_equal(run_sh(uid, "cat /c/a.conf /c/sub/b /one; stat -L -c %a /c/sub/b; (echo x >/c/a.conf) 2>/dev/null || echo read-only; echo shared >/s/deep/f; ls /s",
				json_pack("{s:[o, o, o, o]}", "mounts", mount("scratch", "/s/deep", "made/here", false),
					  mount("scratch", "/s", "", false), mount("conf", "/c", "", false),
					  mount("conf", "/one", "a.conf", true)),
				id),
			 0);
	assert_non_null(strstr(log_of(id), "stdout F alpha\nstdout F beta\nstdout F alpha\nstdout F 400\nstdout F read-only\n"));
	ask(json_pack("{s:s, s:s, s:s, s:{s:o}}", "op", "pod.files", "uid", uid, "volume", "conf", "files", "new", file("gamma\n", 0644)));
	assert_int_equal(run_sh(uid, "cat /s/made/here/f /c/new; ls /c; echo x >/s/made/here/g; ls -d /s/made",
				json_pack("{s:[o, o]}", "mounts", mount("scratch", "/s", "", true), mount("conf", "/c", "", true)), id),
			 0);
	assert_non_null(strstr(log_of(id), "stdout F shared\nstdout F gamma\nstdout F new\n"));
	assert_non_null(strstr(log_of(id), "Read-only file system"));
	assert_int_equal(run_sh(uid, "ln -s / /s/root; ln -s ../../.. /s/up", json_pack("{s:[o]}", "mounts", mount("scratch", "/s", "", false)), id), 0);
	refuse(json_pack("{s:s, s:s, s:s, s:[], s:[o]}", "op", "container.start", "pod", uid, "image", "alpine", "argv", "mounts",
			 mount("scratch", "/x", "root", false)),
	       EXDEV, "subPath");
	refuse(json_pack("{s:s, s:s, s:s, s:[], s:[o]}", "op", "container.start", "pod", uid, "image", "alpine", "argv", "mounts",
			 mount("scratch", "/x", "up/etc", false)),
	       EXDEV, "subPath");
	refuse(json_pack("{s:s, s:s, s:s, s:[], s:[o]}", "op", "container.start", "pod", uid, "image", "alpine", "argv", "mounts",
			 mount("scratch", "/x", "../..", false)),
	       EINVAL, "subPath");
	refuse(json_pack("{s:s, s:s, s:s, s:[], s:[o]}", "op", "container.start", "pod", uid, "image", "alpine", "argv", "mounts",
			 mount("none", "/x", "", false)),
	       ENOENT, "none");
	ask(json_pack("{s:s, s:s}", "op", "pod.remove", "uid", uid));
}

/* Root of a container makes a "read-only" volume writable and plants links: nothing outside of it is touched. */
static void test_hostile_volume(void **state)
{
	char uid[32], id[32], outside[256], kept[280], path[256], old[512];
	struct stat st;
	int fd;

	(void)state;
	(void)snprintf(outside, sizeof(outside), "%s/%s/outside", state_dir_root(), t.lab);
	(void)snprintf(kept, sizeof(kept), "%s/kept", outside);
	assert_int_equal(mkdir(outside, 0700), 0);
	fd = open(kept, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
	pod(uid, json_pack("[{s:s, s:s}, {s:s, s:s, s:{s:o}}]", "name", "scratch", "type", "empty", "name", "conf", "type", "files", "files", "a",
			   file("alpha\n", 0644)));
	(void)snprintf(old, sizeof(old),
		       "mount -o remount,bind,rw /c && readlink /c/..data && ln -sfn ../../../../outside /c/..data && ln -s %s /s/link && cd /s && "
		       "i=0; while [ $i -lt 200 ]; do mkdir deep && cd deep && i=$((i + 1)); done; touch bottom; readlink /c/..data",
		       outside);
	assert_int_equal(run_sh(uid, old, json_pack("{s:[o, o]}", "mounts", mount("scratch", "/s", "", false), mount("conf", "/c", "", false)), id), 0);
	assert_non_null(strstr(log_of(id), "F ../../../../outside\n"));
	ask(json_pack("{s:s, s:s, s:s, s:{s:o}}", "op", "pod.files", "uid", uid, "volume", "conf", "files", "a", file("beta\n", 0644)));
	assert_int_equal(run_sh(uid, "cat /c/a", json_pack("{s:[o]}", "mounts", mount("conf", "/c", "", false)), id), 0);
	assert_string_equal(log_of(id), "stdout F beta\n");
	assert_int_equal(stat(kept, &st), 0);
	(void)snprintf(path, sizeof(path), "%s/%s/fs/p/%s", state_dir_root(), t.lab, uid);
	assert_int_equal(shell("nsenter -t %d -m test -d %s", (int)t.supervisor, path), 0);
	ask(json_pack("{s:s, s:s}", "op", "pod.remove", "uid", uid));
	assert_int_equal(shell("nsenter -t %d -m test ! -e %s", (int)t.supervisor, path), 0);
	assert_int_equal(stat(kept, &st), 0);
	assert_int_equal(unlink(kept) + rmdir(outside), 0);
}

static void test_host_path(void **state)
{
	char uid[32], id[32], path[128], text[64];
	json_t *bad;

	(void)state;
	(void)snprintf(path, sizeof(path), "/proc/%d/root/tmp/of-node", (int)t.worker);
	assert_int_equal(mkdir(path, 0755), 0);
	pod(uid, json_pack("[{s:s, s:s, s:s, s:s}, {s:s, s:s, s:s, s:s}]", "name", "h", "type", "host", "path", "/tmp/of-node", "hostType",
			   "Directory", "name", "new", "type", "host", "path", "/tmp/a//b/c/", "hostType", "DirectoryOrCreate"));
	assert_int_equal(run_sh(uid, "echo hello >/h/file; ls -d /new; ls /tmp",
				json_pack("{s:[o, o]}", "mounts", mount("h", "/h", "", false), mount("new", "/new", "", false)), id),
			 0);
	assert_string_equal(log_of(id), "stdout F /new\n"); /* a container's /tmp is its own */
	(void)snprintf(path, sizeof(path), "/proc/%d/root/tmp/of-node/file", (int)t.worker);
	read_file(path, text, sizeof(text));
	assert_string_equal(text, "hello\n");
	ask(json_pack("{s:s, s:s}", "op", "pod.remove", "uid", uid));
	bad = json_pack("{s:s, s:s, s:b, s:[{s:s, s:s, s:s, s:s}]}", "op", "pod.create", "uid", "bad", "hostNetwork", 1, "volumes", "name", "h",
			"type", "host", "path", "/tmp/of-node", "hostType", "File");
	refuse(bad, EINVAL, "hostPath type check failed: /tmp/of-node is not a file");
	bad = json_pack("{s:s, s:s, s:b, s:[{s:s, s:s, s:s, s:s}]}", "op", "pod.create", "uid", "bad", "hostNetwork", 1, "volumes", "name", "h",
			"type", "host", "path", "/tmp/no/such", "hostType", "Directory");
	refuse(bad, EINVAL, "hostPath type check failed: /tmp/no/such is not a directory");
}

static void test_read_only_root(void **state)
{
	char uid[32], id[32];

	(void)state;
	pod(uid, json_pack("[{s:s, s:s}]", "name", "s", "type", "empty"));
	assert_int_equal(run_sh(uid, "touch /etc/x /usr/x /tmp/x; touch /s/x && echo x >/dev/null && ls /s; [ ! -e /etc/x ] && [ ! -e /usr/x ]",
				json_pack("{s:b, s:[o]}", "readOnlyRoot", 1, "mounts", mount("s", "/s", "", false)), id),
			 0);
	assert_non_null(strstr(log_of(id), "stdout F x\n"));
	assert_non_null(strstr(log_of(id), "Read-only file system"));
	ask(json_pack("{s:s, s:s}", "op", "pod.remove", "uid", uid));
}

/* ---- the API server's process, and the end ---- */

static pid_t find_apiserver(void)
{
	_cleanup_closedir_ DIR *proc = opendir("/proc");

	for (const struct dirent *d = readdir(proc); d; d = readdir(proc)) {
		char path[300], cmd[300];

		(void)snprintf(path, sizeof(path), "/proc/%s/cmdline", d->d_name);
		read_file(path, cmd, sizeof(cmd));
		if (strcmp(cmd, "netemu-apiserver") == 0 && strstr(cmd + strlen(cmd) + 1, t.lab))
			return (pid_t)strtol(d->d_name, NULL, 10);
	}
	return 0;
}

/* What a node is given of the API server is its kubelet's part, not the administrator's. */
static void test_apiserver_connection(void **state)
{
	struct rpc_message m = ask_on(t.sock, json_pack("{s:s}", "op", "apiserver"));
	struct error e = { 0 };

	(void)state;
	assert_int_equal(rpc_call(m.fds[0], json_pack("{s:s, s:s, s:s}", "op", "http", "method", "GET", "path", "/api/v1/pods"),
				  NULL, &e), -EPERM);
	assert_int_equal(rpc_call(m.fds[0], json_pack("{s:s, s:{s:{s:s}}}", "op", "hello", "object", "metadata", "name", "other"),
				  NULL, &e), -EPERM);
	assert_non_null(strstr(e.msg, "another node"));
	rpc_message_done(&m);
}

static void test_apiserver_restarts(void **state)
{
	const pid_t first = find_apiserver();
	struct rpc_message m;

	(void)state;
	assert_true(first > 0);
	m = ask_on(t.sock, json_pack("{s:s}", "op", "apiserver"));
	assert_int_equal(m.n_fds, 1);
	rpc_message_done(&m);
	assert_int_equal(kill(first, SIGKILL), 0);
	do
		(void)poll(NULL, 0, 2);
	while (find_apiserver() == 0 || find_apiserver() == first);
	m = ask_on(t.sock, json_pack("{s:s}", "op", "apiserver")); /* waits until that one is ready */
	assert_int_equal(m.n_fds, 1);
	rpc_message_done(&m);
}

static void test_node_dies(void **state)
{
	char uid[32], id[32];
	int container, node = pidfd_of(t.worker);
	struct rpc_message m;

	(void)state;
	pod(uid, NULL);
	container = pidfd_of(start_sh(uid, "exec sleep 1000", NULL, id));
	assert_int_equal(kill(t.worker, SIGKILL), 0);
	pidfd_await(node);
	pidfd_await(container);
	m = ask_on(t.sock, json_pack("{s:s}", "op", "list"));
	while (json_array_size(json_object_get(m.body, "pods"))) {
		rpc_message_done(&m);
		m = ask_on(t.sock, json_pack("{s:s}", "op", "list"));
	}
	rpc_message_done(&m);
}

static void test_kill_9(void **state)
{
	const int other = node_connect(t.control_plane), supervisor = pidfd_of(t.supervisor), api = pidfd_of(find_apiserver());
	char dir[256], id[32];
	int container;

	(void)state;
	(void)close(t.sock);
	t.sock = other;
	ask(json_pack("{s:s, s:s, s:s, s:b}", "op", "pod.create", "uid", "last", "hostname", "h", "hostNetwork", 1));
	container = pidfd_of(start_sh("last", "exec sleep 1000", NULL, id));
	assert_int_equal(kill(t.supervisor, SIGKILL), 0);
	pidfd_await(supervisor);
	pidfd_await(container);
	pidfd_await(api);
	assert_int_equal(shell("timeout 20 \"$NETEMU\" list >/dev/null 2>&1"), 0);
	(void)snprintf(dir, sizeof(dir), "%s/%s", state_dir_root(), t.lab);
	assert_int_equal(access(dir, F_OK), -1);
}

static void test_apiserver_fails(void **state)
{
	char dir[256], out[1024];

	(void)state;
	assert_int_not_equal(shell("cp /bin/false %s/netemu-apiserver && sed -i 's/^name: .*/&-2/' %s/c.yaml && "
				   "NETEMU_LIBEXEC=%s timeout 60 \"$NETEMU\" run %s/c.yaml >%s/out 2>&1",
				   t.dir, t.dir, t.dir, t.dir, t.dir),
			     0);
	(void)snprintf(dir, sizeof(dir), "%s/out", t.dir);
	read_file(dir, out, sizeof(out));
	if (!strstr(out, "the API server has ended (code 1)"))
		fail_msg("it said: %s", out);
	(void)snprintf(dir, sizeof(dir), "%s/%s-2", state_dir_root(), t.lab);
	assert_int_equal(access(dir, F_OK), -1);
}

/* What `netemu run` waits for. */
static int kubelet_main(void)
{
	struct rpc_message info, api;
	const int sock = rpc_connect(CRI_SOCKET, NULL);
	json_t *node;

	if (sock < 0 || rpc_call(sock, json_pack("{s:s}", "op", "node.info"), &info, NULL) < 0 ||
	    rpc_call(sock, json_pack("{s:s}", "op", "apiserver"), &api, NULL) < 0 || api.n_fds != 1)
		return 1;
	node = json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", "v1", "kind", "Node", "metadata", "name", json_text(info.body, "node", "hostname", NULL));
	(void)close(sock);
	if (rpc_call(api.fds[0], json_pack("{s:s, s:o}", "op", "hello", "object", node), NULL, NULL) < 0)
		return 1;
	for (struct rpc_message m; rpc_recv(api.fds[0], &m, NULL) == 1;)
		rpc_message_done(&m);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_node_info),
		cmocka_unit_test(test_exit_and_log),
		cmocka_unit_test(test_unfinished_line),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_attach),
		cmocka_unit_test(test_attach_tty),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_not_found),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_take_over),
		cmocka_unit_test(test_volumes),
		cmocka_unit_test(test_hostile_volume),
		cmocka_unit_test(test_host_path),
		cmocka_unit_test(test_read_only_root),
		cmocka_unit_test(test_apiserver_connection),
		cmocka_unit_test(test_apiserver_restarts),
		cmocka_unit_test(test_node_dies),
		cmocka_unit_test(test_kill_9),
		cmocka_unit_test(test_apiserver_fails),
	};

	if (strcmp(argv[argc - 1], CRI_KUBELET) == 0)
		return kubelet_main();
	if (geteuid() != 0) {
		(void)puts("SKIP: needs root");
		return 77;
	}
	return cmocka_run_group_tests(tests, lab_up, lab_down);
}
