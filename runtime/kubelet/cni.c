// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cni.c - see cni.h. What both shapes of network have in common: addresses, namespaces, veth pairs, masquerading
 */
#include <linux/netlink.h>
#include <string.h>

#include "cluster/jsonutil.h"
#include "kernel/netns.h"
#include "kernel/nft.h"
#include "kernel/sysctl.h"
#include "kubelet/cni_internal.h"

enum { MTU_FALLBACK = 1500 };

static const struct cni_kind *const kinds[] = { &cni_kind_cilium, &cni_kind_default };

int cni_new(struct loop *loop, const json_t *cluster, const json_t *entry, struct cni **ret, struct error *e)
{
	struct cni *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return error_oom(e);
	*c = (struct cni){ .loop = loop, .cluster = cluster, .entry = entry, .procfd = -EBADF, .monitor = -EBADF };
	c->self = netns_self(e);
	r = c->self;
	if (r >= 0)
		r = sysctl_open(&c->procfd, e);
	if (r >= 0)
		r = nlconn_open(NETLINK_ROUTE, &c->nl, e);
	if (r < 0) {
		(void)cni_free(c);
		return r;
	}
	(void)cni_set_cidrs(c, json_object_get(entry, "podCIDRs"));
	*ret = c;
	return 0;
}

struct cni *cni_free(struct cni *c)
{
	if (!c)
		return NULL;
	loop_remove(c->loop, c->monitor_id);
	(void)fd_close(c->monitor);
	(void)fd_close(c->self);
	(void)fd_close(c->procfd);
	(void)nlconn_close(c->nl);
	for (size_t i = 0; i < c->n_families; i++)
		ipam_done(&c->families[i].ipam);
	json_decref(c->cidrs);
	json_decref(c->network);
	json_decref(c->routes);
	free(c->pods);
	free(c);
	return NULL;
}

bool cni_ready(const struct cni *c)
{
	return c->ready;
}

bool cni_set_cidrs(struct cni *c, const json_t *cidrs)
{
	if (!json_array_size(cidrs) || json_equal(cidrs, c->cidrs))
		return false;
	json_decref(c->cidrs);
	c->cidrs = json_deep_copy(cidrs);
	return true;
}

struct cni_family *cni_family_of(struct cni *c, const struct inprefix *addr)
{
	for (size_t i = 0; i < c->n_families; i++)
		if (c->families[i].ipam.cidr.family == addr->family)
			return &c->families[i];
	return NULL;
}

/* ---- MTU ---- */

