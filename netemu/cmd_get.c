// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_get.c - netemu get: objects of a cluster, and what its BGP speakers see
 */
#include <string.h>

#include "bgpview.h"
#include "cli.h"
#include "cluster/jsonutil.h"
#include "kubeclient.h"
#include "kubeprint.h"
#include "kubewords.h"

#define ACCEPT_TABLE "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

struct get {
	const struct cli *cli;
	struct kube *k;
	struct arena arena;
	const char *ns; /* NULL: all */
	const char *output; /* "", "wide", "json", "yaml", "name" */
	bool table;
	bool several; /* kinds: names show which */
	json_t *objects; /* what -o json and yaml print at the end */
	size_t shown; /* tables printed */
	int code;
};

/* ---- asking ---- */

static const char *path_of(struct get *g, const struct kube_target *t, const char *name)
{
	_cleanup_strbuf_ struct strbuf path = { 0 };

	kube_url(&path, t->res, NULL, g->ns ? g->ns : NULL, name);
	if (!name) {
		kube_query(&path, "labelSelector", cli_value(g->cli, "selector"));
		kube_query(&path, "fieldSelector", cli_value(g->cli, "field-selector"));
	}
	return arena_strdup(&g->arena, strbuf_str(&path));
}

static void failed(struct get *g, const struct kube_target *t, const struct kube_reply *reply)
{
	struct error e = { 0 };

	if (reply->code == 404 && !*json_text(reply->json, "details", "name", NULL)) {
		g->code = cli_error(g->cli, "the server doesn't have a resource type \"%s\"%s", t->res->plural,
				    t->res->custom ? " (Cilium is not installed: netemu apply -f values.yaml)" : "");
		return;
	}
	(void)kube_failure(reply, &e);
	(void)fflush(stdout);
	(void)fprintf(stderr, "%s\n", e.msg);
	g->code = CLI_FAILED;
}

/* Return: 0 with a good reply, 1 when a failure was reported, or -errno. */
static int ask(struct get *g, const struct kube_target *t, const char *name, struct kube_reply *reply, struct error *e)
{
	const struct kube_request rq = { .method = "GET", .path = path_of(g, t, name), .accept = g->table ? ACCEPT_TABLE : NULL };
	int r = kube_http(g->k, &rq, NULL, NULL, reply, e);

	if (r < 0 || kube_ok(reply))
		return r;
	failed(g, t, reply);
	return 1;
}

/* ---- showing ---- */

static void name_print(struct get *g, const struct kube_target *t, const json_t *object)
{
	(void)printf("%s/%s\n", kube_word(&g->arena, t->res), kube_name(object));
}

/* Items of lists lack what the list says of them all. */
static void object_add(struct get *g, const struct kube_target *t, json_t *object)
{
	if (!json_object_get(object, "kind")) {
		(void)json_object_set_new(object, "kind", json_string(t->res->kind));
		(void)json_object_set_new(object, "apiVersion", json_string(resource_api_version(t->res)));
	}
	if (!cli_flag(g->cli, "show-managed-fields"))
		(void)json_object_del(json_object_get(object, "metadata"), "managedFields");
	if (strcmp(g->output, "name") == 0)
		name_print(g, t, object);
	else
		(void)json_array_append(g->objects, object);
}

static void none_found(const struct get *g, const struct kube_target *t)
{
	if (g->several)
		return;
	(void)fflush(stdout);
	if (g->ns && t->res->namespaced)
		(void)fprintf(stderr, "No resources found in %s namespace.\n", g->ns);
	else
		(void)fprintf(stderr, "No resources found\n");
}

static void table_begin(struct get *g, const struct kube_target *t, struct kube_table *table)
{
	table->wide = strcmp(g->output, "wide") == 0;
	table->namespaces = !g->ns && t->res->namespaced;
	if (g->several)
		table->prefix = arena_printf(&g->arena, "%s/", kube_word(&g->arena, t->res));
}

static void reply_show(struct get *g, const struct kube_target *t, const struct kube_reply *reply, struct kube_table *table)
{
	json_t *items = json_object_get(reply->json, "items"), *item;
	size_t i;

	if (g->table) {
		if (json_array_size(json_object_get(reply->json, "rows")) == 0)
			return;
		if (!table->headed && g->shown++)
			(void)putchar('\n');
		kube_table_print(table, reply->json, stdout);
		return;
	}
	if (!items)
		object_add(g, t, reply->json);
	json_array_foreach(items, i, item)
		object_add(g, t, item);
}

/* ---- watching ---- */

struct watching {
	struct get *g;
	const struct kube_target *t;
	struct kube_table *table;
	struct strbuf line;
	struct error *e;
};

static bool event_show(struct watching *w, const char *line)
{
	_cleanup_json_ json_t *event = json_loads(line, 0, NULL);
	json_t *object = json_object_get(event, "object");
	const char *type = json_text(event, "type", NULL);

	if (strcmp(type, "ERROR") == 0) {
		(void)error_set(w->e, EIO, "%s", json_text(object, "message", NULL));
		return false;
	}
	if (!object || strcmp(type, "BOOKMARK") == 0)
		return true;
	if (w->g->table)
		kube_table_print(w->table, object, stdout);
	else if (strcmp(w->g->output, "name") == 0)
		name_print(w->g, w->t, object);
	else
		(void)kube_print_object(object, w->g->output, stdout, NULL);
	return fflush(stdout) == 0;
}

