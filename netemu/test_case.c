// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_case.c - the worker: a test from making its lab to the lab's end
 *
 * Owns: the order of things, the nodes of the lab, what is told to the parent. See test_run.h.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "cli.h"
#include "engine/labdir.h"
#include "kernel/drain.h"
#include "kernel/netns.h"
#include "kernel/rtjson.h"
#include "linkctl.h"
#include "test_run.h"

enum { KILL_AFTER_MS = 5000, DRAIN_MS = 60000 };

/* ---- what the parent is told ---- */

static void tell(struct run *r, json_t *line)
{
	char *text = json_dumps(line, JSON_COMPACT);
	const size_t n = text ? strlen(text) : 0;

	json_decref(line);
	if (text) {
		text[n] = '\n';
		for (size_t at = 0; at < n + 1;) {
			const ssize_t w = write(r->out, text + at, n + 1 - at);

			if (w < 0 && errno != EINTR)
				break;
			at += w > 0 ? (size_t)w : 0;
		}
	}
	free(text);
}

/* Text of daemons and commands may be anything. */
static json_t *any_text(const char *text)
{
	json_t *v = json_string(text);
	char *copy;

	if (v)
		return v;
	copy = strdup(text);
	for (char *c = copy; c && *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	v = json_string(copy ? copy : "");
	free(copy);
	return v;
}

static void tell_begin(struct run *r, const char *name)
{
	tell(r, json_pack("{s:o}", "begin", any_text(name)));
}

static void tell_point(struct run *r, const char *name, enum test_result result, int64_t ms, const char *why)
{
	tell(r, json_pack("{s:o, s:i, s:I, s:o}", "point", any_text(name), "result", (int)result, "ms", (json_int_t)ms, "why", any_text(why)));
}

static void tell_end(struct run *r, enum test_result result, const char *reason, int64_t ms, int64_t setup, int64_t teardown)
{
	tell(r, json_pack("{s:i, s:o, s:I, s:I, s:I}", "end", (int)result, "reason", any_text(reason), "ms", (json_int_t)ms, "setup_ms",
			  (json_int_t)setup, "teardown_ms", (json_int_t)teardown));
}

/* ---- nodes ---- */

static bool node_open(struct run *r, struct test_node *n, struct strbuf *why)
{
	struct error e = { 0 };

	n->netns = linkctl_netns(n->st, &n->st->nodes[n->index], &e);
	if (n->netns >= 0 && nlconn_open_in(NETLINK_ROUTE, n->netns, r->self_ns, &n->conn, &e) == 0)
		n->watch = rtwatch_open(n->netns, &e);
	if (e.code == ENOTRECOVERABLE)
		_exit(CLI_EXEC_FAILED);
	if (e.code)
		strbuf_printf(why, "%s: %s\n", n->st->nodes[n->index].name, e.msg);
	return !e.code;
}

struct test_node *run_node(struct run *r, const char *name, struct strbuf *why)
{
	for (size_t i = 0; i < r->n_nodes; i++) {
		struct test_node *n = &r->nodes[i];

		if (strcmp(n->st->nodes[n->index].name, name) != 0)
			continue;
		return n->watch >= 0 || node_open(r, n, why) ? n : NULL;
	}
	strbuf_printf(why, "the lab has no node '%s'\n", name);
	return NULL;
}

int run_refresh(struct run *r, struct error *e)
{
	int done = 0;

	for (size_t i = 0; done == 0 && i < r->n_labs; i++)
		done = state_refresh(r->labs[i], e);
	return done;
}

/* A topology that is called as its cluster gives way: files.c. */
static int labs_load(struct run *r, struct error *e)
{
	const char *const names[] = { r->lab, arena_printf(&r->arena, "clab-%s", r->lab) };
	struct error why = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (state_load(names[i], &r->labs[r->n_labs], r->n_labs ? NULL : &why) == 0)
			r->n_labs++;
	if (r->n_labs == 0)
		return error_set(e, why.code ? why.code : ENOENT, "%s", why.msg);
	for (size_t i = 0; i < r->n_labs; i++)
		for (size_t k = 0; k < r->labs[i]->n_nodes; k++) {
			struct test_node *n = ARENA_PUSH(&r->arena, r->nodes, r->n_nodes);

			*n = (struct test_node){ .st = r->labs[i], .index = k, .netns = -EBADF, .watch = -EBADF };
		}
	return run_refresh(r, e);
}

static void nodes_close(struct run *r)
{
	for (size_t i = 0; i < r->n_nodes; i++) {
		r->nodes[i].conn = nlconn_close(r->nodes[i].conn);
		r->nodes[i].watch = fd_close(r->nodes[i].watch);
		r->nodes[i].netns = fd_close(r->nodes[i].netns);
	}
}

int run_reload(struct run *r, struct error *e)
{
	nodes_close(r);
	for (size_t i = 0; i < r->n_labs; i++)
		state_freep(&r->labs[i]);
	r->n_labs = r->n_nodes = 0;
	r->nodes = NULL;
	return labs_load(r, e);
}

/* ---- the lab ---- */

static const char *log_path(struct run *r)
{
	return arena_printf(&r->arena, "%s/run.log", r->work);
}

/* The lines of what `run` said that tell of an error. */
static void put_log(const char *path, struct strbuf *why)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char line[1024];

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "error") || strncmp(line, "netemu", 6) == 0)
			strbuf_puts(why, line);
}

