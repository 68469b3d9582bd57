// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * controllers.c - which controller has to look at what after a change, and when it does
 *
 * Owns the queues (see control.h), the two timers, and the table of controllers. Knows of each resource whom a change of
 * it concerns; what is then to be done is the controllers' own.
 *
 * Several changes within a few milliseconds are looked at together: a thousand pods that report one after the other do not
 * make their ReplicaSet count them a thousand times. The first change after a quiet time is looked at at once.
 */
#include <string.h>

#include "apiserver/control.h"
#include "cluster/selector.h"

enum {
	PAUSE_USEC = 10 * 1000, /* between two times that the queues are worked through, at least */
	PAUSE_MAX_USEC = 250 * 1000,
	PAUSE_FACTOR = 8, /* and so many times as long as the work took: a controller of 1000 pods looks at all of them for each change */
	SLICE_USEC = 20 * 1000, /* then the loop gets a turn, so that requests are answered meanwhile */
};

static const struct {
	void (*sync)(struct controllers *c, const char *ns, const char *name);
	const char *kind; /* whose objects it looks after; NULL: others */
	enum resource_id res;
} table[] = {
	[CTL_GC] = { gc_sync, NULL, 0 },
	[CTL_FINALIZERS] = { finalizers_sync, NULL, 0 },
	[CTL_NAMESPACE] = { namespace_sync, "Namespace", RES_NAMESPACES },
	[CTL_DEPLOYMENT] = { deployment_sync, "Deployment", RES_DEPLOYMENTS },
	[CTL_REPLICASET] = { replicaset_sync, "ReplicaSet", RES_REPLICASETS },
	[CTL_DAEMONSET] = { daemonset_sync, "DaemonSet", RES_DAEMONSETS },
	[CTL_STATEFULSET] = { statefulset_sync, "StatefulSet", RES_STATEFULSETS },
	[CTL_JOB] = { job_sync, "Job", RES_JOBS },
	[CTL_SCHEDULER] = { scheduler_sync, NULL, 0 },
	[CTL_ENDPOINTS] = { endpoints_sync, "Service", RES_SERVICES },
	[CTL_TAINTS] = { taints_sync, "Node", RES_NODES },
};
static_assert(ARRAY_SIZE(table) == _CTL_MAX, "one a controller");

/* ---- queues ---- */

static void on_drain(struct loop *loop, struct loop_handle id, void *arg);

void ctl_arm(struct controllers *c)
{
	const uint64_t now = loop_now(), due = c->drained + c->pause;

	if (!loop_exists(c->api->loop, c->drain))
		(void)loop_add_timer(c->api->loop, now >= due ? 0 : due - now, on_drain, c, &c->drain, NULL);
}

void ctl_dirty(struct controllers *c, enum ctl ctl, const char *ns, const char *name)
{
	char key[600];

	(void)snprintf(key, sizeof(key), "%s/%s", ns, name);
	(void)json_object_set_new(c->syncing && ctl == c->turn ? c->now : c->dirty[ctl], key, json_true());
	ctl_arm(c);
}

static bool take(json_t *dirty, char ns[300], char name[300])
{
	const char *key = json_object_iter_key(json_object_iter(dirty)), *slash = key ? strchr(key, '/') : NULL;

	if (!slash)
		return false;
	(void)snprintf(ns, 300, "%.*s", (int)(slash - key), key);
	(void)snprintf(name, 300, "%s", slash + 1);
	(void)json_object_del(dirty, key);
	return true;
}

/*
 * One object's turn. The controllers go in rounds: those that make or remove things first, so that those after them find
 * all of it; what a later one, or somebody else meanwhile, does to an earlier one's objects is for the next round. (Else
 * each pod that is bound or runs would have its ReplicaSet count all its pods again.) Return: false at the end of a round.
 */
static bool work(struct controllers *c)
{
	char ns[300], name[300];
	json_t *done;

	while (!take(c->now, ns, name)) {
		c->turn = (c->turn + 1) % _CTL_MAX;
		done = c->now;
		c->now = c->dirty[c->turn];
		c->dirty[c->turn] = done;
		if (c->turn == 0)
			return false;
	}
	c->syncing = true;
	table[c->turn].sync(c, ns, name);
	c->syncing = false;
	return true;
}

static bool is_dirty(const struct controllers *c)
{
	for (enum ctl ctl = 0; ctl < _CTL_MAX; ctl++)
		if (json_object_size(c->dirty[ctl]) > 0)
			return true;
	return json_object_size(c->now) > 0;
}

