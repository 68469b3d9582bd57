// SPDX-License-Identifier: GPL-2.0-or-later
#include "files.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "cluster/pins.h"
#include "engine/state.h"
#include "kubeapply.h"
#include "images.h"
#include "plan/plan.h"
#include "render.h"
#include "verbs.h"

/* ---- which file ---- */

static bool name_ends_in(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n > m && strcmp(name + n - m, suffix) == 0;
}

/* As containerlab names topologies; templates count where there is nothing else. */
static const char *const suffixes[2][4] = {
	{ ".clab.yml", ".clab.yaml" },
	{ ".clab.gotmpl", ".clab.yml.gotmpl", ".clab.yaml.gotmpl" },
};

static bool name_is_topology(const char *name, size_t turn)
{
	for (size_t i = 0; i < ARRAY_SIZE(suffixes[turn]) && suffixes[turn][i]; i++)
		if (name_ends_in(name, suffixes[turn][i]))
			return true;
	return false;
}

static int directory_topologies(struct arena *a, const char *path, size_t turn, struct strv *ret, struct error *e)
{
	_cleanup_closedir_ DIR *dir = opendir(path);

	if (!dir)
		return error_errno(e, errno, "%s", path);
	for (const struct dirent *d = readdir(dir); d; d = readdir(dir))
		if (d->d_name[0] != '.' && name_is_topology(d->d_name, turn))
			strv_add(a, ret, arena_printf(a, "%s/%s", path, d->d_name));
	return 0;
}

static int directory_lookup(struct arena *a, const char *path, const char **ret, struct error *e)
{
	const char *plain = arena_printf(a, "%s/topo.yaml", path);
	struct strv found = { 0 };
	int r = 0;

	for (size_t turn = 0; r == 0 && found.n == 0 && turn < ARRAY_SIZE(suffixes); turn++)
		r = directory_topologies(a, path, turn, &found, e);
	if (r < 0)
		return r;
	if (found.n > 1)
		return error_set(e, EINVAL, "%s: several topologies are there (%s, %s%s): name one of them", path,
				 strrchr(found.v[0], '/') + 1, strrchr(found.v[1], '/') + 1, found.n > 2 ? ", ..." : "");
	if (found.n == 0 && access(plain, F_OK) < 0)
		return error_set(e, ENOENT, "%s: no topology is there (*.clab.yml, *.clab.yaml, *.clab.gotmpl or topo.yaml)", path);
	*ret = found.n ? found.v[0] : plain;
	return 0;
}

