/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spawner.h - nodes' sandboxes, made in threads of their own while the networks are made
 *
 * The two halves of a lab want different locks of the kernel: links the RTNL, mounts the namespace semaphore. So on
 * two cores both go on at once, and a node is made as soon as its network namespace is there: links come into it later.
 * Several
 * threads ("lanes") make nodes, since a node waits for the kernel (grace periods of RCU) as long as it works.
 *
 * The caller makes networks; neither half touches what the other writes (struct engine: nodes[] and node_cgroups are the
 * lanes', conn, current_ns, procfd, ifindex the caller's), and what lanes share is under engine_lock().
 * What is the whole process's (umask, working directory) stays as it is until spawner_end().
 */
#ifndef NETEMU_ENGINE_SPAWNER_H
#define NETEMU_ENGINE_SPAWNER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "kernel/sandbox.h"

struct engine;

struct spawner_lane {
	struct spawner *spawner;
	pthread_t thread;
};

struct spawner {
	struct engine *en;
	struct spawner_lane lanes[SANDBOX_LANES];
	unsigned n_lanes; /* that run */
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t more;
	size_t n_ns; /* the first of plan.ns are there */
	size_t next; /* operation of the plan that nobody has looked at */
	bool stop;
	int r; /* of the first node that could not be made, with error */
	struct error error;
};

/**
 * spawner_start() - begin to make the nodes of the plan, in its order
 *
 * Return: 0 or -errno; spawner_end() in either case.
 */
int spawner_start(struct spawner *s, struct engine *en, struct error *e);

/** spawner_netns_made() - plan.ns[@ns] is there, and all before it */
void spawner_netns_made(struct spawner *s, int32_t ns);

/** spawner_failed() - whether a node could not be made: what the caller does is in vain */
bool spawner_failed(struct spawner *s);

/**
 * spawner_end() - wait for the last node, or with @stop for the one that is being made
 *
 * Return: 0 or the -errno of the node that could not be made.
 */
int spawner_end(struct spawner *s, bool stop, struct error *e);

#endif
