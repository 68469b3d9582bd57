/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.h - links, addresses and routes of a network namespace
 *
 * Owns: rtnetlink(7) messages for them and the reading of dumps. Refuses to know nodes, labs and names: it gets
 * interface indexes, which a caller may choose itself (a fresh namespace numbers from 1, its lo, upwards).
 *
 * Each operation works in the namespace of its conn, and goes through nlconn_submit(): at once, or queued while
 * nlconn_batch() is on, in which case the error appears in nlconn_flush(). Errors read "create veth net0: File
 * exists"; nlconn_label() puts the node or link in front. All return 0 or -errno.
 */
#ifndef NETEMU_KERNEL_LINK_H
#define NETEMU_KERNEL_LINK_H

#include "base/inaddr.h"
#include "kernel/nl.h"

enum {
	LINK_NAME_SIZE = 16, /* IFNAMSIZ, with the NUL */
	LINK_ALIAS_SIZE = 256, /* IFALIASZ */
	LINK_ALTNAME_SIZE = 128, /* ALTIFNAMSIZ of linux/if.h */
	/* For users that must not include linux/rtnetlink.h and linux/if_addr.h: */
	ROUTE_TABLE_MAIN = 254, /* RT_TABLE_MAIN */
	ROUTE_PROTO_KERNEL = 2, /* RTPROT_KERNEL */
	ADDR_NODAD = 0x02, /* IFA_F_NODAD */
	ADDR_NOPREFIXROUTE = 0x200, /* IFA_F_NOPREFIXROUTE */
	LINK_FWD_MASK_LLDP = 16384, /* bit 14 of a bridge's group_fwd_mask: forward LLDP, as containerlab asks for */
};

/* ---- making links ---- */

struct link_end {
	int netns_fd; /* where this end is born; negative: the namespace of the conn */
	const char *ifname;
	const struct macaddr *mac; /* NULL: the kernel draws one */
	uint32_t mtu; /* 0: the kernel's default */
	int ifindex; /* 0: the next free one of that namespace */
	int master; /* ifindex of a bridge of the same namespace, or 0; only one of a pair's ends can have it */
};

struct link_veth {
	struct link_end a, b;
};

/**
 * link_create_veth() - a veth pair, each end born in its own namespace, by one RTM_NEWLINK
 *
 * Never created in one place and moved: a move costs 16 ms of rcu_barrier() under the RTNL. One queue a
 * direction. Both ends are down: set up each by link_set_up(), the kernel refuses it in this message.
 *
 * Kernels before 6.15 look for name and index of the outer end in the namespace of the conn, wherever it is to
 * be born, and then say "File exists": use a conn of the namespace of one end (netns_fd -1 there), or of a
 * namespace with nothing but lo.
 * Source: drivers/net/veth.c veth_newlink(), net/core/rtnetlink.c rtnl_newlink().
 *
 * Return: 0 or -errno; -EINVAL when both ends have a master.
 */
int link_create_veth(struct nlconn *c, const struct link_veth *spec, struct error *e);

struct link_bridge {
	const char *ifname;
	const struct macaddr *mac; /* NULL: that of its lowest port */
	uint32_t mtu; /* 0: 1500; from its first port on it is the smallest of its ports' */
	int ifindex; /* 0: the next free one */
	uint16_t group_fwd_mask; /* 0: the kernel's (nothing), or LINK_FWD_MASK_LLDP */
	bool up; /* born up */
};

/** link_create_bridge() - without spanning tree, so that its ports forward at once (net/bridge/br_netlink.c) */
int link_create_bridge(struct nlconn *c, const struct link_bridge *spec, struct error *e);

enum link_macvlan_mode {
	LINK_MACVLAN_PRIVATE,
	LINK_MACVLAN_VEPA,
	LINK_MACVLAN_BRIDGE,
	LINK_MACVLAN_PASSTHRU,
	LINK_MACVLAN_SOURCE,
	_LINK_MACVLAN_MODE_MAX
};

