// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crilog.c - entries of a container's log; refuses to know containers
 *
 * No descriptor is held: there are as many logs as containers, and most are silent. One write a burst.
 */
#include "supervisor/crilog.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

const char *crilog_time(const struct timespec *t, char buf[CRILOG_TIME_LEN])
{
	struct tm tm;
	size_t n;

	(void)gmtime_r(&t->tv_sec, &tm);
	n = strftime(buf, CRILOG_TIME_LEN, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(buf + n, CRILOG_TIME_LEN - n, ".%09ldZ", t->tv_nsec);
	return buf;
}

static void rotate(struct crilog *log)
{
	char old[CRILOG_NAME_LEN + 2];

	(void)snprintf(old, sizeof(old), "%s.1", log->name);
	(void)renameat(log->dirfd, log->name, log->dirfd, old);
	log->bytes = 0;
}

static void store(struct crilog *log, const struct strbuf *entries)
{
	_cleanup_close_ int fd = -EBADF;

	if (entries->oom || entries->len == 0)
		return;
	if (log->bytes && log->bytes + entries->len > CRILOG_BYTES_MAX)
		rotate(log);
	fd = openat(log->dirfd, log->name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0 && write(fd, entries->buf, entries->len) == (ssize_t)entries->len)
		log->bytes += entries->len;
}

static void entry(struct strbuf *out, const char *head, char tag, const struct strbuf *partial, const char *data, size_t n)
{
	strbuf_printf(out, "%s %c ", head, tag);
	strbuf_add(out, strbuf_str(partial), partial->len);
	strbuf_add(out, data, n);
	strbuf_putc(out, '\n');
}

static void head_make(char *buf, size_t size, const char *stream)
{
	char when[CRILOG_TIME_LEN];
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)snprintf(buf, size, "%s %s", crilog_time(&now, when), stream);
}

void crilog_write(struct crilog *log, const char *stream, struct strbuf *partial, const char *data, size_t n)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	char head[CRILOG_TIME_LEN + 16];

	head_make(head, sizeof(head), stream);
	while (n) {
		const size_t room = CRILOG_LINE_MAX - partial->len;
		const char *nl = memchr(data, '\n', MIN_OF(n, room + 1));
		const size_t len = nl ? (size_t)(nl - data) : MIN_OF(n, room);

		if (nl || len == room) {
			entry(&out, head, nl ? 'F' : 'P', partial, data, len);
			strbuf_reset(partial);
		} else {
			strbuf_add(partial, data, len);
		}
		data += len + (nl != NULL);
		n -= len + (nl != NULL);
	}
	store(log, &out);
}

void crilog_end(struct crilog *log, const char *stream, struct strbuf *partial)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	char head[CRILOG_TIME_LEN + 16];

	if (partial->len) {
		head_make(head, sizeof(head), stream);
		entry(&out, head, 'F', partial, "", 0);
		store(log, &out);
	}
	strbuf_done(partial);
}

void crilog_remove(int dirfd, const char *name)
{
	char old[CRILOG_NAME_LEN + 2];

	(void)snprintf(old, sizeof(old), "%s.1", name);
	(void)unlinkat(dirfd, name, 0);
	(void)unlinkat(dirfd, old, 0);
}
