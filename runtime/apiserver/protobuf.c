// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * protobuf.c - the protobuf bodies that typed clients send (kubectl >= 1.32: create namespace, drain, ...)
 *
 * Owns tables of the fields that such commands fill in. A field that is not in them makes the whole body not
 * understood, unless it is empty: nothing is left out silently.
 * Source: k8s.io/api, generated.proto; the envelope is apimachinery's runtime.Unknown behind "k8s\0".
 */
#include <string.h>

#include "apiserver/serve.h"
#include "base/base64.h"

enum pb_type {
	PB_STRING,
	PB_BYTES,
	PB_INT,
	PB_INT_PTR, /* 0 is not missing */
	PB_BOOL,
	PB_MESSAGE,
	PB_STRING_MAP,
	PB_BYTES_MAP,
	PB_INT_OR_STRING,
	PB_SKIP
};

struct pb_field {
	uint32_t number;
	const char *name;
	enum pb_type type;
	bool repeated;
	const struct pb_field *fields; /* PB_MESSAGE; ends with number 0 */
};

#define ENDS { 0, NULL, PB_SKIP, false, NULL }

static const struct pb_field object_meta[] = {
	{ 1, "name", PB_STRING, false, NULL },        { 2, "generateName", PB_STRING, false, NULL },
	{ 3, "namespace", PB_STRING, false, NULL },   { 8, "creationTimestamp", PB_SKIP, false, NULL },
	{ 11, "labels", PB_STRING_MAP, false, NULL }, { 12, "annotations", PB_STRING_MAP, false, NULL },
	{ 14, "finalizers", PB_STRING, true, NULL },  ENDS,
};

#define META { 1, "metadata", PB_MESSAGE, false, object_meta }

static const struct pb_field namespace_fields[] = {
	META, { 2, "spec", PB_SKIP, false, NULL }, { 3, "status", PB_SKIP, false, NULL }, ENDS
};
static const struct pb_field service_account[] = { META, ENDS };
static const struct pb_field config_map[] = {
	META,
	{ 2, "data", PB_STRING_MAP, false, NULL },
	{ 3, "binaryData", PB_BYTES_MAP, false, NULL },
	{ 4, "immutable", PB_BOOL, false, NULL },
	ENDS,
};
static const struct pb_field secret[] = {
	META,
	{ 2, "data", PB_BYTES_MAP, false, NULL },
	{ 3, "type", PB_STRING, false, NULL },
	{ 4, "stringData", PB_STRING_MAP, false, NULL },
	{ 5, "immutable", PB_BOOL, false, NULL },
	ENDS,
};

static const struct pb_field preconditions[] = { { 1, "uid", PB_STRING, false, NULL },
	                                         { 2, "resourceVersion", PB_STRING, false, NULL },
	                                         ENDS };
static const struct pb_field delete_options_fields[] = {
	{ 1, "gracePeriodSeconds", PB_INT_PTR, false, NULL },
	{ 2, "preconditions", PB_MESSAGE, false, preconditions },
	{ 3, "orphanDependents", PB_BOOL, false, NULL },
	{ 4, "propagationPolicy", PB_STRING, false, NULL },
	{ 5, "dryRun", PB_STRING, true, NULL },
	ENDS,
};
static const struct pb_field eviction[] = { META,
	                                    { 2, "deleteOptions", PB_MESSAGE, false, delete_options_fields },
	                                    ENDS };

static const struct pb_field service_port[] = {
	{ 1, "name", PB_STRING, false, NULL },  { 2, "protocol", PB_STRING, false, NULL },
	{ 3, "port", PB_INT, false, NULL },     { 4, "targetPort", PB_INT_OR_STRING, false, NULL },
	{ 5, "nodePort", PB_INT, false, NULL }, ENDS,
};
static const struct pb_field service_spec[] = {
	{ 1, "ports", PB_MESSAGE, true, service_port }, { 2, "selector", PB_STRING_MAP, false, NULL },
	{ 3, "clusterIP", PB_STRING, false, NULL },     { 4, "type", PB_STRING, false, NULL },
	{ 5, "externalIPs", PB_STRING, true, NULL },    { 7, "sessionAffinity", PB_STRING, false, NULL },
	{ 10, "externalName", PB_STRING, false, NULL }, ENDS,
};
static const struct pb_field service[] = {
	META,
	{ 2, "spec", PB_MESSAGE, false, service_spec },
	{ 3, "status", PB_SKIP, false, NULL },
	ENDS,
};

