// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * labdir.c - files about a lab, outside of /run
 *
 * Owns the record of what was made, and that a stranger's directory is safe to write to: it is opened without following
 * a symlink, files are made anew in it and never written through, and removed by name from it. Refuses to know what
 * stands in the files.
 *
 * The record is one line a thing: a word, a blank, a name. "in DIR": what follows is in it; "file NAME", "dir NAME": made there;
 * "path PATH": a file; "above PATH": a directory, to be removed when it is empty; "hosts FILE": the block is there. A line is
 * written before what it names is made; half a line, of one that was killed, names nothing.
 */
#include "engine/labdir.h"

#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/hostsfile.h"
#include "engine/labdir_internal.h"
#include "engine/state_internal.h"
#include "kernel/fault.h"
#include "plan/artefacts.h"

#define RECORD "artefacts"
#define SSH_DIR "/etc/ssh/ssh_config.d"

enum { FILE_MODE = 0644, KEYS_MAX = 1 << 20,
       SSH_PORT = 22, ATTEMPTS = 10 };

/* ---- small things ---- */

/* Who typed it: new files are theirs. */
void labdir_give(int fd)
{
	const char *uid = getenv("SUDO_UID"), *gid = getenv("SUDO_GID");

	if (uid && gid && *uid && *gid)
		(void)!fchown(fd, (uid_t)strtoul(uid, NULL, 10), (gid_t)strtoul(gid, NULL, 10));
}

static const char *owner_name(void)
{
	const char *owner = getenv("SUDO_USER");

	return owner && *owner ? owner : "root";
}

