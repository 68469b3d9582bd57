// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_cilium.c - cilium, the command line of Cilium, for what netemu has in its place
 *
 * Installing is helm's (the release is the same); status is what the cluster's objects say; sessions and routes are the speakers' own.
 */
#include <string.h>

#include "bgpview.h"
#include "cluster/cilium_chart.h"
#include "cluster/jsonutil.h"
#include "kubeprint.h"
#include "shim_helm.h"
#include "shim_options.h"
#include "when.h"

static int fail(const char *text)
{
	(void)fflush(stdout);
	(void)fprintf(stderr, "\nError: %s\n", text);
	return CLI_FAILED;
}

/* ---- objects ---- */

/* An object, or a list; NULL with @e: it is not there. New reference. */
static json_t *object_get(struct kube *k, const char *path, struct error *e)
{
	const struct kube_request rq = { .method = "GET", .path = path };
	_cleanup_kube_reply_ struct kube_reply reply = { 0 };

	if (kube_http(k, &rq, NULL, NULL, &reply, e) < 0)
		return NULL;
	if (kube_ok(&reply))
		return json_incref(reply.json);
	(void)kube_failure(&reply, e);
	return NULL;
}

#define DAEMONSET  "/apis/apps/v1/namespaces/kube-system/daemonsets/cilium"
#define DEPLOYMENT "/apis/apps/v1/namespaces/kube-system/deployments/cilium-operator"
#define CONFIG	   "/api/v1/namespaces/kube-system/configmaps/cilium-config"

/* ---- status ---- */

/* What is there of the agent or of the operator. */
struct part {
	const char *name, *kind, *word, *label, *image; /* "cilium", "DaemonSet", "daemonset", its pods' */
	json_int_t desired, ready, available, running;
	struct error missing;
};

struct status {
	struct part agent, operator;
	json_int_t pods, managed; /* not on the host's network; those of them that have an address */
	const char *version;
	struct arena arena;
};

static void pods_count(const json_t *pods, struct status *s)
{
	const json_t *pod;
	size_t i;

	json_array_foreach(json_object_get(pods, "items"), i, pod) {
		const bool running = strcmp(json_text(pod, "status", "phase", NULL), "Running") == 0;
		struct part *const parts[] = { &s->agent, &s->operator };

		for (size_t k = 0; k < ARRAY_SIZE(parts); k++)
			if (strcmp(json_text(pod, "metadata", "labels", parts[k]->label, NULL), parts[k]->word) == 0)
				parts[k]->running += running;
		if (json_bool(pod, "spec", "hostNetwork", NULL) || strcmp(json_text(pod, "status", "phase", NULL), "Succeeded") == 0 ||
		    strcmp(json_text(pod, "status", "phase", NULL), "Failed") == 0)
			continue;
		s->pods++;
		s->managed += *json_text(pod, "status", "podIP", NULL) != '\0';
	}
}

static int status_read(struct kube *k, struct status *s, struct error *e)
{
	_cleanup_json_ json_t *ds = object_get(k, DAEMONSET, &s->agent.missing), *deploy = object_get(k, DEPLOYMENT, &s->operator.missing),
			      *pods = object_get(k, "/api/v1/pods", e), *release = helm_release(k, "cilium", 0, &(struct error){ 0 });
	struct part *a = &s->agent, *o = &s->operator;

	if (!pods)
		return -e->code;
	*a = (struct part){ "cilium", "DaemonSet", "cilium", "k8s-app", "",
			    json_int(ds, 0, "status", "desiredNumberScheduled", NULL), json_int(ds, 0, "status", "numberReady", NULL),
			    json_int(ds, 0, "status", "numberAvailable", NULL), 0, a->missing };
	*o = (struct part){ "cilium-operator", "Deployment", "cilium-operator", "name", "",
			    json_int(deploy, 0, "spec", "replicas", NULL), json_int(deploy, 0, "status", "readyReplicas", NULL),
			    json_int(deploy, 0, "status", "availableReplicas", NULL), 0, o->missing };
	a->image = arena_strdup(&s->arena, json_text(json_array_get(json_at(ds, "spec", "template", "spec", "containers", NULL), 0), "image", NULL));
	o->image = arena_strdup(&s->arena,
				json_text(json_array_get(json_at(deploy, "spec", "template", "spec", "containers", NULL), 0), "image", NULL));
	s->version = arena_strdup(&s->arena, json_text(release, "chart", "metadata", "version", NULL));
	pods_count(pods, s);
	return 0;
}

