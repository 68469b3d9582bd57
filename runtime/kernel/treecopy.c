// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/treecopy.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "kernel/fault.h"

enum { DEPTH_MAX = 128, CHUNK = 1 << 30 };

static DIR *dir_read(int dir)
{
	const int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		(void)close(fd);
	return d;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

bool tree_is_empty(int dir)
{
	_cleanup_closedir_ DIR *d = dir_read(dir);

	for (const struct dirent *entry = d ? readdir(d) : NULL; entry; entry = readdir(d))
		if (!is_dots(entry->d_name))
			return false;
	return true;
}

static int attributes_copy(int fd, const struct stat *st)
{
	const struct timespec times[] = { st->st_atim, st->st_mtim };

	if (fchown(fd, st->st_uid, st->st_gid) < 0 || fchmod(fd, st->st_mode & 07777) < 0 || futimens(fd, times) < 0)
		return -errno;
	return 0;
}

static int file_copy(int from, int to, const char *name)
{
	_cleanup_close_ int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), out = -EBADF;
	struct stat st;
	off_t at = 0;

	if (in < 0 || fstat(in, &st) < 0)
		return -errno;
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	while (at < st.st_size) {
		const ssize_t n = sendfile(out, in, &at, CHUNK);

		if (n < 0)
			return -errno;
		if (n == 0)
			break; /* it has become shorter */
	}
	return attributes_copy(out, &st);
}

static int link_copy(int from, int to, const char *name, const struct stat *st)
{
	char target[PATH_MAX];
	const ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (symlinkat(target, to, name) < 0 || fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

static int dir_copy(int from, int to, unsigned depth);

static int subdir_copy(int from, int to, const char *name, unsigned depth)
{
	_cleanup_close_ int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), out = -EBADF;

	if (in < 0 || mkdirat(to, name, 0700) < 0)
		return -errno;
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return out < 0 ? -errno : dir_copy(in, out, depth + 1);
}

static int entry_copy(int from, int to, const char *name, unsigned depth)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return subdir_copy(from, to, name, depth);
	if (S_ISLNK(st.st_mode))
		return link_copy(from, to, name, &st);
	return S_ISREG(st.st_mode) ? file_copy(from, to, name) : 0;
}

/* The times of a directory are those of what came last into it, so they are set at the end. */
static int dir_copy(int from, int to, unsigned depth)
{
	_cleanup_closedir_ DIR *d = dir_read(from);
	struct stat st;
	int r = d && depth < DEPTH_MAX ? 0 : -ELOOP;

	if (fstat(from, &st) < 0)
		return -errno;
	for (const struct dirent *entry = r == 0 ? readdir(d) : NULL; r == 0 && entry; entry = readdir(d))
		if (!is_dots(entry->d_name))
			r = entry_copy(from, to, entry->d_name, depth);
	return r < 0 ? r : attributes_copy(to, &st);
}

int tree_copy(int from, int to, struct error *e)
{
	const int r = fault_fails("copy a directory") ? -errno : dir_copy(from, to, 0);

	return r < 0 ? error_errno(e, -r, "copy what is there") : 0;
}
