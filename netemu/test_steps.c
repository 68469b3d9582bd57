// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_steps.c - one step of a test: done, or looked at until it is as it should be
 *
 * Owns: waiting, and which changes each kind of condition waits for.
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <time.h>

#include "kernel/linkwatch.h"
#include "ktest/jsoncmp.h"
#include "test_run.h"

enum { NODES_MAX = 256, TICK_NONE = 0 };

/* What is asked at each look, and how soon to look again when nothing has told of a change. */
static const struct check_row {
	int (*check)(struct run *r, const struct test_step *s, struct strbuf *why);
	int tick_ms; /* TICK_NONE: netlink or inotify tells of every change */
	bool netlink; /* changes of the nodes' tables are a reason to look */
	bool logs;
} checks[] = {
	[TEST_ADDRESS] = { check_address, TICK_NONE, true, false },
	[TEST_CONSISTENT] = { check_consistent, 100, true, false },
	[TEST_FIB] = { check_fib, TICK_NONE, true, false },
	[TEST_FLOWS] = { check_flows, 250, true, false },
	[TEST_INTERFACE] = { check_interface, TICK_NONE, true, false },
	[TEST_LOG] = { check_log, TICK_NONE, false, true },
	[TEST_NEIGH] = { check_neigh, 1000, true, false }, /* not every change of a neighbor's state is told */
	[TEST_NEXTHOP] = { check_nexthop, TICK_NONE, true, false },
	[TEST_PING] = { check_ping, 50, true, false },
	[TEST_ROUTE_GET] = { check_route_get, 250, true, false },
	[TEST_TRACEROUTE] = { check_traceroute, 100, true, false },
	[TEST_VTYSH] = { check_vtysh, 100, true, false },
	[TEST_EXEC] = { check_exec, 100, true, false },
	[TEST_SYSCTL] = { check_sysctl, 100, false, false },
	[TEST_CONFIG] = { event_config, TICK_NONE, false, false },
	[TEST_DAEMON] = { event_daemon, TICK_NONE, false, false },
	[TEST_IMPAIR] = { event_impair, TICK_NONE, false, false },
	[TEST_LINK] = { event_link, TICK_NONE, false, false },
	[TEST_NODE] = { event_node, TICK_NONE, false, false },
	[TEST_PAUSE] = { event_pause, TICK_NONE, false, false },
};
static_assert(ARRAY_SIZE(checks) == _TEST_VERB_MAX, "one a verb");

/* ---- waiting ---- */

