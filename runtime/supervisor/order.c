// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * order.c - what a running lab is told to do with one node: start, stop, restart, pause, kill
 *
 * Theory of Operation
 *
 *   running --stop--> stopping --its init is dead--> stopped --start--> starting --its exec lines are done--> running
 *
 * A node's network namespace is the supervisor's, and so are its links, addresses and name: a node that is stopped is one
 * whose processes and mounts are gone, and whose own files are kept (its upper layer), as a stopped container's are. What
 * starts is a new init in the old namespace, over the old files; then the command and the exec lines run again, as
 * containerlab's restart has it. Everything is an event: the end of an init is its pidfd, since its connection closes before
 * its last process is gone.
 */
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "engine/agentc.h"
#include "kernel/fault.h"
#include "supervisor/internal.h"

static const struct node *model(const struct run_node *n)
{
	return &n->run->spec->plan->lab->nodes[n->index];
}

static struct engine_node *engine_of(const struct run_node *n)
{
	return &n->run->engine.nodes[n->index];
}

/* ---- the end of an order ---- */

static void order_done(struct run_node *n, int result, const char *text)
{
	const struct order order = n->order;

	loop_remove(n->run->loop, n->order_timer);
	n->order = (struct order){ 0 };
	if (order.done)
		order.done(order.arg, result, text);
}

static void order_failed(struct run_node *n, const struct error *e)
{
	lab_log(n->run, "node %s: %s", model(n)->name, e->msg);
	order_done(n, -e->code, e->msg);
}

void order_forget(struct lab_run *run, const void *arg)
{
	for (size_t i = 0; i < run->spec->plan->lab->n_nodes; i++)
		if (run->nodes[i].order.arg == arg)
			run->nodes[i].order.done = NULL;
}

/* ---- stopping ---- */

static void init_kill(struct run_node *n)
{
	(void)syscall(SYS_pidfd_send_signal, engine_of(n)->pidfd, SIGKILL, NULL, 0);
}

static void stop_timeout(struct loop *loop, struct loop_handle id, void *arg)
{
	struct run_node *n = arg;

	loop_remove(loop, id);
	init_kill(n);
}

static void start(struct run_node *n);

/* All of its processes are gone. */
static void stopped(struct run_node *n)
{
	struct error e = { 0 };

	n->phase = PHASE_STOPPED;
	n->paused = false;
	n->alive = false;
	n->finished_at = time(NULL);
	cri_node_gone(n->run, n->index);
	runner_node_close(n);
	cri_node_close(n->run, n->index);
	engine_node_close(&n->run->engine, n->index);
	if (lab_save(n->run, &e) < 0)
		lab_log(n->run, "%s", e.msg);
	lab_log(n->run, "node %s is stopped", model(n)->name);
	if (n->order.verb == ORDER_RESTART)
		start(n);
	else
		order_done(n, 0, "");
}

static void init_dead(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct run_node *n = arg;

	(void)revents;
	loop_remove(loop, id);
	stopped(n);
}

void order_main_ended(struct run_node *n)
{
	if (n->phase == PHASE_STOPPING)
		init_kill(n);
}

/* A frozen process does not see a signal: it runs again first. */
static int signal_send(struct run_node *n, int sig, struct error *e)
{
	if (n->paused && agent_freeze(n->conn, false, e) == 0) {
		n->paused = false;
		health_pause(n, false);
	}
	return n->main == MAIN_RUNNING ? agent_signal(n->conn, REQUEST_COMMAND, sig, e)
				       : agent_signal(n->conn, 0, sig, e);
}

static void stop(struct run_node *n)
{
	const struct order *o = &n->order;
	struct loop *loop = n->run->loop;
	struct error e = { 0 };
	int r;

	n->phase = PHASE_STOPPING;
	r = loop_add_fd(loop, engine_of(n)->pidfd, POLLIN, init_dead, n, NULL, &e);
	/* What idles has nothing to say at its end. */
	if (r == 0 && o->timeout_ms && n->main == MAIN_RUNNING && o->signal != SIGKILL) {
		r = signal_send(n, o->signal, &e);
		if (r == 0)
			r = loop_add_timer(loop, (uint64_t)o->timeout_ms * 1000, stop_timeout, n, &n->order_timer, &e);
	}
	if (r < 0 || !n->order_timer.generation)
		init_kill(n);
}

