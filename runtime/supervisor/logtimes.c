// SPDX-License-Identifier: GPL-2.0-or-later
#include "supervisor/logtimes.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"
#include "supervisor/logstore.h"

enum { PATH_LEN = LOGSTORE_NAME_MAX + sizeof(".times.1"), NS_PER_S = 1000000000 };

/* The first pair of a file is its head. */
static const char magic[8] = "netimes1";

struct head {
	char magic[8];
	uint64_t inode; /* of the log */
};
static_assert(sizeof(struct head) == sizeof(struct logtimes_pair), "the head has the size of a pair");

static int64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static uint64_t inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? 0 : (uint64_t)st.st_ino;
}

static bool read_head(int fd, uint64_t inode)
{
	struct head h;

	return pread(fd, &h, sizeof(h), 0) == (ssize_t)sizeof(h) && memcmp(h.magic, magic, sizeof(magic)) == 0 &&
	       h.inode == inode;
}

/* ---- the writer ---- */

static void writer_open(struct logtimes_writer *w, int dirfd, const char *node, int log_fd)
{
	struct head h = { .inode = inode_of(log_fd) };
	char path[PATH_LEN];

	(void)snprintf(path, sizeof(path), "%s.times", node);
	memcpy(h.magic, magic, sizeof(magic));
	w->fd = openat(dirfd, path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640);
	if (w->fd < 0 || read_head(w->fd, h.inode))
		return;
	if (ftruncate(w->fd, 0) < 0 || write(w->fd, &h, sizeof(h)) != (ssize_t)sizeof(h))
		w->fd = fd_close(w->fd);
}

void logtimes_note(struct logtimes_writer *w, int dirfd, const char *node, int log_fd, size_t size)
{
	struct logtimes_pair p = { .offset = size, .ns = now_ns() };

	if (w->fd >= 0 && p.ns >= w->last && p.ns - w->last < LOGTIMES_STEP_NS)
		return;
	if (w->fd < 0)
		writer_open(w, dirfd, node, log_fd);
	if (w->fd >= 0 && write(w->fd, &p, sizeof(p)) != (ssize_t)sizeof(p)) {
		char path[PATH_LEN];

		(void)snprintf(path, sizeof(path), "%s.times", node);
		(void)unlinkat(dirfd, path, 0); /* half a pair would shift the rest */
		logtimes_close(w);
	}
	w->last = p.ns;
}

void logtimes_close(struct logtimes_writer *w)
{
	w->fd = fd_close(w->fd);
	w->last = 0;
}

void logtimes_rotate(struct logtimes_writer *w, int dirfd, const char *node)
{
	char from[PATH_LEN], to[PATH_LEN];

	(void)snprintf(from, sizeof(from), "%s.times", node);
	(void)snprintf(to, sizeof(to), "%s.times.1", node);
	logtimes_close(w);
	if (renameat(dirfd, from, dirfd, to) < 0)
		(void)unlinkat(dirfd, to, 0);
}

/* ---- the reader ---- */

void logtimes_open(struct logtimes *t, int dirfd, const char *node, int log_fd)
{
	static const char *const endings[] = { "times", "times.1", "times" };
	const uint64_t inode = inode_of(log_fd);
	struct stat st;

	*t = (struct logtimes){ .fd = -EBADF };
	if (fstat(log_fd, &st) == 0)
		t->fallback = (int64_t)st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
	/* Twice the newer name: it may have been renamed, or not have been there yet. */
	for (size_t i = 0; i < ARRAY_SIZE(endings) && t->fd < 0; i++) {
		char path[PATH_LEN];

		(void)snprintf(path, sizeof(path), "%s.%s", node, endings[i]);
		t->fd = openat(dirfd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (t->fd >= 0 && !read_head(t->fd, inode))
			t->fd = fd_close(t->fd);
	}
}

void logtimes_done(struct logtimes *t)
{
	t->fd = fd_close(t->fd);
	free(t->pairs);
	*t = (struct logtimes){ .fd = -EBADF };
}

/* Reads what was written since. */
static void read_more(struct logtimes *t)
{
	for (;;) {
		ssize_t got;

		if (t->n == t->cap) {
			const size_t cap = t->cap ? 2 * t->cap : 256;
			struct logtimes_pair *more = reallocarray(t->pairs, cap, sizeof(*more));

			if (!more)
				return;
			t->pairs = more;
			t->cap = cap;
		}
		got = pread(t->fd, t->pairs + t->n, (t->cap - t->n) * sizeof(*t->pairs),
			    (off_t)((t->n + 1) * sizeof(*t->pairs)));
		if (got < (ssize_t)sizeof(*t->pairs))
			return;
		t->n += (size_t)got / sizeof(*t->pairs);
	}
}

int64_t logtimes_find(struct logtimes *t, uint64_t offset)
{
	size_t low = 0, high;

	if (t->fd >= 0 && (t->n == 0 || t->pairs[t->n - 1].offset <= offset))
		read_more(t);
	high = t->n;
	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (t->pairs[mid].offset <= offset)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? t->pairs[low - 1].ns : t->n ? t->pairs[0].ns : t->fallback;
}
