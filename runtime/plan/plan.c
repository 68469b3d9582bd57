// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * plan.c - builds the list of operations
 *
 * Theory of Operation
 *
 * The plan goes through the lab a few times, each time adding the operations of one phase, so that the list comes
 * out in the order in which the kernel does it fastest and no operation needs to wait for another's side effect:
 *
 *   namespaces with their sysctls (accept_dad=0 counts only for links that come later)
 *   bridges, then links: one message makes both ends where they belong, with final names, indices and MACs
 *   ports, addresses, links up, routes
 *   what is visible on the host: masquerading, names
 *   nodes (sandbox and init), then what runs in them
 *
 * In a namespace that the plan makes it also knows the interface indices, since they count from 2; in others the
 * engine looks names up.
 */
#include "plan/plan.h"

#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

#include "base/strbuf.h"
#include "plan/mgmt.h"
#include "plan/plan_internal.h"

enum { IFNAME_MAX = 15 };

static const struct kv node_sysctls[] = {
	{ "net.ipv4.ip_forward", "1" },
	{ "net.ipv4.conf.all.rp_filter", "0" },
	{ "net.ipv4.conf.default.rp_filter", "0" },
	{ "net.ipv4.ping_group_range", "0 2147483647" },
	/* netemu owns every MAC address: looking for duplicates would cost each link 1-2 s for nothing. */
	{ "net.ipv6.conf.all.accept_dad", "0" },
	{ "net.ipv6.conf.default.accept_dad", "0" },
};

uint32_t hash32(const char *s, uint32_t seed)
{
	uint32_t h = 2166136261U ^ seed;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619U;
	return h ^ (h >> 15);
}

struct op *op_add(struct plan *p, enum op_type type)
{
	struct op *op = ARENA_PUSH(&p->arena, p->ops, p->n_ops);

	*op = (struct op){ .type = type, .node = PLAN_NONE, .ns = PLAN_NONE, .a = PLAN_NONE, .b = PLAN_NONE,
			   .c = PLAN_NONE, .link = PLAN_NONE, .stage = _STAGE_MAX, .peer = PLAN_NONE };
	return op;
}

static int32_t ns_add(struct plan *p, enum plan_ns_type type, const char *name, const char *path)
{
	struct plan_ns *ns = ARENA_PUSH(&p->arena, p->ns, p->n_ns);

	*ns = (struct plan_ns){ .type = type, .name = name, .path = path };
	return (int32_t)p->n_ns - 1;
}

/* Whether only this plan makes interfaces there, so that it can choose their indices. */
bool ns_is_ours(const struct plan_ns *ns)
{
	return ns->type == PLAN_NS_LAB || ns->type == PLAN_NS_NODE;
}

int32_t if_add(struct plan *p, int32_t ns, const char *name)
{
	struct plan_ns *n = &p->ns[ns];
	struct plan_if *i = ARENA_PUSH(&p->arena, p->ifs, p->n_ifs);

	*i = (struct plan_if){ .ns = (uint32_t)ns, .name = name };
	if (ns_is_ours(n))
		i->ifindex = 2 + n->ifindexes++;
	return (int32_t)p->n_ifs - 1;
}

static void sysctl_add(struct plan *p, int32_t ns, const char *key, const char *value)
{
	struct op *op = op_add(p, OP_SYSCTL);

	op->ns = ns;
	op->key = key;
	op->value = value;
}

struct op *up_add(struct plan *p, int32_t ifc)
{
	struct op *op = op_add(p, OP_UP);

	op->a = ifc;
	op->ns = (int32_t)p->ifs[ifc].ns;
	return op;
}

struct op *addr_add_op(struct plan *p, int32_t ifc, const struct inprefix *addr)
{
	struct op *op = op_add(p, OP_ADDR);

	op->a = ifc;
	op->ns = (int32_t)p->ifs[ifc].ns;
	op->addr = *addr;
	return op;
}

static bool host_has_bridge(const struct plan_env *env, const char *name)
{
	for (size_t i = 0; i < env->n_bridges; i++)
		if (strcmp(env->bridges[i], name) == 0)
			return true;
	return false;
}

