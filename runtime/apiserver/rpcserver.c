// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rpcserver.c - KUBE_SOCKET: kubelets and the command line (cluster/nodeproto.h)
 *
 * Owns the connections. A kubelet's messages are nodeconn.c's; the command line's are here: a table of operations.
 */
#include <string.h>
#include <sys/socket.h>

#include "apiserver/api.h"
#include "apiserver/logstream.h"
#include "cluster/cri.h"
#include "cluster/jsonutil.h"
#include "supervisor/acceptor.h"

struct client;

/* A watch or a log that one client follows. */
struct follow {
	struct client *client;
	json_int_t id;           /* of its request */
	struct api_watch *watch; /* one of these */
	struct log_stream *log;
	const char *content_type;
	struct strbuf body; /* of a log that is not followed: comes with the reply */
	bool gather;
	struct follow *next;
};

/* Somebody who waits until nothing is pending. */
struct waiter {
	struct client *client;
	json_int_t id;
	json_t *(*pending)(struct api *api); /* pending_list, or pending_nodes */
	struct loop_handle timeout;
	struct waiter *next;
};

struct client {
	struct rpcserver *server;
	struct rpc_peer *peer;
	char *node; /* a kubelet's connection, that of this node; NULL: root's on the host, who may do everything */
	struct follow *follows;
	struct client *next;
};

/* What is under way elsewhere and answers a client that may have gone by then. */
struct errand {
	struct rpcserver *server;
	struct client *client; /* looked up again before use */
	json_int_t id;
	char text[256]; /* of the operation */
};

struct rpcserver {
	struct api *api;
	int fd;
	struct acceptor acceptor;
	struct loop_handle work;
	struct client *clients;
	struct waiter *waiters;
	struct store_watch *watch;
	uint64_t settle; /* microseconds until pending_list() is made again */
};

/* Changes are gathered so long before pending_list() is made again: microseconds, and times what it took. */
enum { SETTLE_USEC = 20000, SETTLE_MAX_USEC = 200000, SETTLE_FACTOR = 10 };

static bool client_exists(const struct rpcserver *s, const struct client *c)
{
	for (const struct client *i = s->clients; i; i = i->next)
		if (i == c)
			return true;
	return false;
}

static void fail(struct client *c, json_int_t id, int code, const char *text)
{
	struct error e = { 0 };

	(void)error_set(&e, code, "%s", text);
	rpc_peer_fail(c->peer, id, &e);
}

/* ---- http ---- */

static void follow_free(struct follow *f)
{
	struct follow **at = &f->client->follows;

	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	api_watch_free(f->watch);
	log_stream_free(f->log);
	strbuf_done(&f->body);
	free(f);
}

static void reply_text(struct client *c, json_int_t id, const char *content_type, const struct strbuf *text)
{
	json_t *body = json_string_lossy(strbuf_str(text), text->len);

	rpc_peer_reply(c->peer, id,
	               json_pack("{s:i, s:s, s:o}", "code", 200, "contentType", content_type, "body", body), NULL, 0);
}

static struct follow *follow_new(struct client *c, json_int_t id, const char *content_type)
{
	struct follow *f = calloc(1, sizeof(*f));

	if (!f) {
		fail(c, id, ENOMEM, "out of memory");
		return NULL;
	}
	*f = (struct follow){ .client = c, .id = id, .content_type = content_type };
	f->next = c->follows;
	c->follows = f;
	return f;
}

static void send_chunk(struct follow *f, json_t *body)
{
	rpc_peer_send(f->client->peer, json_pack("{s:s, s:I, s:o}", "op", "chunk", "for", f->id, "body", body), NULL,
	              0);
}

static void on_watch(void *arg, const char *text, size_t len)
{
	struct follow *f = arg;

	if (text)
		send_chunk(f, json_stringn(text, len));
	else
		reply_text(f->client, f->id, f->content_type, &f->body);
}

static void follow_watch(struct client *c, json_int_t id, struct api_reply *reply)
{
	struct follow *f = follow_new(c, id, reply->content_type);

	if (!f) {
		api_watch_free(reply->watch);
		return;
	}
	f->watch = reply->watch;
	api_watch_start(f->watch, on_watch, f);
}

static bool on_log(void *arg, const char *data, size_t len)
{
	struct follow *f = arg;

	if (f->gather) {
		strbuf_add(&f->body, data, len);
		return true;
	}
	send_chunk(f, json_string_lossy(data, len));
	return true;
}

static void on_log_end(void *arg)
{
	struct follow *f = arg;

	reply_text(f->client, f->id, f->content_type, &f->body);
	follow_free(f);
}

