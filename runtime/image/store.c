// SPDX-License-Identifier: GPL-2.0-or-later
#include "image/store.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "cluster/jsonutil.h"
#include "image/config.h"
#include "image/ref.h"
#include "kernel/rootfs.h"

enum { JSON_MAX = 16 << 20, PATH_LEN = 512, LINK_LEN = 128 };

const char *imgstore_dir(void)
{
	const char *dir = getenv("NETEMU_IMAGES");

	return dir && *dir ? dir : "/var/lib/netemu/images";
}

/* ---- the directory ---- */

/* It becomes part of an overlay's options, where these mean something. */
static int dir_check(const char *dir, struct error *e)
{
	if (*dir != '/' || strpbrk(dir, ":,\\") || strlen(dir) > PATH_LEN - LINK_LEN)
		return error_set(e, EINVAL, "NETEMU_IMAGES=%s: must be an absolute path without ':', ',' and '\\'", dir);
	return 0;
}

static int sub_open(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Return: an fd, -ENOENT when there has never been an import. */
static int store_open(struct error *e)
{
	const char *dir = imgstore_dir();
	int fd = dir_check(dir, e);

	if (fd < 0)
		return fd;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == EACCES))
		return -ENOENT;
	return fd < 0 ? error_errno(e, errno, "open %s", dir) : fd;
}

static int store_make(struct error *e)
{
	static const char *const subs[] = { "names", "ids", "tmp" };
	const char *dir = imgstore_dir();
	char path[PATH_LEN];
	int fd = dir_check(dir, e);

	if (fd < 0)
		return fd;
	(void)snprintf(path, sizeof(path), "%s", dir);
	for (char *s = strchr(path + 1, '/'); s; s = strchr(s + 1, '/')) {
		*s = '\0';
		(void)mkdir(path, 0755);
		*s = '/';
	}
	(void)mkdir(path, 0700);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(e, errno, "make %s", dir);
	for (size_t i = 0; i < ARRAY_SIZE(subs); i++)
		if (mkdirat(fd, subs[i], 0700) < 0 && errno != EEXIST) {
			const int r = error_errno(e, errno, "make %s/%s", dir, subs[i]);

			(void)close(fd);
			return r;
		}
	return fd;
}

/* Return: an fd that is the lock. */
static int store_lock(int store, struct error *e)
{
	int fd = openat(store, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600), r;

	if (fd < 0)
		return error_errno(e, errno, "open %s/lock", imgstore_dir());
	do
		r = flock(fd, LOCK_EX);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return fd;
	r = error_errno(e, errno, "lock %s", imgstore_dir());
	(void)close(fd);
	return r;
}

static void tree_remove(int store, const char *sub, const char *name)
{
	char dir[64];

	(void)snprintf(dir, sizeof(dir), "/proc/self/fd/%d/%s", store, sub);
	(void)rootfs_remove(dir, name, NULL);
}

/* ---- reading ---- */

/* The id that a name leads to. */
static bool name_read(int store, const char *file, char id[IMAGE_ID_LEN + 1])
{
	static const char before[] = "../ids/";
	char path[300], link[LINK_LEN];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "names/%s", file);
	n = readlinkat(store, path, link, sizeof(link) - 1);
	if (n != (ssize_t)(strlen(before) + IMAGE_ID_LEN))
		return false;
	link[n] = '\0';
	memcpy(id, link + strlen(before), IMAGE_ID_LEN + 1);
	return strncmp(link, before, strlen(before)) == 0;
}

static json_t *json_read(int dir, const char *path, struct error *e)
{
	_cleanup_close_ int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	json_error_t why;
	json_t *j;

	if (fd < 0 || fstat(fd, &st) < 0) {
		(void)error_errno(e, errno, "read %s/%s", imgstore_dir(), path);
		return NULL;
	}
	text = st.st_size <= JSON_MAX ? malloc((size_t)st.st_size + 1) : NULL;
	if (!text || read(fd, text, (size_t)st.st_size) != st.st_size) {
		(void)error_set(e, EIO, "read %s/%s", imgstore_dir(), path);
		return NULL;
	}
	j = json_loadb(text, (size_t)st.st_size, 0, &why);
	if (!j)
		(void)error_set(e, EBADMSG, "%s/%s is damaged: %s", imgstore_dir(), path, why.text);
	return j;
}

