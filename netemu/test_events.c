// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_events.c - what a test does to its lab: links, daemons, nodes, configuration
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "cli.h"
#include "linkctl.h"
#include "nodectl.h"
#include "test_run.h"

enum { KILL_MS = 10000, NODE_STOP_S = 10, CONFIG_MS = 30000 };

static const char *lab_of(struct run *r, const char *node)
{
	_cleanup_strbuf_ struct strbuf ignored = { 0 };
	const struct test_node *n = run_node(r, node, &ignored);

	return n ? n->st->name : r->lab;
}

/* ---- links ---- */

static bool link_order(struct run *r, const char *order, struct strbuf *why)
{
	_cleanup_linkctl_ struct linkctl lc = { .self = -EBADF, .netns = -EBADF };
	_cleanup_arena_ struct arena a = { 0 };
	const char *blank = strchr(order, ' '), *end = arena_strndup(&a, order, (size_t)(blank - order)), *ifname;
	const struct link_info *link;
	struct error e = { 0 };
	char node[256];

	ifname = test_endpoint(end, node, sizeof(node));
	if (linkctl_open(lab_of(r, node), node, &lc, &e) == 0 && linkctl_find(&lc, ifname, &link, &e) == 0)
		(void)linkctl_set_up(&lc, link, strcmp(blank, " up") == 0, &e);
	if (e.code)
		strbuf_printf(why, "%s\n", e.msg);
	return !e.code;
}

int event_link(struct run *r, const struct test_step *s, struct strbuf *why)
{
	const char *order;
	bool ok = true;

	for (size_t i = 0; (order = step_item(s, "do", i)); i++)
		ok = link_order(r, order, why) && ok;
	return ok;
}

int event_impair(struct run *r, const struct test_step *s, struct strbuf *why)
{
	_cleanup_linkctl_ struct linkctl lc = { .self = -EBADF, .netns = -EBADF };
	const struct link_info *link;
	struct impair im = { 0 };
	struct error e = { 0 };
	char node[256];
	const char *ifname = test_endpoint(step_string(s, "link"), node, sizeof(node));

	for (int k = 0; k < _IMPAIR_KEY_MAX; k++)
		if (step_string(s, impair_key_names[k]))
			(void)impair_parse(&im, (enum impair_key)k, step_string(s, impair_key_names[k]), &e);
	if (!e.code && linkctl_open(lab_of(r, node), node, &lc, &e) == 0 && linkctl_find(&lc, ifname, &link, &e) == 0)
		(void)linkctl_impair(&lc, link, &im, &e);
	if (e.code)
		strbuf_printf(why, "%s\n", e.msg);
	return !e.code;
}

/* ---- daemons ---- */

static const struct daemon_state *daemon_find(const struct node_state *n, const char *name)
{
	for (size_t i = 0; i < n->n_daemons; i++)
		if (strcmp(n->daemons[i].name, name) == 0 && n->daemons[i].pid)
			return &n->daemons[i];
	return NULL;
}

static void expect_death(struct run *r, const char *node, const char *daemon)
{
	struct test_death *d = NULL;

	for (size_t i = 0; i < r->n_deaths; i++)
		if (strcmp(r->deaths[i].node, node) == 0 && strcmp(r->deaths[i].daemon, daemon) == 0)
			d = &r->deaths[i];
	if (!d) {
		d = ARENA_PUSH(&r->arena, r->deaths, r->n_deaths);
		*d = (struct test_death){ arena_strdup(&r->arena, node), arena_strdup(&r->arena, daemon), 0 };
	}
	d->n++;
}

static int signal_of(const char *action)
{
	static const struct {
		const char *action;
		int sig;
	} table[] = { { "kill", SIGKILL }, { "term", SIGTERM }, { "stop", SIGSTOP },
		      { "cont", SIGCONT }, { "abort", SIGABRT }, { "restart", SIGTERM } };

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strcmp(table[i].action, action) == 0)
			return table[i].sig;
	return 0;
}

/* One that is to die is dead when it is done; who restarts it is the node's watchfrr, or nobody. */
static int daemon_signal(struct run *r, const char *node, pid_t pid, int sig, struct strbuf *why)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (pidfd < 0 || syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) < 0) {
		strbuf_printf(why, "%s: signal %d to process %d: %s\n", node, sig, (int)pid, strerror(errno));
		return 0;
	}
	if (sig == SIGSTOP || sig == SIGCONT)
		return 1;
	switch (run_wait(r, &pidfd, 1, run_now() + KILL_MS)) {
	case 1:
		return 1;
	case 0:
		strbuf_printf(why, "%s: process %d has not ended after %d s\n", node, (int)pid, KILL_MS / 1000);
		return 0;
	default:
		return -EINTR;
	}
}

/* The same program again, with the arguments that it had. */
static int daemon_start(struct run *r, struct test_node *n, const char *name, const struct strv *argv, struct strbuf *why)
{
	_cleanup_(exec_done_free) struct exec_done d = { 0 };
	const int done = run_exec(r, n, argv, run_now() + KILL_MS, &d, why);

	if (done == 0 && (d.status || d.late))
		strbuf_printf(why, "%s: %s was started again, exit status %d: %s%s\n", n->st->nodes[n->index].name, name, d.status,
			      strbuf_str(&d.out), strbuf_str(&d.err));
	return done < 0 ? done : !d.status && !d.late;
}

/* The arguments of a process; with -d it goes to the background by itself. */
static struct strv command_line(struct arena *a, pid_t pid)
{
	char path[64], buf[8192];
	_cleanup_close_ int fd = -EBADF;
	struct strv argv = { 0 };
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, buf, sizeof(buf) - 1);
	buf[MAX_OF(n, (ssize_t)0)] = '\0';
	for (ssize_t at = 0; at < n; at += (ssize_t)strlen(buf + at) + 1)
		strv_add(a, &argv, buf + at);
	if (!strv_contains(&argv, "-d") && argv.n)
		strv_add(a, &argv, "-d");
	return argv;
}

