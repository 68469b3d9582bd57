// SPDX-License-Identifier: GPL-2.0-or-later
#include "kubelab.h"

#include "cluster/cri.h"
#include "cluster/jsonutil.h"

static void strings_read(struct arena *a, const json_t *list, struct strv *ret)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		strv_add(a, ret, json_string_value(json_array_get(list, i)));
}

static void node_read(struct lab *lab, const json_t *j)
{
	struct node *n = ARENA_PUSH(&lab->arena, lab->nodes, lab->n_nodes);

	n->name = arena_strdup(&lab->arena, json_text(j, "name", NULL));
	n->longname = n->hostname = arena_strdup(&lab->arena, json_text(j, "hostname", NULL));
	n->kube = true;
	strings_read(&lab->arena, json_object_get(j, "podCIDRs"), &n->pod_cidrs);
}

struct lab *kube_lab(const struct kube *k, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *path = kube_file(&a, k->lab, KUBE_CONFIG_JSON);
	json_error_t je;
	_cleanup_json_ json_t *j = json_load_file(path, 0, &je);
	struct lab *lab = calloc(1, sizeof(*lab));
	json_t *node;
	size_t i;

	if (!j || !lab) {
		(void)error_set(e, EIO, "%s: %s", path, j ? "out of memory" : je.text);
		free(lab);
		return NULL;
	}
	lab->type = LAB_CLUSTER;
	lab->name = arena_strdup(&lab->arena, json_text(j, "name", NULL));
	json_array_foreach(json_object_get(j, "nodes"), i, node)
		node_read(lab, node);
	return lab;
}
