// SPDX-License-Identifier: GPL-2.0-or-later
#include "kubeclient.h"

#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>

#include "cluster/cri.h"
#include "cluster/jsonutil.h"
#include "engine/state.h"

/* ---- which cluster ---- */

static bool is_cluster(const char *lab)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;

	return state_load(lab, &st, NULL) == 0 && strcmp(st->type, "cluster") == 0;
}

static int clusters_list(struct arena *a, struct strv *ret, struct error *e)
{
	struct strv labs = { 0 };
	int r = state_names(a, &labs, e);

	for (size_t i = 0; r == 0 && i < labs.n; i++)
		if (is_cluster(labs.v[i]))
			strv_add(a, ret, labs.v[i]);
	return r;
}

int kube_find(const char *name, struct arena *a, const char **ret, struct error *e)
{
	struct strv clusters = { 0 };
	int r = clusters_list(a, &clusters, e);

	if (r < 0)
		return r;
	if (name && strv_contains(&clusters, name)) {
		*ret = arena_strdup(a, name);
		return 0;
	}
	if (name)
		return error_set(e, ENOENT, "no cluster '%s' is running (netemu list shows what is)", name);
	if (clusters.n == 0)
		return error_set(e, ENOENT, "no cluster is running: start one (netemu run cluster.yaml)");
	if (clusters.n > 1)
		return error_set(e, EEXIST, "several clusters are running (%s, %s%s): choose with --lab", clusters.v[0],
				 clusters.v[1], clusters.n > 2 ? ", ..." : "");
	*ret = clusters.v[0];
	return 0;
}

/* ---- the connection ---- */

