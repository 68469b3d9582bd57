// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_controllers.c - what controllers make of their objects, with kubelets that set statuses at once
 */
#include "control_fixture.h"

#define POD_TEMPLATE(image)                                                                                           \
	"'template': {'metadata': {'labels': {'app': 'web'}}, 'spec': {'containers': [{'name': 'c', 'image': '" image \
	"'}]}}"
#define SELECTOR "'selector': {'matchLabels': {'app': 'web'}}"

/* ---- looking ---- */

static json_t *get(struct fixture *f, enum resource_id res, const char *name)
{
	return store_get(f->api.store, res, resources[res].namespaced ? "default" : "", name);
}

static json_int_t status(struct fixture *f, enum resource_id res, const char *name, const char *key)
{
	return json_int(get(f, res, name), 0, "status", key, NULL);
}

/* How many pods there are: made of @image (NULL: any), active */
static size_t pods(struct fixture *f, const char *image)
{
	_cleanup_json_ json_t *list = store_list(f->api.store, RES_PODS, NULL);
	json_t *pod;
	size_t i, n = 0;

	json_array_foreach(list, i, pod) {
		const char *has = json_text(json_array_get(json_at(pod, "spec", "containers", NULL), 0), "image", NULL);

		n += pod_is_active(pod) && (!image || strcmp(has, image) == 0);
	}
	return n;
}

/* Nothing happens any more: not now, and not in a while. */
static void assert_idle(struct fixture *f)
{
	const uint64_t revision = store_revision(f->api.store);

	for (unsigned i = 0; i < 3; i++)
		settle(f);
	assert_int_equal(store_revision(f->api.store), revision);
}

/* The messages of all events about an object, one a line; the controllers' own order */
static bool has_event(struct fixture *f, const char *reason, const char *part)
{
	_cleanup_json_ json_t *list = store_list(f->api.store, RES_EVENTS, NULL);
	json_t *ev;
	size_t i;

	json_array_foreach(list, i, ev)
		if (strcmp(json_text(ev, "reason", NULL), reason) == 0 && strstr(json_text(ev, "message", NULL), part))
			return true;
	return false;
}

static void add_namespace(struct fixture *f, const char *name)
{
	(void)create(f, RES_NAMESPACES,
		     parsedf("{'metadata': {'name': '%s'}, 'spec': {'finalizers': ['kubernetes']}}", name));
}

static void begin(struct fixture *f)
{
	start(f, "{}");
	add_namespace(f, "default");
	add_nodes(f);
	settle(f);
}

/* ---- ReplicaSets ---- */

static void add_replicaset(struct fixture *f, int n)
{
	(void)create(
		f, RES_REPLICASETS,
		parsedf("{'kind': 'ReplicaSet', 'metadata': {'name': 'web', 'namespace': 'default'}, 'spec': {'replicas': %d, " SELECTOR
			", " POD_TEMPLATE("one") "}}",
			n));
}

static void replicaset_scales(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add_replicaset(&f, 3);
	live(&f);
	assert_int_equal(pods(&f, NULL), 3);
	assert_int_equal(status(&f, RES_REPLICASETS, "web", "replicas"), 3);
	assert_int_equal(status(&f, RES_REPLICASETS, "web", "readyReplicas"), 3);
	assert_int_equal(status(&f, RES_REPLICASETS, "web", "availableReplicas"), 3);
	assert_int_equal(status(&f, RES_REPLICASETS, "web", "fullyLabeledReplicas"), 3);
	assert_int_equal(status(&f, RES_REPLICASETS, "web", "observedGeneration"), 1);
	assert_idle(&f);
	patch(&f, RES_REPLICASETS, "default", "web", "{'spec': {'replicas': 1}}");
	live(&f);
	assert_int_equal(pods(&f, NULL), 1);
	patch(&f, RES_REPLICASETS, "default", "web", "{'spec': {'replicas': 250}}");
	live(&f);
	assert_int_equal(pods(&f, NULL), 250);
	assert_int_equal(status(&f, RES_REPLICASETS, "web", "readyReplicas"), 250);
	assert_idle(&f);
	end(&f);
}

/* 0.3 s of CPU; 8 s when each pod that is placed has them all counted */
static void a_thousand_pods_are_not_counted_a_thousand_times(void **state)
{
	struct fixture f;
	clock_t begun;

	(void)state;
	begin(&f);
	patch(&f, RES_NODES, "", "c-worker", "{'status': {'allocatable': {'pods': '2000', 'cpu': '100'}}}");
	begun = clock();
	add_replicaset(&f, 1000);
	live(&f);
	assert_int_equal(status(&f, RES_REPLICASETS, "web", "readyReplicas"), 1000);
	assert_true(clock() - begun < 4 * CLOCKS_PER_SEC);
	end(&f);
}