/* What containerlab would fetch: netemu works with files that are there. */
static bool is_remote(const char *path)
{
	static const char *const starts[] = { "http://", "https://", "git@", "git://", "ssh://", "s3://" };

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (strncmp(path, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

int files_lookup(struct arena *a, const char *path, const char **ret, struct error *e)
{
	struct stat sb;

	if (is_remote(path))
		return error_set(e, EINVAL, "%s: netemu fetches nothing: get it first (git clone, curl -O), then name the file",
				 path);
	if (strcmp(path, "-") == 0 || stat(path, &sb) < 0 || !S_ISDIR(sb.st_mode)) {
		*ret = arena_strdup(a, path);
		return 0;
	}
	return directory_lookup(a, path, ret, e);
}

/* ---- loading ---- */

/* Whether two paths are the same file. */
static bool same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	if (strcmp(a, b) == 0)
		return true;
	return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_ino == sb.st_ino && sa.st_dev == sb.st_dev;
}

/* Whether a cluster of this name runs. */
static bool cluster_runs(const char *name)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;

	return state_load(name, &st, NULL) == 0 && strcmp(st->type, "cluster") == 0;
}

/*
 * A topology may be called as the cluster that it cables, as Cilium's are: to containerlab and Kind those are two worlds. Its
 * nodes keep their names, and the lab is called as containerlab calls its directory. Return: whether it was that.
 */
static bool give_way(struct files *f, struct lab *lab, const char *where)
{
	if (lab->type != LAB_TOPOLOGY)
		return false;
	diag_warning(&f->diag, (struct pos){ .file = lab->file }, NULL, "a cluster is called '%s', too (%s): this lab is called clab-%s",
		     lab->name, where, lab->name);
	lab->name = arena_printf(&lab->arena, "clab-%s", lab->name);
	return true;
}

static void check_name(struct files *f, struct lab *lab)
{
	if (lab->type == LAB_TOPOLOGY && cluster_runs(lab->name))
		(void)give_way(f, lab, "it is running");
	for (size_t i = 0; i < f->n; i++) {
		struct lab *other = f->labs[i];

		if (strcmp(other->name, lab->name) != 0)
			continue;
		if (other->type != lab->type && give_way(f, lab->type == LAB_TOPOLOGY ? lab : other,
							 f->diag.files[(lab->type == LAB_TOPOLOGY ? other : lab)->file].path))
			continue;
		diag_error(&f->diag, (struct pos){ .file = lab->file }, "give one of them another name",
			   "lab '%s' is in %s already", lab->name, other->path);
		return;
	}
}

const char *files_shown(const char *path)
{
	return strcmp(path, "-") == 0 ? "<stdin>" : path;
}

int files_text(struct files *f, const char *path, char **ret, size_t *ret_len, struct error *e)
{
	int r = file_read(path, ret, ret_len, e);

	if (r == 0)
		*ARENA_PUSH(&f->arena, f->texts, f->n_texts) = *ret;
	return r;
}

/* The text of a file as it is loaded: what a template renders to. @ret_shown: its name, or NULL: the path's. */
static int file_text(struct files *f, const char *path, const char *vars, char **ret, size_t *ret_len, const char **ret_shown,
		     struct error *e)
{
	_cleanup_strbuf_ struct strbuf rendered = { 0 };
	int r = files_text(f, path, ret, ret_len, e);

	if (r < 0 || !render_wanted(&f->arena, path, *ret, vars))
		return r;
	r = render_topology(f, path, *ret, *ret_len, vars, &rendered, e);
	if (r < 0)
		return r;
	*ret_len = rendered.len;
	*ret = strbuf_steal(&rendered);
	if (!*ret)
		return error_oom(e);
	*ARENA_PUSH(&f->arena, f->texts, f->n_texts) = *ret;
	*ret_shown = arena_printf(&f->arena, "%s (rendered)", files_shown(path));
	return 0;
}

static int file_load(struct files *f, const char *path, const struct load_options *opt, const char *vars, struct error *e)
{
	struct load_options own = *opt;
	struct lab *lab, **slot;
	char *text;
	size_t len;
	int r = file_text(f, path, vars, &text, &len, &own.shown, e);

	if (r == -EINVAL && !e->code)
		return 0; /* said in the diagnostics: the other files have theirs to say */
	if (r < 0)
		return r;
	if (manifest_detect(text, len)) {
		strv_add(&f->arena, &f->manifest_files, path);
		manifests_load(&f->diag, files_shown(path), text, len, &f->manifests);
		return 0;
	}
	lab = lab_load(&f->diag, path, text, len, &own);
	if (!lab)
		return 0;
	if (lab->name)
		check_name(f, lab);
	r = images_resolve(lab, e);
	if (r == 0 && plan_map_images(lab, own.map_images))
		r = images_resolve(lab, e);
	if (r < 0)
		return r;
	plan_check_images(lab, &f->diag);
	slot = ARENA_PUSH(&f->arena, f->labs, f->n);
	*slot = lab;
	return 0;
}

/* The cluster that a node of kind k8s-kind asks for: a lab of its own, which ends with the topology's file. */
static void cluster_load(struct files *f, const struct lab *lab, const struct lab_cluster *k, const struct load_options *opt)
{
	static const char defaults[] = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n";
	struct load_options own = *opt;
	const char *path = k->path ? k->path : lab->path;
	char *text = (char *)(k->text ? k->text : defaults);
	size_t len = strlen(text);
	struct lab *cluster;
	struct error wrong = { 0 };

	if (k->path && files_text(f, k->path, &text, &len, &wrong) < 0) {
		diag_error(&f->diag, k->pos, NULL, "the startup-config of cluster '%s': %s", k->name, wrong.msg);
		return;
	}
	own.name = k->name;
	own.node_filter = NULL;
	own.node_image = k->image;
	own.shown = k->path ? NULL : arena_printf(&f->arena, "%s (startup-config of %s)", f->diag.files[lab->file].path, k->name);
	if (file_detect(text, len) == FILE_TOPOLOGY) {
		diag_error(&f->diag, k->pos, NULL, "the startup-config of a k8s-kind node is a Kind config, but %s is a topology",
			   files_shown(path));
		return;
	}
	cluster = lab_load(&f->diag, path, text, len, &own);
	if (!cluster)
		return;
	check_name(f, cluster);
	cluster->path = arena_strdup(&cluster->arena, lab->path);
	*ARENA_PUSH(&f->arena, f->labs, f->n) = cluster;
}

static void clusters_load(struct files *f, const struct load_options *opt)
{
	for (size_t i = 0, n = f->n; i < n; i++) {
		const struct lab *lab = f->labs[i];

		for (size_t k = 0; k < lab->n_clusters; k++)
			cluster_load(f, lab, &lab->clusters[k], opt);
	}
}

static void file_add(struct files *f, const char *file, struct strv *files)
{
	for (size_t i = 0; i < files->n; i++)
		if (same_file(files->v[i], file))
			return;
	strv_add(&f->arena, files, file);
}

/* In place of a test file, the topologies that it names; one that cannot be read is reported when it is loaded. */
static int test_add(struct files *f, const char *file, struct strv *files, struct error *e)
{
	_cleanup_free_ char *text = NULL;
	struct strv topologies = { 0 };
	struct stat sb;
	size_t len;
	int r = 0;

	/* What can be read once only is not looked at. */
	if (stat(file, &sb) < 0 || !S_ISREG(sb.st_mode) || file_read(file, &text, &len, NULL) < 0 ||
	    !file_test_topologies(file, text, len, &f->arena, &topologies) || topologies.n == 0) {
		file_add(f, file, files);
		return 0;
	}
	for (size_t i = 0; r == 0 && i < topologies.n; i++) {
		const char *topology = NULL;

		r = files_lookup(&f->arena, topologies.v[i], &topology, e);
		if (r == 0)
			file_add(f, topology, files);
	}
	return r < 0 ? error_wrap(e, "%s: its topology", file) : 0;
}

static int path_add(struct files *f, const char *path, struct strv *files, struct error *e)
{
	const char *file = NULL;
	int r = files_lookup(&f->arena, path, &file, e);

	return r < 0 ? r : test_add(f, file, files, e);
}

int files_load(const struct strv *paths, const struct load_options *opt, const char *vars, struct files *ret, struct error *e)
{
	const char *topo = getenv("CLAB_TOPO");
	struct strv files = { 0 };
	int r = 0;

	*ret = (struct files){ 0 };
	for (size_t i = 0; r == 0 && i < paths->n; i++)
		r = path_add(ret, paths->v[i], &files, e);
	if (r == 0 && paths->n == 0)
		r = path_add(ret, topo && *topo ? topo : ".", &files, e);
	for (size_t i = 0; r == 0 && i < files.n; i++)
		r = file_load(ret, files.v[i], opt, vars, e);
	if (r < 0)
		return r;
	clusters_load(ret, opt);
	kube_apply_check(&ret->manifests, files_cluster(ret), &ret->diag);
	return ret->diag.n_errors ? -EINVAL : 0;
}

/* ---- manifests alone ---- */

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int directory_manifests(struct files *f, const char *path, struct strv *ret, struct error *e)
{
	_cleanup_closedir_ DIR *dir = opendir(path);
	const size_t before = ret->n;

	if (!dir)
		return error_errno(e, errno, "%s", path);
	for (const struct dirent *d = readdir(dir); d; d = readdir(dir))
		if (d->d_name[0] != '.' && (name_ends_in(d->d_name, ".yaml") || name_ends_in(d->d_name, ".yml") ||
					    name_ends_in(d->d_name, ".json")))
			strv_add(&f->arena, ret, arena_printf(&f->arena, "%s/%s", path, d->d_name));
	if (ret->n == before)
		return error_set(e, ENOENT, "%s: no *.yaml, *.yml or *.json is there", path);
	qsort(ret->v + before, ret->n - before, sizeof(*ret->v), compare);
	return 0;
}

static int manifest_load(struct files *f, const char *path, struct error *e)
{
	char *text;
	size_t len;
	int r = files_text(f, path, &text, &len, e);

	if (r < 0)
		return r;
	strv_add(&f->arena, &f->manifest_files, path);
	if (file_detect(text, len) != FILE_UNKNOWN)
		return error_set(e, EINVAL, "%s: a topology or a cluster config is not applied, but run (netemu run %s)", files_shown(path),
				 path);
	manifests_load(&f->diag, files_shown(path), text, len, &f->manifests);
	return 0;
}

int files_load_manifests(const struct strv *paths, struct files *ret, struct error *e)
{
	struct strv files = { 0 };
	struct stat sb;
	int r = 0;

	*ret = (struct files){ 0 };
	for (size_t i = 0; r == 0 && i < paths->n; i++) {
		if (strcmp(paths->v[i], "-") != 0 && stat(paths->v[i], &sb) == 0 && S_ISDIR(sb.st_mode))
			r = directory_manifests(ret, paths->v[i], &files, e);
		else
			strv_add(&ret->arena, &files, paths->v[i]);
	}
	for (size_t i = 0; r == 0 && i < files.n; i++)
		r = manifest_load(ret, files.v[i], e);
	if (r < 0)
		return r;
	kube_apply_check(&ret->manifests, NULL, &ret->diag);
	return ret->diag.n_errors ? -EINVAL : 0;
}

/* ---- pins ---- */

struct lab *files_cluster(const struct files *files)
{
	struct lab *found = NULL;

	for (size_t i = 0; i < files->n; i++) {
		if (files->labs[i]->type != LAB_CLUSTER)
			continue;
		if (found)
			return NULL;
		found = files->labs[i];
	}
	return found;
}

int files_pin(struct files *f, const char *path, struct lab *cluster, bool running, struct error *e)
{
	json_t *pins;
	char *text;
	size_t len;
	int r = files_text(f, path, &text, &len, e);

	if (r < 0)
		return r;
	pins = pins_load(&f->diag, files_shown(path), text, len, cluster, running);
	if (pins && !running)
		pins_apply(cluster, pins);
	if (pins && running)
		f->pins = json_incref(pins);
	json_decref(pins);
	return f->diag.n_errors ? -EINVAL : 0;
}

/* The pins of the command line for each cluster in the files. */
static int pin_labs(const struct cli *cli, struct files *f, struct error *e)
{
	const char *path = cli_value(cli, "pin") ? cli_value(cli, "pin") : getenv("NETEMU_PIN");
	int r = 0;

	for (size_t i = 0; path && *path && r == 0 && i < f->n; i++)
		if (f->labs[i]->type == LAB_CLUSTER)
			r = files_pin(f, path, f->labs[i], false, e);
	return r;
}

static bool only_clusters(const struct files *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->labs[i]->type != LAB_CLUSTER)
			return false;
	return f->n > 0;
}

