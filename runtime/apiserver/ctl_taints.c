// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl_taints.c - pods that have to leave their node: NoExecute taints, nodes that are gone
 *
 * A taint that is not tolerated evicts at once, one that is tolerated for tolerationSeconds after that time, counted from
 * the taint's timeAdded (tainteviction's taint_eviction.go). Pods of a node that was deleted are removed without asking
 * anybody (podgc).
 */
#include <string.h>

#include "apiserver/control.h"

#define COMPONENT "taint-eviction-controller"

static const char *const evicting[] = { "NoExecute", NULL };

/* The seconds that a pod still tolerates a taint: -1 for ever, 0 not any more */
static time_t tolerated_for(const json_t *pod, const json_t *taint)
{
	const time_t added = kube_time_parse(json_text(taint, "timeAdded", NULL)), now = time(NULL);
	time_t left = 0;
	json_t *t;
	size_t i;

	json_array_foreach(json_at(pod, "spec", "tolerations", NULL), i, t) {
		const json_int_t seconds = json_int(t, -1, "tolerationSeconds", NULL);

		if (!tolerates(t, taint))
			continue;
		if (!json_object_get(t, "tolerationSeconds"))
			return -1;
		left = MAX_OF(left, (added < 0 ? now : added) + (time_t)seconds - now);
	}
	return left;
}

static void check_pod(struct controllers *c, const json_t *node, const json_t *pod)
{
	time_t soonest = -1;
	json_t *taint;
	size_t i;

	json_array_foreach(json_at(node, "spec", "taints", NULL), i, taint) {
		time_t left;

		if (strcmp(json_text(taint, "effect", NULL), evicting[0]) != 0)
			continue;
		left = tolerated_for(pod, taint);
		if (left >= 0 && (soonest < 0 || left < soonest))
			soonest = left;
	}
	if (soonest > 0)
		ctl_later(c, CTL_TAINTS, "", kube_name(node), soonest);
	if (soonest != 0)
		return;
	api_event(c->api, pod, "Normal", "TaintManagerEviction", COMPONENT, NULL, "Marking for deletion Pod %s/%s",
		  kube_namespace(pod), kube_name(pod));
	(void)api_remove(c->api, RES_PODS, kube_namespace(pod), kube_name(pod), NULL);
}

void taints_sync(struct controllers *c, const char *ns _unused_, const char *name)
{
	_cleanup_json_ json_t *node = json_incref(store_get(c->api->store, RES_NODES, "", name)), *pods = NULL;
	json_t *pod;
	size_t i;

	if (node && !untolerated(node, NULL, evicting))
		return;
	pods = store_list(c->api->store, RES_PODS, NULL);
	json_array_foreach(pods, i, pod) {
		if (strcmp(json_text(pod, "spec", "nodeName", NULL), name) != 0)
			continue;
		if (!node)
			(void)store_delete(c->api->store, RES_PODS, kube_namespace(pod), kube_name(pod));
		else if (!json_at(pod, "metadata", "deletionTimestamp", NULL))
			check_pod(c, node, pod);
	}
}

void taints_event(struct controllers *c, const struct store_event *ev)
{
	const char *name = json_text(ev->object, "spec", "nodeName", NULL);
	const json_t *node;

	if (ev->res->id == RES_NODES && node_changed(ev) &&
	    (ev->type == STORE_DELETED || untolerated(ev->object, NULL, evicting)))
		ctl_dirty(c, CTL_TAINTS, "", kube_name(ev->object));
	if (ev->res->id != RES_PODS || ev->type == STORE_DELETED || !*name ||
	    (ev->old && strcmp(json_text(ev->old, "spec", "nodeName", NULL), name) == 0))
		return;
	node = store_get(c->api->store, RES_NODES, "", name);
	if (node && untolerated(node, NULL, evicting))
		ctl_dirty(c, CTL_TAINTS, "", name);
}
