// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * podenv.c - the environment of a container, and the downward API
 *
 * Order counts: what the kubelet itself adds, then envFrom, then env, where $(NAME) may name what stands before.
 * Source: kubernetes pkg/kubelet/kubelet_pods.go makeEnvironmentVariables().
 */
#include <string.h>

#include "base/base64.h"
#include "base/strbuf.h"
#include "kubelet/expand.h"
#include "kubelet/pod.h"

static void env_add(json_t *env, const char *name, const char *value)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	strbuf_printf(&s, "%s=%s", name, value);
	(void)json_array_append_new(env, json_string_nocheck(strbuf_str(&s)));
}

/* ---- the downward API ---- */

/* What stands in x of "labels['x']"; NULL when @path is no such thing of @map. For free(3). */
static char *subscript(const char *path, const char *map)
{
	const size_t n = strlen(map);
	const char *end;

	if (strncmp(path, map, n) != 0 || strncmp(path + n, "['", 2) != 0)
		return NULL;
	end = strstr(path + n + 2, "']");
	return end && !end[2] ? strndup(path + n + 2, (size_t)(end - path - (ssize_t)n - 2)) : NULL;
}

/* A whole map, as a file: lines of key="value". */
static char *map_text(const json_t *map)
{
	struct strbuf s = { 0 };
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)(uintptr_t)map, key, v) {
		strbuf_printf(&s, "%s%s=", s.len ? "\n" : "", key);
		strbuf_json_string(&s, json_string_value(v));
	}
	return strbuf_steal(&s);
}

static char *ips_text(const struct pod *p, bool host, bool all)
{
	const json_t *ips = kubelet_host_ips(p->k);
	struct strbuf s = { 0 };
	char text[INPREFIX_STRLEN];
	size_t i;
	json_t *v;

	if (host || p->host_network) {
		json_array_foreach (ips, i, v)
			if (i == 0 || all)
				strbuf_printf(&s, "%s%s", s.len ? "," : "", json_string_value(v));
		return strbuf_steal(&s);
	}
	for (i = 0; i < p->net.n_addrs && (i == 0 || all); i++)
		strbuf_printf(&s, "%s%s", s.len ? "," : "", inprefix_addr_str(&p->net.addrs[i], text));
	return strbuf_steal(&s);
}

static const struct {
	const char *path, *section, *key;
} text_fields[] = {
	{ "metadata.name", "metadata", "name" },
	{ "metadata.namespace", "metadata", "namespace" },
	{ "metadata.uid", "metadata", "uid" },
	{ "spec.nodeName", "spec", "nodeName" },
	{ "spec.serviceAccountName", "spec", "serviceAccountName" },
};

static const struct {
	const char *path;
	bool host, all;
} ip_fields[] = {
	{ "status.podIP", false, false },
	{ "status.podIPs", false, true },
	{ "status.hostIP", true, false },
	{ "status.hostIPs", true, true },
};

static const char *const map_fields[][2] = { { "metadata.labels", "labels" },
					     { "metadata.annotations", "annotations" } };

char *podenv_field(const struct pod *p, const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(text_fields); i++)
		if (strcmp(path, text_fields[i].path) == 0)
			return strdup(json_text(p->object, text_fields[i].section, text_fields[i].key, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(ip_fields); i++)
		if (strcmp(path, ip_fields[i].path) == 0)
			return ips_text(p, ip_fields[i].host, ip_fields[i].all);
	for (size_t i = 0; i < ARRAY_SIZE(map_fields); i++) {
		const json_t *map = json_at(p->object, "metadata", map_fields[i][1], NULL);
		_cleanup_free_ char *key = subscript(path, map_fields[i][0]);

		if (key)
			return strdup(json_text(map, key, NULL));
		if (strcmp(path, map_fields[i][0]) == 0)
			return map_text(map);
	}
	return NULL;
}

