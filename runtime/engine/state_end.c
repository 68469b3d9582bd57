// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * state_end.c - talking to a lab's supervisor: asking it, and ending it
 *
 * The supervisor is only ever addressed through a pidfd whose process has the start time that the state names;
 * a pid that was used again is somebody else. A pidfd becomes readable when the process is dead, and, since the
 * supervisor is the init of a pid namespace around its nodes, when all of them are dead as well (zap_pid_ns_processes()
 * in the kernel's kernel/pid_namespace.c waits for them).
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>

#include "base/fdpass.h"
#include "engine/ctl.h"
#include "engine/state_internal.h"
#include "kernel/fault.h"

enum {
	DEATH_TIMEOUT_MS = 30000, /* from SIGKILL until the last process of the lab is reaped */
	DEATHS_AWAITED = 256, /* nodes: of a larger lab the kernel is left to reap the dead, unless that is asked for */
	SETTLE_TIMEOUT_MS = 2000, /* for a lab that is just being made or removed to say what it is */
};

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Waits for POLLIN of @fd or @peer (-EBADF: of none). Return: 1, 0 when @deadline came first, or -errno. */
static int poll_either(int fd, int peer, int64_t deadline)
{
	for (;;) {
		struct pollfd p[] = { { .fd = fd, .events = POLLIN }, { .fd = peer, .events = POLLIN } };
		int64_t left = deadline - now_ms();
		int r = poll(p, ARRAY_SIZE(p), left > 0 ? (int)MIN_OF(left, INT32_MAX) : 0);

		if (r >= 0)
			return r > 0;
		if (errno != EINTR)
			return -errno;
	}
}

static int poll_until(int fd, int64_t deadline)
{
	return poll_either(fd, -EBADF, deadline);
}

/* ---- status ---- */

static int ctl_connect(const char *lab, struct error *e)
{
	_cleanup_close_ int sock = -EBADF, root = -EBADF, dirfd = -EBADF;
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct timeval tv = { .tv_sec = CTL_TIMEOUT_MS / 1000, .tv_usec = CTL_TIMEOUT_MS % 1000 * 1000 };

	root = state_root_open(false, LOCK_SH, e);
	dirfd = root < 0 ? root : state_lab_open(root, lab, e);
	if (dirfd < 0)
		return dirfd == -ENOENT ? error_set(e, ENOENT, "lab '%s' is not running", lab) : dirfd;
	sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return error_errno(e, errno, "socket");
	(void)setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	(void)setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d/" CTL_SOCKET, dirfd);
	if (connect(sock, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return error_errno(e, errno, "supervisor of lab '%s'", lab);
	return TAKE_FD(sock);
}

/* Return: the memfd of the answer, or -errno. */
static int ctl_receive(int sock, struct error *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct ctl_reply reply = { 0 };
	size_t n_fds;
	const ssize_t n = fdpass_recv(sock, &reply, sizeof(reply), &fd, 1, &n_fds, 0);

	if (n < 0)
		return errno == EAGAIN ? error_set(e, ETIMEDOUT, "it does not answer") : error_errno(e, errno, "receive");
	if (n == 0)
		return error_set(e, ECONNRESET, "it hung up");
	if (n != sizeof(reply) || reply.magic != CTL_MAGIC)
		return error_set(e, EPROTO, "its answer is not understood: it is of another version");
	if (reply.result < 0)
		return error_errno(e, -reply.result, "it refused");
	return fd < 0 ? error_set(e, EPROTO, "its answer has no document") : TAKE_FD(fd);
}

static int ctl_ask(const char *lab, const char *verb, struct error *e)
{
	struct ctl_request req = { .magic = CTL_MAGIC, .version = CTL_VERSION };
	_cleanup_close_ int sock = ctl_connect(lab, e);
	int r;

	if (sock < 0)
		return sock;
	(void)snprintf(req.verb, sizeof(req.verb), "%s", verb);
	if (send(sock, &req, sizeof(req), MSG_NOSIGNAL) != sizeof(req))
		return error_errno(e, errno, "supervisor of lab '%s'", lab);
	r = ctl_receive(sock, e);
	return r < 0 ? error_wrap(e, "supervisor of lab '%s'", lab) : r;
}

int state_order(const char *lab, const struct ctl_order *order, struct error *e)
{
	const struct timeval forever = { 0 };
	_cleanup_close_ int sock = ctl_connect(lab, e), doc = -EBADF;
	struct ctl_reply reply = { 0 };
	char text[512] = "";
	size_t n_fds;
	ssize_t n;

	if (sock < 0)
		return sock;
	(void)setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &forever, sizeof(forever));
	if (send(sock, order, sizeof(*order), MSG_NOSIGNAL) != sizeof(*order))
		return error_errno(e, errno, "supervisor of lab '%s'", lab);
	n = fdpass_recv(sock, &reply, sizeof(reply), &doc, 1, &n_fds, 0);
	if (n != sizeof(reply) || reply.magic != CTL_MAGIC)
		return error_set(e, ECONNRESET, "lab '%s' has ended meanwhile", lab);
	if (reply.result == -EOPNOTSUPP && doc < 0)
		return error_set(e, EOPNOTSUPP, "lab '%s' was started by an older netemu, which cannot do that", lab);
	if (reply.result < 0 && doc >= 0 && (n = pread(doc, text, sizeof(text) - 1, 0)) > 0)
		text[n] = '\0';
	if (reply.result < 0)
		return *text ? error_set(e, -reply.result, "%s", text) : error_errno(e, -reply.result, "lab '%s'", lab);
	return 0;
}

int state_refresh(struct lab_state *st, struct error *e)
{
	_cleanup_close_ int fd = ctl_ask(st->name, CTL_VERB_STATUS, e);
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	int r;

	if (fd < 0)
		return fd;
	r = state_fd_read(fd, &text, &len, e);
	if (r == 0)
		r = state_json_refresh(st, text, len, e);
	return r < 0 ? error_wrap(e, "status of lab '%s'", st->name) : 0;
}

/* ---- destroy ---- */

/* A pidfd of the supervisor that @st names, or -ESRCH when that process is no more. */
static int supervisor_open(const struct lab_state *st)
{
	_cleanup_close_ int fd = -EBADF;
	uint64_t starttime;
	int r;

	if (st->supervisor <= 0)
		return -ESRCH;
	fd = fault_fails("pidfd of the supervisor") ? -1 : (int)syscall(SYS_pidfd_open, st->supervisor, 0);
	if (fd < 0)
		return -errno;
	r = state_pid_starttime(st->supervisor, &starttime); /* after open: the pid cannot change hands any more */
	if (r < 0)
		return r;
	return starttime == st->starttime ? TAKE_FD(fd) : -ESRCH;
}

/* Return: 1 when it is dead, 0 when it is not after @wait_ms, or -errno. */
static int supervisor_signal(int pidfd, int sig, unsigned wait_ms)
{
	if (fault_fails("signal the supervisor") || (syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) < 0 && errno != ESRCH))
		return -errno;
	(void)syscall(SYS_pidfd_send_signal, pidfd, SIGCONT, NULL, 0); /* one that was stopped cannot obey */
	return poll_until(pidfd, now_ms() + wait_ms);
}

/* Return: 1 when nobody holds it, 0, or -errno. */
static int lock_is_free(int dirfd, struct error *e)
{
	_cleanup_close_ int root = state_root_open(false, LOCK_SH, e);

	if (root < 0)
		return root == -ENOENT ? 1 : root;
	return !state_lab_alive(dirfd);
}

/*
 * The supervisor answers when it has given up all that others could want (names, addresses, ports, its lock); from there
 * the kernel kills and reaps the lab's processes, about 0.15 ms each. Return: 1, 0 when it did not answer so, or -errno.
 */
static int supervisor_ask(int pidfd, int dirfd, const char *lab, unsigned wait_ms, struct error *e)
{
	const struct ctl_request req = { .magic = CTL_MAGIC, .version = CTL_VERSION, .verb = CTL_VERB_END };
	_cleanup_close_ int ctl = ctl_connect(lab, NULL);
	int r;

	if (ctl < 0 || send(ctl, &req, sizeof(req), MSG_NOSIGNAL) != sizeof(req))
		return 0;
	(void)syscall(SYS_pidfd_send_signal, pidfd, SIGCONT, NULL, 0); /* one that was stopped cannot obey */
	r = poll_either(pidfd, ctl, now_ms() + wait_ms);
	return r == 1 ? lock_is_free(dirfd, e) : r;
}

static int supervisor_kill(int pidfd, const struct lab_state *st, unsigned kill_after_ms, struct error *e)
{
	int r = supervisor_signal(pidfd, SIGTERM, kill_after_ms);

	if (r == 0)
		r = supervisor_signal(pidfd, SIGKILL, DEATH_TIMEOUT_MS);
	if (r < 0)
		return error_errno(e, -r, "end the supervisor of lab '%s' (pid %d)", st->name, st->supervisor);
	if (r == 0)
		return error_set(e, ETIMEDOUT,
				 "lab '%s': supervisor %d was killed but a process of it does not die (state D?)", st->name,
				 st->supervisor);
	return 0;
}

/* Whether inotify events tell of more than files being closed, as our own look at state.json does. */
static bool events_matter(const char *buf, size_t n)
{
	for (size_t i = 0; i + sizeof(struct inotify_event) <= n;) {
		struct inotify_event ev;

		memcpy(&ev, buf + i, sizeof(ev));
		if (ev.len == 0 || !(ev.mask & IN_CLOSE))
			return true;
		i += sizeof(ev) + ev.len;
	}
	return false;
}

/*
 * A lab whose lock is held, but by whom the state does not say (yet): waits until something happens to its
 * directory. Closing it is something, so this notices a holder that died, too.
 */
static int settle_wait(int watch, int64_t deadline, const char *lab, struct error *e)
{
	char buf[4096];
	ssize_t n = 0;

	do {
		int r = poll_until(watch, deadline);

		if (r == 0)
			return error_set(e, EBUSY, "lab '%s' is held by a process that its state does not name", lab);
		n = r < 0 ? r : read(watch, buf, sizeof(buf));
	} while (n > 0 && !events_matter(buf, (size_t)n));
	return n < 0 ? error_errno(e, errno, "watch lab '%s'", lab) : 0;
}

static int settle_watch(int dirfd, const char *lab, struct error *e)
{
	_cleanup_close_ int fd = inotify_init1(IN_CLOEXEC);
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", dirfd);
	if (fd < 0 || inotify_add_watch(fd, path, IN_MOVED_TO | IN_CLOSE | IN_DELETE_SELF | IN_DELETE) < 0)
		return error_errno(e, errno, "watch lab '%s'", lab);
	return TAKE_FD(fd);
}

/* Ends the supervisor of the lab, if it lives. Return: 0 when the lock is free or was left to another run. */
static int holder_end(int dirfd, const char *lab, unsigned kill_after_ms, bool all_dead, struct error *e)
{
	_cleanup_close_ int watch = -EBADF;
	int64_t deadline = now_ms() + SETTLE_TIMEOUT_MS;
	int r = lock_is_free(dirfd, e);

	while (r == 0) {
		_cleanup_(state_freep) struct lab_state *st = NULL;
		_cleanup_close_ int pidfd = -EBADF;

		r = state_read(dirfd, lab, &st, e);
		if (r < 0 && r != -ENOENT)
			return r == -EPROTONOSUPPORT ? -EPROTO : r;
		pidfd = st ? supervisor_open(st) : -ESRCH;
		if (pidfd >= 0) {
			r = all_dead || st->n_nodes <= DEATHS_AWAITED ? 0 : supervisor_ask(pidfd, dirfd, lab, kill_after_ms, e);
			if (r == 0)
				r = supervisor_kill(pidfd, st, kill_after_ms, e);
			return r < 0 ? r : state_netns_remove(st, e);
		}
		if (pidfd != -ESRCH)
			return error_errno(e, -pidfd, "open the supervisor of lab '%s' (pid %d)", lab, st->supervisor);
		/* The first time there may have been something to see before the watch was there: look again. */
		r = watch < 0 ? watch = settle_watch(dirfd, lab, e) : settle_wait(watch, deadline, lab, e);
		if (r >= 0)
			r = lock_is_free(dirfd, e);
	}
	return r < 0 ? r : 0;
}

/* Removes what the supervisor left; a lab that somebody started anew meanwhile is not ours to touch. */
static int rest_sweep(const char *lab, struct error *e)
{
	_cleanup_close_ int root = state_root_open(false, LOCK_EX, e);
	int r;

	if (root < 0)
		return root == -ENOENT ? 0 : root;
	r = state_lab_sweep(root, lab, e);
	return r < 0 ? r : 0;
}

static int lab_open(const char *lab, struct error *e)
{
	_cleanup_close_ int root = state_root_open(false, LOCK_SH, e);

	return root < 0 ? root : state_lab_open(root, lab, e);
}

int state_destroy(const char *lab, unsigned kill_after_ms, bool all_dead, struct error *e)
{
	_cleanup_close_ int dirfd = -EBADF;
	int r;

	if (!state_name_valid(lab))
		return error_set(e, EINVAL, "'%s' cannot be the name of a lab", lab);
	dirfd = lab_open(lab, e);
	if (dirfd < 0)
		return dirfd == -ENOENT ? 0 : dirfd;
	r = holder_end(dirfd, lab, kill_after_ms, all_dead, e);
	return r < 0 ? r : rest_sweep(lab, e);
}
