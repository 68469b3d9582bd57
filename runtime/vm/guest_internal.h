/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest_internal.h - a virtual machine, from its initramfs to its QEMU
 */
#ifndef NETEMU_VM_GUEST_INTERNAL_H
#define NETEMU_VM_GUEST_INTERNAL_H

#include <sys/types.h>

#include "vm/vm.h"
#include "vminit/proto.h"

/* A process of ours; pidfd < 0: none. */
struct process {
	pid_t pid;
	int pidfd;
};

struct guest {
	const struct vm_spec *spec;
	struct vm_result *result;
	struct process qemu, fsd; /* fsd: virtiofsd */
	int console, frames; /* our ends; negative: at its end */
	int log; /* console.log */
	int complaints, fsd_complaints; /* what QEMU and virtiofsd write to stderr, memfds */
	uint64_t started_ms, deadline_ms;
	bool booted, ended; /* the command has started, has ended */
	struct console said;
	char frame[sizeof(struct vmframe) + VMFRAME_DATA];
	size_t frame_n;
	char refused[sizeof(((struct vm_result *)0)->words)]; /* VMFRAME_FAILED */
};

/** guest_start() - Return: 0; or -errno, and then nothing is left of it but what guest_done() frees */
int guest_start(struct guest *g, struct error *e);

/** guest_kill() - end its processes and wait until they are gone; harmless when they are */
void guest_kill(struct guest *g);

/** guest_done() - what is left: descriptors */
void guest_done(struct guest *g);

#endif