static void pods_are_named_and_owned(void **state)
{
	_cleanup_json_ json_t *list = NULL;
	const json_t *pod, *owner;
	struct fixture f;

	(void)state;
	begin(&f);
	add_replicaset(&f, 1);
	live(&f);
	list = store_list(f.api.store, RES_PODS, NULL);
	pod = json_array_get(list, 0);
	assert_int_equal(strlen(kube_name(pod)), strlen("web-xxxxx"));
	assert_int_equal(strncmp(kube_name(pod), "web-", 4), 0);
	assert_int_equal(strspn(kube_name(pod) + 4, "bcdfghjklmnpqrstvwxz2456789"), 5);
	owner = owner_of(pod);
	assert_string_equal(json_text(owner, "apiVersion", NULL), "apps/v1");
	assert_string_equal(json_text(owner, "kind", NULL), "ReplicaSet");
	assert_string_equal(json_text(owner, "name", NULL), "web");
	assert_true(json_bool(owner, "controller", NULL));
	assert_true(json_bool(owner, "blockOwnerDeletion", NULL));
	end(&f);
}

static void lost_and_failed_pods_are_made_again(void **state)
{
	_cleanup_json_ json_t *list = NULL;
	struct fixture f;

	(void)state;
	begin(&f);
	add_replicaset(&f, 2);
	live(&f);
	list = store_list(f.api.store, RES_PODS, NULL);
	(void)store_delete(f.api.store, RES_PODS, "default", kube_name(json_array_get(list, 0)));
	patch(&f, RES_PODS, "default", kube_name(json_array_get(list, 1)), "{'status': {'phase': 'Failed'}}");
	live(&f);
	assert_int_equal(pods(&f, NULL), 2);
	end(&f);
}

static void orphans_are_adopted_and_strangers_let_go(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	(void)create(
		&f, RES_PODS,
		parsed("{'metadata': {'name': 'mine', 'namespace': 'default', 'labels': {'app': 'web'}}, 'spec': {'containers': []}, "
		       "'status': {'phase': 'Pending'}}"));
	add_replicaset(&f, 1);
	live(&f);
	assert_int_equal(pods(&f, NULL), 1);
	assert_string_equal(json_text(owner_of(get(&f, RES_PODS, "mine")), "name", NULL), "web");
	patch(&f, RES_PODS, "default", "mine", "{'metadata': {'labels': {'app': 'other'}}}");
	live(&f);
	assert_null(owner_of(get(&f, RES_PODS, "mine")));
	assert_int_equal(pods(&f, NULL), 2);
	assert_idle(&f);
	end(&f);
}

/* ---- Deployments ---- */

static void add_deployment(struct fixture *f, int n, const char *more)
{
	(void)create(
		f, RES_DEPLOYMENTS,
		parsedf("{'kind': 'Deployment', 'apiVersion': 'apps/v1', 'metadata': {'name': 'web', 'namespace': 'default'}, 'spec': "
			"{'replicas': %d, 'progressDeadlineSeconds': 600, " SELECTOR ", " POD_TEMPLATE("one") "%s}}",
			n, more));
}

static void set_image(struct fixture *f, enum resource_id res, const char *image)
{
	char text[200];

	(void)snprintf(text, sizeof(text),
		       "{'spec': {'template': {'spec': {'containers': [{'name': 'c', 'image': '%s'}]}}}}", image);
	patch(f, res, "default", "web", text);
}

/* The ReplicaSet that has a revision */
static json_t *revision(struct fixture *f, const char *number)
{
	_cleanup_json_ json_t *list = store_list(f->api.store, RES_REPLICASETS, NULL);
	json_t *rs;
	size_t i;

	json_array_foreach(list, i, rs)
		if (strcmp(json_text(rs, "metadata", "annotations", "deployment.kubernetes.io/revision", NULL),
			   number) == 0)
			return rs;
	return NULL;
}

static const char *condition(struct fixture *f, const char *type, const char *key)
{
	return json_text(kube_condition(get(f, RES_DEPLOYMENTS, "web"), type), key, NULL);
}

static void assert_rolled_out(struct fixture *f, json_int_t n)
{
	assert_int_equal(status(f, RES_DEPLOYMENTS, "web", "replicas"), n);
	assert_int_equal(status(f, RES_DEPLOYMENTS, "web", "updatedReplicas"), n);
	assert_int_equal(status(f, RES_DEPLOYMENTS, "web", "readyReplicas"), n);
	assert_int_equal(status(f, RES_DEPLOYMENTS, "web", "availableReplicas"), n);
	assert_int_equal(status(f, RES_DEPLOYMENTS, "web", "unavailableReplicas"), 0);
	assert_int_equal(status(f, RES_DEPLOYMENTS, "web", "observedGeneration"),
			 json_int(get(f, RES_DEPLOYMENTS, "web"), -1, "metadata", "generation", NULL));
	assert_string_equal(condition(f, "Available", "status"), "True");
	assert_string_equal(condition(f, "Progressing", "reason"), "NewReplicaSetAvailable");
}

