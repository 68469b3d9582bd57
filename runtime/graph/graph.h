/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * graph.h - a lab as something to look at: nodes with roles, links with interface names, tiers
 *
 * Owns: what a node seems to be for, the layout in tiers, DOT, Mermaid, SVG and JSON. Refuses to know what is up or down: that is
 * the page's.
 */
#ifndef NETEMU_GRAPH_GRAPH_H
#define NETEMU_GRAPH_GRAPH_H

#include <jansson.h>

#include "base/strbuf.h"
#include "engine/state.h"
#include "topology/lab.h"

enum graph_role { ROLE_ROUTER, ROLE_SPINE, ROLE_LEAF, ROLE_SERVER, ROLE_BRIDGE, ROLE_HOST, ROLE_KUBE, _ROLE_MAX };

struct graph_node {
	const char *name, *longname, *kind, *image, *group;
	const char *ipv4, *ipv6; /* of eth0, or "" */
	enum graph_role role;
	unsigned tier; /* 0 is drawn at the top */
	unsigned links;
	double x, y; /* by graph_layout(): the middle of it */
};

struct graph_link {
	size_t node[2];
	const char *ifname[2];
};

struct graph {
	struct arena arena;
	const char *name;
	bool running;
	struct graph_node *nodes;
	size_t n_nodes;
	struct graph_link *links;
	size_t n_links;
	double width, height; /* by graph_layout() */
};

extern const char *const graph_role_names[_ROLE_MAX];

/** graph_of_state(), graph_of_lab() - of a running lab, of a file; texts are copied. Nodes of kind host without links are left out. */
struct graph *graph_of_state(const struct lab_state *st);
struct graph *graph_of_lab(const struct lab *lab);
/** graph_filter() - keep these nodes only, and links between them */
void graph_filter(struct graph *g, const struct strv *names);
struct graph *graph_free(struct graph *g);
DEFINE_CLEANUP(struct graph *, graph_free);
#define _cleanup_graph_ _cleanup_(graph_freep)

/** graph_layout() - tiers from top to bottom, within each the order that crosses little (barycenters) */
void graph_layout(struct graph *g);

void graph_dot(const struct graph *g, struct strbuf *out);
/** graph_mermaid() - @direction: "TB", "LR", ... */
void graph_mermaid(const struct graph *g, const char *direction, struct strbuf *out);
/** graph_svg() - a picture that needs nothing else; after graph_layout() */
void graph_svg(const struct graph *g, struct strbuf *out);
/** graph_json() - {"name", "running", "nodes": [...], "links": [...]}; a new reference */
json_t *graph_json(const struct graph *g);

#endif