static bool part_is_well(const struct part *p)
{
	return !p->missing.code && p->ready == p->desired && p->available == p->desired;
}

static const char *part_word(struct arena *a, const struct part *p)
{
	const json_int_t wrong = p->missing.code ? 1 : p->desired - p->ready;

	return part_is_well(p) ? "OK" : p->missing.code || wrong < 1 ? "1 errors" : arena_printf(a, "%lld warnings", (long long)wrong);
}

static void part_line(const struct part *p)
{
	if (!p->missing.code)
		(void)printf("%-22s %-18s Desired: %lld, Ready: %lld/%lld, Available: %lld/%lld\n", p->kind, p->name, (long long)p->desired,
			     (long long)p->ready, (long long)p->desired, (long long)p->available, (long long)p->desired);
}

/* What is wrong with a part, as cilium-cli lists errors. */
static void part_error(const struct part *p, bool *first)
{
	if (part_is_well(p))
		return;
	(void)printf("%-22s %-18s %-18s ", *first ? "Errors:" : "", p->name, p->name);
	*first = false;
	if (p->missing.code)
		(void)printf("%s\n", p->missing.msg);
	else
		(void)printf("%lld pods of %s %s are not ready\n", (long long)(p->desired - p->ready), p->kind, p->name);
}

static void status_print(struct status *s)
{
	const struct part *a = &s->agent, *o = &s->operator;
	bool first = true;

	(void)printf("    /¯¯\\\n /¯¯\\__/¯¯\\    Cilium:             %s\n \\__/¯¯\\__/    Operator:           %s\n"
		     " /¯¯\\__/¯¯\\    Envoy DaemonSet:    disabled (using embedded mode)\n \\__/¯¯\\__/    Hubble Relay:       disabled\n"
		     "    \\__/       ClusterMesh:        disabled\n\n",
		     part_word(&s->arena, a), part_word(&s->arena, o));
	part_line(a);
	part_line(o);
	(void)printf("%-22s %-18s Running: %lld\n%-22s %-18s Running: %lld\n%-22s %lld/%lld managed by Cilium\n", "Containers:", a->name,
		     (long long)a->running, "", o->name, (long long)o->running, "Cluster Pods:", (long long)s->managed,
		     (long long)s->pods);
	(void)printf("%-22s %s\n", "Helm chart version:", s->version);
	if (*a->image)
		(void)printf("%-22s %-18s %s: %lld\n", "Image versions", a->name, a->image, (long long)a->running);
	if (*o->image)
		(void)printf("%-22s %-18s %s: %lld\n", "", o->name, o->image, (long long)o->running);
	part_error(a, &first);
	part_error(o, &first);
}

static json_t *part_json(const struct part *p)
{
	return json_pack("{s:s, s:I, s:I, s:I, s:I}", "Type", p->kind, "Desired", p->desired, "Ready", p->ready, "Available", p->available,
			 "Unavailable", p->desired - p->available);
}

static int status_json(const struct status *s)
{
	_cleanup_json_ json_t *all =
		json_pack("{s:{s:o, s:o}, s:I, s:{s:I, s:I}}", "pod_state", "cilium", part_json(&s->agent), "cilium-operator",
			  part_json(&s->operator), "collection_errors", (json_int_t)0, "cilium_status", "pods", s->pods, "managed", s->managed);
	struct error e = { 0 };

	return kube_print_object(all, "json", stdout, &e) < 0 ? fail(e.msg) : CLI_OK;
}

/* --wait: the API server says when all pods run that can. */
static int status_wait(const struct cli *cli, struct kube *k)
{
	const char *duration = cli_value(cli, "wait-duration");
	_cleanup_json_ json_t *reply = NULL;
	int64_t ns = (int64_t)300 * 1000000000;
	struct error e = { 0 };

	if (duration && when_duration(duration, &ns, &e) < 0)
		return fail(e.msg);
	if (cli_flag(cli, "wait") &&
	    kube_call(k, "wait", json_pack("{s:I}", "timeout", (json_int_t)(ns / 1000000000)), &reply, &e) < 0)
		return fail(e.msg);
	return CLI_OK;
}

