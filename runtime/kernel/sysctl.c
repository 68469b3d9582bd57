// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sysctl.c - see sysctl.h
 *
 * What can go wrong is that the file written to is not the one meant: a ".." or a symlink in the key, or a mount
 * over /proc or below it (CVE-2019-16884, CVE-2019-19921, CVE-2025-52881). So the way begins at a procfs of our
 * own where possible, is walked by openat2() without symlinks, upward steps and mount crossings, and the file at
 * its end must be a regular file of procfs.
 */
#include "kernel/sysctl.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "kernel/fault.h"

static bool is_procfs(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* A procfs that is mounted nowhere, or -1. */
static int own_procfs(void)
{
	_cleanup_close_ int fs = (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);

	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

int sysctl_open(int *ret_fd, struct error *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r = fault_point("open /proc");

	if (r < 0)
		return error_errno(e, -r, "open /proc");
	fd = own_procfs();
	if (fd < 0)
		fd = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(e, errno, "open /proc");
	if (!is_procfs(fd))
		return error_set(e, EINVAL, "/proc is not procfs");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* ---- keys (pure) ---- */

static bool path_ok(const char *path)
{
	const char *p = path;
	size_t n;

	for (const char *c = path; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return false;
	while (*p) {
		n = strcspn(p, "/");
		if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		p += n;
		if (*p == '/' && !*++p)
			return false; /* a slash at the end */
	}
	return p != path;
}

int sysctl_path(const char *key, char *buf)
{
	const size_t n = strlen(key), first = strcspn(key, "./");
	const bool dotted = key[first] == '.';

	if (n == 0 || n >= SYSCTL_PATH_MAX)
		return -EINVAL;
	for (size_t i = 0; i <= n; i++)
		buf[i] = !dotted ? key[i] : key[i] == '.' ? '/' : key[i] == '/' ? '.' : key[i];
	return path_ok(buf) ? 0 : -EINVAL;
}

bool sysctl_is_namespaced(const char *path)
{
	/* A name ending in a star stands for all that begin so; in a slash, for all below. */
	static const char *const own[] = {
		"net/", "fs/mqueue/", "kernel/shm*", "kernel/msg*", "kernel/sem",
		"kernel/hostname", "kernel/domainname",
	};
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		n = strlen(own[i]);
		if (own[i][n - 1] == '*' && strncmp(path, own[i], n - 1) == 0 && !strchr(path + n - 1, '/'))
			return true;
		if (own[i][n - 1] == '/' ? strncmp(path, own[i], n) == 0 && path[n] : strcmp(path, own[i]) == 0)
			return true;
	}
	return false;
}

/* ---- files ---- */

/* The mount that @fd lies in, or -errno: of kernels too old for RESOLVE_NO_XDEV (proc(5), since 3.15). */
static int mount_id(int procfd, int fd)
{
	_cleanup_close_ int info = -EBADF;
	char path[48], text[256];
	const char *at;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "self/fdinfo/%d", fd);
	info = openat(procfd, path, O_RDONLY | O_CLOEXEC);
	n = info < 0 ? -1 : read(info, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	at = strstr(text, "mnt_id:");
	return at ? atoi(at + strlen("mnt_id:")) : -EXDEV;
}

/* @fd when it lies in the mount of @procfd, or may lie elsewhere; else it is closed. Return: @fd or -errno. */
static int check_mount(int procfd, int fd, bool xdev)
{
	int home, id;

	if (xdev || fd < 0)
		return fd;
	home = mount_id(procfd, procfd);
	id = mount_id(procfd, fd);
	if (home >= 0 && id == home)
		return fd;
	(void)fd_close(fd);
	return home < 0 ? home : id < 0 ? id : -EXDEV;
}

/* openat() of one name without a symlink. Return: descriptor or -errno. */
static int step(int procfd, int dir, const char *name, int flags, bool xdev)
{
	int fd = openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : check_mount(procfd, fd, xdev);
}

/* For kernels without openat2 (before 5.6) and sandboxes that forbid it. Return: descriptor or -errno. */
static int open_stepwise(int procfd, const char *path, int flags, bool xdev)
{
	char copy[SYSCTL_PATH_MAX + 8], *name = copy, *slash;
	_cleanup_close_ int dir = -EBADF;
	int fd;

	(void)snprintf(copy, sizeof(copy), "%s", path);
	while ((slash = strchr(name, '/'))) {
		*slash = '\0';
		fd = step(procfd, dir < 0 ? procfd : dir, name, O_PATH | O_DIRECTORY, xdev);
		if (fd < 0)
			return fd;
		(void)fd_close(dir);
		dir = fd;
		name = slash + 1;
	}
	return step(procfd, dir < 0 ? procfd : dir, name, flags, xdev);
}

static int open_beneath(int procfd, const char *path, int flags, bool xdev)
{
	struct open_how how = {
		.flags = (uint64_t)flags,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | (xdev ? 0 : RESOLVE_NO_XDEV),
	};
	int fd = (int)syscall(SYS_openat2, procfd, path, &how, sizeof(how));

	if (fd >= 0)
		return fd;
	return errno == ENOSYS || errno == EPERM ? open_stepwise(procfd, path, flags, xdev) : -errno;
}

/* The file of @key. Return: descriptor or -errno with @e set. */
static int open_key(int procfd, const char *key, int flags, struct error *e)
{
	const bool writing = (flags & O_ACCMODE) != O_RDONLY;
	char path[4 + SYSCTL_PATH_MAX] = "sys/";
	_cleanup_close_ int fd = -EBADF;
	struct stat st;

	if (!is_procfs(procfd))
		return error_set(e, EINVAL, "sysctl %s: not a descriptor of procfs", key);
	if (sysctl_path(key, path + 4) < 0)
		return error_set(e, EINVAL, "sysctl %s: not a valid name", key);
	if (writing && !sysctl_is_namespaced(path + 4))
		return error_set(e, EPERM, "sysctl %s: not a namespace's own: it would change the host", key);
	/* Containers mount /proc/sys read-only over itself: good enough for looking. */
	fd = open_beneath(procfd, path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, !writing);
	if (fd < 0)
		return error_errno(e, -fd, "sysctl %s", key);
	if (!is_procfs(fd) || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(e, EINVAL, "sysctl %s: not a setting", key);
	return TAKE_FD(fd);
}

int sysctl_write(int procfd, const char *key, const char *value, struct error *e)
{
	_cleanup_close_ int fd = -EBADF;
	size_t len = strlen(value);
	ssize_t n;
	int r = fault_point("write sysctl");

	if (r < 0)
		return error_errno(e, -r, "sysctl %s", key);
	fd = open_key(procfd, key, O_WRONLY, e);
	if (fd < 0)
		return fd;
	n = write(fd, len ? value : "\n", len ? len : 1);
	if (n < 0)
		return error_errno(e, errno, "sysctl %s=%s", key, value);
	if ((size_t)n < len)
		return error_set(e, EINVAL, "sysctl %s=%s: only a part of the value was taken", key, value);
	return 0;
}

int sysctl_read(int procfd, const char *key, char *buf, size_t size, struct error *e)
{
	_cleanup_close_ int fd = open_key(procfd, key, O_RDONLY, e);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, buf, size - 1);
	if (n < 0)
		return error_errno(e, errno, "sysctl %s", key);
	while (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return 0;
}
