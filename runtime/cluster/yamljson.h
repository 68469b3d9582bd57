/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * yamljson.h - a tree of YAML values as JSON, typed as sigs.k8s.io/yaml types it
 */
#ifndef NETEMU_CLUSTER_YAMLJSON_H
#define NETEMU_CLUSTER_YAMLJSON_H

#include <jansson.h>

#include "topology/doc.h"

/**
 * value_json() - a new reference
 *
 * Plain scalars are YAML 1.1's as Go's yaml.v2 resolves them: y, yes, on, ... are booleans (y and n too: its table has them),
 * 017, 0o17, 0x1f and 1_000 integers, whole floats become integers (Go's JSON encoder writes 3.0 as 3), timestamps stay strings.
 * Keys that are booleans or numbers become their text ("true", "8").
 *
 * Return: NULL with diagnostics in @d for what JSON cannot say: NaN, infinities, a key that is null.
 */
json_t *value_json(struct diag *d, const struct value *v);

#endif
