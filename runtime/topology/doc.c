// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * doc.c - libyaml's events -> a tree of values
 *
 * Theory of operation. parse_value() recurses as deep as the text nests, at most DOC_DEPTH_MAX; libyaml's own
 * quadratic behaviour (flow levels, %TAG directives) is kept out of reach by that limit and by check_tags().
 * An anchor is known from the end of its value on: an alias inside it is a cycle. Each value has a
 * weight, all below it included, that an alias adds to a budget, so that a bomb is refused before anything walks
 * it. Merge keys become pairs when their map ends; explicit keys win over merged ones, earlier merged maps
 * over later ones (YAML 1.1 type repository, "merge").
 */
#include "topology/doc.h"

#include <string.h>
#include <yaml.h>

#include "base/strmap.h"

enum { TAG_DIRECTIVES_MAX = 100, SMALL_MAP = 12 };

struct builder {
	struct source *src;
	struct arena *a;
	yaml_parser_t parser;
	struct strmap anchors;	       /* name -> index in values */
	const struct value **anchored; /* NULL while open */
	size_t n_anchored;
	size_t events, alias_weight;
};

const char *const value_type_names[] = {
	[VALUE_NULL] = "nothing",
	[VALUE_SCALAR] = "a scalar",
	[VALUE_SEQ] = "a list",
	[VALUE_MAP] = "a map",
};
static_assert(ARRAY_SIZE(value_type_names) == _VALUE_TYPE_MAX, "one a type");

const struct value *value_get(const struct value *v, const char *key)
{
	if (!v || v->type != VALUE_MAP)
		return NULL;
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->pairs[i].key, key) == 0)
			return v->pairs[i].value;
	return NULL;
}

static struct pos mark_pos(struct builder *b, const yaml_mark_t *m)
{
	return source_pos(b->src, m->index);
}

/* Whether the parser stumbled over a tab; mark_pos() has just been asked where. */
static bool at_tab(const struct builder *b)
{
	return b->src->byte < b->src->len && b->src->text[b->src->byte] == '\t';
}

static int parser_failed(struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	const struct pos pos = mark_pos(b, &p->problem_mark);

	if (p->error == YAML_MEMORY_ERROR)
		diag_error(b->src->diag, (struct pos){ .file = b->src->file }, NULL, "out of memory");
	else if (p->context)
		diag_error(b->src->diag, pos, at_tab(b) ? "indent with blanks, not with tabs" : NULL,
			   "not YAML: %s (%s, line %u)", p->problem, p->context, mark_pos(b, &p->context_mark).line);
	else
		diag_error(b->src->diag, pos, NULL, "not YAML: %s", p->problem ? p->problem : "unreadable");
	return -EINVAL;
}

/* The next event, to be freed with yaml_event_delete(). */
static int next_event(struct builder *b, yaml_event_t *ret)
{
	if (!yaml_parser_parse(&b->parser, ret))
		return parser_failed(b);
	if (++b->events <= DOC_EVENTS_MAX)
		return 0;
	diag_error(b->src->diag, mark_pos(b, &ret->start_mark), NULL, "the file is too large: more than %d YAML values",
		   DOC_EVENTS_MAX);
	yaml_event_delete(ret);
	return -EINVAL;
}

static int charge_alias(struct builder *b, size_t weight, struct pos pos)
{
	b->alias_weight += weight;
	if (b->alias_weight <= DOC_ALIAS_WEIGHT_MAX)
		return 0;
	diag_error(b->src->diag, pos, NULL, "aliases expand to more than %d MiB", DOC_ALIAS_WEIGHT_MAX / (1024 * 1024));
	return -EINVAL;
}

static struct value *value_new(struct builder *b, enum value_type type, const yaml_mark_t *at)
{
	struct value *v = arena_alloc(b->a, sizeof(*v));

	v->type = type;
	v->pos = mark_pos(b, at);
	v->weight = DOC_VALUE_WEIGHT;
	return v;
}

static bool is_null(const yaml_event_t *e)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };

	if (e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || e->data.scalar.tag)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(nulls); i++)
		if (strcmp((const char *)e->data.scalar.value, nulls[i]) == 0)
			return true;
	return false;
}

