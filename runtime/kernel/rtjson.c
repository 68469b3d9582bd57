// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/rtjson.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/lwtunnel.h>
#include <linux/mpls_iptunnel.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

#include "kernel/link.h"
#include "kernel/netns.h"

enum { LABELS_MAX = 16 };

/* A dump under way: names of the interfaces, and the list that grows. */
struct reading {
	struct link_info *links;
	size_t n_links;
	json_t *list;
	int (*parse)(struct reading *rd, const struct nlmsghdr *nlh, json_t **ret);
};

/* ---- words ---- */

struct word {
	uint32_t n;
	const char *text;
};

static const struct word protocols[] = {
	{ RTPROT_REDIRECT, "redirect" }, { RTPROT_KERNEL, "kernel" }, { RTPROT_BOOT, "boot" }, { RTPROT_STATIC, "static" },
	{ RTPROT_RA, "ra" },		 { RTPROT_ZEBRA, "zebra" },   { RTPROT_BIRD, "bird" }, { RTPROT_DHCP, "dhcp" },
	{ 42, "babel" },		 { 186, "bgp" },	      { 187, "isis" },	       { 188, "ospf" },
	{ 189, "rip" },			 { 190, "ripng" },	      { 191, "nhrp" },	       { 192, "eigrp" },
	{ 193, "ldp" },			 { 194, "sharp" },	      { 195, "pbr" },	       { 196, "static" },
	{ 197, "openfabric" },		 { 198, "srte" },
};

static const struct word types[] = {
	{ RTN_UNICAST, "unicast" },	{ RTN_LOCAL, "local" },		      { RTN_BROADCAST, "broadcast" }, { RTN_ANYCAST, "anycast" },
	{ RTN_MULTICAST, "multicast" }, { RTN_BLACKHOLE, "blackhole" },	      { RTN_UNREACHABLE, "unreachable" },
	{ RTN_PROHIBIT, "prohibit" },	{ RTN_THROW, "throw" },
};

static const struct word nud_states[] = {
	{ NUD_INCOMPLETE, "incomplete" }, { NUD_REACHABLE, "reachable" }, { NUD_STALE, "stale" }, { NUD_DELAY, "delay" },
	{ NUD_PROBE, "probe" },		  { NUD_FAILED, "failed" },	  { NUD_NOARP, "noarp" }, { NUD_PERMANENT, "permanent" },
};

static const struct word hop_flags[] = {
	{ RTNH_F_DEAD, "dead" },	 { RTNH_F_PERVASIVE, "pervasive" }, { RTNH_F_ONLINK, "onlink" }, { RTNH_F_OFFLOAD, "offload" },
	{ RTNH_F_LINKDOWN, "linkdown" }, { RTNH_F_UNRESOLVED, "unresolved" },
};

static const struct word operstates[] = {
	{ 0, "unknown" }, { 1, "notpresent" }, { 2, "down" }, { 3, "lowerlayerdown" }, { 4, "testing" }, { 5, "dormant" }, { 6, "up" },
};

static json_t *word(const struct word *words, size_t n, uint32_t value)
{
	char number[16];

	for (size_t i = 0; i < n; i++)
		if (words[i].n == value)
			return json_string(words[i].text);
	(void)snprintf(number, sizeof(number), "%u", value);
	return json_string(number);
}
#define WORD(table, value) word((table), ARRAY_SIZE(table), (value))

static json_t *flags_json(uint32_t flags)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(hop_flags); i++)
		if (flags & hop_flags[i].n)
			(void)json_array_append_new(list, json_string(hop_flags[i].text));
	return list;
}

/* ---- attributes ---- */

static bool parse(const struct nlmsghdr *nlh, size_t head, struct nlattr **tb, int max)
{
	return nlmsg_parse((struct nlmsghdr *)(uintptr_t)nlh, (int)head, tb, max, NULL) >= 0;
}

