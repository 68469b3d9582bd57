// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_kubelet_pods.c - pods and containers as state machines, between a runtime and an API server that are the test
 *
 * All pods are hostNetwork ones: no namespaces, no root.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "kubelet/cni.h"
#include "kubelet/kubelet.h"

struct world {
	struct kubelet k;
	struct rpc_peer *runtime, *server; /* the other ends */
	json_t *calls; /* to the runtime, in order */
	json_t *told; /* to the API server, in order */
	json_t *objects; /* {"configmaps/NS/NAME": object} that there are */
	int ids;
	bool refuse;
};

/* ---- the other ends ---- */

static void runtime_message(struct rpc_peer *peer, struct rpc_message *m, void *arg)
{
	const char *op = json_text(m->body, "op", NULL);
	struct world *w = arg;
	struct error e = { 0 };
	json_t *reply = NULL;
	char id[17];

	(void)json_array_append(w->calls, m->body);
	if (w->refuse) {
		(void)error_set(&e, EIO, "refused");
		rpc_peer_fail(peer, json_int(m->body, 0, "id", NULL), &e);
		return;
	}
	if (strcmp(op, "container.start") == 0) {
		(void)snprintf(id, sizeof(id), "%016x", ++w->ids);
		reply = json_pack("{s:s, s:i, s:s}", "id", id, "pid", 100 + w->ids, "startedAt",
				  "2026-11-25T02:00:00.000000001Z");
	}
	rpc_peer_reply(peer, json_int(m->body, 0, "id", NULL), reply, NULL, 0);
}

static void server_message(struct rpc_peer *peer, struct rpc_message *m, void *arg)
{
	struct world *w = arg;
	char key[256];
	json_t *o;

	(void)json_array_append(w->told, m->body);
	if (strcmp(json_text(m->body, "op", NULL), "get") != 0)
		return;
	(void)snprintf(key, sizeof(key), "%s/%s/%s", json_text(m->body, "resource", NULL),
		       json_text(m->body, "namespace", NULL), json_text(m->body, "name", NULL));
	o = json_object_get(w->objects, key);
	rpc_peer_reply(peer, json_int(m->body, 0, "id", NULL), json_pack("{s:O}", "object", o ? o : json_null()), NULL,
		       0);
}

static void kubelet_message(struct rpc_peer *peer, struct rpc_message *m, void *arg)
{
	(void)peer;
	pods_exit(arg, m->body);
}

static void ended(struct rpc_peer *peer, void *arg)
{
	(void)peer;
	(void)arg;
}

static void connect_peers(struct world *w, struct rpc_peer **own, struct rpc_peer **other, rpc_message_fn fn)
{
	struct error e = { 0 };
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	assert_int_equal(rpc_peer_new(w->k.loop, ends[0], kubelet_message, ended, &w->k, own, &e), 0);
	assert_int_equal(rpc_peer_new(w->k.loop, ends[1], fn, ended, w, other, &e), 0);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct error e = { 0 };

	assert_int_equal(loop_new(&w->k.loop, &e), 0);
	w->k.cluster = json_pack("{s:s, s:[s]}", "version", "v1.27.3", "serviceSubnets", "10.96.0.0/16");
	w->k.entry =
		json_pack("{s:s, s:[s], s:[s]}", "hostname", "n1", "addresses", "127.0.0.1", "podCIDRs", "10.1.0.0/24");
	w->k.found = json_object();
	w->k.pulled = json_object();
	w->k.objects = json_object();
	w->calls = json_array();
	w->told = json_array();
	w->objects = json_object();
	assert_int_equal(cni_new(w->k.loop, w->k.cluster, w->k.entry, &w->k.cni, &e), 0);
	connect_peers(w, &w->k.cri, &w->runtime, runtime_message);
	connect_peers(w, &w->k.api, &w->server, server_message);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	struct rpc_peer *api = w->k.api;

	w->k.api = NULL;
	(void)rpc_peer_free(api);
	(void)rpc_peer_free(w->k.cri);
	(void)rpc_peer_free(w->runtime);
	(void)rpc_peer_free(w->server);
	pods_free(&w->k);
	(void)cni_free(w->k.cni);
	(void)loop_free(w->k.loop);
	json_decref(w->k.cluster);
	json_decref(w->k.entry);
	json_decref(w->k.found);
	json_decref(w->k.pulled);
	json_decref(w->k.objects);
	json_decref(w->calls);
	json_decref(w->told);
	json_decref(w->objects);
	free(w);
	return 0;
}

