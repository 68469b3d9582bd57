// SPDX-License-Identifier: GPL-2.0-or-later
#include "kubelet/backoff.h"

static bool expired(const struct backoff *b, int64_t at)
{
	return b->updated == 0 || at - b->updated > 2 * BACKOFF_MAX;
}

int64_t backoff_left(const struct backoff *b, int64_t failed, int64_t now)
{
	if (expired(b, failed) || now - failed >= b->seconds)
		return 0;
	/* A clock that was set back makes nobody wait longer than that. */
	return now < failed ? b->seconds : b->seconds - (now - failed);
}

void backoff_next(struct backoff *b, int64_t failed, int64_t now)
{
	b->seconds = expired(b, failed) ? BACKOFF_FIRST : MIN_OF(b->seconds * 2, BACKOFF_MAX);
	b->updated = now;
}