static uint32_t attr_u32(const struct nlattr *a)
{
	return a && nla_len(a) >= 4 ? nla_get_u32(a) : 0;
}

static bool to_prefix(const struct nlattr *a, int family, unsigned len, struct inprefix *ret)
{
	const int size = family == AF_INET ? 4 : 16;

	*ret = (struct inprefix){ .family = family, .len = (uint8_t)len };
	if (!a)
		return true;
	if (nla_len(a) < size)
		return false;
	memcpy(ret->addr, nla_data(a), (size_t)size);
	return true;
}

static json_t *addr_json(const struct nlattr *a, int family)
{
	char buf[INPREFIX_STRLEN];
	struct inprefix p;

	return a && to_prefix(a, family, family == AF_INET ? 32 : 128, &p) ? json_string(inprefix_addr_str(&p, buf)) : NULL;
}

static json_t *prefix_json(const struct nlattr *a, int family, unsigned len)
{
	char buf[INPREFIX_STRLEN];
	struct inprefix p;

	return to_prefix(a, family, len, &p) ? json_string(inprefix_str(&p, buf)) : NULL;
}

/* Sets what there is. */
static void set(json_t *map, const char *key, json_t *value)
{
	if (value)
		(void)json_object_set_new(map, key, value);
}

static json_t *ifname_json(const struct reading *rd, int ifindex)
{
	for (size_t i = 0; i < rd->n_links; i++)
		if (rd->links[i].ifindex == ifindex)
			return json_string(rd->links[i].altname[0] && rd->links[i].ifname[0] == '_' ? rd->links[i].altname : rd->links[i].ifname);
	return ifindex ? json_sprintf("if%d", ifindex) : NULL;
}

static json_t *via_json(struct nlattr *gateway, const struct nlattr *via, int family)
{
	const struct rtvia *v;

	if (gateway)
		return addr_json(gateway, family);
	if (!via || nla_len(via) < (int)sizeof(*v) + 4)
		return NULL;
	v = nla_data(via);
	if (v->rtvia_family == AF_INET6 && nla_len(via) >= (int)sizeof(*v) + 16) {
		struct inprefix p = { .family = AF_INET6, .len = 128 };
		char buf[INPREFIX_STRLEN];

		memcpy(p.addr, v->rtvia_addr, 16);
		return json_string(inprefix_addr_str(&p, buf));
	}
	if (v->rtvia_family == AF_INET) {
		struct inprefix p = { .family = AF_INET, .len = 32 };
		char buf[INPREFIX_STRLEN];

		memcpy(p.addr, v->rtvia_addr, 4);
		return json_string(inprefix_addr_str(&p, buf));
	}
	return NULL;
}

/* "100/200": the labels that are put on top. */
static json_t *encap_json(const struct nlattr *type, struct nlattr *encap)
{
	struct nlattr *tb[MPLS_IPTUNNEL_MAX + 1];
	char text[LABELS_MAX * 9] = "";
	size_t len = 0;

	if (!type || !encap || nla_len(type) < 2 || nla_get_u16(type) != LWTUNNEL_ENCAP_MPLS)
		return NULL;
	if (nla_parse_nested(tb, MPLS_IPTUNNEL_MAX, encap, NULL) < 0 || !tb[MPLS_IPTUNNEL_DST])
		return NULL;
	for (int i = 0; i < nla_len(tb[MPLS_IPTUNNEL_DST]) / 4 && i < LABELS_MAX; i++) {
		const uint8_t *b = (const uint8_t *)nla_data(tb[MPLS_IPTUNNEL_DST]) + (size_t)4 * (size_t)i;
		const unsigned label = (unsigned)b[0] << 12 | (unsigned)b[1] << 4 | b[2] >> 4;

		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u", i ? "/" : "", label);
	}
	return json_string(text);
}

/* ---- routes ---- */

