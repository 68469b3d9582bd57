// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vm.c - several virtual machines at a time, and what their ends mean
 */
#include "vm/vm.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>

#include "vm/guest_internal.h"

enum { BOOT_LIMIT_S = 120, LIMIT_S = 600, STATUS_FAILED = 1, STATUS_UNKNOWN = 125, POLLS = 3 /* a guest */ };

struct vms {
	struct guest *guests;
	size_t n, next, running;
	unsigned cpus_free;
	int signals;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static unsigned cpus_of(const struct guest *g)
{
	return g->spec->cpus ? g->spec->cpus : 1;
}

/* ---- what comes ---- */

static void output(const struct guest *g, enum vm_stream stream, const char *data, size_t n)
{
	if (n && g->spec->output)
		g->spec->output(g->spec->arg, stream, data, n);
}

static void frame_take(struct guest *g, enum vmframe_type type, const char *data, size_t n)
{
	switch (type) {
	case VMFRAME_FAILED:
		(void)snprintf(g->refused, sizeof(g->refused), "the guest could not be set up: %.*s", (int)n, data);
		break;
	case VMFRAME_STARTED:
		g->booted = true;
		g->result->boot_ms = (unsigned)(now_ms() - g->started_ms);
		g->deadline_ms = now_ms() + 1000ULL * (g->spec->limit_s ? g->spec->limit_s : LIMIT_S);
		break;
	case VMFRAME_STDOUT:
	case VMFRAME_STDERR:
		output(g, type == VMFRAME_STDOUT ? VM_STDOUT : VM_STDERR, data, n);
		break;
	case VMFRAME_EXITED:
		g->ended = true;
		g->result->status = n ? (unsigned char)*data : STATUS_UNKNOWN;
		break;
	default:
		break;
	}
}

/* Whole frames out of the front of the buffer. What is none is skipped: firmware may have written there. */
static void frames_take(struct guest *g)
{
	for (;;) {
		const unsigned char *h = (const unsigned char *)g->frame;
		size_t size = 1;

		if (g->frame_n < sizeof(struct vmframe))
			return;
		if (h[0] == VMFRAME_MAGIC && h[1] < _VMFRAME_MAX && h[2] * 256U + h[3] <= VMFRAME_DATA) {
			size = sizeof(struct vmframe) + h[2] * 256U + h[3];
			if (g->frame_n < size)
				return;
			frame_take(g, h[1], g->frame + sizeof(struct vmframe), size - sizeof(struct vmframe));
		}
		g->frame_n -= size;
		(void)memmove(g->frame, g->frame + size, g->frame_n);
	}
}

static void frames_read(struct guest *g)
{
	ssize_t n;

	while (g->frames >= 0 && (n = read(g->frames, g->frame + g->frame_n, sizeof(g->frame) - g->frame_n)) != 0) {
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0)
			break;
		g->frame_n += (size_t)n;
		frames_take(g);
	}
	g->frames = fd_close(g->frames);
}

static void console_read(struct guest *g)
{
	char buf[4096];
	ssize_t n;

	while (g->console >= 0 && (n = read(g->console, buf, sizeof(buf))) != 0) {
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0)
			break;
		console_feed(&g->said, buf, (size_t)n);
		if (g->log >= 0)
			(void)!write(g->log, buf, (size_t)n);
		output(g, VM_CONSOLE, buf, (size_t)n);
	}
	g->console = fd_close(g->console);
}

/* ---- what an end means ---- */

/* The last line of it, "" when there is none. */
static void complaint_read(int fd, char *ret, size_t size)
{
	char buf[2048];
	const ssize_t n = fd < 0 ? 0 : pread(fd, buf, sizeof(buf) - 1, 0);
	char *last;

	buf[n > 0 ? n : 0] = '\0';
	while (*buf && buf[strlen(buf) - 1] == '\n')
		buf[strlen(buf) - 1] = '\0';
	last = strrchr(buf, '\n');
	(void)snprintf(ret, size, "%s", last ? last + 1 : buf);
}

static void words_set(struct guest *g, const char *fmt, ...) _printf_(2, 3);
static void words_set(struct guest *g, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(g->result->words, sizeof(g->result->words), fmt, ap);
	va_end(ap);
}

