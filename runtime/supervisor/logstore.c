// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * logstore.c - the writing side of the logs
 *
 * Owns the file descriptors (at most LOGSTORE_OPEN_MAX, the longest unused is closed for another), rotation and
 * unfinished lines. Does not know what a process is, and reads nothing back: see logstore_read.c.
 *
 * A write that comes back short (disk full) leaves the beginning of a line in the file. It is not cut off again,
 * because a reader may already have passed it; the next write starts with the missing end of line instead.
 */
#include "supervisor/logstore.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/strbuf.h"
#include "base/strmap.h"
#include "kernel/fault.h"
#include "supervisor/logtimes.h"

struct log_stream {
	char *name;
	struct strbuf partial; /* an unfinished line */
};

struct log_node {
	char *name;
	int fd; /* -EBADF: not open */
	struct logtimes_writer times; /* open only as long as fd is */
	size_t size; /* of the file that fd names */
	uint64_t used; /* when fd was used last, in store->clock */
	uint64_t lost; /* bytes not stored since the last successful write */
	bool torn; /* the file ends within a line */
	struct log_stream *streams;
	size_t n_streams;
};

struct logstore {
	int dirfd;
	size_t max_bytes;
	struct log_node *nodes;
	size_t n_nodes;
	struct strmap by_name;
	size_t open[LOGSTORE_OPEN_MAX]; /* indices of nodes that have an fd */
	unsigned n_open;
	uint64_t clock, dropped;
	struct strbuf batch; /* whole lines of one append */
};

bool logstore_name_valid(const char *name)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:@+-";
	size_t n = strspn(name, good);

	return n >= 1 && n <= LOGSTORE_NAME_MAX && name[n] == '\0' && name[0] != '.' && name[0] != '-';
}

int logstore_open(int dirfd, size_t max_bytes, struct logstore **ret, struct error *e)
{
	struct logstore *store;

	store = calloc(1, sizeof(*store));
	if (!store)
		return error_oom(e);
	store->max_bytes = max_bytes ? MAX_OF(max_bytes, (size_t)LOGSTORE_BYTES_MIN) : LOGSTORE_BYTES_DEFAULT;
	store->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	if (store->dirfd < 0) {
		int code = errno;

		free(store);
		return error_errno(e, code, "open the directory of logs");
	}
	*ret = store;
	return 0;
}

/* Files */

static void node_forget_file(struct logstore *store, size_t index)
{
	struct log_node *n = &store->nodes[index];

	if (n->fd < 0)
		return;
	n->fd = fd_close(n->fd);
	logtimes_close(&n->times);
	for (unsigned i = 0; i < store->n_open; i++)
		if (store->open[i] == index)
			store->open[i] = store->open[--store->n_open];
}

static void store_make_room(struct logstore *store)
{
	size_t oldest = store->open[0];

	if (store->n_open < LOGSTORE_OPEN_MAX)
		return;
	for (unsigned i = 1; i < store->n_open; i++)
		if (store->nodes[store->open[i]].used < store->nodes[oldest].used)
			oldest = store->open[i];
	node_forget_file(store, oldest);
}

