// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_jobs.c - workers: so many tests at a time, their results collected and written in the order of the files
 *
 * Owns: starting, retrying, interrupting and cleaning up after workers. A worker's lab is named here, so that it can be destroyed
 * whatever became of the worker.
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "engine/labdir.h"
#include "engine/state.h"
#include "test_cmd.h"
#include "test_run.h"

enum { JOBS_MAX = 64, WAITING_MS = 10000, KILL_AFTER_MS = 5000, NAME_MAX_LAB = 24 };

struct worker {
	pid_t pid; /* 0: none */
	int pipe;
	size_t at; /* in cases */
	const char *lab, *work;
	struct strbuf in;
	struct attempt *attempt;
	const char *doing; /* the step that it is at */
	bool ended;
	int64_t started;
};

struct pool {
	struct test_jobs *j;
	struct arena *a;
	struct worker *workers;
	size_t n; /* of workers */
	size_t next; /* case that has not been started */
	bool *done;
	int signals;
	unsigned serial;
	int64_t said; /* when something was last written */
};

static const struct test_file *file_of(const struct test_jobs *j, size_t at)
{
	return &j->set->files[at / j->repeat];
}

/* ---- writing ---- */

static void put(struct pool *p, const struct strbuf *text)
{
	if (text->len == 0)
		return;
	(void)fwrite(text->buf, 1, text->len, p->j->out);
	(void)fflush(p->j->out);
	p->said = run_now();
}

static void show_done(struct pool *p)
{
	struct test_jobs *j = p->j;

	while (j->shown < j->n_cases && p->done[j->shown]) {
		_cleanup_strbuf_ struct strbuf text = { 0 };

		report_case(j->format, &j->cases[j->shown], j->shown + 1, &text);
		put(p, &text);
		j->shown++;
	}
}

/* NIPA ends what is silent. */
static void show_waiting(struct pool *p)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };

	if (run_now() - p->said < WAITING_MS)
		return;
	p->said = run_now();
	for (size_t i = 0; i < p->n; i++)
		if (p->workers[i].pid)
			strbuf_printf(&text, "# waiting: %s: %s (%d s)\n", p->j->cases[p->workers[i].at].name,
				      p->workers[i].doing ? p->workers[i].doing : "starting",
				      (int)((run_now() - p->workers[i].started) / 1000));
	if (p->j->format == FORMAT_KTAP || p->j->format == FORMAT_TAP13)
		put(p, &text);
}

/* ---- starting ---- */

/* Letters, digits and dashes of a name, for a lab's and a directory's. */
static const char *plain_name(struct arena *a, const char *name)
{
	char *copy = arena_strndup(a, name, NAME_MAX_LAB);

	for (char *c = copy; *c; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
		else if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9')))
			*c = '-';
	}
	return *copy && *copy != '-' ? copy : "test";
}

static bool worker_start(struct pool *p, struct worker *w, size_t at)
{
	struct case_report *c = &p->j->cases[at];
	const struct test *t = file_of(p->j, at)->test;
	const char *plain = plain_name(p->a, t->name);
	int fds[2];

	p->serial++;
	*w = (struct worker){ .at = at, .pipe = -EBADF, .started = run_now() };
	w->lab = arena_printf(p->a, "%s-%x-%u", plain, (unsigned)getpid(), p->serial);
	w->work = arena_printf(p->a, "%s/%s-%u", p->j->dir, plain, p->serial);
	w->attempt = ARENA_PUSH(p->a, c->attempts, c->n_attempts);
	*w->attempt = (struct attempt){ .result = RESULT_FAIL, .reason = "its process has ended before its time", .planned = t->n_steps + 2 };
	if (mkdir(w->work, 0755) < 0 || pipe2(fds, O_CLOEXEC) < 0) {
		w->attempt->reason = arena_printf(p->a, "%s: %s", w->work, strerror(errno));
		return false;
	}
	(void)fflush(NULL);
	w->pid = fork();
	if (w->pid == 0) {
		const struct run_options opt = { .test = t, .lab = w->lab, .work = w->work, .out = fds[1], .seed = p->j->seed,
						 .keep_going = p->j->keep_going, .keep = p->j->keep, .pause = p->j->pause, .shell = p->j->shell };

		(void)fd_close(fds[0]);
		run_case(&opt);
	}
	(void)fd_close(fds[1]);
	w->pipe = fds[0];
	if (w->pid > 0)
		return true;
	w->pid = 0;
	w->pipe = fd_close(w->pipe);
	w->attempt->reason = "no process could be made for it";
	return false;
}

static void skip_case(struct pool *p, size_t at, const char *reason)
{
	struct attempt *a = ARENA_PUSH(p->a, p->j->cases[at].attempts, p->j->cases[at].n_attempts);

	*a = (struct attempt){ .result = RESULT_SKIP, .reason = reason };
	p->done[at] = true;
}

/* ---- what workers tell ---- */

static const char *text_of(struct pool *p, const json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));

	return arena_strdup(p->a, text ? text : "");
}

static unsigned number_of(const json_t *line, const char *key)
{
	const json_int_t n = json_integer_value(json_object_get(line, key));

	return n < 0 ? 0 : (unsigned)MIN_OF(n, (json_int_t)INT_MAX);
}

