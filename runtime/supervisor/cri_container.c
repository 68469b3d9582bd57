// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cri_container.c - a container from its start to its removal
 *
 *   start ----> running ---- main process exits, or init dies ----> exited ---- remove ----> gone
 *                  |                                                               ^
 *                  +---- remove: kill, wait for the pidfd -------------------------+
 *
 * Its init dies with the main process, and everything in the container with it. What it wrote stays until it is
 * removed: logs and the root. Only the pidfd says that all is over, since then the kernel has ended the whole PID
 * namespace; directories are removed after that.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "cluster/jsonutil.h"
#include "engine/agentc.h"
#include "image/store.h"
#include "kernel/fault.h"
#include "kernel/rootfs.h"
#include "supervisor/cri_internal.h"

#define MESSAGE_PATH "/dev/termination-log"

enum { MESSAGE_MAX = 4096 }; /* bytes, as a kubelet takes */

static struct cri *cri_of(const struct container *c)
{
	return c->pod->node->cri;
}

static struct loop *loop_of(const struct container *c)
{
	return cri_of(c)->run->loop;
}

int cri_container_find(const struct cri_call *call, struct container **ret, struct error *e)
{
	const char *id = json_text(call->m->body, "container", NULL);

	for (struct container *c = call->client->cri->containers[cri_hash(id)]; c; c = c->same_hash)
		if (strcmp(c->id, id) == 0 && !c->removing && (!call->client->node || call->client->node == c->pod->node)) {
			*ret = c;
			return 0;
		}
	return error_set(e, ENOENT, "no container '%s'", id);
}

static json_t *time_json(const struct timespec *t)
{
	char buf[CRILOG_TIME_LEN];

	return json_string(crilog_time(t, buf));
}

static void end_add(const struct container *c, json_t *j)
{
	(void)json_object_set_new(j, "status", json_integer(c->status));
	(void)json_object_set_new(j, "finishedAt", time_json(&c->finished));
	if (c->reason)
		(void)json_object_set_new(j, "reason", json_string(c->reason));
	if (c->message)
		(void)json_object_set(j, "message", c->message);
}

json_t *container_json(const struct container *c)
{
	json_t *opaque = json_object_get(c->spec, "opaque");
	json_t *j = json_pack("{s:s, s:s, s:I, s:s, s:i, s:o, s:O}", "id", c->id, "name", json_text(c->spec, "name", NULL), "attempt",
			      json_int(c->spec, 0, "attempt", NULL), "state", c->running ? "running" : "exited", "pid", (int)c->pid,
			      "startedAt", time_json(&c->started), "opaque", opaque ? opaque : json_null());

	if (!c->running)
		end_add(c, j);
	return j;
}

/* ---- removal ---- */

static void container_unlink(struct container *c)
{
	struct container **at = &cri_of(c)->containers[cri_hash(c->id)];

	while (*at && *at != c)
		at = &(*at)->same_hash;
	if (*at)
		*at = c->same_hash;
	if (c->prev)
		*c->prev = c->next;
	if (c->next)
		c->next->prev = c->prev;
}

static void init_close(struct container *c)
{
	loop_remove(loop_of(c), c->pidfd_handle);
	loop_remove(loop_of(c), c->events_handle);
	c->pidfd = fd_close(c->pidfd);
	c->events = fd_close(c->events);
}

/* Frees what is left of a container whose init is dead, or was never there. */
static void container_destroy(struct container *c)
{
	struct pod *pod = c->pod;
	struct cri_waiter *waiters = c->waiters;
	char root[32];

	streams_close(c);
	init_close(c);
	(void)fd_close(c->image);
	(void)snprintf(root, sizeof(root), "n/%u", c->index);
	(void)rootfs_remove(cri_of(c)->fs_dir, root, NULL);
	if (c->keep_log)
		(void)json_array_append_new(pod->kept_logs, json_string(c->id));
	else
		crilog_remove(c->log.dirfd, c->log.name);
	container_unlink(c);
	json_decref(c->spec);
	json_decref(c->message);
	free(c);
	cri_answer(&waiters, NULL);
	pod_container_gone(pod);
}

static void init_kill(const struct container *c)
{
	(void)syscall(SYS_pidfd_send_signal, c->pidfd, SIGKILL, NULL, 0);
}

void container_end(struct container *c)
{
	c->removing = true;
	if (c->pidfd >= 0)
		init_kill(c);
	else
		container_destroy(c);
}

/* ---- exit ---- */

