// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * live.c - what is up, what is down, how much goes through
 *
 * Interfaces are dumped when the kernel says that something has changed; counters, sessions and the states of nodes are looked at
 * once a second, and only while a page is open. What is told is all of it, as one JSON text, when it differs from the last.
 */
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>

#include "engine/vty.h"
#include "graph/graph.h"
#include "kernel/link.h"
#include "kernel/linkwatch.h"
#include "kernel/netns.h"
#include "web/web.h"

enum { LOOK_USEC = 1000000, SOON_USEC = 30000, VTY_MS = 150 };

struct watched {
	struct live *live;
	size_t node; /* index in the state */
	int watch;
	struct nlconn *conn;
	struct loop_handle id;
	bool dirty;
	json_t *interfaces; /* name -> {up, mac, mtu, addresses} */
};

struct live {
	struct web *web;
	struct lab_state *st;  /* NULL: the lab does not run */
	struct watched *nodes; /* one a node of the state */
	struct loop_handle timer;
	int self; /* our own network namespace */
	struct pods *pods;
	char *text;
};

/* ---- interfaces ---- */

static void addresses_add(const struct watched *w, const struct link_info *l, json_t *into)
{
	struct addr_info *addrs = NULL;
	size_t n = 0;
	char buf[INPREFIX_STRLEN];

	if (addr_dump(w->conn, &addrs, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (addrs[i].ifindex == l->ifindex)
			(void)json_array_append_new(into, json_string(inprefix_str(&addrs[i].addr, buf)));
	free(addrs);
}

static void interfaces_dump(struct watched *w)
{
	struct link_info *links = NULL;
	size_t n = 0;

	w->dirty = false;
	if (!w->conn || link_dump(w->conn, &links, &n, NULL) < 0)
		return;
	json_decref(w->interfaces);
	w->interfaces = json_object();
	for (size_t i = 0; i < n; i++) {
		const struct link_info *l = &links[i];
		json_t *addrs = json_array();
		char mac[24] = "";

		addresses_add(w, l, addrs);
		if (l->has_mac)
			(void)snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", l->mac.b[0], l->mac.b[1],
				       l->mac.b[2], l->mac.b[3], l->mac.b[4], l->mac.b[5]);
		(void)json_object_set_new(w->interfaces, *l->altname ? l->altname : l->ifname,
					  json_pack("{s:b, s:b, s:i, s:s, s:o}", "up",
						    (l->flags & IFF_UP) && (l->flags & IFF_RUNNING), "admin",
						    (l->flags & IFF_UP) != 0, "mtu", (int)l->mtu, "mac", mac,
						    "addresses", addrs));
	}
	free(links);
}

static void look_soon(struct live *lv)
{
	(void)loop_set_timer(lv->web->loop, lv->timer, SOON_USEC);
}

static void changed(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct watched *w = arg;

	(void)loop;
	(void)id;
	(void)revents;
	if (linkwatch_drain(w->watch) && !w->dirty) {
		w->dirty = true;
		look_soon(w->live);
	}
}

static void watch_node(struct live *lv, size_t i)
{
	const struct node_state *n = &lv->st->nodes[i];
	struct watched *w = &lv->nodes[i];
	_cleanup_close_ int ns = -EBADF;
	char path[64];

	*w = (struct watched){ .live = lv, .node = i, .watch = -EBADF, .interfaces = json_object() };
	if (n->netns_fd >= 0)
		(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)lv->st->supervisor, n->netns_fd);
	else if (n->pid) /* it shares another's */
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)n->pid);
	else
		return;
	ns = netns_open(path, NULL);
	if (ns < 0 || nlconn_open_in(0 /* NETLINK_ROUTE */, ns, lv->self, &w->conn, NULL) < 0)
		return;
	w->watch = linkwatch_open(ns, NULL);
	if (w->watch >= 0)
		(void)loop_add_fd(lv->web->loop, w->watch, POLLIN, changed, w, &w->id, NULL);
	w->dirty = true;
}

static void lab_close(struct live *lv)
{
	for (size_t i = 0; lv->st && i < lv->st->n_nodes; i++) {
		struct watched *w = &lv->nodes[i];

		loop_remove(lv->web->loop, w->id);
		(void)fd_close(w->watch);
		w->conn = nlconn_close(w->conn);
		json_decref(w->interfaces);
	}
	free(lv->nodes);
	lv->nodes = NULL;
	if (lv->st)
		state_free(lv->st);
	lv->st = NULL;
	pods_forget(lv->pods);
}

/* The lab that runs now: another one than a moment ago has another supervisor. */
static void lab_open(struct live *lv)
{
	struct lab_state *st = NULL;
	struct graph *g;
	char *text;

	if (state_load(lv->web->lab, &st, NULL) < 0 || !st) {
		lab_close(lv);
		return;
	}
	if (lv->st && lv->st->starttime == st->starttime) {
		state_free(st);
		return;
	}
	lab_close(lv);
	lv->st = st;
	lv->nodes = calloc(st->n_nodes + 1, sizeof(*lv->nodes));
	for (size_t i = 0; lv->nodes && i < st->n_nodes; i++)
		watch_node(lv, i);
	g = graph_of_state(st);
	json_decref(lv->web->graph);
	lv->web->graph = graph_json(g);
	(void)graph_free(g);
	text = json_dumps(lv->web->graph, JSON_COMPACT);
	web_tell(lv->web, "graph", text ? text : "{}");
	free(text);
}

