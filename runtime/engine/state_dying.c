// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * state_dying.c - a supervisor that was killed and is not quite dead yet
 *
 * It holds its lock until the kernel is through with it; who comes in this moment should wait, not be told that
 * the lab runs.
 */
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include "engine/state_internal.h"

enum { PF_EXITING = 4, SIGKILL_BIT = 1 << 8 }; /* include/linux/sched.h; signal 9 in a mask */

/* Field 9 of /proc/PID/stat: the task's flags. */
static unsigned long task_flags(pid_t pid)
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[64], line[512];
	unsigned long flags = 0;
	const char *p;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f || !fgets(line, sizeof(line), f))
		return 0;
	p = strrchr(line, ')');
	if (!p || sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %lu", &flags) != 1)
		return 0;
	return flags;
}

static bool kill_is_pending(pid_t pid)
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[64], line[256];
	unsigned long long mask;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if ((sscanf(line, "SigPnd: %llx", &mask) == 1 || sscanf(line, "ShdPnd: %llx", &mask) == 1) &&
		    (mask & SIGKILL_BIT))
			return true;
	return false;
}

void state_await_dying(const char *lab, unsigned timeout_ms)
{
	_cleanup_close_ int root = state_root_open(false, LOCK_SH, NULL);
	_cleanup_close_ int dir = root >= 0 ? state_lab_open(root, lab, NULL) : -EBADF;
	_cleanup_(state_freep) struct lab_state *st = NULL;
	_cleanup_close_ int pidfd = -EBADF;
	struct pollfd p = { .events = POLLIN };
	uint64_t start;

	root = fd_close(root);
	if (dir < 0 || state_read(dir, lab, &st, NULL) < 0 || st->supervisor <= 0)
		return;
	pidfd = (int)syscall(SYS_pidfd_open, st->supervisor, 0);
	if (pidfd < 0 || state_pid_starttime(st->supervisor, &start) < 0 || start != st->starttime)
		return;
	if (!(task_flags(st->supervisor) & PF_EXITING) && !kill_is_pending(st->supervisor))
		return;
	p.fd = pidfd;
	(void)poll(&p, 1, (int)timeout_ms);
}
