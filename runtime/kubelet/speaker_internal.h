/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * speaker_internal.h - one instance of a speaker, and what a kind of daemon has to offer
 */
#ifndef NETEMU_KUBELET_SPEAKER_INTERNAL_H
#define NETEMU_KUBELET_SPEAKER_INTERNAL_H

#include <sys/types.h>

#include "base/strbuf.h"
#include "kubelet/speaker.h"

struct instance;

struct speaker_backend {
	const char *engine; /* "frr" */
	const char *program; /* "bgpd": as the kernel names the process */
	/* Write what the daemon reads and give its argv into @argv (NULL-terminated, strings of @text or static). */
	int (*prepare)(struct instance *i, const json_t *model, char *argv[32], struct strbuf *text, struct error *e);
	/* Whether going from one model to the other needs another process. */
	bool (*replaces)(const json_t *old, const json_t *new);
	/* Apply a difference. -EAGAIN: the daemon is not ready yet. */
	int (*change)(struct instance *i, const json_t *old, const json_t *new, struct error *e);
	/* The first quick connects are over: from now on as the model says. NULL: nothing to do. */
	void (*calm)(struct instance *i);
	/* The daemon has begun or a session has ended: connect quickly again. NULL: nothing to do. */
	void (*hasten)(struct instance *i);
	/* What a line of its output says. */
	bool (*line_is_change)(const char *line);
	bool (*line_is_loss)(const char *line);
	/* Each line, for more. NULL: nothing to do. */
	void (*heard)(struct instance *i, const char *line);
	json_t *(*peers)(struct instance *i);
	json_t *(*routes)(struct instance *i, const char *table, const char *afi);
};

extern const struct speaker_backend speaker_bgpd, speaker_gobgpd;

struct instance {
	struct instance *next;
	struct speaker *sp;
	const struct speaker_backend *backend;
	const struct speaker_backend *next_backend; /* another engine is wanted: the daemon is ended first */
	char *name, *dir;
	json_t *model; /* what the daemon has; NULL: none runs */
	json_t *want; /* NULL: none shall run */
	json_t *told; /* what is wanted, before speaker_resolve() */
	pid_t pid; /* 0: none */
	int pidfd, fifo;
	struct loop_handle pid_id, fifo_id;
	struct loop_handle calm_id; /* end of the quick connects */
	struct loop_handle retry_id; /* start again, change again, or kill */
	unsigned failures; /* in a row */
	bool stopping;
	char line[512]; /* of output, not complete yet */
	size_t line_len;
};

enum { SPEAKER_QUICK_CONNECT = 1, SPEAKER_QUICK_SECONDS = 30 };

/** instance_note() - what could not be done */
void instance_note(struct instance *i, const char *fmt, ...) _printf_(2, 3);
/** instance_find_program() - its path, looked for where distributions put it; NULL */
const char *instance_find_program(const char *name);
/** instance_write() - write a file of the instance's directory, whole or not at all, for root only */
int instance_write(struct instance *i, const char *name, const char *text, size_t len, struct error *e);

/** instance_peer_state() - PeerState with what the model says and nothing of the session; new reference */
json_t *instance_peer_state(const struct instance *i, const json_t *peer);

/** instance_route() - a route of speaker_routes(), in Cilium's words; new reference. @peer: NULL: of the table of all that is available */
json_t *instance_route(const struct instance *i, const json_t *path, const json_t *peer, const char *nexthop, json_int_t age);

/** speaker_needs_node() - whether a model has anything for speaker_resolve() to do */
bool speaker_needs_node(const json_t *instance);

/** speaker_resolve() - the model with what only the node knows: addresses of sourceInterface and of the default gateway; new reference */
json_t *speaker_resolve(struct instance *i, const json_t *instance);

#endif
