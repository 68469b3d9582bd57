// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_docker_volume.c - docker volume: those that have a name, which nodes are given by `volumes` of a topology
 */
#include <string.h>
#include <sys/stat.h>

#include "engine/volumestore.h"
#include "shim_docker.h"
#include "shim_docker_usage.h"
#include "topology/names.h"
#include "when.h"

static int failed(const struct error *e)
{
	(void)fprintf(stderr, "Error response from daemon: %s\n", e->msg);
	return CLI_FAILED;
}

/* The mounts of all nodes that run: objects with Source, and Node. New reference. */
static json_t *mounts_of_all(struct arena *a)
{
	struct strv labs = { 0 };
	json_t *all = json_array();

	(void)state_names(a, &labs, NULL);
	for (size_t i = 0; i < labs.n; i++) {
		_cleanup_(state_freep) struct lab_state *st = NULL;

		if (state_load(labs.v[i], &st, NULL) < 0)
			continue;
		(void)state_refresh(st, NULL);
		for (size_t k = 0; k < st->n_nodes; k++) {
			json_t *mounts = usage_mounts(docker_is_up(&st->nodes[k]) ? st->nodes[k].pid : 0), *m;
			size_t j;

			json_array_foreach(mounts, j, m) {
				(void)json_object_set_new(m, "Node", json_string(st->nodes[k].longname));
				(void)json_array_append(all, m);
			}
			json_decref(mounts);
		}
	}
	return all;
}

/* Who has it: a node's long name, or NULL. */
static const char *user_of(const json_t *mounts, const char *path)
{
	const json_t *m;
	size_t i;

	json_array_foreach(mounts, i, m)
		if (strcmp(json_string_value(json_object_get(m, "Source")), path) == 0)
			return json_string_value(json_object_get(m, "Node"));
	return NULL;
}

/* NULL when there is no such volume. */
static json_t *volume_json(struct arena *a, const char *name)
{
	const char *path = volumestore_path(a, name);
	struct stat st;

	if (strchr(name, '/') || stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return NULL;
	return json_pack("{s:s, s:s, s:{}, s:s, s:s, s:{}, s:s}", "CreatedAt", when_iso(a, st.st_ctime), "Driver", "local", "Labels",
			 "Mountpoint", path, "Name", name, "Options", "Scope", "local");
}

static const struct docker_column columns[] = {
	{ "NAME", "Name", false },
	{ "DRIVER", "Driver", true },
	{ "VOLUME NAME", "Name", true },
	{ "SCOPE", "Scope", false },
	{ "MOUNTPOINT", "Mountpoint", false },
};

/* Whether --filter lets it through. */
static bool is_wanted(struct arena *a, const struct strv *filters, const char *name, const json_t *mounts, struct error *e)
{
	bool wanted = true;

	for (size_t i = 0; i < filters->n; i++) {
		const char *f = filters->v[i];

		if (strncmp(f, "name=", 5) == 0)
			wanted &= strstr(name, f + 5) != NULL;
		else if (strcmp(f, "dangling=true") == 0 || strcmp(f, "dangling=false") == 0)
			wanted &= !user_of(mounts, volumestore_path(a, name)) == (strcmp(f, "dangling=true") == 0);
		else
			(void)error_set(e, EINVAL, "invalid filter '%s'", f);
	}
	return wanted;
}

int docker_volumes(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	const struct strv filters = cli_list(cli, "filter");
	json_t *rows = json_array(), *mounts = mounts_of_all(&a);
	struct strv names = { 0 };
	struct error e = { 0 };
	int r = volumestore_list(&a, &names, &e);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		json_t *v = volume_json(&a, names.v[i]);

		if (v && is_wanted(&a, &filters, names.v[i], mounts, &e))
			(void)json_array_append(rows, v);
		json_decref(v);
		r = -e.code;
	}
	if (r == 0)
		r = docker_rows(cli_value(cli, "format"), cli_flag(cli, "quiet"), rows, columns, ARRAY_SIZE(columns), &e);
	json_decref(rows);
	json_decref(mounts);
	return r < 0 ? failed(&e) : CLI_OK;
}

int docker_volume_create(const struct cli *cli)
{
	const char *name = cli_args(cli)->n ? cli_args(cli)->v[0] : NULL;
	struct error e = { 0 };

	if (!name || name_check_lab(name)) {
		(void)error_set(&e, EINVAL, "create: a volume's name %s", name ? name_check_lab(name) : "is missing");
		return failed(&e);
	}
	if (volumestore_make(name, &e) < 0)
		return failed(&e);
	(void)printf("%s\n", name);
	return CLI_OK;
}

int docker_volume_inspect(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	json_t *all = json_array();
	int code = CLI_OK, shown;

	for (size_t i = 0; i < cli_args(cli)->n; i++) {
		json_t *v = volume_json(&a, cli_args(cli)->v[i]);

		if (v)
			(void)json_array_append_new(all, v);
		else
			code = CLI_FAILED;
	}
	shown = docker_objects(cli_value(cli, "format"), all);
	for (size_t i = 0; i < cli_args(cli)->n; i++) {
		json_t *v = volume_json(&a, cli_args(cli)->v[i]);

		if (!v)
			(void)fprintf(stderr, "Error response from daemon: get %s: no such volume\n", cli_args(cli)->v[i]);
		json_decref(v);
	}
	json_decref(all);
	return code != CLI_OK ? code : shown;
}

static int volume_remove(struct arena *a, const char *name, const json_t *mounts, struct error *e)
{
	const char *user = user_of(mounts, volumestore_path(a, name));

	if (user)
		return error_set(e, EBUSY, "remove %s: volume is in use - [%s]", name, user);
	return volumestore_remove(name, e);
}

int docker_volume_rm(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	json_t *mounts = mounts_of_all(&a);
	int code = CLI_OK;

	for (size_t i = 0; i < cli_args(cli)->n; i++) {
		const char *name = cli_args(cli)->v[i];
		struct error e = { 0 };
		const int r = volume_remove(&a, name, mounts, &e);

		if (r < 0 && !(r == -ENOENT && cli_flag(cli, "force")))
			code = failed(&e);
		else
			(void)printf("%s\n", name);
	}
	json_decref(mounts);
	return code;
}

/* Docker asks first, unless --force. All volumes have names, so without --all there is nothing to remove. */
int docker_volume_prune(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	json_t *mounts = mounts_of_all(&a);
	struct strv names = { 0 };
	struct error e = { 0 };
	int r = cli_flag(cli, "all") ? volumestore_list(&a, &names, &e) : 0;

	for (size_t i = 0, n = 0; r == 0 && i < names.n; i++) {
		if (user_of(mounts, volumestore_path(&a, names.v[i])))
			continue;
		r = volumestore_remove(names.v[i], &e);
		if (r == 0)
			(void)printf("%s%s\n", n++ ? "" : "Deleted Volumes:\n", names.v[i]);
	}
	json_decref(mounts);
	if (r < 0)
		return failed(&e);
	(void)printf("\nTotal reclaimed space: 0B\n");
	return CLI_OK;
}
