// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * topology.c - a containerlab topology from its YAML root to a lab
 *
 * Theory of operation. Sections first (defaults, kinds, groups: struct props each), then nodes, each with the
 * levels that it inherits from; then links; then what ties nodes together (shared network namespaces, one use of
 * an interface), then --node-filter, and last what depends on the lab as it remains (environment, management
 * addresses). Every step reports and goes on, so that a user sees all mistakes at once; a node with mistakes stays
 * in the lab, so that the links to it are not mistakes as well.
 */
#include "topology/topology.h"

#include <string.h>

#include "topology/kinds.h"
#include "topology/names.h"
#include "topology/nodekeys.h"

enum file_key { FK_NAME, FK_PREFIX, FK_MGMT, FK_TOPOLOGY, FK_SETTINGS, FK_DEBUG, _FK_MAX };

static void check_prefix(struct loader *l, const struct value *v)
{
	const char *wrong = *v->text && strcmp(v->text, "__lab-name") != 0 ? name_check_lab(v->text) : NULL;

	if (wrong)
		diag_error(l->d, v->pos, "a name, \"\" for none, or __lab-name", "prefix '%s' %s", v->text, wrong);
}

static const struct schema_key file_keys[] = {
	[FK_NAME] = { "name", SHAPE_STRING, 0, NULL, "of the lab; `__gitBranch__`, `__gitHash__`" },
	[FK_PREFIX] = { "prefix", SHAPE_STRING, 0, check_prefix, "of long names, default clab; \"\" and `__lab-name`" },
	[FK_MGMT] = { "mgmt", SHAPE_MAP, 0, NULL, "the management network" },
	[FK_TOPOLOGY] = { "topology", SHAPE_MAP, 0, NULL, "nodes and links" },
	[FK_SETTINGS] = { "settings", SHAPE_MAP, 0, NULL, "`certificate-authority`" },
	[FK_DEBUG] = { "debug", SHAPE_ANY, KEY_IGNORED, NULL, "containerlab's log level" },
};
static_assert(ARRAY_SIZE(file_keys) == _FK_MAX, "one a key");
const struct schema file_schema = { file_keys, ARRAY_SIZE(file_keys) };

enum topo_key { TK_DEFAULTS, TK_GROUPS, TK_KINDS, TK_LINKS, TK_NODES, _TK_MAX };

static const struct schema_key topo_keys[] = {
	[TK_DEFAULTS] = { "defaults", SHAPE_MAP, 0, NULL, "keys of a node, for all nodes" },
	[TK_GROUPS] = { "groups", SHAPE_MAP, 0, NULL, "keys of a node, for each group" },
	[TK_KINDS] = { "kinds", SHAPE_MAP, 0, NULL, "keys of a node, for each kind" },
	[TK_LINKS] = { "links", SHAPE_LIST, 0, NULL, "a list" },
	[TK_NODES] = { "nodes", SHAPE_MAP, 0, NULL, "a map; a body may be empty" },
};
static_assert(ARRAY_SIZE(topo_keys) == _TK_MAX, "one a key");
const struct schema topo_schema = { topo_keys, ARRAY_SIZE(topo_keys) };

struct topology {
	struct loader *l;
	const char *lab_dir;
	struct props defaults;
	struct props_map kinds, groups;
	struct props *own;     /* of each node in the file's order, clusters included */
	struct levels *levels; /* likewise */
	size_t n_own;
	struct kinds_refused refused;
};

static void read_section(struct loader *l, const struct value *v, enum level level, struct props_map *ret)
{
	ret->n = v ? v->n : 0;
	ret->props = arena_alloc(&l->scratch, (ret->n + 1) * sizeof(*ret->props));
	for (size_t i = 0; i < ret->n; i++) {
		const char *what =
			arena_printf(&l->scratch, "%s '%s'", level == LEVEL_KIND ? "kind" : "group", v->pairs[i].key);

		(void)strmap_put(&ret->index, v->pairs[i].key, i);
		props_read(l, v->pairs[i].value, level, what, &ret->props[i]);
	}
}

static const struct props *section_get(const struct props_map *m, const char *name)
{
	const ssize_t at = name && *name ? strmap_get(&m->index, name) : STRMAP_NONE;

	return at < 0 ? NULL : &m->props[at];
}

static const char *props_text(const struct props *p, enum node_key key)
{
	return p ? value_string(p->v[key]) : "";
}

static const char *first_set(const char *a, const char *b)
{
	return *a ? a : b;
}

/* ---- nodes ---- */

/*
 * A node's group may come from its kind or the defaults, and its kind from its group. Return: the kind as it
 * is written, "" when there is none.
 */
