/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pod.h - a pod and its containers, as pod.c, container.c, probe.c and status.c share them
 */
#ifndef NETEMU_KUBELET_POD_H
#define NETEMU_KUBELET_POD_H

#include "kubelet/backoff.h"
#include "kubelet/cni.h"
#include "kubelet/kubelet.h"

enum pod_stage {
	POD_WAITING, /* for its volumes' objects, or for the network */
	POD_CREATING, /* the runtime has been asked */
	POD_UP, /* its containers are started, and started again */
	POD_STOPPING, /* its containers are told to end */
	POD_ENDED, /* they have; what is left in the runtime (logs) stays until the object is deleted */
	POD_REMOVING, /* the runtime has been asked */
	_POD_STAGE_MAX,
};

enum container_state {
	CONTAINER_WAITING, /* never started in this life of the pod */
	CONTAINER_STARTING, /* the runtime has been asked */
	CONTAINER_RUNNING,
	CONTAINER_EXITED,
	_CONTAINER_STATE_MAX,
};

enum container_kind {
	CONTAINER_INIT,
	CONTAINER_SIDECAR, /* an init container with restartPolicy Always */
	CONTAINER_MAIN,
	_CONTAINER_KIND_MAX,
};

enum probe_kind { PROBE_STARTUP, PROBE_LIVENESS, PROBE_READINESS, _PROBE_KIND_MAX };

enum image_known { IMAGE_UNKNOWN, IMAGE_ASKED, IMAGE_THERE };

struct container {
	struct pod *pod;
	const char *name; /* of spec */
	json_t *spec; /* own reference */
	enum container_kind kind;
	enum container_state state;
	char id[64], old_id[64]; /* of the runtime: this attempt's and the one before; "": none */
	json_int_t attempt; /* of this one; the number of restarts */
	int status; /* CONTAINER_EXITED: wait status */
	time_t started_at, finished_at;
	json_t *end; /* CONTAINER_EXITED: what the runtime has said of that; or NULL */
	json_t *last; /* state of the attempt before ({"terminated": ...}), or NULL */
	const char *waiting; /* why it does not run: "CrashLoopBackOff"; NULL: the pod's stage says it */
	char *message; /* of waiting */
	struct backoff backoff, pull_backoff;
	time_t pull_failed; /* 0: not */
	enum image_known image; /* where netemu itself has nothing in its place */
	char image_id[72]; /* of an imported one; "": not that */
	struct loop_handle timer; /* when to try again */
	bool started, ready; /* as in its status */
	bool stopping; /* it was told to end */
	struct loop_handle kill_timer;
	struct probe *probes[_PROBE_KIND_MAX];
	struct probe *hook_run; /* a hook that runs */
};

struct pod {
	struct pod *next;
	struct kubelet *k;
	json_t *object; /* own reference, as the API server has it */
	json_t *ips; /* pinned addresses, or NULL */
	const char *ns, *name, *uid; /* of object */
	enum pod_stage stage;
	struct container *containers; /* init containers first */
	size_t n_containers;
	struct cni_pod net;
	pid_t proxy; /* hostports.c; 0: none */
	json_t *status; /* as told last, or as the object had it; never NULL */
	json_t *volumes; /* what the runtime has of its files: {name: files} */
	json_t *failed_mounts; /* {volume: message}, told as events already */
	time_t started_at; /* status.startTime */
	unsigned calls; /* to the runtime that are on their way */
	unsigned round; /* kubelet.sync_round when it was told last */
	bool host_network;
	bool dirty; /* its status is to be looked at */
	bool deleting; /* the object has a deletionTimestamp, or is gone */
	bool gone; /* the object is gone: nobody wants to hear of the pod */
	bool silent; /* it had ended before this kubelet began: its status stays as it is */
	bool dead; /* removed; freed when the last call is answered */
	bool in_runtime; /* pod.create has been answered */
	bool network_told; /* the event that there is no network */
	const char *reason; /* status.reason, of a pod that was ended: "DeadlineExceeded" */
	const char *message;
	int64_t grace; /* seconds; POD_STOPPING */
	struct loop_handle timer; /* when to try again; the deadline */
	struct loop_handle deadline;
};

/* ---- pods.c ---- */

/** pod_touch() - its status may be another: looked at when the loop has done what is at hand */
void pod_touch(struct pod *p);

/* ---- pod.c ---- */

/** pod_new() - from the object; @found: what the runtime has of it, or NULL */
struct pod *pod_new(struct kubelet *k, json_t *object, json_t *ips, const json_t *found);
/** pod_update() - the object is another one */
void pod_update(struct pod *p, json_t *object, json_t *ips);
/** pod_sync() - the next step; p may be gone after this */
void pod_sync(struct pod *p);
/** pod_stop() - end its containers, then (when deleting) remove it */
void pod_stop(struct pod *p, int64_t grace);
const char *pod_restart_policy(const struct pod *p);
/** pod_grace() - how long its containers may take to end */
int64_t pod_grace(const struct pod *p);
/** pod_free() - take it off the list and free it; when a call is on its way, then after the answer */
void pod_free(struct pod *p);
/** pod_call() - ask the runtime; @fn gets @arg. The pod lives until the answer. */
void pod_call(struct pod *p, json_t *request, const int *fds, size_t n_fds, rpc_reply_fn fn, void *arg);
/** pod_answered() - first thing in such a @fn. Return: false when the pod, or the kubelet, has ended: touch nothing. */
bool pod_answered(struct pod *p, const struct rpc_message *m);

