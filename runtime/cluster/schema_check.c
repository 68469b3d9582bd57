// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * schema_check.c - the words of validation, and the checks that every kind shares
 *
 * Source: apimachinery's pkg/util/validation and pkg/util/validation/field. Knows no kind.
 */
#include "cluster/schema_check.h"

#include <arpa/inet.h>

const char *const words_protocol[] = { "SCTP", "TCP", "UDP", NULL };
const char *const words_taint_effect[] = { "NoSchedule", "PreferNoSchedule", "NoExecute", NULL };

/* ---- what is said ---- */

/* Looking for duplicates takes quadratic time, and nobody reads more causes than that. */
enum { ITEMS_MAX = 2000, CAUSES_MAX = 200 };

/* Adds a cause, unless it is there (the tables and the CRD's rules may find the same). */
static void say(struct checker *c, const struct schema_path *at, const char *reason, const char *message)
{
	_cleanup_strbuf_ struct strbuf field = { 0 };
	_cleanup_json_ json_t *cause = NULL;
	json_t *other;
	size_t i;

	if (json_array_size(c->causes) >= CAUSES_MAX)
		return;
	schema_path_text(at, &field);
	cause = json_pack("{s:s, s:s, s:s}", "reason", reason, "message", message, "field", strbuf_str(&field));
	json_array_foreach(c->causes, i, other)
		if (json_equal(other, cause))
			return;
	(void)json_array_append(c->causes, cause);
	c->n++;
}

static void say_detail(struct checker *c, const struct schema_path *at, const char *reason, const char *words, const char *detail)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	strbuf_printf(&s, "%s%s%s", words, detail ? ": " : "", detail ? detail : "");
	say(c, at, reason, strbuf_str(&s));
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* `map[string]string{"a":"b", "c":"d"}`, keys in order */
static void go_map(const json_t *v, struct strbuf *out)
{
	_cleanup_free_ const char **keys = calloc(json_object_size(v) + 1, sizeof(*keys));
	const char *key;
	size_t n = 0;
	json_t *item;

	strbuf_puts(out, "map[string]string{");
	json_object_foreach((json_t *)(uintptr_t)v, key, item)
		if (keys)
			keys[n++] = key;
	if (n)
		qsort(keys, n, sizeof(*keys), by_text);
	for (size_t i = 0; i < n; i++) {
		strbuf_puts(out, i ? ", " : "");
		strbuf_json_string(out, keys[i]);
		strbuf_putc(out, ':');
		strbuf_json_string(out, json_text(v, keys[i], NULL));
	}
	strbuf_putc(out, '}');
}

static void go_selector(const json_t *v, struct strbuf *out)
{
	const json_t *labels = json_object_get(v, "matchLabels"), *terms = json_object_get(v, "matchExpressions");
	json_t *t;
	size_t i;

	strbuf_puts(out, "v1.LabelSelector{MatchLabels:");
	if (labels)
		go_map(labels, out);
	else
		strbuf_puts(out, "map[string]string(nil)");
	strbuf_puts(out, ", MatchExpressions:[]v1.LabelSelectorRequirement");
	strbuf_puts(out, terms ? "{" : "(nil)");
	json_array_foreach(terms, i, t) {
		_cleanup_free_ char *values = json_dumps(json_object_get(t, "values"), JSON_COMPACT);

		strbuf_printf(out, "%sv1.LabelSelectorRequirement{Key:\"%s\", Operator:\"%s\", Values:[]string", i ? ", " : "",
			      json_text(t, "key", NULL), json_text(t, "operator", NULL));
		if (values)
			strbuf_printf(out, "{%.*s}}", (int)strlen(values) - 2, values + 1);
		else
			strbuf_puts(out, "(nil)}");
	}
	strbuf_puts(out, terms ? "}}" : "}");
}

static bool all_strings(const json_t *v)
{
	const char *key;
	json_t *item;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)v, key, item)
		if (!json_is_string(item))
			return false;
	json_array_foreach(v, i, item)
		if (!json_is_string(item))
			return false;
	return true;
}

