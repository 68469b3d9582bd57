// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * state_dir.c - the directories of labs: who lives, and what is swept
 *
 * Theory of Operation
 *
 * A lab lives exactly as long as somebody holds flock(2) on its directory. The kernel drops the lock when the
 * last holder exits, also by kill -9, also when it stays a zombie; a pid or kill(pid, 0) would say otherwise.
 * Looking whether a lock is held means trying to take it, and two that look at the same time must not mistake
 * each other for the lab. So whoever tries holds the lock of the parent directory meanwhile: shared to look,
 * exclusive to take.
 *
 * Nothing is removed by a pattern. The files are those below the locked directory, reached through directory fds
 * that follow no symlink and cross no mount. The names in /run/netns are those that the state lists, and only
 * while they still point to the fds of the supervisor that it names: ip netns and other labs keep theirs.
 *
 * A crash in the middle of sweeping is swept again: state.json is the last file to go.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "engine/labdir.h"
#include "engine/state_internal.h"
#include "kernel/cgroup.h"
#include "kernel/fault.h"

enum { NAME_MAX_LEN = 200, TREE_DEPTH_MAX = 16, ROOT_ATTEMPTS = 100 };

/* In /run/netemu: we made /run/netns, but others still have names there. */
#define NETNS_MARK ".made-netns"

/* In /run/netemu: locked by a `run` that looks for a free subnet. Nobody but root can even open it. */
#define PLAN_LOCK ".planning"

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static const char *env_or(const char *name, const char *fallback)
{
	const char *v = getenv(name);

	return v && *v ? v : fallback;
}

const char *state_dir_root(void)
{
	return env_or("NETEMU_RUNDIR", "/run/netemu");
}

const char *state_dir_netns(void)
{
	return env_or("NETEMU_NETNSDIR", "/run/netns");
}

bool state_name_valid(const char *name)
{
	size_t n = strnlen(name, NAME_MAX_LEN + 1);

	if (n == 0 || n > NAME_MAX_LEN || !(isalnum((unsigned char)name[0]) || name[0] == '_'))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_.-|", name[i]))
			return false;
	return true;
}

/* ---- /run/netemu ---- */

static int root_check(int fd, struct error *e)
{
	struct stat sb;

	if (fstat(fd, &sb) < 0)
		return error_errno(e, errno, "%s", state_dir_root());
	if (sb.st_uid != geteuid() || (sb.st_mode & 022))
		return error_set(e, EPERM, "%s is not a directory that only root can write to: remove it",
				 state_dir_root());
	return sb.st_nlink == 0 ? -EAGAIN : 0; /* removed while we waited for the lock */
}

static int root_open_once(bool create, int lock, struct error *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (create && (fault_fails("mkdir /run/netemu") || (mkdir(state_dir_root(), 0700) < 0 && errno != EEXIST)))
		return error_errno(e, errno, "create %s", state_dir_root());
	fd = fault_fails("open /run/netemu") ? -1 : open(state_dir_root(), DIR_FLAGS);
	if (fd < 0 && errno == ENOENT)
		return create ? -EAGAIN : -ENOENT;
	if (fd < 0)
		return error_errno(e, errno, "open %s%s", state_dir_root(), errno == EACCES ? " (are you root?)" : "");
	while (fault_fails("lock /run/netemu") || flock(fd, lock) < 0)
		if (errno != EINTR)
			return error_errno(e, errno, "lock %s", state_dir_root());
	r = root_check(fd, e);
	return r < 0 ? r : TAKE_FD(fd);
}

int state_root_open(bool create, int lock, struct error *e)
{
	for (unsigned i = 0; i < ROOT_ATTEMPTS; i++) {
		int r = root_open_once(create, lock, e);

		if (r != -EAGAIN)
			return r;
	}
	return error_set(e, EAGAIN, "%s is removed again and again", state_dir_root());
}

/* ---- one lab ---- */

int state_lab_open(int root, const char *lab, struct error *e)
{
	int fd;

	if (!state_name_valid(lab))
		return error_set(e, EINVAL, "'%s' cannot be the name of a lab", lab);
	fd = fault_fails("open the lab's directory") ? -1 : openat(root, lab, DIR_FLAGS);
	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0)
		return error_errno(e, errno, "open %s/%s", state_dir_root(), lab);
	return fd;
}

