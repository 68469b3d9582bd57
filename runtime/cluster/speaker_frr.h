/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * speaker_frr.h - an instance of the speaker's model as bgpd's configuration, and what changes from one to the next
 *
 * Pure. bgpd runs without zebra (-Z -n): what it learns goes nowhere, and what it announces needs no route. It learns
 * all, so that it can be seen what a neighbor sends, and announces its own paths only: each neighbor has a route-map.
 *
 * Graceful restart off means FRR's default, helper mode: the neighbor sees the capability, with which both sides tell
 * the end of their first updates, but no promise to keep forwarding.
 */
#ifndef NETEMU_CLUSTER_SPEAKER_FRR_H
#define NETEMU_CLUSTER_SPEAKER_FRR_H

#include <jansson.h>

#include "base/strbuf.h"

/** speaker_frr_config() - the whole configuration, for bgpd -f. @connect: seconds of connect retry for all peers, 0: the model's */
void speaker_frr_config(const json_t *instance, unsigned connect, struct strbuf *out);

/** speaker_frr_replaces() - whether a change needs another bgpd: the ASN, the port or the address listened on have changed */
bool speaker_frr_replaces(const json_t *old, const json_t *new);

/**
 * speaker_frr_diff() - commands that make bgpd, which has @old, have @new
 *
 * They begin in enable mode and end there. Sessions that did not change are not touched; a change of timers, password,
 * port, families, ... resets that session alone, as it does in Cilium.
 *
 * Return: new array of strings; empty when nothing is to be done.
 */
json_t *speaker_frr_diff(const json_t *old, const json_t *new, unsigned connect);

/** speaker_frr_connect() - commands that set the connect retry of all peers: @connect, 0: the model's */
json_t *speaker_frr_connect(const json_t *instance, unsigned connect);

#endif