static int cilium_status(const struct cli *cli)
{
	const char *format = cli_value(cli, "output");
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	struct status s = { 0 };
	struct error e = { 0 };
	bool well;
	int code = helm_cluster_open(cli, &k);

	if (code == CLI_OK)
		code = status_wait(cli, &k);
	if (code != CLI_OK)
		return code;
	if (status_read(&k, &s, &e) < 0)
		return fail(e.msg);
	well = part_is_well(&s.agent) && part_is_well(&s.operator);
	if (format && strcmp(format, "json") == 0)
		code = status_json(&s);
	else if (!cli_flag(cli, "brief"))
		status_print(&s);
	else if (well)
		(void)puts("OK");
	arena_done(&s.arena);
	return code == CLI_OK && !well ? fail("Unable to determine status: not all of Cilium is there and ready") : code;
}

/* ---- bgp ---- */

static int bgp(const struct cli *cli, const struct strv *words)
{
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	const int code = helm_cluster_open(cli, &k);

	return code == CLI_OK ? bgp_show(cli, &k, words) : code;
}

static void add_node(struct arena *a, const struct cli *cli, struct strv *words)
{
	if (cli_value(cli, "node"))
		strv_add(a, words, cli_value(cli, "node"));
}

static int cilium_bgp_peers(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strv words = { 0 };

	strv_add(&a, &words, "bgppeers");
	add_node(&a, cli, &words);
	return bgp(cli, &words);
}

/* cilium bgp routes [available|advertised] [ipv4|ipv6] [unicast] [vrouter ASN] */
static int cilium_bgp_routes(const struct cli *cli)
{
	static const char *const known[] = { "available", "advertised", "ipv4", "ipv6" };
	const struct strv *args = cli_args(cli);
	_cleanup_arena_ struct arena a = { 0 };
	struct strv words = { 0 };

	strv_add(&a, &words, "bgproutes");
	for (size_t i = 0; i < args->n; i++) {
		bool is_known = strcmp(args->v[i], "unicast") == 0;

		for (size_t k = 0; k < ARRAY_SIZE(known); k++)
			if (strcmp(args->v[i], known[k]) == 0) {
				strv_add(&a, &words, known[k]);
				is_known = true;
			}
		if (!is_known)
			return fail(arena_printf(&a, "bgp routes takes available or advertised, ipv4 or ipv6, and unicast; not '%s'",
						 args->v[i]));
	}
	add_node(&a, cli, &words);
	return bgp(cli, &words);
}

/* ---- install, upgrade, uninstall: helm's ---- */

static int helm(struct arena *a, struct strv *words)
{
	char **argv = arena_alloc(a, (words->n + 2) * sizeof(*argv));
	int code;

	argv[0] = (char *)"helm";
	for (size_t i = 0; i < words->n; i++)
		argv[i + 1] = words->v[i];
	code = shim_main(&shim_helm, (int)words->n + 1, argv);
	cli_program = shim_cilium.name;
	return code;
}

static void add_option(struct arena *a, struct strv *words, const char *option, const char *value)
{
	if (!value)
		return;
	strv_add(a, words, option);
	strv_add(a, words, value);
}

static void add_options(struct arena *a, struct strv *words, const char *option, const struct strv *values)
{
	for (size_t i = 0; i < values->n; i++)
		add_option(a, words, option, values->v[i]);
}

static int install(const struct cli *cli, const char *const *verb)
{
	static const char *const repeated[] = { "values", "set", "set-string", "set-file" };
	_cleanup_arena_ struct arena a = { 0 };
	const char *version = cli_value(cli, "version");
	struct strv words = { 0 };
	int code, saved;

	for (; *verb; verb++)
		strv_add(&a, &words, *verb);
	strv_add(&a, &words, "cilium");
	strv_add(&a, &words, "cilium/cilium");
	for (size_t i = 0; i < ARRAY_SIZE(repeated); i++) {
		const struct strv values = cli_list(cli, repeated[i]);

		add_options(&a, &words, arena_printf(&a, "--%s", repeated[i]), &values);
	}
	add_option(&a, &words, "--version", version);
	add_option(&a, &words, "--kube-context", cli_value(cli, "context"));
	add_option(&a, &words, "--kubeconfig", cli_value(cli, "kubeconfig"));
	if (cli_flag(cli, "wait"))
		strv_add(&a, &words, "--wait");
	if (cli_flag(cli, "reuse-values"))
		strv_add(&a, &words, "--reuse-values");
	if (cli_flag(cli, "dry-run")) {
		strv_add(&a, &words, "--dry-run");
		return helm(&a, &words);
	}
	version = version && *version == 'v' ? version + 1 : version;
	(void)printf("🔮 Auto-detected Kubernetes kind: kind\nℹ️  Using Cilium version %s\n", version ? version : cilium_chart_version);
	saved = shim_quiet();
	code = helm(&a, &words);
	shim_loud(saved);
	return code;
}

