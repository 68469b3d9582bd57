// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sandbox.c - from a spec to a running PID 1
 *
 * Theory of Operation
 *
 * The child is made with vfork semantics (CLONE_VM | CLONE_VFORK): no page tables are copied, so a node costs the
 * same from a large supervisor as from a small one, and a failure in the child is simply written into the
 * caller's struct error. The price: until it execs, the child runs on the parent's memory and must leave it as it
 * was. NETEMU_SPAWN=fork chooses a plain fork with the error in a shared page, for valgrind.
 *
 * It runs on the parent's descriptors, too, where sandbox_prepare() was called: a supervisor with a thousand
 * containers has thousands of them, and to copy and close them all took half of a container's time. What init needs is
 * put on reserved low numbers (slots); then close_range(2) gives the child a table of its own with no more than those.
 *
 * Steps, in the child: network namespace; open the sources of binds while the host's files are in sight; overlay;
 * pivot_root into it and drop the old root. Only then come /proc, /sys, /dev/pts and the binds, so that every
 * path is resolved inside the node's own root, whatever symlinks a node left there on an earlier run.
 *
 * /proc/sys outside net, sysrq-trigger and their kin are read-only: uid 0 of a node is uid 0 of the host as far
 * as procfs is concerned, and could write the host's core_pattern. /sys is read-only but for the node's own
 * network devices.
 */
#include "kernel/sandbox.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "agent/proto.h"
#include "kernel/caps.h"
#include "kernel/cgroup.h"
#include "kernel/fault.h"
#include "kernel/netns.h"
#include "kernel/treecopy.h"

enum { CHILD_STACK = 256 * 1024 };

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

struct child {
	const struct sandbox_spec *spec;
	struct error *error; /* the parent's, or a shared page */
	int *bind_fds;
	bool shared_fds; /* until the slots are taken */
};

enum { SLOT_INIT, SLOT_EVENTS, SLOT_LISTEN, _SLOT_MAX, SLOT_LOWEST = 10 };

/* Reserved descriptors of the parent; 0: none. */
static int slots[SANDBOX_LANES][_SLOT_MAX];
static int slot_highest;

static const char *const proc_read_only[] = { "sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi", "asound", "mtrr", "driver",
					      "dynamic_debug" };
static const char *const proc_masked[] = { "kcore", "keys", "latency_stats", "timer_list", "sched_debug", "kpagecount", "kpageflags", "kmsg" };

static int do_mount(const char *what, const char *src, const char *dst, const char *type, unsigned long flags,
		    const void *data, struct error *e)
{
	const int r = fault_point(what);

	if (r < 0)
		return error_errno(e, -r, "mount %s", what);
	if (mount(src, dst, type ? type : "", flags, data) < 0) /* valgrind looks at an unused type, too */
		return error_errno(e, errno, "mount %s", what);
	return 0;
}

static const char *lower_layers(const struct sandbox_spec *s, char *buf, size_t size)
{
	if (s->image)
		(void)snprintf(buf, size, "%s:%s", s->layer, s->image);
	else
		(void)snprintf(buf, size, "%s%slayer/plain:/", s->layer ? s->layer : "", s->layer ? ":" : "");
	return buf;
}

static int overlay_root(const struct sandbox_spec *s, struct error *e)
{
	char opts[1024], lowers[640];

	(void)snprintf(opts, sizeof(opts), "lowerdir=%s,upperdir=n/%u/u,workdir=n/%u/w",
		       lower_layers(s, lowers, sizeof(lowers)), s->index, s->index);
	return do_mount("root overlay", "netemu", "root", "overlay", 0, opts, e);
}

/*
 * The upper layer over file system @i of the host, with the mode and owner of its root. What was written for the
 * node before it starts (rootfs_write()) was written for the root's upper layer: it moves here.
 */
