// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * write.c - POST and PUT: an object on its way into the store
 *
 * The order is that of a real API server: decode strictly, default, admit, validate, store. Refuses to know any kind:
 * what is particular is in admission.c and in the schema.
 */
#include <string.h>

#include "apiserver/serve.h"
#include "cluster/jsonutil.h"
#include "cluster/manifest.h"
#include "cluster/schema.h"

bool dry_run(const struct call *c)
{
	return strcmp(api_query(c->rq, "dryRun"), "All") == 0;
}

/* ---- decoding ---- */

static json_t *parse_protobuf(struct call *c)
{
	json_t *object = protobuf_decode(c->rq->body, c->rq->body_len);

	if (!object)
		api_fail(c->reply, 415, "UnsupportedMediaType", NULL,
		         "this API server does not read protobuf for this kind; write the object to a file (kubectl "
		         "create ... "
		         "--dry-run=client -o yaml) and apply that, which sends JSON");
	return object;
}

json_t *body_parse(struct call *c)
{
	const struct api_request *rq = c->rq;
	struct error e = { 0 };
	json_error_t why;
	json_t *object;

	if (rq->content_type && strstr(rq->content_type, "protobuf"))
		return parse_protobuf(c);
	object = json_loadb(rq->body ? rq->body : "", rq->body_len, 0, &why);
	if (!object && rq->content_type && strstr(rq->content_type, "yaml"))
		object = yaml_to_json(rq->body, rq->body_len, &e);
	if (!json_is_object(object) && !(object && rq->content_type && strstr(rq->content_type, "json-patch"))) {
		json_decref(object);
		api_fail(c->reply, 400, "BadRequest", NULL, "the object provided is unrecognized: %s",
		         e.code   ? e.msg
		         : object ? "no object"
		                  : why.text);
		return NULL;
	}
	return object;
}

/* Texts of errors joined by ", " become a warning each. */
static void add_warnings(struct call *c, const char *text)
{
	strbuf_puts(&c->reply->warning, text);
	strbuf_putc(&c->reply->warning, '\n');
}

int body_check(struct call *c, const json_t *object, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf mistakes = { 0 };
	const char *validation = api_query(c->rq, "fieldValidation");
	struct error e = { 0 };
	int r = schema_decode(c->t.res, object, &mistakes, &e);

	if (r < 0) {
		strbuf_puts(why, e.msg);
		return r;
	}
	if (mistakes.len == 0 || strcmp(validation, "Ignore") == 0)
		return 0;
	if (strcmp(validation, "Warn") == 0) {
		add_warnings(c, strbuf_str(&mistakes));
		return 0;
	}
	strbuf_printf(why, "strict decoding error: %s", strbuf_str(&mistakes));
	return -EINVAL;
}

static int body_decode(struct call *c, const json_t *object)
{
	_cleanup_strbuf_ struct strbuf why = { 0 };
	const char *kind = c->t.res->kind;
	int r = body_check(c, object, &why);

	if (r < 0)
		api_fail(c->reply, 400, "BadRequest", NULL, "%s in version \"%s\" cannot be handled as a %s: %s", kind,
		         c->t.version, kind, strbuf_str(&why));
	return r;
}

int body_type(struct call *c, json_t *object)
{
	const struct resource *res = c->t.res;
	const char *kind = json_text(object, "kind", NULL), *version = json_text(object, "apiVersion", NULL);
	char expected[64];

	(void)snprintf(expected, sizeof(expected), "%s%s%s", res->group, *res->group ? "/" : "", c->t.version);
	if (*version && strcmp(version, expected) != 0) {
		api_fail(c->reply, 400, "BadRequest", NULL,
		         "the API version in the data (%s) does not match the expected API version (%s)", version,
		         expected);
		return -EINVAL;
	}
	if (*kind && strcmp(kind, res->kind) != 0) {
		api_fail(c->reply, 400, "BadRequest", NULL,
		         "%s in version \"%s\" cannot be handled as a %s: no kind \"%s\" is registered for the "
		         "requested version",
		         kind, c->t.version, res->kind, kind);
		return -EINVAL;
	}
	/* stored in the preferred version */
	(void)json_object_set_new(object, "apiVersion", json_string(resource_api_version(res)));
	(void)json_object_set_new(object, "kind", json_string(res->kind));
	return 0;
}

