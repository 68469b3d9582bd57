// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_manifest.c - files of objects: how scalars are typed, what is found where, what is refused
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "cluster/jsonutil.h"
#include "cluster/manifest.h"

#define POD "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  containers:\n  - name: c\n    image: i\n"

static void load(const char *text, struct manifests *m, struct diag *d)
{
	manifests_load(d, "f.yaml", text, strlen(text), m);
}

/* Loads @text, which has mistakes, and compares what is printed. */
static void expect_errors(const char *text, const char *want)
{
	struct manifests m = { 0 };
	struct diag d = { 0 };
	char *got = NULL;
	size_t len;
	FILE *f = open_memstream(&got, &len);

	load(text, &m, &d);
	diag_print(&d, f, false);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(got, want);
	free(got);
	manifests_done(&m);
	diag_done(&d);
}

static void expect_json(const char *yaml, const char *want)
{
	struct error e = { 0 };
	json_t *j = yaml_to_json(yaml, strlen(yaml), &e);
	char *got = j ? json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY) : strdup(e.msg);

	assert_string_equal(got, want);
	free(got);
	json_decref(j);
}

static void scalars_are_typed_as_go_types_them(void **state)
{
	(void)state;
	expect_json("[1, -1, +1, 017, 0o17, 0x1F, 0b11, 1_000, 08]", "[1,-1,1,15,15,31,3,1000,8]");
	expect_json("[1.5, .5, 3.0, 1e3, -1.25e-2, 1.]", "[1.5,0.5,3,1000,-0.012500000000000001,1]");
	expect_json("[true, yes, On, y, false, no, OFF, n]", "[true,true,true,true,false,false,false,false]");
	expect_json("[~, null, Null, \"\", 'null']", "[null,null,null,\"\",\"null\"]");
	expect_json("{a: }", "{\"a\":null}");
	expect_json("[2001-12-14, 2001-12-14t21:59:43.10-05:00, 1:30, 1.2.3, 0x, 10.0.0.1, 12e, '1', !!str 1]",
		    "[\"2001-12-14\",\"2001-12-14t21:59:43.10-05:00\",\"1:30\",\"1.2.3\",\"0x\",\"10.0.0.1\",\"12e\",\"1\",\"1\"]");
	expect_json("a: |\n  yes\nb: >-\n  1\n", "{\"a\":\"yes\\n\",\"b\":\"1\"}");
	expect_json("yes: 1\n8: 2\n'on': 3\n1.50: 4\n", "{\"true\":1,\"8\":2,\"on\":3,\"1.5\":4}");
	expect_json("x: &x {a: 1, b: 2}\nz: {<<: *x, b: 3}", "{\"x\":{\"a\":1,\"b\":2},\"z\":{\"b\":3,\"a\":1}}");
	expect_json("9223372036854775807", "9223372036854775807");
	expect_json("18446744073709551616", "1.8446744073709552e19");
}

static void what_json_cannot_say_is_refused(void **state)
{
	(void)state;
	expect_json("a: 1\nb: .nan\n", "line 2: .nan has no place in JSON");
	expect_json("a: 1\nb: -.Inf\n", "line 2: -.Inf has no place in JSON");
	expect_json("~: 1\n", "line 1: a key must not be null");
	expect_json("a: 1\na: 2\n", "line 2: key 'a' stands here a second time; the first is on line 1, column 1");
	expect_json("", "the file is empty");
	expect_json("a: \"\\0\"", "line 1: a NUL character (\\0) inside a value");
	expect_json("{", "line 1: not YAML: did not find expected node content (while parsing a flow node, line 1)");
}

static void documents_and_lists(void **state)
{
	struct manifests m = { 0 };
	struct diag d = { 0 };

	(void)state;
	load("# first\n---\n" POD "---\n---\n# nothing\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, "
	     "metadata: {name: a}}\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n---\napiVersion: v1\nkind: "
	     "ConfigMapList\nitems:\n- metadata: {name: c}\n...\n---\nipam: {mode: kubernetes}\n",
	     &m, &d);
	assert_int_equal(d.n_entries, 0);
	assert_int_equal(m.n, 5);
	assert_string_equal(kube_name(m.items[0].object), "p");
	assert_int_equal(m.items[0].pos.line, 3);
	assert_string_equal(kube_name(m.items[2].object), "b");
	assert_int_equal(m.items[2].pos.line, 19);
	assert_string_equal(json_text(m.items[3].object, "kind", NULL), "ConfigMap");
	assert_int_equal(m.items[4].type, MANIFEST_VALUES);
	manifests_done(&m);
	diag_done(&d);
}

static void json_files(void **state)
{
	struct manifests m = { 0 };
	struct diag d = { 0 };

	(void)state;
	load("{\n\t\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\",\n\t\"metadata\": {\"name\": \"a\"}, \"data\": {\"x\": \"\\ud83d\\ude00\", "
	     "\"y\": \"a\\/b\"}\n}\n{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"b\"}}",
	     &m, &d);
	assert_int_equal(d.n_entries, 0);
	assert_int_equal(m.n, 2);
	assert_string_equal(json_text(m.items[0].object, "data", "x", NULL), "\xf0\x9f\x98\x80");
	assert_string_equal(kube_name(m.items[1].object), "b");
	manifests_done(&m);
	diag_done(&d);
}

