/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crilog.h - a container's log, in the format of the container runtime interface
 *
 *   2016-10-06T00:17:09.669794202Z stdout F text
 *
 * F: a full line. P: a part of one, more follows. Source: kubernetes/design-proposals-archive, node/kubelet-cri-logging.md.
 */
#ifndef NETEMU_SUPERVISOR_CRILOG_H
#define NETEMU_SUPERVISOR_CRILOG_H

#include <time.h>

#include "base/strbuf.h"

enum {
	CRILOG_LINE_MAX = 16384, /* bytes of text in an entry, as containerd has it */
	CRILOG_BYTES_MAX = 1024 * 1024, /* of a file, then it becomes NAME.1 */
	CRILOG_NAME_LEN = 64,
	CRILOG_TIME_LEN = 36,
};

struct crilog {
	int dirfd; /* borrowed */
	char name[CRILOG_NAME_LEN]; /* of the file */
	size_t bytes; /* in it */
};

/** crilog_time() - RFC 3339 with nanoseconds, in UTC. Return: @buf. */
const char *crilog_time(const struct timespec *t, char buf[CRILOG_TIME_LEN]);

/**
 * crilog_write() - add what a stream printed
 * @stream: "stdout", "stderr"
 * @partial: the stream's unfinished line, kept between calls
 *
 * What cannot be stored (disk full) is lost.
 */
void crilog_write(struct crilog *log, const char *stream, struct strbuf *partial, const char *data, size_t n);

/** crilog_end() - the stream has ended: its unfinished line is one */
void crilog_end(struct crilog *log, const char *stream, struct strbuf *partial);

/** crilog_remove() - both files */
void crilog_remove(int dirfd, const char *name);

#endif
