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

enum { GO_DURATION_LEN = 32 };
/** go_duration() - whole seconds as Go's time.Duration writes them: "0s", "33m26s", "1h0m5s" */
const char *go_duration(json_int_t seconds, char buf[GO_DURATION_LEN]);

#endif
