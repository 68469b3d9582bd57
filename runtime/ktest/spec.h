/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spec.h - a test file: what is made, what is done to it, and what must then be so
 *
 *   name: ecmp                       of the test; without it that of the file
 *   topology: ../topologies/fabric   a file, a directory or a list of them; or nodes and links, as containerlab has them
 *   requires: {programs: [bgpd], features: [netem], kernel: ">=6.1", frr: ">=8.4"}
 *   timeout: 20s                     for each step that does not say `within`
 *   settle: 30s                      first wait until routing has settled
 *   steps:
 *     - name: two paths
 *       within: 5s
 *       fib: {node: leaf1, route: 10.2.0.0/24, nexthops: [{dev: up1}, {dev: up2}]}
 *     - link: leaf1:up1 down
 *
 * Owns: the language of test files, in the one table of verbs.c. Refuses to know how a step is carried out.
 */
#ifndef NETEMU_KTEST_SPEC_H
#define NETEMU_KTEST_SPEC_H

#include <jansson.h>

#include "base/strv.h"
#include "topology/diag.h"

enum test_verb {
	/* what must be so */
	TEST_ADDRESS,
	TEST_CONSISTENT,
	TEST_FIB,
	TEST_FLOWS,
	TEST_INTERFACE,
	TEST_LOG,
	TEST_NEIGH,
	TEST_NEXTHOP,
	TEST_PING,
	TEST_ROUTE_GET,
	TEST_TRACEROUTE,
	TEST_VTYSH,
	/* either */
	TEST_EXEC,
	TEST_SYSCTL,
	/* what happens */
	TEST_CONFIG,
	TEST_DAEMON,
	TEST_IMPAIR,
	TEST_LINK,
	TEST_NODE,
	TEST_PAUSE,
	_TEST_VERB_MAX
};

/* When a condition must hold. */
enum test_mode {
	TEST_ONCE,   /* an event; a condition without deadline: now */
	TEST_WITHIN, /* it comes to hold */
	TEST_ALWAYS, /* it holds all the time */
	TEST_NEVER,  /* it does not come to hold */
	_TEST_MODE_MAX
};

struct test_step {
	enum test_verb verb;
	enum test_mode mode;
	unsigned ms;	   /* of the mode */
	const char *name;  /* in what is reported: without numbers that change */
	const char *xfail; /* why it is expected to fail, or NULL */
	int32_t of;	   /* TEST_WITHIN: counted from the end of that step; -1: from now */
	struct pos pos;
	json_t *args; /* a map whose keys are the verb's */
};

/* A node that a step names, to be looked up when the topology is known. */
struct test_ref {
	const char *node;
	struct pos pos;
};

enum { TEST_TIMEOUT_MS = 30000, TEST_SETTLE_S = 60, TEST_MS_MAX = 24 * 3600 * 1000 };

struct test {
	struct arena arena;
	uint32_t file; /* in the diag */
	const char *name, *path, *description;
	struct strv topologies;	 /* paths from here; none: in the file itself */
	struct strv programs, features; /* that must be there */
	struct strv allow;	 /* regular expressions: kernel messages that are not a failure */
	const char *kernel, *frr; /* ">=6.1" or NULL */
	const char *xfail;
	unsigned timeout_ms, settle_s; /* settle_s 0: not waited for */
	struct test_step *steps;
	size_t n_steps;
	struct test_ref *refs;
	size_t n_refs;
};

/**
 * test_load() - read a test file
 * @d: collects every mistake
 * @path: of the file, for messages, its name, and where the paths in it begin
 *
 * Return: to be freed with test_unload(); NULL when it could not be understood at all. With errors in @d it is not to be run.
 */
struct test *test_load(struct diag *d, const char *path, const char *text, size_t len);
void test_unload(struct test *t);
static inline void test_unloadp(struct test **t)
{
	if (*t)
		test_unload(*t);
}

/** test_check_nodes() - report the steps that name a node which is not among @names */
void test_check_nodes(const struct test *t, const struct strv *names, struct diag *d);

/** test_duration() - "500ms", "10s", "2m", "1.5s", "3" (seconds). Return: 0 or -EINVAL. */
int test_duration(const char *text, unsigned *ret_ms);

/** test_version() - whether version @have ("6.1.192-1") fits @want (">=6.1", "<6.12", "6.1"). Return: 1, 0 or -EINVAL for a bad @want. */
int test_version(const char *want, const char *have);

/** test_endpoint() - "NODE:IF"; @node is written. Return: the interface's name, or NULL. */
const char *test_endpoint(const char *text, char *node, size_t size);

/* A column of args that names nodes: a string or a list of them. @i-th one, or NULL. */
const char *test_node(const struct test_step *s, size_t i);

/** test_verb_name() - "fib" */
const char *test_verb_name(enum test_verb verb);

#endif
