/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backoff.h - how long a kubelet waits before it tries again
 *
 * Pure. Source: client-go util/flowcontrol/backoff.go as kubelet uses it: 10 s doubling to 5 min, forgotten when
 * nothing failed for twice that.
 */
#ifndef NETEMU_KUBELET_BACKOFF_H
#define NETEMU_KUBELET_BACKOFF_H

#include "base/macros.h"

enum { BACKOFF_FIRST = 10, BACKOFF_MAX = 300 }; /* seconds */

struct backoff {
	int64_t updated; /* seconds of some clock; 0: never failed */
	int seconds; /* the wait after the next failure */
};

/**
 * backoff_left() - seconds that are still to be waited
 * @failed: when it failed last
 *
 * Return: 0: try now.
 */
int64_t backoff_left(const struct backoff *b, int64_t failed, int64_t now);

/** backoff_next() - it is tried now, after it failed at @failed: the next wait is longer */
void backoff_next(struct backoff *b, int64_t failed, int64_t now);

#endif
