// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * watch.c - watches: what has changed, as lines of JSON
 *
 * Theory of operation: the store tells one function of each change; it goes through the watches of that resource, and
 * makes each text (type, format, version) at most once however many of them there are. An object that begins to match a
 * watch's selection is ADDED to it, one that no longer does is DELETED from it.
 */
#include <string.h>

#include "apiserver/serve.h"
#include "cluster/jsonutil.h"

struct api_watch {
	struct api *api;
	const struct resource *res;
	const char *version; /* of res->versions */
	char *ns;
	struct selection selection;
	enum format format;
	char include[12]; /* table_make()'s */
	uint64_t since;   /* resourceVersion as it was asked for */
	bool bookmarks, initial_events;
	uint64_t timeout; /* microseconds, 0: none */
	struct loop_handle timer;
	api_watch_fn fn; /* NULL: not started, or ended */
	void *arg;
	struct api_watch *next, **at; /* in watches.of; at NULL: in none */
};

/* A text that several watches share while an event is told. */
struct shared {
	enum store_event_type type;
	enum format format;
	const char *version, *include;
	struct strbuf text;
};

enum { SHARED_MAX = 24, TIMEOUT_MAX = 365 * 86400 /* seconds */ };

struct watches {
	struct store_watch *store;
	struct api_watch *of[_RES_MAX];
	struct shared shared[SHARED_MAX];
	size_t n_shared;
};

static const char *const type_names[] = {
	[STORE_ADDED] = "ADDED", [STORE_MODIFIED] = "MODIFIED", [STORE_DELETED] = "DELETED"
};

/* ---- texts ---- */

static json_t *shown(const struct api_watch *w, json_t *object)
{
	json_t *list, *table;

	switch (w->format) {
	case FORMAT_TABLE:
		list = json_pack("[O]", object);
		table = table_make(w->res, list, json_text(object, "metadata", "resourceVersion", NULL), w->include);
		json_decref(list);
		return table;
	case FORMAT_PARTIAL:
		return partial_object(object);
	default:
		return target_present(w->res, w->version, object);
	}
}

static void write_event(struct strbuf *out, const char *type, const struct api_watch *w, json_t *object,
                        const char *text, size_t len)
{
	json_t *j;

	strbuf_printf(out, "{\"type\":\"%s\",\"object\":", type);
	if (text && w->format == FORMAT_JSON && w->version == w->res->versions[0]) {
		strbuf_add(out, text, len);
	} else {
		j = shown(w, object);
		json_write(j, out);
		json_decref(j);
	}
	strbuf_puts(out, "}\n");
}

static const struct strbuf *shared_text(struct watches *ws, const struct api_watch *w, enum store_event_type type,
                                        const struct store_event *ev)
{
	struct shared *s = ws->shared;

	for (; s < ws->shared + ws->n_shared; s++)
		if (s->type == type && s->format == w->format && s->version == w->version &&
		    strcmp(s->include, w->include) == 0)
			return &s->text;
	if (ws->n_shared == SHARED_MAX)
		s--;
	else
		ws->n_shared++;
	strbuf_reset(&s->text);
	s->type = type;
	s->format = w->format;
	s->version = w->version;
	s->include = w->include;
	write_event(&s->text, type_names[type], w, ev->object, ev->text, ev->text_len);
	return &s->text;
}

static void forget_shared(struct watches *ws)
{
	for (size_t i = 0; i < ws->n_shared; i++)
		strbuf_reset(&ws->shared[i].text);
	ws->n_shared = 0;
}

/* ---- events ---- */

static bool in_scope(const struct api_watch *w, const json_t *object)
{
	return object && (!*w->ns || strcmp(w->ns, kube_namespace(object)) == 0) &&
	       selection_matches(&w->selection, object);
}

/* What a change is to this watch. Return: whether it is anything. */
static bool event_type(const struct api_watch *w, const struct store_event *ev, enum store_event_type *ret)
{
	const bool now = in_scope(w, ev->object);
	bool before;

	*ret = ev->type;
	if (ev->type != STORE_MODIFIED)
		return now;
	before = w->selection.labels || w->selection.fields ? in_scope(w, ev->old) : now;
	if (now != before)
		*ret = now ? STORE_ADDED : STORE_DELETED;
	return now || before;
}

static void on_store_event(const struct store_event *ev, void *arg)
{
	struct watches *ws = arg;
	enum store_event_type type;

	for (struct api_watch *w = ws->of[ev->res->id], *next; w; w = next) {
		next = w->next;
		if (w->fn && event_type(w, ev, &type)) {
			const struct strbuf *text = shared_text(ws, w, type, ev);

			w->fn(w->arg, strbuf_str(text), text->len);
		}
	}
	forget_shared(ws);
}

/* ---- begin and end ---- */

static void unlink_watch(struct api_watch *w)
{
	if (!w->at)
		return;
	*w->at = w->next;
	if (w->next)
		w->next->at = w->at;
	w->at = NULL;
}

static void link_watch(struct api_watch *w)
{
	struct api_watch **head = &w->api->watches->of[w->res->id];

	w->next = *head;
	w->at = head;
	if (w->next)
		w->next->at = &w->next;
	*head = w;
}

static void end_watch(struct api_watch *w)
{
	api_watch_fn fn = w->fn;

	unlink_watch(w);
	w->fn = NULL;
	if (fn)
		fn(w->arg, NULL, 0);
}

static void send_object(struct api_watch *w, const char *type, json_t *object)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };

	write_event(&line, type, w, object, NULL, 0);
	w->fn(w->arg, strbuf_str(&line), line.len);
}