/* Until nothing more happens by itself. */
static void settle(struct world *w)
{
	while (loop_run_once(w->k.loop, 20000) > 0)
		;
}

/* ---- what the tests say and ask ---- */

static json_t *parse(const char *text)
{
	json_error_t e;
	json_t *j = json_loads(text, 0, &e);

	if (!j)
		fail_msg("%s: %s", e.text, text);
	return j;
}

/* A pod with that spec (hostNetwork is added). */
static json_t *pod(struct world *w, const char *name, const char *spec)
{
	json_t *p = json_pack("{s:{s:s, s:s, s:s}, s:o}", "metadata", "name", name, "namespace", "default", "uid", name,
			      "spec", parse(spec));

	(void)json_object_set_new(json_object_get(p, "spec"), "hostNetwork", json_true());
	pods_notify(&w->k, "ADDED", p, NULL);
	settle(w);
	return p;
}

#define C(rest) "{\"name\": \"c\", \"image\": \"alpine\"" rest "}"

static const json_t *last_told(const struct world *w, const char *op)
{
	for (size_t i = json_array_size(w->told); i-- > 0;)
		if (strcmp(json_text(json_array_get(w->told, i), "op", NULL), op) == 0)
			return json_array_get(w->told, i);
	return NULL;
}

static const json_t *status(const struct world *w)
{
	return json_object_get(last_told(w, "pod.status"), "status");
}

static const json_t *state_of(const struct world *w, const char *list, size_t i)
{
	return json_array_get(json_object_get(status(w), list), i);
}

static const json_t *main_state(const struct world *w)
{
	return state_of(w, "containerStatuses", 0);
}

static size_t count(const json_t *list, const char *key, const char *value)
{
	size_t n = 0, i;
	json_t *m;

	json_array_foreach (list, i, m)
		n += strcmp(json_text(m, key, NULL), value) == 0;
	return n;
}

static const json_t *last_call(const struct world *w, const char *op)
{
	for (size_t i = json_array_size(w->calls); i-- > 0;)
		if (strcmp(json_text(json_array_get(w->calls, i), "op", NULL), op) == 0)
			return json_array_get(w->calls, i);
	return NULL;
}

static const char *condition(const struct world *w, const char *type)
{
	_cleanup_json_ json_t *o = json_pack("{s:O}", "status", status(w));

	return json_text(kube_condition(o, type), "status", NULL);
}

/* The container that was started last, or one of that name, has ended. */
static void exits(struct world *w, const char *pod_uid, const char *name, int id, int wait_status)
{
	char text[17];

	(void)snprintf(text, sizeof(text), "%016x", id);
	rpc_peer_send(w->runtime,
		      json_pack("{s:s, s:s, s:s, s:s, s:i, s:s}", "op", "exit", "pod", pod_uid, "id", text, "name",
				name, "status", wait_status, "finishedAt", "2026-11-25T02:00:01.5Z"),
		      NULL, 0);
	settle(w);
}

static void marked_deleted(struct world *w, json_t *p, int grace)
{
	json_t *copy = json_deep_copy(p), *meta = json_object_get(copy, "metadata");

	(void)json_object_set_new(meta, "deletionTimestamp", json_string("2026-11-25T02:01:00Z"));
	(void)json_object_set_new(meta, "deletionGracePeriodSeconds", json_integer(grace));
	pods_notify(&w->k, "MODIFIED", copy, NULL);
	json_decref(copy);
	settle(w);
}

/* ---- the tests ---- */

static void a_pod_runs(void **state)
{
	struct world *w = *state;
	json_t *p = pod(
		w, "p",
		"{\"containers\": [" C(
			", \"command\": [\"sleep\", \"$(N)\"], \"env\": [{\"name\": \"N\", \"value\": \"9\"}]") "]}");
	const json_t *start = last_call(w, "container.start");

	assert_string_equal(json_text(json_array_get(w->calls, 0), "op", NULL), "pod.create");
	assert_string_equal(json_text(json_array_get(w->calls, 0), "hostname", NULL), "n1");
	assert_string_equal(json_string_value(json_array_get(json_object_get(start, "argv"), 1)), "9");
	assert_string_equal(json_text(status(w), "phase", NULL), "Running");
	assert_string_equal(json_text(status(w), "podIP", NULL), "127.0.0.1");
	assert_string_equal(json_text(status(w), "qosClass", NULL), "BestEffort");
	assert_string_equal(json_text(main_state(w), "containerID", NULL), "netemu://0000000000000001");
	assert_string_equal(json_text(main_state(w), "state", "running", "startedAt", NULL), "2026-11-25T02:00:00Z");
	assert_true(json_bool(main_state(w), "ready", NULL));
	assert_string_equal(condition(w, "Ready"), "True");
	assert_string_equal(condition(w, "PodScheduled"), "True");
	assert_int_equal(count(w->told, "reason", "Pulling"), 1);
	assert_int_equal(count(w->told, "reason", "Started"), 1);
	/* Nothing new: nothing is said. */
	json_array_clear(w->told);
	pods_notify(&w->k, "MODIFIED", p, NULL);
	settle(w);
	assert_int_equal(json_array_size(w->told), 0);
	/* A new API server is told all again. */
	pods_resend(&w->k);
	settle(w);
	assert_string_equal(json_text(status(w), "phase", NULL), "Running");
	json_decref(p);
}

