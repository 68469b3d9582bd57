// SPDX-License-Identifier: GPL-2.0-or-later
#include "nodeexec.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/agentc.h"
#include "output.h"
#include "plan/artefacts.h"

enum { REQUEST_ID = 1, OUTPUT_MAX = 64 << 20 /* bytes of a command's output that are kept */ };

int node_connect(const struct lab_state *st, size_t node, struct error *e)
{
	char path[512];
	_cleanup_close_ int dir = -EBADF;

	(void)snprintf(path, sizeof(path), "%s/%s/nodes", state_dir_root(), st->name);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return error_errno(e, errno, "open %s", path);
	return agent_connect(dir, st->nodes[node].name, e);
}

/* ---- labels ---- */

struct strv nodeexec_labels(const struct lab_state *st, size_t node, struct arena *a)
{
	const struct node_state *n = &st->nodes[node];
	const struct label_source s = { st->name,    st->lab_dir, st->path, st->owner, st->mgmt_dev, n->name,
					n->longname, n->kind,	  n->group, n->labels };

	return artefacts_labels(&s, a);
}

static bool has_label(const struct strv *labels, const char *want)
{
	const size_t n = strlen(want);

	for (size_t i = 0; i < labels->n; i++)
		if (strcmp(labels->v[i], want) == 0 ||
		    (!strchr(want, '=') && strncmp(labels->v[i], want, n) == 0 && labels->v[i][n] == '='))
			return true;
	return false;
}

static bool has_labels(const struct lab_state *st, size_t node, const struct strv *want, struct arena *a)
{
	const struct strv labels = want->n ? nodeexec_labels(st, node, a) : (struct strv){ 0 };

	for (size_t i = 0; i < want->n; i++)
		if (!has_label(&labels, want->v[i]))
			return false;
	return true;
}

void nodeexec_select(const struct lab_state *st, const struct strv *labels, struct arena *a, struct exec_target **ret, size_t *ret_n)
{
	for (size_t i = 0; i < st->n_nodes; i++)
		if (st->nodes[i].pid && has_labels(st, i, labels, a))
			*ARENA_PUSH(a, *ret, *ret_n) = (struct exec_target){ st, i };
}

/* ---- running ---- */

/*
 * A command under way. Its output goes to anonymous files: nobody has to read while it runs, and what stays behind of it
 * keeps nothing from ending.
 */
struct running {
	int conn, fds[3];
};

static void fail(struct exec_result *r, int code, const char *what, const char *why)
{
	r->code = code;
	strbuf_printf(&r->err, "%s: %s\n", what, why);
}

