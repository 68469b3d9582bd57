// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * model.c - from a running lab or a file to nodes with roles and tiers
 */
#include <ctype.h>
#include <string.h>

#include "graph/graph.h"
#include "plan/profile.h"

const char *const graph_role_names[] = {
	[ROLE_ROUTER] = "router", [ROLE_SPINE] = "spine", [ROLE_LEAF] = "leaf", [ROLE_SERVER] = "server",
	[ROLE_BRIDGE] = "bridge", [ROLE_HOST] = "host",	  [ROLE_KUBE] = "kube",
};
static_assert(ARRAY_SIZE(graph_role_names) == _ROLE_MAX, "one each");

/* ---- roles ---- */

/* Words that names begin with; what is not among them is told by the image and the links. */
static const struct {
	const char *word;
	enum graph_role role;
} words[] = {
	{ "superspine", ROLE_SPINE }, { "spine", ROLE_SPINE },	 { "core", ROLE_SPINE },  { "agg", ROLE_SPINE },
	{ "leaf", ROLE_LEAF },	      { "tor", ROLE_LEAF },	 { "switch", ROLE_LEAF }, { "access", ROLE_LEAF },
	{ "sw", ROLE_LEAF },	      { "server", ROLE_SERVER }, { "srv", ROLE_SERVER },  { "host", ROLE_SERVER },
	{ "client", ROLE_SERVER },    { "pc", ROLE_SERVER },	 { "vm", ROLE_SERVER },	  { "h", ROLE_SERVER },
	{ "router", ROLE_ROUTER },    { "rr", ROLE_ROUTER },	 { "pe", ROLE_ROUTER },	  { "ce", ROLE_ROUTER },
	{ "r", ROLE_ROUTER },	      { "gw", ROLE_ROUTER },	 { "isp", ROLE_ROUTER },  { "internet", ROLE_ROUTER },
};

/* "tor0", "tor-a", "dc1-tor1": the word, then no letter. */
static bool name_says(const char *name, const char *word)
{
	const size_t n = strlen(word);

	for (const char *p = name; (p = strcasestr(p, word)) != NULL; p++)
		if ((p == name || !isalpha((unsigned char)p[-1])) && !isalpha((unsigned char)p[n]))
			return true;
	return false;
}

static enum graph_role role_of(const struct graph_node *n)
{
	const struct profile *p = profile_find(n->image);

	if (strcmp(n->kind, node_kind_names[NODE_BRIDGE]) == 0)
		return ROLE_BRIDGE;
	if (strcmp(n->kind, node_kind_names[NODE_HOST]) == 0)
		return ROLE_HOST;
	if (strncmp(n->image, "kindest/node", 12) == 0)
		return ROLE_KUBE;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (name_says(n->name, words[i].word))
			return words[i].role;
	return (p && p->daemons[0]) || n->links > 1 ? ROLE_ROUTER : ROLE_SERVER;
}

/* ---- tiers ---- */

enum { TIER_FAR = 1000 };

static bool is_end(const struct graph_node *n)
{
	return n->role == ROLE_SERVER || n->role == ROLE_KUBE || n->role == ROLE_HOST;
}

/* How many links each node is away from the nearest end system, or from a leaf when there are none. */
static void distances(struct graph *g, unsigned *dist)
{
	bool any = false, moved = true;

	for (size_t i = 0; i < g->n_nodes; i++) {
		dist[i] = is_end(&g->nodes[i]) ? 0 : TIER_FAR;
		any |= dist[i] == 0;
	}
	for (size_t i = 0; !any && i < g->n_nodes; i++)
		if (g->nodes[i].role == ROLE_LEAF || g->nodes[i].role == ROLE_BRIDGE)
			dist[i] = 0;
	while (moved) {
		moved = false;
		for (size_t i = 0; i < g->n_links; i++)
			for (int k = 0; k < 2; k++) {
				const size_t from = g->links[i].node[k], to = g->links[i].node[!k];

				if (dist[from] + 1 < dist[to] && dist[from] != TIER_FAR) {
					dist[to] = dist[from] + 1;
					moved = true;
				}
			}
	}
}

/* A group that ends in "-N", as generated fabrics have it (tier-1: leaves). Return: N, or 0. */
static unsigned group_number(const char *group)
{
	enum { TIERS_MAX = 20 };
	const char *dash = strrchr(group, '-');
	char *end;
	const unsigned long n = dash && isdigit((unsigned char)dash[1]) ? strtoul(dash + 1, &end, 10) : 0;

	return n && n <= TIERS_MAX && !*end ? (unsigned)n : 0;
}

/* What its group says; else spines are above leaves whatever the distance says. */
static unsigned height_of(const struct graph_node *n, unsigned dist)
{
	unsigned h = dist == TIER_FAR ? 1 : dist;

	if (group_number(n->group) && !is_end(n))
		return group_number(n->group);
	if (n->role == ROLE_SPINE)
		h = MAX_OF(h, 2U);
	return h;
}

static void tiers(struct graph *g)
{
	unsigned *dist = arena_alloc(&g->arena, (g->n_nodes + 1) * sizeof(*dist)), top = 0;

	distances(g, dist);
	for (size_t i = 0; i < g->n_nodes; i++)
		top = MAX_OF(top, height_of(&g->nodes[i], dist[i]));
	for (size_t i = 0; i < g->n_nodes; i++)
		g->nodes[i].tier = top - height_of(&g->nodes[i], dist[i]);
}

