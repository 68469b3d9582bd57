// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * journal.c - lines in a file that is only appended to, or replaced as a whole
 *
 * Owns: the file. Refuses to know what a line means.
 */
#include "apiserver/journal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct journal {
	int dir, fd; /* O_PATH of the directory; the file, for appending */
	size_t size;
};

#define NAME     "journal"
#define NAME_TMP "journal.tmp"

struct journal *journal_close(struct journal *j)
{
	if (j) {
		(void)fd_close(j->fd);
		(void)fd_close(j->dir);
		free(j);
	}
	return NULL;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		const ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* Return: bytes of whole, good lines, or -errno. */
static ssize_t read_lines(FILE *f, journal_read_fn fn, void *arg, struct error *e)
{
	_cleanup_free_ char *line = NULL;
	size_t cap = 0, good = 0, number = 1;
	ssize_t n;

	for (; (n = getline(&line, &cap, f)) > 0; number++) {
		json_t *record = line[n - 1] == '\n' ? json_loadb(line, (size_t)n, 0, NULL) : NULL;
		int r;

		if (!record && getc(f) == EOF)
			return (ssize_t)good;
		if (!record)
			return error_set(e, EBADMSG, "%s: line %zu is no JSON object", NAME, number);
		r = fn(record, (size_t)n, arg, e);
		json_decref(record);
		if (r < 0)
			return r;
		good += (size_t)n;
	}
	return ferror(f) ? error_errno(e, EIO, "read %s", NAME) : (ssize_t)good;
}

static int journal_load(struct journal *j, journal_read_fn fn, void *arg, struct error *e)
{
	_cleanup_fclose_ FILE *f = NULL;
	const int fd = openat(j->dir, NAME, O_RDONLY | O_CLOEXEC);
	ssize_t size;

	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(e, errno, "open %s", NAME);
	f = fdopen(fd, "r");
	if (!f) {
		(void)fd_close(fd);
		return error_oom(e);
	}
	size = read_lines(f, fn, arg, e);
	if (size < 0)
		return (int)size;
	j->size = (size_t)size;
	return 0;
}

int journal_open(const char *dir, journal_read_fn fn, void *arg, struct journal **ret, struct error *e)
{
	struct journal *j = calloc(1, sizeof(*j));
	int r;

	if (!j)
		return error_oom(e);
	*j = (struct journal){ .dir = -EBADF, .fd = -EBADF };
	if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
		r = error_errno(e, errno, "mkdir %s", dir);
		goto fail;
	}
	j->dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (j->dir < 0) {
		r = error_errno(e, errno, "open %s", dir);
		goto fail;
	}
	r = journal_load(j, fn, arg, e);
	if (r < 0)
		goto fail;
	j->fd = openat(j->dir, NAME, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (j->fd < 0 || ftruncate(j->fd, (off_t)j->size) < 0) {
		r = error_errno(e, errno, "open %s/%s", dir, NAME);
		goto fail;
	}
	*ret = j;
	return 0;
fail:
	journal_close(j);
	return r;
}

int journal_append(struct journal *j, const char *text, size_t len, struct error *e)
{
	const int r = write_all(j->fd, text, len);

	if (r < 0) {
		(void)!ftruncate(j->fd, (off_t)j->size);
		return error_errno(e, -r, "write %s", NAME);
	}
	j->size += len;
	return 0;
}

size_t journal_size(const struct journal *j)
{
	return j->size;
}

int journal_replace(struct journal *j, const struct strbuf *lines, struct error *e)
{
	_cleanup_close_ int fd = openat(j->dir, NAME_TMP, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	int r;

	if (lines->oom)
		return error_oom(e);
	if (fd < 0)
		return error_errno(e, errno, "open %s", NAME_TMP);
	r = write_all(fd, strbuf_str(lines), lines->len);
	if (r == 0 && renameat(j->dir, NAME_TMP, j->dir, NAME) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(j->dir, NAME_TMP, 0);
		return error_errno(e, -r, "write %s", NAME_TMP);
	}
	(void)fd_close(j->fd);
	j->fd = TAKE_FD(fd);
	j->size = lines->len;
	return 0;
}
