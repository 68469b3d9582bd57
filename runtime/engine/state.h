/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - what is known of a lab on disk: /run/netemu/LAB/
 *
 *   /run/netemu/              0700 root
 *   /run/netemu/LAB/          the supervisor (and `run` until it hands over) holds flock(2) on this directory:
 *                             who can take the lock knows that the lab is dead, and may sweep it
 *     state.json              0600; written tmp + fsync + rename, first with status "creating" before anything is made
 *     ctl.sock                control socket of the supervisor (SOCK_SEQPACKET, 0600)
 *     nodes/NODE.sock         one a node: its init (agent/proto.h)
 *     logs/                   supervisor/logstore.h
 *     podlogs/                of a cluster's containers, supervisor/crilog.h
 *     kube/                   of its API server: cluster.json, journal, kubeconfig, certificates, api.sock
 *     artefacts               what was made elsewhere for the user to see, engine/labdir.h
 *     fs/                     mount point (in the supervisor's mount namespace only)
 *   /run/netns/LONGNAME       symlink to /proc/SUPERVISOR/fd/N, one a node
 *
 * Refuses to know how a lab is made or run.
 */
#ifndef NETEMU_ENGINE_STATE_H
#define NETEMU_ENGINE_STATE_H

#include <sys/types.h>

#include "base/error.h"
#include "base/strv.h"

enum { STATE_VERSION = 1 };

struct daemon_state {
	const char *name; /* "bgpd" */
	pid_t pid; /* host view; 0 when dead */
	bool running;
	unsigned deaths; /* how often it was seen to die */
	int last_status; /* wait status of the last death */
};

/* One of the last health checks. */
struct check_state {
	int64_t start_us, end_us; /* since the epoch */
	int exit_code; /* -1: it had to be killed, or could not be started */
	const char *output;
};

struct node_state {
	const char *name, *longname, *kind, *image, *hostname, *group;
	const char *net_mode; /* "mgmt", "none", "host", "container:X" */
	pid_t pid; /* of the node's init, host view; 0: has none (kind bridge) */
	uint64_t starttime; /* of that pid, field 22 of /proc/PID/stat */
	int netns_fd; /* fd number in the supervisor, -1: none of its own */
	int bridge_fd; /* kind bridge: fd number in the supervisor of the namespace that it is in, 0: not there yet */
	const char *ipv4, *ipv6; /* eth0, "172.20.20.2/24", or "" */
	const char *command; /* main command as one line for shlex_split(), "" = idle */
	const char *image_id; /* of the imported image that is its root, "" = the host's files */
	const char *user, *workdir; /* of that image, for `exec`; "" = root, "/" */
	struct strv ports; /* that are published, "0.0.0.0:8080->80/tcp" */
	struct strv labels; /* the file's own, "K=V"; plan/artefacts.h makes containerlab's of it */
	/* from the supervisor, valid after state_refresh() */
	const char *state; /* "running", "exited", "stopped", "paused", "starting", "stopping", "dead", "created" */
	int exit_status; /* wait status of the main command when "exited" or "stopped" */
	int64_t started_at, finished_at; /* seconds since the epoch; finished_at 0: it has not ended yet */
	unsigned restarts; /* how often it was started again */
	const char *health; /* "starting", "healthy", "unhealthy"; "": not checked */
	unsigned failing_streak;
	struct check_state *checks; /* the oldest first */
	size_t n_checks;
	struct daemon_state *daemons;
	size_t n_daemons;
};

struct link_state {
	int32_t node[2]; /* indices into nodes */
	const char *ifname[2];
};

struct lab_state {
	struct arena arena;
	int version;
	const char *name;
	const char *type; /* "topology" or "cluster" */
	const char *status; /* "creating", "running" */
	const char *path; /* of the topology file, absolute */
	const char *lab_dir; /* clab-LAB, absolute, "" for a cluster */
	const char *prefix; /* before node names in long names */
	const char *owner; /* user who typed it (SUDO_USER or root) */
	const char *mgmt_network, *mgmt_dev; /* network name; the host's interface on it, "" = none */
	const char *mgmt_ipv4, *mgmt_ipv6; /* subnets as text, "" = none */
	pid_t supervisor; /* host view */
	uint64_t starttime; /* of the supervisor */
	int64_t created; /* seconds since the epoch */
	struct strv cgroups; /* directories of the groups that its nodes are in */
	bool made_netns_dir; /* /run/netns did not exist before */
	struct node_state *nodes;
	size_t n_nodes;
	struct link_state *links;
	size_t n_links;
};

/** state_dir_root() - "/run/netemu" (NETEMU_RUNDIR overrides it, for tests) */
const char *state_dir_root(void);

/** state_dir_netns() - "/run/netns" (NETEMU_NETNSDIR overrides it, for tests) */
const char *state_dir_netns(void);

/**
 * state_name_valid() - whether @name may be part of a path here
 *
 * A lab's, node's or long name: a letter, digit or '_', then also '.', '-' and '|' ("bridge|node"); 200 bytes at most.
 */
bool state_name_valid(const char *name);

/**
 * state_lock() - create /run/netemu/LAB when needed and take its lock
 *
 * A dead lab of that name is swept first. O_NOFOLLOW throughout; directories are 0700 root. The lock lives as
 * long as any copy of the fd does; the fd is close-on-exec.
 *
 * Return: an fd of the locked directory, -EBUSY when the lab is alive (the error names its supervisor),
 * another -errno.
 */
int state_lock(const char *lab, struct error *e);

/**
 * state_lock_plan() - wait until no other `run` is between choosing its subnet and having it
 * @dirfd: from state_lock()
 *
 * Return: an fd (close-on-exec) that is the lock, or -errno.
 */
int state_lock_plan(int dirfd, struct error *e);

/** state_await_dying() - when the lab's supervisor has been killed but is not dead yet, wait until it is */
void state_await_dying(const char *lab, unsigned timeout_ms);

/** state_remove() - remove all files of a lab whose lock is held as @dirfd, its /run/netns names, and empty parents */
int state_remove(const char *lab, int dirfd, struct error *e);

/** state_sweep() - remove the files of every dead lab. Return: how many, or -errno. */
int state_sweep(struct error *e);

/** state_save() - write state.json in @dirfd: temporary file, fsync, rename */
int state_save(const struct lab_state *st, int dirfd, struct error *e);

/**
 * state_load() - read a running lab's state
 *
 * Return: 0; -ENOENT no such lab (also when it is dead: swept on the way); -EPROTO written by a newer netemu,
 * truncated, or naming a supervisor that is not the one that holds the lock.
 */
int state_load(const char *lab, struct lab_state **ret, struct error *e);
void state_free(struct lab_state *st);
static inline void state_freep(struct lab_state **st)
{
	if (*st)
		state_free(*st);
}

/** state_names() - names of all running labs, sorted; dead ones are swept */
int state_names(struct arena *a, struct strv *ret, struct error *e);

/**
 * state_find_node() - the lab and node that @name means
 * @lab: --lab, or NULL for any
 * @name: a short name that is unique among running labs, or a long name
 *
 * Must be cheap, every `exec` does it: *ret may hold this node only, and no links.
 *
 * Return: 0; -ENOENT (the error lists the nodes there are, or says that no lab runs); -EEXIST when several labs
 * have it (the error names them and says how to choose).
 */
int state_find_node(const char *lab, const char *name, struct lab_state **ret, size_t *ret_index, struct error *e);

/**
 * state_refresh() - ask the supervisor for what changes: node states, daemons
 *
 * Sends "status" on ctl.sock; the answer is one JSON document in a memfd (SCM_RIGHTS):
 * {"nodes":[{"name":..,"state":..,"exit_status":N,"daemons":[{"name":..,"pid":N,"running":true,"deaths":N,"last_status":N}]}]}
 */
int state_refresh(struct lab_state *st, struct error *e);

struct ctl_order;
/** state_order() - have a running lab's supervisor carry out an order (engine/ctl.h) and wait until it has. Return: 0 or -errno. */
int state_order(const char *lab, const struct ctl_order *order, struct error *e);

struct strbuf;
/** state_status_format() - the supervisor's side: that document, from name, state, exit_status and daemons of @st */
void state_status_format(const struct lab_state *st, struct strbuf *out);

/** state_pid_starttime() - field 22 of /proc/PID/stat. Return: 0 or -errno. */
int state_pid_starttime(pid_t pid, uint64_t *ret);

/**
 * state_destroy() - end a lab and wait until its names and files are gone, and its processes unless they are many
 * @kill_after_ms: SIGTERM first, SIGKILL when the supervisor is not gone by then
 * @all_dead: wait for its processes however many; otherwise those of more than 256 nodes may still be about to die
 *
 * Return: 0 (also when there is no such lab), or -errno.
 */
int state_destroy(const char *lab, unsigned kill_after_ms, bool all_dead, struct error *e);

#endif
