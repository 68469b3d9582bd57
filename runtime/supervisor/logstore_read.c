// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * logstore_read.c - the reading side of the logs
 *
 * Owns nothing that lasts: it runs in the command that prints a log, without a word to the writer.
 *
 * Theory of Operation
 * -------------------
 * The writer appends to N.log; when that is full it becomes N.log.1 (replacing the one before) and a new N.log
 * appears. Files are therefore a chain ..., N.log.1, N.log, and the reader holds one of them open. Since a file is
 * never written again once its successor is there, the rule is: read to the end; ask which file comes next
 * (next_file()); if there is one, read to the end *once more*, then go to it. With no next file, either stop or sleep
 * until inotify reports that the file in hand was written or moved, or that a file appeared in the directory.
 *
 * Watches are set before the last look, so nothing happens unseen between look and sleep. Files are told apart by
 * device and inode number, which cannot be reused while we hold them open.
 */
#include "supervisor/logstore.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>

#include "base/strbuf.h"
#include "supervisor/logtimes.h"

struct logreader {
	int dirfd, out_fd;
	const char *node;
	const struct logstore_read *opt;
	char name[LOGSTORE_NAME_MAX + sizeof(".log")], old_name[LOGSTORE_NAME_MAX + sizeof(".log.1")];
	int fd; /* the file in hand */
	int inotify_fd, wd; /* wd: watch of the file in hand */
	bool found; /* some file was there */
	size_t skip; /* bytes still to be left out, for tail */
	bool by_line; /* what is asked for depends on when a line was stored */
	bool over; /* what comes now was stored too late */
	struct logtimes times; /* of the file in hand */
	uint64_t at; /* where in it the line begins that is being read */
	struct strbuf line, lines; /* its beginning; those that are to be written */
};

static void logreader_done(struct logreader *r)
{
	r->fd = fd_close(r->fd);
	r->inotify_fd = fd_close(r->inotify_fd);
	logtimes_done(&r->times);
	strbuf_done(&r->line);
	strbuf_done(&r->lines);
}

static bool same_file(int a, int b)
{
	struct stat sa, sb;

	return a >= 0 && b >= 0 && fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

static int open_log(int dirfd, const char *name)
{
	return openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

/* Whether @name still is (or still is not) what was opened as @fd. */
static bool still_named(int dirfd, const char *name, int fd)
{
	_cleanup_close_ int now = open_log(dirfd, name);

	return fd < 0 ? now < 0 : same_file(fd, now);
}

/* Both files, such that *ret_old is what comes right before *ret_new; -1 for one that is not there. */
static void open_pair(const struct logreader *r, int *ret_old, int *ret_new)
{
	for (;;) {
		*ret_new = open_log(r->dirfd, r->name);
		*ret_old = open_log(r->dirfd, r->old_name);
		if (still_named(r->dirfd, r->name, *ret_new))
			return;
		(void)fd_close(*ret_new);
		(void)fd_close(*ret_old);
	}
}

/* The file that comes after the one in hand, or -1. */
static int next_file(const struct logreader *r)
{
	_cleanup_close_ int newer = -EBADF, older = -EBADF;

	open_pair(r, &older, &newer);
	if (same_file(newer, r->fd))
		return -1;
	if (older >= 0 && !same_file(older, r->fd))
		return TAKE_FD(older);
	return newer >= 0 ? TAKE_FD(newer) : -1;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t w = write(fd, data, len);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0 && errno == EAGAIN) {
			(void)poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
			continue;
		}
		if (w < 0)
			return -errno;
		data += w;
		len -= (size_t)w;
	}
	return 0;
}

/* ---- lines by their time ---- */

static void add_time(struct strbuf *out, int64_t ns)
{
	const time_t t = (time_t)(ns / 1000000000);
	char buf[32] = "";
	struct tm tm;

	if (gmtime_r(&t, &tm))
		(void)strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%S", &tm);
	strbuf_printf(out, "%s.%09dZ ", buf, (int)(ns % 1000000000));
}

