// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl_rollout.c - a Deployment's ReplicaSets: revisions, scaling, status (pkg/controller/deployment/sync.go, progress.go)
 */
#include "apiserver/ctl_rollout.h"

#include <string.h>

/* ---- reading ---- */

json_int_t rs_replicas(const json_t *rs)
{
	return json_int(rs, 1, "spec", "replicas", NULL);
}

json_int_t rs_status(const json_t *rs, const char *key)
{
	return json_int(rs, 0, "status", key, NULL);
}

json_int_t rs_annotation(const json_t *rs, const char *key)
{
	const char *text = json_text(rs, "metadata", "annotations", key, NULL);

	return *text ? strtoll(text, NULL, 10) : -1;
}

json_int_t rollout_sum(const struct rollout *r, const char *key)
{
	json_int_t sum = 0;
	json_t *rs;
	size_t i;

	json_array_foreach(r->all, i, rs)
		sum += key ? rs_status(rs, key) : rs_replicas(rs);
	return sum;
}

static int by_creation(const void *pa, const void *pb)
{
	const json_t *a = *(json_t *const *)pa, *b = *(json_t *const *)pb;
	const int r = strcmp(json_text(a, "metadata", "creationTimestamp", NULL),
			     json_text(b, "metadata", "creationTimestamp", NULL));

	return r ? r : strcmp(kube_name(a), kube_name(b));
}

static json_t *sorted(json_t *list)
{
	const size_t n = json_array_size(list);
	_cleanup_free_ json_t **v = calloc(n + 1, sizeof(*v));
	json_t *out = json_array();

	for (size_t i = 0; v && i < n; i++)
		v[i] = json_array_get(list, i);
	if (v)
		qsort(v, n, sizeof(*v), by_creation);
	for (size_t i = 0; v && i < n; i++)
		(void)json_array_append(out, v[i]);
	json_decref(list);
	return out;
}

static json_t *find_latest(const struct rollout *r)
{
	_cleanup_json_ json_t *want = template_normal(json_at(r->d, "spec", "template", NULL));
	json_t *rs;
	size_t i;

	json_array_foreach(r->all, i, rs) {
		_cleanup_json_ json_t *have = template_normal(json_at(rs, "spec", "template", NULL));

		if (json_equal(want, have))
			return rs;
	}
	return NULL;
}

bool rollout_load(struct rollout *r, const char *ns, const char *name)
{
	const json_t *strategy, *params;

	json_decref(r->d);
	json_decref(r->all);
	r->d = json_incref(store_get(r->c->api->store, RES_DEPLOYMENTS, ns, name));
	r->all = r->latest = NULL;
	if (!r->d)
		return false;
	strategy = json_at(r->d, "spec", "strategy", NULL);
	params = json_object_get(strategy, "rollingUpdate");
	r->recreate = strcmp(json_text(strategy, "type", NULL), "Recreate") == 0;
	r->replicas = rs_replicas(r->d);
	r->surge = r->recreate ? 0 : int_or_percent(json_object_get(params, "maxSurge"), "25%", r->replicas, true);
	r->unavailable =
		r->recreate ? 0 : int_or_percent(json_object_get(params, "maxUnavailable"), "25%", r->replicas, false);
	if (!r->recreate && r->surge == 0 && r->unavailable == 0)
		r->unavailable = 1;
	r->unavailable = MIN_OF(r->unavailable, r->replicas);
	r->all = sorted(owned_by(r->c, r->d, RES_REPLICASETS));
	r->latest = find_latest(r);
	return true;
}

void rollout_done(struct rollout *r)
{
	json_decref(r->d);
	json_decref(r->all);
}

/* ---- scaling ---- */

static void annotate_number(json_t *annotations, const char *key, json_int_t n)
{
	(void)json_object_set_new(annotations, key, json_sprintf("%lld", (long long)n));
}

static void annotate_replicas(const struct rollout *r, json_t *annotations)
{
	annotate_number(annotations, ROLLOUT_DESIRED, r->replicas);
	annotate_number(annotations, ROLLOUT_MAX, r->replicas + r->surge);
}

static bool replicas_noted(const struct rollout *r, const json_t *rs)
{
	return rs_annotation(rs, ROLLOUT_DESIRED) == r->replicas &&
	       rs_annotation(rs, ROLLOUT_MAX) == r->replicas + r->surge;
}

