// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * linkctl.c - see linkctl.h. Everything is done through a socket of the node's namespace; only a sysctl needs a visit.
 */
#include "linkctl.h"

#include <linux/netlink.h>
#include <net/if.h>
#include <string.h>

#include "base/strbuf.h"
#include "kernel/netns.h"
#include "kernel/qdisc.h"
#include "kernel/sysctl.h"

enum { VETH_MTU = 9500, VXLAN_VNI_MAX = (1 << 24) - 1 };

/*
 * An fd that the supervisor holds, or, when the namespace is somebody else's, that of the node's init. The start time
 * tells that the pid was still theirs after the fd was opened.
 */
static int netns_of(pid_t pid, int fd_there, uint64_t starttime, struct error *e)
{
	_cleanup_close_ int fd = -EBADF;
	uint64_t now = 0;
	char path[64];

	if (fd_there >= 0)
		(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd_there);
	else
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	fd = netns_open(path, e);
	if (fd < 0)
		return fd;
	if (state_pid_starttime(pid, &now) < 0 || now != starttime)
		return error_set(e, ESRCH, "process %d is gone", pid);
	return TAKE_FD(fd);
}

int linkctl_netns(const struct lab_state *st, const struct node_state *n, struct error *e)
{
	if (n->netns_fd >= 0)
		return netns_of(st->supervisor, n->netns_fd, st->starttime, e);
	if (n->pid)
		return netns_of(n->pid, -1, n->starttime, e);
	if (n->bridge_fd > 0)
		return netns_of(st->supervisor, n->bridge_fd, st->starttime, e);
	return error_set(e, ENOENT, "node '%s' has no network namespace", n->name);
}

/* ---- one node ---- */

static int node_open(const char *lab, const char *node, struct linkctl *lc, struct error *e)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;
	struct error why = { 0 };
	size_t i = 0;
	int r = state_find_node(lab, node, &st, &i, &why);

	if (r < 0 && strcmp(node, "host") == 0) {
		(void)snprintf(lc->node, sizeof(lc->node), "host");
		lc->netns = netns_self(e);
		return lc->netns < 0 ? lc->netns : 0;
	}
	if (r < 0)
		return error_set(e, why.code, "%s", why.msg);
	(void)snprintf(lc->node, sizeof(lc->node), "%s", st->nodes[i].longname);
	lc->netns = linkctl_netns(st, &st->nodes[i], e);
	return lc->netns < 0 ? lc->netns : 0;
}

int linkctl_open(const char *lab, const char *node, struct linkctl *ret, struct error *e)
{
	int r;

	*ret = (struct linkctl){ .self = -EBADF, .netns = -EBADF };
	ret->self = netns_self(e);
	if (ret->self < 0)
		return ret->self;
	r = node_open(lab, node, ret, e);
	if (r < 0)
		return r;
	r = nlconn_open_in(NETLINK_ROUTE, ret->netns, ret->self, &ret->conn, e);
	if (r == 0)
		r = link_dump(ret->conn, &ret->links, &ret->n_links, e);
	if (r == 0)
		r = qdisc_dump(ret->conn, &ret->queues, &ret->n_queues, e);
	return r < 0 ? error_wrap(e, "node %s", node) : 0;
}

void linkctl_close(struct linkctl *lc)
{
	lc->conn = nlconn_close(lc->conn);
	lc->self = fd_close(lc->self);
	lc->netns = fd_close(lc->netns);
	free(TAKE_PTR(lc->links));
	free(TAKE_PTR(lc->queues));
	lc->n_links = lc->n_queues = 0;
}

const char *linkctl_name(const struct link_info *link)
{
	/* An alias may say anything; with an altname it is the name that the file has. */
	return *link->altname && *link->alias ? link->alias : link->ifname;
}

int linkctl_find(const struct linkctl *lc, const char *ifname, const struct link_info **ret, struct error *e)
{
	_cleanup_strbuf_ struct strbuf names = { 0 };

	for (size_t i = 0; i < lc->n_links; i++) {
		const struct link_info *l = &lc->links[i];

		if (strcmp(l->ifname, ifname) == 0 || strcmp(l->altname, ifname) == 0 ||
		    strcmp(linkctl_name(l), ifname) == 0) {
			*ret = l;
			return 0;
		}
		if (!(l->flags & IFF_LOOPBACK))
			strbuf_printf(&names, "%s%s", names.len ? ", " : "", linkctl_name(l));
	}
	return error_set(e, ENODEV, "node %s has no interface '%s', but %.300s", lc->node, ifname,
			 names.len ? strbuf_str(&names) : "none at all");
}

