/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ports.h - the ports that a lab publishes on the host
 *
 * A process of the lab's own listens on them, and hands on what comes to the node's address on the management network. So
 * they are reached by every address of the host, 127.0.0.1 included, from other nodes as well, without a rule or sysctl
 * of the host's; and they end with the lab, however that ends. What a node sees is the host's address, not the client's.
 */
#ifndef NETEMU_ENGINE_PORTS_H
#define NETEMU_ENGINE_PORTS_H

#include "engine/engine.h"

/** ports_check_host() - report those that are in use, or at an address that the host has not, where the file says so */
void ports_check_host(const struct lab *lab, struct diag *d);

/** ports_open() - listen on all of them, before anything is made. Return: 0; -EADDRINUSE; another -errno. */
int ports_open(struct engine *en, struct error *e);

/** ports_serve() - start the process that serves them, if there are any; it ends with the PID namespace */
int ports_serve(struct engine *en, struct error *e);

/** ports_end() - end that process: the ports are free when this returns */
void ports_end(struct engine *en);

/** ports_state() - as `docker ps` shows those of a node: "0.0.0.0:8080->80/tcp" */
void ports_state(const struct engine *en, size_t node, struct arena *a, struct strv *ret);

#endif
