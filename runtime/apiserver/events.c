// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * events.c - Event objects: the same one again only counts up, and they go after an hour
 */
#include <string.h>

#include "apiserver/api.h"
#include "cluster/jsonutil.h"

enum {
	TTL = 3600,  /* seconds after it was last seen */
	MAX = 20000, /* then the oldest goes */
};

/* An event in the order in which they will go. */
struct aging {
	char *ns, *name, *key; /* key: into events.seen */
	struct aging *next;
};

struct events {
	json_t *seen; /* what it says -> [namespace, name] */
	struct aging *first, **last;
	size_t n;
	struct loop_handle timer;
	uint64_t serial; /* makes names unique */
};

static void aging_free(struct aging *a)
{
	free(a->ns);
	free(a->name);
	free(a->key);
	free(a);
}

static void push(struct events *ev, struct aging *a)
{
	a->next = NULL;
	*ev->last = a;
	ev->last = &a->next;
	ev->n++;
}

static struct aging *pop(struct events *ev)
{
	struct aging *a = ev->first;

	ev->first = a->next;
	if (!ev->first)
		ev->last = &ev->first;
	ev->n--;
	return a;
}

static void note(struct events *ev, const char *ns, const char *name, const char *key)
{
	struct aging *a = calloc(1, sizeof(*a));

	if (!a)
		return;
	*a = (struct aging){ .ns = strdup(ns), .name = strdup(name), .key = strdup(key) };
	if (a->ns && a->name && a->key)
		push(ev, a);
	else
		aging_free(a);
}

static void drop(struct api *api, struct aging *a)
{
	(void)json_object_del(api->events->seen, a->key);
	(void)store_delete(api->store, RES_EVENTS, a->ns, a->name);
	aging_free(a);
}

/* Seconds until an event has to go; 0 for one that is not there any more. */
static time_t time_left(struct api *api, const struct aging *a)
{
	const json_t *event = store_get(api->store, RES_EVENTS, a->ns, a->name);
	const time_t left = kube_time_parse(json_text(event, "lastTimestamp", NULL)) + TTL - time(NULL);

	return event && left > 0 ? left : 0;
}

static void on_timer(struct loop *loop, struct loop_handle id, void *arg)
{
	struct api *api = arg;
	struct events *ev = api->events;
	time_t left;

	for (size_t n = ev->n; n > 0 && ev->first; n--) {
		left = time_left(api, ev->first);
		if (left >= TTL / 2) { /* seen again since */
			push(ev, pop(ev));
		} else if (left > 0) {
			(void)loop_set_timer(loop, id, (uint64_t)left * 1000000);
			return;
		} else {
			drop(api, pop(ev));
		}
	}
	if (ev->n > 0)
		(void)loop_set_timer(loop, id, (uint64_t)TTL / 2 * 1000000);
}

static void arm(struct api *api)
{
	struct events *ev = api->events;

	if (api->loop && ev->n > 0 && !loop_exists(api->loop, ev->timer))
		(void)loop_add_timer(api->loop, (uint64_t)TTL * 1000000, on_timer, api, &ev->timer, NULL);
}

static void count_up(struct api *api, const json_t *event)
{
	json_t *own = json_deep_copy(event);
	char now[KUBE_TIME_LEN];

	(void)json_object_set_new(own, "count", json_integer(json_int(own, 1, "count", NULL) + 1));
	(void)json_object_set_new(own, "lastTimestamp", json_string(kube_time(time(NULL), now)));
	(void)store_update(api->store, RES_EVENTS, own, NULL, NULL);
}

static json_t *reference(const json_t *about)
{
	static const char *const keys[] = { "namespace", "name", "uid", "resourceVersion" };
	json_t *ref = json_object();

	(void)json_object_set_new(ref, "kind", json_string(json_text(about, "kind", NULL)));
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		json_t *v = json_at(about, "metadata", keys[i], NULL);

		if (v)
			(void)json_object_set(ref, keys[i], v);
	}
	(void)json_object_set_new(ref, "apiVersion", json_string(json_text(about, "apiVersion", NULL)));
	/* A real node's events have its name as uid, and describe asks for that. */
	if (strcmp(json_text(about, "kind", NULL), "Node") == 0)
		(void)json_object_set_new(ref, "uid", json_string(kube_name(about)));
	return ref;
}

