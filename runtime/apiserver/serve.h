/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * serve.h - one request on its way through the API server: what api.c's handlers share
 */
#ifndef NETEMU_APISERVER_SERVE_H
#define NETEMU_APISERVER_SERVE_H

#include "apiserver/api.h"
#include "cluster/selector.h"

/* What a path names: /apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME/SUB */
struct target {
	const struct resource *res;
	const char *version; /* one of res->versions */
	const char *ns, *name, *sub; /* "" when missing */
};

struct call {
	struct api *api;
	const struct api_request *rq;
	struct api_reply *reply;
	struct target t;
};

/* ---- replies in the API server's words ---- */

/** target_resource() - "pods", "deployments.apps" */
const char *target_resource(const struct resource *res, char buf[128]);
void fail_not_found(struct call *c);
void fail_path(struct api_reply *reply);
void fail_method(struct api_reply *reply);
void fail_invalid(struct call *c, const char *name, json_t *causes);
/** fail_store() - what store_create() or store_update() said about an object called @name */
void fail_store(struct call *c, const char *name, const struct error *e);
/** reply_success() - a Status Success about an object */
void reply_success(struct call *c, int code, const json_t *object);
/** reply_object() - an object as the request's Accept wants it */
void reply_object(struct call *c, int code, json_t *object);

/* ---- read.c ---- */

/** query_number() - a query parameter that is a number; 0 when it is missing. Return: 0, or -EINVAL: the reply says why. */
int query_number(struct call *c, const char *key, long long *ret);

enum format { FORMAT_JSON, FORMAT_TABLE, FORMAT_PARTIAL, _FORMAT_MAX };

/** format_of() - what Accept asks for. Return: 0, or -EINVAL: 406, the reply says so. */
int format_of(struct call *c, enum format *ret);
/** target_present() - an object in the version that was asked for; new reference */
json_t *target_present(const struct resource *res, const char *version, json_t *object);
json_t *partial_object(const json_t *object);

/* ?labelSelector= and ?fieldSelector= */
struct selection {
	struct selector *labels; /* NULL: any */
	char *fields; /* NULL: any */
	const char *kind;
};
int selection_parse(struct call *c, struct selection *ret);
bool selection_matches(const struct selection *s, const json_t *object);
void selection_done(struct selection *s);
#define _cleanup_selection_ _cleanup_(selection_done)

void serve_get(struct call *c);
void serve_list(struct call *c);

/* ---- watch.c ---- */

/** watch_open() - reply with a watch, or why there is none. @selection is taken over. */
void watch_open(struct call *c, enum format format, struct selection *selection);

/* ---- write.c, patch.c, remove.c ---- */

/** body_parse() - the request's body as an object. Return: new reference; NULL, and the reply says why. */
json_t *body_parse(struct call *c);
/** body_check() - for unknown fields and wrong types; appends what is wrong to @why. Return: 0, or -errno. */
int body_check(struct call *c, const json_t *object, struct strbuf *why);
/** body_type() - what an object says it is must be what the path says; then it is in the stored version. Return: 0, or -EINVAL. */
int body_type(struct call *c, json_t *object);
/** strip_new() - take out of a new object what only the API server says */
void strip_new(struct call *c, json_t *object);
void serve_create(struct call *c);
void serve_update(struct call *c);
void serve_patch(struct call *c);
void serve_delete(struct call *c);
void serve_delete_collection(struct call *c);
/** write_created() - everything after decoding: @object's reference is taken */
void write_created(struct call *c, json_t *object);
/** write_updated() - the same for a changed object; @old is borrowed. @code: of the reply */
void write_updated(struct call *c, json_t *object, json_t *old);
bool dry_run(const struct call *c);
/** delete_options() - the body of a DELETE; new reference, {} when there is none; NULL, and the reply says why */
json_t *delete_options(struct call *c);

/* ---- admission.c ---- */

/** admit_create() - what admission plugins add to a new object, and refuse. Return: 0, or -errno: the reply says why. */
int admit_create(struct call *c, json_t *object);
int admit_update(struct call *c, json_t *object, const json_t *old);
/** qos_class() - of a pod: "Guaranteed", "Burstable", "BestEffort" */
const char *qos_class(const json_t *pod);

/* ---- scale.c, podsub.c, review.c, discovery.c, openapi.c, protobuf.c ---- */

void serve_scale_get(struct call *c);
void serve_scale_put(struct call *c);
void serve_scale_patch(struct call *c);
void serve_log(struct call *c);
void serve_exec(struct call *c);
void serve_attach(struct call *c);
void serve_portforward(struct call *c);
void serve_eviction(struct call *c);
void serve_binding(struct call *c);
void serve_finalize(struct call *c);
void serve_token(struct call *c);

/** review_serve() - POSTs that are no resources: access reviews. Return: whether the path is one. */
bool review_serve(struct call *c, const char *group, const char *plural);

void discovery_core(struct call *c); /* /api */
void discovery_groups(struct call *c); /* /apis */
void discovery_group(struct call *c, const char *group); /* /apis/GROUP */
void discovery_resources(struct call *c, const char *group, const char *version);
void openapi_v2(struct call *c);
void openapi_v3(struct call *c, const char *rest); /* @rest: of the path, "" for the list */
void discovery_version(struct call *c);

/** protobuf_decode() - a typed client's body, for the few kinds it is worth. Return: new reference; NULL: not understood. */
json_t *protobuf_decode(const char *body, size_t len);

/* ---- ssa.c ---- */

/** ssa_manager() - who makes a request: ?fieldManager=, or the first word of the user agent; into @buf */
const char *ssa_manager(const struct call *c, char buf[128]);
/**
 * ssa_apply() - merge an applied configuration into an object
 * @live: NULL when there is none yet
 * @ret: the merged object with its managedFields; new reference
 *
 * Return: 0; -ESTALE: conflicts, the reply says which; -EINVAL: ditto.
 */
int ssa_apply(struct call *c, const json_t *live, const json_t *applied, json_t **ret);
/** ssa_track() - after a create (@old NULL) or update by other means: whose fields are whose now */
void ssa_track(const struct call *c, json_t *object, const json_t *old);

#endif
