/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtjson.h - what a network namespace's tables hold, as JSON for assertions
 *
 *   route      {"dst": "10.2.0.0/24", "table": 254, "protocol": "bgp", "type": "unicast", "metric": 20, "nhid": 7, "src": "10.0.0.1",
 *               "nexthops": [{"via": "fe80::1", "dev": "net0", "weight": 1, "flags": ["onlink"]}]}
 *   nexthop    {"id": 7, "protocol": "zebra", "via": ..., "dev": ..., "group": [{"id": 8, "weight": 1}], "flags": [...]}
 *   neighbor   {"address": "10.0.0.2", "interface": "net0", "state": "reachable", "lladdr": "aa:..."}
 *   address    {"address": "10.0.0.1/24", "interface": "net0"}
 *   interface  {"name": "net0", "operstate": "up", "admin": "up", "mtu": 1500, "master": "br0", "kind": "veth", "tx_packets": 5}
 *
 * Names are those of ip(8); routes of the local table, too. FRR's own static routes (protocol 196) are "static", as the kernel's.
 */
#ifndef NETEMU_KERNEL_RTJSON_H
#define NETEMU_KERNEL_RTJSON_H

#include <jansson.h>

#include "base/inaddr.h"
#include "kernel/nl.h"

enum rtjson_table { RTJSON_ROUTES, RTJSON_NEXTHOPS, RTJSON_NEIGHS, RTJSON_ADDRS, RTJSON_LINKS, _RTJSON_TABLE_MAX };

/**
 * rtjson_dump() - one table, all of it, both families
 * @ret: a new list
 *
 * Return: 0 or -errno; a kernel without nexthop objects has none.
 */
int rtjson_dump(struct nlconn *c, enum rtjson_table table, json_t **ret, struct error *e);

struct rtjson_lookup {
	struct inprefix to, from; /* from: family 0: none */
	int oif, iif;		  /* 0: none */
	uint32_t mark;
	uint16_t sport, dport; /* of UDP; 0: none */
};

/**
 * rtjson_route_get() - which way the kernel would choose
 * @ret: a new route, with one next hop
 *
 * Return: 0; -ENETUNREACH, -EHOSTUNREACH, -EACCES...: what a sender would get; another -errno.
 */
int rtjson_route_get(struct nlconn *c, const struct rtjson_lookup *q, json_t **ret, struct error *e);

/**
 * rtwatch_open() - a socket that becomes readable when any of these tables changes
 * @netns_fd: of the namespace; the caller stays where it is
 *
 * What has changed is not told. To be drained with linkwatch_drain() (kernel/linkwatch.h) before one looks.
 *
 * Return: a non-blocking socket (close-on-exec), or -errno.
 */
int rtwatch_open(int netns_fd, struct error *e);

#endif
