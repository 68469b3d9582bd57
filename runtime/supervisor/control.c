// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * control.c - the control socket: answers what changes while a lab runs
 *
 * One request, one reply a connection (engine/ctl.h). Root only: the directory is 0700, the socket 0600, and the
 * peer's uid is looked at all the same. Takes no descriptors from clients and never waits for one.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/fdpass.h"
#include "base/strbuf.h"
#include "engine/ctl.h"
#include "kernel/fault.h"
#include "supervisor/health.h"
#include "supervisor/internal.h"
#include "topology/source.h"

enum { CLIENTS_MAX = 64, CLIENT_USEC = CTL_TIMEOUT_MS * 1000 };

struct client {
	struct lab_run *run;
	int fd;
	struct loop_handle id, timer;
};

/* ---- status ---- */

static const struct death *death_find(const struct run_node *n, const char *comm)
{
	for (size_t i = 0; i < n->n_deaths; i++)
		if (strcmp(n->deaths[i].comm, comm) == 0)
			return &n->deaths[i];
	return NULL;
}

static void read_small(const char *path, char *buf, size_t size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	const ssize_t n = fd >= 0 ? read(fd, buf, size - 1) : -1;

	buf[n > 0 ? n : 0] = '\0';
}

static void daemon_add(struct lab_state *st, struct node_state *ns, const char *name, pid_t pid, const struct death *d)
{
	*ARENA_PUSH(&st->arena, ns->daemons, ns->n_daemons) = (struct daemon_state){
		.name = arena_strdup(&st->arena, name),
		.pid = pid,
		.running = pid != 0,
		.deaths = d ? d->count : 0,
		.last_status = d ? d->last_status : 0,
	};
}

static bool daemon_is_listed(const struct node_state *ns, const char *name)
{
	for (size_t i = 0; i < ns->n_daemons; i++)
		if (strcmp(ns->daemons[i].name, name) == 0)
			return true;
	return false;
}

/* Daemons are children of the node's init: they went into the background, or are its command itself. */
static void daemons_collect(const struct run_node *n, struct lab_state *st, struct node_state *ns)
{
	const struct profile *p = n->run->spec->plan->nodes[n->index].profile;
	const pid_t init = n->run->engine.nodes[n->index].pid;
	char path[64], children[8192] = "", comm[COMM_LEN + 1];
	char *save = NULL;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)init, (int)init);
	if (n->alive && init && p && p->daemons[0])
		read_small(path, children, sizeof(children));
	for (char *t = strtok_r(children, " ", &save); t; t = strtok_r(NULL, " ", &save)) {
		(void)snprintf(path, sizeof(path), "/proc/%.16s/comm", t);
		read_small(path, comm, sizeof(comm));
		comm[strcspn(comm, "\n")] = '\0';
		if (profile_has_daemon(p, comm))
			daemon_add(st, ns, comm, (pid_t)strtol(t, NULL, 10), death_find(n, comm));
	}
	for (size_t i = 0; i < n->n_deaths; i++)
		if (!daemon_is_listed(ns, n->deaths[i].comm))
			daemon_add(st, ns, n->deaths[i].comm, 0, &n->deaths[i]);
}

/* Output may be anything; text in a state is UTF-8. */
static const char *output_text(struct arena *a, const struct health_result *r)
{
	char *text = arena_alloc(a, r->len + 1);

	for (size_t i = 0, n; i < r->len; i += MAX_OF(n, (size_t)1)) {
		uint32_t c = 0;

		n = utf8_decode(r->output + i, r->len - i, &c);
		if (n && c)
			memcpy(text + i, r->output + i, n);
		else
			text[i] = '?';
	}
	return text;
}

static void health_collect(const struct run_node *n, struct arena *a, struct node_state *ns)
{
	const struct health *h = health_of(n);
	const struct health_result *r;

	ns->health = health_status_names[h ? h->status : HEALTH_NONE];
	ns->failing_streak = h ? h->streak : 0;
	for (size_t i = 0; h && (r = health_logged(h, i)); i++)
		*ARENA_PUSH(a, ns->checks, ns->n_checks) = (struct check_state){
			.start_us = r->start_us,
			.end_us = r->end_us,
			.exit_code = r->exit_code,
			.output = output_text(a, r),
		};
}

