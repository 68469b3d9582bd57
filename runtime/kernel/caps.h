/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * caps.h - which capabilities a node's processes keep, and who reads what strangers wrote
 */
#ifndef NETEMU_KERNEL_CAPS_H
#define NETEMU_KERNEL_CAPS_H

#include "base/error.h"

/**
 * caps_drop_to_node() - reduce the calling process to what a node may do, for good
 *
 * Bounding set, permitted and effective become the node's list (as far as the caller has it); inheritable and
 * ambient become empty (CVE-2022-27650). Source: capabilities(7).
 *
 * Return: 0 or -errno.
 */
int caps_drop_to_node(struct error *e);

/** caps_drop_to_files() - the same, to what it takes to make files of any owner and mode; no program gives more again */
int caps_drop_to_files(struct error *e);

/** caps_have() - whether the calling process has @cap (CAP_*) in effect */
bool caps_have(int cap);

#endif
