// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_scheduler.c - which node a pod gets, and what it is told when there is none
 */
#include "control_fixture.h"

#include "apiserver/sched.h"

static void add_pod(struct fixture *f, const char *name, const char *spec)
{
	(void)create(
		f, RES_PODS,
		parsedf("{'kind': 'Pod', 'apiVersion': 'v1', 'metadata': {'name': '%s', 'namespace': 'default', 'labels': {'run': '%s'}}, 'spec': "
			"{'containers': [{'name': 'c', 'image': 'i'}]%s}, 'status': {'phase': 'Pending'}}",
			name, name, spec));
	settle(f);
}

static const char *why(struct fixture *f, const char *pod)
{
	const json_t *c = kube_condition(store_get(f->api.store, RES_PODS, "default", pod), "PodScheduled");

	assert_string_equal(json_text(c, "status", NULL), "False");
	assert_string_equal(json_text(c, "reason", NULL), "Unschedulable");
	return json_text(c, "message", NULL);
}

#define RACK(n) ", 'nodeSelector': {'rack': 'rack" n "'}"

static void the_tutorials_pods(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, "{}");
	add_nodes(&f);
	add_pod(&f, "nettool-1", RACK("0"));
	add_pod(&f, "nettool-2", RACK("1"));
	assert_string_equal(node_of(&f, "nettool-1"), "c-worker");
	assert_string_equal(node_of(&f, "nettool-2"), "c-worker2");
	assert_string_equal(
		json_text(kube_condition(store_get(f.api.store, RES_PODS, "default", "nettool-1"), "PodScheduled"),
			  "status", NULL),
		"True");
	end(&f);
}

static void pins_win(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, "{'nodes': {}, 'pods': {'default/nettool-2': {'node': 'c-worker3', 'ips': ['10.1.3.56']}}}");
	add_nodes(&f);
	add_pod(&f, "nettool-2", RACK("1"));
	assert_string_equal(node_of(&f, "nettool-2"), "c-worker3");
	end(&f);
}

static void pods_are_spread(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, "{}");
	add_nodes(&f);
	for (int i = 0; i < 6; i++) {
		static const char *const want[] = { "c-worker", "c-worker2", "c-worker3" };
		char name[16];

		(void)snprintf(name, sizeof(name), "p%d", i);
		add_pod(&f, name, "");
		assert_string_equal(node_of(&f, name), want[i % 3]);
	}
	/* What has ended or gone makes room. */
	(void)store_delete(f.api.store, RES_PODS, "default", "p2");
	patch(&f, RES_PODS, "default", "p5", "{'status': {'phase': 'Succeeded'}}");
	add_pod(&f, "q", "");
	assert_string_equal(node_of(&f, "q"), "c-worker3");
	end(&f);
}

static void reasons_are_worded_as_the_real_ones(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, "{}");
	add_pod(&f, "early", "");
	assert_string_equal(why(&f, "early"), "no nodes available to schedule pods");
	add_nodes(&f);
	settle(&f);
	assert_string_equal(node_of(&f, "early"), "c-worker");
	add_pod(&f, "nowhere", RACK("7"));
	assert_string_equal(
		why(&f, "nowhere"),
		"0/4 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, "
		"3 node(s) didn't match Pod's node affinity/selector. preemption: 0/4 nodes are available: 4 "
		"Preemption is not helpful for scheduling.");
	patch(&f, RES_NODES, "", "c-worker", "{'spec': {'unschedulable': true}}");
	add_pod(&f, "big", ", 'containers': [{'name': 'c', 'resources': {'requests': {'cpu': '5', 'memory': '9Gi'}}}]");
	assert_string_equal(
		why(&f, "big"),
		"0/4 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, "
		"1 node(s) were unschedulable, 2 Insufficient cpu, 2 Insufficient memory. preemption: 0/4 nodes are "
		"available: 2 No preemption victims found for incoming pod, 2 Preemption is not helpful for "
		"scheduling.");
	end(&f);
}

static void a_parked_pod_is_tried_again_when_nodes_change(void **state)
{
	struct fixture f;
	uint64_t revision;

	(void)state;
	start(&f, "{}");
	add_nodes(&f);
	add_pod(&f, "p", RACK("7"));
	assert_string_equal(node_of(&f, "p"), "");
	/* A heart-beat is no reason. */
	patch(&f, RES_NODES, "", "c-worker", "{'status': {'conditions': []}}");
	revision = store_revision(f.api.store);
	settle(&f);
	assert_int_equal(store_revision(f.api.store), revision);
	patch(&f, RES_NODES, "", "c-worker3", "{'metadata': {'labels': {'rack': 'rack7'}}}");
	settle(&f);
	assert_string_equal(node_of(&f, "p"), "c-worker3");
	end(&f);
}

