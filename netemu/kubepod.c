// SPDX-License-Identifier: GPL-2.0-or-later
#include "kubepod.h"

#include <string.h>

#include "cluster/jsonutil.h"
#include "output.h"
#include "when.h"

void kube_pod_word(struct arena *a, const char *word, const char *ns, const char **ret_ns, const char **ret_name)
{
	const char *slash = strchr(word, '/');

	*ret_ns = ns ? ns : "default";
	*ret_name = slash ? slash + 1 : word;
	if (slash && strncmp(word, "pod/", 4) != 0 && strncmp(word, "pods/", 5) != 0)
		*ret_ns = arena_strndup(a, word, (size_t)(slash - word));
}

/* The cluster to ask; when there is none, the error of the node stays. */
static int cluster_open(const struct cli *cli, struct kube *k, struct error *e)
{
	struct error why = { 0 };
	int r = kube_open(cli_value(cli, "lab"), 0, k, &why);

	if (r < 0 && r != -ENOENT)
		*e = why;
	return r;
}

static int not_there(const struct kube *k, const char *ns, const char *name, struct error *e)
{
	const char *list = strchr(e->msg, ';');
	char rest[400];

	(void)snprintf(rest, sizeof(rest), "%.380s", list ? list : "");
	return error_set(e, ENOENT, "no running lab has a node '%.60s', and cluster %.60s has no such pod in namespace %.60s%.200s", name, k->lab,
			 ns, rest);
}

/* Return: the pod, a new reference; NULL with a reason. */
static json_t *pod_get(struct kube *k, const char *ns, const char *name, struct error *e)
{
	_cleanup_kube_reply_ struct kube_reply reply = { 0 };
	_cleanup_strbuf_ struct strbuf path = { 0 };
	struct kube_request rq = { .method = "GET" };

	kube_url(&path, &resources[RES_PODS], NULL, ns, name);
	rq.path = strbuf_str(&path);
	if (kube_http(k, &rq, NULL, NULL, &reply, e) < 0)
		return NULL;
	if (kube_ok(&reply) && reply.json)
		return json_incref(reply.json);
	if (reply.code == 404)
		(void)not_there(k, ns, name, e);
	else
		(void)kube_failure(&reply, e);
	return NULL;
}

/* What kubectl takes when none is named: the annotation's, else the first. */
static const char *default_container(const struct cli *cli, const json_t *pod)
{
	const json_t *list = json_at(pod, "spec", "containers", NULL);
	const char *name = json_text(pod, "metadata", "annotations", "kubectl.kubernetes.io/default-container", NULL);
	_cleanup_strbuf_ struct strbuf all = { 0 };
	json_t *c;
	size_t i;

	if (*name)
		return name;
	json_array_foreach(list, i, c)
		strbuf_printf(&all, "%s%s", i ? ", " : "", json_text(c, "name", NULL));
	name = json_text(json_array_get(list, 0), "name", NULL);
	if (json_array_size(list) > 1)
		cli_note(cli, "the container is \"%s\", out of: %s (-c chooses)", name, strbuf_str(&all));
	return name;
}

static void defaults_read(const json_t *pod, const char *container, struct arena *a, struct kube_pod_defaults *ret)
{
	const json_int_t pod_uid = json_int(pod, -1, "spec", "securityContext", "runAsUser", NULL);
	const json_int_t pod_gid = json_int(pod, 0, "spec", "securityContext", "runAsGroup", NULL);
	json_t *c;
	size_t i;

	*ret = (struct kube_pod_defaults){ "", "" };
	json_array_foreach(json_at(pod, "spec", "containers", NULL), i, c) {
		const json_int_t uid = json_int(c, pod_uid, "securityContext", "runAsUser", NULL);

		if (strcmp(json_text(c, "name", NULL), container) != 0)
			continue;
		ret->cwd = arena_strdup(a, json_text(c, "workingDir", NULL));
		if (uid >= 0)
			ret->user = arena_printf(a, "%lld:%lld", (long long)uid,
						 (long long)json_int(c, pod_gid, "securityContext", "runAsGroup", NULL));
	}
}

