// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cgroup.c - see cgroup.h
 *
 * Theory of Operation
 *
 * Each controller is in one hierarchy at a time: in version 2's when cgroup.controllers at its top lists it, else in
 * one of version 1's. Both may be there at once ("hybrid"), so each controller is looked for alone.
 *
 * A group of ours is right below the top of its hierarchy. In version 2 the top must have the controller switched on for
 * its children (cgroup.subtree_control): at the real top that is always possible, in a container only where nothing
 * runs in the group that looks like the top there. In version 1 a new cpuset is empty and takes nobody before it has
 * processors and memory nodes.
 *
 * A directory is removed when the last process is gone, and the kernel tells nobody when that is, in version 1: so
 * their pidfds are waited for. Docs: Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/.
 */
#include "kernel/cgroup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "base/strbuf.h"
#include "kernel/fault.h"

enum { CPU_PERIOD_US = 100000, REMOVE_TRIES = 5000, DEATH_MS = 5000, PATH_LEN = 600 };

const char *const cgroup_controller_names[] = {
	[CGROUP_CPU] = "cpu", [CGROUP_MEMORY] = "memory", [CGROUP_CPUSET] = "cpuset"
};
static_assert(ARRAY_SIZE(cgroup_controller_names) == _CGROUP_MAX, "a name each");

/* ---- what is mounted ---- */

static bool has_word(const char *list, const char *word, const char *separators)
{
	const size_t len = strlen(word);

	for (const char *p = list; *p;) {
		const size_t n = strcspn(p, separators);

		if (n == len && strncmp(p, word, n) == 0)
			return true;
		p += n + (p[n] != '\0');
	}
	return false;
}

/* One line: "36 35 98:0 /root /mount/point options [tags] - type source super-options" (proc(5)). */
static void mount_parse(struct arena *a, char *line, const char *v2_controllers, struct cgroup_host *ret)
{
	char *tail = strstr(line, " - "), point[PATH_LEN], type[32], options[512];
	bool v2;

	if (!tail || sscanf(line, "%*s %*s %*s %*s %599s", point) != 1 ||
	    sscanf(tail, " - %31s %*s %511s", type, options) != 2)
		return;
	v2 = strcmp(type, "cgroup2") == 0;
	if (!v2 && strcmp(type, "cgroup") != 0)
		return;
	ret->any = true;
	for (size_t i = 0; i < _CGROUP_MAX; i++) {
		const bool here = v2 ? has_word(v2_controllers, cgroup_controller_names[i], " \n")
				     : has_word(options, cgroup_controller_names[i], ",");

		if (!here || (ret->at[i].dir && ret->at[i].v2))
			continue;
		ret->at[i].dir = arena_strdup(a, point);
		ret->at[i].v2 = v2;
	}
}

void cgroup_host_parse(struct arena *a, const char *mountinfo, const char *v2_controllers, struct cgroup_host *ret)
{
	*ret = (struct cgroup_host){ 0 };
	for (const char *p = mountinfo; *p;) {
		const size_t n = strcspn(p, "\n");

		mount_parse(a, arena_printf(a, "%.*s", (int)n, p), v2_controllers, ret);
		p += n + (p[n] == '\n');
	}
}

static int file_read(const char *path, char *buf, size_t size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	const ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	buf[n > 0 ? n : 0] = '\0';
	return n < 0 ? -errno : 0;
}

/* Where version 2 is mounted, if it is: its list of controllers. */
static void controllers_read(const char *mountinfo, char *buf, size_t size)
{
	const char *tail = strstr(mountinfo, " - cgroup2 "), *line = tail;
	char point[PATH_LEN], path[PATH_LEN + 32];

	buf[0] = '\0';
	while (line && line > mountinfo && line[-1] != '\n')
		line--;
	if (!line || sscanf(line, "%*s %*s %*s %*s %599s", point) != 1)
		return;
	(void)snprintf(path, sizeof(path), "%s/cgroup.controllers", point);
	(void)file_read(path, buf, size);
}

int cgroup_host_read(struct arena *a, struct cgroup_host *ret, struct error *e)
{
	_cleanup_close_ int fd =
		fault_fails("read mountinfo") ? -1 : open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	_cleanup_strbuf_ struct strbuf text = { 0 };
	char chunk[4096], controllers[512];
	ssize_t n = fd < 0 ? -1 : 1;

	while (n > 0) {
		n = read(fd, chunk, sizeof(chunk));
		if (n > 0)
			strbuf_add(&text, chunk, (size_t)n);
	}
	if (n < 0)
		return error_errno(e, errno, "read /proc/self/mountinfo");
	controllers_read(strbuf_str(&text), controllers, sizeof(controllers));
	cgroup_host_parse(a, strbuf_str(&text), controllers, ret);
	return 0;
}

/* ---- making ---- */

