// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * speaker.c - the daemons of a node's BGP speaker as processes: started, watched, taken over, ended
 *
 * Owns: SPEAKER_DIR, pids, when to try again. Refuses to know what is in a configuration (speaker_bgpd.c,
 * speaker_gobgpd.c).
 *
 * Everything goes through instance_advance(), which looks at what an instance is (model, pid) and what it shall be
 * (want), does the next step, and is called again when that step has had its effect.
 */
#include "kubelet/speaker.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "cluster/jsonutil.h"
#include "kernel/link.h"
#include "kubelet/speaker_internal.h"

enum {
	RETRY_MIN_MS = 100, /* after the first failure; doubles */
	RETRY_MAX_MS = 30 * 1000,
	KILL_AFTER_MS = 3000, /* SIGKILL for what SIGTERM does not end */
	NOTES_MAX = 50,
};

struct speaker {
	struct loop *loop;
	struct instance *instances;
	json_t *notes;
	speaker_changed_fn changed;
	void *changed_arg;
	speaker_note_fn noted;
	void *noted_arg;
	int watch; /* of addresses and routes, while a model depends on them */
	struct loop_handle watch_id;
	bool looked; /* for daemons of an earlier kubelet */
};

static const struct speaker_backend *const backends[] = { &speaker_bgpd, &speaker_gobgpd };

static void instance_advance(struct instance *i);

void instance_note(struct instance *i, const char *fmt, ...)
{
	char text[600], *at = text;
	json_t *old;
	va_list ap;
	size_t k;

	at += snprintf(text, sizeof(text), "bgp %s: ", i->name);
	va_start(ap, fmt);
	(void)vsnprintf(at, sizeof(text) - (size_t)(at - text), fmt, ap);
	va_end(ap);
	json_array_foreach(i->sp->notes, k, old)
		if (strcmp(json_string_value(old), text) == 0)
			return;
	if (json_array_size(i->sp->notes) >= NOTES_MAX)
		return;
	json_array_append_new(i->sp->notes, json_string(text));
	if (i->sp->noted)
		i->sp->noted(i->sp, text, i->sp->noted_arg);
}

static void speaker_changed(struct speaker *sp)
{
	if (sp->changed)
		sp->changed(sp, sp->changed_arg);
}

/* ---- files ---- */

/* Names are a user's: what is no letter, digit, '-' or '_' is written %XX. */
static char *instance_dir(const char *name)
{
	struct strbuf out = { 0 };

	strbuf_puts(&out, SPEAKER_DIR "/");
	for (const char *c = name; *c; c++) {
		if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '-' ||
		    *c == '_')
			strbuf_putc(&out, *c);
		else
			strbuf_printf(&out, "%%%02X", (unsigned char)*c);
	}
	return strbuf_steal(&out);
}

static void file_path(char buf[PATH_MAX], const struct instance *i, const char *name)
{
	(void)snprintf(buf, PATH_MAX, "%s/%s", i->dir, name);
}

int instance_write(struct instance *i, const char *name, const char *text, size_t len, struct error *e)
{
	char path[PATH_MAX], tmp[PATH_MAX + 8];
	_cleanup_close_ int fd = -EBADF;

	file_path(path, i, name);
	(void)snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len || rename(tmp, path) < 0)
		return error_errno(e, errno, "write %s", path);
	return 0;
}

static void instance_remember(struct instance *i, const json_t *model)
{
	_cleanup_json_ json_t *j =
		json_pack("{s:s, s:s, s:O}", "name", i->name, "engine", i->backend->engine, "model", model);
	_cleanup_free_ char *text = json_dumps(j, JSON_COMPACT);
	struct error e = { 0 };

	if (!text || instance_write(i, "model.json", text, strlen(text), &e) < 0)
		instance_note(i, "%s", e.msg);
}

