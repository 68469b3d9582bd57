// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * schema_text.c - how the API server joins the causes of an Invalid
 */
#include "cluster/schema_internal.h"

static bool said_before(const json_t *causes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (json_equal(json_array_get(causes, i), json_array_get(causes, n)))
			return true;
	return false;
}

void schema_invalid_text(const struct resource *r, const char *name, const json_t *causes, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf list = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(causes); i++) {
		const json_t *c = json_array_get(causes, i);

		if (said_before(causes, i))
			continue;
		strbuf_printf(&list, "%s%s: %s", n++ ? ", " : "", json_text(c, "field", NULL), json_text(c, "message", NULL));
	}
	strbuf_printf(out, "%s%s%s \"%s\" is invalid: %s%s%s", r->kind, *r->group ? "." : "", r->group, name, n > 1 ? "[" : "",
		      strbuf_str(&list), n > 1 ? "]" : "");
}
