// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl_job.c - pods that run until enough of them have succeeded (pkg/controller/job)
 *
 * Owns completions, parallelism, backoffLimit with its growing pause, activeDeadlineSeconds, ttlSecondsAfterFinished and
 * suspend; Indexed jobs with their index. Succeeded and failed pods are counted while they are there; the status never
 * counts down when they are deleted.
 */
#include <string.h>

#include "apiserver/control.h"

#define COMPONENT "job-controller"
#define INDEX "batch.kubernetes.io/job-completion-index"

enum { BACKOFF_SECONDS = 10, BACKOFF_MAX_SECONDS = 360 };

struct job {
	struct controllers *c;
	json_t *job, *pods, *status;		    /* own references */
	json_int_t completions, parallelism, limit; /* completions -1: one that succeeds is enough */
	json_int_t active, ready, succeeded, failed, restarts;
	time_t last_failure;
	bool indexed, suspended;
};

static bool is_finished(const struct job *j, const char *type)
{
	return strcmp(json_text(kube_condition(j->job, type), "status", NULL), "True") == 0;
}

static json_int_t index_of(const json_t *pod)
{
	const char *text = json_text(pod, "metadata", "annotations", INDEX, NULL);

	return *text ? strtoll(text, NULL, 10) : -1;
}

static time_t finished_at(const json_t *pod)
{
	time_t last = 0;
	json_t *c;
	size_t i;

	json_array_foreach(json_at(pod, "status", "containerStatuses", NULL), i, c) {
		const time_t t = kube_time_parse(json_text(c, "state", "terminated", "finishedAt", NULL));

		last = MAX_OF(last, t);
	}
	return last > 0 ? last : kube_time_parse(json_text(pod, "metadata", "creationTimestamp", NULL));
}

static void count_pod(struct job *j, const json_t *pod)
{
	json_t *c;
	size_t i;

	if (pod_has_phase(pod, "Succeeded")) {
		j->succeeded++;
	} else if (pod_has_phase(pod, "Failed")) {
		const time_t t = finished_at(pod);

		j->failed++;
		j->last_failure = MAX_OF(j->last_failure, t);
	} else if (pod_is_active(pod)) {
		j->active++;
		j->ready += pod_is_ready(pod);
	}
	json_array_foreach(json_at(pod, "status", "containerStatuses", NULL), i, c)
		j->restarts += json_int(c, 0, "restartCount", NULL);
}

static void load(struct job *j)
{
	const json_t *spec = json_object_get(j->job, "spec");
	json_t *pod;
	size_t i;

	json_decref(j->pods);
	j->pods = owned_by(j->c, j->job, RES_PODS);
	j->completions = json_int(spec, -1, "completions", NULL);
	j->parallelism = json_int(spec, 1, "parallelism", NULL);
	j->limit = json_int(spec, 6, "backoffLimit", NULL);
	j->indexed = strcmp(json_text(spec, "completionMode", NULL), "Indexed") == 0;
	j->suspended = json_bool(spec, "suspend", NULL);
	j->active = j->ready = j->succeeded = j->failed = j->restarts = 0;
	json_array_foreach(j->pods, i, pod)
		count_pod(j, pod);
	j->succeeded = MAX_OF(j->succeeded, json_int(j->job, 0, "status", "succeeded", NULL));
	j->failed = MAX_OF(j->failed, json_int(j->job, 0, "status", "failed", NULL));
}

/* ---- making pods ---- */

static bool index_taken(const struct job *j, json_int_t index)
{
	json_t *pod;
	size_t i;

	json_array_foreach(j->pods, i, pod)
		if (index_of(pod) == index && !pod_has_phase(pod, "Failed") &&
		    !json_at(pod, "metadata", "deletionTimestamp", NULL))
			return true;
	return false;
}

