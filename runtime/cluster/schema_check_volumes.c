// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * schema_check_volumes.c - validation of a pod's volumes
 */
#include "cluster/schema_check.h"

static void check_mode(struct checker *c, const struct schema_path *at, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (json_is_integer(v) && (json_integer_value(v) < 0 || json_integer_value(v) > 0777))
		say_invalid(c, AT(at, key), v, "must be a number between 0 and 0777 (octal), both inclusive");
}

/* A path inside the volume. */
static void check_local_path(struct checker *c, const struct schema_path *at, const json_t *o)
{
	const char *path = json_text(o, "path", NULL);
	const char *dots = strstr(path, "..");

	if (!check_required(c, at, o, "path", NULL))
		return;
	if (*path == '/')
		say_invalid(c, AT(at, "path"), json_object_get(o, "path"), "must be a relative path");
	if (dots && (dots == path || dots[-1] == '/') && (dots[2] == '/' || !dots[2]))
		say_invalid(c, AT(at, "path"), json_object_get(o, "path"), "must not contain '..'");
}

static void check_items(struct checker *c, const struct schema_path *at, const json_t *o)
{
	const struct schema_path *list = AT(at, "items");
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(o, "items"), i, item) {
		(void)check_required(c, AT_ITEM(list, i), item, "key", NULL);
		check_local_path(c, AT_ITEM(list, i), item);
		check_mode(c, AT_ITEM(list, i), item, "mode");
	}
}

static void check_config_map(struct checker *c, const struct schema_path *at, const json_t *v)
{
	(void)check_required(c, at, v, "name", NULL);
	check_mode(c, at, v, "defaultMode");
	check_items(c, at, v);
}

static void check_secret(struct checker *c, const struct schema_path *at, const json_t *v)
{
	(void)check_required(c, at, v, "secretName", NULL);
	check_mode(c, at, v, "defaultMode");
	check_items(c, at, v);
}

static void check_host_path(struct checker *c, const struct schema_path *at, const json_t *v)
{
	static const char *const types[] = { "",     "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate",
					     "File", "FileOrCreate", "Socket",	  NULL };

	(void)check_required(c, at, v, "path", NULL);
	(void)check_words(c, at, v, "type", types);
}

static void check_empty_dir(struct checker *c, const struct schema_path *at, const json_t *v)
{
	if (quantity_number(json_object_get(v, "sizeLimit")) < 0)
		say_forbidden(c, AT(at, "sizeLimit"), "SizeLimit field must be a valid resource quantity");
}

static void check_claim(struct checker *c, const struct schema_path *at, const json_t *v)
{
	(void)check_required(c, at, v, "claimName", NULL);
}

static void check_nfs(struct checker *c, const struct schema_path *at, const json_t *v)
{
	if (check_required(c, at, v, "server", NULL) && check_required(c, at, v, "path", NULL) &&
	    *json_text(v, "path", NULL) != '/')
		say_invalid(c, AT(at, "path"), json_object_get(v, "path"), "must be an absolute path");
}

static void check_downward(struct checker *c, const struct schema_path *at, const json_t *v)
{
	const struct schema_path *list = AT(at, "items");
	json_t *item;
	size_t i;

	check_mode(c, at, v, "defaultMode");
	json_array_foreach(json_object_get(v, "items"), i, item) {
		check_local_path(c, AT_ITEM(list, i), item);
		if (!json_object_get(item, "fieldRef") && !json_object_get(item, "resourceFieldRef"))
			say_required(c, AT_ITEM(list, i), "one of fieldRef and resourceFieldRef is required");
	}
}

static void check_projected(struct checker *c, const struct schema_path *at, const json_t *v)
{
	check_mode(c, at, v, "defaultMode");
}

static void check_csi(struct checker *c, const struct schema_path *at, const json_t *v)
{
	(void)check_required(c, at, v, "driver", NULL);
}

static const struct {
	const char *name;
	void (*check)(struct checker *c, const struct schema_path *at, const json_t *v);
} sources[] = {
	{ "emptyDir", check_empty_dir }, { "hostPath", check_host_path }, { "secret", check_secret }, { "configMap", check_config_map },
	{ "persistentVolumeClaim", check_claim }, { "nfs", check_nfs }, { "downwardAPI", check_downward },
	{ "projected", check_projected }, { "csi", check_csi },
};

static void check_source(struct checker *c, const struct schema_path *at, const char *name, const json_t *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (strcmp(sources[i].name, name) == 0)
			sources[i].check(c, AT(at, name), v);
}

static void check_volume(struct checker *c, const struct schema_path *at, const json_t *v)
{
	const char *key;
	size_t n = 0;
	json_t *source;

	json_object_foreach((json_t *)(uintptr_t)v, key, source) {
		if (!json_is_object(source))
			continue;
		if (n++)
			say_forbidden(c, AT(at, key), "may not specify more than 1 volume type");
		else
			check_source(c, at, key, source);
	}
	if (!n)
		say_required(c, at, "must specify a volume type");
}

void check_volumes(struct checker *c, const struct schema_path *at, const json_t *spec)
{
	const json_t *list = json_object_get(spec, "volumes");
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v) {
		const char *name = json_text(v, "name", NULL);

		check_volume(c, AT_ITEM(at, i), v);
		if (check_required(c, AT_ITEM(at, i), v, "name", NULL))
			check_name(c, AT(AT_ITEM(at, i), "name"), NAME_LABEL, name);
		for (size_t k = 0; k < i && *name; k++)
			if (strcmp(json_text(json_array_get(list, k), "name", NULL), name) == 0) {
				say_duplicate(c, AT(AT_ITEM(at, i), "name"), json_object_get(v, "name"));
				break;
			}
	}
}
