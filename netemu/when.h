/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * when.h - points in time for people and for programs
 */
#ifndef NETEMU_WHEN_H
#define NETEMU_WHEN_H

#include "base/arena.h"
#include "base/error.h"

/** when_since() - "12 seconds", "3 minutes", "5 hours", "2 days" from @then (seconds since the epoch) until now */
const char *when_since(struct arena *a, int64_t then);
/** when_iso() - "2026-01-31T12:00:00Z" */
const char *when_iso(struct arena *a, int64_t then);

/**
 * when_parse() - a point in time as docker's --since takes it
 * @text: "2026-01-31T12:00:00Z" (also with a fraction or an offset; without one: local time), "2026-01-31", seconds since the
 * epoch, or how long ago: "90s", "1h30m"
 *
 * Return: 0 and nanoseconds since the epoch, or -EINVAL.
 */
int when_parse(const char *text, int64_t *ret, struct error *e);

/** when_duration() - "90s", "1h30m", as Go writes it. Return: 0 and nanoseconds, or -EINVAL. */
int when_duration(const char *text, int64_t *ret, struct error *e);

#endif
