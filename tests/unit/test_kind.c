// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_kind.c - Kind cluster configs into labs: what golden/ does not show
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "topology/load.h"

#define HEAD "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n"

static struct lab *load(struct diag *d, const char *text, const char *name)
{
	const struct load_options opt = { .name = name };

	return lab_load(d, "/labs/cluster.yaml", text, strlen(text), &opt);
}

static void one_control_plane_by_default(void **state)
{
	struct diag d = { 0 };
	struct lab *lab = load(&d, HEAD, NULL);
	const struct node *n;

	(void)state;
	assert_non_null(lab);
	assert_int_equal(d.n_entries, 0);
	assert_int_equal(lab->type, LAB_CLUSTER);
	assert_string_equal(lab->name, "kind");
	assert_string_equal(lab->prefix, "kind-");
	assert_string_equal(lab->mgmt.network, "kind");
	assert_int_equal(lab->n_nodes, 1);
	n = &lab->nodes[0];
	assert_string_equal(n->name, "control-plane");
	assert_string_equal(n->longname, "kind-control-plane");
	assert_string_equal(n->hostname, "kind-control-plane");
	assert_string_equal(n->image, "kindest/node:v1.27.3");
	assert_int_equal(n->net_mode, NET_MGMT);
	assert_int_equal(n->net_node, LAB_INDEX_NONE);
	assert_true(n->control_plane);
	lab_free(lab);
	diag_done(&d);
}

/* Kind counts each role by itself, in the order of the file. */
static void names_count_by_role(void **state)
{
	static const char text[] =
		HEAD "name: c\nnodes: [{role: worker}, {role: control-plane}, {}, {role: worker}, {role: worker}]\n";
	static const char *const want[] = {
		"worker", "control-plane", "control-plane2", "worker2", "worker3", "external-load-balancer",
	};
	struct diag d = { 0 };
	struct lab *lab = load(&d, text, NULL);

	(void)state;
	assert_non_null(lab);
	assert_int_equal(d.n_errors, 0);
	assert_int_equal(lab->n_nodes, ARRAY_SIZE(want));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		assert_string_equal(lab->nodes[i].name, want[i]);
		assert_int_equal(lab_find_node(lab, want[i]), i);
	}
	assert_false(lab->nodes[5].control_plane);
	lab_free(lab);
	diag_done(&d);
}

static void the_name_option_wins(void **state)
{
	struct diag d = { 0 };
	struct lab *lab = load(&d, HEAD "name: c\n", "other");

	(void)state;
	assert_string_equal(lab->name, "other");
	assert_string_equal(lab->nodes[0].longname, "other-control-plane");
	lab_free(lab);
	lab = load(&d, HEAD, "UPPER");
	assert_int_equal(d.n_errors, 1);
	lab_free(lab);
	diag_done(&d);
}

/* Kind substitutes no variables: dollars in patches stay, whatever is set. */
static void dollars_stay(void **state)
{
	static const char text[] = HEAD "nodes:\n- extraMounts: [{hostPath: /$HOME, containerPath: '/${'}, "
					 "{hostPath: /$$, containerPath: /x}]\n";
	char *env[] = { "HOME=x", NULL };
	const struct load_options opt = { .environ_ = env };
	struct diag d = { 0 };
	struct lab *lab = lab_load(&d, "/labs/cluster.yaml", text, strlen(text), &opt);

	(void)state;
	assert_non_null(lab);
	assert_int_equal(d.n_errors, 0);
	assert_string_equal(lab->nodes[0].binds[0].src, "/$HOME");
	assert_string_equal(lab->nodes[0].binds[0].dst, "/${");
	assert_string_equal(lab->nodes[0].binds[1].src, "/$$");
	lab_free(lab);
	diag_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_control_plane_by_default),
		cmocka_unit_test(names_count_by_role),
		cmocka_unit_test(the_name_option_wins),
		cmocka_unit_test(dollars_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
