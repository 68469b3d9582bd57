/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * web.h - netemu-graph: the page of one lab
 *
 * Owns: HTTP for one page on one address, who may do what, and the threads of a live picture: netlink notifications of each
 * node, the supervisor's status, FRR's sessions, a cluster's pods, terminals. Refuses to draw: that is the page's.
 */
#ifndef NETEMU_WEB_WEB_H
#define NETEMU_WEB_WEB_H

#include <jansson.h>

#include "apiserver/conn.h"
#include "apiserver/httpmsg.h"
#include "engine/state.h"

enum { TOKEN_LEN = 32 };

struct live;

struct web {
	struct loop *loop;
	struct conn_list conns;
	const char *netemu; /* path of the program */
	const char *lab;
	char host[64];		   /* that we listen on */
	char token[TOKEN_LEN + 1]; /* for what changes anything: a terminal */
	char dir[4096];		   /* of the page's files */
	json_t *graph;		   /* as of graph_json() */
	struct live *live;
	struct listener *listeners; /* SSE: clients that want to hear */
};

/* ---- http.c ---- */

/** web_listen() - "127.0.0.1:50080", "[::1]:8080", ":80". Return: 0 or -errno. */
int web_listen(struct web *w, const char *address, struct error *e);
/** web_tell() - an event to all that listen; @json is compact text */
void web_tell(struct web *w, const char *event, const char *json);
bool web_has_listeners(const struct web *w);

/* ---- live.c ---- */

/** live_start() - look at the lab from now on, when there is one. Return: 0 or -errno. */
int live_start(struct web *w, struct error *e);
/** live_wake() - somebody listens now: do not wait for the next look */
void live_wake(struct web *w);
/** live_text() - the state as it was told last, "{}" before the first look */
const char *live_text(const struct web *w);
/** live_knows() - whether the lab runs and has a node of that name */
bool live_knows(const struct web *w, const char *node);

/* ---- pods.c ---- */

struct pods;
struct pods *pods_new(struct web *w);
/** pods_look() - ask for them, unless that was a moment ago; the answer comes later. @st: the lab, which runs */
void pods_look(struct pods *p, const struct lab_state *st);
/** pods_of() - as of the last answer, [{"namespace", "name", "phase", "ip"}]; a new reference, NULL: no node of a cluster */
json_t *pods_of(const struct pods *p, const char *node);
/** pods_forget() - the lab has ended */
void pods_forget(struct pods *p);

/* ---- term.c ---- */

/** term_start() - a terminal in a node on a connection that has just become a WebSocket; takes @conn */
void term_start(struct web *w, struct conn *conn, const char *node);

/* ---- run.c ---- */

/** run_done_fn - all that a command has printed, NUL-terminated */
typedef void (*run_done_fn)(void *arg, const char *text, size_t len);

struct run;
/** run_start() - run netemu with these words; what it prints is given to @fn, once. Return: NULL when it cannot be started. */
struct run *run_start(struct web *w, char *const argv[], run_done_fn fn, void *arg);
/** run_cancel() - nobody wants to know any more */
void run_cancel(struct run *r);

#endif
