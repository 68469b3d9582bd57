/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clos.h - a Clos fabric as a topology file, as `containerlab generate` writes it
 */
#ifndef NETEMU_TOPOLOGY_CLOS_H
#define NETEMU_TOPOLOGY_CLOS_H

#include "base/error.h"
#include "base/strbuf.h"
#include "base/strv.h"

struct clos_options {
	const char *name;	     /* of the lab */
	const struct strv *tiers;    /* from the leaves up: NODES[:KIND[:TYPE]] */
	const char *kind;	     /* of tiers that say none; NULL: linux */
	const struct strv *images;   /* KIND=IMAGE, or IMAGE for @kind; NULL: FRR for linux */
	const struct strv *licenses; /* the same for license files, or NULL */
	const char *node_prefix;     /* NULL: "node" */
	const char *group_prefix;    /* NULL: "tier" */
};

enum { CLOS_TIERS_MAX = 16, CLOS_LINKS_MAX = 65536 };

/**
 * clos_generate() - each node of a tier has a link to each node of the next one
 * @out: appended to
 *
 * Node N of tier T is PREFIXT-N, in group GROUP-T; its interfaces to the tier below come first.
 *
 * Return: 0, or -EINVAL with what is wrong with an option.
 */
int clos_generate(const struct clos_options *opt, struct strbuf *out, struct error *e);

#endif
