// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * link.c - see link.h. One function builds each message; the nla_put_*() of libnl return a negative number when
 * the message is full, so their results are ORed together and looked at once.
 */
#include "kernel/link.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <string.h>

enum { MSG_SIZE = 1024 };

static_assert(ROUTE_TABLE_MAIN == (int)RT_TABLE_MAIN, "linux/rtnetlink.h says otherwise");
static_assert(ROUTE_PROTO_KERNEL == (int)RTPROT_KERNEL, "linux/rtnetlink.h says otherwise");
static_assert(ADDR_NODAD == (int)IFA_F_NODAD && ADDR_NOPREFIXROUTE == (int)IFA_F_NOPREFIXROUTE,
	      "linux/if_addr.h says otherwise");
static_assert(LINK_NAME_SIZE == IFNAMSIZ, "net/if.h says otherwise");

static inline void msg_freep(struct nl_msg **m)
{
	if (*m)
		nlmsg_free(*m);
}
#define _cleanup_msg_ _cleanup_(msg_freep)

/* A message with its fixed header, or NULL. */
static struct nl_msg *msg_new(int type, int flags, const void *head, size_t size)
{
	_cleanup_msg_ struct nl_msg *m = nlmsg_alloc_size(MSG_SIZE);

	if (!m || !nlmsg_put(m, 0, 0, type, 0, flags))
		return NULL;
	if (nlmsg_append(m, (void *)(uintptr_t)head, size, NLMSG_ALIGNTO) < 0)
		return NULL;
	return TAKE_PTR(m);
}

static struct nl_msg *link_msg(int type, int flags, int ifindex)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC, .ifi_index = ifindex };

	return msg_new(type, flags, &ifi, sizeof(ifi));
}

static int put_prefix(struct nl_msg *m, int attr, const struct inprefix *p)
{
	return nla_put(m, attr, p->family == AF_INET ? 4 : 16, p->addr);
}

static int bad_name(const char *ifname)
{
	return !ifname || !*ifname || strlen(ifname) >= LINK_NAME_SIZE;
}

/* ---- making links ---- */

/* The attributes that any new link has. Return: negative when the message is full. */
static int put_end(struct nl_msg *m, const struct link_end *end)
{
	int r = nla_put_string(m, IFLA_IFNAME, end->ifname);

	r |= nla_put_u32(m, IFLA_NUM_TX_QUEUES, 1);
	r |= nla_put_u32(m, IFLA_NUM_RX_QUEUES, 1);
	if (end->netns_fd >= 0)
		r |= nla_put_u32(m, IFLA_NET_NS_FD, (uint32_t)end->netns_fd);
	if (end->mac)
		r |= nla_put(m, IFLA_ADDRESS, sizeof(end->mac->b), end->mac->b);
	if (end->mtu)
		r |= nla_put_u32(m, IFLA_MTU, end->mtu);
	if (end->master)
		r |= nla_put_u32(m, IFLA_MASTER, (uint32_t)end->master);
	return r;
}

/* A new link of @kind with what put_end() gives it, and IFLA_LINKINFO open in @info, to be closed by submit_link(). */
static int new_link(const char *kind, const struct link_end *end, struct nl_msg **ret, struct nlattr **ret_info)
{
	_cleanup_msg_ struct nl_msg *m = link_msg(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, end->ifindex);
	struct nlattr *info;

	if (!m)
		return -ENOMEM;
	if (bad_name(end->ifname))
		return -EINVAL;
	if (put_end(m, end) < 0)
		return -EMSGSIZE;
	info = nla_nest_start(m, IFLA_LINKINFO);
	if (!info || nla_put_string(m, IFLA_INFO_KIND, kind) < 0)
		return -EMSGSIZE;
	*ret = TAKE_PTR(m);
	*ret_info = info;
	return 0;
}

static int link_spec_error(int code, const char *kind, const char *ifname, struct error *e)
{
	return error_errno(e, code, "create %s %s", kind, ifname ? ifname : "(no name)");
}

/* @r: outcome of putting the kind's own attributes */
static int submit_link(struct nlconn *c, struct nl_msg *m, struct nlattr *info, int r, const char *kind,
		       const char *ifname, struct error *e)
{
	if (r < 0 || nla_nest_end(m, info) < 0)
		return link_spec_error(EMSGSIZE, kind, ifname, e);
	return nlconn_submit(c, m, e, "create %s %s", kind, ifname);
}

