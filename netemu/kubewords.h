/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kubewords.h - "pods", "po,svc", "pod/x", "deploy x y", "all": which objects of a cluster a user means
 */
#ifndef NETEMU_KUBEWORDS_H
#define NETEMU_KUBEWORDS_H

#include "base/strv.h"
#include "cluster/resource.h"

struct kube_target {
	const struct resource *res;
	const char *name; /* NULL: all of that kind */
};

struct kube_targets {
	struct kube_target *items; /* in @a of kube_words() */
	size_t n, kinds;
};

/** kube_words() - Return: 0 or -EINVAL; words are kubectl's: KIND[,KIND]... [NAME...] or KIND/NAME... */
int kube_words(struct arena *a, const struct strv *args, struct kube_targets *ret, struct error *e);

#endif
