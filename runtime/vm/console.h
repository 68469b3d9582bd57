/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * console.h - what a kernel's console says of its health
 *
 * Owns: the words that kernels have for panics, oopses, lock-ups and want of memory. Pure.
 */
#ifndef NETEMU_VM_CONSOLE_H
#define NETEMU_VM_CONSOLE_H

#include "base/macros.h"

/* From the mildest to the worst: what a later one follows from is an earlier one. */
enum vm_fault {
	VM_FAULT_NONE,
	VM_FAULT_LOCKUP, /* soft or hard lock-up, RCU stall, hung task */
	VM_FAULT_OOM, /* the guest as a whole had no memory left; not that of a cgroup */
	VM_FAULT_OOPS, /* a BUG, a bad access: by oops=panic the kernel goes down then */
	VM_FAULT_PANIC, /* any other panic */
	_VM_FAULT_MAX,
};

enum { CONSOLE_LINE = 256 };

struct console {
	char line[CONSOLE_LINE]; /* as far as it has come, without the time stamp */
	size_t n;
	char last[CONSOLE_LINE]; /* the last whole line */
	char said[_VM_FAULT_MAX][CONSOLE_LINE]; /* the first line about each fault; "": none */
};

/** console_feed() - @len more bytes; nothing is expected of where lines begin or end */
void console_feed(struct console *c, const char *data, size_t len);

/** console_fault() - what went wrong first of all: the oops before the panic that it leads to */
enum vm_fault console_fault(const struct console *c);

/** vm_fault_name() - "lock-up", "out of memory", "oops", "panic"; "" for none */
const char *vm_fault_name(enum vm_fault fault);

#endif
