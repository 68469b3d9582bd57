/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile.h - what an image name stands for when there is no image
 */
#ifndef NETEMU_PLAN_PROFILE_H
#define NETEMU_PLAN_PROFILE_H

#include "base/strv.h"

/* Files and directories that a profile adds to the root of its nodes, over the host's; or, the last, over an image's. */
enum profile_layer { LAYER_PLAIN, LAYER_FRR, LAYER_KIND, LAYER_IMAGE, _LAYER_MAX };

struct profile {
	const char *name; /* "frr" */
	const char *const *images; /* names it stands for: last components of the repository, NULL-terminated */
	enum profile_layer layer;
	const char *const *command; /* what the image's own entrypoint would start, NULL = nothing: an idle host */
	const char *const *daemons; /* names whose death is worth telling, NULL-terminated */
	const char *program, *package; /* what the host must have for it, and Debian's package of that; NULL: nothing */
	const char *about; /* for people */
	bool ash; /* the image has Busybox, whose sh knows more than a dash does: echo -e, [[, source */
};

/* Where FRR's own scripts are looked for, in this order; NULL-terminated. */
extern const char *const profile_frr_dirs[];

extern const struct profile profiles[];
extern const size_t n_profiles;

/**
 * profile_find() - the profile of an image reference
 * @image: "quay.io/frrouting/frr:10.2.1", with any registry and tag; NULL or "" = the plain host
 *
 * Return: NULL when no profile stands for it.
 */
const struct profile *profile_find(const char *image);

/** profile_kind() - the profile of a cluster's nodes: kindest/node is that in a cluster only, an idle host elsewhere */
const struct profile *profile_kind(void);

/** profile_image() - the profile, in @a, of nodes with an imported image, which is called @image */
const struct profile *profile_image(struct arena *a, const char *image);

/** profile_layer_dir() - where the lab's tmpfs has a layer: "layer/frr"; NULL for LAYER_PLAIN, which all roots have */
const char *profile_layer_dir(enum profile_layer layer);

/**
 * profile_ready() - a command that returns when what the profile's own command starts can be talked to
 *
 * Return: NULL when there is nothing to wait for.
 */
const char *const *profile_ready(const struct profile *p);

/** profile_has_daemon() - whether a process called @comm is one of the profile's daemons; @p may be NULL */
bool profile_has_daemon(const struct profile *p, const char *comm);

/** profile_names() - all image names that are known, for messages: "frrouting/frr, nicolaka/netshoot, ..." */
char *profile_names(struct arena *a);

/** command_is_idle() - whether a command only keeps a container alive (a bare shell, sleep infinity, tail -f /dev/null) */
bool command_is_idle(const struct strv *argv);

#endif
