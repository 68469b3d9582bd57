// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_docker_images.c - docker images, load, import, rmi, tag, pull, image inspect; and ctr's and kind's ways to load
 *
 * An image is there when it is imported, when a running node has it, or when something stands in for it.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "image/ref.h"
#include "image/store.h"
#include "imageimport.h"
#include "imageusers.h"
#include "plan/profile.h"
#include "shim_docker.h"
#include "when.h"

enum { TAR_RECORD = 10240 };

static int failed(const struct error *e)
{
	(void)fflush(stdout);
	(void)fprintf(stderr, "Error response from daemon: %s\n", e->msg);
	return CLI_FAILED;
}

/* ---- which there are ---- */

struct image_row {
	const char *name; /* "repo:tag", "" = none */
	const char *id;
	const struct image *image; /* NULL: nothing was imported */
};

struct image_rows {
	struct arena arena;
	struct image_row *v;
	size_t n;
};

static void rows_done(struct image_rows *r)
{
	arena_done(&r->arena);
}

/* "repo:tag@digest" in two; without a tag it is latest. */
static void image_split(struct arena *a, const char *image, const char **repo, const char **tag)
{
	const char *plain = arena_strndup(a, image, strcspn(image, "@")), *slash = strrchr(plain, '/');
	const char *colon = strrchr(slash ? slash : plain, ':');

	*repo = colon ? arena_strndup(a, plain, (size_t)(colon - plain)) : plain;
	*tag = colon ? colon + 1 : "latest";
}

/* A reference without a tag means every tag in a list. */
static bool image_matches(struct arena *a, const char *image, const char *want)
{
	const char *repo, *tag, *want_repo, *want_tag, *slash = strrchr(want, '/');

	image_split(a, image, &repo, &tag);
	image_split(a, want, &want_repo, &want_tag);
	return strcmp(repo, want_repo) == 0 && (!strchr(slash ? slash : want, ':') || strcmp(tag, want_tag) == 0);
}

/* 64 digits that are the same for the same text. */
static const char *id_of(struct arena *a, const char *text)
{
	const struct node_state n = { .longname = text };

	return shim_node_id(a, &n);
}

static bool row_is_there(const struct image_rows *rows, const char *name)
{
	for (size_t i = 0; i < rows->n; i++)
		if (strcmp(rows->v[i].name, name) == 0)
			return true;
	return false;
}

static void rows_of_lab(struct image_rows *rows, const char *lab, const char *want)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;
	struct arena *a = &rows->arena;

	if (state_load(lab, &st, NULL) < 0)
		return;
	for (size_t k = 0; k < st->n_nodes; k++) {
		const char *image = st->nodes[k].image;

		if (!*image || *st->nodes[k].image_id || row_is_there(rows, image) || (want && !image_matches(a, image, want)))
			continue;
		image = arena_strdup(a, image);
		*ARENA_PUSH(a, rows->v, rows->n) = (struct image_row){ image, id_of(a, image), NULL };
	}
}

/* With @want only that one, which is also there when something stands in for it. */
static int rows_find(struct image_rows *rows, const char *want, struct error *e)
{
	struct arena *a = &rows->arena;
	struct strv labs = { 0 };
	struct image **v;
	size_t n;
	int r = imgstore_list(a, &v, &n, e);

	for (size_t i = 0; r == 0 && i < n; i++)
		if (!want || image_matches(a, v[i]->name, want))
			*ARENA_PUSH(a, rows->v, rows->n) = (struct image_row){ v[i]->name, v[i]->id, v[i] };
	if (r == 0)
		r = state_names(a, &labs, e);
	for (size_t i = 0; r == 0 && i < labs.n; i++)
		rows_of_lab(rows, labs.v[i], want);
	if (r == 0 && want && rows->n == 0 && profile_find(want))
		*ARENA_PUSH(a, rows->v, rows->n) = (struct image_row){ want, id_of(a, want), NULL };
	return r;
}

