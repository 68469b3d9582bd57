// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cilium.c - "installing Cilium": values.yaml becomes the network of the pods and the objects that helm would show
 *
 * Owns: the release (a Secret as helm writes it, so that `helm list` and `helm get values` read it), the objects of the
 * chart, CiliumNodes, CRDs. What values mean is in cluster/cilium_values.c, how pods are connected is the kubelet's.
 * The release is all the state there is: cilium_restore() reads it.
 */
#include <string.h>
#include <time.h>

#include "apiserver/api.h"
#include "base/base64.h"
#include "cluster/cilium_chart.h"
#include "cluster/cilium_values.h"
#include "cluster/jsonutil.h"
#include "cluster/schema.h"

#define NS "kube-system"

static const enum resource_id crds[] = { RES_BGPPEERINGPOLICIES, RES_BGPCLUSTERCONFIGS, RES_BGPPEERCONFIGS,
					 RES_BGPADVERTISEMENTS,	 RES_BGPNODECONFIGS,	RES_BGPNODECONFIGOVERRIDES,
					 RES_CILIUMNODES };

static bool is_bgp(const struct resource *res)
{
	return res->custom && strncmp(res->plural, "ciliumbgp", 9) == 0;
}

bool cilium_serves(const struct api *api, const struct resource *res)
{
	return !res->custom || (api->cilium && (api->cilium_bgp || !is_bgp(res)));
}

const char *cilium_bgp_engine(const struct api *api, const json_t *node)
{
	const char *own = json_text(node, "metadata", "annotations", CILIUM_ENGINE_ANNOTATION, NULL);
	const char *all = json_text(api->network, "bgpEngine", NULL);

	if (strcmp(own, "frr") == 0 || strcmp(own, "gobgp") == 0)
		return own;
	return *all ? all : "frr";
}

/* ---- objects ---- */

/* As `kubectl apply`: what is there is replaced, its status is kept. @object's reference is taken. */
static void put(struct api *api, enum resource_id res, json_t *object)
{
	const json_t *old = store_get(api->store, res, kube_namespace(object), kube_name(object));

	if (!old) {
		(void)api_create(api, res, object, NULL, NULL);
		return;
	}
	if (json_object_get(old, "status") && !json_object_get(object, "status"))
		json_object_set(object, "status", json_object_get(old, "status"));
	schema_default(&resources[res], object); /* as it was when it was created: else it would seem to change each time */
	(void)store_update(api->store, res, object, NULL, NULL);
}

static void put_chart(struct api *api, const json_t *config, const char *version)
{
	_cleanup_json_ json_t *objects = cilium_chart_objects(config, version);
	json_t *o;
	size_t i;

	json_array_foreach(objects, i, o) {
		put(api, resource_of_kind(json_text(o, "apiVersion", NULL), json_text(o, "kind", NULL))->id, json_incref(o));
	}
}

/* ---- CRDs ---- */

static json_t *crd_versions(const struct resource *r)
{
	json_t *ret = json_array();

	for (size_t i = 0; r->versions[i]; i++)
		json_array_append_new(ret, json_pack("{s:s, s:b, s:b, s:{s:{s:s, s:b}}, s:{}, s:[{s:s, s:s, s:s}]}",
						     "name", r->versions[i], "served", 1, "storage", i == 0, "schema",
						     "openAPIV3Schema", "type", "object",
						     "x-kubernetes-preserve-unknown-fields", 1, "subresources",
						     "additionalPrinterColumns", "name", "Age", "type", "date",
						     "jsonPath", ".metadata.creationTimestamp"));
	return ret;
}

static json_t *texts(const char *const *words)
{
	json_t *ret = json_array();

	for (; *words; words++)
		json_array_append_new(ret, json_string(*words));
	return ret;
}

static json_t *crd_object(const struct resource *r)
{
	char name[128], list[128], now[KUBE_TIME_LEN];
	json_t *names, *o;

	(void)snprintf(name, sizeof(name), "%s.%s", r->plural, r->group);
	(void)snprintf(list, sizeof(list), "%sList", r->kind);
	(void)kube_time(time(NULL), now);
	names = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "plural", r->plural, "singular", r->singular, "kind",
			  r->kind, "listKind", list, "shortNames", texts(r->short_names), "categories",
			  texts(r->categories));
	o = json_pack(
		"{s:s, s:s, s:{s:s, s:{s:s}}, s:{s:s, s:O, s:s, s:o}, s:{s:o, s:[s], s:[{s:s, s:s, s:s, s:s, s:s}, "
		"{s:s, s:s, s:s, s:s, s:s}]}}",
		"apiVersion", "apiextensions.k8s.io/v1", "kind", "CustomResourceDefinition", "metadata", "name", name,
		"labels", "io.cilium.k8s.crd.schema.version", "1.30.0", "spec", "group", r->group, "names", names,
		"scope", r->namespaced ? "Namespaced" : "Cluster", "versions", crd_versions(r), "status",
		"acceptedNames", names, "storedVersions", r->versions[0], "conditions", "type", "NamesAccepted",
		"status", "True", "reason", "NoConflicts", "message", "no conflicts found", "lastTransitionTime", now,
		"type", "Established", "status", "True", "reason", "InitialNamesAccepted", "message",
		"the initial names have been accepted", "lastTransitionTime", now);
	return o;
}

