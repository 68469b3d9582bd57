/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pump.h - bytes between a descriptor and somebody who must not be drowned
 *
 * A sink holds what a descriptor does not take yet; a source reads as long as it is allowed to. Both work on
 * non-blocking pipes, terminals and sockets, and two of them may share one descriptor, which stays the caller's.
 */
#ifndef NETEMU_APISERVER_PUMP_H
#define NETEMU_APISERVER_PUMP_H

#include "base/error.h"
#include "base/strbuf.h"
#include "supervisor/loop.h"

enum {
	PUMP_HIGH = 256 * 1024, /* bytes that wait: whoever makes more is to be paused */
	PUMP_CHUNK = 32 * 1024, /* bytes a source gives at most at once */
};

/** struct byte_queue - bytes in a row that are added at the end and taken from the beginning; zeroed is empty */
struct byte_queue {
	char *buf;
	size_t start, len, cap;
};

/** byte_queue_add() - Return: whether there was memory */
bool byte_queue_add(struct byte_queue *q, const void *data, size_t len);
void byte_queue_drop(struct byte_queue *q, size_t len);
void byte_queue_done(struct byte_queue *q);

typedef void (*pump_fn)(void *arg);

struct sink {
	struct loop *loop;
	int fd; /* < 0: not open (any more) */
	struct loop_handle id;
	struct byte_queue queue;
	bool ending;
	pump_fn on_drained; /* the queue is empty again after it was not */
	pump_fn on_end; /* all is written after sink_end(), or nobody reads any more: the descriptor is to be closed */
	void *arg;
};

/** sink_open() - set up; the descriptor, callbacks and @s->loop are filled in by the caller. Return: 0 or -errno. */
int sink_open(struct sink *s, struct error *e);
/** sink_write() - write, or keep what cannot be written. Callbacks come from the loop, never from here. */
void sink_write(struct sink *s, const void *data, size_t len);
/** sink_end() - on_end once all is written */
void sink_end(struct sink *s);
/** sink_done() - forget the descriptor and what waits */
void sink_done(struct sink *s);

typedef void (*source_fn)(void *arg, const char *data, size_t len);

struct source {
	struct loop *loop;
	int fd;
	struct loop_handle id;
	bool paused, finishing;
	source_fn on_data;
	pump_fn on_end; /* nothing more will come: the descriptor may be closed */
	void *arg;
};

int pump_source_open(struct source *s, struct error *e);
void pump_source_pause(struct source *s, bool paused);
/** pump_source_finish() - read what is there already, then on_end: whoever holds the other end is not waited for */
void pump_source_finish(struct source *s);
void pump_source_done(struct source *s);

#endif
