// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * table_pods.c - a pod's row: its one word of status, found as printPod() of kube-apiserver finds it
 *
 * Owns the order in which phase, init containers, containers and deletion are looked at (pkg/printers/internalversion).
 */
#include "apiserver/table_internal.h"

#include <string.h>

#include "cluster/jsonutil.h"

struct summary {
	char reason[256];
	json_int_t restarts, sidecar_restarts;
	time_t restarted, sidecar_restarted; /* when the last of them was, 0: never */
	size_t ready, total;
	bool initializing;
};

static void note_restart(const json_t *status, json_int_t *restarts, time_t *last)
{
	const time_t finished = kube_time_parse(json_text(status, "lastState", "terminated", "finishedAt", NULL));

	*restarts += json_int(status, 0, "restartCount", NULL);
	*last = MAX_OF(*last, finished);
}

/* "Error", "OOMKilled", "Signal:9", "ExitCode:1": of a terminated container */
static void end_reason(struct summary *s, const char *prefix, const json_t *terminated)
{
	const char *reason = json_text(terminated, "reason", NULL);
	const json_int_t signal = json_int(terminated, 0, "signal", NULL);

	if (*reason)
		(void)snprintf(s->reason, sizeof(s->reason), "%s%s", prefix, reason);
	else if (signal)
		(void)snprintf(s->reason, sizeof(s->reason), "%sSignal:%lld", prefix, (long long)signal);
	else
		(void)snprintf(s->reason, sizeof(s->reason), "%sExitCode:%lld", prefix,
			       (long long)json_int(terminated, 0, "exitCode", NULL));
}

static bool is_sidecar(const json_t *pod, const char *name)
{
	json_t *c;
	size_t i;

	json_array_foreach(json_at(pod, "spec", "initContainers", NULL), i, c)
		if (strcmp(json_text(c, "name", NULL), name) == 0)
			return strcmp(json_text(c, "restartPolicy", NULL), "Always") == 0;
	return false;
}

/* Whether init container @i is still what the pod waits for */
static bool init_blocks(struct summary *s, const json_t *pod, size_t i, const json_t *status)
{
	const json_t *terminated = json_at(status, "state", "terminated", NULL);
	const char *waiting = json_text(status, "state", "waiting", "reason", NULL);

	if (terminated && json_int(terminated, 0, "exitCode", NULL) == 0)
		return false;
	if (is_sidecar(pod, json_text(status, "name", NULL)) && json_bool(status, "started", NULL)) {
		s->ready += json_bool(status, "ready", NULL);
		return false;
	}
	if (terminated)
		end_reason(s, "Init:", terminated);
	else if (*waiting && strcmp(waiting, "PodInitializing") != 0)
		(void)snprintf(s->reason, sizeof(s->reason), "Init:%s", waiting);
	else
		(void)snprintf(s->reason, sizeof(s->reason), "Init:%zu/%zu", i,
			       json_array_size(json_at(pod, "spec", "initContainers", NULL)));
	return true;
}

static void look_at_init_containers(struct summary *s, const json_t *pod)
{
	json_t *c, *status;
	size_t i;

	json_array_foreach(json_at(pod, "spec", "initContainers", NULL), i, c)
		s->total += strcmp(json_text(c, "restartPolicy", NULL), "Always") == 0;
	json_array_foreach(json_at(pod, "status", "initContainerStatuses", NULL), i, status) {
		note_restart(status, &s->restarts, &s->restarted);
		if (is_sidecar(pod, json_text(status, "name", NULL)))
			note_restart(status, &s->sidecar_restarts, &s->sidecar_restarted);
		s->initializing = init_blocks(s, pod, i, status);
		if (s->initializing)
			return;
	}
}

static bool condition_true(const json_t *pod, const char *type)
{
	return strcmp(json_text(kube_condition(pod, type), "status", NULL), "True") == 0;
}