static const char *find_levels(struct topology *t, const struct props *own, struct levels *ret, const char **ret_group)
{
	const char *kind = props_text(own, NK_KIND), *group = props_text(own, NK_GROUP);

	if (!*group && *kind)
		group = props_text(section_get(&t->kinds, kind), NK_GROUP);
	group = first_set(group, props_text(&t->defaults, NK_GROUP));
	kind = first_set(kind, props_text(section_get(&t->groups, group), NK_KIND));
	kind = first_set(kind, props_text(&t->defaults, NK_KIND));
	group = first_set(group, props_text(section_get(&t->kinds, kind), NK_GROUP));
	*ret = (struct levels){ .p = {
					[LEVEL_DEFAULTS] = &t->defaults,
					[LEVEL_KIND] = section_get(&t->kinds, kind),
					[LEVEL_GROUP] = section_get(&t->groups, group),
					[LEVEL_NODE] = own,
				} };
	*ret_group = group;
	return kind;
}

static bool check_node_name(struct loader *l, const struct node *n)
{
	const char *bar = n->kind == NODE_BRIDGE ? strchr(n->name, '|') : NULL, *wrong = name_check_node(bar ? bar + 1 : n->name);

	if (wrong) {
		diag_error(l->d, n->pos, NULL, "node name '%s' %s", n->name, wrong);
		return false;
	}
	wrong = n->kind == NODE_BRIDGE ? name_check_if(node_bridge_name(n, &l->scratch)) : NULL;
	if (wrong)
		diag_error(l->d, n->pos, NULL, "node name '%s' %s; a bridge is an interface", n->name, wrong);
	return !wrong;
}

static size_t levels_weight(const struct levels *lv)
{
	size_t weight = 0;

	for (size_t i = 0; i < _LEVEL_MAX; i++)
		weight += lv->p[i] ? lv->p[i]->weight : 0;
	return weight;
}

static void init_node(struct loader *l, const struct pair *p, struct node *n)
{
	n->name = n->longname = n->hostname = arena_strdup(l->a, p->key);
	n->net_node = LAB_INDEX_NONE;
	n->pos = n->net_pos = p->key_pos;
}

/* @excused: the node has other mistakes, which may be why it has no kind */
static struct kind_choice choose_kind(struct topology *t, const char *kind, const struct levels *lv, const struct node *n,
				      bool excused)
{
	const struct value *v = levels_value(lv, NK_KIND);
	struct kind_choice c = kind_choose(t->l, kind, n->name, v ? v->pos : n->pos);

	if (c.kind != KIND_REFUSED)
		return c;
	if (*kind)
		kind_refuse(t->l, &t->refused, kind, n->name, v ? v->pos : n->pos);
	else if (!excused)
		diag_error(t->l->d, n->pos, "add 'kind: linux' to it, or to topology.defaults", "node '%s' has no kind",
			   n->name);
	c.kind = NODE_LINUX;
	c.refused = true;
	return c;
}

static void add_node(struct topology *t, const struct pair *p, size_t at)
{
	struct loader *l = t->l;
	struct node first = { 0 }, *n;
	struct node_ctx ctx = { .l = l, .node = &first, .levels = &t->levels[at], .lab_dir = t->lab_dir };
	const char *kind, *group, *what = arena_printf(&l->scratch, "node '%s'", p->key);
	const size_t errors = l->d->n_errors;
	struct kind_choice choice;

	init_node(l, p, &first);
	props_read(l, p->value, LEVEL_NODE, what, &t->own[at]);
	kind = find_levels(t, &t->own[at], &t->levels[at], &group);
	choice = choose_kind(t, kind, &t->levels[at], &first, l->d->n_errors != errors);
	if (choice.kind == KIND_K8S) {
		node_apply_cluster(&ctx);
		return;
	}
	ctx.node = n = ARENA_PUSH(l->a, l->lab->nodes, l->lab->n_nodes);
	*n = first;
	n->kind = choice.kind == KIND_FRR ? NODE_LINUX : (enum node_kind)choice.kind;
	n->kind_mapped = choice.mapped;
	(void)strmap_put(&l->lab->node_index, n->name, l->lab->n_nodes - 1);
	if (!check_node_name(l, n) || !loader_charge(l, levels_weight(&t->levels[at]), n->pos))
		return; /* it stays in the lab for the sake of the links to it */
	n->group = *group ? arena_strdup(l->a, group) : NULL;
	if (n->kind == NODE_LINUX)
		n->longname = arena_printf(l->a, "%s%s", l->lab->prefix, n->name);
	node_apply(&ctx);
	if (choice.image || choice.refused || (choice.mapped && choice.kind == KIND_FRR)) /* one mistake a node: its image is not looked for */
		n->image = choice.image;
	if (choice.kind == KIND_FRR)
		node_apply_frr(&ctx);
}

