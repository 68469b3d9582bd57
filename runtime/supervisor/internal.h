/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * internal.h - what the supervisor's own files share
 */
#ifndef NETEMU_SUPERVISOR_INTERNAL_H
#define NETEMU_SUPERVISOR_INTERNAL_H

#include "engine/engine.h"
#include "supervisor/logstore.h"
#include "supervisor/loop.h"
#include "supervisor/supervisor.h"

enum { COMM_LEN = 16, TAIL_LEN = 512 };

/* Request ids on a node's events connection. */
enum { REQUEST_COMMAND = 1, REQUEST_EXEC_FIRST = 2 };

enum main_state { MAIN_NONE, MAIN_RUNNING, MAIN_EXITED };

/* A daemon that was seen to die. */
struct death {
	char comm[COMM_LEN];
	unsigned count;
	int last_status;
};

/*
 * A node at run time. States of its start-up: waiting (for its delay or a free worker) -> running exec line
 * `next - 1` -> done; events move it on: the delay's timer, AGENT_EXITED.
 */
struct run_node {
	struct lab_run *run;
	size_t index;
	size_t *steps; /* indices of OP_COMMAND and OP_EXEC in plan.ops, in order */
	size_t n_steps, next;
	bool started, done;
	bool worker; /* counts in lab_run.n_workers until done */
	bool alive; /* its init lives */
	bool up; /* and has said so; what has no init of its own is up */
	int conn; /* to the init that runs its exec lines: engine_node.events, or another lab's */
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
	struct run_node *nodes;
	size_t n_pending; /* nodes that are not done */
	size_t n_workers, max_workers, next_node;
	bool ready, committed;
	unsigned n_clients;
	struct arena arena;
};

/** runner_start() - begin commands and exec lines of all nodes. Return: 0 or -errno. */
int runner_start(struct lab_run *run, struct error *e);
/** lab_ready() - called by the runner when all nodes are done */
void lab_ready(struct lab_run *run);
/** lab_fail() - the run is over because of @e: says so, and ends the loop */
void lab_fail(struct lab_run *run, const struct error *e);
/** lab_log() - a line in the lab's own log ("_lab") */
void lab_log(struct lab_run *run, const char *fmt, ...) _printf_(2, 3);
/** control_start() - listen on ctl.sock. Return: 0 or -errno. */
int control_start(struct lab_run *run, struct error *e);

#endif