static json_t *hop_json(const struct reading *rd, struct nlattr **tb, int family, int ifindex, unsigned weight, uint32_t flags)
{
	json_t *hop = json_object();

	set(hop, "via", via_json(tb[RTA_GATEWAY], tb[RTA_VIA], family));
	set(hop, "dev", ifname_json(rd, ifindex));
	set(hop, "weight", json_integer(weight));
	set(hop, "flags", flags_json(flags));
	set(hop, "labels", encap_json(tb[RTA_ENCAP_TYPE], tb[RTA_ENCAP]));
	return hop;
}

static void multipath(const struct reading *rd, struct nlattr *mp, int family, json_t *hops)
{
	const uint8_t *at = nla_data(mp);
	int left = nla_len(mp);

	while (left >= (int)sizeof(struct rtnexthop)) {
		struct nlattr *tb[RTA_MAX + 1] = { 0 };
		struct rtnexthop nh;
		const int head = (int)RTNH_ALIGN(sizeof(nh));

		memcpy(&nh, at, sizeof(nh));
		if (nh.rtnh_len < sizeof(nh) || nh.rtnh_len > left)
			return;
		if (nh.rtnh_len > head)
			(void)nla_parse(tb, RTA_MAX, (struct nlattr *)(uintptr_t)(at + head), nh.rtnh_len - head, NULL);
		(void)json_array_append_new(hops, hop_json(rd, tb, family, nh.rtnh_ifindex, nh.rtnh_hops + 1U, nh.rtnh_flags));
		left -= (int)RTNH_ALIGN(nh.rtnh_len);
		at += RTNH_ALIGN(nh.rtnh_len);
	}
}

static int route_json(struct reading *rd, const struct nlmsghdr *nlh, json_t **ret)
{
	struct nlattr *tb[RTA_MAX + 1];
	const struct rtmsg *rtm = NLMSG_DATA(nlh);
	json_t *route, *hops;

	if (nlh->nlmsg_type != RTM_NEWROUTE)
		return 0;
	if (!parse(nlh, sizeof(*rtm), tb, RTA_MAX))
		return -EBADMSG;
	if ((rtm->rtm_family != AF_INET && rtm->rtm_family != AF_INET6) || (rtm->rtm_flags & RTM_F_CLONED && rd->list))
		return 0;
	route = json_object();
	hops = json_array();
	set(route, "dst", prefix_json(tb[RTA_DST], rtm->rtm_family, rtm->rtm_dst_len));
	set(route, "table", json_integer(tb[RTA_TABLE] ? attr_u32(tb[RTA_TABLE]) : rtm->rtm_table));
	set(route, "protocol", WORD(protocols, rtm->rtm_protocol));
	set(route, "type", WORD(types, rtm->rtm_type));
	set(route, "metric", json_integer(attr_u32(tb[RTA_PRIORITY])));
	set(route, "nhid", tb[RTA_NH_ID] ? json_integer(attr_u32(tb[RTA_NH_ID])) : NULL);
	set(route, "src", addr_json(tb[RTA_PREFSRC], rtm->rtm_family));
	if (tb[RTA_MULTIPATH])
		multipath(rd, tb[RTA_MULTIPATH], rtm->rtm_family, hops);
	else if (tb[RTA_OIF] || tb[RTA_GATEWAY] || tb[RTA_VIA])
		(void)json_array_append_new(hops, hop_json(rd, tb, rtm->rtm_family, (int)attr_u32(tb[RTA_OIF]), 1, rtm->rtm_flags & 0xffU));
	set(route, "nexthops", hops);
	*ret = route;
	return 1;
}

/* ---- the other tables ---- */

static json_t *group_json(const struct nlattr *group)
{
	const struct nexthop_grp *g = nla_data(group);
	json_t *list = json_array();

	for (size_t i = 0; i < (size_t)nla_len(group) / sizeof(*g); i++)
		(void)json_array_append_new(list, json_pack("{s:i, s:i}", "id", (int)g[i].id, "weight", g[i].weight + 1));
	return list;
}

