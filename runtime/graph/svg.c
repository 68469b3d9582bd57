// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * svg.c - a graph as a picture of its own: icons, links with interface names, dark where the reader's screen is
 */
#include <math.h>
#include <string.h>

#include "graph/graph.h"

enum { LABEL_X = 33, LABEL_Y = 5, IF_GAP = 44 };

static const char style[] =
	"<style>\n"
	"  svg { background: #fff; font-family: system-ui, sans-serif }\n"
	"  .link { stroke: #94a3b8; stroke-width: 1.6; fill: none }\n"
	"  .name { font-size: 13px; font-weight: 600; fill: #0f172a; paint-order: stroke; stroke: #fff; stroke-width: "
	"4px }\n"
	"  .if { font-size: 9.5px; text-anchor: middle; fill: #64748b; paint-order: stroke; stroke: #fff; "
	"stroke-width: 3px }\n"
	"  .icon { stroke: #fff; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; fill: none }\n"
	"  .router { fill: #2563eb } .spine { fill: #7c3aed } .leaf { fill: #0891b2 } .server { fill: #475569 }\n"
	"  .bridge { fill: #d97706 } .host { fill: #334155 } .kube { fill: #326ce5 }\n"
	"  @media (prefers-color-scheme: dark) {\n"
	"    svg { background: #0f172a } .name { fill: #e2e8f0; stroke: #0f172a } .if { fill: #94a3b8; stroke: #0f172a "
	"} .link { stroke: #475569 }\n"
	"  }\n"
	"</style>\n";

/* In a box from -24 to 24. */
static const struct {
	const char *shape, *icon;
} pictures[] = {
	[ROLE_ROUTER] = { "<circle r=\"24\"/>", "M-13-5h9m0 0l-4-4m4 4l-4 4M13 5H4m0 0l4-4m-4 4l4 4M-5 13V4m0 0l-4 "
						"4m4-4l4 4M5-13v9m0 0l-4-4m4 4l4-4" },
	[ROLE_SPINE] = { "<circle r=\"24\"/>", "M-13-5h9m0 0l-4-4m4 4l-4 4M13 5H4m0 0l4-4m-4 4l4 4M-5 13V4m0 0l-4 "
					       "4m4-4l4 4M5-13v9m0 0l-4-4m4 4l4-4" },
	[ROLE_LEAF] = { "<rect x=\"-26\" y=\"-20\" width=\"52\" height=\"40\" rx=\"7\"/>",
			"M-17-7h30m0 0l-5-5m5 5l-5 5M17 7h-30m0 0l5-5m-5 5l5 5" },
	[ROLE_SERVER] = { "<rect x=\"-19\" y=\"-24\" width=\"38\" height=\"48\" rx=\"5\"/>",
			  "M-11-13h22M-11-4h22M-11 5h22M-9 15h1" },
	[ROLE_BRIDGE] = { "<rect x=\"-30\" y=\"-12\" width=\"60\" height=\"24\" rx=\"12\"/>",
			  "M-20 0h40M-12 0v-5M0 0v5M12 0v-5" },
	[ROLE_HOST] = { "<rect x=\"-25\" y=\"-19\" width=\"50\" height=\"32\" rx=\"4\"/>",
			"M-12 20h24M0 14v6M-16-8h14" },
	[ROLE_KUBE] = { "<path d=\"M0-25L20-15 25 6 11 23H-11L-25 6-20-15Z\"/>",
			"M0-13V13M-13 0H13M-9-9L9 9M9-9L-9 9M-8 0a8 8 0 1 0 16 0a8 8 0 1 0-16 0" },
};
static_assert(ARRAY_SIZE(pictures) == _ROLE_MAX, "one each");