/* As served: those of BGP only with the control plane. Objects of a CRD that goes are deleted with it. */
static void sync_crds(struct api *api)
{
	for (size_t i = 0; i < ARRAY_SIZE(crds); i++) {
		const struct resource *r = &resources[crds[i]];
		char name[128];
		json_t *have;

		(void)snprintf(name, sizeof(name), "%s.%s", r->plural, r->group);
		have = store_get(api->store, RES_CRDS, "", name);
		if (!have && cilium_serves(api, r))
			(void)store_create(api->store, RES_CRDS, crd_object(r), NULL, NULL);
		if (have && !cilium_serves(api, r))
			(void)store_delete(api->store, RES_CRDS, "", name);
	}
}

/* ---- CiliumNodes ---- */

const json_t *cilium_pod_cidrs(const struct api *api, const json_t *node)
{
	const json_t *pool = json_at(api->network, "podCIDRs", kube_name(node), NULL);

	return pool ? pool : json_at(node, "spec", "podCIDRs", NULL);
}

static json_t *cilium_node(const struct api *api, const json_t *node)
{
	const json_t *addresses = json_at(node, "status", "addresses", NULL),
		     *labels = json_at(node, "metadata", "labels", NULL), *a;
	const json_t *cidrs = cilium_pod_cidrs(api, node);
	json_t *list = json_array();
	size_t i;

	json_array_foreach(addresses, i, a)
		if (strcmp(json_text(a, "type", NULL), "InternalIP") == 0)
			json_array_append_new(list, json_pack("{s:s, s:s}", "type", "InternalIP", "ip",
							      json_text(a, "address", NULL)));
	return json_pack("{s:s, s:s, s:{s:s, s:o, s:[{s:s, s:s, s:s, s:s}]}, s:{s:o, s:{s:o}}, s:{}}", "apiVersion",
			 "cilium.io/v2", "kind", "CiliumNode", "metadata", "name", kube_name(node), "labels",
			 labels ? json_deep_copy(labels) : json_object(), "ownerReferences", "apiVersion", "v1", "kind",
			 "Node", "name", kube_name(node), "uid", kube_uid(node), "spec", "addresses", list, "ipam",
			 "podCIDRs", cidrs ? json_deep_copy(cidrs) : json_array(), "status");
}

void cilium_sync_nodes(struct api *api, const json_t *nodes)
{
	_cleanup_json_ json_t *have = store_list(api->store, RES_CILIUMNODES, "");
	const json_t *n;
	size_t i;

	json_array_foreach(nodes, i, n)
		if (api->cilium)
			put(api, RES_CILIUMNODES, cilium_node(api, n));
	json_array_foreach(have, i, n)
		if (!api->cilium || !store_get(api->store, RES_NODES, "", kube_name(n)))
			(void)store_delete(api->store, RES_CILIUMNODES, "", kube_name(n));
}

/* ---- the release ---- */

/* A release as helm keeps it. @before: the one that is deployed, or NULL. New reference. */
static json_t *release_new(const json_t *values, const json_t *config, const char *version, const json_t *before)
{
	_cleanup_strbuf_ struct strbuf manifest = { 0 };
	const char *first = json_text(before, "info", "first_deployed", NULL);
	char now[KUBE_TIME_LEN];

	(void)kube_time(time(NULL), now);
	cilium_chart_manifest(config, version, NULL, &manifest);
	return json_pack("{s:s, s:s, s:I, s:O?, s:s, s:[], s:{s:s, s:s, s:s, s:s}, s:{s:{s:s, s:s, s:s, s:s}}}", "name",
			 "cilium", "namespace", NS, "version", json_int(before, 0, "version", NULL) + 1, "config", values,
			 "manifest", strbuf_str(&manifest), "hooks", "info", "first_deployed", *first ? first : now,
			 "last_deployed", now, "status", "deployed", "description", before ? "Upgrade complete" : "Install complete",
			 "chart", "metadata", "name", "cilium", "version", version, "appVersion", version, "apiVersion", "v2");
}

static void put_release(struct api *api, const json_t *release)
{
	const char *status = json_text(release, "info", "status", NULL);
	const json_int_t revision = json_int(release, 0, "version", NULL);
	_cleanup_strbuf_ struct strbuf once = { 0 }, twice = { 0 };
	_cleanup_free_ char *text = json_dumps(release, JSON_COMPACT);
	char name[64], number[24], modified[24];

	(void)snprintf(name, sizeof(name), "sh.helm.release.v1.cilium.v%lld", (long long)revision);
	(void)snprintf(number, sizeof(number), "%lld", (long long)revision);
	(void)snprintf(modified, sizeof(modified), "%lld",
		       (long long)kube_time_parse(json_text(release, "info", "last_deployed", NULL)));
	if (!text)
		return;
	base64_encode(&once, text, strlen(text));
	base64_encode(&twice, strbuf_str(&once), once.len);
	put(api, RES_SECRETS,
	    json_pack("{s:s, s:s, s:{s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s}}, s:s, s:{s:s}}", "apiVersion", "v1", "kind",
		      "Secret", "metadata", "name", name, "namespace", NS, "labels", "name", "cilium", "owner", "helm",
		      "status", status, "version", number, "modifiedAt", modified, "type", "helm.sh/release.v1", "data",
		      "release", strbuf_str(&twice)));
}