static int upper_make(const struct sandbox_spec *s, size_t i, struct error *e)
{
	const char *path = s->host_mounts->v[i];
	char upper[64], work[64], written[600], host[600];
	struct stat st;

	(void)snprintf(upper, sizeof(upper), "n/%u/u.%zu", s->index, i);
	(void)snprintf(work, sizeof(work), "n/%u/w.%zu", s->index, i);
	(void)snprintf(written, sizeof(written), "n/%u/u/%s", s->index, path);
	(void)snprintf(host, sizeof(host), "/%s", path);
	if (fault_fails("mkdir upper layer") ||
	    (rename(written, upper) < 0 && mkdir(upper, 0755) < 0 && errno != EEXIST) ||
	    (mkdir(work, 0755) < 0 && errno != EEXIST))
		return error_errno(e, errno, "mkdir %s", upper);
	if (stat(host, &st) < 0 || chown(upper, st.st_uid, st.st_gid) < 0 || chmod(upper, st.st_mode & 07777) < 0)
		return error_errno(e, errno, "prepare %s like %s", upper, host);
	return 0;
}

/*
 * A file system of the host below /: an overlay of its own, whose upper layer is beside the root's. What cannot be a
 * lower layer (vfat, overlays on overlays) stays hidden, unless the system is in it.
 */
static int overlay_extra(const struct sandbox_spec *s, size_t i, struct error *e)
{
	const char *path = s->host_mounts->v[i];
	char opts[2048], dst[600], lowers[1024] = "";
	const char *const layers[] = { s->layer, "layer/plain" };
	struct error why = { 0 };
	int r;

	(void)snprintf(dst, sizeof(dst), "root/%s", path);
	for (size_t l = s->layer ? 0 : 1; l < ARRAY_SIZE(layers); l++) {
		char lower[700];
		const size_t n = strlen(lowers);

		(void)snprintf(lower, sizeof(lower), "%s/%s", layers[l], path);
		if (access(lower, F_OK) == 0)
			(void)snprintf(lowers + n, sizeof(lowers) - n, "%s:", lower);
	}
	(void)snprintf(opts, sizeof(opts), "lowerdir=%s/%s,upperdir=n/%u/u.%zu,workdir=n/%u/w.%zu", lowers, path, s->index, i,
		       s->index, i);
	r = do_mount("overlay of a host file system", "netemu", dst, "overlay", 0, opts, &why);
	if (r == 0 || (r == -EINVAL && strchr(path, '/')))
		return 0;
	return error_set(e, -r, "%s (/%s)", why.msg, path);
}

static int bind_clone(int dirfd, const char *path)
{
	const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH;

	return fault_fails("open bind") ? -1 : open_tree(dirfd, path, flags);
}

/* The binds that come from another mount namespace: a mount can only be copied by who is in its namespace. */
static int binds_open_there(struct child *c, int mntns)
{
	const struct sandbox_spec *s = c->spec;
	_cleanup_close_ int home = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC); /* the parent's table has it, too */
	int r = 0;

	if (home < 0 || fault_fails("enter a node's mounts") || setns(mntns, CLONE_NEWNS) < 0)
		return error_errno(c->error, errno, "enter a node's mounts");
	for (size_t i = 0; r == 0 && i < s->n_binds; i++) {
		if (!s->binds[i].has_mntns)
			continue;
		c->bind_fds[i] = bind_clone(s->binds[i].fd, "");
		if (c->bind_fds[i] < 0)
			r = error_errno(c->error, errno, "bind %s", s->binds[i].src);
	}
	if (setns(home, CLONE_NEWNS) < 0 && r == 0)
		r = error_errno(c->error, errno, "leave a node's mounts");
	return r;
}

/* Takes a copy of each source's mount: once the old root is dropped, its own mounts cannot be bound any more. */
static int binds_open(struct child *c)
{
	const struct sandbox_spec *s = c->spec;
	const struct sandbox_bind *there = NULL;

	for (size_t i = 0; i < s->n_binds; i++) {
		const struct sandbox_bind *b = &s->binds[i];

		if (b->has_mntns)
			there = b;
		if (b->has_mntns || b->own)
			continue;
		c->bind_fds[i] = b->has_fd ? b->fd : bind_clone(AT_FDCWD, b->src);
		if (c->bind_fds[i] < 0)
			return error_errno(c->error, errno, "bind %s", b->src);
	}
	return there ? binds_open_there(c, there->mntns) : 0;
}

