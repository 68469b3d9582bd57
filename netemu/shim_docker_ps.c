// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_docker_ps.c - docker ps and docker inspect: nodes as docker would tell of containers
 *
 * Both make JSON of what the lab's state says; shim_docker_format.c writes it.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/inaddr.h"
#include "shim_docker.h"
#include "when.h"

enum { COMMAND_LEN = 20, ID_LEN = 12 };

/* ---- what docker knows of a container ---- */

bool docker_is_up(const struct node_state *n)
{
	return n->pid && strcmp(n->state, "exited") != 0 && strcmp(n->state, "dead") != 0 &&
	       strcmp(n->state, "stopped") != 0;
}

static int exit_code(const struct node_state *n)
{
	if (docker_is_up(n))
		return 0;
	return WIFSIGNALED(n->exit_status) ? 128 + WTERMSIG(n->exit_status) : WEXITSTATUS(n->exit_status);
}

static bool is_paused(const struct node_state *n)
{
	return strcmp(n->state, "paused") == 0;
}

const char *docker_state(const struct node_state *n)
{
	return is_paused(n) ? "paused" : docker_is_up(n) ? "running" : "exited";
}

static int64_t started_at(const struct lab_state *lab, const struct node_state *n)
{
	return n->started_at ? n->started_at : lab->created;
}

static const char *remark_text(struct arena *a, const struct node_state *n)
{
	if (is_paused(n))
		return " (Paused)";
	if (!*n->health)
		return "";
	return arena_printf(a, strcmp(n->health, "starting") == 0 ? " (health: %s)" : " (%s)", n->health);
}

static const char *status_text(struct arena *a, const struct lab_state *lab, const struct node_state *n)
{
	if (docker_is_up(n))
		return arena_printf(a, "Up %s%s", when_since(a, started_at(lab, n)), remark_text(a, n));
	return arena_printf(a, "Exited (%d) %s ago", exit_code(n),
			    when_since(a, n->finished_at ? n->finished_at : started_at(lab, n)));
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

/* The labels that containerlab and Kind put on their containers. */
static json_t *labels_of(const struct lab_state *lab, const struct node_state *n)
{
	if (strcmp(lab->type, "cluster") == 0)
		return json_pack("{s:s, s:s}", "io.x-k8s.kind.cluster", lab->name, "io.x-k8s.kind.role",
				 strstr(n->name, "control-plane") ? "control-plane" : "worker");
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "containerlab", lab->name, "clab-node-name", n->name,
			 "clab-node-longname", n->longname, "clab-node-kind", n->kind, "clab-node-group", n->group,
			 "clab-topo-file", lab->path, "clab-owner", lab->owner);
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
	const char *cmd = *n->command ? n->command : "sleep infinity";

	if (full || strlen(cmd) <= COMMAND_LEN)
		return arena_printf(a, "\"%s\"", cmd);
	return arena_printf(a, "\"%.*s…\"", COMMAND_LEN - 1, cmd);
}

