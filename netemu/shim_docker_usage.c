// SPDX-License-Identifier: GPL-2.0-or-later
#include "shim_docker_usage.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>

#include "base/strbuf.h"

enum { PATH_LEN = 512, CHAIN_MAX = 64 };

/* The whole of a small file of /proc or /sys. Return: allocated; NULL when it cannot be read. */
static char *slurp(const char *path, size_t *ret_len)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	_cleanup_strbuf_ struct strbuf s = { 0 };
	char buf[4096];
	ssize_t n = 0;

	if (fd < 0)
		return NULL;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		strbuf_add(&s, buf, (size_t)n);
	if (ret_len)
		*ret_len = s.len;
	return n < 0 || s.oom ? NULL : strbuf_steal(&s);
}

static char *slurp_pid(pid_t pid, const char *name, size_t *ret_len)
{
	char path[PATH_LEN];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return slurp(path, ret_len);
}

static uint64_t number_after(const char *text, const char *key)
{
	const char *p = text ? strstr(text, key) : NULL;

	return p ? strtoull(p + strlen(key), NULL, 10) : 0;
}

static ino_t pidns_of(pid_t pid)
{
	char path[PATH_LEN];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

/* ---- processes ---- */

struct process {
	pid_t pid, parent;
	uint64_t ticks;
	unsigned threads;
	ssize_t node; /* -1: of none */
};

struct processes {
	struct arena arena;
	struct process *v; /* by number of the process */
	size_t n;
};

/* proc_pid_stat(5): the name of the program is in brackets, and may hold anything; what follows is numbers. */
static bool stat_read(pid_t pid, struct process *p)
{
	_cleanup_free_ char *text = slurp_pid(pid, "stat", NULL);
	const char *end = text ? strrchr(text, ')') : NULL;
	unsigned long utime, stime;
	long cutime, cstime;
	int parent;
	unsigned threads;

	if (!end || sscanf(end + 2, "%*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld %*d %*d %u", &parent, &utime,
			   &stime, &cutime, &cstime, &threads) != 6)
		return false;
	*p = (struct process){ .pid = pid, .parent = parent, .threads = threads, .node = -1,
			       .ticks = (uint64_t)utime + stime + (uint64_t)cutime + (uint64_t)cstime };
	return true;
}

static int by_pid(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static void processes_read(struct processes *all)
{
	_cleanup_closedir_ DIR *dir = opendir("/proc");

	for (const struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir)) {
		struct process p;

		if (isdigit((unsigned char)d->d_name[0]) && stat_read((pid_t)strtol(d->d_name, NULL, 10), &p))
			*ARENA_PUSH(&all->arena, all->v, all->n) = p;
	}
	if (all->n)
		qsort(all->v, all->n, sizeof(*all->v), by_pid);
}

/* A node's are those in its namespace, and those that one of these is an ancestor of: pods have namespaces of their own. */
static ssize_t node_of(const struct processes *all, const struct process *p, const struct node_usage *nodes, size_t n)
{
	for (int depth = 0; p && depth < CHAIN_MAX; depth++) {
		const ino_t ns = pidns_of(p->pid);

		for (size_t i = 0; i < n; i++)
			if (nodes[i].pid && (nodes[i].pid == p->pid || (ns && ns == nodes[i].pidns)))
				return (ssize_t)i;
		p = bsearch(&(struct process){ .pid = p->parent }, all->v, all->n, sizeof(*all->v), by_pid);
	}
	return -1;
}

static void process_add(const struct process *p, struct node_usage *u)
{
	_cleanup_free_ char *maps = slurp_pid(p->pid, "smaps_rollup", NULL), *io = slurp_pid(p->pid, "io", NULL);

	u->cpu_ticks += p->ticks;
	u->tasks += p->threads;
	u->memory += number_after(maps, "\nPss:") * 1024;
	u->read += number_after(io, "\nread_bytes: ");
	u->written += number_after(io, "\nwrite_bytes: ");
}

/* ---- interfaces ---- */

static void traffic_read(struct node_usage *u)
{
	_cleanup_free_ char *text = slurp_pid(u->pid, "net/dev", NULL);
	char *save = NULL;

	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save)) {
		const char *colon = strchr(line, ':');
		uint64_t received, sent;

		line += strspn(line, " ");
		if (!colon || strncmp(line, "lo:", 3) == 0 ||
		    sscanf(colon + 1, "%" SCNu64 " %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &received, &sent) != 2)
			continue;
		u->received += received;
		u->sent += sent;
	}
}

/* ---- groups ---- */

/* The directories of the lab's groups that a process is in; each group's name is one in /proc/PID/cgroup. */
static void groups_of(struct arena *a, const struct lab_state *lab, pid_t pid, struct strv *ret)
{
	_cleanup_free_ char *text = lab->cgroups.n ? slurp_pid(pid, "cgroup", NULL) : NULL;

	for (size_t i = 0; text && i < lab->cgroups.n; i++) {
		const char *name = strrchr(lab->cgroups.v[i], '/'), *p = name ? strstr(text, name) : NULL;

		if (p && p[strlen(name)] == '\n')
			strv_add(a, ret, lab->cgroups.v[i]);
	}
}

static char *group_file(const struct strv *groups, const char *name)
{
	for (size_t i = 0; i < groups->n; i++) {
		char path[PATH_LEN];
		char *text;

		(void)snprintf(path, sizeof(path), "%s/%s", groups->v[i], name);
		text = slurp(path, NULL);
		if (text)
			return text;
	}
	return NULL;
}

/* A number; "max" is none. */
static uint64_t group_number(const struct strv *groups, const char *v2, const char *v1)
{
	_cleanup_free_ char *text = group_file(groups, v2);

	if (!text && v1)
		text = group_file(groups, v1);
	return text ? strtoull(text, NULL, 10) : 0;
}

/* Version 1 says "no limit" with the largest number of whole pages. */
static uint64_t memory_limit(const struct strv *groups)
{
	const uint64_t limit = group_number(groups, "memory.max", "memory.limit_in_bytes");

	return limit < UINT64_MAX / 4 ? limit : 0;
}

void usage_limits(struct arena *a, const struct lab_state *lab, pid_t pid, struct node_limits_read *ret)
{
	struct strv groups = { 0 };
	char *text;
	uint64_t quota, period;

	*ret = (struct node_limits_read){ .cpus = "" };
	if (!pid)
		return;
	groups_of(a, lab, pid, &groups);
	ret->memory = memory_limit(&groups);
	text = group_file(&groups, "cpu.max");
	if (text && sscanf(text, "%" SCNu64 " %" SCNu64, &quota, &period) == 2 && period)
		ret->nano_cpus = quota * 1000000000 / period;
	free(text);
	quota = group_number(&groups, "cpu.cfs_quota_us", NULL);
	period = group_number(&groups, "cpu.cfs_period_us", NULL);
	if (quota && quota < UINT32_MAX && period)
		ret->nano_cpus = quota * 1000000000 / period;
	text = group_file(&groups, "cpuset.cpus");
	if (text)
		ret->cpus = arena_strndup(a, text, strcspn(text, "\n"));
	free(text);
}

static void limits_read(struct node_usage *u)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strv groups = { 0 };
	struct sysinfo info;

	groups_of(&a, u->lab, u->pid, &groups);
	u->memory_limit = memory_limit(&groups);
	if (!u->memory_limit && sysinfo(&info) == 0)
		u->memory_limit = (uint64_t)info.totalram * info.mem_unit;
}

