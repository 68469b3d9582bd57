/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sched.h - the scheduler's view of the nodes: sched_nodes.c keeps it, sched_filter.c asks it, scheduler.c decides
 */
#ifndef NETEMU_APISERVER_SCHED_H
#define NETEMU_APISERVER_SCHED_H

#include "apiserver/control.h"
#include "base/strmap.h"

/* What a pod takes of a node */
struct demand {
	int64_t cpu, memory; /* thousandths of a CPU, bytes */
	json_t *ports;	     /* ["TCP/0.0.0.0/80"], NULL: none */
};

struct sched_node {
	json_t *object; /* own reference */
	char *name;
	int64_t cpu, memory, pods; /* allocatable; -1: no limit is known */
	int64_t used_cpu, used_memory, used_pods;
	int64_t load;  /* pods that count when pods are spread */
	json_t *ports; /* {"TCP/0.0.0.0/80": how many} */
};

struct scheduler {
	struct sched_node *nodes; /* in the order of cluster.json */
	size_t n_nodes;
	struct strmap by_name; /* keys are the nodes' own */
	bool stale;	       /* to be made anew before the next pod */
	size_t n_anti;	       /* pods on nodes that have podAntiAffinity */
	json_t *parked;	       /* {"namespace/name": true}: pods for which there was no node */
	bool parked_affinity;  /* one of them waits for other pods */
};

/* sched_nodes.c */
void sched_refresh(struct controllers *c);
void sched_nodes_done(struct scheduler *s);
/** sched_account() - a pod's part of its node is taken (@sign 1) or given back (-1) */
void sched_account(struct scheduler *s, const json_t *pod, int sign);
struct sched_node *sched_node(struct scheduler *s, const char *name);
/** sched_set_node() - a node has changed */
void sched_set_node(struct scheduler *s, json_t *node);
/** pod_occupies() - whether a pod is on a node and has not ended */
bool pod_occupies(const json_t *pod);
void demand_of(const json_t *pod, struct demand *ret);
void demand_done(struct demand *d);

/* sched_quantity.c */
/** quantity_milli() - "100m", "2", "1.5Gi", "1e3": in thousandths; -1 when it is none */
int64_t quantity_milli(const json_t *v);

/* sched_filter.c */
struct filter {
	struct controllers *c;
	const json_t *pod, *spec;
	struct demand demand;
	const char *pinned; /* the only node that may be chosen, or NULL */
	bool affinity;	    /* of this pod or against it: pods on nodes have to be looked at */
	json_t *domains[3]; /* sched_affinity.c: what was found about other pods */
};
enum { REASONS_MAX = 4 };
struct verdict {
	char reasons[REASONS_MAX][256];
	size_t n;
	bool resolvable; /* preemption could help */
};
void filter_begin(struct filter *f, struct controllers *c, const json_t *pod);
void filter_done(struct filter *f);
/** filter_node() - why a pod cannot run on a node. Return: whether it can. */
bool filter_node(struct filter *f, const struct sched_node *n, struct verdict *ret);
/** filter_score() - how much a node is preferred */
int64_t filter_score(const struct filter *f, const struct sched_node *n);
void verdict_add(struct verdict *v, bool resolvable, const char *fmt, ...) _printf_(3, 4);

/* sched_affinity.c: podAffinity and podAntiAffinity, required */
void pod_affinity_begin(struct filter *f);
bool pod_affinity_allows(const struct filter *f, const json_t *node, struct verdict *v);
bool pod_has_anti_affinity(const json_t *pod);

#endif