static void look_at_containers(struct summary *s, const json_t *pod)
{
	const json_t *list = json_at(pod, "status", "containerStatuses", NULL);
	bool running = false;

	s->restarts = s->sidecar_restarts;
	s->restarted = s->sidecar_restarted;
	for (size_t i = json_array_size(list); i > 0; i--) {
		const json_t *status = json_array_get(list, i - 1);
		const json_t *terminated = json_at(status, "state", "terminated", NULL);
		const char *waiting = json_text(status, "state", "waiting", "reason", NULL);

		note_restart(status, &s->restarts, &s->restarted);
		if (*waiting) {
			(void)snprintf(s->reason, sizeof(s->reason), "%s", waiting);
		} else if (terminated) {
			end_reason(s, "", terminated);
		} else if (json_bool(status, "ready", NULL) && json_at(status, "state", "running", NULL)) {
			running = true;
			s->ready++;
		}
	}
	/* Some have ended, but one still runs */
	if (running && strcmp(s->reason, "Completed") == 0)
		(void)snprintf(s->reason, sizeof(s->reason), condition_true(pod, "Ready") ? "Running" : "NotReady");
}

static void summarize(struct summary *s, const json_t *pod)
{
	const char *reason = json_text(pod, "status", "reason", NULL);

	(void)snprintf(s->reason, sizeof(s->reason), "%s", *reason ? reason : json_text(pod, "status", "phase", NULL));
	if (strcmp(json_text(kube_condition(pod, "PodScheduled"), "reason", NULL), "SchedulingGated") == 0)
		(void)snprintf(s->reason, sizeof(s->reason), "SchedulingGated");
	s->total = json_array_size(json_at(pod, "spec", "containers", NULL));
	look_at_init_containers(s, pod);
	if (!s->initializing || condition_true(pod, "Initialized"))
		look_at_containers(s, pod);
	if (json_at(pod, "metadata", "deletionTimestamp", NULL))
		(void)snprintf(s->reason, sizeof(s->reason),
			       strcmp(reason, "NodeLost") == 0 ? "Unknown" : "Terminating");
}

static void cell_gates(json_t *row, const json_t *pod)
{
	const json_t *gates = json_at(pod, "spec", "readinessGates", NULL);
	size_t n = 0, i;
	json_t *gate;

	json_array_foreach(gates, i, gate)
		n += condition_true(pod, json_text(gate, "conditionType", NULL));
	if (json_array_size(gates))
		cell_text(row, "%zu/%zu", n, json_array_size(gates));
	else
		cell_text(row, "<none>");
}

void pod_cells(const json_t *pod, json_t *row)
{
	const char *ip = json_text(json_array_get(json_at(pod, "status", "podIPs", NULL), 0), "ip", NULL);
	struct summary s = { 0 };
	char age[KUBE_TIME_LEN];

	summarize(&s, pod);
	cell_text(row, "%s", kube_name(pod));
	cell_text(row, "%zu/%zu", s.ready, s.total);
	cell_text(row, "%s", s.reason);
	if (s.restarts && s.restarted > 0)
		cell_text(row, "%lld (%s ago)", (long long)s.restarts, kube_age(time(NULL) - s.restarted, age));
	else
		cell_text(row, "%lld", (long long)s.restarts);
	cell_created(row, pod);
	cell_text_or(row, *ip ? ip : json_text(pod, "status", "podIP", NULL), "<none>");
	cell_text_or(row, json_text(pod, "spec", "nodeName", NULL), "<none>");
	cell_text_or(row, json_text(pod, "status", "nominatedNodeName", NULL), "<none>");
	cell_gates(row, pod);
}

json_t *pod_row_conditions(const json_t *pod)
{
	const char *phase = json_text(pod, "status", "phase", NULL);
	const char *message;

	if (strcmp(phase, "Succeeded") == 0)
		message = "The pod has completed successfully.";
	else if (strcmp(phase, "Failed") == 0)
		message = "The pod failed.";
	else
		return NULL;
	return json_pack("[{s:s,s:s,s:s,s:s}]", "type", "Completed", "status", "True", "reason", phase, "message",
			 message);
}
