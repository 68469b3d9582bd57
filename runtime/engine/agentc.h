/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * agentc.h - the client's side of agent/proto.h
 *
 * Owns: the layout of requests on the wire. Refuses to know who asks: `netemu exec` and the supervisor both do.
 */
#ifndef NETEMU_ENGINE_AGENTC_H
#define NETEMU_ENGINE_AGENTC_H

#include "agent/proto.h"
#include "base/error.h"
#include "base/strv.h"

struct agent_command {
	const struct strv *argv; /* at least one word */
	const struct strv *env; /* "K=V" on top of the node's own, or NULL */
	const char *cwd; /* "" = "/" */
	const char *user; /* "" = root */
	bool tty;
	bool log; /* with tty: its output is only read (AGENT_LOG) */
	bool make_cwd, tell_why; /* AGENT_MAKE_CWD, AGENT_TELL_WHY */
	uint16_t rows, cols; /* of the terminal */
	int fds[3]; /* stdin, stdout, stderr unless tty; stay the caller's */
};

/**
 * agent_connect() - connect to a node's init
 * @dirfd: an fd of /run/netemu/LAB/nodes (O_PATH will do)
 * @node: the node's short name
 *
 * Return: a socket (close-on-exec), or -errno.
 */
int agent_connect(int dirfd, const char *node, struct error *e);

/**
 * agent_listen() - the other side: make the socket that a node's init will accept on
 *
 * Return: a socket (close-on-exec), or -errno.
 */
int agent_listen(int dirfd, const char *node, struct error *e);

/** agent_run() - send an AGENT_RUN request. Return: 0 or -errno. */
int agent_run(int conn, uint32_t id, const struct agent_command *cmd, struct error *e);

/** agent_signal() - send signal @sig to the process group of request @id (0, by the supervisor: to all). Return: 0 or -errno. */
int agent_signal(int conn, uint32_t id, int sig, struct error *e);

/** agent_freeze() - stop every process of a node, or let them go on; for the supervisor's own connection. Return: 0 or -errno. */
int agent_freeze(int conn, bool freeze, struct error *e);

/** agent_join() - give an init another client: @client is the init's end. Return: 0 or -errno. */
int agent_join(int conn, int client, struct error *e);

/**
 * agent_recv() - receive one event
 * @ret_fd: the pty's master of AGENT_STARTED (close-on-exec), else -EBADF
 *
 * Return: 1, 0 when the node is gone, -EAGAIN when nothing is there on a non-blocking socket, another -errno.
 */
int agent_recv(int conn, struct agent_event *ret, int *ret_fd, struct error *e);

/** agent_exit_code() - exit code as a shell would give it: 0-255, 128+n for signal n */
int agent_exit_code(uint32_t wait_status);

#endif
