// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sched_quantity.c - quantities as the scheduler adds them up
 *
 * Thousandths in 64 bits: more than 9 Pi saturate, which nothing here adds up to.
 */
#include "apiserver/sched.h"

#include "cluster/quantity.h"

static int64_t saturate(double milli)
{
	if (!(milli >= 0))
		return -1;
	return milli >= 9e18 ? INT64_MAX : (int64_t)(milli + 0.999999);
}

int64_t quantity_milli(const json_t *v)
{
	double number;

	return quantity_of(v, &number) ? saturate(number * 1000) : -1;
}
