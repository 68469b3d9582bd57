/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table_internal.h - what the files that make rows of tables share
 */
#ifndef NETEMU_APISERVER_TABLE_INTERNAL_H
#define NETEMU_APISERVER_TABLE_INTERNAL_H

#include <jansson.h>

#include "base/macros.h"

/** cell_text() - append a cell */
void cell_text(json_t *row, const char *fmt, ...) _printf_(2, 3);
/** cell_text_or() - append @text, or @fallback when it is "" */
void cell_text_or(json_t *row, const char *text, const char *fallback);
/** cell_status() - append the integer at status.@key; 0 when it is missing */
void cell_status(json_t *row, const json_t *o, const char *key);
/** cell_age() - append how long ago a time stamp is, as kubectl writes it: "<unknown>" without one */
void cell_age(json_t *row, const char *timestamp);
/** cell_created() - cell_age() of metadata.creationTimestamp */
void cell_created(json_t *row, const json_t *o);
/** cells_containers() - append names and images of a pod template's containers */
void cells_containers(json_t *row, const json_t *template);
/** cell_labels() - append a map of labels: "a=b,c=d", "<none>" */
void cell_labels(json_t *row, const json_t *labels);
/** cell_selector() - append a LabelSelector as text */
void cell_selector(json_t *row, const json_t *selector);

/* table_pods.c */
void pod_cells(const json_t *pod, json_t *row);
/** pod_row_conditions() - a new array for a row's "conditions", NULL when it has none */
json_t *pod_row_conditions(const json_t *pod);

#endif
