/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drain.h - when the kernel has really freed network namespaces
 *
 * Theory of Operation
 *
 * A network namespace that loses its last reference is put on a list; one work item takes the whole list, and
 * cleans it up in a batch that takes up to a second (net/core/net_namespace.c: __put_net(), cleanup_net()). That
 * item never runs twice at a time. Early in its batch it tells RTM_DELNSID for namespaces that had an id.
 *
 * So: make a namespace, give it an id, drop it. Its RTM_DELNSID says that the batch with everything that died
 * before has begun, or is over. Do it again: this one can only be in a later batch, and its RTM_DELNSID says that
 * the former is over. Nothing polls, nothing sleeps, and no link is made that others could see.
 */
#ifndef NETEMU_KERNEL_DRAIN_H
#define NETEMU_KERNEL_DRAIN_H

#include "base/error.h"

/**
 * netns_drain() - wait until every network namespace that was dead before the call is freed
 *
 * Moves the calling thread into new network namespaces and back.
 *
 * Return: 0; -ETIMEDOUT; -ENOTRECOVERABLE when the way back failed: the thread is then in the wrong namespace and the process must
 * end; another -errno.
 */
int netns_drain(unsigned timeout_ms, struct error *e);

#endif
