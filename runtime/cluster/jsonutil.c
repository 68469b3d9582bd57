// SPDX-License-Identifier: GPL-2.0-or-later
#include "cluster/jsonutil.h"

#include <stdarg.h>
#include <string.h>

#include "topology/source.h"

static json_t *at(const json_t *j, va_list ap)
{
	const char *key;

	while (j && (key = va_arg(ap, const char *)))
		j = json_object_get(j, key);
	return (json_t *)(uintptr_t)j;
}

json_t *json_at(const json_t *j, ...)
{
	va_list ap;
	json_t *v;

	va_start(ap, j);
	v = at(j, ap);
	va_end(ap);
	return v;
}

const char *json_text(const json_t *j, ...)
{
	va_list ap;
	const char *text;

	va_start(ap, j);
	text = json_string_value(at(j, ap));
	va_end(ap);
	return text ? text : "";
}

json_int_t json_int(const json_t *j, json_int_t fallback, ...)
{
	va_list ap;
	const json_t *v;

	va_start(ap, fallback);
	v = at(j, ap);
	va_end(ap);
	return json_is_integer(v) ? json_integer_value(v) : fallback;
}

bool json_bool(const json_t *j, ...)
{
	va_list ap;
	const json_t *v;

	va_start(ap, j);
	v = at(j, ap);
	va_end(ap);
	return json_is_true(v); /* a macro that looks at its argument twice */
}

json_t *json_object_make(json_t *j, const char *key)
{
	json_t *v = json_object_get(j, key);

	if (json_is_object(v))
		return v;
	v = json_object();
	(void)json_object_set_new(j, key, v);
	return v;
}

json_t *json_sorted(const json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	json_t *sorted = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;

	free(text);
	return sorted;
}

json_t *json_array_make(json_t *j, const char *key)
{
	json_t *v = json_object_get(j, key);

	if (json_is_array(v))
		return v;
	v = json_array();
	(void)json_object_set_new(j, key, v);
	return v;
}

json_t *json_string_lossy(const char *text, size_t len)
{
	json_t *j = json_stringn(text, len);
	struct strbuf clean = { 0 };
	uint32_t c;

	if (j)
		return j;
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_decode(text + i, len - i, &c);
		strbuf_add(&clean, n ? text + i : "?", n ? n : 1);
		n = n ? n : 1;
	}
	j = json_stringn(strbuf_str(&clean), clean.len);
	strbuf_done(&clean);
	return j;
}

static int write_part(const char *data, size_t len, void *arg)
{
	strbuf_add(arg, data, len);
	return 0;
}

void json_write(const json_t *j, struct strbuf *out)
{
	(void)json_dump_callback(j, write_part, out, JSON_COMPACT | JSON_ENCODE_ANY);
}

const char *kube_time(time_t t, char buf[KUBE_TIME_LEN])
{
	struct tm tm;

	(void)gmtime_r(&t, &tm);
	(void)strftime(buf, KUBE_TIME_LEN, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return buf;
}

time_t kube_time_parse(const char *text)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int hours, minutes;
	char sign;

	if (!rest)
		return -1;
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	if (strcmp(rest, "Z") == 0)
		return timegm(&tm);
	if (sscanf(rest, "%c%2d:%2d", &sign, &hours, &minutes) != 3 || (sign != '+' && sign != '-'))
		return -1;
	return timegm(&tm) - (sign == '+' ? 1 : -1) * (hours * 3600 + minutes * 60);
}

/* The steps of apimachinery's duration.HumanDuration(). */
const char *kube_age(time_t s, char buf[KUBE_TIME_LEN])
{
	const long m = s / 60, h = s / 3600, d = h / 24;

	if (s < 0)
		(void)snprintf(buf, KUBE_TIME_LEN, s >= -1 ? "0s" : "<invalid>");
	else if (s < 120)
		(void)snprintf(buf, KUBE_TIME_LEN, "%lds", (long)s);
	else if (m < 10)
		(void)snprintf(buf, KUBE_TIME_LEN, s % 60 ? "%ldm%lds" : "%ldm", m, (long)s % 60);
	else if (m < 180)
		(void)snprintf(buf, KUBE_TIME_LEN, "%ldm", m);
	else if (h < 8)
		(void)snprintf(buf, KUBE_TIME_LEN, m % 60 ? "%ldh%ldm" : "%ldh", h, m % 60);
	else if (h < 48)
		(void)snprintf(buf, KUBE_TIME_LEN, "%ldh", h);
	else if (d < 8)
		(void)snprintf(buf, KUBE_TIME_LEN, h % 24 ? "%ldd%ldh" : "%ldd", d, h % 24);
	else if (d < 2 * 365)
		(void)snprintf(buf, KUBE_TIME_LEN, "%ldd", d);
	else if (d < 8 * 365)
		(void)snprintf(buf, KUBE_TIME_LEN, d % 365 ? "%ldy%ldd" : "%ldy", d / 365, d % 365);
	else
		(void)snprintf(buf, KUBE_TIME_LEN, "%ldy", d / 365);
	return buf;
}

const char *go_duration(int64_t seconds, char buf[GO_DURATION_LEN])
{
	const long long h = seconds / 3600, m = seconds / 60 % 60, s = seconds % 60;

	if (h)
		(void)snprintf(buf, GO_DURATION_LEN, "%lldh%lldm%llds", h, m, s);
	else if (m)
		(void)snprintf(buf, GO_DURATION_LEN, "%lldm%llds", m, s);
	else
		(void)snprintf(buf, GO_DURATION_LEN, "%llds", s);
	return buf;
}

json_t *kube_condition(const json_t *object, const char *type)
{
	const json_t *list = json_at(object, "status", "conditions", NULL);
	json_t *c;
	size_t i;

	json_array_foreach(list, i, c)
		if (strcmp(json_text(c, "type", NULL), type) == 0)
			return c;
	return NULL;
}

bool kube_has_finalizer(const json_t *object, const char *name)
{
	json_t *f;
	size_t i;

	json_array_foreach(json_at(object, "metadata", "finalizers", NULL), i, f)
		if (json_is_string(f) && strcmp(json_string_value(f), name) == 0)
			return true;
	return false;
}
