// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cni_routes.c - a node's routes to the other nodes' pods
 *
 * A route may come before the address that makes its gateway reachable: the topology's links are set up after the nodes
 * began. Then addresses are watched until all routes are there.
 */
#include <string.h>

#include "cluster/jsonutil.h"
#include "kubelet/cni_internal.h"

static void address_came(struct loop *loop _unused_, struct loop_handle id _unused_, uint32_t revents _unused_,
			 void *arg)
{
	struct cni *c = arg;

	addr_monitor_drain(c->monitor);
	cni_routes_apply(c);
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
	return inprefix_parse(json_text(j, "dst", NULL), &ret->dst) == 0 &&
	       inprefix_parse(json_text(j, "via", NULL), &ret->gw) == 0;
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

void cni_routes_apply(struct cni *c)
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

void cni_routes_drop(struct cni *c)
{
	monitor_set(c, false);
	routes_remove(c, NULL);
	json_decref(c->routes);
	c->routes = NULL;
}
