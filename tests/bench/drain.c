// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * drain.c - bench-drain [PID...]: returns when these processes are dead and the kernel has freed every network namespace
 * that nothing used any more by then, whoever's it was
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/drain.h"

enum { TIMEOUT_MS = 120000 };

static void await_death(const char *pid)
{
	struct pollfd p = { .fd = (int)syscall(SYS_pidfd_open, atoi(pid), 0), .events = POLLIN };

	if (p.fd >= 0)
		(void)poll(&p, 1, TIMEOUT_MS);
}

int main(int argc, char **argv)
{
	struct error e = { 0 };

	for (int i = 1; i < argc; i++)
		await_death(argv[i]);
	if (netns_drain(TIMEOUT_MS, &e) == 0)
		return 0;
	(void)fprintf(stderr, "bench-drain: %s\n", e.msg);
	return 1;
}