static int put_veth_peer(struct nl_msg *m, const struct link_end *b)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC, .ifi_index = b->ifindex };
	struct nlattr *data = nla_nest_start(m, IFLA_INFO_DATA);
	struct nlattr *peer = data ? nla_nest_start(m, VETH_INFO_PEER) : NULL;
	int r;

	if (!peer)
		return -EMSGSIZE;
	r = nlmsg_append(m, &ifi, sizeof(ifi), NLMSG_ALIGNTO);
	r |= put_end(m, b);
	return r < 0 || nla_nest_end(m, peer) < 0 || nla_nest_end(m, data) < 0 ? -EMSGSIZE : 0;
}

int link_create_veth(struct nlconn *c, const struct link_veth *spec, struct error *e)
{
	/* Only the outer end's IFLA_MASTER is looked at (veth_newlink() does not configure the peer's). */
	const struct link_end *a = spec->b.master ? &spec->b : &spec->a;
	const struct link_end *b = spec->b.master ? &spec->a : &spec->b;
	_cleanup_msg_ struct nl_msg *m = NULL;
	char names[2 * IFNAMSIZ + 16]; /* the kernel does not say which of the two names was taken */
	struct nlattr *info;
	int r;

	if (b->master || bad_name(b->ifname))
		return link_spec_error(EINVAL, "veth", b->ifname, e);
	r = new_link("veth", a, &m, &info);
	if (r < 0)
		return link_spec_error(-r, "veth", a->ifname, e);
	(void)snprintf(names, sizeof(names), "%s (peer %s)", spec->a.ifname, spec->b.ifname);
	return submit_link(c, m, info, put_veth_peer(m, b), "veth", names, e);
}

static int put_bridge(struct nl_msg *m, const struct link_bridge *spec)
{
	struct nlattr *data = nla_nest_start(m, IFLA_INFO_DATA);
	int r;

	if (!data)
		return -EMSGSIZE;
	r = nla_put_u32(m, IFLA_BR_STP_STATE, 0);
	if (spec->group_fwd_mask)
		r |= nla_put_u16(m, IFLA_BR_GROUP_FWD_MASK, spec->group_fwd_mask);
	return r < 0 ? r : nla_nest_end(m, data);
}

int link_create_bridge(struct nlconn *c, const struct link_bridge *spec, struct error *e)
{
	struct link_end end = {
		.netns_fd = -1, .ifname = spec->ifname, .mac = spec->mac, .mtu = spec->mtu, .ifindex = spec->ifindex
	};
	_cleanup_msg_ struct nl_msg *m = NULL;
	struct ifinfomsg *ifi;
	struct nlattr *info;
	int r = new_link("bridge", &end, &m, &info);

	if (r < 0)
		return link_spec_error(-r, "bridge", spec->ifname, e);
	ifi = nlmsg_data(nlmsg_hdr(m));
	ifi->ifi_flags = ifi->ifi_change = spec->up ? IFF_UP : 0;
	return submit_link(c, m, info, put_bridge(m, spec), "bridge", spec->ifname, e);
}

static int put_macvlan(struct nl_msg *m, enum link_macvlan_mode mode)
{
	static const uint32_t modes[] = {
		[LINK_MACVLAN_PRIVATE] = MACVLAN_MODE_PRIVATE,
		[LINK_MACVLAN_VEPA] = MACVLAN_MODE_VEPA,
		[LINK_MACVLAN_BRIDGE] = MACVLAN_MODE_BRIDGE,
		[LINK_MACVLAN_PASSTHRU] = MACVLAN_MODE_PASSTHRU,
		[LINK_MACVLAN_SOURCE] = MACVLAN_MODE_SOURCE,
	};
	struct nlattr *data = nla_nest_start(m, IFLA_INFO_DATA);

	static_assert(ARRAY_SIZE(modes) == _LINK_MACVLAN_MODE_MAX, "a mode lacks its number");
	if (!data || nla_put_u32(m, IFLA_MACVLAN_MODE, modes[mode]) < 0)
		return -EMSGSIZE;
	return nla_nest_end(m, data);
}

int link_create_macvlan(struct nlconn *c, const struct link_end *end, int parent, enum link_macvlan_mode mode,
			struct error *e)
{
	_cleanup_msg_ struct nl_msg *m = NULL;
	struct nlattr *info;
	int r = new_link("macvlan", end, &m, &info);

	if (r < 0)
		return link_spec_error(-r, "macvlan", end->ifname, e);
	r = put_macvlan(m, mode);
	if (r == 0)
		r = nla_nest_end(m, info);
	if (r == 0)
		r = nla_put_u32(m, IFLA_LINK, (uint32_t)parent);
	if (r < 0)
		return link_spec_error(EMSGSIZE, "macvlan", end->ifname, e);
	return nlconn_submit(c, m, e, "create macvlan %s", end->ifname);
}

