// SPDX-License-Identifier: GPL-2.0-or-later
#include "ktest/spec.h"

#include <limits.h>
#include <math.h>
#include <regex.h>
#include <string.h>

#include "cluster/yamljson.h"
#include "ktest/verbs_internal.h"

enum { STEPS_MAX = 10000 };

/* ---- single values ---- */

int test_duration(const char *text, unsigned *ret_ms)
{
	static const struct {
		const char *unit;
		double ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "", 1000 } };
	char *end;
	double n;

	if (!(text[0] >= '0' && text[0] <= '9') || text[1] == 'x' || text[1] == 'X')
		return -EINVAL;
	n = strtod(text, &end);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(end, units[i].unit) != 0)
			continue;
		if (!isfinite(n) || n * units[i].ms > TEST_MS_MAX)
			return -EINVAL;
		*ret_ms = (unsigned)lround(n * units[i].ms);
		return 0;
	}
	return -EINVAL;
}

/* Numbers, dot by dot; what comes after them does not count. Return: how many were compared in @want are told by *ret_n. */
static int compare_versions(const char *want, const char *have, size_t *ret_n)
{
	int order = 0;

	for (*ret_n = 0; *want >= '0' && *want <= '9'; ++*ret_n) {
		const long w = strtol(want, (char **)&want, 10);
		const long h = *have >= '0' && *have <= '9' ? strtol(have, (char **)&have, 10) : 0;

		if (order == 0)
			order = h < w ? -1 : h > w;
		want += *want == '.';
		have += *have == '.';
	}
	return *want ? INT_MIN : order;
}

int test_version(const char *want, const char *have)
{
	static const struct {
		const char *sign;
		int lo, hi; /* which orders fit */
	} signs[] = { { ">=", 0, 1 }, { "<=", -1, 0 }, { ">", 1, 1 }, { "<", -1, -1 }, { "==", 0, 0 }, { "=", 0, 0 }, { "", 0, 0 } };
	size_t n;
	int order;

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		const size_t len = strlen(signs[i].sign);

		if (strncmp(want, signs[i].sign, len) != 0)
			continue;
		want += len;
		want += strspn(want, " ");
		order = compare_versions(want, have, &n);
		if (n == 0 || order == INT_MIN)
			return -EINVAL;
		return order >= signs[i].lo && order <= signs[i].hi;
	}
	return -EINVAL;
}

const char *test_endpoint(const char *text, char *node, size_t size)
{
	const char *colon = strchr(text, ':');

	if (!colon || colon == text || !colon[1] || colon[1] == ' ' || (size_t)(colon - text) >= size)
		return NULL;
	memcpy(node, text, (size_t)(colon - text));
	node[colon - text] = '\0';
	return colon + 1;
}

const char *test_node(const struct test_step *s, size_t i)
{
	const json_t *node = json_object_get(s->args, "node");

	if (!node)
		node = json_object_get(s->args, "from");
	if (json_is_array(node))
		return json_string_value(json_array_get(node, i));
	return i == 0 ? json_string_value(node) : NULL;
}

/* ---- a load ---- */

struct reader {
	struct loader l;
	struct test *t;
	const char *dir; /* of the file */
};

static const char *path_of(struct reader *r, const struct value *v)
{
	return v->text[0] == '/' ? arena_strdup(&r->t->arena, v->text) : arena_printf(&r->t->arena, "%s%s", r->dir, v->text);
}

static void read_strings(struct reader *r, const struct value *v, struct strv *ret)
{
	for (size_t i = 0; v && i < v->n; i++)
		strv_add(&r->t->arena, ret, value_string(v->items[i]));
}

static void add_ref(struct reader *r, const char *node, size_t len, struct pos pos)
{
	struct test_ref *ref = ARENA_PUSH(&r->t->arena, r->t->refs, r->t->n_refs);

	*ref = (struct test_ref){ arena_strndup(&r->t->arena, node, len), pos };
}

