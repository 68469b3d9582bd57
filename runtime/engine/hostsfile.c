// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hostsfile.c - a lab's block in /etc/hosts
 *
 * Owns the markers and the locks, which are containerlab's, and that the file is never seen half written. Refuses to
 * know what stands in a block.
 *
 * Theory of operation
 *
 * Two locks are held: containerlab's, /run/lock/clab-hosts.lock, and one on the file itself, since who has another /run
 * (a container, a mount namespace) may still share /etc with us. The file is replaced by rename(2). Where that cannot be,
 * because it is a mount point (in containers) or has other names, it is written in place, in one write that also
 * overwrites what is to be cut off with empty lines: whoever reads it in between, and whatever ends us there, finds
 * complete lines.
 */
#include "engine/hostsfile.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/strbuf.h"
#include "kernel/fault.h"

enum { LOCK_WAIT_MS = 2000, LOCK_POLL_MS = 1, FILE_MAX = 16 << 20, ATTEMPTS = 100 };

#define LOCK_PATH "/run/lock/clab-hosts.lock"

/* ---- locks ---- */

/* flock(2) that gives up: there are others who may hold it as long as they like. */
static int lock_wait(int fd)
{
	static const struct timespec pause = { .tv_nsec = LOCK_POLL_MS * 1000000L };

	for (unsigned i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (i == LOCK_WAIT_MS / LOCK_POLL_MS)
			return -ETIMEDOUT;
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

static int lock_open(const char *path, struct error *e)
{
	_cleanup_free_ char *dir = strdup(path);
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (!dir)
		return error_oom(e);
	*strrchr(dir, '/') = '\0';
	(void)mkdir(dir, 0755);
	/* In a sticky directory O_CREAT refuses even root a file that another user made (fs.protected_regular). */
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_errno(e, errno, "open %s", path);
	r = lock_wait(fd);
	return r < 0 ? error_errno(e, -r, "lock %s", path) : TAKE_FD(fd);
}

/* The file that @path names now, locked. */
static int file_open(const char *path, struct error *e)
{
	for (unsigned i = 0; i < ATTEMPTS; i++) {
		_cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);
		struct stat a, b;
		int r;

		if (fd < 0)
			return errno == ENOENT ? -ENOENT : error_errno(e, errno, "open %s", path);
		r = lock_wait(fd);
		if (r < 0)
			return error_errno(e, -r, "lock %s", path);
		if (fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev)
			return TAKE_FD(fd);
	}
	return error_set(e, EAGAIN, "%s is replaced again and again", path);
}

/* ---- text ---- */

static int file_read_all(int fd, const char *path, struct strbuf *out, struct error *e)
{
	char buf[16384];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(e, errno, "read %s", path);
		if (out->len + (size_t)n > FILE_MAX)
			return error_set(e, EFBIG, "%s has more than %d MiB", path, FILE_MAX >> 20);
		strbuf_add(out, buf, (size_t)n);
	}
	return out->oom ? error_oom(e) : 0;
}

/* Whether a line, without its end, is "###### CLAB-LAB-WORD ######", blanks around it aside. */
static bool is_marker(const char *line, size_t len, const char *lab, const char *word)
{
	char want[300];
	const int n = snprintf(want, sizeof(want), "###### CLAB-%s-%s ######", lab, word);

	while (len && strchr(" \t\r", *line))
		line++, len--;
	while (len && strchr(" \t\r", line[len - 1]))
		len--;
	return n > 0 && (size_t)n < sizeof(want) && len == (size_t)n && memcmp(line, want, len) == 0;
}

/* @text without the lab's blocks. Return: 0, or -EILSEQ for a block without an end. */
static int text_without(const struct strbuf *text, const char *lab, struct strbuf *out)
{
	const char *p = strbuf_str(text), *const end = p + text->len;
	bool inside = false;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const size_t len = (size_t)((nl ? nl : end) - p);

		if (is_marker(p, len, lab, "START"))
			inside = true;
		else if (inside && is_marker(p, len, lab, "END"))
			inside = false;
		else if (!inside)
			strbuf_add(out, p, len + (nl != NULL));
		p += len + (nl != NULL);
	}
	return inside ? -EILSEQ : 0;
}

