// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nodeconn.c - the kubelets' side of nodeproto.h: registration, pods that stream to their node, statuses that come back
 *
 * Owns which connection is which node's. Whether a node is alive is nodelife.c's.
 */
#include <string.h>

#include "apiserver/nodes.h"
#include "cluster/jsonutil.h"
#include "cluster/nodeproto.h"
#include "base/strmap.h"

struct node_conn {
	char *name;
	struct rpc_peer *peer; /* NULL: not connected */
	json_t *bgp;           /* what its speaker shall do; NULL: nothing was said */
	json_t *wanted;        /* "configmaps/NAMESPACE/NAME" of what it asked for */
};

struct nodes {
	struct store_watch *watch;
	struct nodelife *life;
	struct node_conn **conns;
	size_t n;
	struct strmap by_name;
};

/* ---- which connection ---- */

static struct node_conn *conn_find(struct api *api, const char *name)
{
	const ssize_t i = api->nodes ? strmap_get(&api->nodes->by_name, name) : STRMAP_NONE;

	return i >= 0 ? api->nodes->conns[i] : NULL;
}

static struct node_conn *conn_make(struct api *api, const char *name)
{
	struct nodes *ns = api->nodes;
	struct node_conn *c = conn_find(api, name), **grown;

	if (c)
		return c;
	grown = realloc(ns->conns, (ns->n + 1) * sizeof(*grown));
	c = calloc(1, sizeof(*c));
	if (grown)
		ns->conns = grown;
	if (!grown || !c) {
		free(c);
		return NULL;
	}
	c->name = strdup(name);
	c->wanted = json_object();
	ns->conns[ns->n] = c;
	(void)strmap_put(&ns->by_name, c->name, ns->n++);
	return c;
}

static struct node_conn *conn_of_peer(struct api *api, const struct rpc_peer *peer)
{
	for (size_t i = 0; i < api->nodes->n; i++)
		if (api->nodes->conns[i]->peer == peer)
			return api->nodes->conns[i];
	return NULL;
}

struct rpc_peer *nodes_find(struct api *api, const char *node)
{
	const struct node_conn *c = conn_find(api, node);

	return c ? c->peer : NULL;
}

void nodes_peer_ended(struct api *api, struct rpc_peer *peer)
{
	struct node_conn *c = conn_of_peer(api, peer);

	if (!c)
		return;
	c->peer = NULL;
	(void)json_object_clear(c->wanted);
}

/* ---- what a node is told ---- */

static void send_node(struct node_conn *c, json_t *node)
{
	rpc_peer_send(c->peer, json_pack("{s:s, s:O}", "op", "node", "object", node), NULL, 0);
}

static void send_pod(struct api *api, struct node_conn *c, const char *type, json_t *pod)
{
	json_t *message = json_pack("{s:s, s:s, s:O}", "op", "pod", "type", type, "object", pod), *ips;
	char key[520];

	(void)snprintf(key, sizeof(key), "%s/%s", kube_namespace(pod), kube_name(pod));
	ips = json_at(api->pins, "pods", key, "ips", NULL);
	if (json_array_size(ips) > 0)
		(void)json_object_set(message, "ips", ips);
	rpc_peer_send(c->peer, message, NULL, 0);
}

static void send_network(struct api *api, struct node_conn *c)
{
	rpc_peer_send(c->peer, json_pack("{s:s, s:o}", "op", "network", "config", network_of_node(api, c->name)), NULL,
	              0);
}

static void send_bgp(struct node_conn *c)
{
	if (c->bgp)
		rpc_peer_send(c->peer, json_pack("{s:s, s:O}", "op", "bgp", "config", c->bgp), NULL, 0);
}

void nodes_network_changed(struct api *api)
{
	for (size_t i = 0; api->nodes && i < api->nodes->n; i++)
		if (api->nodes->conns[i]->peer)
			send_network(api, api->nodes->conns[i]);
}

void nodes_send_bgp(struct api *api, const char *node, json_t *config)
{
	struct node_conn *c = conn_make(api, node);

	if (!c) {
		json_decref(config);
		return;
	}
	json_decref(c->bgp);
	c->bgp = config;
	if (c->peer)
		send_bgp(c);
}

static const char *const type_names[] = {
	[STORE_ADDED] = "ADDED", [STORE_MODIFIED] = "MODIFIED", [STORE_DELETED] = "DELETED"
};