int64_t run_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int run_signals_open(void)
{
	sigset_t mask;

	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGINT);
	(void)sigaddset(&mask, SIGTERM);
	(void)sigaddset(&mask, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
	return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

int run_wait(struct run *r, const int *fds, size_t n, int64_t until)
{
	struct pollfd p[NODES_MAX + 1] = { { .fd = r->signals, .events = POLLIN } };
	int ready = 0;

	n = MIN_OF(n, (size_t)NODES_MAX);
	for (size_t i = 0; i < n; i++)
		p[1 + i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	while (ready == 0 && !r->interrupted) {
		const int64_t left = until == INT64_MAX ? -1 : MAX_OF(until - run_now(), (int64_t)0);

		ready = poll(p, 1 + n, (int)MIN_OF(left, (int64_t)INT_MAX));
		if (ready == 0 && left >= 0 && run_now() >= until)
			return 0;
		if (ready < 0)
			ready = 0; /* EINTR: a signal that is not ours */
		r->interrupted = r->interrupted || p[0].revents;
	}
	return r->interrupted ? -EINTR : 1;
}

/* The descriptors that tell of changes which this step is about; in @fds, NODES_MAX of them. */
static size_t watched(struct run *r, const struct test_step *s, int *fds)
{
	_cleanup_strbuf_ struct strbuf ignored = { 0 };
	const char *name;
	size_t n = 0;

	for (size_t i = 0; checks[s->verb].netlink && n < NODES_MAX - 1 && (name = test_node(s, i)); i++) {
		const struct test_node *node = run_node(r, name, &ignored);

		if (node)
			fds[n++] = node->watch;
	}
	return n;
}

/* inotify of the labs' logs; negative: none */
static int logs_watch(const struct run *r)
{
	const int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	for (size_t i = 0; fd >= 0 && i < r->n_labs; i++) {
		char path[PATH_MAX];

		(void)snprintf(path, sizeof(path), "%s/%s/logs", state_dir_root(), r->labs[i]->name);
		(void)inotify_add_watch(fd, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO);
	}
	return fd;
}

static void drain(const int *fds, size_t n, int logs)
{
	char buf[4096];

	for (size_t i = 0; i < n; i++)
		(void)linkwatch_drain(fds[i]);
	while (logs >= 0 && read(logs, buf, sizeof(buf)) > 0)
		;
}

/* ---- conditions ---- */

/* The time that it has: from now, or from the end of another step. */
static int64_t deadline(const struct run *r, const struct test_step *s, int64_t start)
{
	return (s->of >= 0 && r->ended[s->of] ? r->ended[s->of] : start) + s->ms;
}

/* Whether, after a look that said @holds, it is decided: 1, 0; or -EAGAIN, go on. */
static int decided(enum test_mode mode, int holds, bool time_is_up)
{
	switch (mode) {
	case TEST_ALWAYS:
		return !holds ? 0 : time_is_up ? 1 : -EAGAIN;
	case TEST_NEVER:
		return holds ? 0 : time_is_up ? 1 : -EAGAIN;
	case TEST_WITHIN:
		return holds ? 1 : time_is_up ? 0 : -EAGAIN;
	default:
		return holds;
	}
}

static void say_when(const struct run *r, const struct test_step *s, int64_t start, struct strbuf *why)
{
	const long ms = (long)(run_now() - start);

	if (s->mode == TEST_WITHIN && s->of >= 0)
		strbuf_printf(why, "not so %u ms after '%s'\n", s->ms, r->t->steps[s->of].name);
	else if (s->mode == TEST_WITHIN)
		strbuf_printf(why, "not so after %ld ms\n", ms);
	else if (s->mode == TEST_ALWAYS)
		strbuf_printf(why, "no longer so after %ld ms of %u\n", ms, s->ms);
	else if (s->mode == TEST_NEVER)
		strbuf_printf(why, "so after %ld ms, and never should be in %u\n", ms, s->ms);
}

static int look(struct run *r, const struct test_step *s, struct strbuf *why)
{
	const struct check_row *row = &checks[s->verb];
	_cleanup_close_ int logs = row->logs ? logs_watch(r) : -EBADF;
	const int64_t start = run_now(), end = deadline(r, s, start);
	int fds[NODES_MAX + 1];

	for (;;) {
		const size_t n = watched(r, s, fds);
		int holds, done;
		bool late;

		/* Drained before the look: what changes during it wakes. A look that begins in time counts. */
		drain(fds, n, logs);
		late = run_now() >= end;
		strbuf_reset(why);
		holds = row->check(r, s, why);
		done = holds < 0 ? holds : decided(s->mode, holds, late);
		if (done != -EAGAIN) {
			if (done == 0)
				say_when(r, s, start, why);
			return done;
		}
		fds[n] = logs;
		done = run_wait(r, fds, n + (logs >= 0), row->tick_ms ? MIN_OF(run_now() + row->tick_ms, end) : end);
		if (done < 0)
			return done;
	}
}

int run_step(struct run *r, size_t i, struct strbuf *why)
{
	const struct test_step *s = &r->t->steps[i];
	int done = s->mode == TEST_ONCE ? checks[s->verb].check(r, s, why) : look(r, s, why);

	r->ended[i] = run_now();
	if (done < 0 && done != -EINTR) {
		if (why->len == 0)
			strbuf_printf(why, "%s\n", strerror(-done));
		done = 0;
	}
	return done;
}

/* ---- what the conditions share ---- */

const char *step_string(const struct test_step *s, const char *key)
{
	return json_string_value(json_object_get(s->args, key));
}

json_int_t step_int(const struct test_step *s, const char *key, json_int_t unset)
{
	const json_t *v = json_object_get(s->args, key);

	return json_is_integer(v) ? json_integer_value(v) : unset;
}

bool step_true(const struct test_step *s, const char *key)
{
	return json_is_true(json_object_get(s->args, key));
}

const char *step_item(const struct test_step *s, const char *key, size_t i)
{
	const json_t *v = json_object_get(s->args, key);

	if (json_is_array(v))
		return json_string_value(json_array_get(v, i));
	return i == 0 ? json_string_value(v) : NULL;
}

bool step_matches(const char *regex, const char *text)
{
	regex_t re;
	bool found;

	if (regcomp(&re, regex, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0)
		return false; /* the loader has looked */
	found = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return found;
}

bool step_share(const char *want, const char *tolerance, uint64_t part, uint64_t whole)
{
	const double share = whole ? 100.0 * (double)part / (double)whole : 0, off = share - strtod(want, NULL);

	return (off < 0 ? -off : off) <= (tolerance ? strtod(tolerance, NULL) : 15);
}

bool step_json(const json_t *want, const char *text, bool exact, const char *node, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf diff = { 0 };
	json_error_t wrong;
	json_t *got = json_loads(text, JSON_DECODE_ANY, &wrong);
	unsigned n;

	if (!got) {
		strbuf_printf(why, "%s: the answer is no JSON (line %d: %s): %.200s\n", node, wrong.line, wrong.text, text);
		return false;
	}
	n = jsoncmp(want, got, exact, &diff);
	for (const char *line = strbuf_str(&diff); *line; line += strcspn(line, "\n") + 1)
		strbuf_printf(why, "%s: %.*s\n", node, (int)strcspn(line, "\n"), line);
	json_decref(got);
	return n == 0;
}
