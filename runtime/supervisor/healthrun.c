// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * healthrun.c - runs the checks of the nodes that have a healthcheck
 *
 * One check a node at a time: timer -> command in the node, with a pipe and a timer of its own -> its end -> timer. A node
 * without a healthcheck has none of it. Refuses to know what results mean (health.c).
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "engine/agentc.h"
#include "kernel/fault.h"
#include "supervisor/health.h"
#include "supervisor/internal.h"

struct node_health {
	struct health health;
	struct loop_handle timer; /* until the next check, or until this one is killed */
	struct loop_handle output_id;
	int output; /* of the check that runs, else -EBADF */
	bool runs, timed_out;
	uint32_t n_checks;		  /* begun, ever */
	uint64_t node_start, check_start; /* CLOCK_MONOTONIC, microseconds */
	struct health_result result;	  /* of the check that runs */
};

static const struct healthcheck *check_of(const struct run_node *n)
{
	return &n->run->spec->plan->lab->nodes[n->index].health;
}

static int64_t wall_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

static void check_due(struct loop *loop, struct loop_handle id, void *arg);

static void check_later(struct run_node *n)
{
	struct node_health *h = n->health;
	struct error e = { 0 };

	if (loop_add_timer(n->run->loop, health_delay(&h->health, check_of(n), loop_now() - h->node_start), check_due,
			   n, &h->timer, &e) < 0)
		lab_log(n->run, "node %s: no more health checks: %s", n->run->spec->plan->lab->nodes[n->index].name,
			e.msg);
}

/* ---- its output ---- */

