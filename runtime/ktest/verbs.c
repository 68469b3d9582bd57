// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * verbs.c - the table of what a step of a test may say, and the checks of single values
 */
#include <regex.h>
#include <string.h>

#include "base/impair.h"
#include "base/inaddr.h"
#include "ktest/verbs_internal.h"

/* ---- values ---- */

static void check_duration(struct loader *l, const struct value *v)
{
	unsigned ms;

	if (test_duration(v->text, &ms) < 0)
		diag_error(l->d, v->pos, "write 500ms, 10s, 1.5s or 2m", "'%s' is not a time", v->text);
}

static void check_regex(struct loader *l, const struct value *v)
{
	char why[128];
	regex_t re;
	const int r = regcomp(&re, v->text, REG_EXTENDED | REG_NOSUB);

	if (r == 0) {
		regfree(&re);
		return;
	}
	(void)regerror(r, &re, why, sizeof(why));
	diag_error(l->d, v->pos, "it is an extended regular expression, as of grep -E", "'%s': %s", v->text, why);
}

static void check_prefix(struct loader *l, const struct value *v)
{
	struct inprefix p;

	if (strcmp(v->text, "default") != 0 && inprefix_parse(v->text, &p) < 0)
		diag_error(l->d, v->pos, "write 10.0.0.0/24, 2001:db8::/64 or default", "'%s' is not a prefix", v->text);
}

static void check_addr(struct loader *l, const struct value *v)
{
	struct inprefix p;

	if (inprefix_parse(v->text, &p) < 0 || strchr(v->text, '/'))
		diag_error(l->d, v->pos, NULL, "'%s' is not an address", v->text);
}

/* One or a list of them. */
static void each(struct loader *l, const struct value *v, const char *what, void (*check)(struct loader *, const struct value *))
{
	if (v->type == VALUE_SCALAR) {
		check(l, v);
		return;
	}
	if (v->type != VALUE_SEQ || v->n == 0) {
		diag_error(l->d, v->pos, NULL, "%s or a list of them is wanted, not %s", what,
			   v->type == VALUE_SEQ ? "an empty list" : value_type_names[v->type]);
		return;
	}
	for (size_t i = 0; i < v->n; i++) {
		if (v->items[i]->type == VALUE_SCALAR)
			check(l, v->items[i]);
		else
			diag_error(l->d, v->items[i]->pos, NULL, "%s is wanted, not %s", what, value_type_names[v->items[i]->type]);
	}
}

static void check_name(struct loader *l, const struct value *v)
{
	if (!*v->text)
		diag_error(l->d, v->pos, NULL, "an empty name");
}

static void check_names(struct loader *l, const struct value *v)
{
	each(l, v, "a name", check_name);
}

static void check_addrs(struct loader *l, const struct value *v)
{
	each(l, v, "an address", check_addr);
}

static void check_end(struct loader *l, const struct value *v)
{
	char node[256];

	if (!test_endpoint(v->text, node, sizeof(node)) || strchr(v->text, ' '))
		diag_error(l->d, v->pos, "write NODE:INTERFACE", "'%s' names no interface", v->text);
}

/* "leaf1:up1 down" */
static void check_link_order(struct loader *l, const struct value *v)
{
	const char *blank = strchr(v->text, ' ');
	char node[256];

	if (!blank || !test_endpoint(v->text, node, sizeof(node)) || (strcmp(blank, " up") != 0 && strcmp(blank, " down") != 0))
		diag_error(l->d, v->pos, "write NODE:INTERFACE up, or NODE:INTERFACE down", "'%s' is nothing that a link does", v->text);
}

static void check_link_orders(struct loader *l, const struct value *v)
{
	each(l, v, "NODE:INTERFACE up|down", check_link_order);
}

