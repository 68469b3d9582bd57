// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gitname.c - __gitBranch__ and __gitHash__ in a lab's name
 *
 * Owns finding the checkout that a topology lies in and what its HEAD is: read from git's files (gitrepository-
 * layout(5)), so that no git is needed. As in containerlab both are "none" outside of a checkout, '/' in a branch's
 * name becomes '-', and the hash is whole. Nothing is read unless load_options.check_files allows it.
 */
#include <string.h>

#include "topology/topology.h"

enum { HASH_LEN_MAX = 64 };

struct checkout {
	const char *branch, *hash;
};

/* First line of @dir/@name, or NULL. */
static const char *read_line(struct arena *a, const char *dir, const char *name)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (file_read(arena_printf(a, "%s/%s", dir, name), &text, &len, NULL) < 0)
		return NULL;
	return arena_strndup(a, text, strcspn(text, "\r\n"));
}

static const char *below(struct arena *a, const char *dir, const char *path)
{
	return *path == '/' ? path : arena_printf(a, "%s/%s", dir, path);
}

/* git's directory of the checkout that @dir lies in: .git, or where a file .git of a worktree points. NULL: none. */
static const char *find_git_dir(struct arena *a, const char *dir)
{
	char *up = arena_strdup(a, dir), *slash;

	for (;;) {
		const char *git = arena_printf(a, "%s/.git", up), *line = read_line(a, up, ".git");

		if (line && strncmp(line, "gitdir: ", 8) == 0)
			return below(a, up, line + 8);
		if (access(arena_printf(a, "%s/HEAD", git), R_OK) == 0)
			return git;
		slash = strrchr(up, '/');
		if (!slash)
			return NULL;
		*slash = '\0';
	}
}

/* The hash of @ref in packed-refs: lines of "HASH REF". */
static const char *packed_ref(struct arena *a, const char *dir, const char *ref)
{
	_cleanup_free_ char *text = NULL;
	char *line, *rest;
	size_t len;

	if (file_read(arena_printf(a, "%s/packed-refs", dir), &text, &len, NULL) < 0)
		return NULL;
	for (rest = text; (line = strsep(&rest, "\n"));) {
		const size_t n = strcspn(line, " ");

		if (line[n] && strcmp(line + n + 1, ref) == 0)
			return arena_strndup(a, line, n);
	}
	return NULL;
}

static struct checkout read_checkout(struct loader *l)
{
	struct checkout none = { "none", "none" }, c = { "HEAD", NULL };
	struct arena *a = &l->scratch;
	const char *git = l->opt->check_files ? find_git_dir(a, l->lab->dir) : NULL;
	const char *head = git ? read_line(a, git, "HEAD") : NULL,
		   *common = git ? read_line(a, git, "commondir") : NULL;

	if (!head)
		return none;
	common = common ? below(a, git, common) : git;
	if (strncmp(head, "ref: ", 5) == 0) {
		const char *ref = head + 5;

		c.branch = strncmp(ref, "refs/heads/", 11) == 0 ? ref + 11 : ref;
		c.hash = read_line(a, common, ref);
		if (!c.hash)
			c.hash = packed_ref(a, common, ref);
	} else {
		c.hash = head;
	}
	return c.hash && strspn(c.hash, "0123456789abcdef") == strlen(c.hash) && strlen(c.hash) <= HASH_LEN_MAX ? c
														: none;
}

const char *git_expand_name(struct loader *l, const char *name)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };
	struct checkout c;

	if (!strstr(name, "__gitBranch__") && !strstr(name, "__gitHash__"))
		return name;
	c = read_checkout(l);
	while (*name) {
		const bool branch = strncmp(name, "__gitBranch__", 13) == 0,
			   hash = strncmp(name, "__gitHash__", 11) == 0;

		for (const char *p = c.branch; branch && *p; p++)
			strbuf_putc(&s, *p == '/' ? '-' : *p);
		if (hash)
			strbuf_puts(&s, c.hash);
		if (!branch && !hash)
			strbuf_putc(&s, *name);
		name += branch ? 13 : hash ? 11 : 1;
	}
	return arena_strdup(&l->scratch, strbuf_str(&s));
}