static int root_change(const struct sandbox_spec *s, struct error *e)
{
	int r = 0;

	if (fault_fails("chdir to the lab's files") || chdir(s->fs_dir) < 0)
		return error_errno(e, errno, "enter %s", s->fs_dir);
	for (size_t i = 0; r == 0 && i < s->host_mounts->n; i++)
		r = upper_make(s, i, e);
	if (r == 0)
		r = overlay_root(s, e);
	for (size_t i = 0; r == 0 && i < s->host_mounts->n; i++)
		r = overlay_extra(s, i, e);
	if (r < 0)
		return r;
	r = fault_point("pivot_root");
	if (r < 0)
		return error_errno(e, -r, "pivot_root");
	if (chdir("root") < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return error_errno(e, errno, "change root");
	return 0;
}

enum { KERNEL_FS = MS_NOSUID | MS_NODEV | MS_NOEXEC };

/* Binds @path to itself: from then on it is a mount with flags of its own. */
static int bind_self(const char *path, unsigned long flags, struct error *e)
{
	int r;

	if (access(path, F_OK) < 0)
		return 0;
	r = do_mount(path, path, path, NULL, MS_BIND, NULL, e);
	return r < 0 ? r : do_mount(path, NULL, path, NULL, MS_REMOUNT | MS_BIND | KERNEL_FS | flags, NULL, e);
}

static int mount_proc(struct error *e)
{
	char path[64];
	int r = do_mount("/proc", "proc", "/proc", "proc", KERNEL_FS, NULL, e);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(proc_read_only); i++) {
		(void)snprintf(path, sizeof(path), "/proc/%s", proc_read_only[i]);
		r = bind_self(path, MS_RDONLY, e);
	}
	if (r == 0)
		r = bind_self("/proc/sys/net", 0, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(proc_masked); i++) {
		(void)snprintf(path, sizeof(path), "/proc/%s", proc_masked[i]);
		if (access(path, F_OK) == 0)
			r = do_mount(path, "/dev/null", path, NULL, MS_BIND, NULL, e);
	}
	return r;
}

static int mount_sys(struct error *e)
{
	int r = do_mount("/sys", "sysfs", "/sys", "sysfs", KERNEL_FS, NULL, e);

	if (r == 0)
		r = do_mount("/sys read-only", NULL, "/sys", NULL, MS_REMOUNT | MS_BIND | KERNEL_FS | MS_RDONLY, NULL, e);
	return r < 0 ? r : bind_self("/sys/devices/virtual/net", 0, e);
}

/* Makes what a bind will cover, inside the root only: a directory or an empty file, with its parents. */
static int bind_target(const char *dst, bool dir, struct error *e)
{
	char path[1024];
	int fd;

	(void)snprintf(path, sizeof(path), "%s", dst);
	for (char *s = strchr(path + 1, '/'); s; s = strchr(s + 1, '/')) {
		*s = '\0';
		(void)mkdir(path, 0755);
		*s = '/';
	}
	if (dir) {
		if (fault_fails("mkdir bind target") || (mkdir(path, 0755) < 0 && errno != EEXIST))
			return error_errno(e, errno, "make %s", dst);
		return 0;
	}
	if (access(path, F_OK) == 0)
		return 0;
	fd = fault_fails("create bind target") ? -1 : open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644);
	if (fd < 0)
		return error_errno(e, errno, "make %s", dst);
	(void)close(fd);
	return 0;
}

