// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * load.c - lab_load(): what a file is, and who reads it
 *
 * Implements topology/load.h from here, because only this side knows topologies and clusters both. Owns telling
 * one from the other by content, and which text is read: a topology's after environment substitution, a cluster's
 * as it is (Kind substitutes nothing).
 */
#include "topology/load.h"

#include <limits.h>
#include <string.h>

#include "cluster/kind.h"
#include "topology/nodekeys.h"

static enum file_type type_of(const struct value *root)
{
	const struct value *steps = root ? value_get(root, "steps") : NULL;

	if (root && value_get(root, "topology"))
		return steps && steps->type == VALUE_SEQ ? FILE_TEST : FILE_TOPOLOGY;
	if (root && strncmp(value_string(value_get(root, "apiVersion")), KIND_API_GROUP, strlen(KIND_API_GROUP)) == 0 &&
	    strcmp(value_string(value_get(root, "kind")), "Cluster") == 0)
		return FILE_CLUSTER;
	return FILE_UNKNOWN;
}

enum file_type file_detect(const char *text, size_t len)
{
	_cleanup_diag_ struct diag d = { 0 };
	_cleanup_source_ struct source src = { 0 };
	_cleanup_(arena_done) struct arena a = { 0 };
	const struct value *root = NULL;

	if (len > SOURCE_MAX)
		return FILE_UNKNOWN;
	source_init(&src, &d, diag_add_file(&d, "", NULL, 0), text, len);
	return doc_parse(&src, &a, &root) < 0 ? FILE_UNKNOWN : type_of(root);
}

/* Cheap for what is none. */
static bool may_be_test(const char *text, size_t len)
{
	return len <= SOURCE_MAX && (memmem(text, len, "\nsteps:", 7) || (len > 6 && memcmp(text, "steps:", 6) == 0));
}

static void add_path(struct arena *a, const char *path, const struct value *v, struct strv *ret)
{
	const char *slash = strrchr(path, '/');

	if (value_is_set(v))
		strv_add(a, ret, v->text[0] == '/' || !slash ? v->text
							     : arena_printf(a, "%.*s%s", (int)(slash + 1 - path), path, v->text));
}

bool file_test_topologies(const char *path, const char *text, size_t len, struct arena *a, struct strv *ret)
{
	_cleanup_diag_ struct diag d = { 0 };
	_cleanup_source_ struct source src = { 0 };
	const struct value *root = NULL, *topology;

	if (!may_be_test(text, len))
		return false;
	source_init(&src, &d, diag_add_file(&d, "", NULL, 0), text, len);
	if (doc_parse(&src, a, &root) < 0 || type_of(root) != FILE_TEST)
		return false;
	topology = value_get(root, "topology");
	if (topology->type == VALUE_SCALAR)
		add_path(a, path, topology, ret);
	for (size_t i = 0; topology->type == VALUE_SEQ && i < topology->n; i++)
		add_path(a, path, topology->items[i], ret);
	return true;
}

/* Of a test file, what a topology has, too: the rest is its runner's. */
static void test_load_topology(struct loader *l, const struct value *root)
{
	struct value part = *root;

	part.pairs = arena_alloc(&l->scratch, (root->n + 1) * sizeof(*part.pairs));
	part.n = 0;
	for (size_t i = 0; i < root->n; i++)
		for (size_t k = 0; k < file_schema.n; k++)
			if (strcmp(file_schema.keys[k].name, root->pairs[i].key) == 0)
				part.pairs[part.n++] = root->pairs[i];
	topology_load(l, &part);
}

static void set_path(struct lab *lab, const char *path)
{
	char cwd[PATH_MAX], *slash;
	char *dir;

	if (!getcwd(cwd, sizeof(cwd)))
		strcpy(cwd, "/");
	lab->path = path_clean(&lab->arena, cwd, strcmp(path, "-") == 0 ? "stdin" : path);
	dir = arena_strdup(&lab->arena, lab->path);
	slash = strrchr(dir, '/');
	slash[slash == dir] = '\0';
	lab->dir = dir;
}

static void report_unknown(struct loader *l, const struct value *root)
{
	const struct pos pos = { .file = l->lab->file };
	static const char *const hint = "understood are containerlab topologies (a map with 'topology:'), Kind "
					"cluster configs ('kind: Cluster' with 'apiVersion: " KIND_API_VERSION
					"'), Kubernetes manifests ('apiVersion' and 'kind') and Cilium's values.yaml";

	if (root->type != VALUE_MAP)
		diag_error(l->d, root->pos, hint, "the file holds %s, not a map", value_type_names[root->type]);
	else if (value_is_set(value_get(root, "kind")))
		diag_error(l->d, value_get(root, "kind")->pos, hint,
			   "'%s' (%s) is neither a topology nor a Kind cluster config",
			   value_string(value_get(root, "kind")), value_string(value_get(root, "apiVersion")));
	else
		diag_error(l->d, pos, hint, "neither a topology nor a Kind cluster config");
}

/* Reads the document in @src into the lab. Return: whether it could be understood at all. */
static bool load_document(struct loader *l, struct source *src)
{
	const struct value *root;

	if (doc_parse(src, &l->scratch, &root) < 0)
		return false;
	switch (type_of(root)) {
	case FILE_TOPOLOGY:
		topology_load(l, root);
		return true;
	case FILE_CLUSTER:
		kind_load(l, root);
		return true;
	case FILE_TEST:
		test_load_topology(l, root);
		return true;
	default:
		report_unknown(l, root);
		return false;
	}
}

static bool load_text(struct loader *l, const char *text, size_t len)
{
	_cleanup_source_ struct source src = { 0 };
	const struct pos pos = { .file = l->lab->file };

	if (len > SOURCE_MAX) {
		diag_error(l->d, pos, NULL, "larger than 16 MiB");
		return false;
	}
	source_init(&src, l->d, l->lab->file, text, len);
	/* Only a text with dollars is parsed twice, and only as far as it takes to see that it is no cluster's. */
	if (memchr(text, '$', len) && file_detect(text, len) != FILE_CLUSTER &&
	    source_substitute(&src, l->opt->environ_) < 0)
		return false;
	return load_document(l, &src);
}

struct lab *lab_load(struct diag *d, const char *path, const char *text, size_t len, const struct load_options *opt)
{
	const char *shown = opt->shown ? opt->shown : strcmp(path, "-") == 0 ? "<stdin>" : path;
	struct loader l = { .d = d, .opt = opt, .lab = calloc(1, sizeof(struct lab)) };
	bool ok;

	if (!l.lab) {
		diag_error(d, (struct pos){ .file = diag_add_file(d, shown, text, len) }, NULL, "out of memory");
		return NULL;
	}
	l.a = &l.lab->arena;
	l.lab->file = diag_add_file(d, shown, text, len);
	set_path(l.lab, path);
	ok = load_text(&l, text, len);
	strmap_done(&l.ignored.seen);
	strmap_done(&l.env);
	arena_done(&l.scratch);
	if (ok)
		return l.lab;
	lab_free(l.lab);
	return NULL;
}
