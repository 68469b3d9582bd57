/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arena.h - memory that is freed all at once
 *
 * A model of 10,000 nodes is a hundred thousand small strings that live and die together. Allocation never
 * returns NULL: on exhaustion the process ends with a message, because a half-built model is of no use and
 * nothing privileged has happened yet when models are built.
 */
#ifndef NETEMU_BASE_ARENA_H
#define NETEMU_BASE_ARENA_H

#include "base/macros.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *head;
};

/** arena_alloc() - @size zeroed bytes, aligned for any type */
void *arena_alloc(struct arena *a, size_t size);
/** arena_grow() - a copy of @old (@old_size bytes) with room for @new_size, the rest zeroed */
void *arena_grow(struct arena *a, const void *old, size_t old_size, size_t new_size);
char *arena_strndup(struct arena *a, const char *s, size_t n);
/** arena_strdup() - copy of @s; NULL stays NULL */
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) _printf_(2, 3);
void arena_done(struct arena *a);
#define _cleanup_arena_ _cleanup_(arena_done)

/*
 * ARENA_PUSH() - append a zeroed element to an array of (ptr, count) whose memory is the arena's; evaluates to
 * a pointer to it. Grows when count is a power of two (or zero), so no capacity is stored.
 */
#define ARENA_PUSH(a, ptr, count)                                                                        \
	({                                                                                               \
		size_t _n = (count);                                                                     \
		if ((_n & (_n - 1)) == 0)                                                                \
			(ptr) = arena_grow((a), (ptr), _n * sizeof(*(ptr)),                              \
					   (_n ? _n * 2 : 1) * sizeof(*(ptr)));                          \
		(count) = _n + 1;                                                                        \
		&(ptr)[_n];                                                                              \
	})

#endif
