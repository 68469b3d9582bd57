// SPDX-License-Identifier: GPL-2.0-or-later
#include "when.h"

#include <inttypes.h>
#include <time.h>

static const struct {
	int64_t seconds;
	const char *name;
} units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } };

const char *when_since(struct arena *a, int64_t then)
{
	int64_t n = MAX_OF((int64_t)time(NULL) - then, 0);

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		int64_t count = n / units[i].seconds;

		if (count > 0)
			return arena_printf(a, "%" PRId64 " %s%s", count, units[i].name, count == 1 ? "" : "s");
	}
	return "0 seconds";
}

const char *when_iso(struct arena *a, int64_t then)
{
	time_t t = (time_t)then;
	char buf[32] = "";
	struct tm tm;

	if (gmtime_r(&t, &tm))
		(void)strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return arena_strdup(a, buf);
}