static const char *node_state(const struct run_node *n)
{
	static const char *const phases[] = {
		[PHASE_RUNS] = "", [PHASE_STOPPING] = "stopping", [PHASE_STOPPED] = "stopped", [PHASE_STARTING] = "starting",
	};

	if (*phases[n->phase])
		return phases[n->phase];
	if (!n->made)
		return "created";
	if (n->run->spec->plan->nodes[n->index].has_init && !n->alive)
		return "dead";
	if (n->paused)
		return "paused";
	if (n->restart_timer.generation)
		return "restarting";
	/* The pods of a cluster's node go on without their kubelet. */
	if (n->main == MAIN_EXITED && !n->run->spec->plan->lab->nodes[n->index].kube)
		return "exited";
	return n->run->ready || n->done ? "running" : "starting";
}

static void status_json(const struct lab_run *run, struct strbuf *out)
{
	const struct lab *lab = run->spec->plan->lab;
	struct lab_state st = { .n_nodes = lab->n_nodes };

	st.nodes = arena_alloc(&st.arena, (lab->n_nodes + 1) * sizeof(*st.nodes));
	for (size_t i = 0; i < lab->n_nodes; i++) {
		st.nodes[i].name = lab->nodes[i].name;
		st.nodes[i].state = node_state(&run->nodes[i]);
		st.nodes[i].exit_status = run->nodes[i].main_status;
		st.nodes[i].started_at = run->nodes[i].started_at;
		st.nodes[i].finished_at = run->nodes[i].finished_at;
		st.nodes[i].restarts = run->nodes[i].starts;
		health_collect(&run->nodes[i], &st.arena, &st.nodes[i]);
		daemons_collect(&run->nodes[i], &st, &st.nodes[i]);
	}
	state_status_format(&st, out);
	arena_done(&st.arena);
}

/* ---- the protocol ---- */

static void reply(int fd, int result, int doc)
{
	const struct ctl_reply r = { .magic = CTL_MAGIC, .version = CTL_VERSION, .result = result };

	(void)fdpass_send(fd, &r, sizeof(r), &doc, doc >= 0, MSG_DONTWAIT);
}

static void reply_status(struct client *c)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };
	_cleanup_close_ int doc = memfd_create("netemu-status", MFD_CLOEXEC);

	status_json(c->run, &s);
	if (s.oom || doc < 0 || write(doc, s.buf, s.len) != (ssize_t)s.len)
		reply(c->fd, -ENOMEM, -1);
	else
		reply(c->fd, 0, doc);
}

static void client_end(struct client *c)
{
	order_forget(c->run, c);
	loop_remove(c->run->loop, c->id);
	loop_remove(c->run->loop, c->timer);
	(void)close(c->fd);
	c->run->n_clients--;
	free(c);
}

/* ---- orders ---- */

/* A failure goes with its words. */
static void reply_text(int fd, int result, const char *text)
{
	_cleanup_close_ int doc = *text ? memfd_create("netemu-reply", MFD_CLOEXEC) : -EBADF;

	if (doc >= 0 && write(doc, text, strlen(text)) != (ssize_t)strlen(text))
		doc = fd_close(doc);
	reply(fd, result, doc);
}

static void order_ended(void *arg, int result, const char *text)
{
	struct client *c = arg;

	reply_text(c->fd, result, result < 0 ? text : "");
	client_end(c);
}

/* Whoever waits for a reply and hangs up does not get it; the order is carried out all the same. */
static void client_hangs_up(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	(void)loop;
	(void)id;
	(void)revents;
	client_end(arg);
}

static int order_wait(struct client *c, struct error *e)
{
	loop_remove(c->run->loop, c->id);
	loop_remove(c->run->loop, c->timer);
	c->id = c->timer = (struct loop_handle){ 0 };
	return loop_add_fd(c->run->loop, c->fd, POLLIN, client_hangs_up, c, &c->id, e);
}

