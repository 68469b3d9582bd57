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

/** docker_is_container() - bridges and the host itself are none */
bool docker_is_container(const struct node_state *n);
const char *docker_image(const struct node_state *n);
const char *docker_network_of(struct arena *a, const struct lab_state *lab, const struct node_state *n);

/* A member of rows, and its title in tables; shown: also when no --format asks for it. */
struct docker_column {
	const char *title, *key;
	bool shown;
};

/**
 * docker_rows() - write rows as docker writes lists
 * @format: "json", "table", "table TEMPLATE", a Go template over a row, or NULL
 * @quiet: without a format, only the first column
 */
int docker_rows(const char *format, bool quiet, json_t *rows, const struct docker_column *columns, size_t n,
		struct error *e);

/** docker_objects() - write what docker inspect does: an array, or a Go template over each. Return: exit code. */
int docker_objects(const char *format, const json_t *objects);

/* shim_docker_images.c */
int docker_images(const struct cli *cli);
int docker_image_inspect(const struct cli *cli);
int docker_image_prune(const struct cli *cli);
int docker_load(const struct cli *cli);
int docker_import(const struct cli *cli);
int docker_rmi(const struct cli *cli);
int docker_tag(const struct cli *cli);
int docker_pull(const struct cli *cli);

struct imported_image;
/** shim_image_load() - image_import(), but for an archive with nothing in it, as the ctr shim writes them: nothing is imported */
int shim_image_load(const char *path, struct arena *a, struct imported_image **ret, size_t *ret_n, struct error *e);

/* shim_docker_objects.c */
int docker_networks(const struct cli *cli);
int docker_network_inspect(const struct cli *cli);
int docker_rm(const struct cli *cli);

/* shim_docker_volume.c */
int docker_volumes(const struct cli *cli);
int docker_volume_create(const struct cli *cli);
int docker_volume_inspect(const struct cli *cli);
int docker_volume_rm(const struct cli *cli);
int docker_volume_prune(const struct cli *cli);

int docker_ps(const struct cli *cli);
int docker_inspect(const struct cli *cli);
int docker_cp(const struct cli *cli);

int docker_port(const struct cli *cli);
int docker_stats(const struct cli *cli);

/* What docker calls a state: "running", "paused", "exited", "created". */
const char *docker_state(const struct node_state *n);
/* What it says of its health: "(healthy)", "(health: starting)", "(unhealthy)"; "" when it is not up, or not checked. */
const char *docker_health(struct arena *a, const struct node_state *n);
bool docker_is_up(const struct node_state *n);
/** docker_exit_code() - of a node's command; 0 while it runs */
int docker_exit_code(const struct node_state *n);
/** docker_started_at() - seconds since the epoch */
int64_t docker_started_at(const struct lab_state *lab, const struct node_state *n);
/** docker_labels() - Return: a new reference to a map */
json_t *docker_labels(const struct lab_state *lab, const struct node_state *n);

/** docker_network_object() - what docker network inspect shows of one, by its name or the beginning of its id; NULL: none */
json_t *docker_network_object(const char *name);

/* shim_docker_engine.c */
int docker_version(const struct cli *cli);
int docker_info(const struct cli *cli);

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
