// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_docker_objects.c - docker network and rm: what there is besides nodes, and the end of nodes
 *
 * A network is a lab's management network.
 */
#include <inttypes.h>
#include <string.h>

#include "base/inaddr.h"
#include "shim_docker.h"

enum { ID_LEN = 12 };

/* 64 digits that are the same for the same text. */
static const char *id_of(struct arena *a, const char *text)
{
	const struct node_state n = { .longname = text };

	return shim_node_id(a, &n);
}

/* Every lab that runs, as one list. */
struct labs {
	struct lab_state **v;
	size_t n;
	struct arena arena;
};

static void labs_done(struct labs *l)
{
	for (size_t i = 0; i < l->n; i++)
		state_free(l->v[i]);
	arena_done(&l->arena);
}
#define _cleanup_labs_ _cleanup_(labs_done)

static int labs_load(struct labs *l)
{
	struct strv names = { 0 };
	struct error e = { 0 };

	if (state_names(&l->arena, &names, &e) < 0) {
		(void)fprintf(stderr, "Error response from daemon: %s\n", e.msg);
		return -EIO;
	}
	for (size_t i = 0; i < names.n; i++) {
		struct lab_state *st;

		if (state_load(names.v[i], &st, NULL) < 0)
			continue;
		(void)state_refresh(st, NULL);
		*ARENA_PUSH(&l->arena, l->v, l->n) = st;
	}
	return 0;
}

/* ---- networks ---- */

/* The names of all networks, none twice. */
static void networks_find(struct labs *l, struct strv *ret)
{
	for (size_t i = 0; i < l->n; i++)
		if (*l->v[i]->mgmt_network && !strv_contains(ret, l->v[i]->mgmt_network))
			strv_add(&l->arena, ret, l->v[i]->mgmt_network);
}

static const struct docker_column network_columns[] = {
	{ "NETWORK ID", "ID", true },
	{ "NAME", "Name", true },
	{ "DRIVER", "Driver", true },
	{ "SCOPE", "Scope", true },
};

/* One --filter; what all networks are alike in is known, too. */
static bool network_matches(struct arena *a, const char *filter, const char *name, const char **bad)
{
	static const char *const alike[] = { "driver=bridge", "scope=local", "type=custom" };

	if (strncmp(filter, "name=", 5) == 0)
		return strstr(name, filter[5] == '^' ? arena_strndup(a, filter + 6, strcspn(filter + 6, "$")) : filter + 5) != NULL;
	if (strncmp(filter, "id=", 3) == 0)
		return strncmp(id_of(a, name), filter + 3, strlen(filter + 3)) == 0;
	for (size_t i = 0; i < ARRAY_SIZE(alike); i++) {
		const size_t key = strcspn(alike[i], "=") + 1;

		if (strncmp(filter, alike[i], key) == 0)
			return strcmp(filter, alike[i]) == 0;
	}
	*bad = filter;
	return false;
}

/* Filters with the same key are alternatives. */
static bool network_is_wanted(struct arena *a, const struct strv *filters, const char *name, const char **bad)
{
	for (size_t i = 0; i < filters->n; i++) {
		const size_t key = strcspn(filters->v[i], "=") + 1;
		bool any = false;

		for (size_t k = 0; k < filters->n; k++)
			if (strncmp(filters->v[i], filters->v[k], key) == 0)
				any |= network_matches(a, filters->v[k], name, bad);
		if (!any)
			return false;
	}
	return true;
}

int docker_networks(const struct cli *cli)
{
	_cleanup_labs_ struct labs l = { 0 };
	const struct strv filters = cli_list(cli, "filter");
	const char *bad = NULL;
	struct strv names = { 0 };
	struct error e = { 0 };
	json_t *rows;
	int r = 0;

	if (labs_load(&l) < 0)
		return CLI_FAILED;
	networks_find(&l, &names);
	rows = json_array();
	for (size_t i = 0; i < names.n; i++) {
		const char *id = id_of(&l.arena, names.v[i]);

		if (network_is_wanted(&l.arena, &filters, names.v[i], &bad))
			(void)json_array_append_new(
				rows, json_pack("{s:s, s:s, s:s, s:s}", "ID",
						cli_flag(cli, "no-trunc") ? id : arena_strndup(&l.arena, id, ID_LEN),
						"Name", names.v[i], "Driver", "bridge", "Scope", "local"));
	}
	if (bad)
		r = error_set(&e, EINVAL, "Error response from daemon: invalid filter '%s'", bad);
	if (r == 0)
		r = docker_rows(cli_value(cli, "format"), cli_flag(cli, "quiet"), rows, network_columns,
				ARRAY_SIZE(network_columns), &e);
	json_decref(rows);
	if (r < 0)
		(void)fprintf(stderr, "%s\n", e.msg);
	return r < 0 ? CLI_FAILED : CLI_OK;
}

static void subnet_add(json_t *config, const char *subnet)
{
	struct inprefix p, gw;
	char text[INPREFIX_STRLEN];

	if (!*subnet || inprefix_parse(subnet, &p) < 0)
		return;
	gw = inprefix_host(&p, 1);
	(void)inprefix_addr_str(&gw, text);
	(void)json_array_append_new(config, json_pack("{s:s, s:s}", "Subnet", subnet, "Gateway", text));
}