char *podenv_resource(const struct pod *p, const char *container, const char *resource, const char *divisor)
{
	const struct container *c = container_find(p, container);
	const char *dot = strchr(resource, '.');
	_cleanup_free_ char *list = dot ? strndup(resource, (size_t)(dot - resource)) : NULL;
	const json_t *resources = c ? json_object_get(c->spec, "resources") : NULL;
	const char *text;
	struct strbuf s = { 0 };
	int64_t n;

	if (!c || !list)
		return NULL;
	text = json_text(resources, list, dot + 1, NULL);
	/* Without a limit it is what the node has; a request is the limit when there is only that. */
	if (!*text)
		text = json_text(resources, "limits", dot + 1, NULL);
	if (!*text && strcmp(list, "limits") == 0)
		text = json_text(p->k->node, "status", "allocatable", dot + 1, NULL);
	n = quantity_value(*text ? text : "0", divisor);
	if (n < 0)
		return NULL;
	strbuf_printf(&s, "%lld", (long long)n);
	return strbuf_steal(&s);
}

/* ---- values from other objects ---- */

static const struct source {
	const char *ref, *from; /* in env, in envFrom */
	const char *resource, *word, *kind;
	bool coded;
} sources[] = {
	{ "configMapKeyRef", "configMapRef", "configmaps", "configmap", "ConfigMap", false },
	{ "secretKeyRef", "secretRef", "secrets", "secret", "Secret", true },
};

static char *decoded(const struct source *src, const json_t *value)
{
	const char *text = json_string_value(value);
	_cleanup_strbuf_ struct strbuf plain = { 0 };

	if (!text || !src->coded)
		return text ? strdup(text) : NULL;
	return base64_decode(&plain, text, strlen(text)) < 0 ? NULL : strdup(strbuf_str(&plain));
}

/* Messages to the runtime are JSON: another value cannot be told. */
static int check_utf8(const struct source *src, const char *name, const char *key, const char *value, struct error *e)
{
	_cleanup_json_ json_t *j = value ? json_string(value) : NULL;

	return j || !value ? 0 : error_set(e, EILSEQ, "%s \"%s\": the value of key %s is no UTF-8", src->word, name, key);
}

/* The object that @ref names. Return: 0; -EAGAIN; -ENOENT when it must be there and is not; 1 when it need not. */
static int source_object(const struct container *c, const struct source *src, const json_t *ref, json_t **ret,
			 struct error *e)
{
	const char *name = json_text(ref, "name", NULL);
	bool known;

	*ret = objects_get(c->pod->k, src->resource, c->pod->ns, name, &known);
	if (*ret)
		return 0;
	if (!known)
		return -EAGAIN;
	return json_bool(ref, "optional", NULL) ? 1 : error_set(e, ENOENT, "%s \"%s\" not found", src->word, name);
}

static int add_ref(json_t *env, const struct container *c, const char *name, const struct source *src,
		   const json_t *ref, struct error *e)
{
	const char *key = json_text(ref, "key", NULL);
	_cleanup_free_ char *value = NULL;
	json_t *object;
	int r = source_object(c, src, ref, &object, e);

	if (r)
		return r < 0 ? r : 0;
	value = decoded(src, json_at(object, "data", key, NULL));
	r = check_utf8(src, json_text(ref, "name", NULL), key, value, e);
	if (r < 0)
		return r;
	if (value)
		env_add(env, name, value);
	else if (!json_bool(ref, "optional", NULL))
		return error_set(e, ENOENT, "couldn't find key %s in %s %s/%s", key, src->kind, c->pod->ns,
				 json_text(ref, "name", NULL));
	return 0;
}

/* Return: 1 when @from has no such source. */
static int add_value_from(json_t *env, const struct container *c, const char *name, const json_t *from, struct error *e)
{
	const json_t *field = json_object_get(from, "fieldRef"), *res = json_object_get(from, "resourceFieldRef");
	const char *whose = json_text(res, "containerName", NULL);
	_cleanup_free_ char *value = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (json_object_get(from, sources[i].ref))
			return add_ref(env, c, name, &sources[i], json_object_get(from, sources[i].ref), e);
	if (field)
		value = podenv_field(c->pod, json_text(field, "fieldPath", NULL));
	else if (res)
		value = podenv_resource(c->pod, *whose ? whose : c->name, json_text(res, "resource", NULL),
					json_text(res, "divisor", NULL));
	if (!value)
		return error_set(e, EINVAL, "unsupported valueFrom of environment variable %s", name);
	env_add(env, name, value);
	return 0;
}

