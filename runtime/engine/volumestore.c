// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/volumestore.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/state_internal.h"
#include "kernel/fault.h"

/* Who is not root may reach what a volume holds, when told where it is, but not see which there are. */
enum { PARENT_MODE = 0711, DATA_MODE = 0755 };

const char *volumestore_dir(void)
{
	const char *dir = getenv("NETEMU_VOLUMES");

	return dir && *dir == '/' ? dir : "/var/lib/netemu/volumes";
}

const char *volumestore_path(struct arena *a, const char *name)
{
	return arena_printf(a, "%s/%s/_data", volumestore_dir(), name);
}

int volumestore_make(const char *name, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	char *path = arena_strdup(&a, volumestore_path(&a, name));

	for (char *p = path + 1;; p++) {
		const char c = *p;

		if (c && c != '/')
			continue;
		*p = '\0';
		if ((fault_fails("make a volume") || mkdir(path, c ? PARENT_MODE : DATA_MODE) < 0) && errno != EEXIST)
			return error_errno(e, errno, "make volume %s: mkdir %s", name, path);
		*p = c;
		if (!c)
			return 0;
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int volumestore_list(struct arena *a, struct strv *ret, struct error *e)
{
	_cleanup_closedir_ DIR *d = opendir(volumestore_dir());

	if (!d)
		return errno == ENOENT ? 0 : error_errno(e, errno, "open %s", volumestore_dir());
	for (const struct dirent *entry = readdir(d); entry; entry = readdir(d))
		if (entry->d_name[0] != '.')
			strv_add(a, ret, entry->d_name);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
	return 0;
}

int volumestore_remove(const char *name, struct error *e)
{
	_cleanup_close_ int dir = open(volumestore_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (strchr(name, '/') || *name == '.' || dir < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(e, ENOENT, "no such volume: %s", name);
	return state_tree_remove(dir, name, e);
}