static json_t *network_json(struct labs *l, const char *name)
{
	json_t *config = json_array(), *members = json_object();

	for (size_t i = 0; i < l->n; i++) {
		const struct lab_state *st = l->v[i];

		if (strcmp(st->mgmt_network, name) != 0)
			continue;
		subnet_add(config, st->mgmt_ipv4);
		subnet_add(config, st->mgmt_ipv6);
		for (size_t k = 0; k < st->n_nodes; k++)
			if (strcmp(st->nodes[k].net_mode, "mgmt") == 0 && docker_is_up(&st->nodes[k]))
				(void)json_object_set_new(members, shim_node_id(&l->arena, &st->nodes[k]),
							  json_pack("{s:s, s:s, s:s}", "Name", st->nodes[k].longname,
								    "IPv4Address", st->nodes[k].ipv4, "IPv6Address",
								    st->nodes[k].ipv6));
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:o}, s:b, s:o, s:{}, s:{}}", "Name", name, "Id",
			 id_of(&l->arena, name), "Scope", "local", "Driver", "bridge", "IPAM", "Driver", "default",
			 "Config", config, "Internal", 0, "Containers", members, "Options", "Labels");
}

/* By its name, or the beginning of its id. NULL: there is none. */
static json_t *network_by_word(struct labs *l, const char *word)
{
	struct strv names = { 0 };

	networks_find(l, &names);
	if (strv_contains(&names, word))
		return network_json(l, word);
	for (size_t i = 0; i < names.n && strlen(word) >= 4; i++)
		if (strncmp(id_of(&l->arena, names.v[i]), word, strlen(word)) == 0)
			return network_json(l, names.v[i]);
	return NULL;
}

json_t *docker_network_object(const char *name)
{
	_cleanup_labs_ struct labs l = { 0 };

	return labs_load(&l) < 0 ? NULL : network_by_word(&l, name);
}

int docker_network_inspect(const struct cli *cli)
{
	_cleanup_labs_ struct labs l = { 0 };
	json_t *all;
	int code = CLI_OK;

	if (labs_load(&l) < 0)
		return CLI_FAILED;
	all = json_array();
	for (size_t i = 0; i < cli_args(cli)->n; i++) {
		json_t *one = network_by_word(&l, cli_args(cli)->v[i]);

		if (one) {
			(void)json_array_append_new(all, one);
			continue;
		}
		(void)fprintf(stderr, "Error response from daemon: network %s not found\n", cli_args(cli)->v[i]);
		code = CLI_FAILED;
	}
	if (docker_objects(cli_value(cli, "format"), all) != CLI_OK)
		code = CLI_FAILED;
	json_decref(all);
	return code;
}

/* ---- rm ---- */

/* Whether a node is among those that were named. */
static bool is_named(const struct strv *words, const struct lab_state *lab, const struct node_state *node)
{
	for (size_t i = 0; i < words->n; i++) {
		_cleanup_shim_node_ struct shim_node n = { 0 };
		struct error e = { 0 };

		if (shim_node_find(words->v[i], &n, &e) == 0 && strcmp(n.lab->name, lab->name) == 0 &&
		    strcmp(n.node->name, node->name) == 0)
			return true;
	}
	return false;
}

/* Return: whether a node may be removed, and with it its lab; else why not has been said. */
static bool may_remove(const struct cli *cli, const struct shim_node *node)
{
	const char *name = node->node->longname;

	if (docker_is_up(node->node) && !cli_flag(cli, "force")) {
		(void)fprintf(stderr,
			      "Error response from daemon: cannot remove container \"/%s\": container is running: "
			      "stop the container before removing or force remove\n",
			      name);
		return false;
	}
	for (size_t i = 0; i < node->lab->n_nodes; i++) {
		const struct node_state *other = &node->lab->nodes[i];

		if (!docker_is_container(other) || is_named(cli_args(cli), node->lab, other))
			continue;
		(void)fprintf(
			stderr,
			"Error response from daemon: cannot remove container \"/%s\": netemu ends labs as a whole, "
			"and %s of lab %s stays: docker stop, or netemu destroy %s\n",
			name, other->longname, node->lab->name, node->lab->name);
		return false;
	}
	return true;
}

/* A lab goes when all of its nodes are named (docker rm -f $(docker ps -aq)); when one of them cannot go, nothing does. */
int docker_rm(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	const struct strv *args = cli_args(cli);
	struct strv labs = { 0 }, names = { 0 };
	int code = CLI_OK;

	for (size_t i = 0; i < args->n; i++) {
		_cleanup_shim_node_ struct shim_node n = { 0 };

		if (!docker_find(args->v[i], &n) || !may_remove(cli, &n)) {
			code = CLI_FAILED;
			continue;
		}
		strv_add(&a, &names, args->v[i]);
		if (!strv_contains(&labs, n.lab->name))
			strv_add(&a, &labs, n.lab->name);
	}
	for (size_t i = 0; code == CLI_OK && i < labs.n; i++) {
		const int saved = shim_quiet();

		code |= shim_verb("destroy", "--name", labs.v[i], SHIM_END);
		shim_loud(saved);
	}
	for (size_t i = 0; code == CLI_OK && i < names.n; i++)
		(void)puts(names.v[i]);
	return code;
}