static int data_write(int fd, const char *data, size_t len)
{
	while (len) {
		const ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Makes @name in @dir, instead of what is there. */
static int file_put(int dir, const char *name, const char *data, size_t len, struct error *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	for (unsigned i = 0; fd < 0 && i < ATTEMPTS; i++) { /* another machine's lab of that name may be at the same file */
		if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
			return error_errno(e, errno, "replace %s", name);
		fd = fault_fails("create a lab's file") ? -1 :
		     openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd < 0)
		return error_errno(e, errno, "create %s", name);
	labdir_give(fd);
	r = data_write(fd, data, len);
	return r < 0 ? error_errno(e, -r, "write %s", name) : 0;
}

static int dir_open(const char *path, struct error *e)
{
	const int fd = fault_fails("open the lab's directory of files") ? -1 : open(path, LABDIR_FLAGS);

	return fd < 0 ? error_errno(e, errno, "open %s", path) : fd;
}

/* ---- the record ---- */

int labdir_record_write(int statefd, const struct strbuf *text, struct error *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (text->oom)
		return error_oom(e);
	fd = fault_fails("open the record of files") ? -1 :
	     openat(statefd, RECORD, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(e, errno, "open " RECORD);
	r = data_write(fd, strbuf_str(text), text->len);
	return r < 0 ? error_errno(e, -r, "write " RECORD) : 0;
}

void labdir_record_add(struct strbuf *record, const char *word, const char *name)
{
	if (!strchr(name, '\n'))
		strbuf_printf(record, "%s %s\n", word, name);
}

/* ---- removing ---- */

struct removal {
	const char *lab;
	int dir; /* that of the last "in", -EBADF */
	char **above; /* directories to be removed, in the order that they were made */
	size_t n_above;
	struct arena arena;
};

/* Each returns 0 or -errno. */

static int remove_in(struct removal *r, const char *name)
{
	r->dir = fd_close(r->dir);
	r->dir = open(name, LABDIR_FLAGS);
	return r->dir < 0 ? -errno : 0;
}

static int remove_file(struct removal *r, const char *name)
{
	return r->dir >= 0 && unlinkat(r->dir, name, 0) < 0 ? -errno : 0;
}

static int remove_dir(struct removal *r, const char *name)
{
	return r->dir >= 0 && unlinkat(r->dir, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

static int remove_path(struct removal *r, const char *name)
{
	(void)r;
	return unlink(name) < 0 ? -errno : 0;
}

static int remove_above(struct removal *r, const char *name)
{
	*ARENA_PUSH(&r->arena, r->above, r->n_above) = arena_strdup(&r->arena, name);
	return 0;
}

static int remove_hosts(struct removal *r, const char *name)
{
	(void)name;
	return hostsfile_set(r->lab, "", NULL);
}

static const struct {
	const char *word;
	int (*remove)(struct removal *r, const char *name);
} record_words[] = {
	{ "in", remove_in },	 { "file", remove_file },   { "dir", remove_dir },
	{ "path", remove_path }, { "above", remove_above }, { "hosts", remove_hosts },
};

/* Whether nothing is to be expected of another attempt: it is gone, somebody uses it, or it will not be allowed either. */
static bool is_final(int error)
{
	static const int finals[] = { ENOENT, ENOTDIR, ELOOP, ENOTEMPTY, EEXIST, EBUSY, EISDIR, EROFS, EACCES, EPERM, EILSEQ };

	for (size_t i = 0; i < ARRAY_SIZE(finals); i++)
		if (finals[i] == error)
			return true;
	return false;
}

static int remove_line(struct removal *r, char *line)
{
	char *name = strchr(line, ' ');

	if (!name)
		return 0;
	*name++ = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(record_words); i++)
		if (strcmp(record_words[i].word, line) == 0)
			return record_words[i].remove(r, name);
	return 0;
}

static int record_remove(struct removal *r, char *text, struct error *e)
{
	char *line, *rest;
	int first = 0;

	for (line = text; (rest = strchr(line, '\n')); line = rest + 1) {
		int q;

		*rest = '\0';
		q = remove_line(r, line);
		if (q < 0 && !is_final(-q) && first == 0)
			first = error_errno(e, -q, "remove what the lab has made (%s)", line);
	}
	while (r->n_above--)
		(void)rmdir(r->above[r->n_above]);
	return first;
}

int labdir_remove(const char *lab, int statefd, struct error *e)
{
	_cleanup_close_ int fd = fault_fails("open the record of files") ? -1 : openat(statefd, RECORD, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	struct removal r = { .lab = lab, .dir = -EBADF };
	size_t len;
	int q;

	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(e, errno, "open " RECORD);
	q = state_fd_read(fd, &text, &len, e);
	if (q == 0)
		q = record_remove(&r, text, e);
	(void)fd_close(r.dir);
	arena_done(&r.arena);
	return q;
}

int labdir_clean(const char *lab_dir, struct error *e)
{
	_cleanup_close_ int parent = -EBADF;
	_cleanup_arena_ struct arena a = { 0 };
	char *path = arena_strdup(&a, lab_dir), *slash = strrchr(path, '/');
	int r;

	if (!slash || !slash[1])
		return error_set(e, EINVAL, "'%s' is no lab's directory", lab_dir);
	*slash = '\0';
	parent = open(*path ? path : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return errno == ENOENT ? 0 : error_errno(e, errno, "open %s", path);
	r = state_tree_remove(parent, slash + 1, e);
	return r < 0 ? error_wrap(e, "remove %s", lab_dir) : 0;
}

/* ---- SSH keys ---- */

static void file_append(const char *dir, const char *name, struct strbuf *out)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int fd = open(arena_printf(&a, "%s/%s", dir, name), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	size_t len;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > KEYS_MAX || state_fd_read(fd, &text, &len, NULL) < 0)
		return;
	strbuf_add(out, text, len);
	if (len && text[len - 1] != '\n')
		strbuf_putc(out, '\n');
}

/* The home directory of who typed it, also through sudo; from /etc/passwd alone, as a static program asks nobody else. */
static const char *home_find(struct arena *a)
{
	_cleanup_fclose_ FILE *f = fopen("/etc/passwd", "re");
	const struct passwd *pw;

	while (f && (pw = fgetpwent(f)))
		if (strcmp(pw->pw_name, owner_name()) == 0)
			return arena_strdup(a, pw->pw_dir);
	return NULL;
}

/* What may log in where containerlab puts keys: the user's public keys, and those that may log in here. */
static void keys_collect(struct strbuf *out)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *home = home_find(&a), *ssh = home ? arena_printf(&a, "%s/.ssh", home) : NULL;
	_cleanup_closedir_ DIR *dir = ssh ? opendir(ssh) : NULL;

	if (!dir)
		return;
	for (const struct dirent *d = readdir(dir); d; d = readdir(dir)) {
		const size_t n = strlen(d->d_name);

		if (n > 4 && strcmp(d->d_name + n - 4, ".pub") == 0)
			file_append(ssh, d->d_name, out);
	}
	file_append(ssh, "authorized_keys", out);
}

/* ---- making ---- */

/* Makes @path and those above it that are missing; @record gets what will be made. Return: 0 or -errno. */
static int dirs_make(const char *path, struct strbuf *record, bool really)
{
	_cleanup_arena_ struct arena a = { 0 };
	char *copy = arena_strdup(&a, path);

	for (char *p = copy + 1;; p++) {
		const char c = *p;
		struct stat st;

		if (c && c != '/')
			continue;
		*p = '\0';
		if (stat(copy, &st) < 0 && errno == ENOENT) {
			if (record && c)
				labdir_record_add(record, "above", copy);
			if (really && (fault_fails("mkdir the lab's directory of files") || mkdir(copy, LABDIR_MODE) < 0) && errno != EEXIST)
				return -errno;
		}
		*p = c;
		if (!c)
			return 0;
	}
}

/* Nodes' directories that binds name: the source of a bind must be there. */
static void node_dirs_record(const struct lab *lab, struct arena *a, struct strbuf *record, struct strv *ret)
{
	const size_t n = strlen(lab->lab_dir);

	for (size_t i = 0; i < lab->n_nodes; i++)
		for (size_t k = 0; k < lab->nodes[i].n_binds; k++) {
			const char *src = lab->nodes[i].binds[k].src;
			struct stat st;

			if (strncmp(src, lab->lab_dir, n) != 0 || src[n] != '/' || strcmp(src + n + 1, lab->nodes[i].name) != 0 ||
			    stat(src, &st) == 0)
				continue;
			labdir_record_add(record, "dir", lab->nodes[i].name);
			strv_add(a, ret, lab->nodes[i].name);
		}
}

static const char *backup_name(const struct lab *lab, struct arena *a)
{
	const char *slash = strrchr(lab->path, '/');

	return arena_printf(a, ".%s.bak", slash ? slash + 1 : lab->path);
}

static void files_fill(const struct plan *p, struct strbuf text[_LAB_FILE_MAX])
{
	keys_collect(&text[LAB_FILE_KEYS]);
	artefacts_ansible(p, &text[LAB_FILE_ANSIBLE]);
	artefacts_nornir(p, &text[LAB_FILE_NORNIR]);
	artefacts_topology_data(p, owner_name(), strbuf_str(&text[LAB_FILE_KEYS]), &text[LAB_FILE_TOPOLOGY_DATA]);
}

static int node_dirs_make(int dir, const struct strv *names, struct error *e)
{
	for (size_t i = 0; i < names->n; i++) {
		_cleanup_close_ int fd = -EBADF;

		if (mkdirat(dir, names->v[i], LABDIR_MODE) < 0)
			return error_errno(e, errno, "mkdir %s", names->v[i]);
		fd = openat(dir, names->v[i], LABDIR_FLAGS);
		if (fd >= 0)
			labdir_give(fd);
	}
	return 0;
}

static int files_write(const struct plan *p, int dir, const char *topology, const char *backup, struct error *e)
{
	struct strbuf text[_LAB_FILE_MAX] = { 0 };
	int r = 0;

	files_fill(p, text);
	for (size_t i = 0; i < _LAB_FILE_MAX; i++) {
		if (r == 0 && text[i].oom)
			r = error_oom(e);
		if (r == 0)
			r = file_put(dir, lab_file_names[i], strbuf_str(&text[i]), text[i].len, e);
		strbuf_done(&text[i]);
	}
	return r == 0 && topology ? file_put(dir, backup, topology, strlen(topology), e) : r;
}

int labdir_make(const struct plan *p, int statefd, const char *topology, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_strbuf_ struct strbuf record = { 0 };
	_cleanup_close_ int dir = -EBADF;
	const struct lab *lab = p->lab;
	const bool is_new = lab->lab_dir && access(lab->lab_dir, F_OK) < 0;
	struct strv nodes = { 0 };
	int r;

	if (!lab->lab_dir)
		return 0;
	(void)dirs_make(lab->lab_dir, &record, false);
	labdir_record_add(&record, "above", lab->lab_dir); /* when it is empty in the end, whoever made it */
	labdir_record_add(&record, "in", lab->lab_dir);
	for (size_t i = 0; i < _LAB_FILE_MAX; i++)
		labdir_record_add(&record, "file", lab_file_names[i]);
	labdir_record_add(&record, "file", backup_name(lab, &a));
	node_dirs_record(lab, &a, &record, &nodes);
	r = labdir_record_write(statefd, &record, e);
	if (r < 0)
		return r;
	r = dirs_make(lab->lab_dir, NULL, true);
	if (r < 0)
		return error_errno(e, -r, "mkdir %s", lab->lab_dir);
	dir = dir_open(lab->lab_dir, e);
	if (dir < 0)
		return dir;
	if (is_new)
		labdir_give(dir);
	r = files_write(p, dir, topology, backup_name(lab, &a), e);
	if (r == 0)
		r = node_dirs_make(dir, &nodes, e);
	return r < 0 ? error_wrap(e, "%s", lab->lab_dir) : 0;
}

int labdir_put(const char *lab_dir, const char *node, const char *name, const void *data, size_t len, struct error *e)
{
	_cleanup_close_ int dir = -EBADF, sub = -EBADF;
	int r = dirs_make(lab_dir, NULL, true);

	if (r < 0)
		return error_errno(e, -r, "mkdir %s", lab_dir);
	dir = dir_open(lab_dir, e);
	if (dir < 0)
		return dir;
	if (mkdirat(dir, node, LABDIR_MODE) < 0 && errno != EEXIST)
		return error_errno(e, errno, "mkdir %s/%s", lab_dir, node);
	sub = openat(dir, node, LABDIR_FLAGS);
	if (sub < 0)
		return error_errno(e, errno, "open %s/%s", lab_dir, node);
	labdir_give(sub);
	r = file_put(sub, name, data, len, e);
	return r < 0 ? error_wrap(e, "%s/%s", lab_dir, node) : 0;
}

/* ---- /etc/hosts, SSH ---- */

int labdir_announce(const struct plan *p, int statefd, struct error *e)
{
	_cleanup_strbuf_ struct strbuf lines = { 0 }, record = { 0 };
	int r;

	if (!p->lab->lab_dir)
		return 0;
	artefacts_hosts(p, &lines);
	if (lines.oom)
		return error_oom(e);
	if (!lines.len)
		return 0;
	labdir_record_add(&record, "hosts", HOSTSFILE_PATH);
	r = labdir_record_write(statefd, &record, e);
	if (r == 0 && fault_fails("change /etc/hosts"))
		r = error_errno(e, errno, "change " HOSTSFILE_PATH);
	return r < 0 ? r : hostsfile_set(p->lab->name, strbuf_str(&lines), e);
}

/* Whether a line of /proc/net/tcp is of a socket that listens on @port: "N: ADDRESS:PORT REMOTE:PORT 0A ...". */
static bool line_listens(const char *line, unsigned port)
{
	unsigned local, state;

	return sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x", &local, &state) == 2 && local == port && state == 0x0a;
}

static bool node_listens(pid_t pid, unsigned port)
{
	static const char *const tables[] = { "tcp", "tcp6" };
	char path[64], line[512];

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		_cleanup_fclose_ FILE *f = NULL;

		(void)snprintf(path, sizeof(path), "/proc/%d/net/%s", pid, tables[i]);
		f = fopen(path, "re");
		while (f && fgets(line, sizeof(line), f))
			if (line_listens(line, port))
				return true;
	}
	return false;
}

bool labdir_wants_ssh(const struct plan *p)
{
	for (size_t i = 0; p->lab->lab_dir && i < p->lab->n_nodes; i++)
		if (artefacts_may_ssh(p, i))
			return true;
	return false;
}

int labdir_ssh(const struct plan *p, const struct lab_state *st, int statefd, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_strbuf_ struct strbuf text = { 0 }, record = { 0 };
	_cleanup_close_ int dir = open(SSH_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool *reachable = arena_alloc(&a, p->lab->n_nodes + 1);
	const char *name = arena_printf(&a, "clab-%s.conf", p->lab->name);
	int r;

	if (dir < 0)
		return 0;
	for (size_t i = 0; i < MIN_OF(p->lab->n_nodes, st->n_nodes); i++)
		reachable[i] = artefacts_may_ssh(p, i) && st->nodes[i].pid && node_listens(st->nodes[i].pid, SSH_PORT);
	artefacts_ssh(p, reachable, &text);
	if (!text.len)
		return text.oom ? error_oom(e) : 0;
	labdir_record_add(&record, "path", arena_printf(&a, SSH_DIR "/%s", name));
	r = labdir_record_write(statefd, &record, e);
	if (r == 0)
		r = file_put(dir, name, strbuf_str(&text), text.len, e);
	return r < 0 ? error_wrap(e, SSH_DIR) : 0;
}
