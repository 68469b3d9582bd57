// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * remove.c - DELETE of one object or of all that match
 *
 * Owns: preconditions, grace, finalizers of the propagation policy. Dependents are deleted by the garbage collector,
 * what is in a namespace by the namespace controller.
 */
#include <string.h>

#include "apiserver/serve.h"
#include "cluster/jsonutil.h"

json_t *delete_options(struct call *c)
{
	const char *policy = api_query(c->rq, "propagationPolicy"), *grace = api_query(c->rq, "gracePeriodSeconds");
	json_t *options;
	long long seconds;

	if (query_number(c, "gracePeriodSeconds", &seconds) < 0)
		return NULL;
	options = c->rq->body_len > 0 ? body_parse(c) : json_object();
	if (!options)
		return NULL;
	if (*policy)
		(void)json_object_set_new(options, "propagationPolicy", json_string(policy));
	if (*grace)
		(void)json_object_set_new(options, "gracePeriodSeconds", json_integer(seconds));
	return options;
}

static int check_preconditions(struct call *c, const json_t *object, const json_t *options)
{
	const char *uid = json_text(options, "preconditions", "uid", NULL);
	const char *revision = json_text(options, "preconditions", "resourceVersion", NULL);
	const char *have = json_text(object, "metadata", "resourceVersion", NULL);
	const bool wrong_uid = *uid && strcmp(uid, kube_uid(object)) != 0;
	char resource[128];

	if (!wrong_uid && (!*revision || strcmp(revision, have) == 0))
		return 0;
	api_fail(c->reply, 409, "Conflict", json_pack("{s:s, s:s}", "name", c->t.name, "kind", c->t.res->plural),
	         "Operation cannot be fulfilled on %s \"%s\": Precondition failed: %s in precondition: %s, %s in "
	         "object meta: %s",
	         target_resource(c->t.res, resource), c->t.name, wrong_uid ? "UID" : "ResourceVersion",
	         wrong_uid ? uid : revision, wrong_uid ? "UID" : "ResourceVersion",
	         wrong_uid ? kube_uid(object) : have);
	return -ESTALE;
}

static const char foreground[] = "foregroundDeletion";

static const char *policy_finalizer(const json_t *options)
{
	const char *policy = json_text(options, "propagationPolicy", NULL);

	if (json_bool(options, "orphanDependents", NULL) || strcmp(policy, "Orphan") == 0)
		return "orphan";
	return strcmp(policy, "Foreground") == 0 ? foreground : NULL;
}

/* A copy that is told to go. */
static json_t *mark(const json_t *object, const char *finalizer)
{
	json_t *own = json_deep_copy(object), *meta = json_object_get(own, "metadata");
	char now[KUBE_TIME_LEN];

	if (!*json_text(meta, "deletionTimestamp", NULL)) {
		(void)json_object_set_new(meta, "deletionTimestamp", json_string(kube_time(time(NULL), now)));
		(void)json_object_set_new(meta, "deletionGracePeriodSeconds", json_integer(0));
	}
	if (finalizer && !kube_has_finalizer(own, finalizer))
		(void)json_array_append_new(json_array_make(meta, "finalizers"), json_string(finalizer));
	return own;
}

static void reply_marked(struct call *c, json_t *marked)
{
	json_t *stored = NULL, *last = json_incref(marked);
	struct error e = { 0 };

	if (store_update(c->api->store, c->t.res->id, marked, &stored, &e) < 0)
		fail_store(c, c->t.name, &e);
	else if (stored)
		reply_object(c, 200, stored);
	else
		reply_success(c, 200, last);
	json_decref(last);
}

static void delete_namespace(struct call *c, const json_t *object)
{
	static const char *const kept[] = { "default", "kube-system", "kube-public" };
	json_t *own;

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (strcmp(c->t.name, kept[i]) == 0) {
			api_fail(c->reply, 403, "Forbidden",
			         json_pack("{s:s, s:s}", "name", c->t.name, "kind", "namespaces"),
			         "namespaces \"%s\" is forbidden: this namespace may not be deleted", c->t.name);
			return;
		}
	own = mark(object, NULL);
	(void)json_object_del(json_object_get(own, "metadata"), "deletionGracePeriodSeconds");
	(void)json_object_set_new(json_object_make(own, "status"), "phase", json_string("Terminating"));
	reply_marked(c, own);
}

