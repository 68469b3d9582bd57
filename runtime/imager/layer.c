// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * layer.c - two readers of libarchive, one behind the other: the first takes the compression off, the second knows tar; between
 * them what a layer's diff_id is made of goes by.
 */
#include "imager/layer.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { BLOCK = 256 << 10 };

struct layer {
	struct archive *plain, *tar;
	struct digest digest;
	char *buf;
	bool ended; /* plain has */
};

static void archive_freep(struct archive **a)
{
	if (*a)
		(void)archive_read_free(*a);
}

static void layer_done(struct layer *l)
{
	archive_freep(&l->tar);
	archive_freep(&l->plain);
	digest_done(&l->digest);
	free(l->buf);
}

static la_ssize_t plain_read(struct archive *tar, void *data, const void **ret)
{
	struct layer *l = data;
	const la_ssize_t n = l->ended ? 0 : archive_read_data(l->plain, l->buf, BLOCK);

	if (n < 0) {
		archive_set_error(tar, EIO, "%s", archive_error_string(l->plain));
		return -1;
	}
	l->ended = n == 0;
	digest_add(&l->digest, l->buf, (size_t)n);
	*ret = l->buf;
	return n;
}

/* Not those that libarchive would start a program for: lrzip, lzop, grzip. */
static int plain_open(struct layer *l, int fd, struct error *e)
{
	static int (*const filters[])(struct archive *) = {
		archive_read_support_filter_gzip, archive_read_support_filter_bzip2, archive_read_support_filter_xz,
		archive_read_support_filter_lzma, archive_read_support_filter_zstd,  archive_read_support_filter_lz4,
		archive_read_support_filter_lzip, archive_read_support_filter_compress,
	};
	struct archive_entry *ent;
	int r;

	l->plain = archive_read_new();
	l->buf = malloc(BLOCK);
	if (!l->plain || !l->buf)
		return error_oom(e);
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++)
		(void)filters[i](l->plain);
	(void)archive_read_support_format_raw(l->plain);
	(void)archive_read_support_format_empty(l->plain);
	r = archive_read_open_fd(l->plain, fd, BLOCK);
	if (r == ARCHIVE_OK)
		r = archive_read_next_header(l->plain, &ent);
	l->ended = r == ARCHIVE_EOF;
	return r < ARCHIVE_WARN ? error_set(e, EBADMSG, "%s", archive_error_string(l->plain)) : 0;
}

static int tar_failed(struct archive *a, struct error *e)
{
	return error_set(e, EBADMSG, "not a tar archive, or a damaged one: %s", archive_error_string(a));
}

static int layer_open(struct layer *l, int fd, struct error *e)
{
	int r = digest_begin(&l->digest, e);

	if (r == 0)
		r = plain_open(l, fd, e);
	if (r < 0)
		return r;
	l->tar = archive_read_new();
	if (!l->tar)
		return error_oom(e);
	(void)archive_read_support_format_tar(l->tar);
	(void)archive_read_support_format_empty(l->tar);
	return archive_read_open(l->tar, l, NULL, plain_read, NULL) != ARCHIVE_OK ? tar_failed(l->tar, e) : 0;
}

/* Return: 1 when there is an entry, 0 at the end, or -errno. */
static int entry_next(struct archive *in, struct archive_entry **ret, struct error *e)
{
	const int r = archive_read_next_header(in, ret);

	if (r == ARCHIVE_EOF)
		return 0;
	return r < ARCHIVE_WARN ? tar_failed(in, e) : 1;
}

int layer_unpack(struct tree *t, int fd, char ret[IMAGE_ID_LEN + 1], struct error *e)
{
	_cleanup_(layer_done) struct layer l = { 0 };
	struct archive_entry *ent;
	const void *rest;
	int r = layer_open(&l, fd, e);

	while (r == 0 && (r = entry_next(l.tar, &ent, e)) > 0)
		r = tree_put(t, l.tar, ent, e);
	if (r == 0)
		r = tree_layer_end(t, e);
	while (r == 0 && !l.ended && !tree_interrupted)
		if (plain_read(l.tar, &l, &rest) < 0)
			r = error_set(e, EBADMSG, "damaged: %s", archive_error_string(l.tar));
	if (r == 0 && tree_interrupted)
		r = error_set(e, EINTR, "interrupted");
	if (r == 0)
		digest_end(&l.digest, ret);
	return r;
}