static bool chunk_show(void *arg, const char *text)
{
	struct watching *w = arg;
	const char *nl;

	for (; (nl = strchr(text, '\n')); text = nl + 1) {
		strbuf_add(&w->line, text, (size_t)(nl - text));
		if (!event_show(w, strbuf_str(&w->line)))
			return false;
		strbuf_reset(&w->line);
	}
	strbuf_puts(&w->line, text);
	return true;
}

static int watch(struct get *g, const struct kube_target *t, struct kube_table *table, const char *version, struct error *e)
{
	_cleanup_kube_reply_ struct kube_reply reply = { 0 };
	_cleanup_strbuf_ struct strbuf path = { 0 };
	struct watching w = { .g = g, .t = t, .table = table, .e = e };
	struct kube_request rq = { .method = "GET", .accept = g->table ? ACCEPT_TABLE : NULL };
	int r;

	(void)fflush(stdout);
	strbuf_puts(&path, path_of(g, t, NULL));
	if (t->name)
		kube_query(&path, "fieldSelector", arena_printf(&g->arena, "metadata.name=%s", t->name));
	kube_query(&path, "watch", "true");
	kube_query(&path, "resourceVersion", version);
	rq.path = strbuf_str(&path);
	r = kube_http(g->k, &rq, chunk_show, &w, &reply, e);
	strbuf_done(&w.line);
	if (r == 0 && !kube_ok(&reply))
		failed(g, t, &reply);
	return r == 1 && e->code ? -e->code : MIN_OF(r, 0);
}

/* ---- all of it ---- */

/* @t: a kind, or one object; the targets after it with the same kind share its table */
static int target_get(struct get *g, const struct kube_targets *all, size_t *at, struct error *e)
{
	_cleanup_kube_table_ struct kube_table table = { 0 };
	const struct kube_target *t = &all->items[*at];
	const bool watching = cli_flag(g->cli, "watch");

	table_begin(g, t, &table);
	for (;; (*at)++) {
		_cleanup_kube_reply_ struct kube_reply reply = { 0 };
		int r = ask(g, &all->items[*at], all->items[*at].name, &reply, e);

		if (r < 0)
			return r;
		if (r == 0)
			reply_show(g, t, &reply, &table);
		if (r == 0 && watching)
			return watch(g, t, &table, json_text(reply.json, "metadata", "resourceVersion", NULL), e);
		if (r == 0 && g->table && !table.headed && !t->name)
			none_found(g, t);
		if (*at + 1 >= all->n || !t->name || all->items[*at + 1].res != t->res)
			return 0;
	}
}

static int objects_print(const struct get *g, bool single, struct error *e)
{
	_cleanup_json_ json_t *list = NULL;

	if (single && json_array_size(g->objects) == 1)
		return kube_print_object(json_array_get(g->objects, 0), g->output, stdout, e);
	if (single && g->code != CLI_OK)
		return 0;
	list = json_pack("{s:s, s:s, s:{s:s}, s:O}", "apiVersion", "v1", "kind", "List", "metadata", "resourceVersion", "", "items",
			 g->objects);
	return kube_print_object(list, g->output, stdout, e);
}

static int get_targets(struct get *g, const struct kube_targets *targets)
{
	struct error e = { 0 };
	int r = 0;

	g->table = !*g->output || strcmp(g->output, "wide") == 0;
	g->several = targets->kinds > 1;
	if (cli_flag(g->cli, "watch") && targets->n > 1)
		return cli_usage(g->cli, "-w takes one kind, or one object");
	for (size_t i = 0; r == 0 && i < targets->n; i++)
		r = target_get(g, targets, &i, &e);
	if (r == 0 && !g->table && strcmp(g->output, "name") != 0 && !cli_flag(g->cli, "watch"))
		r = objects_print(g, targets->n == 1 && targets->items[0].name, &e);
	if (r == 0 && g->several && g->table && g->shown == 0 && g->code == CLI_OK)
		(void)fprintf(stderr, g->ns ? "No resources found in %s namespace.\n" : "No resources found\n", g->ns);
	return r < 0 ? cli_fail(g->cli, &e) : g->code;
}

int cmd_get(const struct cli *cli)
{
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	_cleanup_arena_ struct arena a = { 0 };
	struct kube_targets targets = { 0 };
	struct get g = { .cli = cli, .k = &k, .output = cli_value(cli, "output") ? cli_value(cli, "output") : "" };
	const struct strv *args = cli_args(cli);
	struct error e = { 0 };
	int code;

	if (!bgp_is_view(args->v[0]) && kube_words(&a, args, &targets, &e) < 0)
		return cli_fail(cli, &e);
	if (kube_open(cli_value(cli, "lab"), 0, &k, &e) < 0)
		return cli_fail(cli, &e);
	if (bgp_is_view(args->v[0]))
		return bgp_show(cli, &k, args);
	g.ns = cli_flag(cli, "all-namespaces") ? NULL : cli_value(cli, "namespace") ? cli_value(cli, "namespace") : "default";
	g.objects = json_array();
	code = get_targets(&g, &targets);
	json_decref(g.objects);
	arena_done(&g.arena);
	return code;
}
