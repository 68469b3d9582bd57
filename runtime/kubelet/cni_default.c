// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cni_default.c - the network that Kind brings (kindnet): each pod behind a veth that has the gateway's address, and a
 * route to each other node's pods (cni_routes.c)
 */
#include "kubelet/cni_internal.h"

/* ---- the node ---- */

static int default_up(struct cni *c, struct error *e _unused_)
{
	for (size_t i = 0; i < c->n_families; i++) {
		struct cni_family *f = &c->families[i];

		f->router = inprefix_host(&f->ipam.cidr, 1);
		f->router.len = (uint8_t)inprefix_bits(&f->router);
		(void)ipam_take(&f->ipam, &f->router);
	}
	return 0;
}

static void default_down(struct cni *c _unused_)
{
}

/* ---- pods ---- */

static int default_host_side(struct cni *c, const struct cni_pod *pod, int ifindex, struct error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < pod->n_addrs; i++) {
		const struct cni_family *f = cni_family_of(c, &pod->addrs[i]);
		const struct link_route rt = { .dst = pod->addrs[i], .ifindex = ifindex, .scope = ROUTE_SCOPE_HOST };

		if (!f)
			continue;
		r = addr_add(c->nl, ifindex, &f->router, f->router.family == AF_INET6 ? ADDR_NODAD : 0, e);
		if (r == 0 || r == -EEXIST)
			r = route_put(c->nl, &rt, e);
	}
	return r;
}

static int default_pod_side(struct cni *c, const struct cni_pod *pod, struct nlconn *nl,
			    const struct macaddr *mac _unused_, struct error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < pod->n_addrs; i++) {
		const struct cni_family *f = cni_family_of(c, &pod->addrs[i]);
		const bool v6 = f->router.family == AF_INET6;
		struct inprefix addr = pod->addrs[i], src = addr;
		const struct link_route link = {
			.dst = f->router, .src = src, .ifindex = POD_ETH0, .scope = ROUTE_SCOPE_LINK
		};
		const struct link_route net = { .dst = f->ipam.cidr, .gw = f->router, .src = src, .ifindex = POD_ETH0 };
		const struct link_route all = { .dst = { .family = f->router.family },
						.gw = f->router,
						.ifindex = POD_ETH0 };

		addr.len = f->ipam.cidr.len;
		r = addr_add(nl, POD_ETH0, &addr, ADDR_NOPREFIXROUTE | (v6 ? ADDR_NODAD : 0U), e);
		if (r == 0)
			r = route_put(nl, &link, e);
		if (r == 0)
			r = route_put(nl, &net, e);
		if (r == 0)
			r = route_put(nl, &all, e);
	}
	return r;
}

const struct cni_kind cni_kind_default = {
	.name = "default",
	.order = IPAM_LOWEST,
	.ifname = "veth",
	.digits = 8,
	.up = default_up,
	.down = default_down,
	.host_side = default_host_side,
	.pod_side = default_pod_side,
};
