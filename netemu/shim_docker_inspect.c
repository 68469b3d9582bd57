// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_docker_inspect.c - docker inspect and docker port: all that is known of a node, as docker writes it of a container
 *
 * What the lab's state does not say (environment, mounts, limits) is the kernel's: shim_docker_usage.h.
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/inaddr.h"
#include "shim_docker.h"
#include "shim_docker_usage.h"
#include "when.h"

static bool is_paused(const struct node_state *n)
{
	return strcmp(n->state, "paused") == 0;
}

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
				  "Pid", up ? (int)n->pid : 0, "ExitCode", docker_exit_code(n), "Error", "", "StartedAt",
				  when_iso(a, docker_started_at(lab, n)), "FinishedAt",
				  n->finished_at && !up ? when_iso(a, n->finished_at) : "0001-01-01T00:00:00Z");

	if (*n->health)
		(void)json_object_set_new(state, "Health", health_json(a, n));
	return state;
}

/* "0.0.0.0:8080->80/tcp" in its parts; an IPv6 address is in brackets. Return: whether it is one. */
struct published {
	const char *address, *host_port, *port; /* "0.0.0.0", "8080", "80/tcp" */
};

static bool published_split(struct arena *a, const char *text, struct published *ret)
{
	const char *arrow = strstr(text, "->"), *colon = arrow;

	while (colon && colon > text && *--colon != ':')
		;
	if (!colon || *colon != ':')
		return false;
	*ret = (struct published){
		.address = *text == '[' ? arena_strndup(a, text + 1, (size_t)(colon - text) - 2)
					: arena_strndup(a, text, (size_t)(colon - text)),
		.host_port = arena_strndup(a, colon + 1, (size_t)(arrow - colon) - 1),
		.port = arena_strdup(a, arrow + 2),
	};
	return true;
}

/* {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]} */
static json_t *ports_json(struct arena *a, const struct node_state *n)
{
	json_t *map = json_object();

	for (size_t i = 0; i < n->ports.n; i++) {
		struct published p;

		if (!published_split(a, n->ports.v[i], &p))
			continue;
		if (!json_object_get(map, p.port))
			(void)json_object_set_new(map, p.port, json_array());
		(void)json_array_append_new(json_object_get(map, p.port),
					    json_pack("{s:s, s:s}", "HostIp", p.address, "HostPort", p.host_port));
	}
	return map;
}

static json_t *settings_json(struct arena *a, const struct lab_state *lab, const struct node_state *n, json_t *ports)
{
	json_t *net = network_json(lab, n), *settings = json_copy(net), *networks = json_object();

	(void)json_object_set_new(networks, docker_network_of(a, lab, n), net);
	(void)json_object_set_new(settings, "Networks", networks);
	(void)json_object_set(settings, "Ports", ports);
	(void)json_object_set_new(
		settings, "SandboxKey",
		json_string(n->netns_fd >= 0 ? arena_printf(a, "%s/%s", state_dir_netns(), n->longname) : ""));
	return settings;
}

static json_t *host_config_json(struct arena *a, const struct lab_state *lab, const struct node_state *n, json_t *ports,
				const json_t *mounts)
{
	struct node_limits_read limits;
	json_t *binds = json_array(), *m;
	size_t i;

	json_array_foreach(mounts, i, m) {
		const char *mode = json_string_value(json_object_get(m, "Mode"));

		(void)json_array_append_new(binds, json_string(arena_printf(a, "%s:%s%s%s",
									    json_string_value(json_object_get(m, "Source")),
									    json_string_value(json_object_get(m, "Destination")),
									    *mode ? ":" : "", mode)));
	}
	usage_limits(a, lab, docker_is_up(n) ? n->pid : 0, &limits);
	return json_pack("{s:s, s:b, s:{s:s, s:i}, s:o, s:O, s:I, s:I, s:s, s:b}", "NetworkMode", docker_network_of(a, lab, n),
			 "Privileged", 1, "RestartPolicy", "Name", "no", "MaximumRetryCount", 0, "Binds", binds,
			 "PortBindings", ports, "Memory", (json_int_t)limits.memory, "NanoCpus", (json_int_t)limits.nano_cpus,
			 "CpusetCpus", limits.cpus, "AutoRemove", 0);
}

static json_t *config_json(const struct lab_state *lab, const struct node_state *n, json_t *words)
{
	return json_pack("{s:s, s:s, s:O, s:n, s:o, s:o, s:s, s:s, s:b, s:b}", "Hostname", n->hostname, "Image",
			 docker_image(n), "Cmd", words, "Entrypoint", "Labels", docker_labels(lab, n), "Env",
			 usage_environ(docker_is_up(n) ? n->pid : 0), "User", "", "WorkingDir", "", "Tty", 1, "OpenStdin", 1);
}

