/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * logstore.h - what the processes of a lab print, kept in one bounded file for each node
 *
 * A directory holds `<node>.log` and, once that was full, its predecessor `<node>.log.1`. Both consist of whole
 * lines: streams of one node (stdout and stderr, several daemons) are mixed line by line, never within a line.
 * Files are only ever appended to and renamed, so that a reader can follow them without asking the writer.
 */
#ifndef NETEMU_SUPERVISOR_LOGSTORE_H
#define NETEMU_SUPERVISOR_LOGSTORE_H

#include "base/error.h"

enum {
	LOGSTORE_LINE_MAX = 4096, /* bytes; longer lines are cut into several */
	LOGSTORE_BYTES_MIN = 4 * LOGSTORE_LINE_MAX,
	LOGSTORE_BYTES_DEFAULT = 1024 * 1024,
	LOGSTORE_OPEN_MAX = 64, /* files held open at a time */
	LOGSTORE_NAME_MAX = 200,
};

struct logstore;

struct logstore_stats {
	uint64_t dropped; /* bytes that could not be stored (disk full, invalid name, no memory) */
	unsigned open_files;
};

/** logstore_name_valid() - letters, digits and ._:@+- only, not beginning with a dot or dash, 1 to 200 bytes */
bool logstore_name_valid(const char *name);

/**
 * logstore_open() - write logs into a directory
 * @dirfd: of the directory; duplicated
 * @max_bytes: limit of one file; 0 means 1 MiB, less than LOGSTORE_BYTES_MIN means that
 */
int logstore_open(int dirfd, size_t max_bytes, struct logstore **ret, struct error *e);

/** logstore_close() - writes out unfinished lines. Return: NULL. */
struct logstore *logstore_close(struct logstore *store);
DEFINE_CLEANUP(struct logstore *, logstore_close);
#define _cleanup_logstore_ _cleanup_(logstore_closep)

/**
 * logstore_append() - store what a process printed
 * @stream: tells apart sources of one node, such as "stdout" or "bgpd"; not written anywhere
 *
 * An unfinished line waits for its end (or for logstore_end()). Never fails: what cannot be stored is counted,
 * and the log says so in a line of its own as soon as something can be stored again.
 */
void logstore_append(struct logstore *store, const char *node, const char *stream, const void *data, size_t n);

/** logstore_end() - the stream was closed: its unfinished line is stored as if it had ended */
void logstore_end(struct logstore *store, const char *node, const char *stream);

struct logstore_stats logstore_stats(const struct logstore *store);

struct logstore_read {
	bool follow; /* go on until @cancel_fd is readable or the log is removed */
	bool tail; /* only the last @tail_lines */
	size_t tail_lines;
	int cancel_fd; /* -1: none. A pidfd of the supervisor is a good one. */
	bool timestamps; /* each line begins with when it was stored, as RFC 3339 has it, in UTC */
	int64_t since, until; /* only what was stored between the two, nanoseconds since the epoch; 0: no limit */
};

/**
 * logstore_read() - print a node's log, the predecessor's file first
 *
 * When following, each line that was stored is printed exactly once, unless the reader was slower than two
 * rotations. Needs no cooperation of the writer. SIGPIPE is the caller's business.
 *
 * Return: 0; -EINVAL for an invalid name; -ENOENT when nothing was stored (and not following); -EPIPE when
 * @out_fd's reader has gone; another -errno.
 */
int logstore_read(int dirfd, const char *node, int out_fd, const struct logstore_read *opt, struct error *e);

#endif
