// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_table.c - metav1.Table: what kubectl prints of each resource
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "apiserver/api.h"
#include "cluster/jsonutil.h"

/* The time stamp of @seconds ago */
static const char *ago(time_t seconds)
{
	static char bufs[4][KUBE_TIME_LEN];
	static unsigned next;

	next = (next + 1) % 4;
	return kube_time(time(NULL) - seconds, bufs[next]);
}

/* @text with ' for " and @N@ for a time stamp of N seconds ago, as JSON */
static json_t *object(const char *text)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	json_error_t error;
	json_t *j;

	for (const char *c = text; *c; c++) {
		if (*c == '@') {
			char *end;
			const long seconds = strtol(c + 1, &end, 10);

			strbuf_printf(&out, "\"%s\"", ago(seconds));
			c = end;
		} else {
			strbuf_putc(&out, *c == '\'' ? '"' : *c);
		}
	}
	j = json_loads(strbuf_str(&out), 0, &error);
	if (!j)
		fail_msg("%s: %s", strbuf_str(&out), error.text);
	return j;
}

/* One row as "cell|cell|..." */
static void row_text(enum resource_id id, const char *text, struct strbuf *out)
{
	_cleanup_json_ json_t *list = json_array(), *table = NULL;
	json_t *cell;
	size_t i;

	(void)json_array_append_new(list, object(text));
	table = table_make(&resources[id], list, "7", "Metadata");
	assert_int_equal(json_array_size(json_object_get(table, "rows")), 1);
	json_array_foreach(json_object_get(json_array_get(json_object_get(table, "rows"), 0), "cells"), i, cell) {
		_cleanup_free_ char *raw = json_dumps(cell, JSON_ENCODE_ANY);

		strbuf_printf(out, "%s%s", i ? "|" : "", json_is_string(cell) ? json_string_value(cell) : raw);
	}
}

#define POD(spec, status) \
	"{'metadata': {'name': 'p', 'creationTimestamp': @90@}, 'spec': {" spec "}, 'status': {" status "}}"
#define ONE "'containers': [{'name': 'c'}]"
#define INIT "'initContainers': [{'name': 'i'}, {'name': 'j'}], 'containers': [{'name': 'c'}]"
#define CONTAINER(ready, restarts, state) \
	"'containerStatuses': [{'name': 'c', 'ready': " ready ", 'restartCount': " restarts ", 'state': {" state "}}]"

