/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * internal.h - what the supervisor's own files share
 */
#ifndef NETEMU_SUPERVISOR_INTERNAL_H
#define NETEMU_SUPERVISOR_INTERNAL_H

#include "engine/engine.h"
#include "supervisor/acceptor.h"
#include "supervisor/logstore.h"
#include "supervisor/loop.h"
#include "supervisor/supervisor.h"

enum { COMM_LEN = 16, TAIL_LEN = 512 };

/* Request ids on a node's events connection. */
enum {
	REQUEST_COMMAND = 1,
	REQUEST_EXEC_FIRST = 2,
	REQUEST_HEALTH_FIRST = 0x40000000,
	REQUEST_HEALTH_COUNT = 0x10000000,
};

enum main_state { MAIN_NONE, MAIN_RUNNING, MAIN_EXITED };

/* A daemon that was seen to die. */
struct death {
	char comm[COMM_LEN];
	unsigned count;
	int last_status;
};

/* ---- orders to one node: order.c ---- */

enum order_verb { ORDER_START, ORDER_STOP, ORDER_RESTART, ORDER_PAUSE, ORDER_UNPAUSE, ORDER_KILL, _ORDER_VERB_MAX };

/** order_done_fn - @result: 0 or -errno, with what went wrong in @text */
typedef void (*order_done_fn)(void *arg, int result, const char *text);

struct order {
	enum order_verb verb;
	int signal; /* ORDER_STOP and ORDER_RESTART: what the command is asked with; ORDER_KILL: what it gets */
	uint32_t timeout_ms; /* until it is killed; 0: at once */
	order_done_fn done; /* NULL: nobody waits */
	void *arg;
};

enum node_phase { PHASE_RUNS, PHASE_STOPPING, PHASE_STOPPED, PHASE_STARTING };

/* What a node that takes no step waits for. All but the first three are looked at again when something has happened. */
enum step_block { BLOCK_NONE, BLOCK_LINE, BLOCK_DELAY, BLOCK_UP, BLOCK_STAGE, BLOCK_HEALTH, BLOCK_END, _STEP_BLOCK_MAX };

/*
 * A node at run time. States of its start-up: waiting for a free worker -> taking step `next` or blocked -> done; events
 * move it on (enum step_block).
 */
struct run_node {
	struct lab_run *run;
	size_t index;
	size_t *steps; /* its operations from OP_NODE (if late) to OP_REACH in plan.ops, in order */
	size_t n_steps, next;
	bool started, done;
	bool worker; /* counts in lab_run.n_workers: it is busy */
	enum step_block block;
	bool made; /* its init was started once; what has none is made */
	bool begun; /* its health is watched, if it is */
	bool links_open; /* it is ready for its late links */
	unsigned reached; /* bits of stages that are complete */
	int32_t first_waiter, next_waiter; /* list of those that wait for its stages; next one in such a list; -1 ends */
	pid_t host_pid; /* of the line that runs on the host; 0: none */
	bool alive; /* its init lives */
	bool up; /* and has said so; what has no init of its own is up */
	int conn; /* to the init that runs its exec lines: engine_node.events, or another lab's */
	enum node_phase phase;
	bool paused;
	struct order order; /* that is being carried out */
	struct loop_handle order_timer, conn_id, log_id, oom_id;
	struct loop_handle restart_timer;
	unsigned backoff_ms, tries; /* of restart-policy */
	unsigned starts; /* after the first one */
	int64_t started_at, finished_at; /* seconds since the epoch; 0: not yet */
	struct node_health *health; /* NULL: not checked */
	enum main_state main;
	int main_status;
	struct death *deaths;
	size_t n_deaths;
	struct output *exec_output; /* of the current exec line, while it is open */
	char tail[TAIL_LEN]; /* end of the current exec line's output */
	size_t tail_len;
};

struct lab_run {
	const struct supervisor_spec *spec;
	struct engine engine;
	struct loop *loop;
	struct logstore *logs;
	int reports, null_fd, ctl_fd, signals;
	int farewell_fd; /* who asked for the end, and waits for the answer; -EBADF: nobody */
	struct run_node *nodes;
	size_t n_pending; /* nodes that are not done, and the API server that is not ready */
	size_t n_workers, max_workers, next_node;
	int32_t woken; /* list of nodes that may go on; -1: none */
	unsigned n_host_lines; /* that run */
	bool ready, committed;
	unsigned n_clients;
	struct acceptor control;
	struct cri *cri; /* of a cluster, else NULL */
	struct apiproc *api; /* NULL: none */
	struct arena arena;
};

/** runner_start() - begin commands and exec lines of all nodes. Return: 0 or -errno. */
int runner_start(struct lab_run *run, struct error *e);
/** runner_node_open() - listen to the new init of a node that starts again. Return: 0 or -errno. */
int runner_node_open(struct run_node *n, struct error *e);
/** runner_node_run() - its command and exec lines, from the first; order_started() when they are done */
void runner_node_run(struct run_node *n);
/** runner_node_close() - stop listening to an init that is dead */
void runner_node_close(struct run_node *n);