static void a_parked_pod_gets_the_room_of_one_that_ends(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, "{}");
	add_node(&f, "c-worker", "", "");
	add_pod(&f, "a", ", 'containers': [{'name': 'c', 'resources': {'requests': {'cpu': '2500m'}}}]");
	add_pod(&f, "b", ", 'containers': [{'name': 'c', 'resources': {'requests': {'cpu': '2500m'}}}]");
	assert_string_equal(node_of(&f, "a"), "c-worker");
	assert_string_equal(
		why(&f, "b"),
		"0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption "
		"victims found for incoming pod.");
	(void)store_delete(f.api.store, RES_PODS, "default", "a");
	settle(&f);
	assert_string_equal(node_of(&f, "b"), "c-worker");
	end(&f);
}

#define AFFINITY(kind, text) ", 'affinity': {'" kind "': {'requiredDuringSchedulingIgnoredDuringExecution': " text "}}"
#define NODE_TERMS(terms) AFFINITY("nodeAffinity", "{'nodeSelectorTerms': [" terms "]}")

static const struct {
	const char *spec, *node; /* "": none */
} spec_cases[] = {
	{ ", 'tolerations': [{'operator': 'Exists'}], 'nodeSelector': {'rack': 'rack0'}", "c-control-plane" },
	{ ", 'tolerations': [{'key': 'node-role.kubernetes.io/control-plane', 'operator': 'Exists', 'effect': 'NoSchedule'}]",
	  "c-control-plane" },
	{ ", 'tolerations': [{'key': 'node-role.kubernetes.io/control-plane', 'operator': 'Equal', 'value': 'x'}]",
	  "c-worker" },
	{ ", 'tolerations': [{'key': 'node-role.kubernetes.io/control-plane', 'operator': 'Exists', 'effect': 'NoExecute'}]",
	  "c-worker" },
	{ NODE_TERMS("{'matchExpressions': [{'key': 'rack', 'operator': 'In', 'values': ['rack1']}]}"), "c-worker2" },
	{ NODE_TERMS("{'matchFields': [{'key': 'metadata.name', 'operator': 'In', 'values': ['c-worker3']}]}"),
	  "c-worker3" },
	{ NODE_TERMS(
		  "{'matchExpressions': [{'key': 'no', 'operator': 'Exists'}]}, {'matchExpressions': [{'key': 'rack', 'operator': 'NotIn', "
		  "'values': ['rack0']}]}"),
	  "c-worker2" },
	{ NODE_TERMS("{}"), "" },
	{ ", 'affinity': {'nodeAffinity': {'preferredDuringSchedulingIgnoredDuringExecution': [{'weight': 1, 'preference': {'matchExpressions': "
	  "[{'key': 'kubernetes.io/hostname', 'operator': 'In', 'values': ['c-worker3']}]}}]}}",
	  "c-worker3" },
	{ ", 'topologySpreadConstraints': [{'maxSkew': 1, 'topologyKey': 'zone', 'whenUnsatisfiable': 'DoNotSchedule'}]",
	  "c-worker" },
	{ ", 'schedulerName': 'mine'", "" },
	{ ", 'schedulingGates': [{'name': 'x'}]", "" },
	{ ", 'schedulerName': 'default-scheduler'", "c-worker" },
};

static void constraints(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(spec_cases); i++) {
		struct fixture f;

		start(&f, "{}");
		add_nodes(&f);
		add_pod(&f, "p", spec_cases[i].spec);
		if (strcmp(node_of(&f, "p"), spec_cases[i].node) != 0)
			fail_msg("%s: want '%s', got '%s'", spec_cases[i].spec, spec_cases[i].node, node_of(&f, "p"));
		end(&f);
	}
}

#define NEAR(kind, who, key) \
	AFFINITY(kind, "[{'labelSelector': {'matchLabels': {'run': '" who "'}}, 'topologyKey': '" key "'}]")

static void pods_near_and_far_from_each_other(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, "{}");
	add_nodes(&f);
	add_pod(&f, "near", NEAR("podAffinity", "a", "rack"));
	assert_true(strstr(why(&f, "near"), "3 node(s) didn't match pod affinity rules"));
	add_pod(&f, "a", RACK("1"));
	assert_string_equal(node_of(&f, "a"), "c-worker2");
	/* In the same rack, on the emptier node */
	assert_string_equal(node_of(&f, "near"), "c-worker3");
	add_pod(&f, "far", NEAR("podAntiAffinity", "a", "rack"));
	assert_string_equal(node_of(&f, "far"), "c-worker");
	/* One that is itself the first of its group */
	add_pod(&f, "own", NEAR("podAffinity", "own", "rack"));
	assert_string_not_equal(node_of(&f, "own"), "");
	/* The others' anti-affinity counts, too: "far" does not want an "a" in its rack. */
	(void)store_delete(f.api.store, RES_PODS, "default", "a");
	add_pod(&f, "a", RACK("0"));
	assert_true(strstr(why(&f, "a"), "1 node(s) didn't satisfy existing pods anti-affinity rules"));
	end(&f);
}

