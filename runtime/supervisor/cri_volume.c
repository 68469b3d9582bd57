// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cri_volume.c - what a pod's containers find mounted
 *
 * emptyDirs and files are directories of the lab's tmpfs, p/UID/VOLUME. Files are laid out as kubelet's atomic writer
 * does it: VOLUME/NAME -> ..data/NAME, ..data -> ..SOMETHING, so that all of them change at once. A hostPath is a path
 * in the node's root, looked up there whatever links it has, and bound from the node's own mounts. A subPath never
 * leaves its volume (CVE-2017-1002101, CVE-2021-25741): the kernel follows it, in one go, to the very descriptor that
 * is mounted. A container has CAP_SYS_ADMIN, so that "read-only" binds its honest processes only: what is in a volume
 * may be made by anybody, and nothing here follows a link that is in one.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/base64.h"
#include "cluster/jsonutil.h"
#include "engine/noderoot.h"
#include "kernel/fault.h"
#include "kernel/rootfs.h"
#include "supervisor/cri_internal.h"

enum { PATH_LEN = 1024, FRESH_LEN = 40 };

static const char *fs_dir(const struct pod *pod)
{
	return pod->node->cri->fs_dir;
}

static pid_t node_pid(const struct pod *pod)
{
	return pod->node->cri->run->engine.nodes[pod->node->index].pid;
}

static const json_t *volume_find(const struct pod *pod, const char *name)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(pod->spec, "volumes"), i, v)
		if (strcmp(json_text(v, "name", NULL), name) == 0)
			return v;
	return NULL;
}

static bool volume_is(const json_t *volume, const char *type)
{
	return strcmp(json_text(volume, "type", NULL), type) == 0;
}

