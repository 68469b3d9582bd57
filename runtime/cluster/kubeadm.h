/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kubeadm.h - the configuration that Kind would give kubeadm for each node, and what becomes of the node by it
 */
#ifndef NETEMU_CLUSTER_KUBEADM_H
#define NETEMU_CLUSTER_KUBEADM_H

#include <jansson.h>

#include "topology/loader.h"

/* One entry of kubeadmConfigPatches or kubeadmConfigPatchesJSON6902. */
struct kubeadm_patch {
	const char *text; /* YAML: documents to merge, or one list of JSON patch operations */
	struct pos pos;
	bool json6902;
	const char *group, *version, *kind; /* json6902: which document */
};

struct kubeadm_patches {
	struct kubeadm_patch *items; /* merge patches first, then JSON patches: the order in which Kind applies them */
	size_t n;
};

/**
 * kubeadm_version() - "v1.27.3" of an image reference "kindest/node:v1.27.3@sha256:..."
 *
 * Return: a string in @a, or NULL when the tag is no version.
 */
const char *kubeadm_version(struct arena *a, const char *image);

/**
 * kubeadm_next_document() - the next YAML document of a patch, which is cut up on the way
 * @rest: where to go on; NULL when there is nothing more
 *
 * Return: a document with something in it, or NULL.
 */
char *kubeadm_next_document(char **rest);

/**
 * kubeadm_render() - the five documents that Kind writes for a node, before patches
 * @node: index in @lab
 *
 * Source: kind's pkg/cluster/internal/kubeadm/config.go.
 *
 * Return: a new array.
 */
json_t *kubeadm_render(const struct lab *lab, size_t node);

/**
 * kubeadm_configure() - render, patch, and fill in the nodes of l->lab: node_ips, kube_labels, taints, pod_cidrs
 * @cluster: patches for all nodes
 * @nodes: one a node of the lab: its own
 *
 * Needs the fields of the lab that stand in the config itself, and node.labels. Mistakes go to the diagnostics.
 */
void kubeadm_configure(struct loader *l, const struct kubeadm_patches *cluster, const struct kubeadm_patches *nodes);

#endif
