/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * labdir.h - what a lab leaves where its user looks: the directory clab-LAB, the block in /etc/hosts, SSH's configuration
 *
 * All of it is a convenience: a lab runs without. What is made is written to /run/netemu/LAB/artefacts first, so that
 * whoever removes the lab's state removes it, too, whatever became of those who made it.
 */
#ifndef NETEMU_ENGINE_LABDIR_H
#define NETEMU_ENGINE_LABDIR_H

#include "plan/plan.h"

struct lab_state;

/**
 * labdir_make() - the lab's directory, with the files of plan/artefacts.h, before the nodes are made
 * @statefd: /run/netemu/LAB, locked
 * @topology: text of the topology's file, kept beside them, or NULL
 *
 * Files of those names are replaced, others are left alone. What is new belongs to the user who typed sudo.
 *
 * Return: 0, or the first failure; what could be made is there.
 */
int labdir_make(const struct plan *p, int statefd, const char *topology, struct error *e);

/** labdir_announce() - the block in /etc/hosts. Return: 0 or -errno. */
int labdir_announce(const struct plan *p, int statefd, struct error *e);

/**
 * labdir_ssh() - /etc/ssh/ssh_config.d/clab-LAB.conf for the nodes in which something listens on port 22
 * @st: of the running lab
 *
 * Return: 0, also when there is no such node or no such directory; or -errno.
 */
int labdir_ssh(const struct plan *p, const struct lab_state *st, int statefd, struct error *e);

/** labdir_wants_ssh() - whether labdir_ssh() has anything to look at */
bool labdir_wants_ssh(const struct plan *p);

/** labdir_put() - write a file of a node's, LAB_DIR/NODE/NAME, making the directories. Return: 0 or -errno. */
int labdir_put(const char *lab_dir, const char *node, const char *name, const void *data, size_t len, struct error *e);

/**
 * labdir_remove() - remove what the record in @statefd names
 *
 * What cannot be removed for good, because a disk went away or is read-only now, stays: nobody would be helped by a lab
 * that cannot be destroyed. So do directories that others have put something into.
 *
 * Return: 0, or the first failure that another attempt may not meet.
 */
int labdir_remove(const char *lab, int statefd, struct error *e);

/** labdir_clean() - remove @lab_dir with everything in it. Return: 0, also when it is not there, or -errno. */
int labdir_clean(const char *lab_dir, struct error *e);

#endif