static void init_containers_come_first(void **state)
{
	struct world *w = *state;
	json_t *p = pod(w, "p",
			"{\"containers\": [" C("") "], \"initContainers\": [{\"name\": \"i1\", \"image\": \"alpine\"}, "
						   "{\"name\": \"i2\", \"image\": \"alpine\"}]}");

	assert_int_equal(count(w->calls, "op", "container.start"), 1);
	assert_string_equal(json_text(status(w), "phase", NULL), "Pending");
	assert_string_equal(json_text(main_state(w), "state", "waiting", "reason", NULL), "PodInitializing");
	assert_string_equal(condition(w, "Initialized"), "False");
	exits(w, "p", "i1", 1, 0);
	assert_string_equal(json_text(last_call(w, "container.start"), "name", NULL), "i2");
	assert_string_equal(json_text(state_of(w, "initContainerStatuses", 0), "state", "terminated", "reason", NULL),
			    "Completed");
	/* One that fails is started again, those behind it wait. */
	exits(w, "p", "i2", 2, 1 << 8);
	assert_int_equal(json_int(last_call(w, "container.start"), -1, "attempt", NULL), 1);
	assert_int_equal(json_int(state_of(w, "initContainerStatuses", 1), -1, "restartCount", NULL), 1);
	exits(w, "p", "i2", 3, 0);
	assert_string_equal(json_text(last_call(w, "container.start"), "name", NULL), "c");
	assert_string_equal(json_text(status(w), "phase", NULL), "Running");
	assert_string_equal(condition(w, "Initialized"), "True");
	json_decref(p);
}

static void a_sidecar_is_started_and_stopped(void **state)
{
	struct world *w = *state;
	json_t *p = pod(w, "p", "{\"restartPolicy\": \"Never\", \"containers\": [" C("") "], \"initContainers\": "
				"[{\"name\": \"s\", \"image\": \"alpine\", \"restartPolicy\": \"Always\"}]}");

	assert_int_equal(count(w->calls, "op", "container.start"), 2);
	exits(w, "p", "c", 2, 0);
	assert_int_equal(count(w->calls, "op", "container.stop"), 1);
	assert_string_equal(json_text(last_call(w, "container.stop"), "container", NULL), "0000000000000001");
	exits(w, "p", "s", 1, 15);
	assert_string_equal(json_text(status(w), "phase", NULL), "Succeeded");
	assert_int_equal(count(w->calls, "op", "container.start"), 2);
	json_decref(p);
}

static void crashes_back_off(void **state)
{
	struct world *w = *state;
	json_t *p = pod(w, "p", "{\"containers\": [" C("") "]}");

	exits(w, "p", "c", 1, 3 << 8); /* started again at once */
	assert_string_equal(json_text(status(w), "phase", NULL), "Running");
	assert_int_equal(json_int(main_state(w), -1, "restartCount", NULL), 1);
	assert_int_equal(json_int(main_state(w), -1, "lastState", "terminated", "exitCode", NULL), 3);
	assert_string_equal(json_text(main_state(w), "lastState", "terminated", "reason", NULL), "Error");
	rpc_peer_send(w->runtime,
		      json_pack("{s:s, s:s, s:s, s:s, s:i}", "op", "exit", "pod", "p", "id", "0000000000000002", "name",
				"c", "status", 9),
		      NULL, 0);
	settle(w);
	assert_int_equal(count(w->calls, "op", "container.start"), 2);
	assert_string_equal(json_text(main_state(w), "state", "waiting", "reason", NULL), "CrashLoopBackOff");
	assert_string_equal(json_text(main_state(w), "state", "waiting", "message", NULL),
			    "back-off 10s restarting failed container=c pod=p_default(p)");
	assert_int_equal(json_int(main_state(w), -1, "lastState", "terminated", "exitCode", NULL), 137);
	assert_string_equal(json_text(status(w), "phase", NULL), "Running");
	assert_string_equal(condition(w, "Ready"), "False");
	assert_int_equal(count(w->told, "reason", "BackOff"), 1);
	json_decref(p);
}