/* ---- images, image inspect ---- */

static const struct docker_column image_columns[] = {
	{ "IMAGE ID", "ID", false },	      { "REPOSITORY", "Repository", true }, { "TAG", "Tag", true },
	{ "IMAGE ID", "ID", true },	      { "CREATED", "CreatedSince", true },  { "SIZE", "Size", true },
	{ "CREATED AT", "CreatedAt", false }, { "DIGEST", "Digest", false },
};

static json_t *row_object(struct arena *a, const struct image_row *row, bool full)
{
	const struct image *im = row->image;
	const char *repo = "<none>", *tag = "<none>";

	if (*row->name)
		image_split(a, row->name, &repo, &tag);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "ID",
			 full ? arena_printf(a, "sha256:%s", row->id) : arena_strndup(a, row->id, IMAGE_ID_SHORT), "Repository", repo,
			 "Tag", tag, "Digest", im && im->digests.n ? im->digests.v[0] : "<none>", "CreatedSince",
			 im ? arena_printf(a, "%s ago", when_since(a, im->imported)) : "N/A", "CreatedAt",
			 im ? when_iso(a, im->imported) : "N/A", "Size", im ? image_size(a, im->size) : "0B");
}

int docker_images(const struct cli *cli)
{
	_cleanup_(rows_done) struct image_rows rows = { 0 };
	struct error e = { 0 };
	json_t *list;
	int r = rows_find(&rows, cli_args(cli)->n ? cli_args(cli)->v[0] : NULL, &e);

	if (r < 0)
		return failed(&e);
	list = json_array();
	for (size_t i = 0; i < rows.n; i++)
		(void)json_array_append_new(list, row_object(&rows.arena, &rows.v[i], cli_flag(cli, "no-trunc")));
	r = docker_rows(cli_value(cli, "format"), cli_flag(cli, "quiet"), list, image_columns, ARRAY_SIZE(image_columns), &e);
	json_decref(list);
	if (r < 0)
		(void)fprintf(stderr, "%s\n", e.msg);
	return r < 0 ? CLI_FAILED : CLI_OK;
}

static json_t *words_json(const struct strv *words)
{
	json_t *list = json_array();

	for (size_t i = 0; i < words->n; i++)
		(void)json_array_append_new(list, json_string_nocheck(words->v[i]));
	return list;
}

/* "K=V" or "K" as members. */
static json_t *map_json(const struct strv *words)
{
	json_t *map = json_object();

	for (size_t i = 0; i < words->n; i++) {
		char *key = words->v[i], *eq = strchr(key, '=');

		if (eq)
			*eq = '\0';
		(void)json_object_set_new(map, key, eq ? json_string(eq + 1) : json_object());
	}
	return map;
}

static json_t *config_json(const struct image *im)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "User", im->user, "WorkingDir", im->workdir, "Entrypoint",
			 words_json(&im->entrypoint), "Cmd", words_json(&im->cmd), "Env", words_json(&im->env), "ExposedPorts",
			 map_json(&im->exposed_ports), "Labels", map_json(&im->labels));
}

static json_t *image_object(struct arena *a, const struct image_row *row)
{
	const struct image *im = row->image;
	const char *repo, *tag;
	json_t *o;

	image_split(a, row->name, &repo, &tag);
	o = json_pack("{s:s, s:[], s:[], s:I, s:s}", "Id", arena_printf(a, "sha256:%s", row->id), "RepoTags", "RepoDigests", "Size",
		      (json_int_t)(im ? im->size : 0), "Os", "linux");
	if (*row->name)
		(void)json_array_append_new(json_object_get(o, "RepoTags"), json_string(arena_printf(a, "%s:%s", repo, tag)));
	for (size_t i = 0; im && i < im->digests.n; i++)
		(void)json_array_append_new(json_object_get(o, "RepoDigests"),
					    json_string(arena_printf(a, "%s@%s", repo, im->digests.v[i])));
	if (!im)
		return o;
	(void)json_object_set_new(o, "Created", json_string(*im->created ? im->created : when_iso(a, im->imported)));
	(void)json_object_set_new(o, "Architecture", json_string(im->architecture));
	(void)json_object_set_new(o, "Config", config_json(im));
	return o;
}

