/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cri_internal.h - what the cri*.c files share: pods, containers, who asks for them
 *
 *   cri.c           connections, the table of operations
 *   cri_pod.c       the registry, pods
 *   cri_volume.c    what a pod's containers find mounted
 *   cri_container.c containers: start, stop, exit, remove
 *   cri_stream.c    what they print and read: log, attach
 */
#ifndef NETEMU_SUPERVISOR_CRI_INTERNAL_H
#define NETEMU_SUPERVISOR_CRI_INTERNAL_H

#include <jansson.h>
#include <time.h>

#include "base/strbuf.h"
#include "cluster/cri.h"
#include "kernel/sandbox.h"
#include "supervisor/crilog.h"
#include "supervisor/internal.h"
#include "supervisor/rpcpeer.h"

enum { CRI_BUCKETS = 4096, CRI_ID_LEN = 17 };

/* A node of the cluster. */
struct cri_node {
	struct cri *cri;
	size_t index; /* in the lab */
	struct acceptor acceptor;
	struct cri_client *clients;
	struct pod *pods;
};

/* Who asks: a kubelet, or the API server. Lives as long as something is to be answered. */
struct cri_client {
	struct cri *cri;
	struct cri_node *node; /* NULL: the API server, for all nodes */
	struct rpc_peer *peer; /* NULL: has gone */
	struct cri_client *next, **prev;
	unsigned refs;
};

/* An answer that is still to be given. */
struct cri_waiter {
	struct cri_waiter *next;
	struct cri_client *client;
	json_int_t id;
};

/* A request while it is handled. */
struct cri_call {
	struct cri_client *client;
	struct rpc_message *m;
	json_int_t id;
	json_t *reply; /* what the handler makes of it; NULL: empty */
	int fds[RPC_FDS_MAX];
	size_t n_fds;
	bool later; /* the handler has kept a waiter */
};

struct pod {
	struct pod *same_hash;
	struct pod *next, **prev; /* of the node */
	struct cri_node *node;
	json_t *spec; /* the request, without the files of its volumes */
	const char *uid; /* in spec */
	int netns; /* -EBADF: the node's */
	struct container *containers;
	json_t *kept_logs; /* array of ids */
	struct cri_waiter *waiters;
	bool removing;
};

enum stream_index { STREAM_OUT, STREAM_ERR, _STREAM_MAX };

/* A client that sees what a container prints. */
struct attached {
	struct attached *next, **prev;
	struct loop *loop;
	struct loop_handle handle;
	int fd;
};

struct stream {
	struct container *container;
	const char *name; /* "stdout" */
	int fd; /* pipe or pty, -EBADF: ended, or never there */
	struct loop_handle handle;
	struct strbuf partial;
	struct attached *attached;
};

struct container {
	struct container *same_hash;
	struct container *next, **prev; /* of the pod */
	struct pod *pod;
	json_t *spec; /* the request, without what only mattered at its start */
	char id[CRI_ID_LEN];
	unsigned index; /* n/I of the lab's tmpfs */
	int image; /* fd that holds its imported image; -EBADF: it has none */
	int pidfd, events; /* of its init; -EBADF: dead */
	struct loop_handle pidfd_handle, events_handle;
	pid_t pid; /* of its init, host view */
	bool has_main, running;
	int status; /* wait status, when it is not running */
	struct timespec started, finished;
	const char *reason; /* of its end, when it is not its own: "StartError" */
	json_t *message; /* of its end, or NULL */
	struct stream streams[_STREAM_MAX]; /* a tty: only the first */
	bool tty;
	int in; /* writing end of its stdin; a tty: its master; -EBADF: none */
	struct crilog log;
	bool removing, keep_log;
	struct cri_waiter *waiters;
};

