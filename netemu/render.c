// SPDX-License-Identifier: GPL-2.0-or-later
#include "render.h"

#include <string.h>

#include "cluster/yamljson.h"
#include "template/template.h"

#define SUBTEMPLATES "clab_templates"

enum { SUBTEMPLATES_MAX = 256 };

/* A template and what can be called from it: the same index in both arrays. */
struct render {
	struct files *f;
	struct template_source *sources;
	uint32_t *files; /* in f->diag */
	size_t n, n_files;
};

/* ---- which files ---- */

/* "lab.clab_vars" of "lab.clab.gotmpl", and of "lab.clab.yml": what follows the last dot goes. */
static const char *vars_stem(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
	const size_t len = dot && (!slash || dot > slash) ? (size_t)(dot - path) : strlen(path);

	return arena_printf(a, "%.*s_vars", (int)len, path);
}

static const char *vars_beside(struct arena *a, const char *path)
{
	static const char *const extensions[] = { ".yaml", ".yml", ".json" };
	const char *stem = vars_stem(a, path);

	if (strcmp(path, "-") == 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(extensions); i++) {
		const char *name = arena_printf(a, "%s%s", stem, extensions[i]);

		if (access(name, F_OK) == 0)
			return name;
	}
	return NULL;
}

static bool looks_like_topology(const char *text)
{
	return strncmp(text, "topology:", 9) == 0 || strstr(text, "\ntopology:");
}

bool render_wanted(struct arena *a, const char *path, const char *text, const char *vars)
{
	const char *ext = strrchr(path, '.');

	if (ext && strcmp(ext, ".gotmpl") == 0)
		return true;
	return looks_like_topology(text) && (vars || strstr(text, "{{") || vars_beside(a, path));
}

/* ---- variables ---- */

/* Return: a new reference; NULL with diagnostics or @e. Nothing to read is null, as Go has it. */
static json_t *vars_load(struct files *f, const char *path, struct error *e)
{
	_cleanup_source_ struct source src = { 0 };
	_cleanup_arena_ struct arena a = { 0 };
	const struct value *root = NULL;
	char *text;
	size_t len;

	if (!path)
		return json_null();
	if (files_text(f, path, &text, &len, e) < 0)
		return NULL;
	source_init(&src, &f->diag, diag_add_file(&f->diag, path, text, len), text, len);
	if (doc_parse(&src, &a, &root) < 0)
		return NULL;
	return root ? value_json(&f->diag, root) : json_null();
}

/* ---- sources ---- */

static void source_add(struct render *r, const char *name, const char *path, const char *text, size_t len)
{
	*ARENA_PUSH(&r->f->arena, r->sources, r->n) = (struct template_source){ name, text, len };
	*ARENA_PUSH(&r->f->arena, r->files, r->n_files) = diag_add_file(&r->f->diag, path, text, len);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All clab_templates/ *.gotmpl next to the template, in the order of their names; each is called by its file name. */
static int subtemplates_add(struct render *r, const char *path, struct error *e)
{
	struct arena *a = &r->f->arena;
	const char *slash = strrchr(path, '/');
	const char *dir = arena_printf(a, "%.*s" SUBTEMPLATES, slash ? (int)(slash + 1 - path) : 0, path);
	_cleanup_closedir_ DIR *d = opendir(dir);
	struct strv names = { 0 };

	for (const struct dirent *x = d ? readdir(d) : NULL; x && names.n < SUBTEMPLATES_MAX; x = readdir(d)) {
		const char *ext = strrchr(x->d_name, '.');

		if (ext && strcmp(ext, ".gotmpl") == 0)
			strv_add(a, &names, x->d_name);
	}
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), compare);
	for (size_t i = 0; i < names.n; i++) {
		const char *file = arena_printf(a, "%s/%s", dir, names.v[i]);
		char *text;
		size_t len;
		int rc = files_text(r->f, file, &text, &len, e);

		if (rc < 0)
			return rc;
		source_add(r, names.v[i], file, text, len);
	}
	return 0;
}

/* ---- the whole ---- */

static void report(struct render *r, const struct template_place *at, const struct error *e)
{
	const struct pos pos = { .file = r->files[MIN_OF(at->source, r->n - 1)], .line = at->line, .col = at->col };

	diag_error(&r->f->diag, pos, NULL, "template: %s", e->msg);
}

int render_topology(struct files *f, const char *path, const char *text, size_t len, const char *vars, struct strbuf *ret,
		    struct error *e)
{
	const char *slash = strrchr(path, '/');
	struct render r = { .f = f };
	struct template_options opt;
	struct template_place at = { 0 };
	struct error wrong = { 0 };
	json_t *data;
	int rc;

	source_add(&r, slash ? slash + 1 : path, files_shown(path), text, len);
	rc = subtemplates_add(&r, path, e);
	if (rc < 0)
		return rc;
	data = vars_load(f, vars ? vars : vars_beside(&f->arena, path), e);
	if (!data)
		return e->code ? -e->code : -EINVAL;
	opt = (struct template_options){ .sources = r.sources, .n_sources = r.n };
	rc = template_render(&opt, data, ret, &at, &wrong);
	json_decref(data);
	if (rc < 0)
		report(&r, &at, &wrong);
	return rc < 0 ? -EINVAL : 0;
}
