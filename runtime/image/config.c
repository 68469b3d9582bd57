// SPDX-License-Identifier: GPL-2.0-or-later
#include "image/config.h"

#include <string.h>

#include "base/strbuf.h"
#include "cluster/jsonutil.h"
#include "image/ref.h"

static const char *text_of(const json_t *j)
{
	return json_string_value(j) ? json_string_value(j) : "";
}

const char *image_path_clean(struct arena *a, const char *path)
{
	char *out = arena_alloc(a, strlen(path) + 1), *end = out;

	while (*path) {
		const size_t n = strcspn(path, "/");

		if (n == 2 && strncmp(path, "..", 2) == 0)
			return NULL;
		if (n && !(n == 1 && *path == '.')) {
			if (end > out)
				*end++ = '/';
			memcpy(end, path, n);
			end += n;
		}
		path += n + (path[n] == '/');
	}
	*end = '\0';
	return out;
}

/* ---- configuration ---- */

/* Docker takes a string for a list of one. */
static int words_read(struct arena *a, const json_t *j, const char *what, struct strv *ret, struct error *e)
{
	json_t *word;
	size_t i;

	if (json_is_string(j))
		strv_add(a, ret, json_string_value(j));
	else if (j && !json_is_null(j) && !json_is_array(j))
		return error_set(e, EINVAL, "the image's configuration: %s is no list", what);
	json_array_foreach(j, i, word) {
		if (!json_is_string(word))
			return error_set(e, EINVAL, "the image's configuration: %s holds something that is no text", what);
		strv_add(a, ret, json_string_value(word));
	}
	return 0;
}

static void keys_read(struct arena *a, json_t *j, struct strv *ret)
{
	const char *key;
	json_t *value;

	json_object_foreach(j, key, value)
		strv_add(a, ret, key);
}

static void labels_read(struct arena *a, json_t *j, struct strv *ret)
{
	const char *key;
	json_t *value;

	json_object_foreach(j, key, value)
		strv_add(a, ret, arena_printf(a, "%s=%s", key, text_of(value)));
}

/* What is no variable would be none in a container either. */
static void env_clean(struct strv *env)
{
	size_t n = 0;

	for (size_t i = 0; i < env->n; i++)
		if (strchr(env->v[i], '=') && env->v[i][0] != '=')
			env->v[n++] = env->v[i];
	env->n = n;
	if (env->v)
		env->v[n] = NULL;
}

int image_config_read(struct arena *a, const json_t *config, struct image *ret, struct error *e)
{
	const char *os = json_text(config, "os", NULL), *dir = json_text(config, "config", "WorkingDir", NULL);
	json_t *c = json_object_get(config, "config");
	int r;

	if (!json_is_object(config))
		return error_set(e, EINVAL, "the image's configuration is no JSON object");
	if (*os && strcmp(os, "linux") != 0)
		return error_set(e, EINVAL, "the image is for %s, not for Linux", os);
	r = words_read(a, json_object_get(c, "Entrypoint"), "Entrypoint", &ret->entrypoint, e);
	if (r == 0)
		r = words_read(a, json_object_get(c, "Cmd"), "Cmd", &ret->cmd, e);
	if (r == 0)
		r = words_read(a, json_object_get(c, "Env"), "Env", &ret->env, e);
	if (r < 0)
		return r;
	env_clean(&ret->env);
	keys_read(a, json_object_get(c, "ExposedPorts"), &ret->exposed_ports);
	keys_read(a, json_object_get(c, "Volumes"), &ret->volumes);
	labels_read(a, json_object_get(c, "Labels"), &ret->labels);
	ret->architecture = arena_strdup(a, json_text(config, "architecture", NULL));
	ret->created = arena_strdup(a, json_text(config, "created", NULL));
	ret->user = arena_strdup(a, json_text(c, "User", NULL));
	ret->workdir = arena_printf(a, "%s%s", *dir && *dir != '/' ? "/" : "", dir);
	return 0;
}

static int digest_read(struct arena *a, const json_t *j, const char **ret, struct error *e)
{
	const char *hex = image_digest_hex(text_of(j));

	if (!hex)
		return error_set(e, EINVAL, "'%s' is not a digest that netemu knows (sha256:...)", text_of(j));
	*ret = arena_strdup(a, hex);
	return 0;
}

int image_diff_ids(struct arena *a, const json_t *config, struct strv *ret, struct error *e)
{
	const char *hex;
	json_t *id;
	size_t i;

	json_array_foreach(json_at(config, "rootfs", "diff_ids", NULL), i, id) {
		if (digest_read(a, id, &hex, e) < 0)
			return error_wrap(e, "the image's configuration");
		strv_add(a, ret, hex);
	}
	return 0;
}

/* ---- docker save ---- */

