// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * runner.c - what runs in the nodes: main commands, exec lines, and who died
 *
 * Owns: the order (a node's exec lines one after the other, nodes side by side), their output, the memory of
 * deaths. Refuses to start processes itself: each node's init does.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "base/strbuf.h"
#include "engine/agentc.h"
#include "engine/groups.h"
#include "kernel/fault.h"
#include "supervisor/internal.h"
#include "supervisor/report.h"

enum { SYSLOG_BURST = 64, WORKERS_DEFAULT = 32, READ_SIZE = 16384, SHOWN_LEN = 400, SHOWN_NAME_LEN = 64 };

/* One open output of a node: the pty of its command, or the pipe of an exec line. */
struct output {
	struct run_node *node;
	bool exec;
	int fd;
};

static const struct node *model(const struct run_node *n)
{
	return &n->run->spec->plan->lab->nodes[n->index];
}

static void node_step(struct run_node *n);

static void tail_add(struct run_node *n, const char *data, size_t size)
{
	if (size > TAIL_LEN) {
		data += size - TAIL_LEN;
		size = TAIL_LEN;
	}
	if (n->tail_len + size > TAIL_LEN) {
		const size_t keep = TAIL_LEN - size;

		memmove(n->tail, n->tail + n->tail_len - keep, keep);
		n->tail_len = keep;
	}
	memcpy(n->tail + n->tail_len, data, size);
	n->tail_len += size;
}

/* For --foreground: as many lines a report as fit, each with its node. What `run` does not read in time it misses. */
static void output_show(const struct run_node *n, const char *data, size_t size)
{
	char text[sizeof(((struct error *)0)->msg)];
	size_t fill = 0;

	while (size) {
		const char *nl = memchr(data, '\n', size);
		const size_t line = nl ? (size_t)(nl - data) : size, len = MIN_OF(line, SHOWN_LEN);

		if (fill && fill + len + SHOWN_NAME_LEN + 4 > sizeof(text)) {
			(void)report_send(n->run->reports, REPORT_LOG, 0, text);
			fill = 0;
		}
		fill += (size_t)snprintf(text + fill, sizeof(text) - fill, "%.*s: %.*s\n", SHOWN_NAME_LEN, model(n)->name,
					 (int)len, data);
		data += len + (nl && len == line);
		size -= len + (nl && len == line);
	}
	if (fill)
		(void)report_send(n->run->reports, REPORT_LOG, 0, text);
}

static void output_store(struct output *o, const char *data, size_t size)
{
	struct lab_run *run = o->node->run;

	logstore_append(run->logs, model(o->node)->name, o->exec ? "exec" : "command", data, size);
	if (o->exec)
		tail_add(o->node, data, size);
	if (run->spec->foreground)
		output_show(o->node, data, size);
}

/* Reads what is there. Return: false at the end. */
static bool output_read(struct output *o)
{
	char buf[READ_SIZE];
	ssize_t n;

	while ((n = read(o->fd, buf, sizeof(buf))) > 0)
		output_store(o, buf, (size_t)n);
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static void output_readable(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct output *o = arg;

	(void)revents;
	if (output_read(o))
		return;
	logstore_end(o->node->run->logs, model(o->node)->name, o->exec ? "exec" : "command");
	if (o->node->exec_output == o)
		o->node->exec_output = NULL;
	loop_remove(loop, id);
	(void)close(o->fd);
	free(o);
}

/* Takes @fd over. */
static int output_add(struct run_node *n, int fd, bool exec, struct error *e)
{
	struct output *o = malloc(sizeof(*o));
	int r;

	if (!o) {
		(void)close(fd);
		return error_oom(e);
	}
	*o = (struct output){ .node = n, .exec = exec, .fd = fd };
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	r = loop_add_fd(n->run->loop, fd, POLLIN, output_readable, o, NULL, e);
	if (r < 0) {
		(void)close(fd);
		free(o);
	} else if (exec) {
		n->exec_output = o;
	}
	return r;
}

static void tail_clean(struct run_node *n, char *out, size_t size)
{
	size_t k = 0;

	for (size_t i = 0; i < n->tail_len && k + 1 < size; i++)
		out[k++] = n->tail[i] == '\n' || n->tail[i] == '\r' || n->tail[i] == '\t' ? ' ' : n->tail[i];
	while (k && out[k - 1] == ' ')
		k--;
	out[k] = '\0';
}

static void exec_failed(struct run_node *n, const char *line, int code)
{
	char text[sizeof(((struct error *)0)->msg)], out[TAIL_LEN + 1] = "", head[81];

	tail_clean(n, out, 200);
	(void)snprintf(head, sizeof(head), "%s", line);
	head[strcspn(head, "\n")] = '\0';
	(void)snprintf(text, sizeof(text), "node %.64s: exec '%s%s' ended with %d%s%.300s", model(n)->name, head,
		       strlen(line) > strlen(head) ? "..." : "", code, out[0] ? ": " : "", out);
	(void)report_send(n->run->reports, REPORT_WARNING, 0, text);
	lab_log(n->run, "%s", text);
}

static int step_request(struct run_node *n, const struct op *op, struct error *e)
{
	const struct plan_node *pn = &n->run->spec->plan->nodes[n->index];
	const bool exec = op->type == OP_EXEC;
	struct agent_command cmd = { .argv = op->argv, .tty = !exec, .log = !exec, .rows = 24, .cols = 80, .user = pn->user,
				     .cwd = pn->workdir, .make_cwd = pn->workdir != NULL };
	int p[2], r;

	if (!exec)
		return agent_run(n->conn, REQUEST_COMMAND, &cmd, e);
	if (fault_fails("pipe of an exec line") || pipe2(p, O_CLOEXEC) < 0)
		return error_errno(e, errno, "make a pipe");
	cmd.fds[0] = n->run->null_fd;
	cmd.fds[1] = cmd.fds[2] = p[1];
	r = agent_run(n->conn, (uint32_t)(REQUEST_EXEC_FIRST + n->next), &cmd, e);
	(void)close(p[1]);
	if (r < 0) {
		(void)close(p[0]);
		return r;
	}
	return output_add(n, p[0], true, e);
}

static void worker_start_next(struct lab_run *run)
{
	const size_t count = run->spec->plan->lab->n_nodes;

	while (run->next_node < count && run->n_workers < run->max_workers) {
		struct run_node *n = &run->nodes[run->next_node++];

		if (n->started || n->done) /* a delayed node starts by itself */
			continue;
		n->started = n->worker = true;
		run->n_workers++;
		node_step(n);
	}
}

static void node_done(struct run_node *n)
{
	struct lab_run *run = n->run;

	if (n->done)
		return;
	n->done = true;
	run->n_workers -= n->worker;
	lab_part_done(run);
}

/* netemu, not a command of the lab, has failed; before the lab is up that is the end of the run. */
static void node_fail(struct run_node *n, const struct error *e)
{
	struct error why = *e;

	(void)error_wrap(&why, "node %s", model(n)->name);
	if (n->run->ready)
		lab_log(n->run, "%s", why.msg);
	else
		lab_fail(n->run, &why);
}

/* Starts the next thing of a node; a main command is not waited for, an exec line is. */
static void node_step(struct run_node *n)
{
	struct error e = { 0 };

	if (n->next == 0)
		health_start(n);
	while (n->next < n->n_steps) {
		const struct op *op = &n->run->spec->plan->ops[n->steps[n->next]];

		n->tail_len = 0;
		if (step_request(n, op, &e) < 0) {
			node_fail(n, &e);
			return;
		}
		n->next++;
		if (op->type == OP_EXEC)
			return;
		n->main = MAIN_RUNNING;
	}
	if (n->up) {
		node_done(n);
		order_started(n);
	}
}

/* The init has started. Nothing of the node is under way if an exec line does not come last: those are waited for. */
static void node_up(struct run_node *n)
{
	const struct op *ops = n->run->spec->plan->ops;

	n->up = true;
	if (!n->started || n->next < n->n_steps || (n->n_steps && ops[n->steps[n->n_steps - 1]].type == OP_EXEC))
		return;
	node_done(n);
	order_started(n);
	worker_start_next(n->run);
}

static void exec_ended(struct run_node *n, const struct agent_event *ev)
{
	const size_t step = ev->id - REQUEST_EXEC_FIRST;
	const struct op *op;
	int code;

	if (step >= n->n_steps)
		return;
	op = &n->run->spec->plan->ops[n->steps[step]];
	code = agent_exit_code(ev->arg);
	if (n->exec_output) /* a failure quotes its output, which was written before the exit was reported */
		(void)output_read(n->exec_output);
	if (code)
		exec_failed(n, op->value, code);
	if (step + 1 == n->next && (!n->done || n->phase == PHASE_STARTING))
		node_step(n);
	worker_start_next(n->run);
}

static void status_text(int status, char *buf, size_t size)
{
	if (WIFSIGNALED(status))
		(void)snprintf(buf, size, "killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		(void)snprintf(buf, size, "exited with %d", WEXITSTATUS(status));
}

static void death_record(struct run_node *n, const char *comm, int status)
{
	struct death *d = NULL;

	for (size_t i = 0; i < n->n_deaths; i++)
		if (strcmp(n->deaths[i].comm, comm) == 0)
			d = &n->deaths[i];
	if (!d) {
		d = ARENA_PUSH(&n->run->arena, n->deaths, n->n_deaths);
		(void)snprintf(d->comm, sizeof(d->comm), "%s", comm);
	}
	d->count++;
	d->last_status = status;
}

/* ---- restart-policy ---- */

enum { BACKOFF_FIRST_MS = 100, BACKOFF_MAX_MS = 60000, BACKOFF_RESET_S = 10 };

/* As Docker's: twice as long each time, and from the beginning again after it has run for a while. */
static bool restart_wanted(struct run_node *n)
{
	const struct node *m = model(n);
	const bool failed = n->main_status != 0;

	if (m->kube || n->phase != PHASE_RUNS || m->restart == RESTART_NO || (m->restart == RESTART_ON_FAILURE && !failed))
		return false;
	if (time(NULL) - n->started_at >= BACKOFF_RESET_S)
		n->backoff_ms = n->tries = 0;
	if (m->restart == RESTART_ON_FAILURE && m->restart_tries && n->tries >= m->restart_tries)
		return false;
	n->tries++;
	n->backoff_ms = n->backoff_ms ? MIN_OF(n->backoff_ms * 2, (unsigned)BACKOFF_MAX_MS) : (unsigned)BACKOFF_FIRST_MS;
	return true;
}

static void restart_due(struct loop *loop, struct loop_handle id, void *arg)
{
	struct run_node *n = arg;
	struct error e = { 0 };

	(void)loop;
	(void)id;
	n->restart_timer = (struct loop_handle){ 0 };
	for (size_t i = 0; i < n->n_steps; i++) {
		const struct op *op = &n->run->spec->plan->ops[n->steps[i]];

		if (op->type != OP_COMMAND)
			continue;
		n->starts++;
		n->started_at = time(NULL);
		n->main = MAIN_RUNNING;
		health_start(n);
		if (step_request(n, op, &e) < 0)
			node_fail(n, &e);
		return;
	}
}

static void main_ended(struct run_node *n, const struct agent_event *ev)
{
	char how[96];

	n->main = MAIN_EXITED;
	n->finished_at = time(NULL);
	n->main_status = (int)ev->arg;
	health_stop(n);
	if (model(n)->kube) /* to its node a kubelet is a daemon, not what the node is there for */
		death_record(n, "kubelet", n->main_status);
	status_text(n->main_status, how, sizeof(how));
	lab_log(n->run, "node %s: its command %s", model(n)->name, how);
	order_main_ended(n);
	if (restart_wanted(n))
		(void)loop_add_timer(n->run->loop, (uint64_t)n->backoff_ms * 1000, restart_due, n, &n->restart_timer, NULL);
}

static void orphan_ended(struct run_node *n, const struct agent_event *ev)
{
	const int status = (int)ev->arg;
	char how[96];

	if (!profile_has_daemon(n->run->spec->plan->nodes[n->index].profile, ev->comm))
		return;
	/* A daemon's parent that ends well has only put it into the background. */
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	death_record(n, ev->comm, status);
	status_text(status, how, sizeof(how));
	lab_log(n->run, "node %s: daemon %s (pid %u in the node) %s", model(n)->name, ev->comm, ev->id, how);
}

static void event_handle(struct run_node *n, const struct agent_event *ev, int fd)
{
	struct error e = { 0 };

	switch ((enum agent_event_type)ev->type) {
	case AGENT_STARTED:
		if (ev->id == 0)
			node_up(n);
		if (fd >= 0 && output_add(n, fd, false, &e) < 0)
			node_fail(n, &e);
		return;
	case AGENT_EXITED:
		if (ev->id == REQUEST_COMMAND)
			main_ended(n, ev);
		else if (ev->id >= REQUEST_HEALTH_FIRST)
			health_ended(n, ev->id, ev->arg);
		else
			exec_ended(n, ev);
		break;
	case AGENT_REFUSED:
		if (ev->id >= REQUEST_HEALTH_FIRST) {
			health_refused(n, ev->id, (int)ev->arg);
			break;
		}
		(void)error_errno(&e, (int)ev->arg, "its init could not start a command");
		node_fail(n, &e);
		break;
	case AGENT_ORPHAN:
		orphan_ended(n, ev);
		break;
	case _AGENT_EVENT_MAX:
		break;
	}
	(void)fd_close(fd);
}

static void node_gone(struct run_node *n)
{
	struct error e = { 0 };

	if (n->phase == PHASE_STOPPING) /* its pidfd tells when its last process is gone, too */
		return;
	n->alive = false;
	n->finished_at = time(NULL);
	health_stop(n);
	cri_node_gone(n->run, n->index);
	(void)error_set(&e, ESRCH, "its init has ended");
	node_fail(n, &e);
}

static void node_readable(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct run_node *n = arg;
	struct agent_event ev;
	struct error e = { 0 };
	int fd, r;

	(void)revents;
	while ((r = agent_recv(n->conn, &ev, &fd, &e)) > 0)
		event_handle(n, &ev, fd);
	if (r == -EAGAIN)
		return;
	loop_remove(loop, id);
	n->conn_id = (struct loop_handle){ 0 };
	node_gone(n);
}

/* A delayed node does not wait for a free worker: it has waited enough. */
static void delay_over(struct loop *loop, struct loop_handle id, void *arg)
{
	struct run_node *n = arg;

	(void)loop;
	(void)id;
	n->worker = true;
	n->run->n_workers++;
	node_step(n);
	worker_start_next(n->run);
}

/* An ext-container's exec lines are run by the init of the lab that it belongs to. */
static int foreign_connect(const char *path, struct error *e)
{
	const char *slash = strrchr(path, '/');
	_cleanup_close_ int dir = -EBADF;
	char buf[512], name[256];
	int conn;

	(void)snprintf(buf, sizeof(buf), "%.*s", (int)(slash - path), path);
	(void)snprintf(name, sizeof(name), "%.*s", (int)(strlen(slash + 1) - strlen(".sock")), slash + 1);
	dir = open(buf, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return error_errno(e, errno, "open %s", buf);
	conn = agent_connect(dir, name, e);
	if (conn >= 0)
		(void)fcntl(conn, F_SETFL, O_NONBLOCK);
	return conn;
}

/* One datagram is one message, "<PRI>text" (RFC 3164); they go to the log without their number, a line each. */
static void syslog_readable(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct run_node *n = arg;
	char buf[LOGSTORE_LINE_MAX + 1];
	ssize_t size;

	(void)loop;
	(void)id;
	(void)revents;
	for (int i = 0; i < SYSLOG_BURST; i++) {
		char *text = buf;

		size = recv(n->run->engine.nodes[n->index].log, buf, sizeof(buf) - 2, MSG_DONTWAIT);
		if (size < 0)
			return;
		buf[size] = '\0';
		if (*text == '<' && strspn(text + 1, "0123456789") <= 3 && strchr(text, '>'))
			text = strchr(text, '>') + 1;
		text[strcspn(text, "\n")] = '\0';
		size = (ssize_t)strlen(text);
		text[size++] = '\n';
		logstore_append(n->run->logs, model(n)->name, "syslog", text, (size_t)size);
	}
}

static void oom_readable(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct run_node *n = arg;

	(void)loop;
	(void)id;
	(void)revents;
	if (groups_oom(&n->run->engine, n->index))
		lab_log(n->run, "node %s: its memory (%llu bytes) is used up, and the kernel kills a process of it", model(n)->name,
			(unsigned long long)model(n)->limits.memory);
}

static int node_listen(struct run_node *n, struct error *e)
{
	const struct engine_node *en = &n->run->engine.nodes[n->index];
	int r = en->log >= 0 ? loop_add_fd(n->run->loop, en->log, POLLIN, syslog_readable, n, &n->log_id, e) : 0;

	if (r == 0 && en->oom >= 0)
		r = loop_add_fd(n->run->loop, en->oom, POLLIN, oom_readable, n, &n->oom_id, e);
	n->alive = true;
	return r < 0 ? r : loop_add_fd(n->run->loop, n->conn, POLLIN, node_readable, n, &n->conn_id, e);
}

static int node_init(struct lab_run *run, size_t i, struct error *e)
{
	struct run_node *n = &run->nodes[i];
	const struct plan_node *pn = &run->spec->plan->nodes[i];

	n->run = run;
	n->index = i;
	n->started_at = time(NULL);
	n->conn = run->engine.nodes[i].events;
	n->up = n->conn < 0;
	if (pn->agent && n->n_steps) {
		n->conn = foreign_connect(pn->agent, e);
		if (n->conn < 0)
			return n->conn;
		n->up = true; /* nobody says so to a guest */
	}
	if (n->conn < 0)
		return 0;
	return node_listen(n, e);
}

int runner_node_open(struct run_node *n, struct error *e)
{
	n->conn = n->run->engine.nodes[n->index].events;
	n->up = false;
	n->next = 0;
	n->main = MAIN_NONE;
	n->n_deaths = 0;
	n->tail_len = 0;
	return node_listen(n, e);
}

void runner_node_run(struct run_node *n)
{
	n->started = true;
	node_step(n);
}

void runner_node_close(struct run_node *n)
{
	health_stop(n);
	loop_remove(n->run->loop, n->conn_id);
	loop_remove(n->run->loop, n->log_id);
	loop_remove(n->run->loop, n->oom_id);
	loop_remove(n->run->loop, n->restart_timer);
	n->restart_timer = (struct loop_handle){ 0 };
	n->backoff_ms = n->tries = 0;
	n->conn_id = n->log_id = n->oom_id = (struct loop_handle){ 0 };
	n->conn = -EBADF;
	n->alive = false;
	if (n->main == MAIN_RUNNING) {
		n->main = MAIN_EXITED;
		n->main_status = SIGKILL;
	}
}

static void steps_collect(struct lab_run *run)
{
	const struct plan *p = run->spec->plan;

	for (size_t i = 0; i < p->n_ops; i++)
		if (p->ops[i].type == OP_COMMAND || p->ops[i].type == OP_EXEC) {
			struct run_node *n = &run->nodes[p->ops[i].node];

			*ARENA_PUSH(&run->arena, n->steps, n->n_steps) = i;
		}
}

int runner_start(struct lab_run *run, struct error *e)
{
	const struct lab *lab = run->spec->plan->lab;

	run->nodes = arena_alloc(&run->arena, (lab->n_nodes + 1) * sizeof(*run->nodes));
	run->max_workers = run->spec->max_workers ? run->spec->max_workers : WORKERS_DEFAULT;
	run->n_pending += lab->n_nodes + 1;
	steps_collect(run);
	for (size_t i = 0; i < lab->n_nodes; i++) {
		struct run_node *n = &run->nodes[i];
		int r = node_init(run, i, e);

		if (r < 0)
			return error_wrap(e, "node %s", lab->nodes[i].name);
		if (!lab->nodes[i].startup_delay || !n->n_steps)
			continue;
		n->started = true; /* until the delay is over */
		r = loop_add_timer(run->loop, (uint64_t)lab->nodes[i].startup_delay * 1000000, delay_over, n, NULL, e);
		if (r < 0)
			return r;
	}
	worker_start_next(run);
	lab_part_done(run); /* this one */
	return 0;
}
