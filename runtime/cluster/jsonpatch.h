/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * jsonpatch.h - JSON merge patch (RFC 7386), JSON patch (RFC 6902) and strategic merge patch
 */
#ifndef NETEMU_CLUSTER_JSONPATCH_H
#define NETEMU_CLUSTER_JSONPATCH_H

#include <jansson.h>

#include "base/error.h"

/** json_merge_patch() - a new reference: @target (borrowed, unchanged) with @patch merged in (RFC 7386) */
json_t *json_merge_patch(const json_t *target, const json_t *patch);

/**
 * json_patch_apply() - RFC 6902: add, remove, replace, move, copy, test
 * @ret: a new reference; @target stays as it is
 *
 * Return: 0; -EINVAL for a malformed patch; -ENOENT for a path that is not there; -EBADE for a failed test.
 */
int json_patch_apply(const json_t *target, const json_t *patch, json_t **ret, struct error *e);

/**
 * json_strategic_patch() - strategic merge patch by the merge keys of the schema (cluster/schema.h)
 * @kind: "Pod", "Deployment", ...
 * @ret: a new reference
 *
 * Knows $patch: replace|delete|merge, $setElementOrder/X, $deleteFromPrimitiveList/X, $retainKeys.
 * Source: apimachinery's strategicpatch.
 */
int json_strategic_patch(const char *kind, const json_t *target, const json_t *patch, json_t **ret, struct error *e);

#endif
