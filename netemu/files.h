/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * files.h - files and directories named on the command line -> labs
 *
 * Owns: which file a directory means, reading, telling the same file or the same lab twice, showing the
 * diagnostics. Refuses to know what a file says: that is topology/.
 */
#ifndef NETEMU_FILES_H
#define NETEMU_FILES_H

#include "topology/load.h"

struct files {
	struct diag diag; /* n_errors != 0: do not go on */
	struct lab **labs;
	size_t n;
	struct arena arena;
	char **texts; /* of the files, which diag quotes */
	size_t n_texts;
};

/**
 * files_load() - load everything that @paths name
 * @paths: files, directories (their one *.clab.yml or *.clab.yaml, else topo.yaml), "-" for standard input; none:
 *         the current directory
 * @opt: handed on to lab_load()
 * @ret: to be freed with files_done(), also on failure
 *
 * Mistakes inside files are in ret->diag, also two labs of the same name; nothing is printed.
 *
 * Return: 0, -EINVAL when ret->diag has errors (@e is not set), or -errno when a path cannot be read (@e says).
 */
int files_load(const struct strv *paths, const struct load_options *opt, struct files *ret, struct error *e);

/**
 * files_report() - show a failed files_load() and all warnings of a successful one on stderr
 * @r: what files_load() returned
 *
 * Return: CLI_OK when @r is 0, CLI_INVALID for mistakes in the files, CLI_FAILED for paths that cannot be read.
 */
int files_report(const struct files *files, int r, const struct error *e);

void files_done(struct files *files);
#define _cleanup_files_ _cleanup_(files_done)

/**
 * files_lookup() - which file a path means: the path itself, or a directory's topology
 * @ret: allocated in @a
 *
 * Return: 0 or -errno.
 */
int files_lookup(struct arena *a, const char *path, const char **ret, struct error *e);

#endif