static int nexthop_json(struct reading *rd, const struct nlmsghdr *nlh, json_t **ret)
{
	struct nlattr *tb[NHA_MAX + 1];
	const struct nhmsg *nhm = NLMSG_DATA(nlh);
	json_t *nh;

	if (nlh->nlmsg_type != RTM_NEWNEXTHOP)
		return 0;
	if (!parse(nlh, sizeof(*nhm), tb, NHA_MAX))
		return -EBADMSG;
	nh = json_object();
	set(nh, "id", json_integer(attr_u32(tb[NHA_ID])));
	set(nh, "protocol", WORD(protocols, nhm->nh_protocol));
	set(nh, "via", addr_json(tb[NHA_GATEWAY], nhm->nh_family));
	set(nh, "dev", tb[NHA_OIF] ? ifname_json(rd, (int)attr_u32(tb[NHA_OIF])) : NULL);
	set(nh, "group", tb[NHA_GROUP] ? group_json(tb[NHA_GROUP]) : NULL);
	set(nh, "blackhole", tb[NHA_BLACKHOLE] ? json_true() : NULL);
	set(nh, "flags", flags_json(nhm->nh_flags));
	*ret = nh;
	return 1;
}

static json_t *lladdr_json(const struct nlattr *a)
{
	const uint8_t *b;

	if (!a || nla_len(a) != 6)
		return NULL;
	b = nla_data(a);
	return json_sprintf("%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
}

static int neigh_json(struct reading *rd, const struct nlmsghdr *nlh, json_t **ret)
{
	struct nlattr *tb[NDA_MAX + 1];
	const struct ndmsg *ndm = NLMSG_DATA(nlh);
	json_t *neigh;

	if (nlh->nlmsg_type != RTM_NEWNEIGH)
		return 0;
	if (!parse(nlh, sizeof(*ndm), tb, NDA_MAX))
		return -EBADMSG;
	if (ndm->ndm_family != AF_INET && ndm->ndm_family != AF_INET6)
		return 0;
	neigh = json_object();
	set(neigh, "address", addr_json(tb[NDA_DST], ndm->ndm_family));
	set(neigh, "interface", ifname_json(rd, ndm->ndm_ifindex));
	set(neigh, "state", WORD(nud_states, ndm->ndm_state));
	set(neigh, "lladdr", lladdr_json(tb[NDA_LLADDR]));
	*ret = neigh;
	return 1;
}

static int address_json(struct reading *rd, const struct nlmsghdr *nlh, json_t **ret)
{
	struct nlattr *tb[IFA_MAX + 1];
	const struct ifaddrmsg *ifa = NLMSG_DATA(nlh);

	if (nlh->nlmsg_type != RTM_NEWADDR)
		return 0;
	if (!parse(nlh, sizeof(*ifa), tb, IFA_MAX))
		return -EBADMSG;
	if (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6)
		return 0;
	*ret = json_object();
	set(*ret, "address", prefix_json(tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS], ifa->ifa_family, ifa->ifa_prefixlen));
	set(*ret, "interface", ifname_json(rd, (int)ifa->ifa_index));
	return 1;
}

static json_t *kind_json(struct nlattr *info)
{
	struct nlattr *tb[IFLA_INFO_MAX + 1];

	if (!info || nla_parse_nested(tb, IFLA_INFO_MAX, info, NULL) < 0 || !tb[IFLA_INFO_KIND])
		return NULL;
	return json_stringn(nla_data(tb[IFLA_INFO_KIND]), strnlen(nla_data(tb[IFLA_INFO_KIND]), (size_t)nla_len(tb[IFLA_INFO_KIND])));
}