static void start(const struct exec_target *t, const struct strv *argv, struct running *run, struct exec_result *ret)
{
	struct agent_command cmd = { .argv = argv, .user = t->st->nodes[t->node].user, .cwd = t->st->nodes[t->node].workdir };
	struct error e = { 0 };

	run->conn = node_connect(t->st, t->node, &e);
	run->fds[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
	run->fds[1] = memfd_create("stdout", MFD_CLOEXEC);
	run->fds[2] = memfd_create("stderr", MFD_CLOEXEC);
	memcpy(cmd.fds, run->fds, sizeof(cmd.fds));
	if (run->conn >= 0 && (run->fds[0] < 0 || run->fds[1] < 0 || run->fds[2] < 0))
		(void)error_errno(&e, errno, "make a file for the output");
	if (!e.code)
		(void)agent_run(run->conn, REQUEST_ID, &cmd, &e);
	if (!e.code)
		return;
	fail(ret, CLI_EXEC_FAILED, t->st->nodes[t->node].name, e.msg);
	run->conn = fd_close(run->conn);
}

/* Return: whether the command has come to its end, one way or another. */
static bool event(const struct running *run, const struct strv *argv, struct exec_result *ret)
{
	struct agent_event ev;
	struct error e = { 0 };
	int fd = -EBADF;
	const int r = agent_recv(run->conn, &ev, &fd, &e);

	(void)fd_close(fd);
	if (r <= 0) {
		fail(ret, CLI_EXEC_FAILED, argv->v[0], r == 0 ? "the node has ended" : e.msg);
		return true;
	}
	if (ev.id != REQUEST_ID)
		return false;
	if (ev.type == AGENT_REFUSED)
		fail(ret, ev.arg == ENOENT ? CLI_EXEC_MISSING : CLI_EXEC_DENIED, argv->v[0], strerror((int)ev.arg));
	else if (ev.type == AGENT_EXITED)
		ret->code = agent_exit_code(ev.arg);
	return ev.type == AGENT_REFUSED || ev.type == AGENT_EXITED;
}

static void output_take(int fd, struct strbuf *out)
{
	char buf[16384];
	ssize_t n;

	for (off_t at = 0; at < OUTPUT_MAX && (n = pread(fd, buf, sizeof(buf), at)) > 0; at += n)
		strbuf_add(out, buf, (size_t)n);
}

static void finish(struct running *run, const struct strv *argv, struct exec_result *ret)
{
	if (run->conn >= 0) {
		while (!event(run, argv, ret))
			;
		output_take(run->fds[1], &ret->out);
		output_take(run->fds[2], &ret->err);
	}
	(void)fd_close(run->conn);
	for (size_t i = 0; i < 3; i++)
		(void)fd_close(run->fds[i]);
}

void nodeexec_run(const struct exec_target *targets, size_t n, const struct strv *argv, struct exec_result *ret)
{
	enum { AT_ONCE = 128 }; /* four descriptors each */
	struct running run[AT_ONCE];

	for (size_t from = 0; from < n; from += AT_ONCE) {
		const size_t count = MIN_OF(n - from, (size_t)AT_ONCE);

		for (size_t i = 0; i < count; i++) {
			ret[from + i] = (struct exec_result){ 0 };
			start(&targets[from + i], argv, &run[i], &ret[from + i]);
		}
		for (size_t i = 0; i < count; i++)
			finish(&run[i], argv, &ret[from + i]);
	}
}

void exec_result_done(struct exec_result *r)
{
	strbuf_done(&r->out);
	strbuf_done(&r->err);
}

/* ---- as containerlab prints it ---- */

static void result_json(const struct strv *argv, const struct exec_result *r, struct strbuf *out)
{
	strbuf_puts(out, "    {\n      \"cmd\": [");
	for (size_t i = 0; i < argv->n; i++) {
		strbuf_puts(out, i ? ",\n        " : "\n        ");
		strbuf_json_string(out, argv->v[i]);
	}
	strbuf_printf(out, "\n      ],\n      \"return-code\": %d,\n      \"stdout\": ", r->code);
	strbuf_json_string(out, strbuf_str(&r->out));
	strbuf_puts(out, ",\n      \"stderr\": ");
	strbuf_json_string(out, strbuf_str(&r->err));
	strbuf_puts(out, "\n    }");
}

static void result_plain(const char *node, const struct strv *argv, const struct exec_result *r, FILE *out)
{
	_cleanup_arena_ struct arena a = { 0 };

	(void)fprintf(out, "%s:", node);
	for (size_t i = 0; i < argv->n; i++)
		(void)fprintf(out, " %s", output_text(&a, argv->v[i]));
	if (r->code)
		(void)fprintf(out, " (exit status %d)", r->code);
	(void)fprintf(out, "\n%s%s", strbuf_str(&r->out), strbuf_str(&r->err));
}

/* @results: those of the nodes for each command, one after the other */
static void all_json(const struct exec_target *targets, size_t n, const struct strv *argvs, size_t n_commands,
		     const struct exec_result *results, FILE *out)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };

	strbuf_puts(&text, "{");
	for (size_t i = 0; i < n; i++) {
		strbuf_puts(&text, i ? ",\n  " : "\n  ");
		strbuf_json_string(&text, targets[i].st->nodes[targets[i].node].longname);
		strbuf_puts(&text, ": [\n");
		for (size_t k = 0; k < n_commands; k++) {
			strbuf_puts(&text, k ? ",\n" : "");
			result_json(&argvs[k], &results[k * n + i], &text);
		}
		strbuf_puts(&text, "\n  ]");
	}
	strbuf_puts(&text, n ? "\n}\n" : "}\n");
	(void)fputs(strbuf_str(&text), out);
}

static int commands_split(const struct strv *commands, struct arena *a, struct strv *ret, struct error *e)
{
	for (size_t k = 0; k < commands->n; k++) {
		if (shlex_split(a, commands->v[k], &ret[k], e) < 0)
			return error_wrap(e, "command '%s'", commands->v[k]);
		if (ret[k].n == 0)
			return error_set(e, EINVAL, "an empty command");
	}
	return 0;
}

int nodeexec_clab(const struct exec_target *targets, size_t n, const struct strv *commands, bool json, FILE *out, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strv *argvs = arena_alloc(&a, (commands->n + 1) * sizeof(*argvs));
	struct exec_result *results = arena_alloc(&a, (commands->n * n + 1) * sizeof(*results));
	const int r = commands_split(commands, &a, argvs, e);

	if (r < 0)
		return r;
	for (size_t k = 0; k < commands->n; k++) {
		nodeexec_run(targets, n, &argvs[k], &results[k * n]);
		for (size_t i = 0; !json && i < n; i++)
			result_plain(targets[i].st->nodes[targets[i].node].longname, &argvs[k], &results[k * n + i], out);
	}
	if (json)
		all_json(targets, n, argvs, commands->n, results, out);
	for (size_t i = 0; i < commands->n * n; i++)
		exec_result_done(&results[i]);
	return 0;
}