/**
 * link_create_macvlan() - a macvlan on @parent (of the namespace of the conn), born in the namespace of @end
 * @end: master must be 0
 */
int link_create_macvlan(struct nlconn *c, const struct link_end *end, int parent, enum link_macvlan_mode mode,
			struct error *e);

struct link_vxlan {
	uint32_t vni; /* 0..2^24-1 */
	struct inprefix remote; /* unicast or group; family 0: none */
	struct inprefix local; /* family 0: chosen by routing */
	uint16_t port; /* UDP; 0: 4789 */
	uint16_t src_port; /* 0: one that tells flows apart */
	int parent; /* ifindex in the namespace of the conn, or 0; the tunnel's packets stay in that namespace */
	bool learning;
};

/** link_create_vxlan() - a vxlan device born in the namespace of @end, its outside in that of the conn */
int link_create_vxlan(struct nlconn *c, const struct link_end *end, const struct link_vxlan *spec, struct error *e);

/** link_create_kind() - a link that needs no options: "dummy", "ifb"; also for trying which kinds there are */
int link_create_kind(struct nlconn *c, const char *kind, const struct link_end *end, struct error *e);

/* ---- changing them ---- */

int link_set_up(struct nlconn *c, int ifindex, struct error *e);
int link_set_down(struct nlconn *c, int ifindex, struct error *e);
/** link_set_noarp() - as `ip link set X arp off`: it resolves no neighbors, frames go to no address in particular */
int link_set_noarp(struct nlconn *c, int ifindex, struct error *e);
/** link_set_master() - @master 0: take it out of its bridge */
int link_set_master(struct nlconn *c, int ifindex, int master, struct error *e);
int link_set_mtu(struct nlconn *c, int ifindex, uint32_t mtu, struct error *e);
int link_set_alias(struct nlconn *c, int ifindex, const char *alias, struct error *e);
/** link_set_name() - a link that is down gets another name */
int link_set_name(struct nlconn *c, int ifindex, const char *ifname, struct error *e);
/** link_add_altname() - a second name, which may be long (LINK_ALTNAME_SIZE) and works wherever a name does (5.5) */
int link_add_altname(struct nlconn *c, int ifindex, const char *altname, struct error *e);
/** link_move() - into another namespace, with a new name; slow (see above), only for links that exist already */
int link_move(struct nlconn *c, int ifindex, int netns_fd, const char *ifname, struct error *e);
/** link_delete() - 8-16 ms each: tear a lab down by dropping its namespaces, not by this */
int link_delete(struct nlconn *c, int ifindex, struct error *e);
/**
 * link_get_index() - flushes a batch first
 * @ifname: a name or an altname
 *
 * Return: 0 or -errno, -ENODEV when there is none of that name.
 */
int link_get_index(struct nlconn *c, const char *ifname, int *ret, struct error *e);

/* ---- addresses and routes ---- */

/**
 * addr_add() - give an interface an address
 * @flags: IFA_F_NODAD and others of linux/if_addr.h
 *
 * Return: 0 or -errno; -EEXIST when it has it already.
 */
int addr_add(struct nlconn *c, int ifindex, const struct inprefix *addr, uint32_t flags, struct error *e);
int addr_del(struct nlconn *c, int ifindex, const struct inprefix *addr, struct error *e);

/**
 * route_add() - a route in the main table
 * @dst: NULL: default, of the gateway's family
 * @gw: NULL: on link. An IPv6 gateway for an IPv4 destination is fine (RTA_VIA, 5.2).
 * @ifindex: 0: where the gateway is
 */
int route_add(struct nlconn *c, const struct inprefix *dst, const struct inprefix *gw, int ifindex, struct error *e);

