// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cluster_json.c - what the API server and the kubelets are told of their cluster (cluster.json, apiserver/api.h)
 */
#include <string.h>

#include "cluster/jsonutil.h"
#include "cluster/nodeproto.h"
#include "supervisor/cri_internal.h"

static json_t *strings(const struct strv *s)
{
	json_t *j = json_array();

	for (size_t i = 0; i < s->n; i++)
		(void)json_array_append_new(j, json_string(s->v[i]));
	return j;
}

static const char *or_else(const char *s, const char *fallback)
{
	return s ? s : fallback;
}

/* node-ip where it is given, else what the node has on the management network, of the cluster's families. */
static json_t *addresses(const struct lab *lab, const struct node *n, const struct plan_node *pn)
{
	const char *family = or_else(lab->ip_family, "ipv4");
	const struct inprefix *own[] = { strcmp(family, "ipv6") != 0 ? &pn->ipv4 : NULL, strcmp(family, "ipv4") != 0 ? &pn->ipv6 : NULL };
	char buf[INPREFIX_STRLEN];
	json_t *j;

	if (n->node_ips.n)
		return strings(&n->node_ips);
	j = json_array();
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (own[i] && own[i]->family)
			(void)json_array_append_new(j, json_string(inprefix_addr_str(own[i], buf)));
	return j;
}

static json_t *labels(const struct node *n)
{
	json_t *j = json_object();

	for (size_t i = 0; i < n->n_kube_labels; i++)
		(void)json_object_set_new(j, n->kube_labels[i].key, json_string(n->kube_labels[i].value));
	return j;
}

static json_t *taints(const struct node *n)
{
	json_t *j = json_array();

	for (size_t i = 0; i < n->n_taints; i++) {
		json_t *t = json_pack("{s:s, s:s}", "key", n->taints[i].key, "effect", n->taints[i].effect);

		if (n->taints[i].value[0])
			(void)json_object_set_new(t, "value", json_string(n->taints[i].value));
		(void)json_array_append_new(j, t);
	}
	return j;
}

static json_t *node_json(const struct plan *plan, size_t i)
{
	const struct node *n = &plan->lab->nodes[i];
	_cleanup_free_ char *provider = NULL;

	if (asprintf(&provider, "kind://netemu/%s/%s", plan->lab->name, n->hostname) < 0) {
		provider = NULL;
		return NULL;
	}
	return json_pack("{s:s, s:s, s:b, s:s, s:o, s:o, s:o, s:o, s:o, s:s}", "name", n->name, "hostname", n->hostname, "controlPlane",
			 n->control_plane, "image", n->image ? n->image : "", "addresses", addresses(plan->lab, n, &plan->nodes[i]), "labels",
			 labels(n), "taints", taints(n), "podCIDRs", strings(&n->pod_cidrs), "routerIPs", strings(&n->router_ips),
			 "providerID", provider);
}

/* Seconds between two heart-beats of a kubelet; tests make nodes time out sooner (nodelife.c). */
static json_int_t lease_renew(void)
{
	const char *duration = getenv("NETEMU_NODE_LEASE_DURATION");

	return duration && atoi(duration) > 0 ? MAX_OF(atoi(duration) / 4, 1) : NODE_LEASE_RENEW;
}

json_t *cluster_json(const struct plan *plan)
{
	const struct lab *lab = plan->lab;
	json_t *nodes = json_array();
	json_t *pins = lab->pins ? json_loads(lab->pins, 0, NULL) : NULL;

	for (size_t i = 0; i < lab->n_nodes; i++)
		if (lab->nodes[i].kube)
			(void)json_array_append_new(nodes, node_json(plan, i));
	return json_pack("{s:s, s:s, s:s, s:I, s:s, s:o, s:o, s:b, s:s, s:o, s:o, s:o, s:I}", "name", lab->name, "version",
			 or_else(lab->version, "v1.27.3"), "apiServerAddress", or_else(lab->api_address, "127.0.0.1"), "apiServerPort",
			 (json_int_t)lab->api_port, "ipFamily", or_else(lab->ip_family, "ipv4"), "podSubnets",
			 strings(&lab->pod_subnets), "serviceSubnets", strings(&lab->service_subnets), "defaultCNI",
			 !lab->disable_default_cni, "kubeProxyMode", or_else(lab->kube_proxy_mode, "iptables"), "dnsSearch",
			 strings(&lab->dns_search), "pins", pins ? pins : json_object(), "nodes", nodes,
			 "leaseRenew", lease_renew());
}
