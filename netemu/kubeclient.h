/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kubeclient.h - talking to the API server of a running cluster (cluster/nodeproto.h)
 *
 * Owns: which cluster is meant, the connection, requests and their failures. Refuses to know what is asked for.
 */
#ifndef NETEMU_KUBECLIENT_H
#define NETEMU_KUBECLIENT_H

#include <jansson.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "cluster/resource.h"
#include "engine/rpc.h"

enum { KUBE_START_MS = 10000 }; /* how long an API server may take to start */

struct kube {
	struct arena arena;
	const char *lab; /* of the cluster */
	int sock;
	json_int_t last_id; /* of requests */
};

/**
 * kube_find() - which running cluster is meant
 * @name: NULL: the only one
 *
 * Return: 0; -ENOENT when none runs or @name is none; -EEXIST when there are several (the error names them).
 */
int kube_find(const char *name, struct arena *a, const char **ret, struct error *e);

/**
 * kube_open() - find it and connect
 * @wait_ms: how long to wait for an API server that is still starting
 * @ret: to be freed with kube_close(), also on failure
 */
int kube_open(const char *name, unsigned wait_ms, struct kube *ret, struct error *e);
void kube_close(struct kube *k);
#define _cleanup_kube_ _cleanup_(kube_close)

/** kube_file() - path of a file of the lab, below its directory: "kube/kubeconfig" */
const char *kube_file(struct arena *a, const char *lab, const char *name);

/** kube_call() - an op of nodeproto.h; @body: reference is taken. Return: 0 with the reply's body (a new reference), or -errno. */
int kube_call(struct kube *k, const char *op, json_t *body, json_t **ret, struct error *e);

struct kube_request {
	const char *method, *path; /* path with its query */
	const char *accept, *type; /* NULL: application/json */
	const char *body; /* NULL: none */
};

struct kube_reply {
	int code; /* HTTP status */
	char *text; /* malloc'ed */
	json_t *json; /* the text, when it is a JSON object */
	char *warning; /* malloc'ed; what the server has to say besides, or NULL */
};

void kube_reply_done(struct kube_reply *r);
#define _cleanup_kube_reply_ _cleanup_(kube_reply_done)

/** kube_chunk_fn - more of a watch or of a log; false: enough */
typedef bool (*kube_chunk_fn)(void *arg, const char *text);

/**
 * kube_http() - one request
 * @fn: for watches and followed logs: gets what comes before the reply; may be NULL
 *
 * Return: 0 with any status, 1 when @fn had enough, or -errno when there is no answer.
 */
int kube_http(struct kube *k, const struct kube_request *rq, kube_chunk_fn fn, void *arg, struct kube_reply *ret, struct error *e);

static inline bool kube_ok(const struct kube_reply *r)
{
	return r->code >= 200 && r->code < 300;
}

/** kube_failure() - a failed reply as kubectl words it: `Error from server (NotFound): pods "x" not found`. Return: -errno. */
int kube_failure(const struct kube_reply *r, struct error *e);

/**
 * kube_url() - path of an object, or of a collection
 * @api_version: NULL: the preferred one
 * @ns: of a namespaced resource; NULL: all namespaces
 * @name: NULL: the collection
 */
void kube_url(struct strbuf *out, const struct resource *r, const char *api_version, const char *ns, const char *name);
/** kube_query() - append ?key=value or &key=value, escaped; nothing when @value is NULL */
void kube_query(struct strbuf *out, const char *key, const char *value);
/** kube_word() - "pod", "deployment.apps": how kubectl calls a resource in front of a name */
const char *kube_word(struct arena *a, const struct resource *r);

#endif