static void one_host_port_a_node(void **state)
{
	static const char spec[] =
		", 'nodeSelector': {'kubernetes.io/hostname': 'c-worker'}, 'containers': [{'name': 'c', 'ports': "
		"[{'containerPort': 80, 'hostPort': 8080}]}]";
	struct fixture f;

	(void)state;
	start(&f, "{}");
	add_nodes(&f);
	add_pod(&f, "a", spec);
	add_pod(&f, "b", spec);
	assert_string_equal(node_of(&f, "a"), "c-worker");
	assert_true(strstr(why(&f, "b"), "1 node(s) didn't have free ports for the requested pod ports"));
	end(&f);
}

static void nodes_hold_as_many_pods_as_they_say(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, "{}");
	add_node(&f, "c-worker", "", "");
	patch(&f, RES_NODES, "", "c-worker", "{'status': {'allocatable': {'pods': '1'}}}");
	add_pod(&f, "a", "");
	add_pod(&f, "b", "");
	assert_true(strstr(why(&f, "b"), "1 Too many pods"));
	end(&f);
}

static void quantities(void **state)
{
	static const struct {
		const char *text;
		int64_t milli;
	} cases[] = { { "1", 1000 },	  { "100m", 100 },	{ "1.5", 1500 }, { "2Ki", 2048000 },
		      { "1e3", 1000000 }, { "1M", 1000000000 }, { "0", 0 },	 { "x", -1 },
		      { "1Z", -1 },	  { "", -1 },		{ "100u", 1 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *j = json_string(cases[i].text);

		if (quantity_milli(j) != cases[i].milli)
			fail_msg("%s: %lld", cases[i].text, (long long)quantity_milli(j));
		json_decref(j);
	}
	assert_int_equal(quantity_milli(NULL), -1);
}

/* 1000 pods on 100 nodes, ten on each, without a look at all pods for each pod */
static void many(void **state)
{
	enum { NODES = 100, PODS = 1000 };
	struct fixture f;
	unsigned count[NODES] = { 0 };
	json_t *list, *pod;
	uint64_t begin;
	size_t i;

	(void)state;
	start(&f, "{}");
	for (i = 0; i < NODES; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "n%zu", i);
		add_node(&f, name, "", "");
	}
	settle(&f);
	begin = loop_now();
	for (i = 0; i < PODS; i++)
		(void)create(
			&f, RES_PODS,
			parsedf("{'metadata': {'name': 'p%zu', 'namespace': 'default'}, 'spec': {'containers': [{'name': 'c'}]}, 'status': "
				"{'phase': 'Pending'}}",
				i));
	settle(&f);
	/* 0.1 s on a quiet machine */
	assert_true(loop_now() - begin < 5 * 1000000);
	list = store_list(f.api.store, RES_PODS, NULL);
	json_array_foreach(list, i, pod)
		count[atoi(json_text(pod, "spec", "nodeName", NULL) + 1)]++;
	for (i = 0; i < NODES; i++)
		assert_int_equal(count[i], PODS / NODES);
	json_decref(list);
	end(&f);
}

/* A restarted API server finds the pods that nobody has placed. */
static void what_is_pending_at_the_start_is_placed(void **state)
{
	struct fixture f;
	struct error e = { 0 };

	(void)state;
	start(&f, "{}");
	add_nodes(&f);
	controllers_free(&f.api);
	(void)create(&f, RES_PODS,
		     parsed("{'metadata': {'name': 'p', 'namespace': 'default'}, 'spec': {'containers': []}}"));
	assert_int_equal(controllers_start(&f.api, &e), 0);
	settle(&f);
	assert_string_equal(node_of(&f, "p"), "c-worker");
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tutorials_pods),
		cmocka_unit_test(pins_win),
		cmocka_unit_test(pods_are_spread),
		cmocka_unit_test(reasons_are_worded_as_the_real_ones),
		cmocka_unit_test(a_parked_pod_is_tried_again_when_nodes_change),
		cmocka_unit_test(a_parked_pod_gets_the_room_of_one_that_ends),
		cmocka_unit_test(constraints),
		cmocka_unit_test(pods_near_and_far_from_each_other),
		cmocka_unit_test(one_host_port_a_node),
		cmocka_unit_test(nodes_hold_as_many_pods_as_they_say),
		cmocka_unit_test(quantities),
		cmocka_unit_test(many),
		cmocka_unit_test(what_is_pending_at_the_start_is_placed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
