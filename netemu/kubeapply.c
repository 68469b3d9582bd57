// SPDX-License-Identifier: GPL-2.0-or-later
#include "kubeapply.h"

#include <string.h>

#include "cluster/cilium_values.h"
#include "cluster/jsonutil.h"
#include "cluster/schema.h"
#include "cluster/threeway.h"

#define POST_QUERY  "fieldManager=kubectl-client-side-apply&fieldValidation=Strict"
#define DRY_RUN	    "dryRun=All"
#define STRATEGIC   "application/strategic-merge-patch+json"
#define MERGE_PATCH "application/merge-patch+json"

/* One object on its way. */
struct item {
	const struct manifest *manifest;
	const struct resource *res;
	const char *api_version, *ns, *name;
	json_t *object; /* own reference: as the file has it, with its namespace and the annotation */
};

enum result { RESULT_CREATED, RESULT_CONFIGURED, RESULT_UNCHANGED, _RESULT_MAX };

static const char *const result_words[] = { "created", "configured", "unchanged" };
static_assert(ARRAY_SIZE(result_words) == _RESULT_MAX, "one a result");

static const struct resource *resource_of(const json_t *object)
{
	return resource_of_kind(json_text(object, "apiVersion", NULL), json_text(object, "kind", NULL));
}

/* ---- without a cluster ---- */

static void check_one(const struct manifest *m, struct diag *d)
{
	const struct resource *res = resource_of(m->object);
	_cleanup_json_ json_t *object = json_deep_copy(m->object), *causes = json_array();
	json_t *cause;
	size_t i;

	if (!res)
		return;
	if (!*kube_name(object) && *json_text(object, "metadata", "generateName", NULL)) {
		diag_error(d, m->pos, "give it a metadata.name", "cannot use generate name with apply");
		return;
	}
	if (res->namespaced && !*kube_namespace(object))
		(void)json_object_set_new(json_object_make(object, "metadata"), "namespace", json_string("default"));
	schema_default(res, object);
	(void)schema_validate(res, object, NULL, causes);
	json_array_foreach(causes, i, cause)
		diag_error(d, m->pos, NULL, "%s \"%s\" is invalid: %s: %s", res->kind, kube_name(object),
			   json_text(cause, "field", NULL), json_text(cause, "message", NULL));
}

static json_t *strings_json(const struct strv *words)
{
	json_t *list = json_array();

	for (size_t i = 0; i < words->n; i++)
		(void)json_array_append_new(list, json_string(words->v[i]));
	return list;
}

/* As much of cluster.json (apiserver/api.h) as values depend on. */
static json_t *cluster_json(const struct lab *lab)
{
	json_t *nodes = json_array();

	for (size_t i = 0; i < lab->n_nodes; i++)
		if (lab->nodes[i].kube)
			(void)json_array_append_new(nodes, json_pack("{s:s, s:s, s:o}", "name", lab->nodes[i].name, "hostname",
								     lab->nodes[i].hostname, "podCIDRs",
								     strings_json(&lab->nodes[i].pod_cidrs)));
	return json_pack("{s:s, s:s, s:o, s:o, s:o}", "name", lab->name, "ipFamily", lab->ip_family, "podSubnets",
			 strings_json(&lab->pod_subnets), "serviceSubnets", strings_json(&lab->service_subnets), "nodes", nodes);
}

/* Whether the values among the files are good, and have the cluster serve Cilium's BGP resources. */
static bool check_values(const struct manifests *m, const struct lab *cluster, struct diag *d)
{
	_cleanup_json_ json_t *json = cluster_json(cluster);
	bool bgp = false;

	for (size_t i = 0; i < m->n; i++) {
		_cleanup_json_ json_t *read = NULL;
		struct error e = { 0 };

		if (m->items[i].type != MANIFEST_VALUES)
			continue;
		if (cilium_values_read(m->items[i].object, json, &read, &e) < 0)
			diag_error(d, m->items[i].pos, NULL, "%s", e.msg);
		bgp = bgp || json_bool(read, "bgp", NULL);
	}
	return bgp;
}

