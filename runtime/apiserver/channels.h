/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * channels.h - the five channels of exec and attach, whether over SPDY streams or WebSocket messages
 *
 * Owns: the connection from the upgrade on. Refuses to know what is behind the channels.
 */
#ifndef NETEMU_APISERVER_CHANNELS_H
#define NETEMU_APISERVER_CHANNELS_H

#include "apiserver/stream.h"

/* The numbers are those of v4.channel.k8s.io on WebSocket. */
enum channel { CHANNEL_STDIN, CHANNEL_STDOUT, CHANNEL_STDERR, CHANNEL_ERROR, CHANNEL_RESIZE, _CHANNEL_MAX };

struct channels;

struct channels_handler {
	void (*ready)(void *arg); /* all channels that were wanted are open */
	void (*input)(void *arg, const char *data, size_t len); /* of stdin */
	void (*input_end)(void *arg);
	void (*resize)(void *arg, unsigned rows, unsigned cols);
	void (*drained)(void *arg); /* what was written is on its way: more may come */
	void (*end)(void *arg); /* the client has gone: channels_free() */
	void *arg;
};

/**
 * channels_new() - take a connection over
 * @wanted: a bit for each enum channel that the client has to open
 *
 * Callbacks come from the loop. Return: NULL when out of memory; the connection is closed then.
 */
struct channels *channels_new(struct conn *conn, enum stream_protocol protocol, unsigned wanted, const struct channels_handler *handler);
/** channels_free() - hang up. May be called from inside of callbacks. Takes NULL. Return: NULL. */
struct channels *channels_free(struct channels *ch);

void channels_write(struct channels *ch, enum channel c, const char *data, size_t len);
/** channels_queued() - bytes that the client has not taken */
size_t channels_queued(const struct channels *ch);
/** channels_pause() - take no more input for now */
void channels_pause(struct channels *ch, bool paused);
/**
 * channels_finish() - the last words: a metav1.Status, the ends of all channels; then hang up when the client has, or soon
 * @status: {"status": "Success"}; reference is taken
 *
 * @ch is no longer the caller's; there are no more callbacks.
 */
void channels_finish(struct channels *ch, json_t *status);

#endif
