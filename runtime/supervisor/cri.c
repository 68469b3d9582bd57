// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cri.c - who asks the pod runtime for what (cluster/cri.h)
 *
 * Owns: the connections of kubelets and of the API server, the table of operations, answers that wait. A connection
 * that came in on a node's socket is that node's: it sees and touches the pods of its node only.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "cluster/jsonutil.h"
#include "kernel/fault.h"
#include "supervisor/cri_internal.h"

enum { BACKLOG = 64, CLIENTS_MAX = 16 };

/* ---- answers ---- */

static void client_release(struct cri_client *c)
{
	if (--c->refs == 0)
		free(c);
}

int cri_later(struct cri_call *call, struct cri_waiter **list, struct error *e)
{
	struct cri_waiter *w = malloc(sizeof(*w));

	if (!w)
		return error_oom(e);
	*w = (struct cri_waiter){ .next = *list, .client = call->client, .id = call->id };
	w->client->refs++;
	*list = w;
	call->later = true;
	return 0;
}

void cri_answer(struct cri_waiter **list, const struct error *e)
{
	struct cri_waiter *w = *list;

	*list = NULL;
	while (w) {
		struct cri_waiter *next = w->next;

		if (w->client->peer && e)
			rpc_peer_fail(w->client->peer, w->id, e);
		else if (w->client->peer)
			rpc_peer_reply(w->client->peer, w->id, NULL, NULL, 0);
		client_release(w->client);
		free(w);
		w = next;
	}
}

void cri_notify(struct cri_node *node, json_t *body)
{
	for (struct cri_client *c = node->clients; c; c = c->next)
		rpc_peer_send(c->peer, json_incref(body), NULL, 0);
	json_decref(body);
}

void cri_give(struct cri_call *call, int fd)
{
	call->fds[call->n_fds++] = fd;
}

/* ---- operations about nodes ---- */

static int op_node_info(struct cri_call *call, struct error *e)
{
	const struct cri *cri = call->client->cri;

	if (!call->client->node)
		return error_set(e, EINVAL, "node.info: only a node is told who it is");
	call->reply = json_pack("{s:O, s:O}", "cluster", cri->cluster, "node",
				json_array_get(cri->cluster_nodes, call->client->node->index));
	return 0;
}

/*
 * A connection to the API server that knows whose it is, since a node hands it on to what it likes: no more can be asked on
 * it than this node's kubelet may.
 */
static int kubelet_connect(const struct cri_client *c, struct error *e)
{
	_cleanup_close_ int fd = api_connect(c->cri->run, e);
	const char *node = c->node ? json_text(json_array_get(c->cri->cluster_nodes, c->node->index), "hostname", NULL) : "";
	_cleanup_json_ json_t *whose = json_pack("{s:s, s:s}", "op", "kubelet", "node", node);
	int r = fd < 0 ? fd : rpc_send(fd, whose, NULL, 0, e);

	return r < 0 ? r : TAKE_FD(fd);
}

static int op_apiserver(struct cri_call *call, struct error *e)
{
	struct cri *cri = call->client->cri;
	int fd;

	if (!api_waiters(cri->run))
		return error_set(e, ENOENT, "this lab has no API server");
	if (!api_is_ready(cri->run))
		return cri_later(call, api_waiters(cri->run), e);
	fd = kubelet_connect(call->client, e);
	if (fd == -ECONNREFUSED || fd == -ENOENT) /* it is dying, and we shall hear of that */
		return cri_later(call, api_waiters(cri->run), e);
	if (fd < 0)
		return fd;
	cri_give(call, fd);
	return 0;
}

/* The API server can be reached: whoever waited for that gets a connection. */
void cri_api_ready(struct lab_run *run)
{
	struct cri_waiter *w = *api_waiters(run);

	*api_waiters(run) = NULL;
	while (w) {
		struct cri_waiter *next = w->next;
		struct error e = { 0 };
		_cleanup_close_ int fd = w->client->peer ? kubelet_connect(w->client, &e) : -EBADF;

		if (w->client->peer && fd < 0)
			rpc_peer_fail(w->client->peer, w->id, &e);
		else if (w->client->peer)
			rpc_peer_reply(w->client->peer, w->id, NULL, &fd, 1);
		client_release(w->client);
		free(w);
		w = next;
	}
}

static int op_ready(struct cri_call *call, struct error *e)
{
	if (call->client->node)
		return error_set(e, EPERM, "ready: only the API server says so");
	api_ready(call->client->cri->run, (unsigned)json_int(call->m->body, 0, "port", NULL));
	return 0;
}

typedef int (*op_fn)(struct cri_call *call, struct error *e);

static const struct {
	const char *name;
	op_fn fn;
} ops[] = {
	{ "node.info", op_node_info },
	{ "apiserver", op_apiserver },
	{ "list", op_list },
	{ "pod.create", op_pod_create },
	{ "pod.files", op_pod_files },
	{ "pod.remove", op_pod_remove },
	{ "pod.socket", op_pod_socket },
	{ "image.find", op_image_find },
	{ "container.start", op_container_start },
	{ "container.stop", op_container_stop },
	{ "container.remove", op_container_remove },
	{ "container.connect", op_container_connect },
	{ "container.attach", op_container_attach },
	{ "container.resize", op_container_resize },
	{ "ready", op_ready },
};

static int op_run(struct cri_call *call, struct error *e)
{
	const char *name = json_text(call->m->body, "op", NULL);

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (strcmp(ops[i].name, name) == 0)
			return ops[i].fn(call, e);
	return error_set(e, EOPNOTSUPP, "this netemu's runtime does not know '%s'", name);
}

