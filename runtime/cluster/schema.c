// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * schema.c - finding a kind's table, and the strict decoder
 *
 * Owns the words of Go's encoding/json and of its strict variant (sigs.k8s.io/json). Knows no particular kind: those are the
 * tables of schema_*.c.
 */
#include "cluster/schema_internal.h"

#include "base/error.h"

const struct kube_field *schema_fields(const char *kind)
{
	static const struct schema_kind *const groups[] = { schema_core_kinds, schema_apps_kinds, schema_meta_kinds };

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		for (const struct schema_kind *k = groups[i]; k->kind; k++)
			if (strcmp(k->kind, kind) == 0)
				return k->fields;
	return schema_cilium(kind);
}

const struct kube_field *schema_field(const struct kube_field *fields, const char *name)
{
	for (; fields && fields->name; fields++)
		if (strcmp(fields->name, name) == 0)
			return fields;
	return NULL;
}

const struct kube_field *schema_top_field(const struct kube_field *fields, const char *name)
{
	static TYPE(head) = { META, END };
	const struct kube_field *f = schema_field(fields, name);

	return f ? f : schema_field(type_head, name);
}

/* ---- paths ---- */

void schema_path_text(const struct schema_path *p, struct strbuf *out)
{
	if (!p)
		return;
	schema_path_text(p->up, out);
	if (!p->key)
		strbuf_printf(out, "[%zu]", p->index);
	else
		strbuf_printf(out, "%s%s", p->up ? "." : "", p->key);
}

/* As encoding/json writes it: the fields, neither indices nor keys of maps. */
static void go_path(const struct schema_path *p, struct strbuf *out)
{
	if (!p)
		return;
	go_path(p->up, out);
	if (p->key && !p->of_map)
		strbuf_printf(out, "%s%s", out->len ? "." : "", p->key);
}

/* ---- the walk ---- */

struct decoder {
	struct schema_walk *w;
	const char *go_struct; /* name of the struct that is being filled */
	bool custom; /* integers have 64 bits */
	const struct kube_field *fields; /* its fields */
};

static void tell(const struct decoder *d, enum schema_mistake what, const struct schema_path *at, const char *text)
{
	d->w->fn(d->w, what, at, d->fields, text);
}

static const char *go_kind(const json_t *v)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "object", [JSON_ARRAY] = "array", [JSON_STRING] = "string", [JSON_INTEGER] = "number",
		[JSON_REAL] = "number",	  [JSON_TRUE] = "bool",	  [JSON_FALSE] = "bool",    [JSON_NULL] = "null",
	};

	return names[json_typeof(v)];
}

/* The name of a Go type: of the values of @type in a field @f. */
static const char *go_scalar(const struct kube_field *f, enum field_type type)
{
	static const char *const names[_FIELD_TYPE_MAX] = {
		[FIELD_STRING] = "string",   [FIELD_INT] = "int32",   [FIELD_BOOL] = "bool",
		[FIELD_NUMBER] = "float64",  [FIELD_BYTES] = "[]uint8", [FIELD_STRING_MAP] = "map[string]string",
		[FIELD_OBJECT] = "map[string]interface {}",
	};

	return f->go_type ? f->go_type : names[type] ? names[type] : "string";
}

static void go_type(const struct kube_field *f, enum field_type type, struct strbuf *out)
{
	if (type == FIELD_LIST)
		strbuf_printf(out, "[]%s", go_scalar(f, f->element));
	else if (type == FIELD_MAP && f->element != FIELD_QUANTITY) /* one of quantities has a name of its own */
		strbuf_printf(out, "map[string]%s", go_scalar(f, f->element));
	else
		strbuf_puts(out, go_scalar(f, type));
}

/* json.UnmarshalTypeError's text. */
static void tell_type(const struct decoder *d, const struct kube_field *f, enum field_type type, const json_t *v,
		      const struct schema_path *at)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };
	_cleanup_strbuf_ struct strbuf path = { 0 };

	strbuf_printf(&s, "json: cannot unmarshal %s", go_kind(v));
	if (json_is_number(v) && (type == FIELD_INT || type == FIELD_INT_OR_STRING)) {
		_cleanup_free_ char *number = json_dumps(v, JSON_ENCODE_ANY);

		strbuf_printf(&s, " %s", number ? number : "");
	}
	if (type == FIELD_INT_OR_STRING || type == FIELD_TIME) { /* these decode themselves, and know no field */
		strbuf_printf(&s, " into Go value of type %s", type == FIELD_TIME ? "string" : "int32");
	} else {
		go_path(at, &path);
		strbuf_printf(&s, " into Go struct field %s.%s of type ", d->go_struct, strbuf_str(&path));
		go_type(f, type, &s);
	}
	tell(d, SCHEMA_WRONG_TYPE, at, strbuf_str(&s));
}