static void remove_dir(const char *path)
{
	_cleanup_closedir_ DIR *d = opendir(path);
	struct dirent *ent;

	while (d && (ent = readdir(d)))
		(void)unlinkat(dirfd(d), ent->d_name, 0);
	(void)rmdir(path);
}

const char *instance_find_program(const char *name)
{
	static const char *const dirs[] = { "/usr/lib/frr",	      "/usr/libexec/frr", "/usr/local/lib/frr",
					    "/usr/local/libexec/frr", "/usr/bin",	  "/usr/sbin",
					    "/usr/local/bin",	      "/usr/local/sbin" };
	static char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dirs[i], name);
		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

/* ---- instances ---- */

static struct instance *instance_new(struct speaker *sp, const char *name, const struct speaker_backend *backend)
{
	struct instance *i = calloc(1, sizeof(*i));

	if (!i)
		return NULL;
	*i = (struct instance){ .next = sp->instances,
				.sp = sp,
				.backend = backend,
				.pidfd = -EBADF,
				.fifo = -EBADF,
				.name = strdup(name),
				.dir = instance_dir(name) };
	sp->instances = i;
	return i;
}

static void instance_forget_process(struct instance *i)
{
	loop_remove(i->sp->loop, i->pid_id);
	loop_remove(i->sp->loop, i->fifo_id);
	loop_remove(i->sp->loop, i->calm_id);
	loop_remove(i->sp->loop, i->retry_id);
	i->pidfd = fd_close(i->pidfd);
	i->fifo = fd_close(i->fifo);
	i->pid = 0;
	i->stopping = false;
	json_decref(i->model);
	i->model = NULL;
}

static void instance_free(struct instance *i)
{
	struct instance **at = &i->sp->instances;

	while (*at != i)
		at = &(*at)->next;
	*at = i->next;
	instance_forget_process(i);
	json_decref(i->want);
	json_decref(i->told);
	free(i->name);
	free(i->dir);
	free(i);
}

static struct instance *instance_find(const struct speaker *sp, const char *name)
{
	for (struct instance *i = sp->instances; i; i = i->next)
		if (strcmp(i->name, name) == 0)
			return i;
	return NULL;
}

static const struct speaker_backend *backend_find(const char *engine)
{
	for (size_t i = 0; i < ARRAY_SIZE(backends); i++)
		if (strcmp(backends[i]->engine, engine) == 0)
			return backends[i];
	return backends[0];
}

/* ---- when to do what again ---- */

static void retry_due(struct loop *loop _unused_, struct loop_handle id _unused_, void *arg)
{
	struct instance *i = arg;

	if (i->stopping)
		(void)syscall(SYS_pidfd_send_signal, i->pidfd, SIGKILL, NULL, 0);
	else
		instance_advance(i);
}

static void retry_in(struct instance *i, unsigned ms)
{
	loop_remove(i->sp->loop, i->retry_id);
	(void)loop_add_timer(i->sp->loop, (uint64_t)ms * 1000, retry_due, i, &i->retry_id, NULL);
}

static void retry_later(struct instance *i)
{
	retry_in(i, MIN_OF((unsigned)RETRY_MIN_MS << MIN_OF(i->failures, 9U), (unsigned)RETRY_MAX_MS));
	i->failures++;
}

static void calm_due(struct loop *loop _unused_, struct loop_handle id _unused_, void *arg)
{
	struct instance *i = arg;

	i->failures = 0; /* it has run for a while */
	if (i->backend->calm)
		i->backend->calm(i);
}

static void calm_later(struct instance *i)
{
	loop_remove(i->sp->loop, i->calm_id);
	(void)loop_add_timer(i->sp->loop, SPEAKER_QUICK_SECONDS * 1000000ULL, calm_due, i, &i->calm_id, NULL);
}

/* ---- what a daemon says ---- */

static void read_line(struct instance *i, const char *line)
{
	if (i->backend->heard)
		i->backend->heard(i, line);
	if (i->backend->line_is_loss(line) && !i->stopping) {
		if (i->backend->hasten)
			i->backend->hasten(i);
		calm_later(i);
	}
	if (i->backend->line_is_change(line))
		speaker_changed(i->sp);
}

