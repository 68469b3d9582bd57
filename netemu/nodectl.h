/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nodectl.h - start, stop, restart, pause and kill nodes of a running lab
 */
#ifndef NETEMU_NODECTL_H
#define NETEMU_NODECTL_H

#include "base/error.h"
#include "engine/ctl.h"

enum { NODE_STOP_SECONDS = 10 }; /* as docker stop */

struct node_order {
	enum ctl_node_verb verb;
	int signal;	    /* CTL_STOP, CTL_RESTART, CTL_KILL */
	unsigned timeout_s; /* CTL_STOP, CTL_RESTART: until it is killed; 0: at once */
};

/**
 * node_control() - have a node do it, and return when it has: a started node's exec lines are done then
 * @node: its short name
 *
 * Return: 0, also when there was nothing to do (start of what runs, stop of what does not); -ESRCH kill or pause of what does
 * not run; -EBUSY it is just being started or stopped; -EINVAL a node without processes of its own; another -errno.
 */
int node_control(const char *lab, const char *node, const struct node_order *order, struct error *e);

/** node_signal() - "TERM", "SIGTERM" or "15". Return: its number, or -EINVAL. */
int node_signal(const char *name);

#endif
