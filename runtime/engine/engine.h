/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine.h - executes a plan
 *
 * Owns: the descriptors of everything that a lab is made of. All of it hangs on the calling process: when that
 * ends, the kernel takes namespaces, links, mounts, firewall table and (through the outer PID namespace) all
 * processes with it. What is left to undo by hand are files, and these are named in the state before they are
 * made. Refuses to run commands: that is the supervisor's.
 */
#ifndef NETEMU_ENGINE_ENGINE_H
#define NETEMU_ENGINE_ENGINE_H

#include <sys/resource.h>

#include "engine/spawner.h"
#include "engine/state.h"
#include "plan/plan.h"

struct cgroup_host;
struct late;
struct nlconn;
struct nft_table;

/* The search path of what a node or container starts, unless it has another. */
#define ENGINE_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct engine_node {
	int pidfd; /* of the node's init, -EBADF: none */
	pid_t pid; /* host view */
	uint64_t starttime;
	int log; /* what its programs tell syslog(3), for images with daemons; -EBADF: none */
	int cri; /* bound to CRI_SOCKET in a node of a cluster, to be listened on; -EBADF: none */
	int events; /* our end of AGENT_FD_EVENTS */
	uint64_t oom_kills; /* processes that were killed when it was */
	int oom; /* readable when its memory is used up; -EBADF: it has no limit */
};

/* A port that is published. */
struct engine_port {
	int fd; /* listens, until ports_serve() */
	size_t node;
	const struct port_map *map;
	uint16_t host_port; /* the one that it became */
};

struct engine {
	const struct plan *plan;
	const char *dir; /* /run/netemu/LAB */
	int dirfd, nodes_dirfd, netns_dirfd, procfd, init_fd;
	int abort_fd; /* readable: stop; -1: none */
	int kubelet_fd; /* netemu-kubelet for the nodes of a cluster, borrowed; -1: none */
	pid_t self; /* host view */
	int current_ns; /* index in plan.ns */
	int *ns_fd; /* one a plan.ns */
	struct nlconn **conn; /* one a plan.ns, open while the plan is applied */
	uint32_t *ifindex; /* one a plan.ifs, 0 = not known yet */
	struct engine_node *nodes;
	struct nft_table *nft;
	struct cgroup_host *cgroups; /* of the host; NULL: no node has limits */
	struct engine_port *ports;
	size_t n_ports;
	pid_t ports_pid; /* of the process that serves them, 0: none */
	struct strv *node_cgroups; /* one a node: directories of its groups */
	struct strv host_mounts;
	int *images; /* fds that hold the imported images of its nodes */
	size_t n_images;
	pthread_mutex_t lock; /* of arena and warn */
	struct spawner spawner; /* at work during engine_apply() */
	struct rlimit nofile; /* as it was before engine_init() */
	struct late *late; /* what is made by steps of nodes; NULL: nothing */
	struct arena arena;
	bool made_netns_dir;
	bool applied; /* engine_apply() has succeeded */
	void (*warn)(void *arg, const char *msg); /* what goes wrong without ending the run */
	void *warn_arg;
};

/**
 * engine_init() - prepare to apply @plan; the calling process may have as many descriptors as it can from now on
 * @dir: /run/netemu/LAB, locked by the caller, with @dirfd
 * @init_fd: sealed memfd of netemu-init; stays the caller's
 *
 * Return: 0 or -errno; engine_done() in either case.
 */
int engine_init(struct engine *en, const struct plan *plan, const char *dir, int dirfd, int init_fd, struct error *e);

/**
 * engine_apply() - make everything real up to the nodes' inits
 *
 * Return: 0; -ECANCELED when abort_fd became readable; another -errno: the calling process must end, then
 * nothing is left.
 */
int engine_apply(struct engine *en, struct error *e);

/** engine_node_make() - the sandbox and the init of a node, for the first time; of the spawner's lane @lane. Return: 0 or -errno. */
int engine_node_make(struct engine *en, size_t node, unsigned lane, struct error *e);

/** engine_lock() - for who uses arena or warn while lanes are at work; engine_unlock() after */
void engine_lock(struct engine *en);
void engine_unlock(struct engine *en);

/** engine_node_late() - make the sandbox and the init of a late node (plan_node.late). Return: 0 or -errno. */
int engine_node_late(struct engine *en, size_t node, struct error *e);

/**
 * engine_link_make() - make what is due of a late link, if it is one
 * @here: whether the node of each end is ready for it; an end that is no node's always is
 *
 * Return: 0 or -errno.
 */
int engine_link_make(struct engine *en, size_t link, const bool here[2], struct error *e);

/**
 * engine_node_start() - make the sandbox and the init of a node again, over its old files and in its old network namespace
 *
 * Return: 0 or -errno; engine_node_close() in either case, when it is over.
 */
int engine_node_start(struct engine *en, size_t node, struct error *e);

/** engine_node_close() - forget an init that is dead: its descriptors, its socket */
void engine_node_close(struct engine *en, size_t node);

/** engine_state() - the state as it is to be written; strings are borrowed from lab and plan */
struct lab_state *engine_state(const struct engine *en, const char *status);

/** engine_remove_host_links() - delete the lab's links in the host's and other labs' namespaces, before its own go */
void engine_remove_host_links(struct engine *en);

/** engine_unmount() - take the lab's file system off its directory, so that the directory can be removed */
void engine_unmount(const struct engine *en);

void engine_done(struct engine *en);

/** pidfd_host_pid() - the process of a pidfd as /proc (the host's) sees it. Return: 0 when it is gone. */
pid_t pidfd_host_pid(int pidfd);

#endif
