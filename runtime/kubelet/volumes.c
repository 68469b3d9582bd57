// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * volumes.c - a pod's volumes, as the runtime makes them
 *
 * emptyDir and hostPath are the runtime's own kinds; all that comes from objects (configMap, secret, downwardAPI,
 * projected) is files. Refuses to know where they are on the host. Service account tokens are left out: nothing checks
 * them.
 */
#include <string.h>

#include "base/base64.h"
#include "base/strbuf.h"
#include "kubelet/expand.h"
#include "kubelet/pod.h"

enum { MODE_DEFAULT = 0644 };

static int add_configmap(struct pod *p, const json_t *src, json_int_t mode, json_t *files, struct error *e);
static int add_secret(struct pod *p, const json_t *src, json_int_t mode, json_t *files, struct error *e);
static int add_downward(struct pod *p, const json_t *src, json_int_t mode, json_t *files, struct error *e);
static int add_nothing(struct pod *p, const json_t *src, json_int_t mode, json_t *files, struct error *e);
static int add_projected(struct pod *p, const json_t *src, json_int_t mode, json_t *files, struct error *e);

/* What files can come from: of a volume, and (the first four) of an element of a projected one's sources. */
static const struct {
	const char *type;
	int (*fn)(struct pod *p, const json_t *src, json_int_t mode, json_t *files, struct error *e);
} file_sources[] = {
	{ "configMap", add_configmap },
	{ "secret", add_secret },
	{ "downwardAPI", add_downward },
	{ "serviceAccountToken", add_nothing },
	{ "projected", add_projected },
};

/* ---- files ---- */

static void file_add(json_t *files, const char *path, const char *coded, json_int_t mode)
{
	(void)json_object_set_new(files, path, json_pack("{s:s, s:I}", "data", coded, "mode", mode));
}

static void file_add_plain(json_t *files, const char *path, const char *text, json_int_t mode)
{
	_cleanup_strbuf_ struct strbuf coded = { 0 };

	base64_encode(&coded, text, strlen(text));
	file_add(files, path, strbuf_str(&coded), mode);
}

/* A key of an object, wherever it is: data of a ConfigMap is text, the rest is base64. */
static bool key_add(const json_t *object, bool coded, const char *key, const char *path, json_int_t mode, json_t *files)
{
	const char *data = json_string_value(json_at(object, "data", key, NULL));
	const char *binary = json_string_value(json_at(object, "binaryData", key, NULL));

	if (binary || (data && coded))
		file_add(files, path, binary ? binary : data, mode);
	else if (data)
		file_add_plain(files, path, data, mode);
	return data || binary;
}

static void all_keys_add(const json_t *object, bool coded, json_int_t mode, json_t *files)
{
	static const char *const maps[] = { "data", "binaryData" };
	const char *key;
	json_t *v;

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++)
		json_object_foreach (json_object_get(object, maps[i]), key, v)
			(void)key_add(object, coded, key, key, mode, files);
}

static int object_add(struct pod *p, const char *resource, const char *word, const char *name, const json_t *src,
		      json_int_t mode, json_t *files, struct error *e)
{
	const bool coded = strcmp(resource, "secrets") == 0, optional = json_bool(src, "optional", NULL);
	const json_t *items = json_object_get(src, "items");
	json_t *object, *it;
	bool known;
	size_t i;

	object = objects_get(p->k, resource, p->ns, name, &known);
	if (!object && !known)
		return -EAGAIN;
	if (!object)
		return optional ? 0 : error_set(e, ENOENT, "%s \"%s\" not found", word, name);
	if (!items)
		all_keys_add(object, coded, mode, files);
	json_array_foreach (items, i, it)
		if (!key_add(object, coded, json_text(it, "key", NULL), json_text(it, "path", NULL),
			     json_int(it, mode, "mode", NULL), files) && !optional)
			return error_set(e, ENOENT, "%s references non-existent %s key: %s", word,
					 coded ? "secret" : "config", json_text(it, "key", NULL));
	return 0;
}

static int add_configmap(struct pod *p, const json_t *src, json_int_t mode, json_t *files, struct error *e)
{
	return object_add(p, "configmaps", "configmap", json_text(src, "name", NULL), src, mode, files, e);
}

/* A volume says secretName, a projected source says name. */
static int add_secret(struct pod *p, const json_t *src, json_int_t mode, json_t *files, struct error *e)
{
	const char *name = json_text(src, "secretName", NULL);

	return object_add(p, "secrets", "secret", *name ? name : json_text(src, "name", NULL), src, mode, files, e);
}

static int add_downward(struct pod *p, const json_t *src, json_int_t mode, json_t *files, struct error *e)
{
	size_t i;
	json_t *it;

	json_array_foreach (json_object_get(src, "items"), i, it) {
		const json_t *field = json_object_get(it, "fieldRef"), *res = json_object_get(it, "resourceFieldRef");
		_cleanup_free_ char *text = NULL;

		if (field)
			text = podenv_field(p, json_text(field, "fieldPath", NULL));
		else if (res)
			text = podenv_resource(p, json_text(res, "containerName", NULL),
					       json_text(res, "resource", NULL), json_text(res, "divisor", NULL));
		if (!text)
			return error_set(e, EINVAL, "unsupported downwardAPI item %s", json_text(it, "path", NULL));
		file_add_plain(files, json_text(it, "path", NULL), text, json_int(it, mode, "mode", NULL));
	}
	return 0;
}

