/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config.h - the JSON of images: configurations, manifests, indices
 *
 * Pure. Formats: the OCI image specification (config.md, manifest.md, image-index.md, image-layout.md), Docker's manifests of
 * version 2, and the manifest.json of `docker save` (moby/image/tarexport). What is in them may be anybody's.
 */
#ifndef NETEMU_IMAGE_CONFIG_H
#define NETEMU_IMAGE_CONFIG_H

#include <jansson.h>

#include "base/error.h"
#include "plan/image.h"

enum { IMAGE_LAYERS_MAX = 1024, IMAGE_INDEX_DEPTH = 4 };

/* A file inside of what is imported. */
struct image_blob {
	const char *path; /* clean, relative: "blobs/sha256/..." */
	const char *digest; /* hexadecimal digits of its SHA-256, or NULL: not known */
};

/* One image. */
struct image_manifest {
	struct image_blob config;
	struct image_blob *layers; /* the lowest first */
	size_t n_layers;
	struct strv names; /* that it has in there, as written */
	struct strv digests; /* "sha256:..." of its manifest and the indices on the way; not of docker save */
};

/* An entry of an index. */
struct index_entry {
	const char *digest; /* hexadecimal digits */
	const char *name; /* "" = none */
	const char *architecture, *os; /* "" = not said */
	bool is_index;
};

/** image_config_read() - what a configuration says; strings in @a. Return: 0, or -EINVAL for what is none. */
int image_config_read(struct arena *a, const json_t *config, struct image *ret, struct error *e);

/** image_diff_ids() - digits of its layers' SHA-256 when unpacked, the lowest first. Return: 0 or -EINVAL. */
int image_diff_ids(struct arena *a, const json_t *config, struct strv *ret, struct error *e);

/** manifest_docker() - the images of a manifest.json of `docker save`. Return: 0 or -EINVAL. */
int manifest_docker(struct arena *a, const json_t *j, struct image_manifest **ret, size_t *ret_n, struct error *e);

/** manifest_oci() - an image's manifest; names and digests are the caller's to fill. Return: 0 or -EINVAL. */
int manifest_oci(struct arena *a, const json_t *j, struct image_manifest *ret, struct error *e);

/** manifest_index() - the entries of an index, without those that are no images (attestations). Return: 0 or -EINVAL. */
int manifest_index(struct arena *a, const json_t *j, struct index_entry **ret, size_t *ret_n, struct error *e);

/**
 * index_choose() - the entry that is meant
 * @wanted: name of an image, compared as references are; NULL: any
 * @architecture: of this machine
 *
 * By name where several have one, then by architecture.
 *
 * Return: index in @v, -ENOENT or -EEXIST with what there is to choose from.
 */
ssize_t index_choose(const struct index_entry *v, size_t n, const char *wanted, const char *architecture, struct error *e);

/** manifest_choose() - the same for `docker save`'s */
ssize_t manifest_choose(const struct image_manifest *v, size_t n, const char *wanted, struct error *e);

/** image_architecture() - Go's name for what uname(2) calls @machine */
const char *image_architecture(const char *machine);

/** image_can_run() - whether programs for @architecture run on a machine of @machine's (both Go's names) */
bool image_can_run(const char *architecture, const char *machine);

/** image_path_clean() - @path without what means nothing: leading '/', '.', doubled '/'. Return: in @a; NULL for "..". */
const char *image_path_clean(struct arena *a, const char *path);

#endif