static bool brings_namespace(const struct manifests *m, const char *ns)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(json_text(m->items[i].object, "kind", NULL), "Namespace") == 0 && strcmp(kube_name(m->items[i].object), ns) == 0)
			return true;
	return false;
}

/* Those that each cluster begins with; "" is default. */
static bool is_first_namespace(const char *ns)
{
	static const char *const names[] = { "", "default", "kube-system", "kube-public", "kube-node-lease" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(ns, names[i]) == 0)
			return true;
	return false;
}

/* What a new cluster does not have, the files must bring. */
static void check_fresh(const struct manifests *m, const struct manifest *one, bool bgp, struct diag *d)
{
	const struct resource *res = resource_of(one->object);
	const char *ns = kube_namespace(one->object);

	if (res && res->custom && !bgp)
		diag_error(d, one->pos, "give a values.yaml with bgpControlPlane.enabled: true as well", "no matches for kind \"%s\" in version \"%s\"",
			   res->kind, json_text(one->object, "apiVersion", NULL));
	if (res && res->namespaced && !is_first_namespace(ns) && !brings_namespace(m, ns))
		diag_error(d, one->pos, NULL, "namespaces \"%s\" not found", ns);
}

void kube_apply_check(const struct manifests *m, const struct lab *cluster, struct diag *d)
{
	const bool bgp = cluster && d->n_errors == 0 && check_values(m, cluster, d);
	const bool good = d->n_errors == 0;

	for (size_t i = 0; i < m->n; i++) {
		if (m->items[i].type != MANIFEST_OBJECT)
			continue;
		check_one(&m->items[i], d);
		if (cluster && good)
			check_fresh(m, &m->items[i], bgp, d);
	}
}

/* ---- the order ---- */

static unsigned rank(const struct manifest *m)
{
	if (m->type == MANIFEST_VALUES)
		return 0;
	return strcmp(json_text(m->object, "kind", NULL), "Namespace") == 0 ? 1 : 2;
}

enum { RANKS = 3 };

void kube_apply_print_plan(const struct manifests *m)
{
	_cleanup_arena_ struct arena a = { 0 };

	for (unsigned k = 0; k < RANKS; k++)
		for (size_t i = 0; i < m->n; i++) {
			const json_t *o = m->items[i].object;

			if (rank(&m->items[i]) != k)
				continue;
			if (k == 0)
				(void)printf("install    cilium\n");
			else if (resource_of(o))
				(void)printf("apply      %s/%s%s%s\n", kube_word(&a, resource_of(o)), kube_name(o),
					     *kube_namespace(o) ? " namespace " : "", kube_namespace(o));
		}
}

/* ---- requests ---- */

static int item_init(const struct kube_apply *ap, const struct manifest *m, struct item *ret)
{
	_cleanup_free_ char *last = NULL;
	json_t *meta;

	*ret = (struct item){ .manifest = m, .res = resource_of(m->object), .object = json_deep_copy(m->object) };
	if (!ret->res) {
		diag_error(ap->diag, m->pos, NULL, "no matches for kind \"%s\" in version \"%s\"", json_text(m->object, "kind", NULL),
			   json_text(m->object, "apiVersion", NULL));
		return -EINVAL;
	}
	meta = json_object_make(ret->object, "metadata");
	if (ret->res->namespaced && !*kube_namespace(ret->object))
		(void)json_object_set_new(meta, "namespace", json_string(ap->ns ? ap->ns : "default"));
	if (!ret->res->namespaced)
		(void)json_object_del(meta, "namespace");
	ret->api_version = json_text(ret->object, "apiVersion", NULL);
	ret->ns = kube_namespace(ret->object);
	ret->name = kube_name(ret->object);
	if (ap->ns && ret->res->namespaced && strcmp(ret->ns, ap->ns) != 0) {
		diag_error(ap->diag, m->pos, NULL,
			   "the namespace from the provided object \"%s\" does not match the namespace \"%s\": pass --namespace=%s",
			   ret->ns, ap->ns, ret->ns);
		return -EINVAL;
	}
	last = kube_last_applied(ret->object);
	if (last)
		(void)json_object_set_new(json_object_make(meta, "annotations"), KUBE_LAST_APPLIED, json_string(last));
	return last ? 0 : -ENOMEM;
}