void go_value(const json_t *v, struct strbuf *out)
{
	_cleanup_free_ char *text = v ? json_dumps(v, JSON_ENCODE_ANY | (json_is_array(v) ? 0 : JSON_COMPACT)) : NULL;

	if (!v || json_is_null(v))
		strbuf_puts(out, "null");
	else if (json_is_object(v) && (json_object_get(v, "matchLabels") || json_object_get(v, "matchExpressions")))
		go_selector(v, out);
	else if (json_is_object(v) && all_strings(v))
		go_map(v, out);
	else if (json_is_array(v) && all_strings(v))
		strbuf_printf(out, "[]string{%.*s}", text ? (int)strlen(text) - 2 : 0, text ? text + 1 : "");
	else
		strbuf_puts(out, text ? text : "");
}

static void say_value(struct checker *c, const struct schema_path *at, const char *reason, const char *words, const json_t *value,
		      const char *detail)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	strbuf_printf(&s, "%s: ", words);
	go_value(value, &s);
	say_detail(c, at, reason, strbuf_str(&s), detail);
}

void say_required(struct checker *c, const struct schema_path *at, const char *detail)
{
	say_detail(c, at, "FieldValueRequired", "Required value", detail);
}

void say_invalid(struct checker *c, const struct schema_path *at, const json_t *value, const char *detail)
{
	say_value(c, at, "FieldValueInvalid", "Invalid value", value, detail);
}

void say_invalid_text(struct checker *c, const struct schema_path *at, const char *value, const char *detail)
{
	_cleanup_json_ json_t *v = json_string(value);

	say_invalid(c, at, v, detail);
}

void say_unsupported(struct checker *c, const struct schema_path *at, const json_t *value, const char *const *words)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	strbuf_puts(&s, "supported values: ");
	for (size_t i = 0; words[i]; i++)
		strbuf_printf(&s, "%s\"%s\"", i ? ", " : "", words[i]);
	say_value(c, at, "FieldValueNotSupported", "Unsupported value", value, strbuf_str(&s));
}

void say_duplicate(struct checker *c, const struct schema_path *at, const json_t *value)
{
	say_value(c, at, "FieldValueDuplicate", "Duplicate value", value, NULL);
}

void say_not_found(struct checker *c, const struct schema_path *at, const json_t *value)
{
	say_value(c, at, "FieldValueNotFound", "Not found", value, NULL);
}

void say_forbidden(struct checker *c, const struct schema_path *at, const char *detail)
{
	say_detail(c, at, "FieldValueForbidden", "Forbidden", detail);
}

bool check_size(struct checker *c, const struct schema_path *at, const json_t *list)
{
	char words[96];

	if (json_array_size(list) <= ITEMS_MAX)
		return true;
	(void)snprintf(words, sizeof(words), "Too many: %zu", json_array_size(list));
	say_detail(c, at, "FieldValueTooMany", words, "must have at most 2000 items");
	return false;
}

void say_too_long(struct checker *c, const struct schema_path *at, const char *detail)
{
	say_detail(c, at, "FieldValueTooLong", "Too long", detail);
}

/* As the OpenAPI validator of custom resources says it. */
void say_type(struct checker *c, const struct schema_path *at, const char *got, const char *want)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	strbuf_printf(&s, "Invalid value: \"%s\": ", got);
	schema_path_text(at, &s);
	strbuf_printf(&s, " in body must be of type %s: \"%s\"", want, got);
	say(c, at, "FieldValueTypeInvalid", strbuf_str(&s));
}

/* ---- names ---- */

#define LABEL_RE "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
#define QUALIFIED_RE "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"

struct name_rule {
	size_t max;
	const char *wrong;		 /* apimachinery's text */
	bool (*fits)(const char *s);	 /* NULL: check_name() knows better */
};

static bool is_lower_alnum(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9');
}

