// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kubelet.c - the kubelet's two connections, its heart-beat, and who gets which message
 *
 * Refuses to know pods and networks: it calls those that do. When the API server's connection ends another one is
 * asked for, and all is said again; when the supervisor's ends, kubelet_run() does.
 */
#include "kubelet/kubelet.h"

#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/signalfd.h>

#include "cluster/cri.h"
#include "cluster/nodeproto.h"
#include "kubelet/cni.h"
#include "kubelet/speaker.h"

enum { API_RETRY_USEC = 1000000, SECOND = 1000000 };

static void api_ask(struct kubelet *k);

/* ---- what others need ---- */

void kubelet_send(struct kubelet *k, json_t *body)
{
	if (k->api)
		rpc_peer_send(k->api, body, NULL, 0);
	else
		json_decref(body);
}

const char *kubelet_hostname(const struct kubelet *k)
{
	return json_text(k->entry, "hostname", NULL);
}

const json_t *kubelet_host_ips(const struct kubelet *k)
{
	return json_object_get(k->entry, "addresses");
}

/* Enough of an object to know which one it is. */
static json_t *reference(const json_t *about)
{
	const bool pod = *kube_namespace(about);

	return json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:s}}", "apiVersion", "v1", "kind", pod ? "Pod" : "Node",
			 "metadata", "name", kube_name(about), "namespace", kube_namespace(about), "uid",
			 kube_uid(about), "resourceVersion", json_text(about, "metadata", "resourceVersion", NULL));
}

void kubelet_event(struct kubelet *k, const json_t *about, const char *type, const char *reason, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!k->api || !about)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* A probe prints what it likes, and what is too long is cut anywhere. */
	kubelet_send(k, json_pack("{s:s, s:o, s:s, s:s, s:o, s:s}", "op", "event", "object", reference(about), "type",
				  type, "reason", reason, "message", json_string_lossy(text, strlen(text)), "component",
				  "kubelet"));
}

/* ---- the network and the speaker ---- */

static void node_status_send(struct kubelet *k)
{
	kubelet_send(k, json_pack("{s:s, s:o}", "op", "node.status", "status", node_status(k)));
}

static void network_apply(struct kubelet *k)
{
	const bool was = cni_ready(k->cni);
	struct error e = { 0 };
	const int r = cni_set(k->cni, k->network, &e);

	k->cni_failed = r < 0 && r != -EAGAIN;
	k->cni_error = e;
	if (k->cni_failed)
		kubelet_event(k, k->node, "Warning", "NetworkNotReady", "%s", e.msg);
	node_status_send(k);
	if (!was && cni_ready(k->cni))
		kubelet_event(k, k->node, "Normal", "NodeReady", "Node %s status is now: NodeReady",
			      kubelet_hostname(k));
	if (was && !cni_ready(k->cni))
		kubelet_event(k, k->node, "Normal", "NodeNotReady", "Node %s status is now: NodeNotReady",
			      kubelet_hostname(k));
	pods_network_changed(k);
}

static void node_set(struct kubelet *k, json_t *object)
{
	if (!json_is_object(object))
		return;
	json_incref(object);
	json_decref(k->node);
	k->node = object;
	if (cni_set_cidrs(k->cni, json_at(object, "spec", "podCIDRs", NULL)) && k->network)
		network_apply(k);
}

static void speaker_changed(struct speaker *sp, void *arg)
{
	struct kubelet *k = arg;

	kubelet_send(k, json_pack("{s:s, s:o}", "op", "bgp.status", "peers", speaker_peers(sp)));
}

static void speaker_noted(struct speaker *sp _unused_, const char *text, void *arg)
{
	struct kubelet *k = arg;

	kubelet_event(k, k->node, "Warning", "BGP", "%s", text);
}

/* ---- messages of the API server ---- */

static void on_node(struct kubelet *k, const json_t *m)
{
	node_set(k, json_object_get(m, "object"));
}

static void on_pod(struct kubelet *k, const json_t *m)
{
	pods_notify(k, json_text(m, "type", NULL), json_object_get(m, "object"), json_object_get(m, "ips"));
}

