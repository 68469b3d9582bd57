// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_kind.c - kind: clusters
 */
#include <stdarg.h>
#include <string.h>

#include "kubeclient.h"
#include "shim_docker.h"
#include "shim_kind.h"
#include "shim_options.h"
#include "topology/load.h"

#define COMMON                                                                                                         \
	VALUE("name", 'n', "NAME", "name of the cluster"), VALUE("kubeconfig", 0, "FILE", "the kubeconfig to change"), \
		FLAG("quiet", 'q', "say nothing but errors"), VALUE("verbosity", 'v', "LEVEL", IGNORED),               \
		FLAG("help", 'h', "this")

static const char default_name[] = "kind";

/* "kind create cluster" without a config: one control plane. */
static const char default_config[] = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n";

static int fail(const char *fmt, ...) _printf_(1, 2);
static int fail(const char *fmt, ...)
{
	va_list ap;

	(void)fputs("ERROR: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	return CLI_FAILED;
}

/* ---- create ---- */

static void say(const struct cli *cli, const char *text)
{
	if (!cli_flag(cli, "quiet"))
		(void)fprintf(stderr, "%s\n", text);
}

/* What kind tells while it works; here all of it has just happened. */
static void tell_steps(const struct cli *cli, const struct lab_state *st, bool cni)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *image = st->n_nodes ? st->nodes[0].image : "", *boxes = "";
	size_t control_planes = 0;

	for (size_t i = 0; i < st->n_nodes; i++) {
		boxes = arena_printf(&a, "%s📦 ", boxes);
		control_planes += strstr(st->nodes[i].name, "control-plane") != NULL;
	}
	say(cli, arena_printf(&a, " ✓ Ensuring node image (%.*s) 🖼", (int)strcspn(image, "@"), image));
	say(cli, arena_printf(&a, " ✓ Preparing nodes %s", boxes));
	say(cli, " ✓ Writing configuration 📜");
	say(cli, " ✓ Starting control-plane 🕹️");
	if (cni)
		say(cli, " ✓ Installing CNI 🔌");
	say(cli, " ✓ Installing StorageClass 💾");
	if (control_planes > 1)
		say(cli, " ✓ Joining more control-plane nodes 🎮");
	if (st->n_nodes > control_planes)
		say(cli, " ✓ Joining worker nodes 🚜");
}

static void tell_end(const struct cli *cli, const char *name)
{
	_cleanup_arena_ struct arena a = { 0 };

	say(cli, arena_printf(&a, "Set kubectl context to \"kind-%s\"", name));
	say(cli, "You can now use your cluster with:\n");
	say(cli, arena_printf(&a, "kubectl cluster-info --context kind-%s\n", name));
	say(cli, "Have a nice day! 👋");
}

/* What a config file says of itself, before it is made. */
struct config {
	const char *name;
	bool cni;
};

static int config_read(struct arena *a, const char *path, const char *name, struct config *ret, struct error *e)
{
	_cleanup_diag_ struct diag d = { 0 };
	_cleanup_free_ char *text = NULL;
	const struct load_options opt = { .name = name, .environ_ = environ };
	_cleanup_(lab_freep) struct lab *lab = NULL;
	size_t len;
	int r = file_read(path, &text, &len, e);

	if (r < 0)
		return r;
	lab = lab_load(&d, path, text, len, &opt);
	/* Its mistakes are shown by `run`. */
	*ret = (struct config){ .name = arena_strdup(a, lab    ? lab->name
							: name ? name
							       : default_name),
				.cni = !lab || !lab->disable_default_cni };
	return 0;
}

static int cluster_run(const struct cli *cli, const char *path)
{
	const char *wait = cli_value(cli, "wait");
	const int saved = shim_quiet();
	const int code =
		shim_verb("run", path, cli_value(cli, "name") ? "--name" : NULL, cli_value(cli, "name"),
			  wait && strcmp(wait, "0") != 0 && strcmp(wait, "0s") != 0 ? "--wait" : NULL, SHIM_END);

	shim_loud(saved);
	return code;
}

static bool is_running(const char *name)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;

	return state_load(name, &st, NULL) == 0;
}

static int create_from(const struct cli *cli, const char *path)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;
	_cleanup_arena_ struct arena a = { 0 };
	struct config config;
	struct error e = { 0 };

	if (config_read(&a, path, cli_value(cli, "name"), &config, &e) < 0)
		return fail("failed to create cluster: error reading file: %s", e.msg);
	if (is_running(config.name))
		return fail("failed to create cluster: node(s) already exist for a cluster with the name \"%s\"",
			    config.name);
	if (!cli_flag(cli, "quiet"))
		(void)fprintf(stderr, "Creating cluster \"%s\" ...\n", config.name);
	if (cluster_run(cli, path) != CLI_OK)
		return fail("failed to create cluster \"%s\"", config.name);
	if (state_load(config.name, &st, &e) < 0 || kubeconfig_merge(config.name, cli_value(cli, "kubeconfig"), &e) < 0)
		return fail("%s", e.msg);
	tell_steps(cli, st, config.cni);
	tell_end(cli, config.name);
	return CLI_OK;
}