static void take_line(struct pool *p, struct worker *w, const char *text, size_t len)
{
	json_t *line = json_loadb(text, len, 0, NULL);
	struct attempt *a = w->attempt;

	if (json_object_get(line, "begin")) {
		w->doing = text_of(p, line, "begin");
	} else if (json_object_get(line, "point")) {
		struct point *pt = ARENA_PUSH(p->a, a->points, a->n_points);

		*pt = (struct point){ .name = text_of(p, line, "point"), .why = text_of(p, line, "why"), .ms = number_of(line, "ms"),
				      .result = (enum test_result)MIN_OF(number_of(line, "result"), _RESULT_MAX - 1U) };
	} else if (json_object_get(line, "end")) {
		w->ended = true;
		a->result = (enum test_result)MIN_OF(number_of(line, "end"), _RESULT_MAX - 1U);
		a->reason = text_of(p, line, "reason");
		a->ms = number_of(line, "ms");
		a->setup_ms = number_of(line, "setup_ms");
		a->teardown_ms = number_of(line, "teardown_ms");
	}
	json_decref(line);
}

/* Return: whether the worker has closed its end. */
static bool take_input(struct pool *p, struct worker *w)
{
	char buf[65536];
	const ssize_t n = read(w->pipe, buf, sizeof(buf));
	char *newline;

	if (n <= 0)
		return n == 0 || errno != EINTR;
	strbuf_add(&w->in, buf, (size_t)n);
	while (w->in.buf && (newline = memchr(w->in.buf, '\n', w->in.len))) {
		const size_t len = (size_t)(newline - w->in.buf);

		take_line(p, w, w->in.buf, len);
		memmove(w->in.buf, newline + 1, w->in.len - len); /* with its NUL */
		w->in.len -= len + 1;
	}
	return false;
}

/* ---- ending ---- */

/* What it may have left is ours to remove. */
static void clean_up(struct pool *p, struct worker *w)
{
	const bool kept = p->j->keep && !p->j->interrupted && w->attempt->result == RESULT_FAIL && w->ended;

	if (!kept) {
		(void)state_destroy(w->lab, KILL_AFTER_MS, true, NULL);
		(void)state_destroy(arena_printf(p->a, "clab-%s", w->lab), KILL_AFTER_MS, true, NULL);
	}
	if (kept)
		cli_note(p->j->cli, "lab %s is kept: netemu exec --lab %s NODE; netemu destroy %s", w->lab, w->lab, w->lab);
	if (w->attempt->result == RESULT_FAIL && !p->j->interrupted)
		w->attempt->artefacts = w->work;
	else
		(void)labdir_clean(w->work, NULL);
}

static bool starts_again(const struct pool *p, const struct worker *w)
{
	return w->attempt->result == RESULT_FAIL && p->j->cases[w->at].n_attempts <= p->j->retry && !p->j->interrupted;
}

static void worker_end(struct pool *p, struct worker *w)
{
	const size_t at = w->at;
	int status = 0;

	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		;
	w->pid = 0;
	w->pipe = fd_close(w->pipe);
	strbuf_done(&w->in);
	if (!w->ended && WIFSIGNALED(status))
		w->attempt->reason = arena_printf(p->a, "its process was ended by signal %d while it was at: %s", WTERMSIG(status),
						  w->doing ? w->doing : "starting");
	clean_up(p, w);
	if (starts_again(p, w) && worker_start(p, w, at))
		return;
	p->done[at] = true;
	if (p->j->until_fail && w->attempt->result == RESULT_FAIL)
		p->next = p->j->n_cases;
	show_done(p);
}

/* A second Ctrl-C changes nothing: they are cleaning up. */
static void interrupt(struct pool *p)
{
	struct signalfd_siginfo si;

	while (read(p->signals, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		for (size_t i = 0; !p->j->interrupted && i < p->n; i++)
			if (p->workers[i].pid)
				(void)kill(p->workers[i].pid, SIGTERM);
		p->j->interrupted = p->j->interrupted ? p->j->interrupted : (int)si.ssi_signo;
	}
	p->next = p->j->n_cases;
}

/* ---- the loop ---- */

static void fill(struct pool *p)
{
	for (size_t i = 0; i < p->n; i++) {
		while (!p->workers[i].pid && p->next < p->j->n_cases) {
			const size_t at = p->next++;
			const char *skip = file_of(p->j, at)->skip;

			if (skip)
				skip_case(p, at, skip);
			else if (!worker_start(p, &p->workers[i], at))
				p->done[at] = true;
		}
	}
	show_done(p);
}

static bool is_busy(const struct pool *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->workers[i].pid)
			return true;
	return false;
}

static void turn(struct pool *p)
{
	struct pollfd fds[JOBS_MAX + 1] = { { .fd = p->signals, .events = POLLIN } };

	for (size_t i = 0; i < p->n; i++)
		fds[1 + i] = (struct pollfd){ .fd = p->workers[i].pid ? p->workers[i].pipe : -1, .events = POLLIN };
	if (poll(fds, 1 + p->n, (int)MAX_OF(p->said + WAITING_MS - run_now(), (int64_t)1)) < 0)
		return;
	if (fds[0].revents)
		interrupt(p);
	for (size_t i = 0; i < p->n; i++)
		if (fds[1 + i].revents && take_input(p, &p->workers[i]))
			worker_end(p, &p->workers[i]);
	show_waiting(p);
}

void testjobs_run(struct test_jobs *j)
{
	struct pool p = { .j = j, .a = &j->set->arena, .n = MIN_OF(j->jobs, (unsigned)JOBS_MAX), .signals = run_signals_open(), .said = run_now() };

	p.workers = arena_alloc(p.a, (p.n + 1) * sizeof(*p.workers));
	p.done = arena_alloc(p.a, j->n_cases + 1);
	fill(&p);
	while (is_busy(&p)) {
		turn(&p);
		fill(&p);
	}
	(void)fd_close(p.signals);
}