/* Return: false at the end. What is too much is read and dropped, so that no check waits for a reader. */
static bool output_take(struct node_health *h)
{
	struct health_result *r = &h->result;
	char buf[4096];
	ssize_t n;

	while ((n = read(h->output, buf, sizeof(buf))) > 0) {
		const size_t keep = MIN_OF((size_t)n, sizeof(r->output) - r->len);

		memcpy(r->output + r->len, buf, keep);
		r->len += keep;
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static void output_close(struct run_node *n)
{
	struct node_health *h = n->health;

	loop_remove(n->run->loop, h->output_id);
	h->output_id = (struct loop_handle){ 0 };
	h->output = fd_close(h->output);
}

static void output_ready(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct run_node *n = arg;

	(void)loop;
	(void)id;
	(void)revents;
	if (!output_take(n->health))
		output_close(n);
}

static int output_open(struct run_node *n, int *ret_write, struct error *e)
{
	struct node_health *h = n->health;
	int p[2], r;

	if (fault_fails("pipe of a health check") || pipe2(p, O_CLOEXEC) < 0)
		return error_errno(e, errno, "make a pipe");
	(void)fcntl(p[0], F_SETFL, O_NONBLOCK);
	h->output = p[0];
	r = loop_add_fd(n->run->loop, p[0], POLLIN, output_ready, n, &h->output_id, e);
	if (r < 0) {
		(void)close(p[1]);
		h->output = fd_close(h->output);
		return r;
	}
	*ret_write = p[1];
	return 0;
}

/* ---- one check ---- */

static void check_done(struct run_node *n, int exit_code)
{
	struct node_health *h = n->health;
	bool changed;

	loop_remove(n->run->loop, h->timer);
	h->timer = (struct loop_handle){ 0 };
	h->runs = false;
	h->result.exit_code = exit_code;
	h->result.end_us = wall_us();
	changed = health_add(&h->health, check_of(n), h->check_start - h->node_start, &h->result);
	check_later(n);
	if (!changed)
		return;
	lab_log(n->run, "node %s is %s", n->run->spec->plan->lab->nodes[n->index].name, health_status_names[h->health.status]);
	runner_health_changed(n);
}

static void output_say(struct node_health *h, const char *text)
{
	h->result.len = MIN_OF(strlen(text), sizeof(h->result.output));
	memcpy(h->result.output, text, h->result.len);
}

static void check_slow(struct loop *loop, struct loop_handle id, void *arg)
{
	struct run_node *n = arg;
	struct node_health *h = n->health;

	(void)loop;
	(void)id;
	h->timer = (struct loop_handle){ 0 };
	h->timed_out = true;
	(void)agent_signal(n->conn, REQUEST_HEALTH_FIRST + h->n_checks, SIGKILL, NULL);
}

static int check_start(struct run_node *n, struct error *e)
{
	const struct plan_node *pn = &n->run->spec->plan->nodes[n->index];
	const struct healthcheck *check = check_of(n);
	struct agent_command cmd = { .argv = &check->argv, .user = pn->user, .cwd = pn->workdir };
	struct node_health *h = n->health;
	int out = -EBADF, r = output_open(n, &out, e);

	if (r < 0)
		return r;
	cmd.fds[0] = n->run->null_fd;
	cmd.fds[1] = cmd.fds[2] = out;
	r = agent_run(n->conn, REQUEST_HEALTH_FIRST + h->n_checks, &cmd, e);
	(void)close(out);
	if (r == 0)
		r = loop_add_timer(n->run->loop, check->timeout * 1000000ULL, check_slow, n, &h->timer, e);
	if (r < 0)
		output_close(n);
	return r;
}

static void check_due(struct loop *loop, struct loop_handle id, void *arg)
{
	struct run_node *n = arg;
	struct node_health *h = n->health;
	struct error e = { 0 };

	(void)loop;
	(void)id;
	h->timer = (struct loop_handle){ 0 };
	h->n_checks = (h->n_checks + 1) % REQUEST_HEALTH_COUNT;
	h->timed_out = false;
	h->result.len = 0;
	h->result.start_us = wall_us();
	h->check_start = loop_now();
	h->runs = true;
	if (check_start(n, &e) < 0) {
		output_say(h, e.msg);
		check_done(n, HEALTH_TIMED_OUT);
	}
}

/* ---- what the runner sees ---- */

static bool is_current(const struct run_node *n, uint32_t id)
{
	return n->health && n->health->runs && id == REQUEST_HEALTH_FIRST + n->health->n_checks;
}

void health_ended(struct run_node *n, uint32_t id, uint32_t status)
{
	struct node_health *h = n->health;
	char text[80];

	if (!is_current(n, id))
		return;
	if (h->output >= 0)
		(void)output_take(h);
	output_close(n);
	if (h->timed_out) {
		(void)snprintf(text, sizeof(text), "Health check exceeded timeout (%us)", check_of(n)->timeout);
		output_say(h, text);
	}
	check_done(n, h->timed_out ? HEALTH_TIMED_OUT : agent_exit_code(status));
}

void health_refused(struct run_node *n, uint32_t id, int err)
{
	if (!is_current(n, id))
		return;
	output_close(n);
	output_say(n->health, strerror(err));
	check_done(n, HEALTH_TIMED_OUT);
}

/* A check that runs is killed, and its end not waited for. */
static void checks_end(struct run_node *n)
{
	struct node_health *h = n->health;

	loop_remove(n->run->loop, h->timer);
	h->timer = (struct loop_handle){ 0 };
	if (h->runs && n->conn >= 0)
		(void)agent_signal(n->conn, REQUEST_HEALTH_FIRST + h->n_checks, SIGKILL, NULL);
	h->runs = false;
	output_close(n);
}

void health_start(struct run_node *n)
{
	if (!check_of(n)->argv.n || !n->run->spec->plan->nodes[n->index].has_init)
		return;
	if (!n->health) {
		n->health = arena_alloc(&n->run->arena, sizeof(*n->health));
		n->health->output = -EBADF;
	}
	checks_end(n);
	health_begin(&n->health->health);
	n->health->node_start = loop_now();
	check_later(n);
}

void health_stop(struct run_node *n)
{
	if (!n->health)
		return;
	checks_end(n);
	n->health->health.status = HEALTH_UNHEALTHY; /* as Docker has it: who is not there is not well */
}

void health_pause(struct run_node *n, bool pause)
{
	if (!n->health)
		return;
	checks_end(n);
	if (!pause && n->main != MAIN_EXITED)
		check_later(n);
}

const struct health *health_of(const struct run_node *n)
{
	return n->health ? &n->health->health : NULL;
}