static int put_vxlan(struct nl_msg *m, const struct link_vxlan *spec)
{
	const bool group6 = spec->remote.family == AF_INET6, local6 = spec->local.family == AF_INET6;
	const struct ifla_vxlan_port_range src = { htons(spec->src_port), htons(spec->src_port) };
	struct nlattr *data = nla_nest_start(m, IFLA_INFO_DATA);
	int r;

	if (!data)
		return -EMSGSIZE;
	r = nla_put_u32(m, IFLA_VXLAN_ID, spec->vni);
	r |= nla_put_u16(m, IFLA_VXLAN_PORT, htons(spec->port ? spec->port : 4789));
	if (spec->src_port)
		r |= nla_put(m, IFLA_VXLAN_PORT_RANGE, sizeof(src), &src);
	r |= nla_put_u8(m, IFLA_VXLAN_LEARNING, spec->learning);
	if (spec->parent)
		r |= nla_put_u32(m, IFLA_VXLAN_LINK, (uint32_t)spec->parent);
	if (spec->remote.family)
		r |= put_prefix(m, group6 ? IFLA_VXLAN_GROUP6 : IFLA_VXLAN_GROUP, &spec->remote);
	if (spec->local.family)
		r |= put_prefix(m, local6 ? IFLA_VXLAN_LOCAL6 : IFLA_VXLAN_LOCAL, &spec->local);
	return r < 0 ? r : nla_nest_end(m, data);
}

int link_create_vxlan(struct nlconn *c, const struct link_end *end, const struct link_vxlan *spec, struct error *e)
{
	_cleanup_msg_ struct nl_msg *m = NULL;
	struct nlattr *info;
	int r = new_link("vxlan", end, &m, &info);

	if (r < 0)
		return link_spec_error(-r, "vxlan", end->ifname, e);
	return submit_link(c, m, info, put_vxlan(m, spec), "vxlan", end->ifname, e);
}

int link_create_kind(struct nlconn *c, const char *kind, const struct link_end *end, struct error *e)
{
	_cleanup_msg_ struct nl_msg *m = NULL;
	struct nlattr *info;
	int r = new_link(kind, end, &m, &info);

	if (r < 0)
		return link_spec_error(-r, kind, end->ifname, e);
	return submit_link(c, m, info, 0, kind, end->ifname, e);
}

/* ---- changing them ---- */

static int set_flags(struct nlconn *c, int ifindex, unsigned int flags, unsigned int mask, const char *what,
		     struct error *e)
{
	struct ifinfomsg ifi = { .ifi_index = ifindex, .ifi_flags = flags, .ifi_change = mask };
	_cleanup_msg_ struct nl_msg *m = msg_new(RTM_SETLINK, 0, &ifi, sizeof(ifi));

	if (!m)
		return error_oom(e);
	return nlconn_submit(c, m, e, "set interface %d %s", ifindex, what);
}

int link_set_up(struct nlconn *c, int ifindex, struct error *e)
{
	return set_flags(c, ifindex, IFF_UP, IFF_UP, "up", e);
}

int link_set_down(struct nlconn *c, int ifindex, struct error *e)
{
	return set_flags(c, ifindex, 0, IFF_UP, "down", e);
}

int link_set_noarp(struct nlconn *c, int ifindex, struct error *e)
{
	return set_flags(c, ifindex, IFF_NOARP, IFF_NOARP, "to noarp", e);
}

static int set_u32(struct nlconn *c, int ifindex, int attr, uint32_t value, const char *what, struct error *e)
{
	_cleanup_msg_ struct nl_msg *m = link_msg(RTM_SETLINK, 0, ifindex);

	if (!m || nla_put_u32(m, attr, value) < 0)
		return error_oom(e);
	return nlconn_submit(c, m, e, "set %s of interface %d to %u", what, ifindex, value);
}

int link_set_master(struct nlconn *c, int ifindex, int master, struct error *e)
{
	return set_u32(c, ifindex, IFLA_MASTER, (uint32_t)master, "bridge", e);
}

int link_set_mtu(struct nlconn *c, int ifindex, uint32_t mtu, struct error *e)
{
	return set_u32(c, ifindex, IFLA_MTU, mtu, "MTU", e);
}

