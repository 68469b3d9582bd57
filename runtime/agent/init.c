// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * init.c - PID 1 of a node
 *
 * Owns the node's processes: starts what it is asked to (the node's command, exec lines, `netemu exec`), reaps
 * everything, reports who died. Refuses to know what a lab, a link or FRR is.
 *
 * Theory of Operation
 *
 * The supervisor starts this program, from a sealed memfd, after it has built the node's root and dropped
 * capabilities; so whatever is started from here has the node's namespaces, cgroup, capabilities and environment
 * by birth, and no joining process with host powers ever exists inside a node (CVE-2019-5736, CVE-2016-9962,
 * CVE-2024-21626 need one). One poll(2) loop; each request forks a child that reads its own words, so a
 * malformed or huge request cannot hurt PID 1. The program is static and small because it runs once a node.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/proto.h"
#include "base/fdpass.h"

struct process {
	pid_t pid; /* 0 = free slot */
	int conn;
	uint32_t id;
	struct child_failure *failure; /* NULL: nobody wants to know */
};

static struct {
	struct pollfd *polls; /* [0] signals, [1] listener, [2] supervisor, then clients */
	size_t n_polls;
	struct process *procs;
	size_t n_procs;
	bool frozen;
} self;

enum { POLL_SIGNALS, POLL_LISTENER, POLL_SUPERVISOR, POLL_CLIENTS };

static void event_send(int conn, const struct agent_event *ev, int fd)
{
	(void)fdpass_send(conn, ev, sizeof(*ev), &fd, fd >= 0, MSG_DONTWAIT);
}

static void event_say(int conn, enum agent_event_type type, uint32_t id, uint32_t arg, int fd)
{
	const struct agent_event ev = { .magic = AGENT_MAGIC, .type = type, .id = id, .arg = arg };

	event_send(conn, &ev, fd);
}