static bool has_watchfrr(const struct node_state *n)
{
	return daemon_find(n, "watchfrr") != NULL;
}

static int daemon_one(struct run *r, const struct test_step *s, const char *node, struct strbuf *why)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *name = step_string(s, "name"), *action = step_string(s, "action");
	struct test_node *n = run_node(r, node, why);
	const struct daemon_state *d = n ? daemon_find(&n->st->nodes[n->index], name) : NULL;
	const int sig = signal_of(action);
	struct strv argv;
	int done;

	if (!d) {
		strbuf_printf(why, "%s: no daemon '%s' runs\n", node, name);
		return 0;
	}
	argv = command_line(&a, d->pid);
	if (sig != SIGSTOP && sig != SIGCONT)
		expect_death(r, node, name);
	done = daemon_signal(r, node, d->pid, sig, why);
	if (done == 1 && strcmp(action, "restart") == 0 && !has_watchfrr(&n->st->nodes[n->index]))
		done = daemon_start(r, n, name, &argv, why);
	return done;
}

int event_daemon(struct run *r, const struct test_step *s, struct strbuf *why)
{
	struct error e = { 0 };
	const char *node;
	int ok = 1;

	if (run_refresh(r, &e) < 0) {
		strbuf_printf(why, "%s\n", e.msg);
		return 0;
	}
	for (size_t i = 0; ok >= 0 && (node = test_node(s, i)); i++) {
		const int one = daemon_one(r, s, node, why);

		ok = one < 0 ? one : ok && one;
	}
	return ok;
}

/* ---- nodes ---- */

static enum ctl_node_verb node_verb(const char *action)
{
	static const char *const words[] = {
		[CTL_START] = "start", [CTL_STOP] = "stop",	  [CTL_RESTART] = "restart",
		[CTL_PAUSE] = "pause", [CTL_UNPAUSE] = "unpause", [CTL_KILL] = "kill",
	};

	static_assert(ARRAY_SIZE(words) == _CTL_NODE_VERB_MAX, "one a verb");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], action) == 0)
			return (enum ctl_node_verb)i;
	return CTL_START;
}

/* Whatever daemons a node has end with it: of how many deaths, nobody asks. */
static void expect_deaths(struct run *r, const struct node_state *n)
{
	for (size_t i = 0; i < n->n_daemons; i++)
		expect_death(r, n->name, n->daemons[i].name);
}

int event_node(struct run *r, const struct test_step *s, struct strbuf *why)
{
	const enum ctl_node_verb verb = node_verb(step_string(s, "action"));
	const struct node_order order = { .verb = verb, .signal = verb == CTL_KILL ? SIGKILL : SIGTERM, .timeout_s = NODE_STOP_S };
	struct error e = { 0 };
	const char *name;

	(void)run_refresh(r, NULL);
	for (size_t i = 0; (name = test_node(s, i)); i++) {
		struct test_node *n = run_node(r, name, why);

		if (!n)
			return 0;
		if (verb == CTL_STOP || verb == CTL_RESTART || verb == CTL_KILL)
			expect_deaths(r, &n->st->nodes[n->index]);
		if (node_control(n->st->name, name, &order, &e) < 0)
			strbuf_printf(why, "%s\n", e.msg);
	}
	if (!e.code && run_reload(r, &e) < 0)
		strbuf_printf(why, "%s\n", e.msg);
	return !e.code;
}

/* ---- configuration ---- */

static void add_line(struct arena *a, struct strv *argv, const char *line, size_t n)
{
	if (strspn(line, " \t\r") >= n)
		return;
	strv_add(a, argv, "-c");
	strv_add(a, argv, arena_strndup(a, line, n));
}

/* vtysh knows which daemon wants which line. */
static struct strv config_words(struct arena *a, const struct test_step *s)
{
	struct strv argv = { 0 };
	const char *text;

	strv_add(a, &argv, "vtysh");
	strv_add(a, &argv, "-c");
	strv_add(a, &argv, "configure terminal");
	for (size_t i = 0; (text = step_item(s, "lines", i)); i++)
		for (; *text; text += strcspn(text, "\n") + (text[strcspn(text, "\n")] == '\n'))
			add_line(a, &argv, text, strcspn(text, "\n"));
	return argv;
}

int event_config(struct run *r, const struct test_step *s, struct strbuf *why)
{
	_cleanup_arena_ struct arena a = { 0 };
	const struct strv argv = config_words(&a, s);
	const char *name;
	bool ok = true;

	for (size_t i = 0; (name = test_node(s, i)); i++) {
		_cleanup_(exec_done_free) struct exec_done d = { 0 };
		const struct test_node *n = run_node(r, name, why);
		const int done = n ? run_exec(r, n, &argv, run_now() + CONFIG_MS, &d, why) : -ENOENT;

		if (done == -EINTR)
			return done;
		if (done == 0 && (d.status || d.late || step_matches("^%", strbuf_str(&d.out)))) {
			strbuf_printf(why, "%s: vtysh: exit status %d: %s%s\n", name, d.status, strbuf_str(&d.out), strbuf_str(&d.err));
			ok = false;
		}
		ok = ok && done == 0;
	}
	return ok;
}

int event_pause(struct run *r, const struct test_step *s, struct strbuf *why)
{
	unsigned ms = 0;

	(void)why;
	(void)test_duration(step_string(s, "for"), &ms);
	return run_wait(r, NULL, 0, run_now() + ms) < 0 ? -EINTR : 1;
}
