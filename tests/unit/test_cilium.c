// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_cilium.c - values.yaml as a network, the CRDs of cilium.io, and the tables of `cilium bgp`
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cluster/cilium_chart.h"
#include "cluster/cilium_print.h"
#include "cluster/cilium_values.h"
#include "cluster/jsonutil.h"
#include "cluster/manifest.h"
#include "cluster/schema.h"
#include "cluster/schema_cilium.h"
#include "parsed.h"

/* ---- values ---- */

#define CLUSTER "{'ipFamily':'ipv4','podSubnets':['10.1.0.0/16'],'nodes':[{'hostname':'a'},{'hostname':'b'},{'hostname':'c'}]}"
#define SEED "'tunnel':'disabled','ipam':{'mode':'kubernetes'},'ipv4NativeRoutingCIDR':'10.0.0.0/8','bgpControlPlane':{'enabled':true}," \
	     "'k8s':{'requireIPv4PodCIDR':true},'image':{'useDigest':false},'operator':{'image':{'useDigest':false}}"

static json_t *read_values(const char *values_text, const char *cluster_text)
{
	json_t *values = values_text ? parsed(values_text) : NULL, *cluster = parsed(cluster_text), *ret = NULL;
	struct error e = { 0 };

	if (cilium_values_read(values, cluster, &ret, &e) < 0)
		fail_msg("%s", e.msg);
	json_decref(values);
	json_decref(cluster);
	return ret;
}

static void expect_network(const char *values, const char *want_text)
{
	json_t *got = read_values(values, CLUSTER), *want = parsed(want_text);

	if (!json_equal(json_object_get(got, "network"), want))
		fail_msg("%s", json_dumps(json_object_get(got, "network"), 0));
	json_decref(got);
	json_decref(want);
}

/* @want: all notes, joined by "; " */
static void expect_notes(const char *values, const char *cluster, const char *want)
{
	json_t *got = read_values(values, cluster), *n;
	struct strbuf out = { 0 };
	size_t i;

	json_array_foreach(json_object_get(got, "notes"), i, n)
		strbuf_printf(&out, "%s%s", i ? "; " : "", json_string_value(n));
	assert_string_equal(strbuf_str(&out), want);
	strbuf_done(&out);
	json_decref(got);
}

/* What `helm show values` tells is what is done when nobody says anything. */
static void the_charts_values_are_the_defaults(void **state)
{
	json_t *values = yaml_to_json(cilium_chart_values, strlen(cilium_chart_values), NULL), *cluster = parsed(CLUSTER);
	json_t *written = NULL, *without = NULL;
	struct error e = { 0 };

	(void)state;
	assert_int_equal(cilium_values_read(values, cluster, &written, &e), 0);
	assert_int_equal(cilium_values_read(NULL, cluster, &without, &e), 0);
	assert_true(json_equal(written, without));
	json_decref(written);
	json_decref(without);
	/* Without a cluster, for helm template, they can be read, too. */
	assert_int_equal(cilium_values_read(values, NULL, &written, &e), 0);
	json_decref(written);
	json_decref(values);
	json_decref(cluster);
}

static void the_chart_makes_objects(void **state)
{
	json_t *config = read_values("{'operator':{'replicas':1}}", CLUSTER), *objects = cilium_chart_objects(config, "1.15.0"), *o;
	struct strbuf text = { 0 };
	size_t i;

	(void)state;
	json_array_foreach(objects, i, o)
		assert_non_null(resource_of_kind(json_text(o, "apiVersion", NULL), json_text(o, "kind", NULL)));
	assert_int_equal(json_array_size(objects), 5);
	assert_int_equal(json_int(json_array_get(objects, 4), 0, "spec", "replicas", NULL), 1);
	cilium_chart_manifest(config, "1.15.0", "cilium-operator/deployment.yaml", &text);
	assert_non_null(strstr(strbuf_str(&text), "operator-generic:v1.15.0"));
	assert_null(strstr(strbuf_str(&text), "DaemonSet"));
	strbuf_reset(&text);
	cilium_chart_manifest(config, "1.15.0", "nothing.yaml", &text);
	assert_int_equal(text.len, 0);
	strbuf_done(&text);
	json_decref(objects);
	json_decref(config);
}