/* The namespace whose stack node @i uses, following container:X inside the lab (the loader refused cycles). */
static int32_t node_ns(struct plan *p, const struct plan_env *env, size_t i)
{
	const struct node *n = &p->lab->nodes[i];
	const struct plan_foreign *f = env->foreign ? &env->foreign[i] : NULL;

	if (p->nodes[i].ns != PLAN_NONE)
		return p->nodes[i].ns;
	if (n->kind == NODE_HOST || (n->kind == NODE_LINUX && n->net_mode == NET_HOST))
		return PLAN_NS_INDEX_HOST;
	if (n->kind == NODE_EXT_CONTAINER || (n->net_mode == NET_CONTAINER && n->net_node == LAB_INDEX_NONE))
		return ns_add(p, PLAN_NS_FOREIGN, f && f->what ? f->what : n->net_target ? n->net_target : n->name,
			      f ? f->path : NULL);
	if (n->net_mode == NET_CONTAINER) {
		p->nodes[n->net_node].ns = node_ns(p, env, (size_t)n->net_node);
		return p->nodes[n->net_node].ns;
	}
	return ns_add(p, PLAN_NS_NODE, n->longname, NULL);
}

/* A file may name the script that the image of FRR has for it, which the host has not. */
static bool says_docker_start(const struct node *n, const struct profile *p)
{
	const char *last = n->has_cmd && n->cmd.n ? strrchr(n->cmd.v[n->cmd.n - 1], '/') : NULL;

	return p && p->layer == LAYER_FRR && last && strcmp(last, "/docker-start") == 0;
}

bool plan_runs_image(const struct node *n, const struct profile *p)
{
	return (!n->has_cmd && !n->has_entrypoint) || says_docker_start(n, p);
}

static void words_add(struct plan *p, struct strv *to, const struct strv *words)
{
	for (size_t i = 0; i < words->n; i++)
		strv_add(&p->arena, to, words->v[i]);
}

/* As Docker combines them: an entrypoint of the file's own is not given the image's command. */
static void image_command(struct plan *p, const struct node *n, struct strv *ret)
{
	const struct image *im = n->imported;

	words_add(p, ret, n->has_entrypoint ? &n->entrypoint : &im->entrypoint);
	if (n->has_cmd || n->has_entrypoint)
		words_add(p, ret, &n->cmd);
	else
		words_add(p, ret, &im->cmd);
	/* Mere files have no configuration. */
	if (ret->n || n->has_cmd || n->has_entrypoint)
		return;
	for (const char *const *w = profile_image(&p->arena, n->image)->command; w && *w; w++)
		strv_add(&p->arena, ret, *w);
}

static void node_command(struct plan *p, size_t i)
{
	const struct node *n = &p->lab->nodes[i];
	struct plan_node *pn = &p->nodes[i];

	if (n->imported) {
		image_command(p, n, &pn->command);
	} else if (plan_runs_image(n, pn->profile)) {
		for (const char *const *w = pn->profile->command; w && *w; w++)
			strv_add(&p->arena, &pn->command, *w);
	} else {
		words_add(p, &pn->command, &n->entrypoint);
		words_add(p, &pn->command, &n->cmd);
	}
	if (command_is_idle(&pn->command))
		pn->command = (struct strv){ 0 };
}

/* An image that nothing stands for, and whose it is. */
struct unknown_image {
	const struct node *first;
	size_t n;
};

static void report_image(struct diag *d, const struct unknown_image *u, bool last)
{
	const char *more = u->n > 1 ? arena_printf(&d->arena, " and %zu more", u->n - 1) : "";
	const char *hint = NULL;

	if (last)
		hint = arena_printf(&d->arena, "import the image (netemu image import), make all such nodes idle hosts (--map-image '*=alpine'), or "
				    "have a known one instead (any registry, any tag; --map-image IMAGE=ONE-OF-THEM): %s",
				    profile_names(&d->arena));
	if (u->first->kind_mapped)
		diag_warning(d, u->first->image_pos, "--map-kind KIND=linux:IMAGE chooses what it stands for",
			     "no profile stands for image '%s': node '%s'%s is an idle host", u->first->image, u->first->name, more);
	else
		diag_error(d, u->first->image_pos, hint, "no profile stands for image '%s' of node '%s'%s", u->first->image,
			   u->first->name, more);
}

/* Whether nothing stands for what the node's image is. */
static bool image_is_unknown(const struct node *n)
{
	return n->kind == NODE_LINUX && !n->kube && !n->imported && !profile_find(n->image);
}