/* LABEL_RE of the first @n bytes. */
static bool fits_label_n(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_lower_alnum(s[i]) && (s[i] != '-' || i == 0 || i == n - 1))
			return false;
	return n > 0;
}

static bool fits_label(const char *s)
{
	return fits_label_n(s, strlen(s));
}

static bool fits_1035(const char *s)
{
	return *s >= 'a' && fits_label(s);
}

static bool fits_subdomain(const char *s)
{
	for (;;) {
		const size_t n = strcspn(s, ".");

		if (!fits_label_n(s, n))
			return false;
		if (!s[n])
			return true;
		s += n + 1;
	}
}

static bool is_alnum(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9');
}

/* QUALIFIED_RE */
static bool fits_qualified(const char *s)
{
	const size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (!is_alnum(s[i]) && (!strchr("-_.", s[i]) || i == 0 || i == n - 1))
			return false;
	return n > 0;
}

static bool fits_value(const char *s)
{
	return !*s || fits_qualified(s);
}

static bool fits_key(const char *s)
{
	for (const char *p = s; *p; p++)
		if (!is_alnum(*p) && !strchr("-_.", *p))
			return false;
	return *s;
}

static bool fits_env(const char *s)
{
	return fits_key(s) && !(*s >= '0' && *s <= '9');
}

static const struct name_rule name_rules[] = {
	[NAME_SUBDOMAIN] = { 253,
			     "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
			     "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '" LABEL_RE
			     "(\\." LABEL_RE ")*')",
			     fits_subdomain },
	[NAME_LABEL] = { 63,
			 "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
			 "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '" LABEL_RE "')",
			 fits_label },
	[NAME_1035] = { 63,
			"a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
			"and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
			"'[a-z]([-a-z0-9]*[a-z0-9])?')",
			fits_1035 },
	[NAME_QUALIFIED] = { 63,
			     "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
			     "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '" QUALIFIED_RE "')",
			     NULL },
	[NAME_LABEL_VALUE] = { 63,
			       "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
			       "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
			       "validation is '(" QUALIFIED_RE ")?')",
			       fits_value },
	[NAME_ENV] = { SIZE_MAX,
		       "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not "
		       "start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is "
		       "'[-._a-zA-Z][-._a-zA-Z0-9]*')",
		       fits_env },
	[NAME_CONFIG_KEY] = { 253,
			      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  "
			      "or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
			      fits_key },
	[NAME_PORT] = { 15, NULL, NULL },
};
static_assert(ARRAY_SIZE(name_rules) == _NAME_MAX, "one a kind of name");

static void say_length(struct checker *c, const struct schema_path *at, const char *text, const char *prefix, size_t max)
{
	char detail[96];

	(void)snprintf(detail, sizeof(detail), "%smust be no more than %zu characters", prefix, max);
	say_invalid_text(c, at, text, detail);
}

static void say_part(struct checker *c, const struct schema_path *at, const char *text, const char *part, const char *wrong)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	strbuf_printf(&s, "%s%s", part, wrong);
	say_invalid_text(c, at, text, strbuf_str(&s));
}

/* [PREFIX/]NAME */
static void check_qualified(struct checker *c, const struct schema_path *at, const char *text)
{
	const struct name_rule *rule = &name_rules[NAME_QUALIFIED];
	const char *slash = strchr(text, '/'), *name = slash ? slash + 1 : text;

	if (slash && strchr(name, '/')) {
		_cleanup_strbuf_ struct strbuf s = { 0 };

		strbuf_printf(&s, "%s with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')", rule->wrong);
		say_part(c, at, text, "a qualified name ", strbuf_str(&s));
		return;
	}
	if (slash) {
		_cleanup_free_ char *prefix = strndup(text, (size_t)(slash - text));

		if (slash == text)
			say_part(c, at, text, "prefix part ", "must be non-empty");
		else if (prefix && !fits_subdomain(prefix))
			say_part(c, at, text, "prefix part ", name_rules[NAME_SUBDOMAIN].wrong);
		if (slash - text > 253)
			say_length(c, at, text, "prefix part ", 253);
	}
	if (!*name)
		say_part(c, at, text, "name part ", "must be non-empty");
	else if (strlen(name) > rule->max)
		say_length(c, at, text, "name part ", rule->max);
	if (!fits_qualified(name))
		say_part(c, at, text, "name part ", rule->wrong);
}