static void items_done(struct item *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		json_decref(items[i].object);
	free(items);
}

static int send_body(const struct kube_apply *ap, const char *method, const struct item *it, const char *name, const char *type,
		     const json_t *body, const char *query, struct kube_reply *ret, struct error *e)
{
	_cleanup_strbuf_ struct strbuf path = { 0 };
	_cleanup_free_ char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	struct kube_request rq = { .method = method, .type = type, .body = text };

	kube_url(&path, it->res, it->api_version, it->ns, name);
	if (query)
		strbuf_printf(&path, "?%s", query);
	rq.path = strbuf_str(&path);
	return kube_http(ap->k, &rq, NULL, NULL, ret, e);
}

static const char *version_of(const json_t *object)
{
	return json_text(object, "metadata", "resourceVersion", NULL);
}

/* Changes what there is, @current, into what the file says. */
static int item_patch(const struct kube_apply *ap, const struct item *it, const json_t *current, bool dry, enum result *ret,
		      struct kube_reply *reply, struct error *e)
{
	const char *last = json_text(current, "metadata", "annotations", KUBE_LAST_APPLIED, NULL);
	_cleanup_json_ json_t *original = *last ? json_loads(last, 0, NULL) : NULL;
	_cleanup_json_ json_t *patch =
		kube_three_way(it->res->custom ? NULL : schema_fields(it->res->kind), original, it->object, current);
	int r;

	*ret = json_object_size(patch) ? RESULT_CONFIGURED : RESULT_UNCHANGED;
	if (*ret == RESULT_UNCHANGED)
		return 0;
	if (!*last && !dry)
		cli_note(ap->cli,
			 "warning: %s %s lacks the annotation " KUBE_LAST_APPLIED ", which apply needs: it is added",
			 it->res->plural, it->name);
	r = send_body(ap, "PATCH", it, it->name, it->res->custom ? MERGE_PATCH : STRATEGIC, patch,
		      dry ? POST_QUERY "&" DRY_RUN : POST_QUERY, reply, e);
	/* A list of a custom resource looks changed when the server has filled in defaults, and then is not. */
	if (r == 0 && kube_ok(reply) && strcmp(version_of(reply->json), version_of(current)) == 0 && !dry)
		*ret = RESULT_UNCHANGED;
	return r;
}

/*
 * @reply: the last one, of whatever it was
 *
 * Return: 0 with a status that may be a failure's, or -errno.
 */
static int item_send(const struct kube_apply *ap, const struct item *it, bool dry, enum result *ret, struct kube_reply *reply,
		     struct error *e)
{
	_cleanup_kube_reply_ struct kube_reply current = { 0 };
	int r;

	*ret = RESULT_CREATED;
	if (!ap->fresh) {
		r = send_body(ap, "GET", it, it->name, NULL, NULL, NULL, &current, e);
		if (r < 0)
			return r;
		if (kube_ok(&current))
			return item_patch(ap, it, current.json, dry, ret, reply, e);
	}
	r = send_body(ap, "POST", it, NULL, NULL, it->object, dry ? POST_QUERY "&" DRY_RUN : POST_QUERY, reply, e);
	if (r < 0 || reply->code != 409)
		return r;
	r = send_body(ap, "GET", it, it->name, NULL, NULL, NULL, &current, e);
	if (r < 0 || !kube_ok(&current))
		return r;
	kube_reply_done(reply);
	return item_patch(ap, it, current.json, dry, ret, reply, e);
}

/* ---- first try ---- */

static bool brings_values(const struct manifests *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->items[i].type == MANIFEST_VALUES)
			return true;
	return false;
}

/* Whether what the object needs is made by the same files, so that the server would not have it yet. */
static bool needs_others(const struct kube_apply *ap, const struct item *it)
{
	return (it->res->custom && brings_values(ap->manifests)) || (*it->ns && brings_namespace(ap->manifests, it->ns));
}