enum route_scope {
	ROUTE_SCOPE_AUTO, /* link without a gateway (IPv4), else universe */
	ROUTE_SCOPE_LINK,
	ROUTE_SCOPE_HOST,
	_ROUTE_SCOPE_MAX
};

struct link_route {
	struct inprefix dst; /* its host bits are ignored; len 0: default, of that family */
	struct inprefix gw; /* of any family; family 0: on link */
	struct inprefix src; /* preferred source address; family 0: the kernel chooses */
	int ifindex; /* 0: where the gateway is */
	enum route_scope scope;
	uint8_t protocol; /* 0: boot; ROUTE_PROTO_KERNEL */
	uint32_t mtu; /* 0: the device's */
};

/** route_put() - a route with all that it may have, in the main table; replaces one of the same destination */
int route_put(struct nlconn *c, const struct link_route *route, struct error *e);

/** route_del() - the route to @dst in the main table, by @gw unless that is NULL. Return: 0; -ESRCH: there is none. */
int route_del(struct nlconn *c, const struct inprefix *dst, const struct inprefix *gw, struct error *e);

/** neigh_add() - a permanent neighbor, as `ip neigh replace ADDR lladdr MAC dev X nud permanent` */
int neigh_add(struct nlconn *c, int ifindex, const struct inprefix *addr, const struct macaddr *mac, struct error *e);

/**
 * addr_monitor_open() - a socket that can be read whenever addresses of the current namespace change
 *
 * Return: a non-blocking fd (close-on-exec), or -errno.
 */
int addr_monitor_open(struct error *e);

/** route_monitor_open() - the same for addresses and routes */
int route_monitor_open(struct error *e);

/** addr_monitor_drain() - read all of it, so that the next change is seen */
void addr_monitor_drain(int fd);

/* ---- looking ---- */

struct link_info {
	int ifindex;
	int master; /* 0: none */
	int peer; /* IFLA_LINK: a veth's other end, a macvlan's parent; in its own namespace's numbers */
	uint32_t flags; /* IFF_UP, IFF_RUNNING... */
	uint32_t mtu;
	uint8_t operstate; /* IF_OPER_* of linux/if.h */
	bool has_mac;
	struct macaddr mac;
	char ifname[LINK_NAME_SIZE];
	char kind[LINK_NAME_SIZE]; /* "veth"; "" for those that are not made by rtnetlink */
	char altname[LINK_ALTNAME_SIZE]; /* the first one, or "" */
	char alias[LINK_ALIAS_SIZE];
};

struct addr_info {
	int ifindex;
	struct inprefix addr; /* the local one */
	uint8_t scope; /* RT_SCOPE_* */
	uint32_t flags; /* IFA_F_* */
};

struct route_info {
	struct inprefix dst; /* length 0: default */
	struct inprefix gw; /* family 0: none */
	int ifindex; /* 0: none, or several (multipath) */
	uint32_t table; /* RT_TABLE_* */
	uint32_t metric;
	uint8_t protocol; /* RTPROT_* */
	uint8_t type; /* RTN_* */
	uint8_t scope;
};

/**
 * link_dump(), addr_dump(), route_dump() - all of the namespace, both families, main and local tables
 * @ret: an array for free(3); NULL when there are none
 */
int link_dump(struct nlconn *c, struct link_info **ret, size_t *ret_n, struct error *e);
int addr_dump(struct nlconn *c, struct addr_info **ret, size_t *ret_n, struct error *e);
int route_dump(struct nlconn *c, struct route_info **ret, size_t *ret_n, struct error *e);

/**
 * link_parse(), addr_parse(), route_parse() - one message of a dump, for monitors and for fuzzing
 *
 * Return: 1; 0 for another kind of message; -EBADMSG.
 */
int link_parse(const struct nlmsghdr *nlh, struct link_info *ret);
int addr_parse(const struct nlmsghdr *nlh, struct addr_info *ret);
int route_parse(const struct nlmsghdr *nlh, struct route_info *ret);

#endif