static void read_nodes(struct topology *t, const struct value *v)
{
	struct loader *l = t->l;

	if (v && !loader_check_count(l, v))
		v = NULL;
	t->n_own = v ? v->n : 0;
	t->own = arena_alloc(&l->scratch, (t->n_own + 1) * sizeof(*t->own));
	t->levels = arena_alloc(&l->scratch, (t->n_own + 1) * sizeof(*t->levels));
	for (size_t i = 0; i < t->n_own; i++)
		add_node(t, &v->pairs[i], i);
	kinds_report(l, &t->refused);
}

/* ---- --node-filter ---- */

/* A cluster that the filter does not name is not started. */
static void filter_clusters(struct lab *lab, const struct strv *names)
{
	size_t n = 0;

	for (size_t i = 0; i < lab->n_clusters; i++)
		if (strv_contains(names, lab->clusters[i].name))
			lab->clusters[n++] = lab->clusters[i];
	lab->n_clusters = n;
}

static bool has_cluster(const struct lab *lab, const char *name)
{
	for (size_t i = 0; i < lab->n_clusters; i++)
		if (strcmp(lab->clusters[i].name, name) == 0)
			return true;
	return false;
}

static bool *selected_nodes(struct loader *l)
{
	const struct strv *names = l->opt->node_filter;
	bool *keep = arena_alloc(&l->scratch, l->lab->n_nodes + 1);

	for (size_t i = 0; i < names->n; i++) {
		const int32_t at = lab_find_node(l->lab, names->v[i]);
		struct suggest sg = { .word = names->v[i] };

		if (at != LAB_INDEX_NONE) {
			keep[at] = true;
			continue;
		}
		if (has_cluster(l->lab, names->v[i]))
			continue;
		for (size_t k = 0; k < l->lab->n_nodes && diag_wants_hints(l->d); k++)
			suggest_try(&sg, l->lab->nodes[k].name);
		diag_error(l->d, (struct pos){ .file = l->lab->file }, suggest_hint(l, &sg),
			   "the node filter names '%s', which is no node of this lab", names->v[i]);
	}
	return keep;
}

/* Moves what is kept to the front; @map says where each node went. */
static void compact(struct loader *l, const bool *keep, int32_t *map)
{
	struct lab *lab = l->lab;
	size_t n = 0;

	for (size_t i = 0; i < lab->n_nodes; i++) {
		map[i] = keep[i] ? (int32_t)n : LAB_INDEX_NONE;
		if (keep[i])
			lab->nodes[n++] = lab->nodes[i];
	}
	lab->n_nodes = n;
	n = 0;
	for (size_t i = 0; i < lab->n_links; i++) {
		struct link *k = &lab->links[i];

		if (map[k->end[0].node] == LAB_INDEX_NONE)
			continue;
		k->end[0].node = map[k->end[0].node];
		if (k->end[1].node != LAB_INDEX_NONE && map[k->end[1].node] == LAB_INDEX_NONE)
			continue;
		if (k->end[1].node != LAB_INDEX_NONE)
			k->end[1].node = map[k->end[1].node];
		lab->links[n++] = *k;
	}
	lab->n_links = n;
}

/* Nobody waits for what does not start. */
static void filter_waits(struct loader *l, struct node *n, const int32_t *map)
{
	for (size_t i = 0; n->stages && i < _STAGE_MAX; i++) {
		struct stage_spec *s = &n->stages->stage[i];
		size_t k = 0;

		for (size_t j = 0; j < s->n_waits; j++) {
			struct stage_wait w = s->waits[j];

			w.node = map[w.node];
			if (w.node != LAB_INDEX_NONE)
				s->waits[k++] = w;
			else
				diag_warning(l->d, w.pos, NULL, "node '%s' does not wait for '%s', which the node filter leaves out", n->name, w.name);
		}
		s->n_waits = k;
	}
}

void nodes_filter(struct loader *l)
{
	struct lab *lab = l->lab;
	const size_t n = lab->n_nodes;
	int32_t *map;
	bool *keep;

	if (!l->opt->node_filter || !l->opt->node_filter->n)
		return;
	keep = selected_nodes(l);
	for (size_t i = 0; i < n; i++) /* the host is always there */
		keep[i] |= lab->nodes[i].kind == NODE_HOST && strcmp(lab->nodes[i].name, "host") == 0;
	map = arena_alloc(&l->scratch, (n + 1) * sizeof(*map));
	filter_clusters(lab, l->opt->node_filter);
	compact(l, keep, map);
	strmap_done(&lab->node_index);
	for (size_t i = 0; i < lab->n_nodes; i++) {
		struct node *k = &lab->nodes[i];

		(void)strmap_put(&lab->node_index, k->name, i);
		if (k->net_node != LAB_INDEX_NONE)
			k->net_node = map[k->net_node];
		filter_waits(l, k, map);
	}
}

/* ---- the whole ---- */

