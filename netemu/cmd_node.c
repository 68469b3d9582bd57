// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_node.c - netemu start, stop, restart, pause, unpause, kill
 *
 * Owns: which nodes are meant, and the words for what goes wrong. What happens to a node is the supervisor's.
 */
#include <signal.h>
#include <string.h>

#include "cli.h"
#include "engine/state.h"
#include "nodectl.h"

int node_signal(const char *name)
{
	char *end;
	const long n = strtol(name, &end, 10);

	if (!*end && end != name)
		return n > 0 && n < _NSIG ? (int)n : -EINVAL;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (int i = 1; i < _NSIG; i++) {
		const char *abbrev = sigabbrev_np(i);

		if (abbrev && strcasecmp(abbrev, name) == 0)
			return i;
	}
	return -EINVAL;
}

int node_control(const char *lab, const char *node, const struct node_order *order, struct error *e)
{
	struct ctl_order o = {
		.head = { .magic = CTL_MAGIC, .version = CTL_VERSION, .verb = CTL_VERB_ORDER },
		.verb = order->verb,
		.signal = order->signal,
		.timeout_ms = order->timeout_s > UINT32_MAX / 1000 ? UINT32_MAX : order->timeout_s * 1000,
	};
	int r;

	(void)snprintf(o.node, sizeof(o.node), "%s", node);
	r = state_order(lab, &o, e);
	return r < 0 ? error_wrap(e, "node %s", node) : 0;
}

/* Every one is tried; all that is wrong is said. */
static int each_node(const struct cli *cli, const struct node_order *order)
{
	const struct strv *args = cli_args(cli);
	int code = CLI_OK;

	if (geteuid() != 0)
		return cli_error(cli, "must be run as root (try sudo)");
	for (size_t i = 0; i < args->n; i++) {
		_cleanup_(state_freep) struct lab_state *st = NULL;
		struct error e = { 0 };
		size_t k;
		int r = state_find_node(cli_value(cli, "lab"), args->v[i], &st, &k, &e);

		if (r == 0)
			r = node_control(st->name, st->nodes[k].name, order, &e);
		if (r < 0)
			code = cli_fail(cli, &e);
		else
			(void)puts(args->v[i]);
		(void)fflush(stdout);
	}
	return code;
}

int cmd_start(const struct cli *cli)
{
	return each_node(cli, &(struct node_order){ .verb = CTL_START });
}

static int stopping(const struct cli *cli, enum ctl_node_verb verb)
{
	const char *time = cli_value(cli, "time"), *sig = cli_value(cli, "signal");
	struct node_order order = { .verb = verb,
				    .signal = sig ? node_signal(sig) : SIGTERM,
				    .timeout_s = NODE_STOP_SECONDS };
	char *end = NULL;

	if (order.signal < 0)
		return cli_usage(cli, "'%s' is no signal", sig);
	if (time)
		order.timeout_s = (unsigned)strtoul(time, &end, 10);
	if (time && (*end || end == time || *time == '-'))
		return cli_usage(cli, "--time wants seconds, not '%s'", time);
	return each_node(cli, &order);
}

int cmd_stop(const struct cli *cli)
{
	return stopping(cli, CTL_STOP);
}

int cmd_restart(const struct cli *cli)
{
	return stopping(cli, CTL_RESTART);
}

int cmd_pause(const struct cli *cli)
{
	return each_node(cli, &(struct node_order){ .verb = CTL_PAUSE });
}

int cmd_unpause(const struct cli *cli)
{
	return each_node(cli, &(struct node_order){ .verb = CTL_UNPAUSE });
}

int cmd_kill(const struct cli *cli)
{
	const char *sig = cli_value(cli, "signal");
	const struct node_order order = { .verb = CTL_KILL, .signal = sig ? node_signal(sig) : SIGKILL };

	return order.signal < 0 ? cli_usage(cli, "'%s' is no signal", sig) : each_node(cli, &order);
}