/* ---- the whole ---- */

void usage_read(struct node_usage *nodes, size_t n)
{
	struct processes all = { 0 };

	for (size_t i = 0; i < n; i++) {
		nodes[i] = (struct node_usage){ .pid = nodes[i].pid, .lab = nodes[i].lab };
		nodes[i].pidns = nodes[i].pid ? pidns_of(nodes[i].pid) : 0;
		if (!nodes[i].pid)
			continue;
		traffic_read(&nodes[i]);
		limits_read(&nodes[i]);
	}
	processes_read(&all);
	for (size_t i = 0; i < all.n; i++) {
		const ssize_t node = node_of(&all, &all.v[i], nodes, n);

		if (node >= 0)
			process_add(&all.v[i], &nodes[node]);
	}
	arena_done(&all.arena);
}

json_t *usage_environ(pid_t pid)
{
	size_t len = 0;
	_cleanup_free_ char *text = pid ? slurp_pid(pid, "environ", &len) : NULL;
	json_t *list = json_array();

	for (size_t i = 0; text && i < len; i += strlen(text + i) + 1)
		if (strchr(text + i, '='))
			(void)json_array_append_new(list, json_string(text + i));
	return list;
}

/* ---- mounts ---- */

/* A line of proc_pid_mountinfo(5). */
struct mount {
	char device[32], root[PATH_LEN], point[PATH_LEN], options[PATH_LEN], type[64];
};

