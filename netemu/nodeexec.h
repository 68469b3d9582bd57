/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nodeexec.h - commands in many nodes at a time, their output kept
 *
 * Owns: which nodes labels mean, running each command in all of them at once, containerlab's JSON about it. Refuses
 * terminals and input: that is cmd_exec.c's.
 */
#ifndef NETEMU_NODEEXEC_H
#define NETEMU_NODEEXEC_H

#include "base/strbuf.h"
#include "cli.h"
#include "engine/state.h"

struct exec_target {
	const struct lab_state *st;
	size_t node;
};

struct exec_result {
	int code; /* as of a shell; 126, 127: it could not be started, err says why; 125: the node could not be asked */
	struct strbuf out, err;
};

/** node_connect() - connect to the init of a node. Return: a socket (close-on-exec) or -errno. */
int node_connect(const struct lab_state *st, size_t node, struct error *e);

/** nodeexec_labels() - all labels of a node as its container would have them, "K=V"; strings are in @a */
struct strv nodeexec_labels(const struct lab_state *st, size_t node, struct arena *a);

/**
 * nodeexec_select() - the nodes of @st that run and have all of @labels
 * @labels: "K=V", or "K" for any value
 * @ret: appended, in the order of the lab
 */
void nodeexec_select(const struct lab_state *st, const struct strv *labels, struct arena *a, struct exec_target **ret, size_t *ret_n);

/**
 * nodeexec_run() - one command in @n nodes at once; returns when it has ended in all of them
 * @ret: @n results, each to be freed with exec_result_done()
 *
 * What its children write after it has ended is not waited for.
 */
void nodeexec_run(const struct exec_target *targets, size_t n, const struct strv *argv, struct exec_result *ret);

void exec_result_done(struct exec_result *r);

/**
 * nodeexec_clab() - what `containerlab exec` does: each line of @commands in each node, the results as it prints them
 * @commands: split as containerlab splits them, without a shell
 * @json: {"clab-LAB-NODE": [{"cmd": [...], "return-code": N, "stdout": "...", "stderr": "..."}]}; else for people
 *
 * Return: 0 or -errno (-EINVAL: a command that cannot be split). What a command's status is does not matter.
 */
int nodeexec_clab(const struct exec_target *targets, size_t n, const struct strv *commands, bool json, FILE *out, struct error *e);

#endif