/* IANA_SVC_NAME of RFC 6335. */
static void check_port_name(struct checker *c, const struct schema_path *at, const char *s)
{
	const size_t n = strlen(s);
	bool letter = false, good = true;

	if (n > name_rules[NAME_PORT].max)
		say_length(c, at, s, "", name_rules[NAME_PORT].max);
	for (const char *p = s; *p; p++) {
		good = good && (is_lower_alnum(*p) || *p == '-');
		letter = letter || (*p >= 'a' && *p <= 'z');
	}
	if (!good)
		say_invalid_text(c, at, s, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
	if (!letter)
		say_invalid_text(c, at, s, "must contain at least one letter (a-z)");
	if (strstr(s, "--"))
		say_invalid_text(c, at, s, "must not contain consecutive hyphens");
	if (n && (*s == '-' || s[n - 1] == '-'))
		say_invalid_text(c, at, s, "must not begin or end with a hyphen");
}

void check_name(struct checker *c, const struct schema_path *at, enum name_kind kind, const char *text)
{
	const struct name_rule *rule = &name_rules[kind];

	if (kind == NAME_QUALIFIED) {
		check_qualified(c, at, text);
		return;
	}
	if (kind == NAME_PORT) {
		check_port_name(c, at, text);
		return;
	}
	if (strlen(text) > rule->max)
		say_length(c, at, text, "", rule->max);
	if (!rule->fits(text))
		say_invalid_text(c, at, text, rule->wrong);
	if (kind == NAME_CONFIG_KEY && (strcmp(text, ".") == 0 || strcmp(text, "..") == 0))
		say_part(c, at, text, "must not be ", text[1] ? "'..'" : "'.'");
}

bool check_name_in(struct checker *c, const struct schema_path *at, const json_t *o, const char *key, enum name_kind kind)
{
	const char *text = json_text(o, key, NULL);

	if (!*text)
		return false;
	check_name(c, AT(at, key), kind, text);
	return true;
}

/* ---- values ---- */

bool check_required(struct checker *c, const struct schema_path *at, const json_t *o, const char *key, const char *detail)
{
	if (*json_text(o, key, NULL))
		return true;
	say_required(c, AT(at, key), detail);
	return false;
}

bool check_words(struct checker *c, const struct schema_path *at, const json_t *o, const char *key, const char *const *words)
{
	const char *text = json_text(o, key, NULL);

	for (size_t i = 0; *text && words[i]; i++)
		if (strcmp(words[i], text) == 0)
			return true;
	if (!*text)
		return true;
	say_unsupported(c, AT(at, key), json_object_get(o, key), words);
	return false;
}

void check_natural(struct checker *c, const struct schema_path *at, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (json_is_integer(v) && json_integer_value(v) < 0)
		say_invalid(c, AT(at, key), v, "must be greater than or equal to 0");
}

void check_range(struct checker *c, const struct schema_path *at, const json_t *o, const char *key, json_int_t min, json_int_t max)
{
	const json_t *v = json_object_get(o, key);
	char detail[96];

	if (!json_is_integer(v) || (json_integer_value(v) >= min && json_integer_value(v) <= max))
		return;
	(void)snprintf(detail, sizeof(detail), "must be between %lld and %lld, inclusive", (long long)min, (long long)max);
	say_invalid(c, AT(at, key), v, detail);
}

void check_port(struct checker *c, const struct schema_path *at, const json_t *o, const char *key)
{
	check_range(c, at, o, key, 1, 65535);
}

void check_port_or_name(struct checker *c, const struct schema_path *at, const json_t *v)
{
	if (json_is_integer(v) && (json_integer_value(v) < 1 || json_integer_value(v) > 65535))
		say_invalid(c, at, v, "must be between 1 and 65535, inclusive");
	else if (json_is_string(v))
		check_port_name(c, at, json_string_value(v));
}

void check_labels(struct checker *c, const struct schema_path *at, const json_t *labels)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)labels, key, v) {
		check_name(c, at, NAME_QUALIFIED, key);
		if (json_is_string(v))
			check_name(c, at, NAME_LABEL_VALUE, json_string_value(v));
	}
}

