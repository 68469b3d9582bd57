// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_docker.c - docker, as far as a container is a node of a running lab
 *
 * Owns: the table of commands, and those that are a verb of netemu's with other words. Exit codes are docker's: 125 is
 * docker's own failure in exec, 1 elsewhere.
 */
#include "shim_docker.h"
#include "shim_options.h"

#include <string.h>

#include "base/strbuf.h"
#include "plan/profile.h"
#include "topology/load.h"


int docker_no_such(const char *name)
{
	(void)fflush(stdout);
	(void)fprintf(stderr, "Error response from daemon: No such container: %s\n", name);
	return CLI_FAILED;
}

bool docker_find(const char *name, struct shim_node *ret)
{
	struct error e = { 0 };
	const int r = shim_node_find(name, ret, &e);

	if (r == -ENOENT)
		(void)docker_no_such(name);
	else if (r < 0)
		(void)fprintf(stderr, "Error response from daemon: %s\n", e.msg);
	return r == 0;
}

/* ---- exec ---- */

static void words_option(struct arena *a, struct strv *words, const char *option, const char *value)
{
	if (!value)
		return;
	strv_add(a, words, option);
	strv_add(a, words, value);
}

static bool node_is_up(const struct shim_node *n, const char *name)
{
	if (strcmp(n->node->state, "paused") == 0) {
		(void)fprintf(stderr,
			      "Error response from daemon: Container %s is paused, unpause the container before exec\n",
			      name);
		return false;
	}
	if (docker_is_up(n->node))
		return true;
	(void)fprintf(stderr, "Error response from daemon: container %s is not running\n", name);
	return false;
}

/* -d: nobody waits for it, and its output goes nowhere. */
static void detached(struct arena *a, struct strv *words, const struct strv *args)
{
	static const char *const setsid[] = { "sh", "-c", "\"$@\" </dev/null >/dev/null 2>&1 &", "sh" };

	for (size_t i = 0; i < ARRAY_SIZE(setsid); i++)
		strv_add(a, words, setsid[i]);
	for (size_t i = 1; i < args->n; i++)
		strv_add(a, words, args->v[i]);
}

/* Scripts carry images into a cluster's nodes: there is nothing to import, and no ctr in a node. */
static bool is_image_import(const struct shim_node *n, const struct strv *args)
{
	const char *base = strrchr(args->v[1], '/') ? strrchr(args->v[1], '/') + 1 : args->v[1];

	return strcmp(n->lab->type, "cluster") == 0 && (strcmp(base, "ctr") == 0 || strcmp(base, "crictl") == 0);
}

/* --env-file: NAME=VALUE, or a NAME that has a value here; what begins with # is a remark. */
static bool env_files(struct arena *a, const struct cli *cli, struct strv *words)
{
	const struct strv files = cli_list(cli, "env-file");

	for (size_t i = 0; i < files.n; i++) {
		_cleanup_free_ char *text = NULL;
		char *save = NULL;
		struct error e = { 0 };
		size_t len;

		if (file_read(files.v[i], &text, &len, &e) < 0) {
			(void)fprintf(stderr, "docker: %s\n", e.msg);
			return false;
		}
		for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
			const char *p = line + strspn(line, " \t"), *value;

			line[strcspn(line, "\r")] = '\0';
			value = strchr(p, '=') ? "" : getenv(p);
			if (*p && *p != '#' && value)
				words_option(a, words, "-e",
					     arena_strdup(a, strchr(p, '=') ? p : arena_printf(a, "%s=%s", p, value)));
		}
	}
	return true;
}

