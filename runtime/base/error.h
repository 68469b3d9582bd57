/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * error.h - the one error type
 *
 * A function that can fail takes `struct error *` as its last parameter, returns 0 or -errno, and leaves the
 * error untouched on success. Each layer wraps once, so that the user reads
 * `node tor0: link net1: create veth: Operation not supported (Unknown device type)`.
 * The struct fits one atomic pipe write (PIPE_BUF), so that a child can report it whole.
 */
#ifndef NETEMU_BASE_ERROR_H
#define NETEMU_BASE_ERROR_H

#include "base/macros.h"

struct error {
	int code; /* positive errno, 0 = no error */
	char msg[508];
};

/**
 * error_set() - record a failure
 * @e: where to, may be NULL
 * @code: positive errno
 *
 * Return: -@code.
 */
int error_set(struct error *e, int code, const char *fmt, ...) _printf_(3, 4);

/**
 * error_errno() - record a failed system call: the text, then ": " and strerror(@code)
 *
 * Return: -@code.
 */
int error_errno(struct error *e, int code, const char *fmt, ...) _printf_(3, 4);

/**
 * error_wrap() - put context ("node tor0") and ": " before the recorded text
 *
 * Return: -code of the recorded error (-EIO when none was recorded).
 */
int error_wrap(struct error *e, const char *fmt, ...) _printf_(2, 3);

/** error_oom() - record ENOMEM. Return: -ENOMEM. */
int error_oom(struct error *e);

#endif
