/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cilium_print.h - sessions and routes in the very layout of `cilium bgp peers` and `cilium bgp routes`
 *
 * Source: cilium-cli 0.15.21 (bgp/peers.go, bgp/routes.go) and Go's text/tabwriter.
 */
#ifndef NETEMU_CLUSTER_CILIUM_PRINT_H
#define NETEMU_CLUSTER_CILIUM_PRINT_H

#include <jansson.h>

#include "base/strbuf.h"

/** cilium_peers_print() - @nodes: [{"node", "peers": [PeerState of speaker.h]}]; a node with an "error" is a line below the table */
void cilium_peers_print(const json_t *nodes, struct strbuf *out);

/** cilium_routes_print() - @nodes: [{"node", "routes": [...]}] (kubelet/speaker.h); with a column Peer when a route has one */
void cilium_routes_print(const json_t *nodes, struct strbuf *out);

#endif