/* The nodes that a value of a step names: NODE, or NODE:INTERFACE and more. */
static void add_refs(struct reader *r, const struct value *v, bool ends)
{
	for (size_t i = 0; v->type == VALUE_SEQ && i < v->n; i++)
		add_refs(r, v->items[i], ends);
	if (v->type == VALUE_SCALAR && (!ends || strchr(v->text, ':')))
		add_ref(r, v->text, ends ? strcspn(v->text, ":") : v->n, v->pos);
}

static void find_refs(struct reader *r, const struct value *args)
{
	for (size_t i = 0; i < args->n; i++) {
		const struct pair *p = &args->pairs[i];

		if (strcmp(p->key, "node") == 0 || strcmp(p->key, "from") == 0)
			add_refs(r, p->value, false);
		else if (strcmp(p->key, "do") == 0 || strcmp(p->key, "link") == 0)
			add_refs(r, p->value, true);
		else if (strcmp(p->key, "shares") == 0 && p->value->type == VALUE_MAP)
			for (size_t k = 0; k < p->value->n; k++)
				if (strchr(p->value->pairs[k].key, ':'))
					add_ref(r, p->value->pairs[k].key, strcspn(p->value->pairs[k].key, ":"),
						p->value->pairs[k].key_pos);
	}
}

/* ---- steps ---- */

/* Strings stay strings: an address that looks like a number is none. */
static json_t *text_json(const struct value *v)
{
	json_t *list;

	if (v->type == VALUE_SCALAR)
		return json_string(v->text);
	if (v->type != VALUE_SEQ)
		return NULL;
	list = json_array();
	for (size_t i = 0; i < v->n; i++)
		(void)json_array_append_new(list, json_string(value_string(v->items[i])));
	return list;
}

static bool is_free(const char *key)
{
	return strcmp(key, "expect") == 0 || strcmp(key, "json") == 0 || strcmp(key, "nexthops") == 0;
}

/* What stands under a key, as the runner wants it: typed where the key is, or where it is compared with JSON; else text. */
static json_t *arg_json(struct reader *r, const struct schema_key *k, const struct value *v)
{
	if (k->shape == SHAPE_UINT || k->shape == SHAPE_INT)
		return json_integer(value_int(v, 0));
	if (k->shape == SHAPE_BOOL)
		return json_boolean(value_bool(v, false));
	if (!is_free(k->name) && v->type != VALUE_MAP)
		return text_json(v);
	if (k->shape == SHAPE_STRING_MAP || strcmp(k->name, "shares") == 0) {
		json_t *map = json_object();

		for (size_t i = 0; i < v->n; i++)
			(void)json_object_set_new(map, v->pairs[i].key, json_string(value_string(v->pairs[i].value)));
		return map;
	}
	return value_json(r->l.d, v);
}

/* The map that a step's shorthand stands for. */
static const struct value *in_full(struct reader *r, const struct verb_row *row, const struct value *v)
{
	struct value *map;

	if (!row->shorthand || v->type == VALUE_MAP || v->type == VALUE_NULL)
		return v;
	map = arena_alloc(&r->l.scratch, sizeof(*map));
	map->pairs = arena_alloc(&r->l.scratch, sizeof(*map->pairs));
	map->type = VALUE_MAP;
	map->pos = v->pos;
	map->n = 1;
	map->pairs[0] = (struct pair){ .key = row->shorthand, .key_pos = v->pos, .value = v };
	return map;
}

static void read_args(struct reader *r, struct test_step *s, const struct pair *p)
{
	const struct verb_row *row = &verb_rows[s->verb];
	const struct value *keys[VERB_KEYS_MAX], *map = in_full(r, row, p->value);
	const char *what = arena_printf(&r->l.scratch, "the step '%s'", row->name);

	schema_read(&r->l, map, row->keys, what, keys);
	s->args = json_object();
	for (size_t i = 0; i < row->keys.n; i++) {
		const struct schema_key *k = &row->keys.keys[i];

		if (keys[i])
			(void)json_object_set_new(s->args, k->name, arg_json(r, k, keys[i]));
		else if ((k->flags & KEY_NEEDED) && !value_get(map, k->name))
			diag_error(r->l.d, p->key_pos, *k->text ? k->text : NULL, "%s needs '%s'", what, k->name);
	}
	if (map->type == VALUE_MAP)
		find_refs(r, map);
}