int link_set_alias(struct nlconn *c, int ifindex, const char *alias, struct error *e)
{
	_cleanup_msg_ struct nl_msg *m = link_msg(RTM_SETLINK, 0, ifindex);

	if (!m || nla_put_string(m, IFLA_IFALIAS, alias) < 0)
		return error_errno(e, m ? EMSGSIZE : ENOMEM, "set alias of interface %d", ifindex);
	return nlconn_submit(c, m, e, "set alias of interface %d", ifindex);
}

int link_set_name(struct nlconn *c, int ifindex, const char *ifname, struct error *e)
{
	_cleanup_msg_ struct nl_msg *m = link_msg(RTM_SETLINK, 0, ifindex);

	if (bad_name(ifname))
		return error_errno(e, EINVAL, "rename interface %d", ifindex);
	if (!m || nla_put_string(m, IFLA_IFNAME, ifname) < 0)
		return error_oom(e);
	return nlconn_submit(c, m, e, "rename interface %d to %s", ifindex, ifname);
}

int link_add_altname(struct nlconn *c, int ifindex, const char *altname, struct error *e)
{
	_cleanup_msg_ struct nl_msg *m = link_msg(RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_APPEND, ifindex);
	struct nlattr *list;

	if (!*altname || strlen(altname) >= LINK_ALTNAME_SIZE)
		return error_errno(e, EINVAL, "name interface %d", ifindex);
	list = m ? nla_nest_start(m, IFLA_PROP_LIST | NLA_F_NESTED) : NULL;
	if (!list || nla_put_string(m, IFLA_ALT_IFNAME, altname) < 0 || nla_nest_end(m, list) < 0)
		return error_oom(e);
	return nlconn_submit(c, m, e, "name interface %d %s as well", ifindex, altname);
}

int link_move(struct nlconn *c, int ifindex, int netns_fd, const char *ifname, struct error *e)
{
	_cleanup_msg_ struct nl_msg *m = link_msg(RTM_NEWLINK, 0, ifindex);

	if (bad_name(ifname))
		return error_errno(e, EINVAL, "move interface %d", ifindex);
	if (!m || nla_put_u32(m, IFLA_NET_NS_FD, (uint32_t)netns_fd) < 0 || nla_put_string(m, IFLA_IFNAME, ifname) < 0)
		return error_oom(e);
	return nlconn_submit(c, m, e, "move interface %d to another namespace as %s", ifindex, ifname);
}

int link_delete(struct nlconn *c, int ifindex, struct error *e)
{
	_cleanup_msg_ struct nl_msg *m = link_msg(RTM_DELLINK, 0, ifindex);

	if (!m)
		return error_oom(e);
	return nlconn_submit(c, m, e, "delete interface %d", ifindex);
}

static int take_index(const struct nlmsghdr *nlh, void *arg, struct error *e)
{
	struct link_info info;
	int r = link_parse(nlh, &info);

	if (r < 0)
		return error_errno(e, -r, "read link");
	if (r > 0)
		*(int *)arg = info.ifindex;
	return 0;
}

int link_get_index(struct nlconn *c, const char *ifname, int *ret, struct error *e)
{
	_cleanup_msg_ struct nl_msg *m = link_msg(RTM_GETLINK, 0, 0);
	const bool is_long = ifname && strlen(ifname) >= LINK_NAME_SIZE;
	int index = 0, r;

	if (!ifname || !*ifname || strlen(ifname) >= LINK_ALTNAME_SIZE)
		return error_errno(e, EINVAL, "find interface %s", ifname ? ifname : "(no name)");
	if (!m || nla_put_string(m, is_long ? IFLA_ALT_IFNAME : IFLA_IFNAME, ifname) < 0)
		return error_oom(e);
	if (nla_put_u32(m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS) < 0)
		return error_oom(e);
	r = nlconn_call(c, m, take_index, &index, e, "find interface %s", ifname);
	if (r < 0)
		return r;
	if (!index)
		return error_errno(e, ENODEV, "find interface %s", ifname);
	*ret = index;
	return 0;
}

/* ---- addresses and routes ---- */