static int cilium_install(const struct cli *cli)
{
	return install(cli, (const char *const[]){ "install", NULL });
}

static int cilium_upgrade(const struct cli *cli)
{
	return install(cli, (const char *const[]){ "upgrade", NULL });
}

static int cilium_uninstall(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strv words = { 0 };
	int code, saved;

	strv_add(&a, &words, "uninstall");
	strv_add(&a, &words, "cilium");
	add_option(&a, &words, "--kube-context", cli_value(cli, "context"));
	add_option(&a, &words, "--kubeconfig", cli_value(cli, "kubeconfig"));
	(void)printf("🔥 Uninstalling Cilium\n");
	saved = shim_quiet();
	code = helm(&a, &words);
	shim_loud(saved);
	if (code == CLI_OK)
		(void)printf("✅ Cilium was successfully uninstalled.\n");
	return code;
}

/* ---- config, version ---- */

static int cilium_config_view(const struct cli *cli)
{
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	_cleanup_json_ json_t *map = NULL, *data = NULL;
	struct error e = { 0 };
	const char *key;
	json_t *value;
	const int code = helm_cluster_open(cli, &k);

	if (code != CLI_OK)
		return code;
	map = object_get(&k, CONFIG, &e);
	if (!map)
		return fail(e.msg);
	data = json_sorted(json_object_get(map, "data"));
	json_object_foreach(data, key, value)
		(void)printf("%-50s%s\n", key, json_string_value(value));
	return CLI_OK;
}

static int cilium_version(const struct cli *cli)
{
	_cleanup_json_ json_t *release = NULL;
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	struct error e = { 0 };

	(void)printf("cilium-cli: v%s (netemu " NETEMU_VERSION " in its place)\ncilium image (default): v%s\n", shim_cilium.version,
		     cilium_chart_version);
	if (cli_flag(cli, "client"))
		return CLI_OK;
	if (helm_cluster_open(cli, &k) != CLI_OK)
		return CLI_FAILED;
	release = helm_release(&k, "cilium", 0, &e);
	if (release)
		(void)printf("cilium image (running): %s\n", json_text(release, "chart", "metadata", "version", NULL));
	else
		(void)printf("cilium image (running): unknown. Unable to obtain cilium version. Reason: %s\n", e.msg);
	return CLI_OK;
}

/* ---- the table ---- */

#define COMMON                                                                                                            \
	VALUE("context", 0, "NAME", "the cluster: kind-NAME"), VALUE("namespace", 'n', "NAMESPACE", IGNORED),             \
		VALUE("kubeconfig", 0, "FILE", "whose current context is the cluster"),                                   \
		VALUE("helm-release-name", 0, "NAME", IGNORED), VALUE("as", 0, "USER", IGNORED), VALUES("as-group", 0, "GROUP", IGNORED)
#define WAIT(text) FLAG("wait", 0, text), VALUE("wait-duration", 0, "DURATION", "how long at most (default: 5m0s)")
#define NO_TESTS "it makes pods that curl services and the world, and netemu has no datapath for services: netemu run --wait, netemu exec POD -- ping"

