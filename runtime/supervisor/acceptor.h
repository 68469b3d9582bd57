/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * acceptor.h - root's connections to a listening Unix socket
 *
 * Owns: accepting, who may come in (SO_PEERCRED: root, or the user that we are), and that a loop does not spin while
 * there are no descriptors left: then nobody is accepted for a moment, and those who wait go on waiting.
 */
#ifndef NETEMU_SUPERVISOR_ACCEPTOR_H
#define NETEMU_SUPERVISOR_ACCEPTOR_H

#include "supervisor/loop.h"

/** acceptor_fn - somebody has connected; @fd (close-on-exec, non-blocking) is taken */
typedef void (*acceptor_fn)(int fd, void *arg);

struct acceptor {
	struct loop *loop;
	int fd; /* borrowed */
	struct loop_handle id, timer;
	acceptor_fn fn;
	void *arg;
};

/**
 * acceptor_start() - accept on @fd, which listens and does not block
 * @a: stays where it is as long as the loop runs, or until acceptor_stop()
 *
 * Return: 0 or -errno.
 */
int acceptor_start(struct acceptor *a, struct loop *loop, int fd, acceptor_fn fn, void *arg, struct error *e);
/** acceptor_stop() - no more; @fd stays open. One that is zeroed was never started. */
void acceptor_stop(struct acceptor *a);

#endif
