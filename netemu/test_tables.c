// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_tables.c - conditions about the kernel's tables, read by netlink: routes, nexthop objects, neighbors, addresses, links
 */
#include <net/if.h>
#include <string.h>

#include "base/inaddr.h"
#include "cli.h"
#include "kernel/link.h"
#include "kernel/rtjson.h"
#include "kernel/sysctl.h"
#include "kernel/netns.h"
#include "ktest/jsoncmp.h"
#include "test_run.h"

enum { TABLE_MAIN = 254, GET_DEFAULT = 64, GET_MAX = 65536 };

/* One node: whether the list has what is wanted. Owns what it gets. */
typedef bool (*judge_fn)(const struct test_step *s, const json_t *list, const char *node, struct strbuf *why);

static int each_node(struct run *r, const struct test_step *s, enum rtjson_table table, judge_fn judge, struct strbuf *why)
{
	const char *name;
	bool holds = true;

	for (size_t i = 0; (name = test_node(s, i)); i++) {
		const struct test_node *n = run_node(r, name, why);
		struct error e = { 0 };
		json_t *list = NULL;

		if (!n)
			return -ENOENT;
		if (rtjson_dump(n->conn, table, &list, &e) < 0) {
			strbuf_printf(why, "%s: %s\n", name, e.msg);
			holds = false;
			continue;
		}
		holds = judge(s, list, name, why) && holds;
		json_decref(list);
	}
	return holds;
}

static void put_json(struct strbuf *out, const json_t *v)
{
	char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

	strbuf_puts(out, text ? text : "?");
	free(text);
}

/* Those of @list that have all of @want. */
static json_t *select_those(const json_t *list, const json_t *want)
{
	json_t *found = json_array();
	const json_t *item;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, item)
		if (jsoncmp(want, item, false, NULL) == 0)
			(void)json_array_append(found, (json_t *)(uintptr_t)item);
	return found;
}

/*
 * Whether there is one that has all of @key (who it is) and @want (how it is); the nearest is told. With `absent`, whether there
 * is none with either.
 */
static bool has_one(const struct test_step *s, const json_t *list, const json_t *key, const json_t *want, const char *what,
		    const char *node, struct strbuf *why)
{
	json_t *those = select_those(list, key), *fit = select_those(those, want);
	const size_t n = json_array_size(those), n_fit = json_array_size(fit);
	const bool absent = step_true(s, "absent");

	if (absent && n_fit) {
		strbuf_printf(why, "%s: must not be there: ", node);
		put_json(why, json_array_get(fit, 0));
		strbuf_putc(why, '\n');
	} else if (!absent && n == 0) {
		strbuf_printf(why, "%s: no such %s: ", node, what);
		put_json(why, key);
		strbuf_putc(why, '\n');
	} else if (!absent && n_fit == 0) {
		_cleanup_strbuf_ struct strbuf diff = { 0 };

		(void)jsoncmp(want, json_array_get(those, 0), false, &diff);
		strbuf_printf(why, "%s: %s", node, strbuf_str(&diff));
	}
	json_decref(those);
	json_decref(fit);
	return absent ? n_fit == 0 : n_fit > 0;
}

/* A map of those keys of a step that it has. */
static json_t *part_of(const struct test_step *s, const char *const *keys, size_t n)
{
	json_t *map = json_object();

	for (size_t i = 0; i < n; i++) {
		json_t *v = json_object_get(s->args, keys[i]);

		if (v)
			(void)json_object_set(map, keys[i], v);
	}
	return map;
}

/* An address as the kernel's tables have it: "2001:DB8::0" -> "2001:db8::". */
static json_t *plain_address(const char *text, bool with_length)
{
	char buf[INPREFIX_STRLEN];
	struct inprefix p;

	if (strcmp(text, "default") == 0)
		text = "0.0.0.0/0";
	if (inprefix_parse(text, &p) < 0)
		return json_string(text);
	return json_string(with_length ? inprefix_str(&p, buf) : inprefix_addr_str(&p, buf));
}

/* ---- routes ---- */

