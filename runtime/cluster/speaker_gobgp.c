// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * speaker_gobgp.c - see speaker_gobgp.h
 */
#include "cluster/speaker_gobgp.h"

#include <string.h>

#include "cluster/jsonutil.h"

static json_t *neighbor_families(const json_t *peer)
{
	const json_t *families = json_object_get(peer, "families"), *f;
	const bool restart = json_int(peer, 0, "gracefulRestart", NULL) > 0;
	json_t *ret = json_array();
	size_t i;

	json_array_foreach(families, i, f) {
		const char *name = strcmp(json_text(f, "afi", NULL), "ipv6") == 0 ? "ipv6-unicast" : "ipv4-unicast";
		json_t *family = json_pack("{s:{s:s}}", "config", "afi-safi-name", name);

		if (restart)
			json_object_set_new(family, "mp-graceful-restart",
					    json_pack("{s:{s:b}}", "config", "enabled", 1));
		json_array_append_new(ret, family);
	}
	return ret;
}

static void add_options(json_t *neighbor, const json_t *peer)
{
	const json_int_t ttl = json_int(peer, 1, "multihopTTL", NULL),
			 restart = json_int(peer, 0, "gracefulRestart", NULL);

	if (ttl > 1)
		json_object_set_new(neighbor, "ebgp-multihop",
				    json_pack("{s:{s:b, s:I}}", "config", "enabled", 1, "multihop-ttl", ttl));
	if (restart)
		json_object_set_new(neighbor, "graceful-restart",
				    json_pack("{s:{s:b, s:I, s:b}}", "config", "enabled", 1, "restart-time", restart,
					      "notification-enabled", 1));
}

static json_t *neighbor(const json_t *peer)
{
	const char *password = json_text(peer, "password", NULL), *source = json_text(peer, "sourceAddress", NULL);
	json_t *config = json_pack("{s:O, s:O}", "neighbor-address", json_object_get(peer, "address"), "peer-as",
				   json_object_get(peer, "peerASN"));
	json_t *transport = json_pack("{s:O}", "remote-port", json_object_get(peer, "port"));
	json_t *ret;

	if (*password)
		json_object_set_new(config, "auth-password", json_string(password));
	if (*source)
		json_object_set_new(transport, "local-address", json_string(source));
	ret = json_pack("{s:o, s:{s:{s:O, s:O, s:O, s:i}}, s:{s:o}, s:o}", "config", config, "timers", "config",
			"connect-retry", json_object_get(peer, "connectRetry"), "hold-time",
			json_object_get(peer, "hold"), "keepalive-interval", json_object_get(peer, "keepAlive"),
			"idle-hold-time-after-reset", 5, "transport", "config", transport, "afi-safis",
			neighbor_families(peer));
	add_options(ret, peer);
	return ret;
}

/* ---- route policies ---- */

static json_t *path_actions(const json_t *path)
{
	json_t *bgp = json_object(), *c = json_object_get(path, "communities"),
	       *l = json_object_get(path, "largeCommunities");
	const json_int_t pref = json_int(path, 0, "localPref", NULL);

	if (json_array_size(c))
		json_object_set_new(
			bgp, "set-community",
			json_pack("{s:s, s:{s:O}}", "options", "add", "set-community-method", "communities-list", c));
	if (json_array_size(l))
		json_object_set_new(bgp, "set-large-community",
				    json_pack("{s:s, s:{s:O}}", "options", "add", "set-large-community-method",
					      "communities-list", l));
	if (pref)
		json_object_set_new(bgp, "set-local-pref", json_integer(pref));
	return json_pack("{s:s, s:o}", "route-disposition", "accept-route", "bgp-actions", bgp);
}

