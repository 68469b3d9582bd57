// SPDX-License-Identifier: GPL-2.0-or-later
#include "holders.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* The namespace of a node that has one open. */
static bool node_ino(const struct lab_state *st, const struct node_state *n, ino_t *ret)
{
	struct stat sb;
	char path[64];

	if (n->netns_fd < 0)
		return false;
	(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", st->supervisor, n->netns_fd);
	if (stat(path, &sb) < 0)
		return false;
	*ret = sb.st_ino;
	return true;
}

void holders_add(struct holders *h, const struct lab_state *st)
{
	for (size_t i = 0; i < st->n_nodes; i++) {
		struct held *held;
		ino_t ino;

		if (!node_ino(st, &st->nodes[i], &ino))
			continue;
		held = ARENA_PUSH(&h->arena, h->held, h->n);
		held->ino = ino;
		held->node = arena_strdup(&h->arena, st->nodes[i].longname);
	}
}

static const struct held *ino_find(const struct holders *h, ino_t ino)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->held[i].ino == ino)
			return &h->held[i];
	return NULL;
}

static void lab_note(const struct holders *h, const struct lab_state *st, const struct cli *cli)
{
	const struct held *held = NULL;
	const char *node = NULL;
	size_t n = 0;

	for (size_t i = 0; i < st->n_nodes; i++) {
		const struct held *in;
		ino_t ino;

		if (strncmp(st->nodes[i].net_mode, "container:", 10) != 0 || !node_ino(st, &st->nodes[i], &ino))
			continue;
		in = ino_find(h, ino);
		if (in && n++ == 0) {
			held = in;
			node = st->nodes[i].name;
		}
	}
	if (n)
		cli_note(cli, "lab '%s': %s%s in the network of %s, which is gone: "
			      "make it anew (netemu run --reconfigure)", st->name, node, n > 1 ? " and others are" : " is", held->node);
}

void holders_note(const struct holders *h, const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strv labs = { 0 };

	if (h->n == 0 || state_names(&a, &labs, NULL) < 0)
		return;
	for (size_t i = 0; i < labs.n; i++) {
		_cleanup_(state_freep) struct lab_state *st = NULL;

		if (state_load(labs.v[i], &st, NULL) == 0)
			lab_note(h, st, cli);
	}
}

void holders_done(struct holders *h)
{
	arena_done(&h->arena);
}

/* The namespace that a link in /proc names ("net:[4026532008]"), or NULL. */
static const struct held *link_find(const struct holders *h, int dirfd, const char *name)
{
	char target[64], *end;
	ssize_t n = readlinkat(dirfd, name, target, sizeof(target) - 1);
	unsigned long long ino;

	target[n > 0 ? n : 0] = '\0';
	if (strncmp(target, "net:[", 5) != 0)
		return NULL;
	ino = strtoull(target + 5, &end, 10);
	return *end == ']' ? ino_find(h, (ino_t)ino) : NULL;
}

/* Looks at what a process has open. */
static const struct held *fds_find(const struct holders *h, int procfd)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int fd = openat(procfd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct held *found = NULL;

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return NULL;
	for (const struct dirent *d = readdir(dir); d && !found; d = readdir(dir))
		if (isdigit((unsigned char)d->d_name[0]))
			found = link_find(h, dirfd(dir), d->d_name);
	return found;
}

static int process_check(const struct holders *h, int proc, const char *pid, struct error *e)
{
	_cleanup_close_ int procfd = openat(proc, pid, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int comm = -EBADF;
	const struct held *found;
	char name[32];
	ssize_t n;

	if (procfd < 0)
		return 0;
	found = link_find(h, procfd, "ns/net");
	if (!found)
		found = fds_find(h, procfd);
	if (!found)
		return 0;
	comm = openat(procfd, "comm", O_RDONLY | O_CLOEXEC);
	n = comm < 0 ? 0 : read(comm, name, sizeof(name) - 1);
	name[n > 0 ? n : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	return error_set(e, EBUSY, "the network namespace of %s is still used by process %s (%s)", found->node, pid, name);
}

int holders_check(const struct holders *h, struct error *e)
{
	_cleanup_closedir_ DIR *dir = opendir("/proc");
	int r = 0;

	if (!dir)
		return error_errno(e, errno, "/proc");
	for (const struct dirent *d = readdir(dir); d && r == 0; d = readdir(dir))
		if (isdigit((unsigned char)d->d_name[0]))
			r = process_check(h, dirfd(dir), d->d_name, e);
	return r;
}
