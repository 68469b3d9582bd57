/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * manifest.h - YAML or JSON files of Kubernetes objects, and of Cilium values
 */
#ifndef NETEMU_CLUSTER_MANIFEST_H
#define NETEMU_CLUSTER_MANIFEST_H

#include <jansson.h>

#include "base/error.h"
#include "topology/doc.h"

enum manifest_type { MANIFEST_OBJECT, MANIFEST_VALUES, _MANIFEST_TYPE_MAX };

struct manifest {
	enum manifest_type type;
	json_t *object; /* own reference */
	struct pos pos; /* where it begins */
};

struct manifests {
	struct manifest *items; /* malloc'ed */
	size_t n;
};

/**
 * manifest_detect() - whether @text is for manifests_load(): a document with apiVersion and kind that is no Kind cluster config,
 * or Cilium values (a map with at least one top-level key of Cilium's chart and no apiVersion, kind or topology)
 */
bool manifest_detect(const char *text, size_t len);

/**
 * manifests_load() - all documents of a file; a `kind: List` becomes its items
 * @d: collects mistakes with line and caret: YAML, no apiVersion or kind, unknown resource, strict decoding (schema.h), duplicate keys
 * @ret: appended to
 *
 * Scalars are typed as sigs.k8s.io/yaml does (YAML 1.1: yes, no, on, off are booleans; octal).
 */
void manifests_load(struct diag *d, const char *path, const char *text, size_t len, struct manifests *ret);
void manifests_done(struct manifests *m);

/** value_to_json() - a value of a document as JSON, typed so; new reference (NULL: null) */
json_t *value_to_json(const struct value *v);

/** yaml_to_json() - one YAML document as JSON. Return: a new reference, NULL with an error that names the line. */
json_t *yaml_to_json(const char *text, size_t len, struct error *e);

#endif