static void pod_changed(struct api *api, const struct store_event *ev)
{
	struct node_conn *c = conn_find(api, json_text(ev->object, "spec", "nodeName", NULL));
	enum store_event_type type = ev->type;

	if (!c || !c->peer)
		return;
	if (type == STORE_MODIFIED && !*json_text(ev->old, "spec", "nodeName", NULL))
		type = STORE_ADDED; /* it was bound to the node just now */
	send_pod(api, c, type_names[type], ev->object);
}

static void wanted_changed(struct api *api, const struct store_event *ev)
{
	char key[600];

	(void)snprintf(key, sizeof(key), "%s/%s/%s", ev->res->plural, kube_namespace(ev->object),
	               kube_name(ev->object));
	for (size_t i = 0; i < api->nodes->n; i++) {
		struct node_conn *c = api->nodes->conns[i];

		if (c->peer && json_object_get(c->wanted, key))
			rpc_peer_send(c->peer,
			              json_pack("{s:s, s:s, s:s, s:O}", "op", "object", "type", type_names[ev->type],
			                        "resource", ev->res->plural, "object", ev->object),
			              NULL, 0);
	}
}

static void on_store_event(const struct store_event *ev, void *arg)
{
	struct api *api = arg;
	struct node_conn *c;

	switch (ev->res->id) {
	case RES_PODS:
		pod_changed(api, ev);
		break;
	case RES_NODES:
		c = conn_find(api, kube_name(ev->object));
		if (c && c->peer && ev->type != STORE_DELETED)
			send_node(c, ev->object);
		nodelife_changed(api->nodes->life, kube_name(ev->object));
		break;
	case RES_CONFIGMAPS:
	case RES_SECRETS:
		wanted_changed(api, ev);
		break;
	default:
		break;
	}
}

/* ---- registration ---- */

static void merge_strings(json_t *meta, const char *key, const json_t *from)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)from, name, v)(void)
		json_object_set(json_object_make(meta, key), name, v);
}

/* What the controller manager and kubeadm give a new node. */
static void give_spec(struct api *api, json_t *node)
{
	const char *name = kube_name(node);
	const json_t *entry = node_entry(api, name), *cidrs = node_list(api, name, "podCIDRs");
	json_t *spec = json_object_make(node, "spec"), *taints = json_object_get(entry, "taints");

	if (json_array_size(cidrs) > 0) {
		(void)json_object_set(spec, "podCIDR", json_array_get(cidrs, 0));
		(void)json_object_set_new(spec, "podCIDRs", json_deep_copy(cidrs));
	}
	if (*json_text(entry, "providerID", NULL))
		(void)json_object_set(spec, "providerID", json_object_get(entry, "providerID"));
	if (json_array_size(taints) > 0 && !json_object_get(spec, "taints"))
		(void)json_object_set_new(spec, "taints", json_deep_copy(taints));
}

static json_t *register_new(struct api *api, const json_t *said, struct error *e)
{
	json_t *node = json_deep_copy(said), *meta = json_object_make(node, "metadata"), *stored = NULL;
	const json_t *entry = node_entry(api, kube_name(said));

	(void)json_object_set_new(node, "kind", json_string("Node"));
	(void)json_object_set_new(node, "apiVersion", json_string("v1"));
	merge_strings(meta, "labels", json_object_get(entry, "labels"));
	give_spec(api, node);
	if (store_create(api->store, RES_NODES, node, &stored, e) < 0)
		return NULL;
	api_event(api, stored, "Normal", "RegisteredNode", "node-controller", "",
	          "Node %s event: Registered Node %s in Controller", kube_name(stored), kube_name(stored));
	return stored;
}

static json_t *register_again(struct api *api, const json_t *old, const json_t *said, struct error *e)
{
	json_t *node = json_deep_copy(old), *meta = json_object_make(node, "metadata"), *stored = NULL;

	merge_strings(meta, "labels", json_at(said, "metadata", "labels", NULL));
	merge_strings(meta, "annotations", json_at(said, "metadata", "annotations", NULL));
	node_merge_status(node, json_object_get(said, "status"));
	return store_update(api->store, RES_NODES, node, &stored, e) < 0 ? NULL : stored;
}

