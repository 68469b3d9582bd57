// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stagegraph.c - who waits for whom, and that it ends
 *
 * Theory of Operation
 *
 * A vertex is a node's entry into one of its stages. It comes after the entry into the stage before, and after the entries
 * into the stages that it waits to see completed. Vertices are taken away as long as one comes after nothing that is still
 * there (Kahn); what remains leads into a circle, which is found by walking backwards. One circle a file is reported: whoever
 * opens it sees the next. Refuses to know when a stage is complete.
 */
#include <string.h>

#include "base/strbuf.h"
#include "topology/nodekeys.h"

struct edge {
	uint32_t from, to; /* vertices */
	struct stage_wait *wait; /* NULL: from a stage to the next one */
};

/* The edges at one side of each vertex: lists of indices + 1, 0 ends them. */
struct adjacency {
	uint32_t *first, *next;
};

struct graph {
	struct edge *edges;
	size_t n_edges;
	uint32_t n; /* vertices */
	uint32_t *pending; /* of a vertex: how many edges lead to it from one that remains */
	struct adjacency out, in;
};

/* ---- names ---- */

static bool is_cluster(const struct lab *lab, const char *name)
{
	for (size_t i = 0; i < lab->n_clusters; i++)
		if (strcmp(lab->clusters[i].name, name) == 0)
			return true;
	return false;
}

static void report_unknown(struct loader *l, const struct stage_wait *w, struct strmap *seen)
{
	struct suggest sg = { .word = w->name };

	/* What is inherited is wrong once, not once a node. */
	if (!strmap_put(seen, arena_printf(&l->scratch, "%u:%u:%u", w->pos.file, w->pos.line, w->pos.col), 0))
		return;
	for (size_t i = 0; i < l->lab->n_nodes && diag_wants_hints(l->d); i++)
		suggest_try(&sg, l->lab->nodes[i].name);
	diag_error(l->d, w->pos, suggest_hint(l, &sg), "'wait-for' names '%s', which is no node of this lab", w->name);
}

/* Return: whether the wait remains. A cluster is there before any node of the topology is. */
static bool wait_resolve(struct loader *l, const struct node *n, struct stage_wait *w, struct strmap *seen)
{
	w->node = lab_find_node(l->lab, w->name);
	if (w->node == LAB_INDEX_NONE && is_cluster(l->lab, w->name)) {
		if (w->stage == STAGE_EXIT)
			diag_error(l->d, w->pos, NULL, "node '%s' waits for the end of cluster '%s', which never ends by itself", n->name, w->name);
		return false;
	}
	if (w->node == LAB_INDEX_NONE)
		report_unknown(l, w, seen);
	else if (&l->lab->nodes[w->node] == n)
		diag_error(l->d, w->pos, NULL, "node '%s' waits for itself", n->name);
	else
		return true;
	return false;
}

static void waits_resolve(struct loader *l, struct node *n, struct strmap *seen)
{
	for (size_t k = 0; n->stages && k < _STAGE_MAX; k++) {
		struct stage_spec *s = &n->stages->stage[k];
		size_t kept = 0;

		for (size_t i = 0; i < s->n_waits; i++) {
			struct stage_wait w = s->waits[i];

			if (wait_resolve(l, n, &w, seen))
				s->waits[kept++] = w;
		}
		s->n_waits = kept;
	}
}

/* ---- who shares a network namespace comes after its owner ---- */

static bool comes_late(const struct lab *lab, const struct node *n)
{
	for (; n; n = n->net_node != LAB_INDEX_NONE ? &lab->nodes[n->net_node] : NULL)
		if (n->stages && n->stages->stage[STAGE_CREATE].n_waits)
			return true;
	return false;
}

/* As containerlab does; but only where that owner waits itself: all others are there at once. */
static void owner_wait_for(struct loader *l, struct node *n)
{
	struct stage_spec *s;

	if (n->net_node == LAB_INDEX_NONE || n->kind != NODE_LINUX || !comes_late(l->lab, &l->lab->nodes[n->net_node]))
		return;
	if (!n->stages)
		n->stages = arena_alloc(l->a, sizeof(*n->stages));
	s = &n->stages->stage[STAGE_CREATE];
	for (size_t i = 0; i < s->n_waits; i++)
		if (s->waits[i].node == n->net_node && s->waits[i].stage == STAGE_CREATE)
			return;
	*ARENA_PUSH(l->a, s->waits, s->n_waits) = (struct stage_wait){ .name = l->lab->nodes[n->net_node].name,
								      .node = n->net_node,
								      .stage = STAGE_CREATE,
								      .pos = n->net_pos };
}

/* ---- circles ---- */

static uint32_t vertex(size_t node, size_t stage)
{
	return (uint32_t)(node * _STAGE_MAX + stage);
}

static void edge_add(struct loader *l, struct graph *g, uint32_t from, uint32_t to, struct stage_wait *wait)
{
	*ARENA_PUSH(&l->scratch, g->edges, g->n_edges) = (struct edge){ from, to, wait };
}

