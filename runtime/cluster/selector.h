/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * selector.h - label and field selectors, as text and as objects
 */
#ifndef NETEMU_CLUSTER_SELECTOR_H
#define NETEMU_CLUSTER_SELECTOR_H

#include <jansson.h>

#include "base/error.h"

struct selector;

/**
 * selector_parse_labels() - the grammar of ?labelSelector=: "a=b,c!=d,e in (x,y),f notin (z),g,!h,i>3"
 *
 * Source: apimachinery's labels.Parse(). Errors are worded as there.
 *
 * Return: 0 or -EINVAL.
 */
int selector_parse_labels(const char *text, struct selector **ret, struct error *e);
struct selector *selector_free(struct selector *s);
DEFINE_CLEANUP(struct selector *, selector_free);
/** selector_matches() - against metadata.labels of an object's (or any object of strings; NULL has none); NULL matches all */
bool selector_matches(const struct selector *s, const json_t *labels);

/**
 * selector_match_object() - a LabelSelector object {matchLabels, matchExpressions} against labels
 *
 * An empty or NULL selector matches everything: callers to whom NULL means nothing ask first.
 */
bool selector_match_object(const json_t *selector, const json_t *labels);

/** selector_match_expressions() - node selector terms' matchExpressions: In, NotIn, Exists, DoesNotExist, Gt, Lt */
bool selector_match_expressions(const json_t *expressions, const json_t *labels);

/**
 * selector_match_fields() - ?fieldSelector= against an object: "metadata.name=x,status.phase!=Failed"
 *
 * metadata.name and metadata.namespace for all; spec.nodeName, spec.restartPolicy, spec.schedulerName, spec.serviceAccountName,
 * status.phase, status.podIP, status.nominatedNodeName for pods; spec.unschedulable for nodes; involvedObject.*, reason, type, source for
 * events; type for secrets; status.successful for jobs; status.phase for namespaces.
 *
 * Return: 1, 0, or -EINVAL for a field that the kind does not support (worded as the API server does) or bad grammar.
 */
int selector_match_fields(const char *text, const char *kind, const json_t *object, struct error *e);

#endif
