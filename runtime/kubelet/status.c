// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * status.c - what is said of a pod: struct pod -> PodStatus
 *
 * Pure but for the clock. Worded as the real kubelet does, since kubectl's printer and people read it. Source:
 * kubernetes pkg/kubelet/kubelet_pods.go (getPhase, convertToAPIContainerStatuses), status/generate.go.
 */
#include <string.h>
#include <sys/wait.h>

#include "base/strbuf.h"
#include "kubelet/expand.h"
#include "kubelet/pod.h"
#include "plan/profile.h"

/* ---- containers ---- */

json_t *status_terminated(const struct container *c)
{
	const bool killed = WIFSIGNALED(c->status);
	const int code = killed ? 128 + WTERMSIG(c->status) : WEXITSTATUS(c->status);
	const char *reason = json_text(c->end, "reason", NULL);
	json_t *message = json_object_get(c->end, "message");
	char from[KUBE_TIME_LEN], to[KUBE_TIME_LEN];
	json_t *t = json_pack("{s:i, s:s, s:s, s:s}", "exitCode", code, "reason",
			      *reason ? reason : code ? "Error" : "Completed", "startedAt",
			      kube_time(*reason ? 0 : c->started_at, from), "finishedAt", kube_time(c->finished_at, to));

	if (message)
		(void)json_object_set(t, "message", message);
	if (*c->id)
		(void)json_object_set_new(t, "containerID", json_sprintf("netemu://%s", c->id));
	return json_pack("{s:o}", "terminated", t);
}

static bool pod_has_init(const struct pod *p)
{
	return p->n_containers > 0 && p->containers[0].kind != CONTAINER_MAIN;
}

static json_t *state_waiting(const struct container *c)
{
	const char *reason = c->waiting;
	json_t *w;

	if (!reason)
		reason = pod_has_init(c->pod) ? "PodInitializing" : "ContainerCreating";
	w = json_pack("{s:s}", "reason", reason);
	if (c->message)
		(void)json_object_set_new(w, "message", json_string_lossy(c->message, strlen(c->message)));
	return json_pack("{s:o}", "waiting", w);
}

static json_t *state_of(const struct container *c)
{
	char at[KUBE_TIME_LEN];

	if (c->state == CONTAINER_RUNNING)
		return json_pack("{s:{s:s}}", "running", "startedAt", kube_time(c->started_at, at));
	if (c->state == CONTAINER_EXITED && !c->waiting)
		return status_terminated(c);
	return state_waiting(c);
}

static json_t *last_state(const struct container *c)
{
	if (c->state == CONTAINER_EXITED && c->waiting && *c->id)
		return status_terminated(c);
	return c->last ? json_incref(c->last) : json_object();
}

static json_t *container_status(const struct container *c)
{
	const struct profile *profile = profile_find(json_text(c->spec, "image", NULL));
	json_t *s = json_pack("{s:s, s:o, s:o, s:b, s:I, s:s, s:s, s:b}", "name", c->name, "state", state_of(c),
			      "lastState", last_state(c), "ready", c->ready, "restartCount", c->attempt, "image",
			      json_text(c->spec, "image", NULL), "imageID", "", "started", c->started);

	if (!*c->id)
		return s;
	(void)json_object_set_new(s, "containerID", json_sprintf("netemu://%s", c->id));
	(void)json_object_set_new(s, "imageID", *c->image_id ? json_sprintf("sha256:%s", c->image_id) :
							       json_sprintf("netemu://profile/%s", profile ? profile->name : "none"));
	return s;
}

static json_t *container_statuses(const struct pod *p, bool init)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->n_containers; i++)
		if ((p->containers[i].kind != CONTAINER_MAIN) == init)
			(void)json_array_append_new(list, container_status(&p->containers[i]));
	return list;
}

/* ---- phase ---- */

/* Whether an init container no longer holds back those behind it. */
static bool init_is_over(const struct container *c)
{
	return c->kind == CONTAINER_SIDECAR ? c->started || c->state == CONTAINER_EXITED : container_succeeded(c);
}

struct count {
	size_t waiting, running, stopped, succeeded, init_pending, init_failed;
};

