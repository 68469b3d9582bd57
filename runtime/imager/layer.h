/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layer.h - a tar archive, compressed or not, or a directory, becomes files of a tree
 */
#ifndef NETEMU_IMAGER_LAYER_H
#define NETEMU_IMAGER_LAYER_H

#include "imager/tree.h"

/**
 * layer_unpack() - put all of a tar archive into a tree
 * @fd: where it begins
 * @ret: SHA-256 of the archive without its compression, all of it, what comes after its end included
 *
 * Compression is found by what the data begin with; only what libarchive does itself, no other program is started.
 */
int layer_unpack(struct tree *t, int fd, char ret[IMAGE_ID_LEN + 1], struct error *e);

/**
 * layer_peek() - look at the names of the first entries of an archive; the fd is at its beginning again
 * @look: called for each, until it returns something else than 0, which is what this function returns
 */
int layer_peek(int fd, int (*look)(const char *name), struct error *e);

/** layer_copy() - put a directory's files into a tree; what is mounted in it, and @except, are left out */
int layer_copy(struct tree *t, const char *path, const char *except, struct error *e);

#endif