static void restart_policies(void **state)
{
	static const struct {
		const char *policy;
		int status;
		const char *phase;
		size_t starts;
	} cases[] = {
		{ "Never", 0, "Succeeded", 1 },     { "Never", 5 << 8, "Failed", 1 },
		{ "OnFailure", 0, "Succeeded", 1 }, { "OnFailure", 1 << 8, "Running", 2 },
		{ "Always", 0, "Running", 2 },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char spec[200], uid[8];
		json_t *p;

		(void)snprintf(spec, sizeof(spec), "{\"restartPolicy\": \"%s\", \"containers\": [" C("") "]}",
			       cases[i].policy);
		(void)snprintf(uid, sizeof(uid), "p%zu", i);
		json_array_clear(w->calls);
		p = pod(w, uid, spec);
		exits(w, uid, "c", w->ids, cases[i].status);
		assert_string_equal(json_text(status(w), "phase", NULL), cases[i].phase);
		assert_int_equal(count(w->calls, "op", "container.start"), cases[i].starts);
		json_decref(p);
	}
}

static void deletion_is_graceful(void **state)
{
	struct world *w = *state;
	json_t *p = pod(w, "p", "{\"containers\": [" C("") "]}");

	marked_deleted(w, p, 30);
	assert_int_equal(json_int(last_call(w, "container.stop"), 0, "signal", NULL), 15);
	assert_int_equal(count(w->told, "reason", "Killing"), 1);
	assert_null(last_call(w, "pod.remove"));
	exits(w, "p", "c", 1, 15);
	assert_non_null(last_call(w, "pod.remove"));
	assert_int_equal(json_int(main_state(w), -1, "state", "terminated", "exitCode", NULL), 143);
	assert_string_equal(json_text(last_told(w, "pod.gone"), "uid", NULL), "p");
	assert_null(w->k.pods);
	assert_int_equal(count(w->calls, "op", "container.start"), 1);
	json_decref(p);
}

static void grace_is_cut_short(void **state)
{
	struct world *w = *state;
	json_t *p = pod(w, "p", "{\"containers\": [" C("") "]}");

	marked_deleted(w, p, 30);
	pods_notify(&w->k, "DELETED", p, NULL); /* --force --grace-period=0 */
	settle(w);
	assert_int_equal(json_int(last_call(w, "container.stop"), 0, "signal", NULL), 9);
	exits(w, "p", "c", 1, 9);
	assert_non_null(last_call(w, "pod.remove"));
	assert_null(last_told(w, "pod.gone")); /* nobody asked */
	assert_null(w->k.pods);
	json_decref(p);
}

static void what_is_missing_is_waited_for(void **state)
{
	struct world *w = *state;
	json_t *p = pod(
		w, "p",
		"{\"containers\": [" C(
			", \"env\": [{\"name\": \"A\", \"valueFrom\": {\"configMapKeyRef\": "
			"{\"name\": \"cm\", \"key\": \"k\"}}}, {\"name\": \"B\", \"valueFrom\": "
			"{\"configMapKeyRef\": {\"name\": \"no\", \"key\": \"k\", \"optional\": true}}}, "
			"{\"name\": \"P\", \"valueFrom\": {\"fieldRef\": {\"fieldPath\": \"metadata.name\"}}}]") "]}");
	json_t *cm = parse("{\"metadata\": {\"name\": \"cm\", \"namespace\": \"default\"}, \"data\": {\"k\": \"v\"}}");

	assert_string_equal(json_text(main_state(w), "state", "waiting", "reason", NULL), "CreateContainerConfigError");
	assert_string_equal(json_text(main_state(w), "state", "waiting", "message", NULL),
			    "configmap \"cm\" not found");
	assert_null(last_call(w, "container.start"));
	objects_set(&w->k, "configmaps", "default", "cm", cm);
	settle(w);
	assert_non_null(last_call(w, "container.start"));
	assert_int_equal(count(w->told, "message", "Error: configmap \"cm\" not found"), 1);
	_cleanup_free_ char *env = json_dumps(json_object_get(last_call(w, "container.start"), "env"), 0);

	assert_non_null(strstr(env, "\"A=v\""));
	assert_non_null(strstr(env, "\"P=p\""));
	assert_non_null(strstr(env, "\"KUBERNETES_SERVICE_HOST=10.96.0.1\""));
	assert_null(strstr(env, "\"B="));
	json_decref(cm);
	json_decref(p);
}

