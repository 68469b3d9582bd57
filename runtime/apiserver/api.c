// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * api.c - a request becomes a reply: which handler a path belongs to
 *
 * Owns routing and the shape of replies. Refuses to know transports, and what any handler does.
 */
#include "apiserver/api.h"

#include <string.h>

#include "apiserver/serve.h"
#include "cluster/jsonutil.h"
#include "cluster/schema.h"

void api_reply_done(struct api_reply *reply)
{
	strbuf_done(&reply->body);
	strbuf_done(&reply->warning);
	json_decref(reply->pod);
	*reply = (struct api_reply){ 0 };
}

void api_json(struct api_reply *reply, int code, json_t *j)
{
	reply->code = code;
	reply->content_type = "application/json";
	strbuf_reset(&reply->body);
	json_write(j, &reply->body);
	strbuf_putc(&reply->body, '\n');
	json_decref(j);
}

void api_fail(struct api_reply *reply, int code, const char *reason, json_t *details, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	json_t *status = json_pack("{s:s, s:s, s:{}, s:s}", "kind", "Status", "apiVersion", "v1", "metadata", "status",
	                           "Failure");
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(&text, fmt, ap);
	va_end(ap);
	(void)json_object_set_new(status, "message", json_string(strbuf_str(&text)));
	(void)json_object_set_new(status, "reason", json_string(reason));
	if (details)
		(void)json_object_set_new(status, "details", details);
	(void)json_object_set_new(status, "code", json_integer(code));
	api_json(reply, code, status);
}

const char *api_query(const struct api_request *rq, const char *key)
{
	const char *text = json_string_value(json_array_get(json_object_get(rq->query, key), 0));

	return text ? text : "";
}

bool api_query_true(const struct api_request *rq, const char *key)
{
	const char *text = api_query(rq, key);

	return strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
}

static int hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* A piece of a query: + is a blank, %XX a byte. */
static json_t *unescape(const char *text, size_t len)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	json_t *j;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '%' && i + 2 < len && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
			strbuf_putc(&out, (char)(hex(text[i + 1]) * 16 + hex(text[i + 2])));
			i += 2;
		} else {
			strbuf_putc(&out, text[i] == '+' ? ' ' : text[i]);
		}
	}
	j = json_stringn(strbuf_str(&out), strlen(strbuf_str(&out)));
	return j ? j : json_string("");
}

json_t *api_query_parse(const char *text)
{
	json_t *query = json_object();

	while (*text) {
		const size_t len = strcspn(text, "&");
		const char *equals = memchr(text, '=', len);
		const size_t key_len = equals ? (size_t)(equals - text) : len;
		json_t *key = unescape(text, key_len);

		if (len > 0)
			(void)json_array_append_new(json_array_make(query, json_string_value(key)),
			                            equals ? unescape(equals + 1, len - key_len - 1) : json_string(""));
		json_decref(key);
		text += len;
		text += *text == '&';
	}
	return query;
}

/* ---- failures, worded as apimachinery's errors ---- */

const char *target_resource(const struct resource *res, char buf[128])
{
	(void)snprintf(buf, 128, "%s%s%s", res->plural, *res->group ? "." : "", res->group);
	return buf;
}

/* @kind: a plural for most errors, the kind itself for Invalid. */
static json_t *details(const struct resource *res, const char *name, const char *kind)
{
	json_t *d = json_object();

	if (*name)
		(void)json_object_set_new(d, "name", json_string(name));
	if (*res->group)
		(void)json_object_set_new(d, "group", json_string(res->group));
	(void)json_object_set_new(d, "kind", json_string(kind));
	return d;
}

void fail_not_found(struct call *c)
{
	char resource[128];

	api_fail(c->reply, 404, "NotFound", details(c->t.res, c->t.name, c->t.res->plural), "%s \"%s\" not found",
	         target_resource(c->t.res, resource), c->t.name);
}

void fail_path(struct api_reply *reply)
{
	api_fail(reply, 404, "NotFound", json_object(), "the server could not find the requested resource");
}

void fail_method(struct api_reply *reply)
{
	api_fail(reply, 405, "MethodNotAllowed", json_object(),
	         "the server does not allow this method on the requested resource");
}

