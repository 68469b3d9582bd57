/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.h - a directory that the entries of archives become files of
 *
 * Theory of Operation
 *
 * Nothing of what is in an archive is trusted. An entry's parent directory is opened by openat2(2) with RESOLVE_IN_ROOT: a
 * symbolic link, absolute or with "..", means what it will mean inside of the image, and nothing outside can be reached.
 * What is at the entry's own place is removed, never followed nor written through; then the new one is made with O_EXCL.
 *
 * Whiteouts (OCI image-layer.md) hide what lower layers have, in whatever order a layer's entries come: what a layer has
 * itself written is remembered until its end. Device nodes are made as far as any container has them; a disk's would open
 * the host to the node. Of extended attributes those are taken that a layer may rightly have: not overlayfs's own.
 */
#ifndef NETEMU_IMAGER_TREE_H
#define NETEMU_IMAGER_TREE_H

#include <archive.h>
#include <archive_entry.h>
#include <signal.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strmap.h"
#include "imager/digest.h"

struct tree_dir;

struct tree {
	int root;
	char path[600]; /* of root, links followed */
	int64_t room; /* bytes that may still be written */
	bool literal; /* names that begin with .wh. are names like others */
	struct digest *digest; /* of all that is put in; or NULL */
	uint64_t entries; /* put in so far */
	unsigned left_out; /* device nodes that were not made */
	struct arena arena; /* of the layer */
	struct strmap written; /* paths that the layer has written */
	struct tree_dir *dirs; /* whose times are set at its end */
	size_t n_dirs;
};

/* Set by a signal: what is under way ends with EINTR. */
extern volatile sig_atomic_t tree_interrupted;

/**
 * tree_open() - make directory @name in @dir and begin to fill it
 *
 * What may be written is what its file system has free, but for a reserve.
 */
int tree_open(struct tree *t, int dir, const char *name, struct error *e);

/** tree_put() - make what @ent says; its contents come from @in */
int tree_put(struct tree *t, struct archive *in, struct archive_entry *ent, struct error *e);

/** tree_layer_end() - a layer is complete: set the times of its directories, forget what it wrote */
int tree_layer_end(struct tree *t, struct error *e);

/** tree_measure() - bytes and number of the files at @path */
void tree_measure(const char *path, int64_t *ret_size, int64_t *ret_files);

void tree_done(struct tree *t);
#define _cleanup_tree_ _cleanup_(tree_done)

#endif