static void deployment_rolls_out(void **state)
{
	struct fixture f;
	const json_t *rs;

	(void)state;
	begin(&f);
	add_deployment(&f, 3, "");
	live(&f);
	assert_rolled_out(&f, 3);
	rs = revision(&f, "1");
	assert_non_null(rs);
	assert_string_equal(json_text(get(&f, RES_DEPLOYMENTS, "web"), "metadata", "annotations",
				      "deployment.kubernetes.io/revision", NULL),
			    "1");
	assert_string_equal(json_text(rs, "metadata", "labels", "pod-template-hash", NULL),
			    kube_name(rs) + strlen("web-"));
	assert_string_equal(json_text(rs, "spec", "selector", "matchLabels", "pod-template-hash", NULL),
			    kube_name(rs) + strlen("web-"));
	assert_string_equal(json_text(rs, "metadata", "annotations", "deployment.kubernetes.io/desired-replicas", NULL),
			    "3");
	assert_string_equal(json_text(rs, "metadata", "annotations", "deployment.kubernetes.io/max-replicas", NULL),
			    "4");
	assert_idle(&f);
	end(&f);
}

static void deployment_updates_and_goes_back(void **state)
{
	struct fixture f;
	char first[64];

	(void)state;
	begin(&f);
	add_deployment(&f, 3, "");
	live(&f);
	(void)snprintf(first, sizeof(first), "%s", kube_name(revision(&f, "1")));
	set_image(&f, RES_DEPLOYMENTS, "two");
	live(&f);
	assert_rolled_out(&f, 3);
	assert_int_equal(pods(&f, "two"), 3);
	assert_int_equal(pods(&f, "one"), 0);
	assert_int_equal(json_int(revision(&f, "1"), -1, "spec", "replicas", NULL), 0);
	assert_idle(&f);
	/* As `kubectl rollout undo` sends it, with what is empty */
	patch(&f, RES_DEPLOYMENTS, "default", "web",
	      "{'spec': {'template': {'metadata': {'creationTimestamp': null}, 'spec': {'containers': [{'name': 'c', 'image': 'one', 'resources': {}}]}}}}");
	live(&f);
	assert_rolled_out(&f, 3);
	assert_int_equal(pods(&f, "one"), 3);
	assert_null(revision(&f, "1"));
	assert_string_equal(kube_name(revision(&f, "3")), first);
	assert_string_equal(json_text(revision(&f, "3"), "metadata", "annotations",
				      "deployment.kubernetes.io/revision-history", NULL),
			    "1");
	assert_idle(&f);
	end(&f);
}

static void deployment_keeps_enough_pods(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add_deployment(
		&f, 4,
		", 'strategy': {'type': 'RollingUpdate', 'rollingUpdate': {'maxSurge': 1, 'maxUnavailable': 0}}");
	live(&f);
	f.stuck = true;
	set_image(&f, RES_DEPLOYMENTS, "two");
	live(&f);
	/* One more than wanted, and it is never Ready: the old ones all stay. */
	assert_int_equal(pods(&f, "one"), 4);
	assert_int_equal(pods(&f, "two"), 1);
	assert_int_equal(status(&f, RES_DEPLOYMENTS, "web", "unavailableReplicas"), 1);
	assert_string_equal(condition(&f, "Available", "status"), "True");
	assert_string_equal(condition(&f, "Progressing", "reason"), "ReplicaSetUpdated");
	assert_idle(&f);
	/* Another number of replicas in the middle of it: all ReplicaSets get their share. */
	patch(&f, RES_DEPLOYMENTS, "default", "web", "{'spec': {'replicas': 8}}");
	live(&f);
	assert_int_equal(pods(&f, NULL), 9);
	assert_true(pods(&f, "one") > 4);
	/* And back */
	set_image(&f, RES_DEPLOYMENTS, "one");
	f.stuck = false;
	live(&f);
	assert_int_equal(pods(&f, "two"), 0);
	end(&f);
}

static void default_strategy_is_a_quarter(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add_deployment(&f, 8, "");
	live(&f);
	f.stuck = true;
	set_image(&f, RES_DEPLOYMENTS, "two");
	live(&f);
	assert_int_equal(pods(&f, "one"), 6);
	assert_int_equal(pods(&f, "two"), 4);
	end(&f);
}

static void recreate_ends_all_first(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add_deployment(&f, 2, ", 'strategy': {'type': 'Recreate'}");
	live(&f);
	assert_rolled_out(&f, 2);
	f.stuck = true;
	set_image(&f, RES_DEPLOYMENTS, "two");
	live(&f);
	assert_int_equal(pods(&f, "one"), 0);
	assert_int_equal(pods(&f, "two"), 2);
	end(&f);
}

static void paused_deployment_waits(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add_deployment(&f, 2, "");
	live(&f);
	patch(&f, RES_DEPLOYMENTS, "default", "web", "{'spec': {'paused': true}}");
	set_image(&f, RES_DEPLOYMENTS, "two");
	live(&f);
	assert_int_equal(pods(&f, "one"), 2);
	assert_string_equal(condition(&f, "Progressing", "reason"), "DeploymentPaused");
	/* It may still be scaled. */
	patch(&f, RES_DEPLOYMENTS, "default", "web", "{'spec': {'replicas': 3}}");
	live(&f);
	assert_int_equal(pods(&f, "one"), 3);
	patch(&f, RES_DEPLOYMENTS, "default", "web", "{'spec': {'paused': false}}");
	live(&f);
	assert_int_equal(pods(&f, "two"), 3);
	assert_rolled_out(&f, 3);
	end(&f);
}