static void send_bookmark(struct api_watch *w, bool initial_end)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };
	char revision[24];
	json_t *object, *none;

	(void)snprintf(revision, sizeof(revision), "%llu", (unsigned long long)store_revision(w->api->store));
	if (w->format == FORMAT_TABLE) {
		none = json_array();
		object = table_make(w->res, none, revision, w->include);
		json_decref(none);
	} else {
		object = json_pack("{s:s, s:o, s:{s:s, s:n}}", "kind",
		                   w->format == FORMAT_PARTIAL ? "PartialObjectMetadata" : w->res->kind, "apiVersion",
		                   w->format == FORMAT_PARTIAL ? json_string("meta.k8s.io/v1")
		                                               : json_sprintf("%s%s%s", w->res->group,
		                                                              *w->res->group ? "/" : "", w->version),
		                   "metadata", "resourceVersion", revision, "creationTimestamp");
	}
	if (initial_end)
		(void)json_object_set_new(json_object_make(object, "metadata"), "annotations",
		                          json_pack("{s:s}", "k8s.io/initial-events-end", "true"));
	strbuf_puts(&line, "{\"type\":\"BOOKMARK\",\"object\":");
	json_write(object, &line);
	strbuf_puts(&line, "}\n");
	json_decref(object);
	w->fn(w->arg, strbuf_str(&line), line.len);
}

static void on_timeout(struct loop *loop _unused_, struct loop_handle id _unused_, void *arg)
{
	struct api_watch *w = arg;

	if (w->fn && w->bookmarks)
		send_bookmark(w, false);
	end_watch(w);
}

static void send_gone(struct api_watch *w)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };

	strbuf_printf(&line,
	              "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
	              "\"status\":\"Failure\","
	              "\"message\":\"too old resource version: %llu (%llu)\",\"reason\":\"Expired\",\"code\":410}}\n",
	              (unsigned long long)w->since, (unsigned long long)store_revision(w->api->store));
	w->fn(w->arg, strbuf_str(&line), line.len);
}

static void replay_event(const struct store_event *ev, void *arg)
{
	struct api_watch *w = arg;
	enum store_event_type type;

	if (ev->res == w->res && w->fn && event_type(w, ev, &type))
		send_object(w, type_names[type], ev->object);
}

static void send_existing(json_t *object, void *arg)
{
	struct api_watch *w = arg;

	if (in_scope(w, object))
		send_object(w, "ADDED", object);
}

void api_watch_start(struct api_watch *w, api_watch_fn fn, void *arg)
{
	w->fn = fn;
	w->arg = arg;
	if (w->initial_events || w->since == 0) {
		store_each(w->api->store, w->res->id, w->ns, send_existing, w);
		if (w->initial_events && w->bookmarks)
			send_bookmark(w, true);
	} else if (store_replay(w->api->store, w->since, replay_event, w) < 0) {
		send_gone(w);
		end_watch(w);
		return;
	}
	link_watch(w);
	if (w->timeout)
		(void)loop_add_timer(w->api->loop, w->timeout, on_timeout, w, &w->timer, NULL);
}

struct api_watch *api_watch_free(struct api_watch *w)
{
	if (!w)
		return NULL;
	unlink_watch(w);
	if (w->api->loop)
		loop_remove(w->api->loop, w->timer);
	selection_done(&w->selection);
	free(w->ns);
	free(w);
	return NULL;
}

void watch_open(struct call *c, enum format format, struct selection *selection)
{
	struct api_watch *w = calloc(1, sizeof(*w));
	const char *include = api_query(c->rq, "includeObject");
	long long seconds, since;

	if (query_number(c, "timeoutSeconds", &seconds) < 0 || query_number(c, "resourceVersion", &since) < 0) {
		free(w);
		return;
	}
	if (!w) {
		api_fail(c->reply, 500, "InternalError", NULL, "out of memory");
		return;
	}
	*w = (struct api_watch){
		.api = c->api, .res = c->t.res, .version = c->t.version, .ns = strdup(c->t.ns), .format = format
	};
	w->selection = *selection;
	*selection = (struct selection){ 0 };
	(void)snprintf(w->include, sizeof(w->include), "%s", *include ? include : "Metadata");
	w->since = since > 0 ? (uint64_t)since : 0;
	w->bookmarks = api_query_true(c->rq, "allowWatchBookmarks");
	w->initial_events = api_query_true(c->rq, "sendInitialEvents");
	w->timeout = seconds > 0 ? (uint64_t)MIN_OF(seconds, (long long)TIMEOUT_MAX) * 1000000 : 0;
	c->reply->code = 200;
	c->reply->content_type = "application/json";
	c->reply->stream = API_STREAM_WATCH;
	c->reply->watch = w;
}

int watches_start(struct api *api, struct error *e)
{
	api->watches = calloc(1, sizeof(*api->watches));
	if (!api->watches)
		return error_oom(e);
	api->watches->store = store_watch(api->store, on_store_event, api->watches);
	return api->watches->store ? 0 : error_oom(e);
}

void watches_free(struct api *api)
{
	struct watches *ws = api->watches;

	if (!ws)
		return;
	store_unwatch(api->store, ws->store);
	for (size_t i = 0; i < SHARED_MAX; i++)
		strbuf_done(&ws->shared[i].text);
	for (size_t i = 0; i < _RES_MAX; i++)
		while (ws->of[i])
			unlink_watch(ws->of[i]); /* the transports free them */
	free(ws);
	api->watches = NULL;
}