static void renew_lease(struct api *api, const char *name, const json_t *node)
{
	const json_t *old = store_get(api->store, RES_LEASES, "kube-node-lease", name);
	struct timespec now;
	char text[KUBE_TIME_LEN], renewed[KUBE_TIME_LEN + 32];
	json_t *lease;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)kube_time(now.tv_sec, text);
	text[19] = '\0'; /* MicroTime */
	(void)snprintf(renewed, sizeof(renewed), "%s.%06ldZ", text, now.tv_nsec / 1000);
	if (old) {
		lease = json_deep_copy(old);
		(void)json_object_set_new(json_object_make(lease, "spec"), "renewTime", json_string(renewed));
		(void)store_update(api->store, RES_LEASES, lease, NULL, NULL);
	} else if (node) {
		lease = json_pack("{s:s, s:s, s:{s:s, s:s, s:[{s:s, s:s, s:s, s:s}]}, s:{s:s, s:i, s:s}}", "kind",
		                  "Lease", "apiVersion", "coordination.k8s.io/v1", "metadata", "name", name,
		                  "namespace", "kube-node-lease", "ownerReferences", "apiVersion", "v1", "kind", "Node",
		                  "name", name, "uid", kube_uid(node), "spec", "holderIdentity", name,
		                  "leaseDurationSeconds", NODE_LEASE_DURATION, "renewTime", renewed);
		(void)store_create(api->store, RES_LEASES, lease, NULL, NULL);
	}
}

struct pods_of {
	struct api *api;
	struct node_conn *conn;
};

static void send_existing_pod(json_t *pod, void *arg)
{
	struct pods_of *p = arg;

	if (strcmp(json_text(pod, "spec", "nodeName", NULL), p->conn->name) == 0)
		send_pod(p->api, p->conn, "ADDED", pod);
}

static void send_all(struct api *api, struct node_conn *c, json_t *node)
{
	struct pods_of p = { api, c };

	send_node(c, node);
	send_network(api, c);
	send_bgp(c);
	store_each(api->store, RES_PODS, NULL, send_existing_pod, &p);
	rpc_peer_send(c->peer, json_pack("{s:s}", "op", "synced"), NULL, 0);
}

void nodes_hello(struct api *api, struct rpc_peer *peer, json_int_t id, const json_t *said)
{
	const char *name = kube_name(said);
	const json_t *old = store_get(api->store, RES_NODES, "", name);
	struct node_conn *c = *name ? conn_make(api, name) : NULL;
	struct error e = { 0 };
	json_t *node;

	if (!c) {
		(void)error_set(&e, EINVAL, "hello: a node without a name");
		rpc_peer_fail(peer, id, &e);
		return;
	}
	c->peer = NULL; /* an older connection is no longer this node's; nothing is sent before the reply */
	(void)json_object_clear(c->wanted);
	node = old ? register_again(api, old, said, &e) : register_new(api, said, &e);
	if (!node) {
		rpc_peer_fail(peer, id, &e);
		return;
	}
	json_incref(node);
	c->peer = peer;
	nodelife_beat(api->nodes->life, name);
	renew_lease(api, name, node);
	rpc_peer_reply(peer, id, json_pack("{s:O}", "object", node), NULL, 0);
	send_all(api, c, node);
	json_decref(node);
}

/* ---- what a node says ---- */

struct said {
	struct api *api;
	struct node_conn *conn;
	struct rpc_peer *peer;
	const json_t *body;
	json_int_t id; /* 0: wants no reply */
};

static void done(struct said *s)
{
	rpc_peer_reply(s->peer, s->id, NULL, NULL, 0);
}

static void on_lease(struct said *s)
{
	renew_lease(s->api, s->conn->name, store_get(s->api->store, RES_NODES, "", s->conn->name));
	nodelife_beat(s->api->nodes->life, s->conn->name);
	done(s);
}

static void on_node_status(struct said *s)
{
	const json_t *node = store_get(s->api->store, RES_NODES, "", s->conn->name);
	json_t *own;

	if (node) {
		own = json_deep_copy(node);
		node_merge_status(own, json_object_get(s->body, "status"));
		(void)store_update(s->api->store, RES_NODES, own, NULL, NULL);
	}
	nodelife_beat(s->api->nodes->life, s->conn->name);
	done(s);
}

/* The pod that a message is about, if it is still the same one. */
static const json_t *pod_of(const struct said *s)
{
	const json_t *pod = store_get(s->api->store, RES_PODS, json_text(s->body, "namespace", NULL),
	                              json_text(s->body, "name", NULL));

	return pod && strcmp(kube_uid(pod), json_text(s->body, "uid", NULL)) == 0 ? pod : NULL;
}

