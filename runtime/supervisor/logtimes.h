/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * logtimes.h - when the lines of a log were stored
 *
 * Next to `<node>.log` lies `<node>.times`: a head that says which log it belongs to (its inode number, which no other file has as
 * long as somebody holds the log open), then pairs of an offset in the log and the time from which on what follows it
 * was stored. The log itself stays text. Only what the logs are worth depends on it: a file that cannot be written or read
 * is as good as none, and the log's own time of change is taken then.
 */
#ifndef NETEMU_SUPERVISOR_LOGTIMES_H
#define NETEMU_SUPERVISOR_LOGTIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOGTIMES_STEP_NS = 1000000 }; /* what is stored within a millisecond has one time */

/* The writer's side of one log. All zero but fd: nothing is open. */
struct logtimes_writer {
	int fd; /* -EBADF: not open */
	int64_t last;
};

/**
 * logtimes_note() - to be called before a log grows
 * @dirfd, @node: where the log is, and its name without the ending
 * @log_fd: the log, open
 * @size: its size, where the next byte goes
 */
void logtimes_note(struct logtimes_writer *w, int dirfd, const char *node, int log_fd, size_t size);

/** logtimes_close() - before another log of that name begins, or when there are too many files open */
void logtimes_close(struct logtimes_writer *w);

/** logtimes_rotate() - N.times becomes N.times.1, after the log has become N.log.1 */
void logtimes_rotate(struct logtimes_writer *w, int dirfd, const char *node);

struct logtimes_pair {
	uint64_t offset;
	int64_t ns; /* since the epoch */
};

/* The reader's side. */
struct logtimes {
	int fd; /* -EBADF: there is no file for this log */
	struct logtimes_pair *pairs;
	size_t n, cap;
	int64_t fallback; /* where there is none: when the log was changed last */
};

/** logtimes_open() - the times of the log that is open as @log_fd, under whichever name they are now */
void logtimes_open(struct logtimes *t, int dirfd, const char *node, int log_fd);
void logtimes_done(struct logtimes *t);

/** logtimes_find() - when the byte at @offset was stored, nanoseconds since the epoch */
int64_t logtimes_find(struct logtimes *t, uint64_t offset);

#endif