static void follow_log(struct client *c, json_int_t id, const struct api_reply *reply, const json_t *query)
{
	struct follow *f = follow_new(c, id, reply->content_type);
	const json_t *follow = json_array_get(json_object_get(query, "follow"), 0);
	struct error e = { 0 };

	if (!f)
		return;
	f->gather = !json_is_string(follow) || strcmp(json_string_value(follow), "true") != 0;
	if (log_options_check(query, &e) == 0 &&
	    log_stream_start(c->server->api, reply->pod, reply->container, reply->container_id, query, on_log,
	                     on_log_end, f, &f->log, &e) == 0)
		return;
	rpc_peer_fail(c->peer, id, &e);
	follow_free(f);
}

static void reply_http(struct client *c, json_int_t id, const struct api_reply *reply)
{
	json_t *body = json_stringn(strbuf_str(&reply->body), reply->body.len), *j;

	j = json_pack("{s:i, s:s, s:o}", "code", reply->code, "contentType", reply->content_type, "body",
	              body ? body : json_string(""));
	if (reply->warning.len > 0)
		(void)json_object_set_new(j, "warning", json_string(strbuf_str(&reply->warning)));
	rpc_peer_reply(c->peer, id, j, NULL, 0);
}

static void on_http(struct client *c, const json_t *m, json_int_t id)
{
	_cleanup_free_ char *path = strdup(json_text(m, "path", NULL));
	const json_t *body = json_object_get(m, "body");
	struct api_request rq = { .method = json_text(m, "method", NULL),
		                  .accept = json_text(m, "accept", NULL),
		                  .content_type = json_text(m, "contentType", NULL),
		                  .user_agent = "netemu",
		                  .body = json_string_value(body) ? json_string_value(body) : "",
		                  .body_len = json_string_length(body) };
	struct api_reply reply = { 0 };
	char *query = path ? strchr(path, '?') : NULL;

	if (query)
		*query++ = '\0';
	rq.path = path ? path : "";
	rq.query = api_query_parse(query ? query : "");
	api_serve(c->server->api, &rq, &reply);
	if (reply.stream == API_STREAM_WATCH)
		follow_watch(c, id, &reply);
	else if (reply.stream == API_STREAM_LOG)
		follow_log(c, id, &reply, rq.query);
	else if (reply.stream != API_STREAM_NONE)
		fail(c, id, EOPNOTSUPP, "this cannot be streamed here");
	else
		reply_http(c, id, &reply);
	api_reply_done(&reply);
	json_decref(rq.query);
}

/* ---- exec ---- */

static void on_connected(struct rpc_message *m, const struct error *e, void *arg)
{
	struct errand *errand = arg;
	struct client *c = errand->client;

	if (client_exists(errand->server, c)) {
		if (!m || e || m->n_fds < 1)
			fail(c, errand->id, e ? e->code : EPIPE, e ? e->msg : "the runtime gave no connection");
		else
			rpc_peer_reply(c->peer, errand->id, json_pack("{s:s}", "container", errand->text), m->fds, 1);
	}
	free(errand);
}

static struct errand *errand_new(struct client *c, json_int_t id, const char *text)
{
	struct errand *errand = calloc(1, sizeof(*errand));

	if (!errand) {
		fail(c, id, ENOMEM, "out of memory");
		return NULL;
	}
	*errand = (struct errand){ .server = c->server, .client = c, .id = id };
	(void)snprintf(errand->text, sizeof(errand->text), "%s", text);
	return errand;
}

static void connect_container(struct client *c, json_int_t id, const struct api_reply *reply)
{
	struct errand *errand = errand_new(c, id, reply->container);

	if (!errand)
		return;
	if (c->server->api->runtime) {
		rpc_peer_call(c->server->api->runtime,
		              json_pack("{s:s, s:s}", "op", "container.connect", "container", reply->container_id),
		              NULL, 0, on_connected, errand);
		return;
	}
	free(errand);
	fail(c, id, ENOTCONN, "there is no runtime");
}

/* The same checks as for a client over HTTP. */
static void on_exec_connect(struct client *c, const json_t *m, json_int_t id)
{
	json_t *query = json_pack("{s:[s]}", "command", "true");
	struct api_request rq = { .method = "POST", .accept = "", .content_type = "", .body = "", .query = query };
	struct api_reply reply = { 0 };
	char path[1024];
	json_t *status;

	if (*json_text(m, "container", NULL))
		(void)json_object_set_new(query, "container", json_pack("[s]", json_text(m, "container", NULL)));
	(void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods/%s/exec", json_text(m, "namespace", NULL),
	               json_text(m, "pod", NULL));
	rq.path = path;
	api_serve(c->server->api, &rq, &reply);
	if (reply.stream == API_STREAM_EXEC) {
		connect_container(c, id, &reply);
	} else {
		status = json_loadb(strbuf_str(&reply.body), reply.body.len, 0, NULL);
		fail(c, id, reply.code == 404 ? ENOENT : EINVAL, json_text(status, "message", NULL));
		json_decref(status);
	}
	api_reply_done(&reply);
	json_decref(query);
}

