// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_patch.c - the three kinds of patches, arbitrary JSON on arbitrary JSON
 *
 * Input: the target and the patch, two JSON texts, as lines; a first byte that says the kind. Neither may change, and a merge
 * patch of a patched object is stable.
 */
#include <stdlib.h>
#include <string.h>

#include "cluster/jsonpatch.h"
#include "cluster/jsonutil.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void merge(const json_t *target, const json_t *patch)
{
	_cleanup_json_ json_t *once = json_merge_patch(target, patch), *twice = json_merge_patch(once, patch);

	must(once && twice && json_equal(once, twice));
}

static void rfc6902(const json_t *target, const json_t *patch)
{
	_cleanup_json_ json_t *ret = NULL;
	struct error e = { 0 };
	const int r = json_patch_apply(target, patch, &ret, &e);

	must(r < 0 ? !ret && e.code : ret != NULL);
}

static void strategic(const json_t *target, const json_t *patch, uint8_t kind)
{
	static const char *const kinds[] = { "Pod", "Deployment", "Node", "Service", "Secret", "Unknown" };
	_cleanup_json_ json_t *ret = NULL;
	struct error e = { 0 };
	const int r = json_strategic_patch(kinds[kind % ARRAY_SIZE(kinds)], target, patch, &ret, &e);

	must(r < 0 ? !ret && e.code : ret != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1, *nl;
	_cleanup_json_ json_t *target = NULL, *patch = NULL, *target_was = NULL, *patch_was = NULL;

	if (size < 2 || !(nl = memchr(text, '\n', size - 1)))
		return 0;
	target = json_loadb(text, (size_t)(nl - text), JSON_DECODE_ANY, NULL);
	patch = target ? json_loadb(nl + 1, size - 1 - (size_t)(nl + 1 - text), JSON_DECODE_ANY, NULL) : NULL;
	if (!patch)
		return 0;
	target_was = json_deep_copy(target);
	patch_was = json_deep_copy(patch);
	merge(target, patch);
	rfc6902(target, patch);
	strategic(target, patch, data[0]);
	must(json_equal(target, target_was) && json_equal(patch, patch_was));
	return 0;
}
