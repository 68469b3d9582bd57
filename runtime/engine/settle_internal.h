/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * settle_internal.h - what settle.c (decides) and settle_frr.c (asks and parses) share; nobody else includes this
 */
#ifndef NETEMU_ENGINE_SETTLE_INTERNAL_H
#define NETEMU_ENGINE_SETTLE_INTERNAL_H

#include "base/inaddr.h"
#include "engine/settle.h"

/* A neighbor statement of a bgpd, or the session of a listen range. */
struct bgp_peer {
	const char *name; /* address or interface, as in the configuration */
	struct inprefix addr; /* family 0: named by interface */
	bool dynamic; /* came in by a listen range: not configured by itself */
	bool wanted; /* neither shut down nor without any address family */
	bool established;
	bool exchanged; /* initial updates, both ways */
	const char *state; /* "Active" */
};

enum ospf_version { OSPF_V2, OSPF_V3, _OSPF_VERSION_MAX };

struct ospf_iface {
	const char *ifname;
	const char *area;
	enum ospf_version version;
	bool multiaccess; /* elects a designated router */
	bool drother; /* elected neither */
	bool waiting; /* for the election */
	unsigned n_neighbors, n_full, n_twoway, n_exchanging;
	const char *worst; /* state of the neighbor that is farthest from Full */
};

struct ospf_area {
	const char *name;
	enum ospf_version version;
	const char *digest; /* equal in routers whose databases of this area agree; NULL: FRR does not tell */
};

struct iface_addr {
	const char *ifname;
	struct inprefix prefix;
};

/* What one node's daemons said last. */
struct router {
	struct arena arena;
	struct iface_addr *addrs;
	size_t n_addrs;
	struct bgp_peer *peers;
	size_t n_peers;
	struct inprefix *listen; /* BGP listen ranges */
	size_t n_listen;
	struct ospf_iface *ifaces; /* where OSPF seeks neighbors: up and not passive */
	size_t n_ifaces;
	struct ospf_area *areas;
	size_t n_areas;
	struct strv problems; /* what is to be waited for whatever other routers say */
	uint64_t fingerprint; /* of all counters that move while routes do */
	bool unsettled; /* set by settle.c */
	bool told; /* a speaker, which dials any address of its neighbor */
};

/** router_done() - forget all, but not that it is unsettled */
void router_done(struct router *router);

/** router_ask() - ask node @index's daemons. What cannot be asked becomes a problem of the router. */
void router_ask(const struct settle_input *in, size_t index, struct router *router);

/** router_tell() - for a node with settle_node.addrs: what it is said to be */
void router_tell(const struct settle_node *node, struct router *router);

/** settle_ask_vty() - the real settle_ask_fn; @arg is a struct vty_cache */
int settle_ask_vty(void *arg, size_t node, const char *daemon, const char *command, struct strbuf *out,
		   struct error *e);

/* The connection used last: several questions in a row go to the same daemon. */
struct vty_cache {
	const struct settle_input *in;
	size_t node; /* valid with vty */
	char daemon[32];
	struct vty *vty;
};
void vty_cache_done(struct vty_cache *cache);

#endif