static int addr_submit(struct nlconn *c, int type, int ifindex, const struct inprefix *addr, uint32_t flags,
		       const char *what, struct error *e)
{
	struct ifaddrmsg ifa = {
		.ifa_family = (uint8_t)addr->family,
		.ifa_prefixlen = addr->len,
		.ifa_flags = (uint8_t)flags,
		.ifa_index = (uint32_t)ifindex,
	};
	_cleanup_msg_ struct nl_msg *m = NULL;
	char buf[INPREFIX_STRLEN];
	int r;

	if (addr->family != AF_INET && addr->family != AF_INET6)
		return error_errno(e, EAFNOSUPPORT, "%s address", what);
	m = msg_new(type, type == RTM_NEWADDR ? NLM_F_CREATE | NLM_F_EXCL : 0, &ifa, sizeof(ifa));
	if (!m)
		return error_oom(e);
	r = put_prefix(m, IFA_LOCAL, addr) | put_prefix(m, IFA_ADDRESS, addr);
	if (flags)
		r |= nla_put_u32(m, IFA_FLAGS, flags);
	if (r < 0)
		return error_errno(e, EMSGSIZE, "%s address", what);
	return nlconn_submit(c, m, e, "%s address %s on interface %d", what, inprefix_str(addr, buf), ifindex);
}

int addr_add(struct nlconn *c, int ifindex, const struct inprefix *addr, uint32_t flags, struct error *e)
{
	return addr_submit(c, RTM_NEWADDR, ifindex, addr, flags, "add", e);
}

int addr_del(struct nlconn *c, int ifindex, const struct inprefix *addr, struct error *e)
{
	return addr_submit(c, RTM_DELADDR, ifindex, addr, 0, "delete", e);
}

/* A gateway of another family goes into RTA_VIA: a family and the address. */
static int put_gateway(struct nl_msg *m, int family, const struct inprefix *gw)
{
	const size_t len = gw->family == AF_INET ? 4 : 16;
	struct rtvia *via;
	struct nlattr *a;

	if (gw->family == family)
		return put_prefix(m, RTA_GATEWAY, gw);
	a = nla_reserve(m, RTA_VIA, (int)(sizeof(*via) + len));
	if (!a)
		return -EMSGSIZE;
	via = nla_data(a);
	via->rtvia_family = (uint16_t)gw->family;
	memcpy(via->rtvia_addr, gw->addr, len);
	return 0;
}

/* What has been put into an RTM_NEWROUTE or RTM_DELROUTE so far, and that which all routes have. */
static int put_route(struct nl_msg *m, const struct link_route *rt)
{
	const struct inprefix net = inprefix_network(&rt->dst);
	int r = 0;

	if (net.len)
		r |= put_prefix(m, RTA_DST, &net);
	if (rt->gw.family)
		r |= put_gateway(m, net.family, &rt->gw);
	if (rt->src.family)
		r |= put_prefix(m, RTA_PREFSRC, &rt->src);
	if (rt->ifindex)
		r |= nla_put_u32(m, RTA_OIF, (uint32_t)rt->ifindex);
	if (rt->mtu) {
		struct nlattr *metrics = nla_nest_start(m, RTA_METRICS);

		r |= metrics ? nla_put_u32(m, RTAX_MTU, rt->mtu) : -1;
		r |= metrics ? nla_nest_end(m, metrics) : -1;
	}
	return r;
}

static uint8_t route_scope(const struct link_route *rt)
{
	static const uint8_t scopes[] = {
		[ROUTE_SCOPE_AUTO] = RT_SCOPE_UNIVERSE,
		[ROUTE_SCOPE_LINK] = RT_SCOPE_LINK,
		[ROUTE_SCOPE_HOST] = RT_SCOPE_HOST,
	};

	static_assert(ARRAY_SIZE(scopes) == _ROUTE_SCOPE_MAX, "a scope lacks its number");
	if (rt->dst.family == AF_INET6)
		return RT_SCOPE_UNIVERSE; /* the only one that IPv6 has */
	if (rt->scope == ROUTE_SCOPE_AUTO && !rt->gw.family)
		return RT_SCOPE_LINK;
	return scopes[rt->scope];
}

static int route_submit(struct nlconn *c, const struct link_route *rt, int flags, struct error *e)
{
	struct rtmsg rtm = {
		.rtm_family = (uint8_t)rt->dst.family,
		.rtm_dst_len = rt->dst.len,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = rt->protocol ? rt->protocol : RTPROT_BOOT,
		.rtm_scope = route_scope(rt),
		.rtm_type = RTN_UNICAST,
	};
	const struct inprefix net = inprefix_network(&rt->dst);
	char to[INPREFIX_STRLEN] = "default", via[INPREFIX_STRLEN] = "the link";
	_cleanup_msg_ struct nl_msg *m = NULL;

	if (rt->dst.family != AF_INET && rt->dst.family != AF_INET6)
		return error_errno(e, EAFNOSUPPORT, "add route");
	m = msg_new(RTM_NEWROUTE, NLM_F_CREATE | flags, &rtm, sizeof(rtm));
	if (!m)
		return error_oom(e);
	if (put_route(m, rt) < 0)
		return error_errno(e, EMSGSIZE, "add route");
	return nlconn_submit(c, m, e, "add route %s via %s", net.len ? inprefix_str(&net, to) : to,
			     rt->gw.family ? inprefix_addr_str(&rt->gw, via) : via);
}