static void old_replicasets_are_few(void **state)
{
	struct fixture f;
	char image[16];

	(void)state;
	begin(&f);
	add_deployment(&f, 1, ", 'revisionHistoryLimit': 2");
	for (int i = 0; i < 6; i++) {
		(void)snprintf(image, sizeof(image), "i%d", i);
		set_image(&f, RES_DEPLOYMENTS, image);
		live(&f);
	}
	assert_int_equal(store_count(f.api.store, RES_REPLICASETS), 3);
	assert_non_null(revision(&f, "6"));
	assert_non_null(revision(&f, "4"));
	assert_idle(&f);
	end(&f);
}

static void deployment_goes_to_zero(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add_deployment(&f, 3, "");
	live(&f);
	patch(&f, RES_DEPLOYMENTS, "default", "web", "{'spec': {'replicas': 0}}");
	live(&f);
	assert_int_equal(pods(&f, NULL), 0);
	assert_rolled_out(&f, 0);
	assert_idle(&f);
	end(&f);
}

/* ---- garbage ---- */

static void dependents_go_with_their_owner(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add_deployment(&f, 3, "");
	live(&f);
	assert_int_equal(store_delete(f.api.store, RES_DEPLOYMENTS, "default", "web"), 0);
	live(&f);
	assert_int_equal(store_count(f.api.store, RES_REPLICASETS), 0);
	assert_int_equal(store_count(f.api.store, RES_PODS), 0);
	assert_idle(&f);
	end(&f);
}

static void mark_deleted(struct fixture *f, enum resource_id res, const char *name, const char *finalizer)
{
	char text[200];

	(void)snprintf(
		text, sizeof(text),
		"{'metadata': {'deletionTimestamp': '2026-11-25T00:00:00Z', 'deletionGracePeriodSeconds': 0, 'finalizers': ['%s']}}",
		finalizer);
	patch(f, res, "default", name, text);
}

static void orphaned_dependents_stay(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add_deployment(&f, 2, "");
	live(&f);
	mark_deleted(&f, RES_DEPLOYMENTS, "web", "orphan");
	live(&f);
	assert_null(get(&f, RES_DEPLOYMENTS, "web"));
	assert_int_equal(store_count(f.api.store, RES_REPLICASETS), 1);
	assert_int_equal(pods(&f, NULL), 2);
	assert_null(owner_of(revision(&f, "1")));
	assert_idle(&f);
	end(&f);
}

static void what_was_orphaned_is_taken_again(void **state)
{
	struct fixture f;
	char name[64];

	(void)state;
	begin(&f);
	add_deployment(&f, 2, "");
	live(&f);
	(void)snprintf(name, sizeof(name), "%s", kube_name(revision(&f, "1")));
	mark_deleted(&f, RES_DEPLOYMENTS, "web", "orphan");
	live(&f);
	add_deployment(&f, 3, "");
	live(&f);
	assert_int_equal(store_count(f.api.store, RES_REPLICASETS), 1);
	assert_string_equal(kube_name(revision(&f, "1")), name);
	assert_string_equal(json_text(owner_of(revision(&f, "1")), "uid", NULL), kube_uid(get(&f, RES_DEPLOYMENTS, "web")));
	assert_rolled_out(&f, 3);
	assert_idle(&f);
	end(&f);
}

static void note_gone(const struct store_event *ev, void *arg)
{
	if (ev->type == STORE_DELETED && ev->res->id != RES_EVENTS)
		strbuf_printf(arg, "%s ", ev->res->kind);
}

static void foreground_waits_for_dependents(void **state)
{
	_cleanup_strbuf_ struct strbuf gone = { 0 };
	struct fixture f;

	(void)state;
	begin(&f);
	add_deployment(&f, 2, "");
	live(&f);
	assert_non_null(store_watch(f.api.store, note_gone, &gone));
	mark_deleted(&f, RES_DEPLOYMENTS, "web", "foregroundDeletion");
	live(&f);
	assert_null(get(&f, RES_DEPLOYMENTS, "web"));
	assert_int_equal(store_count(f.api.store, RES_REPLICASETS), 0);
	assert_int_equal(store_count(f.api.store, RES_PODS), 0);
	assert_string_equal(strbuf_str(&gone), "Pod Pod ReplicaSet Deployment ");
	end(&f);
}

static void owners_that_never_were(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	(void)create(
		&f, RES_CONFIGMAPS,
		parsed("{'metadata': {'name': 'x', 'namespace': 'default', 'ownerReferences': [{'apiVersion': 'v1', 'kind': "
		       "'Pod', 'name': 'gone', 'uid': '1-2-3'}]}}"));
	live(&f);
	assert_null(get(&f, RES_CONFIGMAPS, "x"));
	end(&f);
}

