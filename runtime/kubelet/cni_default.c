// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cni_default.c - the network that Kind brings (kindnet): each pod behind a veth that has the gateway's address, and a route
 * to each other node's pods
 *
 * A route may come before the address that makes its gateway reachable: the topology's links are set up after the nodes
 * began. Then addresses are watched until all routes are there.
 */
#include <string.h>

#include "cluster/jsonutil.h"
#include "kubelet/cni_internal.h"

/* ---- routes to the other nodes ---- */

static void routes_apply(struct cni *c);

static void address_came(struct loop *loop _unused_, struct loop_handle id _unused_, uint32_t revents _unused_, void *arg)
{
	struct cni *c = arg;

	addr_monitor_drain(c->monitor);
	routes_apply(c);
}

static void monitor_set(struct cni *c, bool on)
{
	if (on == (c->monitor >= 0))
		return;
	if (on) {
		c->monitor = addr_monitor_open(NULL);
		if (c->monitor >= 0)
			(void)loop_add_fd(c->loop, c->monitor, POLLIN, address_came, c, &c->monitor_id, NULL);
	} else {
		loop_remove(c->loop, c->monitor_id);
		c->monitor = fd_close(c->monitor);
	}
}

static bool route_parse_json(const json_t *j, struct link_route *ret)
{
	*ret = (struct link_route){ 0 };
	return inprefix_parse(json_text(j, "dst", NULL), &ret->dst) == 0 && inprefix_parse(json_text(j, "via", NULL), &ret->gw) == 0;
}

static bool array_has(const json_t *array, const json_t *value)
{
	size_t i;
	json_t *v;

	json_array_foreach (array, i, v)
		if (json_equal(v, value))
			return true;
	return false;
}

static void routes_remove(struct cni *c, const json_t *wanted)
{
	struct link_route rt;
	size_t i;
	json_t *v;

	json_array_foreach (c->routes, i, v)
		if (!array_has(wanted, v) && route_parse_json(v, &rt))
			(void)route_del(c->nl, &rt.dst, &rt.gw, NULL);
}

static void routes_apply(struct cni *c)
{
	const json_t *wanted = json_object_get(c->network, "routes");
	json_t *made = json_array();
	bool missing = false;
	struct link_route rt;
	size_t i;
	json_t *v;

	/* The watch comes first: what changes from now on is seen. */
	if (json_array_size(wanted))
		monitor_set(c, true);
	routes_remove(c, wanted);
	json_array_foreach (wanted, i, v) {
		if (route_parse_json(v, &rt) && route_put(c->nl, &rt, NULL) == 0)
			(void)json_array_append(made, v);
		else
			missing = true;
	}
	json_decref(c->routes);
	c->routes = made;
	monitor_set(c, missing);
}

/* ---- the node ---- */

static int default_up(struct cni *c, struct error *e _unused_)
{
	for (size_t i = 0; i < c->n_families; i++) {
		struct cni_family *f = &c->families[i];

		f->router = inprefix_host(&f->ipam.cidr, 1);
		f->router.len = (uint8_t)inprefix_bits(&f->router);
		(void)ipam_take(&f->ipam, &f->router);
	}
	routes_apply(c);
	return 0;
}

static void default_down(struct cni *c)
{
	monitor_set(c, false);
	routes_remove(c, NULL);
	json_decref(c->routes);
	c->routes = NULL;
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

static int default_pod_side(struct cni *c, const struct cni_pod *pod, struct nlconn *nl, const struct macaddr *mac _unused_,
			    struct error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < pod->n_addrs; i++) {
		const struct cni_family *f = cni_family_of(c, &pod->addrs[i]);
		const bool v6 = f->router.family == AF_INET6;
		const struct inprefix src = v6 ? (struct inprefix){ 0 } : pod->addrs[i];
		const struct link_route link = { .dst = f->router, .src = src, .ifindex = POD_ETH0, .scope = ROUTE_SCOPE_LINK };
		const struct link_route net = { .dst = f->ipam.cidr, .gw = f->router, .src = src, .ifindex = POD_ETH0 };
		const struct link_route all = { .dst = { .family = f->router.family }, .gw = f->router, .ifindex = POD_ETH0 };
		struct inprefix addr = pod->addrs[i];

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
