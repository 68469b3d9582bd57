// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * health.c - see health.h
 */
#include "supervisor/health.h"

/* As often a node is looked at that is expected to come up any moment (Docker's start-interval). */
enum { START_INTERVAL_S = 5 };

static const uint64_t second = 1000000;

const char *const health_status_names[] = {
	[HEALTH_NONE] = "",
	[HEALTH_STARTING] = "starting",
	[HEALTH_HEALTHY] = "healthy",
	[HEALTH_UNHEALTHY] = "unhealthy",
};
static_assert(ARRAY_SIZE(health_status_names) == _HEALTH_MAX, "one each");

void health_begin(struct health *h)
{
	h->status = HEALTH_STARTING;
	h->streak = 0;
	h->n_results = 0;
}

static bool is_starting(const struct health *h, const struct healthcheck *check, uint64_t age_us)
{
	return h->status == HEALTH_STARTING && age_us < check->start_period * second;
}

bool health_add(struct health *h, const struct healthcheck *check, uint64_t age_us, const struct health_result *result)
{
	const enum health_status before = h->status;

	h->log[h->n_results++ % HEALTH_LOG_MAX] = *result;
	if (result->exit_code == 0) {
		h->streak = 0;
		h->status = HEALTH_HEALTHY;
	} else if (!is_starting(h, check, age_us) && ++h->streak >= check->retries) {
		h->status = HEALTH_UNHEALTHY;
	}
	return h->status != before;
}

uint64_t health_delay(const struct health *h, const struct healthcheck *check, uint64_t age_us)
{
	const uint32_t s =
		is_starting(h, check, age_us) ? MIN_OF(check->interval, (uint32_t)START_INTERVAL_S) : check->interval;

	return s * second;
}

const struct health_result *health_logged(const struct health *h, size_t i)
{
	const size_t kept = MIN_OF(h->n_results, (size_t)HEALTH_LOG_MAX);

	return i < kept ? &h->log[(h->n_results - kept + i) % HEALTH_LOG_MAX] : NULL;
}
