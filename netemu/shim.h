/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shim.h - netemu called by another tool's name: clab, kind, docker, helm, cilium, kubectl
 *
 * Owns: which tool argv[0] means, its tables of commands, how a command becomes a verb of netemu's own. Each tool has a
 * shim_TOOL.c. A shim takes the flags that the real tool has, prints what it prints, and refuses in one line what netemu
 * cannot do; it never does something else instead.
 */
#ifndef NETEMU_SHIM_H
#define NETEMU_SHIM_H

#include "engine/state.h"
#include "verbs.h"

struct shim {
	const char *name;	    /* "docker" */
	const char *alias;	    /* "containerlab", or NULL */
	const char *version;	    /* what it says it is like: "27.3.1" */
	const char *version_line;   /* what --version prints, when the globals have it */
	const char *names;	    /* shell command that lists what arguments are, for completion; or NULL */
	const struct verb *globals; /* options that may stand before the command; stop_after is STOP_AT_ONCE */
	const struct verb *
		commands; /* a name may have two words; without a function: netemu's verb of that name; ended by a NULL name */
	int usage_status;	     /* exit code for a wrong command line */
	const char *unknown, *known; /* what is said before and after an unknown command; known may be NULL */
};

extern const struct shim shim_cilium, shim_clab, shim_ctr, shim_docker, shim_helm, shim_kind, shim_kubectl;

/** shims[] - all of them; ended by NULL */
extern const struct shim *const shims[];

/** shim_find() - the tool that netemu was called as; NULL when it is netemu itself */
const struct shim *shim_find(const char *argv0);

/** shim_main() - Return: the exit code that the real tool would have had */
int shim_main(const struct shim *shim, int argc, char **argv);

/** shim_refuse() - the function of a command that is refused: its summary says why */
int shim_refuse(const struct cli *cli);

/** shim_completion() - `TOOL completion SHELL`. Return: exit code. */
int shim_completion(const struct shim *shim, const struct strv *args);

/** shim_verb() - run a verb of netemu's own with these words; a NULL word is left out, SHIM_END ends them. Return: its exit code */
int shim_verb(const char *verb, ...);
#define SHIM_END ((const char *)-1)

/** shim_verbv() - the same for words in a vector */
int shim_verbv(const char *verb, const struct strv *words);

/** shim_program() - run a program of the host's. Return: its exit code, 127 when it could not be run or was killed */
int shim_program(char *const argv[]);

/** shim_quiet() - from here on, standard output goes nowhere; Return: for shim_loud(), which undoes it */
int shim_quiet(void);
void shim_loud(int saved);

/* A node by a name, a long name, or the beginning of its id. */
struct shim_node {
	struct lab_state *lab; /* with its supervisor's answers */
	const struct node_state *node;
};

/** shim_node_find() - Return: 0, -ENOENT (nothing is set in @e), or another -errno */
int shim_node_find(const char *name, struct shim_node *ret, struct error *e);
void shim_node_done(struct shim_node *n);
#define _cleanup_shim_node_ _cleanup_(shim_node_done)

/** shim_node_id() - the 64 hexadecimal digits of a node's id, the same as long as it lives */
const char *shim_node_id(struct arena *a, const struct node_state *n);

/** kubeconfig_merge() - add a cluster's context to the file that kubectl reads, and make it the current one, as kind does */
int kubeconfig_merge(const char *cluster, const char *given, struct error *e);
/** kubeconfig_forget() - take it out again */
int kubeconfig_forget(const char *cluster, const char *given, struct error *e);

#endif
