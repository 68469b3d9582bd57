// SPDX-License-Identifier: GPL-2.0-or-later
#include "apiserver/logstream.h"

#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "cluster/cri.h"
#include "cluster/jsonutil.h"

/*
 * Theory of Operation
 * -------------------
 * step() reads a piece of the file that is open, and comes back by a timer of 0 while there is more. At the end of it:
 * the old file is followed by the current one; a current one that is not the one of that name any more (rotated) is
 * followed by that; with follow an inotify event is waited for, until the container has ended. It was looked whether it
 * has before the last read, not after, so that its last lines are never missed.
 */

enum { PIECE = 64 * 1024, STAMP_MAX = 40, LINE_MAX_LEN = 1024 * 1024 };

struct log_options {
	bool follow, timestamps;
	json_int_t tail, limit; /* -1: all */
	char since[STAMP_MAX]; /* as lines begin; "": all */
};

struct log_stream {
	struct api *api;
	struct loop_handle timer, inotify_id;
	struct store_watch *watch;
	struct log_options opt;
	log_write_fn write;
	log_end_fn end;
	void *arg;
	char ns[256], name[256], uid[64], container[256], id[64];
	char path[4096], old_path[4096 + 2];
	int fd, inotify, wd;
	bool old; /* fd is the rotated file */
	bool paused, over;
	bool exited; /* the container */
	bool in_line; /* the last piece of a line was a partial one */
	struct strbuf carry; /* a line whose end is not read yet */
	struct strbuf out;
};

static void step(struct loop *loop, struct loop_handle id, void *arg);

static void step_soon(struct log_stream *ls)
{
	if (!ls->paused && !ls->over && !loop_exists(ls->api->loop, ls->timer))
		(void)loop_add_timer(ls->api->loop, 0, step, ls, &ls->timer, NULL);
}

/* ---- options ---- */

static const char *option(const json_t *query, const char *key)
{
	const char *v = json_string_value(json_array_get(json_object_get(query, key), 0));

	return v ? v : "";
}

/* A count that may be missing. */
static int option_count(const json_t *query, const char *key, json_int_t least, json_int_t *ret, struct error *e)
{
	const char *text = option(query, key);
	char *end;
	long long v;

	*ret = -1;
	if (!*text)
		return 0;
	errno = 0;
	v = strtoll(text, &end, 10);
	if (*end || errno || v < least)
		return error_set(e, EINVAL, "%s: Invalid value: \"%s\": must be a number not less than %lld", key, text, (long long)least);
	*ret = v;
	return 0;
}

static bool option_true(const json_t *query, const char *key)
{
	const char *v = option(query, key);

	return strcmp(v, "true") == 0 || strcmp(v, "1") == 0;
}

/* Lines begin with such a time, so that they can be compared as text. */
static void since_set(struct log_options *o, time_t t)
{
	char buf[KUBE_TIME_LEN];

	(void)kube_time(t, buf);
	buf[strcspn(buf, "Z")] = '\0';
	(void)snprintf(o->since, sizeof(o->since), "%.20s.000000000Z", buf);
}

static int options_parse(const json_t *query, struct log_options *o, struct error *e)
{
	const char *since_time = option(query, "sinceTime");
	json_int_t seconds;
	int r;

	*o = (struct log_options){ .follow = option_true(query, "follow"), .timestamps = option_true(query, "timestamps") };
	r = option_count(query, "tailLines", 0, &o->tail, e);
	if (r == 0)
		r = option_count(query, "limitBytes", 1, &o->limit, e);
	if (r == 0)
		r = option_count(query, "sinceSeconds", 1, &seconds, e);
	if (r < 0)
		return r;
	if (seconds > 0 && *since_time)
		return error_set(e, EINVAL, "at most one of `sinceTime` or `sinceSeconds` may be specified");
	if (seconds > 0)
		since_set(o, time(NULL) - (time_t)MIN_OF(seconds, (json_int_t)time(NULL)));
	if (*since_time) {
		const time_t t = kube_time_parse(since_time);

		if (t < 0)
			return error_set(e, EINVAL, "sinceTime: Invalid value: \"%s\": must be a time as of RFC 3339", since_time);
		since_set(o, t);
	}
	return 0;
}

int log_options_check(const json_t *query, struct error *e)
{
	struct log_options o;

	return options_parse(query, &o, e);
}

/* ---- lines ---- */

/* "2016-10-06T00:17:09.669794202Z stdout F text\n"; what is none is skipped. */
static void take_line(struct log_stream *ls, const char *line, size_t len)
{
	const char *end = line + len;
	const char *stream = memchr(line, ' ', len);
	const char *tag = stream ? memchr(stream + 1, ' ', (size_t)(end - stream - 1)) : NULL;
	const char *text = tag ? memchr(tag + 1, ' ', (size_t)(end - tag - 1)) : NULL;
	const bool first = !ls->in_line;
	bool partial;

	if (!text)
		return;
	partial = tag[1] == 'P';
	ls->in_line = partial;
	if (*ls->opt.since && strncmp(line, ls->opt.since, strlen(ls->opt.since)) < 0)
		return;
	if (ls->opt.timestamps && first)
		strbuf_add(&ls->out, line, (size_t)(stream + 1 - line));
	strbuf_add(&ls->out, text + 1, (size_t)(end - text - 1));
	if (!partial)
		strbuf_putc(&ls->out, '\n');
}