void check_ip(struct checker *c, const struct schema_path *at, const json_t *v)
{
	const char *text = json_string_value(v);
	unsigned char buf[16];

	if (text && inet_pton(AF_INET, text, buf) != 1 && inet_pton(AF_INET6, text, buf) != 1)
		say_invalid(c, at, v, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
}

/* ---- selectors ---- */

static void check_requirement(struct checker *c, const struct schema_path *at, const json_t *q)
{
	const char *op = json_text(q, "operator", NULL);
	const json_t *values = json_object_get(q, "values");
	json_t *v;
	size_t i;

	check_name(c, AT(at, "key"), NAME_QUALIFIED, json_text(q, "key", NULL));
	if (strcmp(op, "In") == 0 || strcmp(op, "NotIn") == 0) {
		if (!json_array_size(values))
			say_required(c, AT(at, "values"), "must be specified when `operator` is 'In' or 'NotIn'");
	} else if (strcmp(op, "Exists") == 0 || strcmp(op, "DoesNotExist") == 0) {
		if (json_array_size(values))
			say_forbidden(c, AT(at, "values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
	} else {
		say_invalid_text(c, AT(at, "operator"), op, "not a valid selector operator");
	}
	json_array_foreach(values, i, v)
		if (json_is_string(v))
			check_name(c, AT_ITEM(AT(at, "values"), i), NAME_LABEL_VALUE, json_string_value(v));
}

void check_selector(struct checker *c, const struct schema_path *at, const json_t *selector)
{
	json_t *q;
	size_t i;

	check_labels(c, AT(at, "matchLabels"), json_object_get(selector, "matchLabels"));
	json_array_foreach(json_object_get(selector, "matchExpressions"), i, q)
		check_requirement(c, AT_ITEM(AT(at, "matchExpressions"), i), q);
}

/* ---- what may not change ---- */

static json_t *go_copy_list(const json_t *v)
{
	json_t *ret = json_array(), *item;
	size_t i;

	json_array_foreach(v, i, item) {
		json_t *copy = go_copy(item);

		(void)json_array_append_new(ret, copy ? copy : json_null());
	}
	return ret;
}

static json_t *go_copy_object(const json_t *v)
{
	json_t *ret = json_object(), *item;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)v, key, item) {
		json_t *copy = go_copy(item);

		if (copy)
			(void)json_object_set_new(ret, key, copy);
	}
	return ret;
}

json_t *go_copy(const json_t *v)
{
	json_t *ret;

	if (!v || json_is_null(v) || json_is_false(v) || (json_is_integer(v) && json_integer_value(v) == 0) ||
	    (json_is_string(v) && !json_string_length(v)))
		return NULL;
	if (json_is_array(v) && json_array_size(v))
		return go_copy_list(v);
	if (!json_is_object(v))
		return json_is_array(v) ? NULL : json_deep_copy(v);
	ret = go_copy_object(v);
	if (json_object_size(ret))
		return ret;
	json_decref(ret);
	return NULL;
}

bool same_to_go(const json_t *a, const json_t *b)
{
	_cleanup_json_ json_t *x = go_copy(a), *y = go_copy(b);

	return x == y || json_equal(x, y);
}

void check_immutable(struct checker *c, const struct schema_path *at, const json_t *v, const json_t *old)
{
	if (!same_to_go(v, old))
		say_invalid(c, at, v, "field is immutable");
}