static const struct {
	enum resource_id id;
	const char *object, *row;
} cases[] = {
	/* pods */
	{ RES_PODS, POD(ONE, "'phase': 'Pending'"), "p|0/1|Pending|0|90s|<none>|<none>|<none>|<none>" },
	{ RES_PODS,
	  POD("'nodeName': 'n', " ONE,
	      "'phase': 'Pending', " CONTAINER("false", "0", "'waiting': {'reason': 'ContainerCreating'}")),
	  "p|0/1|ContainerCreating|0|90s|<none>|n|<none>|<none>" },
	{ RES_PODS,
	  POD("'nodeName': 'n', " ONE,
	      "'phase': 'Running', 'podIP': '10.1.2.185', 'podIPs': [{'ip': '10.1.2.185'}], " CONTAINER(
		      "true", "0", "'running': {}")),
	  "p|1/1|Running|0|90s|10.1.2.185|n|<none>|<none>" },
	{ RES_PODS,
	  POD(ONE,
	      "'phase': 'Running', 'containerStatuses': [{'name': 'c', 'ready': false, 'restartCount': 3, 'state': {'waiting': "
	      "{'reason': 'CrashLoopBackOff'}}, 'lastState': {'terminated': {'exitCode': 1, 'finishedAt': @5@}}}]"),
	  "p|0/1|CrashLoopBackOff|3 (5s ago)|90s|<none>|<none>|<none>|<none>" },
	{ RES_PODS,
	  POD(ONE,
	      "'phase': 'Succeeded', " CONTAINER("false", "0", "'terminated': {'exitCode': 0, 'reason': 'Completed'}")),
	  "p|0/1|Completed|0|90s|<none>|<none>|<none>|<none>" },
	{ RES_PODS,
	  POD(ONE, "'phase': 'Failed', " CONTAINER("false", "0", "'terminated': {'exitCode': 2, 'reason': 'Error'}")),
	  "p|0/1|Error|0|90s|<none>|<none>|<none>|<none>" },
	{ RES_PODS, POD(ONE, "'phase': 'Failed', " CONTAINER("false", "0", "'terminated': {'exitCode': 2}")),
	  "p|0/1|ExitCode:2|0|90s|<none>|<none>|<none>|<none>" },
	{ RES_PODS,
	  POD(ONE, "'phase': 'Failed', " CONTAINER("false", "0", "'terminated': {'exitCode': 137, 'signal': 9}")),
	  "p|0/1|Signal:9|0|90s|<none>|<none>|<none>|<none>" },
	{ RES_PODS, POD(ONE, "'phase': 'Failed', 'reason': 'Evicted'"),
	  "p|0/1|Evicted|0|90s|<none>|<none>|<none>|<none>" },
	{ RES_PODS,
	  POD(INIT,
	      "'phase': 'Pending', 'initContainerStatuses': [{'name': 'i', 'state': {'running': {}}}, {'name': 'j', 'state': "
	      "{'waiting': {'reason': 'PodInitializing'}}}], " CONTAINER("false", "0",
									 "'waiting': {'reason': 'PodInitializing'}")),
	  "p|0/1|Init:0/2|0|90s|<none>|<none>|<none>|<none>" },
	{ RES_PODS,
	  POD(INIT,
	      "'phase': 'Pending', 'initContainerStatuses': [{'name': 'i', 'state': {'terminated': {'exitCode': 0}}}, {'name': "
	      "'j', 'restartCount': 2, 'state': {'waiting': {'reason': 'CrashLoopBackOff'}}}]"),
	  "p|0/1|Init:CrashLoopBackOff|2|90s|<none>|<none>|<none>|<none>" },
	{ RES_PODS,
	  POD(INIT,
	      "'phase': 'Pending', 'initContainerStatuses': [{'name': 'i', 'state': {'terminated': {'exitCode': 1}}}]"),
	  "p|0/1|Init:ExitCode:1|0|90s|<none>|<none>|<none>|<none>" },
	{ RES_PODS,
	  POD(INIT,
	      "'phase': 'Pending', 'initContainerStatuses': [{'name': 'i', 'state': {'terminated': {'exitCode': 0}}}, {'name': "
	      "'j', 'state': {'terminated': {'exitCode': 0}}}], " CONTAINER(
		      "false", "0", "'waiting': {'reason': 'PodInitializing'}")),
	  "p|0/1|PodInitializing|0|90s|<none>|<none>|<none>|<none>" },
	{ RES_PODS,
	  "{'metadata': {'name': 'p', 'creationTimestamp': @90@, 'deletionTimestamp': @1@}, 'spec': {" ONE
	  "}, 'status': {'phase': 'Running', " CONTAINER("true", "0", "'running': {}") "}}",
	  "p|1/1|Terminating|0|90s|<none>|<none>|<none>|<none>" },
	{ RES_PODS,
	  POD("'containers': [{'name': 'a'}, {'name': 'b'}]",
	      "'phase': 'Running', 'conditions': [{'type': 'Ready', 'status': 'False'}], 'containerStatuses': [{'name': 'a', 'state': {'terminated': "
	      "{'exitCode': 0, 'reason': 'Completed'}}}, {'name': 'b', 'ready': true, 'state': {'running': {}}}]"),
	  "p|1/2|NotReady|0|90s|<none>|<none>|<none>|<none>" },
	{ RES_PODS,
	  POD("'readinessGates': [{'conditionType': 'x'}, {'conditionType': 'y'}], " ONE,
	      "'phase': 'Pending', 'conditions': [{'type': 'x', 'status': 'True'}, {'type': 'PodScheduled', 'reason': 'SchedulingGated'}]"),
	  "p|0/1|SchedulingGated|0|90s|<none>|<none>|<none>|1/2" },
	/* nodes */
	{ RES_NODES,
	  "{'metadata': {'name': 'n', 'creationTimestamp': @64800@, 'labels': {'node-role.kubernetes.io/control-plane': '', 'x': 'y'}}, 'spec': {}, "
	  "'status': {'conditions': [{'type': 'Ready', 'status': 'True'}], 'addresses': [{'type': 'InternalIP', 'address': '10.0.1.2'}], "
	  "'nodeInfo': {'kubeletVersion': 'v1.27.3', 'osImage': 'Debian', 'kernelVersion': '6.1', 'containerRuntimeVersion': 'netemu://1'}}}",
	  "n|Ready|control-plane|18h|v1.27.3|10.0.1.2|<none>|Debian|6.1|netemu://1" },
	{ RES_NODES,
	  "{'metadata': {'name': 'n'}, 'spec': {'unschedulable': true}, 'status': {'conditions': [{'type': 'Ready', 'status': 'Unknown'}]}}",
	  "n|NotReady,SchedulingDisabled|<none>|<unknown>||<none>|<none>|<unknown>|<unknown>|<unknown>" },
	{ RES_NODES, "{'metadata': {'name': 'n'}}",
	  "n|Unknown|<none>|<unknown>||<none>|<none>|<unknown>|<unknown>|<unknown>" },
	/* workloads */
	{ RES_DEPLOYMENTS,
	  "{'metadata': {'name': 'd', 'creationTimestamp': @10@}, 'spec': {'replicas': 3, 'selector': {'matchLabels': {'b': '2', 'a': '1'}, "
	  "'matchExpressions': [{'key': 'c', 'operator': 'In', 'values': ['x', 'y']}, {'key': 'd', 'operator': 'DoesNotExist'}]}, 'template': "
	  "{'spec': {'containers': [{'name': 'c', 'image': 'i:1'}, {'name': 'e', 'image': 'f'}]}}}, 'status': {'readyReplicas': 2, "
	  "'updatedReplicas': 3, 'availableReplicas': 1}}",
	  "d|2/3|3|1|10s|c,e|i:1,f|!d,a=1,b=2,c in (x,y)" },
	{ RES_REPLICASETS,
	  "{'metadata': {'name': 'r', 'creationTimestamp': @10@}, 'spec': {'replicas': 3}, 'status': {'replicas': 2}}",
	  "r|3|2|0|10s|||<none>" },
	{ RES_DAEMONSETS,
	  "{'metadata': {'name': 'd', 'creationTimestamp': @10@}, 'spec': {'template': {'spec': {'nodeSelector': {'a': 'b'}, 'containers': []}}}, "
	  "'status': {'desiredNumberScheduled': 4, 'currentNumberScheduled': 3, 'numberReady': 2, 'updatedNumberScheduled': 1}}",
	  "d|4|3|2|1|0|a=b|10s|||<none>" },
	{ RES_STATEFULSETS,
	  "{'metadata': {'name': 's', 'creationTimestamp': @10@}, 'spec': {'replicas': 2}, 'status': {'readyReplicas': 1}}",
	  "s|1/2|10s||" },
	{ RES_CONTROLLERREVISIONS,
	  "{'metadata': {'name': 's-1', 'creationTimestamp': @10@, 'ownerReferences': [{'apiVersion': 'apps/v1', 'kind': 'StatefulSet', "
	  "'name': 's', 'controller': true}]}, 'revision': 3}",
	  "s-1|statefulset.apps/s|3|10s" },
	{ RES_JOBS,
	  "{'metadata': {'name': 'j', 'creationTimestamp': @10@}, 'spec': {'completions': 2, 'parallelism': 1}, 'status': {'succeeded': 1, "
	  "'startTime': @10@}}",
	  "j|1/2|10s|10s|||<none>" },
	{ RES_JOBS,
	  "{'metadata': {'name': 'j', 'creationTimestamp': @300@}, 'spec': {'parallelism': 3}, 'status': {'startTime': @300@, 'completionTime': @290@}}",
	  "j|0/1 of 3|10s|5m|||<none>" },
	{ RES_CRONJOBS,
	  "{'metadata': {'name': 'c', 'creationTimestamp': @10@}, 'spec': {'schedule': '* * * * *', 'suspend': false}}",
	  "c|* * * * *|False|0|<none>|10s|||<none>" },
	/* the rest */
	{ RES_NAMESPACES,
	  "{'metadata': {'name': 'default', 'creationTimestamp': @172800@}, 'status': {'phase': 'Active'}}",
	  "default|Active|2d" },
	{ RES_SERVICES,
	  "{'metadata': {'name': 'kubernetes', 'creationTimestamp': @10@}, 'spec': {'type': 'ClusterIP', 'clusterIP': '10.96.0.1', 'ports': "
	  "[{'port': 443, 'protocol': 'TCP'}]}}",
	  "kubernetes|ClusterIP|10.96.0.1|<none>|443/TCP|10s|<none>" },
	{ RES_SERVICES,
	  "{'metadata': {'name': 's', 'creationTimestamp': @10@}, 'spec': {'type': 'LoadBalancer', 'clusterIP': '10.96.0.2', 'ports': [{'port': 80, "
	  "'nodePort': 30080, 'protocol': 'TCP'}, {'port': 53, 'protocol': 'UDP'}], 'selector': {'app': 'x'}}}",
	  "s|LoadBalancer|10.96.0.2|<pending>|80:30080/TCP,53/UDP|10s|app=x" },
	{ RES_ENDPOINTS,
	  "{'metadata': {'name': 'e', 'creationTimestamp': @10@}, 'subsets': [{'addresses': [{'ip': '10.0.0.1'}, {'ip': '10.0.0.2'}, {'ip': "
	  "'fd00::3'}, {'ip': '10.0.0.4'}], 'ports': [{'port': 80}]}]}",
	  "e|10.0.0.1:80,10.0.0.2:80,[fd00::3]:80 + 1 more...|10s" },
	{ RES_ENDPOINTS, "{'metadata': {'name': 'e', 'creationTimestamp': @10@}}", "e|<none>|10s" },
	{ RES_CONFIGMAPS,
	  "{'metadata': {'name': 'c', 'creationTimestamp': @10@}, 'data': {'a': '', 'b': ''}, 'binaryData': {'c': ''}}",
	  "c|3|10s" },
	{ RES_SECRETS, "{'metadata': {'name': 's', 'creationTimestamp': @10@}, 'type': 'Opaque', 'data': {'a': ''}}",
	  "s|Opaque|1|10s" },
	{ RES_SERVICEACCOUNTS, "{'metadata': {'name': 'default', 'creationTimestamp': @10@}}", "default|0|10s" },
	{ RES_EVENTS,
	  "{'metadata': {'name': 'p.1'}, 'involvedObject': {'kind': 'Pod', 'name': 'p', 'fieldPath': 'spec.containers{c}'}, 'type': 'Normal', 'reason': "
	  "'Started', 'message': ' Started container c\\n', 'source': {'component': 'kubelet', 'host': 'n'}, 'count': 2, 'firstTimestamp': @60@, "
	  "'lastTimestamp': @30@}",
	  "30s|Normal|Started|pod/p|spec.containers{c}|kubelet, n|Started container c|60s|2|p.1" },
	{ RES_LEASES, "{'metadata': {'name': 'n', 'creationTimestamp': @10@}, 'spec': {'holderIdentity': 'n'}}",
	  "n|n|10s" },
	{ RES_PDBS,
	  "{'metadata': {'name': 'b', 'creationTimestamp': @10@}, 'spec': {'minAvailable': '50%'}, 'status': {'disruptionsAllowed': 1}}",
	  "b|50%|N/A|1|10s" },
	{ RES_PERSISTENTVOLUMECLAIMS,
	  "{'metadata': {'name': 'v', 'creationTimestamp': @10@}, 'spec': {'volumeMode': 'Filesystem'}, 'status': {'phase': 'Pending'}}",
	  "v|Pending|||||10s|Filesystem" },
	{ RES_CRDS, "{'metadata': {'name': 'x.cilium.io', 'creationTimestamp': '2023-10-01T00:00:00Z'}}",
	  "x.cilium.io|2023-10-01T00:00:00Z" },
	{ RES_BGPPEERINGPOLICIES, "{'metadata': {'name': 'rack0', 'creationTimestamp': @10@}}", "rack0|10s" },
	{ RES_CILIUMNODES,
	  "{'metadata': {'name': 'n', 'creationTimestamp': @10@}, 'spec': {'addresses': [{'type': 'InternalIP', 'ip': '10.0.1.2'}, {'type': "
	  "'CiliumInternalIP', 'ip': '10.1.0.7'}]}}",
	  "n|10.1.0.7|10.0.1.2|10s" },
};

