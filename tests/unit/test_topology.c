// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_topology.c - files into labs: what golden/ does not show, and labs of 10,000 nodes
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "topology/dump.h"
#include "topology/load.h"

static struct lab *load(struct diag *d, const char *path, const char *text, const struct load_options *opt)
{
	static const struct load_options none = { 0 };

	return lab_load(d, path, text, strlen(text), opt ? opt : &none);
}

static void where_things_stand(void **state)
{
	static const char text[] = "name: lab\n"
				   "mgmt: {bridge: br-x}\n"
				   "topology:\n"
				   "  nodes:\n"
				   "    a:\n"
				   "      kind: linux\n"
				   "      image: some:image\n"
				   "      exec:\n"
				   "        - echo 'a b'\n"
				   "      binds: [x:/x]\n"
				   "      network-mode: container:b\n"
				   "    b: {kind: linux, mgmt-ipv4: 172.20.20.5}\n"
				   "  links:\n"
				   "    - endpoints: [\"a:e1\", \"b:e2\"]\n";
	struct diag d = { 0 };
	struct lab *lab = load(&d, "/labs/x.yaml", text, NULL);
	const struct node *a;

	(void)state;
	assert_non_null(lab);
	assert_int_equal(d.n_entries, 0);
	assert_string_equal(lab->path, "/labs/x.yaml");
	assert_string_equal(lab->dir, "/labs");
	a = &lab->nodes[lab_find_node(lab, "a")];
	assert_int_equal(a->pos.line, 5);
	assert_int_equal(a->pos.col, 5);
	assert_int_equal(a->image_pos.line, 7);
	assert_int_equal(a->net_pos.line, 11);
	assert_int_equal(a->net_pos.col, 21);
	assert_int_equal(a->exec[0].pos.line, 9);
	assert_string_equal(a->exec[0].text, "echo 'a b'");
	assert_int_equal(a->binds[0].pos.line, 10);
	assert_int_equal(lab->nodes[1].mgmt_ipv4_pos.line, 12);
	assert_int_equal(lab->nodes[1].mgmt_ipv4.len, 32);
	assert_int_equal(lab->links[0].pos.line, 14);
	assert_int_equal(lab->links[0].end[1].pos.col, 27);
	assert_int_equal(lab->mgmt.bridge_pos.line, 2);
	assert_int_equal(lab_find_node(lab, "c"), LAB_INDEX_NONE);
	lab_free(lab);
	diag_done(&d);
}

static void own_environment(void **state)
{
	static const char text[] = "name: lab\ntopology: {nodes: {a: {kind: linux, group: g}}}\n";
	static const char *const want[] = {
		"CLAB_LABEL_CONTAINERLAB=lab",
		"CLAB_LABEL_CLAB_NODE_NAME=a",
		"CLAB_LABEL_CLAB_NODE_KIND=linux",
		"CLAB_LABEL_CLAB_NODE_LONGNAME=clab-lab-a",
		"CLAB_LABEL_CLAB_NODE_GROUP=g",
		"CLAB_LABEL_CLAB_NODE_LAB_DIR=/labs/clab-lab/a",
		"CLAB_LABEL_CLAB_TOPO_FILE=/labs/x.yaml",
		"CLAB_INTFS=0",
	};
	struct diag d = { 0 };
	struct lab *lab = load(&d, "/labs/x.yaml", text, NULL);

	(void)state;
	assert_non_null(lab);
	assert_int_equal(lab->nodes[0].env.n, ARRAY_SIZE(want));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		assert_true(strv_contains(&lab->nodes[0].env, want[i]));
	lab_free(lab);
	diag_done(&d);
}

static void a_made_lab_is_searched_without_an_index(void **state)
{
	struct node nodes[2] = { { .name = "a" }, { .name = "b" } };
	struct lab lab = { .nodes = nodes, .n_nodes = 2 };

	(void)state;
	assert_int_equal(lab_find_node(&lab, "b"), 1);
	assert_int_equal(lab_find_node(&lab, "c"), LAB_INDEX_NONE);
	lab_free(NULL);
}

static void what_a_file_is(void **state)
{
	static const char topo[] = "name: ${X\ntopology: {}\n",
			  cluster[] = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n";
	static const char pod[] = "kind: Pod\napiVersion: v1\n", no[] = "[";

	(void)state;
	assert_int_equal(file_detect(topo, strlen(topo)), FILE_TOPOLOGY);
	assert_int_equal(file_detect(cluster, strlen(cluster)), FILE_CLUSTER);
	assert_int_equal(file_detect(pod, strlen(pod)), FILE_UNKNOWN);
	assert_int_equal(file_detect(no, strlen(no)), FILE_UNKNOWN);
	assert_int_equal(file_detect("", 0), FILE_UNKNOWN);
}

