/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kubepod.h - a pod in the place of a node: `exec` and `logs`
 */
#ifndef NETEMU_KUBEPOD_H
#define NETEMU_KUBEPOD_H

#include "cli.h"
#include "kubeclient.h"

/**
 * kube_pod_word() - "nettool-1", "pod/nettool-1", "kube-system/x"
 * @ns: of --namespace, or NULL
 */
void kube_pod_word(struct arena *a, const char *word, const char *ns, const char **ret_ns, const char **ret_name);

/* How a command runs in a container, unless told otherwise: as the container's main process does. */
struct kube_pod_defaults {
	const char *cwd, *user; /* "" as of struct agent_command */
};

/**
 * kube_pod_connect() - connect to the init of a pod's container, for engine/agentc.h
 * @a: holds what is in @ret
 * @e: says already that there is no such node; when there is no cluster to ask, it stays so
 *
 * Without --container it is the first one, which is said when there are more.
 *
 * Return: a socket, or -errno.
 */
int kube_pod_connect(const struct cli *cli, const char *word, struct arena *a, struct kube_pod_defaults *ret, struct error *e);

/** kube_pod_logs() - print a pod's log. @e: as above. Return: exit code. */
int kube_pod_logs(const struct cli *cli, const char *word, const char *container, struct error *e);

#endif