static void adjacency_init(struct loader *l, const struct graph *g, struct adjacency *a)
{
	a->first = arena_alloc(&l->scratch, (g->n + 1) * sizeof(*a->first));
	a->next = arena_alloc(&l->scratch, (g->n_edges + 1) * sizeof(*a->next));
}

static void adjacency_add(struct adjacency *a, uint32_t v, size_t edge)
{
	a->next[edge] = a->first[v];
	a->first[v] = (uint32_t)edge + 1;
}

static void graph_build(struct loader *l, struct graph *g)
{
	const struct lab *lab = l->lab;

	g->n = vertex(lab->n_nodes, 0);
	for (size_t i = 0; i < lab->n_nodes; i++)
		for (size_t k = 0; k < _STAGE_MAX; k++) {
			struct stage_spec *s = lab->nodes[i].stages ? &lab->nodes[i].stages->stage[k] : NULL;

			if (k)
				edge_add(l, g, vertex(i, k - 1), vertex(i, k), NULL);
			for (size_t j = 0; s && j < s->n_waits; j++)
				edge_add(l, g, vertex((size_t)s->waits[j].node, s->waits[j].stage), vertex(i, k), &s->waits[j]);
		}
	g->pending = arena_alloc(&l->scratch, (g->n + 1) * sizeof(*g->pending));
	adjacency_init(l, g, &g->out);
	adjacency_init(l, g, &g->in);
	for (size_t i = 0; i < g->n_edges; i++) {
		adjacency_add(&g->out, g->edges[i].from, i);
		adjacency_add(&g->in, g->edges[i].to, i);
		g->pending[g->edges[i].to]++;
	}
}

/* Takes away what comes after nothing that remains. Return: how many are left. */
static uint32_t graph_reduce(struct loader *l, struct graph *g)
{
	uint32_t *stack = arena_alloc(&l->scratch, (g->n + 1) * sizeof(*stack)), n = 0, left = g->n;

	for (uint32_t v = 0; v < g->n; v++)
		if (g->pending[v] == 0)
			stack[n++] = v;
	while (n) {
		const uint32_t v = stack[--n];

		left--;
		for (uint32_t i = g->out.first[v]; i; i = g->out.next[i - 1])
			if (--g->pending[g->edges[i - 1].to] == 0)
				stack[n++] = g->edges[i - 1].to;
	}
	return left;
}

/* An edge that leads to @v from a vertex that remains; each one that remains has such an edge. */
static const struct edge *edge_into(const struct graph *g, uint32_t v)
{
	uint32_t i = g->in.first[v];

	while (i && !g->pending[g->edges[i - 1].from])
		i = g->in.next[i - 1];
	return i ? &g->edges[i - 1] : NULL;
}

static const char *vertex_name(struct loader *l, uint32_t v)
{
	return arena_printf(&l->scratch, "%s (%s)", l->lab->nodes[v / _STAGE_MAX].name, stage_names[v % _STAGE_MAX]);
}

/* The circle that @v is on, of which each vertex has one edge here: who waits, at which of its stages, for whom. */
static void report_circle(struct loader *l, const struct graph *g, uint32_t v)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };
	const struct edge *e = edge_into(g, v), *first;
	uint32_t at;

	while (e && !e->wait) /* nobody comes before himself: there is a wait on it */
		e = edge_into(g, e->from);
	first = e;
	if (!first)
		return;
	do {
		if (e->wait)
			strbuf_printf(&s, "%s%s waits for %s", s.len ? ", " : "", vertex_name(l, e->to), vertex_name(l, e->from));
		at = e->from;
		e = edge_into(g, at);
	} while (e && at != first->to);
	diag_error(l->d, first->wait->pos, "take one of these waits out", "nodes wait for each other in a circle: %s", strbuf_str(&s));
}

/* Walks backwards until it is somewhere again. */
static uint32_t circle_find(struct loader *l, const struct graph *g, uint32_t v)
{
	bool *seen = arena_alloc(&l->scratch, g->n + 1);
	const struct edge *e;

	while (!seen[v] && (e = edge_into(g, v))) {
		seen[v] = true;
		v = e->from;
	}
	return v;
}

static void find_circle(struct loader *l)
{
	struct graph g = { 0 };

	graph_build(l, &g);
	if (graph_reduce(l, &g) == 0)
		return;
	for (uint32_t v = 0; v < g.n; v++)
		if (g.pending[v]) {
			report_circle(l, &g, circle_find(l, &g, v));
			return;
		}
}

void stages_resolve(struct loader *l)
{
	_cleanup_strmap_ struct strmap seen = { 0 };
	bool any = false;

	for (size_t i = 0; i < l->lab->n_nodes; i++) {
		any |= l->lab->nodes[i].stages != NULL;
		waits_resolve(l, &l->lab->nodes[i], &seen);
	}
	for (size_t i = 0; any && i < l->lab->n_nodes; i++)
		owner_wait_for(l, &l->lab->nodes[i]);
	if (any)
		find_circle(l);
}