static bool int_fits(const struct decoder *d, const struct kube_field *f, const json_t *v)
{
	return json_is_integer(v) && (d->custom || (f->go_type && strcmp(f->go_type, "int64") == 0) ||
				      (json_integer_value(v) >= INT32_MIN && json_integer_value(v) <= INT32_MAX));
}

static bool type_fits(const struct decoder *d, const struct kube_field *f, enum field_type type, const json_t *v)
{
	switch (type) {
	case FIELD_STRING:
	case FIELD_TIME:
	case FIELD_BYTES:
		return json_is_string(v);
	case FIELD_INT:
		return int_fits(d, f, v);
	case FIELD_BOOL:
		return json_is_boolean(v);
	case FIELD_NUMBER:
		return json_is_number(v);
	case FIELD_INT_OR_STRING:
		return json_is_string(v) ||
		       (json_is_integer(v) && json_integer_value(v) >= INT32_MIN && json_integer_value(v) <= INT32_MAX);
	case FIELD_LIST:
		return json_is_array(v);
	case FIELD_OBJECT:
	case FIELD_MAP:
	case FIELD_STRING_MAP:
		return json_is_object(v);
	default:
		return true;
	}
}

/* ---- values that decode themselves ---- */

static const char *quantity_suffix(const char *p)
{
	static const char *const suffixes[] = { "",  "n",  "u",  "m",  "k",  "M",  "G",	 "T",
						"P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei" };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (strcmp(p, suffixes[i]) == 0)
			return NULL;
	if ((*p == 'e' || *p == 'E') && p[1]) {
		p += 1 + (p[1] == '+' || p[1] == '-');
		if (*p && p[strspn(p, "0123456789")] == '\0')
			return NULL;
	}
	return "unable to parse quantity's suffix";
}

const char *quantity_check(const char *text)
{
	static const char *const format =
		"quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
	const char *p = text + (*text == '+' || *text == '-'), *q;
	size_t digits = strspn(p, "0123456789");

	p += digits;
	if (*p == '.') {
		digits += strspn(p + 1, "0123456789");
		p += 1 + strspn(p + 1, "0123456789");
	}
	if (!digits)
		return format;
	q = p + strspn(p, "eEinumkKMGTP");
	q += *q == '+' || *q == '-';
	q += strspn(q, "0123456789");
	return *q ? format : quantity_suffix(p);
}

static void check_quantity(const struct decoder *d, const json_t *v, const struct schema_path *at)
{
	const char *wrong = json_is_string(v) ? quantity_check(json_string_value(v)) :
			    json_is_number(v) ? NULL :
						quantity_check("");

	if (wrong)
		tell(d, SCHEMA_WRONG_TYPE, at, wrong);
}

static void check_time(const struct decoder *d, const json_t *v, const struct schema_path *at)
{
	const char *text = json_string_value(v);
	_cleanup_strbuf_ struct strbuf s = { 0 };

	if (!*text || kube_time_parse(text) != -1)
		return;
	strbuf_printf(&s, "parsing time \"%s\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"%s\" as \"2006\"", text, text);
	tell(d, SCHEMA_WRONG_TYPE, at, strbuf_str(&s));
}

/* Where base64 (RFC 4648, padded, line ends ignored) goes wrong; -1: nowhere. */
static ssize_t base64_wrong(const char *text)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = 0, pad = 0, i;

	for (i = 0; text[i]; i++) {
		if (text[i] == '\n' || text[i] == '\r')
			continue;
		if (text[i] == '=' && n % 4 + pad >= 2 && n % 4 + pad < 4 && n % 4)
			pad++;
		else if (pad || !strchr(alphabet, text[i]))
			return (ssize_t)i;
		else
			n++;
	}
	return n % 4 + pad == 4 || (n % 4 == 0 && !pad) ? -1 : (ssize_t)i;
}

static void check_bytes(const struct decoder *d, const json_t *v, const struct schema_path *at)
{
	const ssize_t wrong = base64_wrong(json_string_value(v));
	char text[64];

	if (wrong < 0)
		return;
	(void)snprintf(text, sizeof(text), "illegal base64 data at input byte %zd", wrong);
	tell(d, SCHEMA_WRONG_TYPE, at, text);
}

/* ---- objects, lists, maps ---- */

