// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bgp.c - from BGP resources in the store to what each node's speaker is told, and back: what the sessions are like
 *
 * Owns: when to compile again (once a turn of the loop, however much has changed), who has been told what, the status
 * that Cilium's operator and agents would write: CiliumBGPNodeConfigs, conditions. What the resources mean is
 * cluster/speaker.c's.
 */
#include <string.h>
#include <time.h>

#include "apiserver/api.h"
#include "cluster/jsonutil.h"
#include "cluster/speaker.h"

struct bgp {
	struct api *api;
	struct store_watch *watch;
	struct loop_handle timer;
	bool dirty;
	json_t *sent;	/* {node: Speaker}; without an entry: never had one */
	json_t *states; /* {node: [PeerState]} */
};

/* All that compiling looks at, read once for all nodes. */
struct round {
	struct bgp *bgp;
	json_t *nodes, *policies, *configs, *peer_configs, *advertisements, *overrides, *secrets;
	json_t *matched, *conflicts, *missing; /* by name of ClusterConfig: true, and lists of names */
};

/* ---- conditions ---- */

/* A condition as it is to be; the time moves only when the status does. */
static json_t *condition(const json_t *object, const char *type, bool on, const char *reason, const char *message)
{
	const json_t *old = kube_condition(object, type);
	const char *status = on ? "True" : "False";
	char now[KUBE_TIME_LEN];

	(void)kube_time(time(NULL), now);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "type", type, "status", status, "reason", reason, "message",
			 message, "lastTransitionTime",
			 old && strcmp(json_text(old, "status", NULL), status) == 0
				 ? json_text(old, "lastTransitionTime", NULL)
				 : now,
			 "observedGeneration", json_int(object, 1, "metadata", "generation", NULL));
}

static void join(struct strbuf *out, const char *text, const json_t *names)
{
	const json_t *n;
	size_t i;

	if (json_array_size(names))
		strbuf_puts(out, text);
	json_array_foreach(names, i, n)
		strbuf_printf(out, "%s%s", i ? ", " : "", json_string_value(n));
}

static void set_conditions(struct bgp *b, enum resource_id res, const json_t *object, json_t *conditions)
{
	json_t *changed;

	if (json_equal(json_at(object, "status", "conditions", NULL), conditions)) {
		json_decref(conditions);
		return;
	}
	changed = json_deep_copy(object);
	json_object_set_new(json_object_make(changed, "status"), "conditions", conditions);
	(void)store_update(b->api->store, res, changed, NULL, NULL);
}

static void config_conditions(struct round *r, const json_t *config)
{
	const char *name = kube_name(config);
	const json_t *conflicts = json_object_get(r->conflicts, name), *missing = json_object_get(r->missing, name);
	const bool matched = json_is_true(json_object_get(r->matched, name)) || json_array_size(conflicts);
	_cleanup_strbuf_ struct strbuf c = { 0 }, m = { 0 };

	join(&c, "Other CiliumBGPClusterConfigs select the same nodes: ", conflicts);
	join(&m, "Referenced CiliumBGPPeerConfigs are missing: ", missing);
	set_conditions(r->bgp, RES_BGPCLUSTERCONFIGS, config,
		       json_pack("[o, o, o]",
				 condition(config, "cilium.io/NoMatchingNode", !matched, "NoMatchingNode",
					   matched ? "" : "No node matches spec.nodeSelector"),
				 condition(config, "cilium.io/MissingPeerConfigs", json_array_size(missing) > 0,
					   "MissingPeerConfigs", strbuf_str(&m)),
				 condition(config, "cilium.io/ConflictingClusterConfig", json_array_size(conflicts) > 0,
					   "ConflictingClusterConfig", strbuf_str(&c))));
}

