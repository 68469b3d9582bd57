/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_run.h - one test under way, in a process of its own: what test_*.c share
 *
 * Theory of Operation. cmd_test.c forks one worker a test. The worker makes the lab, goes through the steps, looks at the
 * kernel's and the daemons' health, ends the lab, and tells its parent each result as a line of JSON on a pipe. Whatever
 * waits, waits in run_wait(): for a file descriptor that tells of a change, the deadline, or the signal that ends the test.
 * A condition is looked at again only when something may have changed: netlink tells of tables, inotify of logs; only where
 * nothing tells (a daemon's answer, a ping) it is also looked at after a while (check_row.tick_ms).
 */
#ifndef NETEMU_TEST_RUN_H
#define NETEMU_TEST_RUN_H

#include <jansson.h>

#include "base/strbuf.h"
#include "engine/state.h"
#include "kernel/nl.h"
#include "ktest/report.h"
#include "ktest/spec.h"

/* A node's namespaces, opened when first asked for. */
struct test_node {
	const struct lab_state *st;
	size_t index;
	int netns, watch;
	struct nlconn *conn;
	int64_t log_from; /* bytes of its log that were there when the test began, or the last `mark` */
};

/* A daemon that a step has killed: its death is not a crash. */
struct test_death {
	const char *node, *daemon;
	unsigned n;
};

struct run {
	const struct test *t;
	struct arena arena;
	const char *lab;	 /* its name */
	const char *work;	 /* directory of its own: clab-LAB, what `run` said; kept when it fails */
	struct lab_state *labs[2]; /* a topology and a cluster may be two */
	size_t n_labs;
	struct test_node *nodes;
	size_t n_nodes;
	struct test_death *deaths;
	size_t n_deaths;
	int64_t *ended; /* when each step was over, in ms; 0: not yet */
	int signals;	/* signalfd: the test is to end */
	bool interrupted;
	int self_ns;
	int out; /* pipe to the parent */
	int kmsg; /* /dev/kmsg from its end on, or negative */
	unsigned long taint; /* of the kernel, before */
	struct strbuf kernel_log; /* since the test began */
	ino_t *namespaces; /* network namespaces of the lab */
	size_t n_namespaces;
	uint32_t seed;
	bool keep_going, keep;
	const char *shell; /* a node in which a shell is started when a step fails, or NULL */
	bool pause;
};

int64_t run_now(void);

/** run_signals_open() - a signalfd of what ends a run (SIGINT, SIGTERM, SIGHUP), which are blocked from now on. Return: fd or -1. */
int run_signals_open(void);

/**
 * run_wait() - until one of @fds is readable, a deadline, or a signal
 * @until: in run_now()'s ms
 *
 * Return: 1 readable, 0 time is up, -EINTR the test is to end.
 */
int run_wait(struct run *r, const int *fds, size_t n, int64_t until);

/** run_node() - Return: the node of that name, opened; NULL with @why appended. */
struct test_node *run_node(struct run *r, const char *name, struct strbuf *why);
/** run_reload() - find the nodes anew: namespaces and processes may be others. Return: 0 or -errno. */
int run_reload(struct run *r, struct error *e);
/** run_refresh() - daemons and processes of the nodes anew. Return: 0 or -errno. */
int run_refresh(struct run *r, struct error *e);

/* ---- test_exec.c ---- */

struct exec_done {
	int status; /* as of a shell */
	struct strbuf out, err;
	bool late; /* it was killed at the deadline */
};

/** run_exec() - a command in a node. Return: 0, -EINTR, or -errno with @why appended. */
int run_exec(struct run *r, const struct test_node *n, const struct strv *argv, int64_t until, struct exec_done *ret, struct strbuf *why);
void exec_done_free(struct exec_done *d);
/** run_program() - a program of the host, its output in @log. Return: its exit status, -EINTR after it was ended, -errno. */
int run_program(struct run *r, char *const *argv, const char *log, struct strbuf *why);

/* ---- conditions and events: Return: 1 it holds or is done, 0 it does not, -EINTR, -errno: it makes no sense; @why is appended ---- */

int check_fib(struct run *r, const struct test_step *s, struct strbuf *why);
int check_nexthop(struct run *r, const struct test_step *s, struct strbuf *why);
int check_neigh(struct run *r, const struct test_step *s, struct strbuf *why);
int check_address(struct run *r, const struct test_step *s, struct strbuf *why);
int check_interface(struct run *r, const struct test_step *s, struct strbuf *why);
int check_route_get(struct run *r, const struct test_step *s, struct strbuf *why);
int check_vtysh(struct run *r, const struct test_step *s, struct strbuf *why);
int check_consistent(struct run *r, const struct test_step *s, struct strbuf *why);
int check_log(struct run *r, const struct test_step *s, struct strbuf *why);
int check_exec(struct run *r, const struct test_step *s, struct strbuf *why);
int check_sysctl(struct run *r, const struct test_step *s, struct strbuf *why);
int check_ping(struct run *r, const struct test_step *s, struct strbuf *why);
int check_traceroute(struct run *r, const struct test_step *s, struct strbuf *why);
int check_flows(struct run *r, const struct test_step *s, struct strbuf *why);
int event_config(struct run *r, const struct test_step *s, struct strbuf *why);
int event_daemon(struct run *r, const struct test_step *s, struct strbuf *why);
int event_impair(struct run *r, const struct test_step *s, struct strbuf *why);
int event_link(struct run *r, const struct test_step *s, struct strbuf *why);
int event_node(struct run *r, const struct test_step *s, struct strbuf *why);
int event_pause(struct run *r, const struct test_step *s, struct strbuf *why);

/** step_matches() - whether a line of @text matches a regular expression */
bool step_matches(const char *regex, const char *text);
/** step_json() - whether @text is JSON that has what is expected (ktest/jsoncmp.h) */
bool step_json(const json_t *want, const char *text, bool exact, const char *node, struct strbuf *why);
/** step_share() - whether @part of @whole is @want ("25%"), give or take @tolerance ("15", NULL: that) percent of the whole */
bool step_share(const char *want, const char *tolerance, uint64_t part, uint64_t whole);
const char *step_string(const struct test_step *s, const char *key);
json_int_t step_int(const struct test_step *s, const char *key, json_int_t unset);
bool step_true(const struct test_step *s, const char *key);
/** step_item() - the @i-th of a key that holds one or a list, NULL after the last */
const char *step_item(const struct test_step *s, const char *key, size_t i);

/* ---- test_steps.c ---- */

/** run_step() - carry out one step, and wait for what it waits for. Return: 1, 0 with @why, -EINTR. */
int run_step(struct run *r, size_t i, struct strbuf *why);

/* ---- test_health.c ---- */

/** wellness_begin() - remember where the kernel's log ends */
void wellness_begin(struct run *r);
/** wellness_lab() - before the lab ends: daemons that died, sanitizers' reports in logs. Return: whether all is well. */
bool wellness_lab(struct run *r, struct strbuf *why);
/** wellness_kernel() - what the kernel has complained of since, and what is left of the lab. Return: whether all is well. */
bool wellness_kernel(struct run *r, struct strbuf *why);
/** wellness_save() - write the kernel's log of the test into the work directory */
void wellness_save(struct run *r);

/* ---- test_artefacts.c ---- */

/** artefacts_save() - the state of all nodes, their logs, into the work directory */
void artefacts_save(struct run *r);

/* ---- test_case.c ---- */

struct run_options {
	const struct test *test;
	const char *lab, *work;
	int out;
	uint32_t seed;
	bool keep_going, keep, pause;
	const char *shell;
};

/** run_case() - the worker: everything from making the lab to its end. Does not return. */
_Noreturn void run_case(const struct run_options *opt);

#endif