static void one_of(struct loader *l, const struct value *v, const char *const *words, size_t n)
{
	_cleanup_strbuf_ struct strbuf all = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (strcmp(v->text, words[i]) == 0)
			return;
		strbuf_printf(&all, "%s%s", i ? ", " : "one of ", words[i]);
	}
	diag_error(l->d, v->pos, strbuf_str(&all), "'%s' is not known here", v->text);
}

static void check_daemon_action(struct loader *l, const struct value *v)
{
	static const char *const words[] = { "kill", "term", "stop", "cont", "abort", "restart" };

	one_of(l, v, words, ARRAY_SIZE(words));
}

static void check_node_action(struct loader *l, const struct value *v)
{
	static const char *const words[] = { "start", "stop", "restart", "kill", "pause", "unpause" };

	one_of(l, v, words, ARRAY_SIZE(words));
}

static void check_operstate(struct loader *l, const struct value *v)
{
	static const char *const words[] = { "up", "down", "lowerlayerdown", "dormant", "unknown" };

	one_of(l, v, words, ARRAY_SIZE(words));
}

static void impair_value(struct loader *l, const struct value *v, enum impair_key key)
{
	struct impair im = { 0 };
	struct error e = { 0 };

	if (impair_parse(&im, key, v->text, &e) < 0)
		diag_error(l->d, v->pos, NULL, "%s", e.msg);
}

static void check_delay(struct loader *l, const struct value *v)
{
	impair_value(l, v, IMPAIR_DELAY);
}

static void check_loss(struct loader *l, const struct value *v)
{
	impair_value(l, v, IMPAIR_LOSS);
}

static void check_rate(struct loader *l, const struct value *v)
{
	impair_value(l, v, IMPAIR_RATE);
}

static void check_rtt(struct loader *l, const struct value *v)
{
	unsigned ms;

	if ((*v->text != '<' && *v->text != '>') || test_duration(v->text + 1, &ms) < 0)
		diag_error(l->d, v->pos, "write \"<20ms\" or \">100ms\"", "'%s' is no bound on a time", v->text);
}

static void check_net_keys(struct loader *l, const struct value *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (strncmp(v->pairs[i].key, "net.", 4) != 0 && strncmp(v->pairs[i].key, "net/", 4) != 0)
			diag_error(l->d, v->pairs[i].key_pos, "only net.* is a node's own", "'%s' is not a setting of a node's network",
				   v->pairs[i].key);
}

static void check_command(struct loader *l, const struct value *v)
{
	each(l, v, "a command", check_name);
}

static void check_list(struct loader *l, const struct value *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->items[i]->type != VALUE_MAP)
			diag_error(l->d, v->items[i]->pos, "for example {dev: eth1, via: 10.0.0.1}", "a next hop must be a map, not %s",
				   value_type_names[v->items[i]->type]);
}

static void check_shares(struct loader *l, const struct value *v)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct pair *p = &v->pairs[i];
		char node[256], *end = NULL;
		double share = p->value->type == VALUE_SCALAR ? strtod(p->value->text, &end) : -1;

		if (!test_endpoint(p->key, node, sizeof(node)))
			diag_error(l->d, p->key_pos, "write NODE:INTERFACE: 50%", "'%s' names no interface", p->key);
		if (!end || end == p->value->text || (*end && strcmp(end, "%") != 0) || !(share >= 0 && share <= 100))
			diag_error(l->d, p->value->pos, NULL, "a share is a number from 0%% to 100%%");
	}
}

/* ---- the keys of each verb ---- */

#define NODE { "node", SHAPE_ANY, KEY_NEEDED, check_names, "one or several" }
#define ABSENT { "absent", SHAPE_BOOL, 0, NULL, "true: it must not be there" }

static const struct schema_key address_keys[] = {
	NODE,
	{ "interface", SHAPE_STRING, 0, NULL, "on that one" },
	{ "address", SHAPE_STRING, KEY_NEEDED, check_prefix, "with its length, or without" },
	ABSENT,
};