static void set_index(const struct job *j, json_t *pod, json_int_t index)
{
	json_t *meta = json_object_get(pod, "metadata"), *container;
	size_t i;

	(void)json_object_set_new(json_object_make(meta, "annotations"), INDEX, json_sprintf("%lld", (long long)index));
	(void)json_object_set_new(meta, "generateName", json_sprintf("%s-%lld-", kube_name(j->job), (long long)index));
	(void)json_object_set_new(json_object_get(pod, "spec"), "hostname",
				  json_sprintf("%s-%lld", kube_name(j->job), (long long)index));
	json_array_foreach(json_at(pod, "spec", "containers", NULL), i, container)
		(void)json_array_append_new(json_array_make(container, "env"),
					    json_pack("{s:s,s:o}", "name", "JOB_COMPLETION_INDEX", "value",
						      json_sprintf("%lld", (long long)index)));
}

static bool make_pod(struct job *j, json_int_t *index)
{
	json_t *pod = pod_of_template(&resources[RES_JOBS], j->job);

	if (j->indexed) {
		while (*index < j->completions && index_taken(j, *index))
			++*index;
		set_index(j, pod, (*index)++);
	}
	return pod_make(j->c, &resources[RES_JOBS], j->job, pod, COMPONENT);
}

/* How long to wait after failures before another try */
static time_t backoff_left(const struct job *j)
{
	time_t pause = BACKOFF_SECONDS;

	if (!j->failed || !j->last_failure)
		return 0;
	for (json_int_t i = 1; i < j->failed && pause < BACKOFF_MAX_SECONDS; i++)
		pause *= 2;
	pause = MIN_OF(pause, (time_t)BACKOFF_MAX_SECONDS);
	return MAX_OF(j->last_failure + pause - time(NULL), (time_t)0);
}

static void end_active(struct job *j, json_int_t keep)
{
	json_t *pod;
	size_t i;

	json_array_foreach(j->pods, i, pod)
		if (pod_is_active(pod) && keep-- <= 0)
			pod_kill(j->c, j->job, pod, COMPONENT);
}

static void manage(struct job *j)
{
	json_int_t want = j->parallelism, index = 0;
	time_t wait;

	if (j->completions >= 0)
		want = MIN_OF(want, j->completions - j->succeeded);
	else if (j->succeeded > 0)
		want = MIN_OF(want, j->active);
	if (j->suspended)
		want = 0;
	if (j->active > want)
		end_active(j, want);
	if (j->active >= want)
		return;
	wait = backoff_left(j);
	if (wait > 0) {
		ctl_later(j->c, CTL_JOB, kube_namespace(j->job), kube_name(j->job), wait);
		return;
	}
	for (json_int_t n = j->active; n < want; n++)
		if (!make_pod(j, &index)) {
			ctl_later(j->c, CTL_JOB, kube_namespace(j->job), kube_name(j->job), 5);
			return;
		}
}

/* ---- ends ---- */

static void finish(struct job *j, const char *type, const char *reason, const char *message)
{
	char now[KUBE_TIME_LEN];
	json_t *c;
	size_t i;

	end_active(j, 0);
	status_condition(j->status, type, "True", reason, message, false);
	json_array_foreach(json_object_get(j->status, "conditions"), i, c)
		(void)json_object_set_new(c, "lastProbeTime", json_string(json_text(c, "lastTransitionTime", NULL)));
	if (strcmp(type, "Complete") == 0) {
		(void)json_object_set_new(j->status, "completionTime", json_string(kube_time(time(NULL), now)));
		api_event(j->c->api, j->job, "Normal", "Completed", COMPONENT, NULL, "Job completed");
	} else {
		api_event(j->c->api, j->job, "Warning", reason, COMPONENT, NULL, "%s", message);
	}
}

static bool deadline_passed(struct job *j)
{
	const json_int_t deadline = json_int(j->job, -1, "spec", "activeDeadlineSeconds", NULL);
	const time_t start = kube_time_parse(json_text(j->status, "startTime", NULL));
	time_t left;

	if (deadline < 0 || start < 0 || j->suspended)
		return false;
	left = start + (time_t)deadline - time(NULL);
	if (left > 0)
		ctl_later(j->c, CTL_JOB, kube_namespace(j->job), kube_name(j->job), left);
	return left <= 0;
}

