// SPDX-License-Identifier: GPL-2.0-or-later
#include "imager/tree.h"

#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "image/config.h"
#include "kernel/rootfs.h"

enum { ENTRIES_MAX = 2 << 20, DEPTH_MAX = 256, LINKS_MAX = 16, RESERVE = 64 << 20, PROC_PATH = 64 };

volatile sig_atomic_t tree_interrupted;

struct tree_dir {
	const char *path;
	struct timespec mtime;
};

/* Where an entry belongs. */
struct place {
	int dir; /* O_PATH fd of the parent */
	const char *base; /* last component */
	const char *key; /* whole path, links followed: what tree.written knows */
};

static void place_done(struct place *p)
{
	p->dir = fd_close(p->dir);
}

/* ---- paths ---- */

static int open_in(const struct tree *t, const char *path, int flags)
{
	const struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC), .resolve = RESOLVE_IN_ROOT };

	return (int)syscall(SYS_openat2, t->root, *path ? path : ".", &how, sizeof(how));
}

static int dirs_make(struct tree *t, const char *path, unsigned links, struct error *e);

/* The target of a link at @path that leads to what is not there yet. */
static int link_target_make(struct tree *t, const char *path, unsigned links, struct error *e)
{
	const char *slash = strrchr(path, '/');
	char target[PATH_MAX];
	int dir = slash ? open_in(t, arena_strndup(&t->arena, path, (size_t)(slash - path)), O_PATH | O_DIRECTORY) : open_in(t, "", O_PATH);
	ssize_t n = dir >= 0 ? readlinkat(dir, slash ? slash + 1 : path, target, sizeof(target) - 1) : -1;

	(void)fd_close(dir);
	if (n <= 0)
		return error_set(e, ENOTDIR, "%s is no directory", path);
	target[n] = '\0';
	if (links >= LINKS_MAX)
		return error_set(e, ELOOP, "%s is one symbolic link too many", path);
	if (*target == '/' || !slash)
		return dirs_make(t, arena_strdup(&t->arena, target), links + 1, e);
	return dirs_make(t, arena_printf(&t->arena, "%.*s/%s", (int)(slash - path), path, target), links + 1, e);
}

/* Makes what is missing of @path, which may hold ".." where it comes from a link. */
static int dirs_make(struct tree *t, const char *path, unsigned links, struct error *e)
{
	char *copy = arena_strdup(&t->arena, path);
	int up = open_in(t, "", O_PATH | O_DIRECTORY), r = up < 0 ? error_errno(e, errno, "open the root") : 0;

	for (char *s = copy + strspn(copy, "/"); r == 0 && *s;) {
		char *end = s + strcspn(s, "/"), kept = *end;
		int down;

		*end = '\0';
		down = open_in(t, copy, O_PATH | O_DIRECTORY);
		if (down < 0 && errno == ENOENT && strcmp(s, "..") != 0) {
			if (mkdirat(up, s, 0755) < 0)
				r = errno == EEXIST ? link_target_make(t, copy, links, e) : error_errno(e, errno, "make %s", copy);
			down = r == 0 ? open_in(t, copy, O_PATH | O_DIRECTORY) : -1;
		}
		if (r == 0 && down < 0)
			r = error_errno(e, errno, "open %s", copy);
		(void)fd_close(up);
		up = down;
		*end = kept;
		s = end + strspn(end, "/");
	}
	(void)fd_close(up);
	return r;
}

/* The path that a descriptor has now, links followed. */
static const char *fd_path(struct tree *t, int fd)
{
	char proc[PROC_PATH], path[PATH_MAX];
	ssize_t n;

	(void)snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	n = readlink(proc, path, sizeof(path) - 1);
	return arena_strndup(&t->arena, path, n > 0 ? (size_t)n : 0);
}

