/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * speakers.h - the BGP speakers of a running cluster, for `run --wait`
 */
#ifndef NETEMU_SPEAKERS_H
#define NETEMU_SPEAKERS_H

#include "engine/settle.h"
#include "kubeclient.h"

struct speakers {
	struct arena arena;
	struct settle_node *nodes;
	size_t n;
};

/** speakers_add() - the nodes of a cluster that have BGP neighbors, for settle.h; none when it cannot be asked */
void speakers_add(struct speakers *s, const char *cluster);
void speakers_done(struct speakers *s);

#endif
