// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pods.c - the list of this node's pods: who gets which news, and when their statuses are told
 */
#include <string.h>

#include "kubelet/pod.h"

static struct pod *pod_find(const struct kubelet *k, const char *uid)
{
	for (struct pod *p = k->pods; p; p = p->next)
		if (strcmp(p->uid, uid) == 0)
			return p;
	return NULL;
}

/* ---- statuses ---- */

/* Between two states: what is said in a moment is worth more than what could be said now. */
static bool in_between(const struct pod *p)
{
	if (p->stage == POD_CREATING)
		return true;
	for (size_t i = 0; i < p->n_containers; i++)
		if (p->containers[i].state == CONTAINER_STARTING)
			return true;
	return false;
}

static void status_tell(struct pod *p)
{
	json_t *s = status_make(p);

	if (json_equal(s, p->status)) {
		json_decref(s);
		return;
	}
	json_decref(p->status);
	p->status = s;
	kubelet_send(p->k, json_pack("{s:s, s:s, s:s, s:s, s:O}", "op", "pod.status", "namespace", p->ns, "name",
				     p->name, "uid", p->uid, "status", s));
}

static void flush_due(struct loop *loop _unused_, struct loop_handle id _unused_, void *arg)
{
	struct kubelet *k = arg;

	k->flush = (struct loop_handle){ 0 };
	for (struct pod *p = k->pods; p; p = p->next) {
		if (!p->dirty || in_between(p) || p->gone || p->silent || !k->api)
			continue;
		p->dirty = false;
		status_tell(p);
	}
}

void pod_touch(struct pod *p)
{
	struct kubelet *k = p->k;

	p->dirty = true;
	if (!loop_exists(k->loop, k->flush))
		(void)loop_add_timer(k->loop, 0, flush_due, k, &k->flush, NULL);
}

void pods_resend(struct kubelet *k)
{
	for (struct pod *p = k->pods; p; p = p->next) {
		json_t *conditions = json_object_get(p->status, "conditions");

		/* What is left keeps the times of the conditions, and equals no status. */
		conditions = conditions ? json_incref(conditions) : json_array();
		json_decref(p->status);
		p->status = json_pack("{s:o}", "conditions", conditions);
		pod_touch(p);
	}
}

/* ---- news ---- */

/* Those that pod_sync() frees are not looked at again. */
static void sync_all(struct kubelet *k, const char *ns)
{
	struct pod *next;

	for (struct pod *p = k->pods; p; p = next) {
		next = p->next;
		if (ns && strcmp(p->ns, ns) != 0)
			continue;
		if (ns && p->in_runtime)
			volumes_update(p);
		pod_sync(p);
	}
}

void pods_network_changed(struct kubelet *k)
{
	sync_all(k, NULL);
}

void pods_objects_changed(struct kubelet *k, const char *ns)
{
	sync_all(k, ns);
}

static void pod_vanished(struct pod *p)
{
	p->gone = true;
	p->deleting = true;
	pod_stop(p, 0);
	pod_sync(p);
}

static struct pod *pod_admit(struct kubelet *k, json_t *object, json_t *ips)
{
	const char *uid = kube_uid(object);
	json_t *found = json_object_get(k->found, uid);
	struct pod *p = pod_new(k, object, ips, found);

	(void)json_object_del(k->found, uid);
	if (!p)
		return NULL;
	p->next = k->pods;
	k->pods = p;
	return p;
}

void pods_notify(struct kubelet *k, const char *type, json_t *object, json_t *ips)
{
	struct pod *p = pod_find(k, kube_uid(object));

	if (strcmp(type, "DELETED") == 0) {
		if (p)
			pod_vanished(p);
		return;
	}
	if (p)
		pod_update(p, object, ips);
	else
		p = pod_admit(k, object, ips);
	if (!p)
		return;
	p->round = k->sync_round;
	pod_touch(p);
	pod_sync(p);
}

static void removed(struct rpc_message *m _unused_, const struct error *e _unused_, void *arg _unused_)
{
}

void pods_synced(struct kubelet *k)
{
	const char *uid;
	struct pod *next;
	json_t *v;

	for (struct pod *p = k->pods; p; p = next) {
		next = p->next;
		if (p->round != k->sync_round)
			pod_vanished(p);
	}
	json_object_foreach (k->found, uid, v)
		rpc_peer_call(k->cri, json_pack("{s:s, s:s}", "op", "pod.remove", "uid", uid), NULL, 0, removed, NULL);
	(void)json_object_clear(k->found);
}

/* A container of a pod that the API server has not told of yet. */
static void found_exit(struct kubelet *k, const json_t *m)
{
	json_t *c;
	size_t i;

	json_array_foreach (json_at(k->found, json_text(m, "pod", NULL), "containers", NULL), i, c) {
		if (strcmp(json_text(c, "id", NULL), json_text(m, "id", NULL)) != 0)
			continue;
		(void)json_object_set_new(c, "state", json_string("exited"));
		(void)json_object_set(c, "status", json_object_get(m, "status"));
		(void)json_object_set(c, "finishedAt", json_object_get(m, "finishedAt"));
		(void)json_object_set(c, "reason", json_object_get(m, "reason"));
		(void)json_object_set(c, "message", json_object_get(m, "message"));
	}
}

void pods_exit(struct kubelet *k, json_t *m)
{
	struct pod *p = pod_find(k, json_text(m, "pod", NULL));
	struct container *c = p ? container_find(p, json_text(m, "name", NULL)) : NULL;

	if (!p)
		found_exit(k, m);
	if (!c || strcmp(c->id, json_text(m, "id", NULL)) != 0)
		return;
	container_exited(c, m);
	pod_touch(p);
	pod_sync(p);
}

void pods_free(struct kubelet *k)
{
	while (k->pods)
		pod_free(k->pods);
}
