// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * state.c - writing, reading and finding what is known of a lab
 *
 * Refuses to know how a lab dies (state_end.c) and what its files are called apart from state.json (state_dir.c).
 */
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "engine/state_internal.h"
#include "kernel/fault.h"

void state_free(struct lab_state *st)
{
	if (!st)
		return;
	arena_done(&st->arena);
	free(st);
}

/* ---- /proc ---- */

/* Field 22 of the text of /proc/PID/stat; the name, field 2, may hold anything, so count from its last ')'. */
static int stat_field22(const char *text, uint64_t *ret)
{
	const char *p = strrchr(text, ')');
	char *end;

	for (unsigned field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (!p)
		return -EBADMSG;
	errno = 0;
	*ret = strtoull(p + 1, &end, 10);
	return errno || end == p + 1 ? -EBADMSG : 0;
}

int state_pid_starttime(pid_t pid, uint64_t *ret)
{
	_cleanup_close_ int fd = -EBADF;
	char path[32], text[1024];
	ssize_t n;

	if (pid <= 0)
		return -ESRCH;
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return stat_field22(text, ret);
}

/* ---- state.json ---- */

static int write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -errno;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

static int tmp_write(int dirfd, const char *text, size_t len)
{
	_cleanup_close_ int fd = openat(dirfd, STATE_FILE_TMP,
					O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return -errno;
	r = fault_point("write " STATE_FILE);
	if (r == 0)
		r = write_all(fd, text, len);
	if (r == 0 && (fault_fails("fsync " STATE_FILE) || fsync(fd) < 0))
		r = -errno;
	return r;
}

int state_save(const struct lab_state *st, int dirfd, struct error *e)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	int r = fault_point("create " STATE_FILE);

	state_json_format(st, &text);
	if (text.oom)
		return error_oom(e);
	if (r == 0)
		r = tmp_write(dirfd, text.buf, text.len);
	if (r == 0 && (fault_fails("rename " STATE_FILE) || renameat(dirfd, STATE_FILE_TMP, dirfd, STATE_FILE) < 0))
		r = -errno;
	if (r < 0) {
		(void)unlinkat(dirfd, STATE_FILE_TMP, 0);
		return error_errno(e, -r, "write %s/%s/" STATE_FILE, state_dir_root(), st->name);
	}
	if (!fault_fails("fsync the lab's directory"))
		(void)fsync(dirfd);
	return 0;
}

/* Whole content of a regular file. */
static int fd_read_all(int fd, char **ret, size_t *ret_len)
{
	_cleanup_free_ char *text = NULL;
	struct stat sb;
	size_t n = 0;

	if (fstat(fd, &sb) < 0)
		return -errno;
	if (!S_ISREG(sb.st_mode) || sb.st_size > STATE_FILE_MAX)
		return -EPROTO;
	text = malloc((size_t)sb.st_size + 1);
	if (!text)
		return -ENOMEM;
	while (n < (size_t)sb.st_size) {
		ssize_t r = pread(fd, text + n, (size_t)sb.st_size - n, (off_t)n);

		if (r < 0 && errno != EINTR)
			return -errno;
		if (r == 0)
			break;
		n += r > 0 ? (size_t)r : 0;
	}
	text[n] = '\0';
	*ret = TAKE_PTR(text);
	*ret_len = n;
	return 0;
}

int state_fd_read(int fd, char **ret, size_t *ret_len, struct error *e)
{
	int r = fd_read_all(fd, ret, ret_len);

	return r < 0 ? error_errno(e, -r, "read") : 0;
}

/* @node: NULL, or the only one that matters. */
static int state_parse_fd(int fd, const char *lab, const char *node, struct lab_state **ret, struct error *e)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;
	_cleanup_strbuf_ struct strbuf excerpt = { 0 };
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	int r = state_fd_read(fd, &text, &len, e);

	if (r == 0 && node && state_json_excerpt(text, len, node, &excerpt))
		r = state_json_parse(excerpt.buf, excerpt.len, &st, e);
	else if (r == 0)
		r = state_json_parse(text, len, &st, e);
	if (r == 0 && strcmp(st->name, lab) != 0)
		r = error_set(e, EPROTO, "it is that of lab '%s'", st->name);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(st);
	return 0;
}

