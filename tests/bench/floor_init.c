// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * floor_init.c - PID 1 of the floor's nodes: there, and no more
 */
#include <unistd.h>

int main(void)
{
	for (;;)
		(void)pause();
}