static void put_escaped(struct strbuf *out, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '<':
			strbuf_puts(out, "&lt;");
			break;
		case '>':
			strbuf_puts(out, "&gt;");
			break;
		case '&':
			strbuf_puts(out, "&amp;");
			break;
		case '"':
			strbuf_puts(out, "&quot;");
			break;
		default:
			strbuf_putc(out, (unsigned char)*s < ' ' ? ' ' : *s);
		}
	}
}

/* How many links have the same two ends, and which of them this is: they are drawn side by side. */
static void siblings(const struct graph *g, size_t link, unsigned *ret_n, unsigned *ret_at)
{
	const struct graph_link *l = &g->links[link];

	*ret_n = *ret_at = 0;
	for (size_t i = 0; i < g->n_links; i++) {
		const struct graph_link *o = &g->links[i];

		if ((o->node[0] != l->node[0] || o->node[1] != l->node[1]) &&
		    (o->node[0] != l->node[1] || o->node[1] != l->node[0]))
			continue;
		*ret_at += i < link;
		(*ret_n)++;
	}
}

static void put_if(struct strbuf *out, double x, double y, const char *ifname)
{
	strbuf_printf(out, "<text class=\"if\" x=\"%.1f\" y=\"%.1f\">", x, y + 3);
	put_escaped(out, ifname);
	strbuf_puts(out, "</text>\n");
}

/* A straight line, or a bow where there is a sibling or where the line would run along a tier through other nodes. */
static void put_link(const struct graph *g, size_t i, struct strbuf *out)
{
	const struct graph_node *a = &g->nodes[g->links[i].node[0]], *b = &g->nodes[g->links[i].node[1]];
	const double dx = b->x - a->x, dy = b->y - a->y, len = sqrt(dx * dx + dy * dy) + 1e-9;
	unsigned n, at;
	double bow, cx, cy, t;

	siblings(g, i, &n, &at);
	bow = ((double)at - (double)(n - 1) / 2) * 26 + (a->tier == b->tier && len > 140 ? -len / 4 : 0);
	if (g->links[i].node[0] > g->links[i].node[1])
		bow = -bow;
	cx = (a->x + b->x) / 2 - dy / len * bow;
	cy = (a->y + b->y) / 2 + dx / len * bow;
	strbuf_printf(out, "<path class=\"link\" d=\"M%.1f %.1fQ%.1f %.1f %.1f %.1f\"/>\n", a->x, a->y, cx, cy, b->x,
		      b->y);
	t = IF_GAP / len < 0.4 ? IF_GAP / len : 0.4;
	for (int k = 0; k < 2; k++) {
		const double s = k ? 1 - t : t, u = 1 - s;

		put_if(out, u * u * a->x + 2 * u * s * cx + s * s * b->x, u * u * a->y + 2 * u * s * cy + s * s * b->y,
		       g->links[i].ifname[k]);
	}
}

static void put_node(const struct graph_node *n, struct strbuf *out)
{
	strbuf_printf(out, "<g transform=\"translate(%.1f %.1f)\"><title>", n->x, n->y);
	put_escaped(out, n->longname);
	strbuf_printf(
		out,
		"</title><g class=\"%s\">%s</g><path class=\"icon\" d=\"%s\"/><text class=\"name\" x=\"%d\" y=\"%d\">",
		graph_role_names[n->role], pictures[n->role].shape, pictures[n->role].icon, LABEL_X, LABEL_Y);
	put_escaped(out, n->name);
	strbuf_puts(out, "</text></g>\n");
}

void graph_svg(const struct graph *g, struct strbuf *out)
{
	strbuf_printf(out,
		      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
		      "height=\"%.0f\">\n<title>",
		      g->width, g->height, g->width, g->height);
	put_escaped(out, g->name);
	strbuf_puts(out, "</title>\n");
	strbuf_puts(out, style);
	for (size_t i = 0; i < g->n_links; i++)
		put_link(g, i, out);
	for (size_t i = 0; i < g->n_nodes; i++)
		put_node(&g->nodes[i], out);
	strbuf_puts(out, "</svg>\n");
}
