// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_docker_ps.c - docker ps: nodes as docker would tell of containers
 *
 * Owns what docker calls the things that it says of them, and the filters; shim_docker_format.c writes it.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/inaddr.h"
#include "nodeexec.h"
#include "shim_docker.h"
#include "when.h"

enum { COMMAND_LEN = 20, ID_LEN = 12 };

/* ---- what docker knows of a container ---- */

bool docker_is_up(const struct node_state *n)
{
	return n->pid && strcmp(n->state, "exited") != 0 && strcmp(n->state, "dead") != 0 &&
	       strcmp(n->state, "stopped") != 0;
}

int docker_exit_code(const struct node_state *n)
{
	if (docker_is_up(n))
		return 0;
	return WIFSIGNALED(n->exit_status) ? 128 + WTERMSIG(n->exit_status) : WEXITSTATUS(n->exit_status);
}

static bool is_paused(const struct node_state *n)
{
	return strcmp(n->state, "paused") == 0;
}

/* It waits for other nodes before it is made (stages). */
static bool is_created(const struct node_state *n)
{
	return strcmp(n->state, "created") == 0;
}

const char *docker_state(const struct node_state *n)
{
	if (is_created(n))
		return "created";
	return is_paused(n) ? "paused" : docker_is_up(n) ? "running" : "exited";
}

int64_t docker_started_at(const struct lab_state *lab, const struct node_state *n)
{
	return n->started_at ? n->started_at : lab->created;
}

const char *docker_health(struct arena *a, const struct node_state *n)
{
	if (!*n->health || !docker_is_up(n) || is_paused(n))
		return "";
	return arena_printf(a, strcmp(n->health, "starting") == 0 ? "(health: %s)" : "(%s)", n->health);
}

static const char *remark_text(struct arena *a, const struct node_state *n)
{
	const char *health = docker_health(a, n);

	if (is_paused(n))
		return " (Paused)";
	return *health ? arena_printf(a, " %s", health) : "";
}

static const char *status_text(struct arena *a, const struct lab_state *lab, const struct node_state *n)
{
	if (docker_is_up(n))
		return arena_printf(a, "Up %s%s", when_since(a, docker_started_at(lab, n)), remark_text(a, n));
	if (is_created(n))
		return "Created";
	return arena_printf(a, "Exited (%d) %s ago", docker_exit_code(n),
			    when_since(a, n->finished_at ? n->finished_at : docker_started_at(lab, n)));
}

const char *docker_image(const struct node_state *n)
{
	return *n->image ? n->image : "netemu/host";
}

const char *docker_network_of(struct arena *a, const struct lab_state *lab, const struct node_state *n)
{
	if (strcmp(n->net_mode, "mgmt") == 0)
		return *lab->mgmt_network ? lab->mgmt_network : "clab";
	return arena_strdup(a, n->net_mode);
}

/* The labels that containerlab and Kind put on their containers, and the file's own. */
json_t *docker_labels(const struct lab_state *lab, const struct node_state *n)
{
	_cleanup_arena_ struct arena a = { 0 };
	json_t *map = json_object();
	struct strv all;

	if (strcmp(lab->type, "cluster") == 0) {
		(void)json_object_set_new(map, "io.x-k8s.kind.cluster", json_string(lab->name));
		(void)json_object_set_new(map, "io.x-k8s.kind.role",
					  json_string(strstr(n->name, "control-plane") ? "control-plane" : "worker"));
		return map;
	}
	all = nodeexec_labels(lab, (size_t)(n - lab->nodes), &a);
	for (size_t i = 0; i < all.n; i++) {
		const char *eq = strchr(all.v[i], '=');

		(void)json_object_set_new(map, arena_strndup(&a, all.v[i], (size_t)(eq - all.v[i])), json_string(eq + 1));
	}
	return map;
}

static const char *ports_text(struct arena *a, const struct node_state *n)
{
	const char *text = "";

	for (size_t i = 0; i < n->ports.n; i++)
		text = arena_printf(a, "%s%s%s", text, i ? ", " : "", n->ports.v[i]);
	return text;
}