int route_add(struct nlconn *c, const struct inprefix *dst, const struct inprefix *gw, int ifindex, struct error *e)
{
	struct link_route rt = { .ifindex = ifindex };

	if (gw)
		rt.gw = *gw;
	if (dst)
		rt.dst = *dst;
	else
		rt.dst.family = rt.gw.family;
	return route_submit(c, &rt, NLM_F_EXCL, e);
}

int route_put(struct nlconn *c, const struct link_route *route, struct error *e)
{
	return route_submit(c, route, NLM_F_REPLACE, e);
}

int route_del(struct nlconn *c, const struct inprefix *dst, const struct inprefix *gw, struct error *e)
{
	struct rtmsg rtm = {
		.rtm_family = (uint8_t)dst->family,
		.rtm_dst_len = dst->len,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_scope = RT_SCOPE_NOWHERE, /* any */
	};
	_cleanup_msg_ struct nl_msg *m = msg_new(RTM_DELROUTE, 0, &rtm, sizeof(rtm));
	struct link_route rt = { .dst = *dst };
	char to[INPREFIX_STRLEN];

	if (gw)
		rt.gw = *gw;
	if (!m || put_route(m, &rt) < 0)
		return error_oom(e);
	return nlconn_submit(c, m, e, "delete route %s", inprefix_str(dst, to));
}

int neigh_add(struct nlconn *c, int ifindex, const struct inprefix *addr, const struct macaddr *mac, struct error *e)
{
	struct ndmsg ndm = { .ndm_family = (uint8_t)addr->family,
			     .ndm_ifindex = ifindex,
			     .ndm_state = NUD_PERMANENT,
			     .ndm_type = RTN_UNICAST };
	_cleanup_msg_ struct nl_msg *m = msg_new(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &ndm, sizeof(ndm));
	char buf[INPREFIX_STRLEN];

	if (!m || put_prefix(m, NDA_DST, addr) < 0 || nla_put(m, NDA_LLADDR, sizeof(mac->b), mac->b) < 0)
		return error_oom(e);
	return nlconn_submit(c, m, e, "add neighbor %s on interface %d", inprefix_addr_str(addr, buf), ifindex);
}

/* ---- hearing of changes ---- */

