/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault.h - the seam where a test makes the Nth kernel operation fail
 *
 * Owns: one counter for the whole process tree and the decision whether this operation is the one. Refuses to
 * know what the operation does. Without NETEMU_FAULT (the shipped build) it is nothing at all.
 *
 * With -DNETEMU_FAULT the environment steers it:
 *
 *	NETEMU_FAULT_AT=N         the Nth operation (from 1) fails; 0 or unset: none does, they are only counted
 *	NETEMU_FAULT_ERRNO=12     errno of the failure, a number; default ENOMEM
 *	NETEMU_FAULT_ACTION=kill  the calling process dies at that point instead, as by SIGKILL
 *	NETEMU_FAULT_COUNT=FILE   the counter (one native uint64_t) lives in this file, so that a test learns the
 *	                          total (od -An -tu8 -N8 FILE) and, from the text behind it, which operation was made
 *	                          to fail; programs started by exec count along. Else it is an anonymous shared page
 *	                          that forked children share
 */
#ifndef NETEMU_KERNEL_FAULT_H
#define NETEMU_KERNEL_FAULT_H

#include "base/macros.h"

#ifdef NETEMU_FAULT
/**
 * fault_point() - count one kernel operation and tell whether it shall fail
 * @op: what is about to be done, as in the error text ("mount overlay")
 *
 *	r = fault_point("mount overlay");
 *	if (r < 0)
 *		return error_errno(e, -r, "mount overlay");
 *
 * Safe in a child of fork; not async-signal-safe before the first call of the process tree.
 *
 * Return: 0, or -errno.
 */
int fault_point(const char *op);
#else
static inline int fault_point(const char *op)
{
	(void)op;
	return 0;
}
#endif

/**
 * fault_fails() - the same as a part of a condition, with the failure in errno
 *
 *	if (fault_fails("mkdir") || mkdir(path, 0700) < 0)
 *		return error_errno(e, errno, "mkdir %s", path);
 */
static inline bool fault_fails(const char *op)
{
	const int r = fault_point(op);

	if (r < 0)
		errno = -r;
	return r < 0;
}

#endif
