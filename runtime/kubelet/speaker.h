/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * speaker.h - the BGP speaker of a cluster node: bgpd or gobgpd as cluster/speaker.h's model says
 *
 * Theory of Operation
 *
 * Each instance of the model is one daemon with a directory of its own, SPEAKER_DIR/INSTANCE: its configuration, its
 * vty (or gRPC) socket, its pid file, the model that was applied last, and a FIFO that is its standard output.
 * The daemon says there when a session comes up or goes down, so nothing is polled. It is watched by a pidfd, and
 * started again when it dies. It lives on when the kubelet dies: the next one finds the pid file and the model,
 * and applies only what differs.
 *
 * A session that cannot be opened is tried again after the connect-retry time, two minutes by default. In a lab
 * everything starts at once and the first try is nearly always too early, so the first tries are made again quickly,
 * with a pause that doubles each time.
 */
#ifndef NETEMU_KUBELET_SPEAKER_H
#define NETEMU_KUBELET_SPEAKER_H

#include <jansson.h>

#include "base/error.h"
#include "supervisor/loop.h"

#define SPEAKER_DIR "/run/netemu-bgp"

struct speaker;

/** speaker_changed_fn - the state of a session has changed: ask speaker_peers() */
typedef void (*speaker_changed_fn)(struct speaker *sp, void *arg);

/** speaker_new() - no daemon is started or looked for before speaker_set(). Return: NULL on failure. */
struct speaker *speaker_new(struct loop *loop, struct error *e);

/** speaker_free() - forget; the daemons run on (speaker_set(sp, NULL) ends them). Takes NULL. Return: NULL. */
struct speaker *speaker_free(struct speaker *sp);

/** speaker_on_change() - whom to tell; @fn is called from the loop */
void speaker_on_change(struct speaker *sp, speaker_changed_fn fn, void *arg);

/** speaker_note_fn - something could not be done, said once until the next speaker_set() */
typedef void (*speaker_note_fn)(struct speaker *sp, const char *text, void *arg);
/** speaker_on_note() - whom to tell; @fn may be called from inside speaker_set() */
void speaker_on_note(struct speaker *sp, speaker_note_fn fn, void *arg);

/**
 * speaker_set() - make the daemons be as the model says; the first call takes over what still runs
 * @config: Speaker of cluster/speaker.h; NULL: none shall run
 *
 * Failures (no daemon installed, ...) do not stop anything: they are in speaker_notes().
 */
void speaker_set(struct speaker *sp, const json_t *config);

/** speaker_peers() - new array of PeerState, asked of the daemons now */
json_t *speaker_peers(struct speaker *sp);

/**
 * speaker_routes() - new array of {"vrouter", "peer" (advertised), "prefix", "nexthop", "age" (seconds), "attrs": text}
 * @table: "available" or "advertised"
 * @afi: "ipv4" or "ipv6"
 */
json_t *speaker_routes(struct speaker *sp, const char *table, const char *afi);

/** speaker_notes() - array of texts: what could not be done. Borrowed. */
const json_t *speaker_notes(const struct speaker *sp);

/** speaker_main() - `netemu-kubelet speaker MODEL.json`, for tests: only the speaker, here; SIGHUP reads the file again */
int speaker_main(const char *path);

#endif
