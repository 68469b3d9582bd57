// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rootfs.c - builds the shared layers once a lab; refuses to know nodes
 */
#include "kernel/rootfs.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <pwd.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/strbuf.h"
#include "kernel/fault.h"

/* A directory of a layer. Opaque: what the host has there does not show through. */
struct layer_dir {
	const char *path;
	mode_t mode;
	bool opaque;
	bool frr; /* owned by the user frr */
};

static const struct layer_dir plain_dirs[] = {
	{ "dev", 0755, true, false },	  { "dev/pts", 0755, false, false }, { "dev/shm", 01777, false, false },
	{ "dev/net", 0755, false, false }, { "run", 0755, true, false },     { "run/lock", 01777, false, false },
	{ "tmp", 01777, true, false },	  { "var/tmp", 01777, true, false }, { "var/log", 0755, true, false },
	{ "var/lib/netemu", 0700, true, false }, /* imported images: set-uid files, and not of this node */
};

/* An image brings its own /run, /tmp and /var/log. What is mounted needs a place, whatever it has there. */
static const struct layer_dir image_dirs[] = {
	{ "dev", 0755, true, false },	   { "dev/pts", 0755, false, false }, { "dev/shm", 01777, false, false },
	{ "dev/net", 0755, false, false }, { "proc", 0555, true, false },     { "sys", 0555, true, false },
};

static const struct layer_dir frr_dirs[] = {
	{ "etc/frr", 0755, true, true },
	{ "run/frr", 0755, true, true },
	{ "var/log/frr", 0755, true, true },
};

/* The nodes' BGP speaker is FRR's, too, and nothing of the host's configuration is for it. */
static const struct layer_dir kind_dirs[] = {
	{ "etc/frr", 0755, true, true },
	{ "run/frr", 0755, true, true },
	{ "usr/local/bin", 0755, false, false },
};

static const struct {
	const char *name;
	unsigned major, minor;
} devices[] = {
	{ "null", 1, 3 }, { "zero", 1, 5 },    { "full", 1, 7 }, { "random", 1, 8 },
	{ "urandom", 1, 9 }, { "tty", 5, 0 }, { "net/tun", 10, 200 },
};

static const struct {
	const char *target, *name;
} device_links[] = {
	{ "pts/ptmx", "ptmx" },
	{ "/proc/self/fd", "fd" },
	{ "/proc/self/fd/0", "stdin" },
	{ "/proc/self/fd/1", "stdout" },
	{ "/proc/self/fd/2", "stderr" },
};

/*
 * /etc/frr/daemons as the FRR image has it before a lab edits it: all off but what FRR always starts. The format
 * is that of FRR's manual, "Daemons Configuration File".
 */
static const char frr_daemons[] =
	"# netemu: which FRR daemons this node starts; zebra and staticd always run.\n"
	"bgpd=no\nospfd=no\nospf6d=no\nripd=no\nripngd=no\nisisd=no\npimd=no\npim6d=no\nldpd=no\nnhrpd=no\n"
	"eigrpd=no\nbabeld=no\nsharpd=no\npbrd=no\nbfdd=no\nfabricd=no\nvrrpd=no\npathd=no\n\n"
	"vtysh_enable=yes\n"
	"# What the daemons say goes to `netemu logs`.\n"
	"frr_global_options=\"--log syslog --log-level informational\"\n"
	"zebra_options=\"  -A 127.0.0.1 -s 90000000\"\n"
	"mgmtd_options=\"  -A 127.0.0.1\"\n"
	"bgpd_options=\"   -A 127.0.0.1\"\nospfd_options=\"  -A 127.0.0.1\"\nospf6d_options=\" -A ::1\"\n"
	"ripd_options=\"   -A 127.0.0.1\"\nripngd_options=\" -A ::1\"\nisisd_options=\"  -A 127.0.0.1\"\n"
	"pimd_options=\"   -A 127.0.0.1\"\npim6d_options=\"  -A ::1\"\nldpd_options=\"   -A 127.0.0.1\"\n"
	"nhrpd_options=\"  -A 127.0.0.1\"\neigrpd_options=\" -A 127.0.0.1\"\nbabeld_options=\" -A 127.0.0.1\"\n"
	"sharpd_options=\" -A 127.0.0.1\"\npbrd_options=\"   -A 127.0.0.1\"\nstaticd_options=\"-A 127.0.0.1\"\n"
	"bfdd_options=\"   -A 127.0.0.1\"\nfabricd_options=\"-A 127.0.0.1\"\nvrrpd_options=\"  -A 127.0.0.1\"\n"
	"pathd_options=\"  -A 127.0.0.1\"\n";

