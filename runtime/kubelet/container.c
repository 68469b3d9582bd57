// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * container.c - the life of one container of a pod: image, start, end, and being started again
 */
#include <signal.h>
#include <stdarg.h>
#include <string.h>

#include "kubelet/expand.h"
#include "kubelet/pod.h"
#include "plan/profile.h"

enum { SECOND = 1000000, PULL_ERROR_SHOWN = 3, START_RETRY = 10 };

/* ---- making them ---- */

static void container_init(struct container *c, struct pod *p, json_t *spec, bool init)
{
	const bool always = strcmp(json_text(spec, "restartPolicy", NULL), "Always") == 0;

	c->pod = p;
	c->spec = json_incref(spec);
	c->name = json_text(spec, "name", NULL);
	c->kind = !init ? CONTAINER_MAIN : always ? CONTAINER_SIDECAR : CONTAINER_INIT;
}

int containers_make(struct pod *p)
{
	static const char *const lists[] = { "initContainers", "containers" };
	const json_t *spec = json_object_get(p->object, "spec");
	size_t n = 0, i;
	json_t *c;

	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		n += json_array_size(json_object_get(spec, lists[l]));
	p->containers = calloc(MAX_OF(n, (size_t)1), sizeof(*p->containers));
	if (!p->containers)
		return -ENOMEM;
	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		json_array_foreach (json_object_get(spec, lists[l]), i, c)
			container_init(&p->containers[p->n_containers++], p, c, l == 0);
	return 0;
}

struct container *container_find(const struct pod *p, const char *name)
{
	for (size_t i = 0; i < p->n_containers; i++)
		if (strcmp(p->containers[i].name, name) == 0)
			return &p->containers[i];
	return NULL;
}

static void timers_stop(struct container *c)
{
	loop_remove(c->pod->k->loop, c->timer);
	loop_remove(c->pod->k->loop, c->kill_timer);
	c->timer = c->kill_timer = (struct loop_handle){ 0 };
}

void container_done(struct container *c)
{
	probes_stop(c);
	c->hook_run = hook_stop(c->hook_run);
	timers_stop(c);
	free(c->message);
	json_decref(c->end);
	json_decref(c->last);
	json_decref(c->spec);
}

void container_wait(struct container *c, const char *reason, const char *fmt, ...)
{
	va_list ap;

	free(c->message);
	va_start(ap, fmt);
	if (vasprintf(&c->message, fmt, ap) < 0)
		c->message = NULL;
	va_end(ap);
	c->waiting = reason;
	pod_touch(c->pod);
}

static void wait_over(struct container *c)
{
	free(c->message);
	c->message = NULL;
	c->waiting = NULL;
}

static void again_due(struct loop *loop _unused_, struct loop_handle id _unused_, void *arg)
{
	struct container *c = arg;

	c->timer = (struct loop_handle){ 0 };
	pod_sync(c->pod);
}

static void try_again(struct container *c, int64_t seconds)
{
	loop_remove(c->pod->k->loop, c->timer);
	(void)loop_add_timer(c->pod->k->loop, (uint64_t)seconds * SECOND, again_due, c, &c->timer, NULL);
}

void container_update(struct container *c, json_t *spec)
{
	const bool other = strcmp(json_text(spec, "image", NULL), json_text(c->spec, "image", NULL)) != 0;
	char why[320];

	json_incref(spec);
	json_decref(c->spec);
	c->spec = spec;
	c->name = json_text(spec, "name", NULL);
	if (!other)
		return;
	c->pull_failed = 0;
	if (c->image == IMAGE_THERE)
		c->image = IMAGE_UNKNOWN;
	if (!container_alive(c)) {
		timers_stop(c);
		wait_over(c);
		return;
	}
	(void)snprintf(why, sizeof(why), "Container %s definition changed, will be restarted", c->name);
	container_stop(c, pod_grace(c->pod), why);
}

static void event(const struct container *c, const char *type, const char *reason, const char *text)
{
	kubelet_event(c->pod->k, c->pod->object, type, reason, "%s", text);
}

/* ---- taking over ---- */