static int add_nothing(struct pod *p _unused_, const json_t *src _unused_, json_int_t mode _unused_,
		       json_t *files _unused_, struct error *e _unused_)
{
	return 0;
}

static int add_projected(struct pod *p, const json_t *src, json_int_t mode, json_t *files, struct error *e)
{
	size_t i;
	json_t *part;

	json_array_foreach (json_object_get(src, "sources"), i, part)
		for (size_t t = 0; t + 1 < ARRAY_SIZE(file_sources); t++) {
			const json_t *one = json_object_get(part, file_sources[t].type);
			int r = one ? file_sources[t].fn(p, one, mode, files, e) : 0;

			if (r < 0)
				return r;
		}
	return 0;
}

/* ---- volumes ---- */

/* The files of a volume. Return: 0; 1 when it is none of files; -EAGAIN; another -errno. */
static int volume_files(struct pod *p, const json_t *v, json_t **ret, struct error *e)
{
	_cleanup_json_ json_t *files = json_object();

	for (size_t t = 0; t < ARRAY_SIZE(file_sources); t++) {
		const json_t *src = json_object_get(v, file_sources[t].type);
		int r;

		if (!src)
			continue;
		r = file_sources[t].fn(p, src, json_int(src, MODE_DEFAULT, "defaultMode", NULL), files, e);
		if (r == 0)
			*ret = TAKE_PTR(files);
		return r;
	}
	return 1;
}

static int volume_make(struct pod *p, const json_t *v, json_t **ret, struct error *e)
{
	const json_t *host = json_object_get(v, "hostPath");
	const char *name = json_text(v, "name", NULL);
	json_t *files;
	int r;

	if (host) {
		*ret = json_pack("{s:s, s:s, s:s, s:s}", "name", name, "type", "host", "path",
				 json_text(host, "path", NULL), "hostType", json_text(host, "type", NULL));
		return 0;
	}
	r = volume_files(p, v, &files, e);
	if (r < 0)
		return r;
	if (r == 0) {
		(void)json_object_set(p->volumes, name, files);
		*ret = json_pack("{s:s, s:s, s:o}", "name", name, "type", "files", "files", files);
		return 0;
	}
	/* A volume that says nothing is an emptyDir, too. */
	if (!json_object_get(v, "emptyDir") && json_object_size(v) > 1)
		return error_set(e, EOPNOTSUPP, "netemu has no volumes of this kind");
	*ret = json_pack("{s:s, s:s}", "name", name, "type", "empty");
	return 0;
}

/* Once for each message. */
static void mount_failed(struct pod *p, const char *volume, const char *message)
{
	if (strcmp(json_text(p->failed_mounts, volume, NULL), message) == 0)
		return;
	(void)json_object_set_new(p->failed_mounts, volume, json_string(message));
	kubelet_event(p->k, p->object, "Warning", "FailedMount", "MountVolume.SetUp failed for volume \"%s\" : %s",
		      volume, message);
}

int volumes_make(struct pod *p, json_t **ret)
{
	_cleanup_json_ json_t *list = json_array();
	int worst = 0;
	size_t i;
	json_t *v;

	json_array_foreach (json_at(p->object, "spec", "volumes", NULL), i, v) {
		struct error e = { 0 };
		json_t *one = NULL;
		const int r = volume_make(p, v, &one, &e);

		if (r == 0)
			(void)json_array_append_new(list, one);
		else if (r != -EAGAIN)
			mount_failed(p, json_text(v, "name", NULL), e.msg);
		if (r < 0 && worst == 0)
			worst = r;
	}
	if (worst == 0)
		*ret = TAKE_PTR(list);
	return worst;
}

const char *volumes_culprit(const struct pod *p, const char *why)
{
	size_t i;
	json_t *v;

	json_array_foreach (json_at(p->object, "spec", "volumes", NULL), i, v) {
		const char *path = json_text(v, "hostPath", "path", NULL);

		if (*path && strstr(why, "hostPath") && strstr(why, path))
			return json_text(v, "name", NULL);
	}
	return NULL;
}

static void ignore_answer(struct rpc_message *m, const struct error *e _unused_, void *arg)
{
	(void)pod_answered(arg, m);
}

void volumes_update(struct pod *p)
{
	size_t i;
	json_t *v;

	json_array_foreach (json_at(p->object, "spec", "volumes", NULL), i, v) {
		const char *name = json_text(v, "name", NULL);
		_cleanup_json_ json_t *files = NULL;

		if (volume_files(p, v, &files, NULL) != 0 || json_equal(files, json_object_get(p->volumes, name)))
			continue;
		(void)json_object_set(p->volumes, name, files);
		pod_call(p,
			 json_pack("{s:s, s:s, s:s, s:O}", "op", "pod.files", "uid", p->uid, "volume", name, "files",
				   files),
			 NULL, 0, ignore_answer, p);
	}
}

json_t *volumes_mounts(const struct container *c, const json_t *env)
{
	json_t *list = json_array(), *m;
	size_t i;

	json_array_foreach (json_object_get(c->spec, "volumeMounts"), i, m) {
		_cleanup_free_ char *expanded = expand(json_text(m, "subPathExpr", NULL), env);
		const char *sub = expanded && *expanded ? expanded : json_text(m, "subPath", NULL);

		(void)json_array_append_new(list,
					    json_pack("{s:s, s:s, s:s, s:b}", "volume", json_text(m, "name", NULL),
						      "subPath", sub, "path", json_text(m, "mountPath", NULL),
						      "readOnly", json_bool(m, "readOnly", NULL)));
	}
	return list;
}