static int verb_of(const char *key)
{
	for (size_t i = 0; i < _TEST_VERB_MAX; i++)
		if (strcmp(verb_rows[i].name, key) == 0)
			return (int)i;
	return -1;
}

static const char *const mode_names[] = { "", "within", "always", "never" };
static_assert(ARRAY_SIZE(mode_names) == _TEST_MODE_MAX, "one a mode");

static void read_mode(struct reader *r, struct test_step *s, enum test_mode mode, const struct pair *p)
{
	if (s->mode != TEST_ONCE)
		diag_error(r->l.d, p->key_pos, NULL, "a step is either '%s' or '%s'", mode_names[s->mode], mode_names[mode]);
	s->mode = mode;
	if (p->value->type != VALUE_SCALAR || test_duration(p->value->text, &s->ms) < 0)
		diag_error(r->l.d, p->value->pos, "write 500ms, 10s, 1.5s or 2m", "'%s' wants a time", p->key);
}

static void read_of(struct reader *r, struct test_step *s, const struct value *v)
{
	for (size_t i = 0; i + 1 < r->t->n_steps; i++)
		if (strcmp(r->t->steps[i].name, value_string(v)) == 0)
			s->of = (int32_t)i;
	if (s->of < 0)
		diag_error(r->l.d, v->pos, "it is the name of the step from whose end the time counts", "no step before is called '%s'",
			   value_string(v));
}

/* A key that any step may have. Return: whether it was one. */
static bool read_common(struct reader *r, struct test_step *s, const struct pair *p)
{
	for (size_t m = 1; m < _TEST_MODE_MAX; m++)
		if (strcmp(p->key, mode_names[m]) == 0) {
			read_mode(r, s, (enum test_mode)m, p);
			return true;
		}
	if (strcmp(p->key, "of") == 0)
		read_of(r, s, p->value);
	else if (strcmp(p->key, "name") == 0 && shape_check(&r->l, p->value, SHAPE_STRING, "name"))
		s->name = arena_strdup(&r->t->arena, p->value->text);
	else if (strcmp(p->key, "xfail") == 0 && shape_check(&r->l, p->value, SHAPE_STRING, "xfail"))
		s->xfail = arena_strdup(&r->t->arena, p->value->text);
	else
		return strcmp(p->key, "name") == 0 || strcmp(p->key, "xfail") == 0;
	return true;
}

static void unknown_key(struct reader *r, const struct pair *p)
{
	static const char *const common[] = { "name", "within", "always", "never", "of", "xfail" };
	struct suggest sg = { .word = p->key };

	for (size_t i = 0; i < _TEST_VERB_MAX; i++)
		suggest_try(&sg, verb_rows[i].name);
	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		suggest_try(&sg, common[i]);
	diag_error(r->l.d, p->key_pos, suggest_hint(&r->l, &sg), "a step knows no '%s'", p->key);
}

/* What a step is called when it does not say: what it is about, in the file's words. */
static const char *default_name(struct reader *r, const struct test_step *s)
{
	static const char *const words[] = { "node", "from", "do", "link", "for", "name", "action", "interface", "address", "route", "to",
					     "command", "match" };
	_cleanup_strbuf_ struct strbuf b = { 0 };

	strbuf_puts(&b, verb_rows[s->verb].name);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const json_t *v = json_object_get(s->args, words[i]);
		const size_t n = json_is_array(v) ? json_array_size(v) : 1;

		for (size_t k = 0; v && k < n; k++) {
			const char *text = json_string_value(json_is_array(v) ? json_array_get(v, k) : v);

			if (text)
				strbuf_printf(&b, "%s%s", k ? "," : " ", text);
		}
	}
	return arena_strdup(&r->t->arena, strbuf_str(&b));
}

/* What TAP reads as its own: # begins a directive, and a line is a line. */
static const char *clean_name(struct reader *r, const char *name)
{
	char *copy = arena_strdup(&r->t->arena, name);

	for (char *c = copy; *c; c++)
		if (*c == '#' || (unsigned char)*c < ' ')
			*c = ' ';
	return copy;
}

