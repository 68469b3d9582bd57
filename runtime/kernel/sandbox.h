/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sandbox.h - namespaces, root and init of a node
 */
#ifndef NETEMU_KERNEL_SANDBOX_H
#define NETEMU_KERNEL_SANDBOX_H

#include <sys/resource.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/strv.h"

/* What is bound: src; or, when fd is not negative, what that is. */
struct sandbox_bind {
	const char *src; /* on the host; with fd: for messages */
	const char *dst; /* in the node, absolute */
	bool ro;
	bool has_fd;
	int fd; /* a detached mount (rootfs_clone()); with has_mntns an O_PATH fd of something in that namespace */
	bool has_mntns;
	int mntns; /* mount namespace, the same one for all binds of a sandbox that have one */
	bool own; /* what the node has at dst, as a mount of its own; src is not looked at */
	bool fill; /* a directory that is empty gets what the node has at dst */
};

/** sandbox_binds_sort() - what lies in another mount comes after it */
void sandbox_binds_sort(struct sandbox_bind *binds, size_t n);

/* A tmpfs of its own. */
struct sandbox_tmpfs {
	const char *dst; /* in the node, absolute */
	const char *options; /* the kernel's */
	bool ro, noexec;
};

enum { SANDBOX_LANES = 4 };

struct sandbox_spec {
	const char *fs_dir; /* the lab's tmpfs (rootfs.h), as the calling process sees it */
	unsigned index; /* which n/I of it */
	const char *layer; /* what is part of the root besides layer/plain: "layer/frr"; or NULL */
	const char *image; /* directory that is its root instead of the host's, with @layer alone over it; or NULL */
	bool host_root; /* only PID, UTS and IPC namespaces: the host's files as they are */
	int netns; /* network namespace to live in */
	const char *hostname;
	const struct strv *host_mounts; /* from rootfs_host_mounts() */
	const struct sandbox_bind *binds;
	size_t n_binds;
	const struct sandbox_tmpfs *tmpfs;
	size_t n_tmpfs;
	const struct strv *cgroups; /* directories of the groups that it is born in, NULL: the caller's */
	struct rlimit nofile; /* RLIMIT_NOFILE in the node: the caller raises its own for the sake of the lab */
	char *const *env; /* of init, and so of everything in the node */
	int init_fd; /* sealed memfd of netemu-init, from sandbox_load_init() */
	int log_fd; /* unbound datagram socket to become the node's /dev/log, or -1 */
	int sock_fd; /* unbound socket to be bound to sock_path in the node, for root only, or -1 */
	const char *sock_path;
	bool read_only; /* the root, not what is bound into it */
	unsigned lane; /* below SANDBOX_LANES: of threads that spawn at the same time, each has one of its own */
	int listen_fd, events_fd; /* become AGENT_FD_LISTEN (-1: there is none) and AGENT_FD_EVENTS */
};

/**
 * sandbox_load_init() - copy netemu-init into a sealed memfd
 *
 * A node can then never write to the program that runs as its PID 1 (CVE-2019-5736).
 *
 * Return: its fd (close-on-exec), or -errno.
 */
int sandbox_load_init(const char *path, struct error *e);

/**
 * sandbox_prepare() - reserve the descriptors by which sandboxes are spawned at the same cost however many are open
 *
 * To be called while few are, with something harmless as stdin. Without it every spawn copies them all.
 */
int sandbox_prepare(struct error *e);

/**
 * sandbox_forks() - whether sandboxes are forked, for AddressSanitizer and valgrind (NETEMU_SPAWN=fork)
 *
 * A fork has only the thread that called it, and whatever lock another one held stays locked: no threads then.
 */
bool sandbox_forks(void);

/**
 * sandbox_spawn() - start the init of a node
 * @ret_pid: as the caller's PID namespace sees it
 *
 * Blocks until the child has built its root and become netemu-init, or has failed; its error comes back as if it
 * had happened here. Source: clone(2), pivot_root(2), mount(2), kernel Documentation/filesystems/overlayfs.rst.
 *
 * Return: a pidfd (close-on-exec), or -errno with no process left.
 */
int sandbox_spawn(const struct sandbox_spec *spec, pid_t *ret_pid, struct error *e);

#endif
