// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_image.c - names of images, and the JSON in what is imported; the first byte says which
 */
#include <string.h>

#include "image/config.h"
#include "image/ref.h"

static void reference(struct arena *a, const char *text)
{
	struct image_ref ref;
	const char *name;

	if (image_ref_parse(a, text, &ref, NULL) < 0)
		return;
	name = image_ref_name(a, &ref);
	/* What becomes the name of a file is no path, and comes back as it was. */
	if (strchr(image_ref_file(a, name), '/') || strcmp(image_ref_of_file(a, image_ref_file(a, name)), name) != 0)
		abort();
}

static void blob_check(const struct image_blob *b)
{
	if (*b->path == '/' || strncmp(b->path, "../", 3) == 0 || strstr(b->path, "/../"))
		abort();
}

static void manifest_check(const struct image_manifest *m)
{
	blob_check(&m->config);
	for (size_t i = 0; i < m->n_layers; i++)
		blob_check(&m->layers[i]);
}

static void document(struct arena *a, char which, const json_t *j)
{
	struct image_manifest one = { 0 }, *v;
	struct index_entry *entries;
	struct image im = { 0 };
	struct strv ids = { 0 };
	struct error e = { 0 };
	size_t n;

	if (which == 'c' && image_config_read(a, j, &im, &e) == 0)
		(void)image_diff_ids(a, j, &ids, &e);
	if (which == 'd' && manifest_docker(a, j, &v, &n, &e) == 0) {
		for (size_t i = 0; i < n; i++)
			manifest_check(&v[i]);
		(void)manifest_choose(v, n, "a:1", &e);
	}
	if (which == 'm' && manifest_oci(a, j, &one, &e) == 0)
		manifest_check(&one);
	if (which == 'i' && manifest_index(a, j, &entries, &n, &e) == 0 && index_choose(entries, n, "a:1", "amd64", &e) >= (ssize_t)n)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena a = { 0 };
	json_t *j;

	if (size == 0)
		return 0;
	if (data[0] == 'r') {
		reference(&a, arena_strndup(&a, (const char *)data + 1, size - 1));
		return 0;
	}
	j = json_loadb((const char *)data + 1, size - 1, JSON_DECODE_ANY, NULL);
	if (j)
		document(&a, (char)data[0], j);
	json_decref(j);
	return 0;
}
