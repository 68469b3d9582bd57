/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * strmap.h - string -> index, so that names become array indices in linear time
 *
 * Open addressing, FNV-1a with a random seed (a hostile file cannot choose its collisions). Keys are borrowed:
 * they must outlive the map.
 */
#ifndef NETEMU_BASE_STRMAP_H
#define NETEMU_BASE_STRMAP_H

#include "base/macros.h"

struct strmap_slot {
	const char *key;
	size_t value;
};

struct strmap {
	struct strmap_slot *slots;
	size_t n, cap;
	uint64_t seed;
};

enum { STRMAP_NONE = -1 };

/** strmap_put() - add @key. Return: false when it is there already (the old value stays). */
bool strmap_put(struct strmap *m, const char *key, size_t value);
/** strmap_get() - Return: the value, or STRMAP_NONE. */
ssize_t strmap_get(const struct strmap *m, const char *key);
void strmap_done(struct strmap *m);
#define _cleanup_strmap_ _cleanup_(strmap_done)

#endif
