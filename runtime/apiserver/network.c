// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * network.c - the default CNI's network: Kind's kindnetd, which routes each node's pod CIDR to the node
 */
#include <string.h>

#include "apiserver/nodes.h"
#include "cluster/jsonutil.h"

json_t *network_default(const struct api *api)
{
	json_t *subnets;

	if (!json_bool(api->cluster, "defaultCNI", NULL))
		return NULL;
	subnets = json_object_get(api->cluster, "podSubnets");
	return json_pack("{s:s, s:o, s:b, s:b, s:i}", "kind", "default", "nativeCIDRs",
	                 subnets ? json_deep_copy(subnets) : json_array(), "masquerade4", 1, "masquerade6", 1, "mtu",
	                 0);
}

const json_t *node_entry(const struct api *api, const char *node)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(api->cluster, "nodes"), i,
	                   entry) if (strcmp(json_text(entry, "hostname", NULL), node) == 0) return entry;
	return NULL;
}

const json_t *node_list(const struct api *api, const char *node, const char *key)
{
	const json_t *pinned = json_at(api->pins, "nodes", node, key, NULL);

	return json_array_size(pinned) > 0 ? pinned : json_object_get(node_entry(api, node), key);
}

static bool is_v6(const char *address)
{
	return strchr(address, ':') != NULL;
}

/* The node's address of the same family as a CIDR. */
static const char *via(const json_t *entry, const char *cidr)
{
	json_t *address;
	size_t i;

	json_array_foreach(json_object_get(entry, "addresses"), i,
	                   address) if (json_is_string(address) &&
	                                is_v6(json_string_value(address)) ==
	                                        is_v6(cidr)) return json_string_value(address);
	return NULL;
}

/* A node's pod CIDRs: of Cilium's own pool, or the Node's. */
static const json_t *pod_cidrs(const struct api *api, const char *node)
{
	const json_t *pool = json_at(api->network, "podCIDRs", node, NULL);

	return pool ? pool : node_list(api, node, "podCIDRs");
}

static json_t *routes_to_others(const struct api *api, const char *node)
{
	json_t *routes = json_array(), *entry, *cidr;
	size_t i, k;

	json_array_foreach(json_object_get(api->cluster, "nodes"), i, entry)
	{
		const char *name = json_text(entry, "hostname", NULL);

		if (strcmp(name, node) == 0)
			continue;
		json_array_foreach(pod_cidrs(api, name), k, cidr)
		{
			const char *dst = json_string_value(cidr), *gateway = dst ? via(entry, dst) : NULL;

			if (gateway)
				(void)json_array_append_new(routes,
				                            json_pack("{s:s, s:s}", "dst", dst, "via", gateway));
		}
	}
	return routes;
}

json_t *network_of_node(const struct api *api, const char *node)
{
	const json_t *router = node_list(api, node, "routerIPs");
	json_t *network;

	if (!api->network)
		return json_null();
	network = json_copy(api->network);
	if (json_array_size(router) > 0)
		(void)json_object_set(network, "routerIPs", (json_t *)(uintptr_t)router);
	if (json_object_get(network, "podCIDRs"))
		(void)json_object_set(network, "podCIDRs", (json_t *)(uintptr_t)pod_cidrs(api, node));
	if (strcmp(json_text(network, "kind", NULL), "default") == 0 || json_bool(network, "direct", NULL))
		(void)json_object_set_new(network, "routes", routes_to_others(api, node));
	return network;
}