/* Return: 0 or -errno; after -ENOTRECOVERABLE the process is in the wrong namespace and must end. */
static int keep_addresses(const struct linkctl *lc, const struct link_info *link, struct error *e)
{
	_cleanup_close_ int procfd = -EBADF;
	char key[96];
	int r = sysctl_open(&procfd, e);

	if (r == 0)
		r = netns_enter(lc->netns, e);
	if (r < 0)
		return r;
	(void)snprintf(key, sizeof(key), "net/ipv6/conf/%s/keep_addr_on_down", link->ifname);
	r = sysctl_write(procfd, key, "1", e);
	if (r == -ENOENT) /* a kernel or an interface without IPv6 */
		r = 0;
	return netns_enter(lc->self, NULL) < 0 ? error_set(e, ENOTRECOVERABLE, "cannot return to the own namespace")
					       : r;
}

int linkctl_set_up(const struct linkctl *lc, const struct link_info *link, bool up, struct error *e)
{
	int r = up ? 0 : keep_addresses(lc, link, e);

	if (r < 0)
		return r;
	nlconn_label(lc->conn, "%s:%s", lc->node, linkctl_name(link));
	return up ? link_set_up(lc->conn, link->ifindex, e) : link_set_down(lc->conn, link->ifindex, e);
}

int linkctl_impair(const struct linkctl *lc, const struct link_info *link, const struct impair *im, struct error *e)
{
	int r = impair_check(im, e);

	if (r < 0)
		return r;
	r = qdisc_impair(lc->conn, link->ifindex, link->mtu, im, e);
	return r < 0 ? error_wrap(e, "%s:%s", lc->node, linkctl_name(link)) : 0;
}

const struct impair *linkctl_impaired(const struct linkctl *lc, const struct link_info *link)
{
	for (size_t i = 0; i < lc->n_queues; i++)
		if (lc->queues[i].ifindex == link->ifindex && !impair_is_none(&lc->queues[i].impair))
			return &lc->queues[i].impair;
	return NULL;
}

/* ---- a veth pair by hand ---- */

/* One end: the words of NODE:IF or bridge:BRIDGE:IF, and where that is. */
struct hand_end {
	struct linkctl lc;
	char node[208], ifname[LINK_NAME_SIZE];
	bool is_bridge;
	int master;
};

static int end_words(const char *text, struct hand_end *end, struct error *e)
{
	const char *at = text, *colon;

	end->is_bridge = strncmp(text, "bridge:", 7) == 0;
	if (end->is_bridge)
		at += 7;
	colon = strrchr(at, ':');
	if (!colon || colon == at || !colon[1] || (size_t)(colon - at) >= sizeof(end->node) ||
	    strlen(colon + 1) >= sizeof(end->ifname))
		return error_set(e, EINVAL, "'%s' is none of NODE:INTERFACE, host:INTERFACE, bridge:BRIDGE:INTERFACE",
				 text);
	memcpy(end->node, at, (size_t)(colon - at));
	end->node[colon - at] = '\0';
	(void)snprintf(end->ifname, sizeof(end->ifname), "%s", colon + 1);
	return 0;
}

/* A bridge of the host, else one of a lab, which is an interface of the lab's own namespace. */
static int bridge_open(const char *lab, struct hand_end *end, struct error *e)
{
	const struct link_info *bridge = NULL;
	int r = linkctl_open(NULL, "host", &end->lc, e);

	if (r == 0 && linkctl_find(&end->lc, end->node, &bridge, NULL) < 0) {
		linkctl_close(&end->lc);
		r = linkctl_open(lab, end->node, &end->lc, e);
		if (r == 0)
			r = linkctl_find(&end->lc, end->node, &bridge, e);
	}
	if (r < 0)
		return r;
	if (!bridge || strcmp(bridge->kind, "bridge") != 0)
		return error_set(e, EINVAL, "'%s' is no bridge", end->node);
	end->master = bridge->ifindex;
	return 0;
}

static int end_open(const char *lab, const char *text, struct hand_end *end, struct error *e)
{
	int r = end_words(text, end, e);

	if (r == 0)
		r = end->is_bridge ? bridge_open(lab, end, e) : linkctl_open(lab, end->node, &end->lc, e);
	if (r == 0 && linkctl_find(&end->lc, end->ifname, &(const struct link_info *){ NULL }, NULL) == 0)
		r = error_set(e, EEXIST, "node %s has an interface '%s' already", end->lc.node, end->ifname);
	return r;
}

static int end_finish(const struct hand_end *end, struct error *e)
{
	int index = 0;
	int r = link_get_index(end->lc.conn, end->ifname, &index, e);

	if (r == 0 && end->master)
		r = link_set_master(end->lc.conn, index, end->master, e);
	return r < 0 ? r : link_set_up(end->lc.conn, index, e);
}

static int veth_make(const struct hand_end *a, const struct hand_end *b, uint32_t mtu, struct error *e)
{
	const struct link_veth spec = {
		.a = { .netns_fd = -1, .ifname = a->ifname, .mtu = mtu },
		.b = { .netns_fd = b->lc.netns, .ifname = b->ifname, .mtu = mtu },
	};
	int r = link_create_veth(a->lc.conn, &spec, e), index;

	if (r < 0)
		return r;
	r = end_finish(a, e);
	if (r == 0)
		r = end_finish(b, e);
	if (r < 0 && link_get_index(a->lc.conn, a->ifname, &index, NULL) == 0)
		(void)link_delete(a->lc.conn, index, NULL);
	return r;
}