/* ---- Cilium, BGP, pins ---- */

static void on_cilium_install(struct client *c, const json_t *m, json_int_t id)
{
	const json_t *given = json_object_get(m, "values");
	struct api *api = c->server->api;
	_cleanup_json_ json_t *values = json_bool(m, "reuse", NULL) ? cilium_reuse_values(api, given) : json_deep_copy(given);
	struct error e = { 0 };
	json_t *notes = NULL;

	if (cilium_install(api, values, json_text(m, "version", NULL), &notes, &e) < 0)
		rpc_peer_fail(c->peer, id, &e);
	else
		rpc_peer_reply(c->peer, id, json_pack("{s:o}", "notes", notes), NULL, 0);
}

static void on_cilium_uninstall(struct client *c, const json_t *m _unused_, json_int_t id)
{
	cilium_uninstall(c->server->api);
	rpc_peer_reply(c->peer, id, NULL, NULL, 0);
}

static void on_bgp_answer(json_t *nodes, const struct error *e, void *arg)
{
	struct errand *errand = arg;

	if (!client_exists(errand->server, errand->client))
		json_decref(nodes);
	else if (e)
		rpc_peer_fail(errand->client->peer, errand->id, e);
	else
		rpc_peer_reply(errand->client->peer, errand->id, nodes, NULL, 0);
	free(errand);
}

static void on_bgp(struct client *c, const json_t *m, json_int_t id)
{
	struct errand *errand = errand_new(c, id, "");

	if (errand)
		bgp_query(c->server->api, m, on_bgp_answer, errand);
}

static void merge_pins(json_t *into, const json_t *from)
{
	static const char *const parts[] = { "nodes", "pods" };
	const char *name;
	json_t *v;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		json_object_foreach(json_object_get(from, parts[i]), name, v)(void)
			json_object_set(json_object_make(into, parts[i]), name, v);
}

static void on_pins(struct client *c, const json_t *m, json_int_t id)
{
	merge_pins(c->server->api->pins, json_object_get(m, "pins"));
	nodes_network_changed(c->server->api);
	rpc_peer_reply(c->peer, id, NULL, NULL, 0);
}

/* ---- waiting ---- */

static void reply_pending(struct client *c, json_int_t id, json_t *pending)
{
	rpc_peer_reply(c->peer, id, json_pack("{s:o}", "pending", pending), NULL, 0);
}

static void on_settled(struct client *c, const json_t *m _unused_, json_int_t id)
{
	reply_pending(c, id, pending_list(c->server->api));
}

static void waiter_free(struct waiter *w)
{
	struct rpcserver *s = w->client->server;
	struct waiter **at = &s->waiters;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	loop_remove(s->api->loop, w->timeout);
	free(w);
}

static void on_wait_over(struct loop *loop _unused_, struct loop_handle id _unused_, void *arg)
{
	struct waiter *w = arg;

	reply_pending(w->client, w->id, w->pending(w->client->server->api));
	waiter_free(w);
}

/* Those who wait for the same, and nothing of it is pending, are told. */
static void look_for(struct rpcserver *s, json_t *(*pending)(struct api *api))
{
	_cleanup_json_ json_t *list = NULL;

	for (struct waiter *w = s->waiters, *next; w; w = next) {
		next = w->next;
		if (w->pending != pending)
			continue;
		if (!list)
			list = pending(s->api);
		if (json_array_size(list) > 0)
			return;
		reply_pending(w->client, w->id, json_array());
		waiter_free(w);
	}
}

static void on_work(struct loop *loop _unused_, struct loop_handle id _unused_, void *arg)
{
	struct rpcserver *s = arg;
	const uint64_t start = loop_now();

	look_for(s, pending_nodes);
	look_for(s, pending_list);
	s->settle =
		MIN_OF(MAX_OF((loop_now() - start) * SETTLE_FACTOR, (uint64_t)SETTLE_USEC), (uint64_t)SETTLE_MAX_USEC);
}

static void look_soon(struct rpcserver *s)
{
	if (s->waiters && !loop_exists(s->api->loop, s->work))
		(void)loop_add_timer(s->api->loop, s->settle, on_work, s, &s->work, NULL);
}