static void fifo_ready(struct loop *loop _unused_, struct loop_handle id _unused_, uint32_t revents _unused_, void *arg)
{
	struct instance *i = arg;
	char buf[4096];
	ssize_t n = read(i->fifo, buf, sizeof(buf));

	for (ssize_t k = 0; k < n; k++) {
		if (buf[k] == '\n') {
			i->line[i->line_len] = '\0';
			i->line_len = 0;
			read_line(i, i->line);
		} else if (i->line_len < sizeof(i->line) - 1) {
			i->line[i->line_len++] = buf[k];
		}
	}
}

/*
 * Both sides have it open for reading and writing and not blocking: the daemon outlives a kubelet that reads, and a
 * pipe that nobody empties.
 */
static int fifo_open(struct instance *i, struct error *e)
{
	char path[PATH_MAX];

	file_path(path, i, "log");
	if (mkfifo(path, 0600) < 0 && errno != EEXIST)
		return error_errno(e, errno, "make %s", path);
	i->fifo = open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (i->fifo < 0)
		return error_errno(e, errno, "open %s", path);
	i->line_len = 0;
	return loop_add_fd(i->sp->loop, i->fifo, POLLIN, fifo_ready, i, &i->fifo_id, e);
}

/* ---- processes ---- */

static void process_ended(struct loop *loop _unused_, struct loop_handle id _unused_, uint32_t revents _unused_,
			  void *arg)
{
	struct instance *i = arg;
	const bool wanted = !i->stopping;
	siginfo_t info = { 0 };

	(void)waitid(P_PIDFD, (id_t)i->pidfd, &info, WEXITED | WNOHANG);
	if (wanted)
		instance_note(i, "%s (process %d) ended (%s %d), it is started again", i->backend->program, (int)i->pid,
			      info.si_code == CLD_EXITED ? "exit code" : "signal", info.si_status);
	instance_forget_process(i);
	speaker_changed(i->sp);
	if (wanted)
		retry_later(i);
	else
		instance_advance(i);
}

static int process_watch(struct instance *i, struct error *e)
{
	i->pidfd = (int)syscall(SYS_pidfd_open, i->pid, 0);
	if (i->pidfd < 0)
		return error_errno(e, errno, "pidfd of %d", (int)i->pid);
	return loop_add_fd(i->sp->loop, i->pidfd, POLLIN, process_ended, i, &i->pid_id, e);
}

_Noreturn static void process_exec(const struct instance *i, char *argv[])
{
	const int null = open("/dev/null", O_RDWR);
	sigset_t none;

	(void)setsid();
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)umask(077);
	if (dup2(null, 0) < 0 || dup2(i->fifo, 1) < 0 || dup2(i->fifo, 2) < 0 || chdir("/") < 0)
		_exit(126);
	execv(argv[0], argv);
	_exit(127);
}

static int process_start(struct instance *i, struct error *e)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	char *argv[32] = { NULL }, pid[16];
	int r;

	(void)mkdir(SPEAKER_DIR, 0755);
	if (mkdir(i->dir, 0700) < 0 && errno != EEXIST)
		return error_errno(e, errno, "make %s", i->dir);
	r = i->backend->prepare(i, i->want, argv, &text, e);
	if (r < 0)
		return r;
	r = fifo_open(i, e);
	if (r < 0)
		return r;
	i->pid = fork();
	if (i->pid < 0)
		return error_errno(e, errno, "start %s", i->backend->program);
	if (i->pid == 0)
		process_exec(i, argv);
	(void)snprintf(pid, sizeof(pid), "%d\n", (int)i->pid);
	(void)instance_write(i, "pid", pid, strlen(pid), NULL);
	return process_watch(i, e);
}

