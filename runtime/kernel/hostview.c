// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hostview.c - the host's files for a process that shall only read them
 */
#include "kernel/hostview.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

/* A copy of what is at @path is put back there, as it was, after all has become read-only around it. */
static int writable_keep(char *const *writable, struct error *e)
{
	const struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
	_cleanup_close_ int tree = -EBADF;
	int r;

	if (!*writable)
		return mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, (struct mount_attr *)(uintptr_t)&readonly, sizeof(readonly)) < 0 ?
			       error_errno(e, errno, "make the host's files read-only") :
			       0;
	tree = open_tree(AT_FDCWD, *writable, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0)
		return error_errno(e, errno, "share %s", *writable);
	r = writable_keep(writable + 1, e);
	if (r < 0)
		return r;
	if (move_mount(tree, "", AT_FDCWD, *writable, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_errno(e, errno, "share %s", *writable);
	return 0;
}

int hostview_readonly(char *const *writable, struct error *e)
{
	if (unshare(CLONE_NEWNS) < 0)
		return error_errno(e, errno, "make a mount namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return error_errno(e, errno, "make mounts private");
	return writable_keep(writable, e);
}
