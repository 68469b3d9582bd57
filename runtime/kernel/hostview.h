/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hostview.h - the host's files for a process that shall only read them
 */
#ifndef NETEMU_KERNEL_HOSTVIEW_H
#define NETEMU_KERNEL_HOSTVIEW_H

#include "base/error.h"

/**
 * hostview_readonly() - from now on this process can write nothing on the host's file systems
 * @writable: absolute directories that stay as they are, NULL-terminated
 *
 * To be called in a child that is about to execute something: it gets a mount namespace of its own.
 * Source: mount_setattr(2), AT_RECURSIVE; open_tree(2), OPEN_TREE_CLONE.
 *
 * Return: 0 or -errno.
 */
int hostview_readonly(char *const *writable, struct error *e);

#endif
