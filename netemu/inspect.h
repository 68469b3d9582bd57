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
