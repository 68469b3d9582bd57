// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * services.c - addresses and ports that services are given
 *
 * Services are objects only: nothing forwards to pods. They still get what a real API server gives them, so that
 * manifests and tools find what they expect.
 */
#include "apiserver/services.h"

#include <string.h>

#include "base/inaddr.h"
#include "cluster/jsonutil.h"

enum { NODE_PORT_MIN = 30000, NODE_PORT_MAX = 32767, FIRST_FREE = 10 /* addresses below are left to those who ask */ };

static bool service_subnet(const struct api *api, size_t i, struct inprefix *ret)
{
	const char *text = json_string_value(json_array_get(json_object_get(api->cluster, "serviceSubnets"), i));

	return text && inprefix_parse(text, ret) == 0;
}

const char *service_first_address(const struct api *api, size_t i, char buf[64])
{
	struct inprefix net, host;

	buf[0] = '\0';
	if (service_subnet(api, i, &net)) {
		host = inprefix_host(&net, 1);
		(void)inprefix_addr_str(&host, buf);
	}
	return buf;
}

struct taken {
	json_t *addresses, *ports; /* as keys */
};

static void note_service(json_t *service, void *arg)
{
	struct taken *t = arg;
	json_t *v;
	size_t i;

	json_array_foreach(json_at(service, "spec", "clusterIPs", NULL), i, v) if (json_is_string(v))(void)
		json_object_set_new(t->addresses, json_string_value(v), json_true());
	json_array_foreach(json_at(service, "spec", "ports", NULL), i, v)
	{
		char key[24];

		(void)snprintf(key, sizeof(key), "%lld", (long long)json_int(v, 0, "nodePort", NULL));
		(void)json_object_set_new(t->ports, key, json_true());
	}
}

static bool free_address(const struct inprefix *net, const struct taken *t, char buf[INPREFIX_STRLEN])
{
	const unsigned host_bits = inprefix_bits(net) - net->len;
	const uint64_t n = host_bits >= 16 ? 65535 : (1ULL << host_bits) - 1;

	for (uint64_t i = n > FIRST_FREE * 2 ? FIRST_FREE : 1; i < n; i++) {
		struct inprefix host = inprefix_host(net, i);

		if (!json_object_get(t->addresses, inprefix_addr_str(&host, buf)))
			return true;
	}
	return false;
}

static int fail_ip(struct call *c, const json_t *service, const char *ip, const char *why)
{
	json_t *causes = json_array();

	(void)json_array_append_new(
		causes, json_pack("{s:s, s:o, s:s}", "reason", "FieldValueInvalid", "message",
	                          json_sprintf("Invalid value: [\"%s\"]: failed to allocate IP %s: %s", ip, ip, why),
	                          "field", "spec.clusterIPs"));
	fail_invalid(c, kube_name(service), causes);
	return -EINVAL;
}

static int check_ip(struct call *c, const json_t *service, const char *ip, const struct taken *t)
{
	struct inprefix address, net;

	if (json_object_get(t->addresses, ip))
		return fail_ip(c, service, ip, "provided IP is already allocated");
	for (size_t i = 0; inprefix_parse(ip, &address) == 0 && service_subnet(c->api, i, &net); i++)
		if (inprefix_contains(&net, &address))
			return 0;
	return fail_ip(c, service, ip, "the provided network does not match the current range");
}

static const char *family_name(const struct inprefix *p)
{
	return p->family == AF_INET6 ? "IPv6" : "IPv4";
}

static bool wants_family(const json_t *spec, const struct inprefix *net, size_t i)
{
	const json_t *families = json_object_get(spec, "ipFamilies");
	const char *policy = json_text(spec, "ipFamilyPolicy", NULL);
	json_t *f;
	size_t k;

	json_array_foreach(families, k,
	                   f) if (json_is_string(f) && strcmp(json_string_value(f), family_name(net)) == 0) return true;
	return strstr(policy, "DualStack") ? true : json_array_size(families) == 0 && i == 0;
}