/* A name is what tells two runs' results apart: it is there once. */
static void own_name(struct reader *r, struct test_step *s)
{
	const char *name = clean_name(r, s->name ? s->name : default_name(r, s));
	size_t same = 0;

	for (size_t i = 0; i + 1 < r->t->n_steps; i++)
		same += strcmp(r->t->steps[i].name, name) == 0;
	s->name = name;
	for (size_t k = same; same && k < r->t->n_steps + same; k++) {
		bool taken = false;

		s->name = arena_printf(&r->t->arena, "%s (%zu)", name, k + 1);
		for (size_t i = 0; i + 1 < r->t->n_steps && !taken; i++)
			taken = strcmp(r->t->steps[i].name, s->name) == 0;
		if (!taken)
			return;
	}
}

static void check_mode(struct reader *r, struct test_step *s, struct pos pos)
{
	const enum verb_class class = verb_rows[s->verb].class;
	const bool sets = s->verb == TEST_SYSCTL && json_object_get(s->args, "set");

	if (class == VERB_EVENT && s->mode != TEST_ONCE)
		diag_error(r->l.d, pos, NULL, "'%s' happens: there is nothing to be '%s'", verb_rows[s->verb].name, mode_names[s->mode]);
	else if (sets && s->mode != TEST_ONCE)
		diag_error(r->l.d, pos, "make it two steps", "a sysctl that is set is not '%s'", mode_names[s->mode]);
	if (s->of >= 0 && s->mode != TEST_WITHIN)
		diag_error(r->l.d, pos, NULL, "'of' goes with 'within'");
	if (class == VERB_CONDITION && s->mode == TEST_ONCE) {
		s->mode = TEST_WITHIN;
		s->ms = r->t->timeout_ms;
	}
}

/* The keys that come after the verb's own are read first, so that all is known when it is checked. */
static void read_step(struct reader *r, const struct value *v)
{
	struct test_step *s = ARENA_PUSH(&r->t->arena, r->t->steps, r->t->n_steps);
	const struct pair *verb = NULL;

	*s = (struct test_step){ .of = -1, .pos = v->pos, .args = NULL };
	for (size_t i = 0; v->type == VALUE_MAP && i < v->n; i++) {
		const struct pair *p = &v->pairs[i];
		const int is = verb_of(p->key);

		if (is < 0) {
			if (!read_common(r, s, p))
				unknown_key(r, p);
			continue;
		}
		if (verb)
			diag_error(r->l.d, p->key_pos, "make it two steps", "a step is '%s' or '%s', not both", verb->key, p->key);
		verb = p;
		s->verb = (enum test_verb)is;
	}
	if (v->type != VALUE_MAP)
		diag_error(r->l.d, v->pos, NULL, "a step must be a map, not %s", value_type_names[v->type]);
	else if (!verb)
		diag_error(r->l.d, v->pos, "such as fib, ping, vtysh, link", "a step that says nothing to do or to be so");
	else
		read_args(r, s, verb);
	own_name(r, s);
	if (verb)
		check_mode(r, s, verb->key_pos);
}

static void read_steps(struct reader *r, const struct value *v)
{
	if (!v)
		return;
	if (v->n == 0 || v->n > STEPS_MAX)
		diag_error(r->l.d, v->pos, NULL, v->n ? "a test has at most %d steps" : "a test without steps", STEPS_MAX);
	for (size_t i = 0; i < MIN_OF(v->n, (size_t)STEPS_MAX); i++)
		read_step(r, v->items[i]);
}

/* ---- the file ---- */

static void check_requirement(struct loader *l, const struct value *v)
{
	if (test_version(v->text, "1") < 0)
		diag_error(l->d, v->pos, "write \">=6.1\"", "'%s' is no version", v->text);
}

enum { RK_PROGRAMS, RK_FEATURES, RK_KERNEL, RK_FRR, _RK_MAX };

static const struct schema_key requires_keys[] = {
	[RK_PROGRAMS] = { "programs", SHAPE_STRINGS, 0, NULL, "that are in PATH or FRR's" },
	[RK_FEATURES] = { "features", SHAPE_STRINGS, 0, NULL, "as netemu probe names them: netem, vrf, mpls" },
	[RK_KERNEL] = { "kernel", SHAPE_STRING, 0, check_requirement, "\">=6.1\"" },
	[RK_FRR] = { "frr", SHAPE_STRING, 0, check_requirement, "\">=8.4\"" },
};
static_assert(ARRAY_SIZE(requires_keys) == _RK_MAX, "one a key");