/* What it has left in its terminationMessagePath. */
static void message_read(struct container *c)
{
	const char *path = json_text(c->spec, "messagePath", NULL);
	char area[32], text[MESSAGE_MAX];
	size_t n;

	(void)snprintf(area, sizeof(area), "n/%u/u", c->index);
	path += strspn(path, "/");
	n = *path ? rootfs_read(cri_of(c)->fs_dir, area, path, text, sizeof(text)) : 0;
	if (n)
		c->message = json_string_lossy(text, n);
}

static void exit_tell(const struct container *c)
{
	json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:I}", "op", "exit", "pod", c->pod->uid, "id", c->id, "name",
			      json_text(c->spec, "name", NULL), "attempt", json_int(c->spec, 0, "attempt", NULL));

	end_add(c, j);
	cri_notify(c->pod->node, j);
}

static void container_exited(struct container *c, int status)
{
	if (!c->running)
		return;
	c->running = false;
	c->status = status;
	(void)clock_gettime(CLOCK_REALTIME, &c->finished);
	for (size_t i = 0; i < _STREAM_MAX; i++)
		stream_drain(&c->streams[i]);
	if (c->pidfd >= 0)
		init_kill(c);
	if (!c->message)
		message_read(c);
	if (!c->removing)
		exit_tell(c);
}

/* In containerd's words, by which people look for help. */
static void start_failed(struct container *c, const struct agent_event *ev)
{
	const char *program = json_text(c->spec, "program", NULL), *why = strerror((int)ev->arg);
	struct error e = { 0 };
	char lower[128];

	(void)snprintf(lower, sizeof(lower), "%c%s", *why >= 'A' && *why <= 'Z' ? *why + 'a' - 'A' : *why, why + 1);
	if (strcmp(ev->comm, AGENT_STEP_CWD) == 0)
		(void)error_set(&e, EIO, "chdir to cwd (\"%s\") set in config.json failed: %s", json_text(c->spec, "cwd", NULL), lower);
	else if (strcmp(ev->comm, AGENT_STEP_USER) == 0)
		(void)error_set(&e, EIO, "unable to find user %s: %s", json_text(c->spec, "user", NULL), lower);
	else if (ev->arg == ENOENT && !strchr(program, '/'))
		(void)error_set(&e, EIO, "exec: \"%s\": executable file not found in $PATH", program);
	else
		(void)error_set(&e, EIO, "exec: \"%s\": %s%s%s", program, ev->arg == ENOENT ? "stat " : "",
				ev->arg == ENOENT ? program : "", ev->arg == ENOENT ? ": no such file or directory" : lower);
	c->reason = "StartError";
	c->message = json_sprintf("failed to create containerd task: failed to create shim task: OCI runtime create failed: "
				  "runc create failed: unable to start container process: %s: unknown",
				  e.msg);
	container_exited(c, 128 << 8);
}

static void event_handle(struct container *c, const struct agent_event *ev, int fd)
{
	if (ev->type == AGENT_STARTED && fd >= 0 && c->streams[STREAM_OUT].fd < 0) { /* the terminal */
		if (stream_open(c, STREAM_OUT, fd, NULL) == 0 && json_bool(c->spec, "stdin", NULL))
			c->in = fd;
		return;
	}
	(void)fd_close(fd);
	if (ev->id != REQUEST_COMMAND)
		return;
	if (ev->type == AGENT_EXITED)
		container_exited(c, (int)ev->arg);
	else if (ev->type == AGENT_REFUSED && c->running)
		start_failed(c, ev);
}

void container_events(struct container *c)
{
	struct agent_event ev;
	int fd, r;

	while (c->events >= 0 && (r = agent_recv(c->events, &ev, &fd, NULL)) != -EAGAIN) {
		if (r > 0) {
			event_handle(c, &ev, fd);
			continue;
		}
		loop_remove(loop_of(c), c->events_handle);
		c->events = fd_close(c->events);
	}
}

static void events_readable(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	(void)loop;
	(void)id;
	(void)revents;
	container_events(arg);
}

/* Nothing of the container is left. */
static void init_dead(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct container *c = arg;

	(void)loop;
	(void)id;
	(void)revents;
	container_events(c);
	init_close(c);
	container_exited(c, SIGKILL);
	if (c->removing)
		container_destroy(c);
}

/* ---- start ---- */

