// SPDX-License-Identifier: GPL-2.0-or-later
#include "imager/import.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>

#include "cluster/jsonutil.h"
#include "image/config.h"
#include "image/ref.h"
#include "image/store.h"
#include "imager/layer.h"

enum { JSON_MAX = 8 << 20, COPY_BLOCK = 1 << 20 };

enum kind { KIND_FILES = 1, KIND_LAYOUT };

struct job {
	struct arena *a;
	struct imgstore_import im;
	const char *source, *wanted; /* short form, or NULL */
	int layout; /* directory of blobs, or -EBADF */
	struct imported *out;
	size_t n_out;
};

static const char *architecture(struct arena *a)
{
	struct utsname u;

	(void)uname(&u);
	return arena_strdup(a, image_architecture(u.machine));
}

/* ---- blobs ---- */

/* Old `docker save`s have links among them. */
static int blob_open(const struct job *j, const char *path, struct error *e)
{
	const struct open_how how = { .flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	int fd = (int)syscall(SYS_openat2, j->layout, path, &how, sizeof(how));
	struct stat st;

	if (fd < 0)
		return error_errno(e, errno, "open '%s' in it", path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	(void)close(fd);
	return error_set(e, EINVAL, "'%s' in it is no file", path);
}

static int fd_digest(int fd, char hex[IMAGE_ID_LEN + 1], struct error *e)
{
	_cleanup_digest_ struct digest d = { 0 };
	_cleanup_free_ char *buf = malloc(COPY_BLOCK);
	int r = buf ? digest_begin(&d, e) : error_oom(e);
	ssize_t n = 0;

	if (r < 0)
		return r;
	while ((n = read(fd, buf, COPY_BLOCK)) > 0 && !tree_interrupted)
		digest_add(&d, buf, (size_t)n);
	if (n < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return error_errno(e, errno, "read");
	digest_end(&d, hex);
	return tree_interrupted ? error_set(e, EINTR, "interrupted") : 0;
}

/* Opens a blob and checks that it is what its digest says. @hex: what it is; may be NULL */
static int blob_verify(const struct job *j, const struct image_blob *b, char *hex, struct error *e)
{
	_cleanup_close_ int fd = blob_open(j, b->path, e);
	char own[IMAGE_ID_LEN + 1];
	int r = fd < 0 ? fd : fd_digest(fd, own, e);

	if (r < 0)
		return r;
	if (b->digest && strcmp(own, b->digest) != 0)
		return error_set(e, EBADMSG, "'%s' in it is damaged: its SHA-256 is %s", b->path, own);
	if (hex)
		(void)snprintf(hex, IMAGE_ID_LEN + 1, "%s", own);
	return TAKE_FD(fd);
}

static json_t *blob_json(const struct job *j, const struct image_blob *b, char *hex, struct error *e)
{
	_cleanup_close_ int fd = blob_verify(j, b, hex, e);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	json_error_t why;
	json_t *doc;

	if (fd < 0 || fstat(fd, &st) < 0)
		return NULL;
	if (st.st_size > JSON_MAX) {
		(void)error_set(e, EFBIG, "'%s' in it is too long", b->path);
		return NULL;
	}
	text = malloc((size_t)st.st_size + 1);
	if (!text || read(fd, text, (size_t)st.st_size) != st.st_size) {
		(void)error_set(e, EIO, "read '%s'", b->path);
		return NULL;
	}
	doc = json_loadb(text, (size_t)st.st_size, 0, &why);
	if (!doc)
		(void)error_set(e, EBADMSG, "'%s' in it is no JSON: line %d: %s", b->path, why.line, why.text);
	return doc;
}

/* ---- one image ---- */

static int layer_add(const struct job *j, struct tree *t, const struct image_manifest *m, size_t i, const char *diff_id, struct error *e)
{
	_cleanup_close_ int fd = blob_verify(j, &m->layers[i], NULL, e);
	char hex[IMAGE_ID_LEN + 1];
	int r = fd < 0 ? fd : layer_unpack(t, fd, hex, e);

	if (r == 0 && strcmp(hex, diff_id) != 0)
		r = error_set(e, EBADMSG, "it is not what the image's configuration says: its SHA-256 is %s", hex);
	return r < 0 ? error_wrap(e, "layer %zu of %zu", i + 1, m->n_layers) : 0;
}

static const char *note_of(const struct job *j, const struct tree *t, const struct image *im)
{
	const char *own = architecture(j->a);

	if (!image_can_run(im->architecture, own))
		return arena_printf(j->a, "it is for %s, and this machine is %s: its programs will hardly run", im->architecture, own);
	if (t->left_out)
		return arena_printf(j->a, "%u device node%s of it %s left out: a node has its own /dev", t->left_out,
				    t->left_out == 1 ? "" : "s", t->left_out == 1 ? "was" : "were");
	return NULL;
}

/* What is made in "image" becomes an image of the store. */
static int image_finish(struct job *j, const struct tree *t, struct image *im, json_t *config, const struct strv *names, struct error *e)
{
	struct imported *out;
	int r;

	im->source = j->source;
	im->imported = time(NULL);
	tree_measure(t->path, &im->size, &im->n_files);
	r = imgstore_describe(&j->im, im, config, e);
	if (r == 0)
		r = imgstore_commit(&j->im, im->id, names, e);
	if (r < 0)
		return r;
	out = ARENA_PUSH(j->a, j->out, j->n_out);
	*out = (struct imported){ im->id, *names, im->size, im->n_files, note_of(j, t, im) };
	return 0;
}

static int image_dir_make(struct job *j, struct error *e)
{
	if (mkdirat(j->im.dir, "image", 0700) < 0)
		return error_errno(e, errno, "make a directory in %s", imgstore_dir());
	return 0;
}

static int image_known(struct job *j, const struct image *im, const struct strv *names, struct error *e)
{
	struct image *there;
	const int r = imgstore_commit(&j->im, im->id, names, e);

	if (r < 0 || imgstore_find(j->a, im->id, &there, e) < 0)
		return r;
	*ARENA_PUSH(j->a, j->out, j->n_out) = (struct imported){ im->id, *names, there->size, there->n_files, NULL };
	return 0;
}

static int image_unpack(struct job *j, const struct image_manifest *m, struct image *im, json_t *config, const struct strv *names,
			struct error *e)
{
	_cleanup_tree_ struct tree t = { .root = -EBADF };
	struct strv diff_ids = { 0 };
	int r = image_diff_ids(j->a, config, &diff_ids, e);

	if (r < 0)
		return r;
	if (diff_ids.n != m->n_layers)
		return error_set(e, EINVAL, "it has %zu layers, and %zu of them in its configuration", m->n_layers, diff_ids.n);
	r = image_dir_make(j, e);
	if (r == 0)
		r = tree_open(&t, j->im.dir, "image/root", e);
	for (size_t i = 0; r == 0 && i < m->n_layers; i++)
		r = layer_add(j, &t, m, i, diff_ids.v[i], e);
	return r < 0 ? r : image_finish(j, &t, im, config, names, e);
}

/* Those of the source, unless it was asked for by another. */
static int names_choose(const struct job *j, const struct image_manifest *m, struct strv *ret, struct error *e)
{
	if (j->wanted)
		strv_add(j->a, ret, j->wanted);
	for (size_t i = 0; !j->wanted && i < m->names.n; i++) {
		struct image_ref ref;

		/* A mere tag is what it looks like to whom it belongs. */
		if (!strpbrk(m->names.v[i], ":/") || image_ref_parse(j->a, m->names.v[i], &ref, NULL) < 0)
			continue;
		strv_add(j->a, ret, image_ref_name(j->a, &ref));
	}
	return ret->n ? 0 : error_set(e, EINVAL, "the image has no name in there: give it one (netemu image import FILE NAME)");
}

static int image_import(struct job *j, const struct image_manifest *m, struct error *e)
{
	char id[IMAGE_ID_LEN + 1];
	_cleanup_json_ json_t *config = blob_json(j, &m->config, id, e);
	struct image im = { 0 };
	struct strv names = { 0 };
	int r = config ? names_choose(j, m, &names, e) : -(e->code ? e->code : EIO);

	if (r == 0)
		r = image_config_read(j->a, config, &im, e);
	if (r < 0)
		return r;
	im.id = arena_strdup(j->a, id);
	im.digests = m->digests;
	return imgstore_has(&j->im, im.id) ? image_known(j, &im, &names, e) : image_unpack(j, m, &im, config, &names, e);
}

/* ---- layouts ---- */

static bool layout_has(const struct job *j, const char *path)
{
	return faccessat(j->layout, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* An index may lead to others, and at last to a manifest for this machine. */
static int manifest_follow(struct job *j, const struct index_entry *from, struct image_manifest *ret, struct error *e)
{
	struct index_entry at = *from;

	for (unsigned depth = 0; depth < IMAGE_INDEX_DEPTH; depth++) {
		const struct image_blob b = { arena_printf(j->a, "blobs/sha256/%s", at.digest), at.digest };
		_cleanup_json_ json_t *doc = blob_json(j, &b, NULL, e);
		struct index_entry *v;
		size_t n;
		ssize_t i;
		int r;

		if (!doc)
			return -(e->code ? e->code : EIO);
		strv_add(j->a, &ret->digests, arena_printf(j->a, "sha256:%s", at.digest));
		if (!at.is_index && !json_object_get(doc, "manifests"))
			return manifest_oci(j->a, doc, ret, e);
		r = manifest_index(j->a, doc, &v, &n, e);
		if (r < 0)
			return r;
		i = index_choose(v, n, NULL, architecture(j->a), e);
		if (i < 0)
			return (int)i;
		at = v[i];
	}
	return error_set(e, ELOOP, "its indices are nested too deep");
}

static bool name_is_new(const struct index_entry *v, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(v[k].name, v[i].name) == 0)
			return false;
	return true;
}

/* One manifest a name; those for other machines drop out. */
static int layout_oci(struct job *j, struct image_manifest **ret, size_t *ret_n, struct error *e)
{
	const struct image_blob b = { "index.json", NULL };
	_cleanup_json_ json_t *doc = blob_json(j, &b, NULL, e);
	struct index_entry *v = NULL;
	size_t n = 0;
	int r = doc ? manifest_index(j->a, doc, &v, &n, e) : -(e->code ? e->code : EIO);

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct image_manifest *m;
		ssize_t chosen;

		if (!name_is_new(v, i))
			continue;
		chosen = index_choose(v, n, *v[i].name ? v[i].name : NULL, architecture(j->a), e);
		if (chosen < 0)
			return (int)chosen;
		m = ARENA_PUSH(j->a, *ret, *ret_n);
		if (*v[i].name)
			strv_add(j->a, &m->names, v[i].name);
		r = manifest_follow(j, &v[chosen], m, e);
	}
	return r;
}

static int layout_docker(struct job *j, struct image_manifest **ret, size_t *ret_n, struct error *e)
{
	const struct image_blob b = { "manifest.json", NULL };
	_cleanup_json_ json_t *doc = blob_json(j, &b, NULL, e);

	return doc ? manifest_docker(j->a, doc, ret, ret_n, e) : -(e->code ? e->code : EIO);
}

static int layout_import(struct job *j, struct error *e)
{
	struct image_manifest *v = NULL;
	size_t n = 0;
	int r = layout_has(j, "index.json") ? layout_oci(j, &v, &n, e) : layout_docker(j, &v, &n, e);
	ssize_t only = 0;

	if (r == 0 && !v)
		return error_set(e, EINVAL, "there is no image in it");
	if (r == 0 && j->wanted) {
		only = manifest_choose(v, n, j->wanted, e);
		r = only < 0 ? (int)only : image_import(j, &v[only], e);
	}
	for (size_t i = 0; r == 0 && !j->wanted && i < n; i++)
		r = image_import(j, &v[i], e);
	return r;
}

/* ---- root file systems ---- */

/* What is in no configuration is in this one: what its id is made of. */
static json_t *config_make(const struct job *j, const char *diff_id)
{
	return json_pack("{s:s, s:s, s:{}, s:{s:s, s:[s+]}}", "architecture", architecture(j->a), "os", "linux", "config", "rootfs",
			 "type", "layers", "diff_ids", "sha256:", diff_id);
}

static int files_finish(struct job *j, const struct tree *t, const char *diff_id, struct error *e)
{
	_cleanup_json_ json_t *config = config_make(j, diff_id);
	_cleanup_free_ char *text = config ? json_dumps(config, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	_cleanup_digest_ struct digest d = { 0 };
	struct strv names = { 0 };
	struct image im = { 0 };
	char id[IMAGE_ID_LEN + 1];
	int r = text ? digest_begin(&d, e) : error_oom(e);

	if (r == 0)
		r = image_config_read(j->a, config, &im, e);
	if (r < 0)
		return r;
	digest_add(&d, text, strlen(text));
	digest_end(&d, id);
	im.id = id;
	strv_add(j->a, &names, j->wanted);
	r = image_finish(j, t, &im, config, &names, e);
	if (r == 0)
		j->out[j->n_out - 1].id = arena_strdup(j->a, id);
	return r;
}

static int files_check(const struct job *j, struct error *e)
{
	return j->wanted ? 0 : error_set(e, EINVAL, "a root file system has no name of its own: give it one (netemu image import %s NAME)",
					 j->source);
}

static int files_begin(struct job *j, struct tree *t, struct error *e)
{
	int r = files_check(j, e);

	if (r == 0)
		r = image_dir_make(j, e);
	return r < 0 ? r : tree_open(t, j->im.dir, "image/root", e);
}

static int files_end(struct job *j, const struct tree *t, const char *diff_id, struct error *e)
{
	return t->entries ? files_finish(j, t, diff_id, e) : error_set(e, EINVAL, "there are no files in it");
}

static int files_unpack(struct job *j, int fd, struct error *e)
{
	_cleanup_tree_ struct tree t = { .root = -EBADF };
	char hex[IMAGE_ID_LEN + 1];
	int r = files_begin(j, &t, e);

	if (r == 0)
		r = layer_unpack(&t, fd, hex, e);
	return r < 0 ? r : files_end(j, &t, hex, e);
}

static int files_copy(struct job *j, const char *path, struct error *e)
{
	_cleanup_digest_ struct digest d = { 0 };
	_cleanup_tree_ struct tree t = { .root = -EBADF, .literal = true, .digest = &d };
	char hex[IMAGE_ID_LEN + 1];
	int r = files_begin(j, &t, e);

	if (r == 0)
		r = digest_begin(&d, e);
	if (r == 0)
		r = layer_copy(&t, path, imgstore_dir(), e);
	if (r < 0)
		return r;
	digest_end(&d, hex);
	return files_end(j, &t, hex, e);
}

/* ---- what is it ---- */

static bool in_words(const char *name, size_t n, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == n && strncmp(name, *words, n) == 0)
			return true;
	return false;
}

/* What only a layout has makes it one, wherever it comes; what every root file system has, one of those. */
static int kind_of_name(const char *name)
{
	static const char *const marks[] = { "manifest.json", "oci-layout", NULL };
	static const char *const dirs[] = { "bin", "dev", "etc", "lib", "proc", "sbin", "sys", "usr", "var", NULL };
	size_t n;

	while (*name == '/' || (name[0] == '.' && (name[1] == '/' || !name[1])))
		name++;
	n = strcspn(name, "/");
	if (in_words(name, n, marks) && !name[n])
		return KIND_LAYOUT;
	return in_words(name, n, dirs) ? KIND_FILES : 0;
}

/* A pipe cannot be read twice. */
static int input_spool(const struct job *j, struct error *e)
{
	_cleanup_free_ char *buf = malloc(COPY_BLOCK);
	int fd = openat(j->im.dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	ssize_t n = 0;

	if (fd < 0 && errno == EOPNOTSUPP) {
		fd = openat(j->im.dir, "input", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
		(void)unlinkat(j->im.dir, "input", 0);
	}
	errno = ENOMEM;
	if (fd < 0 || !buf)
		return error_errno(e, errno, "make a file in %s", imgstore_dir());
	while ((n = read(STDIN_FILENO, buf, COPY_BLOCK)) > 0 && !tree_interrupted) {
		errno = ENOSPC;
		if (write(fd, buf, (size_t)n) != n)
			break;
	}
	if (n == 0 && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	n = error_errno(e, tree_interrupted ? EINTR : errno, "keep standard input");
	(void)close(fd);
	return (int)n;
}

static int input_open(const struct job *j, struct stat *st, struct error *e)
{
	int fd;

	if (strcmp(j->source, "-") == 0)
		fd = input_spool(j, e);
	else
		fd = open(j->source, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return error_errno(e, errno, "open it");
	if (fd >= 0 && fstat(fd, st) < 0)
		return error_errno(e, errno, "open it");
	return fd;
}

static int archive_import(struct job *j, int fd, struct error *e)
{
	_cleanup_tree_ struct tree t = { .root = -EBADF, .literal = true };
	char hex[IMAGE_ID_LEN + 1];
	int r = layer_peek(fd, kind_of_name, e);

	if (r < 0)
		return r;
	if (r != KIND_LAYOUT)
		return files_unpack(j, fd, e);
	r = tree_open(&t, j->im.dir, "layout", e);
	if (r == 0)
		r = layer_unpack(&t, fd, hex, e);
	if (r < 0)
		return r;
	j->layout = TAKE_FD(t.root);
	return layout_import(j, e);
}

static bool is_layout(const struct job *j)
{
	return (layout_has(j, "oci-layout") && layout_has(j, "index.json")) ||
	       (layout_has(j, "manifest.json") && !layout_has(j, "etc") && !layout_has(j, "bin"));
}

static int source_import(struct job *j, struct error *e)
{
	_cleanup_close_ int fd = -EBADF;
	char path[PATH_MAX];
	struct stat st;

	fd = input_open(j, &st, e);
	if (fd < 0)
		return fd;
	if (S_ISREG(st.st_mode))
		return archive_import(j, fd, e);
	if (!S_ISDIR(st.st_mode))
		return error_set(e, EINVAL, "it is neither a file nor a directory");
	j->layout = TAKE_FD(fd);
	if (is_layout(j))
		return layout_import(j, e);
	if (!realpath(j->source, path))
		return error_errno(e, errno, "open it");
	return files_copy(j, path, e);
}

int import(struct arena *a, const char *source, const char *name, struct imported **ret, size_t *ret_n, struct error *e)
{
	struct job j = { .a = a, .source = source, .layout = -EBADF };
	struct image_ref ref;
	int r = name ? image_ref_parse(a, name, &ref, e) : 0;

	if (r < 0)
		return r;
	if (name && ref.digest)
		return error_set(e, EINVAL, "'%s': a name to import under has no digest", name);
	j.wanted = name ? image_ref_name(a, &ref) : NULL;
	r = imgstore_begin(&j.im, e);
	if (r == 0)
		r = source_import(&j, e);
	j.layout = fd_close(j.layout);
	imgstore_end(&j.im);
	*ret = j.out;
	*ret_n = j.n_out;
	return r;
}
