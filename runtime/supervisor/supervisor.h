/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * supervisor.h - the process that a lab lives in
 */
#ifndef NETEMU_SUPERVISOR_SUPERVISOR_H
#define NETEMU_SUPERVISOR_SUPERVISOR_H

#include <sys/types.h>

#include "base/error.h"
#include "plan/plan.h"

struct supervisor_spec {
	const struct plan *plan;
	const char *dir; /* /run/netemu/LAB */
	int dirfd; /* it, locked (state_lock()) */
	int init_fd; /* sandbox_load_init() */
	int kubelet_fd, apiserver_fd; /* programs of a cluster; negative: none */
	int commit_fd; /* pipe: a byte commits, the end aborts */
	unsigned max_workers; /* nodes whose exec lines run at a time, 0 = default */
	bool foreground; /* send REPORT_LOG */
};

struct supervisor {
	pid_t pid;
	int pidfd;
	int reports; /* report_recv() */
};

/**
 * supervisor_start() - start the supervisor of a lab
 *
 * It is PID 1 of a new PID namespace around the nodes' own, so whatever ends it ends every process of the lab.
 * It makes the lab, tells REPORT_READY or REPORT_FAILED, and waits for a byte on commit_fd; if the pipe ends
 * instead, it removes everything and ends.
 *
 * Return: 0 or -errno.
 */
int supervisor_start(const struct supervisor_spec *spec, struct supervisor *ret, struct error *e);

#endif
