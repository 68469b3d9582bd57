// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_kubeadm.c - the documents that Kind renders, versions, pod CIDRs and pins: what golden/ does not show
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cluster/jsonutil.h"
#include "cluster/kubeadm.h"
#include "cluster/pins.h"
#include "cluster/podcidr.h"
#include "topology/load.h"

#define HEAD "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nname: c\n"

static struct lab *load(const char *text)
{
	const struct load_options opt = { 0 };
	struct diag d = { 0 };
	struct lab *lab = lab_load(&d, "/labs/cluster.yaml", text, strlen(text), &opt);

	if (!lab || d.n_errors)
		fail_msg("%s: %s", text, d.n_entries ? d.entries[0].msg : "no lab");
	diag_done(&d);
	return lab;
}

static void test_versions(void **state)
{
	static const char *const cases[][2] = {
		{ "kindest/node:v1.27.3", "v1.27.3" },
		{ "kindest/node:v1.31.0@sha256:0123", "v1.31.0" },
		{ "localhost:5000/kindest/node:v1.22.17", "v1.22.17" },
		{ "kindest/node:v1.34.0-rc.1", "v1.34.0-rc.1" },
		{ "kindest/node:latest", NULL },
		{ "kindest/node", NULL },
		{ "localhost:5000/kindest/node", NULL },
	};
	_cleanup_arena_ struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *v = kubeadm_version(&a, cases[i][0]);

		if (!cases[i][1])
			assert_null(v);
		else
			assert_string_equal(v, cases[i][1]);
	}
}

static void test_documents(void **state)
{
	char text[] = "---\na: 1\n---\n\n--- # empty\n---\nb: 2\n---";
	char *rest = text;

	(void)state;
	assert_string_equal(kubeadm_next_document(&rest), "---\na: 1");
	assert_string_equal(kubeadm_next_document(&rest) + 1, "b: 2");
	assert_null(kubeadm_next_document(&rest));
}

static void test_render(void **state)
{
	static const char *const apis[] = { "kubeadm.k8s.io/v1beta2", "kubeadm.k8s.io/v1beta3", "kubeadm.k8s.io/v1beta4" };
	struct lab *lab = load(HEAD "nodes:\n- {image: 'kindest/node:v1.22.0', labels: {a: b, c: d}}\n- {role: worker}\n"
				    "- {role: worker, image: 'kindest/node:v1.36.0'}\n");

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		_cleanup_json_ json_t *docs = kubeadm_render(lab, i);

		assert_int_equal(json_array_size(docs), 5);
		for (size_t k = 0; k < 3; k++)
			assert_string_equal(json_text(json_array_get(docs, k), "apiVersion", NULL), apis[i]);
		assert_string_equal(json_text(json_array_get(docs, 0), "networking", "podSubnet", NULL), "10.244.0.0/16");
		assert_string_equal(json_text(json_array_get(docs, 1), "nodeRegistration", "kubeletExtraArgs", "node-labels", NULL),
				    i ? "" : "a=b,c=d");
		assert_string_equal(json_text(json_array_get(docs, 4), "mode", NULL), "iptables");
	}
	assert_string_equal(lab->version, "v1.22.0");
	lab_free(lab);
}

/* What kubeadm marked a control plane with changed from version to version. */
static void test_marks(void **state)
{
	static const struct {
		const char *version, *taints, *labels;
	} cases[] = {
		{ "v1.19.0", "master ", "master " },
		{ "v1.23.0", "master ", "control-plane master " },
		{ "v1.24.0", "control-plane master ", "control-plane " },
		{ "v1.27.3", "control-plane ", "control-plane " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strbuf_ struct strbuf text = { 0 }, taints = { 0 }, labels = { 0 };
		struct lab *lab;

		strbuf_printf(&text, HEAD "nodes:\n- {image: 'kindest/node:%s'}\n- {role: worker}\n", cases[i].version);
		lab = load(strbuf_str(&text));
		for (size_t k = 0; k < lab->nodes[0].n_taints; k++)
			strbuf_printf(&taints, "%s ", strchr(lab->nodes[0].taints[k].key, '/') + 1);
		for (size_t k = 0; k < lab->nodes[0].n_kube_labels; k++)
			if (strncmp(lab->nodes[0].kube_labels[k].key, "node-role", 9) == 0)
				strbuf_printf(&labels, "%s ", strchr(lab->nodes[0].kube_labels[k].key, '/') + 1);
		assert_string_equal(strbuf_str(&taints), cases[i].taints);
		assert_string_equal(strbuf_str(&labels), cases[i].labels);
		lab_free(lab);
	}
}

/* The only node of a cluster runs pods. */
static void test_alone(void **state)
{
	struct lab *lab = load(HEAD);

	(void)state;
	assert_int_equal(lab->nodes[0].n_taints, 0);
	for (size_t k = 0; k < lab->nodes[0].n_kube_labels; k++)
		assert_null(strstr(lab->nodes[0].kube_labels[k].key, "exclude-from-external-load-balancers"));
	lab_free(lab);
}

static void test_cidrs(void **state)
{
	struct lab *lab = load(HEAD "networking: {podSubnet: 10.1.0.0/22}\n"
				    "nodes: [{role: worker}, {role: control-plane}, {role: control-plane}, {role: worker}]\n");
	_cleanup_arena_ struct arena a = { 0 };
	struct strv pinned[5] = { 0 }, ret[5] = { 0 };
	struct error e = { 0 };

	(void)state;
	/* In the file's order; the load balancer gets nothing. */
	assert_int_equal(lab->n_nodes, 5);
	assert_string_equal(lab->nodes[0].pod_cidrs.v[0], "10.1.0.0/24");
	assert_string_equal(lab->nodes[3].pod_cidrs.v[0], "10.1.3.0/24");
	assert_int_equal(lab->nodes[4].pod_cidrs.n, 0);
	/* A pin in the way of two blocks leaves no room. */
	strv_add(&a, &pinned[3], "10.1.0.0/23");
	assert_int_equal(podcidr_assign(lab, pinned, &a, ret, &e), -ENOSPC);
	assert_non_null(strstr(e.msg, "10.1.0.0/22 has room for 4 nodes"));
	lab_free(lab);
}

/* Of a cluster that runs, pins can only confirm the pod CIDRs. */
static void test_running(void **state)
{
	static const char right[] = "nodes: {worker: {podCIDR: 10.1.1.0/24, routerIP: 10.1.1.9}}\npods: {x: {ip: 10.1.0.5}}\n";
	static const char wrong[] = "nodes: {worker: {podCIDR: 10.1.7.0/24}}\n";
	struct lab *lab = load(HEAD "networking: {podSubnet: 10.1.0.0/16}\nnodes: [{role: control-plane}, {role: worker}]\n");
	struct diag d = { 0 };
	json_t *pins = pins_load(&d, "pins", right, sizeof(right) - 1, lab, true);

	(void)state;
	assert_int_equal(d.n_errors, 0);
	assert_string_equal(json_string_value(json_array_get(json_at(pins, "pods", "default/x", "ips", NULL), 0)), "10.1.0.5");
	json_decref(pins);
	assert_null(pins_load(&d, "pins", wrong, sizeof(wrong) - 1, lab, true));
	assert_non_null(strstr(d.entries[0].msg, "has the pod CIDR 10.1.1.0/24 already"));
	diag_done(&d);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions), cmocka_unit_test(test_documents), cmocka_unit_test(test_render),
		cmocka_unit_test(test_marks),	 cmocka_unit_test(test_alone),	   cmocka_unit_test(test_cidrs),
		cmocka_unit_test(test_running),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
