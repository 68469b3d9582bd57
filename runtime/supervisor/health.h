/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * health.h - what the results of a node's checks say of it
 *
 * Pure: results and times go in, a status comes out. Docker's rules (moby daemon/health.go): healthy after one success,
 * unhealthy after so many failures in a row, of which those in the start period of a node that was never healthy do not
 * count. Refuses to know how a check is run (healthrun.c).
 */
#ifndef NETEMU_SUPERVISOR_HEALTH_H
#define NETEMU_SUPERVISOR_HEALTH_H

#include "topology/lab.h"

enum health_status { HEALTH_NONE, HEALTH_STARTING, HEALTH_HEALTHY, HEALTH_UNHEALTHY, _HEALTH_MAX };
extern const char *const health_status_names[_HEALTH_MAX]; /* "" for HEALTH_NONE */

enum { HEALTH_LOG_MAX = 5, HEALTH_OUTPUT_MAX = 4096, HEALTH_TIMED_OUT = -1 };

struct health_result {
	int64_t start_us, end_us; /* since the epoch */
	int exit_code; /* as a shell would give it, HEALTH_TIMED_OUT: it had to be killed, or could not be started */
	size_t len;
	char output[HEALTH_OUTPUT_MAX]; /* its beginning */
};

struct health {
	enum health_status status;
	unsigned streak;			  /* failures in a row */
	struct health_result log[HEALTH_LOG_MAX]; /* a ring */
	size_t n_results;			  /* ever; the last is log[(n_results - 1) % HEALTH_LOG_MAX] */
};

/** health_begin() - the node starts: nothing is known of it */
void health_begin(struct health *h);
/**
 * health_add() - take the result of one check
 * @age_us: of the node, when the check began
 *
 * Return: whether the status is another one now.
 */
bool health_add(struct health *h, const struct healthcheck *check, uint64_t age_us, const struct health_result *result);
/** health_delay() - microseconds until the next check of a node that is @age_us old */
uint64_t health_delay(const struct health *h, const struct healthcheck *check, uint64_t age_us);
/** health_logged() - the results that are kept: @i = 0 is the oldest. Return: NULL after the last. */
const struct health_result *health_logged(const struct health *h, size_t i);

#endif
