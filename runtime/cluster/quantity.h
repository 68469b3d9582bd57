/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quantity.h - Kubernetes quantities as numbers (apimachinery's resource.Quantity)
 */
#ifndef NETEMU_CLUSTER_QUANTITY_H
#define NETEMU_CLUSTER_QUANTITY_H

#include <jansson.h>

#include "base/macros.h"

/**
 * quantity_parse() - "100m", "2", "1.5Gi", "1e3", "-1"
 * @ret: in whole units; only set on success
 *
 * Return: whether it is a quantity.
 */
bool quantity_parse(const char *text, double *ret);

/** quantity_of() - the same for a JSON string or number */
bool quantity_of(const json_t *v, double *ret);

#endif
