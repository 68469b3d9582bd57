// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main.c - argv in, exit code out
 *
 * Owns: a sane process to start from, whatever the caller left us (closed fds, ignored signals, a strange umask).
 * Everything else is a verb's: cmd_<verb>.c.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "help.h"
#include "shim.h"
#include "verbs.h"

/* A closed 0, 1 or 2 would be taken by the next file we open, which would then get our messages. */
static void fds_open(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= 2);
	if (fd < 0 && fcntl(2, F_GETFD) < 0)
		_exit(CLI_FAILED);
	(void)fd_close(fd);
}

static void signals_reset(void)
{
	static const int inherited[] = { SIGCHLD, SIGPIPE };
	sigset_t none;

	for (size_t i = 0; i < ARRAY_SIZE(inherited); i++)
		(void)signal(inherited[i], SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int unknown_verb(const char *word)
{
	const char *near = verb_suggest(word);

	if (near)
		return cli_usage(NULL, "unknown verb '%s': did you mean '%s'?", word, near);
	return cli_usage(NULL, "unknown %s '%s' (netemu help shows what there is)", word[0] == '-' ? "option" : "verb",
			 word);
}

static int verb_run(const struct verb *verb, int argc, char **argv)
{
	_cleanup_cli_ struct cli cli = { 0 };
	struct error e = { 0 };
	int r = cli_parse(verb, argc, argv, &cli, &e);

	if (r < 0)
		return cli_usage(&cli, "%s", e.msg);
	if (cli_flag(&cli, "help"))
		return help_verb(verb, stdout);
	r = verb->run(&cli);
	if (r == CLI_OK && (fflush(stdout) != 0 || ferror(stdout)))
		return cli_error(&cli, "standard output: %s", strerror(errno));
	return r;
}

/* --help and --version are what people try first. */
static const char *verb_word(const char *word)
{
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return "help";
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
		return "version";
	return word;
}

int main(int argc, char **argv)
{
	const struct shim *shim = argc ? shim_find(argv[0]) : NULL;
	const struct verb *verb;

	fds_open();
	signals_reset();
	(void)umask(022);
	if (shim)
		return shim_main(shim, argc, argv);
	if (argc < 2) {
		(void)help_overview(stderr);
		return CLI_USAGE;
	}
	verb = verb_find(verb_word(argv[1]));
	return verb ? verb_run(verb, argc - 2, argv + 2) : unknown_verb(argv[1]);
}
