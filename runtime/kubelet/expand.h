/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * expand.h - $(VAR) in commands and environments, and quantities as the downward API gives them
 *
 * Pure. Source: kubernetes third_party/forked/golang/expansion/expand.go, apimachinery resource/quantity.go.
 */
#ifndef NETEMU_KUBELET_EXPAND_H
#define NETEMU_KUBELET_EXPAND_H

#include <jansson.h>

#include "base/macros.h"

/**
 * expand() - replace each $(NAME) by its value
 * @env: array of "NAME=value"; the last one of a name counts
 *
 * "$$" becomes "$"; what is not defined or not closed stays as it is.
 *
 * Return: for free(3), NULL when out of memory.
 */
char *expand(const char *text, const json_t *env);

/** env_value() - of @name in an array of "NAME=value", the last one. NULL when there is none. */
const char *env_value(const json_t *env, const char *name);

/**
 * container_argv() - what a container's main process is
 * @spec: of a pod's containers
 * @env: array of "NAME=value"
 *
 * command + args. Without a command the image's entrypoint would be used, which nobody knows here: the args are then
 * the command; and with neither it is a shell when the container has a stdin, else nothing (an idle container).
 *
 * Return: new array of texts; NULL when out of memory.
 */
json_t *container_argv(const json_t *spec, const json_t *env);

/**
 * quantity_value() - a resource quantity in units of a divisor, rounded up: ("250m", "1") = 1, ("64Mi", "1Mi") = 64
 *
 * Return: -1 for what is no quantity.
 */
int64_t quantity_value(const char *amount, const char *divisor);

#endif