static const struct schema_key consistent_keys[] = {
	NODE,
};

static const struct schema_key fib_keys[] = {
	NODE,
	{ "route", SHAPE_STRING, KEY_NEEDED, check_prefix, "the destination, exactly" },
	{ "table", SHAPE_UINT, 0, NULL, "254, the main one, when not given" },
	{ "protocol", SHAPE_STRING, 0, NULL, "as ip-route(8) names them: bgp, ospf, isis, static, kernel" },
	{ "type", SHAPE_STRING, 0, NULL, "unicast, blackhole, unreachable, prohibit, local" },
	{ "metric", SHAPE_UINT, 0, NULL, "" },
	{ "nexthops", SHAPE_LIST, 0, check_list, "as a set: via, dev, weight, flags; no more and no fewer" },
	{ "count", SHAPE_UINT, 0, NULL, "how many next hops are usable, whichever they are" },
	ABSENT,
};

static const struct schema_key flows_keys[] = {
	{ "from", SHAPE_STRING, KEY_NEEDED, check_name, "the node that sends" },
	{ "to", SHAPE_STRING, KEY_NEEDED, check_prefix, "an address, or a prefix: of another address each" },
	{ "count", SHAPE_UINT, 0, NULL, "UDP flows, of other ports each: 1000" },
	{ "shares", SHAPE_MAP, KEY_NEEDED, check_shares, "NODE:INTERFACE: how many percent leave there" },
	{ "tolerance", SHAPE_STRING, 0, NULL, "percent of the whole: 15" },
};

static const struct schema_key interface_keys[] = {
	NODE,
	{ "name", SHAPE_STRING, KEY_NEEDED, check_name, "" },
	{ "operstate", SHAPE_STRING, 0, check_operstate, "" },
	{ "admin", SHAPE_STRING, 0, check_operstate, "up or down" },
	{ "mtu", SHAPE_UINT, 0, NULL, "" },
	{ "master", SHAPE_STRING, 0, NULL, "" },
	{ "kind", SHAPE_STRING, 0, NULL, "veth, bridge, vxlan" },
	ABSENT,
};

static const struct schema_key log_keys[] = {
	NODE,
	{ "match", SHAPE_STRING, KEY_NEEDED, check_regex, "a line of the node's log since the test began" },
};

static const struct schema_key neigh_keys[] = {
	NODE,
	{ "address", SHAPE_STRING, KEY_NEEDED, check_addr, "" },
	{ "interface", SHAPE_STRING, 0, NULL, "" },
	{ "state", SHAPE_STRING, 0, NULL, "reachable, stale, permanent, failed" },
	{ "lladdr", SHAPE_STRING, 0, NULL, "" },
	ABSENT,
};

static const struct schema_key nexthop_keys[] = {
	NODE,
	{ "expect", SHAPE_MAP, KEY_NEEDED, NULL, "what one of the nexthop objects must have: id, via, dev, protocol, group" },
	ABSENT,
};

static const struct schema_key ping_keys[] = {
	{ "from", SHAPE_ANY, KEY_NEEDED, check_names, "one or several nodes" },
	{ "to", SHAPE_ANY, KEY_NEEDED, check_addrs, "one or several addresses" },
	{ "source", SHAPE_STRING, 0, check_addr, "" },
	{ "interface", SHAPE_STRING, 0, check_name, "that it leaves by" },
	{ "count", SHAPE_UINT, 0, NULL, "echo requests, each of which must be answered: 1" },
	{ "size", SHAPE_UINT, 0, NULL, "bytes of data: 56" },
	{ "df", SHAPE_BOOL, 0, NULL, "not to be fragmented" },
	{ "loss", SHAPE_STRING, 0, check_loss, "that may be lost: 0" },
	{ "rtt", SHAPE_STRING, 0, check_rtt, "the mean: <20ms or >100ms" },
	{ "wait", SHAPE_STRING, 0, check_duration, "for each answer: 1s" },
	{ "unreachable", SHAPE_BOOL, 0, NULL, "true: none may be answered" },
};