static const char *labels_text(struct arena *a, json_t *labels)
{
	const char *text = "", *key;
	json_t *value;

	json_object_foreach(labels, key, value)
		text = arena_printf(a, "%s%s%s=%s", text, *text ? "," : "", key, json_string_value(value));
	return text;
}

/* ---- ps ---- */

static const char *command_text(struct arena *a, const struct node_state *n, bool full)
{
	const char *cmd = "";
	struct strv words = { 0 };

	if (shlex_split(a, *n->command ? n->command : "sleep infinity", &words, NULL) < 0)
		strv_add(a, &words, n->command);
	for (size_t i = 0; i < words.n; i++)
		cmd = arena_printf(a, "%s%s%s", cmd, i ? " " : "", words.v[i]);
	if (full || strlen(cmd) <= COMMAND_LEN)
		return arena_printf(a, "\"%s\"", cmd);
	return arena_printf(a, "\"%.*s…\"", COMMAND_LEN - 1, cmd);
}

static json_t *ps_row(struct arena *a, const struct lab_state *lab, const struct node_state *n, bool full)
{
	json_t *labels = docker_labels(lab, n);
	const char *id = shim_node_id(a, n);
	json_t *row =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "ID",
			  full ? id : arena_strndup(a, id, ID_LEN), "Image", docker_image(n), "Command",
			  command_text(a, n, full), "CreatedAt", when_iso(a, lab->created), "RunningFor",
			  arena_printf(a, "%s ago", when_since(a, lab->created)), "Status", status_text(a, lab, n),
			  "Ports", ports_text(a, n), "Names", n->longname, "State", docker_state(n), "Labels", labels_text(a, labels),
			  "Networks", docker_network_of(a, lab, n), "Mounts", "", "Size", "0B");

	json_decref(labels);
	return row;
}

static bool label_matches(const struct lab_state *lab, const struct node_state *n, const char *want)
{
	const size_t len = strcspn(want, "=");
	json_t *labels = docker_labels(lab, n), *value;
	const char *key;
	bool found = false;

	json_object_foreach(labels, key, value)
		if (strlen(key) == len && strncmp(key, want, len) == 0)
			found = !want[len] || strcmp(json_string_value(value), want + len + 1) == 0;
	json_decref(labels);
	return found;
}

/* ---- filters ---- */

struct candidate {
	struct arena *a;
	const struct lab_state *lab;
	const struct node_state *n;
};

static bool by_name(const struct candidate *c, const char *value)
{
	value += *value == '/';
	if (*value != '^')
		return strstr(c->n->longname, value) != NULL;
	value++;
	return value[strcspn(value, "$")] ? strcmp(c->n->longname, arena_strndup(c->a, value, strcspn(value, "$"))) == 0
					  : strncmp(c->n->longname, value, strlen(value)) == 0;
}

static bool by_id(const struct candidate *c, const char *value)
{
	return strncmp(shim_node_id(c->a, c->n), value, strlen(value)) == 0;
}

static bool by_label(const struct candidate *c, const char *value)
{
	return label_matches(c->lab, c->n, value);
}

static bool by_status(const struct candidate *c, const char *value)
{
	return strcmp(value, docker_state(c->n)) == 0;
}

static bool by_exit(const struct candidate *c, const char *value)
{
	return !docker_is_up(c->n) && strcmp(value, arena_printf(c->a, "%d", docker_exit_code(c->n))) == 0;
}

static bool by_health(const struct candidate *c, const char *value)
{
	return strcmp(value, *c->n->health ? c->n->health : "none") == 0;
}

/* A name without a tag means every tag. */
static bool by_image(const struct candidate *c, const char *value)
{
	const char *image = docker_image(c->n);
	const size_t len = strlen(value);

	return strncmp(image, value, len) == 0 && (!image[len] || image[len] == ':' || image[len] == '@');
}

static bool by_network(const struct candidate *c, const char *value)
{
	return strcmp(docker_network_of(c->a, c->lab, c->n), value) == 0;
}

