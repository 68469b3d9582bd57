/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shim_kind.h - the parts of the kind shim that have a file of their own
 */
#ifndef NETEMU_SHIM_KIND_H
#define NETEMU_SHIM_KIND_H

#include "shim.h"

/** kind_logs_export() - write what nodes and pods of a cluster have logged below @dir, which is made. Return: 0 or -errno. */
int kind_logs_export(const struct lab_state *st, const char *dir, struct error *e);

#endif
