// SPDX-License-Identifier: GPL-2.0-or-later
#include "cluster/quantity.h"

#include <string.h>

static const struct {
	const char *suffix;
	double factor;
} suffixes[] = {
	{ "", 1 },	 { "n", 1e-9 },	  { "u", 1e-6 },   { "m", 1e-3 },   { "k", 1e3 },    { "M", 1e6 },
	{ "G", 1e9 },	 { "T", 1e12 },	  { "P", 1e15 },   { "E", 1e18 },   { "Ki", 0x1p10 }, { "Mi", 0x1p20 },
	{ "Gi", 0x1p30 }, { "Ti", 0x1p40 }, { "Pi", 0x1p50 }, { "Ei", 0x1p60 },
};

bool quantity_parse(const char *text, double *ret)
{
	const char *digits = text + (*text == '+' || *text == '-');
	double number;
	char *end;

	if (*digits != '.' && (*digits < '0' || *digits > '9')) /* strtod(3) knows names, too */
		return false;
	number = strtod(text, &end);
	for (size_t i = 0; end > text && i < ARRAY_SIZE(suffixes); i++)
		if (strcmp(end, suffixes[i].suffix) == 0) {
			*ret = number * suffixes[i].factor;
			return true;
		}
	return false;
}

bool quantity_of(const json_t *v, double *ret)
{
	if (!json_is_number(v))
		return json_is_string(v) && quantity_parse(json_string_value(v), ret);
	*ret = json_number_value(v);
	return true;
}