static const struct pb_field container_port[] = {
	{ 1, "name", PB_STRING, false, NULL },       { 2, "hostPort", PB_INT, false, NULL },
	{ 3, "containerPort", PB_INT, false, NULL }, { 4, "protocol", PB_STRING, false, NULL },
	{ 5, "hostIP", PB_STRING, false, NULL },     ENDS,
};
static const struct pb_field env_var[] = { { 1, "name", PB_STRING, false, NULL },
	                                   { 2, "value", PB_STRING, false, NULL },
	                                   ENDS };
static const struct pb_field container[] = {
	{ 1, "name", PB_STRING, false, NULL },
	{ 2, "image", PB_STRING, false, NULL },
	{ 3, "command", PB_STRING, true, NULL },
	{ 4, "args", PB_STRING, true, NULL },
	{ 5, "workingDir", PB_STRING, false, NULL },
	{ 6, "ports", PB_MESSAGE, true, container_port },
	{ 7, "env", PB_MESSAGE, true, env_var },
	{ 13, "terminationMessagePath", PB_STRING, false, NULL },
	{ 14, "imagePullPolicy", PB_STRING, false, NULL },
	{ 16, "stdin", PB_BOOL, false, NULL },
	{ 17, "stdinOnce", PB_BOOL, false, NULL },
	{ 18, "tty", PB_BOOL, false, NULL },
	{ 20, "terminationMessagePolicy", PB_STRING, false, NULL },
	ENDS,
};
static const struct pb_field pod_spec[] = {
	{ 2, "containers", PB_MESSAGE, true, container },
	{ 3, "restartPolicy", PB_STRING, false, NULL },
	{ 4, "terminationGracePeriodSeconds", PB_INT_PTR, false, NULL },
	{ 6, "dnsPolicy", PB_STRING, false, NULL },
	{ 7, "nodeSelector", PB_STRING_MAP, false, NULL },
	{ 8, "serviceAccountName", PB_STRING, false, NULL },
	{ 9, "serviceAccount", PB_STRING, false, NULL },
	{ 10, "nodeName", PB_STRING, false, NULL },
	{ 11, "hostNetwork", PB_BOOL, false, NULL },
	{ 12, "hostPID", PB_BOOL, false, NULL },
	{ 13, "hostIPC", PB_BOOL, false, NULL },
	{ 16, "hostname", PB_STRING, false, NULL },
	{ 17, "subdomain", PB_STRING, false, NULL },
	{ 19, "schedulerName", PB_STRING, false, NULL },
	{ 24, "priorityClassName", PB_STRING, false, NULL },
	ENDS,
};
static const struct pb_field pod_template[] = { META, { 2, "spec", PB_MESSAGE, false, pod_spec }, ENDS };
static const struct pb_field label_selector[] = { { 1, "matchLabels", PB_STRING_MAP, false, NULL }, ENDS };
static const struct pb_field strategy[] = { { 1, "type", PB_STRING, false, NULL }, ENDS };
static const struct pb_field deployment_spec[] = {
	{ 1, "replicas", PB_INT_PTR, false, NULL },
	{ 2, "selector", PB_MESSAGE, false, label_selector },
	{ 3, "template", PB_MESSAGE, false, pod_template },
	{ 4, "strategy", PB_MESSAGE, false, strategy },
	{ 5, "minReadySeconds", PB_INT, false, NULL },
	{ 7, "paused", PB_BOOL, false, NULL },
	ENDS,
};
static const struct pb_field deployment[] = {
	META,
	{ 2, "spec", PB_MESSAGE, false, deployment_spec },
	{ 3, "status", PB_SKIP, false, NULL },
	ENDS,
};
static const struct pb_field job_spec[] = {
	{ 1, "parallelism", PB_INT_PTR, false, NULL },
	{ 2, "completions", PB_INT_PTR, false, NULL },
	{ 3, "activeDeadlineSeconds", PB_INT_PTR, false, NULL },
	{ 6, "template", PB_MESSAGE, false, pod_template },
	{ 7, "backoffLimit", PB_INT_PTR, false, NULL },
	{ 8, "ttlSecondsAfterFinished", PB_INT_PTR, false, NULL },
	ENDS,
};
static const struct pb_field job[] = {
	META,
	{ 2, "spec", PB_MESSAGE, false, job_spec },
	{ 3, "status", PB_SKIP, false, NULL },
	ENDS,
};

