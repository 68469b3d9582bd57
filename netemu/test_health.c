// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_health.c - what went wrong that no step asked about: the kernel, daemons, and what a lab has left behind
 *
 * Nothing of the kernel's log is ever printed to where results go: a parser of those would take it for a crash of its own
 * machine. It is in the artefacts; what is reported is which line of it matched, without the words that parsers look for.
 */
#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <regex.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "kernel/link.h"
#include "linkctl.h"
#include "test_run.h"

enum { RECORD_MAX = 8192, SHOWN = 5 };

/* What a kernel says that is not well. @name: how it is reported. */
static const struct {
	const char *pattern, *name;
} signs[] = {
	{ "BUG:", "a bug" },
	{ "WARNING:", "a warning" },
	{ "Oops", "an oops" },
	{ "Call Trace:", "a call trace" },
	{ "general protection fault", "a general protection fault" },
	{ "INFO: task .* blocked for more than", "a task that hangs" },
	{ "soft lockup|hard LOCKUP", "a lockup" },
	{ "rcu.*(detected|self-detected).*stall", "an RCU stall" },
	{ "ref_tracker:", "a leaked reference" },
	{ "unregister_netdevice: waiting", "a network device that cannot be freed" },
	{ "unreferenced object", "a memory leak" },
	{ "UBSAN:|KASAN:|KCSAN:", "a sanitizer's report" },
	{ "refcount_t:", "a reference count that is wrong" },
};

/* ---- the kernel's log ---- */

static unsigned long taint_now(void)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/sys/kernel/tainted", "re");
	char line[32];

	return f && fgets(line, sizeof(line), f) ? strtoul(line, NULL, 10) : 0;
}

void wellness_begin(struct run *r)
{
	r->taint = taint_now();
	r->kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (r->kmsg >= 0)
		(void)lseek(r->kmsg, 0, SEEK_END);
}

/* "6,1234,5678,-;text" and lines of details: the text. Return: whether there was a record. */
static bool next_record(int fd, struct strbuf *ret)
{
	char buf[RECORD_MAX];
	ssize_t n;

	do
		n = read(fd, buf, sizeof(buf) - 1);
	while (n < 0 && (errno == EINTR || errno == EPIPE)); /* EPIPE: some were overwritten */
	if (n <= 0)
		return false;
	buf[n] = '\0';
	strbuf_reset(ret);
	if (strchr(buf, ';'))
		strbuf_add(ret, strchr(buf, ';') + 1, strcspn(strchr(buf, ';') + 1, "\n"));
	return true;
}

static bool is_allowed(const struct run *r, const char *line)
{
	for (size_t i = 0; i < r->t->allow.n; i++)
		if (step_matches(r->t->allow.v[i], line))
			return true;
	return false;
}

static void kernel_log(struct run *r, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };
	size_t seen[ARRAY_SIZE(signs)] = { 0 };

	while (r->kmsg >= 0 && next_record(r->kmsg, &line)) {
		strbuf_printf(&r->kernel_log, "%s\n", strbuf_str(&line));
		for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
			seen[i] += step_matches(signs[i].pattern, strbuf_str(&line)) && !is_allowed(r, strbuf_str(&line));
	}
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (seen[i])
			strbuf_printf(why, "the kernel's log tells of %s (%zu lines, see kernel.log)\n", signs[i].name, seen[i]);
	if (taint_now() & ~r->taint)
		strbuf_printf(why, "the kernel is tainted now: %lu, before %lu\n", taint_now(), r->taint);
}

void wellness_save(struct run *r)
{
	char path[PATH_MAX];
	_cleanup_fclose_ FILE *f = NULL;

	(void)snprintf(path, sizeof(path), "%s/kernel.log", r->work);
	f = fopen(path, "we");
	if (f)
		(void)fputs(strbuf_str(&r->kernel_log), f);
}

/* ---- daemons ---- */

static unsigned expected_deaths(const struct run *r, const char *node, const char *daemon)
{
	for (size_t i = 0; i < r->n_deaths; i++)
		if (strcmp(r->deaths[i].node, node) == 0 && strcmp(r->deaths[i].daemon, daemon) == 0)
			return r->deaths[i].n;
	return 0;
}

/* watchfrr ends the clients of a dead zebra with TERM: that is no crash. */
static void daemon_health(const struct run *r, const struct node_state *n, const struct daemon_state *d, struct strbuf *why)
{
	const int status = d->last_status;

	if (d->deaths <= expected_deaths(r, n->name, d->name))
		return;
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGTERM)
		strbuf_printf(why, "%s: %s was ended by signal %d (SIG%s)%s\n", n->name, d->name, WTERMSIG(status),
			      sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?", WCOREDUMP(status) ? ", core dumped" : "");
	else if (WIFEXITED(status) && WEXITSTATUS(status))
		strbuf_printf(why, "%s: %s has ended with status %d\n", n->name, d->name, WEXITSTATUS(status));
}

