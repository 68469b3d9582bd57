// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hostline.c - exec lines of stages whose target is the host
 *
 * A child of the supervisor: in the host's network namespace, with the host's files, and with the environment of the `run`
 * that made the lab, in the topology file's directory. It is in the lab's PID namespace, and so ends with the lab at the latest. Refuses to know
 * what follows from its end (runner.c).
 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>

#include "kernel/fault.h"
#include "supervisor/internal.h"

static int actions_fill(posix_spawn_file_actions_t *actions, const struct run_node *n, int out)
{
	int r = posix_spawn_file_actions_adddup2(actions, n->run->null_fd, 0);

	for (int fd = 1; r == 0 && fd <= 2; fd++)
		r = posix_spawn_file_actions_adddup2(actions, out, fd);
	return r == 0 ? posix_spawn_file_actions_addchdir_np(actions, n->run->spec->plan->lab->dir) : r;
}

/* No signal is blocked or ignored, as the supervisor has it. */
static void attr_fill(posix_spawnattr_t *attr)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)posix_spawnattr_setsigmask(attr, &set);
	(void)sigfillset(&set);
	(void)posix_spawnattr_setsigdefault(attr, &set);
	(void)posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
}

pid_t hostline_start(struct run_node *n, const struct op *op, int out, struct error *e)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	pid_t pid = 0;
	int r = -fault_point("start a line on the host");

	if (r)
		return error_errno(e, r, "start a command on the host");
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attr);
	attr_fill(&attr);
	r = actions_fill(&actions, n, out);
	if (r == 0)
		r = posix_spawnp(&pid, op->argv->v[0], &actions, &attr, op->argv->v, environ);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (r) {
		dprintf(out, "%s: %s\n", op->argv->v[0], strerror(r));
		return 0;
	}
	(void)prlimit(pid, RLIMIT_NOFILE, &n->run->engine.nofile, NULL);
	return pid;
}
