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
#include "supervisor/health.h"
#include "supervisor/internal.h"
#include "supervisor/report.h"

enum { SYSLOG_BURST = 64, WORKERS_DEFAULT = 32, READ_SIZE = 16384, SHOWN_LEN = 400, SHOWN_NAME_LEN = 64, EXIT_NOT_FOUND = 127, PATIENCE_US = 10000000 };

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

static void exec_failed(struct run_node *n, const struct op *op, int code)
{
	char text[sizeof(((struct error *)0)->msg)], out[TAIL_LEN + 1] = "", head[81], where[64] = "";

	tail_clean(n, out, 200);
	(void)snprintf(head, sizeof(head), "%s", op->value);
	head[strcspn(head, "\n")] = '\0';
	if (op->stage != _STAGE_MAX)
		(void)snprintf(where, sizeof(where), "stage %s: ", stage_names[op->stage]);
	(void)snprintf(text, sizeof(text), "node %.64s: %sexec%s '%s%s' ended with %d%s%.200s", model(n)->name, where,
		       op->type == OP_HOST_EXEC ? " on the host" : "", head, strlen(op->value) > strlen(head) ? "..." : "", code,
		       out[0] ? ": " : "", out);
	(void)report_send(n->run->reports, REPORT_WARNING, 0, text);
	lab_log(n->run, "%s", text);
}

static struct agent_command command_of(const struct run_node *n, const struct op *op)
{
	const struct plan_node *pn = &n->run->spec->plan->nodes[n->index];
	const bool exec = op->type == OP_EXEC;

	return (struct agent_command){ .argv = op->argv, .tty = !exec, .log = !exec, .rows = 24, .cols = 80, .user = pn->user,
				       .cwd = pn->workdir, .make_cwd = pn->workdir != NULL };
}

static int command_start(struct run_node *n, const struct op *op, struct error *e)
{
	const struct agent_command cmd = command_of(n, op);
	const int r = agent_run(n->conn, REQUEST_COMMAND, &cmd, e);

	if (r == 0)
		n->main = MAIN_RUNNING;
	return r;
}

static int exec_request(struct run_node *n, const struct op *op, int out, struct error *e)
{
	struct agent_command cmd = command_of(n, op);

	cmd.fds[0] = n->run->null_fd;
	cmd.fds[1] = cmd.fds[2] = out;
	return agent_run(n->conn, (uint32_t)(REQUEST_EXEC_FIRST + n->next), &cmd, e);
}

/* Return: 1 when it runs, 0 when it is over already: there is no such command on the host; -errno. */
static int exec_start(struct run_node *n, const struct op *op, struct error *e)
{
	int p[2], r;

	if (fault_fails("pipe of an exec line") || pipe2(p, O_CLOEXEC) < 0)
		return error_errno(e, errno, "make a pipe");
	if (op->type == OP_EXEC) {
		r = exec_request(n, op, p[1], e);
		r = r < 0 ? r : 1;
	} else {
		n->host_pid = r = hostline_start(n, op, p[1], e);
		n->run->n_host_lines += r > 0;
	}
	(void)close(p[1]);
	if (r < 0) {
		n->host_pid = 0;
		(void)close(p[0]);
		return r;
	}
	if (output_add(n, p[0], true, e) < 0)
		return -e->code;
	return r > 0;
}

static void delay_over(struct loop *loop, struct loop_handle id, void *arg);

static int delay_start(struct run_node *n, const struct op *op, struct error *e)
{
	n->block = BLOCK_DELAY;
	return loop_add_timer(n->run->loop, op->seconds * 1000000ULL, delay_over, n, NULL, e);
}

/* What runs in a node is a reason to look after it. */
static void node_begin(struct run_node *n)
{
	if (n->begun)
		return;
	n->begun = true;
	health_start(n);
}

static void line_over(struct run_node *n, const struct op *op, int code)
{
	if (n->exec_output) /* a failure quotes its output, which was written before the exit was reported */
		(void)output_read(n->exec_output);
	if (code)
		exec_failed(n, op, code);
}

