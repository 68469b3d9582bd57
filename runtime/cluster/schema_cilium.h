/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * schema_cilium.h - cilium.io's part of schema.h: what the CRDs of Cilium say
 *
 * Source: Cilium's CRDs, v2alpha1 of 1.14 to 1.18 and v2 of 1.18.
 */
#ifndef NETEMU_CLUSTER_SCHEMA_CILIUM_H
#define NETEMU_CLUSTER_SCHEMA_CILIUM_H

#include <jansson.h>

#include "cluster/schema.h"

/** schema_cilium() - the top-level fields of a kind of cilium.io, with the CRD's defaults; NULL when there is no such kind */
const struct kube_field *schema_cilium(const char *kind);

/**
 * schema_cilium_validate() - what the CRD's OpenAPI schema refuses: missing required fields, numbers out of range, patterns, enums
 * @causes: as schema_validate()'s
 *
 * Return: how many were added.
 */
size_t schema_cilium_validate(const char *kind, const json_t *object, json_t *causes);

#endif