bool plan_map_images(struct lab *lab, const struct strv *maps)
{
	const char *other = NULL;
	bool mapped = false;

	for (size_t i = 0; maps && i < maps->n; i++)
		if (strncmp(maps->v[i], "*=", 2) == 0)
			other = arena_strdup(&lab->arena, maps->v[i] + 2);
	for (size_t i = 0; other && i < lab->n_nodes; i++)
		if (image_is_unknown(&lab->nodes[i])) {
			lab->nodes[i].image = other;
			mapped = true;
		}
	return mapped;
}

/* One mistake an image, however many nodes have it; the list of those that are known once, below the last. */
void plan_check_images(const struct lab *lab, struct diag *d)
{
	_cleanup_strmap_ struct strmap seen = { 0 };
	_cleanup_arena_ struct arena a = { 0 };
	struct unknown_image *items = NULL;
	size_t n_items = 0, errors = 0;

	for (size_t i = 0; i < lab->n_nodes; i++) {
		const struct node *n = &lab->nodes[i];

		if (!image_is_unknown(n))
			continue;
		if (strmap_put(&seen, arena_printf(&a, "%d %s", n->kind_mapped, n->image), n_items)) {
			*ARENA_PUSH(&a, items, n_items) = (struct unknown_image){ n, 1 };
			errors += !n->kind_mapped;
		} else if (items) {
			items[strmap_get(&seen, arena_printf(&a, "%d %s", n->kind_mapped, n->image))].n++;
		}
	}
	for (size_t i = 0; i < n_items; i++) {
		errors -= !items[i].first->kind_mapped;
		report_image(d, &items[i], errors == 0);
	}
}

/* A bridge that the host has is used; another one is the lab's own, or inside of the node that it names. */
static void bridge_plan(struct plan *p, const struct plan_env *env, const struct node *n, struct plan_node *pn, struct diag *d)
{
	const char *name = node_bridge_name(n, &p->arena);
	int32_t ns = PLAN_NS_INDEX_LAB;

	if (strlen(name) > IFNAME_MAX)
		diag_error(d, n->pos, NULL, "bridge name '%s' is longer than %d characters", name, IFNAME_MAX);
	if (n->net_node != LAB_INDEX_NONE)
		ns = p->nodes[n->net_node].ns = node_ns(p, env, (size_t)n->net_node);
	else if (host_has_bridge(env, name))
		ns = PLAN_NS_INDEX_HOST;
	pn->bridge = if_add(p, ns, name);
}

static const struct profile *node_profile(struct plan *p, const struct node *n)
{
	if (n->kube)
		return profile_kind();
	return n->imported ? profile_image(&p->arena, n->image) : profile_find(n->kind == NODE_LINUX ? n->image : NULL);
}

static void node_plan(struct plan *p, const struct plan_env *env, size_t i, struct diag *d)
{
	const struct node *n = &p->lab->nodes[i];
	struct plan_node *pn = &p->nodes[i];

	if (n->kind == NODE_BRIDGE) {
		bridge_plan(p, env, n, pn, d);
		return;
	}
	pn->ns = node_ns(p, env, i);
	pn->profile = node_profile(p, n);
	pn->user = n->user ? n->user : n->imported && *n->imported->user ? n->imported->user : NULL;
	pn->workdir = n->imported && *n->imported->workdir ? n->imported->workdir : NULL;
	if (!pn->profile && n->kind_mapped)
		pn->profile = profile_find(NULL);
	if (n->kind == NODE_EXT_CONTAINER && env->foreign)
		pn->agent = env->foreign[i].agent;
	pn->has_init = n->kind == NODE_LINUX || (n->n_exec > 0 && !pn->agent);
	pn->host_root = n->kind != NODE_LINUX;
	if (pn->profile && n->kind == NODE_LINUX)
		node_command(p, i);
}

static void phase_namespaces(struct plan *p)
{
	for (size_t i = 1; i < p->n_ns; i++) {
		if (p->ns[i].type == PLAN_NS_FOREIGN)
			continue;
		op_add(p, OP_NETNS)->ns = (int32_t)i;
		if (p->ns[i].type == PLAN_NS_LAB)
			sysctl_add(p, (int32_t)i, "net.ipv6.conf.default.disable_ipv6", "1");
		for (size_t k = 0; p->ns[i].type == PLAN_NS_NODE && k < ARRAY_SIZE(node_sysctls); k++)
			sysctl_add(p, (int32_t)i, node_sysctls[k].key, node_sysctls[k].value);
	}
	for (size_t i = 0; i < p->lab->n_nodes; i++)
		for (size_t k = 0; k < p->lab->nodes[i].n_sysctls; k++)
			if (p->nodes[i].ns > PLAN_NS_INDEX_LAB)
				sysctl_add(p, p->nodes[i].ns, p->lab->nodes[i].sysctls[k].key,
					   p->lab->nodes[i].sysctls[k].value);
}

