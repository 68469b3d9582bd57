// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_exec.c - commands in nodes and programs of the host, for a test: with a deadline, and ended with it
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "engine/agentc.h"
#include "nodeexec.h"
#include "test_run.h"

enum { REQUEST_ID = 1, OUTPUT_MAX = 16 * 1024 * 1024 };

void exec_done_free(struct exec_done *d)
{
	strbuf_done(&d->out);
	strbuf_done(&d->err);
}

static void take_output(int fd, struct strbuf *out)
{
	char buf[16384];
	ssize_t n;

	for (off_t at = 0; at < OUTPUT_MAX && (n = pread(fd, buf, sizeof(buf), at)) > 0; at += n)
		strbuf_add(out, buf, (size_t)n);
}

/* Return: 1 it has ended, 0 not yet, -errno. */
static int take_event(int conn, const struct strv *argv, struct exec_done *ret, struct strbuf *why)
{
	struct agent_event ev;
	struct error e = { 0 };
	int fd = -EBADF;
	const int r = agent_recv(conn, &ev, &fd, &e);

	(void)fd_close(fd);
	if (r <= 0) {
		strbuf_printf(why, "%s: %s\n", argv->v[0], r == 0 ? "the node has ended" : e.msg);
		return r == 0 ? -ECONNRESET : r;
	}
	if (ev.id != REQUEST_ID || (ev.type != AGENT_REFUSED && ev.type != AGENT_EXITED))
		return 0;
	if (ev.type == AGENT_EXITED) {
		ret->status = agent_exit_code(ev.arg);
		return 1;
	}
	strbuf_printf(&ret->err, "%s: %s\n", argv->v[0], strerror((int)ev.arg));
	ret->status = ev.arg == ENOENT ? CLI_EXEC_MISSING : CLI_EXEC_DENIED;
	return 1;
}

/* At the deadline it is killed, once, and then waited for. */
static int await_exit(struct run *r, int conn, const struct strv *argv, int64_t until, struct exec_done *ret, struct strbuf *why)
{
	int done = 0;

	while (done == 0) {
		int w = run_wait(r, &conn, 1, ret->late ? INT64_MAX : until);

		if (w == 1) {
			done = take_event(conn, argv, ret, why);
			continue;
		}
		(void)agent_signal(conn, REQUEST_ID, SIGKILL, NULL);
		if (w < 0)
			return w;
		ret->late = true;
	}
	return done < 0 ? done : 0;
}

int run_exec(struct run *r, const struct test_node *n, const struct strv *argv, int64_t until, struct exec_done *ret, struct strbuf *why)
{
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC), out = memfd_create("stdout", MFD_CLOEXEC);
	_cleanup_close_ int err = memfd_create("stderr", MFD_CLOEXEC), conn = -EBADF;
	const struct agent_command cmd = { .argv = argv, .fds = { null, out, err } };
	struct error e = { 0 };
	int done;

	*ret = (struct exec_done){ 0 };
	conn = node_connect(n->st, n->index, &e);
	done = conn < 0 ? conn : agent_run(conn, REQUEST_ID, &cmd, &e);
	if (done < 0) {
		strbuf_printf(why, "%s\n", e.msg);
		return done;
	}
	done = await_exit(r, conn, argv, until, ret, why);
	take_output(out, &ret->out);
	take_output(err, &ret->err);
	return done;
}

/* ---- programs of the host ---- */

_Noreturn static void child(char *const *argv, int log)
{
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
	(void)dup2(log, STDOUT_FILENO);
	(void)dup2(log, STDERR_FILENO);
	(void)execv("/proc/self/exe", argv);
	_exit(CLI_EXEC_MISSING);
}

int run_program(struct run *r, char *const *argv, const char *log, struct strbuf *why)
{
	_cleanup_close_ int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644), pidfd = -EBADF;
	pid_t pid;
	int status = 0, w;

	if (fd < 0) {
		strbuf_printf(why, "write %s: %s\n", log, strerror(errno));
		return -EIO;
	}
	pid = fork();
	if (pid == 0)
		child(argv, fd);
	pidfd = pid < 0 ? -EBADF : (int)syscall(SYS_pidfd_open, pid, 0);
	if (pid < 0 || pidfd < 0) {
		strbuf_printf(why, "start netemu %s: %s\n", argv[1], strerror(errno));
		if (pid > 0)
			(void)kill(pid, SIGTERM);
	}
	w = pidfd < 0 ? -EIO : run_wait(r, &pidfd, 1, INT64_MAX);
	/* It undoes what it has begun, which is waited for. */
	if (w < 0 && pid > 0)
		(void)kill(pid, SIGTERM);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (w < 0)
		return w;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- the step ---- */

/* A text is for a shell, a list is not. */
static struct strv command_words(struct arena *a, const struct test_step *s)
{
	const json_t *command = json_object_get(s->args, "command");
	struct strv argv = { 0 };

	if (json_is_string(command)) {
		strv_add(a, &argv, "/bin/sh");
		strv_add(a, &argv, "-c");
		strv_add(a, &argv, json_string_value(command));
	}
	for (size_t i = 0; i < json_array_size(command); i++)
		strv_add(a, &argv, json_string_value(json_array_get(command, i)));
	return argv;
}

/* What it wrote, the end of it. */
static void put_output(struct strbuf *why, const char *what, const struct strbuf *text)
{
	enum { SHOWN = 1500 };
	const size_t skip = text->len > SHOWN ? text->len - SHOWN : 0;

	if (text->len)
		strbuf_printf(why, "%s: %s%s\n", what, skip ? "..." : "", strbuf_str(text) + skip);
}

static bool judge(const struct test_step *s, const char *node, const struct exec_done *d, struct strbuf *why)
{
	const json_t *want = json_object_get(s->args, "json");
	const int status = (int)step_int(s, "status", 0);
	const size_t before = why->len;

	if (d->late)
		strbuf_printf(why, "%s: the command was killed at its deadline\n", node);
	else if (d->status != status)
		strbuf_printf(why, "%s: exit status %d, want %d\n", node, d->status, status);
	if (step_string(s, "stdout") && !step_matches(step_string(s, "stdout"), strbuf_str(&d->out)))
		strbuf_printf(why, "%s: no line of stdout matches '%s'\n", node, step_string(s, "stdout"));
	if (step_string(s, "stderr") && !step_matches(step_string(s, "stderr"), strbuf_str(&d->err)))
		strbuf_printf(why, "%s: no line of stderr matches '%s'\n", node, step_string(s, "stderr"));
	if (want)
		(void)step_json(want, strbuf_str(&d->out), false, node, why);
	if (why->len == before)
		return true;
	put_output(why, "stdout", &d->out);
	put_output(why, "stderr", &d->err);
	return false;
}

int check_exec(struct run *r, const struct test_step *s, struct strbuf *why)
{
	_cleanup_arena_ struct arena a = { 0 };
	const struct strv argv = command_words(&a, s);
	const char *name;
	unsigned ms = r->t->timeout_ms;
	bool holds = true;

	if (step_string(s, "timeout"))
		(void)test_duration(step_string(s, "timeout"), &ms);
	for (size_t i = 0; (name = test_node(s, i)); i++) {
		_cleanup_(exec_done_free) struct exec_done d = { 0 };
		const struct test_node *n = run_node(r, name, why);
		const int done = n ? run_exec(r, n, &argv, run_now() + ms, &d, why) : -ENOENT;

		if (done == -EINTR)
			return done;
		holds = done == 0 && judge(s, name, &d, why) && holds;
	}
	return holds;
}