static bool poll_add(int fd)
{
	struct pollfd *p = realloc(self.polls, (self.n_polls + 1) * sizeof(*p));

	if (!p)
		return false;
	self.polls = p;
	p[self.n_polls++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	return true;
}

static struct process *process_slot(void)
{
	struct process *p;

	for (size_t i = 0; i < self.n_procs; i++)
		if (!self.procs[i].pid)
			return &self.procs[i];
	p = realloc(self.procs, (self.n_procs + 1) * sizeof(*p));
	if (!p)
		return NULL;
	self.procs = p;
	p = &self.procs[self.n_procs++];
	*p = (struct process){ 0 };
	return p;
}

/* A client is gone: its processes get what a closed terminal gives them, and nobody to report to. */
static void client_drop(size_t slot)
{
	const int conn = self.polls[slot].fd;

	for (size_t i = 0; i < self.n_procs; i++) {
		if (!self.procs[i].pid || self.procs[i].conn != conn)
			continue;
		(void)kill(-self.procs[i].pid, SIGHUP);
		(void)kill(-self.procs[i].pid, SIGCONT);
		self.procs[i].conn = -1;
	}
	(void)close(conn);
	self.polls[slot] = self.polls[--self.n_polls];
}

static int pty_open(const struct agent_request *rq)
{
	const struct winsize ws = { .ws_row = rq->rows, .ws_col = rq->cols };
	const int unlock = 0;
	struct termios t;
	const int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (ioctl(fd, TIOCSPTLCK, &unlock) < 0) {
		const int r = -errno;

		(void)close(fd);
		return r;
	}
	(void)ioctl(fd, TIOCSWINSZ, &ws);
	if (rq->flags & AGENT_LOG && tcgetattr(fd, &t) == 0) {
		t.c_oflag &= ~(tcflag_t)ONLCR;
		t.c_lflag &= ~(tcflag_t)ECHO;
		(void)tcsetattr(fd, TCSANOW, &t);
	}
	return fd;
}

static struct child_failure *failure_new(const struct agent_request *rq)
{
	struct child_failure *f = MAP_FAILED;

	if (rq->flags & AGENT_TELL_WHY)
		f = mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return f != MAP_FAILED ? f : NULL;
}

static void failure_free(struct child_failure *f)
{
	if (f)
		(void)munmap(f, sizeof(*f));
}

static void request_run(int conn, const struct agent_request *rq, int fds[4])
{
	struct process *p = process_slot();
	struct child_failure *failure;
	int master = -1;
	pid_t pid;

	if (!p) {
		event_say(conn, AGENT_REFUSED, rq->id, ENOMEM, -1);
		return;
	}
	if (rq->flags & AGENT_TTY) {
		master = pty_open(rq);
		if (master < 0) {
			event_say(conn, AGENT_REFUSED, rq->id, (uint32_t)-master, -1);
			return;
		}
	}
	failure = failure_new(rq);
	pid = fork();
	if (pid == 0)
		child_run(rq, fds, master, failure);
	if (pid < 0) {
		event_say(conn, AGENT_REFUSED, rq->id, (uint32_t)errno, -1);
		failure_free(failure);
	} else {
		*p = (struct process){ .pid = pid, .conn = conn, .id = rq->id, .failure = failure };
		event_say(conn, AGENT_STARTED, rq->id, (uint32_t)pid, master);
	}
	if (master >= 0)
		(void)close(master);
}

static void request_signal(int conn, const struct agent_request *rq)
{
	if (rq->id == 0 && conn == AGENT_FD_EVENTS) {
		(void)kill(-1, (int)rq->arg); /* all but PID 1 */
		return;
	}
	for (size_t i = 0; i < self.n_procs; i++)
		if (self.procs[i].pid && self.procs[i].conn == conn && self.procs[i].id == rq->id)
			(void)kill(-self.procs[i].pid, (int)rq->arg);
}

/* Those that a process makes while it is being stopped are stopped with it: kill(2) takes all of a moment. */
static void request_freeze(int conn, const struct agent_request *rq)
{
	if (conn != AGENT_FD_EVENTS)
		return;
	self.frozen = rq->arg;
	(void)kill(-1, rq->arg ? SIGSTOP : SIGCONT);
}

/* Receives one datagram and up to four fds. Return: its size, 0 when the peer has gone, -1 for nothing there. */
static ssize_t request_recv(int conn, struct agent_request *rq, int fds[4], size_t *ret_n)
{
	const ssize_t n = fdpass_recv(conn, rq, sizeof(*rq), fds, 4, ret_n, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? -1 : 0;
	return n;
}

/* A client that the supervisor brings. Takes the fd. */
static void request_join(int conn, int *fd, size_t n_fds)
{
	if (conn != AGENT_FD_EVENTS || n_fds != 1 || fcntl(*fd, F_SETFL, O_NONBLOCK) < 0 || !poll_add(*fd))
		return;
	*fd = -1;
}

static void request_handle(int conn, const struct agent_request *rq, ssize_t size, int fds[4], size_t n_fds)
{
	const size_t want = rq->flags & AGENT_TTY ? 1 : 4;

	if (size != sizeof(*rq) || rq->magic != AGENT_MAGIC || rq->type >= _AGENT_REQUEST_MAX)
		event_say(conn, AGENT_REFUSED, size >= 12 ? rq->id : 0, EPROTO, -1);
	else if (rq->type == AGENT_SIGNAL)
		request_signal(conn, rq);
	else if (rq->type == AGENT_FREEZE)
		request_freeze(conn, rq);
	else if (rq->type == AGENT_JOIN)
		request_join(conn, &fds[0], n_fds);
	else if (n_fds != want)
		event_say(conn, AGENT_REFUSED, rq->id, EBADF, -1);
	else if (self.frozen)
		event_say(conn, AGENT_REFUSED, rq->id, AGENT_FROZEN, -1);
	else
		request_run(conn, rq, fds);
}

/* Return: false when the connection is over. */
static bool client_serve(int conn)
{
	struct agent_request rq;
	int fds[4];
	size_t n_fds;
	const ssize_t n = request_recv(conn, &rq, fds, &n_fds);

	if (n == 0)
		return false;
	if (n > 0)
		request_handle(conn, &rq, n, fds, n_fds);
	for (size_t i = 0; i < n_fds; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	return true;
}

static void client_accept(void)
{
	const int conn = accept4(AGENT_FD_LISTEN, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (conn < 0)
		return;
	if (getsockopt(conn, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || peer.uid != 0 || !poll_add(conn))
		(void)close(conn);
}

/*
 * Only while most of the queue to the supervisor is free (POLLOUT says so): many that die at once must not keep
 * from it what it waits for, the end of a command.
 */
static void orphan_report(pid_t pid, int status, const char *comm)
{
	struct pollfd p = { .fd = AGENT_FD_EVENTS, .events = POLLOUT };
	struct agent_event ev = { .magic = AGENT_MAGIC, .type = AGENT_ORPHAN, .id = (uint32_t)pid, .arg = (uint32_t)status };

	(void)snprintf(ev.comm, sizeof(ev.comm), "%s", comm);
	if (poll(&p, 1, 0) > 0 && p.revents & POLLOUT)
		event_send(AGENT_FD_EVENTS, &ev, -1);
}

static void comm_read(pid_t pid, char comm[AGENT_COMM_LEN])
{
	char path[32];
	ssize_t n = 0;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, comm, AGENT_COMM_LEN - 1);
		(void)close(fd);
	}
	comm[n > 0 ? n : 0] = '\0';
	comm[strcspn(comm, "\n")] = '\0';
}

static struct process *process_find(pid_t pid)
{
	for (size_t i = 0; i < self.n_procs; i++)
		if (self.procs[i].pid == pid)
			return &self.procs[i];
	return NULL;
}

static void process_ended(struct process *p, int status)
{
	struct agent_event ev = { .magic = AGENT_MAGIC, .type = AGENT_EXITED, .id = p->id, .arg = (uint32_t)status };

	if (p->failure && p->failure->err) {
		ev.type = AGENT_REFUSED;
		ev.arg = (uint32_t)p->failure->err;
		(void)snprintf(ev.comm, sizeof(ev.comm), "%s", p->failure->step);
	}
	if (p->conn >= 0)
		event_send(p->conn, &ev, -1);
	failure_free(p->failure);
	*p = (struct process){ 0 };
}

/* Reaps all that is dead; a zombie still has its name, hence the look before the wait. */
static void reap(void)
{
	for (;;) {
		char comm[AGENT_COMM_LEN] = "";
		siginfo_t si = { 0 };
		struct process *p;
		int status;

		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 || si.si_pid == 0)
			return;
		p = process_find(si.si_pid);
		if (!p)
			comm_read(si.si_pid, comm);
		if (waitpid(si.si_pid, &status, 0) < 0)
			return;
		if (p)
			process_ended(p, status);
		else
			orphan_report(si.si_pid, status, comm);
	}
}

static void signals_serve(void)
{
	struct signalfd_siginfo si;

	while (read(self.polls[POLL_SIGNALS].fd, &si, sizeof(si)) == sizeof(si))
		;
	reap();
}

static void setup(void)
{
	sigset_t mask;

	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)prctl(PR_SET_NAME, "netemu-init");
	(void)sigfillset(&mask);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGCHLD);
	if (!poll_add(signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK)) ||
	    !poll_add(fcntl(AGENT_FD_LISTEN, F_GETFD) < 0 ? -1 : AGENT_FD_LISTEN) || !poll_add(AGENT_FD_EVENTS))
		_exit(1);
	(void)fcntl(AGENT_FD_LISTEN, F_SETFD, FD_CLOEXEC);
	(void)fcntl(AGENT_FD_EVENTS, F_SETFD, FD_CLOEXEC);
	/* Tells the supervisor that the node is ready. */
	event_say(AGENT_FD_EVENTS, AGENT_STARTED, 0, 1, -1);
}

int main(void)
{
	setup();
	for (;;) {
		if (poll(self.polls, self.n_polls, -1) < 0)
			continue;
		if (self.polls[POLL_SIGNALS].revents)
			signals_serve();
		for (size_t i = self.n_polls; i-- > POLL_CLIENTS;)
			if (self.polls[i].revents && !client_serve(self.polls[i].fd))
				client_drop(i);
		if (self.polls[POLL_SUPERVISOR].revents && !client_serve(AGENT_FD_EVENTS))
			_exit(0); /* the lab is over */
		if (self.polls[POLL_LISTENER].revents)
			client_accept();
	}
}