void bridge_add(struct plan *p, int32_t ifc, uint32_t mtu)
{
	struct op *op = op_add(p, OP_BRIDGE);

	op->a = ifc;
	op->ns = (int32_t)p->ifs[ifc].ns;
	op->mtu = mtu;
}

static void phase_bridges(struct plan *p)
{
	for (size_t i = 0; i < p->lab->n_nodes; i++)
		if (p->nodes[i].bridge != PLAN_NONE && p->ifs[p->nodes[i].bridge].ns != PLAN_NS_INDEX_HOST)
			bridge_add(p, p->nodes[i].bridge, LINK_MTU);
}

/*
 * The ends of a pair must not have the same index, though they are in different namespaces: the kernel takes a
 * link with ifindex == iflink for one without a peer, and tells its coming up a second later
 * (net/core/link_watch.c: linkwatch_urgent_event()). Routing daemons would wait for that.
 */
static void ifindex_differ(struct plan *p, int32_t a, int32_t b)
{
	struct plan_if *ib = &p->ifs[b];

	if (ib->ifindex && ib->ifindex == p->ifs[a].ifindex)
		ib->ifindex = 2 + p->ns[ib->ns].ifindexes++;
}

struct op *veth_add(struct plan *p, int32_t a, int32_t b, uint32_t mtu)
{
	struct op *op = op_add(p, OP_VETH);

	ifindex_differ(p, a, b);
	op->a = a;
	op->b = b;
	op->mtu = mtu;
	return op;
}

/* Docker's MAC of a management address: 02:42 and the IPv4 address. */
static struct macaddr mac_mgmt(const struct plan *p, size_t node)
{
	const uint8_t *a = p->nodes[node].ipv4.addr;

	if (!p->nodes[node].ipv4.family)
		return (struct macaddr){ { 0x02, 0x42, 0, 0, (uint8_t)(node >> 8), (uint8_t)node } };
	return (struct macaddr){ { 0x02, 0x42, a[0], a[1], a[2], a[3] } };
}

static struct macaddr mac_random(const struct plan *p, uint32_t salt, uint32_t seed)
{
	const uint32_t h = hash32(p->lab->name, seed ^ salt);

	return (struct macaddr){ { 0x02, 0x42, (uint8_t)(h >> 24), (uint8_t)(h >> 16), (uint8_t)(h >> 8), (uint8_t)h } };
}

static void mgmt_eth0(struct plan *p, size_t i, int32_t bridge, uint32_t mtu)
{
	const struct plan_node *n = &p->nodes[i];
	const int32_t port = if_add(p, PLAN_NS_INDEX_LAB, arena_printf(&p->arena, "_eth%zu", i));
	const int32_t eth0 = if_add(p, n->ns, "eth0");
	struct op *op = veth_add(p, port, eth0, mtu);

	op->c = bridge;
	op->node = (int32_t)i;
	op->mac_b = mac_mgmt(p, i);
	op->mac_a = op->mac_b;
	op->mac_a.b[0] = 0x06;
}