static bool is_usable(const json_t *hop)
{
	const json_t *flag;
	size_t i;

	json_array_foreach(json_object_get(hop, "flags"), i, flag)
		if (strcmp(json_string_value(flag), "dead") == 0 || strcmp(json_string_value(flag), "linkdown") == 0)
			return false;
	return true;
}

/* No more next hops than are wanted, and as many usable ones as are wanted. */
static bool judge_count(const struct test_step *s, const json_t *route, const char *node, struct strbuf *why)
{
	const json_t *hops = json_object_get(route, "nexthops"), *want = json_object_get(s->args, "nexthops"), *hop;
	const json_int_t count = step_int(s, "count", -1);
	json_int_t usable = 0;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)hops, i, hop)
		usable += is_usable(hop);
	if (want && json_array_size(want) != json_array_size(hops))
		strbuf_printf(why, "%s: %zu next hops, want %zu: ", node, json_array_size(hops), json_array_size(want));
	else if (count >= 0 && count != usable)
		strbuf_printf(why, "%s: %d usable next hops, want %d: ", node, (int)usable, (int)count);
	else
		return true;
	put_json(why, hops);
	strbuf_putc(why, '\n');
	return false;
}

static bool judge_fib(const struct test_step *s, const json_t *list, const char *node, struct strbuf *why)
{
	static const char *const keys[] = { "protocol", "type", "metric", "nexthops" };
	json_t *key = json_pack("{s:o, s:I}", "dst", plain_address(step_string(s, "route"), true), "table", step_int(s, "table", TABLE_MAIN));
	json_t *want = part_of(s, keys, ARRAY_SIZE(keys)), *those = select_those(list, key);
	bool holds = has_one(s, list, key, want, "route", node, why);

	if (holds && !step_true(s, "absent")) {
		json_t *fit = select_those(those, want);

		holds = judge_count(s, json_array_get(fit, 0), node, why);
		json_decref(fit);
	}
	json_decref(those);
	json_decref(want);
	json_decref(key);
	return holds;
}

int check_fib(struct run *r, const struct test_step *s, struct strbuf *why)
{
	return each_node(r, s, RTJSON_ROUTES, judge_fib, why);
}

/* ---- the others ---- */

static bool judge_nexthop(const struct test_step *s, const json_t *list, const char *node, struct strbuf *why)
{
	json_t *any = json_object();
	const bool holds = has_one(s, list, any, json_object_get(s->args, "expect"), "nexthop object", node, why);

	json_decref(any);
	return holds;
}

int check_nexthop(struct run *r, const struct test_step *s, struct strbuf *why)
{
	return each_node(r, s, RTJSON_NEXTHOPS, judge_nexthop, why);
}

static bool judge_neigh(const struct test_step *s, const json_t *list, const char *node, struct strbuf *why)
{
	static const char *const keys[] = { "interface", "state", "lladdr" };
	json_t *key = json_pack("{s:o}", "address", plain_address(step_string(s, "address"), false));
	json_t *want = part_of(s, keys, ARRAY_SIZE(keys));
	const bool holds = has_one(s, list, key, want, "neighbor", node, why);

	json_decref(key);
	json_decref(want);
	return holds;
}

int check_neigh(struct run *r, const struct test_step *s, struct strbuf *why)
{
	return each_node(r, s, RTJSON_NEIGHS, judge_neigh, why);
}

/* An address without a length has any. */
static bool judge_address(const struct test_step *s, const json_t *list, const char *node, struct strbuf *why)
{
	static const char *const keys[] = { "interface" };
	const char *text = step_string(s, "address");
	json_t *want = part_of(s, keys, ARRAY_SIZE(keys)), *bare = json_array(), *key, *item;
	size_t i;
	bool holds;

	json_array_foreach((json_t *)(uintptr_t)list, i, item) {
		const char *has = json_string_value(json_object_get(item, "address"));
		json_t *copy = json_copy(item);

		if (!strchr(text, '/'))
			(void)json_object_set_new(copy, "address", plain_address(has, false));
		(void)json_array_append_new(bare, copy);
	}
	key = json_pack("{s:o}", "address", plain_address(text, strchr(text, '/') != NULL));
	holds = has_one(s, bare, key, want, "address", node, why);
	json_decref(bare);
	json_decref(want);
	json_decref(key);
	return holds;
}

