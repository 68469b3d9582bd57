/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * holders.h - who still uses the network namespaces of a lab that is gone
 */
#ifndef NETEMU_HOLDERS_H
#define NETEMU_HOLDERS_H

#include <sys/types.h>

#include "base/error.h"
#include "cli.h"
#include "engine/state.h"

/* Namespaces by inode number, remembered while their lab lives. */
struct holders {
	struct arena arena;
	struct held {
		ino_t ino;
		const char *node; /* long name */
	} *held;
	size_t n;
};

/** holders_add() - remember the namespaces of a living lab's nodes */
void holders_add(struct holders *h, const struct lab_state *st);

/**
 * holders_check() - look for processes that are in one of them, or have it open
 *
 * A namespace whose inode number was given to a new one in the meantime is a false alarm; numbers are given
 * in turn, so that this takes as many namespaces as there are numbers.
 *
 * Return: 0, or -EBUSY (the error names the first node and process).
 */
int holders_check(const struct holders *h, struct error *e);

/**
 * holders_note() - say which labs still have nodes in them: `network-mode: container:NAME` of a NAME that is gone
 *
 * They go on, in a network that leads nowhere any more, until they are made anew.
 */
void holders_note(const struct holders *h, const struct cli *cli);

void holders_done(struct holders *h);

#endif