static void stdin_and_relative_paths(void **state)
{
	static const char text[] = "name: lab\ntopology: {nodes: {a: {kind: linux, binds: [x:/x]}}}\n";
	struct diag d = { 0 };
	struct lab *lab = load(&d, "-", text, NULL);
	char cwd[4096];

	(void)state;
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_non_null(lab);
	assert_string_equal(lab->dir, cwd);
	assert_string_equal(d.files[0].path, "<stdin>");
	assert_int_equal(strncmp(lab->nodes[0].binds[0].src, cwd, strlen(cwd)), 0);
	lab_free(lab);
	lab = load(&d, "/x.yaml", text, NULL);
	assert_string_equal(lab->dir, "/");
	assert_string_equal(lab->nodes[0].binds[0].src, "/x");
	lab_free(lab);
	diag_done(&d);
}

static void reading_files(void **state)
{
	char dir[] = "/tmp/netemu-test-XXXXXX", path[64], *text = NULL;
	struct error e = { 0 };
	size_t len = 0;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/f", dir);
	assert_int_equal(file_read(path, &text, &len, &e), -ENOENT);
	assert_non_null(strstr(e.msg, path));
	assert_int_equal(file_read(dir, &text, &len, &e), -EISDIR);
	assert_int_equal(file_read("/dev/zero", &text, &len, &e), -EINVAL);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite("a\0b", 1, 3, f), 3);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(file_read(path, &text, &len, &e), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(text, "a\0b\0", 4);
	free(text);
	assert_int_equal(truncate(path, 16 * 1024 * 1024 + 1), 0);
	assert_int_equal(file_read(path, &text, &len, &e), -EFBIG);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void expect_name(const char *dir, const char *want)
{
	static const char text[] = "name: x-__gitBranch__-__gitHash__\ntopology: {nodes: {a: {kind: linux}}}\n";
	const struct load_options opt = { .check_files = true };
	struct diag d = { 0 };
	char path[128];
	struct lab *lab;

	(void)snprintf(path, sizeof(path), "%s/labs/x.yaml", dir);
	lab = load(&d, path, text, &opt);
	assert_non_null(lab);
	assert_int_equal(d.n_errors, 0);
	assert_string_equal(lab->name, want);
	lab_free(lab);
	diag_done(&d);
}

/* A branch with its own file, one in packed-refs, a detached HEAD, no checkout at all. */
static void names_from_git(void **state)
{
	static const char *const dirs[] = { ".git", ".git/refs", ".git/refs/heads", ".git/refs/heads/feature" };
	static const char *const files[] = { ".git/HEAD", ".git/packed-refs", ".git/refs/heads/feature/x" };
	char dir[] = "/tmp/netemu-test-XXXXXX", path[128];

	(void)state;
	assert_non_null(mkdtemp(dir));
	expect_name(dir, "x-none-none");
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, dirs[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	write_file(dir, ".git/HEAD", "ref: refs/heads/feature/x\n");
	write_file(dir, ".git/packed-refs", "# pack-refs\n0123abcd refs/heads/other\n4567cdef refs/heads/main\n");
	expect_name(dir, "x-none-none"); /* a branch without a commit */
	write_file(dir, ".git/refs/heads/feature/x", "89ab\n");
	expect_name(dir, "x-feature-x-89ab");
	write_file(dir, ".git/HEAD", "ref: refs/heads/main\n");
	expect_name(dir, "x-main-4567cdef");
	write_file(dir, ".git/HEAD", "feed\n");
	expect_name(dir, "x-HEAD-feed");
	write_file(dir, ".git/HEAD", "../../etc\n");
	expect_name(dir, "x-none-none");
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		assert_int_equal(unlink(path), 0);
	}
	for (size_t i = ARRAY_SIZE(dirs); i-- > 0;) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, dirs[i]);
		assert_int_equal(rmdir(path), 0);
	}
	assert_int_equal(rmdir(dir), 0);
}

/* A lab of @n nodes in a ring, each with a second link across. */
static char *ring(size_t n)
{
	struct strbuf s = { 0 };

	strbuf_puts(&s, "name: big\ntopology:\n  defaults:\n    kind: linux\n    image: frr\n  nodes:\n");
	for (size_t i = 0; i < n; i++)
		strbuf_printf(
			&s,
			"    n%zu:\n      labels: {rack: r%zu}\n      exec:\n        - ip addr add 10.0.0.1/32 dev lo\n"
			"        - vtysh -c 'conf t' -c 'router bgp %zu'\n      binds:\n        - "
			"conf/n%zu:/etc/frr:ro\n",
			i, i % 40, i, i);
	strbuf_puts(&s, "  links:\n");
	for (size_t i = 0; i < n; i++)
		strbuf_printf(&s,
			      "    - endpoints: [\"n%zu:eth1\", \"n%zu:eth2\"]\n    - endpoints: [\"n%zu:eth3\", "
			      "\"n%zu:e%zu\"]\n",
			      i, (i + 1) % n, i, (i * 7 + 3) % n, i);
	return strbuf_steal(&s);
}

static double cpu_seconds(void)
{
	struct timespec ts;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts), 0);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double load_ring(size_t n)
{
	char *text = ring(n);
	struct diag d = { 0 };
	double start = cpu_seconds();
	struct lab *lab = load(&d, "/labs/big.yaml", text, NULL);