static void volumes_are_files(void **state)
{
	struct world *w = *state;
	json_t *secret =
		parse("{\"metadata\": {\"name\": \"s\", \"namespace\": \"default\"}, \"data\": {\"k\": \"dg==\"}}");
	json_t *p, *files;

	p = pod(w, "p",
		"{\"containers\": [" C(", \"volumeMounts\": [{\"name\": \"v\", \"mountPath\": \"/v\", \"readOnly\": "
				       "true}]") "], "
						 "\"volumes\": [{\"name\": \"v\", \"secret\": {\"secretName\": \"s\", "
						 "\"defaultMode\": 256, \"items\": "
						 "[{\"key\": \"k\", \"path\": \"d/f\"}]}}, {\"name\": \"e\", "
						 "\"emptyDir\": {}}, "
						 "{\"name\": \"h\", \"hostPath\": {\"path\": \"/x\", \"type\": "
						 "\"Directory\"}}, "
						 "{\"name\": \"m\", \"projected\": {\"sources\": [{\"downwardAPI\": "
						 "{\"items\": [{\"path\": \"n\", \"fieldRef\": "
						 "{\"fieldPath\": \"metadata.name\"}}]}}]}}]}");
	assert_null(last_call(w, "pod.create"));
	assert_int_equal(
		count(w->told, "message", "MountVolume.SetUp failed for volume \"v\" : secret \"s\" not found"), 1);
	assert_string_equal(json_text(main_state(w), "state", "waiting", "reason", NULL), "ContainerCreating");
	objects_set(&w->k, "secrets", "default", "s", secret);
	settle(w);
	files = json_object_get(last_call(w, "pod.create"), "volumes");
	_cleanup_json_ json_t *want = parse(
		"[{\"name\": \"v\", \"type\": \"files\", \"files\": {\"d/f\": {\"data\": \"dg==\", \"mode\": 256}}}, "
		"{\"name\": \"e\", \"type\": \"empty\"}, {\"name\": \"h\", \"type\": \"host\", \"path\": \"/x\", "
		"\"hostType\": \"Directory\"}, "
		"{\"name\": \"m\", \"type\": \"files\", \"files\": {\"n\": {\"data\": \"cA==\", \"mode\": 420}}}]");

	assert_true(json_equal(files, want));
	/* The secret changes: the files do. */
	(void)json_object_set_new(json_object_get(secret, "data"), "k", json_string("d3c="));
	_cleanup_json_ json_t *other = json_deep_copy(secret);

	objects_set(&w->k, "secrets", "default", "s", other);
	settle(w);
	assert_string_equal(json_text(last_call(w, "pod.files"), "files", "d/f", "data", NULL), "d3c=");
	assert_int_equal(count(w->calls, "op", "pod.files"), 1);
	json_decref(secret);
	json_decref(p);
}

static void unknown_images(void **state)
{
	struct world *w = *state;
	json_t *p = pod(w, "p", "{\"containers\": [{\"name\": \"c\", \"image\": \"acme/web:1\"}]}");

	assert_string_equal(json_text(main_state(w), "state", "waiting", "reason", NULL), "ErrImagePull");
	assert_string_equal(json_text(status(w), "phase", NULL), "Pending");
	assert_int_equal(count(w->told, "message", "Error: ErrImagePull"), 1);
	assert_null(last_call(w, "container.start"));
	/* Deleted before it ever ran. */
	marked_deleted(w, p, 30);
	assert_non_null(last_told(w, "pod.gone"));
	json_decref(p);
}

static void a_refused_sandbox(void **state)
{
	struct world *w = *state;
	json_t *p;

	w->refuse = true;
	p = pod(w, "p", "{\"containers\": [" C("") "]}");
	assert_int_equal(count(w->told, "reason", "FailedCreatePodSandBox"), 1);
	assert_string_equal(json_text(main_state(w), "state", "waiting", "reason", NULL), "ContainerCreating");
	w->refuse = false;
	pods_notify(&w->k, "DELETED", p, NULL);
	settle(w);
	assert_null(w->k.pods);
	json_decref(p);
}