static void result_set(struct guest *g, enum vm_end end, int status)
{
	g->result->end = end;
	g->result->status = status;
	g->result->total_ms = (unsigned)(now_ms() - g->started_ms);
	g->result->fault = console_fault(&g->said);
	if (g->result->fault && !*g->result->words)
		words_set(g, "%s", g->said.said[g->result->fault]);
}

/* Its QEMU has ended, or was ended because the command had. */
static void judge_end(struct guest *g)
{
	char complaint[240], of_fsd[240];

	complaint_read(g->complaints, complaint, sizeof(complaint));
	complaint_read(g->fsd_complaints, of_fsd, sizeof(of_fsd));
	if (g->ended) {
		result_set(g, VM_EXITED, g->result->status);
	} else if (*g->refused) {
		words_set(g, "%s", g->refused);
		result_set(g, VM_NOT_BOOTED, STATUS_UNKNOWN);
	} else if (!console_fault(&g->said) && *complaint) {
		words_set(g, "%s%s%s", complaint, *of_fsd ? "; virtiofsd: " : "", of_fsd);
		result_set(g, VM_NOT_BOOTED, STATUS_UNKNOWN);
	} else {
		if (!console_fault(&g->said))
			words_set(g, "the machine reset itself without a word%s%s", *g->said.last ? "; the last one was: " : "", g->said.last);
		result_set(g, g->booted ? VM_PANICKED : VM_NOT_BOOTED, g->booted ? STATUS_FAILED : STATUS_UNKNOWN);
	}
}

static void judge_late(struct guest *g)
{
	const unsigned limit = g->booted ? g->spec->limit_s ? g->spec->limit_s : LIMIT_S :
			       g->spec->boot_limit_s ? g->spec->boot_limit_s : BOOT_LIMIT_S;
	const enum vm_fault fault = console_fault(&g->said);
	const char *line = fault ? g->said.said[fault] : g->said.last;

	words_set(g, "not %s within %u s%s%s", g->booted ? "done" : "booted", limit, *line ? "; the kernel's last word: " : "", line);
	result_set(g, g->booted ? VM_HUNG : VM_NOT_BOOTED, g->booted ? STATUS_FAILED : STATUS_UNKNOWN);
}

/* ---- the loop ---- */

static void guest_end(struct vms *v, struct guest *g, bool late)
{
	guest_kill(g);
	console_read(g);
	frames_read(g);
	if (late && !g->ended)
		judge_late(g);
	else
		judge_end(g);
	v->running--;
	v->cpus_free += cpus_of(g);
	guest_done(g);
	if (g->spec->ended)
		g->spec->ended(g->spec->arg, g->result);
}

static void guest_begin(struct vms *v, struct guest *g)
{
	struct error e = { 0 };

	g->started_ms = now_ms();
	g->deadline_ms = g->started_ms + 1000ULL * (g->spec->boot_limit_s ? g->spec->boot_limit_s : BOOT_LIMIT_S);
	v->running++;
	v->cpus_free -= MIN_OF(cpus_of(g), v->cpus_free);
	if (guest_start(g, &e) == 0)
		return;
	(void)snprintf(g->refused, sizeof(g->refused), "%s", e.msg);
	guest_end(v, g, false);
}

static void guests_begin(struct vms *v, unsigned jobs)
{
	while (v->next < v->n && (v->running == 0 || (jobs ? v->running < jobs : v->cpus_free >= cpus_of(&v->guests[v->next]))))
		guest_begin(v, &v->guests[v->next++]);
}

static bool is_running(const struct guest *g)
{
	return g->qemu.pidfd >= 0;
}

