/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relay.h - between the caller's terminal or pipes and a command in a node
 */
#ifndef NETEMU_RELAY_H
#define NETEMU_RELAY_H

#include "engine/agentc.h"

/**
 * relay_tty() - run @cmd on a new terminal of the node, relayed to the caller's
 *
 * The caller's terminal is in raw mode meanwhile and as before afterwards; window size changes and signals go
 * through. The command never sees the caller's terminal itself (TIOCSTI: CVE-2016-10124, CVE-2017-5226).
 *
 * Return: the exit code 0-255, or -errno when the command could not be started.
 */
int relay_tty(int conn, uint32_t id, struct agent_command *cmd, struct error *e);

/**
 * relay_pipes() - run @cmd on the caller's stdin, stdout and stderr
 *
 * Pipes, sockets and regular files are handed over as they are; for anything else (a terminal, a directory) a
 * pipe is put between. So a command that does not read its input leaves it to the caller. Signals that arrive are sent on.
 *
 * Return: as relay_tty().
 */
int relay_pipes(int conn, uint32_t id, struct agent_command *cmd, struct error *e);

#endif
