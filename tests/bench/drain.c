// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * drain.c - bench-drain: returns when the kernel has freed every network namespace that was dead before, whoever's it was
 */
#include <stdio.h>

#include "kernel/drain.h"

enum { TIMEOUT_MS = 120000 };

int main(void)
{
	struct error e = { 0 };

	if (netns_drain(TIMEOUT_MS, &e) == 0)
		return 0;
	(void)fprintf(stderr, "bench-drain: %s\n", e.msg);
	return 1;
}