static int bind_move(int fd, const char *dst, struct error *e)
{
	const int r = fault_point("mount bind");

	if (r < 0)
		return error_errno(e, -r, "mount");
	return move_mount(fd, "", AT_FDCWD, dst, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? error_errno(e, errno, "mount") : 0;
}

/* Before Linux 5.12: the mount alone, with the other flags that it has; what is mounted below it stays writable. */
static int bind_read_only_old(const char *dst, struct error *e)
{
	struct statvfs sv;
	unsigned long keep = 0;

	if (statvfs(dst, &sv) == 0)
		keep = sv.f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME | MS_RELATIME);
	return do_mount("read-only bind", NULL, dst, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | keep, NULL, e);
}

static int bind_read_only(int fd, const char *dst, struct error *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	const int r = fault_point("read-only bind");

	if (r < 0)
		return error_errno(e, -r, "make it read-only");
	if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) == 0)
		return 0;
	if (errno == ENOSYS || errno == EPERM)
		return bind_read_only_old(dst, e);
	return error_errno(e, errno, "make it read-only");
}

/* A volume begins with what the node has there, before it covers that. */
static int bind_fill(int fd, const char *dst, struct error *e)
{
	_cleanup_close_ int to = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), from = -EBADF;

	if (to < 0)
		return error_errno(e, errno, "open the volume");
	if (!tree_is_empty(to))
		return 0;
	from = open(dst, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return from < 0 ? error_errno(e, errno, "open %s", dst) : tree_copy(from, to, e);
}

static int bind_mount(const struct sandbox_bind *b, int *fd, struct error *e)
{
	struct stat st = { .st_mode = S_IFDIR };
	int r;

	if (!b->own && fstat(*fd, &st) < 0)
		return error_errno(e, errno, "look at it");
	r = bind_target(b->dst, S_ISDIR(st.st_mode), e);
	if (r < 0)
		return r;
	if (b->own) {
		*fd = bind_clone(AT_FDCWD, b->dst);
		if (*fd < 0)
			return error_errno(e, errno, "open it");
	}
	if (b->fill)
		r = bind_fill(*fd, b->dst, e);
	if (r == 0)
		r = bind_move(*fd, b->dst, e);
	return r == 0 && b->ro ? bind_read_only(*fd, b->dst, e) : r;
}

static int binds_mount(const struct child *c, struct error *e)
{
	for (size_t i = 0; i < c->spec->n_binds; i++) {
		const struct sandbox_bind *b = &c->spec->binds[i];
		const int r = bind_mount(b, &c->bind_fds[i], e);

		if (r < 0)
			return error_wrap(e, "bind %s to %s", b->src, b->dst);
	}
	return 0;
}

static size_t depth(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '/' && path[1] && path[1] != '/';
	return n;
}

static int by_depth(const void *a, const void *b)
{
	const struct sandbox_bind *x = a, *y = b;
	const size_t dx = depth(x->dst), dy = depth(y->dst);

	return dx != dy ? (dx > dy) - (dx < dy) : strcmp(x->dst, y->dst);
}

void sandbox_binds_sort(struct sandbox_bind *binds, size_t n)
{
	if (n)
		qsort(binds, n, sizeof(*binds), by_depth);
}

/* Before the binds: one of them may lie in it. */
static int tmpfs_mount_all(const struct sandbox_spec *s, struct error *e)
{
	for (size_t i = 0; i < s->n_tmpfs; i++) {
		const struct sandbox_tmpfs *t = &s->tmpfs[i];
		const unsigned long flags = MS_NOSUID | MS_NODEV | (t->noexec ? MS_NOEXEC : 0) | (t->ro ? MS_RDONLY : 0);
		int r = bind_target(t->dst, true, e);

		if (r == 0)
			r = do_mount("tmpfs", "tmpfs", t->dst, "tmpfs", flags, t->options, e);
		if (r < 0)
			return error_wrap(e, "tmpfs %s", t->dst);
	}
	return 0;
}

