// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * speaker_policy.c - CiliumBGPPeeringPolicy (cilium.io/v2alpha1), Cilium 1.12 to 1.18
 *
 * Each virtual router is one instance, named by its ASN; each neighbor one peer, named by its address.
 */
#include <arpa/inet.h>
#include <string.h>

#include "cluster/jsonutil.h"
#include "cluster/selector.h"
#include "cluster/speaker_internal.h"

/* "cilium.io/bgp-virtual-router.65010": "router-id=1.2.3.4,local-port=179" */
static int apply_annotation(struct speaker_build *b, json_t *instance, const char *text)
{
	struct in_addr in;
	const char *end;
	char item[64], *value, *rest;

	for (; *text; text = *end ? end + 1 : end) {
		unsigned long port;

		end = strchrnul(text, ',');
		(void)snprintf(item, sizeof(item), "%.*s", (int)(end - text), text);
		value = strchr(item, '=');
		if (!value)
			return -EINVAL;
		*value++ = '\0';
		if (strcmp(item, "router-id") == 0 && inet_pton(AF_INET, value, &in) == 1) {
			json_object_set_new(instance, "routerID", json_string(value));
			continue;
		}
		port = strtoul(value, &rest, 10);
		if (strcmp(item, "local-port") != 0 || !*value || *rest || port > 65535) {
			speaker_note(b, "annotation of virtual router %lld: %s=%s is not understood",
				     json_int(instance, 0, "localASN", NULL), item, value);
			return -EINVAL;
		}
		json_object_set_new(instance, "localPort", json_integer((json_int_t)port));
	}
	return 0;
}

static json_t *new_instance(struct speaker_build *b, json_int_t asn)
{
	char name[32], key[64];
	json_t *instance;

	(void)snprintf(name, sizeof(name), "%lld", (long long)asn);
	(void)snprintf(key, sizeof(key), "cilium.io/bgp-virtual-router.%s", name);
	instance = json_pack("{s:s, s:I, s:s, s:i, s:[]}", "name", name, "localASN", asn, "routerID",
			     speaker_router_id(b), "localPort", -1, "peers");
	if (apply_annotation(b, instance, json_text(b->in->node, "metadata", "annotations", key, NULL)) < 0) {
		speaker_note(b, "virtual router %s: the node's annotation %s is wrong: it is not started", name, key);
		json_decref(instance);
		return NULL;
	}
	if (!*json_text(instance, "routerID", NULL)) {
		speaker_note(b,
			     "virtual router %s: the node has no IPv4 address: it needs the annotation %s: "
			     "\"router-id=...\"",
			     name, key);
		json_decref(instance);
		return NULL;
	}
	return instance;
}

/* What applies to the paths of this node's pod CIDRs; selectors are about labels of the CiliumNode, which has the node's. */
static void pod_attributes(struct speaker_build *b, const json_t *neighbor, struct speaker_attributes *ret)
{
	const json_t *list = json_object_get(neighbor, "advertisedPathAttributes"), *a;
	size_t i;

	json_array_foreach(list, i, a)
		if (strcmp(json_text(a, "selectorType", NULL), "PodCIDR") == 0 &&
		    selector_match_object(json_object_get(a, "selector"), b->labels))
			speaker_attributes_merge(ret, a);
}

static void add_families(struct speaker_build *b, const json_t *router, const json_t *neighbor, json_t *peer, bool ibgp)
{
	_cleanup_json_ json_t *families = json_incref(json_object_get(neighbor, "families"));
	_cleanup_attributes_ struct speaker_attributes attributes = { 0 };
	const json_t *f;
	size_t i;

	if (json_array_size(families) == 0) {
		json_decref(families);
		families = speaker_default_families();
	}
	pod_attributes(b, neighbor, &attributes);
	json_array_foreach(families, i, f) {
		json_t *family = speaker_family(b, json_text(f, "afi", NULL), json_text(f, "safi", NULL));

		if (!family)
			continue;
		if (json_bool(router, "exportPodCIDR", NULL))
			speaker_pod_paths(b, family, &attributes, ibgp);
		json_array_append_new(json_object_get(peer, "families"), family);
	}
}