static void block_add(struct strbuf *out, const char *lab, const char *lines)
{
	if (out->len && out->buf[out->len - 1] != '\n')
		strbuf_putc(out, '\n');
	strbuf_printf(out, "###### CLAB-%s-START ######\n%s###### CLAB-%s-END ######\n", lab, lines, lab);
}

/* ---- writing ---- */

static int write_all(int fd, const char *data, size_t len, off_t at)
{
	while (len) {
		const ssize_t n = pwrite(fd, data, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		data += n;
		len -= (size_t)n;
		at += n;
	}
	return 0;
}

/* @text: changed to have the length of the old one, for a moment */
static int replace_in_place(int fd, const struct strbuf *old, struct strbuf *text)
{
	const size_t len = text->len;
	size_t same = 0;
	int r;

	while (same < MIN_OF(old->len, len) && old->buf[same] == text->buf[same])
		same++;
	while (text->len < old->len)
		strbuf_putc(text, '\n');
	if (text->oom)
		return -ENOMEM;
	r = write_all(fd, text->buf + same, text->len - same, (off_t)same);
	if (r < 0 && old->len < len) { /* no space: as it was */
		(void)write_all(fd, old->buf + same, old->len - same, (off_t)same);
		(void)!ftruncate(fd, (off_t)old->len);
	}
	if (r == 0 && ftruncate(fd, (off_t)len) < 0)
		r = -errno;
	return r;
}

/* Gives @fd the owner and mode of the file that it replaces. */
static int attributes_copy(int fd, const struct stat *st)
{
	if (fchown(fd, st->st_uid, st->st_gid) < 0 || fchmod(fd, st->st_mode & 07777) < 0)
		return -errno;
	return 0;
}

/* Return: 0, or -errno: the file is as it was. */
static int replace_by_rename(const char *path, const char *tmp, const struct stat *st, const struct strbuf *text)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	fd = fault_fails("create the new /etc/hosts") ? -1 : open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_all(fd, strbuf_str(text), text->len, 0);
	if (r == 0)
		r = attributes_copy(fd, st);
	if (r == 0 && fdatasync(fd) < 0)
		r = -errno;
	if (r == 0 && (fault_fails("rename the new /etc/hosts") || rename(tmp, path) < 0))
		r = -errno;
	if (r < 0)
		(void)unlink(tmp);
	return r;
}

static int file_replace(int fd, const char *path, const char *tmp, const struct strbuf *old, struct strbuf *text, struct error *e)
{
	struct stat st, name;
	int r = -EBUSY;

	if (fstat(fd, &st) < 0)
		return error_errno(e, errno, "%s", path);
	if (st.st_nlink == 1 && lstat(path, &name) == 0 && S_ISREG(name.st_mode))
		r = replace_by_rename(path, tmp, &st, text);
	if (r < 0)
		r = replace_in_place(fd, old, text);
	return r < 0 ? error_errno(e, -r, "write %s", path) : 0;
}

int hostsfile_set_in(const char *path, const char *lock, const char *lab, const char *lines, struct error *e)
{
	_cleanup_strbuf_ struct strbuf old = { 0 }, text = { 0 };
	_cleanup_close_ int lock_fd = lock_open(lock, e), fd = -EBADF;
	_cleanup_free_ char *tmp = NULL;
	int r;

	if (lock_fd < 0)
		return lock_fd;
	fd = file_open(path, e);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (asprintf(&tmp, "%s.netemu", path) < 0)
		return error_oom(e);
	(void)unlink(tmp); /* of one that was killed: its locks are ours */
	r = file_read_all(fd, path, &old, e);
	if (r < 0)
		return r;
	if (text_without(&old, lab, &text) < 0)
		return error_set(e, EILSEQ, "%s: the block of lab %s has no end: remove it by hand", path, lab);
	if (*lines)
		block_add(&text, lab, lines);
	if (text.oom)
		return error_oom(e);
	if (text.len == old.len && memcmp(strbuf_str(&text), strbuf_str(&old), old.len) == 0)
		return 0;
	return file_replace(fd, path, tmp, &old, &text, e);
}

int hostsfile_set(const char *lab, const char *lines, struct error *e)
{
	return hostsfile_set_in(HOSTSFILE_PATH, LOCK_PATH, lab, lines, e);
}
