// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_kubectl.c - kubectl where there is none: those of its commands that netemu has as verbs with the same options
 */
#include "shim.h"

static const struct verb_option no_options[] = { { NULL, 0, OPT_FLAG, NULL, COMPLETE_NOTHING, NULL } };
static const struct verb_option global_options[] = {
	{ "namespace", 'n', OPT_STRING, "NAMESPACE", COMPLETE_NOTHING, "the namespace" },
	{ NULL, 0, OPT_FLAG, NULL, COMPLETE_NOTHING, NULL },
};
static const struct verb globals = {
	.name = "kubectl", .options = global_options, .max_args = ARGS_ANY, .stop_after = STOP_AT_ONCE
};

static int kubectl_version(const struct cli *cli)
{
	(void)cli;
	(void)printf("Client Version: netemu " NETEMU_VERSION " (in the place of kubectl v%s)\n", shim_kubectl.version);
	return CLI_OK;
}

/* Without a function of its own, a command is netemu's verb of that name, and has its options. */
#define VERB(words, text)                                                                                   \
	{                                                                                                   \
		.name = words, .summary = text, .synopsis = "", .options = no_options, .max_args = ARGS_ANY \
	}

static const struct verb commands[] = {
	VERB("get", "Display objects"),
	VERB("apply", "Apply manifests"),
	VERB("delete", "Delete objects"),
	VERB("exec", "Execute a command in a pod"),
	VERB("logs", "Print the logs of a pod"),
	{ .name = "version",
	  .summary = "Show the version",
	  .synopsis = "",
	  .options = no_options,
	  .max_args = ARGS_ANY,
	  .run = kubectl_version },
	{ .name = NULL },
};

const struct shim shim_kubectl = {
	.name = "kubectl",
	.version = "1.27.3",
	.globals = &globals,
	.commands = commands,
	.usage_status = CLI_FAILED,
	.unknown = "error: netemu's own kubectl does not know ",
	.known = " (it has get, apply, delete, exec, logs and version; a real kubectl works with netemu's clusters)",
};
