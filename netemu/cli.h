/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cli.h - what was typed, taken apart by the table of verbs.h, and how a verb answers
 *
 * Owns: the parser, the accessors that cmd_<verb>.c use, exit codes, one-line errors. Refuses to know what any
 * verb does.
 */
#ifndef NETEMU_CLI_H
#define NETEMU_CLI_H

#include "base/error.h"
#include "base/strv.h"

struct verb;
struct verb_option;

/* Exit codes of every verb but exec, which hands on its command's. */
enum {
	CLI_OK = 0,
	CLI_FAILED = 1, /* could not be done */
	CLI_INVALID = 2, /* an input file is wrong */
	CLI_USAGE = 64, /* the command line is wrong (sysexits.h EX_USAGE) */
	CLI_EXEC_FAILED = 125, /* exec: netemu itself failed */
	CLI_EXEC_DENIED = 126, /* exec: the command cannot be executed */
	CLI_EXEC_MISSING = 127, /* exec: the command was not found */
};

/* One option as given; in the order of the command line. */
struct cli_given {
	const struct verb_option *option;
	const char *value; /* NULL when it was given without one */
};

struct cli {
	struct arena arena;
	const struct verb *verb;
	struct cli_given *given;
	size_t n_given;
	struct strv args;
};

/**
 * cli_parse() - take the words after the verb apart
 * @verb: its options and number of arguments decide
 * @argv: the words, without the program's name and the verb
 * @ret: to be freed with cli_done(), also on failure; borrows from @argv
 *
 * GNU rules: --opt=VAL, --opt VAL, -xVAL, -x VAL, bundled short flags, unambiguous prefixes of long options, `--`
 * ends the options, options may follow arguments (unless verb->stop_after). An optional value is only taken
 * when it is attached (--wait=30). -h and --help are known to every verb and can be asked for with cli_flag().
 * At --help it stops, and what comes after is not looked at.
 *
 * Return: 0; -EINVAL with a message that says what to type instead; -EOPNOTSUPP an OPT_REFUSED was given, and why it is.
 */
int cli_parse(const struct verb *verb, int argc, char *const argv[], struct cli *ret, struct error *e);
void cli_done(struct cli *cli);
#define _cleanup_cli_ _cleanup_(cli_done)

/*
 * All accessors name an option by its long name without dashes ("wait"; "interactive" for -i). A name that is not
 * in the verb's table is a bug and aborts.
 */

/** cli_flag() - whether the option was given at all */
bool cli_flag(const struct cli *cli, const char *name);

/** cli_value() - the value of its last occurrence; NULL when not given, or given without its optional value */
const char *cli_value(const struct cli *cli, const char *name);

/** cli_number() - the value as a number (the parser has checked it), or @fallback when there is no value */
unsigned cli_number(const struct cli *cli, const char *name, unsigned fallback);

/** cli_list() - all values of a repeated option, in order; OPT_LIST values are split at commas. v is never NULL. */
struct strv cli_list(const struct cli *cli, const char *name);

/** cli_args() - the arguments; args->v is NULL-terminated and never NULL, so &v[1] is fit for execve(2) */
const struct strv *cli_args(const struct cli *cli);

/**
 * cli_error() - one line on stderr: "netemu VERB: TEXT"
 * @cli: may be NULL
 *
 * Return: CLI_FAILED, or CLI_EXEC_FAILED when the verb is exec.
 */
int cli_error(const struct cli *cli, const char *fmt, ...) _printf_(2, 3);

/** cli_fail() - the same for a recorded error */
int cli_fail(const struct cli *cli, const struct error *e);

/** cli_note() - "netemu VERB: TEXT" on stderr for what is not an error; silent when stderr is not wanted */
void cli_note(const struct cli *cli, const char *fmt, ...) _printf_(2, 3);

/** cli_usage() - report a wrong command line that only the verb can see. Return: its exit code for that. */
int cli_usage(const struct cli *cli, const char *fmt, ...) _printf_(2, 3);

/** cli_program - what messages begin with: "netemu", or the tool that it stands in for (shim.h) */
extern const char *cli_program;

/** cli_colour() - whether @out wants colour: a terminal, NO_COLOR unset or empty, TERM not "dumb" */
bool cli_colour(FILE *out);

/**
 * cli_suggest() - the one of @words that @typed was probably meant to be
 * @words: NULL-terminated
 *
 * Return: one of @words, or NULL when none is near.
 */
const char *cli_suggest(const char *typed, const char *const *words);

/* One cmd_<verb>.c each. Return: the exit code. */
int cmd_run(const struct cli *cli);
int cmd_exec(const struct cli *cli);
int cmd_destroy(const struct cli *cli);
int cmd_list(const struct cli *cli);
int cmd_inspect(const struct cli *cli);
int cmd_logs(const struct cli *cli);
int cmd_link(const struct cli *cli);
int cmd_image(const struct cli *cli);
int cmd_test(const struct cli *cli);
int cmd_save(const struct cli *cli);
int cmd_graph(const struct cli *cli);
int cmd_vm(const struct cli *cli);
int cmd_start(const struct cli *cli);
int cmd_stop(const struct cli *cli);
int cmd_restart(const struct cli *cli);
int cmd_pause(const struct cli *cli);
int cmd_unpause(const struct cli *cli);
int cmd_kill(const struct cli *cli);
int cmd_plan(const struct cli *cli);
int cmd_validate(const struct cli *cli);
int cmd_probe(const struct cli *cli);
int cmd_apply(const struct cli *cli);
int cmd_generate(const struct cli *cli);
int cmd_get(const struct cli *cli);
int cmd_delete(const struct cli *cli);
int cmd_kubeconfig(const struct cli *cli);
int cmd_shims(const struct cli *cli);
int cmd_version(const struct cli *cli);
int cmd_help(const struct cli *cli);
int cmd_complete(const struct cli *cli);

#endif