static void expect_refused(const char *text, const char *want)
{
	json_t *values = parsed(text), *cluster = parsed(CLUSTER), *ret = NULL;
	struct error e = { 0 };

	assert_int_equal(cilium_values_read(values, cluster, &ret, &e), -EINVAL);
	assert_string_equal(e.msg, want);
	assert_null(ret);
	json_decref(values);
	json_decref(cluster);
}

static void seeds_values(void **state)
{
	json_t *got = read_values("{" SEED "}", CLUSTER);

	(void)state;
	assert_true(json_bool(got, "bgp", NULL));
	assert_string_equal(json_text(got, "bgpEngine", NULL), "frr");
	assert_int_equal(json_int(got, 0, "replicas", NULL), 2);
	assert_string_equal(json_text(got, "config", "routing-mode", NULL), "native");
	assert_string_equal(json_text(got, "config", "ipv4-native-routing-cidr", NULL), "10.0.0.0/8");
	assert_string_equal(json_text(got, "config", "enable-bgp-control-plane", NULL), "true");
	json_decref(got);
	expect_network("{" SEED "}", "{'kind':'cilium','nativeCIDRs':['10.0.0.0/8'],'ipv4':true,'ipv6':false,'masquerade4':true,'masquerade6':false,'mtu':0,'ttlQuirk':false,'direct':false}");
	expect_notes("{" SEED "}", CLUSTER, "");
}

static void networks(void **state)
{
	(void)state;
	expect_network("{'ipam':{'mode':'kubernetes'},'routingMode':'native','autoDirectNodeRoutes':true,'enableIPv4Masquerade':false,'MTU':1400,"
		       "'netemu':{'ttlQuirk':true}}",
		       "{'kind':'cilium','nativeCIDRs':[],'ipv4':true,'ipv6':false,'masquerade4':false,'masquerade6':false,'mtu':1400,'ttlQuirk':true,'direct':true}");
	expect_network("{'ipam':{'mode':'kubernetes'},'routingMode':'native','ipv6':{'enabled':true},'ipv6NativeRoutingCIDR':'fd00::/16'}",
		       "{'kind':'cilium','nativeCIDRs':['fd00::/16'],'ipv4':true,'ipv6':true,'masquerade4':true,'masquerade6':true,'mtu':0,'ttlQuirk':false,'direct':false}");
	/* ipam cluster-pool is the chart's default: blocks in the order of the nodes */
	expect_network("{'tunnel':'disabled'}",
		       "{'kind':'cilium','nativeCIDRs':[],'ipv4':true,'ipv6':false,'masquerade4':true,'masquerade6':false,'mtu':0,'ttlQuirk':false,'direct':false,"
		       "'podCIDRs':{'a':['10.0.0.0/24'],'b':['10.0.1.0/24'],'c':['10.0.2.0/24']}}");
	expect_network("{'tunnel':'disabled','ipv6':{'enabled':true},'ipam':{'operator':{'clusterPoolIPv4PodCIDRList':['10.4.0.0/16'],'clusterPoolIPv4MaskSize':26,"
		       "'clusterPoolIPv6PodCIDRList':'fd00:4::/104'}}}",
		       "{'kind':'cilium','nativeCIDRs':[],'ipv4':true,'ipv6':true,'masquerade4':true,'masquerade6':true,'mtu':0,'ttlQuirk':false,'direct':false,"
		       "'podCIDRs':{'a':['10.4.0.0/26','fd00:4::/120'],'b':['10.4.0.64/26','fd00:4::100/120'],'c':['10.4.0.128/26','fd00:4::200/120']}}");
}

