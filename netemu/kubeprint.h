/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kubeprint.h - objects and tables from the API server, written as kubectl writes them
 */
#ifndef NETEMU_KUBEPRINT_H
#define NETEMU_KUBEPRINT_H

#include <jansson.h>

#include "base/arena.h"
#include "base/error.h"

/* A table on its way: columns are as wide as the widest cell so far, as in kubectl get -w. */
struct kube_table {
	struct arena arena;
	const json_t *columns; /* columnDefinitions, borrowed from @first */
	json_t *first; /* own reference */
	size_t *widths;
	bool wide, namespaces, headed;
	const char *prefix; /* in front of names: "pod/", or NULL */
};

/**
 * kube_table_print() - the rows of a metav1.Table, with a heading the first time
 * @t: zeroed with its flags set, to be freed with kube_table_done()
 *
 * What comes from objects cannot drive a terminal.
 */
void kube_table_print(struct kube_table *t, const json_t *table, FILE *out);
void kube_table_done(struct kube_table *t);
#define _cleanup_kube_table_ _cleanup_(kube_table_done)

/** kube_print_object() - @format: "json" or "yaml". Return: 0 or -errno. */
int kube_print_object(const json_t *object, const char *format, FILE *out, struct error *e);

#endif
