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
#include <sys/utsname.h>

#include "base/strbuf.h"
#include "plan/profile.h"


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
	VALUE("workdir", 'w', "DIR", "working directory"),
	VALUE("user", 'u', "USER[:GROUP]", "user of the node"),
	FLAG("privileged", 0, IGNORED),
	VALUE("detach-keys", 0, "KEYS", IGNORED),
	END,
};

/* ---- logs ---- */

static int docker_logs(const struct cli *cli)
{
	_cleanup_shim_node_ struct shim_node n = { 0 };
	const char *tail = cli_value(cli, "tail");

	if (!docker_find(cli_args(cli)->v[0], &n))
		return CLI_FAILED;
	if (tail && strcmp(tail, "all") == 0)
		tail = NULL;
	return shim_verb("logs", cli_flag(cli, "follow") ? "-f" : NULL, tail ? "--tail" : NULL, tail, "--lab",
			 n.lab->name, n.node->name, SHIM_END);
}

static const struct verb_option logs_options[] = {
	FLAG("follow", 'f', "go on with what is written from now on"),
	VALUE("tail", 'n', "N", "only the last lines"),
	FLAG("timestamps", 't', IGNORED),
	FLAG("details", 0, IGNORED),
	VALUE("since", 0, "TIME", IGNORED),
	VALUE("until", 0, "TIME", IGNORED),
	END,
};

/* ---- what there is of images, networks and the engine ---- */

static int docker_version(const struct cli *cli)
{
	const char *format = cli_value(cli, "format");

	if (format && strstr(format, "Version"))
		(void)printf("%s\n", shim_docker.version);
	else
		(void)printf("Client: netemu " NETEMU_VERSION
			     " (in the place of Docker)\n Version:           %s\n API version:       1.47\n",
			     shim_docker.version);
	return CLI_OK;
}

static int docker_info(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strv labs = { 0 };
	struct utsname u;
	struct error e = { 0 };
	size_t nodes = 0;

	if (state_names(&a, &labs, &e) < 0)
		return cli_fail(cli, &e);
	for (size_t i = 0; i < labs.n; i++) {
		_cleanup_(state_freep) struct lab_state *st = NULL;

		if (state_load(labs.v[i], &st, NULL) == 0)
			nodes += st->n_nodes;
	}
	(void)uname(&u);
	(void)printf("Server:\n Containers: %zu\n  Running: %zu\n Server Version: %s\n Storage Driver: overlay2\n "
		     "Kernel Version: %s\n Architecture: %s\n"
		     " Name: %s\n",
		     nodes, nodes, shim_docker.version, u.release, u.machine, u.nodename);
	return CLI_OK;
}

static int docker_pull(const struct cli *cli)
{
	const char *image = cli_args(cli)->v[0];
	const struct profile *p = profile_find(image);

	if (!p) {
		(void)fprintf(
			stderr,
			"Error response from daemon: netemu pulls no images, and has nothing in the place of %s\n",
			image);
		return CLI_FAILED;
	}
	if (!cli_flag(cli, "quiet"))
		(void)printf("%s: in its place there is: %s\n", image, p->about);
	(void)printf("%s\n", image);
	return CLI_OK;
}

static const struct verb_option version_options[] = { VALUE("format", 'f', "TEMPLATE", "what to print"), END };
static const struct verb_option pull_options[] = {
	FLAG("quiet", 'q', "say less"),
	FLAG("all-tags", 'a', IGNORED),
	VALUE("platform", 0, "PLATFORM", IGNORED),
	END,
};

/* ---- the table ---- */

static const struct verb_option ps_options[] = {
	FLAG("all", 'a', "also those that do not run"),
	FLAG("quiet", 'q', "only their ids"),
	FLAG("no-trunc", 0, "everything at its full length"),
	FLAG("latest", 'l', IGNORED),
	FLAG("size", 's', IGNORED),
	VALUES("filter", 'f', "KEY=VALUE", "only those with this name, id, label, status, ancestor or network"),
	VALUE("format", 0, "TEMPLATE", "json, table TEMPLATE or a Go template"),
	END,
};
static const struct verb_option no_options[] = { END };
static const struct verb_option stop_options[] = {
	VALUE("time", 't', "SECONDS", "until it is killed (default: 10)"),
	VALUE("timeout", 0, "SECONDS", IGNORED),
	VALUE("signal", 's', "SIGNAL", "what it is asked with"),
	END,
};
static const struct verb_option kill_options[] = { VALUE("signal", 's', "SIGNAL", "a name or a number (default: KILL)"),
						   END };
static const struct verb_option start_options[] = { FLAG("attach", 'a', IGNORED), FLAG("interactive", 'i', IGNORED),
						    END };