/* The bridge of the management network, its one link to the host, and each node's eth0. */
static void phase_mgmt(struct plan *p, const struct plan_env *env)
{
	const struct mgmt *m = &p->lab->mgmt;
	const uint32_t mtu = m->mtu ? m->mtu : MGMT_MTU;
	const bool join = m->bridge && host_has_bridge(env, m->bridge);
	int32_t bridge, port, up;
	struct op *op;

	if (!p->v4.family && !p->v6.family)
		return;
	bridge = if_add(p, PLAN_NS_INDEX_LAB, "_mgmt");
	p->mgmt_bridge = bridge;
	bridge_add(p, bridge, mtu);
	p->mgmt_dev = m->bridge && !join ? m->bridge :
		      arena_printf(&p->arena, "ne-%08x", (unsigned)hash32(p->lab->name, env->seed));
	port = if_add(p, PLAN_NS_INDEX_LAB, "_host");
	up = if_add(p, PLAN_NS_INDEX_HOST, p->mgmt_dev);
	op = veth_add(p, port, up, mtu);
	op->c = bridge;
	op->mac_a = mac_random(p, 1, env->seed);
	op->mac_b = mac_random(p, 2, env->seed);
	op = op_add(p, OP_ALIAS);
	op->a = up;
	op->ns = PLAN_NS_INDEX_HOST;
	op->value = arena_printf(&p->arena, PLAN_ALIAS "%s", p->lab->name);
	if (join) {
		op = op_add(p, OP_MASTER);
		op->a = up;
		op->b = if_add(p, PLAN_NS_INDEX_HOST, m->bridge);
	}
	for (size_t i = 0; i < p->lab->n_nodes; i++)
		if (mgmt_wants_eth0(&p->lab->nodes[i]))
			mgmt_eth0(p, i, bridge, mtu);
}

static void phase_addresses(struct plan *p)
{
	const size_t n = p->n_ops;

	for (size_t k = 0; k < n; k++) {
		const struct op op = p->ops[k];

		if (op.type != OP_VETH)
			continue;
		if (op.node != PLAN_NONE) {
			if (p->nodes[op.node].ipv4.family)
				(void)addr_add_op(p, op.b, &p->nodes[op.node].ipv4);
			if (p->nodes[op.node].ipv6.family)
				(void)addr_add_op(p, op.b, &p->nodes[op.node].ipv6);
		}
	}
	links_addresses(p);
}

/* The host's address on the management network is its gateway, unless a bridge of the host has one. */
static void phase_gateway(struct plan *p, const struct plan_env *env)
{
	const struct mgmt *m = &p->lab->mgmt;

	if (!p->mgmt_dev || (m->bridge && host_has_bridge(env, m->bridge)))
		return;
	for (size_t i = 0; i < p->n_ifs; i++) {
		if (p->ifs[i].ns != PLAN_NS_INDEX_HOST || p->ifs[i].name != p->mgmt_dev)
			continue;
		if (p->v4.family)
			(void)addr_add_op(p, (int32_t)i, &p->gw4);
		if (p->v6.family)
			(void)addr_add_op(p, (int32_t)i, &p->gw6);
	}
}

static void phase_up(struct plan *p)
{
	const size_t n = p->n_ops;

	for (size_t i = 1; i < p->n_ns; i++) {
		struct op *op;

		if (p->ns[i].type == PLAN_NS_FOREIGN)
			continue;
		op = op_add(p, OP_UP); /* a = NONE: lo */
		op->ns = (int32_t)i;
	}
	for (size_t k = 0; k < n; k++) {
		const struct op op = p->ops[k];

		if (op.type == OP_BRIDGE || op.type == OP_MACVLAN || op.type == OP_VXLAN || op.type == OP_DUMMY)
			up_add(p, op.a)->link = op.link;
		if (op.type != OP_VETH)
			continue;
		up_add(p, op.a)->link = op.link;
		up_add(p, op.b)->link = op.link;
	}
}

static void route_default(struct plan *p, int32_t eth0, const struct inprefix *gw)
{
	struct op *op;

	if (!gw->family)
		return;
	op = op_add(p, OP_ROUTE);
	op->a = eth0;
	op->ns = (int32_t)p->ifs[eth0].ns;
	op->addr = *gw;
}

static void masquerade_add(struct plan *p, const struct inprefix *subnet, const char *own)
{
	struct op *op;

	if (!subnet->family)
		return;
	op = op_add(p, OP_MASQUERADE);
	op->ns = PLAN_NS_INDEX_HOST;
	op->addr = *subnet;
	op->value = own;
}

static void phase_routes(struct plan *p, const struct plan_env *env)
{
	const size_t n = p->n_ops;

	for (size_t k = 0; k < n; k++) {
		const struct op op = p->ops[k];

		if (op.type != OP_VETH || op.node == PLAN_NONE)
			continue;
		route_default(p, op.b, &p->gw4);
		route_default(p, op.b, &p->gw6);
	}
	if (p->mgmt_dev && p->lab->mgmt.external_access) {
		const char *bridge = p->lab->mgmt.bridge;
		const char *own = bridge && host_has_bridge(env, bridge) ? bridge : p->mgmt_dev;

		masquerade_add(p, &p->v4, own);
		masquerade_add(p, &p->v6, own);
	}
}

