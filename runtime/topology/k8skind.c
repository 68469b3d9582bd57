// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * k8skind.c - nodes of kind k8s-kind: which cluster they ask for
 *
 * Such a node is no node here: a Kind cluster is a lab of its own, started together with the topology (netemu/files.c),
 * whose nodes the topology names as ext-containers. Refuses to know what is in a Kind config.
 */
#include <string.h>

#include "topology/names.h"
#include "topology/nodekeys.h"

/* Keys that would have to do something to a cluster's nodes. */
static const enum node_key useless[] = { NK_EXEC, NK_BINDS, NK_CMD, NK_ENTRYPOINT, NK_NETWORK_MODE, NK_SYSCTLS };

static void warn_useless(struct node_ctx *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(useless); i++) {
		const struct value *v = c->levels->p[LEVEL_NODE]->v[useless[i]];

		if (v)
			diag_warning(c->l->d, v->pos, "give it to an ext-container node that has the name of one of its nodes",
				     "this key does nothing to cluster '%s'", c->node->name);
	}
}

static bool is_remote(const char *s)
{
	return strncmp(s, "http://", 7) == 0 || strncmp(s, "https://", 8) == 0;
}

void node_apply_cluster(struct node_ctx *c)
{
	const struct value *config = levels_value(c->levels, NK_STARTUP_CONFIG), *image = levels_value(c->levels, NK_IMAGE);
	const char *text = config ? magic_expand(c, value_string(config)) : "", *wrong = name_check_lab(c->node->name);
	struct lab_cluster *k;

	if (wrong) {
		diag_error(c->l->d, c->node->pos, NULL, "cluster name '%s' %s", c->node->name, wrong);
		return;
	}
	warn_useless(c);
	if (is_remote(text)) {
		diag_error(c->l->d, config->pos, "get the file first, and name it here", "netemu fetches no startup-config");
		return;
	}
	k = ARENA_PUSH(c->l->a, c->l->lab->clusters, c->l->lab->n_clusters);
	*k = (struct lab_cluster){ .name = arena_strdup(c->l->a, c->node->name),
				   .pos = config ? config->pos : c->node->pos };
	if (strchr(text, '\n'))
		k->text = arena_strdup(c->l->a, text);
	else if (*text)
		k->path = path_clean(c->l->a, c->l->lab->dir, text);
	if (image)
		k->image = arena_strdup(c->l->a, image->text);
}
