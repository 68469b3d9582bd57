// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_speaker.c - Cilium's BGP resources as one model, and the model as configuration of bgpd and gobgpd
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cluster/jsonutil.h"
#include "cluster/speaker.h"
#include "cluster/speaker_frr.h"
#include "cluster/speaker_gobgp.h"
#include "parsed.h"

/* ---- compile ---- */

/* A node's view of the cluster; what is NULL is not there. */
struct world {
	const char *node, *policies, *configs, *peers, *advertisements, *overrides, *secrets, *cidrs;
};

#define WORKER(extra) "{'metadata':{'name':'worker','labels':{'rack':'rack0','kubernetes.io/os':'linux'}" extra "}," \
		      "'status':{'addresses':[{'type':'InternalIP','address':'10.0.2.2'},{'type':'Hostname','address':'worker'}]}}"
#define POLICY(name, selector, routers) \
	"{'metadata':{'name':'" name "'},'spec':{" selector "'virtualRouters':[" routers "]}}"
#define RACK0	"'nodeSelector':{'matchLabels':{'rack':'rack0'}},"
#define ROUTER(asn, more, neighbors) "{'localASN':" asn ",'exportPodCIDR':true," more "'neighbors':[" neighbors "]}"
#define NEIGHBOR(address, asn, more) "{'peerAddress':'" address "','peerASN':" asn more "}"
#define TOR	NEIGHBOR("10.0.0.1/32", "65010", "")

static json_t *array_or_empty(const char *text)
{
	return text ? parsed(text) : json_array();
}

static json_t *compile(const struct world *w)
{
	json_t *node = parsed(w->node ? w->node : WORKER("")), *cidrs = parsed(w->cidrs ? w->cidrs : "['10.1.2.0/24']");
	json_t *v[] = { array_or_empty(w->policies),	   array_or_empty(w->configs),	 array_or_empty(w->peers),
			array_or_empty(w->advertisements), array_or_empty(w->overrides), array_or_empty(w->secrets) };
	const struct speaker_input in = {
		.node = node, .policies = v[0], .cluster_configs = v[1], .peer_configs = v[2], .advertisements = v[3],
		.overrides = v[4], .secrets = v[5], .pod_cidrs = cidrs, .engine = "frr",
	};
	json_t *once = speaker_compile(&in), *twice = speaker_compile(&in);

	assert_true(json_equal(once, twice));
	json_decref(twice);
	json_decref(node);
	json_decref(cidrs);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		json_decref(v[i]);
	return once;
}

static void put_words(struct strbuf *out, const json_t *words)
{
	const json_t *w;
	size_t i;

	json_array_foreach(words, i, w)
		strbuf_printf(out, ",%s", json_string_value(w));
}

static void put_family(struct strbuf *out, const json_t *family)
{
	const json_t *paths = json_object_get(family, "paths"), *p;
	size_t i;

	strbuf_printf(out, " %s[", json_text(family, "afi", NULL));
	json_array_foreach(paths, i, p) {
		strbuf_printf(out, "%s%s", i ? " " : "", json_text(p, "prefix", NULL));
		put_words(out, json_object_get(p, "communities"));
		put_words(out, json_object_get(p, "largeCommunities"));
		if (json_int(p, 0, "localPref", NULL))
			strbuf_printf(out, ",pref=%lld", (long long)json_int(p, 0, "localPref", NULL));
	}
	strbuf_putc(out, ']');
}

static void put_peer(struct strbuf *out, const json_t *p)
{
	const json_t *f;
	size_t i;

	strbuf_printf(out, "; %s %s:%lld as%lld ttl%lld %lld/%lld/%lld", json_text(p, "name", NULL), json_text(p, "address", NULL),
		      (long long)json_int(p, 0, "port", NULL), (long long)json_int(p, -1, "peerASN", NULL),
		      (long long)json_int(p, 0, "multihopTTL", NULL), (long long)json_int(p, 0, "connectRetry", NULL),
		      (long long)json_int(p, 0, "hold", NULL), (long long)json_int(p, 0, "keepAlive", NULL));
	if (json_int(p, 0, "gracefulRestart", NULL))
		strbuf_printf(out, " gr%lld", (long long)json_int(p, 0, "gracefulRestart", NULL));
	if (*json_text(p, "password", NULL))
		strbuf_printf(out, " pw=%s", json_text(p, "password", NULL));
	if (*json_text(p, "sourceAddress", NULL) || *json_text(p, "sourceInterface", NULL))
		strbuf_printf(out, " from=%s%s", json_text(p, "sourceAddress", NULL), json_text(p, "sourceInterface", NULL));
	if (*json_text(p, "gateway", NULL))
		strbuf_printf(out, " gateway=%s", json_text(p, "gateway", NULL));
	json_array_foreach(json_object_get(p, "families"), i, f)
		put_family(out, f);
}

/* The model in few words: "NAME as id port; PEER...", then "! NOTE". */
static void expect(const struct world *w, const char *want)
{
	json_t *model = compile(w), *o, *p;
	struct strbuf out = { 0 };
	size_t i, k;

	json_array_foreach(json_object_get(model, "instances"), i, o) {
		strbuf_printf(&out, "%s%s as%lld %s", out.len ? " | " : "", json_text(o, "name", NULL),
			      (long long)json_int(o, -1, "localASN", NULL), json_text(o, "routerID", NULL));
		if (json_int(o, -1, "localPort", NULL) != -1)
			strbuf_printf(&out, " listens=%lld", (long long)json_int(o, -1, "localPort", NULL));
		json_array_foreach(json_object_get(o, "peers"), k, p)
			put_peer(&out, p);
	}
	json_array_foreach(json_object_get(model, "notes"), i, o)
		strbuf_printf(&out, "%s! %s", out.len ? " " : "", json_string_value(o));
	assert_string_equal(strbuf_str(&out), want);
	strbuf_done(&out);
	json_decref(model);
}

