// SPDX-License-Identifier: GPL-2.0-or-later
#include "kubepod.h"

#include <string.h>

#include "cluster/jsonutil.h"
#include "output.h"

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

int kube_pod_connect(const struct cli *cli, const char *word, struct error *e)
{
	_cleanup_rpc_message_ struct rpc_message m = { 0 };
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	const char *ns, *name;
	struct error why = { 0 };
	int r = cluster_open(cli, &k, e);

	if (r < 0)
		return r;
	kube_pod_word(&k.arena, word, cli_value(cli, "namespace"), &ns, &name);
	r = rpc_call(k.sock, json_pack("{s:s, s:s, s:s, s:s}", "op", "exec.connect", "namespace", ns, "pod", name, "container",
				       cli_value(cli, "container") ? cli_value(cli, "container") : ""),
		     &m, &why);
	if (r == -ENOENT)
		return not_there(&k, ns, name, e);
	if (r == 0 && m.n_fds == 1)
		return TAKE_FD(m.fds[0]);
	if (r == 0)
		return error_set(e, EPROTO, "pod %s: no connection came", name);
	*e = why;
	return r;
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

	kube_url(&path, &resources[RES_PODS], NULL, ns, name);
	strbuf_puts(&path, "/log");
	kube_query(&path, "container", container ? container : cli_value(cli, "container"));
	kube_query(&path, "follow", cli_flag(cli, "follow") ? "true" : NULL);
	kube_query(&path, "previous", cli_flag(cli, "previous") ? "true" : NULL);
	kube_query(&path, "timestamps", cli_flag(cli, "timestamps") ? "true" : NULL);
	kube_query(&path, "tailLines", cli_value(cli, "tail"));
	return arena_strdup(a, strbuf_str(&path));
}

int kube_pod_logs(const struct cli *cli, const char *word, const char *container, struct error *e)
{
	_cleanup_kube_reply_ struct kube_reply reply = { 0 };
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	struct kube_request rq = { .method = "GET", .accept = "*/*" };
	const char *ns, *name;
	int r = cluster_open(cli, &k, e);

	if (r < 0)
		return cli_fail(cli, e);
	kube_pod_word(&k.arena, word, cli_value(cli, "namespace"), &ns, &name);
	rq.path = log_path(cli, &k.arena, ns, name, container);
	r = kube_http(&k, &rq, text_print, NULL, &reply, e);
	if (r < 0)
		return cli_fail(cli, e);
	if (r == 0 && kube_ok(&reply)) {
		(void)fputs(reply.text, stdout);
		return CLI_OK;
	}
	if (r == 0 && reply.code == 404)
		(void)not_there(&k, ns, name, e);
	else if (r == 0)
		(void)kube_failure(&reply, e);
	return r == 0 ? cli_fail(cli, e) : CLI_OK;
}
