/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * initrd.h - an initramfs in memory
 *
 * Owns: the format, "newc" of cpio(5) as the kernel's Documentation/driver-api/early-userspace/buffer-format.rst has it.
 */
#ifndef NETEMU_VM_INITRD_H
#define NETEMU_VM_INITRD_H

#include "base/strbuf.h"

/** initrd_add() - a file, or with S_IFDIR in @mode a directory; directories come before what is in them */
void initrd_add(struct strbuf *s, const char *path, unsigned mode, const void *data, size_t size);

/** initrd_end() - nothing comes after; s->oom says whether all has worked */
void initrd_end(struct strbuf *s);

#endif
