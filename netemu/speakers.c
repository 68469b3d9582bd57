// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * speakers.c - see speakers.h. Knows what nodes are configured to do, and nothing of how their sessions are.
 */
#include "speakers.h"

#include <string.h>

#include "cluster/jsonutil.h"

static const struct strv *peer_addresses(struct arena *a, const json_t *peers)
{
	struct strv *ret = arena_alloc(a, sizeof(*ret));
	const json_t *p;
	size_t i;

	json_array_foreach(peers, i, p)
		strv_add(a, ret, arena_strdup(a, json_text(p, "peer-address", NULL)));
	return ret;
}

static const struct strv *node_addresses(struct arena *a, struct kube *k, const char *node)
{
	_cleanup_kube_reply_ struct kube_reply reply = { 0 };
	const char *path = arena_printf(a, "/api/v1/nodes/%s", node);
	const struct kube_request rq = { .method = "GET", .path = path };
	struct strv *ret = arena_alloc(a, sizeof(*ret));
	const json_t *address;
	size_t i;

	if (kube_http(k, &rq, NULL, NULL, &reply, NULL) < 0)
		return ret;
	json_array_foreach(json_at(reply.json, "status", "addresses", NULL), i, address)
		if (strcmp(json_text(address, "type", NULL), "InternalIP") == 0)
			strv_add(a, ret, arena_strdup(a, json_text(address, "address", NULL)));
	return ret;
}

void speakers_add(struct speakers *s, const char *cluster)
{
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	_cleanup_json_ json_t *reply = NULL;
	const json_t *node;
	size_t i;

	if (kube_open(cluster, 0, &k, NULL) < 0 || kube_call(&k, "bgp.peers", json_object(), &reply, NULL) < 0)
		return;
	json_array_foreach(json_object_get(reply, "nodes"), i, node) {
		const char *name = arena_strdup(&s->arena, json_text(node, "node", NULL));

		if (json_array_size(json_object_get(node, "peers")) == 0)
			continue;
		*ARENA_PUSH(&s->arena, s->nodes, s->n) = (struct settle_node){
			.name = name,
			.addrs = node_addresses(&s->arena, &k, name),
			.peers = peer_addresses(&s->arena, json_object_get(node, "peers")),
		};
	}
}

void speakers_done(struct speakers *s)
{
	arena_done(&s->arena);
}