static int build_scalar(struct builder *b, const yaml_event_t *e, const struct value **ret)
{
	const char *text = (const char *)e->data.scalar.value, *tag = (const char *)e->data.scalar.tag;
	struct value *v = value_new(b, is_null(e) ? VALUE_NULL : VALUE_SCALAR, &e->start_mark);

	if (memchr(text, '\0', e->data.scalar.length)) {
		diag_error(b->src->diag, v->pos, NULL, "a NUL character (\\0) inside a value");
		return -EINVAL;
	}
	if (tag && strcmp(tag, YAML_STR_TAG) != 0 && strncmp(tag, "tag:yaml.org,2002:binary", 24) == 0) {
		diag_error(b->src->diag, v->pos, NULL, "!!binary values are not supported");
		return -EINVAL;
	}
	v->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !(tag && strcmp(tag, YAML_STR_TAG) == 0);
	v->text = arena_strndup(b->a, text, e->data.scalar.length);
	v->n = e->data.scalar.length;
	v->weight += v->n;
	*ret = v;
	return 0;
}

/* Names the anchor of a value that begins; its index in anchored[]. A name may be used again: the last one counts. */
static size_t anchor_open(struct builder *b, const yaml_char_t *name)
{
	const ssize_t known = strmap_get(&b->anchors, (const char *)name);
	size_t at = (size_t)known;

	if (known < 0) {
		at = b->n_anchored;
		(void)strmap_put(&b->anchors, arena_strdup(b->a, (const char *)name), at);
		(void)ARENA_PUSH(b->a, b->anchored, b->n_anchored);
	}
	b->anchored[at] = NULL;
	return at;
}

static int build_alias(struct builder *b, const yaml_event_t *e, const struct value **ret)
{
	const char *name = (const char *)e->data.alias.anchor;
	const struct pos pos = mark_pos(b, &e->start_mark);
	const ssize_t at = strmap_get(&b->anchors, name);

	if (at < 0 || !b->anchored[at]) {
		diag_error(b->src->diag, pos, NULL,
			   at < 0 ? "alias '*%s' has no anchor" : "alias '*%s' is inside its own anchor", name);
		return -EINVAL;
	}
	*ret = b->anchored[at];
	return charge_alias(b, (*ret)->weight, pos);
}

static int parse_value(struct builder *b, yaml_event_t *e, unsigned depth, const struct value **ret);

static int parse_seq(struct builder *b, struct value *v, unsigned depth)
{
	for (;;) {
		const struct value *item;
		yaml_event_t e;
		int r = next_event(b, &e);

		if (r < 0)
			return r;
		if (e.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&e);
			return 0;
		}
		r = parse_value(b, &e, depth + 1, &item);
		yaml_event_delete(&e);
		if (r < 0)
			return r;
		*ARENA_PUSH(b->a, v->items, v->n) = item;
		v->weight += item->weight;
	}
}

static bool is_merge_key(const yaml_event_t *e)
{
	return e->type == YAML_SCALAR_EVENT && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       strcmp((const char *)e->data.scalar.value, "<<") == 0;
}

/* Reads one pair; *@ret_merge says that it is a merge key. Return: 1, 0 at the end of the map, or -EINVAL. */
static int parse_pair(struct builder *b, struct pair *ret, bool *ret_merge, unsigned depth)
{
	const struct value *key;
	yaml_event_t e;
	int r = next_event(b, &e);

	if (r < 0)
		return r;
	if (e.type == YAML_MAPPING_END_EVENT) {
		yaml_event_delete(&e);
		return 0;
	}
	ret->key_pos = mark_pos(b, &e.start_mark);
	*ret_merge = is_merge_key(&e);
	r = parse_value(b, &e, depth + 1, &key);
	yaml_event_delete(&e);
	if (r < 0)
		return r;
	if (key->type != VALUE_SCALAR && key->type != VALUE_NULL) {
		diag_error(b->src->diag, ret->key_pos, NULL, "a key must be plain text, not %s",
			   value_type_names[key->type]);
		return -EINVAL;
	}
	ret->key = key->text;
	ret->key_plain = key->type == VALUE_NULL || key->plain;
	r = next_event(b, &e);
	if (r < 0)
		return r;
	r = parse_value(b, &e, depth + 1, &ret->value);
	yaml_event_delete(&e);
	return r < 0 ? r : 1;
}

/* Small maps, nearly all, are searched; large ones get an index. */
struct key_index {
	struct strmap map;
	const struct value *v;
	bool indexed;
};