static void a_namespace_takes_all_with_it(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add_namespace(&f, "other");
	(void)create(&f, RES_CONFIGMAPS, parsed("{'metadata': {'name': 'x', 'namespace': 'other'}}"));
	(void)create(&f, RES_CONFIGMAPS, parsed("{'metadata': {'name': 'x', 'namespace': 'default'}}"));
	add_deployment(&f, 2, "");
	live(&f);
	patch(&f, RES_NAMESPACES, "", "other",
	      "{'metadata': {'deletionTimestamp': '2026-11-25T00:00:00Z', 'deletionGracePeriodSeconds': 0}}");
	live(&f);
	assert_null(store_get(f.api.store, RES_NAMESPACES, "", "other"));
	assert_null(store_get(f.api.store, RES_CONFIGMAPS, "other", "x"));
	assert_non_null(get(&f, RES_CONFIGMAPS, "x"));
	patch(&f, RES_NAMESPACES, "", "default",
	      "{'metadata': {'deletionTimestamp': '2026-11-25T00:00:00Z', 'deletionGracePeriodSeconds': 0}}");
	live(&f);
	assert_int_equal(store_count(f.api.store, RES_PODS), 0);
	assert_null(store_get(f.api.store, RES_NAMESPACES, "", "default"));
	end(&f);
}

/* ---- DaemonSets ---- */

static void add_daemonset(struct fixture *f, const char *more)
{
	(void)create(f, RES_DAEMONSETS,
		     parsedf("{'metadata': {'name': 'web', 'namespace': 'default'}, 'spec': {" SELECTOR
			     ", " POD_TEMPLATE("one") "%s}}",
			     more));
}

static void daemonset_has_one_a_node(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add_daemonset(&f, "");
	live(&f);
	assert_int_equal(pods(&f, NULL), 3); /* the control plane is tainted */
	assert_int_equal(status(&f, RES_DAEMONSETS, "web", "desiredNumberScheduled"), 3);
	assert_int_equal(status(&f, RES_DAEMONSETS, "web", "currentNumberScheduled"), 3);
	assert_int_equal(status(&f, RES_DAEMONSETS, "web", "numberReady"), 3);
	assert_int_equal(status(&f, RES_DAEMONSETS, "web", "numberAvailable"), 3);
	assert_int_equal(status(&f, RES_DAEMONSETS, "web", "updatedNumberScheduled"), 3);
	assert_idle(&f);
	add_node(&f, "c-new", "", "");
	live(&f);
	assert_int_equal(pods(&f, NULL), 4);
	/* A cordoned node keeps its pod, and gets it again. */
	patch(&f, RES_NODES, "", "c-new",
	      "{'spec': {'unschedulable': true, 'taints': [{'key': 'node.kubernetes.io/unschedulable', 'effect': 'NoSchedule'}]}}");
	live(&f);
	assert_int_equal(pods(&f, NULL), 4);
	/* One that must not run anything loses it. */
	patch(&f, RES_NODES, "", "c-new", "{'spec': {'taints': [{'key': 'x', 'effect': 'NoExecute'}]}}");
	live(&f);
	assert_int_equal(pods(&f, NULL), 3);
	assert_int_equal(status(&f, RES_DAEMONSETS, "web", "desiredNumberScheduled"), 3);
	(void)store_delete(f.api.store, RES_NODES, "", "c-worker3");
	live(&f);
	assert_int_equal(pods(&f, NULL), 2);
	assert_idle(&f);
	end(&f);
}

static void daemonset_updates_one_at_a_time(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add_daemonset(&f, "");
	live(&f);
	f.stuck = true;
	set_image(&f, RES_DAEMONSETS, "two");
	live(&f);
	assert_int_equal(pods(&f, "one"), 2);
	assert_int_equal(pods(&f, "two"), 1);
	assert_int_equal(status(&f, RES_DAEMONSETS, "web", "numberUnavailable"), 1);
	f.stuck = false;
	patch(&f, RES_DAEMONSETS, "default", "web",
	      "{'spec': {'updateStrategy': {'rollingUpdate': {'maxUnavailable': 3}}}}");
	live(&f);
	assert_int_equal(pods(&f, "two"), 3);
	assert_idle(&f);
	end(&f);
}

/* ---- StatefulSets ---- */

static void add_statefulset(struct fixture *f, int n, const char *more)
{
	(void)create(
		f, RES_STATEFULSETS,
		parsedf("{'metadata': {'name': 'web', 'namespace': 'default'}, 'spec': {'replicas': %d, 'serviceName': 'svc', " SELECTOR
			", " POD_TEMPLATE("one") "%s}}",
			n, more));
}

static void statefulset_goes_in_order(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.stuck = true;
	add_statefulset(&f, 3, "");
	live(&f);
	assert_int_equal(pods(&f, NULL), 1); /* web-0 is not Ready */
	assert_non_null(get(&f, RES_PODS, "web-0"));
	f.stuck = false;
	(void)store_delete(f.api.store, RES_PODS, "default", "web-0");
	live(&f);
	assert_int_equal(pods(&f, NULL), 3);
	assert_non_null(get(&f, RES_PODS, "web-2"));
	assert_string_equal(json_text(get(&f, RES_PODS, "web-1"), "spec", "hostname", NULL), "web-1");
	assert_string_equal(json_text(get(&f, RES_PODS, "web-1"), "spec", "subdomain", NULL), "svc");
	assert_int_equal(status(&f, RES_STATEFULSETS, "web", "readyReplicas"), 3);
	assert_int_equal(status(&f, RES_STATEFULSETS, "web", "updatedReplicas"), 3);
	assert_int_equal(status(&f, RES_STATEFULSETS, "web", "currentReplicas"), 3);
	assert_idle(&f);
	patch(&f, RES_STATEFULSETS, "default", "web", "{'spec': {'replicas': 1}}");
	live(&f);
	assert_int_equal(pods(&f, NULL), 1);
	assert_non_null(get(&f, RES_PODS, "web-0"));
	end(&f);
}

