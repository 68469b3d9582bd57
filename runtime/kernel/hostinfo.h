/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hostinfo.h - what the host has: address space already in use, and features that labs need
 *
 * Owns: looking. Whatever has to be tried is tried by a forked child in namespaces of its own that end with it;
 * nothing of the host is changed. Refuses to know labs: it tells what a lab would miss, not whether one runs.
 */
#ifndef NETEMU_KERNEL_HOSTINFO_H
#define NETEMU_KERNEL_HOSTINFO_H

#include "base/error.h"
#include "base/inaddr.h"
#include "kernel/link.h"

struct taken_prefix {
	struct inprefix prefix; /* an address with its host bits, or the destination of a route */
	char ifname[LINK_NAME_SIZE]; /* who has it; "a route" when that cannot be told */
	char alias[96]; /* of that interface, cut; "" = none */
};

/**
 * hostinfo_taken_prefixes() - networks that the current namespace has addresses in or routes to
 * @ret: an array for free(3), addresses first, both families; neither default routes nor link-local, loopback and
 *       multicast networks. NULL when there are none.
 *
 * A management subnet that overlaps none of them takes nothing away from the host.
 *
 * Return: 0 or -errno.
 */
int hostinfo_taken_prefixes(struct taken_prefix **ret, size_t *ret_n, struct error *e);

/** hostinfo_links() - the links of the current namespace; @ret for free(3) */
int hostinfo_links(struct link_info **ret, size_t *ret_n, struct error *e);

/**
 * hostinfo_has_kind() - whether the kernel can make links of a kind
 * @loaded: without loading a module first
 *
 * Return: false only when it is certain.
 */
bool hostinfo_has_kind(const char *kind, bool loaded);

/** hostinfo_has_qdisc() - the same for qdiscs; tried in a namespace of its own, which takes a child and some 10 ms */
bool hostinfo_has_qdisc(const char *kind);

/** hostinfo_has_redirect() - the same for qdisc_redirect() */
bool hostinfo_has_redirect(void);

enum probe_state {
	PROBE_NO,
	PROBE_PARTLY, /* with limits, later, or it cannot be told */
	PROBE_YES,
	_PROBE_STATE_MAX
};

struct probe_item {
	const char *group; /* "links" */
	const char *name; /* "vxlan" */
	enum probe_state state;
	char detail[192]; /* what was found; may be empty */
	const char *remedy; /* what a lab misses without it, and what to do; for states other than PROBE_YES */
};

struct probe_report {
	struct probe_item *items; /* in the order of groups */
	size_t n;
};

/**
 * hostinfo_probe() - look at everything that a lab may need
 * @ret: for probe_report_done()
 *
 * Runs as any user and tells what this user could do; takes some 30 ms. Kinds of links are asked for, not tried,
 * because loading some modules (bonding, ifb) makes interfaces on the host.
 *
 * Return: 0 or -ENOMEM; whatever else fails is an item that says no.
 */
int hostinfo_probe(struct probe_report *ret, struct error *e);
void probe_report_done(struct probe_report *r);
#define _cleanup_probe_report_ _cleanup_(probe_report_done)

/** probe_state_name() - "no", "partly", "yes" */
const char *probe_state_name(enum probe_state s);

#endif