int kube_pod_connect(const struct cli *cli, const char *word, struct arena *a, struct kube_pod_defaults *ret, struct error *e)
{
	_cleanup_rpc_message_ struct rpc_message m = { 0 };
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	_cleanup_json_ json_t *pod = NULL;
	const char *ns, *name, *container = cli_value(cli, "container");
	int r = cluster_open(cli, &k, e);

	if (r < 0)
		return r;
	kube_pod_word(&k.arena, word, cli_value(cli, "namespace"), &ns, &name);
	pod = pod_get(&k, ns, name, e);
	if (!pod)
		return -e->code;
	container = container ? container : default_container(cli, pod);
	defaults_read(pod, container, a, ret);
	*e = (struct error){ 0 };
	r = rpc_call(k.sock, json_pack("{s:s, s:s, s:s, s:s}", "op", "exec.connect", "namespace", ns, "pod", name, "container",
				       container),
		     &m, e);
	if (r == 0 && m.n_fds == 1)
		return TAKE_FD(m.fds[0]);
	return r < 0 ? r : error_set(e, EPROTO, "pod %s: no connection came", name);
}

/* ---- logs ---- */

static bool text_print(void *arg, const char *text)
{
	(void)arg;
	return fputs(text, stdout) != EOF && fflush(stdout) == 0;
}

static const char *log_path(const struct cli *cli, struct arena *a, const char *ns, const char *name, const char *container)
{
	_cleanup_strbuf_ struct strbuf path = { 0 };
	const char *tail = cli_value(cli, "tail") ?: "all";
	int64_t since;

	kube_url(&path, &resources[RES_PODS], NULL, ns, name);
	strbuf_puts(&path, "/log");
	kube_query(&path, "container", container);
	kube_query(&path, "follow", cli_flag(cli, "follow") ? "true" : NULL);
	kube_query(&path, "previous", cli_flag(cli, "previous") ? "true" : NULL);
	kube_query(&path, "timestamps", cli_flag(cli, "timestamps") ? "true" : NULL);
	if (strcmp(tail, "all") != 0 && strcmp(tail, "-1") != 0)
		kube_query(&path, "tailLines", tail);
	if (cli_value(cli, "since") && when_parse(cli_value(cli, "since"), &since, NULL) == 0)
		kube_query(&path, "sinceTime", when_iso(a, since / 1000000000));
	return arena_strdup(a, strbuf_str(&path));
}

int kube_pod_logs(const struct cli *cli, const char *word, const char *container, struct error *e)
{
	_cleanup_kube_reply_ struct kube_reply reply = { 0 };
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	_cleanup_json_ json_t *pod = NULL;
	struct kube_request rq = { .method = "GET", .accept = "*/*" };
	const char *ns, *name;
	int r = cluster_open(cli, &k, e);

	if (r < 0)
		return cli_fail(cli, e);
	kube_pod_word(&k.arena, word, cli_value(cli, "namespace"), &ns, &name);
	pod = pod_get(&k, ns, name, e);
	if (!pod)
		return cli_fail(cli, e);
	if (cli_flag(cli, "until"))
		return cli_usage(cli, "the logs of a pod have no --until");
	container = container ? container : cli_value(cli, "container");
	rq.path = log_path(cli, &k.arena, ns, name, container ? container : default_container(cli, pod));
	r = kube_http(&k, &rq, text_print, NULL, &reply, e);
	if (r < 0)
		return cli_fail(cli, e);
	if (r == 0 && kube_ok(&reply))
		(void)fputs(reply.text, stdout);
	else if (r == 0 && kube_failure(&reply, e) < 0)
		return cli_fail(cli, e);
	return CLI_OK;
}