/* c->end is the caller's: it may be another's already. */
static void adopt_as_current(struct container *c, json_t *found)
{
	(void)snprintf(c->id, sizeof(c->id), "%s", json_text(found, "id", NULL));
	c->attempt = json_int(found, 0, "attempt", NULL);
	c->started_at = kube_time_parse(json_text(found, "startedAt", NULL));
	c->state = CONTAINER_RUNNING;
	c->end = NULL;
	if (strcmp(json_text(found, "state", NULL), "exited") != 0)
		return;
	c->state = CONTAINER_EXITED;
	c->end = json_incref(found);
	c->status = (int)json_int(found, 0, "status", NULL);
	c->finished_at = kube_time_parse(json_text(found, "finishedAt", NULL));
}

/* As the last kubelet had it, so that what is ready stays ready. */
static void adopt_readiness(struct container *c)
{
	const char *list = c->kind == CONTAINER_MAIN ? "containerStatuses" : "initContainerStatuses";
	size_t i;
	json_t *s;

	json_array_foreach (json_object_get(c->pod->status, list), i, s) {
		if (strcmp(json_text(s, "name", NULL), c->name) != 0)
			continue;
		c->ready = c->state == CONTAINER_RUNNING && json_bool(s, "ready", NULL);
		c->started = c->state == CONTAINER_RUNNING && json_bool(s, "started", NULL);
	}
}

void container_adopt(struct container *c, json_t *found)
{
	const json_int_t attempt = json_int(found, 0, "attempt", NULL);
	struct container older = { .pod = c->pod, .name = c->name };

	if (*c->id && attempt < c->attempt) {
		adopt_as_current(&older, found);
	} else {
		older = *c;
		adopt_as_current(c, found);
		adopt_readiness(c);
	}
	if (*older.id && older.state == CONTAINER_EXITED) {
		(void)snprintf(c->old_id, sizeof(c->old_id), "%s", older.id);
		json_decref(c->last);
		c->last = status_terminated(&older);
	}
	json_decref(older.end);
}

/* ---- images ---- */

static void pull_failed(struct container *c, int64_t now)
{
	const char *image = json_text(c->spec, "image", NULL);
	_cleanup_arena_ struct arena a = { 0 };
	char text[768];

	(void)snprintf(text, sizeof(text), "Pulling image \"%s\"", image);
	event(c, "Normal", "Pulling", text);
	(void)snprintf(
		text, sizeof(text),
		"Failed to pull image \"%s\": rpc error: code = NotFound desc = netemu knows no image of that name "
		"(there is nothing to pull from); it has: %s",
		image, profile_names(&a));
	event(c, "Warning", "Failed", text);
	event(c, "Warning", "Failed", "Error: ErrImagePull");
	container_wait(c, "ErrImagePull", "rpc error: code = NotFound desc = netemu knows no image \"%s\"", image);
	backoff_next(&c->pull_backoff, c->pull_failed ? c->pull_failed : now, now);
	c->pull_failed = (time_t)now;
	try_again(c, PULL_ERROR_SHOWN);
}

static void never_pulled(struct container *c, const char *image)
{
	char text[512];

	if (c->waiting)
		return;
	(void)snprintf(text, sizeof(text), "Container image \"%s\" is not present with pull policy of Never", image);
	event(c, "Warning", "ErrImageNeverPull", text);
	event(c, "Warning", "Failed", "Error: ErrImageNeverPull");
	container_wait(c, "ErrImageNeverPull", "%s", text);
}

static bool is_never_pulled(const struct container *c)
{
	return strcmp(json_text(c->spec, "imagePullPolicy", NULL), "Never") == 0;
}

static void image_answered(struct rpc_message *m, const struct error *e, void *arg)
{
	struct container *c = arg;
	struct pod *p = c->pod;

	if (!pod_answered(p, m))
		return;
	c->image = !e && json_bool(m->body, "found", NULL) ? IMAGE_THERE : IMAGE_UNKNOWN;
	if (c->image == IMAGE_UNKNOWN && is_never_pulled(c))
		never_pulled(c, json_text(c->spec, "image", NULL));
	else if (c->image == IMAGE_UNKNOWN)
		pull_failed(c, (int64_t)time(NULL));
	pod_touch(p);
	pod_sync(p);
}

