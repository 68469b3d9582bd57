// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_helm.c - helm, for the one chart that netemu has built in: Cilium's
 *
 * The release itself, a Secret as helm writes it, is the API server's (apiserver/cilium.c).
 */
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "cluster/jsonutil.h"
#include "cluster/manifest.h"
#include "kubeclient.h"
#include "shim.h"
#include "shim_options.h"
#include "topology/load.h"

#define COMMON                                                                                                       \
	VALUE("namespace", 'n', "NAMESPACE", "namespace of the release"),                                            \
		VALUE("kube-context", 0, "NAME", "the cluster: kind-NAME"), VALUE("kubeconfig", 0, "FILE", IGNORED), \
		FLAG("debug", 0, IGNORED)

static const char default_version[] = "1.14.3";

static int fail(const char *text)
{
	(void)fflush(stdout);
	(void)fprintf(stderr, "Error: %s\n", text);
	return CLI_FAILED;
}

/* ---- the chart ---- */

/* "cilium", "cilium/cilium", "./cilium-1.14.3.tgz", "oci://.../cilium"; @ret: the version in its name, or NULL */
static bool chart_is_cilium(struct arena *a, const char *chart, const char **ret)
{
	const char *base = strrchr(chart, '/') ? strrchr(chart, '/') + 1 : chart;
	size_t n = strlen(base);

	*ret = NULL;
	if (strncmp(base, "cilium", 6) != 0)
		return false;
	if (n > 11 && base[6] == '-' && strcmp(base + n - 4, ".tgz") == 0)
		*ret = arena_strndup(a, base + 7, n - 11);
	return *ret || n == 6;
}

static const char *bare(const char *version)
{
	return version && *version == 'v' ? version + 1 : version;
}

static const char *chart_version(const struct cli *cli, const char *in_name)
{
	const char *version = in_name ? in_name : bare(cli_value(cli, "version"));

	return version ? version : default_version;
}

static bool write_file(const char *dir, const char *name, const char *text)
{
	char path[512];
	FILE *f;
	bool ok;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	ok = f && fputs(text, f) >= 0;
	return f && fclose(f) == 0 && ok;
}

static void remove_tree(const char *dir)
{
	char *const argv[] = { (char *)"rm", (char *)"-rf", (char *)"--", (char *)(uintptr_t)dir, NULL };

	(void)shim_program(argv);
}

/* A chart that says what it stands for: helm's own commands can read it. */
static int chart_write(struct arena *a, const char *to, const char *version)
{
	char tmp[] = "/tmp/netemu-helm.XXXXXX";
	const char *dir = mkdtemp(tmp) ? arena_printf(a, "%s/cilium", tmp) : NULL;
	char *const argv[] = { (char *)"tar",	      (char *)"-C",	tmp, (char *)"-czf",
			       (char *)(uintptr_t)to, (char *)"cilium", NULL };
	const char *chart = arena_printf(a,
					 "apiVersion: v2\nname: cilium\nversion: %s\nappVersion: %s\n"
					 "description: what netemu has built in instead of Cilium\n",
					 version, version);
	int r;

	if (!dir)
		return -errno;
	r = mkdir(dir, 0755) < 0 || !write_file(dir, "Chart.yaml", chart) || !write_file(dir, "values.yaml", "{}\n")
		    ? -errno
	    : shim_program(argv) == 0 ? 0
				      : -EIO;
	remove_tree(tmp);
	return r;
}

