/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * resource.h - the one table of Kubernetes resources that are served
 *
 * Discovery, routing, storage, `netemu get` and messages all read this table.
 */
#ifndef NETEMU_CLUSTER_RESOURCE_H
#define NETEMU_CLUSTER_RESOURCE_H

#include "base/macros.h"

enum resource_id {
	RES_PODS,
	RES_NODES,
	RES_NAMESPACES,
	RES_EVENTS,
	RES_CONFIGMAPS,
	RES_SECRETS,
	RES_SERVICEACCOUNTS,
	RES_SERVICES,
	RES_ENDPOINTS,
	RES_REPLICATIONCONTROLLERS, /* always empty: `get all` and `drain` ask for them */
	RES_PERSISTENTVOLUMECLAIMS, /* stored only */
	RES_DEPLOYMENTS,
	RES_REPLICASETS,
	RES_DAEMONSETS,
	RES_STATEFULSETS,
	RES_CONTROLLERREVISIONS,
	RES_JOBS,
	RES_CRONJOBS, /* stored only */
	RES_HPAS, /* stored only; `get all` asks for them */
	RES_LEASES,
	RES_PDBS, /* stored; eviction does not look at them */
	RES_CRDS, /* the ones of Cilium, read-only */
	RES_BGPPEERINGPOLICIES,
	RES_BGPCLUSTERCONFIGS,
	RES_BGPPEERCONFIGS,
	RES_BGPADVERTISEMENTS,
	RES_BGPNODECONFIGS,
	RES_BGPNODECONFIGOVERRIDES,
	RES_CILIUMNODES,
	_RES_MAX,
};

struct resource {
	enum resource_id id;
	const char *group; /* "" = core */
	const char *versions[3]; /* served ones, the preferred (and stored) first; NULL-terminated */
	const char *plural, *singular, *kind;
	const char *short_names[3]; /* NULL-terminated */
	const char *categories[3]; /* "all", "cilium"; NULL-terminated */
	bool namespaced;
	bool custom; /* a CRD's: no strategic merge patch, a table of Name and Age; served only while Cilium is installed */
	const char *subresources[10]; /* "status", "log", ...; NULL-terminated */
};

extern const struct resource resources[_RES_MAX];

/** resource_find() - by the parts of an API path: ("apps", "v1", "deployments"). NULL when there is none. */
const struct resource *resource_find(const char *group, const char *version, const char *plural);
/** resource_of_kind() - by apiVersion ("apps/v1") and kind ("Deployment") */
const struct resource *resource_of_kind(const char *api_version, const char *kind);
/** resource_of_word() - what a user types: plural, singular, kind or short name in any case, with ".group" or not */
const struct resource *resource_of_word(const char *word);
/** resource_api_version() - "v1", "apps/v1": of the preferred version, a string that lives as long as the program */
const char *resource_api_version(const struct resource *r);
static inline bool resource_has_sub(const struct resource *r, const char *sub)
{
	for (const char *const *s = r->subresources; *s; s++)
		if (__builtin_strcmp(*s, sub) == 0)
			return true;
	return false;
}

#endif