/* ---- starting ---- */

void order_started(struct run_node *n)
{
	if (n->phase != PHASE_STARTING)
		return;
	n->phase = PHASE_RUNS;
	lab_log(n->run, "node %s runs again", model(n)->name);
	order_done(n, 0, "");
}

static int start_all(struct run_node *n, struct error *e)
{
	int r = engine_node_start(&n->run->engine, n->index, e);

	if (r == 0)
		r = cri_node_listen(n->run, n->index, e);
	if (r == 0)
		r = runner_node_open(n, e);
	return r == 0 ? lab_save(n->run, e) : r;
}

static void start(struct run_node *n)
{
	struct error e = { 0 };

	if (start_all(n, &e) < 0) {
		if (engine_of(n)->pidfd >= 0)
			init_kill(n);
		runner_node_close(n);
		cri_node_close(n->run, n->index);
		engine_node_close(&n->run->engine, n->index);
		order_failed(n, &e);
		return;
	}
	n->phase = PHASE_STARTING;
	n->starts++;
	n->started_at = time(NULL);
	runner_node_run(n);
}

/* ---- the others ---- */

static void pause_or_not(struct run_node *n, bool freeze)
{
	struct error e = { 0 };

	if (n->paused == freeze) {
		order_done(n, -EINVAL, freeze ? "it is paused already" : "it is not paused");
	} else if (agent_freeze(n->conn, freeze, &e) < 0) {
		order_failed(n, &e);
	} else {
		n->paused = freeze;
		health_pause(n, freeze);
		lab_log(n->run, "node %s is %s", model(n)->name, freeze ? "paused" : "running again");
		order_done(n, 0, "");
	}
}

static void send_signal(struct run_node *n)
{
	struct error e = { 0 };

	if (n->order.signal == SIGKILL)
		stop(n);
	else if (signal_send(n, n->order.signal, &e) < 0)
		order_failed(n, &e);
	else
		order_done(n, 0, "");
}

static bool is_stopped(const struct run_node *n)
{
	return n->phase == PHASE_STOPPED || (n->phase == PHASE_RUNS && !n->alive);
}

/* One whose init has died by itself leaves its descriptors. */
static void start_dead(struct run_node *n)
{
	if (n->phase == PHASE_RUNS) {
		runner_node_close(n);
		cri_node_close(n->run, n->index);
		engine_node_close(&n->run->engine, n->index);
	}
	start(n);
}

static void carry_out(struct run_node *n)
{
	const bool down = is_stopped(n);

	switch (n->order.verb) {
	case ORDER_START:
	case ORDER_RESTART:
		if (down)
			start_dead(n);
		else if (n->order.verb == ORDER_RESTART)
			stop(n);
		else
			order_done(n, 0, "");
		return;
	case ORDER_STOP:
		if (down)
			order_done(n, 0, "");
		else
			stop(n);
		return;
	case ORDER_PAUSE:
	case ORDER_UNPAUSE:
	case ORDER_KILL:
		if (down)
			order_done(n, -ESRCH, "it is not running");
		else if (n->order.verb == ORDER_KILL)
			send_signal(n);
		else
			pause_or_not(n, n->order.verb == ORDER_PAUSE);
		return;
	case _ORDER_VERB_MAX:
		break;
	}
	order_done(n, -EOPNOTSUPP, "");
}

int order_give(struct lab_run *run, const char *name, const struct order *order, struct error *e)
{
	const int32_t i = lab_find_node(run->spec->plan->lab, name);
	struct run_node *n;

	if (i < 0)
		return error_set(e, ENOENT, "no node %s in this lab", name);
	n = &run->nodes[i];
	if (!run->spec->plan->nodes[i].has_init || run->spec->plan->nodes[i].host_root)
		return error_set(e, EINVAL, "node %s (kind %s) is none to be started or stopped", name,
				 node_kind_names[model(n)->kind]);
	if (!run->ready)
		return error_set(e, EBUSY, "the lab is still starting");
	if (n->phase == PHASE_STOPPING || n->phase == PHASE_STARTING)
		return error_set(e, EBUSY, "node %s is just being %s", name,
				 n->phase == PHASE_STOPPING ? "stopped" : "started");
	n->order = *order;
	n->order_timer = (struct loop_handle){ 0 };
	carry_out(n);
	return 0;
}