static void take_text(struct log_stream *ls, const char *data, size_t len)
{
	while (len) {
		const char *nl = memchr(data, '\n', len);
		const size_t n = nl ? (size_t)(nl - data) : len;

		if (!nl || ls->carry.len) {
			/* A line that long is nobody's: it is cut. */
			strbuf_add(&ls->carry, data, ls->carry.len < LINE_MAX_LEN ? n : 0);
			if (nl) {
				take_line(ls, strbuf_str(&ls->carry), ls->carry.len);
				strbuf_reset(&ls->carry);
			}
		} else {
			take_line(ls, data, n);
		}
		data += n + (nl != NULL);
		len -= n + (nl != NULL);
	}
}

/* Give away what was made of the lines. Return: whether the limit is reached. */
static bool deliver(struct log_stream *ls)
{
	size_t n = ls->out.len;

	if (ls->opt.limit >= 0 && (json_int_t)n > ls->opt.limit)
		n = (size_t)ls->opt.limit;
	if (ls->opt.limit >= 0)
		ls->opt.limit -= (json_int_t)n;
	if (n && !ls->write(ls->arg, ls->out.buf, n))
		ls->paused = true;
	strbuf_reset(&ls->out);
	return ls->opt.limit == 0;
}

/* ---- files ---- */

/*
 * The place where the last *@n lines begin. Blocks are read from the end on.
 * *@n becomes how many lines this file lacks.
 */
static off_t tail_offset(int fd, json_int_t *n)
{
	char buf[PIECE];
	off_t end = lseek(fd, 0, SEEK_END), at = end;

	if (*n <= 0)
		return MAX_OF(end, 0);
	while (at > 0) {
		const size_t len = (size_t)MIN_OF((off_t)sizeof(buf), at);
		ssize_t got;

		at -= (off_t)len;
		got = pread(fd, buf, len, at);
		if (got < 0)
			return 0;
		for (ssize_t i = got; i-- > 0;) {
			if (buf[i] != '\n' || at + i + 1 == end)
				continue;
			if (--*n == 0)
				return at + i + 1;
		}
	}
	if (end > 0)
		--*n; /* the first line has no newline before it */
	return 0;
}

static int open_at(const char *path, off_t at)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && at > 0)
		(void)lseek(fd, at, SEEK_SET);
	return fd;
}

/* Where to begin: in the old file, or in the current one when that has enough lines. */
static void open_first(struct log_stream *ls)
{
	_cleanup_close_ int now = open_at(ls->path, 0);
	json_int_t n = ls->opt.tail;
	off_t at = 0;

	if (n >= 0 && now >= 0)
		at = tail_offset(now, &n);
	if (ls->opt.tail < 0 || n > 0) {
		ls->fd = open_at(ls->old_path, 0);
		ls->old = ls->fd >= 0;
		if (ls->old && n > 0)
			(void)lseek(ls->fd, tail_offset(ls->fd, &n), SEEK_SET);
		if (ls->old)
			return;
	}
	if (now >= 0)
		(void)lseek(now, at, SEEK_SET);
	ls->fd = TAKE_FD(now);
}