bool state_lab_alive(int dirfd)
{
	if (flock(dirfd, LOCK_SH | LOCK_NB) < 0)
		return true;
	(void)flock(dirfd, LOCK_UN);
	return false;
}

static int name_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int state_dir_list(int root, struct arena *a, struct strv *ret, struct error *e)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct strv out = { 0 };
	int fd = openat(root, ".", DIR_FLAGS);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		int r = error_errno(e, errno, "list %s", state_dir_root());

		(void)fd_close(fd);
		return r;
	}
	for (const struct dirent *d = readdir(dir); d; d = readdir(dir))
		if (state_name_valid(d->d_name) && (d->d_type == DT_DIR || d->d_type == DT_UNKNOWN))
			strv_add(a, &out, d->d_name);
	if (out.n > 0)
		qsort(out.v, out.n, sizeof(*out.v), name_compare);
	*ret = out;
	return 0;
}

/* ---- removing ---- */

static int tree_clear(int dirfd, dev_t dev, unsigned depth, const char *keep, struct error *e);

static int tree_remove_dir(int parent, const char *name, dev_t dev, unsigned depth, struct error *e)
{
	_cleanup_close_ int fd = openat(parent, name, DIR_FLAGS);
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(e, errno, "open %s", name);
	r = tree_clear(fd, dev, depth, NULL, e);
	if (r < 0)
		return error_wrap(e, "%s", name);
	if (fault_fails("remove a directory") || (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT))
		return error_errno(e, errno, "remove %s", name);
	return 0;
}

static int tree_remove_entry(int parent, const char *name, dev_t dev, unsigned depth, struct error *e)
{
	struct stat sb;

	if (fstatat(parent, name, &sb, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : error_errno(e, errno, "%s", name);
	if (S_ISDIR(sb.st_mode) && sb.st_dev != dev)
		return error_set(e, EBUSY, "%s: something is mounted there", name);
	if (S_ISDIR(sb.st_mode))
		return tree_remove_dir(parent, name, dev, depth + 1, e);
	if (fault_fails("remove a file") || (unlinkat(parent, name, 0) < 0 && errno != ENOENT))
		return error_errno(e, errno, "remove %s", name);
	return 0;
}

/* Removes what is in @dirfd, but not @keep; goes on after a failure and reports the first. */
static int tree_clear(int dirfd, dev_t dev, unsigned depth, const char *keep, struct error *e)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int fd = depth > TREE_DEPTH_MAX ? (errno = ELOOP, -1) : fault_fails("list a directory") ? -1 : openat(dirfd, ".", DIR_FLAGS);
	int first = 0;

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		first = error_errno(e, errno, "list");
		(void)fd_close(fd);
		return first;
	}
	for (const struct dirent *d = readdir(dir); d; d = readdir(dir)) {
		int r;

		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (keep && strcmp(d->d_name, keep) == 0)
			continue;
		r = tree_remove_entry(dirfd, d->d_name, dev, depth, first ? NULL : e);
		if (r < 0 && first == 0)
			first = r;
	}
	return first;
}

