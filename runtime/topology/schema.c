// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * schema.c - maps read by tables of keys; scalars as Go's yaml.v2 decodes them
 *
 * Owns shapes, unknown keys, suggestions, the list of ignored keys and the bound on what is inherited. Refuses to know any particular key.
 */
#include <string.h>

#include "topology/loader.h"

enum { SUGGEST_LEN_MAX = 32 };

static const char *const shape_names[] = {
	[SHAPE_ANY] = "anything",	[SHAPE_STRING] = "text",
	[SHAPE_BOOL] = "true or false", [SHAPE_UINT] = "a number from 0 to 4294967295",
	[SHAPE_INT] = "a number",	[SHAPE_LIST] = "a list",
	[SHAPE_STRINGS] = "a list",	[SHAPE_MAP] = "a map",
	[SHAPE_STRING_MAP] = "a map",
};
static_assert(ARRAY_SIZE(shape_names) == _SHAPE_MAX, "one a shape");

const char *value_string(const struct value *v)
{
	return v && v->type == VALUE_SCALAR ? v->text : "";
}

bool value_is_set(const struct value *v)
{
	return value_string(v)[0] != '\0';
}

int value_parse_bool(const char *s, bool *ret)
{
	static const char *const words[2][11] = {
		{ "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N" },
		{ "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y" },
	};

	for (unsigned b = 0; b < 2; b++)
		for (size_t i = 0; i < ARRAY_SIZE(words[b]); i++)
			if (strcmp(s, words[b][i]) == 0) {
				*ret = b;
				return 0;
			}
	return -EINVAL;
}

int value_parse_int(const char *s, int64_t *ret)
{
	char digits[64];
	size_t n = 0;
	const bool neg = *s == '-';
	int base = 10;
	long long v;
	char *end;

	if (*s == '-' || *s == '+')
		s++;
	for (; *s && n < sizeof(digits) - 1; s++)
		if (*s != '_')
			digits[n++] = *s;
	digits[n] = '\0';
	s = digits;
	if (s[0] == '0' && s[1]) {
		base = s[1] == 'x' ? 16 : s[1] == 'b' ? 2 : 8;
		s += s[1] == 'x' || s[1] == 'b' || s[1] == 'o' ? 2 : 1;
	}
	if (!((*s >= '0' && *s <= '9') || (base == 16 && ((*s >= 'a' && *s <= 'f') || (*s >= 'A' && *s <= 'F')))))
		return -EINVAL;
	errno = 0;
	v = strtoll(s, &end, base);
	if (errno || *end)
		return -EINVAL;
	*ret = neg ? -v : v;
	return 0;
}

bool value_bool(const struct value *v, bool unset)
{
	bool b = unset;

	if (v)
		(void)value_parse_bool(v->text, &b);
	return b;
}

int64_t value_int(const struct value *v, int64_t unset)
{
	int64_t n = unset;

	if (v)
		(void)value_parse_int(v->text, &n);
	return n;
}

static bool scalar_fits(const struct value *v, enum shape shape)
{
	int64_t n;
	bool b;

	if (shape == SHAPE_STRING)
		return true;
	if (shape == SHAPE_BOOL)
		return v->plain && value_parse_bool(v->text, &b) == 0;
	if (!v->plain || value_parse_int(v->text, &n) < 0)
		return false;
	return shape == SHAPE_UINT ? n >= 0 && n <= UINT32_MAX : n >= INT32_MIN && n <= INT32_MAX;
}

/* Each item of a list or value of a map must be text (or nothing). */
static bool check_items(struct loader *l, const struct value *v, const char *key)
{
	bool ok = true;

	for (size_t i = 0; i < v->n; i++) {
		const struct value *item = v->type == VALUE_SEQ ? v->items[i] : v->pairs[i].value;

		if (item->type == VALUE_SCALAR || item->type == VALUE_NULL)
			continue;
		diag_error(l->d, item->pos, NULL, "each %s of '%s' must be text, not %s",
			   v->type == VALUE_SEQ ? "item" : "value", key, value_type_names[item->type]);
		ok = false;
	}
	return ok;
}

bool shape_check(struct loader *l, const struct value *v, enum shape shape, const char *key)
{
	static const enum value_type types[] = {
		[SHAPE_STRING] = VALUE_SCALAR, [SHAPE_BOOL] = VALUE_SCALAR,    [SHAPE_UINT] = VALUE_SCALAR,
		[SHAPE_INT] = VALUE_SCALAR,    [SHAPE_LIST] = VALUE_SEQ,       [SHAPE_STRINGS] = VALUE_SEQ,
		[SHAPE_MAP] = VALUE_MAP,       [SHAPE_STRING_MAP] = VALUE_MAP,
	};
	const char *hint = NULL;

	static_assert(ARRAY_SIZE(types) == _SHAPE_MAX, "one a shape");
	if (shape == SHAPE_ANY)
		return true;
	if (v->type != types[shape]) {
		diag_error(l->d, v->pos, NULL, "'%s' must be %s, not %s", key, shape_names[shape],
			   value_type_names[v->type]);
		return false;
	}
	if (v->type != VALUE_SCALAR)
		return shape == SHAPE_LIST || shape == SHAPE_MAP || check_items(l, v, key);
	if (scalar_fits(v, shape))
		return true;
	if (!v->plain)
		hint = "leave out the quotes";
	diag_error(l->d, v->pos, hint, "'%s' must be %s, not '%s'", key, shape_names[shape], v->text);
	return false;
}

static const struct schema_key *key_find(const struct schema *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->keys[i].name, name) == 0)
			return &s->keys[i];
	return NULL;
}