/* A main command is not waited for, an exec line is. Return: enum step_result, or -errno. */
static int step_start(struct run_node *n, const struct op *op, struct error *e)
{
	int r;

	n->block = BLOCK_NONE;
	switch (op->type) {
	case OP_COMMAND:
		node_begin(n);
		return command_start(n, op, e);
	case OP_EXEC:
		node_begin(n);
		/* fall through */
	case OP_HOST_EXEC:
		n->tail_len = 0;
		n->block = BLOCK_LINE;
		r = exec_start(n, op, e);
		if (r == 0)
			line_over(n, op, EXIT_NOT_FOUND);
		return r > 0 ? STEP_RUNS : r;
	case OP_DELAY:
		r = delay_start(n, op, e);
		return r < 0 ? r : STEP_RUNS;
	default:
		if (op->type == OP_HEALTHY || op->type == OP_ENDED || op->type == OP_REACH)
			node_begin(n);
		return step_take(n, op, e);
	}
}

static void worker_free(struct run_node *n)
{
	n->run->n_workers -= n->worker;
	n->worker = false;
}

static void node_done(struct run_node *n)
{
	if (n->done)
		return;
	n->done = true;
	worker_free(n);
	lab_part_done(n->run);
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

/* No more steps: it is done when its init is up. */
static void steps_over(struct run_node *n)
{
	node_begin(n);
	n->block = n->up ? BLOCK_NONE : BLOCK_UP;
	if (!n->up)
		return;
	node_done(n);
	order_started(n);
}

/* Takes steps as far as it gets. */
static void node_step(struct run_node *n)
{
	const struct op *ops = n->run->spec->plan->ops;
	struct error e = { 0 };

	while (n->next < n->n_steps) {
		const struct op *op = &ops[n->steps[n->next]];
		const int r = step_wanted(n, op) ? step_start(n, op, &e) : STEP_DONE;

		if (r < 0) {
			node_fail(n, &e);
			return;
		}
		if (r == STEP_AGAIN || n->block == BLOCK_DELAY)
			worker_free(n); /* others may, meanwhile */
		if (r == STEP_AGAIN)
			return;
		n->next++;
		if (r == STEP_RUNS)
			return;
	}
	steps_over(n);
}

static void worker_start_next(struct lab_run *run)
{
	const size_t count = run->spec->plan->lab->n_nodes;

	while (run->next_node < count && run->n_workers < run->max_workers) {
		struct run_node *n = &run->nodes[run->next_node++];

		if (n->started || n->done)
			continue;
		n->started = n->worker = true;
		run->n_workers++;
		node_step(n);
	}
}

/* A node has something to do again: it has waited enough, and does not wait for a free worker. */
static void node_resume(struct run_node *n)
{
	if (!n->worker && !n->done) {
		n->worker = true;
		n->run->n_workers++;
	}
	node_step(n);
}

/* What it was blocked by has changed: it goes on, and then whoever waits for it or for a worker. */
static void node_go_on(struct run_node *n)
{
	struct lab_run *run = n->run;

	while (n) {
		node_resume(n);
		worker_start_next(run);
		n = step_woken(run);
	}
}

static void delay_over(struct loop *loop, struct loop_handle id, void *arg)
{
	(void)loop;
	(void)id;
	node_go_on(arg);
}

static void node_up(struct run_node *n)
{
	n->up = true;
	if (n->block == BLOCK_UP)
		node_go_on(n);
}

void runner_health_changed(struct run_node *n)
{
	char text[160];

	if (n->block != BLOCK_HEALTH)
		return;
	if (health_of(n)->status == HEALTH_UNHEALTHY) {
		(void)snprintf(text, sizeof(text), "node %.64s is unhealthy: the run goes on when it is not", model(n)->name);
		(void)report_send(n->run->reports, REPORT_WARNING, 0, text);
	}
	node_go_on(n);
}

/* Step @step, a line, has ended. */
static void exec_ended(struct run_node *n, size_t step, int code)
{
	if (step >= n->n_steps)
		return;
	line_over(n, &n->run->spec->plan->ops[n->steps[step]], code);
	if (step + 1 == n->next && n->block == BLOCK_LINE)
		node_go_on(n);
}

void runner_reaped(struct lab_run *run, pid_t pid, int status)
{
	for (size_t i = 0; run->n_host_lines && i < run->spec->plan->lab->n_nodes; i++) {
		struct run_node *n = &run->nodes[i];

		if (n->host_pid != pid)
			continue;
		n->host_pid = 0;
		run->n_host_lines--;
		exec_ended(n, n->next - 1, agent_exit_code((uint32_t)status));
		return;
	}
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
		health_start(n);
		if (command_start(n, op, &e) < 0)
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
	if (n->block == BLOCK_HEALTH || n->block == BLOCK_END)
		node_go_on(n);
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
			exec_ended(n, ev->id - REQUEST_EXEC_FIRST, agent_exit_code(ev->arg));
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
	n->first_waiter = n->next_waiter = -1;
	n->conn = run->engine.nodes[i].events;
	n->links_open = !pn->late_links;
	n->made = !pn->late;
	n->up = n->conn < 0 && n->made;
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
	n->made = true;
	n->up = n->begun = false;
	n->block = BLOCK_NONE;
	n->main = MAIN_NONE;
	n->n_deaths = 0;
	n->tail_len = 0;
	return node_listen(n, e);
}

void runner_node_run(struct run_node *n)
{
	n->started = true;
	n->next = 0;
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
		if (p->ops[i].type >= OP_DELAY || (p->ops[i].type == OP_NODE && p->ops[i].late)) {
			struct run_node *n = &run->nodes[p->ops[i].node];

			*ARENA_PUSH(&run->arena, n->steps, n->n_steps) = i;
		}
}

/* Whoever watches a run that takes its time is told why. */
static void patience_over(struct loop *loop, struct loop_handle id, void *arg)
{
	struct lab_run *run = arg;
	char text[sizeof(((struct error *)0)->msg)], one[200];
	size_t n = 0;

	(void)loop;
	(void)id;
	for (size_t i = 0; !run->ready && i < run->spec->plan->lab->n_nodes && n + sizeof(one) + 2 < sizeof(text); i++)
		if (step_waiting(&run->nodes[i], one, sizeof(one)))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? "; " : "still waiting: ", one);
	if (n)
		(void)report_send(run->reports, REPORT_WARNING, 0, text);
}