static void what_changes_nothing_is_noted(void **state)
{
	(void)state;
	expect_notes("{" SEED ",'hubble':{'enabled':true},'kubeProxyReplacement':'strict'}", CLUSTER,
		     "values: hubble: accepted, changes nothing here; values: kubeProxyReplacement: accepted, changes nothing here");
	expect_notes("{'ipam':{'mode':'kubernetes'}}", CLUSTER,
		     "values: tunnel vxlan: there are no tunnels here: pods of other nodes are reached by routes to these nodes");
	expect_notes("{'ipam':{'mode':'kubernetes'},'routingMode':'tunnel','tunnelProtocol':'geneve'}", CLUSTER,
		     "values: tunnel geneve: there are no tunnels here: pods of other nodes are reached by routes to these nodes");
	expect_notes("{'ipam':{'mode':'kubernetes'},'tunnel':'disabled'}", CLUSTER,
		     "values: ipv4NativeRoutingCIDR is not set: only pod CIDRs are reached without masquerading (Cilium's agent would not start)");
	expect_notes("{" SEED ",'ipv6':{'enabled':true}}", CLUSTER,
		     "values: ipv6.enabled: the cluster is IPv4 only (ipFamily), pods get no IPv6 addresses");
	expect_notes("{" SEED "}", "{'ipFamily':'dual','nodes':[]}",
		     "values: ipv6.enabled is not set, but the cluster has IPv6: pods get IPv6 addresses");
}

static void what_cannot_be_is_refused(void **state)
{
	(void)state;
	expect_refused("{'ipam':{'mode':'eni'}}", "values: ipam.mode: \"eni\" is not supported here: it can be kubernetes, cluster-pool, cluster-pool-v2beta");
	expect_refused("{'tunnel':'gre'}", "values: tunnel: \"gre\" is not supported here: it can be disabled, vxlan, geneve");
	expect_refused("{'tunnel':false}", "values: tunnel: must be a string");
	expect_refused("{'bgpControlPlane':{'enabled':'yes'}}", "values: bgpControlPlane.enabled: must be a boolean");
	expect_refused("{'ipv4NativeRoutingCIDR':'10.0.0.1'}", "values: ipv4NativeRoutingCIDR: \"10.0.0.1\" is no IPv4 CIDR");
	expect_refused("{'MTU':'big'}", "values: MTU: must be a number");
	expect_refused("{'MTU':70000}", "values: MTU: 70000 is not between 0 and 65535");
	expect_refused("{'ipv4':{'enabled':false}}", "values: ipv4.enabled: it or ipv6.enabled must be true");
	expect_refused("{'netemu':{'bgpEngine':'bird'}}", "values: netemu.bgpEngine: \"bird\" is not supported here: it can be frr, gobgp");
	expect_refused("{'ipam':{'operator':{'clusterPoolIPv4PodCIDRList':['10.4.0.0/25'],'clusterPoolIPv4MaskSize':26}}}",
		       "values: ipam.operator.clusterPoolIPv4PodCIDRList: 10.4.0.0/25 has fewer blocks of /26 than there are nodes");
	expect_refused("{'ipam':{'operator':{'clusterPoolIPv4PodCIDRList':['10.4.0.0/25']}}}",
		       "values: ipam.operator.clusterPoolIPv4PodCIDRList: 10.4.0.0/25 cannot be cut into blocks of /24");
	expect_refused("['x']", "values: not a mapping");
}

/* ---- schemas ---- */

/* @want: "FIELD: MESSAGE" of all causes, joined by "; " */
static void expect_causes(const char *kind, const char *text, const char *want)
{
	json_t *object = parsed(text), *causes = json_array(), *c;
	struct strbuf out = { 0 };
	size_t i, n = schema_cilium_validate(kind, object, causes);

	assert_int_equal(n, json_array_size(causes));
	json_array_foreach(causes, i, c)
		strbuf_printf(&out, "%s%s: %s", i ? "; " : "", json_text(c, "field", NULL), json_text(c, "message", NULL));
	assert_string_equal(strbuf_str(&out), want);
	strbuf_done(&out);
	json_decref(object);
	json_decref(causes);
}

#define NEIGHBOR(fields) "{'spec':{'virtualRouters':[{'localASN':65010,'neighbors':[{" fields "}]}]}}"
#define N "spec.virtualRouters[0].neighbors[0]"

