/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroup.h - limits of processor and memory for the processes of a node
 *
 * Owns: which hierarchy has a controller (version 2 where that has it, else version 1), one group right below the top of
 * each hierarchy that is needed, its settings. Refuses to know what is in a group, and where its name comes from.
 *
 * A group is the host's, and outlives who made it: cgroup_paths() says what will be made, so that it can be written
 * down before.
 */
#ifndef NETEMU_KERNEL_CGROUP_H
#define NETEMU_KERNEL_CGROUP_H

#include "base/error.h"
#include "base/strv.h"

enum cgroup_controller { CGROUP_CPU, CGROUP_MEMORY, CGROUP_CPUSET, _CGROUP_MAX };

/* What is not limited is 0 or NULL. */
struct cgroup_limits {
	uint32_t cpu_milli; /* thousandths of a processor */
	uint64_t memory;    /* bytes; as much again of swap, as Docker has it */
	const char *cpus;   /* list of processors, "0-3,6" */
};

/* Where the host has its hierarchies. */
struct cgroup_host {
	struct {
		const char *dir; /* where that with the controller is mounted, NULL: nowhere */
		bool v2;
	} at[_CGROUP_MAX];
	bool any; /* some hierarchy is mounted */
};

extern const char *const cgroup_controller_names[_CGROUP_MAX];

/** cgroup_host_read() - look at what is mounted; strings are in @a */
int cgroup_host_read(struct arena *a, struct cgroup_host *ret, struct error *e);

/** cgroup_host_parse() - the same from the text of /proc/self/mountinfo; @v2_controllers as in cgroup.controllers */
void cgroup_host_parse(struct arena *a, const char *mountinfo, const char *v2_controllers, struct cgroup_host *ret);

/** cgroup_is_limited() - whether @l limits what @which controls */
bool cgroup_is_limited(const struct cgroup_limits *l, enum cgroup_controller which);

/** cgroup_path_add() - the directory of the group called @name in the hierarchy of one controller, unless it is in @v */
void cgroup_path_add(struct arena *a, const struct cgroup_host *host, const char *name, enum cgroup_controller which,
		     struct strv *v);

/** cgroup_paths() - the directories that cgroup_make() would make, each once; none where the host lacks all that @l needs */
void cgroup_paths(struct arena *a, const struct cgroup_host *host, const char *name, const struct cgroup_limits *l,
		  struct strv *ret);

/**
 * cgroup_make() - make the group called @name in the hierarchy of one controller, unless it is there from another one of
 * the same group, and set its limit
 * @fresh: nothing has been made of @name yet: what is there already is a mistake, unless nothing is in it
 *
 * Return: 0; -EOPNOTSUPP when the host has not got the controller, or does not let us have it (@e says which and why);
 * another -errno.
 */
int cgroup_make(const struct cgroup_host *host, const char *name, const struct cgroup_limits *l,
		enum cgroup_controller which, bool fresh, struct error *e);

/**
 * cgroup_join() - the calling process, and all that it will start, into the group at @dir
 *
 * Neither allocates nor opens anything that stays open: for children that share memory with their parent.
 */
int cgroup_join(const char *dir, struct error *e);

/**
 * cgroup_oom_open() - a descriptor that is readable each time that the memory of a group is used up
 * @dir: its directory in the hierarchy of CGROUP_MEMORY
 *
 * Return: an eventfd or an inotify descriptor, to be read into a buffer of 4096 bytes; or -errno.
 */
int cgroup_oom_open(const struct cgroup_host *host, const char *dir, struct error *e);

/** cgroup_oom_kills() - how many processes of the group were killed for want of memory; 0 where nobody counts */
uint64_t cgroup_oom_kills(const char *dir);

/**
 * cgroup_remove() - remove the group at @dir, and wait until what was in it is dead: that must be dying
 *
 * Return: 0, also when it is not there or no group; -errno.
 */
int cgroup_remove(const char *dir, struct error *e);

#endif