static int check_place(struct call *c, json_t *object)
{
	json_t *meta = json_object_make(object, "metadata");
	const char *name = json_text(meta, "name", NULL), *ns = json_text(meta, "namespace", NULL);

	if (*ns && strcmp(ns, c->t.ns) != 0) {
		api_fail(c->reply, 400, "BadRequest", NULL,
		         "the namespace of the provided object does not match the namespace sent on the request");
		return -EINVAL;
	}
	if (*c->t.name && *name && strcmp(name, c->t.name) != 0) {
		api_fail(c->reply, 400, "BadRequest", NULL,
		         "the name of the object (%s) does not match the name on the URL (%s)", name, c->t.name);
		return -EINVAL;
	}
	if (*c->t.name)
		(void)json_object_set_new(meta, "name", json_string(c->t.name));
	if (c->t.res->namespaced)
		(void)json_object_set_new(meta, "namespace", json_string(c->t.ns));
	return 0;
}

static int validate(struct call *c, const json_t *object, const json_t *old)
{
	json_t *causes = json_array();

	if (schema_validate(c->t.res, object, old, causes) == 0) {
		json_decref(causes);
		return 0;
	}
	fail_invalid(c, kube_name(object), causes);
	return -EINVAL;
}

/* ---- create ---- */

static int check_namespace(struct call *c, const json_t *object)
{
	const json_t *ns = store_get(c->api->store, RES_NAMESPACES, "", c->t.ns);
	char resource[128];

	if (!c->t.res->namespaced)
		return 0;
	if (!ns) {
		api_fail(c->reply, 404, "NotFound", json_pack("{s:s, s:s}", "name", c->t.ns, "kind", "namespaces"),
		         "namespaces \"%s\" not found", c->t.ns);
		return -ENOENT;
	}
	if (!*json_text(ns, "metadata", "deletionTimestamp", NULL))
		return 0;
	api_fail(c->reply, 403, "Forbidden",
	         json_pack("{s:s, s:s, s:[{s:s, s:o, s:s}]}", "name", kube_name(object), "kind", c->t.res->plural,
	                   "causes", "reason", "NamespaceTerminating", "message",
	                   json_sprintf("namespace %s is being terminated", c->t.ns), "field", "metadata.namespace"),
	         "%s \"%s\" is forbidden: unable to create new content in namespace %s because it is being terminated",
	         target_resource(c->t.res, resource), kube_name(object), c->t.ns);
	return -EPERM;
}

void strip_new(struct call *c, json_t *object)
{
	static const char *const keys[] = { "uid",
		                            "creationTimestamp",
		                            "resourceVersion",
		                            "generation",
		                            "selfLink",
		                            "deletionTimestamp",
		                            "deletionGracePeriodSeconds",
		                            "managedFields" };
	json_t *meta = json_object_get(object, "metadata");

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		(void)json_object_del(meta, keys[i]);
	if (resource_has_sub(c->t.res, "status"))
		(void)json_object_del(object, "status");
}

static void reply_dry_create(struct call *c, json_t *object)
{
	json_t *meta = json_object_get(object, "metadata");
	char now[KUBE_TIME_LEN];

	if (store_get(c->api->store, c->t.res->id, kube_namespace(object), kube_name(object))) {
		struct error e = { .code = EEXIST };

		fail_store(c, kube_name(object), &e);
		return;
	}
	(void)json_object_set_new(meta, "uid", json_string("00000000-0000-4000-8000-000000000000"));
	(void)json_object_set_new(meta, "creationTimestamp", json_string(kube_time(time(NULL), now)));
	reply_object(c, 201, object);
}

/* Kinds that are kept, and that no controller here acts on. */
static void warn_idle(struct call *c)
{
	const enum resource_id res = c->t.res->id;

	if (res == RES_CRONJOBS || res == RES_HPAS || res == RES_PDBS)
		strbuf_printf(&c->reply->warning, "a %s is stored and shown, but netemu does nothing for it\n",
			      c->t.res->kind);
}

void write_created(struct call *c, json_t *object)
{
	struct error e = { 0 };
	json_t *stored = NULL;
	char name[300];

	schema_default(c->t.res, object);
	if (check_namespace(c, object) < 0 || admit_create(c, object) < 0 || validate(c, object, NULL) < 0) {
		json_decref(object);
		return;
	}
	if (!json_at(object, "metadata", "managedFields", NULL))
		ssa_track(c, object, NULL);
	warn_idle(c);
	if (dry_run(c)) {
		reply_dry_create(c, object);
		json_decref(object);
		return;
	}
	(void)snprintf(name, sizeof(name), "%s", kube_name(object));
	if (store_create(c->api->store, c->t.res->id, object, &stored, &e) < 0) {
		fail_store(c, name, &e);
		return;
	}
	reply_object(c, 201, stored);
	if (c->t.res->id == RES_NAMESPACES)
		namespace_furnish(c->api, name);
}