static void peer_config_conditions(struct round *r, const json_t *config)
{
	const char *secret = json_text(config, "spec", "authSecretRef", NULL);
	const bool missing = *secret && !store_get(r->bgp->api->store, RES_SECRETS, "kube-system", secret);
	char text[300] = "";

	if (missing)
		(void)snprintf(text, sizeof(text), "Referenced Auth Secret \"%s\" is missing", secret);
	set_conditions(
		r->bgp, RES_BGPPEERCONFIGS, config,
		json_pack("[o]", condition(config, "cilium.io/MissingAuthSecret", missing, "MissingAuthSecret", text)));
}

static void all_conditions(struct round *r)
{
	const json_t *o;
	size_t i;

	json_array_foreach(r->configs, i, o)
		config_conditions(r, o);
	json_array_foreach(r->peer_configs, i, o)
		peer_config_conditions(r, o);
}

/* ---- CiliumBGPNodeConfig ---- */

static const json_t *state_find(const json_t *states, const char *vrouter, const char *name)
{
	const json_t *s;
	size_t i;

	json_array_foreach(states, i, s)
		if (strcmp(json_text(s, "vrouter", NULL), vrouter) == 0 &&
		    strcmp(json_text(s, "name", NULL), name) == 0)
			return s;
	return NULL;
}

static json_t *node_peer_status(const json_t *peer, const json_t *state)
{
	json_t *counts = json_array(), *ret;
	const json_t *f;
	size_t i;

	json_array_foreach(json_object_get(state, "families"), i, f)
		json_array_append_new(counts,
				      json_pack("{s:O, s:O, s:O, s:O}", "afi", json_object_get(f, "afi"), "safi",
						json_object_get(f, "safi"), "received", json_object_get(f, "received"),
						"advertised", json_object_get(f, "advertised")));
	ret = json_pack("{s:O, s:O, s:I, s:s, s:o, s:{s:I, s:I}}", "name", json_object_get(peer, "name"), "peerAddress",
			json_object_get(peer, "address"), "peerASN",
			json_int(state, json_int(peer, 0, "peerASN", NULL), "peer-asn", NULL), "peeringState",
			state ? json_text(state, "session-state", NULL) : "idle", "routeCount", counts, "timers",
			"appliedHoldTimeSeconds", json_int(state, 0, "applied-hold-time-seconds", NULL),
			"appliedKeepaliveSeconds", json_int(state, 0, "applied-keep-alive-time-seconds", NULL));
	return ret;
}

static json_t *node_peer_spec(const json_t *peer)
{
	const char *local = json_text(peer, "sourceAddress", NULL);

	return json_pack("{s:O, s:O, s:O, s:s*}", "name", json_object_get(peer, "name"), "peerAddress",
			 json_object_get(peer, "address"), "peerASN", json_object_get(peer, "peerASN"), "localAddress",
			 *local ? local : NULL);
}

/* Both halves of a list of instances: what is wanted (spec) and how it is (status). */
static json_t *node_instances(const json_t *speaker, const json_t *states, bool status)
{
	const json_t *instances = json_object_get(speaker, "instances"), *i, *p;
	json_t *ret = json_array();
	size_t n, k;

	json_array_foreach(instances, n, i) {
		json_t *peers = json_array();
		json_t *one = json_pack("{s:O, s:O, s:o}", "name", json_object_get(i, "name"), "localASN",
					json_object_get(i, "localASN"), "peers", peers);

		json_array_foreach(json_object_get(i, "peers"), k, p)
			json_array_append_new(
				peers, status ? node_peer_status(p, state_find(states, json_text(i, "name", NULL),
									       json_text(p, "name", NULL)))
					      : node_peer_spec(p));
		if (!status && json_int(i, -1, "localPort", NULL) > 0)
			json_object_set(one, "localPort", json_object_get(i, "localPort"));
		if (!status)
			json_object_set(one, "routerID", json_object_get(i, "routerID"));
		json_array_append_new(ret, one);
	}
	return ret;
}