static const struct verb_option images_options[] = {
	FLAG("all", 'a', IGNORED),
	FLAG("quiet", 'q', "only their ids"),
	FLAG("no-trunc", 0, "everything at its full length"),
	FLAG("digests", 0, IGNORED),
	VALUE("format", 0, "TEMPLATE", "json, table TEMPLATE or a Go template"),
	END,
};
static const struct verb_option networks_options[] = {
	FLAG("quiet", 'q', "only their ids"),
	FLAG("no-trunc", 0, "everything at its full length"),
	VALUES("filter", 'f', "KEY=VALUE", "only those with this name or driver"),
	VALUE("format", 0, "TEMPLATE", "json, table TEMPLATE or a Go template"),
	END,
};
static const struct verb_option rm_options[] = {
	FLAG("force", 'f', "also when they run"),
	FLAG("volumes", 'v', IGNORED),
	FLAG("link", 'l', IGNORED),
	END,
};
static const struct verb_option inspect_options[] = {
	VALUE("format", 'f', "TEMPLATE", "json, or a Go template"),
	VALUE("type", 0, "TYPE", IGNORED),
	FLAG("size", 's', IGNORED),
	END,
};
static const struct verb_option cp_options[] = {
	FLAG("archive", 'a', "keep owner and group"),
	FLAG("follow-link", 'L', "copy what a symbolic link points to"),
	FLAG("quiet", 'q', "say nothing"),
	END,
};
static const struct verb_option global_options[] = {
	VALUE("host", 'H', "HOST", IGNORED), VALUE("context", 'c', "NAME", IGNORED),
	VALUE("config", 0, "DIR", IGNORED),  VALUE("log-level", 'l', "LEVEL", IGNORED),
	FLAG("debug", 'D', IGNORED),	     END,
};
static const struct verb globals = {
	.name = "docker", .options = global_options, .max_args = ARGS_ANY, .stop_after = STOP_AT_ONCE
};

#define COMMAND(words, other, arguments, text, opts, min, max, stop, function)                                         \
	{                                                                                                              \
		.name = words, .alias = other, .synopsis = arguments, .summary = text, .options = opts,                \
		.min_args = min, .max_args = max, .stop_after = stop, .usage_status = CLI_EXEC_FAILED, .run = function \
	}

static const struct verb commands[] = {
	COMMAND("exec", "container exec", "[OPTIONS] CONTAINER COMMAND [ARG...]", "Execute a command in a node",
		exec_options, 2, ARGS_ANY, 1, docker_exec),
	COMMAND("ps", "container ls", "[OPTIONS]", "List nodes", ps_options, 0, 0, 0, docker_ps),
	COMMAND("cp", "container cp", "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|- | SRC_PATH|- CONTAINER:DEST_PATH",
		"Copy files between a node and the host", cp_options, 2, 2, 0, docker_cp),
	COMMAND("logs", "container logs", "[OPTIONS] CONTAINER", "What a node's processes wrote", logs_options, 1, 1, 0,
		docker_logs),
	COMMAND("inspect", "container inspect", "[OPTIONS] NAME...", "Everything about nodes, as JSON", inspect_options,
		1, ARGS_ANY, 0, docker_inspect),
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
	COMMAND("rm", "container rm", "[OPTIONS] CONTAINER...", "End a lab, when all of its nodes are named",
		rm_options, 1, ARGS_ANY, 0, docker_rm),
	COMMAND("images", "image ls", "[OPTIONS] [REPOSITORY[:TAG]]", "List the images of running nodes",
		images_options, 0, 1, 0, docker_images),
	COMMAND("image inspect", NULL, "[OPTIONS] IMAGE...", "Whether there is something in the place of images",
		inspect_options, 1, ARGS_ANY, 0, docker_image_inspect),
	COMMAND("network ls", "network list", "[OPTIONS]", "List the management networks of labs", networks_options, 0,
		0, 0, docker_networks),
	COMMAND("network inspect", NULL, "[OPTIONS] NETWORK...", "Everything about networks, as JSON", inspect_options,
		1, ARGS_ANY, 0, docker_network_inspect),
	COMMAND("pull", "image pull", "[OPTIONS] NAME[:TAG]", "Nothing to do: says what stands in for the image",
		pull_options, 1, 1, 0, docker_pull),
	COMMAND("version", NULL, "[OPTIONS]", "Show the version", version_options, 0, 0, 0, docker_version),
	COMMAND("info", "system info", "[OPTIONS]", "How many nodes there are", version_options, 0, 0, 0, docker_info),
	{ .name = NULL },
};

const struct shim shim_docker = {
	.name = "docker",
	.version = "27.3.1",
	.globals = &globals,
	.commands = commands,
	.usage_status = CLI_EXEC_FAILED,
	.unknown = "docker: ",
	.known = " is not a docker command that netemu knows.\nSee 'docker --help'",
};
