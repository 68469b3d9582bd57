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

const char *go_duration(int64_t seconds, char buf[GO_DURATION_LEN])
{
	const long long h = seconds / 3600, m = seconds / 60 % 60, s = seconds % 60;

	if (h)
		(void)snprintf(buf, GO_DURATION_LEN, "%lldh%lldm%llds", h, m, s);
	else if (m)
		(void)snprintf(buf, GO_DURATION_LEN, "%lldm%llds", m, s);
	else
		(void)snprintf(buf, GO_DURATION_LEN, "%llds", s);
	return buf;
}