	start = cpu_seconds() - start;
	assert_non_null(lab);
	assert_int_equal(d.n_entries, 0);
	assert_int_equal(lab->n_nodes, n);
	assert_int_equal(lab->n_links, 2 * n);
	assert_int_equal(lab_find_node(lab, "n7"), 7);
	lab_free(lab);
	diag_done(&d);
	free(text);
	return start;
}

/* 10,000 nodes and 20,000 links: 0.2 s without sanitizers; what is quadratic would take minutes. */
static void ten_thousand_nodes(void **state)
{
	const double small = load_ring(2500), large = load_ring(10000);

	(void)state;
	if (large > 5 || large > 4 * small * 3 + 0.1)
		fail_msg("2,500 nodes took %.2f s, 10,000 took %.2f s", small, large);
}

/* Every link names a node that is not there: suggestions are not worked out a hundred thousand times. */
static void many_mistakes_are_cheap(void **state)
{
	struct strbuf s = { 0 };
	struct diag d = { 0 };
	double start;
	struct lab *lab;

	(void)state;
	strbuf_puts(&s, "name: big\ntopology:\n  defaults: {kind: linux}\n  nodes:\n");
	for (int i = 0; i < 5000; i++)
		strbuf_printf(&s, "    node%d:\n", i);
	strbuf_puts(&s, "  links:\n");
	for (int i = 0; i < 20000; i++)
		strbuf_printf(&s, "    - endpoints: [\"nod%d:eth1\", \"x%d:eth2\"]\n", i, i);
	start = cpu_seconds();
	lab = load(&d, "/labs/big.yaml", strbuf_str(&s), NULL);
	assert_true(cpu_seconds() - start < 5);
	assert_int_equal(d.n_errors, 40000);
	lab_free(lab);
	diag_done(&d);
	strbuf_done(&s);
}

static void expect_heavy(const struct strbuf *s)
{
	struct diag d = { 0 };
	struct lab *lab = load(&d, "/labs/x.yaml", strbuf_str(s), NULL);
	bool found = false;

	for (size_t i = 0; i < d.n_entries; i++)
		found |= strstr(d.entries[i].msg, "amounts to more than 256 MiB") != NULL;
	assert_true(found);
	lab_free(lab);
	diag_done(&d);
}

/* A megabyte that ten thousand nodes inherit; and wrong names of a megabyte, which go into everything. */
static void small_files_stay_small(void **state)
{
	static char big[1024 * 1024];
	struct strbuf s = { 0 };
	struct diag d = { 0 };

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	strbuf_printf(&s, "name: x\ntopology:\n  defaults: {kind: linux, env: {A: %s}}\n  nodes:\n", big);
	for (int i = 0; i < 10000; i++)
		strbuf_printf(&s, "    n%d:\n", i);
	expect_heavy(&s);
	strbuf_reset(&s);
	strbuf_printf(&s, "name: %s\nprefix: %s\ntopology:\n  defaults: {exec: [__clabLabName____clabNodeName__]}\n",
		      big, big);
	strbuf_printf(&s, "  kinds: {linux: {network-mode: 'container:%s'}}\n  nodes:\n", big);
	for (int i = 0; i < 100; i++)
		strbuf_printf(&s, "    n%d: {kind: linux}\n", i);
	strbuf_printf(&s, "    %.1000s: {kind: linux}\n  links:\n", big);
	for (int i = 0; i < 10000; i++)
		strbuf_printf(&s, "    - endpoints: [\"n%d:e%d\", \"n0:f%d\"]\n", i % 100, i, i);
	lab_free(load(&d, "/labs/x.yaml", strbuf_str(&s), NULL));
	assert_true(d.n_errors > 0);
	diag_done(&d);
	strbuf_done(&s);
}

static void long_chains_of_namespaces(void **state)
{
	struct strbuf s = { 0 };
	struct diag d = { 0 };
	struct lab *lab;

	(void)state;
	strbuf_puts(&s, "name: chain\ntopology:\n  defaults: {kind: linux}\n  nodes:\n");
	for (int i = 0; i < 10000; i++)
		strbuf_printf(&s, "    n%d: {network-mode: 'container:n%d'}\n", i, (i + 1) % 10000);
	lab = load(&d, "/labs/x.yaml", strbuf_str(&s), NULL);
	assert_int_equal(d.n_errors, 1);
	lab_free(lab);
	diag_done(&d);
	strbuf_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_things_stand),
		cmocka_unit_test(own_environment),
		cmocka_unit_test(a_made_lab_is_searched_without_an_index),
		cmocka_unit_test(what_a_file_is),
		cmocka_unit_test(stdin_and_relative_paths),
		cmocka_unit_test(reading_files),
		cmocka_unit_test(names_from_git),
		cmocka_unit_test(ten_thousand_nodes),
		cmocka_unit_test(many_mistakes_are_cheap),
		cmocka_unit_test(small_files_stay_small),
		cmocka_unit_test(long_chains_of_namespaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