/* "10.0.0.1/32": the address alone */
static int neighbor_address(const char *text, char *buf, size_t size)
{
	struct in6_addr in;

	(void)snprintf(buf, size, "%.*s", (int)(strchrnul(text, '/') - text), text);
	return inet_pton(AF_INET, buf, &in) == 1 || inet_pton(AF_INET6, buf, &in) == 1 ? 0 : -EINVAL;
}

static bool has_peer(const json_t *instance, const char *address)
{
	const json_t *peers = json_object_get(instance, "peers"), *p;
	size_t i;

	json_array_foreach(peers, i, p)
		if (strcmp(json_text(p, "address", NULL), address) == 0)
			return true;
	return false;
}

static void add_neighbor(struct speaker_build *b, const json_t *router, const json_t *neighbor, json_t *instance)
{
	const json_int_t asn = json_int(neighbor, 0, "peerASN", NULL);
	const bool ibgp = asn == json_int(instance, 0, "localASN", NULL);
	char address[INET6_ADDRSTRLEN + 1];
	json_t *peer;

	if (neighbor_address(json_text(neighbor, "peerAddress", NULL), address, sizeof(address)) < 0) {
		speaker_note(b, "neighbor %s: no address", json_text(neighbor, "peerAddress", NULL));
		return;
	}
	if (has_peer(instance, address)) {
		speaker_note(b, "neighbor %s: twice in virtual router %s: the first one counts", address,
			     json_text(instance, "name", NULL));
		return;
	}
	peer = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:[]}", "name", address, "address",
			 address, "port", json_int(neighbor, 179, "peerPort", NULL), "peerASN", asn, "multihopTTL",
			 ibgp ? (json_int_t)1 : json_int(neighbor, 1, "eBGPMultihopTTL", NULL), "connectRetry",
			 json_int(neighbor, 120, "connectRetryTimeSeconds", NULL), "hold",
			 json_int(neighbor, 90, "holdTimeSeconds", NULL), "keepAlive",
			 json_int(neighbor, 30, "keepAliveTimeSeconds", NULL), "gracefulRestart",
			 speaker_restart_time(json_object_get(neighbor, "gracefulRestart")), "sourceAddress", "",
			 "sourceInterface", "", "families");
	speaker_password(b, json_text(neighbor, "authSecretRef", NULL), peer);
	add_families(b, router, neighbor, peer, ibgp);
	json_array_append_new(json_object_get(instance, "peers"), peer);
}

static bool has_instance(const struct speaker_build *b, json_int_t asn)
{
	const json_t *i;
	size_t n;

	json_array_foreach(b->instances, n, i)
		if (json_int(i, -1, "localASN", NULL) == asn)
			return true;
	return false;
}

static void note_unserved(struct speaker_build *b, const json_t *router)
{
	if (json_object_get(router, "serviceSelector"))
		speaker_note(
			b,
			"serviceSelector: addresses of Services are not announced, as Services have no data path here");
	if (json_object_get(router, "podIPPoolSelector"))
		speaker_note(b, "podIPPoolSelector: there are no CiliumPodIPPools, none is announced");
}

static void add_router(struct speaker_build *b, const json_t *router)
{
	const json_int_t asn = json_int(router, 0, "localASN", NULL);
	const json_t *neighbors = json_object_get(router, "neighbors"), *n;
	json_t *instance;
	size_t i;

	if (has_instance(b, asn)) {
		speaker_note(b, "virtual router %lld: twice in the policy: the first one counts", (long long)asn);
		return;
	}
	note_unserved(b, router);
	instance = new_instance(b, asn);
	if (!instance)
		return;
	json_array_foreach(neighbors, i, n)
		add_neighbor(b, router, n, instance);
	json_array_append_new(b->instances, instance);
}

void speaker_policy_compile(struct speaker_build *b, const json_t *policy)
{
	const json_t *routers = json_at(policy, "spec", "virtualRouters", NULL), *r;
	size_t i;

	json_array_foreach(routers, i, r)
		add_router(b, r);
}