static void instance_start(struct instance *i)
{
	struct error e = { 0 };
	int r = process_start(i, &e);

	if (r < 0) {
		instance_note(i, "%s", e.msg);
		instance_forget_process(i);
		if (r != -ENOENT) /* not installed: a change of the policy looks again */
			retry_later(i);
		return;
	}
	i->model = json_incref(i->want);
	instance_remember(i, i->model);
	calm_later(i);
	speaker_changed(i->sp);
}

static void instance_stop(struct instance *i)
{
	i->stopping = true;
	(void)syscall(SYS_pidfd_send_signal, i->pidfd, SIGTERM, NULL, 0);
	retry_in(i, KILL_AFTER_MS);
}

static void instance_change(struct instance *i)
{
	struct error e = { 0 };
	int r = i->backend->change(i, i->model, i->want, &e);

	if (r == -EAGAIN) {
		retry_later(i);
		return;
	}
	if (r < 0)
		instance_note(i, "%s", e.msg);
	json_decref(i->model);
	i->model = json_incref(i->want);
	instance_remember(i, i->model);
	calm_later(i);
	speaker_changed(i->sp);
}

static bool instance_must_end(const struct instance *i)
{
	return !i->want || i->next_backend || (i->model && i->backend->replaces(i->model, i->want));
}

static void instance_advance(struct instance *i)
{
	if (i->stopping)
		return; /* goes on when the process has ended */
	if (i->pid) {
		if (instance_must_end(i))
			instance_stop(i);
		else if (!json_equal(i->model, i->want))
			instance_change(i);
	} else if (i->want) {
		i->backend = i->next_backend ? i->next_backend : i->backend;
		i->next_backend = NULL;
		instance_start(i);
	} else {
		remove_dir(i->dir);
		instance_free(i);
	}
}

/* ---- an earlier kubelet's ---- */

static pid_t read_pid(const struct instance *i)
{
	char path[PATH_MAX], comm[32] = "";
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_fclose_ FILE *c = NULL;
	int pid = 0;

	file_path(path, i, "pid");
	f = fopen(path, "re");
	if (!f || fscanf(f, "%d", &pid) != 1 || pid <= 0)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	c = fopen(path, "re");
	if (!c || !fgets(comm, sizeof(comm), c))
		return 0;
	comm[strcspn(comm, "\n")] = '\0';
	return strcmp(comm, i->backend->program) == 0 ? pid : 0;
}

static void take_over(struct speaker *sp, const char *dir)
{
	char path[PATH_MAX];
	_cleanup_json_ json_t *saved = NULL;
	struct instance *i;
	struct error e = { 0 };

	(void)snprintf(path, sizeof(path), SPEAKER_DIR "/%s/model.json", dir);
	saved = json_load_file(path, 0, NULL);
	if (!*json_text(saved, "name", NULL))
		return;
	i = instance_new(sp, json_text(saved, "name", NULL), backend_find(json_text(saved, "engine", NULL)));
	if (!i)
		return;
	i->pid = read_pid(i);
	if (!i->pid || process_watch(i, &e) < 0 || fifo_open(i, &e) < 0) {
		instance_forget_process(i);
		return;
	}
	i->model = json_incref(json_object_get(saved, "model"));
	calm_later(i);
}

static void look_for_earlier(struct speaker *sp)
{
	_cleanup_closedir_ DIR *d = opendir(SPEAKER_DIR);
	struct dirent *ent;

	sp->looked = true;
	while (d && (ent = readdir(d)))
		if (ent->d_name[0] != '.')
			take_over(sp, ent->d_name);
}

/* ---- what depends on the node's addresses and routes ---- */

static void watch_end(struct speaker *sp)
{
	loop_remove(sp->loop, sp->watch_id);
	sp->watch = fd_close(sp->watch);
}

