/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doc.h - a YAML document as a tree whose values know where they stand
 *
 * Built from libyaml's events, because its own loader takes quadratic time for anchors and builds cycles. An
 * alias shares the tree of its anchor, so that what it expands to is counted, not copied. Knows no schema.
 */
#ifndef NETEMU_TOPOLOGY_DOC_H
#define NETEMU_TOPOLOGY_DOC_H

#include "topology/source.h"

enum value_type { VALUE_NULL, VALUE_SCALAR, VALUE_SEQ, VALUE_MAP, _VALUE_TYPE_MAX };

struct value;

struct pair {
	const char *key;
	bool key_plain; /* as value.plain; also for a key that is null */
	struct pos key_pos;
	const struct value *value;
};

struct value {
	enum value_type type;
	bool plain; /* VALUE_SCALAR: neither quoted, nor a block, nor tagged !!str */
	struct pos pos;
	size_t weight; /* about the memory that a copy takes, aliases expanded */
	size_t n;      /* bytes, items or pairs */
	union {
		const char *text; /* VALUE_SCALAR, VALUE_NULL: NUL-terminated, holds no other NUL */
		const struct value **items;
		struct pair *pairs; /* in the file's order, merge keys resolved */
	};
};

enum {
	DOC_DEPTH_MAX = 64,
	DOC_EVENTS_MAX = 1024 * 1024,	   /* a lab of 10,000 nodes and 20,000 links has about 400,000 */
	DOC_VALUE_WEIGHT = 64, /* bytes, besides its text */
	DOC_ALIAS_WEIGHT_MAX = 16 * 1024 * 1024, /* bytes that aliases and merge keys may add */
};

extern const char *const value_type_names[_VALUE_TYPE_MAX];

/**
 * doc_parse() - the one document in @src
 * @a: holds the tree
 *
 * Refused, with a diagnostic that has a position: text that is not UTF-8, more than one document, duplicate
 * keys (naming the first), keys that are not scalars, undefined and cyclic aliases, and what exceeds the limits.
 *
 * Return: 0, or -EINVAL with diagnostics.
 */
int doc_parse(struct source *src, struct arena *a, const struct value **ret);
/**
 * doc_parse_all() - all documents in @src, in @a; an empty one is VALUE_NULL
 * @ret: an array in @a, NULL when there are none
 *
 * Return: as doc_parse(), with what could be read in @ret.
 */
int doc_parse_all(struct source *src, struct arena *a, const struct value ***ret, size_t *ret_n);
/** value_get() - the value of @key in the map @v, or NULL (@v may be NULL or no map) */
const struct value *value_get(const struct value *v, const char *key);

#endif