/* What ran goes on, with its numbers; what the API server no longer knows goes. */
static void a_new_kubelet_takes_over(void **state)
{
	struct world *w = *state;
	json_t *p;

	(void)json_object_update_new(w->k.found,
				     parse("{\"p\": {\"uid\": \"p\", \"opaque\": {\"net\": {\"ifname\": \"\", \"ips\": "
					   "[]}}, \"containers\": ["
					   "{\"id\": \"0000000000000a01\", \"name\": \"c\", \"attempt\": 2, \"state\": "
					   "\"running\", \"startedAt\": \"2026-11-25T01:00:00Z\"},"
					   "{\"id\": \"0000000000000a00\", \"name\": \"c\", \"attempt\": 1, \"state\": "
					   "\"exited\", \"status\": 256, "
					   "\"startedAt\": \"2026-11-25T00:58:00Z\", \"finishedAt\": "
					   "\"2026-11-25T00:59:00Z\"}]}, \"old\": {\"uid\": \"old\"}}"));
	p = pod(w, "p", "{\"containers\": [" C("") "]}");
	pods_synced(&w->k);
	settle(w);
	assert_null(last_call(w, "pod.create"));
	assert_null(last_call(w, "container.start"));
	assert_string_equal(json_text(last_call(w, "pod.remove"), "uid", NULL), "old");
	assert_int_equal(json_int(main_state(w), -1, "restartCount", NULL), 2);
	assert_string_equal(json_text(main_state(w), "state", "running", "startedAt", NULL), "2026-11-25T01:00:00Z");
	assert_int_equal(json_int(main_state(w), -1, "lastState", "terminated", "exitCode", NULL), 1);
	exits(w, "p", "c", 0xa01, 0);
	assert_int_equal(json_int(last_call(w, "container.start"), -1, "attempt", NULL), 3);
	assert_string_equal(json_text(last_call(w, "container.remove"), "container", NULL), "0000000000000a00");
	json_decref(p);
}

/* A port that is listened on, and one that is not any more. */
static void readiness(void **state)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct world *w = *state;
	socklen_t len = sizeof(sa);
	char spec[400];
	json_t *p, *q;

	assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	(void)snprintf(spec, sizeof(spec),
		       "{\"containers\": [" C(", \"ports\": [{\"name\": \"web\", \"containerPort\": %u}], "
					      "\"readinessProbe\": {\"tcpSocket\": {\"port\": \"web\"}}") "]}",
		       ntohs(sa.sin_port));
	p = pod(w, "p", spec);
	assert_true(json_bool(main_state(w), "ready", NULL));
	(void)close(fd);
	q = pod(w, "q", spec);
	assert_false(json_bool(main_state(w), "ready", NULL));
	assert_string_equal(condition(w, "Ready"), "False");
	assert_int_equal(count(w->told, "reason", "Unhealthy"), 1);
	assert_non_null(strstr(json_text(last_told(w, "event"), "message", NULL),
			       "Readiness probe failed: dial tcp 127.0.0.1:"));
	json_decref(p);
	json_decref(q);
}

/* What a probe prints, or what is cut in the middle of a character, does not cost the connection. */
static void events_of_any_bytes(void **state)
{
	struct world *w = *state;
	json_t *p = pod(w, "p", "{\"containers\": [" C("") "]}");
	char text[1501] = "";

	kubelet_event(&w->k, p, "Warning", "Unhealthy", "%s", "caf\xc3\xa9 \xff\xc3");
	settle(w);
	assert_string_equal(json_text(last_told(w, "event"), "message", NULL), "caf\xc3\xa9 ??");
	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	kubelet_event(&w->k, p, "Warning", "Unhealthy", "%s", text);
	settle(w);
	assert_int_equal(strlen(json_text(last_told(w, "event"), "message", NULL)), 1023);
	json_decref(p);
}

/* The runtime could not start it: its words, its code, and no time at which it ran. */
static void start_error(void **state)
{
	struct world *w = *state;
	json_t *p = pod(w, "p", "{\"restartPolicy\": \"Never\", \"containers\": [" C("") "]}"), *t;

	rpc_peer_send(w->runtime,
		      json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:s}", "op", "exit", "pod", "p", "id",
				"0000000000000001", "name", "c", "status", 128 << 8, "finishedAt",
				"2026-11-25T02:00:01.5Z", "reason", "StartError", "message", "no such thing"),
		      NULL, 0);
	settle(w);
	t = json_at(main_state(w), "state", "terminated", NULL);
	assert_int_equal(json_int(t, 0, "exitCode", NULL), 128);
	assert_string_equal(json_text(t, "reason", NULL), "StartError");
	assert_string_equal(json_text(t, "message", NULL), "no such thing");
	assert_string_equal(json_text(t, "startedAt", NULL), "1970-01-01T00:00:00Z");
	assert_string_equal(json_text(t, "finishedAt", NULL), "2026-11-25T02:00:01Z");
	assert_int_equal(count(w->told, "message", "Error: no such thing"), 1);
	json_decref(p);
}

