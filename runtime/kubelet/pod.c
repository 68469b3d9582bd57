// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pod.c - the life of a pod
 *
 * Theory of Operation
 *
 *   WAITING --cni_add, pod.create--> CREATING --> UP --deleted, deadline--> STOPPING --> ENDED
 *      |                                           |                           |           |
 *      |                                           +------- all have ended ----+---------->|
 *      +------------------- deleted -----------------------------> REMOVING <--- deleted --+ --> pod.gone
 *
 * One function a stage says what to do next; pod_sync() calls it until the stage stays.
 */
#include <string.h>

#include "kubelet/pod.h"

enum { RETRY_USEC = 10000000, SECOND = 1000000, GRACE_DEFAULT = 30 };

const char *pod_restart_policy(const struct pod *p)
{
	const char *policy = json_text(p->object, "spec", "restartPolicy", NULL);

	return *policy ? policy : "Always";
}

int64_t pod_grace(const struct pod *p)
{
	const json_int_t own = json_int(p->object, GRACE_DEFAULT, "spec", "terminationGracePeriodSeconds", NULL);

	return p->gone ? 0 : json_int(p->object, own, "metadata", "deletionGracePeriodSeconds", NULL);
}

static bool any_alive(const struct pod *p)
{
	for (size_t i = 0; i < p->n_containers; i++)
		if (container_alive(&p->containers[i]))
			return true;
	return false;
}

/* ---- calls ---- */

void pod_call(struct pod *p, json_t *request, const int *fds, size_t n_fds, rpc_reply_fn fn, void *arg)
{
	p->calls++;
	rpc_peer_call(p->k->cri, request, fds, n_fds, fn, arg);
}

static void pod_destroy(struct pod *p)
{
	hostports_stop(p);
	for (size_t i = 0; i < p->n_containers; i++)
		container_done(&p->containers[i]);
	free(p->containers);
	loop_remove(p->k->loop, p->timer);
	loop_remove(p->k->loop, p->deadline);
	json_decref(p->object);
	json_decref(p->ips);
	json_decref(p->status);
	json_decref(p->volumes);
	json_decref(p->failed_mounts);
	free(p);
}

void pod_free(struct pod *p)
{
	for (struct pod **at = &p->k->pods; *at; at = &(*at)->next) {
		if (*at != p)
			continue;
		*at = p->next;
		break;
	}
	p->dead = true;
	if (!p->calls)
		pod_destroy(p);
}

bool pod_answered(struct pod *p, const struct rpc_message *m)
{
	p->calls--;
	if (!p->dead)
		return m;
	if (!p->calls)
		pod_destroy(p);
	return false;
}

static void retry_due(struct loop *loop _unused_, struct loop_handle id _unused_, void *arg)
{
	struct pod *p = arg;

	p->timer = (struct loop_handle){ 0 };
	pod_sync(p);
}

static void pod_retry(struct pod *p)
{
	loop_remove(p->k->loop, p->timer);
	(void)loop_add_timer(p->k->loop, RETRY_USEC, retry_due, p, &p->timer, NULL);
}

/* ---- waiting: volumes, network, the runtime ---- */

static void sandbox_failed(struct pod *p, const char *why)
{
	const char *volume = volumes_culprit(p, why);

	if (volume)
		kubelet_event(p->k, p->object, "Warning", "FailedMount",
			      "MountVolume.SetUp failed for volume \"%s\" : %s", volume, why);
	else
		kubelet_event(p->k, p->object, "Warning", "FailedCreatePodSandBox", "Failed to create pod sandbox: %s",
			      why);
	pod_retry(p);
}

static void created(struct rpc_message *m, const struct error *e, void *arg)
{
	struct pod *p = arg;

	if (!pod_answered(p, m))
		return;
	p->stage = e ? POD_WAITING : POD_UP;
	p->in_runtime = !e;
	pod_touch(p);
	if (e) {
		cni_del(p->k->cni, &p->net);
		p->net = (struct cni_pod){ 0 };
		if (!p->deleting) {
			sandbox_failed(p, e->msg);
			return;
		}
	} else {
		hostports_start(p);
	}
	pod_sync(p);
}

static void pod_create(struct pod *p, json_t *volumes)
{
	_cleanup_free_ char *hosts = NULL, *resolv = podfiles_resolv(p), *hostname = podfiles_hostname(p);
	_cleanup_close_ int netns = -EBADF;
	struct error e = { 0 };
	json_t *rq;
	int r = 0;

	if (!p->host_network)
		r = cni_add(p->k->cni, p->uid, p->ips, &p->net, &netns, &e);
	if (r == -ENOTRECOVERABLE)
		exit(1); /* the next kubelet finds its way */
	if (r < 0) {
		sandbox_failed(p, e.msg);
		return;
	}
	hosts = podfiles_hosts(p);
	rq = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:{s:o}, s:s, s:s, s:O}", "op", "pod.create", "uid", p->uid,
		       "name", p->name, "namespace", p->ns, "hostname", hostname, "hostNetwork", p->host_network,
		       "opaque", "net", cni_pod_json(&p->net), "hosts", hosts, "resolv", resolv, "volumes", volumes);
	p->stage = POD_CREATING;
	pod_call(p, rq, &netns, netns >= 0, created, p);
}

