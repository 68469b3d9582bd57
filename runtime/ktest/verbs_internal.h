/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verbs_internal.h - the table of a test's verbs, shared by verbs.c and spec.c
 */
#ifndef NETEMU_KTEST_VERBS_INTERNAL_H
#define NETEMU_KTEST_VERBS_INTERNAL_H

#include "ktest/spec.h"
#include "topology/loader.h"

enum {
	KEY_NEEDED = 1 << 8, /* in schema_key.flags: a step without it is wrong */
	VERB_KEYS_MAX = 16,
};

enum verb_class { VERB_CONDITION, VERB_EVENT, VERB_EITHER, _VERB_CLASS_MAX };

struct verb_row {
	const char *name;
	enum verb_class class;
	struct schema keys;
	/* Of a value that is no map: which key it stands for; NULL: it must be a map. */
	const char *shorthand;
	const char *text; /* for the documentation: what it says */
};

extern const struct verb_row verb_rows[_TEST_VERB_MAX];

#endif