static bool check_end(struct job *j)
{
	const bool on_failure =
		strcmp(json_text(j->job, "spec", "template", "spec", "restartPolicy", NULL), "OnFailure") == 0;

	if (j->failed > j->limit || (on_failure && j->restarts > j->limit))
		finish(j, "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit");
	else if (deadline_passed(j))
		finish(j, "Failed", "DeadlineExceeded", "Job was active longer than specified deadline");
	else if (j->completions >= 0 ? j->succeeded >= j->completions : j->succeeded > 0 && j->active == 0)
		finish(j, "Complete", NULL, NULL);
	else
		return false;
	return true;
}

static void check_ttl(struct job *j)
{
	const json_int_t ttl = json_int(j->job, -1, "spec", "ttlSecondsAfterFinished", NULL);
	const json_t *c = kube_condition(j->job, is_finished(j, "Complete") ? "Complete" : "Failed");
	const time_t left = kube_time_parse(json_text(c, "lastTransitionTime", NULL)) + (time_t)ttl - time(NULL);

	if (ttl < 0 || json_at(j->job, "metadata", "deletionTimestamp", NULL))
		return;
	if (left > 0)
		ctl_later(j->c, CTL_JOB, kube_namespace(j->job), kube_name(j->job), left);
	else
		(void)api_remove(j->c->api, RES_JOBS, kube_namespace(j->job), kube_name(j->job), NULL);
}

static void note_suspended(struct job *j)
{
	const bool was = strcmp(json_text(kube_condition(j->job, "Suspended"), "status", NULL), "True") == 0;
	char now[KUBE_TIME_LEN];

	if (j->suspended) {
		status_condition(j->status, "Suspended", "True", "JobSuspended", "Job suspended", false);
		(void)json_object_del(j->status, "startTime");
		return;
	}
	if (was)
		status_condition(j->status, "Suspended", "False", "JobResumed", "Job resumed", false);
	if (!json_object_get(j->status, "startTime"))
		(void)json_object_set_new(j->status, "startTime", json_string(kube_time(time(NULL), now)));
}

/* What a real API server fills in on creation: the selector, and the labels that it selects by. */
static void furnish(struct controllers *c, const json_t *job)
{
	json_t *spec, *copy = object_own(job, NULL, &spec),
		      *template = json_deep_copy(json_object_get(spec, "template")), *labels;

	if (!template)
		template = json_object();
	labels = json_object_make(json_object_make(template, "metadata"), "labels");
	for (size_t i = 0; i < 2; i++) {
		(void)json_object_set_new(labels, i ? "controller-uid" : "batch.kubernetes.io/controller-uid",
					  json_string(kube_uid(job)));
		(void)json_object_set_new(labels, i ? "job-name" : "batch.kubernetes.io/job-name",
					  json_string(kube_name(job)));
	}
	(void)json_object_set_new(spec, "template", template);
	(void)json_object_set_new(
		spec, "selector",
		json_pack("{s:{s:s}}", "matchLabels", "batch.kubernetes.io/controller-uid", kube_uid(job)));
	(void)store_update(c->api->store, RES_JOBS, copy, NULL, NULL);
}

static void run(struct job *j)
{
	j->status = json_deep_copy(json_object_get(j->job, "status"));
	if (!j->status)
		j->status = json_object();
	owners_adopt(j->c, RES_JOBS, j->job, RES_PODS);
	load(j);
	note_suspended(j);
	if (!check_end(j))
		manage(j);
	load(j);
	status_count(j->status, "active", j->active);
	(void)json_object_set_new(j->status, "ready", json_integer(j->ready));
	status_count(j->status, "succeeded", j->succeeded);
	status_count(j->status, "failed", j->failed);
	(void)json_object_set_new(j->status, "uncountedTerminatedPods", json_object());
	status_store(j->c, RES_JOBS, j->job, TAKE_PTR(j->status));
}

void job_sync(struct controllers *c, const char *ns, const char *name)
{
	struct job j = { .c = c, .job = json_incref(store_get(c->api->store, RES_JOBS, ns, name)) };

	if (j.job && !json_object_size(json_at(j.job, "spec", "selector", NULL)))
		furnish(c, j.job);
	else if (j.job && (is_finished(&j, "Complete") || is_finished(&j, "Failed")))
		check_ttl(&j);
	else if (j.job && !json_at(j.job, "metadata", "deletionTimestamp", NULL))
		run(&j);
	json_decref(j.job);
	json_decref(j.pods);
	json_decref(j.status);
}