/* For all users; elsewhere than here it is made by who writes it. */
static int message_file(const struct container *c, const char *area, struct error *e)
{
	char path[640];
	const int r = rootfs_write(cri_of(c)->fs_dir, area, &MESSAGE_PATH[1], "", e);

	(void)snprintf(path, sizeof(path), "%s/%s" MESSAGE_PATH, cri_of(c)->fs_dir, area);
	return r < 0 || chmod(path, 0666) == 0 ? r : error_errno(e, errno, "make " MESSAGE_PATH);
}

static int files_write(struct container *c, struct error *e)
{
	static const struct {
		const char *path, *key;
	} files[] = { { "etc/hosts", "hosts" }, { "etc/resolv.conf", "resolv" } };
	const char *fs_dir = cri_of(c)->fs_dir;
	char area[32], hostname[256];
	int r = rootfs_node(fs_dir, c->index, e);

	(void)snprintf(area, sizeof(area), "n/%u/u", c->index);
	(void)snprintf(hostname, sizeof(hostname), "%s\n", json_text(c->pod->spec, "hostname", NULL));
	if (r == 0)
		r = rootfs_write(fs_dir, area, "etc/hostname", hostname, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(files); i++)
		if (json_object_get(c->pod->spec, files[i].key))
			r = rootfs_write(fs_dir, area, files[i].path, json_text(c->pod->spec, files[i].key, NULL), e);
	if (r == 0 && strcmp(json_text(c->spec, "messagePath", NULL), MESSAGE_PATH) == 0)
		r = message_file(c, area, e);
	return r;
}

static void words(struct arena *a, const json_t *array, struct strv *ret)
{
	json_t *word;
	size_t i;

	json_array_foreach(array, i, word)
		strv_add(a, ret, json_string_value(word) ? json_string_value(word) : "");
}

static void env_default(struct arena *a, struct strv *env, const char *word)
{
	const size_t key = strcspn(word, "=") + 1;

	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], word, key) == 0)
			return;
	strv_add(a, env, word);
}

/* Of all that runs in the container, what `exec` starts included. */
static void env_make(struct arena *a, const struct container *c, const struct image *im, struct strv *ret)
{
	words(a, json_object_get(c->spec, "env"), ret);
	for (size_t i = 0; im && i < im->env.n; i++)
		env_default(a, ret, im->env.v[i]);
	env_default(a, ret, ENGINE_PATH);
	env_default(a, ret, "HOME=/root");
	env_default(a, ret, arena_printf(a, "HOSTNAME=%s", json_text(c->pod->spec, "hostname", NULL)));
}

/* What a container's root is. */
struct origin {
	const struct profile *profile;
	const struct image *image; /* NULL: nothing was imported under that name */
};

