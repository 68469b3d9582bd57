// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/ethtool.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "kernel/netns.h"

int ethtool_tx_checksum(int netns, const char *ifname, bool on, struct error *e)
{
	struct ethtool_value value = { .cmd = ETHTOOL_STXCSUM, .data = on };
	struct ifreq rq = { .ifr_data = (void *)&value };
	_cleanup_close_ int fd = netns_socket(netns, AF_INET, SOCK_DGRAM, e);

	if (fd < 0)
		return fd;
	if (strlen(ifname) >= sizeof(rq.ifr_name))
		return error_set(e, ENODEV, "%s: no such interface", ifname);
	strcpy(rq.ifr_name, ifname);
	return ioctl(fd, SIOCETHTOOL, &rq) < 0 ? error_errno(e, errno, "transmit checksums of %s", ifname) : 0;
}
