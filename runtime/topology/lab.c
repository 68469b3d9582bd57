// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lab.c - the model's few functions
 */
#include "topology/lab.h"

#include <string.h>

const char *const node_kind_names[] = {
	[NODE_LINUX] = "linux",
	[NODE_BRIDGE] = "bridge",
	[NODE_HOST] = "host",
	[NODE_EXT_CONTAINER] = "ext-container",
};
static_assert(ARRAY_SIZE(node_kind_names) == _NODE_KIND_MAX, "one a kind");

const char *const net_mode_names[] = {
	[NET_MGMT] = "mgmt",
	[NET_NONE] = "none",
	[NET_HOST] = "host",
	[NET_CONTAINER] = "container",
};
static_assert(ARRAY_SIZE(net_mode_names) == _NET_MODE_MAX, "one a mode");

int32_t lab_find_node(const struct lab *lab, const char *name)
{
	if (lab->node_index.cap)
		return (int32_t)strmap_get(&lab->node_index, name);
	for (size_t i = 0; i < lab->n_nodes; i++)
		if (strcmp(lab->nodes[i].name, name) == 0)
			return (int32_t)i;
	return LAB_INDEX_NONE;
}

void lab_free(struct lab *lab)
{
	if (!lab)
		return;
	strmap_done(&lab->node_index);
	arena_done(&lab->arena);
	free(lab);
}