static void step_waiting(struct pod *p)
{
	_cleanup_json_ json_t *volumes = NULL;

	if (p->deleting || p->reason) {
		p->stage = POD_ENDED;
		return;
	}
	if (loop_exists(p->k->loop, p->timer) || volumes_make(p, &volumes) < 0)
		return;
	if (p->host_network || cni_ready(p->k->cni)) {
		pod_create(p, volumes);
		return;
	}
	if (!p->network_told)
		kubelet_event(p->k, p->object, "Warning", "NetworkNotReady",
			      "network is not ready: container runtime network not ready: NetworkReady=false "
			      "reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not "
			      "initialized");
	p->network_told = true;
}

static void step_creating(struct pod *p _unused_)
{
}

/* ---- up ---- */

static void want(struct container *c)
{
	if (c->state == CONTAINER_WAITING || (c->state == CONTAINER_EXITED && container_should_restart(c)))
		container_start(c);
}

/* Start what is next. Return: false when an init container has failed for good. */
static bool start_containers(struct pod *p)
{
	for (size_t i = 0; i < p->n_containers; i++) {
		struct container *c = &p->containers[i];

		if (c->kind == CONTAINER_INIT && container_succeeded(c))
			continue;
		if (c->kind == CONTAINER_INIT && c->state == CONTAINER_EXITED && !container_should_restart(c))
			return false;
		want(c);
		if (c->kind == CONTAINER_INIT || (c->kind == CONTAINER_SIDECAR && !c->started))
			break;
	}
	return true;
}

/* Whether its main containers have ended, and none is started again. */
static bool main_over(const struct pod *p)
{
	for (size_t i = 0; i < p->n_containers; i++) {
		const struct container *c = &p->containers[i];

		if (c->kind == CONTAINER_MAIN && (c->state != CONTAINER_EXITED || container_should_restart(c)))
			return false;
	}
	return true;
}

static void step_up(struct pod *p)
{
	if (p->deleting || p->reason || !start_containers(p) || main_over(p))
		pod_stop(p, pod_grace(p));
}

/* ---- the end ---- */

void pod_stop(struct pod *p, int64_t grace)
{
	if (p->stage == POD_UP || p->stage == POD_STOPPING) {
		p->stage = POD_STOPPING;
		p->grace = grace;
		for (size_t i = 0; i < p->n_containers; i++)
			container_stop(&p->containers[i], grace, NULL);
	}
	pod_touch(p);
}

static void step_stopping(struct pod *p)
{
	if (any_alive(p))
		return;
	hostports_stop(p);
	p->stage = POD_ENDED;
}

static void pod_removed(struct rpc_message *m, const struct error *e, void *arg)
{
	struct pod *p = arg;

	if (!pod_answered(p, m))
		return;
	if (e) {
		p->stage = POD_ENDED;
		pod_retry(p);
		return;
	}
	cni_del(p->k->cni, &p->net);
	if (!p->gone)
		kubelet_send(p->k, json_pack("{s:s, s:s, s:s, s:s}", "op", "pod.gone", "namespace", p->ns, "name",
					     p->name, "uid", p->uid));
	pod_free(p);
}

static void step_ended(struct pod *p)
{
	if (!p->deleting)
		return;
	p->stage = POD_REMOVING;
	pod_call(p, json_pack("{s:s, s:s}", "op", "pod.remove", "uid", p->uid), NULL, 0, pod_removed, p);
}

void pod_sync(struct pod *p)
{
	static void (*const steps[])(struct pod *p) = {
		[POD_WAITING] = step_waiting,	[POD_CREATING] = step_creating, [POD_UP] = step_up,
		[POD_STOPPING] = step_stopping, [POD_ENDED] = step_ended,	[POD_REMOVING] = step_creating,
	};
	enum pod_stage before;

	static_assert(ARRAY_SIZE(steps) == _POD_STAGE_MAX, "a stage lacks its step");
	do {
		before = p->stage;
		steps[before](p);
		if (p->stage != before)
			pod_touch(p);
	} while (p->stage != before);
}

/* ---- beginning, and news ---- */