static void order_take(struct client *c, const struct ctl_order *o)
{
	static const enum order_verb verbs[] = {
		[CTL_START] = ORDER_START, [CTL_STOP] = ORDER_STOP, [CTL_RESTART] = ORDER_RESTART,
		[CTL_PAUSE] = ORDER_PAUSE, [CTL_UNPAUSE] = ORDER_UNPAUSE, [CTL_KILL] = ORDER_KILL,
	};
	struct order order = { .signal = o->signal, .timeout_ms = o->timeout_ms, .done = order_ended, .arg = c };
	struct error e = { 0 };
	char name[sizeof(o->node)];
	int r;

	static_assert(ARRAY_SIZE(verbs) == _CTL_NODE_VERB_MAX, "one for each");
	(void)snprintf(name, sizeof(name), "%.*s", (int)strnlen(o->node, sizeof(o->node) - 1), o->node);
	if (o->verb >= _CTL_NODE_VERB_MAX || o->signal < 0 || o->signal >= _NSIG) {
		order_ended(c, -EINVAL, "");
		return;
	}
	order.verb = verbs[o->verb];
	r = order_wait(c, &e);
	if (r == 0)
		r = order_give(c->run, name, &order, &e); /* c may be gone */
	if (r < 0)
		order_ended(c, r, e.msg);
}

static void client_readable(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct client *c = arg;
	struct ctl_order order = { 0 };
	struct ctl_request *const rq = &order.head;
	const ssize_t n = recv(c->fd, &order, sizeof(order), MSG_DONTWAIT);

	(void)id;
	(void)revents;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	rq->verb[sizeof(rq->verb) - 1] = '\0';
	if (n == sizeof(order) && rq->magic == CTL_MAGIC && rq->version == CTL_VERSION && strcmp(rq->verb, CTL_VERB_ORDER) == 0) {
		order_take(c, &order);
		return;
	}
	if (n == sizeof(*rq) && rq->magic == CTL_MAGIC && rq->version == CTL_VERSION && strcmp(rq->verb, CTL_VERB_END) == 0) {
		lab_log(c->run, "lab ends (destroy)");
		c->run->farewell_fd = c->fd;
		loop_exit(loop, 0);
		return;
	}
	if (n >= (ssize_t)sizeof(*rq) && rq->magic == CTL_MAGIC && rq->version != CTL_VERSION)
		reply(c->fd, -EPROTONOSUPPORT, -1);
	else if (n == sizeof(*rq) && rq->magic == CTL_MAGIC && strcmp(rq->verb, CTL_VERB_STATUS) == 0)
		reply_status(c);
	else if (n > 0)
		reply(c->fd, rq->magic == CTL_MAGIC ? -EOPNOTSUPP : -EPROTO, -1);
	client_end(c);
}

static void client_slow(struct loop *loop, struct loop_handle id, void *arg)
{
	(void)loop;
	(void)id;
	client_end(arg);
}

static void client_add(int fd, void *arg)
{
	struct lab_run *run = arg;
	struct client *c = run->n_clients < CLIENTS_MAX ? calloc(1, sizeof(*c)) : NULL;

	if (!c) {
		(void)close(fd);
		return;
	}
	c->run = run;
	c->fd = fd;
	run->n_clients++;
	if (loop_add_fd(run->loop, fd, POLLIN, client_readable, c, &c->id, NULL) < 0 ||
	    loop_add_timer(run->loop, CLIENT_USEC, client_slow, c, &c->timer, NULL) < 0)
		client_end(c);
}

void control_farewell(const struct lab_run *run)
{
	if (run->farewell_fd >= 0)
		reply(run->farewell_fd, 0, -1);
}

int control_start(struct lab_run *run, struct error *e)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	mode_t mask;
	int r;

	run->ctl_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (run->ctl_fd < 0 || fault_fails("make the control socket"))
		return error_errno(e, errno, "make the control socket");
	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d/" CTL_SOCKET, run->spec->dirfd);
	mask = umask(0177);
	r = fault_fails("bind the control socket") || bind(run->ctl_fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(run->ctl_fd, 64) < 0 ? -errno : 0;
	(void)umask(mask);
	if (r < 0)
		return error_errno(e, -r, "make the control socket");
	return acceptor_start(&run->control, run->loop, run->ctl_fd, client_add, run, e);
}
