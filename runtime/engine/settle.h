/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * settle.h - has routing settled? (`netemu run --wait`)
 *
 * Settled means: every BGP session whose two ends are both configured in this lab is Established and has exchanged
 * its initial updates; every OSPF and OSPFv3 adjacency that the lab's links call for is there, and its databases
 * agree; no shortest path calculation and no route is waiting to be done; and nothing of that moved between two
 * looks. A neighbor that is configured on one side only, shut down, or outside of the lab is not waited for.
 *
 * Only FRR is asked, over its vty sockets, and only its default VRF. Of a cluster's speakers it is known what they are
 * configured to do, and their FRR neighbors tell how it went.
 */
#ifndef NETEMU_ENGINE_SETTLE_H
#define NETEMU_ENGINE_SETTLE_H

#include <sys/types.h>

#include "base/strbuf.h"
#include "base/strv.h"

struct settle_node {
	const char *name;
	pid_t pid; /* of the node's init as seen here; 0: none (a bridge, say), nothing to ask */
	bool bridge; /* the links that end here are one broadcast segment */
	/* Daemons that must answer, NULL-terminated; or NULL: whichever does counts. */
	const char *const *daemons;
	/*
	 * A BGP speaker that has no vty socket, a cluster's node: its addresses, and those of its neighbors, as text. The
	 * routers at the other end say how the sessions are. NULL: it is asked.
	 */
	const struct strv *addrs, *peers;
};

struct settle_link {
	size_t node[2]; /* indices into settle_input.nodes */
	const char *ifname[2];
};

/** settle_ask_fn - run @command on a daemon of a node; as vty_query(). For tests. */
typedef int (*settle_ask_fn)(void *arg, size_t node, const char *daemon, const char *command, struct strbuf *out,
			     struct error *e);

struct settle_input {
	const struct settle_node *nodes;
	size_t n_nodes;
	const struct settle_link *links;
	size_t n_links;
	settle_ask_fn ask; /* NULL: the nodes' vty sockets */
	void *ask_arg;
};

/* What is still waited for, one line each: "tor0: BGP neighbor net0 (router0): Active". Empty when settled. */
struct settle_report {
	struct arena arena;
	struct strv lines;
	size_t n_sessions, n_adjacencies; /* ends of BGP sessions and OSPF adjacencies, settled or not */
};

void settle_report_done(struct settle_report *report);

/**
 * settle_check() - look once
 *
 * @ret is to be given to settle_report_done(), also after a failure.
 *
 * Return: 1 when nothing is waited for (as far as one look can tell: settle_wait() also sees whether it moves),
 * 0 when @ret says what is; -errno.
 */
int settle_check(const struct settle_input *in, struct settle_report *ret, struct error *e);

/**
 * settle_progress_fn - called after each look that left something to wait for
 *
 * Return: 0, or a negative errno to give up with.
 */
typedef int (*settle_progress_fn)(void *arg, const struct settle_report *report);

/**
 * settle_wait() - look until routing has settled
 * @timeout_s: 0 means one look
 * @progress: may be NULL
 *
 * Return: 0; -ETIMEDOUT (@ret says what was still waited for; @e is set, too); what @progress returned; -errno.
 */
int settle_wait(const struct settle_input *in, unsigned timeout_s, settle_progress_fn progress, void *arg,
		struct settle_report *ret, struct error *e);

#endif
