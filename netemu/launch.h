/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * launch.h - several labs started as one transaction
 *
 * Owns: locks, plans, supervisors and their common commit. Refuses to know options and output formats.
 */
#ifndef NETEMU_LAUNCH_H
#define NETEMU_LAUNCH_H

#include "cli.h"
#include "supervisor/supervisor.h"
#include "topology/lab.h"

struct launched {
	struct lab *lab;
	struct plan *plan;
	struct supervisor sup; /* pidfd < 0: not started */
	int dirfd; /* of /run/netemu/LAB, locked */
	char *dir;
	struct arena env; /* what the plan borrows */
};

struct launch {
	const struct cli *cli;
	struct diag *diag;
	struct launched *labs;
	size_t n;
	int commit[2]; /* pipe */
	int init_fd; /* sealed copy */
	int kubelet_fd, apiserver_fd; /* programs of a cluster, -EBADF: none */
	int signals; /* signalfd: Ctrl-C while starting */
	unsigned max_workers;
	bool foreground;
};

/** launch_init() - prepare; clusters come before the topologies that join them. Return: 0 or -errno. */
int launch_init(struct launch *l, const struct cli *cli, struct diag *d, struct lab *const *labs, size_t n,
		struct error *e);

/**
 * launch_run() - lock, plan, make and start all of them, then commit
 *
 * Return: 0: all run; -EINVAL with errors in the diag; -EINTR: a signal came; another -errno. On failure nothing
 * is left of any of them.
 */
int launch_run(struct launch *l, struct error *e);

void launch_done(struct launch *l);

/** launch_program_path() - where a program of netemu's own is, "netemu-graph". Return: 0 or -ENOENT. */
int launch_program_path(const char *name, char *ret, size_t size, struct error *e);

/** launch_plan() - plan one lab for this machine, without touching it. Return: the plan, NULL with errors in @d or @e. */
struct plan *launch_plan(const struct lab *lab, struct arena *a, uint32_t seed, struct diag *d, struct error *e);

/** launch_check() - report all names of other labs' nodes that @labs need and that are not there (or stub them) */
void launch_check(struct lab *const *labs, size_t n, bool stub, struct diag *d);

#endif
