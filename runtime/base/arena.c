// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/arena.h"

#include <stdarg.h>
#include <string.h>

/* Chunks double from the first to the last size: a small model must not cost page faults that it does not need. */
enum { ARENA_CHUNK_FIRST = 2 * 1024, ARENA_CHUNK = 64 * 1024 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, size;
	_Alignas(max_align_t) char data[];
};

static struct arena_chunk *chunk_new(size_t size)
{
	struct arena_chunk *c = calloc(1, sizeof(*c) + size);

	if (!c) {
		(void)fputs("netemu: out of memory\n", stderr);
		_exit(1);
	}
	c->size = size;
	return c;
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct arena_chunk *c = a->head;
	void *p;

	size = (size + align - 1) & ~(align - 1);
	if (size > ARENA_CHUNK / 4) { /* a chunk of its own, behind the current one */
		c = chunk_new(size);
		if (a->head) {
			c->next = a->head->next;
			a->head->next = c;
		} else {
			a->head = c;
		}
		c->used = size;
		return c->data;
	}
	if (!c || c->size - c->used < size) {
		c = chunk_new(MAX_OF(size, c ? MIN_OF(c->size * 2, (size_t)ARENA_CHUNK) : (size_t)ARENA_CHUNK_FIRST));
		c->next = a->head;
		a->head = c;
	}
	p = c->data + c->used;
	c->used += size;
	return p;
}

void *arena_grow(struct arena *a, const void *old, size_t old_size, size_t new_size)
{
	void *p = arena_alloc(a, new_size);

	if (old_size)
		memcpy(p, old, old_size);
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	memcpy(p, s, n);
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	p = arena_alloc(a, (size_t)n + 1);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

void arena_done(struct arena *a)
{
	struct arena_chunk *next;

	for (struct arena_chunk *c = a->head; c; c = next) {
		next = c->next;
		free(c);
	}
	a->head = NULL;
}