static bool lab_up(struct run *r, struct strbuf *why)
{
	struct strv argv = { 0 };
	struct error e = { 0 };
	int status;

	strv_add(&r->arena, &argv, "netemu");
	strv_add(&r->arena, &argv, "run");
	strv_add(&r->arena, &argv, "--name");
	strv_add(&r->arena, &argv, r->lab);
	if (r->t->settle_s)
		strv_add(&r->arena, &argv, arena_printf(&r->arena, "--wait=%u", r->t->settle_s));
	strv_add(&r->arena, &argv, "--");
	strv_add(&r->arena, &argv, r->t->path);
	status = run_program(r, argv.v, log_path(r), why);
	if (status > 0) {
		put_log(log_path(r), why);
		if (why->len == 0)
			strbuf_printf(why, "netemu run: exit status %d\n", status);
	}
	/* What only has not settled is there, and its state is worth keeping. */
	if (status == -EINTR || labs_load(r, &e) == 0)
		return status == 0;
	if (why->len == 0)
		strbuf_printf(why, "%s\n", e.msg);
	return false;
}

/* A lab of that name is ours, whether it was seen or not. */
static bool lab_down(struct run *r, struct strbuf *why)
{
	struct error e = { 0 };

	nodes_close(r);
	if (state_destroy(r->lab, KILL_AFTER_MS, true, &e) < 0 || state_destroy(arena_printf(&r->arena, "clab-%s", r->lab), KILL_AFTER_MS, true, &e) < 0)
		strbuf_printf(why, "%s\n", e.msg);
	else if (!r->interrupted && netns_drain(DRAIN_MS, &e) < 0)
		strbuf_printf(why, "the kernel has not freed the network namespaces: %s\n", e.msg);
	return !e.code;
}

/* ---- going through it ---- */

