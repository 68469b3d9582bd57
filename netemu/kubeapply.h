/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kubeapply.h - manifests and Cilium values become what the cluster has
 *
 * Owns: the order, the checks before anything is done, and kubectl's own way to apply (so that a later kubectl apply
 * of the same file finds what it expects). Refuses to know where the files came from.
 */
#ifndef NETEMU_KUBEAPPLY_H
#define NETEMU_KUBEAPPLY_H

#include "cli.h"
#include "cluster/manifest.h"
#include "kubeclient.h"
#include "topology/lab.h"

struct kube_apply {
	const struct cli *cli;
	struct kube *k;
	const struct manifests *manifests;
	struct diag *diag; /* positions of manifests point into it */
	const char *ns; /* for objects that do not say theirs; NULL: "default" */
	bool dry_run; /* only the checks */
	bool fresh; /* the cluster is new: what is there already is found out by trying */
};

/**
 * kube_apply_check() - what can be told without an API server: values of fields by its rules, values of Cilium
 * @cluster: that is to be made; NULL: one that runs, which knows better what Cilium can be there
 */
void kube_apply_check(const struct manifests *m, const struct lab *cluster, struct diag *d);

/** kube_apply_print_plan() - a line for each object, as of `netemu plan` */
void kube_apply_print_plan(const struct manifests *m);

/**
 * kube_apply() - do it; prints what kubectl prints
 *
 * All objects are tried on the server first (dryRun); when one is refused, nothing is done. Values come first, then
 * namespaces, then everything else in the order of the files.
 *
 * Return: exit code.
 */
int kube_apply(const struct kube_apply *apply);

#endif
