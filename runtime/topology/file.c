// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * file.c - the content of a file that the user names
 *
 * Owns the size limit and the refusal of directories and devices. Refuses to know what is inside.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/strbuf.h"
#include "topology/load.h"

enum { FILE_MAX_SIZE = 16 * 1024 * 1024, FILE_CHUNK = 64 * 1024 };

static int check_type(int fd, const char *path, struct error *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_errno(e, errno, "%s", path);
	if (S_ISDIR(st.st_mode))
		return error_set(e, EISDIR, "%s: is a directory", path);
	if (S_ISBLK(st.st_mode) || (S_ISCHR(st.st_mode) && fd != STDIN_FILENO))
		return error_set(e, EINVAL, "%s: is a device, not a file", path);
	return 0;
}

static int read_all(int fd, const char *path, struct strbuf *s, struct error *e)
{
	_cleanup_free_ char *chunk = malloc(FILE_CHUNK);

	if (!chunk)
		return error_oom(e);
	for (;;) {
		const ssize_t n = read(fd, chunk, FILE_CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(e, errno, "read %s", path);
		if (n == 0)
			return 0;
		strbuf_add(s, chunk, (size_t)n);
		if (s->len > FILE_MAX_SIZE)
			return error_set(e, EFBIG, "%s: larger than 16 MiB", path);
	}
}

int file_read(const char *path, char **ret, size_t *ret_len, struct error *e)
{
	const bool in = strcmp(path, "-") == 0;
	_cleanup_close_ int fd = in ? -EBADF : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	_cleanup_strbuf_ struct strbuf s = { 0 };
	size_t len;
	int r;

	if (!in && fd < 0)
		return error_errno(e, errno, "%s", path);
	r = check_type(in ? STDIN_FILENO : fd, path, e);
	if (r == 0)
		r = read_all(in ? STDIN_FILENO : fd, path, &s, e);
	if (r < 0)
		return r;
	len = s.len;
	*ret = strbuf_steal(&s);
	if (!*ret)
		return error_oom(e);
	*ret_len = len;
	return 0;
}
