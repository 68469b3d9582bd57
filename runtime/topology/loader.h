/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loader.h - what the readers of topologies and cluster configs share: the state of one load, schemas as tables
 *
 * Private to topology/ and cluster/. A schema is a table of keys; schema_read() turns a map into an array of
 * values, one a key, whose shape is right or which are NULL, and reports everything else. So the code behind it
 * never looks at a value's type.
 */
#ifndef NETEMU_TOPOLOGY_LOADER_H
#define NETEMU_TOPOLOGY_LOADER_H

#include "base/strmap.h"
#include "topology/doc.h"
#include "topology/load.h"

/* Keys that mean something to Docker only: collected, reported once a file. */
struct ignored_keys {
	struct strmap seen;
	struct strv names;
	struct pos first;
};

struct loader {
	struct diag *d;
	const struct load_options *opt;
	struct lab *lab;
	struct arena *a;      /* the lab's */
	struct arena scratch; /* gone when the lab is loaded: the document, indices */
	struct ignored_keys ignored;
	struct strmap env; /* name -> index in opt->environ_ */
	size_t weight;	   /* bytes that the nodes have and inherit, each counted by itself */
};

enum shape {
	SHAPE_ANY,
	SHAPE_STRING, /* any scalar, as yaml.v2 decodes into a string */
	SHAPE_BOOL,
	SHAPE_UINT, /* 0..4294967295 */
	SHAPE_INT,  /* fits 32 bits */
	SHAPE_LIST,
	SHAPE_STRINGS, /* a list of scalars */
	SHAPE_MAP,
	SHAPE_STRING_MAP, /* a map of scalars */
	_SHAPE_MAX,
};

enum { LOADER_NODES_MAX = 65536, LOADER_WEIGHT_MAX = 256 * 1024 * 1024 };

enum {
	KEY_IGNORED = 1, /* understood, but nothing is done */
	KEY_NODE_ONLY = 2,
	KEY_LEGACY = 4, /* of an older containerlab: an error for `validate`, otherwise as good as it was */
	KEY_OWN = 8, /* netemu's own, which containerlab does not know */
	KEY_SILENT = 16, /* as KEY_IGNORED, but not worth a warning */
};

struct schema_key {
	const char *name;
	enum shape shape;
	unsigned flags;
	/* looks closer at a value of the right shape, once where it stands; may be NULL */
	void (*check)(struct loader *l, const struct value *v);
	const char *text; /* a line for the table of what is supported (keydoc.h); Markdown without | */
};

struct schema {
	const struct schema_key *keys;
	size_t n;
};
#define SCHEMA(table) ((struct schema){ (table), ARRAY_SIZE(table) })

/* The tables of a topology file, for keydoc.c. */
extern const struct schema settings_schema, ca_schema, cert_schema, file_schema, mgmt_schema, topo_schema, node_schema, dns_schema, health_schema, link_schema, end_schema, impair_schema;
extern const struct schema stages_schema, stage_schema, stage_wait_schema, stage_exec_schema, stage_old_exec_schema;

/**
 * schema_read() - the values of a map by the rows of @s
 * @map: NULL or VALUE_NULL is an empty map; what is no map is reported
 * @what: for messages: "node 'tor0'"
 * @ret: s->n values; NULL where the key is absent, null, of the wrong shape or ignored
 */
void schema_read(struct loader *l, const struct value *map, struct schema s, const char *what,
		 const struct value **ret);
/** shape_check() - whether @v has the shape; reports it with the key's name when it does not */
bool shape_check(struct loader *l, const struct value *v, enum shape shape, const char *key);

/** value_string() - text of a scalar, "" for null and NULL */
const char *value_string(const struct value *v);
/** value_is_set() - whether Go would see a non-empty string there */
bool value_is_set(const struct value *v);
bool value_bool(const struct value *v, bool unset);
int64_t value_int(const struct value *v, int64_t unset);
/** value_parse_int() - a YAML 1.1 integer (decimal, 0x, 0o, 0b, leading 0 octal, underscores). Return: 0 or -EINVAL. */
int value_parse_int(const char *s, int64_t *ret);
/** value_parse_bool() - a YAML 1.1 boolean. Return: 0 or -EINVAL. */
int value_parse_bool(const char *s, bool *ret);

/* The nearest of several words, for "did you mean". */
struct suggest {
	const char *word, *best;
	unsigned distance;
};
/** suggest_try() - @candidate may be it */
void suggest_try(struct suggest *s, const char *candidate);
/** suggest_hint() - "did you mean 'x'?" in the scratch arena, or NULL */
const char *suggest_hint(struct loader *l, const struct suggest *s);
/** suggest_of() - both, over a table of @n words, of which NULLs are skipped; NULL when enough was suggested */
const char *suggest_of(struct loader *l, const char *word, const char *const *words, size_t n);

/** loader_ignore() - remember a key that has no effect */
void loader_ignore(struct loader *l, const char *key, struct pos pos);
/** loader_warn_ignored() - the one warning about them */
void loader_warn_ignored(struct loader *l);
/** loader_env() - value of an environment variable of load_options.environ_, or NULL */
const char *loader_env(struct loader *l, const char *name);

/**
 * loader_charge() - count what a node inherits: a small file could fill the machine's memory with copies
 * @weight: bytes
 *
 * Return: whether the lab is still within bounds (LOADER_WEIGHT_MAX); the first time that it is not is reported.
 */
bool loader_charge(struct loader *l, size_t weight, struct pos pos);

/** loader_check_count() - whether @nodes holds no more nodes than a lab may have; reported when it does */
bool loader_check_count(struct loader *l, const struct value *nodes);

/** topology_load() - fill l->lab from the root of a containerlab topology */
void topology_load(struct loader *l, const struct value *root);

#endif
