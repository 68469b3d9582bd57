/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * logstream.h - a container's log as `kubectl logs` gets it
 *
 * Reads CRI_LOG_DIR/ID.log.1 and ID.log (lines as containerd writes them, cri.h) from a file that is still written to
 * and may be rotated at any moment. With follow it ends when the container has ended and all is read.
 */
#ifndef NETEMU_APISERVER_LOGSTREAM_H
#define NETEMU_APISERVER_LOGSTREAM_H

#include "apiserver/api.h"

struct log_stream;

/** log_write_fn - Return: whether more may come; false: not until log_stream_continue() */
typedef bool (*log_write_fn)(void *arg, const char *data, size_t len);
/** log_end_fn - all is told; call log_stream_free() then or later */
typedef void (*log_end_fn)(void *arg);

/** log_options_check() - whether the query's log options are good. Return: 0 or -EINVAL with the text for a 400. */
int log_options_check(const json_t *query, struct error *e);

/**
 * log_stream_start() - begin; callbacks come from the loop
 * @pod: the Pod as stored, borrowed
 * @container: its name
 * @id: cri.h's
 * @query: follow, tailLines, sinceSeconds, sinceTime, timestamps, limitBytes; borrowed
 */
int log_stream_start(struct api *api, const json_t *pod, const char *container, const char *id, const json_t *query, log_write_fn write,
		     log_end_fn end, void *arg, struct log_stream **ret, struct error *e);
void log_stream_continue(struct log_stream *ls);
struct log_stream *log_stream_free(struct log_stream *ls);

#endif