/* Return: whether the image is there. What was imported, only the runtime can see. */
static bool image_ready(struct container *c)
{
	const char *image = json_text(c->spec, "image", NULL);
	int64_t left;
	char text[512];

	if ((*image && profile_find(image)) || c->image == IMAGE_THERE)
		return true;
	if (c->image == IMAGE_ASKED || (is_never_pulled(c) && c->waiting))
		return false;
	left = c->pull_failed ? backoff_left(&c->pull_backoff, (int64_t)c->pull_failed, (int64_t)time(NULL)) : 0;
	if (left == 0) {
		c->image = IMAGE_ASKED;
		pod_call(c->pod, json_pack("{s:s, s:s}", "op", "image.find", "image", image), NULL, 0, image_answered, c);
		return false;
	}
	if (loop_exists(c->pod->k->loop, c->timer))
		return false;
	(void)snprintf(text, sizeof(text), "Back-off pulling image \"%s\"", image);
	event(c, "Normal", "BackOff", text);
	event(c, "Warning", "Failed", "Error: ImagePullBackOff");
	container_wait(c, "ImagePullBackOff", "%s", text);
	try_again(c, left);
	return false;
}

/* What people look for in `kubectl describe`. */
static void image_events(struct container *c)
{
	const char *image = json_text(c->spec, "image", NULL), *policy = json_text(c->spec, "imagePullPolicy", NULL);
	const bool there = json_object_get(c->pod->k->pulled, image);
	char text[512];

	if (strcmp(policy, "Never") == 0 || (there && strcmp(policy, "Always") != 0)) {
		(void)snprintf(text, sizeof(text), "Container image \"%s\" already present on machine", image);
		event(c, "Normal", "Pulled", text);
		return;
	}
	(void)json_object_set_new(c->pod->k->pulled, image, json_true());
	(void)snprintf(text, sizeof(text), "Pulling image \"%s\"", image);
	event(c, "Normal", "Pulling", text);
	(void)snprintf(text, sizeof(text), "Successfully pulled image \"%s\" in 1ms (1ms including waiting)", image);
	event(c, "Normal", "Pulled", text);
}

/* ---- starting ---- */

bool container_should_restart(const struct container *c)
{
	const char *policy = pod_restart_policy(c->pod);

	if (c->pod->deleting || c->pod->reason || c->pod->stage != POD_UP)
		return false;
	if (c->kind == CONTAINER_SIDECAR)
		return true;
	if (strcmp(policy, "Never") == 0)
		return false;
	return c->status != 0 || (c->kind == CONTAINER_MAIN && strcmp(policy, "Always") == 0);
}

/* Return: whether it has to wait before it is started again. */
static bool backs_off(struct container *c)
{
	const struct pod *p = c->pod;
	const int64_t left = backoff_left(&c->backoff, (int64_t)c->finished_at, (int64_t)time(NULL));
	char duration[GO_DURATION_LEN];

	if (c->state != CONTAINER_EXITED || left == 0)
		return false;
	if (loop_exists(p->k->loop, c->timer))
		return true;
	container_wait(c, "CrashLoopBackOff", "back-off %s restarting failed container=%s pod=%s_%s(%s)",
		       go_duration(c->backoff.seconds, duration), c->name, p->name, p->ns, p->uid);
	kubelet_event(p->k, p->object, "Warning", "BackOff", "Back-off restarting failed container %s in pod %s_%s(%s)",
		      c->name, p->name, p->ns, p->uid);
	try_again(c, left);
	return true;
}

static void post_start_over(struct container *c, bool ok, const char *output)
{
	char text[512];

	c->hook_run = NULL;
	if (ok) {
		probes_start(c);
	} else {
		(void)snprintf(text, sizeof(text), "PostStartHook failed: %s", output);
		event(c, "Warning", "FailedPostStartHook", text);
		container_stop(c, pod_grace(c->pod), "FailedPostStartHook");
	}
	pod_touch(c->pod);
	pod_sync(c->pod);
}

static void runs(struct container *c)
{
	const json_t *post = json_at(c->spec, "lifecycle", "postStart", NULL);
	char text[320];

	c->state = CONTAINER_RUNNING;
	(void)snprintf(text, sizeof(text), "Created container %s", c->name);
	event(c, "Normal", "Created", text);
	(void)snprintf(text, sizeof(text), "Started container %s", c->name);
	event(c, "Normal", "Started", text);
	if (c->pod->stage != POD_UP) {
		container_stop(c, c->pod->grace, NULL);
	} else if (post) {
		c->hook_run = hook_start(c, post, post_start_over);
	} else {
		probes_start(c);
	}
}