static ssize_t key_find(struct key_index *k, const char *key)
{
	if (k->v->n <= SMALL_MAP) {
		for (size_t i = 0; i < k->v->n; i++)
			if (strcmp(k->v->pairs[i].key, key) == 0)
				return (ssize_t)i;
		return STRMAP_NONE;
	}
	if (!k->indexed)
		for (size_t i = 0; i < k->v->n; i++)
			(void)strmap_put(&k->map, k->v->pairs[i].key, i);
	k->indexed = true;
	return strmap_get(&k->map, key);
}

static void key_push(struct builder *b, struct key_index *k, struct value *v, const struct pair *p)
{
	*ARENA_PUSH(b->a, v->pairs, v->n) = *p;
	v->weight += strlen(p->key) + p->value->weight;
	if (k->indexed)
		(void)strmap_put(&k->map, p->key, v->n - 1);
}

/* Adds the pairs of @from that @v does not have. */
static int merge_map(struct builder *b, struct key_index *k, struct value *v, const struct value *from, struct pos pos)
{
	int r = 0;

	if (from->type != VALUE_MAP) {
		diag_error(b->src->diag, pos, NULL, "'<<' merges a map or a list of maps, not %s",
			   value_type_names[from->type]);
		return -EINVAL;
	}
	for (size_t i = 0; i < from->n && r == 0; i++) {
		r = charge_alias(b, strlen(from->pairs[i].key) + from->pairs[i].value->weight, pos);
		if (r == 0 && key_find(k, from->pairs[i].key) < 0)
			key_push(b, k, v, &from->pairs[i]);
	}
	return r;
}

static int merge_value(struct builder *b, struct key_index *k, struct value *v, const struct pair *merge)
{
	int r = 0;

	if (merge->value->type != VALUE_SEQ)
		return merge_map(b, k, v, merge->value, merge->key_pos);
	for (size_t i = 0; i < merge->value->n && r == 0; i++)
		r = merge_map(b, k, v, merge->value->items[i], merge->key_pos);
	return r;
}

static int parse_pairs(struct builder *b, struct key_index *k, struct value *v, struct value *merges, unsigned depth)
{
	struct pair p;
	bool merge = false;
	int r;

	while ((r = parse_pair(b, &p, &merge, depth)) > 0) {
		const ssize_t first = merge ? STRMAP_NONE : key_find(k, p.key);

		if (merge)
			*ARENA_PUSH(b->a, merges->pairs, merges->n) = p;
		else if (first < 0)
			key_push(b, k, v, &p);
		else /* goes on, to find the others */
			diag_error(b->src->diag, p.key_pos, NULL,
				   "key '%s' stands here a second time; the first is on line %u, column %u", p.key,
				   v->pairs[first].key_pos.line, v->pairs[first].key_pos.col);
	}
	return r;
}

static int parse_map(struct builder *b, struct value *v, unsigned depth)
{
	struct key_index k = { .v = v };
	struct value merges = { .type = VALUE_MAP };
	int r = parse_pairs(b, &k, v, &merges, depth);

	for (size_t i = 0; i < merges.n && r == 0; i++)
		r = merge_value(b, &k, v, &merges.pairs[i]);
	strmap_done(&k.map);
	return r;
}

static int parse_collection(struct builder *b, const yaml_event_t *e, unsigned depth, const struct value **ret)
{
	const bool seq = e->type == YAML_SEQUENCE_START_EVENT;
	struct value *v = value_new(b, seq ? VALUE_SEQ : VALUE_MAP, &e->start_mark);

	*ret = v;
	if (depth < DOC_DEPTH_MAX)
		return seq ? parse_seq(b, v, depth) : parse_map(b, v, depth);
	diag_error(b->src->diag, v->pos, NULL, "nested more than %d levels deep", DOC_DEPTH_MAX);
	return -EINVAL;
}

/* The value that starts with @e, up to its end. */
static int parse_value(struct builder *b, yaml_event_t *e, unsigned depth, const struct value **ret)
{
	const yaml_char_t *anchor = NULL;
	size_t at = 0;
	int r;

	if (e->type == YAML_ALIAS_EVENT)
		return build_alias(b, e, ret);
	if (e->type == YAML_SCALAR_EVENT)
		anchor = e->data.scalar.anchor;
	else if (e->type == YAML_SEQUENCE_START_EVENT)
		anchor = e->data.sequence_start.anchor;
	else
		anchor = e->data.mapping_start.anchor;
	if (anchor)
		at = anchor_open(b, anchor);
	r = e->type == YAML_SCALAR_EVENT ? build_scalar(b, e, ret) : parse_collection(b, e, depth, ret);
	if (r == 0 && anchor)
		b->anchored[at] = *ret;
	return r;
}