bool rollout_scale(struct rollout *r, const json_t *rs, json_int_t n)
{
	const json_int_t was = rs_replicas(rs);
	json_t *copy, *annotations, *spec;
	char name[300];

	if (was == n && replicas_noted(r, rs))
		return false;
	(void)snprintf(name, sizeof(name), "%s", kube_name(rs));
	copy = object_own(rs, &annotations, &spec);
	annotate_replicas(r, annotations);
	(void)json_object_set_new(spec, "replicas", json_integer(n));
	if (store_update(r->c->api->store, RES_REPLICASETS, copy, NULL, NULL) < 0 || was == n)
		return false;
	api_event(r->c->api, r->d, "Normal", "ScalingReplicaSet", ROLLOUT_COMPONENT, NULL,
		  "Scaled %s replica set %s to %lld from %lld", n > was ? "up" : "down", name, (long long)n,
		  (long long)was);
	return true;
}

json_int_t rollout_allowed(const struct rollout *r)
{
	const json_int_t now = r->latest ? rs_replicas(r->latest) : 0,
			 room = r->replicas + r->surge - rollout_sum(r, NULL);

	if (r->recreate)
		return r->replicas;
	return room <= 0 ? now : now + MIN_OF(room, r->replicas - now);
}

/* ---- revisions ---- */

/* A Deployment's annotations are those of its latest ReplicaSet, too, but for its own. */
static void copy_annotations(const struct rollout *r, json_t *annotations)
{
	static const char *const skip[] = { "kubectl.kubernetes.io/last-applied-configuration",
					    ROLLOUT_REVISION,
					    "deployment.kubernetes.io/revision-history",
					    ROLLOUT_DESIRED,
					    ROLLOUT_MAX,
					    "deprecated.deployment.rollback.to" };
	const char *key;
	json_t *v;

	json_object_foreach(json_at(r->d, "metadata", "annotations", NULL), key, v) {
		bool skipped = false;

		for (size_t i = 0; i < ARRAY_SIZE(skip); i++)
			skipped = skipped || strcmp(skip[i], key) == 0;
		if (!skipped)
			(void)json_object_set(annotations, key, v);
	}
}

static json_int_t next_revision(const struct rollout *r)
{
	json_int_t max = 0;
	json_t *rs;
	size_t i;

	json_array_foreach(r->all, i, rs)
		if (rs != r->latest)
			max = MAX_OF(max, rs_annotation(rs, ROLLOUT_REVISION));
	return max + 1;
}

static void note_history(json_t *annotations, json_int_t revision)
{
	static const char key[] = "deployment.kubernetes.io/revision-history";
	const char *history = json_text(annotations, key, NULL);

	(void)json_object_set_new(annotations, key,
				  json_sprintf("%s%s%lld", history, *history ? "," : "", (long long)revision));
}

static void update_latest(struct rollout *r)
{
	const json_int_t next = next_revision(r), now = rs_annotation(r->latest, ROLLOUT_REVISION);
	const json_t *min_ready = json_at(r->d, "spec", "minReadySeconds", NULL);
	json_t *annotations, *spec, *copy = object_own(r->latest, &annotations, &spec);

	copy_annotations(r, annotations);
	annotate_replicas(r, annotations);
	if (now < next) {
		if (now > 0)
			note_history(annotations, now);
		annotate_number(annotations, ROLLOUT_REVISION, next);
	}
	if (min_ready)
		(void)json_object_set(spec, "minReadySeconds", (json_t *)(uintptr_t)min_ready);
	(void)store_update(r->c->api->store, RES_REPLICASETS, copy, NULL, NULL);
}

static json_t *with_hash(const json_t *map, const char *hash)
{
	json_t *copy = map ? json_copy((json_t *)(uintptr_t)map) : json_object();

	(void)json_object_set_new(copy, "pod-template-hash", json_string(hash));
	return copy;
}

