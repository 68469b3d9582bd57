// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * late.c - see late.h
 */
#include "engine/late.h"

static void use(const struct plan *p, struct late *l, int32_t ifc)
{
	if (ifc != PLAN_NONE)
		l->uses_ns[p->ifs[ifc].ns] = true;
}

struct late *late_plan(struct arena *a, const struct plan *p)
{
	struct late *l;

	if (!p->late)
		return NULL;
	l = arena_alloc(a, sizeof(*l));
	l->first = arena_alloc(a, (p->lab->n_links + 1) * sizeof(*l->first));
	l->next = arena_alloc(a, (p->n_ops + 1) * sizeof(*l->next));
	l->state = arena_alloc(a, p->lab->n_links + 1);
	l->parked = arena_alloc(a, (p->lab->n_links + 1) * sizeof(*l->parked));
	l->uses_ns = arena_alloc(a, p->n_ns + 1);
	l->uses_ns[PLAN_NS_INDEX_LAB] = true;
	for (size_t i = p->n_ops; i-- > 0;) {
		const struct op *op = &p->ops[i];

		if (!op->late || op->link == PLAN_NONE)
			continue;
		l->left += !l->first[op->link];
		l->next[i] = l->first[op->link];
		l->first[op->link] = (uint32_t)i + 1;
		use(p, l, op->a);
		use(p, l, op->b);
		use(p, l, op->c);
	}
	return l;
}