static int monitor_open(unsigned groups, struct error *e)
{
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	const struct sockaddr_nl sa = { .nl_family = AF_NETLINK, .nl_groups = groups };

	if (fd < 0 || bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
		return error_errno(e, errno, "watch addresses");
	return TAKE_FD(fd);
}

int addr_monitor_open(struct error *e)
{
	return monitor_open(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR, e);
}

int route_monitor_open(struct error *e)
{
	return monitor_open(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE, e);
}

void addr_monitor_drain(int fd)
{
	char buf[1024];

	/* What was lost (ENOBUFS) was a change, too. */
	while (recv(fd, buf, sizeof(buf), MSG_TRUNC) >= 0 || errno == ENOBUFS || errno == EINTR)
		;
}

/* ---- looking ---- */

/* The message as @head and a table of attributes; false when it is too short or its attributes are broken. */
static bool parse_attrs(const struct nlmsghdr *nlh, size_t head, struct nlattr **tb, int max)
{
	const size_t off = NLMSG_HDRLEN + NLMSG_ALIGN(head);

	memset(tb, 0, sizeof(*tb) * ((size_t)max + 1));
	if (nlh->nlmsg_len < NLMSG_HDRLEN + head)
		return false;
	if (nlh->nlmsg_len <= off)
		return true;
	return nla_parse(tb, max, (struct nlattr *)((uintptr_t)nlh + off), (int)(nlh->nlmsg_len - off), NULL) >= 0;
}

static uint32_t attr_u32(const struct nlattr *a)
{
	uint32_t v = 0;

	if (a)
		memcpy(&v, nla_data(a), MIN_OF((size_t)nla_len(a), sizeof(v)));
	return v;
}

/* A string that may lack its NUL, cut at @size. */
static void attr_string(const struct nlattr *a, char *buf, size_t size)
{
	size_t n = a ? strnlen(nla_data(a), (size_t)nla_len(a)) : 0;

	n = MIN_OF(n, size - 1);
	if (n)
		memcpy(buf, nla_data(a), n);
	buf[n] = '\0';
}

/* An address of @family into @p; one of another size leaves it unset. */
static void attr_addr(const struct nlattr *a, int family, struct inprefix *p)
{
	const int size = family == AF_INET ? 4 : family == AF_INET6 ? 16 : -1;

	if (!a || nla_len(a) != size)
		return;
	p->family = family;
	p->len = (uint8_t)(size * 8);
	memcpy(p->addr, nla_data(a), (size_t)size);
}

static void parse_kind(struct nlattr *linkinfo, char *kind, size_t size)
{
	struct nlattr *tb[IFLA_INFO_MAX + 1];

	kind[0] = '\0';
	if (linkinfo && nla_parse_nested(tb, IFLA_INFO_MAX, linkinfo, NULL) >= 0)
		attr_string(tb[IFLA_INFO_KIND], kind, size);
}

static void parse_altname(struct nlattr *list, char *name, size_t size)
{
	struct nlattr *a;
	int rest;

	name[0] = '\0';
	if (!list)
		return;
	nla_for_each_nested(a, list, rest) {
		if (nla_type(a) != IFLA_ALT_IFNAME)
			continue;
		attr_string(a, name, size);
		return;
	}
}

int link_parse(const struct nlmsghdr *nlh, struct link_info *ret)
{
	struct nlattr *tb[IFLA_MAX + 1];
	const struct ifinfomsg *ifi = NLMSG_DATA(nlh);

	if (nlh->nlmsg_type != RTM_NEWLINK)
		return 0;
	if (!parse_attrs(nlh, sizeof(*ifi), tb, IFLA_MAX))
		return -EBADMSG;
	*ret = (struct link_info){
		.ifindex = ifi->ifi_index,
		.flags = ifi->ifi_flags,
		.master = (int)attr_u32(tb[IFLA_MASTER]),
		.peer = (int)attr_u32(tb[IFLA_LINK]),
		.mtu = attr_u32(tb[IFLA_MTU]),
		.operstate = (uint8_t)attr_u32(tb[IFLA_OPERSTATE]),
		.has_mac = tb[IFLA_ADDRESS] && nla_len(tb[IFLA_ADDRESS]) == sizeof(ret->mac.b),
	};
	if (ret->has_mac)
		memcpy(ret->mac.b, nla_data(tb[IFLA_ADDRESS]), sizeof(ret->mac.b));
	attr_string(tb[IFLA_IFNAME], ret->ifname, sizeof(ret->ifname));
	attr_string(tb[IFLA_IFALIAS], ret->alias, sizeof(ret->alias));
	parse_altname(tb[IFLA_PROP_LIST], ret->altname, sizeof(ret->altname));
	parse_kind(tb[IFLA_LINKINFO], ret->kind, sizeof(ret->kind));
	return 1;
}

int addr_parse(const struct nlmsghdr *nlh, struct addr_info *ret)
{
	struct nlattr *tb[IFA_MAX + 1];
	const struct ifaddrmsg *ifa = NLMSG_DATA(nlh);

	if (nlh->nlmsg_type != RTM_NEWADDR)
		return 0;
	if (!parse_attrs(nlh, sizeof(*ifa), tb, IFA_MAX))
		return -EBADMSG;
	*ret = (struct addr_info){ .ifindex = (int)ifa->ifa_index, .scope = ifa->ifa_scope, .flags = ifa->ifa_flags };
	if (tb[IFA_FLAGS])
		ret->flags = attr_u32(tb[IFA_FLAGS]);
	attr_addr(tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS], ifa->ifa_family, &ret->addr);
	if (!ret->addr.family)
		return 0;
	if (ifa->ifa_prefixlen > inprefix_bits(&ret->addr))
		return -EBADMSG;
	ret->addr.len = ifa->ifa_prefixlen;
	return 1;
}

static void parse_gateway(struct nlattr **tb, int family, struct inprefix *ret)
{
	struct rtvia via;

	attr_addr(tb[RTA_GATEWAY], family, ret);
	if (!tb[RTA_VIA] || nla_len(tb[RTA_VIA]) != (int)sizeof(via) + 16)
		return;
	memcpy(&via, nla_data(tb[RTA_VIA]), sizeof(via));
	if (via.rtvia_family != AF_INET6)
		return;
	ret->family = AF_INET6;
	ret->len = 128;
	memcpy(ret->addr, (const uint8_t *)nla_data(tb[RTA_VIA]) + sizeof(via), 16);
}