int state_tree_remove(int parent, const char *name, struct error *e)
{
	struct stat sb;

	if (fstatat(parent, name, &sb, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : error_errno(e, errno, "%s", name);
	return tree_remove_entry(parent, name, sb.st_dev, 0, e);
}

static int netns_dir_open(void)
{
	return open(state_dir_netns(), DIR_FLAGS);
}

/* Whether /run/netns/NAME is the symlink that supervisor @pid was given. */
static bool netns_name_is_ours(int dirfd, const char *name, pid_t pid)
{
	char target[64], want[32];
	ssize_t n = readlinkat(dirfd, name, target, sizeof(target) - 1);
	int len = snprintf(want, sizeof(want), "/proc/%d/fd/", pid);

	if (n < 0)
		return false;
	target[n] = '\0';
	return strncmp(target, want, (size_t)len) == 0;
}

int state_netns_remove(const struct lab_state *st, struct error *e)
{
	_cleanup_close_ int dirfd = netns_dir_open();
	int first = 0;

	if (dirfd < 0 || st->supervisor <= 0)
		return 0;
	for (size_t i = 0; i < st->n_nodes; i++) {
		const char *name = st->nodes[i].longname;

		if (!netns_name_is_ours(dirfd, name, st->supervisor))
			continue;
		if ((fault_fails("remove a name in /run/netns") || unlinkat(dirfd, name, 0) < 0) && errno != ENOENT && first == 0)
			first = error_errno(e, errno, "remove %s/%s", state_dir_netns(), name);
	}
	return first;
}

/* Remembers that a lab made /run/netns, before its state, which says so, is removed. */
static void netns_dir_mark(int root)
{
	(void)fd_close(openat(root, NETNS_MARK, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
}

/*
 * Removes /run/netns when a lab made it and nobody has a name there any more. A later lab does it when others
 * still have some now.
 */
static void netns_dir_remove(int root)
{
	if (faccessat(root, NETNS_MARK, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if ((!fault_fails("remove /run/netns") && rmdir(state_dir_netns()) == 0) || errno == ENOENT)
		(void)unlinkat(root, NETNS_MARK, 0);
}

/* Removes everything of a locked lab but its directory. */
static int lab_clear(int root, const char *lab, int dirfd, struct error *e)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;
	struct error why = { 0 };
	struct stat sb;
	int r = state_read(dirfd, lab, &st, &why);

	if (r == -EPROTONOSUPPORT)
		return error_set(e, EPROTO, "%s", why.msg);
	r = st ? state_netns_remove(st, e) : 0;
	for (size_t i = 0; r == 0 && st && i < st->cgroups.n; i++)
		r = cgroup_remove(st->cgroups.v[i], e);
	if (r == 0)
		r = labdir_remove(lab, dirfd, e);
	if (fstat(dirfd, &sb) < 0)
		return error_errno(e, errno, "%s/%s", state_dir_root(), lab);
	if (r == 0)
		r = tree_clear(dirfd, sb.st_dev, 0, STATE_FILE, e);
	if (r == 0 && st && st->made_netns_dir)
		netns_dir_mark(root);
	if (r == 0 && (fault_fails("remove " STATE_FILE) || (unlinkat(dirfd, STATE_FILE, 0) < 0 && errno != ENOENT)))
		r = error_errno(e, errno, "remove " STATE_FILE);
	if (r == 0)
		netns_dir_remove(root);
	return r < 0 ? error_wrap(e, "%s/%s", state_dir_root(), lab) : 0;
}

/* Whether /run/netemu/LAB still is the directory that @dirfd stands for. */
static bool lab_is_linked(int root, const char *lab, int dirfd)
{
	struct stat name, fd;

	return fstatat(root, lab, &name, AT_SYMLINK_NOFOLLOW) == 0 && fstat(dirfd, &fd) == 0 &&
	       name.st_ino == fd.st_ino && name.st_dev == fd.st_dev;
}

/* Who has it open but not locked sees that it was removed. */
static void plan_lock_remove(int root)
{
	_cleanup_close_ int fd = openat(root, PLAN_LOCK, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)unlinkat(root, PLAN_LOCK, 0);
}

/* Removes /run/netemu when no lab is left. */
static int root_remove(int root, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strv labs = { 0 };
	int r = state_dir_list(root, &a, &labs, e);

	if (r < 0 || labs.n > 0)
		return r;
	netns_dir_remove(root);
	(void)unlinkat(root, NETNS_MARK, 0);
	plan_lock_remove(root);
	if ((fault_fails("remove /run/netemu") || rmdir(state_dir_root()) < 0) && errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT && errno != EBUSY)
		return error_errno(e, errno, "remove %s", state_dir_root());
	return 0;
}

static int lab_remove(int root, const char *lab, int dirfd, struct error *e)
{
	int r = lab_clear(root, lab, dirfd, e);

	if (r < 0)
		return r;
	if (lab_is_linked(root, lab, dirfd) &&
	    (fault_fails("remove the lab's directory") || (unlinkat(root, lab, AT_REMOVEDIR) < 0 && errno != ENOENT)))
		return error_errno(e, errno, "remove %s/%s", state_dir_root(), lab);
	return root_remove(root, e);
}

int state_remove(const char *lab, int dirfd, struct error *e)
{
	_cleanup_close_ int root = -EBADF;

	if (!state_name_valid(lab))
		return error_set(e, EINVAL, "'%s' cannot be the name of a lab", lab);
	root = openat(dirfd, "..", DIR_FLAGS);
	if (root < 0)
		return errno == ENOENT ? 0 : error_errno(e, errno, "open %s", state_dir_root());
	return lab_remove(root, lab, dirfd, e);
}

int state_lab_sweep(int root, const char *lab, struct error *e)
{
	_cleanup_close_ int dirfd = state_lab_open(root, lab, e);
	int r;

	if (dirfd < 0)
		return dirfd == -ENOENT ? 0 : dirfd;
	if (flock(dirfd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 : error_errno(e, errno, "lock %s/%s", state_dir_root(), lab);
	r = lab_remove(root, lab, dirfd, e);
	return r < 0 ? r : 1;
}

int state_sweep(struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int root = state_root_open(false, LOCK_EX, e);
	struct strv labs = { 0 };
	int r, first = 0, n = 0;

	if (root < 0)
		return root == -ENOENT ? 0 : root;
	r = state_dir_list(root, &a, &labs, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < labs.n; i++) {
		r = state_lab_sweep(root, labs.v[i], first ? NULL : e);
		if (r < 0 && first == 0)
			first = r;
		n += r > 0;
	}
	if (first == 0)
		first = root_remove(root, e);
	return first ? first : n;
}

/* ---- taking a lab's lock ---- */

static int lab_busy_error(int dirfd, const char *lab, struct error *e)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;

	if (state_read(dirfd, lab, &st, NULL) < 0 || st->supervisor <= 0)
		return error_set(e, EBUSY, "lab '%s' is being made or destroyed by another netemu", lab);
	if (strcmp(st->status, "running") != 0)
		return error_set(e, EBUSY, "lab '%s' is already being made (supervisor: pid %d)", lab, st->supervisor);
	return error_set(e, EBUSY, "lab '%s' is already running (supervisor: pid %d): --reconfigure replaces it", lab,
			 st->supervisor);
}

/* One attempt, under the root's lock; -EAGAIN: the directory went away in between. */
static int lab_lock_once(int root, const char *lab, struct error *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (fault_fails("mkdir the lab's directory") || (mkdirat(root, lab, 0700) < 0 && errno != EEXIST))
		return errno == ENOENT ? -EAGAIN : error_errno(e, errno, "create %s/%s", state_dir_root(), lab);
	fd = state_lab_open(root, lab, e);
	if (fd < 0)
		return fd == -ENOENT ? -EAGAIN : fd;
	if (fault_fails("lock the lab's directory") || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? lab_busy_error(fd, lab, e) :
					      error_errno(e, errno, "lock %s/%s", state_dir_root(), lab);
	if (!lab_is_linked(root, lab, fd))
		return -EAGAIN;
	r = lab_clear(root, lab, fd, e);
	return r < 0 ? r : TAKE_FD(fd);
}

int state_lock(const char *lab, struct error *e)
{
	if (!state_name_valid(lab))
		return error_set(e, EINVAL, "'%s' cannot be the name of a lab: letters, digits, '_', '.' and '-'", lab);
	for (unsigned i = 0; i < ROOT_ATTEMPTS; i++) {
		_cleanup_close_ int root = state_root_open(true, LOCK_EX, e);
		int r = root < 0 ? root : lab_lock_once(root, lab, e);

		if (r == -EAGAIN)
			continue;
		root = fd_close(root);
		if (r < 0 && r != -EBUSY)
			(void)state_sweep(NULL); /* what we may have made on the way */
		return r;
	}
	return error_set(e, EAGAIN, "lab '%s' is removed again and again", lab);
}

int state_lock_plan(int dirfd, struct error *e)
{
	for (unsigned i = 0; i < ROOT_ATTEMPTS; i++) {
		_cleanup_close_ int root = openat(dirfd, "..", DIR_FLAGS), fd = -EBADF;
		struct stat sb;

		fd = root < 0 || fault_fails("open the plan's lock") ? -1 :
		     openat(root, PLAN_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 || flock(fd, LOCK_EX) < 0 || fstat(fd, &sb) < 0)
			return error_errno(e, errno, "lock %s/" PLAN_LOCK, state_dir_root());
		if (sb.st_nlink)
			return TAKE_FD(fd);
	}
	return error_set(e, EAGAIN, "%s/" PLAN_LOCK " is removed again and again", state_dir_root());
}