/* What others than the kubelet said of a pod stays: that it was scheduled, its class. */
static void keep_others(json_t *status, const json_t *pod)
{
	json_t *scheduled = kube_condition(pod, "PodScheduled"), *qos = json_at(pod, "status", "qosClass", NULL),
	       *condition;
	size_t i;

	if (qos && !json_object_get(status, "qosClass"))
		(void)json_object_set(status, "qosClass", qos);
	if (!scheduled)
		return;
	json_array_foreach(json_object_get(status, "conditions"), i,
	                   condition) if (strcmp(json_text(condition, "type", NULL), "PodScheduled") == 0) return;
	(void)json_array_append(json_array_make(status, "conditions"), scheduled);
}

static void on_pod_status(struct said *s)
{
	const json_t *pod = pod_of(s), *status = json_object_get(s->body, "status");
	json_t *own, *merged;

	if (pod && json_is_object(status)) {
		own = json_copy((json_t *)(uintptr_t)pod);
		merged = json_deep_copy(status);
		keep_others(merged, pod);
		(void)json_object_set_new(own, "status", merged);
		(void)store_update(s->api->store, RES_PODS, own, NULL, NULL);
	}
	done(s);
}

static void on_pod_gone(struct said *s)
{
	const json_t *pod = pod_of(s);
	json_t *own;

	if (pod && *json_text(pod, "metadata", "deletionTimestamp", NULL)) {
		own = json_deep_copy(pod);
		(void)json_object_set_new(json_object_get(own, "metadata"), "deletionGracePeriodSeconds",
		                          json_integer(0));
		(void)store_update(s->api->store, RES_PODS, own, NULL,
		                   NULL); /* deletes it, unless a finalizer holds it */
	}
	done(s);
}

static void on_event(struct said *s)
{
	api_event(s->api, json_object_get(s->body, "object"), json_text(s->body, "type", NULL),
	          json_text(s->body, "reason", NULL), json_text(s->body, "component", NULL), s->conn->name, "%s",
	          json_text(s->body, "message", NULL));
	done(s);
}

static void on_get(struct said *s)
{
	const char *plural = json_text(s->body, "resource", NULL), *ns = json_text(s->body, "namespace", NULL);
	const char *name = json_text(s->body, "name", NULL);
	const struct resource *res = resource_find("", "v1", plural);
	json_t *object = res ? store_get(s->api->store, res->id, ns, name) : NULL;
	char key[600];

	(void)snprintf(key, sizeof(key), "%s/%s/%s", plural, ns, name);
	if (res)
		(void)json_object_set_new(s->conn->wanted, key, json_true());
	rpc_peer_reply(s->peer, s->id, json_pack("{s:o}", "object", object ? json_incref(object) : json_null()), NULL,
	               0);
}

static void on_bgp_status(struct said *s)
{
	bgp_peer_status(s->api, s->conn->name, json_object_get(s->body, "peers"));
	done(s);
}

static const struct {
	const char *op;
	void (*fn)(struct said *s);
} ops[] = {
	{ "lease", on_lease },           { "node.status", on_node_status },
	{ "pod.status", on_pod_status }, { "pod.gone", on_pod_gone },
	{ "event", on_event },           { "get", on_get },
	{ "bgp.status", on_bgp_status },
};

bool nodes_message(struct api *api, struct rpc_peer *peer, struct rpc_message *m)
{
	const char *op = json_text(m->body, "op", NULL);
	struct said s = { api, conn_of_peer(api, peer), peer, m->body, json_int(m->body, 0, "id", NULL) };

	if (!s.conn)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (strcmp(ops[i].op, op) == 0) {
			ops[i].fn(&s);
			return true;
		}
	return false;
}

/* ---- begin and end ---- */

int nodes_start(struct api *api, struct error *e)
{
	struct nodes *ns = calloc(1, sizeof(*ns));
	int r;

	if (!ns)
		return error_oom(e);
	api->nodes = ns;
	r = nodelife_start(api, &ns->life, e);
	if (r < 0)
		return r;
	ns->watch = store_watch(api->store, on_store_event, api);
	return ns->watch ? 0 : error_oom(e);
}

void nodes_free(struct api *api)
{
	struct nodes *ns = api->nodes;

	if (!ns)
		return;
	store_unwatch(api->store, ns->watch);
	nodelife_free(ns->life);
	for (size_t i = 0; i < ns->n; i++) {
		json_decref(ns->conns[i]->bgp);
		json_decref(ns->conns[i]->wanted);
		free(ns->conns[i]->name);
		free(ns->conns[i]);
	}
	strmap_done(&ns->by_name);
	free(ns->conns);
	free(ns);
	api->nodes = NULL;
}