static void put_node_config(struct bgp *b, const char *node, const json_t *speaker)
{
	const char *name = json_text(speaker, "conditions", "config", NULL);
	const json_t *config = *name ? store_get(b->api->store, RES_BGPCLUSTERCONFIGS, "", name) : NULL;
	const json_t *states = json_object_get(b->states, node);
	json_t *o;

	if (!config) {
		if (store_get(b->api->store, RES_BGPNODECONFIGS, "", node))
			(void)store_delete(b->api->store, RES_BGPNODECONFIGS, "", node);
		return;
	}
	o = json_pack("{s:s, s:s, s:{s:s, s:[{s:s, s:s, s:s, s:s, s:b}]}, s:{s:o}, s:{s:o}}", "apiVersion",
		      resource_api_version(&resources[RES_BGPNODECONFIGS]), "kind", "CiliumBGPNodeConfig", "metadata",
		      "name", node, "ownerReferences", "apiVersion",
		      resource_api_version(&resources[RES_BGPCLUSTERCONFIGS]), "kind", "CiliumBGPClusterConfig", "name",
		      name, "uid", kube_uid(config), "controller", 1, "spec", "bgpInstances",
		      node_instances(speaker, states, false), "status", "bgpInstances",
		      node_instances(speaker, states, true));
	if (store_get(b->api->store, RES_BGPNODECONFIGS, "", node))
		(void)store_update(b->api->store, RES_BGPNODECONFIGS, o, NULL, NULL);
	else
		(void)store_create(b->api->store, RES_BGPNODECONFIGS, o, NULL, NULL);
}

/* ---- a round ---- */

static json_t *list(struct bgp *b, enum resource_id res, const char *ns)
{
	const struct resource *r = &resources[res];

	return !r->custom || cilium_serves(b->api, r) ? store_list(b->api->store, res, ns) : json_array();
}

static void round_begin(struct round *r, struct bgp *b)
{
	*r = (struct round){
		.bgp = b,
		.nodes = list(b, RES_NODES, ""),
		.policies = list(b, RES_BGPPEERINGPOLICIES, ""),
		.configs = list(b, RES_BGPCLUSTERCONFIGS, ""),
		.peer_configs = list(b, RES_BGPPEERCONFIGS, ""),
		.advertisements = list(b, RES_BGPADVERTISEMENTS, ""),
		.overrides = list(b, RES_BGPNODECONFIGOVERRIDES, ""),
		.secrets = list(b, RES_SECRETS, "kube-system"),
		.matched = json_object(),
		.conflicts = json_object(),
		.missing = json_object(),
	};
}

static void round_end(struct round *r)
{
	json_t *const all[] = { r->nodes,     r->policies, r->configs, r->peer_configs, r->advertisements,
				r->overrides, r->secrets,  r->matched, r->conflicts,	r->missing };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		json_decref(all[i]);
}

static void add_name(json_t *lists, const char *key, const char *name)
{
	json_t *names = json_array_make(lists, key), *n;
	size_t i;

	json_array_foreach(names, i, n)
		if (strcmp(json_string_value(n), name) == 0)
			return;
	json_array_append_new(names, json_string(name));
}

static void collect_conditions(struct round *r, const json_t *speaker)
{
	const json_t *c = json_object_get(speaker, "conditions"), *n;
	const char *config = json_text(c, "config", NULL);
	size_t i;

	if (!*config)
		return;
	json_object_set_new(r->matched, config, json_true());
	json_array_foreach(json_object_get(c, "missingPeerConfigs"), i, n)
		add_name(r->missing, config, json_string_value(n));
	json_array_foreach(json_object_get(c, "conflicts"), i, n) {
		add_name(r->conflicts, json_string_value(n), config);
		add_name(r->conflicts, config, json_string_value(n));
	}
}