static int volume_open(const struct pod *pod, const char *name, int flags, struct error *e)
{
	char path[PATH_LEN];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/p/%s/%s", fs_dir(pod), pod->uid, name);
	fd = open(path, flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_errno(e, errno, "open volume %s", name) : fd;
}

/* ---- paths inside a volume, whose links may be a container's ---- */

static int open_beneath(int dirfd, const char *path, uint64_t flags)
{
	const struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	const int fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

/* Directory @path ("", "a/b") of the volume, made where it is not there. Return: O_PATH fd, or -errno. */
static int dirs_beneath(int volume, const char *path)
{
	char part[PATH_LEN];
	_cleanup_close_ int at = fcntl(volume, F_DUPFD_CLOEXEC, 3);

	(void)snprintf(part, sizeof(part), "%s", path);
	for (char *save = NULL, *name = strtok_r(part, "/", &save); name; name = strtok_r(NULL, "/", &save)) {
		int next;

		if (mkdirat(at, name, 0755) < 0 && errno != EEXIST)
			return -errno;
		next = open_beneath(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
		if (next < 0)
			return next;
		(void)close(at);
		at = next;
	}
	return TAKE_FD(at);
}

/* ---- files ---- */

/* "a/b": no component that leads elsewhere. */
static bool path_is_plain(const char *path)
{
	for (const char *p = path;; p++) {
		const size_t n = strcspn(p, "/");

		if (n == 0 || (n == 1 && p[0] == '.') || (n >= 2 && p[0] == '.' && p[1] == '.'))
			return false;
		p += n;
		if (!*p)
			return strlen(path) < PATH_LEN / 2;
	}
}

static int file_create(int dirfd, const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	_cleanup_close_ int parent = -EBADF;
	char dir[PATH_LEN];

	(void)snprintf(dir, sizeof(dir), "%.*s", (int)(name - path), path);
	parent = dirs_beneath(dirfd, dir);
	return parent < 0 ? parent : openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static int file_write(int dirfd, const char *path, const json_t *file, struct error *e)
{
	const json_t *data = json_object_get(file, "data");
	_cleanup_strbuf_ struct strbuf bytes = { 0 };
	_cleanup_close_ int fd = -EBADF;

	if (!path_is_plain(path))
		return error_set(e, EINVAL, "'%s' cannot be the path of a file in a volume", path);
	if (base64_decode(&bytes, json_string_value(data) ? json_string_value(data) : "", json_string_length(data)) < 0)
		return error_set(e, EINVAL, "file %s: its data is no base64", path);
	errno = 0;
	fd = fault_fails("create a volume's file") ? -1 : file_create(dirfd, path);
	if (fd < 0 || write(fd, strbuf_str(&bytes), bytes.len) != (ssize_t)bytes.len ||
	    fchmod(fd, (mode_t)json_int(file, 0644, "mode", NULL) & 0777) < 0)
		return error_errno(e, errno ? errno : ENOSPC, "write %s", path);
	return 0;
}

/* The names at the top of the volume: one a first component, and none that leads nowhere. */
static void links_update(int dirfd, const json_t *files)
{
	_cleanup_closedir_ DIR *dir = fdopendir(openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const char *path;
	json_t *file;

	json_object_foreach((json_t *)(uintptr_t)files, path, file) {
		char name[PATH_LEN], target[PATH_LEN + 16];

		(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(path, "/"), path);
		(void)snprintf(target, sizeof(target), "..data/%s", name);
		(void)!symlinkat(target, dirfd, name);
	}
	for (const struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir))
		if (d->d_type == DT_LNK && strcmp(d->d_name, "..data") != 0 && faccessat(dirfd, d->d_name, F_OK, 0) < 0)
			(void)unlinkat(dirfd, d->d_name, 0);
}

static int files_write(int dirfd, const char *fresh, const json_t *files, struct error *e)
{
	_cleanup_close_ int dir = -EBADF;
	const char *path;
	json_t *file;
	int r = 0;

	if (fault_fails("mkdir in a volume") || mkdirat(dirfd, fresh, 0755) < 0)
		return error_errno(e, errno, "mkdir %s", fresh);
	dir = openat(dirfd, fresh, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return error_errno(e, errno, "open %s", fresh);
	json_object_foreach((json_t *)(uintptr_t)files, path, file) {
		if (r == 0)
			r = file_write(dir, path, file, e);
	}
	if (r == 0 && (symlinkat(fresh, dirfd, "..data_tmp") < 0 || renameat(dirfd, "..data_tmp", dirfd, "..data") < 0))
		r = error_errno(e, errno, "switch to %s", fresh);
	return r;
}

/* What "..data" led to, by a name that files_write() could have given; else "". */
static void data_read(int dirfd, char buf[FRESH_LEN])
{
	const ssize_t n = readlinkat(dirfd, "..data", buf, FRESH_LEN - 1);

	buf[n > 0 ? n : 0] = '\0';
	if (strncmp(buf, "..", 2) != 0 || buf[2] < '0' || buf[2] > '9' || strchr(buf, '/'))
		buf[0] = '\0';
}

int volume_set_files(const struct pod *pod, const char *volume, const json_t *files, struct error *e)
{
	const json_t *v = volume_find(pod, volume);
	_cleanup_close_ int dirfd = -EBADF;
	char fresh[FRESH_LEN], old[FRESH_LEN], gone[PATH_LEN];
	struct timespec now;
	int r;

	if (!v || !volume_is(v, "files"))
		return error_set(e, ENOENT, "pod %s has no volume '%s' of files", pod->uid, volume);
	dirfd = volume_open(pod, volume, O_RDONLY, e);
	if (dirfd < 0)
		return dirfd;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)snprintf(fresh, sizeof(fresh), "..%lld.%09ld", (long long)now.tv_sec, now.tv_nsec);
	data_read(dirfd, old);
	r = files_write(dirfd, fresh, files, e);
	if (r == 0)
		links_update(dirfd, files);
	(void)snprintf(gone, sizeof(gone), "p/%s/%s/%s", pod->uid, volume, r < 0 ? fresh : old);
	if (r < 0 || old[0])
		(void)rootfs_remove(fs_dir(pod), gone, NULL);
	return r;
}

/* ---- hostPath ---- */

enum make { MAKE_NOTHING, MAKE_DIR, MAKE_FILE };

/* Kubernetes' hostPath types; without one, containerd makes a directory where nothing is. */
static const struct {
	const char *type;
	mode_t want;
	enum make make;
	const char *what;
} host_types[] = {
	{ "", 0, MAKE_DIR, "" },
	{ "Directory", S_IFDIR, MAKE_NOTHING, "a directory" },
	{ "DirectoryOrCreate", S_IFDIR, MAKE_DIR, "a directory" },
	{ "File", S_IFREG, MAKE_NOTHING, "a file" },
	{ "FileOrCreate", S_IFREG, MAKE_FILE, "a file" },
	{ "Socket", S_IFSOCK, MAKE_NOTHING, "a socket" },
	{ "CharDevice", S_IFCHR, MAKE_NOTHING, "a character device" },
	{ "BlockDevice", S_IFBLK, MAKE_NOTHING, "a block device" },
};

static int node_open(pid_t pid, const char *path, int flags)
{
	path += strspn(path, "/");
	return noderoot_open(pid, *path ? path : ".", flags);
}

static int node_make(pid_t pid, const char *path, enum make make, struct error *e)
{
	char dir[PATH_LEN];
	const char *name = strrchr(path, '/');
	_cleanup_close_ int parent = -EBADF, fd = -EBADF;

	name = name ? name + 1 : path;
	if (!*name)
		return 0; /* "a//b", "a/": done with what is before the slash */
	(void)snprintf(dir, sizeof(dir), "%.*s", (int)(name - path), path);
	parent = node_open(pid, dir, O_PATH | O_DIRECTORY);
	if (parent < 0)
		return error_errno(e, -parent, "hostPath %s", path);
	if (make == MAKE_DIR)
		return mkdirat(parent, name, 0755) < 0 && errno != EEXIST ? error_errno(e, errno, "hostPath %s", path) : 0;
	fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	return fd < 0 && errno != EEXIST ? error_errno(e, errno, "hostPath %s", path) : 0;
}

static int node_make_all(pid_t pid, const char *path, enum make make, struct error *e)
{
	char part[PATH_LEN];
	int r = 0;

	if (strlen(path) >= sizeof(part))
		return error_set(e, ENAMETOOLONG, "hostPath %s", path);
	(void)snprintf(part, sizeof(part), "%s", path);
	for (char *s = make == MAKE_DIR ? strchr(part + 1, '/') : NULL; s && r == 0; s = strchr(s + 1, '/')) {
		*s = '\0';
		r = node_make(pid, part, MAKE_DIR, e);
		*s = '/';
	}
	return r < 0 ? r : node_make(pid, path, make, e);
}

static int host_check(const struct pod *pod, const json_t *v, struct error *e)
{
	const char *path = json_text(v, "path", NULL), *type = json_text(v, "hostType", NULL);
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	size_t i = 0;
	int r;

	while (i < ARRAY_SIZE(host_types) && strcmp(host_types[i].type, type) != 0)
		i++;
	if (i == ARRAY_SIZE(host_types) || path[0] != '/')
		return error_set(e, EINVAL, "hostPath %s: unknown type '%s'", path, type);
	fd = node_open(node_pid(pod), path, O_PATH);
	if (fd == -ENOENT && host_types[i].make != MAKE_NOTHING) {
		r = node_make_all(node_pid(pod), path, host_types[i].make, e);
		if (r < 0)
			return r;
		fd = node_open(node_pid(pod), path, O_PATH);
	}
	if (host_types[i].want && (fd < 0 || fstat(fd, &st) < 0 || (st.st_mode & S_IFMT) != host_types[i].want))
		return error_set(e, EINVAL, "hostPath type check failed: %s is not %s", path, host_types[i].what);
	return fd < 0 ? error_errno(e, -fd, "hostPath %s", path) : 0;
}

/* ---- all of a pod's ---- */

static int volume_make(const struct pod *pod, const json_t *v, struct error *e)
{
	const char *name = json_text(v, "name", NULL);
	char path[PATH_LEN];

	if (!state_name_valid(name))
		return error_set(e, EINVAL, "'%s' cannot be the name of a volume", name);
	if (volume_is(v, "host"))
		return host_check(pod, v, e);
	(void)snprintf(path, sizeof(path), "%s/p/%s/%s", fs_dir(pod), pod->uid, name);
	if (fault_fails("make a volume") || mkdir(path, 0755) < 0)
		return error_errno(e, errno, "make volume %s", name);
	if (volume_is(v, "files"))
		return volume_set_files(pod, name, json_object_get(v, "files"), e);
	return chmod(path, 0777) < 0 ? error_errno(e, errno, "make volume %s", name) : 0;
}

int cri_volumes_make(struct pod *pod, struct error *e)
{
	const json_t *volumes = json_object_get(pod->spec, "volumes");
	char path[PATH_LEN];
	json_t *v;
	size_t i;
	int r = 0;

	if (json_array_size(volumes) == 0)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/p/%s", fs_dir(pod), pod->uid);
	if (fault_fails("make a pod's volumes") || (mkdir(path, 0755) < 0 && errno != EEXIST))
		return error_errno(e, errno, "mkdir p/%s", pod->uid);
	json_array_foreach(volumes, i, v) {
		if (r == 0)
			r = volume_make(pod, v, e);
	}
	return r;
}

void volumes_remove(const struct pod *pod)
{
	char path[PATH_LEN];

	(void)snprintf(path, sizeof(path), "p/%s", pod->uid);
	if (json_array_size(json_object_get(pod->spec, "volumes")))
		(void)rootfs_remove(fs_dir(pod), path, NULL);
}

/* ---- mounts of a container ---- */

/* O_PATH fd of what is to be mounted. */
static int mount_source(const struct pod *pod, const json_t *v, const char *sub, struct error *e)
{
	const char *name = json_text(v, "name", NULL), *path = json_text(v, "path", NULL);
	const bool host = volume_is(v, "host");
	_cleanup_close_ int volume = host ? node_open(node_pid(pod), path, O_PATH) : volume_open(pod, name, O_PATH, e);
	int fd;

	if (volume < 0)
		return host ? error_errno(e, -volume, "hostPath %s", path) : volume;
	if (!*sub)
		return TAKE_FD(volume);
	fd = path_is_plain(sub) ? open_beneath(volume, sub, O_PATH) : -EINVAL;
	if (fd == -ENOENT && !volume_is(v, "files"))
		fd = dirs_beneath(volume, sub);
	return fd < 0 ? error_errno(e, -fd, "subPath %s of volume %s", sub, name) : fd;
}

static int mount_open(const struct pod *pod, const json_t *m, struct mounts *ret, struct error *e)
{
	const char *name = json_text(m, "volume", NULL), *dst = json_text(m, "path", NULL);
	const json_t *v = volume_find(pod, name);
	struct sandbox_bind *b = &ret->binds[ret->n];
	_cleanup_close_ int source = -EBADF;

	if (!v)
		return error_set(e, ENOENT, "the pod has no volume '%s'", name);
	if (dst[0] != '/' || !dst[1])
		return error_set(e, EINVAL, "volume %s cannot be mounted on '%s'", name, dst);
	source = mount_source(pod, v, json_text(m, "subPath", NULL), e);
	if (source < 0)
		return source;
	*b = (struct sandbox_bind){ .src = name, .dst = dst, .has_fd = true, .has_mntns = volume_is(v, "host"),
				    .ro = json_bool(m, "readOnly", NULL) || volume_is(v, "files") };
	b->fd = b->has_mntns ? TAKE_FD(source) : rootfs_clone(source, e);
	if (b->fd < 0)
		return b->fd;
	ret->n++;
	return 0;
}

static int mounts_enterable(const struct pod *pod, struct mounts *m, struct error *e)
{
	char path[64];

	for (size_t i = 0; i < m->n; i++) {
		if (!m->binds[i].has_mntns)
			continue;
		if (m->mntns < 0) {
			(void)snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)node_pid(pod));
			m->mntns = fault_fails("open a node's mounts") ? -1 : open(path, O_RDONLY | O_CLOEXEC);
			if (m->mntns < 0)
				return error_errno(e, errno, "open the node's mounts");
		}
		m->binds[i].mntns = m->mntns;
	}
	return 0;
}

int mounts_open(const struct pod *pod, const json_t *mounts, struct mounts *ret, struct error *e)
{
	json_t *m;
	size_t i;
	int r = 0;

	*ret = (struct mounts){ .mntns = -EBADF };
	ret->binds = calloc(json_array_size(mounts) + 1, sizeof(*ret->binds));
	if (!ret->binds)
		return error_oom(e);
	json_array_foreach(mounts, i, m) {
		if (r == 0)
			r = mount_open(pod, m, ret, e);
	}
	if (r == 0)
		r = mounts_enterable(pod, ret, e);
	if (r < 0) {
		mounts_done(ret);
		return r;
	}
	sandbox_binds_sort(ret->binds, ret->n);
	return 0;
}

void mounts_done(struct mounts *m)
{
	for (size_t i = 0; i < m->n; i++)
		(void)fd_close(m->binds[i].fd);
	(void)fd_close(m->mntns);
	free(m->binds);
	*m = (struct mounts){ .mntns = -EBADF };
}