static void on_wait(struct client *c, const json_t *m, json_int_t id)
{
	const json_int_t seconds = json_int(m, 0, "timeout", NULL);
	struct waiter *w = calloc(1, sizeof(*w));

	if (!w) {
		fail(c, id, ENOMEM, "out of memory");
		return;
	}
	*w = (struct waiter){ .client = c, .id = id, .next = c->server->waiters };
	w->pending = strcmp(json_text(m, "for", NULL), "nodes") == 0 ? pending_nodes : pending_list;
	c->server->waiters = w;
	(void)loop_add_timer(c->server->api->loop, (uint64_t)(seconds > 0 ? seconds : 0) * 1000000, on_wait_over, w,
	                     &w->timeout, NULL);
	look_soon(c->server);
}

static void on_store_event(const struct store_event *ev _unused_, void *arg)
{
	look_soon(arg);
}

/* ---- connections ---- */

static const struct {
	const char *op;
	void (*fn)(struct client *c, const json_t *m, json_int_t id);
} ops[] = {
	{ "http", on_http },
	{ "exec.connect", on_exec_connect },
	{ "cilium.install", on_cilium_install },
	{ "cilium.uninstall", on_cilium_uninstall },
	{ "bgp.peers", on_bgp },
	{ "bgp.routes", on_bgp },
	{ "pins", on_pins },
	{ "settled", on_settled },
	{ "wait", on_wait },
};

static void on_message(struct rpc_peer *peer, struct rpc_message *m, void *arg)
{
	struct client *c = arg;
	const char *op = json_text(m->body, "op", NULL);
	const json_int_t id = json_int(m->body, 0, "id", NULL);

	if (strcmp(op, "kubelet") == 0) { /* the supervisor says so before it gives the connection away */
		if (!c->node)
			c->node = strdup(json_text(m->body, "node", NULL));
		return;
	}
	if (strcmp(op, "hello") == 0) {
		if (c->node && strcmp(c->node, kube_name(json_object_get(m->body, "object"))) != 0) {
			fail(c, id, EPERM, "hello: this is the connection of another node");
			return;
		}
		nodes_hello(c->server->api, peer, id, json_object_get(m->body, "object"));
		look_soon(c->server);
		return;
	}
	if (nodes_message(c->server->api, peer, m))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (strcmp(ops[i].op, op) == 0) {
			if (c->node)
				fail(c, id, EPERM, "a node may not do that");
			else
				ops[i].fn(c, m->body, id);
			return;
		}
	fail(c, id, EOPNOTSUPP, "unknown operation");
}

static void client_free(struct client *c)
{
	struct rpcserver *s = c->server;
	struct client **at = &s->clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	for (struct waiter *w = s->waiters, *next; w; w = next) {
		next = w->next;
		if (w->client == c)
			waiter_free(w);
	}
	while (c->follows)
		follow_free(c->follows);
	free(c->node);
	nodes_peer_ended(s->api, c->peer);
	rpc_peer_free(c->peer);
	free(c);
}

static void on_end(struct rpc_peer *peer _unused_, void *arg)
{
	client_free(arg);
}

static void accept_client(int fd, void *arg)
{
	struct rpcserver *s = arg;
	struct client *c = calloc(1, sizeof(*c));

	if (!c) {
		(void)close(fd);
		return;
	}
	*c = (struct client){ .server = s, .next = s->clients };
	if (rpc_peer_new(s->api->loop, fd, on_message, on_end, c, &c->peer, NULL) < 0)
		free(c);
	else
		s->clients = c;
}

int rpcserver_start(struct api *api, struct error *e)
{
	struct rpcserver *s = calloc(1, sizeof(*s));
	char path[4200];

	if (!s)
		return error_oom(e);
	s->api = api;
	s->settle = SETTLE_USEC;
	api->rpcserver = s;
	(void)snprintf(path, sizeof(path), "%s/%s", api->lab_dir, KUBE_SOCKET);
	s->fd = rpc_listen(path, e);
	if (s->fd < 0)
		return s->fd;
	s->watch = store_watch(api->store, on_store_event, s);
	return acceptor_start(&s->acceptor, api->loop, s->fd, accept_client, s, e);
}

void rpcserver_free(struct api *api)
{
	struct rpcserver *s = api->rpcserver;

	if (!s)
		return;
	while (s->clients)
		client_free(s->clients);
	store_unwatch(api->store, s->watch);
	acceptor_stop(&s->acceptor);
	loop_remove(api->loop, s->work);
	(void)fd_close(s->fd);
	free(s);
	api->rpcserver = NULL;
}
