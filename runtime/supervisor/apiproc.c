// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * apiproc.c - the process that is a cluster's API server
 *
 *   started ---- `ready` ----> ready ---- dies ----> started again        (its objects are in its journal)
 *      |
 *      +---- dies: the run fails with the last line that it printed; later on: after DEATHS_MAX of them, no more
 *
 * It holds the lab's lock as well as the supervisor does (fd FD_LOCK), so that after kill -9 of the latter nobody
 * sweeps the lab's directory while it may still write there. Refuses to know what it serves.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "kernel/fault.h"
#include "supervisor/cri_internal.h"

enum { FD_LOCK = 4, FD_HIGH = 10, DEATHS_MAX = 5, QUICK_USEC = 10 * 1000000, STOP_MS = 2000, LINE_LEN = 300 };

#define LOG_NAME "_api" /* of its log: `netemu logs _api --lab LAB` */

struct apiproc {
	pid_t pid; /* 0: none */
	bool ready, was_ready;
	uint64_t started; /* loop_now() */
	unsigned quick_deaths;
	struct cri_waiter *waiters; /* for a connection */
	int err; /* what it prints */
	struct loop_handle err_handle;
	char line[LINE_LEN]; /* the last that it printed */
};

bool api_is_ready(const struct lab_run *run)
{
	return run->api && run->api->ready;
}

struct cri_waiter **api_waiters(const struct lab_run *run)
{
	return run->api ? &run->api->waiters : NULL;
}

int api_connect(const struct lab_run *run, struct error *e)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d/" KUBE_SOCKET, run->spec->dirfd);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0 || fcntl(fd, F_SETFL, 0) < 0)
		return error_errno(e, errno, "connect to the API server");
	return TAKE_FD(fd);
}

void api_ready(struct lab_run *run, unsigned port)
{
	struct apiproc *api = run->api;

	if (!api || api->ready)
		return;
	api->ready = true;
	lab_log(run, "the API server is ready (port %u)", port);
	if (!api->was_ready) {
		api->was_ready = true;
		lab_part_done(run);
	}
	cri_api_ready(run);
}

/* ---- what it prints ---- */

static void line_keep(struct apiproc *api, const char *data, size_t n)
{
	while (n && data[n - 1] == '\n')
		n--;
	for (size_t i = n; i-- > 0;)
		if (data[i] == '\n') {
			data += i + 1;
			n -= i + 1;
			break;
		}
	if (n)
		(void)snprintf(api->line, sizeof(api->line), "%.*s", (int)MIN_OF(n, sizeof(api->line) - 1), data);
}

static void err_close(struct lab_run *run)
{
	loop_remove(run->loop, run->api->err_handle);
	run->api->err = fd_close(run->api->err);
	logstore_end(run->logs, LOG_NAME, "api");
}

static void err_readable(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct lab_run *run = arg;
	char buf[4096];
	ssize_t n = -1;

	(void)loop;
	(void)id;
	(void)revents;
	while (run->api->err >= 0 && (n = read(run->api->err, buf, sizeof(buf))) > 0) {
		logstore_append(run->logs, LOG_NAME, "api", buf, (size_t)n);
		line_keep(run->api, buf, (size_t)n);
	}
	if (run->api->err >= 0 && (n == 0 || (errno != EAGAIN && errno != EINTR)))
		err_close(run);
}

/* ---- start ---- */

