/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmkernel.h - a kernel to boot: its image, its modules and what it is called
 *
 * Owns: finding these in the shapes in which kernels come. Refuses to know QEMU.
 */
#ifndef NETEMU_VM_VMKERNEL_H
#define NETEMU_VM_VMKERNEL_H

#include "base/error.h"

struct vm_kernel {
	char *name; /* for people and reports: the last part of what was given, without .deb */
	char *release; /* uname -r: 6.1.0-56-amd64 */
	char *image; /* bzImage, absolute */
	char *modules; /* the directory that holds modules.dep, absolute; NULL: the kernel has none */
};

/**
 * vm_kernel_open() - find a kernel
 * @what: one of
 *	- a Debian package (linux-image-*.deb): unpacked once, into the cache
 *	- a directory with boot/vmlinuz-RELEASE and lib/modules/RELEASE in it: an extracted package, build/kernels/NAME
 *	- a kernel's build tree, arch/x86/boot/bzImage; its modules, if it has any, are installed into the cache
 *	- a vmlinuz or bzImage: modules are those in ../lib/modules/RELEASE, then in /lib/modules/RELEASE
 *	- a NAME without a slash: NAME or linux-image-NAME, with or without .deb, is looked for in $NETEMU_KERNELS, in
 *	  kernels/ beside netemu itself (make kernels) and in the cache
 * @ret: to be freed with vm_kernel_done(), also on failure
 *
 * Modules without an index get one (depmod), where they are. The cache is kernels/ in $XDG_CACHE_HOME/netemu,
 * ~/.cache/netemu or, for root, /var/cache/netemu.
 *
 * Return: 0, or -ENOENT, -EINVAL and such with a message that says what was looked for, where.
 */
int vm_kernel_open(const char *what, struct vm_kernel *ret, struct error *e);
void vm_kernel_done(struct vm_kernel *k);
#define _cleanup_vm_kernel_ _cleanup_(vm_kernel_done)

/**
 * vm_kernel_modules() - files of modules, each after those that it needs
 * @names: NULL-terminated, without .ko, with _; built-in ones are left out of the answer
 * @ret_paths: NULL-terminated, to be freed with vm_paths_free(); a kernel without modules: empty
 * @ret_missing: the first of @names that the kernel does not have in any way, or NULL; NULL for one without modules
 *
 * Source: modules.dep(5), kernel Documentation/kbuild/kbuild.rst (modules.builtin).
 *
 * Return: 0 or -errno.
 */
int vm_kernel_modules(const struct vm_kernel *k, const char *const *names, char ***ret_paths, const char **ret_missing, struct error *e);
char **vm_paths_free(char **paths);
DEFINE_CLEANUP(char **, vm_paths_free);

#endif