static void report_unknown(struct loader *l, const struct pair *p, struct schema s, const char *what)
{
	struct suggest sg = { .word = p->key };

	for (size_t i = 0; i < s.n && diag_wants_hints(l->d); i++)
		suggest_try(&sg, s.keys[i].name);
	diag_error(l->d, p->key_pos, suggest_hint(l, &sg), "unknown key '%s' in %s", p->key, what);
}

/* Keys of older files: whoever asks whether a file is right is told, whoever runs it is not kept from it. */
static void check_legacy(struct loader *l, const struct pair *p, const struct schema_key *k, const char *what)
{
	if ((k->flags & KEY_LEGACY) && l->opt->strict)
		diag_error(l->d, p->key_pos, arena_printf(&l->scratch, "%s; netemu run accepts it", k->text),
			   "'%s' in %s is no longer in containerlab's schema", k->name, what);
}

void schema_read(struct loader *l, const struct value *map, struct schema s, const char *what, const struct value **ret)
{
	memset(ret, 0, s.n * sizeof(const struct value *));
	if (!map || map->type == VALUE_NULL)
		return;
	if (map->type != VALUE_MAP) {
		diag_error(l->d, map->pos, NULL, "%s must be a map, not %s", what, value_type_names[map->type]);
		return;
	}
	for (size_t i = 0; i < map->n; i++) {
		const struct pair *p = &map->pairs[i];
		const struct schema_key *k = key_find(&s, p->key);

		if (!k) {
			report_unknown(l, p, s, what);
			continue;
		}
		check_legacy(l, p, k, what);
		if (k->flags & KEY_IGNORED) {
			loader_ignore(l, k->name, p->key_pos);
		} else if (p->value->type != VALUE_NULL && shape_check(l, p->value, k->shape, k->name)) {
			ret[k - s.keys] = p->value;
			if (k->check)
				k->check(l, p->value);
		}
	}
}

/* Damerau-Levenshtein distance (optimal string alignment) of short words. */
static unsigned edit_distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned rows[3][SUGGEST_LEN_MAX + 1], *two = rows[0], *one = rows[1], *cur = rows[2];

	for (size_t j = 0; j <= nb; j++)
		one[j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned *spare = two;

		cur[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			cur[j] = MIN_OF(one[j - 1] + (a[i - 1] != b[j - 1]), MIN_OF(one[j], cur[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				cur[j] = MIN_OF(cur[j], two[j - 2] + 1);
		}
		two = one;
		one = cur;
		cur = spare;
	}
	return one[nb];
}

void suggest_try(struct suggest *s, const char *candidate)
{
	const size_t na = strlen(s->word), nb = strlen(candidate);
	const size_t longer = MAX_OF(na, nb), allowed = longer <= 3 ? 1 : longer <= 8 ? 2 : 3;
	unsigned dist;

	if (longer > SUGGEST_LEN_MAX || longer - MIN_OF(na, nb) > allowed)
		return;
	dist = edit_distance(s->word, na, candidate, nb);
	if (dist > allowed || dist >= longer || (s->best && dist >= s->distance))
		return;
	s->best = candidate;
	s->distance = dist;
}

const char *suggest_hint(struct loader *l, const struct suggest *s)
{
	return s->best ? arena_printf(&l->scratch, "did you mean '%s'?", s->best) : NULL;
}

const char *suggest_of(struct loader *l, const char *word, const char *const *words, size_t n)
{
	struct suggest s = { .word = word };

	for (size_t i = 0; i < n && diag_wants_hints(l->d); i++)
		if (words[i])
			suggest_try(&s, words[i]);
	return suggest_hint(l, &s);
}

void loader_ignore(struct loader *l, const char *key, struct pos pos)
{
	struct pos *first = &l->ignored.first;

	if (l->ignored.names.n == 0 || pos.line < first->line || (pos.line == first->line && pos.col < first->col))
		*first = pos;
	if (strmap_put(&l->ignored.seen, key, 0))
		strv_add(&l->scratch, &l->ignored.names, key);
}

void loader_warn_ignored(struct loader *l)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	if (l->ignored.names.n == 0)
		return;
	for (size_t i = 0; i < l->ignored.names.n; i++)
		strbuf_printf(&s, "%s%s", i ? ", " : "", l->ignored.names.v[i]);
	diag_warning(l->d, l->ignored.first, NULL, "keys that have no effect here: %s", strbuf_str(&s));
}

const char *loader_env(struct loader *l, const char *name)
{
	char *const *env = l->opt->environ_;
	const bool indexed = l->env.cap;
	ssize_t at;

	if (!env)
		return NULL;
	for (size_t i = 0; !indexed && env[i]; i++) {
		const char *eq = strchr(env[i], '=');

		if (eq)
			(void)strmap_put(&l->env, arena_strndup(&l->scratch, env[i], (size_t)(eq - env[i])), i);
	}
	at = strmap_get(&l->env, name);
	return at < 0 ? NULL : env[at] + strlen(name) + 1;
}

bool loader_charge(struct loader *l, size_t weight, struct pos pos)
{
	const bool before = l->weight <= LOADER_WEIGHT_MAX;

	l->weight += weight;
	if (l->weight <= LOADER_WEIGHT_MAX)
		return true;
	if (before)
		diag_error(l->d, pos, NULL, "up to here, what nodes have and inherit amounts to more than %d MiB",
			   LOADER_WEIGHT_MAX / (1024 * 1024));
	return false;
}

bool loader_check_count(struct loader *l, const struct value *nodes)
{
	if (nodes->n <= LOADER_NODES_MAX)
		return true;
	diag_error(l->d, nodes->pos, NULL, "a lab has at most %d nodes, not %zu", LOADER_NODES_MAX, nodes->n);
	return false;
}
