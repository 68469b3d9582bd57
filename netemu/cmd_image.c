// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_image.c - netemu image: import, list and remove root file systems
 *
 * Owns: words and tables. What an archive holds is netemu-image's to know, what is there image/store.h's.
 */
#include <string.h>

#include "cli.h"
#include "imageimport.h"
#include "image/ref.h"
#include "image/store.h"
#include "imageusers.h"
#include "output.h"
#include "when.h"

/* ---- import ---- */

static bool is_there(const char *path)
{
	return strcmp(path, "-") == 0 || access(path, F_OK) == 0;
}

static bool is_name(const char *word)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct image_ref ref;

	return image_ref_parse(&a, word, &ref, NULL) == 0;
}

/* The source first, as docker import has it; or the name first, as people say it: what is there is the source. */
static int words_sort(const struct cli *cli, const char **source, const char **name)
{
	const char *first = cli_args(cli)->v[1], *second = cli_args(cli)->n > 2 ? cli_args(cli)->v[2] : NULL;
	const bool swap = second && is_there(second) && (!is_there(first) || (is_name(first) && !is_name(second)));

	*source = swap ? second : first;
	*name = swap ? first : second;
	if (!is_there(*source))
		return cli_error(cli, "%s: no such file or directory", *source);
	if (second && strcmp(first, second) != 0 && is_there(first) && is_there(second) && is_name(first) && is_name(second))
		return cli_usage(cli, "%s and %s are both there: write the one to import with './' before it", first, second);
	return CLI_OK;
}

static void imported_say(const struct cli *cli, const struct imported_image *im)
{
	_cleanup_arena_ struct arena a = { 0 };

	for (size_t i = 0; i < im->names.n; i++)
		(void)printf("%s: image %.*s, %lld files, %s\n", im->names.v[i], IMAGE_ID_SHORT, im->id, (long long)im->n_files,
			     image_size(&a, im->size));
	if (*im->note)
		cli_note(cli, "%s: %s", im->names.n ? im->names.v[0] : im->id, im->note);
}

static int do_import(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct imported_image *v = NULL;
	const char *source, *name;
	struct error e = { 0 };
	size_t n = 0;
	int r = words_sort(cli, &source, &name);

	if (r != CLI_OK)
		return r;
	r = image_import(&a, source, name, &v, &n, &e);
	for (size_t i = 0; i < n; i++)
		imported_say(cli, &v[i]);
	return r < 0 ? cli_fail(cli, &e) : CLI_OK;
}

/* ---- list ---- */

enum { COL_NAME, COL_ID, COL_IMPORTED, COL_WHEN, COL_SIZE, COL_BYTES, COL_FILES, COL_USERS, COL_ARCH, COL_SOURCE, _COL_MAX };

static const struct column columns[] = {
	[COL_NAME] = { "name", "IMAGE", 0 },
	[COL_ID] = { "id", "ID", 0 },
	[COL_IMPORTED] = { "imported", "IMPORTED", COLUMN_NO_JSON | COLUMN_NO_CSV },
	[COL_WHEN] = { "imported", "", COLUMN_NO_TABLE },
	[COL_SIZE] = { "size", "SIZE", COLUMN_RIGHT | COLUMN_NO_JSON | COLUMN_NO_CSV },
	[COL_BYTES] = { "size", "", COLUMN_RAW | COLUMN_NO_TABLE },
	[COL_FILES] = { "files", "FILES", COLUMN_RAW | COLUMN_RIGHT },
	[COL_USERS] = { "labs", "LABS", COLUMN_RAW | COLUMN_RIGHT },
	[COL_ARCH] = { "architecture", "", COLUMN_NO_TABLE },
	[COL_SOURCE] = { "source", "FROM", COLUMN_ELASTIC },
};
static_assert(ARRAY_SIZE(columns) == _COL_MAX, "one column each");

static void row_fill(struct table *t, const struct image *im, const struct image_users *users, bool plain)
{
	struct arena *a = &t->arena;
	struct cell *row = table_add_row(t);

	row[COL_NAME].text = *im->name ? im->name : "<none>";
	row[COL_ID].text = plain ? im->id : arena_strndup(a, im->id, IMAGE_ID_SHORT);
	row[COL_IMPORTED].text = arena_printf(a, "%s ago", when_since(a, im->imported));
	row[COL_WHEN].text = when_iso(a, im->imported);
	row[COL_SIZE].text = image_size(a, im->size);
	row[COL_BYTES].text = arena_printf(a, "%lld", (long long)im->size);
	row[COL_FILES].text = arena_printf(a, "%lld", (long long)im->n_files);
	row[COL_USERS].text = arena_printf(a, "%zu", image_users_count(users, im->id));
	row[COL_ARCH].text = im->architecture;
	row[COL_SOURCE].text = im->source;
}

static int do_list(const struct cli *cli)
{
	_cleanup_table_ struct table t;
	struct image_users users = { 0 };
	struct image **v = NULL;
	struct output o;
	struct error e = { 0 };
	size_t n = 0;

	table_init(&t, columns, _COL_MAX);
	output_init(&o, cli_value(cli, "format"));
	if (imgstore_list(&t.arena, &v, &n, &e) < 0 || image_users_find(&t.arena, &users, &e) < 0)
		return cli_fail(cli, &e);
	for (size_t i = 0; i < n; i++)
		row_fill(&t, v[i], &users, o.format != OUTPUT_TABLE);
	output_write(&o, &t);
	return CLI_OK;
}

/* ---- rm ---- */

static int remove_one(const struct cli *cli, const char *word)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strv names = { 0 };
	struct image *im = NULL;
	struct error e = { 0 };
	bool deleted = false;
	const int r = imgstore_remove(&a, word, &names, &im, &deleted, &e);

	if (r == -ENOENT && !e.code)
		return cli_error(cli, "there is no image '%s' (netemu image list)", word);
	if (r == -EBUSY)
		return cli_error(cli, "%s is used by %s: destroy that first", word, image_users_text(&a, im->id));
	if (r < 0)
		return cli_fail(cli, &e);
	for (size_t i = 0; i < names.n; i++)
		(void)printf("%s: removed\n", names.v[i]);
	return CLI_OK;
}

static int do_remove(const struct cli *cli)
{
	int code = CLI_OK;

	for (size_t i = 1; i < cli_args(cli)->n; i++)
		if (remove_one(cli, cli_args(cli)->v[i]) != CLI_OK)
			code = CLI_FAILED;
	return code;
}

/* ---- which of them ---- */

static const struct {
	const char *name;
	int (*run)(const struct cli *cli);
	size_t min, max; /* words after it */
	const char *synopsis;
	bool formats;
} actions[] = {
	{ "import", do_import, 1, 2, "import FILE|DIR [NAME[:TAG]]", false },
	{ "list", do_list, 0, 0, "list", true },
	{ "ls", do_list, 0, 0, "list", true },
	{ "rm", do_remove, 1, SIZE_MAX, "rm NAME...", false },
};

int cmd_image(const struct cli *cli)
{
	const char *word = cli_args(cli)->v[0];
	const size_t n = cli_args(cli)->n - 1;

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(actions[i].name, word) != 0)
			continue;
		if (n < actions[i].min || n > actions[i].max)
			return cli_usage(cli, "netemu image %s", actions[i].synopsis);
		if (cli_value(cli, "format") && !actions[i].formats)
			return cli_usage(cli, "--format goes with 'list'");
		if (geteuid() != 0)
			return cli_error(cli, "must be run as root (try sudo)");
		return actions[i].run(cli);
	}
	return cli_usage(cli, "'%s' is none of import, list, rm", word);
}