#define INSTANCE "65010 as65010 10.0.2.2"
#define SESSION	 "; 10.0.0.1 10.0.0.1:179 as65010 ttl1 120/90/30"

static void seeds_policy(void **state)
{
	(void)state;
	expect(&(struct world){ .policies = "[" POLICY("rack0", RACK0, ROUTER("65010", "", TOR)) "]" },
	       INSTANCE SESSION " ipv4[10.1.2.0/24] ipv6[]");
}

static void policies_select_nodes(void **state)
{
	const char *all = INSTANCE SESSION " ipv4[10.1.2.0/24] ipv6[]";

	(void)state;
	expect(&(struct world){ .policies = "[" POLICY("p", "", ROUTER("65010", "", TOR)) "]" }, all);
	expect(&(struct world){ .policies = "[" POLICY("p", "'nodeSelector':{},", ROUTER("65010", "", TOR)) "]" }, all);
	expect(&(struct world){ .policies = "[" POLICY("p", "'nodeSelector':{'matchLabels':{'rack':'rack1'}},", ROUTER("65010", "", TOR)) "]" }, "");
	expect(&(struct world){ .policies = "[" POLICY("p", "'nodeSelector':{'matchExpressions':[{'key':'rack','operator':'In','values':['rack0','x']}]},",
							ROUTER("65010", "", TOR)) "]" }, all);
	expect(&(struct world){ .policies = "[" POLICY("p", "'nodeSelector':{'matchExpressions':[{'key':'rack','operator':'Exists'}]},",
							ROUTER("65010", "", TOR)) "]" }, all);
	expect(&(struct world){ .policies = "[" POLICY("p", "'nodeSelector':{'matchExpressions':[{'key':'rack','operator':'NotIn','values':['rack0']}]},",
							ROUTER("65010", "", TOR)) "]" }, "");
	expect(&(struct world){ .policies = "[" POLICY("p", "'nodeSelector':{'matchExpressions':[{'key':'rack','operator':'DoesNotExist'}]},",
							ROUTER("65010", "", TOR)) "]" }, "");
	expect(&(struct world){ 0 }, "");
}

static void two_policies_withdraw_all(void **state)
{
	(void)state;
	expect(&(struct world){ .policies = "[" POLICY("b", RACK0, ROUTER("65010", "", TOR)) "," POLICY("a", "", ROUTER("65010", "", TOR)) "]" },
	       "! more than one CiliumBGPPeeringPolicy selects this node (a, b): all BGP sessions are withdrawn");
	expect(&(struct world){ .policies = "[" POLICY("b", RACK0, ROUTER("65010", "", TOR)) ","
			        POLICY("a", "'nodeSelector':{'matchLabels':{'rack':'rack1'}},", ROUTER("65010", "", TOR)) "]" },
	       INSTANCE SESSION " ipv4[10.1.2.0/24] ipv6[]");
}

static void neighbors_take_their_options(void **state)
{
	(void)state;
	expect(&(struct world){ .policies = "[" POLICY("p", "", ROUTER("65010", "", NEIGHBOR("10.0.0.9/32", "65099",
		",'peerPort':1179,'eBGPMultihopTTL':4,'connectRetryTimeSeconds':5,'holdTimeSeconds':9,'keepAliveTimeSeconds':3,"
		"'gracefulRestart':{'enabled':true,'restartTimeSeconds':60},'families':[{'afi':'ipv4','safi':'unicast'}]"))) "]" },
	       INSTANCE "; 10.0.0.9 10.0.0.9:1179 as65099 ttl4 5/9/3 gr60 ipv4[10.1.2.0/24]");
	/* multihop is ignored for iBGP; graceful restart has a default time, and can be off */
	expect(&(struct world){ .policies = "[" POLICY("p", "", ROUTER("65010", "", NEIGHBOR("10.0.0.1/32", "65010",
		",'eBGPMultihopTTL':4,'gracefulRestart':{'enabled':true}"))) "]" },
	       INSTANCE "; 10.0.0.1 10.0.0.1:179 as65010 ttl1 120/90/30 gr120 ipv4[10.1.2.0/24] ipv6[]");
	expect(&(struct world){ .policies = "[" POLICY("p", "", ROUTER("65010", "", NEIGHBOR("10.0.0.1/32", "65010",
		",'gracefulRestart':{'enabled':false,'restartTimeSeconds':60}"))) "]" },
	       INSTANCE SESSION " ipv4[10.1.2.0/24] ipv6[]");
	expect(&(struct world){ .policies = "[" POLICY("p", "", ROUTER("65010", "", NEIGHBOR("fd00::1/128", "65010", ""))) "]",
				.cidrs = "['10.1.2.0/24','fd00:10:1::/64']" },
	       INSTANCE "; fd00::1 fd00::1:179 as65010 ttl1 120/90/30 ipv4[10.1.2.0/24] ipv6[fd00:10:1::/64]");
	expect(&(struct world){ .policies = "[" POLICY("p", "", ROUTER("65010", "", TOR "," TOR "," NEIGHBOR("tor", "65010", ""))) "]" },
	       INSTANCE SESSION " ipv4[10.1.2.0/24] ipv6[]"
	       " ! neighbor 10.0.0.1: twice in virtual router 65010: the first one counts ! neighbor tor: no address");
	expect(&(struct world){ .policies = "[" POLICY("p", "", ROUTER("65010", "", NEIGHBOR("10.0.0.1/32", "65010",
		",'families':[{'afi':'l2vpn','safi':'evpn'},{'afi':'ipv6','safi':'unicast'}]"))) "]" },
	       INSTANCE SESSION " ipv6[] ! family l2vpn/evpn is not spoken: only ipv4/unicast and ipv6/unicast are");
}

