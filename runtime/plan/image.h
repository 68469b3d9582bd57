/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * image.h - a root file system that was imported, as a plan sees it
 *
 * Who finds it is image/store.h; a plan has it from its lab's nodes. They have it below their own files instead of the
 * host's, and what it starts instead of what a profile does.
 */
#ifndef NETEMU_PLAN_IMAGE_H
#define NETEMU_PLAN_IMAGE_H

#include "base/strv.h"

enum { IMAGE_ID_LEN = 64, IMAGE_ID_SHORT = 12 };

struct image {
	const char *name; /* as it was asked for, in its short form: "alpine:latest", "quay.io/frrouting/frr:10.2.1" */
	const char *id; /* IMAGE_ID_LEN hexadecimal digits */
	const char *root; /* directory of its files, absolute */
	const char *created; /* RFC 3339, or "" */
	const char *architecture; /* Go's name, "amd64"; "" = not known */
	const char *source; /* what it was imported from, for people */
	int64_t size; /* bytes of its files */
	int64_t n_files;
	int64_t imported; /* seconds since the epoch */
	struct strv digests; /* "sha256:..." of manifest and index, as far as known */

	/* its configuration; OCI image specification, config.md */
	struct strv entrypoint, cmd, env; /* env: "K=V" */
	const char *workdir, *user; /* "" = not said */
	struct strv exposed_ports; /* "80/tcp" */
	struct strv volumes; /* absolute paths */
	struct strv labels; /* "K=V" */
};

#endif
