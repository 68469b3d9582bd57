// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * protobuf.c - the protobuf bodies that typed clients send (kubectl >= 1.32: create namespace, drain, debug, ...)
 *
 * A field that is not in the tables (protobuf_kinds.c) makes the whole body not understood, unless it is empty: nothing
 * is left out silently. Refuses to know any kind; the envelope is apimachinery's runtime.Unknown behind "k8s\0".
 */
#include <string.h>

#include "apiserver/protobuf.h"
#include "apiserver/serve.h"
#include "base/base64.h"

/* ---- the wire ---- */

struct input {
	const uint8_t *at, *end;
};

/* One field as it is on the wire. */
struct wire {
	uint32_t number;
	unsigned type; /* 0 varint, 2 bytes */
	uint64_t value;
	struct input bytes;
};

static bool read_varint(struct input *in, uint64_t *ret)
{
	*ret = 0;
	for (unsigned shift = 0; shift < 64 && in->at < in->end; shift += 7) {
		const uint8_t b = *in->at++;

		*ret |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return true;
	}
	return false;
}

static bool read_field(struct input *in, struct wire *ret)
{
	uint64_t key, len;

	if (!read_varint(in, &key))
		return false;
	*ret = (struct wire){ .number = (uint32_t)(key >> 3), .type = key & 7 };
	if (ret->type == 0)
		return read_varint(in, &ret->value);
	if (ret->type != 2 || !read_varint(in, &len) || len > (uint64_t)(in->end - in->at))
		return false;
	ret->bytes = (struct input){ in->at, in->at + len };
	in->at += len;
	return true;
}

static size_t input_len(const struct input *in)
{
	return (size_t)(in->end - in->at);
}

static json_t *text_of(const struct input *in)
{
	return json_stringn((const char *)in->at, input_len(in));
}

static json_t *base64_of(const struct input *in)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };

	base64_encode(&out, in->at, input_len(in));
	return json_string(strbuf_str(&out));
}

/* ---- messages ---- */

enum { DEPTH = 16 };

static json_t *message(struct input in, const struct pb_field *fields, unsigned depth);

static json_t *quantity_of(struct input in)
{
	struct wire w;

	return read_field(&in, &w) && w.number == 1 && w.type == 2 && in.at == in.end ? text_of(&w.bytes) : NULL;
}

static json_t *map_value(const struct input *in, enum pb_type type)
{
	if (type == PB_QUANTITY_MAP)
		return quantity_of(*in);
	return type == PB_BYTES_MAP ? base64_of(in) : text_of(in);
}

static json_t *map_entry(struct input in, enum pb_type type, json_t *map)
{
	struct input key = { 0 }, value = { 0 };
	struct wire w;
	json_t *name, *v;

	while (in.at < in.end) {
		if (!read_field(&in, &w) || w.type != 2)
			return NULL;
		if (w.number == 1)
			key = w.bytes;
		else
			value = w.bytes;
	}
	name = text_of(&key);
	v = map_value(&value, type);
	if (name && v)
		(void)json_object_set(map, json_string_value(name), v);
	json_decref(name);
	if (!v)
		return NULL;
	json_decref(v);
	return map;
}

static json_t *int_or_string(struct input in)
{
	uint64_t type = 0, number = 0;
	struct input text = { 0 };
	struct wire w;

	while (in.at < in.end) {
		if (!read_field(&in, &w))
			return NULL;
		if (w.number == 1)
			type = w.value;
		else if (w.number == 2)
			number = w.value;
		else
			text = w.bytes;
	}
	return type == 0 ? json_integer((json_int_t)(int32_t)number) : text_of(&text);
}

static json_t *value_of(const struct pb_field *f, const struct wire *w, unsigned depth)
{
	const bool varint = f->type == PB_INT || f->type == PB_INT_PTR || f->type == PB_BOOL || f->type == PB_BOOL_PTR;

	if (varint != (w->type == 0))
		return NULL;
	switch (f->type) {
	case PB_INT:
	case PB_INT_PTR:
		return json_integer((json_int_t)w->value);
	case PB_BOOL:
	case PB_BOOL_PTR:
		return json_boolean(w->value != 0);
	case PB_STRING:
		return text_of(&w->bytes);
	case PB_QUANTITY:
		return quantity_of(w->bytes);
	case PB_MESSAGE:
		return message(w->bytes, f->fields, depth + 1);
	case PB_INT_OR_STRING:
		return int_or_string(w->bytes);
	default:
		return NULL;
	}
}

