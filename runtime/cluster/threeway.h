/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * threeway.h - what `apply` sends: the change from what there is to what a file says
 */
#ifndef NETEMU_CLUSTER_THREEWAY_H
#define NETEMU_CLUSTER_THREEWAY_H

#include <jansson.h>

#include "cluster/schema.h"

#define KUBE_LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

/**
 * kube_three_way() - a patch that makes @current what @modified says, and takes away what only @original said
 * @fields: schema_fields() of the kind: a strategic merge patch, lists by their merge keys; NULL: a JSON merge patch
 * @original: what was applied last, or NULL
 * @modified: what is to be applied
 * @current: what there is; what neither of the others mentions stays
 *
 * Source: kubectl's apply, strategicpatch.CreateThreeWayMergePatch() and jsonmergepatch.CreateThreeWayJSONMergePatch().
 *
 * Return: a new object; an empty one when nothing is to be done.
 */
json_t *kube_three_way(const struct kube_field *fields, const json_t *original, const json_t *modified, const json_t *current);

/**
 * kube_last_applied() - the text that kubectl keeps in the annotation KUBE_LAST_APPLIED
 * @object: as the file has it
 *
 * Return: malloc'ed, ends in a newline; NULL when out of memory.
 */
char *kube_last_applied(const json_t *object);

#endif
