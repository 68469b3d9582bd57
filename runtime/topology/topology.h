/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * topology.h - the parts of a topology that topology.c puts together; private to topology/ and its tests
 */
#ifndef NETEMU_TOPOLOGY_TOPOLOGY_H
#define NETEMU_TOPOLOGY_TOPOLOGY_H

#include "topology/loader.h"

/** mgmt_defaults() - the management network of a lab that says nothing about it */
void mgmt_defaults(struct mgmt *m);
/** settings_read() - `settings:` into l->lab->ca; cert.c */
void settings_read(struct loader *l, const struct value *v);
/** certificates_resolve() - what binds name of certificates will be there */
void certificates_resolve(struct loader *l);
/** mgmt_read() - `mgmt:` into l->lab->mgmt */
void mgmt_read(struct loader *l, const struct value *v);
/** mgmt_check_nodes() - static addresses: inside the subnet, not the gateway's, given once */
void mgmt_check_nodes(struct loader *l);

/** links_read() - `links:` into l->lab->links; adds the node "host" when a link needs it and it is not there */
void links_read(struct loader *l, const struct value *v);
/** links_check() - after netmode_resolve(): an interface is used once in a namespace; eth0 is the management's */
void links_check(struct loader *l);

/** netmode_resolve() - container:X to a node's index where X is in this lab; cycles are errors */
void netmode_resolve(struct loader *l);

/** git_expand_name() - @name with __gitBranch__ and __gitHash__ replaced; gitname.c */
const char *git_expand_name(struct loader *l, const char *name);

/** nodes_filter() - keep the nodes that load_options.node_filter names, and links with both ends among them */
void nodes_filter(struct loader *l);

#endif