/* The caller keeps the socket: what the node's programs tell syslog(3) arrives there. */
static int log_bind(int fd, struct error *e)
{
	static const struct sockaddr_un sa = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	const int r = fd < 0 ? 0 : fault_point("bind /dev/log");

	if (fd < 0)
		return 0;
	if (r < 0)
		return error_errno(e, -r, "make /dev/log");
	(void)unlink(sa.sun_path);
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0 || chmod(sa.sun_path, 0666) < 0)
		return error_errno(e, errno, "make /dev/log");
	return 0;
}

/* The caller keeps this one, too, and listens on it. */
static int sock_bind(const struct sandbox_spec *s, struct error *e)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	if (s->sock_fd < 0)
		return 0;
	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", s->sock_path);
	(void)unlink(sa.sun_path);
	if (fault_fails("bind the runtime's socket") || bind(s->sock_fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    chmod(sa.sun_path, 0600) < 0)
		return error_errno(e, errno, "make %s", s->sock_path);
	return 0;
}

static int root_read_only(const struct sandbox_spec *s, struct error *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	int r = do_mount("read-only root", NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL, e);

	for (size_t i = 0; r == 0 && i < s->host_mounts->n; i++) {
		char path[600];

		/* What is no mount is part of the root: EINVAL. */
		(void)snprintf(path, sizeof(path), "/%s", s->host_mounts->v[i]);
		if (syscall(SYS_mount_setattr, AT_FDCWD, path, 0, &attr, sizeof(attr)) < 0 && errno != EINVAL)
			r = error_errno(e, errno, "make %s read-only", path);
	}
	return r;
}

static int root_build(struct child *c)
{
	struct error *e = c->error;
	int r = binds_open(c);

	if (r == 0)
		r = root_change(c->spec, e);
	if (r == 0)
		r = mount_proc(e);
	if (r == 0)
		r = mount_sys(e);
	if (r == 0)
		r = do_mount("/dev/pts", "devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
			     "newinstance,ptmxmode=0666,mode=0620,gid=5", e);
	if (r == 0)
		r = log_bind(c->spec->log_fd, e);
	if (r == 0)
		r = sock_bind(c->spec, e);
	if (r == 0)
		r = tmpfs_mount_all(c->spec, e);
	if (r == 0)
		r = binds_mount(c, e);
	return r < 0 || !c->spec->read_only ? r : root_read_only(c->spec, e);
}

/* From here on, what the child does to descriptors is its own business. */
static int fds_take(const struct child *c, int fds[_SLOT_MAX], struct error *e)
{
	const int from[] = { c->spec->init_fd, c->spec->events_fd, c->spec->listen_fd };

	const int *mine = slots[c->spec->lane];

	static_assert(ARRAY_SIZE(from) == _SLOT_MAX, "one for each slot");
	for (size_t i = 0; i < _SLOT_MAX; i++) {
		fds[i] = -1;
		if (from[i] >= 0)
			fds[i] = c->shared_fds ? dup3(from[i], mine[i], O_CLOEXEC) : fcntl(from[i], F_DUPFD_CLOEXEC, SLOT_LOWEST);
	}
	if (!c->shared_fds || syscall(SYS_close_range, slot_highest + 1, ~0U, 2U /* CLOSE_RANGE_UNSHARE */) == 0)
		return 0;
	return unshare(CLONE_FILES) < 0 ? error_errno(e, errno, "take descriptors") : 0;
}

/* stdin, stdout, stderr on /dev/null, the two sockets on their numbers, nothing else. */
static int fds_arrange(const struct child *c, int *init_fd, struct error *e)
{
	const struct sandbox_spec *s = c->spec;
	int null, listen, events, fds[_SLOT_MAX];
	const int r = fds_take(c, fds, e);

	if (r < 0)
		return r;
	*init_fd = fds[SLOT_INIT];
	events = fds[SLOT_EVENTS];
	listen = fds[SLOT_LISTEN];
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (s->listen_fd < 0)
		(void)close(AGENT_FD_LISTEN); /* something of the caller's */
	if (null < 0 || *init_fd < 0 || fault_fails("arrange descriptors") || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
	    (s->listen_fd >= 0 && dup2(listen, AGENT_FD_LISTEN) < 0) || dup2(events, AGENT_FD_EVENTS) < 0)
		return error_errno(e, errno, "arrange descriptors");
	(void)setrlimit(RLIMIT_NOFILE, &s->nofile); /* not before: the numbers above are beyond it */
	return 0;
}

