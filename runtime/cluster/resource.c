// SPDX-License-Identifier: GPL-2.0-or-later
#include "cluster/resource.h"

#include <string.h>
#include <strings.h>

#define CORE "", { "v1", NULL }
#define APPS "apps", { "v1", NULL }
#define BATCH "batch", { "v1", NULL }
#define CILIUM2 "cilium.io", { "v2", "v2alpha1", NULL }

const struct resource resources[_RES_MAX] = {
	[RES_PODS] = { RES_PODS, CORE, "pods", "pod", "Pod", { "po" }, { "all" }, true, false,
		       { "status", "log", "exec", "attach", "portforward", "eviction", "binding" } },
	[RES_NODES] = { RES_NODES, CORE, "nodes", "node", "Node", { "no" }, { NULL }, false, false, { "status" } },
	[RES_NAMESPACES] = { RES_NAMESPACES, CORE, "namespaces", "namespace", "Namespace", { "ns" }, { NULL }, false, false,
			     { "status", "finalize" } },
	[RES_EVENTS] = { RES_EVENTS, CORE, "events", "event", "Event", { "ev" }, { NULL }, true, false, { NULL } },
	[RES_CONFIGMAPS] = { RES_CONFIGMAPS, CORE, "configmaps", "configmap", "ConfigMap", { "cm" }, { NULL }, true, false, { NULL } },
	[RES_SECRETS] = { RES_SECRETS, CORE, "secrets", "secret", "Secret", { NULL }, { NULL }, true, false, { NULL } },
	[RES_SERVICEACCOUNTS] = { RES_SERVICEACCOUNTS, CORE, "serviceaccounts", "serviceaccount", "ServiceAccount", { "sa" }, { NULL },
				  true, false, { NULL } },
	[RES_SERVICES] = { RES_SERVICES, CORE, "services", "service", "Service", { "svc" }, { "all" }, true, false, { "status" } },
	[RES_ENDPOINTS] = { RES_ENDPOINTS, CORE, "endpoints", "endpoints", "Endpoints", { "ep" }, { NULL }, true, false, { NULL } },
	[RES_REPLICATIONCONTROLLERS] = { RES_REPLICATIONCONTROLLERS, CORE, "replicationcontrollers", "replicationcontroller",
					 "ReplicationController", { "rc" }, { "all" }, true, false, { "status", "scale" } },
	[RES_PERSISTENTVOLUMECLAIMS] = { RES_PERSISTENTVOLUMECLAIMS, CORE, "persistentvolumeclaims", "persistentvolumeclaim",
					 "PersistentVolumeClaim", { "pvc" }, { NULL }, true, false, { "status" } },
	[RES_DEPLOYMENTS] = { RES_DEPLOYMENTS, APPS, "deployments", "deployment", "Deployment", { "deploy" }, { "all" }, true, false,
			      { "status", "scale" } },
	[RES_REPLICASETS] = { RES_REPLICASETS, APPS, "replicasets", "replicaset", "ReplicaSet", { "rs" }, { "all" }, true, false,
			      { "status", "scale" } },
	[RES_DAEMONSETS] = { RES_DAEMONSETS, APPS, "daemonsets", "daemonset", "DaemonSet", { "ds" }, { "all" }, true, false, { "status" } },
	[RES_STATEFULSETS] = { RES_STATEFULSETS, APPS, "statefulsets", "statefulset", "StatefulSet", { "sts" }, { "all" }, true, false,
			       { "status", "scale" } },
	[RES_CONTROLLERREVISIONS] = { RES_CONTROLLERREVISIONS, APPS, "controllerrevisions", "controllerrevision", "ControllerRevision",
				      { NULL }, { NULL }, true, false, { NULL } },
	[RES_JOBS] = { RES_JOBS, BATCH, "jobs", "job", "Job", { NULL }, { "all" }, true, false, { "status" } },
	[RES_CRONJOBS] = { RES_CRONJOBS, BATCH, "cronjobs", "cronjob", "CronJob", { "cj" }, { "all" }, true, false, { "status" } },
	[RES_HPAS] = { RES_HPAS, "autoscaling", { "v1", NULL }, "horizontalpodautoscalers", "horizontalpodautoscaler",
		       "HorizontalPodAutoscaler", { "hpa" }, { "all" }, true, false, { "status" } },
	[RES_LEASES] = { RES_LEASES, "coordination.k8s.io", { "v1", NULL }, "leases", "lease", "Lease", { NULL }, { NULL }, true, false,
			 { NULL } },
	[RES_PDBS] = { RES_PDBS, "policy", { "v1", NULL }, "poddisruptionbudgets", "poddisruptionbudget", "PodDisruptionBudget",
		       { "pdb" }, { NULL }, true, false, { "status" } },
	[RES_CRDS] = { RES_CRDS, "apiextensions.k8s.io", { "v1", NULL }, "customresourcedefinitions", "customresourcedefinition",
		       "CustomResourceDefinition", { "crd", "crds" }, { NULL }, false, false, { "status" } },
	[RES_BGPPEERINGPOLICIES] = { RES_BGPPEERINGPOLICIES, "cilium.io", { "v2alpha1", NULL }, "ciliumbgppeeringpolicies",
				     "ciliumbgppeeringpolicy", "CiliumBGPPeeringPolicy", { "bgpp" }, { "cilium", "ciliumbgp" }, false,
				     true, { NULL } },
	[RES_BGPCLUSTERCONFIGS] = { RES_BGPCLUSTERCONFIGS, CILIUM2, "ciliumbgpclusterconfigs", "ciliumbgpclusterconfig",
				    "CiliumBGPClusterConfig", { "cbgpcluster" }, { "cilium", "ciliumbgp" }, false, true, { "status" } },
	[RES_BGPPEERCONFIGS] = { RES_BGPPEERCONFIGS, CILIUM2, "ciliumbgppeerconfigs", "ciliumbgppeerconfig", "CiliumBGPPeerConfig",
				 { "cbgppeer" }, { "cilium", "ciliumbgp" }, false, true, { "status" } },
	[RES_BGPADVERTISEMENTS] = { RES_BGPADVERTISEMENTS, CILIUM2, "ciliumbgpadvertisements", "ciliumbgpadvertisement",
				    "CiliumBGPAdvertisement", { "cbgpadvert" }, { "cilium", "ciliumbgp" }, false, true, { NULL } },
	[RES_BGPNODECONFIGS] = { RES_BGPNODECONFIGS, CILIUM2, "ciliumbgpnodeconfigs", "ciliumbgpnodeconfig", "CiliumBGPNodeConfig",
				 { "cbgpnode" }, { "cilium", "ciliumbgp" }, false, true, { "status" } },
	[RES_BGPNODECONFIGOVERRIDES] = { RES_BGPNODECONFIGOVERRIDES, CILIUM2, "ciliumbgpnodeconfigoverrides",
					 "ciliumbgpnodeconfigoverride", "CiliumBGPNodeConfigOverride", { "cbgpnodeoverride" },
					 { "cilium", "ciliumbgp" }, false, true, { NULL } },
	[RES_CILIUMNODES] = { RES_CILIUMNODES, "cilium.io", { "v2", NULL }, "ciliumnodes", "ciliumnode", "CiliumNode",
			      { "cn", "ciliumn" }, { "cilium" }, false, true, { "status" } },
};