static void start_answered(struct rpc_message *m, const struct error *e, void *arg)
{
	struct container *c = arg;
	struct pod *p = c->pod;

	if (!pod_answered(p, m))
		return;
	if (e) {
		c->state = c->last ? CONTAINER_EXITED : CONTAINER_WAITING;
		c->image = IMAGE_UNKNOWN;
		c->finished_at = time(NULL);
		kubelet_event(p->k, p->object, "Warning", "Failed", "Error: %s", e->msg);
		container_wait(c, "CreateContainerError", "%s", e->msg);
		try_again(c, START_RETRY);
	} else {
		(void)snprintf(c->id, sizeof(c->id), "%s", json_text(m->body, "id", NULL));
		(void)snprintf(c->image_id, sizeof(c->image_id), "%s", json_text(m->body, "imageId", NULL));
		c->started_at = kube_time_parse(json_text(m->body, "startedAt", NULL));
		if (c->started_at <= 0)
			c->started_at = time(NULL);
		runs(c);
	}
	pod_touch(p);
	pod_sync(p);
}

static void ignore_answer(struct rpc_message *m, const struct error *e _unused_, void *arg)
{
	(void)pod_answered(arg, m);
}

/* The attempt that ended last stays for `logs --previous`; the one before that goes. */
static void next_attempt(struct container *c)
{
	struct pod *p = c->pod;

	if (c->state != CONTAINER_EXITED)
		return;
	backoff_next(&c->backoff, (int64_t)c->finished_at, (int64_t)time(NULL));
	if (!*c->id)
		return; /* the runtime refused to start it */
	if (*c->old_id)
		pod_call(p,
			 json_pack("{s:s, s:s, s:b}", "op", "container.remove", "container", c->old_id, "keepLog", 0),
			 NULL, 0, ignore_answer, p);
	memcpy(c->old_id, c->id, sizeof(c->old_id));
	json_decref(c->last);
	c->last = status_terminated(c);
	c->id[0] = '\0';
	c->attempt++;
}

/* "1000", "1000:3000", or "" = root */
void container_user(const struct container *c, char *buf, size_t size)
{
	const json_t *pod = json_at(c->pod->object, "spec", "securityContext", NULL);
	const json_t *own = json_object_get(c->spec, "securityContext");
	const json_int_t uid = json_int(own, json_int(pod, -1, "runAsUser", NULL), "runAsUser", NULL);
	const json_int_t gid = json_int(own, json_int(pod, -1, "runAsGroup", NULL), "runAsGroup", NULL);

	buf[0] = '\0';
	if (gid >= 0)
		(void)snprintf(buf, size, "%lld:%lld", (long long)MAX_OF(uid, (json_int_t)0), (long long)gid);
	else if (uid >= 0)
		(void)snprintf(buf, size, "%lld", (long long)uid);
}

/* Whether the image starts something by itself when nothing is said. */
static bool image_has_command(const struct container *c)
{
	const struct profile *profile = profile_find(json_text(c->spec, "image", NULL));

	return profile && profile->command && !json_array_size(json_object_get(c->spec, "command")) &&
	       !json_array_size(json_object_get(c->spec, "args"));
}

static json_t *start_request(const struct container *c, json_t *env)
{
	const json_t *s = c->spec;
	const char *message = json_text(s, "terminationMessagePath", NULL);
	char user[48];
	json_t *rq;

	container_user(c, user, sizeof(user));
	rq = json_pack(
		"{s:s, s:s, s:s, s:I, s:s, s:O, s:s, s:s, s:b, s:b, s:b, s:b, s:o, s:s}", "op", "container.start", "pod",
		c->pod->uid, "name", c->name, "attempt", c->attempt, "image", json_text(s, "image", NULL), "env", env,
		"cwd", json_text(s, "workingDir", NULL), "user", user, "tty", json_bool(s, "tty", NULL), "stdin",
		json_bool(s, "stdin", NULL), "stdinOnce", json_bool(s, "stdinOnce", NULL), "readOnlyRoot",
		json_bool(s, "securityContext", "readOnlyRootFilesystem", NULL), "mounts", volumes_mounts(c, env),
		"messagePath", *message ? message : "/dev/termination-log");
	(void)json_object_set_new(rq, "command", json_boolean(json_array_size(json_object_get(s, "command"))));
	(void)json_object_set_new(rq, "args", json_boolean(json_array_size(json_object_get(s, "args"))));
	if (!image_has_command(c))
		(void)json_object_set_new(rq, "argv", container_argv(s, env));
	return rq;
}