const char *kube_file(struct arena *a, const char *lab, const char *name)
{
	return arena_printf(a, "%s/%s/%s", state_dir_root(), lab, name);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The socket appears in the lab's directory `kube` when the API server answers. */
static int connect_patiently(struct kube *k, unsigned wait_ms, struct error *e)
{
	const char *path = kube_file(&k->arena, k->lab, KUBE_SOCKET);
	_cleanup_close_ int in = inotify_init1(IN_CLOEXEC);
	const int64_t end = now_ms() + wait_ms;
	char events[4096];

	if (in < 0 || inotify_add_watch(in, kube_file(&k->arena, k->lab, KUBE_DIR), IN_CREATE | IN_MOVED_TO | IN_ATTRIB) < 0)
		return error_errno(e, errno, "the API server of cluster %s", k->lab);
	for (;;) {
		struct pollfd p = { .fd = in, .events = POLLIN };
		struct error why = { 0 };
		int fd = rpc_connect(path, &why);

		if (fd >= 0)
			return fd;
		if ((why.code != ENOENT && why.code != ECONNREFUSED) || now_ms() >= end || poll(&p, 1, (int)(end - now_ms())) <= 0)
			return error_set(e, why.code, "the API server of cluster %s does not answer: %s", k->lab, why.msg);
		(void)!read(in, events, sizeof(events));
	}
}

int kube_open(const char *name, unsigned wait_ms, struct kube *ret, struct error *e)
{
	int r;

	*ret = (struct kube){ .sock = -EBADF };
	r = kube_find(name, &ret->arena, &ret->lab, e);
	if (r < 0)
		return r;
	ret->sock = connect_patiently(ret, wait_ms, e);
	return ret->sock < 0 ? ret->sock : 0;
}

void kube_close(struct kube *k)
{
	k->sock = fd_close(k->sock);
	arena_done(&k->arena);
}

int kube_call(struct kube *k, const char *op, json_t *body, json_t **ret, struct error *e)
{
	_cleanup_rpc_message_ struct rpc_message m = { 0 };
	int r;

	(void)json_object_set_new(body, "op", json_string(op));
	r = rpc_call(k->sock, body, &m, e);
	if (r == 0 && ret)
		*ret = TAKE_PTR(m.body);
	return r;
}

/* ---- HTTP by rpc ---- */

void kube_reply_done(struct kube_reply *r)
{
	free(r->text);
	free(r->warning);
	json_decref(r->json);
	*r = (struct kube_reply){ 0 };
}

static int reply_take(const json_t *body, struct kube_reply *ret, struct error *e)
{
	const char *text = json_text(body, "body", NULL);

	if (json_int(body, 0, "code", NULL) != 0 && json_object_get(body, "error"))
		return error_set(e, (int)json_int(body, EIO, "code", NULL), "%s", json_text(body, "error", NULL));
	*ret = (struct kube_reply){ .code = (int)json_int(body, 0, "code", NULL), .text = strdup(text) };
	if (!ret->text)
		return error_oom(e);
	ret->warning = *json_text(body, "warning", NULL) ? strdup(json_text(body, "warning", NULL)) : NULL;
	ret->json = *text == '{' ? json_loads(text, JSON_ALLOW_NUL, NULL) : NULL;
	return 0;
}

enum { HTTP_MORE, HTTP_ENOUGH, HTTP_DONE };

/* Return: what to do, or -errno. */
static int message_handle(const struct kube *k, const json_t *body, kube_chunk_fn fn, void *arg, struct kube_reply *ret,
			  struct error *e)
{
	int r;

	if (json_int(body, 0, "re", NULL) == k->last_id) {
		r = reply_take(body, ret, e);
		return r < 0 ? r : HTTP_DONE;
	}
	if (fn && json_int(body, 0, "for", NULL) == k->last_id && strcmp(json_text(body, "op", NULL), "chunk") == 0 &&
	    !fn(arg, json_text(body, "body", NULL)))
		return HTTP_ENOUGH;
	return HTTP_MORE;
}

static int reply_await(struct kube *k, kube_chunk_fn fn, void *arg, struct kube_reply *ret, struct error *e)
{
	for (;;) {
		_cleanup_rpc_message_ struct rpc_message m = { 0 };
		int r = rpc_recv(k->sock, &m, e);

		if (r == 0)
			return error_set(e, ECONNRESET, "the API server of cluster %s has ended", k->lab);
		if (r > 0)
			r = message_handle(k, m.body, fn, arg, ret, e);
		if (r != HTTP_MORE)
			return r == HTTP_DONE ? 0 : r;
	}
}

int kube_http(struct kube *k, const struct kube_request *rq, kube_chunk_fn fn, void *arg, struct kube_reply *ret, struct error *e)
{
	_cleanup_json_ json_t *body = json_pack("{s:s, s:I, s:s, s:s, s:s, s:s}", "op", "http", "id", ++k->last_id, "method", rq->method,
						"path", rq->path, "accept", rq->accept ? rq->accept : "application/json",
						"contentType", rq->type ? rq->type : "application/json");
	int r;

	*ret = (struct kube_reply){ 0 };
	(void)json_object_set_new(body, "body", json_string(rq->body ? rq->body : ""));
	r = rpc_send(k->sock, body, NULL, 0, e);
	return r < 0 ? r : reply_await(k, fn, arg, ret, e);
}

int kube_failure(const struct kube_reply *r, struct error *e)
{
	const char *reason = json_text(r->json, "reason", NULL), *message = json_text(r->json, "message", NULL);
	const int code = r->code == 404 ? ENOENT : r->code == 409 ? EEXIST : EIO;

	if (strcmp(reason, "Invalid") == 0)
		return error_set(e, EINVAL, "%.480s", message);
	if (*message)
		return error_set(e, code, "Error from server%s%s%s: %.440s", *reason ? " (" : "", reason, *reason ? ")" : "", message);
	return error_set(e, code, "Error from server: %d %.300s", r->code, r->text ? r->text : "");
}

/* ---- paths ---- */

static void url_escape(struct strbuf *out, const char *s)
{
	for (; *s; s++) {
		const unsigned char c = (unsigned char)*s;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-_.~", c))
			strbuf_putc(out, *s);
		else
			strbuf_printf(out, "%%%02X", c);
	}
}

void kube_url(struct strbuf *out, const struct resource *r, const char *api_version, const char *ns, const char *name)
{
	strbuf_printf(out, "/%s/%s", *r->group ? "apis" : "api", api_version ? api_version : resource_api_version(r));
	if (r->namespaced && ns) {
		strbuf_puts(out, "/namespaces/");
		url_escape(out, ns);
	}
	strbuf_printf(out, "/%s", r->plural);
	if (name) {
		strbuf_putc(out, '/');
		url_escape(out, name);
	}
}

void kube_query(struct strbuf *out, const char *key, const char *value)
{
	if (!value)
		return;
	strbuf_printf(out, "%c%s=", strchr(strbuf_str(out), '?') ? '&' : '?', key);
	url_escape(out, value);
}

const char *kube_word(struct arena *a, const struct resource *r)
{
	return *r->group ? arena_printf(a, "%s.%s", r->singular, r->group) : r->singular;
}