bool cgroup_is_limited(const struct cgroup_limits *l, enum cgroup_controller which)
{
	const bool limited[] = {
		[CGROUP_CPU] = l->cpu_milli != 0, [CGROUP_MEMORY] = l->memory != 0, [CGROUP_CPUSET] = l->cpus != NULL
	};

	static_assert(ARRAY_SIZE(limited) == _CGROUP_MAX, "one each");
	return limited[which];
}

void cgroup_path_add(struct arena *a, const struct cgroup_host *host, const char *name, enum cgroup_controller which,
		     struct strv *v)
{
	const char *dir = arena_printf(a, "%s/%s", host->at[which].dir, name);

	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->v[i], dir) == 0)
			return;
	strv_add(a, v, dir);
}

void cgroup_paths(struct arena *a, const struct cgroup_host *host, const char *name, const struct cgroup_limits *l,
		  struct strv *ret)
{
	for (int i = 0; i < _CGROUP_MAX; i++)
		if (cgroup_is_limited(l, (enum cgroup_controller)i) && host->at[i].dir)
			cgroup_path_add(a, host, name, (enum cgroup_controller)i, ret);
}

static int setting_write(const char *dir, const char *file, const char *value)
{
	char path[PATH_LEN + 64];
	int fd, r;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = fault_fails("write a setting of a cgroup") ? -1 : open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = write(fd, value, strlen(value)) < 0 ? -errno : 0;
	(void)fd_close(fd);
	return r;
}

static int setting_set(const char *dir, const char *file, const char *value, struct error *e)
{
	const int r = setting_write(dir, file, value);

	return r < 0 ? error_errno(e, -r, "write %s to %s/%s", value, dir, file) : 0;
}

static int setting_copy(const char *from, const char *to, const char *file, struct error *e)
{
	char path[PATH_LEN + 64], value[1024];
	int r;

	(void)snprintf(path, sizeof(path), "%s/%s", from, file);
	r = file_read(path, value, sizeof(value));
	if (r < 0)
		return error_errno(e, -r, "read %s", path);
	value[strcspn(value, "\n")] = '\0';
	return setting_set(to, file, value, e);
}

static int cpu_limit(const char *dir, bool v2, const struct cgroup_limits *l, struct error *e)
{
	const unsigned long long quota = (unsigned long long)l->cpu_milli * CPU_PERIOD_US / 1000;
	char text[64];
	int r;

	if (v2) {
		(void)snprintf(text, sizeof(text), "%llu %d", quota, CPU_PERIOD_US);
		return setting_set(dir, "cpu.max", text, e);
	}
	(void)snprintf(text, sizeof(text), "%d", CPU_PERIOD_US);
	r = setting_set(dir, "cpu.cfs_period_us", text, e);
	(void)snprintf(text, sizeof(text), "%llu", quota);
	return r < 0 ? r : setting_set(dir, "cpu.cfs_quota_us", text, e);
}

/* Kernels that do not account swap have no file for it. */
static int memory_limit(const char *dir, bool v2, const struct cgroup_limits *l, struct error *e)
{
	char text[32];
	int r;

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)l->memory);
	r = setting_set(dir, v2 ? "memory.max" : "memory.limit_in_bytes", text, e);
	if (r < 0)
		return r;
	if (!v2)
		(void)snprintf(text, sizeof(text), "%llu", 2 * (unsigned long long)l->memory);
	r = setting_write(dir, v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes", text);
	return r < 0 && r != -ENOENT ? error_errno(e, -r, "limit swap in %s", dir) : 0;
}

static int cpuset_limit(const char *dir, const char *top, bool v2, const struct cgroup_limits *l, struct error *e)
{
	int r = v2 ? 0 : setting_copy(top, dir, "cpuset.mems", e);

	return r < 0 ? r : setting_set(dir, "cpuset.cpus", l->cpus, e);
}

static int group_mkdir(const char *dir, bool fresh, struct error *e)
{
	int r = fault_fails("make a cgroup") || mkdir(dir, 0755) < 0 ? -errno : 0;

	if (r == -EEXIST && !fresh)
		return 0;
	if (r == -EEXIST && rmdir(dir) == 0)
		r = mkdir(dir, 0755) < 0 ? -errno : 0;
	if (r == -EROFS || r == -EACCES || r == -EPERM)
		return error_set(e, EOPNOTSUPP, "%s cannot be made (%s)", dir, strerror(-r));
	return r < 0 ? error_errno(e, -r, "make %s", dir) : 0;
}