static json_t *new_replicaset(struct rollout *r, const char *hash)
{
	json_t *template = json_deep_copy(json_at(r->d, "spec", "template", NULL)), *annotations = json_object();
	json_t *selector = json_deep_copy(json_at(r->d, "spec", "selector", NULL)),
	       *meta = json_object_make(template, "metadata");
	json_t *labels = with_hash(json_object_get(meta, "labels"), hash), *rs;

	(void)json_object_set(meta, "labels", labels);
	(void)json_object_set_new(selector, "matchLabels", with_hash(json_object_get(selector, "matchLabels"), hash));
	copy_annotations(r, annotations);
	annotate_replicas(r, annotations);
	annotate_number(annotations, ROLLOUT_REVISION, next_revision(r));
	rs = json_pack("{s:s,s:s,s:{s:o,s:s,s:o,s:o,s:[o]},s:{s:I,s:o,s:o}}", "kind", "ReplicaSet", "apiVersion",
		       "apps/v1", "metadata", "name", json_sprintf("%s-%s", kube_name(r->d), hash), "namespace",
		       kube_namespace(r->d), "labels", labels, "annotations", annotations, "ownerReferences",
		       owner_reference(&resources[RES_DEPLOYMENTS], r->d), "spec", "replicas", rollout_allowed(r),
		       "selector", selector, "template", template);
	if (json_at(r->d, "spec", "minReadySeconds", NULL))
		(void)json_object_set(json_object_get(rs, "spec"), "minReadySeconds",
				      json_at(r->d, "spec", "minReadySeconds", NULL));
	return rs;
}

static void create_latest(struct rollout *r)
{
	json_t *rs, *stored = NULL;
	struct error e = { 0 };
	char hash[11];

	template_hash(json_at(r->d, "spec", "template", NULL), hash);
	rs = new_replicaset(r, hash);
	if (api_create(r->c->api, RES_REPLICASETS, rs, &stored, &e) < 0 || !stored) {
		api_event(r->c->api, r->d, "Warning", "ReplicaSetCreateError", ROLLOUT_COMPONENT, NULL,
			  "Failed to create new replica set: %s", e.msg);
		return;
	}
	(void)snprintf(r->created, sizeof(r->created), "%s", kube_name(stored));
	if (rs_replicas(stored) > 0)
		api_event(r->c->api, r->d, "Normal", "ScalingReplicaSet", ROLLOUT_COMPONENT, NULL,
			  "Scaled up replica set %s to %lld", r->created, (long long)rs_replicas(stored));
}

/* The Deployment says the revision of its latest ReplicaSet. */
static void note_revision(struct rollout *r)
{
	const json_int_t revision = rs_annotation(r->latest, ROLLOUT_REVISION);
	json_t *copy, *annotations;

	if (revision < 0 || rs_annotation(r->d, ROLLOUT_REVISION) == revision)
		return;
	copy = object_own(r->d, &annotations, NULL);
	annotate_number(annotations, ROLLOUT_REVISION, revision);
	(void)store_update(r->c->api->store, RES_DEPLOYMENTS, copy, NULL, NULL);
}

void rollout_reload(struct rollout *r)
{
	const json_t *d = r->d;
	char ns[300], name[300];

	(void)snprintf(ns, sizeof(ns), "%s", kube_namespace(d));
	(void)snprintf(name, sizeof(name), "%s", kube_name(d));
	(void)rollout_load(r, ns, name);
}

void rollout_revisions(struct rollout *r, bool create)
{
	if (r->latest)
		update_latest(r);
	else if (create)
		create_latest(r);
	rollout_reload(r);
	if (!r->latest)
		return;
	note_revision(r);
	rollout_reload(r);
}

/* ---- status ---- */

static json_t *count(const struct rollout *r)
{
	const json_int_t available = rollout_sum(r, "availableReplicas"), missing = rollout_sum(r, NULL) - available;
	json_t *status = json_deep_copy(json_object_get(r->d, "status"));

	if (!status)
		status = json_object();
	status_count(status, "observedGeneration", json_int(r->d, 0, "metadata", "generation", NULL));
	status_count(status, "replicas", rollout_sum(r, "replicas"));
	status_count(status, "updatedReplicas", r->latest ? rs_status(r->latest, "replicas") : 0);
	status_count(status, "readyReplicas", rollout_sum(r, "readyReplicas"));
	status_count(status, "availableReplicas", available);
	status_count(status, "unavailableReplicas", MAX_OF(missing, (json_int_t)0));
	if (available >= r->replicas - r->unavailable)
		status_condition(status, "Available", "True", "MinimumReplicasAvailable",
				 "Deployment has minimum availability.", true);
	else
		status_condition(status, "Available", "False", "MinimumReplicasUnavailable",
				 "Deployment does not have minimum availability.", true);
	return status;
}

