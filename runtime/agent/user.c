// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * user.c - passwd(5) and group(5), read by hand; knows nothing else
 */
#include "agent/user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIELDS_MAX = 7, LINE_SIZE = 65536 };

static char line[LINE_SIZE];

/* A decimal id below (uid_t)-1. Return: 0, or -EINVAL when @s is not one. */
static int id_parse(const char *s, unsigned *ret)
{
	unsigned long v;
	char *end;

	if (*s < '0' || *s > '9')
		return -EINVAL;
	errno = 0;
	v = strtoul(s, &end, 10);
	if (*end || errno || v >= 0xffffffffUL)
		return -EINVAL;
	*ret = (unsigned)v;
	return 0;
}

/* Cuts a line at its colons. Return: the number of fields. */
static int fields_split(char *s, char *f[FIELDS_MAX])
{
	int n = 0;

	s[strcspn(s, "\n")] = '\0';
	while (n < FIELDS_MAX) {
		f[n++] = s;
		s = strchr(s, ':');
		if (!s)
			break;
		*s++ = '\0';
	}
	return n;
}

/* Reads the next line into @line. One that is too long is passed over as a whole: its tail is not a line. */
static bool line_read(FILE *f)
{
	int c = 0;

	while (fgets(line, sizeof(line), f)) {
		if (strlen(line) < sizeof(line) - 1 || line[sizeof(line) - 2] == '\n')
			return true;
		while (c != '\n' && c != EOF)
			c = getc(f);
		c = 0;
	}
	return false;
}

static FILE *table_open(const char *path)
{
	/* O_NONBLOCK: a FIFO planted at the path must not hang the child. */
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;

	if (!f && fd >= 0)
		(void)close(fd);
	return f;
}

/* Finds @key by name or, when @by_id, by number. */
static bool passwd_find(const char *path, const char *key, bool by_id, struct user_ids *u)
{
	FILE *f = table_open(path);
	char *v[FIELDS_MAX];
	bool found = false;
	unsigned uid, gid;

	while (f && !found && line_read(f)) {
		if (fields_split(line, v) < 6 || id_parse(v[2], &uid) < 0 || id_parse(v[3], &gid) < 0)
			continue;
		found = by_id ? uid == u->uid : strcmp(v[0], key) == 0;
		if (!found)
			continue;
		u->uid = uid;
		u->gid = gid;
		(void)snprintf(u->name, sizeof(u->name), "%s", v[0]);
		(void)snprintf(u->home, sizeof(u->home), "%s", v[5]);
	}
	if (f)
		(void)fclose(f);
	return found;
}

static bool group_find(const char *path, const char *name, gid_t *ret)
{
	FILE *f = table_open(path);
	char *v[FIELDS_MAX];
	bool found = false;
	unsigned gid;

	while (f && !found && line_read(f)) {
		if (fields_split(line, v) < 3 || id_parse(v[2], &gid) < 0 || strcmp(v[0], name) != 0)
			continue;
		*ret = gid;
		found = true;
	}
	if (f)
		(void)fclose(f);
	return found;
}

static bool list_contains(char *list, const char *name)
{
	char *save = NULL;

	for (char *m = strtok_r(list, ",", &save); m; m = strtok_r(NULL, ",", &save))
		if (strcmp(m, name) == 0)
			return true;
	return false;
}

static void groups_collect(const char *path, struct user_ids *u)
{
	FILE *f = table_open(path);
	char *v[FIELDS_MAX];
	unsigned gid;

	while (f && u->n_groups < USER_MAX_GROUPS && line_read(f))
		if (fields_split(line, v) >= 4 && id_parse(v[2], &gid) == 0 && list_contains(v[3], u->name))
			u->groups[u->n_groups++] = gid;
	if (f)
		(void)fclose(f);
}

int user_resolve_in(const char *spec, const char *passwd, const char *group, struct user_ids *ret)
{
	const char *colon = strchr(spec, ':');
	const size_t n = colon ? (size_t)(colon - spec) : strlen(spec);
	struct user_ids u = { 0 };
	char name[64];
	unsigned id;
	bool known;

	if (n == 0 || n >= sizeof(name) || (colon && !colon[1]))
		return -EINVAL;
	memcpy(name, spec, n);
	name[n] = '\0';
	known = passwd_find(passwd, name, false, &u);
	if (!known) {
		if (id_parse(name, &id) < 0)
			return name[0] >= '0' && name[0] <= '9' ? -EINVAL : -ENOENT;
		u.uid = id;
		known = passwd_find(passwd, name, true, &u);
		if (!known)
			(void)snprintf(u.name, sizeof(u.name), "%s", name);
	}
	if (known)
		groups_collect(group, &u);
	if (colon) {
		if (!group_find(group, colon + 1, &u.gid)) {
			if (id_parse(colon + 1, &id) < 0)
				return -ENOENT;
			u.gid = id;
		}
	}
	*ret = u;
	return 0;
}

int user_resolve(const char *spec, struct user_ids *ret)
{
	return user_resolve_in(spec, "/etc/passwd", "/etc/group", ret);
}
