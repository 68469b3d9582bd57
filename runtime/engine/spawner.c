// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * spawner.c - see spawner.h
 */
#include "engine/spawner.h"

#include "engine/engine.h"
#include "kernel/fault.h"

static bool netns_is_there(const struct spawner *s, const struct op *op)
{
	const enum plan_ns_type type = op->ns == PLAN_NONE ? PLAN_NS_HOST : s->en->plan->ns[op->ns].type;

	return type == PLAN_NS_HOST || type == PLAN_NS_FOREIGN || (size_t)op->ns < s->n_ns;
}

/* The next node, once its network namespace is there. Return: PLAN_NONE when there is no more to do. */
static int32_t node_next(struct spawner *s)
{
	const struct plan *p = s->en->plan;
	const struct op *op = NULL;
	bool go;

	(void)pthread_mutex_lock(&s->lock);
	while (s->next < p->n_ops && (p->ops[s->next].type != OP_NODE || p->ops[s->next].late))
		s->next++;
	if (s->next < p->n_ops)
		op = &p->ops[s->next++];
	while (op && !s->stop && !netns_is_there(s, op))
		(void)pthread_cond_wait(&s->more, &s->lock);
	go = op && !s->stop;
	(void)pthread_mutex_unlock(&s->lock);
	return go ? op->node : PLAN_NONE;
}

static void failed(struct spawner *s, int r, const struct error *e)
{
	(void)pthread_mutex_lock(&s->lock);
	if (s->r == 0) {
		s->r = r;
		s->error = *e;
	}
	s->stop = true;
	(void)pthread_cond_broadcast(&s->more);
	(void)pthread_mutex_unlock(&s->lock);
}

static void *lane_main(void *arg)
{
	const struct spawner_lane *lane = arg;
	struct spawner *s = lane->spawner;
	int32_t node;

	while ((node = node_next(s)) != PLAN_NONE) {
		struct error e = { 0 };
		const int r = engine_node_make(s->en, (size_t)node, (unsigned)(lane - s->lanes), &e);

		if (r < 0)
			failed(s, r, &e);
	}
	return NULL;
}

int spawner_start(struct spawner *s, struct engine *en, struct error *e)
{
	const size_t wanted = sandbox_forks() ? 0 : MIN_OF((size_t)SANDBOX_LANES, en->plan->lab->n_nodes);

	*s = (struct spawner){ .en = en, .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };
	while (s->n_lanes < wanted) {
		struct spawner_lane *lane = &s->lanes[s->n_lanes];
		int r;

		lane->spawner = s;
		r = fault_fails("start a lane") ? EAGAIN : pthread_create(&lane->thread, NULL, lane_main, lane);
		if (r)
			return error_errno(e, r, "start a thread");
		s->n_lanes++;
	}
	return 0;
}

void spawner_netns_made(struct spawner *s, int32_t ns)
{
	(void)pthread_mutex_lock(&s->lock);
	s->n_ns = (size_t)ns + 1;
	(void)pthread_cond_broadcast(&s->more);
	(void)pthread_mutex_unlock(&s->lock);
}

bool spawner_failed(struct spawner *s)
{
	bool failed;

	(void)pthread_mutex_lock(&s->lock);
	failed = s->r < 0;
	(void)pthread_mutex_unlock(&s->lock);
	return failed;
}

int spawner_end(struct spawner *s, bool stop, struct error *e)
{
	(void)pthread_mutex_lock(&s->lock);
	s->stop |= stop;
	(void)pthread_cond_broadcast(&s->more);
	(void)pthread_mutex_unlock(&s->lock);
	if (s->n_lanes == 0 && !s->stop) { /* nobody else does it */
		s->lanes[0].spawner = s;
		(void)lane_main(&s->lanes[0]);
	}
	while (s->n_lanes)
		(void)pthread_join(s->lanes[--s->n_lanes].thread, NULL);
	return s->r < 0 ? error_set(e, -s->r, "%s", s->error.msg) : 0;
}