/* Signals, session, keyring, umask, name: nothing of how netemu was called is inherited. */
static int process_reset(const struct sandbox_spec *s, struct error *e)
{
	sigset_t none;

	for (int i = 1; i < _NSIG; i++)
		if (i != SIGKILL && i != SIGSTOP)
			(void)signal(i, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setsid();
	(void)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL); /* a kernel without keys has nothing to hide */
	(void)umask(022);
	if (fault_fails("set host name") || sethostname(s->hostname, strlen(s->hostname)) < 0)
		return error_errno(e, errno, "set host name %s", s->hostname);
	return 0;
}

/* Only then its own view of cgroups: that begins where the process is. */
static int cgroups_join(const struct sandbox_spec *s, struct error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && s->cgroups && i < s->cgroups->n; i++)
		r = cgroup_join(s->cgroups->v[i], e);
	if (r == 0 && !s->host_root && (fault_fails("cgroup namespace") || unshare(CLONE_NEWCGROUP) < 0))
		r = error_errno(e, errno, "make a cgroup namespace");
	return r;
}

static int child_setup(struct child *c, int *init_fd)
{
	const struct sandbox_spec *s = c->spec;
	struct error *e = c->error;
	int r = cgroups_join(s, e);

	if (r == 0)
		r = netns_enter(s->netns, e);
	if (r == 0 && !s->host_root)
		r = root_build(c);
	if (r == 0)
		r = process_reset(s, e);
	if (r == 0)
		r = fds_arrange(c, init_fd, e);
	if (r == 0 && (fault_fails("drop groups") || (setgroups(0, NULL) < 0 && errno != EPERM)))
		r = error_errno(e, errno, "drop groups");
	if (r == 0 && !s->host_root)
		r = caps_drop_to_node(e);
	if (r == 0)
		r = fault_point("exec init");
	return r < 0 && !e->code ? error_errno(e, -r, "start init") : r;
}

static int child_main(void *arg)
{
	struct child *c = arg;
	char *const argv[] = { (char *)"netemu-init", (char *)c->spec->hostname, NULL };
	int init_fd = -1;

	c->error->code = 0;
	if (child_setup(c, &init_fd) == 0) {
		(void)syscall(SYS_close_range, AGENT_FD_EVENTS + 1, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
		(void)syscall(SYS_execveat, init_fd, "", argv, c->spec->env, AT_EMPTY_PATH);
		(void)error_errno(c->error, errno, "start netemu-init");
	}
	if (!c->error->code)
		(void)error_set(c->error, EIO, "start netemu-init");
	_exit(1);
}

/* AddressSanitizer keeps books on stacks, which a child that never returns from ours would leave wrong. */
bool sandbox_forks(void)
{
	const char *how = getenv("NETEMU_SPAWN");

#if defined(__SANITIZE_ADDRESS__) || defined(NETEMU_ASAN)
	if (!how)
		return true;
#endif
	return how && strcmp(how, "fork") == 0;
}

/* Waits as vfork would: until the child's end of a close-on-exec pipe is gone, by exec or by death. */
static pid_t child_fork(struct child *c, unsigned long flags, int *pidfd)
{
	int p[2];
	char byte;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return -1;
	pid = (pid_t)syscall(SYS_clone, flags | CLONE_PIDFD | SIGCHLD, NULL, pidfd, NULL, 0);
	if (pid == 0)
		(void)child_main(c);
	(void)fd_close(p[1]);
	while (pid > 0 && read(p[0], &byte, 1) < 0 && errno == EINTR)
		;
	(void)fd_close(p[0]);
	return pid;
}

static pid_t child_clone(struct child *c, unsigned long flags, int *pidfd)
{
	static _Alignas(16) char stacks[SANDBOX_LANES][CHILD_STACK];

	if (sandbox_forks())
		return child_fork(c, flags, pidfd);
	c->shared_fds = slot_highest > 0;
	return clone(child_main, stacks[c->spec->lane] + CHILD_STACK,
		     (int)(flags | CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD | (c->shared_fds ? CLONE_FILES : 0)), c, pidfd);
}

/* What the child has left in the table that it shared. */
static void child_fds_clean(const struct child *c)
{
	for (size_t i = 0; c->shared_fds && i < _SLOT_MAX; i++)
		(void)dup3(STDIN_FILENO, slots[c->spec->lane][i], O_CLOEXEC);
	for (size_t i = 0; c->shared_fds && i < c->spec->n_binds; i++)
		if (c->bind_fds[i] > 0 && c->bind_fds[i] != c->spec->binds[i].fd)
			(void)close(c->bind_fds[i]);
}

int sandbox_prepare(struct error *e)
{
	for (size_t i = 0; i < SANDBOX_LANES * _SLOT_MAX; i++) {
		const int fd = fault_fails("reserve descriptors") ? -1 : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, SLOT_LOWEST);

		if (fd < 0)
			return error_errno(e, errno, "reserve descriptors");
		slots[i / _SLOT_MAX][i % _SLOT_MAX] = slot_highest = fd;
	}
	return 0;
}