static void routers_and_what_they_export(void **state)
{
	(void)state;
	expect(&(struct world){ .policies = "[" POLICY("p", "", "{'localASN':65010,'neighbors':[" TOR "]}") "]" },
	       INSTANCE SESSION " ipv4[] ipv6[]");
	expect(&(struct world){ .policies = "[" POLICY("p", "", ROUTER("65010", "", TOR) "," ROUTER("65020", "", NEIGHBOR("10.0.0.2/32", "65000", ""))) "]" },
	       INSTANCE SESSION " ipv4[10.1.2.0/24] ipv6[] | 65020 as65020 10.0.2.2"
	       "; 10.0.0.2 10.0.0.2:179 as65000 ttl1 120/90/30 ipv4[10.1.2.0/24] ipv6[]");
	expect(&(struct world){ .policies = "[" POLICY("p", "", ROUTER("65010", "", TOR) "," ROUTER("65010", "", TOR)) "]" },
	       INSTANCE SESSION " ipv4[10.1.2.0/24] ipv6[] ! virtual router 65010: twice in the policy: the first one counts");
	expect(&(struct world){ .policies = "[" POLICY("p", "", ROUTER("65010", "'serviceSelector':{},'podIPPoolSelector':{},", TOR)) "]" },
	       INSTANCE SESSION " ipv4[10.1.2.0/24] ipv6[]"
	       " ! serviceSelector: addresses of Services are not announced, as Services have no data path here"
	       " ! podIPPoolSelector: there are no CiliumPodIPPools, none is announced");
}

static void annotations_name_the_router(void **state)
{
	(void)state;
	expect(&(struct world){ .node = WORKER(",'annotations':{'cilium.io/bgp-virtual-router.65010':'router-id=1.2.3.4,local-port=1790'}"),
				.policies = "[" POLICY("p", "", ROUTER("65010", "", TOR)) "]" },
	       "65010 as65010 1.2.3.4 listens=1790" SESSION " ipv4[10.1.2.0/24] ipv6[]");
	expect(&(struct world){ .node = WORKER(",'annotations':{'cilium.io/bgp-virtual-router.65011':'router-id=1.2.3.4'}"),
				.policies = "[" POLICY("p", "", ROUTER("65010", "", TOR)) "]" },
	       INSTANCE SESSION " ipv4[10.1.2.0/24] ipv6[]");
	expect(&(struct world){ .node = WORKER(",'annotations':{'cilium.io/bgp-virtual-router.65010':'local-port=many'}"),
				.policies = "[" POLICY("p", "", ROUTER("65010", "", TOR)) "]" },
	       "! annotation of virtual router 65010: local-port=many is not understood"
	       " ! virtual router 65010: the node's annotation cilium.io/bgp-virtual-router.65010 is wrong: it is not started");
	expect(&(struct world){ .node = "{'metadata':{'name':'w'},'status':{'addresses':[{'type':'InternalIP','address':'fd00::2'}]}}",
				.policies = "[" POLICY("p", "", ROUTER("65010", "", TOR)) "]" },
	       "! virtual router 65010: the node has no IPv4 address: it needs the annotation cilium.io/bgp-virtual-router.65010: \"router-id=...\"");
}

static void attributes_follow_their_selectors(void **state)
{
	(void)state;
	expect(&(struct world){ .policies = "[" POLICY("p", "", ROUTER("65010", "", NEIGHBOR("10.0.0.1/32", "65010",
		",'advertisedPathAttributes':["
		"{'selectorType':'PodCIDR','selector':{'matchLabels':{'rack':'rack0'}},'localPreference':150,"
		" 'communities':{'standard':['65000:100','4259840200'],'wellKnown':['no-export'],'large':['65000:1:2']}},"
		"{'selectorType':'PodCIDR','localPreference':120,'communities':{'standard':['65000:100','65000:9']}},"
		"{'selectorType':'PodCIDR','selector':{'matchLabels':{'rack':'rack1'}},'localPreference':999},"
		"{'selectorType':'CiliumLoadBalancerIPPool','localPreference':998}]"))) "]" },
	       INSTANCE SESSION " ipv4[10.1.2.0/24,65000:100,65000:200,65000:9,65535:65281,65000:1:2,pref=150] ipv6[]");
	/* LOCAL_PREF is for iBGP alone */
	expect(&(struct world){ .policies = "[" POLICY("p", "", ROUTER("65010", "", NEIGHBOR("10.0.0.1/32", "65000",
		",'advertisedPathAttributes':[{'selectorType':'PodCIDR','localPreference':150,'communities':{'large':['1:2:3']}}]"))) "]" },
	       INSTANCE "; 10.0.0.1 10.0.0.1:179 as65000 ttl1 120/90/30 ipv4[10.1.2.0/24,1:2:3] ipv6[]");
}