static int kind_create(const struct cli *cli)
{
	const char *path = cli_value(cli, "config");
	char tmp[] = "/tmp/netemu-kind.XXXXXX";
	int code, fd;

	if (path)
		return create_from(cli, path);
	fd = mkstemp(tmp);
	if (fd < 0 || write(fd, default_config, strlen(default_config)) < 0)
		return fail("%s", strerror(errno));
	(void)fd_close(fd);
	code = create_from(cli, tmp);
	(void)unlink(tmp);
	return code;
}

/* ---- delete ---- */

static int delete_one(const struct cli *cli, const char *name)
{
	struct error e = { 0 };
	int saved, code;

	if (!cli_flag(cli, "quiet"))
		(void)fprintf(stderr, "Deleting cluster \"%s\" ...\n", name);
	saved = shim_quiet();
	code = is_running(name) ? shim_verb("destroy", "--name", name, SHIM_END) : CLI_OK;
	shim_loud(saved);
	if (code == CLI_OK && kubeconfig_forget(name, cli_value(cli, "kubeconfig"), &e) < 0)
		return fail("%s", e.msg);
	return code;
}

static int kind_delete(const struct cli *cli)
{
	return delete_one(cli, cli_value(cli, "name") ? cli_value(cli, "name") : default_name);
}

static int clusters_find(struct arena *a, struct strv *ret, struct error *e)
{
	struct strv labs = { 0 };
	int r = state_names(a, &labs, e);

	for (size_t i = 0; r == 0 && i < labs.n; i++) {
		_cleanup_(state_freep) struct lab_state *st = NULL;

		if (state_load(labs.v[i], &st, NULL) == 0 && strcmp(st->type, "cluster") == 0)
			strv_add(a, ret, labs.v[i]);
	}
	return r;
}

static int kind_delete_clusters(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strv names = { 0 };
	struct error e = { 0 };
	int code = CLI_OK;

	if (cli_flag(cli, "all") && clusters_find(&a, &names, &e) < 0)
		return fail("%s", e.msg);
	for (size_t i = 0; i < cli_args(cli)->n; i++)
		strv_add(&a, &names, cli_args(cli)->v[i]);
	for (size_t i = 0; i < names.n; i++)
		code |= delete_one(cli, names.v[i]);
	if (code == CLI_OK && names.n) {
		(void)fprintf(stderr, "Deleted clusters: [");
		for (size_t i = 0; i < names.n; i++)
			(void)fprintf(stderr, "%s\"%s\"", i ? " " : "", names.v[i]);
		(void)fprintf(stderr, "]\n");
	}
	return code;
}

/* ---- get, export, load ---- */

static int kind_get_clusters(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strv names = { 0 };
	struct error e = { 0 };

	if (clusters_find(&a, &names, &e) < 0)
		return fail("%s", e.msg);
	for (size_t i = 0; i < names.n; i++)
		(void)puts(names.v[i]);
	if (names.n == 0)
		say(cli, "No kind clusters found.");
	return CLI_OK;
}

static int kind_get_nodes(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strv names = { 0 };
	struct error e = { 0 };
	size_t nodes = 0;

	if (clusters_find(&a, &names, &e) < 0)
		return fail("%s", e.msg);
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_(state_freep) struct lab_state *st = NULL;

		if (!cli_flag(cli, "all-clusters") && !cli_flag(cli, "all") &&
		    strcmp(names.v[i], cli_value(cli, "name") ? cli_value(cli, "name") : default_name) != 0)
			continue;
		if (state_load(names.v[i], &st, NULL) < 0)
			continue;
		for (size_t k = 0; k < st->n_nodes; k++, nodes++)
			(void)puts(st->nodes[k].longname);
	}
	if (!nodes)
		say(cli, "No kind nodes found for cluster.");
	return CLI_OK;
}

static int kind_get_kubeconfig(const struct cli *cli)
{
	return shim_verb("kubeconfig", cli_value(cli, "name") ? cli_value(cli, "name") : default_name, SHIM_END);
}

static int kind_export_kubeconfig(const struct cli *cli)
{
	const char *name = cli_value(cli, "name") ? cli_value(cli, "name") : default_name;
	struct error e = { 0 };

	if (!is_running(name))
		return fail("could not locate any control plane nodes for cluster named '%s'. Use the --name option to "
			    "select a different cluster",
			    name);
	if (kubeconfig_merge(name, cli_value(cli, "kubeconfig"), &e) < 0)
		return fail("%s", e.msg);
	(void)fprintf(stderr, "Set kubectl context to \"kind-%s\"\n", name);
	return CLI_OK;
}

