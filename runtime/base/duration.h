/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * duration.h - times as Go writes them: "10ms", "1m30s", "8760h"
 */
#ifndef NETEMU_BASE_DURATION_H
#define NETEMU_BASE_DURATION_H

/** decimal_parse() - a decimal number without a sign or exponent, of a length that says something. Return: what follows it, or NULL. */
const char *decimal_parse(const char *text, double *ret);

/** duration_parse() - microseconds; "0" needs no unit. Source: Go's time.ParseDuration(). Return: 0 or -EINVAL. */
int duration_parse(const char *text, double *ret_us);

#endif