static const struct schema_key route_get_keys[] = {
	NODE,
	{ "to", SHAPE_STRING, KEY_NEEDED, check_prefix, "an address, or a prefix of which many are asked for" },
	{ "count", SHAPE_UINT, 0, NULL, "addresses of the prefix: 64" },
	{ "source", SHAPE_STRING, 0, check_addr, "" },
	{ "oif", SHAPE_STRING, 0, check_name, "" },
	{ "iif", SHAPE_STRING, 0, check_name, "" },
	{ "mark", SHAPE_UINT, 0, NULL, "" },
	{ "dev", SHAPE_STRING, 0, check_name, "that all of them must leave by" },
	{ "via", SHAPE_STRING, 0, check_addr, "" },
	{ "shares", SHAPE_STRING_MAP, 0, NULL, "INTERFACE: how many percent" },
	{ "tolerance", SHAPE_STRING, 0, NULL, "percent of the whole: 15" },
	{ "unreachable", SHAPE_BOOL, 0, NULL, "true: there must be no route" },
};

static const struct schema_key traceroute_keys[] = {
	{ "from", SHAPE_STRING, KEY_NEEDED, check_name, "" },
	{ "to", SHAPE_STRING, KEY_NEEDED, check_addr, "" },
	{ "hops", SHAPE_STRINGS, KEY_NEEDED, NULL, "the addresses that answer, in order; * for any" },
	{ "source", SHAPE_STRING, 0, check_addr, "" },
};

static const struct schema_key vtysh_keys[] = {
	NODE,
	{ "command", SHAPE_STRING, KEY_NEEDED, check_name, "show ip bgp summary json" },
	{ "daemon", SHAPE_STRING, 0, NULL, "that is asked, when the command does not tell" },
	{ "expect", SHAPE_ANY, 0, NULL, "compared as FRR's topotests do: a part of it; null: absent; \"*\": anything" },
	{ "exact", SHAPE_BOOL, 0, NULL, "true: nothing more, lists in order" },
	{ "match", SHAPE_STRING, 0, check_regex, "of an answer that is no JSON" },
};

static const struct schema_key exec_keys[] = {
	NODE,
	{ "command", SHAPE_ANY, KEY_NEEDED, check_command, "for a shell; a list: without one" },
	{ "status", SHAPE_INT, 0, NULL, "0" },
	{ "stdout", SHAPE_STRING, 0, check_regex, "" },
	{ "stderr", SHAPE_STRING, 0, check_regex, "" },
	{ "json", SHAPE_ANY, 0, NULL, "what its output must have, as vtysh's expect" },
	{ "timeout", SHAPE_STRING, 0, check_duration, "after which it is killed: that of the test" },
};

static const struct schema_key sysctl_keys[] = {
	NODE,
	{ "set", SHAPE_STRING_MAP, 0, check_net_keys, "" },
	{ "expect", SHAPE_STRING_MAP, 0, check_net_keys, "" },
};

static const struct schema_key config_keys[] = {
	NODE,
	{ "lines", SHAPE_ANY, KEY_NEEDED, check_command, "of FRR's configuration, as one text or as a list" },
};

static const struct schema_key daemon_keys[] = {
	NODE,
	{ "name", SHAPE_STRING, KEY_NEEDED, check_name, "bgpd" },
	{ "action", SHAPE_STRING, KEY_NEEDED, check_daemon_action, "" },
};

static const struct schema_key impair_keys[] = {
	{ "link", SHAPE_STRING, KEY_NEEDED, check_end, "NODE:INTERFACE, what leaves there" },
	{ "delay", SHAPE_STRING, 0, check_delay, "" },
	{ "jitter", SHAPE_STRING, 0, check_delay, "" },
	{ "loss", SHAPE_STRING, 0, check_loss, "" },
	{ "rate", SHAPE_STRING, 0, check_rate, "" },
	{ "corruption", SHAPE_STRING, 0, check_loss, "" },
};