static int helm_pull(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *in_name, *to, *dir = cli_value(cli, "destination");

	if (!chart_is_cilium(&a, cli_args(cli)->v[0], &in_name))
		return fail(arena_printf(&a, "netemu has no chart but Cilium's: %s", cli_args(cli)->v[0]));
	to = arena_printf(&a, "%s/cilium-%s.tgz", dir ? dir : ".", chart_version(cli, in_name));
	if (chart_write(&a, to, chart_version(cli, in_name)) < 0)
		return fail(arena_printf(&a, "cannot write %s", to));
	if (cli_flag(cli, "untar")) {
		char *const argv[] = { (char *)"tar",  (char *)"-C",	      (char *)(uintptr_t)(dir ? dir : "."),
				       (char *)"-xzf", (char *)(uintptr_t)to, NULL };

		return shim_program(argv) != 0 || unlink(to) < 0 ? fail("cannot unpack the chart") : CLI_OK;
	}
	return CLI_OK;
}

static int helm_repo(const struct cli *cli)
{
	const struct strv *args = cli_args(cli);

	if (args->n == 2)
		(void)printf("\"%s\" has been added to your repositories\n", args->v[0]);
	else
		(void)printf("Hang tight while we grab the latest from your chart repositories...\nUpdate Complete. "
			     "⎈Happy Helming!⎈\n");
	return CLI_OK;
}

/* ---- the cluster ---- */

/* What kubectl would talk to, if that is a cluster of netemu's; NULL: the one that runs. */
static const char *cluster_of(const struct cli *cli, struct arena *a)
{
	const char *context = cli_value(cli, "kube-context"), *path = cli_value(cli, "kubeconfig"),
		   *home = getenv("HOME"), *list = getenv("KUBECONFIG");
	_cleanup_free_ char *text = NULL;
	json_t *config = NULL;
	size_t len;

	if (!path && list && *list)
		path = arena_strndup(a, list, strcspn(list, ":"));
	if (!path)
		path = arena_printf(a, "%s/.kube/config", home ? home : "");
	if (!context && file_read(path, &text, &len, NULL) == 0) {
		config = yaml_to_json(text, len, NULL);
		context = arena_strdup(a, json_text(config, "current-context", NULL));
	}
	json_decref(config);
	return context && strncmp(context, "kind-", 5) == 0 ? context + 5 : NULL;
}

static int cluster_open(const struct cli *cli, struct kube *k, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *name = cluster_of(cli, &a);
	struct error why = { 0 };

	if (name && kube_open(name, KUBE_START_MS, k, &why) == 0)
		return 0;
	kube_close(k);
	return kube_open(NULL, KUBE_START_MS, k, e);
}

/* ---- values ---- */

/* As helm merges them: maps key by key, everything else is replaced. */
static void merge(json_t *into, const json_t *from)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)from, key, value) {
		json_t *old = json_object_get(into, key);

		if (json_is_object(old) && json_is_object(value))
			merge(old, value);
		else
			(void)json_object_set_new(into, key, json_deep_copy(value));
	}
}

static int values_file(json_t *into, const char *path, struct error *e)
{
	_cleanup_free_ char *text = NULL;
	json_t *j;
	size_t len;
	int r = file_read(path, &text, &len, e);

	if (r < 0)
		return r;
	j = yaml_to_json(text, len, e);
	if (json_is_object(j))
		merge(into, j);
	else if (!e->code && !json_is_null(j))
		(void)error_set(e, EINVAL, "%s: values are a map", path);
	json_decref(j);
	return e->code ? -e->code : 0;
}

/* a.b.c=VALUE; VALUE typed as YAML would, unless @text. */
static int values_set(json_t *into, const char *one, bool text, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *eq = strchr(one, '=');
	json_t *value;

	if (!eq || eq == one)
		return error_set(e, EINVAL, "failed parsing --set data: key \"%s\" has no value", one);
	value = text ? json_string(eq + 1) : yaml_to_json(eq + 1, strlen(eq + 1), NULL);
	for (const char *p = one;;) {
		const size_t n = strcspn(p, ".=");
		const char *key = arena_strndup(&a, p, n);

		if (p[n] == '=') {
			(void)json_object_set_new(into, key, value ? value : json_string(eq + 1));
			return 0;
		}
		if (!json_is_object(json_object_get(into, key)))
			(void)json_object_set_new(into, key, json_object());
		into = json_object_get(into, key);
		p += n + 1;
	}
}

