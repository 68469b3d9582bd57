/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control_fixture.h - controllers and scheduler on a store in memory, with kubelets that are a function
 */
#ifndef NETEMU_TEST_CONTROL_FIXTURE_H
#define NETEMU_TEST_CONTROL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "apiserver/control.h"
#include "cluster/schema.h"
#include "parsed.h"

struct fixture {
	struct api api;
	bool stuck;	   /* pods never become Ready */
	const char *phase; /* what pods end as; NULL: they run */
};

static json_t *parsedf(const char *fmt, ...) _printf_(1, 2);
static json_t *parsedf(const char *fmt, ...)
{
	struct strbuf text = { 0 };
	va_list ap;
	json_t *j;

	va_start(ap, fmt);
	strbuf_vprintf(&text, fmt, ap);
	va_end(ap);
	j = parsed(strbuf_str(&text));
	strbuf_done(&text);
	return j;
}

static void start(struct fixture *f, const char *pins)
{
	struct error e = { 0 };

	*f = (struct fixture){ 0 };
	assert_int_equal(loop_new(&f->api.loop, &e), 0);
	assert_int_equal(store_open(NULL, &f->api.store, &e), 0);
	f->api.cluster = parsed(
		"{'name': 'c', 'nodes': [{'hostname': 'c-control-plane'}, {'hostname': 'c-worker'}, {'hostname': 'c-worker2'}, "
		"{'hostname': 'c-worker3'}]}");
	f->api.pins = parsed(pins);
	f->api.dir = f->api.lab_dir = "/nonexistent";
	assert_int_equal(watches_start(&f->api, &e), 0);
	assert_int_equal(events_start(&f->api, &e), 0);
	assert_int_equal(controllers_start(&f->api, &e), 0);
}

static void end(struct fixture *f)
{
	controllers_free(&f->api);
	events_free(&f->api);
	watches_free(&f->api);
	(void)store_close(f->api.store);
	json_decref(f->api.cluster);
	json_decref(f->api.pins);
	(void)loop_free(f->api.loop);
}

static json_t *create(struct fixture *f, enum resource_id res, json_t *object)
{
	struct error e = { 0 };
	json_t *stored = NULL;

	schema_default(&resources[res], object);
	if (store_create(f->api.store, res, object, &stored, &e) != 0)
		fail_msg("%s", e.msg);
	return stored;
}

/* Change one value of a stored object: merged as by kubectl patch --type=merge, maps only. */
static void patch(struct fixture *f, enum resource_id res, const char *ns, const char *name, const char *text)
{
	json_t *o = store_get(f->api.store, res, ns, name), *copy, *p = parsed(text);

	assert_non_null(o);
	copy = json_deep_copy(o);
	(void)json_object_del(json_object_get(copy, "metadata"), "resourceVersion");
	assert_int_equal(json_object_update_recursive(copy, p), 0);
	schema_default(&resources[res], copy);
	assert_int_equal(store_update(f->api.store, res, copy, NULL, NULL), 0);
	json_decref(p);
}

static void add_node(struct fixture *f, const char *name, const char *labels, const char *taints)
{
	(void)create(
		f, RES_NODES,
		parsedf("{'metadata': {'name': '%s', 'labels': {'kubernetes.io/hostname': '%s'%s}}, 'spec': {'taints': [%s]}, 'status': "
			"{'allocatable': {'cpu': '4', 'memory': '8Gi', 'pods': '110'}, 'conditions': [{'type': 'Ready', 'status': 'True'}]}}",
			name, name, labels, taints));
}

/* The tutorial's cluster: a control plane and worker in rack0, worker2 and worker3 in rack1 */
static void add_nodes(struct fixture *f)
{
	add_node(f, "c-worker3", ", 'rack': 'rack1'", "");
	add_node(f, "c-worker2", ", 'rack': 'rack1'", "");
	add_node(f, "c-worker", ", 'rack': 'rack0'", "");
	add_node(f, "c-control-plane", ", 'rack': 'rack0'",
		 "{'key': 'node-role.kubernetes.io/control-plane', 'effect': 'NoSchedule'}");
}

/* ---- turns of the loop ---- */

/* Run the controllers until they have nothing to do. */
static void settle(struct fixture *f)
{
	for (unsigned i = 0; i < 10000; i++)
		if (loop_run_once(f->api.loop, 15000) == 0 && !loop_exists(f->api.loop, f->api.controllers->drain))
			return;
	fail_msg("the controllers never come to rest");
}

static void _unused_ run_pod(struct fixture *f, json_t *pod)
{
	char now[KUBE_TIME_LEN];
	json_t *copy, *status;

	if (!*json_text(pod, "spec", "nodeName", NULL) ||
	    (pod_has_phase(pod, "Running") && (f->stuck || pod_is_ready(pod))) || pod_has_phase(pod, "Succeeded") ||
	    pod_has_phase(pod, "Failed"))
		return;
	copy = json_copy(pod);
	status = parsedf(
		"{'phase': '%s', 'podIP': '10.0.0.1', 'conditions': [{'type': 'PodScheduled', 'status': 'True'}, {'type': 'Ready', "
		"'status': '%s', 'lastTransitionTime': '%s'}]}",
		f->phase ? f->phase : "Running", f->stuck || f->phase ? "False" : "True", kube_time(time(NULL), now));
	(void)json_object_set_new(copy, "status", status);
	assert_int_equal(store_update(f->api.store, RES_PODS, copy, NULL, NULL), 0);
}

/* What all kubelets do with what the controllers want, until nothing happens any more. */
static void _unused_ live(struct fixture *f)
{
	uint64_t before;

	do {
		json_t *pods, *pod;
		size_t i;

		settle(f);
		before = store_revision(f->api.store);
		pods = store_list(f->api.store, RES_PODS, NULL);
		json_array_foreach(pods, i, pod) {
			if (json_at(pod, "metadata", "deletionTimestamp", NULL))
				(void)store_delete(f->api.store, RES_PODS, kube_namespace(pod), kube_name(pod));
			else
				run_pod(f, pod);
		}
		json_decref(pods);
	} while (store_revision(f->api.store) != before);
}

static inline const char *node_of(struct fixture *f, const char *pod)
{
	return json_text(store_get(f->api.store, RES_PODS, "default", pod), "spec", "nodeName", NULL);
}

#endif
