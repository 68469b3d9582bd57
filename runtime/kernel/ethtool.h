/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ethtool.h - what netlink's routes do not know of a link
 */
#ifndef NETEMU_KERNEL_ETHTOOL_H
#define NETEMU_KERNEL_ETHTOOL_H

#include "base/error.h"

/**
 * ethtool_tx_checksum() - whether an interface leaves checksums of what it sends to the other end
 * @netns: of the namespace that it is in
 *
 * Source: include/uapi/linux/ethtool.h, ETHTOOL_STXCSUM. Return: 0, -ENODEV, -EOPNOTSUPP, or another -errno.
 */
int ethtool_tx_checksum(int netns, const char *ifname, bool on, struct error *e);

#endif