static void liveness_restarts(void **state)
{
	struct world *w = *state;
	json_t *p = pod(w, "p",
			"{\"containers\": [" C(
				", \"livenessProbe\": {\"failureThreshold\": 1, \"tcpSocket\": {\"port\": 1}}") "]}");

	assert_int_equal(json_int(last_call(w, "container.stop"), 0, "signal", NULL), 15);
	assert_int_equal(count(w->told, "message", "Container c failed liveness probe, will be restarted"), 1);
	exits(w, "p", "c", 1, 15);
	assert_int_equal(json_int(last_call(w, "container.start"), -1, "attempt", NULL), 1);
	json_decref(p);
}

static bool env_has(const struct world *w, const char *kv)
{
	size_t i;
	json_t *v;

	json_array_foreach (json_object_get(last_call(w, "container.start"), "env"), i, v)
		if (strcmp(json_string_value(v), kv) == 0)
			return true;
	return false;
}

static void the_environment(void **state)
{
	struct world *w = *state;
	json_t *secret =
		parse("{\"metadata\": {\"name\": \"s\", \"namespace\": \"default\"}, \"data\": {\"K\": \"aGk=\"}}");
	json_t *p = json_pack(
		"{s:{s:s, s:s, s:s, s:{s:s}}, s:o}", "metadata", "name", "p", "namespace", "default", "uid", "u",
		"labels", "a.b/c", "v", "spec",
		parse("{\"hostNetwork\": true, \"serviceAccountName\": \"sa\", \"nodeName\": \"n1\", \"containers\": "
		      "[" C(", \"resources\": {\"limits\": {\"memory\": \"64Mi\", \"cpu\": \"250m\"}, \"requests\": "
			    "{\"cpu\": \"100m\"}}, "
			    "\"envFrom\": [{\"prefix\": \"S_\", \"secretRef\": {\"name\": \"s\"}}], \"env\": ["
			    "{\"name\": \"LABEL\", \"valueFrom\": {\"fieldRef\": {\"fieldPath\": "
			    "\"metadata.labels['a.b/c']\"}}},"
			    "{\"name\": \"SA\", \"valueFrom\": {\"fieldRef\": {\"fieldPath\": "
			    "\"spec.serviceAccountName\"}}},"
			    "{\"name\": \"IP\", \"valueFrom\": {\"fieldRef\": {\"fieldPath\": \"status.podIP\"}}},"
			    "{\"name\": \"MEM\", \"valueFrom\": {\"resourceFieldRef\": {\"resource\": "
			    "\"limits.memory\", \"divisor\": \"1Mi\"}}},"
			    "{\"name\": \"CPU\", \"valueFrom\": {\"resourceFieldRef\": {\"resource\": "
			    "\"requests.cpu\", \"divisor\": \"1m\"}}},"
			    "{\"name\": \"ALL\", \"value\": \"$(S_K) $(LABEL) $(LATER)\"}, {\"name\": \"LATER\", "
			    "\"value\": \"x\"}]") "]}"));

	(void)json_object_set_new(w->objects, "secrets/default/s", secret);
	pods_notify(&w->k, "ADDED", p, NULL);
	settle(w);
	assert_true(env_has(w, "S_K=hi"));
	assert_true(env_has(w, "LABEL=v"));
	assert_true(env_has(w, "SA=sa"));
	assert_true(env_has(w, "IP=127.0.0.1"));
	assert_true(env_has(w, "MEM=64"));
	assert_true(env_has(w, "CPU=100"));
	assert_true(env_has(w, "ALL=hi v $(LATER)"));
	assert_true(env_has(w, "HOSTNAME=n1"));
	assert_string_equal(json_text(status(w), "qosClass", NULL), "Burstable");
	json_decref(p);
}

