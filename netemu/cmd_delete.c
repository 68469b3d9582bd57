// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_delete.c - netemu delete: objects of a cluster, by name or by the files that they came from
 */
#include <string.h>

#include "cli.h"
#include "cluster/jsonutil.h"
#include "files.h"
#include "kubeclient.h"
#include "kubewords.h"

struct victim {
	const struct resource *res;
	const char *ns, *name;
	const char *uid; /* known once it was deleted */
	const char *version; /* resource version then */
	bool gone;
};

struct del {
	const struct cli *cli;
	struct kube *k;
	struct arena arena;
	struct victim *victims;
	size_t n;
	bool values; /* Cilium as well */
	int code;
};

static void victim_add(struct del *d, const struct resource *res, const char *ns, const char *name)
{
	*ARENA_PUSH(&d->arena, d->victims, d->n) =
		(struct victim){ .res = res, .ns = ns, .name = arena_strdup(&d->arena, name) };
}

static const char *namespace_of(const struct del *d)
{
	return cli_value(d->cli, "namespace") ? cli_value(d->cli, "namespace") : "default";
}

/* ---- which ones ---- */

static int from_files(struct del *d, struct files *files, struct error *e)
{
	const struct strv paths = cli_list(d->cli, "filename");
	int r = files_load_manifests(&paths, files, e);

	diag_print(&files->diag, stderr, cli_colour(stderr));
	for (size_t i = 0; r == 0 && i < files->manifests.n; i++) {
		const struct manifest *m = &files->manifests.items[i];
		const struct resource *res =
			resource_of_kind(json_text(m->object, "apiVersion", NULL), json_text(m->object, "kind", NULL));
		const char *ns = kube_namespace(m->object);

		if (m->type == MANIFEST_VALUES)
			d->values = true;
		else if (res)
			victim_add(d, res, *ns ? arena_strdup(&d->arena, ns) : namespace_of(d), kube_name(m->object));
	}
	return r;
}

/* All of a kind, or those that a selector picks. */
static int from_list(struct del *d, const struct resource *res, struct error *e)
{
	_cleanup_kube_reply_ struct kube_reply reply = { 0 };
	_cleanup_strbuf_ struct strbuf path = { 0 };
	struct kube_request rq = { .method = "GET" };
	json_t *item;
	size_t i;
	int r;

	kube_url(&path, res, NULL, namespace_of(d), NULL);
	kube_query(&path, "labelSelector", cli_value(d->cli, "selector"));
	rq.path = strbuf_str(&path);
	r = kube_http(d->k, &rq, NULL, NULL, &reply, e);
	if (r == 0 && !kube_ok(&reply))
		return kube_failure(&reply, e);
	json_array_foreach(json_object_get(reply.json, "items"), i, item)
		victim_add(d, res, arena_strdup(&d->arena, kube_namespace(item)), kube_name(item));
	return r;
}

static int from_words(struct del *d, struct error *e)
{
	struct kube_targets targets = { 0 };
	const bool many = cli_flag(d->cli, "all") || cli_flag(d->cli, "selector");
	int r = kube_words(&d->arena, cli_args(d->cli), &targets, e);

	for (size_t i = 0; r == 0 && i < targets.n; i++) {
		const struct kube_target *t = &targets.items[i];

		if (t->name)
			victim_add(d, t->res, namespace_of(d), t->name);
		else if (many)
			r = from_list(d, t->res, e);
		else
			r = error_set(e, EINVAL, "name what to delete, or give a selector (-l) or --all");
	}
	return r;
}

/* ---- deleting ---- */

static const char *options_text(struct del *d)
{
	const bool force = cli_flag(d->cli, "force");
	const char *grace = cli_value(d->cli, "grace-period");

	if (force || (grace && strcmp(grace, "0") == 0))
		return "{\"propagationPolicy\":\"Background\",\"gracePeriodSeconds\":0}";
	if (grace)
		return arena_printf(&d->arena, "{\"propagationPolicy\":\"Background\",\"gracePeriodSeconds\":%s}", grace);
	return "{\"propagationPolicy\":\"Background\"}";
}

static void failed(struct del *d, const struct victim *v, const struct kube_reply *reply)
{
	struct error e = { 0 };

	if (reply->code == 404 && cli_flag(d->cli, "ignore-not-found"))
		return;
	if (reply->code == 404 && v->res->custom && !*json_text(reply->json, "details", "name", NULL))
		(void)error_set(&e, ENOENT, "the server doesn't have a resource type \"%s\" (Cilium is not installed)", v->res->plural);
	else
		(void)kube_failure(reply, &e);
	(void)fflush(stdout);
	(void)fprintf(stderr, "%s\n", e.msg);
	d->code = CLI_FAILED;
}