static void delete_pod(struct call *c, json_t *object, const json_t *options)
{
	struct error e = { 0 };
	json_t *now;

	if (pod_delete(c->api, c->t.ns, c->t.name, json_int(options, -1, "gracePeriodSeconds", NULL), &e) < 0) {
		fail_store(c, c->t.name, &e);
		return;
	}
	now = store_get(c->api->store, RES_PODS, c->t.ns, c->t.name);
	reply_object(c, 200, now ? now : object);
}

static void delete_any(struct call *c, const json_t *object, const json_t *options)
{
	const char *finalizer = policy_finalizer(options);
	struct error e = { 0 };
	int r;

	if (finalizer || json_array_size(json_at(object, "metadata", "finalizers", NULL)) > 0) {
		reply_marked(c, mark(object, finalizer));
		return;
	}
	r = store_delete(c->api->store, c->t.res->id, c->t.ns, c->t.name);
	if (r < 0) {
		(void)error_errno(&e, -r, "delete");
		fail_store(c, c->t.name, &e);
	} else {
		reply_success(c, 200, object);
	}
}

static void delete_object(struct call *c, json_t *object, const json_t *options)
{
	if (check_preconditions(c, object, options) < 0)
		return;
	if (dry_run(c) || json_array_size(json_object_get(options, "dryRun")) > 0)
		reply_success(c, 200, object);
	else if (c->t.res->id == RES_NAMESPACES)
		delete_namespace(c, object);
	else if (c->t.res->id == RES_PODS)
		delete_pod(c, object, options);
	else
		delete_any(c, object, options);
}

void serve_delete(struct call *c)
{
	json_t *object = json_incref(store_get(c->api->store, c->t.res->id, c->t.ns, c->t.name));
	json_t *options;

	if (!object) {
		fail_not_found(c);
		return;
	}
	options = delete_options(c);
	if (options)
		delete_object(c, object, options);
	json_decref(options);
	json_decref(object);
}

void serve_delete_collection(struct call *c)
{
	_cleanup_selection_ struct selection selection = { 0 };
	json_t *options, *objects, *object;
	size_t i;

	if (selection_parse(c, &selection) < 0)
		return;
	options = delete_options(c);
	if (!options)
		return;
	objects = store_list(c->api->store, c->t.res->id, c->t.ns);
	json_array_foreach(objects, i, object)
	{
		struct api_reply reply = { 0 };
		struct call one = *c;

		if (!selection_matches(&selection, object))
			continue;
		one.reply = &reply;
		one.t.ns = kube_namespace(object);
		one.t.name = kube_name(object);
		delete_object(&one, object, options);
		api_reply_done(&reply);
	}
	api_json(c->reply, 200,
	         json_pack("{s:s, s:s, s:{}, s:s, s:{s:s}}", "kind", "Status", "apiVersion", "v1", "metadata", "status",
	                   "Success", "details", "kind", c->t.res->plural));
	json_decref(objects);
	json_decref(options);
}

int api_remove(struct api *api, enum resource_id res, const char *ns, const char *name, struct error *e)
{
	json_t *object = store_get(api->store, res, ns, name);

	if (!object)
		return error_set(e, ENOENT, "%s \"%s\" not found", resources[res].plural, name);
	if (res == RES_PODS)
		return pod_delete(api, ns, name, -1, e);
	if (json_array_size(json_at(object, "metadata", "finalizers", NULL)) > 0)
		return store_update(api->store, res, mark(object, NULL), NULL, e);
	return store_delete(api->store, res, ns, name);
}

int api_remove_foreground(struct api *api, enum resource_id res, const char *ns, const char *name, struct error *e)
{
	const json_t *object = store_get(api->store, res, ns, name);

	if (!object)
		return error_set(e, ENOENT, "%s \"%s\" not found", resources[res].plural, name);
	return store_update(api->store, res, mark(object, foreground), NULL, e);
}