static json_int_t number(const json_t *status, const char *key)
{
	return json_int(status, 0, key, NULL);
}

static bool is_complete(const struct rollout *r, const json_t *status)
{
	return number(status, "updatedReplicas") == r->replicas && number(status, "replicas") == r->replicas &&
	       number(status, "availableReplicas") == r->replicas;
}

static bool has_progressed(const json_t *old, const json_t *new)
{
	return number(new, "updatedReplicas") > number(old, "updatedReplicas") ||
	       number(new, "replicas") - number(new, "updatedReplicas") <
		       number(old, "replicas") - number(old, "updatedReplicas") ||
	       number(new, "readyReplicas") > number(old, "readyReplicas") ||
	       number(new, "availableReplicas") > number(old, "availableReplicas");
}

static json_t *progressing(json_t *status)
{
	json_t *c;
	size_t i;

	json_array_foreach(json_object_get(status, "conditions"), i, c)
		if (strcmp(json_text(c, "type", NULL), "Progressing") == 0)
			return c;
	return NULL;
}

/* "ReplicaSet "x" is progressing.", of the Deployment while there is none */
static void set_progress(const struct rollout *r, json_t *status, const char *value, const char *reason,
			 const char *what)
{
	const json_t *about = r->latest ? r->latest : r->d;
	char message[400];

	(void)snprintf(message, sizeof(message), "%s \"%s\" %s", r->latest ? "ReplicaSet" : "Deployment",
		       kube_name(about), what);
	status_condition(status, "Progressing", value, reason, message, true);
}

static void check_deadline(const struct rollout *r, json_t *status)
{
	const json_int_t deadline = json_int(r->d, 0, "spec", "progressDeadlineSeconds", NULL);
	const json_t *c = progressing(status);
	const char *reason = json_text(c, "reason", NULL);
	const time_t since = kube_time_parse(json_text(c, "lastUpdateTime", NULL)), due = since + (time_t)deadline,
		     now = time(NULL);

	if (!c || since < 0 || strcmp(reason, "NewReplicaSetAvailable") == 0 ||
	    strcmp(reason, "ProgressDeadlineExceeded") == 0 || strcmp(reason, "DeploymentPaused") == 0)
		return;
	if (now >= due)
		set_progress(r, status, "False", "ProgressDeadlineExceeded", "has timed out progressing.");
	else
		ctl_later(r->c, CTL_DEPLOYMENT, kube_namespace(r->d), kube_name(r->d), due - now + 1);
}

static void set_progressing(const struct rollout *r, json_t *status)
{
	const bool was_done = strcmp(json_text(progressing(status), "reason", NULL), "NewReplicaSetAvailable") == 0;
	char message[400], now[KUBE_TIME_LEN];

	if (*r->created) {
		(void)snprintf(message, sizeof(message), "Created new replica set \"%s\"", r->created);
		status_condition(status, "Progressing", "True", "NewReplicaSetCreated", message, true);
	}
	if (number(status, "replicas") == number(status, "updatedReplicas") && was_done && !*r->created)
		return;
	if (is_complete(r, status)) {
		set_progress(r, status, "True", "NewReplicaSetAvailable", "has successfully progressed.");
	} else if (has_progressed(json_object_get(r->d, "status"), status)) {
		set_progress(r, status, "True", "ReplicaSetUpdated", "is progressing.");
		(void)json_object_set_new(progressing(status), "lastUpdateTime",
					  json_string(kube_time(time(NULL), now)));
	} else {
		check_deadline(r, status);
	}
}

void rollout_status(struct rollout *r)
{
	json_t *status = count(r);
	const char *reason = json_text(progressing(status), "reason", NULL);
	const bool paused = json_bool(r->d, "spec", "paused", NULL);

	if (paused && strcmp(reason, "ProgressDeadlineExceeded") != 0)
		status_condition(status, "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused", true);
	else if (!paused && strcmp(reason, "DeploymentPaused") == 0)
		status_condition(status, "Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed", true);
	if (!paused && json_at(r->d, "spec", "progressDeadlineSeconds", NULL))
		set_progressing(r, status);
	status_store(r->c, RES_DEPLOYMENTS, r->d, status);
}