static int kind_export_logs(const struct cli *cli)
{
	const char *name = cli_value(cli, "name") ? cli_value(cli, "name") : default_name,
		   *dir = cli_args(cli)->n ? cli_args(cli)->v[0] : NULL;
	_cleanup_(state_freep) struct lab_state *st = NULL;
	char tmp[] = "/tmp/netemu-kind-logs.XXXXXX";
	struct error e = { 0 };

	if (state_load(name, &st, NULL) < 0 || strcmp(st->type, "cluster") != 0)
		return fail("unknown cluster \"%s\"", name);
	if (!dir)
		dir = mkdtemp(tmp);
	if (!dir)
		return fail("make a directory in /tmp: %s", strerror(errno));
	(void)fprintf(stderr, "Exporting logs for cluster \"%s\" to:\n", name);
	if (kind_logs_export(st, dir, &e) < 0)
		return fail("%s", e.msg);
	(void)puts(dir);
	return CLI_OK;
}

static int kind_load(const struct cli *cli)
{
	say(cli, "netemu: nothing to load: a node's images stand for the host's own programs");
	return CLI_OK;
}

/* For pods and nodes alike: there is one store. */
static int kind_load_archive(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct imported_image *v;
	size_t n = 0, all = 0;

	for (size_t i = 0; i < cli_args(cli)->n; i++) {
		struct error e = { 0 };

		if (access(cli_args(cli)->v[i], R_OK) < 0)
			return fail("failed to load images: open %s: %s", cli_args(cli)->v[i], strerror(errno));
		if (shim_image_load(cli_args(cli)->v[i], &a, &v, &n, &e) < 0)
			return fail("failed to load images: %s", e.msg);
		all += n;
	}
	return all ? CLI_OK : kind_load(cli);
}

static int kind_version(const struct cli *cli)
{
	(void)cli;
	(void)printf("kind v%s netemu/" NETEMU_VERSION " linux\n", shim_kind.version);
	return CLI_OK;
}

static const struct verb_option create_options[] = {
	COMMON,
	VALUE("config", 0, "FILE", "the cluster's config"),
	VALUE("image", 0, "IMAGE", IGNORED),
	VALUE("wait", 0, "DURATION", "wait until the nodes are ready"),
	FLAG("retain", 0, IGNORED),
	END,
};
static const struct verb_option some_options[] = {
	COMMON,
	FLAG("all", 'A', "every cluster"),
	FLAG("all-clusters", 0, "of every cluster"),
	FLAG("internal", 0, IGNORED),
	VALUE("nodes", 0, "NODES", IGNORED),
	END,
};
static const struct verb_option global_options[] = { FLAG("quiet", 'q', "say nothing but errors"),
						     VALUE("verbosity", 'v', "LEVEL", IGNORED),
						     VALUE("loglevel", 0, "LEVEL", IGNORED),
						     FLAG("version", 0, "show the version"), END };
static const struct verb globals = {
	.name = "kind", .options = global_options, .max_args = ARGS_ANY, .stop_after = STOP_AT_ONCE
};

#define COMMAND(words, arguments, text, opts, max, function)                                             \
	{                                                                                                \
		.name = words, .synopsis = arguments, .summary = text, .options = opts, .max_args = max, \
		.run = function                                                                          \
	}

static const struct verb commands[] = {
	COMMAND("create cluster", "[flags]", "Creates a cluster of netemu's nodes", create_options, 0, kind_create),
	COMMAND("delete cluster", "[flags]", "Deletes a cluster", some_options, 0, kind_delete),
	COMMAND("delete clusters", "[NAME]... [flags]", "Deletes clusters", some_options, ARGS_ANY,
		kind_delete_clusters),
	COMMAND("get clusters", "[flags]", "Lists the clusters that run", some_options, 0, kind_get_clusters),
	COMMAND("get nodes", "[flags]", "Lists a cluster's nodes", some_options, 0, kind_get_nodes),
	COMMAND("get kubeconfig", "[flags]", "Prints a cluster's kubeconfig", some_options, 0, kind_get_kubeconfig),
	COMMAND("export kubeconfig", "[flags]", "Puts a cluster's context into the kubeconfig", some_options, 0,
		kind_export_kubeconfig),
	COMMAND("export logs", "[DIR] [flags]", "Writes what nodes and pods have logged", some_options, 1, kind_export_logs),
	COMMAND("load docker-image", "IMAGE... [flags]", "Nothing to do", some_options, ARGS_ANY, kind_load),
	COMMAND("load image-archive", "FILE... [flags]", "Import images", some_options, ARGS_ANY, kind_load_archive),
	COMMAND("version", "", "Prints the version", some_options, 0, kind_version),
	REFUSE_COMMAND("build", "node images are not built: a node is made of the host's own files"),
	{ .name = NULL },
};

const struct shim shim_kind = {
	.name = "kind",
	.version = "0.23.0",
	.version_line = "kind version 0.23.0",
	.globals = &globals,
	.commands = commands,
	.usage_status = CLI_FAILED,
	.unknown = "ERROR: unknown command ",
	.known = " for \"kind\"",
};
