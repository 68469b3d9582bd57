/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rootfs.h - the lab's tmpfs: what all nodes' roots are made from
 *
 *   FS/layer/plain/   shared, read-only by use: empty /run, /tmp, /var/tmp, /var/log, a /dev, /etc/hosts, /etc/resolv.conf
 *   FS/layer/frr/     shared: /etc/frr from the package's defaults, empty /var/log/frr and /run/frr
 *   FS/layer/kind/    shared by the nodes of a cluster: their kubelet
 *   FS/layer/image/   shared by nodes with an imported root: what is below is that, not the host's
 *   FS/n/I/u, w       of node or container I: overlay's upper and work directories; what it wrote
 *   FS/p/             volumes of pods
 *   FS/root           mount point, used in each node's own mount namespace
 *
 * A node's root is overlay(u, layer/frr or kind, layer/plain, host's /): nothing is copied, and a node that writes
 * nothing costs nothing.
 */
#ifndef NETEMU_KERNEL_ROOTFS_H
#define NETEMU_KERNEL_ROOTFS_H

#include "base/error.h"
#include "base/strv.h"

/**
 * rootfs_private() - give the calling process a mount namespace of its own
 *
 * Mounts on the host still arrive (so that the host can unmount what it mounted), nothing goes back.
 */
int rootfs_private(struct error *e);

/** rootfs_build() - mount the lab's tmpfs on @fs_dir and fill the layers */
int rootfs_build(const char *fs_dir, struct error *e);

/**
 * rootfs_kubelet() - put the kubelet into layer/kind, and `systemctl` as another name of it
 * @program: fd of the program's file
 * @path: where a node shall have it, absolute
 */
int rootfs_kubelet(const char *fs_dir, int program, const char *path, struct error *e);

/**
 * rootfs_remove() - remove a directory of the tmpfs with all that is in it ("n/7", "p/UID")
 *
 * All but the last component of @path is ours alone. What is in it may be others', even while it is removed: no link is
 * followed, and nothing outside of it is touched.
 */
int rootfs_remove(const char *fs_dir, const char *path, struct error *e);

/**
 * rootfs_clone() - a mount of a file or directory that hangs nowhere yet, for a sandbox_bind
 * @fd: O_PATH fd of it
 *
 * Return: an fd (close-on-exec), or -errno.
 */
int rootfs_clone(int fd, struct error *e);

/** rootfs_unmount() - take the tmpfs away again, as far as the calling process sees it; best effort */
void rootfs_unmount(const char *fs_dir);

/** rootfs_node() - make the directories of node @index; those that are there already stay as they are */
int rootfs_node(const char *fs_dir, unsigned index, struct error *e);

/** rootfs_frr_daemons() - text of /etc/frr/daemons with @on turned on; NULL: out of memory */
char *rootfs_frr_daemons(const struct strv *on);

/**
 * rootfs_write() - (over)write a file in an area of the tmpfs
 * @area: "layer/plain", "layer/frr" or "n/3/u"
 * @path: as a node will see it, without the leading slash: "etc/hosts"; missing directories are made with the
 *        mode that the host's have
 */
int rootfs_write(const char *fs_dir, const char *area, const char *path, const char *text, struct error *e);

/**
 * rootfs_shell() - make bash a root's shell of the name @name ("sh", "ash"), in usr/bin and where the host has it, in bin
 * @area: as of rootfs_write()
 *
 * Busybox' shell is between dash and bash, and what is written for it runs with bash. A host without bash keeps what it has.
 */
int rootfs_shell(const char *fs_dir, const char *area, const char *name, struct error *e);

/** rootfs_busybox() - what a root has whose image is Alpine's: `sh` as above, and an `apk` that installs nothing */
int rootfs_busybox(const char *fs_dir, const char *area, struct error *e);

/**
 * rootfs_read() - what a node, or a container, has written to a file of its root
 * @area, @path: as of rootfs_write()
 *
 * Return: how many bytes are in @buf; 0 also when there is no such file, or it is none (a link, a FIFO).
 */
size_t rootfs_read(const char *fs_dir, const char *area, const char *path, char *buf, size_t size);

/**
 * rootfs_host_mounts() - file systems of the host below /usr, /var, /etc ... that an overlay of / would not show
 * @ret: mount points, parents first, e.g. "usr", "var/lib/frr"
 */
int rootfs_host_mounts(struct arena *a, struct strv *ret, struct error *e);

#endif