static int docker_exec(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_shim_node_ struct shim_node n = { 0 };
	const struct strv *args = cli_args(cli), env = cli_list(cli, "env");
	struct strv words = { 0 };

	if (cli_flag(cli, "tty") && !isatty(STDIN_FILENO) && cli_flag(cli, "interactive")) {
		(void)fprintf(stderr, "the input device is not a TTY\n");
		return CLI_FAILED;
	}
	if (!docker_find(args->v[0], &n) || !node_is_up(&n, args->v[0]))
		return CLI_FAILED;
	if (is_image_import(&n, args)) {
		(void)fprintf(stderr, "netemu: nothing to do: images stand for the host's own programs\n");
		return CLI_OK;
	}
	if (cli_flag(cli, "tty"))
		strv_add(&a, &words, "-t");
	if (!env_files(&a, cli, &words))
		return CLI_EXEC_FAILED;
	for (size_t i = 0; i < env.n; i++)
		words_option(&a, &words, "-e", env.v[i]);
	words_option(&a, &words, "-w", cli_value(cli, "workdir"));
	words_option(&a, &words, "-u", cli_value(cli, "user"));
	words_option(&a, &words, "--lab", n.lab->name);
	strv_add(&a, &words, n.node->name);
	strv_add(&a, &words, "--");
	if (cli_flag(cli, "detach"))
		detached(&a, &words, args);
	for (size_t i = 1; i < args->n && !cli_flag(cli, "detach"); i++)
		strv_add(&a, &words, args->v[i]);
	return shim_verbv("exec", &words);
}

static const struct verb_option exec_options[] = {
	FLAG("detach", 'd', "run the command in the background"),
	FLAG("interactive", 'i', "keep standard input open"),
	FLAG("tty", 't', "give the command a terminal"),
	VALUES("env", 'e', "NAME=VALUE", "set an environment variable"),
	VALUES("env-file", 0, "FILE", "set those that a file has"),
	VALUE("workdir", 'w', "DIR", "working directory"),
	VALUE("user", 'u', "USER[:GROUP]", "user of the node"),
	FLAG("privileged", 0, IGNORED),
	VALUE("detach-keys", 0, "KEYS", IGNORED),
	END,
};

/* ---- logs ---- */

static int docker_logs(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_shim_node_ struct shim_node n = { 0 };
	struct strv words = { 0 };
	int code;

	if (!docker_find(cli_args(cli)->v[0], &n))
		return CLI_FAILED;
	if (cli_flag(cli, "follow"))
		strv_add(&a, &words, "-f");
	if (cli_flag(cli, "timestamps"))
		strv_add(&a, &words, "--timestamps");
	words_option(&a, &words, "--tail", cli_value(cli, "tail"));
	words_option(&a, &words, "--since", cli_value(cli, "since"));
	words_option(&a, &words, "--until", cli_value(cli, "until"));
	words_option(&a, &words, "--lab", n.lab->name);
	strv_add(&a, &words, n.node->name);
	code = shim_verbv("logs", &words);
	return code == CLI_USAGE ? CLI_FAILED : code;
}

static const struct verb_option logs_options[] = {
	FLAG("follow", 'f', "go on with what is written from now on"),
	VALUE("tail", 'n', "N", "only the last lines"),
	FLAG("timestamps", 't', "when each line was written"),
	FLAG("details", 0, IGNORED),
	VALUE("since", 0, "TIME", "only what was written from then on: a date, or how long ago (10m)"),
	VALUE("until", 0, "TIME", "only what was written until then"),
	END,
};

static const struct verb_option version_options[] = { VALUE("format", 'f', "TEMPLATE", "what to print"), END };
static const struct verb_option pull_options[] = {
	FLAG("quiet", 'q', "say less"),
	FLAG("all-tags", 'a', IGNORED),
	VALUE("platform", 0, "PLATFORM", IGNORED),
	END,
};

/* ---- the table ---- */

#define FORMAT "json, table TEMPLATE or a Go template"
#define NO_ATTACH "a node's command is nobody's terminal: docker logs -f shows it, docker exec -it gives a shell"

static const struct verb_option ps_options[] = {
	FLAG("all", 'a', "also those that do not run"),
	FLAG("quiet", 'q', "only their ids"),
	FLAG("no-trunc", 0, "everything at its full length"),
	FLAG("latest", 'l', "the newest one, also when it does not run"),
	{ "last", 'n', OPT_NUMBER, "N", COMPLETE_NOTHING, "the newest N, also those that do not run" },
	FLAG("size", 's', IGNORED),
	VALUES("filter", 'f', "KEY=VALUE",
	       "only those with this name, id, label, status, exited, health, ancestor, network, publish, expose; before, since another"),
	VALUE("format", 0, "TEMPLATE", FORMAT),
	END,
};
static const struct verb_option no_options[] = { END };
static const struct verb_option stop_options[] = {
	VALUE("time", 't', "SECONDS", "until it is killed (default: 10; -1: never)"),
	VALUE("timeout", 0, "SECONDS", "the same"),
	VALUE("signal", 's', "SIGNAL", "what it is asked with"),
	END,
};
static const struct verb_option kill_options[] = { VALUE("signal", 's', "SIGNAL", "a name or a number (default: KILL)"),
						   END };
