/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load.h - bytes of a file -> struct lab, or diagnostics
 */
#ifndef NETEMU_TOPOLOGY_LOAD_H
#define NETEMU_TOPOLOGY_LOAD_H

#include "base/error.h"
#include "topology/lab.h"

enum file_type {
	FILE_UNKNOWN,
	FILE_TOPOLOGY, /* has `topology:` */
	FILE_CLUSTER, /* kind: Cluster, apiVersion: kind.x-k8s.io/... */
	FILE_TEST, /* has `topology:` and `steps:`: a test of netemu, whose topology is in it or in files of its own */
	_FILE_TYPE_MAX,
};

struct load_options {
	const char *name; /* --name: overrides the lab's name, or NULL */
	const struct strv *node_filter; /* --node-filter, or NULL */
	const struct strv *map_kinds; /* --map-kind "srl=linux", or NULL */
	const struct strv *map_images; /* --map-image "local/frr=frrouting/frr", or NULL */
	char *const *environ_; /* for ${VAR} and __IMPORT_ENVS; NULL = none */
	const char *node_image; /* of a cluster's nodes, whatever its config says, or NULL */
	const char *shown; /* what the file is called in messages, or NULL: its path */
	bool strict; /* what only older containerlabs understood is an error */
	bool check_files; /* whether binds and env-files must exist (false in fuzzing and goldens) */
};

/**
 * lab_load() - parse and resolve one file
 * @d: collects every mistake; d->n_errors tells whether there was one
 * @path: where the file came from (for messages, relative binds, __clabDir__), "-" for standard input
 * @text: its content, NUL-terminated, must outlive @d
 *
 * Return: the lab, to be freed with lab_free(); NULL when the file could not be understood at all (the reason
 * is in @d). With errors in @d a non-NULL lab is for further checking only.
 */
struct lab *lab_load(struct diag *d, const char *path, const char *text, size_t len, const struct load_options *opt);

/** file_detect() - what @text is, told by its content; quiet, and cheap enough to ask before lab_load() */
enum file_type file_detect(const char *text, size_t len);

/**
 * file_test_topologies() - the files that a test file is a test of, as paths from the current directory
 * @path: of the test file
 *
 * Return: whether @text is such a file; with none in @ret its topology is in itself.
 */
bool file_test_topologies(const char *path, const char *text, size_t len, struct arena *a, struct strv *ret);

/** file_read() - whole content of a regular file, FIFO or stdin ("-") of at most 16 MiB, NUL-terminated */
int file_read(const char *path, char **ret, size_t *ret_len, struct error *e);

#endif