static void passwords_are_in_secrets(void **state)
{
	const char *policy = "[" POLICY("p", "", ROUTER("65010", "", NEIGHBOR("10.0.0.1/32", "65010", ",'authSecretRef':'bgp'"))) "]";
	const char *rest = " ipv4[10.1.2.0/24] ipv6[]";
	char want[400];

	(void)state;
	(void)snprintf(want, sizeof(want), INSTANCE SESSION " pw=s3cret%s", rest);
	expect(&(struct world){ .policies = policy, .secrets = "[{'metadata':{'name':'x'}},{'metadata':{'name':'bgp'},'data':{'password':'czNjcmV0'}}]" }, want);
	(void)snprintf(want, sizeof(want), INSTANCE SESSION "%s ! secret bgp: not found in kube-system, no password is used", rest);
	expect(&(struct world){ .policies = policy }, want);
	(void)snprintf(want, sizeof(want), INSTANCE SESSION "%s ! secret bgp: has no key password, no password is used", rest);
	expect(&(struct world){ .policies = policy, .secrets = "[{'metadata':{'name':'bgp'},'data':{'pass':'czNjcmV0'}}]" }, want);
	(void)snprintf(want, sizeof(want), INSTANCE SESSION "%s ! secret bgp: its password is longer than 80 characters or has blanks, no password is used", rest);
	expect(&(struct world){ .policies = policy, .secrets = "[{'metadata':{'name':'bgp'},'data':{'password':'czNj\\ncmV0IHg='}}]" }, want);
	expect(&(struct world){ .policies = policy, .secrets = "[{'metadata':{'name':'bgp'},'data':{'password':'!!!'}}]" }, want);
}

#define CONFIG(name, time, selector, instances) \
	"{'metadata':{'name':'" name "','creationTimestamp':'" time "'},'spec':{" selector "'bgpInstances':[" instances "]}}"
#define PEER(more) "{'name':'tor','peerASN':65010,'peerAddress':'10.0.0.1'" more "}"
#define I65010(peers) "{'name':'main','localASN':65010,'peers':[" peers "]}"
#define REF	      ",'peerConfigRef':{'name':'pc'}"
#define PC(spec)      "[{'metadata':{'name':'pc'},'spec':{" spec "}}]"
#define ADVERT(label, list) "{'metadata':{'name':'" label "','labels':{'advertise':'" label "'}},'spec':{'advertisements':[" list "]}}"
#define V4(label) "'families':[{'afi':'ipv4','safi':'unicast','advertisements':{'matchLabels':{'advertise':'" label "'}}}]"

static void configs_of_the_newer_generation(void **state)
{
	(void)state;
	/* nothing is advertised that no CiliumBGPAdvertisement names */
	expect(&(struct world){ .configs = "[" CONFIG("c", "1", RACK0, I65010(PEER(""))) "]" },
	       "main as65010 10.0.2.2; tor 10.0.0.1:179 as65010 ttl1 120/90/30 ipv4[] ipv6[]");
	expect(&(struct world){ .configs = "[" CONFIG("c", "1", RACK0, I65010(PEER(REF))) "]",
				.peers = PC("'ebgpMultihop':3,'timers':{'connectRetryTimeSeconds':7,'holdTimeSeconds':8,'keepAliveTimeSeconds':2},"
					    "'transport':{'peerPort':1179,'sourceInterface':'net0'},'gracefulRestart':{'enabled':true},'authSecretRef':'bgp'," V4("bgp")),
				.secrets = "[{'metadata':{'name':'bgp'},'data':{'password':'czNjcmV0'}}]",
				.advertisements = "[" ADVERT("bgp", "{'advertisementType':'PodCIDR','attributes':{'localPreference':7,'communities':{'standard':['1:2']}}}")
					"," ADVERT("other", "{'advertisementType':'PodCIDR','attributes':{'localPreference':99}}") "]" },
	       "main as65010 10.0.2.2; tor 10.0.0.1:1179 as65010 ttl1 7/8/2 gr120 pw=s3cret from=net0 ipv4[10.1.2.0/24,1:2,pref=7]");
	expect(&(struct world){ .configs = "[" CONFIG("c", "1", "'nodeSelector':{'matchLabels':{'rack':'rack1'}},", I65010(PEER(""))) "]" }, "");
	expect(&(struct world){ .configs = "[" CONFIG("c", "1", RACK0, I65010(PEER(REF))) "]" },
	       "main as65010 10.0.2.2 ! peer tor: CiliumBGPPeerConfig pc does not exist: there is no session");
	expect(&(struct world){ .configs = "[" CONFIG("c", "1", RACK0, "{'name':'main','localASN':65010,'localPort':1790,'peers':["
			"{'name':'gw','autoDiscovery':{'mode':'DefaultGateway','defaultGateway':{'addressFamily':'ipv4'}}},{'name':'none'},{'name':'bad','peerAddress':'x'}]}") "]" },
	       "main as65010 10.0.2.2 listens=1790; gw :179 as0 ttl1 120/90/30 gateway=ipv4 ipv4[] ipv6[]"
	       " ! peer none: has no peerAddress and no autoDiscovery that is known: there is no session ! peer bad: x is no address");
}