int files_load_cli(const struct cli *cli, struct files *ret)
{
	_cleanup_arena_ struct arena a = { 0 };
	const struct strv topo = cli_list(cli, "topo"), filter = cli_list(cli, "node-filter");
	const struct strv kinds = cli_list(cli, "map-kind"), images = cli_list(cli, "map-image");
	const char *vars = cli_value(cli, "vars") ? cli_value(cli, "vars") : getenv("CLAB_VARS");
	const struct load_options opt = {
		.name = cli_value(cli, "name"),
		.node_filter = filter.n ? &filter : NULL,
		.map_kinds = kinds.n ? &kinds : NULL,
		.map_images = images.n ? &images : NULL,
		.environ_ = environ,
		.strict = cli->verb->run == cmd_validate,
		.check_files = true,
	};
	struct strv paths = { 0 };
	struct error e = { 0 };
	int r;

	for (size_t i = 0; i < kinds.n; i++)
		if (!strchr(kinds.v[i], '=') || kinds.v[i][0] == '=')
			return cli_usage(cli, "--map-kind %s: write KIND=linux or KIND=linux:IMAGE", kinds.v[i]);
	for (size_t i = 0; i < images.n; i++)
		if (!strchr(images.v[i], '=') || images.v[i][0] == '=')
			return cli_usage(cli, "--map-image %s: write IMAGE=OTHER", images.v[i]);
	for (size_t i = 0; i < cli_args(cli)->n; i++)
		strv_add(&a, &paths, cli_args(cli)->v[i]);
	for (size_t i = 0; i < topo.n; i++)
		strv_add(&a, &paths, topo.v[i]);
	r = files_load(&paths, &opt, vars && *vars ? vars : NULL, ret, &e);
	if (r == 0)
		r = pin_labs(cli, ret, &e);
	diag_print(&ret->diag, stderr, cli_colour(stderr));
	if (r == 0 && filter.n && only_clusters(ret))
		return cli_usage(cli, "--node-filter chooses nodes of a topology, and there is none: "
				      "a cluster is made as a whole");
	if (r == 0)
		return CLI_OK;
	if (e.code)
		return cli_fail(cli, &e);
	return CLI_INVALID;
}