static void policies_are_validated(void **state)
{
	(void)state;
	expect_causes("CiliumBGPPeeringPolicy", NEIGHBOR("'peerAddress':'10.0.0.1/32','peerASN':65010"), "");
	expect_causes("CiliumBGPPeeringPolicy", "{'spec':{}}", "spec.virtualRouters: Required value");
	expect_causes("CiliumBGPPeeringPolicy", "{'spec':{'virtualRouters':[]}}",
		      "spec.virtualRouters: Invalid value: 0: spec.virtualRouters in body should have at least 1 items");
	expect_causes("CiliumBGPPeeringPolicy", "{'spec':{'virtualRouters':[{}]}}",
		      "spec.virtualRouters[0].localASN: Required value; spec.virtualRouters[0].neighbors: Required value");
	expect_causes("CiliumBGPPeeringPolicy", NEIGHBOR("'peerAddress':'10.0.0.1/32','peerASN':65010,'peerPort':70000"),
		      N ".peerPort: Invalid value: 70000: " N ".peerPort in body should be less than or equal to 65535");
	expect_causes("CiliumBGPPeeringPolicy", NEIGHBOR("'peerAddress':'10.0.0.1/32','peerASN':65010,'holdTimeSeconds':2,'keepAliveTimeSeconds':1"),
		      N ".holdTimeSeconds: Invalid value: 2: " N ".holdTimeSeconds in body should be greater than or equal to 3");
	expect_causes("CiliumBGPPeeringPolicy", NEIGHBOR("'peerAddress':'10.0.0.1/32','peerASN':65010,'keepAliveTimeSeconds':100"),
		      N ": Invalid value: \"object\": keepAliveTimeSeconds can not be larger than holdTimeSeconds");
	expect_causes("CiliumBGPPeeringPolicy", NEIGHBOR("'peerAddress':'10.0.0.1','peerASN':'x'"),
		      N ".peerAddress: Invalid value: \"10.0.0.1\": " N ".peerAddress in body must be of type cidr: \"10.0.0.1\"; "
		      N ".peerASN: Invalid value: \"string\": " N ".peerASN in body must be of type integer: \"string\"");
	expect_causes("CiliumBGPPeeringPolicy", NEIGHBOR("'peerAddress':'10.0.0.1/32','peerASN':65010,'advertisedPathAttributes':[{'selectorType':'Pod'}]"),
		      N ".advertisedPathAttributes[0].selectorType: Unsupported value: \"Pod\": supported values: \"PodCIDR\", \"CiliumLoadBalancerIPPool\", \"CiliumPodIPPool\"");
	expect_causes("CiliumBGPPeeringPolicy", NEIGHBOR("'peerAddress':'10.0.0.1/32','peerASN':65010,'gracefulRestart':{}"),
		      N ".gracefulRestart.enabled: Required value");
	expect_causes("CiliumBGPPeeringPolicy", "{'spec':{'virtualRouters':{},'nodeSelector':{'matchExpressions':[{'key':'a','operator':'Is'}]}}}",
		      "spec.nodeSelector.matchExpressions[0].operator: Unsupported value: \"Is\": supported values: \"In\", \"NotIn\", \"Exists\", \"DoesNotExist\"; "
		      "spec.virtualRouters: Invalid value: \"object\": spec.virtualRouters in body must be of type array: \"object\"");
}

static void communities_are_validated(void **state)
{
	static const struct {
		const char *kind, *value;
		bool good;
	} cases[] = {
		{ "standard", "65000:100", true },  { "standard", "4294967295", true }, { "standard", "0", true },
		{ "standard", "65536:1", false },   { "standard", "4294967296", false }, { "standard", "1:2:3", false },
		{ "standard", "01:2", false },	    { "standard", "1:", false },	 { "standard", "", false },
		{ "large", "1:2:3", true },	    { "large", "4294967295:0:9", true }, { "large", "1:2", false },
		{ "large", "1:2:3:4", false },	    { "large", "x:2:3", false },	 { "wellKnown", "no-export", true },
		{ "wellKnown", "no_export", false },
	};
	char text[300];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *causes = json_array(), *object;

		(void)snprintf(text, sizeof(text),
			       "{'spec':{'advertisements':[{'advertisementType':'PodCIDR','attributes':{'communities':{'%s':['%s']}}}]}}",
			       cases[i].kind, cases[i].value);
		object = parsed(text);
		if ((schema_cilium_validate("CiliumBGPAdvertisement", object, causes) == 0) != cases[i].good)
			fail_msg("%s: %s", cases[i].kind, cases[i].value);
		json_decref(object);
		json_decref(causes);
	}
}