void container_start(struct container *c)
{
	_cleanup_json_ json_t *env = NULL;
	struct error e = { 0 };
	int r;

	if ((c->waiting && loop_exists(c->pod->k->loop, c->timer)) || backs_off(c) || !image_ready(c))
		return;
	r = podenv_make(c, &env, &e);
	if (r == -EAGAIN)
		return;
	if (r < 0) {
		if (!c->message || strcmp(c->message, e.msg) != 0)
			kubelet_event(c->pod->k, c->pod->object, "Warning", "Failed", "Error: %s", e.msg);
		container_wait(c, "CreateContainerConfigError", "%s", e.msg);
		return;
	}
	next_attempt(c);
	json_decref(c->end);
	c->end = NULL;
	wait_over(c);
	image_events(c);
	c->state = CONTAINER_STARTING;
	c->stopping = c->started = c->ready = false;
	pod_call(c->pod, start_request(c, env), NULL, 0, start_answered, c);
}

/* ---- ending ---- */

static void signal_send(struct container *c, int sig)
{
	pod_call(c->pod, json_pack("{s:s, s:s, s:i}", "op", "container.stop", "container", c->id, "signal", sig), NULL,
		 0, ignore_answer, c->pod);
}

static void kill_due(struct loop *loop _unused_, struct loop_handle id _unused_, void *arg)
{
	struct container *c = arg;

	c->kill_timer = (struct loop_handle){ 0 };
	c->hook_run = hook_stop(c->hook_run);
	signal_send(c, SIGKILL);
}

static void kill_after(struct container *c, int64_t seconds)
{
	struct loop *loop = c->pod->k->loop;

	loop_remove(loop, c->kill_timer);
	c->kill_timer = (struct loop_handle){ 0 };
	if (seconds <= 0)
		kill_due(loop, c->kill_timer, c);
	else
		(void)loop_add_timer(loop, (uint64_t)seconds * SECOND, kill_due, c, &c->kill_timer, NULL);
}

static void pre_stop_over(struct container *c, bool ok, const char *output)
{
	char text[512];

	c->hook_run = NULL;
	if (!ok) {
		(void)snprintf(text, sizeof(text), "PreStopHook failed: %s", output);
		event(c, "Warning", "FailedPreStopHook", text);
	}
	if (c->state == CONTAINER_RUNNING)
		signal_send(c, SIGTERM);
}

void container_stop(struct container *c, int64_t grace, const char *why)
{
	const json_t *pre = json_at(c->spec, "lifecycle", "preStop", NULL);
	char text[320];

	if (c->state != CONTAINER_RUNNING)
		return;
	if (c->stopping) {
		kill_after(c, grace);
		return;
	}
	(void)snprintf(text, sizeof(text), "Stopping container %s", c->name);
	event(c, "Normal", "Killing", why ? why : text);
	c->stopping = true;
	probes_stop(c);
	c->hook_run = hook_stop(c->hook_run);
	kill_after(c, grace);
	if (grace <= 0)
		return;
	if (pre)
		c->hook_run = hook_start(c, pre, pre_stop_over);
	else
		signal_send(c, SIGTERM);
}

void container_exited(struct container *c, json_t *said)
{
	const time_t at = kube_time_parse(json_text(said, "finishedAt", NULL));
	const char *reason = json_text(said, "reason", NULL);

	probes_stop(c);
	c->hook_run = hook_stop(c->hook_run);
	timers_stop(c);
	wait_over(c);
	c->state = CONTAINER_EXITED;
	c->status = (int)json_int(said, 0, "status", NULL);
	c->finished_at = at > 0 ? at : time(NULL);
	json_decref(c->end);
	c->end = json_incref(said);
	if (strcmp(reason, "StartError") == 0)
		kubelet_event(c->pod->k, c->pod->object, "Warning", "Failed", "Error: %s", json_text(said, "message", NULL));
	c->started = c->ready = c->stopping = false;
}
