// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/netns.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

#include <linux/nsfs.h>

#include "kernel/fault.h"

int netns_self(struct error *e)
{
	return netns_open("/proc/thread-self/ns/net", e);
}

int netns_create(struct error *e)
{
	const int r = fault_point("create network namespace");

	if (r < 0)
		return error_errno(e, -r, "create network namespace");
	if (unshare(CLONE_NEWNET) < 0)
		return error_errno(e, errno, "create network namespace");
	return netns_self(e);
}

int netns_open(const char *path, struct error *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct statfs fs;
	const int r = fault_point("open network namespace");

	if (r < 0)
		return error_errno(e, -r, "open network namespace %s", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(e, errno, "open network namespace %s", path);
	if (fstatfs(fd, &fs) < 0)
		return error_errno(e, errno, "open network namespace %s", path);
	if (fs.f_type != NSFS_MAGIC || ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		return error_set(e, EINVAL, "%s is not a network namespace", path);
	return TAKE_FD(fd);
}

int netns_enter(int fd, struct error *e)
{
	const int r = fault_point("enter network namespace");

	if (r < 0)
		return error_errno(e, -r, "enter network namespace");
	if (setns(fd, CLONE_NEWNET) < 0)
		return error_errno(e, errno, "enter network namespace");
	return 0;
}
