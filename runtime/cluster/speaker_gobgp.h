/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * speaker_gobgp.h - an instance of the speaker's model as gobgpd's configuration (gobgpd -t json)
 *
 * Pure. GoBGP is what Cilium itself has inside, set up as Cilium sets it up: routes of neighbors are rejected on
 * import, a route policy for each neighbor says what it is told and with which attributes.
 */
#ifndef NETEMU_CLUSTER_SPEAKER_GOBGP_H
#define NETEMU_CLUSTER_SPEAKER_GOBGP_H

#include <jansson.h>

#include "base/macros.h"

/** speaker_gobgp_config() - the whole configuration but for the paths; new reference */
json_t *speaker_gobgp_config(const json_t *instance);

/** speaker_gobgp_prefixes() - all that is announced to anybody in a family, "ipv4" or "ipv6"; new array of strings */
json_t *speaker_gobgp_prefixes(const json_t *instance, const char *afi);

/** speaker_gobgp_replaces() - whether a change needs another gobgpd: ASN, router ID or port have changed, as in Cilium */
bool speaker_gobgp_replaces(const json_t *old, const json_t *new);

#endif
