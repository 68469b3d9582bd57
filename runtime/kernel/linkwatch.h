/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * linkwatch.h - hear of changed interfaces and addresses in a network namespace
 */
#ifndef NETEMU_KERNEL_LINKWATCH_H
#define NETEMU_KERNEL_LINKWATCH_H

#include "base/error.h"

/**
 * linkwatch_open() - a socket that becomes readable when a link or an address of a namespace changes
 * @netns_fd: that namespace; the caller stays where it is
 *
 * What changed is not told: dump it (link_dump()). Source: rtnetlink(7), RTMGRP_*.
 *
 * Return: a non-blocking socket (close-on-exec), or -errno.
 */
int linkwatch_open(int netns_fd, struct error *e);

/** linkwatch_drain() - take what has come; Return: whether there was anything, lost messages included */
bool linkwatch_drain(int fd);

#endif