static void refused(const struct kube_apply *ap, const struct item *it, const struct kube_reply *reply)
{
	struct error why = { 0 };

	(void)kube_failure(reply, &why);
	diag_error(ap->diag, it->manifest->pos,
		   it->res->custom && reply->code == 404 ? "install Cilium first: apply a values.yaml with bgpControlPlane.enabled: true" :
							   NULL,
		   "%s", why.msg);
}

static int try_all(const struct kube_apply *ap, const struct item *items, size_t n, struct error *e)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_kube_reply_ struct kube_reply reply = { 0 };
		enum result result;
		int r = item_send(ap, &items[i], true, &result, &reply, e);

		if (r < 0)
			return r;
		if (reply.code && !kube_ok(&reply) && !needs_others(ap, &items[i]))
			refused(ap, &items[i], &reply);
		else if (ap->dry_run) {
			_cleanup_arena_ struct arena a = { 0 };

			(void)printf("%s/%s %s (dry run)\n", kube_word(&a, items[i].res), items[i].name, result_words[result]);
		}
	}
	return 0;
}

/* ---- then do it ---- */

static int install_values(const struct kube_apply *ap, const json_t *values, struct error *e)
{
	_cleanup_json_ json_t *reply = NULL;
	json_t *note;
	size_t i;
	int r = kube_call(ap->k, "cilium.install", json_pack("{s:O}", "values", values), &reply, e);

	if (r < 0)
		return r;
	(void)printf("release/cilium %s\n", *json_text(reply, "status", NULL) ? json_text(reply, "status", NULL) : "installed");
	json_array_foreach(json_object_get(reply, "notes"), i, note)
		cli_note(ap->cli, "cilium: %s", json_string_value(note));
	return 0;
}

static void print_result(const struct kube_apply *ap, const struct item *it, enum result result,
			 const struct kube_reply *reply)
{
	_cleanup_arena_ struct arena a = { 0 };

	(void)printf("%s/%s %s\n", kube_word(&a, it->res), it->name, result_words[result]);
	if (reply->warning)
		cli_note(ap->cli, "warning: %.*s", (int)strcspn(reply->warning, "\n"), reply->warning);
}

static int do_all(const struct kube_apply *ap, const struct item *items, size_t n, struct error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ap->manifests->n; i++)
		if (ap->manifests->items[i].type == MANIFEST_VALUES)
			r = install_values(ap, ap->manifests->items[i].object, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		_cleanup_kube_reply_ struct kube_reply reply = { 0 };
		enum result result;

		r = item_send(ap, &items[i], false, &result, &reply, e);
		if (r == 0 && reply.code && !kube_ok(&reply)) {
			refused(ap, &items[i], &reply);
			return -EINVAL;
		}
		if (r == 0)
			print_result(ap, &items[i], result, &reply);
	}
	return r;
}

/* Namespaces come before what may be in them. Return: 0, or -errno with errors in the diag. */
static int items_collect(const struct kube_apply *ap, struct item *items, size_t *n)
{
	int r = 0;

	for (unsigned k = 1; k < RANKS; k++)
		for (size_t i = 0; i < ap->manifests->n; i++)
			if (rank(&ap->manifests->items[i]) == k && item_init(ap, &ap->manifests->items[i], &items[(*n)++]) < 0)
				r = -EINVAL;
	return r;
}

static int finish(const struct kube_apply *ap, int r, const struct error *e)
{
	(void)fflush(stdout);
	diag_print(ap->diag, stderr, cli_colour(stderr));
	if (ap->diag->n_errors)
		return CLI_INVALID;
	return r < 0 ? cli_fail(ap->cli, e) : CLI_OK;
}

int kube_apply(const struct kube_apply *apply)
{
	struct item *items = calloc(apply->manifests->n + 1, sizeof(*items));
	struct error e = { 0 };
	size_t n = 0;
	int r;

	if (!items)
		return cli_error(apply->cli, "out of memory");
	r = items_collect(apply, items, &n);
	if (r == 0 && !apply->fresh)
		r = try_all(apply, items, n, &e);
	if (r == 0 && !apply->dry_run && apply->diag->n_errors == 0)
		r = do_all(apply, items, n, &e);
	items_done(items, n);
	return finish(apply, r, &e);
}
