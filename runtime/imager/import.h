/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * import.h - what a file or a directory is, and how it becomes images of the store
 *
 * Known are: what `docker save` writes; an OCI image layout; a tar archive of a root file system, and its directory. What a
 * file is, its content tells.
 */
#ifndef NETEMU_IMAGER_IMPORT_H
#define NETEMU_IMAGER_IMPORT_H

#include "base/strv.h"
#include "plan/image.h"

struct imported {
	const char *id;
	struct strv names;
	int64_t size, n_files;
	const char *note; /* or NULL */
};

/**
 * import() - import all images of a source, or the one that is called @name
 * @source: a path, or "-" for standard input
 * @name: what it shall be called; NULL: as it is called there
 *
 * Either all are there afterwards or, if it fails, those that came before the one it failed with.
 */
int import(struct arena *a, const char *source, const char *name, struct imported **ret, size_t *ret_n, struct error *e);

#endif