void fail_invalid(struct call *c, const char *name, json_t *causes)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	json_t *d = details(c->t.res, name, c->t.res->kind);

	schema_invalid_text(c->t.res, name, causes, &text);
	(void)json_object_set_new(d, "causes", causes);
	api_fail(c->reply, 422, "Invalid", d, "%s", strbuf_str(&text));
}

void fail_store(struct call *c, const char *name, const struct error *e)
{
	const struct resource *res = c->t.res;
	char resource[128];

	if (e->code == EEXIST)
		api_fail(c->reply, 409, "AlreadyExists", details(res, name, res->plural), "%s \"%s\" already exists",
		         target_resource(res, resource), name);
	else if (e->code == ESTALE)
		api_fail(c->reply, 409, "Conflict", details(res, name, res->plural), "%s", e->msg);
	else if (e->code == ENOENT)
		fail_not_found(c);
	else
		api_fail(c->reply, 500, "InternalError", NULL, "Internal error occurred: %s", e->msg);
}

void reply_success(struct call *c, int code, const json_t *object)
{
	json_t *d = details(c->t.res, kube_name(object), c->t.res->plural);

	if (*kube_uid(object))
		(void)json_object_set_new(d, "uid", json_string(kube_uid(object)));
	api_json(c->reply, code,
	         json_pack("{s:s, s:s, s:{}, s:s, s:o}", "kind", "Status", "apiVersion", "v1", "metadata", "status",
	                   "Success", "details", d));
}

/* ---- routing ---- */

enum { SEGMENTS = 10 };

struct path {
	char *text;
	const char *seg[SEGMENTS + 1]; /* "" after the last */
	size_t n;
};

static int path_split(struct path *p, const char *text)
{
	char *save = NULL;

	for (size_t i = 0; i <= SEGMENTS; i++)
		p->seg[i] = "";
	p->text = strdup(text);
	if (!p->text)
		return -ENOMEM;
	for (char *s = strtok_r(p->text, "/", &save); s; s = strtok_r(NULL, "/", &save)) {
		if (p->n == SEGMENTS)
			return -E2BIG;
		p->seg[p->n++] = s;
	}
	return 0;
}

struct handler {
	const char *method;
	const char *sub; /* "" of the resource itself */
	bool named;      /* of an object, not of a collection */
	void (*serve)(struct call *c);
};

static const struct handler handlers[] = {
	{ "GET", "", false, serve_list },
	{ "POST", "", false, serve_create },
	{ "DELETE", "", false, serve_delete_collection },
	{ "GET", "", true, serve_get },
	{ "PUT", "", true, serve_update },
	{ "PATCH", "", true, serve_patch },
	{ "DELETE", "", true, serve_delete },
	{ "GET", "status", true, serve_get },
	{ "PUT", "status", true, serve_update },
	{ "PATCH", "status", true, serve_patch },
	{ "GET", "scale", true, serve_scale_get },
	{ "PUT", "scale", true, serve_scale_put },
	{ "PATCH", "scale", true, serve_scale_patch },
	{ "GET", "log", true, serve_log },
	{ "GET", "exec", true, serve_exec },
	{ "POST", "exec", true, serve_exec },
	{ "GET", "attach", true, serve_attach },
	{ "POST", "attach", true, serve_attach },
	{ "GET", "portforward", true, serve_portforward },
	{ "POST", "portforward", true, serve_portforward },
	{ "POST", "eviction", true, serve_eviction },
	{ "POST", "binding", true, serve_binding },
	{ "PUT", "finalize", true, serve_finalize },
	{ "POST", "token", true, serve_token },
};

static void serve_target(struct call *c)
{
	const struct target *t = &c->t;
	bool known = false;

	if (*t->sub && !resource_has_sub(t->res, t->sub) &&
	    !(t->res->id == RES_SERVICEACCOUNTS && strcmp(t->sub, "token") == 0)) {
		fail_path(c->reply);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(handlers); i++) {
		const struct handler *h = &handlers[i];

		if (strcmp(h->sub, t->sub) != 0 || h->named != !!*t->name)
			continue;
		known = true;
		if (strcmp(h->method, c->rq->method) == 0) {
			h->serve(c);
			return;
		}
	}
	if (known)
		fail_method(c->reply);
	else
		fail_path(c->reply);
}