char *rootfs_frr_daemons(const struct strv *on)
{
	struct strbuf s = { 0 };
	const char *line = frr_daemons;

	for (size_t n = strcspn(line, "\n"); *line; line += n + 1, n = strcspn(line, "\n")) {
		const char *eq = memchr(line, '=', n);
		bool enabled = false;

		for (size_t i = 0; eq && i < on->n; i++)
			enabled |= strlen(on->v[i]) == (size_t)(eq - line) && strncmp(on->v[i], line, (size_t)(eq - line)) == 0;
		if (enabled)
			strbuf_printf(&s, "%.*s=yes\n", (int)(eq - line), line);
		else
			strbuf_printf(&s, "%.*s\n", (int)n, line);
	}
	return strbuf_steal(&s);
}

/* User and group frr of the host, 0:0 when FRR is not installed. NSS is not asked: the host's file says it. */
static void frr_ids(uid_t *uid, gid_t *gid)
{
	_cleanup_fclose_ FILE *f = fopen("/etc/passwd", "re");
	const struct passwd *pw;

	*uid = 0;
	*gid = 0;
	while (f && (pw = fgetpwent(f))) {
		if (strcmp(pw->pw_name, "frr") != 0)
			continue;
		*uid = pw->pw_uid;
		*gid = pw->pw_gid;
		return;
	}
}

/* Makes the parents of @path below @dirfd, each with the mode that the host's directory of that name has. */
static int parents_make(int dirfd, const char *path, struct error *e)
{
	char host[512] = "/";
	char *const dir = host + 1;

	for (const char *s = strchr(path, '/'); s; s = strchr(s + 1, '/')) {
		const size_t n = (size_t)(s - path);
		struct stat st = { .st_mode = S_IFDIR | 0755 };

		if (n >= sizeof(host) - 1)
			return error_set(e, ENAMETOOLONG, "path %s is too long", path);
		memcpy(dir, path, n);
		dir[n] = '\0';
		if (fault_fails("mkdir parent") || mkdirat(dirfd, dir, 0755) < 0) {
			if (errno == EEXIST)
				continue;
			return error_errno(e, errno, "mkdir %s", dir);
		}
		if (stat(host, &st) == 0 && S_ISDIR(st.st_mode))
			(void)!fchmodat(dirfd, dir, st.st_mode & 07777, 0);
	}
	return 0;
}

static int layer_dir_make(int layer, const struct layer_dir *d, uid_t uid, gid_t gid, struct error *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r = parents_make(layer, d->path, e);

	if (r < 0)
		return r;
	if (fault_fails("mkdir layer directory") || (mkdirat(layer, d->path, d->mode) < 0 && errno != EEXIST))
		return error_errno(e, errno, "mkdir %s", d->path);
	fd = openat(layer, d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fault_fails("chmod layer directory") || fchmod(fd, d->mode) < 0 || (d->frr && fchown(fd, uid, gid) < 0))
		return error_errno(e, errno, "prepare %s", d->path);
	if (d->opaque && (fault_fails("set opaque") || fsetxattr(fd, "trusted.overlay.opaque", "y", 1, 0) < 0))
		return error_errno(e, errno, "mark %s as opaque", d->path);
	return 0;
}

static int layer_open(int fs, const char *name, struct error *e)
{
	int fd;

	if (fault_fails("mkdir layer") || mkdirat(fs, name, 0755) < 0)
		return error_errno(e, errno, "mkdir %s", name);
	fd = fault_fails("open layer") ? -1 : openat(fs, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_errno(e, errno, "open %s", name) : fd;
}

static int devices_make(int layer, struct error *e)
{
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		(void)snprintf(path, sizeof(path), "dev/%s", devices[i].name);
		if (fault_fails("mknod") || mknodat(layer, path, S_IFCHR | 0666, makedev(devices[i].major, devices[i].minor)) < 0 ||
		    fchmodat(layer, path, 0666, 0) < 0)
			return error_errno(e, errno, "make device %s", path);
	}
	for (size_t i = 0; i < ARRAY_SIZE(device_links); i++) {
		(void)snprintf(path, sizeof(path), "dev/%s", device_links[i].name);
		if (fault_fails("symlink in /dev") || symlinkat(device_links[i].target, layer, path) < 0)
			return error_errno(e, errno, "make link %s", path);
	}
	return 0;
}

