// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_exec.c - run a command in a node, or in a container of a pod
 *
 * Owns: which terminal or descriptors the command gets, and its exit status. Refuses to enter namespaces: the
 * node's init starts the command and hands back the pty.
 */
#include <string.h>

#include "cli.h"
#include "engine/agentc.h"
#include "engine/state.h"
#include "kubepod.h"
#include "nodeexec.h"
#include "relay.h"

enum { REQUEST_ID = 1 };

/* Without a command: a login shell, bash when the node has it. */
static const char *const login_shell[] = { "/bin/sh", "-c", "command -v bash >/dev/null && exec bash -l; exec sh -l" };

static void command_words(const struct cli *cli, struct arena *a, struct strv *argv)
{
	const struct strv *args = cli_args(cli);
	size_t first = 1;

	if (first < args->n && strcmp(args->v[first], "--") == 0)
		first++;
	for (size_t i = first; i < args->n; i++)
		strv_add(a, argv, args->v[i]);
	if (argv->n == 0)
		for (size_t i = 0; i < ARRAY_SIZE(login_shell); i++)
			strv_add(a, argv, login_shell[i]);
}

static void command_env(const struct cli *cli, struct arena *a, bool tty, struct strv *env)
{
	const struct strv given = cli_list(cli, "env");
	const char *term = getenv("TERM");

	if (tty)
		strv_add(a, env, arena_printf(a, "TERM=%s", term && *term ? term : "xterm"));
	for (size_t i = 0; i < given.n; i++) {
		const char *value = strchr(given.v[i], '=') ? NULL : getenv(given.v[i]);

		if (strchr(given.v[i], '='))
			strv_add(a, env, given.v[i]);
		else if (value)
			strv_add(a, env, arena_printf(a, "%s=%s", given.v[i], value));
	}
}

static bool env_is_valid(const struct cli *cli)
{
	const struct strv given = cli_list(cli, "env");

	for (size_t i = 0; i < given.n; i++)
		if (given.v[i][0] == '=' || given.v[i][0] == '\0')
			return false;
	return true;
}

static int run(const struct cli *cli, int conn, const struct kube_pod_defaults *defaults, struct arena *a, bool *ret_done,
	       struct error *e)
{
	const bool both_tty = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	const bool tty = cli_flag(cli, "tty") || both_tty;
	struct strv argv = { 0 }, env = { 0 };
	struct agent_command cmd = { .argv = &argv, .env = &env, .tty = tty };
	int r;

	command_words(cli, a, &argv);
	command_env(cli, a, tty, &env);
	cmd.cwd = cli_value(cli, "workdir") ? cli_value(cli, "workdir") : defaults->cwd;
	cmd.user = cli_value(cli, "user") ? cli_value(cli, "user") : defaults->user;
	r = tty ? relay_tty(conn, REQUEST_ID, &cmd, e) : relay_pipes(conn, REQUEST_ID, &cmd, e);
	*ret_done = r >= 0;
	return r;
}

/* A connection to the init of what was named: a node's, else a pod's. */
static int target_connect(const struct cli *cli, const char *word, struct arena *a, struct kube_pod_defaults *ret, struct error *e)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;
	size_t node = 0;
	int r = -ENOENT;

	if (!cli_flag(cli, "container") && !cli_flag(cli, "namespace"))
		r = state_find_node(cli_value(cli, "lab"), word, &st, &node, e);
	else
		(void)error_set(e, ENOENT, "no cluster is running that could have a pod '%s'", word);
	if (r == -ENOENT)
		return kube_pod_connect(cli, word, a, ret, e);
	if (r < 0)
		return r;
	if (st->nodes[node].pid == 0 && strcmp(st->status, "starting") == 0 && strcmp(st->nodes[node].kind, "linux") == 0)
		return error_set(e, ESRCH, "node %s is not there yet: the lab is still starting, and it waits for other nodes", st->nodes[node].name);
	if (st->nodes[node].pid == 0)
		return st->nodes[node].netns_fd >= 0 && strcmp(st->nodes[node].kind, "linux") == 0 ?
			       error_set(e, ESRCH, "node %s is not running (netemu start %s)", st->nodes[node].name, st->nodes[node].name) :
			       error_set(e, EINVAL, "node %s (kind %s) runs no processes", st->nodes[node].name, st->nodes[node].kind);
	ret->cwd = arena_strdup(a, st->nodes[node].workdir);
	ret->user = arena_strdup(a, st->nodes[node].user);
	return node_connect(st, node, e);
}

int cmd_exec(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int conn = -EBADF;
	struct kube_pod_defaults defaults = { 0 };
	struct error e = { 0 };
	bool done = false;
	int r;

	if (!env_is_valid(cli))
		return cli_usage(cli, "-e takes NAME=VALUE or NAME");
	if (geteuid() != 0)
		return cli_error(cli, "must be run as root (try sudo)");
	conn = target_connect(cli, cli_args(cli)->v[0], &a, &defaults, &e);
	if (conn < 0)
		return cli_fail(cli, &e);
	r = run(cli, conn, &defaults, &a, &done, &e);
	return done ? r : cli_fail(cli, &e);
}