static void walk_value(const struct decoder *d, const struct kube_field *f, enum field_type type, const json_t *v,
		       const struct schema_path *at);

static void walk_object(const struct decoder *d, const json_t *o, const struct schema_path *at)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)o, key, v) {
		const struct schema_path p = { .up = at, .key = key };
		const struct kube_field *f = at ? schema_field(d->fields, key) : schema_top_field(d->fields, key);

		if (!f)
			tell(d, SCHEMA_UNKNOWN_FIELD, &p, NULL);
		else
			walk_value(d, f, f->type, v, &p);
	}
}

static void walk_fields(const struct decoder *d, const struct kube_field *f, const json_t *v, const struct schema_path *at)
{
	const char *name = f->go_type ? strchr(f->go_type, '.') : NULL;
	const struct decoder inner = {
		.w = d->w,
		.fields = f->fields,
		.go_struct = name ? name + 1 : d->go_struct,
		.custom = d->custom,
	};

	if (f->fields)
		walk_object(&inner, v, at);
}

static void walk_list(const struct decoder *d, const struct kube_field *f, const json_t *v, const struct schema_path *at)
{
	json_t *item;
	size_t i;

	json_array_foreach(v, i, item)
		walk_value(d, f, f->element, item, &(struct schema_path){ .up = at, .index = i });
}

static void walk_map(const struct decoder *d, const struct kube_field *f, const json_t *v, const struct schema_path *at)
{
	const enum field_type element = f->type == FIELD_STRING_MAP ? FIELD_STRING : f->element;
	const char *key;
	json_t *item;

	json_object_foreach((json_t *)(uintptr_t)v, key, item)
		walk_value(d, f, element, item, &(struct schema_path){ .up = at, .key = key, .of_map = true });
}

static void walk_value(const struct decoder *d, const struct kube_field *f, enum field_type type, const json_t *v,
		       const struct schema_path *at)
{
	if (json_is_null(v))
		return;
	if (!type_fits(d, f, type, v)) {
		tell_type(d, f, type, v, at);
		return;
	}
	switch (type) {
	case FIELD_QUANTITY:
		check_quantity(d, v, at);
		break;
	case FIELD_TIME:
		check_time(d, v, at);
		break;
	case FIELD_BYTES:
		check_bytes(d, v, at);
		break;
	case FIELD_OBJECT:
		walk_fields(d, f, v, at);
		break;
	case FIELD_LIST:
		walk_list(d, f, v, at);
		break;
	case FIELD_MAP:
	case FIELD_STRING_MAP:
		walk_map(d, f, v, at);
		break;
	default:
		break;
	}
}

void schema_walk(const struct resource *r, const json_t *object, struct schema_walk *w)
{
	const struct decoder d = { .w = w, .fields = schema_fields(r->kind), .go_struct = r->kind, .custom = r->custom };

	if (d.fields && json_is_object(object))
		walk_object(&d, object, NULL);
}

/* ---- schema_decode() ---- */

enum { STRICT_ERRORS_MAX = 100 }; /* as sigs.k8s.io/json */

struct decoding {
	const struct resource *r;
	struct strbuf *errors;
	struct error *e;
	int result;
	size_t n;
};

bool schema_is_crds(const struct resource *r, const struct schema_path *at)
{
	if (!r->custom)
		return false;
	while (at->up)
		at = at->up;
	return strcmp(at->key, "spec") == 0 || strcmp(at->key, "status") == 0;
}

static void on_mistake(struct schema_walk *w, enum schema_mistake what, const struct schema_path *at,
		       const struct kube_field *fields _unused_, const char *text)
{
	struct decoding *d = w->arg;

	if (what == SCHEMA_WRONG_TYPE) {
		if (d->result == 0 && !schema_is_crds(d->r, at))
			d->result = error_set(d->e, EBADMSG, "%s", text);
		return;
	}
	if (d->n++ >= STRICT_ERRORS_MAX)
		return;
	strbuf_printf(d->errors, "%sunknown field \"", d->errors->len ? ", " : "");
	schema_path_text(at, d->errors);
	strbuf_putc(d->errors, '"');
}

int schema_decode(const struct resource *r, const json_t *object, struct strbuf *errors, struct error *e)
{
	struct decoding d = { .r = r, .errors = errors, .e = e };
	struct schema_walk w = { .fn = on_mistake, .arg = &d };

	if (!json_is_object(object))
		return error_set(e, EBADMSG, "json: cannot unmarshal %s into Go value of type v1.%s", go_kind(object), r->kind);
	schema_walk(r, object, &w);
	return d.result;
}
