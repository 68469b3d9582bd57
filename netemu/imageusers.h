/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * imageusers.h - which running labs have nodes of an imported image
 */
#ifndef NETEMU_IMAGEUSERS_H
#define NETEMU_IMAGEUSERS_H

#include "base/error.h"
#include "base/strv.h"

/* Pairs: the id of an image, and a lab with a node of it. */
struct image_users {
	struct strv ids, labs;
};

/** image_users_find() - all there are */
int image_users_find(struct arena *a, struct image_users *ret, struct error *e);
/** image_users_count() - how many labs use an image */
size_t image_users_count(const struct image_users *u, const char *id);
/** image_users_text() - "lab a, lab b", for messages; pods are not told apart */
const char *image_users_text(struct arena *a, const char *id);

#endif