static void on_object(struct kubelet *k, const json_t *m)
{
	json_t *o = json_object_get(m, "object");
	const bool gone = strcmp(json_text(m, "type", NULL), "DELETED") == 0;

	objects_set(k, json_text(m, "resource", NULL), kube_namespace(o), kube_name(o), gone ? NULL : o);
}

static void on_network(struct kubelet *k, const json_t *m)
{
	json_t *config = json_object_get(m, "config");

	json_decref(k->network);
	k->network = json_is_object(config) ? json_incref(config) : NULL;
	network_apply(k);
}

static void on_bgp(struct kubelet *k, const json_t *m)
{
	const json_t *config = json_object_get(m, "config");

	speaker_set(k->speaker, json_is_object(config) ? config : NULL);
}

/* A new API server knows of no session either. */
static void on_synced(struct kubelet *k, const json_t *m _unused_)
{
	pods_synced(k);
	speaker_changed(k->speaker, k);
}

static void on_bgp_peers(struct kubelet *k, const json_t *m)
{
	rpc_peer_reply(k->api, json_int(m, 0, "id", NULL), json_pack("{s:o}", "peers", speaker_peers(k->speaker)), NULL,
		       0);
}

static void on_bgp_routes(struct kubelet *k, const json_t *m)
{
	json_t *routes = speaker_routes(k->speaker, json_text(m, "table", NULL), json_text(m, "afi", NULL));

	rpc_peer_reply(k->api, json_int(m, 0, "id", NULL), json_pack("{s:o}", "routes", routes), NULL, 0);
}

static const struct {
	const char *op;
	void (*fn)(struct kubelet *k, const json_t *m);
} api_ops[] = {
	{ "node", on_node }, { "pod", on_pod },       { "object", on_object },       { "network", on_network },
	{ "bgp", on_bgp },   { "synced", on_synced }, { "bgp.peers", on_bgp_peers }, { "bgp.routes", on_bgp_routes },
};

static void api_message(struct rpc_peer *peer, struct rpc_message *m, void *arg)
{
	const char *op = json_text(m->body, "op", NULL);
	struct error e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(api_ops); i++) {
		if (strcmp(op, api_ops[i].op) != 0)
			continue;
		api_ops[i].fn(arg, m->body);
		return;
	}
	(void)error_set(&e, EOPNOTSUPP, "the kubelet does not know \"%s\"", op);
	rpc_peer_fail(peer, json_int(m->body, 0, "id", NULL), &e);
}

/* ---- the connection to the API server ---- */

static void lease_due(struct loop *loop, struct loop_handle id, void *arg)
{
	struct kubelet *k = arg;

	kubelet_send(k, json_pack("{s:s}", "op", "lease"));
	(void)loop_set_timer(loop, id, (uint64_t)json_int(k->cluster, NODE_LEASE_RENEW, "leaseRenew", NULL) * SECOND);
}

static void api_ended(struct rpc_peer *peer, void *arg)
{
	struct kubelet *k = arg;

	k->api = NULL;
	loop_remove(k->loop, k->lease);
	(void)rpc_peer_free(peer);
	api_ask(k);
}

static void hello_done(struct rpc_message *m, const struct error *e, void *arg)
{
	struct kubelet *k = arg;

	if (m && !e)
		node_set(k, json_object_get(m->body, "object"));
}

static void api_hello(struct kubelet *k)
{
	k->sync_round++;
	rpc_peer_call(k->api, json_pack("{s:s, s:o}", "op", "hello", "object", node_object(k)), NULL, 0, hello_done, k);
	(void)loop_add_timer(k->loop, 0, lease_due, k, &k->lease, NULL);
	objects_refresh(k);
	pods_resend(k);
}

static void api_retry(struct loop *loop _unused_, struct loop_handle id _unused_, void *arg)
{
	api_ask(arg);
}

static void api_given(struct rpc_message *m, const struct error *e, void *arg)
{
	struct kubelet *k = arg;

	if (!m)
		return; /* the end of the supervisor's connection is told elsewhere */
	if (e || !m->n_fds || rpc_peer_new(k->loop, TAKE_FD(m->fds[0]), api_message, api_ended, k, &k->api, NULL) < 0)
		(void)loop_add_timer(k->loop, API_RETRY_USEC, api_retry, k, NULL, NULL);
	else
		api_hello(k);
}