static void statefulset_updates_down_to_the_partition(void **state)
{
	const json_t *s;
	struct fixture f;

	(void)state;
	begin(&f);
	add_statefulset(&f, 3, ", 'updateStrategy': {'type': 'RollingUpdate', 'rollingUpdate': {'partition': 2}}");
	live(&f);
	set_image(&f, RES_STATEFULSETS, "two");
	live(&f);
	assert_int_equal(pods(&f, "two"), 1);
	assert_string_equal(
		json_text(json_array_get(json_at(get(&f, RES_PODS, "web-2"), "spec", "containers", NULL), 0), "image",
			  NULL),
		"two");
	s = json_object_get(get(&f, RES_STATEFULSETS, "web"), "status");
	assert_string_not_equal(json_text(s, "currentRevision", NULL), json_text(s, "updateRevision", NULL));
	assert_idle(&f);
	patch(&f, RES_STATEFULSETS, "default", "web",
	      "{'spec': {'updateStrategy': {'rollingUpdate': {'partition': 0}}}}");
	live(&f);
	assert_int_equal(pods(&f, "two"), 3);
	s = json_object_get(get(&f, RES_STATEFULSETS, "web"), "status");
	assert_string_equal(json_text(s, "currentRevision", NULL), json_text(s, "updateRevision", NULL));
	assert_idle(&f);
	end(&f);
}

static void parallel_statefulset_does_not_wait(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.stuck = true;
	add_statefulset(&f, 3, ", 'podManagementPolicy': 'Parallel'");
	live(&f);
	assert_int_equal(pods(&f, NULL), 3);
	end(&f);
}

/* ---- Jobs ---- */

static void add_job(struct fixture *f, const char *more)
{
	(void)create(
		f, RES_JOBS,
		parsedf("{'metadata': {'name': 'web', 'namespace': 'default'}, 'spec': {'template': {'spec': {'restartPolicy': 'Never', 'containers': "
			"[{'name': 'c', 'image': 'one'}]}}%s}}",
			more));
}

static const char *job_condition(struct fixture *f, const char *type, const char *key)
{
	return json_text(kube_condition(get(f, RES_JOBS, "web"), type), key, NULL);
}

static void job_completes(void **state)
{
	_cleanup_json_ json_t *list = NULL;
	struct fixture f;

	(void)state;
	begin(&f);
	f.phase = "Succeeded";
	add_job(&f, ", 'completions': 5, 'parallelism': 2");
	live(&f);
	assert_int_equal(status(&f, RES_JOBS, "web", "succeeded"), 5);
	assert_int_equal(store_count(f.api.store, RES_PODS), 5);
	assert_string_equal(job_condition(&f, "Complete", "status"), "True");
	assert_true(kube_time_parse(json_text(get(&f, RES_JOBS, "web"), "status", "completionTime", NULL)) > 0);
	assert_true(kube_time_parse(json_text(get(&f, RES_JOBS, "web"), "status", "startTime", NULL)) > 0);
	list = store_list(f.api.store, RES_PODS, NULL);
	assert_string_equal(json_text(json_array_get(list, 0), "metadata", "labels", "job-name", NULL), "web");
	assert_string_equal(
		json_text(json_array_get(list, 0), "metadata", "labels", "batch.kubernetes.io/controller-uid", NULL),
		kube_uid(get(&f, RES_JOBS, "web")));
	assert_idle(&f);
	end(&f);
}

static void job_runs_so_many_at_a_time(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add_job(&f, ", 'completions': 5, 'parallelism': 2");
	live(&f);
	assert_int_equal(pods(&f, NULL), 2);
	assert_int_equal(status(&f, RES_JOBS, "web", "active"), 2);
	assert_int_equal(status(&f, RES_JOBS, "web", "ready"), 2);
	patch(&f, RES_JOBS, "default", "web", "{'spec': {'suspend': true}}");
	live(&f);
	assert_int_equal(pods(&f, NULL), 0);
	assert_string_equal(job_condition(&f, "Suspended", "status"), "True");
	patch(&f, RES_JOBS, "default", "web", "{'spec': {'suspend': false, 'parallelism': 3}}");
	live(&f);
	assert_int_equal(pods(&f, NULL), 3);
	end(&f);
}

static void job_gives_up(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.phase = "Failed";
	add_job(&f, ", 'backoffLimit': 0, 'completions': 1, 'parallelism': 1");
	live(&f);
	assert_int_equal(status(&f, RES_JOBS, "web", "failed"), 1);
	assert_string_equal(job_condition(&f, "Failed", "reason"), "BackoffLimitExceeded");
	assert_string_equal(job_condition(&f, "Failed", "message"), "Job has reached the specified backoff limit");
	assert_idle(&f);
	end(&f);
}

static void job_waits_after_a_failure(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.phase = "Failed";
	add_job(&f, ", 'backoffLimit': 3, 'completions': 1, 'parallelism': 1");
	live(&f);
	assert_int_equal(store_count(f.api.store, RES_PODS), 1); /* the next in 10 s */
	assert_string_equal(job_condition(&f, "Failed", "status"), "");
	assert_idle(&f);
	end(&f);
}