/* One that is below all others but the root itself. */
static int layer_lowest(int fs, const char *name, const struct layer_dir *dirs, size_t n, struct error *e)
{
	_cleanup_close_ int layer = layer_open(fs, name, e);
	int r = layer < 0 ? layer : 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = layer_dir_make(layer, &dirs[i], 0, 0, e);
	return r < 0 ? r : devices_make(layer, e);
}

static int file_write(int dirfd, const char *path, const char *text, struct error *e)
{
	const size_t n = strlen(text);
	_cleanup_close_ int fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0 || fault_fails("create file"))
		return error_errno(e, errno, "write %s", path);
	errno = 0;
	if (fault_fails("write file") || write(fd, text, n) != (ssize_t)n || fchmod(fd, 0644) < 0)
		return error_errno(e, errno ? errno : ENOSPC, "write %s", path);
	return 0;
}

static int layer_frr(int fs, struct error *e)
{
	_cleanup_close_ int layer = layer_open(fs, "layer/frr", e);
	uid_t uid;
	gid_t gid;
	int r = layer < 0 ? layer : 0;

	frr_ids(&uid, &gid);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(frr_dirs); i++)
		r = layer_dir_make(layer, &frr_dirs[i], uid, gid, e);
	if (r == 0)
		r = file_write(layer, "etc/frr/daemons", frr_daemons, e);
	if (r == 0 && (fchownat(layer, "etc/frr/daemons", uid, gid, 0) < 0 ||
		       fchmodat(layer, "etc/frr/daemons", 0640, 0) < 0))
		r = error_errno(e, errno, "own etc/frr/daemons");
	return r;
}

static int layer_kind(int fs, struct error *e)
{
	_cleanup_close_ int layer = layer_open(fs, "layer/kind", e);
	uid_t uid;
	gid_t gid;
	int r = layer < 0 ? layer : 0;

	frr_ids(&uid, &gid);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kind_dirs); i++)
		r = layer_dir_make(layer, &kind_dirs[i], uid, gid, e);
	return r;
}

