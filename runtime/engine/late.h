/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * late.h - links that are not made with the others, but by steps of their nodes
 *
 * As with containerlab a node has its end when it completes create-links, whether or not the other node is there: that one's
 * end is parked in the lab's own namespace until it is.
 */
#ifndef NETEMU_ENGINE_LATE_H
#define NETEMU_ENGINE_LATE_H

#include "plan/plan.h"

enum late_state { LATE_NONE, LATE_HALF, LATE_MADE };

/* The operations on each of them, in their order: lists of indices + 1, 0 ends them. */
struct late {
	uint32_t *first; /* of a link */
	uint32_t *next; /* after an operation */
	uint8_t *state; /* enum late_state of a link */
	int32_t *parked; /* LATE_HALF: the interface that is not where it belongs yet */
	size_t left; /* links that are not made */
	bool *uses_ns; /* namespaces whose connections are needed until then */
};

/** late_plan() - Return: in @a; NULL when no link is late. */
struct late *late_plan(struct arena *a, const struct plan *p);

#endif