static void phase_nodes(struct plan *p)
{
	for (size_t i = 0; i < p->lab->n_nodes; i++)
		if (p->nodes[i].has_init && !p->nodes[i].late)
			steps_node(p, i);
	for (size_t i = 0; i < p->lab->n_nodes; i++) {
		struct op *op;

		if (p->nodes[i].ns == PLAN_NONE || p->lab->nodes[i].kind != NODE_LINUX)
			continue;
		op = op_add(p, OP_NAME);
		op->node = (int32_t)i;
		op->ns = p->nodes[i].ns;
		op->value = p->lab->nodes[i].longname;
	}
}

static void host_names_check(struct plan *p, const struct plan_env *env, struct diag *d)
{
	const struct mgmt *m = &p->lab->mgmt;

	if (!m->bridge || host_has_bridge(env, m->bridge) || strlen(m->bridge) <= IFNAME_MAX)
		return;
	diag_error(d, m->bridge_pos, NULL, "bridge name '%s' is longer than %d characters", m->bridge, IFNAME_MAX);
}

/* The kernel takes a list with some that are there, and says nothing of the others. */
static void limits_check(const struct lab *lab, const struct plan_env *env, struct diag *d)
{
	for (size_t i = 0; env->n_cpus && i < lab->n_nodes; i++) {
		const struct node_limits *l = &lab->nodes[i].limits;

		if (l->cpus && l->cpu_max >= env->n_cpus)
			diag_error(d, l->cpus_pos, NULL, "node '%s': there is no processor %u: this machine has %u, the first one is 0",
				   lab->nodes[i].name, l->cpu_max, env->n_cpus);
	}
}

static bool ports_clash(const struct port_map *a, const struct port_map *b)
{
	return a->host_port && a->host_port == b->host_port && a->udp == b->udp &&
	       (!a->host.family || !b->host.family || inprefix_same_addr(&a->host, &b->host));
}

/* What somebody else listens on shows when it is tried, before anything is made. */
static void ports_clash_check(const struct lab *lab, struct diag *d)
{
	const struct port_map **all = NULL;
	_cleanup_arena_ struct arena a = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < lab->n_nodes; i++)
		for (size_t k = 0; k < lab->nodes[i].n_ports; k++) {
			const struct port_map *m = &lab->nodes[i].ports[k];

			for (size_t j = 0; j < n; j++)
				if (ports_clash(m, all[j])) {
					diag_error(d, m->pos, NULL, "node '%s': port %u/%s of the host is published twice", lab->nodes[i].name,
						   m->host_port, m->udp ? "udp" : "tcp");
					break;
				}
			*ARENA_PUSH(&a, all, n) = m;
		}
}

struct plan *plan_build(const struct lab *lab, const struct plan_env *env, struct diag *d)
{
	const size_t errors = d->n_errors;
	struct plan *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->lab = lab;
	p->nodes = arena_alloc(&p->arena, (lab->n_nodes + 1) * sizeof(*p->nodes));
	(void)ns_add(p, PLAN_NS_HOST, "host", NULL);
	(void)ns_add(p, PLAN_NS_LAB, "lab", NULL);
	p->mgmt_bridge = PLAN_NONE;
	for (size_t i = 0; i < lab->n_nodes; i++)
		p->nodes[i] = (struct plan_node){ .ns = PLAN_NONE, .bridge = PLAN_NONE };
	for (size_t i = 0; i < lab->n_nodes; i++)
		node_plan(p, env, i, d);
	plan_check_images(lab, d);
	steps_prepare(p, d);
	limits_check(lab, env, d);
	ports_clash_check(lab, d);
	host_names_check(p, env, d);
	mgmt_assign(p, env, d);
	phase_namespaces(p);
	phase_bridges(p);
	phase_mgmt(p, env);
	links_plan(p, env, d);
	phase_addresses(p);
	phase_gateway(p, env);
	phase_up(p);
	links_impair(p, env, d);
	phase_routes(p, env);
	steps_mark_links(p);
	phase_nodes(p);
	steps_plan(p);
	if (!p->mgmt_dev)
		p->mgmt_dev = "";
	if (d->n_errors > errors) {
		plan_free(p);
		return NULL;
	}
	return p;
}

void plan_free(struct plan *p)
{
	arena_done(&p->arena);
	free(p);
}