void serve_create(struct call *c)
{
	json_t *object = body_parse(c);

	if (!object)
		return;
	if (body_type(c, object) < 0 || body_decode(c, object) < 0 || check_place(c, object) < 0) {
		json_decref(object);
		return;
	}
	strip_new(c, object);
	write_created(c, object);
}

/* ---- update ---- */

static void keep(json_t *object, const json_t *old, const char *key)
{
	json_t *v = json_object_get(old, key);

	if (v)
		(void)json_object_set(object, key, v);
	else
		(void)json_object_del(object, key);
}

/* What an update cannot change; an update of the status changes nothing else, and the other way round. */
static void keep_old(struct call *c, json_t *object, const json_t *old)
{
	static const char *const keys[] = { "uid",      "creationTimestamp", "generation",
		                            "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds" };
	json_t *meta = json_object_get(object, "metadata");
	const char *key;
	json_t *v;
	void *next;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		keep(meta, json_object_get(old, "metadata"), keys[i]);
	if (!resource_has_sub(c->t.res, "status"))
		return;
	if (strcmp(c->t.sub, "status") != 0) {
		keep(object, old, "status");
		return;
	}
	json_object_foreach_safe(object, next, key, v) if (strcmp(key, "status") != 0 && strcmp(key, "metadata") != 0 &&
	                                                   strcmp(key, "apiVersion") != 0 && strcmp(key, "kind") != 0)
		keep(object, old, key);
	json_object_foreach((json_t *)(uintptr_t)old, key,
	                    v) if (strcmp(key, "status") != 0 && !json_object_get(object, key))(void)
		json_object_set(object, key, v);
}

static int check_uid(struct call *c, const json_t *object, const json_t *old)
{
	char resource[128];

	if (!*kube_uid(object) || strcmp(kube_uid(object), kube_uid(old)) == 0)
		return 0;
	api_fail(c->reply, 409, "Conflict", json_pack("{s:s, s:s}", "name", c->t.name, "kind", c->t.res->plural),
	         "Operation cannot be fulfilled on %s \"%s\": Precondition failed: UID in precondition: %s, UID in "
	         "object meta: %s",
	         target_resource(c->t.res, resource), c->t.name, kube_uid(object), kube_uid(old));
	return -ESTALE;
}

static void reply_updated(struct call *c, json_t *object, json_t *last)
{
	if (object)
		reply_object(c, 200, object);
	else
		reply_object(c, 200, last); /* it was the last finalizer: the object has gone */
}

void write_updated(struct call *c, json_t *object, json_t *old)
{
	struct error e = { 0 };
	json_t *stored = NULL, *last;

	if (check_uid(c, object, old) < 0) {
		json_decref(object);
		return;
	}
	schema_default(c->t.res, object);
	keep_old(c, object, old);
	if (admit_update(c, object, old) < 0 || validate(c, object, old) < 0) {
		json_decref(object);
		return;
	}
	ssa_track(c, object, old);
	if (dry_run(c)) {
		reply_object(c, 200, object);
		json_decref(object);
		return;
	}
	last = json_incref(object);
	if (store_update(c->api->store, c->t.res->id, object, &stored, &e) < 0)
		fail_store(c, c->t.name, &e);
	else
		reply_updated(c, stored, last);
	json_decref(last);
}

void serve_update(struct call *c)
{
	json_t *object = body_parse(c), *old;

	if (!object)
		return;
	old = store_get(c->api->store, c->t.res->id, c->t.ns, c->t.name);
	if (body_type(c, object) < 0 || body_decode(c, object) < 0 || check_place(c, object) < 0) {
		json_decref(object);
		return;
	}
	if (!old) {
		json_decref(object);
		fail_not_found(c);
		return;
	}
	json_incref(old);
	write_updated(c, object, old);
	json_decref(old);
}

/* ---- for controllers ---- */

int api_create(struct api *api, enum resource_id res, json_t *object, json_t **ret, struct error *e)
{
	const struct api_request rq = { .method = "POST", .path = "", .accept = "", .content_type = "", .body = "" };
	struct api_reply reply = { 0 };
	struct call c = { .api = api, .rq = &rq, .reply = &reply };
	int r;

	c.t = (struct target){ &resources[res], resources[res].versions[0], kube_namespace(object), "", "" };
	schema_default(c.t.res, object);
	r = check_namespace(&c, object);
	if (r == 0)
		r = admit_create(&c, object);
	if (r < 0) {
		(void)error_set(e, EACCES, "%.400s", strbuf_str(&reply.body));
		json_decref(object);
		r = -EACCES;
	} else {
		r = store_create(api->store, res, object, ret, e);
	}
	api_reply_done(&reply);
	return r;
}