/* "80", "80/tcp", "80-90": a port of "0.0.0.0:8080->80/tcp", the host's or the node's. */
static bool port_matches(const struct candidate *c, const char *value, bool host)
{
	unsigned from = 0, to;
	char proto[8] = "tcp";

	if (sscanf(value, "%5u-%5u/%7s", &from, &to, proto) < 2) {
		if (sscanf(value, "%5u/%7s", &from, proto) < 1)
			return false;
		to = from;
	}
	for (size_t i = 0; i < c->n->ports.n; i++) {
		const char *text = c->n->ports.v[i], *arrow = strstr(text, "->"), *slash = strrchr(text, '/'), *colon = arrow;
		unsigned port;

		while (colon && colon > text && *--colon != ':')
			;
		if (!arrow || !slash || strcmp(slash + 1, proto) != 0)
			continue;
		port = (unsigned)strtoul(host ? colon + 1 : arrow + 2, NULL, 10);
		if (port >= from && port <= to)
			return true;
	}
	return false;
}

static bool by_publish(const struct candidate *c, const char *value)
{
	return port_matches(c, value, true);
}

static bool by_expose(const struct candidate *c, const char *value)
{
	return port_matches(c, value, false);
}

/* All nodes of a lab are as old as the lab. */
static bool is_older(const struct candidate *c, const char *value, int sign)
{
	_cleanup_shim_node_ struct shim_node other = { 0 };
	struct error e = { 0 };

	return shim_node_find(value, &other, &e) == 0 && sign * (other.lab->created - c->lab->created) > 0;
}

static bool by_before(const struct candidate *c, const char *value)
{
	return is_older(c, value, 1);
}

static bool by_since(const struct candidate *c, const char *value)
{
	return is_older(c, value, -1);
}

static bool is_task(const struct candidate *c, const char *value)
{
	(void)c;
	return strcmp(value, "false") == 0 || strcmp(value, "0") == 0;
}

static const struct {
	const char *key;
	bool (*matches)(const struct candidate *c, const char *value);
} filters_known[] = {
	{ "name", by_name },	   { "id", by_id },	      { "label", by_label },   { "status", by_status },
	{ "exited", by_exit },	   { "health", by_health },   { "ancestor", by_image }, { "network", by_network },
	{ "publish", by_publish }, { "expose", by_expose },   { "before", by_before }, { "since", by_since },
	{ "is-task", is_task },
};

/* One --filter. @known: whether it is one at all. */
static bool filter_matches(const struct candidate *c, const char *filter, bool *known)
{
	const size_t len = strcspn(filter, "=");

	for (size_t i = 0; filter[len] && i < ARRAY_SIZE(filters_known); i++)
		if (strlen(filters_known[i].key) == len && strncmp(filters_known[i].key, filter, len) == 0) {
			*known = true;
			return filters_known[i].matches(c, filter + len + 1);
		}
	*known = false;
	return false;
}

/* Filters with the same key are alternatives, but labels, which must all be there. */
static bool filters_match(const struct candidate *c, const struct strv *filters, const char **bad)
{
	for (size_t i = 0; i < filters->n; i++) {
		const size_t key = strcspn(filters->v[i], "=");
		bool any = false, known = false;

		for (size_t k = 0; k < filters->n; k++)
			if (i == k || (strncmp(filters->v[i], filters->v[k], key + 1) == 0 &&
				       strncmp(filters->v[i], "label=", 6) != 0))
				any |= filter_matches(c, filters->v[k], &known);
		if (!known)
			*bad = filters->v[i];
		if (!any)
			return false;
	}
	return true;
}

/* Bridges and the host itself are none. */
bool docker_is_container(const struct node_state *n)
{
	return n->pid || (n->netns_fd >= 0 && strcmp(n->kind, "linux") == 0);
}