int check_address(struct run *r, const struct test_step *s, struct strbuf *why)
{
	return each_node(r, s, RTJSON_ADDRS, judge_address, why);
}

static bool judge_interface(const struct test_step *s, const json_t *list, const char *node, struct strbuf *why)
{
	static const char *const keys[] = { "operstate", "admin", "mtu", "master", "kind" };
	json_t *key = json_pack("{s:s}", "name", step_string(s, "name")), *want = part_of(s, keys, ARRAY_SIZE(keys));
	const bool holds = has_one(s, list, key, want, "interface", node, why);

	json_decref(key);
	json_decref(want);
	return holds;
}

int check_interface(struct run *r, const struct test_step *s, struct strbuf *why)
{
	return each_node(r, s, RTJSON_LINKS, judge_interface, why);
}

/* ---- lookups ---- */

/* What was found for all addresses: how often each interface, and each gateway. */
struct lookups {
	unsigned n, lost;
	json_t *dev, *via;
	char reason[512]; /* of the first that was lost */
};

static void count_one(json_t *map, const char *key)
{
	if (key)
		(void)json_object_set_new(map, key, json_integer(json_integer_value(json_object_get(map, key)) + 1));
}

static int ifindex_of(struct nlconn *c, const char *ifname, struct strbuf *why)
{
	struct error e = { 0 };
	int index = 0;

	if (ifname && link_get_index(c, ifname, &index, &e) < 0) {
		strbuf_printf(why, "%s\n", e.msg);
		return -e.code;
	}
	return index;
}

static int query_of(const struct test_step *s, struct nlconn *c, struct rtjson_lookup *q, struct inprefix *net, struct strbuf *why)
{
	const char *source = step_string(s, "source");

	*q = (struct rtjson_lookup){ .mark = (uint32_t)step_int(s, "mark", 0) };
	if (inprefix_parse(step_string(s, "to"), net) < 0 || (source && inprefix_parse(source, &q->from) < 0))
		return -EINVAL;
	q->oif = ifindex_of(c, step_string(s, "oif"), why);
	q->iif = q->oif < 0 ? 0 : ifindex_of(c, step_string(s, "iif"), why);
	return q->oif < 0 ? q->oif : MIN_OF(q->iif, 0);
}

static void look_up(struct nlconn *c, const struct rtjson_lookup *q, struct lookups *l)
{
	struct error e = { 0 };
	json_t *route = NULL, *hop;
	const char *type;

	l->n++;
	if (rtjson_route_get(c, q, &route, &e) == 0) {
		hop = json_array_get(json_object_get(route, "nexthops"), 0);
		type = json_string_value(json_object_get(route, "type"));
		count_one(l->dev, json_string_value(json_object_get(hop, "dev")));
		count_one(l->via, json_string_value(json_object_get(hop, "via")));
		if (type && strcmp(type, "unicast") != 0 && strcmp(type, "local") != 0)
			(void)error_set(&e, ENETUNREACH, "the route is %s", type);
		json_decref(route);
	}
	if (e.code && l->lost++ == 0)
		(void)snprintf(l->reason, sizeof(l->reason), "%s", e.msg);
}

static void want_all(const char *what, const char *want, const json_t *got, const struct lookups *l, const char *node, struct strbuf *why)
{
	if (want && json_integer_value(json_object_get(got, want)) != (json_int_t)l->n) {
		strbuf_printf(why, "%s: %d of %u lookups give %s %s: ", node, (int)json_integer_value(json_object_get(got, want)), l->n, what,
			      want);
		put_json(why, got);
		strbuf_putc(why, '\n');
	}
}

static bool judge_lookups(const struct test_step *s, const struct lookups *l, const char *node, struct strbuf *why)
{
	const size_t before = why->len;
	const char *ifname;
	const json_t *want;

	if (step_true(s, "unreachable")) {
		if (l->lost < l->n)
			strbuf_printf(why, "%s: %u of %u have a route\n", node, l->n - l->lost, l->n);
		return why->len == before;
	}
	if (l->lost)
		strbuf_printf(why, "%s: %u of %u have no route: %s\n", node, l->lost, l->n, l->reason);
	want_all("dev", step_string(s, "dev"), l->dev, l, node, why);
	want_all("via", step_string(s, "via"), l->via, l, node, why);
	json_object_foreach(json_object_get(s->args, "shares"), ifname, want) {
		const uint64_t part = (uint64_t)json_integer_value(json_object_get(l->dev, ifname));

		if (!step_share(json_string_value(want), step_string(s, "tolerance"), part, l->n))
			strbuf_printf(why, "%s: %u of %u lookups give dev %s, want %s\n", node, (unsigned)part, l->n, ifname,
				      json_string_value(want));
	}
	return why->len == before;
}