/* What became of the child: it has told its error, or died without a word, or is netemu-init. */
static int child_result(struct child *c, pid_t pid, struct error *e)
{
	siginfo_t si = { 0 };

	if (!c->error->code && waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0 && si.si_pid)
		(void)error_set(c->error, ESRCH, "its init ended at once");
	if (!c->error->code)
		return 0;
	(void)waitpid(pid, NULL, 0);
	return error_set(e, c->error->code, "%s", c->error->msg);
}

int sandbox_spawn(const struct sandbox_spec *spec, pid_t *ret_pid, struct error *e)
{
	const unsigned long flags = CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
				    (spec->host_root ? 0UL : CLONE_NEWNS);
	_cleanup_free_ int *bind_fds = calloc(spec->n_binds + 1, sizeof(int));
	struct error *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct child c = { .spec = spec, .error = shared, .bind_fds = bind_fds };
	_cleanup_close_ int pidfd = -EBADF;
	pid_t pid;
	int r;

	if (!bind_fds || shared == MAP_FAILED)
		return error_oom(e);
	r = fault_point("clone");
	pid = r < 0 ? -1 : child_clone(&c, flags, &pidfd);
	if (pid < 0)
		r = error_errno(e, r < 0 ? -r : errno, "make namespaces");
	else
		r = child_result(&c, pid, e);
	child_fds_clean(&c);
	(void)munmap(shared, sizeof(*shared));
	if (r < 0)
		return r;
	*ret_pid = pid;
	return TAKE_FD(pidfd);
}

int sandbox_load_init(const char *path, struct error *e)
{
	_cleanup_close_ int src = open(path, O_RDONLY | O_CLOEXEC), fd = -EBADF;
	struct stat st;
	off_t off = 0;

	if (src < 0 || fault_fails("open netemu-init") || fstat(src, &st) < 0)
		return error_errno(e, errno, "open %s", path);
	fd = fault_fails("memfd of netemu-init") ? -1 :
	     memfd_create("netemu-init", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
		fd = memfd_create("netemu-init", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return error_errno(e, errno, "make a memfd");
	while (off < st.st_size)
		if (fault_fails("copy netemu-init") || sendfile(fd, src, &off, (size_t)(st.st_size - off)) <= 0)
			return error_errno(e, errno ? errno : EIO, "copy %s", path);
	if (fault_fails("seal netemu-init") || fchmod(fd, 0555) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return error_errno(e, errno, "seal netemu-init");
	return TAKE_FD(fd);
}