/* Skips events up to one of type @want. Return: 1 when it came, 0 when @other did. */
static int expect_event(struct builder *b, yaml_event_type_t want, yaml_event_type_t other, struct pos *ret_pos)
{
	for (;;) {
		yaml_event_t e;
		yaml_event_type_t type;
		int r = next_event(b, &e);

		if (r < 0)
			return r;
		type = e.type;
		*ret_pos = mark_pos(b, &e.start_mark);
		yaml_event_delete(&e);
		if (type == want || type == other)
			return type == want;
	}
}

/* The next document. Return: 1, 0 at the end of the stream, or -EINVAL. */
static int parse_document(struct builder *b, const struct value **ret, struct pos *ret_pos)
{
	yaml_event_t e;
	int r = expect_event(b, YAML_DOCUMENT_START_EVENT, YAML_STREAM_END_EVENT, ret_pos);

	if (r <= 0)
		return r;
	r = next_event(b, &e);
	if (r < 0)
		return r;
	r = parse_value(b, &e, 0, ret);
	yaml_event_delete(&e);
	strmap_done(&b->anchors); /* are a document's own */
	b->n_anchored = 0;
	return r < 0 ? r : 1;
}

static int parse_single(struct builder *b, const struct value **ret)
{
	const struct value *more;
	struct pos pos;
	int r = parse_document(b, ret, &pos);

	if (r == 0) {
		diag_error(b->src->diag, (struct pos){ .file = b->src->file }, NULL, "the file is empty");
		r = -EINVAL;
	}
	if (r < 0)
		return r;
	while ((r = parse_document(b, &more, &pos)) > 0)
		if (more->type != VALUE_NULL) { /* nothing after a last '---' is no document to speak of */
			diag_error(b->src->diag, pos, "put it into a file of its own", "a second YAML document starts here");
			return -EINVAL;
		}
	return r;
}

static int parse_stream(struct builder *b, const struct value ***ret, size_t *ret_n)
{
	const struct value *v;
	struct pos pos;
	int r;

	while ((r = parse_document(b, &v, &pos)) > 0)
		*ARENA_PUSH(b->a, *ret, *ret_n) = v;
	return r;
}

/* libyaml compares each %TAG directive with all before it. */
static int check_tags(struct source *src)
{
	const char *p = src->text, *const end = p + src->len;
	unsigned n = 0;

	while (p < end && (p = memmem(p, (size_t)(end - p), "%TAG", 4))) {
		if (++n > TAG_DIRECTIVES_MAX) {
			diag_error(src->diag, source_pos_byte(src, (size_t)(p - src->text)), NULL,
				   "too many %%TAG directives");
			return -EINVAL;
		}
		p += 4;
	}
	return 0;
}

/* Checks the text and readies the parser. */
static int builder_start(struct builder *b)
{
	if (source_check(b->src) < 0 || check_tags(b->src) < 0)
		return -EINVAL;
	if (!yaml_parser_initialize(&b->parser)) {
		diag_error(b->src->diag, (struct pos){ .file = b->src->file }, NULL, "out of memory");
		return -EINVAL;
	}
	yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b->parser, (const unsigned char *)b->src->text, b->src->len);
	return 0;
}

static int builder_end(struct builder *b, int r, size_t errors_before)
{
	yaml_parser_delete(&b->parser);
	strmap_done(&b->anchors);
	return r < 0 || b->src->diag->n_errors != errors_before ? -EINVAL : 0;
}

int doc_parse(struct source *src, struct arena *a, const struct value **ret)
{
	struct builder b = { .src = src, .a = a };
	const size_t errors = src->diag->n_errors;

	if (builder_start(&b) < 0)
		return -EINVAL;
	return builder_end(&b, parse_single(&b, ret), errors);
}

int doc_parse_all(struct source *src, struct arena *a, const struct value ***ret, size_t *ret_n)
{
	struct builder b = { .src = src, .a = a };
	const size_t errors = src->diag->n_errors;

	*ret = NULL;
	*ret_n = 0;
	if (builder_start(&b) < 0)
		return -EINVAL;
	return builder_end(&b, parse_stream(&b, ret, ret_n), errors);
}