/* ---- counters ---- */

/* /proc/PID/net/dev: of the network namespace that the process is in. */
static void counters_add(const struct node_state *n, json_t *into)
{
	char path[64], line[512], name[64];
	unsigned long long rx, tx;
	FILE *f;

	if (!n->pid)
		return;
	(void)snprintf(path, sizeof(path), "/proc/%d/net/dev", (int)n->pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " %63[^:]: %llu %*u %*u %*u %*u %*u %*u %*u %llu", name, &rx, &tx) == 3)
			(void)json_object_set_new(into, name, json_pack("[I, I]", (json_int_t)rx, (json_int_t)tx));
	if (f)
		(void)fclose(f);
}

/* ---- sessions ---- */

static bool has_daemon(const struct node_state *n, const char *name)
{
	for (size_t i = 0; i < n->n_daemons; i++)
		if (n->daemons[i].running && strcmp(n->daemons[i].name, name) == 0)
			return true;
	return false;
}

static void peers_add(json_t *family, json_t *into)
{
	const char *peer;
	json_t *p;

	json_object_foreach(json_object_get(family, "peers"), peer, p)
		(void)json_object_set_new(into, peer,
					  json_pack("{s:s, s:I, s:I}", "state",
						    json_string_value(json_object_get(p, "state")) ?: "", "as",
						    json_integer_value(json_object_get(p, "remoteAs")), "prefixes",
						    json_integer_value(json_object_get(p, "pfxRcd"))));
}

static void sessions_add(const struct node_state *n, json_t *into)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };
	_cleanup_close_ int dir = -EBADF;
	char path[64];
	json_t *j, *family;
	const char *key;

	if (!n->pid || !has_daemon(n, "bgpd"))
		return;
	(void)snprintf(path, sizeof(path), "/proc/%d/root/run/frr", (int)n->pid);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || vty_query(dir, "bgpd", "show bgp summary json", &s, VTY_MS, NULL) < 0)
		return;
	j = json_loads(strbuf_str(&s), 0, NULL);
	json_object_foreach(j, key, family)
		peers_add(family, into);
	json_decref(j);
}

/* ---- the whole ---- */

static json_t *node_json(const struct live *lv, size_t i)
{
	struct watched *w = &lv->nodes[i];
	const struct node_state *n = &lv->st->nodes[i];
	json_t *counters = json_object(), *sessions = json_object();

	if (w->dirty)
		interfaces_dump(w);
	counters_add(n, counters);
	sessions_add(n, sessions);
	return json_pack("{s:s, s:O, s:o, s:o, s:o*}", "state", n->state ? n->state : "running", "interfaces",
			 w->interfaces, "counters", counters, "bgp", sessions, "pods", pods_of(lv->pods, n->name));
}

static void look(struct live *lv)
{
	json_t *nodes = json_object(), *all;
	char *text;

	lab_open(lv);
	if (lv->st && state_refresh(lv->st, NULL) < 0)
		lab_close(lv);
	if (lv->st)
		pods_look(lv->pods, lv->st);
	for (size_t i = 0; lv->st && lv->nodes && i < lv->st->n_nodes; i++)
		(void)json_object_set_new(nodes, lv->st->nodes[i].name, node_json(lv, i));
	all = json_pack("{s:b, s:o}", "running", lv->st != NULL, "nodes", nodes);
	text = json_dumps(all, JSON_COMPACT);
	json_decref(all);
	if (text && (!lv->text || strcmp(text, lv->text) != 0))
		web_tell(lv->web, "live", text);
	free(lv->text);
	lv->text = text;
}

static void due(struct loop *loop, struct loop_handle id, void *arg)
{
	struct live *lv = arg;

	if (web_has_listeners(lv->web))
		look(lv);
	(void)loop_set_timer(loop, id, LOOK_USEC);
}

int live_start(struct web *w, struct error *e)
{
	struct live *lv = calloc(1, sizeof(*lv));

	if (!lv)
		return error_oom(e);
	lv->web = w;
	lv->pods = pods_new(w);
	lv->self = lv->pods ? netns_self(e) : error_oom(e);
	if (lv->self < 0) {
		const int r = lv->self;

		free(lv->pods);
		free(lv);
		return r;
	}
	w->live = lv;
	look(lv);
	return loop_add_timer(w->loop, LOOK_USEC, due, lv, &lv->timer, e);
}

void live_wake(struct web *w)
{
	look_soon(w->live);
}

const char *live_text(const struct web *w)
{
	return w->live->text ? w->live->text : "{}";
}

bool live_knows(const struct web *w, const char *node)
{
	for (size_t i = 0; w->live->st && i < w->live->st->n_nodes; i++)
		if (strcmp(w->live->st->nodes[i].name, node) == 0)
			return w->live->st->nodes[i].pid != 0;
	return false;
}