/* ---- making one ---- */

static struct graph *graph_new(const char *name, bool running, size_t nodes, size_t links)
{
	struct graph *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->name = arena_strdup(&g->arena, name);
	g->running = running;
	g->nodes = arena_alloc(&g->arena, (nodes + 1) * sizeof(*g->nodes));
	g->links = arena_alloc(&g->arena, (links + 1) * sizeof(*g->links));
	return g;
}

/* A node of kind host that no link ends at is nothing to look at. */
static void drop_lonely_hosts(struct graph *g)
{
	size_t *at = arena_alloc(&g->arena, (g->n_nodes + 1) * sizeof(*at)), n = 0;

	for (size_t i = 0; i < g->n_nodes; i++) {
		at[i] = n;
		if (g->nodes[i].links || strcmp(g->nodes[i].kind, node_kind_names[NODE_HOST]) != 0)
			g->nodes[n++] = g->nodes[i];
	}
	for (size_t i = 0; i < g->n_links; i++)
		for (int k = 0; k < 2; k++)
			g->links[i].node[k] = at[g->links[i].node[k]];
	g->n_nodes = n;
}

static struct graph *graph_done(struct graph *g)
{
	for (size_t i = 0; i < g->n_links; i++)
		for (int k = 0; k < 2; k++)
			g->nodes[g->links[i].node[k]].links++;
	drop_lonely_hosts(g);
	for (size_t i = 0; i < g->n_nodes; i++)
		g->nodes[i].role = role_of(&g->nodes[i]);
	tiers(g);
	return g;
}

static void link_add(struct graph *g, size_t a, const char *a_if, size_t b, const char *b_if)
{
	g->links[g->n_links++] = (struct graph_link){
		{ a, b }, { arena_strdup(&g->arena, a_if ? a_if : ""), arena_strdup(&g->arena, b_if ? b_if : "") }
	};
}

struct graph *graph_of_state(const struct lab_state *st)
{
	struct graph *g = graph_new(st->name, true, st->n_nodes, st->n_links);

	for (size_t i = 0; g && i < st->n_nodes; i++) {
		const struct node_state *n = &st->nodes[i];

		g->nodes[g->n_nodes++] = (struct graph_node){
			.name = arena_strdup(&g->arena, n->name),
			.longname = arena_strdup(&g->arena, n->longname),
			.kind = arena_strdup(&g->arena, n->kind),
			.image = arena_strdup(&g->arena, n->image),
			.group = arena_strdup(&g->arena, n->group),
			.ipv4 = arena_strdup(&g->arena, n->ipv4),
			.ipv6 = arena_strdup(&g->arena, n->ipv6),
		};
	}
	for (size_t i = 0; g && i < st->n_links; i++)
		if (st->links[i].node[0] >= 0 && st->links[i].node[1] >= 0)
			link_add(g, (size_t)st->links[i].node[0], st->links[i].ifname[0], (size_t)st->links[i].node[1],
				 st->links[i].ifname[1]);
	return g ? graph_done(g) : NULL;
}

struct graph *graph_of_lab(const struct lab *lab)
{
	struct graph *g = graph_new(lab->name, false, lab->n_nodes, lab->n_links);

	for (size_t i = 0; g && i < lab->n_nodes; i++) {
		const struct node *n = &lab->nodes[i];

		g->nodes[g->n_nodes++] = (struct graph_node){
			.name = arena_strdup(&g->arena, n->name),
			.longname = arena_strdup(&g->arena, n->longname),
			.kind = node_kind_text(n),
			.image = arena_strdup(&g->arena, n->image ? n->image : ""),
			.group = arena_strdup(&g->arena, n->group ? n->group : ""),
			.ipv4 = "",
			.ipv6 = "",
		};
	}
	for (size_t i = 0; g && i < lab->n_links; i++) {
		const struct endpoint *e = lab->links[i].end;

		if (e[0].node >= 0 && e[1].node >= 0)
			link_add(g, (size_t)e[0].node, e[0].ifname, (size_t)e[1].node, e[1].ifname);
	}
	return g ? graph_done(g) : NULL;
}

void graph_filter(struct graph *g, const struct strv *names)
{
	size_t *at = arena_alloc(&g->arena, (g->n_nodes + 1) * sizeof(*at)), nodes = 0, links = 0;

	for (size_t i = 0; i < g->n_nodes; i++) {
		at[i] = strv_contains(names, g->nodes[i].name) ? nodes : SIZE_MAX;
		if (at[i] != SIZE_MAX)
			g->nodes[nodes++] = g->nodes[i];
	}
	for (size_t i = 0; i < g->n_links; i++) {
		struct graph_link l = g->links[i];

		if (at[l.node[0]] == SIZE_MAX || at[l.node[1]] == SIZE_MAX)
			continue;
		l.node[0] = at[l.node[0]];
		l.node[1] = at[l.node[1]];
		g->links[links++] = l;
	}
	g->n_nodes = nodes;
	g->n_links = links;
	tiers(g);
}

struct graph *graph_free(struct graph *g)
{
	if (g)
		arena_done(&g->arena);
	free(g);
	return NULL;
}