/* The answer is a Status with the uid, or the object itself, which goes on for its grace period. */
static void learn(struct del *d, struct victim *v, const json_t *answer)
{
	const bool object = strcmp(json_text(answer, "kind", NULL), "Status") != 0;
	const char *uid = object ? kube_uid(answer) : json_text(answer, "details", "uid", NULL);

	v->uid = arena_strdup(&d->arena, uid);
	v->version = arena_strdup(&d->arena, json_text(answer, "metadata", "resourceVersion", NULL));
}

static int victim_delete(struct del *d, struct victim *v, struct error *e)
{
	_cleanup_kube_reply_ struct kube_reply reply = { 0 };
	_cleanup_strbuf_ struct strbuf path = { 0 };
	struct kube_request rq = { .method = "DELETE", .body = options_text(d) };
	int r;

	kube_url(&path, v->res, NULL, v->ns, v->name);
	rq.path = strbuf_str(&path);
	r = kube_http(d->k, &rq, NULL, NULL, &reply, e);
	if (r < 0)
		return r;
	v->gone = !kube_ok(&reply);
	if (v->gone) {
		failed(d, v, &reply);
		return 0;
	}
	learn(d, v, reply.json);
	(void)printf("%s \"%s\" %sdeleted\n", kube_word(&d->arena, v->res), v->name, cli_flag(d->cli, "force") ? "force " : "");
	return 0;
}

/* ---- waiting for the end ---- */

static bool is_deleted(void *arg, const char *text)
{
	const struct victim *v = arg;
	bool over = false;

	while (*text && !over) {
		const size_t n = strcspn(text, "\n");
		_cleanup_json_ json_t *event = json_loadb(text, n, 0, NULL);

		over = strcmp(json_text(event, "type", NULL), "DELETED") == 0 &&
		       strcmp(kube_uid(json_object_get(event, "object")), v->uid) == 0;
		text += n + (text[n] == '\n');
	}
	return !over;
}

/* Looks, and when the object is still that one, watches from there on. */
static int victim_await(struct del *d, struct victim *v, struct error *e)
{
	_cleanup_kube_reply_ struct kube_reply now = { 0 }, end = { 0 };
	_cleanup_strbuf_ struct strbuf path = { 0 };
	struct kube_request rq = { .method = "GET" };
	int r;

	kube_url(&path, v->res, NULL, v->ns, v->name);
	rq.path = strbuf_str(&path);
	r = kube_http(d->k, &rq, NULL, NULL, &now, e);
	if (r < 0 || !kube_ok(&now) || strcmp(kube_uid(now.json), v->uid) != 0)
		return r;
	strbuf_reset(&path);
	kube_url(&path, v->res, NULL, v->ns, NULL);
	kube_query(&path, "watch", "true");
	kube_query(&path, "fieldSelector", arena_printf(&d->arena, "metadata.name=%s", v->name));
	kube_query(&path, "resourceVersion", json_text(now.json, "metadata", "resourceVersion", NULL));
	rq.path = strbuf_str(&path);
	r = kube_http(d->k, &rq, is_deleted, v, &end, e);
	return MIN_OF(r, 0);
}

static int delete_all(struct del *d, struct error *e)
{
	const char *wait = cli_value(d->cli, "wait");
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->n; i++)
		r = victim_delete(d, &d->victims[i], e);
	(void)fflush(stdout);
	for (size_t i = 0; r == 0 && i < d->n && (!wait || strcmp(wait, "true") == 0); i++)
		if (!d->victims[i].gone)
			r = victim_await(d, &d->victims[i], e);
	if (r == 0 && d->values)
		r = kube_call(d->k, "cilium.uninstall", json_object(), NULL, e);
	if (r == 0 && d->values)
		(void)printf("release/cilium uninstalled\n");
	return r;
}

static int find_and_delete(struct del *d, struct files *files)
{
	struct error e = { 0 };
	int r;

	if (cli_flag(d->cli, "filename"))
		r = from_files(d, files, &e);
	else
		r = from_words(d, &e);
	if (r == -EINVAL && !e.code)
		return CLI_INVALID;
	if (r == 0 && d->n == 0 && !d->values)
		(void)printf("No resources found\n");
	if (r == 0)
		r = delete_all(d, &e);
	return r < 0 ? cli_fail(d->cli, &e) : d->code;
}

int cmd_delete(const struct cli *cli)
{
	_cleanup_files_ struct files files = { 0 };
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	struct del d = { .cli = cli, .k = &k };
	const char *grace = cli_value(cli, "grace-period");
	struct error e = { 0 };
	int code;

	if (!cli_flag(cli, "filename") == !cli_args(cli)->n)
		return cli_usage(cli, "say what to delete: KIND NAME..., or -f FILE");
	if (grace && (!*grace || grace[strspn(grace, "0123456789")] || strlen(grace) > 9))
		return cli_usage(cli, "--grace-period takes a number of seconds, not '%s'", grace);
	if (kube_open(cli_value(cli, "lab"), 0, &k, &e) < 0)
		return cli_fail(cli, &e);
	code = find_and_delete(&d, &files);
	arena_done(&d.arena);
	return code;
}