static int image_load(struct arena *a, int store, const char *id, const char *name, struct image **ret, struct error *e)
{
	const char *path = arena_printf(a, "ids/%s/image.json", id);
	_cleanup_json_ json_t *j = json_read(store, path, e);
	struct image *im = arena_alloc(a, sizeof(*im));
	json_t *digest;
	size_t i;
	int r;

	if (!j)
		return e && e->code ? -e->code : -EIO;
	r = image_config_read(a, json_object_get(j, "config"), im, e);
	if (r < 0)
		return error_wrap(e, "%s/%s", imgstore_dir(), path);
	im->id = arena_strdup(a, id);
	im->name = arena_strdup(a, name);
	im->root = arena_printf(a, "%s/ids/%s/root", imgstore_dir(), id);
	im->source = arena_strdup(a, json_text(j, "source", NULL));
	im->size = json_int(j, 0, "size", NULL);
	im->n_files = json_int(j, 0, "files", NULL);
	im->imported = json_int(j, 0, "imported", NULL);
	json_array_foreach(json_object_get(j, "digests"), i, digest)
		strv_add(a, &im->digests, json_string_value(digest) ? json_string_value(digest) : "");
	*ret = im;
	return 0;
}

static int text_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sub_list(struct arena *a, int store, const char *sub, struct strv *ret)
{
	const int fd = sub_open(store, sub);
	_cleanup_closedir_ DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	for (const struct dirent *ent = d ? readdir(d) : NULL; ent; ent = readdir(d))
		if (ent->d_name[0] != '.')
			strv_add(a, ret, ent->d_name);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), text_compare);
}

/* The names of an image, in the form of files. */
static void names_of(struct arena *a, int store, const char *id, struct strv *ret)
{
	struct strv all = { 0 };
	char to[IMAGE_ID_LEN + 1];

	sub_list(a, store, "names", &all);
	for (size_t i = 0; i < all.n; i++)
		if (name_read(store, all.v[i], to) && strcmp(to, id) == 0)
			strv_add(a, ret, all.v[i]);
}