static void deadline_due(struct loop *loop _unused_, struct loop_handle id _unused_, void *arg)
{
	struct pod *p = arg;

	if (p->stage == POD_ENDED || p->stage == POD_REMOVING)
		return;
	p->reason = "DeadlineExceeded";
	p->message = "Pod was active on the node longer than the specified deadline";
	kubelet_event(p->k, p->object, "Normal", p->reason, "%s", p->message);
	pod_touch(p);
	pod_sync(p);
}

static void deadline_set(struct pod *p)
{
	const json_int_t seconds = json_int(p->object, 0, "spec", "activeDeadlineSeconds", NULL);
	const int64_t left = (int64_t)p->started_at + seconds - (int64_t)time(NULL);

	loop_remove(p->k->loop, p->deadline);
	p->deadline = (struct loop_handle){ 0 };
	if (seconds > 0)
		(void)loop_add_timer(p->k->loop, (uint64_t)MAX_OF(left, (int64_t)0) * SECOND, deadline_due, p,
				     &p->deadline, NULL);
}

/* An object without what only appliers look at; half of it is that. New reference. */
static json_t *slim(json_t *object)
{
	json_t *copy = json_copy(object), *meta = json_copy(json_object_get(object, "metadata"));

	(void)json_object_del(meta, "managedFields");
	(void)json_object_set_new(copy, "metadata", meta);
	return copy;
}

static void object_set(struct pod *p, json_t *object, json_t *ips)
{
	object = slim(object);
	json_decref(p->object);
	p->object = object;
	json_decref(p->ips);
	p->ips = json_is_array(ips) ? json_incref(ips) : NULL;
	p->ns = kube_namespace(object);
	p->name = kube_name(object);
	p->uid = kube_uid(object);
	p->host_network = json_bool(object, "spec", "hostNetwork", NULL);
	p->deleting = *json_text(object, "metadata", "deletionTimestamp", NULL);
}

static void adopt(struct pod *p, const json_t *found)
{
	size_t i;
	json_t *f;

	p->stage = POD_UP;
	p->in_runtime = true;
	cni_pod_parse(json_at(found, "opaque", "net", NULL), &p->net);
	cni_adopt(p->k->cni, &p->net);
	hostports_start(p);
	json_array_foreach (json_object_get(found, "containers"), i, f) {
		struct container *c = container_find(p, json_text(f, "name", NULL));

		if (c)
			container_adopt(c, f);
	}
	for (i = 0; i < p->n_containers; i++)
		if (p->containers[i].state == CONTAINER_RUNNING)
			probes_start(&p->containers[i]);
	volumes_update(p); /* asks for the objects, whose changes are told from then on */
}

static bool has_ended(const json_t *object)
{
	const char *phase = json_text(object, "status", "phase", NULL);

	return strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0;
}

struct pod *pod_new(struct kubelet *k, json_t *object, json_t *ips, const json_t *found)
{
	struct pod *p = calloc(1, sizeof(*p));
	json_t *status = json_object_get(object, "status");

	if (!p)
		return NULL;
	p->k = k;
	object_set(p, object, ips);
	p->status = json_is_object(status) ? json_incref(status) : json_object();
	p->volumes = json_object();
	p->failed_mounts = json_object();
	p->started_at = kube_time_parse(json_text(status, "startTime", NULL));
	if (p->started_at <= 0)
		p->started_at = time(NULL);
	if (containers_make(p) < 0) {
		pod_destroy(p);
		return NULL;
	}
	if (found)
		adopt(p, found);
	if (has_ended(object)) {
		p->silent = true;
		if (found)
			pod_stop(p, pod_grace(p));
		else
			p->stage = POD_ENDED;
	}
	deadline_set(p);
	return p;
}

static bool same_map(const json_t *a, const json_t *b, const char *key)
{
	const json_t *va = json_at(a, "metadata", key, NULL), *vb = json_at(b, "metadata", key, NULL);

	return va ? json_equal(va, vb) : !vb;
}

void pod_update(struct pod *p, json_t *object, json_t *ips)
{
	static const char *const lists[] = { "initContainers", "containers" };
	const json_int_t deadline = json_int(p->object, 0, "spec", "activeDeadlineSeconds", NULL);
	json_t *before = json_incref(p->object);
	size_t i;
	json_t *spec;

	object_set(p, object, ips);
	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		json_array_foreach (json_at(object, "spec", lists[l], NULL), i, spec) {
			struct container *c = container_find(p, json_text(spec, "name", NULL));

			if (c)
				container_update(c, spec);
		}
	if (p->deleting && p->stage == POD_STOPPING && pod_grace(p) < p->grace)
		pod_stop(p, pod_grace(p));
	if (json_int(object, 0, "spec", "activeDeadlineSeconds", NULL) != deadline)
		deadline_set(p);
	if (p->in_runtime && !(same_map(before, p->object, "labels") && same_map(before, p->object, "annotations")))
		volumes_update(p);
	json_decref(before);
}
