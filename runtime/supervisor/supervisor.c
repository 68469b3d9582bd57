// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * supervisor.c - birth, life and end of a lab's own process
 *
 * Theory of Operation
 *
 *   born ---- engine_apply() ----> starting ---- exec lines done ----> ready ---- byte ----> running
 *     |            |                  |                                  |                     |
 *     +-- error ---+-- pipe ended ----+----------- pipe ended -----------+                     | SIGTERM
 *                  v                                                                           v
 *              ended: files removed, then exit; the kernel takes the rest with PID 1 of the outer PID namespace
 *
 * The commit pipe makes several labs one transaction: `run` writes one byte a lab in a single write(2) when all
 * are ready; if it dies before, every supervisor sees the end of the pipe. Everything is made before the ring of
 * io_uring is, since namespaces can then still be entered.
 */
#include "supervisor/supervisor.h"

#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#include "engine/ports.h"
#include "kernel/fault.h"
#include "kernel/nft.h"
#include "supervisor/internal.h"
#include "supervisor/report.h"

enum { EXIT_ENDED = 0, EXIT_FAILED = 1, LOG_BYTES = LOGSTORE_BYTES_DEFAULT };

void lab_log(struct lab_run *run, const char *fmt, ...)
{
	char line[640];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	n = strlen(line);
	line[n++] = '\n';
	if (run->logs)
		logstore_append(run->logs, "_lab", "lab", line, n);
}

static void warn(void *arg, const char *msg)
{
	struct lab_run *run = arg;

	(void)report_send(run->reports, REPORT_WARNING, 0, msg);
	lab_log(run, "%s", msg);
}

static int save(struct lab_run *run, const char *status, struct error *e)
{
	_cleanup_free_ struct lab_state *st = engine_state(&run->engine, status);
	int r;

	if (!st)
		return error_oom(e);
	r = state_save(st, run->spec->dirfd, e);
	arena_done(&st->arena);
	return r;
}

int lab_save(struct lab_run *run, struct error *e)
{
	return save(run, run->ready ? "running" : "starting", e);
}

void lab_fail(struct lab_run *run, const struct error *e)
{
	lab_log(run, "%s", e->msg);
	(void)report_send(run->reports, REPORT_FAILED, e->code, e->msg);
	loop_exit(run->loop, EXIT_FAILED);
}

/* What `run` waits for; without it, it would wait forever. */
static int report_must(struct lab_run *run, enum report_type type, struct error *e)
{
	const int r = report_send(run->reports, type, 0, "");

	return r < 0 ? error_errno(e, -r, "report to netemu run") : 0;
}

static void lab_ready(struct lab_run *run)
{
	struct error e = { 0 };

	if (run->ready)
		return;
	run->ready = true;
	if (save(run, "running", &e) < 0) {
		lab_fail(run, &e);
		return;
	}
	lab_log(run, "lab %s is up (loop: %s)", run->spec->plan->lab->name, loop_backend_name(run->loop));
	if (report_must(run, REPORT_READY, &e) < 0)
		lab_fail(run, &e);
}

void lab_part_done(struct lab_run *run)
{
	if (--run->n_pending == 0)
		lab_ready(run);
}

static void commit_readable(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct lab_run *run = arg;
	struct error e = { 0 };
	char byte;
	const ssize_t n = fault_fails("read the commit") ? -1 : read(run->spec->commit_fd, &byte, 1);

	(void)revents;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	loop_remove(loop, id);
	if (n < 0) {
		(void)error_errno(&e, errno, "wait for netemu run");
		lab_fail(run, &e);
		return;
	}
	if (n == 0) { /* it has failed or was killed */
		loop_exit(loop, EXIT_FAILED);
		return;
	}
	run->committed = true;
	if (report_must(run, REPORT_COMMITTED, &e) < 0)
		lab_fail(run, &e);
	if (!run->spec->foreground)
		run->reports = fd_close(run->reports);
}

static void signal_readable(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct lab_run *run = arg;
	struct signalfd_siginfo si;
	int status;
	pid_t pid;

	(void)id;
	(void)revents;
	while (read(run->signals, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGTERM) {
			lab_log(run, "lab ends (SIGTERM)");
			loop_exit(loop, EXIT_ENDED);
		}
	}
	/* Orphans of the lab's processes end up here, PID 1 of the outer namespace. */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		api_reaped(run, pid, status);
		runner_reaped(run, pid, status);
	}
}

static int signals_open(struct lab_run *run, struct error *e)
{
	sigset_t mask;

	(void)sigfillset(&mask);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGTERM);
	(void)sigaddset(&mask, SIGCHLD);
	run->signals = fault_fails("signalfd of the supervisor") ? -1 : signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return run->signals < 0 ? error_errno(e, errno, "make a signalfd") : 0;
}