int linkctl_veth_create(const char *lab, const char *a, const char *b, uint32_t mtu, struct error *e)
{
	struct hand_end ends[2] = { { .lc = { .self = -EBADF, .netns = -EBADF } },
				    { .lc = { .self = -EBADF, .netns = -EBADF } } };
	int r = end_open(lab, a, &ends[0], e);

	if (r == 0)
		r = end_open(lab, b, &ends[1], e);
	if (r == 0)
		r = veth_make(&ends[0], &ends[1], mtu ? mtu : VETH_MTU, e);
	linkctl_close(&ends[0].lc);
	linkctl_close(&ends[1].lc);
	return r;
}

/* ---- vxlan on the host ---- */

static int vxlan_spec(const struct linkctl *host, const struct linkctl_vxlan *spec, const struct link_info *link,
		      struct link_vxlan *ret, struct error *e)
{
	const struct link_info *parent = NULL;

	if (strlen(link->ifname) + 3 >= LINK_NAME_SIZE)
		return error_set(e, ENAMETOOLONG, "vx-%s is longer than %d characters", link->ifname,
				 LINK_NAME_SIZE - 1);
	if (spec->vni > VXLAN_VNI_MAX)
		return error_set(e, EINVAL, "a VNI is a number up to %d, not %u", VXLAN_VNI_MAX, spec->vni);
	if (spec->parent && linkctl_find(host, spec->parent, &parent, e) < 0)
		return -ENODEV;
	*ret = (struct link_vxlan){ .vni = spec->vni,
				    .remote = spec->remote,
				    .port = spec->port ? spec->port : LINKCTL_VXLAN_PORT,
				    .src_port = spec->src_port,
				    .parent = parent ? parent->ifindex : 0,
				    .learning = true };
	return 0;
}

static int vxlan_make(const struct linkctl *host, const struct link_info *link, const struct link_vxlan *vx,
		      uint32_t mtu, struct error *e)
{
	char name[LINK_NAME_SIZE + 4];
	const struct link_end end = { .netns_fd = -1, .ifname = name, .mtu = mtu };
	int index = 0, r;

	(void)snprintf(name, sizeof(name), "vx-%s", link->ifname);
	r = link_create_vxlan(host->conn, &end, vx, e);
	if (r < 0)
		return r;
	r = link_get_index(host->conn, name, &index, e);
	if (r == 0)
		r = link_set_up(host->conn, index, e);
	if (r == 0)
		r = qdisc_redirect(host->conn, link->ifindex, index, e);
	if (r == 0)
		r = qdisc_redirect(host->conn, index, link->ifindex, e);
	if (r < 0 && index)
		(void)link_delete(host->conn, index, NULL);
	return r;
}

int linkctl_vxlan_create(const struct linkctl_vxlan *spec, struct error *e)
{
	_cleanup_linkctl_ struct linkctl host = { .self = -EBADF, .netns = -EBADF };
	const struct link_info *link = NULL;
	struct link_vxlan vx;
	int r = linkctl_open(NULL, "host", &host, e);

	if (r == 0)
		r = linkctl_find(&host, spec->link, &link, e);
	if (r == 0)
		r = vxlan_spec(&host, spec, link, &vx, e);
	return r < 0 ? r : vxlan_make(&host, link, &vx, spec->mtu, e);
}

/* What linkctl_vxlan_create() has tied to "vx-LINK": LINK, if that is still there. */
static int tied_release(const struct linkctl *host, const struct link_info *vxlan, struct error *e)
{
	const struct link_info *link = NULL;

	if (strncmp(vxlan->ifname, "vx-", 3) != 0 || linkctl_find(host, vxlan->ifname + 3, &link, NULL) < 0)
		return 0;
	return qdisc_unredirect(host->conn, link->ifindex, e);
}

int linkctl_vxlan_delete(const char *prefix, struct arena *a, struct strv *ret, struct error *e)
{
	_cleanup_linkctl_ struct linkctl host = { .self = -EBADF, .netns = -EBADF };
	int r = linkctl_open(NULL, "host", &host, e);

	for (size_t i = 0; r == 0 && i < host.n_links; i++) {
		const struct link_info *l = &host.links[i];

		if (strcmp(l->kind, "vxlan") != 0 || strncmp(l->ifname, prefix, strlen(prefix)) != 0)
			continue;
		r = tied_release(&host, l, e);
		if (r == 0)
			r = link_delete(host.conn, l->ifindex, e);
		if (r == 0)
			strv_add(a, ret, l->ifname);
	}
	return r;
}