/* seg: what comes after the version. A namespace is at namespaces/NS, what is in it at namespaces/NS/PLURAL. */
static void serve_resource(struct call *c, const char *group, const char *version, const char *const *seg)
{
	struct target *t = &c->t;
	const char *plural = seg[0], *rest = seg[3];

	*t = (struct target){ .version = version, .ns = "", .name = seg[1], .sub = seg[2] };
	if (strcmp(seg[0], "namespaces") == 0 && *seg[2] && !resource_has_sub(&resources[RES_NAMESPACES], seg[2])) {
		t->ns = seg[1];
		plural = seg[2];
		t->name = seg[3];
		t->sub = seg[4];
		rest = seg[5];
	}
	if (*rest) {
		fail_path(c->reply);
		return;
	}
	if (review_serve(c, group, plural))
		return;
	t->res = resource_find(group, version, plural);
	if (!t->res || !cilium_serves(c->api, t->res) || (!t->res->namespaced && *t->ns) ||
	    (t->res->namespaced && !*t->ns && (*t->name || strcmp(c->rq->method, "POST") == 0))) {
		fail_path(c->reply);
		return;
	}
	for (size_t i = 0; t->res->versions[i]; i++)
		if (strcmp(t->res->versions[i], version) == 0)
			t->version = t->res->versions[i];
	serve_target(c);
}

static void serve_api(struct call *c, const struct path *p)
{
	if (p->n == 1)
		discovery_core(c);
	else if (p->n == 2)
		discovery_resources(c, "", p->seg[1]);
	else
		serve_resource(c, "", p->seg[1], &p->seg[2]);
}

static void serve_apis(struct call *c, const struct path *p)
{
	if (p->n == 1)
		discovery_groups(c);
	else if (p->n == 2)
		discovery_group(c, p->seg[1]);
	else if (p->n == 3)
		discovery_resources(c, p->seg[1], p->seg[2]);
	else
		serve_resource(c, p->seg[1], p->seg[2], &p->seg[3]);
}

static void serve_ok(struct call *c, const struct path *p _unused_)
{
	c->reply->code = 200;
	c->reply->content_type = "text/plain; charset=utf-8";
	strbuf_puts(&c->reply->body, "ok");
}

static void serve_version(struct call *c, const struct path *p _unused_)
{
	discovery_version(c);
}

static void serve_openapi(struct call *c, const struct path *p)
{
	if (strcmp(p->seg[1], "v2") == 0)
		openapi_v2(c);
	else if (strcmp(p->seg[1], "v3") == 0)
		openapi_v3(c, p->seg[2]);
	else
		fail_path(c->reply);
}

static const struct {
	const char *first;
	void (*serve)(struct call *c, const struct path *p);
} roots[] = {
	{ "api", serve_api },  { "apis", serve_apis }, { "version", serve_version }, { "healthz", serve_ok },
	{ "livez", serve_ok }, { "readyz", serve_ok }, { "openapi", serve_openapi },
};

/* There are no roles: what another user may do, nobody can say. */
static bool refuse_impersonation(const struct api_request *rq, struct api_reply *reply)
{
	const char *user = rq->impersonate ? rq->impersonate : "";

	if (!*user || strcmp(user, "kubernetes-admin") == 0)
		return false;
	api_fail(reply, 403, "Forbidden", json_pack("{s:s, s:s}", "name", user, "kind", "users"),
	         "users \"%s\" is forbidden: netemu has no user but kubernetes-admin", user);
	return true;
}

void api_serve(struct api *api, const struct api_request *rq, struct api_reply *reply)
{
	struct call c = { .api = api, .rq = rq, .reply = reply };
	struct path p = { 0 };
	size_t i = 0;

	if (path_split(&p, rq->path) == 0)
		while (i < ARRAY_SIZE(roots) && strcmp(roots[i].first, p.seg[0]) != 0)
			i++;
	else
		i = ARRAY_SIZE(roots);
	if (i == ARRAY_SIZE(roots))
		fail_path(reply);
	else if (!refuse_impersonation(rq, reply))
		roots[i].serve(&c, &p);
	free(p.text);
}