static void advertisements_merge(void **state)
{
	(void)state;
	expect(&(struct world){ .configs = "[" CONFIG("c", "1", "", I65010(PEER(REF))) "]", .peers = PC(V4("bgp")),
				.advertisements = "[" ADVERT("bgp", "{'advertisementType':'PodCIDR','attributes':{'localPreference':7,'communities':{'standard':['1:2']}}},"
					"{'advertisementType':'PodCIDR','attributes':{'localPreference':5,'communities':{'standard':['1:1'],'large':['1:1:1']}}},"
					"{'advertisementType':'Service','service':{'addresses':['ClusterIP']}}") "]" },
	       "main as65010 10.0.2.2; tor 10.0.0.1:179 as65010 ttl1 120/90/30 ipv4[10.1.2.0/24,1:1,1:2,1:1:1,pref=7]"
	       " ! advertisement of type Service: not announced, only PodCIDR is");
}

static void overrides_are_a_nodes_own(void **state)
{
	const char *configs = "[" CONFIG("c", "1", "", I65010(PEER(""))) "]";

	(void)state;
	expect(&(struct world){ .configs = configs,
				.overrides = "[{'metadata':{'name':'worker'},'spec':{'bgpInstances':[{'name':'main','routerID':'9.9.9.9','localPort':1790,'localASN':65077,"
					     "'peers':[{'name':'tor','localAddress':'10.0.2.2'}]},{'name':'other','routerID':'1.1.1.1'}]}}]" },
	       "main as65077 9.9.9.9 listens=1790; tor 10.0.0.1:179 as65010 ttl1 120/90/30 from=10.0.2.2 ipv4[] ipv6[]");
	expect(&(struct world){ .configs = configs, .overrides = "[{'metadata':{'name':'worker2'},'spec':{'bgpInstances':[{'name':'main','routerID':'9.9.9.9'}]}}]" },
	       "main as65010 10.0.2.2; tor 10.0.0.1:179 as65010 ttl1 120/90/30 ipv4[] ipv6[]");
	expect(&(struct world){ .configs = "[" CONFIG("c", "1", "", "{'name':'main','peers':[]}") "]" },
	       "! instance main: has no localASN, nor has CiliumBGPNodeConfigOverride worker: it is not started");
}

static void the_older_of_two_configs_wins(void **state)
{
	struct world w = { .configs = "[" CONFIG("a", "2026-02-01T00:00:00Z", "", "{'name':'late','localASN':1,'peers':[]}") ","
					  CONFIG("b", "2026-01-01T00:00:00Z", "", I65010("")) "]" };
	json_t *model = compile(&w);

	(void)state;
	expect(&w, "main as65010 10.0.2.2 ! CiliumBGPClusterConfig a also selects this node, which is b's");
	assert_string_equal(json_text(model, "conditions", "config", NULL), "b");
	assert_string_equal(json_string_value(json_array_get(json_at(model, "conditions", "conflicts", NULL), 0)), "a");
	json_decref(model);
	w.policies = "[" POLICY("p", "", ROUTER("65010", "", TOR)) "]";
	expect(&w, INSTANCE SESSION " ipv4[10.1.2.0/24] ipv6[] ! CiliumBGPClusterConfig b also selects this node: CiliumBGPPeeringPolicy takes precedence");
}

/* ---- bgpd ---- */

#define MODEL(asn, peers) "{'name':'x','localASN':" asn ",'routerID':'10.0.2.2','localPort':-1,'peers':[" peers "]}"
#define FPEER(address, asn, more, families) \
	"{'name':'p','address':'" address "','port':179,'peerASN':" asn ",'multihopTTL':1,'connectRetry':120,'hold':90,'keepAlive':30,'gracefulRestart':0," \
	"'password':'','sourceAddress':'','sourceInterface':'','families':[" families "]" more "}"
#define FAM4(paths) "{'afi':'ipv4','safi':'unicast','paths':[" paths "]}"
#define FAM6(paths) "{'afi':'ipv6','safi':'unicast','paths':[" paths "]}"
#define PATH(prefix) "{'prefix':'" prefix "','communities':[],'largeCommunities':[],'localPref':0}"

/* Names of maps end in a hash of what is in them: "-########". */
static const char *masked(struct strbuf *text)
{
	for (char *c = text->buf; c && (c = strstr(c, "-ipv")); c += 14)
		memset(c + 6, '#', 8);
	return strbuf_str(text);
}

static void frr_configuration(void **state)
{
	json_t *model = parsed(MODEL("65010", FPEER("10.0.0.1", "65010", "", FAM4(PATH("10.1.2.0/24")) "," FAM6(""))));
	struct strbuf out = { 0 };

	(void)state;
	speaker_frr_config(model, 0, &out);
	assert_string_equal(masked(&out),
			    "ip prefix-list to-10.0.0.1-ipv4-########-0 seq 1 permit 10.1.2.0/24\n"
			    "route-map to-10.0.0.1-ipv4-######## permit 1\n"
			    "match ip address prefix-list to-10.0.0.1-ipv4-########-0\n"
			    "exit\n"
			    "no route-map to-10.0.0.1-ipv4-######## optimization\n"
			    "route-map to-10.0.0.1-ipv6-######## deny 1\n"
			    "exit\n"
			    "no route-map to-10.0.0.1-ipv6-######## optimization\n"
			    "router bgp 65010\n"
			    "bgp router-id 10.0.2.2\n"
			    "bgp log-neighbor-changes\n"
			    "no bgp ebgp-requires-policy\n"
			    "no bgp default ipv4-unicast\n"
			    "no bgp network import-check\n"
			    "coalesce-time 0\n"
			    "neighbor 10.0.0.1 remote-as 65010\n"
			    "neighbor 10.0.0.1 timers 30 90\n"
			    "neighbor 10.0.0.1 timers connect 120\n"
			    "address-family ipv4 unicast\n"
			    "neighbor 10.0.0.1 activate\n"
			    "neighbor 10.0.0.1 route-map to-10.0.0.1-ipv4-######## out\n"
			    "network 10.1.2.0/24\n"
			    "exit-address-family\n"
			    "address-family ipv6 unicast\n"
			    "neighbor 10.0.0.1 activate\n"
			    "neighbor 10.0.0.1 route-map to-10.0.0.1-ipv6-######## out\n"
			    "exit-address-family\n"
			    "exit\n");
	strbuf_done(&out);
	json_decref(model);
}

