// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * speaker_resolve.c - what of a speaker's model only the node knows: the address of an interface, the default gateway
 *
 * Looked up when the model is applied, and again whenever addresses or routes change: in a lab nodes get theirs while
 * policies are applied already.
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "cluster/jsonutil.h"
#include "kubelet/speaker_internal.h"

static bool usable(const struct ifaddrs *a, const char *ifname, int family)
{
	const struct sockaddr_in6 *in6 = (const void *)a->ifa_addr;

	return a->ifa_addr && strcmp(a->ifa_name, ifname) == 0 && a->ifa_addr->sa_family == family &&
	       (family != AF_INET6 || !IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr));
}

/* The first address of an interface in a family; "" when there is none. */
static const char *interface_address(const char *ifname, int family, char buf[INET6_ADDRSTRLEN])
{
	struct ifaddrs *all = NULL;

	buf[0] = '\0';
	if (getifaddrs(&all) < 0)
		return buf;
	for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
		const struct sockaddr_in *in = (const void *)a->ifa_addr;
		const struct sockaddr_in6 *in6 = (const void *)a->ifa_addr;

		if (!usable(a, ifname, family))
			continue;
		(void)inet_ntop(family, family == AF_INET ? (const void *)&in->sin_addr : (const void *)&in6->sin6_addr,
				buf, INET6_ADDRSTRLEN);
		break;
	}
	freeifaddrs(all);
	return buf;
}

static const char *gateway4(char buf[INET6_ADDRSTRLEN])
{
	_cleanup_fclose_ FILE *f = fopen("/proc/net/route", "re");
	unsigned dst, gw, flags, metric, best = UINT32_MAX;
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*s %x %x %x %*d %*d %u", &dst, &gw, &flags, &metric) != 4 || dst != 0 || gw == 0 ||
		    metric >= best)
			continue;
		best = metric;
		(void)inet_ntop(AF_INET, &gw, buf, INET6_ADDRSTRLEN);
	}
	return buf;
}

static const char *gateway6(char buf[INET6_ADDRSTRLEN])
{
	_cleanup_fclose_ FILE *f = fopen("/proc/net/ipv6_route", "re");
	char line[512], dst[33], gw[33];
	struct in6_addr in;
	unsigned len, metric, best = UINT32_MAX;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%32s %x %*s %*x %32s %x", dst, &len, gw, &metric) != 4 || len != 0 ||
		    metric >= best || strspn(gw, "0") == 32)
			continue;
		for (size_t i = 0; i < sizeof(in.s6_addr); i++)
			if (sscanf(gw + 2 * i, "%2hhx", &in.s6_addr[i]) != 1)
				return buf;
		best = metric;
		(void)inet_ntop(AF_INET6, &in, buf, INET6_ADDRSTRLEN);
	}
	return buf;
}

static bool resolve_peer(json_t *peer)
{
	const char *gateway = json_text(peer, "gateway", NULL), *ifname = json_text(peer, "sourceInterface", NULL);
	char buf[INET6_ADDRSTRLEN] = "";

	if (*gateway && !*json_text(peer, "address", NULL))
		json_object_set_new(peer, "address",
				    json_string(strcmp(gateway, "ipv6") == 0 ? gateway6(buf) : gateway4(buf)));
	if (!*json_text(peer, "address", NULL))
		return false;
	if (*ifname && !*json_text(peer, "sourceAddress", NULL))
		json_object_set_new(
			peer, "sourceAddress",
			json_string(interface_address(
				ifname, strchr(json_text(peer, "address", NULL), ':') ? AF_INET6 : AF_INET, buf)));
	return true;
}

json_t *speaker_resolve(struct instance *i, const json_t *instance)
{
	json_t *ret = json_deep_copy(instance), *peers = json_object_get(ret, "peers");

	for (size_t n = json_array_size(peers); n-- > 0;) {
		json_t *peer = json_array_get(peers, n);

		if (resolve_peer(peer))
			continue;
		instance_note(i, "peer %s: the node has no default gateway yet", json_text(peer, "name", NULL));
		json_array_remove(peers, n);
	}
	return ret;
}

bool speaker_needs_node(const json_t *instance)
{
	const json_t *peers = json_object_get(instance, "peers"), *p;
	size_t n;

	json_array_foreach(peers, n, p)
		if (*json_text(p, "gateway", NULL) || *json_text(p, "sourceInterface", NULL))
			return true;
	return false;
}