static bool is_current(int fd, const char *path)
{
	struct stat a, b;

	return fd >= 0 && fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/* inotify for the current file, or, while there is none, for its directory. */
static void watch_file(struct log_stream *ls)
{
	_cleanup_free_ char *dir = NULL;

	if (ls->inotify < 0)
		return;
	if (ls->wd >= 0)
		(void)inotify_rm_watch(ls->inotify, ls->wd);
	ls->wd = inotify_add_watch(ls->inotify, ls->path, IN_MODIFY | IN_MOVE_SELF | IN_DELETE_SELF | IN_ATTRIB);
	if (ls->wd >= 0)
		return;
	dir = strndup(ls->path, (size_t)(strrchr(ls->path, '/') - ls->path));
	if (dir)
		ls->wd = inotify_add_watch(ls->inotify, dir, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
}

/* All of this file is read. Return: whether there is another one to go on with. */
static bool next_file(struct log_stream *ls)
{
	if (!ls->old && is_current(ls->fd, ls->path))
		return false;
	watch_file(ls); /* first, so that nothing is missed in between */
	(void)fd_close(ls->fd);
	ls->fd = open_at(ls->path, 0);
	ls->old = false;
	return ls->fd >= 0;
}

/* ---- the container ---- */

static const json_t *status_of(const json_t *pod, const char *container)
{
	static const char *const lists[] = { "containerStatuses", "initContainerStatuses" };
	const json_t *c;
	size_t i;

	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		json_array_foreach (json_at(pod, "status", lists[l], NULL), i, c)
			if (strcmp(json_text(c, "name", NULL), container) == 0)
				return c;
	return NULL;
}

/* "netemu://ID" in state running of the container's status: anything else means that this very one is not running (any more). */
static bool is_running(const struct log_stream *ls, const json_t *pod)
{
	const json_t *status = status_of(pod, ls->container);
	const char *id = json_text(status, "containerID", NULL), *slashes = strstr(id, "://");

	return strcmp(kube_uid(pod), ls->uid) == 0 && json_at(status, "state", "running", NULL) && slashes &&
	       strcmp(slashes + 3, ls->id) == 0;
}

static void pod_changed(const struct store_event *ev, void *arg)
{
	struct log_stream *ls = arg;

	if (ls->exited || ev->res->id != RES_PODS || strcmp(kube_uid(ev->object), ls->uid) != 0)
		return;
	ls->exited = ev->type == STORE_DELETED || !is_running(ls, ev->object);
	if (ls->exited)
		step_soon(ls);
}

/* ---- the way through ---- */

static void finish(struct log_stream *ls)
{
	ls->over = true;
	ls->end(ls->arg);
}

static void step(struct loop *loop, struct loop_handle id, void *arg)
{
	struct log_stream *ls = arg;
	const bool last = !ls->opt.follow || ls->exited;
	char buf[PIECE];
	bool more;
	ssize_t n;

	(void)loop;
	(void)id;
	ls->timer = (struct loop_handle){ 0 };
	n = ls->fd >= 0 ? read(ls->fd, buf, sizeof(buf)) : 0;
	more = n > 0;
	if (more)
		take_text(ls, buf, (size_t)n);
	if (n > 0 ? deliver(ls) : !(more = next_file(ls)) && last)
		finish(ls);
	else if (more)
		step_soon(ls);
}

static void file_changed(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct log_stream *ls = arg;
	char buf[4096];

	(void)loop;
	(void)id;
	(void)revents;
	while (read(ls->inotify, buf, sizeof(buf)) > 0)
		;
	step_soon(ls);
}

static int follow(struct log_stream *ls, struct error *e)
{
	ls->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (ls->inotify < 0)
		return error_errno(e, errno, "watch a log");
	watch_file(ls);
	ls->watch = store_watch(ls->api->store, pod_changed, ls);
	if (!ls->watch)
		return error_oom(e);
	ls->exited = !is_running(ls, store_get(ls->api->store, RES_PODS, ls->ns, ls->name));
	return loop_add_fd(ls->api->loop, ls->inotify, POLLIN, file_changed, ls, &ls->inotify_id, e);
}

static void names_set(struct log_stream *ls, const json_t *pod, const char *container, const char *id)
{
	(void)snprintf(ls->ns, sizeof(ls->ns), "%s", kube_namespace(pod));
	(void)snprintf(ls->name, sizeof(ls->name), "%s", kube_name(pod));
	(void)snprintf(ls->uid, sizeof(ls->uid), "%s", kube_uid(pod));
	(void)snprintf(ls->container, sizeof(ls->container), "%s", container);
	(void)snprintf(ls->id, sizeof(ls->id), "%s", id);
	(void)snprintf(ls->path, sizeof(ls->path), "%s/" CRI_LOG_DIR "/%s.log", ls->api->lab_dir, id);
	(void)snprintf(ls->old_path, sizeof(ls->old_path), "%s.1", ls->path);
}

int log_stream_start(struct api *api, const json_t *pod, const char *container, const char *id, const json_t *query, log_write_fn write,
		     log_end_fn end, void *arg, struct log_stream **ret, struct error *e)
{
	struct log_stream *ls = calloc(1, sizeof(*ls));
	int r;

	if (!ls)
		return error_oom(e);
	*ls = (struct log_stream){ .api = api, .write = write, .end = end, .arg = arg, .fd = -EBADF, .inotify = -EBADF, .wd = -1 };
	names_set(ls, pod, container, id);
	r = options_parse(query, &ls->opt, e);
	if (r == 0 && ls->opt.follow)
		r = follow(ls, e);
	if (r < 0) {
		(void)log_stream_free(ls);
		return r;
	}
	open_first(ls);
	step_soon(ls);
	*ret = ls;
	return 0;
}

void log_stream_continue(struct log_stream *ls)
{
	ls->paused = false;
	step_soon(ls);
}

struct log_stream *log_stream_free(struct log_stream *ls)
{
	if (!ls)
		return NULL;
	loop_remove(ls->api->loop, ls->timer);
	loop_remove(ls->api->loop, ls->inotify_id);
	if (ls->watch)
		store_unwatch(ls->api->store, ls->watch);
	(void)fd_close(ls->inotify);
	(void)fd_close(ls->fd);
	strbuf_done(&ls->carry);
	strbuf_done(&ls->out);
	free(ls);
	return NULL;
}
