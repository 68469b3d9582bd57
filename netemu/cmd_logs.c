// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_logs.c - netemu logs: what the processes of a node wrote, or those of a pod
 *
 * A log is read straight from the lab's directory, without a word to the supervisor. With a daemon's name a child
 * reads, and this process lets through the lines that name it.
 */
#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "cli.h"
#include "engine/state.h"
#include "kubepod.h"
#include "supervisor/logstore.h"
#include "when.h"

#define LAB_LOG "_lab" /* what the supervisor itself has to say */
#define API_LOG "_api" /* what a cluster's API server prints */

struct wanted {
	const struct cli *cli;
	const char *node, *daemon;
	int dirfd;
	int supervisor; /* pidfd, or -EBADF */
	int64_t since, until; /* 0: no limit */
	bool tail;
	size_t tail_lines;
};

static int logs_read(const struct wanted *w, int out, struct error *e)
{
	const struct logstore_read opt = { .follow = cli_flag(w->cli, "follow"), .cancel_fd = w->supervisor,
					   .tail = w->tail, .tail_lines = w->tail_lines,
					   .timestamps = cli_flag(w->cli, "timestamps"),
					   .since = w->since, .until = w->until };
	int r = logstore_read(w->dirfd, w->node, out, &opt, e);

	return r == -ENOENT || r == -EPIPE ? 0 : r;
}

/* ---- one daemon ---- */

/*
 * Whether a line is about a daemon: its name is a word of it ("bgpd[17]:"), or FRR's tag for it ("BGP: ").
 */
static bool word_at(const char *line, const char *at, size_t n)
{
	return (at == line || !isalnum((unsigned char)at[-1])) && !isalnum((unsigned char)at[n]);
}

static bool line_names(const char *line, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = strcasestr(line, word); at; at = strcasestr(at + 1, word))
		if (word_at(line, at, n))
			return true;
	return false;
}

static bool line_is_of(const char *line, const char *daemon)
{
	char tag[64];
	size_t n = strlen(daemon);

	if (line_names(line, daemon))
		return true;
	if (n < 3 || n + 1 >= sizeof(tag) || daemon[n - 1] != 'd')
		return false;
	for (size_t i = 0; i + 1 < n; i++)
		tag[i] = (char)toupper((unsigned char)daemon[i]);
	(void)snprintf(tag + n - 1, sizeof(tag) - n + 1, ":");
	return strstr(line, tag) != NULL;
}

/* Return: how many lines were the daemon's. */
static size_t lines_filter(int fd, const char *daemon)
{
	_cleanup_fclose_ FILE *in = fdopen(fd, "r");
	_cleanup_free_ char *line = NULL;
	size_t size = 0, n = 0;

	while (in && getline(&line, &size, in) >= 0) {
		if (!line_is_of(line, daemon))
			continue;
		n++;
		if (fputs(line, stdout) == EOF || fflush(stdout) == EOF)
			break;
	}
	return n;
}

static void child_main(const struct wanted *w, int out)
{
	struct error e = { 0 };

	_exit(logs_read(w, out, &e) < 0 ? cli_fail(w->cli, &e) : CLI_OK);
}

static int daemon_logs(const struct wanted *w)
{
	int p[2], status = 0;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return cli_error(w->cli, "pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		return cli_error(w->cli, "fork: %s", strerror(errno));
	if (pid == 0)
		child_main(w, p[1]);
	(void)close(p[1]);
	if (lines_filter(p[0], w->daemon) == 0)
		cli_note(w->cli, "%s has logged nothing as '%s' (netemu logs %s shows all)", w->node, w->daemon,
			 w->node);
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status))
		return WEXITSTATUS(status);
	return CLI_FAILED;
}

/* ---- all of it ---- */

static int logs_open(const char *lab, struct error *e)
{
	char path[512];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s/logs", state_dir_root(), lab);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_errno(e, errno, "logs of lab '%s'", lab) : fd;
}

/* Logs that are no node's: the supervisor's and the API server's, with --lab. */
static bool is_lab_log(const struct cli *cli, const char *name)
{
	return cli_value(cli, "lab") && (strcmp(name, LAB_LOG) == 0 || strcmp(name, API_LOG) == 0);
}

/* The lab and the log that NODE means: a node's, or, for the name of a lab, the lab's own. */
static int target_find(const struct cli *cli, const char *name, struct lab_state **st, const char **log, struct error *e)
{
	size_t index;
	int r;

	if (is_lab_log(cli, name)) {
		*log = name;
		return state_load(cli_value(cli, "lab"), st, e);
	}
	r = state_find_node(cli_value(cli, "lab"), name, st, &index, e);
	if (r == 0)
		*log = (*st)->nodes[index].name;
	if (r != -ENOENT || !state_name_valid(name) || state_load(name, st, NULL) < 0)
		return r;
	*log = LAB_LOG;
	*e = (struct error){ 0 };
	return 0;
}

/* Options that only pods have. */
static bool is_pods(const struct cli *cli)
{
	return cli_flag(cli, "container") || cli_flag(cli, "namespace") || cli_flag(cli, "previous");
}

/* Which lines are wanted. */
static int range_read(struct wanted *w, struct error *e)
{
	const char *since = cli_value(w->cli, "since"), *until = cli_value(w->cli, "until"),
		   *tail = cli_value(w->cli, "tail");
	int r = since ? when_parse(since, &w->since, e) : 0;
	char *end = NULL;

	if (tail && strcmp(tail, "all") != 0 && strcmp(tail, "-1") != 0) {
		w->tail = true;
		w->tail_lines = strtoul(tail, &end, 10);
		if (!isdigit((unsigned char)*tail) || *end)
			return error_set(e, EINVAL, "--tail wants a number of lines, or all, not '%s'", tail);
	}
	return r == 0 && until ? when_parse(until, &w->until, e) : r;
}

int cmd_logs(const struct cli *cli)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;
	_cleanup_close_ int dirfd = -EBADF, pidfd = -EBADF;
	const struct strv *args = cli_args(cli);
	struct wanted w = { .cli = cli, .daemon = args->n > 1 ? args->v[1] : NULL };
	struct error e = { 0 };
	int r;

	if (range_read(&w, &e) < 0)
		return cli_usage(cli, "%s", e.msg);
	if (is_pods(cli))
		r = error_set(&e, ENOENT, "no cluster is running that could have a pod '%s'", args->v[0]);
	else
		r = target_find(cli, args->v[0], &st, &w.node, &e);
	if (r == -ENOENT)
		return kube_pod_logs(cli, args->v[0], w.daemon, &e);
	if (r < 0)
		return cli_fail(cli, &e);
	dirfd = logs_open(st->name, &e);
	if (dirfd < 0)
		return cli_fail(cli, &e);
	pidfd = (int)syscall(SYS_pidfd_open, st->supervisor, 0);
	w.dirfd = dirfd;
	w.supervisor = pidfd < 0 ? -1 : pidfd;
	if (w.daemon)
		return daemon_logs(&w);
	return logs_read(&w, STDOUT_FILENO, &e) < 0 ? cli_fail(cli, &e) : CLI_OK;
}
