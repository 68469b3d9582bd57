// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_docker_control.c - docker start, stop, restart, pause, unpause, kill, wait, top
 */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "nodectl.h"
#include "shim_docker.h"

enum { NODE_STOP_FOREVER = 1000000 }; /* eleven days; in milliseconds it fits an order */

static int daemon_error(const char *name, const char *what, const struct error *e)
{
	(void)fflush(stdout);
	(void)fprintf(stderr, "Error response from daemon: %s container: %s: %s\n", what, name, e->msg);
	return CLI_FAILED;
}

/* Each of the nodes that are named; docker says the name of each when it is done. */
static int each(const struct cli *cli, const char *what, const struct node_order *order)
{
	int code = CLI_OK;

	for (size_t i = 0; i < cli_args(cli)->n; i++) {
		_cleanup_shim_node_ struct shim_node n = { 0 };
		const char *name = cli_args(cli)->v[i];
		struct error e = { 0 };

		if (!docker_find(name, &n))
			code = CLI_FAILED;
		else if (node_control(n.lab->name, n.node->name, order, &e) < 0)
			code = daemon_error(name, what, &e);
		else
			(void)puts(name);
	}
	return code;
}

int docker_start(const struct cli *cli)
{
	return each(cli, "Cannot start", &(struct node_order){ .verb = CTL_START });
}

/* -1: as long as it takes. */
static bool seconds_read(const char *text, unsigned *ret)
{
	char *end;
	const long n = strtol(text, &end, 10);

	if (end == text || *end || n < -1 || n > NODE_STOP_FOREVER)
		return false;
	*ret = n < 0 ? NODE_STOP_FOREVER : (unsigned)n;
	return true;
}

static int stopping(const struct cli *cli, enum ctl_node_verb verb, const char *what)
{
	const char *sig = cli_value(cli, "signal"), *time = cli_value(cli, "time") ?: cli_value(cli, "timeout");
	struct node_order order = {
		.verb = verb,
		.signal = sig ? node_signal(sig) : SIGTERM,
		.timeout_s = NODE_STOP_SECONDS,
	};

	if (time && !seconds_read(time, &order.timeout_s)) {
		(void)fprintf(stderr, "invalid argument \"%s\" for \"-t, --time\" flag: it is a number of seconds\n", time);
		return CLI_EXEC_FAILED;
	}
	if (order.signal >= 0)
		return each(cli, what, &order);
	(void)fprintf(stderr, "Error response from daemon: invalid signal: %s\n", sig);
	return CLI_FAILED;
}

int docker_stop(const struct cli *cli)
{
	return stopping(cli, CTL_STOP, "Cannot stop");
}

int docker_restart(const struct cli *cli)
{
	return stopping(cli, CTL_RESTART, "Cannot restart");
}

int docker_pause(const struct cli *cli)
{
	return each(cli, "Cannot pause", &(struct node_order){ .verb = CTL_PAUSE });
}

int docker_unpause(const struct cli *cli)
{
	return each(cli, "Cannot unpause", &(struct node_order){ .verb = CTL_UNPAUSE });
}

int docker_kill(const struct cli *cli)
{
	const char *sig = cli_value(cli, "signal");
	const struct node_order order = { .verb = CTL_KILL, .signal = sig ? node_signal(sig) : SIGKILL };

	if (order.signal >= 0)
		return each(cli, "Cannot kill", &order);
	(void)fprintf(stderr, "Error response from daemon: invalid signal: %s\n", sig);
	return CLI_FAILED;
}

/* The end of a node's init is the end of its pidfd. */
static int wait_one(const char *name)
{
	_cleanup_shim_node_ struct shim_node n = { 0 };
	_cleanup_close_ int fd = -EBADF;
	struct pollfd p = { .events = POLLIN };
	int status;

	if (!docker_find(name, &n))
		return CLI_FAILED;
	fd = n.node->pid ? (int)syscall(SYS_pidfd_open, n.node->pid, 0) : -1;
	p.fd = fd;
	while (fd >= 0 && poll(&p, 1, -1) < 0 && errno == EINTR)
		;
	if (fd >= 0) {
		shim_node_done(&n);
		if (!docker_find(name, &n))
			return CLI_FAILED;
	}
	status = n.node->exit_status;
	(void)printf("%d\n", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	return CLI_OK;
}

int docker_wait(const struct cli *cli)
{
	int code = CLI_OK;

	for (size_t i = 0; i < cli_args(cli)->n; i++)
		code |= wait_one(cli_args(cli)->v[i]);
	return code;
}

/* docker runs the host's ps for it; here it is the node's, which sees the same processes with its own numbers. */
int docker_top(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_shim_node_ struct shim_node n = { 0 };
	const struct strv *args = cli_args(cli);
	struct strv words = { 0 };

	if (!docker_find(args->v[0], &n))
		return CLI_FAILED;
	if (!docker_is_up(n.node)) {
		(void)fprintf(stderr, "Error response from daemon: container %s is not running\n", args->v[0]);
		return CLI_FAILED;
	}
	strv_add(&a, &words, "--lab");
	strv_add(&a, &words, n.lab->name);
	strv_add(&a, &words, n.node->name);
	strv_add(&a, &words, "--");
	strv_add(&a, &words, "ps");
	if (args->n == 1)
		strv_add(&a, &words, "-ef");
	for (size_t i = 1; i < args->n; i++)
		strv_add(&a, &words, args->v[i]);
	return shim_verbv("exec", &words);
}