static void add_path_policy(json_t *prefix_sets, json_t *statements, const char *peer, const json_t *path)
{
	const char *prefix = json_text(path, "prefix", NULL);
	char name[160];

	(void)snprintf(name, sizeof(name), "%s to %s", prefix, peer);
	json_array_append_new(prefix_sets, json_pack("{s:s, s:[{s:s}]}", "prefix-set-name", name, "prefix-list",
						     "ip-prefix", prefix));
	json_array_append_new(statements, json_pack("{s:s, s:{s:{s:s, s:s}, s:{s:s, s:s}}, s:o}", "name", name,
						    "conditions", "match-prefix-set", "prefix-set", name,
						    "match-set-options", "any", "match-neighbor-set", "neighbor-set",
						    peer, "match-set-options", "any", "actions", path_actions(path)));
}

static void add_policies(json_t *ret, const json_t *instance)
{
	json_t *prefix_sets = json_array(), *neighbor_sets = json_array(), *statements = json_array();
	const json_t *peers = json_object_get(instance, "peers"), *peer, *f, *path;
	size_t i, j, k;

	json_array_foreach(peers, i, peer) {
		const char *address = json_text(peer, "address", NULL);

		json_array_append_new(neighbor_sets, json_pack("{s:s, s:[s]}", "neighbor-set-name", address,
							       "neighbor-info-list", address));
		json_array_foreach(json_object_get(peer, "families"), j, f)
			json_array_foreach(json_object_get(f, "paths"), k, path)
				add_path_policy(prefix_sets, statements, address, path);
	}
	json_object_set_new(ret, "defined-sets",
			    json_pack("{s:o, s:o}", "prefix-sets", prefix_sets, "neighbor-sets", neighbor_sets));
	/* Without "local" GoBGP drops its own paths, too. */
	json_object_set_new(ret, "policy-definitions",
			    json_pack("[{s:s, s:[{s:s, s:{s:{s:s}}, s:{s:s}}]}, {s:s, s:o}]", "name", "allow-local",
				      "statements", "name", "local", "conditions", "bgp-conditions", "route-type",
				      "local", "actions", "route-disposition", "accept-route", "name", "advertise",
				      "statements", statements));
}

json_t *speaker_gobgp_config(const json_t *instance)
{
	const json_int_t port = json_int(instance, -1, "localPort", NULL);
	const json_t *peers = json_object_get(instance, "peers"), *p;
	json_t *neighbors = json_array(), *ret;
	size_t i;

	json_array_foreach(peers, i, p)
		json_array_append_new(neighbors, neighbor(p));
	ret = json_pack("{s:{s:{s:O, s:O, s:I}, s:{s:{s:[s], s:s, s:[s], s:s}}}, s:o}", "global", "config", "as",
			json_object_get(instance, "localASN"), "router-id", json_object_get(instance, "routerID"),
			"port", port > 0 ? port : (json_int_t)-1, "apply-policy", "config", "import-policy-list",
			"allow-local", "default-import-policy", "reject-route", "export-policy-list", "advertise",
			"default-export-policy", "reject-route", "neighbors", neighbors);
	add_policies(ret, instance);
	return ret;
}

/* ---- what is announced ---- */

static bool has_text(const json_t *array, const char *text)
{
	const json_t *t;
	size_t i;

	json_array_foreach(array, i, t)
		if (strcmp(json_string_value(t), text) == 0)
			return true;
	return false;
}

json_t *speaker_gobgp_prefixes(const json_t *instance, const char *afi)
{
	const json_t *peers = json_object_get(instance, "peers"), *peer, *f, *path;
	json_t *ret = json_array();
	size_t i, j, k;

	json_array_foreach(peers, i, peer)
		json_array_foreach(json_object_get(peer, "families"), j, f)
			json_array_foreach(json_object_get(f, "paths"), k, path)
				if (strcmp(json_text(f, "afi", NULL), afi) == 0 &&
				    !has_text(ret, json_text(path, "prefix", NULL)))
					json_array_append(ret, json_object_get(path, "prefix"));
	return ret;
}

bool speaker_gobgp_replaces(const json_t *old, const json_t *new)
{
	static const char *const keys[] = { "localASN", "routerID", "localPort" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!json_equal(json_object_get(old, keys[i]), json_object_get(new, keys[i])))
			return true;
	return false;
}
