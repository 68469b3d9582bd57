/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * files.h - files and directories named on the command line -> labs and manifests
 *
 * Owns: which file a directory means, reading, telling the same file or the same lab twice, showing the
 * diagnostics, and which running labs an argument means. Refuses to know what a file says: that is topology/.
 */
#ifndef NETEMU_FILES_H
#define NETEMU_FILES_H

#include "cli.h"
#include "cluster/manifest.h"
#include "topology/load.h"

struct files {
	struct diag diag; /* n_errors != 0: do not go on */
	struct lab **labs; /* in the order of the command line */
	size_t n;
	struct manifests manifests; /* Kubernetes objects and Cilium values, in the order of the command line */
	struct strv manifest_files;
	json_t *pins; /* of --pin, for a cluster that runs already; those of a cluster in the files are in its lab */
	struct arena arena;
	char **texts; /* of the files, which diag quotes */
	size_t n_texts;
};

/**
 * files_load() - load everything that @paths name
 * @paths: files, directories (their one *.clab.yml or *.clab.yaml, else *.clab.gotmpl, else topo.yaml), "-" for standard
 *         input; none: what $CLAB_TOPO names, else the current directory. A file that is named twice is loaded once.
 * @opt: handed on to lab_load()
 * @vars: variables for topology templates (render.h), or NULL
 * @ret: to be freed with files_done(), also on failure
 *
 * What a file is, its content tells. Mistakes inside files are in ret->diag, also two labs of the same name; nothing is printed.
 *
 * Return: 0, -EINVAL when ret->diag has errors (@e is not set), or -errno when a path cannot be read (@e says).
 */
int files_load(const struct strv *paths, const struct load_options *opt, const char *vars, struct files *ret, struct error *e);

/**
 * files_load_cli() - the same from the arguments and options of a verb that has FILE... (run, plan, validate)
 *
 * Takes --topo, --vars, --name, --node-filter, --map-kind and --pin (or NETEMU_PIN), and shows all mistakes and warnings on stderr.
 *
 * Return: CLI_OK; CLI_INVALID for mistakes in the files; CLI_FAILED when a path cannot be read.
 */
int files_load_cli(const struct cli *cli, struct files *ret);

/**
 * files_load_manifests() - load files that hold manifests and values only
 * @paths: files, directories (all *.yaml, *.yml and *.json in them) and "-"
 *
 * Return: as files_load().
 */
int files_load_manifests(const struct strv *paths, struct files *ret, struct error *e);

/** files_text() - read a file whose text lives as long as @f, which may quote it. Return: 0 or -errno. */
int files_text(struct files *f, const char *path, char **ret, size_t *ret_len, struct error *e);
/** files_shown() - how a path is called in messages */
const char *files_shown(const char *path);

/** files_cluster() - the one cluster among the labs; NULL when there is none or are several */
struct lab *files_cluster(const struct files *files);

/**
 * files_pin() - read a pin file for a cluster
 * @cluster: a lab that is to be made: gets the pins; or what kube_lab() says of a running one, with @running
 *
 * Mistakes are in files->diag. Return: 0 or -errno.
 */
int files_pin(struct files *files, const char *path, struct lab *cluster, bool running, struct error *e);

struct kube;
/** files_send_pins() - read a pin file for the running cluster and give it to its API server. Return: exit code. */
int files_send_pins(const struct cli *cli, struct files *files, struct kube *k, const char *path);

void files_done(struct files *files);
#define _cleanup_files_ _cleanup_(files_done)

/**
 * files_lookup() - which file a path means: the path itself, or a directory's topology
 * @ret: allocated in @a
 *
 * Return: 0 or -errno.
 */
int files_lookup(struct arena *a, const char *path, const char **ret, struct error *e);

/**
 * files_find_labs() - which running labs an argument means
 * @arg: the name of a lab; or a file or directory, which may be edited or gone meanwhile
 * @ret: names, appended, none twice; a name that could be a lab's is added even when no such lab runs
 *
 * Return: 0; -ENOENT when @arg is a path that means no lab (nothing is set); another -errno.
 */
int files_find_labs(struct arena *a, const char *arg, struct strv *ret, struct error *e);

#endif
