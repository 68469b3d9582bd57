// SPDX-License-Identifier: GPL-2.0-or-later
#include "when.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/duration.h"

#define NS INT64_C(1000000000)

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

/* ---- what people type ---- */

/* Digits behind a point, as nanoseconds. */
static int64_t fraction(const char **p)
{
	int64_t unit = NS, n = 0;

	if (**p != '.')
		return 0;
	for (++*p; isdigit((unsigned char)**p); ++*p)
		if (unit > 1) {
			unit /= 10;
			n += (**p - '0') * unit;
		}
	return n;
}

/* "Z", "+01:00", or nothing: local time. @tm: what the zone is of. */
static bool zone(const char *p, struct tm *tm, int64_t *seconds)
{
	int hours, minutes, n = 0;

	if (!*p) {
		tm->tm_isdst = -1;
		*seconds = mktime(tm);
		return true;
	}
	*seconds = timegm(tm);
	if (strcmp(p, "Z") == 0)
		return true;
	if ((*p != '+' && *p != '-') || sscanf(p + 1, "%2d:%2d%n", &hours, &minutes, &n) != 2 || p[1 + n])
		return false;
	*seconds -= (*p == '+' ? 1 : -1) * (hours * 3600 + minutes * 60);
	return true;
}

static bool date(const char *text, int64_t *ret)
{
	struct tm tm = { 0 };
	const char *p = strptime(text, "%Y-%m-%d", &tm);
	int64_t seconds, ns;

	if (!p)
		return false;
	if (*p == 'T' && !(p = strptime(p + 1, "%H:%M:%S", &tm)))
		return false;
	ns = fraction(&p);
	if (!zone(p, &tm, &seconds))
		return false;
	*ret = seconds * NS + ns;
	return true;
}

static bool epoch(const char *text, int64_t *ret)
{
	char *end;
	const char *p;
	const long long seconds = strtoll(text, &end, 10);

	if (end == text || !isdigit((unsigned char)*text) || seconds > INT64_MAX / NS - 1)
		return false;
	p = end;
	*ret = seconds * NS + fraction(&p);
	return !*p;
}

int when_duration(const char *text, int64_t *ret, struct error *e)
{
	double us;

	if (duration_parse(text, &us) < 0 || us > (double)(INT64_MAX / 2000))
		return error_set(e, EINVAL, "'%s' is no duration: 90s, 5m, 1h30m", text);
	*ret = (int64_t)(us * 1000);
	return 0;
}

int when_parse(const char *text, int64_t *ret, struct error *e)
{
	struct timespec now;
	int64_t ago = 0;

	if (*text && (date(text, ret) || epoch(text, ret)))
		return 0;
	if (when_duration(text, &ago, NULL) < 0)
		return error_set(e, EINVAL, "'%s' is no point in time: 2026-01-31T12:00:00Z, 2026-01-31, seconds since 1970, "
				 "or how long ago: 10m, 1h30m", text);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	*ret = now.tv_sec * NS + now.tv_nsec - ago;
	return 0;
}
