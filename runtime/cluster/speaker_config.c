// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * speaker_config.c - CiliumBGPClusterConfig with CiliumBGPPeerConfig, CiliumBGPAdvertisement and
 * CiliumBGPNodeConfigOverride (cilium.io/v2alpha1 of 1.16, cilium.io/v2 of 1.18)
 *
 * A family advertises what the CiliumBGPAdvertisements that its selector finds say; without a selector, nothing.
 */
#include <arpa/inet.h>
#include <string.h>

#include "cluster/jsonutil.h"
#include "cluster/selector.h"
#include "cluster/speaker_internal.h"

static const json_t *find_by(const json_t *array, const char *name)
{
	const json_t *o;
	size_t i;

	json_array_foreach(array, i, o)
		if (strcmp(json_text(o, "name", NULL), name) == 0)
			return o;
	return NULL;
}

static const json_t *find_object(const json_t *objects, const char *name)
{
	const json_t *o;
	size_t i;

	json_array_foreach(objects, i, o)
		if (strcmp(kube_name(o), name) == 0)
			return o;
	return NULL;
}

/* ---- advertisements ---- */

static void advertise(struct speaker_build *b, const json_t *advertisement, json_t *family, bool ibgp)
{
	_cleanup_attributes_ struct speaker_attributes attributes = { 0 };
	const char *type = json_text(advertisement, "advertisementType", NULL);

	if (strcmp(type, "PodCIDR") != 0) {
		speaker_note(b, "advertisement of type %s: not announced, only PodCIDR is", type);
		return;
	}
	speaker_attributes_merge(&attributes, json_object_get(advertisement, "attributes"));
	speaker_pod_paths(b, family, &attributes, ibgp);
}

static void advertise_selected(struct speaker_build *b, const json_t *selector, json_t *family, bool ibgp)
{
	const json_t *object, *a;
	size_t i, j;

	if (!json_is_object(selector))
		return;
	json_array_foreach(b->in->advertisements, i, object) {
		if (!selector_match_object(selector, json_at(object, "metadata", "labels", NULL)))
			continue;
		json_array_foreach(json_at(object, "spec", "advertisements", NULL), j, a)
			advertise(b, a, family, ibgp);
	}
}

static void add_families(struct speaker_build *b, const json_t *spec, json_t *peer, bool ibgp)
{
	_cleanup_json_ json_t *families = json_incref(json_object_get(spec, "families"));
	const json_t *f;
	size_t i;

	if (json_array_size(families) == 0) {
		json_decref(families);
		families = speaker_default_families();
	}
	json_array_foreach(families, i, f) {
		json_t *family = speaker_family(b, json_text(f, "afi", NULL), json_text(f, "safi", NULL));

		if (!family)
			continue;
		advertise_selected(b, json_object_get(f, "advertisements"), family, ibgp);
		json_array_append_new(json_object_get(peer, "families"), family);
	}
}

/* ---- peers ---- */

/* What a peer's peerConfigRef names; an empty object when it names none; NULL when what it names is missing. */
static const json_t *peer_config(struct speaker_build *b, const json_t *peer, json_t *none)
{
	const char *name = json_text(peer, "peerConfigRef", "name", NULL);
	const json_t *config;
	json_t *missing;

	if (!*name)
		return none;
	config = find_object(b->in->peer_configs, name);
	if (config)
		return json_object_get(config, "spec");
	missing = json_array_make(b->conditions, "missingPeerConfigs");
	json_array_append_new(missing, json_string(name));
	speaker_note(b, "peer %s: CiliumBGPPeerConfig %s does not exist: there is no session",
		     json_text(peer, "name", NULL), name);
	return NULL;
}

/* The address of a peer, or that of the default gateway, which only the node knows. */
static int set_address(struct speaker_build *b, const json_t *from, json_t *peer)
{
	const char *address = json_text(from, "peerAddress", NULL);
	const char *family = json_text(from, "autoDiscovery", "defaultGateway", "addressFamily", NULL);
	struct in6_addr in;

	json_object_set_new(peer, "address", json_string(address));
	if (*address) {
		if (inet_pton(AF_INET, address, &in) == 1 || inet_pton(AF_INET6, address, &in) == 1)
			return 0;
		speaker_note(b, "peer %s: %s is no address", json_text(from, "name", NULL), address);
		return -EINVAL;
	}
	if (strcmp(json_text(from, "autoDiscovery", "mode", NULL), "DefaultGateway") == 0 && *family) {
		json_object_set_new(peer, "gateway", json_string(family));
		return 0;
	}
	speaker_note(b, "peer %s: has no peerAddress and no autoDiscovery that is known: there is no session",
		     json_text(from, "name", NULL));
	return -EINVAL;
}