static int allocate_addresses(struct call *c, json_t *service, const struct taken *t)
{
	json_t *spec = json_object_get(service, "spec"), *ips = json_array(), *families = json_array();
	struct inprefix net;
	char text[INPREFIX_STRLEN];

	for (size_t i = 0; service_subnet(c->api, i, &net); i++) {
		if (!wants_family(spec, &net, i))
			continue;
		if (!free_address(&net, t, text))
			break;
		(void)json_array_append_new(ips, json_string(text));
		(void)json_array_append_new(families, json_string(family_name(&net)));
	}
	if (json_array_size(ips) > 0)
		(void)json_object_set(spec, "clusterIP", json_array_get(ips, 0));
	(void)json_object_set_new(spec, "clusterIPs", ips);
	(void)json_object_set_new(spec, "ipFamilies", families);
	return 0;
}

/* An address that was asked for, or "None". */
static int use_addresses(struct call *c, json_t *service, const struct taken *t)
{
	json_t *spec = json_object_get(service, "spec"), *families = json_array();
	const char *ip = json_text(spec, "clusterIP", NULL);
	struct inprefix p;

	if (!json_object_get(spec, "clusterIPs"))
		(void)json_object_set_new(spec, "clusterIPs", json_pack("[s]", ip));
	if (strcmp(ip, "None") == 0) {
		(void)(service_subnet(c->api, 0, &p) && json_array_append_new(families, json_string(family_name(&p))));
	} else if (check_ip(c, service, ip, t) < 0) {
		json_decref(families);
		return -EINVAL;
	} else if (inprefix_parse(ip, &p) == 0) {
		(void)json_array_append_new(families, json_string(family_name(&p)));
	}
	if (!json_object_get(spec, "ipFamilies"))
		(void)json_object_set(spec, "ipFamilies", families);
	json_decref(families);
	return 0;
}

static void allocate_ports(json_t *spec, const struct taken *t)
{
	int next = NODE_PORT_MIN;
	json_t *port;
	size_t i;

	json_array_foreach(json_object_get(spec, "ports"), i, port)
	{
		char key[24];

		if (json_int(port, 0, "nodePort", NULL) > 0)
			continue;
		do
			(void)snprintf(key, sizeof(key), "%d", next++);
		while (json_object_get(t->ports, key) && next <= NODE_PORT_MAX);
		(void)json_object_set_new(port, "nodePort", json_integer(next - 1));
	}
}

static void keep_addresses(json_t *spec, const json_t *old)
{
	static const char *const keys[] = { "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		json_t *v = json_at(old, "spec", keys[i], NULL);

		if (v && !json_object_get(spec, keys[i]))
			(void)json_object_set(spec, keys[i], v);
	}
}

static int give(struct call *c, json_t *service, bool new, const struct taken *t)
{
	json_t *spec = json_object_get(service, "spec");
	const char *type = json_text(spec, "type", NULL);
	int r = 0;

	if (strcmp(type, "ExternalName") == 0)
		return 0;
	if (!*json_text(spec, "clusterIP", NULL))
		r = allocate_addresses(c, service, t);
	else if (new)
		r = use_addresses(c, service, t);
	if (r < 0)
		return r;
	if (!json_object_get(spec, "ipFamilyPolicy"))
		(void)json_object_set_new(spec, "ipFamilyPolicy", json_string("SingleStack"));
	if (strcmp(type, "NodePort") == 0 || strcmp(type, "LoadBalancer") == 0)
		allocate_ports(spec, t);
	return 0;
}

int service_admit(struct call *c, json_t *service, const json_t *old)
{
	json_t *spec = json_object_make(service, "spec");
	struct taken t = { json_object(), json_object() };
	int r;

	if (!json_object_get(spec, "type"))
		(void)json_object_set_new(spec, "type", json_string("ClusterIP"));
	if (old)
		keep_addresses(spec, old);
	else
		(void)json_object_set_new(service, "status", json_pack("{s:{}}", "loadBalancer"));
	store_each(c->api->store, RES_SERVICES, NULL, note_service, &t);
	r = give(c, service, !old, &t);
	json_decref(t.addresses);
	json_decref(t.ports);
	return r;
}