static void indexed_job_has_each_index_once(void **state)
{
	_cleanup_json_ json_t *list = NULL;
	bool seen[3] = { false };
	struct fixture f;
	json_t *pod;
	size_t i;

	(void)state;
	begin(&f);
	f.phase = "Succeeded";
	add_job(&f, ", 'completions': 3, 'parallelism': 2, 'completionMode': 'Indexed'");
	live(&f);
	list = store_list(f.api.store, RES_PODS, NULL);
	assert_int_equal(json_array_size(list), 3);
	json_array_foreach(list, i, pod) {
		const int n = atoi(
			json_text(pod, "metadata", "annotations", "batch.kubernetes.io/job-completion-index", NULL));

		assert_true(n >= 0 && n < 3 && !seen[n]);
		seen[n] = true;
	}
	end(&f);
}

static void finished_job_is_removed_after_its_time(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.phase = "Succeeded";
	add_job(&f, ", 'completions': 1, 'parallelism': 1, 'ttlSecondsAfterFinished': 0");
	live(&f);
	assert_null(get(&f, RES_JOBS, "web"));
	assert_int_equal(store_count(f.api.store, RES_PODS), 0);
	end(&f);
}

/* ---- nodes ---- */

static void noexecute_taints_evict(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	(void)create(
		&f, RES_PODS,
		parsed("{'metadata': {'name': 'a', 'namespace': 'default'}, 'spec': {'nodeName': 'c-worker', 'containers': []}, 'status': "
		       "{'phase': 'Pending'}}"));
	(void)create(
		&f, RES_PODS,
		parsed("{'metadata': {'name': 'b', 'namespace': 'default'}, 'spec': {'nodeName': 'c-worker', 'containers': [], "
		       "'tolerations': [{'key': 'k', 'operator': 'Exists', 'effect': 'NoExecute', 'tolerationSeconds': 300}]}, 'status': "
		       "{'phase': 'Pending'}}"));
	(void)create(
		&f, RES_PODS,
		parsed("{'metadata': {'name': 'c', 'namespace': 'default'}, 'spec': {'nodeName': 'c-worker', 'containers': [], "
		       "'tolerations': [{'key': 'k', 'operator': 'Exists', 'effect': 'NoExecute', 'tolerationSeconds': 1}]}, 'status': "
		       "{'phase': 'Pending'}}"));
	live(&f);
	patch(&f, RES_NODES, "", "c-worker",
	      "{'spec': {'taints': [{'key': 'k', 'effect': 'NoExecute', 'timeAdded': '2026-01-01T00:00:00Z'}]}}");
	live(&f);
	assert_null(get(&f, RES_PODS, "a"));
	assert_null(get(&f, RES_PODS, "c")); /* its second is long over */
	if (time(NULL) < kube_time_parse("2026-01-01T00:05:00Z"))
		assert_non_null(get(&f, RES_PODS, "b"));
	else
		assert_null(get(&f, RES_PODS, "b"));
	end(&f);
}

static void tolerated_for_a_while(void **state)
{
	char now[KUBE_TIME_LEN], text[200];
	struct fixture f;

	(void)state;
	begin(&f);
	(void)create(
		&f, RES_PODS,
		parsed("{'metadata': {'name': 'a', 'namespace': 'default'}, 'spec': {'nodeName': 'c-worker', 'containers': [], "
		       "'tolerations': [{'key': 'k', 'operator': 'Exists', 'tolerationSeconds': 1}]}, 'status': {'phase': 'Pending'}}"));
	live(&f);
	(void)snprintf(text, sizeof(text),
		       "{'spec': {'taints': [{'key': 'k', 'effect': 'NoExecute', 'timeAdded': '%s'}]}}",
		       kube_time(time(NULL), now));
	patch(&f, RES_NODES, "", "c-worker", text);
	settle(&f);
	assert_non_null(get(&f, RES_PODS, "a"));
	for (unsigned i = 0; i < 200 && get(&f, RES_PODS, "a"); i++)
		(void)loop_run_once(f.api.loop, 50000);
	live(&f);
	assert_null(get(&f, RES_PODS, "a"));
	end(&f);
}

static void pods_of_a_deleted_node_are_removed(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add_deployment(&f, 3, "");
	live(&f);
	(void)store_delete(f.api.store, RES_NODES, "", "c-worker");
	live(&f);
	assert_int_equal(pods(&f, NULL), 3);
	assert_rolled_out(&f, 3);
	end(&f);
}

/* ---- Endpoints ---- */

