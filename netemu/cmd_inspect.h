/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_inspect.h - what `netemu run` shows at its end is what `netemu inspect` shows
 */
#ifndef NETEMU_CMD_INSPECT_H
#define NETEMU_CMD_INSPECT_H

#include <stdio.h>

/** inspect_lab() - the table of one running lab's nodes. Return: an exit code. */
int inspect_lab(const char *lab, FILE *out);

#endif
