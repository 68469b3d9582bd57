/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shim_docker.h - the parts of the docker shim that have a file of their own
 */
#ifndef NETEMU_SHIM_DOCKER_H
#define NETEMU_SHIM_DOCKER_H

#include <jansson.h>

#include "shim.h"

/** docker_no_such() - docker's words for a node that is not there. Return: 1 */
int docker_no_such(const char *name);
/** docker_find() - shim_node_find(), failures said in docker's words. Return: whether it was found */
bool docker_find(const char *name, struct shim_node *ret);

int docker_ps(const struct cli *cli);
int docker_inspect(const struct cli *cli);
int docker_cp(const struct cli *cli);

/* What docker calls a state: "running", "paused", "exited". */
const char *docker_state(const struct node_state *n);
bool docker_is_up(const struct node_state *n);

/* shim_docker_control.c */
int docker_start(const struct cli *cli);
int docker_stop(const struct cli *cli);
int docker_restart(const struct cli *cli);
int docker_pause(const struct cli *cli);
int docker_unpause(const struct cli *cli);
int docker_kill(const struct cli *cli);
int docker_wait(const struct cli *cli);
int docker_top(const struct cli *cli);

#endif