static json_t *read_release(const json_t *secret)
{
	const char *data = json_text(secret, "data", "release", NULL);
	_cleanup_strbuf_ struct strbuf once = { 0 }, text = { 0 };

	if (base64_decode(&once, data, strlen(data)) < 0 || base64_decode(&text, strbuf_str(&once), once.len) < 0)
		return NULL;
	return json_loads(strbuf_str(&text), 0, NULL);
}

/* The revision that is deployed; new reference, NULL when there is none. */
static json_t *find_release(struct api *api)
{
	_cleanup_json_ json_t *secrets = store_list(api->store, RES_SECRETS, NS);
	const json_t *s;
	size_t i;

	json_array_foreach(secrets, i, s)
		if (strcmp(json_text(s, "metadata", "labels", "owner", NULL), "helm") == 0 &&
		    strcmp(json_text(s, "metadata", "labels", "name", NULL), "cilium") == 0 &&
		    strcmp(json_text(s, "metadata", "labels", "status", NULL), "deployed") == 0)
			return read_release(s);
	return NULL;
}

static const json_t *release_values(const json_t *release)
{
	return json_object_get(release, "config");
}

/* ---- the border ---- */

static void adopt(struct api *api, const json_t *config)
{
	json_decref(api->network);
	api->network = json_deep_copy(json_object_get(config, "network"));
	json_object_set(api->network, "bgpEngine", json_object_get(config, "bgpEngine"));
	api->cilium = true;
	api->cilium_bgp = json_bool(config, "bgp", NULL);
}

json_t *cilium_reuse_values(struct api *api, const json_t *values)
{
	_cleanup_json_ json_t *before = find_release(api);
	json_t *all = before ? json_deep_copy(release_values(before)) : json_object();

	if (all)
		(void)json_object_update_recursive(all, (json_t *)(uintptr_t)values);
	return all;
}

int cilium_install(struct api *api, const json_t *values, const char *version, json_t **ret_notes, struct error *e)
{
	_cleanup_json_ json_t *config = NULL, *before = find_release(api), *nodes = NULL, *release = NULL;
	int r = cilium_values_read(values, api->cluster, &config, e);

	if (r < 0)
		return r;
	if (!version || !*version)
		version = cilium_chart_version;
	version += *version == 'v';
	adopt(api, config);
	release = release_new(values, config, version, before);
	put_release(api, release);
	if (before) {
		json_object_set_new(json_object_get(before, "info"), "status", json_string("superseded"));
		put_release(api, before);
	}
	sync_crds(api);
	nodes = store_list(api->store, RES_NODES, "");
	cilium_sync_nodes(api, nodes);
	nodes_network_changed(api);
	put_chart(api, config, version);
	bgp_changed(api);
	*ret_notes = json_incref(json_object_get(config, "notes"));
	return 0;
}

static void delete_release(struct api *api)
{
	_cleanup_json_ json_t *secrets = store_list(api->store, RES_SECRETS, NS);
	const json_t *s;
	size_t i;

	json_array_foreach(secrets, i, s)
		if (strncmp(kube_name(s), "sh.helm.release.v1.cilium.v", 27) == 0)
			(void)store_delete(api->store, RES_SECRETS, NS, kube_name(s));
}

/* What users have told its BGP control plane stays in the store, unseen, for when it comes back: helm deletes no CRD. */
void cilium_uninstall(struct api *api)
{
	static const char *const accounts[] = { "cilium", "cilium-operator" };

	if (!api->cilium)
		return;
	delete_release(api);
	(void)api_remove(api, RES_DAEMONSETS, NS, "cilium", NULL);
	(void)api_remove(api, RES_DEPLOYMENTS, NS, "cilium-operator", NULL);
	(void)store_delete(api->store, RES_CONFIGMAPS, NS, "cilium-config");
	for (size_t i = 0; i < ARRAY_SIZE(accounts); i++)
		(void)store_delete(api->store, RES_SERVICEACCOUNTS, NS, accounts[i]);
	api->cilium = api->cilium_bgp = false;
	json_decref(api->network);
	api->network = network_default(api);
	cilium_sync_nodes(api, NULL);
	sync_crds(api);
	nodes_network_changed(api);
	bgp_changed(api);
}

void cilium_restore(struct api *api)
{
	_cleanup_json_ json_t *release = find_release(api), *config = NULL;

	if (!release || cilium_values_read(release_values(release), api->cluster, &config, NULL) < 0)
		return;
	adopt(api, config);
}