static int polls_fill(const struct vms *v, struct pollfd *p, uint64_t now)
{
	uint64_t deadline = UINT64_MAX;

	p[0] = (struct pollfd){ .fd = v->signals, .events = POLLIN };
	for (size_t i = 0; i < v->n; i++) {
		const struct guest *g = &v->guests[i];
		struct pollfd *q = &p[1 + POLLS * i];

		q[0] = (struct pollfd){ .fd = is_running(g) ? g->qemu.pidfd : -1, .events = POLLIN };
		q[1] = (struct pollfd){ .fd = is_running(g) ? g->frames : -1, .events = POLLIN };
		q[2] = (struct pollfd){ .fd = is_running(g) ? g->console : -1, .events = POLLIN };
		if (is_running(g))
			deadline = MIN_OF(deadline, g->deadline_ms);
	}
	return deadline <= now ? 0 : (int)MIN_OF(deadline - now, (uint64_t)INT32_MAX);
}

static void guest_serve(struct vms *v, struct guest *g, const struct pollfd *p)
{
	if (!is_running(g))
		return;
	if (p[2].revents)
		console_read(g);
	if (p[1].revents)
		frames_read(g);
	if (p[0].revents || g->ended || *g->refused)
		guest_end(v, g, false);
	else if (now_ms() >= g->deadline_ms)
		guest_end(v, g, true);
}

static int loop(struct vms *v, struct pollfd *p, unsigned jobs, struct error *e)
{
	struct signalfd_siginfo si;

	for (guests_begin(v, jobs); v->running; guests_begin(v, jobs)) {
		const int timeout = polls_fill(v, p, now_ms());

		if (poll(p, (nfds_t)(1 + POLLS * v->n), timeout) < 0) {
			if (errno == EINTR)
				continue;
			return error_errno(e, errno, "wait for the virtual machines");
		}
		if (p[0].revents && read(v->signals, &si, sizeof(si)) > 0)
			return error_set(e, EINTR, "interrupted");
		for (size_t i = 0; i < v->n; i++)
			guest_serve(v, &v->guests[i], &p[1 + POLLS * i]);
	}
	return 0;
}

static void signals_fill(sigset_t *mask)
{
	(void)sigemptyset(mask);
	(void)sigaddset(mask, SIGINT);
	(void)sigaddset(mask, SIGTERM);
	(void)sigaddset(mask, SIGHUP);
}

static int run(struct vms *v, unsigned jobs, struct error *e)
{
	struct pollfd *p = calloc(1 + POLLS * v->n, sizeof(*p));
	int r = p ? loop(v, p, jobs, e) : error_oom(e);

	for (size_t i = 0; i < v->n; i++) {
		guest_kill(&v->guests[i]);
		guest_done(&v->guests[i]);
	}
	free(p);
	return r;
}

static void vms_fill(struct vms *v, const struct vm_spec *specs, struct vm_result *ret)
{
	for (size_t i = 0; i < v->n; i++) {
		ret[i] = (struct vm_result){ .end = VM_NOT_BOOTED, .status = STATUS_UNKNOWN };
		v->guests[i] = (struct guest){ .spec = &specs[i],
					       .result = &ret[i],
					       .qemu.pidfd = -EBADF,
					       .fsd.pidfd = -EBADF,
					       .console = -EBADF,
					       .frames = -EBADF,
					       .log = -EBADF,
					       .complaints = -EBADF,
					       .fsd_complaints = -EBADF };
	}
}

int vm_run(const struct vm_spec *specs, size_t n, unsigned jobs, struct vm_result *ret, struct error *e)
{
	struct vms v = { .n = n, .guests = calloc(n + 1, sizeof(*v.guests)), .cpus_free = (unsigned)sysconf(_SC_NPROCESSORS_ONLN) };
	sigset_t mask, before;
	int r = v.guests ? vm_can_run(e) : error_oom(e);

	if (r < 0) {
		free(v.guests);
		return r;
	}
	vms_fill(&v, specs, ret);
	signals_fill(&mask);
	(void)sigprocmask(SIG_BLOCK, &mask, &before);
	v.signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	r = v.signals < 0 ? error_errno(e, errno, "make a signalfd") : run(&v, jobs, e);
	(void)fd_close(v.signals);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	free(v.guests);
	return r;
}

const char *vm_end_name(enum vm_end end)
{
	static const char *const names[] = { "exited", "panicked", "hung", "not booted" };

	static_assert(ARRAY_SIZE(names) == _VM_END_MAX, "a name each");
	return names[end];
}