/* Which is an error of the pod's, and not the end of the connection to the runtime. */
static void a_binary_environment(void **state)
{
	static const char *const specs[] = {
		"\"envFrom\": [{\"secretRef\": {\"name\": \"s\"}}]",
		"\"env\": [{\"name\": \"X\", \"valueFrom\": {\"secretKeyRef\": {\"name\": \"s\", \"key\": \"K\"}}}]",
	};
	struct world *w = *state;

	(void)json_object_set_new(
		w->objects, "secrets/default/s",
		parse("{\"metadata\": {\"name\": \"s\", \"namespace\": \"default\"}, \"data\": {\"K\": \"/w==\"}}"));
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		char spec[300], uid[] = "p0";
		json_t *p;

		uid[1] = (char)('0' + i);
		(void)snprintf(spec, sizeof(spec), "{\"containers\": [{\"name\": \"c\", \"image\": \"alpine\", %s}]}", specs[i]);
		p = pod(w, uid, spec);
		assert_string_equal(json_text(main_state(w), "state", "waiting", "reason", NULL), "CreateContainerConfigError");
		assert_string_equal(json_text(main_state(w), "state", "waiting", "message", NULL),
				    "secret \"s\": the value of key K is no UTF-8");
		json_decref(p);
	}
	assert_int_equal(count(w->calls, "op", "container.start"), 0);
}

static void a_deadline_passes(void **state)
{
	struct world *w = *state;
	json_t *p = json_pack(
		"{s:{s:s, s:s, s:s}, s:o, s:{s:s}}", "metadata", "name", "p", "namespace", "default", "uid", "p",
		"spec", parse("{\"hostNetwork\": true, \"activeDeadlineSeconds\": 5, \"containers\": [" C("") "]}"),
		"status", "startTime", "2020-01-01T00:00:00Z");

	pods_notify(&w->k, "ADDED", p, NULL);
	settle(w);
	if (last_call(w, "container.stop"))
		exits(w, "p", "c", 1, 15);
	assert_string_equal(json_text(status(w), "phase", NULL), "Failed");
	assert_string_equal(json_text(status(w), "reason", NULL), "DeadlineExceeded");
	json_decref(p);
}

/* The one thing of a running pod that may be changed. */
static void another_image_restarts(void **state)
{
	struct world *w = *state;
	json_t *p = pod(w, "p", "{\"containers\": [" C("") "]}");
	json_t *other = json_deep_copy(p);

	(void)json_object_set_new(json_array_get(json_at(other, "spec", "containers", NULL), 0), "image",
				  json_string("debian"));
	pods_notify(&w->k, "MODIFIED", other, NULL);
	settle(w);
	assert_int_equal(count(w->told, "message", "Container c definition changed, will be restarted"), 1);
	exits(w, "p", "c", 1, 15);
	assert_string_equal(json_text(last_call(w, "container.start"), "image", NULL), "debian");
	assert_int_equal(json_int(main_state(w), -1, "restartCount", NULL), 1);
	json_decref(other);
	json_decref(p);
}

/* The runtime's answer comes when the pod is gone already, and when the kubelet ends. */
static void answers_that_come_too_late(void **state)
{
	struct world *w = *state;
	json_t *p = json_pack("{s:{s:s, s:s, s:s}, s:o}", "metadata", "name", "p", "namespace", "default", "uid", "p",
			      "spec", parse("{\"hostNetwork\": true, \"containers\": [" C("") "]}"));
	json_t *q = json_deep_copy(p);

	pods_notify(&w->k, "ADDED", p, NULL);
	pods_notify(&w->k, "DELETED", p, NULL); /* before the runtime has said anything */
	settle(w);
	assert_null(w->k.pods);
	assert_null(last_call(w, "container.start"));
	(void)json_object_set_new(json_object_get(q, "metadata"), "uid", json_string("q"));
	pods_notify(&w->k, "ADDED", q, NULL); /* and the end of the test comes first */
	json_decref(p);
	json_decref(q);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_pod_runs),		       T(init_containers_come_first),	 T(a_sidecar_is_started_and_stopped),
		T(crashes_back_off),	       T(restart_policies),		 T(deletion_is_graceful),
		T(grace_is_cut_short),	       T(what_is_missing_is_waited_for), T(volumes_are_files),
		T(unknown_images),	       T(a_refused_sandbox),		 T(a_new_kubelet_takes_over),
		T(a_binary_environment),       T(events_of_any_bytes),	       T(start_error),
		T(readiness),		       T(liveness_restarts),		 T(the_environment),
		T(a_deadline_passes),	       T(another_image_restarts),	 T(answers_that_come_too_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