static const struct verb_option start_options[] = {
	REFUSE("attach", 'a', NO_ATTACH),
	REFUSE("interactive", 'i', NO_ATTACH),
	REFUSE_VALUE("checkpoint", 0, "NAME", "processes are not frozen to disk"),
	REFUSE_VALUE("checkpoint-dir", 0, "DIR", "processes are not frozen to disk"),
	VALUE("detach-keys", 0, "KEYS", IGNORED),
	END,
};
static const struct verb_option stats_options[] = {
	FLAG("all", 'a', "also nodes that do not run"),
	FLAG("no-stream", 0, "once, not over and over"),
	FLAG("no-trunc", 0, "everything at its full length"),
	VALUE("format", 0, "TEMPLATE", FORMAT),
	END,
};
static const struct verb_option images_options[] = {
	FLAG("all", 'a', IGNORED),
	FLAG("quiet", 'q', "only their ids"),
	FLAG("no-trunc", 0, "everything at its full length"),
	FLAG("digests", 0, IGNORED),
	VALUE("format", 0, "TEMPLATE", FORMAT),
	END,
};
static const struct verb_option load_options[] = {
	VALUE("input", 'i', "FILE", "instead of standard input"),
	FLAG("quiet", 'q', IGNORED),
	VALUE("platform", 0, "PLATFORM", IGNORED),
	END,
};
static const struct verb_option import_options[] = {
	REFUSE_VALUE("change", 'c', "LINE", "a node's cmd, entrypoint, env and user are its topology's"),
	VALUE("message", 'm', "TEXT", IGNORED),
	VALUE("platform", 0, "PLATFORM", IGNORED),
	END,
};
static const struct verb_option rmi_options[] = {
	FLAG("force", 'f', IGNORED),
	FLAG("no-prune", 0, IGNORED),
	END,
};
static const struct verb_option prune_options[] = {
	FLAG("all", 'a', IGNORED),
	FLAG("force", 'f', IGNORED),
	VALUES("filter", 0, "KEY=VALUE", IGNORED),
	END,
};
static const struct verb_option networks_options[] = {
	FLAG("quiet", 'q', "only their ids"),
	FLAG("no-trunc", 0, "everything at its full length"),
	VALUES("filter", 'f', "KEY=VALUE", "only those with this name, id, driver, scope or type"),
	VALUE("format", 0, "TEMPLATE", FORMAT),
	END,
};
static const struct verb_option volumes_options[] = {
	FLAG("quiet", 'q', "only their names"),
	VALUES("filter", 'f', "KEY=VALUE", "only those with this in their name, or dangling=true: that no node has"),
	VALUE("format", 0, "TEMPLATE", FORMAT),
	END,
};
static const struct verb_option volume_create_options[] = {
	VALUE("driver", 'd', "NAME", IGNORED),
	VALUES("label", 0, "KEY=VALUE", IGNORED),
	VALUES("opt", 'o', "KEY=VALUE", IGNORED),
	END,
};
static const struct verb_option volume_rm_options[] = {
	FLAG("force", 'f', "it is no failure when it is not there"),
	END,
};
static const struct verb_option volume_prune_options[] = {
	FLAG("all", 'a', "also those that have a name"),
	FLAG("force", 'f', "do not ask"),
	VALUES("filter", 0, "KEY=VALUE", IGNORED),
	END,
};
static const struct verb_option rm_options[] = {
	FLAG("force", 'f', "also when they run"),
	FLAG("volumes", 'v', IGNORED),
	REFUSE("link", 'l', "nodes have no --link; netemu link NODE:INTERFACE down takes a link down"),
	END,
};
static const struct verb_option inspect_options[] = {
	VALUE("format", 'f', "TEMPLATE", "json, or a Go template"),
	VALUE("type", 0, "TYPE", "container, network or image"),
	FLAG("size", 's', IGNORED),
	FLAG("verbose", 'v', IGNORED),
	END,
};
static const struct verb_option cp_options[] = {
	FLAG("archive", 'a', "keep owner and group"),
	FLAG("follow-link", 'L', "copy what a symbolic link points to"),
	FLAG("quiet", 'q', "say nothing"),
	END,
};
static const struct verb_option global_options[] = {
	VALUE("host", 'H', "HOST", IGNORED),
	VALUE("context", 'c', "NAME", IGNORED),
	VALUE("config", 0, "DIR", IGNORED),
	VALUE("log-level", 'l', "LEVEL", IGNORED),
	FLAG("debug", 'D', IGNORED),
	FLAG("tls", 0, IGNORED),
	FLAG("tlsverify", 0, IGNORED),
	VALUE("tlscacert", 0, "FILE", IGNORED),
	VALUE("tlscert", 0, "FILE", IGNORED),
	VALUE("tlskey", 0, "FILE", IGNORED),
	FLAG("version", 'v', "show the version"),
	END,
};
static const struct verb globals = {
	.name = "docker", .options = global_options, .max_args = ARGS_ANY, .stop_after = STOP_AT_ONCE
};

