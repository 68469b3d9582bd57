/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vm.h - a command runs on this machine's files and another kernel
 *
 * Owns: QEMU, its clean-up, and what a guest's end means. Refuses to know what the command is, and prints nothing.
 *
 * Theory of Operation
 *
 * The guest's root is the host's own, shared read-only (9p, else virtiofs), with a tmpfs over it: the command finds
 * the programs, libraries and files that it would find here, at the same paths, and what it writes is gone with the
 * guest. The kernel's modules appear in /lib/modules, so that what is used loads itself. An initramfs made of nothing
 * but netemu-vminit and the modules for that root, in order, builds it; it is written by us (initrd.h).
 *
 * Two serial lines: the first is the kernel's, and goes to console.log only; on the second netemu-vminit sends frames
 * (vminit/proto.h): that it has booted, what the command writes to its standard output and error, and how it ended.
 * A guest that ends without the last of these has crashed, whatever QEMU's exit status says (a panic's is 0).
 *
 * The initramfs is a memfd, the serial lines are socket pairs: nothing is made on the host's file systems but what
 * vm_spec asks for. QEMU dies with its parent (PR_SET_PDEATHSIG), has no network, and writes nothing on the host but
 * below vm_spec.shares. KVM is used only where the processor has vmx or svm and /dev/kvm can be written: in a guest that
 * opens /dev/kvm but cannot nest, QEMU would hang. Anywhere else it is emulation (TCG): a boot takes 3 to 6 s.
 */
#ifndef NETEMU_VM_VM_H
#define NETEMU_VM_VM_H

#include "base/error.h"
#include "vm/console.h"
#include "vm/vmkernel.h"

/* How a guest ended. */
enum vm_end {
	VM_EXITED, /* the command ended: vm_result.status */
	VM_PANICKED, /* the kernel did, or reset itself, after it had booted: the test has failed */
	VM_HUNG, /* the command was not done within limit_s: the test has failed */
	VM_NOT_BOOTED, /* nothing can be said about the command: the kernel never got as far, or QEMU itself was ended */
	_VM_END_MAX,
};

enum vm_stream { VM_CONSOLE, VM_STDOUT, VM_STDERR, _VM_STREAM_MAX };

struct vm_result {
	enum vm_end end;
	int status; /* of the command as a shell has it: 0..255, 128+N for signal N; with other ends 1, or 125: not booted */
	unsigned boot_ms; /* from QEMU's start to the command's */
	unsigned total_ms;
	enum vm_fault fault; /* what the kernel's console says; also with VM_EXITED: the guest had no memory left, say */
	char words[512]; /* one line on why, the kernel's own words if it had some; VM_EXITED without a fault: empty */
};

/* What to run on which kernel. Everything is the caller's, and must live as long as the call. */
struct vm_spec {
	const struct vm_kernel *kernel;
	char *const *argv; /* NULL-terminated; argv[0] is searched in the guest's PATH, where this netemu's directory is first */
	char *const *env; /* NAME=VALUE..., or NULL; added to PATH, HOME, LANG, NETEMU_VM (the kernel's release) */
	const char *cwd; /* absolute; NULL: / */
	char *const *shares; /* absolute directories, NULL-terminated, or NULL: what is written there is written on the host (at most 4) */
	const char *artefacts; /* an existing directory: console.log goes there, and stays; NULL: it is not kept */
	unsigned memory_mib; /* 0: 1024 */
	unsigned cpus; /* 0: 1 */
	unsigned boot_limit_s; /* 0: 120 */
	unsigned limit_s; /* from the command's start; 0: 600 */
	bool verbose; /* the kernel says all of its boot on the console, not only what is severe */
	/* Called for what comes, as it comes; NULL: thrown away. The console is in console.log whether or not. */
	void (*output)(void *arg, enum vm_stream stream, const char *data, size_t len);
	/* Called when it has ended; NULL: nobody. */
	void (*ended)(void *arg, const struct vm_result *result);
	void *arg;
};

/**
 * vm_run() - run commands, each in a virtual machine of its own, several at a time
 * @specs: started in this order
 * @jobs: how many at a time; 0: as many as there are processors for them (the sum of their cpus), at least one
 * @ret: @n results
 *
 * One thread, one poll loop; the callbacks are called from it. SIGINT, SIGTERM and SIGHUP are taken while it runs: all
 * guests are ended then and it returns -EINTR. No process, file or mount is left but in specs->artefacts.
 *
 * Return: 0 when each has a result (whatever it is), or -errno: no QEMU (-ENOENT), -EINTR.
 */
int vm_run(const struct vm_spec *specs, size_t n, unsigned jobs, struct vm_result *ret, struct error *e);

/** vm_end_name() - "exited", "panicked", "hung", "not booted" */
const char *vm_end_name(enum vm_end end);

/** vm_can_run() - whether QEMU is there. Return: 0, or -ENOENT with what to install. */
int vm_can_run(struct error *e);

/** vm_uses_kvm() - whether guests run on the processor itself; otherwise they are emulated, and about ten times slower */
bool vm_uses_kvm(void);

#endif