static int config_write(struct lab_run *run, struct error *e)
{
	_cleanup_free_ char *text = NULL;
	json_t *j = cluster_json(run->spec->plan);
	_cleanup_close_ int fd = -EBADF;
	size_t len;

	text = j ? json_dumps(j, JSON_INDENT(2)) : NULL;
	json_decref(j);
	if (!text)
		return error_oom(e);
	len = strlen(text);
	if (fault_fails("mkdir " KUBE_DIR) || (mkdirat(run->spec->dirfd, KUBE_DIR, 0700) < 0 && errno != EEXIST))
		return error_errno(e, errno, "mkdir " KUBE_DIR);
	fd = fault_fails("create " KUBE_CONFIG_JSON) ? -1 :
	     openat(run->spec->dirfd, KUBE_CONFIG_JSON, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	errno = fd < 0 ? errno : 0;
	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		return error_errno(e, errno ? errno : ENOSPC, "write " KUBE_CONFIG_JSON);
	return 0;
}

/* Puts @fds on 0, 1, ...; they are above all of these numbers. */
static int actions_add(posix_spawn_file_actions_t *actions, const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (posix_spawn_file_actions_adddup2(actions, fds[i], (int)i) != 0)
			return -ENOMEM;
	return 0;
}

static int program_spawn(const struct lab_run *run, int sock, int err, pid_t *ret, struct error *e)
{
	const int from[] = { run->null_fd, err, err, sock, run->spec->dirfd, run->spec->apiserver_fd };
	char path[64];
	char *const argv[] = { (char *)(uintptr_t)"netemu-apiserver", (char *)(uintptr_t)run->spec->dir, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int fds[ARRAY_SIZE(from)], r = fault_point("start the API server");
	sigset_t set;

	static_assert(ARRAY_SIZE(from) == FD_LOCK + 2 && CRI_FD_APISERVER == 3, "their numbers are their places");
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attr);
	(void)sigemptyset(&set);
	(void)posix_spawnattr_setsigmask(&attr, &set);
	(void)sigfillset(&set);
	(void)posix_spawnattr_setsigdefault(&attr, &set);
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		fds[i] = fcntl(from[i], F_DUPFD_CLOEXEC, FD_HIGH);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[FD_LOCK + 1]);
	if (r == 0)
		r = actions_add(&actions, fds, FD_LOCK + 1);
	if (r == 0)
		r = -posix_spawn(ret, path, &actions, &attr, argv, environ);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		(void)fd_close(fds[i]);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&actions);
	return r < 0 ? error_errno(e, -r, "start the API server") : 0;
}

static int process_start(struct lab_run *run, struct error *e)
{
	struct apiproc *api = run->api;
	_cleanup_close_ int theirs = -EBADF, err = -EBADF;
	int pair[2], p[2], r;

	if (fault_fails("API server's socket pair") || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(e, errno, "make a socket pair");
	theirs = pair[1];
	r = cri_apiserver_add(run, pair[0], e);
	if (r < 0)
		return r;
	if (fault_fails("API server's pipe") || pipe2(p, O_CLOEXEC) < 0)
		return error_errno(e, errno, "make a pipe");
	api->err = p[0];
	err = p[1];
	(void)fcntl(api->err, F_SETFL, O_NONBLOCK);
	r = loop_add_fd(run->loop, api->err, POLLIN, err_readable, run, &api->err_handle, e);
	if (r == 0)
		r = program_spawn(run, theirs, err, &api->pid, e);
	api->started = loop_now();
	return r;
}

int api_start(struct lab_run *run, struct error *e)
{
	int r = config_write(run, e);

	if (r < 0 || run->spec->apiserver_fd < 0)
		return r;
	run->api = arena_alloc(&run->arena, sizeof(*run->api));
	run->api->err = -EBADF;
	run->n_pending++;
	return process_start(run, e);
}

/* ---- the end of it ---- */

static void give_up(struct lab_run *run, const struct error *e)
{
	lab_log(run, "%s: it is not started any more", e->msg);
	cri_answer(&run->api->waiters, e);
}

void api_reaped(struct lab_run *run, pid_t pid, int status)
{
	struct apiproc *api = run->api;
	struct error e = { 0 };
	bool quick;

	if (!api || pid != api->pid)
		return;
	api->pid = 0;
	api->ready = false;
	quick = loop_now() - api->started < QUICK_USEC;
	err_readable(run->loop, api->err_handle, POLLIN, run);
	if (api->err >= 0)
		err_close(run);
	(void)error_set(&e, EIO, "the API server has ended (%s %d)%s%s", WIFSIGNALED(status) ? "signal" : "code",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), api->line[0] ? ": " : "", api->line);
	if (!api->was_ready) {
		lab_fail(run, &e);
		return;
	}
	api->quick_deaths = quick ? api->quick_deaths + 1 : 0;
	lab_log(run, "%s", e.msg);
	if (api->quick_deaths >= DEATHS_MAX || process_start(run, &e) < 0)
		give_up(run, &e);
}

/* The end of the lab: it may write down what it knows. */
void api_stop(struct lab_run *run)
{
	struct apiproc *api = run->api;
	_cleanup_close_ int pidfd = api && api->pid > 0 ? (int)syscall(SYS_pidfd_open, api->pid, 0) : -EBADF;
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	if (pidfd < 0)
		return;
	(void)kill(api->pid, SIGTERM);
	if (poll(&p, 1, STOP_MS) <= 0) {
		(void)kill(api->pid, SIGKILL);
		(void)poll(&p, 1, STOP_MS);
	}
}
