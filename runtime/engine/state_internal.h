/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state_internal.h - what the state*.c files share; nobody else includes this
 */
#ifndef NETEMU_ENGINE_STATE_INTERNAL_H
#define NETEMU_ENGINE_STATE_INTERNAL_H

#include "base/strbuf.h"
#include "engine/state.h"

#define STATE_FILE "state.json"
#define STATE_FILE_TMP "state.json.tmp"

enum { STATE_FILE_MAX = 64 << 20 }; /* bytes; a lab of 10,000 nodes has about 5 MiB */

/* ---- state_json.c: pure ---- */

/** state_json_format() - @st as text, one line a node */
void state_json_format(const struct lab_state *st, struct strbuf *out);

/** state_json_parse() - Return: 0, -EPROTO when it is broken, -EPROTONOSUPPORT when a newer netemu wrote it */
int state_json_parse(const char *text, size_t len, struct lab_state **ret, struct error *e);

/**
 * state_json_excerpt() - cut a document that state_json_format() wrote down to one node
 * @text: NUL-terminated
 * @name: long or short name, valid (state_name_valid()); a long name wins
 *
 * Reading the state of 1000 nodes takes 5 ms, finding one line of it 0.1 ms. This relies on one node standing on
 * one line, and on quotes in strings being escaped; the excerpt is parsed as strictly as the whole.
 *
 * Return: whether @out has it; false also when the text does not look as expected.
 */
bool state_json_excerpt(const char *text, size_t len, const char *name, struct strbuf *out);

/** state_json_refresh() - put the supervisor's answer to "status" into @st. Return: 0 or -EPROTO. */
int state_json_refresh(struct lab_state *st, const char *text, size_t len, struct error *e);

/* ---- state_dir.c: directories and locks ---- */

/**
 * state_root_open() - open /run/netemu and wait for its lock
 * @create: make it when it is not there
 * @lock: LOCK_SH to look whether labs live, LOCK_EX to take a lab's lock
 *
 * This lock is held for moments only, by whoever tries or takes the lock of a lab. Under it, a lab's lock that
 * cannot be had belongs to a living lab, and never to another command that is just looking.
 *
 * Return: an fd, -ENOENT when there is none (no error is set), or another -errno.
 */
int state_root_open(bool create, int lock, struct error *e);

/** state_lab_open() - open /run/netemu/LAB. Return: an fd, -ENOENT when there is none (no error is set), or -errno. */
int state_lab_open(int root, const char *lab, struct error *e);

/** state_lab_alive() - whether somebody holds the lab's lock; the caller holds the root's */
bool state_lab_alive(int dirfd);

/** state_lab_sweep() - remove a lab that is dead. Return: 1 removed, 0 it lives or is gone, or -errno. */
int state_lab_sweep(int root, const char *lab, struct error *e);

/** state_netns_remove() - remove the names in /run/netns that are those of @st's supervisor */
int state_netns_remove(const struct lab_state *st, struct error *e);

/** state_tree_remove() - remove a directory with all that is in it; follows no symlink, crosses no mount */
int state_tree_remove(int parent, const char *name, struct error *e);

/** state_dir_list() - the names of all labs, dead or alive, sorted */
int state_dir_list(int root, struct arena *a, struct strv *ret, struct error *e);

/* ---- state.c ---- */

/**
 * state_read() - parse state.json of @dirfd, whoever lives
 *
 * Return: 0, -ENOENT (no error is set), -EPROTO, -EPROTONOSUPPORT, or another -errno.
 */
int state_read(int dirfd, const char *lab, struct lab_state **ret, struct error *e);

/**
 * state_load_node() - state_load() for the sake of one node
 *
 * What comes back may have this node only, and no links.
 */
int state_load_node(const char *lab, const char *node, struct lab_state **ret, struct error *e);

/** state_fd_read() - whole content of a regular file or memfd, from its start; NUL-terminated, to be freed */
int state_fd_read(int fd, char **ret, size_t *ret_len, struct error *e);

#endif