static void endpoints_follow_pods(void **state)
{
	const json_t *subset;
	struct fixture f;

	(void)state;
	begin(&f);
	(void)create(
		&f, RES_SERVICES,
		parsed("{'metadata': {'name': 'web', 'namespace': 'default'}, 'spec': {'selector': {'app': 'web'}, 'ports': "
		       "[{'name': 'http', 'port': 80, 'targetPort': 8080, 'protocol': 'TCP'}]}}"));
	(void)create(
		&f, RES_SERVICES,
		parsed("{'metadata': {'name': 'manual', 'namespace': 'default'}, 'spec': {'ports': [{'port': 80}]}}"));
	settle(&f);
	assert_non_null(get(&f, RES_ENDPOINTS, "web"));
	assert_null(get(&f, RES_ENDPOINTS, "manual"));
	add_deployment(&f, 2, "");
	live(&f);
	subset = json_array_get(json_object_get(get(&f, RES_ENDPOINTS, "web"), "subsets"), 0);
	assert_int_equal(json_array_size(json_object_get(subset, "addresses")), 2);
	assert_int_equal(json_int(json_array_get(json_object_get(subset, "ports"), 0), 0, "port", NULL), 8080);
	assert_string_equal(
		json_text(json_array_get(json_object_get(subset, "addresses"), 0), "targetRef", "kind", NULL), "Pod");
	patch(&f, RES_DEPLOYMENTS, "default", "web", "{'spec': {'replicas': 0}}");
	live(&f);
	assert_null(json_object_get(get(&f, RES_ENDPOINTS, "web"), "subsets"));
	assert_idle(&f);
	(void)store_delete(f.api.store, RES_SERVICES, "default", "web");
	settle(&f);
	assert_null(get(&f, RES_ENDPOINTS, "web"));
	end(&f);
}

/* ---- all ---- */

static void a_restart_changes_nothing(void **state)
{
	struct error e = { 0 };
	struct fixture f;
	uint64_t before;

	(void)state;
	begin(&f);
	add_deployment(&f, 2, "");
	live(&f);
	set_image(&f, RES_DEPLOYMENTS, "two");
	live(&f);
	before = store_revision(f.api.store);
	controllers_free(&f.api);
	assert_int_equal(controllers_start(&f.api, &e), 0);
	live(&f);
	assert_int_equal(store_revision(f.api.store), before);
	end(&f);
}

static void a_restart_goes_on(void **state)
{
	struct error e = { 0 };
	struct fixture f;

	(void)state;
	begin(&f);
	add_deployment(&f, 3, "");
	live(&f);
	controllers_free(&f.api);
	set_image(&f, RES_DEPLOYMENTS, "two");
	(void)store_delete(f.api.store, RES_PODS, "default", "x");
	assert_int_equal(controllers_start(&f.api, &e), 0);
	live(&f);
	assert_int_equal(pods(&f, "two"), 3);
	assert_rolled_out(&f, 3);
	end(&f);
}

static void events_say_what_was_done(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add_deployment(&f, 1, "");
	live(&f);
	if (store_count(f.api.store, RES_EVENTS) == 0)
		fail_msg("no events at all");
	assert_true(has_event(&f, "ScalingReplicaSet", "Scaled up replica set web-"));
	assert_true(has_event(&f, "SuccessfulCreate", "Created pod: web-"));
	assert_true(has_event(&f, "Scheduled", "Successfully assigned default/web-"));
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replicaset_scales),
		cmocka_unit_test(a_thousand_pods_are_not_counted_a_thousand_times),
		cmocka_unit_test(pods_are_named_and_owned),
		cmocka_unit_test(lost_and_failed_pods_are_made_again),
		cmocka_unit_test(orphans_are_adopted_and_strangers_let_go),
		cmocka_unit_test(deployment_rolls_out),
		cmocka_unit_test(deployment_updates_and_goes_back),
		cmocka_unit_test(deployment_keeps_enough_pods),
		cmocka_unit_test(default_strategy_is_a_quarter),
		cmocka_unit_test(recreate_ends_all_first),
		cmocka_unit_test(paused_deployment_waits),
		cmocka_unit_test(old_replicasets_are_few),
		cmocka_unit_test(deployment_goes_to_zero),
		cmocka_unit_test(dependents_go_with_their_owner),
		cmocka_unit_test(orphaned_dependents_stay),
		cmocka_unit_test(what_was_orphaned_is_taken_again),
		cmocka_unit_test(foreground_waits_for_dependents),
		cmocka_unit_test(owners_that_never_were),
		cmocka_unit_test(a_namespace_takes_all_with_it),
		cmocka_unit_test(daemonset_has_one_a_node),
		cmocka_unit_test(daemonset_updates_one_at_a_time),
		cmocka_unit_test(statefulset_goes_in_order),
		cmocka_unit_test(statefulset_updates_down_to_the_partition),
		cmocka_unit_test(parallel_statefulset_does_not_wait),
		cmocka_unit_test(job_completes),
		cmocka_unit_test(job_runs_so_many_at_a_time),
		cmocka_unit_test(job_gives_up),
		cmocka_unit_test(job_waits_after_a_failure),
		cmocka_unit_test(indexed_job_has_each_index_once),
		cmocka_unit_test(finished_job_is_removed_after_its_time),
		cmocka_unit_test(noexecute_taints_evict),
		cmocka_unit_test(tolerated_for_a_while),
		cmocka_unit_test(pods_of_a_deleted_node_are_removed),
		cmocka_unit_test(endpoints_follow_pods),
		cmocka_unit_test(a_restart_changes_nothing),
		cmocka_unit_test(a_restart_goes_on),
		cmocka_unit_test(events_say_what_was_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