static int logs_open(struct lab_run *run, struct error *e)
{
	_cleanup_close_ int fd = -EBADF;

	if (fault_fails("mkdir logs") || (mkdirat(run->spec->dirfd, "logs", 0700) < 0 && errno != EEXIST))
		return error_errno(e, errno, "mkdir logs");
	fd = fault_fails("open logs") ? -1 : openat(run->spec->dirfd, "logs", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_errno(e, errno, "open logs");
	return logstore_open(fd, LOG_BYTES, &run->logs, e);
}

static int loop_start(struct lab_run *run, struct error *e)
{
	int r = loop_new(&run->loop, e);

	if (r == 0)
		r = loop_add_fd(run->loop, run->signals, POLLIN, signal_readable, run, NULL, e);
	if (r == 0)
		r = loop_add_fd(run->loop, run->spec->commit_fd, POLLIN, commit_readable, run, NULL, e);
	if (r == 0)
		r = control_start(run, e);
	if (r == 0 && run->spec->plan->lab->type == LAB_CLUSTER)
		r = cri_start(run, e);
	if (r == 0 && run->cri)
		r = api_start(run, e);
	return r < 0 ? r : runner_start(run, e);
}

static int lab_start(struct lab_run *run, struct error *e)
{
	const struct supervisor_spec *spec = run->spec;
	int r = signals_open(run, e);

	if (r == 0)
		r = engine_init(&run->engine, spec->plan, spec->dir, spec->dirfd, spec->init_fd, e);
	if (r < 0)
		return r;
	run->engine.abort_fd = spec->commit_fd;
	run->engine.kubelet_fd = spec->kubelet_fd;
	run->engine.warn = warn;
	run->engine.warn_arg = run;
	r = ports_open(&run->engine, e);
	if (r == 0)
		r = save(run, "creating", e);
	if (r == 0)
		r = logs_open(run, e);
	if (r == 0)
		r = engine_apply(&run->engine, e);
	if (r == 0)
		r = ports_serve(&run->engine, e);
	if (r == 0)
		r = report_must(run, REPORT_MADE, e);
	if (r == 0)
		r = save(run, "starting", e);
	return r < 0 ? r : loop_start(run, e);
}

/* Nothing of the caller's is kept: its descriptors, terminal, directory, signals. */
static void detach(struct lab_run *run)
{
	const int keep[] = { run->spec->dirfd,	    run->spec->init_fd,	      run->spec->commit_fd, run->reports,
			     run->spec->kubelet_fd, run->spec->apiserver_fd };
	unsigned from = 3;

	(void)setsid();
	(void)!chdir("/");
	(void)umask(022);
	(void)prctl(PR_SET_NAME, "netemu-lab");
	run->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; i < 3; i++)
		(void)dup2(run->null_fd, i);
	for (;;) { /* close all between the ones to keep */
		unsigned next = ~0U;

		for (size_t i = 0; i < ARRAY_SIZE(keep); i++)
			if (keep[i] >= (int)from && (unsigned)keep[i] < next)
				next = (unsigned)keep[i];
		if (run->null_fd >= (int)from && (unsigned)run->null_fd < next)
			next = (unsigned)run->null_fd;
		if (next > from)
			(void)syscall(SYS_close_range, from, next - 1, 0);
		if (next == ~0U)
			return;
		from = next + 1;
	}
}

/* All of this process's own PID namespace, so that the groups that they are in can be removed. */
static void processes_end(void)
{
	if (getpid() != 1)
		return;
	(void)kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

/*
 * Firewall table and lock, the last things that others could want. Who asked for the end need not wait for the kernel to kill
 * and reap a large lab.
 */
static void let_go(struct lab_run *run)
{
	run->engine.nft = nft_table_close(run->engine.nft);
	(void)close(run->spec->dirfd);
	control_farewell(run);
}

static _Noreturn void lab_main(const struct supervisor_spec *spec, int reports)
{
	struct lab_run run = { .spec = spec, .reports = reports, .null_fd = -EBADF, .ctl_fd = -EBADF, .farewell_fd = -EBADF, .signals = -EBADF };
	struct error e = { 0 };
	int code = EXIT_FAILED;

	detach(&run);
	if (lab_start(&run, &e) == 0)
		code = loop_run(run.loop);
	else
		(void)report_send(run.reports, REPORT_FAILED, e.code, e.msg);
	api_stop(&run);
	if (run.engine.plan && run.engine.conn[PLAN_NS_INDEX_HOST])
		engine_remove_host_links(&run.engine);
	engine_unmount(&run.engine);
	if (run.engine.cgroups)
		processes_end();
	run.logs = logstore_close(run.logs);
	ports_end(&run.engine);
	(void)state_remove(spec->plan->lab->name, spec->dirfd, NULL);
	let_go(&run);
#ifdef __SANITIZE_ADDRESS__
	__lsan_do_leak_check();
#endif
	_exit(code);
}

int supervisor_start(const struct supervisor_spec *spec, struct supervisor *ret, struct error *e)
{
	int pair[2], pidfd = -EBADF, r;
	pid_t pid;

	r = fault_point("start supervisor");
	if (r < 0)
		return error_errno(e, -r, "start the supervisor");
	if (fault_fails("supervisor's socket pair") || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(e, errno, "make a socket pair");
	pid = (pid_t)syscall(SYS_clone, (unsigned long)(CLONE_NEWPID | CLONE_PIDFD | SIGCHLD), NULL, &pidfd, NULL, 0);
	if (pid == 0) {
		(void)close(pair[0]);
		lab_main(spec, pair[1]);
	}
	(void)close(pair[1]);
	if (pid < 0) {
		(void)close(pair[0]);
		return error_errno(e, errno, "start the supervisor");
	}
	*ret = (struct supervisor){ .pid = pid, .pidfd = pidfd, .reports = pair[0] };
	return 0;
}