static const struct schema_key link_keys[] = {
	{ "do", SHAPE_ANY, KEY_NEEDED, check_link_orders, "NODE:INTERFACE up|down, one or several" },
};

static const struct schema_key node_keys[] = {
	NODE,
	{ "action", SHAPE_STRING, KEY_NEEDED, check_node_action, "" },
};

static const struct schema_key pause_keys[] = {
	{ "for", SHAPE_STRING, KEY_NEEDED, check_duration, "" },
};

const struct verb_row verb_rows[] = {
	[TEST_ADDRESS] = { "address", VERB_CONDITION, SCHEMA(address_keys), NULL, "an interface has an address" },
	[TEST_CONSISTENT] = { "consistent", VERB_CONDITION, SCHEMA(consistent_keys), "node",
			      "what zebra calls installed is in the kernel, and no other route of its" },
	[TEST_FIB] = { "fib", VERB_CONDITION, SCHEMA(fib_keys), NULL, "the kernel has a route" },
	[TEST_FLOWS] = { "flows", VERB_CONDITION, SCHEMA(flows_keys), NULL, "many flows are spread over links" },
	[TEST_INTERFACE] = { "interface", VERB_CONDITION, SCHEMA(interface_keys), NULL, "how an interface is" },
	[TEST_LOG] = { "log", VERB_CONDITION, SCHEMA(log_keys), NULL, "a line of the node's log" },
	[TEST_NEIGH] = { "neigh", VERB_CONDITION, SCHEMA(neigh_keys), NULL, "an entry of the neighbor table" },
	[TEST_NEXTHOP] = { "nexthop", VERB_CONDITION, SCHEMA(nexthop_keys), NULL, "a nexthop object" },
	[TEST_PING] = { "ping", VERB_CONDITION, SCHEMA(ping_keys), NULL, "ICMP echo, without ping(8)" },
	[TEST_ROUTE_GET] = { "route_get", VERB_CONDITION, SCHEMA(route_get_keys), NULL, "which way the kernel chooses" },
	[TEST_TRACEROUTE] = { "traceroute", VERB_CONDITION, SCHEMA(traceroute_keys), NULL, "the routers on the way" },
	[TEST_VTYSH] = { "vtysh", VERB_CONDITION, SCHEMA(vtysh_keys), NULL, "what a daemon of FRR answers" },
	[TEST_EXEC] = { "exec", VERB_EITHER, SCHEMA(exec_keys), NULL, "a command in a node" },
	[TEST_SYSCTL] = { "sysctl", VERB_EITHER, SCHEMA(sysctl_keys), NULL, "settings of a node" },
	[TEST_CONFIG] = { "config", VERB_EVENT, SCHEMA(config_keys), NULL, "FRR gets configuration" },
	[TEST_DAEMON] = { "daemon", VERB_EVENT, SCHEMA(daemon_keys), NULL, "a daemon is killed, stopped, restarted" },
	[TEST_IMPAIR] = { "impair", VERB_EVENT, SCHEMA(impair_keys), NULL, "a link gets worse; without values good again" },
	[TEST_LINK] = { "link", VERB_EVENT, SCHEMA(link_keys), "do", "a link goes up or down" },
	[TEST_NODE] = { "node", VERB_EVENT, SCHEMA(node_keys), NULL, "a node is stopped, started, paused" },
	[TEST_PAUSE] = { "pause", VERB_EVENT, SCHEMA(pause_keys), "for", "nothing for a while" },
};
static_assert(ARRAY_SIZE(verb_rows) == _TEST_VERB_MAX, "one a verb");

const char *test_verb_name(enum test_verb verb)
{
	return verb_rows[verb].name;
}