static int interface_json(struct reading *rd, const struct nlmsghdr *nlh, json_t **ret)
{
	struct nlattr *tb[IFLA_MAX + 1];
	const struct ifinfomsg *ifi = NLMSG_DATA(nlh);
	struct rtnl_link_stats64 stats = { 0 };

	if (nlh->nlmsg_type != RTM_NEWLINK)
		return 0;
	if (!parse(nlh, sizeof(*ifi), tb, IFLA_MAX))
		return -EBADMSG;
	if (tb[IFLA_STATS64])
		memcpy(&stats, nla_data(tb[IFLA_STATS64]), MIN_OF(sizeof(stats), (size_t)nla_len(tb[IFLA_STATS64])));
	*ret = json_object();
	set(*ret, "name", ifname_json(rd, ifi->ifi_index));
	set(*ret, "admin", json_string(ifi->ifi_flags & IFF_UP ? "up" : "down"));
	set(*ret, "operstate", WORD(operstates, tb[IFLA_OPERSTATE] ? nla_get_u8(tb[IFLA_OPERSTATE]) : 0));
	set(*ret, "mtu", json_integer(attr_u32(tb[IFLA_MTU])));
	set(*ret, "master", tb[IFLA_MASTER] ? ifname_json(rd, (int)attr_u32(tb[IFLA_MASTER])) : NULL);
	set(*ret, "kind", kind_json(tb[IFLA_LINKINFO]));
	set(*ret, "lladdr", lladdr_json(tb[IFLA_ADDRESS]));
	set(*ret, "tx_packets", json_integer((json_int_t)stats.tx_packets));
	set(*ret, "rx_packets", json_integer((json_int_t)stats.rx_packets));
	return 1;
}

/* ---- dumps ---- */

static int collect(const struct nlmsghdr *nlh, void *arg, struct error *e)
{
	struct reading *rd = arg;
	json_t *item = NULL;
	int r;

	if (!nlh) {
		(void)json_array_clear(rd->list);
		return 0;
	}
	r = rd->parse(rd, nlh, &item);
	if (r < 0)
		return error_errno(e, -r, "read netlink dump");
	if (item)
		(void)json_array_append_new(rd->list, item);
	return 0;
}

static struct nl_msg *request(int type, size_t head)
{
	struct nl_msg *m = nlmsg_alloc();
	const char zero[64] = { 0 };

	if (m && nlmsg_put(m, 0, 0, type, 0, 0) && nlmsg_append(m, (void *)(uintptr_t)zero, head, NLMSG_ALIGNTO) == 0)
		return m;
	nlmsg_free(m);
	return NULL;
}

int rtjson_dump(struct nlconn *c, enum rtjson_table table, json_t **ret, struct error *e)
{
	static const struct {
		int type;
		size_t head;
		int (*parse)(struct reading *, const struct nlmsghdr *, json_t **);
		const char *what;
	} tables[] = {
		[RTJSON_ROUTES] = { RTM_GETROUTE, sizeof(struct rtmsg), route_json, "routes" },
		[RTJSON_NEXTHOPS] = { RTM_GETNEXTHOP, sizeof(struct nhmsg), nexthop_json, "nexthop objects" },
		[RTJSON_NEIGHS] = { RTM_GETNEIGH, sizeof(struct ndmsg), neigh_json, "neighbors" },
		[RTJSON_ADDRS] = { RTM_GETADDR, sizeof(struct ifaddrmsg), address_json, "addresses" },
		[RTJSON_LINKS] = { RTM_GETLINK, sizeof(struct ifinfomsg), interface_json, "links" },
	};
	struct reading rd = { .list = json_array(), .parse = tables[table].parse };
	struct nl_msg *m = request(tables[table].type, tables[table].head);
	int r;

	static_assert(ARRAY_SIZE(tables) == _RTJSON_TABLE_MAX, "one a table");
	if (!m || !rd.list)
		r = error_oom(e);
	else
		r = link_dump(c, &rd.links, &rd.n_links, e);
	if (r == 0)
		r = nlconn_dump(c, m, collect, &rd, e, "list %s", tables[table].what);
	nlmsg_free(m);
	free(rd.links);
	if (r == -EOPNOTSUPP && table == RTJSON_NEXTHOPS)
		r = 0;
	if (r < 0)
		json_decref(rd.list);
	else
		*ret = rd.list;
	return r;
}