static void client_message(struct rpc_peer *peer, struct rpc_message *m, void *arg)
{
	struct cri_call call = { .client = arg, .m = m, .id = json_int(m->body, 0, "id", NULL) };
	struct error e = { 0 };
	const int r = op_run(&call, &e);

	if (r < 0)
		rpc_peer_fail(peer, call.id, &e);
	else if (!call.later)
		rpc_peer_reply(peer, call.id, json_incref(call.reply), call.fds, call.n_fds);
	json_decref(call.reply);
	for (size_t i = 0; i < call.n_fds; i++)
		(void)close(call.fds[i]);
}

/* ---- connections ---- */

static void client_end(struct rpc_peer *peer, void *arg)
{
	struct cri_client *c = arg;

	(void)rpc_peer_free(peer);
	c->peer = NULL;
	*c->prev = c->next;
	if (c->next)
		c->next->prev = c->prev;
	client_release(c);
}

/* Takes @fd. */
static int client_add(struct cri *cri, struct cri_node *node, struct cri_client **list, int fd, struct error *e)
{
	struct cri_client *c = calloc(1, sizeof(*c));
	int r;

	if (!c) {
		(void)close(fd);
		return error_oom(e);
	}
	*c = (struct cri_client){ .cri = cri, .node = node, .refs = 1 };
	r = rpc_peer_new(cri->run->loop, fd, client_message, client_end, c, &c->peer, e);
	if (r < 0) {
		free(c);
		return r;
	}
	c->next = *list;
	c->prev = list;
	if (c->next)
		c->next->prev = &c->next;
	*list = c;
	return 0;
}

/* A node has one kubelet, and its root does not get all of our descriptors. */
static void client_came(int fd, void *arg)
{
	struct cri_node *node = arg;
	size_t n = 0;

	for (const struct cri_client *c = node->clients; c; c = c->next)
		n++;
	if (n < CLIENTS_MAX)
		(void)client_add(node->cri, node, &node->clients, fd, NULL);
	else
		(void)close(fd);
}

int cri_apiserver_add(struct lab_run *run, int fd, struct error *e)
{
	struct cri *cri = run->cri;

	if (cri->apiserver) { /* of one that has died, and has not been told yet */
		struct cri_client *old = cri->apiserver;

		client_end(old->peer, old);
	}
	return client_add(cri, NULL, &cri->apiserver, fd, e);
}

void cri_node_gone(struct lab_run *run, size_t index)
{
	struct cri_node *node = run->cri ? &run->cri->nodes[index] : NULL;
	struct pod *next;

	for (struct pod *p = node ? node->pods : NULL; p; p = next) {
		next = p->next;
		pod_end(p);
	}
}

/* ---- start ---- */

static int logs_open(struct cri *cri, struct error *e)
{
	const int dirfd = cri->run->spec->dirfd;

	if (fault_fails("mkdir " CRI_LOG_DIR) || (mkdirat(dirfd, CRI_LOG_DIR, 0700) < 0 && errno != EEXIST))
		return error_errno(e, errno, "mkdir " CRI_LOG_DIR);
	cri->logs = fault_fails("open " CRI_LOG_DIR) ? -1 : openat(dirfd, CRI_LOG_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return cri->logs < 0 ? error_errno(e, errno, "open " CRI_LOG_DIR) : 0;
}

/* cluster.json by node of the lab; those that are none of the cluster have null. */
static int cluster_split(struct cri *cri, struct error *e)
{
	const struct plan *plan = cri->run->spec->plan;
	json_t *listed;
	size_t k = 0;

	cri->cluster = cluster_json(plan);
	cri->cluster_nodes = json_array();
	listed = json_incref(json_object_get(cri->cluster, "nodes"));
	for (size_t i = 0; i < plan->lab->n_nodes; i++)
		(void)json_array_append_new(cri->cluster_nodes, plan->lab->nodes[i].kube ? json_incref(json_array_get(listed, k++)) :
											   json_null());
	json_decref(listed);
	(void)json_object_del(cri->cluster, "nodes");
	return cri->cluster ? 0 : error_oom(e);
}

void cri_node_close(struct lab_run *run, size_t index)
{
	if (run->cri)
		acceptor_stop(&run->cri->nodes[index].acceptor);
}

int cri_node_listen(struct lab_run *run, size_t index, struct error *e)
{
	const int fd = run->engine.nodes[index].cri;

	if (!run->cri || fd < 0)
		return 0;
	if (fault_fails("listen to kubelets") || listen(fd, BACKLOG) < 0)
		return error_errno(e, errno, "listen to the kubelet of node %s", run->spec->plan->lab->nodes[index].name);
	return acceptor_start(&run->cri->nodes[index].acceptor, run->loop, fd, client_came, &run->cri->nodes[index], e);
}

static int listeners_start(struct cri *cri, struct error *e)
{
	const struct lab_run *run = cri->run;

	for (size_t i = 0; i < run->spec->plan->lab->n_nodes; i++) {
		int r;

		cri->nodes[i] = (struct cri_node){ .cri = cri, .index = i };
		r = cri_node_listen(cri->run, i, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int cri_start(struct lab_run *run, struct error *e)
{
	const size_t n = run->spec->plan->lab->n_nodes;
	struct cri *cri = arena_alloc(&run->arena, sizeof(*cri));
	int r;

	run->cri = cri;
	cri->run = run;
	cri->logs = -EBADF;
	cri->next_index = (unsigned)n;
	cri->nodes = arena_alloc(&run->arena, (n + 1) * sizeof(*cri->nodes));
	(void)snprintf(cri->fs_dir, sizeof(cri->fs_dir), "%s/fs", run->spec->dir);
	r = cluster_split(cri, e);
	if (r == 0)
		r = logs_open(cri, e);
	return r < 0 ? r : listeners_start(cri, e);
}