static void node_changed(struct loop *loop _unused_, struct loop_handle id _unused_, uint32_t revents _unused_,
			 void *arg)
{
	struct speaker *sp = arg;
	struct instance *i, *next;

	addr_monitor_drain(sp->watch);
	for (i = sp->instances; i; i = next) {
		next = i->next;
		if (!i->told || !speaker_needs_node(i->told))
			continue;
		json_decref(i->want);
		i->want = speaker_resolve(i, i->told);
		instance_advance(i);
	}
}

static void watch_as_needed(struct speaker *sp, const json_t *models)
{
	const json_t *m;
	bool needed = false;
	size_t n;

	json_array_foreach(models, n, m)
		needed |= speaker_needs_node(m);
	if (!needed)
		watch_end(sp);
	if (!needed || sp->watch >= 0)
		return;
	sp->watch = route_monitor_open(NULL);
	if (sp->watch >= 0)
		(void)loop_add_fd(sp->loop, sp->watch, POLLIN, node_changed, sp, &sp->watch_id, NULL);
}

/* ---- the border ---- */

struct speaker *speaker_new(struct loop *loop, struct error *e)
{
	struct speaker *sp = calloc(1, sizeof(*sp));

	if (!sp) {
		(void)error_oom(e);
		return NULL;
	}
	sp->loop = loop;
	sp->watch = -EBADF;
	sp->notes = json_array();
	return sp;
}

struct speaker *speaker_free(struct speaker *sp)
{
	if (!sp)
		return NULL;
	while (sp->instances)
		instance_free(sp->instances);
	watch_end(sp);
	json_decref(sp->notes);
	free(sp);
	return NULL;
}

void speaker_on_change(struct speaker *sp, speaker_changed_fn fn, void *arg)
{
	sp->changed = fn;
	sp->changed_arg = arg;
}

void speaker_on_note(struct speaker *sp, speaker_note_fn fn, void *arg)
{
	sp->noted = fn;
	sp->noted_arg = arg;
}

static void want(struct speaker *sp, const json_t *model, const struct speaker_backend *backend)
{
	struct instance *i = instance_find(sp, json_text(model, "name", NULL));

	if (!i)
		i = instance_new(sp, json_text(model, "name", NULL), backend);
	if (!i)
		return;
	json_decref(i->want);
	json_decref(i->told);
	i->told = json_deep_copy(model);
	i->want = speaker_resolve(i, model);
	i->next_backend = i->backend != backend ? backend : NULL;
}

void speaker_set(struct speaker *sp, const json_t *config)
{
	const struct speaker_backend *backend = backend_find(json_text(config, "engine", NULL));
	const json_t *models = json_object_get(config, "instances"), *m;
	struct instance *i, *next;
	size_t n;

	json_array_clear(sp->notes);
	if (!sp->looked)
		look_for_earlier(sp);
	for (i = sp->instances; i; i = i->next) {
		json_decref(i->want);
		json_decref(i->told);
		i->want = i->told = NULL;
		i->next_backend = NULL;
	}
	watch_as_needed(sp, models);
	json_array_foreach(models, n, m)
		want(sp, m, backend);
	for (i = sp->instances; i; i = next) {
		next = i->next;
		instance_advance(i);
	}
}

json_t *speaker_peers(struct speaker *sp)
{
	json_t *ret = json_array();

	for (struct instance *i = sp->instances; i; i = i->next) {
		_cleanup_json_ json_t *peers = i->model && !i->stopping ? i->backend->peers(i) : NULL;

		if (peers)
			(void)json_array_extend(ret, peers);
	}
	return ret;
}

json_t *speaker_routes(struct speaker *sp, const char *table, const char *afi)
{
	json_t *ret = json_array();

	for (struct instance *i = sp->instances; i; i = i->next) {
		_cleanup_json_ json_t *routes = i->model && !i->stopping ? i->backend->routes(i, table, afi) : NULL;

		if (routes)
			(void)json_array_extend(ret, routes);
	}
	return ret;
}

const json_t *speaker_notes(const struct speaker *sp)
{
	return sp->notes;
}