static const struct verb_option status_options[] = {
	COMMON,
	WAIT("until all pods run that can"),
	FLAG("brief", 0, "only OK, or what is wrong"),
	FLAG("ignore-warnings", 0, IGNORED),
	FLAG("interactive", 0, IGNORED),
	FLAG("verbose", 0, IGNORED),
	VALUE("worker-count", 0, "N", IGNORED),
	VALUE("output", 'o', "summary|json", "how to write it"),
	END,
};
static const struct verb_option bgp_options[] = {
	COMMON,
	WAIT(IGNORED),
	VALUE("node", 0, "NODE", "only of this node"),
	VALUE("output", 'o', "summary|json", "how to write it"),
	VALUE("agent-pod-selector", 0, "LABELS", IGNORED),
	REFUSE("watch", 'w', "it is asked of the nodes when it is shown"),
	END,
};
static const struct verb_option install_options[] = {
	COMMON,
	WAIT("until all pods run that can"),
	VALUE("version", 0, "VERSION", "version of the chart"),
	VALUES("values", 'f', "FILE", "a file of values"),
	VALUES("set", 0, "KEY=VALUE,...", "single values"),
	VALUES("set-string", 0, "KEY=VALUE,...", "single values, as text"),
	VALUES("set-file", 0, "KEY=FILE,...", "single values, from files"),
	FLAG("reuse-values", 0, "keep the values of the release, change those that are given"),
	FLAG("reset-values", 0, IGNORED),
	FLAG("dry-run", 0, "print what would be made"),
	FLAG("dry-run-helm-values", 0, IGNORED),
	VALUE("chart-directory", 0, "DIR", IGNORED),
	VALUE("repository", 0, "URL", IGNORED),
	VALUE("datapath-mode", 0, "MODE", IGNORED),
	VALUE("nodes-without-cilium", 0, "NODES", IGNORED),
	FLAG("disable-check", 0, IGNORED),
	FLAG("list-versions", 0, IGNORED),
	FLAG("restart", 0, IGNORED),
	END,
};
static const struct verb_option common_only[] = { COMMON, WAIT(IGNORED), FLAG("client", 0, "only of this program"), END };
static const struct verb globals = {
	.name = "cilium", .options = common_only, .max_args = ARGS_ANY, .stop_after = STOP_AT_ONCE
};

#define COMMAND(words, arguments, text, opts, max, function)                                                     \
	{                                                                                                        \
		.name = words, .synopsis = arguments, .summary = text, .options = opts, .max_args = max, \
		.run = function                                                                                  \
	}

static const struct verb commands[] = {
	COMMAND("status", "[flags]", "Show whether Cilium is there and ready", status_options, 0, cilium_status),
	COMMAND("bgp peers", "[flags]", "Show BGP sessions of the nodes", bgp_options, 0, cilium_bgp_peers),
	COMMAND("bgp routes", "[available|advertised] [ipv4|ipv6] [unicast] [flags]", "Show BGP routes of the nodes", bgp_options, 4,
		cilium_bgp_routes),
	COMMAND("install", "[flags]", "Install Cilium, as helm does", install_options, 0, cilium_install),
	COMMAND("upgrade", "[flags]", "Change its values, as helm does", install_options, 0, cilium_upgrade),
	COMMAND("uninstall", "[flags]", "Take it out", common_only, 0, cilium_uninstall),
	COMMAND("config view", "[flags]", "Show the ConfigMap cilium-config", common_only, 0, cilium_config_view),
	COMMAND("version", "[flags]", "Show the versions", common_only, 0, cilium_version),
	REFUSE_COMMAND("connectivity", NO_TESTS),
	REFUSE_COMMAND("config set", "the ConfigMap follows from the values: cilium upgrade --reuse-values --set KEY=VALUE"),
	REFUSE_COMMAND("config delete", "the ConfigMap follows from the values: cilium upgrade --set KEY=VALUE"),
	REFUSE_COMMAND("hubble", "there is no BPF in the nodes that could see flows: tcpdump in a node does"),
	REFUSE_COMMAND("clustermesh", "clusters of netemu are joined by links of a topology"),
	REFUSE_COMMAND("encryption", "nothing is encrypted between nodes"),
	REFUSE_COMMAND("encrypt", "nothing is encrypted between nodes"),
	REFUSE_COMMAND("features", "cilium config view shows what the values say"),
	REFUSE_COMMAND("multicast", "there is no BPF multicast in the nodes"),
	REFUSE_COMMAND("sysdump", "netemu logs, kubectl get -A -o yaml and kind export logs have what there is"),
	REFUSE_COMMAND("context", "kubectl config get-contexts shows it"),
	{ .name = NULL },
};

const struct shim shim_cilium = {
	.name = "cilium",
	.version = "0.16.16",
	.globals = &globals,
	.commands = commands,
	.usage_status = CLI_FAILED,
	.unknown = "Error: unknown command ",
	.known = " for \"cilium\"",
};