/* One image, by a name or a part of its id. Return: whether it is there. */
static int row_find(struct image_rows *rows, const char *want, struct image_row *ret, struct error *e)
{
	struct image *im;
	int r = imgstore_find(&rows->arena, want, &im, e);

	if (r == 0) {
		*ret = (struct image_row){ im->name, im->id, im };
		return 0;
	}
	rows->n = 0;
	if (r == -ENOENT)
		r = rows_find(rows, want, e);
	if (r == 0 && rows->n == 0)
		return -ENOENT;
	if (r == 0)
		*ret = rows->v[0];
	return r;
}

static void no_such_image(struct arena *a, const char *word)
{
	const char *repo, *tag;

	image_split(a, word, &repo, &tag);
	(void)fflush(stdout);
	(void)fprintf(stderr, "Error response from daemon: No such image: %s:%s\n", repo, tag);
}

int docker_image_inspect(const struct cli *cli)
{
	_cleanup_(rows_done) struct image_rows rows = { 0 };
	json_t *all = json_array();
	int code = CLI_OK;

	for (size_t i = 0; i < cli_args(cli)->n; i++) {
		const char *want = cli_args(cli)->v[i];
		struct image_row row;
		struct error e = { 0 };
		const int r = row_find(&rows, want, &row, &e);

		if (r == 0)
			(void)json_array_append_new(all, image_object(&rows.arena, &row));
		else if (r == -ENOENT && !e.code)
			no_such_image(&rows.arena, want);
		else
			(void)failed(&e);
		if (r < 0)
			code = CLI_FAILED;
	}
	if (docker_objects(cli_value(cli, "format"), all) != CLI_OK)
		code = CLI_FAILED;
	json_decref(all);
	return code;
}

/* ---- load, import ---- */

int docker_load(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *file = cli_value(cli, "input");
	struct imported_image *v = NULL;
	struct error e = { 0 };
	size_t n = 0;
	int r;

	if (file && access(file, R_OK) < 0) {
		(void)fprintf(stderr, "open %s: %s\n", file, strerror(errno));
		return CLI_FAILED;
	}
	if (!file && isatty(STDIN_FILENO)) {
		(void)fprintf(stderr, "requested load from stdin, but stdin is empty\n");
		return CLI_FAILED;
	}
	r = image_import(&a, file ? file : "-", NULL, &v, &n, &e);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i].names.n; k++)
			(void)printf("Loaded image: %s\n", v[i].names.v[k]);
	return r < 0 ? failed(&e) : CLI_OK;
}

int docker_import(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	const struct strv *args = cli_args(cli);
	struct imported_image *v = NULL;
	struct error e = { 0 };
	size_t n = 0;

	if (strstr(args->v[0], "://")) {
		(void)fprintf(stderr, "netemu fetches nothing: give docker import a file, or - for standard input\n");
		return CLI_FAILED;
	}
	if (args->n < 2) {
		(void)fprintf(stderr, "netemu keeps no image without a name: docker import %s REPOSITORY[:TAG]\n", args->v[0]);
		return CLI_FAILED;
	}
	if (image_import(&a, args->v[0], args->v[1], &v, &n, &e) < 0 || n == 0)
		return failed(&e);
	(void)printf("sha256:%s\n", v[0].id);
	return CLI_OK;
}

/* ---- rmi, tag, prune ---- */

