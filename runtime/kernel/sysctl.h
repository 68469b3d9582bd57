/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysctl.h - kernel settings below /proc/sys, of the current namespaces
 *
 * Owns: the way from a key to a file that is certainly a sysctl. Refuses keys that are not a namespace's own: a
 * lab must not be able to change the host (kernel.core_pattern would be a way out of a node).
 */
#ifndef NETEMU_KERNEL_SYSCTL_H
#define NETEMU_KERNEL_SYSCTL_H

#include "base/error.h"

enum { SYSCTL_PATH_MAX = 256 };

/**
 * sysctl_open() - a descriptor of procfs, for all later calls
 * @ret_fd: close-on-exec
 *
 * Preferably of a procfs of our own that nobody can have mounted anything over (fsopen(2), 5.2, privileged);
 * else /proc. A node's settings are reached by entering its network namespace, with the same descriptor: what
 * /proc/sys/net shows is looked up for whoever asks.
 *
 * Return: 0 or -errno; -EINVAL when /proc is something else.
 */
int sysctl_open(int *ret_fd, struct error *e);

/**
 * sysctl_path() - "net.ipv4.ip_forward" or "net/ipv4/ip_forward" -> "net/ipv4/ip_forward"
 * @buf: SYSCTL_PATH_MAX bytes
 *
 * As sysctl(8): the first separator decides. After a dot, dots separate and a slash stands for a dot
 * (net.ipv4.conf.eth0/100.forwarding); after a slash, dots are dots (net/ipv4/conf/eth0.100/forwarding).
 * Pure.
 *
 * Return: 0; -EINVAL for empty parts, "." and "..", a slash in front, control characters, or a key too long.
 */
int sysctl_path(const char *key, char *buf);

/**
 * sysctl_is_namespaced() - whether a path of sysctl_path() belongs to the network, IPC or UTS namespace
 *
 * net/..., kernel/{shm*,msg*,sem,hostname,domainname}, fs/mqueue/...: what docker(1) --sysctl allows. Pure.
 */
bool sysctl_is_namespaced(const char *path);

/**
 * sysctl_write() - set one, in the current namespaces
 * @procfd: of sysctl_open(); a descriptor of anything else is refused
 * @value: written in one write(2), a newline is not needed
 *
 * No symlink is followed and no mount entered on the way.
 *
 * Return: 0 or -errno; -EPERM for a key that is not a namespace's own, -ENOENT for one the kernel lacks.
 */
int sysctl_write(int procfd, const char *key, const char *value, struct error *e);

/** sysctl_read() - the value of any key, without its newline, cut at @size. Return: 0 or -errno. */
int sysctl_read(int procfd, const char *key, char *buf, size_t size, struct error *e);

#endif
