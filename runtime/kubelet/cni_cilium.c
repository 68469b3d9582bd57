// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cni_cilium.c - Cilium's datapath in native routing mode, on plain Linux (kubernetes.md 3)
 *
 * The one thing that must be right is the source address of the route to each pod: it is what a traceroute from the pod
 * shows as its first hop.
 */
#include <string.h>

#include "cluster/jsonutil.h"
#include "kubelet/cni_internal.h"

#define HOST_IF "cilium_host"
#define NET_IF	"cilium_net"

/* ---- cilium_host ---- */

static int host_link_make(struct cni *c, int *ret, struct error *e)
{
	const uint32_t mtu = cni_mtu(c);
	const struct link_veth veth = {
		.a = { .netns_fd = -1, .ifname = HOST_IF, .mtu = mtu },
		.b = { .netns_fd = -1, .ifname = NET_IF, .mtu = mtu },
	};
	static const char *const ends[] = { NET_IF, HOST_IF };
	int r = link_create_veth(c->nl, &veth, e);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(ends); i++) {
		r = link_get_index(c->nl, ends[i], ret, e);
		if (r == 0)
			r = link_set_noarp(c->nl, *ret, e);
		if (r == 0)
			r = link_set_up(c->nl, *ret, e);
	}
	return r;
}

static bool pinned_router(const struct cni *c, struct cni_family *f)
{
	struct inprefix a;
	size_t i;
	json_t *t;

	json_array_foreach (json_object_get(c->network, "routerIPs"), i, t) {
		if (!json_string_value(t) || inprefix_parse(json_string_value(t), &a) < 0 ||
		    !inprefix_contains(&f->ipam.cidr, &a))
			continue;
		f->router = a;
		return true;
	}
	return false;
}

/* The addresses of cilium_host: that of a family's CIDR becomes its router, others go. */
static int routers_reuse(struct cni *c, int ifindex, struct error *e)
{
	_cleanup_free_ struct addr_info *v = NULL;
	size_t n = 0;
	int r = addr_dump(c->nl, &v, &n, e);

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct cni_family *f = cni_family_of(c, &v[i].addr);
		const bool link_local =
			v[i].addr.family == AF_INET6 && v[i].addr.addr[0] == 0xfe && (v[i].addr.addr[1] & 0xc0) == 0x80;

		if (v[i].ifindex != ifindex || link_local)
			continue;
		if (f && f->router.family && inprefix_same_addr(&f->router, &v[i].addr))
			continue; /* as it is pinned */
		if (f && !f->router.family && ipam_is_free(&f->ipam, &v[i].addr))
			f->router = v[i].addr;
		else
			r = addr_del(c->nl, ifindex, &v[i].addr, e);
	}
	return r;
}

static bool has_address(const struct addr_info *v, size_t n, int ifindex, const struct inprefix *addr)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].ifindex == ifindex && inprefix_same_addr(&v[i].addr, addr))
			return true;
	return false;
}

/* What `ip route` of a Cilium node shows; IPv6 refuses a gateway that is an address of its own. */
static int router_routes(struct cni *c, const struct cni_family *f, int ifindex, struct error *e)
{
	struct link_route self = {
		.dst = f->router, .ifindex = ifindex, .scope = ROUTE_SCOPE_LINK, .protocol = ROUTE_PROTO_KERNEL
	};
	struct link_route net = {
		.dst = f->ipam.cidr, .src = f->router, .ifindex = ifindex, .protocol = ROUTE_PROTO_KERNEL
	};
	int r = 0;

	if (f->router.family == AF_INET) {
		net.gw = f->router;
		r = route_put(c->nl, &self, e);
	}
	return r < 0 ? r : route_put(c->nl, &net, e);
}

static int router_up(struct cni *c, struct cni_family *f, int ifindex, struct error *e)
{
	_cleanup_free_ struct addr_info *v = NULL;
	char cidr[INPREFIX_STRLEN];
	size_t n = 0;
	int r = addr_dump(c->nl, &v, &n, e);

	if (r < 0)
		return r;
	if (!f->router.family && ipam_pick(&f->ipam, json_text(c->entry, "hostname", NULL), &f->router) < 0)
		return error_set(e, ENOSPC, "no address for " HOST_IF " in %s", inprefix_str(&f->ipam.cidr, cidr));
	f->router.len = (uint8_t)inprefix_bits(&f->router);
	(void)ipam_take(&f->ipam, &f->router);
	if (!has_address(v, n, ifindex, &f->router))
		r = addr_add(c->nl, ifindex, &f->router, ADDR_NODAD, e);
	return r < 0 ? r : router_routes(c, f, ifindex, e);
}

static int cilium_up(struct cni *c, struct error *e)
{
	int ifindex, r = link_get_index(c->nl, HOST_IF, &ifindex, NULL);

	if (r == -ENODEV)
		r = host_link_make(c, &ifindex, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < c->n_families; i++) {
		c->families[i].router = (struct inprefix){ 0 };
		(void)pinned_router(c, &c->families[i]);
	}
	r = routers_reuse(c, ifindex, e);
	for (size_t i = 0; r == 0 && i < c->n_families; i++)
		r = router_up(c, &c->families[i], ifindex, e);
	return r;
}

static void cilium_down(struct cni *c)
{
	int ifindex;

	/* Its peer and the routes go with it. */
	if (link_get_index(c->nl, HOST_IF, &ifindex, NULL) == 0)
		(void)link_delete(c->nl, ifindex, NULL);
}

/* ---- pods ---- */

static int cilium_host_side(struct cni *c, const struct cni_pod *pod, int ifindex, struct error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < pod->n_addrs; i++) {
		const struct cni_family *f = cni_family_of(c, &pod->addrs[i]);
		const struct link_route rt = {
			.dst = pod->addrs[i],
			.src = f ? f->router : (struct inprefix){ 0 },
			.ifindex = ifindex,
			.scope = ROUTE_SCOPE_LINK,
			.protocol = ROUTE_PROTO_KERNEL,
		};

		r = route_put(c->nl, &rt, e);
	}
	return r;
}

static int cilium_pod_side(struct cni *c, const struct cni_pod *pod, struct nlconn *nl, const struct macaddr *mac,
			   struct error *e)
{
	const uint32_t mtu = cni_mtu(c);
	int r = 0;

	for (size_t i = 0; r == 0 && i < pod->n_addrs; i++) {
		const struct inprefix gw = cni_family_of(c, &pod->addrs[i])->router;
		const struct link_route link = { .dst = gw, .ifindex = POD_ETH0, .scope = ROUTE_SCOPE_LINK };
		const struct link_route all = {
			.dst = { .family = gw.family }, .gw = gw, .ifindex = POD_ETH0, .mtu = mtu
		};

		r = addr_add(nl, POD_ETH0, &pod->addrs[i], gw.family == AF_INET6 ? ADDR_NODAD : 0, e);
		if (r == 0)
			r = route_put(nl, &link, e);
		/* Nobody answers for an address of another interface in IPv6; Cilium's BPF does. */
		if (r == 0 && gw.family == AF_INET6)
			r = neigh_add(nl, POD_ETH0, &gw, mac, e);
		if (r == 0)
			r = route_put(nl, &all, e);
	}
	return r;
}

const struct cni_kind cni_kind_cilium = {
	.name = "cilium",
	.order = IPAM_RANDOM,
	.ifname = "lxc",
	.not_oif = "cilium_",
	.digits = 12,
	.up = cilium_up,
	.down = cilium_down,
	.host_side = cilium_host_side,
	.pod_side = cilium_pod_side,
};