static void shell_in(struct run *r, const char *node)
{
	char *const argv[] = { "netemu", "exec", "-it", "--lab", (char *)r->lab, (char *)node, NULL };
	const pid_t pid = fork();

	if (pid == 0) {
		const int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
		sigset_t none;

		(void)sigemptyset(&none);
		(void)sigprocmask(SIG_SETMASK, &none, NULL);
		for (int fd = 0; tty >= 0 && fd < 3; fd++)
			(void)dup2(tty, fd);
		(void)execv("/proc/self/exe", argv);
		_exit(CLI_EXEC_MISSING);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Somebody wants to look at it. */
static void on_failure(struct run *r)
{
	_cleanup_close_ int tty = r->pause ? open("/dev/tty", O_RDWR | O_CLOEXEC) : -EBADF;
	char c;

	if (r->shell)
		shell_in(r, r->shell);
	if (tty < 0)
		return;
	(void)dprintf(tty, "netemu test: lab %s waits; netemu exec --lab %s NODE. Enter goes on. ", r->lab, r->lab);
	while (run_wait(r, &tty, 1, INT64_MAX) == 1 && read(tty, &c, 1) == 1 && c != '\n')
		;
}

/* Return: whether the step was as it was expected to be. */
static bool one_step(struct run *r, size_t i, bool *ret_xfail)
{
	_cleanup_strbuf_ struct strbuf why = { 0 };
	const struct test_step *s = &r->t->steps[i];
	const int64_t start = run_now();
	int done;

	tell_begin(r, s->name);
	done = run_step(r, i, &why);
	if (done == -EINTR)
		return false;
	if (s->xfail && done == 1)
		strbuf_printf(&why, "expected to fail (%s), and passes\n", s->xfail);
	if (s->xfail && done == 0)
		*ret_xfail = true;
	tell_point(r, s->name, s->xfail ? done ? RESULT_FAIL : RESULT_XFAIL : done ? RESULT_PASS : RESULT_FAIL, run_now() - start,
		   strbuf_str(&why));
	return done != !!s->xfail || (done == 1 && !s->xfail);
}

static void not_reached(struct run *r, size_t from)
{
	for (size_t i = from; i < r->t->n_steps; i++)
		tell_point(r, r->t->steps[i].name, RESULT_SKIP, 0, "not reached");
}

/* Return: how many failed. */
static unsigned all_steps(struct run *r, bool *ret_xfail)
{
	unsigned failed = 0;

	for (size_t i = 0; i < r->t->n_steps; i++) {
		if (one_step(r, i, ret_xfail))
			continue;
		if (r->interrupted)
			return failed;
		failed++;
		if (failed == 1 || r->keep_going)
			on_failure(r);
		if (!r->keep_going) {
			not_reached(r, i + 1);
			break;
		}
	}
	return failed;
}

static enum test_result verdict(const struct run *r, unsigned failed, bool xfail, struct strbuf *reason)
{
	if (r->t->xfail && failed) {
		strbuf_puts(reason, r->t->xfail);
		return RESULT_XFAIL;
	}
	if (r->t->xfail)
		strbuf_printf(reason, "expected to fail (%s), and passes", r->t->xfail);
	else if (failed)
		strbuf_printf(reason, "%u of its points failed", failed);
	if (failed || r->t->xfail)
		return RESULT_FAIL;
	return xfail ? RESULT_XFAIL : RESULT_PASS;
}

static void tell_health(struct run *r, bool well, int64_t start, const struct strbuf *why)
{
	tell_point(r, "health", well ? RESULT_PASS : RESULT_FAIL, run_now() - start, strbuf_str(why));
}

static void go(struct run *r)
{
	_cleanup_strbuf_ struct strbuf why = { 0 }, reason = { 0 }, health = { 0 };
	const int64_t start = run_now();
	bool xfail = false, well = true;
	int64_t up, down;
	unsigned failed = 0;

	wellness_begin(r);
	tell_begin(r, "set-up");
	if (!lab_up(r, &why))
		failed = 1;
	up = run_now();
	if (!r->interrupted)
		tell_point(r, "set-up", failed ? RESULT_FAIL : RESULT_PASS, up - start, strbuf_str(&why));
	if (!failed)
		failed += all_steps(r, &xfail);
	else
		not_reached(r, 0);
	tell_begin(r, "health");
	down = run_now();
	if (!r->interrupted && r->n_labs)
		well = wellness_lab(r, &health);
	if (!r->interrupted && (failed || !well))
		artefacts_save(r);
	if (!r->keep || (failed == 0 && well) || r->interrupted)
		well = lab_down(r, &health) && (r->interrupted || wellness_kernel(r, &health)) && well;
	if (r->interrupted)
		return;
	if (failed || !well)
		wellness_save(r);
	tell_health(r, well, down, &health);
	failed += !well;
	tell_end(r, verdict(r, failed, xfail, &reason), strbuf_str(&reason), run_now() - start, up - start, run_now() - down);
}

void run_case(const struct run_options *opt)
{
	struct run r = { .t = opt->test, .lab = opt->lab, .work = opt->work, .out = opt->out, .seed = opt->seed,
			 .keep_going = opt->keep_going, .keep = opt->keep, .pause = opt->pause, .shell = opt->shell, .kmsg = -EBADF };
	struct error e = { 0 };

	/* A terminal's Ctrl-C is the parent's, which hands it on once. */
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)signal(SIGPIPE, SIG_IGN);
	r.signals = run_signals_open();
	r.self_ns = netns_self(&e);
	r.ended = arena_alloc(&r.arena, (opt->test->n_steps + 1) * sizeof(*r.ended));
	(void)setenv("CLAB_LABDIR_BASE", opt->work, 1);
	if (r.signals < 0 || r.self_ns < 0)
		tell_end(&r, RESULT_FAIL, e.code ? e.msg : "signalfd failed", 0, 0, 0);
	else
		go(&r);
	_exit(CLI_OK);
}