static void on_drain(struct loop *loop, struct loop_handle id, void *arg)
{
	struct controllers *c = arg;
	const uint64_t start = loop_now();

	while (work(c))
		if (loop_now() - start >= SLICE_USEC) {
			c->worked += loop_now() - start;
			(void)loop_set_timer(loop, id, 0);
			return;
		}
	c->drained = loop_now();
	c->worked += c->drained - start;
	c->pause = MIN_OF(MAX_OF(c->worked * PAUSE_FACTOR, (uint64_t)PAUSE_USEC), (uint64_t)PAUSE_MAX_USEC);
	c->worked = 0;
	if (is_dirty(c))
		(void)loop_set_timer(loop, id, c->pause);
}

/* ---- times ---- */

static void on_alarm(struct loop *loop, struct loop_handle id, void *arg);

static void set_alarm(struct controllers *c)
{
	const time_t now = time(NULL);
	time_t next = 0;
	const char *key;
	json_t *v;
	uint64_t usec;

	json_object_foreach(c->later, key, v)
		if (!next || json_integer_value(v) < next)
			next = (time_t)json_integer_value(v);
	if (!next) {
		loop_remove(c->api->loop, c->alarm);
		return;
	}
	usec = next > now ? (uint64_t)(next - now) * 1000000 : 0;
	if (loop_set_timer(c->api->loop, c->alarm, usec) < 0)
		(void)loop_add_timer(c->api->loop, usec, on_alarm, c, &c->alarm, NULL);
}

static void on_alarm(struct loop *loop _unused_, struct loop_handle id _unused_, void *arg)
{
	struct controllers *c = arg;
	const time_t now = time(NULL);
	const char *key;
	json_t *v;
	void *next;

	json_object_foreach_safe(c->later, next, key, v) {
		const char *name = strchr(key, ' ');

		if (json_integer_value(v) > now || !name)
			continue;
		(void)json_object_set_new(c->dirty[strtol(key, NULL, 10)], name + 1, json_true());
		(void)json_object_del(c->later, key);
		ctl_arm(c);
	}
	set_alarm(c);
}

void ctl_later(struct controllers *c, enum ctl ctl, const char *ns, const char *name, time_t seconds)
{
	const json_int_t when = (json_int_t)time(NULL) + MAX_OF(seconds, (time_t)1);
	char key[640];
	const json_t *v;

	(void)snprintf(key, sizeof(key), "%d %s/%s", (int)ctl, ns, name);
	v = json_object_get(c->later, key);
	if (v && json_integer_value(v) <= when)
		return;
	(void)json_object_set_new(c->later, key, json_integer(when));
	set_alarm(c);
}

/* ---- who is concerned ---- */

struct dirty_all {
	struct controllers *c;
	enum ctl ctl;
};

static void dirty_one(json_t *object, void *arg)
{
	const struct dirty_all *a = arg;

	ctl_dirty(a->c, a->ctl, kube_namespace(object), kube_name(object));
}

void ctl_dirty_all(struct controllers *c, enum ctl ctl, enum resource_id res, const char *ns)
{
	struct dirty_all a = { c, ctl };

	store_each(c->api->store, res, ns, dirty_one, &a);
}

static void dirty_owner(struct controllers *c, const json_t *object)
{
	const json_t *owner = owner_of(object);
	const char *kind = json_text(owner, "kind", NULL);

	for (enum ctl ctl = 0; owner && ctl < _CTL_MAX; ctl++)
		if (table[ctl].kind && strcmp(table[ctl].kind, kind) == 0)
			ctl_dirty(c, ctl, kube_namespace(object), json_text(owner, "name", NULL));
}

struct orphan {
	struct controllers *c;
	const json_t *labels;
};

static void dirty_if_selects(json_t *rs, void *arg)
{
	const struct orphan *o = arg;
	const json_t *selector = json_at(rs, "spec", "selector", NULL);

	if (json_object_size(selector) && selector_match_object(selector, o->labels))
		ctl_dirty(o->c, CTL_REPLICASET, kube_namespace(rs), kube_name(rs));
}

/* Recreate waits for the last old pod. */
static void dirty_deployment(struct controllers *c, const json_t *pod)
{
	const json_t *rs =
		store_get(c->api->store, RES_REPLICASETS, kube_namespace(pod), json_text(owner_of(pod), "name", NULL));

	if (rs)
		dirty_owner(c, rs);
}

