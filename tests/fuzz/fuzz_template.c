// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_template.c - bytes -> a template -> text, over data that has one of everything
 *
 * It may fail, but must say where; it comes to an end, and its output stays bounded.
 */
#include <stdlib.h>
#include <string.h>

#include "template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char values[] = "{\"name\": \"lab\", \"n\": 3, \"f\": 1.5, \"yes\": true, \"nil\": null, \"list\": [\"a\", 2, null],"
			     " \"map\": {\"z\": 1, \"a\": {\"b\": \"deep\"}}, \"nodes\": [{\"name\": \"r1\", \"as\": 65001}]}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *split = memchr(data, '\0', size);
	const size_t first = split ? (size_t)(split - (const char *)data) : size;
	/* What stands behind a NUL is a template that the first can call. */
	const struct template_source sources[] = {
		{ "main", (const char *)data, first },
		{ "helper", split ? split + 1 : "", split ? size - first - 1 : 0 },
	};
	const struct template_options opt = { .sources = sources, .n_sources = ARRAY_SIZE(sources) };
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct template_place at = { 0 };
	json_t *root = json_loads(values, 0, NULL);
	struct error e = { 0 };

	if (template_render(&opt, root, &out, &at, &e) < 0 && (!e.code || !*e.msg || at.source >= ARRAY_SIZE(sources)))
		abort();
	json_decref(root);
	return 0;
}
