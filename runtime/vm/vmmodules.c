// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmmodules.c - which files make a module, in the order in which they load
 */
#include <string.h>

#include "base/strbuf.h"
#include "vm/tool.h"
#include "vm/vmkernel.h"

/* Whether the file @path (of @len bytes) holds module @name; file names have - where modules' names may have _. */
static bool path_is_module(const char *path, size_t len, const char *name)
{
	const char *base = path + len;
	size_t i;

	while (base > path && base[-1] != '/')
		base--;
	for (i = 0; name[i]; i++)
		if (base + i >= path + len || (base[i] == '-' ? '_' : base[i]) != name[i])
			return false;
	return path + len - base - i >= 3 && strncmp(base + i, ".ko", 3) == 0;
}

/* A line of modules.dep is `FILE: NEEDED...`, of modules.builtin `FILE`. Return: the line that is about @name, or NULL. */
static const char *line_find(const char *text, const char *name)
{
	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (path_is_module(p, strcspn(p, ":\n"), name))
			return p;
	return NULL;
}

static bool paths_contain(char *const *paths, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(paths[i], path) == 0)
			return true;
	return false;
}

struct paths {
	char **v;
	size_t n;
	const char *dir;
};

static int path_add(struct paths *p, const char *rel, size_t len, struct error *e)
{
	char **v = realloc(p->v, (p->n + 2) * sizeof(*v));
	char *path = NULL;

	if (!v)
		return error_oom(e);
	p->v = v;
	v[p->n] = NULL;
	if (asprintf(&path, "%s/%.*s", p->dir, (int)len, rel) < 0)
		return error_oom(e);
	if (paths_contain(v, p->n, path)) {
		free(path);
		return 0;
	}
	v[p->n++] = path;
	v[p->n] = NULL;
	return 0;
}

/* What is needed is listed from the nearest to the deepest: from right to left it loads. */
static int line_add(struct paths *p, const char *line, struct error *e)
{
	const size_t file = strcspn(line, ":");
	size_t end = strcspn(line, "\n");
	int r = 0;

	while (r == 0 && end > file + 1) {
		size_t start = end;

		while (start > file + 1 && line[start - 1] != ' ')
			start--;
		if (end > start)
			r = path_add(p, line + start, end - start, e);
		end = start - 1;
	}
	return r < 0 ? r : path_add(p, line, file, e);
}

static int index_read(const struct vm_kernel *k, const char *name, struct strbuf *s, struct error *e)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", k->modules, name);
	return tool_read(path, s, e);
}

int vm_kernel_modules(const struct vm_kernel *k, const char *const *names, char ***ret_paths, const char **ret_missing, struct error *e)
{
	_cleanup_strbuf_ struct strbuf dep = { 0 }, builtin = { 0 };
	struct paths p = { .dir = k->modules, .v = calloc(1, sizeof(char *)) };
	int r = p.v ? 0 : error_oom(e);

	*ret_missing = NULL;
	if (r == 0 && k->modules)
		r = index_read(k, "modules.dep", &dep, e);
	if (r == 0 && k->modules)
		r = index_read(k, "modules.builtin", &builtin, e);
	for (size_t i = 0; r == 0 && k->modules && names[i]; i++) {
		const char *line = line_find(strbuf_str(&dep), names[i]);

		if (line)
			r = line_add(&p, line, e);
		else if (!line_find(strbuf_str(&builtin), names[i]) && !*ret_missing)
			*ret_missing = names[i];
	}
	if (r == 0)
		*ret_paths = TAKE_PTR(p.v);
	vm_paths_free(p.v);
	return r;
}

char **vm_paths_free(char **paths)
{
	for (size_t i = 0; paths && paths[i]; i++)
		free(paths[i]);
	free(paths);
	return NULL;
}