static int remove_one(struct arena *a, const char *word)
{
	struct strv names = { 0 };
	struct image *im = NULL;
	struct error e = { 0 };
	bool deleted = false;
	const int r = imgstore_remove(a, word, &names, &im, &deleted, &e);

	if (r == -ENOENT && !e.code) {
		no_such_image(a, word);
		return CLI_FAILED;
	}
	if (r == -EBUSY) {
		(void)fflush(stdout);
		(void)fprintf(stderr, "Error response from daemon: conflict: unable to delete %s (cannot be forced) - image is being used by %s\n",
			      word, image_users_text(a, im->id));
		return CLI_FAILED;
	}
	if (r < 0)
		return failed(&e);
	for (size_t i = 0; i < names.n; i++)
		(void)printf("Untagged: %s\n", names.v[i]);
	if (deleted)
		(void)printf("Deleted: sha256:%s\n", im->id);
	return CLI_OK;
}

int docker_rmi(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	int code = CLI_OK;

	for (size_t i = 0; i < cli_args(cli)->n; i++)
		if (remove_one(&a, cli_args(cli)->v[i]) != CLI_OK)
			code = CLI_FAILED;
	return code;
}

static int tag_set(struct arena *a, const struct image *im, const char *name, struct error *e)
{
	_cleanup_(imgstore_end) struct imgstore_import job = { .store = -EBADF, .dir = -EBADF };
	struct strv names = { 0 };
	int r;

	strv_add(a, &names, name);
	r = imgstore_begin(&job, e);
	return r < 0 ? r : imgstore_commit(&job, im->id, &names, e);
}

int docker_tag(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *word = cli_args(cli)->v[0];
	struct image_ref ref;
	struct image *im;
	struct error e = { 0 };
	const int r = imgstore_find(&a, word, &im, &e);

	if (r == -ENOENT && !e.code) {
		no_such_image(&a, word);
		return CLI_FAILED;
	}
	if (r < 0 || image_ref_parse(&a, cli_args(cli)->v[1], &ref, &e) < 0)
		return failed(&e);
	return tag_set(&a, im, image_ref_name(&a, &ref), &e) < 0 ? failed(&e) : CLI_OK;
}

int docker_image_prune(const struct cli *cli)
{
	(void)cli;
	(void)printf("Total reclaimed space: 0B\n");
	return CLI_OK;
}

/* ---- pull ---- */

int docker_pull(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *word = cli_args(cli)->v[0];
	const struct profile *p = profile_find(word);
	struct image *im;
	struct error e = { 0 };
	const int r = imgstore_find(&a, word, &im, &e);

	if (r < 0 && (r != -ENOENT || e.code))
		return failed(&e);
	if (r < 0 && !p) {
		(void)fprintf(stderr,
			      "Error response from daemon: netemu speaks to no registry, and has nothing in the place of %s: docker load and "
			      "netemu image import take it from a file\n",
			      word);
		return CLI_FAILED;
	}
	(void)fprintf(stderr, "netemu: no registry is asked: %s is there\n", r == 0 ? "the imported image" : "something in its place");
	if (!cli_flag(cli, "quiet") && r == 0)
		(void)printf("Status: Image is up to date for %s\n", word);
	else if (!cli_flag(cli, "quiet"))
		(void)printf("%s: in its place there is: %s\n", word, p->about);
	(void)printf("%s\n", word);
	return CLI_OK;
}

/* ---- other tools ---- */

/* What ctr image export wrote here. */
static bool is_empty_archive(const char *path)
{
	static const char zeros[TAR_RECORD];
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char buf[TAR_RECORD];
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= TAR_RECORD &&
	       read(fd, buf, sizeof(buf)) == st.st_size && memcmp(buf, zeros, (size_t)st.st_size) == 0;
}

int shim_image_load(const char *path, struct arena *a, struct imported_image **ret, size_t *ret_n, struct error *e)
{
	*ret = NULL;
	*ret_n = 0;
	return is_empty_archive(path) ? 0 : image_import(a, path, NULL, ret, ret_n, e);
}
