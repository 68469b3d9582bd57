/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * volumestore.h - volumes with a name: DIR/NAME/_data on the host, as Docker has them
 *
 * They are made when a node that has one is, and outlive every lab: who wants one gone removes it (volumestore_remove()).
 */
#ifndef NETEMU_ENGINE_VOLUMESTORE_H
#define NETEMU_ENGINE_VOLUMESTORE_H

#include "base/error.h"
#include "base/strv.h"

/** volumestore_dir() - "/var/lib/netemu/volumes" ($NETEMU_VOLUMES overrides it) */
const char *volumestore_dir(void);

/** volumestore_path() - where the content of volume @name is */
const char *volumestore_path(struct arena *a, const char *name);

/** volumestore_make() - make it, if it is not there. Return: 0 or -errno. */
int volumestore_make(const char *name, struct error *e);

/** volumestore_list() - the names of all, sorted. Return: 0, also when there is none, or -errno. */
int volumestore_list(struct arena *a, struct strv *ret, struct error *e);

/** volumestore_remove() - with all that is in it. Return: 0, -ENOENT, or another -errno. */
int volumestore_remove(const char *name, struct error *e);

#endif