void files_done(struct files *files)
{
	for (size_t i = 0; i < files->n; i++)
		lab_free(files->labs[i]);
	for (size_t i = 0; i < files->n_texts; i++)
		free(files->texts[i]);
	manifests_done(&files->manifests);
	json_decref(files->pins);
	diag_done(&files->diag);
	arena_done(&files->arena);
	*files = (struct files){ 0 };
}

/* ---- which running labs ---- */

static void add_once(struct arena *a, struct strv *names, const char *name)
{
	if (!strv_contains(names, name))
		strv_add(a, names, name);
}

/* @path as the state of a lab has it: absolute. The file may be gone. */
static const char *absolute(struct arena *a, const char *path)
{
	char cwd[PATH_MAX];

	if (path[0] == '/' || !getcwd(cwd, sizeof(cwd)))
		return arena_strdup(a, path);
	while (strncmp(path, "./", 2) == 0)
		path += 2;
	return arena_printf(a, "%s/%s", strcmp(cwd, "/") == 0 ? "" : cwd, path);
}

/* The running labs that were made from the file @path. */
static int labs_of_path(struct arena *a, const struct strv *running, const char *path, struct strv *ret)
{
	const char *full = absolute(a, path);
	size_t before = ret->n;

	for (size_t i = 0; i < running->n; i++) {
		_cleanup_(state_freep) struct lab_state *st = NULL;

		if (state_load(running->v[i], &st, NULL) == 0 && *st->path && same_file(st->path, full))
			add_once(a, ret, st->name);
	}
	return ret->n > before ? 0 : -ENOENT;
}

