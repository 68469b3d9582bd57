// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cri_pod.c - the registry of pods
 *
 * A pod is what its containers share: a network namespace that its kubelet made, volumes, the texts of /etc/hosts and
 * /etc/resolv.conf. It ends when its kubelet says so, or with its node. Ending takes as long as its containers take to
 * die; meanwhile it is still listed by nobody and takes no new container.
 */
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/vfs.h>

#include "cluster/jsonutil.h"
#include "kernel/netns.h"
#include "supervisor/cri_internal.h"

uint32_t cri_hash(const char *s)
{
	uint32_t h = 2166136261U;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619U;
	return (h ^ h >> 15) % CRI_BUCKETS;
}

static struct pod *pod_by_uid(const struct cri *cri, const char *uid)
{
	for (struct pod *p = cri->pods[cri_hash(uid)]; p; p = p->same_hash)
		if (strcmp(p->uid, uid) == 0)
			return p;
	return NULL;
}

int pod_find(const struct cri_call *call, const char *key, struct pod **ret, struct error *e)
{
	const char *uid = json_text(call->m->body, key, NULL);
	struct pod *p = pod_by_uid(call->client->cri, uid);

	if (!p || p->removing || (call->client->node && call->client->node != p->node))
		return error_set(e, ENOENT, "no pod '%s'", uid);
	*ret = p;
	return 0;
}

int pod_netns(const struct pod *pod)
{
	const struct lab_run *run = pod->node->cri->run;

	return pod->netns >= 0 ? pod->netns : run->engine.ns_fd[run->spec->plan->nodes[pod->node->index].ns];
}

/* ---- create ---- */

static bool is_netns(int fd)
{
	struct statfs sf;

	return fstatfs(fd, &sf) == 0 && sf.f_type == NSFS_MAGIC && ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET;
}

static int pod_check(const struct cri_call *call, struct error *e)
{
	const char *uid = json_text(call->m->body, "uid", NULL);

	if (!call->client->node)
		return error_set(e, EPERM, "pod.create: only a kubelet makes pods");
	if (!state_name_valid(uid))
		return error_set(e, EINVAL, "'%s' cannot be the uid of a pod", uid);
	if (pod_by_uid(call->client->cri, uid))
		return error_set(e, EEXIST, "pod '%s' is there already", uid);
	if (!json_bool(call->m->body, "hostNetwork", NULL) && (call->m->n_fds < 1 || !is_netns(call->m->fds[0])))
		return error_set(e, EBADF, "pod '%s' comes without its network namespace", uid);
	return 0;
}

static void pod_link(struct pod *p)
{
	struct pod **bucket = &p->node->cri->pods[cri_hash(p->uid)];

	p->same_hash = *bucket;
	*bucket = p;
	p->next = p->node->pods;
	p->prev = &p->node->pods;
	if (p->next)
		p->next->prev = &p->next;
	p->node->pods = p;
}

static void pod_unlink(struct pod *p)
{
	struct pod **at = &p->node->cri->pods[cri_hash(p->uid)];

	while (*at != p)
		at = &(*at)->same_hash;
	*at = p->same_hash;
	*p->prev = p->next;
	if (p->next)
		p->next->prev = p->prev;
}

static void pod_free(struct pod *p)
{
	volumes_remove(p);
	(void)fd_close(p->netns);
	json_decref(p->kept_logs);
	json_decref(p->spec);
	free(p);
}

/* What is only needed to make it does not stay in memory: Secrets, for one. */
static void spec_forget_files(json_t *spec)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(spec, "volumes"), i, v)
		(void)json_object_del(v, "files");
}

int op_pod_create(struct cri_call *call, struct error *e)
{
	struct pod *p;
	int r = pod_check(call, e);

	if (r < 0)
		return r;
	p = calloc(1, sizeof(*p));
	if (!p)
		return error_oom(e);
	*p = (struct pod){ .node = call->client->node, .spec = json_incref(call->m->body), .netns = -EBADF };
	p->uid = json_text(p->spec, "uid", NULL);
	p->kept_logs = json_array();
	if (!json_bool(p->spec, "hostNetwork", NULL))
		p->netns = TAKE_FD(call->m->fds[0]);
	r = cri_volumes_make(p, e);
	if (r < 0) {
		pod_free(p);
		return r;
	}
	spec_forget_files(p->spec);
	pod_link(p);
	return 0;
}

/* ---- list ---- */

static json_t *pod_json(const struct pod *p)
{
	json_t *containers = json_array();
	json_t *opaque = json_object_get(p->spec, "opaque");

	for (const struct container *c = p->containers; c; c = c->next)
		if (!c->removing)
			(void)json_array_append_new(containers, container_json(c));
	return json_pack("{s:s, s:s, s:s, s:O, s:o}", "uid", p->uid, "name", json_text(p->spec, "name", NULL), "namespace",
			 json_text(p->spec, "namespace", NULL), "opaque", opaque ? opaque : json_null(), "containers", containers);
}

int op_list(struct cri_call *call, struct error *e)
{
	const struct cri *cri = call->client->cri;
	json_t *pods = json_array();

	(void)e;
	for (size_t i = 0; i < cri->run->spec->plan->lab->n_nodes; i++) {
		if (call->client->node && call->client->node != &cri->nodes[i])
			continue;
		for (const struct pod *p = cri->nodes[i].pods; p; p = p->next)
			if (!p->removing)
				(void)json_array_append_new(pods, pod_json(p));
	}
	call->reply = json_pack("{s:o}", "pods", pods);
	return 0;
}

/* ---- the rest ---- */

int op_pod_files(struct cri_call *call, struct error *e)
{
	struct pod *p;
	const int r = pod_find(call, "uid", &p, e);

	return r < 0 ? r : volume_set_files(p, json_text(call->m->body, "volume", NULL), json_object_get(call->m->body, "files"), e);
}

static void pod_gone(struct pod *p)
{
	struct cri_waiter *waiters = p->waiters;
	json_t *id;
	size_t i;

	json_array_foreach(p->kept_logs, i, id) {
		char name[CRILOG_NAME_LEN];

		(void)snprintf(name, sizeof(name), "%s.log", json_string_value(id));
		crilog_remove(p->node->cri->logs, name);
	}
	pod_unlink(p);
	pod_free(p);
	cri_answer(&waiters, NULL);
}

void pod_container_gone(struct pod *p)
{
	if (p->removing && !p->containers)
		pod_gone(p);
}

void pod_end(struct pod *p)
{
	struct container *next;

	if (p->removing)
		return;
	for (struct container *c = p->containers; c; c = next) {
		next = c->next;
		container_end(c);
	}
	p->removing = true;
	pod_container_gone(p);
}

int op_pod_remove(struct cri_call *call, struct error *e)
{
	struct pod *p = pod_by_uid(call->client->cri, json_text(call->m->body, "uid", NULL));
	int r;

	if (!p || (call->client->node && call->client->node != p->node))
		return 0;
	r = cri_later(call, &p->waiters, e);
	if (r == 0)
		pod_end(p);
	return r;
}

int op_pod_socket(struct cri_call *call, struct error *e)
{
	const json_int_t family = json_int(call->m->body, 4, "family", NULL);
	struct pod *p;
	int fd = pod_find(call, "uid", &p, e);

	if (fd == 0)
		fd = netns_socket(pod_netns(p), family == 6 ? AF_INET6 : AF_INET, SOCK_STREAM, e);
	if (fd < 0)
		return fd;
	cri_give(call, fd);
	return 0;
}
