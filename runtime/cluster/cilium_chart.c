// SPDX-License-Identifier: GPL-2.0-or-later
#include "cluster/cilium_chart.h"

#include <string.h>

#include "cluster/jsonutil.h"
#include "cluster/resource.h"
#include "cluster/yamlout.h"

#define NS "kube-system"

const char cilium_chart_version[] = "1.14.3";

const char cilium_chart_values[] =
	"# What netemu reads of the values of Cilium's chart, and what they are when nobody says so.\n"
	"# Keys that are not here change nothing in a lab: they are accepted with a note.\n"
	"ipam:\n"
	"  # cluster-pool, or kubernetes: the podCIDR of each Node\n"
	"  mode: cluster-pool\n"
	"  operator:\n"
	"    clusterPoolIPv4PodCIDRList: [10.0.0.0/8]\n"
	"    clusterPoolIPv4MaskSize: 24\n"
	"    clusterPoolIPv6PodCIDRList: [fd00::/104]\n"
	"    clusterPoolIPv6MaskSize: 120\n"
	"# tunnel or native; \"\": what the older key `tunnel` says\n"
	"routingMode: \"\"\n"
	"# vxlan, geneve or disabled; \"\": vxlan\n"
	"tunnel: \"\"\n"
	"tunnelProtocol: \"\"\n"
	"ipv4NativeRoutingCIDR: \"\"\n"
	"ipv6NativeRoutingCIDR: \"\"\n"
	"autoDirectNodeRoutes: false\n"
	"ipv4:\n"
	"  enabled: true\n"
	"ipv6:\n"
	"  enabled: false\n"
	"enableIPv4Masquerade: true\n"
	"enableIPv6Masquerade: true\n"
	"bgpControlPlane:\n"
	"  enabled: false\n"
	"# 0: that of the nodes' interfaces\n"
	"MTU: 0\n"
	"operator:\n"
	"  replicas: 2\n"
	"# netemu's own; they mean nothing to helm\n"
	"netemu:\n"
	"  # frr, or gobgp: Cilium's own engine\n"
	"  bgpEngine: frr\n"
	"  # true: what has TTL 1 is dropped without an answer, as Cilium's BPF does\n"
	"  ttlQuirk: false\n";

/* ---- objects ---- */

static json_t *object_new(enum resource_id res, const char *ns, const char *name)
{
	json_t *o = json_pack("{s:s, s:s, s:{s:s, s:{s:s}, s:{s:s, s:s}}}", "apiVersion",
			      resource_api_version(&resources[res]), "kind", resources[res].kind, "metadata", "name",
			      name, "labels", "app.kubernetes.io/managed-by", "Helm", "annotations",
			      "meta.helm.sh/release-name", "cilium", "meta.helm.sh/release-namespace", NS);

	if (*ns)
		json_object_set_new(json_object_get(o, "metadata"), "namespace", json_string(ns));
	return o;
}

static void put_label(json_t *o, const char *key, const char *value)
{
	json_object_set_new(json_at(o, "metadata", "labels", NULL), key, json_string(value));
}

/* A pod template of the chart: on the host's network, wherever there is a node. */
static json_t *pod_template(const char *account, json_t *labels, const char *container, const char *image,
			    const char *version)
{
	_cleanup_strbuf_ struct strbuf full = { 0 };

	strbuf_printf(&full, "%s:v%s", image, version);
	return json_pack("{s:{s:o}, s:{s:b, s:s, s:s, s:s, s:s, s:[{s:s}], s:i, s:[{s:s, s:s, s:s}]}}", "metadata",
			 "labels", labels, "spec", "hostNetwork", 1, "restartPolicy", "Always", "serviceAccountName",
			 account, "priorityClassName", "system-node-critical", "dnsPolicy", "ClusterFirst",
			 "tolerations", "operator", "Exists", "terminationGracePeriodSeconds", 1, "containers", "name",
			 container, "image", strbuf_str(&full), "imagePullPolicy", "IfNotPresent");
}

static json_t *agent(const char *version)
{
	json_t *o = object_new(RES_DAEMONSETS, NS, "cilium"), *labels = json_pack("{s:s}", "k8s-app", "cilium");

	put_label(o, "k8s-app", "cilium");
	put_label(o, "app.kubernetes.io/name", "cilium-agent");
	put_label(o, "app.kubernetes.io/part-of", "cilium");
	json_object_set_new(
		o, "spec",
		json_pack("{s:{s:o}, s:{s:s, s:{s:i, s:i}}, s:i, s:o}", "selector", "matchLabels", labels,
			  "updateStrategy", "type", "RollingUpdate", "rollingUpdate", "maxUnavailable", 2, "maxSurge",
			  0, "revisionHistoryLimit", 10, "template",
			  pod_template("cilium",
				       json_pack("{s:s, s:s, s:s}", "k8s-app", "cilium", "app.kubernetes.io/name",
						 "cilium-agent", "app.kubernetes.io/part-of", "cilium"),
				       "cilium-agent", "quay.io/cilium/cilium", version)));
	return o;
}

static json_t *operator(const char *version, json_int_t replicas)
{
	json_t *o = object_new(RES_DEPLOYMENTS, NS, "cilium-operator"),
	       *labels = json_pack("{s:s, s:s}", "io.cilium/app", "operator", "name", "cilium-operator");

	put_label(o, "io.cilium/app", "operator");
	put_label(o, "name", "cilium-operator");
	json_object_set_new(o, "spec",
			    json_pack("{s:I, s:{s:O}, s:{s:s, s:{s:s, s:s}}, s:i, s:i, s:o}", "replicas", replicas,
				      "selector", "matchLabels", labels, "strategy", "type", "RollingUpdate",
				      "rollingUpdate", "maxSurge", "25%", "maxUnavailable", "50%",
				      "progressDeadlineSeconds", 600, "revisionHistoryLimit", 10, "template",
				      pod_template("cilium-operator", labels, "cilium-operator",
						   "quay.io/cilium/operator-generic", version)));
	return o;
}

static json_t *configmap(const json_t *config)
{
	json_t *o = object_new(RES_CONFIGMAPS, NS, "cilium-config");

	json_object_set(o, "data", json_object_get(config, "config"));
	return o;
}

json_t *cilium_chart_objects(const json_t *config, const char *version)
{
	json_t *list = json_array();

	json_array_append_new(list, object_new(RES_SERVICEACCOUNTS, NS, "cilium"));
	json_array_append_new(list, object_new(RES_SERVICEACCOUNTS, NS, "cilium-operator"));
	json_array_append_new(list, configmap(config));
	json_array_append_new(list, agent(version));
	json_array_append_new(list, operator(version, json_int(config, 2, "replicas", NULL)));
	return list;
}

/* ---- as text ---- */

/* In the order of cilium_chart_objects(): where the real chart has them. */
static const char *const sources[] = {
	"cilium-agent/serviceaccount.yaml", "cilium-operator/serviceaccount.yaml", "cilium-configmap.yaml",
	"cilium-agent/daemonset.yaml",	    "cilium-operator/deployment.yaml",
};

void cilium_chart_manifest(const json_t *config, const char *version, const char *only, struct strbuf *out)
{
	_cleanup_json_ json_t *objects = cilium_chart_objects(config, version);
	const json_t *o;
	size_t i;

	json_array_foreach(objects, i, o) {
		if (only && strcmp(only, sources[i]) != 0)
			continue;
		strbuf_printf(out, "---\n# Source: cilium/templates/%s\n", sources[i]);
		(void)json_to_yaml(o, out, NULL);
	}
}