/* @path: clean, not empty */
static int place_find(struct tree *t, const char *path, bool make, struct place *ret, struct error *e)
{
	const char *slash = strrchr(path, '/');
	const char *parent = slash ? arena_strndup(&t->arena, path, (size_t)(slash - path)) : "";
	int fd = open_in(t, parent, O_PATH | O_DIRECTORY);

	if (fd < 0 && errno == ENOENT && make) {
		const int r = dirs_make(t, parent, 0, e);

		if (r < 0)
			return r;
		fd = open_in(t, parent, O_PATH | O_DIRECTORY);
	}
	if (fd < 0)
		return error_errno(e, errno, "open directory '%s'", parent);
	*ret = (struct place){ .dir = fd, .base = slash ? slash + 1 : path };
	ret->key = arena_printf(&t->arena, "%s/%s", fd_path(t, fd), ret->base);
	return 0;
}

/* ---- whiteouts ---- */

static int remove_at(int dir, const char *name, struct error *e)
{
	char proc[PROC_PATH];

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	(void)snprintf(proc, sizeof(proc), "/proc/self/fd/%d", dir);
	return rootfs_remove(proc, name, e);
}

static int hide(struct tree *t, int dir, const char *name, const char *key, unsigned depth, struct error *e);

/* All that lower layers have in @dir, which is taken. */
static int hide_inside(struct tree *t, int dir, const char *key, unsigned depth, struct error *e)
{
	_cleanup_closedir_ DIR *d = dir >= 0 ? fdopendir(dir) : NULL;
	int r = d ? 0 : error_errno(e, errno, "open %s", key);

	if (!d)
		(void)fd_close(dir);
	for (const struct dirent *ent = d ? readdir(d) : NULL; ent && r == 0; ent = readdir(d))
		if (strcmp(ent->d_name, ".") != 0 && strcmp(ent->d_name, "..") != 0)
			r = hide(t, dirfd(d), ent->d_name, arena_printf(&t->arena, "%s/%s", key, ent->d_name), depth + 1, e);
	return r;
}

static int hide(struct tree *t, int dir, const char *name, const char *key, unsigned depth, struct error *e)
{
	int sub;

	if (strmap_get(&t->written, key) < 0)
		return remove_at(dir, name, e);
	if (depth > DEPTH_MAX)
		return error_set(e, E2BIG, "directories are nested too deep");
	sub = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (sub < 0) /* a file of this layer's own */
		return 0;
	return hide_inside(t, sub, key, depth, e);
}

static int whiteout(struct tree *t, const struct place *p, struct error *e)
{
	const char *name = p->base + strlen(".wh.");
	const char *parent = arena_strndup(&t->arena, p->key, (size_t)(strrchr(p->key, '/') - p->key));

	if (strcmp(name, ".wh..opq") == 0)
		return hide_inside(t, openat(p->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), parent, 0, e);
	if (strncmp(name, ".wh.", 4) == 0) /* what AUFS keeps for itself */
		return 0;
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return error_set(e, EINVAL, "a whiteout of nothing");
	return hide(t, p->dir, name, arena_printf(&t->arena, "%s/%s", parent, name), 0, e);
}

/* ---- making ---- */

static void digest_text(struct tree *t, const char *text)
{
	if (t->digest)
		digest_add(t->digest, text ? text : "", text ? strlen(text) + 1 : 1);
}