static int add_env_from(json_t *env, const struct container *c, const json_t *from, struct error *e)
{
	const char *prefix = json_text(from, "prefix", NULL), *key;

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		const json_t *ref = json_object_get(from, sources[i].from);
		json_t *object, *v;
		int r = ref ? source_object(c, &sources[i], ref, &object, e) : 1;

		if (r < 0)
			return r;
		if (r > 0)
			continue;
		json_object_foreach (json_object_get(object, "data"), key, v) {
			_cleanup_free_ char *value = decoded(&sources[i], v);
			_cleanup_strbuf_ struct strbuf name = { 0 };

			r = check_utf8(&sources[i], json_text(ref, "name", NULL), key, value, e);
			if (r < 0)
				return r;
			strbuf_printf(&name, "%s%s", prefix, key);
			if (value)
				env_add(env, strbuf_str(&name), value);
		}
	}
	return 0;
}

/* ---- what a kubelet adds ---- */

/* The service `kubernetes`: the first address of the first service subnet. */
static void add_service(json_t *env, const struct kubelet *k)
{
	static const struct {
		const char *name, *fmt;
	} vars[] = {
		{ "KUBERNETES_SERVICE_HOST", "%s" },
		{ "KUBERNETES_SERVICE_PORT", "443" },
		{ "KUBERNETES_SERVICE_PORT_HTTPS", "443" },
		{ "KUBERNETES_PORT", "tcp://%s:443" },
		{ "KUBERNETES_PORT_443_TCP", "tcp://%s:443" },
		{ "KUBERNETES_PORT_443_TCP_PROTO", "tcp" },
		{ "KUBERNETES_PORT_443_TCP_PORT", "443" },
		{ "KUBERNETES_PORT_443_TCP_ADDR", "%s" },
	};
	const char *subnet = json_string_value(json_array_get(json_object_get(k->cluster, "serviceSubnets"), 0));
	struct inprefix net;
	char ip[INPREFIX_STRLEN];

	if (!subnet || inprefix_parse(subnet, &net) < 0)
		return;
	net = inprefix_host(&net, 1);
	(void)inprefix_addr_str(&net, ip);
	for (size_t i = 0; i < ARRAY_SIZE(vars); i++) {
		_cleanup_strbuf_ struct strbuf s = { 0 };
		const char *hole = strstr(vars[i].fmt, "%s");

		if (hole)
			strbuf_printf(&s, "%.*s%s%s", (int)(hole - vars[i].fmt), vars[i].fmt, ip, hole + 2);
		else
			strbuf_puts(&s, vars[i].fmt);
		env_add(env, vars[i].name, strbuf_str(&s));
	}
}

static int add_one(json_t *env, const struct container *c, const json_t *var, struct error *e)
{
	const char *name = json_text(var, "name", NULL);
	const json_t *from = json_object_get(var, "valueFrom");
	_cleanup_free_ char *value = NULL;

	if (from)
		return add_value_from(env, c, name, from, e);
	value = expand(json_text(var, "value", NULL), env);
	if (!value)
		return error_oom(e);
	env_add(env, name, value);
	return 0;
}

int podenv_make(const struct container *c, json_t **ret, struct error *e)
{
	_cleanup_json_ json_t *env = json_array();
	_cleanup_free_ char *hostname = podfiles_hostname(c->pod);
	int r = 0;
	size_t i;
	json_t *v;

	env_add(env, "HOSTNAME", hostname ? hostname : "");
	if (json_object_get(json_object_get(c->pod->object, "spec"), "enableServiceLinks") != json_false())
		add_service(env, c->pod->k);
	json_array_foreach (json_object_get(c->spec, "envFrom"), i, v) {
		r = add_env_from(env, c, v, e);
		if (r < 0)
			return r;
	}
	json_array_foreach (json_object_get(c->spec, "env"), i, v) {
		r = add_one(env, c, v, e);
		if (r < 0)
			return r;
	}
	*ret = TAKE_PTR(env);
	return 0;
}