static void rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strbuf_ struct strbuf got = { 0 };

		row_text(cases[i].id, cases[i].object, &got);
		/* A second may pass between the object's making and the row's. */
		if (strcmp(strbuf_str(&got), cases[i].row) != 0) {
			strbuf_reset(&got);
			row_text(cases[i].id, cases[i].object, &got);
		}
		assert_string_equal(strbuf_str(&got), cases[i].row);
	}
}

static void every_resource_has_columns(void **state)
{
	(void)state;
	for (int id = 0; id < _RES_MAX; id++) {
		_cleanup_json_ json_t *list = json_array(), *table = NULL;
		const json_t *columns, *first;

		(void)json_array_append_new(list, object("{'metadata': {'name': 'x'}}"));
		table = table_make(&resources[id], list, "1", "None");
		columns = json_object_get(table, "columnDefinitions");
		first = json_array_get(columns, 0);
		assert_int_equal(
			json_array_size(columns),
			json_array_size(json_object_get(json_array_get(json_object_get(table, "rows"), 0), "cells")));
		assert_string_equal(json_text(first, "name", NULL), id == RES_EVENTS ? "Last Seen" : "Name");
		if (id != RES_EVENTS)
			assert_string_equal(json_text(first, "format", NULL), "name");
	}
}

static void wide_columns_have_priority(void **state)
{
	_cleanup_json_ json_t *list = json_array(), *table = table_make(&resources[RES_PODS], list, "42", "Metadata");
	_cleanup_strbuf_ struct strbuf narrow = { 0 }, wide = { 0 };
	json_t *c;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(table, "columnDefinitions"), i, c)
		strbuf_printf(json_int(c, 0, "priority", NULL) ? &wide : &narrow, "%s,", json_text(c, "name", NULL));
	assert_string_equal(strbuf_str(&narrow), "Name,Ready,Status,Restarts,Age,");
	assert_string_equal(strbuf_str(&wide), "IP,Node,Nominated Node,Readiness Gates,");
	assert_string_equal(json_text(table, "kind", NULL), "Table");
	assert_string_equal(json_text(table, "apiVersion", NULL), "meta.k8s.io/v1");
	assert_string_equal(json_text(table, "metadata", "resourceVersion", NULL), "42");
}

