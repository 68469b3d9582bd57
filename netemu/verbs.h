/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verbs.h - the one table of what netemu understands
 *
 * The parser, `help`, the man page and the completion all read this table; nothing about a verb's command line is
 * written anywhere else. cmd_<verb>.c holds what the verb does.
 */
#ifndef NETEMU_VERBS_H
#define NETEMU_VERBS_H

#include "cli.h"

enum option_type {
	OPT_FLAG, /* no value */
	OPT_STRING, /* one value, the last one counts */
	OPT_STRINGS, /* may be repeated */
	OPT_LIST, /* may be repeated, and each value may hold several, separated by commas */
	OPT_NUMBER, /* a number from 1 to 2^31-1 */
	OPT_MAYBE_NUMBER, /* --wait or --wait=SECONDS */
	OPT_MAYBE_STRING, /* --dry-run or --dry-run=WHERE */
	OPT_CHOICE, /* one of metavar's words: "table|json|csv" */
	OPT_REFUSED, /* another tool's flag that netemu cannot do: its help says why */
	OPT_REFUSED_VALUE, /* the same, with a value */
	_OPTION_TYPE_MAX,
};

/* What completion offers for a value or an argument. */
enum complete {
	COMPLETE_NOTHING,
	COMPLETE_FILES,
	COMPLETE_DIRS,
	COMPLETE_NODES,
	COMPLETE_NODES_PODS,
	COMPLETE_LABS,
	COMPLETE_CLUSTERS,
	COMPLETE_NAMESPACES,
	COMPLETE_KINDS, /* the first argument is a kind, those after it are names of that kind */
	COMPLETE_FILES_LABS,
	COMPLETE_VERBS,
	COMPLETE_COMMANDS,
	_COMPLETE_MAX,
};

struct verb_option {
	const char *name; /* long name; NULL ends the array */
	char letter; /* short name, or 0 */
	enum option_type type;
	const char *metavar; /* name of the value; NULL for OPT_FLAG */
	enum complete complete;
	const char *help; /* one sentence without a full stop */
};

struct verb_example {
	const char *command, *what; /* command NULL ends the array */
};

struct verb_status {
	const char *status, *meaning; /* status NULL ends the array */
};

struct verb {
	const char *name;
	const char *alias; /* or NULL */
	bool hidden; /* not in help */
	const char *synopsis; /* arguments: "[FILE|LAB]..." */
	const char *summary; /* one line */
	const char *description; /* paragraphs separated by an empty line */
	const struct verb_option *options;
	const struct verb_example *examples;
	const struct verb_status *statuses; /* NULL: the usual ones */
	unsigned min_args, max_args; /* max_args ARGS_ANY: no limit */
	unsigned stop_after; /* options end at the first argument after that many; 0: they may stand anywhere */
	enum complete complete; /* of its arguments */
	int usage_status; /* exit code for a wrong command line; 0: CLI_USAGE */
	int (*run)(const struct cli *cli);
};

enum { ARGS_ANY = -1, STOP_AT_ONCE = -1 /* stop_after: options end at the first argument, which is kept */ };

extern const struct verb verbs[]; /* ended by a NULL name */
extern const struct verb_option common_options[]; /* --help: what every verb knows; ended by a NULL name */
extern const struct verb_status common_statuses[];

/** verb_find() - by name or alias; NULL when there is none */
const struct verb *verb_find(const char *name);
/** verb_suggest() - the name of the visible verb that @typed was probably meant to be, or NULL */
const char *verb_suggest(const char *typed);
/** verb_option_find() - an option of @verb, or a common one; NULL when there is none */
const struct verb_option *verb_option_find(const struct verb *verb, const char *name);

#endif