/** runner_health_changed() - a node's state of health is another one */
void runner_health_changed(struct run_node *n);
/** runner_reaped() - some child of the supervisor has ended: perhaps a line that ran on the host */
void runner_reaped(struct lab_run *run, pid_t pid, int status);

/* ---- steps that wait: steps.c ---- */

struct op;

enum step_result { STEP_DONE, STEP_RUNS /* it is done when its event comes */, STEP_AGAIN /* not yet: look again then */ };

/** step_take() - take a step that makes or waits for something. Return: enum step_result, or -errno. */
int step_take(struct run_node *n, const struct op *op, struct error *e);
/** step_wanted() - whether a node that starts again takes it, too */
bool step_wanted(const struct run_node *n, const struct op *op);
/** step_link_make() - make what is due of a link. Return: 0 or -errno. */
int step_link_make(struct lab_run *run, size_t link, struct error *e);
/** step_woken() - a node that may go on, or NULL */
struct run_node *step_woken(struct lab_run *run);
/** step_waiting() - whom the node waits for, for people. Return: whether it does. */
bool step_waiting(const struct run_node *n, char *text, size_t size);

/* ---- lines that run on the host: hostline.c ---- */

/** hostline_start() - run @op's line there; its output goes to @out. Return: the process; 0 when it cannot be started; -errno. */
pid_t hostline_start(struct run_node *n, const struct op *op, int out, struct error *e);

/* ---- health checks: healthrun.c ---- */

struct health;

/** health_start() - the node's command starts: check it from now on, if its file says how */
void health_start(struct run_node *n);
/** health_stop() - it has ended */
void health_stop(struct run_node *n);
/** health_pause() - no checks while it is paused */
void health_pause(struct run_node *n, bool pause);
/** health_ended(), health_refused() - what the node's init says of request @id, which is a check's */
void health_ended(struct run_node *n, uint32_t id, uint32_t status);
void health_refused(struct run_node *n, uint32_t id, int err);
/** health_of() - Return: NULL when it is not checked */
const struct health *health_of(const struct run_node *n);

/**
 * order_give() - have a node do something
 *
 * Return: 0: @order's function is called, perhaps at once; -errno: it will not be.
 */
int order_give(struct lab_run *run, const char *name, const struct order *order, struct error *e);
/** order_forget() - whoever waits with @arg does not wait any more; what was ordered is done all the same */
void order_forget(struct lab_run *run, const void *arg);
/** order_main_ended(), order_started() - what the runner sees of a node */
void order_main_ended(struct run_node *n);
void order_started(struct run_node *n);
/** lab_save() - write the state of a running lab. Return: 0 or -errno. */
int lab_save(struct lab_run *run, struct error *e);

/** lab_part_done() - one of what the run waits for is there; with the last the lab is ready */
void lab_part_done(struct lab_run *run);
/** lab_fail() - the run is over because of @e: says so, and ends the loop */
void lab_fail(struct lab_run *run, const struct error *e);
/** lab_log() - a line in the lab's own log ("_lab") */
void lab_log(struct lab_run *run, const char *fmt, ...) _printf_(2, 3);
/** control_start() - listen on ctl.sock. Return: 0 or -errno. */
int control_start(struct lab_run *run, struct error *e);
/** control_farewell() - tell who asked for the end of the lab that it has let go of everything */
void control_farewell(const struct lab_run *run);

/* ---- clusters ---- */

struct cri_waiter;

/** cri_start() - listen to the kubelets of a cluster (cluster/cri.h). Return: 0 or -errno. */
int cri_start(struct lab_run *run, struct error *e);
/** cri_apiserver_add() - @fd, which is taken, is a connection of the API server. Return: 0 or -errno. */
int cri_apiserver_add(struct lab_run *run, int fd, struct error *e);
/** cri_api_ready() - give everybody the connection to the API server that they wait for */
void cri_api_ready(struct lab_run *run);
/** cri_node_close() - the socket of a stopped node's kubelet is gone; cri_node_listen() - there is a new one */
void cri_node_close(struct lab_run *run, size_t index);
int cri_node_listen(struct lab_run *run, size_t index, struct error *e);
/** cri_node_gone() - a node's init has ended: its pods end, too */
void cri_node_gone(struct lab_run *run, size_t index);

/** api_start() - write the cluster's config and start its API server, which the run then waits for. Return: 0 or -errno. */
int api_start(struct lab_run *run, struct error *e);
/** api_ready() - it says that it is */
void api_ready(struct lab_run *run, unsigned port);
bool api_is_ready(const struct lab_run *run);
/** api_waiters() - who waits until it is; NULL when there is no API server */
struct cri_waiter **api_waiters(const struct lab_run *run);
/** api_connect() - Return: a blocking socket, or -errno. */
int api_connect(const struct lab_run *run, struct error *e);
/** api_reaped() - some child of the supervisor has ended: perhaps it */
void api_reaped(struct lab_run *run, pid_t pid, int status);
/** api_stop() - end it in peace, at the end of the lab */
void api_stop(struct lab_run *run);

#endif
