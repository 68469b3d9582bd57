// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_frr.c - conditions about routing daemons: what they answer, what they say in their logs, whether the kernel has their routes
 */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/vty.h"
#include "kernel/rtjson.h"
#include "test_run.h"

enum { VTY_MS = 5000, TABLE_MAIN = 254, SHOWN = 8 };

/* ---- vtysh ---- */

/* Which daemon answers a command; the first row whose words are in it. */
static const char *daemon_of(const char *command)
{
	static const struct {
		const char *words, *daemon;
	} rows[] = {
		{ " ospf6", "ospf6d" }, { " ospf", "ospfd" }, { " isis", "isisd" },	{ " bfd", "bfdd" },   { " ldp", "ldpd" },
		{ "show ip route", "zebra" }, { "show ipv6 route", "zebra" }, { " bgp", "bgpd" }, { " ripng", "ripngd" }, { " rip", "ripd" },
		{ " pim", "pimd" },	{ " igmp", "pimd" },  { " mroute", "pimd" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strstr(command, rows[i].words))
			return rows[i].daemon;
	return "zebra";
}

static int ask(const struct test_node *n, const char *daemon, const char *command, struct strbuf *out, struct error *e)
{
	char path[64];
	_cleanup_close_ int dir = -EBADF;

	(void)snprintf(path, sizeof(path), "/proc/%d/root/run/frr", (int)n->st->nodes[n->index].pid);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return error_set(e, errno, "no FRR runs there");
	return vty_query(dir, daemon, command, out, VTY_MS, e);
}

static bool judge_answer(const struct test_step *s, const char *node, const char *text, struct strbuf *why)
{
	const json_t *want = json_object_get(s->args, "expect");
	const char *match = step_string(s, "match");
	bool holds = true;

	if (want)
		holds = step_json(want, text, step_true(s, "exact"), node, why);
	if (match && !step_matches(match, text)) {
		strbuf_printf(why, "%s: no line matches '%s' in: %.1000s\n", node, match, text);
		holds = false;
	}
	return holds;
}

int check_vtysh(struct run *r, const struct test_step *s, struct strbuf *why)
{
	const char *command = step_string(s, "command"), *daemon = step_string(s, "daemon"), *name;
	bool holds = true;

	daemon = daemon ? daemon : daemon_of(command);
	for (size_t i = 0; (name = test_node(s, i)); i++) {
		_cleanup_strbuf_ struct strbuf out = { 0 };
		const struct test_node *n = run_node(r, name, why);
		struct error e = { 0 };

		if (!n)
			return -ENOENT;
		if (ask(n, daemon, command, &out, &e) < 0) {
			strbuf_printf(why, "%s: %s: %s\n", name, daemon, e.msg);
			holds = false;
			continue;
		}
		holds = judge_answer(s, name, strbuf_str(&out), why) && holds;
	}
	return holds;
}

/* ---- zebra's routes and the kernel's ---- */

/* A route that throws away has one next hop in zebra, and none in the kernel. */
static bool is_nowhere(const json_t *hop)
{
	return json_object_get(hop, "blackhole") || json_object_get(hop, "unreachable") || json_object_get(hop, "reject");
}

/* "10.0.0.0/24" -> how many next hops zebra has put into the kernel. */
static void zebra_routes(const json_t *answer, json_t *ret)
{
	const char *prefix;
	const json_t *list, *route, *hop;
	size_t i, k;

	json_object_foreach((json_t *)(uintptr_t)answer, prefix, list)
		json_array_foreach((json_t *)(uintptr_t)list, i, route) {
			json_int_t n = 0;

			if (!json_is_true(json_object_get(route, "selected")) || !json_is_true(json_object_get(route, "installed")))
				continue;
			json_array_foreach(json_object_get(route, "nexthops"), k, hop)
				n += json_is_true(json_object_get(hop, "fib")) && !is_nowhere(hop);
			(void)json_object_set_new(ret, prefix, json_pack("{s:O, s:I}", "protocol", json_object_get(route, "protocol"), "n", n));
		}
}

static bool is_frrs(const char *protocol)
{
	static const char *const words[] = { "bgp", "ospf", "isis", "rip", "ripng", "static", "babel", "eigrp", "openfabric", "zebra" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(protocol, words[i]) == 0)
			return true;
	return false;
}

static bool zebra_owns(const char *protocol)
{
	return strcmp(protocol, "connected") != 0 && strcmp(protocol, "kernel") != 0 && strcmp(protocol, "local") != 0;
}

/* The kernel's main table by destination, without what the kernel and others have put there. */
static json_t *kernel_routes(const json_t *list)
{
	json_t *map = json_object(), *route;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, route) {
		const char *dst = json_string_value(json_object_get(route, "dst"));

		if (json_integer_value(json_object_get(route, "table")) == TABLE_MAIN &&
		    is_frrs(json_string_value(json_object_get(route, "protocol"))))
			(void)json_object_set(map, dst, route);
	}
	return map;
}

