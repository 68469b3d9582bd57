// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_helm.c - helm, for the one chart that netemu has built in: Cilium's
 *
 * Owns the table of commands, and those that change something; what only tells is shim_helm_release.c's.
 */
#include "shim_helm.h"

#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "cluster/cilium_chart.h"
#include "cluster/cilium_values.h"
#include "cluster/jsonutil.h"
#include "cluster/manifest.h"
#include "kubeprint.h"
#include "shim_options.h"
#include "topology/load.h"
#include "when.h"

#define RELEASE "cilium" /* what the one release is called, and where it is */
#define RELEASE_NAMESPACE "kube-system"

int helm_fail(const char *fmt, ...)
{
	va_list ap;

	(void)fflush(stdout);
	(void)fputs("Error: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	return CLI_FAILED;
}

bool helm_format(const struct cli *cli, const char **ret)
{
	const char *format = verb_option_find(cli->verb, "output") ? cli_value(cli, "output") : NULL;

	*ret = format && strcmp(format, "table") != 0 ? format : NULL;
	if (!*ret || strcmp(format, "json") == 0 || strcmp(format, "yaml") == 0)
		return true;
	(void)helm_fail("invalid argument \"%s\" for \"-o, --output\" flag: invalid format type", format);
	return false;
}

int helm_print(const json_t *value, const char *format)
{
	struct error e = { 0 };

	if (strcmp(format, "json") == 0) {
		(void)json_dumpf(value, stdout, JSON_COMPACT | JSON_SORT_KEYS);
		(void)putchar('\n');
		return CLI_OK;
	}
	return kube_print_object(value, format, stdout, &e) < 0 ? helm_fail("%s", e.msg) : CLI_OK;
}

/* ---- the chart ---- */

/* @ret: the version in its name, or NULL */
static bool chart_name_is_cilium(struct arena *a, const char *chart, const char **ret)
{
	const char *base = strrchr(chart, '/') ? strrchr(chart, '/') + 1 : chart;
	const size_t n = strlen(base);

	*ret = NULL;
	if (strncmp(base, "cilium", 6) != 0)
		return false;
	if (n > 11 && base[6] == '-' && strcmp(base + n - 4, ".tgz") == 0)
		*ret = arena_strndup(a, base + 7, n - 11);
	return *ret || n == 6;
}

bool helm_chart_is_cilium(struct arena *a, const char *chart, const char **ret)
{
	if (!chart_name_is_cilium(a, chart, ret))
		(void)helm_fail("netemu has no chart but Cilium's: %s", chart);
	else if ((*chart == '.' || *chart == '/') && access(chart, F_OK) < 0)
		(void)helm_fail("path \"%s\" not found", chart);
	else
		return true;
	return false;
}

static const char *bare(const char *version)
{
	return version && *version == 'v' ? version + 1 : version;
}

static const char *chart_version(const struct cli *cli, const char *in_name)
{
	const char *version = in_name ? in_name : bare(cli_value(cli, "version"));

	return version ? version : cilium_chart_version;
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

static const char *chart_yaml(struct arena *a, const char *version)
{
	return arena_printf(a,
			    "apiVersion: v2\nname: cilium\nversion: %s\nappVersion: %s\n"
			    "description: what netemu has built in instead of Cilium\n",
			    version, version);
}

/* A chart that says what it stands for: helm's own commands can read it. */
static int chart_write(struct arena *a, const char *to, const char *version)
{
	char tmp[] = "/tmp/netemu-helm.XXXXXX";
	const char *dir = mkdtemp(tmp) ? arena_printf(a, "%s/cilium", tmp) : NULL;
	char *const argv[] = { (char *)"tar",	      (char *)"-C",	tmp, (char *)"-czf",
			       (char *)(uintptr_t)to, (char *)"cilium", NULL };
	const char *chart = chart_yaml(a, version);
	int r;

	if (!dir)
		return -errno;
	r = mkdir(dir, 0755) < 0 || !write_file(dir, "Chart.yaml", chart) || !write_file(dir, "values.yaml", cilium_chart_values)
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

	if (!helm_chart_is_cilium(&a, cli_args(cli)->v[0], &in_name))
		return CLI_FAILED;
	to = arena_printf(&a, "%s/cilium-%s.tgz", dir ? dir : ".", chart_version(cli, in_name));
	if (chart_write(&a, to, chart_version(cli, in_name)) < 0)
		return helm_fail("cannot write %s", to);
	if (cli_flag(cli, "untar")) {
		char *const argv[] = { (char *)"tar",  (char *)"-C",	      (char *)(uintptr_t)(dir ? dir : "."),
				       (char *)"-xzf", (char *)(uintptr_t)to, NULL };

		return shim_program(argv) != 0 || unlink(to) < 0 ? helm_fail("cannot unpack the chart") : CLI_OK;
	}
	return CLI_OK;
}

/* ---- the cluster ---- */

/* What kubectl would talk to, if that is a cluster of netemu's; NULL: the one that runs. */
static const char *cluster_of(const struct cli *cli, struct arena *a)
{
	const char *context = cli_value(cli, verb_option_find(cli->verb, "kube-context") ? "kube-context" : "context"),
		   *path = cli_value(cli, "kubeconfig"),
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

int helm_cluster_open(const struct cli *cli, struct kube *k)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *name = cluster_of(cli, &a);
	struct error why = { 0 };

	if (name && kube_open(name, KUBE_START_MS, k, &why) == 0)
		return CLI_OK;
	kube_close(k);
	why = (struct error){ 0 };
	return kube_open(NULL, KUBE_START_MS, k, &why) < 0 ? helm_fail("Kubernetes cluster unreachable: %s", why.msg) : CLI_OK;
}

/* ---- show ---- */

static int show(const struct cli *cli, bool chart, bool values)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *in_name;

	if (!helm_chart_is_cilium(&a, cli_args(cli)->v[0], &in_name))
		return CLI_FAILED;
	if (chart)
		(void)fputs(chart_yaml(&a, chart_version(cli, in_name)), stdout);
	if (chart && values)
		(void)puts("\n---");
	if (values)
		(void)fputs(cilium_chart_values, stdout);
	return CLI_OK;
}

static int helm_show_chart(const struct cli *cli)
{
	return show(cli, true, false);
}

static int helm_show_values(const struct cli *cli)
{
	return show(cli, false, true);
}

static int helm_show_all(const struct cli *cli)
{
	return show(cli, true, true);
}

/* ---- install, upgrade, rollback ---- */

static bool name_is_release(const char *name)
{
	if (strcmp(name, RELEASE) != 0)
		(void)helm_fail("netemu's one release is called " RELEASE " (in " RELEASE_NAMESPACE "), not %s", name);
	return strcmp(name, RELEASE) == 0;
}

/* --wait: until all pods run that can; --timeout as Go writes a duration, 5m0s by default. */
static int pods_wait(const struct cli *cli, struct kube *k)
{
	const char *timeout = cli_value(cli, "timeout");
	_cleanup_json_ json_t *reply = NULL;
	int64_t ns = (int64_t)300 * 1000000000;
	struct error e = { 0 };

	if (timeout && when_duration(timeout, &ns, &e) < 0)
		return helm_fail("invalid argument \"%s\" for \"--timeout\" flag: %s", timeout, e.msg);
	if (!cli_flag(cli, "wait") && !cli_flag(cli, "atomic"))
		return CLI_OK;
	if (kube_call(k, "wait", json_pack("{s:I}", "timeout", (json_int_t)(ns / 1000000000)), &reply, &e) < 0)
		return helm_fail("%s", e.msg);
	if (json_array_size(json_object_get(reply, "pending")) == 0)
		return CLI_OK;
	return helm_fail("context deadline exceeded: %zu pods do not run yet (kubectl get pods -A)",
			 json_array_size(json_object_get(reply, "pending")));
}

static int values_install(struct kube *k, json_t *values, const char *version, bool reuse)
{
	_cleanup_json_ json_t *reply = NULL;
	struct error e = { 0 };
	json_t *note;
	size_t i;

	if (kube_call(k, "cilium.install", json_pack("{s:O, s:b, s:s}", "values", values, "reuse", reuse, "version", version), &reply,
		      &e) < 0)
		return helm_fail("%s", e.msg);
	json_array_foreach(json_object_get(reply, "notes"), i, note)
		(void)fprintf(stderr, "netemu: cilium: %s\n", json_string_value(note));
	return CLI_OK;
}

/* What an installation would make, without a cluster. Return: exit code. */
static int manifest_print(const json_t *values, const char *version, const char *only)
{
	_cleanup_json_ json_t *config = NULL;
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct error e = { 0 };

	if (cilium_values_read(values, NULL, &config, &e) < 0)
		return helm_fail("%s", e.msg);
	if (only && strncmp(only, "templates/", 10) == 0)
		only += 10;
	cilium_chart_manifest(config, version, only, &text);
	if (only && text.len == 0)
		return helm_fail("could not find template templates/%s in chart", only);
	(void)fputs(strbuf_str(&text), stdout);
	return CLI_OK;
}

static bool is_dry(const struct cli *cli)
{
	const char *how = cli_value(cli, "dry-run");

	return cli_flag(cli, "dry-run") && (!how || (strcmp(how, "none") != 0 && strcmp(how, "false") != 0));
}

static int dry_run(const json_t *values, const char *version)
{
	(void)printf("NAME: " RELEASE "\nNAMESPACE: " RELEASE_NAMESPACE "\nSTATUS: pending-install\nHOOKS:\nMANIFEST:\n");
	return manifest_print(values, version, NULL);
}

static bool says(const struct cli *cli)
{
	const char *format = cli_value(cli, "output");

	return !format || strcmp(format, "table") == 0;
}

static int install(const struct cli *cli, struct kube *k, const char *version, bool there)
{
	_cleanup_json_ json_t *values = json_object(), *release = NULL;
	const bool reuse = there && (cli_flag(cli, "reuse-values") || cli_flag(cli, "reset-then-reuse-values"));
	struct error e = { 0 };
	int code;

	if (values_collect(cli, values, &e) < 0)
		return helm_fail("%s", e.msg);
	if (is_dry(cli))
		return dry_run(values, version);
	code = values_install(k, values, version, reuse);
	if (code == CLI_OK)
		code = pods_wait(cli, k);
	if (code != CLI_OK)
		return code;
	release = helm_release(k, RELEASE, 0, &e);
	return release ? helm_release_print(cli, release, !cli_flag(cli, "hide-notes")) : helm_fail("%s", e.msg);
}

static int upgrade(const struct cli *cli, bool may_install, bool must_install)
{
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_json_ json_t *release = NULL;
	const char *name = cli_args(cli)->v[0], *in_name, *format;
	struct error e = { 0 };

	if (!helm_chart_is_cilium(&a, cli_args(cli)->v[1], &in_name) || !helm_format(cli, &format))
		return CLI_FAILED;
	if (helm_cluster_open(cli, &k) != CLI_OK)
		return CLI_FAILED;
	release = helm_release(&k, name, 0, &e);
	if (!release && e.code != ENOENT)
		return helm_fail("%s", e.msg);
	if (release && must_install)
		return helm_fail("INSTALLATION FAILED: cannot re-use a name that is still in use");
	if (!release && !may_install)
		return helm_fail("UPGRADE FAILED: \"%s\" has no deployed releases", name);
	if (!name_is_release(name))
		return CLI_FAILED;
	if (says(cli) && !is_dry(cli) && !release && !must_install)
		(void)printf("Release \"%s\" does not exist. Installing it now.\n", name);
	if (says(cli) && !is_dry(cli) && release)
		(void)printf("Release \"%s\" has been upgraded. Happy Helming!\n", name);
	return install(cli, &k, chart_version(cli, in_name), release);
}

static int helm_upgrade(const struct cli *cli)
{
	return upgrade(cli, cli_flag(cli, "install"), false);
}

static int helm_install(const struct cli *cli)
{
	return upgrade(cli, true, true);
}

static int helm_template(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_json_ json_t *values = json_object();
	const struct strv *args = cli_args(cli);
	const char *in_name;
	struct error e = { 0 };

	if (!helm_chart_is_cilium(&a, args->v[args->n - 1], &in_name))
		return CLI_FAILED;
	if (values_collect(cli, values, &e) < 0)
		return helm_fail("%s", e.msg);
	return manifest_print(values, chart_version(cli, in_name), cli_value(cli, "show-only"));
}

/* The values of an earlier revision, as a new one. */
static int helm_rollback(const struct cli *cli)
{
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	_cleanup_json_ json_t *now = NULL, *before = NULL;
	const struct strv *args = cli_args(cli);
	const json_int_t wanted = args->n > 1 ? strtoll(args->v[1], NULL, 10) : 0;
	struct error e = { 0 };
	int code = helm_cluster_open(cli, &k);

	if (code != CLI_OK)
		return code;
	now = helm_release(&k, args->v[0], 0, &e);
	if (!now)
		return helm_fail("%s", e.msg);
	before = helm_release(&k, args->v[0], wanted ? wanted : json_int(now, 0, "version", NULL) - 1, &e);
	if (!before)
		return helm_fail("release has no %s version", args->n > 1 ? args->v[1] : "earlier");
	if (!is_dry(cli))
		code = values_install(&k, json_object_get(before, "config"), json_text(before, "chart", "metadata", "version", NULL),
				      false);
	if (code == CLI_OK)
		code = pods_wait(cli, &k);
	if (code == CLI_OK)
		(void)printf("Rollback was a success! Happy Helming!\n");
	return code;
}

static int helm_uninstall(const struct cli *cli)
{
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	_cleanup_json_ json_t *release = NULL;
	const char *name = cli_args(cli)->v[0];
	struct error e = { 0 };
	const int code = helm_cluster_open(cli, &k);

	if (code != CLI_OK)
		return code;
	release = helm_release(&k, name, 0, &e);
	if (!release && e.code == ENOENT && cli_flag(cli, "ignore-not-found"))
		return CLI_OK;
	if (!release)
		return helm_fail("uninstall: Release not loaded: %s: %s", name, e.msg);
	if (!is_dry(cli) && kube_call(&k, "cilium.uninstall", json_object(), NULL, &e) < 0)
		return helm_fail("%s", e.msg);
	(void)printf("release \"%s\" uninstalled\n", name);
	return CLI_OK;
}

static int helm_version(const struct cli *cli)
{
	if (cli_flag(cli, "short"))
		(void)printf("v%s+gnetemu\n", shim_helm.version);
	else
		(void)printf("version.BuildInfo{Version:\"v%s\", GitCommit:\"netemu-" NETEMU_VERSION "\"}\n", shim_helm.version);
	return CLI_OK;
}

static int helm_env(const struct cli *cli)
{
	const char *ns = cli_value(cli, "namespace");

	(void)printf("HELM_BIN=\"helm\"\nHELM_NAMESPACE=\"%s\"\n", ns ? ns : "default");
	return CLI_OK;
}

/* ---- the table ---- */

#define COMMON                                                                                                           \
	VALUE("namespace", 'n', "NAMESPACE", "namespace of the release"),                                                \
		VALUE("kube-context", 0, "NAME", "the cluster: kind-NAME"),                                              \
		VALUE("kubeconfig", 0, "FILE", "whose current context is the cluster"), FLAG("debug", 0, IGNORED),       \
		VALUE("kube-apiserver", 0, "URL", IGNORED), VALUE("kube-as-user", 0, "USER", IGNORED),                   \
		VALUES("kube-as-group", 0, "GROUP", IGNORED), VALUE("kube-ca-file", 0, "FILE", IGNORED),                 \
		FLAG("kube-insecure-skip-tls-verify", 0, IGNORED), VALUE("kube-tls-server-name", 0, "NAME", IGNORED),    \
		VALUE("kube-token", 0, "TOKEN", IGNORED), VALUE("registry-config", 0, "FILE", IGNORED),                  \
		VALUE("repository-cache", 0, "DIR", IGNORED), VALUE("repository-config", 0, "FILE", IGNORED),            \
		VALUE("burst-limit", 0, "N", IGNORED), VALUE("qps", 0, "N", IGNORED)
#define DOWNLOAD                                                                                                  \
	VALUE("version", 0, "VERSION", "version of the chart"), VALUE("repo", 0, "URL", IGNORED),                 \
		VALUE("ca-file", 0, "FILE", IGNORED), VALUE("cert-file", 0, "FILE", IGNORED),                     \
		VALUE("key-file", 0, "FILE", IGNORED), VALUE("keyring", 0, "FILE", IGNORED),                      \
		VALUE("username", 0, "USER", IGNORED), VALUE("password", 0, "PASSWORD", IGNORED),                 \
		FLAG("pass-credentials", 0, IGNORED), FLAG("insecure-skip-tls-verify", 0, IGNORED),               \
		FLAG("plain-http", 0, IGNORED), FLAG("devel", 0, IGNORED),                                        \
		REFUSE("verify", 0, "the chart is netemu's own, and nobody has signed it")
#define VALUES_OPTIONS                                                                                            \
	VALUES("values", 'f', "FILE", "a file of values"), VALUES("set", 0, "KEY=VALUE,...", "single values"),    \
		VALUES("set-string", 0, "KEY=VALUE,...", "single values, as text"),                               \
		VALUES("set-json", 0, "KEY=JSON,...", "single values, as JSON"),                                  \
		VALUES("set-file", 0, "KEY=FILE,...", "single values, from files"),                               \
		VALUES("set-literal", 0, "KEY=VALUE", "one value, as it stands")
#define OUTPUT VALUE("output", 'o', "table|json|yaml", "how to write it")
#define REVISION                                                                         \
	{                                                                                \
		"revision", 0, OPT_NUMBER, "N", COMPLETE_NOTHING, "an earlier revision" \
	}
#define DRY_RUN                                                                                        \
	{                                                                                              \
		"dry-run", 0, OPT_MAYBE_STRING, "client|server|none", COMPLETE_NOTHING, "only say it" \
	}
#define INSTALL_OPTIONS                                                                                                     \
	DOWNLOAD, VALUES_OPTIONS, OUTPUT, DRY_RUN, VALUE("timeout", 0, "DURATION", "for --wait (default: 5m0s)"),             \
		FLAG("wait", 0, "until all pods run that can"), FLAG("wait-for-jobs", 0, IGNORED),                          \
		FLAG("atomic", 0, "as --wait"), FLAG("create-namespace", 0, IGNORED), FLAG("force", 0, IGNORED),            \
		FLAG("no-hooks", 0, IGNORED), FLAG("skip-crds", 0, IGNORED), FLAG("dependency-update", 0, IGNORED),         \
		FLAG("disable-openapi-validation", 0, IGNORED), FLAG("skip-schema-validation", 0, IGNORED),                 \
		FLAG("enable-dns", 0, IGNORED), FLAG("hide-notes", 0, "do not say what the chart has to say"),              \
		FLAG("hide-secret", 0, IGNORED), FLAG("render-subchart-notes", 0, IGNORED), FLAG("take-ownership", 0, IGNORED), \
		VALUE("description", 0, "TEXT", IGNORED), VALUE("labels", 'l', "KEY=VALUE,...", IGNORED),                   \
		REFUSE_VALUE("post-renderer", 0, "PROGRAM", "the objects are made by the API server"),                      \
		REFUSE_VALUE("post-renderer-args", 0, "ARGS", "the objects are made by the API server")

static const struct verb_option pull_options[] = {
	COMMON,
	DOWNLOAD,
	VALUE("destination", 'd', "DIR", "where to write it"),
	FLAG("untar", 0, "unpack it"),
	VALUE("untardir", 0, "DIR", IGNORED),
	FLAG("prov", 0, IGNORED),
	END,
};
static const struct verb_option upgrade_options[] = {
	COMMON,
	INSTALL_OPTIONS,
	FLAG("install", 'i', "install it when it is not there"),
	FLAG("reuse-values", 0, "keep the values of the release, change those that are given"),
	FLAG("reset-values", 0, "only the values that are given, as without it"),
	FLAG("reset-then-reuse-values", 0, "as --reuse-values"),
	FLAG("cleanup-on-fail", 0, IGNORED),
	VALUE("history-max", 0, "N", IGNORED),
	END,
};
static const struct verb_option install_options[] = {
	COMMON,
	INSTALL_OPTIONS,
	FLAG("replace", 0, IGNORED),
	REFUSE("generate-name", 'g', "netemu's one release is called " RELEASE),
	REFUSE_VALUE("name-template", 0, "TEMPLATE", "netemu's one release is called " RELEASE),
	END,
};
static const struct verb_option template_options[] = {
	COMMON,
	INSTALL_OPTIONS,
	VALUE("show-only", 's', "FILE", "only the objects of this file of the chart"),
	VALUES("api-versions", 'a', "VERSION", IGNORED),
	VALUE("kube-version", 0, "VERSION", IGNORED),
	FLAG("include-crds", 0, IGNORED),
	FLAG("is-upgrade", 0, IGNORED),
	FLAG("skip-tests", 0, IGNORED),
	FLAG("validate", 0, IGNORED),
	FLAG("release-name", 0, IGNORED),
	FLAG("replace", 0, IGNORED),
	REFUSE("generate-name", 'g', "netemu's one release is called " RELEASE),
	REFUSE_VALUE("output-dir", 0, "DIR", "the objects are printed: redirect them into a file"),
	END,
};
static const struct verb_option rollback_options[] = {
	COMMON,
	DRY_RUN,
	VALUE("timeout", 0, "DURATION", "for --wait (default: 5m0s)"),
	FLAG("wait", 0, "until all pods run that can"),
	FLAG("atomic", 0, IGNORED),
	FLAG("wait-for-jobs", 0, IGNORED),
	FLAG("cleanup-on-fail", 0, IGNORED),
	FLAG("force", 0, IGNORED),
	FLAG("no-hooks", 0, IGNORED),
	FLAG("recreate-pods", 0, IGNORED),
	VALUE("history-max", 0, "N", IGNORED),
	END,
};
static const struct verb_option uninstall_options[] = {
	COMMON,
	DRY_RUN,
	FLAG("ignore-not-found", 0, "what is not there is no error"),
	VALUE("cascade", 0, "WORD", IGNORED),
	VALUE("description", 0, "TEXT", IGNORED),
	REFUSE("keep-history", 0, "a release that is gone leaves nothing behind"),
	FLAG("no-hooks", 0, IGNORED),
	VALUE("timeout", 0, "DURATION", IGNORED),
	FLAG("wait", 0, IGNORED),
	END,
};
static const struct verb_option list_options[] = {
	COMMON,
	OUTPUT,
	FLAG("all-namespaces", 'A', "of all namespaces"),
	FLAG("all", 'a', "of every status"),
	FLAG("deployed", 0, "those that are there (also without this)"),
	FLAG("superseded", 0, "those that others came after"),
	FLAG("failed", 0, "there are none"),
	FLAG("pending", 0, "there are none"),
	FLAG("uninstalled", 0, "there are none"),
	FLAG("uninstalling", 0, "there are none"),
	VALUE("filter", 'f', "TEXT", "whose name has this in it"),
	FLAG("short", 'q', "only names"),
	FLAG("no-headers", 0, "no first line"),
	FLAG("date", 'd', IGNORED),
	FLAG("reverse", 'r', IGNORED),
	VALUE("max", 'm', "N", IGNORED),
	VALUE("offset", 0, "N", IGNORED),
	VALUE("selector", 'l', "LABELS", IGNORED),
	VALUE("time-format", 0, "FORMAT", IGNORED),
	END,
};
static const struct verb_option history_options[] = {
	COMMON,
	OUTPUT,
	{ "max", 0, OPT_NUMBER, "N", COMPLETE_NOTHING, "the last N revisions (default: 256)" },
	END,
};
static const struct verb_option status_options[] = {
	COMMON,	OUTPUT,		REVISION, FLAG("show-desc", 0, "the description, too"), FLAG("show-resources", 0, IGNORED), END,
};
static const struct verb_option get_options[] = {
	COMMON, OUTPUT, REVISION, FLAG("all", 'a', "of values: also those of the chart"), VALUE("template", 0, "TEMPLATE", IGNORED), END,
};
static const struct verb_option show_options[] = { COMMON, DOWNLOAD, VALUE("jsonpath", 0, "PATH", IGNORED), END };
static const struct verb_option repo_options[] = {
	COMMON,
	OUTPUT,
	FLAG("force-update", 0, "replace what has this name"),
	FLAG("no-update", 0, IGNORED),
	FLAG("allow-deprecated-repos", 0, IGNORED),
	FLAG("fail-on-repo-update-fail", 0, IGNORED),
	VALUE("ca-file", 0, "FILE", IGNORED),
	VALUE("cert-file", 0, "FILE", IGNORED),
	VALUE("key-file", 0, "FILE", IGNORED),
	VALUE("username", 0, "USER", IGNORED),
	VALUE("password", 0, "PASSWORD", IGNORED),
	FLAG("password-stdin", 0, IGNORED),
	FLAG("pass-credentials", 0, IGNORED),
	FLAG("insecure-skip-tls-verify", 0, IGNORED),
	VALUE("timeout", 0, "DURATION", IGNORED),
	FLAG("versions", 'l', IGNORED),
	FLAG("devel", 0, IGNORED),
	VALUE("version", 0, "VERSION", IGNORED),
	VALUE("max-col-width", 0, "N", IGNORED),
	FLAG("regexp", 'r', IGNORED),
	END,
};
static const struct verb_option common_only[] = { COMMON, END };
static const struct verb_option version_options[] = {
	COMMON, FLAG("short", 0, "only the number"), FLAG("client", 'c', IGNORED), VALUE("template", 0, "TEMPLATE", IGNORED), END,
};
static const struct verb globals = {
	.name = "helm", .options = common_only, .max_args = ARGS_ANY, .stop_after = STOP_AT_ONCE
};

#define COMMAND(words, other, arguments, text, opts, min, max, function)                                \
	{                                                                                               \
		.name = words, .alias = other, .synopsis = arguments, .summary = text, .options = opts, \
		.min_args = min, .max_args = max, .run = function                                       \
	}
#define NO_CHARTS "netemu has one chart built in, and makes no others"
#define NO_PLUGINS "netemu's helm has no plugins"

static const struct verb commands[] = {
	COMMAND("repo add", NULL, "NAME URL", "Write down a repository; nothing is fetched", repo_options, 2, 2, helm_repo_add),
	COMMAND("repo list", "repo ls", "", "List those that were added", repo_options, 0, 0, helm_repo_list),
	COMMAND("repo update", "repo up", "[NAME...]", "Nothing to do", repo_options, 0, ARGS_ANY, helm_repo_update),
	COMMAND("repo remove", "repo rm", "NAME...", "Forget repositories", repo_options, 1, ARGS_ANY, helm_repo_remove),
	COMMAND("search repo", NULL, "[WORD]", "Find the chart", repo_options, 0, 1, helm_search_repo),
	COMMAND("pull", "fetch", "CHART", "Write Cilium's chart", pull_options, 1, 1, helm_pull),
	COMMAND("upgrade", NULL, "RELEASE CHART", "Change the values of Cilium", upgrade_options, 2, 2, helm_upgrade),
	COMMAND("install", NULL, "RELEASE CHART", "Install Cilium", install_options, 2, 2, helm_install),
	COMMAND("uninstall", "delete", "RELEASE", "Take Cilium out", uninstall_options, 1, 1, helm_uninstall),
	COMMAND("rollback", NULL, "RELEASE [REVISION]", "The values of an earlier revision again", rollback_options, 1, 2,
		helm_rollback),
	COMMAND("template", NULL, "[NAME] CHART", "Print the objects that an installation makes", template_options, 1, 2,
		helm_template),
	COMMAND("list", "ls", "", "List releases", list_options, 0, 0, helm_list),
	COMMAND("status", NULL, "RELEASE", "Show a release", status_options, 1, 1, helm_status),
	COMMAND("history", "hist", "RELEASE", "Show the revisions of a release", history_options, 1, 1, helm_history),
	COMMAND("get values", NULL, "RELEASE", "Show the values of a release", get_options, 1, 1, helm_get_values),
	COMMAND("get manifest", NULL, "RELEASE", "Show the objects of a release", get_options, 1, 1, helm_get_manifest),
	COMMAND("get notes", NULL, "RELEASE", "Show what the chart has to say", get_options, 1, 1, helm_get_notes),
	COMMAND("get hooks", NULL, "RELEASE", "The chart has none", get_options, 1, 1, helm_get_hooks),
	COMMAND("get metadata", NULL, "RELEASE", "Show what the release is", get_options, 1, 1, helm_get_metadata),
	COMMAND("get all", NULL, "RELEASE", "Show all of these", get_options, 1, 1, helm_get_all),
	COMMAND("show values", "inspect values", "CHART", "Show all values that are read, with their defaults", show_options, 1, 1,
		helm_show_values),
	COMMAND("show chart", "inspect chart", "CHART", "Show what the chart is", show_options, 1, 1, helm_show_chart),
	COMMAND("show all", "inspect all", "CHART", "Show both", show_options, 1, 1, helm_show_all),
	COMMAND("env", NULL, "", "Show helm's environment", common_only, 0, 1, helm_env),
	COMMAND("version", NULL, "", "Show the version", version_options, 0, 0, helm_version),
	REFUSE_COMMAND("create", NO_CHARTS),
	REFUSE_COMMAND("package", NO_CHARTS),
	REFUSE_COMMAND("lint", NO_CHARTS),
	REFUSE_COMMAND("dependency", NO_CHARTS),
	REFUSE_COMMAND("push", NO_CHARTS),
	REFUSE_COMMAND("verify", "the chart is netemu's own, and nobody has signed it"),
	REFUSE_COMMAND("registry", "no registry is spoken to"),
	REFUSE_COMMAND("plugin", NO_PLUGINS),
	REFUSE_COMMAND("test", "the chart has no tests: netemu run --wait says when all is settled"),
	REFUSE_COMMAND("search hub", "nothing is asked of the network"),
	REFUSE_COMMAND("repo index", NO_CHARTS),
	REFUSE_COMMAND("show readme", "the chart has none: helm show values says all that is read"),
	REFUSE_COMMAND("show crds", "kubectl get crds shows them, once Cilium is installed"),
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