static bool is_used(int store, const char *id)
{
	char path[LINK_LEN];
	_cleanup_close_ int fd = -EBADF;

	(void)snprintf(path, sizeof(path), "ids/%s", id);
	fd = sub_open(store, path);
	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

static bool has_digest(const struct image *im, const char *digest)
{
	return strv_contains(&im->digests, digest) || strcmp(im->id, digest + strlen("sha256:")) == 0;
}

/* By what only an image itself knows: its digests, or with @digest NULL the beginning of its id. */
static int find_inside(struct arena *a, int store, const char *digest, const char *word, struct image **ret, struct error *e)
{
	struct strv ids = { 0 };
	struct image *found = NULL;

	sub_list(a, store, "ids", &ids);
	for (size_t i = 0; i < ids.n; i++) {
		struct strv names = { 0 };
		struct image *im = NULL;
		int r;

		if (!digest && !image_id_matches(ids.v[i], word))
			continue;
		names_of(a, store, ids.v[i], &names);
		if (names.n == 0 && !is_used(store, ids.v[i]))
			continue;
		r = image_load(a, store, ids.v[i], names.n ? image_ref_of_file(a, names.v[0]) : "", &im, e);
		if (r < 0 || !im)
			return r;
		if (digest && !has_digest(im, digest))
			continue;
		if (found)
			return error_set(e, EEXIST, "'%s' is the beginning of several images' ids", word);
		found = im;
	}
	*ret = found;
	return found ? 0 : -ENOENT;
}

static int find_in(struct arena *a, int store, const char *word, struct image **ret, struct error *e)
{
	struct image_ref ref;
	char id[IMAGE_ID_LEN + 1];
	int r;

	if (image_ref_parse(a, word, &ref, NULL) < 0)
		return find_inside(a, store, NULL, word, ret, e);
	if (ref.digest)
		return find_inside(a, store, ref.digest, word, ret, e);
	if (name_read(store, image_ref_file(a, image_ref_name(a, &ref)), id)) {
		r = image_load(a, store, id, image_ref_name(a, &ref), ret, e);
		return r < 0 ? r : 0;
	}
	return find_inside(a, store, NULL, word, ret, e);
}

int imgstore_find(struct arena *a, const char *word, struct image **ret, struct error *e)
{
	_cleanup_close_ int store = store_open(e);

	return store < 0 ? store : find_in(a, store, word, ret, e);
}

int imgstore_list(struct arena *a, struct image ***ret, size_t *ret_n, struct error *e)
{
	_cleanup_close_ int store = store_open(e);
	struct strv files = { 0 }, ids = { 0 }, named = { 0 };
	char id[IMAGE_ID_LEN + 1];
	int r = 0;

	*ret = NULL;
	*ret_n = 0;
	if (store < 0)
		return store == -ENOENT ? 0 : store;
	sub_list(a, store, "names", &files);
	sub_list(a, store, "ids", &ids);
	for (size_t i = 0; r == 0 && i < files.n; i++) {
		if (!name_read(store, files.v[i], id))
			continue;
		strv_add(a, &named, id);
		r = image_load(a, store, id, image_ref_of_file(a, files.v[i]), ARENA_PUSH(a, *ret, *ret_n), e);
	}
	for (size_t i = 0; r == 0 && i < ids.n; i++)
		if (!strv_contains(&named, ids.v[i]) && is_used(store, ids.v[i]))
			r = image_load(a, store, ids.v[i], "", ARENA_PUSH(a, *ret, *ret_n), e);
	return r;
}

int imgstore_hold(const struct image *image, struct error *e)
{
	const size_t n = strlen(image->root) - strlen("/root");
	char path[PATH_LEN];
	int fd;

	(void)snprintf(path, sizeof(path), "%.*s", (int)n, image->root);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A directory that is being removed has another name, and its remover holds the lock. */
	if (fd < 0 || flock(fd, LOCK_SH | LOCK_NB) < 0 || access(image->root, F_OK) < 0) {
		(void)fd_close(fd);
		return error_set(e, ENOENT, "image %s has been removed meanwhile", image->name);
	}
	return fd;
}

/* ---- removing ---- */

/* Moves an image out of sight, unless somebody uses it, and removes it. With the store's lock held. */
static int image_drop(int store, const char *id, struct error *e)
{
	_cleanup_close_ int fd = -EBADF;
	char path[LINK_LEN], dead[LINK_LEN];

	(void)snprintf(path, sizeof(path), "ids/%s", id);
	fd = sub_open(store, path);
	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(e, errno, "open %s/%s", imgstore_dir(), path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return error_set(e, EBUSY, "image %.*s is used", IMAGE_ID_SHORT, id);
	(void)snprintf(dead, sizeof(dead), "tmp/%.12s.dead", id);
	tree_remove(store, "tmp", dead + strlen("tmp/"));
	if (renameat(store, path, store, dead) < 0)
		return error_errno(e, errno, "remove %s/%s", imgstore_dir(), path);
	tree_remove(store, "tmp", dead + strlen("tmp/"));
	return 0;
}

/* What imports that were killed have left; and images that have lost their name while they were used. */
static void store_sweep(struct arena *a, int store)
{
	struct strv tmp = { 0 }, ids = { 0 };

	sub_list(a, store, "tmp", &tmp);
	sub_list(a, store, "ids", &ids);
	for (size_t i = 0; i < tmp.n; i++) {
		char path[300];
		_cleanup_close_ int fd = -EBADF;

		(void)snprintf(path, sizeof(path), "tmp/%s", tmp.v[i]);
		fd = sub_open(store, path);
		if (fd < 0)
			(void)unlinkat(store, path, 0);
		else if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			tree_remove(store, "tmp", tmp.v[i]);
	}
	for (size_t i = 0; i < ids.n; i++) {
		struct strv names = { 0 };

		names_of(a, store, ids.v[i], &names);
		if (names.n == 0)
			(void)image_drop(store, ids.v[i], NULL);
	}
}

int imgstore_remove(struct arena *a, const char *word, struct strv *ret_names, struct image **ret, bool *ret_deleted,
		 struct error *e)
{
	_cleanup_close_ int store = store_open(e);
	_cleanup_close_ int lock = store >= 0 ? store_lock(store, e) : store;
	struct strv names = { 0 };
	bool by_name;
	int r;

	if (lock < 0)
		return lock;
	r = find_in(a, store, word, ret, e);
	if (r < 0)
		return r;
	names_of(a, store, (*ret)->id, &names);
	by_name = *(*ret)->name && !image_id_matches((*ret)->id, word);
	*ret_deleted = !by_name || names.n <= 1;
	if (*ret_deleted) {
		r = image_drop(store, (*ret)->id, e);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < names.n; i++) {
		const char *name = image_ref_of_file(a, names.v[i]);

		if (by_name && strcmp(name, (*ret)->name) != 0)
			continue;
		(void)unlinkat(store, arena_printf(a, "names/%s", names.v[i]), 0);
		strv_add(a, ret_names, name);
	}
	return 0;
}

/* ---- importing ---- */

static int import_dir_make(struct imgstore_import *im, struct error *e)
{
	char path[LINK_LEN];
	uint32_t n = 0;

	if (getrandom(&n, sizeof(n), 0) < 0)
		n = (uint32_t)getpid();
	(void)snprintf(im->name, sizeof(im->name), "%08x", n);
	(void)snprintf(path, sizeof(path), "tmp/%s", im->name);
	if (mkdirat(im->store, path, 0700) < 0)
		return error_errno(e, errno, "make %s/%s", imgstore_dir(), path);
	im->dir = sub_open(im->store, path);
	if (im->dir < 0 || flock(im->dir, LOCK_EX | LOCK_NB) < 0)
		return error_errno(e, errno, "lock %s/%s", imgstore_dir(), path);
	return 0;
}

int imgstore_begin(struct imgstore_import *ret, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int lock = -EBADF;

	*ret = (struct imgstore_import){ .store = store_make(e), .dir = -EBADF };
	if (ret->store < 0)
		return ret->store;
	lock = store_lock(ret->store, e);
	if (lock < 0)
		return lock;
	store_sweep(&a, ret->store);
	return import_dir_make(ret, e);
}

bool imgstore_has(const struct imgstore_import *im, const char *id)
{
	char path[LINK_LEN];

	(void)snprintf(path, sizeof(path), "ids/%s/image.json", id);
	return faccessat(im->store, path, F_OK, 0) == 0;
}

int imgstore_describe(const struct imgstore_import *im, const struct image *image, json_t *config, struct error *e)
{
	_cleanup_json_ json_t *j = json_pack("{s:i, s:o, s:I, s:I, s:I, s:o, s:O}", "version", 1, "source",
					     json_string_lossy(image->source, strlen(image->source)), "size", (json_int_t)image->size,
					     "files", (json_int_t)image->n_files, "imported", (json_int_t)image->imported, "digests",
					     json_array(), "config", config);
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int fd = -EBADF;
	size_t n;

	if (!j)
		return error_oom(e);
	for (size_t i = 0; i < image->digests.n; i++)
		(void)json_array_append_new(json_object_get(j, "digests"), json_string(image->digests.v[i]));
	text = json_dumps(j, JSON_INDENT(1));
	if (!text)
		return error_oom(e);
	n = strlen(text);
	fd = openat(im->dir, "image/image.json", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	errno = 0;
	if (fd < 0 || write(fd, text, n) != (ssize_t)n || fsync(fd) < 0)
		return error_errno(e, errno ? errno : ENOSPC, "write image.json in %s", imgstore_dir());
	return 0;
}

static int name_set(const struct imgstore_import *im, const char *id, const char *name, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *file = image_ref_file(&a, name), *target = arena_printf(&a, "../ids/%s", id);

	(void)unlinkat(im->dir, "name", 0);
	if (strlen(file) > NAME_MAX)
		return error_set(e, ENAMETOOLONG, "the name %s is longer than %d characters", name, NAME_MAX);
	if (symlinkat(target, im->dir, "name") < 0 ||
	    renameat(im->dir, "name", im->store, arena_printf(&a, "names/%s", file)) < 0)
		return error_errno(e, errno, "name %s", name);
	return 0;
}

int imgstore_commit(const struct imgstore_import *im, const char *id, const struct strv *names, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int lock = store_lock(im->store, e);
	int r = lock < 0 ? lock : 0;

	if (r < 0)
		return r;
	if (!imgstore_has(im, id) && renameat(im->dir, "image", im->store, arena_printf(&a, "ids/%s", id)) < 0)
		return errno == ENOENT ? error_set(e, ENOENT, "image %.12s was removed while it was being imported: try again", id) :
					 error_errno(e, errno, "put image %.12s into %s", id, imgstore_dir());
	for (size_t i = 0; r == 0 && i < names->n; i++)
		r = name_set(im, id, names->v[i], e);
	store_sweep(&a, im->store);
	return r;
}

void imgstore_end(struct imgstore_import *im)
{
	if (im->store >= 0 && im->dir >= 0)
		tree_remove(im->store, "tmp", im->name);
	im->dir = fd_close(im->dir);
	im->store = fd_close(im->store);
}
