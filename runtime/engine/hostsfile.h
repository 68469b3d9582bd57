/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hostsfile.h - a lab's block in /etc/hosts
 */
#ifndef NETEMU_ENGINE_HOSTSFILE_H
#define NETEMU_ENGINE_HOSTSFILE_H

#include "base/error.h"

#define HOSTSFILE_PATH "/etc/hosts"

/** hostsfile_set() - put the block of @lab at the end of /etc/hosts, instead of one that is there
 * @lines: whole lines; "": only remove the block
 *
 * Waits for other programs that are at it, two seconds at most.
 *
 * Return: 0, also when there is nothing to change or no /etc/hosts; -EILSEQ when a block has no end, then nothing is changed;
 * -ETIMEDOUT; another -errno.
 */
int hostsfile_set(const char *lab, const char *lines, struct error *e);

/** hostsfile_set_in() - the same in @path under the lock @lock, for tests */
int hostsfile_set_in(const char *path, const char *lock, const char *lab, const char *lines, struct error *e);

#endif
