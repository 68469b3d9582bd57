/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - what a starting supervisor tells `netemu run`
 *
 * One datagram a message on a SOCK_SEQPACKET socket pair. Refuses to block: a command that is stopped in its
 * terminal must not stop the lab.
 */
#ifndef NETEMU_SUPERVISOR_REPORT_H
#define NETEMU_SUPERVISOR_REPORT_H

#include "base/error.h"

enum report_type {
	REPORT_WARNING, /* text: something went wrong, the run goes on */
	REPORT_MADE, /* namespaces, links and addresses are there, commands have not run */
	REPORT_READY, /* everything is up and all exec lines have run */
	REPORT_FAILED, /* text: the run is over, the supervisor ends */
	REPORT_COMMITTED, /* the lab lives on its own from now on */
	REPORT_LOG, /* text: output of a node, for --foreground */
	_REPORT_TYPE_MAX,
};

struct report {
	uint32_t type;
	struct error error;
};

/**
 * report_send() - tell it, without waiting for a reader that does not read
 *
 * Return: 0 or -errno. Who gets no REPORT_MADE, _READY or _COMMITTED would wait for it: then the sender must end.
 */
int report_send(int fd, enum report_type type, int code, const char *text);
/** report_recv() - wait for one. Return: 1, 0 when the supervisor is gone, -EINTR, another -errno. */
int report_recv(int fd, struct report *ret);

#endif
