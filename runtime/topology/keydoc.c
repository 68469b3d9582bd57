// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keydoc.c - the table of what is supported, from the tables of keys
 *
 * Owns the order of the sections and the words of the marks. What a key does is said in its own row, by those who
 * made it do it.
 */
#include "topology/keydoc.h"

#include "topology/kinds.h"

#include <string.h>

static const struct keydoc_section sections[] = {
	{ "Top level", &file_schema },
	{ "`mgmt`", &mgmt_schema },
	{ "`topology`", &topo_schema },
	{ "Nodes, and what they inherit from `defaults`, `kinds` and `groups`", &node_schema },
	{ "`dns` of a node", &dns_schema },
	{ "`healthcheck` of a node", &health_schema },
	{ "`stages` of a node, in their order", &stages_schema },
	{ "A stage", &stage_schema },
	{ "An item of `wait-for`", &stage_wait_schema },
	{ "An item of a stage's `exec`", &stage_exec_schema },
	{ "A stage's `exec` that is a map", &stage_old_exec_schema },
	{ "`certificate` of a node", &cert_schema },
	{ "`settings`", &settings_schema },
	{ "`settings.certificate-authority`", &ca_schema },
	{ "Links", &link_schema },
	{ "An endpoint that is a map", &end_schema },
	{ "`impairments` of a link or an endpoint", &impair_schema },
};

const struct keydoc_section *keydoc_sections(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(sections);
	return sections;
}

const char *keydoc_support(const struct schema_key *k)
{
	if (k->flags & KEY_LEGACY)
		return k->flags & KEY_IGNORED ? "old, no effect" : "old, works";
	if (k->flags & (KEY_IGNORED | KEY_SILENT))
		return "no effect";
	return k->flags & KEY_OWN ? "works; netemu's own" : "works";
}

static void print_kinds(struct strbuf *out)
{
	strbuf_puts(out, "\nKinds:\n\n| key | | |\n|---|---|---|\n");
	for (const struct kind_doc *k = kind_docs; k->names; k++)
		strbuf_printf(out, "| `%s` | works | %s |\n", k->names, k->text);
	strbuf_puts(out, "\nRefused, because they are products with images of their own (`--map-kind KIND=linux` tries anyway):\n");
	for (const struct kind_doc *k = kind_products; k->names; k++)
		strbuf_printf(out, "%s%s", k == kind_products ? "" : ", ", k->text);
	strbuf_puts(out, ".\n");
}

void keydoc_print(struct strbuf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		const struct schema *s = sections[i].schema;

		strbuf_printf(out, "%s%s:\n\n| key | | |\n|---|---|---|\n", i ? "\n" : "", sections[i].title);
		for (size_t k = 0; k < s->n; k++)
			strbuf_printf(out, "| `%s` | %s | %s |\n", s->keys[k].name, keydoc_support(&s->keys[k]),
				      s->keys[k].text);
	}
	print_kinds(out);
}