static bool has_waits(const struct plan *p)
{
	for (size_t i = 0; i < p->lab->n_nodes; i++)
		if (p->nodes[i].awaited)
			return true;
	return false;
}

int runner_start(struct lab_run *run, struct error *e)
{
	const struct lab *lab = run->spec->plan->lab;
	struct run_node *n;

	run->nodes = arena_alloc(&run->arena, (lab->n_nodes + 1) * sizeof(*run->nodes));
	run->max_workers = run->spec->max_workers ? run->spec->max_workers : WORKERS_DEFAULT;
	run->n_pending += lab->n_nodes + 1;
	steps_collect(run);
	for (size_t i = 0; i < lab->n_nodes; i++) {
		const int r = node_init(run, i, e);

		if (r < 0)
			return error_wrap(e, "node %s", lab->nodes[i].name);
	}
	if (has_waits(run->spec->plan) &&
	    loop_add_timer(run->loop, PATIENCE_US, patience_over, run, NULL, e) < 0)
		return -e->code;
	/* The ends of late links that are those of nodes which do not wait. */
	for (size_t i = 0; run->spec->plan->late && i < lab->n_links; i++)
		if (step_link_make(run, i, e) < 0)
			return -e->code;
	run->woken = -1;
	worker_start_next(run);
	n = step_woken(run);
	if (n)
		node_go_on(n);
	lab_part_done(run); /* this one */
	return 0;
}
