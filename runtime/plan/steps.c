// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * steps.c - what each node does by itself, after its lab's networks are there
 *
 * Theory of Operation
 *
 * A node takes its steps one after the other, nodes side by side. Most have none but their command and exec lines. Those of
 * a node with stages are containerlab's: create (its init and command start), create-links, configure, then the exec lines,
 * and, when somebody waits for them, healthy and exit. To enter a stage it waits for others, then runs the on-enter lines; to
 * leave it it runs the on-exit lines, then says so. What a node that waits for nobody needs is made in bulk before, as ever;
 * a node that waits in its first stage is made by a step, and so is each end of a link when one of its nodes does something
 * before it has links. All of that is `late`.
 *
 * Interfaces of late links have indices far from those that the kernel gives to what a node makes itself meanwhile.
 */
#include <string.h>

#include "plan/plan_internal.h"

enum { LATE_IFINDEX = 0x10000 };

static const struct stage_spec *spec_of(const struct node *n, enum stage stage)
{
	static const struct stage_spec none;

	return n->stages ? &n->stages->stage[stage] : &none;
}

static bool has_execs(const struct stage_spec *s, bool on_exit)
{
	for (size_t i = 0; i < s->n_execs; i++)
		if (s->execs[i].on_exit == on_exit)
			return true;
	return false;
}

/* ---- what comes late ---- */

/* Waits for what never happens: nothing ends by itself that has no command, or no state of health without a check. */
static void wait_check(struct plan *p, size_t i, const struct stage_wait *w, struct diag *d)
{
	const struct node *n = &p->lab->nodes[w->node];
	const char *name = p->lab->nodes[i].name;

	if (w->stage == STAGE_HEALTHY && (!n->health.argv.n || !p->nodes[w->node].has_init))
		diag_error(d, w->pos, "give it a healthcheck, or wait for another of its stages",
			   "node '%s' waits for '%s' to be healthy, which has no healthcheck", name, n->name);
	if (w->stage == STAGE_EXIT && !p->nodes[w->node].command.n)
		diag_error(d, w->pos, "give it a 'cmd', or wait for another of its stages",
			   "node '%s' waits for the end of '%s', which runs nothing that ends", name, n->name);
}

static void node_prepare(struct plan *p, size_t i, struct diag *d)
{
	const struct node *n = &p->lab->nodes[i];
	const struct stage_spec *create = spec_of(n, STAGE_CREATE), *links = spec_of(n, STAGE_CREATE_LINKS);
	struct plan_node *pn = &p->nodes[i];

	for (size_t k = 0; k < _STAGE_MAX; k++) {
		const struct stage_spec *s = spec_of(n, (enum stage)k);

		for (size_t j = 0; j < s->n_waits; j++) {
			wait_check(p, i, &s->waits[j], d);
			p->nodes[s->waits[j].node].awaited |= 1U << s->waits[j].stage;
		}
	}
	pn->late = pn->has_init && (create->n_waits || has_execs(create, false));
	pn->late_links = create->n_waits || create->n_execs || links->n_waits || has_execs(links, false);
}

static bool is_late(const struct plan *p, const struct link *l)
{
	for (size_t k = 0; k < 2; k++)
		if (l->end[k].node != LAB_INDEX_NONE && p->nodes[l->end[k].node].late_links)
			return true;
	return false;
}

/* Stages that are not entered, with something that is to happen there. */
static void useless_check(struct plan *p, size_t i, enum stage stage, const char *why, struct diag *d)
{
	const struct stage_spec *s = spec_of(&p->lab->nodes[i], stage);

	if (s->n_execs || s->n_waits)
		diag_warning(d, s->n_execs ? s->execs[0].line.pos : s->waits[0].pos, NULL, "node '%s' does not enter its stage %s: %s",
			     p->lab->nodes[i].name, stage_names[stage], why);
}

void steps_prepare(struct plan *p, struct diag *d)
{
	for (size_t i = 0; i < p->lab->n_nodes; i++)
		if (p->lab->nodes[i].stages)
			node_prepare(p, i, d);
	for (size_t i = 0; i < p->lab->n_nodes; i++) {
		if (!p->nodes[i].has_init || !p->lab->nodes[i].health.argv.n)
			useless_check(p, i, STAGE_HEALTHY, "it has no healthcheck", d);
		if (!(p->nodes[i].awaited & 1U << STAGE_EXIT))
			useless_check(p, i, STAGE_EXIT, "nobody waits for it", d);
	}
}

static void ifindex_apart(struct plan *p, int32_t i)
{
	if (i != PLAN_NONE && p->ifs[i].ifindex && p->ifs[i].ifindex < LATE_IFINDEX)
		p->ifs[i].ifindex += LATE_IFINDEX;
}

void steps_mark_links(struct plan *p)
{
	for (size_t i = 0; i < p->n_ops; i++) {
		struct op *op = &p->ops[i];

		if (op->link == PLAN_NONE || !is_late(p, &p->lab->links[op->link]))
			continue;
		op->late = p->late = true;
		if (op->type == OP_VETH || op->type == OP_DUMMY)
			ifindex_apart(p, op->a);
		if (op->type == OP_VETH)
			ifindex_apart(p, op->b);
	}
}

/* ---- steps ---- */

static struct op *step_add(struct plan *p, size_t node, enum op_type type, enum stage stage)
{
	struct op *op = op_add(p, type);

	op->node = (int32_t)node;
	op->stage = stage;
	return op;
}

static struct op *line_add(struct plan *p, size_t node, const struct exec_line *x, enum stage stage)
{
	struct op *op = step_add(p, node, OP_EXEC, stage);