static void tell_notes(struct bgp *b, const json_t *node, const json_t *notes, const json_t *old)
{
	const json_t *n;
	size_t i;

	if (json_equal(notes, old))
		return;
	json_array_foreach(notes, i, n)
		api_event(b->api, node, "Warning", "BGP", "cilium", kube_name(node), "%s", json_string_value(n));
}

/* A mistake that the speaker does not see: it gets the engine of the values then. */
static void note_engine(const json_t *node, json_t *speaker)
{
	const char *engine = json_text(node, "metadata", "annotations", CILIUM_ENGINE_ANNOTATION, NULL);

	if (*engine && strcmp(engine, "frr") != 0 && strcmp(engine, "gobgp") != 0)
		json_array_append_new(json_array_make(speaker, "notes"),
				      json_sprintf("annotation " CILIUM_ENGINE_ANNOTATION
						   ": \"%s\" is neither frr nor gobgp: it is ignored",
						   engine));
}

static void tell_node(struct round *r, const json_t *node)
{
	struct bgp *b = r->bgp;
	const struct speaker_input in = {
		.node = node,
		.policies = r->policies,
		.cluster_configs = r->configs,
		.peer_configs = r->peer_configs,
		.advertisements = r->advertisements,
		.overrides = r->overrides,
		.secrets = r->secrets,
		.pod_cidrs = cilium_pod_cidrs(b->api, node),
		.engine = cilium_bgp_engine(b->api, node),
	};
	_cleanup_json_ json_t *speaker = speaker_compile(&in);
	const json_t *old = json_object_get(b->sent, kube_name(node));

	note_engine(node, speaker);
	collect_conditions(r, speaker);
	if (json_equal(speaker, old) || (!old && !b->api->cilium_bgp))
		return;
	tell_notes(b, node, json_object_get(speaker, "notes"), json_object_get(old, "notes"));
	json_object_set(b->sent, kube_name(node), speaker);
	nodes_send_bgp(b->api, kube_name(node), json_incref(speaker));
	put_node_config(b, kube_name(node), speaker);
}

static void run_round(struct loop *loop _unused_, struct loop_handle id _unused_, void *arg)
{
	struct bgp *b = arg;
	struct round r;
	const json_t *n;
	size_t i;

	b->dirty = false;
	round_begin(&r, b);
	cilium_sync_nodes(b->api, r.nodes);
	json_array_foreach(r.nodes, i, n)
		tell_node(&r, n);
	all_conditions(&r);
	round_end(&r);
}

void bgp_changed(struct api *api)
{
	struct bgp *b = api->bgp;

	if (!b || b->dirty)
		return;
	b->dirty = loop_add_timer(api->loop, 0, run_round, b, &b->timer, NULL) == 0;
}

/* Heart-beats change nodes all the time; only some of what a node says counts. */
static bool node_counts(const struct store_event *ev)
{
	return ev->type != STORE_MODIFIED ||
	       !json_equal(json_object_get(ev->object, "metadata"), json_object_get(ev->old, "metadata")) ||
	       !json_equal(json_object_get(ev->object, "spec"), json_object_get(ev->old, "spec")) ||
	       !json_equal(json_at(ev->object, "status", "addresses", NULL),
			   json_at(ev->old, "status", "addresses", NULL));
}

static void on_event(const struct store_event *ev, void *arg)
{
	struct bgp *b = arg;

	switch (ev->res->id) {
	case RES_NODES:
		if (!node_counts(ev))
			return;
		if (ev->type == STORE_DELETED)
			json_object_del(b->sent, kube_name(ev->object));
		break;
	case RES_SECRETS:
		if (strcmp(kube_namespace(ev->object), "kube-system") != 0)
			return;
		break;
	case RES_BGPPEERINGPOLICIES:
	case RES_BGPCLUSTERCONFIGS:
	case RES_BGPPEERCONFIGS:
	case RES_BGPADVERTISEMENTS:
	case RES_BGPNODECONFIGOVERRIDES:
		break;
	default:
		return;
	}
	bgp_changed(b->api);
}