/* Blanks and the like are written as \040. */
static void unescape(char *s)
{
	char *to = s;

	for (const char *p = s; *p; p++) {
		if (*p == '\\' && isdigit((unsigned char)p[1]) && isdigit((unsigned char)p[2]) && isdigit((unsigned char)p[3])) {
			*to++ = (char)((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
			p += 3;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
}

static bool mount_parse(const char *line, struct mount *m)
{
	const char *dash = strstr(line, " - ");

	if (!dash || sscanf(line, "%*d %*d %31s %511s %511s %511s", m->device, m->root, m->point, m->options) != 4 ||
	    sscanf(dash + 3, "%63s", m->type) != 1)
		return false;
	unescape(m->root);
	unescape(m->point);
	return true;
}

static struct mount *mounts_read(struct arena *a, const char *path, size_t *ret_n)
{
	_cleanup_free_ char *text = slurp(path, NULL);
	struct mount *v = NULL;
	char *save = NULL;

	*ret_n = 0;
	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save)) {
		struct mount m;

		if (mount_parse(line, &m))
			*ARENA_PUSH(a, v, *ret_n) = m;
	}
	return v;
}

/* What the host calls what is mounted in a node: of the host's mounts of that file system, the one that it lies below. */
static const char *source_of(struct arena *a, const struct mount *m, const struct mount *host, size_t n)
{
	for (size_t i = n; i-- > 0;) {
		const size_t len = strcmp(host[i].root, "/") == 0 ? 0 : strlen(host[i].root);
		const char *rest = m->root + len;

		if (strcmp(host[i].device, m->device) != 0 || strncmp(host[i].root, m->root, len) != 0 || (*rest && *rest != '/'))
			continue;
		return arena_printf(a, "%s%s", strcmp(host[i].point, "/") == 0 ? "" : host[i].point,
				    strcmp(rest, "/") == 0 ? "" : rest);
	}
	return NULL;
}

static bool begins_with_option(const char *options, const char *word)
{
	const size_t n = strlen(word);

	return strncmp(options, word, n) == 0 && (options[n] == ',' || !options[n]);
}

json_t *usage_mounts(pid_t pid)
{
	_cleanup_arena_ struct arena a = { 0 };
	json_t *list = json_array();
	struct mount *host, *node;
	size_t n_host, n;

	if (!pid)
		return list;
	host = mounts_read(&a, "/proc/self/mountinfo", &n_host);
	node = mounts_read(&a, arena_printf(&a, "/proc/%d/mountinfo", (int)pid), &n);
	for (size_t i = 0; i < n; i++) {
		const char *source = strcmp(node[i].point, "/") == 0 ? NULL : source_of(&a, &node[i], host, n_host);
		const bool rw = begins_with_option(node[i].options, "rw");

		if (source)
			(void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:b, s:s}", "Type", "bind", "Source",
								    source, "Destination", node[i].point, "Mode",
								    rw ? "" : "ro", "RW", (int)rw, "Propagation", "rprivate"));
	}
	return list;
}
