// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inspect_details.c - netemu inspect --details: a node as containerlab shows a container
 *
 * Owns the JSON, whose names are those of containerlab's own type for a container.
 */
#include <string.h>

#include "base/inaddr.h"
#include "base/strbuf.h"
#include "inspect.h"
#include "nodeexec.h"
#include "shim.h"
#include "shim_docker_usage.h"

enum { SHORT_ID = 12 };

static void member(struct strbuf *out, const char *key, const char *value)
{
	strbuf_printf(out, "      \"%s\": ", key);
	strbuf_json_string(out, value);
	strbuf_puts(out, ",\n");
}

static void labels(struct strbuf *out, const struct strv *list)
{
	strbuf_puts(out, "      \"Labels\": {");
	for (size_t i = 0; i < list->n; i++) {
		char *eq = strchr(list->v[i], '=');

		*eq = '\0';
		strbuf_puts(out, i ? ",\n        " : "\n        ");
		strbuf_json_string(out, list->v[i]);
		strbuf_puts(out, ": ");
		strbuf_json_string(out, eq + 1);
	}
	strbuf_puts(out, "\n      },\n");
}

/* The gateway is the first address of the network, unless the file says otherwise, which a running lab no longer knows. */
static void family(struct strbuf *out, const char *name, const char *address, const char *end)
{
	struct inprefix p = { 0 }, gw;
	char a[INPREFIX_STRLEN] = "", g[INPREFIX_STRLEN] = "";

	if (*address && inprefix_parse(address, &p) == 0) {
		gw = inprefix_host(&p, 1);
		(void)inprefix_addr_str(&p, a);
		(void)inprefix_addr_str(&gw, g);
	}
	strbuf_printf(out, "        \"%saddr\": \"%s\",\n        \"%spLen\": %u,\n        \"%sGw\": \"%s\"%s\n", name, a, name, p.len, name,
		      g, end);
}

/* "0.0.0.0:8080->80/tcp" in its parts, by the names of containerlab's type. */
static void port(struct strbuf *out, const char *text, const char *before)
{
	const char *arrow = strstr(text, "->"), *slash = strrchr(text, '/'), *colon = arrow;

	if (!arrow || !slash)
		return;
	while (colon > text && *--colon != ':')
		;
	strbuf_printf(out, "%s\n        {\n          \"host_ip\": \"%.*s\",\n          \"host_port\": %d,\n          \"port\": %d,\n"
			   "          \"protocol\": \"%s\"\n        }",
		      before, (int)(colon - text) - (*text == '[' ? 2 : 0), text + (*text == '['), atoi(colon + 1), atoi(arrow + 2),
		      slash + 1);
}

static void ports(struct strbuf *out, const struct strv *list)
{
	strbuf_puts(out, "      \"Ports\": [");
	for (size_t i = 0; i < list->n; i++)
		port(out, list->v[i], i ? "," : "");
	strbuf_puts(out, list->n ? "\n      ]" : "]");
}

static void mounts(struct strbuf *out, pid_t pid)
{
	json_t *list = usage_mounts(pid), *m;
	size_t i;

	strbuf_puts(out, "      \"Mounts\": [");
	json_array_foreach(list, i, m) {
		strbuf_puts(out, i ? ",\n        {\n          \"Source\": " : "\n        {\n          \"Source\": ");
		strbuf_json_string(out, json_string_value(json_object_get(m, "Source")));
		strbuf_puts(out, ",\n          \"Destination\": ");
		strbuf_json_string(out, json_string_value(json_object_get(m, "Destination")));
		strbuf_puts(out, "\n        }");
	}
	strbuf_puts(out, i ? "\n      ],\n" : "],\n");
	json_decref(list);
}

static void node(struct strbuf *out, const struct inspect_node *n, struct arena *a)
{
	const struct node_state *s = &n->st->nodes[n->node];
	const struct strv all = nodeexec_labels(n->st, n->node, a);
	const char *id = shim_node_id(a, s);

	strbuf_puts(out, "    {\n      \"Names\": [\n        ");
	strbuf_json_string(out, s->longname);
	strbuf_puts(out, "\n      ],\n");
	member(out, "ID", id);
	member(out, "ShortID", arena_strndup(a, id, SHORT_ID));
	member(out, "Image", s->image);
	member(out, "State", s->state);
	member(out, "Status", n->status);
	labels(out, &all);
	strbuf_printf(out, "      \"Pid\": %d,\n      \"NetworkSettings\": {\n", s->pid);
	family(out, "IPv4", s->ipv4, ",");
	family(out, "IPv6", s->ipv6, "");
	strbuf_puts(out, "      },\n");
	mounts(out, s->pid);
	ports(out, &s->ports);
	strbuf_puts(out, "\n    }");
}

void inspect_details(const struct inspect_node *nodes, size_t n, FILE *out)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_strbuf_ struct strbuf text = { 0 };

	strbuf_puts(&text, "{");
	for (size_t i = 0; i < n; i++) {
		const bool first = i == 0 || nodes[i - 1].st != nodes[i].st, last = i + 1 == n || nodes[i + 1].st != nodes[i].st;

		if (first) {
			strbuf_puts(&text, i ? ",\n  " : "\n  ");
			strbuf_json_string(&text, nodes[i].st->name);
			strbuf_puts(&text, ": [\n");
		}
		node(&text, &nodes[i], &a);
		strbuf_puts(&text, last ? "\n  ]" : ",\n");
	}
	strbuf_puts(&text, n ? "\n}\n" : "}\n");
	(void)fputs(strbuf_str(&text), out);
}