	op->argv = &x->argv;
	op->value = x->text;
	return op;
}

void steps_node(struct plan *p, size_t node)
{
	struct op *op = step_add(p, node, OP_NODE, _STAGE_MAX);

	op->ns = p->nodes[node].ns;
	op->late = p->nodes[node].late;
	p->late |= op->late;
}

static void stage_execs(struct plan *p, size_t i, enum stage stage, bool on_exit)
{
	const struct stage_spec *s = spec_of(&p->lab->nodes[i], stage);

	for (size_t k = 0; k < s->n_execs; k++) {
		const struct stage_exec *x = &s->execs[k];

		if (x->on_exit != on_exit)
			continue;
		if (x->host)
			line_add(p, i, &x->line, stage)->type = OP_HOST_EXEC;
		else if (p->nodes[i].has_init || p->nodes[i].agent)
			(void)line_add(p, i, &x->line, stage);
	}
}

static void stage_enter(struct plan *p, size_t i, enum stage stage)
{
	const struct stage_spec *s = spec_of(&p->lab->nodes[i], stage);

	for (size_t k = 0; k < s->n_waits; k++) {
		struct op *op = step_add(p, i, OP_WAIT, stage);

		op->peer = s->waits[k].node;
		op->peer_stage = s->waits[k].stage;
	}
	stage_execs(p, i, stage, false);
}

static void stage_leave(struct plan *p, size_t i, enum stage stage)
{
	stage_execs(p, i, stage, true);
	if (p->nodes[i].awaited & 1U << stage)
		(void)step_add(p, i, OP_REACH, stage);
}

/* Whether there is anything that a delay would delay. */
static bool does_something(const struct plan *p, size_t i)
{
	const struct plan_node *pn = &p->nodes[i];
	const struct node *n = &p->lab->nodes[i];

	return pn->command.n || (n->n_exec && (pn->has_init || pn->agent)) || n->stages || pn->awaited;
}

static void create_add(struct plan *p, size_t i)
{
	const struct plan_node *pn = &p->nodes[i];

	stage_enter(p, i, STAGE_CREATE);
	if (p->lab->nodes[i].startup_delay && does_something(p, i))
		step_add(p, i, OP_DELAY, STAGE_CREATE)->seconds = p->lab->nodes[i].startup_delay;
	if (pn->late)
		steps_node(p, i);
	if (pn->command.n)
		step_add(p, i, OP_COMMAND, STAGE_CREATE)->argv = &pn->command;
	stage_leave(p, i, STAGE_CREATE);
}

static const struct profile *ready_like(const struct node *n, const struct plan_node *pn)
{
	return n->imported ? profile_find(n->image) : pn->profile;
}

/* Whether the node's exec lines talk to what its image starts: with containers that is up by the time, more often than not. */
static bool waits_for_ready(const struct node *n, const struct plan_node *pn)
{
	if (!pn->has_init || !pn->command.n || !plan_runs_image(n, pn->profile) || !profile_ready(ready_like(n, pn)))
		return false;
	for (size_t k = 0; k < n->n_exec; k++)
		if (strstr(n->exec[k].text, "vtysh "))
			return true;
	return false;
}

static void add_ready(struct plan *p, size_t i)
{
	struct strv *argv = arena_alloc(&p->arena, sizeof(*argv));
	struct op *op = step_add(p, i, OP_EXEC, _STAGE_MAX);

	for (const char *const *w = profile_ready(ready_like(&p->lab->nodes[i], &p->nodes[i])); *w; w++)
		strv_add(&p->arena, argv, *w);
	op->argv = argv;
	op->value = "(waiting for its daemons)";
}

static void execs_add(struct plan *p, size_t i)
{
	const struct node *n = &p->lab->nodes[i];

	if (waits_for_ready(n, &p->nodes[i]))
		add_ready(p, i);
	for (size_t k = 0; k < n->n_exec && (p->nodes[i].has_init || p->nodes[i].agent); k++)
		(void)line_add(p, i, &n->exec[k], _STAGE_MAX);
}

/* A stage that is entered only for the sake of others, or of what runs then. */
static void watched_stage(struct plan *p, size_t i, enum stage stage, enum op_type type)
{
	stage_enter(p, i, stage);
	(void)step_add(p, i, type, stage);
	stage_leave(p, i, stage);
}

static bool is_watched(const struct plan *p, size_t i)
{
	const struct stage_spec *s = spec_of(&p->lab->nodes[i], STAGE_HEALTHY);

	return p->nodes[i].has_init && p->lab->nodes[i].health.argv.n &&
	       (p->nodes[i].awaited & 1U << STAGE_HEALTHY || s->n_execs || s->n_waits);
}

void steps_plan(struct plan *p)
{
	for (size_t i = 0; i < p->lab->n_nodes; i++) {
		create_add(p, i);
		stage_enter(p, i, STAGE_CREATE_LINKS);
		if (p->nodes[i].late_links)
			(void)step_add(p, i, OP_LINKS, STAGE_CREATE_LINKS);
		stage_leave(p, i, STAGE_CREATE_LINKS);
		stage_enter(p, i, STAGE_CONFIGURE);
		stage_leave(p, i, STAGE_CONFIGURE);
		execs_add(p, i);
		if (is_watched(p, i))
			watched_stage(p, i, STAGE_HEALTHY, OP_HEALTHY);
		if (p->nodes[i].awaited & 1U << STAGE_EXIT)
			watched_stage(p, i, STAGE_EXIT, OP_ENDED);
	}
}