static json_t *new_peer(const json_t *from, const json_t *spec, const json_t *override, bool ibgp)
{
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:[]}", "name",
			 json_text(from, "name", NULL), "port", json_int(spec, 179, "transport", "peerPort", NULL),
			 "peerASN", json_int(from, 0, "peerASN", NULL), "multihopTTL",
			 ibgp ? (json_int_t)1 : json_int(spec, 1, "ebgpMultihop", NULL), "connectRetry",
			 json_int(spec, 120, "timers", "connectRetryTimeSeconds", NULL), "hold",
			 json_int(spec, 90, "timers", "holdTimeSeconds", NULL), "keepAlive",
			 json_int(spec, 30, "timers", "keepAliveTimeSeconds", NULL), "gracefulRestart",
			 speaker_restart_time(json_object_get(spec, "gracefulRestart")), "sourceAddress",
			 json_text(override, "localAddress", NULL), "sourceInterface",
			 json_text(spec, "transport", "sourceInterface", NULL), "families");
}

static void add_peer(struct speaker_build *b, const json_t *from, const json_t *override, json_t *instance)
{
	const json_int_t asn = json_int(from, 0, "peerASN", NULL);
	const bool ibgp = asn == json_int(instance, 0, "localASN", NULL);
	_cleanup_json_ json_t *none = json_object();
	const json_t *spec = peer_config(b, from, none);
	json_t *peer;

	if (!spec)
		return;
	peer = new_peer(from, spec, override, ibgp);
	if (set_address(b, from, peer) < 0) {
		json_decref(peer);
		return;
	}
	if (json_int(override, 0, "localPort", NULL) || json_int(spec, 0, "transport", "localPort", NULL))
		speaker_note(b, "peer %s: localPort is not used, the source port is any",
			     json_text(from, "name", NULL));
	speaker_password(b, json_text(spec, "authSecretRef", NULL), peer);
	add_families(b, spec, peer, ibgp);
	json_array_append_new(json_object_get(instance, "peers"), peer);
}

/* ---- instances ---- */

/*
 * Without an IPv4 address Cilium takes the MAC address of cilium_host; here the node's name is as good: FNV-1a,
 * and never 0.
 */
static const char *made_up_router_id(const char *node, char buf[INET_ADDRSTRLEN])
{
	uint32_t h = 2166136261U;

	for (; *node; node++)
		h = (h ^ (uint8_t)*node) * 16777619U;
	h |= 1;
	(void)snprintf(buf, INET_ADDRSTRLEN, "%u.%u.%u.%u", h >> 24, h >> 16 & 255, h >> 8 & 255, h & 255);
	return buf;
}

static const char *router_id(const struct speaker_build *b, const json_t *override, char buf[INET_ADDRSTRLEN])
{
	const char *id = json_text(override, "routerID", NULL);

	if (*id)
		return id;
	id = speaker_router_id(b);
	return *id ? id : made_up_router_id(b->node, buf);
}

static void add_instance(struct speaker_build *b, const json_t *from, const json_t *override)
{
	const char *name = json_text(from, "name", NULL);
	const json_int_t asn = json_int(override, json_int(from, 0, "localASN", NULL), "localASN", NULL);
	const json_t *peers = json_object_get(from, "peers"), *p;
	char buf[INET_ADDRSTRLEN];
	json_t *instance;
	size_t i;

	if (asn == 0) {
		speaker_note(b,
			     "instance %s: has no localASN, nor has CiliumBGPNodeConfigOverride %s: it is not started",
			     name, b->node);
		return;
	}
	instance = json_pack("{s:s, s:I, s:s, s:I, s:[]}", "name", name, "localASN", asn, "routerID",
			     router_id(b, override, buf), "localPort",
			     json_int(override, json_int(from, -1, "localPort", NULL), "localPort", NULL), "peers");
	json_array_foreach(peers, i, p)
		add_peer(b, p, find_by(json_object_get(override, "peers"), json_text(p, "name", NULL)), instance);
	json_array_append_new(b->instances, instance);
}

void speaker_config_compile(struct speaker_build *b, const json_t *config)
{
	const json_t *overrides = json_at(find_object(b->in->overrides, b->node), "spec", "bgpInstances", NULL);
	const json_t *instances = json_at(config, "spec", "bgpInstances", NULL), *i;
	size_t n;

	json_array_foreach(instances, n, i)
		add_instance(b, i, find_by(overrides, json_text(i, "name", NULL)));
}