/* --last N, --latest: also those that do not run. The newest lab comes first. */
static size_t how_many(const struct cli *cli, bool *all)
{
	const size_t last = cli_flag(cli, "latest") ? 1 : cli_number(cli, "last", 0);

	*all = cli_flag(cli, "all") || last;
	for (size_t i = 0; i < cli_list(cli, "filter").n; i++)
		*all |= strncmp(cli_list(cli, "filter").v[i], "status=", 7) == 0 ||
			strncmp(cli_list(cli, "filter").v[i], "exited=", 7) == 0;
	return last ? last : SIZE_MAX;
}

static int newest_first(const void *a, const void *b)
{
	const struct lab_state *const *x = a, *const *y = b;

	return (*x)->created != (*y)->created ? ((*x)->created < (*y)->created ? 1 : -1) : strcmp((*y)->name, (*x)->name);
}

static void lab_rows(const struct cli *cli, struct arena *a, const struct lab_state *lab, json_t *rows, const char **bad)
{
	const struct strv filters = cli_list(cli, "filter");
	bool all;
	const size_t max = how_many(cli, &all);

	for (size_t k = 0; k < lab->n_nodes && json_array_size(rows) < max; k++) {
		const struct candidate c = { a, lab, &lab->nodes[k] };

		if (docker_is_container(c.n) && (docker_is_up(c.n) || all) && filters_match(&c, &filters, bad))
			(void)json_array_append_new(rows, ps_row(a, lab, c.n, cli_flag(cli, "no-trunc")));
	}
}

/* Whether each filter is one, also when there is nothing to look at. */
static void filters_check(const struct strv *filters, const char **bad)
{
	for (size_t i = 0; i < filters->n; i++) {
		const size_t len = strcspn(filters->v[i], "=");
		bool known = false;

		for (size_t k = 0; k < ARRAY_SIZE(filters_known); k++)
			known |= strlen(filters_known[k].key) == len && strncmp(filters_known[k].key, filters->v[i], len) == 0;
		if (!known)
			*bad = filters->v[i];
	}
}

static int rows_collect(const struct cli *cli, struct arena *a, json_t *rows, const char **bad, struct error *e)
{
	const struct strv filters = cli_list(cli, "filter");
	struct strv names = { 0 };
	struct lab_state **labs = NULL;
	size_t n = 0;
	int r = state_names(a, &names, e);

	filters_check(&filters, bad);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct lab_state *lab;

		if (state_load(names.v[i], &lab, NULL) < 0)
			continue;
		(void)state_refresh(lab, NULL);
		*ARENA_PUSH(a, labs, n) = lab;
	}
	if (n)
		qsort(labs, n, sizeof(*labs), newest_first);
	for (size_t i = 0; i < n; i++) {
		lab_rows(cli, a, labs[i], rows, bad);
		state_free(labs[i]);
	}
	return r;
}

static const struct docker_column ps_columns[] = {
	{ "CONTAINER ID", "ID", true },	   { "IMAGE", "Image", true },		 { "COMMAND", "Command", true },
	{ "CREATED", "RunningFor", true }, { "STATUS", "Status", true },	 { "PORTS", "Ports", true },
	{ "NAMES", "Names", true },	   { "CREATED AT", "CreatedAt", false }, { "STATE", "State", false },
	{ "LABELS", "Labels", false },	   { "NETWORKS", "Networks", false },	 { "MOUNTS", "Mounts", false },
	{ "SIZE", "Size", false },
};

int docker_ps(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	json_t *rows = json_array();
	const char *format = cli_value(cli, "format"), *bad = NULL;
	struct error e = { 0 };
	int r = rows_collect(cli, &a, rows, &bad, &e);

	if (r == 0 && bad)
		r = error_set(&e, EINVAL, "Error response from daemon: invalid filter '%.*s'", (int)strcspn(bad, "="),
			      bad);
	if (r == 0)
		r = docker_rows(format, cli_flag(cli, "quiet"), rows, ps_columns, ARRAY_SIZE(ps_columns), &e);
	json_decref(rows);
	if (r < 0)
		(void)fprintf(stderr, "%s\n", e.msg);
	return r < 0 ? CLI_FAILED : CLI_OK;
}
