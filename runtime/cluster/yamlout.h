/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * yamlout.h - JSON written as YAML, the way kubectl -o yaml writes it
 */
#ifndef NETEMU_CLUSTER_YAMLOUT_H
#define NETEMU_CLUSTER_YAMLOUT_H

#include <jansson.h>

#include "base/error.h"
#include "base/strbuf.h"

/** json_to_yaml() - append a document: keys sorted, block style, strings quoted where YAML 1.1 would read something else */
int json_to_yaml(const json_t *j, struct strbuf *out, struct error *e);

#endif
