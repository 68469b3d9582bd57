// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * layout.c - nodes of a tier side by side, in an order that lets few links cross
 *
 * Sugiyama's barycenter method: each node is drawn to the middle of its neighbors in the tier above, then in the one
 * below, a few times. Enough for fabrics of some hundred nodes, and the same each time.
 */
#include <string.h>

#include "graph/graph.h"

enum { SWEEPS = 8, NODE_GAP = 140, TIER_GAP = 150, MARGIN = 60 };

struct placed {
	size_t node;
	double want;   /* where its neighbors are */
	size_t before; /* ties keep their order */
};

static int compare(const void *a, const void *b)
{
	const struct placed *p = a, *q = b;

	if (p->want != q->want)
		return p->want < q->want ? -1 : 1;
	return p->before < q->before ? -1 : p->before > q->before;
}

static double neighbors_middle(const struct graph *g, size_t node, bool above)
{
	const unsigned tier = g->nodes[node].tier;
	double sum = 0;
	unsigned n = 0;

	for (size_t i = 0; i < g->n_links; i++)
		for (int k = 0; k < 2; k++) {
			const struct graph_node *other = &g->nodes[g->links[i].node[!k]];

			if (g->links[i].node[k] != node || (above ? other->tier >= tier : other->tier <= tier))
				continue;
			sum += other->x;
			n++;
		}
	return n ? sum / n : g->nodes[node].x;
}

/* Gives the nodes of a tier their places, in the order that they have in @row. */
static void row_place(struct graph *g, const struct placed *row, size_t n)
{
	for (size_t i = 0; i < n; i++)
		g->nodes[row[i].node].x = ((double)i - (double)(n - 1) / 2) * NODE_GAP;
}

static void tier_sort(struct graph *g, struct placed *row, unsigned tier, bool above, bool first)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n_nodes; i++)
		if (g->nodes[i].tier == tier) {
			row[n] = (struct placed){ i, first ? (double)n : neighbors_middle(g, i, above), 0 };
			n++;
		}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			row[i].before += g->nodes[row[k].node].x < g->nodes[row[i].node].x || (first && k < i);
	qsort(row, n, sizeof(*row), compare);
	row_place(g, row, n);
}

/* Each node above the middle of what it has below, as far as its neighbors in the tier leave room. */
static void tier_center(struct graph *g, struct placed *row, unsigned tier)
{
	double off = 0;
	size_t n = 0;

	for (size_t i = 0; i < g->n_nodes; i++)
		if (g->nodes[i].tier == tier) {
			row[n] = (struct placed){ i, g->nodes[i].x, n };
			n++;
		}
	qsort(row, n, sizeof(*row), compare);
	for (size_t i = 0; i < n; i++)
		row[i].want = neighbors_middle(g, row[i].node, false);
	for (size_t i = 0; i < n; i++) {
		struct graph_node *node = &g->nodes[row[i].node];
		const double least = i ? g->nodes[row[i - 1].node].x + NODE_GAP : row[i].want;

		node->x = row[i].want > least ? row[i].want : least;
		off += node->x - row[i].want;
	}
	/* Those that want the same place stand around it, not to its right. */
	for (size_t i = 0; i < n; i++)
		g->nodes[row[i].node].x -= off / (double)n;
}

/* All of it into the first quadrant. */
static void frame(struct graph *g, unsigned tiers)
{
	double left = 0, right = 0;

	for (size_t i = 0; i < g->n_nodes; i++) {
		left = g->nodes[i].x < left ? g->nodes[i].x : left;
		right = g->nodes[i].x > right ? g->nodes[i].x : right;
	}
	for (size_t i = 0; i < g->n_nodes; i++) {
		g->nodes[i].x += MARGIN - left;
		g->nodes[i].y = MARGIN + g->nodes[i].tier * (double)TIER_GAP;
	}
	g->width = right - left + 2 * MARGIN + (double)NODE_GAP / 2; /* and the last name */
	g->height = (tiers ? tiers - 1 : 0) * (double)TIER_GAP + 2 * MARGIN + 20;
}

void graph_layout(struct graph *g)
{
	struct placed *row = arena_alloc(&g->arena, (g->n_nodes + 1) * sizeof(*row));
	unsigned tiers = 0;

	for (size_t i = 0; i < g->n_nodes; i++)
		tiers = MAX_OF(tiers, g->nodes[i].tier + 1);
	for (unsigned t = 0; t < tiers; t++)
		tier_sort(g, row, t, true, true);
	for (int sweep = 0; sweep < SWEEPS; sweep++)
		for (unsigned k = 0; k < tiers; k++)
			tier_sort(g, row, sweep % 2 ? tiers - 1 - k : k, sweep % 2 == 0, false);
	for (unsigned t = tiers; t-- > 0;)
		tier_center(g, row, t);
	frame(g, tiers);
}
