/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inspect.h - what the two views of `netemu inspect` share
 */
#ifndef NETEMU_INSPECT_H
#define NETEMU_INSPECT_H

#include "cli.h"
#include "engine/state.h"
#include "output.h"

/* The labs to show, loaded and refreshed. */
struct inspected {
	struct lab_state **labs;
	size_t n;
};

/* How nodes are shown when netemu stands in for another tool; all zero: netemu's own way. */
struct inspect_style {
	void (*table)(const struct inspected *in, bool all, bool wide, FILE *out); /* instead of netemu's table */
	bool all; /* all labs were asked for */
	const char *node; /* only the interfaces of this node */
	const char *format; /* of what `run` shows at its end: "json"; NULL: a table */
};
extern struct inspect_style inspect_style;

/** inspect_is_node() - false for a node of kind host in which nothing runs: it only says where a link ends */
bool inspect_is_node(const struct node_state *n);

/** inspect_lab_path() - relative to the working directory when it is below that, as containerlab shows it */
const char *inspect_lab_path(struct arena *a, const char *path);

/** inspect_interfaces() - the interfaces of all nodes, as each node sees them now. Return: exit code. */
int inspect_interfaces(const struct cli *cli, const struct inspected *in, const struct output *o);

/* A node that is to be shown, and its status in words: "Up 3 minutes". */
struct inspect_node {
	const struct lab_state *st;
	size_t node;
	const char *status;
};

/** inspect_details() - JSON of @n nodes by lab (nodes of one lab stand together), as `containerlab inspect --details` */
void inspect_details(const struct inspect_node *nodes, size_t n, FILE *out);

#endif