/* ---- container.c ---- */

/** containers_make() - from the pod's spec, all waiting */
int containers_make(struct pod *p);
void container_done(struct container *c);
/** container_adopt() - the runtime has this of it */
void container_adopt(struct container *c, json_t *found);
/** container_start() - start it, or say why not (yet) */
void container_start(struct container *c);
/** container_should_restart() - whether what has ended is started again */
bool container_should_restart(const struct container *c);
/**
 * container_stop() - preStop, SIGTERM, and after @grace seconds SIGKILL
 * @why: for the event; NULL: "Stopping container X"
 *
 * Called again: only the time that is left changes.
 */
void container_stop(struct container *c, int64_t grace, const char *why);
/** container_update() - its spec is another: of what may change, only the image matters */
void container_update(struct container *c, json_t *spec);
/** container_user() - who its processes are: "1000", "1000:3000", or "" = root */
void container_user(const struct container *c, char *buf, size_t size);
/** container_exited() - it has ended; @said: exit of cluster/cri.h, borrowed */
void container_exited(struct container *c, json_t *said);
/** container_wait() - it does not run: @reason is a literal */
void container_wait(struct container *c, const char *reason, const char *fmt, ...) _printf_(3, 4);
static inline bool container_alive(const struct container *c)
{
	return c->state == CONTAINER_STARTING || c->state == CONTAINER_RUNNING;
}
/** container_succeeded() - ended with 0 */
static inline bool container_succeeded(const struct container *c)
{
	return c->state == CONTAINER_EXITED && c->status == 0;
}
struct container *container_find(const struct pod *p, const char *name);

/* ---- podenv.c ---- */

/**
 * podenv_make() - a container's environment
 * @ret: new array of "NAME=value"
 *
 * Return: 0; -EAGAIN: an object is still being asked for; another -errno: @e is the message of
 * CreateContainerConfigError.
 */
int podenv_make(const struct container *c, json_t **ret, struct error *e);
/** podenv_field() - the value of a fieldRef. Return: for free(3), NULL when there is no such field. */
char *podenv_field(const struct pod *p, const char *path);
/** podenv_resource() - the value of a resourceFieldRef; @container: whose. For free(3), NULL when there is none. */
char *podenv_resource(const struct pod *p, const char *container, const char *resource, const char *divisor);

/* ---- podfiles.c ---- */

/** podfiles_hosts(), podfiles_resolv() - /etc/hosts and /etc/resolv.conf of the pod, for free(3) */
char *podfiles_hosts(const struct pod *p);
char *podfiles_resolv(const struct pod *p);
/** podfiles_hostname() - what hostname(1) says in it, for free(3) */
char *podfiles_hostname(const struct pod *p);

/* ---- volumes.c ---- */

/**
 * volumes_make() - the runtime's list of the pod's volumes
 * @ret: new array
 *
 * Return: 0; -EAGAIN: an object is still being asked for; another -errno: a volume cannot be made, told as an event.
 */
int volumes_make(struct pod *p, json_t **ret);
/** volumes_culprit() - the name of the volume that the runtime's refusal is about, or NULL */
const char *volumes_culprit(const struct pod *p, const char *why);
/** volumes_update() - objects have changed: tell the runtime of files that are others now */
void volumes_update(struct pod *p);
/** volumes_mounts() - a container's mounts for the runtime; new array */
json_t *volumes_mounts(const struct container *c, const json_t *env);

/* ---- hostports.c ---- */

enum { HOSTPORTS_MAX = 64 };

/** hostports_start() - the ports of the node that a pod in the runtime wants; what goes wrong is an event */
void hostports_start(struct pod *p);
/** hostports_stop() - nobody listens any more when it returns */
void hostports_stop(struct pod *p);

/* ---- probe.c ---- */

/** probes_start() - the container runs now */
void probes_start(struct container *c);
void probes_stop(struct container *c);
/**
 * hook_start() - run a lifecycle handler once
 * @fn: called from the loop when it is over, unless hook_stop() came before
 */
typedef void (*hook_fn)(struct container *c, bool ok, const char *output);
struct probe *hook_start(struct container *c, const json_t *handler, hook_fn fn);
struct probe *hook_stop(struct probe *hook);

/* ---- status.c (pure) ---- */

/** status_make() - PodStatus; new reference */
json_t *status_make(const struct pod *p);
/** status_terminated() - {"terminated": ...} of a container that has ended; new reference */
json_t *status_terminated(const struct container *c);
/** status_phase() - "Pending", ... */
const char *status_phase(const struct pod *p);

#endif