/* The line that r->line holds. */
static void take_line(struct logreader *r)
{
	const int64_t ns = logtimes_find(&r->times, r->at);

	r->at += r->line.len;
	r->over |= r->opt->until && ns > r->opt->until;
	if (!r->over && ns >= r->opt->since) {
		if (r->opt->timestamps)
			add_time(&r->lines, ns);
		strbuf_add(&r->lines, strbuf_str(&r->line), r->line.len);
	}
	strbuf_reset(&r->line);
}

static void take_lines(struct logreader *r, const char *data, size_t len)
{
	while (len > 0 && !r->over) {
		const char *end = memchr(data, '\n', len);
		const size_t n = end ? (size_t)(end - data) + 1 : len;

		strbuf_add(&r->line, data, n);
		if (end)
			take_line(r);
		data += n;
		len -= n;
	}
}

/* ---- files ---- */

static int write_out(struct logreader *r, const char *data, size_t len)
{
	int w;

	if (!r->by_line)
		return write_all(r->out_fd, data, len);
	take_lines(r, data, len);
	w = r->lines.oom || r->line.oom ? -ENOMEM : write_all(r->out_fd, strbuf_str(&r->lines), r->lines.len);
	strbuf_reset(&r->lines);
	return w;
}

static int drain(struct logreader *r, struct error *e)
{
	char buf[65536];
	ssize_t n;
	int w;

	while (r->fd >= 0 && !r->over) {
		size_t skip;

		n = read(r->fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(e, errno, "read %s", r->name);
		if (n == 0)
			break;
		skip = MIN_OF(r->skip, (size_t)n);
		r->skip -= skip;
		r->at += skip;
		w = write_out(r, buf + skip, (size_t)n - skip);
		if (w < 0)
			return error_errno(e, -w, "write the log");
	}
	return 0;
}

static void take_in_hand(struct logreader *r, int fd)
{
	char path[64];

	if (r->inotify_fd >= 0 && r->wd >= 0)
		(void)inotify_rm_watch(r->inotify_fd, r->wd);
	(void)fd_close(r->fd);
	r->fd = fd;
	r->found = true;
	if (r->by_line) {
		logtimes_done(&r->times);
		logtimes_open(&r->times, r->dirfd, r->node, fd);
		strbuf_reset(&r->line);
		r->at = 0;
	}
	if (r->inotify_fd < 0)
		return;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r->wd = inotify_add_watch(r->inotify_fd, path, IN_MODIFY | IN_MOVE_SELF | IN_ATTRIB);
}

/* Prints all there is. */
static int catch_up(struct logreader *r, struct error *e)
{
	int fd, s;

	for (;;) {
		s = drain(r, e);
		if (s < 0)
			return s;
		fd = next_file(r);
		if (fd < 0)
			return 0;
		s = drain(r, e);
		take_in_hand(r, fd);
		if (s < 0)
			return s;
	}
}

static int start_watching(struct logreader *r, struct error *e)
{
	char path[64];

	r->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (r->inotify_fd < 0)
		return error_errno(e, errno, "follow %s: inotify (fs.inotify.max_user_instances)", r->name);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", r->dirfd);
	if (inotify_add_watch(r->inotify_fd, path, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) < 0)
		return error_errno(e, errno, "follow %s: inotify (fs.inotify.max_user_watches)", r->name);
	return 0;
}

/* The file in hand was removed (an unlink shows as IN_ATTRIB), or the whole directory. */
static bool removed(const struct logreader *r)
{
	struct stat st;

	if (fstat(r->dirfd, &st) < 0 || st.st_nlink == 0)
		return true;
	return r->fd >= 0 && (fstat(r->fd, &st) < 0 || st.st_nlink == 0);
}

/* Sleeps until there may be more. Return: 1 to look again, 0 for the end, -errno. */
static int wait_for_more(struct logreader *r, int cancel_fd, struct error *e)
{
	char events[4096] __attribute__((aligned(8)));
	struct pollfd p[] = {
		{ .fd = r->inotify_fd, .events = POLLIN },
		{ .fd = cancel_fd, .events = POLLIN },
		{ .fd = r->out_fd, .events = 0 }, /* POLLERR: its reader has gone */
	};

	if (poll(p, ARRAY_SIZE(p), -1) < 0)
		return errno == EINTR ? 1 : error_errno(e, errno, "follow %s", r->name);
	if (p[2].revents & POLLERR)
		return error_errno(e, EPIPE, "write the log");
	if (p[1].revents)
		return 0;
	while (read(r->inotify_fd, events, sizeof(events)) > 0)
		;
	return 1;
}

static int follow(struct logreader *r, int cancel_fd, struct error *e)
{
	int s, more = 1;

	while (more > 0) {
		/* Rotation removes files, too, but then there is a next one. Asked first, so that it is seen. */
		bool gone = removed(r);
		int wd = r->wd;

		s = catch_up(r, e);
		if (s < 0 || r->over || (gone && wd == r->wd))
			return s;
		more = wait_for_more(r, cancel_fd, e);
	}
	return more < 0 ? more : catch_up(r, e);
}

/* Tail: how many bytes of both files come before the last lines */

struct line_count {
	size_t *starts; /* a ring of the offsets where the last lines begin */
	size_t cap, n, offset;
};

static void count_lines(struct line_count *c, int fd)
{
	char buf[65536];
	bool at_start = true;
	off_t at = 0;
	ssize_t n;

	while (fd >= 0 && (n = pread(fd, buf, sizeof(buf), at)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (at_start)
				c->starts[c->n++ % c->cap] = c->offset + (size_t)i;
			at_start = buf[i] == '\n';
		}
		c->offset += (size_t)n;
		at += n;
	}
}

/* The pair must be what catch_up() meets first; a rotation between the two prints a few lines more or fewer. */
static int skip_to_tail(struct logreader *r, size_t lines, struct error *e)
{
	_cleanup_close_ int older = -EBADF, newer = -EBADF;
	_cleanup_free_ size_t *starts = NULL;
	struct line_count c = { .cap = MAX_OF(MIN_OF(lines, (size_t)1 << 20), (size_t)1) };

	starts = c.starts = calloc(c.cap, sizeof(*starts));
	if (!starts)
		return error_oom(e);
	open_pair(r, &older, &newer);
	count_lines(&c, older);
	count_lines(&c, newer);
	if (lines == 0)
		r->skip = c.offset;
	else if (c.n > c.cap)
		r->skip = starts[c.n % c.cap];
	return 0;
}

int logstore_read(int dirfd, const char *node, int out_fd, const struct logstore_read *opt, struct error *e)
{
	_cleanup_(logreader_done) struct logreader r = { .dirfd = dirfd, .out_fd = out_fd, .node = node,
							 .opt = opt, .fd = -EBADF, .inotify_fd = -EBADF,
							 .wd = -1, .times.fd = -EBADF };
	int s = 0;

	if (!logstore_name_valid(node))
		return error_set(e, EINVAL, "'%s' cannot be the name of a log", node);
	(void)snprintf(r.name, sizeof(r.name), "%s.log", node);
	(void)snprintf(r.old_name, sizeof(r.old_name), "%s.log.1", node);
	r.by_line = opt->timestamps || opt->since || opt->until;
	if (opt->follow)
		s = start_watching(&r, e);
	if (s >= 0 && opt->tail)
		s = skip_to_tail(&r, opt->tail_lines, e);
	if (s < 0)
		return s;
	if (opt->follow)
		return follow(&r, opt->cancel_fd, e);
	s = catch_up(&r, e);
	if (s >= 0 && !r.found)
		return error_set(e, ENOENT, "no log of '%s'", node);
	return s;
}