/* ---- one lookup ---- */

static int take_route(const struct nlmsghdr *nlh, void *arg, struct error *e)
{
	struct reading *rd = arg;
	json_t *route = NULL;
	const int r = nlh ? route_json(rd, nlh, &route) : 0;

	if (route) {
		json_decref(rd->list);
		rd->list = NULL;
	}
	if (route)
		rd->list = route;
	return r < 0 ? error_errno(e, -r, "read a route") : 0;
}

static int put_addr(struct nl_msg *m, int attr, const struct inprefix *p)
{
	return p->family ? nla_put(m, attr, p->family == AF_INET ? 4 : 16, p->addr) : 0;
}

int rtjson_route_get(struct nlconn *c, const struct rtjson_lookup *q, json_t **ret, struct error *e)
{
	struct rtmsg rtm = { .rtm_family = (unsigned char)q->to.family, .rtm_dst_len = (unsigned char)inprefix_bits(&q->to),
			     .rtm_src_len = q->from.family ? (unsigned char)inprefix_bits(&q->from) : 0,
			     /* IPv6 knows no such flag, and tells the table without. */
			     .rtm_flags = q->to.family == AF_INET ? RTM_F_LOOKUP_TABLE : 0 };
	struct nl_msg *m = nlmsg_alloc();
	struct reading rd = { .parse = route_json };
	bool ok = m && nlmsg_put(m, 0, 0, RTM_GETROUTE, 0, 0) && nlmsg_append(m, &rtm, sizeof(rtm), NLMSG_ALIGNTO) == 0;
	int r;

	ok = ok && put_addr(m, RTA_DST, &q->to) == 0 && put_addr(m, RTA_SRC, &q->from) == 0;
	ok = ok && (!q->oif || nla_put_u32(m, RTA_OIF, (uint32_t)q->oif) == 0) && (!q->iif || nla_put_u32(m, RTA_IIF, (uint32_t)q->iif) == 0);
	ok = ok && (!q->mark || nla_put_u32(m, RTA_MARK, q->mark) == 0);
	if (ok && q->dport)
		ok = nla_put_u8(m, RTA_IP_PROTO, 17) == 0 && nla_put_u16(m, RTA_SPORT, htons(q->sport)) == 0 &&
		     nla_put_u16(m, RTA_DPORT, htons(q->dport)) == 0;
	r = ok ? link_dump(c, &rd.links, &rd.n_links, e) : error_oom(e);
	if (r == 0)
		r = nlconn_call(c, m, take_route, &rd, e, "look up a route");
	nlmsg_free(m);
	free(rd.links);
	if (r == 0 && !rd.list)
		r = error_set(e, EBADMSG, "the kernel answered with no route");
	if (r < 0)
		json_decref(rd.list);
	else
		*ret = rd.list;
	return r;
}

/* ---- changes ---- */

int rtwatch_open(int netns_fd, struct error *e)
{
	static const int groups[] = { RTNLGRP_LINK,	  RTNLGRP_NEIGH,	RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV4_RULE,
				      RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV6_RULE,  RTNLGRP_MPLS_ROUTE, RTNLGRP_NEXTHOP };
	const int fd = netns_socket(netns_fd, AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, e);
	const struct sockaddr_nl sa = { .nl_family = AF_NETLINK };

	if (fd < 0)
		return fd;
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0) {
		const int r = error_errno(e, errno, "listen to routes");

		(void)fd_close(fd);
		return r;
	}
	/* A kernel that lacks one of them has nothing to tell about it. */
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		(void)setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof(groups[i]));
	return fd;
}
