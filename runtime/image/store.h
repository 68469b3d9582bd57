/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h - imported root file systems on disk: /var/lib/netemu/images/
 *
 *   lock          flock(2): held while names change, and while what others have left is swept
 *   names/NAME    symlink to ../ids/ID; '%' in place of each '/' (image_ref_file())
 *   ids/ID/       image.json and root/; who uses the image holds a shared flock(2) on this directory, so that it stays
 *   tmp/XXXXXX/   of an import under way, which holds the flock(2) on it: who can take that knows that the import is dead
 *
 * An image is there when a name leads to it, and that is one rename(2). The directory is root's alone: what is in an image
 * may be set-uid. Refuses to know archives.
 */
#ifndef NETEMU_IMAGE_STORE_H
#define NETEMU_IMAGE_STORE_H

#include <jansson.h>

#include "base/error.h"
#include "plan/image.h"

/** imgstore_dir() - "/var/lib/netemu/images" ($NETEMU_IMAGES overrides it) */
const char *imgstore_dir(void);

/**
 * imgstore_find() - the image that a reference means
 * @word: "alpine", "docker.io/library/alpine:3.19", "alpine@sha256:...", or four digits or more of an id
 * @ret: in @a
 *
 * Return: 0, -ENOENT when there is none (@e is not set), or another -errno.
 */
int imgstore_find(struct arena *a, const char *word, struct image **ret, struct error *e);

/** imgstore_list() - all images, by name; one that has several is there several times, one without only as long as it is used */
int imgstore_list(struct arena *a, struct image ***ret, size_t *ret_n, struct error *e);

/**
 * imgstore_hold() - keep an image from being removed
 *
 * Return: an fd (close-on-exec) that does as long as it is open, or -errno.
 */
int imgstore_hold(const struct image *image, struct error *e);

/**
 * imgstore_remove() - take a name away; and the image, when that was its last
 * @word: as of imgstore_find(); digits of an id stand for all names that it has
 * @ret_names: the names that were taken away, appended, in @a
 * @ret: the image; its files are gone when @ret_deleted
 *
 * Return: 0, -ENOENT, -EBUSY when somebody uses it, another -errno; @ret is set with -EBUSY, too.
 */
int imgstore_remove(struct arena *a, const char *word, struct strv *ret_names, struct image **ret, bool *ret_deleted,
		 struct error *e);

/* An import under way. */
struct imgstore_import {
	int store, dir; /* the store's and its own directory, where "image" is made */
	char name[16];
};

/** imgstore_begin() - sweep what dead imports have left, and make a directory for a new one */
int imgstore_begin(struct imgstore_import *ret, struct error *e);

/** imgstore_has() - whether an image of that id is there already */
bool imgstore_has(const struct imgstore_import *im, const char *id);

/** imgstore_describe() - write image.json beside the root that was made in "image" */
int imgstore_describe(const struct imgstore_import *im, const struct image *image, json_t *config, struct error *e);

/**
 * imgstore_commit() - make "image", or the image of that id that is there already, known under @names
 * @names: short forms (image_ref_name())
 *
 * A name that another image had is this one's from now on.
 */
int imgstore_commit(const struct imgstore_import *im, const char *id, const struct strv *names, struct error *e);

/** imgstore_end() - remove what is left of an import */
void imgstore_end(struct imgstore_import *im);

#endif
