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

const char *node_kind_text(const struct node *n)
{
	return n->kind_name ? n->kind_name : node_kind_names[n->kind];
}

const char *const net_mode_names[] = {
	[NET_MGMT] = "mgmt",
	[NET_NONE] = "none",
	[NET_HOST] = "host",
	[NET_CONTAINER] = "container",
};
static_assert(ARRAY_SIZE(net_mode_names) == _NET_MODE_MAX, "one a mode");

const char *const stage_names[] = {
	[STAGE_CREATE] = "create",   [STAGE_CREATE_LINKS] = "create-links", [STAGE_CONFIGURE] = "configure",
	[STAGE_HEALTHY] = "healthy", [STAGE_EXIT] = "exit",
};
static_assert(ARRAY_SIZE(stage_names) == _STAGE_MAX, "one a stage");

const char *const lab_file_names[] = {
	[LAB_FILE_ANSIBLE] = "ansible-inventory.yml",
	[LAB_FILE_NORNIR] = "nornir-simple-inventory.yml",
	[LAB_FILE_TOPOLOGY_DATA] = "topology-data.json",
	[LAB_FILE_KEYS] = "authorized_keys",
};
static_assert(ARRAY_SIZE(lab_file_names) == _LAB_FILE_MAX, "one a file");

const char *const link_type_names[] = {
	[LINK_VETH] = "veth",	[LINK_VETH_STITCH] = "veth-stitch", [LINK_MGMT_NET] = "mgmt-net", [LINK_MACVLAN] = "macvlan",
	[LINK_DUMMY] = "dummy", [LINK_VXLAN] = "vxlan",		    [LINK_VXLAN_STITCH] = "vxlan-stitch",
};
static_assert(ARRAY_SIZE(link_type_names) == _LINK_TYPE_MAX, "one a type");

const char *const macvlan_mode_names[] = {
	[MACVLAN_BRIDGE] = "bridge",	 [MACVLAN_PRIVATE] = "private", [MACVLAN_VEPA] = "vepa",
	[MACVLAN_PASSTHRU] = "passthru", [MACVLAN_SOURCE] = "source",
};
static_assert(ARRAY_SIZE(macvlan_mode_names) == _MACVLAN_MAX, "one a mode");

const char *node_bridge_name(const struct node *n, struct arena *a)
{
	return arena_strndup(a, n->name, strcspn(n->name, "|"));
}

bool lab_has_file(const char *name)
{
	for (size_t i = 0; i < _LAB_FILE_MAX; i++)
		if (strcmp(lab_file_names[i], name) == 0)
			return true;
	return false;
}

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