static json_t *make(struct events *ev, const json_t *about, const char *ns, const char *component, const char *host)
{
	char now[KUBE_TIME_LEN], name[300];
	json_t *event;

	(void)snprintf(name, sizeof(name), "%.253s.%llx", kube_name(about), (unsigned long long)ev->serial++);
	(void)kube_time(time(NULL), now);
	event = json_pack("{s:s, s:s, s:{s:s, s:s}, s:o, s:{s:s}, s:s, s:s, s:i, s:n, s:s, s:s}", "kind", "Event",
	                  "apiVersion", "v1", "metadata", "name", name, "namespace", ns, "involvedObject",
	                  reference(about), "source", "component", component, "firstTimestamp", now, "lastTimestamp",
	                  now, "count", 1, "eventTime", "reportingComponent", component, "reportingInstance",
	                  host ? host : "");
	if (host && *host)
		(void)json_object_set_new(json_object_get(event, "source"), "host", json_string(host));
	return event;
}

static void record(struct api *api, const char *key, const char *ns, json_t *event)
{
	struct events *ev = api->events;
	json_t *stored;

	if (store_create(api->store, RES_EVENTS, event, &stored, NULL) < 0)
		return;
	(void)json_object_set_new(ev->seen, key, json_pack("[s, s]", ns, kube_name(stored)));
	note(ev, ns, kube_name(stored), key);
	if (ev->n > MAX)
		drop(api, pop(ev));
	arm(api);
}

void api_event(struct api *api, const json_t *about, const char *type, const char *reason, const char *component,
               const char *host, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf message = { 0 }, key = { 0 };
	const char *ns = *kube_namespace(about) ? kube_namespace(about) : "default";
	const json_t *seen, *event = NULL;
	json_t *made;
	va_list ap;

	if (!api->events)
		return;
	va_start(ap, fmt);
	strbuf_vprintf(&message, fmt, ap);
	va_end(ap);
	strbuf_printf(&key, "%s|%s|%s|%s|%s|%s", kube_uid(about), kube_name(about), type, reason, component,
	              strbuf_str(&message));
	seen = json_object_get(api->events->seen, strbuf_str(&key));
	if (seen)
		event = store_get(api->store, RES_EVENTS, json_string_value(json_array_get(seen, 0)),
		                  json_string_value(json_array_get(seen, 1)));
	if (event) {
		count_up(api, event);
		return;
	}
	made = make(api->events, about, ns, component, host);
	(void)json_object_set_new(made, "type", json_string(type));
	(void)json_object_set_new(made, "reason", json_string(reason));
	(void)json_object_set_new(made, "message", json_string(strbuf_str(&message)));
	record(api, strbuf_str(&key), ns, made);
}

static void note_stored(json_t *event, void *arg)
{
	note(arg, kube_namespace(event), kube_name(event), "");
}

int events_start(struct api *api, struct error *e)
{
	struct events *ev = calloc(1, sizeof(*ev));
	struct timespec now;

	if (!ev)
		return error_oom(e);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	ev->serial = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	ev->seen = json_object();
	ev->last = &ev->first;
	api->events = ev;
	store_each(api->store, RES_EVENTS, NULL, note_stored, ev);
	if (api->loop && ev->n > 0)
		return loop_add_timer(api->loop, 1000000, on_timer, api, &ev->timer, e);
	return 0;
}

void events_free(struct api *api)
{
	struct events *ev = api->events;

	if (!ev)
		return;
	if (api->loop)
		loop_remove(api->loop, ev->timer);
	while (ev->first)
		aging_free(pop(ev));
	json_decref(ev->seen);
	free(ev);
	api->events = NULL;
}