static json_t *row_with(const char *include, json_t **table)
{
	_cleanup_json_ json_t *list = json_array();

	(void)json_array_append_new(list, object("{'metadata': {'name': 'x'}, 'data': {'a': 'b'}}"));
	*table = table_make(&resources[RES_CONFIGMAPS], list, "1", include);
	return json_object_get(json_array_get(json_object_get(*table, "rows"), 0), "object");
}

static void objects_are_included_as_asked(void **state)
{
	json_t *table, *o;

	(void)state;
	o = row_with("Metadata", &table);
	assert_string_equal(json_text(o, "kind", NULL), "PartialObjectMetadata");
	assert_string_equal(json_text(o, "apiVersion", NULL), "meta.k8s.io/v1");
	assert_string_equal(kube_name(o), "x");
	assert_null(json_object_get(o, "data"));
	json_decref(table);
	o = row_with("Object", &table);
	assert_string_equal(json_text(o, "kind", NULL), "ConfigMap");
	assert_string_equal(json_text(o, "data", "a", NULL), "b");
	json_decref(table);
	o = row_with("None", &table);
	assert_true(json_is_null(o));
	json_decref(table);
}

static void ended_pods_are_marked(void **state)
{
	_cleanup_json_ json_t *list = json_array(), *table = NULL;

	(void)state;
	(void)json_array_append_new(list, object("{'metadata': {'name': 'x'}, 'status': {'phase': 'Succeeded'}}"));
	table = table_make(&resources[RES_PODS], list, "1", "None");
	assert_string_equal(
		json_text(json_array_get(
				  json_object_get(json_array_get(json_object_get(table, "rows"), 0), "conditions"), 0),
			  "type", NULL),
		"Completed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),
		cmocka_unit_test(every_resource_has_columns),
		cmocka_unit_test(wide_columns_have_priority),
		cmocka_unit_test(objects_are_included_as_asked),
		cmocka_unit_test(ended_pods_are_marked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