int layer_peek(int fd, int (*look)(const char *name), struct error *e)
{
	_cleanup_(layer_done) struct layer l = { 0 };
	struct archive_entry *ent;
	int r = layer_open(&l, fd, e), seen = 0;

	while (r == 0 && !seen && (r = entry_next(l.tar, &ent, e)) > 0) {
		seen = archive_entry_pathname(ent) ? look(archive_entry_pathname(ent)) : 0;
		r = 0;
	}
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = error_errno(e, errno, "seek");
	return r < 0 ? r : seen;
}

/* ---- directories ---- */

struct copy {
	struct tree *t;
	const char *path;
	size_t len; /* of @path */
	struct stat except;
	struct archive *disk;
	struct archive_entry_linkresolver *links;
};

static void copy_done(struct copy *c)
{
	archive_freep(&c->disk);
	archive_entry_linkresolver_free(c->links);
}

static bool is_except(const struct copy *c, struct archive_entry *ent)
{
	return c->except.st_ino && (ino_t)archive_entry_ino64(ent) == c->except.st_ino && archive_entry_dev(ent) == c->except.st_dev;
}

/* Return: 1 when there was an entry, 0 at the end, or -errno. */
static int copy_one(struct copy *c, struct archive_entry *ent, struct error *e)
{
	struct archive_entry *first = ent, *spare = NULL;
	const char *inside;
	int r = archive_read_next_header2(c->disk, ent);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r < ARCHIVE_WARN)
		return error_set(e, EIO, "%s", archive_error_string(c->disk));
	if (is_except(c, ent))
		return 1;
	if (archive_read_disk_can_descend(c->disk))
		(void)archive_read_disk_descend(c->disk);
	inside = archive_entry_pathname(ent) + c->len;
	archive_entry_copy_pathname(ent, *inside ? arena_strdup(&c->t->arena, inside) : ".");
	archive_entry_linkify(c->links, &first, &spare);
	archive_entry_free(spare);
	r = tree_put(c->t, c->disk, ent, e);
	return r < 0 ? r : 1;
}

static int copy_open(struct copy *c, struct error *e)
{
	c->disk = archive_read_disk_new();
	c->links = archive_entry_linkresolver_new();
	if (!c->disk || !c->links)
		return error_oom(e);
	archive_entry_linkresolver_set_strategy(c->links, ARCHIVE_FORMAT_TAR_PAX_RESTRICTED);
	(void)archive_read_disk_set_symlink_physical(c->disk);
	(void)archive_read_disk_set_behavior(c->disk, ARCHIVE_READDISK_NO_TRAVERSE_MOUNTS | ARCHIVE_READDISK_NO_ACL |
								 ARCHIVE_READDISK_NO_FFLAGS);
	if (archive_read_disk_open(c->disk, c->path) != ARCHIVE_OK)
		return error_set(e, EIO, "%s", archive_error_string(c->disk));
	return 0;
}

int layer_copy(struct tree *t, const char *path, const char *except, struct error *e)
{
	_cleanup_(copy_done) struct copy c = { .t = t, .path = path, .len = strlen(path) };
	struct archive_entry *ent = archive_entry_new();
	int r = ent ? copy_open(&c, e) : error_oom(e);

	if (stat(except, &c.except) < 0)
		c.except.st_ino = 0;
	while (r == 0 && (r = copy_one(&c, ent, e)) > 0) {
		archive_entry_clear(ent);
		r = 0;
	}
	archive_entry_free(ent);
	return r < 0 ? r : tree_layer_end(t, e);
}
