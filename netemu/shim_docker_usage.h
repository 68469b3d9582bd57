/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shim_docker_usage.h - what the kernel knows of a running node: processor, memory, traffic, environment, mounts
 *
 * All of it is read from /proc and the groups of nodes that have limits; nothing is asked of the lab's supervisor.
 */
#ifndef NETEMU_SHIM_DOCKER_USAGE_H
#define NETEMU_SHIM_DOCKER_USAGE_H

#include <jansson.h>

#include "engine/state.h"

/* Of all processes of a node. */
struct node_usage {
	pid_t pid; /* of its init: in; 0: it does not run, and all else stays 0 */
	const struct lab_state *lab; /* in */
	ino_t pidns;
	uint64_t cpu_ticks; /* also of those that have ended; sysconf(_SC_CLK_TCK) a second */
	uint64_t memory, memory_limit; /* bytes; what is shared counts once among those that share it */
	uint64_t received, sent; /* bytes, by all interfaces but lo */
	uint64_t read, written; /* bytes, of block devices, by those that run */
	unsigned tasks; /* threads */
};

/** usage_read() - for all of @n nodes in one pass over the host's processes */
void usage_read(struct node_usage *nodes, size_t n);

struct node_limits_read {
	uint64_t memory, nano_cpus; /* 0: no limit */
	const char *cpus; /* "" */
};

/** usage_limits() - what the group of a node's processes is limited to */
void usage_limits(struct arena *a, const struct lab_state *lab, pid_t pid, struct node_limits_read *ret);

/** usage_environ() - the environment that a node's init was started with: ["A=b"]. Return: a new reference. */
json_t *usage_environ(pid_t pid);

/** usage_mounts() - what of the host's files a node has under names of its own, as docker shows binds. Return: a new reference. */
json_t *usage_mounts(pid_t pid);

#endif