static void read_requires(struct reader *r, const struct value *v)
{
	const struct value *keys[_RK_MAX];

	schema_read(&r->l, v, SCHEMA(requires_keys), "'requires'", keys);
	read_strings(r, keys[RK_PROGRAMS], &r->t->programs);
	read_strings(r, keys[RK_FEATURES], &r->t->features);
	r->t->kernel = keys[RK_KERNEL] ? arena_strdup(&r->t->arena, keys[RK_KERNEL]->text) : NULL;
	r->t->frr = keys[RK_FRR] ? arena_strdup(&r->t->arena, keys[RK_FRR]->text) : NULL;
}

static void check_patterns(struct loader *l, const struct value *v)
{
	for (size_t i = 0; i < v->n; i++) {
		regex_t re;

		if (regcomp(&re, value_string(v->items[i]), REG_EXTENDED | REG_NOSUB) == 0)
			regfree(&re);
		else
			diag_error(l->d, v->items[i]->pos, NULL, "'%s' is no regular expression", value_string(v->items[i]));
	}
}

static void check_time(struct loader *l, const struct value *v)
{
	unsigned ms;

	if (test_duration(v->text, &ms) < 0)
		diag_error(l->d, v->pos, "write 500ms, 10s, 1.5s or 2m", "'%s' is not a time", v->text);
}

enum { TK_NAME, TK_DESCRIPTION, TK_TOPOLOGY, TK_REQUIRES, TK_TIMEOUT, TK_SETTLE, TK_ALLOW, TK_XFAIL, TK_STEPS, TK_PREFIX, TK_MGMT,
       TK_SETTINGS, _TK_MAX };

static const struct schema_key test_keys[] = {
	[TK_NAME] = { "name", SHAPE_STRING, 0, NULL, "of the test and of its lab" },
	[TK_DESCRIPTION] = { "description", SHAPE_STRING, 0, NULL, "what it is a test of" },
	[TK_TOPOLOGY] = { "topology", SHAPE_ANY, 0, NULL, "a file, a directory or a list of them; or nodes and links" },
	[TK_REQUIRES] = { "requires", SHAPE_MAP, 0, NULL, "without which it is skipped" },
	[TK_TIMEOUT] = { "timeout", SHAPE_STRING, 0, check_time, "of each condition that has no `within`: 30s" },
	[TK_SETTLE] = { "settle", SHAPE_STRING, 0, check_time, "first wait until routing has settled, so long at most" },
	[TK_ALLOW] = { "allow", SHAPE_STRINGS, 0, check_patterns, "kernel messages that do not count" },
	[TK_XFAIL] = { "xfail", SHAPE_STRING, 0, NULL, "why it is expected to fail" },
	[TK_STEPS] = { "steps", SHAPE_LIST, 0, NULL, "" },
	[TK_PREFIX] = { "prefix", SHAPE_STRING, 0, NULL, "as in a topology" },
	[TK_MGMT] = { "mgmt", SHAPE_MAP, 0, NULL, "as in a topology" },
	[TK_SETTINGS] = { "settings", SHAPE_MAP, 0, NULL, "as in a topology" },
};
static_assert(ARRAY_SIZE(test_keys) == _TK_MAX, "one a key");

static void read_topology(struct reader *r, const struct value *v, struct pos pos)
{
	if (!v)
		diag_error(r->l.d, pos, "name a file, or write nodes and links below it", "a test needs 'topology'");
	else if (v->type == VALUE_SCALAR)
		strv_add(&r->t->arena, &r->t->topologies, path_of(r, v));
	else if (v->type == VALUE_SEQ && shape_check(&r->l, v, SHAPE_STRINGS, "topology"))
		for (size_t i = 0; i < v->n; i++)
			if (value_is_set(v->items[i]))
				strv_add(&r->t->arena, &r->t->topologies, path_of(r, v->items[i]));
}