static int sandbox_start(struct container *c, const struct origin *o, const struct mounts *m, struct error *e)
{
	static const struct strv none = { 0 };
	const struct engine *en = &cri_of(c)->run->engine;
	const char *hostname = json_text(c->pod->spec, "hostname", NULL);
	_cleanup_arena_ struct arena a = { 0 };
	struct strv env = { 0 };
	_cleanup_close_ int theirs = -EBADF;
	int pair[2];
	struct sandbox_spec spec = {
		.fs_dir = cri_of(c)->fs_dir,
		.index = c->index,
		.layer = profile_layer_dir(o->profile->layer),
		.image = o->image ? o->image->root : NULL,
		.netns = pod_netns(c->pod),
		.hostname = hostname,
		.host_mounts = o->image ? &none : &en->host_mounts,
		.binds = m->binds,
		.n_binds = m->n,
		.nofile = en->nofile,
		.init_fd = en->init_fd,
		.log_fd = -1,
		.sock_fd = -1,
		.read_only = json_bool(c->spec, "readOnlyRoot", NULL),
		.listen_fd = -1,
	};

	env_make(&a, c, o->image, &env);
	spec.env = env.v;
	if (fault_fails("container's socket pair") ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return error_errno(e, errno, "make a socket pair");
	c->events = pair[0];
	theirs = spec.events_fd = pair[1];
	c->pidfd = sandbox_spawn(&spec, &c->pid, e);
	if (c->pidfd < 0)
		return c->pidfd;
	c->pid = pidfd_host_pid(c->pidfd);
	return 0;
}

/* Pipes for a process without a terminal: ours into the container, theirs into @fds. */
static int pipes_open(struct container *c, int fds[3], struct error *e)
{
	int p[2], r = 0;

	fds[0] = fcntl(cri_of(c)->run->null_fd, F_DUPFD_CLOEXEC, 3);
	if (json_bool(c->spec, "stdin", NULL)) {
		if (fault_fails("pipe of a container") || pipe2(p, O_CLOEXEC) < 0)
			return error_errno(e, errno, "make a pipe");
		(void)fd_close(fds[0]);
		fds[0] = p[0];
		c->in = p[1];
	}
	for (enum stream_index i = STREAM_OUT; r == 0 && i < _STREAM_MAX; i++) {
		if (fault_fails("pipe of a container") || pipe2(p, O_CLOEXEC) < 0)
			return error_errno(e, errno, "make a pipe");
		fds[1 + i] = p[1];
		r = stream_open(c, i, p[0], e);
	}
	return r;
}

static void words_add(struct arena *a, const struct strv *from, struct strv *ret)
{
	for (size_t i = 0; i < from->n; i++)
		strv_add(a, ret, from->v[i]);
}

/* A pod's command stands for the image's entrypoint, and its args for the image's command. */
static void argv_of_image(struct arena *a, const json_t *spec, const struct origin *o, struct strv *ret)
{
	const bool command = json_bool(spec, "command", NULL), args = json_bool(spec, "args", NULL);

	if (!command)
		words_add(a, &o->image->entrypoint, ret);
	if (!command && !args)
		words_add(a, &o->image->cmd, ret);
	if (command || args || ret->n == 0)
		words(a, json_object_get(spec, "argv"), ret);
}

/* No argv at all: what the image itself would start. An empty one: nothing. */
static void argv_choose(struct arena *a, const json_t *spec, const struct origin *o, struct strv *ret)
{
	const struct profile *p = o->profile;

	if (o->image) {
		argv_of_image(a, spec, o, ret);
		return;
	}
	words(a, json_object_get(spec, "argv"), ret);
	for (const char *const *w = json_object_get(spec, "argv") ? NULL : p->command; w && *w; w++)
		strv_add(a, ret, *w);
}

static const char *either(const char *own, const char *image)
{
	return *own ? own : image;
}

static int main_start(struct container *c, const struct origin *o, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strv argv = { 0 }, env = { 0 };
	struct agent_command cmd = { .argv = &argv, .env = &env, .make_cwd = true, .tell_why = true, .cwd = json_text(c->spec, "cwd", NULL),
				     .user = json_text(c->spec, "user", NULL), .tty = c->tty, .rows = 24, .cols = 80,
				     .fds = { -EBADF, -EBADF, -EBADF } };
	int r = 0;

	if (o->image) {
		cmd.cwd = either(cmd.cwd, o->image->workdir);
		cmd.user = either(cmd.user, o->image->user);
	}
	argv_choose(&a, c->spec, o, &argv);
	if (argv.n == 0)
		return 0;
	(void)json_object_set_new(c->spec, "program", json_string(argv.v[0]));
	if (c->tty)
		strv_add(&a, &env, "TERM=xterm");
	words(&a, json_object_get(c->spec, "env"), &env);
	if (!c->tty)
		r = pipes_open(c, cmd.fds, e);
	if (r == 0)
		r = agent_run(c->events, REQUEST_COMMAND, &cmd, e);
	for (size_t i = 0; i < 3; i++)
		(void)fd_close(cmd.fds[i]);
	c->has_main = r == 0;
	return r;
}

static struct container *container_new(struct pod *pod, json_t *spec)
{
	struct container *c = calloc(1, sizeof(*c));
	struct cri *cri = pod->node->cri;
	uint64_t random = 0;

	if (!c)
		return NULL;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random)) {
		free(c);
		return NULL;
	}
	*c = (struct container){ .pod = pod, .spec = json_incref(spec), .index = cri->next_index++, .image = -EBADF, .pidfd = -EBADF,
				 .events = -EBADF, .in = -EBADF, .tty = json_bool(spec, "tty", NULL) };
	(void)snprintf(c->id, sizeof(c->id), "%016llx", (unsigned long long)random);
	for (size_t i = 0; i < _STREAM_MAX; i++) {
		c->streams[i].fd = -EBADF;
		c->streams[i].container = c;
	}
	c->log.dirfd = cri->logs;
	(void)snprintf(c->log.name, sizeof(c->log.name), "%s.log", c->id);
	c->same_hash = cri->containers[cri_hash(c->id)];
	cri->containers[cri_hash(c->id)] = c;
	c->next = pod->containers;
	c->prev = &pod->containers;
	if (c->next)
		c->next->prev = &c->next;
	pod->containers = c;
	return c;
}

