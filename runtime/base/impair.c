// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * impair.c - see impair.h
 */
#include "base/impair.h"

#include "base/duration.h"

#include <inttypes.h>
#include <string.h>

#define HOUR_US	      3600e6
#define RATE_MAX_KBIT 1e12 /* a petabit; bytes a second still fit 64 bits */

const char *const impair_key_names[] = {
	[IMPAIR_DELAY] = "delay", [IMPAIR_JITTER] = "jitter",	      [IMPAIR_LOSS] = "loss",
	[IMPAIR_RATE] = "rate",	  [IMPAIR_CORRUPTION] = "corruption",
};
static_assert(ARRAY_SIZE(impair_key_names) == _IMPAIR_KEY_MAX, "one a key");

struct unit {
	const char *name;
	double factor;
};

/* tc(8): bits by powers of 1000; "mbps" are bytes there, which is left out for it means something else elsewhere. */
static const struct unit rates[] = {
	{ "", 1 }, { "bit", 1e-3 }, { "kbit", 1 }, { "mbit", 1e3 }, { "gbit", 1e6 }, { "tbit", 1e9 }, { 0 },
};

static const struct unit percents[] = { { "", 1 }, { "%", 1 }, { 0 } };

static bool quantity_parse(const char *text, const struct unit *units, double max, double *ret)
{
	const char *rest = decimal_parse(text, ret);

	for (; rest && units->name; units++)
		if (strcasecmp(rest, units->name) == 0) {
			*ret *= units->factor;
			return *ret <= max;
		}
	return false;
}

int impair_parse(struct impair *im, enum impair_key key, const char *text, struct error *e)
{
	static const char *const wanted[] = {
		[IMPAIR_DELAY] = "a time such as 10ms, at most an hour",
		[IMPAIR_JITTER] = "a time such as 2ms, at most an hour",
		[IMPAIR_LOSS] = "a percentage from 0 to 100",
		[IMPAIR_RATE] = "a rate in kbit/s, or such as 100mbit",
		[IMPAIR_CORRUPTION] = "a percentage from 0 to 100",
	};
	double v = 0;
	bool ok;

	static_assert(ARRAY_SIZE(wanted) == _IMPAIR_KEY_MAX, "one a key");
	if (key == IMPAIR_DELAY || key == IMPAIR_JITTER)
		ok = duration_parse(text, &v) == 0 && v <= HOUR_US;
	else
		ok = quantity_parse(text, key == IMPAIR_RATE ? rates : percents,
				    key == IMPAIR_RATE ? RATE_MAX_KBIT : 100, &v);
	if (!ok)
		return error_set(e, EINVAL, "%s is %s, not '%s'", impair_key_names[key], wanted[key], text);
	if (key == IMPAIR_RATE && v > 0 && v < 1)
		return error_set(e, EINVAL, "rate is at least 1kbit, not '%s'", text);
	switch (key) {
	case IMPAIR_DELAY:
		im->delay_us = (uint64_t)(v + 0.5);
		break;
	case IMPAIR_JITTER:
		im->jitter_us = (uint64_t)(v + 0.5);
		break;
	case IMPAIR_LOSS:
		im->loss = v;
		break;
	case IMPAIR_RATE:
		im->rate_kbit = (uint64_t)(v + 0.5);
		break;
	case IMPAIR_CORRUPTION:
		im->corruption = v;
		break;
	case _IMPAIR_KEY_MAX:
		break;
	}
	return 0;
}

int impair_check(const struct impair *im, struct error *e)
{
	if (im->jitter_us && !im->delay_us)
		return error_set(e, EINVAL, "jitter cannot be set without a delay");
	return 0;
}

bool impair_is_none(const struct impair *im)
{
	return !im->delay_us && !im->jitter_us && !im->rate_kbit && im->loss <= 0 && im->corruption <= 0;
}

const char *impair_duration(uint64_t us, char buf[IMPAIR_STRLEN])
{
	if (us == 0)
		(void)snprintf(buf, IMPAIR_STRLEN, "0s");
	else if (us < 1000)
		(void)snprintf(buf, IMPAIR_STRLEN, "%" PRIu64 "us", us);
	else if (us < 1000000)
		(void)snprintf(buf, IMPAIR_STRLEN, "%.15gms", (double)us / 1e3);
	else
		(void)snprintf(buf, IMPAIR_STRLEN, "%.15gs", (double)us / 1e6);
	return buf;
}

static const char *rate_format(uint64_t kbit, char buf[IMPAIR_STRLEN])
{
	static const char *const units[] = { "kbit", "mbit", "gbit", "tbit" };
	size_t u = 0;

	for (; kbit && kbit % 1000 == 0 && u + 1 < ARRAY_SIZE(units); u++)
		kbit /= 1000;
	(void)snprintf(buf, IMPAIR_STRLEN, "%" PRIu64 "%s", kbit, units[u]);
	return buf;
}

const char *impair_format(const struct impair *im, enum impair_key key, char buf[IMPAIR_STRLEN])
{
	const uint64_t us = key == IMPAIR_DELAY ? im->delay_us : im->jitter_us;
	const double percent = key == IMPAIR_LOSS ? im->loss : im->corruption;

	buf[0] = '\0';
	if (key == IMPAIR_DELAY || key == IMPAIR_JITTER)
		return us ? impair_duration(us, buf) : buf;
	if (key == IMPAIR_RATE)
		return im->rate_kbit ? rate_format(im->rate_kbit, buf) : buf;
	if (percent > 0)
		(void)snprintf(buf, IMPAIR_STRLEN, "%.6g%%", percent);
	return buf;
}
