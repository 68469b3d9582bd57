// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * schema_check_service.c - validation of Services
 */
#include "cluster/schema_check.h"

static const struct schema_path *const spec_path = &(const struct schema_path){ .key = "spec" };

static bool is_headless(const json_t *spec)
{
	return strcmp(json_text(spec, "clusterIP", NULL), "None") == 0;
}

static void check_one_port(struct checker *c, const struct schema_path *at, const json_t *p, bool needs_name)
{
	const json_int_t node_port = json_int(p, 0, "nodePort", NULL);

	if (!check_name_in(c, at, p, "name", NAME_LABEL) && needs_name)
		say_required(c, AT(at, "name"), NULL);
	if (!json_is_integer(json_object_get(p, "port")))
		say_invalid(c, AT(at, "port"), json_object_get(p, "port"), "must be between 1 and 65535, inclusive");
	check_port(c, at, p, "port");
	(void)check_words(c, at, p, "protocol", words_protocol);
	check_port_or_name(c, AT(at, "targetPort"), json_object_get(p, "targetPort"));
	if (node_port && (node_port < 30000 || node_port > 32767))
		say_invalid(c, AT(at, "nodePort"), json_object_get(p, "nodePort"),
			    "provided port is not in the valid range. The range of valid ports is 30000-32767");
}

static bool same_port(const json_t *a, const json_t *b)
{
	return json_int(a, -1, "port", NULL) == json_int(b, -2, "port", NULL) &&
	       strcmp(json_text(a, "protocol", NULL), json_text(b, "protocol", NULL)) == 0;
}

static void check_ports(struct checker *c, const json_t *ports)
{
	const struct schema_path *list = AT(spec_path, "ports");
	json_t *p;
	size_t i;

	if (!check_size(c, list, ports))
		return;
	json_array_foreach(ports, i, p) {
		const char *name = json_text(p, "name", NULL);

		check_one_port(c, AT_ITEM(list, i), p, json_array_size(ports) > 1);
		for (size_t k = 0; k < i; k++) {
			const json_t *other = json_array_get(ports, k);

			if (*name && strcmp(name, json_text(other, "name", NULL)) == 0)
				say_duplicate(c, AT(AT_ITEM(list, i), "name"), json_object_get(p, "name"));
			if (same_port(p, other))
				say_duplicate(c, AT_ITEM(list, i), p);
		}
	}
}

static void check_cluster_ip(struct checker *c, const json_t *spec)
{
	_cleanup_json_ json_t *causes = json_array();
	struct checker probe = { .causes = causes };
	const json_t *v = json_object_get(spec, "clusterIP");

	if (!*json_text(spec, "clusterIP", NULL) || is_headless(spec))
		return;
	check_ip(&probe, spec_path, v);
	if (probe.n)
		say_invalid(c, AT_ITEM(AT(spec_path, "clusterIPs"), 0), v, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
}

void check_service(struct checker *c, const json_t *o, const json_t *old)
{
	static const char *const types[] = { "ClusterIP", "ExternalName", "LoadBalancer", "NodePort", NULL };
	static const char *const affinities[] = { "ClientIP", "None", NULL };
	static const char *const policies[] = { "Cluster", "Local", NULL };
	const json_t *spec = json_object_get(o, "spec");
	const bool external = strcmp(json_text(spec, "type", NULL), "ExternalName") == 0;

	if (external) {
		if (check_required(c, spec_path, spec, "externalName", NULL))
			(void)check_name_in(c, spec_path, spec, "externalName", NAME_SUBDOMAIN);
	} else if (!json_array_size(json_object_get(spec, "ports")) && !is_headless(spec)) {
		say_required(c, AT(spec_path, "ports"), NULL);
	}
	check_ports(c, json_object_get(spec, "ports"));
	check_labels(c, AT(spec_path, "selector"), json_object_get(spec, "selector"));
	(void)check_words(c, spec_path, spec, "type", types);
	(void)check_words(c, spec_path, spec, "sessionAffinity", affinities);
	(void)check_words(c, spec_path, spec, "internalTrafficPolicy", policies);
	(void)check_words(c, spec_path, spec, "externalTrafficPolicy", policies);
	check_cluster_ip(c, spec);
	if (old && !external && *json_text(old, "spec", "clusterIP", NULL) &&
	    strcmp(json_text(spec, "clusterIP", NULL), json_text(old, "spec", "clusterIP", NULL)) != 0) {
		_cleanup_json_ json_t *ips = json_pack("[s]", json_text(spec, "clusterIP", NULL));

		say_invalid(c, AT_ITEM(AT(spec_path, "clusterIPs"), 0), ips, "may not change once set");
	}
}