static json_t *container_json(struct arena *a, const struct lab_state *lab, const struct node_state *n)
{
	json_t *words = command_words(n), *args = json_copy(words), *mounts = usage_mounts(docker_is_up(n) ? n->pid : 0),
	       *ports = ports_json(a, n), *all;
	const char *path = json_array_size(words) ? json_string_value(json_array_get(words, 0)) : "";

	(void)json_array_remove(args, 0);
	all = json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:s, s:i, s:s, s:s, s:o, s:o, s:o}", "Id", shim_node_id(a, n), "Created",
			when_iso(a, lab->created), "Path", path, "Args", args, "State", state_json(a, lab, n), "Image",
			docker_image(n), "Name", arena_printf(a, "/%s", n->longname), "RestartCount", (int)n->restarts, "Driver",
			"overlay2", "Platform", "linux", "Config", config_json(lab, n, words), "HostConfig",
			host_config_json(a, lab, n, ports, mounts), "NetworkSettings", settings_json(a, lab, n, ports));
	(void)json_object_set_new(all, "Mounts", mounts);
	json_decref(ports);
	json_decref(words);
	return all;
}

/* What docker inspect is asked for, of whichever type; the answer is added to @all. Return: whether it is there. */
static bool inspect_one(const char *name, const char *type, struct arena *a, json_t *all)
{
	_cleanup_shim_node_ struct shim_node n = { 0 };
	struct error e = { 0 };
	json_t *network;

	if ((!type || strcmp(type, "container") == 0) && shim_node_find(name[0] == '/' ? name + 1 : name, &n, &e) == 0)
		return json_array_append_new(all, container_json(a, n.lab, n.node)) == 0;
	network = !type || strcmp(type, "network") == 0 ? docker_network_object(name) : NULL;
	return network && json_array_append_new(all, network) == 0;
}

/* Return: whether all were found. */
static bool inspect_collect(const struct cli *cli, struct arena *a, json_t *all)
{
	const char *type = cli_value(cli, "type");
	bool ok = true;

	for (size_t i = 0; i < cli_args(cli)->n; i++) {
		const char *name = cli_args(cli)->v[i];

		if (inspect_one(name, type, a, all))
			continue;
		(void)fflush(stdout);
		(void)fprintf(stderr, "Error: No such %s: %s\n", type ? type : "object", name);
		ok = false;
	}
	return ok;
}

int docker_inspect(const struct cli *cli)
{
	static const char *const types[] = { "container", "network", "image" };
	_cleanup_arena_ struct arena a = { 0 };
	const char *type = cli_value(cli, "type");
	bool known = !type, ok;
	json_t *all;
	int code;

	for (size_t i = 0; type && i < ARRAY_SIZE(types); i++)
		known |= strcmp(type, types[i]) == 0;
	if (!known) {
		(void)fprintf(stderr, "\"%s\" is not a valid value for --type: it is container, image or network\n", type);
		return CLI_FAILED;
	}
	if (type && strcmp(type, "image") == 0)
		return docker_image_inspect(cli);
	all = json_array();
	ok = inspect_collect(cli, &a, all);
	code = docker_objects(cli_value(cli, "format"), all);
	json_decref(all);
	return code == CLI_OK && ok ? CLI_OK : CLI_FAILED;
}

/* ---- port ---- */

static int port_missing(const char *want, const char *name)
{
	(void)fprintf(stderr, "Error: No public port '%s' published for %s\n", want, name);
	return CLI_FAILED;
}

/* docker port NODE [PORT[/PROTO]] */
int docker_port(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_shim_node_ struct shim_node n = { 0 };
	const struct strv *args = cli_args(cli);
	const char *want = args->n > 1 ? args->v[1] : NULL;
	size_t found = 0;

	if (!docker_find(args->v[0], &n))
		return CLI_FAILED;
	if (want && !strchr(want, '/'))
		want = arena_printf(&a, "%s/tcp", want);
	for (size_t i = 0; i < n.node->ports.n; i++) {
		struct published p;
		const char *bracket = "";

		if (!published_split(&a, n.node->ports.v[i], &p) || (want && strcmp(want, p.port) != 0))
			continue;
		found++;
		bracket = strchr(p.address, ':') ? "[" : "";
		(void)printf("%s%s%s%s%s:%s\n", want ? "" : p.port, want ? "" : " -> ", bracket, p.address, *bracket ? "]" : "",
			     p.host_port);
	}
	return want && !found ? port_missing(want, args->v[0]) : CLI_OK;
}
