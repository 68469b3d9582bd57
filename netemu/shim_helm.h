/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shim_helm.h - the parts of the helm shim
 *
 * A release is a Secret as helm writes it, made by the API server (apiserver/cilium.c), also when values came by
 * `netemu apply`: what these commands say is read from there.
 */
#ifndef NETEMU_SHIM_HELM_H
#define NETEMU_SHIM_HELM_H

#include "kubeclient.h"
#include "shim.h"

/** helm_fail() - "Error: TEXT". Return: CLI_FAILED. */
int helm_fail(const char *fmt, ...) _printf_(1, 2);

/** helm_cluster_open() - the cluster that kubectl would talk to, if that is netemu's; else the one that runs. Return: 0, or what it said why not. */
int helm_cluster_open(const struct cli *cli, struct kube *k);

/** helm_chart_is_cilium() - "cilium/cilium", "./cilium-1.14.3.tgz", "oci://.../cilium"; @ret: the version in its name, or NULL. Else it says why not. */
bool helm_chart_is_cilium(struct arena *a, const char *chart, const char **ret);

/** helm_format() - -o: "json", "yaml", or NULL for a table. Return: whether it is one of these; else it has said so. */
bool helm_format(const struct cli *cli, const char **ret);
/** helm_print() - json on one line, or yaml. Return: exit code. */
int helm_print(const json_t *value, const char *format);

/* shim_helm_values.c */
/** values_merge() - as helm merges: maps key by key, null takes out, everything else is replaced */
void values_merge(json_t *into, const json_t *from);
/** values_collect() - --values, --set and its kin, into an object */
int values_collect(const struct cli *cli, json_t *into, struct error *e);

/* shim_helm_release.c */
/** helm_release() - a revision of a release as helm keeps it; 0: the newest. NULL with @e; -ENOENT: there is none. New reference. */
json_t *helm_release(struct kube *k, const char *name, json_int_t revision, struct error *e);
/** helm_release_print() - what helm says after an installation. Return: exit code. */
int helm_release_print(const struct cli *cli, const json_t *release, bool notes);
int helm_status(const struct cli *cli);
int helm_list(const struct cli *cli);
int helm_history(const struct cli *cli);
int helm_get_values(const struct cli *cli);
int helm_get_manifest(const struct cli *cli);
int helm_get_notes(const struct cli *cli);
int helm_get_hooks(const struct cli *cli);
int helm_get_metadata(const struct cli *cli);
int helm_get_all(const struct cli *cli);

/* shim_helm_repo.c */
int helm_repo_add(const struct cli *cli);
int helm_repo_list(const struct cli *cli);
int helm_repo_update(const struct cli *cli);
int helm_repo_remove(const struct cli *cli);
int helm_search_repo(const struct cli *cli);

#endif