static void frr_options_of_a_session(void **state)
{
	json_t *model = parsed(MODEL("65010",
		"{'address':'10.0.0.9','port':1179,'peerASN':65099,'multihopTTL':4,'connectRetry':2147483647,'hold':9,'keepAlive':3,'gracefulRestart':60,"
		"'password':'s3cret','sourceAddress':'10.0.2.2','families':[" FAM4("{'prefix':'10.1.2.0/24','communities':['1:2','3:4'],"
		"'largeCommunities':['1:2:3'],'localPref':150}," PATH("10.1.3.0/24") "," PATH("10.1.4.0/24")) "]}"));
	struct strbuf out = { 0 };

	(void)state;
	speaker_frr_config(model, 0, &out);
	assert_string_equal(masked(&out),
			    "ip prefix-list to-10.0.0.9-ipv4-########-0 seq 1 permit 10.1.2.0/24\n"
			    "route-map to-10.0.0.9-ipv4-######## permit 1\n"
			    "match ip address prefix-list to-10.0.0.9-ipv4-########-0\n"
			    "set community 1:2 3:4\n"
			    "set large-community 1:2:3\n"
			    "set local-preference 150\n"
			    "exit\n"
			    "ip prefix-list to-10.0.0.9-ipv4-########-1 seq 2 permit 10.1.3.0/24\n"
			    "ip prefix-list to-10.0.0.9-ipv4-########-1 seq 3 permit 10.1.4.0/24\n"
			    "route-map to-10.0.0.9-ipv4-######## permit 2\n"
			    "match ip address prefix-list to-10.0.0.9-ipv4-########-1\n"
			    "exit\n"
			    "no route-map to-10.0.0.9-ipv4-######## optimization\n"
			    "router bgp 65010\n"
			    "bgp router-id 10.0.2.2\n"
			    "bgp log-neighbor-changes\n"
			    "no bgp ebgp-requires-policy\n"
			    "no bgp default ipv4-unicast\n"
			    "no bgp network import-check\n"
			    "coalesce-time 0\n"
			    "bgp graceful-restart restart-time 60\n"
			    "neighbor 10.0.0.9 remote-as 65099\n"
			    "neighbor 10.0.0.9 port 1179\n"
			    "neighbor 10.0.0.9 ebgp-multihop 4\n"
			    "neighbor 10.0.0.9 password s3cret\n"
			    "neighbor 10.0.0.9 update-source 10.0.2.2\n"
			    "neighbor 10.0.0.9 timers 3 9\n"
			    "neighbor 10.0.0.9 graceful-restart\n"
			    "neighbor 10.0.0.9 timers connect 65535\n"
			    "address-family ipv4 unicast\n"
			    "neighbor 10.0.0.9 activate\n"
			    "neighbor 10.0.0.9 route-map to-10.0.0.9-ipv4-######## out\n"
			    "network 10.1.2.0/24\n"
			    "network 10.1.3.0/24\n"
			    "network 10.1.4.0/24\n"
			    "exit-address-family\n"
			    "address-family ipv6 unicast\n"
			    "exit-address-family\n"
			    "exit\n");
	strbuf_done(&out);
	json_decref(model);
}

/* @want: commands joined by "; " */
static void expect_diff(const char *old_text, const char *new_text, const char *want)
{
	json_t *old = parsed(old_text), *new = parsed(new_text), *got = speaker_frr_diff(old, new, 1), *c;
	struct strbuf out = { 0 };
	size_t i;

	json_array_foreach(got, i, c)
		strbuf_printf(&out, "%s%s", i ? "; " : "", json_string_value(c));
	assert_string_equal(masked(&out), want);
	strbuf_done(&out);
	json_decref(old);
	json_decref(new);
	json_decref(got);
}

#define BASE	MODEL("65010", FPEER("10.0.0.1", "65010", "", FAM4(PATH("10.1.2.0/24"))))
#define BEGIN	"configure terminal; "
#define ROUTERC "router bgp 65010; "
#define QUICK	"neighbor 10.0.0.1 timers connect 1; "
#define FINISH	"exit; end"
#define OPTIMIZED(peer, afi) "no route-map to-" peer "-" afi "-######## optimization; "
#define OLD_GONE "exit; no route-map to-10.0.0.1-ipv4-########; no ip prefix-list to-10.0.0.1-ipv4-########-0; end"

