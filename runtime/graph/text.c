// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * text.c - a graph as DOT, Mermaid, JSON
 */
#include <ctype.h>
#include <string.h>

#include "graph/graph.h"

static void put_quoted(struct strbuf *out, const char *s)
{
	strbuf_putc(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			strbuf_putc(out, '\\');
		strbuf_putc(out, (unsigned char)*s < ' ' ? ' ' : *s);
	}
	strbuf_putc(out, '"');
}

/* Graphviz's dot(1). */
void graph_dot(const struct graph *g, struct strbuf *out)
{
	static const char *const shapes[] = {
		[ROLE_ROUTER] = "circle",  [ROLE_SPINE] = "circle", [ROLE_LEAF] = "box",       [ROLE_SERVER] = "box3d",
		[ROLE_BRIDGE] = "hexagon", [ROLE_HOST] = "house",   [ROLE_KUBE] = "component",
	};

	static_assert(ARRAY_SIZE(shapes) == _ROLE_MAX, "one each");
	strbuf_puts(out, "graph ");
	put_quoted(out, g->name);
	strbuf_puts(out, " {\n  node [fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=9];\n");
	for (size_t i = 0; i < g->n_nodes; i++) {
		strbuf_puts(out, "  ");
		put_quoted(out, g->nodes[i].name);
		strbuf_printf(out, " [shape=%s];\n", shapes[g->nodes[i].role]);
	}
	for (size_t i = 0; i < g->n_links; i++) {
		const struct graph_link *l = &g->links[i];

		strbuf_puts(out, "  ");
		put_quoted(out, g->nodes[l->node[0]].name);
		strbuf_puts(out, " -- ");
		put_quoted(out, g->nodes[l->node[1]].name);
		strbuf_puts(out, " [taillabel=");
		put_quoted(out, l->ifname[0]);
		strbuf_puts(out, ", headlabel=");
		put_quoted(out, l->ifname[1]);
		strbuf_puts(out, "];\n");
	}
	strbuf_puts(out, "}\n");
}

/* Mermaid has words that are no names; a number is always one. */
void graph_mermaid(const struct graph *g, const char *direction, struct strbuf *out)
{
	strbuf_printf(out, "---\ntitle: %s\n---\ngraph %s\n", g->name, direction);
	for (size_t i = 0; i < g->n_nodes; i++) {
		const struct graph_node *n = &g->nodes[i];

		strbuf_printf(out, "  n%zu%s", i, n->role == ROLE_ROUTER || n->role == ROLE_SPINE ? "((" : "[");
		put_quoted(out, n->name);
		strbuf_puts(out, n->role == ROLE_ROUTER || n->role == ROLE_SPINE ? "))\n" : "]\n");
	}
	for (size_t i = 0; i < g->n_links; i++) {
		const struct graph_link *l = &g->links[i];

		strbuf_printf(out, "  n%zu ---|\"%s - %s\"| n%zu\n", l->node[0], l->ifname[0], l->ifname[1],
			      l->node[1]);
	}
}

json_t *graph_json(const struct graph *g)
{
	json_t *nodes = json_array(), *links = json_array();

	for (size_t i = 0; i < g->n_nodes; i++) {
		const struct graph_node *n = &g->nodes[i];

		(void)json_array_append_new(nodes,
					    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i}", "name", n->name,
						      "longname", n->longname, "role", graph_role_names[n->role],
						      "kind", n->kind, "image", n->image, "group", n->group, "ipv4",
						      n->ipv4, "ipv6", n->ipv6, "tier", (int)n->tier));
	}
	for (size_t i = 0; i < g->n_links; i++) {
		const struct graph_link *l = &g->links[i];

		(void)json_array_append_new(links,
					    json_pack("{s:s, s:s, s:s, s:s}", "source", g->nodes[l->node[0]].name,
						      "source_interface", l->ifname[0], "target",
						      g->nodes[l->node[1]].name, "target_interface", l->ifname[1]));
	}
	return json_pack("{s:s, s:b, s:o, s:o}", "name", g->name, "running", g->running, "nodes", nodes, "links",
			 links);
}
