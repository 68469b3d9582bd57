/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ctl.h - what is said to a lab's supervisor on /run/netemu/LAB/ctl.sock
 *
 * SOCK_SEQPACKET, root only (the directory is 0700, the socket 0600). One request, one reply, and the client
 * hangs up. A newer command that meets an older supervisor gets -EPROTONOSUPPORT, or -EOPNOTSUPP for a verb it
 * does not know, in a reply of this very layout: magic and result never move.
 */
#ifndef NETEMU_ENGINE_CTL_H
#define NETEMU_ENGINE_CTL_H

#include <assert.h>
#include <stdint.h>

enum {
	CTL_MAGIC = 0x6e650002,
	CTL_VERSION = 1,
	CTL_VERB_LEN = 16,
	CTL_TIMEOUT_MS = 2000,
};

#define CTL_SOCKET "ctl.sock"
#define CTL_VERB_STATUS "status"
#define CTL_VERB_ORDER "order"
#define CTL_VERB_END "end" /* the lab ends; the reply comes when it has given up its names, ports and lock, and begins to die */

struct ctl_request {
	uint32_t magic;
	uint32_t version;
	char verb[CTL_VERB_LEN]; /* NUL-padded, and NUL-terminated */
};

enum ctl_node_verb { CTL_START, CTL_STOP, CTL_RESTART, CTL_PAUSE, CTL_UNPAUSE, CTL_KILL, _CTL_NODE_VERB_MAX };

/* CTL_VERB_ORDER: one node is to do something; the reply comes when it is done. An older supervisor reads the head only. */
struct ctl_order {
	struct ctl_request head;
	uint32_t verb; /* enum ctl_node_verb */
	int32_t signal; /* CTL_STOP, CTL_RESTART: what its command is asked with; CTL_KILL: what it gets */
	uint32_t timeout_ms; /* CTL_STOP, CTL_RESTART: after that it is killed; 0: at once */
	char node[256]; /* short name, NUL-terminated */
};

/* With result 0 of a status (of an order: with a failure) one memfd comes along in SCM_RIGHTS: a JSON document (of an order: what went wrong), read from offset 0. */
struct ctl_reply {
	uint32_t magic;
	uint32_t version; /* the supervisor's */
	int32_t result; /* 0 or -errno */
};

static_assert(sizeof(struct ctl_request) == 24, "the layout is the protocol");
static_assert(sizeof(struct ctl_order) == 24 + 12 + 256, "the layout is the protocol");
static_assert(sizeof(struct ctl_reply) == 12, "the layout is the protocol");

#endif
