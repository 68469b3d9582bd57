// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * help_schema.c - netemu help --schema: the tables of runtime/topology, printed
 */
#include "help.h"
#include "topology/keydoc.h"

int help_schema(FILE *out)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	keydoc_print(&s);
	(void)fputs(strbuf_str(&s), out);
	return CLI_OK;
}
