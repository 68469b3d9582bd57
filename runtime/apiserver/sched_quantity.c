// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sched_quantity.c - Kubernetes quantities as numbers (apimachinery's resource.Quantity)
 *
 * Thousandths in 64 bits: more than 9 Pi saturate, which nothing here adds up to.
 */
#include "apiserver/sched.h"

#include <string.h>

static const struct {
	const char *suffix;
	double factor;
} suffixes[] = {
	{ "n", 1e-9 },
	{ "u", 1e-6 },
	{ "m", 1e-3 },
	{ "", 1 },
	{ "k", 1e3 },
	{ "M", 1e6 },
	{ "G", 1e9 },
	{ "T", 1e12 },
	{ "P", 1e15 },
	{ "E", 1e18 },
	{ "Ki", 1024.0 },
	{ "Mi", 1024.0 * 1024 },
	{ "Gi", 1024.0 * 1024 * 1024 },
	{ "Ti", 1024.0 * 1024 * 1024 * 1024 },
	{ "Pi", 1024.0 * 1024 * 1024 * 1024 * 1024 },
	{ "Ei", 1024.0 * 1024 * 1024 * 1024 * 1024 * 1024 },
};

static int64_t saturate(double milli)
{
	if (!(milli >= 0))
		return -1;
	return milli >= 9e18 ? INT64_MAX : (int64_t)(milli + 0.999999);
}

int64_t quantity_milli(const json_t *v)
{
	const char *text = json_string_value(v);
	double number;
	char *end;

	if (json_is_number(v))
		return saturate(json_number_value(v) * 1000);
	if (!text)
		return -1;
	number = strtod(text, &end);
	if (end == text)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (strcmp(end, suffixes[i].suffix) == 0)
			return saturate(number * suffixes[i].factor * 1000);
	return -1;
}
