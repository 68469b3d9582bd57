/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * groups.h - the cgroups of nodes that have limits
 *
 * Owns: their names, and which of them there are. Nodes without limits have none, and cost nothing.
 */
#ifndef NETEMU_ENGINE_GROUPS_H
#define NETEMU_ENGINE_GROUPS_H

#include "engine/engine.h"

/** groups_plan() - which groups groups_make() will make, for the state */
int groups_plan(struct engine *en, struct error *e);

/**
 * groups_make() - make a node's groups, set its limits, and watch its memory
 * @fresh: for the first time; else they are there
 *
 * A limit that the host cannot set is a warning.
 */
int groups_make(struct engine *en, size_t node, bool fresh, struct error *e);

/** groups_oom() - after engine_node.oom was readable. Return: whether a process is killed for want of memory. */
bool groups_oom(struct engine *en, size_t node);

/** groups_state() - all of them, into the lab's state */
void groups_state(const struct engine *en, struct lab_state *st);

#endif