static json_t *ps_row(struct arena *a, const struct lab_state *lab, const struct node_state *n, bool full)
{
	json_t *labels = labels_of(lab, n);
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

static bool text_matches(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static bool label_matches(const struct lab_state *lab, const struct node_state *n, const char *want)
{
	const size_t len = strcspn(want, "=");
	json_t *labels = labels_of(lab, n), *value;
	const char *key;
	bool found = false;

	json_object_foreach(labels, key, value)
		if (strlen(key) == len && strncmp(key, want, len) == 0)
			found = !want[len] || strcmp(json_string_value(value), want + len + 1) == 0;
	json_decref(labels);
	return found;
}

/* One --filter. @known: whether it is one at all. */
static bool filter_matches(struct arena *a, const struct lab_state *lab, const struct node_state *n, const char *filter,
			   bool *known)
{
	const char *value = strchr(filter, '=');
	const size_t len = value ? (size_t)(value++ - filter) : 0;

	*known = true;
	if (len == 4 && strncmp(filter, "name", len) == 0)
		return *value == '^' ? strncmp(n->longname, value + 1, strcspn(value + 1, "$")) == 0
				     : text_matches(n->longname, value);
	if (len == 2 && strncmp(filter, "id", len) == 0)
		return strncmp(shim_node_id(a, n), value, strlen(value)) == 0;
	if (len == 5 && strncmp(filter, "label", len) == 0)
		return label_matches(lab, n, value);
	if (len == 6 && strncmp(filter, "status", len) == 0)
		return strcmp(value, docker_state(n)) == 0;
	if (len == 8 && strncmp(filter, "ancestor", len) == 0)
		return strcmp(docker_image(n), value) == 0;
	if (len == 7 && strncmp(filter, "network", len) == 0)
		return strcmp(docker_network_of(a, lab, n), value) == 0;
	*known = false;
	return false;
}

/* Filters with the same key are alternatives, but labels, which must all be there. */
static bool filters_match(struct arena *a, const struct lab_state *lab, const struct node_state *n,
			  const struct strv *filters, const char **bad)
{
	for (size_t i = 0; i < filters->n; i++) {
		const size_t key = strcspn(filters->v[i], "=");
		bool any = false, known = false;

		for (size_t k = 0; k < filters->n; k++)
			if (i == k || (strncmp(filters->v[i], filters->v[k], key + 1) == 0 &&
				       strncmp(filters->v[i], "label=", 6) != 0))
				any |= filter_matches(a, lab, n, filters->v[k], &known);
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

static int rows_collect(const struct cli *cli, struct arena *a, json_t *rows, const char **bad, struct error *e)
{
	const struct strv filters = cli_list(cli, "filter");
	struct strv labs = { 0 };
	int r = state_names(a, &labs, e);

	for (size_t i = labs.n; r == 0 && i-- > 0;) {
		_cleanup_(state_freep) struct lab_state *lab = NULL;

		if (state_load(labs.v[i], &lab, NULL) < 0)
			continue;
		(void)state_refresh(lab, NULL);
		for (size_t k = 0; k < lab->n_nodes; k++) {
			const struct node_state *n = &lab->nodes[k];

			if (docker_is_container(n) && (docker_is_up(n) || cli_flag(cli, "all")) &&
			    filters_match(a, lab, n, &filters, bad))
				(void)json_array_append_new(rows, ps_row(a, lab, n, cli_flag(cli, "no-trunc")));
		}
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

/* ---- inspect ---- */

/* "172.20.20.2/24" into address and length. */
static json_t *network_json(const struct lab_state *lab, const struct node_state *n)
{
	struct inprefix v4 = { 0 }, v6 = { 0 }, sub = { 0 };
	char a4[INPREFIX_STRLEN] = "", a6[INPREFIX_STRLEN] = "", gw[INPREFIX_STRLEN] = "";

	if (*n->ipv4 && inprefix_parse(n->ipv4, &v4) == 0)
		(void)inprefix_addr_str(&v4, a4);
	if (*n->ipv6 && inprefix_parse(n->ipv6, &v6) == 0)
		(void)inprefix_addr_str(&v6, a6);
	if (*lab->mgmt_ipv4 && inprefix_parse(lab->mgmt_ipv4, &sub) == 0) {
		sub.addr[3] |= 1;
		(void)inprefix_addr_str(&sub, gw);
	}
	return json_pack("{s:s, s:i, s:s, s:i, s:s, s:s, s:s}", "IPAddress", a4, "IPPrefixLen", (int)v4.len,
			 "GlobalIPv6Address", a6, "GlobalIPv6PrefixLen", (int)v6.len, "Gateway", *a4 ? gw : "",
			 "MacAddress", "", "NetworkID", lab->mgmt_network);
}

static json_t *command_words(const struct node_state *n)
{
	_cleanup_arena_ struct arena a = { 0 };
	json_t *list = json_array();
	struct strv words = { 0 };

	if (shlex_split(&a, n->command, &words, NULL) == 0)
		for (size_t i = 0; i < words.n; i++)
			(void)json_array_append_new(list, json_string(words.v[i]));
	return list;
}

static json_t *health_json(struct arena *a, const struct node_state *n)
{
	json_t *log = json_array();

	for (size_t i = 0; i < n->n_checks; i++) {
		const struct check_state *c = &n->checks[i];

		(void)json_array_append_new(log, json_pack("{s:s, s:s, s:i, s:s}", "Start",
							   when_iso(a, c->start_us / 1000000), "End",
							   when_iso(a, c->end_us / 1000000), "ExitCode", c->exit_code,
							   "Output", c->output));
	}
	return json_pack("{s:s, s:i, s:o}", "Status", n->health, "FailingStreak", (int)n->failing_streak, "Log", log);
}

static json_t *state_json(struct arena *a, const struct lab_state *lab, const struct node_state *n)
{
	const bool up = docker_is_up(n);
	json_t *state = json_pack("{s:s, s:b, s:b, s:b, s:b, s:b, s:i, s:i, s:s, s:s, s:s}", "Status", docker_state(n),
				  "Running", up, "Paused", is_paused(n), "Restarting", 0, "OOMKilled", 0, "Dead", 0,
				  "Pid", up ? (int)n->pid : 0, "ExitCode", exit_code(n), "Error", "", "StartedAt",
				  when_iso(a, started_at(lab, n)), "FinishedAt",
				  n->finished_at && !up ? when_iso(a, n->finished_at) : "0001-01-01T00:00:00Z");

	if (*n->health)
		(void)json_object_set_new(state, "Health", health_json(a, n));
	return state;
}

static json_t *container_json(struct arena *a, const struct lab_state *lab, const struct node_state *n)
{
	const char *network = docker_network_of(a, lab, n);
	json_t *networks = json_object(), *net = network_json(lab, n), *settings = json_copy(net),
	       *words = command_words(n);

	(void)json_object_set_new(networks, network, net);
	(void)json_object_set_new(settings, "Networks", networks);
	(void)json_object_set_new(settings, "Ports", json_object());
	(void)json_object_set_new(
		settings, "SandboxKey",
		json_string(n->netns_fd >= 0 ? arena_printf(a, "%s/%s", state_dir_netns(), n->longname) : ""));
	return json_pack("{s:s, s:s, s:s, s:O, s:o, s:s, s:s, s:i, s:{s:s, s:s, s:o, s:o, s:[], s:s}, s:{s:s, s:b, "
			 "s:{s:s, s:i}}, s:o, s:[]}",
			 "Id", shim_node_id(a, n), "Created", when_iso(a, lab->created), "Path",
			 json_string_value(json_array_get(words, 0)) ?: "", "Args", words, "State",
			 state_json(a, lab, n), "Image", docker_image(n), "Name", arena_printf(a, "/%s", n->longname),
			 "RestartCount", (int)n->restarts, "Config", "Hostname", n->hostname, "Image", docker_image(n),
			 "Cmd", words, "Labels", labels_of(lab, n), "Env", "User", "", "HostConfig", "NetworkMode",
			 network, "Privileged", 1, "RestartPolicy", "Name", "no", "MaximumRetryCount", 0,
			 "NetworkSettings", settings, "Mounts");
}

/* Return: whether all were found. */
static bool inspect_collect(const struct cli *cli, struct arena *a, json_t *all)
{
	bool ok = true;

	for (size_t i = 0; i < cli_args(cli)->n; i++) {
		_cleanup_shim_node_ struct shim_node n = { 0 };
		struct error e = { 0 };
		const char *name = cli_args(cli)->v[i];

		if (shim_node_find(name[0] == '/' ? name + 1 : name, &n, &e) == 0) {
			(void)json_array_append_new(all, container_json(a, n.lab, n.node));
			continue;
		}
		(void)fprintf(stderr, "Error: No such object: %s\n", name);
		ok = false;
	}
	return ok;
}

int docker_inspect(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	json_t *all = json_array();
	const bool ok = inspect_collect(cli, &a, all);
	const int code = docker_objects(cli_value(cli, "format"), all);

	json_decref(all);
	return code == CLI_OK && ok ? CLI_OK : CLI_FAILED;
}