static int program_copy(int program, int layer, const char *path, struct error *e)
{
	_cleanup_close_ int fd = fault_fails("create the kubelet") ? -1 : openat(layer, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	struct stat st;
	off_t off = 0;

	if (fd < 0 || fstat(program, &st) < 0)
		return error_errno(e, errno, "create %s", path);
	errno = 0;
	while (off < st.st_size)
		if (fault_fails("copy the kubelet") || sendfile(fd, program, &off, (size_t)(st.st_size - off)) <= 0)
			return error_errno(e, errno ? errno : EIO, "copy netemu-kubelet");
	return fchmod(fd, 0755) < 0 ? error_errno(e, errno, "create %s", path) : 0;
}

int rootfs_kubelet(const char *fs_dir, int program, const char *path, struct error *e)
{
	_cleanup_close_ int fs = open(fs_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int layer = fs >= 0 ? openat(fs, "layer/kind", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -EBADF;
	int r;

	if (layer < 0)
		return error_errno(e, errno, "open %s/layer/kind", fs_dir);
	r = parents_make(layer, path + 1, e);
	if (r == 0)
		r = program_copy(program, layer, path + 1, e);
	if (r == 0 && (fault_fails("link systemctl") || symlinkat(path, layer, "usr/local/bin/systemctl") < 0))
		r = error_errno(e, errno, "make systemctl");
	return r;
}

int rootfs_private(struct error *e)
{
	const int r = fault_point("private mounts");

	if (r < 0)
		return error_errno(e, -r, "make a mount namespace");
	if (unshare(CLONE_NEWNS) < 0)
		return error_errno(e, errno, "make a mount namespace");
	if (fault_fails("make mounts private") || mount(NULL, "/", "", MS_REC | MS_SLAVE, NULL) < 0)
		return error_errno(e, errno, "make mounts private");
	return 0;
}

static int tmpfs_mount(const char *fs_dir, struct error *e)
{
	const char *size = getenv("NETEMU_TMPFS_SIZE"); /* for tests of a full file system */
	char opts[64];
	const int r = fault_point("mount tmpfs");

	if (r < 0)
		return error_errno(e, -r, "mount tmpfs on %s", fs_dir);
	(void)snprintf(opts, sizeof(opts), "mode=0755,size=%s", size ? size : "50%");
	if (mount("netemu", fs_dir, "tmpfs", MS_NOATIME, opts) < 0)
		return error_errno(e, errno, "mount tmpfs on %s", fs_dir);
	return 0;
}

int rootfs_build(const char *fs_dir, struct error *e)
{
	static const char *const dirs[] = { "layer", "n", "p", "root" };
	_cleanup_close_ int fs = -EBADF;
	int r = tmpfs_mount(fs_dir, e);

	if (r < 0)
		return r;
	fs = open(fs_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fs < 0)
		return error_errno(e, errno, "open %s", fs_dir);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (fault_fails("mkdir in tmpfs") || mkdirat(fs, dirs[i], 0755) < 0)
			return error_errno(e, errno, "mkdir %s/%s", fs_dir, dirs[i]);
	r = fault_point("build layers");
	if (r < 0)
		return error_errno(e, -r, "build layers");
	r = layer_lowest(fs, "layer/plain", plain_dirs, ARRAY_SIZE(plain_dirs), e);
	if (r == 0)
		r = layer_lowest(fs, "layer/image", image_dirs, ARRAY_SIZE(image_dirs), e);
	if (r == 0)
		r = layer_frr(fs, e);
	return r < 0 ? r : layer_kind(fs, e);
}

void rootfs_unmount(const char *fs_dir)
{
	(void)umount2(fs_dir, MNT_DETACH | UMOUNT_NOFOLLOW);
}

int rootfs_write(const char *fs_dir, const char *area, const char *path, const char *text, struct error *e)
{
	_cleanup_close_ int fs = open(fs_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int dir = fs >= 0 ? openat(fs, area, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -EBADF;
	int r;

	if (dir < 0)
		return error_errno(e, errno, "open %s/%s", fs_dir, area);
	r = parents_make(dir, path, e);
	return r < 0 ? r : file_write(dir, path, text, e);
}

/*
 * apk in a node whose image would have it. Labs chain what they want to do to `apk add`; the host's programs are there
 * already. What is known to be missing is said, and fails.
 */
static const char apk_script[] =
	"#!/bin/sh\n"
	"# netemu: nothing is installed in a node, which has the host's own programs.\n"
	"add= missing=\n"
	"for word in \"$@\"; do\n"
	"  case $word in\n"
	"    add) add=y; continue ;;\n"
	"    -*|*/*) continue ;;\n"
	"  esac\n"
	"  name=${word%%[=<>~@]*}\n"
	"  case $name in\n"
	"    iproute2*) name=ip ;; iputils|iputils-ping) name=ping ;; bind-tools) name=dig ;; net-tools) name=ifconfig ;;\n"
	"    bridge-utils|bridge) name=brctl ;; openssh|openssh-server) name=sshd ;; openssh-client*) name=ssh ;;\n"
	"    frr) name=vtysh ;; nftables) name=nft ;; iptables|tcpdump|iperf|iperf3|curl|wget|ethtool|dnsmasq|nginx) ;;\n"
	"    socat|nmap|mtr|traceroute|bird|hping3|conntrack-tools|python3|bash|strongswan|dhclient|dhcpcd|tshark|jq) ;;\n"
	"    wireguard-tools*) name=wg ;; lldpd|haproxy|keepalived|tmux|vim|nano|git|sudo) ;; *) continue ;;\n"
	"  esac\n"
	"  [ -n \"$add\" ] && ! command -v \"${name%-tools}\" >/dev/null && missing=\"$missing $word\"\n"
	"done\n"
	"[ -z \"$missing\" ] && exit 0\n"
	"echo \"netemu: not on this host, whose programs a node has:$missing\" >&2\n"
	"exit 1\n";

int rootfs_busybox(const char *fs_dir, const char *area, struct error *e)
{
	_cleanup_close_ int fs = open(fs_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int dir = fs >= 0 ? openat(fs, area, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -EBADF;
	int r;

	if (dir < 0)
		return error_errno(e, errno, "open %s/%s", fs_dir, area);
	r = rootfs_shell(fs_dir, area, "sh", e);
	if (r < 0 || access("/sbin/apk", F_OK) == 0)
		return r;
	r = rootfs_write(fs_dir, area, "usr/local/bin/apk", apk_script, e);
	if (r == 0 && (fault_fails("chmod apk") || fchmodat(dir, "usr/local/bin/apk", 0755, 0) < 0))
		r = error_errno(e, errno, "chmod usr/local/bin/apk");
	return r;
}

int rootfs_shell(const char *fs_dir, const char *area, const char *name, struct error *e)
{
	static const char *const dirs[] = { "usr/bin", "bin" };
	_cleanup_close_ int fs = open(fs_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int dir = fs >= 0 ? openat(fs, area, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -EBADF;
	struct stat st;
	char path[32];
	int r = 0;

	if (dir < 0)
		return error_errno(e, errno, "open %s/%s", fs_dir, area);
	if (access("/bin/bash", X_OK) < 0)
		return 0;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(dirs); i++) {
		(void)snprintf(path, sizeof(path), "/%s", dirs[i]);
		if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode)) /* /bin is a link on a host with a merged /usr */
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", dirs[i], name);
		r = parents_make(dir, path, e);
		if (r == 0 && (fault_fails("link a shell") || (symlinkat("/bin/bash", dir, path) < 0 && errno != EEXIST)))
			r = error_errno(e, errno, "make link %s", path);
	}
	return r;
}

size_t rootfs_read(const char *fs_dir, const char *area, const char *path, char *buf, size_t size)
{
	const struct open_how how = { .flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
				      .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	_cleanup_close_ int dir = -EBADF, fd = -EBADF;
	char name[640];
	struct stat st;
	ssize_t n;

	(void)snprintf(name, sizeof(name), "%s/%s", fs_dir, area);
	dir = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = dir < 0 ? -1 : (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	n = read(fd, buf, size);
	return n > 0 ? (size_t)n : 0;
}

int rootfs_node(const char *fs_dir, unsigned index, struct error *e)
{
	static const char *const dirs[] = { "", "/u", "/w" };
	_cleanup_close_ int fs = open(fs_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char path[32];
	const int r = fault_point("make node directories");

	if (r < 0)
		return error_errno(e, -r, "make node directories");
	if (fs < 0)
		return error_errno(e, errno, "open %s", fs_dir);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		(void)snprintf(path, sizeof(path), "n/%u%s", index, dirs[i]);
		if (fault_fails("mkdir node directory") || (mkdirat(fs, path, 0755) < 0 && errno != EEXIST))
			return error_errno(e, errno, "mkdir %s/%s", fs_dir, path);
	}
	return 0;
}

enum { REMOVE_DEPTH = 32, REMOVE_ROUNDS = 4096 };

/* What is being removed; what lies too deep for the stack is moved up to @top and removed in the next round. */
struct removal {
	int top;
	unsigned names; /* that were given there */
	bool moved; /* anything, this time */
};

static void tree_empty(struct removal *rm, int dir, unsigned depth);

static void entry_remove(struct removal *rm, int dir, const char *name, unsigned depth)
{
	char up[32];
	int sub;

	if (unlinkat(dir, name, 0) == 0 || unlinkat(dir, name, AT_REMOVEDIR) == 0)
		return;
	if (depth >= REMOVE_DEPTH) {
		(void)snprintf(up, sizeof(up), "..moved.%u", rm->names++);
		rm->moved |= renameat(dir, name, rm->top, up) == 0;
		return;
	}
	sub = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (sub < 0)
		return;
	tree_empty(rm, sub, depth + 1);
	(void)unlinkat(dir, name, AT_REMOVEDIR);
}

/* Takes @dir. */
static void tree_empty(struct removal *rm, int dir, unsigned depth)
{
	_cleanup_closedir_ DIR *d = fdopendir(dir);

	if (!d)
		(void)close(dir);
	for (const struct dirent *ent = d ? readdir(d) : NULL; ent; ent = readdir(d))
		if (strcmp(ent->d_name, ".") != 0 && strcmp(ent->d_name, "..") != 0)
			entry_remove(rm, dir, ent->d_name, depth);
}

/* Through descriptors only: whoever may still write there can put links into the way. */
int rootfs_remove(const char *fs_dir, const char *path, struct error *e)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	char parent[640];
	_cleanup_close_ int dir = -EBADF;
	struct removal rm = { .moved = true };

	(void)snprintf(parent, sizeof(parent), "%s/%.*s", fs_dir, (int)(name - path), path);
	dir = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	for (unsigned i = 0; i < REMOVE_ROUNDS && rm.moved; i++) {
		_cleanup_close_ int top = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (top < 0)
			break;
		rm.top = top;
		rm.moved = false;
		tree_empty(&rm, fcntl(top, F_DUPFD_CLOEXEC, 3), 0);
		if (unlinkat(dir, name, AT_REMOVEDIR) == 0)
			return 0;
	}
	return error_set(e, ENOTEMPTY, "%s/%s cannot be removed", fs_dir, path);
}

int rootfs_clone(int fd, struct error *e)
{
	const int tree = fault_fails("clone a mount") ? -1 : open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	return tree < 0 ? error_errno(e, errno, "clone a mount") : tree;
}

/* File systems that hold files of the host's installation, as opposed to kernel interfaces and memory. */
static bool is_disk_fs(const char *type)
{
	static const char *const skip[] = {
		"proc", "sysfs", "devtmpfs", "devpts", "tmpfs", "cgroup", "cgroup2", "securityfs", "debugfs", "tracefs",
		"mqueue", "hugetlbfs", "bpf", "pstore", "configfs", "fusectl", "binfmt_misc", "autofs", "nsfs", "efivarfs",
		"rpc_pipefs", "ramfs", "fuse.gvfsd-fuse", "fuse.lxcfs",
	};

	for (size_t i = 0; i < ARRAY_SIZE(skip); i++)
		if (strcmp(type, skip[i]) == 0)
			return false;
	return true;
}

static bool is_below_any(const char *path, const char *const *roots, size_t n_roots)
{
	for (size_t i = 0; i < n_roots; i++) {
		const size_t n = strlen(roots[i]);

		if (strncmp(path, roots[i], n) == 0 && (path[n] == '\0' || path[n] == '/'))
			return true;
	}
	return false;
}

static bool is_system_path(const char *path)
{
	static const char *const roots[] = { "/usr", "/var", "/etc", "/opt", "/bin", "/sbin", "/lib", "/lib64", "/home", "/root", "/srv" };
	/* A node has its own, or they are other containers'. */
	static const char *const not_ours[] = { "/var/tmp", "/var/log", "/var/run", "/var/lib/docker", "/var/lib/containerd",
						"/var/lib/containers", "/var/lib/kubelet" };

	return is_below_any(path, roots, ARRAY_SIZE(roots)) && !is_below_any(path, not_ours, ARRAY_SIZE(not_ours));
}

/* A whole /etc or /var in memory is an installation, too (systemd.volatile=); what is below is somebody's scratch. */
static bool is_host_mount(const char *path, const char *type)
{
	return is_system_path(path) && (is_disk_fs(type) || (strcmp(type, "tmpfs") == 0 && !strchr(path + 1, '/')));
}

int rootfs_host_mounts(struct arena *a, struct strv *ret, struct error *e)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/mountinfo", "re");
	_cleanup_free_ char *line = NULL;
	size_t cap = 0;

	if (!f || fault_fails("read mountinfo"))
		return error_errno(e, errno, "read /proc/self/mountinfo");
	while (getline(&line, &cap, f) > 0) {
		const char *dash = strstr(line, " - ");
		char path[512], type[64];
		struct stat st;

		if (!dash || sscanf(line, "%*s %*s %*s %*s %511s", path) != 1 || sscanf(dash + 3, "%63s", type) != 1)
			continue;
		/* Octal escapes (blanks in names) are not what an installation has: such mounts stay hidden. */
		if (!is_host_mount(path, type) || strchr(path, '\\') || strchr(path, ',') ||
		    strchr(path, ':') || stat(path, &st) < 0 || !S_ISDIR(st.st_mode) || strv_contains(ret, path + 1))
			continue;
		strv_add(a, ret, path + 1);
	}
	return 0;
}
