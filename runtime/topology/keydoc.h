/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keydoc.h - what becomes of each key of a topology file, told from the tables that read it
 */
#ifndef NETEMU_TOPOLOGY_KEYDOC_H
#define NETEMU_TOPOLOGY_KEYDOC_H

#include "topology/loader.h"

struct keydoc_section {
	const char *title;
	const struct schema *schema;
};

/** keydoc_sections() - the tables that are shown, in this order */
const struct keydoc_section *keydoc_sections(size_t *ret_n);
/** keydoc_support() - the mark of a key: "works", "accepted", "old", "netemu's" */
const char *keydoc_support(const struct schema_key *k);
/** keydoc_print() - all of them as one Markdown table a section */
void keydoc_print(struct strbuf *out);

#endif