static bool has_word(const char *const *words, const char *word)
{
	for (; *words; words++)
		if (strcasecmp(*words, word) == 0)
			return true;
	return false;
}

const struct resource *resource_find(const char *group, const char *version, const char *plural)
{
	for (size_t i = 0; i < _RES_MAX; i++) {
		const struct resource *r = &resources[i];

		if (strcmp(r->plural, plural) == 0 && strcmp(r->group, group) == 0 && has_word(r->versions, version))
			return r;
	}
	return NULL;
}

const struct resource *resource_of_kind(const char *api_version, const char *kind)
{
	const char *slash = strchr(api_version, '/');
	const char *version = slash ? slash + 1 : api_version;
	const size_t len = slash ? (size_t)(slash - api_version) : 0;

	for (size_t i = 0; i < _RES_MAX; i++) {
		const struct resource *r = &resources[i];

		if (strcmp(r->kind, kind) == 0 && strlen(r->group) == len && strncmp(r->group, api_version, len) == 0 &&
		    has_word(r->versions, version))
			return r;
	}
	return NULL;
}

const struct resource *resource_of_word(const char *word)
{
	const char *dot = strchr(word, '.');
	char name[128];

	(void)snprintf(name, sizeof(name), "%.*s", dot ? (int)(dot - word) : (int)strlen(word), word);
	for (size_t i = 0; i < _RES_MAX; i++) {
		const struct resource *r = &resources[i];

		if (dot && strcmp(dot + 1, r->group) != 0)
			continue;
		if (strcasecmp(name, r->plural) == 0 || strcasecmp(name, r->singular) == 0 || has_word(r->short_names, name))
			return r;
	}
	return NULL;
}

const char *resource_api_version(const struct resource *r)
{
	static char texts[_RES_MAX][64];
	char *text = texts[r->id];

	if (!*text)
		(void)snprintf(text, sizeof(texts[0]), "%s%s%s", r->group, *r->group ? "/" : "", r->versions[0]);
	return text;
}