static void frr_changes_only_what_differs(void **state)
{
	(void)state;
	expect_diff(BASE, BASE, "");
	/* another prefix: told in the map, announced, and sent without a reset */
	expect_diff(BASE, MODEL("65010", FPEER("10.0.0.1", "65010", "", FAM4(PATH("10.1.2.0/24") "," PATH("10.1.3.0/24")))),
		    BEGIN "ip prefix-list to-10.0.0.1-ipv4-########-0 seq 1 permit 10.1.2.0/24; ip prefix-list to-10.0.0.1-ipv4-########-0 seq 2 permit 10.1.3.0/24; "
		    "route-map to-10.0.0.1-ipv4-######## permit 1; match ip address prefix-list to-10.0.0.1-ipv4-########-0; exit; " OPTIMIZED("10.0.0.1", "ipv4")
		    ROUTERC "address-family ipv4 unicast; neighbor 10.0.0.1 route-map to-10.0.0.1-ipv4-######## out; network 10.1.3.0/24; "
		    "exit-address-family; " QUICK OLD_GONE
		    "; clear bgp ipv4 unicast 10.0.0.1 soft out");
	/* none any more */
	expect_diff(BASE, MODEL("65010", FPEER("10.0.0.1", "65010", "", FAM4(""))),
		    BEGIN "route-map to-10.0.0.1-ipv4-######## deny 1; exit; " OPTIMIZED("10.0.0.1", "ipv4")
		    ROUTERC "address-family ipv4 unicast; no network 10.1.2.0/24; neighbor 10.0.0.1 route-map to-10.0.0.1-ipv4-######## out; "
		    "exit-address-family; " QUICK OLD_GONE
		    "; clear bgp ipv4 unicast 10.0.0.1 soft out");
	/* a neighbor more, one less */
	expect_diff(BASE, MODEL("65010", FPEER("10.0.0.1", "65010", "", FAM4(PATH("10.1.2.0/24"))) "," FPEER("10.0.0.2", "65000", "", FAM4(PATH("10.1.2.0/24")))),
		    BEGIN "ip prefix-list to-10.0.0.2-ipv4-########-0 seq 1 permit 10.1.2.0/24; route-map to-10.0.0.2-ipv4-######## permit 1; "
		    "match ip address prefix-list to-10.0.0.2-ipv4-########-0; exit; " OPTIMIZED("10.0.0.2", "ipv4") ROUTERC
		    "neighbor 10.0.0.2 remote-as 65000; neighbor 10.0.0.2 timers 30 90; "
		    "address-family ipv4 unicast; neighbor 10.0.0.2 activate; neighbor 10.0.0.2 route-map to-10.0.0.2-ipv4-######## out; exit-address-family; "
		    QUICK "neighbor 10.0.0.2 timers connect 1; " FINISH);
	expect_diff(MODEL("65010", FPEER("10.0.0.1", "65010", "", FAM4(PATH("10.1.2.0/24"))) "," FPEER("10.0.0.2", "65000", "", FAM4(PATH("10.1.2.0/24")))), BASE,
		    BEGIN ROUTERC "no neighbor 10.0.0.2; " QUICK "exit; no route-map to-10.0.0.2-ipv4-########; no ip prefix-list to-10.0.0.2-ipv4-########-0; end");
}

static void frr_resets_what_must_be_reset(void **state)
{
	(void)state;
	expect_diff(BASE, MODEL("65010", "{'name':'p','address':'10.0.0.1','port':179,'peerASN':65010,'multihopTTL':1,'connectRetry':120,'hold':60,'keepAlive':20,"
				"'gracefulRestart':0,'password':'','sourceAddress':'','families':[" FAM4(PATH("10.1.2.0/24")) "]}"),
		    BEGIN ROUTERC "neighbor 10.0.0.1 timers 20 60; " QUICK FINISH "; clear bgp 10.0.0.1");
	expect_diff(BASE, MODEL("65010", "{'name':'p','address':'10.0.0.1','port':179,'peerASN':65010,'multihopTTL':1,'connectRetry':9,'hold':90,'keepAlive':30,"
				"'gracefulRestart':0,'password':'','sourceAddress':'','families':[" FAM4(PATH("10.1.2.0/24")) "]}"),
		    BEGIN ROUTERC QUICK FINISH "; clear bgp 10.0.0.1");
	expect_diff(MODEL("65010", "{'name':'p','address':'10.0.0.1','port':1790,'peerASN':65010,'multihopTTL':1,'connectRetry':120,'hold':90,'keepAlive':30,"
				"'gracefulRestart':0,'password':'a','sourceAddress':'','families':[" FAM4(PATH("10.1.2.0/24")) "]}"), BASE,
		    BEGIN ROUTERC "no neighbor 10.0.0.1 port 1790; no neighbor 10.0.0.1 password a; " QUICK FINISH "; clear bgp 10.0.0.1");
	/* a family more */
	expect_diff(BASE, MODEL("65010", FPEER("10.0.0.1", "65010", "", FAM4(PATH("10.1.2.0/24")) "," FAM6(""))),
		    BEGIN "route-map to-10.0.0.1-ipv6-######## deny 1; exit; " OPTIMIZED("10.0.0.1", "ipv6") ROUTERC
		    "address-family ipv6 unicast; neighbor 10.0.0.1 activate; neighbor 10.0.0.1 route-map to-10.0.0.1-ipv6-######## out; exit-address-family; "
		    QUICK FINISH "; clear bgp 10.0.0.1");
	/* another ASN is another neighbor */
	expect_diff(BASE, MODEL("65010", FPEER("10.0.0.1", "65000", "", FAM4(PATH("10.1.2.0/24")))),
		    BEGIN ROUTERC "no neighbor 10.0.0.1; neighbor 10.0.0.1 remote-as 65000; neighbor 10.0.0.1 timers 30 90; "
		    "address-family ipv4 unicast; neighbor 10.0.0.1 activate; neighbor 10.0.0.1 route-map to-10.0.0.1-ipv4-######## out; exit-address-family; " QUICK FINISH);
}

