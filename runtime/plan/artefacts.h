/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * artefacts.h - the files about a lab that containerlab's users script against: what stands in them
 *
 * Pure: plan in, text out; the shapes and key names are containerlab's. Where they go, and that they go away again, is
 * engine/labdir.h's.
 */
#ifndef NETEMU_PLAN_ARTEFACTS_H
#define NETEMU_PLAN_ARTEFACTS_H

#include "base/strbuf.h"
#include "plan/plan.h"

/* What a node's labels are made of. */
struct label_source {
	const char *lab, *lab_dir, *path, *owner; /* owner: who typed it */
	const char *bridge; /* the host's interface on the management network, "" */
	const char *node, *longname, *kind, *group;
	struct strv own; /* of the file: "K=V" */
};

/** artefacts_labels() - all labels that containerlab's container of a node would have, "K=V", sorted; strings are in @a */
struct strv artefacts_labels(const struct label_source *s, struct arena *a);

/** artefacts_ansible() - ansible-inventory.yml: nodes by kind, then by label ansible-group */
void artefacts_ansible(const struct plan *p, struct strbuf *out);

/**
 * artefacts_nornir() - nornir-simple-inventory.yml
 *
 * All platforms are "linux", which is also what CLAB_NORNIR_PLATFORM_NAME_SCHEMA makes of that kind.
 */
void artefacts_nornir(const struct plan *p, struct strbuf *out);

/** artefacts_topology_data() - topology-data.json; @keys: public SSH keys, one a line */
void artefacts_topology_data(const struct plan *p, const char *owner, const char *keys, struct strbuf *out);

/** artefacts_hosts() - the lines of /etc/hosts, IPv4 first; nothing when no node has an address there */
void artefacts_hosts(const struct plan *p, struct strbuf *out);

/** artefacts_ssh() - an OpenSSH client's configuration for the nodes that @reachable says; nothing for none */
void artefacts_ssh(const struct plan *p, const bool *reachable, struct strbuf *out);

/** artefacts_may_ssh() - whether anything about a node tells of an SSH server, so that looking for one is worth while */
bool artefacts_may_ssh(const struct plan *p, size_t node);

#endif
