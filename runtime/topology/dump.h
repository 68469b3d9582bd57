/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dump.h - a lab as text, for tests and for people
 */
#ifndef NETEMU_TOPOLOGY_DUMP_H
#define NETEMU_TOPOLOGY_DUMP_H

#include <stdio.h>

#include "topology/lab.h"

/**
 * lab_dump() - the resolved lab, one fact a line, in the file's order
 *
 * Only what differs from a plain node on the management network is shown. The lab's directory is written $DIR, and
 * the CLAB_LABEL_* variables that every node has are left out, so that the text is the same on every machine.
 */
void lab_dump(const struct lab *lab, FILE *out);

#endif