/* "blobs/sha256/HEX", "HEX.json" and "HEX.tar" say what they hold. */
static const char *digest_of_path(struct arena *a, const char *path, const char *suffix)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	const char *digest = arena_printf(a, "sha256:%.*s", IMAGE_ID_LEN, base);
	const bool in_blobs = strncmp(path, "blobs/sha256/", 13) == 0 && base == path + 13;

	if (!image_digest_hex(digest) || (!in_blobs && strcmp(base + IMAGE_ID_LEN, suffix) != 0))
		return NULL;
	return in_blobs && base[IMAGE_ID_LEN] ? NULL : image_digest_hex(digest);
}

static int blob_path(struct arena *a, const json_t *j, const char *suffix, struct image_blob *ret, struct error *e)
{
	ret->path = json_is_string(j) ? image_path_clean(a, json_string_value(j)) : NULL;
	if (!ret->path || !*ret->path)
		return error_set(e, EINVAL, "manifest.json: '%s' is not the name of a file in the archive", text_of(j));
	ret->digest = digest_of_path(a, ret->path, suffix);
	return 0;
}

static int manifest_docker_one(struct arena *a, const json_t *j, struct image_manifest *ret, struct error *e)
{
	const json_t *layers = json_object_get(j, "Layers");
	json_t *item;
	size_t i;
	int r = blob_path(a, json_object_get(j, "Config"), ".json", &ret->config, e);

	if (r < 0)
		return r;
	if (json_array_size(layers) > IMAGE_LAYERS_MAX)
		return error_set(e, EINVAL, "manifest.json: more than %d layers", IMAGE_LAYERS_MAX);
	json_array_foreach(layers, i, item) {
		struct image_blob *b = ARENA_PUSH(a, ret->layers, ret->n_layers);

		/* Their names are of what is unpacked, which they need not be: the configuration's diff_ids tell. */
		r = blob_path(a, item, "", b, e);
		if (r < 0)
			return r;
	}
	return words_read(a, json_object_get(j, "RepoTags"), "RepoTags", &ret->names, e);
}

int manifest_docker(struct arena *a, const json_t *j, struct image_manifest **ret, size_t *ret_n, struct error *e)
{
	struct image_manifest *v = NULL;
	json_t *item;
	size_t i, n = 0;

	if (!json_is_array(j) || json_array_size(j) == 0)
		return error_set(e, EINVAL, "manifest.json is not that of docker save: it is no list of images");
	json_array_foreach(j, i, item) {
		const int r = manifest_docker_one(a, item, ARENA_PUSH(a, v, n), e);

		if (r < 0)
			return r;
	}
	*ret = v;
	*ret_n = n;
	return 0;
}

/* ---- OCI ---- */

static int descriptor_read(struct arena *a, const json_t *j, struct image_blob *ret, struct error *e)
{
	const int r = digest_read(a, json_object_get(j, "digest"), &ret->digest, e);

	if (r < 0)
		return r;
	ret->path = arena_printf(a, "blobs/sha256/%s", ret->digest);
	return 0;
}

int manifest_oci(struct arena *a, const json_t *j, struct image_manifest *ret, struct error *e)
{
	const json_t *layers = json_object_get(j, "layers");
	json_t *item;
	size_t i;
	int r;

	if (!json_object_get(j, "config") || !json_is_array(layers))
		return error_set(e, EINVAL, "the image's manifest has no configuration and layers: formats before Docker 1.10 are not read");
	r = descriptor_read(a, json_object_get(j, "config"), &ret->config, e);
	if (r < 0)
		return r;
	if (json_array_size(layers) > IMAGE_LAYERS_MAX)
		return error_set(e, EINVAL, "the image has more than %d layers", IMAGE_LAYERS_MAX);
	json_array_foreach(layers, i, item) {
		const char *media = json_text(item, "mediaType", NULL);

		if (strstr(media, "+encrypted"))
			return error_set(e, EINVAL, "layer %zu of the image is encrypted", i + 1);
		if (*media && !strstr(media, "tar"))
			return error_set(e, EINVAL, "layer %zu is no tar archive but %s: that is no container's image", i + 1, media);
		r = descriptor_read(a, item, ARENA_PUSH(a, ret->layers, ret->n_layers), e);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_attestation(const json_t *entry)
{
	return *json_text(entry, "annotations", "vnd.docker.reference.type", NULL) ||
	       strcmp(json_text(entry, "platform", "os", NULL), "unknown") == 0;
}

/* containerd writes whole names, and skopeo and buildah mere tags where a whole name should be. */
static const char *entry_name(const json_t *entry)
{
	const char *whole = json_text(entry, "annotations", "io.containerd.image.name", NULL);

	return *whole ? whole : json_text(entry, "annotations", "org.opencontainers.image.ref.name", NULL);
}

int manifest_index(struct arena *a, const json_t *j, struct index_entry **ret, size_t *ret_n, struct error *e)
{
	const json_t *list = json_object_get(j, "manifests");
	struct index_entry *v = NULL;
	json_t *item;
	size_t i, n = 0;

	if (!json_is_array(list))
		return error_set(e, EINVAL, "the index of images has no \"manifests\"");
	json_array_foreach(list, i, item) {
		const char *media = json_text(item, "mediaType", NULL), *hex;
		int r;

		if (is_attestation(item))
			continue;
		r = digest_read(a, json_object_get(item, "digest"), &hex, e);
		if (r < 0)
			return r;
		*ARENA_PUSH(a, v, n) = (struct index_entry){
			.digest = hex,
			.name = arena_strdup(a, entry_name(item)),
			.architecture = arena_strdup(a, json_text(item, "platform", "architecture", NULL)),
			.os = arena_strdup(a, json_text(item, "platform", "os", NULL)),
			.is_index = strstr(media, "image.index") || strstr(media, "manifest.list"),
		};
	}
	if (n == 0)
		return error_set(e, EINVAL, "the index of images is empty");
	*ret = v;
	*ret_n = n;
	return 0;
}

/* ---- choosing ---- */

/* Whether two names mean the same image; one may be a mere tag. */
static bool name_is(const char *name, const char *wanted)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct image_ref n, w;

	if (strcmp(name, wanted) == 0)
		return true;
	if (image_ref_parse(&a, wanted, &w, NULL) < 0)
		return false;
	if (w.tag && strcmp(name, w.tag) == 0)
		return true;
	return image_ref_parse(&a, name, &n, NULL) == 0 &&
	       strcmp(image_ref_name(&a, &n), image_ref_name(&a, &w)) == 0;
}

static void names_list(struct strbuf *s, const char *name)
{
	if (*name)
		strbuf_printf(s, "%s%s", s->len ? ", " : "", name);
}

ssize_t manifest_choose(const struct image_manifest *v, size_t n, const char *wanted, struct error *e)
{
	_cleanup_strbuf_ struct strbuf all = { 0 };

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i].names.n; k++) {
			if (wanted && name_is(v[i].names.v[k], wanted))
				return (ssize_t)i;
			names_list(&all, v[i].names.v[k]);
		}
	if (n == 1)
		return 0;
	return error_set(e, EEXIST, "it holds %zu images (%s): import all of them, without a NAME, or one by its own", n,
			 all.len ? strbuf_str(&all) : "none of which has a name");
}