static int container_start(struct container *c, const struct origin *o, struct error *e)
{
	struct mounts m;
	int r = mounts_open(c->pod, json_object_get(c->spec, "mounts"), &m, e);

	if (r < 0)
		return r;
	r = files_write(c, e);
	if (r == 0)
		r = sandbox_start(c, o, &m, e);
	mounts_done(&m);
	if (r == 0)
		r = loop_add_fd(loop_of(c), c->pidfd, POLLIN, init_dead, c, &c->pidfd_handle, e);
	if (r == 0)
		r = loop_add_fd(loop_of(c), c->events, POLLIN, events_readable, c, &c->events_handle, e);
	return r < 0 ? r : main_start(c, o, e);
}

static void spec_forget_start(json_t *spec)
{
	static const char *const keys[] = { "argv", "env", "mounts" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		(void)json_object_del(spec, keys[i]);
}

/* Return: 0, -ENOENT when nothing is there for the name, another -errno. */
static int origin_find(struct arena *a, const char *image, struct origin *ret, struct error *e)
{
	struct image *im = NULL;
	const int r = imgstore_find(a, image, &im, e);

	if (r < 0 && r != -ENOENT)
		return r;
	*ret = (struct origin){ im ? profile_image(a, image) : profile_find(image), im };
	return ret->profile ? 0 : -ENOENT;
}

int op_image_find(struct cri_call *call, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct image *im;
	const int r = imgstore_find(&a, json_text(call->m->body, "image", NULL), &im, e);

	if (r < 0 && r != -ENOENT)
		return r;
	call->reply = json_pack("{s:b}", "found", r == 0);
	return 0;
}

static int origin_hold(struct container *c, const struct origin *o, struct error *e)
{
	if (!o->image)
		return 0;
	c->image = imgstore_hold(o->image, e);
	return c->image < 0 ? c->image : 0;
}

int op_container_start(struct cri_call *call, struct error *e)
{
	const char *image = json_text(call->m->body, "image", NULL);
	_cleanup_arena_ struct arena a = { 0 };
	struct origin o = { 0 };
	struct container *c;
	struct pod *pod;
	int r = pod_find(call, "pod", &pod, e);

	if (r < 0)
		return r;
	r = origin_find(&a, image, &o, e);
	if (r < 0)
		return r == -ENOENT ? error_set(e, ENOENT, "no profile stands for image '%s'", image) : r;
	c = container_new(pod, call->m->body);
	if (!c)
		return error_oom(e);
	r = origin_hold(c, &o, e);
	if (r == 0)
		r = container_start(c, &o, e);
	if (r < 0) {
		container_end(c);
		return r;
	}
	c->running = true;
	(void)clock_gettime(CLOCK_REALTIME, &c->started);
	spec_forget_start(c->spec);
	call->reply = json_pack("{s:s, s:i, s:o}", "id", c->id, "pid", (int)c->pid, "startedAt", time_json(&c->started));
	if (o.image)
		(void)json_object_set_new(call->reply, "imageId", json_string(o.image->id));
	return 0;
}

/* ---- the other operations ---- */

int op_container_stop(struct cri_call *call, struct error *e)
{
	const int sig = (int)json_int(call->m->body, SIGTERM, "signal", NULL);
	struct container *c;
	const int r = cri_container_find(call, &c, e);

	if (r < 0 || !c->running)
		return r;
	if (sig == SIGKILL || c->events < 0) {
		init_kill(c);
		return 0;
	}
	if (c->has_main)
		return agent_signal(c->events, REQUEST_COMMAND, sig, e);
	if (sig == SIGTERM || sig == SIGINT || sig == SIGQUIT)
		container_exited(c, sig); /* an idle one ends at once */
	return 0;
}

int op_container_remove(struct cri_call *call, struct error *e)
{
	struct container *c;
	int r = cri_container_find(call, &c, e);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = cri_later(call, &c->waiters, e);
	if (r < 0)
		return r;
	c->keep_log = json_bool(call->m->body, "keepLog", NULL);
	container_end(c);
	return 0;
}

int op_container_connect(struct cri_call *call, struct error *e)
{
	struct container *c;
	int pair[2];
	int r = cri_container_find(call, &c, e);

	if (r < 0)
		return r;
	if (!c->running || c->events < 0)
		return error_set(e, ESRCH, "container %s is not running", c->id);
	if (fault_fails("connect to a container") || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(e, errno, "make a socket pair");
	r = agent_join(c->events, pair[1], e);
	(void)close(pair[1]);
	if (r < 0)
		(void)close(pair[0]);
	else
		cri_give(call, pair[0]);
	return r;
}