static void api_ask(struct kubelet *k)
{
	rpc_peer_call(k->cri, json_pack("{s:s}", "op", "apiserver"), NULL, 0, api_given, k);
}

/* ---- the connection to the supervisor ---- */

static void cri_message(struct rpc_peer *peer _unused_, struct rpc_message *m, void *arg)
{
	if (strcmp(json_text(m->body, "op", NULL), "exit") == 0)
		pods_exit(arg, m->body);
}

static void cri_ended(struct rpc_peer *peer _unused_, void *arg)
{
	struct kubelet *k = arg;

	loop_exit(k->loop, 1);
}

static json_t *found_by_uid(const json_t *list)
{
	json_t *found = json_object(), *p;
	size_t i;

	json_array_foreach (json_object_get(list, "pods"), i, p)
		(void)json_object_set(found, json_text(p, "uid", NULL), p);
	return found;
}

/* What has to be known before anything is done. `list` comes last: from then on, what is told is listened to. */
static int cri_begin(struct kubelet *k, int *ret_sock, struct error *e)
{
	_cleanup_rpc_message_ struct rpc_message info = { 0 }, list = { 0 };
	_cleanup_close_ int sock = rpc_connect(CRI_SOCKET, e);
	int r;

	if (sock < 0)
		return error_wrap(e, "connect to netemu");
	r = rpc_call(sock, json_pack("{s:s}", "op", "node.info"), &info, e);
	if (r == 0)
		r = rpc_call(sock, json_pack("{s:s}", "op", "list"), &list, e);
	if (r < 0)
		return r;
	k->cluster = json_incref(json_object_get(info.body, "cluster"));
	k->entry = json_incref(json_object_get(info.body, "node"));
	k->found = found_by_uid(list.body);
	*ret_sock = TAKE_FD(sock);
	return 0;
}

/* ---- beginning and end ---- */

static void signal_came(struct loop *loop, struct loop_handle id _unused_, uint32_t revents _unused_,
			void *arg _unused_)
{
	loop_exit(loop, 0);
}

static int signals_open(struct error *e)
{
	sigset_t mask;
	int fd;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGTERM);
	(void)sigaddset(&mask, SIGINT);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? error_errno(e, errno, "watch signals") : fd;
}

static int kubelet_start(struct kubelet *k, int signals, struct error *e)
{
	int sock = -EBADF;
	int r = cri_begin(k, &sock, e);

	if (r < 0)
		return r;
	k->pulled = json_object();
	k->objects = json_object();
	r = loop_new(&k->loop, e);
	if (r < 0) {
		(void)fd_close(sock);
		return r;
	}
	r = rpc_peer_new(k->loop, sock, cri_message, cri_ended, k, &k->cri, e);
	if (r == 0)
		r = loop_add_fd(k->loop, signals, POLLIN, signal_came, k, NULL, e);
	if (r == 0)
		r = cni_new(k->loop, k->cluster, k->entry, &k->cni, e);
	if (r == 0)
		k->speaker = speaker_new(k->loop, e);
	if (r < 0 || !k->speaker)
		return r < 0 ? r : -e->code;
	speaker_on_change(k->speaker, speaker_changed, k);
	speaker_on_note(k->speaker, speaker_noted, k);
	api_ask(k);
	return 0;
}

static void kubelet_done(struct kubelet *k)
{
	struct rpc_peer *api = k->api;

	k->api = NULL;
	(void)rpc_peer_free(api);
	(void)rpc_peer_free(k->cri);
	k->cri = NULL;
	pods_free(k);
	(void)speaker_free(k->speaker);
	(void)cni_free(k->cni);
	if (k->loop)
		(void)loop_free(k->loop);
	json_decref(k->cluster);
	json_decref(k->entry);
	json_decref(k->node);
	json_decref(k->network);
	json_decref(k->found);
	json_decref(k->pulled);
	json_decref(k->objects);
}

int kubelet_run(struct error *e)
{
	_cleanup_close_ int signals = signals_open(e);
	struct kubelet k = { 0 };
	int r;

	if (signals < 0)
		return signals;
	r = kubelet_start(&k, signals, e);
	if (r == 0)
		r = loop_run(k.loop);
	kubelet_done(&k);
	return r;
}