static const struct pb_field job_template[] = { META, { 2, "spec", PB_MESSAGE, false, job_spec }, ENDS };
static const struct pb_field cronjob_spec[] = {
	{ 1, "schedule", PB_STRING, false, NULL },
	{ 2, "startingDeadlineSeconds", PB_INT_PTR, false, NULL },
	{ 3, "concurrencyPolicy", PB_STRING, false, NULL },
	{ 4, "suspend", PB_BOOL, false, NULL },
	{ 5, "jobTemplate", PB_MESSAGE, false, job_template },
	{ 6, "successfulJobsHistoryLimit", PB_INT_PTR, false, NULL },
	{ 7, "failedJobsHistoryLimit", PB_INT_PTR, false, NULL },
	ENDS,
};
static const struct pb_field cronjob[] = {
	META,
	{ 2, "spec", PB_MESSAGE, false, cronjob_spec },
	{ 3, "status", PB_SKIP, false, NULL },
	ENDS,
};
static const struct pb_field budget_spec[] = {
	{ 1, "minAvailable", PB_INT_OR_STRING, false, NULL },
	{ 2, "selector", PB_MESSAGE, false, label_selector },
	{ 3, "maxUnavailable", PB_INT_OR_STRING, false, NULL },
	ENDS,
};
static const struct pb_field budget[] = {
	META,
	{ 2, "spec", PB_MESSAGE, false, budget_spec },
	{ 3, "status", PB_SKIP, false, NULL },
	ENDS,
};

static const struct {
	const char *kind;
	const struct pb_field *fields;
} kinds[] = {
	{ "Namespace", namespace_fields },
	{ "ServiceAccount", service_account },
	{ "ConfigMap", config_map },
	{ "Secret", secret },
	{ "Eviction", eviction },
	{ "DeleteOptions", delete_options_fields },
	{ "Service", service },
	{ "Deployment", deployment },
	{ "Job", job },
	{ "CronJob", cronjob },
	{ "PodDisruptionBudget", budget },
};

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

static json_t *map_entry(struct input in, bool bytes, json_t *map)
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
	v = bytes ? base64_of(&value) : text_of(&value);
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
	const bool varint = f->type == PB_INT || f->type == PB_INT_PTR || f->type == PB_BOOL;

	if (varint != (w->type == 0))
		return NULL;
	switch (f->type) {
	case PB_INT:
	case PB_INT_PTR:
		return json_integer((json_int_t)w->value);
	case PB_BOOL:
		return json_boolean(w->value != 0);
	case PB_STRING:
		return text_of(&w->bytes);
	case PB_BYTES:
		return base64_of(&w->bytes);
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
	return map_entry(w->bytes, f->type == PB_BYTES_MAP, map) != NULL;
}

static bool add_value(json_t *out, const struct pb_field *f, const struct wire *w, unsigned depth)
{
	json_t *v, *list;

	if (f->type == PB_SKIP)
		return true;
	if (f->type == PB_STRING_MAP || f->type == PB_BYTES_MAP)
		return add_map(out, f, w);
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
	static const struct pb_field type_meta[] = { { 1, "apiVersion", PB_STRING, false, NULL },
		                                     { 2, "kind", PB_STRING, false, NULL },
		                                     ENDS };
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
		for (size_t i = 0; kind && i < ARRAY_SIZE(kinds); i++)
			if (strcmp(kinds[i].kind, kind) == 0)
				out = message(raw, kinds[i].fields, 0);
	}
	if (out)
		(void)json_object_update(out, type);
	json_decref(type);
	return out;
}
