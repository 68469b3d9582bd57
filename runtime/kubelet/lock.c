// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lock.c - one kubelet a node: a locked file with its pid in it
 *
 * The lock is what counts; it goes with the process, however that ends.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "kubelet/kubelet.h"

static pid_t read_pid(int fd)
{
	char text[24];
	const ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return atoi(text);
}

int kubelet_lock(pid_t *ret_pid, struct error *e)
{
	_cleanup_close_ int fd = open(KUBELET_LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	char text[24];
	int n;

	*ret_pid = 0;
	if (fd < 0)
		return error_errno(e, errno, "open " KUBELET_LOCK);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			return error_errno(e, errno, "lock " KUBELET_LOCK);
		*ret_pid = read_pid(fd);
		return error_set(e, EALREADY, "already running (pid %d)", (int)*ret_pid);
	}
	n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) != n)
		return error_errno(e, errno, "write " KUBELET_LOCK);
	return TAKE_FD(fd);
}

pid_t kubelet_pid(void)
{
	_cleanup_close_ int fd = open(KUBELET_LOCK, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return 0;
	return read_pid(fd);
}