static void newer_kinds_are_validated(void **state)
{
	(void)state;
	expect_causes("CiliumBGPClusterConfig", "{}", "spec: Required value");
	expect_causes("CiliumBGPClusterConfig", "{'spec':{'bgpInstances':[{'name':'a','localASN':0,'peers':[{'name':'p'},{'name':'p','peerAddress':'1.2.3'}]}]}}",
		      "spec.bgpInstances[0].localASN: Invalid value: 0: spec.bgpInstances[0].localASN in body should be greater than or equal to 1; "
		      "spec.bgpInstances[0].peers[1]: Duplicate value: {\"name\":\"p\"}; "
		      "spec.bgpInstances[0].peers[0]: Invalid value: \"object\": one of peerAddress or autoDiscovery must be set; "
		      "spec.bgpInstances[0].peers[1].peerAddress: Invalid value: \"1.2.3\": spec.bgpInstances[0].peers[1].peerAddress in body must be of type ip: \"1.2.3\"");
	expect_causes("CiliumBGPPeerConfig", "{'spec':{'timers':{'holdTimeSeconds':9}}}",
		      "spec.timers: Invalid value: \"object\": keepAliveTimeSeconds can not be larger than holdTimeSeconds");
	expect_causes("CiliumBGPAdvertisement", "{'spec':{'advertisements':[{'advertisementType':'Service'},{'advertisementType':'PodCIDR','selector':{}}]}}",
		      "spec.advertisements[0]: Invalid value: \"object\": service field is required for the 'Service' advertisementType; "
		      "spec.advertisements[1]: Invalid value: \"object\": selector field is not allowed for the 'PodCIDR' advertisementType");
	expect_causes("CiliumBGPNodeConfigOverride", "{'spec':{'bgpInstances':[{'name':'','routerID':'fd00::1'}]}}",
		      "spec.bgpInstances[0].name: Invalid value: \"\": spec.bgpInstances[0].name in body should be at least 1 chars long; "
		      "spec.bgpInstances[0].routerID: Invalid value: \"fd00::1\": spec.bgpInstances[0].routerID in body must be of type ipv4: \"fd00::1\"");
	expect_causes("CiliumNode", "{'spec':{'anything':1}}", "");
}

static void decoding_and_defaults(void **state)
{
	const struct resource *r = &resources[RES_BGPPEERINGPOLICIES];
	json_t *good = parsed(NEIGHBOR("'peerAddress':'10.0.0.1/32','peerASN':65010,'gracefulRestart':{'enabled':true}")),
	       *bad = parsed("{'apiVersion':'cilium.io/v2alpha1','kind':'CiliumBGPPeeringPolicy','metadata':{'name':'x'},'spec':{'virtualRouters':[{'localAsn':1}],'foo':1}}"),
	       *want = parsed(NEIGHBOR("'peerAddress':'10.0.0.1/32','peerASN':65010,'gracefulRestart':{'enabled':true,'restartTimeSeconds':120},'peerPort':179,"
				       "'eBGPMultihopTTL':1,'connectRetryTimeSeconds':120,'holdTimeSeconds':90,'keepAliveTimeSeconds':30"));
	struct strbuf errors = { 0 };
	struct error e = { 0 };

	(void)state;
	json_object_set_new(json_array_get(json_at(want, "spec", "virtualRouters", NULL), 0), "exportPodCIDR", json_false());
	assert_int_equal(schema_decode(r, bad, &errors, &e), 0);
	assert_string_equal(strbuf_str(&errors), "unknown field \"spec.virtualRouters[0].localAsn\", unknown field \"spec.foo\"");
	schema_default(r, good);
	if (!json_equal(good, want))
		fail_msg("%s", json_dumps(good, 0));
	strbuf_done(&errors);
	json_decref(good);
	json_decref(bad);
	json_decref(want);
}

/* ---- tables ---- */

#define PEER(as, peer, address, state, up, families) "{'local-asn':" as ",'peer-asn':" peer ",'peer-address':'" address "','session-state':'" state "'," \
	"'uptime-nanoseconds':" up ",'families':[" families "]}"