static int node_open_file(struct logstore *store, size_t index)
{
	struct log_node *n = &store->nodes[index];
	char path[LOGSTORE_NAME_MAX + sizeof(".log")];
	struct stat st;

	n->used = ++store->clock;
	if (n->fd >= 0)
		return 0;
	store_make_room(store);
	(void)snprintf(path, sizeof(path), "%s.log", n->name);
	n->fd = fault_fails("open log") ? -1 :
		openat(store->dirfd, path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640);
	if (n->fd < 0)
		return -errno;
	if (fstat(n->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		n->fd = fd_close(n->fd);
		return -EINVAL;
	}
	n->size = (size_t)st.st_size;
	store->open[store->n_open++] = index;
	return 0;
}

/* The full file becomes the predecessor. Where renaming fails, the log is not allowed to grow either. */
static int node_rotate(struct logstore *store, size_t index)
{
	char from[LOGSTORE_NAME_MAX + sizeof(".log")], to[LOGSTORE_NAME_MAX + sizeof(".log.1")];
	struct log_node *n = &store->nodes[index];

	(void)snprintf(from, sizeof(from), "%s.log", n->name);
	(void)snprintf(to, sizeof(to), "%s.log.1", n->name);
	if (renameat(store->dirfd, from, store->dirfd, to) < 0 && errno != ENOENT)
		return -errno;
	logtimes_rotate(&n->times, store->dirfd, n->name);
	node_forget_file(store, index);
	n->torn = false;
	return node_open_file(store, index);
}

static int node_write(struct log_node *n, const char *data, size_t len)
{
	ssize_t w;

	while (len > 0) {
		w = fault_fails("write log") ? -1 : write(n->fd, data, len);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return w < 0 ? -errno : -EIO;
		n->size += (size_t)w;
		n->torn = data[w - 1] != '\n';
		data += w;
		len -= (size_t)w;
	}
	return 0;
}

/* What must come before the next line: the end of a torn one, and how much is missing. */
static int node_write_note(struct log_node *n)
{
	char note[96];
	int len, r;

	if (!n->torn && !n->lost)
		return 0;
	len = snprintf(note, sizeof(note), "%s", n->torn ? "\n" : "");
	if (n->lost)
		len += snprintf(note + len, sizeof(note) - (size_t)len,
				"[netemu: %llu bytes of this log could not be stored]\n", (unsigned long long)n->lost);
	r = node_write(n, note, (size_t)len);
	if (r >= 0)
		n->lost = 0;
	return r;
}

/* How much of @data, in whole lines, fits into @room. */
static size_t lines_that_fit(const char *data, size_t len, size_t room)
{
	const char *end;

	if (len <= room)
		return len;
	end = memrchr(data, '\n', room);
	return end ? (size_t)(end - data) + 1 : 0;
}

/* Stores @data, whole lines. Return: how much of it could not be stored. */
static size_t node_store(struct logstore *store, size_t index, const char *data, size_t len)
{
	struct log_node *n = &store->nodes[index];
	size_t fit, before;

	if (node_open_file(store, index) < 0)
		return len;
	while (len > 0) {
		if (node_write_note(n) < 0)
			return len;
		fit = lines_that_fit(data, len, n->size < store->max_bytes ? store->max_bytes - n->size : 0);
		if (fit == 0) {
			if (node_rotate(store, index) < 0)
				return len;
			continue;
		}
		before = n->size;
		logtimes_note(&n->times, store->dirfd, n->name, n->fd, n->size);
		if (node_write(n, data, fit) < 0)
			return len - (n->size - before);
		data += fit;
		len -= fit;
	}
	return 0;
}

/* Nodes and streams */

static ssize_t store_add_node(struct logstore *store, const char *name)
{
	struct log_node *nodes;
	char *copy;

	nodes = reallocarray(store->nodes, store->n_nodes + 1, sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	store->nodes = nodes;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	nodes[store->n_nodes] = (struct log_node){ .name = copy, .fd = -EBADF, .times.fd = -EBADF };
	(void)strmap_put(&store->by_name, copy, store->n_nodes);
	return (ssize_t)store->n_nodes++;
}

static struct log_stream *node_find_stream(struct log_node *n, const char *name)
{
	for (size_t i = 0; i < n->n_streams; i++)
		if (strcmp(n->streams[i].name, name) == 0)
			return &n->streams[i];
	return NULL;
}

static struct log_stream *node_add_stream(struct log_node *n, const char *name)
{
	struct log_stream *streams;
	char *copy;

	streams = reallocarray(n->streams, n->n_streams + 1, sizeof(*streams));
	if (!streams)
		return NULL;
	n->streams = streams;
	copy = strdup(name);
	if (!copy)
		return NULL;
	streams[n->n_streams] = (struct log_stream){ .name = copy };
	return &streams[n->n_streams++];
}

static struct log_stream *store_stream(struct logstore *store, const char *node, const char *stream, size_t *ret)
{
	struct log_stream *st;
	ssize_t index;

	if (!logstore_name_valid(node))
		return NULL;
	index = strmap_get(&store->by_name, node);
	if (index == STRMAP_NONE)
		index = store_add_node(store, node);
	if (index < 0)
		return NULL;
	*ret = (size_t)index;
	st = node_find_stream(&store->nodes[index], stream);
	return st ? st : node_add_stream(&store->nodes[index], stream);
}

/* Lines */

static void batch_line(struct strbuf *batch, struct strbuf *partial, const char *data, size_t len)
{
	strbuf_add(batch, strbuf_str(partial), partial->len);
	strbuf_reset(partial);
	strbuf_add(batch, data, len);
	strbuf_putc(batch, '\n');
}

/* Moves the whole lines of partial + @data to @batch; the rest stays in @partial. */
static void batch_lines(struct strbuf *batch, struct strbuf *partial, const char *data, size_t len)
{
	while (len > 0) {
		size_t room = LOGSTORE_LINE_MAX - 1 - partial->len;
		const char *end = memchr(data, '\n', MIN_OF(len, room + 1));
		size_t take = end ? (size_t)(end - data) : MIN_OF(len, room);

		if (!end && len <= room) {
			strbuf_add(partial, data, take);
			return;
		}
		batch_line(batch, partial, data, take);
		take += end != NULL;
		data += take;
		len -= take;
	}
}

static void store_batch(struct logstore *store, size_t index, size_t len)
{
	struct strbuf *batch = &store->batch;
	size_t left = batch->oom ? len : node_store(store, index, strbuf_str(batch), batch->len);

	store->nodes[index].lost += left;
	store->dropped += left;
	if (batch->oom || batch->cap > 2 * LOGSTORE_BYTES_DEFAULT)
		strbuf_done(batch);
	strbuf_reset(batch);
}

void logstore_append(struct logstore *store, const char *node, const char *stream, const void *data, size_t n)
{
	struct log_stream *st;
	size_t index;

	st = store_stream(store, node, stream, &index);
	if (!st) {
		store->dropped += n;
		return;
	}
	batch_lines(&store->batch, &st->partial, data, n);
	if (st->partial.oom || st->partial.len == 0)
		strbuf_done(&st->partial); /* thousands of streams are silent most of the time */
	store_batch(store, index, n);
}

void logstore_end(struct logstore *store, const char *node, const char *stream)
{
	ssize_t index = strmap_get(&store->by_name, node);
	struct log_stream *st;

	if (index == STRMAP_NONE)
		return;
	st = node_find_stream(&store->nodes[index], stream);
	if (!st)
		return;
	if (st->partial.len > 0) {
		batch_line(&store->batch, &st->partial, "", 0);
		store_batch(store, (size_t)index, 0);
	}
	strbuf_done(&st->partial);
}

static void store_end_node(struct logstore *store, size_t index)
{
	struct log_node *n = &store->nodes[index];

	for (size_t i = 0; i < n->n_streams; i++)
		logstore_end(store, n->name, n->streams[i].name);
	for (size_t i = 0; i < n->n_streams; i++)
		free(n->streams[i].name);
	free(n->streams);
	node_forget_file(store, index);
}

struct logstore *logstore_close(struct logstore *store)
{
	if (!store)
		return NULL;
	for (size_t i = 0; i < store->n_nodes; i++)
		store_end_node(store, i);
	strmap_done(&store->by_name);
	for (size_t i = 0; i < store->n_nodes; i++)
		free(store->nodes[i].name);
	free(store->nodes);
	strbuf_done(&store->batch);
	store->dirfd = fd_close(store->dirfd);
	free(store);
	return NULL;
}

struct logstore_stats logstore_stats(const struct logstore *store)
{
	return (struct logstore_stats){ .dropped = store->dropped, .open_files = store->n_open };
}
