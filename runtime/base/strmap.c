// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/strmap.h"

#include <string.h>
#include <sys/auxv.h>

static uint64_t strmap_hash(const struct strmap *m, const char *key)
{
	uint64_t h = 1469598103934665603ULL ^ m->seed;

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * 1099511628211ULL;
	return h ^ (h >> 29);
}

/* The slot of @key, or the free one where it would go. */
static struct strmap_slot *strmap_slot(const struct strmap *m, const char *key)
{
	size_t i = strmap_hash(m, key) & (m->cap - 1);

	while (m->slots[i].key && strcmp(m->slots[i].key, key) != 0)
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

static void strmap_rehash(struct strmap *m)
{
	struct strmap old = *m;

	if (!old.cap) {
		const void *rnd = (const void *)getauxval(AT_RANDOM);

		if (rnd)
			memcpy(&m->seed, rnd, sizeof(m->seed));
	}
	m->cap = old.cap ? old.cap * 2 : 64;
	m->slots = calloc(m->cap, sizeof(*m->slots));
	if (!m->slots) {
		(void)fputs("netemu: out of memory\n", stderr);
		_exit(1);
	}
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].key)
			*strmap_slot(m, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

bool strmap_put(struct strmap *m, const char *key, size_t value)
{
	struct strmap_slot *s;

	if (m->n * 2 >= m->cap)
		strmap_rehash(m);
	s = strmap_slot(m, key);
	if (s->key)
		return false;
	*s = (struct strmap_slot){ .key = key, .value = value };
	m->n++;
	return true;
}

ssize_t strmap_get(const struct strmap *m, const char *key)
{
	const struct strmap_slot *s;

	if (!m->cap)
		return STRMAP_NONE;
	s = strmap_slot(m, key);
	return s->key ? (ssize_t)s->value : STRMAP_NONE;
}

void strmap_done(struct strmap *m)
{
	free(m->slots);
	*m = (struct strmap){ 0 };
}