static void count_one(struct count *n, const struct container *c)
{
	const bool never = strcmp(pod_restart_policy(c->pod), "Never") == 0;

	if (c->kind != CONTAINER_MAIN) {
		n->init_pending += !init_is_over(c);
		n->init_failed += c->kind == CONTAINER_INIT && c->state == CONTAINER_EXITED && c->status != 0 && never;
		return;
	}
	n->running += c->state == CONTAINER_RUNNING;
	/* One that is started again has stopped before. */
	n->stopped += c->state == CONTAINER_EXITED || (c->state != CONTAINER_RUNNING && c->last);
	n->waiting += c->state != CONTAINER_RUNNING && c->state != CONTAINER_EXITED && !c->last;
	n->succeeded += container_succeeded(c);
}

const char *status_phase(const struct pod *p)
{
	const char *policy = pod_restart_policy(p);
	struct count n = { 0 };

	if (p->reason)
		return "Failed";
	for (size_t i = 0; i < p->n_containers; i++)
		count_one(&n, &p->containers[i]);
	if (n.init_failed)
		return "Failed";
	if (n.init_pending || n.waiting)
		return "Pending";
	if (n.running || strcmp(policy, "Always") == 0)
		return "Running";
	if (n.stopped && n.stopped == n.succeeded)
		return "Succeeded";
	return strcmp(policy, "Never") == 0 ? "Failed" : "Running";
}

/* ---- conditions ---- */

static void condition_add(const struct pod *p, json_t *list, const char *type, bool yes, const char *reason,
			  const char *message)
{
	const char *status = yes ? "True" : "False", *since = "";
	json_t *c, *before;
	char now[KUBE_TIME_LEN];
	size_t i;

	json_array_foreach (json_object_get(p->status, "conditions"), i, before)
		if (strcmp(json_text(before, "type", NULL), type) == 0 &&
		    strcmp(json_text(before, "status", NULL), status) == 0)
			since = json_text(before, "lastTransitionTime", NULL);
	if (!*since)
		since = kube_time(time(NULL), now);
	c = json_pack("{s:s, s:s, s:n, s:s}", "type", type, "status", status, "lastProbeTime", "lastTransitionTime",
		      since);
	if (reason)
		(void)json_object_set_new(c, "reason", json_string(reason));
	if (message && *message)
		(void)json_object_set_new(c, "message", json_string(message));
	(void)json_array_append_new(list, c);
}

/* Names of the containers that are not there yet; their number. */
static size_t name_missing(const struct pod *p, bool init, struct strbuf *s)
{
	size_t n = 0;

	strbuf_puts(s, init ? "containers with incomplete status: [" : "containers with unready status: [");
	for (size_t i = 0; i < p->n_containers; i++) {
		const struct container *c = &p->containers[i];
		const bool missing = init ? !init_is_over(c) : !c->ready;

		if ((c->kind != CONTAINER_MAIN) == init && missing)
			strbuf_printf(s, "%s%s", n++ ? " " : "", c->name);
	}
	strbuf_putc(s, ']');
	return n;
}

/* A condition that others set on the pod. */
static const json_t *foreign_condition(const struct pod *p, const char *type)
{
	return kube_condition(p->object, type);
}

static bool gates_open(const struct pod *p)
{
	size_t i;
	json_t *g;

	json_array_foreach (json_at(p->object, "spec", "readinessGates", NULL), i, g) {
		const json_t *c = foreign_condition(p, json_text(g, "conditionType", NULL));

		if (strcmp(json_text(c, "status", NULL), "True") != 0)
			return false;
	}
	return true;
}

static const char *const own_conditions[] = { "Initialized", "Ready", "ContainersReady", "PodScheduled" };

static void add_foreign(const struct pod *p, json_t *list)
{
	size_t i;
	json_t *c;

	json_array_foreach (json_at(p->object, "status", "conditions", NULL), i, c) {
		bool own = false;

		for (size_t t = 0; t < ARRAY_SIZE(own_conditions); t++)
			own = own || strcmp(json_text(c, "type", NULL), own_conditions[t]) == 0;
		if (!own)
			(void)json_array_append(list, c);
	}
}