static int route_get_node(const struct test_step *s, struct nlconn *c, const char *node, struct strbuf *why)
{
	struct lookups l = { .dev = json_object(), .via = json_object() };
	struct rtjson_lookup q;
	struct inprefix net;
	int holds = query_of(s, c, &q, &net, why);

	if (holds == 0) {
		const bool many = net.len < inprefix_bits(&net);
		const json_int_t count = step_int(s, "count", many ? GET_DEFAULT : 1);

		for (json_int_t i = 0; i < MIN_OF(count, (json_int_t)GET_MAX); i++) {
			q.to = many ? inprefix_host(&net, (uint64_t)i + 1) : net;
			q.to.len = (uint8_t)inprefix_bits(&q.to);
			look_up(c, &q, &l);
		}
		holds = judge_lookups(s, &l, node, why);
	}
	json_decref(l.dev);
	json_decref(l.via);
	return holds;
}

int check_route_get(struct run *r, const struct test_step *s, struct strbuf *why)
{
	const char *name;
	int holds = 1;

	for (size_t i = 0; holds >= 0 && (name = test_node(s, i)); i++) {
		const struct test_node *n = run_node(r, name, why);
		const int one = n ? route_get_node(s, n->conn, name, why) : -ENOENT;

		holds = one < 0 ? 0 : holds && one;
	}
	return holds;
}

/* ---- settings ---- */

static bool sysctl_one(int procfd, const char *node, const char *key, const char *value, bool set, struct strbuf *why)
{
	struct error e = { 0 };
	char is[512];

	/* Only the network namespace is the node's here. */
	if (strncmp(key, "net.", 4) != 0 && strncmp(key, "net/", 4) != 0) {
		strbuf_printf(why, "%s: %s is not a setting of a node's network (net.*)\n", node, key);
		return false;
	}
	if (set && sysctl_write(procfd, key, value, &e) < 0) {
		strbuf_printf(why, "%s: %s\n", node, e.msg);
		return false;
	}
	if (set)
		return true;
	if (sysctl_read(procfd, key, is, sizeof(is), &e) < 0)
		strbuf_printf(why, "%s: %s\n", node, e.msg);
	else if (strcmp(is, value) != 0)
		strbuf_printf(why, "%s: %s is %s, want %s\n", node, key, is, value);
	else
		return true;
	return false;
}

static bool sysctls(int procfd, const char *node, const json_t *map, bool set, struct strbuf *why)
{
	const char *key;
	const json_t *value;
	bool ok = true;

	json_object_foreach((json_t *)(uintptr_t)map, key, value)
		ok = sysctl_one(procfd, node, key, json_string_value(value), set, why) && ok;
	return ok;
}

int check_sysctl(struct run *r, const struct test_step *s, struct strbuf *why)
{
	_cleanup_close_ int procfd = -EBADF;
	struct error e = { 0 };
	const char *name;
	bool holds = true;

	if (sysctl_open(&procfd, &e) < 0) {
		strbuf_printf(why, "%s\n", e.msg);
		return -e.code;
	}
	for (size_t i = 0; (name = test_node(s, i)); i++) {
		const struct test_node *n = run_node(r, name, why);

		if (!n || netns_enter(n->netns, &e) < 0)
			return -ENOENT;
		holds = sysctls(procfd, name, json_object_get(s->args, "set"), true, why) && holds;
		holds = holds && sysctls(procfd, name, json_object_get(s->args, "expect"), false, why);
		if (netns_enter(r->self_ns, &e) < 0)
			_exit(CLI_EXEC_FAILED); /* it is in a node, and no longer of any use */
	}
	return holds;
}