static unsigned read_ms(const struct value *v, unsigned unset)
{
	unsigned ms = unset;

	if (v)
		(void)test_duration(v->text, &ms);
	return ms;
}

static void file_name(struct reader *r)
{
	const char *slash = strrchr(r->t->path, '/'), *base = slash ? slash + 1 : r->t->path, *dot = strchr(base, '.');

	r->dir = arena_strndup(&r->l.scratch, r->t->path, (size_t)(base - r->t->path));
	r->t->name = arena_strndup(&r->t->arena, base, dot && dot > base ? (size_t)(dot - base) : strlen(base));
	if (strcmp(r->t->name, "test") != 0 || base == r->t->path)
		return;
	/* DIR/test.yaml is DIR's. */
	dot = slash;
	while (dot > r->t->path && dot[-1] != '/')
		dot--;
	r->t->name = arena_strndup(&r->t->arena, dot, (size_t)(slash - dot));
}

static void read_file(struct reader *r, const struct value *root)
{
	const struct value *keys[_TK_MAX];
	struct test *t = r->t;

	schema_read(&r->l, root, SCHEMA(test_keys), "a test file", keys);
	if (value_is_set(keys[TK_NAME]))
		t->name = clean_name(r, keys[TK_NAME]->text);
	t->description = arena_strdup(&t->arena, value_string(keys[TK_DESCRIPTION]));
	t->xfail = keys[TK_XFAIL] ? arena_strdup(&t->arena, keys[TK_XFAIL]->text) : NULL;
	t->timeout_ms = read_ms(keys[TK_TIMEOUT], TEST_TIMEOUT_MS);
	t->settle_s = (read_ms(keys[TK_SETTLE], 0) + 999) / 1000;
	read_strings(r, keys[TK_ALLOW], &t->allow);
	read_topology(r, keys[TK_TOPOLOGY], root->pos);
	read_requires(r, keys[TK_REQUIRES]);
	read_steps(r, keys[TK_STEPS]);
}

struct test *test_load(struct diag *d, const char *path, const char *text, size_t len)
{
	static const struct load_options none = { 0 };
	struct reader r = { .l = { .d = d, .opt = &none }, .t = calloc(1, sizeof(struct test)) };
	_cleanup_source_ struct source src = { 0 };
	const struct value *root = NULL;
	int done = -EINVAL;

	if (!r.t)
		return NULL;
	r.t->file = diag_add_file(d, path, text, len);
	r.t->path = arena_strdup(&r.t->arena, path);
	file_name(&r);
	if (len > SOURCE_MAX) {
		diag_error(d, (struct pos){ .file = r.t->file }, NULL, "larger than 16 MiB");
	} else {
		source_init(&src, d, r.t->file, text, len);
		done = doc_parse(&src, &r.l.scratch, &root);
	}
	if (done == 0 && (root->type != VALUE_MAP || !value_get(root, "steps"))) {
		diag_error(d, root->pos, "a test is a map with 'topology:' and 'steps:'", "this is no test file");
		done = -EINVAL;
	}
	if (done == 0)
		read_file(&r, root);
	strmap_done(&r.l.ignored.seen);
	arena_done(&r.l.scratch);
	if (done == 0)
		return r.t;
	test_unload(r.t);
	return NULL;
}

void test_unload(struct test *t)
{
	for (size_t i = 0; i < t->n_steps; i++)
		json_decref(t->steps[i].args);
	arena_done(&t->arena);
	free(t);
}

void test_check_nodes(const struct test *t, const struct strv *names, struct diag *d)
{
	for (size_t i = 0; i < t->n_refs; i++) {
		struct suggest sg = { .word = t->refs[i].node };
		const char *hint = NULL;

		if (strv_contains(names, t->refs[i].node))
			continue;
		for (size_t k = 0; k < names->n && diag_wants_hints(d); k++)
			suggest_try(&sg, names->v[k]);
		if (sg.best)
			hint = arena_printf(&d->arena, "did you mean '%s'?", sg.best);
		diag_error(d, t->refs[i].pos, hint, "the topology has no node '%s'", t->refs[i].node);
	}
}