/* Version 2: its children may have the controller. */
static int controller_enable(const char *top, const char *name, struct error *e)
{
	char path[PATH_LEN + 64], text[512];
	int r;

	(void)snprintf(path, sizeof(path), "%s/cgroup.subtree_control", top);
	if (file_read(path, text, sizeof(text)) == 0 && has_word(text, name, " \n"))
		return 0;
	(void)snprintf(text, sizeof(text), "+%s", name);
	r = setting_write(top, "cgroup.subtree_control", text);
	if (r == -EBUSY)
		return error_set(e, EOPNOTSUPP, "%s has processes in it, so its children cannot have the controller %s",
				 top, name);
	return r < 0 ? error_set(e, r == -ENOMEM ? ENOMEM : EOPNOTSUPP,
				 "%s does not give the controller %s to its children (%s)", top, name, strerror(-r))
		     : 0;
}

int cgroup_make(const struct cgroup_host *host, const char *name, const struct cgroup_limits *l,
		enum cgroup_controller which, bool fresh, struct error *e)
{
	const char *top = host->at[which].dir, *what = cgroup_controller_names[which];
	const bool v2 = host->at[which].v2;
	char dir[PATH_LEN];
	int r;

	if (!top)
		return error_set(e, EOPNOTSUPP,
				 host->any ? "the kernel's cgroups have no controller %s here"
					   : "no cgroups are mounted, so there is no controller %s",
				 what);
	(void)snprintf(dir, sizeof(dir), "%s/%s", top, name);
	r = v2 ? controller_enable(top, what, e) : 0;
	if (r == 0)
		r = group_mkdir(dir, fresh, e);
	if (r < 0)
		return r;
	switch (which) {
	case CGROUP_CPU:
		return cpu_limit(dir, v2, l, e);
	case CGROUP_MEMORY:
		return memory_limit(dir, v2, l, e);
	case CGROUP_CPUSET:
		return cpuset_limit(dir, top, v2, l, e);
	case _CGROUP_MAX:
		break;
	}
	return 0;
}

int cgroup_join(const char *dir, struct error *e)
{
	return setting_set(dir, "cgroup.procs", "0", e);
}

/* ---- memory that is used up ---- */

static int oom_open_v1(const char *dir, struct error *e)
{
	_cleanup_close_ int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), control = -EBADF;
	char path[PATH_LEN + 64], text[64];
	int r;

	(void)snprintf(path, sizeof(path), "%s/memory.oom_control", dir);
	control = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || control < 0)
		return error_errno(e, errno, "watch %s", path);
	(void)snprintf(text, sizeof(text), "%d %d", fd, control);
	r = setting_set(dir, "cgroup.event_control", text, e);
	return r < 0 ? r : TAKE_FD(fd);
}

int cgroup_oom_open(const struct cgroup_host *host, const char *dir, struct error *e)
{
	_cleanup_close_ int fd = -EBADF;
	char path[PATH_LEN + 64];

	if (!host->at[CGROUP_MEMORY].v2)
		return oom_open_v1(dir, e);
	(void)snprintf(path, sizeof(path), "%s/memory.events", dir);
	fd = fault_fails("watch memory.events") ? -1 : inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd < 0 || inotify_add_watch(fd, path, IN_MODIFY) < 0)
		return error_errno(e, errno, "watch %s", path);
	return TAKE_FD(fd);
}

uint64_t cgroup_oom_kills(const char *dir)
{
	static const char *const files[] = { "memory.events", "memory.oom_control" };
	char path[PATH_LEN + 64], text[1024];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const char *at;

		(void)snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		at = file_read(path, text, sizeof(text)) == 0 ? strstr(text, "oom_kill ") : NULL;
		if (at)
			return strtoull(at + strlen("oom_kill "), NULL, 10);
	}
	return 0;
}

/* ---- removing ---- */

/* Waits for the processes that are in it now. Return: 0, or -EBUSY when one lives on. */
static int procs_await(const char *dir)
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[PATH_LEN + 64];
	int pid;

	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	f = fopen(path, "re");
	while (f && fscanf(f, "%d", &pid) == 1) {
		_cleanup_close_ int fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (fd >= 0 && poll(&p, 1, DEATH_MS) == 0)
			return -EBUSY;
	}
	return 0;
}

static bool is_cgroup(const char *dir)
{
	struct statfs fs;

	return statfs(dir, &fs) == 0 && (fs.f_type == CGROUP_SUPER_MAGIC || fs.f_type == CGROUP2_SUPER_MAGIC);
}

int cgroup_remove(const char *dir, struct error *e)
{
	if (!is_cgroup(dir))
		return 0;
	for (unsigned i = 0; i < REMOVE_TRIES; i++) {
		if (!fault_fails("remove a cgroup") && rmdir(dir) == 0)
			return 0;
		if (errno == ENOENT)
			return 0;
		if (errno != EBUSY)
			break;
		if (procs_await(dir) < 0)
			return error_set(e, EBUSY, "remove %s: a process in it does not die", dir);
		(void)poll(NULL, 0,
			   1); /* a dead one is taken out of it a moment after its pidfd says so, which nothing tells */
	}
	return error_errno(e, errno, "remove %s", dir);
}
