// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_manifest.c - bytes -> objects, and all that is done to an object before it is stored
 *
 * Beyond what the sanitizers see: what was loaded without a mistake decodes strictly, defaults are stable, and a valid object stays
 * valid as an update of itself.
 */
#include <stdlib.h>
#include <string.h>

#include "cluster/jsonutil.h"
#include "cluster/manifest.h"
#include "cluster/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_object(json_t *o)
{
	const struct resource *r = resource_of_kind(json_text(o, "apiVersion", NULL), json_text(o, "kind", NULL));
	_cleanup_json_ json_t *causes = json_array(), *again = NULL;
	_cleanup_strbuf_ struct strbuf errors = { 0 };
	struct error e = { 0 };
	size_t n;

	must(r != NULL);
	must(schema_decode(r, o, &errors, &e) == 0 && errors.len == 0);
	schema_default(r, o);
	again = json_deep_copy(o);
	schema_default(r, again);
	must(json_equal(o, again));
	n = schema_validate(r, o, NULL, causes);
	must(n == 0 && json_array_size(causes) == 0);
	must(schema_validate(r, o, again, causes) == 0);
	schema_invalid_text(r, kube_name(o), causes, &errors);
}

static void print_all(const struct diag *d)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	must(f != NULL);
	diag_print(d, f, false);
	(void)fclose(f);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct manifests m = { 0 };
	struct diag d = { 0 };
	struct error e = { 0 };
	char *text = malloc(size + 1);
	json_t *j;

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	(void)manifest_detect(text, size);
	j = yaml_to_json(text, size, &e);
	must(j || e.code);
	json_decref(j);
	manifests_load(&d, "fuzz.yaml", text, size, &m);
	for (size_t i = 0; i < m.n; i++)
		if (m.items[i].type == MANIFEST_OBJECT)
			check_object(m.items[i].object);
	print_all(&d);
	manifests_done(&m);
	diag_done(&d);
	free(text);
	return 0;
}
