/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kinds.h - what `kind:` means here: made as it is, made as something else, or refused; private to topology/
 */
#ifndef NETEMU_TOPOLOGY_KINDS_H
#define NETEMU_TOPOLOGY_KINDS_H

#include "topology/loader.h"

enum { KIND_REFUSED = -1, KIND_K8S = -2 /* k8s-kind: a cluster */, KIND_FRR = -3 /* linux, and more */ };

struct kind_choice {
	int kind;	   /* enum node_kind, or one of the above */
	const char *image; /* of --map-kind KIND=linux:IMAGE, or NULL: what the file says */
	bool mapped;	   /* by --map-kind */
	bool refused;	   /* set by the caller, who goes on with something else to find more mistakes */
};

/* A kind that cannot be made, and who is of it: one line for all of them. */
struct kind_refused {
	const char *kind, *node;
	struct pos pos; /* of the first */
	size_t n;
};

struct kinds_refused {
	struct strmap index;
	struct kind_refused *items;
	size_t n;
};

/** kind_choose() - what becomes of a node of kind @written; a warning at @pos when it is not quite that */
struct kind_choice kind_choose(struct loader *l, const char *written, const char *node, struct pos pos);
/** kind_refuse() - remember that @node is of @kind, which cannot be made */
void kind_refuse(struct loader *l, struct kinds_refused *r, const char *kind, const char *node, struct pos pos);
/** kinds_report() - a line for each of them, and free the index */
void kinds_report(struct loader *l, struct kinds_refused *r);

/** kind_product() - whose product a kind of containerlab's is, or NULL: it is none that needs an image of its own */
const char *kind_product(const char *kind);

/* What keydoc.c shows. */
struct kind_doc {
	const char *names, *text; /* names: separated by blanks */
};
extern const struct kind_doc kind_docs[], kind_products[]; /* ended by NULL */

#endif
