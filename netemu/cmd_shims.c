// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_shims.c - netemu shims: the other tools' names, as links to this program
 */
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "shim.h"

/* Whether PATH has a program of this name, in another directory than @dir. */
static bool is_on_path(const char *name, const char *dir)
{
	const char *p = getenv("PATH");
	char path[PATH_MAX], real[PATH_MAX], self[PATH_MAX];

	if (!realpath("/proc/self/exe", self))
		return false;
	while (p && *p) {
		const size_t n = strcspn(p, ":");

		(void)snprintf(path, sizeof(path), "%.*s/%s", (int)n, p, name);
		if (strncmp(path, dir, strlen(dir)) != 0 && access(path, X_OK) == 0 && realpath(path, real) &&
		    strcmp(real, self) != 0)
			return true;
		p += n + (p[n] == ':');
	}
	return false;
}

/* A link that an earlier `netemu shims` has made, or may have. */
static bool is_ours(const char *path)
{
	char target[PATH_MAX];
	const ssize_t n = readlink(path, target, sizeof(target) - 1);
	const char *base;

	if (n < 0)
		return false;
	target[n] = '\0';
	base = strrchr(target, '/');
	return strcmp(base ? base + 1 : target, "netemu") == 0;
}

static int link_make(const struct cli *cli, const char *dir, const char *name, const char *self)
{
	char path[PATH_MAX];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (lstat(path, &st) == 0 && !is_ours(path))
		return cli_error(cli, "%s is there already, and is none of netemu's: choose another directory", path);
	(void)unlink(path);
	if (symlink(self, path) < 0)
		return cli_error(cli, "make %s: %s", path, strerror(errno));
	(void)printf("%s\n", path);
	return CLI_OK;
}

int cmd_shims(const struct cli *cli)
{
	const char *dir = cli_args(cli)->v[0];
	char self[PATH_MAX], real[PATH_MAX];
	int code = CLI_OK;

	if (!realpath("/proc/self/exe", self))
		return cli_error(cli, "find netemu itself: %s", strerror(errno));
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return cli_error(cli, "make %s: %s", dir, strerror(errno));
	if (!realpath(dir, real))
		return cli_error(cli, "%s: %s", dir, strerror(errno));
	for (const struct shim *const *s = shims; *s && code == CLI_OK; s++) {
		if (*s == &shim_kubectl && is_on_path((*s)->name, real))
			continue;
		code = link_make(cli, real, (*s)->name, self);
		if (code == CLI_OK && (*s)->alias)
			code = link_make(cli, real, (*s)->alias, self);
	}
	if (code == CLI_OK)
		cli_note(cli, "put it first: export PATH=%s:$PATH", real);
	return code;
}
