/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * api.h - the API server as its own files see it: one struct, requests and replies without a transport
 *
 * api_serve() answers a request from any transport (http.c: HTTP over TLS; rpcserver.c: the command line's socket).
 */
#ifndef NETEMU_APISERVER_API_H
#define NETEMU_APISERVER_API_H

#include <jansson.h>

#include "apiserver/store.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "supervisor/loop.h"
#include "supervisor/rpcpeer.h"

struct nodes; /* nodeconn.c: connected kubelets */
struct controllers; /* controllers.c */
struct bgp; /* bgp.c: policies -> what each node's speaker shall do */
struct http; /* http.c */
struct watches;
struct events;
struct rpcserver;

struct api {
	struct loop *loop;
	struct store *store;
	struct rpc_peer *runtime; /* cri.h; NULL in tests */
	const char *dir; /* KUBE_DIR's absolute path */
	const char *lab_dir; /* the lab's */
	json_t *cluster; /* cluster.json, see below */
	json_t *pins; /* pins.h, JSON form; {} at first */
	json_t *network; /* nodeproto.h's Network, or NULL */
	struct nodes *nodes;
	struct controllers *controllers;
	struct bgp *bgp;
	struct http *http;
	struct watches *watches; /* watch.c */
	struct events *events; /* events.c */
	struct rpcserver *rpcserver;
	struct loop_handle furnishing; /* bootstrap.c */
	bool cilium; /* installed: cilium.io is served; ask cilium_serves() */
	bool cilium_bgp; /* with bgpControlPlane.enabled */
};

/*
 * cluster.json, written by the supervisor:
 * {"name": "clab-bgp-cplane-demo", "version": "v1.27.3", "apiServerAddress": "127.0.0.1", "apiServerPort": 0 = any,
 *  "ipFamily": "ipv4"|"ipv6"|"dual", "podSubnets": ["10.1.0.0/16"], "serviceSubnets": ["10.96.0.0/16"], "defaultCNI": false,
 *  "kubeProxyMode": "iptables", "pins": {...},
 *  "nodes": [{"name": "worker", "hostname": "clab-bgp-cplane-demo-worker", "controlPlane": false, "image": "kindest/node:v1.27.3",
 *             "addresses": ["10.0.2.2"], "labels": {...all, automatic ones included}, "taints": [{"key", "value", "effect"}],
 *             "podCIDRs": ["10.1.1.0/24"], "routerIPs": [], "providerID": "kind://netemu/CLUSTER/HOSTNAME"}]}
 */

struct api_request {
	const char *method; /* "GET" */
	const char *path; /* "/api/v1/pods", without the query, percent-decoded by segment */
	json_t *query; /* {"watch": ["true"], "command": ["a", "b"]}: decoded, in order */
	const char *accept, *content_type; /* "" when missing */
	const char *user_agent;
	const char *impersonate; /* Impersonate-User: kubectl --as; NULL or "" when missing */
	const char *body;
	size_t body_len;
};

enum api_stream { API_STREAM_NONE, API_STREAM_WATCH, API_STREAM_LOG, API_STREAM_EXEC, API_STREAM_ATTACH, API_STREAM_PORTFORWARD };

struct api_watch; /* watch.c */

struct api_reply {
	int code; /* HTTP status */
	const char *content_type; /* static */
	struct strbuf body;
	struct strbuf warning; /* a line each; the transport makes them headers: Warning: 299 - "line", quoted */
	/* A reply that goes on; code is 200 then. The transport carries it out. */
	enum api_stream stream;
	struct api_watch *watch; /* API_STREAM_WATCH: the transport's, to be ended by api_watch_free() */
	json_t *pod; /* the others: own reference to the pod as stored; options are in the request's query */
	char container[256]; /* checked; API_STREAM_LOG, EXEC, ATTACH */
	char container_id[64]; /* cri.h's id (of the previous one with ?previous=true) */
};

void api_serve(struct api *api, const struct api_request *rq, struct api_reply *reply);
void api_reply_done(struct api_reply *reply);

/** api_query() - the first value of a query parameter; "" when it is missing */
const char *api_query(const struct api_request *rq, const char *key);
/** api_query_true() - whether it is "true" or "1" */
bool api_query_true(const struct api_request *rq, const char *key);
/** api_query_parse() - "a=1&b=x%20y" as api_request.query */
json_t *api_query_parse(const char *text);

/**
 * api_fail() - make @reply a metav1.Status Failure
 * @reason: "NotFound", "Conflict", "Invalid", "BadRequest", "AlreadyExists", "Forbidden", ...
 * @details: reference is taken, may be NULL
 */
void api_fail(struct api_reply *reply, int code, const char *reason, json_t *details, const char *fmt, ...) _printf_(5, 6);
/** api_json() - make @reply 2xx with a JSON body; @j's reference is taken */
void api_json(struct api_reply *reply, int code, json_t *j);

/* ---- what controllers do as if they were clients: write.c, remove.c ---- */

/**
 * api_create() - store an object that a controller made: defaults and admission as for a POST, no validation
 * @object: reference is taken
 * @ret: the stored object, borrowed; may be NULL
 *
 * Return: 0 or -errno (-EEXIST, -EACCES when admission refuses).
 */
int api_create(struct api *api, enum resource_id res, json_t *object, json_t **ret, struct error *e);
/** api_remove() - as a DELETE with propagationPolicy Background: grace period of pods, finalizers. Return: 0 or -ENOENT. */
int api_remove(struct api *api, enum resource_id res, const char *ns, const char *name, struct error *e);
/** api_remove_foreground() - the same with Foreground: its dependents go first */
int api_remove_foreground(struct api *api, enum resource_id res, const char *ns, const char *name, struct error *e);

/* ---- watches: watch.c ---- */

/** api_watch_fn - @text: whole lines to be sent; NULL: the watch has ended (time-out), send the end */
typedef void (*api_watch_fn)(void *arg, const char *text, size_t len);
/** api_watch_start() - begin; @fn is called at once with what there is. It must queue, not block. */
void api_watch_start(struct api_watch *w, api_watch_fn fn, void *arg);
struct api_watch *api_watch_free(struct api_watch *w);

/* ---- the parts that main.c starts, in this order; each frees with its _free() ---- */

int nodes_start(struct api *api, struct error *e); /* nodeconn.c: kubelets' side of nodeproto.h */
int bgp_start(struct api *api, struct error *e);
int controllers_start(struct api *api, struct error *e);
int rpcserver_start(struct api *api, struct error *e); /* KUBE_SOCKET: kubelets and the command line */
int http_start(struct api *api, struct error *e, unsigned *ret_port); /* TLS; writes KUBE_KUBECONFIG */
void nodes_free(struct api *api);
void bgp_free(struct api *api);
void controllers_free(struct api *api);
void http_free(struct api *api);
void rpcserver_free(struct api *api);
int watches_start(struct api *api, struct error *e); /* watch.c: before any request */
void watches_free(struct api *api);
int events_start(struct api *api, struct error *e);
void events_free(struct api *api);

/* nodeconn.c */
/** nodes_hello() - a peer has said hello: from now on it is that node's kubelet */
void nodes_hello(struct api *api, struct rpc_peer *peer, json_int_t id, const json_t *said);
/** nodes_message() - any other message of a kubelet. Return: whether @peer is one (else the caller answers it). */
bool nodes_message(struct api *api, struct rpc_peer *peer, struct rpc_message *m);
void nodes_peer_ended(struct api *api, struct rpc_peer *peer);
/** nodes_find() - the connection of a node's kubelet, NULL when it is not connected */
struct rpc_peer *nodes_find(struct api *api, const char *node);
/** nodes_network_changed() - api->network is another one: tell the kubelets */
void nodes_network_changed(struct api *api);
/** nodes_send_bgp() - give a node's kubelet its speaker config (kept, and given again when it comes back). Reference taken. */
void nodes_send_bgp(struct api *api, const char *node, json_t *config);

/* bgp.c */
/** bgp_changed() - something that the store does not tell has changed: look at all nodes again, from the loop */
void bgp_changed(struct api *api);
/** bgp_peer_status() - a node's bgp.status has come */
void bgp_peer_status(struct api *api, const char *node, const json_t *peers);
/** bgp_query_fn - @nodes: {"nodes": [{"node", "peers" or "routes": [...]}]}, new reference; also NULL with @e */
typedef void (*bgp_query_fn)(json_t *nodes, const struct error *e, void *arg);
/**
 * bgp_query() - the command line's bgp.peers or bgp.routes (nodeproto.h), asked of the kubelets
 * @request: with "op", "node" (missing: all), "table", "afi"
 * @fn: called once, perhaps before this returns
 */
void bgp_query(struct api *api, const json_t *request, bgp_query_fn fn, void *arg);

/* cilium.c */
/** cilium_reuse_values() - @values over those of the release that there is, as `helm upgrade --reuse-values`; new */
json_t *cilium_reuse_values(struct api *api, const json_t *values);
/** cilium_install() - as `helm upgrade --install`. @ret_notes: new array of texts. Return: 0 or -EINVAL. */
int cilium_install(struct api *api, const json_t *values, const char *version, json_t **ret_notes, struct error *e);
void cilium_uninstall(struct api *api);
/** cilium_restore() - after a restart: api->cilium and api->network from what the store has */
void cilium_restore(struct api *api);
#define CILIUM_ENGINE_ANNOTATION "netemu.io/bgp-engine"
/** cilium_bgp_engine() - "frr" or "gobgp": of a node */
const char *cilium_bgp_engine(const struct api *api, const json_t *node);
/** cilium_pod_cidrs() - array of a node's pod CIDRs: its own, or of Cilium's pool. Borrowed. */
const json_t *cilium_pod_cidrs(const struct api *api, const json_t *node);
/** cilium_sync_nodes() - each node has a CiliumNode while Cilium is installed */
void cilium_sync_nodes(struct api *api, const json_t *nodes);
/** cilium_serves() - whether a resource is served now: those of cilium.io only with Cilium, BGP's only with its control plane */
bool cilium_serves(const struct api *api, const struct resource *res);

/* events.c */
/** api_event() - record an Event about an object; the same one again only counts up. @component: "default-scheduler" */
void api_event(struct api *api, const json_t *about, const char *type, const char *reason, const char *component, const char *host,
	       const char *fmt, ...) _printf_(7, 8);

/* bootstrap.c */
/** bootstrap() - what every cluster begins with: namespaces, default service accounts, service `kubernetes`, kube-system's pods */
int bootstrap(struct api *api, struct error *e);

/** bootstrap_watch() - from now on what belongs to every cluster comes back when it is deleted; http_start() has made the CA */
int bootstrap_watch(struct api *api, struct error *e);
/** namespace_furnish() - what each namespace gets: its default service account and the cluster's CA */
void namespace_furnish(struct api *api, const char *name);

/* network.c */
/** network_default() - Network of the default CNI (nodeproto.h), new reference; NULL when the cluster file disables it */
json_t *network_default(const struct api *api);

/* pending.c */
/** pending_list() - new array of texts: what a user still waits for (nodes that will be Ready, pods that can run) */
json_t *pending_list(struct api *api);
/** pending_nodes() - as pending_list(), but only the nodes that have not registered */
json_t *pending_nodes(struct api *api);

/* pods.c */
/** pod_delete() - with its grace period: marked, or gone at once when no kubelet has it. @grace: seconds, -1: the pod's own */
int pod_delete(struct api *api, const char *ns, const char *name, json_int_t grace, struct error *e);

/* table.c */
/** table_make() - metav1.Table of objects; new reference. @include: "Metadata", "Object" or "None" */
json_t *table_make(const struct resource *res, const json_t *objects, const char *resource_version, const char *include);

#endif
