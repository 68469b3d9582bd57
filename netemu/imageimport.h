/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * imageimport.h - netemu-image, started and listened to
 */
#ifndef NETEMU_IMAGEIMPORT_H
#define NETEMU_IMAGEIMPORT_H

#include "base/error.h"
#include "base/strv.h"

/* An image that is there now. */
struct imported_image {
	const char *id, *note; /* note: "" or something to tell */
	int64_t size, n_files;
	struct strv names;
};

/**
 * image_import() - import what is in a file or directory
 * @source: "-" is standard input
 * @name: what it shall be called, or NULL: as it is called there
 * @ret: in @a; also set when not all could be imported
 *
 * Return: 0 or -errno.
 */
int image_import(struct arena *a, const char *source, const char *name, struct imported_image **ret, size_t *ret_n,
		 struct error *e);

/** image_size() - "8.17MB", as docker writes sizes */
const char *image_size(struct arena *a, int64_t bytes);

#endif