static int values_collect(const struct cli *cli, json_t *into, struct error *e)
{
	const struct strv files = cli_list(cli, "values"), sets = cli_list(cli, "set"),
			  strings = cli_list(cli, "set-string");
	int r = 0;

	for (size_t i = 0; r == 0 && i < files.n; i++)
		r = values_file(into, files.v[i], e);
	for (size_t i = 0; r == 0 && i < sets.n; i++)
		r = values_set(into, sets.v[i], false, e);
	for (size_t i = 0; r == 0 && i < strings.n; i++)
		r = values_set(into, strings.v[i], true, e);
	return r;
}

/* ---- releases ---- */

/* The Secrets that are releases. NULL with @e. */
static json_t *releases(struct kube *k, struct error *e)
{
	const struct kube_request rq = { .method = "GET", .path = "/api/v1/secrets?labelSelector=owner%3Dhelm" };
	_cleanup_kube_reply_ struct kube_reply reply = { 0 };
	json_t *items = NULL;

	if (kube_http(k, &rq, NULL, NULL, &reply, e) < 0)
		return NULL;
	if (!kube_ok(&reply))
		(void)kube_failure(&reply, e);
	else
		items = json_incref(json_object_get(reply.json, "items"));
	return items;
}

static const char *label(const json_t *secret, const char *key)
{
	return json_text(secret, "metadata", "labels", key, NULL);
}

/* The newest revision of a release; NULL: none. Borrowed. */
static const json_t *release_find(const json_t *items, const char *name)
{
	const json_t *found = NULL, *secret;
	size_t i;

	json_array_foreach(items, i, secret)
		if (strcmp(label(secret, "name"), name) == 0 &&
		    (!found || atoi(label(secret, "version")) > atoi(label(found, "version"))))
			found = secret;
	return found;
}

/* As helm writes points in time: for people, or in a table. */
static const char *when(char buf[64], bool table, const char *seconds)
{
	time_t t = seconds && *seconds ? (time_t)strtoll(seconds, NULL, 10) : time(NULL);
	struct tm tm;

	(void)localtime_r(&t, &tm);
	buf[0] = '\0';
	if (table)
		(void)strftime(buf, 64, "%Y-%m-%d %H:%M:%S.000000000 %z %Z", &tm);
	else
		(void)strftime(buf, 64, "%a %b %e %H:%M:%S %Y", &tm);
	return buf;
}

static int print_release(const struct cli *cli, struct kube *k, const char *name, const char *version)
{
	struct error e = { 0 };
	json_t *items = releases(k, &e);
	const json_t *r = release_find(items, name);
	char buf[64];

	if (!r) {
		json_decref(items);
		return fail(e.code ? e.msg : "release: not found");
	}
	(void)printf("NAME: %s\nLAST DEPLOYED: %s\nNAMESPACE: %s\nSTATUS: %s\nREVISION: %s\nTEST SUITE: None\n", name,
		     when(buf, false, label(r, "modifiedAt")), json_text(r, "metadata", "namespace", NULL),
		     label(r, "status"), label(r, "version"));
	if (version && !cli_flag(cli, "help"))
		(void)printf("NOTES:\nYou have successfully installed Cilium.\n\nYour release version is %s.\n",
			     version);
	json_decref(items);
	return CLI_OK;
}

static int install(const struct cli *cli, struct kube *k, const char *name, const char *version, bool reuse)
{
	json_t *values = json_object(), *reply = NULL, *note;
	struct error e = { 0 };
	size_t i;
	int r = values_collect(cli, values, &e);

	if (r == 0)
		r = kube_call(k, "cilium.install", json_pack("{s:O, s:b}", "values", values, "reuse", reuse), &reply,
			      &e);
	json_decref(values);
	if (r < 0)
		return fail(e.msg);
	json_array_foreach(json_object_get(reply, "notes"), i, note)
		(void)fprintf(stderr, "netemu: cilium: %s\n", json_string_value(note));
	json_decref(reply);
	return print_release(cli, k, name, version);
}

