// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/duration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct unit {
	const char *name;
	double us;
} units[] = {
	{ "ns", 1e-3 }, { "us", 1 }, { "\302\265s", 1 }, { "ms", 1e3 }, { "s", 1e6 }, { "m", 60e6 }, { "h", 3600e6 }, { 0 },
};

const char *decimal_parse(const char *text, double *ret)
{
	const size_t whole = strspn(text, "0123456789"), point = text[whole] == '.';
	const size_t part = point ? strspn(text + whole + 1, "0123456789") : 0;
	char buf[40];

	if (whole + part == 0 || whole + point + part >= sizeof(buf))
		return NULL;
	memcpy(buf, text, whole + point + part);
	buf[whole + point + part] = '\0';
	*ret = strtod(buf, NULL);
	return text + whole + point + part;
}

int duration_parse(const char *text, double *ret_us)
{
	double sum = 0, v;

	if (strcmp(text, "0") == 0) {
		*ret_us = 0;
		return 0;
	}
	do {
		const char *rest = decimal_parse(text, &v);
		const struct unit *best = NULL;

		for (const struct unit *u = units; rest && u->name; u++)
			if (strncmp(rest, u->name, strlen(u->name)) == 0 && (!best || strlen(u->name) > strlen(best->name)))
				best = u;
		if (!best)
			return -EINVAL;
		sum += v * best->us;
		text = rest + strlen(best->name);
	} while (*text);
	*ret_us = sum;
	return 0;
}