/* The lab that the file @path would make now. */
static int lab_in_file(struct arena *a, const char *path, struct strv *ret)
{
	const struct load_options opt = { .environ_ = environ };
	const struct strv paths = { (char *[]){ (char *)path, NULL }, 1 };
	_cleanup_files_ struct files files = { 0 };
	struct error e = { 0 };

	(void)files_load(&paths, &opt, NULL, &files, &e);
	for (size_t i = 0; i < files.n; i++)
		if (files.labs[i]->name && state_name_valid(files.labs[i]->name))
			add_once(a, ret, files.labs[i]->name);
	return files.n || files.manifests.n ? 0 : -ENOENT;
}

int files_find_labs(struct arena *a, const char *arg, struct strv *ret, struct error *e)
{
	struct strv running = { 0 };
	const char *file = arg;
	int r = state_names(a, &running, e);

	if (r < 0)
		return r;
	if (strv_contains(&running, arg)) {
		add_once(a, ret, arg);
		return 0;
	}
	(void)files_lookup(a, arg, &file, NULL);
	if (labs_of_path(a, &running, file, ret) == 0)
		return 0;
	if (access(file, F_OK) == 0 || strcmp(file, "-") == 0)
		return lab_in_file(a, file, ret);
	if (!state_name_valid(arg))
		return -ENOENT;
	add_once(a, ret, arg);
	return 0;
}