int route_parse(const struct nlmsghdr *nlh, struct route_info *ret)
{
	struct nlattr *tb[RTA_MAX + 1];
	const struct rtmsg *rtm = NLMSG_DATA(nlh);

	if (nlh->nlmsg_type != RTM_NEWROUTE)
		return 0;
	if (!parse_attrs(nlh, sizeof(*rtm), tb, RTA_MAX))
		return -EBADMSG;
	if (rtm->rtm_family != AF_INET && rtm->rtm_family != AF_INET6)
		return 0;
	*ret = (struct route_info){
		.dst.family = rtm->rtm_family,
		.ifindex = (int)attr_u32(tb[RTA_OIF]),
		.table = tb[RTA_TABLE] ? attr_u32(tb[RTA_TABLE]) : rtm->rtm_table,
		.metric = attr_u32(tb[RTA_PRIORITY]),
		.protocol = rtm->rtm_protocol,
		.type = rtm->rtm_type,
		.scope = rtm->rtm_scope,
	};
	attr_addr(tb[RTA_DST], rtm->rtm_family, &ret->dst);
	if (rtm->rtm_dst_len > inprefix_bits(&ret->dst))
		return -EBADMSG;
	ret->dst.len = rtm->rtm_dst_len;
	parse_gateway(tb, rtm->rtm_family, &ret->gw);
	return 1;
}

/* An array that a dump fills: a parser and the size of what it makes. */
struct collection {
	int (*parse)(const struct nlmsghdr *nlh, void *item);
	size_t size;
	uint8_t *items;
	size_t n;
};

static int collect(const struct nlmsghdr *nlh, void *arg, struct error *e)
{
	struct collection *col = arg;
	uint8_t *items;
	int r;

	if (!nlh) {
		col->n = 0;
		return 0;
	}
	if ((col->n & (col->n - 1)) == 0) { /* full, or empty */
		items = reallocarray(col->items, col->n ? col->n * 2 : 1, col->size);
		if (!items)
			return error_oom(e);
		col->items = items;
	}
	r = col->parse(nlh, col->items + col->n * col->size);
	if (r < 0)
		return error_errno(e, -r, "read netlink dump");
	col->n += (size_t)r;
	return 0;
}

static int dump(struct nlconn *c, struct nl_msg *m, struct collection *col, const char *what, struct error *e)
{
	int r = m ? nlconn_dump(c, m, collect, col, e, "list %s", what) : error_oom(e);

	if (r < 0 || col->n == 0) {
		free(col->items);
		col->items = NULL;
	}
	return r;
}

static int link_parse_item(const struct nlmsghdr *nlh, void *item)
{
	return link_parse(nlh, item);
}

static int addr_parse_item(const struct nlmsghdr *nlh, void *item)
{
	return addr_parse(nlh, item);
}

static int route_parse_item(const struct nlmsghdr *nlh, void *item)
{
	return route_parse(nlh, item);
}

int link_dump(struct nlconn *c, struct link_info **ret, size_t *ret_n, struct error *e)
{
	_cleanup_msg_ struct nl_msg *m = link_msg(RTM_GETLINK, 0, 0);
	struct collection col = { .parse = link_parse_item, .size = sizeof(**ret) };
	int r;

	if (m && nla_put_u32(m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS) < 0)
		return error_oom(e);
	r = dump(c, m, &col, "links", e);
	if (r < 0)
		return r;
	*ret = (struct link_info *)(void *)col.items;
	*ret_n = col.n;
	return 0;
}

int addr_dump(struct nlconn *c, struct addr_info **ret, size_t *ret_n, struct error *e)
{
	struct ifaddrmsg ifa = { .ifa_family = AF_UNSPEC };
	_cleanup_msg_ struct nl_msg *m = msg_new(RTM_GETADDR, 0, &ifa, sizeof(ifa));
	struct collection col = { .parse = addr_parse_item, .size = sizeof(**ret) };
	int r = dump(c, m, &col, "addresses", e);

	if (r < 0)
		return r;
	*ret = (struct addr_info *)(void *)col.items;
	*ret_n = col.n;
	return 0;
}

int route_dump(struct nlconn *c, struct route_info **ret, size_t *ret_n, struct error *e)
{
	struct rtmsg rtm = { .rtm_family = AF_UNSPEC };
	_cleanup_msg_ struct nl_msg *m = msg_new(RTM_GETROUTE, 0, &rtm, sizeof(rtm));
	struct collection col = { .parse = route_parse_item, .size = sizeof(**ret) };
	int r = dump(c, m, &col, "routes", e);

	if (r < 0)
		return r;
	*ret = (struct route_info *)(void *)col.items;
	*ret_n = col.n;
	return 0;
}
