/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * child.h - from a fresh fork of init to the program that was asked for
 */
#ifndef NETEMU_AGENT_CHILD_H
#define NETEMU_AGENT_CHILD_H

#include "agent/proto.h"

/* Why a child did not become the program; in memory that it shares with init until then. */
struct child_failure {
	int err; /* errno; 0: it did, or it has not tried yet */
	char step[AGENT_COMM_LEN];
};

/**
 * child_run() - become the requested program; never returns
 * @rq: the request
 * @fds: words, stdin, stdout, stderr (the last three unused with AGENT_TTY)
 * @master: the pty's master for AGENT_TTY, else -1
 * @failure: may be NULL
 *
 * What cannot be run says so on its stderr and exits as a shell would: 126 not executable, 127 not found,
 * 125 for everything that is netemu's own fault.
 */
_Noreturn void child_run(const struct agent_request *rq, const int fds[4], int master, struct child_failure *failure);

#endif