static int node_ifindex(struct cni *c)
{
	const char *text = json_string_value(json_array_get(json_object_get(c->entry, "addresses"), 0));
	_cleanup_free_ struct addr_info *v = NULL;
	struct inprefix own;
	size_t n = 0;

	if (!text || inprefix_parse(text, &own) < 0 || addr_dump(c->nl, &v, &n, NULL) < 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (inprefix_same_addr(&v[i].addr, &own))
			return v[i].ifindex;
	return 0;
}

uint32_t cni_mtu(struct cni *c)
{
	const json_int_t given = json_int(c->network, 0, "mtu", NULL);
	const int ifindex = given ? 0 : node_ifindex(c);
	_cleanup_free_ struct link_info *v = NULL;
	size_t n = 0;

	if (given > 0)
		return (uint32_t)given;
	if (ifindex && link_dump(c->nl, &v, &n, NULL) == 0)
		for (size_t i = 0; i < n; i++)
			if (v[i].ifindex == ifindex && v[i].mtu <= UINT16_MAX)
				return v[i].mtu;
	return MTU_FALLBACK;
}

/* ---- masquerading ---- */

/* The prefixes of a family in an array of texts. Return: how many, at most @max. */
static size_t prefixes_of(const json_t *texts, int family, struct inprefix *v, size_t max)
{
	size_t n = 0, i;
	json_t *t;

	json_array_foreach (texts, i, t)
		if (n < max && json_string_value(t) && inprefix_parse(json_string_value(t), &v[n]) == 0 &&
		    v[n].family == family)
			n++;
	return n;
}

static int masquerade(struct cni *c, struct error *e)
{
	struct inprefix src[CNI_ADDRS], not_dst[NFT_SUBNETS_MAX];
	struct nft_masquerade spec = {
		.table = CNI_TABLE, .src = src, .not_dst = not_dst, .not_oif = c->kind->not_oif
	};
	struct error mine = { 0 };
	int r;

	for (size_t i = 0; i < c->n_families; i++) {
		const struct inprefix *cidr = &c->families[i].ipam.cidr;
		const size_t room = NFT_SUBNETS_MAX / CNI_ADDRS, at = spec.n_not_dst;
		const char *key = cidr->family == AF_INET ? "masquerade4" : "masquerade6";

		if (!json_bool(c->network, key, NULL))
			continue;
		src[spec.n_src++] = *cidr;
		spec.n_not_dst +=
			prefixes_of(json_object_get(c->network, "nativeCIDRs"), cidr->family, &not_dst[at], room);
		if (spec.n_not_dst == at && c->kind == &cni_kind_default)
			spec.n_not_dst += prefixes_of(json_object_get(c->cluster, "podSubnets"), cidr->family,
						      &not_dst[at], room);
		if (spec.n_not_dst == at)
			not_dst[spec.n_not_dst++] = *cidr;
	}
	r = spec.n_src ? nft_masquerade_put(&spec, &mine) : nft_table_drop(CNI_TABLE, &mine);
	if (r == -EOPNOTSUPP)
		r = 0; /* a kernel without NAT: pods are seen with their own addresses, all else works */
	if (r < 0 && e)
		*e = mine;
	return r;
}

/* ---- the node's side ---- */

/* Whether pods get addresses of that family: Cilium may be told to leave one out. */
static bool family_wanted(const struct cni *c, int family)
{
	return !json_is_false(json_object_get(c->network, family == AF_INET ? "ipv4" : "ipv6"));
}

/* What all pods of this node have is taken. */
static void families_init(struct cni *c)
{
	const json_t *pool = json_object_get(c->network, "podCIDRs");
	size_t i;
	json_t *t;

	for (i = 0; i < c->n_families; i++)
		ipam_done(&c->families[i].ipam);
	c->n_families = 0;
	json_array_foreach (json_array_size(pool) ? pool : c->cidrs, i, t) {
		struct inprefix cidr;

		if (c->n_families < CNI_ADDRS && json_string_value(t) &&
		    inprefix_parse(json_string_value(t), &cidr) == 0 && family_wanted(c, cidr.family))
			ipam_init(&c->families[c->n_families++].ipam, &cidr, c->kind->order);
	}
	for (i = 0; i < c->n_pods; i++)
		for (size_t a = 0; a < c->pods[i].n_addrs; a++) {
			struct cni_family *f = cni_family_of(c, &c->pods[i].addrs[a]);

			if (f)
				(void)ipam_take(&f->ipam, &c->pods[i].addrs[a]);
		}
}

static void forwarding_on(struct cni *c)
{
	static const char *const keys[] = { "net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding" };
	static const char *const filters[] = { "net.ipv4.conf.all.rp_filter", "net.ipv4.conf.default.rp_filter" };

	/* What cannot be set is that way already, or is seen when packets do not pass. */
	for (size_t i = 0; i < c->n_families; i++)
		(void)sysctl_write(c->procfd, keys[c->families[i].ipam.cidr.family == AF_INET6], "1", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++)
		(void)sysctl_write(c->procfd, filters[i], "0", NULL);
}

/* Pods that an earlier network connected: their routes may have gone with the router's address. */
static void pods_reconnect(struct cni *c)
{
	for (size_t i = 0; i < c->n_pods; i++) {
		int ifindex;

		if (link_get_index(c->nl, c->pods[i].ifname, &ifindex, NULL) == 0)
			(void)c->kind->host_side(c, &c->pods[i], ifindex, NULL);
	}
}

static void take_down(struct cni *c)
{
	if (c->kind) {
		cni_routes_drop(c);
		(void)cni_quirk_set(c, false, NULL);
		c->kind->down(c);
		(void)nft_table_drop(CNI_TABLE, NULL);
	}
	c->kind = NULL;
	c->ready = false;
	json_decref(c->network);
	c->network = NULL;
}

static const struct cni_kind *kind_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

int cni_set(struct cni *c, const json_t *network, struct error *e)
{
	const struct cni_kind *kind = kind_find(json_text(network, "kind", NULL));
	int r;

	if (!json_is_object(network)) {
		take_down(c);
		return 0;
	}
	if (!kind)
		return error_set(e, EINVAL, "unknown kind of pod network \"%s\"", json_text(network, "kind", NULL));
	if (c->kind && c->kind != kind)
		take_down(c);
	if (!c->cidrs && !json_array_size(json_object_get(network, "podCIDRs")))
		return -EAGAIN;
	c->kind = kind;
	json_decref(c->network);
	c->network = json_deep_copy(network);
	families_init(c);
	forwarding_on(c);
	r = c->n_families ? kind->up(c, e) :
			    error_set(e, EINVAL, "the node has no pod CIDR of a family that the pod network has");
	if (r == 0)
		r = masquerade(c, e);
	if (r == 0)
		r = cni_quirk_set(c, json_bool(c->network, "ttlQuirk", NULL), e);
	c->ready = r == 0;
	if (r < 0)
		return r;
	cni_routes_apply(c);
	pods_reconnect(c);
	return 0;
}

/* ---- pods ---- */

static uint64_t pod_number(const char *uid)
{
	uint64_t h = 0xcbf29ce484222325; /* FNV-1a */

	for (; *uid; uid++)
		h = (h ^ (unsigned char)*uid) * 0x100000001b3;
	return h;
}

/* The pinned address of a family. Return: 1; 0 when there is none; -errno. */
static int pinned_address(struct cni_family *f, const json_t *pinned, struct inprefix *ret, struct error *e)
{
	size_t i;
	json_t *t;

	json_array_foreach (pinned, i, t) {
		const char *text = json_string_value(t);
		int r;

		if (!text || inprefix_parse(text, ret) < 0 || ret->family != f->ipam.cidr.family)
			continue;
		r = ipam_take(&f->ipam, ret);
		if (r == -EEXIST)
			return error_set(e, EADDRINUSE, "the pinned address %s is in use", text);
		return r < 0 ? error_set(e, -r, "the pinned address %s is not in the node's pod CIDR", text) : 1;
	}
	return 0;
}

static void addresses_release(struct cni *c, const struct cni_pod *pod)
{
	for (size_t i = 0; i < pod->n_addrs; i++) {
		struct cni_family *f = cni_family_of(c, &pod->addrs[i]);

		if (f)
			ipam_release(&f->ipam, &pod->addrs[i]);
	}
}

static int addresses_take(struct cni *c, const json_t *pinned, struct cni_pod *pod, struct error *e)
{
	for (size_t i = 0; i < c->n_families; i++) {
		int r = pinned_address(&c->families[i], pinned, &pod->addrs[i], e);

		if (r == 0)
			r = ipam_new(&c->families[i].ipam, &pod->addrs[i], e);
		if (r < 0) {
			addresses_release(c, pod);
			return r;
		}
		pod->n_addrs++;
	}
	return 0;
}

static const char *const pod_sysctls[][2] = {
	{ "net.ipv4.conf.all.rp_filter", "0" },	   { "net.ipv4.conf.default.rp_filter", "0" },
	{ "net.ipv6.conf.all.accept_dad", "0" },   { "net.ipv6.conf.default.accept_dad", "0" },
	{ "net.ipv4.ping_group_range", "0 2147483647" },
};

/* A namespace with a conn in it; the calling process is where it was. */
static int namespace_make(struct cni *c, int *ret_netns, struct nlconn **ret_nl, struct error *e)
{
	_cleanup_close_ int netns = netns_create(e);
	struct error back = { 0 };
	int r = netns;

	if (r < 0) {
		/* It may have been made, and entered, all the same. */
		return netns_enter(c->self, &back) < 0 ? -ENOTRECOVERABLE : r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(pod_sysctls); i++)
		(void)sysctl_write(c->procfd, pod_sysctls[i][0], pod_sysctls[i][1], NULL);
	r = nlconn_open(NETLINK_ROUTE, ret_nl, e);
	if (netns_enter(c->self, &back) < 0)
		return -ENOTRECOVERABLE;
	if (r == 0)
		*ret_netns = TAKE_FD(netns);
	return r;
}

/* What an attempt that failed has left goes with its namespace, but not at once. */
static void link_forget(struct cni *c, const char *ifname)
{
	int ifindex;

	if (link_get_index(c->nl, ifname, &ifindex, NULL) == 0)
		(void)link_delete(c->nl, ifindex, NULL);
}

static int host_connect(struct cni *c, const struct cni_pod *pod, int netns, const struct macaddr *mac, struct error *e)
{
	const uint32_t mtu = cni_mtu(c);
	const struct link_veth veth = {
		.a = { .netns_fd = -1, .ifname = pod->ifname, .mac = mac, .mtu = mtu },
		.b = { .netns_fd = netns, .ifname = "eth0", .mtu = mtu, .ifindex = POD_ETH0 },
	};
	int ifindex = 0, flushed, r = link_create_veth(c->nl, &veth, e);

	if (r == -EEXIST) {
		link_forget(c, pod->ifname);
		r = link_create_veth(c->nl, &veth, e);
	}
	if (r == 0)
		r = link_get_index(c->nl, pod->ifname, &ifindex, e);
	if (r < 0)
		return r;
	nlconn_batch(c->nl, true);
	r = link_set_up(c->nl, ifindex, e);
	if (r == 0)
		r = c->kind->host_side(c, pod, ifindex, e);
	flushed = nlconn_flush(c->nl, e); /* in any case: nothing may stay queued */
	nlconn_batch(c->nl, false);
	return r < 0 ? r : flushed;
}

static int pod_connect(struct cni *c, const struct cni_pod *pod, struct nlconn *nl, const struct macaddr *mac,
		       struct error *e)
{
	int r;

	nlconn_batch(nl, true);
	r = link_set_up(nl, POD_LO, e);
	if (r == 0)
		r = link_set_up(nl, POD_ETH0, e);
	if (r == 0)
		r = c->kind->pod_side(c, pod, nl, mac, e);
	return r < 0 ? r : nlconn_flush(nl, e);
}

void cni_adopt(struct cni *c, const struct cni_pod *pod)
{
	struct cni_pod *v = *pod->ifname ? reallocarray(c->pods, c->n_pods + 1, sizeof(*v)) : NULL;

	if (!v)
		return;
	c->pods = v;
	v[c->n_pods++] = *pod;
	for (size_t i = 0; i < pod->n_addrs; i++) {
		struct cni_family *f = cni_family_of(c, &pod->addrs[i]);

		if (f)
			(void)ipam_take(&f->ipam, &pod->addrs[i]);
	}
}

int cni_add(struct cni *c, const char *uid, const json_t *pinned, struct cni_pod *ret, int *ret_netns, struct error *e)
{
	const uint64_t number = pod_number(uid);
	const struct macaddr mac = { { 0x02, (uint8_t)(number >> 8), (uint8_t)(number >> 16), (uint8_t)(number >> 24),
				       (uint8_t)(number >> 32), (uint8_t)(number >> 40) } };
	_cleanup_nlconn_ struct nlconn *nl = NULL;
	_cleanup_close_ int netns = -EBADF;
	struct cni_pod pod = { 0 };
	int r;

	if (!c->ready)
		return error_set(e, ENETDOWN, "the node has no pod network");
	r = addresses_take(c, pinned, &pod, e);
	if (r < 0)
		return r;
	/* As many digits of it as fit behind: lxc0123456789ab, veth01234567. */
	(void)snprintf(pod.ifname, sizeof(pod.ifname), "%s%0*llx", c->kind->ifname, c->kind->digits,
		       (unsigned long long)(number >> (64 - 4 * c->kind->digits)));
	r = namespace_make(c, &netns, &nl, e);
	if (r == 0)
		r = host_connect(c, &pod, netns, &mac, e);
	if (r == 0)
		r = pod_connect(c, &pod, nl, &mac, e);
	if (r < 0) {
		addresses_release(c, &pod);
		return r;
	}
	cni_adopt(c, &pod);
	*ret = pod;
	*ret_netns = TAKE_FD(netns);
	return 0;
}

void cni_del(struct cni *c, const struct cni_pod *pod)
{
	addresses_release(c, pod);
	for (size_t i = 0; i < c->n_pods; i++)
		if (strcmp(c->pods[i].ifname, pod->ifname) == 0)
			c->pods[i] = c->pods[--c->n_pods];
}

/* ---- as the runtime keeps it ---- */

json_t *cni_pod_json(const struct cni_pod *pod)
{
	json_t *ips = json_array();
	char text[INPREFIX_STRLEN];

	for (size_t i = 0; i < pod->n_addrs; i++)
		(void)json_array_append_new(ips, json_string(inprefix_addr_str(&pod->addrs[i], text)));
	return json_pack("{s:s, s:o}", "ifname", pod->ifname, "ips", ips);
}

void cni_pod_parse(const json_t *j, struct cni_pod *ret)
{
	size_t i;
	json_t *t;

	*ret = (struct cni_pod){ 0 };
	(void)snprintf(ret->ifname, sizeof(ret->ifname), "%s", json_text(j, "ifname", NULL));
	json_array_foreach (json_object_get(j, "ips"), i, t)
		if (ret->n_addrs < CNI_ADDRS && json_string_value(t) &&
		    inprefix_parse(json_string_value(t), &ret->addrs[ret->n_addrs]) == 0)
			ret->n_addrs++;
}
