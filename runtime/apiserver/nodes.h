/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nodes.h - what the files about nodes share: nodeconn.c, nodelife.c, network.c
 */
#ifndef NETEMU_APISERVER_NODES_H
#define NETEMU_APISERVER_NODES_H

#include "apiserver/api.h"

/* network.c */

/** node_entry() - a node's entry in cluster.json; NULL */
const json_t *node_entry(const struct api *api, const char *node);
/** node_list() - "podCIDRs" or "routerIPs" of a node: as pinned, else as in cluster.json; NULL */
const json_t *node_list(const struct api *api, const char *node, const char *key);
/** network_of_node() - what one node is told; new reference, json_null() when there is no network */
json_t *network_of_node(const struct api *api, const char *node);

/* nodelife.c: whether nodes are alive, conditions and taints */

struct nodelife;

int nodelife_start(struct api *api, struct nodelife **ret, struct error *e);
struct nodelife *nodelife_free(struct nodelife *nl);
/** nodelife_beat() - a heart-beat came */
void nodelife_beat(struct nodelife *nl, const char *node);
/** nodelife_changed() - a Node object was added, changed or deleted; called by a store watch */
void nodelife_changed(struct nodelife *nl, const char *node);
/** node_merge_status() - a kubelet's status into that of a Node (own copy): conditions by type, the rest replaced */
void node_merge_status(json_t *node, const json_t *status);

#endif
