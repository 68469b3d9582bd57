/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vty.h - ask a running FRR daemon, as vtysh does, without vtysh
 *
 * Each daemon listens on a unix socket, <run dir>/<daemon>.vty. vtysh needs 15 ms to start; one question here costs
 * what the daemon's answer costs.
 */
#ifndef NETEMU_ENGINE_VTY_H
#define NETEMU_ENGINE_VTY_H

#include "base/error.h"
#include "base/strbuf.h"

enum {
	VTY_ANSWER_MAX = 256 * 1024 * 1024, /* bytes */
};

struct vty; /* one connection to one daemon */

/**
 * vty_connect() - open a connection
 * @dirfd_run_frr: the daemon's run directory, e.g. an O_PATH fd of /proc/PID/root/run/frr
 * @daemon: "bgpd"
 * @timeout_ms: for this and for each question asked on the connection
 *
 * The connection is in FRR's view mode: all `show` commands but running-config, for which ask "enable" first.
 * A symbolic link in the place of the socket is refused (-ELOOP): nodes own their directories, and are not trusted.
 *
 * Return: 0; -ENOENT or -ECONNREFUSED when no such daemon runs (there); -ETIMEDOUT; another -errno.
 */
int vty_connect(int dirfd_run_frr, const char *daemon, unsigned timeout_ms, struct vty **ret, struct error *e);

/** vty_close() - Return: NULL */
struct vty *vty_close(struct vty *vty);
DEFINE_CLEANUP(struct vty *, vty_close);
#define _cleanup_vty_ _cleanup_(vty_closep)

/**
 * vty_ask() - run one command
 * @out: the answer's text is appended; not touched on failure
 *
 * Return: 0; -ETIMEDOUT; -EPROTO when the daemon answers with a status other than success (the error then holds
 * the beginning of its text); -ECONNRESET when it went away; -EMSGSIZE for more than VTY_ANSWER_MAX. After a
 * failure other than -EPROTO the connection is of no further use.
 */
int vty_ask(struct vty *vty, const char *command, struct strbuf *out, struct error *e);

/** vty_query() - vty_connect(), vty_ask() and vty_close() in one */
int vty_query(int dirfd_run_frr, const char *daemon, const char *command, struct strbuf *out, unsigned timeout_ms,
	      struct error *e);

#endif