static json_t *conditions(const struct pod *p, const char *phase)
{
	_cleanup_strbuf_ struct strbuf init = { 0 }, unready = { 0 };
	const bool done = strcmp(phase, "Succeeded") == 0, failed = strcmp(phase, "Failed") == 0;
	const char *over = done ? "PodCompleted" : failed ? "PodFailed" : NULL;
	json_t *list = json_array();
	size_t n;

	n = name_missing(p, true, &init);
	condition_add(p, list, own_conditions[0], n == 0 || done, done ? over : n ? "ContainersNotInitialized" : NULL,
		      n ? strbuf_str(&init) : NULL);
	n = name_missing(p, false, &unready);
	if (over) {
		for (size_t i = 1; i <= 2; i++)
			condition_add(p, list, own_conditions[i], false, over, NULL);
	} else {
		const bool gates = gates_open(p);
		const char *why = n ? "ContainersNotReady" : gates ? NULL : "ReadinessGatesNotReady";

		condition_add(p, list, own_conditions[1], n == 0 && gates, why, n ? strbuf_str(&unready) : NULL);
		condition_add(p, list, own_conditions[2], n == 0, n ? "ContainersNotReady" : NULL,
			      n ? strbuf_str(&unready) : NULL);
	}
	condition_add(p, list, own_conditions[3], true, NULL, NULL);
	add_foreign(p, list);
	return list;
}

/* ---- quality of service ---- */

/* Whether a container asks for nothing (0), for as much as its limit of both (2), or for something (1). */
static int container_qos(const json_t *spec)
{
	static const char *const kinds[] = { "cpu", "memory" };
	const json_t *res = json_object_get(spec, "resources");
	int full = 0, any = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *limit = json_text(res, "limits", kinds[i], NULL),
			   *request = json_text(res, "requests", kinds[i], NULL);

		any |= *limit || *request;
		full += *limit && (!*request || quantity_value(limit, "1m") == quantity_value(request, "1m"));
	}
	return full == (int)ARRAY_SIZE(kinds) ? 2 : any;
}

static const char *qos_class(const struct pod *p)
{
	bool all_full = true, any = false;

	for (size_t i = 0; i < p->n_containers; i++) {
		const int q = container_qos(p->containers[i].spec);

		all_full = all_full && q == 2;
		any = any || q > 0;
	}
	return !any ? "BestEffort" : all_full ? "Guaranteed" : "Burstable";
}

/* ---- the whole ---- */

static void add_ips(const struct pod *p, json_t *s)
{
	const json_t *host = kubelet_host_ips(p->k);
	const char *host_ip = json_string_value(json_array_get(host, 0));
	json_t *ips = json_array(), *v;
	char text[INPREFIX_STRLEN];
	size_t i;

	if (host_ip)
		(void)json_object_set_new(s, "hostIP", json_string(host_ip));
	if (p->host_network)
		json_array_foreach (host, i, v)
			(void)json_array_append_new(ips, json_pack("{s:O}", "ip", v));
	for (i = 0; i < p->net.n_addrs; i++)
		(void)json_array_append_new(ips, json_pack("{s:s}", "ip", inprefix_addr_str(&p->net.addrs[i], text)));
	if (json_array_size(ips)) {
		(void)json_object_set(s, "podIP", json_object_get(json_array_get(ips, 0), "ip"));
		(void)json_object_set(s, "podIPs", ips);
	}
	json_decref(ips);
}

json_t *status_make(const struct pod *p)
{
	const char *phase = status_phase(p);
	char at[KUBE_TIME_LEN];
	json_t *s = json_pack("{s:s, s:o, s:s}", "phase", phase, "conditions", conditions(p, phase), "startTime",
			      kube_time(p->started_at, at));

	if (p->reason)
		(void)json_object_set_new(s, "reason", json_string(p->reason));
	if (p->message)
		(void)json_object_set_new(s, "message", json_string(p->message));
	add_ips(p, s);
	if (pod_has_init(p))
		(void)json_object_set_new(s, "initContainerStatuses", container_statuses(p, true));
	(void)json_object_set_new(s, "containerStatuses", container_statuses(p, false));
	(void)json_object_set_new(s, "qosClass", json_string(qos_class(p)));
	return s;
}
