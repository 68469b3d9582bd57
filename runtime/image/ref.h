/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ref.h - names of images: "quay.io/frrouting/frr:10.2.1", and the names of files that stand for them
 *
 * Pure. The grammar is that of the registry's API (github.com/distribution/reference).
 */
#ifndef NETEMU_IMAGE_REF_H
#define NETEMU_IMAGE_REF_H

#include "base/arena.h"
#include "base/error.h"

struct image_ref {
	const char *repository; /* short form: without docker.io/ and library/ */
	const char *tag; /* "latest" when there is neither tag nor digest; NULL: there is only a digest */
	const char *digest; /* "sha256:..." or NULL */
};

/**
 * image_ref_parse() - take a reference apart
 * @ret: strings in @a
 *
 * Return: 0, or -EINVAL with what is wrong with it.
 */
int image_ref_parse(struct arena *a, const char *text, struct image_ref *ret, struct error *e);

/** image_ref_name() - the short form of what has a tag: "alpine:latest" for "docker.io/library/alpine" */
const char *image_ref_name(struct arena *a, const struct image_ref *ref);

/** image_ref_file() - name of a file that stands for a short form, and back; one of them is the other's reverse */
const char *image_ref_file(struct arena *a, const char *name);
const char *image_ref_of_file(struct arena *a, const char *file);

/** image_digest_hex() - the digits of "sha256:...", or NULL when it is none; borrowed from @digest */
const char *image_digest_hex(const char *digest);

/** image_id_matches() - whether @word is @id, or at least 4 digits that it begins with; "sha256:" may stand before */
bool image_id_matches(const char *id, const char *word);

#endif
