/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * noderoot.h - looking into a node's files from the host, without being led astray
 */
#ifndef NETEMU_ENGINE_NODEROOT_H
#define NETEMU_ENGINE_NODEROOT_H

#include <sys/types.h>

#include "base/error.h"

/**
 * noderoot_open() - open a file or directory of a node
 * @pid: of the node's init
 * @path: in the node, without the leading slash
 * @flags: of open(2); O_CLOEXEC and O_NONBLOCK are added
 *
 * Symbolic links are the node's, too: "/run/frr" leading to "/" does not mean the host's (openat2(2)
 * RESOLVE_IN_ROOT). Kernels and sandboxes without openat2 get a stricter rule: no link as the last component.
 *
 * Return: fd or -errno.
 */
int noderoot_open(pid_t pid, const char *path, int flags);

enum { FRR_ROUTING_MAX = 8 };

/**
 * noderoot_frr_daemons() - what an FRR image's entrypoint will start in a node, as far as routing waits for it
 * @ret: names, NULL-terminated, of at most FRR_ROUTING_MAX: watchfrr and zebra when the node has /etc/frr/daemons,
 *       and those of bgpd, ospfd and ospf6d that it turns on
 */
void noderoot_frr_daemons(pid_t pid, const char *ret[FRR_ROUTING_MAX]);

#endif
