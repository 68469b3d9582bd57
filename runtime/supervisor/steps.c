// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * steps.c - stages of nodes at run time: who waits for whom, and who goes on
 *
 * Theory of Operation
 *
 * A step that cannot be taken yet is tried again when something has happened that it waits for: a node's init is up, a check
 * has turned out well, a command has ended, another node has completed a stage. For the last each node has a list of those
 * that wait for it; when it completes a stage all of them are woken, and those that wait for another one go to sleep again.
 * Who is woken goes into a queue, so that a chain of a thousand nodes does not need a stack of a thousand calls.
 *
 * Refuses to know how commands are run (runner.c).
 */
#include <stdio.h>
#include <string.h>

#include "engine/agentc.h"
#include "supervisor/health.h"
#include "supervisor/internal.h"

static const struct lab *lab_of(const struct run_node *n)
{
	return n->run->spec->plan->lab;
}

static const char *name_of(const struct run_node *n)
{
	return lab_of(n)->nodes[n->index].name;
}

bool step_wanted(const struct run_node *n, const struct op *op)
{
	if (n->phase != PHASE_STARTING)
		return true;
	if (op->type == OP_COMMAND)
		return true;
	return (op->type == OP_EXEC || op->type == OP_HOST_EXEC) && (op->stage == _STAGE_MAX || op->stage == STAGE_CONFIGURE);
}

static int block(struct run_node *n, enum step_block why)
{
	n->block = why;
	return STEP_AGAIN;
}

/* ---- one node waits for another ---- */

static int wait_take(struct run_node *n, const struct op *op)
{
	struct run_node *peer = &n->run->nodes[op->peer];

	if (peer->reached & 1U << op->peer_stage)
		return STEP_DONE;
	n->next_waiter = peer->first_waiter;
	peer->first_waiter = (int32_t)n->index;
	return block(n, BLOCK_STAGE);
}

static int reach_take(struct run_node *n, const struct op *op)
{
	struct lab_run *run = n->run;

	if (!n->up)
		return block(n, BLOCK_UP);
	n->reached |= 1U << op->stage;
	lab_log(run, "node %s: stage %s is complete", name_of(n), stage_names[op->stage]);
	while (n->first_waiter >= 0) {
		struct run_node *w = &run->nodes[n->first_waiter];

		n->first_waiter = w->next_waiter;
		w->next_waiter = run->woken;
		run->woken = (int32_t)w->index;
	}
	return STEP_DONE;
}

struct run_node *step_woken(struct lab_run *run)
{
	struct run_node *n = run->woken >= 0 ? &run->nodes[run->woken] : NULL;

	if (n)
		run->woken = n->next_waiter;
	return n;
}

/* ---- what is made late ---- */

static bool is_here(const struct lab_run *run, const struct endpoint *end)
{
	return end->node == LAB_INDEX_NONE || run->nodes[end->node].links_open;
}

int step_link_make(struct lab_run *run, size_t link, struct error *e)
{
	const struct link *k = &run->spec->plan->lab->links[link];
	const bool here[] = { is_here(run, &k->end[0]), is_here(run, &k->end[1]) };

	return engine_link_make(&run->engine, link, here, e);
}

static int links_take(struct run_node *n, struct error *e)
{
	const struct lab *lab = lab_of(n);
	int r = 0;

	n->links_open = true;
	for (size_t i = 0; r == 0 && i < lab->n_links; i++)
		if (lab->links[i].end[0].node == (int32_t)n->index || lab->links[i].end[1].node == (int32_t)n->index)
			r = step_link_make(n->run, i, e);
	return r < 0 ? r : STEP_DONE;
}

static int node_take(struct run_node *n, struct error *e)
{
	int r = engine_node_late(&n->run->engine, n->index, e);

	if (r == 0)
		r = runner_node_open(n, e);
	if (r == 0)
		r = lab_save(n->run, e);
	return r < 0 ? r : STEP_DONE;
}

/* ---- a node's own state ---- */

/* Whether its command has ended, and is not started again for having failed. */
static bool is_over(const struct run_node *n)
{
	return n->main == MAIN_EXITED && !n->restart_timer.generation;
}

static int healthy_take(struct run_node *n, struct error *e)
{
	const struct health *h = health_of(n);

	if (h && h->status == HEALTH_HEALTHY)
		return STEP_DONE;
	if (is_over(n))
		return error_set(e, ESRCH, "its command ended (exit code %d) before it was healthy", agent_exit_code((uint32_t)n->main_status));
	return block(n, BLOCK_HEALTH);
}

/* With a policy that starts it again whatever it ended with, the first end counts. */
static int ended_take(struct run_node *n)
{
	const bool forever = lab_of(n)->nodes[n->index].restart >= RESTART_ALWAYS;

	return is_over(n) || (forever && (n->main == MAIN_EXITED || n->starts)) ? STEP_DONE : block(n, BLOCK_END);
}

int step_take(struct run_node *n, const struct op *op, struct error *e)
{
	switch (op->type) {
	case OP_WAIT:
		return wait_take(n, op);
	case OP_NODE:
		return node_take(n, e);
	case OP_LINKS:
		return links_take(n, e);
	case OP_HEALTHY:
		return healthy_take(n, e);
	case OP_ENDED:
		return ended_take(n);
	case OP_REACH:
		return reach_take(n, op);
	default:
		return error_set(e, EINVAL, "operation %s is no step of a node", op_names[op->type]);
	}
}

bool step_waiting(const struct run_node *n, char *text, size_t size)
{
	const struct op *op = n->next < n->n_steps ? &n->run->spec->plan->ops[n->steps[n->next]] : NULL;

	if (!op)
		return false;
	if (n->block == BLOCK_STAGE)
		(void)snprintf(text, size, "node %.64s waits for %.64s to complete its stage %s", name_of(n), lab_of(n)->nodes[op->peer].name,
			       stage_names[op->peer_stage]);
	else if (n->block == BLOCK_HEALTH)
		(void)snprintf(text, size, "node %.64s is not healthy yet", name_of(n));
	else if (n->block == BLOCK_END)
		(void)snprintf(text, size, "the command of node %.64s has not ended yet", name_of(n));
	return n->block == BLOCK_STAGE || n->block == BLOCK_HEALTH || n->block == BLOCK_END;
}