static void on_pod(struct controllers *c, const struct store_event *ev)
{
	struct orphan o = { c, json_at(ev->object, "metadata", "labels", NULL) };

	if (ev->old)
		dirty_owner(c, ev->old);
	dirty_owner(c, ev->object);
	if (ev->type == STORE_DELETED)
		dirty_deployment(c, ev->object);
	if (ev->type != STORE_DELETED && !owner_of(ev->object) && json_object_size(o.labels) &&
	    store_count(c->api->store, RES_REPLICASETS))
		store_each(c->api->store, RES_REPLICASETS, kube_namespace(ev->object), dirty_if_selects, &o);
}

static void on_node(struct controllers *c, const struct store_event *ev)
{
	if (node_changed(ev))
		ctl_dirty_all(c, CTL_DAEMONSET, RES_DAEMONSETS, NULL);
}

/* The last object of a namespace that is being deleted is what it waits for. */
static void on_namespaced(struct controllers *c, const struct store_event *ev)
{
	const json_t *ns =
		ev->res->namespaced ? store_get(c->api->store, RES_NAMESPACES, "", kube_namespace(ev->object)) : NULL;

	if (json_at(ns, "metadata", "deletionTimestamp", NULL))
		ctl_dirty(c, CTL_NAMESPACE, "", kube_namespace(ev->object));
}

static bool same_at(const struct store_event *ev, const char *part, const char *key)
{
	const json_t *now = json_at(ev->object, part, key, NULL), *old = json_at(ev->old, part, key, NULL);

	return now == old || json_equal(now, old);
}

/* A ReplicaSet counts its pods, which may be many: not again for the count that it has just written. */
static bool only_counted(const struct store_event *ev)
{
	return ev->res->id == RES_REPLICASETS && ev->old && same_at(ev, "metadata", "generation") &&
	       same_at(ev, "metadata", "labels") && same_at(ev, "metadata", "ownerReferences") &&
	       same_at(ev, "metadata", "deletionTimestamp");
}

static void on_event(const struct store_event *ev, void *arg)
{
	struct controllers *c = arg;

	if (ev->res->id == RES_EVENTS || ev->res->id == RES_LEASES) {
		on_namespaced(c, ev);
		return;
	}
	owners_event(c, ev);
	for (enum ctl ctl = 0; ctl < _CTL_MAX; ctl++)
		if (table[ctl].kind && table[ctl].res == ev->res->id && ctl != CTL_TAINTS && !only_counted(ev))
			ctl_dirty(c, ctl, kube_namespace(ev->object), kube_name(ev->object));
	if (ev->res->id == RES_PODS)
		on_pod(c, ev);
	else
		dirty_owner(c, ev->object);
	if (ev->res->id == RES_NODES)
		on_node(c, ev);
	on_namespaced(c, ev);
	finalizers_event(c, ev);
	endpoints_event(c, ev);
	taints_event(c, ev);
	scheduler_event(c, ev);
}

/* ---- start and end ---- */

struct start {
	struct controllers *c;
	const struct resource *res;
};

static void look_at_first(json_t *object, void *arg)
{
	const struct start *s = arg;
	const struct store_event ev = { STORE_ADDED, s->res, object, NULL, 0, NULL, 0 };

	on_event(&ev, s->c);
}

int controllers_start(struct api *api, struct error *e)
{
	struct controllers *c = calloc(1, sizeof(*c));

	if (!c)
		return error_oom(e);
	api->controllers = c;
	c->api = api;
	for (enum ctl ctl = 0; ctl < _CTL_MAX; ctl++)
		c->dirty[ctl] = json_object();
	c->later = json_object();
	c->now = json_object();
	c->dependents = json_object();
	c->scheduler = scheduler_new();
	if (!c->scheduler)
		return error_oom(e);
	for (size_t r = 0; r < _RES_MAX; r++) {
		struct start s = { c, &resources[r] };

		store_each(api->store, (enum resource_id)r, NULL, look_at_first, &s);
	}
	c->watch = store_watch(api->store, on_event, c);
	return c->watch ? 0 : error_oom(e);
}

void controllers_free(struct api *api)
{
	struct controllers *c = api->controllers;

	if (!c)
		return;
	if (c->watch)
		store_unwatch(api->store, c->watch);
	loop_remove(api->loop, c->drain);
	loop_remove(api->loop, c->alarm);
	for (enum ctl ctl = 0; ctl < _CTL_MAX; ctl++)
		json_decref(c->dirty[ctl]);
	json_decref(c->later);
	json_decref(c->now);
	json_decref(c->dependents);
	(void)scheduler_free(c->scheduler);
	free(c);
	api->controllers = NULL;
}
