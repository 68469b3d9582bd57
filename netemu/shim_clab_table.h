/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shim_clab_table.h - nodes of labs in the box that containerlab draws
 */
#ifndef NETEMU_SHIM_CLAB_TABLE_H
#define NETEMU_SHIM_CLAB_TABLE_H

#include "inspect.h"

/** clab_table() - @all: with the file and the lab of each node; @wide: with its owner, a line each. Fit for struct inspect_style. */
void clab_table(const struct inspected *in, bool all, bool wide, FILE *out);

#endif
