// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * selector.c - label and field selectors
 *
 * Owns the grammar of ?labelSelector= (apimachinery's labels.Parse(): a lexer, then one requirement after the other), the
 * operators, and the list of fields that ?fieldSelector= may name. Refuses to know what is done with what matches.
 */
#include "cluster/selector.h"

#include <string.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "cluster/jsonutil.h"

enum operator { OP_IN, OP_NOT_IN, OP_EXISTS, OP_DOES_NOT_EXIST, OP_GT, OP_LT, _OP_MAX };

/* As LabelSelectors and node selector terms write them */
static const char *const operator_words[] = {
	[OP_IN] = "In", [OP_NOT_IN] = "NotIn", [OP_EXISTS] = "Exists", [OP_DOES_NOT_EXIST] = "DoesNotExist",
	[OP_GT] = "Gt", [OP_LT] = "Lt",
};
static_assert(ARRAY_SIZE(operator_words) == _OP_MAX, "one an operator");

struct requirement {
	const char *key;
	enum operator op;
	const char **values; /* sorted, each once */
	size_t n_values;
};

struct selector {
	struct arena arena;
	struct requirement *reqs;
	size_t n_reqs;
};

/* ---- what a label may be: apimachinery's util/validation ---- */

#define CHARACTERS \
	"must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
#define LABEL_REGEX "regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?'"
#define NAME_REGEX "regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'"
#define SUBDOMAIN_REGEX \
	"regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'"
#define NAME_EXAMPLE "(e.g. 'MyName',  or 'my.name',  or '123-abc', " NAME_REGEX ")"

enum { LABEL_MAX = 63, SUBDOMAIN_MAX = 253 };

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_name(const char *s, size_t len)
{
	if (len == 0 || !is_alnum(s[0]) || !is_alnum(s[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(s[i]) && !strchr("-_.", s[i]))
			return false;
	return true;
}

static bool is_subdomain(const char *s, size_t len)
{
	bool edge = true; /* at the start of a part, or after a '-': not where a part may end */

	for (size_t i = 0; i < len; i++) {
		const bool lower = is_alnum(s[i]) && (s[i] < 'A' || s[i] > 'Z');

		if ((s[i] == '.' && (edge || s[i - 1] == '-')) || (s[i] == '-' && edge) || (!lower && !strchr(".-", s[i])))
			return false;
		edge = s[i] == '.';
	}
	return len && !edge && s[len - 1] != '-';
}

/* What is wrong with a label's key, into @out; nothing when it is good. */
static void key_mistakes(const char *key, struct strbuf *out)
{
	const char *slash = strchr(key, '/'), *name = slash ? slash + 1 : key;
	const size_t prefix = slash ? (size_t)(slash - key) : 0;

	if (slash && strchr(name, '/')) {
		strbuf_puts(out, "a qualified name " CHARACTERS " " NAME_EXAMPLE
				 " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')");
		return;
	}
	if (slash && prefix == 0)
		strbuf_puts(out, "prefix part must be non-empty; ");
	else if (slash && prefix > SUBDOMAIN_MAX)
		strbuf_puts(out, "prefix part must be no more than 253 characters; ");
	else if (slash && !is_subdomain(key, prefix))
		strbuf_puts(
			out,
			"prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
			"and must start and end with an alphanumeric character (e.g. 'example.com', " SUBDOMAIN_REGEX
			"); ");
	if (!*name)
		strbuf_puts(out, "name part must be non-empty; ");
	else if (strlen(name) > LABEL_MAX)
		strbuf_puts(out, "name part must be no more than 63 characters; ");
	if (!is_name(name, strlen(name)))
		strbuf_puts(out, "name part " CHARACTERS " " NAME_EXAMPLE "; ");
	if (out->len)
		out->buf[out->len -= 2] = '\0';
}

static int check_key(const char *key, struct error *e)
{
	_cleanup_strbuf_ struct strbuf mistakes = { 0 };

	key_mistakes(key, &mistakes);
	if (mistakes.len)
		return error_set(e, EINVAL, "<nil>: Invalid value: \"%s\": %s", key, strbuf_str(&mistakes));
	return 0;
}

static int check_value(const struct requirement *r, size_t i, struct error *e)
{
	const char *value = r->values[i];

	if (strlen(value) > LABEL_MAX)
		return error_set(e, EINVAL,
				 "values[%zu][%s]: Invalid value: \"%s\": must be no more than 63 characters", i,
				 r->key, value);
	if (*value && !is_name(value, strlen(value)))
		return error_set(
			e, EINVAL,
			"values[%zu][%s]: Invalid value: \"%s\": a valid label must be an empty string or consist of alphanumeric "
			"characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or "
			"'my_value',  or '12345', " LABEL_REGEX ")",
			i, r->key, value);
	return 0;
}

static bool parse_integer(const char *text, long long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoll(text, &end, 10);
	return *text && *text != ' ' && !*end && !errno;
}

/* ---- lexer ---- */

enum token { T_ERROR, T_END, T_CLOSE, T_COMMA, T_NOT, T_DOUBLE_EQUALS, T_EQUALS, T_GT, T_IDENTIFIER, T_IN, T_LT,
	     T_NOT_EQUALS, T_NOT_IN, T_OPEN };

static const struct {
	const char *text;
	enum token token;
} literals[] = {
	{ ")", T_CLOSE },	{ ",", T_COMMA },      { "!", T_NOT },	{ "==", T_DOUBLE_EQUALS },
	{ "=", T_EQUALS },	{ ">", T_GT },	       { "in", T_IN },	{ "<", T_LT },
	{ "!=", T_NOT_EQUALS }, { "notin", T_NOT_IN }, { "(", T_OPEN },
};

struct item {
	enum token token;
	const char *text;
};

struct parser {
	struct arena *arena;
	const char *s;
	struct item next; /* looked at, not consumed */
	char *error;	  /* of the lexer */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_special(char c)
{
	return c && strchr("=!(),><", c);
}

static enum token token_of(const char *s, size_t len, enum token otherwise)
{
	for (size_t i = 0; i < ARRAY_SIZE(literals); i++)
		if (strlen(literals[i].text) == len && memcmp(literals[i].text, s, len) == 0)
			return literals[i].token;
	return otherwise;
}

/* The longest operator that the special characters ahead begin with */
static struct item lex_special(struct parser *p)
{
	const char *start = p->s;
	struct item item = { T_ERROR, NULL };
	size_t len = 0, good = 0;

	while (is_special(start[len])) {
		const enum token token = token_of(start, ++len, T_ERROR);

		if (token == T_ERROR && good)
			break;
		if (token != T_ERROR) {
			item.token = token;
			good = len;
		}
	}
	p->s += good ? good : len;
	item.text = good ? arena_strndup(p->arena, start, good)
			 : arena_printf(p->arena, "error expected: keyword found '%.*s'", (int)len, start);
	return item;
}

static struct item lex(struct parser *p)
{
	const char *start;
	size_t len = 0;

	while (is_blank(*p->s))
		p->s++;
	start = p->s;
	if (!*start)
		return (struct item){ T_END, "" };
	if (is_special(*start))
		return lex_special(p);
	while (start[len] && !is_special(start[len]) && !is_blank(start[len]))
		len++;
	p->s += len;
	return (struct item){ token_of(start, len, T_IDENTIFIER), arena_strndup(p->arena, start, len) };
}

static struct item consume(struct parser *p)
{
	const struct item item = p->next;

	p->next = lex(p);
	return item;
}

/* "in" and "notin" are operators only where one is expected. */
static enum token as_value(struct item item)
{
	return item.token == T_IN || item.token == T_NOT_IN ? T_IDENTIFIER : item.token;
}

/* ---- parser ---- */

static void add_value(struct parser *p, struct requirement *r, const char *value)
{
	size_t at = 0;

	while (at < r->n_values && strcmp(r->values[at], value) < 0)
		at++;
	if (at < r->n_values && strcmp(r->values[at], value) == 0)
		return;
	(void)ARENA_PUSH(p->arena, r->values, r->n_values);
	memmove(r->values + at + 1, r->values + at, (r->n_values - 1 - at) * sizeof(*r->values));
	r->values[at] = value;
}

/* "x,y)", where each may be empty */
static int parse_identifiers(struct parser *p, struct requirement *r, struct error *e)
{
	for (;;) {
		const struct item item = consume(p);
		const enum token ahead = as_value(p->next);

		if (as_value(item) == T_IDENTIFIER) {
			add_value(p, r, item.text);
			if (ahead == T_CLOSE)
				return 0;
			if (ahead != T_COMMA)
				return error_set(e, EINVAL, "found '%s', expected: ',' or ')'", p->next.text);
		} else if (item.token == T_COMMA) {
			if (r->n_values == 0 || ahead == T_CLOSE || ahead == T_COMMA)
				add_value(p, r, "");
			if (ahead == T_CLOSE)
				return 0;
		} else {
			return error_set(e, EINVAL, "found '%s', expected: ',', or identifier", item.text);
		}
	}
}

static int parse_set(struct parser *p, struct requirement *r, struct error *e)
{
	const struct item item = consume(p);
	int r2;

	if (item.token != T_OPEN)
		return error_set(e, EINVAL, "found '%s' expected: '('", item.text);
	switch (as_value(p->next)) {
	case T_IDENTIFIER:
	case T_COMMA:
		r2 = parse_identifiers(p, r, e);
		if (r2 < 0)
			return r2;
		(void)consume(p);
		return 0;
	case T_CLOSE:
		(void)consume(p);
		add_value(p, r, "");
		return 0;
	default:
		return error_set(e, EINVAL, "found '%s', expected: ',', ')' or identifier", p->next.text);
	}
}

static int parse_exact(struct parser *p, struct requirement *r, struct error *e)
{
	struct item item;

	if (p->next.token == T_END || p->next.token == T_COMMA) {
		add_value(p, r, "");
		return 0;
	}
	item = consume(p);
	if (as_value(item) != T_IDENTIFIER)
		return error_set(e, EINVAL, "found '%s', expected: identifier", item.text);
	add_value(p, r, item.text);
	return 0;
}

static int parse_restriction(struct parser *p, struct requirement *r, struct error *e)
{
	static const struct {
		enum token token;
		enum operator op;
		int (*parse)(struct parser *p, struct requirement *r, struct error *e);
	} table[] = {
		{ T_IN, OP_IN, parse_set },
		{ T_NOT_IN, OP_NOT_IN, parse_set },
		{ T_EQUALS, OP_IN, parse_exact },
		{ T_DOUBLE_EQUALS, OP_IN, parse_exact },
		{ T_NOT_EQUALS, OP_NOT_IN, parse_exact },
		{ T_GT, OP_GT, parse_exact },
		{ T_LT, OP_LT, parse_exact },
	};
	const struct item item = consume(p);

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].token == item.token) {
			r->op = table[i].op;
			return table[i].parse(p, r, e);
		}
	return error_set(e, EINVAL, "found '%s', expected: in, notin, =, ==, !=, gt, lt", item.text);
}

static int check_requirement(const struct requirement *req, struct error *e)
{
	long long number;
	int r;

	if ((req->op == OP_GT || req->op == OP_LT) && !parse_integer(req->values[0], &number))
		return error_set(
			e, EINVAL,
			"values[0]: Invalid value: \"%s\": for 'Gt', 'Lt' operators, the value must be an integer",
			req->values[0]);
	for (size_t i = 0; i < req->n_values; i++) {
		r = check_value(req, i, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_requirement(struct parser *p, struct requirement *r, struct error *e)
{
	struct item item = consume(p);
	int code;

	r->op = OP_EXISTS;
	if (item.token == T_NOT) {
		r->op = OP_DOES_NOT_EXIST;
		item = consume(p);
	}
	if (as_value(item) != T_IDENTIFIER)
		return error_set(e, EINVAL, "found '%s', expected: identifier", item.text);
	r->key = item.text;
	code = check_key(r->key, e);
	if (code < 0 || p->next.token == T_END || p->next.token == T_COMMA)
		return code;
	/* "!a=b" is read as "a=b", as labels.Parse() does, but "!a b" is an error. */
	code = parse_restriction(p, r, e);
	return code < 0 ? code : check_requirement(r, e);
}

static int parse(struct parser *p, struct selector *s, struct error *e)
{
	struct item item;
	int r;

	for (;;) {
		if (p->next.token == T_END)
			return 0;
		if (as_value(p->next) != T_IDENTIFIER && p->next.token != T_NOT)
			return error_set(e, EINVAL, "found '%s', expected: !, identifier, or 'end of string'",
					 p->next.text);
		r = parse_requirement(p, ARENA_PUSH(p->arena, s->reqs, s->n_reqs), e);
		if (r < 0)
			return error_wrap(e, "unable to parse requirement");
		item = consume(p);
		if (item.token == T_END)
			return 0;
		if (item.token != T_COMMA)
			return error_set(e, EINVAL, "found '%s', expected: ',' or 'end of string'", item.text);
		if (as_value(p->next) != T_IDENTIFIER && p->next.token != T_NOT)
			return error_set(e, EINVAL, "found '%s', expected: identifier after ','", p->next.text);
	}
}

int selector_parse_labels(const char *text, struct selector **ret, struct error *e)
{
	_cleanup_(selector_freep) struct selector *s = calloc(1, sizeof(*s));
	struct parser p = { .s = text };
	int r;

	if (!s)
		return error_oom(e);
	p.arena = &s->arena;
	p.next = lex(&p);
	r = parse(&p, s, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

struct selector *selector_free(struct selector *s)
{
	if (s)
		arena_done(&s->arena);
	free(s);
	return NULL;
}

/* ---- matching ---- */

static bool compare(enum operator op, const char *value, const char *limit)
{
	long long a, b;

	if (!parse_integer(value, &a) || !parse_integer(limit, &b))
		return false;
	return op == OP_GT ? a > b : a < b;
}

static bool requirement_matches(const struct requirement *r, const json_t *labels)
{
	const char *value = json_string_value(json_object_get(labels, r->key));
	bool in = false;

	if (r->op == OP_EXISTS || r->op == OP_DOES_NOT_EXIST)
		return !!value == (r->op == OP_EXISTS);
	if (!value)
		return r->op == OP_NOT_IN;
	if (r->op == OP_GT || r->op == OP_LT)
		return compare(r->op, value, r->values[0]);
	for (size_t i = 0; i < r->n_values && !in; i++)
		in = strcmp(r->values[i], value) == 0;
	return in == (r->op == OP_IN);
}

bool selector_matches(const struct selector *s, const json_t *labels)
{
	for (size_t i = 0; s && i < s->n_reqs; i++)
		if (!requirement_matches(&s->reqs[i], labels))
			return false;
	return true;
}

static bool has_value(const json_t *values, const char *value)
{
	json_t *v;
	size_t i;

	json_array_foreach(values, i, v)
		if (json_is_string(v) && strcmp(json_string_value(v), value) == 0)
			return true;
	return false;
}

static bool expression_matches(const json_t *expression, const json_t *labels)
{
	const char *word = json_text(expression, "operator", NULL);
	const char *value = json_string_value(json_object_get(labels, json_text(expression, "key", NULL)));
	const json_t *values = json_object_get(expression, "values");
	enum operator op = OP_IN;

	while (op < _OP_MAX && strcmp(operator_words[op], word) != 0)
		op++;
	switch (op) {
	case OP_IN:
		return value && has_value(values, value);
	case OP_NOT_IN:
		return !value || !has_value(values, value);
	case OP_EXISTS:
		return value;
	case OP_DOES_NOT_EXIST:
		return !value;
	case OP_GT:
	case OP_LT:
		return value && json_array_size(values) == 1 && json_is_string(json_array_get(values, 0)) &&
		       compare(op, value, json_string_value(json_array_get(values, 0)));
	default:
		return false;
	}
}

bool selector_match_expressions(const json_t *expressions, const json_t *labels)
{
	json_t *expression;
	size_t i;

	json_array_foreach(expressions, i, expression)
		if (!expression_matches(expression, labels))
			return false;
	return true;
}

bool selector_match_object(const json_t *selector, const json_t *labels)
{
	const char *key;
	json_t *want;

	json_object_foreach(json_object_get(selector, "matchLabels"), key, want) {
		const char *value = json_string_value(json_object_get(labels, key));

		if (!value || !json_is_string(want) || strcmp(value, json_string_value(want)) != 0)
			return false;
	}
	return selector_match_expressions(json_object_get(selector, "matchExpressions"), labels);
}

/* ---- fields ---- */

struct selectable_field {
	const char *name;
	const char *fallback; /* for an object that does not have it; NULL: "" */
	const char *path;     /* where it is in the object; NULL: at its name */
};

/* Sources: pkg/apis/core/v1/conversion.go, pkg/apis/batch/v1/conversion.go, the strategies' SelectableFields() */
static const struct selectable_field metadata_fields[] = { { "metadata.name", NULL, NULL },
							   { "metadata.namespace", NULL, NULL } };

static const struct selectable_kind {
	const char *kind;
	const char *before, *after; /* what is said around the name of another field */
	struct selectable_field fields[12];
} selectable[] = {
	{ "Pod",
	  "field label not supported: ",
	  "",
	  { { "spec.nodeName", NULL, NULL },
	    { "spec.restartPolicy", NULL, NULL },
	    { "spec.schedulerName", NULL, NULL },
	    { "spec.serviceAccountName", NULL, NULL },
	    { "spec.hostNetwork", "false", NULL },
	    { "status.phase", NULL, NULL },
	    { "status.podIP", NULL, NULL },
	    { "status.podIPs", NULL, "status.podIP" },
	    { "status.nominatedNodeName", NULL, NULL } } },
	{ "Node", "field label not supported: ", "", { { "spec.unschedulable", "false", NULL } } },
	{ "Namespace", "field label not supported: ", "", { { "status.phase", NULL, NULL } } },
	{ "Secret", "field label not supported: ", "", { { "type", NULL, NULL } } },
	{ "ReplicationController", "field label not supported: ", "", { { "status.replicas", "0", NULL } } },
	{ "Job", "field label \"", "\" not supported for Job", { { "status.successful", "0", "status.succeeded" } } },
	{ "Event",
	  "field label not supported: ",
	  "",
	  { { "involvedObject.kind", NULL, NULL },
	    { "involvedObject.namespace", NULL, NULL },
	    { "involvedObject.name", NULL, NULL },
	    { "involvedObject.uid", NULL, NULL },
	    { "involvedObject.apiVersion", NULL, NULL },
	    { "involvedObject.resourceVersion", NULL, NULL },
	    { "involvedObject.fieldPath", NULL, NULL },
	    { "reason", NULL, NULL },
	    { "reportingComponent", NULL, NULL },
	    { "source", NULL, "source.component" },
	    { "type", NULL, NULL } } },
	{ "",
	  "\"",
	  "\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
	  { { NULL, NULL, NULL } } },
};

static const struct selectable_kind *find_kind(const char *kind)
{
	const struct selectable_kind *k = selectable;

	while (*k->kind && strcmp(k->kind, kind) != 0)
		k++;
	return k;
}

static const struct selectable_field *find_field(const struct selectable_kind *k, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(metadata_fields); i++)
		if (strcmp(metadata_fields[i].name, name) == 0)
			return &metadata_fields[i];
	for (const struct selectable_field *f = k->fields; f < k->fields + ARRAY_SIZE(k->fields) && f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

/* Whether the value of a field, as text, is @want */
static bool field_is(const struct selectable_field *f, const json_t *object, const char *want)
{
	char path[64], number[32], *rest = path, *key;
	const json_t *v = object;

	(void)snprintf(path, sizeof(path), "%s", f->path ? f->path : f->name);
	while (v && (key = strsep(&rest, ".")))
		v = json_object_get(v, key);
	if (json_is_string(v))
		return strcmp(json_string_value(v), want) == 0;
	(void)snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(v));
	if (json_is_integer(v))
		return strcmp(number, want) == 0;
	if (json_is_boolean(v))
		return strcmp(json_is_true(v) ? "true" : "false", want) == 0;
	return strcmp(f->fallback ? f->fallback : "", want) == 0;
}

/* One "field=value" of a selector. Return: as selector_match_fields(). */
static int match_field(const char *text, char *term, const char *kind, const json_t *object, struct error *e)
{
	static const char *const operators[] = { "!=", "==", "=" };
	const struct selectable_kind *k = find_kind(kind);
	const struct selectable_field *f;

	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		const size_t len = strlen(operators[i]);
		char *at = strstr(term, operators[i]);

		if (!at || strstr(at + len, operators[i]))
			continue;
		*at = '\0';
		f = find_field(k, term);
		if (!f)
			return error_set(e, EINVAL, "%s%s%s", k->before, term, k->after);
		return field_is(f, object, at + len) == (i != 0);
	}
	return error_set(e, EINVAL, "invalid selector: '%s'; can't understand '%s'", text, term);
}

int selector_match_fields(const char *text, const char *kind, const json_t *object, struct error *e)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *term;
	int all = 1, r;

	if (!copy)
		return error_oom(e);
	while ((term = strsep(&rest, ","))) {
		if (!*term)
			continue;
		r = match_field(text, term, kind, object, e);
		if (r < 0)
			return r;
		all = all && r;
	}
	return all;
}