static bool is_empty(const struct wire *w)
{
	return w->type == 0 ? w->value == 0 : input_len(&w->bytes) == 0;
}

static bool add_map(json_t *out, const struct pb_field *f, const struct wire *w)
{
	json_t *map = json_object_get(out, f->name);

	if (w->type != 2)
		return false;
	if (!map) {
		map = json_object();
		(void)json_object_set_new(out, f->name, map);
	}
	return map_entry(w->bytes, f->type, map) != NULL;
}

static bool add_inline(json_t *out, const struct pb_field *f, const struct wire *w, unsigned depth)
{
	json_t *own = w->type == 2 ? message(w->bytes, f->fields, depth + 1) : NULL;

	if (!own)
		return false;
	(void)json_object_update(out, own);
	json_decref(own);
	return true;
}

static bool add_value(json_t *out, const struct pb_field *f, const struct wire *w, unsigned depth)
{
	json_t *v, *list;

	if (f->type == PB_SKIP)
		return true;
	if (f->type == PB_STRING_MAP || f->type == PB_BYTES_MAP || f->type == PB_QUANTITY_MAP)
		return add_map(out, f, w);
	if (f->type == PB_INLINE)
		return add_inline(out, f, w, depth);
	/* gogo writes what Go would leave out as JSON: "", 0 and false of what is no pointer */
	if (!f->repeated && (f->type == PB_STRING || f->type == PB_INT || f->type == PB_BOOL) && is_empty(w))
		return true;
	v = value_of(f, w, depth);
	if (!v)
		return false;
	if (!f->repeated) {
		(void)json_object_set_new(out, f->name, v);
		return true;
	}
	list = json_object_get(out, f->name);
	if (!list) {
		list = json_array();
		(void)json_object_set_new(out, f->name, list);
	}
	(void)json_array_append_new(list, v);
	return true;
}

static json_t *message(struct input in, const struct pb_field *fields, unsigned depth)
{
	json_t *out = json_object();
	struct wire w;

	while (in.at < in.end) {
		const struct pb_field *f = fields;

		if (depth > DEPTH || !read_field(&in, &w))
			goto fail;
		while (f->number && f->number != w.number)
			f++;
		if (f->number ? !add_value(out, f, &w, depth) : !is_empty(&w))
			goto fail;
	}
	return out;
fail:
	json_decref(out);
	return NULL;
}

/* runtime.Unknown: typeMeta 1 {apiVersion 1, kind 2}, raw 2 */
static bool read_envelope(struct input in, json_t **ret_type, struct input *ret_raw)
{
	static const struct pb_field type_meta[] = {
		{ .number = 1, .name = "apiVersion", .type = PB_STRING },
		{ .number = 2, .name = "kind", .type = PB_STRING },
		{ .number = 0 },
	};
	struct wire w;

	*ret_type = NULL;
	*ret_raw = (struct input){ 0 };
	while (in.at < in.end) {
		if (!read_field(&in, &w))
			break;
		if (w.number == 1 && w.type == 2 && !*ret_type)
			*ret_type = message(w.bytes, type_meta, 0);
		else if (w.number == 2 && w.type == 2)
			*ret_raw = w.bytes;
	}
	return in.at == in.end && *ret_type;
}

json_t *protobuf_decode(const char *body, size_t len)
{
	static const char magic[4] = "k8s";
	struct input raw;
	json_t *type = NULL, *out = NULL;
	const char *kind;

	if (len < sizeof(magic) || memcmp(body, magic, sizeof(magic)) != 0)
		return NULL;
	if (read_envelope((struct input){ (const uint8_t *)body + 4, (const uint8_t *)body + len }, &type, &raw)) {
		kind = json_string_value(json_object_get(type, "kind"));
		for (const struct pb_kind *k = protobuf_kinds; kind && k->kind; k++)
			if (strcmp(k->kind, kind) == 0)
				out = message(raw, k->fields, 0);
	}
	if (out)
		(void)json_object_update(out, type);
	json_decref(type);
	return out;
}
