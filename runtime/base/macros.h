/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * macros.h - the small vocabulary that every file uses
 *
 * Owns: array sizes, cleanup attributes, ownership transfer. Knows nothing of netemu.
 */
#ifndef NETEMU_BASE_MACROS_H
#define NETEMU_BASE_MACROS_H

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))

#define _cleanup_(fn) __attribute__((cleanup(fn), unused))
#define _printf_(f, a) __attribute__((format(printf, f, a)))
#define _unused_ __attribute__((unused))

/* Declares fn##p, which applies @fn to a pointer that goes out of scope. */
#define DEFINE_CLEANUP(type, fn)                \
	static inline void fn##p(type *p)       \
	{                                       \
		if (*p)                         \
			(void)fn(*p);           \
	}                                       \
	struct _swallow_semicolon_

#define TAKE_PTR(p)                             \
	({                                      \
		typeof(p) *_pp = &(p);          \
		typeof(p) _v = *_pp;            \
		*_pp = NULL;                    \
		_v;                             \
	})

#define TAKE_FD(fd)                             \
	({                                      \
		int *_pfd = &(fd);              \
		int _v = *_pfd;                 \
		*_pfd = -EBADF;                 \
		_v;                             \
	})

/* close() that keeps errno, takes a negative fd and returns -EBADF for the caller to store. */
static inline int fd_close(int fd)
{
	if (fd >= 0) {
		int saved = errno;

		(void)close(fd);
		errno = saved;
	}
	return -EBADF;
}

static inline void fd_closep(int *fd)
{
	*fd = fd_close(*fd);
}

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void fclosep(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

static inline void closedirp(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

#define _cleanup_free_ _cleanup_(freep)
#define _cleanup_close_ _cleanup_(fd_closep)
#define _cleanup_fclose_ _cleanup_(fclosep)
#define _cleanup_closedir_ _cleanup_(closedirp)

#endif