int bgp_start(struct api *api, struct error *e)
{
	struct bgp *b = calloc(1, sizeof(*b));

	if (!b)
		return error_oom(e);
	*b = (struct bgp){ .api = api, .sent = json_object(), .states = json_object() };
	api->bgp = b;
	b->watch = store_watch(api->store, on_event, b);
	bgp_changed(api);
	return b->watch ? 0 : error_oom(e);
}

void bgp_free(struct api *api)
{
	struct bgp *b = api->bgp;

	if (!b)
		return;
	store_unwatch(api->store, b->watch);
	loop_remove(api->loop, b->timer);
	json_decref(b->sent);
	json_decref(b->states);
	free(b);
	api->bgp = NULL;
}

void bgp_peer_status(struct api *api, const char *node, const json_t *peers)
{
	struct bgp *b = api->bgp;

	if (!b)
		return;
	json_object_set_new(b->states, node, peers ? json_deep_copy(peers) : json_array());
	put_node_config(b, node, json_object_get(b->sent, node));
}

/* ---- questions ---- */

struct query {
	json_t *nodes;	 /* of the answer, in the order of the nodes */
	const char *key; /* "peers" or "routes" */
	size_t waiting;
	bgp_query_fn fn;
	void *arg;
};

struct question {
	struct query *query;
	json_t *entry; /* borrowed from the query's nodes */
};

static void query_done(struct query *q)
{
	json_t *answer;

	if (--q->waiting > 0)
		return;
	answer = json_pack("{s:o}", "nodes", q->nodes);
	q->fn(answer, NULL, q->arg);
	free(q);
}

static void on_answer(struct rpc_message *m, const struct error *e, void *arg)
{
	struct question *one = arg;
	json_t *got = m ? json_object_get(m->body, one->query->key) : NULL;

	if (got)
		json_object_set(one->entry, one->query->key, got);
	else
		json_object_set_new(one->entry, "error", json_string(e && *e->msg ? e->msg : "the kubelet has gone"));
	query_done(one->query);
	free(one);
}

static void ask_node(struct api *api, struct query *q, const char *node, const json_t *request)
{
	struct rpc_peer *peer = nodes_find(api, node);
	struct question *one = calloc(1, sizeof(*one));
	json_t *entry = json_pack("{s:s, s:[]}", "node", node, q->key), *ask;

	json_array_append_new(q->nodes, entry);
	if (!peer || !one) {
		json_object_set_new(entry, "error", json_string("its kubelet is not connected"));
		free(one);
		return;
	}
	*one = (struct question){ .query = q, .entry = entry };
	ask = json_deep_copy(request);
	json_object_del(ask, "id");
	json_object_del(ask, "node");
	q->waiting++;
	rpc_peer_call(peer, ask, NULL, 0, on_answer, one);
}

void bgp_query(struct api *api, const json_t *request, bgp_query_fn fn, void *arg)
{
	_cleanup_json_ json_t *nodes = store_list(api->store, RES_NODES, "");
	const char *only = json_text(request, "node", NULL);
	struct query *q = calloc(1, sizeof(*q));
	struct error e = { 0 };
	const json_t *n;
	size_t i;

	if (*only && !store_get(api->store, RES_NODES, "", only)) {
		(void)error_set(&e, ENOENT, "nodes \"%s\" not found", only);
		free(q);
		fn(NULL, &e, arg);
		return;
	}
	if (!q)
		return;
	*q = (struct query){ .nodes = json_array(),
			     .waiting = 1,
			     .fn = fn,
			     .arg = arg,
			     .key = strcmp(json_text(request, "op", NULL), "bgp.routes") == 0 ? "routes" : "peers" };
	json_array_foreach(nodes, i, n)
		if (!*only || strcmp(only, kube_name(n)) == 0)
			ask_node(api, q, kube_name(n), request);
	query_done(q);
}