/* What daemons print when they are about to die, and sanitizers of what they have found. */
static bool is_alarm(const char *line)
{
	static const char *const words[] = { "ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer", ": runtime error: ",
					     "Received signal 11", "Received signal 6 ", "Assertion `", "Backtrace for " };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(line, words[i]))
			return true;
	return false;
}

static void log_health(const struct run *r, const struct test_node *n, struct strbuf *why)
{
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_free_ char *line = NULL;
	const char *name = n->st->nodes[n->index].name;
	char path[PATH_MAX];
	size_t cap = 0, shown = 0;

	(void)snprintf(path, sizeof(path), "%s/%s/logs/%s.log", state_dir_root(), n->st->name, name);
	f = fopen(path, "re");
	while (f && shown < SHOWN && getline(&line, &cap, f) > 0)
		if (is_alarm(line) && !is_allowed(r, line)) {
			strbuf_printf(why, "%s: log: %.300s%s", name, line, strchr(line, '\n') && strlen(line) <= 300 ? "" : "\n");
			shown++;
		}
}

static void remember_namespace(struct run *r, const struct test_node *n)
{
	_cleanup_close_ int fd = linkctl_netns(n->st, &n->st->nodes[n->index], NULL);
	struct stat sb, own;

	if (fd >= 0 && fstat(fd, &sb) == 0 && fstat(r->self_ns, &own) == 0 && sb.st_ino != own.st_ino)
		*ARENA_PUSH(&r->arena, r->namespaces, r->n_namespaces) = sb.st_ino;
}

bool wellness_lab(struct run *r, struct strbuf *why)
{
	const size_t before = why->len;
	struct error e = { 0 };

	if (run_refresh(r, &e) < 0)
		strbuf_printf(why, "the lab does not answer: %s\n", e.msg);
	for (size_t i = 0; i < r->n_nodes; i++) {
		const struct node_state *n = &r->nodes[i].st->nodes[r->nodes[i].index];

		for (size_t k = 0; k < n->n_daemons; k++)
			daemon_health(r, n, &n->daemons[k], why);
		log_health(r, &r->nodes[i], why);
		remember_namespace(r, &r->nodes[i]);
	}
	return why->len == before;
}

/* ---- what is left ---- */

static bool in_lab(const struct run *r, const char *pid)
{
	char path[64];
	struct stat sb;

	(void)snprintf(path, sizeof(path), "/proc/%.16s/ns/net", pid);
	if (r->n_namespaces == 0 || stat(path, &sb) < 0)
		return false;
	for (size_t i = 0; i < r->n_namespaces; i++)
		if (sb.st_ino == r->namespaces[i])
			return true;
	return false;
}

static void left_processes(const struct run *r, struct strbuf *why)
{
	_cleanup_closedir_ DIR *dir = opendir("/proc");

	for (const struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir))
		if (isdigit((unsigned char)d->d_name[0]) && in_lab(r, d->d_name))
			strbuf_printf(why, "process %s is left in the lab's network\n", d->d_name);
}

static void left_files(const struct run *r, struct strbuf *why)
{
	_cleanup_closedir_ DIR *dir = opendir(state_dir_netns());
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", state_dir_root(), r->lab);
	if (access(path, F_OK) == 0)
		strbuf_printf(why, "%s is left\n", path);
	for (const struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir))
		if (strstr(d->d_name, r->lab))
			strbuf_printf(why, "%s/%s is left\n", state_dir_netns(), d->d_name);
}

static void left_mounts(const struct run *r, struct strbuf *why)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/mountinfo", "re");
	_cleanup_free_ char *line = NULL;
	size_t cap = 0;

	while (f && getline(&line, &cap, f) > 0)
		if (strstr(line, r->lab))
			strbuf_printf(why, "a mount is left: %.200s", line);
}

static void left_links(const struct run *r, struct strbuf *why)
{
	_cleanup_nlconn_ struct nlconn *c = NULL;
	_cleanup_free_ struct link_info *links = NULL;
	size_t n = 0;

	if (nlconn_open(0, &c, NULL) < 0 || link_dump(c, &links, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (strstr(links[i].alias, r->lab))
			strbuf_printf(why, "the link %s (%s) is left on the host\n", links[i].ifname, links[i].alias);
}

bool wellness_kernel(struct run *r, struct strbuf *why)
{
	const size_t before = why->len;

	left_processes(r, why);
	left_files(r, why);
	left_mounts(r, why);
	left_links(r, why);
	kernel_log(r, why);
	return why->len == before;
}
