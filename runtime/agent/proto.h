/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proto.h - what is said to a node's init
 *
 * netemu-init is PID 1 of a node. It listens on a SOCK_SEQPACKET socket whose path
 * (/run/netemu/LAB/nodes/NODE.sock) exists on the host only, and has one more connection of the same kind to the
 * supervisor, inherited as AGENT_FD_EVENTS. On either, a client sends requests; one message is one datagram.
 *
 *   client -> init   struct agent_request, with the fds AGENT_RUN names in SCM_RIGHTS
 *   init -> client   struct agent_event; AGENT_STARTED carries the pty's master for a AGENT_TTY request
 *
 * The words of a request (argv, environment, directory, user) travel in a memfd, so that their size has no limit
 * but execve(2)'s; the layout is a sequence of NUL-terminated strings: user, cwd, nargs x argv, nenv x "K=V".
 */
#ifndef NETEMU_AGENT_PROTO_H
#define NETEMU_AGENT_PROTO_H

#include <errno.h>
#include <stdint.h>

enum { AGENT_MAGIC = 0x6e650001, AGENT_COMM_LEN = 16 };

/* fds that netemu-init is started with; a container's has no AGENT_FD_LISTEN, its clients come by AGENT_JOIN */
enum { AGENT_FD_LISTEN = 3, AGENT_FD_EVENTS = 4 };

enum agent_request_type {
	AGENT_RUN, /* fds: words, then stdin, stdout, stderr unless AGENT_TTY */
	AGENT_SIGNAL, /* to the process group of request id, id 0 from the supervisor: to every process; arg = signal */
	AGENT_JOIN, /* supervisor only; fd: a connected socket, to be served as if it had been accepted; no answer */
	AGENT_FREEZE, /* supervisor only: arg = 1: stop every process, and start none; 0: let them go on; no answer */
	_AGENT_REQUEST_MAX,
};

enum agent_flags {
	AGENT_TTY = 1 << 0, /* a new pty of the node's devpts; its master comes back */
	AGENT_LOG = 1 << 1, /* with AGENT_TTY: nobody types, output goes to a log: no echo, no CR before LF */
	AGENT_MAKE_CWD = 1 << 2, /* the directory is made when it is not there */
	AGENT_TELL_WHY = 1 << 3, /* what could not be started ends with AGENT_REFUSED, comm says at which step */
};

struct agent_request {
	uint32_t magic;
	uint32_t type; /* enum agent_request_type */
	uint32_t id; /* chosen by the client, unique on its connection */
	uint32_t flags;
	uint32_t arg; /* AGENT_SIGNAL: the signal */
	uint32_t nargs, nenv;
	uint16_t rows, cols; /* AGENT_TTY */
};

enum agent_event_type {
	AGENT_STARTED, /* arg = pid in the node */
	AGENT_EXITED, /* arg = wait status as of wait(2) */
	AGENT_REFUSED, /* arg = errno: the request could not be carried out; comm: "", or AGENT_STEP_... */
	AGENT_ORPHAN, /* supervisor only: a process nobody asked for died; id = pid, arg = wait status */
	_AGENT_EVENT_MAX,
};

struct agent_event {
	uint32_t magic;
	uint32_t type; /* enum agent_event_type */
	uint32_t id;
	uint32_t arg;
	char comm[AGENT_COMM_LEN]; /* AGENT_ORPHAN: the process's name */
};

/* AGENT_REFUSED with this errno: the node is paused */
#define AGENT_FROZEN EHOSTDOWN

#define AGENT_STEP_USER "user"
#define AGENT_STEP_CWD	"cwd"
#define AGENT_STEP_EXEC "exec"

#endif