static int upgrade(const struct cli *cli, bool may_install, bool must_install)
{
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	_cleanup_arena_ struct arena a = { 0 };
	const char *name = cli_args(cli)->v[0], *chart = cli_args(cli)->v[1], *in_name;
	struct error e = { 0 };
	json_t *items;
	bool there;

	if (!chart_is_cilium(&a, chart, &in_name))
		return fail(arena_printf(&a, "netemu has no chart but Cilium's: %s", chart));
	if ((*chart == '.' || *chart == '/') && access(chart, F_OK) < 0)
		return fail(arena_printf(&a, "path \"%s\" not found", chart));
	if (cluster_open(cli, &k, &e) < 0)
		return fail(arena_printf(&a, "Kubernetes cluster unreachable: %s", e.msg));
	items = releases(&k, &e);
	there = release_find(items, name);
	json_decref(items);
	if (there && must_install)
		return fail("INSTALLATION FAILED: cannot re-use a name that is still in use");
	if (!there && !may_install)
		return fail(arena_printf(&a, "UPGRADE FAILED: \"%s\" has no deployed releases", name));
	if (!there && !must_install)
		(void)printf("Release \"%s\" does not exist. Installing it now.\n", name);
	if (there)
		(void)printf("Release \"%s\" has been upgraded. Happy Helming!\n", name);
	return install(cli, &k, name, chart_version(cli, in_name), there && cli_flag(cli, "reuse-values"));
}

static int helm_upgrade(const struct cli *cli)
{
	return upgrade(cli, cli_flag(cli, "install"), false);
}

static int helm_install(const struct cli *cli)
{
	return upgrade(cli, true, true);
}

static int helm_uninstall(const struct cli *cli)
{
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	_cleanup_arena_ struct arena a = { 0 };
	const char *name = cli_args(cli)->v[0];
	struct error e = { 0 };
	json_t *items;
	bool there;

	if (cluster_open(cli, &k, &e) < 0)
		return fail(arena_printf(&a, "Kubernetes cluster unreachable: %s", e.msg));
	items = releases(&k, &e);
	there = release_find(items, name);
	json_decref(items);
	if (!there)
		return fail(arena_printf(&a, "uninstall: Release not loaded: %s: release: not found", name));
	if (kube_call(&k, "cilium.uninstall", json_object(), NULL, &e) < 0)
		return fail(e.msg);
	(void)printf("release \"%s\" uninstalled\n", name);
	return CLI_OK;
}

static int helm_list(const struct cli *cli)
{
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	const char *ns = cli_value(cli, "namespace");
	struct error e = { 0 };
	json_t *items, *one;
	char buf[64];
	size_t i;

	if (cluster_open(cli, &k, &e) < 0)
		return fail(e.msg);
	items = releases(&k, &e);
	if (!items)
		return fail(e.msg);
	(void)printf("%-8s\t%-11s\t%-8s\t%-39s\t%-8s\t%-13s\t%s\n", "NAME", "NAMESPACE", "REVISION", "UPDATED",
		     "STATUS", "CHART", "APP VERSION");
	json_array_foreach(items, i, one) {
		if (one != release_find(items, label(one, "name")) ||
		    (!cli_flag(cli, "all-namespaces") &&
		     strcmp(json_text(one, "metadata", "namespace", NULL), ns ? ns : "default") != 0))
			continue;
		(void)printf("%-8s\t%-11s\t%-8s\t%-39s\t%-8s\tcilium-%-6s\t%s\n", label(one, "name"),
			     json_text(one, "metadata", "namespace", NULL), label(one, "version"),
			     when(buf, true, label(one, "modifiedAt")), label(one, "status"), default_version,
			     default_version);
	}
	json_decref(items);
	return CLI_OK;
}

