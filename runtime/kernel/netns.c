// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/netns.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

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

/* Shares its descriptors with us, not its memory; its exit status says how it went. */
int netns_socket(int fd, int family, int type, struct error *e)
{
	const int r = fault_point("socket in a network namespace");
	int *made, sock;
	pid_t pid;

	made = r < 0 ? MAP_FAILED : mmap(NULL, sizeof(*made), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (made == MAP_FAILED)
		return error_errno(e, r < 0 ? -r : errno, "make a socket");
	*made = -ECHILD;
	pid = (pid_t)syscall(SYS_clone, (unsigned long)(CLONE_FILES | SIGCHLD), NULL, NULL, NULL, 0);
	if (pid == 0) {
		*made = setns(fd, CLONE_NEWNET) < 0 ? -errno : socket(family, type | SOCK_CLOEXEC, 0);
		if (*made == -1)
			*made = -errno;
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	sock = pid < 0 ? -errno : *made;
	(void)munmap(made, sizeof(*made));
	return sock < 0 ? error_errno(e, -sock, "make a socket in a network namespace") : sock;
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