static void compare(const char *node, json_t *zebra, json_t *kernel, struct strbuf *why)
{
	const char *prefix;
	const json_t *route;

	json_object_foreach(zebra, prefix, route) {
		const json_t *have = json_object_get(kernel, prefix);
		const size_t want = (size_t)json_integer_value(json_object_get(route, "n"));

		if (!zebra_owns(json_string_value(json_object_get(route, "protocol"))))
			continue;
		if (!have)
			strbuf_printf(why, "%s: zebra says that %s is installed, the kernel does not have it\n", node, prefix);
		else if (want && json_array_size(json_object_get(have, "nexthops")) != want)
			strbuf_printf(why, "%s: %s has %zu next hops in the kernel, %zu in zebra\n", node, prefix,
				      json_array_size(json_object_get(have, "nexthops")), want);
	}
	json_object_foreach(kernel, prefix, route)
		if (!json_object_get(zebra, prefix))
			strbuf_printf(why, "%s: the kernel has %s (%s), zebra knows nothing of it\n", node, prefix,
				      json_string_value(json_object_get(route, "protocol")));
}

static bool consistent(const struct test_node *n, const char *node, struct strbuf *why)
{
	static const char *const commands[] = { "show ip route json", "show ipv6 route json" };
	json_t *zebra = json_object(), *list = NULL, *kernel = NULL;
	const size_t before = why->len;
	struct error e = { 0 };

	for (size_t i = 0; !e.code && i < ARRAY_SIZE(commands); i++) {
		_cleanup_strbuf_ struct strbuf out = { 0 };

		if (ask(n, "zebra", commands[i], &out, &e) == 0) {
			json_t *answer = json_loads(strbuf_str(&out), 0, NULL);

			zebra_routes(answer, zebra);
			json_decref(answer);
		}
	}
	if (!e.code && rtjson_dump(n->conn, RTJSON_ROUTES, &list, &e) == 0)
		kernel = kernel_routes(list);
	if (kernel)
		compare(node, zebra, kernel, why);
	else
		strbuf_printf(why, "%s: %s\n", node, e.msg);
	json_decref(zebra);
	json_decref(kernel);
	json_decref(list);
	return why->len == before;
}

int check_consistent(struct run *r, const struct test_step *s, struct strbuf *why)
{
	const char *name;
	bool holds = true;

	for (size_t i = 0; (name = test_node(s, i)); i++) {
		const struct test_node *n = run_node(r, name, why);

		if (!n)
			return -ENOENT;
		holds = consistent(n, name, why) && holds;
	}
	return holds;
}

/* ---- logs ---- */

static bool log_has(const struct test_node *n, const char *regex)
{
	static const char *const suffixes[] = { ".1", "" };
	bool found = false;

	for (size_t i = 0; !found && i < ARRAY_SIZE(suffixes); i++) {
		_cleanup_fclose_ FILE *f = NULL;
		_cleanup_free_ char *line = NULL;
		char path[PATH_MAX];
		size_t cap = 0;

		(void)snprintf(path, sizeof(path), "%s/%s/logs/%s.log%s", state_dir_root(), n->st->name, n->st->nodes[n->index].name,
			       suffixes[i]);
		f = fopen(path, "re");
		while (f && !found && getline(&line, &cap, f) > 0)
			found = step_matches(regex, line);
	}
	return found;
}

int check_log(struct run *r, const struct test_step *s, struct strbuf *why)
{
	const char *name;
	bool holds = true;

	for (size_t i = 0; (name = test_node(s, i)); i++) {
		const struct test_node *n = run_node(r, name, why);

		if (!n)
			return -ENOENT;
		if (log_has(n, step_string(s, "match")))
			continue;
		strbuf_printf(why, "%s: no line of the log matches '%s'\n", name, step_string(s, "match"));
		holds = false;
	}
	return holds;
}