static int helm_status(const struct cli *cli)
{
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	struct error e = { 0 };

	return cluster_open(cli, &k, &e) < 0 ? fail(e.msg) : print_release(cli, &k, cli_args(cli)->v[0], NULL);
}

static int helm_version(const struct cli *cli)
{
	(void)cli;
	(void)printf("version.BuildInfo{Version:\"v%s\", GitCommit:\"netemu-" NETEMU_VERSION "\"}\n",
		     shim_helm.version);
	return CLI_OK;
}

/* ---- the table ---- */

static const struct verb_option pull_options[] = {
	COMMON,
	VALUE("repo", 0, "URL", IGNORED),
	VALUE("version", 0, "VERSION", "version of the chart"),
	VALUE("destination", 'd', "DIR", "where to write it"),
	FLAG("untar", 0, "unpack it"),
	END,
};
static const struct verb_option upgrade_options[] = {
	COMMON,
	FLAG("install", 'i', "install it when it is not there"),
	VALUES("values", 'f', "FILE", "a file of values"),
	VALUES("set", 0, "KEY=VALUE", "one value"),
	VALUES("set-string", 0, "KEY=VALUE", "one value, as text"),
	VALUE("version", 0, "VERSION", "version of the chart"),
	VALUE("repo", 0, "URL", IGNORED),
	VALUE("timeout", 0, "DURATION", IGNORED),
	FLAG("create-namespace", 0, IGNORED),
	FLAG("reuse-values", 0, "keep the values of the release, change those that are given"),
	FLAG("reset-values", 0, IGNORED),
	FLAG("wait", 0, IGNORED),
	FLAG("atomic", 0, IGNORED),
	END,
};
static const struct verb_option list_options[] = { COMMON, FLAG("all-namespaces", 'A', "of all namespaces"),
						   FLAG("all", 'a', IGNORED), END };
static const struct verb_option repo_options[] = { COMMON, FLAG("force-update", 0, IGNORED), END };
static const struct verb_option common_only[] = { COMMON, FLAG("wait", 0, IGNORED), FLAG("short", 0, IGNORED), END };
static const struct verb globals = {
	.name = "helm", .options = common_only, .max_args = ARGS_ANY, .stop_after = STOP_AT_ONCE
};

#define COMMAND(words, other, arguments, text, opts, min, max, function)                                \
	{                                                                                               \
		.name = words, .alias = other, .synopsis = arguments, .summary = text, .options = opts, \
		.min_args = min, .max_args = max, .run = function                                       \
	}

static const struct verb commands[] = {
	COMMAND("repo add", NULL, "NAME URL", "Nothing to do", repo_options, 2, 2, helm_repo),
	COMMAND("repo update", NULL, "", "Nothing to do", repo_options, 0, 1, helm_repo),
	COMMAND("pull", "fetch", "CHART", "Write Cilium's chart", pull_options, 1, 1, helm_pull),
	COMMAND("upgrade", NULL, "RELEASE CHART", "Change the values of Cilium", upgrade_options, 2, 2, helm_upgrade),
	COMMAND("install", NULL, "RELEASE CHART", "Install Cilium", upgrade_options, 2, 2, helm_install),
	COMMAND("uninstall", "delete", "RELEASE", "Take Cilium out", common_only, 1, 1, helm_uninstall),
	COMMAND("list", "ls", "", "List releases", list_options, 0, 0, helm_list),
	COMMAND("status", NULL, "RELEASE", "Show a release", common_only, 1, 1, helm_status),
	COMMAND("version", NULL, "", "Show the version", common_only, 0, 0, helm_version),
	{ .name = NULL },
};

const struct shim shim_helm = {
	.name = "helm",
	.version = "3.15.2",
	.globals = &globals,
	.commands = commands,
	.usage_status = CLI_FAILED,
	.unknown = "Error: unknown command ",
	.known = " for \"helm\"",
};
