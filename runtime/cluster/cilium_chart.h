/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cilium_chart.h - what netemu has in the place of Cilium's chart: the objects that an installation makes, and the values
 *
 * Pure. The API server puts these objects into its store, `helm template` prints the same.
 */
#ifndef NETEMU_CLUSTER_CILIUM_CHART_H
#define NETEMU_CLUSTER_CILIUM_CHART_H

#include <jansson.h>

#include "base/strbuf.h"

/* The version that is installed when nobody asks for another. */
extern const char cilium_chart_version[];

/* All values that are read, with their defaults, as YAML. */
extern const char cilium_chart_values[];

/**
 * cilium_chart_objects() - the objects of the chart, in helm's order
 * @config: what cilium_values_read() made of the values
 * @version: "1.14.3"
 *
 * Return: a new array.
 */
json_t *cilium_chart_objects(const json_t *config, const char *version);

/**
 * cilium_chart_manifest() - append the same as helm prints a manifest
 * @only: the file of the chart that is wanted, below its templates/; NULL: all
 */
void cilium_chart_manifest(const json_t *config, const char *version, const char *only, struct strbuf *out);

#endif