static void frr_replaced_daemons(void **state)
{
	json_t *base = parsed(BASE), *asn = parsed(MODEL("65011", "")), *listens = json_deep_copy(base), *id = json_deep_copy(base);

	(void)state;
	json_object_set_new(listens, "localPort", json_integer(179));
	json_object_set_new(id, "routerID", json_string("1.1.1.1"));
	assert_false(speaker_frr_replaces(base, base));
	assert_true(speaker_frr_replaces(base, asn));
	assert_true(speaker_frr_replaces(base, listens));
	assert_false(speaker_frr_replaces(base, id));
	assert_true(speaker_gobgp_replaces(base, id));
	json_decref(base);
	json_decref(asn);
	json_decref(listens);
	json_decref(id);
}

/* ---- gobgpd ---- */

static void gobgp_configuration(void **state)
{
	json_t *model = parsed(MODEL("65010", "{'address':'10.0.0.9','port':1179,'peerASN':65099,'multihopTTL':4,'connectRetry':120,'hold':90,'keepAlive':30,"
		"'gracefulRestart':60,'password':'s3cret','sourceAddress':'10.0.2.2','families':[" FAM4("{'prefix':'10.1.2.0/24','communities':['1:2'],"
		"'largeCommunities':['1:2:3'],'localPref':150}") "," FAM6("") "]}"));
	json_t *got = speaker_gobgp_config(model), *want = parsed(
		"{'global':{'config':{'as':65010,'router-id':'10.0.2.2','port':-1},'apply-policy':{'config':{'import-policy-list':['allow-local'],"
		" 'default-import-policy':'reject-route','export-policy-list':['advertise'],'default-export-policy':'reject-route'}}},"
		"'neighbors':[{'config':{'neighbor-address':'10.0.0.9','peer-as':65099,'auth-password':'s3cret'},"
		" 'timers':{'config':{'connect-retry':120,'hold-time':90,'keepalive-interval':30,'idle-hold-time-after-reset':5}},"
		" 'transport':{'config':{'remote-port':1179,'local-address':'10.0.2.2'}},'ebgp-multihop':{'config':{'enabled':true,'multihop-ttl':4}},"
		" 'graceful-restart':{'config':{'enabled':true,'restart-time':60,'notification-enabled':true}},"
		" 'afi-safis':[{'config':{'afi-safi-name':'ipv4-unicast'},'mp-graceful-restart':{'config':{'enabled':true}}},"
		"  {'config':{'afi-safi-name':'ipv6-unicast'},'mp-graceful-restart':{'config':{'enabled':true}}}]}],"
		"'defined-sets':{'prefix-sets':[{'prefix-set-name':'10.1.2.0/24 to 10.0.0.9','prefix-list':[{'ip-prefix':'10.1.2.0/24'}]}],"
		" 'neighbor-sets':[{'neighbor-set-name':'10.0.0.9','neighbor-info-list':['10.0.0.9']}]},"
		"'policy-definitions':[{'name':'allow-local','statements':[{'name':'local','conditions':{'bgp-conditions':{'route-type':'local'}},"
		"  'actions':{'route-disposition':'accept-route'}}]},{'name':'advertise','statements':[{'name':'10.1.2.0/24 to 10.0.0.9','conditions':{"
		"  'match-prefix-set':{'prefix-set':'10.1.2.0/24 to 10.0.0.9','match-set-options':'any'},"
		"  'match-neighbor-set':{'neighbor-set':'10.0.0.9','match-set-options':'any'}},'actions':{'route-disposition':'accept-route','bgp-actions':{"
		"  'set-community':{'options':'add','set-community-method':{'communities-list':['1:2']}},"
		"  'set-large-community':{'options':'add','set-large-community-method':{'communities-list':['1:2:3']}},'set-local-pref':150}}}]}]}");
	json_t *prefixes = speaker_gobgp_prefixes(model, "ipv4"), *none = speaker_gobgp_prefixes(model, "ipv6");

	(void)state;
	if (!json_equal(got, want))
		fail_msg("%s", json_dumps(got, JSON_INDENT(1)));
	assert_int_equal(json_array_size(prefixes), 1);
	assert_int_equal(json_array_size(none), 0);
	json_decref(model);
	json_decref(got);
	json_decref(want);
	json_decref(prefixes);
	json_decref(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seeds_policy),
		cmocka_unit_test(policies_select_nodes),
		cmocka_unit_test(two_policies_withdraw_all),
		cmocka_unit_test(neighbors_take_their_options),
		cmocka_unit_test(routers_and_what_they_export),
		cmocka_unit_test(annotations_name_the_router),
		cmocka_unit_test(attributes_follow_their_selectors),
		cmocka_unit_test(passwords_are_in_secrets),
		cmocka_unit_test(configs_of_the_newer_generation),
		cmocka_unit_test(advertisements_merge),
		cmocka_unit_test(overrides_are_a_nodes_own),
		cmocka_unit_test(the_older_of_two_configs_wins),
		cmocka_unit_test(frr_configuration),
		cmocka_unit_test(frr_options_of_a_session),
		cmocka_unit_test(frr_changes_only_what_differs),
		cmocka_unit_test(frr_resets_what_must_be_reset),
		cmocka_unit_test(frr_replaced_daemons),
		cmocka_unit_test(gobgp_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