static int block_write(int fd, const char *data, size_t n, off_t at, struct error *e)
{
	while (n) {
		const ssize_t done = pwrite(fd, data, n, at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return error_errno(e, done < 0 ? errno : ENOSPC, "write");
		data += done;
		at += done;
		n -= (size_t)done;
	}
	return 0;
}

static int room_take(struct tree *t, int64_t n, struct error *e)
{
	t->room -= n;
	return t->room < 0 ? error_set(e, ENOSPC, "there is not enough free space for what it unpacks to") : 0;
}

static int contents_write(struct tree *t, struct archive *in, int fd, struct error *e)
{
	for (;;) {
		const void *data;
		size_t n;
		la_int64_t at;
		const int got = archive_read_data_block(in, &data, &n, &at);
		int r;

		if (got == ARCHIVE_EOF)
			return 0;
		if (got < ARCHIVE_WARN)
			return error_set(e, EBADMSG, "%s", archive_error_string(in));
		if (tree_interrupted)
			return error_set(e, EINTR, "interrupted");
		r = room_take(t, (int64_t)n, e);
		if (r == 0)
			r = block_write(fd, data, n, at, e);
		if (r < 0)
			return r;
		if (t->digest)
			digest_add(t->digest, data, n);
	}
}

static int file_make(struct tree *t, struct archive *in, struct archive_entry *ent, const struct place *p, struct error *e)
{
	const int64_t size = archive_entry_size_is_set(ent) ? archive_entry_size(ent) : -1;
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (size > t->room)
		return error_set(e, EFBIG, "it is said to be %lld bytes long, more than there is room for", (long long)size);
	fd = openat(p->dir, p->base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(e, errno, "create it");
	r = contents_write(t, in, fd, e);
	if (r == 0 && size > 0 && ftruncate(fd, size) < 0) /* it may end in a hole */
		r = error_errno(e, errno, "write");
	return r;
}

static int hardlink_make(struct tree *t, const struct place *p, const char *to, struct error *e)
{
	const char *path = image_path_clean(&t->arena, to);
	_cleanup_(place_done) struct place other = { .dir = -EBADF };
	int r;

	if (!path || !*path)
		return error_set(e, EINVAL, "its hard link leads out: '%s'", to);
	r = place_find(t, path, false, &other, e);
	if (r < 0)
		return r;
	if (strcmp(other.key, p->key) == 0)
		return error_set(e, EINVAL, "it is a hard link to itself");
	/* Only now: it must not be what the link is to. */
	r = remove_at(p->dir, p->base, e);
	if (r == 0 && linkat(other.dir, other.base, p->dir, p->base, 0) < 0)
		r = error_errno(e, errno, "link it to '%s'", to);
	return r;
}

/* Those that every container has, and that do no harm. */
static bool device_is_harmless(mode_t type, unsigned maj, unsigned min)
{
	static const unsigned good[][2] = { { 1, 3 }, { 1, 5 }, { 1, 7 }, { 1, 8 }, { 1, 9 }, { 5, 0 }, { 5, 2 }, { 10, 200 } };

	for (size_t i = 0; type == S_IFCHR && i < ARRAY_SIZE(good); i++)
		if (good[i][0] == maj && good[i][1] == min)
			return true;
	return false;
}

/* Return: 1 when it is left out. */
static int node_make(struct tree *t, struct archive_entry *ent, const struct place *p, struct error *e)
{
	const mode_t type = archive_entry_filetype(ent);
	const unsigned maj = (unsigned)archive_entry_rdevmajor(ent), min = (unsigned)archive_entry_rdevminor(ent);

	if (type != S_IFIFO && !device_is_harmless(type, maj, min)) {
		t->left_out += type != S_IFSOCK;
		return 1;
	}
	if (mknodat(p->dir, p->base, type | 0600, type == S_IFIFO ? 0 : makedev(maj, min)) < 0)
		return error_errno(e, errno, "make it");
	return 0;
}

static int dir_make(const struct place *p, struct error *e)
{
	struct stat st;

	if (fstatat(p->dir, p->base, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
		return 0;
	if ((unlinkat(p->dir, p->base, 0) < 0 && errno != ENOENT) || mkdirat(p->dir, p->base, 0700) < 0)
		return error_errno(e, errno, "make it");
	return 0;
}

/* Return: 1 when it is left out. */
static int thing_make(struct tree *t, struct archive *in, struct archive_entry *ent, const struct place *p, struct error *e)
{
	const char *link = archive_entry_hardlink(ent);
	const mode_t type = archive_entry_filetype(ent);
	int r;

	if (link)
		return hardlink_make(t, p, link, e);
	if (type == S_IFDIR)
		return dir_make(p, e);
	r = remove_at(p->dir, p->base, e);
	if (r < 0)
		return r;
	if (type == S_IFREG)
		return file_make(t, in, ent, p, e);
	if (type != S_IFLNK)
		return node_make(t, ent, p, e);
	link = archive_entry_symlink(ent);
	digest_text(t, link);
	return symlinkat(link ? link : "", p->dir, p->base) < 0 ? error_errno(e, errno, "make the link") : 0;
}

/* ---- what else belongs to it ---- */

static bool xattr_is_taken(const char *name)
{
	return strcmp(name, "security.capability") == 0 ||
	       (strncmp(name, "user.", 5) == 0 && strncmp(name, "user.overlay.", 13) != 0);
}

static int xattrs_set(struct tree *t, struct archive_entry *ent, const char *path, struct error *e)
{
	const char *name;
	const void *value;
	size_t n;

	(void)archive_entry_xattr_reset(ent);
	while (archive_entry_xattr_next(ent, &name, &value, &n) == ARCHIVE_OK) {
		if (!name || !xattr_is_taken(name))
			continue;
		digest_text(t, name);
		/* Links cannot have those of users, and some file systems none at all. */
		if (lsetxattr(path, name, value, n, 0) < 0 && errno != EPERM && errno != EOPNOTSUPP)
			return error_errno(e, errno, "set %s", name);
	}
	return 0;
}

static struct timespec mtime_of(struct archive_entry *ent)
{
	return (struct timespec){ .tv_sec = archive_entry_mtime(ent), .tv_nsec = archive_entry_mtime_nsec(ent) };
}

/* In this order: who owns it changes set-uid bits and capabilities. */
static int metadata_set(struct tree *t, struct archive_entry *ent, int dir, const char *base, struct error *e)
{
	const int64_t uid = archive_entry_uid(ent), gid = archive_entry_gid(ent);
	const mode_t type = archive_entry_filetype(ent);
	const struct timespec times[2] = { mtime_of(ent), mtime_of(ent) };
	char path[PROC_PATH + NAME_MAX + 1];
	int r;

	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
		return error_set(e, ERANGE, "its owner %lld:%lld is none", (long long)uid, (long long)gid);
	if (fchownat(dir, base, (uid_t)uid, (gid_t)gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(e, errno, "set its owner");
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir, base);
	r = xattrs_set(t, ent, path, e);
	if (r == 0 && type != S_IFLNK && fchmodat(dir, base, archive_entry_perm(ent) & 07777, 0) < 0)
		r = error_errno(e, errno, "set its mode");
	if (r == 0 && type != S_IFDIR && utimensat(dir, base, times, AT_SYMLINK_NOFOLLOW) < 0)
		r = error_errno(e, errno, "set its time");
	return r;
}

static void remember_dir(struct tree *t, struct archive_entry *ent, const char *path)
{
	*ARENA_PUSH(&t->arena, t->dirs, t->n_dirs) = (struct tree_dir){ path, mtime_of(ent) };
}

/* The directories above it are this layer's as well: a whiteout of one hides what else is in it. */
static void remember_written(struct tree *t, const char *key)
{
	const size_t n = strlen(t->path);

	while (strlen(key) > n && strmap_put(&t->written, key, 0))
		key = arena_strndup(&t->arena, key, (size_t)(strrchr(key, '/') - key));
}

static int put_root(struct tree *t, struct archive_entry *ent, struct error *e)
{
	if (archive_entry_filetype(ent) != S_IFDIR)
		return error_set(e, EINVAL, "it is no directory");
	remember_dir(t, ent, "");
	return metadata_set(t, ent, t->root, ".", e);
}

static int put_at(struct tree *t, struct archive *in, struct archive_entry *ent, const char *path, struct error *e)
{
	_cleanup_(place_done) struct place p = { .dir = -EBADF };
	int r = place_find(t, path, true, &p, e);

	if (r < 0)
		return r;
	if (strlen(p.base) > NAME_MAX)
		return error_set(e, ENAMETOOLONG, "its name is too long");
	if (!t->literal && strncmp(p.base, ".wh.", 4) == 0)
		return whiteout(t, &p, e);
	r = thing_make(t, in, ent, &p, e);
	if (r != 0)
		return r < 0 ? r : 0;
	remember_written(t, p.key);
	if (archive_entry_filetype(ent) == S_IFDIR)
		remember_dir(t, ent, arena_strdup(&t->arena, path));
	return archive_entry_hardlink(ent) ? 0 : metadata_set(t, ent, p.dir, p.base, e);
}

static void digest_entry(struct tree *t, struct archive_entry *ent, const char *path)
{
	if (!t->digest)
		return;
	digest_text(t, path);
	digest_text(t, archive_entry_hardlink(ent));
	digest_text(t, arena_printf(&t->arena, "%o %lld:%lld %lld %lld", archive_entry_mode(ent), (long long)archive_entry_uid(ent),
				    (long long)archive_entry_gid(ent), (long long)archive_entry_size(ent),
				    (long long)archive_entry_mtime(ent)));
}

int tree_put(struct tree *t, struct archive *in, struct archive_entry *ent, struct error *e)
{
	const char *name = archive_entry_pathname(ent), *path;
	int r;

	if (!name)
		name = archive_entry_pathname_utf8(ent);
	if (!name)
		return error_set(e, EILSEQ, "it has an entry whose name cannot be read");
	path = image_path_clean(&t->arena, name);
	if (!path)
		return error_set(e, EINVAL, "entry '%.200s' leads out of the image", name);
	if (++t->entries > ENTRIES_MAX)
		return error_set(e, E2BIG, "it has more than %d files", ENTRIES_MAX);
	if (tree_interrupted)
		return error_set(e, EINTR, "interrupted");
	digest_entry(t, ent, path);
	r = *path ? put_at(t, in, ent, path, e) : put_root(t, ent, e);
	return r < 0 ? error_wrap(e, "entry '%.200s'", name) : 0;
}

/* ---- the whole ---- */

int tree_open(struct tree *t, int dir, const char *name, struct error *e)
{
	struct statvfs sv;

	t->root = -EBADF;
	if (mkdirat(dir, name, 0755) < 0)
		return error_errno(e, errno, "make the directory %s", name);
	t->root = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (t->root < 0 || fchmod(t->root, 0755) < 0 || fstatvfs(t->root, &sv) < 0)
		return error_errno(e, errno, "open the directory %s", name);
	(void)snprintf(t->path, sizeof(t->path), "%s", fd_path(t, t->root));
	t->room = (int64_t)MIN_OF((uint64_t)sv.f_bavail * sv.f_frsize, (uint64_t)INT64_MAX) - RESERVE;
	return 0;
}

int tree_layer_end(struct tree *t, struct error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->n_dirs; i++) {
		const struct timespec times[2] = { t->dirs[i].mtime, t->dirs[i].mtime };
		_cleanup_close_ int fd = open_in(t, t->dirs[i].path, O_RDONLY | O_DIRECTORY);

		/* It may have been replaced since. */
		if (fd >= 0 && futimens(fd, times) < 0)
			r = error_errno(e, errno, "set the time of %s", t->dirs[i].path);
	}
	strmap_done(&t->written);
	arena_done(&t->arena);
	t->written = (struct strmap){ 0 };
	t->dirs = NULL;
	t->n_dirs = 0;
	return r;
}

void tree_measure(const char *path, int64_t *ret_size, int64_t *ret_files)
{
	char *paths[] = { (char *)path, NULL };
	FTS *f = fts_open(paths, FTS_PHYSICAL, NULL);

	*ret_size = *ret_files = 0;
	for (const FTSENT *ent = f ? fts_read(f) : NULL; ent; ent = fts_read(f)) {
		if (ent->fts_info == FTS_DP || ent->fts_level == 0)
			continue;
		*ret_files += 1;
		if (ent->fts_info == FTS_F)
			*ret_size += ent->fts_statp->st_size / (int64_t)ent->fts_statp->st_nlink;
	}
	if (f)
		(void)fts_close(f);
}

void tree_done(struct tree *t)
{
	t->root = fd_close(t->root);
	strmap_done(&t->written);
	arena_done(&t->arena);
}
