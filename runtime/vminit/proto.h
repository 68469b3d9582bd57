/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proto.h - what netemu-vminit is told, and what it says
 *
 * It is told by VMINIT_CONFIG in its initramfs: strings KEY=VALUE, each ended by a NUL, in any order but that of equal keys:
 *
 *	module	a file of the initramfs, to be loaded in this order
 *	fs	9p or virtiofs: what the host's root is shared by, tag "root"
 *	share	an absolute directory that is written through to the host; 9p: tag "shareN"
 *	modules	directory of the kernel's modules on the host
 *	dir	where the command starts
 *	env	NAME=VALUE
 *	arg	a word of the command
 *
 * It says on the second serial line, in frames: a struct vmframe and then len bytes.
 */
#ifndef NETEMU_VMINIT_PROTO_H
#define NETEMU_VMINIT_PROTO_H

#include <stdint.h>

#define VMINIT_CONFIG "/config"
#define VMINIT_TTY "/dev/ttyS1"

enum vmframe_type {
	VMFRAME_FAILED, /* text: the guest could not be set up, and why */
	VMFRAME_STARTED, /* nothing: the command starts now */
	VMFRAME_STDOUT,
	VMFRAME_STDERR,
	VMFRAME_EXITED, /* uint8_t: as a shell has it */
	_VMFRAME_MAX,
};

enum { VMFRAME_MAGIC = 0x5e, VMFRAME_DATA = 1024 /* at most that much in a frame */ };

struct vmframe {
	uint8_t magic;
	uint8_t type;
	uint8_t len_high, len_low;
};

#endif