#define FAMILY(afi, received, advertised) "{'afi':'" afi "','safi':'unicast','received':" received ",'advertised':" advertised "}"

static void expect_print(void (*print)(const json_t *nodes, struct strbuf *out), const char *nodes, const char *want)
{
	json_t *j = parsed(nodes);
	struct strbuf out = { 0 };

	print(j, &out);
	assert_string_equal(strbuf_str(&out), want);
	strbuf_done(&out);
	json_decref(j);
}

static void table_of_peers(void **state)
{
	(void)state;
	expect_print(cilium_peers_print,
		     "[{'node':'clab-bgp-cplane-demo-worker','peers':[" PEER("65010", "65010", "10.0.0.1", "established", "2006400000000",
			FAMILY("ipv4", "10", "1") "," FAMILY("ipv6", "0", "0")) "]}]",
		     "Node                          Local AS   Peer AS   Peer Address   Session State   Uptime   Family         Received   Advertised\n"
		     "clab-bgp-cplane-demo-worker   65010      65010     10.0.0.1       established     33m26s   ipv4/unicast   10         1\n"
		     "                                                                                           ipv6/unicast   0          0\n");
	expect_print(cilium_peers_print, "[]", "Node   Local AS   Peer AS   Peer Address   Session State   Uptime   Family   Received   Advertised\n");
	/* sorted by node, local AS, address; a node once; a node that does not answer below */
	expect_print(cilium_peers_print,
		     "[{'node':'b','peers':[" PEER("2", "1", "10.0.0.9", "idle", "0", FAMILY("ipv4", "0", "0")) ","
			PEER("1", "1", "10.0.0.2", "active", "0", "") "," PEER("1", "1", "10.0.0.1", "established", "3661000000000", FAMILY("ipv4", "5", "6")) "]},"
		     "{'node':'a','peers':[],'error':'its kubelet is not connected'}]",
		     "Node   Local AS   Peer AS   Peer Address   Session State   Uptime   Family         Received   Advertised\n"
		     "b      1          1         10.0.0.1       established     1h1m1s   ipv4/unicast   5          6\n"
		     "       1          1         10.0.0.2       active          0s       \n"
		     "       2          1         10.0.0.9       idle            0s       ipv4/unicast   0          0\n"
		     "a: its kubelet is not connected\n");
}

#define ROUTE(as, peer, prefix, age) "{'vrouter':" as ",'peer':'" peer "','prefix':'" prefix "','nexthop':'0.0.0.0','age':" age ",'attrs':'[{Origin: i} {Nexthop: 0.0.0.0}]'}"

static void table_of_routes(void **state)
{
	(void)state;
	expect_print(cilium_routes_print, "[{'node':'worker','routes':[" ROUTE("65010", "", "10.1.3.0/24", "5") "," ROUTE("65010", "", "10.1.2.0/24", "65") "]}]",
		     "Node     VRouter   Prefix        NextHop   Age    Attrs\n"
		     "worker   65010     10.1.2.0/24   0.0.0.0   1m5s   [{Origin: i} {Nexthop: 0.0.0.0}]\n"
		     "                   10.1.3.0/24   0.0.0.0   5s     [{Origin: i} {Nexthop: 0.0.0.0}]\n");
	expect_print(cilium_routes_print, "[{'node':'worker','routes':[" ROUTE("65010", "10.0.0.1", "10.1.2.0/24", "0") "]}]",
		     "Node     VRouter   Peer       Prefix        NextHop   Age   Attrs\n"
		     "worker   65010     10.0.0.1   10.1.2.0/24   0.0.0.0   0s    [{Origin: i} {Nexthop: 0.0.0.0}]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seeds_values),
		cmocka_unit_test(networks),
		cmocka_unit_test(what_changes_nothing_is_noted),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(policies_are_validated),
		cmocka_unit_test(communities_are_validated),
		cmocka_unit_test(newer_kinds_are_validated),
		cmocka_unit_test(decoding_and_defaults),
		cmocka_unit_test(the_charts_values_are_the_defaults),
		cmocka_unit_test(the_chart_makes_objects),
		cmocka_unit_test(table_of_peers),
		cmocka_unit_test(table_of_routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
