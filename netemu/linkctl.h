/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * linkctl.h - links of running labs: up and down, impaired, made by hand
 *
 * What `netemu link` and containerlab's `tools netem`, `tools veth` and `tools vxlan` do. Owns: finding the interface
 * that a user means. Refuses to know command lines and output.
 */
#ifndef NETEMU_LINKCTL_H
#define NETEMU_LINKCTL_H

#include "base/impair.h"
#include "base/inaddr.h"
#include "base/strv.h"
#include "engine/state.h"
#include "kernel/link.h"

struct qdisc_info; /* kernel/qdisc.h */

/* The inside of one node's network namespace. */
struct linkctl {
	char node[208];	 /* its long name; "host" */
	int self, netns; /* of the calling thread, of the node */
	struct nlconn *conn;
	struct link_info *links; /* as they were when it was opened */
	size_t n_links;
	struct qdisc_info *queues;
	size_t n_queues;
};

/**
 * linkctl_open() - look into a node
 * @lab: --lab, or NULL for any
 * @node: a short or long name; "host" is the host itself, unless a node has the name
 * @ret: for linkctl_close(), also on failure
 *
 * Return: 0; what state_find_node() returns; another -errno.
 */
int linkctl_open(const char *lab, const char *node, struct linkctl *ret, struct error *e);
void linkctl_close(struct linkctl *lc);
#define _cleanup_linkctl_ _cleanup_(linkctl_close)

/**
 * linkctl_find() - an interface by its name, its altname, or the name that it has in the file ("ge-0/0/0")
 *
 * Return: 0; -ENODEV with the names that there are.
 */
int linkctl_find(const struct linkctl *lc, const char *ifname, const struct link_info **ret, struct error *e);

/** linkctl_name() - what people call it: the name of the file when the kernel could not have that one */
const char *linkctl_name(const struct link_info *link);

/**
 * linkctl_set_up() - set it up, or down as a pulled cable does to both ends
 *
 * Its IPv6 addresses stay (keep_addr_on_down), as IPv4's do.
 */
int linkctl_set_up(const struct linkctl *lc, const struct link_info *link, bool up, struct error *e);

/** linkctl_impair() - what leaves it, from now on: @im replaces all that was set; without values it is a reset */
int linkctl_impair(const struct linkctl *lc, const struct link_info *link, const struct impair *im, struct error *e);

/** linkctl_impaired() - what is set now; NULL: nothing is */
const struct impair *linkctl_impaired(const struct linkctl *lc, const struct link_info *link);

/** linkctl_netns() - the network namespace of a node of a running lab, or the one that a bridge is in. Return: an fd or -errno. */
int linkctl_netns(const struct lab_state *st, const struct node_state *n, struct error *e);

/**
 * linkctl_veth_create() - a veth pair between what runs, as `containerlab tools veth create`
 * @a: "NODE:IF", "host:IF" or "bridge:BRIDGE:IF", the bridge being one of the host's or of a running lab
 * @mtu: 0: 9500
 *
 * Both ends are set up. It goes with the first of its two ends.
 */
int linkctl_veth_create(const char *lab, const char *a, const char *b, uint32_t mtu, struct error *e);

struct linkctl_vxlan {
	struct inprefix remote;
	uint32_t vni;
	const char *link;	 /* the interface of the host that is tied to the tunnel */
	const char *parent;	 /* the interface that the tunnel leaves by, NULL: as the host's routes say */
	uint16_t port, src_port; /* 0: 14789, and one that tells flows apart */
	uint32_t mtu;		 /* 0: of its parent, less what the tunnel takes */
};

enum { LINKCTL_VXLAN_PORT = 14789 }; /* containerlab's: 4789 is often taken by an overlay of the host's */

/** linkctl_vxlan_create() - "vx-LINK" on the host, all of whose traffic goes to and comes from LINK (tc) */
int linkctl_vxlan_create(const struct linkctl_vxlan *spec, struct error *e);

/**
 * linkctl_vxlan_delete() - delete the host's vxlan interfaces whose names begin with @prefix
 * @ret: their names, appended, in @a
 */
int linkctl_vxlan_delete(const char *prefix, struct arena *a, struct strv *ret, struct error *e);

#endif
