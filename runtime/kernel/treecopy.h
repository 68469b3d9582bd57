/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * treecopy.h - copies what is in one directory into another
 */
#ifndef NETEMU_KERNEL_TREECOPY_H
#define NETEMU_KERNEL_TREECOPY_H

#include "base/error.h"

/** tree_is_empty() - whether nothing is in the directory @dir */
bool tree_is_empty(int dir);

/**
 * tree_copy() - files, directories and links with their owners, modes and times; the directory's own, too
 *
 * No link is followed, and what is neither of these (devices, sockets) is left out. Allocates only what it frees.
 *
 * Return: 0 or -errno.
 */
int tree_copy(int from, int to, struct error *e);

#endif