struct cri {
	struct lab_run *run;
	char fs_dir[512];
	int logs; /* CRI_LOG_DIR */
	json_t *cluster, *cluster_nodes; /* cluster.json without its nodes; its nodes, one a node of the lab or null */
	struct cri_node *nodes; /* one a node of the lab */
	struct cri_client *apiserver; /* NULL: none at present */
	struct pod *pods[CRI_BUCKETS];
	struct container *containers[CRI_BUCKETS];
	unsigned next_index;
};

/* ---- cri.c ---- */

/** cri_later() - answer @call when *@list is answered. Return: 0 or -errno. */
int cri_later(struct cri_call *call, struct cri_waiter **list, struct error *e);
/** cri_answer() - answer all of *@list and forget them. @e: NULL: done. */
void cri_answer(struct cri_waiter **list, const struct error *e);
/** cri_notify() - tell a node's kubelet; @body's reference is taken */
void cri_notify(struct cri_node *node, json_t *body);
/** cri_give() - a descriptor of the answer, which takes it */
void cri_give(struct cri_call *call, int fd);

/* ---- cri_pod.c ---- */

uint32_t cri_hash(const char *s);
/** pod_find() - a pod that the client may know of. Return: 0 or -ENOENT. */
int pod_find(const struct cri_call *call, const char *key, struct pod **ret, struct error *e);
/** pod_netns() - the network namespace that a pod lives in, borrowed */
int pod_netns(const struct pod *pod);
/** pod_container_gone() - one of its containers is no more: perhaps the pod waits for that */
void pod_container_gone(struct pod *pod);
/** pod_end() - kill and remove it and all that it has, as soon as that has ended */
void pod_end(struct pod *pod);

int op_list(struct cri_call *call, struct error *e);
int op_pod_create(struct cri_call *call, struct error *e);
int op_pod_files(struct cri_call *call, struct error *e);
int op_pod_remove(struct cri_call *call, struct error *e);
int op_pod_socket(struct cri_call *call, struct error *e);

/* ---- cri_volume.c ---- */

/** cri_volumes_make() - the directories and files of a new pod's volumes. On failure, volumes_remove(). */
int cri_volumes_make(struct pod *pod, struct error *e);
void volumes_remove(const struct pod *pod);
/** volume_set_files() - a volume's files become these, all at once */
int volume_set_files(const struct pod *pod, const char *volume, const json_t *files, struct error *e);

/* The mounts of a container while it is started; zeroed: none. */
struct mounts {
	struct sandbox_bind *binds;
	size_t n;
	int mntns;
};

/** mounts_open() - @mounts: array, of the request */
int mounts_open(const struct pod *pod, const json_t *mounts, struct mounts *ret, struct error *e);
void mounts_done(struct mounts *m);

/* ---- cri_container.c ---- */

int cri_container_find(const struct cri_call *call, struct container **ret, struct error *e);
/** container_end() - kill it if need be, then remove it */
void container_end(struct container *c);
/** container_events() - take what its init has said */
void container_events(struct container *c);
/** container_json() - as `list` tells it; new reference */
json_t *container_json(const struct container *c);

int op_image_find(struct cri_call *call, struct error *e);
int op_container_start(struct cri_call *call, struct error *e);
int op_container_stop(struct cri_call *call, struct error *e);
int op_container_remove(struct cri_call *call, struct error *e);
int op_container_connect(struct cri_call *call, struct error *e);

/* ---- cri_stream.c ---- */

/** stream_open() - follow what comes from @fd, which is taken. Return: 0 or -errno. */
int stream_open(struct container *c, enum stream_index i, int fd, struct error *e);
/** stream_drain() - take what was printed before now */
void stream_drain(struct stream *s);
/** streams_close() - without reading on */
void streams_close(struct container *c);

int op_container_attach(struct cri_call *call, struct error *e);
int op_container_resize(struct cri_call *call, struct error *e);

/* ---- cluster_json.c ---- */

/** cluster_json() - cluster.json as of apiserver/api.h; new reference, NULL when out of memory */
json_t *cluster_json(const struct plan *plan);

#endif