/* Of those that @ok lets through, the one for this machine. */
static ssize_t platform_choose(const struct index_entry *v, size_t n, const bool *ok, const char *architecture, struct error *e)
{
	_cleanup_strbuf_ struct strbuf all = { 0 };
	ssize_t found = -1, runs = -1, any = -1;
	size_t n_ok = 0;

	for (size_t i = 0; i < n; i++) {
		const bool is_linux = !*v[i].os || strcmp(v[i].os, "linux") == 0;

		if (!ok[i])
			continue;
		n_ok++;
		any = (ssize_t)i;
		names_list(&all, v[i].architecture);
		if (is_linux && found < 0 && strcmp(v[i].architecture, architecture) == 0)
			found = (ssize_t)i;
		if (is_linux && runs < 0 && *v[i].architecture && image_can_run(v[i].architecture, architecture))
			runs = (ssize_t)i;
	}
	if (found >= 0 || runs >= 0)
		return found >= 0 ? found : runs;
	if (n_ok == 1 && !*v[any].architecture)
		return any;
	if (all.len == 0)
		return error_set(e, EEXIST, "it holds %zu images that nothing tells apart", n_ok);
	return error_set(e, ENOENT, "it is not for this machine (%s), but for %s", architecture, strbuf_str(&all));
}

ssize_t index_choose(const struct index_entry *v, size_t n, const char *wanted, const char *architecture, struct error *e)
{
	_cleanup_strbuf_ struct strbuf all = { 0 };
	_cleanup_arena_ struct arena a = { 0 };
	bool *ok = arena_alloc(&a, n + 1);
	size_t named = 0;
	const char *first = NULL;
	bool differ = false;

	for (size_t i = 0; i < n; i++) {
		ok[i] = wanted && *v[i].name && name_is(v[i].name, wanted);
		named += ok[i];
		if (first && strcmp(first, v[i].name) != 0)
			differ = true;
		first = v[i].name;
		names_list(&all, v[i].name);
	}
	if (named == 0 && differ)
		return error_set(e, EEXIST, "it holds several images (%s), and one without a name", strbuf_str(&all));
	for (size_t i = 0; named == 0 && i < n; i++)
		ok[i] = true;
	return platform_choose(v, n, ok, architecture, e);
}

/* ---- machines ---- */

const char *image_architecture(const char *machine)
{
	static const char *const names[][2] = {
		{ "x86_64", "amd64" },	  { "aarch64", "arm64" }, { "armv8l", "arm" },	   { "armv7l", "arm" },	 { "armv6l", "arm" },
		{ "i386", "386" },	  { "i486", "386" },	  { "i586", "386" },	   { "i686", "386" },	 { "riscv64", "riscv64" },
		{ "ppc64le", "ppc64le" }, { "s390x", "s390x" },	  { "loongarch64", "loong64" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i][0], machine) == 0)
			return names[i][1];
	return machine;
}

bool image_can_run(const char *architecture, const char *machine)
{
	return !*architecture || strcmp(architecture, machine) == 0 ||
	       (strcmp(architecture, "386") == 0 && strcmp(machine, "amd64") == 0);
}