#define COMMAND(words, other, arguments, text, opts, min, max, stop, function)                                         \
	{                                                                                                              \
		.name = words, .alias = other, .synopsis = arguments, .summary = text, .options = opts,                \
		.min_args = min, .max_args = max, .stop_after = stop, .usage_status = CLI_EXEC_FAILED, .run = function \
	}
#define NO_CONTAINERS "nodes come from a topology: write one (nodes: NAME: {kind: linux, image: IMAGE}), then netemu run FILE"
#define NO_NETWORKS "networks come from a topology's mgmt and links; netemu link changes those of a running lab"
#define NO_REGISTRY "no registry is spoken to: netemu image import takes a directory, an archive or an OCI layout"
#define NO_BUILD "images are built elsewhere: netemu image import takes what docker save or an OCI layout holds"
#define NO_SWARM "there is one host, and no swarm"

static const struct verb commands[] = {
	COMMAND("exec", "container exec", "[OPTIONS] CONTAINER COMMAND [ARG...]", "Execute a command in a node",
		exec_options, 2, ARGS_ANY, 1, docker_exec),
	COMMAND("ps", "container ls", "[OPTIONS]", "List nodes", ps_options, 0, 0, 0, docker_ps),
	COMMAND("container list", "container ps", "[OPTIONS]", "List nodes", ps_options, 0, 0, 0, docker_ps),
	COMMAND("cp", "container cp", "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|- | SRC_PATH|- CONTAINER:DEST_PATH",
		"Copy files between a node and the host", cp_options, 2, 2, 0, docker_cp),
	COMMAND("logs", "container logs", "[OPTIONS] CONTAINER", "What a node's processes wrote", logs_options, 1, 1, 0,
		docker_logs),
	COMMAND("inspect", "container inspect", "[OPTIONS] NAME...", "Everything about nodes and networks, as JSON",
		inspect_options, 1, ARGS_ANY, 0, docker_inspect),
	COMMAND("start", "container start", "CONTAINER...", "Start nodes that were stopped", start_options, 1, ARGS_ANY,
		0, docker_start),
	COMMAND("stop", "container stop", "[OPTIONS] CONTAINER...", "Stop nodes; their links stay", stop_options, 1,
		ARGS_ANY, 0, docker_stop),
	COMMAND("restart", "container restart", "[OPTIONS] CONTAINER...", "Stop and start nodes", stop_options, 1,
		ARGS_ANY, 0, docker_restart),
	COMMAND("pause", "container pause", "CONTAINER...", "Freeze the processes of nodes", no_options, 1, ARGS_ANY, 0,
		docker_pause),
	COMMAND("unpause", "container unpause", "CONTAINER...", "Let them go on", no_options, 1, ARGS_ANY, 0,
		docker_unpause),
	COMMAND("kill", "container kill", "[OPTIONS] CONTAINER...", "Send a signal to nodes", kill_options, 1, ARGS_ANY,
		0, docker_kill),
	COMMAND("wait", "container wait", "CONTAINER...", "Wait until nodes are stopped, print their exit codes",
		no_options, 1, ARGS_ANY, 0, docker_wait),
	COMMAND("top", "container top", "CONTAINER [ps OPTIONS]", "Show the processes of a node", no_options, 1,
		ARGS_ANY, 1, docker_top),
	COMMAND("stats", "container stats", "[OPTIONS] [CONTAINER...]", "Show what nodes use, over and over", stats_options,
		0, ARGS_ANY, 0, docker_stats),
	COMMAND("port", "container port", "CONTAINER [PORT[/PROTO]]", "Show the ports that are published", no_options, 1, 2,
		0, docker_port),
	COMMAND("rm", "container rm", "[OPTIONS] CONTAINER...", "End a lab, when all of its nodes are named",
		rm_options, 1, ARGS_ANY, 0, docker_rm),
	COMMAND("images", "image ls", "[OPTIONS] [REPOSITORY[:TAG]]", "List imported images, and those of running nodes",
		images_options, 0, 1, 0, docker_images),
	COMMAND("image list", NULL, "[OPTIONS] [REPOSITORY[:TAG]]", "List imported images, and those of running nodes",
		images_options, 0, 1, 0, docker_images),
	COMMAND("image inspect", NULL, "[OPTIONS] IMAGE...", "Everything about images, as JSON", inspect_options, 1,
		ARGS_ANY, 0, docker_image_inspect),
	COMMAND("load", "image load", "[OPTIONS]", "Import what docker save wrote", load_options, 0, 0, 0, docker_load),
	COMMAND("import", "image import", "[OPTIONS] FILE|- REPOSITORY[:TAG]", "Import a root file system", import_options,
		1, 2, 0, docker_import),
	COMMAND("rmi", "image rm", "[OPTIONS] IMAGE...", "Remove imported images", rmi_options, 1, ARGS_ANY, 0, docker_rmi),
	COMMAND("image remove", NULL, "[OPTIONS] IMAGE...", "Remove imported images", rmi_options, 1, ARGS_ANY, 0,
		docker_rmi),
	COMMAND("tag", "image tag", "IMAGE[:TAG] NAME[:TAG]", "Give an imported image another name", no_options, 2, 2, 0,
		docker_tag),
	COMMAND("image prune", NULL, "[OPTIONS]", "Nothing to do: what has no name goes by itself", prune_options, 0, 0, 0,
		docker_image_prune),
	COMMAND("network ls", "network list", "[OPTIONS]", "List the management networks of labs", networks_options, 0,
		0, 0, docker_networks),
	COMMAND("network inspect", NULL, "[OPTIONS] NETWORK...", "Everything about networks, as JSON", inspect_options,
		1, ARGS_ANY, 0, docker_network_inspect),
	COMMAND("volume ls", "volume list", "[OPTIONS]", "List the volumes that have a name", volumes_options, 0, 0, 0,
		docker_volumes),
	COMMAND("volume create", NULL, "[OPTIONS] VOLUME", "Make a volume", volume_create_options, 0, 1, 0,
		docker_volume_create),
	COMMAND("volume inspect", NULL, "[OPTIONS] VOLUME...", "Everything about volumes, as JSON", inspect_options, 1,
		ARGS_ANY, 0, docker_volume_inspect),
	COMMAND("volume rm", "volume remove", "[OPTIONS] VOLUME...", "Remove volumes with all that is in them",
		volume_rm_options, 1, ARGS_ANY, 0, docker_volume_rm),
	COMMAND("volume prune", NULL, "[OPTIONS]", "Remove volumes that no node has", volume_prune_options, 0, 0, 0,
		docker_volume_prune),
	COMMAND("pull", "image pull", "[OPTIONS] NAME[:TAG]", "Nothing to do: says what is there, or stands in for it",
		pull_options, 1, 1, 0, docker_pull),
	COMMAND("version", NULL, "[OPTIONS]", "Show the version", version_options, 0, 0, 0, docker_version),
	COMMAND("info", "system info", "[OPTIONS]", "How many nodes there are", version_options, 0, 0, 0, docker_info),
	REFUSE_COMMAND("run", NO_CONTAINERS),
	REFUSE_COMMAND("container run", NO_CONTAINERS),
	REFUSE_COMMAND("create", NO_CONTAINERS),
	REFUSE_COMMAND("container create", NO_CONTAINERS),
	REFUSE_COMMAND("compose", NO_CONTAINERS),
	REFUSE_COMMAND("attach", NO_ATTACH),
	REFUSE_COMMAND("container attach", NO_ATTACH),
	REFUSE_COMMAND("rename", "a node's name is in its lab's addresses, files and hosts: change it in the topology"),
	REFUSE_COMMAND("container rename", "a node's name is in its lab's addresses, files and hosts: change it in the topology"),
	REFUSE_COMMAND("update", "limits are the topology's cpu, memory and cpu-set: change them there, then deploy again"),
	REFUSE_COMMAND("container update", "limits are the topology's cpu, memory and cpu-set: change them there, then deploy again"),
	REFUSE_COMMAND("container prune", "stopped nodes keep their links, and go with their lab: netemu destroy LAB"),
	REFUSE_COMMAND("system prune", "nothing is left behind that could go: netemu destroy --all ends labs"),
	REFUSE_COMMAND("system df", "nodes share the host's own files: there are no layers to count"),
	REFUSE_COMMAND("diff", "docker cp NODE:PATH - and docker exec show a node's files"),
	REFUSE_COMMAND("container diff", "docker cp NODE:PATH - and docker exec show a node's files"),
	REFUSE_COMMAND("build", NO_BUILD),
	REFUSE_COMMAND("buildx", NO_BUILD),
	REFUSE_COMMAND("login", NO_REGISTRY),
	REFUSE_COMMAND("logout", NO_REGISTRY),
	REFUSE_COMMAND("search", NO_REGISTRY),
	REFUSE_COMMAND("push", NO_REGISTRY),
	REFUSE_COMMAND("network create", NO_NETWORKS),
	REFUSE_COMMAND("network rm", NO_NETWORKS),
	REFUSE_COMMAND("network connect", NO_NETWORKS),
	REFUSE_COMMAND("network disconnect", NO_NETWORKS),
	REFUSE_COMMAND("network prune", NO_NETWORKS),
	REFUSE_COMMAND("commit", "a node's files go with its lab: docker cp NODE:PATH - takes them out"),
	REFUSE_COMMAND("container commit", "a node's files go with its lab: docker cp NODE:PATH - takes them out"),
	REFUSE_COMMAND("export", "a node's root is mostly the host's own: docker cp NODE:PATH - takes out a part of it"),
	REFUSE_COMMAND("container export", "a node's root is mostly the host's own: docker cp NODE:PATH - takes out a part of it"),
	REFUSE_COMMAND("events", "netemu inspect shows what is, netemu logs --lab LAB _lab what was"),
	REFUSE_COMMAND("checkpoint", "processes are not frozen to disk"),
	REFUSE_COMMAND("builder", NO_BUILD),
	REFUSE_COMMAND("manifest", NO_REGISTRY),
	REFUSE_COMMAND("trust", NO_REGISTRY),
	REFUSE_COMMAND("plugin", "there is no engine that could have plugins"),
	REFUSE_COMMAND("swarm", NO_SWARM),
	REFUSE_COMMAND("node", NO_SWARM),
	REFUSE_COMMAND("service", NO_SWARM),
	REFUSE_COMMAND("stack", NO_SWARM),
	REFUSE_COMMAND("config", NO_SWARM),
	REFUSE_COMMAND("secret", NO_SWARM),
	REFUSE_COMMAND("context", "there is only this host"),
	{ .name = NULL },
};

const struct shim shim_docker = {
	.name = "docker",
	.version = "27.3.1",
	.version_line = "Docker version 27.3.1, build netemu-" NETEMU_VERSION,
	.names = "docker ps -a --format '{{.Names}}'",
	.globals = &globals,
	.commands = commands,
	.usage_status = CLI_EXEC_FAILED,
	.unknown = "docker: ",
	.known = " is not a docker command that netemu knows.\nSee 'docker --help'",
};