static void mistakes_are_shown_where_they_stand(void **state)
{
	(void)state;
	expect_errors(POD "    imagee: x\n    stdin: 'yes'\n",
		      "f.yaml:9:5: error: unknown field \"spec.containers[0].imagee\"\n"
		      "   9 |     imagee: x\n     |     ^\n  did you mean 'image'?\n"
		      "f.yaml:10:12: error: json: cannot unmarshal string into Go struct field Container.spec.containers.stdin of type "
		      "bool\n  10 |     stdin: 'yes'\n     |            ^\n");
	expect_errors("apiVersion: v1\nkind: Pods\n", "f.yaml:2:7: error: no matches for kind \"Pods\" in version \"v1\"\n"
						      "   2 | kind: Pods\n     |       ^\n  did you mean 'Pod' of 'v1'?\n");
	expect_errors("apiVersion: v1\nkind: Deployment\n",
		      "f.yaml:2:7: error: no matches for kind \"Deployment\" in version \"v1\"\n"
		      "   2 | kind: Deployment\n     |       ^\n  did you mean 'Deployment' of 'apps/v1'?\n");
	expect_errors("a: 1\n---\n- 1\n", "f.yaml:1:1: error: apiVersion not set\n   1 | a: 1\n     | ^\n"
					   "f.yaml:3:1: error: an object must be a map, not a list\n   3 | - 1\n     | ^\n");
	expect_errors("apiVersion: v1\nkind: ConfigMap\nkind: Pod\n",
		      "f.yaml:3:1: error: key 'kind' stands here a second time; the first is on line 2, column 1\n"
		      "   3 | kind: Pod\n     | ^\n");
}

static void values_are_checked_too(void **state)
{
	(void)state;
	expect_errors(POD "  restartPolicy: x\n",
		      "f.yaml:9:18: error: spec.restartPolicy: Unsupported value: \"x\": supported values: \"Always\", \"OnFailure\", "
		      "\"Never\"\n   9 |   restartPolicy: x\n     |                  ^\n");
	expect_errors("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: kubernetes.io/tls\ndata:\n  tls.crt: YQ==\n",
		      "f.yaml:5:1: error: data[tls.key]: Required value\n   5 | data:\n     | ^\n");
	/* a custom resource's types are its CRD's */
	expect_errors("apiVersion: cilium.io/v2alpha1\nkind: CiliumBGPPeeringPolicy\nmetadata: {name: r}\nspec:\n  virtualRouters:\n"
		      "  - localASN: 4200000000\n    exportPodCIDR: 1\n    neighbors: [{peerAddress: 10.0.0.1/32, peerASN: 1}]\n",
		      "f.yaml:7:20: error: spec.virtualRouters[0].exportPodCIDR: Invalid value: \"integer\": "
		      "spec.virtualRouters[0].exportPodCIDR in body must be of type boolean: \"integer\"\n"
		      "   7 |     exportPodCIDR: 1\n     |                    ^\n");
}

static bool detect(const char *text)
{
	return manifest_detect(text, strlen(text));
}

static void telling_manifests_from_labs(void **state)
{
	(void)state;
	assert_true(detect(POD));
	assert_true(detect("---\n" POD "---\n" POD));
	assert_true(detect("bgpControlPlane: {enabled: true}\n"));
	assert_true(detect("apiVersion: v1\nkind: Pod\n\tx: broken\n"));
	assert_true(detect("{\"apiVersion\": \"v1\", \"kind\": "));
	assert_false(detect("apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n"));
	assert_false(detect("apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n\tx: broken\n"));
	assert_false(detect("name: x\ntopology:\n  nodes: {}\n"));
	assert_false(detect("name: x\n"));
	assert_false(detect(""));
	assert_false(detect("a: 1\n"));
}

/* What a hostile file holds: each is refused quickly, and says why. */
static void hostile_files(void **state)
{
	struct diag d = { 0 };
	struct manifests m = { 0 };
	char *deep = malloc(100001);

	(void)state;
	expect_errors("a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
		      "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
		      "e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]\n",
		      "f.yaml:6:9: error: aliases expand to more than 16 MiB\n"
		      "   6 | f: [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]\n     |         ^\n");
	/* thousands of mistakes, some of which are told */
	strcpy(deep, POD);
	for (size_t i = strlen(POD), k = 0; k < 9000; i += 10, k++)
		(void)snprintf(deep + i, 11, "  x%04zu: \n", k);
	load(deep, &m, &d);
	assert_in_range(d.n_errors, 100, 1000);
	diag_done(&d);
	memset(deep, '[', 100000);
	deep[100000] = '\0';
	load(deep, &m, &d);
	assert_int_equal(d.n_errors, 1);
	manifests_load(&d, "nul", "a\0b", 3, &m);
	assert_int_equal(d.n_errors, 2);
	manifests_load(&d, "large", deep, 16 * 1024 * 1024 + 1, &m);
	assert_int_equal(d.n_errors, 3);
	assert_int_equal(m.n, 0);
	manifests_done(&m);
	diag_done(&d);
	free(deep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars_are_typed_as_go_types_them),
		cmocka_unit_test(what_json_cannot_say_is_refused),
		cmocka_unit_test(documents_and_lists),
		cmocka_unit_test(json_files),
		cmocka_unit_test(mistakes_are_shown_where_they_stand),
		cmocka_unit_test(values_are_checked_too),
		cmocka_unit_test(telling_manifests_from_labs),
		cmocka_unit_test(hostile_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