static int read_at(int dirfd, const char *lab, const char *node, struct lab_state **ret, struct error *e)
{
	_cleanup_close_ int fd = openat(dirfd, STATE_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int r;

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0)
		return error_errno(e, errno, "open %s/%s/" STATE_FILE, state_dir_root(), lab);
	r = state_parse_fd(fd, lab, node, ret, e);
	return r < 0 ? error_wrap(e, "%s/%s/" STATE_FILE, state_dir_root(), lab) : 0;
}

int state_read(int dirfd, const char *lab, struct lab_state **ret, struct error *e)
{
	return read_at(dirfd, lab, NULL, ret, e);
}

/* Whether the supervisor that @st names is the process that has this pid now. */
static int supervisor_check(const struct lab_state *st, struct error *e)
{
	uint64_t starttime = 0;
	int r = state_pid_starttime(st->supervisor, &starttime);

	if (r < 0 || starttime != st->starttime)
		return error_set(e, EPROTO,
				 "lab '%s' is held by another process than pid %d, which its state names: it is being "
				 "made or destroyed", st->name, st->supervisor);
	return 0;
}

/* The state of a lab whose lock is held by somebody. */
static int living_read(int dirfd, const char *lab, const char *node, struct lab_state **ret, struct error *e)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;
	int r = read_at(dirfd, lab, node, &st, e);

	if (r == -ENOENT)
		return error_set(e, ENOENT, "lab '%s' is being made or destroyed", lab);
	if (r == -EPROTONOSUPPORT)
		return -EPROTO;
	if (r == 0)
		r = supervisor_check(st, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(st);
	return 0;
}

/* Opens the directory of a lab that lives. Return: an fd, -ENOENT when there is none, -ESTALE when it is dead. */
static int living_open(const char *lab, struct error *e)
{
	_cleanup_close_ int root = state_root_open(false, LOCK_SH, e);
	_cleanup_close_ int dirfd = -EBADF;

	if (root < 0)
		return root;
	dirfd = state_lab_open(root, lab, e);
	if (dirfd < 0)
		return dirfd;
	return state_lab_alive(dirfd) ? TAKE_FD(dirfd) : -ESTALE;
}

static void lab_sweep(const char *lab)
{
	_cleanup_close_ int root = state_root_open(false, LOCK_EX, NULL);

	if (root >= 0)
		(void)state_lab_sweep(root, lab, NULL);
}

int state_load_node(const char *lab, const char *node, struct lab_state **ret, struct error *e)
{
	_cleanup_close_ int dirfd = living_open(lab, e);

	if (dirfd == -ESTALE)
		lab_sweep(lab);
	if (dirfd == -ESTALE || dirfd == -ENOENT)
		return error_set(e, ENOENT, "lab '%s' is not running", lab);
	return dirfd < 0 ? dirfd : living_read(dirfd, lab, node, ret, e);
}

int state_load(const char *lab, struct lab_state **ret, struct error *e)
{
	return state_load_node(lab, NULL, ret, e);
}

/* ---- all labs ---- */

/* The names of labs that live; what is dead, or a directory without labs, is only noticed. */
static int living_names(int root, struct arena *a, struct strv *ret, bool *ret_dead, struct error *e)
{
	struct strv all = { 0 };
	int r = state_dir_list(root, a, &all, e);

	if (r < 0)
		return r;
	*ret_dead = all.n == 0;
	for (size_t i = 0; i < all.n; i++) {
		_cleanup_close_ int dirfd = state_lab_open(root, all.v[i], NULL);

		if (dirfd >= 0 && state_lab_alive(dirfd))
			strv_add(a, ret, all.v[i]);
		else
			*ret_dead = true;
	}
	return 0;
}

int state_names(struct arena *a, struct strv *ret, struct error *e)
{
	_cleanup_close_ int root = state_root_open(false, LOCK_SH, e);
	struct strv out = { 0 };
	bool dead = false;
	int r = 0;

	if (root < 0 && root != -ENOENT)
		return root;
	if (root >= 0)
		r = living_names(root, a, &out, &dead, e);
	if (r < 0)
		return r;
	root = fd_close(root);
	if (dead)
		(void)state_sweep(NULL); /* what cannot be swept now is not this caller's trouble */
	*ret = out;
	return 0;
}