/* Each node's environment: it tells how many links the node has, so links and the filter come first. */
static void apply_env(struct topology *t, const struct value *nodes)
{
	struct lab *lab = t->l->lab;
	size_t *intfs = arena_alloc(&t->l->scratch, (lab->n_nodes + 1) * sizeof(*intfs));

	if (!loader_charge(t->l, 0, (struct pos){ .file = lab->file }))
		return;
	for (size_t i = 0; i < lab->n_links * 2; i++)
		if (lab->links[i / 2].end[i % 2].node != LAB_INDEX_NONE)
			intfs[lab->links[i / 2].end[i % 2].node]++;
	for (size_t i = 0; i < t->n_own; i++) {
		const int32_t at = lab_find_node(lab, nodes->pairs[i].key);

		if (at != LAB_INDEX_NONE)
			node_apply_env(&(struct node_ctx){ .l = t->l,
							   .node = &lab->nodes[at],
							   .levels = &t->levels[i],
							   .lab_dir = t->lab_dir },
				       intfs[at]);
	}
}

static void set_prefix(struct lab *lab, const struct value *v)
{
	if (!v)
		lab->prefix = arena_printf(&lab->arena, "clab-%s-", lab->name);
	else if (!*v->text)
		lab->prefix = "";
	else if (strcmp(v->text, "__lab-name") == 0)
		lab->prefix = arena_printf(&lab->arena, "%s-", lab->name);
	else
		lab->prefix = arena_printf(&lab->arena, "%.*s-%s-", NAME_LAB_MAX, v->text, lab->name);
}

static void set_name(struct loader *l, const struct value *v, bool excused)
{
	const char *name = l->opt->name ? l->opt->name : v ? git_expand_name(l, v->text) : NULL;
	const char *wrong = name ? name_check_lab(name) : NULL;
	const struct pos pos = { .file = l->lab->file };

	if (wrong && l->opt->name)
		diag_error(l->d, pos, NULL, "lab name '%s' (--name) %s", name, wrong);
	else if (wrong)
		diag_error(l->d, v->pos, NULL, "lab name '%s' %s", name, wrong);
	else if (!name && !excused)
		diag_error(l->d, pos, "add 'name: NAME' at the top, or give --name", "the lab has no name");
	/* Cut, for a wrong name goes on into long names and directories. */
	l->lab->name = arena_printf(l->a, "%.*s", NAME_LAB_MAX, name ? name : "");
}

/* As containerlab has it: always "clab-", whatever the prefix of node names is. */
static void set_lab_dir(struct loader *l)
{
	const char *base = loader_env(l, "CLAB_LABDIR_BASE");
	const char *dir = arena_printf(&l->scratch, "%s/clab-%s", base && *base ? base : ".", l->lab->name);

	l->lab->lab_dir = path_clean(l->a, l->lab->dir, dir);
}

static void read_topology(struct topology *t, const struct value *v)
{
	const struct value *keys[_TK_MAX];
	struct loader *l = t->l;

	schema_read(l, v, SCHEMA(topo_keys), "'topology'", keys);
	props_read(l, keys[TK_DEFAULTS], LEVEL_DEFAULTS, "'defaults'", &t->defaults);
	read_section(l, keys[TK_KINDS], LEVEL_KIND, &t->kinds);
	read_section(l, keys[TK_GROUPS], LEVEL_GROUP, &t->groups);
	read_nodes(t, keys[TK_NODES]);
	if (!keys[TK_NODES] || !keys[TK_NODES]->n)
		diag_error(l->d, v ? v->pos : (struct pos){ .file = l->lab->file }, NULL, "the lab has no nodes");
	links_read(l, keys[TK_LINKS]);
	netmode_resolve(l);
	stages_resolve(l);
	links_check(l);
	nodes_filter(l);
	certificates_resolve(l);
	apply_env(t, keys[TK_NODES]);
	mgmt_check_nodes(l);
}

void topology_load(struct loader *l, const struct value *root)
{
	const struct value *keys[_FK_MAX];
	struct topology t = { .l = l };
	struct lab *lab = l->lab;
	const size_t errors = l->d->n_errors;

	lab->type = LAB_TOPOLOGY;
	schema_read(l, root, SCHEMA(file_keys), "a topology file", keys);
	set_name(l, keys[FK_NAME], l->d->n_errors != errors);
	set_prefix(lab, keys[FK_PREFIX]);
	set_lab_dir(l);
	t.lab_dir = lab->lab_dir;
	mgmt_read(l, keys[FK_MGMT]);
	settings_read(l, keys[FK_SETTINGS]);
	read_topology(&t, keys[FK_TOPOLOGY]);
	loader_warn_ignored(l);
	strmap_done(&t.kinds.index);
	strmap_done(&t.groups.index);
}
